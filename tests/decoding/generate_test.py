"""Sampling over any `step`: here a Markov chain, whose logits are rows of a table."""

import functools

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo import decoding
from seqzoo.data.tokenizer import BOS, EOS, PAD, UNK
from seqzoo.decoding import Sampler, generate_vectors, greedy
from seqzoo.models import OneToMany

generate = functools.partial(decoding.generate, start=PAD, eos=EOS, pad=PAD, never=(PAD, UNK, BOS))

TABLE = np.random.default_rng(0).normal(0, 1.5, (8, 8)).astype("float32")
TABLE[:, [PAD, BOS]] = -1e9


def step(y, state):
    """The state counts the steps."""
    return ops.take(ops.convert_to_tensor(TABLE), y, axis=0), [state[0] + 1]


def start(batch):
    return [ops.zeros((batch, 1))]


def log_softmax(z):
    return z - np.log(np.exp(z.astype("float64")).sum(axis=-1, keepdims=True))


def test_the_greedy_chain():
    found = generate(step, start(1), 6, greedy, eos=(), never=())
    y, expected = PAD, []
    for _ in range(6):
        y = int(TABLE[y].argmax())
        expected.append(y)
    assert found.sequences == [expected]


def test_log_p_is_that_of_the_model_whatever_the_sampler():
    found = generate(step, start(4), 30, Sampler(0.5, top_k=3), seed=1)
    for tokens, log_p in zip(found.tokens, found.log_p, strict=True):
        length = np.count_nonzero(tokens)
        expected = log_softmax(TABLE)[[PAD, *tokens[: length - 1]], tokens[:length]]
        np.testing.assert_allclose(log_p[:length], expected, atol=1e-5)
        assert not log_p[length:].any() and not tokens[length:].any()


def test_a_sequence_ends_with_eos_or_at_the_limit():
    found = generate(step, start(50), 12, seed=3)
    for ids in found.sequences:
        assert EOS not in ids[:-1] and (ids[-1] == EOS or len(ids) == 12)
    assert any(ids[-1] == EOS for ids in found.sequences)
    assert found.tokens.shape[1] <= 12


def test_the_same_seed_says_the_same_in_any_length():
    one, two, other = (generate(step, start(6), length, seed=seed) for length, seed in ((150, 7), (150, 7), (150, 8)))
    assert one.sequences == two.sequences != other.sequences
    shorter = generate(step, start(6), 5, seed=7)
    assert [ids[:5] for ids in one.sequences] == shorter.sequences


def test_unknown_words_are_sampled_again():
    """Never UNK, and the others as frequent as they would be among themselves."""
    found = generate(step, start(20_000), 1, seed=0).tokens[:, 0]
    p = np.exp(TABLE[PAD].astype("float64"))
    p[[PAD, UNK, BOS]] = 0
    np.testing.assert_allclose(np.bincount(found, minlength=8) / 20_000, p / p.sum(), atol=0.02)
    assert UNK in generate(step, start(200), 5, never=(), seed=0).tokens


def test_prompts_for_all_and_for_each():
    for_all = generate(step, start(3), 8, prompts=[5, 6], eos=(), seed=1)
    assert (for_all.tokens[:, :2] == [5, 6]).all() and for_all.tokens.shape == (3, 8)
    for_each = generate(step, start(3), 8, prompts=[[5], [], [4, UNK, 7]], eos=(), seed=1)
    assert for_each.tokens[0, 0] == 5 and list(for_each.tokens[2, :3]) == [4, UNK, 7]
    with pytest.raises(ValueError, match="one for each of the 3 sequences, got 2"):
        generate(step, start(3), 8, prompts=[[5], [6]])
    with pytest.raises(ValueError, match="`length` must be a positive integer, got 0"):
        generate(step, start(3), 0)


