"""What replications of one strategy leave: the stacked ledger, and metrics read from it."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment import tables
from flywheel_sim.experiment.crossover import Crossover, crossover, earned_back
from flywheel_sim.experiment.precision import Stopping
from flywheel_sim.experiment.warnings import warnings_of
from flywheel_sim.journey.dates import period_dates
from flywheel_sim.journey.journey import PERIODS, Journey, Period
from flywheel_sim.journey.units import format_duration
from flywheel_sim.ledger import Ledger
from flywheel_sim.metrics.registry import Books, Metric, metric_of, metrics
from flywheel_sim.metrics.revenue import lines_of
from flywheel_sim.metrics.service import figures_of
from flywheel_sim.result import Provenance, Result, texts_by_name
from flywheel_sim.stats import Estimate, FloatArray, estimate_probability, estimate_quantile

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Runs(Result):
    """Replications of one strategy; frozen. ``runs["clv"]`` is an `Estimate`.

    Attributes
    ----------
    journey
        What was run.
    ledger
        As the engine kept it, by the period of the journey; replication axis first. Figures are read from `books`.
    source
        Where the figures come from.
    people, events
        The people table and the event log, where one run was asked to keep them.
    stopping
        Where a precision was asked for: why replicating stopped, and how precise it got.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> runs = fs.replicate("subscription", strategies="funnel", replications=5)
    >>> runs["revenue"].n, runs.series("revenue").shape
    (5, (5, 36))
    """

    journey: Journey
    ledger: Ledger = field(repr=False)
    source: Provenance
    people: pd.DataFrame | None = field(default=None, repr=False)
    events: pd.DataFrame | None = field(default=None, repr=False)
    stopping: Stopping | None = None

    @property
    def base_runs(self) -> dict[str, Runs]:
        """Return these replications by the name they are shown under."""
        return {self.journey.strategy or self.journey.name: self}

    @property
    def n(self) -> int:
        """Return the number of replications."""
        return len(self.ledger.n_events)

    @cached_property
    def books(self) -> Books:
        """Return what metrics read: the ledger by the month."""
        return self.books_by("month")

    def books_by(self, by: Period | None = None) -> Books:
        """Return the books by the day, week or month; by the journey's own period unless given.

        Raises
        ------
        ExperimentError
            If the ledger is not as fine.
        """
        wanted = by or self.journey.period
        if wanted not in PERIODS:
            raise ExperimentError(f"by '{wanted}': books go by the day, the week or the month; "
                                  f"{nearest(wanted, PERIODS)}")  # fmt: skip
        return Books(self.ledger.by(wanted), self.journey)

    def metric(self, name: str) -> Metric:
        """Return a metric of this journey by name.

        Raises
        ------
        ExperimentError
            If there is none.
        """
        return metric_of(name, self.books)

    def unit(self, name: str) -> str:
        """Return the unit of a metric, with the currency."""
        return self.metric(name).unit_for(self.journey)

    def label(self, name: str) -> str:
        """Return the label of a metric, with the time for which customers are followed where they are."""
        return self.metric(name).label_for(self.journey)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return the names of all metrics this journey has, each of which can be asked for in square brackets."""
        names = [metric.name for metric in metrics() if metric.applies(self.books)]
        return tuple(names + lines_of(self.books) + figures_of(self.books))

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.metrics)

    def __getitem__(self, name: str) -> Estimate:
        """Return a metric over the horizon with its 95 % interval."""
        return self.estimate(name)

    def estimate(self, name: str, level: float = 0.95) -> Estimate:
        """Return a metric over the horizon with its interval at a level; a ratio is one of sums over replications."""
        return self.metric(name).estimate(self.books, level)

    def terms(self, name: str) -> FloatArray:
        """Return one term a replication whose mean is what `estimate` says, shape (replications,): `Metric.terms`."""
        return self.metric(name).terms(self.books)

    def values(self, name: str) -> FloatArray:
        """Return a metric over the horizon, after the warm-up, for each replication; shape (replications,)."""
        return self.metric(name).total(self.books)

    def quantile(self, name: str, q: float, level: float = 0.95) -> Estimate:
        """Return a quantile of a metric over futures with its distribution-free interval.

        In a share ``q`` of futures, between 0 and 1, the metric is lower: 0.05 is the 5 % quantile.
        """
        return estimate_quantile(self.values(name), q, self.unit(name), level)

    def probability(
        self, name: str, *, at_least: float | None = None, at_most: float | None = None, level: float = 0.95
    ) -> Estimate:
        """Return in which share of futures a metric lies within bounds, with its Wilson interval.

        Replications in which the metric has no value are left out and not counted.

        Parameters
        ----------
        name, level
            The metric, and the level of the interval.
        at_least, at_most
            Bounds in the metric's unit, one at least.

        Raises
        ------
        ExperimentError
            If there is no metric of that name, no bound, or no room between bounds.
        """
        values = self.values(name)
        bounds = [bound for bound in (at_least, at_most) if bound is not None]
        low, high = (-math.inf if at_least is None else at_least), (math.inf if at_most is None else at_most)
        if not bounds or not low <= high:
            raise ExperimentError(
                f"probability of '{name}', at_least {at_least}, at_most {at_most}: one bound is needed, or two in "
                f"order; write at_least=1000 ({self.unit(name)})"
            )
        known = values[~np.isnan(values)]
        return estimate_probability((known >= low) & (known <= high), level)

    def series(self, name: str, cumulative: bool = False, by: Period = "month") -> FloatArray:
        """Return a metric month by month, shape (replications, periods); or its running sum.

        In the warm-up, where there is one, a metric is NaN and its running sum 0.

        ``by`` may be ``day`` or ``week`` where the journey keeps its books so fine (``period: day``).

        Raises
        ------
        ExperimentError
            If the metric has no such periods, or no running sum: that of a stock or a ratio means nothing.
        """
        metric = self.metric(name)
        metric.check_period(by)
        array = metric.series(self.books if by == "month" else self.books_by(by))
        if cumulative and metric.aggregation != "sum":
            raise ExperimentError(f"'{name}' has no running sum, being no flow; ask for it {by} by {by}")
        return np.nancumsum(array, axis=1) if cumulative else array

    def over_time(self, *names: str, by: Period | None = None, level: float = 0.95) -> pd.DataFrame:
        """Return metrics period by period, one row each, those of the warm-up left out.

        Parameters
        ----------
        *names
            Which metrics.
        by, level
            ``day``, ``week`` or ``month``, the period of the journey unless given; and the level of the intervals.

        Returns
        -------
        pandas.DataFrame
            Rows by the number of the period (``day``, ``week`` or ``month``), and the date each month begins where
            there are dates (``begins``); columns (metric, mean | low | high), units in ``attrs["units"]``. Ratios are
            ratios of sums over replications.

        Raises
        ------
        ExperimentError
            If a metric has no such periods, or the ledger is not as fine.
        """
        return tables.by_period(self.books_by(by), names, level)

    def statement(self, by: Period | None = None, level: float = 0.95) -> pd.DataFrame:
        """Return the statement: from revenue to profit, with every line of money under its heading.

        Money counts whole on the day it is booked; spends are positive numbers.

        Parameters
        ----------
        by, level
            ``day``, ``week`` or ``month``, the whole unless given; and the level of the intervals.

        Returns
        -------
        pandas.DataFrame
            One row per heading and line, line "" for the heading itself, with its mean, low and high; or, by period,
            one row each as in `over_time`, with columns (heading, line, mean | low | high). The unit stands in
            ``attrs["unit"]``.
        """
        return tables.statement(self.books, level) if by is None else tables.statement_by(self.books_by(by), level)

    def break_even(self) -> Crossover:
        """Return the month from which the profit so far stays above zero to the horizon, with its interval.

        ``probability`` is the share of futures that end above it.
        """
        return self._break_even

    @cached_property
    def _break_even(self) -> Crossover:
        return crossover(self.series("profit", cumulative=True), self.dates(), self.books.warm_up + 1)

    def summary(self) -> pd.DataFrame:
        """Return every metric the journey has, with mean, interval, unit, n and definition; one row a metric.

        A ratio is of the sums over all n replications, in ``exists`` of which there is one. Which months they are of
        stands in ``attrs["months"]``.
        """
        import pandas as pd

        rows = []
        for name in self.metrics:
            metric, estimate = self.metric(name), self[name]
            rows.append((name, self.label(name), estimate.mean, estimate.low, estimate.high, estimate.unit, estimate.n,
                         estimate.n if estimate.exists is None else estimate.exists, metric.definition))  # fmt: skip
        columns = ["metric", "label", "mean", "low", "high", "unit", "n", "exists", "definition"]
        table = pd.DataFrame(rows, columns=columns).set_index("metric")
        table.attrs["months"] = self.span
        return table

    def frame(self) -> pd.DataFrame:
        """Return the long tidy table: one row per strategy, replication and metric."""
        import pandas as pd

        parts = []
        for metric in metrics():
            part = {"replication": np.arange(self.n), "metric": metric.name, "value": self.values(metric.name),
                    "unit": metric.unit_for(self.journey)}  # fmt: skip
            parts.append(pd.DataFrame(part))
        table = pd.concat(parts, ignore_index=True)
        table.insert(0, "strategy", self.journey.strategy or "as written")
        return table

    def conversions(self) -> pd.DataFrame:
        """Return, for every prospect stage: people entered, share who went on with its interval."""
        return tables.by_stage(self.books)

    def by(self, name: str, *names: str, level: float = 0.95) -> pd.DataFrame:
        """Return metrics for each channel, or each level of an attribute under ``report_by``.

        Parameters
        ----------
        name
            ``channel`` or the attribute. By channel, costs that come whoever comes have a row of their own.
        *names
            Which metrics; all that make sense for such groups unless given.
        level
            Of the intervals.

        Returns
        -------
        pandas.DataFrame
            One row per level; columns (metric, mean | low | high), units in ``attrs["units"]``.

        Raises
        ------
        ExperimentError
            If results are not kept by that name, or a metric cannot be split by it.
        """
        return tables.by_group(self.books, name, names, level)

    def cohorts(self, join: int = 1, level: float = 0.95) -> pd.DataFrame:
        """Return how many of each cohort are still customers, and what they bring, by age.

        Parameters
        ----------
        join
            How many cohort periods (months, or years beyond a horizon of ten) make one row and one step of age.
        level
            Of the intervals.

        Returns
        -------
        pandas.DataFrame
            One row per cohort (the number of its first period) and age (months); columns (acquired |
            retention | revenue, mean | low | high), units in ``attrs["units"]``. Retention is the share who
            are customers on reaching the age, revenue what a person acquired brings from that age to the
            next: ratios of sums over replications, NaN where not all have got so far before the horizon.

        Raises
        ------
        ExperimentError
            If so many periods cannot be joined.
        """
        return tables.by_cohort(self.books, join, level)

    def generations(self, level: float = 0.95) -> pd.DataFrame:
        """Return who was brought by whom, one row per generation; 0 are those whom nobody referred.

        Columns (people | acquired | brought | gap, mean | low | high), units in ``attrs["units"]``. Brought are
        customers of the next generation per customer of this one, those present at the start included,
        within the horizon; gap is the mean time from the referrer's acquisition to one's own.
        """
        return tables.by_generation(self.books, level)

    def movements(self, level: float = 0.95) -> pd.DataFrame:
        """Return what moves recurring revenue, one row per month; losses are negative.

        Columns (start | new | expansion | reactivation | contraction | churn | end | nrr | grr, mean | low | high),
        units in ``attrs["units"]``. The start and the five movements add up to the end. Months of the warm-up are
        left out.
        """
        return tables.by_movement(self.books, level).iloc[self.books.warm_up :]

    @property
    def span(self) -> str:
        """Return which months figures over time are of."""
        warm_up = self.journey.warm_up
        return self.months + (f", after a warm-up of {format_duration(warm_up)}" if warm_up else "")

    @property
    def months(self) -> str:
        """Return the months that figures over time are of: ``months 7 to 36``, or how many they are."""
        periods, skipped = self.journey.months, self.books.warm_up
        return f"months {skipped + 1} to {periods}" if skipped else f"{periods} month{'s' * (periods > 1)}"

    def dates(self) -> list[dt.date] | None:
        """Return the first day of each period, where the journey has a start; months are named ones."""
        return period_dates(self.journey)

    def warnings(self) -> list[str]:
        """Return what a reader must know before trusting these figures."""
        return warnings_of(self.books)

    def answer(self) -> str:
        """Return in words what was earned and spent, and what is left."""
        sums = ", ".join(f"{self.label(name).lower()} {self[name]}" for name in ("revenue", "spend", "profit"))
        whose = self.journey.strategy or self.journey.name
        return f"What '{whose}' brings over {self.span}: {sums}. {earned_back(self.break_even())}"

    def table(self) -> pd.DataFrame:
        """Return every metric the journey has, as texts."""
        names = list(self.summary().index)
        return texts_by_name({self.label(name): self[name] for name in names})

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        return f"Means and ratios of sums with the half-width of their 95 % interval, n = {self.n:,}, {self.span}"

    def remarks(self) -> list[str]:
        """Return why replicating stopped, and what a reader must know before trusting these figures."""
        stopping = [str(self.stopping)] if self.stopping else []
        return [*stopping, *(f"Warning: {text}" for text in self.warnings())]

    def rows(self) -> pd.DataFrame:
        """Return every metric with its mean and interval."""
        return self.summary().drop(columns="definition")

    def details(self) -> dict[str, Any]:
        """Return the statement and the break-even, and why replicating stopped, where a precision was asked for."""
        lines = self.statement()
        parts = {"statement": lines.reset_index().to_dict("records"), "break_even": self.break_even()}
        return parts | ({"stopping": self.stopping} if self.stopping else {})
