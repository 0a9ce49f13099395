"""Configs of recipes: the flags that all share, with their defaults and checks."""

import dataclasses
import math
from typing import ClassVar, Literal

from seqzoo.errors import UsageError
from seqzoo.models.recurrent_stack import Cell

MOST = {  # of the fields of all recipes: more would not fit into memory
    **dict.fromkeys(("units", "embedding", "character_units"), 16_384),
    **dict.fromkeys(("vocabulary", "max_length", "window"), 10_000_000),
    **{"depth": 100, "batch_size": 1_000_000, "folds": 1000},
}


def check(flag, value, holds, expected):
    """Raises a `UsageError` that names the flag, unless `holds(value)`."""
    if not holds(value):
        raise UsageError(f"--{flag.replace('_', '-')}: expected {expected}, got {value}")


def check_at_least(config, **least):
    """Raises a `UsageError` for a field below its least integer, `{field: integer}`."""
    for name, value in least.items():
        check(name, getattr(config, name), lambda n, value=value: n >= value, f"an integer from {value}")


def check_at_most(config, **most):
    """Raises a `UsageError` for a field above its largest integer, `{field: integer}`."""
    for name, value in most.items():
        check(name, getattr(config, name), lambda n, value=value: n is None or n <= value, f"at most {value:,}")


@dataclasses.dataclass(frozen=True)
class Config:
    """The flags of every recipe. A recipe's `Config` adds its own, and its defaults.

    Of a trained model `evaluate` and `inspect` take these flags alone: --out, those of `DATA_FIELDS`, which say what data are
    read, and how, and those of `MODEL_FIELDS`, by which `model_name` chooses the model. `FILE_FIELDS` name the files that a
    training reads, unless their value is one of `NAMES`, of pinned files that never change.
    """

    DATA_FIELDS: ClassVar[tuple[str, ...]] = ("data", "data_dir", "text_column", "label_column", "header")
    MODEL_FIELDS: ClassVar[tuple[str, ...]] = ()
    FILE_FIELDS: ClassVar[tuple[str, ...]] = ("data",)
    NAMES: ClassVar[tuple[str, ...]] = ()

    data: str = ""
    """Your file or folder, a data set of seqzoo, or a data set of TensorFlow Datasets by its name."""
    data_dir: str | None = None
    """Folder in which named data sets are kept; `~/tensorflow_datasets` if not given."""
    text_column: str | None = None
    """Column of your file with the inputs, by name or number; guessed if not given."""
    label_column: str | None = None
    """Column of your file with the labels, by name or number; guessed if not given."""
    header: bool | None = None
    """`--header` or `--no-header`: whether the first line of your file names its columns; guessed if not given."""
    cell: Cell = "gru"
    """Recurrent unit."""
    units: int = 64
    """Size of a layer's state, in each direction."""
    depth: int = 1
    """Number of stacked recurrent layers."""
    bidirectional: bool = True
    """Whether a second layer reads each sequence from its end."""
    dropout: float = 0.0
    """Fraction of a layer's inputs to drop while training."""
    recurrent_dropout: float = 0.0
    """Fraction of the state to drop while training, with one mask a sequence."""
    epochs: int = 10
    """Most epochs to train; training stops early when the validation metric no longer improves."""
    batch_size: int = 64
    """Sequences in a batch."""
    learning_rate: float = 1e-3
    """Learning rate of Adam."""
    clip_norm: float = 1.0
    """Clip the global gradient norm to this value."""
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    """Dtype policy of Keras: mixed policies compute matrix products in 16 bits, for GPUs."""
    repeats: int = 1
    """Trainings, each with the next seed: prints mean and spread, keeps the model with the best validation metric."""
    seed: int = 0
    """Random seed for weights, dropout, batch order and splits."""
    quick: bool = False
    """Smoke run in about a minute on part of the data; its metrics are not comparable."""
    out: str | None = None
    """Folder of the run; `runs/NAME` if not given."""

    def __post_init__(self):
        for flag in ("units", "depth", "epochs", "batch_size"):
            check(flag, getattr(self, flag), lambda n: n >= 1, "a positive integer")
        check("out", self.out, lambda out: out != "", "a folder")
        check_at_most(self, **{name: most for name, most in MOST.items() if hasattr(self, name)})
        for flag in ("dropout", "recurrent_dropout"):
            check(flag, getattr(self, flag), lambda rate: 0 <= rate < 1, "at least 0 and below 1")
        for flag in ("learning_rate", "clip_norm"):
            check(flag, getattr(self, flag), lambda x: 0 < x < math.inf, "a positive number")
        check_at_least(self, repeats=1)
        check("seed", self.seed, lambda n: 0 <= n < 2**31, "an integer from 0 to 2147483647")
        for flag in {"text_column", "label_column", "header"} - set(self.DATA_FIELDS):
            check(flag, getattr(self, flag), lambda value: value is None, "none: these data have no columns")

    @property
    def vectors_source(self):
        """What pretrained vectors the model began with, for its card; "" for none."""
        return ""

    def files(self):
        """The files that are given, as a text."""
        return ", ".join(getattr(self, field) for field in self.FILE_FIELDS if getattr(self, field))

    def source(self):
        """Arguments of `datasets.labeled.load`: path or name, folder, columns, header."""
        return self.data, self.data_dir, self.text_column, self.label_column, self.header
