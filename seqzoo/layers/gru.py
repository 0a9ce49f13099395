"""GRU layer, the gated recurrent unit of the notes, simplified and full."""

import keras

from seqzoo import equations
from seqzoo.layers.arguments import GATES, check_gates, with_arguments
from seqzoo.layers.recurrent import Recurrent
from seqzoo.layers.recurrent_cell import RecurrentCell


@keras.saving.register_keras_serializable("seqzoo")
class GRUCell(RecurrentCell):
    """GRU cell: one step of `GRU`."""

    def __init__(
        self, units, activation="tanh", recurrent_activation="sigmoid", *, relevance_gate=True, reset_after=False, **kwargs
    ):
        super().__init__(units, _unit(activation, recurrent_activation, relevance_gate, reset_after), **kwargs)

    def get_config(self):
        return _with_arguments(super().get_config(), self.unit)


@keras.saving.register_keras_serializable("seqzoo")
class GRU(Recurrent):
    """GRU layer: c<t> = Γu * c̃<t> + (1 - Γu) * c<t-1>, with c̃<t> = tanh(Wc[Γr * c<t-1>, x<t>] + bc) and a<t> = c<t>.

    The layer equals `keras.layers.GRU(reset_after=False)` with the update gate negated. Keras's default, cuDNN and PyTorch
    apply Γr after the product: a different model.

    Args:
        units: the size of c.
        activation, recurrent_activation: of c̃ and of the gates; must be "tanh" and "sigmoid".
        relevance_gate: True for the full GRU, with Γr; False for the simplified GRU.
        reset_after: must be False.
        use_cudnn: accepted for compatibility with Keras, without effect.
        **kwargs: arguments of `Recurrent`.
    """

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        *,
        relevance_gate=True,
        reset_after=False,
        use_cudnn="auto",
        **kwargs,
    ):
        super().__init__(units, _unit(activation, recurrent_activation, relevance_gate, reset_after), **kwargs)
        self.use_cudnn = use_cudnn

    def get_config(self):
        return _with_arguments(super().get_config(), self.cell.unit) | {"use_cudnn": self.use_cudnn}


def _unit(activation, recurrent_activation, relevance_gate, reset_after):
    check_gates(activation, recurrent_activation)
    if reset_after:
        raise ValueError(
            "`reset_after` must be False: the notes apply the relevance gate before the product. With True, "
            "`keras.layers.GRU`'s default, it is another model."
        )
    return equations.GRU() if relevance_gate else equations.SimplifiedGRU()


def _with_arguments(config, unit):
    return with_arguments(config, **GATES, relevance_gate=isinstance(unit, equations.GRU), reset_after=False)
