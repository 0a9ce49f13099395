"""Keras cell of any unit: one step of the unit, and its weights."""

import keras
from keras import ops
from keras.src.layers.rnn.dropout_rnn_cell import DropoutRNNCell  # not public, but `keras.layers.RNN` checks for it

from seqzoo.engine.through_time import one_step
from seqzoo.equations import Unit
from seqzoo.layers import weight_mark
from seqzoo.layers.arguments import LayerArguments, Unpack, as_list, from_serialized, named, positive_integer, rate_of, rates_of


@named
@keras.saving.register_keras_serializable("seqzoo")
class RecurrentCell(keras.layers.Layer, DropoutRNNCell):
    """Keras cell: one step of a unit, with its weights.

    Args:
        units: the size of the state.
        unit: an `equations.Unit`.
        use_bias: whether the unit has a bias b.
        kernel_initializer, recurrent_initializer, bias_initializer: of Wx, of Wc (or Wa), of b.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: likewise; peepholes use the recurrent regularizer.
        kernel_constraint, recurrent_constraint, bias_constraint: likewise; peepholes have no constraint.
        open_gates: letters of the gates whose bias is initialized to one.
        dropout: dropout rate of the inputs; one mask a sequence, shared by the gates.
        recurrent_dropout: dropout rate of the state in every matrix product; one mask a sequence, shared by the gates.
        zoneout: rate at which a unit keeps its state of the step before, drawn anew at every step; a tuple has one rate for
            each part of the state. At inference c<t> is the mean. A layer applies it in training, a cell by itself does not.
        seed: random seed of dropout and zoneout.
        implementation: accepted for compatibility with Keras's cells, without effect.

    States are float32 under mixed precision too (float64 under float64). States given in the compute dtype, as
    `keras.layers.RNN` does, are returned in the compute dtype, rounded at each step; `Recurrent` rounds no state.

    Weights: `kernel` `(inputs, gates * units)`, `recurrent_kernel` `(units, gates * units)`, `bias` `(gates * units,)`, with
    the columns in the order of `unit.gates`, and what else the unit has: `recurrent_bias`, as `bias`, `p_<gate>` `(units,)`
    for each peephole, and its `gains` and `biases` by name.
    """

    def __init__(
        self,
        units,
        unit,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        open_gates="",
        dropout=0.0,
        recurrent_dropout=0.0,
        zoneout=0.0,
        seed=None,
        implementation=2,
        **kwargs: Unpack[LayerArguments],
    ):
        super().__init__(autocast=False, **kwargs)
        self.units = positive_integer("units", units)
        if not isinstance(unit, Unit):
            raise ValueError(f"`unit` must be an instance of an `equations.Unit`, got {unit!r}.")
        self.unit = unit
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer or "glorot_uniform")
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer or "orthogonal")
        self.bias_initializer = keras.initializers.get(bias_initializer or "zeros")
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = keras.regularizers.get(recurrent_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.recurrent_constraint = keras.constraints.get(recurrent_constraint)
        self.bias_constraint = keras.constraints.get(bias_constraint)
        self.open_gates = open_gates
        self.dropout = rate_of("dropout", dropout)
        self.recurrent_dropout = rate_of("recurrent_dropout", recurrent_dropout)
        self.zoneout = rates_of("zoneout", zoneout, unit.State._fields)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.implementation = implementation
        parts = len(unit.State._fields)
        self.state_size = self.units if parts == 1 else [self.units] * parts
        self.output_size = self.units

    @property
    def share(self):
        """The share of the new state at each step, by part of the state: 1 - `zoneout`; None without zoneout."""
        parts = len(self.unit.State._fields)
        rates = self.zoneout if isinstance(self.zoneout, tuple) else (self.zoneout,) * parts
        return tuple(1 - rate for rate in rates) if any(rates) else None

    @property
    def state_dtype(self):
        """The dtype of states, never below float32: a state adds up many small steps."""
        return "float64" if self.compute_dtype == "float64" else "float32"

    def build(self, input_shape):
        columns = len(self.unit.gates) * self.units
        self.kernel = self._weight("kernel", (input_shape[-1], columns), self.kernel_initializer)
        self.recurrent_kernel = self._weight("recurrent_kernel", (self.units, columns), self.recurrent_initializer)
        self.bias = self._weight("bias", (columns,), self._initial_bias) if self.use_bias else None
        self.recurrent_bias = None
        if self.use_bias and self.unit.recurrent_bias:
            self.recurrent_bias = self._weight("recurrent_bias", (columns,), self._initial_recurrent_bias, of="bias")
        self.peepholes = {gate: self._peephole(gate) for gate in self.unit.peepholes}
        self.gains = {name: self._vector(name, gates, "ones") for name, gates in self.unit.gains.items()}
        biases = self.unit.biases if self.use_bias else {}
        self.biases = {name: self._vector(name, gates, "zeros") for name, gates in biases.items() if name != "bias"}
        self.built = True

    def _vector(self, name, gates, initializer):
        """Adds a gain or a bias of the unit, without regularizer and constraint."""
        return self.add_weight(name=name, shape=(len(gates) * self.units,), initializer=initializer, autocast=False)

    def _weight(self, name, shape, initializer, of=None):
        """Adds a weight with the regularizer and the constraint of its name, or of `of`: "kernel", "recurrent" or "bias"."""
        of = of or name.removesuffix("_kernel")
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer,
            regularizer=getattr(self, f"{of}_regularizer"),
            constraint=getattr(self, f"{of}_constraint"),
            autocast=False,
        )

    def _peephole(self, gate):
        """Adds the weight of one peephole: a row of one draw for all gates, since an initializer repeats its values."""
        peepholes, initializer = self.unit.peepholes, self.kernel_initializer
        return self.add_weight(
            name=f"p_{gate}",
            shape=(self.units,),
            initializer=lambda _, dtype: initializer((len(peepholes), self.units), dtype)[peepholes.index(gate)],
            regularizer=self.recurrent_regularizer,
            autocast=False,
        )

    def _initial_recurrent_bias(self, shape, dtype=None):
        """The second row of two, since a seeded initializer repeats its values."""
        return self.bias_initializer((2, *shape), dtype)[1]

    def _initial_bias(self, shape, dtype=None):
        is_open = ops.repeat(ops.array([gate in self.open_gates for gate in self.unit.gates]), self.units)
        return ops.where(is_open, ops.ones(shape, dtype), self.bias_initializer(shape, dtype))

    @property
    def weights(self):
        weight_mark.check_legacy_file()
        return super().weights

    def save_own_variables(self, store):
        super().save_own_variables(store)
        weight_mark.write(store, self.unit)

    def load_own_variables(self, store):
        super().load_own_variables(weight_mark.checked(store, self.unit))

    def set_weights(self, weights):
        """Sets the weights from arrays in the order of `weights`.

        Nothing can tell the arrays of a Keras layer of the same shapes, whose gates have another order and other signs: use
        `conversion.from_keras` for those.
        """
        super().set_weights(weights)

    def weight_tensors(self):
        """Returns the weights as tensors by name, the `weights` of the engine."""
        weights = {"kernel": self.kernel, "recurrent_kernel": self.recurrent_kernel}
        weights |= {"bias": self.bias} if self.use_bias else {}
        weights |= {} if self.recurrent_bias is None else {"recurrent_bias": self.recurrent_bias}
        weights |= {f"p_{gate}": weight for gate, weight in self.peepholes.items()} | self.gains | self.biases
        return {name: ops.convert_to_tensor(weight) for name, weight in weights.items()}

    def dropout_mask(self, ones, rate):
        return keras.random.dropout(ones, rate, seed=self.seed_generator)

    def zoneout_mask(self, batch, steps):
        """Returns booleans `(batch, steps, parts * units)`: where False, the state stays as before."""
        ones = ops.ones((batch, steps, self.units), self.state_dtype)
        return ops.concatenate([self.dropout_mask(ones, 1 - share) > 0 for share in self.share], axis=-1)

    def call(self, inputs, states, training=False):
        if training and self.share is not None:
            raise ValueError("A cell cannot train with `zoneout`, which is drawn anew at each step: use its layer instead.")
        given = [ops.convert_to_tensor(part) for part in as_list(states)]
        drop_x = self.get_dropout_mask(ops.cast(inputs, self.compute_dtype)) if training else None
        drop_state = self.get_recurrent_dropout_mask(ops.cast(given[0], self.state_dtype)) if training else None
        drop_state = None if drop_state is None else ops.cast(drop_state, self.state_dtype)  # `keras.layers.RNN` made it before
        output, new = self.step(inputs, given, drop_x, drop_state)
        if all(keras.backend.standardize_dtype(part.dtype) == self.compute_dtype for part in given):
            new = [ops.cast(part, self.compute_dtype) for part in new]
        return output, new if isinstance(states, (list, tuple)) else new[0]

    def step(self, x_t, state, drop_x=None, drop_state=None):
        """Runs one step: `x_t` `(batch, inputs)` and a state, a list, to the output `(batch, units)` and the next state."""
        x_t = ops.cast(x_t, self.compute_dtype)
        x_t = x_t if drop_x is None else x_t * drop_x
        state = [ops.cast(part, self.state_dtype) for part in state]
        new = one_step(self.unit, x_t, state, self.weight_tensors(), drop_state, self.share)
        return ops.cast(new[0], self.compute_dtype), list(new)

    def get_initial_state(self, batch_size=None):
        """Returns the initial state: a list of zeros `(batch, units)`, one for each part of the state."""
        return [ops.zeros((batch_size, self.units), dtype=self.state_dtype) for _ in self.unit.State._fields]

    def as_notes(self):
        """Returns the weights in the notes' letters, as NumPy arrays.

        `W_<gate>` is `(units, units + inputs)` and acts on [c<t-1>, x<t>] (or [a<t-1>, x<t>]), `b_<gate>` and the peepholes'
        `p_<gate>` are `(units,)`. So are the further weights of a unit, as `recurrent_bias_<gate>` or `input_gain_<gate>`.
        """
        if not self.built:
            raise ValueError("`as_notes()` needs the weights: build the layer first, by calling it or with `build(shape)`.")
        named = {name: ops.convert_to_numpy(weight) for name, weight in self.weight_tensors().items()}
        notes = {}
        for i, gate in enumerate(self.unit.gates):
            columns = slice(i * self.units, (i + 1) * self.units)
            blocks = named["recurrent_kernel"][:, columns], named["kernel"][:, columns]
            notes[f"W_{gate}"] = ops.convert_to_numpy(ops.concatenate(blocks)).T
            if self.use_bias:
                notes[f"b_{gate}"] = named["bias"][columns]
        vectors = self.unit.gains | self.unit.biases | {"recurrent_bias": self.unit.gates}
        for name in vectors.keys() & named.keys() - {"bias"}:
            by_gate = named[name].reshape(-1, self.units)
            notes |= {f"{name}_{gate}": vector for gate, vector in zip(vectors[name], by_gate, strict=True)}
        return notes | {name: weight for name, weight in named.items() if name.startswith("p_")}

    @classmethod
    def from_config(cls, config):
        return from_serialized(cls, config)

    def get_config(self):
        kinds = {"initializer": keras.initializers, "regularizer": keras.regularizers, "constraint": keras.constraints}
        of_weights = {f"{of}_{kind}": kinds[kind] for kind in kinds for of in ("kernel", "recurrent", "bias")}
        plain = ("units", "use_bias", "open_gates", "dropout", "recurrent_dropout", "zoneout", "seed", "implementation")
        return (
            super().get_config()
            | {"unit": keras.saving.serialize_keras_object(self.unit)}
            | {name: module.serialize(getattr(self, name)) for name, module in of_weights.items()}
            | {name: getattr(self, name) for name in plain}
        )
