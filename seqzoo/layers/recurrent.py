"""Recurrent layer of any unit: masks, directions, states, dropout and precision around the unit's equations."""

import functools

import keras
from keras import ops

from seqzoo.engine.through_time import through_time
from seqzoo.layers.arguments import CellArguments, LayerArguments, Unpack, as_list, from_serialized, named, positive_integer
from seqzoo.layers.recurrent_cell import RecurrentCell

OF_CELL = {*CellArguments.__annotations__, "open_gates"} - {*LayerArguments.__annotations__}


@functools.partial(named, others=[RecurrentCell])
@keras.saving.register_keras_serializable("seqzoo")
class Recurrent(keras.layers.RNN):
    """Recurrent layer: runs a unit over a sequence.

    Args:
        units: the size of the state and of the output.
        unit: an `equations.Unit`.
        return_sequences: whether to return the output of every step, `(batch, T_x, units)`, or of the last, `(batch, units)`.
        return_state: whether to return each part of the last state after the output.
        go_backwards: whether to run from the last step to the first; outputs come in the order of computation.
        stateful: whether the last state is the initial state of the next call, until `reset_state()`; fixes the batch size.
        unroll: whether to use T_x copies of the step instead of a loop; T_x must be known.
        zero_output_for_mask: whether the output of masked steps is zero; otherwise the output of the step before is repeated.
        segments: number of segments of a long sequence. The forward pass keeps the first state of each segment only, and the
            backward pass recomputes the rest. Memory is lowest with about √T_x; time grows by one forward pass at most.
        **kwargs: arguments of `RecurrentCell` and of `keras.layers.Layer`.

    Call arguments:
        sequences: `(batch, T_x, inputs)`.
        initial_state: a list, one `(batch, units)` for each part of the state; zeros unless given.
        mask: booleans `(batch, T_x)`, in any pattern. A False step keeps the state; a row all False keeps its initial state.
        training: whether to apply dropout and to keep the values that a gradient needs. A gradient without `training` costs
            one more forward pass on TensorFlow, and nothing elsewhere.

    States are float32 even under mixed precision (float64 under float64); the output has the compute dtype. Gradients of
    gradients work; forward mode (`jax.jvp`) does not.
    """

    def __init__(
        self,
        units,
        unit,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        zero_output_for_mask=False,
        segments=1,
        **kwargs: Unpack[CellArguments],
    ):
        of_cell = {name: kwargs.pop(name) for name in list(kwargs) if name in OF_CELL}
        of_both = {name: kwargs[name] for name in ("trainable", "dtype") if name in kwargs}
        super().__init__(
            RecurrentCell(units, unit, name="cell", **of_both, **of_cell),
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            zero_output_for_mask=zero_output_for_mask,
            autocast=False,  # autocast would round the initial state; `call` casts the sequences
            **kwargs,
        )
        self.segments = positive_integer("segments", segments)
        self.supports_masking = True  # Keras's class passes a mask on up to 3.15 only
        self.input_spec = keras.layers.InputSpec(ndim=3)

    def build(self, sequences_shape, initial_state_shape=None):
        if sequences_shape[-1] is None:
            raise ValueError(f"The size of an input must be known, got `sequences` of the shape {tuple(sequences_shape)}.")
        super().build(sequences_shape, initial_state_shape)
        self._built_steps = sequences_shape[1]
        self.input_spec = keras.layers.InputSpec(ndim=3, axes={-1: sequences_shape[-1]})
        for variable in self.states or ():
            variable._autocast = False  # Keras would round a state that it keeps between calls

    def call(self, sequences, initial_state=None, mask=None, training=False):
        cell, mask = self.cell, _boolean(mask)
        state = self._initial(initial_state, sequences.shape[0], ops.shape(sequences)[0])
        _check_shapes(sequences.shape, mask, state, cell.units)
        if self.unroll and sequences.shape[1] is None:
            raise ValueError("`unroll=True` needs the number of steps: give T_x in `keras.Input((T_x, inputs))`.")
        x = ops.cast(sequences, self.compute_dtype)
        drop_state = zoneout = None
        if training and cell.dropout:
            x = x * cell.dropout_mask(ops.ones_like(x[:, 0]), cell.dropout)[:, None, :]
        if training and cell.recurrent_dropout:
            drop_state = cell.dropout_mask(ops.ones_like(state[0]), cell.recurrent_dropout)
        if training and cell.share is not None:
            zoneout = cell.zoneout_mask(*ops.shape(sequences)[:2])
        if mask is not None:
            mask = ops.reshape(mask, ops.shape(sequences)[:2])  # checks at run time a shape unknown at trace time
        if self.go_backwards:
            x, mask = ops.flip(x, axis=1), None if mask is None else ops.flip(mask, axis=1)
        options = {
            "sequences": self.return_sequences,
            "unroll": self.unroll,
            "share": cell.share,
            "use_cudnn": bool(getattr(self, "use_cudnn", True)),
            "segments": self.segments,
            "one_length": sequences.shape[1] is not None and sequences.shape[1] == self._built_steps,
            "training": bool(training),
        }
        outputs, last = through_time(cell.unit, x, state, cell.weight_tensors(), mask, drop_state, zoneout, **options)
        if self.stateful:
            for variable, part in zip(self.states, last, strict=True):
                variable.assign(part)
        return self._returned(outputs, last, mask)

    def step(self, x_t, state=None):
        """Runs one step at inference: the computation of `call`, one input at a time.

        Args:
            x_t: the input, `(batch, inputs)`.
            state: the state that the previous `step` returned; zeros unless given.

        Returns:
            The output `(batch, units)`, and the state, a list of one `(batch, units)` for each part, in float32 (float64 under
            float64). The state of a `stateful` layer does not change.
        """
        if self.go_backwards:
            raise ValueError("A layer that goes backwards cannot `step`: it starts at the last input.")
        if len(getattr(x_t, "shape", ())) != 2:
            raise ValueError(f"`x_t` must be (batch, inputs), got {getattr(x_t, 'shape', x_t)}.")
        batch, inputs = x_t.shape
        if not self.built:
            self.build((batch, None, inputs))
        if inputs != self.cell.kernel.shape[0]:
            raise ValueError(f"`x_t` must be (batch, {self.cell.kernel.shape[0]}), got {tuple(x_t.shape)}.")
        state = self.get_initial_state(ops.shape(x_t)[0]) if state is None else self._checked(state)
        _check_shapes((batch, None, inputs), None, state, self.cell.units)
        return self.cell.step(x_t, state)

    def _initial(self, state, static_batch, batch):
        if state is not None:
            return self._checked(state)
        if not self.stateful:
            return self.get_initial_state(batch)
        if static_batch not in (None, self.states[0].shape[0]):
            raise ValueError(f"This layer is stateful with a batch size of {self.states[0].shape[0]}, got {static_batch}.")
        return [ops.copy(part) for part in self.states]  # the call overwrites `self.states`

    def _checked(self, state):
        state, parts = as_list(state), self.cell.unit.State._fields
        if len(state) != len(parts):
            raise ValueError(f"`initial_state` must hold {len(parts)} tensors ({', '.join(parts)}), got {len(state)}.")
        if not all(hasattr(part, "shape") for part in state):
            raise ValueError(f"`initial_state` must hold tensors ({', '.join(parts)}), got {state}.")
        return [ops.cast(part, self.cell.state_dtype) for part in state]

    def _returned(self, outputs, last, mask):
        if not self.return_sequences:
            output = last[0]
        elif mask is not None and self.zero_output_for_mask:
            output = ops.where(mask[:, :, None], outputs, ops.zeros_like(outputs))
        else:
            output = outputs
        output = ops.cast(output, self.compute_dtype)
        return (output, *last) if self.return_state else output

    def compute_mask(self, sequences, mask):
        mask = as_list(mask)[0] if self.return_sequences else None
        if self.go_backwards and mask is not None:  # as the outputs are
            mask = ops.flip(mask, axis=1)
        return [mask, *[None] * len(self.state_size)] if self.return_state else mask

    def compute_output_spec(self, sequences, initial_state=None, mask=None, training=False):
        shapes = self.compute_output_shape(sequences.shape)
        if not self.return_state:
            return keras.KerasTensor(shapes, dtype=self.compute_dtype)
        output, *state = shapes
        states = [keras.KerasTensor(shape, dtype=self.cell.state_dtype) for shape in state]
        return keras.KerasTensor(output, dtype=self.compute_dtype), *states

    def set_weights(self, weights):
        """Sets the weights from arrays in the order of `weights`: see `RecurrentCell.set_weights`."""
        super().set_weights(weights)

    def as_notes(self):
        """Returns the weights in the notes' letters: see `RecurrentCell.as_notes`."""
        return self.cell.as_notes()

    def get_config(self):
        config, of_cell = super().get_config(), self.cell.get_config()
        return (
            {name: of_cell[name] for name in of_cell if name not in ("name", "trainable", "dtype")}
            | {name: config[name] for name in config if name != "cell"}
            | {"segments": self.segments}
        )

    @classmethod
    def from_config(cls, config):
        return from_serialized(cls, config)


