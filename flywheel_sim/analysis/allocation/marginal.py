"""What one more euro brings at each place it can be spent: marginal profit per euro, by place and by horizon.

Each place is run a step up and a step down, on the same people with the same luck. The step is a few per cent of the
budget, since people come and go one at a time: what a single euro moves is nearly always nothing, and now and then one
customer more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Unpack

import numpy as np

from flywheel_sim.analysis.allocation.spends import (
    Place,
    at_spends,
    goods_by_month,
    months_counted,
    per_month,
    places_of,
    read,
    spent_by_month,
)
from flywheel_sim.analysis.difference.pairs import AgainstToday
from flywheel_sim.analysis.difference.ranking import Ranking, ranking
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.asking import How, how_to_run
from flywheel_sim.experiment.bands import simultaneous
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.driver import Job, replicate_jobs, units_of
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import MONTH
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import (
    Estimate,
    FloatArray,
    estimate_mean,
    figure,
    gap_unit,
    plus_minus,
    ratio_of_sums,
    with_unit,
)

if TYPE_CHECKING:
    import pandas as pd


#: Horizons at which value is read unless said, beside the whole of it.
USUAL = ("3 months", "12 months")


@dataclass(frozen=True)
class Marginal(AgainstToday):
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

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        net = "net of the euro itself, " if self.of == "profit" else ""
        return (
            f"{self.label} per euro spent at the place, {net}with joint 95 % intervals, n = {self.today.n:,}; "
            f"each spend moved by {with_unit(self.step, self.places[0].currency)} per month up and down"
        )

    def remarks(self) -> list[str]:
        """Return what the cost of sales is, which no budget holds, where there is any."""
        goods = estimate_mean(goods_by_month(self.today), f"{self.places[0].currency} per month".strip())
        if not goods.mean:
            return []
        net = ", and taken off in what a euro brings" if self.of in ("profit", "gross_profit", "contribution") else ""
        return [f"Cost of sales is no part of these spends{net}: {plus_minus(goods)} {goods.unit} today"]

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
    **how: Unpack[How],
) -> Marginal:
    """Return what one more euro adds to a metric at each channel and lever that spends.

    Parameters
    ----------
    of
        A metric that adds up over months. Profit is net of the euro; others, such as ``revenue``, are not.
    step
        By how much each spend is moved: a share of the budget (all that these places spend), or money per month. A
        smaller step is nearer to one euro and noisier.
    horizons
        Such as ``["3 months", "12 months"]``, whole months up to the scenario's; these two and the whole unless given.
    places
        Channels and levers; all that the strategy spends on unless given.
    model, strategy, replications, how
        As for `replicate`. A spend that is ``matched`` is solved for once and stays as a budget decided on.

    Raises
    ------
    ExperimentError
        If there is no such place, the metric does not add up over months, or the step or a horizon is not usable.
    ConfigError
        If there is no such strategy, or a lever does not say what its rates are at another spend.
    """
    seed, options = how_to_run(how)
    model, _ = with_budgets(model, [strategy], seed, options)
    spots = places_of(model, strategy, places)
    journey = model.journey(strategy)
    units_of(journey, (of,))
    months = _months(journey, horizons)
    root = journey.seed if seed is None else seed
    probes = {place: at_spends(model, strategy, _with(spots, place, place.probe)) for place in spots if not place.today}
    today, *probed = replicate_jobs([Job(one, root) for one in (journey, *probes.values())], replications, options)
    if (metric := today.metric(of)).aggregation != "sum":
        raise ExperimentError(f"'{of}' does not add up over months, so a euro adds nothing to it; ask for profit")
    spent = spent_by_month(today, spots)
    size = step_of(step, float(spent.sum(axis=0).mean()))
    costs = _costs(spots, spent, dict(zip(probes, probed, strict=True)))
    moves = _moves(model, strategy, costs, size)

    def keep(_: int, runs: Runs) -> tuple[FloatArray, FloatArray]:
        return _by_horizon(runs, of, spots, months)

    found = replicate_jobs([Job(one, root) for one in moves], replications, options, keep=keep)
    pairs = list(zip(found[::2], found[1::2], strict=True))
    unit = f"{gap_unit(metric.unit_for(journey))} per {journey.currency or 'money units'}"
    return Marginal(
        of, metric.label, unit, spots, months, size, np.array([up[0] - down[0] for up, down in pairs]),
        np.array([up[1][i] - down[1][i] for i, (up, down) in enumerate(pairs)]), spent, today,
    )  # fmt: skip


def _with(places: Iterable[Place], which: Place, spend: float) -> dict[Place, float]:
    """Return today's spends with another at one place."""
    return {**{place: place.today for place in places}, which: spend}


def _costs(places: Sequence[Place], spent: FloatArray, probed: Mapping[Place, Runs]) -> dict[Place, float]:
    """Return what one of each place's own unit comes to in money a month.

    Parameters
    ----------
    places, spent
        Where money can go, and what each spends a month today, shape (places, replications).
    probed
        Runs in which there is a spend at a place where there is none today.

    Raises
    ------
    ExperimentError
        If nothing is ever spent at a place.
    """
    found = {}
    for place, now in zip(places, spent.mean(axis=1), strict=True):
        found[place] = now / place.today if place.today else spent_by_month(probed[place], [place]).mean() / place.probe
        if not found[place] > 0:
            raise ExperimentError(f"nothing is ever spent on '{place.name}', whatever it says; leave it out of places")
    return found


def _moves(model: Scenario, strategy: str | None, costs: Mapping[Place, float], size: float) -> list[Journey]:
    """Return journeys in which a place spends so much more, then so much less, one place after the other.

    Parameters
    ----------
    model, strategy
        The scenario, and one of its strategies.
    costs
        For each place what one of its own unit comes to in money a month.
    size
        Of a move, money a month.
    """
    return [
        at_spends(model, strategy, _with(costs, place, max(0.0, place.today + sign * size / cost)))
        for place, cost in costs.items()
        for sign in (1, -1)
    ]


def _by_horizon(runs: Runs, of: str, places: Sequence[Place], months: Sequence[int]) -> tuple[FloatArray, FloatArray]:
    """Return a metric up to horizons, and what each place has spent by then.

    Returns
    -------
    tuple of ndarray
        Of shapes (horizons, replications) and (places, horizons, replications).
    """
    start = runs.books.warm_up
    gained = runs.series(of, cumulative=True)[:, [one - 1 for one in months]].T
    spent = [np.cumsum(place.series(runs.books)[:, start:], axis=1) for place in places]
    return gained, np.array([row[:, [one - 1 - start for one in months]].T for row in spent])


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
