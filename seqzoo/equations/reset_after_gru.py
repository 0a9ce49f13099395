"""The gated recurrent unit with the relevance gate Γr after the product: that of cuDNN, PyTorch and Keras's default."""

import dataclasses

from seqzoo.equations.gru import GRUState
from seqzoo.equations.unit import Unit, sigmoid, tanh


@dataclasses.dataclass(frozen=True)
class ResetAfterGRU(Unit):
    """c̃<t> = tanh(Wcx x<t> + bc + Γr * (Wcc c<t-1> + b'c)); the gates and c<t> are those of `GRU`. One product a step.

    Source: Cho et al. 2014, arXiv:1406.1078v1 (v3 has Γr before the product), with the second bias of cuDNN's `CUDNN_GRU`.
    """

    products = ("urc",)
    State = GRUState
    recurrent_bias = True
    cudnn = "gru", "rUc"  # its update gate is 1 - Γu

    def step(self, z, state, p):
        (c_prev,) = state
        x_u, x_r, x_c = z.inputs("urc")
        h_u, h_r, h_c = z.recurrent("urc", c_prev)
        gamma_u, gamma_r = sigmoid(x_u + h_u, x_r + h_r)
        c_tilde = tanh(x_c + gamma_r * h_c)
        c = gamma_u * c_tilde + (1 - gamma_u) * c_prev
        return GRUState(c), (gamma_u, gamma_r, c_tilde, h_c)

    def factors(self, prev, state, saved):
        gamma_u, gamma_r, c_tilde, h_c = saved
        k_u = (c_tilde - prev.c) * gamma_u * (1 - gamma_u)
        k_r = h_c * gamma_r * (1 - gamma_r)
        k_c = gamma_u * (1 - c_tilde**2)
        return gamma_u, gamma_r, k_u, k_r, k_c

    def step_gradient(self, back, d_state, factors, p):
        (d_c,) = d_state
        gamma_u, gamma_r, k_u, k_r, k_c = factors
        d_z_u, d_z_c = d_c * k_u, d_c * k_c
        d_z_r = d_z_c * k_r
        d_c_prev = d_c * (1 - gamma_u) + back("urc", d_z_u, d_z_r, d_z_c * gamma_r)
        return GRUState(d_c_prev), (d_z_u, d_z_r, d_z_c)
