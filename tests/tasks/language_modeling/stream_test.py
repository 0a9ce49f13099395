"""A stream that was trained on is found again, wherever its lines end."""

import dataclasses

import numpy as np
import pytest

from recipes.language_model import Config
from seqzoo.data.digest import row_numbers
from seqzoo.tasks import language_modeling
from seqzoo.tasks.language_modeling.task import ClozeTask, LanguageModelTask, StreamTask


def rows(*lines):
    return set(row_numbers(StreamTask().rows(lines)).tolist())


@pytest.mark.parametrize("words", [50, 400])
def test_streams_share_the_rows_of_their_text(words):
    text = " ".join(f"the cat {i} sat on mat {i % 11}" for i in range(words))
    trained = rows(text)
    assert len(trained) > words / 2
    cut = text.split(" sat ")
    for other in ([f"{text} and a few words more"], [f"Preface. {text}"], [*cut[:1], *(f"sat {line}" for line in cut[1:])]):
        assert len(rows(*other) & trained) > 0.9 * len(trained)
    assert not rows(*["so it is, and so it was, and so it will be, of old"] * 40) & trained


def test_a_script_without_spaces_has_stretches_of_characters():
    text = "".join(map(chr, np.random.default_rng(0).integers(0x4E00, 0x9F00, 1000)))
    assert len(rows(text) & rows(f"前言{text}")) > 100


@pytest.mark.parametrize(
    "flags, task", [({}, LanguageModelTask), ({"stream": True}, StreamTask), ({"bidirectional": True}, ClozeTask)]
)
def test_the_task_of_a_config(flags, task):
    assert type(language_modeling.task_of(dataclasses.replace(Config(), **flags))) is task
