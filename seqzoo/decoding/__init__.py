"""Decoding: sampling and beam search with models that predict the next step; texts of CTC models."""

from seqzoo.decoding import ctc
from seqzoo.decoding.beam import Hypothesis, beam
from seqzoo.decoding.ctc_beam import Candidate, ctc_beam
from seqzoo.decoding.generate import Generated, generate, generate_vectors
from seqzoo.decoding.lexicon import Lexicon
from seqzoo.decoding.samplers import Sampler, greedy
from seqzoo.decoding.special_tokens import SpecialTokens

__all__ = [
    "Candidate",
    "Generated",
    "Hypothesis",
    "Lexicon",
    "Sampler",
    "SpecialTokens",
    "beam",
    "ctc",
    "ctc_beam",
    "generate",
    "generate_vectors",
    "greedy",
]
