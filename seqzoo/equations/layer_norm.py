"""Layer normalization of a unit's products and of its memory cell."""

from keras import ops

EPSILON = 1e-5  # added to the variance: a product of zeros, as at the first step, has none


def layer_norm(arrays, gains):
    """(x - mean) / deviation * gain, over the units of all these gates together: a list of `(batch, units)`, as given."""
    units = sum(x.shape[-1] for x in arrays)
    mean = sum(ops.sum(x, axis=-1, keepdims=True) for x in arrays) / units
    centred = [x - mean for x in arrays]
    variance = sum(ops.sum(x**2, axis=-1, keepdims=True) for x in centred) / units
    scale = ops.rsqrt(variance + EPSILON)
    return [x * scale * gain for x, gain in zip(centred, gains, strict=True)]
