"""What an A/B test is worth: rolling B out, waiting for the test, and rules that decide by what the test shows.

All differences are within replications: the same people with the same luck, told apart by what they are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.analysis.difference.pairs import paired
from flywheel_sim.analysis.difference.ranking import Ranking, ranking
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.driver import metric_in
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.stats import Estimate, FloatArray, estimate_probability, estimate_ratio, with_unit
from flywheel_sim.wording import signed

BoolArray = NDArray[np.bool_]

#: What a company may do, by name: whatever the test shows, and by what it shows.
KEEP, ROLL_OUT, NOW = "always keep A", "always roll B out after the test", "roll B out at once, untested"
BY_TEST, BY_SIGN = "roll B out if significantly better", "roll B out if better at all"


@dataclass(frozen=True)
class Worth:
    """What testing, waiting and rolling out come to; frozen. Differences are paired.

    Attributes
    ----------
    metric, label, unit
        What it is counted in.
    totals
        The metric in each future, under `KEEP`, `ROLL_OUT` and, where a strategy for it was named, `NOW`; each of shape
        (replications,).
    monthly
        The same month by month, each of shape (replications, periods); NaN in the warm-up.
    significant, better
        In which futures the test is significant, and in which B looks better.
    month, since
        At the end of which month the test is read, and up to the end of which month `NOW` does as `KEEP` does.
    """

    metric: str
    label: str
    unit: str
    totals: Mapping[str, FloatArray] = field(repr=False)
    monthly: Mapping[str, FloatArray] = field(repr=False)
    significant: BoolArray = field(repr=False)
    better: BoolArray = field(repr=False)
    month: int
    since: int

    def gap(self, of: str, against: str) -> Estimate:
        """Return the paired difference between two of the three courses that do not look at the test."""
        for name in (of, against):
            if not isinstance(name, str) or name not in self.totals:
                raise ExperimentError(f"'{name}' is no course of this test; {nearest(str(name), self.totals)}")
        return paired(self.totals[of] - self.totals[against], self.unit)

    @property
    def rolling_out(self) -> Estimate:
        """Return what rolling B out after the test brings to the horizon, against keeping A."""
        return self.gap(ROLL_OUT, KEEP)

    @property
    def loses(self) -> Estimate:
        """Return in which share of futures rolling B out brings less than keeping A, in %."""
        return estimate_probability(self.totals[ROLL_OUT] < self.totals[KEEP])

    @property
    def cost_of_waiting(self) -> Estimate | None:
        """Return what each month of not having B costs: `NOW` minus `KEEP`, per month to the horizon."""
        if NOW not in self.totals:
            return None
        months = np.isfinite(self.monthly[KEEP][0, self.since :]).sum()
        gap = self.totals[NOW] - self.totals[KEEP]
        return estimate_ratio(gap, np.full(len(gap), float(months)), f"{self.unit} per month")

    @property
    def cost_of_testing(self) -> Estimate | None:
        """Return what it costs to test first and roll B out whatever the test says, instead of at once."""
        return self.gap(NOW, ROLL_OUT) if NOW in self.totals else None

    @cached_property
    def rules(self) -> Ranking:
        """Return all courses and rules by their mean, with joint intervals of all differences."""
        kept, rolled = self.totals[KEEP], self.totals[ROLL_OUT]
        decided = {BY_TEST: np.where(self.significant & self.better, rolled, kept),
                   BY_SIGN: np.where(self.better, rolled, kept)}  # fmt: skip
        return ranking({**self.totals, **decided}, self.metric, self.unit, self.unit)

    @property
    def figures(self) -> dict[str, Estimate]:
        """Return every figure by its name in words; those of rules are against keeping A, with joint intervals."""
        by_rule = {name: self.rules.gap(name, KEEP) for name in (BY_TEST, BY_SIGN)}
        figures = {"rolling B out after the test": self.rolling_out, "… loses by it": self.loses, **by_rule}
        if self.cost_of_waiting and self.cost_of_testing:
            figures |= {"not having B": self.cost_of_waiting, "testing first, not at once": self.cost_of_testing}
        return figures

    def answer(self) -> str:
        """Return the answer in words."""
        text = f"Rolling B out is worth {signed(self.rolling_out)} in {self.label.lower()} to the horizon and loses in "
        text += f"{self.loses.mean:.0f} % of futures."
        if self.cost_of_waiting:
            text += f" Every month without B costs {signed(replace(self.cost_of_waiting, unit=self.unit)).lstrip('+')}."
        tried, signs = self.rules.gap(BY_TEST, KEEP), self.rules.gap(BY_SIGN, KEEP)
        text += f" To roll B out only where it is significantly better brings {with_unit(tried.mean, tried.unit)}, "
        return text + f"wherever it looks better {with_unit(signs.mean, signs.unit)}."


@dataclass(frozen=True)
class Course:
    """What one course comes to.

    Attributes
    ----------
    came
        What happened, counted by group; shape (replications, periods, groups).
    total, monthly
        What it is worth in: in each future, and month by month; of shapes (replications,) and (replications, periods).
    """

    came: NDArray[np.int64]
    total: FloatArray
    monthly: FloatArray


def course_of(runs: Runs, metric: str) -> Course:
    """Return what the runs of a course come to."""
    return Course(runs.books.ledger.flow.sum(axis=-1), runs.values(metric), runs.series(metric))


def refuse_metric(journey: Journey, metric: str) -> None:
    """Refuse a metric that does not add up over months."""
    if metric_in(journey, metric).aggregation != "sum":
        raise ExperimentError(f"metric is '{metric}', which does not add up over months; write metric='profit'")


def worth_of(
    courses: Mapping[str, Course], kept: Runs, metric: str, significant: BoolArray, better: BoolArray, month: int
) -> Worth:
    """Return what courses come to, given the runs in which A is kept, and what the test read in a month shows."""
    since = alike(courses[KEEP].came, courses[NOW].came) if NOW in courses else kept.journey.months
    totals = {name: one.total for name, one in courses.items()}
    monthly = {name: one.monthly for name, one in courses.items()}
    label, unit = kept.label(metric), kept.unit(metric)
    return Worth(metric, label, unit, totals, monthly, significant, better, month, since)


def alike(came: NDArray[np.int64], other: NDArray[np.int64]) -> int:
    """Return for how many months two strategies are the same in all replications.

    Parameters
    ----------
    came, other
        What happened, counted by group; shape (replications, periods, groups).
    """
    if came.shape != other.shape:  # a strategy of other levels or channels: count everybody
        came, other = came.sum(axis=2, keepdims=True), other.sum(axis=2, keepdims=True)
    apart = np.flatnonzero((came != other).any(axis=(0, 2)))
    return int(apart[0]) if len(apart) else came.shape[1]


def read_before(months: int, periods: int, month: int | None, roll_out: str) -> int:
    """Return when the test is read, given for how many months the roll-out is alike.

    Raises
    ------
    ExperimentError
        If the roll-out differs before the test is read, or never.
    """
    if months == periods:
        raise ExperimentError(f"'{roll_out}' never differs from the strategy in which A is kept; let it show B to all "
                              "from the end of the test on")  # fmt: skip
    if not months:
        raise ExperimentError(f"'{roll_out}' differs in the first month, before anybody is tested; a roll-out is alike "
                              "until the test is read, by a draw that changes with the calendar")  # fmt: skip
    if month is not None and month > months:
        raise ExperimentError(f"'{roll_out}' is rolled out in month {months + 1}, before the test is read at the end "
                              f"of month {month}; read it by the end of month {months}")  # fmt: skip
    return months if month is None else month
