"""Flags as dataclasses: those of every recipe, read from a command line or a file, and what is said of wrong ones."""

import contextlib
import dataclasses
import io
import math
import re
from pathlib import Path
from typing import Literal

import tyro

from seqzoo.errors import UsageError
from seqzoo.training import run_folder

OPEN = {  # flags that may also be left open
    f"--{said}": f"--{flag}={value}" for flag in ("header", "resume") for said, value in ((flag, True), (f"no-{flag}", False))
}


@dataclasses.dataclass(frozen=True)
class Settings:
    """The flags that every recipe has. A recipe's `Config` adds its own, and its defaults."""

    data: str = ""
    """A file or folder of your own, a data set of ours, or a name known to TensorFlow Datasets."""
    data_dir: str | None = None
    """Where data sets with a name are kept."""
    text_column: str | None = None
    """Of your own file: name or number of the column with the inputs; guessed if not given."""
    label_column: str | None = None
    """Likewise of the labels."""
    header: bool | None = None
    """`--header` or `--no-header`: whether your file's first line names its columns; guessed if not given."""
    cell: Literal["rnn", "gru", "gru-simplified", "lstm", "lstm-peephole"] = "gru"
    """The recurrent unit."""
    units: int = 64
    """Size of its state."""
    depth: int = 1
    """Recurrent layers, one above the other."""
    bidirectional: bool = True
    """Whether a second layer reads backward."""
    dropout: float = 0.0
    """Fraction of the inputs to drop."""
    recurrent_dropout: float = 0.0
    """Fraction of the state to drop, the same for a whole sequence."""
    epochs: int = 10
    """At most; it ends when the validation part is no longer better."""
    batch_size: int = 64
    """Sequences in a batch."""
    learning_rate: float = 1e-3
    """Of Adam."""
    clip_norm: float = 1.0
    """Longest gradient; longer ones are shortened."""
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    """Of the matrix products."""
    seed: int = 0
    """Of weights, dropout, order and splits."""
    quick: bool = False
    """A look in under a minute: some of the data, few epochs."""
    out: str | None = None
    """Folder of the run; `runs/NAME` if not given."""

    def __post_init__(self):
        for flag in ("units", "depth", "epochs", "batch_size"):
            check(flag, getattr(self, flag), lambda n: n >= 1, "a positive integer")
        for flag in ("dropout", "recurrent_dropout"):
            check(flag, getattr(self, flag), lambda rate: 0 <= rate < 1, "at least 0 and below 1")
        for flag in ("learning_rate", "clip_norm"):
            check(flag, getattr(self, flag), lambda x: 0 < x < math.inf, "a positive number")
        check("seed", self.seed, lambda n: 0 <= n < 2**31, "an integer from 0 to 2147483647")

    def source(self):
        """What `data.text_classification.load` asks for first."""
        return self.data, self.data_dir, self.text_column, self.label_column, self.header


def check(flag, value, holds, expected):
    """Raises a `UsageError` that names the flag, unless `holds(value)`."""
    if not holds(value):
        raise UsageError(f"--{flag.replace('_', '-')}: expected {expected}, got {value}")


def configured(config_class, flags, program, default=None):
    """The configuration: flags over --config FILE over the default."""
    flags, file = _without_config(flags)
    return parse(config_class, flags, program, default if file is None else from_file(config_class, Path(file), default))


def from_file(config_class, path, default=None):
    """A `config.json`, read as the flags that it stands for."""
    values, known = run_folder.read_json(path), [field.name for field in dataclasses.fields(config_class)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise UsageError(f"{path}: unknown setting {unknown[0]!r}; the settings are {', '.join(known)}")
    try:
        flags = [flag for name, value in values.items() for flag in _as_flags(config_class, name, value)]
        return parse(config_class, flags, "", default)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def _as_flags(config_class, name, value):
    flag = f"--{name.replace('_', '-')}"
    default = getattr(config_class, name)
    if isinstance(default, bool):
        check(name, value, lambda v: isinstance(v, bool), "true or false")
        return [flag if value else flag.replace("--", "--no-", 1)]
    if isinstance(default, tuple) and isinstance(value, list):
        return [flag, *map(str, value)] if value else []
    return [f"{flag}={value}"]


def _without_config(flags):
    """`--config FILE` or `--config=FILE` taken out of the flags."""
    for i, flag in enumerate(flags):
        if flag.startswith("--config="):
            return flags[:i] + flags[i + 1 :], flag.partition("=")[2]
        if flag == "--config":
            if i + 1 == len(flags):
                raise UsageError("--config: expected a file, got nothing")
            return flags[:i] + flags[i + 2 :], flags[i + 1]
    return flags, None


def parse(config_class, flags, program, default=None):
    """The flags as a `config_class`; a `UsageError` of one line where they do not fit."""
    flags = [OPEN.get(flag, flag) for flag in flags]
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            return tyro.cli(config_class, args=flags, prog=f"python -m {program}", default=default)
    except SystemExit as end:
        if end.code == 0:  # -h
            print(said.getvalue(), end="")
            raise
        raise UsageError(_first_sentence(said.getvalue())) from None


def _first_sentence(panel):
    """The message of tyro's framed error: what stands between its title and the next rule."""
    rows = [row.strip("│╭╮╰╯─ ") for row in panel.splitlines()]
    parts = [part.split("\n") for part in re.split(r"\n-*\n", "\n".join(rows).strip())]
    message = " ".join(parts[0][1:] or parts[1])
    return re.sub(r"^Error parsing \w+: ", "", message)


def model_name(name, asked):
    """The name of the model that is asked for: a recipe's, unless its flags say another by a `model_name`."""
    return getattr(asked, "model_name", None) or name
