"""Two directions over one sequence: ŷ<t> = g'(Wy[a→<t>, a←<t>] + by)."""

import keras


@keras.saving.register_keras_serializable("seqzoo")
class Bidirectional(keras.layers.Bidirectional):
    """Runs a recurrent layer forward and a copy of it backward.

    `keras.layers.Bidirectional`, put right in two places: each direction has its own dropout seed, and an initial state is not
    rounded to the compute dtype.

    Args:
        layer: any `keras.layers.RNN`, ours or not.
        merge_mode: "concat", "sum", "ave", "mul", or None for the two outputs.
        backward_layer: the layer that goes backward; a copy of `layer` unless given.
    """

    def __init__(self, layer, merge_mode="concat", backward_layer=None, **kwargs):
        if not isinstance(layer, keras.layers.RNN):
            raise ValueError(f"`layer` must be a recurrent layer, got {layer!r}.")
        backward_layer = backward_layer or _reversed_copy(layer)
        super().__init__(layer, merge_mode=merge_mode, backward_layer=backward_layer, autocast=False, **kwargs)

    def compute_output_spec(self, sequences, initial_state=None, mask=None, training=None):
        spec = super().compute_output_spec(sequences, initial_state=initial_state, mask=mask, training=training)
        if not self.return_state:
            return spec
        states = [s for layer in (self.forward_layer, self.backward_layer) for s in layer.compute_output_spec(sequences)[1:]]
        return (*spec[: -len(states)], *states)  # each state of its own dtype

    def as_notes(self):
        """The weights of both directions in the notes' letters: {"forward": ..., "backward": ...}."""
        return {"forward": self.forward_layer.as_notes(), "backward": self.backward_layer.as_notes()}


def _reversed_copy(layer):
    config = layer.get_config()
    config["go_backwards"] = not config["go_backwards"]
    config["name"] = f"backward_{layer.name}"
    if config.get("seed") is not None:
        config["seed"] += 1
    return type(layer).from_config(config)
