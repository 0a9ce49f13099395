"""F1 of a tagger on files of tagged sentences: `python -m benchmarks.entity_sources MODEL FILE...`.

MODEL is a folder or the name of a shipped model, such as `ner`. Only persons, organisations and places count; other types are
O. A file has a word and its tag on each line, as for `recipes.ner`.
"""

import sys

from benchmarks.ordinary import long_name
from seqzoo import presets
from seqzoo.errors import DataError, one_line
from seqzoo.evaluation import tables
from seqzoo.tasks.tagging import conll
from seqzoo.tasks.tagging.metrics import entity_metrics


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: python -m benchmarks.entity_sources MODEL FILE...")
    tagger, rows = presets.load(sys.argv[1]), {}
    for path in sys.argv[2:]:
        examples = conll.read(path)
        expected, found = (
            [[long_name(tag) for tag in tags] for tags in tagged]
            for tagged in (examples.targets, [answer.labels for answer in tagger.answers(examples.inputs)])
        )
        for kind, metrics in entity_metrics(expected, found).items():
            rows[f"{path}, {kind}"] = metrics
    print(tables.table(rows))


if __name__ == "__main__":
    try:
        main()
    except (DataError, OSError) as error:
        sys.exit(f"error: {one_line(error)}")
