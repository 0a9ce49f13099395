"""Forward and backward pass over a sequence: the matrix products of all steps, around the steps of each chunk."""

import keras
from keras import ops, tree

from seqzoo.backend import add_bias, compiled, loop_over_chunks, matmul, pad_steps, sum_of_rows
from seqzoo.engine import kernel_steps, steps
from seqzoo.engine.chunking import batch_major, chunk_length, time_major, time_major_inputs


def outputs(loop, arguments, constants):
    """The outputs a<t>, in a tuple that is empty without `sequences`, and the last state."""
    chunk = Chunk(loop._replace(segments=1), arguments, constants)  # no gradient follows

    def run(state, inputs, _):
        last, emitted = chunk.forward(state, inputs, chunk.emits)
        return last, chunk.real(emitted, inputs), ()

    last, emitted, _ = chunk.in_turn(run, arguments["state"], chunk.inputs, (chunk.outputs_like, ()))
    return batch_major(emitted), last


def forward(loop, arguments, constants):
    """The result of `outputs`; and for `backward` the initial state of each chunk and, with one segment, the residuals."""
    chunk = Chunk(loop, arguments, constants)

    def run(state, inputs, _):
        if not chunk.keeps_residuals:
            last, emitted = chunk.forward(state, inputs, chunk.emits)
            return last, chunk.real(emitted, inputs), (state, ())
        last, residuals = chunk.forward(state, inputs, "residuals")
        return last, chunk.real(chunk.outputs_among(residuals), inputs), (state, residuals)

    kept_like = arguments["state"], chunk.any_size(None) if chunk.keeps_residuals else ()
    last, emitted, kept = chunk.in_turn(run, arguments["state"], chunk.inputs, (chunk.outputs_like, kept_like))
    return (batch_major(emitted), last), kept


def backward(loop, arguments, constants, kept, upstream):
    """The gradients of `arguments`, in their structure."""
    chunk = Chunk(loop, arguments, constants)
    d_outputs, d_last = upstream

    def run(carried, inputs, kept):
        d_state, d_weights = carried
        d_x, d_state, d_weights_here = chunk.backward(kept, d_state, inputs)
        return (d_state, tree.map_structure(ops.add, d_weights, d_weights_here)), (d_x,), ()

    carried = d_last, tree.map_structure(ops.zeros_like, arguments["weights"])
    inputs = chunk.inputs | {"d_outputs": tuple(map(time_major, d_outputs))}
    like = (chunk.any_size(arguments["x"].shape[-1], arguments["x"].dtype),), ()
    (d_state, d_weights), d_x, _ = chunk.in_turn(run, carried, inputs, like, kept, reverse=True)
    return {"x": batch_major(d_x)[0], "state": d_state, "weights": d_weights}


def project(unit, x, weights, dtype):
    """The part of all pre-activations that depends on the inputs: Wx x<t> + b, without b where the steps of `unit` add it."""
    z = ops.cast(matmul(_rows(x), ops.cast(weights["kernel"], x.dtype)), dtype)
    if "bias" in weights and "bias" not in unit.biases:
        z = add_bias(z, ops.cast(weights["bias"], dtype))
    return _like(x, z)


def of_steps(unit, weights):
    """The weights of the steps: all but those of `project`."""
    of_inputs = {"kernel"} if "bias" in unit.biases else {"kernel", "bias"}
    return {name: weight for name, weight in weights.items() if name not in of_inputs}


