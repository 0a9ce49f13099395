"""Beam search against all sequences there are."""

import itertools

import numpy as np
import pytest
from keras import ops

from seqzoo.data.tokenizer import BOS, EOS, PAD, UNK
from seqzoo.decoding import beam, generate, greedy

WORDS = (3, 4, 5, 6)  # EOS and three more
TABLE = np.random.default_rng(5).normal(0, 1.5, (7, 7)).astype("float32")
TABLE[:, [PAD, BOS]] = -1e9
LOG_P = TABLE - np.log(np.exp(TABLE.astype("float64")).sum(axis=-1, keepdims=True))


def step(y, state):
    """Each sequence of a batch has a table of its own, its state times the table."""
    return ops.take(ops.convert_to_tensor(TABLE), y, axis=0) * state[0], state


def start(*factors):
    return [ops.convert_to_tensor(np.array(factors, "float32")[:, None])]


def log_p_of(ids, factor=1.0):
    z = TABLE.astype("float64") * factor
    z = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return sum(z[y_prev, y] for y_prev, y in zip([PAD, *ids], ids, strict=False))


def every_sequence(length):
    """All that end, or have that length."""
    for n in range(1, length + 1):
        for ids in itertools.product(WORDS, repeat=n):
            if EOS not in ids[:-1] and (ids[-1] == EOS or n == length):
                yield list(ids)


@pytest.mark.parametrize("alpha", [0.0, 0.7, 1.0])
def test_a_beam_as_wide_as_all_sequences_finds_the_best_ones(alpha):
    for factor, found in zip((1.0, 0.4), beam(step, start(1.0, 0.4), 3, 64, 5, alpha), strict=True):
        ranked = sorted(every_sequence(3), key=lambda ids: -log_p_of(ids, factor) / len(ids) ** alpha)
        assert [hypothesis.tokens for hypothesis in found] == ranked[:5]
        for hypothesis in found:
            assert hypothesis.log_p == pytest.approx(log_p_of(hypothesis.tokens, factor), abs=1e-4)
            assert hypothesis.score == pytest.approx(hypothesis.log_p / len(hypothesis.tokens) ** alpha, abs=1e-4)


def test_a_beam_of_one_is_greedy():
    ((hypothesis,),) = beam(step, start(1.0), 6, width=1)
    assert [hypothesis.tokens] == generate(step, start(1.0), 6, greedy).sequences


def test_a_prompt_is_kept_and_unknown_words_are_not_found():
    (found,) = beam(step, start(1.0), 5, 8, 8, prompt=[5, UNK])
    assert all(hypothesis.tokens[:2] == [5, UNK] and UNK not in hypothesis.tokens[2:] for hypothesis in found)
    assert found[0].log_p == pytest.approx(log_p_of(found[0].tokens), abs=1e-4)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"width": 2, "n_best": 3}, "`n_best` must be from 1 to `width`, 2, got 3"),
        ({"length": 1, "prompt": (4, 5)}, "not below that of the prompt"),
    ],
)
def test_arguments_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        beam(step, start(1.0), **{"length": 4} | arguments)
