"""The layer and the cell with all the machinery: masks, directions, states, dropout, precision. A unit supplies the maths."""

import keras
from keras import ops
from keras.src.layers.rnn.dropout_rnn_cell import DropoutRNNCell  # not public, but `keras.layers.RNN` looks for this class

from seqzoo.equations import Unit
from seqzoo.through_time import one_step, through_time


@keras.saving.register_keras_serializable("seqzoo")
class RecurrentCell(keras.layers.Layer, DropoutRNNCell):
    """One step of a unit, with the weights.

    Args:
        units: the size of the state.
        unit: an `equations.Unit`.
        kernel_initializer, recurrent_initializer, bias_initializer: of Wx, of Wc (or Wa), of b.
        open_gates: letters of the gates whose bias starts at one.
        dropout: fraction of the inputs to drop; one mask a sequence, shared by the gates.
        recurrent_dropout: likewise of the state, wherever it enters a matrix product.
        seed: of the dropout.

    Weights: `kernel` `(inputs, gates * units)`, `recurrent_kernel` `(units, gates * units)`, `bias` `(gates * units,)`, with
    the columns in the order of `unit.gates`, and `p_<gate>` `(units,)` for each peephole.
    """

    def __init__(
        self,
        units,
        unit,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        open_gates="",
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        self.units = _positive_integer("units", units)
        if not isinstance(unit, Unit):
            raise ValueError(f"`unit` must be an instance of an `equations.Unit`, got {unit!r}.")
        self.unit = unit
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.open_gates = open_gates
        self.dropout = _rate("dropout", dropout)
        self.recurrent_dropout = _rate("recurrent_dropout", recurrent_dropout)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        parts = len(unit.State._fields)
        self.state_size = self.units if parts == 1 else [self.units] * parts
        self.output_size = self.units

    @property
    def state_dtype(self):
        """Never below float32: a state adds up many small steps."""
        return "float64" if self.compute_dtype == "float64" else "float32"

    def build(self, input_shape):
        columns = len(self.unit.gates) * self.units
        self.kernel = self._weight("kernel", (input_shape[-1], columns), self.kernel_initializer)
        self.recurrent_kernel = self._weight("recurrent_kernel", (self.units, columns), self.recurrent_initializer)
        self.bias = self._weight("bias", (columns,), self._initial_bias)
        self.peepholes = {g: self._weight(f"p_{g}", (self.units,), self._row(g)) for g in self.unit.peepholes}
        self.built = True

    def _weight(self, name, shape, initializer):
        return self.add_weight(name=name, shape=shape, initializer=initializer, autocast=False)

    def _row(self, gate):
        """An initializer of one peephole: a row of one draw for all, since an initializer draws the same again."""
        peepholes = self.unit.peepholes
        shape = (len(peepholes), self.units)
        return lambda _, dtype: self.kernel_initializer(shape, dtype)[peepholes.index(gate)]

    def _initial_bias(self, shape, dtype=None):
        is_open = ops.repeat(ops.array([gate in self.open_gates for gate in self.unit.gates]), self.units)
        return ops.where(is_open, ops.ones(shape, dtype), self.bias_initializer(shape, dtype))

    def weight_tensors(self):
        """The weights as the engine takes them."""
        weights = {"kernel": self.kernel, "recurrent_kernel": self.recurrent_kernel, "bias": self.bias}
        weights |= {f"p_{gate}": weight for gate, weight in self.peepholes.items()}
        return {name: ops.convert_to_tensor(weight) for name, weight in weights.items()}

    def dropout_mask(self, ones, rate):
        return keras.random.dropout(ones, rate, seed=self.seed_generator)

    def call(self, inputs, states, training=False):
        x_t = ops.cast(inputs, self.compute_dtype)
        state = [ops.cast(part, self.state_dtype) for part in _as_list(states)]
        drop_x = self.get_dropout_mask(x_t) if training else None
        drop_state = self.get_recurrent_dropout_mask(state[0]) if training else None
        x_t = x_t if drop_x is None else x_t * drop_x
        new = one_step(self.unit, x_t, state, self.weight_tensors(), drop_state)
        return ops.cast(new[0], self.compute_dtype), list(new) if isinstance(states, (list, tuple)) else new[0]

    def get_initial_state(self, batch_size=None):
        """Zeros: a list, one `(batch, units)` for each part of the state."""
        return [ops.zeros((batch_size, self.units), dtype=self.state_dtype) for _ in self.unit.State._fields]

    def as_notes(self):
        """The weights in the notes' letters, as NumPy arrays.

        `W_<gate>` is `(units, units + inputs)` and acts on [c<t-1>, x<t>] (or [a<t-1>, x<t>]), `b_<gate>` and the peepholes'
        `p_<gate>` are `(units,)`.
        """
        if not self.built:
            raise ValueError("`as_notes()` needs the weights: build the layer first, by calling it or with `build(shape)`.")
        named = {name: ops.convert_to_numpy(weight) for name, weight in self.weight_tensors().items()}
        notes = {}
        for i, gate in enumerate(self.unit.gates):
            columns = slice(i * self.units, (i + 1) * self.units)
            blocks = named["recurrent_kernel"][:, columns], named["kernel"][:, columns]
            notes[f"W_{gate}"] = ops.convert_to_numpy(ops.concatenate(blocks)).T
            notes[f"b_{gate}"] = named["bias"][columns]
        return notes | {name: weight for name, weight in named.items() if name.startswith("p_")}

    @classmethod
    def from_config(cls, config):
        return cls(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})

    def get_config(self):
        return super().get_config() | {
            "units": self.units,
            "unit": keras.saving.serialize_keras_object(self.unit),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": keras.initializers.serialize(self.recurrent_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "open_gates": self.open_gates,
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable("seqzoo")
class Recurrent(keras.layers.RNN):
    """A unit over a sequence.

    Args:
        units: the size of the state and of the output.
        unit: an `equations.Unit`.
        return_sequences: the output at every step, `(batch, T_x, units)`, not only at the last, `(batch, units)`.
        return_state: the output, then each part of the last state.
        go_backwards: from the last step to the first; outputs come in the order in which they were computed.
        stateful: the last state is the next call's initial state.
        unroll: accepted for the sake of `keras.layers.RNN`, and without effect.
        zero_output_for_mask: zeros as the output of masked steps; otherwise it is that of the step before.
        **kwargs: those of `RecurrentCell` and of `keras.layers.Layer`.

    Call arguments:
        sequences: `(batch, T_x, inputs)`.
        initial_state: a list, one `(batch, units)` for each part of the state; zeros unless given.
        mask: booleans `(batch, T_x)`. At a False step nothing changes. Any pattern; a row all False keeps its initial state.
        training: whether to drop out.

    States are float32 even under mixed precision (float64 under float64); the output has the compute dtype.
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
        **kwargs,
    ):
        of_both = {name: kwargs.pop(name) for name in ("trainable", "dtype") if name in kwargs}
        of_layer = {name: kwargs.pop(name) for name in ("name", "activity_regularizer") if name in kwargs}
        super().__init__(
            RecurrentCell(units, unit, name="cell", **of_both, **kwargs),
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            zero_output_for_mask=zero_output_for_mask,
            autocast=False,  # it would round the initial state; `call` casts the sequences
            **of_both,
            **of_layer,
        )
        self.input_spec = keras.layers.InputSpec(ndim=3)

    def build(self, sequences_shape, initial_state_shape=None):
        super().build(sequences_shape, initial_state_shape)
        for variable in self.states or ():
            variable._autocast = False  # Keras would round a state that it keeps between calls

    def call(self, sequences, initial_state=None, mask=None, training=False):
        cell, batch_size = self.cell, ops.shape(sequences)[0]
        if initial_state is None:
            initial_state = self.states if self.stateful else self.get_initial_state(batch_size)
        state = self._checked_state(initial_state)
        _check_shapes(sequences.shape, mask, state, cell.units)
        x = ops.cast(sequences, self.compute_dtype)
        drop_state = None
        if training and cell.dropout:
            x = x * cell.dropout_mask(ops.ones_like(x[:, 0]), cell.dropout)[:, None, :]
        if training and cell.recurrent_dropout:
            drop_state = cell.dropout_mask(ops.ones_like(state[0]), cell.recurrent_dropout)
        if mask is not None:
            mask = ops.cast(mask, "bool")
        if self.go_backwards:
            x, mask = ops.flip(x, axis=1), None if mask is None else ops.flip(mask, axis=1)
        outputs, last = through_time(cell.unit, x, state, cell.weight_tensors(), mask, drop_state)
        if self.stateful:
            for variable, part in zip(self.states, last, strict=True):
                variable.assign(part)
        return self._returned(outputs, last, mask)

    def _checked_state(self, state):
        state, parts = _as_list(state), self.cell.unit.State._fields
        if len(state) != len(parts):
            raise ValueError(f"`initial_state` must hold {len(parts)} tensors ({', '.join(parts)}), got {len(state)}.")
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

    def compute_output_spec(self, sequences, initial_state=None, mask=None, training=False):
        shapes = self.compute_output_shape(sequences.shape)
        if not self.return_state:
            return keras.KerasTensor(shapes, dtype=self.compute_dtype)
        output, *state = shapes
        states = [keras.KerasTensor(shape, dtype=self.cell.state_dtype) for shape in state]
        return keras.KerasTensor(output, dtype=self.compute_dtype), *states

    def as_notes(self):
        """The weights in the notes' letters: see `RecurrentCell.as_notes`."""
        return self.cell.as_notes()

    def get_config(self):
        config, of_cell = super().get_config(), self.cell.get_config()
        return {name: of_cell[name] for name in of_cell if name not in ("name", "trainable", "dtype")} | {
            name: config[name] for name in config if name != "cell"
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})


def _check_shapes(sequences, mask, state, units):
    """What is known of the shapes while tracing; None is any size."""

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


def _as_list(states):
    return list(states) if isinstance(states, (list, tuple)) else [states]


def _positive_integer(name, value):
    if isinstance(value, bool) or not hasattr(value, "__index__") or value <= 0:
        raise ValueError(f"`{name}` must be a positive integer, got {value!r}.")
    return int(value)


def _rate(name, value):
    if not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise ValueError(f"`{name}` must be at least 0 and below 1, got {value!r}.")
    return value


def with_arguments(config, **arguments):
    """The configuration of a layer that says by `arguments` what `unit` says in `Recurrent`'s."""
    return {name: value for name, value in config.items() if name not in ("unit", "open_gates")} | arguments
