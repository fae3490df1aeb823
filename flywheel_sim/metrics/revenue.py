"""Money by month: what is earned, what is spent on whom, what is left."""

from __future__ import annotations

import numpy as np

from flywheel_sim.metrics.growth import customer_months, role_flow
from flywheel_sim.metrics.registry import Books, FloatArray, Metric, register, register_family


def money(books: Books, side: str, kind: str | None = None, line: str | None = None) -> FloatArray:
    """Return money booked on matching lines, in units of the currency, shape (replications, periods)."""
    lines = books.ledger.layout.lines
    picked = [
        index for index, (s, name, k) in enumerate(lines)
        if s == side and kind in (None, k) and line in (None, name)
    ]  # fmt: skip
    return np.asarray(books.ledger.money[..., picked].sum(axis=(2, 3)) / books.per_unit)


def channel_spend(books: Books, channel: str | None = None) -> FloatArray:
    """Return what is spent on bringing people, in units of the currency, shape (replications, periods)."""
    picked = [i for i, name in enumerate(books.ledger.layout.channels) if channel in (None, name)]
    return np.asarray(books.ledger.channel_spend[..., picked].sum(axis=2) / books.per_unit)


def revenue(books: Books) -> FloatArray:
    """Return everything earned."""
    return money(books, "earn")


def acquisition_spend(books: Books) -> FloatArray:
    """Return what is spent on channels, prospects and people set aside."""
    return channel_spend(books) + money(books, "spend", "acquisition")


def spend(books: Books) -> FloatArray:
    """Return everything spent."""
    return channel_spend(books) + money(books, "spend")


register(Metric("revenue", "Revenue", "CUR", "Everything earned, when it is booked.", "sum", revenue))
register(Metric("spend", "Spend", "CUR", "Everything spent: channels, prospects, customers, win-back.", "sum", spend))
register(Metric(
    "profit", "Profit", "CUR", "Revenue − spend, before overheads that the journey does not name.", "sum",
    lambda b: revenue(b) - spend(b),
))  # fmt: skip
register(Metric(
    "acquisition_spend", "Acquisition spend", "CUR", "Spent on channels, prospects and people set aside.", "sum",
    acquisition_spend,
))  # fmt: skip
register(Metric(
    "service_spend", "Service spend", "CUR", "Spent on people while they are customers.", "sum",
    lambda b: money(b, "spend", "service"),
))  # fmt: skip
register(Metric(
    "win_back_spend", "Win-back spend", "CUR", "Spent on lapsed customers.", "sum",
    lambda b: money(b, "spend", "win-back"),
))  # fmt: skip
register(Metric(
    "arpu", "Revenue per user", "CUR per customer-month", "Revenue per month lived as a customer (ARPU).", "ratio",
    revenue, customer_months,
))  # fmt: skip
register(Metric(
    "cac", "Acquisition cost", "CUR per customer", "Acquisition spend per acquisition (CAC).", "ratio",
    acquisition_spend, lambda b: role_flow(b, "acquired"),
))  # fmt: skip


def _revenue_line(member: str, books: Books) -> Metric | None:
    if not any(side == "earn" and name == member for side, name, _ in books.ledger.layout.lines):
        return None
    return Metric(f"revenue.{member}", f"Revenue from {member}", "CUR", f"Earned on the line '{member}'.", "sum",
                  lambda b: money(b, "earn", line=member))  # fmt: skip


def _spend_line(member: str, books: Books) -> Metric | None:
    if member in books.ledger.layout.channels:
        return Metric(f"spend.{member}", f"Spend on {member}", "CUR", f"Spent on the channel '{member}'.", "sum",
                      lambda b: channel_spend(b, member))  # fmt: skip
    if any(side == "spend" and name == member for side, name, _ in books.ledger.layout.lines):
        return Metric(f"spend.{member}", f"Spend on {member}", "CUR", f"Spent on the line '{member}'.", "sum",
                      lambda b: money(b, "spend", line=member))  # fmt: skip
    return None


register_family("revenue", _revenue_line)
register_family("spend", _spend_line)


def lines_of(books: Books) -> list[str]:
    """Return the names of every metric of one money line: revenue by line, spend by channel and line."""
    earned = [f"revenue.{name}" for side, name, _ in books.ledger.layout.lines if side == "earn"]
    spent = [f"spend.{name}" for side, name, _ in books.ledger.layout.lines if side == "spend"]
    channels = [
        f"spend.{name}" for index, name in enumerate(books.ledger.layout.channels)
        if np.any(books.ledger.channel_spend[..., index])
    ]  # fmt: skip
    return list(dict.fromkeys([*earned, *channels, *spent]))
