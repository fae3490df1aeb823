"""What textbooks say of a test between two shares: the test itself, its power, and how many people it takes.

Shares are fractions, counts are people per arm, and the last axis holds the two arms: A, then B.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.stats import FloatArray, critical, ratio


def z_of(wins: FloatArray, n: FloatArray) -> FloatArray:
    """Return the statistic of the two-proportion z test, B minus A, with the pooled variance.

    Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, section 3.1, without the correction for
    continuity. NaN where an arm is empty, or nobody or everybody succeeded.

    Parameters
    ----------
    wins, n
        Successes and people; shape (..., 2).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share = wins / n
        pooled = wins.sum(axis=-1) / n.sum(axis=-1)
        error = np.sqrt(pooled * (1 - pooled) * (1 / n).sum(axis=-1))
        z = (share[..., 1] - share[..., 0]) / error
    return np.where(np.isfinite(z), z, math.nan)


def lifts_of(wins: FloatArray, n: FloatArray) -> FloatArray:
    """Return shares of B minus those of A in points; shape (...,) of counts of shape (..., 2), NaN for an empty arm."""
    shares = 100 * ratio(wins, n)
    return np.asarray(shares[..., 1] - shares[..., 0])


def significant(wins: FloatArray, n: FloatArray, level: float) -> NDArray[np.bool_]:
    """Tell where the two-sided test tells B from A; never where it cannot be taken."""
    return np.asarray(np.abs(z_of(wins, n)) > critical(level))


def power_of(rates: tuple[float, float], n: FloatArray, level: float) -> FloatArray:
    """Return the power of that test, both tails: how often it finds a difference at these true shares.

    The normal approximation with the pooled variance under no difference and each arm's own under the true one: Fleiss,
    Levin and Paik 2003, section 4.4, solved for the power; 1 - level where the shares are equal. NaN where an arm is
    empty.

    Parameters
    ----------
    rates
        True shares of A and B.
    n
        People per arm; shape (..., 2).
    level
        Of confidence, such as 0.95.
    """
    from scipy import special

    p, lift = np.array(rates), rates[1] - rates[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (n * p).sum(axis=-1) / n.sum(axis=-1)
        bar = critical(level) * np.sqrt(pooled * (1 - pooled) * (1 / n).sum(axis=-1))
        error = np.sqrt((p * (1 - p) / n).sum(axis=-1))
        power = special.ndtr((lift - bar) / error) + special.ndtr((-lift - bar) / error)
    return np.where(n.min(axis=-1) > 0, power, math.nan)


def sample_size(rates: tuple[float, float], power: float, level: float, ratio: float = 1.0) -> tuple[float, float]:
    """Return how many people in A and in B give that test a power.

    Fleiss, Levin and Paik 2003, section 4.4, without the correction for continuity; the other tail is left out. For
    equal arms, a level of 95 % and a power of 80 % Lehr's rule of thumb, 16 p (1 - p) / lift^2 (1992, Statistics in
    Medicine 11, 1099 to 1102), comes within a few per cent. Infinite where the shares are equal.

    Parameters
    ----------
    rates
        True shares of A and B.
    power, level
        Such as 0.8 and 0.95.
    ratio
        People in B per person in A.
    """
    from scipy import stats

    (a, b), lift = rates, rates[1] - rates[0]
    if not lift:
        return math.inf, math.inf
    pooled = (a + ratio * b) / (1 + ratio)
    under_none = critical(level) * math.sqrt((1 + ratio) * pooled * (1 - pooled))
    under_true = float(stats.norm.ppf(power)) * math.sqrt(ratio * a * (1 - a) + b * (1 - b))
    n = (under_none + under_true) ** 2 / (ratio * lift**2)
    return n, ratio * n
