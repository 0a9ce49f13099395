"""Ablation of the tagger, with and without CRF and character encoder: `python -m benchmarks.tagging [--data ...]`.

Trains `recipes.ner` in four variants; the recipe's flags may follow. Each training sees the same sentences in the same order.
The table shows metrics of the test split.
"""

import dataclasses
import sys

from recipes import ner
from seqzoo.errors import DataError, UsageError, one_line
from seqzoo.evaluation import tables
from seqzoo.recipe.flags import parse

VARIANTS = {
    "characters, CRF": {},
    "characters, softmax": {"crf": False},
    "words alone, CRF": {"characters": False},
    "words alone, softmax": {"characters": False, "crf": False},
}


def main():
    config = parse(ner.Config, sys.argv[1:], "benchmarks.tagging")
    dataset, rows = ner.RECIPE.dataset(config), {}
    for name, changes in VARIANTS.items():
        model, history = ner.RECIPE.train(dataclasses.replace(config, **changes), dataset)
        rows[name] = ner.RECIPE.task.metrics(model, dataset.test)
        print(f"{name}: {len(history)} epochs, {model.count_params():,} parameters", flush=True)
    print(f"\n{config.data}, seed {config.seed}, test split\n{tables.table(rows | ner.RECIPE.task.baselines(dataset))}")


if __name__ == "__main__":
    try:
        main()
    except (DataError, UsageError, OSError) as error:
        sys.exit(f"error: {one_line(error)}")
