"""The conditional random field against all K^T sequences, one by one."""

import itertools
import json
import re

import keras
import numpy as np
import pytest
import reference
from backends import (
    BACKEND,
    arrays,
    as_graph,
    central_differences,
    dtypes,
    full_on_others,
    gradients,
    needs_float64,
    only_tensorflow,
)
from extent import compiled, without
from keras import ops

from seqzoo.layers import CRF
from seqzoo.layers.crf_transitions import allowed

TOLERANCES = {"float64": 1e-12, "float32": 1e-6}
LABELS = {
    None: ("noun", "verb", "other"),
    "BIO": ("O", "B-PER", "I-PER", "B-LOC", "I-LOC"),
    "BIOES": ("O", *(f"{prefix}-{type_}" for type_ in ("PER", "LOC-x") for prefix in "BIES")),
}
VALID = {
    None: re.compile(".*"),
    "BIO": re.compile(r"(O |B-(\S+) (I-\2 )*)*"),
    "BIOES": re.compile(r"(O |S-\S+ |B-(\S+) (I-\2 )*E-\2 )*"),
}
SHAPES = [(1, 4), (2, 1), (3, 2), (4, 3), (5, 4), (6, 3)]  # steps and labels
every_shape = pytest.mark.parametrize(
    "steps, count", [*SHAPES[:2], *(pytest.param(*shape, marks=full_on_others) for shape in SHAPES[2:])]
)
every_scheme = pytest.mark.parametrize("scheme", without([] if BACKEND == "tensorflow" else [None, "BIOES"], LABELS))
schemes = pytest.mark.parametrize("scheme", ["BIO", "BIOES"])
BATCH = 5
WAYS = {"tensorflow": ("default", "eager", "xla"), "jax": ("default", "xla"), "torch": ("default", "eager")}[BACKEND]
COMPILE = {"default": {}, "eager": {"run_eagerly": True}, "xla": {"jit_compile": True}}


def is_valid(path, labels, scheme):
    return VALID[scheme].fullmatch("".join(f"{labels[k]} " for k in path)) is not None


def crf_of(labels, scheme=None, dtype="float32", seed=0):
    """A CRF with random weights; `labels` may be how many."""
    crf = CRF(labels if isinstance(labels, tuple) else tuple(f"label {k}" for k in range(labels)), scheme, dtype=dtype)
    rng = np.random.default_rng((seed, 1))
    for weight in crf.weights:
        weight.assign(rng.normal(size=weight.shape))
    return crf


def batch_of(steps, count, dtype="float32", seed=0, gaps=False, batch=BATCH):
    """Potentials, label numbers and a mask, of which the first row is all real and the last all masked."""
    rng = np.random.default_rng((seed, 2))
    potentials = rng.normal(size=(batch, steps, count)).astype(dtype)
    y = rng.integers(0, count, (batch, steps))
    mask = rng.random((batch, steps)) < 0.6 if gaps else np.arange(steps) < rng.integers(1, steps + 1, (batch, 1))
    mask[0], mask[-1] = True, False
    return potentials, y, mask


def by_enumeration(crf, potentials, y, mask):
    """What every method returns, in float64, from the list of all valid sequences over the real steps of each row."""
    start, moves, end = (arrays(w.value) for w in (crf.start, crf.transitions, crf.end))
    results = {name: [] for name in ("log_likelihood", "log_partition", "marginals", "labels", "score")}
    for x, labels, real in zip(np.asarray(potentials, "float64"), y, mask, strict=True):
        at = np.flatnonzero(real)
        paths = [p for p in itertools.product(range(x.shape[1]), repeat=len(at)) if is_valid(p, crf.labels, crf.scheme)]
        scores = np.array([score_of(x[at], path, start, moves, end) for path in paths])
        log_z = np.log(np.sum(np.exp(scores - scores.max()))) + scores.max()
        marginals, best = np.zeros(x.shape), np.zeros(len(x), int)
        for path, score in zip(paths, scores, strict=True):
            marginals[at, list(path)] += np.exp(score - log_z)
        best[at] = paths[np.argmax(scores)]
        results["log_likelihood"].append(score_of(x[at], labels[at], start, moves, end) - log_z)
        for name, result in (("log_partition", log_z), ("marginals", marginals), ("labels", best), ("score", scores.max())):
            results[name].append(result)
    return {name: np.array(rows) for name, rows in results.items()}


