"""CoNLL-style files of tagged sentences: a word a line, its tag in a column, an empty line between sentences."""

import re
from itertools import groupby
from pathlib import Path

from seqzoo.data import entity_tags, files
from seqzoo.data.examples import Examples
from seqzoo.data.user_files import SPLIT_NAMES
from seqzoo.errors import DataError

SUFFIXES = ("", ".conll", ".txt", ".tsv", ".bio", ".iob", ".iob2", ".conllu")
EXPECTED = "a file with a word and its tag on each line"
LANGUAGE = re.compile(r"^[a-z]{2,3}:(?=.)")  # "en:Paris", as WikiANN writes its words
NO_WORD = re.compile(r"[0-9]+[-.][0-9]+")  # of CoNLL-U: the number of a range of words, 1-2, or of an empty node, 2.1

Row = tuple[int, list[str]]  # number of a line, and its cells


def read(path: str | Path, word_column: int = 0, tag_column: int = -1, strict: bool = False) -> Examples:
    """Returns the examples of a file: lists of words, with lists of tags; tags of entities in BIO, whatever the file's scheme.

    Columns are divided by tabs, or else by spaces; no other character divides columns. A line that begins with -DOCSTART- ends
    a sentence. Comments are left out, see `_without_comments`, and so are lines of CoNLL-U that are no words.

    Args:
        word_column, tag_column: numbers of columns, from 0, or from -1 at the end.
        strict: whether a tag that continues nothing is an error.

    Raises:
        DataError: the file or a line is not as expected; a tag is no tag of entities where most tags are.
    """
    path = Path(path)
    rows = _without_comments(files.read_lines(path, EXPECTED), tag_column)
    sentences = [list(sentence) for filled, sentence in groupby(rows, lambda row: bool(row[1])) if filled]
    if not sentences:
        raise DataError(f"{path}: empty, expected a word and its tag on each line")
    _check_columns(path, sentences, word_column, tag_column)
    sentences = _without_non_words(path, sentences, word_column)
    rows = [row for sentence in sentences for row in sentence]
    spelled = entity_tags.spelled({cells[tag_column] for _, cells in rows})
    _check_cells(path, [(line, cells[word_column], spelled[cells[tag_column]]) for line, cells in rows])
    words = _without_language([[cells[word_column] for _, cells in sentence] for sentence in sentences])
    tagged = [[spelled[cells[tag_column]] for _, cells in sentence] for sentence in sentences]
    if entity_tags.are_entities({tag for tags in tagged for tag in tags}):
        if strict:
            _check_continuations(path, sentences, tagged)
        tagged = [entity_tags.as_bio(tags) for tags in tagged]
    return Examples(words, tagged)


def read_folder(folder: str | Path, **columns) -> dict[str, Examples]:
    """Returns the splits of a folder, `{split: examples}`: `train`, and where there are files `validation` and `test`.

    The validation file may also be named valid, val or dev.
    """
    folder, splits = Path(folder), {}
    for split, stems in SPLIT_NAMES.items():
        paths = sorted(folder.iterdir()) if folder.is_dir() else ()
        paths = [path for path in paths if path.stem in stems and path.suffix in SUFFIXES and path.is_file()]
        if len(paths) > 1:
            raise DataError(f"{folder}: expected one {split} file, found {', '.join(path.name for path in paths)}")
        if paths:
            splits[split] = read(paths[0], **columns)
    if "train" not in splits:
        raise DataError(f"{folder}: expected a folder with a file train, train.conll or train.txt in it")
    return splits


# Lines


def _without_comments(lines: list[str], tag_column: int) -> list[Row]:
    """Returns the number and the cells of each line but comments; a line that ends a sentence has no cells.

    A comment begins with a # and a space. It has another number of columns than the lines of words, or, where the tags of words
    mark entities, no such tag.
    """
    rows = [(number, line, _cells(line)) for number, line in enumerate(lines, start=1)]
    first = next(((line, cells) for _, line, cells in rows if cells and not line.startswith("# ")), None)
    columns, tabs = (len(first[1]), "\t" in first[0]) if first else (None, None)

    def tag(cells):
        return cells[tag_column] if -len(cells) <= tag_column < len(cells) else ""

    tags = [tag(cells) for _, line, cells in rows if cells and not line.startswith("# ")]
    entities = 2 * sum(_marks_entities(one) for one in tags) >= len(tags)

    def is_comment(line, cells):
        other_columns = first and (len(cells) != columns or ("\t" in line) != tabs)
        return line.startswith("# ") and (other_columns or (entities and not _marks_entities(tag(cells))))

    return [(number, cells) for number, line, cells in rows if not is_comment(line, cells)]


