"""Lower bound of the time: the matrix products of a case in NumPy, in the same shapes and order, and nothing else.

Forward: one product for all inputs, and one or two for each step. Backward: as many products of the shapes of the steps and of
the inputs, and one for the gradient of each kernel. The gradient of the inputs is left out: no model here needs it.
"""

import numpy as np

from benchmarks.cases import data

# {unit: (gates of each product of a step, number of layers, number of directions)}
PRODUCTS = {
    "simplified GRU": ((2,), 1, 1),
    "full GRU": ((2, 1), 1, 1),
    "reset-after GRU": ((3,), 1, 1),
    "LSTM": ((4,), 1, 1),
    "LSTM peephole": ((4,), 1, 1),
    "simple RNN": ((1,), 1, 1),
    "bidirectional GRU": ((2, 1), 1, 2),
    "bidirectional LSTM": ((4,), 1, 2),
    "stacked LSTM": ((4,), 3, 1),
}


def contestants(case, wanted=None):
    """Returns {"matmuls": {"forward": function, "training step": function}}."""
    products, depth, directions = PRODUCTS[case.unit]
    batch, steps, inputs, units = case.size
    x = np.ascontiguousarray(data(case)[0].swapaxes(0, 1)).reshape(steps * batch, inputs)
    above = np.ones((steps * batch, units), "float32")
    layers = [_Layer(x if i == 0 else above, products, steps, batch, units) for i in range(depth)]

    def run(*passes):
        for layer in layers:
            for a_pass in passes:
                for _ in range(directions):
                    a_pass(layer)

    return {
        "matmuls": {
            "forward": lambda: run(_Layer.forward),
            "training step": lambda: run(_Layer.forward, _Layer.backward),
        }
    }


class _Layer:
    def __init__(self, x, products, steps, batch, units):
        self.x, self.steps = x, steps
        gates = sum(products)
        rng = np.random.default_rng(0)
        self.kernel = rng.normal(size=(x.shape[1], gates * units)).astype("float32")
        self.recurrent = [rng.normal(size=(units, n * units)).astype("float32") for n in products]
        self.back = [np.ascontiguousarray(kernel.T) for kernel in self.recurrent]
        self.h = np.ones((batch, units), "float32")
        self.d_h = np.empty((batch, units), "float32")
        self.z = [np.ones((batch, n * units), "float32") for n in products]
        self.all_z = np.ones((steps * batch, gates * units), "float32")
        self.all_h = np.ones((steps * batch, units), "float32")

    def forward(self):
        np.matmul(self.x, self.kernel, out=self.all_z)
        for _ in range(self.steps):
            for kernel, z in zip(self.recurrent, self.z, strict=True):
                np.matmul(self.h, kernel, out=z)

    def backward(self):
        for _ in range(self.steps):
            for kernel, z in zip(self.back, self.z, strict=True):
                np.matmul(z, kernel, out=self.d_h)
        np.matmul(self.x.T, self.all_z)
        np.matmul(self.all_h.T, self.all_z)
