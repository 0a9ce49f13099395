"""Models as users of Keras build them, once with our layers and once with keras.layers: the same outputs, the same training."""

import extent
import keras
import numpy as np
import pytest
import reference
from backends import BACKEND, arrays, only_tensorflow
from extent import compiled, without
from keras.layers import (
    Conv2D,
    Dense,
    Embedding,
    Flatten,
    LayerNormalization,
    Masking,
    Subtract,
    TimeDistributed,
    concatenate,
)
from units import randomise

from seqzoo import layers
from seqzoo.layers import conversion

ROWS, BATCH, STEPS, INPUTS, SIZE, IDS, TAGS = 10, 4, 6, 3, 5, 11, 4
every_unit = pytest.mark.parametrize("unit", ["LSTM", "GRU"])
one_unit = pytest.mark.parametrize("unit", without(["GRU"], ["LSTM", "GRU"]))
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, STEPS, INPUTS)).astype("float32")
PADDED = X * (np.arange(STEPS) < RNG.integers(1, STEPS + 1, ROWS)[:, None])[:, :, None].astype("float32")
TOKENS = RNG.integers(1, IDS, (ROWS, STEPS)) * (PADDED[:, :, 0] != 0)
Y, Y_OF_STEPS = X.sum(axis=(1, 2))[:, None] / STEPS, X.sum(axis=2, keepdims=True)
VIDEO = RNG.normal(size=(ROWS, STEPS, 5, 5, 1)).astype("float32")


class Library:
    """Recurrent layers of one unit, of seqzoo or of Keras; `reset_after=False` is the GRU of both."""

    def __init__(self, module, unit):
        self.module, self.unit = module, unit

    def recurrent(self, **options):
        options |= {"reset_after": False} if (self.module, self.unit) == (keras.layers, "GRU") else {}
        return getattr(self.module, self.unit)(SIZE, **options)

    def bidirectional(self, **options):
        return self.module.Bidirectional(self.recurrent(**options))


def tagger(of):
    ids = keras.Input((None,), dtype="int32")
    x = Embedding(IDS, SIZE, mask_zero=True)(ids)
    x = of.bidirectional(return_sequences=True)(x)
    return keras.Model(ids, Dense(TAGS, activation="softmax")(x)), TOKENS, TOKENS % TAGS, "sparse_categorical_crossentropy"


def encoder_decoder(of):
    encoded, decoded = keras.Input((None, INPUTS)), keras.Input((None, INPUTS))
    _, *state = of.recurrent(return_state=True)(encoded)
    outputs, *_ = of.recurrent(return_sequences=True, return_state=True)(decoded, initial_state=state)
    return keras.Model([encoded, decoded], Dense(1)(outputs)), [X[:, :4], X], Y_OF_STEPS, "mse"


def bidirectional_encoder_decoder(of):
    encoded, decoded = keras.Input((None, INPUTS)), keras.Input((None, INPUTS))
    _, *state = of.bidirectional(return_state=True)(encoded)
    outputs = of.bidirectional(return_sequences=True)(decoded, initial_state=state)
    return keras.Model([encoded, decoded], Dense(1)(outputs)), [X[:, :4], X], Y_OF_STEPS, "mse"


def video(of):
    frames = keras.Input((STEPS, *VIDEO.shape[2:]))
    x = TimeDistributed(Flatten())(TimeDistributed(Conv2D(2, 3, activation="relu"))(frames))
    x = of.recurrent(return_sequences=True)(x)
    return keras.Model(frames, TimeDistributed(Dense(1))(x)), VIDEO, Y_OF_STEPS, "mse"


def several_inputs(of):
    ids, sequences, vector = keras.Input((None,), dtype="int32"), keras.Input((None, INPUTS)), keras.Input((INPUTS,))
    read = of.recurrent()(Embedding(IDS, SIZE, mask_zero=True)(ids))
    seen = of.bidirectional(dropout=0.0)(sequences)
    model = keras.Model([ids, sequences, vector], Dense(1)(concatenate([read, seen, vector])))
    return model, [TOKENS, X, X[:, 0]], Y, "mse"


