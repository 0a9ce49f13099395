"""CoNLL-style files of tagged sentences: a word a line, its tag in a column, an empty line between sentences."""

import re
from pathlib import Path

from seqzoo.data import entity_tags
from seqzoo.data.examples import Examples
from seqzoo.data.user_files import SPLIT_NAMES
from seqzoo.errors import DataError

SUFFIXES = ("", ".conll", ".txt", ".tsv", ".bio", ".iob", ".iob2", ".conllu")
LANGUAGE = re.compile(r"^[a-z]{2,3}:(?=.)")  # "en:Paris", as WikiANN writes its words


def read(path: str | Path, word_column: int = 0, tag_column: int = -1, strict: bool = False) -> Examples:
    """Returns the examples of a file: lists of words, with lists of tags; tags of entities in BIO, whatever the file's scheme.

    Columns are divided by tabs, or else by white space. Lines that begin with -DOCSTART- are left out, and so are comments. A
    comment begins with a # and a space, and does not end in a tag of an entity or O.

    Args:
        word_column, tag_column: numbers of columns, from 0, or from -1 at the end.
        strict: whether a tag that continues nothing is an error.

    Raises:
        DataError: the file or a line is not as expected; a tag is no tag of entities where most tags are.
    """
    path = Path(path)
    sentences, columns = [], None
    for lines in _blocks(path):
        rows = [(line, _cells(text)) for line, text in lines]
        columns = columns or len(rows[0][1])
        for line, cells in rows:
            if len(cells) != columns:
                raise DataError(f"{path}:{line}: {len(cells)} columns, expected {columns} as in the lines before")
        sentences.append(rows)
    if not sentences:
        raise DataError(f"{path}: empty, expected a word and its tag on each line")
    for flag, column in (("--text-column", word_column), ("--label-column", tag_column)):
        if not -columns <= column < columns:
            raise DataError(f"{path}: {flag} {column}: expected a column from 0 to {columns - 1}")
    if columns < 2:
        raise DataError(f"{path}:{sentences[0][0][0]}: one column, expected a word and its tag")
    if word_column % columns == tag_column % columns:
        raise DataError(f"{path}: --text-column {word_column} and --label-column {tag_column} are one column, expected two")
    _check_cells(path, [row for rows in sentences for row in rows], word_column, tag_column)
    words = _without_language([[cells[word_column] for _, cells in rows] for rows in sentences])
    tagged = [[cells[tag_column] for _, cells in rows] for rows in sentences]
    if entity_tags.are_entities({tag for sentence in tagged for tag in sentence}):
        if strict:
            _check_continuations(path, sentences, tagged)
        tagged = [entity_tags.as_bio(sentence) for sentence in tagged]
    return Examples(words, tagged)


def read_folder(folder: str | Path, **columns) -> dict[str, Examples]:
    """Returns the splits of a folder, `{split: examples}`: `train`, and where there are files `validation` and `test`.

    The validation file may also be named valid, val or dev.
    """
    folder, splits = Path(folder), {}
    for split, stems in SPLIT_NAMES.items():
        files = sorted(folder.iterdir()) if folder.is_dir() else ()
        files = [file for file in files if file.stem in stems and file.suffix in SUFFIXES and file.is_file()]
        if len(files) > 1:
            raise DataError(f"{folder}: expected one {split} file, found {', '.join(file.name for file in files)}")
        if files:
            splits[split] = read(files[0], **columns)
    if "train" not in splits:
        raise DataError(f"{folder}: expected a folder with a file train, train.conll or train.txt in it")
    return splits


def _blocks(path: Path):
    """Yields the lines of each sentence, `[(number, line)]`."""
    block = []
    for number, line in enumerate([*_text(path).split("\n"), ""], start=1):
        if (line.startswith("-DOCSTART-") and not block) or _is_comment(line):
            continue
        if line.strip():
            block.append((number, line.rstrip("\r")))
        elif block:
            yield block
            block = []


def _is_comment(line: str) -> bool:
    return line.startswith("# ") and not entity_tags.parts(line.split()[-1])[0]


def _check_cells(path: Path, rows: list[tuple[int, list[str]]], word_column: int, tag_column: int) -> None:
    """Refuses an empty word or tag, and a tag of another kind where more than half of the tags are of entities or O."""
    for line, cells in rows:
        if not (cells[word_column] and cells[tag_column]):
            raise DataError(f"{path}:{line}: an empty cell, expected a word and its tag")
    odd = [(line, cells[tag_column]) for line, cells in rows if not entity_tags.parts(cells[tag_column])[0]]
    if odd and 2 * len(odd) < len(rows) and any(all(entity_tags.parts(cells[tag_column])) for _, cells in rows):
        line, tag = odd[0]
        raise DataError(f"{path}:{line}: the tag {tag!r}, expected O or B-, I-, E- or S- and a type, as the others")


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}: expected a file with a word and its tag on each line") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}:{line}: byte 0x{content[error.start]:02x} is not UTF-8: save it as UTF-8") from error


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()


def _without_language(sentences: list[list[str]]) -> list[list[str]]:
    """The words without prefixes such as `en:`, where all words have a prefix."""
    if all(LANGUAGE.match(word) for sentence in sentences for word in sentence):
        return [[LANGUAGE.sub("", word) for word in sentence] for sentence in sentences]
    return sentences


def _check_continuations(path: Path, sentences, tagged) -> None:
    """Refuses a tag that continues no entity, where the scheme is BIO or BIOES."""
    begins = any(tag.startswith("B-") for sentence in tagged for tag in sentence)
    for rows, sentence in zip(sentences, tagged, strict=True):
        wrong = entity_tags.continues_nothing(sentence) if begins else None  # IOB1 begins entities with I-
        if wrong is not None:
            tag, (_, entity) = sentence[wrong], entity_tags.parts(sentence[wrong])
            raise DataError(f"{path}:{rows[wrong][0]}: {tag} continues nothing, expected B-{entity}")
