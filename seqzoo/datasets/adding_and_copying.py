"""Two tasks that need a memory and little else: adding two numbers far apart, and copying ten letters after a wait.

Source: S. Hochreiter and J. Schmidhuber, Long Short-Term Memory, Neural Computation 1997; the forms are those of M. Arjovsky,
A. Shah and Y. Bengio, Unitary Evolution Recurrent Neural Networks, ICML 2016. They are generated: a figure on them says what a
network can keep in mind, and nothing else.
"""

import numpy as np

LETTERS = 8
LENGTH = 10  # letters to copy
BLANK, CUE = 0, LETTERS + 1
SYMBOLS = LETTERS + 2


def adding(count: int, steps: int, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns `(x, y)`: at each step a number in 0..1 and a marker, 1 at one step of each half; y is the sum of the two marked.

    Shapes `(count, steps, 2)` and `(count, 1)`, float32.
    """
    if steps < 2:
        raise ValueError(f"`steps` must be at least 2, got {steps}.")
    x = np.zeros((count, steps, 2), np.float32)
    x[:, :, 0] = chance.random((count, steps))
    rows = np.arange(count)
    for start, stop in ((0, steps // 2), (steps // 2, steps)):
        x[rows, chance.integers(start, stop, count), 1] = 1
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=1, keepdims=True)


def copying(count: int, blanks: int, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns `(x, y)`: ten letters, then `blanks` blanks, of which the last is a cue, then ten more; y is the ten letters.

    x `(count, blanks + 20, SYMBOLS)` is one-hot, float32; y `(count, 10)` are class numbers 0..7, due at the last ten steps.
    """
    if blanks < 1:
        raise ValueError(f"`blanks` must be a positive integer, got {blanks}.")
    letters = chance.integers(0, LETTERS, (count, LENGTH))
    ids = np.full((count, blanks + 2 * LENGTH), BLANK)
    ids[:, :LENGTH] = letters + 1
    ids[:, -LENGTH - 1] = CUE
    return np.eye(SYMBOLS, dtype=np.float32)[ids], letters
