"""Cases of `benchmarks.gpu`: layers and sizes, the most telling first, and the least time that each can take."""

from typing import NamedTuple

SEQZOO, LOOP, KERAS, NN, FLOOR = "seqzoo", "seqzoo, loop", "keras.layers", "torch.nn", "floor"
FORWARD, TRAINING, STEP, FIRST, MIB = "forward", "training step", "step of a stream", "first", "MiB"
GATES = {"LSTM": 4, "LSTM peephole": 4, "GRU": 3, "reset-after GRU": 3, "simplified GRU": 2, "simple RNN": 1}
BYTES = {"float32": 4, "tf32": 4, "bfloat16": 2}


class Case(NamedTuple):
    """A layer whose inputs are as wide as its state, its sizes, and its precision.

    Products of "float32" are exact; "tf32" rounds their operands to TF32, the default of JAX on these cards.
    """

    layer: str
    batch: int
    steps: int
    units: int
    precision: str = "tf32"
    mask: str = "none"  # "right": padding; "gaps": steps anywhere
    recurrent_dropout: float = 0.0


def cases():
    """Returns [(case, what is timed)]."""
    both, training = (FORWARD, TRAINING), (TRAINING,)
    by_units = [Case("LSTM", 64, 256, units) for units in (64, 128, 256, 512, 1024)]
    of_gru = [Case("GRU", 64, 256, units, precision) for units in (128, 256, 512) for precision in ("tf32", "bfloat16")]
    middle = Case("LSTM", 64, 256, 256)
    options = [
        middle._replace(layer="LSTM peephole"),
        middle._replace(mask="gaps"),
        middle._replace(recurrent_dropout=0.2),
        middle._replace(mask="right"),
        Case("GRU", 64, 256, 256, mask="gaps"),
        Case("GRU", 64, 256, 256, recurrent_dropout=0.2),
    ]
    low = [case._replace(precision="bfloat16") for case in by_units]
    by_batch = [Case(layer, batch, 256, units) for batch in (16, 256) for units in (128, 256) for layer in ("LSTM", "GRU")]
    by_steps = [middle._replace(steps=steps) for steps in (64, 2048)]
    others = [Case(layer, 64, 256, 256) for layer in ("reset-after GRU", "simplified GRU", "simple RNN")]
    others += [Case("reset-after GRU", 64, 256, 256, "float32"), middle._replace(precision="float32")]
    wide = [Case("LSTM", 64, 256, 2048, precision) for precision in ("tf32", "bfloat16")]
    streams = [(Case(layer, 1, 2, units), (STEP,)) for layer in ("LSTM", "GRU") for units in (256, 1024)]
    first, later = [*by_units, *of_gru], [*options, *low, *by_batch, *by_steps, *others, *wide]
    return [(case, both) for case in first] + streams + [(case, training) for case in later]


def floor(case, what, products_per_second, bytes_per_second):
    """The milliseconds of a case's matrix products, or of reading and writing each array once, whichever is longer.

    Forward: one product for all inputs and one for all states; backward: as many for the inputs and the states, and for the
    weights. Arrays: the inputs, the outputs and, for the training step, what the backward pass reads, and its gradients.
    """
    batch, units, gates = case.batch, case.units, GATES[case.layer]
    steps = 1 if what == STEP else case.steps
    passes = 3 if what == TRAINING else 1
    products = passes * 2 * batch * steps * gates * units * 2 * units
    arrays = {STEP: 2, FORWARD: 2 + gates, TRAINING: 2 * (2 + 2 * gates)}[what]
    moved = batch * steps * units * arrays * BYTES[case.precision] + passes * gates * 2 * units**2 * BYTES[case.precision]
    return 1000 * max(products / products_per_second, moved / bytes_per_second)
