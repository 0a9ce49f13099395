"""Linear-chain conditional random field (Lafferty, McCallum and Pereira 2001): one score for all labels of a sequence.

    P(y<1> … y<T> | x) = exp(score(y)) / Z,    Z = Σ over all sequences of labels y' of exp(score(y'))
    score(y) = start[y<1>] + Σ_t potentials<t>[y<t>] + Σ_t transitions[y<t-1>, y<t>] + end[y<T>]

The potentials come from the layers below, the other scores are weights. Sums over all K^T sequences are recursions over the T
steps (Rabiner 1989): forward and backward for Z and the marginals, Viterbi's for the best sequence. All recursions are in the
log domain. After each step the value common to all K labels is subtracted, so that long sequences lose no digits.
"""

from typing import NamedTuple

import keras
from keras import ops

from seqzoo.backend import jit_loop, scan
from seqzoo.layers.crf_transitions import allowed

FORBIDDEN = -1e30  # a score below that of any valid sequence, and still finite in float32 after 10^8 steps


@keras.saving.register_keras_serializable("seqzoo")
class CRF(keras.layers.Layer):
    """CRF layer: scores a sequence of labels by the label at each step and by each move from one label to the next.

    The call returns the potentials unchanged, in float32. The layer is the last of a model; its methods take that output.

        potentials = crf(keras.layers.Dense(len(labels))(x), mask=mask)
        loss = -ops.mean(crf.log_likelihood(potentials, y, mask))  # in `compute_loss` of a model
        y_hat, score = crf.decode(potentials, mask)

    Args:
        labels: the K names.
        scheme: "BIO" or "BIOES" forbids invalid transitions, starts and ends (see `crf_transitions`): no decoded sequence
            has any. None forbids nothing.
        **kwargs: arguments of `keras.layers.Layer`.

    Arguments of every method:
        potentials: `(batch, T, K)`, in nats, below 1e25 or so in size.
        mask: booleans `(batch, T)`; all True unless given. A False step is skipped, whatever its potentials and its y: the
            real steps around it are adjacent. A row all False has one sequence, the empty one, of probability 1.

    Weights: `transitions` `(K, K)`, from the row to the column, `start` `(K,)` and `end` `(K,)`. Weights and results are
    float32 even under mixed precision (float64 under float64). A forbidden score is `FORBIDDEN`, whatever its weight.
    """

    def __init__(self, labels, scheme=None, **kwargs):
        super().__init__(autocast=False, **kwargs)  # autocast would round the potentials and the weights
        self._allowed = allowed(labels, scheme)
        self.labels, self.scheme, self.supports_masking = tuple(labels), scheme, True
        count = len(self.labels)
        self.transitions = self._weight("transitions", (count, count))
        self.start = self._weight("start", (count,))
        self.end = self._weight("end", (count,))

    def _weight(self, name, shape):
        return self.add_weight(name=name, shape=shape, initializer="zeros", dtype=self.score_dtype, autocast=False)

    @property
    def score_dtype(self):
        """The dtype of scores, never below float32: a score adds up many small terms."""
        return "float64" if self.compute_dtype == "float64" else "float32"

    def call(self, potentials, mask=None):
        self._check_shapes(potentials, mask=mask)
        return ops.cast(potentials, self.score_dtype)

    def log_likelihood(self, potentials, y, mask=None):
        """Returns the log likelihood log P(y | x), `(batch,)`, of label numbers y `(batch, T)`, 0 to K-1.

        A y that is invalid in the scheme has about -1e30 (the logarithm of 0, still finite). Such a row dominates the mean of a
        batch, though gradients stay small: correct such rows or leave them out.
        """
        return self._run(_log_likelihood, potentials, mask, y=y)

    def log_partition(self, potentials, mask=None):
        """Returns the log partition function log Z, `(batch,)`."""
        return self._run(_log_partition, potentials, mask)

    def marginals(self, potentials, mask=None):
        """Returns the marginals P(y<t> = k | x), `(batch, T, K)`; 0 at masked steps."""
        return self._run(_marginals, potentials, mask)

    def decode(self, potentials, mask=None):
        """Returns the most probable labels, int32 `(batch, T)`, 0 at masked steps; and their score `(batch,)`.

        The score minus `log_partition` is the log probability of the labels.
        """
        return self._run(_decode, potentials, mask)

    def _run(self, function, potentials, mask, **y):
        potentials = ops.cast(ops.convert_to_tensor(potentials), self.score_dtype)
        mask = ops.ones(ops.shape(potentials)[:2], "bool") if mask is None else ops.cast(ops.convert_to_tensor(mask), "bool")
        y = {name: ops.cast(ops.convert_to_tensor(labels), "int32") for name, labels in y.items()}
        self._check_shapes(potentials, mask=mask, **y)
        return jit_loop(_apply, function)(potentials, self._scores(), mask, *y.values())

    def _scores(self):
        weights = [ops.convert_to_tensor(weight) for weight in (self.start, self.transitions, self.end)]
        return Scores(*(ops.where(may, w, ops.full_like(w, FORBIDDEN)) for may, w in zip(self._allowed, weights, strict=True)))

    def _check_shapes(self, potentials, **of_steps):
        """Checks the shapes that are known while tracing; None is any size."""
        shape, count = tuple(potentials.shape), len(self.labels)
        if len(shape) != 3 or shape[2] not in (None, count) or shape[1] == 0:
            raise ValueError(f"`potentials` must be (batch, T, {count}), a score for each label, got the shape {shape}.")
        for name, given in of_steps.items():
            if given is not None and _differ(tuple(given.shape), shape[:2]):
                raise ValueError(f"`{name}` must be (batch, T) = {shape[:2]}, got the shape {tuple(given.shape)}.")

    def get_config(self):
        return super().get_config() | {"labels": list(self.labels), "scheme": self.scheme}


