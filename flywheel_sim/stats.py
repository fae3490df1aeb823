"""Estimates and their intervals: what a set of replications says about a mean, and about futures."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flywheel_sim.errors import ExperimentError

FloatArray = NDArray[np.float64]

#: What an estimate is of that is a ratio of sums over replications.
RATIO = "ratio of sums"

#: Class of HTML whose texts are shown as they are: notebooks look for no formulas in it.
VERBATIM = "tex2jax_ignore mathjax_ignore"

#: Skewness below which terms are taken to have this one, so that nothing is divided by 0.
_STRAIGHT = 1e-6


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean (or probability, or quantile) over replications with its confidence interval.

    Attributes
    ----------
    mean, low, high
        The estimate and the ends of its interval, in ``unit``; the ends are NaN where too few
        replications have a value.
    level
        Confidence level, such as 0.95.
    n
        Replications that have a value; those of a ratio of sums are all that were run.
    unit
        Unit of the figures.
    of
        What is estimated: ``mean``, ``probability``, or a quantile such as ``5 % quantile``.
    sd
        Standard deviation between replications, in ``unit``.
    exists
        Of a ratio of sums: the replications in which it exists by itself; None for others.
    never
        What is said instead of a figure without end, such as ``not within 18 months``.

    Examples
    --------
    >>> from flywheel_sim import Estimate
    >>> print(Estimate(12.34, 11.9, 12.8, 0.95, 100, "EUR"))
    12.3 EUR (95 % interval of the mean 11.9 to 12.8 EUR, n = 100)
    """

    mean: float
    low: float
    high: float
    level: float
    n: int
    unit: str
    of: str = "mean"
    sd: float = math.nan
    exists: int | None = None
    never: str = ""

    @property
    def half_width(self) -> float:
        """Return half the width of the interval."""
        return (self.high - self.low) / 2

    def __str__(self) -> str:
        value, of = self.text(self.mean), f"{self.level * 100:g} % interval"
        of += "" if self.of == RATIO else f" of the {self.of}"
        n = f"n = {self.n:,}"
        if self.exists is not None and self.exists < self.n:
            n += f", in {self.exists:,} of which it exists"
        if math.isnan(self.low) or math.isinf(self.low):
            return f"{value} (no {of}, {n})"
        if self.of == "mean" and self.sd == 0:
            return f"{value} (the same in every replication, {n})"
        if math.isinf(self.high):
            return f"{value} ({of} {figure(self.low, self.unit)} to {self.text(self.high)}, {n})"
        return f"{value} ({of} {f'{between(self.low, self.high, self.unit)} {self.unit}'.strip()}, {n})"

    def text(self, value: float) -> str:
        """Return a figure of this kind with its unit."""
        return self.never if math.isinf(value) and self.never else with_unit(value, self.unit)

    def __repr__(self) -> str:
        return f"Estimate({self})"

    def _repr_html_(self) -> str:
        title = html.escape(f"interval of the {self.of} over {self.n:,} replications")
        return f'<span class="{VERBATIM}" title="{title}">{html.escape(str(self))}</span>'


def estimate_mean(values: ArrayLike, unit: str, level: float = 0.95) -> Estimate:
    """Return the mean of replications with its Student interval.

    NaN values are left out and not counted; one that is infinite (a payback never reached) makes the
    mean infinite, without an interval.
    """
    from scipy import stats

    array = np.asarray(values, dtype=np.float64)
    array = array[~np.isnan(array)]
    n = len(array)
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, level, 0, unit)
    if np.isinf(array).any():
        return Estimate(float(np.max(array)), math.nan, math.nan, level, n, unit)
    mean = float(np.mean(array))
    if n == 1:
        return Estimate(mean, math.nan, math.nan, level, 1, unit)
    sd = float(np.std(array, ddof=1))
    half = float(stats.t.ppf(0.5 + level / 2, n - 1)) * sd / math.sqrt(n)
    return Estimate(mean, mean - half, mean + half, level, n, unit, sd=sd)


def left_out(*sums: FloatArray) -> tuple[FloatArray, ...]:
    """Return, for each replication, the sums over all others; replication axis first."""
    return tuple(one.sum(axis=0) - one for one in sums)


def jackknifed(pooled: ArrayLike, others: FloatArray) -> FloatArray:
    """Return one term a replication whose mean is a figure of all together and whose spread tells how sure it is.

    The deviations of the jackknife (Tukey 1958; Miller 1974, doi:10.1093/biomet/61.1.1), about the figure itself.

    Parameters
    ----------
    pooled, others
        The figure of all replications, and the same without each of them; replication axis first.
    """
    n = len(others)
    with np.errstate(invalid="ignore"):
        away = (n - 1) * (np.asarray(pooled) - others)
        return np.asarray(pooled) + (away - away.mean(axis=0) if n > 1 else np.zeros_like(others))


