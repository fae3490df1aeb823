"""The best split of one budget over the channels and levers that spend, and how it moves with the horizon.

The search (`flywheel_sim.analysis.allocation.split_search`) and the verdict do not share their luck: what is reported
of the best split, of today's and of an even one, and whether anything beats the best, comes from fresh replications.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from flywheel_sim.analysis.allocation.certificate import Certificate, judged
from flywheel_sim.analysis.allocation.spends import Place, per_month, places_of
from flywheel_sim.analysis.allocation.split_search import FINE, Bench, SplitRun, climbed, futures, searched
from flywheel_sim.analysis.difference.pairs import AgainstToday
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.asking import How, how_to_run
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.driver import Job, replicate_jobs, units_of
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.units import format_duration
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import (
    Estimate,
    FloatArray,
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
                held = estimate_mean(spent, f"{place.currency} per month".strip())
                worth = self.worth[place.name] if name == "best" else None
                ends = (worth.mean, worth.low, worth.high) if worth else (np.nan,) * 3
                rows.append((name, place.name, place.kind, float(own), place.unit, held.mean, held.low, held.high,
                             held.unit, 100 * held.mean / total if total else np.nan, *ends, held.n))  # fmt: skip
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
        said = f"Of {whole}, {self.decides} within {when} is highest with {parts}: {self.estimate()}."
        for other, called in (
            ("today", "today's proportions" if self.scaled else "today's split"),
            ("even", "an even split"),
        ):
            gap = self.difference("best", other)
            if gap.low > 0 or np.isnan(gap.low):
                said += f" That is {with_unit(gap.mean, gap.unit)} more than {called}"
                said += "." if np.isnan(gap.low) else f" (95 % interval {figure(gap.low)} to {figure(gap.high)})."
            else:
                said += (
                    f" These runs cannot tell it from {called} (difference {figure(gap.low)} to {figure(gap.high)})."
                )
        return f"{said} {self.certificate}."

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
        if name not in self.points:
            raise ExperimentError(f"'{name}' is no split; {nearest(name, self.points)}")
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


def allocate(
    model: Scenario,
    budget: str | float | None = None,
    horizon: str | None = None,
    of: str = "profit",
    *,
    risk: float | None = None,
    strategy: str | None = None,
    places: Iterable[str] | None = None,
    at_least: Mapping[str, str | float] | None = None,
    at_most: Mapping[str, str | float] | None = None,
    replications: int = 100,
    **how: Unpack[How],
) -> Allocation:
    """Return the best split of a budget over the channels and levers that a strategy spends on.

    Parameters
    ----------
    budget
        Money a month, the mean over the horizon, such as ``12000 per month``; what is spent on these places today
        unless given. What else is spent (service, cost of sales) follows from what people do and is no part of it.
    horizon, of, risk
        How far to look, the file's horizon unless given; and the metric that is to be as high as it can: its mean, or
        with ``risk=0.05`` its 5 % quantile over futures.
    places, at_least, at_most
        Two to six channels and levers, all that spend unless given; and bounds of what they get, money a month by name.
    replications
        Of every split tried, and of the fresh ones. More make the certificate sharper.
    model, strategy, how
        As for `replicate`. A spend that is ``matched`` is a place like any other and starts at what was solved for.

    Raises
    ------
    ConfigError, ExperimentError
        If there is no such strategy, there are too few places or too many, bounds leave no room, or the metric has no
        value in some futures.
    """
    seed, options = how_to_run(how)
    model, _ = with_budgets(model, [strategy], seed, options)
    if horizon is not None:
        model = model.with_(horizon=horizon).solved_as(model)
    spots = places_of(model, strategy, places)
    _check(spots, risk)
    journey = model.journey(strategy)
    units_of(journey, (of,))
    given = None if budget is None else per_month(budget, "budget")
    low, high = _bounds(spots, at_least, 0.0), _bounds(spots, at_most, np.inf)
    root = journey.seed if seed is None else seed
    with ExitStack() as scope:
        bench = Bench(model, strategy, spots, of, risk, root, replications, replace(options, progress=False),
                      _bar(scope, options.progress))  # fmt: skip
        (today,) = replicate_jobs([Job(journey, root)], replications, options=bench.options)
        spent = _as_today(bench)
        total = float(spent.sum())
        bench.take(total if given is None else given, low, high)
        points, worth, certificate = _best(bench, spent / total if total else np.full(len(spots), 1 / len(spots)))
    return Allocation(
        of, today.label(of), today.unit(of), risk, spots, bench.budget, points,
        abs(bench.budget - total) > 0.005 * bench.budget, worth, certificate, bench.took + today.n, today,
    )  # fmt: skip


def _as_today(bench: Bench) -> FloatArray:
    """Return what each place spends today, money a month; run also what shows this where nothing is spent."""
    now = np.array([one.today for one in bench.places])
    (found,) = bench.run([now])
    count = len(bench.places)
    bench.run([np.where(np.arange(count) == i, one.probe, now) for i, one in enumerate(bench.places) if not one.today])
    if found is None:
        raise ExperimentError("today's spends cannot be run")
    return found.split


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
        found = judged(fresh, {"best": best, "today": today, "even": even})
        bench.took += fresh.took
        if found[2].holds or attempt == TRIES:
            return found
        attempt += 1
        bench.replications *= 2
        best = climbed(bench, best, FINE[-1:])


def _check(places: Sequence[Place], risk: float | None) -> None:
    """Refuse too few places or too many, and a share of futures that is none."""
    if not 2 <= len(places) <= 6:
        raise ExperimentError(f"a budget is split over two to six places, not {len(places)} "
                              f"({', '.join(one.name for one in places)}); say places=[...]")  # fmt: skip
    if risk is not None and not 0 < risk < 1:
        raise ExperimentError(f"risk is {risk}: the share of worse futures; write 0.05 for the 5 % quantile")


def _bounds(places: Sequence[Place], given: Mapping[str, str | float] | None, usual: float) -> FloatArray:
    """Return a bound of each place in money a month."""
    names = [one.name for one in places]
    for name in given or {}:
        if name not in names:
            raise ExperimentError(f"a bound of '{name}', which is no place; {nearest(str(name), names)}")
    return np.array([per_month(given[name], f"the bound of '{name}'") if given and name in given else usual
                     for name in names])  # fmt: skip


def _bar(scope: ExitStack, progress: bool) -> Callable[[int], object]:
    """Return how a bar of replications advances."""
    if not progress:
        return lambda count: None
    from tqdm.auto import tqdm

    bar: Any = scope.enter_context(tqdm(desc="splitting the budget", unit="run", leave=False))
    return lambda count: bar.update(count)
