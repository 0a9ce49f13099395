"""LSTM layer, the long short-term memory of the notes."""

import keras

from seqzoo import equations
from seqzoo.backend import jit_bars_cudnn
from seqzoo.layers.arguments import GATES, check_gates, with_arguments
from seqzoo.layers.recurrent import Recurrent
from seqzoo.layers.recurrent_cell import RecurrentCell


@keras.saving.register_keras_serializable("seqzoo")
class LSTMCell(RecurrentCell):
    """LSTM cell: one step of `LSTM`."""

    def __init__(
        self, units, activation="tanh", recurrent_activation="sigmoid", *, peephole=None, unit_forget_bias=True, **kwargs
    ):
        unit = _unit(activation, recurrent_activation, peephole)
        super().__init__(units, unit, open_gates=_open_gates(unit_forget_bias), **kwargs)

    def get_config(self):
        return _with_arguments(super().get_config(), self.unit)


@keras.saving.register_keras_serializable("seqzoo")
class LSTM(Recurrent):
    """LSTM layer: c<t> = Γu * c̃<t> + Γf * c<t-1> and a<t> = Γo * tanh(c<t>). The state is [a, c].

    Args:
        units: the size of a and of c.
        activation, recurrent_activation: of c̃ and c, and of the gates; must be "tanh" and "sigmoid".
        peephole: "output" adds c<t-1> to the input of Γo, the notes' form; "all" adds c<t-1> to the inputs of Γu, Γf and Γo.
            A peephole has one weight per unit: unit k of c affects unit k of a gate only.
        unit_forget_bias: whether the forget gate's bias is initialized to one.
        use_cudnn: False keeps cuDNN away; otherwise cuDNN runs the layer on a GPU, on TensorFlow and PyTorch, unless there is a
            peephole, recurrent dropout, mixed precision, a mask with gaps, `segments` or `unroll`. Gradients of gradients need
            False.
        **kwargs: arguments of `Recurrent`.
    """

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        *,
        peephole=None,
        unit_forget_bias=True,
        use_cudnn="auto",
        **kwargs,
    ):
        unit = _unit(activation, recurrent_activation, peephole)
        super().__init__(units, unit, open_gates=_open_gates(unit_forget_bias), **kwargs)
        self.use_cudnn = use_cudnn
        self.supports_jit = not (use_cudnn and jit_bars_cudnn(unit))

    def get_config(self):
        return _with_arguments(super().get_config(), self.cell.unit) | {"use_cudnn": self.use_cudnn}


def _unit(activation, recurrent_activation, peephole):
    check_gates(activation, recurrent_activation)
    if peephole not in (None, "output", "all"):
        raise ValueError(f'`peephole` must be None, "output" or "all", got {peephole!r}.')
    return equations.LSTM(peephole)


def _open_gates(unit_forget_bias):
    return "f" if unit_forget_bias else ""


def _with_arguments(config, unit):
    return with_arguments(config, **GATES, peephole=unit.peephole, unit_forget_bias=config["open_gates"] == "f")
