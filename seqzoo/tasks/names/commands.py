"""The verb generate of models of names, and its flags."""

import dataclasses

from seqzoo import presets
from seqzoo.errors import UsageError
from seqzoo.models import OneToMany
from seqzoo.recipe import check
from seqzoo.recipe.generate_flags import SamplingFlags
from seqzoo.tasks.names.task import sample_names


@dataclasses.dataclass(frozen=True)
class GenerateFlags(SamplingFlags):
    """Prints sampled names, each on a line, with its class where there are classes."""

    locale: str | None = None
    """Class of the names; all classes in turn if not given, n names of each."""


def generate(flags, folder):
    """Yields lines of sampled names."""
    model = presets.load(folder)
    if type(model) is not OneToMany or model.tokenizer is None:
        raise UsageError(f"generate: {folder} holds a {type(model).__name__}, expected a model of names")
    labels = f"one of {', '.join(model.labels)}" if model.labels else "none: the model knows no classes"
    check("locale", flags.locale, lambda locale: locale is None or locale in model.labels, labels)
    for number, label in enumerate(model.labels or [""]):
        if flags.locale in (None, label):
            for name in sample_names(model, number, flags.n, flags.sampler(), flags.seed):
                yield f"{name}\t{label}".rstrip()
