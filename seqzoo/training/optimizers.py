"""Adam as several recipes use it: a learning rate that falls along a cosine, and averaged weights."""

import keras

from seqzoo.training import averaging


def averaged_adam(config, updates):
    """Adam for a training of that many updates: from `config.learning_rate` to zero, gradients clipped to `config.clip_norm`,
    weights averaged over a twentieth of the training; see `averaging.swap_weights`."""
    rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, updates)
    return keras.optimizers.Adam(rate, global_clipnorm=config.clip_norm, **averaging.ema_options(updates / 20))
