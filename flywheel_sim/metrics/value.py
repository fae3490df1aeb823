"""What a customer is worth, measured on customers who can be followed long enough.

CLV, payback and K-factor use people acquired at least ``follow`` before the horizon, each followed
for just that long, so that late customers do not pull the figures down. Customers present at the
start were acquired before it and are left out.
"""

from __future__ import annotations

import numpy as np

from flywheel_sim.ledger import COHORT_MEASURES
from flywheel_sim.metrics.growth import role_flow
from flywheel_sim.metrics.registry import Books, FloatArray, Metric, ratio, register
from flywheel_sim.metrics.revenue import acquisition_spend
from flywheel_sim.model.draws import FIXED
from flywheel_sim.scenario.units import MONTH


def followed(books: Books, measure: str) -> FloatArray:
    """Return a cohort measure by age of those followed long enough, shape (replications, ages).

    Money is in units of the currency.
    """
    journey, layout = books.journey, books.ledger.layout
    length = layout.cohort_ms
    eligible = max((journey.horizon - journey.follow) // length, 1)
    ages = max(journey.follow // length, 1)
    index = COHORT_MEASURES.index(measure)
    array = books.ledger.cohort[:, :eligible, :ages, :, index].sum(axis=(1, 3))
    if measure in ("revenue", "service", "margin_discounted"):
        return np.asarray(array / (FIXED * books.per_unit))
    return np.asarray(array, dtype=np.float64)


def clv(books: Books) -> FloatArray:
    """Return the mean discounted margin of a followed customer, shape (replications,)."""
    return ratio(followed(books, "margin_discounted").sum(axis=1), followed(books, "acquired").sum(axis=1))


def cac(books: Books) -> FloatArray:
    """Return acquisition spend per acquisition over the horizon, shape (replications,)."""
    return ratio(acquisition_spend(books).sum(axis=1), role_flow(books, "acquired").sum(axis=1))


def payback(books: Books) -> FloatArray:
    """Return the age in months at which cumulative margin per customer reaches CAC, shape (replications,).

    Linear within a month; infinite where it is not reached while customers are followed, NaN without
    customers.
    """
    customers = followed(books, "acquired").sum(axis=1)
    margin = (followed(books, "revenue") - followed(books, "service")).cumsum(axis=1)
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
    "Margin (revenue − service) of a customer from acquisition on, discounted to it, while followed (CLV).",
    "cohort", clv, source="Gupta, Lehmann and Stuart 2004, doi:10.1509/jmkr.41.1.7.25084",
))  # fmt: skip
register(Metric(
    "ltv_cac", "CLV per acquisition cost", "ratio", "CLV divided by CAC; below 1 a customer costs more than it brings.",
    "cohort", lambda b: ratio(clv(b), cac(b)),
))  # fmt: skip
register(Metric(
    "payback", "Payback", "months",
    "Age at which the mean cumulative margin of a followed customer, undiscounted, reaches CAC.", "cohort", payback,
))  # fmt: skip
register(Metric(
    "k_factor", "K-factor", "customers per customer",
    "People referred by a followed customer who became customers themselves while the referrer was followed.",
    "cohort", lambda b: ratio(followed(b, "converted").sum(axis=1), followed(b, "acquired").sum(axis=1)),
))  # fmt: skip
