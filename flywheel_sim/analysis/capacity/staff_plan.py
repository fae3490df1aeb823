"""Staff over the year: people month by month, from the work that comes in and a safety margin.

A month with an offered load of R people in service, on average and with nobody waiting, gets R + b x sqrt(R) people,
rounded up: square-root safety staffing (Halfin and Whitt 1981, doi:10.1287/opre.29.3.567). The safety factor b is
chosen by simulation, on luck of its own, so that the comparison that follows does not flatter it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.capacity.months import as_written, spread_evenly, yaml_of
from flywheel_sim.analysis.capacity.staff import RESOURCE, counted_months, resource_of, resources_asked
from flywheel_sim.analysis.capacity.trials import Roster, Trial, chosen, load_of, tried
from flywheel_sim.analysis.difference.pairs import AgainstToday, paired, within
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.asking import COUNT, How, Model, Strategies, how_to_run, one_of, scenario_of, verb
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.plan import Plan
from flywheel_sim.experiment.running import RunOptions
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Resource
from flywheel_sim.journey.units import UnitError, parse
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, plus_minus
from flywheel_sim.wording import signed

if TYPE_CHECKING:
    import pandas as pd


#: Safety factors tried unless others are given; below 0 there are fewer people than the work takes.
SAFETY = (-1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True)
class StaffPlan(AgainstToday):
    """People by month, against as many person-months spread evenly and against the staffing as written; frozen.

    Attributes
    ----------
    resource, target
        Whose plan, and what it had to reach, such as ``90 % within 1 day``; "" where profit decides.
    months
        Names of the months: jan to dec, or numbers where the plan runs over the horizon.
    load
        Offered load by month: people in service if nobody waited.
    people, even
        People by month, and the same person-months spread evenly.
    safety, trials
        The safety factor chosen, and all that were tried.
    profit, served
        By plan (``planned``, ``even``, ``today``): the mean profit, and the share of asks served within the target
        (empty without one).
    gain, gain_today
        Paired profit of the plan minus that of the even one, and minus that of the staffing as written.
    person_months
        By plan, over the whole horizon.
    yaml
        The resource as it stands in the file, with these people: to paste under ``resources``.
    choice
        What to know about the choice of the safety factor, or "".
    today
        The runs at the staffing as written.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> plan = fs.staff_plan("saas_plans", over="sales", values=[0, 1], strategies="funnel", replications=2)
    >>> plan.months[:2], sum(plan.people) == sum(plan.even)
    (('jan', 'feb'), True)
    """

    resource: str
    target: str
    months: tuple[str, ...]
    load: tuple[Estimate, ...]
    people: tuple[int, ...]
    even: tuple[int, ...]
    safety: float
    trials: tuple[Trial, ...] = field(repr=False)
    profit: dict[str, Estimate]
    served: dict[str, Estimate]
    gain: Estimate
    gain_today: Estimate
    person_months: dict[str, float]
    yaml: str
    choice: str
    today: Runs = field(repr=False)

    def frame(self) -> pd.DataFrame:
        """Return the plan as a table, one row a month: load with its interval, people, even."""
        import pandas as pd

        rows = [
            (month, load.mean, load.low, load.high, load.n, load.unit, people, even)
            for month, load, people, even in zip(self.months, self.load, self.people, self.even, strict=True)
        ]
        heads = ["month", "load", "low", "high", "n", "unit", "people", "even"]
        return pd.DataFrame(rows, columns=heads)

    def trials_frame(self) -> pd.DataFrame:
        """Return the safety factors tried, one row each: people on average, profit, share served within the target."""
        import pandas as pd

        rows = [
            (t.safety, float(np.mean(t.people)), t.profit.mean, t.profit.low, t.profit.high, t.profit.unit,
             t.served.mean if t.served else math.nan, t.safety == self.safety) for t in self.trials
        ]  # fmt: skip
        heads = ["safety", "people", "profit", "low", "high", "unit", "served_percent", "chosen"]
        return pd.DataFrame(rows, columns=heads)

    def answer(self) -> str:
        """Return the answer in words."""
        least, most = min(self.people), max(self.people)
        span = f"{least} to {most}" if least < most else f"{least}"
        why = f"so that {self.target}" if self.target else "where profit is highest"
        text = (
            f"{span} people at {self.resource} by month, {why} (safety factor {self.safety:g}), {within(self.today)}: "
        )
        if self.people == self.even:
            text += "the work calls for as many people all year, so the plan is the even one"
        else:
            text += f"{signed(self.gain)} profit against the same person-months spread evenly"
            text += ", which these runs do not tell from nothing" if self.gain.low <= 0 <= self.gain.high else ""
        text += f"; {signed(self.gain_today)} against today's staffing."
        if self.served:
            shares = ", ".join(f"{name} {share.mean:.1f} %" for name, share in self.served.items())
            text += f" Served in time: {shares}."
        return f"{text} {self.choice}".strip()

    def table(self) -> pd.DataFrame:
        """Return months with their load, people and even people, as texts."""
        import pandas as pd

        columns = {"month": self.months, "load": [plus_minus(one) for one in self.load], "people": self.people,
                   "even": self.even}  # fmt: skip
        return pd.DataFrame(columns)

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        return "Load: people in service if nobody waited, mean ± half-width of its 95 % interval"

    def remarks(self) -> list[str]:
        """Return how much work each plan is and what it earns, and the plan as a file says it."""
        months = ", ".join(f"{self.person_months[name]:,.1f} {name}" for name in self.person_months)
        profits = [f"Profit, {name}: {estimate}" for name, estimate in self.profit.items()]
        return [
            f"Person-months over the horizon: {months}",
            *profits,
            f"To paste into the file:\nresources:\n  {self.yaml}",
        ]

    def details(self) -> dict[str, Any]:
        """Return the safety factor, the plan as a file says it, and what each plan earns."""
        return {"safety": self.safety, "yaml": self.yaml, "gain": self.gain, "profit": self.profit,
                "gain_today": self.gain_today}  # fmt: skip


@verb({"resource": "over='sales'", "safety": "values=[0, 0.5, 1]"}, over=RESOURCE, replications=COUNT,
      values=takes.listed(takes.number(-100, 100), "a list of safety factors, numbers from -100 to 100", "[0, 0.5, 1]"),
      target=takes.optional(takes.text("a share and a wait", "'90 % within 1 day'")))  # fmt: skip
def staff_plan(
    model: Model,
    over: str | None = None,
    *,
    strategies: Strategies = None,
    values: Sequence[float] = SAFETY,
    target: str | None = None,
    replications: int = 100,
    **how: Unpack[How],
) -> StaffPlan:
    """Plan people by month: for the highest profit, or so that a share of those who ask is served in time.

    A journey with a start and a year or more to look at is planned by month of the year, others by month of the run.

    Parameters
    ----------
    model
        The scenario, its name or its path.
    over
        Whose plan: a resource, the only one of the journey unless given.
    strategies
        One of its strategies; the file as written unless given.
    values
        Safety factors to try.
    target
        Such as ``"90 % within 1 day"``, or ``"90 %"`` within the resource's own target: the smallest safety factor
        that reaches it is taken. Without one the highest profit decides.
    replications, how
        How often everything is run, and how: `How`; the factor is chosen on as many replications with luck of their
        own.

    Raises
    ------
    ExperimentError
        If there is no such resource, the target is none, or no factor tried reaches it.
    ConfigError
        If there is no such strategy.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> plan = fs.staff_plan("saas_plans", over="sales", values=[0, 1], strategies="funnel", replications=2)
    >>> len(plan.people), plan.yaml.startswith("sales: {people:")
    (12, True)
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    strategy = one_of(scenario, strategies, "fs.staff_plan")
    written = scenario.unmatched_journey(strategy)
    (resource,) = resources_asked(written, over)
    asked_for(target, resource_of(written, resource))
    matched, _ = with_budgets(scenario, [strategy], seed, options)
    root = written.seed if seed is None else seed
    return _planned(_roster(matched, strategy, resource, target), tuple(sorted({float(one) for one in values})),
                    replications, root, options)  # fmt: skip


