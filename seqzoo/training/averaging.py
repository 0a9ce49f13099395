"""Weight averaging: an exponential moving average of the weights, which is what is evaluated and kept."""

import keras


def ema_options(updates, largest=0.99):
    """Arguments of a Keras optimizer for an average over about `updates` updates, with a momentum of at most `largest`."""
    return {"use_ema": True, "ema_momentum": max(0.0, min(largest, 1 - 1 / updates))}


def swap_weights():
    """The callback that puts the average in place of the weights for each validation, and at the end."""
    return keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
