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


def costs(books: Books, kind: str | None = None, name: str | None = None) -> FloatArray:
    """Return what is spent whoever comes, staff included, in units of the currency, shape (replications, periods)."""
    picked = [
        index for index, (cost, k) in enumerate(books.ledger.layout.costs) if kind in (None, k) and name in (None, cost)
    ]
    return np.asarray(books.ledger.costs[..., picked].sum(axis=2) / books.per_unit)


def revenue(books: Books) -> FloatArray:
    """Return everything earned."""
    return money(books, "earn")


def advertised(books: Books) -> FloatArray:
    """Return what is earned from people whose channel costs something, shape (replications, periods)."""
    ledger, layout = books.ledger, books.ledger.layout
    paid = [name for index, name in enumerate(layout.channels) if ledger.channel_spend[..., index].any()]
    groups = [index for index, (channel, *_) in enumerate(layout.groups) if channel in paid]
    earned = [index for index, (side, _, _) in enumerate(layout.lines) if side == "earn"]
    return np.asarray(ledger.money[:, :, groups][..., earned].sum(axis=(2, 3)) / books.per_unit)


def acquisition_spend(books: Books) -> FloatArray:
    """Return what is spent on channels, levers paid by the month, prospects, people set aside, and their staff."""
    return channel_spend(books) + costs(books, "acquisition") + money(books, "spend", "acquisition")


def spend(books: Books) -> FloatArray:
    """Return everything spent."""
    return channel_spend(books) + costs(books) + money(books, "spend")


register(Metric("revenue", "Revenue", "CUR", "Everything earned, when it is booked.", "sum", revenue))
register(Metric(
    "spend", "Spend", "CUR", "Everything spent: channels, levers, prospects, customers, win-back, staff and overheads.",
    "sum", spend, split="channel",
))  # fmt: skip
register(Metric(
    "profit", "Profit", "CUR", "Revenue − spend; overheads are in it as far as the journey names them.", "sum",
    lambda b: revenue(b) - spend(b), split="channel",
))  # fmt: skip
register(Metric(
    "acquisition_spend", "Acquisition spend", "CUR",
    "Spent on channels, levers paid by the month, prospects and people set aside, and on staff who serve these alone.",
    "sum", acquisition_spend, split="channel",
))  # fmt: skip
register(Metric(
    "service_spend", "Service spend", "CUR",
    "Spent on people while they are customers, and on staff who serve customers alone.", "sum",
    lambda b: money(b, "spend", "service") + costs(b, "service"), split="unstaffed",
))  # fmt: skip
register(Metric(
    "win_back_spend", "Win-back spend", "CUR",
    "Spent on lapsed customers, and on staff who serve them alone.", "sum",
    lambda b: money(b, "spend", "win-back") + costs(b, "win-back"), split="unstaffed",
))  # fmt: skip
register(Metric(
    "overhead_spend", "Overheads", "CUR",
    "Costs that come whoever comes, where the journey names them, and staff who serve people of several kinds.", "sum",
    lambda b: costs(b, "overhead"), split="whole",
))  # fmt: skip
register(Metric(
    "arpu", "Revenue per user", "CUR per customer-month", "Revenue per month lived as a customer (ARPU).", "ratio",
    revenue, customer_months,
))  # fmt: skip
register(Metric(
    "cac", "Acquisition cost", "CUR per customer", "Acquisition spend per acquisition (CAC).", "ratio",
    acquisition_spend, lambda b: role_flow(b, "acquired"), split="channel",
))  # fmt: skip
register(Metric(
    "roas", "Return on ad spend", "CUR per CUR",
    "Revenue from the people whom paid channels brought, per unit of money spent on these channels (ROAS). What is "
    "spent on people once they have come, and what they bring by referral, are not in it.",
    "ratio", advertised, channel_spend, split="channel", applies=lambda b: bool(b.ledger.channel_spend.any()),
))  # fmt: skip


def _revenue_line(member: str, books: Books) -> Metric | None:
    if not any(side == "earn" and name == member for side, name, _ in books.ledger.layout.lines):
        return None
    return Metric(f"revenue.{member}", f"Revenue from {member}", "CUR", f"Earned on the line '{member}'.", "sum",
                  lambda b: money(b, "earn", line=member))  # fmt: skip


def _spend_line(member: str, books: Books) -> Metric | None:
    layout = books.ledger.layout
    places = {
        "the channel": member in layout.channels,
        "the line": any(side == "spend" and name == member for side, name, _ in layout.lines),
        "the cost": any(name == member for name, _ in layout.costs[: len(layout.costs) - len(layout.resources)]),
        "the staff": member in layout.resources,
    }
    if not any(places.values()):
        return None
    said = " and ".join(f"{kind} '{member}'" for kind, there in places.items() if there)
    return Metric(
        f"spend.{member}", f"Spend on {member}", "CUR", f"Spent on {said}.", "sum",
        lambda b: channel_spend(b, member) + money(b, "spend", line=member) + costs(b, name=member),
        split="any" if list(places.values()) == [False, True, False, False] else "channel",
    )  # fmt: skip


register_family("revenue", _revenue_line)
register_family("spend", _spend_line)


def lines_of(books: Books) -> list[str]:
    """Return the names of every metric of one money line: revenue by line; spend by channel, line, cost and staff."""
    ledger, layout = books.ledger, books.ledger.layout
    earned = [f"revenue.{name}" for side, name, _ in layout.lines if side == "earn"]
    spent = [f"spend.{name}" for side, name, _ in layout.lines if side == "spend"]
    channels = [f"spend.{n}" for i, n in enumerate(layout.channels) if np.any(ledger.channel_spend[..., i])]
    fixed = [f"spend.{name}" for name, _ in layout.costs]
    return list(dict.fromkeys([*earned, *channels, *spent, *fixed]))
