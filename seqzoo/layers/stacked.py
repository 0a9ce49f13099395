"""Stacked recurrent layers: a[l]<t> = g(Wa[l][a[l]<t-1>, a[l-1]<t>] + ba[l])."""

import keras
from keras import ops, tree

from seqzoo.layers.arguments import as_list, from_serialized, positive_integer, rate_of
from seqzoo.layers.cloning import APART, copy_of
from seqzoo.layers.dense import Dense

RECURRENT = keras.layers.RNN, keras.layers.Bidirectional


@keras.saving.register_keras_serializable("seqzoo")
class Stacked(keras.layers.Layer):
    """Stack of recurrent layers (three is deep), optionally with dense layers on top, which have no horizontal connections.

    Args:
        layer: any `keras.layers.RNN` or `Bidirectional`, of which the stack holds copies. Each copy has its own weights, name
            and dropout seed; all but the last return sequences, and the last returns what `layer` returns. Or a list of
            layers, which are used as they are.
        depth: the number of copies; None for a list.
        dropout: dropout rate between layers, element by element.
        residual: whether every layer but the first adds its input, before dropout, to its output.
        dense: sizes of dense layers on top, the lowest first, applied at each step.
        dense_activation: activation of the dense layers.
        seed: random seed of `dropout`.

    Call arguments are those of `Recurrent`. States, in `initial_state` and with `return_state`, are a flat list in the order of
    the layers. Every layer gets the mask.
    """

    def __init__(self, layer, depth=None, dropout=0.0, residual=False, dense=(), dense_activation="tanh", seed=None, **kwargs):
        super().__init__(autocast=False, **kwargs)
        layers = _as_they_are(layer, depth) if isinstance(layer, (list, tuple)) else _copies(layer, depth)
        _check(layers, residual)
        if not (seed is None or isinstance(seed, int)):
            raise ValueError(f"`seed` must be an integer, got {seed!r}.")
        seeds = [None if seed is None else seed + (1000 + i) * APART for i in range(len(layers) - 1)]  # far from the layers'
        self.layers = layers
        self.dropout, self.residual, self.seed = rate_of("dropout", dropout), residual, seed
        self.dense = tuple(positive_integer("dense", size) for size in (dense if isinstance(dense, (list, tuple)) else [dense]))
        self.dense_activation = keras.activations.get(dense_activation)
        self.drop = [keras.layers.Dropout(dropout, seed=seed, dtype=self.dtype_policy) for seed in seeds]
        self.top = [Dense(size, self.dense_activation, dtype=self.dtype_policy) for size in self.dense]
        self.return_sequences, self.return_state = layers[-1].return_sequences, layers[-1].return_state
        self.stateful = layers[-1].stateful
        self.supports_masking = True
        self.input_spec = keras.layers.InputSpec(ndim=3)

    def build(self, sequences_shape, initial_state_shape=None):
        shape = tuple(sequences_shape)
        for i, layer in enumerate(self.layers):
            if not layer.built:
                layer.build(shape)
            below, shape = shape, _first(layer.compute_output_shape(shape), layer.return_state)
            if self.residual and i and shape[-1] != below[-1]:
                raise ValueError(f"`residual` needs layers of one size: layer {i} takes {below[-1]} and returns {shape[-1]}.")
        for dense in self.top:
            dense.build(shape)
            shape = dense.compute_output_shape(shape)
        self.built = True

    def call(self, sequences, initial_state=None, mask=None, training=False):
        x, states = sequences, []
        for i, (layer, state) in enumerate(zip(self.layers, self._by_layer(initial_state, _parts), strict=True)):
            given = self.drop[i - 1](x, training=training) if i else x
            output, *last = as_list(layer(given, initial_state=state, mask=mask, training=training))
            x = output + self._carried(layer, x, mask) if self.residual and i else output
            states += last
            if mask is not None and _goes_backwards(layer):  # its outputs are reversed too
                mask = ops.flip(mask, axis=1)
        x = self._on_top(x)
        return (x, *states) if self.return_state else x

    def step(self, x_t, state=None):
        """Runs one step at inference, as `Recurrent.step`; the state is a flat list in the order of the layers.

        If layers look ahead, the output is delayed by the sum of their `lookahead`: None at first, and `finish` returns the
        outputs that are missing at the end.
        """
        for layer in self.layers:
            if not hasattr(layer, "step") or (len(_directions(layer)) == 2 and not _looks_ahead(layer)):
                raise ValueError(f"A {type(layer).__name__} layer cannot `step`.")
        if len(getattr(x_t, "shape", ())) == 2 and not self.built:
            self.build((x_t.shape[0], None, x_t.shape[1]))
        states = [None] * len(self.layers) if state is None else self._by_layer(state, _parts_of_step)
        outputs = [x_t]
        for i, layer in enumerate(self.layers):
            states[i] = states[i] or _before_first_step(layer, ops.shape(x_t)[0])
            outputs, states[i] = self._steps(i, layer, outputs, states[i])
        return self._on_top(outputs[0]) if outputs else None, [part for parts in states for part in parts]

    def finish(self, state):
        """Returns the outputs still missing after the last `step`, a list, if layers look ahead."""
        outputs = []
        for i, (layer, parts) in enumerate(zip(self.layers, self._by_layer(state, _parts_of_step), strict=True)):
            outputs, parts = self._steps(i, layer, outputs, parts)
            if _looks_ahead(layer):
                outputs += self._plus(i, layer.finish(parts), ops.unstack(parts[0], axis=1))
        return [self._on_top(output) for output in outputs]

    def _steps(self, i, layer, inputs, state):
        """Returns the outputs of layer i for a list of inputs, which may be empty, and the state of the layer after them."""
        outputs = []
        for x_t in inputs:
            of_output = state[0][:, 0] if _looks_ahead(layer) and state[0].shape[1] else x_t
            output, state = layer.step(x_t, state)
            outputs += [] if output is None else self._plus(i, [output], [of_output])
        return outputs, state

    def _plus(self, i, outputs, inputs):
        """Returns outputs of layer i plus, with `residual`, the input of the same step."""
        return [output + x for output, x in zip(outputs, inputs, strict=True)] if self.residual and i else outputs

    def _on_top(self, x):
        for dense in self.top:
            x = dense(x)
        return ops.cast(x, self.compute_dtype) if self.top else x

    def get_initial_state(self, batch_size):
        """Returns the initial state: zeros `(batch, units)` for each part of each layer's state."""
        directions = [d for layer in self.layers for d in _directions(layer)]
        return [part for direction in directions for part in direction.get_initial_state(batch_size)]

    def reset_state(self):
        """Resets the states of stateful layers to zero."""
        for layer in self.layers:
            layer.reset_state()

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        return tree.map_structure(lambda spec: spec.shape, self.compute_output_spec(keras.KerasTensor(sequences_shape)))

    def compute_output_spec(self, sequences, initial_state=None, mask=None, training=False):
        spec, states = sequences, []
        for layer in self.layers:
            spec, *last = as_list(layer.compute_output_spec(spec))
            states += last
        for dense in self.top:
            spec = keras.KerasTensor(dense.compute_output_shape(spec.shape), self.compute_dtype)
        return (spec, *states) if self.return_state else spec

    def compute_mask(self, inputs, mask):
        mask = as_list(mask)[0] if self.return_sequences else None
        backwards = sum(_goes_backwards(layer) for layer in self.layers) % 2
        mask = ops.flip(mask, axis=1) if backwards and mask is not None else mask
        return [mask, *[None] * sum(map(_parts, self.layers))] if self.return_state else mask

    def as_notes(self):
        """Returns the weights of each recurrent layer in the notes' letters, a list."""
        return [layer.as_notes() for layer in self.layers]

    def get_config(self):
        return super().get_config() | {
            "layer": [keras.saving.serialize_keras_object(layer) for layer in self.layers],
            "dropout": self.dropout,
            "residual": self.residual,
            "dense": list(self.dense),
            "dense_activation": keras.activations.serialize(self.dense_activation),
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        return from_serialized(cls, config)

    def _by_layer(self, state, parts):
        """Returns the flat list of states as one list for each layer, of the length `parts(layer)`."""
        if state is None:
            return [None] * len(self.layers)
        sizes, state = [parts(layer) for layer in self.layers], as_list(state)
        if len(state) != sum(sizes):
            raise ValueError(f"`initial_state` must hold {sum(sizes)} tensors ({sizes} by layer), got {len(state)}.")
        ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
        return [state[end - size : end] for end, size in zip(ends, sizes, strict=True)]

    def _carried(self, layer, x, mask):
        """Returns the term that `residual` adds to the output of `layer`: the input of the layer at the steps of the output."""
        backwards = _goes_backwards(layer)
        if layer.return_sequences:
            return ops.flip(x, axis=1) if backwards else x
        if mask is None:
            return x[:, 0 if backwards else -1]
        mask = ops.cast(mask, "int32")
        last = ops.argmax(mask, axis=1) if backwards else ops.shape(x)[1] - 1 - ops.argmax(ops.flip(mask, axis=1), axis=1)
        return ops.take_along_axis(x, ops.cast(last, "int32")[:, None, None], axis=1)[:, 0]


def _copies(layer, depth):
    if not isinstance(layer, RECURRENT):
        raise ValueError(f"`layer` must be a recurrent layer or a list of them, got {layer!r}.")
    depth = positive_integer("depth", depth)
    below = [copy_of(layer, f"{layer.name}_{i + 1}", 2 * i, return_sequences=True) for i in range(depth - 1)]
    layers = [*below, copy_of(layer, f"{layer.name}_{depth}", 2 * (depth - 1))]
    for above in layers[1:]:
        if _goes_backwards(above):
            above.go_backwards = False  # its input is already reversed by the layer below
    return layers


def _as_they_are(layers, depth):
    if depth is not None:
        raise ValueError(f"`depth` is for copies of one layer, got {depth!r} and a list of layers.")
    if not layers or not all(isinstance(layer, RECURRENT) for layer in layers):
        raise ValueError(f"`layer` must be a recurrent layer or a list of them, got {layers!r}.")
    if len({id(layer) for layer in layers}) < len(layers):
        raise ValueError("`layer` must be a list of different layers, got one of them twice.")
    return list(layers)


def _check(layers, residual):
    for layer in layers[:-1]:
        if not layer.return_sequences:
            raise ValueError(f"All layers but the last need `return_sequences=True`; {layer.name!r} has not.")
    for name in ("return_state", "stateful"):
        if len({getattr(layer, name) for layer in layers}) > 1:
            raise ValueError(f"The layers must agree on `{name}`, got {[getattr(layer, name) for layer in layers]}.")
    if any(getattr(layer, "merge_mode", "") is None for layer in layers):
        raise ValueError("A `Bidirectional` layer needs a `merge_mode`: the layer above it takes one sequence.")
    if residual and len(_directions(layers[-1])) == 2 and not layers[-1].return_sequences:
        raise ValueError("`residual` over a `Bidirectional` layer needs its `return_sequences=True`.")


def _goes_backwards(layer):
    return getattr(layer, "go_backwards", False)


def _directions(layer):
    return (layer.forward_layer, layer.backward_layer) if isinstance(layer, keras.layers.Bidirectional) else (layer,)


def _parts(layer):
    return sum(len(direction.state_size) for direction in _directions(layer))


def _looks_ahead(layer):
    return getattr(layer, "lookahead", None) is not None


def _parts_of_step(layer):
    return 1 + len(layer.forward_layer.state_size) if _looks_ahead(layer) else _parts(layer)


def _before_first_step(layer, batch):
    return layer.initial_step_state(batch) if _looks_ahead(layer) else layer.get_initial_state(batch)


def _first(shapes, several):
    return shapes[0] if several else shapes
