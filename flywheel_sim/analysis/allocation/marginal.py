"""What one more euro brings at each place it can be spent: marginal profit per euro, by place and by horizon.

Each place is run a step up and a step down, on the same people with the same luck. The step is a few per cent of the
budget, since people come and go one at a time: what a single euro moves is nearly always nothing, and now and then one
customer more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Unpack

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.allocation.asked import FORMER, PLACES
from flywheel_sim.analysis.allocation.one_more import costs_of, gained_and_spent, moved_both_ways, one_changed
from flywheel_sim.analysis.allocation.spends import (
    Place,
    at_spends,
    goods_by_month,
    months_counted,
    per_month,
    places_of,
    read,
    refuse_places,
    spent_by_month,
)
from flywheel_sim.analysis.difference.pairs import AgainstToday
from flywheel_sim.analysis.difference.ranking import Ranking, ranking
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.asking import (
    COUNT,
    DURATION,
    How,
    Model,
    Strategies,
    how_to_run,
    names_of,
    one_of,
    refuse_metrics,
    scenario_of,
    verb,
)
from flywheel_sim.experiment.bands import simultaneous
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.driver import metric_in, replicate_jobs
from flywheel_sim.experiment.running import Job, RunOptions
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import MONTH
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import (
    Estimate,
    FloatArray,
    between,
    estimate_mean,
    gap_unit,
    plus_minus,
    ratio_of_sums,
    with_unit,
)

if TYPE_CHECKING:
    import pandas as pd


#: Horizons at which value is read unless said, beside the whole of it.
USUAL = ("3 months", "12 months")

_TIMES = takes.optional(takes.either(DURATION, takes.listed(DURATION, "a list of times", "['3 months', '12 months']")))
_STEP = takes.either(takes.number(0, open_low=True, example="500"), takes.text("a share such as '5 %'", "'5 %'"))


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
        Metric and spend on the place, up minus down, shape (places, horizons, replications).
    spent
        Money a month at each place today, shape (places, replications).
    today
        The runs at today's spends.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> euro = fs.marginal("next_euro", over=["search_ads", "onboarding"], horizon="3 months", replications=5)
    >>> sorted(euro.ranking().names)
    ['onboarding', 'search_ads']
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
        when = self._when(months)
        if (place, when) not in self.estimates:
            known = [one.name for one in self.places]
            raise ExperimentError(f"place is '{place}', which was not asked for; {nearest(place, known)}")
        return self.estimates[place, when]

    def ranking(self, months: int | None = None) -> Ranking:
        """Return places in the order of what a euro brings there, with joint intervals of all differences."""
        when = self.months.index(self._when(months))
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
        sentences = []
        for months in dict.fromkeys((self.months[0], self.months[-1])):
            order = self.ranking(months)
            best, others = order.names[0], [name for name in order.leaders if name != order.names[0]]
            worth = self.estimates[best, months]
            text = f"Within {months} months the next euro brings most at {best}: {_worth(worth)}"
            if others:
                text += f"; these runs cannot tell {' or '.join(others)} apart from it"
            last = order.names[-1]
            if last not in order.leaders:
                text += f". It brings least at {last}: {_worth(self.estimates[last, months])}"
            sentences.append(f"{text}.")
        return " ".join(sentences)

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

    def _when(self, months: int | None) -> int:
        """Return a horizon that was asked for, in months; the longest unless given."""
        when = self.months[-1] if months is None else takes.whole(1, example=str(self.months[-1])).of("months", months)
        if when not in self.months:
            raise ExperimentError(
                f"months is {when}, which was not asked for; write {' or '.join(map(str, self.months))}"
            )
        return int(when)

    def _columns(self) -> FloatArray:
        """Return the ratios spread over replications, whose means and standard errors are those of the ratios."""
        ratio = ratio_of_sums(np.moveaxis(self.gained, 2, 0), np.moveaxis(self.paid, 2, 0))[0][..., None]
        return np.asarray(ratio + (self.gained - ratio * self.paid) / self.paid.mean(axis=2, keepdims=True))


@verb(FORMER, over=PLACES, horizon=_TIMES, step=_STEP, replications=COUNT)
def marginal(
    model: Model,
    of: str = "profit",
    over: str | Sequence[str] | None = None,
    *,
    strategies: Strategies = None,
    horizon: str | Sequence[str] | None = None,
    step: str | float = "5 %",
    replications: int = 100,
    **how: Unpack[How],
) -> Marginal:
    """Tell what one more euro adds to a metric at each channel and lever that spends.

    Parameters
    ----------
    model, of
        The scenario, its name or its path; and a metric that adds up over months. Profit is net of the euro; others,
        such as ``revenue``, are not.
    over
        Channels and levers, one or several; all that the strategy spends on unless given.
    strategies
        One of them; without one, the file as written. A spend that is ``matched`` is solved for once and stays.
    horizon
        One or several, such as ``["3 months", "12 months"]``, whole months up to the scenario's; these two and the
        whole unless given.
    step
        By how much each spend is moved: a share of the budget (all that these places spend), or money per month. A
        smaller step is nearer to one euro and noisier.
    replications, how
        How often everything is run, and how (``docs/asking.md``).

    Raises
    ------
    ExperimentError, ConfigError
        If there is no such place or strategy, the metric does not add up over months, the step or a horizon is not
        usable, or a lever does not say what its rates are at another spend.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> euro = fs.marginal("next_euro", over="search_ads", horizon="3 months", replications=5)
    >>> euro.months, euro.at("search_ads").unit
    ((3,), 'EUR per EUR')
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    strategy = one_of(scenario, strategies, "fs.marginal")
    refuse_metrics(scenario, [strategy], (of,))
    refuse_places(scenario, strategy, over)
    unmatched = scenario.unmatched_journey(strategy)
    if metric_in(unmatched, of).aggregation != "sum":
        raise ExperimentError(f"of is '{of}', which does not add up over months, so a euro adds nothing to it; write "
                              "of='profit'")  # fmt: skip
    months = _months(unmatched, None if horizon is None else names_of(horizon))
    step_of(step, 1.0)
    matched, _ = with_budgets(scenario, [strategy], seed, options)
    return _marginal(
        matched, strategy, of, places_of(matched, strategy, over), months, step, replications, seed, options
    )


