"""Stack of recurrent layers by the name of their cell, in one or both directions."""

from typing import Literal

from seqzoo.layers import GRU, LSTM, Bidirectional, SimpleRNN

Cell = Literal["rnn", "gru", "gru-simplified", "gru-reset-after", "gru-layer-norm", "lstm", "lstm-peephole", "lstm-layer-norm"]
CELLS = {
    "rnn": (SimpleRNN, {}),
    "gru": (GRU, {}),
    "gru-simplified": (GRU, {"relevance_gate": False}),
    "gru-reset-after": (GRU, {"reset_after": True}),
    "gru-layer-norm": (GRU, {"reset_after": True, "layer_norm": True}),
    "lstm": (LSTM, {}),
    "lstm-peephole": (LSTM, {"peephole": "output"}),
    "lstm-layer-norm": (LSTM, {"layer_norm": True}),
}


def recurrent_stack(cell, units, depth=1, bidirectional=False, return_sequences=False, lookahead=None, **arguments):
    """Returns a list of recurrent layers, to be called in order, each with `mask=`; all but the last return sequences.

    Args:
        cell: a name in `CELLS`.
        units: the size of each layer in each direction.
        depth: the number of layers.
        bidirectional: whether each layer is a `Bidirectional`.
        return_sequences: whether the last layer returns sequences too.
        lookahead: the argument of `Bidirectional`.
        **arguments: arguments of `layers.Recurrent`, for every layer.
    """
    if cell not in CELLS:
        raise ValueError(f"`cell` must be one of {', '.join(CELLS)}, got {cell!r}.")
    if depth < 1:
        raise ValueError(f"`depth` must be a positive integer, got {depth!r}.")
    layer, variant = CELLS[cell]
    layers = [layer(units, return_sequences=True, **variant, **arguments) for _ in range(depth - 1)]
    layers += [layer(units, return_sequences=return_sequences, **variant, **arguments)]
    if not bidirectional:
        return layers
    return [Bidirectional(layer, lookahead=lookahead, dtype=layer.dtype_policy) for layer in layers]
