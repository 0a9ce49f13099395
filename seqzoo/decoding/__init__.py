"""From a model that predicts the next step to whole sequences."""

from seqzoo.decoding.beam import Hypothesis, beam
from seqzoo.decoding.generate import Generated, generate, generate_vectors
from seqzoo.decoding.samplers import Sampler, greedy

__all__ = ["Generated", "Hypothesis", "Sampler", "beam", "generate", "generate_vectors", "greedy"]
