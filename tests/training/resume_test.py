"""A training that was cut off between any two steps ends as if it had not been."""

import functools
import random
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from extent import full, without
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

from seqzoo.backend import xla
from seqzoo.data.batches import Batches
from seqzoo.data.windows import StreamWindows
from seqzoo.errors import DataError
from seqzoo.models import LanguageModel, ManyToOne
from seqzoo.training import losses, metrics, resume
from seqzoo.training.fit import fit
from seqzoo.training.truncated_bptt import TruncatedBPTT

EPOCHS, STEPS = 3, 5
MOMENTS = [(0, 3), (1, 0), (1, None), (2, 2), (2, None)]  # before a step, or before the end of an epoch is looked at


@pytest.fixture(autouse=True, scope="module")
def _without_xla():
    """Which takes longer to compile than all of the steps."""
    with xla(False):
        yield


class Killed(BaseException):
    pass


class Kill(keras.callbacks.Callback):
    """Before a step of an epoch, or with `step` None before its end is looked at."""

    def __init__(self, epoch, step):
        super().__init__()
        self.at, self.step = (epoch, step), 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch, self.step = epoch, 0

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise Killed

    def on_epoch_end(self, epoch, logs=None):
        if (epoch, None) == self.at:
            raise Killed


def classifier(folder, *callbacks, **options):
    """Weights and history of a training with everything that has a state: dropout, averaged weights, a rate that falls."""
    random.seed(1)
    rng = np.random.default_rng(0)
    sequences = [rng.integers(4, 20, size=length).tolist() for length in rng.integers(1, 12, size=4 * STEPS)]
    y = np.eye(2, dtype="float32")[[sum(sequence) % 2 for sequence in sequences]]
    sizes = {"vocabulary": 20, "embedding": 4, "units": 3}
    model = ManyToOne(labels=("even", "odd"), pooling="both", dropout=0.3, recurrent_dropout=0.3, **sizes)
    rate = keras.optimizers.schedules.CosineDecay(0.05, EPOCHS * STEPS)
    adam = keras.optimizers.Adam(rate, global_clipnorm=1.0, use_ema=True, ema_momentum=0.8)
    model.compile(adam, losses.CrossEntropy(), weighted_metrics=[metrics.accuracy])
    averaged = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    train, validation = Batches(sequences, y, 4, seed=3), Batches(sequences, y, 4, shuffle=False)
    history = fit(model, train, validation, EPOCHS, 9, [averaged, *callbacks], folder=folder, verbose=False, **options)
    return model.get_weights(), history


def stream(folder, *callbacks, **options):
    """The same of a text whose state is carried from batch to batch."""
    random.seed(1)
    ids = np.random.default_rng(0).integers(4, 9, size=4 * 6 * STEPS).tolist()
    model = LanguageModel(9, carried=True, embedding=4, units=4, dropout=0.2)
    carried = TruncatedBPTT(model, 4)
    carried.compile(keras.optimizers.SGD(0.5), losses.CrossEntropy(logits=True), weighted_metrics=[metrics.nats])
    train, validation = StreamWindows(ids, 4, 6), StreamWindows(ids[:72], 4, 6)
    history = fit(carried, train, validation, EPOCHS, 9, callbacks, shuffle=False, folder=folder, verbose=False, **options)
    return model.get_weights(), history


def equal(a, b):
    return a[1] == b[1] and all(np.array_equal(x, y) for x, y in zip(a[0], b[0], strict=True))


@functools.cache
def undisturbed(training):
    return training(None)


@pytest.mark.parametrize("training", [classifier, stream])
@pytest.mark.parametrize("at", without([(1, 0), (2, 2), (2, None)], MOMENTS), ids=str)
def test_it_ends_as_if_it_had_not_been_cut_off(training, at, tmp_path):
    with pytest.raises(Killed):
        training(tmp_path, Kill(*at), checkpoint_seconds=0)
    assert equal(training(tmp_path, checkpoint_seconds=0), undisturbed(training))
    assert equal(training(tmp_path), undisturbed(training)), "what has ended is not trained again"


@full
def test_it_may_be_cut_off_again_and_again(tmp_path):
    for moment in ((0, 1), (0, 3), (2, 2)):
        with pytest.raises(Killed):
            classifier(tmp_path, Kill(*moment), checkpoint_seconds=0)
    assert equal(classifier(tmp_path), undisturbed(classifier))


@full
def test_between_checkpoints_steps_are_taken_again(tmp_path):
    """With an hour between two there is none, and it begins anew."""
    with pytest.raises(Killed):
        classifier(tmp_path, Kill(2, 2), checkpoint_seconds=3600)
    assert not list(tmp_path.glob("*.npz"))
    assert equal(classifier(tmp_path), undisturbed(classifier))


def test_a_slow_disk_has_checkpoints_less_often(tmp_path, monkeypatch):
    written, clock = [], [0.0]
    monkeypatch.setattr(resume, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    callback = resume.Checkpoints(
        tmp_path / "checkpoint.npz", 30, SimpleNamespace(num_batches=10**9, step=0), None, lambda: None
    )
    callback.set_model(SimpleNamespace(variables=[], optimizer=SimpleNamespace(variables=[]), metrics_variables=[]))

    def write(epoch, step, values):
        written.append(clock[0])
        clock[0] += 10

    monkeypatch.setattr(callback, "write", write)
    callback.on_epoch_begin(0)
    for step in range(500):
        clock[0] += 1
        callback.on_train_batch_end(step)
    assert written == [30, 240, 450]


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    with pytest.raises(Killed):
        classifier(tmp_path, Kill(1, 1), checkpoint_seconds=0)
    with pytest.raises(DataError, match="another's"):
        stream(tmp_path)


def test_the_logs_go_on_where_the_training_does(tmp_path):
    with pytest.raises(Killed):
        classifier(tmp_path, Kill(1, None), checkpoint_seconds=0)
    _, history = classifier(tmp_path)
    head, *rows = (tmp_path / "log.csv").read_text().splitlines()
    assert head.split(",")[0] == "epoch" and {"loss", "val_loss", "steps_per_second"} < set(head.split(","))
    assert [row.split(",")[0] for row in rows] == ["1", "2", "3"]
    at = head.split(",").index("val_loss")
    assert [float(row.split(",")[at]) for row in rows] == [figures["val_loss"] for figures in history]
    seen = [event.summary.value for path in sorted(tmp_path.glob("events.*")) for event in EventFileLoader(str(path)).Load()]
    losses = [value.tensor.float_val[0] for values in seen for value in values if value.tag == "val_loss"]
    assert losses == pytest.approx([figures["val_loss"] for figures in history])