def shared_layer(of):
    one, other, recurrent = keras.Input((None, INPUTS)), keras.Input((None, INPUTS)), of.recurrent()
    model = keras.Model([one, other], Dense(1)(Subtract()([recurrent(one), recurrent(other)])))
    return model, [X, X[:, :3] + 1], Y, "mse"


def sequential_with_masking(of):
    model = keras.Sequential([Masking(), of.recurrent(return_sequences=True), of.recurrent(), Dense(1)])
    return model, PADDED, Y, "mse"


def normalised_over_steps_and_units(of):
    x = keras.Input((STEPS, INPUTS))
    normalised = LayerNormalization(axis=(1, 2))(of.bidirectional(return_sequences=True)(x))
    return keras.Model(x, Dense(1)(normalised)), X, Y_OF_STEPS, "mse"


def flattened(of):
    x = keras.Input((STEPS, INPUTS))
    return keras.Model(x, Dense(1)(Flatten()(of.recurrent(return_sequences=True)(x)))), X, Y, "mse"


def unrolled(of):
    x = keras.Input((STEPS, INPUTS))
    h = of.recurrent(return_sequences=True)(x)
    return keras.Model(x, Dense(1)(of.recurrent(unroll=True)(h))), X, Y, "mse"


def unrolled_of_keras_on_top(of):
    x = keras.Input((STEPS, INPUTS))
    h = of.bidirectional(return_sequences=True)(x)
    return keras.Model(x, Dense(1)(keras.layers.LSTM(SIZE, unroll=True)(h))), X, Y, "mse"


def clone(of):
    model, *rest = several_inputs(of)
    return keras.models.clone_model(model), *rest


def own_train_step(of):
    import tensorflow as tf

    class Model(keras.Model):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = self.compute_loss(x, y, self(x, training=True))
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            for metric in self.metrics:
                metric.update_state(loss)
            return self.get_metrics_result()

    x = keras.Input((None, INPUTS))
    return Model(x, Dense(1)(of.bidirectional()(x))), X, Y, "mse"


OF_ANY_LENGTH = [
    tagger,
    encoder_decoder,
    bidirectional_encoder_decoder,
    several_inputs,
    shared_layer,
    sequential_with_masking,
    clone,
    pytest.param(own_train_step, marks=only_tensorflow),
]
OF_KNOWN_LENGTH = [video, normalised_over_steps_and_units, flattened, unrolled, unrolled_of_keras_on_top]
MODELS = OF_KNOWN_LENGTH + OF_ANY_LENGTH
_few = [tagger, encoder_decoder, video]  # on other backends, unless `--full`
every_model = pytest.mark.parametrize(
    "build", MODELS if BACKEND == "tensorflow" else without([m for m in MODELS if m not in _few], MODELS)
)


def carry(theirs, ours):
    """Gives a model of ours the weights of the same model of keras.layers."""
    for given, made in zip(theirs.layers, ours.layers, strict=True):
        recurrent = type(given) in conversion.FROM_KERAS and type(given) is not type(made)
        made.set_weights((conversion.from_keras(given) if recurrent else given).get_weights())


def pair(build, unit):
    """Returns our model and the same model of keras.layers, of the same random weights; and the inputs, targets and loss."""
    ours, x, y, loss = build(Library(layers, unit))
    theirs, *_ = build(Library(keras.layers, unit))
    for model in (ours, theirs):
        if not model.built:
            model(x)
    randomise(theirs)
    carry(theirs, ours)
    return ours, theirs, x, y, loss


def losses(model, loss, *data, run_eagerly=False, epochs=2, **options):
    """Those of each epoch of `fit`."""
    model.compile(keras.optimizers.SGD(0.05), loss, run_eagerly=run_eagerly)
    return model.fit(*data, epochs=epochs, shuffle=False, verbose=0, **options).history["loss"]


