"""Equal budgets: the spend of a strategy that makes its acquisition, service and win-back equal the reference's.

Cost of sales goes with what is sold, and overheads come whoever comes, so neither is in a budget. What a strategy
spends depends on what its people do (service, rewards, letters), so the spend is solved for by running: both strategies
on the same people with the same luck, on as many replications as it takes.
"""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from typing import Any, Unpack

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.asking import How, Model, Strategies, how_to_run, runs_of, scenario_of, verb
from flywheel_sim.experiment.driver import replicate_jobs
from flywheel_sim.experiment.progress import bar, grown
from flywheel_sim.experiment.running import Job, RunOptions
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import parse
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, plus_minus

#: Replications of the first solution, and of any.
_FIRST, _MOST = 64, 20_000

#: About how many journeys a stage of the search runs.
_TRIES = 6

#: Standard error of the difference between the budgets, as a share of the reference's, that is near enough.
NEAR = 0.0015

#: How closely the spend is solved for, as a share of itself: at first, and in the end.
_ROUGH, _TOLERANCE = 5e-3, 2e-4


@dataclass(frozen=True)
class Match:
    """What a strategy spends so that its budget equals the reference's.

    Attributes
    ----------
    strategy, reference
        Names.
    name, unit
        The channel or lever whose spend was solved for, and the unit of that spend.
    spend
        The spend found.
    gap
        By which share of the reference's budget the two differ in the replications it was solved on, %.
    cost_of_sales
        That of the strategy and that of the reference in these replications, which no budget holds.
    """

    strategy: str
    reference: str
    name: str
    unit: str
    spend: float
    gap: Estimate
    cost_of_sales: tuple[Estimate, Estimate]

    def __str__(self) -> str:
        own, other = self.cost_of_sales
        apart = ""
        if own.mean or other.mean:
            apart = (
                f"; cost of sales, apart from it, is {plus_minus(own)} against {plus_minus(other)} {own.unit}".rstrip()
            )
        return (
            f"'{self.strategy}' spends {self.spend:,.2f} {self.unit} on {self.name}, matched so that its budget "
            f"(acquisition, service and win-back) equals that of '{self.reference}': {_percent(self.gap.mean)} % apart "
            f"({self.gap.level * 100:g} % interval {_percent(self.gap.low)} to {_percent(self.gap.high)} %, "
            f"n = {self.gap.n:,})"
            f"{apart}"
        )


@verb({"ways": "workers=..., seed=..."}, near=takes.number(0, 1, "0.0015", open_low=True))
def match_budgets(
    model: Model, *, strategies: Strategies = None, near: float = NEAR, **how: Unpack[How]
) -> tuple[Scenario, tuple[Match, ...]]:
    """Return the scenario with matched spends solved for, and what was found for each.

    Every verb does so before it runs, and a solution is kept for as long as the process lives: what was solved once is
    not solved again.

    Parameters
    ----------
    model
        A scenario, its name or its path; where nothing is matched the scenario is returned as it is.
    strategies
        Those that will be run; all of the file unless given.
    near
        Standard error of the difference between the budgets, as a share of the reference's, at which to stop.
    how
        How to run: seed, workers, executor, progress, engine, limits (``docs/asking.md``).

    Raises
    ------
    ExperimentError
        If the strategy's budget exceeds the reference's even with nothing for what is matched, or there is
        nothing to match with.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> scenario, (match,) = fs.match_budgets("subscription")
    >>> match.strategy, match.reference, match.unit
    ('flywheel', 'funnel', 'EUR per month')
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    return with_budgets(scenario, runs_of(scenario, strategies), seed, options, near)


def with_budgets(
    model: Scenario, strategies: Sequence[str | None], seed: int | None, options: RunOptions, near: float = NEAR
) -> tuple[Scenario, tuple[Match, ...]]:
    """Return the scenario with the matched spends of some strategies solved for; see `match_budgets`."""
    matches: list[Match] = []
    with ExitStack() as scope:
        progress = _Progress(scope, options.progress)
        for name in model.matched:
            if name in strategies:
                match = _match(model, name, seed, replace(options, progress=False), near, progress)
                matches.append(match)
                model = model.at_spend(name, match.spend)
    return model, tuple(matches)


#: What was solved for in this process, newest last. A solution belongs to both journeys, the luck and the nearness.
_SOLVED: OrderedDict[tuple[object, ...], Match] = OrderedDict()

#: How many solutions are kept.
_MOST_SOLVED = 4096


def _match(
    model: Scenario, name: str, seed: int | None, options: RunOptions, near: float, progress: _Progress
) -> Match:
    """Return the spend of one strategy that makes its budget equal the reference's, as it was solved for once."""
    lever = _Lever.of(model, name)
    base = model.journey(lever.reference)
    root = base.seed if seed is None else seed
    probes = (lever.at(spend) for spend in (0.0, lever.today, 3.7 * lever.today))  # three, for its response curves
    key = (*map(_bearing, (base, *probes)), lever.reference, name, lever.what, lever.unit, root, near)
    solved = _SOLVED.get(key)
    if solved is None:
        solved = _solve(lever, Job(base, root), options, near, progress)
        _SOLVED[key] = solved
        while len(_SOLVED) > _MOST_SOLVED:
            _SOLVED.popitem(last=False)
    return solved


#: What of a journey bears on no budget.
_ASIDE = {"name", "strategy", "seed", "fingerprint", "follow", "lifetime", "discount", "report_by", "notes", "source"}


