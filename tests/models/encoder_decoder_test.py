"""What holds for an encoder–decoder of every unit, attention and feeding, with random weights."""

import json

import keras
import numpy as np
import pytest
import reference
from backends import arrays, full_on_others, needs_float64
from extent import compiled
from keras import ops

from seqzoo import decoding, presets
from seqzoo.data.batches import pad
from seqzoo.data.pair_batches import PairBatches
from seqzoo.data.tokenizer import BOS, EOS, PAD, UNK, Tokenizer
from seqzoo.data.tokenizer_pair import TokenizerPair
from seqzoo.decoding import greedy
from seqzoo.errors import DataError
from seqzoo.models import EncoderDecoder
from seqzoo.training import losses

pytestmark = full_on_others
SOURCES, TARGETS = 9, 8  # ids of each side
VARIANTS = {
    "no attention": {"attention": None, "cell": "lstm"},
    "general": {"attention": "general"},
    "dot": {"attention": "dot", "bidirectional": False, "cell": "gru-simplified", "tied": True},
    "additive": {"attention": "additive", "cell": "rnn", "decoder_cell": "lstm", "depth": 2, "decoder_depth": 1},
    "general, fed": {"attention": "general", "input_feeding": True, "cell": "lstm-peephole", "tied": True},
    "additive, fed": {
        "attention": "additive",
        "input_feeding": True,
        "decoder_cell": "gru",
        "cell": "lstm",
        "decoder_depth": 2,
    },
    "shared": {"attention": "general", "shared": True, "target_vocabulary": SOURCES, "tied": True},
}
every_variant = pytest.mark.parametrize("variant", VARIANTS)
LENGTHS = (4, 1, 6, 3)


def built(variant, seed=1, **arguments):
    options = {"target_vocabulary": TARGETS, "units": 4, "embedding": 3, "max_output": 7} | VARIANTS[variant] | arguments
    model, rng = EncoderDecoder(SOURCES, **options), np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.7, w.shape) for w in model.get_weights()])
    return model


def sources(lengths=LENGTHS, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(4, SOURCES, length).tolist() for length in lengths]


def inputs_of(sequences, y_prev, padding=0):
    inputs, mask = pad(sequences, max(map(len, sequences)) + padding)
    return {name: ops.convert_to_tensor(a) for name, a in (("inputs", inputs), ("mask", mask), ("y_prev", y_prev))}


def previous(steps=5, seed=3):
    y = np.random.default_rng(seed).integers(3, TARGETS, (len(LENGTHS), steps)).astype("int32")
    y[:, 0] = BOS
    return y


@every_variant
def test_a_step_at_a_time_is_the_whole(variant):
    model, y_prev = built(variant), previous()
    inputs = inputs_of(sources(), y_prev)
    state, steps = model.encode(inputs), []
    for t in range(y_prev.shape[1]):
        z, state = model.step(ops.convert_to_tensor(y_prev[:, t]), state)
        steps.append(arrays(z))
    np.testing.assert_allclose(np.stack(steps, axis=1), arrays(model(inputs)), rtol=1e-5, atol=1e-5)


@every_variant
def test_padding_of_either_side_changes_nothing(variant):
    model, y_prev = built(variant), previous()
    plain = arrays(model(inputs_of(sources(), y_prev)))
    more = arrays(model(inputs_of(sources(), np.pad(y_prev, ((0, 0), (0, 3))), padding=5)))
    np.testing.assert_allclose(more[:, : y_prev.shape[1], EOS:], plain[:, :, EOS:], rtol=1e-5, atol=1e-6)


@every_variant
def test_one_is_the_same_as_in_a_batch(variant):
    model = built(variant)
    for width in (1, 3):
        together = model.n_best(sources(), width)
        for sequence, expected in zip(sources(), together, strict=True):
            (alone,) = model.n_best([sequence], width)
            assert [output.tokens for output in alone] == [output.tokens for output in expected]
            np.testing.assert_allclose([o.log_p for o in alone], [o.log_p for o in expected], atol=1e-5)


@every_variant
def test_a_score_is_the_log_likelihood_of_the_model(variant):
    """Of an output that ended, and of the weights of its attention, which sum to one."""
    model = built(variant)
    bias = model.decoder.y_hat.bias if model.decoder.y_hat else model.decoder.bias
    bias.assign(bias + 3 * np.eye(TARGETS + 1)[EOS, : bias.shape[0]])  # most outputs end soon
    found = model.n_best(sources(), 4, length_penalty=0.0)
    pairs = [(x, output) for x, outputs in zip(sources(), found, strict=True) for output in outputs]
    pairs = [(x, output) for x, output in pairs if len(output.tokens) < model.max_output - 1]
    assert pairs
    found = model.forced([x for x, _ in pairs], [output.tokens for _, output in pairs])
    for (log_p, weights), (x, output) in zip(found, pairs, strict=True):
        assert log_p.sum() == pytest.approx(output.log_p, abs=1e-5)
        if weights is not None:
            assert weights.shape == (len(output.tokens) + 1, len(x))
            np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
        else:
            assert variant == "no attention"


