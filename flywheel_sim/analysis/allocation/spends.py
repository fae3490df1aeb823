"""Places for a euro: the channels and levers that spend, and the same journey with other sums spent on them.

A lever's spend is stated in a unit of its own (per month, per customer and month, per event). What that comes to in
money depends on what people do, so it is read from the ledger and never worked out beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey import calendar
from flywheel_sim.journey.journey import BUDGET_KINDS, Journey
from flywheel_sim.journey.units import MONTH, Quantity, UnitError, parse
from flywheel_sim.metrics.registry import Books
from flywheel_sim.metrics.revenue import channel_spend, costs, money
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import FloatArray


@dataclass(frozen=True)
class Place:
    """A channel or lever that a euro can be spent on; frozen.

    Attributes
    ----------
    name, kind
        As in the file.
    today
        What the strategy spends on it, in its own unit.
    words
        Its own unit after the figure, such as ``per customer per month``.
    currency
        Of the file, or "".
    probe
        A spend in its own unit that shows what it comes to in money where nothing is spent today.
    """

    name: str
    kind: Literal["channel", "lever"]
    today: float
    words: str
    currency: str = ""
    probe: float = field(default=1.0, repr=False)

    @property
    def unit(self) -> str:
        """Return its own unit with the currency."""
        return f"{self.currency} {self.words}".strip()

    def text(self, spend: float) -> str:
        """Return a spend as the file would say it."""
        return f"{max(spend, 0.0):.6f} {self.words}"

    def shown(self, spend: float) -> str:
        """Return a spend for a reader, and to paste into a file."""
        return f"{max(spend, 0.0):.{0 if spend >= 100 else 2}f} {self.words}"

    def series(self, books: Books) -> FloatArray:
        """Return what is spent on it month by month, in the currency, shape (replications, periods)."""
        if self.kind == "channel":
            return channel_spend(books, self.name)
        return money(books, "spend", line=self.name) + costs(books, name=self.name)


def refuse_places(model: Scenario, strategy: str | None, over: str | Sequence[str] | None) -> list[str]:
    """Return the names of the places a budget goes to before anything is matched; raises as `places_of`."""
    return [place.name for place in places_of(model, strategy, over, model.unmatched_journey(strategy))]


def places_of(
    model: Scenario, strategy: str | None, over: str | Iterable[str] | None = None, journey: Journey | None = None
) -> tuple[Place, ...]:
    """Return where a strategy can spend: its channels and levers with a ``spend``, in the order of the file.

    A lever that the file calls cost of sales or overhead is no part of a budget, and a place only where it is named.

    Parameters
    ----------
    model
        With its matched spends solved for.
    strategy
        One of the file, or None for the file as written. What it does without is no place.
    over
        Some of them; all unless given.
    journey
        That of the strategy, where it is at hand.

    Raises
    ------
    ExperimentError
        If there is no such place, or none at all.
    """
    stated, choices = model.channels(strategy), model.choices(strategy)
    journey = journey or model.journey(strategy)
    currency = journey.currency or ""
    places: dict[str, Place] = {}
    for channel in journey.channels:
        if stated[channel.name].spend is not None and not channel.removed:
            today = calendar.monthly_spend(channel, journey.phase)
            places[channel.name] = Place(channel.name, "channel", today, "per month", currency)
    for name, lever in model.levers(strategy).items():
        if lever.spend is None or name in choices.levers:
            continue
        if over is None and journey.kind_of(name, "customer") not in BUDGET_KINDS:
            continue
        spend = choices.spends.get(name) or parse(lever.spend)
        given = [parse(key).number for table in lever.moves.values() for key in table if key[0].isdigit()]
        probe = min([one for one in given if one > 0], default=1.0)
        if name in places:
            raise ExperimentError(f"'{name}' is a channel and a lever, and their spends would be one; rename one")
        places[name] = Place(name, "lever", spend.number, spend.text.partition(" ")[2], currency, probe)
    if not places:
        raise ExperimentError(f"{_whose(model, strategy)} spends on no channel and no lever; give one a 'spend'")
    if over is None:
        return tuple(places.values())
    wanted = list(dict.fromkeys([over] if isinstance(over, str) else over))
    for name in wanted:
        if name in choices.levers or name in choices.channels:
            raise ExperimentError(
                f"over: {_whose(model, strategy)} does without '{name}'; leave it out, or take another strategy"
            )
        if name not in places:
            raise ExperimentError(f"over: nothing is spent on '{name}'; {nearest(str(name), places)}")
    return tuple(places[name] for name in wanted)


def at_spends(model: Scenario, strategy: str | None, spends: Mapping[Place, float]) -> Journey:
    """Return a strategy's journey with other sums spent, each in its place's own unit.

    Raises
    ------
    ConfigError
        If a lever does not say what its rates are at such a spend, or the rates cannot be had.
    """
    matched = model.choices(strategy).matched
    changes: list[tuple[str, str]] = []
    for place, spend in spends.items():
        if strategy is not None and matched == (place.kind, place.name):
            model = model.at_spend(strategy, max(spend, 0.0))
        else:
            changes.append((f"{place.kind}s.{place.name}.spend", place.text(spend)))
    return model.with_texts(changes).journey(strategy)


def months_counted(journey: Journey) -> float:
    """Return how many months figures over time are of; the last may be partial."""
    return (journey.horizon - journey.warm_up) / MONTH


def spent_by_month(runs: Runs, places: Sequence[Place]) -> FloatArray:
    """Return what each place spends a month, the mean of the months counted, shape (places, replications)."""
    books, months = runs.books, months_counted(runs.journey)
    return np.array([books.over(place.series(books)) / months for place in places])


def goods_by_month(runs: Runs) -> FloatArray:
    """Return the cost of sales a month, the mean of the months counted, shape (replications,); no budget holds it."""
    return runs.values("cost_of_sales") / months_counted(runs.journey)


def metric_values(runs: Runs, of: str) -> FloatArray:
    """Return a metric for each replication.

    Raises
    ------
    ExperimentError
        If some replications have no value, so that there is nothing to add to.
    """
    values = runs.terms(of)
    if not np.isfinite(values).all():
        raise ExperimentError(f"'{of}' has no value in some futures; ask for a metric that always has one, as profit")
    return values


def per_month(given: str | float, what: str) -> float:
    """Return money a month from a text such as ``12000 per month``, or from a number.

    Raises
    ------
    ExperimentError
        If it is no sum of money per period, or not positive.
    """
    money = read(given, what, "12000 per month")
    if money.form != "number" or money.per_what or (money.per_ms is None and isinstance(given, str)):
        raise ExperimentError(f"{what} is '{given}': money per period is needed; write '12000 per month'")
    monthly = money.number * (MONTH / money.per_ms if money.per_ms else 1.0)
    if not (math.isfinite(monthly) and monthly >= 0):
        raise ExperimentError(f"{what} is '{given}': it is not negative; write '12000 per month'")
    return monthly


def read(given: str | float, what: str, example: str) -> Quantity:
    """Return a figure as the language reads it.

    Raises
    ------
    ExperimentError
        If it is none.
    """
    try:
        return parse(given if isinstance(given, str) else f"{float(given):f}")
    except (UnitError, TypeError, ValueError) as error:
        remedy = f"{error.rule}; {error.remedy}" if isinstance(error, UnitError) else f"write '{example}'"
        raise ExperimentError(f"{what} is '{given}': {remedy}") from None


def _whose(model: Scenario, strategy: str | None) -> str:
    return f"'{strategy}'" if strategy else f"'{model.name}'"