def test_the_weights_of_today_are_used():
    """The compiled loop is kept, what it reads may change."""
    model = OneToMany(vocabulary=8, units=3, embedding=2)
    before = decoding.generate(model.step, model.initial_state(2), 20, eos=(), seed=0).log_p
    model.set_weights([weight + 1 for weight in model.get_weights()])
    after = decoding.generate(model.step, model.initial_state(2), 20, eos=(), seed=0).log_p
    fresh = OneToMany(vocabulary=8, units=3, embedding=2)
    fresh.set_weights(model.get_weights())
    assert np.abs(before - after).max() > 1e-4
    np.testing.assert_allclose(
        decoding.generate(fresh.step, fresh.initial_state(2), 20, eos=(), seed=0).log_p, after, atol=1e-5
    )


def test_vectors_are_drawn_part_by_part():
    z = np.array([-30.0, 0.0, 1.0, 30.0], "float32")

    def constant(y, state):
        return ops.convert_to_tensor(z) + 0 * y, state

    found = generate_vectors(constant, start(2000), 3, 4, prompt=np.ones((1, 4)), temperature=2.0, seed=0)
    assert found.shape == (2000, 3, 4) and (found[:, 0] == 1).all()
    np.testing.assert_allclose(found[:, 1:].mean(axis=(0, 1)), 1 / (1 + np.exp(-z / 2)), atol=0.03)
    assert set(np.unique(found)) == {0, 1}


def test_a_function_that_is_no_method_is_read_anew():
    weight = keras.Variable(4.0)

    def chosen(y, state):
        z = ops.one_hot(ops.cast(ops.convert_to_tensor(weight), "int32") + 0 * y, 8) * 5
        return z, state

    assert generate(chosen, start(1), 2, greedy).sequences == [[4, 4]]
    weight.assign(6.0)
    assert generate(chosen, start(1), 2, greedy).sequences == [[6, 6]]


@pytest.mark.parametrize("temperature", [1e-38, 1e9])
def test_no_temperature_brings_forth_what_cannot_be(temperature):
    found = generate(step, start(300), 3, Sampler(temperature), eos=()).tokens
    assert not set(np.unique(found)) & {PAD, UNK, BOS}


def cycle(y, state):
    """The token after y is y + 1, of 5; the logits of the others are 0."""
    return 4.0 * ops.one_hot((y + 1) % 5, 5), state


IDS = {"start": 4, "eos": (), "seed": 0}


@pytest.mark.parametrize("missing, message", [("start", "the id of y<0>"), ("eos", r"\(\) for none")])
def test_the_ids_of_a_function_are_never_guessed(missing, message):
    with pytest.raises(ValueError, match=f"`{missing}` must be given, .*{message}"):
        decoding.generate(cycle, start(1), 4, **{**IDS, missing: None})


def test_id_0_is_a_token_like_others():
    assert decoding.generate(cycle, start(2), 7, greedy, **IDS).sequences == [[0, 1, 2, 3, 4, 0, 1]] * 2


def test_any_of_several_ids_ends_a_sequence_and_the_end_fills_the_row():
    found = decoding.generate(cycle, start(2), 7, greedy, prompts=[[0], [3]], **IDS | {"eos": (2, 4)})
    assert found.sequences == [[0, 1, 2], [3, 4]] and found.lengths.tolist() == [3, 2]
    assert found.tokens[1, 2:].tolist() == [2] * (found.tokens.shape[1] - 2)


def test_a_least_length_bans_the_end_before():
    ends = 4.0 * np.eye(5, dtype="float32")[[1] * 5] + np.eye(5, dtype="float32")[[2] * 5]

    def step(y, state):
        return ops.take(ops.convert_to_tensor(ends), y, axis=0), state

    found = [decoding.generate(step, start(1), 7, greedy, **IDS | {"eos": 1}, min_length=n).sequences for n in (0, 1, 4)]
    assert found == [[[1]], [[2, 1]], [[2, 2, 2, 2, 1]]]


def test_a_penalty_on_repetition_divides_the_logits_of_what_was_said():
    z = np.array([4.0, 3.0, -1.0, -1.1, -5.0], "float32")

    def step(y, state):
        return ops.convert_to_tensor(z) + 0.0 * ops.cast(y[:, None], "float32"), state

    found = decoding.generate(step, start(1), 5, greedy, repetition_penalty=1.5, **IDS)
    said, expected = np.zeros(5, bool), []
    for _ in range(5):
        expected.append(int(np.where(said, np.where(z > 0, z / 1.5, z * 1.5), z).argmax()))
        said[expected[-1]] = True
    assert found.sequences == [expected] and expected[:2] == [0, 1]
    np.testing.assert_allclose(found.log_p[0], log_softmax(z)[expected], atol=1e-5)