def _bearing(journey: Journey) -> str:
    """Return a hash of all of a journey that bears on its budget."""
    parts = [getattr(journey, part.name) for part in fields(journey) if part.name not in _ASIDE]
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class _Lever:
    """The spend of a strategy that is solved for: a channel's or a lever's.

    Attributes
    ----------
    model, name
        The scenario and the strategy.
    reference
        The strategy whose budget it is to equal.
    what, unit, today
        The name of the channel or lever, the unit of its spend, and where to begin.
    """

    model: Scenario
    name: str
    reference: str
    what: str
    unit: str
    today: float

    @classmethod
    def of(cls, model: Scenario, name: str) -> _Lever:
        """Return the spend of a strategy that is matched; refuse one that has nobody to be matched with."""
        reference, matched = model.reference, model.choices(name).matched
        assert matched is not None
        kind, what = matched
        if reference is None or model.choices(reference).matched:
            raise ExperimentError(
                f"'{name}' has no strategy to match: every one is 'matched'; give one of them a figure"
            )
        currency = model.at("currency", name) or ""
        if kind == "channel":
            return cls(model, name, reference, what, f"{currency} per month".strip(), 1000.0)
        stated = parse(model.at(f"levers.{what}.spend", name))
        unit = f"{currency} {stated.text.partition(' ')[2]}"
        return cls(model, name, reference, what, unit, stated.number or 1.0)

    def at(self, spend: float) -> Journey:
        """Return the strategy's journey at such a spend."""
        return self.model.at_spend(self.name, spend).journey(self.name)


def _solve(lever: _Lever, base: Job, options: RunOptions, near: float, progress: _Progress) -> Match:
    """Return the spend that makes two budgets equal, found by running both strategies."""
    name, what, today = lever.name, lever.what, lever.today
    goods: dict[float | str, FloatArray] = {}

    def totals(journey: Journey, n: int) -> tuple[FloatArray, FloatArray]:
        ((budget, sold),) = replicate_jobs([Job(journey, base.seed)], n, options, keep=_budget_and_goods)
        progress.advance(n)
        return budget, sold

    def gaps(n: int) -> tuple[FloatArray, dict[float, FloatArray], Callable[[float], float]]:
        (target, goods[""]), known = totals(base.journey, n), dict[float, FloatArray]()

        def gap(at: float) -> float:
            at = round(max(float(at), 0.0), 4)
            if at not in known:
                known[at], goods[at] = totals(lever.at(at), n)
            return float(known[at].mean() - target.mean())

        return target, known, gap

    def error(own: FloatArray, target: FloatArray) -> float:
        return float(np.std(own - target, ddof=1) / math.sqrt(len(own)) / target.mean()) if target.any() else 0.0

    progress.expect(_FIRST * _TRIES)
    target, known, gap = gaps(_FIRST)
    if gap(0.0) > 0:
        raise ExperimentError(
            f"'{name}' has a budget of {known[0.0].mean():,.0f} even with nothing for {what}, more than the "
            f"{target.mean():,.0f} of '{lever.reference}' (acquisition, service and win-back); match another spend, do "
            "without more, or say under lines what is cost of sales"
        )
    slope = (gap(today) - gap(0.0)) / today
    if slope <= 0:
        raise ExperimentError(f"the budget of '{name}' is no larger when it spends more on {what}; match another spend")
    at = _root(gap, -gap(0.0) / slope, today, _ROUGH)
    if (noise := error(known[at], target)) > near:
        n = min(_MOST, math.ceil(1.2 * _FIRST * (noise / near) ** 2))
        progress.expect(n * _TRIES)
        target, known, gap = gaps(n)
    at = _root(gap, at, at - gap(at) / slope, _TOLERANCE)
    own = known[at]
    share = 100.0 * (own - target) / target.mean() if target.any() else own - target
    currency = lever.model.at("currency", name) or ""
    sold = estimate_mean(goods[at], currency), estimate_mean(goods[""], currency)
    return Match(name, lever.reference, what, lever.unit, at, estimate_mean(share, "%"), sold)


class _Progress:
    """A bar of the runs that a search takes: about how many is known when each stage of it begins."""

    def __init__(self, scope: ExitStack, shown: bool) -> None:
        self.scope, self.shown = scope, shown
        self.bar: Any = None

    def expect(self, runs: int) -> None:
        """Have about so many more runs to go."""
        if not self.shown:
            return
        if self.bar is None:
            self.bar = self.scope.enter_context(bar(runs, "matching budgets, once"))
        self.bar.total = self.bar.n + runs
        self.bar.refresh()

    def advance(self, runs: int) -> None:
        """Say that so many more are done."""
        if self.bar is not None:
            self.bar.update(grown(self.bar, runs))


def _root(gap: Callable[[float], float], first: float, second: float, tolerance: float) -> float:
    """Return where a nearly straight line crosses zero, from two guesses; the gap there has been taken."""
    from scipy import optimize

    if abs(second - first) > tolerance * abs(first):
        first = max(0.0, float(optimize.newton(gap, first, x1=second, rtol=tolerance, maxiter=50)))
    first = round(first, 4)
    gap(first)
    return first


def _percent(value: float) -> str:
    """Return a percentage with its sign to two digits; of nothing there is no sign."""
    rounded = round(value, 2) + 0.0
    return f"{rounded:+.2f}" if rounded else "0.00"


def _budget_and_goods(_: int, runs: Runs) -> tuple[FloatArray, FloatArray]:
    """Return the budget and the cost of sales, in the currency; each of shape (replications,)."""
    return runs.values("budget"), runs.values("cost_of_sales")
