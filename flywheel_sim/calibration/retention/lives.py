"""Lives of customers in whole periods, grouped: what a model of retention is fitted to.

The convention, for every model of this room: a customer of age a has survived a renewals. A loss at age a means that
a renewals were survived and the next one, number a + 1, was not. With S(a) the share that survives a renewals,
S(0) = 1, somebody first seen at age e makes the data more likely by

- lost at age a: (S(a) - S(a + 1)) / S(e),
- last seen at age a, not lost: S(a) / S(e).

Of ten who begin, of whom four do not renew at the first renewal and one at the second: four are lost at age 0, one at
age 1, and five are last seen at age 2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flywheel_sim.calibration.kaplan_meier import KaplanMeier, kaplan_meier
from flywheel_sim.errors import DataError, ExperimentError

FloatArray = NDArray[np.float64]

#: People taken for a table of shares that does not say how many began.
TAKEN = 1000.0


@dataclass(frozen=True)
class Lives:
    """Lives in whole periods, one row for each kind of life.

    Attributes
    ----------
    entered
        Age at which somebody is first seen, in periods, shape (n,): 0 unless the records begin later (late entry).
    age
        Renewals survived when lost, or when last seen, shape (n,); at least `entered`.
    lost
        Whether the next renewal was not survived, shape (n,).
    count
        People with such a life, shape (n,); not whole where the data are shares.
    people_known
        Whether the counts are of people; without, they stand for shares, and no interval can be told.
    """

    entered: NDArray[np.int64]
    age: NDArray[np.int64]
    lost: NDArray[np.bool_]
    count: FloatArray
    people_known: bool = True

    @classmethod
    def of(
        cls, age: ArrayLike, lost: ArrayLike, entered: ArrayLike = 0, count: ArrayLike = 1.0, *,
        people_known: bool = True,
    ) -> Lives:  # fmt: skip
        """Return lives from arrays with one row a customer, or a kind of life; equal rows are added up.

        Parameters
        ----------
        age, lost, entered, count
            As the attributes; each of shape (n,), or one figure for all.
        people_known
            As the attribute.

        Raises
        ------
        ExperimentError
            If ages are no whole numbers from `entered` up, or a count is below 0.
        """
        first, last, gone, many = np.broadcast_arrays(*(np.atleast_1d(one) for one in (entered, age, lost, count)))
        whole = [np.asarray(one, dtype=np.float64) for one in (first, last)]
        if any((one != np.floor(one)).any() or (one < 0).any() for one in whole) or (whole[1] < whole[0]).any():
            raise ExperimentError("age holds an age that is no whole number of periods, or is below the one at which "
                                  "somebody is first seen: it takes whole periods; write age=[0, 2, 5]")  # fmt: skip
        weight = np.asarray(many, dtype=np.float64)
        if not np.isfinite(weight).all() or (weight < 0).any():
            raise ExperimentError("count holds a figure below 0, or none: it takes people; write count=[12, 7, 3]")
        rows = np.stack([whole[0], whole[1], np.asarray(gone, dtype=np.float64)], axis=1)[weight > 0]
        kinds, which = np.unique(rows, axis=0, return_inverse=True)
        sums = np.bincount(which.reshape(-1), weight[weight > 0], len(kinds))
        ages = kinds[:, :2].astype(np.int64)
        return cls(ages[:, 0], ages[:, 1], kinds[:, 2] > 0, sums.astype(np.float64), people_known)

    @classmethod
    def from_survivors(
        cls, ages: ArrayLike, survivors: ArrayLike, people: float | None = None, *, shares: bool = False
    ) -> Lives:
        """Return the lives that a table of survivors tells of.

        Parameters
        ----------
        ages
            In periods, each one more than the last, shape (k,); a first one above 0 is late entry.
        survivors
            Who is left at each age, never more than before, shape (k,): people, or shares of any scale.
        people
            How many there were at the first age, where `survivors` are shares.
        shares
            Whether `survivors` are shares; with unknown `people` 1,000 are taken, and no interval can be told.

        Raises
        ------
        DataError
            If ages have gaps, or survivors become more.
        """
        at, left = np.asarray(ages, dtype=np.float64), np.asarray(survivors, dtype=np.float64)
        if at.ndim != 1 or at.shape != left.shape or len(at) < 1 or (np.diff(at) != 1).any() or at[0] < 0:
            raise DataError("survivors: ages have to follow one another without a gap; give one row for each period")
        if not np.isfinite(left).all() or (np.diff(left) > 0).any() or left[-1] < 0 or left[0] <= 0:
            row = int(np.argmax(np.diff(left) > 0)) + 2 if len(left) > 1 else 1
            raise DataError(f"survivors: row {row} has more people than the row above, or none began; who came later "
                            "belongs to a cohort of their own")  # fmt: skip
        if shares or people is not None:
            left = left / left[0] * (TAKEN if people is None else people)
        age = np.append(at[:-1], at[-1])
        lost = np.append(np.ones(len(at) - 1, dtype=bool), False)
        counts = np.append(-np.diff(left), left[-1])
        return cls.of(age, lost, at[0], counts, people_known=not (shares and people is None))

    def __add__(self, other: Lives) -> Lives:
        """Return the lives of both, such as of two cohorts."""
        pairs = ((self.age, other.age), (self.lost, other.lost), (self.entered, other.entered),
                 (self.count, other.count))  # fmt: skip
        known = self.people_known and other.people_known
        age, lost, entered, count = (np.concatenate(pair) for pair in pairs)
        return Lives.of(age, lost, entered, count, people_known=known)

    def until(self, age: int) -> Lives:
        """Return what was known when nobody had been seen beyond an age."""
        seen = self.entered < age
        last = np.minimum(self.age, age)
        lost = self.lost & (self.age < age)
        return replace(Lives.of(last[seen], lost[seen], self.entered[seen], self.count[seen]),
                       people_known=self.people_known)  # fmt: skip

    @property
    def people(self) -> float:
        """Return how many there are."""
        return float(self.count.sum())

    @property
    def last(self) -> int:
        """Return the highest age that somebody is known to have reached, or failed to reach."""
        return int((self.age + self.lost).max()) if len(self.age) else 0

    def renewals(self) -> tuple[FloatArray, FloatArray]:
        """Return how many faced each renewal and how many of them were lost, each of shape (last,); row a is a + 1."""
        asked, lost = np.zeros(self.last + 1), np.zeros(self.last + 1)
        for first, age, gone, count in zip(self.entered, self.age, self.lost, self.count, strict=True):
            asked[first : age + gone] += count
            lost[age] += count * gone
        return asked[: self.last], lost[: self.last]

    def kaplan_meier(self, level: float = 0.95) -> KaplanMeier:
        """Return the curve by renewals with intervals: row of time r tells who survives renewal r."""
        return kaplan_meier(self.age + self.lost, self.lost, self.entered, self.count, level)

    def curve(self) -> FloatArray:
        """Return the share that survives to each age, shape (last + 1,), by products of observed retention.

        From the first age at which anybody is seen; 1 up to there. NaN after an age at which nobody is seen.
        """
        asked, lost = self.renewals()
        begun = np.cumsum(asked) > 0
        kept = np.divide(asked - lost, asked, out=np.full(len(asked), np.nan), where=asked > 0)
        return np.concatenate([[1.0], np.cumprod(np.where(begun, kept, 1.0))])
