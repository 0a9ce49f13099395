"""The LSTM with layer normalization."""

import dataclasses

from seqzoo.equations.layer_norm import layer_norm
from seqzoo.equations.lstm import LSTMState
from seqzoo.equations.unit import Unit, sigmoid, tanh


@dataclasses.dataclass(frozen=True)
class LayerNormLSTM(Unit):
    """LSTM of LN(Wx x<t>) + LN(Wa a<t-1>) + b, and a<t> = Γo * tanh(LN(c<t>)).

    Source: Ba, Kiros and Hinton 2016, Layer Normalization, arXiv:1607.06450, equations 20 to 22.
    """

    products = ("ufoc",)
    State = LSTMState
    gains = {"input_gain": "ufoc", "recurrent_gain": "ufoc", "cell_gain": "c"}
    biases = {"bias": "ufoc", "cell_bias": "c"}

    def step(self, z, state, p):
        a_prev, c_prev = state
        of_x = layer_norm(z.inputs("ufoc"), p["input_gain"])
        of_a = layer_norm(z.recurrent("ufoc", a_prev), p["recurrent_gain"])
        z_u, z_f, z_o, z_c = (x + a + b for x, a, b in zip(of_x, of_a, p["bias"], strict=True))
        gamma_u, gamma_f, gamma_o = sigmoid(z_u, z_f, z_o)
        c_tilde = tanh(z_c)
        c = gamma_u * c_tilde + gamma_f * c_prev
        (c_normed,) = layer_norm([c], p["cell_gain"])
        a = gamma_o * tanh(c_normed + p["cell_bias"][0])
        return LSTMState(a, c), ()
