"""Contestants of `benchmarks.gpu` in the process of one backend: seqzoo, keras.layers and, on PyTorch, torch.nn with cuDNN.

Each runs one batch and waits for the device: the forward pass; the training step, which is the gradients of the weights and of
the inputs; one step of a stream; and, as `FIRST` and `MIB`, the seconds of the first training step, and its memory.
"""

import contextlib
import functools
import importlib
import time

import keras
import numpy as np

from benchmarks.gpu_cases import FIRST, FLOOR, FORWARD, KERAS, LOOP, MIB, NN, SEQZOO, STEP, TRAINING, floor
from seqzoo import layers
from seqzoo.backend import kernels


def contestants(case, wanted=None):
    """Returns {name: {what: function}} of a case."""
    make = {"jax": _on_jax, "torch": _on_torch}[keras.backend.backend()]
    made = {SEQZOO: _ours, LOOP: _loop, KERAS: _of_keras} | ({NN: _of_torch} if make is _on_torch else {})
    runs = {name: make(case, made[name](case), name) for name in made if wanted is None or name in wanted}
    return runs | {FLOOR: {what: functools.partial(_floor, case, what) for what in (FORWARD, TRAINING, STEP)}}


def _ours(case):
    maker, own = {
        "LSTM": (layers.LSTM, {}),
        "LSTM peephole": (layers.LSTM, {"peephole": "output"}),
        "GRU": (layers.GRU, {}),
        "reset-after GRU": (layers.GRU, {"reset_after": True}),
        "simplified GRU": (layers.GRU, {"relevance_gate": False}),
        "simple RNN": (layers.SimpleRNN, {}),
    }[case.layer]
    return maker(case.units, **own, **_options(case))


def _loop(case):
    """The layer of seqzoo in a loop of operations, also where cuDNN or a kernel of its own would run it."""
    layer = _ours(case)
    layer.use_cudnn = False  # not all layers have the argument
    return layer


def _of_keras(case):
    """A layer of Keras; if Keras lacks the unit, Keras's loop runs the cell of seqzoo."""
    own = {"LSTM": keras.layers.LSTM, "GRU": functools.partial(keras.layers.GRU, reset_after=False)}
    own |= {"reset-after GRU": keras.layers.GRU, "simple RNN": keras.layers.SimpleRNN}
    if case.layer in own:
        return own[case.layer](case.units, **_options(case))
    ours = _ours(case)
    return keras.layers.RNN(ours.cell, return_sequences=True, dtype=ours.dtype_policy)


def _options(case):
    dtype = "mixed_bfloat16" if case.precision == "bfloat16" else "float32"
    return {"return_sequences": True, "recurrent_dropout": case.recurrent_dropout, "dtype": dtype}