@every_variant
def test_a_beam_of_one_is_greedy(variant):
    model = built(variant)
    state = model.encode(inputs_of(sources(), previous()))
    expected = decoding.generate(model.step, state, model.max_output, greedy).sequences
    assert [o.tokens for o in model.answers(sources())] == [[i for i in ids if i != EOS] for ids in expected]
    assert not {i for ids in expected for i in ids} & {PAD, UNK, BOS}


@every_variant
def test_a_saved_model_answers_the_same(variant, tmp_path):
    model = built(variant)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.n_best(sources(), 3) == model.n_best(sources(), 3)
    assert json.dumps(again.get_config()) == json.dumps(model.get_config())


def oracle(model, sequence, y_prev):
    """The logits of a bidirectional encoder and a decoder of one layer, a step at a time in float64."""
    config, (encoder,), (decoder,) = model.get_config(), model.encoder.layers, model.decoder.recurrent.layers
    kind = {"gru": "GRU", "lstm": "LSTM"}
    x = arrays(model.embed.embeddings)[sequence][None]
    zeros = [np.zeros((1, model.decoder.units)) for _ in encoder.forward_layer.cell.unit.State._fields]
    forward, last = reference.run(kind[config["cell"]], encoder.forward_layer.as_notes(), x, zeros)
    backward, first = reference.run(kind[config["cell"]], encoder.backward_layer.as_notes(), x, zeros, go_backwards=True)
    encoded = np.concatenate([forward, backward[:, ::-1]], axis=-1)[0]
    ends = np.concatenate([*last, *first], axis=-1)
    state = tuple(np.tanh(dense(bridge, ends))[0] for bridge in model.bridge)
    h, logits = np.zeros(model.decoder.units), []
    for y in y_prev:
        x_t, fed = arrays(model.decoder.embed.embeddings)[y], config["input_feeding"]
        if fed and config["attention"] == "additive":
            context = attend(model, state[0], encoded)
            x_t = np.concatenate([x_t, context])
        elif fed:
            x_t = np.concatenate([x_t, h])
        step = reference.STEPS[kind[config["decoder_cell"] or config["cell"]]]
        state = step(decoder.as_notes(), state, x_t, np.ones(model.decoder.units))
        h = state[0]
        if config["attention"]:
            context = context if fed and config["attention"] == "additive" else attend(model, state[0], encoded)
            h = np.tanh(dense(model.decoder.combine, np.concatenate([context, state[0]])))
        logits.append(dense(model.decoder.y_hat, h))
    return np.stack(logits)


def attend(model, query, encoded):
    return reference.attention(model.get_config()["attention"], model.decoder.attention.as_notes(), query, encoded)[0]


def dense(layer, x):
    return x @ arrays(layer.kernel) + arrays(layer.bias)


@needs_float64
@pytest.mark.parametrize("fed", [False, True])
@pytest.mark.parametrize("attention", [None, "general", "additive"])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_it_is_the_oracle_s(cell, attention, fed):
    if fed and attention is None:
        pytest.skip("nothing to feed without attention")
    other = {"gru": "lstm", "lstm": "gru"}[cell]
    options = {"attention": attention, "cell": cell, "decoder_cell": other, "input_feeding": fed, "dtype": "float64"}
    model, y_prev = built("general", **options), previous()
    z = arrays(model(inputs_of(sources(), y_prev)))
    for row, sequence in enumerate(sources()):
        np.testing.assert_allclose(z[row, :, EOS:], oracle(model, sequence, y_prev[row])[:, EOS:], rtol=0, atol=1e-12)


@compiled
@every_variant
def test_it_learns_to_reverse(variant):
    rng = np.random.default_rng(0)
    x = [rng.integers(4, TARGETS, rng.integers(1, 4)).tolist() for _ in range(256)]
    y = [[*ids[::-1], EOS] for ids in x]
    model = EncoderDecoder(
        SOURCES, **{"target_vocabulary": TARGETS, "units": 24, "embedding": 16, "max_output": 6} | VARIANTS[variant]
    )
    model.compile(keras.optimizers.Adam(2e-2), losses.CrossEntropy(logits=True))
    history = model.fit(PairBatches(x, y, 32), epochs=4, verbose=0).history["loss"]
    assert history[-1] < 0.7 * history[0]


