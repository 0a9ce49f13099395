"""What a forecaster predicts of each future value: quantiles, or the parameters of a distribution.

Each kind has the same methods, on parameters p `(..., parameters)`, as the last layer of the model returns them, of a value
that is scaled by the mean `location` and the standard deviation `scale` of its history:

    loss(p, y, location, scale)         of each value y, a tensor
    quantiles(p, levels, location, scale)   `(..., levels)`, an array, in the unit of the series
    sample(p, location, scale, rng)     a value of each, an array

`locations` has a 1 for each parameter that a linear model of the history may shift; `shifts` says whether a constant may be
subtracted from a series and added to its forecast.
"""

import math

import numpy as np
from keras import ops
from scipy import stats

LEAST = 1e-4  # of a scale and of a shape


class Quantiles:
    """Quantiles by the pinball loss: 2 max(q (y - ŷ), (q - 1) (y - ŷ)), the mean over the levels q.

    Levels between those of the training are interpolated. Scaling a series, or adding a constant, does so to the quantiles.
    Source: R. Koenker and G. Bassett, Regression Quantiles, Econometrica 46 (1978).
    """

    def __init__(self, levels):
        self.levels, self.shifts = tuple(levels), True
        self.locations = (1.0,) * len(self.levels)

    def loss(self, p, y, location, scale):
        error = ops.expand_dims((y - location) / scale, -1) - p
        levels = ops.convert_to_tensor(np.array(self.levels, "float32"))
        return ops.mean(2 * ops.maximum(levels * error, (levels - 1) * error), axis=-1)

    def quantiles(self, p, levels, location, scale):
        if min(levels) < self.levels[0] or max(levels) > self.levels[-1]:
            raise ValueError(f"`levels` must lie within those of the training, {self.levels}, got {tuple(levels)}.")
        p = np.sort(p, axis=-1)  # of a crossing, the same quantiles in order
        interpolated = [_interpolate(level, self.levels, p) for level in levels]
        return np.stack(interpolated, axis=-1) * scale[..., None] + location[..., None]

    def sample(self, p, location, scale, rng):
        raise ValueError("Quantiles have no samples: expected a distribution.")


def _interpolate(level, levels, p):
    right = min(max(1, int(np.searchsorted(levels, level))), len(levels) - 1)
    if len(levels) == 1:
        return p[..., 0]
    share = (level - levels[right - 1]) / (levels[right] - levels[right - 1])
    return (1 - share) * p[..., right - 1] + share * p[..., right]


class Distribution:
    """A distribution of SciPy, `frozen(p, location, scale)`, from which quantiles and samples come."""

    shifts = True

    def quantiles(self, p, levels, location, scale):
        of_values = self.frozen(p, location, scale)
        return np.stack([of_values.ppf(level) for level in levels], axis=-1)

    def sample(self, p, location, scale, rng):
        return self.frozen(p, location, scale).rvs(random_state=rng)


class Gaussian(Distribution):
    """Normal distribution: μ and softplus⁻¹(σ), of the scaled value. Scaling and shifting a series does so to the forecast."""

    locations = (1.0, 0.0)

    def loss(self, p, y, location, scale):
        sigma = LEAST + ops.softplus(p[..., 1])
        z = ((y - location) / scale - p[..., 0]) / sigma
        return 0.5 * z**2 + ops.log(sigma) + 0.5 * math.log(2 * math.pi)

    def frozen(self, p, location, scale):
        return stats.norm(location + scale * p[..., 0], _width(scale) * (LEAST + _softplus(p[..., 1])))


class StudentT(Distribution):
    """Student's t distribution: μ, softplus⁻¹(σ) and softplus⁻¹(ν - 2), of the scaled value; for heavy tails. Scaling and
    shifting a series does so to the forecast."""

    locations = (1.0, 0.0, 0.0)

    def loss(self, p, y, location, scale):
        sigma, nu = LEAST + ops.softplus(p[..., 1]), 2 + LEAST + ops.softplus(p[..., 2])
        z = ((y - location) / scale - p[..., 0]) / sigma
        normalizer = log_gamma(nu / 2) - log_gamma((nu + 1) / 2) + 0.5 * ops.log(math.pi * nu) + ops.log(sigma)
        return normalizer + (nu + 1) / 2 * ops.log(1 + z**2 / nu)

    def frozen(self, p, location, scale):
        sigma, nu = LEAST + _softplus(p[..., 1]), 2 + LEAST + _softplus(p[..., 2])
        return stats.t(nu, location + scale * p[..., 0], _width(scale) * sigma)


class NegativeBinomial(Distribution):
    """Negative binomial distribution of counts: softplus⁻¹ of mean / m and of the dispersion α, where m is the mean of the
    history, 1 at least, and the variance is mean + α mean². Neither scaling nor shifting counts leaves them such counts.
    """

    locations, shifts = (1.0, 0.0), False

    def loss(self, p, y, location, scale):
        mean = ops.maximum(location, 1.0) * (LEAST + ops.softplus(p[..., 0]))
        count = 1 / (LEAST + ops.softplus(p[..., 1]))  # r of the distribution
        y = ops.maximum(y, 0.0)
        log_p = log_gamma(y + count) - log_gamma(count) - log_gamma(y + 1)
        return -(log_p + count * ops.log(count / (count + mean)) + y * ops.log(mean / (count + mean)))

    def frozen(self, p, location, scale):
        mean = np.maximum(location, 1.0) * (LEAST + _softplus(p[..., 0]))
        count = 1 / (LEAST + _softplus(p[..., 1]))
        return stats.nbinom(count, count / (count + mean))


DISTRIBUTIONS = {"gaussian": Gaussian, "student-t": StudentT, "negative-binomial": NegativeBinomial}


def output_of(name, levels):
    """Returns the kind of output with a name: "quantiles", which have levels, or one of `DISTRIBUTIONS`."""
    return Quantiles(levels) if name == "quantiles" else DISTRIBUTIONS[name]()


def log_gamma(x):
    """Returns log Γ(x), x > 0, by Stirling's series at x + 6 and the recurrence Γ(x + 1) = x Γ(x); to 1e-6 in float32."""
    product = x * (x + 1) * (x + 2) * (x + 3) * (x + 4) * (x + 5)
    z = x + 6
    series = 1 / (12 * z) - 1 / (360 * z**3) + 1 / (1260 * z**5)
    return (z - 0.5) * ops.log(z) - z + 0.5 * math.log(2 * math.pi) + series - ops.log(product)


def _width(scale):
    """A positive scale for SciPy: of a constant history it is 0."""
    return np.maximum(scale, np.finfo(float).tiny)


def _softplus(x):
    return np.logaddexp(0, x)
