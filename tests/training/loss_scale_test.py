"""Loss scaling: what it leaves as it is, what it saves, what it skips, and what is said of that."""

import keras
import numpy as np
import pytest

from seqzoo.backend import xla
from seqzoo.models import LanguageModel
from seqzoo.training.loss_scale import Overflows
from seqzoo.training.losses import CrossEntropy
from seqzoo.training.truncated_bptt import TruncatedBPTT

ROWS, BATCH = 64, 8
X = np.random.default_rng(0).normal(size=(ROWS, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


@pytest.fixture(autouse=True)
def _plain_path():
    with xla(False):
        yield


def compiled(optimizer, dtype="mixed_float16"):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones", dtype=dtype)])
    model.layers[0].set_weights([np.array([[1.5], [-1], [0.5]]), np.zeros(1)])
    model.compile(optimizer, "mse")
    return model


def trained(model, x=X, epochs=2, callbacks=()):
    return model.fit(
        x, Y, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0, callbacks=[Overflows(), *callbacks]
    ).history


def scaled(optimizer, initial_scale=2.0**15):
    return keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=initial_scale)


def is_finite(model):
    return all(np.isfinite(weight).all() for weight in model.get_weights())


OPTIMIZERS = {
    "clipped": lambda: keras.optimizers.SGD(0.1, global_clipnorm=0.5),
    "a schedule": lambda: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 16), global_clipnorm=0.5),
    "averaged": lambda: keras.optimizers.Adam(0.1, global_clipnorm=0.5, use_ema=True, ema_momentum=0.8),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_scaled_loss_trains_to_the_same_weights(name):
    """In float32, where a power of two changes no digit: so what is clipped is the gradient itself."""
    models = [compiled(wrapped(OPTIMIZERS[name]()), "float32") for wrapped in (lambda optimizer: optimizer, scaled)]
    averaged = [[keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if name == "averaged" else [] for _ in models]
    losses = [trained(model, callbacks=of)["loss"] for model, of in zip(models, averaged, strict=True)]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
    for plain, of_scaled in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(of_scaled, plain, rtol=1e-5)
    rates = [float(model.optimizer.learning_rate) for model in models]
    assert rates[0] == pytest.approx(rates[1]) and (rates[0] < 1e-3) == (name == "a schedule")


def test_nothing_is_said_where_nothing_was_skipped(capsys):
    trained(compiled(keras.optimizers.SGD(0.1), "float32"))
    model = compiled(scaled(keras.optimizers.SGD(0.1), 8.0))
    trained(model)
    assert (capsys.readouterr().err, int(model.optimizer.iterations)) == ("", 16)


def test_a_scale_that_is_too_large_is_halved_until_gradients_fit(capsys):
    model = compiled(scaled(keras.optimizers.SGD(0.1), 2.0**21))
    before = model.evaluate(X, Y, verbose=0)
    trained(model)
    skipped, scale = 16 - int(model.optimizer.iterations), float(model.optimizer.dynamic_scale)
    assert 0 < skipped < 8 and scale == 2.0 ** (21 - skipped)
    what = f"{skipped} of 8 updates skipped, gradients beyond float16; the loss scale is now {scale:.0f}"
    assert capsys.readouterr().err == f"note: epoch 1: {what}\n"
    assert is_finite(model) and model.evaluate(X, Y, verbose=0) < before / 4


def test_inputs_beyond_float16_skip_their_update_in_every_epoch(capsys):
    x = X.copy()
    x[BATCH] = 1e6
    model = compiled(scaled(keras.optimizers.SGD(0.1), 64.0))
    trained(model, x, epochs=3)
    notes = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in notes] == [f"note: epoch {n}: 1 of 8 updates skipped" for n in (1, 2, 3)]
    assert is_finite(model) and int(model.optimizer.iterations) == 21
    assert model.evaluate(X, Y, verbose=0) < 0.1


def stream(batch_size=4, steps=6):
    ids = np.random.default_rng(0).permuted(np.tile([3, 4, 5, 6, 7, 8], (batch_size, steps // 6)), axis=1).astype("int32")
    return {"inputs": ids, "continues": np.zeros(batch_size, bool)}, ids


@pytest.mark.parametrize("tied", [False, True])
def test_small_gradients_of_a_stream_are_not_lost(tied):
    """Float16 knows nothing below 6e-8."""
    inputs, y = stream()
    weights = np.full(y.shape, 1e-6, "float32")
    float32 = TruncatedBPTT(LanguageModel(9, embedding=4, units=5, tied=tied, dtype="float32"), len(y))
    start, steps = float32.get_weights(), []
    for dtype in ("float32", "mixed_float16"):
        model = TruncatedBPTT(LanguageModel(9, embedding=4, units=5, tied=tied, dtype=dtype), len(y))
        model.set_weights(start)
        model.compile(keras.optimizers.SGD(1e6), CrossEntropy(logits=True))
        model.train_on_batch(inputs, y, weights)
        of_trainable = zip(model.trainable_variables, float32.trainable_variables, strict=True)
        steps.append([keras.ops.convert_to_numpy(now) - keras.ops.convert_to_numpy(was) for now, was in of_trainable])
    for of_float32, of_float16 in zip(*steps, strict=True):
        assert np.linalg.norm(of_float16 - of_float32) < 0.02 * np.linalg.norm(of_float32)


@pytest.mark.usefixtures("compiled")
def test_a_stream_learns_from_the_usual_scale_on(capsys):
    """Of 200 steps in each of 32 rows the first gradients are beyond float16."""
    inputs, y = stream(32, 204)
    model = TruncatedBPTT(LanguageModel(9, embedding=4, units=5, dtype="mixed_float16"), len(y))
    model.compile(keras.optimizers.Adam(0.05, global_clipnorm=1.0), CrossEntropy(logits=True))
    batches = [{name: np.tile(of, (10, 1)[: of.ndim]) for name, of in inputs.items()}, np.tile(y, (10, 1))]
    losses = model.fit(*batches, batch_size=32, epochs=2, shuffle=False, verbose=0, callbacks=[Overflows()]).history["loss"]
    skipped = 20 - int(model.optimizer.iterations)
    assert 0 < skipped < 10 and float(model.optimizer.dynamic_scale) == 2.0 ** (15 - skipped)
    assert capsys.readouterr().err.startswith("note: epoch 1: ")
    assert is_finite(model) and losses[1] < losses[0]
