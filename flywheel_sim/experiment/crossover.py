"""When a sum gets above zero for good: when one strategy overtakes another, or one has earned what it spent."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.experiment.bands import bootstrap_means
from flywheel_sim.journey.dates import named
from flywheel_sim.stats import Estimate, estimate_probability

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Crossover:
    """When one strategy overtakes another for good; or, of one alone, when its profit so far stays above zero.

    Attributes
    ----------
    month
        First month from which the mean cumulative difference stays ahead to the horizon; None where it ends
        behind.
    low, high
        Months between which single futures overtake: the middle 95 % of the replications that do; None where none
        does. No interval of ``month``, and no narrower with more replications.
    probability
        Share of replications that end ahead.
    date
        First day of that month, where the journey has a start.
    earliest, latest
        Ends of the 95 % interval of ``month``: percentiles of the month in which the mean of replications drawn
        with replacement overtakes (bootstrap: Efron and Tibshirani 1993, chapter 13). Such a mean that never does
        counts as later than the horizon, and an end that lies there is None.
    never
        Share of those means that never overtake; NaN with one replication.
    first
        The first month that counts: 1, or the one after the warm-up.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.compare("subscription", replications=20).crossover("profit").probability.unit
    '%'
    """

    month: int | None
    low: int | None
    high: int | None
    probability: Estimate
    date: dt.date | None = None
    earliest: int | None = None
    latest: int | None = None
    never: float = math.nan
    first: int = 1


def overtakes(path: FloatArray) -> int | None:
    """Return the first month from which a path stays above zero to its end, None if it ends at or below."""
    behind = np.flatnonzero(path <= 0)
    if len(behind) == 0:
        return 1
    return None if behind[-1] == len(path) - 1 else int(behind[-1]) + 2


def crossover(paths: FloatArray, dates: list[dt.date] | None, first: int = 1) -> Crossover:
    """Return when cumulative paths get above zero and stay there.

    Parameters
    ----------
    paths
        Shape (replications, periods).
    dates
        First day of each period, where there are dates.
    first
        The first month that counts.
    """
    paths = paths[:, first - 1 :]
    months = [overtakes(path) for path in paths]
    ends = [m + first - 1 for m in months if m is not None]
    low = high = None
    if ends:
        low, high = (int(q) for q in np.quantile(ends, [0.025, 0.975], method="nearest"))
    month = overtakes(paths.mean(axis=0))
    month = None if month is None else month + first - 1
    date = dates[month - 1] if dates and month is not None else None
    ahead = estimate_probability([m is not None for m in months])
    if len(paths) < 2:
        return Crossover(month, low, high, ahead, date, first=first)
    drawn = np.array([overtakes(path) or math.inf for path in bootstrap_means(paths)])
    bounds = np.quantile(drawn, [0.025, 0.975], method="inverted_cdf")
    earliest, latest = (int(end) + first - 1 if math.isfinite(end) else None for end in bounds)
    return Crossover(month, low, high, ahead, date, earliest, latest, float(np.isinf(drawn).mean()), first)


def earned_back(cross: Crossover) -> str:
    """Return in words from which month on a run has earned all that it spent, given when its profit so far is ahead."""
    ahead = f"{cross.probability.mean:.0f} % of futures end above zero"
    if cross.month is None:
        return f"Profit so far does not stay above zero by the horizon; {ahead}."
    if cross.month == cross.first:
        return f"Profit so far is above zero from month {cross.month} on; {ahead}."
    when = f"month {cross.month}" + (f" ({named(cross.date)})" if cross.date else "")
    interval = ""
    if cross.earliest is not None:
        latest = "beyond the horizon" if cross.latest is None else f"{cross.latest}"
        interval = f" (95 % interval months {cross.earliest} to {latest})"
        if cross.earliest == cross.latest:
            interval = " (95 % interval that month alone)"
    return f"It breaks even in {when}{interval}: profit so far stays above zero from then on; {ahead}."
