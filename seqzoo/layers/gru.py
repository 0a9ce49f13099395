"""GRU layer, the gated recurrent unit: the notes' two, the one of cuDNN and PyTorch, and one with layer normalization."""

import keras

from seqzoo import equations
from seqzoo.backend import jit_bars_cudnn
from seqzoo.layers.arguments import GATES, CellArguments, RecurrentArguments, Unpack, check_gates, named, with_arguments
from seqzoo.layers.recurrent import Recurrent
from seqzoo.layers.recurrent_cell import RecurrentCell

UNITS = {  # by relevance_gate, reset_after, layer_norm
    (True, False, False): equations.GRU,
    (False, False, False): equations.SimplifiedGRU,
    (True, True, False): equations.ResetAfterGRU,
    (True, True, True): equations.LayerNormGRU,
}


@named
@keras.saving.register_keras_serializable("seqzoo")
class GRUCell(RecurrentCell):
    """GRU cell: one step of `GRU`."""

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        *,
        relevance_gate=True,
        reset_after=False,
        layer_norm=False,
        **kwargs: Unpack[CellArguments],
    ):
        check_gates("GRUCell", activation, recurrent_activation)
        super().__init__(units, _unit(relevance_gate, reset_after, layer_norm), **kwargs)

    def get_config(self):
        return _with_arguments(super().get_config(), self.unit)


@named
@keras.saving.register_keras_serializable("seqzoo")
class GRU(Recurrent):
    """GRU layer: c<t> = Γu * c̃<t> + (1 - Γu) * c<t-1>, with c̃<t> = tanh(Wc[Γr * c<t-1>, x<t>] + bc) and a<t> = c<t>.

    With `reset_after=True` c̃<t> = tanh(Wcx x<t> + bc + Γr * (Wcc c<t-1> + b'c)), and both gates have two biases too. The update
    gate of `keras.layers.GRU` is 1 - Γu: `conversion.from_keras` brings trained weights along.

    Args:
        units: the size of c.
        activation, recurrent_activation: of c̃ and of the gates; must be "tanh" and "sigmoid".
        relevance_gate: True for the full GRU, with Γr; False for the simplified GRU.
        reset_after: whether Γr acts after the product, as in cuDNN, in PyTorch and by default in `keras.layers.GRU`.
        layer_norm: whether the products are normalized; needs `reset_after=True`: see `equations.LayerNormGRU`.
        use_cudnn: False keeps cuDNN away from a layer with `reset_after`; see `LSTM`. Without effect on the others.
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
        layer_norm=False,
        use_cudnn="auto",
        **kwargs: Unpack[RecurrentArguments],
    ):
        check_gates("GRU", activation, recurrent_activation)
        unit = _unit(relevance_gate, reset_after, layer_norm)
        super().__init__(units, unit, **kwargs)
        self.use_cudnn = use_cudnn
        self.supports_jit = not (use_cudnn and jit_bars_cudnn(unit))

    def get_config(self):
        return _with_arguments(super().get_config(), self.cell.unit) | {"use_cudnn": self.use_cudnn}


def _unit(*variant):
    relevance_gate, reset_after, layer_norm = map(bool, variant)
    if layer_norm and not reset_after:
        raise ValueError(
            "`layer_norm=True` needs `reset_after=True`: the published unit has its relevance gate after the product."
        )
    if reset_after and not relevance_gate:
        raise ValueError(
            "`reset_after=True` needs `relevance_gate=True`, for it says where that gate acts: leave one of the two out."
        )
    return UNITS[relevance_gate, reset_after, layer_norm]()


def _with_arguments(config, unit):
    variant = next(variant for variant, cls in UNITS.items() if type(unit) is cls)
    return with_arguments(config, **GATES, **dict(zip(("relevance_gate", "reset_after", "layer_norm"), variant, strict=True)))
