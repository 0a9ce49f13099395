"""A converted layer is the same model, and going there and back changes no bit."""

import json

import keras
import numpy as np
import pytest
import reference
from backends import BACKEND, arrays, dtypes
from keras import layers as theirs
from units import BATCH, INPUTS, MASKS, SIZE, STEPS, UNITS, layer_of, random_state, random_x, randomise

from seqzoo import layers as ours
from seqzoo.layers.conversion import from_keras, from_torch, to_keras, to_torch

NAMES = ["SimpleRNN tanh", "SimpleRNN relu", "GRU", "ResetAfterGRU", "LSTM"]
WAYS = ["forward", "backward", "both"]
every_name = pytest.mark.parametrize("name", NAMES)
every_way = pytest.mark.parametrize("way", WAYS)
EVERY_STEP = np.ones((BATCH, STEPS), bool)
every_mask = pytest.mark.parametrize("mask", [MASKS[m] for m in ("no mask", "right", "gaps")], ids=["no mask", "right", "gaps"])
TOLERANCES = {"float64": 1e-12, "float32": 1e-6}
_rounds = pytest.mark.skipif(BACKEND != "tensorflow", reason="Keras's tanh on JAX and matmul on PyTorch round float64")
kerass_dtypes = pytest.mark.parametrize("dtype", [pytest.param("float64", marks=_rounds), "float32"])
REGULARIZED = {
    "kernel_regularizer": keras.regularizers.L2(0.1),
    "recurrent_regularizer": "l1",
    "bias_regularizer": keras.regularizers.L1L2(0.1, 0.2),
    "activity_regularizer": keras.regularizers.L2(0.1),
    "kernel_constraint": keras.constraints.MaxNorm(1),
    "recurrent_constraint": "unit_norm",
    "bias_constraint": keras.constraints.MinMaxNorm(0.1, 0.9),
}
ARGUMENTS = REGULARIZED | {  # all that both have, off their defaults
    "name": "mine",
    "trainable": False,
    "dtype": "mixed_bfloat16",
    "kernel_initializer": keras.initializers.RandomNormal(stddev=0.3, seed=4),
    "recurrent_initializer": "glorot_normal",
    "bias_initializer": keras.initializers.RandomUniform(-0.2, 0.2, seed=5),
    "dropout": 0.25,
    "recurrent_dropout": 0.5,
    "seed": 7,
    "return_sequences": True,
    "return_state": True,
    "stateful": True,
    "unroll": True,
    "zero_output_for_mask": True,
}
OF_GATED = {"use_cudnn": False, "implementation": 1}
OWN = {"GRU": OF_GATED, "LSTM": OF_GATED | {"unit_forget_bias": False}}
OWN["ResetAfterGRU"] = OF_GATED | {"bias_constraint": None}  # refused, for it sees both biases as one in Keras


def ours_of(name, way="forward", /, **arguments):
    """Our layer, unbuilt; "both" is `Bidirectional`."""
    if way == "both":
        return ours.Bidirectional(layer_of(name, **arguments), name=arguments.get("name"), dtype=arguments.get("dtype"))
    return layer_of(name, **{"go_backwards": way == "backward"} | arguments)


def keras_of(name, way="forward", /, **arguments):
    """Keras's layer, unbuilt."""
    kind, _, activation = name.partition(" ")
    own = {"activation": activation} if activation else {"reset_after": False} if kind == "GRU" else {}
    layer = getattr(theirs, kind.removeprefix("ResetAfter"))(SIZE, **own, **{"go_backwards": way == "backward"} | arguments)
    layer.activity_regularizer = keras.regularizers.get(arguments.get("activity_regularizer"))  # SimpleRNN drops it
    if way == "both":
        return theirs.Bidirectional(layer, name=arguments.get("name"), dtype=arguments.get("dtype"))
    return layer


MAKERS = {"ours": (ours_of, to_keras, from_keras), "Keras's": (keras_of, from_keras, to_keras)}
both_directions = pytest.mark.parametrize("make, there, back", MAKERS.values(), ids=MAKERS.keys())