@pytest.mark.parametrize("state", [np.zeros((2, 3), "float32"), {"a": [np.zeros((2, 3)), (np.ones((2, 1), "int32"),)]}, ()])
def test_a_state_has_any_structure(state):
    found = decoding.generate(cycle, state, 3, greedy, prompts=np.array([[1], [2]]), **IDS)
    assert found.sequences == [[1, 2, 3], [2, 3, 4]]


def test_what_a_step_returns_is_checked():
    wrong = {
        "logits \\(rows, vocabulary\\), \\(2, ...\\), got the shape \\(2, 1, 5\\)": lambda y, state: (
            ops.zeros((2, 1, 5)),
            state,
        ),
        "got the shape \\(1, 5\\)": lambda y, state: (ops.zeros((1, 5)), state),
        "a state like the one it was given, 1 tensors": lambda y, state: (ops.zeros((2, 5)), [*state, *state]),
        "logits and the next state": lambda y, state: ops.zeros((2, 5)),
    }
    for message, step in wrong.items():
        with pytest.raises(ValueError, match=message):
            decoding.generate(step, start(2), 3, **IDS)
    with pytest.raises(ValueError, match="`eos` must be ids from 0 to 4, as many as there are logits, got 5"):
        decoding.generate(cycle, start(2), 3, **IDS | {"eos": 5})
    with pytest.raises(ValueError, match="a row for each sequence, got .1, 2. rows"):
        decoding.generate(cycle, [start(1), start(2)], 3, **IDS)


def test_a_function_is_compiled_once(compiled):
    calls = []

    def step(y, state):
        calls.append(1)
        return cycle(y, state)

    decoding.generate(step, start(2), 9, **IDS)
    before = len(calls)
    decoding.generate(step, start(2), 12, **IDS)
    if keras.backend.backend() != "torch":
        assert len(calls) == before


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"prompts": [9]}, "`prompts` must be ids from 0 to 4, as many as there are logits, got 9"),
        ({"prompts": [-1, 3]}, "`prompts` must be ids from 0 to 4, as many as there are logits, got -1"),
        ({"prompts": [2.7]}, "`prompts` must be an id or a list of ids, got"),
        ({"start": 1.5}, "`start` must be an id or a list of ids, got 1.5"),
        ({"start": [1, 2, 3]}, "`start` must be one id, or one for each of the 2 sequences, got 3"),
        ({"eos": "1"}, "`eos` must be an id or a list of ids, got '1'"),
        ({"length": 2.5}, "`length` must be a positive integer, got 2.5"),
        ({"min_length": -1}, "`min_length` must be an integer from 0, got -1"),
        ({"repetition_penalty": float("nan")}, "`repetition_penalty` must be a positive number, got nan"),
        ({"never": range(5)}, "`never` must leave a token to choose, got all 5"),
        ({"never": (0, 2, 3, 4), "eos": 1, "min_length": 2}, "`never` must leave a token to choose"),
    ],
)
@pytest.mark.parametrize("decode", [decoding.generate, decoding.beam])
def test_arguments_that_cannot_be_are_named(decode, arguments, message):
    with pytest.raises(ValueError, match=message):
        decode(cycle, start(2), **{"length": 3, "start": 4, "eos": ()} | arguments)


def test_ids_and_lengths_are_numbers_of_any_kind():
    length = np.int64(3)
    options = {"start": np.array([4, 1]), "eos": np.array([3]), "never": 2}
    assert decoding.generate(cycle, start(2), length, greedy, **options).sequences == [[0, 1, 0], [0, 1, 0]]
    assert decoding.generate(cycle, start(2), 1, greedy, ops.array([[1], [3]]), **options).sequences == [[1], [3]]
    (one, two) = decoding.beam(cycle, start(2), length, 2, **options)
    assert len(one) == len(two) == 1