def _planned(roster: Roster, factors: Sequence[float], replications: int, root: int, options: RunOptions) -> StaffPlan:
    """Return the plan of a resource: its safety factor chosen, then held against an even one and today's."""
    luck = (root + 1) % 2**32
    load = load_of(roster, replications, luck, options)
    trials = tried(roster, load.mean(axis=0), factors, replications, luck, options)
    taken = chosen(trials, roster.share, roster.asked)
    even = spread_evenly(taken.people)
    read, today = _held_against_today(roster, {"planned": taken.people, "even": even}, replications, root, options)
    profit = {name: figures["profit"] for name, figures in read.items()}
    served = {name: roster.served_of(figures) for name, figures in read.items()}
    return StaffPlan(
        resource=roster.resource,
        target=roster.target,
        months=roster.months,
        load=tuple(estimate_mean(column, "people") for column in load.T),
        people=taken.people,
        even=even,
        safety=taken.safety,
        trials=trials,
        profit={name: roster.profit_of(figures) for name, figures in read.items()},
        served={name: share for name, share in served.items() if share is not None},
        gain=paired(profit["planned"] - profit["even"], roster.unit),
        gain_today=paired(profit["planned"] - profit["today"], roster.unit),
        person_months={name: float(figures["staffed"][0]) for name, figures in read.items()},
        yaml=yaml_of(roster.written, roster.strategy, roster.resource, as_written(taken.people, roster.yearly)),
        choice=_note(trials, taken, roster.share, counted_months(today) if roster.yearly else 0),
        today=today,
    )


