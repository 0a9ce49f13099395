"""Four-part chorales of J. S. Bach: soprano, alto, tenor and bass at every sixteenth note.

Source: Bach's scores in the release music21 10.5.1, as MusicXML. Licence: the software is under the BSD licence. According to
the release its scores are "distributed with the permission of the encoders", and some of them "may not be used for commercial
uses or have other restrictions", stated in each score. Bach's scores have no `rights` element. The music is in the public
domain.
"""

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from itertools import groupby
from xml.etree import ElementTree

import numpy as np
import tensorflow_datasets as tfds

from seqzoo.data import release_files
from seqzoo.data.voices import HELD, REST, VOICES

RELEASE = release_files.ReleaseFile(
    project="music21",
    version="10.5.1",
    sha256="dc3309498c4c95cebdf8d4f20c868deb6b63bce1d929cad4f51a7ccc982987b1",
    binary=True,
)
SCORES = "music21/corpus/bach/*.mxl"
STEPS = 4  # steps of a quarter note
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
MELODY = 6  # first intervals of a melody, by which it is identified


class Chorales(tfds.core.GeneratorBasedBuilder):
    """Chorales data set: features `name` and `voices` `(T, 4)` (see `data.voices`); a step is a sixteenth; no repeats.

    A hash of the first intervals of a melody chooses its split (80, 10 and 10 %). The splits are therefore the same everywhere,
    and share no melody with the same first intervals.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "music21 10.5.1"}

    def _info(self) -> tfds.core.DatasetInfo:
        voices = tfds.features.Tensor(shape=(None, VOICES), dtype=np.uint8)
        features = tfds.features.FeaturesDict({"name": tfds.features.Text(), "voices": voices})
        return tfds.core.DatasetInfo(builder=self, description=__doc__, features=features, license="see the description")

    def _split_generators(self, dl_manager):
        pieces = dict(read_scores(release_files.members(RELEASE.fetch(dl_manager.download_dir), SCORES)))
        splits = {"train": {}, "validation": {}, "test": {}}
        for name, voices in pieces.items():
            splits[split_of(voices)][name] = voices
        return {split: self._generate_examples(of_split) for split, of_split in splits.items()}

    def _generate_examples(self, pieces: dict[str, np.ndarray]):
        for name, voices in pieces.items():
            yield name, {"name": name, "voices": voices}


def read_scores(files: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, np.ndarray]]:
    """Yields `(name, voices)` of each compressed score for four voices."""
    for path, content in files:
        members = release_files.members(content, "*xml")
        (score,) = (read for name, read in members if not name.startswith("META-INF/"))
        parts = ElementTree.fromstring(score).findall("part")
        if len(parts) == VOICES:
            yield path.rpartition("/")[2].removesuffix(".mxl"), voices_of(parts)


def voices_of(parts: list[ElementTree.Element]) -> np.ndarray:
    """Returns the voices of the parts of a score, `(T, parts)` uint8, as in `Chorales`."""
    sung = [list(_notes(part)) for part in parts]
    voices = np.full((max(end for notes in sung for _, end, _, _ in notes), len(parts)), REST, np.uint8)
    for voice, notes in zip(voices.T, sung, strict=True):
        for start, end, pitch, begins in notes:
            if pitch and start < end and not voice[start:end].any():  # of simultaneous notes the first counts
                voice[start:end] = HELD
                voice[start] = pitch if begins or not start or voice[start - 1] == REST else HELD
    return voices


def _notes(part: ElementTree.Element) -> Iterator[tuple[int, int, int, bool]]:
    """Yields the notes `(start, end, pitch, begins)` of a part, in steps; the pitch of a rest is 0."""
    at, divisions = Fraction(0), 1
    for element in part.iterfind("measure/*"):
        divisions = int(element.findtext("divisions") or divisions)
        duration = Fraction(element.findtext("duration") or 0) * STEPS / divisions
        if element.tag == "backup":
            at -= duration
        elif element.tag == "forward" or (element.tag == "note" and element.find("chord") is None):
            begins = all(tie.get("type") != "stop" for tie in element.iterfind("tie"))
            yield round(at), round(at + duration), _pitch(element.find("pitch")), begins
            at += duration


def _pitch(element: ElementTree.Element | None) -> int:
    if element is None:
        return 0
    octave, alter = int(element.findtext("octave")), float(element.findtext("alter") or 0)
    return 12 * (octave + 1) + SEMITONES[element.findtext("step")] + round(alter)


def split_of(voices: np.ndarray) -> str:
    """Returns the split of a piece: pieces whose sopranos begin with the same intervals, in any key, share it."""
    pitches = [int(pitch) for pitch, _ in groupby(pitch for pitch in voices[:, 0] if pitch > HELD)]
    intervals = np.diff(pitches[: MELODY + 1]).tolist()
    tenth = int(hashlib.sha256(str(intervals).encode()).hexdigest(), 16) % 10
    return {8: "validation", 9: "test"}.get(tenth, "train")
