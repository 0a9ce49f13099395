"""What holds for a many-to-one model of every cell, input, pooling and answer, with random weights."""

import itertools
from typing import get_args

import keras
import numpy as np
import pytest
from backends import arrays, full_on_others
from extent import compiled
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from seqzoo.data.batches import pad
from seqzoo.data.tokenizer import Tokenizer
from seqzoo.models import ManyToOne
from seqzoo.models.many_to_one import ANSWERS, POOLINGS, pool
from seqzoo.models.recurrent_stack import CELLS, Cell

pytestmark = full_on_others
VOCABULARY, FEATURES, LABELS = 9, 3, ("a", "b", "c")
INPUTS = {
    "embedded": {"vocabulary": VOCABULARY, "embedding": 4},
    "one-hot": {"vocabulary": VOCABULARY, "embedding": None},
    "vectors": {"features": FEATURES},
}
LABELS_OF = {"one": LABELS, "several": LABELS, "yes-no": LABELS[:2], "number": ()}
# Every cell with every input and pooling; the answers take turns, so that each meets each of the others.
COMBINATIONS = [
    (cell, kind, pooling, ANSWERS[(i + j + k) % len(ANSWERS)])
    for (i, cell), (j, kind), (k, pooling) in itertools.product(*map(enumerate, (CELLS, INPUTS, POOLINGS)))
]
every_combination = pytest.mark.parametrize("cell, kind, pooling, answer", COMBINATIONS)
every_cell = pytest.mark.parametrize("cell", CELLS)
every_pooling = pytest.mark.parametrize("pooling", POOLINGS)
every_answer = pytest.mark.parametrize("answer", ANSWERS)


def built(kind="embedded", answer="one", **arguments):
    defaults = {"units": 4, "labels": LABELS_OF[answer], "answer": answer}
    return randomised(ManyToOne(**defaults | INPUTS[kind] | arguments))


def randomised(model):
    chance = np.random.default_rng(1)
    model.set_weights([chance.normal(0, 0.5, w.shape) for w in model.get_weights()])
    return model


def sequences(kind, lengths, seed=0):
    chance = np.random.default_rng(seed)
    if kind == "vectors":
        return [chance.normal(size=(length, FEATURES)).astype("float32") for length in lengths]
    return [chance.integers(0, VOCABULARY, length).tolist() for length in lengths]


def outputs(model, inputs, mask):
    return arrays(model({"inputs": ops.convert_to_tensor(inputs), "mask": ops.convert_to_tensor(mask)}))


def one_by_one(model, given):
    return np.concatenate([outputs(model, *pad([sequence])) for sequence in given])


# What comes out.


@every_combination
def test_padding_and_what_stands_in_it_change_no_answer(cell, kind, pooling, answer):
    model, given = built(kind, answer, cell=cell, pooling=pooling), sequences(kind, (4, 1))
    inputs, mask = pad(given, length=8)
    inputs[~mask] = 7
    expected = one_by_one(model, given)
    np.testing.assert_allclose(outputs(model, inputs, mask), expected, rtol=0, atol=2e-6)
    assert expected.shape == (2, len(LABELS_OF[answer]) if answer in ("one", "several") else 1)
    assert np.ptp(expected, axis=0).min() > 1e-4  # it answers differently to different inputs


@every_answer
def test_an_answer_is_in_its_range(answer):
    model = built("vectors", answer, units=20)
    y = outputs(model, *pad([100 * sequence for sequence in sequences("vectors", (4, 2, 6))]))
    if answer == "one":
        np.testing.assert_allclose(y.sum(axis=-1), 1, atol=1e-5)
    if answer != "number":
        assert (y >= 0).all() and (y <= 1).all()


@every_pooling
@pytest.mark.parametrize("bidirectional", [False, True])
def test_it_is_its_layers_one_after_the_other(pooling, bidirectional):
    model = built(pooling=pooling, bidirectional=bidirectional, depth=2, dense=(5,))
    inputs, mask = pad(sequences("embedded", (5, 2, 4)))
    kinds = (keras.layers.RNN, keras.layers.Bidirectional)
    embedding, *_ = (layer for layer in model.layers if isinstance(layer, keras.layers.Embedding))
    first, second = (layer for layer in model.layers if isinstance(layer, kinds))
    hidden, y_hat = (layer for layer in model.layers if isinstance(layer, keras.layers.Dense))
    table, w, b, w_y, b_y = (arrays(a) for a in (embedding.embeddings, *hidden.variables, *y_hat.variables))
    states = first(ops.cast(table[inputs], "float32"), mask=ops.convert_to_tensor(mask))
    states = arrays(second(states, mask=ops.convert_to_tensor(mask)))
    assert states.shape[1:] == ((8 if bidirectional else 4,) if pooling == "last" else (5, 8 if bidirectional else 4))
    logits = np.tanh(pooled(states, mask, pooling) @ w + b) @ w_y + b_y
    expected = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(outputs(model, inputs, mask), expected, atol=2e-6)


