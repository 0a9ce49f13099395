"""A further text classification recipe: a config of its own, and the functions of `recipes.sentiment`."""

import dataclasses
import json

import pytest

from recipes import sentiment
from seqzoo.recipe import main


@dataclasses.dataclass(frozen=True)
class Config(sentiment.Config):
    data: str = "spam.csv"
    tokens: str = "word"
    embedding: int = 4
    units: int = 4
    epochs: int = 2


CHANGES = {"name": "spam", "config": Config, "search_space": {"units": (2, 3)}, "data_source": "", "limitations": ""}
RECIPE = dataclasses.replace(sentiment.RECIPE, **CHANGES)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{'win a prize' if i % 2 else 'see you at'} {i},{'spam' if i % 2 else 'ham'}" for i in range(60)]
    (tmp_path / "spam.csv").write_text("\n".join(["text,label", *rows]))
    return tmp_path / "runs" / "spam"


def test_it_trains_predicts_evaluates_inspects_and_searches(here, capsys):
    main(RECIPE, [])
    assert json.loads((here / "config.json").read_text())["data"] == "spam.csv"
    card = (here / "README.md").read_text()
    assert card.startswith(f"# {here.relative_to(here.parents[1])}\n") and "VADER" not in card
    main(RECIPE, ["predict", "win a prize 7"])
    assert capsys.readouterr().out.splitlines()[-1].split("\t")[0] in ("ham", "spam")
    main(RECIPE, ["evaluate"])
    assert "TF-IDF + logistic regression" in capsys.readouterr().out
    main(RECIPE, ["inspect"])
    assert {path.name for path in (here / "pictures").iterdir()} == {"curves.png", "confusion.png"}
    main(RECIPE, ["search", "--tuner", "grid", "--no-compare", "--epochs", "1"])
    assert json.loads((here / "search" / "best.json").read_text())["units"] in (2, 3)
