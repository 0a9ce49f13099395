"""What holds for a many-to-many model of every kind, with random weights."""

import itertools
import zipfile

import keras
import numpy as np
import pytest
from backends import arrays, full_on_others
from extent import compiled, without
from keras import ops

from seqzoo import presets
from seqzoo.data import entity_tags
from seqzoo.data.batches import Batches, pad
from seqzoo.data.overlapping_windows import windows
from seqzoo.data.tokenizer import UNK, Tokenizer
from seqzoo.errors import DataError
from seqzoo.models import ManyToMany
from seqzoo.models.word_encoder import LONGEST_WORD, DropCapitals, DropWords, characters_of
from seqzoo.training import losses, metrics

pytestmark = full_on_others
LABELS = ("O", "B-X", "I-X", "B-Y", "I-Y")
SENTENCES = [["Anna", "sings"], ["a", "dog", "barks", "at", "Bo"], ["Bo"]]
KINDS = {
    "words": {"vocabulary": 9},
    "words and characters": {"vocabulary": 9, "characters": "aBnosdg"},
    "vectors": {"features": 3},
}
every_kind = pytest.mark.parametrize("kind, crf", list(itertools.product(KINDS, (True, False))))


def built(kind="words and characters", **arguments):
    model = ManyToMany(LABELS, **{"units": 4, "embedding": 3, "character_units": 2, "scheme": None} | KINDS[kind] | arguments)
    chance = np.random.default_rng(1)
    model.set_weights([chance.normal(0, 0.5, w.shape) for w in model.get_weights()])
    return model


def inputs_of(kind, lengths):
    chance = np.random.default_rng(0)
    if kind == "vectors":
        return [chance.normal(size=(n, 3)).astype("float32") for n in lengths]
    ids = [chance.integers(1, 9, (n, 1 + LONGEST_WORD)).astype("int32") for n in lengths]
    return ids if kind == "words and characters" else [of_one[:, 0] for of_one in ids]


def with_words(**arguments):
    tokenizer = Tokenizer.train([word for words in SENTENCES for word in words], level="whole")
    return built(**{"vocabulary": tokenizer.size, "tokenizer": tokenizer} | arguments)


@every_kind
def test_padding_and_neighbours_change_nothing(kind, crf):
    model, given = built(kind, crf=crf), inputs_of(kind, [5, 3, 1])
    inputs, mask = pad(given, 8)
    y_hat = arrays(model({"inputs": inputs, "mask": mask}))
    for row, sequence in enumerate(given):
        alone = arrays(model({"inputs": sequence[None], "mask": np.ones((1, len(sequence)), bool)}))
        np.testing.assert_allclose(y_hat[row, : len(sequence)], alone[0], atol=1e-5)


@every_kind
def test_answers_have_a_label_for_every_step(kind, crf):
    model, given = built(kind, crf=crf), inputs_of(kind, [5, 3, 1])
    answers = model.answers(given, batch_size=2)
    assert [len(answer.labels) for answer in answers] == [5, 3, 1]
    assert all(set(answer.labels) <= set(LABELS) and 0 < answer.score <= 1 for answer in answers)
    for sequence, answer in zip(given, answers, strict=True):
        assert model.answers([sequence])[0].labels == answer.labels
        assert model.answers([sequence])[0].score == pytest.approx(answer.score, rel=1e-4)


def test_a_softmax_answers_its_most_probable_labels():
    model, given = built(crf=False), inputs_of("words and characters", [4])
    y_hat = arrays(model({"inputs": given[0][None], "mask": np.ones((1, 4), bool)}))[0]
    assert model.answers(given)[0].labels == [LABELS[k] for k in y_hat.argmax(-1)]
    assert model.answers(given)[0].score == pytest.approx(np.prod(y_hat.max(-1)), rel=1e-4)


def test_with_a_lookahead_what_comes_later_does_not_matter():
    model, sequence = built("vectors", crf=False, lookahead=1, depth=2), inputs_of("vectors", [6])[0]
    changed = sequence.copy()
    changed[4:] = 9
    y, y_changed = (arrays(model({"inputs": x[None], "mask": np.ones((1, 6), bool)}))[0] for x in (sequence, changed))
    np.testing.assert_array_equal(y[:2], y_changed[:2])  # two layers, a step each
    assert (y[2] != y_changed[2]).any()