def test_a_one_hot_id_is_an_embedding_with_the_unit_matrix():
    one_hot, embedded = built("one-hot"), built("embedded", embedding=VOCABULARY)
    embedded.set_weights([np.eye(VOCABULARY), *one_hot.get_weights()])
    batch = pad(sequences("embedded", (5, 2)))
    np.testing.assert_allclose(outputs(embedded, *batch), outputs(one_hot, *batch), atol=1e-6)


@every_cell
def test_each_cell_has_weights_of_its_own_kind(cell):
    gates = {"rnn": 1, "gru": 3, "gru-simplified": 2, "lstm": 4}[cell if cell == "gru-simplified" else cell.partition("-")[0]]
    inputs, units = 3, 4
    vectors = {"gru-reset-after": 3, "gru-layer-norm": 6, "lstm-peephole": 1, "lstm-layer-norm": 10}.get(cell, 0)
    expected = gates * units * (inputs + units + 1) + vectors * units
    assert built("vectors", "number", cell=cell).count_params() == expected + units + 1


@every_pooling
def test_a_bidirectional_model_reads_the_end_and_the_start(pooling):
    model = built("vectors", bidirectional=True, pooling=pooling)
    (sequence,) = sequences("vectors", (6,))
    for step in (0, 5):
        changed = sequence.copy()
        changed[step] += 1
        assert np.abs(one_by_one(model, [sequence]) - one_by_one(model, [changed])).max() > 1e-4


def test_more_depth_has_more_layers():
    sizes = [sum(isinstance(layer, keras.layers.RNN) for layer in built(depth=depth).layers) for depth in (1, 2, 3)]
    assert sizes == [1, 2, 3]


@pytest.mark.parametrize("rates", [{"dropout": 0.5}, {"recurrent_dropout": 0.5}])
def test_dropout_acts_in_training_only(rates):
    model, (inputs, mask) = built("vectors", units=30, pooling="mean", **rates), pad(sequences("vectors", (6, 6)))
    batch = {"inputs": ops.convert_to_tensor(inputs), "mask": ops.convert_to_tensor(mask)}
    noisy = [arrays(model(batch, training=True)) for _ in range(2)]
    calm = [arrays(model(batch)) for _ in range(2)]
    assert np.abs(noisy[0] - noisy[1]).max() > 1e-4
    np.testing.assert_array_equal(*calm)


# Pooling.


def pooled(states, mask, how):
    if how == "last":
        return states
    if how == "both":
        return np.concatenate([pooled(states, mask, "mean"), pooled(states, mask, "max")], axis=-1)
    function = {"mean": np.mean, "max": np.max}[how]
    rows = [
        function(row[real], axis=0) if real.any() else np.zeros(row.shape[-1]) for row, real in zip(states, mask, strict=True)
    ]
    return np.stack(rows)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.sampled_from(["mean", "max", "both"]), st.integers(0, 99), st.integers(1, 9), st.sampled_from([-5.0, 0.0, 5.0]))
def test_pool_is_numpys_mean_and_max_of_the_real_steps(how, seed, steps, offset):
    chance = np.random.default_rng(seed)
    states, mask = chance.normal(offset, 1, (5, steps, 3)).astype("float32"), chance.uniform(size=(5, steps)) < 0.6
    mask[0] = False
    found = arrays(pool(ops.convert_to_tensor(states), ops.convert_to_tensor(mask), how))
    np.testing.assert_allclose(found, pooled(states, mask, how), atol=1e-5)
    assert not found[0].any()


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_the_mean_of_many_steps_keeps_its_precision(dtype):
    states = np.random.default_rng(0).uniform(0.2, 0.4, (2, 1000, 3)).astype("float32")
    mask = np.ones((2, 1000), bool)
    found = arrays(pool(ops.cast(states, dtype), ops.convert_to_tensor(mask), "mean"))
    np.testing.assert_allclose(found, states.mean(axis=1), rtol=0.02)


