"""What a backend makes of every unit, of every kind: outputs, last states and gradients. Run as a script under another one."""

import json
import sys

import numpy as np
from backends import arrays, gradients, tensors
from keras import ops
from laws.cases import Case, as_list
from units import UNITS

BATCH, STEPS = 3, 5
MASK = np.array([[True, False, True, True, False], [False, True, True, False, True], [False] * STEPS])
FLAGS = {"return_sequences": True, "return_state": True, "zero_output_for_mask": True}
OF_KIND = {"merge_mode": "concat", "residual": True, "dense": (2,)}
CASES = {
    "alone": Case(BATCH, STEPS, 3, 3, 0, True, MASK, FLAGS | {"go_backwards": True}, OF_KIND),
    "Bidirectional": Case(BATCH, STEPS, 3, 3, 1, False, MASK, FLAGS, OF_KIND),
    "Stacked": Case(BATCH, STEPS, 3, 3, 2, True, MASK, FLAGS, OF_KIND),
}


def results(unit, kind):
    """Two lists of arrays: the outputs and last states, and the gradients of a scalar with respect to the weights."""
    case = CASES[kind]
    layer, x, state = case.layer(unit, kind, "float32"), case.x.astype("float32"), case.state(unit, kind)
    fixed = [variable.value for variable in layer.non_trainable_variables]

    def outputs(weights):
        return as_list(layer.stateless_call(weights, fixed, x, initial_state=state, mask=MASK)[0])

    def scalar(weights):
        return sum(ops.sum(output * weight) for output, weight in zip(outputs(weights), upstream, strict=True))

    weights = layer.get_weights()
    found = arrays(outputs([variable.value for variable in layer.trainable_variables]))
    upstream = tensors([case.rng(9 + i).normal(size=output.shape).astype("float32") for i, output in enumerate(found)])
    return found, gradients(scalar, weights)


def save(path, asked):
    """What `results` returns of each `(name, kind)`."""
    named = {}
    for name, kind in asked:
        for part, values in zip(("outputs", "gradients"), results(UNITS[name], kind), strict=True):
            named |= {f"{name} {kind} {part} {i}": value for i, value in enumerate(values)}
    np.savez(path, **named)


def load(path, name, kind):
    """What `results` returned there."""
    with np.load(path) as saved:
        return [
            [saved[f"{prefix}{i}"] for i in range(sum(key.startswith(prefix) for key in saved.files))]
            for prefix in (f"{name} {kind} outputs ", f"{name} {kind} gradients ")
        ]


if __name__ == "__main__":
    save(sys.argv[1], json.loads(sys.argv[2]))
