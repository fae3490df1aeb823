"""What waiting costs: against the same people served without waiting by staff that cost the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Unpack

import numpy as np

from flywheel_sim.analysis.capacity.staff import (
    RESOURCES,
    at_the_cost_of,
    require_staff,
    resources_asked,
    without_waiting,
)
from flywheel_sim.analysis.difference.pairs import AgainstToday, paired, replicated, within
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.asking import (
    COUNT,
    How,
    Model,
    Strategies,
    how_to_run,
    one_of,
    refuse_metrics,
    scenario_of,
    verb,
)
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.driver import metric_in
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.units import DAY
from flywheel_sim.metrics.service import load, queue
from flywheel_sim.result import texts_by_name
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, estimate_ratio
from flywheel_sim.wording import joined, signed

if TYPE_CHECKING:
    import pandas as pd


#: What the figure is, and what it is not.
MEANING = (
    "The cost of waiting is what the same people with the same luck would bring more if nobody ever waited there, with "
    "staff that cost what they cost today. It holds what waiting does to people (they give up, are turned away, go "
    "cold), and what those who get through then bring, wait for and cost elsewhere. It is not what more staff would "
    "earn: whoever shortens the wait is paid, and the last minutes are the dearest to save. A day's share of it is a "
    "mean over all days waited, not the value of the next day saved."
)


@dataclass(frozen=True)
class CostOfWaiting(AgainstToday):
    """What waiting for some resources costs; frozen. Differences are paired.

    Attributes
    ----------
    resources
        Whom people wait for.
    of, label
        What it costs, ``profit`` unless asked for something else.
    total
        What is lost over the months counted: without waiting minus with it.
    wins
        Acquisitions lost.
    per_ask, per_day, per_day_of_mean_wait
        The total for each time somebody asked; for each day that one person waited; for each day of the mean wait.
        NaN where nobody asked or waited.
    asked, days, mean_wait
        Times somebody asked; days waited, by all together; mean wait of an ask in days, however it ended.
    monthly
        What is lost month by month, shape (replications, periods); NaN in the warm-up.
    waiting
        People waiting, averaged over each month, same shape.
    today
        The runs with waiting.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> waiting = fs.cost_of_waiting("saas_plans", over="sales", strategies="funnel", replications=2)
    >>> waiting.resources, waiting.per_day.unit
    (('sales',), 'EUR per day waited')
    """

    resources: tuple[str, ...]
    of: str
    label: str
    total: Estimate
    wins: Estimate
    per_ask: Estimate
    per_day: Estimate
    per_day_of_mean_wait: Estimate
    asked: Estimate
    days: Estimate
    mean_wait: Estimate
    monthly: FloatArray = field(repr=False)
    waiting: FloatArray = field(repr=False)
    today: Runs = field(repr=False)

    @property
    def figures(self) -> dict[str, Estimate]:
        """Return every figure by its name in words."""
        return {
            f"{self.label} lost by waiting": self.total,
            "acquisitions lost": self.wins,
            "for each who asked": self.per_ask,
            "for each day that one person waits": self.per_day,
            "for each day of the mean wait": self.per_day_of_mean_wait,
            "times somebody asked": self.asked,
            "mean wait of those who asked": self.mean_wait,
            "days waited by all together": self.days,
        }

    def frame(self) -> pd.DataFrame:
        """Return the figures as a table, one row each: mean, low, high, n, unit."""
        import pandas as pd

        rows = [(name, e.mean, e.low, e.high, e.n, e.unit) for name, e in self.figures.items()]
        return pd.DataFrame(rows, columns=["figure", "mean", "low", "high", "n", "unit"])

    def answer(self) -> str:
        """Return the answer in words."""
        whom = joined(self.resources)
        if not self.days.mean:
            return f"Nobody waits for {whom}, so waiting costs nothing."
        end = within(self.today)
        if self.total.low <= 0 <= self.total.high:
            return f"These runs do not show that waiting for {whom} costs anything {end}: {signed(self.total)}."
        if self.total.mean < 0:
            return (f"Waiting for {whom} saves money {end}, because who gives up would cost more than they bring: "
                    f"{signed(self.total)}.")  # fmt: skip
        return (
            f"Waiting for {whom} costs {self.total} {end}, {self.wins.mean:,.0f} acquisitions with it: "
            f"{self.per_ask.mean:,.2f} {self.per_ask.unit}, {self.per_day.mean:,.2f} {self.per_day.unit}."
        )

    def table(self) -> pd.DataFrame:
        """Return the figures as texts: mean ± half-width of the interval."""
        return texts_by_name(self.figures)

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        return (
            f"Means and ratios with the half-width of their 95 % interval, n = {self.today.n:,}; differences are paired"
        )

    def remarks(self) -> list[str]:
        """Return what the cost of waiting is."""
        return [MEANING]


@verb({"resource": "over='sales'"}, over=RESOURCES, replications=COUNT)
def cost_of_waiting(
    model: Model,
    of: str = "profit",
    over: str | Sequence[str] | None = None,
    *,
    strategies: Strategies = None,
    replications: int = 100,
    **how: Unpack[How],
) -> CostOfWaiting:
    """Tell what waiting costs, against the same people served without waiting by staff that cost the same.

    See `MEANING` for what the figure is and is not.

    Parameters
    ----------
    model
        The scenario, its name or its path.
    of
        What it costs: a metric that adds up over months.
    over
        For whom people wait, a resource or several; all of them unless given.
    strategies
        One of its strategies; the file as written unless given.
    replications, how
        How often everything is run, and how (``docs/asking.md``).

    Raises
    ------
    ExperimentError
        If there is no such resource or metric, or the metric does not add up over months.
    ConfigError
        If there is no such strategy.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> waiting = fs.cost_of_waiting("saas_plans", strategies="funnel", replications=2)
    >>> waiting.resources, waiting.total.unit
    (('sales',), 'EUR')
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    strategy = one_of(scenario, strategies, "fs.cost_of_waiting")
    written = scenario.unmatched_journey(strategy)
    require_staff(written)
    names = resources_asked(written, over or [one.name for one in written.resources])
    refuse_metrics(scenario, [strategy], [of])
    if metric_in(written, of).aggregation != "sum":
        raise ExperimentError(f"of is '{of}', which does not add up over months; write of='profit' or of='revenue'")
    matched, _ = with_budgets(scenario, [strategy], seed, options)
    today = matched.journey(strategy)
    journeys = [today, without_waiting(matched, names).journey(strategy)]

    def keep(index: int, runs: Runs) -> Runs:
        return runs if index == 0 else at_the_cost_of(runs, today, names)

    waited, served = replicated(journeys, replications, seed, options, keep)
    return _lost(waited, served, names, of)


def _lost(waited: Runs, served: Runs, names: tuple[str, ...], of: str) -> CostOfWaiting:
    """Return what runs with waiting lose against those without."""
    gap = served.values(of) - waited.values(of)
    unit, books = waited.unit(of), waited.books
    where = [books.ledger.layout.resources.index(name) for name in names]
    asked = sum((books.over(queue(books, one, "asked")) for one in where), np.zeros(waited.n))
    days = sum((books.over(load(books, one, "waiting")) for one in where), np.zeros(waited.n)) / DAY
    waiting = sum((waited.series(f"queue_length.{name}") for name in names), np.zeros(books.ledger.costs.shape[:2]))
    return CostOfWaiting(
        names, of, waited.label(of),
        paired(gap, unit), paired(served.values("acquisitions") - waited.values("acquisitions"), "people"),
        estimate_ratio(gap, asked, f"{unit} per ask"), estimate_ratio(gap, days, f"{unit} per day waited"),
        estimate_ratio(gap * asked.mean(), days, f"{unit} per day of mean wait"),
        estimate_mean(asked, "asks"), estimate_mean(days, "days"), estimate_ratio(days, asked, "days"),
        served.series(of) - waited.series(of), waiting, waited,
    )  # fmt: skip