def score_of(x, path, start, moves, end):
    if not len(path):
        return 0.0
    between = sum(moves[a, b] for a, b in itertools.pairwise(path))
    return start[path[0]] + sum(x[t, k] for t, k in enumerate(path)) + between + end[path[-1]]


def by_methods(crf, potentials, y, mask=None):
    labels, score = crf.decode(potentials, mask)
    results = {
        "log_likelihood": crf.log_likelihood(potentials, y, mask),
        "log_partition": crf.log_partition(potentials, mask),
        "marginals": crf.marginals(potentials, mask),
        "labels": labels,
        "score": score,
    }
    return arrays(results)


def some_valid(crf, y, mask):
    """y, but at each real step the nearest number that makes a valid sequence of what came before it and can be ended."""
    start, moves, end = allowed(crf.labels, crf.scheme)
    y = y.copy()
    for row, real in zip(y, mask, strict=True):
        at, may = np.flatnonzero(real), start
        for i, t in enumerate(at):
            fits = may & (end if i == len(at) - 1 else moves @ end)
            row[t] = min(np.flatnonzero(fits), key=lambda k, wish=row[t]: abs(k - wish))
            may = moves[row[t]]
    return y


@dtypes
@pytest.mark.parametrize("gaps", [False, True], ids=["padded", "gaps"])
@every_shape
def test_every_method_says_what_the_list_of_all_sequences_says(steps, count, gaps, dtype):
    crf = crf_of(count, dtype=dtype, seed=steps)
    potentials, y, mask = batch_of(steps, count, dtype, seed=count, gaps=gaps)
    expected = by_enumeration(crf, potentials, y, mask)
    assert reference.distance(by_methods(crf, potentials, y, mask), expected) <= TOLERANCES[dtype]
    assert expected["log_likelihood"][-1] == expected["log_partition"][-1] == 0  # of no step


@dtypes
@schemes
def test_so_it_does_of_all_valid_ones_under_a_scheme(scheme, dtype):
    crf = crf_of(LABELS[scheme][:5], scheme, dtype)
    potentials, y, mask = batch_of(5, 5, dtype, gaps=True)
    y = some_valid(crf, y, mask)
    expected = by_enumeration(crf, potentials, y, mask)
    assert reference.distance(by_methods(crf, potentials, y, mask), expected) <= TOLERANCES[dtype]


@every_scheme
def test_without_a_mask_every_step_is_real(scheme):
    crf, (potentials, y, mask) = crf_of(LABELS[scheme], scheme), batch_of(4, len(LABELS[scheme]))
    everywhere = np.ones_like(mask)
    y = some_valid(crf, y, everywhere)
    assert reference.distance(by_methods(crf, potentials, y), by_methods(crf, potentials, y, everywhere)) == 0


@compiled
def test_a_long_sequence_loses_no_digits():
    """The sums grow to tens of thousands; the likelihood of the best labels is their small difference."""
    steps, count, crf = 1000, 4, crf_of(4)
    potentials = 30 * batch_of(steps, count)[0]
    start, moves, end = (arrays(w.value) for w in (crf.start, crf.transitions, crf.end))
    y = arrays(as_graph(crf.decode)(ops.convert_to_tensor(potentials))[0]).astype(int)
    found = as_graph(crf.log_likelihood)(ops.convert_to_tensor(potentials), ops.convert_to_tensor(y))
    alpha, *later = np.moveaxis(potentials.astype("float64"), 1, 0)
    alpha = alpha + start
    for x in later:
        alpha = np.logaddexp.reduce(alpha[:, :, None] + moves, axis=1) + x
    log_z = np.logaddexp.reduce(alpha + end, axis=1)
    expected = [score_of(*row, start, moves, end) for row in zip(potentials.astype("float64"), y, strict=True)] - log_z
    assert log_z.min() > 30_000 and expected.min() > -100
    assert reference.distance(arrays(found), expected) <= 1e-5


