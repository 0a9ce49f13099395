"""Bases that were trained on are found again, wherever a window begins."""

import numpy as np

from seqzoo.data.digest import row_numbers
from seqzoo.tasks.dna import sequences
from seqzoo.tasks.dna.base_task import BaseTask


def rows(*letters):
    return set(row_numbers(BaseTask().rows([sequences.vectors(each) for each in letters])).tolist())


def test_windows_share_the_rows_of_their_sequence():
    whole, other = ("".join(np.random.default_rng(seed).choice(list("ACGT"), 3000)) for seed in (0, 1))
    windows = rows(whole[:1000], whole[1000:2000], whole[2000:])
    assert 100 < len(windows) < 300
    moved = rows(whole[333:2717])
    assert len(moved & windows) > 0.9 * len(moved)  # but those that lie across two windows
    assert not rows(other) & windows
