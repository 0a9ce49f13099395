"""The grammar that all recipes share: `python -m recipes.NAME [VERB] [FLAGS]`."""

import contextlib
import dataclasses
import io
import math
import re
import sys
from pathlib import Path
from typing import Literal

import tyro

from seqzoo import presets
from seqzoo.data.errors import DataError, one_line
from seqzoo.training import run

VERBS = {
    "train": "train, evaluate on the test split, save",
    "evaluate": "figures of a trained model beside the baselines",
    "predict": "one line for each text, of a file, or of standard input",
    "score": "how probable each text is, the most probable first",
    "fill": "the most probable words for the gap in a text",
    "generate": "something new",
    "inspect": "pictures of a trained model",
}


class UsageError(ValueError):
    """A flag that cannot be. The message is one line: the flag, what was expected, what was given."""


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


@dataclasses.dataclass(frozen=True)
class Predict:
    """One line for each input on standard output: label TAB probability TAB input."""

    texts: tyro.conf.Positional[tuple[str, ...]] = ()
    """The inputs; from --file or standard input if there are none."""
    file: str | None = None
    """A file with one input a line."""
    out: str | None = None
    """Folder of the run."""


def main(name, config_class, verbs, arguments=None, predict_class=Predict, asks=None):
    """Runs one verb of a recipe and exits: with status 0, or 2 after one line `error: ...` on standard error.

    Args:
        name: of the recipe.
        config_class: a subclass of `Settings`.
        verbs: {verb: function}: `train(config, folder)`, `evaluate(config, folder)`, `inspect(config, folder)`, and
            `predict(lines, folder)`, which yields a line for each.
        arguments: of the command line; those of the process if None.
        predict_class: `Predict`, or a subclass, of which `predict` gets the additional flags by name.
        asks: {verb: dataclass of its flags, with an `out`} of further verbs, functions `(asked, folder)`; of one that is a
            `Predict`, as of `predict`, `(lines, folder, **additional flags)`, which yields lines.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        getattr(stream, "reconfigure", dict)(errors="backslashreplace")  # where the terminal has no such letter
    try:
        _run(name, config_class, verbs, arguments, {"predict": predict_class} | (asks or {}))
    except (DataError, UsageError, OSError, FloatingPointError) as error:
        sys.exit(_fail(one_line(error)))
    except KeyboardInterrupt:
        sys.exit(130)


def _run(name, config_class, verbs, arguments, asks):
    if arguments[:1] in (["-h"], ["--help"]):
        return print(_usage(name, verbs))
    if arguments and not arguments[0].startswith("-") and arguments[0] not in verbs:
        raise UsageError(f"{arguments[0]}: expected a verb ({', '.join(verbs)}) or a flag; see python -m recipes.{name} -h")
    if not arguments or arguments[0] not in verbs:
        arguments = ["train", *arguments]
    verb, *flags = arguments
    if verb in asks:
        asked = parse(asks[verb], flags, f"recipes.{name} {verb}")
        if not isinstance(asked, Predict):
            return verbs[verb](asked, _trained(name, asked))
        lines, common = _lines(verb, asked), {field.name for field in dataclasses.fields(Predict)}
        added = {field.name: getattr(asked, field.name) for field in dataclasses.fields(asked) if field.name not in common}
        for line in verbs[verb](lines, _trained(name, asked), **added):
            print(line, flush=True)
    elif verb == "train":
        config = _configured(config_class, flags, f"recipes.{name} {verb}")
        folder = Path(config.out or f"runs/{_model(name, config)}")
        run.check_replaceable(folder)
        verbs[verb](config, folder)
    else:
        folder = _trained(name, _configured(config_class, flags, f"recipes.{name} {verb}"))
        learnt = from_file(config_class, folder / run.MARK)
        verbs[verb](_configured(config_class, flags, f"recipes.{name} {verb}", learnt), folder)


def _usage(name, verbs):
    listed = "\n".join(f"  {verb:10}{VERBS[verb]}" for verb in verbs)
    return (
        f"python -m recipes.{name} [VERB] [FLAGS]\n\n{listed}\n\nWithout a verb: train. "
        f"The flags of each: python -m recipes.{name} train -h; those that\n"
        "do not ask a trained model also take --config FILE, a config.json as a run leaves it, over which flags win."
    )


def _configured(config_class, flags, program, default=None):
    """The configuration: flags over --config FILE over the default."""
    flags, file = _without_config(flags)
    return parse(config_class, flags, program, default if file is None else from_file(config_class, Path(file), default))


def from_file(config_class, path, default=None):
    """A `config.json`, read as the flags that it stands for."""
    values, known = run.read_json(path), [field.name for field in dataclasses.fields(config_class)]
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
    guessed = {"--header": "--header=True", "--no-header": "--header=False"}  # a flag that may also be left open
    flags = [guessed.get(flag, flag) for flag in flags]
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


def _model(name, asked):
    """The name of the model that is asked for: a recipe's, unless its flags say another by a `model_name`."""
    return getattr(asked, "model_name", None) or name


def _trained(name, asked):
    """The folder of the model to read: --out, else runs/NAME if there is one, else the one that ships."""
    if asked.out is not None:
        return presets.find(asked.out)
    name = _model(name, asked)
    mine = Path("runs", name)
    folder = presets.find(mine if (mine / "model.keras").exists() else name)
    print(f"model: {folder}", file=sys.stderr)
    return folder


def _lines(verb, asked):
    """The inputs of a verb: arguments, a file's lines or standard input's."""
    if asked.texts and asked.file:
        raise UsageError(f"{verb}: expected texts or --file, got both")
    where = verb if asked.texts else asked.file or "standard input"
    lines = list(asked.texts) or _read_lines(asked, where)
    if not any(line.strip() for line in lines):
        raise UsageError(f"{where}: expected at least one line of text, got none")
    return lines


def _read_lines(asked, where):
    if asked.file is None and sys.stdin.isatty():
        print("one text a line, then Ctrl-D:", file=sys.stderr)
    try:
        content = Path(asked.file).read_bytes() if asked.file else sys.stdin.buffer.read()
        return content.decode("utf-8-sig").replace("\r\n", "\n").removesuffix("\n").split("\n")
    except OSError as error:
        raise UsageError(f"{where}: expected a readable file ({error.strerror})") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{where}: expected UTF-8 text, line {line} is not") from error


def note(message):
    """One line on standard error."""
    print(f"note: {message}", file=sys.stderr)


def _fail(message):
    print(f"error: {message}", file=sys.stderr)
    return 2
