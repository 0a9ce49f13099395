"""What the parts of a tagger are worth, all else equal: `python -m benchmarks.tagging [--data ...]`.

Trains `recipes.ner` with and without the conditional random field and the encoder of characters; the recipe's flags may follow.
Each training sees the same sentences in the same order; the table shows the test part.
"""

import dataclasses
import sys

from recipes import ner
from seqzoo.errors import DataError, one_line
from seqzoo.evaluation import tables
from seqzoo.recipe import main as command_line
from seqzoo.tasks.tagging import task

SETTINGS = {
    "characters, CRF": {},
    "characters, softmax": {"crf": False},
    "words alone, CRF": {"characters": False},
    "words alone, softmax": {"characters": False, "crf": False},
}


def main():
    config = command_line.parse(ner.Config, sys.argv[1:], "benchmarks.tagging")
    problem, rows = ner.load(config), {}
    for name, changes in SETTINGS.items():
        model, history = ner.train_once(dataclasses.replace(config, **changes), problem)
        rows[name] = task.KIND.of_model(model, problem.test)
        print(f"{name}: {len(history)} epochs, {model.count_params():,} parameters", flush=True)
    print(f"\n{config.data}, seed {config.seed}, test part\n{tables.table(rows | task.KIND.of_baselines(problem))}")


if __name__ == "__main__":
    try:
        main()
    except (DataError, command_line.UsageError, OSError) as error:
        sys.exit(f"error: {one_line(error)}")
