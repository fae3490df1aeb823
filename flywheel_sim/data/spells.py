"""From events or months to spells: when each subscription began and when it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from flywheel_sim.data.account import ASIDE, MERGED
from flywheel_sim.data.people import unknown_words
from flywheel_sim.data.source.cells import BoolArray, FloatArray, IntArray
from flywheel_sim.data.source.columns import plain
from flywheel_sim.data.source.opened import refused
from flywheel_sim.data.taking import Taken
from flywheel_sim.data.times import days_to
from flywheel_sim.texts import titled

#: Stands for a day on which nothing ended yet.
ACTIVE = np.iinfo(np.int64).max

_BEGINS, _ENDS, _CHANGES, _TAKES_BACK = range(4)

_WORDS = {
    _BEGINS: "subscription start|subscription started|subscription start scheduled|subscription created|start|started|"
             "begin|new|new biz|new business|created|activated|activation|subscribed|signup|sign up|reactivation|"
             "reactivated|subscription reactivated|resumed|subscription resumed|beginn|abschluss",
    _ENDS: "subscription cancelled|subscription canceled|subscription cancellation scheduled|subscription ended|"
           "subscription expired|subscription deleted|cancelled|canceled|cancellation|cancel|churn|churned|ended|end|"
           "expired|terminated|unsubscribed|subscription paused|paused|kundigung|ende",
    _CHANGES: "subscription updated|subscription update scheduled|subscription changed|updated|update|changed|"
              "expansion|contraction|upgrade|downgrade|renewal|renewed|subscription renewed|"
              "subscription merged|payment",
    _TAKES_BACK: "subscription event retracted|scheduled subscription start retracted|"
                 "scheduled subscription update retracted|scheduled subscription cancellation retracted|"
                 "scheduled cancellation retracted|retracted",
}  # fmt: skip
_EVENTS = {word: what for what, words in _WORDS.items() for word in words.split("|")}


@dataclass(frozen=True)
class Spells:
    """Subscriptions from one beginning to one end.

    Attributes
    ----------
    row
        The row of the table that says what it is.
    start, end
        Days since 1970-01-01; `ACTIVE` where it has not ended.
    last
        The last day on which the records saw anything.
    price
        As the spell began, NaN where it is not known.
    """

    row: IntArray
    start: IntArray
    end: IntArray
    last: int
    price: FloatArray


def of_events(file: Taken, who: IntArray) -> Spells:
    """Return the spells of a table in which every row is an event of a subscription.

    Raises
    ------
    DataError
        If an event is not known, or no row is left.
    """
    tally = file.tally
    times = file.times("time", future=True)
    what = _what(file, who)
    _take_back(file, what)
    tally.mark(what == _TAKES_BACK, ASIDE, "takes back another event")
    days = np.where(times.sound, times.days, 0)
    last = file.last_day(days[tally.left])
    tally.mark(tally.left & (days > last), ASIDE, "still to come")
    price = file.amounts("price", needed=False).values if "price" in file else np.full(len(file), np.nan)
    key = _subscription(file, who)
    left = np.flatnonzero(tally.left & (key >= 0))
    order = left[np.lexsort((left, days[left], key[left]))]
    row, start, end, inner, lost = _walked(order.tolist(), key.tolist(), what.tolist(), days.tolist())
    for rows, fate, rule in (
        ([at for at in inner if what[at] == _ENDS], MERGED, "the end of a subscription"),
        ([at for at in inner if what[at] != _ENDS], MERGED, "a change of a subscription"),
        (lost, ASIDE, "an event of a subscription whose beginning is not in the file"),
    ):
        mask = np.zeros(len(file), bool)
        mask[rows] = True
        tally.mark(mask, fate, rule)
    at = np.array(row, np.int64)
    return Spells(at, np.array(start, np.int64), np.array(end, np.int64), last, price[at])


def _subscription(file: Taken, who: IntArray) -> IntArray:
    """Return the subscription of every row; that of a customer where subscriptions have no numbers."""
    if "subscription" not in file:
        return who
    column = file.columns["subscription"]
    file.tally.mark(column.blank, ASIDE, "no subscription", column.name)
    return column.texts().codes


def _walked(order: list[int], key: list[Any], what: list[int], days: list[int]) -> tuple[list[int], ...]:
    """Return rows, starts and ends of spells; rows within them; and rows of no spell."""
    row: list[int] = []
    start: list[int] = []
    end: list[int] = []
    inner: list[int] = []
    lost: list[int] = []
    current, active = None, False
    for at in order:
        if key[at] != current:
            current, active = key[at], False
        if what[at] == _BEGINS and not active:
            row.append(at)
            start.append(days[at])
            end.append(ACTIVE)
            active = True
        elif active:
            inner.append(at)
            if what[at] == _ENDS:
                end[-1], active = days[at], False
        else:
            lost.append(at)
    return row, start, end, inner, lost


def _what(file: Taken, who: IntArray) -> IntArray:
    """Return what each event is; raises as `of_events`."""
    column = file.columns["event"]
    codes, keys, _ = column.joined_words(plain)
    unknown = [key for key in keys if key not in _EVENTS]
    if unknown:
        raise refused(file.file, f"column '{titled(column.name)}' has events that are not known: "
                      f"{unknown_words(unknown, keys, codes, who)}",
                      "write subscription_start, subscription_updated or subscription_cancelled")  # fmt: skip
    file.tally.mark(column.blank, ASIDE, "no event", column.name)
    return np.array([*(_EVENTS[key] for key in keys), _CHANGES], np.int64)[codes]


def _take_back(file: Taken, what: IntArray) -> None:
    """Set aside events that later ones take back."""
    if "retracted" not in file or "event_id" not in file:
        return
    numbers, back = file.columns["event_id"].texts(), file.columns["retracted"].texts()
    used = set(np.unique(back.codes).tolist())
    gone = {word for code, word in enumerate(back.word_list()) if code in used}
    known = np.array([word in gone for word in numbers.word_list()] + [False], bool)
    file.tally.mark(known[numbers.codes], ASIDE, "taken back by another event")


def of_months(file: Taken, who: IntArray) -> Spells:
    """Return the spells of a table in which every row is a month of a subscription and what it paid.

    A spell begins with its first month that pays, and ends with the first that does not.
    """
    tally = file.tally
    times = file.times("month")
    price = file.amounts("mrr")
    tally.mark(price.sound & (price.values <= 0), ASIDE, "a month without revenue", file.columns["mrr"].name)
    month = np.where(times.sound, times.at, np.datetime64(0, "s")).astype("datetime64[M]").astype(np.int64)
    key = _subscription(file, who)
    until = file.asked.until
    if until is not None:
        tally.mark(month > (until.year - 1970) * 12 + until.month - 1, ASIDE, "after the end of the records")
    last = int(month[times.sound & (tally.left | (price.values <= 0))].max(initial=0))
    left = np.flatnonzero(tally.left & (key >= 0))
    order = left[np.lexsort((left, month[left], key[left]))]
    new = np.ones(len(order), bool)
    new[1:] = (key[order][1:] != key[order][:-1]) | (month[order][1:] > month[order][:-1] + 1)
    further: BoolArray = np.zeros(len(file), bool)
    further[order[~new]] = True
    tally.mark(further, MERGED, "a further month of a subscription")
    at = order[new]
    final = np.append(np.flatnonzero(new)[1:] - 1, len(order) - 1)[: len(at)]
    ends = month[order[final]] + 1
    last_day = _first_day(np.array([last + 1]))[0] - 1 if until is None else days_to(until)
    return Spells(at, _first_day(month[at]), np.where(ends > last, ACTIVE, _first_day(ends)), int(last_day),
                  price.values[at])  # fmt: skip


def _first_day(month: IntArray) -> IntArray:
    return np.asarray(month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64))