def same_losses(ours, theirs, loss, *data, **options):
    """Those of Keras's layers are computed without a graph, which is quicker here, unless everything runs."""
    expected = losses(theirs, loss, *data, run_eagerly=not extent.FULL, **options)
    np.testing.assert_allclose(losses(ours, loss, *data, **options), expected, rtol=1e-5)
    assert len(set(expected)) == len(expected)


@every_unit
@every_model
def test_a_model_answers_as_with_keras_layers(build, unit):
    ours, theirs, x, *_ = pair(build, unit)
    found = ours.predict(x, batch_size=BATCH, verbose=0)
    assert reference.distance(found, arrays(theirs(x))) <= 2e-6


@compiled
@every_unit
@every_model
def test_a_model_trains_as_with_keras_layers(build, unit):
    ours, theirs, *data, loss = pair(build, unit)
    # The last of three batches has two rows, so that a graph is for any number of rows. It may cost a compilation.
    rows = ROWS if build in OF_KNOWN_LENGTH or extent.FULL else 2 * BATCH
    same_losses(ours, theirs, loss, *keras.tree.map_structure(lambda a: a[:rows], data), batch_size=BATCH)


def stateful(of):
    x = keras.Input(batch_shape=(BATCH, None, INPUTS))
    h = of.recurrent(return_sequences=True, stateful=True)(x)
    model = keras.Model(x, Dense(1)(of.recurrent(return_sequences=True, stateful=True)(h)))
    return model, X[:BATCH], Y_OF_STEPS[:BATCH], "mse"


@every_unit
def test_a_stateful_model_goes_on_from_chunk_to_chunk_as_with_keras_layers(unit):
    ours, theirs, x, *_ = pair(stateful, unit)
    chunks = [x[:, :3], x[:, 3:5], x[:, 5:]]
    for _ in range(2):
        for model in (ours, theirs):
            for layer in model.layers[1:3]:
                layer.reset_state()
        for chunk in chunks:
            found, expected = (model.predict(chunk, batch_size=BATCH, verbose=0) for model in (ours, theirs))
            assert reference.distance(found, expected) <= 2e-6


@pytest.mark.skipif(BACKEND == "torch", reason="PyTorch cannot train a stateful layer of keras.layers")
@compiled
@one_unit
def test_a_stateful_model_trains_on_chunks_as_with_keras_layers(unit):
    ours, theirs, x, y, loss = pair(stateful, unit)
    results = []
    for model, run_eagerly in ((ours, False), (theirs, not extent.FULL)):
        model.compile(keras.optimizers.SGD(0.05), loss, run_eagerly=run_eagerly)
        chunks = [slice(0, 3), slice(3, 6)] * 2
        results.append([float(model.train_on_batch(x[:, chunk], y[:, chunk])) for chunk in chunks])
    np.testing.assert_allclose(*results, rtol=1e-5)


def reader_of_padded_rows(of):
    x = keras.Input((None, INPUTS))
    return keras.Model(x, Dense(1)(of.bidirectional()(Masking()(x)))), X, Y, "mse"


@only_tensorflow
@compiled
@one_unit
def test_ragged_rows_padded_by_a_dataset_train_as_with_keras_layers(unit):
    import tensorflow as tf

    ours, theirs, *_, loss = pair(reader_of_padded_rows, unit)
    rows = tf.ragged.constant([x[: 1 + i % STEPS].tolist() for i, x in enumerate(X)])
    dataset = tf.data.Dataset.from_tensor_slices((rows, Y)).batch(3).map(lambda x, y: (x.to_tensor(), y))
    assert dataset.element_spec[0].shape.as_list() == [None, None, None]
    same_losses(ours, theirs, loss, dataset)
    assert reference.distance(ours.predict(dataset, verbose=0), theirs.predict(dataset, verbose=0)) <= 1e-5


