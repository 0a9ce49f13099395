"""Two rules of four-part writing, on voices written by hand."""

import numpy as np

from seqzoo.data.voices import HELD, REST
from seqzoo.tasks.music import counterpoint


def test_held_notes_count_and_rests_do_not():
    piece = np.array([[72, 60, 50, 40], [HELD, 80, 50, REST], [59, HELD, REST, REST]], np.uint8)
    found = counterpoint.in_range([piece])
    assert found == {"soprano": 2 / 3, "alto": 1 / 3, "tenor": 1.0, "bass": 1.0}


def test_a_silent_voice_and_a_piece_of_no_step_have_no_share():
    for piece in (np.full((3, 4), REST, np.uint8), np.zeros((0, 4), np.uint8)):
        assert set(counterpoint.in_range([piece]).values()) == {0.0} and counterpoint.parallels([piece]) == 0


def test_fifths_octaves_and_unisons_in_one_direction():
    def parallels(*pairs):
        return counterpoint.parallels([np.array([[*pair, REST, REST] for pair in pairs], np.uint8)])

    assert parallels((67, 60), (69, 62)) == 1  # fifths
    assert parallels((72, 60), (71, 59)) == 1  # octaves
    assert parallels((84, 65), (86, 67)) == 1  # an octave wider
    assert parallels((67, 60), (67, 60)) == 0  # nothing moves
    assert parallels((67, 60), (69, 60)) == 0  # one voice moves
    assert parallels((67, 60), (70, 62)) == 0  # a fifth, then a sixth
    assert parallels((72, 60), (67, 67)) == 0  # against each other
    assert parallels((67, 60), (69, 62), (72, 65), (72, 64)) == 2 / 3
