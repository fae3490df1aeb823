"""Two strategies on the same people with the same luck, run at values of rates as these are asked for, each once.

For one seed the mean difference is a function of the rates alone, with small jumps where somebody decides otherwise.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.breakeven.search import rounded
from flywheel_sim.analysis.rates.steps import own, points, run_over, shown_unit, written
from flywheel_sim.arguments import shown
from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.experiment.asking import Strategies, pair_of, refuse_metrics
from flywheel_sim.experiment.budgets import NEAR, with_budgets
from flywheel_sim.experiment.driver import replicate_jobs, units_of
from flywheel_sim.experiment.progress import bar, grown
from flywheel_sim.experiment.running import Job, RunOptions
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.units import MONTH, Quantity, UnitError, parse
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, gap_unit

Point = tuple[float, ...]
#: Values of a rate, in its own unit or as texts: two ends, or all to look at; or a text such as ``80 %:95 %:9``.
Values = str | Sequence[float | str]

#: Roots are found to this share of the range; values tried are rounded to a tenth of it.
TOLERANCE = 5e-4
#: What a month is said by.
BY = takes.optional(takes.either(takes.whole(1, example="24"), takes.text("a time such as '24 months'", "'24 months'")))


@dataclass(frozen=True)
class Gap:
    """What two strategies differ by at one point.

    Attributes
    ----------
    values
        Paired difference of the metric by the month asked for, shape (replications,).
    paths
        Cumulative difference, shape (replications, periods); None where the metric has no running sum.
    budget
        Mean budget by that month: of the one held against, and of the other.
    """

    values: FloatArray
    paths: FloatArray | None
    budget: tuple[float, float]


@dataclass
class Paired:
    """Two strategies on the same people with the same luck, at points each of which is run once.

    Attributes
    ----------
    model
        The scenario, its matched spends solved for, what is asked for known.
    names
        Whom it is held against, and whom it is about.
    over
        Names of the rates that a point has values of.
    rates
        What each of them is in the first strategy.
    today
        For each rate, its value today in both strategies, in its own unit.
    of, by
        The metric and the month.
    solve
        Gives the scenario with its matched spends at a point, where these do not stay.
    """

    model: Scenario
    names: tuple[str, str]
    over: tuple[str, ...]
    rates: tuple[Quantity, ...]
    today: tuple[tuple[float, float], ...]
    of: str
    by: int
    unit: str
    replications: int
    seed: int
    options: RunOptions
    solve: Callable[[Scenario, Point], Scenario] | None = None
    advance: Callable[[int], object] = lambda count: None
    known: dict[Point, Gap] = field(default_factory=dict)

    @property
    def units(self) -> tuple[str, ...]:
        """Return for each rate the unit its figures are shown in."""
        return tuple(shown_unit(rate) for rate in self.rates)

    @property
    def factors(self) -> tuple[float, ...]:
        """Return for each rate what its figures are shown times: 100 for chances."""
        return tuple(100.0 if rate.form == "percent" else 1.0 for rate in self.rates)

    @contextmanager
    def beside_a_bar(self, values: int) -> Iterator[None]:
        """Show how many runs are done, where asked for, of those at so many values; a search takes more."""
        if not self.options.progress:
            yield
            return
        with bar(2 * self.replications * (values + 1), "break-even") as at:
            self.advance = lambda count: at.update(grown(at, count))
            yield

    def at_point(self, point: Point) -> Scenario:
        """Return the scenario at a point, its matched spends not solved for."""
        figures = zip(self.over, self.rates, point, strict=True)
        return self.model.with_(**{name: written(rate, value) for name, rate, value in figures})

    def base(self) -> tuple[dict[str, Runs], Gap]:
        """Return the runs at today's figures, and what they differ by."""
        jobs = [Job(self.model.journey(name), self.seed) for name in self.names]
        runs = replicate_jobs(jobs, self.replications, replace(self.options, progress=False))
        self.advance(2 * self.replications)
        gap = self._gap(*(self._read(one) for one in runs))
        if all(one == other for one, other in self.today):
            self.known[tuple(one for one, _ in self.today)] = gap
        return dict(zip(self.names, runs, strict=True)), gap

    def run(self, points: Iterable[Point]) -> None:
        """Run both strategies at points that have not been run."""
        new = [point for point in dict.fromkeys(points) if point not in self.known]
        jobs = []
        for point in new:
            changed = self.at_point(point)
            changed = self.solve(changed, point) if self.solve else changed.solved_as(self.model)
            jobs += [Job(changed.journey(name), self.seed) for name in self.names]

        def keep(index: int, runs: Runs) -> tuple[FloatArray, FloatArray | None, float]:
            self.advance(runs.n)
            return self._read(runs)

        if jobs:
            read_of = replicate_jobs(jobs, self.replications, replace(self.options, progress=False), keep=keep)
            for index, point in enumerate(new):
                self.known[point] = self._gap(read_of[2 * index], read_of[2 * index + 1])

    def at(self, point: Point) -> Estimate:
        """Return the mean paired difference at a point."""
        self.run([point])
        values = self.known[point].values
        estimate = estimate_mean(values[np.isfinite(values)], self.unit)
        if estimate.n < 2:
            where = ", ".join(f"{name} {value:.6g}" for name, value in zip(self.over, point, strict=True))
            raise ExperimentError(f"'{self.of}' has no difference in two replications at {where}: leave that value out")
        return estimate

    def _read(self, runs: Runs) -> tuple[FloatArray, FloatArray | None, float]:
        budget = float(runs.series("budget", cumulative=True)[:, self.by - 1].mean())
        kind = runs.metric(self.of).aggregation
        if kind == "sum":
            paths = runs.series(self.of, cumulative=True)
            return paths[:, self.by - 1], paths, budget
        if kind == "last":
            return runs.series(self.of)[:, self.by - 1], None, budget
        if self.by < runs.journey.months:
            raise ExperimentError(f"'{self.of}' has no figure by month {self.by}: it is of the whole run; leave by "
                                  f"out, or take horizon='{self.by} months'")  # fmt: skip
        return runs.terms(self.of), None, budget

    def _gap(
        self, base: tuple[FloatArray, FloatArray | None, float], other: tuple[FloatArray, FloatArray | None, float]
    ) -> Gap:
        paths = None if base[1] is None or other[1] is None else other[1] - base[1]
        with np.errstate(invalid="ignore"):
            return Gap(other[0] - base[0], paths, (base[2], other[2]))


