"""Counts that follow a Poisson distribution, or vary more than one (negative binomial), around means that a model gives.

A negative binomial count is Poisson around a mean that itself varies by a gamma distribution with mean mu and squared
coefficient of variation `excess`: its variance is mu + excess mu^2 (Cameron and Trivedi 2013,
doi:10.1017/CBO9781139013567, section 3.3).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.calibration.gammas import log_rising
from flywheel_sim.calibration.likelihood import Maximum, Parameter, maximise

FloatArray = NDArray[np.float64]

#: What counts vary by beyond a Poisson distribution.
EXCESS = Parameter("excess", about="variance beyond Poisson: variance = mean + excess times mean squared")

#: Twice the logarithm of the likelihood that one more parameter on its edge has to bring, to be taken at 5 %: the
#: distribution is an even mixture of 0 and chi-square (Self and Liang 1987, doi:10.1080/01621459.1987.10478472).
EDGE = 2.706


def log_poisson(counts: FloatArray, means: FloatArray) -> float:
    """Return the logarithm of how likely Poisson counts are around means; both of shape (n,)."""
    from scipy.special import gammaln, xlogy

    if (means < 0).any() or not np.isfinite(means).all() or ((means == 0) & (counts > 0)).any():
        return -math.inf
    return float((xlogy(counts, means) - means - gammaln(counts + 1)).sum())


def log_negative_binomial(counts: FloatArray, means: FloatArray, excess: float) -> float:
    """Return the logarithm of how likely negative binomial counts are around means; both of shape (n,)."""
    from scipy.special import gammaln, xlogy

    if (means < 0).any() or not np.isfinite(means).all() or ((means == 0) & (counts > 0)).any():
        return -math.inf
    shape = 1 / max(excess, 1e-12)
    # log gamma(shape + y) - log gamma(shape) - y log(shape): how far rising factorials are from powers.
    rising = log_rising(np.full_like(counts, shape), counts) - counts * math.log(shape)
    spread = -(shape + counts) * np.log1p(means / shape)
    return float((rising + xlogy(counts, means) + spread - gammaln(counts + 1)).sum())


def fit_counts(
    counts: FloatArray,
    means: Callable[[FloatArray], FloatArray],
    parameters: Sequence[Parameter],
    starts: Sequence[Sequence[float]],
    level: float,
    *,
    excess: bool | None = None,
) -> Maximum:
    """Return the most likely parameters of means of counts.

    Parameters
    ----------
    counts
        Shape (n,).
    means
        Gives them from the parameters, shape (n,).
    parameters, starts, level
        As `maximise` takes them.
    excess
        Whether counts vary beyond Poisson; the last parameter then says by how much. None: they do where that is
        significant at 5 %.
    """
    import warnings

    d = len(parameters)

    def plain(values: FloatArray) -> float:
        return log_poisson(counts, means(values))

    def varied(values: FloatArray) -> float:
        return log_negative_binomial(counts, means(values[:d]), float(values[d]))

    with warnings.catch_warnings(), np.errstate(over="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        poisson = maximise(plain, parameters, starts, level, intervals=excess is False)
        if excess is False:
            return poisson
        around = means(poisson.values)
        shown = (((counts - around) ** 2 - around).sum()) / max(float((around**2).sum()), 1e-12)
        begin = [[*poisson.values, float(np.clip(more, 1e-4, 10))] for more in (shown, 0.02)]
        many = [*parameters, EXCESS]
        if excess is None:
            tried = maximise(varied, many, begin, level, intervals=False)
            if 2 * (tried.log_likelihood - poisson.log_likelihood) <= EDGE:
                return maximise(plain, parameters, [poisson.values.tolist()], level)
            begin = [tried.values.tolist()]
        return maximise(varied, many, begin, level)
