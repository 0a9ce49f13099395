"""Ablation of the tagger, with and without CRF and character encoder: `python -m benchmarks.tagging [--data ...]`.

Trains `recipes.ner` in four variants; the recipe's flags may follow. Each training sees the same sentences in the same order.
The table shows metrics of the test split.
"""

import dataclasses
import sys

from recipes import ner
from seqzoo.errors import DataError, one_line
from seqzoo.evaluation import tables
from seqzoo.recipe import main as command_line
from seqzoo.tasks.tagging import task

VARIANTS = {
    "characters, CRF": {},
    "characters, softmax": {"crf": False},
    "words alone, CRF": {"characters": False},
    "words alone, softmax": {"characters": False, "crf": False},
}


def main():
    config = command_line.parse(ner.Config, sys.argv[1:], "benchmarks.tagging")
    dataset, rows = ner.load(config), {}
    for name, changes in VARIANTS.items():
        model, history = ner.train_once(dataclasses.replace(config, **changes), dataset)
        rows[name] = task.KIND.of_model(model, dataset.test)
        print(f"{name}: {len(history)} epochs, {model.count_params():,} parameters", flush=True)
    print(f"\n{config.data}, seed {config.seed}, test split\n{tables.table(rows | task.KIND.of_baselines(dataset))}")


if __name__ == "__main__":
    try:
        main()
    except (DataError, command_line.UsageError, OSError) as error:
        sys.exit(f"error: {one_line(error)}")
