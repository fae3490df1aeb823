"""When customers leave for good: never, or after times that follow a Pareto law; and who is left of a steady inflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Leaving(Protocol):
    """How the time until a customer leaves is spread."""

    def log_survival(self, t: FloatArray) -> FloatArray:
        """Return the logarithm of the chance to be there after times t, any shape."""

    def hazard(self, t: FloatArray) -> FloatArray:
        """Return how likely those who are there after times t leave then, per unit of time, any shape."""

    def turns(self, t: FloatArray) -> FloatArray:
        """Return in what time from t on the hazard changes much."""


@dataclass(frozen=True)
class Pareto:
    """Leave at a pace that a gamma distribution spreads over customers: shape s, rate beta (in units of time)."""

    s: float
    beta: float

    def log_survival(self, t: FloatArray) -> FloatArray:
        """Return -s log(1 + t / beta)."""
        survival: FloatArray = -self.s * np.log1p(t / self.beta)
        return survival

    def hazard(self, t: FloatArray) -> FloatArray:
        """Return s / (beta + t)."""
        return self.s / (self.beta + t)

    def turns(self, t: FloatArray) -> FloatArray:
        """Return beta + t."""
        return self.beta + t


@dataclass(frozen=True)
class Left:
    """What remains to those who are there when records begin, of customers who came steadily for a time before.

    The chance to be there still a time t later is [H(t + before) - H(t)] / H(before), where H is the integral of the
    survival by `Pareto`: who came a time a ago is there with the chance S(a), and a time t later with S(a + t).

    Attributes
    ----------
    s, beta
        As of `Pareto`.
    before
        For how long they came before the records.
    """

    s: float
    beta: float
    before: float

    def log_survival(self, t: FloatArray) -> FloatArray:
        """Return the logarithm of [H(t + before) - H(t)] / H(before)."""
        return self._log_area(t) - self._log_area(np.zeros(1))

    def hazard(self, t: FloatArray) -> FloatArray:
        """Return the density of leaving at t over the chance to be there."""
        length = np.log1p(self.before / (self.beta + t))
        hazard: FloatArray = self.s / (self.beta + t) * _mean(self.s * length) / _mean((self.s - 1) * length)
        return hazard

    def turns(self, t: FloatArray) -> FloatArray:
        """Return beta + t."""
        return self.beta + t

    def _log_area(self, t: FloatArray) -> FloatArray:
        """Return log of [H(t + before) - H(t)], but for a constant: of (beta + t)^(1-s) times a mean of e^(...)."""
        length = np.log1p(self.before / (self.beta + t))
        area: FloatArray = (
            (1 - self.s) * np.log1p(t / self.beta) + np.log(length) + np.log(_mean((self.s - 1) * length))
        )
        return area


def _mean(y: FloatArray) -> FloatArray:
    """Return (1 - exp(-y)) / y, the mean of exp(-z) over z from 0 to y; 1 at 0."""
    y = np.where(np.abs(y) < 1e-12, 1e-12, y)
    mean: FloatArray = -np.expm1(-y) / y
    return mean
