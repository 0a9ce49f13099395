"""Pairs of texts, an input and an output: files of them, and splits that share no text."""

import random
from collections import defaultdict
from pathlib import Path

from seqzoo.data import files
from seqzoo.data.examples import Examples, Splits, identity
from seqzoo.data.user_files import SPLIT_NAMES, split_files
from seqzoo.errors import DataError, note_of_data

EXPECTED = "an input, a tab and its output on each line"
SHARE = 1 / 10  # of the pairs, for each split that is held out
FEWEST = 3  # groups of pairs of which two can be held out


def read(path: str | Path) -> Examples:
    """Returns the pairs of a file with lines `input TAB output`; further columns, as of `fra.txt`, are ignored.

    Empty lines are skipped; white space around a text is removed.

    Raises:
        DataError: the file is unreadable or has no pair; or a line, which the message names, has no tab or an empty side.
    """
    rows = [_pair(path, number, line) for number, line in enumerate(files.read_lines(path, EXPECTED), start=1) if line.strip()]
    if not rows:
        raise DataError(f"{path}: empty, expected {EXPECTED}")
    sources, targets = map(list, zip(*rows, strict=True))
    note_of_data(f"{path}: {len(rows):,} pairs, from {sources[0][:40]!r} -> {targets[0][:40]!r}")
    return Examples(sources, targets)


def _pair(path, number: int, line: str) -> tuple[str, str]:
    source, tab, target = line.partition("\t")
    source, target = source.strip(), target.partition("\t")[0].strip()
    if not tab:
        raise DataError(f"{path}:{number}: no tab in {line[:40]!r}, expected {EXPECTED}")
    if not source or not target:
        side = "output" if source else "input"
        raise DataError(f"{path}:{number}: the {side} is empty in {line[:40]!r}, expected {EXPECTED}")
    return source, target


def read_folder(folder: str | Path) -> dict[str, Examples]:
    """Returns the pairs of each split of a folder: `train.tsv` and, if present, `validation.tsv` and `test.tsv`."""
    return {split: read(file) for split, file in split_files(Path(folder)).items()}


def complete(splits: dict[str, Examples], seed: int, name: str) -> Splits:
    """Returns all three splits; a missing one is held out of train, a tenth of all pairs each.

    Pairs with equal inputs or equal outputs are in one split, and so are pairs that others connect; see `examples.identity`.
    """
    train, missing = splits["train"], [split for split in ("test", "validation") if split not in splits]
    groups = connected(train)
    if len(groups) < FEWEST and missing:
        raise DataError(f"{name}: {len(groups)} groups of pairs that share no text, expected {FEWEST} or more to split")
    random.Random(seed).shuffle(groups)
    rows = {split: _take(groups, len(train) * SHARE, len(missing) - i) for i, split in enumerate(missing)}
    rows["train"] = sorted(row for group in groups for row in group)
    return Splits(*(splits[s] if s in splits and s != "train" else train.take(rows[s]) for s in SPLIT_NAMES), name=name)


def connected(examples: Examples) -> list[list[int]]:
    """Returns the row numbers of each group of pairs that are connected by equal inputs or equal outputs."""
    parents = {}

    def root(node):
        parents.setdefault(node, node)
        while parents[node] != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    nodes = [(("input", identity(x)), ("output", identity(y))) for x, y in zip(examples.inputs, examples.targets, strict=True)]
    for source, target in nodes:
        parents[root(target)] = root(source)
    groups = defaultdict(list)
    for row, (source, _) in enumerate(nodes):
        groups[root(source)].append(row)
    return list(groups.values())


def _take(groups: list[list[int]], count: float, least: int) -> list[int]:
    """Removes groups until they hold about `count` rows, one group at least, and leaves `least`; returns their rows, sorted.

    Groups that hold more than `count` rows stay, if there are others.
    """
    chosen, size = [], 0
    for i in [i for i, group in enumerate(groups) if len(group) <= count] or [
        min(range(len(groups)), key=lambda i: len(groups[i]))
    ]:
        if chosen and (size >= count or len(groups) - len(chosen) <= least):
            break
        chosen, size = [*chosen, i], size + len(groups[i])
    return sorted(row for i in reversed(chosen) for row in groups.pop(i))
