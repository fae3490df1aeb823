"""Staff over the year: people month by month, from the work that comes in and a safety margin.

A month with an offered load of R people in service, on average and with nobody waiting, gets R + b x sqrt(R) people,
rounded up: square-root safety staffing (Halfin and Whitt 1981, doi:10.1287/opre.29.3.567). The safety factor b is
chosen by simulation, on luck of its own, so that the comparison that follows does not flatter it.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.analysis.capacity.months import as_written, load_by_month, people_for, spread_evenly, yaml_of
from flywheel_sim.analysis.capacity.staff import (
    Answered,
    counted_months,
    laid,
    resource_of,
    with_people,
    without_waiting,
)
from flywheel_sim.analysis.difference.pairs import paired, replicated, within
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.budgets import settle
from flywheel_sim.experiment.driver import Limits, Ways
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import MONTHS, Journey, Resource
from flywheel_sim.journey.units import MONTH, UnitError, parse
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, estimate_mean, figure, plus_minus
from flywheel_sim.wording import signed

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]

#: Safety factors tried unless others are given; below 0 there are fewer people than the work takes.
SAFETY = (-1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)

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
class StaffPlan(Answered):
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
        Paired profit of the plan less that of the even one, and less that of the staffing as written.
    person_months
        By plan, over the whole horizon.
    yaml
        The resource as it stands in the file, with these people: to paste under ``resources``.
    note
        What to know about the choice, or "".
    today
        The runs at the staffing as written.
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
    note: str
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
        said = (
            f"{span} people at {self.resource} by month, {why} (safety factor {self.safety:g}), {within(self.today)}: "
        )
        if self.people == self.even:
            said += "the work calls for as many people all year, so the plan is the even one"
        else:
            said += f"{signed(self.gain)} profit against the same person-months spread evenly"
            said += ", which these runs do not tell from nothing" if self.gain.low <= 0 <= self.gain.high else ""
        said += f"; {signed(self.gain_today)} against today's staffing."
        if self.served:
            shares = ", ".join(f"{name} {share.mean:.1f} %" for name, share in self.served.items())
            said += f" Served in time: {shares}."
        return f"{said} {self.note}".strip()

    def __str__(self) -> str:
        months = ", ".join(f"{self.person_months[name]:,.1f} {name}" for name in self.person_months)
        return "\n".join([
            self.answer(), self.table().to_string(index=False), f"person-months over the horizon: {months}",
            *(f"profit, {name}: {found}" for name, found in self.profit.items()), "", "resources:", f"  {self.yaml}",
        ])  # fmt: skip

    def _repr_html_(self) -> str:
        said, source = html.escape(self.answer()), html.escape(str(self.today.provenance))
        text = html.escape(f"resources:\n  {self.yaml}")
        return f"<p><b>{said}</b></p>{self.table().to_html(index=False)}<pre>{text}</pre><p><small>{source}</small></p>"

    def table(self) -> pd.DataFrame:
        """Return months with their load, people and even people, as texts."""
        import pandas as pd

        columns = {"month": self.months, "load": [plus_minus(one) for one in self.load], "people": self.people,
                   "even": self.even}  # fmt: skip
        return pd.DataFrame(columns)


def staff_plan(
    model: Scenario,
    resource: str,
    target: str | None = None,
    *,
    safety: Sequence[float] = SAFETY,
    strategy: str | None = None,
    replications: int = 100,
    seed: int | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: bool = False,
    engine: str = "kernel",
    limits: Limits | None = None,
) -> StaffPlan:
    """Plan people by month: for the highest profit, or so that a share of those who ask is served in time.

    A journey with a start and a year or more to look at is planned by the month of the year, others month by month over
    the horizon.

    Parameters
    ----------
    model, strategy
        The scenario, and one of its strategies; without one, the file as written.
    resource
        Whose plan.
    target
        Such as ``"90 % within 1 day"``, or ``"90 %"`` within the resource's own target: the smallest safety factor
        that reaches it is taken. Without one the highest profit decides.
    safety
        Factors to try.
    replications, seed, workers, executor, progress, engine, limits
        As for `replicate`; the factor is chosen on as many replications with luck of their own.

    Raises
    ------
    ExperimentError
        If there is no such resource, the target is none, or no factor tried reaches it.
    """
    ways = Ways(workers, executor, progress, engine, limits or Limits())
    model, _ = settle(model, [strategy], seed=seed, ways=ways)
    held = resource_of(model.journey(strategy), resource)
    share, wait = asked_for(target, held)
    factors = _factors(safety)
    timed = laid(model, [(f"resources.{resource}.target", wait)]) if wait else model
    today = timed.journey(strategy)
    root = today.seed if seed is None else seed
    of_its_own = (root + 1) % 2**32
    index = [one.name for one in today.resources].index(resource)

    pilot = without_waiting(timed, [resource]).journey(strategy)
    (busy,) = replicated([pilot], replications, of_its_own, ways, lambda _, runs: runs.series(f"in_service.{resource}"))
    yearly = today.start is not None and today.horizon - today.warm_up >= 12 * MONTH
    load = load_by_month(today, busy, yearly)
    means = load.mean(axis=0)
    if not means.any():
        raise ExperimentError(f"nobody is served by '{resource}' in the months counted; take a longer horizon")
    plans = {factor: people_for(means, factor) for factor in factors}
    distinct = {people: factor for factor, people in reversed(plans.items())}  # of equal plans the smaller factor
    tried = sorted((factor, people) for people, factor in distinct.items())
    if max(map(max, plans.values())) > _MOST:
        raise ExperimentError(f"'{resource}' takes more than {_MOST:,} people; check how long service takes")

    def journey_with(people: tuple[int, ...]) -> Journey:
        return with_people(timed, resource, as_written(people, yearly)).journey(strategy)

    def keep(_: int, runs: Runs) -> dict[str, FloatArray]:
        found = {"profit": runs.values("profit"), "staffed": runs.ledger.staffed[:1, :, index].sum(axis=1) / MONTH}
        return found | ({"served": runs.values(f"within_target.{resource}")} if share is not None else {})

    unit = today.currency or "money units"
    found = replicated([journey_with(people) for _, people in tried], replications, of_its_own, ways, keep)
    trials = tuple(
        Trial(factor, people, estimate_mean(one["profit"], unit), estimate_mean(one["served"], "%") if share else None)
        for (factor, people), one in zip(tried, found, strict=True)
    )
    chosen = _chosen(trials, share, target or "")
    even = spread_evenly(chosen.people)

    def keep_all(at: int, runs: Runs) -> tuple[Runs | None, dict[str, FloatArray]]:
        return (runs if at == 0 else None), keep(at, runs)

    kept = replicated([today, journey_with(chosen.people), journey_with(even)], replications, seed, ways, keep_all)
    by_plan = dict(zip(("today", "planned", "even"), (figures for _, figures in kept), strict=True))
    order = ("planned", "even", "today")
    plan = by_plan["planned"]["profit"]
    return StaffPlan(
        resource=resource,
        target=f"{share:g} % are served within {wait or 'the target'}" if share is not None else "",
        months=MONTHS if yearly else tuple(str(number + 1) for number in range(today.periods)),
        load=tuple(estimate_mean(column, "people") for column in load.T),
        people=chosen.people,
        even=even,
        safety=chosen.safety,
        trials=trials,
        profit={name: estimate_mean(by_plan[name]["profit"], unit) for name in order},
        served={name: estimate_mean(by_plan[name]["served"], "%") for name in order} if share is not None else {},
        gain=paired(plan - by_plan["even"]["profit"], unit),
        gain_today=paired(plan - by_plan["today"]["profit"], unit),
        person_months={name: float(by_plan[name]["staffed"][0]) for name in order},
        yaml=yaml_of(model, strategy, resource, as_written(chosen.people, yearly)),
        note=_note(trials, chosen, share, counted_months(kept[0][0]) if yearly else 0),
        today=kept[0][0],
    )


def _chosen(trials: Sequence[Trial], share: float | None, target: str) -> Trial:
    """Return the trial to take: the highest profit, or the smallest factor that reaches the target."""
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


def _note(trials: Sequence[Trial], chosen: Trial, share: float | None, months: int) -> str:
    """Return what to know about the choice; ``months`` are those counted, 0 where they need not be whole years."""
    said = []
    if share is None and chosen.safety in (trials[0].safety, trials[-1].safety) and len(trials) > 1:
        said.append(f"The factor chosen, {chosen.safety:g}, is the end of those tried: try beyond.")
    if months % 12:
        said.append(f"The {months} months counted are no whole years, so some months weigh more than others.")
    return " ".join(said)


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
    share, _, wait = (part.strip() for part in str(target).partition("within"))
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


def _factors(given: Sequence[float]) -> tuple[float, ...]:
    """Return safety factors ascending, each once."""
    for one in given:
        if isinstance(one, bool) or not isinstance(one, int | float | np.number) or not abs(float(one)) <= 100:
            raise ExperimentError(f"safety factor {one!r}: give numbers such as [0, 0.5, 1, 2]")
    if not given:
        raise ExperimentError("no safety factors; give numbers such as [0, 0.5, 1, 2]")
    return tuple(sorted({float(one) for one in given}))
