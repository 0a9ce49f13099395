"""Generated sentences to learn from beside one's own."""

import dataclasses

from seqzoo.data import entity_tags
from seqzoo.data.examples import Examples, Splits
from seqzoo.datasets import generated_entities
from seqzoo.errors import DataError

MOST_GENERATED = generated_entities.SIZES["train"]
SHORT_TYPES = {"PERSON": "PER", "LOCATION": "LOC"}


def with_generated(splits: Splits, count: int, seed: int) -> Splits:
    """Returns splits whose train split has `count` more sentences, of `generated_entities` with the names of ordinary text.

    Their entities keep the types that the train split has, by the long or the short name; the others become O.

    Raises:
        DataError: the train split has none of their types.
    """
    if not count:
        return splits
    train, more = splits.train, generated_entities.load(seed, ordinary=True).train
    types = {entity_tags.parts(tag)[1] for sentence in train.targets for tag in sentence}
    spellings = {kind: (kind, SHORT_TYPES.get(kind)) for kind in generated_entities.KINDS}
    names = {kind: next((name for name in names if name in types), None) for kind, names in spellings.items()}
    if not any(names.values()):
        found = ", ".join(sorted(types - {""}))
        raise DataError(f"--generated: no type of {', '.join(names)} in {splits.name}, found {found}")
    targets = [_renamed(tags, names) for tags in more.targets[:count]]
    return dataclasses.replace(splits, train=Examples(train.inputs + more.inputs[:count], train.targets + targets))


def _renamed(tags: list[str], names: dict[str, str | None]) -> list[str]:
    """Tags with other names of their types; O where the name is None."""
    kept = [span._replace(type=names[span.type]) for span in entity_tags.spans(tags) if names[span.type]]
    return entity_tags.from_spans(kept, len(tags))