def skewed_ends(terms: FloatArray, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Return the ends of the interval of a mean of skew terms; replication axis first.

    Student's interval after the transformation of Hall (1992, doi:10.1111/j.2517-6161.1992.tb01876.x), which takes the
    skewness off: with few customers a replication, plain intervals of a ratio cover less than they say.
    """
    from scipy import stats

    n = len(terms)
    if n < 2:
        nothing = np.full(terms.shape[1:], math.nan)
        return nothing, nothing
    mean = terms.mean(axis=0)
    away = terms - mean
    square = (away**2).mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        skew = np.where(square > 0, (away**3).mean(axis=0) / square**1.5, 0.0)
    error, q = np.sqrt(square / (n - 1)), float(stats.t.ppf(0.5 + level / 2, n - 1))
    tilt = np.where(np.abs(skew) < _STRAIGHT, _STRAIGHT, skew) / math.sqrt(n)

    def end(at: float) -> FloatArray:
        return np.asarray(mean - error * (np.cbrt(1 + tilt * (at - tilt / 6)) - 1) / (tilt / 3))

    return end(q), end(-q)


def estimate_ratio(top: FloatArray, bottom: FloatArray, unit: str, level: float = 0.95) -> Estimate:
    """Return the ratio of two sums over replications with its interval; both of shape (replications,)."""
    return estimate_of((np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64)), unit, level)


def ratio_of_sums(
    top: FloatArray, bottom: FloatArray, level: float = 0.95
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the ratio of two sums over replications with the ends of its interval.

    Those of the jackknife's terms, their skewness taken off; none where a single replication has a bottom. Over a
    bottom that is the same in all that is the mean with Student's interval.

    Parameters
    ----------
    top, bottom
        Replication axis first.
    """
    from scipy import stats

    n = len(top)
    mean = ratio(top.sum(axis=0), bottom.sum(axis=0))
    if n < 2:
        nothing = np.full_like(mean, math.nan)
        return mean, nothing, nothing
    terms = jackknifed(mean, ratio(*left_out(top, bottom)))
    half = float(stats.t.ppf(0.5 + level / 2, n - 1)) * terms.std(axis=0, ddof=1) / math.sqrt(n)
    low, high = skewed_ends(terms, level)
    fixed = (bottom == bottom[:1]).all(axis=0)
    low, high = np.where(fixed, mean - half, low), np.where(fixed, mean + half, high)
    known = (bottom != 0).sum(axis=0) > 1
    return mean, np.where(known, low, math.nan), np.where(known, high, math.nan)


def ratio_of(*sums: FloatArray) -> FloatArray:
    """Return one sum itself, the ratio of two, or the ratio of two ratios of four."""
    if len(sums) == 1:
        return sums[0]
    quotient = ratio(sums[0], sums[1])
    return ratio(quotient, ratio(sums[2], sums[3])) if len(sums) == 4 else quotient


def terms_of(sums: Sequence[FloatArray], of: Callable[..., FloatArray] = ratio_of) -> FloatArray:
    """Return one term a replication whose mean is a figure of all replications together; shape (replications,).

    Parameters
    ----------
    sums
        Of which the figure is a function, replication axis first; one alone is the figure itself.
    of
        The function, of each row for itself.
    """
    if len(sums) == 1:
        return sums[0]
    return jackknifed(of(*(one.sum(axis=0, keepdims=True) for one in sums))[0], of(*left_out(*sums)))


def estimate_of(
    sums: Sequence[FloatArray], unit: str, level: float = 0.95, of: Callable[..., FloatArray] = ratio_of,
    ends: tuple[float, float] | None = None, never: str = "",
) -> Estimate:  # fmt: skip
    """Return a figure of all replications together with its interval.

    The mean of one sum has Student's interval, and so has a ratio whose bottom is the same in all replications; that of
    others has the skewness of its terms taken off. There is none where the figure exists in a single replication.

    Parameters
    ----------
    sums, of
        As for `terms_of`.
    unit, level, never
        Of the estimate.
    ends
        Of the interval, where they are found in another way.
    """
    if len(sums) == 1:
        return estimate_mean(sums[0], unit, level)
    alone, terms = of(*sums), terms_of(sums, of)
    exists, n = int(np.count_nonzero(~np.isnan(alone))), len(alone)
    mean = float(of(*(one.sum(axis=0, keepdims=True) for one in sums))[0])
    sd = float(np.std(terms, ddof=1)) if exists > 1 and np.isfinite(terms).all() else math.nan
    low, high = ends or (math.nan, math.nan)
    if ends is None and exists > 1 and not math.isnan(sd):
        low, high = (float(end) for end in skewed_ends(terms, level))
        if len(sums) == 2 and (sums[1] == sums[1][0]).all():
            plain = estimate_mean(terms, unit, level)
            low, high = plain.low, plain.high
    return Estimate(mean, low, high, level, n, unit, RATIO, sd, exists, never)


def ratio(top: FloatArray, bottom: FloatArray) -> FloatArray:
    """Return a quotient, NaN where the denominator is 0."""
    out = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    np.divide(top, bottom, out=out, where=bottom != 0)
    return out


def critical(level: float) -> float:
    """Return how many standard errors a two-sided normal interval of a level reaches to either side.

    Examples
    --------
    >>> round(critical(0.95), 4)
    1.96
    """
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))


