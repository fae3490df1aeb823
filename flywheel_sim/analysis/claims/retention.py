"""Which rate of a journey is its retention, and what its figures do when retention alone is moved."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.journey.events import Event
from flywheel_sim.journey.figures import Rate
from flywheel_sim.journey.journey import Journey, StageSet
from flywheel_sim.journey.units import MONTH, YEAR, format_duration
from flywheel_sim.scenario.describe import reference_value
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import FloatArray

#: The rate that is retention unless another is named.
USUAL = "retention"

#: How far below today's retention the curve begins, and how many values it has.
REACH, POINTS = 0.3, 13


@dataclass(frozen=True)
class Retention:
    """The rate that says how customers stay.

    Attributes
    ----------
    name, kind
        The rate; whether it is the chance ``kept``, the chance ``lost``, or how often customers leave (``hazard``).
    today
        The share kept over the period, as a fraction; of a hazard, exp(-hazard x a month).
    period
        The period it is kept over, ms; None where an event has no fixed clock.
    """

    name: str
    kind: Literal["kept", "lost", "hazard"]
    today: float
    period: float | None
    per_ms: float | None = None

    def number(self, kept: float) -> float:
        """Return the rate's own figure for a share kept."""
        if self.kind == "hazard":
            assert self.per_ms is not None
            return -math.log(kept) * self.per_ms / MONTH
        return kept if self.kind == "kept" else 1 - kept

    def at(self, model: Scenario, kept: float) -> Scenario:
        """Return the scenario with a share kept, its matched spends as found for today's."""
        return model.with_(**{self.name: self.number(kept)}).solved_as(model)

    @property
    def per(self) -> str:
        """Return the period in words."""
        return f"per {format_duration(round(self.period)).removeprefix('1 ')}" if self.period else "per renewal"

    @property
    def years(self) -> float | None:
        """Return how many of its periods make a year, None where it is a year's or has no fixed period."""
        return YEAR / self.period if self.period and abs(self.period - YEAR) > 1 else None

    def risen(self, change: float, how: str) -> float:
        """Return retention after a rise by points, relative, or by points of what is kept over a year."""
        if how == "relative":
            return self.today * (1 + change)
        if how == "points":
            return self.today + change
        assert self.years is not None
        yearly = self.today**self.years + change
        return math.copysign(abs(yearly) ** (1 / self.years), yearly)

    def readings(self) -> tuple[str, ...]:
        """Return how a rise can be read: points, relative, and points of a year's retention where that differs."""
        return ("points", "relative", "points a year") if self.years else ("points", "relative")


def find_retention(model: Scenario, journey: Journey, name: str = USUAL) -> Retention | str:
    """Return what a journey's retention is, or why it has none to move.

    The rate named; unless there is one, the chance with which an event of customers keeps them; else how often they
    leave.

    Raises
    ------
    ConfigError
        If a rate is named that is not there.
    ExperimentError
        If it is neither a chance nor how often something happens.
    """
    strategy = journey.strategy or None
    if name in model.rates or name != USUAL:
        quantity = reference_value(model, name, strategy)
        known = next((one for one in _candidates(journey) if one[0] == name), None)
        if quantity.form == "percent":
            kind = known[1] if known and known[1] != "hazard" else "lost" if quantity.reading == "lost" else "kept"
            return _chance(name, kind, quantity.number, quantity.per_ms or (known[2] if known else None))
        if quantity.form == "number" and quantity.per_ms and known and known[1] == "hazard":
            return _hazard(name, quantity.number, quantity.per_ms)
        raise ExperimentError(
            f"over is '{name}', which is {quantity.text}; name a chance to stay, or how often people leave"
        )
    for rate, kind, wait in sorted(_candidates(journey), key=lambda one: one[1] == "hazard"):
        if rate not in model.rates:
            continue
        try:
            quantity = reference_value(model, rate, strategy)
        except ConfigError:
            continue
        if kind == "hazard" and quantity.form == "number" and quantity.per_ms and quantity.number > 0:
            return _hazard(rate, quantity.number, quantity.per_ms)
        if kind != "hazard" and quantity.form == "percent" and 0 < quantity.number < 1:
            return _chance(rate, kind, quantity.number, quantity.per_ms or wait)
    return (
        "this journey has no retention to move: no customer's event keeps people or lets them go at a named rate; "
        "name one by over='...'"
    )


def _chance(name: str, kind: str, number: float, period: float | None) -> Retention:
    kept = number if kind == "kept" else 1 - number
    return Retention(name, "kept" if kind == "kept" else "lost", kept, period)


def _hazard(name: str, number: float, per_ms: float) -> Retention:
    return Retention(name, "hazard", math.exp(-number / per_ms * MONTH), float(MONTH), per_ms)


