"""Pretrained vectors in the sentiment recipe, one choice at a time: `python -m benchmarks.embeddings [--seed ...]`.

Trains `recipes.sentiment` without vectors, then with those of MiniLM's input table, and those of its transformer: frozen or
trained, at three sizes. The recipe's flags may follow. Linear models of the words, and of the same vectors, stand beside them.
The metrics are of the validation split, for the linear models of the test split too. Seconds are those of the training, with
the vectors; megabytes those of the model without its optimizer.
"""

import dataclasses
import itertools
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from recipes import sentiment
from seqzoo import presets
from seqzoo.data import minilm, pretrained_vectors
from seqzoo.errors import DataError, UsageError, one_line
from seqzoo.evaluation import linear_baselines, tables
from seqzoo.recipe.flags import parse

SIZES = 64, 128, 384


def main():
    config = parse(sentiment.Config, sys.argv[1:], "benchmarks.embeddings")
    dataset, rows = sentiment.RECIPE.dataset(config), {}
    variants = {"none": {"embeddings": None, "embedding": None, "frozen": False}} | {
        f"{name}, {'frozen' if frozen else 'trained'}, {size}": {"embeddings": name, "embedding": size, "frozen": frozen}
        for name, frozen, size in itertools.product(("minilm-table", "minilm"), (True, False), SIZES)
    }
    for name, changes in variants.items():
        rows[name] = trained(dataclasses.replace(config, **changes), dataset)
        print(name, {key: round(value, 4) for key, value in rows[name].items()}, flush=True)
    print(f"\n{config.data}, seed {config.seed}, validation split\n{tables.table(rows)}")
    print(f"\nlinear models\n{tables.table(linear(config, dataset))}")


def trained(config, dataset):
    """The accuracy of a training on the validation split, its seconds and epochs, and the size of its model's file."""
    began = time.time()
    model, history = sentiment.RECIPE.train(config, dataset)
    seconds = time.time() - began
    with tempfile.TemporaryDirectory() as folder:
        presets.save(model, folder)
        megabytes = Path(folder, "model.keras").stat().st_size / 1e6
    accuracy = sentiment.RECIPE.task.metrics(model, dataset.validation)["accuracy"]
    return {"accuracy": accuracy, "seconds": seconds, "epochs": len(history), "MB": megabytes}


def linear(config, dataset):
    """The accuracies of logistic regressions, of words and of the mean and the maximum of a text's vectors."""
    regressions = [LogisticRegression(C=strength, max_iter=2000) for strength in (0.001, 0.01, 0.1, 1, 3, 10)]
    inputs = [*dataset.validation.inputs, *dataset.test.inputs]
    targets, rows = np.array([*dataset.validation.targets, *dataset.test.targets]), {}
    for features in (None, *((f"{name}, mean and maximum", pooled(config, name, dataset)) for name in minilm.NAMES)):
        fit = (dataset.train.inputs, dataset.train.targets), (dataset.validation.inputs, dataset.validation.targets)
        found = linear_baselines.linear_predictions("logistic regression", regressions, *fit, inputs, features)
        for name, predicted in found.items():
            validation, test = np.split(np.array(predicted) == targets, [len(dataset.validation)])
            rows[name] = {"validation": validation.mean(), "test": test.mean()}
    return rows


def pooled(config, name, dataset):
    """Features of texts: mean and maximum of the vectors of a text's tokens."""
    tokenizer, vectors = pretrained_vectors.of_pieces(name, None, config.vocabulary, dataset.train.inputs, config.data_dir)
    array = vectors.of(tokenizer.tokens, config.seed)

    def of_texts(texts):
        return np.stack([np.concatenate([array[ids].mean(0), array[ids].max(0)]) for ids in tokenizer.encode_all(texts)])

    return make_pipeline(FunctionTransformer(of_texts), StandardScaler())


if __name__ == "__main__":
    try:
        main()
    except (DataError, UsageError, OSError) as error:
        sys.exit(f"error: {one_line(error)}")