def estimate_probability(happened: ArrayLike, level: float = 0.95) -> Estimate:
    """Return a probability with its Wilson interval (Wilson 1927, doi:10.1080/01621459.1927.10502953)."""
    array = np.asarray(happened, dtype=bool)
    n = len(array)
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, level, 0, "%", "probability")
    share, z = float(np.mean(array)), critical(level)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low, high = max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))  # it holds the share itself
    return Estimate(100 * share, 100 * low, 100 * high, level, n, "%", "probability")


def estimate_quantile(values: ArrayLike, q: float, unit: str, level: float = 0.95) -> Estimate:
    """Return a quantile with its distribution-free interval between two order statistics.

    Whatever the distribution, it covers with at least its level (David and Nagaraja 2003, Order Statistics,
    section 7.1, doi:10.1002/0471722162). Too few replications for that leave no interval: a 5 % quantile
    takes 72, the median 6. NaN values are left out and not counted; infinite ones have their place in the order.

    Parameters
    ----------
    values, unit
        One value a replication.
    q
        Between 0 and 1: the share of values below.
    level
        Of the interval.

    Raises
    ------
    ExperimentError
        If q is not between 0 and 1.
    """
    from scipy import stats

    if not 0 < q < 1:
        raise ExperimentError(f"quantile {q}: it lies between 0 and 1; write 0.05 for the 5 % quantile")
    array = np.sort(np.asarray(values, dtype=np.float64))  # NaN comes last
    array = array[~np.isnan(array)]
    n, of = len(array), f"{100 * q:g} % quantile"
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, level, 0, unit, of)
    whole = bool(np.isfinite(array).all())
    quantile = float(np.quantile(array, q, method="linear" if whole else "inverted_cdf"))
    sd = float(np.std(array, ddof=1)) if whole and n > 1 else math.nan
    below = int(stats.binom.ppf(0.5 - level / 2, n, q))
    above = int(stats.binom.ppf(0.5 + level / 2, n, q)) + 1
    if below < 1 or above > n:
        return Estimate(quantile, math.nan, math.nan, level, n, unit, of, sd)
    return Estimate(quantile, float(array[below - 1]), float(array[above - 1]), level, n, unit, of, sd)


#: Smaller than any figure: what sums leave that ought to be nothing.
NOTHING = 1e-12


def figure(value: float, unit: str = "") -> str:
    """Return a figure as a reader wants it: no false precision, thousands apart."""
    if math.isnan(value):
        return "n/a"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    value = 0.0 if abs(value) < NOTHING else value  # no minus nothing, and no digits of rounding
    size = abs(value)
    if unit == "%":
        return f"{round(value, 1) + 0.0:.1f}"
    if size >= 100 or value == round(value):
        return f"{value:,.0f}"
    if size >= 0.1:
        return f"{value:,.1f}" if size >= 10 else f"{value:,.2f}"
    digits = 2 - math.floor(math.log10(size))
    return f"{value:.{digits}f}".rstrip("0") if digits <= _MOST_DIGITS else f"{value:.1e}"


#: Digits after the point up to which a small figure is written out.
_MOST_DIGITS = 9


def between(low: float, high: float, unit: str = "") -> str:
    """Return ``low to high``, with as many digits as it takes to tell the two apart, where they differ at all."""
    texts = figure(low, unit), figure(high, unit)
    if texts[0] == texts[1] and math.isfinite(high - low):
        digits = len(texts[0].partition(".")[2])
        for more in range(digits + 1, digits + 4):  # beyond that they are the same to any reader
            if f"{low:,.{more}f}" != f"{high:,.{more}f}":
                return f"{low:,.{more}f} to {high:,.{more}f}"
    return " to ".join(texts)


def with_unit(value: float, unit: str) -> str:
    """Return a figure with its unit."""
    return f"{figure(value, unit)} {unit}".strip()


def plus_minus(estimate: Estimate, signed: bool = False) -> str:
    """Return a mean with the half-width of its interval, both to the half-width's first digit, or two from a 1 on."""
    if math.isinf(estimate.mean) and estimate.never:
        return estimate.never
    sign = "+" if signed and estimate.mean > NOTHING else ""
    half = estimate.half_width
    if not math.isfinite(estimate.mean + half) or half <= max(1e-9 * abs(estimate.mean), NOTHING):
        return sign + figure(estimate.mean, estimate.unit)
    power = math.floor(math.log10(half))
    digits = max(0, min(6, (1 if half < 2 * 10**power else 0) - power))
    mean = f"{estimate.mean:,.{digits}f}"
    return f"{sign}{mean.removeprefix('-') if not float(mean.replace(',', '')) else mean} ± {half:,.{digits}f}"


def gap_unit(unit: str) -> str:
    """Return the unit of a difference of two figures: of percentages it is points."""
    return "points" if unit == "%" else unit.replace("% ", "points ", 1) if unit.startswith("% ") else unit