def text_regression(of):
    ids = keras.Input((None,), dtype="int32")
    x = Dense(SIZE)(Embedding(IDS, SIZE, mask_zero=True)(ids))
    return keras.Model(ids, Dense(1)(of.recurrent()(x))), TOKENS, Y, "mse"


@one_unit
def test_a_quantised_model_answers_as_with_keras_layers(unit):
    ours, theirs, x, *_ = pair(text_regression, unit)
    full = ours.predict(x, verbose=0)
    for model in (ours, theirs):
        model.quantize("int8")
    found, expected = (keras.Model(m.inputs, [m.layers[-2].output, m.output]).predict(x, verbose=0) for m in (ours, theirs))
    assert reference.distance(found[0], expected[0]) <= 2e-6
    assert reference.distance(found[1], expected[1]) <= 0.02  # a last digit may round a state to the next of 256 numbers
    assert 0 < reference.distance(ours.predict(x, verbose=0), full) <= 0.5


# Exports. Keras writes ONNX by tf2onnx, and LiteRT without operations of TensorFlow for unrolled layers alone.


def plain(of, **options):
    x = keras.Input((STEPS if options else None, INPUTS))
    return keras.Model(x, Dense(1)(of.recurrent(return_sequences=True, **options)(x))), X, Y_OF_STEPS, "mse"


def both_directions(of, **options):
    x = keras.Input((STEPS if options else None, INPUTS))
    return keras.Model(x, Dense(1)(of.bidirectional(return_sequences=True, **options)(x))), X, Y_OF_STEPS, "mse"


exported = pytest.mark.parametrize("build", [plain, both_directions])


def saved_model(model, path):
    import tensorflow as tf

    model.export(path, verbose=False)
    loaded = tf.saved_model.load(path)
    return lambda x: np.array(loaded.serve(x))


def onnx(model, path):
    pytest.importorskip("tf2onnx", reason="Keras writes ONNX by tf2onnx")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime runs ONNX")
    model(X)  # Keras exports a model to ONNX once it was called
    model.export(path, format="onnx", verbose=False)
    session = runtime.InferenceSession(path)
    return lambda x: session.run(None, {session.get_inputs()[0].name: x})[0]


def lite_rt(model, path):
    import tensorflow as tf

    model.export(path, format="litert", verbose=False)
    interpreter = tf.lite.Interpreter(path)

    def run(x):
        (given,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
        interpreter.resize_tensor_input(given["index"], x.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(given["index"], x)
        interpreter.invoke()
        return interpreter.get_tensor(made["index"])

    return run


@only_tensorflow
@compiled
@every_unit
@exported
@pytest.mark.parametrize("export", [saved_model, onnx])
def test_an_exported_model_answers_as_with_keras_layers(export, build, unit, tmp_path):
    ours, theirs, x, *_ = pair(build, unit)
    run = export(ours, str(tmp_path / "exported.onnx"))
    for rows in (x, x[:1, :3]):
        assert reference.distance(run(rows), arrays(theirs(rows))) <= 2e-6


@only_tensorflow
@compiled
@every_unit
@exported
def test_an_unrolled_model_in_lite_rt_answers_as_with_keras_layers(build, unit, tmp_path):
    ours, theirs, x, *_ = pair(lambda of: build(of, unroll=True), unit)
    run = lite_rt(ours, str(tmp_path / "exported.tflite"))
    for rows in (x, x[:1]):
        assert reference.distance(run(rows), arrays(theirs(rows))) <= 2e-6


@only_tensorflow
@extent.full
@compiled
@every_unit
@exported
@pytest.mark.parametrize("export", [saved_model, onnx, lite_rt])
def test_keras_layers_export_these_models(export, build, unit, tmp_path):
    options = {"unroll": True} if export is lite_rt else {}
    _, theirs, x, *_ = pair(lambda of: build(of, **options), unit)
    run = export(theirs, str(tmp_path / ("exported.onnx" if export is onnx else "exported.tflite")))
    assert reference.distance(run(x), arrays(theirs(x))) <= 2e-6