def _of_cell(name):
    return property(lambda layer: getattr(layer.cell, name), doc=f"`{name}` of the cell.")


for _name in OF_CELL | {"units"}:  # attributes that Keras's layers have
    setattr(Recurrent, _name, _of_cell(_name))


def _boolean(mask):
    if mask is None:
        return None
    mask = ops.cast(ops.convert_to_tensor(mask), "bool")
    return ops.squeeze(mask, axis=-1) if len(mask.shape) == 3 and mask.shape[-1] == 1 else mask


def _check_shapes(sequences, mask, state, units):
    """Checks the shapes that are known while tracing; None is any size."""

    def differ(shape, expected):
        return len(shape) != len(expected) or any(None not in (a, b) and a != b for a, b in zip(shape, expected, strict=True))

    if sequences[1] == 0:
        raise ValueError(f"`sequences` must have a step at least, got the shape {tuple(sequences)}.")
    if mask is not None and differ(mask.shape, sequences[:2]):
        raise ValueError(f"`mask` must be (batch, T_x) = {tuple(sequences[:2])}, got the shape {tuple(mask.shape)}.")
    for part in state:
        if differ(part.shape, (sequences[0], units)):
            expected = f"(batch, units) = {(sequences[0], units)}"
            raise ValueError(f"Each part of `initial_state` must be {expected}, got the shape {tuple(part.shape)}.")
