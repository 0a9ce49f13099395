"""Recurrence on inputs of one length, beside a network without: `python -m benchmarks.one_to_one [--seed ...]`.

Trains a bidirectional GRU and a dense network of about as many parameters on splice junctions, 60 bases, and on pen digits, 8
points. Both see the same arrays. The loss on the validation split chooses the dropout rate and the epoch. The table shows the
accuracy on the test split.
"""

import dataclasses
import random
import sys
from collections import Counter

import keras
import numpy as np
import tyro
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from recipes import dna
from seqzoo.data.batches import Batches
from seqzoo.data.examples import Examples
from seqzoo.data.targets import Dataset, of_labels
from seqzoo.datasets import catalog, pen_digits
from seqzoo.errors import DataError, one_line
from seqzoo.evaluation import tables
from seqzoo.evaluation.linear_baselines import linear_predictions
from seqzoo.evaluation.metrics import classification_metrics
from seqzoo.models import ManyToOne, OneToOne
from seqzoo.training import fit, losses

DROPOUT_RATES = (0.0, 0.2)
STRENGTHS = (0.03, 0.1, 0.3, 1, 10, 100)  # C of the logistic regression


@dataclasses.dataclass(frozen=True)
class Config:
    """Flags of the benchmark."""

    seed: int = 0
    """Random seed of the weights, of dropout and of the batch order."""
    epochs: int = 40
    """Most epochs of a training."""
    patience: int = 5
    """Epochs without a lower validation loss after which training stops."""
    batch_size: int = 128
    learning_rate: float = 3e-3


def load_splice_junctions():
    return dna.load_data(dna.Config())


def load_pen_digits():
    builder = catalog.find("pen_digits")
    catalog.prepare(builder)
    return Dataset(pen_digits.LABELS, *(_strokes(builder, split) for split in ("train", "validation", "test")))


def _strokes(builder, split):
    rows = catalog.read(builder, split)
    points = [row["points"] / pen_digits.LARGEST for row in rows]
    labels = [pen_digits.LABELS[row["label"]] for row in rows]
    return of_labels(Examples(points, labels), pen_digits.LABELS, builder.name)


DATASETS = {"splice_junctions": load_splice_junctions, "pen_digits": load_pen_digits}


def gru(dataset, dropout):
    features = dataset.train.inputs[0].shape[-1]
    return ManyToOne(features=features, labels=dataset.labels, bidirectional=True, pooling="both", dropout=dropout)


def dense_network(dataset, dropout):
    """A network of two layers with about as many parameters as the GRU: w² + (inputs + 2 + labels) w + labels, w the width."""
    shape, parameters, labels = dataset.train.inputs[0].shape, gru(dataset, dropout).count_params(), len(dataset.labels)
    half = (np.prod(shape) + 2 + labels) / 2
    width = round(float(np.sqrt(half**2 + parameters - labels) - half))
    return OneToOne(shape, dataset.labels, dense=(width, width), dropout=dropout)


MODELS = {"bidirectional GRU": gru, "dense network": dense_network}


def best(make, dataset, config):
    """Trains a model at each dropout rate. Returns the one with the lowest validation loss, and a text on its training."""
    trained = {}
    for rate in DROPOUT_RATES:
        random.seed(config.seed)
        model = make(dataset, rate)
        history = train(model, dataset, config)
        trained[min(epoch["val_loss"] for epoch in history)] = model, f"dropout {rate}, {len(history)} epochs"
    return trained[min(trained)]


def train(model, dataset, config):
    """Trains a model and returns its history."""
    model.compile(keras.optimizers.Adam(config.learning_rate, global_clipnorm=1.0), losses.CrossEntropy())
    batches, held_out = (
        Batches(model.sequences(split.inputs), split.y, config.batch_size, config.seed, shuffle)
        for split, shuffle in ((dataset.train, True), (dataset.validation, False))
    )
    return fit.fit(model, batches, held_out, config.epochs, config.patience, verbose=False)


def baselines(dataset):
    """Returns predictions of the test split, `{name: labels}`: majority, and logistic regression of the flattened input."""
    majority = Counter(dataset.train.targets).most_common(1)[0][0]
    regressions = [LogisticRegression(C=strength, tol=1e-3, max_iter=2000) for strength in STRENGTHS]
    fitted_to = ((split.inputs, split.targets) for split in (dataset.train, dataset.validation))
    features = "flattened", FunctionTransformer(lambda inputs: np.reshape(inputs, (len(inputs), -1)))
    linear = linear_predictions("logistic regression", regressions, *fitted_to, dataset.test.inputs, features)
    return {"majority": [majority] * len(dataset.test)} | linear


def predictions(dataset, config):
    """Trains on a data set. Returns predictions of the test split, `{name: labels}`, of models and baselines."""
    predicted = {}
    for name, make in MODELS.items():
        model, training = best(make, dataset, config)
        print(f"{name}: {model.count_params():,} parameters, {training}", flush=True)
        predicted[name] = [answer.label for answer in model.answers(dataset.test.inputs)]
    return predicted | baselines(dataset)


def main(config):
    rows = {}
    for name, load in DATASETS.items():
        dataset = load()
        sizes = (f"{len(getattr(dataset, split)):,} {split}" for split in ("train", "validation", "test"))
        print(f"{name}: {', '.join(sizes)}", flush=True)
        for who, predicted in predictions(dataset, config).items():
            accuracy = classification_metrics(dataset.test.targets, predicted)["accuracy"]
            rows.setdefault(who, {})[name] = accuracy
    print(f"\naccuracy, seed {config.seed}, test split\n{tables.table(rows)}")


if __name__ == "__main__":
    try:
        main(tyro.cli(Config))
    except (DataError, OSError) as error:
        sys.exit(f"error: {one_line(error)}")
