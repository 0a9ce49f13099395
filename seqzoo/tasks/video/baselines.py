"""Baselines of video: one frame of a clip alone, and the nearest training curve."""

import random

import keras
import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from seqzoo.layers import FrameEncoder
from seqzoo.training import fit, losses

BATCH, EPOCHS, PATIENCE = 64, 12, 4


def single_frame(dataset, frame, seed):
    """Returns the labels that a model gives each test clip by a random frame: a `FrameEncoder` and a dense layer.

    The model learns from one frame of each training clip, another one in each epoch; the epoch with the lowest loss on a frame
    of each validation clip is kept.
    """
    random.seed(seed)  # Keras draws its own seeds from `random`
    inputs = keras.Input(frame, dtype="uint8", name="inputs")
    encoder = FrameEncoder(frame)
    encoder.adapt([np.asarray(clip) for clip in dataset.train.inputs[:200]])
    vectors = encoder(inputs[:, None])[:, 0]
    outputs = keras.layers.Dense(len(dataset.labels), activation="softmax")(vectors)
    model = keras.Model({"inputs": inputs}, outputs)
    model.compile(keras.optimizers.Adam(2e-3), losses.CrossEntropy())
    train, validation = OneFrame(dataset.train, seed), OneFrame(dataset.validation, None)
    fit.fit(model, train, validation, EPOCHS, PATIENCE, verbose=False)
    test = OneFrame(dataset.test, None)
    p = np.concatenate([model.predict_on_batch(test[i][0]) for i in range(len(test))])
    return [dataset.labels[i] for i in p.argmax(axis=1)]


class OneFrame(keras.utils.PyDataset):
    """Batches `({"inputs": frames}, y)`: a random frame of each clip, in a new order each epoch, or always the same."""

    def __init__(self, split, seed):
        super().__init__()
        self.split, self.seed = split, seed
        self.start_epoch(0)

    def start_epoch(self, epoch):
        """Draws the order of an epoch, and the frames."""
        self.epoch, count = epoch, len(self.split)
        rng = np.random.default_rng(0 if self.seed is None else (self.seed, epoch))
        self.order = np.arange(count) if self.seed is None else rng.permutation(count)
        self.places = rng.uniform(0, 1, count)

    def on_epoch_end(self):
        self.start_epoch(self.epoch + 1)

    def __len__(self):
        return -(-len(self.split) // BATCH)

    def __getitem__(self, index):
        rows = self.order[index * BATCH : (index + 1) * BATCH]
        clips = [np.asarray(self.split.inputs[i]) for i in rows]
        frames = np.stack([clip[int(self.places[i] * len(clip))] for i, clip in zip(rows, clips, strict=True)])
        return {"inputs": frames}, self.split.y[rows]


def nearest(train, test):
    """Returns the label of the nearest training sequence of each test sequence, all of one length, in Euclidean distance."""
    flat = [np.stack([np.asarray(x).ravel() for x in split.inputs]) for split in (train, test)]
    return list(KNeighborsClassifier(1).fit(flat[0], train.targets).predict(flat[1]))