def built(layer, batch=None):
    layer.build((batch, None, INPUTS))
    return randomise(layer)


def plain(layer):
    """The configuration, and what Keras's leaves out of it."""
    directions = [layer.forward_layer, layer.backward_layer] if isinstance(layer, theirs.Bidirectional) else [layer]
    hidden = [(of.cell.seed, getattr(of.cell, "implementation", 2), getattr(of, "use_cudnn", None)) for of in directions]
    return json.dumps([keras.saving.serialize_keras_object(layer.get_config()), hidden], sort_keys=True)


def same_bits(found, expected):
    assert len(found) == len(expected)
    return all(f.tobytes() == e.tobytes() for f, e in zip(found, expected, strict=True))


def distance(found, expected, steps):
    """Between two calls with `return_state=True`, at those steps."""
    (found, *last), (expected, *expected_last) = arrays(found), arrays(expected)
    at = steps if found.ndim == 3 else ...
    return reference.distance([found[at], *last], [expected[at], *expected_last])


@every_name
@pytest.mark.parametrize("way", ["forward", "both"])
@every_mask
@kerass_dtypes
@pytest.mark.parametrize("return_sequences", [True, False], ids=["sequences", "last"])
def test_a_converted_layer_is_the_same_model(name, way, mask, return_sequences, dtype):
    """From the first real step on: before it Keras on TensorFlow returns zeros, and ours the initial state."""
    layer = built(ours_of(name, way, return_sequences=return_sequences, return_state=True, dtype=dtype))
    x, state = random_x(dtype=dtype), [*random_state(UNITS[name], dtype=dtype)] * (2 if way == "both" else 1)
    mine, kerass = (each(x, initial_state=state, mask=mask) for each in (layer, to_keras(layer)))
    steps = EVERY_STEP if mask is None else mask if way == "both" else np.logical_or.accumulate(mask, axis=1)
    assert distance(mine, kerass, steps) <= TOLERANCES[dtype]


@every_name
@every_way
@both_directions
def test_there_and_back_gives_the_same_bits_and_configuration(make, there, back, name, way):
    of_way = {"stateful": False, "unroll": False} if way == "both" else {}
    layer = built(make(name, way, **ARGUMENTS | OWN.get(name, {}) | of_way), BATCH)
    copy = back(there(layer))
    assert type(copy) is type(layer)
    assert plain(copy) == plain(layer)
    assert same_bits(copy.get_weights(), layer.get_weights())


@every_name
@pytest.mark.parametrize("way", ["forward", "backward"])
def test_every_argument_arrives(name, way):
    mine, kerass = (make(name, way, **ARGUMENTS | OWN.get(name, {})) for make in (ours_of, keras_of))
    assert plain(to_keras(mine)) == plain(kerass)
    assert plain(from_keras(kerass)) == plain(mine)


@every_name
@every_way
@both_directions
def test_without_a_bias_there_is_none_after_either(make, there, back, name, way):
    layer = built(make(name, way, use_bias=False))
    converted = there(layer)
    assert len(converted.weights) == len(layer.weights) == (4 if way == "both" else 2), name
    assert same_bits(back(converted).get_weights(), layer.get_weights())


@pytest.mark.parametrize("kind", ["SimpleRNN", "GRU", "LSTM"])
@pytest.mark.parametrize("both", [False, True], ids=["forward", "both"])
def test_a_list_of_layers_is_a_stack_and_back(kind, both):
    """Keras's layers of default arguments, with trained weights, as random ones are."""

    def layer(**arguments):
        layer = getattr(theirs, kind)(SIZE, **arguments)
        return theirs.Bidirectional(layer) if both else layer

    stack = [layer(return_sequences=True), layer(return_sequences=True), layer()]
    model, x = keras.Sequential([keras.Input((None, INPUTS)), *stack]), random_x(dtype="float32")
    for each in stack:
        randomise(each)
    mine = from_keras(stack)
    assert isinstance(mine, ours.Stacked)
    assert reference.distance(arrays(mine(x)), arrays(model(x))) <= 1e-6
    for copy, given in zip(to_keras(mine), stack, strict=True):
        assert type(copy) is type(given)
        assert same_bits(copy.get_weights(), given.get_weights())


