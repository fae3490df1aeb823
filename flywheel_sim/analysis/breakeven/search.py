"""Where a mean difference changes its sign as a rate moves, and where its interval leaves zero out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from flywheel_sim.stats import Estimate

End = Literal["mean", "low", "high"]

#: Roots are found to this share of the range; values tried are rounded to a tenth of it.
TOLERANCE = 5e-4

#: Which end of an interval leaves zero out above it, and which below.
_SURE: tuple[tuple[int, End], ...] = ((1, "low"), (-1, "high"))


@dataclass(frozen=True)
class Crossing:
    """A value at which the mean difference changes its sign.

    Attributes
    ----------
    value
        Of the rate, as shown.
    low, high
        The values around it at which the paired interval of the difference holds zero; infinite where they go on
        beyond the range.
    rises
        Whether the strategy is behind below the value and ahead above it.
    """

    value: float
    low: float
    high: float
    rises: bool


@dataclass(frozen=True)
class Stretch:
    """A stretch of a rate in which one is ahead throughout: ``ahead`` is 1 or -1, and 0 where that is not told."""

    low: float
    high: float
    ahead: int


def rounded(value: float, span: float) -> float:
    """Return a value of a rate with no more digits than a root is found to."""
    return round(value, 1 - math.floor(math.log10(TOLERANCE * span)))


def look(
    at_value: Callable[[float], Estimate], grid: Sequence[float], factor: float = 1.0
) -> tuple[tuple[Crossing, ...], tuple[Stretch, ...]]:
    """Return where a mean difference changes its sign, and where its interval leaves zero out.

    Between values of the grid where something changes, the place is found by Brent's method (Brent 1973, chapter 4).

    Parameters
    ----------
    at_value
        The mean difference at a value, with its interval.
    grid
        Where to look first, ascending.
    factor
        What values are shown times.
    """
    from scipy import optimize

    seen = {value: at_value(value) for value in grid}
    span = grid[-1] - grid[0]

    def end_at(value: float, end: End) -> float:
        near = value if value in seen else rounded(value, span)
        if near not in seen:
            seen[near] = at_value(near)
        return float(getattr(seen[near], end))

    def change(end: End, a: float, b: float, sign: int) -> float:
        """Return where, between two values, an end of the interval begins or ceases to be on a side of zero."""
        inside = sorted(value for value in seen if a <= value <= b)
        before = sign * end_at(a, end) > 0
        b = next(value for value in inside if (sign * end_at(value, end) > 0) != before)
        a = max(value for value in inside if value < b)
        root = float(optimize.brentq(lambda value: end_at(value, end), a, b, xtol=TOLERANCE * span))
        return root if root in seen else rounded(root, span)

    turns: list[tuple[float, int, bool]] = []
    for sign, end in _SURE:
        sides = [sign * end_at(value, end) > 0 for value in grid]
        turns += [
            (change(end, grid[i], grid[i + 1], sign), sign, sides[i + 1])
            for i in range(len(grid) - 1) if sides[i] != sides[i + 1]
        ]  # fmt: skip
    surely = {sign: sign * end_at(grid[0], end) > 0 for sign, end in _SURE}
    stretches, begun = [], grid[0]
    for value, sign, holds in [*sorted(turns), (grid[-1], 1, False)]:
        if value > begun:
            stretches.append(Stretch(factor * begun, factor * value, int(surely[1]) - int(surely[-1])))
        begun, surely[sign] = value, holds
    crossings, last = [], None
    for value in grid:
        mean = end_at(value, "mean")
        if last is not None and mean * end_at(last, "mean") < 0:
            root = change("mean", last, value, 1 if end_at(last, "mean") > 0 else -1)
            end_at(root, "mean")
            low = max((at for at, _, begins in turns if not begins and at <= value), default=-math.inf)
            high = min((at for at, _, begins in turns if begins and at >= last), default=math.inf)
            crossings.append(Crossing(factor * root, factor * min(low, root), factor * max(high, root), mean > 0))
        last = value if mean else last
    return tuple(crossings), tuple(stretches)
