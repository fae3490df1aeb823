"""The best split of one budget over the channels and levers that spend, and how it moves with the horizon.

The search (`flywheel_sim.analysis.allocation.split_search`) and the verdict do not share their luck: what is reported
of the best split, of today's and of an even one, and whether anything beats the best, comes from fresh replications.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.analysis.allocation.certificate import Certificate, judged
from flywheel_sim.analysis.allocation.spends import Place, per_month, places_of
from flywheel_sim.analysis.allocation.split_search import FINE, Bench, Point, climbed, futures, searched
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.budgets import settle
from flywheel_sim.experiment.driver import Job, Limits, Ways, replicate_jobs, units_of
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.units import format_duration
from flywheel_sim.result import Result
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, estimate_mean, estimate_quantile, figure, gap_unit, plus_minus, with_unit

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]

#: How often a split that fresh luck improves on is searched on from there, each time on twice the replications.
TRIES = 2


@dataclass(frozen=True)
class Allocation(Result):
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
    points: Mapping[str, Point] = field(repr=False)
    scaled: bool
    worth: Mapping[str, Estimate] = field(repr=False)
    certificate: Certificate = field(repr=False)
    took: int
    today: Runs = field(repr=False)

    @property
    def base_runs(self) -> dict[str, Runs]:
        """Return the runs at today's spends, by the name of the strategy."""
        return {self.today.journey.strategy or "as written": self.today}

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
        return pd.DataFrame(columns, index=pd.Index([*(place.name for place in self.places), "total"], name="place"))

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

    def __str__(self) -> str:
        return "\n".join(
            [self.answer(), self.table().to_string(), f"to paste into a strategy: {self.spend}", self._note()]
        )

    def _repr_html_(self) -> str:
        said, noted = html.escape(self.answer()), html.escape(f"{self._note()}. {self.today.provenance}")
        return f"<p><b>{said}</b></p>{self.table().to_html()}<p><small>{noted}</small></p>"

    def _note(self) -> str:
        return (
            f"money in {self.places[0].currency or 'money'} per month, the mean over {self.today.months}; splits spend "
            f"the same to {100 * self._apart():.2g} %; one more euro: joint 95 % intervals; n = {self.today.n:,}, "
            f"{self.took:,} runs in all"
        )

    def _apart(self) -> float:
        """Return by which share of the budget the splits spend apart."""
        totals = [point.split.sum() for point in self.points.values()]
        return float((max(totals) - min(totals)) / self.budget)

    def _point(self, name: str) -> Point:
        if name not in self.points:
            raise ExperimentError(f"'{name}' is no split; {nearest(name, self.points)}")
        return self.points[name]


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
    seed: int | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: bool = False,
    engine: str = "kernel",
    limits: Limits | None = None,
) -> Allocation:
    """Return the best split of a budget over the channels and levers that a strategy spends on.

    Parameters
    ----------
    model, strategy
        The scenario, and one of its strategies; without one, the file as written.
    budget
        Money a month, the mean over the horizon, such as ``12000 per month``; what is spent on these places today
        unless given. What else is spent (service, overheads) follows from what people do and is no part of it.
    horizon
        How far to look; the file's unless given.
    of, risk
        The metric that is to be as high as it can: its mean, or with ``risk=0.05`` its 5 % quantile over futures.
    places
        Two to six channels and levers; all that spend unless given.
    at_least, at_most
        Bounds of what places get, money a month by name.
    replications
        Of every split tried, and of the fresh ones. More make the certificate sharper.
    seed, workers, executor, progress, engine, limits
        As for `replicate`. A spend that is ``matched`` is a place like any other and starts at what was solved for.

    Raises
    ------
    ExperimentError
        If there are too few places or too many, bounds leave no room, or the metric has no value in some futures.
    ConfigError
        If there is no such strategy.
    """
    ways = Ways(workers, executor, progress, engine, limits or Limits())
    model, _ = settle(model, [strategy], seed=seed, ways=ways)
    if horizon is not None:
        model = model.with_(horizon=horizon).solved_as(model)
    spots = places_of(model, strategy, places)
    if not 2 <= len(spots) <= 6:
        named = ", ".join(one.name for one in spots)
        raise ExperimentError(f"a budget is split over two to six places, not {len(spots)} ({named}); say places=[...]")
    if risk is not None and not 0 < risk < 1:
        raise ExperimentError(f"risk is {risk}: the share of worse futures; write 0.05 for the 5 % quantile")
    journey = model.journey(strategy)
    units_of(journey, (of,))
    given = None if budget is None else per_month(budget, "budget")
    low, high = _bounds(spots, at_least, 0.0), _bounds(spots, at_most, np.inf)
    root = journey.seed if seed is None else seed
    with ExitStack() as scope:
        bench = Bench(model, strategy, spots, of, risk, root, replications, replace(ways, progress=False),
                      _bar(scope, progress))  # fmt: skip
        now = np.array([one.today for one in spots])
        (today,) = replicate_jobs([Job(journey, root)], replications, ways=bench.ways)
        (at_now,) = bench.run([now])
        bench.run(
            [np.where(np.arange(len(spots)) == i, one.probe, now) for i, one in enumerate(spots) if not one.today]
        )
        if at_now is None:
            raise ExperimentError("today's spends cannot be run")
        total = float(at_now.split.sum())
        bench.budget = total if given is None else given
        bench.low, bench.high = low, np.minimum(high, bench.budget)
        _check(bench)
        shares = at_now.split / total if total else np.full(len(spots), 1 / len(spots))
        held, even = bench.budget * shares, np.full(len(spots), bench.budget / len(spots))
        heaped = [0.4 * even + 0.6 * bench.budget * row for row in np.eye(len(spots))]
        best = searched(bench, [held, even, *heaped])
        for attempt in range(1, TRIES + 1):
            fresh = replace(bench, root=(root + attempt) % 2**32, done=list(bench.done), took=0)
            points, worth, certificate = judged(fresh, {"best": best, "today": held, "even": even})
            bench.took += fresh.took
            if certificate.holds or attempt == TRIES:
                break
            bench.replications *= 2
            best = climbed(bench, best, FINE[-1:])
    units = today.unit(of)
    return Allocation(
        of, today.metric(of).label, units, risk, spots, bench.budget, points,
        abs(bench.budget - total) > 0.005 * bench.budget, worth, certificate, bench.took + today.n, today,
    )  # fmt: skip


