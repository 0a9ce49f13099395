"""Bidirectional layer: two directions over one sequence, ŷ<t> = g'(Wy[a→<t>, a←<t>] + by)."""

import keras
from keras import ops

from seqzoo.backend import concurrent_loops
from seqzoo.layers import lookahead as ahead
from seqzoo.layers.arguments import as_list
from seqzoo.layers.cloning import copy_of, unshared


@keras.saving.register_keras_serializable("seqzoo")
class Bidirectional(keras.layers.Bidirectional):
    """Bidirectional layer: runs a recurrent layer forward and a copy of the layer backward.

    Differences from `keras.layers.Bidirectional`: the directions may have different sizes, each has its own dropout seed, an
    initial state is not rounded to the compute dtype, a stateful layer that returns its state takes a mask, and `weights` are
    set.

    Args:
        layer: any `keras.layers.RNN`, of seqzoo or not.
        merge_mode: "concat", "sum", "ave", "mul", or None for the two outputs.
        weights: initial weights, those of the forward layer first.
        backward_layer: the backward layer; a copy of `layer` unless given.
        lookahead: future steps that the backward direction sees, all unless given. For each step t the backward layer then
            starts at step t + lookahead, from the initial state. The output at t is final `lookahead` steps later: `step` takes
            inputs as they arrive. The outputs equal those of the full layer if lookahead >= T_x - 1. The cost is lookahead + 1
            steps of the backward layer at each step. Masked steps count; dropout is drawn for each window of steps.

    Call arguments are those of `Recurrent`. States are those of the forward layer, then those of the backward layer. The output
    at masked steps is zero.
    """

    def __init__(self, layer, merge_mode="concat", weights=None, backward_layer=None, lookahead=None, **kwargs):
        for name, given in {"layer": layer, "backward_layer": backward_layer or layer}.items():
            if not isinstance(given, keras.layers.RNN):
                raise ValueError(f"`{name}` must be a recurrent layer, got {given!r}.")
        if lookahead is not None:
            ahead.check(lookahead, layer)
        if backward_layer is None:
            backward_layer = copy_of(layer, f"backward_{layer.name}", 1, go_backwards=not layer.go_backwards)
        with unshared():
            super().__init__(layer, merge_mode=merge_mode, backward_layer=backward_layer, autocast=False, **kwargs)
        self._initial_weights, self.lookahead = weights, lookahead
        if merge_mode not in ("concat", None):
            self._check_sizes(*(getattr(of.cell, "output_size", None) for of in (self.forward_layer, self.backward_layer)))
        self.supports_masking = True  # Keras's class passes a mask on up to 3.15 only

    def _check_sizes(self, forward, backward):
        if forward != backward:
            sizes = f"got {forward} and {backward}"
            raise ValueError(f'`merge_mode="{self.merge_mode}"` needs directions of one size, {sizes}; "concat" takes any.')

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
        steps = sequences.shape[1]
        with concurrent_loops(2):
            if self.lookahead is None or (isinstance(steps, int) and self.lookahead >= steps - 1):
                return super().call(sequences, initial_state=initial_state, mask=mask, training=training)
            return self._look_ahead(sequences, initial_state, mask, training)

    def _look_ahead(self, sequences, initial_state, mask, training):
        parts, _ = self._parts()
        of_forward, of_backward = (None, None) if initial_state is None else (initial_state[:parts], initial_state[parts:])
        y, *states = as_list(self.forward_layer(sequences, initial_state=of_forward, mask=mask, training=training))
        y_back, states_back = ahead.backward(self.backward_layer, sequences, self.lookahead, of_backward, mask, training)
        outputs = as_list(ahead.merged(*(ops.cast(a, self.compute_dtype) for a in (y, y_back)), self.merge_mode))
        return (*outputs, *states, *states_back) if self.return_state or len(outputs) > 1 else outputs[0]

    def step(self, x_t, state=None):
        """Runs one step at inference, of a layer with a `lookahead`.

        Args:
            x_t: the input, `(batch, inputs)`.
            state: the state that the previous `step` returned; the initial state unless given.

        Returns:
            The output for the input `lookahead` steps before, None during the first `lookahead` steps; and the state, a list:
            the inputs without an output yet, `(batch, up to lookahead, inputs)`, then the parts of the forward layer's state.
            `finish` returns the outputs that are missing at the end.
        """
        if self.lookahead is None:
            raise ValueError("A `Bidirectional` layer without `lookahead` cannot `step`: it starts at the last input.")
        if not hasattr(self.forward_layer, "step"):
            raise ValueError(f"A {type(self.forward_layer).__name__} layer cannot `step`.")
        if len(getattr(x_t, "shape", ())) != 2:
            raise ValueError(f"`x_t` must be (batch, inputs), got {getattr(x_t, 'shape', x_t)}.")
        if not self.built:
            self.build((x_t.shape[0], None, x_t.shape[1]))
        waiting, *forward = self.initial_step_state(ops.shape(x_t)[0]) if state is None else self._checked(state)
        expected = waiting.shape[0], waiting.shape[2]
        if tuple(x_t.shape) != expected:
            raise ValueError(f"`x_t` must be (batch, inputs) = {expected}, got the shape {tuple(x_t.shape)}.")
        waiting = ops.concatenate([waiting, ops.cast(x_t, waiting.dtype)[:, None]], axis=1)
        if waiting.shape[1] <= self.lookahead:
            return None, [waiting, *forward]
        return self._of_first(waiting, forward)

    def finish(self, state):
        """Returns the last `lookahead` outputs, a list, from the state of the last `step`.

        For a sequence shorter than `lookahead` the list has one output for each step.
        """
        outputs, state = [], self._checked(state)
        while state[0].shape[1]:
            output, state = self._of_first(state[0], state[1:])
            outputs.append(output)
        return outputs

    def _checked(self, state):
        """Returns a state of `step` as a list, or raises a ValueError."""
        parts = 1 + len(self.forward_layer.state_size)
        if not isinstance(state, (list, tuple)) or len(state) != parts or len(getattr(state[0], "shape", ())) != 3:
            raise ValueError(f"`state` must be what `step` returned, a list of {parts} tensors, got {state!r}.")
        return list(state)

    def _of_first(self, waiting, forward):
        """Returns the output of the first pending step, and the state without that step."""
        y, forward = self.forward_layer.step(waiting[:, 0], forward)
        y_back, *_ = as_list(self.backward_layer(waiting))
        return ahead.merged(y, y_back[:, -1], self.merge_mode), [waiting[:, 1:], *forward]

    def initial_step_state(self, batch):
        """Returns the state before the first `step`: no pending input, and zeros."""
        inputs = self.forward_layer.cell.kernel.shape[0]
        return [ops.zeros((batch, 0, inputs), self.compute_dtype), *self.forward_layer.get_initial_state(batch)]

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        shapes = [layer.compute_output_shape(sequences_shape) for layer in (self.forward_layer, self.backward_layer)]
        (forward, *states), (backward, *states_back) = shapes if self.return_state else [[shape] for shape in shapes]
        if self.merge_mode is None:
            outputs = [forward, backward]
        elif self.merge_mode == "concat":
            outputs = [(*forward[:-1], forward[-1] + backward[-1])]
        else:
            outputs = [forward]
        outputs += [*states, *states_back]
        return tuple(outputs) if self.return_state or self.merge_mode is None else outputs[0]

    def compute_output_spec(self, sequences, initial_state=None, mask=None, training=False):
        spec = super().compute_output_spec(sequences, initial_state=initial_state, mask=mask, training=training)
        if not self.return_state:
            return spec
        states = [s for layer in (self.forward_layer, self.backward_layer) for s in layer.compute_output_spec(sequences)[1:]]
        return (*spec[: -len(states)], *states)  # each state has its own dtype

    def compute_mask(self, inputs, mask):
        mask = as_list(mask)[0] if self.return_sequences else None
        if self.forward_layer.go_backwards and mask is not None:  # as the outputs are
            mask = ops.flip(mask, axis=1)
        outputs = [mask, mask] if self.merge_mode is None else [mask]
        states = [None] * sum(self._parts()) if self.return_state else []
        return [*outputs, *states] if len(outputs) + len(states) > 1 else mask

    def _parts(self):
        """Returns the number of state parts of each direction."""
        return len(self.forward_layer.state_size), len(self.backward_layer.state_size)

    def get_config(self):
        return super().get_config() | {"lookahead": self.lookahead}

    def as_notes(self):
        """Returns the weights of both directions in the notes' letters: {"forward": ..., "backward": ...}."""
        return {"forward": self.forward_layer.as_notes(), "backward": self.backward_layer.as_notes()}
