"""Recurring revenue: what running subscriptions come to per month, and what moves it.

Losses are negative numbers, so that the movements of a month add up to what it changes. What people present have before
the run is in no movement: the first month begins with it.
"""

from __future__ import annotations

import numpy as np

from flywheel_sim.journey.journey import Journey, amounts_of
from flywheel_sim.journey.units import MONTH
from flywheel_sim.ledger import MRR, MRR_CHANGE
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


def before(books: Books) -> FloatArray:
    """Return recurring revenue just before each period, in currency per month, shape (replications, periods)."""
    opening = movement(books, "opening")[:, :1]
    return np.asarray(np.concatenate([opening, mrr(books)[:, :-1]], axis=1))


def at_stake(books: Books) -> FloatArray:
    """Return recurring revenue just before each period times its length in months, same shape."""
    lengths = np.diff(books.ledger.layout.period_ends, prepend=np.int64(0)) / MONTH
    return np.asarray(before(books) * lengths)


def retained(books: Books, measure: str) -> FloatArray:
    """Return recurring revenue at stake with one `MRR_CHANGE`, what the same people have at its end; same shape."""
    changes = books.ledger.mrr_change[..., MRR_CHANGE.index(measure)].sum(axis=2) / books.per_unit
    return np.asarray(at_stake(books) + changes)


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
    ("new", "New MRR", "MRR of people who subscribe for the first time."),
    ("expansion", "Expansion MRR", "Rises in the MRR of people who subscribe already."),
    ("contraction", "Contraction MRR", "Falls in the MRR of people who still subscribe; a negative number."),
    ("churn", "Churned MRR", "MRR of people who stop subscribing; a negative number."),
    (
        "reactivation",
        "Reactivation MRR",
        "MRR of people who subscribe again, after they or what they paid for had stopped.",
    ),
):
    register(Metric(
        f"mrr_{_name}", _label, "CUR per month", _definition, "sum", lambda b, name=_name: movement(b, name),  # type: ignore[misc]
        applies=_applies, monthly=True,
    ))  # fmt: skip
register(Metric(
    "arr", "Annual recurring revenue", "CUR per year", "Twelve times the MRR at the end of the month (ARR).", "last",
    lambda b: 12 * mrr(b), applies=_applies, monthly=True,
))  # fmt: skip
register(Metric(
    "quick_ratio", "Quick ratio", "ratio",
    "MRR won (new, expansion, reactivation) per MRR lost (contraction, churn).", "ratio",
    lambda b: movement(b, "new", "expansion", "reactivation"), lambda b: -movement(b, "contraction", "churn"),
    applies=_applies, monthly=True,
))  # fmt: skip
register(Metric(
    "nrr", "Net revenue retention", "% per month",
    "What those who have MRR just before a month have just before its end, as a share of it: expansion, contraction "
    "and churn are in it, and nobody who had none (NRR).",
    "ratio", lambda b: retained(b, "changed"), at_stake, percent=True, split="fixed", applies=_applies, monthly=True,
))  # fmt: skip
register(Metric(
    "grr", "Gross revenue retention", "% per month",
    "What those who have MRR just before a month have just before its end, nobody more than before it, as a share of "
    "it: contraction and churn alone are in it (GRR).",
    "ratio", lambda b: retained(b, "lost"), at_stake, percent=True, split="fixed", applies=_applies, monthly=True,
    within=(0, 100),
))  # fmt: skip
