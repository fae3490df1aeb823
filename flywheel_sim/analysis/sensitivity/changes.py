"""What a change does to a figure over time: in the whole, year by year, and added up to the end of each year.

Years are twelve months each, counted from the first month that figures over time take; the last may be shorter.
Differences are taken within replications, on the same people with the same luck.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from flywheel_sim.analysis.difference.bases import is_sound
from flywheel_sim.analysis.difference.pairs import paired
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.metrics.registry import Aggregation
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, estimate_ratio, gap_unit, ratio

#: From gross to net: label, and the metrics that are taken off revenue. Together they are what a change earns.
NET = {
    "margin": ("Margin (revenue − cost of sales − service)", ("cost_of_sales", "service_spend")),
    "net": (
        "Net of acquisition and win-back (margin − both)",
        ("cost_of_sales", "service_spend", "acquisition_spend", "win_back_spend"),
    ),
}  # fmt: skip

#: The way from revenue to profit, in its order.
MONEY = (
    "revenue", "cost_of_sales", "service_spend", "margin", "acquisition_spend", "win_back_spend", "net",
    "overhead_spend", "profit",
)  # fmt: skip

_YEAR = 12


@dataclass(frozen=True)
class Change:
    """What a change does to one figure.

    Attributes
    ----------
    today
        The figure as things stand.
    gain
        Its paired change, in its unit (of figures in %, in points).
    percent
        The change in % of today's mean: a ratio of sums, whose interval allows for the luck in both. NaN where today's
        figure is near zero or below it.
    """

    today: Estimate
    gain: Estimate
    percent: Estimate


@dataclass(frozen=True)
class Year:
    """What a change does to one figure in one year, and up to its end.

    Attributes
    ----------
    number
        1 for the first.
    first, last
        Its months, numbered from the start of the run.
    within
        Of the year: the sum of a flow, the ratio of two sums, a stock at the end.
    so_far
        The same of all months up to the end of the year; None for a stock, which does not add up.
    """

    number: int
    first: int
    last: int
    within: Change
    so_far: Change | None


@dataclass(frozen=True)
class Monthly:
    """A figure by month, ready to be added up over any months.

    Attributes
    ----------
    name, label, unit
        ``margin`` and ``net`` beside all metrics.
    kind
        How months make the whole, as in `flywheel_sim.metrics.registry.Metric`.
    top, bottom
        Shape (replications, months): flows, or both sides of a ratio.
    factor
        100 where it is shown in %.
    """

    name: str
    label: str
    unit: str
    kind: Aggregation
    top: FloatArray
    bottom: FloatArray | None = None
    factor: float = 1.0

    def over(self, first: int, last: int) -> FloatArray:
        """Return the figure of months ``first`` (counted from 0) to before ``last``, shape (replications,)."""
        if self.kind == "last":
            return np.asarray(self.factor * self.top[:, last - 1])
        above = self.factor * self.top[:, first:last].sum(axis=1)
        return above if self.bottom is None else ratio(above, self.bottom[:, first:last].sum(axis=1))


def total_of(runs: Runs, name: str) -> FloatArray:
    """Return a figure over the horizon: a metric, ``margin`` or ``net``; shape (replications,)."""
    if name not in NET:
        return runs.terms(name)
    return np.asarray(runs.values("revenue") - sum(runs.values(cost) for cost in NET[name][1]))


def label_of(runs: Runs, name: str) -> tuple[str, str]:
    """Return how a figure is called, and its unit."""
    return (NET[name][0], runs.unit("revenue")) if name in NET else (runs.label(name), runs.unit(name))


def monthly(runs: Runs, name: str) -> Monthly:
    """Return a figure by month.

    Raises
    ------
    ExperimentError
        If it has no months, or there is no such figure.
    """
    label, unit = label_of(runs, name)
    books = runs.books
    if name in NET:
        taken = sum(runs.metric(cost).top(books) for cost in NET[name][1])
        return Monthly(name, label, unit, "sum", np.asarray(runs.metric("revenue").top(books) - taken))
    metric = runs.metric(name)
    if metric.aggregation == "cohort":
        raise ExperimentError(f"'{name}' has no years: it follows customers from their acquisition; ask for change()")
    bottom = None if metric.bottom is None else metric.bottom(books)
    factor = 100.0 if metric.percent else 1.0
    return Monthly(name, label, unit, metric.aggregation, metric.top(books), bottom, factor)


def share_of(gain: FloatArray, before: FloatArray, unit: str = "%") -> Estimate:
    """Return a change in % of what was before, a ratio of sums; NaN where what was before is no sound base.

    So where it is below zero, cannot be told from zero, or is small against the change
    (`flywheel_sim.analysis.difference.bases`).

    Parameters
    ----------
    gain, before
        Shape (replications,); replications in which either is not finite are left out.
    unit
        Of the result.
    """
    known = np.isfinite(gain) & np.isfinite(before)
    gain, before = gain[known], before[known]
    base = estimate_mean(before, unit)
    if not len(before) or not is_sound(base, float(gain.mean())):
        return Estimate(math.nan, math.nan, math.nan, base.level, len(before), unit, "ratio of sums")
    return estimate_ratio(100 * gain, before, unit)


def change_of(before: FloatArray, after: FloatArray, unit: str) -> Change:
    """Return what became of a figure; both of shape (replications,), replication by replication."""
    before, after = (np.where(np.isfinite(side), side, math.nan) for side in (before, after))
    gain = after - before
    return Change(estimate_mean(before, unit), paired(gain, gap_unit(unit)), share_of(gain, before))


def years_of(before: Runs, after: Runs, name: str) -> tuple[Year, ...]:
    """Return what became of a figure year by year; see `Year`."""
    one, other = monthly(before, name), monthly(after, name)
    skip, periods = before.books.warm_up, before.journey.months
    years = []
    for number, first in enumerate(range(skip, periods, _YEAR), start=1):
        last = min(first + _YEAR, periods)
        within = change_of(one.over(first, last), other.over(first, last), one.unit)
        so_far = None if one.kind == "last" else change_of(one.over(skip, last), other.over(skip, last), one.unit)
        years.append(Year(number, first + 1, last, within, so_far))
    return tuple(years)
