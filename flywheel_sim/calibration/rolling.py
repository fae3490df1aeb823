"""How well models have forecast: fitted at past days, held against what came after, beside naive baselines.

The likelihood says how well a model describes the past it was fitted to, not how well it forecasts. Here every
candidate is fitted at several earlier days (rolling origins, Tashman 2000, doi:10.1016/S0169-2070(00)00065-0), and its
forecast is held against the weeks after each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.calibration.likelihood import FloatArray

IntArray = NDArray[np.int64]

#: What every candidate is held against: the name, and the weeks before the origin whose mean it carries on.
MEANS = {"mean of the last 4 weeks": 4, "mean of the last 13 weeks": 13}
LAST_YEAR = "same weeks last year"

#: Weeks of a year, for the same season last year.
_YEAR = 52

#: A simpler model is taken where its error is at most this much above the least, relative to it.
TIE = 0.1

#: Errors of less, in %, are rounding.
NOTHING = 0.02

#: At most so many origins; each asks for a fit of every model.
_ORIGINS = 5


@dataclass(frozen=True)
class Purchases:
    """Purchase days of customers, sorted by customer and day, one entry a customer and day.

    Attributes
    ----------
    who, day
        Whose it was (0, 1, ... in order), and on which day of the records (the first is 0); shape (purchases,).
    days
        How many days the records have.
    """

    who: IntArray
    day: IntArray
    days: int

    @property
    def first(self) -> NDArray[np.bool_]:
        """Return which of them are a customer's first; shape (purchases,)."""
        first = np.ones(len(self.who), dtype=np.bool_)
        first[1:] = self.who[1:] != self.who[:-1]
        return first

    def some(self, step: int) -> Purchases:
        """Return the purchases of every so many-th customer."""
        kept = self.who % step == 0
        return Purchases(self.who[kept] // step, self.day[kept], self.days)

    def until(self, days: int) -> Purchases:
        """Return the records of the first so many days."""
        early = self.day < days
        _, who = np.unique(self.who[early], return_inverse=True)
        return Purchases(who.astype(np.int64), self.day[early], days)


@dataclass(frozen=True)
class Forecasting:
    """Forecasts from one origin, and what came.

    Attributes
    ----------
    origin
        Days of the records that were known.
    actual
        Repeat purchases of the customers known then, in each week after; shape (weeks,).
    forecasts
        The same as each candidate had it, by its name; a candidate that could not be fitted is left out.
    """

    origin: int
    actual: FloatArray
    forecasts: Mapping[str, FloatArray]

    def error(self, name: str) -> float:
        """Return how far the sum so far was off, on average over the weeks, as a share of what had come (0.1 is 10 %).

        The sum so far is what money is planned by; the error of single weeks is mostly luck that no candidate foresees.
        """
        had = np.cumsum(self.actual)
        return float(np.abs(np.cumsum(self.forecasts[name]) - had).sum() / max(1.0, had.sum()))


def origins_of(days: int, ahead: int | None = None) -> list[tuple[int, int]]:
    """Return at which days to stand, and how many weeks to look ahead from each, for records of so many days.

    The first third of the records is always known, and from each origin all of the rest is forecast: models differ
    most in what they say of times far ahead, and one luckily good quarter tells little.

    Parameters
    ----------
    days
        Of the records.
    ahead
        Weeks to look ahead at most; a year unless given.
    """
    weeks = days // 7
    least = max(1, weeks // 8) if ahead is None else ahead
    first, last = max(4, weeks // 3), weeks - least
    if last < first:
        return []
    count = min(_ORIGINS, 1 + (last - first) // max(1, weeks // 10))
    steps = [round(float(one)) for one in np.linspace(first, last, count)]
    # counted back from the end, so that what is a part of a week is left out at the start
    return [(days - 7 * (weeks - one), min(ahead or _YEAR, weeks - one)) for one in steps]


def rolled(
    purchases: Purchases,
    candidates: Mapping[str, Callable[[Purchases, FloatArray], FloatArray]],
    origins: Sequence[tuple[int, int]],
    tell: Callable[[str], None] = lambda name: None,
) -> list[Forecasting]:
    """Return the forecasts of candidates and baselines from each origin.

    Parameters
    ----------
    purchases
        All that is known.
    candidates
        By name what takes the records until an origin and weeks ahead (1, 2, ...), and returns how many repeat
        purchases its customers are expected to make until each; it may raise `ArithmeticError` where it has no answer.
    origins
        How many days are known, and how many weeks are forecast, of each.
    tell
        Is told after each forecast.
    """
    found = []
    for origin, ahead in origins:
        known = purchases.until(origin)
        had = _repeats_a_week(known, origin)
        forecasts: dict[str, FloatArray] = {}
        for name, expect in candidates.items():
            try:
                until = expect(known, np.arange(1.0, ahead + 1))
            except ArithmeticError:
                continue
            if np.isfinite(until).all():
                forecasts[name] = np.diff(until, prepend=0.0)
            tell(name)
        for name, weeks in MEANS.items():
            if len(had) >= weeks:
                forecasts[name] = np.full(ahead, had[:weeks].mean())
        if len(had) >= _YEAR:
            year = had[:_YEAR][::-1]  # from a year before the origin on
            forecasts[LAST_YEAR] = year[np.arange(ahead) % _YEAR]
        found.append(Forecasting(origin, _came(purchases, origin, ahead), forecasts))
    return found


def _repeats_a_week(known: Purchases, origin: int) -> FloatArray:
    """Return repeat purchases of each whole week before an origin, the last week first."""
    back = (origin - 1 - known.day[~known.first]) // 7
    counts: FloatArray = np.bincount(back, minlength=origin // 7).astype(np.float64)[: origin // 7]
    return counts


def _came(purchases: Purchases, origin: int, ahead: int) -> FloatArray:
    """Return purchases in each week after an origin of those who had bought before it."""
    begun = np.zeros(int(purchases.who.max(initial=-1)) + 1, dtype=np.bool_)
    begun[purchases.who[purchases.day < origin]] = True
    week = (purchases.day - origin) // 7
    counts = (week >= 0) & (week < ahead) & begun[purchases.who]
    came: FloatArray = np.bincount(week[counts], minlength=ahead).astype(np.float64)
    return came


def plainest(errors: Mapping[str, float], tie: float) -> str:
    """Return the first candidate whose error, in %, is next to the least of all; those without one are NaN."""
    least = min(error for error in errors.values() if error == error)
    return next(name for name, error in errors.items() if error <= (1 + tie) * least + NOTHING)


def total_error(found: Sequence[Forecasting], name: str) -> float:
    """Return by how much a candidate's sum over all weeks ahead was off on average, with its sign (0.1 is too high)."""
    parts = [one.forecasts[name].sum() / max(1.0, one.actual.sum()) - 1 for one in found if name in one.forecasts]
    return float(np.mean(parts)) if parts else float("nan")
