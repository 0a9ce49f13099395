"""Two directions over one sequence: ŷ<t> = g'(Wy[a→<t>, a←<t>] + by)."""

import keras
from keras import ops

from seqzoo.backend import together
from seqzoo.layers.copies import copy_of
from seqzoo.layers.recurrent_cell import as_list


@keras.saving.register_keras_serializable("seqzoo")
class Bidirectional(keras.layers.Bidirectional):
    """Runs a recurrent layer forward and a copy of it backward.

    `keras.layers.Bidirectional`, put right: each direction has its own dropout seed, an initial state is not rounded to the
    compute dtype, a stateful layer that returns its state takes a mask, and `weights` arrive.

    Args:
        layer: any `keras.layers.RNN`, ours or not.
        merge_mode: "concat", "sum", "ave", "mul", or None for the two outputs.
        weights: initial values, those of the forward layer first.
        backward_layer: the layer that goes backward; a copy of `layer` unless given.

    Call arguments are those of `Recurrent`; the states are the forward layer's, then the backward layer's. At masked steps the
    output is zero.
    """

    def __init__(self, layer, merge_mode="concat", weights=None, backward_layer=None, **kwargs):
        for name, given in {"layer": layer, "backward_layer": backward_layer or layer}.items():
            if not isinstance(given, keras.layers.RNN):
                raise ValueError(f"`{name}` must be a recurrent layer, got {given!r}.")
        if backward_layer is None:
            backward_layer = copy_of(layer, f"backward_{layer.name}", 1, go_backwards=not layer.go_backwards)
        super().__init__(layer, merge_mode=merge_mode, backward_layer=backward_layer, autocast=False, **kwargs)
        self._initial_weights = weights

    def build(self, sequences_shape, initial_state_shape=None):
        super().build(sequences_shape, initial_state_shape)
        self.built = True
        if self._initial_weights is not None:
            self.set_weights(self._initial_weights)

    def call(self, sequences, initial_state=None, mask=None, training=False):
        if initial_state is not None:
            initial_state, (forward, backward) = as_list(initial_state), self._parts()
            if forward != backward:
                raise ValueError(f"`initial_state` needs two directions of as many parts, got {forward} and {backward}.")
            if len(initial_state) != forward + backward:
                expected = f"{forward} tensors of the forward and {backward} of the backward layer"
                raise ValueError(f"`initial_state` must hold {expected}, got {len(initial_state)}.")
        with together(2):
            return super().call(sequences, initial_state=initial_state, mask=mask, training=training)

    def compute_output_spec(self, sequences, initial_state=None, mask=None, training=False):
        spec = super().compute_output_spec(sequences, initial_state=initial_state, mask=mask, training=training)
        if not self.return_state:
            return spec
        states = [s for layer in (self.forward_layer, self.backward_layer) for s in layer.compute_output_spec(sequences)[1:]]
        return (*spec[: -len(states)], *states)  # each state of its own dtype

    def compute_mask(self, inputs, mask):
        mask = as_list(mask)[0] if self.return_sequences else None
        if self.forward_layer.go_backwards and mask is not None:  # as the outputs are
            mask = ops.flip(mask, axis=1)
        outputs = [mask, mask] if self.merge_mode is None else [mask]
        states = [None] * sum(self._parts()) if self.return_state else []
        return [*outputs, *states] if len(outputs) + len(states) > 1 else mask

    def _parts(self):
        """How many parts the state of each direction has."""
        return len(self.forward_layer.state_size), len(self.backward_layer.state_size)

    def as_notes(self):
        """The weights of both directions in the notes' letters: {"forward": ..., "backward": ...}."""
        return {"forward": self.forward_layer.as_notes(), "backward": self.backward_layer.as_notes()}