@every_pooling
@pytest.mark.parametrize("kind", INPUTS)
def test_an_empty_input_has_a_finite_answer(kind, pooling):
    model, given = built(kind, pooling=pooling), sequences(kind, (0, 3))
    inputs, mask = pad(given, length=4)
    y = outputs(model, inputs, mask)
    assert np.isfinite(y).all()
    np.testing.assert_allclose(y[1:], one_by_one(model, given[1:]), atol=2e-6)


# Configuration.


@every_cell
@every_answer
def test_the_same_config_and_weights_give_the_same_bits(cell, answer):
    model = built("embedded", answer, cell=cell, depth=2, bidirectional=True, pooling="both", dense=(3,), dropout=0.1, name="m")
    copy = ManyToOne.from_config(model.get_config())
    assert copy.get_config() == model.get_config() and copy.name == "m"
    copy.set_weights(model.get_weights())
    batch = pad(sequences("embedded", (4, 2)))
    np.testing.assert_array_equal(outputs(copy, *batch), outputs(model, *batch))


@pytest.mark.parametrize("cell, kind, pooling, answer", COMBINATIONS[::7])
def test_a_keras_file_gives_the_same_bits(tmp_path, cell, kind, pooling, answer):
    model = built(kind, answer, cell=cell, pooling=pooling, bidirectional=True, max_length=5)
    model.save(tmp_path / "m.keras")
    copy = keras.saving.load_model(tmp_path / "m.keras")
    batch = pad(sequences(kind, (4, 2)))
    np.testing.assert_array_equal(outputs(copy, *batch), outputs(model, *batch))
    assert (copy.labels, copy.answer, copy.max_length) == (model.labels, answer, 5)
    assert copy.get_config() == model.get_config()


def test_a_keras_file_keeps_the_precision(tmp_path):
    with precision("mixed_bfloat16"):
        model = built(pooling="both")
        model.save(tmp_path / "m.keras")
        expected = outputs(model, *pad(sequences("embedded", (6, 2))))
    copy = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(outputs(copy, *pad(sequences("embedded", (6, 2)))), expected)


class precision:
    """A global dtype policy, for a while."""

    def __init__(self, name):
        self.name, self.before = name, keras.config.dtype_policy()

    def __enter__(self):
        keras.config.set_dtype_policy(self.name)

    def __exit__(self, *error):
        keras.config.set_dtype_policy(self.before)


# Answers to raw inputs.

WORDS = ["sun", "rain", "wind", "snow", "hail"]
TOKENIZER = Tokenizer.train([" ".join(WORDS)])


def texts(lengths, seed=0):
    chance = np.random.default_rng(seed)
    return [" ".join(chance.choice(WORDS, length)) for length in lengths]


def of_texts(answer="one", **arguments):
    return built(answer=answer, vocabulary=TOKENIZER.size, tokenizer=TOKENIZER, **arguments)


def by_hand(model, text):
    (y,) = outputs(model, *pad([TOKENIZER.encode(text)[: model.max_length]]))
    return y


@every_answer
@pytest.mark.parametrize("lengths", [[3], [8, 1, 3] * 5, [3, 8, 8, 1]], ids=["one", "many", "unordered"])
def test_answers_to_texts_are_the_predictions_of_their_ids_in_order(answer, lengths):
    model, given = of_texts(answer, bidirectional=True, pooling="both"), texts(lengths)
    found = model.answers(given, batch_size=8)
    assert len(found) == len(given)
    for text, (label, score) in zip(given, found, strict=True):
        y = by_hand(model, text)
        match answer:
            case "one":
                expected = LABELS[y.argmax()], y.max()
            case "yes-no":
                expected = LABELS[int(y[0] > 0.5)], max(y[0], 1 - y[0])
            case "several":
                expected = ",".join(name for name, p in zip(LABELS, y, strict=True) if p >= 0.5), y.max()
            case "number":
                expected = f"{score:.3f}", y[0]
        assert label == expected[0] and score == pytest.approx(expected[1], abs=5e-6)
        assert type(score) is float


def test_no_inputs_have_no_answers():
    assert of_texts().answers([]) == []


def test_an_empty_text_has_an_answer_among_others_and_alone():
    model = of_texts(pooling="both")
    among, alone = model.answers(["sun rain", "", "snow"])[1], model.answers([""])[0]
    assert among.label == alone.label and among.score == pytest.approx(alone.score, abs=1e-6)


