"""Zoneout: a unit keeps its state of the step before, at random in training and in the mean at inference.

Source: Krueger et al. 2017, Zoneout: Regularizing RNNs by Randomly Preserving Hidden Activations, arXiv:1606.01305.

`share` is the share of the new state, for each part of the state: a mask `(batch, units)` of 0 and 1, or 1 - rate.
"""

from keras import ops


def shares(key, zoneout_t, dtype):
    """The share of each part at one step: from the masks of that step, side by side, or else the mean; None without zoneout."""
    if zoneout_t is None:
        return key.share
    return ops.split(ops.cast(zoneout_t, dtype), len(key.unit.State._fields), axis=-1)


def mixed(share, new, old):
    """share * new + (1 - share) * old, for each part of the state."""
    return tuple(new) if share is None else tuple(k * n + (1 - k) * o for k, n, o in zip(share, new, old, strict=True))


def of_new(share, d_state):
    """The gradient of `mixed` with respect to the new state."""
    return tuple(d_state) if share is None else tuple(k * d for k, d in zip(share, d_state, strict=True))


def with_old(share, d_prev, d_state):
    """`d_prev` and the gradient of `mixed` with respect to the old state, which is the same."""
    return tuple(d_prev) if share is None else tuple(p + (1 - k) * d for k, p, d in zip(share, d_prev, d_state, strict=True))