def _candidates(journey: Journey) -> list[tuple[str, str, float | None]]:
    """Return the rates at which customers stay or go: name, kind, fixed period of the event."""
    roles = {stage.name: stage.role for stage in journey.stages}
    rates: list[tuple[str, str, float | None]] = []
    for owner in journey.owners:
        inside = owner.stages if isinstance(owner, StageSet) else (owner.name,)
        if any(roles[stage] != "customer" for stage in inside):
            continue
        for event in owner.events:
            stays = [one.to is None or roles[one.to] == "customer" for one in event.outcomes]
            if not any(stays):
                rates += [(rate.name, "hazard", None) for rate in _memoryless(event)]
            elif not all(stays):
                wait = _fixed(event)
                for outcome, kept in zip(event.outcomes, stays, strict=True):
                    if outcome.chance is not None and wait is not None:
                        rates.append((outcome.chance.name, "kept" if kept else "lost", wait))
    return sorted(rates, key=lambda one: one[1] == "lost")


def _memoryless(event: Event) -> list[Rate]:
    return [wait.params[0] for wait in event.waits if wait.kind == "memoryless"]


def _fixed(event: Event) -> float | None:
    waits = [wait for wait in event.waits if wait.kind == "fixed"]
    return waits[0].params[0].cells[0] if len(waits) == 1 == len(event.waits) and waits[0].params[0].constant else None


@dataclass(frozen=True)
class Curve:
    """Figures along retention, all else held fixed, on the same people.

    Between the values that were run, means follow a monotone cubic in log(1 - r).

    Attributes
    ----------
    values
        Retention, ascending, as fractions; shape (points,).
    figures
        For each figure the mean at each value, shape (points,).
    today
        Retention as written.
    """

    values: FloatArray
    figures: Mapping[str, FloatArray] = field(repr=False)
    today: float

    @cached_property
    def _lines(self) -> dict[str, Callable[[Any], Any]]:
        from scipy.interpolate import PchipInterpolator

        x = -np.log1p(-self.values)
        return {
            name: PchipInterpolator(x[known], means[known])
            for name, means in self.figures.items() for known in [np.isfinite(means)] if known.sum() > 2
        }  # fmt: skip

    def at(self, name: str, kept: float) -> float:
        """Return the mean of a figure at a retention; NaN outside the values run."""
        if name not in self._lines or not self.values[0] <= kept <= self.values[-1]:
            return math.nan
        return float(self._lines[name](-math.log1p(-kept)))

    def gain(self, name: str, kept: float, rise: Callable[[float], float]) -> float:
        """Return the change of a figure in % when retention rises from a value; NaN outside, or of a loss."""
        base = self.at(name, kept)
        return 100 * (self.at(name, rise(kept)) / base - 1) if base > 0 else math.nan

    def where(self, value: Callable[[float], float], band: tuple[float, float]) -> str:
        """Return in words on which stretches of retention a figure lies within a band, and where it was looked for.

        Ends are found by root-finding between neighbours of a fine grid, as far as the figure is known.
        """
        from scipy.optimize import brentq

        grid = np.array([r for r in np.linspace(self.values[0], self.values[-1], 161) if not math.isnan(value(r))])
        if not len(grid):
            return "not known along retention"
        inside = [band[0] <= value(r) <= band[1] for r in grid]
        ends: list[float] = []
        for at, (one, other) in enumerate(itertools.pairwise(inside)):
            if one == other:
                continue
            low, high = float(grid[at]), float(grid[at + 1])
            out = value(high if one else low)
            edge = band[0] if out < band[0] else band[1]
            ends.append(float(brentq(lambda r, edge=edge: value(r) - edge, low, high, xtol=1e-6)))
        if inside[0]:
            ends.insert(0, float(grid[0]))
        if inside[-1]:
            ends.append(float(grid[-1]))
        bracket = f"{100 * grid[0]:.1f} to {100 * grid[-1]:.1f} %"
        if not ends:
            return f"runs: nowhere between retention of {bracket}"
        parts = " and ".join(f"{100 * a:.1f} to {100 * b:.1f} %" for a, b in zip(ends[::2], ends[1::2], strict=True))
        return f"runs: {parts} (looked for in {bracket})"


def curve_values(retention: Retention, possible: Callable[[float], bool]) -> list[float]:
    """Return the values of retention at which a curve is run: evenly in log(1 - r), denser where lives are long.

    From `REACH` below today's to an eighth of today's churn, as far as the rate can go.
    """
    low = max(retention.today - REACH, min(0.05, retention.today / 2))
    values = 1 - np.exp(np.linspace(math.log(1 - low), math.log((1 - retention.today) / 8), POINTS))
    return [float(v) for v in values if possible(float(v))]
