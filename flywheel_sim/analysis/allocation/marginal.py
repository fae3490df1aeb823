"""What one more euro brings at each place it can be spent: marginal profit per euro, by place and by horizon.

Each place is run a step up and a step down, on the same people with the same luck. The step is a few per cent of the
budget, since people come and go one at a time: what a single euro moves is nearly always nothing, and now and then one
customer more.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.analysis.allocation.spends import (
    Place,
    at_spends,
    months_counted,
    per_month,
    places_of,
    read,
    spent_by_month,
)
from flywheel_sim.analysis.difference.bands import simultaneous
from flywheel_sim.analysis.difference.ranking import Ranking, ranking
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.budgets import settle
from flywheel_sim.experiment.driver import Job, Limits, Ways, replicate_jobs, units_of
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.experiment.tables import ratio_of_sums
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import MONTH
from flywheel_sim.result import Result
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, estimate_mean, figure, gap_unit, plus_minus, with_unit

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]

#: Horizons at which value is read unless said, beside the whole of it.
USUAL = ("3 months", "12 months")


@dataclass(frozen=True)
class Marginal(Result):
    """What one more euro adds to a metric at each place, on the same people with the same luck; frozen.

    Attributes
    ----------
    of, label, unit
        The metric, how it is called, and its unit per unit of money spent.
    places
        Where a euro can go.
    months
        Horizons at which it is read, in months from the start: spend and metric up to there.
    step
        Money a month by which each spend is moved, up and down; less where nothing is left to take away.
    gained, paid
        Metric and spend on the place, up less down, shape (places, horizons, replications).
    spent
        Money a month at each place today, shape (places, replications).
    today
        The runs at today's spends.
    """

    of: str
    label: str
    unit: str
    places: tuple[Place, ...]
    months: tuple[int, ...]
    step: float
    gained: FloatArray = field(repr=False)
    paid: FloatArray = field(repr=False)
    spent: FloatArray = field(repr=False)
    today: Runs = field(repr=False)

    @property
    def base_runs(self) -> dict[str, Runs]:
        """Return the runs at today's spends, by the name of the strategy."""
        return {self.today.journey.strategy or "as written": self.today}

    @cached_property
    def estimates(self) -> Mapping[tuple[str, int], Estimate]:
        """Return value per euro by place and horizon; all intervals hold at once with 95 %.

        Ratios of paired sums: what is gained over what is spent at the place itself. With profit it is net of the
        euro and of all that follows from it: 0.4 means that the euro comes back and brings 0.4 more.
        """
        shape = self.gained.shape
        columns = self._columns().reshape(-1, shape[2])
        mean, low, high, _ = simultaneous(columns.T)
        keys = [(place.name, months) for place in self.places for months in self.months]
        return {
            key: Estimate(float(m), float(a), float(b), 0.95, shape[2], self.unit, "ratio of sums")
            for key, m, a, b in zip(keys, mean, low, high, strict=True)
        }

    def at(self, place: str, months: int | None = None) -> Estimate:
        """Return value per euro at a place up to a horizon in months, the longest unless given; joint interval."""
        when = self.months[-1] if months is None else months
        if (place, when) not in self.estimates:
            held = f"places {', '.join(p.name for p in self.places)}; months {', '.join(map(str, self.months))}"
            raise ExperimentError(f"'{place}' up to month {when} was not asked for; there are {held}")
        return self.estimates[place, when]

    def ranking(self, months: int | None = None) -> Ranking:
        """Return places in the order of what a euro brings there, with joint intervals of all differences."""
        when = self.months.index(self.months[-1] if months is None else months)
        values = {place.name: self._columns()[i, when] for i, place in enumerate(self.places)}
        return ranking(values, f"{self.of} per euro", self.unit, self.unit)

    def frame(self) -> pd.DataFrame:
        """Return the tidy table: one row per place and horizon.

        Columns: place, kind, months, value per euro with its joint interval (mean, low, high), unit, leading (whether
        it is the best place by then or cannot be told apart from it), spend in the place's own unit, spend_unit,
        per_month in money, n.
        """
        import pandas as pd

        leaders = {months: self.ranking(months).leaders for months in self.months}
        rows = []
        for place, spent in zip(self.places, self.spent, strict=True):
            for months in self.months:
                one = self.estimates[place.name, months]
                rows.append((place.name, place.kind, months, one.mean, one.low, one.high, one.unit,
                             place.name in leaders[months], place.today, place.unit, spent.mean(), one.n))  # fmt: skip
        columns = ["place", "kind", "months", "mean", "low", "high", "unit", "leading", "spend", "spend_unit",
                   "per_month", "n"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def table(self) -> pd.DataFrame:
        """Return places with what they spend and what a euro brings at each horizon, as texts."""
        import pandas as pd

        money = self.places[0].currency
        columns: dict[str, list[str]] = {
            "own unit": [place.shown(place.today) for place in self.places],
            f"{money} per month".strip(): [plus_minus(estimate_mean(row, money)) for row in self.spent],
        }
        for months in self.months:
            columns[f"{months} months"] = [
                plus_minus(self.estimates[place.name, months], signed=True) for place in self.places
            ]
        return pd.DataFrame(columns, index=pd.Index([place.name for place in self.places], name="place"))

    def answer(self) -> str:
        """Return the answer in words: where a euro brings most, by the shortest and by the longest horizon."""
        said = []
        for months in dict.fromkeys((self.months[0], self.months[-1])):
            order = self.ranking(months)
            best, others = order.names[0], [name for name in order.leaders if name != order.names[0]]
            found = self.estimates[best, months]
            text = f"Within {months} months the next euro brings most at {best}: {_worth(found)}"
            if others:
                text += f"; these runs cannot tell {' or '.join(others)} apart from it"
            last = order.names[-1]
            if last not in order.leaders:
                text += f". It brings least at {last}: {_worth(self.estimates[last, months])}"
            said.append(f"{text}.")
        return " ".join(said)

    def __str__(self) -> str:
        return "\n".join([self.answer(), self.table().to_string(), self._note()])

    def _repr_html_(self) -> str:
        said, noted = html.escape(self.answer()), html.escape(f"{self._note()}. {self.today.provenance}")
        return f"<p><b>{said}</b></p>{self.table().to_html()}<p><small>{noted}</small></p>"

    def _note(self) -> str:
        net = "net of the euro itself, " if self.of == "profit" else ""
        return (
            f"{self.label} per euro spent at the place, {net}with joint 95 % intervals, n = {self.today.n:,}; "
            f"each spend moved by {with_unit(self.step, self.places[0].currency)} per month up and down"
        )

    def _columns(self) -> FloatArray:
        """Return the ratios spread over replications, whose means and standard errors are those of the ratios."""
        ratio = ratio_of_sums(np.moveaxis(self.gained, 2, 0), np.moveaxis(self.paid, 2, 0))[0][..., None]
        return np.asarray(ratio + (self.gained - ratio * self.paid) / self.paid.mean(axis=2, keepdims=True))


def marginal(
    model: Scenario,
    strategy: str | None = None,
    of: str = "profit",
    *,
    step: str | float = "5 %",
    horizons: Sequence[str] | None = None,
    places: Iterable[str] | None = None,
    replications: int = 100,
    seed: int | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: bool = False,
    engine: str = "kernel",
    limits: Limits | None = None,
) -> Marginal:
    """Return what one more euro adds to a metric at each channel and lever that spends.

    Parameters
    ----------
    model, strategy
        The scenario, and one of its strategies; without one, the file as written.
    of
        A metric that adds up over months. Profit is net of the euro; others, such as ``revenue``, are not.
    step
        By how much each spend is moved: a share of the budget (all that these places spend), or money per month. A
        smaller step is nearer to one euro and noisier.
    horizons
        Such as ``["3 months", "12 months"]``, whole months up to the scenario's; these two and the whole unless given.
    places
        Channels and levers; all that the strategy spends on unless given.
    replications, seed, workers, executor, progress, engine, limits
        As for `replicate`. A spend that is ``matched`` is solved for once and stays as a budget decided on.

    Raises
    ------
    ExperimentError
        If there is no such place, the metric does not add up over months, or the step or a horizon is not usable.
    ConfigError
        If there is no such strategy, or a lever does not say what its rates are at another spend.
    """
    ways = Ways(workers, executor, progress, engine, limits or Limits())
    model, _ = settle(model, [strategy], seed=seed, ways=ways)
    spots = places_of(model, strategy, places)
    journey = model.journey(strategy)
    units_of(journey, (of,))
    months = _months(journey, horizons)
    root = journey.seed if seed is None else seed
    spends = {place: place.today for place in spots}
    probed = [{**spends, place: place.probe} for place in spots if not place.today]
    pilot = [journey, *(at_spends(model, strategy, one) for one in probed)]
    runs = replicate_jobs([Job(one, root) for one in pilot], replications, ways)
    today, probes = runs[0], iter(runs[1:])
    if (metric := today.metric(of)).aggregation != "sum":
        raise ExperimentError(f"'{of}' does not add up over months, so a euro adds nothing to it; ask for profit")
    spent = spent_by_month(today, spots)
    budget = float(spent.sum(axis=0).mean())
    size = step_of(step, budget)
    moves = []
    for place, now in zip(spots, spent.mean(axis=1), strict=True):
        comes_to = now / place.today if place.today else spent_by_month(next(probes), [place]).mean() / place.probe
        if not comes_to > 0:
            raise ExperimentError(f"nothing is ever spent on '{place.name}', whatever it says; leave it out of places")
        for sign in (1, -1):
            moves.append({**spends, place: max(0.0, place.today + sign * size / comes_to)})

    def keep(_: int, runs: Runs) -> tuple[FloatArray, FloatArray]:
        until = [one - 1 for one in months]
        paid = [np.cumsum(place.series(runs.books)[:, runs.books.warm_up :], axis=1) for place in spots]
        reads = [one - runs.books.warm_up for one in until]
        return runs.series(of, cumulative=True)[:, until].T, np.array([row[:, reads].T for row in paid])

    jobs = [Job(at_spends(model, strategy, one), root) for one in moves]
    found = replicate_jobs(jobs, replications, ways, keep=keep)
    gained, paid = [], []
    for i in range(len(spots)):
        up, down = found[2 * i], found[2 * i + 1]
        gained.append(up[0] - down[0])
        paid.append(up[1][i] - down[1][i])
    money = journey.currency or "money units"
    unit = f"{gap_unit(metric.unit_for(journey))} per {money}"
    return Marginal(
        of, metric.label, unit, spots, months, size, np.array(gained), np.array(paid), spent, today
    )  # fmt: skip


def step_of(step: str | float, budget: float) -> float:
    """Return a step in money a month, from a share of the budget or from money per month.

    Raises
    ------
    ExperimentError
        If it is neither, or not positive.
    """
    found = read(step, "step", "5 %")
    size = found.number * budget if found.form == "percent" else per_month(step, "step")
    if not size > 0:
        raise ExperimentError(f"step is '{step}', which moves nothing; write '5 %' of the budget, or '500 per month'")
    return size


def _months(journey: Journey, horizons: Sequence[str] | None) -> tuple[int, ...]:
    """Return horizons in whole months from the start, ascending."""
    first, last = journey.warm_up // MONTH, int(months_counted(journey) + journey.warm_up / MONTH)
    wanted = USUAL if horizons is None else horizons
    found = {last} if horizons is None and last > first else set()
    for one in [wanted] if isinstance(wanted, str) else wanted:
        held = read(one, "horizon", "12 months")
        months = held.number / MONTH
        fits = held.form == "duration" and months == int(months) and first < months <= last
        if fits:
            found.add(int(months))
        elif horizons is not None:
            raise ExperimentError(f"horizon '{one}': whole months are needed, from {first + 1} to {last}")
    if not found:
        raise ExperimentError(f"no whole month lies within the horizon of '{journey.name}'; make it longer")
    return tuple(sorted(found))


def _worth(found: Estimate) -> str:
    """Return value per euro with its joint interval, for a sentence."""
    sign = "+" if found.mean > 0 else ""
    if np.isnan(found.low):
        return f"{sign}{with_unit(found.mean, found.unit)}"
    return (
        f"{sign}{with_unit(found.mean, found.unit)} (joint 95 % interval {figure(found.low)} to {figure(found.high)})"
    )