@schemes
@pytest.mark.parametrize("scale", [1, 100])
def test_no_decoded_sequence_is_invalid(scheme, scale):
    labels, rng = LABELS[scheme], np.random.default_rng(scale)
    crf = crf_of(labels, scheme)
    potentials = scale * rng.normal(size=(10_000, 12, len(labels))).astype("float32")
    mask = np.arange(12) < rng.integers(1, 13, (10_000, 1))
    decoded = arrays(crf.decode(potentials, mask)[0]).astype(int)
    assert all(is_valid(path[real], labels, scheme) for path, real in zip(decoded, mask, strict=True))
    assert not decoded[~mask].any()


@schemes
def test_an_invalid_label_has_no_probability(scheme):
    crf, (potentials, _, mask) = crf_of(LABELS[scheme], scheme), batch_of(6, len(LABELS[scheme]))
    start, _, end = allowed(LABELS[scheme], scheme)
    marginals = arrays(crf.marginals(100 * potentials, mask))
    assert not marginals[:, 0, ~start].any() and not marginals[0, -1, ~end].any()
    assert np.allclose(marginals.sum(-1), mask, atol=1e-6)


@every_scheme
def test_the_allowed_moves_make_the_valid_sequences(scheme):
    labels = LABELS[scheme]
    start, moves, end = allowed(labels, scheme)
    assert start.shape == end.shape == (len(labels),) and moves.shape == (len(labels),) * 2
    for path in itertools.chain(*(itertools.product(range(len(labels)), repeat=steps) for steps in (1, 2, 3))):
        found = start[path[0]] and all(moves[a, b] for a, b in itertools.pairwise(path)) and end[path[-1]]
        assert found == is_valid(path, labels, scheme)


@every_scheme
def test_padding_never_changes_anything(scheme):
    crf, count = crf_of(LABELS[scheme], scheme), len(LABELS[scheme])
    potentials, y, _ = batch_of(4, count)
    y = some_valid(crf, y, np.ones_like(y, bool))
    at = np.sort([np.random.default_rng(row).permutation(7)[:4] for row in range(BATCH)])
    row = np.arange(BATCH)[:, None]
    padded = np.random.default_rng(0).choice(np.float32([np.nan, 1e30, -np.inf, 7]), (BATCH, 7, count))
    padded_y, mask = np.full((BATCH, 7), -1), np.zeros((BATCH, 7), bool)
    padded[row, at], padded_y[row, at], mask[row, at] = potentials, y, True
    found = by_methods(crf, padded, padded_y, mask)
    for name in ("labels", "marginals"):
        assert not found[name][~mask].any()
        found[name] = found[name][row, at]
    assert reference.distance(found, by_methods(crf, potentials, y)) <= 1e-6
    slopes = gradients(lambda x: -ops.sum(crf.log_likelihood(x, padded_y, mask)), padded)
    assert np.isfinite(slopes).all() and not slopes[~mask].any()


def test_one_sample_is_the_same_sample_in_a_batch():
    crf, (potentials, y, mask) = crf_of(4), batch_of(5, 4)
    together = by_methods(crf, potentials, y, mask)
    for i in range(BATCH):
        alone = by_methods(crf, potentials[i : i + 1], y[i : i + 1], mask[i : i + 1])
        assert reference.distance(alone, {name: rows[i : i + 1] for name, rows in together.items()}) <= 1e-6


def loss_of(crf, y, mask):
    """-Σ log P as a function of the potentials and the weights."""

    def loss(arguments):
        with keras.StatelessScope(state_mapping=list(zip(crf.weights, arguments["weights"], strict=True))):
            return -ops.sum(crf.log_likelihood(arguments["potentials"], y, mask))

    return loss


def arguments_of(crf, potentials):
    return {"potentials": potentials, "weights": [arrays(w.value).astype(potentials.dtype) for w in crf.weights]}