def test_sampled_inputs_are_some_of_the_tokens_and_never_the_first():
    model = built("general", scheduled_sampling=0.5)
    y_prev = np.full((50, 9), 5, np.int32)
    y_prev[:, 0], y_prev[:, 7:] = BOS, PAD
    z = np.full((50, 9, TARGETS), -1e9, "float32")
    z[:, :, 6] = 0  # what the model samples
    sampled = ops.convert_to_numpy(model._sampled(ops.convert_to_tensor(y_prev), ops.convert_to_tensor(z)))
    assert (sampled[:, 0] == BOS).all() and (sampled[:, 7:] == PAD).all()
    assert set(np.unique(sampled[:, 1:7])) == {5, 6} and 0.35 < (sampled[:, 1:7] == 6).mean() < 0.65
    inputs = inputs_of(sources(), previous())
    assert np.abs(arrays(model(inputs, training=True)) - arrays(model(inputs))).max() > 1e-3
    np.testing.assert_array_equal(arrays(model(inputs)), arrays(model(inputs)))


@pytest.mark.parametrize("variant", ["general", "additive, fed"])
def test_states_and_logits_are_float32_under_mixed_precision(variant):
    model, exact = built(variant, dtype="mixed_bfloat16"), built(variant)
    inputs = inputs_of(sources(), previous())
    z, state = model.step(ops.convert_to_tensor(previous()[:, 0]), model.encode(inputs))
    dtypes = {keras.backend.standardize_dtype(a.dtype) for a in [z, model(inputs), *state["recurrent"], state["attended"]]}
    assert dtypes == {"float32"}
    np.testing.assert_allclose(arrays(model(inputs))[..., EOS:], arrays(exact(inputs))[..., EOS:], atol=0.3)


def test_coverage_counts_the_attention_that_each_input_has_had():
    model, y_prev = built("general"), previous()
    state = model.encode(inputs_of(sources(), y_prev))
    for t in range(3):
        _, state = model.step(ops.convert_to_tensor(y_prev[:, t]), state)
    covered = arrays(model.covered(state))
    for row, length in enumerate(LENGTHS):
        assert covered[row, :length].sum() == pytest.approx(3, abs=1e-5) and (covered[row, length:] == 1).all()
    assert model.n_best(sources(), 3, coverage=0.5)
    with pytest.raises(ValueError, match="`coverage` needs a model with `attention`"):
        built("no attention").answers(sources(), 2, coverage=0.5)


def test_texts_go_in_and_come_out(tmp_path):
    pairs = ["ab", "ba", "aab"], ["x y", "y x", "x x y"]
    tokenizers = TokenizerPair(Tokenizer.train(pairs[0], "char"), Tokenizer.train(pairs[1], "spaces"))
    options = {"target_vocabulary": tokenizers.target.size, "units": 3, "embedding": 2, "max_output": 5, "max_length": 4}
    model = EncoderDecoder(tokenizers.source.size, tokenizer=tokenizers, **options)
    presets.save(model, tmp_path)
    again = presets.load(tmp_path)
    assert again.tokenizer == tokenizers and again.answers(["ab", "baba"]) == model.answers(["ab", "baba"])
    assert set(model.answers(["ab"])[0].text.split()) <= {"x", "y"}
    assert model.sequences(["ababababab"]) == model.sequences(["abab"]) and len(model.targets(["x " * 9])[0]) == 5
    assert model.answers([]) == [] and 0 < model.answers(["b"])[0].score < 1
    with pytest.raises(DataError, match="expected texts, found"):
        model.answers([[4, 5]])
    with pytest.raises(TypeError, match="must be a list of texts"):
        model.answers("ab")


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"attention": "cosine"}, "`attention` must be one of None, additive, general, dot, got 'cosine'"),
        ({"attention": None, "input_feeding": True}, "`input_feeding` needs `attention`"),
        ({"attention": "dot"}, "needs queries and values of one size, got 4 and 8"),
        ({"shared": True}, "`shared` needs one vocabulary, got 9 ids and 8"),
        ({"scheduled_sampling": 1.0}, "`scheduled_sampling` must be at least 0 and below 1, got 1.0"),
        ({"cell": "transformer"}, "`cell` must be one of"),
    ],
)
def test_arguments_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        EncoderDecoder(SOURCES, **{"target_vocabulary": TARGETS, "units": 4} | arguments)
