"""From a journey to the tables engines look up: decisions' hashes and inverse-CDF tables of ranks."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.compile.draws import KNOTS, decision_hash
from flywheel_sim.errors import ConfigError, Problem
from flywheel_sim.journey.events import Amount, Effects
from flywheel_sim.journey.figures import Rate, Spread
from flywheel_sim.journey.journey import Journey, firings

FloatArray = NDArray[np.float64]


@lru_cache(maxsize=4096)
def beta_table(alpha: float, beta: float, power: float, lost: bool) -> FloatArray:
    """Return beta quantiles at the knots, each chance converted to the period of use, shape (KNOTS,)."""
    from scipy import special

    if np.isinf(beta):  # a chance the same for all
        return np.full(KNOTS, 1 - (1 - alpha) ** power if lost else alpha**power)
    s = np.linspace(0.0, 1.0, KNOTS)
    weight = s**2 + (1 - s) ** 2
    lower, upper = s**2 / weight, (1 - s) ** 2 / weight
    low = special.betaincinv(alpha, beta, lower)
    high = special.betaincinv(beta, alpha, upper)
    staying, leaving = np.where(s < 0.5, low, 1 - high), np.where(s < 0.5, 1 - low, high)
    if power == 1.0:
        return np.ascontiguousarray(staying)
    return np.ascontiguousarray(1 - leaving**power if lost else staying**power)


@lru_cache(maxsize=4096)
def gamma_table(shape: float) -> FloatArray:
    """Return quantiles of a gamma of mean 1 at the knots, shape (KNOTS,).

    The last knot, at rank 1, is set so that the last interval keeps its mean.
    """
    from scipy import special

    if np.isinf(shape):  # people do not differ
        return np.ones(KNOTS)
    s = np.linspace(0.0, 1.0, KNOTS)
    weight = s**2 + (1 - s) ** 2
    lower, upper = s**2 / weight, (1 - s) ** 2 / weight
    table = np.where(s < 0.5, special.gammaincinv(shape, lower), special.gammainccinv(shape, upper))
    edge = table[-2]
    tail_mean = shape * special.gammaincc(shape + 1, edge) / special.gammaincc(shape, edge)
    table[-1] = 3 * tail_mean - 2 * edge
    return np.ascontiguousarray(table / shape)


def rank_tables(spread: Spread) -> tuple[FloatArray, ...]:
    """Return the inverse-CDF table of every cell of a rate with a spread."""
    if spread.family == "beta":
        return tuple(beta_table(a, b, spread.power, spread.lost) for a, b in spread.cells)
    return tuple(gamma_table(shape) * mean for shape, mean in spread.cells)


def decisions(journey: Journey) -> dict[str, int]:
    """Return the hash of every decision of a journey by dotted name.

    Raises
    ------
    ConfigError
        If two decisions share a name or a hash, so that their luck would be one.
    """
    names = ["person/arrival", *(f"person/{a.name}" for a in journey.attributes)]
    names += ["person/market"] if journey.market is not None else []
    for owner in journey.owners:
        names.append(f"{owner.name}/on_entry")
        names += [event.decision for event in owner.events]
        names += [f"{e.decision}/takes" for e in owner.events if e.staff]
        names += [f"{e.decision}/patience" for e in owner.events if e.staff and e.staff.patience]
        for part in firings(owner):
            names += dict.fromkeys(d for d in _drawn(part))
    names += dict.fromkeys(f"rate/{rate.name}" for rate in rates(journey) if rate.spread)
    names += [f"uncertain/{one.name}" for one in journey.uncertain]
    codes: dict[str, int] = {}
    by_hash: dict[int, str] = {}
    for name in names:
        code = decision_hash(name)
        if code in by_hash:
            why = "both bear that name" if by_hash[code] == name else "32-bit hashes collide"
            rule = f"'{name}' and '{by_hash[code]}' would share their luck ({why})"
            raise ConfigError([Problem("<journey>", 0, 0, name, "", rule, "rename one of the two")])
        codes[name], by_hash[code] = code, name
    return codes


def _drawn(parts: tuple[Effects, ...]) -> list[str]:
    """Return the decisions of drawn amounts and levels in the effects of one firing."""
    decided = [amount.decision for part in parts for amount in part.money if amount.decision]
    return decided + [one.draw.decision for part in parts for one in part.sets if one.draw]


def rates(journey: Journey) -> list[Rate]:
    """Return every rate in use, at each place of its use."""
    all_rates = [rate for one in journey.channels for rate in (one.rate, one.cost_per_arrival) if rate]
    draws = [attribute.draw for attribute in journey.attributes]
    draws += [one.draw for channel in journey.channels for one in channel.sets]
    amounts: list[Amount] = []
    for owner in journey.owners:
        amounts += owner.accruals
        for part in firings(owner):
            amounts += [amount for effects in part for amount in effects.money]
            draws += [one.draw for effects in part for one in effects.sets]
        for event in owner.events:
            served = [event.staff.takes, event.staff.patience] if event.staff else []
            all_rates += [rate for wait in (*event.waits, *served) if wait for rate in wait.params]
            all_rates += [chance for chance in event.chances if chance]
    all_rates += [rate for draw in draws if draw for rate in draw.chances if rate]
    for amount in amounts:
        all_rates += amount.figures
    return all_rates


def shared_bounds(journey: Journey) -> dict[str, tuple[int, ...]]:
    """Return, for each attribute that all share, the values at which somebody's rate or condition changes, ascending.

    In whole numbers of the attribute's scale.
    """
    bounds_of: dict[str, set[int]] = {one.name: set() for one in journey.shared}
    for axis in (axis for rate in rates(journey) for axis in rate.over):
        if axis.attribute in bounds_of:
            bounds_of[axis.attribute].update(axis.bounds)
    for condition in (one for owner in journey.owners for event in owner.events for one in event.when):
        if condition.attribute in bounds_of:
            bounds_of[condition.attribute].add(condition.value)
    return {name: tuple(sorted(bounds)) for name, bounds in bounds_of.items()}