def pair_up(
    model: Scenario, over: Sequence[str], of: str, by: int | str | None, strategies: Strategies,
    replications: int, seed: int | None, options: RunOptions, values: Mapping[str, Values] | None = None,
) -> Paired:  # fmt: skip
    """Return two strategies ready to be run at any value of some rates.

    Raises
    ------
    ExperimentError
        If strategies, metric, month or rates are not what they should be.
    ConfigError
        If there is no such rate or strategy.
    """
    if replications < 2:
        raise ExperimentError(f"{replications} replications have no interval: at least two are needed; write 200")
    names = pair_of(model, strategies, "a break-even")
    refuse_metrics(model, names, (of,))
    rates, today = [], []
    for name in over:
        first, other = (run_over(model, name, strategy) for strategy in names)
        rates.append(first)
        today.append((own(first), own(other, first)))
    plain = model.unmatched_journey(names[0])
    month = _month(by, plain.months, plain.warm_up // MONTH)
    for name, first in zip(over, rates, strict=True):
        if (given := (values or {}).get(name)) is not None:
            for value in points(model, name, first, given):  # what the rate does not take is refused before it runs
                model.with_(**{name: written(first, value)})
    model, _ = with_budgets(model, names, seed, options)
    for name in over:
        if any(_is_uncertain(model, name, strategy) for strategy in (None, *names)):
            model = model.with_(**{f"rates.{name}.uncertain": None}).solved_as(model)
    return Paired(
        model=model,
        names=names,
        over=tuple(over),
        rates=tuple(rates),
        today=tuple(today),
        of=of,
        by=month,
        unit=gap_unit(units_of(plain, (of,))[of]),
        replications=replications,
        seed=plain.seed if seed is None else seed,
        options=options,
    )


def _is_uncertain(model: Scenario, rate: str, strategy: str | None) -> bool:
    return model.rate(rate, strategy).uncertain


def _month(by: int | str | None, periods: int, warm_up: int) -> int:
    """Return the month by which figures are taken."""
    month: float = periods
    if isinstance(by, str):
        try:
            quantity = parse(by)
        except UnitError as error:
            raise ExperimentError(f"by '{by}': {error.rule}; write '24 months', or the month's number") from None
        month = {"duration": quantity.number / MONTH, "number": quantity.number}.get(quantity.form, math.nan)
    elif by is not None:
        month = by
    if isinstance(by, bool) or month != month // 1 or not warm_up < month <= periods:
        raise ExperimentError(f"by {by!r}: the months that count are {warm_up + 1} to {periods}; write '24 months' or "
                              "24, or take a longer horizon")  # fmt: skip
    return int(month)


def grid_of(paired: Paired, which: int, values: Values | None, count: int) -> list[float]:
    """Return the values of a rate at which to look first, in its own unit, ascending.

    Between two ends, or the usual ones around today's, they lie evenly, with today's among them where both strategies
    have the same.

    Raises
    ------
    ExperimentError
        If there are not two values at least, each above the one before.
    """
    name, rate = paired.over[which], paired.rates[which]
    given = points(paired.model, name, rate, values, count, wide=True)
    if values is None:
        given = [min(given), max(given)]
    if len(given) < 2 or any(low >= high for low, high in itertools.pairwise(given)):
        raise ExperimentError(f"values of '{name}' are {shown(values)}: at least two are needed, each above the one "
                              "before; write '80 %:95 %', or ['80 %', '95 %']")  # fmt: skip
    today = paired.today[which]
    if len(given) > 2:
        return sorted({*given, *((today[0],) if today[0] == today[1] and given[0] < today[0] < given[-1] else ())})
    return values_in(given[0], given[1], count, today)


def values_in(low: float, high: float, count: int, today: tuple[float, float]) -> list[float]:
    """Return values evenly over a range, with today's among them where both strategies have the same."""
    grid = {low, high, *(rounded(float(value), high - low) for value in np.linspace(low, high, count)[1:-1])}
    if today[0] == today[1] and low < today[0] < high:
        grid.add(today[0])
    return sorted(grid)


def solved_anew(paired: Paired, grid: Sequence[float]) -> Callable[[Scenario, Point], Scenario]:
    """Return what gives a scenario matched spends of equal budgets at a value of the rate.

    They are solved for at the values of a grid and taken from a monotone curve between them (Fritsch and Butland 1984,
    doi:10.1137/0905021).

    Raises
    ------
    ExperimentError
        If nothing is matched, or budgets cannot be made equal at some value.
    """
    from scipy.interpolate import PchipInterpolator

    (name,) = paired.over
    today: Mapping[str, float] = dict(paired.model.solved)
    if not today:
        raise ExperimentError("no spend of these strategies is 'matched', so there is none to solve for anew; "
                              "leave rematch out")  # fmt: skip
    spends: dict[str, list[float]] = {strategy: [] for strategy in today}
    for value in grid:
        changed = paired.model if (value, value) == paired.today[0] else paired.at_point((value,))
        try:
            changed, _ = with_budgets(changed, paired.names, paired.seed, paired.options, near=2 * NEAR)
        except (ExperimentError, ConfigError) as error:
            raise ExperimentError(f"{name} {value:.6g}: {error}; or leave that value out of values") from error
        for strategy, spend in changed.solved:
            spends[strategy].append(spend)
    curves = {strategy: PchipInterpolator(grid, along) for strategy, along in spends.items()}

    def solve(changed: Scenario, point: Point) -> Scenario:
        for strategy, curve in curves.items():
            changed = changed.at_spend(strategy, max(0.0, float(curve(point[0]))))
        return changed

    return solve
