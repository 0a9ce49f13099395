"""Batches: every sequence once per epoch, few shapes, padding right, and weights that keep losses exact."""

from collections import Counter

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo.data.batches import Batches, bucket_lengths, class_weights, in_order, pad, steps_in_order

LAW = settings(max_examples=60, deadline=None)

LENGTHS = st.lists(st.integers(0, 60), min_size=1, max_size=70)


def ids(lengths):
    """Sequence i is made of i + 1, so that a row tells where it is from."""
    return [[i + 1] * length for i, length in enumerate(lengths)]


@LAW
@given(lengths=LENGTHS, batch_size=st.integers(1, 9), seed=st.integers(0, 5), shuffle=st.booleans())
def test_every_sequence_once_per_epoch(lengths, batch_size, seed, shuffle):
    sequences = ids(lengths)
    batches = Batches(sequences, range(len(lengths)), batch_size, seed, shuffle)
    for _ in range(2):
        seen = Counter()
        for i in range(len(batches)):
            batch, targets, weights = batches[i]
            assert batch["inputs"].dtype == np.int32 and batch["mask"].dtype == bool and weights.dtype == np.float32
            assert batch["inputs"].shape == batch["mask"].shape and len(weights) == batch_size
            assert batch["inputs"].shape[1] in batches.buckets
            for row, mask, target in zip(batch["inputs"], batch["mask"], targets, strict=True):
                length = lengths[target]
                assert row.tolist() == sequences[target] + [0] * (len(row) - length)
                assert mask.tolist() == [True] * length + [False] * (len(row) - length)
            seen.update(targets[weights > 0].tolist())
        assert seen == Counter(range(len(lengths)))
        batches.on_epoch_end()


@LAW
@given(lengths=LENGTHS, batch_size=st.integers(1, 9), weighted=st.booleans())
def test_the_mean_loss_of_an_epoch_is_the_mean_over_the_rows(lengths, batch_size, weighted):
    losses = np.random.default_rng(0).normal(size=len(lengths))
    own = np.random.default_rng(1).uniform(0.5, 2, len(lengths)) if weighted else np.ones(len(lengths))
    batches = Batches(ids(lengths), range(len(lengths)), batch_size, sample_weights=own if weighted else None)
    means, totals = [], []
    for i in range(len(batches)):
        _, targets, weights = batches[i]
        means.append((losses[targets] * weights).sum() / batch_size)  # what Keras does
        totals.append(weights.sum())
    np.testing.assert_allclose(np.mean(means), (losses * own).mean(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(sum(totals), own.mean() * len(batches) * batch_size, rtol=1e-5)


@LAW
@given(lengths=LENGTHS)
def test_few_lengths_and_each_long_enough(lengths):
    buckets = bucket_lengths(ids(lengths))
    assert len(buckets) <= 6 and buckets == sorted(set(buckets)) and buckets[-1] == max(1, *lengths)


def test_buckets_as_told_grow_only_if_they_must():
    assert bucket_lengths(ids([3, 9]), [4, 16]) == [4, 16]
    assert bucket_lengths(ids([3, 20]), [4, 16]) == [4, 16, 20]


def test_the_order_comes_from_seed_and_epoch():
    def order(seed, epoch):
        batches = Batches(ids([5] * 40), range(40), 4, seed)
        batches.start_epoch(epoch)
        return [batches[i][1].tolist() for i in range(len(batches))]

    assert order(1, 2) == order(1, 2)
    assert len({str(order(seed, epoch)) for seed in (0, 1) for epoch in (0, 1)}) == 4
    batches = Batches(ids([5] * 40), range(40), 4, 1)
    batches.on_epoch_end()
    batches.on_epoch_end()
    assert [batches[i][1].tolist() for i in range(len(batches))] == order(1, 2)


@LAW
@given(lengths=LENGTHS, seed=st.integers(0, 20))
def test_the_first_two_batches_differ_in_length_if_any_do(lengths, seed):
    batches = Batches(ids(lengths), range(len(lengths)), 3, seed)
    shapes = [batches[i][0]["inputs"].shape for i in range(len(batches))]
    assert len(set(shapes)) == 1 or shapes[0] != shapes[1]


def test_little_is_padded():
    lengths = np.random.default_rng(0).geometric(0.05, 5000)
    batches = Batches(ids(lengths), range(5000), 32)
    slots = sum(batches[i][0]["mask"].size for i in range(len(batches)))
    assert lengths.sum() / slots > 0.65


def test_arrays_and_cutting():
    arrays = [np.random.default_rng(i).normal(size=(i, 3)) for i in (4, 2, 7)]
    inputs, mask = pad(arrays)
    assert inputs.shape == (3, 7, 3) and inputs.dtype == np.float32 and mask.sum(1).tolist() == [4, 2, 7]
    np.testing.assert_array_equal(inputs[1, :2], arrays[1].astype(np.float32))
    assert not inputs[~mask].any()
    assert Batches(arrays, [0, 1, 2], 3, max_length=5)[0][0]["inputs"].shape == (3, 5, 3)
    assert pad(arrays, 3)[1].sum(1).tolist() == [3, 2, 3]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([], [], 2), "got 0"),
        (([[1]], [1, 2], 2), "got 2 for 1"),
        (([[1]], [1], 0), "batch_size"),
        (([[0.5]], [1], 1), r"shape \(1,\)"),
    ],
)
def test_bad_arguments(arguments, says):
    with pytest.raises(ValueError, match=says):
        Batches(*arguments)


