"""From rows to orders: lines of one order added up, states that were overtaken left out, refunds taken off."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from flywheel_sim.data.account import ASIDE, MERGED, Tally
from flywheel_sim.data.source.cells import BoolArray, FloatArray, IntArray
from flywheel_sim.data.statuses import CANCELLED, PAID, REFUNDED

#: Smaller sums are nothing: a thousandth of a cent.
_NOTHING = 1e-5

#: Headings of what a whole order came to.
_TOTAL = re.compile(r"\border (total|value|amount)\b|\b(grand|payment) total\b|\bgesamtbetrag\b")


@dataclass
class Lines:
    """The rows of a file of orders.

    Attributes
    ----------
    who
        Who bought, -1 where nobody is said.
    order
        Which order it is of; every row its own where orders have no numbers.
    second
        When, in seconds.
    amount
        What was paid, less what was refunded; negative where money went back.
    status
        What became of it.
    follows
        Whether it says neither who nor when, and belongs to an earlier row of its order.
    """

    who: IntArray
    order: IntArray
    second: IntArray
    amount: FloatArray
    status: IntArray
    follows: BoolArray


def without_states(lines: Lines, tally: Tally) -> None:
    """Mark rows that a later row of the same order repeats, with another status or the same one; the last one counts.

    Of orders with numbers alone, and of rows that are alike in customer, time and amount.
    """
    left = np.flatnonzero(tally.left & ~lines.follows)
    key = _numbered(lines.order[left], lines.who[left], lines.second[left], _cents(lines.amount[left]))
    if len(key) == 0 or int(key.max()) + 1 == len(key):
        return
    last = np.zeros(int(key.max()) + 1, np.int64)
    last[key] = np.arange(len(key))  # the last of each stays
    overtaken = last[key] != np.arange(len(key))
    changed = overtaken & (lines.status[left] != lines.status[left][last[key]])
    for these, rule in ((changed, "an earlier state of the same order"), (overtaken & ~changed, "the same row again")):
        tally.mark(_at(left[these], len(lines.who)), MERGED, rule)


def count_totals_once(lines: Lines, tally: Tally, heading: str) -> None:
    """Let the total of an order that stands on every line of it count once, where the heading says that it is one."""
    left = np.flatnonzero(tally.left & ~lines.follows)
    if not len(left) or not _TOTAL.search(heading):
        return
    first = np.zeros(int(lines.order.max()) + 1, np.int64)
    first[lines.order[left[::-1]]] = left[::-1]
    further = left[first[lines.order[left]] != left]
    if not len(further) or (lines.amount[further] != lines.amount[first[lines.order[further]]]).any():
        return
    lines.amount[further] = 0.0
    lines.follows[further] = True
    tally.say(f"'{heading}' is the same on every line of an order, so it is of the order and counts once.")


def turn_reversals(lines: Lines, tally: Tally) -> None:
    """Have a row that says refunded or cancelled take off an earlier paid row of its order of the same amount."""
    left = np.flatnonzero(tally.left & np.isin(lines.status, (PAID, REFUNDED, CANCELLED)) & (lines.amount > 0))
    back = lines.status[left] != PAID
    if not back.any():
        return
    key = _numbered(lines.order[left], lines.who[left], _cents(lines.amount[left]))
    paid = _least(lines.second[left], key, int(key.max()) + 1, ~back)
    reverses = back & (lines.second[left] > paid[key])
    lines.amount[left[reverses]] *= -1
    lines.status[left[reverses]] = PAID  # as every row of a refund


def without_idle_refunds(lines: Lines, tally: Tally, *, numbered: bool) -> None:
    """Set aside refunds of orders that do not count anyway, so that they come off no other order.

    Those are known by the number of the order or, without numbers, by customer and amount, one for one.
    """
    back = np.flatnonzero(tally.left & (lines.amount < 0))
    idle = np.flatnonzero(~tally.left & (lines.amount > 0) & (lines.status != PAID))
    if not len(back) or not len(idle):
        return
    both, refunds = np.concatenate([back, idle]), len(back)
    if numbered:
        number = _numbered(lines.order[both], lines.who[both])
        counted = np.isin(number[:refunds], _numbered_among(lines, tally, both, number))
        found = np.isin(number[:refunds], number[refunds:]) & ~counted
    else:
        number = _numbered(lines.who[both], _cents(np.abs(lines.amount[both])))
        order = np.argsort(number[:refunds], kind="stable")
        mine = number[:refunds][order]
        rank = np.empty(refunds, np.int64)
        rank[order] = np.arange(refunds) - np.searchsorted(mine, mine)
        found = rank < np.bincount(number[refunds:], minlength=int(number.max()) + 1)[number[:refunds]]
    tally.mark(_at(back[found], len(lines.who)), ASIDE, "a refund of an order that does not count")


def _numbered_among(lines: Lines, tally: Tally, both: IntArray, number: IntArray) -> IntArray:
    """Return the numbers of those orders, among some, that have a row which counts."""
    counts = np.unique(lines.order[tally.left & (lines.amount > 0)])
    return number[np.isin(lines.order[both], counts)]


@dataclass(frozen=True)
class Bought:
    """Orders that are purchases: whose, on which day, for how much, and in which row of the table the first one is."""

    who: IntArray
    day: IntArray
    amount: FloatArray
    row: IntArray


def orders_of(lines: Lines, tally: Tally, *, priced: bool, free: BoolArray | None) -> Bought:
    """Return the orders that are purchases; rows of others are set aside.

    Parameters
    ----------
    lines, tally
        The rows, and what becomes of them.
    priced
        Whether there are amounts at all.
    free
        Rows of which units say that something was bought, though it cost nothing; None where no units are said.
    """
    left = np.flatnonzero(tally.left)
    number = _numbered(lines.order[left], lines.who[left])
    count = int(number.max()) + 1 if len(number) else 0
    amount = lines.amount[left]
    gained, gave = np.where(amount > 0, amount, 0.0), np.where(amount < 0, amount, 0.0)
    sums: FloatArray = np.asarray(np.bincount(number, gained, count) + np.bincount(number, gave, count), np.float64)
    bought = np.bincount(number, gained > 0, count) > 0
    second = _least(lines.second[left], number, count, np.where(bought[number], amount > 0, True))
    who = np.zeros(count, np.int64)
    who[number] = lines.who[left]
    if priced:
        returns = ~bought & (sums < -_NOTHING)
        sums = _refunded(who, second, sums, bought, returns, left, number, tally)
        gone = bought & (sums <= _NOTHING)
        tally.mark(_at(left[gone[number]], len(lines.who)), ASIDE, "refunded in full", merged=True)
        nothing = ~bought & ~returns
        if free is not None:
            nothing &= np.bincount(number, free[left], count) == 0
        tally.mark(_at(left[nothing[number]], len(lines.who)), ASIDE, "amount 0")
    stays = np.bincount(number, tally.left[left], count) > 0
    first = np.full(count, len(lines.who), np.int64)
    np.minimum.at(first, number, np.where(tally.left[left], left, len(lines.who)))
    lead = np.zeros(len(lines.who), bool)
    lead[first[stays]] = True
    tally.mark(tally.left & ~lead, MERGED, "a further line of an order")
    return Bought(who[stays], second[stays] // 86_400, sums[stays], first[stays])


def _refunded(
    who: IntArray, second: IntArray, sums: FloatArray, bought: BoolArray, returns: BoolArray, left: IntArray,
    number: IntArray, tally: Tally,
) -> FloatArray:  # fmt: skip
    """Return what orders brought once refunds without a number of theirs are taken off the customer's earlier ones.

    The latest earlier order that is worth as much is taken; where none is, the latest ones until all is paid back.
    """
    if not returns.any():
        return sums
    sums = sums.copy()
    mine = np.isin(who, who[returns])
    orders = np.flatnonzero(mine & bought)
    orders = orders[np.lexsort((second[orders], who[orders]))]
    owners = who[orders]
    found = np.zeros(len(who), bool)
    backs = np.flatnonzero(returns)
    for back in backs[np.argsort(second[backs], kind="stable")]:
        low, high = np.searchsorted(owners, [who[back], who[back] + 1])
        own = orders[low:high][::-1]
        own = own[(second[own] <= second[back]) & (sums[own] > _NOTHING)]
        due = -sums[back]
        enough = own[sums[own] >= due - _NOTHING]
        for one in enough[:1] if len(enough) else own:
            paid = min(due, sums[one])
            sums[one], due = round(sums[one] - paid, 6), due - paid
            found[back] = True
            if due <= _NOTHING:
                break
    width = len(tally.rows)
    tally.mark(_at(left[found[number]], width), MERGED, "a refund, taken off an order")
    tally.mark(_at(left[(returns & ~found)[number]], width), ASIDE, "a refund before any order")
    return sums


def one_a_day(bought: Bought, tally: Tally) -> tuple[Bought, IntArray]:
    """Return purchases with those of one customer and day as one, by customer and day, and how many each is."""
    order = np.lexsort((bought.row, bought.day, bought.who))
    who, day = bought.who[order], bought.day[order]
    new = np.ones(len(order), bool)
    new[1:] = (who[1:] != who[:-1]) | (day[1:] != day[:-1])
    number = np.cumsum(new) - 1
    count = int(new.sum())
    tally.mark(_at(bought.row[order[~new]], len(tally.rows)), MERGED, "another order of the same day")
    amount: FloatArray = np.asarray(np.round(np.bincount(number, bought.amount[order], count), 6), np.float64)
    merged = np.bincount(number, minlength=count).astype(np.int64)
    return Bought(who[new], day[new], amount, bought.row[order[new]]), merged


def _cents(amount: FloatArray) -> IntArray:
    return np.round(np.nan_to_num(amount) * 1e4).astype(np.int64)


def _numbered(*keys: IntArray) -> IntArray:
    """Return a number for each row that is the same where all keys are, from 0 on."""
    import pandas as pd

    number = np.zeros(len(keys[0]), np.int64)
    for key in keys:
        codes, unique = pd.factorize(key)
        number, _ = pd.factorize(number * (len(unique) + 1) + codes)
    return np.asarray(number, np.int64)


def _least(values: IntArray, number: IntArray, count: int, which: BoolArray) -> IntArray:
    """Return the least value of each number among some rows."""
    least = np.full(count, np.iinfo(np.int64).max, np.int64)
    np.minimum.at(least, number[which], values[which])
    return least


def _at(rows: IntArray, count: int) -> BoolArray:
    """Return rows as a mask."""
    mask = np.zeros(count, bool)
    mask[rows] = True
    return mask