@pytest.mark.parametrize("merge_mode", ["sum", "mul", "ave", None])
def test_the_merge_mode_and_a_backward_layer_of_its_own_survive(merge_mode):
    backward = layer_of("LSTM", SIZE, go_backwards=True, return_sequences=True)
    both = built(ours.Bidirectional(layer_of("GRU", return_sequences=True), merge_mode, backward_layer=backward))
    x, mask = random_x(dtype="float32"), MASKS["gaps"]
    found, expected = (keras.tree.flatten(arrays(each(x, mask=mask))) for each in (to_keras(both), both))
    assert reference.distance(found, expected) <= 1e-6
    assert plain(from_keras(to_keras(both))) == plain(both)


@every_name
@every_way
@both_directions
def test_an_unbuilt_layer_stays_unbuilt(make, there, back, name, way):
    layer = make(name, way)
    converted = there(layer)
    assert not converted.built
    assert not converted.weights
    assert plain(back(converted)) == plain(layer)
    assert arrays(converted(random_x(dtype="float32"))).shape == (BATCH, SIZE * (2 if way == "both" else 1))


@every_name
def test_a_layer_that_has_only_stepped_keeps_its_weights(name):
    layer = layer_of(name)
    layer.step(random_x(dtype="float32")[:, 0])
    assert same_bits(from_keras(to_keras(layer)).get_weights(), layer.get_weights())


@pytest.mark.parametrize("name", ["SimpleRNN tanh", "GRU", "ResetAfterGRU", "LSTM"])
@every_way
@both_directions
def test_a_stateful_layer_goes_on_from_its_state(make, there, back, name, way):
    layer, x = make(name, way, stateful=True, return_sequences=True), random_x(dtype="float32")
    layer(x)
    randomise(layer)
    converted = there(layer)
    assert same_bits([arrays(v.value) for v in converted.states], [arrays(v.value) for v in layer.states])
    assert any(arrays(v.value).any() for v in layer.states)
    assert reference.distance(arrays(converted(x)), arrays(layer(x))) <= 1e-6


@every_name
@both_directions
def test_what_is_trainable_stays_so(make, there, back, name):
    layer = built(make(name))
    layer.cell.kernel.trainable = False
    converted = there(layer)
    assert not {"kernel"}.intersection(w.name for w in converted.trainable_weights)
    assert len(converted.trainable_weights) == len(converted.weights) - 1
    layer.trainable = False
    assert there(layer).trainable_weights == []


@pytest.mark.parametrize("name", ["SimpleRNN tanh", "GRU", "ResetAfterGRU", "LSTM"])
@pytest.mark.parametrize("way", ["forward", "both"])
def test_a_step_of_training_is_the_same(name, way):
    arguments = {argument: value for argument, value in REGULARIZED.items() if way != "both" or "activity" not in argument}
    arguments |= {"bias_constraint": None} if name == "ResetAfterGRU" else {}
    mine = built(ours_of(name, way, **arguments))
    kerass, y = to_keras(mine), np.random.default_rng(4).normal(size=(BATCH, SIZE * (2 if way == "both" else 1)))
    before = mine.get_weights()
    for layer in (mine, kerass):
        model = keras.Sequential([keras.Input((STEPS, INPUTS)), layer])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        model.train_on_batch(random_x(dtype="float32"), y.astype("float32"))
    assert reference.distance(from_keras(kerass).get_weights(), mine.get_weights()) <= 1e-6
    assert all(reference.distance(*pair) > 1e-3 for pair in zip(mine.get_weights(), before, strict=True))


