"""Simple RNN layer, the simple recurrent network of the notes."""

import keras

from seqzoo import equations
from seqzoo.backend import jit_bars_cudnn
from seqzoo.layers.arguments import CellArguments, RecurrentArguments, Unpack, is_activation, named, way_out, with_arguments
from seqzoo.layers.recurrent import Recurrent
from seqzoo.layers.recurrent_cell import RecurrentCell


@named
@keras.saving.register_keras_serializable("seqzoo")
class SimpleRNNCell(RecurrentCell):
    """Simple RNN cell: one step of `SimpleRNN`."""

    def __init__(self, units, activation="tanh", **kwargs: Unpack[CellArguments]):
        unit = _unit(activation)
        super().__init__(units, unit, **kwargs)
        self.supports_jit = not jit_bars_cudnn(unit)

    def get_config(self):
        return with_arguments(super().get_config(), activation=self.unit.activation)


@named
@keras.saving.register_keras_serializable("seqzoo")
class SimpleRNN(Recurrent):
    """Simple RNN layer: a<t> = g(Wa[a<t-1>, x<t>] + ba).

    Args:
        units: the size of a.
        activation: g, "tanh" or "relu".
        **kwargs: arguments of `Recurrent`.
    """

    def __init__(self, units, activation="tanh", **kwargs: Unpack[RecurrentArguments]):
        unit = _unit(activation)
        super().__init__(units, unit, **kwargs)
        self.supports_jit = not jit_bars_cudnn(unit)

    def get_config(self):
        return with_arguments(super().get_config(), activation=self.cell.unit.activation)


def _unit(activation):
    for name in ("tanh", "relu"):
        if is_activation(activation, name):
            return equations.SimpleRNN(name)
    raise ValueError(f'`activation` must be "tanh" or "relu", got {activation!r}; {way_out("SimpleRNN")}.')
