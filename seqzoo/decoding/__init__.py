"""Decoding: sampling and beam search with models that predict the next step."""

from seqzoo.decoding.beam import Hypothesis, beam
from seqzoo.decoding.generate import Generated, generate, generate_vectors
from seqzoo.decoding.samplers import Sampler, greedy
from seqzoo.decoding.special_tokens import SpecialTokens

__all__ = ["Generated", "Hypothesis", "Sampler", "SpecialTokens", "beam", "generate", "generate_vectors", "greedy"]
