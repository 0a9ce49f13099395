"""Beam search against all sequences there are."""

import functools
import itertools

import numpy as np
import pytest
from keras import ops

from seqzoo import decoding
from seqzoo.data.tokenizer import BOS, EOS, PAD, UNK
from seqzoo.decoding import greedy

IDS = {"start": PAD, "eos": EOS, "pad": PAD, "never": (PAD, UNK, BOS)}
beam, generate = functools.partial(decoding.beam, **IDS), functools.partial(decoding.generate, **IDS)

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
    (found,) = beam(step, start(1.0), 5, 8, 8, prompts=[5, UNK])
    assert all(hypothesis.tokens[:2] == [5, UNK] and UNK not in hypothesis.tokens[2:] for hypothesis in found)
    assert found[0].log_p == pytest.approx(log_p_of(found[0].tokens), abs=1e-4)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"width": 2, "n_best": 3}, "`n_best` must be from 1 to `width`, 2, got 3"),
        ({"length": 1, "prompts": (4, 5)}, "not below that of the prompt"),
    ],
)
def test_arguments_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        beam(step, start(1.0), **{"length": 4} | arguments)


def test_each_sequence_has_a_prompt_of_its_own():
    both = beam(step, start(1.0, 0.4), 6, 4, 2, 0.7, prompts=[[5, UNK], [4]])
    alone = [beam(step, start(factor), 6, 4, 2, 0.7, prompts=prompt)[0] for factor, prompt in ((1.0, [5, UNK]), (0.4, [4]))]
    assert [[h.tokens for h in row] for row in both] == [[h.tokens for h in row] for row in alone]
    np.testing.assert_allclose([h.score for row in both for h in row], [h.score for row in alone for h in row], atol=1e-6)


def test_the_length_bounds_every_hypothesis():
    (found,) = beam(step, start(0.01), 19, 8, 8, prompts=[5], never=(PAD, UNK, BOS, EOS), eos=())
    assert {len(hypothesis.tokens) for hypothesis in found} == {19}
    for hypothesis in found:
        assert hypothesis.log_p == pytest.approx(log_p_of(hypothesis.tokens, 0.01), abs=1e-4)


def test_a_penalty_on_repetition_ranks_and_leaves_log_p_the_model_s():
    """Against every sequence: the penalty is drawn from the tokens before."""

    def rank_of(ids, theta):
        total, y_prev = 0.0, PAD
        for t, y in enumerate(ids):
            z = TABLE[y_prev].astype("float64")
            said = np.isin(np.arange(len(z)), ids[:t])
            z = np.where(said, np.where(z > 0, z / theta, z * theta), z)
            total, y_prev = total + z[y] - np.log(np.exp(z).sum()), y
        return total

    (found,) = beam(step, start(1.0), 3, 64, 5, repetition_penalty=2.0)
    ranked = sorted(every_sequence(3), key=lambda ids: -rank_of(ids, 2.0))
    assert [hypothesis.tokens for hypothesis in found] == ranked[:5]
    for hypothesis in found:
        assert hypothesis.score == pytest.approx(rank_of(hypothesis.tokens, 2.0), abs=1e-4)
        assert hypothesis.log_p == pytest.approx(log_p_of(hypothesis.tokens), abs=1e-4)


def test_coverage_is_part_of_the_score():
    """The state holds how often each token came, as attention on an input of 7 steps would be summed up."""

    def counting(y, state):
        return step(y, [state["factor"]])[0], state | {"counts": state["counts"] + ops.one_hot(y, 7)}

    def covered(state):
        return state["counts"] / 2

    def score_of(ids):
        counts = np.bincount([PAD, *ids[:-1]], minlength=7)
        return log_p_of(ids) + 0.3 * np.log(np.clip(counts / 2, 1e-6, 1)).sum()

    state = {"factor": start(1.0)[0], "counts": ops.zeros((1, 7))}
    (found,) = beam(counting, state, 3, 64, 5, coverage=0.3, covered=covered)
    assert [h.tokens for h in found] == sorted(every_sequence(3), key=lambda ids: -score_of(ids))[:5]
    assert found[0].score == pytest.approx(score_of(found[0].tokens), abs=1e-3)
    with pytest.raises(ValueError, match="`coverage` needs `covered`"):
        beam(counting, state, 3, coverage=0.3)
