"""Mixed precision in every model: what is float32, and that a step of training goes where one in float32 goes.

Most steps of a batch are alike, as in a text, so that sums over them show what a low precision would lose.
"""

import keras
import numpy as np
import pytest
from backends import BACKEND, arrays, gradients
from keras import ops

from seqzoo.models import Cloze, LanguageModel, ManyToMany, ManyToOne, OneToMany
from seqzoo.models.many_to_one import pool
from seqzoo.models.word_encoder import LONGEST_WORD
from seqzoo.training.losses import CrossEntropy
from seqzoo.training.truncated_bptt import TruncatedBPTT

BATCH, STEPS, LABELS = 200, 6, ("O", "B-X", "I-X")
chance = np.random.default_rng(0)
IDS = np.where(chance.random((BATCH, STEPS)) < 0.9, 3, chance.integers(4, 7, (BATCH, STEPS))).astype("int32")
CHARACTERS = np.where(chance.random((BATCH, STEPS, 1 + LONGEST_WORD)) < 0.9, 3, 4).astype("int32")
VECTORS = chance.normal(size=(BATCH, STEPS, 3)).astype("float32")
MASK = np.arange(STEPS) < chance.integers(STEPS // 2, STEPS + 1, (BATCH, 1))
TAGS, CLASSES = chance.integers(0, 2, (BATCH, STEPS)), chance.integers(0, 2, BATCH)

OF_IDS, OF_WORDS, OF_VECTORS = ({"inputs": inputs, "mask": MASK} for inputs in (IDS, CHARACTERS, VECTORS))
OF_TEXT, OF_STREAM = {"inputs": IDS}, {"inputs": IDS, "continues": np.zeros(BATCH, bool)}
CHORDS = {"inputs": (VECTORS > 0).astype("float32"), "label": CLASSES}
LOGITS = CrossEntropy(logits=True)

# The model, what it is called with, its targets, its loss.
CASES = {
    "many to one": (
        lambda **how: ManyToOne(vocabulary=7, labels=LABELS, units=8, embedding=4, pooling="both", dense=(5,), **how),
        *(OF_IDS, CLASSES, CrossEntropy()),
    ),
    "many to many, CRF": (
        lambda **how: ManyToMany(
            LABELS, vocabulary=7, embedding=4, characters="abcd", character_units=3, units=4, scheme="BIO", **how
        ),
        *(OF_WORDS, TAGS, CrossEntropy()),
    ),
    "many to many": (lambda **how: ManyToMany(LABELS, features=3, units=4, crf=False, **how), OF_VECTORS, TAGS, CrossEntropy()),
    "one to many": (
        lambda **how: OneToMany(features=3, labels=["a", "b"], units=6, **how),
        *(CHORDS, CHORDS["inputs"], CrossEntropy(sigmoid=True, logits=True)),
    ),
    "language model": (lambda **how: LanguageModel(7, embedding=4, units=6, cell="lstm", **how), OF_TEXT, IDS, LOGITS),
    "language model, carried": (
        lambda **how: TruncatedBPTT(LanguageModel(7, embedding=4, units=6, tied=True, **how), BATCH),
        *(OF_STREAM, IDS, LOGITS),
    ),
    "cloze": (lambda **how: Cloze(7, embedding=4, units=6, **how), OF_IDS, IDS, LOGITS),
}
if BACKEND == "jax":  # which compiles each for seconds: those that differ by more than their layers
    CASES = {name: CASES[name] for name in ("many to one", "many to many, CRF", "one to many", "language model, carried")}
every_case = pytest.mark.parametrize("make, inputs, y, loss", CASES.values(), ids=CASES.keys())
POLICIES = "mixed_bfloat16", "mixed_float16"
mixed = pytest.mark.parametrize("policy", POLICIES)


def dtype_of(tensor):
    return keras.backend.standardize_dtype(tensor.dtype)


def a_step(model, inputs, y, loss):
    """What a step of SGD adds to each weight: `{path: array}`. Float16 may skip some first, until the loss is scaled to fit."""
    before = model.get_weights()
    model.compile(keras.optimizers.SGD(1.0), loss, run_eagerly=BACKEND == "tensorflow")  # which traces for longer
    for _ in range(15):
        model.train_on_batch(inputs, y)
        if int(model.optimizer.iterations):
            break
    return {of.path: after - was for of, after, was in zip(model.weights, model.get_weights(), before, strict=True)}


@every_case
def test_a_step_of_training_is_nearly_that_of_float32(make, inputs, y, loss):
    high = make(dtype="float32")
    weights, y_hat = high.get_weights(), arrays(high(inputs))
    expected = a_step(high, inputs, y, loss)
    longest = max(np.linalg.norm(step) for step in expected.values())
    for policy in POLICIES[: 1 if BACKEND == "jax" else 2]:  # JAX compiles each for seconds
        low = make(dtype=policy)
        low.set_weights(weights)
        answer = low(inputs)
        assert 0 < np.abs(arrays(answer) - y_hat).max() < 0.05  # something was rounded
        for step, of_float32 in zip(a_step(low, inputs, y, loss).values(), expected.values(), strict=True):
            assert np.linalg.norm(step - of_float32) <= 0.1 * np.linalg.norm(of_float32) + 1e-3 * longest
        assert isinstance(low.optimizer, keras.optimizers.LossScaleOptimizer) == (policy == "mixed_float16")
        of_batch = low.compute_loss(inputs, ops.convert_to_tensor(y), answer)
        floating = [of for of in low.variables if "float" in of.dtype]
        assert {dtype_of(of) for of in (answer, of_batch, *floating)} == {"float32"}


@mixed
def test_the_state_of_a_stream_is_carried_unrounded(policy):
    model = LanguageModel(7, embedding=4, units=6, cell="lstm", depth=2, dtype=policy)
    carried, state = TruncatedBPTT(model, BATCH), model.initial_state(BATCH)
    for window in (slice(0, 4), slice(4, 6)):
        z = carried({"inputs": IDS[:, window], "continues": np.full(BATCH, window.start > 0)})
        of_window, state = model.run(IDS[:, window], state)
        np.testing.assert_array_equal(arrays(z), arrays(of_window))
        for variable, part in zip(carried.state, state, strict=True):
            np.testing.assert_array_equal(arrays(variable.value), arrays(part))
    assert any((arrays(part) != arrays(ops.cast(part, model.compute_dtype))).any() for part in state)


def test_a_stream_whose_state_overflowed_goes_on_from_zero():
    carried = TruncatedBPTT(LanguageModel(7, embedding=4, units=6, dtype="mixed_float16"), BATCH)
    anew, continues = ({"inputs": IDS[:, :5], "continues": np.full(BATCH, on)} for on in (False, True))
    expected = arrays(carried(anew))
    carried.state[0].assign(np.full((BATCH, 6), np.nan))
    np.testing.assert_array_equal(arrays(carried(continues)), expected)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("how", ["mean", "max", "both"])
def test_pooling_forgets_no_step_of_a_long_sequence(how, dtype):
    """A float16 sum ends at 65504, and on TensorFlow it stands still at 2048."""
    steps, real = 70_000, np.arange(70_000) < np.array([[70_000], [0]])
    states = np.where(np.arange(steps) % 2, 0.5, 1.5)[None, :, None] * np.ones((2, 1, 1))
    found = arrays(pool(ops.cast(states, dtype), ops.convert_to_tensor(real), how))
    np.testing.assert_allclose(found, [{"mean": [1.0], "max": [1.5], "both": [1.0, 1.5]}[how], [0.0] * found.shape[1]])


@mixed
@pytest.mark.parametrize("how", ["mean", "max"])
def test_an_empty_sequence_has_a_finite_gradient(how, policy):
    dtype = keras.dtype_policies.get(policy).compute_dtype
    real = ops.convert_to_tensor(np.array([[True, False], [False, False]]))

    def total(states):
        return ops.sum(ops.cast(pool(ops.cast(states, dtype), real, how), "float32"))

    slopes = gradients(total, np.ones((2, 2, 1)))
    np.testing.assert_array_equal(slopes[:, :, 0], [[1, 0], [0, 0]])
