"""The grammar that all recipes share: `python -m recipes.NAME [VERB] [FLAGS]`."""

import dataclasses
import errno
import sys
from pathlib import Path

import tyro

from seqzoo import presets
from seqzoo.errors import DataError, UsageError, one_line
from seqzoo.recipe import train
from seqzoo.recipe.flags import Settings as Settings  # recipes find here all that they need of flags
from seqzoo.recipe.flags import check as check
from seqzoo.recipe.flags import configured, from_file, model_name, parse
from seqzoo.training import run_folder

VERBS = {
    "train": "train, evaluate on the test split, save",
    "evaluate": "figures of a trained model beside the baselines",
    "predict": "one line for each text, of a file, or of standard input",
    "score": "how probable each text is, the most probable first",
    "fill": "the most probable words for the gap in a text",
    "generate": "something new",
    "inspect": "pictures of a trained model",
    "search": "better settings, by trying, compared with the recipe's own",
}
NO_ROOM = errno.ENOSPC, errno.EDQUOT, errno.EFBIG
FULL = "the disk takes no more: free some space; --resume goes on with a training or a search"


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
        sys.exit(_fail(FULL if getattr(error, "errno", None) in NO_ROOM else one_line(error)))
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
    if verb == "search":
        asked = configured(asks[verb], flags, f"recipes.{name} {verb}")
        verbs[verb](dataclasses.replace(asked, given=tuple(flags)), Path(asked.out or f"runs/{model_name(name, asked)}"))
    elif verb in asks:
        asked = parse(asks[verb], flags, f"recipes.{name} {verb}")
        if not isinstance(asked, Predict):
            return verbs[verb](asked, _trained(name, asked))
        lines, common = _lines(verb, asked), {field.name for field in dataclasses.fields(Predict)}
        added = {field.name: getattr(asked, field.name) for field in dataclasses.fields(asked) if field.name not in common}
        for line in verbs[verb](lines, _trained(name, asked), **added):
            print(line, flush=True)
    elif verb == "train":
        train.train(name, config_class, verbs[verb], flags)
    else:
        folder = _trained(name, configured(config_class, flags, f"recipes.{name} {verb}"))
        learnt = from_file(config_class, folder / run_folder.CONFIG_FILE)
        verbs[verb](configured(config_class, flags, f"recipes.{name} {verb}", learnt), folder)


def _usage(name, verbs):
    listed = "\n".join(f"  {verb:10}{VERBS[verb]}" for verb in verbs)
    return (
        f"python -m recipes.{name} [VERB] [FLAGS]\n\n{listed}\n\nWithout a verb: train. "
        f"The flags of each: python -m recipes.{name} train -h; those that\n"
        "do not ask a trained model also take --config FILE, a config.json as a run leaves it, over which flags win."
    )


def _trained(name, asked):
    """The folder of the model to read: --out, else runs/NAME if there is one, else the one that ships."""
    if asked.out is not None:
        return presets.find(asked.out)
    name = model_name(name, asked)
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
