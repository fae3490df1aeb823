"""Equal budgets: the spend of a strategy that makes its acquisition, service and win-back equal the reference's.

Cost of sales goes with what is sold, and overheads come whoever comes, so neither is in a budget. What a strategy
spends depends on what its people do (service, rewards, letters), so the spend is solved for by running: both strategies
on the same people with the same luck, on as many replications as it takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np

from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.driver import Job, Ways, replicate_jobs
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import parse
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, plus_minus

#: Replications of the first solution, and of any.
_FIRST, _MOST = 64, 20_000

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
            f"(acquisition, service and win-back) equals that of '{self.reference}': {self.gap.mean:+.2f} % apart "
            f"({self.gap.level * 100:g} % interval {self.gap.low:+.2f} to {self.gap.high:+.2f} %, n = {self.gap.n:,})"
            f"{apart}"
        )


def settle(
    model: Scenario, strategies: Sequence[str | None] | None = None, *, seed: int | None = None,
    ways: Ways | None = None, near: float = NEAR,
) -> tuple[Scenario, tuple[Match, ...]]:  # fmt: skip
    """Return the scenario with matched spends solved for, and what was found for each.

    Parameters
    ----------
    model
        A scenario; where nothing is matched it is returned as it is.
    strategies
        Those that will be run; all of the file unless given.
    seed
        The luck; the file's seed unless given.
    ways
        How to run.
    near
        Standard error of the difference between the budgets, as a share of the reference's, at which to stop.

    Raises
    ------
    ExperimentError
        If the strategy's budget exceeds the reference's even with nothing for what is matched, or there is
        nothing to match with.
    """
    wanted = model.strategies if strategies is None else strategies
    how = replace(ways or Ways(), progress=False)
    found: list[Match] = []
    with ExitStack() as scope:
        advance: Callable[[int], object] = _silent
        names = [name for name in model.matched if name in wanted]
        if names and ways is not None and ways.progress:
            from tqdm.auto import tqdm

            advance = scope.enter_context(tqdm(desc="matching budgets", unit="run", leave=False)).update
        for name in names:
            match = _match(model, name, seed, how, near, advance)
            found.append(match)
            model = model.at_spend(name, match.spend)
    return model, tuple(found)


def _match(
    model: Scenario, name: str, seed: int | None, ways: Ways, near: float, advance: Callable[[int], object]
) -> Match:
    """Return the spend of one strategy that makes its budget equal the reference's."""
    reference, matched = model.reference, model.choices(name).matched
    assert matched is not None
    kind, what = matched
    if reference is None or model.choices(reference).matched:
        raise ExperimentError(f"'{name}' has no strategy to match: every one is 'matched'; give one of them a figure")
    currency = model.at("currency", name) or ""
    if kind == "channel":
        unit, today = f"{currency} per month".strip(), 1000.0
    else:
        stated = parse(model.at(f"levers.{what}.spend", name))
        unit, today = f"{currency} {stated.text.partition(' ')[2]}", stated.number or 1.0
    base = model.journey(reference)
    goods: dict[float | str, FloatArray] = {}

    def totals(journey: Journey, n: int) -> tuple[FloatArray, FloatArray]:
        job = Job(journey, journey.seed if seed is None else seed)
        ((budget, sold),) = replicate_jobs([job], n, ways, keep=_budget_and_goods)
        advance(n)
        return budget, sold

    def gaps(n: int) -> tuple[FloatArray, dict[float, FloatArray], Callable[[float], float]]:
        (target, goods[""]), known = totals(base, n), dict[float, FloatArray]()

        def gap(at: float) -> float:
            at = round(max(float(at), 0.0), 4)
            if at not in known:
                known[at], goods[at] = totals(model.at_spend(name, at).journey(name), n)
            return float(known[at].mean() - target.mean())

        return target, known, gap

    def error(own: FloatArray, target: FloatArray) -> float:
        return float(np.std(own - target, ddof=1) / math.sqrt(len(own)) / target.mean()) if target.any() else 0.0

    target, known, gap = gaps(_FIRST)
    if gap(0.0) > 0:
        raise ExperimentError(
            f"'{name}' has a budget of {known[0.0].mean():,.0f} even with nothing for {what}, more than the "
            f"{target.mean():,.0f} of '{reference}' (acquisition, service and win-back); match another spend, do "
            "without more, or say under lines what is cost of sales"
        )
    slope = (gap(today) - gap(0.0)) / today
    if slope <= 0:
        raise ExperimentError(f"the budget of '{name}' is no larger when it spends more on {what}; match another spend")
    at = _root(gap, -gap(0.0) / slope, today, _ROUGH)
    if (noise := error(known[at], target)) > near:
        target, known, gap = gaps(min(_MOST, math.ceil(1.2 * _FIRST * (noise / near) ** 2)))
    at = _root(gap, at, at - gap(at) / slope, _TOLERANCE)
    own = known[at]
    share = 100.0 * (own - target) / target.mean() if target.any() else own - target
    sold = estimate_mean(goods[at], currency), estimate_mean(goods[""], currency)
    return Match(name, reference, what, unit, at, estimate_mean(share, "%"), sold)


def _root(gap: Callable[[float], float], first: float, second: float, tolerance: float) -> float:
    """Return where a nearly straight line crosses zero, from two guesses; the gap there has been taken."""
    from scipy import optimize

    if abs(second - first) > tolerance * abs(first):
        first = max(0.0, float(optimize.newton(gap, first, x1=second, rtol=tolerance, maxiter=50)))
    first = round(first, 4)
    gap(first)
    return first


def _budget_and_goods(_: int, runs: Runs) -> tuple[FloatArray, FloatArray]:
    """Return the budget and the cost of sales, in the currency; each of shape (replications,)."""
    return runs.values("budget"), runs.values("cost_of_sales")


def _silent(count: int) -> None:
    """Show no progress."""
