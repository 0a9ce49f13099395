"""Flags of the command line as dataclasses: parsing, config files, and messages of one line for wrong ones."""

import contextlib
import dataclasses
import io
import itertools
import re
import typing
from pathlib import Path

import tyro

from seqzoo.errors import UsageError
from seqzoo.recipe.config import check
from seqzoo.training import run_folder

OPTIONAL = {  # flags that are true, false, or not given
    f"--{text}": f"--{flag}={value}" for flag in ("header", "resume") for text, value in ((flag, True), (f"no-{flag}", False))
}
RENAMED = {
    "--seconds": "--checkpoint-seconds",
    "--wait": "--worker-timeout",
    "--settle": "--transpose-until",
    "--to": "--folder",
}


def parse(flags_class, arguments, program, default=None):
    """The arguments as a `flags_class`; a `UsageError` of one line where they do not fit."""
    arguments = [OPTIONAL.get(argument, argument) for argument in arguments]
    _check_renamed(flags_class, arguments)
    _check_characters(arguments)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            return tyro.cli(flags_class, args=arguments, prog=f"python -m {program}", default=default)
    except SystemExit as end:
        if end.code == 0:  # -h
            print(printed.getvalue(), end="")
            raise
        raise UsageError(_first_sentence(printed.getvalue())) from None


def _name(argument):
    """The flag of `--flag=value`; `--learning_rate` is `--learning-rate`, as for tyro."""
    return argument.partition("=")[0].replace("_", "-")


def _check_renamed(flags_class, arguments):
    names = {flag_of(flags_class, field.name) for field in dataclasses.fields(flags_class)}
    for old in map(_name, arguments):
        if RENAMED.get(old) in names and old not in names:
            raise UsageError(f"{old}: expected {RENAMED[old]}, its new name")


def _check_characters(arguments):
    """Refuses names of files that no config.json can hold. Of a text, what is not UTF-8 becomes a question mark."""
    for flag, following in itertools.pairwise([*arguments, ""]):
        if flag.startswith("--"):
            value = ascii(flag.partition("=")[2] or following)
            check(_name(flag).removeprefix("--"), value, lambda value: r"\udc" not in value, "a value in UTF-8")


def _first_sentence(panel):
    """The message of tyro's framed error: the text between its title and the next rule."""
    rows = [row.strip("│╭╮╰╯─ ") for row in panel.splitlines()]
    parts = [part.split("\n") for part in re.split(r"\n-*\n", "\n".join(rows).strip())]
    message = " ".join(parts[0][1:] or parts[1])
    return re.sub(r"^Error parsing (\w+: )?", "", message)


def parse_config(config_class, arguments, program, default=None):
    """The config: flags over `--config FILE` over the default."""
    arguments, file = _without_config(arguments)
    check("config", file, lambda file: file != "", "a file")
    return parse(config_class, arguments, program, default if file is None else from_file(config_class, Path(file), default))


def _without_config(arguments):
    """`--config FILE` or `--config=FILE` taken out of the arguments."""
    for i, argument in enumerate(arguments):
        if argument.startswith("--config="):
            return arguments[:i] + arguments[i + 1 :], argument.partition("=")[2]
        if argument == "--config":
            if i + 1 == len(arguments):
                raise UsageError("--config: expected a file, got nothing")
            return arguments[:i] + arguments[i + 2 :], arguments[i + 1]
    return arguments, None


def from_file(config_class, path, default=None):
    """A `config.json`, read as the flags that it stands for."""
    values, names = run_folder.read_json(path), [field.name for field in dataclasses.fields(config_class)]
    unknown = sorted(set(values) - set(names))
    if unknown:
        raise UsageError(f"{path}: unknown setting {unknown[0]!r}; the settings are {', '.join(names)}")
    try:
        arguments = [flag for name, value in values.items() for flag in _arguments_of(config_class, name, value)]
        return parse(config_class, arguments, "", default)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def _arguments_of(config_class, name, value):
    flag, default = flag_of(config_class, name), getattr(config_class, name)
    check(name, value, lambda value: not (isinstance(value, str) and "\0" in value), "a text without NUL")
    if isinstance(default, bool):
        check(name, value, lambda v: isinstance(v, bool), "true or false")
        return [flag if value else flag.replace("--", "--no-", 1)]
    if isinstance(default, tuple) and isinstance(value, list):
        return [flag, *map(str, value)] if value else []
    return [f"{flag}={value}"]


def flag_of(flags_class, name):
    """The flag of a field: `--data-dir` of `data_dir`, or the name that `tyro.conf.arg` gives it."""
    metadata = getattr(typing.get_type_hints(flags_class, include_extras=True)[name], "__metadata__", ())
    names = [entry.name for entry in metadata if getattr(entry, "name", None)]
    return f"--{(names or [name])[0].replace('_', '-')}"


def given_fields(flags_class, arguments):
    """Names of the fields whose flags are among the arguments."""
    given = {_name(argument).replace("--no-", "--", 1) for argument in arguments if argument.startswith("--")}
    return {field.name for field in dataclasses.fields(flags_class) if flag_of(flags_class, field.name) in given}


def model_name(name, flags):
    """The name of the model that the flags select: the recipe's, or another by their `model_name`."""
    return getattr(flags, "model_name", None) or name