def test_nothing_is_read_beyond_the_longest_length():
    model = of_texts(max_length=4)
    (long,) = texts((30,))
    short = " ".join(long.split()[:4])
    assert model.answers([long])[0] == model.answers([short])[0]


@pytest.mark.parametrize("kind", INPUTS)
def test_without_a_tokenizer_it_answers_sequences(kind):
    model, given = built(kind), sequences(kind, (3, 1, 12))
    expected = one_by_one(model, given)
    found = model.answers(given)
    assert [label for label, _ in found] == [LABELS[i] for i in expected.argmax(axis=-1)]
    np.testing.assert_allclose([score for _, score in found], expected.max(axis=-1), atol=5e-6)


# Errors.


@pytest.mark.parametrize(
    "arguments, named",
    [
        ({"vocabulary": 5, "features": 3}, "vocabulary"),
        ({"vocabulary": None}, "vocabulary"),
        ({"vocabulary": 0}, "vocabulary"),
        ({"vocabulary": None, "features": 0}, "features"),
        ({"embedding": -1}, "embedding"),
        ({"answer": "two"}, "answer"),
        ({"pooling": "sum"}, "pooling"),
        ({"cell": "transformer"}, "cell"),
        ({"units": 0}, "units"),
        ({"units": -3}, "units"),
        ({"depth": 0}, "depth"),
        ({"depth": -1}, "depth"),
        ({"dense": (0,)}, "dense"),
        ({"dropout": 1.5}, "dropout"),
        ({"recurrent_dropout": 1.0}, "recurrent_dropout"),
        ({"max_length": 0}, "max_length"),
        ({"labels": ()}, "labels"),
        ({"labels": ("a",)}, "labels"),
        ({"answer": "several", "labels": ()}, "labels"),
        ({"answer": "yes-no", "labels": ()}, "labels"),
        ({"answer": "yes-no", "labels": ("a", "b", "c")}, "labels"),
        ({"answer": "number", "labels": ("a", "b")}, "labels"),
    ],
)
def test_an_error_names_the_argument(arguments, named):
    with pytest.raises(ValueError, match=f"`{named}`"):
        ManyToOne(**{"vocabulary": 5, "labels": ("a", "b"), "units": 2} | arguments)


def test_the_error_of_a_cell_lists_the_cells():
    with pytest.raises(ValueError, match="rnn, gru, gru-simplified, .*, got 'x'"):
        ManyToOne(vocabulary=5, labels=("a", "b"), cell="x")


# Training.


def tokens_and_whether_five_occurs(count, seed):
    given = [np.random.default_rng((seed, i)).integers(0, VOCABULARY, 4 + i % 4).tolist() for i in range(count)]
    return given, np.array([[float(5 in ids)] for ids in given], "float32")


@compiled
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_training_finds_out_whether_a_token_occurs(policy):
    (inputs, mask), y = (f(v) for f, v in zip((pad, np.asarray), tokens_and_whether_five_occurs(64, 0), strict=True))
    with precision(policy):
        model = ManyToOne(vocabulary=VOCABULARY, labels=("no", "yes"), answer="yes-no", embedding=8, units=8, pooling="max")
        model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
        losses = [float(model.train_on_batch({"inputs": inputs, "mask": mask}, y)) for _ in range(40)]
        assert losses[-1] < losses[0] / 3
        given, actual = tokens_and_whether_five_occurs(40, 1)
        right = [
            (answer.label == "yes") == bool(is_in) for answer, is_in in zip(model.answers(given), actual[:, 0], strict=True)
        ]
        assert np.mean(right) > 0.85
        assert {keras.backend.standardize_dtype(v.dtype) for v in model.trainable_variables} == {"float32"}


@pytest.mark.parametrize("cell, kind", zip(CELLS, itertools.cycle(INPUTS)))
def test_every_weight_has_a_gradient(cell, kind):
    model = built(kind, "number", cell=cell, depth=2, bidirectional=True, pooling="both", dense=(3,))
    before = model.get_weights()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    inputs, mask = pad(sequences(kind, (5, 3, 4)))
    model.train_on_batch({"inputs": inputs, "mask": mask}, np.ones((3, 1), "float32"))
    for old, new in zip(before, model.get_weights(), strict=True):
        assert np.abs(old - new).max() > 0


def test_the_names_of_cells_are_those_of_the_flag():
    assert set(get_args(Cell)) == set(CELLS)