class Chunk:
    """Forward and backward pass over the consecutive steps of one chunk. Arrays are time-major."""

    def __init__(self, loop, arguments, constants):
        self.loop, self.weights = loop, arguments["weights"]
        self.units = self.weights["recurrent_kernel"].shape[0]
        self.length = constants["length"] if "length" in constants else chunk_length(loop, arguments)
        self.inputs = time_major_inputs(arguments, constants, self.length)
        self.dtype, self.state_dtype = (
            keras.backend.standardize_dtype(a.dtype) for a in (arguments["x"], arguments["state"][0])
        )
        self.of_steps = of_steps(loop.unit, self.weights)
        self.rows = {"dropout": constants["dropout"]} if "dropout" in constants else {}
        self.emits = "outputs" if loop.sequences else "nothing"
        self.padded = loop.xla and not loop.full_chunks
        self.keeps_residuals = loop.segments == 1 and loop.unit.step_gradient is not None
        self.outputs_like = (self.any_size(self.units),) if loop.sequences else ()

    def any_size(self, width, dtype=None):
        """The type of an array over any number of steps and rows."""
        return keras.KerasTensor((None, None, width), dtype or self.state_dtype)

    def in_turn(self, run, state, inputs, like, kept=None, reverse=False):
        """`state, emitted, kept = run(state, inputs, kept)` for one chunk after another, from the last if `reverse`."""
        if self.length is None or self.loop.one_chunk:
            return run(state, inputs, kept)
        return loop_over_chunks(run, state, inputs, self.length, like, kept, reverse)

    def forward(self, state, inputs, emits):
        """The last state; and the outputs, nothing, or the residuals."""
        sequences = self._projected(inputs) | self._full(_only(inputs, *steps.Masks._fields))
        return self._steps(steps.forward, emits, sequences, {"state": state}, inputs)

    def outputs_among(self, residuals):
        """The outputs among the residuals, as `outputs` are."""
        if not self.loop.sequences:
            return ()
        return (residuals[:, :, : self.units],) if self.loop.xla else residuals[0][:1]

    def backward(self, kept, d_state, inputs):
        """The gradients of `x`, of the state and of the weights."""
        state, residuals = kept
        if self.loop.unit.step_gradient is None:
            return self._backward_automatic(state, d_state, inputs)
        if not self.keeps_residuals:
            _, residuals = self.forward(state, inputs, "residuals")
        sequences = {"residuals": residuals} | self._full(_only(inputs, "d_outputs", *steps.Masks._fields))
        if self.loop.xla and not self.loop.sequences:  # or steps without gradients of outputs were one more cluster
            sequences["d_outputs"] = (ops.zeros_like(residuals[:, :, : self.units]),)
        rows = {"state": state, "d_state": d_state}
        d_state, d_z, operands, d_weights = self._steps(steps.backward, "residuals", sequences, rows, inputs)
        d_z, operands = self.real((d_z, operands), inputs)
        columns = steps.columns_of(self.loop.unit, self.weights["recurrent_kernel"])
        low = ops.cast(d_z[-1], self.dtype)
        recurrent = [_outer(operands[p], low if len(columns) == 1 else low[:, :, at]) for p, at in columns.items()]
        d_weights["recurrent_kernel"] = recurrent[0] if len(recurrent) == 1 else ops.concatenate(recurrent, axis=-1)
        return self._of_inputs(d_z[0]), d_state, self._of_weights(inputs["x"], d_z[0], d_weights)

    def _backward_automatic(self, state, d_state, inputs):
        sequences = self._projected(inputs) | self._full(_only(inputs, "d_outputs", *steps.Masks._fields))
        rows = {"state": state, "d_state": d_state}
        d_state, d_z, d_weights = self._steps(steps.backward_automatic, self.emits, sequences, rows, inputs)
        d_z = self.real(d_z, inputs)
        return self._of_inputs(d_z), d_state, self._of_weights(inputs["x"], d_z, d_weights)

    def _projected(self, inputs):
        return {"z": project(self.loop.unit, self._full(inputs["x"]), self.weights, self.state_dtype)}

    def _of_inputs(self, d_z):
        """The gradient of x."""
        kernel = ops.cast(self.weights["kernel"], self.dtype)
        return _like(d_z, matmul(_rows(ops.cast(d_z, self.dtype)), ops.transpose(kernel)))

    def _of_weights(self, x, d_z, d_weights):
        """`d_weights` with the gradients of the kernel and of the bias, in the weights' dtypes."""
        d_weights = {"bias": sum_of_rows(_rows(d_z)), **d_weights, "kernel": _outer(x, ops.cast(d_z, self.dtype))}
        return {name: ops.cast(d_weights[name], weight.dtype) for name, weight in self.weights.items()}

    def _steps(self, function, emits, sequences, rows, inputs):
        """`function` of `seqzoo.engine.steps`; where XLA compiles it, over a full chunk whose last steps do not run."""
        options = {"packs": self.loop.xla, "unroll": self.loop.unroll, "share": self.loop.share}
        key = steps.Steps(self.loop.unit, self.dtype, emits, **options)
        if self.loop.kernel:
            return kernel_steps.run(function, key, sequences, rows | self.rows, self.of_steps)
        if not self.loop.xla:
            return function(key, sequences, rows | self.rows, self.of_steps)
        count = (ops.shape(inputs["x"])[0],) if self.padded else ()
        run = compiled(function, key, free=(2, 1, 0, 0)[: 3 + len(count)])
        return run(sequences, rows | self.rows, self.of_steps, *count)

    def _full(self, arrays):
        """`arrays` with zeros up to the length of a chunk, where XLA compiles its steps."""
        return tree.map_structure(lambda a: pad_steps(a, self.length), arrays) if self.padded else arrays

    def real(self, arrays, inputs):
        """The steps of `arrays` that ran."""
        return tree.map_structure(lambda a: a[: ops.shape(inputs["x"])[0]], arrays) if self.padded else arrays


def _only(arrays, *names):
    return {name: arrays[name] for name in names if name in arrays}


def _outer(h, d_z):
    """hᵀ d_z over all rows `steps * batch`: the gradient of a kernel."""
    return matmul(ops.transpose(_rows(h)), _rows(d_z))


def _rows(a):
    """`(..., width)` as a matrix of rows."""
    return ops.reshape(a, (-1, a.shape[-1]))


def _like(a, rows):
    """A matrix of rows in the shape of `a`, but for the last dimension."""
    return ops.reshape(rows, (*ops.shape(a)[:-1], rows.shape[-1]))
