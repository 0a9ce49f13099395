"""An encoder–decoder of keras.layers alone, decoded by `seqzoo.decoding`: `python -m examples.own_decoder`.

The model learns to write a sequence of digits backwards. `generate` and `beam` need no more of it than a function
`step(y_prev, state) -> logits, next state`, and the ids that start and end a sequence: here 10 and 0, not those of seqzoo.
"""

import keras
import numpy as np
from keras import layers, ops

from seqzoo import decoding

END, START, IDS, LONGEST, UNITS = 0, 10, 11, 8, 64

embed, encode, decode = (
    layers.Embedding(IDS, 16),
    layers.GRU(UNITS, return_sequences=True),
    layers.GRU(UNITS, return_sequences=True),
)
attend, write = layers.Attention(), layers.Dense(IDS)
cell = decode.cell


def pairs(count, seed):
    """Returns sequences of digits from 1 to 9, and the same backwards, both with END behind: `(count, LONGEST + 1)` each."""
    rng = np.random.default_rng(seed)
    x, y = np.full((2, count, LONGEST + 1), END)
    for row, length in enumerate(rng.integers(1, LONGEST + 1, count)):
        x[row, :length] = rng.integers(1, 10, length)
        y[row, :length] = x[row, :length][::-1]
    return x, y


def training_model():
    """Returns a model from x and y<t-1> to the logits of y<t>."""
    x, y_prev = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")
    a = encode(embed(x))
    s = decode(embed(y_prev), initial_state=a[:, -1])
    return keras.Model([x, y_prev], write(ops.concatenate([s, attend([s, a])], axis=-1)))


def step(y_prev, state):
    """Runs one step of the decoder with the same layers; the state is a dict, whose encoded input no step changes."""
    s, _ = cell(embed(y_prev), [state["s"]])
    context = attend([s[:, None], state["a"]])[:, 0]
    return write(ops.concatenate([s, context], axis=-1)), {"s": s, "a": state["a"]}


def main():
    keras.utils.set_random_seed(0)
    x, y = pairs(20_000, seed=1)
    y_prev = np.concatenate([np.full_like(y[:, :1], START), y[:, :-1]], axis=1)
    model = training_model()
    model.compile(keras.optimizers.Adam(5e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit([x, y_prev], y, batch_size=128, epochs=3, verbose=2)

    x, y = pairs(500, seed=2)
    a = encode(embed(ops.convert_to_tensor(x)))
    state, ids = {"s": a[:, -1], "a": a}, {"start": START, "eos": END}
    expected = [[*(i for i in row if i != END), END] for row in y.tolist()]
    written = decoding.generate(step, state, LONGEST + 1, decoding.greedy, **ids).sequences
    print(f"greedy: {np.mean([w == e for w, e in zip(written, expected, strict=True)]):.1%} right")
    hypotheses = decoding.beam(step, state, LONGEST + 1, width=4, n_best=2, **ids)
    print(f"beam 4: {np.mean([best.tokens == e for (best, _), e in zip(hypotheses, expected, strict=True)]):.1%} right")
    for hypothesis in hypotheses[0]:
        print(f"{[i for i in x[0].tolist() if i != END]} -> {hypothesis.tokens[:-1]}, log P {hypothesis.log_p:.3f}")


if __name__ == "__main__":
    main()
