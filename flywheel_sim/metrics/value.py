"""What a customer is worth, measured on customers who can be followed long enough.

CLV, payback, K-factor, lineage value and time to convert use people acquired at least ``follow``
before the horizon, each followed for just that long, so that late customers do not pull the figures
down. Customers present at the start were acquired before it and are left out. A customer's margin is what they bring
less cost of sales and service: neither what is spent on winning them, or winning them back, nor overheads.
"""

from __future__ import annotations

import numpy as np

from flywheel_sim.journey.units import DAY, MONTH
from flywheel_sim.ledger import FOLLOWED
from flywheel_sim.metrics.growth import role_flow
from flywheel_sim.metrics.registry import Books, FloatArray, Metric, ratio, register
from flywheel_sim.metrics.revenue import acquisition_spend

#: Measures of the followed that are money; ``cost`` is cost of sales and service.
MONEY = ("revenue", "cost", "margin_discounted", "lineage")


def followed(books: Books, measure: str) -> FloatArray:
    """Return a measure by age of those followed long enough, shape (replications, ages).

    Money is in units of the currency, delays are in ms.
    """
    array = books.ledger.followed[..., FOLLOWED.index(measure)].sum(axis=2)
    return np.asarray(array / books.per_unit if measure in MONEY else array, dtype=np.float64)


def per_followed(books: Books, measure: str, whom: str = "acquired") -> FloatArray:
    """Return a measure over all ages per person followed, shape (replications,)."""
    return ratio(followed(books, measure).sum(axis=1), followed(books, whom).sum(axis=1))


def clv(books: Books) -> FloatArray:
    """Return the mean discounted margin of a followed customer, shape (replications,)."""
    return per_followed(books, "margin_discounted")


def cac(books: Books) -> FloatArray:
    """Return acquisition spend per acquisition over the horizon, as the metric has it; shape (replications,)."""
    return ratio(books.over(acquisition_spend(books)), books.over(role_flow(books, "acquired")))


def payback(books: Books) -> FloatArray:
    """Return the age in months at which cumulative margin per customer reaches CAC, shape (replications,).

    Linear within a month; infinite where it is not reached while customers are followed, NaN without
    customers.
    """
    customers = followed(books, "acquired").sum(axis=1)
    margin = (followed(books, "revenue") - followed(books, "cost")).cumsum(axis=1)
    cost = cac(books)
    months = books.ledger.layout.cohort_ms / MONTH
    out = np.full(len(cost), np.nan)
    for replication, (worth, count, price) in enumerate(zip(margin, customers, cost, strict=True)):
        if count == 0 or np.isnan(price):
            continue
        reached = np.flatnonzero(worth / count >= price)
        if len(reached) == 0:
            out[replication] = np.inf
            continue
        first = reached[0]
        before = worth[first - 1] / count if first else 0.0
        gain = worth[first] / count - before
        out[replication] = months * (first + ((price - before) / gain if gain > 0 else 0.0))
    return out


register(Metric(
    "clv", "Customer lifetime value", "CUR per customer",
    "Margin (revenue − cost of sales − service) of a customer from acquisition on, discounted to it, while followed "
    "(CLV).",
    "cohort", clv, source="Gupta, Lehmann and Stuart 2004, doi:10.1509/jmkr.41.1.7.25084",
))  # fmt: skip
register(Metric(
    "ltv_cac", "CLV per acquisition cost", "ratio", "CLV divided by CAC; below 1 a customer costs more than it brings.",
    "cohort", lambda b: ratio(clv(b), cac(b)), split="channel",
))  # fmt: skip
register(Metric(
    "payback", "Payback", "months",
    "Age at which the mean cumulative margin (revenue − cost of sales − service) of a followed customer, undiscounted, "
    "reaches CAC.",
    "cohort", payback, split="channel",
))  # fmt: skip
register(Metric(
    "k_factor", "K-factor", "customers per customer",
    "People referred by a followed customer who became customers themselves while the referrer was followed.",
    "cohort", lambda b: per_followed(b, "converted"),
))  # fmt: skip
register(Metric(
    "time_to_convert", "Time to convert", "days", "Mean time from arrival to acquisition, of followed customers.",
    "cohort", lambda b: per_followed(b, "delay") / DAY,
))  # fmt: skip
