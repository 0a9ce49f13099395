"""Baselines of translation: the input itself, the most frequent output, and a dictionary learnt from the pairs."""

from collections import Counter

import numpy as np
import scipy.sparse

from seqzoo.data.tokenizer import split_words

SPLITS = {"char": list, "phonemes": str.split}  # by level; words otherwise
LEAST = 2  # occurrences of a word of the dictionary


def outputs_of_baselines(train, inputs, levels):
    """Returns `{baseline: an output for each input}`.

    - "copy": the input;
    - "most frequent": the most frequent output of the training split;
    - "dictionary": each token's partner in the dictionary, in the order of the input; an unknown token is copied.

    Args:
        train: `(inputs, outputs)` of the training split, texts.
        inputs: texts.
        levels: levels of the tokens of inputs and outputs: "char", "phonemes", "word" or "subword".
    """
    partners, join = dictionary(*train, levels), "" if levels[1] == "char" else " "
    by_token = [join.join(partners.get(token, token) for token in tokens(text, levels[0])) for text in inputs]
    most_frequent = Counter(train[1]).most_common(1)[0][0]
    return {"copy": list(inputs), "most frequent": [most_frequent] * len(inputs), "dictionary": by_token}


def tokens(text, level):
    """Returns the tokens of a text; of the level "subword" its words."""
    return SPLITS.get(level, split_words)(text)


def dictionary(sources, targets, levels):
    """Returns the partner of each source token: the target token with the highest Dice coefficient.

    The coefficient is 2 N(pairs with both) / (N(pairs with the one) + N(pairs with the other)) (Dice 1945).
    """
    (x, x_tokens), (y, y_tokens) = (_incidence(side, level) for side, level in zip((sources, targets), levels, strict=True))
    both = (x.T @ y).tocoo()
    dice = 2 * both.data / (np.asarray(x.sum(axis=0)).ravel()[both.row] + np.asarray(y.sum(axis=0)).ravel()[both.col])
    order = np.lexsort((-both.col, dice))  # the best of a token comes last
    return {x_tokens[i]: y_tokens[j] for i, j in zip(both.row[order], both.col[order], strict=True)}


def _incidence(texts, level):
    """Returns a sparse matrix `(texts, tokens)`, 1 where a text has a token, and the tokens of `LEAST` texts or more."""
    sets = [set(tokens(text, level)) for text in texts]
    counts = Counter(token for of_text in sets for token in of_text)
    known = sorted(token for token, count in counts.items() if count >= LEAST)
    number = {token: i for i, token in enumerate(known)}
    at = [(row, number[token]) for row, of_text in enumerate(sets) for token in of_text if token in number]
    rows, columns = np.array(at, int).reshape(-1, 2).T
    shape = len(texts), len(known)
    return scipy.sparse.csr_matrix((np.ones(len(at), np.int64), (rows, columns)), shape=shape), known