def _bounds(places: Sequence[Place], given: Mapping[str, str | float] | None, usual: float) -> FloatArray:
    """Return a bound of each place in money a month."""
    names = [one.name for one in places]
    for name in given or {}:
        if name not in names:
            raise ExperimentError(f"a bound of '{name}', which is no place; {nearest(str(name), names)}")
    return np.array([per_month(given[name], f"the bound of '{name}'") if given and name in given else usual
                     for name in names])  # fmt: skip


def _check(bench: Bench) -> None:
    """Refuse a budget of nothing, and bounds that leave no room for it."""
    if not bench.budget > 0:
        raise ExperimentError("a budget of nothing cannot be split; write budget='12000 per month'")
    if (bench.low > bench.high).any() or not bench.low.sum() <= bench.budget <= bench.high.sum():
        raise ExperimentError(
            f"{bench.budget:,.0f} per month do not fit between at_least ({bench.low.sum():,.0f} in all) and at_most "
            f"({bench.high.sum():,.0f} in all); change a bound or the budget"
        )


def _bar(scope: ExitStack, progress: bool) -> Callable[[int], object]:
    """Return how a bar of replications advances."""
    if not progress:
        return lambda count: None
    from tqdm.auto import tqdm

    bar: Any = scope.enter_context(tqdm(desc="splitting the budget", unit="run", leave=False))
    return lambda count: bar.update(count)
