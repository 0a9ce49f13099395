"""Sentences of four domains with sentiment ratings, each the mean of twenty people's ratings.

Source: C.J. Hutto and E. Gilbert, VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text,
ICWSM 2014; the ground truth inside the release vaderSentiment 0.5 (MIT licence).
"""

import hashlib
import html
from typing import NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from seqzoo.data import release_files

RELEASE = release_files.ReleaseFile(
    project="vaderSentiment",
    version="0.5",
    sha256="5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a",
    binary=False,
)
INNER_ARCHIVE = "vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"
FILES = {
    "movie": "movieReviewSnippets",
    "amazon": "amazonReviewSnippets",
    "nyt": "nytEditorialSnippets",
    "tweets": "tweets",
}


class Rated(NamedTuple):
    """Rated sentence of the source: `line` is its id; sentences of one `group` must stay in one split."""

    domain: str
    line: str
    rating: float
    sentence: str
    group: str


class RatedSentences(tfds.core.GeneratorBasedBuilder):
    """Rated sentences data set: features `sentence`, `rating` (-4 very negative .. 4 very positive) and `domain`.

    Domains are movie, amazon, nyt and tweets. A hash chooses the splits (80, 10 and 10 %), which are therefore the same
    everywhere; they share no sentence, and no document of amazon or nyt.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "vaderSentiment 0.5"}

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            "sentence": tfds.features.Text(),
            "rating": np.float32,
            "domain": tfds.features.ClassLabel(names=list(FILES)),
        }
        return tfds.core.DatasetInfo(
            builder=self, description=__doc__, features=tfds.features.FeaturesDict(features), license="MIT"
        )

    def _split_generators(self, dl_manager):
        archive = RELEASE.fetch(dl_manager.download_dir)
        splits = split(read_ratings(release_files.read(archive, INNER_ARCHIVE)))
        return {name: self._generate_examples(rows) for name, rows in splits.items()}

    def _generate_examples(self, rows: list[Rated]):
        for row in rows:
            key = f"{row.domain}/{row.line}"
            yield key, {"sentence": row.sentence, "rating": row.rating, "domain": row.domain}


def read_ratings(archive: bytes) -> list[Rated]:
    """Returns the rated sentences of the inner archive, whose files hold lines `id TAB mean rating TAB text`."""
    return [
        _rated(domain, *line.split("\t"))
        for domain, name in FILES.items()
        for line in _lines(release_files.read(archive, f"hutto_ICWSM_2014/{name}_GroundTruth.txt"))
    ]


def _lines(content: bytes) -> list[str]:
    """Returns the lines of a UTF-8 file, perhaps with a byte order mark. Bytes, unlike str, are split at line ends alone."""
    return [line.decode("utf-8-sig") for line in content.splitlines() if line]


def _rated(domain: str, line: str, rating: str, text: str) -> Rated:
    sentence = html.unescape(text).strip()
    document, _, number = line.partition("_")
    group = f"{domain}/{document}" if number else normalised(sentence)
    return Rated(domain, line, float(rating), sentence, group)


def normalised(sentence: str) -> str:
    """Returns a sentence with capitals and white space folded, the form in which sentences are compared."""
    return " ".join(sentence.casefold().split())


def split(rows: list[Rated]) -> dict[str, list[Rated]]:
    """Returns the rows of train, validation and test; a sentence of two splits stays in the later split alone."""
    splits = {"train": [], "validation": [], "test": []}
    for row in rows:
        splits[_split_of(row.group)].append(row)
    taken: set[str] = set()
    for name in reversed(splits):
        splits[name] = [row for row in splits[name] if normalised(row.sentence) not in taken]
        taken.update(normalised(row.sentence) for row in splits[name])
    return splits


def _split_of(group: str) -> str:
    tenth = int(hashlib.sha256(group.encode()).hexdigest(), 16) % 10
    return {8: "validation", 9: "test"}.get(tenth, "train")
