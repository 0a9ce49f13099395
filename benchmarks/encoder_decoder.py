"""Training step of an encoder–decoder beside the same model of keras.layers: `python -m benchmarks.encoder_decoder`.

A batch of 64 sequences of 40 tokens, 40 tokens out, vocabulary 1,000, 256 units, bidirectional GRU encoder. The model of
keras.layers is built as tutorials build it: without input feeding `keras.layers.Attention` on the outputs of the decoder's GRU;
with input feeding a cell with attention in `keras.layers.RNN`. Both backends run in turns, in processes of their own.
"""

import numpy as np

from benchmarks.side_by_side import Framework, in_turns

CASES = "no attention", "general", "additive, input feeding"
BACKENDS = "tensorflow", "jax"


def main():
    frameworks = [Framework("benchmarks.compare_encoder_decoder", backend) for backend in BACKENDS]
    print(f"{'milliseconds of a training step':40}{'seqzoo':>10}{'keras.layers':>14}{'ratio':>8}")
    for case in CASES:
        times = in_turns(frameworks, case, "training step", seconds=10)
        for backend in BACKENDS:
            ours, theirs = (np.median(times[backend, name]) for name in ("seqzoo", "keras.layers"))
            print(f"{backend + ', ' + case:40}{ours:10.0f}{theirs:14.0f}{theirs / ours:8.2f}", flush=True)
    for framework in frameworks:
        framework.close()


if __name__ == "__main__":
    main()
