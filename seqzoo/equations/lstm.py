"""The long short-term memory, with an optional peephole."""

import dataclasses
from typing import Literal, NamedTuple

from seqzoo.equations.unit import Unit, sigmoid, tanh


class LSTMState(NamedTuple):
    a: object
    c: object


@dataclasses.dataclass(frozen=True)
class LSTM(Unit):
    """LSTM. `peephole="output"` adds c<t-1> to Γo's input (the notes' form), `"all"` to all three gates'."""

    peephole: Literal[None, "output", "all"] = None

    products = ("ufoc",)
    State = LSTMState

    @property
    def peepholes(self):
        return {None: "", "output": "o", "all": "ufo"}[self.peephole]

    @property
    def cudnn(self):
        return None if self.peephole else ("lstm", "ufco")

    def step(self, z, state, p):
        a_prev, c_prev = state
        z_u, z_f, z_o, z_c = z("ufoc", a_prev)
        if self.peephole == "all":
            z_u, z_f = z_u + p["u"] * c_prev, z_f + p["f"] * c_prev
        if self.peephole:
            z_o = z_o + p["o"] * c_prev
        gamma_u, gamma_f, gamma_o = sigmoid(z_u, z_f, z_o)
        c_tilde = tanh(z_c)
        c = gamma_u * c_tilde + gamma_f * c_prev
        a = gamma_o * tanh(c)
        return LSTMState(a, c), (gamma_u, gamma_f, gamma_o, c_tilde)

    def factors(self, prev, state, saved):
        gamma_u, gamma_f, gamma_o, c_tilde = saved
        tanh_c = tanh(state.c)
        k_u = c_tilde * gamma_u * (1 - gamma_u)
        k_f = prev.c * gamma_f * (1 - gamma_f)
        k_o = tanh_c * gamma_o * (1 - gamma_o)
        k_c = gamma_u * (1 - c_tilde**2)
        k_a = gamma_o * (1 - tanh_c**2)
        return gamma_f, k_u, k_f, k_o, k_c, k_a

    def step_gradient(self, back, d_state, factors, p):
        d_a, d_c = d_state
        gamma_f, k_u, k_f, k_o, k_c, k_a = factors
        d_c = d_c + d_a * k_a
        d_z_u, d_z_f, d_z_o, d_z_c = d_c * k_u, d_c * k_f, d_a * k_o, d_c * k_c
        d_c_prev = d_c * gamma_f
        if self.peephole == "all":
            d_c_prev = d_c_prev + p["u"] * d_z_u + p["f"] * d_z_f
        if self.peephole:
            d_c_prev = d_c_prev + p["o"] * d_z_o
        d_a_prev = back("ufoc", d_z_u, d_z_f, d_z_o, d_z_c)
        return LSTMState(d_a_prev, d_c_prev), (d_z_u, d_z_f, d_z_o, d_z_c)
