"""What holds for a one-to-one model of every shape and answer, with random weights."""

import keras
import numpy as np
import pytest
from backends import arrays, full_on_others
from extent import compiled
from keras import ops

from seqzoo.data.batches import Batches
from seqzoo.errors import DataError
from seqzoo.models import OneToOne
from seqzoo.models.many_to_one import ANSWERS
from seqzoo.training import fit, losses

pytestmark = full_on_others
LABELS_OF = {"one": ("a", "b", "c"), "several": ("a", "b", "c"), "yes-no": ("a", "b"), "number": ()}
ACTIVATIONS = {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh, "linear": lambda z: z}
OUTPUTS = {
    "one": lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True),
    "number": lambda z: z,
    **dict.fromkeys(("several", "yes-no"), lambda z: 1 / (1 + np.exp(-z))),
}
every_answer = pytest.mark.parametrize("answer", ANSWERS)
every_shape = pytest.mark.parametrize("features", [5, (5,), (4, 3), (1, 2, 3)], ids=str)


def built(features=(4, 3), answer="one", **arguments):
    defaults = {"labels": LABELS_OF[answer], "answer": answer, "dense": (6, 5)}
    model, chance = OneToOne(features, **defaults | arguments), np.random.default_rng(1)
    model.set_weights([chance.normal(0, 0.5, w.shape) for w in model.get_weights()])
    return model


def vectors(model, count=7, seed=0):
    return np.random.default_rng(seed).normal(size=(count, *model.shape)).astype("float32")


def outputs(model, x, **further):
    return arrays(model({"inputs": ops.convert_to_tensor(x), **further}))


def oracle(model, x, answer, activation="relu"):
    """The equations in NumPy float64, one input at a time."""
    *hidden, last = np.reshape(np.array([w.astype("float64") for w in model.get_weights()], dtype=object), (-1, 2))
    y_hat = []
    for a in x.astype("float64").reshape(len(x), -1):
        for kernel, bias in hidden:
            a = ACTIVATIONS[activation](a @ kernel + bias)
        y_hat.append(OUTPUTS[answer](a @ last[0] + last[1]))
    return np.stack(y_hat)


# What comes out.


@every_shape
@every_answer
def test_it_is_its_equations(features, answer):
    model = built(features, answer)
    x = vectors(model)
    assert model.output_shape == (None, len(LABELS_OF[answer]) if answer in ("one", "several") else 1)
    np.testing.assert_allclose(outputs(model, x), oracle(model, x, answer), atol=2e-6)


