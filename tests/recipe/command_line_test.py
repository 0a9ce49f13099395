"""The command line of a recipe that records what its verbs are given."""

import contextlib
import dataclasses
import importlib
import io
import json
import os
import signal
import sys
import time
from typing import Literal

import pytest

from seqzoo import presets, recipe
from seqzoo.errors import DataError, UsageError
from seqzoo.recipe import train
from seqzoo.recipe.flags import given_fields

main_module = importlib.import_module("seqzoo.recipe.main")  # `recipe.main` is the function


@dataclasses.dataclass(frozen=True)
class Config(recipe.Config):
    data: str = "toy"
    task: Literal["classes", "rating"] = "classes"
    """What is predicted."""
    dense: tuple[int, ...] = ()
    """Sizes."""


@pytest.fixture
def calls(monkeypatch, tmp_path):
    """(verb, its arguments) of every call, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    return []


class Recorded(BaseException):
    """Ends a verb that reads test data."""


class ToyTask(recipe.Task):
    def __init__(self, calls):
        self.calls = calls

    def predict(self, folder, lines):
        self.calls.append(("predict", lines, folder))
        return (f"answer\t1.000\t{line}" for line in lines)


def toy_recipe(task=None, load_data=None, **options):
    return recipe.Recipe("toy", Config, load_data, None, task or recipe.Task(), **options)


@pytest.fixture
def toy(calls, tmp_path, monkeypatch):
    """Runs the recipe "toy" with some arguments; returns what the verb was given."""

    def run(*arguments):
        def record(config, folder):
            calls.append((arguments[0], config, folder))
            raise Recorded

        monkeypatch.setattr(presets, "load", lambda folder: folder)
        monkeypatch.setattr(train, "train_and_save", lambda recipe, *given, **options: calls.append(("train", *given)))
        with contextlib.suppress(Recorded):
            recipe.main(toy_recipe(ToyTask(calls), load_model_data=record), list(arguments))
        return calls[-1] if calls else None

    return run


@pytest.fixture
def trained(tmp_path, calls):
    """runs/toy as a run of `--units 7` left it."""
    return trained_folder(tmp_path / "runs" / "toy", units=7)


def trained_folder(folder, **values):
    folder.mkdir(parents=True)
    (folder / "model.keras").write_bytes(b"")
    (folder / "config.json").write_text(json.dumps(dataclasses.asdict(Config(**values))))
    return folder


@pytest.fixture
def refused(toy, tmp_path, capsys, calls):
    """Runs it with arguments that cannot be; returns the one line."""

    def run(*arguments):
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(SystemExit) as end:
            toy(*arguments)
        said = capsys.readouterr()
        assert end.value.code == 2 and said.out == "" and calls == []
        assert said.err.startswith("error: ") and said.err.count("\n") == 1 and said.err.endswith("\n")
        assert sorted(tmp_path.rglob("*")) == before
        return said.err

    return run


# Verbs.


@pytest.mark.parametrize("arguments", [(), ("train",), ("--units", "64"), ("train", "--units=64")])
def test_train_is_the_verb_where_there_is_none(toy, arguments):
    verb, config, folder = toy(*arguments)
    assert (verb, config, str(folder)) == ("train", Config(), "runs/toy")


@pytest.mark.parametrize("verb", ["evaluate", "inspect"])
def test_the_other_verbs_start_from_the_runs_own_settings(toy, trained, verb, capsys):
    name, config, folder = toy(verb, "--data", "other.csv")
    assert (name, config) == (verb, Config(units=7, data="other.csv")) and folder.samefile(trained)
    said = capsys.readouterr()
    assert said.out == "" and "runs/toy" in said.err  # which model it took


def test_the_model_of_out_is_read(toy, trained, tmp_path, capsys):
    other = trained_folder(tmp_path / "other", units=9)
    for verb in ("evaluate", "predict"):
        assert toy(verb, *(["text"] if verb == "predict" else []), "--out", str(other))[2] == other
    assert "model:" not in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["evaluate", "predict", "inspect"])
def test_without_a_model_there_is_nothing_to_ask(refused, verb):
    assert "toy" in refused(verb, *(["text"] if verb == "predict" else []))
    assert "nowhere" in refused(verb, "--out", "nowhere", *(["text"] if verb == "predict" else []))


# Flags.


def test_every_setting_is_a_flag(toy):
    _, config, folder = toy(
        *("--data", "d.csv", "--data-dir", "dir", "--text-column", "t", "--label-column", "3", "--cell", "lstm-peephole"),
        *("--units", "3", "--depth", "2", "--no-bidirectional", "--dropout", "0.1", "--recurrent-dropout", "0.2"),
        *("--epochs", "4", "--batch-size", "5", "--learning-rate", "1e-2", "--clip-norm", "2", "--seed", "6"),
        *("--precision", "mixed_bfloat16", "--quick", "--out", "o", "--task", "rating", "--dense", "3", "4"),
    )
    expected = {
        **{"data": "d.csv", "data_dir": "dir", "text_column": "t", "label_column": "3", "cell": "lstm-peephole"},
        **{"units": 3, "depth": 2, "bidirectional": False, "dropout": 0.1, "recurrent_dropout": 0.2, "epochs": 4},
        **{"batch_size": 5, "learning_rate": 0.01, "clip_norm": 2.0, "seed": 6, "precision": "mixed_bfloat16"},
        **{"quick": True, "out": "o", "task": "rating", "dense": (3, 4)},
    }
    assert config == Config(**expected) and str(folder) == "o"


@pytest.mark.parametrize("flags, header", [((), None), (("--header",), True), (("--no-header",), False)])
def test_whether_there_is_a_header_is_guessed_unless_said(toy, flags, header):
    assert toy(*flags)[1].header is header


@pytest.mark.parametrize("form", [("--config", "a.json"), ("--config=a.json",)])
def test_flags_win_over_the_file_and_the_file_over_the_defaults(toy, tmp_path, form):
    (tmp_path / "a.json").write_text(json.dumps({"units": 5, "depth": 2, "header": False, "dense": [1, 2]}))
    assert toy(*form)[1] == Config(units=5, depth=2, header=False, dense=(1, 2))
    assert toy("--units", "6", *form)[1] == Config(units=6, depth=2, header=False, dense=(1, 2))
    assert toy(*form, "--header", "--epochs", "3")[1] == Config(units=5, depth=2, header=True, epochs=3, dense=(1, 2))


def test_a_whole_number_will_do_for_a_real_one(toy, tmp_path):
    (tmp_path / "a.json").write_text('{"dropout": 0, "learning_rate": 1, "out": null, "header": null}')
    assert toy("--config", "a.json")[1] == Config(learning_rate=1)


@pytest.mark.parametrize("verb", ["evaluate", "inspect"])
@pytest.mark.parametrize("flag", ["--units", "--batch-size", "--quick", "--task", "--config"])
def test_a_trained_model_takes_no_other_settings_than_those_of_data(refused, toy, trained, tmp_path, verb, flag, capsys, calls):
    (tmp_path / "a.json").write_text(json.dumps({"batch_size": 3}))
    assert flag in refused(verb, flag, *{"--config": ["a.json"], "--quick": []}.get(flag, ["5"]))
    with pytest.raises(SystemExit):
        toy(verb, "-h")
    assert flag not in (text := capsys.readouterr().out) and "--data" in text and "--out" in text


def test_a_written_configuration_is_read_back(toy, tmp_path):
    config = Config(units=3, bidirectional=False, header=True, data="größe.csv", dense=(2,), learning_rate=1e-5)
    (tmp_path / "a.json").write_text(json.dumps(dataclasses.asdict(config)))
    assert toy("--config", "a.json")[1] == config


# Help.


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_lists_the_verbs(toy, calls, capsys, flag):
    toy(flag)
    said = capsys.readouterr()
    assert all(verb in said.out for verb in ("train", "evaluate", "predict", "inspect")) and "recipes.toy" in said.out
    assert said.err == "" and calls == []


@pytest.mark.parametrize("verb", ["train", "evaluate", "predict", "inspect"])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_each_verb_has_its_help(toy, calls, capsys, verb, flag):
    with pytest.raises(SystemExit) as end:
        toy(verb, flag)
    said = capsys.readouterr()
    assert end.value.code == 0 and said.err == "" and calls == []
    assert f"recipes.toy {verb}" in said.out and "--out" in said.out
    assert {"predict": "--file", "train": "--learning-rate"}.get(verb, "--text-column") in said.out


# What cannot be.


@pytest.mark.parametrize(
    "arguments, named",
    [
        (["--cel", "gru"], "--cel"),
        (["--learning_rat", "1"], "--learning"),
        (["--nonsense"], "--nonsense"),
        (["trian"], "trian"),
        (["evalute", "--units", "3"], "evalute"),
        (["evaluate", "predict"], "predict"),
        (["--cell", "transformer"], "--cell"),
        (["--precision", "float8"], "--precision"),
        (["--task", "rank"], "--task"),
        (["--units"], "--units"),
        (["--units", "many"], "--units"),
        (["--units", "2.5"], "--units"),
        (["--units", "-3"], "--units"),
        (["--units", "0"], "--units"),
        (["--depth", "0"], "--depth"),
        (["--epochs", "-1"], "--epochs"),
        (["--epochs", "0"], "--epochs"),
        (["--batch-size", "0"], "--batch-size"),
        (["--learning-rate", "nan"], "--learning-rate"),
        (["--learning-rate", "inf"], "--learning-rate"),
        (["--learning-rate", "-1"], "--learning-rate"),
        (["--learning-rate", "0"], "--learning-rate"),
        (["--clip-norm", "nan"], "--clip-norm"),
        (["--dropout", "1"], "--dropout"),
        (["--dropout", "nan"], "--dropout"),
        (["--recurrent-dropout", "-0.1"], "--recurrent-dropout"),
        (["--seed", "-1"], "--seed"),
        (["--seed", str(2**31)], "--seed"),
        (["--config"], "--config"),
        (["--config", "none.json"], "none.json"),
        (["--config=none.json"], "none.json"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_flag_that_cannot_be_is_one_line_that_names_it(refused, arguments, named):
    assert named in refused(*arguments)


@pytest.mark.parametrize("verb", ["train", "evaluate", "inspect"])
def test_a_bad_flag_of_any_verb_is_one_line(refused, trained, verb):
    assert "--units" in refused(verb, "--units", "-3")
    assert "--nonsense" in refused(verb, "--nonsense", "3")


@pytest.mark.parametrize(
    "content, named",
    [
        ("", "JSON"),
        ("{", "JSON"),
        ("[1, 2]", "list"),
        ("3", "int"),
        ('{"unit": 3}', "'unit'"),
        ('{"units": -3}', "units"),
        ('{"units": "many"}', "units"),
        ('{"units": 2.5}', "units"),
        ('{"units": null}', "units"),
        ('{"units": [3]}', "units"),
        ('{"units": true}', "units"),
        ('{"learning_rate": "fast"}', "learning"),
        ('{"learning_rate": NaN}', "learning"),
        ('{"cell": "transformer"}', "cell"),
        ('{"cell": 3}', "cell"),
        ('{"precision": "float8"}', "precision"),
        ('{"task": "rank"}', "task"),
        ('{"bidirectional": "yes"}', "bidirectional"),
        ('{"header": "maybe"}', "header"),
        ('{"seed": 1e300}', "seed"),
        ('{"dense": ["a"]}', "dense"),
    ],
)
def test_a_broken_configuration_is_one_line_that_names_what(refused, tmp_path, content, named):
    (tmp_path / "a.json").write_text(content)
    assert named in refused("--config", "a.json")


@pytest.mark.parametrize("content", [b"\xff\xfe{}", b"\x00" * 9])
def test_a_configuration_that_is_no_text_is_one_line(refused, tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    assert "a.json" in refused("--config", "a.json")
    assert str(tmp_path) in refused("--config", str(tmp_path))


def test_a_broken_configuration_of_a_run_is_one_line_that_names_the_file(refused, trained):
    for content in ("{", '{"unit": 3}', '{"units": "many"}'):
        (trained / "config.json").write_text(content)
        assert "config.json" in refused("evaluate", "--out", str(trained))


@pytest.fixture
def raising(monkeypatch, tmp_path):
    """Trains the toy, which raises an error."""
    monkeypatch.chdir(tmp_path)

    def run(error):
        def fail(*given, **options):
            raise error

        monkeypatch.setattr(train, "train_and_save", fail)
        recipe.main(toy_recipe(), [])

    return run


@pytest.mark.parametrize("error", [DataError("a.csv: empty"), FileExistsError("--out: no"), UsageError("--data: no")])
def test_an_error_of_a_verb_is_one_line(error, capsys, raising):
    with pytest.raises(SystemExit) as end:
        raising(error)
    assert end.value.code == 2 and capsys.readouterr().err == f"error: {error}\n"


def test_an_interrupt_ends_without_a_traceback(capsys, raising):
    with pytest.raises(SystemExit) as end:
        raising(KeyboardInterrupt())
    assert end.value.code == 130 and "Traceback" not in capsys.readouterr().err


def test_a_bug_is_not_called_an_error_of_the_user(raising):
    with pytest.raises(ZeroDivisionError):
        raising(ZeroDivisionError())


# What `predict` reads.


@pytest.fixture
def typed(monkeypatch):
    def put(content):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))

    return put


def test_predict_takes_arguments(toy, trained, capsys):
    assert toy("predict", "a good film", "bad")[1] == ["a good film", "bad"]
    assert capsys.readouterr().out == "answer\t1.000\ta good film\nanswer\t1.000\tbad\n"


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_predict_takes_a_file_or_standard_input(toy, trained, tmp_path, typed, ends, start):
    content = start + f"größe 😀{ends}bad".encode()
    (tmp_path / "f.txt").write_bytes(content)
    typed(content)
    assert toy("predict", "--file", "f.txt")[1] == ["größe 😀", "bad"]
    assert toy("predict")[1] == ["größe 😀", "bad"]


@pytest.mark.parametrize("inside", ["\u2028", "\x0b", "\x0c", "\x85", "\x1c"])
def test_only_line_ends_end_a_line(toy, trained, typed, inside):
    typed(f"one{inside}text\nanother\n".encode())
    assert toy("predict")[1] == [f"one{inside}text", "another"]


def test_predict_takes_texts_or_a_file(refused, trained, tmp_path):
    (tmp_path / "f.txt").write_text("a\n")
    assert "--file" in refused("predict", "text", "--file", "f.txt")


@pytest.mark.parametrize("content", [b"", b"\n \n\t\n", b"\xef\xbb\xbf"])
def test_nothing_to_predict_is_one_line(refused, trained, tmp_path, typed, content):
    (tmp_path / "f.txt").write_bytes(content)
    assert "f.txt" in refused("predict", "--file", "f.txt")
    typed(content)
    assert "standard input" in refused("predict")


def test_what_is_not_utf8_is_one_line_with_its_number(refused, trained, tmp_path, typed):
    content = "fine\ngröße".encode("latin-1")
    (tmp_path / "f.txt").write_bytes(content)
    line = refused("predict", "--file", "f.txt")
    assert "f.txt:2" in line and "UTF-8" in line
    typed(content)
    assert "line 2" in refused("predict")


@pytest.mark.parametrize("name", ["none.txt", "."])
def test_a_file_that_cannot_be_read_is_one_line(refused, trained, name):
    assert name in refused("predict", "--file", name)


@pytest.mark.parametrize("arguments", [["--units", "3", "text"], ["--nonsense"], ["--file"]])
def test_a_bad_flag_of_predict_is_one_line(refused, trained, arguments):
    assert arguments[0] in refused("predict", *arguments)


# Further verbs.


@dataclasses.dataclass(frozen=True)
class GenerateFlags:
    n: int = 5
    out: str | None = None


@dataclasses.dataclass(frozen=True)
class ScoreFlags(recipe.PredictFlags):
    picture: str | None = None


def run_command(calls, *arguments):
    def score(flags, folder):
        calls.append((flags.lines("score"), flags.picture))
        return flags.lines("score")

    commands = {
        "generate": recipe.Command(GenerateFlags, lambda flags, folder: calls.append((flags, str(folder))), "new texts"),
        "score": recipe.Command(ScoreFlags, score, "scores"),
    }
    recipe.main(toy_recipe(commands=commands), list(arguments))


def test_a_command_gets_its_flags_and_the_models_folder(calls, trained):
    run_command(calls, "generate", "--n", "3")
    assert calls == [(GenerateFlags(n=3), "runs/toy")]


def test_a_command_with_the_flags_of_predict_gets_lines_and_what_it_adds(calls, trained, capsys):
    run_command(calls, "score", "a text", "--picture", "p.png")
    assert calls == [(["a text"], "p.png")] and capsys.readouterr().out == "a text\n"
    with pytest.raises(SystemExit):
        run_command(calls, "score", "")
    assert "error: score: expected at least one line of text, got none" in capsys.readouterr().err


def test_a_renamed_flag_gets_its_new_name(refused):
    assert "--seconds: expected --checkpoint-seconds, its new name" in refused("--seconds", "3")
    assert "--wait: expected --worker-timeout, its new name" in refused("search", "--wait=3")


def test_a_flag_may_have_underscores(toy):
    assert toy("--learning_rate", "0.5", "--batch_size=5")[1] == Config(learning_rate=0.5, batch_size=5)
    assert given_fields(Config, ["--learning_rate", "1", "--no-bidirectional", "--units=3"]) == {
        *("learning_rate", "bidirectional", "units"),
    }


# Boundaries: whatever a file, a model or a task raises is one line.


@pytest.mark.parametrize(
    "error", [ValueError("a\nb"), RecursionError("deep"), KeyError("x"), MemoryError(), ZeroDivisionError()]
)
def test_what_reading_data_or_a_model_raises_is_one_line_with_its_cause(tmp_path, trained, capsys, monkeypatch, error):
    def fail(*given, **options):
        raise error

    task = recipe.Task()
    task.predict = fail
    for arguments in (["train"], ["predict", "text"]):
        monkeypatch.setattr(presets, "load", lambda folder: folder)
        with pytest.raises(SystemExit) as end:
            recipe.main(toy_recipe(task, load_data=fail), arguments)
        (line,) = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("model: ")]
        assert end.value.code == 2 and line.startswith("error: ") and type(error).__name__ in line
        assert ("toy" if arguments == ["train"] else "predict, runs/toy") in line


def test_a_traceback_is_shown_where_it_is_asked_for(raising, capsys, monkeypatch):
    monkeypatch.setenv("SEQZOO_TRACEBACK", "1")
    with pytest.raises(SystemExit):
        raising(DataError("a.csv: empty"))
    err = capsys.readouterr().err
    assert err.startswith("Traceback") and err.endswith("error: a.csv: empty\n")


@pytest.mark.parametrize("verb", ["evaluate", "predict", "inspect"])
def test_a_model_of_another_recipe_is_refused(refused, trained, tmp_path, verb):
    (trained / "metrics.json").write_text(json.dumps({"command": "python -m recipes.other train"}))
    line = refused(verb, *(["text"] if verb == "predict" else []), "--out", "runs/toy")
    assert "runs/toy holds a model of recipes.other, expected one of recipes.toy" in line


@pytest.mark.parametrize("arguments", [["--data", "b\udce9.csv"], ["--data=b\udce9.csv"], ["evaluate", "--out", "\udcff"]])
def test_a_name_that_is_not_utf8_is_one_line(refused, trained, arguments):
    assert "expected a value in UTF-8" in refused(*arguments)


@pytest.mark.parametrize("arguments", [["--units", "1000000000"], ["--depth", "100000"], ["--batch-size", "10000000000"]])
def test_what_fits_into_no_memory_has_a_bound(refused, arguments):
    assert f"{arguments[0]}: expected at most" in refused(*arguments)


@pytest.mark.parametrize("flag", ["--text-column", "--label-column", "--header"])
def test_columns_are_refused_where_data_have_none(flag, capsys):
    class Plain(Config):
        DATA_FIELDS = ("data",)

    with pytest.raises(UsageError, match=f"{flag}: expected none"):
        Plain(**{flag.removeprefix("--").replace("-", "_"): "1"})


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_each_kind_of_line_end_ends_a_line(toy, trained, typed, end):
    typed(f"one{end}another{end}".encode())
    assert toy("predict")[1] == ["one", "another"]


def test_a_pipe_for_a_file_is_not_waited_for(refused, trained, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "pipe: a pipe or a device" in refused("predict", "--file", "pipe")


@pytest.mark.parametrize("verb, status", [("predict", 0), ("train", 141)])
def test_a_reader_that_has_enough_ends_the_output_in_silence(calls, trained, tmp_path, monkeypatch, capsys, verb, status):
    """As `| head -1` does. A training that it cuts off is no success."""

    def broken(*given, **options):
        raise BrokenPipeError

    task = recipe.Task()
    task.predict = broken
    monkeypatch.setattr(presets, "load", lambda folder: folder)
    monkeypatch.setattr(train, "train_and_save", broken)
    monkeypatch.setattr(main_module, "_discard_output", lambda: None)
    with pytest.raises(SystemExit) as end:
        recipe.main(toy_recipe(task), [verb, *(["text"] if verb == "predict" else [])])
    assert end.value.code == status and "error" not in capsys.readouterr().err
    assert not list(tmp_path.rglob("unfinished"))


def test_sigterm_ends_in_order(monkeypatch, calls, tmp_path):
    def terminated(*given, **options):
        assert (tmp_path / "runs" / "toy" / "unfinished").exists()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(train, "train_and_save", terminated)
    with pytest.raises(SystemExit) as end:
        recipe.main(toy_recipe(), [])
    assert end.value.code == 143 and signal.getsignal(signal.SIGTERM) == before
    assert not list(tmp_path.iterdir())  # no folder of a training that has nothing to go on from


def test_sigterm_in_a_destructor_comes_again(monkeypatch, calls, tmp_path):
    """Python prints an error that it cannot raise, and goes on."""

    class Terminated:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGTERM)
            sum(range(1000))  # the handler runs here

    def train_slowly(*given, **options):
        Terminated()
        time.sleep(5)
        raise AssertionError

    monkeypatch.setattr(train, "train_and_save", train_slowly)
    with pytest.raises(SystemExit) as end:
        recipe.main(toy_recipe(), [])
    assert end.value.code == 143


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_closed_stream_is_no_traceback(toy, trained, monkeypatch, name):
    monkeypatch.setattr(sys, name, None)
    assert toy("predict", "text")[1] == ["text"]


def test_a_closed_standard_input_is_one_line(refused, trained, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert "standard input: closed" in refused("predict")


@pytest.mark.parametrize(
    "arguments", [["--data", ""], ["predict", "--file", ""], ["--config", ""], ["--out", ""], ["predict", "a", "--out", ""]]
)
def test_an_empty_name_is_one_line_that_names_the_flag(trained, tmp_path, capsys, arguments):
    with pytest.raises(SystemExit) as end:
        recipe.main(toy_recipe(load_data=None), arguments)
    (line,) = capsys.readouterr().err.splitlines()
    assert end.value.code == 2 and line.startswith(f"error: {arguments[-2]}: expected")


def test_nul_in_a_config_is_one_line(refused, tmp_path):
    (tmp_path / "a.json").write_text('{"out": "a\\u0000b"}')
    line = refused("--config", "a.json")
    assert "--out: expected a text without NUL" in line and "\0" not in line
