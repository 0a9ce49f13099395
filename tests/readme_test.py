"""README and docs hold: Python blocks print what stands below them, commands parse, links lead somewhere, lists are whole."""

import contextlib
import io
import math
import re
import runpy
import shlex
import sys
from pathlib import Path

import keras
import pytest
import tyro

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RECIPES = {path.stem for path in (ROOT / "recipes").glob("*.py")} - {"__init__"}

PYTHON = re.compile(r"^```python\n(.*?)^```$(?:\n\n```\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:KERAS_BACKEND=(\w+) )?\S*python3? -m recipes\.([a-z]\w*)([^\n`;]*)")
NUMBER = re.compile(r"-?\d+\.\d+")


def text_of(page):
    return page.read_text("utf-8")


# Python


def blocks_of(page):
    """Each ```python block, and the output that follows it: None where no block without a language does."""
    return [(code, output or None) for code, output in PYTHON.findall(text_of(page))]


def same(printed, expected):
    """Whether two texts are equal, and their decimal numbers to 1 %: a float32 sum depends on the machine."""
    if NUMBER.sub("#", printed).split() != NUMBER.sub("#", expected).split():
        return False
    pairs = zip(NUMBER.findall(printed), NUMBER.findall(expected), strict=True)
    return all(math.isclose(float(a), float(b), rel_tol=1e-2, abs_tol=1e-2) for a, b in pairs)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks_of(page)], ids=lambda page: page.name)
def test_the_python_blocks_of_a_page_print_what_stands_below_them(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for code, expected in blocks_of(page):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, page.name, "exec"), names)
        assert expected is None or same(printed.getvalue(), expected), printed.getvalue()


def test_numbers_are_compared_to_one_percent_and_words_exactly():
    assert same("a 0.501 b", "a 0.500\nb") and same("(2, 3)", "(2, 3)")
    assert not same("a 0.55", "a 0.5") and not same("a 1", "a 2") and not same("a 0.5", "b 0.5")


# Commands


def commands_of(page):
    """(backend, recipe, its arguments) of each `python -m recipes.X ...`; shell variables are filled in."""
    text = text_of(page).replace("\\\n", " ")
    for backend, recipe, flags in COMMAND.findall(text):
        filled = re.sub(r"\$\w+", "0", re.sub(r"\$\([^)]*\)", "host0", flags))
        yield backend or "tensorflow", recipe, tuple(shlex.split(filled, comments=True))


COMMANDS = sorted({command for page in PAGES for command in commands_of(page)})


class Parsed(BaseException):
    """The flags fit: nothing is run."""


def parse_only(flags):
    """`tyro.cli` that ends with `Parsed` once it has read a command's flags (those of a --config FILE come first)."""
    cli = tyro.cli

    def parse(*arguments, **options):
        config = cli(*arguments, **options)
        if options.get("args") or "--config" not in flags:
            raise Parsed
        return config

    return parse


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command[1]} {' '.join(command[2])}")
def test_a_command_has_a_verb_and_flags_that_its_recipe_takes(command, tmp_path, monkeypatch, capsys):
    backend, recipe, flags = command
    monkeypatch.chdir(tmp_path)
    if "--config" in flags:
        file = tmp_path / flags[flags.index("--config") + 1]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")
    monkeypatch.setattr(sys, "argv", [recipe, *flags])
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    monkeypatch.setattr(tyro, "cli", parse_only(flags))
    try:
        runpy.run_module(f"recipes.{recipe}", run_name="__main__", alter_sys=False)
        ended = "-h" in flags  # a recipe's own list of verbs
    except Parsed:
        ended = True
    except SystemExit as end:
        ended = not end.code and "-h" in flags
    assert ended, capsys.readouterr().err


@pytest.mark.parametrize("flags", [("--no-such-flag", "1"), ("no_such_verb",), ("predict", "--units", "3"), ("--units", "0")])
def test_a_command_that_a_recipe_refuses_fails(flags, tmp_path, monkeypatch, capsys):
    with pytest.raises(AssertionError, match="error"):
        test_a_command_has_a_verb_and_flags_that_its_recipe_takes(
            ("tensorflow", "sentiment", flags), tmp_path, monkeypatch, capsys
        )


def test_each_module_that_is_run_exists():
    modules = {module for page in PAGES for module in re.findall(r"-m ((?:benchmarks|examples)\.\w+)", text_of(page))}
    assert modules and all((ROOT / f"{module.replace('.', '/')}.py").exists() for module in modules), modules


# Lists and links


def sections(page):
    """{heading: the text below it}, of the second level."""
    parts = re.split(r"^## (.+)\n", text_of(page), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_readme_lists_every_recipe_with_a_command_and_a_link_to_its_section():
    rows = [line for line in sections(ROOT / "README.md")["Recipes"].splitlines() if line.startswith("| [")]
    below = {slug(heading): text for heading, text in sections(ROOT / "docs/recipes.md").items()}
    assert {re.match(r"\| \[(\w+)\]", row)[1] for row in rows} == RECIPES
    for row in rows:
        name, anchor = re.match(r"\| \[(\w+)\]\(docs/recipes\.md#([\w-]+)\)", row).groups()
        assert f"`python -m recipes.{name}" in row
        assert f"python -m recipes.{name}" in below[anchor]


def slug(heading):
    """The anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading(page):
    for target in LINK.findall(text_of(page)):
        path, _, anchor = target.partition("#")
        file = page if not path else page.parent / path
        assert target.startswith("https:") or file.exists(), target
        if anchor and not target.startswith("https:"):
            assert anchor in map(slug, re.findall(r"^#+ (.+)", text_of(file), re.MULTILINE)), target
