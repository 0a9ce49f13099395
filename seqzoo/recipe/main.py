"""The command line of every recipe: `python -m recipes.NAME [VERB] [FLAGS]`."""

import contextlib
import errno
import functools
import os
import signal
import sys
import threading
import traceback
from pathlib import Path

from seqzoo import backend
from seqzoo.errors import DataError, UsageError, boundary, one_line, wants_traceback
from seqzoo.recipe.evaluate import evaluate
from seqzoo.recipe.flags import parse, parse_config
from seqzoo.recipe.inspect import inspect
from seqzoo.recipe.predict import predict
from seqzoo.recipe.search import search
from seqzoo.recipe.train import train
from seqzoo.training import run_folder

SHARED = {  # verb: its function of (recipe, arguments), and its help
    "train": (train, "train, evaluate on the test split, save"),
    "evaluate": (evaluate, "metrics of a trained model beside the baselines"),
    "predict": (predict, "one line of output for each input, from arguments, a file or standard input"),
    "inspect": (inspect, "plots of a trained model"),
    "search": (search, "hyperparameter search, compared with the recipe's defaults"),
}
DISK_FULL = errno.ENOSPC, errno.EDQUOT, errno.EFBIG
BROKEN_PIPE = 128 + signal.SIGPIPE
DISK_FULL_MESSAGE = "the disk takes no more: free some space; --resume goes on with a training or a search"


def main(recipe, arguments=None):
    """Runs one verb of a recipe and exits: with status 0, or 2 after one line `error: ...` on standard error.

    With `SEQZOO_TRACEBACK=1` in the environment a traceback stands before the line.

    Args:
        recipe: a `Recipe`.
        arguments: of the command line; those of the process if None.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        getattr(stream, "reconfigure", dict)(errors="backslashreplace")  # for terminals without a letter
    try:
        with _terminated_in_order():
            _run(recipe, arguments)
            sys.stdout.flush()
    except BrokenPipeError:  # the reader of the output, such as `head`, has enough
        _discard_output()
        sys.exit(BROKEN_PIPE if _is_training(recipe, arguments) else 0)
    except (DataError, UsageError, OSError, FloatingPointError) as error:
        if wants_traceback():
            traceback.print_exc()
        full = getattr(error, "errno", None) in DISK_FULL
        print(f"error: {DISK_FULL_MESSAGE if full else one_line(error)}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


@contextlib.contextmanager
def _terminated_in_order():
    """Context in which SIGTERM ends the process as an exit does: what is unfinished is cleaned up, and workers end."""
    if threading.current_thread() is not threading.main_thread():  # only there signals have handlers
        yield
        return
    end, report = SystemExit(128 + signal.SIGTERM), sys.unraisablehook

    def terminate(*_):
        raise end

    def terminate_later(unraisable):
        """Where Python could not raise it, as in a destructor, the signal comes again."""
        if unraisable.exc_value is not end:
            return report(unraisable)
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()

    before, sys.unraisablehook = signal.signal(signal.SIGTERM, terminate), terminate_later
    try:
        yield
    finally:
        sys.unraisablehook = report
        signal.signal(signal.SIGTERM, before)


def _open_closed_streams():
    """Replaces output streams that are closed, `>&-`, by ones that discard what is written."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  (open until the process ends)


def _discard_output():
    """Sends what is still to be written to nowhere: Python would report that it cannot."""
    with open(os.devnull, "w") as nowhere, contextlib.suppress(OSError, ValueError):  # no real file, in tests
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _is_training(recipe, arguments):
    """Whether the verb writes a run, which is not complete when its output breaks off."""
    verb = arguments[0] if arguments and arguments[0] in verbs_of(recipe) else "train"
    return verb in ("train", "search")


def _run(recipe, arguments):
    verbs = verbs_of(recipe)
    if arguments[:1] in (["-h"], ["--help"]):
        return print(_usage(recipe.name, verbs))
    if arguments and not arguments[0].startswith("-") and arguments[0] not in verbs:
        expected = f"expected a verb ({', '.join(verbs)}) or a flag"
        raise UsageError(f"{arguments[0]}: {expected}; see python -m recipes.{recipe.name} -h")
    if not arguments or arguments[0] not in verbs:
        arguments = ["train", *arguments]
    backend.cache_compiled(Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "seqzoo", "jax").expanduser())
    run, _ = verbs[arguments[0]]
    run(arguments[1:])


def verbs_of(recipe):
    """`{verb: (function of the arguments, help)}` of a recipe: the shared verbs and its commands."""
    verbs = {verb: (functools.partial(SHARED[verb][0], recipe), SHARED[verb][1]) for verb in recipe.verbs}
    for verb, command in recipe.commands.items():
        verbs[verb] = functools.partial(_run_command, recipe, verb, command), command.help
    order = ("train", "evaluate", "predict", *recipe.commands, "inspect", "search")
    return {verb: verbs[verb] for verb in order if verb in verbs}


def _run_command(recipe, verb, command, arguments):
    program = f"recipes.{recipe.name} {verb}"
    if command.new_run:
        flags = parse_config(command.flags, arguments, program)
        folder = Path(flags.out or f"runs/{recipe.name}")
        run_folder.check_replaceable(folder)
    else:
        flags = parse(command.flags, arguments, program)
        folder = recipe.trained_folder(flags)
    with boundary(f"{verb}, {folder}"):
        for line in command.run(flags, folder) or ():
            print(line, flush=True)


def _usage(name, verbs):
    lines = "\n".join(f"  {verb:10}{help}" for verb, (_, help) in verbs.items())
    return (
        f"python -m recipes.{name} [VERB] [FLAGS]\n\n{lines}\n\nWithout a verb: train. Flags of a verb: "
        f"python -m recipes.{name} train -h.\nVerbs that train also take --config FILE, a run's config.json; "
        "flags override it."
    )