def test_a_scheme_allows_valid_tags_only():
    model = built(crf=True, scheme="BIO")
    for answer in model.answers(inputs_of("words and characters", range(1, 30))):
        assert entity_tags.continues_nothing(answer.labels) is None


@compiled
@pytest.mark.parametrize("crf", without([False], [True, False]))
def test_it_learns_a_label_of_each_word(crf):
    model = with_words(crf=crf, units=8, embedding=8, scheme="BIO" if crf else None)
    model.compile(keras.optimizers.Adam(0.05), losses.CrossEntropy(), weighted_metrics=[metrics.accuracy])
    actual = [["B-X", "O"], ["O", "O", "O", "O", "B-X"], ["B-X"]]
    y = [[LABELS.index(tag) for tag in sentence] for sentence in actual]
    model.fit(Batches(model.sequences(SENTENCES), y, 3, per_step=True), epochs=20, verbose=0)
    assert [answer.labels for answer in model.answers(SENTENCES)] == actual


def test_the_loss_of_a_crf_is_that_of_the_real_steps_and_rows():
    model, given = built(crf=True), inputs_of("words and characters", [4, 2, 3])
    model.compile("sgd")
    y = [[1, 2, 0, 0], [3, 4], [0, 1, 2]]
    inputs, mask = pad(given)
    y_hat = model({"inputs": inputs, "mask": mask})
    expected = -np.mean(arrays(model.crf.log_likelihood(y_hat, pad(y)[0], mask)))
    whole = model.evaluate(Batches(given, y, 3, per_step=True, shuffle=False), verbose=0)
    filled_up = model.evaluate(Batches(given, y, 2, per_step=True, shuffle=False), verbose=0)  # one row twice, at weight 0
    assert np.ravel(whole)[0] == pytest.approx(expected, rel=1e-4)
    assert np.ravel(filled_up)[0] == pytest.approx(expected, rel=1e-4)


@pytest.mark.filterwarnings("error:.*mask")
@pytest.mark.parametrize("bidirectional", [True, False])
def test_a_loss_of_keras_without_weights_is_that_of_the_real_steps(bidirectional):
    model, (inputs, mask) = built("vectors", crf=False, bidirectional=bidirectional), pad(inputs_of("vectors", [4, 2, 3]))
    model.compile("sgd", "sparse_categorical_crossentropy")
    y, _ = pad([[1, 2, 0, 0], [3, 4], [0, 1, 2]])
    y_hat = arrays(model({"inputs": inputs, "mask": mask}))
    expected = -np.log(np.take_along_axis(y_hat, y[:, :, None], axis=-1))[mask].mean()
    assert model.evaluate({"inputs": inputs, "mask": mask}, y, verbose=0) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("crf", [True, False])
def test_a_saved_model_answers_the_same(tmp_path, crf):
    model = with_words(crf=crf, scheme="BIO" if crf else None, word_dropout=0.1)
    presets.save(model, tmp_path)
    loaded = presets.load(tmp_path)
    assert loaded.answers(SENTENCES) == model.answers(SENTENCES)
    assert loaded.get_config() == model.get_config()


@pytest.mark.parametrize("crf", [True, False])
def test_a_long_input_is_read_in_windows_and_answered_as_a_whole(crf):
    """A tag far from both ends of a window is that of a window with the whole input, and each step lies far from some ends."""
    options = {"crf": crf, "scheme": "BIO" if crf else None}
    parted, whole = built("words", max_length=100, **options), built("words", **options)
    inputs = inputs_of("words", [7, 300, 101])
    expected, found = whole.answers(inputs), parted.answers(inputs)
    assert [answer.labels for answer in found] == [answer.labels for answer in expected]
    assert found[0] == parted.answers(inputs[:1])[0]  # alone, or beside longer inputs
    np.testing.assert_allclose([answer.score for answer in found], [answer.score for answer in expected], rtol=1e-2)
    if crf:
        assert all(entity_tags.continues_nothing(answer.labels) is None for answer in found)


