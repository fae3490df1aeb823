"""The best split of one budget over the channels and levers that spend, and how it moves with the horizon.

The search (`flywheel_sim.analysis.allocation.split_search`) and the verdict do not share their luck: what is reported
of the best split, of today's and of an even one, and whether anything beats the best, comes from fresh replications.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.allocation.asked import BUDGET, FORMER, MONEY, PLACES, RISK
from flywheel_sim.analysis.allocation.certificate import Certificate, judged
from flywheel_sim.analysis.allocation.spends import Place, per_month, places_of, refuse_places
from flywheel_sim.analysis.allocation.split_search import FINE, Bench, SplitRun, climbed, futures, searched
from flywheel_sim.analysis.difference.pairs import AgainstToday
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.asking import (
    COUNT,
    DURATION,
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
from flywheel_sim.experiment.driver import replicate_jobs
from flywheel_sim.experiment.progress import bar
from flywheel_sim.experiment.running import Job, RunOptions
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.units import format_duration
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import (
    Estimate,
    FloatArray,
    between,
    estimate_mean,
    estimate_quantile,
    figure,
    gap_unit,
    plus_minus,
    with_unit,
)

if TYPE_CHECKING:
    import pandas as pd


#: How often a split that fresh luck improves on is searched on from there, each time on twice the replications.
TRIES = 2


@dataclass(frozen=True)
class Allocation(AgainstToday):
    """The best split of a budget, with today's and an even one on the same people with the same luck; frozen.

    Attributes
    ----------
    of, label, unit
        The metric that decides, how it is called, and its unit.
    risk
        None where its mean decides, else the quantile of futures that does.
    places
        What the budget is split over.
    budget
        Money a month, the mean over the months counted.
    points
        ``best``, ``today`` (in proportion, where the budget is not today's) and ``even``: spends in own units, money a
        month and the metric, in fresh replications.
    scaled
        Whether ``today`` is today's split in proportion to another budget.
    worth
        For each place what one more euro of budget, spent there, adds at the best split; joint intervals.
    certificate
        Whether any small shift improves on the best split.
    took
        Replications run in all.
    today
        The runs at today's spends as written.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> over = ["search_ads", "onboarding"]
    >>> split = fs.allocate("next_euro", over=over, horizon="3 months", replications=2)
    >>> list(split.best), list(split.points), split.spent().unit
    (['search_ads', 'onboarding'], ['best', 'today', 'even'], 'EUR per month')
    """

    of: str
    label: str
    unit: str
    risk: float | None
    places: tuple[Place, ...]
    budget: float
    points: Mapping[str, SplitRun] = field(repr=False)
    scaled: bool
    worth: Mapping[str, Estimate] = field(repr=False)
    certificate: Certificate = field(repr=False)
    took: int
    today: Runs = field(repr=False)

    @property
    def best(self) -> dict[str, float]:
        """Return money a month at each place of the best split."""
        return dict(zip((one.name for one in self.places), self.points["best"].split.tolist(), strict=True))

    @property
    def spend(self) -> str:
        """Return the best split in the places' own units, to paste into a strategy."""
        spends = zip(self.places, self.points["best"].own, strict=True)
        return f"spend: {{{', '.join(f'{place.name}: {place.shown(own)}' for place, own in spends)}}}"

    def estimate(self, split: str = "best") -> Estimate:
        """Return what decides for a split (best, today, even): mean, or quantile of futures."""
        values = self._point(split).values
        if self.risk is None:
            return estimate_mean(values, self.unit)
        return estimate_quantile(values, self.risk, self.unit)

    def difference(self, of: str = "best", against: str = "today") -> Estimate:
        """Return the paired difference of what decides between two splits."""
        gap = futures(self._point(of).values, self.risk) - futures(self._point(against).values, self.risk)
        return estimate_mean(gap, gap_unit(self.unit))

    def spent(self, split: str = "best") -> Estimate:
        """Return what a split spends in all, money a month."""
        return estimate_mean(self._point(split).spent.sum(axis=0), f"{self.places[0].currency} per month".strip())

    def cost_of_sales(self, split: str = "best") -> Estimate:
        """Return what goods and the like cost with a split, money a month; it is no part of the budget."""
        return estimate_mean(self._point(split).goods, f"{self.places[0].currency} per month".strip())

    def frame(self) -> pd.DataFrame:
        """Return the tidy table: one row per split and place.

        Columns: split, place, kind, spend in the place's own unit, spend_unit, per_month in money with its interval
        (low, high), unit, share of the split's total in %, what one more euro there is worth at the best split with its
        joint interval (worth, worth_low, worth_high; NaN for the other splits), n.
        """
        import pandas as pd

        rows = []
        for name, point in self.points.items():
            total = point.split.sum()
            for place, own, spent in zip(self.places, point.own, point.spent, strict=True):
                money = estimate_mean(spent, f"{place.currency} per month".strip())
                worth = self.worth[place.name] if name == "best" else None
                ends = (worth.mean, worth.low, worth.high) if worth else (np.nan,) * 3
                rows.append((name, place.name, place.kind, float(own), place.unit, money.mean, money.low, money.high,
                             money.unit, 100 * money.mean / total if total else np.nan, *ends, money.n))  # fmt: skip
        columns = ["split", "place", "kind", "spend", "spend_unit", "per_month", "low", "high", "unit", "share",
                   "worth", "worth_low", "worth_high", "n"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def table(self) -> pd.DataFrame:
        """Return places with money a month at each split, the best in own units, and what one more euro adds there."""
        import pandas as pd

        columns = {
            name: [figure(one) for one in (*point.split, point.split.sum())] for name, point in self.points.items()
        }
        best = zip(self.places, self.points["best"].own, strict=True)
        columns["best, own unit"] = [*(place.shown(own) for place, own in best), ""]
        columns["one more euro"] = [*(plus_minus(self.worth[place.name], signed=True) for place in self.places), ""]
        rows = [*(place.name for place in self.places), "total"]
        if any(point.goods.any() for point in self.points.values()):
            rows.append("cost of sales (apart)")
            for name, texts in columns.items():
                texts.append(plus_minus(self.cost_of_sales(name)) if name in self.points else "")
        return pd.DataFrame(columns, index=pd.Index(rows, name="place"))

    @cached_property
    def decides(self) -> str:
        """Return what decides, as a sentence calls it."""
        label = self.label if self.label.isupper() else self.label.lower()
        return label if self.risk is None else f"the {100 * self.risk:g} % quantile of {label}"

    def answer(self) -> str:
        """Return the answer in words: the best split, what it brings, and how surely it is the best."""
        parts = ", ".join(f"{with_unit(money, '')} on {name}" for name, money in self.best.items())
        whole = with_unit(self.budget, f"{self.places[0].currency} per month".strip())
        when = format_duration(self.today.journey.horizon)
        text = f"Of {whole}, {self.decides} within {when} is highest with {parts}: {self.estimate()}."
        for other, called in (
            ("today", "today's proportions" if self.scaled else "today's split"),
            ("even", "an even split"),
        ):
            gap = self.difference("best", other)
            if gap.low > 0 or np.isnan(gap.low):
                text += f" That is {with_unit(gap.mean, gap.unit)} more than {called}"
                text += "." if np.isnan(gap.low) else f" (95 % interval {between(gap.low, gap.high)})."
            else:
                text += f" These runs cannot tell it from {called} (difference {between(gap.low, gap.high)})."
        return f"{text} {self.certificate}."

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        return (
            f"money in {self.places[0].currency or 'money'} per month, the mean over {self.today.months}; splits spend "
            f"the same to {100 * self._apart():.2g} %; one more euro: joint 95 % intervals; n = {self.today.n:,}, "
            f"{self.took:,} runs in all"
        )

    def _apart(self) -> float:
        """Return by which share of the budget the splits spend apart."""
        totals = [point.split.sum() for point in self.points.values()]
        return float((max(totals) - min(totals)) / self.budget)

    def _point(self, name: str) -> SplitRun:
        if not isinstance(name, str) or name not in self.points:
            raise ExperimentError(f"'{name}' is no split; {nearest(str(name), self.points)}")
        return self.points[name]

    def remarks(self) -> list[str]:
        """Return what to paste into a strategy."""
        return [f"To paste into a strategy: {self.spend}"]

    def details(self) -> dict[str, Any]:
        """Return the best split and its value, beside today's and an even one, and whether it is certified."""
        return {
            "best": self.best, "spend": self.spend, "value": self.estimate(),
            "against_today": self.difference("best", "today"), "against_even": self.difference("best", "even"),
            "certified": self.certificate.holds, "runs": self.took,
            "cost_of_sales": {name: self.cost_of_sales(name) for name in self.points},
        }  # fmt: skip


@verb(FORMER, over=PLACES, budget=BUDGET, horizon=takes.optional(DURATION), risk=RISK, at_least=MONEY, at_most=MONEY,
      replications=COUNT)  # fmt: skip
def allocate(
    model: Model,
    of: str = "profit",
    over: str | Sequence[str] | None = None,
    *,
    strategies: Strategies = None,
    budget: str | float | None = None,
    horizon: str | None = None,
    risk: float | None = None,
    at_least: Mapping[str, str | float] | None = None,
    at_most: Mapping[str, str | float] | None = None,
    replications: int = 100,
    **how: Unpack[How],
) -> Allocation:
    """Split a budget over the channels and levers that a strategy spends on as well as can be.

    Parameters
    ----------
    model, of
        The scenario, its name or its path; and the metric that is to be as high as it can.
    over
        Two to six channels and levers, all that spend unless given.
    strategies
        One of them; without one, the file as written. A spend that is ``matched`` starts at what was solved for.
    budget
        Money a month, the mean over the horizon, such as ``12000 per month``; what is spent on these places today
        unless given. What else is spent (service, cost of sales) follows from what people do and is no part of it.
    horizon, risk
        How far to look, the file's horizon unless given; and, instead of the mean, the quantile over futures that
        decides: 0.05 for the 5 % quantile.
    at_least, at_most
        Bounds of what places get, money a month by name.
    replications, how
        Of every split tried, and of the fresh ones: more make the certificate sharper; and how to run: `How`.

    Raises
    ------
    ConfigError, ExperimentError
        If there is no such strategy, metric or place, bounds leave no room, or the metric has no value in some futures.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> over = ["search_ads", "onboarding"]
    >>> fs.allocate("next_euro", over=over, budget=4000, horizon="3 months", replications=2).budget
    4000.0
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    strategy = one_of(scenario, strategies, "fs.allocate")
    limits = refused(scenario, strategy, of, over, budget, at_least, at_most)
    looked = scenario if horizon is None else scenario.with_(horizon=horizon)
    matched, _ = with_budgets(scenario, [strategy], seed, options)
    model = looked.solved_as(matched)
    return _allocated(model, strategy, of, over, limits, risk, replications, seed, options)


@dataclass(frozen=True)
class _Limits:
    """What is given of the money a month: the budget, if at all, and bounds by place."""

    budget: float | None
    low: FloatArray
    high: FloatArray


def refused(
    scenario: Scenario, strategy: str | None, of: str, over: str | Sequence[str] | None, budget: str | float | None,
    at_least: Mapping[str, str | float] | None, at_most: Mapping[str, str | float] | None,
) -> _Limits:  # fmt: skip
    """Return the budget and the bounds; refuse what cannot be asked, before anything is matched or run."""
    refuse_metrics(scenario, [strategy], (of,))
    places = refuse_places(scenario, strategy, over)
    if not 2 <= len(places) <= 6:
        raise ExperimentError(f"a budget is split over two to six places, not {len(places)} ({', '.join(places)}); "
                              "write over=[...]")  # fmt: skip
    given = None if budget is None else per_month(budget, "budget")
    if given == 0:
        raise ExperimentError("a budget of nothing cannot be split; write budget='12000 per month'")
    return _Limits(given, _bounds(places, at_least, "at_least", 0.0), _bounds(places, at_most, "at_most", np.inf))


def _allocated(
    model: Scenario, strategy: str | None, of: str, over: str | Sequence[str] | None, limits: _Limits,
    risk: float | None, replications: int, seed: int | None, options: RunOptions,
) -> Allocation:  # fmt: skip
    """Return the best split, in a scenario whose matched spends are solved for."""
    places, journey = places_of(model, strategy, over), model.journey(strategy)
    root = journey.seed if seed is None else seed
    with ExitStack() as scope:
        bench = Bench(model, strategy, places, of, risk, root, replications, replace(options, progress=False),
                      _bar(scope, options.progress))  # fmt: skip
        (today,) = replicate_jobs([Job(journey, root)], replications, options=bench.options)
        spent = _as_today(bench)
        total = float(spent.sum())
        bench.take(total if limits.budget is None else limits.budget, limits.low, limits.high)
        points, worth, certificate = _best(bench, spent / total if total else np.full(len(places), 1 / len(places)))
    return Allocation(
        of, today.label(of), today.unit(of), risk, places, bench.budget, points,
        abs(bench.budget - total) > 0.005 * bench.budget, worth, certificate, bench.took + today.n, today,
    )  # fmt: skip


def _as_today(bench: Bench) -> FloatArray:
    """Return what each place spends today, money a month; run also what shows this where nothing is spent."""
    now = np.array([one.today for one in bench.places])
    (as_now,) = bench.run([now])
    count = len(bench.places)
    bench.run([np.where(np.arange(count) == i, one.probe, now) for i, one in enumerate(bench.places) if not one.today])
    if as_now is None:
        raise ExperimentError("today's spends cannot be run")
    return as_now.split


def _best(bench: Bench, shares: FloatArray) -> tuple[dict[str, SplitRun], dict[str, Estimate], Certificate]:
    """Return the best split, ``today``'s in proportion and an ``even`` one, what a euro is worth, and the certificate.

    Parameters
    ----------
    bench
        With a budget and bounds.
    shares
        What part of the budget each place gets today, shape (places,).
    """
    if bench.replications < 2:
        raise ExperimentError("one replication certifies no split: at least two are needed; write replications=100")
    count = len(bench.places)
    today, even = bench.budget * shares, np.full(count, bench.budget / count)
    heaped = [0.4 * even + 0.6 * bench.budget * row for row in np.eye(count)]
    best = searched(bench, [today, even, *heaped])
    attempt = 1
    while True:
        fresh = replace(bench, root=(bench.root + attempt) % 2**32, done=list(bench.done), took=0)
        verdict = judged(fresh, {"best": best, "today": today, "even": even})
        bench.took += fresh.took
        if verdict[2].holds or attempt == TRIES:
            return verdict
        attempt += 1
        bench.replications *= 2
        best = climbed(bench, best, FINE[-1:])


def _bounds(
    places: Sequence[str], given: Mapping[str, str | float] | None, word: str, usual: float
) -> FloatArray:  # fmt: skip
    """Return a bound of each place in money a month."""
    for name in given or {}:
        if name not in places:
            raise ExperimentError(f"{word} names '{name}', which is no place; {nearest(name, places)}")
    return np.array([per_month(given[name], f"{word} of '{name}'") if given and name in given else usual
                     for name in places])  # fmt: skip


def _bar(scope: ExitStack, progress: bool) -> Callable[[int], object]:
    """Return how a bar of replications advances."""
    if not progress:
        return lambda count: None
    at = scope.enter_context(bar(None, "splitting the budget"))
    return lambda count: at.update(count)
