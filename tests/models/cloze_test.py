"""A model that predicts each token from all others, with random weights."""

import numpy as np
import pytest
from backends import arrays, full_on_others

from seqzoo import presets
from seqzoo.data.batches import pad
from seqzoo.data.tokenizer import BOS, EOS, PAD, Tokenizer
from seqzoo.errors import DataError
from seqzoo.models import Cloze

pytestmark = full_on_others
IDS = [[4, 5, 6, 7, 8], [4, 4, 7], [9]]


def built(**arguments):
    tokenizer = Tokenizer.train(["the cat which ate was full"])
    model = Cloze(tokenizer.size, **{"units": 5, "embedding": 4, "depth": 2, "tokenizer": tokenizer} | arguments)
    chance = np.random.default_rng(1)
    model.set_weights([chance.normal(0, 0.7, w.shape) for w in model.get_weights()])
    return model


def logits(model, ids):
    inputs, mask = pad(ids, 7)
    return arrays(model({"inputs": inputs, "mask": mask}))


def test_a_token_is_predicted_from_all_others_and_not_from_itself():
    model, ids = built(), [4, 5, 6, 7, 8]
    before = logits(model, [ids])[0]
    for t in range(5):
        changed = np.abs(logits(model, [[9 if i == t else token for i, token in enumerate(ids)]])[0] - before).max(axis=-1)
        assert changed[t] < 1e-5
        assert all(changed[i] > 1e-4 for i in range(5) if i != t)


def test_padding_and_neighbours_change_nothing():
    model = built()
    together = logits(model, IDS)
    for row, ids in enumerate(IDS):
        alone = arrays(model({"inputs": np.array([ids]), "mask": np.ones((1, len(ids)), bool)}))
        np.testing.assert_allclose(together[row, : len(ids)], alone[0], atol=1e-5)


def test_neither_padding_nor_ends_are_predicted():
    assert logits(built(), IDS)[:, :, [PAD, BOS, EOS]].max() < -1e8


def test_it_fills_a_gap():
    model = built()
    found = model.fill("the cat ___ ate", 3)
    assert len(found) == 3 and sorted(p for _, p in found)[::-1] == [p for _, p in found]
    assert not any(token.startswith("<") for token, _ in found)
    assert sum(p for _, p in model.fill("___", 6)) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("text", ["no gap", "two ___ of ___"])
def test_one_gap_is_expected(text):
    with pytest.raises(DataError, match="expected one ___"):
        built().fill(text)


def test_log_probabilities_are_those_of_the_logits():
    model = built()
    for row, (ids, log_p) in enumerate(zip(IDS, model.log_probabilities(IDS), strict=True)):
        z = logits(model, IDS)[row, : len(ids)]
        expected = z[np.arange(len(ids)), ids] - np.log(np.exp(z).sum(axis=-1))
        np.testing.assert_allclose(log_p, expected, atol=1e-5)


def test_a_preset_says_the_same(tmp_path):
    model = built()
    presets.save(model, tmp_path)
    assert presets.load(tmp_path).fill("the ___") == model.fill("the ___")
