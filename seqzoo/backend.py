"""What TensorFlow, JAX and PyTorch say differently: a traced and a compiled function, a scan, and a function with a gradient of
its own. The only file of seqzoo that imports a backend."""

import contextlib
import functools
import importlib
import os
import types

import keras
import optree  # Keras's own choice, but on PyTorch, where `keras.tree` leaves every leaf to the garbage collector
from keras import ops

BACKEND = keras.backend.backend()
_module = importlib.import_module(BACKEND)
_xla = None
_together = 1


@contextlib.contextmanager
def xla(on):
    """On TensorFlow, whether the engine compiles its loops with XLA. (On JAX they always are, on PyTorch never.)

    Keras leaves XLA off where there is no GPU; for these loops it pays there too: a training step takes a half to a fifth of
    the time. But XLA compiles once for each shape, 0.5 to 2 seconds. So by default (None) it is used where a graph is traced
    (`fit`, `evaluate`, `predict`, `tf.function`) and not in eager calls; `with xla(False):` or `with xla(True):` around the
    tracing or the eager call says otherwise.
    """
    global _xla
    before, _xla = _xla, on
    try:
        yield
    finally:
        _xla = before


def traced(function, loop):
    """`function(loop, ...)` traced once, on JAX, where an eager call would trace it again and again."""
    return _in_reverse_mode(_jitted(function, loop)) if BACKEND == "jax" else functools.partial(function, loop)


def _in_reverse_mode(function):
    def call(*arguments):
        try:
            return function(*arguments)
        except TypeError as error:
            if "forward-mode" in str(error):
                raise TypeError(NO_FORWARD_MODE) from None
            raise

    return call


def fuses():
    """Whether loops are compiled for a CPU: there a piece of a sequence at a time stays in its cache."""
    if BACKEND == "jax":
        return _module.default_backend() == "cpu"
    return _compiles() and not _module.config.list_physical_devices("GPU")


@contextlib.contextmanager
def together(loops):
    """What is called inside is one of so many loops that may run at the same time."""
    global _together
    before, _together = _together, _together * loops
    try:
        yield
    finally:
        _together = before


