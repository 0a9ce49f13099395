"""The cross-entropy against the notes' loss in a loop, for every form of y, weights and saturated probabilities."""

import keras
import numpy as np
import pytest
from backends import arrays, gradients
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from seqzoo.training.losses import CrossEntropy

law = settings(max_examples=25, deadline=None, derandomize=True)
shapes = st.sampled_from([(1, 2), (4, 3), (4, 1), (1, 1, 2), (3, 5, 4), (2, 3, 1)])
seeds = st.integers(0, 99)


def value(loss, y, y_hat, weights=None):
    return float(arrays(loss(y, y_hat, weights)))


def probabilities(chance, shape, sigmoid):
    y_hat = chance.uniform(0.02, 0.98, shape)
    return (y_hat if sigmoid else y_hat / y_hat.sum(axis=-1, keepdims=True)).astype("float32")


def of_the_notes(y, y_hat, sigmoid, weights=None):
    """L = the mean over the batch of the sum over t of the weight of t times l<t>."""
    steps = y_hat.shape[1] if y_hat.ndim == 3 else 1
    y, y_hat = (np.reshape(a, (len(a), steps, -1)).astype("float64") for a in (y, y_hat))
    weights = np.ones(len(y)) if weights is None else np.asarray(weights)
    weights = np.broadcast_to(weights if weights.ndim == 2 else weights[:, None], y.shape[:2])
    total = 0.0
    for row in range(len(y)):
        for t in range(steps):
            for label in range(y.shape[-1]):
                loss = y[row, t, label] * np.log(y_hat[row, t, label])
                if sigmoid:
                    loss += (1 - y[row, t, label]) * np.log(1 - y_hat[row, t, label])
                total -= weights[row, t] * loss
    return total / len(y)


@law
@given(shapes, st.booleans(), seeds)
def test_soft_targets_have_the_loss_of_the_notes(shape, sigmoid, seed):
    chance = np.random.default_rng(seed)
    y, y_hat = (probabilities(chance, shape, sigmoid) for _ in range(2))
    assert value(CrossEntropy(sigmoid), y, y_hat) == pytest.approx(of_the_notes(y, y_hat, sigmoid), rel=1e-5, abs=1e-6)


@law
@given(shapes, seeds)
def test_class_numbers_have_the_loss_of_their_one_hot_vectors(shape, seed):
    chance = np.random.default_rng(seed)
    y_hat = probabilities(chance, shape, sigmoid=False)
    numbers = chance.integers(0, shape[-1], shape[:-1])
    one_hot = np.eye(shape[-1], dtype="float32")[numbers]
    expected = of_the_notes(one_hot, y_hat, sigmoid=False)
    for y in (numbers.astype("int32"), numbers.astype("float32"), one_hot, one_hot.astype("int32")):
        assert value(CrossEntropy(), y, y_hat) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@law
@given(shapes.filter(lambda shape: shape[-1] == 1), seeds)
def test_yes_and_no_need_no_last_axis(shape, seed):
    chance = np.random.default_rng(seed)
    y_hat = probabilities(chance, shape, sigmoid=True)
    y = chance.integers(0, 2, shape).astype("int32")
    expected = of_the_notes(y, y_hat, sigmoid=True)
    assert value(CrossEntropy(sigmoid=True), y, y_hat) == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert value(CrossEntropy(sigmoid=True), y[..., 0], y_hat) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@law