@LAW
@given(lengths=LENGTHS, batch_size=st.integers(1, 9))
def test_predictions_in_order(lengths, batch_size):
    shapes = set()

    def predict(inputs):
        shapes.add(inputs["inputs"].shape)
        return inputs["inputs"].sum(1, keepdims=True)

    sums = in_order(predict, ids(lengths), batch_size)
    assert sums[:, 0].tolist() == [sum(sequence) for sequence in ids(lengths)]
    assert len(shapes) <= 6 and {shape[0] for shape in shapes} == {batch_size}


def test_class_weights_make_classes_equal():
    targets = ["a"] * 6 + ["b"] * 2
    weights = class_weights(targets)
    assert 6 * weights["a"] == 2 * weights["b"] and sum(weights[target] for target in targets) == 8


def test_keras_fits_and_evaluates_exactly():
    """With every shape that occurs, and with the loss and the metric of the real rows."""
    lengths = [3] * 20 + [30] * 20 + [50] * 7
    targets = np.random.default_rng(0).normal(size=len(lengths)).astype("float32")
    inputs = keras.Input([None], dtype="int32", name="inputs")
    mask = keras.Input([None], dtype="bool", name="mask")
    total = keras.ops.sum(keras.ops.where(mask, inputs, 0), axis=1, keepdims=True)
    output = keras.layers.Dense(1, kernel_initializer="zeros")(keras.ops.cast(total, "float32"))
    model = keras.Model({"inputs": inputs, "mask": mask}, output)
    model.compile(keras.optimizers.SGD(0.0), loss="mse", weighted_metrics=["mae"])
    batches = Batches(ids(lengths), targets, 8)
    history = model.fit(batches, epochs=2, validation_data=batches, verbose=0).history
    np.testing.assert_allclose(history["loss"], (targets**2).mean(), rtol=1e-5)
    np.testing.assert_allclose(history["val_loss"], (targets**2).mean(), rtol=1e-5)
    np.testing.assert_allclose(history["val_mae"], abs(targets).mean(), rtol=1e-5)
    assert in_order(model.predict_on_batch, ids(lengths), 8).shape == (47, 1)


def test_a_target_for_each_step_is_padded_like_the_inputs():
    batches = Batches(ids([3, 5, 2]), [[7] * 3, [8] * 5, [9] * 2], 2, shuffle=False, per_step=True)
    real = 0
    for i in range(2):
        batch, targets, weights = batches[i]
        assert targets.shape == weights.shape == batch["mask"].shape and targets.dtype == np.int32
        np.testing.assert_array_equal(targets, np.where(batch["mask"], batch["inputs"][:, :1] + 6, 0))
        assert not weights[~batch["mask"]].any()
        real += (weights > 0).sum()
    assert real == 10


def test_several_ids_a_step_stay_ids():
    inputs, mask = pad([np.ones((2, 4), int), np.ones((3, 4), int)])
    assert inputs.shape == (2, 3, 4) and inputs.dtype == np.int32 and mask.sum() == 5


def test_predictions_for_steps_come_in_order_and_as_long_as_their_sequences():
    sequences = ids([3, 9, 1, 5, 2])
    found = steps_in_order(lambda batch: (batch["inputs"] * 10, batch["mask"].sum(1)), sequences, 2)
    assert [steps.tolist() for steps, _ in found] == [[10 * i for i in sequence] for sequence in sequences]
    assert [count for _, count in found] == [3, 9, 1, 5, 2]