def loops_at_once():
    """How many loops that do not depend on each other run at the same time: on TensorFlow each is an operation of its own."""
    if BACKEND != "tensorflow" or not fuses():
        return 1
    return max((_module.config.threading.get_inter_op_parallelism_threads() or _cores()) // _together, 1)


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _compiles():
    if BACKEND != "tensorflow":
        return False
    return not _module.executing_eagerly() if _xla is None else _xla


def compiled(function, loop):
    """`function(loop, ...)` compiled by XLA, on TensorFlow and where `xla` says so."""
    return _cluster(_bound(function, loop)) if _compiles() else _bound(function, loop)


@functools.cache  # XLA compiles anew for what is not the same object
def _bound(function, loop):
    return functools.partial(function, loop)


@functools.cache
def _jitted(function, loop):
    return _module.jit(_bound(function, loop), inline=True)


@functools.cache
def _cluster(function):
    """`function` as one XLA cluster, whose gradient is one too and computes `function` anew.

    What a loop keeps for its gradient is a list of tensors, which XLA cannot hand over from one cluster to another.
    """
    tf = _module
    run = tf.function(function, jit_compile=True, autograph=False)

    def pull_back_floating(arguments, upstream):
        """The gradients of the arguments that have one, in a list."""
        floating = [a for a in tf.nest.flatten(arguments) if a.dtype.is_floating]
        with tf.GradientTape() as tape:
            tape.watch(floating)
            outputs = function(*arguments)
        return tape.gradient(outputs, floating, upstream, unconnected_gradients="zero")

    @tf.custom_gradient
    def call(*arguments):
        outputs = run(*tf.nest.map_structure(tf.stop_gradient, arguments))  # no tape looks inside

        def gradient(*upstream):
            gradients = iter(_cluster(pull_back_floating)(arguments, tf.nest.pack_sequence_as(outputs, upstream)))
            return [next(gradients) if a.dtype.is_floating else None for a in tf.nest.flatten(arguments)]

        return outputs, gradient

    return call


@contextlib.contextmanager
def released():
    """For a model that is made, trained and dropped in the block: what was traced there goes at its end.

    TensorFlow keeps the gradient of every `custom_gradient` in a graph for ever, and with it the graph: ours, and Keras's where
    it clips gradients. A model that outlives the block cannot be trained on in the graphs it has.
    """
    if BACKEND != "tensorflow":
        yield
        return
    gradients = importlib.import_module("tensorflow.python.framework.ops").gradient_registry._registry
    before = set(gradients)
    try:
        yield
    finally:
        for name in set(gradients) - before:
            if name.startswith("CustomGradient"):
                del gradients[name]


def in_graph(function, variables=(), xla=False):
    """`function` traced once for each shape of its arguments, tensors in tuples or lists. No gradient is kept.

    Args:
        variables: what it reads, and what may change between two calls.
        xla: whether TensorFlow compiles it, which takes a second or more and pays for loops of many small steps.
    """
    return _in_graph[BACKEND](function, list(variables), xla)


def _in_graph_tensorflow(function, variables, xla):
    return _module.function(function, jit_compile=xla, autograph=False)


def _in_graph_jax(function, variables, xla):
    @_module.jit
    def run(values, arguments):
        with keras.StatelessScope(zip(variables, values, strict=True)):
            return function(*arguments)

    return lambda *arguments: run([variable.value for variable in variables], arguments)


def _in_graph_torch(function, variables, xla):
    return _module.no_grad()(function)


_in_graph = {"tensorflow": _in_graph_tensorflow, "jax": _in_graph_jax, "torch": _in_graph_torch}


def _packed(structure, flat):
    return optree.tree_unflatten(optree.tree_structure(structure), flat)


def matmul(a, b):
    """a b. `keras.ops.matmul` on PyTorch rounds float64 to float32."""
    return a @ b if BACKEND == "torch" else ops.matmul(a, b)


def scan(step, state, inputs, reverse=False, unroll=False):
    """`state, emitted = step(state, *inputs[t])` for every t, from the last one where `reverse`.

    Returns the last state, and what was emitted, stacked along the first axis in the order of time.
    """
    return (_scan_unrolled if unroll else _scans[BACKEND])(step, state, inputs, reverse)


def _scan_jax(step, state, inputs, reverse):
    return _module.lax.scan(lambda state, inputs: step(state, *inputs), state, inputs, reverse=reverse)


def _scan_unrolled(step, state, inputs, reverse):
    steps = optree.tree_leaves(inputs)[0].shape[0]
    emitted = [None] * steps
    for t in reversed(range(steps)) if reverse else range(steps):
        state, emitted[t] = step(state, *optree.tree_map(lambda a, t=t: a[t], inputs))
    stack = (_module.numpy if BACKEND == "jax" else _module).stack
    return state, optree.tree_map(lambda *a: stack(a), *emitted)


def _scan_tensorflow(step, state, inputs, reverse):
    tf = _module
    arrays = optree.tree_leaves(inputs)
    steps = ops.shape(arrays[0])[0]
    # What a step emits, learnt from one on zeros: a graph drops it.
    _, emitted = step(state, *optree.tree_map(lambda a: ops.zeros(ops.shape(a)[1:], a.dtype), inputs))
    reads = [tf.TensorArray(a.dtype, steps, element_shape=a.shape[1:]).unstack(a) for a in arrays]
    writes = [tf.TensorArray(e.dtype, steps, element_shape=e.shape) for e in optree.tree_leaves(emitted)]

    def body(count, state, writes):
        t = steps - 1 - count if reverse else count
        state, emitted = step(state, *_packed(inputs, [array.read(t) for array in reads]))
        return count + 1, state, [array.write(t, e) for array, e in zip(writes, optree.tree_leaves(emitted), strict=True)]

    loop = tf.while_loop(lambda count, *_: count < steps, body, (0, state, writes), maximum_iterations=steps)
    return loop[1], _packed(emitted, [array.stack() for array in loop[2]])


_scans = {"tensorflow": _scan_tensorflow, "jax": _scan_jax, "torch": _scan_unrolled}


NO_FORWARD_MODE = (
    "The gradient of a seqzoo layer is written out by hand and goes backward only: forward mode (`jvp`, `jacfwd`) does not "
    "work. Use `grad`, `vjp` or `jacrev`."
)


def by_hand(forward, backward, outputs, arguments, constants, training):
    """`outputs(arguments, constants)`, whose gradient with respect to `arguments` is `backward(arguments, constants, residuals,
    upstream)`, where `forward(arguments, constants)` returns the outputs and the residuals. TensorFlow cannot know whether a
    gradient will be asked for: it keeps the residuals where `training`."""
    return _by_hand[BACKEND](forward, backward, outputs, arguments, constants, training)


def _by_hand_jax(forward, backward, outputs, arguments, constants, training):
    function = _module.custom_vjp(outputs)

    def keep(arguments, constants):
        outputs, residuals = forward(arguments, constants)
        return outputs, (arguments, constants, residuals)

    function.defvjp(keep, lambda kept, upstream: (backward(*kept, upstream), None))
    return function(arguments, constants)


def _by_hand_tensorflow(forward, backward, outputs, arguments, constants, training):
    @_module.custom_gradient
    def function(arguments):
        results, residuals = forward(arguments, constants) if training else (outputs(arguments, constants), None)

        def gradient(*upstream):
            kept = residuals if training else forward(arguments, constants)[1]
            return backward(arguments, constants, kept, _module.nest.pack_sequence_as(results, upstream))

        return results, gradient

    return function(_module.nest.map_structure(_module.convert_to_tensor, arguments))  # a variable is none yet


def _by_hand_torch(forward, backward, outputs, arguments, constants, training):
    if not _module.is_grad_enabled():
        return outputs(arguments, constants)
    call = types.SimpleNamespace(forward=forward, backward=backward)
    call.inputs = optree.tree_map(lambda _: 0, (arguments, constants))  # structures, which keep no tensor alive
    results = _torch_function().apply(call, *optree.tree_leaves((arguments, constants)))
    return _packed(call.results, results)[0]


@functools.cache  # a class is garbage that only the collector of cycles finds
def _torch_function():
    class Function(_module.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(call, *flat):
            results = call.forward(*_packed(call.inputs, flat))
            call.results = optree.tree_map(lambda _: 0, results)
            given = {id(a) for a in flat}  # no views, for they may be changed in place, and nothing that was given
            return tuple(_module.clone(a) if id(a) in given else a.contiguous() for a in optree.tree_leaves(results))

        @staticmethod
        def setup_context(ctx, inputs, results):
            ctx.call, *flat = inputs
            _, residuals = _packed(ctx.call.results, results)
            ctx.mark_non_differentiable(*optree.tree_leaves(residuals))
            ctx.save_for_backward(*flat, *optree.tree_leaves(residuals))

        @staticmethod
        def backward(ctx, *upstream):
            call = ctx.call
            given, residuals = _packed((call.inputs, call.results[1]), ctx.saved_tensors)
            if _module.is_grad_enabled():  # this gradient will be differentiated, and the residuals with it
                _, residuals = call.forward(*given)
            d_outputs, _ = _packed(call.results, upstream)
            gradients = optree.tree_leaves(call.backward(*given, residuals, d_outputs))
            return None, *gradients, *[None] * len(optree.tree_leaves(call.inputs[1]))

        @staticmethod
        def jvp(ctx, *tangents):
            raise TypeError(NO_FORWARD_MODE)

    return Function


_by_hand = {"tensorflow": _by_hand_tensorflow, "jax": _by_hand_jax, "torch": _by_hand_torch}


def pull_back(function, arguments, constants, upstream):
    """The gradient of `function(arguments, constants)` with respect to `arguments`, in their structure."""
    return _pull_backs[BACKEND](function, arguments, constants, upstream)


def _pull_back_jax(function, arguments, constants, upstream):
    return _module.vjp(lambda arguments: function(arguments, constants), arguments)[1](upstream)[0]


def _pull_back_tensorflow(function, arguments, constants, upstream):
    with _module.GradientTape() as tape:
        tape.watch(optree.tree_leaves(arguments))
        outputs = function(arguments, constants)
    return tape.gradient(outputs, arguments, upstream, unconnected_gradients="zero")


def _pull_back_torch(function, arguments, constants, upstream):
    again = _module.is_grad_enabled()
    with _module.enable_grad():
        # New tensors, for the given ones may depend on each other.
        arguments = optree.tree_map(lambda a: a.clone() if a.requires_grad else a.detach().requires_grad_(), arguments)
        outputs = optree.tree_leaves(function(arguments, constants))
        gradients = _module.autograd.grad(
            outputs, optree.tree_leaves(arguments), optree.tree_leaves(upstream), create_graph=again, materialize_grads=True
        )
    return _packed(arguments, gradients)


_pull_backs = {"tensorflow": _pull_back_tensorflow, "jax": _pull_back_jax, "torch": _pull_back_torch}


def mean_of_batch(losses):
    """The mean over the rows of a batch. On TensorFlow's devices, whose losses Keras adds up, each one's part of it."""
    mean = ops.mean(losses)
    return mean / _module.distribute.get_strategy().num_replicas_in_sync if BACKEND == "tensorflow" else mean


def profile(folder):
    """Begins to record what the process spends its time on; returns the function that ends it and writes it into a folder."""
    return _profile[BACKEND](folder)


def _profile_tensorflow(folder):
    _module.profiler.experimental.start(folder)
    return _module.profiler.experimental.stop


def _profile_jax(folder):
    _module.profiler.start_trace(folder)
    return _module.profiler.stop_trace


def _profile_torch(folder):
    recorder = _module.profiler.profile()
    recorder.start()

    def stop():
        recorder.stop()
        recorder.export_chrome_trace(os.path.join(folder, "profile.json"))

    return stop


_profile = {"tensorflow": _profile_tensorflow, "jax": _profile_jax, "torch": _profile_torch}