@needs_float64
@pytest.mark.parametrize("scheme", [None, "BIO"])
def test_gradients_are_central_differences(scheme):
    crf = crf_of(LABELS[scheme], scheme, "float64")
    potentials, y, mask = batch_of(4, len(LABELS[scheme]), "float64", batch=3)
    loss, arguments = loss_of(crf, some_valid(crf, y, mask), mask), arguments_of(crf, potentials)
    found, expected = gradients(loss, arguments), central_differences(loss, arguments)
    assert reference.distance(found, expected) <= 1e-8


@dtypes
@every_scheme
def test_the_gradient_is_the_marginals_less_the_labels(scheme, dtype):
    labels = LABELS[scheme]
    crf, (potentials, y, mask) = crf_of(labels, scheme, dtype), batch_of(6, len(labels), dtype, gaps=True)
    y = some_valid(crf, y, mask)
    found = gradients(loss_of(crf, y, mask), arguments_of(crf, potentials))["potentials"]
    expected = arrays(crf.marginals(potentials, mask)) - np.eye(len(labels))[y] * mask[:, :, None]
    assert reference.distance(found, expected) <= TOLERANCES[dtype]


@schemes
def test_an_invalid_y_is_very_unlikely_but_finite(scheme):
    labels = LABELS[scheme]
    crf, (potentials, _, mask) = crf_of(labels, scheme), batch_of(6, len(labels))
    y = np.full((BATCH, 6), labels.index("I-PER"))
    found, slopes = crf.log_likelihood(potentials, y, mask), gradients(loss_of(crf, y, mask), arguments_of(crf, potentials))
    assert np.isfinite(arrays(found)).all() and (arrays(found)[:-1] < -1e29).all()
    assert all(np.isfinite(slope).all() for slope in keras.tree.flatten(slopes))
    assert np.abs(slopes["potentials"]).max() <= 1 + 1e-6


@schemes
def test_large_potentials_have_finite_gradients(scheme):
    labels = LABELS[scheme]
    crf, (potentials, y, mask) = crf_of(labels, scheme), batch_of(12, len(labels), batch=50)
    slopes = gradients(loss_of(crf, some_valid(crf, y, mask), mask), arguments_of(crf, 100 * potentials))
    assert all(np.isfinite(slope).all() for slope in keras.tree.flatten(slopes))


def test_a_forbidden_weight_does_not_learn():
    crf, (potentials, y, mask) = crf_of(LABELS["BIO"], "BIO"), batch_of(6, 5)
    slopes = gradients(loss_of(crf, some_valid(crf, y, mask), mask), arguments_of(crf, potentials))["weights"]
    start, moves, _ = allowed(LABELS["BIO"], "BIO")
    assert not slopes[0][~moves].any() and not slopes[1][~start].any()
    assert slopes[0].any() and slopes[1].any()


def test_in_a_graph_all_is_the_same():
    crf, (potentials, y, mask) = crf_of(LABELS["BIO"], "BIO"), batch_of(6, 5)
    y = some_valid(crf, y, mask)
    graph = as_graph(lambda *given: [crf.log_likelihood(given[0], given[1], given[2]), *crf.decode(given[0], given[2])])
    found = arrays(graph(*map(ops.convert_to_tensor, (potentials, y, mask))))
    expected = by_methods(crf, potentials, y, mask)
    assert reference.distance(found, [expected[name] for name in ("log_likelihood", "labels", "score")]) <= 1e-6


@compiled
@only_tensorflow
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_tensorflow_compiles_the_gradient(known, jit_compile):
    import tensorflow as tf

    crf, (potentials, y, mask) = crf_of(LABELS["BIO"], "BIO"), batch_of(6, 5)
    y = some_valid(crf, y, mask)
    shape = mask.shape if known else (None, None)
    given = [tf.TensorSpec((*shape, 5), "float32"), tf.TensorSpec(shape, "int64"), tf.TensorSpec(shape, "bool")]

    @tf.function(input_signature=given, jit_compile=jit_compile)
    def slope(potentials, y, mask):
        with tf.GradientTape() as tape:
            tape.watch(potentials)
            loss = -tf.reduce_sum(crf.log_likelihood(potentials, y, mask))
        return tape.gradient(loss, [potentials, *(w.value for w in crf.weights)]), crf.decode(potentials, mask)

    (of_potentials, *of_weights), decoded = slope(potentials, y, mask)
    expected = gradients(loss_of(crf, y, mask), arguments_of(crf, potentials))
    assert reference.distance(arrays([of_potentials, *of_weights]), [expected["potentials"], *expected["weights"]]) <= 2e-6
    assert reference.distance(arrays(decoded), arrays(crf.decode(potentials, mask))) <= 1e-6


