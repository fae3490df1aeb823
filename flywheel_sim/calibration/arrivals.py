"""How many people arrive per period: a level, a growth, a season by calendar month, and how much counts vary.

A month counts as one month however many days it has, as it does on the clock of a run; a day is its part of that month.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flywheel_sim.calibration.counts import EXCESS, fit_counts
from flywheel_sim.calibration.figures import figure
from flywheel_sim.calibration.likelihood import Maximum, Parameter
from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.journey import MONTHS
from flywheel_sim.stats import critical

FloatArray = NDArray[np.float64]

#: Months of records that a season takes, that a growth beside it takes, and that a growth alone takes.
_SEASON, _BOTH, _GROWTH = 12.0, 18.0, 6.0


@dataclass(frozen=True)
class Counted:
    """How many came in each of T periods.

    Attributes
    ----------
    counts
        People, shape (T,).
    months
        Months of records in each period by calendar month, January first, shape (T, 12); a partial first or last period
        holds the part that is recorded.
    at
        Middle of each period, in years from the middle of the records, shape (T,).
    begins, ends
        First day of the records, and the day after the last.
    """

    counts: FloatArray
    months: FloatArray
    at: FloatArray
    begins: dt.date
    ends: dt.date

    @classmethod
    def of(
        cls, counts: ArrayLike, first: dt.date, period: str = "month", begins: dt.date | None = None,
        ends: dt.date | None = None,
    ) -> Counted:  # fmt: skip
        """Return counts of periods that follow one another.

        Parameters
        ----------
        counts
            People in each period, shape (T,).
        first
            First day of the first period.
        period
            ``day``, ``week`` or ``month`` (a calendar month).
        begins, ends
            First and last day of the records, where the first or the last period is recorded in part.

        Raises
        ------
        ExperimentError
            If a count is below 0, the period is none of these, or nothing is recorded.
        """
        many = np.atleast_1d(np.asarray(counts, dtype=np.float64))
        if not len(many) or not np.isfinite(many).all() or (many < 0).any():
            raise ExperimentError("counts hold a figure below 0, or none: they take people per period; "
                                  "write counts=[12, 7, 9]")  # fmt: skip
        edges = _edges(first, period, len(many))
        start = np.datetime64(begins or first)
        stop = min(edges[-1], np.datetime64(ends) + np.timedelta64(1, "D")) if ends else edges[-1]
        edges = np.clip(edges, start, stop)
        if (np.diff(edges).astype(int) <= 0).any():
            raise ExperimentError(f"begins is {begins}: it takes a day within the first period, and ends one within "
                                  "the last; leave both out where these are whole")  # fmt: skip
        months, at = _months(edges)
        return cls(many, months, at, start.item(), stop.item())


def _edges(first: dt.date, period: str, n: int) -> NDArray[np.datetime64]:
    """Return the first day of each period and the day after the last, shape (n + 1,)."""
    start = np.datetime64(first, "D")
    if period == "month":
        within = start - start.astype("datetime64[M]").astype("datetime64[D]")
        months = start.astype("datetime64[M]") + np.arange(n + 1)
        edges: NDArray[np.datetime64] = months.astype("datetime64[D]")
        edges[0] += within
        return edges
    if period not in ("day", "week"):
        raise ExperimentError(f"period is {period!r}: it takes 'day', 'week' or 'month'; write period='month'")
    return start + np.arange(n + 1) * (7 if period == "week" else 1)


def _months(edges: NDArray[np.datetime64]) -> tuple[FloatArray, FloatArray]:
    """Return months of each period by calendar month, and its middle in years from that of all."""
    days = np.arange(edges[0], edges[-1])
    month = days.astype("datetime64[M]")
    length = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.float64)
    row = np.searchsorted(edges, days, side="right") - 1
    months = np.zeros((len(edges) - 1, 12))
    np.add.at(months, (row, month.astype(int) % 12), 1 / length)
    done = np.cumsum(months.sum(axis=1))
    middle = done - months.sum(axis=1) / 2
    return months, (middle - done[-1] / 2) / 12


@dataclass(frozen=True)
class ArrivalsFit:
    """What arrivals are made of.

    Attributes
    ----------
    maximum
        The parameters: ``level`` (people per month in the middle of the records, at the mean of the season), ``growth``
        (change of its logarithm per year) where it is told, ``jan`` to ``nov`` (logarithm of the month's factor over
        that of December) where there is a season, ``excess`` where counts vary beyond Poisson.
    season
        Factor of each calendar month, January first, shape (12,), with mean 1; None without.
    season_ends
        Ends of the interval of each, shape (12, 2), from the curvature of the likelihood; None without.
    counted
        What it was fitted to.
    said
        In words: what was left out, and what to beware of.
    """

    maximum: Maximum
    season: FloatArray | None
    season_ends: FloatArray | None
    counted: Counted
    said: tuple[str, ...]

    @property
    def level(self) -> float:
        """Return people per month in the middle of the records."""
        return float(self.maximum.values[0])

    @property
    def growth(self) -> float:
        """Return the growth per year, such as 0.1 for 10 %; 0 where it is not told."""
        return math.expm1(_named(self.maximum, "growth"))

    @property
    def excess(self) -> float:
        """Return by how much counts vary beyond Poisson: variance = mean + excess mean^2."""
        return _named(self.maximum, "excess")

    def means(self, counted: Counted) -> FloatArray:
        """Return what the fit says of each period of the records, shape (T,)."""
        growing, seasonal = _has(self.maximum, "growth"), self.season is not None
        return _means(self.maximum.values, growing, seasonal, counted.months, counted.at)

    def expected(self, periods: int, period: str = "month", level: float = 0.95) -> FloatArray:
        """Return what is expected after the end of the records.

        Parameters
        ----------
        periods, period
            How many, and how long each is.
        level
            Of the intervals.

        Returns
        -------
        array of shape (periods, 3)
            People per period: mean, and both ends of an interval in which the count itself will lie.
        """
        from scipy.stats import nbinom

        months, at = _months(_edges(self.counted.ends, period, periods))
        passed = self.counted.months.sum() / 24
        at = at - (at[0] - months[0].sum() / 24) + passed
        means = _means(self.maximum.values, _has(self.maximum, "growth"), self.season is not None, months, at)
        slopes = np.zeros((len(self.maximum.values), periods))
        for i in range(len(slopes)):  # of the logarithm of the mean, on the free scale of each parameter
            free = [one.free(value) for one, value in zip(self.maximum.parameters, self.maximum.values, strict=True)]
            free[i] += 1e-5
            moved = np.array([one.value(place) for one, place in zip(self.maximum.parameters, free, strict=True)])
            more = _means(moved, _has(self.maximum, "growth"), self.season is not None, months, at)
            slopes[i] = (np.log(np.maximum(more, 1e-300)) - np.log(np.maximum(means, 1e-300))) / 1e-5
        unsure = np.minimum(np.einsum("ij,ik,kj->j", slopes, self.maximum.covariance, slopes), 50.0)
        # A mean that is itself unsure by so much makes counts vary as if their excess were larger by its variance.
        shape = 1 / np.maximum(self.excess + np.expm1(unsure), 1e-9)
        chance = shape / (shape + means)
        tails = [nbinom.ppf(q, shape, chance) for q in ((1 - level) / 2, (1 + level) / 2)]
        return np.column_stack([means, *tails])

    def journey(self, start: dt.date | None = None, months: int = 12, channel: str = "arrivals") -> str:
        """Return a complete journey, as text, to which people come as they did.

        The growth goes on in monthly steps. Counts of a run vary as a Poisson distribution: what varies beyond is lost.

        Parameters
        ----------
        start
            First day of the run, the first of a month; by default the first month after the records.
        months
            How long it runs.
        channel
            Name of the channel.
        """
        ends = self.counted.ends
        after = dt.date(ends.year + ends.month // 12, ends.month % 12 + 1, 1) if ends.day > 1 else ends
        begin = start or after
        gone = (np.datetime64(begin, "M") - np.datetime64(ends, "M")).astype(int) - (ends.day - 1) / 30.4
        years = (self.counted.months.sum() / 2 + gone + np.arange(months) + 0.5) / 12
        rates = self.level * np.exp(_named(self.maximum, "growth") * years)
        if _has(self.maximum, "growth"):
            cells = ", ".join(f"{i} months: {figure(rate)} per month" for i, rate in enumerate(rates))
            rate = f"{{by: {{calendar: {{{cells}}}}}}}"
        else:
            rate = f"{figure(float(rates[0]))} per month"
        times = ""
        if self.season is not None:
            factors = ", ".join(f"{name}: {figure(one)}" for name, one in zip(MONTHS, self.season, strict=True))
            times = f", times: {{month: {{{factors}}}}}"
        return "\n".join([
            "name: Arrivals", f"start: {begin}", f"horizon: {months} months",
            f"channels: {{{channel}: {{rate: {rate}{times}, enters: visitor}}}}",
            "journey: {visitor: prospect}", "",
        ])  # fmt: skip


def _has(maximum: Maximum, name: str) -> bool:
    return name in maximum.names


def _named(maximum: Maximum, name: str) -> float:
    """Return a parameter by its name; 0 where it is not among them."""
    return float(maximum.values[maximum.names.index(name)]) if _has(maximum, name) else 0.0


def _means(values: FloatArray, growth: bool, season: bool, months: FloatArray, at: FloatArray) -> FloatArray:
    """Return the mean of each period, shape (T,)."""
    level = values[0] * (np.exp(values[1] * at) if growth else 1.0)
    if not season:
        return np.asarray(level * months.sum(axis=1), dtype=np.float64)
    return np.asarray(level * (months @ _factors(values[1 + growth : 12 + growth])), dtype=np.float64)


def _factors(logs: FloatArray) -> FloatArray:
    """Return factors of mean 1 from the logarithms of eleven of them over the last, shape (12,)."""
    raw = np.exp(np.append(logs, 0.0) - max(0.0, float(np.max(logs))))
    factors: FloatArray = raw / raw.mean()
    return factors


def fit_arrivals(
    counted: Counted, level: float = 0.95, *, season: bool | None = None, growth: bool | None = None
) -> ArrivalsFit:
    """Return the level, growth and season that make counts most likely, with intervals.

    Parameters
    ----------
    counted
        How many came.
    level
        Of the intervals.
    season, growth
        Whether to look for them. None: a season with a year of records and more, and growth where it can be told.

    Notes
    -----
    Poisson regression with a logarithmic link, negative binomial where the counts vary more than one at 5 %
    (Cameron and Trivedi 2013, doi:10.1017/CBO9781139013567).
    """
    total, time = float(counted.counts.sum()), float(counted.months.sum())
    seasonal, growing, said = _told(total, time, season, growth)
    parameters = [Parameter("level", about="people per month in the middle of the records")]
    start = [max(total, 0.5) / time]
    if growing:
        parameters.append(Parameter("growth", "real", "change of the logarithm of the level per year"))
        start.append(0.0)
    if seasonal:
        by_month = (counted.months * counted.counts[:, None]).sum(axis=0) + 0.5
        logs = np.log(by_month / (counted.months * counted.months.sum(axis=1)[:, None]).sum(axis=0))
        parameters += [Parameter(name, "real", "logarithm of the factor over December's") for name in MONTHS[:-1]]
        start += (logs[:-1] - logs[-1]).tolist()
    maximum = fit_counts(
        counted.counts, lambda values: _means(values, growing, seasonal, counted.months, counted.at), parameters,
        [start], level,
    )  # fmt: skip
    if EXCESS in maximum.parameters:
        more = 100 * math.sqrt(_named(maximum, "excess"))
        said.append(f"counts vary more than chance arrivals would, by {more:.0f} % of the mean: a channel of a journey "
                    "is steadier")  # fmt: skip
    factors, ends = _season(maximum, growing, level) if seasonal else (None, None)
    if factors is not None and (factors < 1e-3).any():
        empty = ", ".join(name for name, one in zip(MONTHS, factors, strict=True) if one < 1e-3)
        said.append(
            f"nobody ever came in {empty}: the factor is 0 as far as is known, and forecasts there are too sure"
        )
    return ArrivalsFit(maximum, factors, ends, counted, tuple(said))


def _told(total: float, time: float, season: bool | None, growth: bool | None) -> tuple[bool, bool, list[str]]:
    """Return whether a season and a growth can be told from so many people and months, and what is to be said."""
    if total == 0:
        said = ["nobody arrived: the level is 0 as far as is known, and its interval says what it may be"]
        return False, False, said
    said = []
    seasonal = time >= _SEASON - 1e-6 if season is None else season
    growing = time >= (_BOTH if seasonal else _GROWTH) - 1e-6 if growth is None else growth
    if not seasonal and season is None:
        said.append(f"{time:.1f} months of records are too few for a season by calendar month: none is told")
    if not growing and growth is None:
        beside = "growth from season" if seasonal else "growth from chance"
        said.append(f"{time:.1f} months of records cannot tell {beside}: growth is taken as 0")
    if seasonal and time < 2 * _SEASON - 1:
        said.append(f"{time:.1f} months of records show most calendar months once: the season may be chance")
    return seasonal, growing, said


def _season(maximum: Maximum, growing: bool, level: float) -> tuple[FloatArray, FloatArray]:
    """Return the factors and the ends of their intervals, from the spread of their logarithms."""
    where = slice(1 + growing, 12 + growing)
    factors = _factors(maximum.values[where])
    slopes = np.eye(12)[:, :11] - factors[:11] / 12  # of the logarithm of each factor
    sd = np.sqrt(np.einsum("ij,jk,ik->i", slopes, maximum.covariance[where, where], slopes))
    away = critical(level) * np.minimum(sd, 100.0)
    return factors, np.column_stack([factors * np.exp(-away), factors * np.exp(away)])
