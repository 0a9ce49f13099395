"""Metrics and baselines of translation, on texts whose values are known."""

import pytest

from seqzoo.tasks.translation.baselines import dictionary, outputs_of_baselines
from seqzoo.tasks.translation.metrics import metrics_of
from seqzoo.tasks.translation.tokens import train_tokenizers


def test_error_rates_take_the_nearest_reference():
    references = [["K AE T", "K A T"], ["D AO G"]]
    found = metrics_of("phonemes", references, ["K A T", "D AO"])
    assert found == {"phoneme_error_rate": pytest.approx(1 / 6), "word_error_rate": 0.5}
    found = metrics_of("char", [["2021-03-04"], ["ab"]], ["2021-03-05", "ab"])
    assert found == {"exact_match": 0.5, "character_error_rate": pytest.approx(1 / 12)}


def test_bleu_and_chrf_are_those_of_the_definition():
    """BLEU of one sentence of 5 tokens with one wrong: p1 = 4/5, p2 = 2/4, p3 = 1/3, p4 smoothed to 1/(2*2)."""
    reference, output = "the cat sat on mats", "the cat sat at mats"
    found = metrics_of("word", [[reference]], [output])
    assert found["BLEU"] == pytest.approx(100 * (4 / 5 * 2 / 4 * 1 / 3 * 1 / 4) ** 0.25, abs=1e-6)
    assert 0 < found["chrF"] < 100 and found["exact_match"] == 0
    perfect = metrics_of("subword", [["no way", reference], ["a b c d"]], [reference, "a b c d"])
    assert perfect == {"BLEU": pytest.approx(100), "chrF": pytest.approx(100), "exact_match": 1}


def test_the_dictionary_pairs_what_occurs_together():
    sources = ["red house", "red car", "blue house", "blue car"]
    targets = ["maison rouge", "voiture rouge", "maison bleue", "voiture bleue"]
    assert dictionary(sources, targets, ("word", "word")) == {
        "red": "rouge",
        "blue": "bleue",
        "house": "maison",
        "car": "voiture",
    }
    found = outputs_of_baselines((sources, [*targets[:3], targets[2]]), ["red boat"], ("word", "word"))
    assert found["copy"] == ["red boat"] and found["most frequent"] == ["maison bleue"]
    assert found["dictionary"][0].split()[1] == "boat"


def test_letters_and_phonemes_have_a_dictionary_too():
    words, phonemes = ["ab", "ba", "a", "b"], ["AE B", "B AE", "AE", "B"]
    assert outputs_of_baselines((words, phonemes), ["bab"], ("char", "phonemes"))["dictionary"] == ["B AE B"]


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize("level", ["char", "word", "subword", "phonemes"])
def test_a_perfect_model_has_perfect_metrics(level, lowercase):
    """Its tokenizer composes characters, and straightens apostrophes and spaces: so do the metrics."""
    texts = ["L’homme a\xa01000\u202f€ !", "Qu'est-ce  que c’est\u202f?", "e\u0301te\u0301 Été", "É", "Go. (Now!)"]
    target = train_tokenizers((texts, texts), (level, level), 8000, lowercase, False).target
    outputs = [target.decode(ids) for ids in target.encode_all(texts)]
    found = metrics_of(level, [[text] for text in texts], outputs, lowercase)
    rates = {name: value for name, value in found.items() if name.endswith("rate")}
    assert all(value == 0 for value in rates.values())
    assert found.get("exact_match", 1) == 1 and found.get("BLEU", 100) == pytest.approx(100)
