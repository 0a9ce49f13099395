"""The GRU with layer normalization."""

import dataclasses

from seqzoo.equations.gru import GRUState
from seqzoo.equations.layer_norm import layer_norm
from seqzoo.equations.unit import Unit, sigmoid, tanh


@dataclasses.dataclass(frozen=True)
class LayerNormGRU(Unit):
    """GRU of normalized products: c̃<t> = tanh(LN(Wcx x<t>) + Γr * LN(Wcc c<t-1>) + bc), Γr after the product.

    Source: Ba, Kiros and Hinton 2016, Layer Normalization, arXiv:1607.06450, equations 26 to 29; one bias for their two.
    """

    products = ("urc",)
    State = GRUState
    gains = {"input_gain": "urc", "recurrent_gain": "urc"}
    biases = {"bias": "urc"}

    def step(self, z, state, p):
        (c_prev,) = state
        x_u, x_r, x_c = _normed(z.inputs("urc"), p["input_gain"])
        h_u, h_r, h_c = _normed(z.recurrent("urc", c_prev), p["recurrent_gain"])
        b_u, b_r, b_c = p["bias"]
        gamma_u, gamma_r = sigmoid(x_u + h_u + b_u, x_r + h_r + b_r)
        c_tilde = tanh(x_c + gamma_r * h_c + b_c)
        c = gamma_u * c_tilde + (1 - gamma_u) * c_prev
        return GRUState(c), ()


def _normed(products, gains):
    """The gates normalized together, c̃ by itself."""
    return layer_norm(products[:2], gains[:2]) + layer_norm(products[2:], gains[2:])
