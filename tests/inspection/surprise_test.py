"""The picture of words and their surprise."""

import numpy as np
from matplotlib import pyplot as plt

from seqzoo.inspection import surprise


def test_every_token_is_drawn_once_in_rows_that_fit(tmp_path):
    chance = np.random.default_rng(0)
    text = [(f"word{i}", float(chance.gamma(2, 3))) for i in range(60)] + [("a$b\n", 99.0)]
    rows = surprise._wrapped(text)
    assert [token for row in rows for token in row] == text
    assert all(sum(surprise._width(token) for token, _ in row) <= surprise.WIDTH for row in rows)
    surprise.draw([text, [("x", 0.0)]], tmp_path / "s.png", "title")
    assert (tmp_path / "s.png").stat().st_size > 1000 and plt.get_fignums() == []