@pytest.mark.parametrize("dense", [(), (4,), (4, 3, 2)], ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_it_has_the_layers_it_is_told(dense, activation):
    model = built(dense=dense, activation=activation)
    sizes = [12, *dense, 3]
    assert [w.shape for w in model.get_weights()[::2]] == list(zip(sizes, sizes[1:], strict=False))
    x = vectors(model)
    np.testing.assert_allclose(outputs(model, x), oracle(model, x, "one", activation), atol=2e-6)


@every_shape
def test_an_input_has_the_same_answer_alone_and_in_a_batch(features):
    model = built(features)
    x = vectors(model)
    alone = np.concatenate([outputs(model, x[i : i + 1]) for i in range(len(x))])
    np.testing.assert_allclose(outputs(model, x), alone, atol=2e-6)
    assert np.ptp(alone, axis=0).min() > 1e-4  # it answers differently to different inputs


def test_a_mask_changes_nothing():
    model = built()
    x = vectors(model)
    masked = outputs(model, x, mask=ops.convert_to_tensor(np.zeros((7, 4), bool)))
    np.testing.assert_array_equal(masked, outputs(model, x))


def test_dropout_acts_in_training_only():
    model = built(dropout=0.5)
    batch = {"inputs": ops.convert_to_tensor(vectors(model))}
    noisy = [arrays(model(batch, training=True)) for _ in range(2)]
    calm = [arrays(model(batch)) for _ in range(2)]
    assert np.abs(noisy[0] - noisy[1]).max() > 1e-4
    np.testing.assert_array_equal(*calm)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_is_nearly_float32(policy):
    high, low = built(), built(dtype=policy)
    x = vectors(high)
    y_hat = low({"inputs": ops.convert_to_tensor(x)})
    assert keras.backend.standardize_dtype(y_hat.dtype) == "float32" and low.dtype_policy.name == policy
    np.testing.assert_allclose(arrays(y_hat), outputs(high, x), atol=0.05)
    assert np.abs(arrays(y_hat) - outputs(high, x)).max() > 1e-6


# Configuration.


@every_shape
@every_answer
def test_the_same_config_and_weights_give_the_same_bits(features, answer):
    model = built(features, answer, activation="tanh", dropout=0.1, name="m")
    copy = OneToOne.from_config(model.get_config())
    assert copy.get_config() == model.get_config() and copy.name == "m"
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(outputs(copy, vectors(model)), outputs(model, vectors(model)))


@pytest.mark.parametrize("answer, dtype", [("one", "mixed_bfloat16"), ("several", None), ("yes-no", None), ("number", None)])
def test_a_keras_file_gives_the_same_bits(tmp_path, answer, dtype):
    model = built(answer=answer, dtype=dtype)
    model.save(tmp_path / "m.keras")
    copy = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(outputs(copy, vectors(model)), outputs(model, vectors(model)))
    assert copy.get_config() == model.get_config()
    assert copy.answers(vectors(model)) == model.answers(vectors(model))


# Answers.


@every_answer
@pytest.mark.parametrize("count", [1, 7])
def test_answers_are_the_predictions_in_order(answer, count):
    model = built(answer=answer)
    x = vectors(model, count)
    found = model.answers(list(x), batch_size=3)
    assert len(found) == count
    for y, (label, score) in zip(oracle(model, x, answer), found, strict=True):
        match answer:
            case "one":
                expected = "abc"[y.argmax()], y.max()
            case "yes-no":
                expected = "ab"[int(y[0] > 0.5)], max(y[0], 1 - y[0])
            case "several":
                expected = ",".join(name for name, p in zip("abc", y, strict=True) if p >= 0.5), y.max()
            case "number":
                expected = f"{score:.3f}", y[0]
        assert label == expected[0] and score == pytest.approx(expected[1], abs=5e-6)
        assert type(score) is float


def test_no_inputs_have_no_answers():
    assert built().answers([]) == [] and built().answers(np.zeros((0, 4, 3))) == []


def test_lists_and_integers_are_numbers():
    model = built((2,))
    (of_list,), (of_array,) = model.answers([[1, 0]]), model.answers(np.array([[1.0, 0.0]]))
    assert of_list == of_array


# Errors.


@pytest.mark.parametrize(
    "wrong, found",
    [
        (np.zeros((5, 3)), r"the shape \(5, 3\)"),
        (np.zeros(12), r"the shape \(12,\)"),
        (np.zeros((1, 4, 3)), r"the shape \(1, 4, 3\)"),
        (3.0, r"the shape \(\)"),
        ("a text", "'a text'"),
        (["a", "b"], r"\['a', 'b'\]"),
        ([[1, 2, 3], [4]], r"\[\[1, 2, 3\], \[4\]\]"),
        (object, "<class 'object'>"),
    ],
    ids=str,
)
def test_another_input_is_one_line(wrong, found):
    model = built()
    with pytest.raises(DataError, match=rf"^input 2: expected numbers of the shape \(4, 3\), found {found}$") as caught:
        model.answers([np.zeros((4, 3)), wrong])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments, named",
    [
        ({"features": 0}, "features"),
        ({"features": ()}, "features"),
        ({"features": (4, None)}, "features"),
        ({"features": (4, 0)}, "features"),
        ({"features": 2.5}, "features"),
        ({"answer": "two"}, "answer"),
        ({"dense": (0,)}, "dense"),
        ({"dense": (3, -1)}, "dense"),
        ({"dropout": 1.0}, "dropout"),
        ({"labels": ()}, "labels"),
        ({"labels": ("a",)}, "labels"),
        ({"labels": ("a", "a")}, "labels"),
        ({"answer": "yes-no", "labels": ("a", "b", "c")}, "labels"),
        ({"answer": "number"}, "labels"),
    ],
)
def test_an_error_names_the_argument(arguments, named):
    with pytest.raises(ValueError, match=f"`{named}`"):
        OneToOne(**{"features": 3, "labels": ("a", "b")} | arguments)


def test_an_unknown_activation_is_an_error():
    with pytest.raises(ValueError, match="nothing"):
        OneToOne(3, ("a", "b"), activation="nothing")


# Training.


def test_every_weight_has_a_gradient():
    model = built(answer="number", activation="tanh")
    before = model.get_weights()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.train_on_batch({"inputs": vectors(model)}, np.ones((7, 1), "float32"))
    for old, new in zip(before, model.get_weights(), strict=True):
        assert np.abs(old - new).max() > 0


@compiled
def test_it_learns_from_batches_of_sequences_of_one_length():
    """The label is whether the sum of the first and of the last step has the sign of their product: no linear model knows."""
    x = np.random.default_rng(0).choice([-1.0, 1.0], (400, 5, 1)).astype("float32")
    labels = (x[:, 0, 0] * x[:, -1, 0] > 0).astype("int32")
    model = OneToOne((5, 1), ("differ", "agree"), dense=(16,))
    model.compile(keras.optimizers.Adam(0.03), losses.CrossEntropy())
    train, validation = Batches(list(x[:300]), labels[:300], 50), Batches(list(x[300:]), labels[300:], 50, shuffle=False)
    history = fit.fit(model, train, validation, 20, verbose=False)
    assert history[-1]["loss"] < history[0]["loss"] / 3
    right = [answer.label == ("differ", "agree")[label] for answer, label in zip(model.answers(x), labels, strict=True)]
    assert np.mean(right) > 0.95
