"""CoNLL-style files of tagged sentences: a word a line, its tag in a column, an empty line between sentences."""

import re
from collections import Counter
from itertools import groupby
from pathlib import Path

from seqzoo.data import entity_tags, files
from seqzoo.data.examples import Examples
from seqzoo.data.user_files import SPLIT_NAMES
from seqzoo.errors import DataError, note_of_data

SUFFIXES = ("", ".conll", ".txt", ".tsv", ".bio", ".iob", ".iob2", ".conllu")
EXPECTED = "a file with a word and its tag on each line"
DOCUMENT = ("-DOCSTART-", "#begin document", "#end document")  # of CoNLL-2003, and of OntoNotes
LANGUAGE = re.compile(r"^[a-z]{2,3}:(?=.)")  # "en:Paris", as WikiANN writes its words
SIGNS = ("#", "SYM")  # tags of the word #, Penn's and that of Universal Dependencies
NAMED = 10  # tags in a note
NO_WORD = re.compile(r"[0-9]+[-.][0-9]+")  # of CoNLL-U: the number of a range of words, 1-2, or of an empty node, 2.1

Row = tuple[int, list[str]]  # number of a line, and its cells


def read(path: str | Path, word_column: int = 0, tag_column: int = -1, strict: bool = False, noted: bool = False) -> Examples:
    """Returns the examples of a file: lists of words, with lists of tags; tags of entities in BIO, whatever the file's scheme.

    Columns are divided by tabs, or else by spaces; no other character divides columns. White space around a tag is no part of
    the tag. A line that begins or ends a document ends a sentence, see `DOCUMENT`. Comments are left out, see
    `_without_comments`, and so are lines of CoNLL-U that are no words.

    Args:
        word_column, tag_column: numbers of columns, from 0, or from -1 at the end.
        strict: whether a tag that continues nothing is an error.
        noted: whether a note says what the file was taken for.

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
    spelled = entity_tags.spelled({_tag(cells, tag_column) for _, cells in rows})
    _check_cells(path, [(line, cells[word_column], spelled[_tag(cells, tag_column)]) for line, cells in rows])
    words = _without_language([[cells[word_column] for _, cells in sentence] for sentence in sentences])
    tagged = [[spelled[_tag(cells, tag_column)] for _, cells in sentence] for sentence in sentences]
    if noted:
        columns = len(rows[0][1])
        roles = f"words in column {word_column % columns}, tags in column {tag_column % columns}"
        note_of_data(f"{path}: {_counted(len(sentences), 'sentence')}, {roles}: {_kinds(tagged)}")
    if entity_tags.are_entities({tag for tags in tagged for tag in tags}):
        if strict:
            _check_continuations(path, sentences, tagged)
        tagged = [entity_tags.as_bio(tags) for tags in tagged]
    return Examples(words, tagged)


def read_folder(folder: str | Path, noted: bool = False, **columns) -> dict[str, Examples]:
    """Returns the splits of a folder, `{split: examples}`: `train`, and where there are files `validation` and `test`.

    The validation file may also be named valid, val or dev. `noted`, for the training file, and `columns` are as for `read`.
    """
    folder, splits = Path(folder), {}
    for split, stems in SPLIT_NAMES.items():
        paths = sorted(folder.iterdir()) if folder.is_dir() else ()
        paths = [path for path in paths if path.stem in stems and path.suffix in SUFFIXES and path.is_file()]
        if len(paths) > 1:
            raise DataError(f"{folder}: expected one {split} file, found {', '.join(path.name for path in paths)}")
        if paths:
            splits[split] = read(paths[0], noted=noted and split == "train", **columns)
    if "train" not in splits:
        raise DataError(f"{folder}: expected a folder with a file train, train.conll or train.txt in it")
    return splits


# Lines


def _without_comments(lines: list[str], tag_column: int) -> list[Row]:
    """Returns the number and the cells of each line but comments; a line that ends a sentence has no cells.

    A comment begins with a #. A comment has another number of columns than most lines, or another delimiter; or a space follows
    the #, and the tag is no tag of entities where the tags of words mark entities, else the tag of no line of words.
    """
    rows = [(number, line, _cells(line)) for number, line in enumerate(lines, start=1)]
    words = [(line, cells) for _, line, cells in rows if cells and not line.startswith("# ")]
    forms = Counter(_form(*word) for word in words if not word[0].startswith("#")) or Counter(_form(*word) for word in words)
    form = max(forms, key=forms.get, default=None)
    tags = [_tag(cells, tag_column) for line, cells in words if _form(line, cells) == form]
    entities, known = 2 * sum(map(_marks_entities, tags)) >= len(tags), {*tags, *SIGNS}

    def is_comment(line, cells):
        if not line.startswith("#"):
            return False
        tag = _tag(cells, tag_column)
        is_tag = _marks_entities(tag) if entities else tag in known
        return bool(form and _form(line, cells) != form) or (line.startswith("# ") and not is_tag)

    return [(number, cells) for number, line, cells in rows if not is_comment(line, cells)]


def _cells(line: str) -> list[str]:
    if not line.strip() or line.startswith(DOCUMENT):
        return []
    return [cell.strip(" ") for cell in line.split("\t")] if "\t" in line else [cell for cell in line.split(" ") if cell]


def _form(line: str, cells: list[str]) -> tuple[int, bool]:
    """The number of columns, and whether tabs divide them."""
    return len(cells), "\t" in line


def _tag(cells: list[str], column: int) -> str:
    return cells[column].strip() if -len(cells) <= column < len(cells) else ""


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


# Note


def _kinds(tagged: list[list[str]]) -> str:
    """The tags, or the types of entities, in the order of their first occurrence."""
    tags = list(dict.fromkeys(tag for tags in tagged for tag in tags))
    if not entity_tags.are_entities(tags):
        return f"{_counted(len(tags), 'tag')} ({_listed(tags)}), taken as plain tags"
    types = list(dict.fromkeys(entity_tags.parts(tag)[1] for tag in tags if tag != entity_tags.OUTSIDE))
    return f"{_counted(len(types), 'type')} of entities ({_listed(types)})"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + ", ..." * (len(names) > NAMED)


# Checks


def _check_columns(path: Path, sentences: list[list[Row]], word_column: int, tag_column: int) -> None:
    rows = [row for sentence in sentences for row in sentence]
    columns = Counter(len(cells) for _, cells in rows).most_common(1)[0][0]
    for line, cells in rows:
        if len(cells) != columns:
            raise DataError(f"{path}:{line}: {len(cells)} columns, expected {columns} as in most lines")
    for flag, column in (("--text-column", word_column), ("--label-column", tag_column)):
        if not -columns <= column < columns:
            raise DataError(f"{path}: {flag} {column}: expected a column from 0 to {columns - 1}")
    if columns < 2:
        raise DataError(f"{path}:{rows[0][0]}: one column, expected a word and its tag")
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
