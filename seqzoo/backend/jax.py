"""Backend primitives on JAX: `jit`, `lax.scan`, `custom_vjp` and `vjp`. `seqzoo.backend` documents them."""

import contextlib
import functools

import keras
from keras import ops

from seqzoo.backend.common import NO_FORWARD_MODE, LazyModule, bound

jax = LazyModule("jax")


def compiled(function, loop):
    return bound(function, loop)


def jit_loop(function, loop):
    return _in_reverse_mode(_jitted(function, loop))


@functools.cache
def _jitted(function, loop):
    return jax.jit(bound(function, loop), inline=True)


def _in_reverse_mode(function):
    """`function` with an error in forward mode that names the alternatives."""

    def call(*arguments):
        try:
            return function(*arguments)
        except TypeError as error:
            if "forward-mode" in str(error):
                raise TypeError(NO_FORWARD_MODE) from None
            raise

    return call


def jit(function, variables, xla):
    @jax.jit
    def run(values, arguments):
        with keras.StatelessScope(zip(variables, values, strict=True)):
            return function(*arguments)

    return lambda *arguments: run([variable.value for variable in variables], arguments)


def compiles_for_cpu():
    return jax.default_backend() == "cpu"


def parallel_loops():
    return 1


def discard_traced_gradients():
    return contextlib.nullcontext()


def matmul(a, b):
    return ops.matmul(a, b)


def stack(arrays):
    return jax.numpy.stack(arrays)


def scan(step, state, inputs, reverse):
    return jax.lax.scan(lambda state, inputs: step(state, *inputs), state, inputs, reverse=reverse)


def custom_gradient(forward, backward, outputs, arguments, constants, training):
    function = jax.custom_vjp(outputs)

    def keep(arguments, constants):
        outputs, residuals = forward(arguments, constants)
        return outputs, (arguments, constants, residuals)

    function.defvjp(keep, lambda kept, upstream: (backward(*kept, upstream), None))
    return function(arguments, constants)


def vjp(function, arguments, constants, upstream):
    return jax.vjp(lambda arguments: function(arguments, constants), arguments)[1](upstream)[0]


def mean_of_batch(losses):
    return ops.mean(losses)


def profile(folder):
    jax.profiler.start_trace(folder)
    return jax.profiler.stop_trace
