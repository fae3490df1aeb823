"""What a customer is worth, measured on customers who can be followed long enough.

K-factor and lineage value use people acquired at least ``follow`` before the horizon, each followed for just that long,
so that late customers do not pull the figures down; so do CLV and payback, unless customers are followed beyond the
horizon, as all of them then are. Customers present at the start were acquired before it and are left out. A customer's
margin is what they bring less cost of sales and service: neither what is spent on winning them, or winning them back,
nor overheads.
"""

from __future__ import annotations

import numpy as np

from flywheel_sim.journey.units import MONTH
from flywheel_sim.ledger import FOLLOWED, LIFETIME, IntArray
from flywheel_sim.metrics.growth import role_flow
from flywheel_sim.metrics.registry import Books, FloatArray, Metric, register
from flywheel_sim.metrics.revenue import acquisition_spend
from flywheel_sim.stats import jackknifed, left_out, ratio, skewed_ends

#: Measures of the followed that are money; ``cost`` is cost of sales and service.
MONEY = ("revenue", "cost", "margin_discounted", "lineage")


def followed(books: Books, measure: str) -> FloatArray:
    """Return a measure by age of those followed within the horizon, shape (replications, ages).

    Money is in units of the currency.
    """
    return _by_age(books, books.ledger.followed[..., FOLLOWED.index(measure)], measure)


def worth(books: Books, measure: str) -> FloatArray:
    """Return a measure by age of those followed for what they are worth, shape (replications, ages).

    Beyond the horizon where customers are followed there; money is in units of the currency.
    """
    if not books.ledger.layout.lives:
        return followed(books, measure)
    return _by_age(books, books.ledger.lifetime[..., LIFETIME.index(measure)], measure)


def _by_age(books: Books, counted: IntArray, measure: str) -> FloatArray:
    """Return a measure over all groups, shape (replications, ages), from (replications, ages, groups)."""
    array = counted.sum(axis=2)
    return np.asarray(array / books.per_unit if measure in MONEY else array, dtype=np.float64)


def in_all(books: Books, measure: str) -> FloatArray:
    """Return a measure of those followed within the horizon over all ages, shape (replications,)."""
    return np.asarray(followed(books, measure).sum(axis=1))


def customers(books: Books) -> FloatArray:
    """Return how many are followed for what they are worth, shape (replications,)."""
    return np.asarray(worth(books, "acquired").sum(axis=1))


def margin(books: Books) -> FloatArray:
    """Return the discounted margin of those followed for what they are worth, shape (replications,)."""
    return np.asarray(worth(books, "margin_discounted").sum(axis=1))


def spent(books: Books) -> FloatArray:
    """Return acquisition spend over the horizon, shape (replications,)."""
    return books.over(acquisition_spend(books))


def won(books: Books) -> FloatArray:
    """Return acquisitions over the horizon, shape (replications,)."""
    return books.over(role_flow(books, "acquired"))


def margin_by_month(books: Books) -> FloatArray:
    """Return the cumulative margin of those followed at the end of each month of age, shape (replications, months)."""
    sums = (worth(books, "revenue") - worth(books, "cost")).cumsum(axis=1)
    steps = round(books.ledger.layout.cohort_ms / MONTH)
    before = np.concatenate([np.zeros_like(sums[:, :1]), sums[:, :-1]], axis=1)
    share = np.arange(1, steps + 1) / steps
    return np.asarray((before[..., None] + (sums - before)[..., None] * share).reshape(len(sums), -1))


def ahead_by_month(margin: FloatArray, people: FloatArray, spent: FloatArray, won: FloatArray) -> FloatArray:
    """Return cumulative margin per customer less what one costs, at age 0 and then by month; one row each."""
    each = ratio(margin, people[:, None])
    return np.asarray(np.concatenate([np.zeros_like(each[:, :1]), each], axis=1) - ratio(spent, won)[:, None])


def crossing(paths: FloatArray) -> FloatArray:
    """Return when each path first reaches 0, in steps, linear within one; infinite where never, NaN without figures."""
    crossings = np.full(len(paths), np.inf)
    reached = paths >= 0
    first = reached.argmax(axis=1)
    rows = np.flatnonzero(reached.any(axis=1))
    at = first[rows]
    before, after = paths[rows, np.maximum(at - 1, 0)], paths[rows, at]
    crossings[rows] = np.where(at > 0, at - after / np.where(after > before, after - before, 1.0), 0.0)
    crossings[np.isnan(paths).any(axis=1)] = np.nan
    return crossings


def payback(margin: FloatArray, people: FloatArray, spent: FloatArray, won: FloatArray) -> FloatArray:
    """Return the age in months at which cumulative margin per customer reaches what one costs; one a row.

    Infinite where it is not reached while customers are followed, NaN without customers.
    """
    return crossing(ahead_by_month(margin, people, spent, won))


def payback_ends(books: Books, level: float) -> tuple[float, float]:
    """Return the ages in months between which margin and cost may be equal: the upper end infinite where never."""
    sums = (margin_by_month(books), customers(books), spent(books), won(books))
    pooled = ahead_by_month(*(one.sum(axis=0, keepdims=True) for one in sums))[0]
    low, high = skewed_ends(jackknifed(pooled, ahead_by_month(*left_out(*sums))), level)
    first, last = crossing(np.stack([high, low]))
    return float(first), float(last)


register(Metric(
    "clv", "Customer lifetime value", "CUR per customer",
    "Margin (revenue − cost of sales − service) of a customer from acquisition on, discounted to it, while followed "
    "(CLV).",
    "cohort", margin, customers, window="worth",
    source="Gupta, Lehmann and Stuart 2004, doi:10.1509/jmkr.41.1.7.25084",
))  # fmt: skip
register(Metric(
    "ltv_cac", "CLV per acquisition cost", "ratio",
    "CLV divided by CAC; below 1 a customer costs more than it brings while followed.",
    "cohort", margin, customers, more=(spent, won), split="channel", window="worth",
))  # fmt: skip
register(Metric(
    "payback", "Payback", "months",
    "Age at which the mean cumulative margin (revenue − cost of sales − service) of the customers followed, "
    "undiscounted, reaches CAC; its interval holds the ages at which the two may be equal.",
    "cohort", margin_by_month, customers,
    more=(spent, won), of=payback, ends=payback_ends, split="channel", window="worth",
))  # fmt: skip
register(Metric(
    "k_factor", "K-factor", "customers per customer",
    "People referred by a followed customer who became customers themselves while the referrer was followed.",
    "cohort", lambda b: in_all(b, "converted"), lambda b: in_all(b, "acquired"), window="bring",
    within=(0, np.inf),
))  # fmt: skip
