"""Generation of text by a trained language model: samples, beam search, the next token, and tokens joined to text."""

import re

import keras
import numpy as np
from scipy.special import softmax

from seqzoo import decoding
from seqzoo.data.tokenizer import EOS, UNK


def sample(model, count, length, sampler=None, prompt=(), seed=0):
    """Returns `count` sampled texts of at most `length` tokens. With a carried state a text may span several lines."""
    sampled = decoding.generate(model.step, model.initial_state(count), length, sampler, list(prompt), seed=seed)
    return [as_text(model.tokenizer, ids) for ids in sampled.sequences]


def beam_search(model, count, length, width, length_penalty, prompt=()):
    """Returns the `count` most probable texts of a beam search, the best first."""
    options = {"length_penalty": length_penalty, "prompts": list(prompt)}
    (hypotheses,) = decoding.beam(model.step, model.initial_state(1), length, width, count, **options)
    return [as_text(model.tokenizer, hypothesis.tokens) for hypothesis in hypotheses]


def next_token(model, text):
    """Returns the most probable token after a text, and its probability; never `<unk>`."""
    ids = model.tokenizer.encode(text) if text.strip() else []
    z, _ = model.run(np.array([[model.start, *ids]], np.int32), model.initial_state(1))
    p = softmax(keras.ops.convert_to_numpy(z)[0, -1])
    chosen = int(np.argmax(np.where(np.arange(len(p)) == UNK, 0, p)))
    return model.tokenizer.tokens[chosen], float(p[chosen])


def as_text(tokenizer, ids):
    """Returns the text of token ids: marks stand beside their words, and `<eos>` ends a line."""
    lines = [[]]
    for i in ids:
        if i == EOS:
            lines.append([])
        else:
            lines[-1].append(i)
    return "\n".join(_joined(tokenizer.decode(line)) for line in lines).removesuffix("\n")


def _joined(text):
    text = re.sub(r" ([.,;:!?)\]%]+)(?= |$)", r"\1", text)
    return re.sub(r"(^| )([(\[]) ", r"\1\2", text)


def bits(scored):
    """Returns the surprise of each token in bits, -log2 P, `<eos>` last: `[(token, bits)]`."""
    return list(zip([*scored.tokens, "<eos>"], -scored.log_p / np.log(2), strict=True))
