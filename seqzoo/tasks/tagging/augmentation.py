"""More sentences to learn from: generated ones, and copies of one's own with other names in them."""

import dataclasses
import random

from seqzoo.data import entity_tags
from seqzoo.data.entity_tags import Span
from seqzoo.data.examples import Examples, Splits
from seqzoo.datasets import generated_entities
from seqzoo.errors import DataError

SHORT_TYPES = {"PERSON": "PER", "LOCATION": "LOC"}


def augmented(splits: Splits, generated: int, renamed: int, seed: int) -> Splits:
    """Returns splits whose train split has more sentences.

    Args:
        generated: how many of `generated_entities`, with the names of ordinary text. Their entities keep the types that the
            train split has, by the long or the short name; the others become O.
        renamed: how many copies of the split's own sentences, in which each entity has the name of another of its type, also of
            the generated ones (X. Dai and H. Adel, 2020, mention replacement).

    Raises:
        DataError: the train split has none of the types that are generated, or no entities.
    """
    own = splits.train
    train = _joined(own, _generated(splits, generated, seed)) if generated else own
    if renamed:
        train = _joined(train, _renamed(own, _names(train), renamed, seed, splits.name))
    return splits if train is own else dataclasses.replace(splits, train=train)


def _joined(a: Examples, b: Examples) -> Examples:
    return Examples(a.inputs + b.inputs, a.targets + b.targets)


def _generated(splits: Splits, count: int, seed: int) -> Examples:
    more = generated_entities.load(seed, ordinary=True).train
    types = {entity_tags.parts(tag)[1] for sentence in splits.train.targets for tag in sentence}
    spellings = {kind: (kind, SHORT_TYPES.get(kind)) for kind in generated_entities.KINDS}
    names = {kind: next((name for name in names if name in types), None) for kind, names in spellings.items()}
    if not any(names.values()):
        found = ", ".join(sorted(types - {""}))
        raise DataError(f"--generated: no type of {', '.join(names)} in {splits.name}, found {found}")
    return Examples(more.inputs[:count], [_with_types(tags, names) for tags in more.targets[:count]])


def _with_types(tags: list[str], names: dict[str, str | None]) -> list[str]:
    """Tags with other names of their types; O where the name is None."""
    kept = [span._replace(type=names[span.type]) for span in entity_tags.spans(tags) if names[span.type]]
    return entity_tags.from_spans(kept, len(tags))


def _names(examples: Examples) -> dict[str, list[tuple[str, ...]]]:
    """Returns the different names of the entities of each type, in the order in which they occur."""
    names: dict[str, dict] = {}
    for words, tags in zip(examples.inputs, examples.targets, strict=True):
        for start, end, kind in entity_tags.spans(tags):
            names.setdefault(kind, {})[tuple(words[start:end])] = None
    return {kind: list(of_kind) for kind, of_kind in names.items()}


def _renamed(examples: Examples, names: dict, count: int, seed: int, source: str) -> Examples:
    rows = [row for row, tags in enumerate(examples.targets) if entity_tags.are_entities({*tags, "O"})]
    if not rows:
        raise DataError(f"--renamed: no entities in {source}")
    rng = random.Random(f"{seed} renamed")
    chosen = rng.choices(rows, k=count)
    copies = [_with_other_names(examples.inputs[row], examples.targets[row], names, rng) for row in chosen]
    return Examples([words for words, _ in copies], [tags for _, tags in copies])


def _with_other_names(words: list[str], tags: list[str], names: dict, rng: random.Random) -> tuple[list[str], list[str]]:
    changed, entities, end = [], [], 0
    for span in entity_tags.spans(tags):
        changed += words[end : span.start]
        name = rng.choice(names[span.type])
        entities.append(Span(len(changed), len(changed) + len(name), span.type))
        changed += name
        end = span.end
    changed += words[end:]
    return changed, entity_tags.from_spans(entities, len(changed))
