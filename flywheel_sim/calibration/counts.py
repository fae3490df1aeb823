"""Counts that follow a Poisson distribution, or vary more than one (negative binomial), around means of a model.

A negative binomial count is Poisson around a mean that itself varies by a gamma distribution with mean mu and squared
coefficient of variation `excess`: its variance is mu + excess mu^2 (Cameron and Trivedi 2013,
doi:10.1017/CBO9781139013567, section 3.3).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flywheel_sim.calibration.gammas import log_rising
from flywheel_sim.calibration.likelihood import Maximum, Parameter, maximise

FloatArray = NDArray[np.float64]

#: What counts vary by beyond a Poisson distribution.
EXCESS = Parameter("excess", about="variance beyond Poisson: variance = mean + excess times mean squared")

#: Twice the logarithm of the likelihood that one more parameter on its edge has to bring, to be taken at 5 %: the
#: distribution is an even mixture of 0 and chi-square (Self and Liang 1987, doi:10.1080/01621459.1987.10478472).
EDGE = 2.706


def poisson_ends(counts: ArrayLike, level: float) -> tuple[FloatArray, FloatArray]:
    """Return the ends of the exact interval of the mean of each Poisson count; the lower one of no count is 0.

    Garwood 1936, doi:10.1093/biomet/28.3-4.437.
    """
    from scipy.stats import chi2

    had = np.asarray(counts, dtype=np.float64)
    low = np.where(had > 0, chi2.ppf((1 - level) / 2, 2 * np.maximum(had, 0.5)) / 2, 0.0)
    return low, np.asarray(chi2.ppf((1 + level) / 2, 2 * had + 2) / 2)


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

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        begins = [_scored(counts, means, parameters, one) for one in starts]
        poisson = maximise(plain, parameters, begins, level, intervals=excess is False)
        if excess is False:
            return poisson
        around = means(poisson.values)
        shown = (((counts - around) ** 2 - around).sum()) / max(float((around**2).sum()), 1e-12)
        begin = [[*poisson.values, float(np.clip(more, 1e-4, 10))] for more in (shown, 0.02)]
        many = [*parameters, EXCESS]
        if excess is None and shown <= 0:  # they vary less than a Poisson distribution
            return maximise(plain, parameters, [poisson.values.tolist()], level)
        if excess is None:
            tried = maximise(varied, many, begin, level, intervals=False)
            if 2 * (tried.log_likelihood - poisson.log_likelihood) <= EDGE:
                return maximise(plain, parameters, [poisson.values.tolist()], level)
            begin = [tried.values.tolist()]
        return maximise(varied, many, begin, level)


def _scored(
    counts: FloatArray, means: Callable[[FloatArray], FloatArray], parameters: Sequence[Parameter],
    start: Sequence[float],
) -> list[float]:  # fmt: skip
    """Return a place near the top of the Poisson likelihood: a few steps of Fisher's scoring, halved where they fail.

    With many parameters, such as a season's, the general search takes long from afar.
    """
    free = np.array([one.free(value) for one, value in zip(parameters, start, strict=True)])

    def at(place: FloatArray) -> FloatArray:
        return means(np.array([one.value(each) for one, each in zip(parameters, place, strict=True)]))

    best = log_poisson(counts, at(free))
    for _ in range(12 if math.isfinite(best) else 0):
        here = at(free)
        slopes = np.column_stack([(at(free + step) - here) / 1e-6 for step in 1e-6 * np.eye(len(free))])
        weighed = slopes / np.maximum(here, 1e-12)[:, None]
        information = slopes.T @ weighed + 1e-6 * np.eye(len(free))
        step = np.clip(np.linalg.solve(information, weighed.T @ (counts - here)), -2.0, 2.0)
        reached = [(log_poisson(counts, at(free + part * step)), part) for part in (1.0, 0.5, 0.1)]
        gained, part = max((one for one in reached if math.isfinite(one[0])), default=(-math.inf, 0.0))
        if not gained > best + 1e-8:
            break
        free, best = np.clip(free + part * step, -15.0, 15.0), gained
    return [one.value(place) for one, place in zip(parameters, free, strict=True)]
