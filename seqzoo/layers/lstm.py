"""LSTM layer, the long short-term memory of the notes, with peepholes or layer normalization by choice."""

import keras

from seqzoo import equations
from seqzoo.backend import jit_bars_cudnn
from seqzoo.layers.arguments import GATES, CellArguments, RecurrentArguments, Unpack, check_gates, named, with_arguments
from seqzoo.layers.recurrent import Recurrent
from seqzoo.layers.recurrent_cell import RecurrentCell


@named
@keras.saving.register_keras_serializable("seqzoo")
class LSTMCell(RecurrentCell):
    """LSTM cell: one step of `LSTM`."""

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        *,
        peephole=None,
        layer_norm=False,
        unit_forget_bias=True,
        **kwargs: Unpack[CellArguments],
    ):
        check_gates("LSTMCell", activation, recurrent_activation)
        super().__init__(units, _unit(peephole, layer_norm), open_gates=_open_gates(unit_forget_bias), **kwargs)

    def get_config(self):
        return _with_arguments(super().get_config(), self.unit)


@named
@keras.saving.register_keras_serializable("seqzoo")
class LSTM(Recurrent):
    """LSTM layer: c<t> = Γu * c̃<t> + Γf * c<t-1> and a<t> = Γo * tanh(c<t>). The state is [a, c].

    Args:
        units: the size of a and of c.
        activation, recurrent_activation: of c̃ and c, and of the gates; must be "tanh" and "sigmoid".
        peephole: "output" adds c<t-1> to the input of Γo, the notes' form; "all" adds c<t-1> to the inputs of Γu, Γf and Γo.
            A peephole has one weight per unit: unit k of c affects unit k of a gate only.
        layer_norm: whether the products and c are normalized, without a peephole: see `equations.LayerNormLSTM`.
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
        layer_norm=False,
        unit_forget_bias=True,
        use_cudnn="auto",
        **kwargs: Unpack[RecurrentArguments],
    ):
        check_gates("LSTM", activation, recurrent_activation)
        unit = _unit(peephole, layer_norm)
        super().__init__(units, unit, open_gates=_open_gates(unit_forget_bias), **kwargs)
        self.use_cudnn = use_cudnn
        self.supports_jit = not (use_cudnn and jit_bars_cudnn(unit))

    def get_config(self):
        return _with_arguments(super().get_config(), self.cell.unit) | {"use_cudnn": self.use_cudnn}


def _unit(peephole, layer_norm):
    if peephole not in (None, "output", "all"):
        raise ValueError(f'`peephole` must be None, "output" or "all", got {peephole!r}.')
    if layer_norm and peephole:
        raise ValueError(f"`layer_norm=True` needs `peephole=None`, got {peephole!r}.")
    return equations.LayerNormLSTM() if layer_norm else equations.LSTM(peephole)


def _open_gates(unit_forget_bias):
    return "f" if unit_forget_bias else ""


def _with_arguments(config, unit):
    own = {"peephole": getattr(unit, "peephole", None), "layer_norm": isinstance(unit, equations.LayerNormLSTM)}
    return with_arguments(config, **GATES, **own, unit_forget_bias=config["open_gates"] == "f")
