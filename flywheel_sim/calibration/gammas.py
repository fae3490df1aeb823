"""Logarithms of ratios of gamma and beta functions, accurate where the functions themselves are huge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def log_beta_ratio(alpha: float, beta: float, s: FloatArray) -> FloatArray:
    """Return log B(alpha, beta + s) - log B(alpha, beta), accurate for small and large ones alike.

    It is a difference of two logarithms of rising factorials, which can be taken over s steps or over alpha steps; the
    shorter way has the smaller terms, so less is lost between them.
    """
    steps = np.minimum(s, 1e80)
    over_s = log_rising(np.full_like(steps, beta), steps) - log_rising(np.full_like(steps, alpha + beta), steps)
    away = np.full_like(steps, alpha)
    over_alpha = log_rising(np.full_like(steps, beta), away) - log_rising(beta + steps, away)
    ratio: FloatArray = np.where(steps <= alpha, over_s, over_alpha)
    return np.minimum(ratio, 0.0)


def log_rising(x: FloatArray, s: FloatArray) -> FloatArray:
    """Return log gamma(x + s) - log gamma(x); by Stirling's series for large x, where the difference would lose all."""
    from scipy.special import gammaln

    large = np.maximum(x, 30.0)
    series = (large - 0.5) * np.log1p(s / large) + s * np.log(large + s) - s + _rest(large + s) - _rest(large)
    return np.where(x >= 30.0, series, gammaln(x + s) - gammaln(x))


def _rest(y: FloatArray) -> FloatArray:
    """Return the last terms of Stirling's series for log gamma."""
    over = 1 / y
    return over / 12 - over**3 / 360 + over**5 / 1260
