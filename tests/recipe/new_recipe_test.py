"""CONTRIBUTING's "Add a recipe", followed to the letter: a dozen lines have every shared verb."""

import json
import re
from pathlib import Path

import pytest

from seqzoo.recipe import main

ROOT = Path(__file__).parents[2]
TINY = ["--units", "3", "--embedding", "3", "--tokens", "word", "--epochs", "1"]


@pytest.fixture
def spam():
    """The recipe of the example."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Add a recipe")[2].partition("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len([line for line in code.splitlines() if line]) <= 12
    names = {"__name__": "recipes.spam"}
    exec(compile(code, "recipes/spam.py", "exec"), names)
    return names["RECIPE"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{'win a prize' if i % 2 else 'see you at'} {i},{'spam' if i % 2 else 'ham'}" for i in range(60)]
    (tmp_path / "spam.csv").write_text("\n".join(["text,label", *rows]))
    return tmp_path / "runs" / "spam"


def test_it_trains_predicts_evaluates_inspects_and_searches(spam, here, capsys):
    main(spam, TINY)
    assert json.loads((here / "config.json").read_text())["data"] == "spam.csv"
    card = (here / "README.md").read_text()
    assert card.startswith("# runs/spam\n") and "VADER" not in card and "Limitations" not in card
    main(spam, ["predict", "win a prize 7"])
    assert capsys.readouterr().out.splitlines()[-1].split("\t")[0] in ("ham", "spam")
    main(spam, ["evaluate"])
    assert "TF-IDF + logistic regression" in capsys.readouterr().out
    main(spam, ["inspect"])
    assert {path.name for path in (here / "pictures").iterdir()} == {"curves.png", "confusion.png"}
    (here.parents[1] / "space.json").write_text('{"dropout": [0.1, 0.2]}')
    main(spam, ["search", *TINY, "--space", "space.json", "--tuner", "grid", "--no-compare"])
    assert json.loads((here / "search" / "best.json").read_text())["dropout"] in (0.1, 0.2)
