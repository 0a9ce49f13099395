"""The examples run, and show what they say."""

import re

import pytest
from extent import compiled, full

from examples import pear_or_pair, streaming, teddy
from recipes import ner
from seqzoo.data.tokenizer import split_words
from seqzoo.tasks.language_modeling import texts

pytestmark = compiled


def test_a_stream_is_answered_as_the_whole_sequence_and_its_jump_is_marked(capsys):
    streaming.main()
    printed = capsys.readouterr().out
    assert re.search(r"t 150 .*<- unexpected", printed)
    assert float(re.search(r"whole sequence at once: (\S+)", printed)[1]) <= 1e-5


TINY = ("--units", "8", "--embedding", "8", "--character-units", "4", "--epochs", "1", "--cell", "gru")


@full
def test_what_is_read_forward_only_cannot_tell_the_teddies_apart(capsys, monkeypatch):
    monkeypatch.setattr(ner.tagging.generated_entities, "SIZES", {"train": 200, "validation": 20, "test": 10})
    models = teddy.trained(teddy.parse(ner.Config, TINY, ""))
    president, bears = map(split_words, teddy.PAIR)
    same = {name: teddy.person(model, president)[4] == teddy.person(model, bears)[4] for name, model in models.items()}
    assert same == {"forward only": True, "lookahead 1": False, "bidirectional": False}
    monkeypatch.setattr(teddy, "trained", lambda config: models)
    teddy.main(TINY)
    assert len(re.findall(r"(?mi)^ +teddy( +[\d.]+){3}$", capsys.readouterr().out)) == 4


def test_wrong_flags_of_the_teddies_are_refused():
    with pytest.raises(teddy.UsageError, match="--units"):
        teddy.main(["--units", "0"])


@full
def test_two_sentences_are_ranked_and_pairs_counted(monkeypatch, capsys):
    """Tiny models: what is said, not which is right."""
    monkeypatch.setattr(texts, "SIZES", {"train": 200, "validation": 20, "test": 20})
    pear_or_pair.main(["--units", "4", "--embedding", "4", "--epochs", "1"])
    printed = capsys.readouterr().out
    scores = [float(score) for score in re.findall(r"^ +(-[\d.]+)  the apple and p", printed, re.MULTILINE)]
    assert len(scores) == 2 and scores == sorted(scores, reverse=True)
    assert re.search(r"more probable in [\d.]+%", printed)