def test_a_model_from_a_file_is_converted_layer_by_layer(tmp_path):
    ids = keras.Input((STEPS,), dtype="int32")
    x, mask = theirs.Embedding(9, INPUTS)(ids), ids != 0  # passed: Keras's layers attach no mask from 3.16 on
    both, default = keras_of("GRU", "both", return_sequences=True), theirs.GRU(SIZE)
    for layer in (both, keras_of("LSTM", return_sequences=True), default):
        x = layer(x, mask=mask)
    keras.Model(ids, theirs.Dense(1)(x)).save(tmp_path / "theirs.keras")

    def converted(layer):
        return from_keras(layer) if isinstance(layer, (theirs.RNN, theirs.Bidirectional)) else layer

    model = keras.saving.load_model(tmp_path / "theirs.keras")
    clone = keras.models.clone_model(model, clone_function=converted)
    assert [type(layer) for layer in clone.layers if hasattr(layer, "as_notes")] == [ours.Bidirectional, ours.LSTM, ours.GRU]
    ids = np.array([[3, 1, 2, 0, 0, 0], [4, 8, 5, 6, 7, 1]])
    assert reference.distance(arrays(clone(ids)), arrays(model(ids))) <= 1e-6
    clone.save(tmp_path / "ours.keras")
    assert np.array_equal(arrays(keras.saving.load_model(tmp_path / "ours.keras")(ids)), arrays(clone(ids)))


def test_a_model_is_converted_with_all_that_it_holds_and_back():
    """Nested, with a mask of an embedding, two outputs, a layer that is used twice, and a layer of Keras that stays."""
    given, ids = keras.Input((None, INPUTS)), keras.Input((None,), dtype="int32")
    twice = theirs.Bidirectional(theirs.GRU(SIZE, return_sequences=True))
    inner = keras.Model(given, [twice(given), theirs.LSTM(3)(twice(given))], name="inner")
    normed = theirs.Normalization()
    normed.adapt(random_x())
    sequences, last = inner(normed(theirs.Embedding(9, INPUTS, mask_zero=True)(ids)))
    own = theirs.RNN(theirs.LSTMCell(3))(sequences)
    model = keras.Model(ids, theirs.Concatenate()([theirs.GRU(4)(sequences, mask=ids != 0), theirs.Dense(2)(last), own]))
    for layer in (*inner.layers, *model.layers[1:]):
        randomise(layer) if layer is not normed else None
    copy, ids = from_keras(model), np.array([[3, 1, 2, 0, 0, 0], [4, 8, 5, 6, 7, 1]])
    assert reference.distance(arrays(copy(ids)), arrays(model(ids))) <= 1e-6
    kinds = {type(layer) for part in (copy, copy.get_layer("inner")) for layer in part.layers}
    assert {ours.GRU, ours.LSTM, ours.Bidirectional, theirs.RNN} <= kinds and not {theirs.GRU, theirs.LSTM} & kinds
    back = to_keras(copy)
    assert same_bits(back.get_weights(), model.get_weights())
    assert reference.distance(arrays(back(ids)), arrays(model(ids))) <= 1e-6


def test_a_layer_in_two_models_stays_one():
    gru, given = theirs.GRU(3), keras.Input((STEPS, INPUTS))
    inner, outer = keras.Model(given, gru(given)), keras.Input((STEPS, INPUTS))
    model = keras.Model(outer, inner(outer) + gru(outer))
    assert from_keras(model).count_params() == model.count_params()


def test_a_seeded_initializer_gives_two_biases():
    layer = ours.GRU(3, reset_after=True, bias_initializer=keras.initializers.RandomNormal(seed=1))
    layer.build((None, None, INPUTS))
    assert not np.array_equal(*layer.get_weights()[2:])


def test_a_sequential_model_is_converted_compiled_as_it_was():
    model, x = keras.Sequential([keras.Input((None, INPUTS)), theirs.GRU(SIZE), theirs.Dense(1)]), random_x(dtype="float32")
    model.compile("sgd", "mse")
    copy = from_keras(randomise(model))
    assert reference.distance(arrays(copy(x)), arrays(model(x))) <= 1e-6
    copy.fit(x, np.ones((BATCH, 1)), verbose=0)
    assert type(from_keras([theirs.GRU(2, return_sequences=True), theirs.GRU(2)])) is ours.Stacked
    stacked = keras.Sequential([keras.Input((None, INPUTS)), ours.Stacked(ours.GRU(3), 2, name="mine")])
    with pytest.raises(ValueError, match="`mine` cannot be converted: inside a model one layer cannot become several"):
        to_keras(stacked)