def _cells(line: str) -> list[str]:
    if not line.strip() or line.startswith("-DOCSTART-"):
        return []
    return [cell.strip(" ") for cell in line.split("\t")] if "\t" in line else [cell for cell in line.split(" ") if cell]


def _marks_entities(tag: str) -> bool:
    return bool(entity_tags.parts(entity_tags.spelled({tag})[tag])[0])


def _without_non_words(path: Path, sentences: list[list[Row]], word_column: int) -> list[list[Row]]:
    """Returns the sentences without ranges of words and empty nodes, where column 0 has the numbers of CoNLL-U: 1, 2, 3, ...

    Raises:
        DataError: the column of the words is that of the numbers.
    """
    words = [[row for row in sentence if not NO_WORD.fullmatch(row[1][0])] for sentence in sentences]
    numbered = all(rows and all(cells[0] == str(number) for number, (_, cells) in enumerate(rows, start=1)) for rows in words)
    columns = len(sentences[0][0][1])
    if not numbered or columns < 3:
        return sentences
    if word_column % columns == 0 and max(map(len, words)) > 1:
        raise DataError(f"{path}: --text-column {word_column}: numbers of words (1, 2, 3, ...), expected the column of words")
    return words


def _without_language(sentences: list[list[str]]) -> list[list[str]]:
    """The words without prefixes such as `en:`, where all words have a prefix."""
    if all(LANGUAGE.match(word) for sentence in sentences for word in sentence):
        return [[LANGUAGE.sub("", word) for word in sentence] for sentence in sentences]
    return sentences


# Checks


def _check_columns(path: Path, sentences: list[list[Row]], word_column: int, tag_column: int) -> None:
    first, columns = sentences[0][0][0], len(sentences[0][0][1])
    for line, cells in (row for sentence in sentences for row in sentence):
        if len(cells) != columns:
            raise DataError(f"{path}:{line}: {len(cells)} columns, expected {columns} as in the lines before")
    for flag, column in (("--text-column", word_column), ("--label-column", tag_column)):
        if not -columns <= column < columns:
            raise DataError(f"{path}: {flag} {column}: expected a column from 0 to {columns - 1}")
    if columns < 2:
        raise DataError(f"{path}:{first}: one column, expected a word and its tag")
    if word_column % columns == tag_column % columns:
        raise DataError(f"{path}: --text-column {word_column} and --label-column {tag_column} are one column, expected two")


def _check_cells(path: Path, rows: list[tuple[int, str, str]]) -> None:
    """Refuses an empty word or tag, and a tag of another kind where more than half of the tags are of entities or O."""
    for line, word, tag in rows:
        if not (word and tag):
            raise DataError(f"{path}:{line}: an empty cell, expected a word and its tag")
    odd = [(line, tag) for line, _, tag in rows if not entity_tags.parts(tag)[0]]
    if odd and 2 * len(odd) < len(rows) and any(all(entity_tags.parts(tag)) for _, _, tag in rows):
        line, tag = odd[0]
        raise DataError(f"{path}:{line}: the tag {tag!r}, expected O or B-, I-, E- or S- and a type, as the others")


def _check_continuations(path: Path, sentences, tagged) -> None:
    """Refuses a tag that continues no entity, where the scheme is BIO or BIOES."""
    begins = any(tag.startswith("B-") for sentence in tagged for tag in sentence)
    for rows, sentence in zip(sentences, tagged, strict=True):
        wrong = entity_tags.continues_nothing(sentence) if begins else None  # IOB1 begins entities with I-
        if wrong is not None:
            tag, (_, entity) = sentence[wrong], entity_tags.parts(sentence[wrong])
            raise DataError(f"{path}:{rows[wrong][0]}: {tag} continues nothing, expected B-{entity}")
