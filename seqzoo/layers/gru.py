"""The gated recurrent unit of the notes, simplified and full."""

import keras

from seqzoo import equations
from seqzoo.layers.recurrent import Recurrent, RecurrentCell, with_arguments


@keras.saving.register_keras_serializable("seqzoo")
class GRUCell(RecurrentCell):
    """One step of `GRU`."""

    def __init__(self, units, relevance_gate=True, **kwargs):
        super().__init__(units, _unit(relevance_gate), **kwargs)

    def get_config(self):
        return with_arguments(super().get_config(), relevance_gate=isinstance(self.unit, equations.GRU))


@keras.saving.register_keras_serializable("seqzoo")
class GRU(Recurrent):
    """c<t> = Γu * c̃<t> + (1 - Γu) * c<t-1>, with c̃<t> = tanh(Wc[Γr * c<t-1>, x<t>] + bc) and a<t> = c<t>.

    This is `keras.layers.GRU(reset_after=False)` with the update gate negated. Keras's default, cuDNN and PyTorch apply Γr
    after the product: another model.

    Args:
        units: the size of c.
        relevance_gate: with Γr the full GRU; without it the simplified one.
        **kwargs: those of `Recurrent`.
    """

    def __init__(self, units, relevance_gate=True, **kwargs):
        super().__init__(units, _unit(relevance_gate), **kwargs)

    def get_config(self):
        return with_arguments(super().get_config(), relevance_gate=isinstance(self.cell.unit, equations.GRU))


def _unit(relevance_gate):
    return equations.GRU() if relevance_gate else equations.SimplifiedGRU()
