"""Metrics of written sequences beside their references: exact match, error rates, BLEU and chrF."""

import unicodedata

import numpy as np
from rapidfuzz.distance import Levenshtein


def normalized(text, lowercase=False):
    """Returns a text as texts are compared: composed, with straight apostrophes and single spaces, perhaps in lower case."""
    text = " ".join(unicodedata.normalize("NFC", text.replace("’", "'")).split())
    return unicodedata.normalize("NFC", text.lower()) if lowercase else text


def metrics_of(level, references, outputs, lowercase=False):
    """Returns `{metric: number}` of outputs, texts, each with a list of references, any of which is right. Texts are compared
    as `normalized` returns them.

    - "char": exact match, and the character error rate;
    - "phonemes", tokens between spaces: phoneme error rate, and word error rate, the share of outputs that are no reference;
    - "word" and "subword": BLEU and chrF of sacrebleu, 0 to 100, with its default settings, and exact match.

    An error rate is the sum of edit distances to the nearest references, over the sum of the lengths of those.
    """
    outputs = [normalized(text, lowercase) for text in outputs]
    references = [[normalized(text, lowercase) for text in texts] for texts in references]
    exact = float(np.mean([output in texts for output, texts in zip(outputs, references, strict=True)]))
    if level == "char":
        return {"exact_match": exact, "character_error_rate": error_rate(references, outputs, list)}
    if level == "phonemes":
        return {"phoneme_error_rate": error_rate(references, outputs, str.split), "word_error_rate": 1 - exact}
    return bleu_and_chrf(references, outputs) | {"exact_match": exact}


def error_rate(references, outputs, split):
    """Returns the edit distance in tokens, which `split` makes of a text, over the number of tokens of the references."""
    errors, length = 0, 0
    for output, texts in zip(outputs, references, strict=True):
        distances = [(Levenshtein.distance(split(text), split(output)), len(split(text))) for text in texts]
        nearest = min(distances, key=lambda pair: pair[0] / max(pair[1], 1))
        errors, length = errors + nearest[0], length + nearest[1]
    return errors / max(length, 1)


def bleu_and_chrf(references, outputs):
    """Returns BLEU and chrF, 0 to 100, of a corpus."""
    from sacrebleu.metrics import BLEU, CHRF  # takes a quarter of a second to import

    most = max(map(len, references))
    streams = [[texts[i] if i < len(texts) else None for texts in references] for i in range(most)]
    return {"BLEU": BLEU(force=True).corpus_score(outputs, streams).score, "chrF": CHRF().corpus_score(outputs, streams).score}