def test_a_model_of_ones_own_class_is_refused():
    class Own(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(ValueError, match="`mine` cannot be converted: only a Sequential or functional model"):
        from_keras(Own(name="mine"))


class OwnGRU(theirs.GRU):
    """A subclass may be another model."""


class OwnNorm(keras.constraints.MaxNorm):
    """Likewise."""


def unregistered(x):
    return x


FROM_KERAS_REFUSED = {
    "two biases": (lambda: theirs.GRU(3, bias_constraint="max_norm", name="mine"), "`bias_constraint` .* two biases"),
    "activation": (lambda: theirs.LSTM(3, "relu", name="mine"), '`activation` must be "tanh".*relu'),
    "gates' activation": (lambda: theirs.LSTM(3, "tanh", "relu", name="mine"), "`recurrent_activation` must be .*relu"),
    "simple activation": (lambda: theirs.SimpleRNN(3, "sigmoid", name="mine"), "`activation` must be .*sigmoid"),
    "function": (lambda: theirs.LSTM(3, unregistered, name="mine"), "unregistered"),
    "dropout": (lambda: theirs.LSTM(3, dropout=1.0, name="mine"), "`dropout` must be .* got 1.0"),
    "cell": (lambda: theirs.LSTMCell(3, name="mine"), "it is a LSTMCell, and only the GRU, LSTM"),
    "RNN": (lambda: theirs.RNN(theirs.LSTMCell(3), name="mine"), "it is a RNN, and only"),
    "subclass": (lambda: OwnGRU(3, reset_after=False, name="mine"), "it is a OwnGRU, .* no subclass"),
    "dense": (lambda: theirs.Dense(3, name="mine"), "it is a Dense"),
    "ours": (lambda: ours.GRU(3, name="mine"), "only the GRU, LSTM, SimpleRNN and Bidirectional of Keras"),
    "ConvLSTM": (lambda: theirs.ConvLSTM1D(3, 2, name="mine"), "it is a ConvLSTM1D"),
    "stacked": (lambda: ours.Stacked(ours.GRU(3), 2, name="mine"), "it is one of seqzoo already"),
}
TO_KERAS_REFUSED = {
    "peephole": (lambda: ours.LSTM(3, peephole="output", name="mine"), "Keras has no `peephole`"),
    "simplified": (lambda: ours.GRU(3, relevance_gate=False, name="mine"), "Keras has no `relevance_gate=False`"),
    "Recurrent": (lambda: ours.Recurrent(3, UNITS["LSTM all"], name="mine"), "it is a Recurrent, and only .* of seqzoo"),
    "cell": (lambda: ours.GRUCell(3, name="mine"), "it is a GRUCell"),
    "Keras's": (lambda: theirs.LSTM(3, name="mine"), "of seqzoo can be"),
    "residual": (lambda: ours.Stacked(ours.GRU(3), 2, residual=True, name="mine"), "Keras's layers has no `residual`"),
    "sizes": (
        lambda: ours.Bidirectional(ours.GRU(3), backward_layer=ours.GRU(5, go_backwards=True), name="mine"),
        "directions of one size",
    ),
    "dropout": (lambda: ours.Stacked(ours.GRU(3), 2, dropout=0.1, name="mine"), "Keras's layers has no `dropout`"),
    "layer norm": (lambda: ours.LSTM(3, layer_norm=True, name="mine"), "Keras has no `layer_norm`"),
    "zoneout": (lambda: ours.GRU(3, zoneout=0.1, name="mine"), "Keras has no `zoneout`"),
}
TO_TORCH_REFUSED = {
    "GRU": (lambda: built(ours.GRU(3, name="mine")), "torch.nn.GRU has .*after the product: `reset_after=True`"),
    "layer norm": (lambda: built(ours.LSTM(3, layer_norm=True, name="mine")), "PyTorch has no `layer_norm`"),
    "zoneout": (lambda: built(ours.LSTM(3, zoneout=(0, 0.1), name="mine")), "PyTorch has no `zoneout`"),
    "unbuilt": (lambda: ours.LSTM(3, name="mine"), "build it first"),
    "peephole": (lambda: built(ours.LSTM(3, peephole="all", name="mine")), "PyTorch has no `peephole`"),
    "backwards": (lambda: built(ours.LSTM(3, go_backwards=True, name="mine")), "it goes backwards"),
    "merge mode": (lambda: built(ours.Bidirectional(ours.LSTM(3), "sum", name="mine")), "no `merge_mode` but"),
    "directions": (
        lambda: built(ours.Bidirectional(ours.LSTM(3), backward_layer=ours.LSTM(4, go_backwards=True), name="mine")),
        "directions differ",
    ),
    "levels": (
        lambda: built(ours.Stacked([ours.LSTM(3, return_sequences=True), ours.LSTM(4)], name="mine")),
        "layers .* differ",
    ),
    "residual": (lambda: built(ours.Stacked(ours.LSTM(3), 2, residual=True, name="mine")), "PyTorch has no `residual`"),
    "dense": (lambda: built(ours.Stacked(ours.LSTM(3), 2, dense=[2], name="mine")), "PyTorch has no `residual` and no `dense`"),
    "Keras's": (lambda: built(theirs.LSTM(3, name="mine")), "only our GRU, LSTM and SimpleRNN"),
    "Recurrent": (lambda: built(ours.Recurrent(3, UNITS["LSTM"], name="mine")), "only our GRU, LSTM and SimpleRNN"),
    "Dense": (lambda: theirs.Dense(3, name="mine"), "only our GRU, LSTM and SimpleRNN"),
}


def refused(table):
    return pytest.mark.parametrize("make, reason", table.values(), ids=table.keys())


@refused(FROM_KERAS_REFUSED)
def test_from_keras_refuses_by_name_and_reason(make, reason):
    with pytest.raises(ValueError, match=f"(?s)`mine` cannot be converted: .*{reason}"):
        from_keras(make())


@refused(TO_KERAS_REFUSED)
def test_to_keras_refuses_by_name_and_reason(make, reason):
    with pytest.raises(ValueError, match=f"`mine` cannot be converted: .*{reason}"):
        to_keras(make())


@both_directions
def test_a_direction_that_is_refused_is_named(make, there, back):
    wrong = ours.Bidirectional(ours.LSTM(3, peephole="all", name="mine")) if there is to_keras else None
    wrong = wrong or theirs.Bidirectional(theirs.LSTM(3, "relu", name="mine"))
    with pytest.raises(ValueError, match="`forward_mine` cannot be converted"):
        there(wrong)


@both_directions
@pytest.mark.parametrize("constraint", ["non_neg", OwnNorm(2), unregistered], ids=["non_neg", "subclass", "function"])
@pytest.mark.parametrize("of", ["kernel", "recurrent", "bias"])
def test_a_constraint_on_signs_is_refused_for_a_gru_only(make, there, back, of, constraint):
    with pytest.raises(ValueError, match=f"`mine` cannot be converted: `{of}_constraint` may depend on the sign"):
        there(make("GRU", name="mine", **{f"{of}_constraint": constraint}))
    if constraint == "non_neg":
        assert isinstance(
            getattr(there(make("LSTM", **{f"{of}_constraint": constraint})), f"{of}_constraint"), keras.constraints.NonNeg
        )


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


KINDS = {"LSTM": ("LSTM", {}), "GRU": ("GRU", {}), "RNN tanh": ("RNN", {}), "RNN relu": ("RNN", {"nonlinearity": "relu"})}
every_kind = pytest.mark.parametrize("kind", KINDS)
FORMS = {
    "plain": {},
    "no bias": {"bias": False},
    "bidirectional": {"bidirectional": True},
    "deep": {"num_layers": 2},
    "deep, bidirectional, no bias": {"num_layers": 2, "bidirectional": True, "bias": False},
}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())


