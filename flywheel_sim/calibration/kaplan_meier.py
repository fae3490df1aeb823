"""The share left after each time, without a model: Kaplan and Meier 1958, doi:10.1080/01621459.1958.10501452."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flywheel_sim.stats import critical

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class KaplanMeier:
    """Shares that last beyond each time at which somebody was lost, m such times.

    Attributes
    ----------
    times
        Ascending, shape (m,).
    at_risk, lost
        Who was there just before each time, and who was lost at it, shape (m,).
    survival
        Share that lasts beyond each time, shape (m,).
    low, high
        Ends of the interval of each by itself, from Greenwood's variance on the scale log(-log), shape (m,); NaN where
        nobody is left, and where none was lost.
    level
        Confidence level.
    """

    times: FloatArray
    at_risk: FloatArray
    lost: FloatArray
    survival: FloatArray
    low: FloatArray
    high: FloatArray
    level: float

    def at(self, times: ArrayLike) -> FloatArray:
        """Return the share that lasts beyond each of some times, same shape; 1 before the first loss."""
        place = np.searchsorted(self.times, np.asarray(times, dtype=np.float64), side="right")
        return np.append(1.0, self.survival)[place]


def kaplan_meier(
    time: ArrayLike, lost: ArrayLike, entered: ArrayLike = 0.0, count: ArrayLike = 1.0, level: float = 0.95
) -> KaplanMeier:
    """Return the Kaplan-Meier curve of times that are known in part.

    Where a loss and a last sighting fall on one time, the loss comes first; somebody first seen at a time is at risk
    only after it (Klein and Moeschberger 2003, doi:10.1007/b97377, sections 4.2 and 4.6).

    Parameters
    ----------
    time
        When lost, or last seen, shape (n,).
    lost
        Whether lost then, shape (n,).
    entered
        When first seen, shape (n,) or one figure for all.
    count
        How many people a row stands for, shape (n,) or one figure for all.
    level
        Of the intervals.
    """
    arrays = np.broadcast_arrays(*(np.atleast_1d(one) for one in (time, lost, entered, count)))
    until, first, weight = (np.asarray(arrays[i], dtype=np.float64) for i in (0, 2, 3))
    gone = np.asarray(arrays[1], dtype=np.bool_)
    times = np.unique(until[gone & (weight > 0)])
    died = np.array([weight[gone & (until == t)].sum() for t in times], dtype=np.float64)
    there = np.array([weight[(until >= t) & ((first < t) | (first == 0))].sum() for t in times], dtype=np.float64)
    died = np.minimum(died, there)
    there = np.maximum(there, 1e-300)
    survival: FloatArray = np.cumprod(1 - died / there).astype(np.float64)
    some = (survival > 0) & (survival < 1)
    low, high = np.full(len(times), np.nan), np.full(len(times), np.nan)
    if some.any():
        greenwood = np.cumsum(died[some] / (there[some] * (there[some] - died[some])))
        lasting = np.log(survival[some])
        away = critical(level) * np.sqrt(greenwood) / -lasting
        low[some], high[some] = survival[some] ** np.exp(away), survival[some] ** np.exp(-away)
    return KaplanMeier(times, there, died, survival, low, high, level)
