"""Customers as they are watched, cut at the ends of months, and the one integral over the time at which they leave."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.calibration.buying.leaving import Leaving
from flywheel_sim.calibration.buying.regular import Ratio
from flywheel_sim.calibration.buying.season import Calendar

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Nodes of a stretch without a season, and of one month of a season where buying is memoryless and where it is regular.
#: Against the exact integral they are right to 1e-9 (tests/unit/test_buying.py).
_NODES, _NODES_OF_MONTH, _NODES_OF_REGULAR_MONTH = 24, 8, 16

#: So many rows are integrated at a time: what they need fits into the processor's memory.
_AT_ONCE = 2048

#: What has fallen by more than exp(-45) adds nothing in double precision.
_NOTHING = 45.0


@dataclass(frozen=True)
class Panels:
    """Stretches of time within which the season does not change, one or more a row.

    Attributes
    ----------
    row
        Which row a stretch is of, ascending, shape (panels,).
    start, length
        When it starts, since the row is watched, and how long it is, shape (panels,).
    month
        Which month of the year it lies in, shape (panels,); None without a season.
    gone
        How much of each month has gone by from the beginning of the row's clock until its start, shape (panels, 12);
        without a season just the start, shape (panels, 1).
    """

    row: IntArray
    start: FloatArray
    length: FloatArray
    month: IntArray | None
    gone: FloatArray

    @classmethod
    def between(cls, low: FloatArray, high: FloatArray, origin: FloatArray, calendar: Calendar | None) -> Panels:
        """Return the stretches from low to high of each row, whose clock stands at 0 at a time `origin`."""
        if calendar is None:
            return cls(np.arange(len(low)), low, high - low, None, low[:, None])
        edges = calendar.edges
        first = np.searchsorted(edges, origin + low, side="right") - 1
        final = np.maximum(np.searchsorted(edges, origin + high, side="left") - 1, first)
        row = np.repeat(np.arange(len(low)), final - first + 1)
        before = np.cumsum(final - first + 1) - (final - first + 1)
        place = first[row] + np.arange(len(row)) - before[row]
        start = np.maximum(low[row], edges[place] - origin[row])
        end = np.minimum(high[row], edges[np.minimum(place + 1, len(edges) - 1)] - origin[row])
        gone = calendar.spent(origin[row] + start) - calendar.spent(origin)[row]
        return cls(row, start, np.maximum(0.0, end - start), calendar.months[place], gone)

    def paces(self, season: FloatArray) -> FloatArray:
        """Return the factor of the season in each stretch, shape (panels,)."""
        return np.ones(len(self.row)) if self.month is None else season[self.month]

    def integrals(self, scale: FloatArray, reach: FloatArray, value: Callable[[slice, FloatArray], FloatArray], *,
                  regular: bool) -> FloatArray:  # fmt: skip
        """Return the integral of something over each stretch, shape (panels,).

        Parameters
        ----------
        scale
            In what time it falls to about a third, shape (panels,).
        reach
            After what time there is nothing left of it, shape (panels,).
        value
            Gives it for some stretches at some times since their starts, shape (stretches, nodes).
        regular
            Whether buying is regular, so that it may rise before it falls.
        """
        found = np.empty(len(self.row))
        of_month = _NODES_OF_REGULAR_MONTH if regular else _NODES_OF_MONTH
        places, weights = _gauss(_NODES if self.month is None else of_month)
        for at in range(0, len(self.row), _AT_ONCE):
            some = slice(at, at + _AT_ONCE)
            reached = np.minimum(self.length, reach)[some, None]
            wide = np.minimum(scale[some, None], 100 * reached + 1e-300)
            most = 1 - 1 / np.sqrt(1 + reached / wide)
            rest = 1 / (1 - most * places)
            square = rest * rest
            heights = value(some, wide * (square - 1))  # near its start it falls fastest, so most nodes lie there
            heights *= square
            found[some] = np.einsum("ij,ij,j->i", heights, rest, weights) * (2 * wide * most)[:, 0]
        return found


@dataclass(frozen=True)
class Watched:
    """Customers as they are watched, one a row.

    Attributes
    ----------
    n
        How many purchases while watched, shape (rows,).
    last, end
        When the last of them was and when the watching ends, since it began, shape (rows,).
    age
        How long each was a customer before, shape (rows,).
    met
        Whether they are met between two purchases, so that the first purchase ends a gap that began unseen.
    panels
        Stretches of time from the last purchase to the end.
    gone_last, gone_end, gone_first
        How much of each month had gone by at the last purchase, at the end and at the first purchase, shape
        (rows, 12), or the time itself, shape (rows, 1).
    """

    n: FloatArray
    last: FloatArray
    end: FloatArray
    age: FloatArray
    met: bool
    panels: Panels
    gone_last: FloatArray
    gone_end: FloatArray
    gone_first: FloatArray

    @classmethod
    def of(
        cls, n: FloatArray, last: FloatArray, end: FloatArray, age: FloatArray, origin: FloatArray,
        calendar: Calendar | None, first: FloatArray | None = None,
    ) -> Watched:  # fmt: skip
        """Return rows whose clock stands at 0 at `origin`; with a `first` purchase they are met between two."""

        def gone(times: FloatArray) -> FloatArray:
            return times[:, None] if calendar is None else calendar.spent(origin + times) - calendar.spent(origin)

        panels = Panels.between(last, end, origin, calendar)
        met = first is not None
        return cls(n, last, end, age, met, panels, gone(last), gone(end), gone(last if first is None else first))


def stayed_or_left(
    watched: Watched, season: FloatArray, power: FloatArray, rate: float, leaving: Leaving | None, ratio: Ratio | None,
) -> tuple[FloatArray, FloatArray, FloatArray]:  # fmt: skip
    """Return how likely it is that nothing is bought after the last purchase: by who stays, and by who leaves.

    Of a customer's pace a gamma distribution of shape `power` and rate `rate` + (operational time) is known.

    Parameters
    ----------
    watched
        The customers.
    season
        Factors of the months, shape (12,), or a single 1 without a season.
    power, rate
        Shape of the pace after all purchases, shape (rows,), and its rate before any time has gone by.
    leaving
        When they leave; None if never.
    ratio
        Where buying is regular, how much likelier no purchase is; None where it is memoryless.

    Returns
    -------
    tuple
        Both over exp of the third, each of shape (rows,).
    """
    panels = watched.panels
    before, end = rate + watched.gone_last @ season, rate + watched.gone_end @ season
    rows = np.arange(len(power))
    fewer = np.ones(len(power)) if ratio is None else ratio(rows, end - before, end)
    if leaving is None:
        return fewer, np.zeros(len(power)), -power * np.log(end)
    there = leaving.log_survival(watched.age + watched.last)
    log_stayed = leaving.log_survival(watched.age + watched.end) - there - power * np.log1p((end - before) / before)
    stayed = np.exp(log_stayed) * fewer

    row, pace = panels.row, panels.paces(season)
    since_last, begun = panels.gone @ season + rate - before[row], watched.age[row] + panels.start
    a, b, there_of = power[row], before[row], there[row]

    def value(some: slice, since: FloatArray) -> FloatArray:
        passed, clock = since_last[some, None] + pace[some, None] * since, begun[some, None] + since
        log_value = (
            leaving.log_survival(clock) - there_of[some, None] - a[some, None] * np.log1p(passed / b[some, None])
        )
        chance = np.exp(log_value) * leaving.hazard(clock)
        return chance if ratio is None else chance * ratio(row[some], passed, b[some, None] + passed)

    still = b + since_last
    scale = 1 / ((a + 1) * pace / still + leaving.hazard(begun) + 1 / leaving.turns(begun))
    reach = still / pace * np.expm1(np.minimum(600.0, (_NOTHING + 4 * np.log1p(a)) / a))
    left: FloatArray = np.bincount(
        row, panels.integrals(scale, reach, value, regular=ratio is not None), len(rows)
    ).astype(np.float64)
    return stayed, np.maximum(left, 1e-300), there - power * np.log(before)


@functools.cache
def _gauss(nodes: int) -> tuple[FloatArray, FloatArray]:
    places, weights = np.polynomial.legendre.leggauss(nodes)
    return (places + 1) / 2, weights / 2
