"""The simplified gated recurrent unit: the update gate Γu alone."""

import dataclasses

from seqzoo.equations.gru import GRUState
from seqzoo.equations.unit import Unit, sigmoid, tanh


@dataclasses.dataclass(frozen=True)
class SimplifiedGRU(Unit):
    """A memory cell c and its update gate Γu; a<t> = c<t>."""

    products = ("uc",)
    State = GRUState

    def step(self, z, state, p):
        (c_prev,) = state
        z_u, z_c = z("uc", c_prev)
        c_tilde = tanh(z_c)
        gamma_u = sigmoid(z_u)
        c = gamma_u * c_tilde + (1 - gamma_u) * c_prev
        return GRUState(c), (gamma_u, c_tilde)

    def factors(self, prev, state, saved):
        gamma_u, c_tilde = saved
        k_u = (c_tilde - prev.c) * gamma_u * (1 - gamma_u)
        k_c = gamma_u * (1 - c_tilde**2)
        return gamma_u, k_u, k_c

    def step_gradient(self, back, d_state, factors, p):
        (d_c,) = d_state
        gamma_u, k_u, k_c = factors
        d_z = d_c * k_u, d_c * k_c
        return GRUState(d_c * (1 - gamma_u) + back("uc", *d_z)), d_z
