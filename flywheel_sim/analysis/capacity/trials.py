"""Which safety factor a plan of staff takes: every one is tried by simulation, on luck of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flywheel_sim.analysis.capacity.months import as_written, load_by_month, people_for
from flywheel_sim.analysis.capacity.staff import with_people, without_waiting
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.plan import Plan
from flywheel_sim.experiment.running import RunOptions
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import MONTHS, Journey
from flywheel_sim.journey.units import MONTH
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, figure

#: How many people in all a plan may have for it to be written down.
_MOST = 10_000


@dataclass(frozen=True)
class Trial:
    """One safety factor tried: the people it means by month, and what they come to on the luck it was chosen on.

    ``served`` is the share of asks served within the target, None where there is no target.
    """

    safety: float
    people: tuple[int, ...]
    profit: Estimate
    served: Estimate | None


@dataclass(frozen=True)
class Roster:
    """A resource whose people are planned by month.

    Attributes
    ----------
    model, written
        The scenario, in which the wait that was asked for is the resource's target; and as it is without that.
    strategy, resource
        A strategy of it, and who serves.
    share, asked, target
        The share of asks in % that is to be served within the target, that as it was asked for, and in words; None and
        "" where profit decides.
    """

    model: Scenario
    written: Scenario
    strategy: str | None
    resource: str
    share: float | None
    asked: str
    target: str

    @cached_property
    def today(self) -> Journey:
        """Return the journey at the staffing as written."""
        return self.model.journey(self.strategy)

    @property
    def yearly(self) -> bool:
        """Tell whether months are those of the year, rather than those of the horizon."""
        return self.today.start is not None and self.today.horizon - self.today.warm_up >= 12 * MONTH

    @property
    def months(self) -> tuple[str, ...]:
        """Return the names of the months: jan to dec, or numbers."""
        return MONTHS if self.yearly else tuple(str(number + 1) for number in range(self.today.months))

    @property
    def unit(self) -> str:
        """Return the unit of profit."""
        return self.today.currency or "money units"

    def staffed(self, people: tuple[int, ...]) -> Journey:
        """Return the journey with these people by month."""
        return with_people(self.model, self.resource, as_written(people, self.yearly)).journey(self.strategy)

    def unhurried(self) -> Journey:
        """Return the journey with so many people that nobody waits for them."""
        return without_waiting(self.model, [self.resource]).journey(self.strategy)

    def read(self, runs: Runs) -> dict[str, FloatArray]:
        """Return ``profit``, ``served`` (%, where there is a target) and ``staffed`` (person-months, of one run)."""
        index = runs.ledger.layout.resources.index(self.resource)
        figures = {"profit": runs.values("profit"), "staffed": runs.ledger.staffed[:1, :, index].sum(axis=1) / MONTH}
        return figures | ({"served": runs.values(f"within_target.{self.resource}")} if self.share is not None else {})

    def profit_of(self, figures: dict[str, FloatArray]) -> Estimate:
        """Return the mean profit of runs that were read."""
        return estimate_mean(figures["profit"], self.unit)

    def served_of(self, figures: dict[str, FloatArray]) -> Estimate | None:
        """Return the share of asks served within the target, None where there is no target."""
        return estimate_mean(figures["served"], "%") if "served" in figures else None


def load_of(roster: Roster, replications: int, luck: int, options: RunOptions) -> FloatArray:
    """Return the offered load by month, people in service if nobody waited: shape (replications, months).

    Raises
    ------
    ExperimentError
        If there is none.
    """
    plan: Plan[str] = Plan(luck)
    plan.add("unhurried", roster.unhurried())
    busy, _ = plan.run(replications, options, lambda runs: runs.series(f"in_service.{roster.resource}"))
    load = load_by_month(roster.today, busy["unhurried"], roster.yearly)
    if not load.any():
        raise ExperimentError(f"nobody is served by '{roster.resource}' in the months counted; take a longer horizon")
    return load


def tried(
    roster: Roster, load: FloatArray, safety: Sequence[float], replications: int, luck: int, options: RunOptions
) -> tuple[Trial, ...]:
    """Return what safety factors come to, ascending; of those that mean the same people, the smallest.

    Parameters
    ----------
    roster, safety
        Who is planned, and the factors.
    load
        Offered load by month, shape (months,).
    replications, luck, options
        How often everything is run, and how.

    Raises
    ------
    ExperimentError
        If a factor is none, or means too many people to be written down.
    """
    plans = {people_for(load, factor): factor for factor in reversed(safety)}
    if max(map(max, plans)) > _MOST:
        raise ExperimentError(f"'{roster.resource}' takes more than {_MOST:,} people; check how long service takes")
    plan: Plan[tuple[float, tuple[int, ...]]] = Plan(luck)
    for people, factor in sorted(plans.items(), key=lambda pair: pair[1]):
        plan.add((factor, people), roster.staffed(people))
    read, _ = plan.run(replications, options, roster.read)
    return tuple(
        Trial(factor, people, roster.profit_of(figures), roster.served_of(figures))
        for (factor, people), figures in read.items()
    )


def chosen(trials: Sequence[Trial], share: float | None, target: str) -> Trial:
    """Return the trial to take: the highest profit, or the smallest factor that reaches the target.

    Raises
    ------
    ExperimentError
        If none reaches it.
    """
    if share is None:
        return max(trials, key=lambda one: one.profit.mean)
    for one in trials:
        if one.served is not None and one.served.mean >= share:
            return one
    last = trials[-1]
    most = figure(last.served.mean, "%") if last.served else "n/a"
    raise ExperimentError(
        f"no safety factor tried serves {target}; {last.safety:g} serves {most} % in time: try larger ones, or ask for "
        "less"
    )