def module_of(torch, kind, **arguments):
    torch.manual_seed(0)
    name, own = KINDS[kind]
    return getattr(torch.nn, name)(INPUTS, SIZE, **{"batch_first": True} | own | arguments)


def called(torch, module, x, mask=None):
    """The outputs, then each part of the state as ours stand: layer by layer, forward before backward."""
    x = torch.tensor(x)
    if mask is not None:
        x = torch.nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
    with torch.no_grad():
        outputs, last = module(x)
    if mask is not None:
        outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)
    parts = last if isinstance(last, tuple) else (last,)
    return outputs.numpy(), *(part.numpy() for layer in zip(*parts, strict=True) for part in layer)


@every_kind
@every_form
@dtypes
@pytest.mark.parametrize("mask", [None, MASKS["right"]], ids=["no mask", "right"])
def test_a_layer_from_torch_is_the_same_model(torch, kind, form, mask, dtype):
    """A right-padded mask is PyTorch's packed sequence."""
    module, x = module_of(torch, kind, dtype=getattr(torch, dtype), **form), random_x(dtype=dtype)
    layer = from_torch(module, return_state=True)
    assert layer.dtype_policy.name == dtype
    found, expected = layer(x, mask=mask), called(torch, module, x, mask)
    assert distance(found, expected, EVERY_STEP if mask is None else mask) <= TOLERANCES[dtype]


