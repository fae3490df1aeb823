"""The statement: from revenue to profit, every line of money under its heading, in whole millionths.

Revenue less cost of sales is gross profit; less acquisition, service and win-back it is contribution; less overheads it
is profit. Money counts whole on the day it is booked: nothing is deferred or depreciated. Spends are positive numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flywheel_sim.errors import SimulationError
from flywheel_sim.journey.journey import SPEND_KINDS
from flywheel_sim.ledger import IntArray, Ledger

#: Headings of the statement in its order, which are names of metrics; and the kind of what stands under each, "" for
#: what is earned, None for a sum of those before.
HEADINGS: dict[str, str | None] = {
    "revenue": "", "cost_of_sales": "cost_of_sales", "gross_profit": None, "acquisition_spend": "acquisition",
    "service_spend": "service", "win_back_spend": "win_back", "contribution": None, "overhead_spend": "overhead",
    "profit": None,
}  # fmt: skip

#: What the statement says of itself wherever it is shown.
BASIS = "Money counts whole on the day it is booked; nothing is deferred or depreciated."


def entries(ledger: Ledger) -> dict[tuple[str, str], IntArray]:
    """Return every line of the statement: (heading, line), line "" for the heading itself, in its order.

    Lines, channels, levers, staff and costs of one name under one heading are one line; those on which nothing is
    booked in any replication are left out.

    Returns
    -------
    dict
        Millionths by period, shape (..., periods).
    """
    amounts: dict[tuple[str, str], IntArray] = {}
    left = np.zeros(ledger.costs.shape[:-1], dtype=np.int64)
    for heading, kind in HEADINGS.items():
        lines = {} if kind is None else booked(ledger, kind)
        total = sum(lines.values(), np.zeros_like(left))
        left = left + (total if kind == "" else -total)
        amounts[heading, ""] = left if kind is None else total
        amounts |= {(heading, line): values for line, values in lines.items() if values.any()}
    return amounts


def booked(ledger: Ledger, kind: str) -> dict[str, IntArray]:
    """Return what is booked under a kind by name, millionths by period, shape (..., periods)."""
    layout = ledger.layout
    parts: list[tuple[str, IntArray]] = []
    if kind == "acquisition":
        parts += [(name, ledger.channel_spend[..., index]) for index, name in enumerate(layout.channels)]
    parts += [
        (name, ledger.money[..., index].sum(axis=-1)) for index, (_, name, of) in enumerate(layout.lines) if of == kind
    ]  # fmt: skip
    parts += [(name, ledger.costs[..., index]) for index, (name, of) in enumerate(layout.costs) if of == kind]
    totals: dict[str, IntArray] = {}
    for name, values in parts:
        totals[name] = totals[name] + values if name in totals else values
    return totals


def check_statement(ledger: Ledger) -> None:
    """Check that the statement adds up, of one run or of many, in every period and group.

    Every line is earned, or of a kind of spend; lines that follow from others are their share of them; and what the
    headings leave is all that is earned less all that is spent.

    Raises
    ------
    SimulationError
        If anything does not hold: names what, and where.
    """
    layout, money = ledger.layout, ledger.money
    for side, name, kind in (*layout.lines, *(("spend", *cost) for cost in layout.costs)):
        if kind not in (("",) if side == "earn" else SPEND_KINDS):
            raise SimulationError(f"'{name}' is booked on the side '{side}' as '{kind}', which is under no heading")
    for line, share, of in layout.derived if not layout.joined else ():
        _same(f"'{layout.lines[line][1]}', by period and group", money[..., line],
              np.rint(share * money[..., list(of)].sum(axis=-1)).astype(np.int64))  # fmt: skip
    by_kind = {kind: money[..., [of == kind for _, _, of in layout.lines]].sum(axis=-1) for kind in ("", *SPEND_KINDS)}
    signs = np.array([1 if side == "earn" else -1 for side, _, _ in layout.lines], dtype=np.int64)
    left = by_kind[""] - sum(by_kind[kind] for kind in SPEND_KINDS)
    _same("what people leave, by period and group", left, (money * signs).sum(axis=-1))
    spent = ledger.channel_spend.sum(axis=-1) + ledger.costs.sum(axis=-1)
    _same("profit, by period", entries(ledger)["profit", ""], left.sum(axis=-1) - spent)


def _same(what: str, actual: Any, counted: Any) -> None:
    """Raise an error unless two arrays are the same."""
    if not np.array_equal(actual, counted):
        at = tuple(int(place[0]) for place in np.nonzero(actual != counted))
        raise SimulationError(f"the statement does not add up: {what}, at {at}: {actual[at]} and not {counted[at]}")