@keras.saving.register_keras_serializable("crf_test")
class Tagger(keras.Model):
    """A Dense layer and a CRF, which takes the loss."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return -ops.mean(self.layers[-1].log_likelihood(y_pred, y, x["mask"]))


def tagger(labels, scheme=None, features=2, dtype="float32"):
    x, mask = keras.Input((None, features), name="x"), keras.Input((None,), dtype="bool", name="mask")
    potentials = keras.layers.Dense(len(labels), dtype=dtype)(x)
    return Tagger({"x": x, "mask": mask}, CRF(labels, scheme, dtype=dtype, name="crf")(potentials, mask=mask))


def alternating(batch=64, steps=8):
    """Labels that alternate, of which x shows the first alone."""
    rng = np.random.default_rng(0)
    y = (rng.integers(0, 2, (batch, 1)) + np.arange(steps)) % 2
    x = np.zeros((batch, steps, 2), "float32")
    x[:, 0] = np.eye(2)[y[:, 0]]
    return {"x": x, "mask": np.arange(steps) < rng.integers(1, steps + 1, (batch, 1))}, y


@compiled
@pytest.mark.parametrize("way", without(["eager"], WAYS))
def test_a_model_learns_what_only_the_moves_tell(way):
    model, (x, y) = tagger(("a", "b")), alternating()
    model.compile(keras.optimizers.Adam(0.3), **COMPILE[way])
    epochs = 5 if way == "eager" else 15
    losses = model.fit(x, y, batch_size=16, epochs=epochs, verbose=0).history["loss"]
    decoded, _ = model.get_layer("crf").decode(model.predict(x, verbose=0), x["mask"])
    assert losses[-1] < 0.5 * losses[0]
    assert np.array_equal(arrays(decoded), y * x["mask"])


@compiled
@pytest.mark.parametrize("policy", without(["mixed_float16"], ["mixed_bfloat16", "mixed_float16"]))
def test_under_mixed_precision_scores_are_float32(policy):
    model, (x, y) = tagger(("a", "b"), dtype=policy), alternating()
    crf = model.get_layer("crf")
    model.compile(keras.optimizers.Adam(0.3))
    losses = model.fit(x, y, batch_size=16, epochs=15, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    potentials = np.asarray(batch_of(4, 2)[0], "float16")
    results = [*crf.decode(potentials), crf.marginals(potentials), crf.log_partition(potentials), crf(potentials)]
    found = [keras.backend.standardize_dtype(tensor.dtype) for tensor in [*crf.weights, model.outputs[0], *results]]
    assert found == ["float32"] * 4 + ["int32"] + ["float32"] * 4


def test_inside_a_layer_of_mixed_precision_too():
    class Decoder(keras.layers.Layer):
        def call(self, potentials):
            return crf.marginals(potentials)

    crf, (potentials, _, _) = crf_of(4), batch_of(4, 4)
    found = Decoder(dtype=keras.DTypePolicy("mixed_bfloat16"), autocast=False)(potentials)
    assert reference.distance(arrays(found), arrays(crf.marginals(potentials))) == 0


def test_a_call_returns_the_potentials():
    crf, (potentials, _, mask) = crf_of(4), batch_of(5, 4)
    assert reference.distance(arrays(crf(potentials, mask=mask)), potentials) == 0


@every_scheme
def test_a_model_takes_any_batch_and_length(scheme):
    model, labels = tagger(LABELS[scheme], scheme, 3), LABELS[scheme]
    assert model.output_shape == (None, None, len(labels))
    for batch, steps in [(4, 6), (1, 1)]:
        x, _, mask = batch_of(steps, 3, batch=batch)
        assert model.predict({"x": x, "mask": mask}, verbose=0).shape == (batch, steps, len(labels))


def test_it_passes_a_mask_on():
    ids = np.array([[1, 2, 0], [1, 0, 0]])
    x = keras.layers.Embedding(3, 2, mask_zero=True)(ids)
    mean = keras.layers.GlobalAveragePooling1D()(CRF(("a", "b"))(x))
    assert reference.distance(arrays(mean[1]), arrays(x[1, 0])) == 0


@every_scheme
def test_a_saved_layer_returns_the_same_bits(scheme, tmp_path):
    model, (x, y, mask) = tagger(LABELS[scheme], scheme, 3), batch_of(6, 3)
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape))
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    crf = copy.get_layer("crf")
    assert (crf.labels, crf.scheme) == (LABELS[scheme], scheme)
    found, expected = (by_methods(m.get_layer("crf"), m({"x": x, "mask": mask}), y, mask) for m in (copy, model))
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_a_configuration_survives_json():
    crf = CRF(LABELS["BIOES"], "BIOES", name="mine", dtype="mixed_bfloat16", trainable=False)
    config = json.loads(json.dumps(crf.get_config()))
    copy = CRF.from_config(config)
    assert copy.get_config() == crf.get_config()
    assert (copy.labels, copy.scheme, copy.name, copy.trainable) == (LABELS["BIOES"], "BIOES", "mine", False)


X, Y, MASK = batch_of(3, 2)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: CRF("ab"), "`labels` must be one or more names, all different, got 'ab'"),
        (lambda: CRF(()), r"`labels` must be one or more names, all different, got \(\)"),
        (lambda: CRF(("a", 1)), r"all different, got \('a', 1\)"),
        (lambda: CRF(("a", "a")), r"all different, got \('a', 'a'\)"),
        (lambda: CRF(("O",), "bio"), '`scheme` must be None, "BIO" or "BIOES", got \'bio\''),
        (lambda: CRF(("O", "PER"), "BIO"), '"O", or one of "B-", "I-" and a type, under BIO, got \'PER\''),
        (lambda: CRF(("O", "S-PER"), "BIO"), "under BIO, got 'S-PER'"),
        (lambda: CRF(("O", "B-"), "BIO"), "under BIO, got 'B-'"),
        (lambda: CRF(("O", "-PER"), "BIO"), "under BIO, got '-PER'"),
        (lambda: CRF(("O", "BI-PER"), "BIOES"), '"B-", "I-", "E-", "S-" and a type, under BIOES, got \'BI-PER\''),
        (lambda: CRF(("O", "I-PER"), "BIO"), "must hold 'B-PER', without which 'I-PER' is never valid in BIO"),
        (lambda: CRF(("O", "B-PER", "I-PER"), "BIOES"), "must hold 'E-PER', without which 'B-PER' is never valid in BIOES"),
        (lambda: CRF(("B-PER", "E-PER"), "BIOES"), '`labels` must hold "O" or an "S-" under BIOES'),
        (lambda: CRF(("a", "b", "c"))(X), r"`potentials` must be \(batch, T, 3\), a score for each label, got .*\(5, 3, 2\)"),
        (lambda: CRF(("a", "b")).decode(X[0]), r"`potentials` must be \(batch, T, 2\), .* got the shape \(3, 2\)"),
        (lambda: CRF(("a", "b")).decode(X[:, :0]), r"got the shape \(5, 0, 2\)"),
        (lambda: CRF(("a", "b")).marginals(X, MASK[:, 1:]), r"`mask` must be \(batch, T\) = \(5, 3\), got the shape \(5, 2\)"),
        (lambda: CRF(("a", "b"))(X, mask=MASK[0]), r"`mask` must be \(batch, T\) = \(5, 3\), got the shape \(3,\)"),
        (lambda: CRF(("a", "b")).log_likelihood(X, Y[:4]), r"`y` must be \(batch, T\) = \(5, 3\), got the shape \(4, 3\)"),
    ],
)
def test_what_makes_no_chain_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
