"""Recurring revenue: what running subscriptions come to per month, and what moves it.

Losses are negative numbers, so that the movements of a month add up to what it changes.
"""

from __future__ import annotations

import numpy as np

from flywheel_sim.journey.journey import Journey, amounts_of
from flywheel_sim.journey.units import MONTH
from flywheel_sim.ledger import MRR
from flywheel_sim.metrics.registry import Books, FloatArray, Metric, register

#: Movements between people who pay, those who do not yet and those who do no longer; in the order of a statement.
MOVEMENTS: tuple[str, ...] = ("new", "expansion", "reactivation", "contraction", "churn")


def movement(books: Books, *names: str) -> FloatArray:
    """Return movements added up, in currency per month, shape (replications, periods)."""
    picked = [MRR.index(name) for name in names]
    return np.asarray(books.ledger.mrr[..., picked].sum(axis=(2, 3)) / books.per_unit)


def mrr(books: Books) -> FloatArray:
    """Return recurring revenue at the end of each period, in currency per month, shape (replications, periods)."""
    moved = books.ledger.mrr.sum(axis=(2, 3))
    return np.asarray(moved.cumsum(axis=1) / books.per_unit)


def at_stake(books: Books) -> FloatArray:
    """Return recurring revenue at the beginning of each period times its length in months, same shape."""
    lengths = np.diff(books.ledger.layout.period_ends, prepend=np.int64(0)) / MONTH
    start = mrr(books)[:, :-1]
    return np.asarray(np.concatenate([np.zeros((len(start), 1)), start], axis=1) * lengths)


def retained(books: Books, *names: str) -> FloatArray:
    """Return recurring revenue at stake with some movements of the period, where there was any; same shape."""
    stake = at_stake(books)
    return np.where(stake != 0, stake + movement(books, *names), 0.0)


def recurring(journey: Journey) -> bool:
    """Tell whether anything in a journey earns recurring revenue."""
    amounts = (amount for owner in journey.owners for amount in amounts_of(owner))
    return any(
        amount.side == "earn" and amount.period_ms is not None and journey.recurs(amount.line) for amount in amounts
    )


def _applies(books: Books) -> bool:
    return recurring(books.journey)


register(Metric(
    "mrr", "Monthly recurring revenue", "CUR per month",
    "What running subscriptions come to per month, at the end of the month (MRR).", "last", mrr, applies=_applies,
    monthly=True,
))  # fmt: skip
for _name, _label, _definition in (
    ("new", "New MRR", "MRR of people who subscribe for the first time; at the start, of the people present."),
    ("expansion", "Expansion MRR", "Rises in the MRR of people who subscribe already."),
    ("contraction", "Contraction MRR", "Falls in the MRR of people who still subscribe; a negative number."),
    ("churn", "Churned MRR", "MRR of people who stop subscribing; a negative number."),
    ("reactivation", "Reactivation MRR", "MRR of people who subscribe again after they had stopped."),
):
    register(Metric(
        f"mrr_{_name}", _label, "CUR per month", _definition, "sum", lambda b, name=_name: movement(b, name),  # type: ignore[misc]
        applies=_applies, monthly=True,
    ))  # fmt: skip
register(Metric(
    "nrr", "Net revenue retention", "% per month",
    "What the MRR at the beginning of a month has become at its end through expansion, contraction and churn, as a "
    "share of it; reactivation and new MRR are left out (NRR). Movements of people who subscribed within the month "
    "are in it.",
    "ratio", lambda b: retained(b, "expansion", "contraction", "churn"), at_stake, percent=True, split="fixed",
    applies=_applies, monthly=True,
))  # fmt: skip
register(Metric(
    "grr", "Gross revenue retention", "% per month",
    "The MRR at the beginning of a month less contraction and churn within it, as a share of it; expansion, "
    "reactivation and new MRR are left out (GRR).",
    "ratio", lambda b: retained(b, "contraction", "churn"), at_stake, percent=True, split="fixed", applies=_applies,
    monthly=True,
))  # fmt: skip
