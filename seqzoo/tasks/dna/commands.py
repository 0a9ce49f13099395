"""Flags of the verb predict of DNA models, and what evaluate inherits from the training."""

import dataclasses
from typing import Annotated, Literal

import tyro

from seqzoo import recipe
from seqzoo.tasks.dna import fasta


def check_same_kind(config, trained):
    """Raises a `UsageError` where one config has a label for each base, and the other one for each sequence."""
    kind = "each base" if trained.intervals else "whole sequences"
    expected = f"as the model was trained, which answers for {kind}"
    recipe.check("intervals", config.intervals, lambda file: bool(file) == bool(trained.intervals), expected)


def label_files(config, trained):
    """`{"labels": file, "negative": file}` of test data.

    Flags of evaluate inherit the files of the training, which belong to no table, and to no FASTA file with other labels.
    """
    files = {flag: getattr(config, flag) for flag in ("labels", "negative")}
    inherited = {flag: None for flag, file in files.items() if file == getattr(trained, flag)}
    replaced = len(inherited) < len(files) or not config.data.lower().endswith(fasta.SUFFIXES)
    return files | inherited if replaced else files


@dataclasses.dataclass(frozen=True)
class PredictFlags(recipe.PredictFlags):
    """Prints label, or intervals, TAB probability TAB name of each input: FASTA, or a sequence a line."""

    form: Annotated[Literal["text", "bed"], tyro.conf.arg(name="as")] = "text"
    """Format of a model with a label for each base: a line for each sequence, or BED, a line for each interval."""
