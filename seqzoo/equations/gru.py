"""The full gated recurrent unit: the update gate Γu and the relevance gate Γr."""

import dataclasses
from typing import NamedTuple

from seqzoo.equations.unit import Unit, sigmoid, tanh


class GRUState(NamedTuple):
    c: object


@dataclasses.dataclass(frozen=True)
class GRU(Unit):
    """A memory cell c, its update gate Γu and its relevance gate Γr, applied before the product; a<t> = c<t>."""

    products = ("ur", "c")
    State = GRUState

    def step(self, z, state, p):
        (c_prev,) = state
        z_u, z_r = z("ur", c_prev)
        gamma_u, gamma_r = sigmoid(z_u, z_r)
        (z_c,) = z("c", gamma_r * c_prev)
        c_tilde = tanh(z_c)
        c = gamma_u * c_tilde + (1 - gamma_u) * c_prev
        return GRUState(c), (gamma_u, gamma_r, c_tilde)

    def factors(self, prev, state, saved):
        gamma_u, gamma_r, c_tilde = saved
        k_u = (c_tilde - prev.c) * gamma_u * (1 - gamma_u)
        k_r = prev.c * gamma_r * (1 - gamma_r)
        k_c = gamma_u * (1 - c_tilde**2)
        return gamma_u, gamma_r, k_u, k_r, k_c

    def step_gradient(self, back, d_state, factors, p):
        (d_c,) = d_state
        gamma_u, gamma_r, k_u, k_r, k_c = factors
        d_z_c = d_c * k_c
        d_relevant = back("c", d_z_c)  # of Γr * c<t-1>
        d_z_u, d_z_r = d_c * k_u, d_relevant * k_r
        d_c_prev = d_c * (1 - gamma_u) + d_relevant * gamma_r + back("ur", d_z_u, d_z_r)
        return GRUState(d_c_prev), (d_z_u, d_z_r, d_z_c)

    def operands(self, prev, saved):
        _, gamma_r, _ = saved
        return {"ur": prev.c, "c": gamma_r * prev.c}
