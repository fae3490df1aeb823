"""How break-evens are said: values of a rate with their unit, who has more, when one overtakes."""

from __future__ import annotations

from flywheel_sim.experiment.crossover import Crossover
from flywheel_sim.stats import Estimate, between


def rate_shown(value: float, digits: int | None, unit: str = "") -> str:
    """Return a value of a rate with so many digits after the point, or as many as it has, and its unit."""
    text = f"{value:.6g}" if digits is None else f"{value:,.{digits}f}"
    return with_unit_words(text, unit)


def with_unit_words(text: str, unit: str) -> str:
    """Return figures with the unit of a rate; a rate that is a plain number or an amount has none."""
    return text if unit in ("", "as stated") else f"{text} {unit}"


def more_of(label: str, unit: str) -> str:
    """Return how a sentence says that one has more of a metric."""
    return f"{'a higher' if unit.startswith(('points', '%')) or ' per ' in unit else 'more'} {label.lower()}"


def month_shown(one: Crossover) -> str:
    """Return the month in which one overtakes for good, with its interval; never is not by the horizon."""
    month, first, last = ("never" if end is None else str(end) for end in (one.month, one.earliest, one.latest))
    return month if first == last == month else f"{month} ({first} to {last})"


def bounds(one: Estimate) -> str:
    """Return the interval of a difference, whose direction has been said."""
    low, high = sorted((abs(one.low), abs(one.high)))
    if one.low * one.high <= 0:
        return f" (95 % interval of the difference {between(one.low, one.high)})"
    return f" ({between(low, high)})"