@given(shapes, st.booleans(), st.booleans(), seeds)
def test_weights_of_rows_and_of_steps_weigh_the_loss(shape, sigmoid, of_steps, seed):
    chance = np.random.default_rng(seed)
    y, y_hat = (probabilities(chance, shape, sigmoid) for _ in range(2))
    weights = chance.uniform(0, 3, shape[:-1] if of_steps else shape[:1]).astype("float32")
    expected = of_the_notes(y, y_hat, sigmoid, weights)
    assert value(CrossEntropy(sigmoid), y, y_hat, weights) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_padding_of_weight_zero_adds_nothing_to_the_sum_over_the_steps():
    chance = np.random.default_rng(0)
    y, y_hat = (probabilities(chance, (3, 4, 5), sigmoid=False) for _ in range(2))
    real = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]], "float32")
    alone = [value(CrossEntropy(), y[i : i + 1, :n], y_hat[i : i + 1, :n]) for i, n in enumerate((4, 2, 1))]
    assert value(CrossEntropy(), y, y_hat, real) == pytest.approx(sum(alone) / 3, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("sigmoid", [False, True])
@pytest.mark.parametrize("right", [True, False])
def test_certainty_has_a_finite_loss_and_a_finite_gradient(dtype, sigmoid, right):
    y = np.eye(2, dtype="float32")
    y_hat = y if right else 1 - y
    loss = CrossEntropy(sigmoid)
    found = arrays(loss(y, ops.cast(y_hat, dtype)))
    assert np.isfinite(found) and (abs(found) < 1e-2 if right else found > 10)
    slope = gradients(lambda a: ops.cast(loss(y, ops.cast(a, dtype)), "float32"), y_hat.astype("float32"))
    assert np.isfinite(slope).all()


def test_a_gradient_is_that_of_the_loop():
    chance = np.random.default_rng(1)
    y, y_hat = (probabilities(chance, (2, 3, 4), sigmoid=True) for _ in range(2))
    expected = -(y / y_hat - (1 - y) / (1 - y_hat)) / 2  # the mean over two rows
    np.testing.assert_allclose(gradients(lambda a: CrossEntropy(sigmoid=True)(y, a), y_hat), expected, rtol=1e-4)


@pytest.mark.parametrize("sigmoid", [False, True])
def test_it_comes_back_from_its_config(sigmoid):
    config = keras.saving.serialize_keras_object(CrossEntropy(sigmoid, name="l"))
    copy = keras.saving.deserialize_keras_object(config)
    assert isinstance(copy, CrossEntropy) and copy.get_config() == CrossEntropy(sigmoid, name="l").get_config()


@pytest.mark.parametrize("form", ["numbers", "one-hot", "soft"])
def test_fit_and_evaluate_report_the_loss_of_the_loop(form):
    chance = np.random.default_rng(2)
    x = chance.normal(size=(8, 3)).astype("float32")
    numbers = chance.integers(0, 4, 8)
    targets = {
        "numbers": numbers.astype("int32"),
        "one-hot": np.eye(4, dtype="float32")[numbers],
        "soft": probabilities(chance, (8, 4), sigmoid=False),
    }
    y, weights = targets[form], chance.uniform(0, 2, 8).astype("float32")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="softmax")])
    model.compile("sgd", CrossEntropy())
    full = y if y.ndim == 2 else np.eye(4)[numbers]
    expected = of_the_notes(full, model.predict_on_batch(x), False, weights)
    figures = model.evaluate(x, y, sample_weight=weights, batch_size=4, verbose=0)
    assert float(figures) == pytest.approx(expected, rel=1e-5)
    assert float(model.train_on_batch(x, y, weights)) == pytest.approx(expected, rel=1e-5)


@law
@given(shapes, st.booleans(), seeds)
def test_of_logits_it_is_the_loss_of_their_probabilities(shape, sigmoid, seed):
    chance = np.random.default_rng(seed)
    z, y = chance.normal(0, 2, shape).astype("float32"), probabilities(chance, shape, sigmoid)
    y_hat = arrays(ops.sigmoid(z) if sigmoid else ops.softmax(z))
    given_logits = value(CrossEntropy(sigmoid, logits=True), y, z)
    assert given_logits == pytest.approx(of_the_notes(y, y_hat, sigmoid), rel=1e-4, abs=1e-5)
    if not sigmoid:
        numbers = chance.integers(0, shape[-1], shape[:-1])
        one_hot = np.eye(shape[-1])[numbers]
        of_numbers = value(CrossEntropy(logits=True), numbers, z)
        assert of_numbers == pytest.approx(of_the_notes(one_hot, np.clip(y_hat, 1e-30, 1), False), rel=1e-4, abs=1e-5)


def test_logits_never_make_it_infinite():
    z = np.array([[-200.0, 200.0]], "float32")
    assert value(CrossEntropy(logits=True), np.array([0]), z) == pytest.approx(400)
    assert value(CrossEntropy(sigmoid=True, logits=True), np.array([[1.0, 0.0]]), z) == pytest.approx(400)
    assert CrossEntropy.from_config(CrossEntropy(logits=True).get_config()).logits


@pytest.mark.parametrize("masked", [False, True])
def test_smoothed_targets_have_the_loss_of_soft_targets(masked):
    """Of the classes that can be: a masked logit has no share."""
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(3, 4, 5)).astype("float32"), rng.integers(1, 5, (3, 4))
    classes = 5 - masked
    if masked:
        z[..., 0] = -1e9
    soft = 0.9 * np.eye(5)[y] + 0.1 / classes
    soft[..., 0] *= not masked
    expected = value(CrossEntropy(logits=True), soft.astype("float32"), z)
    assert value(CrossEntropy(logits=True, label_smoothing=0.1), y, z) == pytest.approx(expected, rel=1e-5)


def test_smoothing_is_of_the_logits_of_a_softmax():
    for options in ({}, {"logits": True, "sigmoid": True}):
        with pytest.raises(ValueError, match="`label_smoothing` is for the logits of a softmax"):
            CrossEntropy(label_smoothing=0.1, **options)
    assert CrossEntropy.from_config(CrossEntropy(logits=True, label_smoothing=0.2).get_config()).label_smoothing == 0.2
