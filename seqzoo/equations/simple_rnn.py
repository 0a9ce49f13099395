"""The simple recurrent unit."""

import dataclasses
from typing import Literal, NamedTuple

from keras import ops

from seqzoo.equations.unit import Unit, tanh


class SimpleRNNState(NamedTuple):
    a: object


@dataclasses.dataclass(frozen=True)
class SimpleRNN(Unit):
    """a<t> = g(Wa[a<t-1>, x<t>] + ba), g = tanh or relu."""

    activation: Literal["tanh", "relu"] = "tanh"

    products = ("a",)
    State = SimpleRNNState

    @property
    def cudnn(self):
        return f"rnn_{self.activation}", "a"

    def step(self, z, state, p):
        (a_prev,) = state
        (z_a,) = z("a", a_prev)
        a = tanh(z_a) if self.activation == "tanh" else ops.relu(z_a)
        return SimpleRNNState(a), ()

    def factors(self, prev, state, saved):
        (a,) = state
        return 1 - a**2 if self.activation == "tanh" else ops.cast(a > 0, a.dtype)

    def step_gradient(self, back, d_state, factors, p):
        d_z = d_state.a * factors
        return SimpleRNNState(back("a", d_z)), (d_z,)
