"""Synthetic memory tasks: adding two numbers far apart, and copying ten letters after a delay.

Source: S. Hochreiter and J. Schmidhuber, Long Short-Term Memory, Neural Computation 1997; the forms are those of M. Arjovsky,
A. Shah and Y. Bengio, Unitary Evolution Recurrent Neural Networks, ICML 2016.

Limitations: the data is generated. A metric on it shows what a network can remember, and nothing else.
"""

import numpy as np

LETTERS = 8
LENGTH = 10  # letters to copy
BLANK, CUE = 0, LETTERS + 1
SYMBOLS = LETTERS + 2


def adding(count: int, steps: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns the adding problem, `(x, y)`: x `(count, steps, 2)` and y `(count, 1)`, float32.

    A step of x is a number in 0..1 and a marker, which is 1 at one step of each half. y is the sum of the two marked numbers.
    """
    if steps < 2:
        raise ValueError(f"`steps` must be at least 2, got {steps}.")
    x = np.zeros((count, steps, 2), np.float32)
    x[:, :, 0] = rng.random((count, steps))
    rows = np.arange(count)
    for start, stop in ((0, steps // 2), (steps // 2, steps)):
        x[rows, rng.integers(start, stop, count), 1] = 1
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=1, keepdims=True)


def copying(count: int, blanks: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns the copying problem, `(x, y)`: x `(count, blanks + 20, SYMBOLS)` one-hot float32, y `(count, 10)`.

    x is ten letters, then `blanks` blanks, the last of them a cue, then ten more blanks. y holds the class numbers 0..7 of the
    letters, to be predicted at the last ten steps.
    """
    if blanks < 1:
        raise ValueError(f"`blanks` must be a positive integer, got {blanks}.")
    letters = rng.integers(0, LETTERS, (count, LENGTH))
    ids = np.full((count, blanks + 2 * LENGTH), BLANK)
    ids[:, :LENGTH] = letters + 1
    ids[:, -LENGTH - 1] = CUE
    return np.eye(SYMBOLS, dtype=np.float32)[ids], letters
