"""Estimates of what no metric of the package has: of any values of replications, and of ratios of their sums."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

import flywheel_sim as fs


def of_mean(values: ArrayLike, unit: str = "", level: float = 0.95) -> fs.Estimate:
    """Return the mean over replications with its Student interval."""
    array = np.asarray(values, dtype=float)
    array = array[~np.isnan(array)]
    n, sd = len(array), float(array.std(ddof=1))
    return about(float(array.mean()), float(stats.t.ppf(0.5 + level / 2, n - 1)) * sd / np.sqrt(n), n, unit, level)


def of_ratio(top: ArrayLike, bottom: ArrayLike, unit: str = "", level: float = 0.95) -> fs.Estimate:
    """Return the ratio of two sums over replications (Cochran 1977, Sampling Techniques, section 2.11)."""
    above, below = np.asarray(top, dtype=float), np.asarray(bottom, dtype=float)
    n, ratio = len(above), float(above.sum() / below.sum())
    error = float(np.sqrt(((above - ratio * below) ** 2).sum() / (n - 1) / n)) / abs(float(below.mean()))
    return about(ratio, float(stats.t.ppf(0.5 + level / 2, n - 1)) * error, n, unit, level)


def about(middle: float, half: float, n: int, unit: str = "", level: float = 0.95) -> fs.Estimate:
    """Return an estimate with a symmetrical interval."""
    return fs.Estimate(middle, middle - half, middle + half, level, n, unit)
