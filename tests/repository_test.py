"""What the repository promises outside its code."""

import re
from pathlib import Path

import pytest

from seqzoo import presets

ROOT = Path(__file__).parents[1]


def readme_commands():
    """The README's first lines that make an environment."""
    return re.findall(r"^python3 -m venv .*$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_ci_runs_the_second_command_of_the_readme():
    run, check = readme_commands()
    assert run.endswith("-m recipes.sentiment")
    assert (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()[-1] == check


def test_shipped_models_are_small_and_have_a_card():
    assert presets.names() == ["sentiment"]
    for name in presets.names():
        folder = presets.find(name)
        assert sum(path.stat().st_size for path in folder.iterdir()) <= 5e6
        assert {"README.md", "config.json", "metrics.json", "curves.png"} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("a delightful, moving film", "positive"),
        ("the battery died after a week and support ignored me", "negative"),
    ],
)
def test_the_shipped_sentiment_model_answers(text, label):
    (answer,) = presets.load("sentiment").answers([text])
    assert answer.label == label