def _marginal(
    model: Scenario, strategy: str | None, of: str, places: tuple[Place, ...], months: tuple[int, ...],
    step: str | float, replications: int, seed: int | None, options: RunOptions,
) -> Marginal:  # fmt: skip
    """Return what one more euro adds, in a scenario whose matched spends are solved for."""
    journey = model.journey(strategy)
    root = journey.seed if seed is None else seed
    probes = {one: at_spends(model, strategy, one_changed(places, one, one.probe)) for one in places if not one.today}
    today, *probed = replicate_jobs([Job(one, root) for one in (journey, *probes.values())], replications, options)
    spent = spent_by_month(today, places)
    size = step_of(step, float(spent.sum(axis=0).mean()))
    costs = costs_of(places, spent, dict(zip(probes, probed, strict=True)))
    moves = moved_both_ways(model, strategy, costs, size)

    def keep(_: int, runs: Runs) -> tuple[FloatArray, FloatArray]:
        return gained_and_spent(runs, of, places, months)

    moved = replicate_jobs([Job(one, root) for one in moves], replications, options, keep=keep)
    pairs = list(zip(moved[::2], moved[1::2], strict=True))
    unit = f"{gap_unit(today.unit(of))} per {journey.currency or 'money units'}"
    return Marginal(
        of, today.label(of), unit, places, months, size, np.array([up[0] - down[0] for up, down in pairs]),
        np.array([up[1][i] - down[1][i] for i, (up, down) in enumerate(pairs)]), spent, today,
    )  # fmt: skip


def step_of(step: str | float, budget: float) -> float:
    """Return a step in money a month, from a share of the budget or from money per month.

    Raises
    ------
    ExperimentError
        If it is neither, or not positive.
    """
    given = read(step, "step", "5 %")
    size = given.number * budget if given.form == "percent" else per_month(step, "step")
    if not size > 0:
        raise ExperimentError(f"step is '{step}', which moves nothing; write '5 %' of the budget, or '500 per month'")
    return size


def _months(journey: Journey, horizons: Sequence[str] | None) -> tuple[int, ...]:
    """Return horizons in whole months from the start, ascending."""
    first, last = journey.warm_up // MONTH, int(months_counted(journey) + journey.warm_up / MONTH)
    months = {last} if horizons is None and last > first else set()
    for text in USUAL if horizons is None else horizons:
        time = read(text, "horizon", "12 months")
        count = time.number / MONTH
        if time.form == "duration" and first < count <= last and count == int(count):
            months.add(int(count))
        elif horizons is not None:
            raise ExperimentError(f"horizon '{text}': whole months are needed, from {first + 1} to {last}")
    if not months:
        raise ExperimentError(f"no whole month lies within the horizon of '{journey.name}'; make it longer")
    return tuple(sorted(months))


def _worth(worth: Estimate) -> str:
    """Return value per euro with its joint interval, for a sentence."""
    sign = "+" if worth.mean > 0 else ""
    if np.isnan(worth.low):
        return f"{sign}{with_unit(worth.mean, worth.unit)}"
    return f"{sign}{with_unit(worth.mean, worth.unit)} (joint 95 % interval {between(worth.low, worth.high)})"
