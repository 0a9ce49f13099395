"""Base class of recurrent units: gates, state and one step. The engine, `seqzoo.engine`, runs a unit over a sequence."""

import contextlib
import dataclasses
from typing import ClassVar

import keras
from keras import ops


@dataclasses.dataclass(frozen=True)
class Unit:
    """A recurrent unit as equations. A subclass fills one module: `products`, `State` and `step` are all it needs.

    `products` names the matrix products of a step, one letter a gate: ("ur", "c") says that Γu and Γr share one product and
    that c̃ has its own. The columns of the kernels and of the bias stand in that order. `State` is a NamedTuple whose parts are
    `(batch, units)` each; the first part is the unit's output a<t>.
    """

    products: ClassVar[tuple[str, ...]]
    State: ClassVar[type]

    def __init_subclass__(cls):
        for name in ("gains", "biases"):
            if not isinstance(getattr(cls, name), dict):
                raise TypeError(f'`{cls.__name__}.{name}` must be a dictionary such as {{"gate_gain": "ur"}}.')
        keras.saving.register_keras_serializable("seqzoo.equations")(cls)

    @property
    def gates(self):
        """All gates, in the order of the weights' columns."""
        return "".join(self.products)

    @property
    def peepholes(self):
        """The gates that also see c<t-1>, through one weight per unit."""
        return ""

    # Whether the recurrent products have a bias of their own, `recurrent_bias`, beside that of the inputs.
    recurrent_bias: ClassVar[bool] = False

    # Further weights of a step, by name: the gates of each, with `(units,)` a gate. Gains start at one and biases at zero. A
    # step that names "bias" here adds the unit's bias itself: its inputs are Wx x<t> alone.
    gains: ClassVar[dict[str, str]] = {}
    biases: ClassVar[dict[str, str]] = {}

    # cuDNN's name of the unit and its order of the gates, where cuDNN computes the same equations. A capital marks a gate
    # whose weights cuDNN takes with the other sign.
    cudnn = None

    def step(self, z, state, p):
        """One step: the next state, and a tuple of arrays `(batch, units)` that the gradient reads.

        `z(product, h)` is W[h, x<t>] + b, one array `(batch, units)` for each gate of the product. Its two terms apart are
        `z.inputs(product)`, Wx x<t> + b, and `z.recurrent(product, h)`, Wh h. `p[gate]`, `(units,)`, is the weight of a
        peephole; `p[name]` the list, by gate, of what `gains` or `biases` names.
        """
        raise TypeError(f"{type(self).__name__} defines no `step`.")

    # The gradient of a step, written out, is a method `step_gradient(back, d_state, factors, p)` which returns the gradients
    # of the previous state and of the gates' pre-activations. Without it the backend differentiates `step`. `back(product,
    # *d_z)` takes the gates' gradients to that of the product's h.
    step_gradient = None

    def factors(self, prev, state, saved):
        """The element-wise factors of `step_gradient`, for all steps at once: arrays of `(T_x, batch, units)`."""
        return ()

    def operands(self, prev, saved):
        """The operand h of each product, for all steps at once: {product: `(T_x, batch, units)`}."""
        return dict.fromkeys(self.products, prev[0])

    def get_config(self):
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def sigmoid(*x):
    """σ(x); for several x a list, computed as one array: on a CPU the forward pass takes half the time."""
    if len(x) == 1:
        return ops.sigmoid(x[0])
    if _gates_apart:
        return [ops.sigmoid(gate) for gate in x]
    return ops.split(ops.sigmoid(ops.concatenate(x, axis=-1)), len(x), axis=-1)


_gates_apart = False  # no ContextVar, which `torch.compile` does not read


@contextlib.contextmanager
def gates_apart():
    """Context manager: `sigmoid` computes gate by gate, as in a GPU kernel, which cannot cut an array."""
    global _gates_apart
    before, _gates_apart = _gates_apart, True
    try:
        yield
    finally:
        _gates_apart = before


def tanh(x):
    """tanh(x). `keras.ops.tanh` on JAX rounds float64 to float32, so there it is 2σ(2x) − 1."""
    if keras.backend.backend() == "jax" and keras.backend.standardize_dtype(x.dtype) == "float64":
        return 2 * ops.sigmoid(2 * x) - 1
    return ops.tanh(x)
