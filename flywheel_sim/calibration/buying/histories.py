"""What each customer bought, as models of buying take it: how often, when last, and for how long it was watched.

Fader, Hardie and Lee 2005, doi:10.1287/mksc.1040.0098, show that frequency, recency and the time watched say all that a
log of purchases tells these models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.errors import ExperimentError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Histories:
    """What customers bought; those with the same history are one group.

    All times are in one unit, such as weeks. A customer is watched from the first purchase on, or, where `age` is above
    0, from the beginning of the records on.

    Attributes
    ----------
    x
        How many purchases while watched (the first purchase itself is none of them), shape (groups,).
    t_x
        When the last of them was, since the customer is watched; 0 without any, shape (groups,).
    T
        How long the customer was watched, shape (groups,).
    count
        How many customers have this history, shape (groups,).
    begins
        When the customer is watched from, since the beginning of the records, shape (groups,).
    log_gaps
        Sum of the logarithms of the times between purchases, shape (groups,); NaN where they are not known.
    age
        How long somebody was a customer already when the records begin, shape (groups,); 0 for all who are watched
        from their first purchase on.
    owner, when
        Of each purchase while watched, the group and the time since the customer is watched, shape (purchases,); in
        the order of groups and times. None where only sums are known. A season needs them.
    all_listed
        Whether those with an `age` are listed who bought nothing while the records were kept.
    """

    x: FloatArray
    t_x: FloatArray
    T: FloatArray
    count: FloatArray
    begins: FloatArray
    log_gaps: FloatArray
    age: FloatArray
    owner: IntArray | None = None
    when: FloatArray | None = None
    all_listed: bool = True

    def __len__(self) -> int:
        """Return how many groups there are."""
        return len(self.x)

    @property
    def customers(self) -> float:
        """Return how many customers there are."""
        return float(self.count.sum())

    @property
    def length(self) -> float:
        """Return how long the records are, from their beginning to the last moment anybody was watched."""
        return float((self.begins + self.T).max())

    @classmethod
    def of(
        cls, x: Any, t_x: Any, T: Any, *, count: Any = 1, begins: Any = 0.0, log_gaps: Any = np.nan, age: Any = 0.0,
        all_listed: bool = True,
    ) -> Histories:  # fmt: skip
        """Return the histories of customers by their sums, one a place of the arrays; equal ones become one group.

        Parameters
        ----------
        x, t_x, T, count, begins, log_gaps, age, all_listed
            As the attributes; a single number holds for all.
        """
        parts = np.broadcast_arrays(*(np.asarray(one, dtype=np.float64) for one in
                                      (x, t_x, T, count, begins, log_gaps, age)))  # fmt: skip
        columns = [np.array(np.atleast_1d(one)) for one in parts]
        made = cls(columns[0], columns[1], columns[2], columns[3], columns[4], columns[5], columns[6],
                   all_listed=all_listed)  # fmt: skip
        made._check()
        return made.grouped()

    @classmethod
    def from_purchases(cls, customer: Any, time: Any, ends: float, *, timed: bool = False) -> Histories:
        """Return the histories in a log of purchases, the first of every customer included.

        Parameters
        ----------
        customer
            Whose purchase it is, whole numbers, shape (purchases,). Purchases of a customer at one time are one.
        time
            When, since the beginning of the records, shape (purchases,); later ones than `ends` are left out.
        ends
            When the records end.
        timed
            Whether to keep the time of every purchase, which a season needs; customers are then not grouped.
        """
        who, at = np.asarray(customer), np.asarray(time, dtype=np.float64)
        kept = at <= ends
        order = np.lexsort((at[kept], who[kept]))
        who, at = who[kept][order], at[kept][order]
        if not len(at):
            raise ExperimentError(f"time has no purchase until {ends:g}: give a log with purchases, or a later end")
        first = np.append(True, who[1:] != who[:-1])
        twice = ~first & np.append(False, at[1:] == at[:-1])
        who, at, first = who[~twice], at[~twice], first[~twice]
        owner = np.cumsum(first) - 1
        begins, later = at[first], ~first
        gaps = np.diff(at, prepend=at[0])[later]
        n = len(begins)
        x = np.bincount(owner[later], minlength=n).astype(np.float64)
        last = at[np.append(first[1:], True)]
        log_gaps: FloatArray = np.bincount(owner[later], weights=np.log(gaps), minlength=n).astype(np.float64)
        made = cls(x, last - begins, ends - begins, np.ones(n), begins, log_gaps, np.zeros(n))
        if timed:
            return replace(made, owner=owner[later], when=(at - begins[owner])[later])
        return made.grouped()

    def grouped(self, by: Sequence[str] = ("x", "t_x", "T", "begins", "log_gaps", "age")) -> Histories:
        """Return the same histories with equal ones as one group.

        Parameters
        ----------
        by
            In which respects they have to be equal; what is not among them is its mean over the group.
        """
        if self.owner is not None:
            return self
        keys = np.column_stack([np.nan_to_num(getattr(self, name), nan=-1e300) for name in by])
        _, one, group = np.unique(_as_rows(keys), return_index=True, return_inverse=True)
        count = np.bincount(group, weights=self.count).astype(np.float64)
        found: dict[str, Any] = {}
        for name in ("x", "t_x", "T", "begins", "log_gaps", "age"):
            values = getattr(self, name)
            found[name] = values[one] if name in by else np.bincount(group, weights=self.count * values) / count
        return replace(self, count=count, **found)

    def part(self, rows: Any) -> Histories:
        """Return some of the groups, by their places or a mask."""
        some = np.arange(len(self))[rows]
        names = ("x", "t_x", "T", "count", "begins", "log_gaps", "age")
        fewer: dict[str, Any] = {name: getattr(self, name)[some] for name in names}
        if self.owner is None or self.when is None:
            return replace(self, **fewer)
        place = np.full(len(self), -1)
        place[some] = np.arange(len(some))
        kept = place[self.owner] >= 0
        order = np.argsort(place[self.owner][kept], kind="stable")
        return replace(self, **fewer, owner=place[self.owner][kept][order], when=self.when[kept][order])

    def _check(self) -> None:
        x, t_x, T = self.x, self.t_x, self.T
        rules = (
            (np.isfinite(x) & (x >= 0) & (x == np.floor(x)), "x", x, "whole numbers from 0 on", "x=[0, 2, 1]"),
            (np.isfinite(T) & (T >= 0), "T", T, "times from 0 on", "T=[38.9, 38.9, 27.0]"),
            ((t_x >= 0) & (t_x <= T), "t_x", t_x, "times from 0 to T", "t_x=[0, 30.4, 1.7]"),
            (
                (x > 0) == (t_x > 0),
                "t_x",
                t_x,
                "0 where x is 0 and a time above 0 elsewhere",
                "t_x=[0, 30.4, 1.7] with x=[0, 2, 1]",
            ),
            (self.count > 0, "count", self.count, "numbers of customers above 0", "count=[1, 5, 2]"),
            (np.isfinite(self.age) & (self.age >= 0), "age", self.age, "times from 0 on", "age=[0, 0, 12.5]"),
        )
        for fits, name, values, takes, example in rules:
            if not fits.all():
                place = int(np.argmin(fits))
                raise ExperimentError(
                    f"{name} has {values[place]:g} at place {place}: it takes {takes}; write {example}"
                )


def _as_rows(keys: FloatArray) -> Any:
    """Return each row as one value that can be sorted, much faster than by columns in turn."""
    keys = np.ascontiguousarray(keys + 0.0)  # a zero with a sign is a zero
    return keys.view(np.dtype((np.void, keys.shape[1] * 8))).ravel()
