"""Saliency against differences of probabilities; and the picture of it."""

import keras
import numpy as np
import pytest
from extent import compiled

from seqzoo.backend import xla
from seqzoo.inspection import saliency
from seqzoo.models import ManyToOne
from seqzoo.tasks.dna import logo
from seqzoo.tasks.dna import sequences as dna_sequences


@pytest.fixture(autouse=True)
def _plain_path():
    with xla(False):
        yield


def model(cell="gru", pooling="both"):
    keras.utils.set_random_seed(1)
    return ManyToOne(features=4, labels=("x", "y", "z"), cell=cell, units=5, bidirectional=True, pooling=pooling, dropout=0.5)


def sequences(lengths=(7, 3, 7, 5), seed=0):
    chance = np.random.default_rng(seed)
    return [dna_sequences.vectors("".join(chance.choice(list("ACGT"), length))) for length in lengths]


def probability(network, sequence, label):
    return np.asarray(network.predict_on_batch({"inputs": sequence[None], "mask": np.ones((1, len(sequence)), bool)}))[0, label]


@compiled
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_the_gradient_is_that_of_small_differences(cell, step=1e-2):
    network, labels = model(cell, pooling="mean"), [0, 1, 2, 0]
    for sequence, label, gradient in zip(
        sequences(), labels, saliency.gradients(network, sequences(), labels, batch_size=3), strict=True
    ):
        assert gradient.shape == sequence.shape
        for t, k in ((0, 0), (len(sequence) - 1, 3), (1, 2)):
            change = np.zeros_like(sequence)
            change[t, k] = step
            higher, lower = (probability(network, sequence + sign * change, label) for sign in (1, -1))
            assert gradient[t, k] == pytest.approx((higher - lower) / (2 * step), abs=2e-4)


def test_neither_padding_nor_the_batch_has_an_influence():
    network, given, labels = model(), sequences(), [0, 1, 2, 0]
    together = saliency.gradients(network, given, labels)
    for i, sequence in enumerate(given):
        np.testing.assert_allclose(saliency.gradients(network, [sequence], labels[i : i + 1])[0], together[i], atol=1e-6)


def test_the_gradients_of_all_labels_add_up_to_nothing():
    of_labels = [saliency.gradients(model(), sequences((6,)), [label])[0] for label in range(3)]
    assert np.abs(of_labels[0]).max() > 1e-4
    np.testing.assert_allclose(sum(of_labels), 0, atol=1e-6)


def test_ids_are_refused():
    with pytest.raises(ValueError, match="ids have no gradient"):
        saliency.gradients(model(), [[1, 2, 3]], [0])


def test_a_step_is_averaged_over_the_sequences_that_have_it():
    inputs = [np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 0.0]])]
    gradients = [np.array([[-2.0, 9.0], [9.0, 5.0]]), np.array([[4.0, 9.0]])]
    np.testing.assert_allclose(saliency.by_step(gradients, inputs), [[3, 0], [0, 5]])


@pytest.mark.parametrize("length", [1, 60, 500])
def test_a_logo_is_drawn_of_any_length(tmp_path, length):
    chance = np.random.default_rng(0)
    rows = {"x": chance.uniform(0, 1, (length, 4)), "y": np.zeros((max(length - 1, 1), 4))}
    logo.draw(rows, dna_sequences.BASES, tmp_path / "logo.png", "title")
    assert (tmp_path / "logo.png").read_bytes().startswith(b"\x89PNG")


def test_of_long_sequences_the_heaviest_stretch_is_drawn():
    heights = np.zeros((100, 4))
    heights[40:50] = 1
    assert logo.heaviest([heights, np.ones((20, 4)) / 100], 10) == (40, 50)
    assert logo.heaviest([heights], 100) == (0, 100)


def test_letters_stand_on_each_other_the_lowest_at_the_bottom():
    from matplotlib.figure import Figure

    axis = Figure().subplots()
    logo._stack(axis, 3, np.array([0.5, 0.0, 2.0, 1.0]), dna_sequences.BASES)
    boxes = [patch.get_path().get_extents() for patch in axis.patches]
    np.testing.assert_allclose([(box.y0, box.y1) for box in boxes], [(0, 0.5), (0.5, 1.5), (1.5, 3.5)], atol=1e-9)
    np.testing.assert_allclose([(box.x0, box.x1) for box in boxes], [(2.55, 3.45)] * 3, atol=1e-9)