class Scores(NamedTuple):
    """Scores of start `(K,)`, transitions `(K, K)` and end `(K,)`, which add up to the score of a sequence."""

    start: object
    moves: object
    end: object


class Chain(NamedTuple):
    """A batch of sequences, time-major."""

    scores: object  # (T, batch, K): the potentials, with the start's at the first real step and the end's at the last
    moves: object  # (K, K)
    real: object  # (T, batch)
    first: object  # (T, batch): the first real step


def _apply(function, *arguments):
    """Returns `function(*arguments)`. `jit_loop` compiles this function once for each `function`."""
    return function(*arguments)


def _chain(potentials, scores, mask):
    steps = ops.cast(mask, "int32")
    first = ops.logical_and(mask, ops.cumsum(steps, axis=1) == 1)
    last = ops.logical_and(mask, ops.flip(ops.cumsum(ops.flip(steps, axis=1), axis=1), axis=1) == 1)
    for at, score in ((first, scores.start), (last, scores.end)):
        potentials = potentials + ops.where(at[:, :, None], score, ops.zeros_like(score))
    potentials = ops.where(mask[:, :, None], potentials, ops.zeros_like(potentials))
    return Chain(ops.transpose(potentials, (1, 0, 2)), scores.moves, ops.transpose(mask), ops.transpose(first))


def _log_partition(potentials, scores, mask):
    _, common = _forward(_chain(potentials, scores, mask), ops.logsumexp)
    return ops.sum(common, axis=0)


def _log_likelihood(potentials, scores, mask, y):
    chain = _chain(potentials, scores, mask)
    _, common = _forward(chain, ops.logsumexp)
    return ops.sum(_scores_of(chain, ops.transpose(y)) - common, axis=0)  # step by step: the two sums are large


def _marginals(potentials, scores, mask):
    chain = _chain(potentials, scores, mask)
    alphas, _ = _forward(chain, ops.logsumexp)
    through = alphas + _backward(chain)
    marginals = ops.exp(through - ops.logsumexp(through, axis=-1, keepdims=True))
    marginals = ops.transpose(marginals, (1, 0, 2))
    return ops.where(mask[:, :, None], marginals, ops.zeros_like(marginals))


def _decode(potentials, scores, mask):
    chain = _chain(potentials, scores, mask)
    alphas, common = _forward(chain, ops.max)
    labels = ops.transpose(_trace_back(chain, alphas))
    return ops.where(mask, labels, ops.zeros_like(labels)), ops.sum(common, axis=0)


def _forward(chain, join):
    """Returns forward scores α<t>[k] `(T, batch, K)`, of all sequences up to t that end in k, or of the best one.

    `join` is logsumexp for all sequences, max for the best. The value common to all labels is subtracted at each step, and
    returned too, `(T, batch)`; its sum over the steps is the score of all sequences, or of the best one.
    """

    def step(alpha, scores, real, first):
        before = join(alpha[:, :, None] + chain.moves, axis=1)
        new = scores + ops.where(first[:, None], ops.zeros_like(before), before)
        common = join(new, axis=-1)
        alpha = ops.where(real[:, None], new - common[:, None], alpha)
        return alpha, (alpha, ops.where(real, common, ops.zeros_like(common)))

    _, emitted = scan(step, ops.zeros_like(chain.scores[0]), (chain.scores, chain.real, chain.first))
    return emitted


def _backward(chain):
    """Returns backward scores β<t>[k] `(T, batch, K)`, after t, of all sequences from k at t on, less the best label's."""

    def step(beta, scores, real):
        before = ops.logsumexp(chain.moves + (scores + beta)[:, None, :], axis=2)
        new = before - ops.max(before, axis=-1, keepdims=True)
        return ops.where(real[:, None], new, beta), beta

    _, betas = scan(step, ops.zeros_like(chain.scores[0]), (chain.scores, chain.real), reverse=True)
    return betas


def _trace_back(chain, alphas):
    """Returns the best labels `(T, batch)`, from the last step to the first; α alone gives each, without backpointers."""

    def step(onward, alpha, real):
        label = ops.cast(ops.argmax(alpha + onward, axis=-1), "int32")
        return ops.where(real[:, None], ops.take(to_label, label, axis=0), onward), label

    to_label = ops.transpose(chain.moves)
    _, labels = scan(step, ops.zeros_like(alphas[0]), (alphas, chain.real), reverse=True)
    return labels


def _scores_of(chain, y):
    """Returns the contribution of each step to the score of y, `(T, batch)`; 0 at masked steps."""
    count = chain.moves.shape[0]
    y = ops.where(chain.real, y, ops.zeros_like(y))
    _, before = scan(lambda held, y, real: (ops.where(real, y, held), held), ops.zeros_like(y[0]), (y, chain.real))
    move = ops.take(ops.reshape(chain.moves, (-1,)), before * count + y)
    own = ops.sum(ops.one_hot(y, count, dtype=chain.scores.dtype) * chain.scores, axis=-1)
    score = own + ops.where(chain.first, ops.zeros_like(move), move)
    return ops.where(chain.real, score, ops.zeros_like(score))


def _differ(shape, expected):
    return len(shape) != len(expected) or any(None not in (a, b) and a != b for a, b in zip(shape, expected, strict=True))
