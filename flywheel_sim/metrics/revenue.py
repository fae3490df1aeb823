"""Money by period, in the order of the statement: what is earned, what it costs, what is left.

Money counts whole on the day it is booked: nothing is deferred or depreciated.
"""

from __future__ import annotations

import numpy as np

from flywheel_sim.journey.journey import BUDGET_KINDS
from flywheel_sim.metrics.growth import customer_months, role_flow
from flywheel_sim.metrics.registry import Books, FloatArray, Metric, register, register_family
from flywheel_sim.metrics.statement import booked


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


def spent_as(books: Books, *kinds: str) -> FloatArray:
    """Return what is spent of some kinds: booked on people, on channels, and whoever comes."""
    parts = (amounts for kind in kinds for amounts in booked(books.ledger, kind).values())
    return np.asarray(sum(parts, np.zeros(books.ledger.costs.shape[:2], dtype=np.int64)) / books.per_unit)


def acquisition_spend(books: Books) -> FloatArray:
    """Return what is spent on winning customers: channels, and all that is booked as acquisition."""
    return spent_as(books, "acquisition")


def budget(books: Books) -> FloatArray:
    """Return what strategies that are compared spend alike: acquisition, service and win-back."""
    return spent_as(books, *BUDGET_KINDS)


def contribution(books: Books) -> FloatArray:
    """Return revenue less cost of sales and the budget: what is left for overheads and profit."""
    return revenue(books) - spent_as(books, "cost_of_sales") - budget(books)


def spend(books: Books) -> FloatArray:
    """Return everything spent."""
    return channel_spend(books) + costs(books) + money(books, "spend")


register(Metric(
    "revenue", "Revenue", "CUR", "Everything earned, whole when it is booked; refunds and discounts are taken off.",
    "sum", revenue,
))  # fmt: skip
register(Metric(
    "cost_of_sales", "Cost of sales", "CUR",
    "Spent on what is sold: goods, postage, payment fees, hosting and the like, as far as the journey says so.", "sum",
    lambda b: spent_as(b, "cost_of_sales"), split="booked", kinds=("cost_of_sales",),
))  # fmt: skip
register(Metric(
    "gross_profit", "Gross profit", "CUR", "Revenue − cost of sales.", "sum",
    lambda b: revenue(b) - spent_as(b, "cost_of_sales"), split="booked", kinds=("cost_of_sales",),
))  # fmt: skip
register(Metric(
    "acquisition_spend", "Acquisition spend", "CUR",
    "Spent on winning customers: on channels, and what is booked as acquisition on people, levers, staff and costs.",
    "sum", acquisition_spend, split="channel",
))  # fmt: skip
register(Metric(
    "service_spend", "Service spend", "CUR", "Spent on keeping and serving customers, cost of sales apart.", "sum",
    lambda b: spent_as(b, "service"), split="booked", kinds=("service",),
))  # fmt: skip
register(Metric(
    "win_back_spend", "Win-back spend", "CUR", "Spent on bringing lapsed customers back.", "sum",
    lambda b: spent_as(b, "win_back"), split="booked", kinds=("win_back",),
))  # fmt: skip
register(Metric(
    "contribution", "Contribution", "CUR", "Gross profit − acquisition, service and win-back spend.", "sum",
    contribution, split="channel",
))  # fmt: skip
register(Metric(
    "overhead_spend", "Overheads", "CUR",
    "Costs that come whoever comes and staff who serve people of several kinds, unless the journey says otherwise; and "
    "lines that it calls overhead.",
    "sum", lambda b: spent_as(b, "overhead"), split="booked", kinds=("overhead",),
))  # fmt: skip
register(Metric(
    "profit", "Profit", "CUR", "Contribution − overheads: all that is earned less all that is spent.", "sum",
    lambda b: revenue(b) - spend(b), split="channel",
))  # fmt: skip
register(Metric(
    "spend", "Spend", "CUR", "Everything spent: cost of sales, acquisition, service, win-back and overheads.", "sum",
    spend, split="channel",
))  # fmt: skip
register(Metric(
    "budget", "Budget", "CUR",
    "Acquisition, service and win-back spend: what strategies that are compared spend alike. Cost of sales and "
    "overheads are not in it.",
    "sum", budget, split="channel",
))  # fmt: skip
register(Metric(
    "arpu", "Revenue per user", "CUR per customer-month", "Revenue per month lived as a customer (ARPU).", "ratio",
    revenue, customer_months,
))  # fmt: skip
register(Metric(
    "cac", "Acquisition cost", "CUR per customer",
    "Acquisition spend per acquisition (CAC); by group, both of the group in which they are booked.", "ratio",
    acquisition_spend, lambda b: role_flow(b, "acquired"), split="channel", within=(0, np.inf),
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
    spent_on = " and ".join(f"{kind} '{member}'" for kind, there in places.items() if there)
    return Metric(
        f"spend.{member}", f"Spend on {member}", "CUR", f"Spent on {spent_on}.", "sum",
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