def _data(case):
    """x `(batch, T, units)`, and a mask or None."""
    rng, shape = np.random.default_rng(0), (case.batch, case.steps)
    lengths = rng.integers(case.steps // 2, case.steps + 1, case.batch)
    masks = {"none": None, "right": np.arange(case.steps) < lengths[:, None], "gaps": rng.random(shape) < 0.75}
    return rng.normal(size=(*shape, case.units)).astype("float32"), masks[case.mask]


def _on_jax(case, layer, name):
    import jax

    x, mask = _data(case)
    layer.build(x.shape)
    state = [v.value for v in layer.non_trainable_variables]
    arguments = [v.value for v in layer.trainable_variables], jax.numpy.asarray(x)

    def outputs(weights, x, training=False):
        options = {"mask": mask} if mask is not None else {}
        return layer.stateless_call(weights, state, x, training=training, **options)[0]

    def loss(weights, x):
        return jax.numpy.mean(jax.numpy.square(outputs(weights, x, training=True).astype("float32")))

    def step(weights, x):
        with keras.StatelessScope(zip(layer.trainable_variables, weights, strict=True)):
            return layer.step(x[:, 0]) if hasattr(layer, "step") else layer.cell(x[:, 0], layer.get_initial_state(len(x)))

    @functools.cache
    def compiled(function):
        with _precision(case.precision), kernels(False if name == LOOP else None):
            return jax.jit(function).lower(*arguments).compile()

    gradient = jax.value_and_grad(loss, (0, 1))

    def first():
        started = time.perf_counter()
        jax.block_until_ready(compiled(gradient)(*arguments))
        return time.perf_counter() - started

    def run(function):
        return lambda: jax.block_until_ready(compiled(function)(*arguments))

    def memory():
        sizes = compiled(gradient).memory_analysis()
        return (sizes.temp_size_in_bytes + sizes.output_size_in_bytes + sizes.argument_size_in_bytes) / 2**20

    return {FORWARD: run(outputs), TRAINING: run(gradient), STEP: run(step), FIRST: first, MIB: memory}


def _on_torch(case, layer, name):
    import torch

    x, mask = _data(case)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    of_torch = isinstance(layer, torch.nn.RNNBase)
    dtype = torch.bfloat16 if of_torch and case.precision == "bfloat16" else torch.float32
    x, mask = torch.from_numpy(x).to(device, dtype), None if mask is None else torch.from_numpy(mask).to(device)
    layer = layer.to(device, dtype) if of_torch else layer
    if not of_torch:
        layer.build(tuple(x.shape))
    leaf, wait = x.clone().requires_grad_(), torch.cuda.synchronize if device == "cuda" else lambda: None
    lengths = None if mask is None else mask.sum(1).cpu()

    def outputs(x, training=False):
        if not of_torch:
            return layer(x, **({} if mask is None else {"mask": mask}), training=training)
        if mask is None:
            return layer(x)[0]
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return torch.nn.utils.rnn.pad_packed_sequence(layer(packed)[0], batch_first=True)[0]

    def train():
        outputs(leaf, training=True).float().square().mean().backward()

    def step():
        if of_torch:
            return layer(x[:, :1])
        return layer.step(x[:, 0]) if hasattr(layer, "step") else layer.cell(x[:, 0], layer.get_initial_state(len(x)))

    def run(function, gradients=False):
        def timed():
            with _precision(case.precision), contextlib.nullcontext() if gradients else torch.no_grad():
                function()
            wait()

        return timed

    training = run(train, gradients=True)

    def first():
        started = time.perf_counter()
        training()
        return time.perf_counter() - started

    def memory():
        if device == "cpu":
            return 0.0
        torch.cuda.reset_peak_memory_stats()
        training()
        return torch.cuda.max_memory_allocated() / 2**20

    return {FORWARD: run(lambda: outputs(x)), TRAINING: training, STEP: run(step), FIRST: first, MIB: memory}


def _of_torch(case):
    import torch

    names = {"LSTM": "LSTM", "GRU": "GRU", "reset-after GRU": "GRU", "simple RNN": "RNN"}
    maker = getattr(torch.nn, names[case.layer])
    return maker(case.units, case.units, batch_first=True)


def _floor(case, what):
    return floor(case, what, _products_per_second(case.precision), _bytes_per_second())


@functools.cache
def _products_per_second(precision):
    size = 8192 if _has_gpu() else 512
    a = keras.random.normal((size, size), dtype="bfloat16" if precision == "bfloat16" else "float32")
    return 2 * size**3 / _seconds(lambda: keras.ops.matmul(a, a), precision)


@functools.cache
def _bytes_per_second():
    size = 2**28 if _has_gpu() else 2**20
    a = keras.random.normal((size,))
    return 2 * 4 * size / _seconds(lambda: a + 1, "float32")


def _has_gpu():
    backend = importlib.import_module(keras.backend.backend())
    return backend.default_backend() == "gpu" if backend.__name__ == "jax" else backend.cuda.is_available()


def _seconds(function, precision):
    """The least of several times, with a matrix product or an addition on its own."""
    times = []
    with _precision(precision):
        for _ in range(8):
            started = time.perf_counter()
            keras.ops.convert_to_numpy(keras.ops.ravel(function())[:1])
            times.append(time.perf_counter() - started)
    return min(times)


@contextlib.contextmanager
def _precision(name):
    """Products of float32 exact or, for "tf32", with operands in TF32."""
    if keras.backend.backend() == "jax":
        import jax

        with jax.default_matmul_precision("highest" if name == "float32" else None):
            yield
    else:
        import torch

        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = name != "float32"
        yield
