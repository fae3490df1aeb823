"""The months of the year: how much of each has gone by, and how much more or less is bought in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.calibration.buying.histories import Histories
from flywheel_sim.errors import ExperimentError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: A calendar goes on for so many years after the records, for forecasts.
_AHEAD = 30


@dataclass(frozen=True)
class Calendar:
    """When months of the year begin.

    Attributes
    ----------
    edges
        When each month begins, since the beginning of the records and in the unit of the histories, ascending,
        shape (m + 1,): the last is the end of the last month.
    months
        Which month of the year it is, 0 for January, shape (m,).
    """

    edges: FloatArray
    months: IntArray

    @classmethod
    def from_date(cls, begins: date, days: float, years: int = _AHEAD) -> Calendar:
        """Return the calendar of records that begin on a day, where one unit of time has so many days."""
        first = begins.year * 12 + begins.month - 1
        whole = [first + i for i in range(years * 12 + 1)]
        starts = [(date(min(one // 12, 9999), one % 12 + 1, 1) - begins).days / days for one in whole]
        return cls(np.array(starts), np.array([one % 12 for one in whole[:-1]]))

    @classmethod
    def of_run(cls, month: int, length: float, begins: float = 0.0, years: int = _AHEAD) -> Calendar:
        """Return the calendar of a simulated run, whose months are equally long.

        Parameters
        ----------
        month
            In which month of the year the run starts, on its first day, 0 for January.
        length
            How long a month is.
        begins
            How long after the start of the run the records begin.
        """
        steps = np.arange(years * 12 + 1)
        return cls((steps * length - begins).astype(np.float64), (month + steps[:-1]) % 12)

    def spent(self, times: Any) -> FloatArray:
        """Return how much of each month of the year has gone by, from the first edge to some times; shape (n, 12)."""
        at = np.asarray(times, dtype=np.float64)
        lengths = np.diff(self.edges)
        whole = np.zeros((len(lengths) + 1, 12))
        np.add.at(whole, (np.arange(1, len(lengths) + 1), self.months), lengths)
        whole = np.cumsum(whole, axis=0)
        place = self._place(at)
        gone = whole[place]
        gone[np.arange(len(at)), self.months[place]] += at - self.edges[place]
        return gone

    def month(self, times: Any) -> IntArray:
        """Return in which month of the year times lie, shape (n,)."""
        month: IntArray = self.months[self._place(np.asarray(times, dtype=np.float64))]
        return month

    def cuts(self, low: float, high: float) -> FloatArray:
        """Return when months begin between two times."""
        cuts: FloatArray = self.edges[(self.edges > low) & (self.edges < high)]
        return cuts

    def _place(self, at: FloatArray) -> IntArray:
        if len(at) and (at.min() < self.edges[0] or at.max() > self.edges[-1]):
            raise ExperimentError(
                f"the calendar holds times from {self.edges[0]:g} to {self.edges[-1]:g}, and {at.min():g} to "
                f"{at.max():g} are asked for; give a longer calendar, with years=50"
            )
        place: IntArray = np.clip(np.searchsorted(self.edges, at, side="right") - 1, 0, len(self.months) - 1)
        return place


@dataclass(frozen=True)
class Season:
    """How much more or less people buy by the month of the year.

    Attributes
    ----------
    calendar
        When months begin.
    factors
        Of the pace in each month, 12 of them with a mean of 1; None where they are estimated with the rest.
    rest
        The month whose factor follows from the mean where the others are estimated: one in which much is bought.
    """

    calendar: Calendar
    factors: tuple[float, ...] | None = None
    rest: int = 11

    def __post_init__(self) -> None:
        """Refuse factors that are no season."""
        if self.factors is None:
            return
        fits = len(self.factors) == 12 and min(self.factors) > 0 and abs(sum(self.factors) / 12 - 1) < 1e-6
        if not fits:
            raise ExperimentError(
                "factors takes 12 numbers above 0 with a mean of 1, January first; "
                "write factors=(0.8,) * 11 + (3.2,) for a season in December"
            )

    @property
    def estimated(self) -> tuple[int, ...]:
        """Return the months whose factors are estimated."""
        return () if self.factors is not None else tuple(i for i in range(12) if i != self.rest)

    def all_factors(self, some: FloatArray) -> FloatArray:
        """Return the factors of all months, shape (12,), of those that are estimated; not above 0 if impossible."""
        if self.factors is not None:
            return np.array(self.factors)
        factors = np.empty(12)
        factors[list(self.estimated)] = some
        factors[self.rest] = 12 - some.sum()
        return factors

    def check_length(self, length: float) -> None:
        """Refuse records of less than a year, which have not seen all months."""
        cuts = self.calendar.cuts(-1e-9, length + 1e-9)
        if len(cuts) < 12 or length < 0.98 * 12 * float(np.diff(self.calendar.edges).mean()):
            raise ExperimentError(
                f"season cannot be estimated from records of {length:g}, less than a year: "
                "give its factors, or leave the season out"
            )

    def guessed(self, histories: Histories) -> Season:
        """Return the season with about its factors: purchases over the time until each customer's last one."""
        owner, when = histories.owner, histories.when
        if owner is None or when is None:
            return replace(self, factors=(1.0,) * 12)
        month = self.calendar.month(histories.begins[owner] + when)
        bought = np.bincount(month, minlength=12) + 1.0
        ends = histories.begins + histories.t_x
        there = (self.calendar.spent(ends) - self.calendar.spent(histories.begins)).T @ histories.count
        factors = bought / np.maximum(there, 1e-9 + 0.02 * there.max())
        return replace(self, factors=tuple(float(one) for one in factors * 12 / factors.sum()))
