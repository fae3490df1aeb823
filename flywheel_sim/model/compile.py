"""From a journey to the tables engines look up: decisions' hashes and inverse-CDF tables of ranks."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.errors import ConfigError, Problem
from flywheel_sim.model.draws import KNOTS, decision_hash
from flywheel_sim.scenario.journey import Journey, Rate, Spread

FloatArray = NDArray[np.float64]


@lru_cache(maxsize=4096)
def beta_table(alpha: float, beta: float, power: float, lost: bool) -> FloatArray:
    """Return beta quantiles at the knots, each chance converted to the period of use, shape (KNOTS,)."""
    from scipy import special

    s = np.linspace(0.0, 1.0, KNOTS)
    weight = s**2 + (1 - s) ** 2
    lower, upper = s**2 / weight, (1 - s) ** 2 / weight
    low = special.betaincinv(alpha, beta, lower)
    high = special.betaincinv(beta, alpha, upper)
    kept, gone = np.where(s < 0.5, low, 1 - high), np.where(s < 0.5, 1 - low, high)
    if power == 1.0:
        return np.ascontiguousarray(kept)
    return np.ascontiguousarray(1 - gone**power if lost else kept**power)


@lru_cache(maxsize=4096)
def gamma_table(shape: float) -> FloatArray:
    """Return quantiles of a gamma of mean 1 at the knots, shape (KNOTS,).

    The last knot, at rank 1, is set so that the last interval keeps its mean.
    """
    from scipy import special

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
    names = ["person/arrival", *(f"person/{a.name}" for a in journey.attributes if a.drawn)]
    for stage in journey.stages:
        names.append(f"{stage.name}/on_entry")
        names += [event.decision for event in stage.events]
    names += dict.fromkeys(f"rate/{rate.name}" for rate in rates(journey) if rate.spread)
    found: dict[str, int] = {}
    by_hash: dict[int, str] = {}
    for name in names:
        code = decision_hash(name)
        if code in by_hash:
            why = "both bear that name" if by_hash[code] == name else "32-bit hashes collide"
            rule = f"'{name}' and '{by_hash[code]}' would share their luck ({why})"
            raise ConfigError([Problem("<journey>", 0, 0, name, "", rule, "rename one of the two")])
        found[name], by_hash[code] = code, name
    return found


def rates(journey: Journey) -> list[Rate]:
    """Return every rate in use, at each place of its use."""
    found: list[Rate] = []
    for attribute in journey.attributes:
        found += [rate for rate in attribute.drawn or () if rate]
    for stage in journey.stages:
        amounts = [*stage.on_entry.money, *stage.accruals]
        for event in stage.events:
            found += event.wait.params if event.wait else ()
            amounts += event.effects.money
            for outcome in event.outcomes:
                amounts += outcome.effects.money
                found += [outcome.chance] if outcome.chance else []
        found += [amount.value for amount in amounts]
    return found
