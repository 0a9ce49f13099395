"""Metrics of language models: perplexity, bits and nats of a token."""

import numpy as np


def perplexity_metrics(log_p):
    """Perplexity, and the mean of -log P of a token in bits and in nats; `log_p` holds natural logarithms of P."""
    nats = -float(np.mean(np.concatenate(log_p)))
    return {"perplexity": float(np.exp(nats)), "bits_per_token": nats / np.log(2), "nats_per_token": nats}