def _roster(model: Scenario, strategy: str | None, resource: str, target: str | None) -> Roster:
    """Return a resource ready to be planned, with the wait of a target as its own."""
    share, wait = asked_for(target, resource_of(model.journey(strategy), resource))
    timed = model.with_texts([(f"resources.{resource}.target", wait)]) if wait else model
    in_words = f"{share:g} % are served within {wait or 'the target'}" if share is not None else ""
    return Roster(timed, model, strategy, resource, share, target or "", in_words)


def _held_against_today(
    roster: Roster, plans: Mapping[str, tuple[int, ...]], replications: int, root: int, options: RunOptions
) -> tuple[dict[str, dict[str, FloatArray]], Runs]:
    """Return what is read of the runs of plans and of ``today``, the last; and the latter's runs."""
    plan: Plan[str] = Plan(root)
    plan.add("today", roster.today)
    for name, people in plans.items():
        plan.add(name, roster.staffed(people))
    read, runs = plan.run(replications, options, roster.read, ["today"])
    return {name: read[name] for name in (*plans, "today")}, runs["today"]


def _note(trials: Sequence[Trial], chosen: Trial, share: float | None, months: int) -> str:
    """Return what to know about the choice; ``months`` are those counted, 0 where they need not be whole years."""
    notes = []
    if share is None and chosen.safety in (trials[0].safety, trials[-1].safety) and len(trials) > 1:
        notes.append(f"The factor chosen, {chosen.safety:g}, is the end of those tried: try beyond.")
    if months % 12:
        notes.append(f"The {months} months counted are no whole years, so some months weigh more than others.")
    return " ".join(notes)


def asked_for(target: str | None, resource: Resource) -> tuple[float | None, str]:
    """Return the share in % and the wait that a target says, "" where that is the resource's own.

    Raises
    ------
    ExperimentError
        If it is no target.
    """
    if target is None:
        return None, ""
    remedy = "write '90 % within 1 day'"
    share, _, wait = (part.strip() for part in target.partition("within"))
    try:
        asked, longest = parse(share), parse(wait) if wait else None
    except UnitError as error:
        raise ExperimentError(f"target {target!r}: {error}; {remedy}") from error
    if asked.form != "percent" or not 0 < asked.number <= 1:
        raise ExperimentError(f"target {target!r}: a target has a share of those who ask; {remedy}")
    if longest is not None and (longest.form != "duration" or longest.number <= 0):
        raise ExperimentError(f"target {target!r}: within which wait; {remedy}")
    if longest is None and resource.target is None:
        raise ExperimentError(f"target {target!r}: '{resource.name}' has no target of its own; {remedy}")
    return 100 * asked.number, wait
