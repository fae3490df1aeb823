"""People acquired in the same cohort period: how many are still customers, and what they bring, by age.

A cell is complete where everybody in it has reached that age before the horizon; others are never shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.journey.units import MONTH
from flywheel_sim.ledger import COHORT
from flywheel_sim.metrics.registry import Books, FloatArray


@dataclass(frozen=True)
class Cohorts:
    """Cohorts by age; ages are counted in rows' lengths, which are some cohort periods each.

    Attributes
    ----------
    months
        Length of a row and of a step of age.
    acquired
        People acquired; shape (replications, rows).
    kept
        Of them, customers on reaching an age, those won back included; shape (replications, rows, ages).
    revenue
        What they bring from that age to the next, in units of the currency; same shape.
    reached, passed
        Whether everybody has reached the age, and the next one, before the horizon; shape (rows, ages).
    """

    months: int
    acquired: FloatArray
    kept: FloatArray
    revenue: FloatArray
    reached: NDArray[np.bool_]
    passed: NDArray[np.bool_]


def cohorts(books: Books, join: int = 1) -> Cohorts:
    """Return cohorts by age, ``join`` cohort periods to a row and to a step of age; the last may be shorter."""
    layout, array = books.ledger.layout, books.ledger.cohort
    starts = np.arange(0, layout.cohorts, join)
    rows = np.add.reduceat(array, starts, axis=1)
    acquired, lost, revenue = (rows[..., COHORT.index(name)] for name in ("acquired", "lost", "revenue"))
    people = acquired.sum(axis=2)
    gone = np.add.reduceat(lost, starts, axis=2).cumsum(axis=2)
    left = np.concatenate([np.zeros_like(gone[..., :1]), gone[..., :-1]], axis=2)
    # The youngest of a row are acquired just before its end, or before the horizon.
    youngest = np.minimum((starts + join) * layout.cohort_ms, layout.horizon)
    age = starts * layout.cohort_ms
    room = (layout.horizon - youngest)[:, None]
    return Cohorts(
        months=round(join * layout.cohort_ms / MONTH),
        acquired=np.asarray(people, dtype=np.float64),
        kept=np.asarray(people[..., None] - left, dtype=np.float64),
        revenue=np.asarray(np.add.reduceat(revenue, starts, axis=2) / books.per_unit),
        reached=room >= age,
        passed=room >= age + join * layout.cohort_ms,
    )


def staying(books: Books) -> tuple[FloatArray, FloatArray]:
    """Return how many of the customers who are followed are customers on reaching each age.

    Returns
    -------
    people, kept
        Followed customers, shape (replications,); of them, customers at each age in cohort periods,
        from 0 as long as they are followed, shape (replications, ages).
    """
    layout, table = books.ledger.layout, cohorts(books)
    first = slice(None, layout.eligible)
    reached = int(table.reached[first].all(axis=0).sum())
    ages = slice(None, min(layout.ages + 1, reached))
    return table.acquired[:, first].sum(axis=1), table.kept[:, first, ages].sum(axis=1)