def test_the_labels_of_a_long_input_are_those_of_its_windows_middles():
    model, sequence = built(max_length=10, crf=False), inputs_of("words and characters", [26])[0]
    read = windows(26, 10)
    assert [(w.start, w.stop, w.first, w.last) for w in read] == [(0, 10, 0, 9), (8, 18, 9, 17), (16, 26, 17, 26)]
    middles = [model.answers([sequence[w.start : w.stop]])[0].labels[w.first - w.start : w.last - w.start] for w in read]
    assert model.answers([sequence])[0].labels == [label for labels in middles for label in labels]


def test_the_shipped_model_cuts_no_entity_of_a_long_text():
    model = presets.load("ner")
    assert model.max_length == 200
    (answer,) = model.answers([["Yesterday", "we", "saw", "Harry", "Potter", "in", "London"] * 120])
    assert len(entity_tags.spans(answer.labels)) == 240


def test_words_are_dropped_while_training_only():
    ids, layer = ops.convert_to_tensor(np.full((50, 40), 7)), DropWords(0.3, seed=0)
    assert set(arrays(layer(ids)).ravel()) == {7}
    dropped = arrays(layer(ids, training=True))
    assert set(dropped.ravel()) == {7, UNK}
    assert 0.25 < (dropped == UNK).mean() < 0.35


def test_whole_sentences_lose_their_capitals_while_training_only():
    words = np.array([characters_of("Abc", "Abca"), characters_of("cA", "Abca")])
    ids, layer = ops.convert_to_tensor(np.tile(words, (400, 1, 1))), DropCapitals(0.3, "Abca", seed=0)
    assert (arrays(layer(ids)) == words).all()
    lower = np.array([characters_of("abc", "Abca"), characters_of("ca", "Abca")])
    dropped = arrays(layer(ids, training=True))
    changed = (dropped == lower).all(axis=(1, 2))
    assert (changed | (dropped == words).all(axis=(1, 2))).all() and 0.22 < changed.mean() < 0.38


def test_characters_of_a_word_begin_and_end_it():
    assert characters_of("abz", "ab") == [2, 3, UNK] + [0] * (LONGEST_WORD - 3)
    long = characters_of("a" * 30 + "b" * 30, "ab")
    assert long == [2] * (LONGEST_WORD // 2) + [3] * (LONGEST_WORD // 2)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"labels": ("a",), "vocabulary": 9}, "`labels` must be two or more"),
        ({"labels": ("a", "a"), "vocabulary": 9}, "all different"),
        ({"labels": ("a", "b")}, "Give `vocabulary` for ids or `features` for vectors"),
        ({"labels": ("a", "b"), "vocabulary": 9, "cell": "elman"}, "`cell` must be one of"),
    ],
)
def test_arguments_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ManyToMany(**arguments)


def test_a_file_that_declares_many_layers_is_one_line(tmp_path):
    presets.save(built(), tmp_path)
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["config.json"] = files["config.json"].replace(b'"depth": 1,', b'"depth": 100000,')
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    with pytest.raises(DataError, match="model.keras") as error:
        presets.load(tmp_path)
    assert "its config declares weights of 100,0" in str(error.value) and "\n" not in str(error.value)


def test_inputs_that_it_does_not_take_are_refused():
    model = with_words()
    with pytest.raises(DataError, match="input 2 is empty"):
        model.answers([["a"], []])
    with pytest.raises(DataError, match="expected a list of words, found numbers"):
        model.answers([[1, 2]])
    assert model.answers([]) == []


@pytest.mark.parametrize("inputs", [["Harry Potter"], "Harry Potter"])
def test_a_text_is_no_list_of_words(inputs):
    with pytest.raises(DataError, match="input 1: expected a list of words, found a text"):
        with_words().answers(inputs)


def test_a_lookahead_needs_two_directions():
    with pytest.raises(ValueError, match="`lookahead` needs `bidirectional=True`"):
        built(lookahead=1, bidirectional=False)
