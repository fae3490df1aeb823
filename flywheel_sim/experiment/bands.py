"""Intervals that hold for many figures at once: bands over months, joint intervals over pairs, bootstrap of a month.

Numbers come from a generator of its own with a fixed start, so the same paths give the same band everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]

#: Draws of the largest deviation; its 95 % quantile is then known to about 0.5 %.
DRAWS = 1 << 15
#: Sets of replications drawn for a bootstrap.
RESAMPLES = 2000
_CHUNK = 1 << 20
#: Of the variance of correlated columns, parts this far below the largest are errors of rounding.
_NOISE = 1e-12


class Luck:
    """Uniform numbers from SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195), alike everywhere.

    Parameters
    ----------
    stream
        Which of several streams.
    """

    def __init__(self, stream: int) -> None:
        self._start, self._taken = stream << 40, 0

    def uniforms(self, count: int) -> FloatArray:
        """Return the next numbers, strictly between 0 and 1; shape (count,)."""
        at = np.arange(self._taken + 1, self._taken + count + 1, dtype=np.uint64) + np.uint64(self._start)
        self._taken += count
        word = at * np.uint64(0x9E3779B97F4A7C15)
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        word ^= word >> np.uint64(31)
        return ((word >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


@dataclass(frozen=True)
class Band:
    """Means over time with a simultaneous band: it holds all true means at once with its level.

    Attributes
    ----------
    mean, low, high
        In ``unit``, shape (periods,); NaN in months without a value in every replication.
    level
        With which probability all true means lie inside.
    n
        Replications.
    unit
        Of the means.
    critical
        Standard errors from the mean to an end of the band; 1.96 would do for one month alone.
    metric, of, against
        What it is the difference of.
    cumulative
        Whether months are added up.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> band = fs.compare("subscription", replications=20).band("profit")
    >>> band.of, band.against, len(band.mean)
    ('flywheel', 'funnel', 36)
    """

    mean: FloatArray = field(repr=False)
    low: FloatArray = field(repr=False)
    high: FloatArray = field(repr=False)
    level: float
    n: int
    unit: str
    critical: float
    metric: str
    of: str
    against: str
    cumulative: bool = True

    def frame(self) -> pd.DataFrame:
        """Return the band as a table, one row a month."""
        import pandas as pd

        columns = {"mean": self.mean, "low": self.low, "high": self.high}
        table = pd.DataFrame(columns, index=pd.RangeIndex(1, len(self.mean) + 1, name="month"))
        table.attrs = {"unit": self.unit, "level": self.level, "n": self.n, "of": self.of, "against": self.against}
        return table

    def __str__(self) -> str:
        kind = "cumulative" if self.cumulative else "monthly"
        return (
            f"{kind} {self.metric}, {self.of} minus {self.against}: {len(self.mean)} months, {self.level * 100:g} % "
            f"simultaneous band of the mean ({self.critical:.2f} standard errors), {self.unit}, n = {self.n:,}"
        )


def critical_value(values: FloatArray, level: float = 0.95) -> float:
    """Return how many standard errors joint intervals of the means of several columns reach.

    The quantile of the largest of correlated Student variables, by Monte Carlo from the sample correlation (sup-t
    with plug-in: Montiel Olea and Plagborg-Møller 2019, doi:10.1002/jae.2656; the same denominator for all, as in
    Hothorn, Bretz and Westfall 2008, doi:10.1002/bimj.200810425). One column has Student's own quantile.

    Parameters
    ----------
    values
        Shape (replications, columns), finite. Columns that do not vary are left out.
    level
        With which probability all intervals are to hold their mean.

    Returns
    -------
    float
        NaN for fewer than two replications; 0 where nothing varies.
    """
    from scipy import special, stats

    n = len(values)
    if n < 2:
        return math.nan
    away = values - values.mean(axis=0)
    sd = np.sqrt((away**2).sum(axis=0) / (n - 1))
    moving = sd > 1e-12 * np.maximum(1.0, np.abs(values).max(axis=0))
    if not moving.any():
        return 0.0
    scaled = away[:, moving] / sd[moving]
    correlation = scaled.T @ scaled / (n - 1)
    if len(correlation) == 1 or np.abs(correlation).min() > 1 - 1e-12:
        return float(stats.t.ppf(0.5 + level / 2, n - 1))
    weights, vectors = np.linalg.eigh(correlation)
    weights = np.where(weights > _NOISE * weights.max(), weights, 0.0)  # the root of noise differs by processor
    root = (vectors * np.sqrt(weights)) @ vectors.T  # unlike a factor, this root is unique
    largest = np.empty(DRAWS)
    rows = max(1, _CHUNK // len(root))
    luck = Luck(1)
    for at in range(0, DRAWS, rows):
        count = min(rows, DRAWS - at)
        drawn = special.ndtri(luck.uniforms(count * len(root))).reshape(count, -1)
        largest[at : at + count] = np.abs(drawn @ root).max(axis=1)
    return float(np.quantile(largest / _denominators(n - 1), level))


@lru_cache(maxsize=4)
def _denominators(freedom: int) -> FloatArray:
    """Return draws of the standard deviation that a Student variable is divided by; kept, being slow to draw."""
    from scipy import special

    return np.asarray(np.sqrt(2 * special.gammaincinv(freedom / 2, Luck(3).uniforms(DRAWS)) / freedom))


def simultaneous(values: FloatArray, level: float = 0.95) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Return means of columns, the ends of a band that holds all of them at once, and its critical value.

    Parameters
    ----------
    values
        Shape (replications, columns); a column with a value that is not finite has no mean and no band.
    level
        Of the band.
    """
    whole = np.isfinite(values).all(axis=0)
    mean = np.full(values.shape[1], math.nan)
    mean[whole] = values[:, whole].mean(axis=0)
    critical = critical_value(values[:, whole], level) if whole.any() else math.nan
    half = np.full_like(mean, math.nan)
    if len(values) > 1 and whole.any():
        half[whole] = critical * values[:, whole].std(axis=0, ddof=1) / math.sqrt(len(values))
    return mean, mean - half, mean + half, critical


def bootstrap_means(paths: FloatArray) -> FloatArray:
    """Return mean paths of sets of replications drawn with replacement (Efron 1979, doi:10.1214/aos/1176344552).

    Parameters
    ----------
    paths
        Shape (replications, periods).

    Returns
    -------
    ndarray
        Shape (`RESAMPLES`, periods).
    """
    n = len(paths)
    means = np.empty((RESAMPLES, paths.shape[1]))
    rows = max(1, _CHUNK // n)
    luck = Luck(2)
    for at in range(0, RESAMPLES, rows):
        count = min(rows, RESAMPLES - at)
        drawn = (luck.uniforms(count * n) * n).astype(np.int64) + np.repeat(np.arange(count) * n, n)
        often = np.bincount(drawn, minlength=count * n).reshape(count, n)
        means[at : at + count] = often @ paths / n
    return means
