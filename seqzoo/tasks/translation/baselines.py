"""Baselines of translation: the input itself, the most frequent output, and a dictionary learnt from the pairs."""

from collections import Counter

import numpy as np
import scipy.sparse

from seqzoo.data.tokenizer import split_words

SPLITS = {"char": list, "phonemes": str.split}  # by level; words otherwise
LEAST, MOST = 2, 20_000  # texts that have a token of the dictionary, and tokens of the dictionary
LONGEST = 200  # tokens of a text that are read
BLOCK = 256  # tokens whose partners are found together


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
    x_counts, y_counts = (np.asarray(side.sum(axis=0), np.float32).ravel() for side in (x, y))
    by_token, partners = x.T.tocsr(), {}
    for begin in range(0, len(x_tokens) if y_tokens else 0, BLOCK):
        both = (by_token[begin : begin + BLOCK] @ y).toarray()  # (tokens, target tokens)
        dice = 2 * both / (x_counts[begin : begin + BLOCK, None] + y_counts)
        best = dice.argmax(axis=1)
        partners |= {x_tokens[begin + i]: y_tokens[j] for i, j in enumerate(best) if both[i, j]}
    return partners


def _incidence(texts, level):
    """Returns a sparse matrix `(texts, tokens)`, 1 where a text has a token, and the tokens.

    Of each text the first `LONGEST` tokens count. Tokens of fewer than `LEAST` texts are left out, and all but the `MOST` most
    frequent ones.
    """
    sets = [set(tokens(text, level)[:LONGEST]) for text in texts]
    counts = Counter(token for of_text in sets for token in of_text)
    known = sorted(token for token, count in counts.most_common(MOST) if count >= LEAST)
    number = {token: i for i, token in enumerate(known)}
    at = [(row, number[token]) for row, of_text in enumerate(sets) for token in of_text if token in number]
    rows, columns = np.array(at, int).reshape(-1, 2).T
    return scipy.sparse.csr_matrix((np.ones(len(at), np.float32), (rows, columns)), shape=(len(texts), len(known))), known
