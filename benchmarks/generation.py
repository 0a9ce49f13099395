"""Benchmark of generation, `decoding.generate` against one Python call per token: `python -m benchmarks.generation`.

The backend is that of `KERAS_BACKEND`. A language model with random weights generates 64 sequences of 1,000 tokens. The slow
loops are timed over fewer steps, alternating with `decoding.generate`.
"""

import dataclasses
import time

import keras
import numpy as np
import tyro
from keras import ops

from seqzoo import backend, decoding
from seqzoo.models import LanguageModel


@dataclasses.dataclass(frozen=True)
class Config:
    """Flags of the benchmark."""

    vocabulary: int = 100
    embedding: int = 128
    units: int = 256
    batch: int = 64
    length: int = 1000
    steps: int = 50
    """Steps of the loops in each repetition."""
    turns: int = 5
    """Repetitions."""


def contestants(config):
    """Returns {name: function that generates tokens and returns their number}."""
    model = LanguageModel(config.vocabulary, embedding=config.embedding, units=config.units, cell="lstm", tied=True)
    sampler, rng = decoding.Sampler(), np.random.default_rng(0)

    def compiled_loop():
        decoding.generate(model.step, model.initial_state(config.batch), config.length, sampler, eos=())
        return config.batch * config.length

    def one_step(y, state, u):
        z, state = model.step(y, state)
        return sampler(z, u), state

    graph = backend.jit(one_step, model.variables)

    def loop(step):
        y, state = ops.zeros((config.batch,), "int32"), model.initial_state(config.batch)
        for _ in range(config.steps):
            y, state = step(y, state, ops.convert_to_tensor(rng.random(config.batch, np.float32)))
            ops.convert_to_numpy(y)
        return config.batch * config.steps

    return {
        "decoding.generate": compiled_loop,
        "a Python call per token, compiled": lambda: loop(graph),
        "a Python call per token": lambda: loop(one_step),
    }


def main(config):
    functions = contestants(config)
    for function in functions.values():
        function()  # compiles
    seconds = {name: [] for name in functions}
    for _ in range(config.turns):
        for name, function in functions.items():
            start = time.perf_counter()
            tokens = function()
            seconds[name].append((time.perf_counter() - start) / tokens)
    ours = np.median(seconds["decoding.generate"])
    print(f"{keras.backend.backend()}: {config}")
    for name, times in seconds.items():
        print(f"{name:36}{1 / np.median(times):12,.0f} tokens/s   seqzoo is {np.median(times) / ours:6.1f} times as fast")


if __name__ == "__main__":
    main(tyro.cli(Config))