@every_kind
@every_form
@dtypes
def test_to_torch_is_the_same_model_and_back_the_same_bits(torch, kind, form, dtype):
    module, x = module_of(torch, kind, dtype=getattr(torch, dtype), **form), random_x(dtype=dtype)
    layer = randomise(from_torch(module, return_state=True))
    copy = to_torch(layer)
    assert (type(copy), copy.batch_first, copy.weight_hh_l0.dtype) == (type(module), True, module.weight_hh_l0.dtype)
    assert distance(layer(x), called(torch, copy, x), EVERY_STEP) <= TOLERANCES[dtype]
    assert same_bits(from_torch(copy).get_weights(), layer.get_weights())


def test_from_torch_takes_our_arguments(torch):
    module = module_of(torch, "LSTM", num_layers=2, bidirectional=True, dropout=0.3)
    assert from_torch(module).return_sequences
    layer = from_torch(
        module, name="mine", return_sequences=False, dropout=0.2, seed=5, dtype="mixed_bfloat16", trainable=False
    )
    assert (layer.name, layer.dropout, layer.return_sequences, layer.compute_dtype) == ("mine", 0.3, False, "bfloat16")
    assert layer.trainable_weights == []
    seeds = [of.cell.seed for both in layer.layers for of in (both.forward_layer, both.backward_layer)]
    assert len(set(seeds)) == 4
    assert to_torch(layer).dropout == 0.3


@every_form
def test_a_gru_of_torch_keeps_the_bits_of_its_weights(torch, form):
    module = module_of(torch, "GRU", **form)
    copy = to_torch(from_torch(module))
    assert type(copy) is torch.nn.GRU
    for name, weight in module.state_dict().items():
        assert torch.equal(copy.state_dict()[name], weight)


def test_batch_first_is_the_modules_only(torch):
    first, second = (module_of(torch, "LSTM", batch_first=batch_first) for batch_first in (True, False))
    assert same_bits(from_torch(second).get_weights(), from_torch(first).get_weights())


@refused(TO_TORCH_REFUSED)
def test_to_torch_refuses_by_name_and_reason(torch, make, reason):
    with pytest.raises(ValueError, match=f"`mine` cannot be converted: .*{reason}"):
        to_torch(make())


def test_from_torch_refuses_by_name_and_reason(torch):
    refused = {
        torch.nn.LSTM(2, 3, proj_size=1): "`LSTM` cannot be converted: `proj_size=1`",
        torch.nn.Linear(2, 3): "`Linear` cannot be converted: only torch.nn.GRU, torch.nn.LSTM and torch.nn.RNN",
        torch.nn.LSTMCell(2, 3): "`LSTMCell` cannot be converted",
    }
    for module, message in refused.items():
        with pytest.raises(ValueError, match=message):
            from_torch(module)
