"""Which share of new customers makes 0, 1, 2, ... later purchases within a time."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from scipy.special import betaln, gammaln

from flywheel_sim.calibration.likelihood import FloatArray

#: Places at which the time of leaving is looked at.
_NODES = 64


def shares(values: Mapping[str, float], times: FloatArray, most: int, steps: int = 1) -> FloatArray:
    """Return the shares of customers who make 0, 1, ... `most` - 1 later purchases within times, shape (times, most).

    Without a season. Of a BG/NBD as Fader, Hardie and Lee 2005, equation 8; of customers who leave at a pace of their
    own the shares without leaving, over the time at which each leaves.

    Parameters
    ----------
    values
        Parameters by name: r and alpha of the pace, with a and b of leaving after a purchase, or s and beta of leaving
        at any time, or neither where nobody leaves.
    times
        How long customers are watched, shape (times,).
    most
        One more than the largest number asked for.
    steps
        Of how many steps each time between purchases is made: 1 where buying is memoryless.
    """
    r, alpha = values["r"], values["alpha"] / steps
    if "a" in values:
        return _after_purchases(r, alpha, values["a"], values["b"], times, most)
    if "s" not in values:
        return _gamma_poisson(r, alpha, times, most, steps)
    s, beta = values["s"], values["beta"]
    places, weights = np.polynomial.legendre.leggauss(_NODES)
    at = (places + 1) / 2
    stays = np.exp(-s * np.log1p(times / beta))
    found = stays[:, None] * _gamma_poisson(r, alpha, times, most, steps)
    for place, weight in zip(at, weights / 2, strict=True):
        leaves = times * place**3  # most nodes lie early, where most leave
        density = s / (beta + leaves) * np.exp(-s * np.log1p(leaves / beta)) * 3 * times * place**2
        found += weight * density[:, None] * _gamma_poisson(r, alpha, leaves, most, steps)
    return found


def _gamma_poisson(r: float, alpha: float, times: FloatArray, most: int, steps: int) -> FloatArray:
    """Return the shares who made 0, 1, ... purchases within times if nobody leaves, shape (times, most)."""
    k = np.arange(most * steps, dtype=np.float64)
    with np.errstate(divide="ignore"):
        late = np.log(times / (alpha + times))[:, None]
    whole = np.where(k > 0, k * np.where(k > 0, late, 0.0), 0.0)
    log_shares = gammaln(r + k) - math.lgamma(r) - gammaln(k + 1) - r * np.log1p(times / alpha)[:, None] + whole
    found: FloatArray = np.exp(log_shares).reshape(len(times), most, steps).sum(axis=2)
    return found


def _after_purchases(r: float, alpha: float, a: float, b: float, times: FloatArray, most: int) -> FloatArray:
    """Return the shares of a BG/NBD, shape (times, most)."""
    x = np.arange(most, dtype=np.float64)
    bought = _gamma_poisson(r, alpha, times, most, 1)
    at_least = 1 - np.concatenate([np.zeros((len(times), 1)), np.cumsum(bought, axis=1)[:, :-1]], axis=1)
    stays = np.exp(betaln(a, b + x) - betaln(a, b))
    left = np.where(x > 0, np.exp(betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b)), 0.0)
    found: FloatArray = stays * bought + left * at_least
    return found
