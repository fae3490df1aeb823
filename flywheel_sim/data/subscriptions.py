"""Subscriptions: what, from when, until when or still active, at which price."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.arguments import checked
from flywheel_sim.data.account import ASIDE, MERGED, REFUSED
from flywheel_sim.data.amounts import DECIMALS
from flywheel_sim.data.asking import words
from flywheel_sim.data.currencies import currency_of
from flywheel_sim.data.people import Tokens, columns_of_people, groups_of
from flywheel_sim.data.records import Records
from flywheel_sim.data.source.cells import Column, FloatArray, IntArray
from flywheel_sim.data.source.columns import plain
from flywheel_sim.data.spells import ACTIVE, Spells, of_events, of_months
from flywheel_sim.data.standings import ENDED, NEVER, TRIAL, read_standings
from flywheel_sim.data.taking import Asked, Taken, taken
from flywheel_sim.data.times import day_of, days_to
from flywheel_sim.wording import counted

if TYPE_CHECKING:
    import pandas as pd

_MONTHS = {"year": 12.0, "quarter": 3.0, "month": 1.0, "week": 7 * 12 / 365.25, "day": 12 / 365.25}
_NAMES = {
    "year": "year yearly years annual annually yr y jahr jahrlich an annuel ano anual annuale jaar",
    "quarter": "quarter quarterly vierteljahrlich trimestre",
    "month": "month monthly months mo m monat monatlich monate mois mensuel mes mensual mese mensile maand",
    "week": "week weekly weeks w woche wochentlich semaine semana settimana",
    "day": "day daily days d tag taglich jour dia giorno",
}
_UNIT_OF = {word: unit for unit, listed in _NAMES.items() for word in listed.split()}


@dataclass(frozen=True, repr=False)
class Subscriptions(Records):
    """Subscriptions that were read, one row from each beginning to its end; frozen.

    Attributes
    ----------
    rows
        customer (a category of random tokens), plan (a category; those of fewer than ten people are "other"), start and
        end (days; NaT while active), price (units of the currency, of one interval), interval (months), quantity, and
        where the file says it referred_by and channel. Who leaves and comes back has two rows.
    account
        What became of every row of the file.
    begins, ends
        First and last day of the records.
    currency
        Of the prices, None where nobody says.
    records_from
        Since when the records see subscriptions end, where some began earlier.

    Examples
    --------
    >>> import pandas as pd
    >>> import flywheel_sim as fs
    >>> table = pd.DataFrame({"customer": [1, 2], "start": ["2024-01-31", "2024-02-10"], "end": ["2024-04-30", None]})
    >>> subscriptions = fs.read_subscriptions(table, until="2024-06-30")
    >>> subscriptions.lives("month")[["entered", "age", "lost"]].to_numpy().tolist()
    [[0, 2, True], [0, 4, False]]
    """

    currency: str | None = None
    records_from: dt.date | None = None

    def answer(self) -> str:
        """Return how many subscriptions there are, of how many customers, and how many are active."""
        people, active = self.rows["customer"].nunique(), int(self.rows["end"].isna().sum())
        return (f"{counted(len(self.rows), 'subscription')} of {counted(people, 'customer')}, "
                f"{active:,} still active on {self.ends}")  # fmt: skip

    @checked({"period": takes.choice("month", "year", "week", "day")})
    def lives(self, period: str = "month") -> pd.DataFrame:
        """Return how old each subscription grew, as models of retention take it.

        Parameters
        ----------
        period
            In which ages are counted: month, year, week or day.

        Returns
        -------
        pandas.DataFrame
            One row a subscription: plan; entered, the renewals it had behind it when it was first seen (0 unless it
            began before ``records_from``); age, the renewals it survived until it was lost or the records end; lost. A
            renewal is due after every whole period, so one that ends after exactly three survived two, and one still
            active on that day three. Where contracts are yearly, count in years.
        """
        import pandas as pd

        rows = self.rows
        assert self.ends is not None
        start = rows["start"].to_numpy().astype("datetime64[D]").astype(np.int64)
        lost = rows["end"].notna().to_numpy()
        until = np.where(lost, rows["end"].fillna(rows["start"]).to_numpy().astype("datetime64[D]").astype(np.int64),
                         days_to(self.ends))  # fmt: skip
        # who leaves on the day of a renewal, or on the last day before it, has not made it
        age = whole_periods(start, np.where(lost, np.maximum(until - 1, start), until), period)
        entered, seen = np.zeros(len(rows), np.int64), np.ones(len(rows), bool)
        if self.records_from is not None:
            since = np.full(len(rows), days_to(self.records_from))
            entered = np.where(start < since, whole_periods(start, np.maximum(since - 1, start), period), 0)
            seen = ~lost | (until >= since)
        table = pd.DataFrame({"plan": rows["plan"], "entered": entered, "age": age, "lost": lost})
        return table[seen & (entered <= age)].reset_index(drop=True)


def whole_periods(start: IntArray, end: IntArray, period: str) -> IntArray:
    """Return the whole periods between days; a month from 31 January is over on the last day of February."""
    if period in ("day", "week"):
        return np.asarray(np.maximum(end - start, 0) // (7 if period == "week" else 1))
    first, second = start.astype("datetime64[D]"), end.astype("datetime64[D]")
    months = second.astype("datetime64[M]").astype(np.int64) - first.astype("datetime64[M]").astype(np.int64)
    day, due = _day_of_month(second), _day_of_month(first)
    following = (second.astype("datetime64[M]") + 1).astype("datetime64[D]").astype(np.int64)
    length = following - second.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    months = months - (day < np.minimum(due, length))
    return np.asarray(np.maximum(months, 0) // (12 if period == "year" else 1))


def _day_of_month(days: np.ndarray[tuple[int, ...], np.dtype[np.datetime64]]) -> IntArray:
    return np.asarray(days.astype(np.int64) - days.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + 1)


@checked(words("columns", "zone", "currency", "amounts", "decimal", "dates", "count", "until", "records_from", "keys",
               "sheet", "at_most_refused"))  # fmt: skip
def read_subscriptions(
    source: str | Path | pd.DataFrame,
    *,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    zone: str | None = None,
    currency: str | None = None,
    amounts: str | None = None,
    decimal: str | None = None,
    dates: str | None = None,
    count: Sequence[str] | None = None,
    until: dt.date | str | None = None,
    records_from: dt.date | str | None = None,
    keys: str | Path | None = None,
    sheet: str | None = None,
    at_most_refused: float = 0.05,
) -> Subscriptions:
    """Read who subscribed to what, from when until when, from a billing tool's export or any table.

    A table has one row a subscription, an event (start, change, cancellation), or a month with what was paid. Trials
    are no subscriptions yet, free plans are set aside, and who comes back has another row.

    Parameters
    ----------
    source, columns, zone, currency, amounts, decimal, dates, keys, sheet, at_most_refused
        As for `read_orders`. Roles: customer, subscription, plan, start, end, price, interval, interval_count,
        quantity, status, trial, trial_end, asked_to_end, currency, referred_by, channel; of events event, time,
        event_id and retracted; of months month and mrr.
    count
        Words of the status that are those of subscriptions, running or ended, where they are not known.
    until
        The last day of the records; the last day in the file unless given.
    records_from
        Since when the records see subscriptions end, where they have some that began earlier.

    Raises
    ------
    DataError, ExperimentError
        As for `read_orders`.

    Examples
    --------
    >>> import pandas as pd
    >>> import flywheel_sim as fs
    >>> table = pd.DataFrame({"customer": [1, 2], "start": ["2024-01-31", "2024-02-10"], "end": ["2024-04-30", None]})
    >>> fs.read_subscriptions(table, until="2024-06-30")
    <Subscriptions: 2 subscriptions of 2 customers, 1 still active on 2024-06-30>
    """
    asked = Asked(zone, currency, amounts, decimal, dates, until, at_most_refused)  # type: ignore[arg-type]
    file = taken("subscriptions", source, columns, sheet, asked)
    who, referrers, people = file.people()
    file.tally.mark(who < 0, ASIDE, "no customer", file.columns["customer"].name)
    spells, said = _spells(file, who, count)
    if isinstance(records_from, dt.date):
        spells = _seen_from(file, spells, days_to(records_from))
    file.check()
    if not len(spells.row):
        raise file.nothing_left("subscription")
    tokens = Tokens.of(who[spells.row], spells.row, people, keys)  # type: ignore[arg-type]
    rows, begins = _rows(file, spells, who, referrers, tokens), records_from or day_of(spells.start.min())
    return Subscriptions(rows, file.tally.closed(), begins, day_of(spells.last), said, records_from)  # type: ignore[arg-type]


def _seen_from(file: Taken, spells: Spells, begins: int) -> Spells:
    """Return the subscriptions that had not ended before the records begin."""
    seen = spells.end >= begins
    file.drop(np.setdiff1d(spells.row[~seen], spells.row[seen]), ASIDE, "ended before the records begin")
    return _among(spells, seen)


def _spells(file: Taken, who: IntArray, count: Sequence[str] | None) -> tuple[Spells, str | None]:
    """Return the subscriptions of a table, of whichever shape, and their currency; raises as `read_subscriptions`."""
    events = "event" in file and "time" in file and (file.export is not None or "start" not in file)
    monthly = "month" in file and "mrr" in file
    role = "mrr" if monthly else "price"
    for figures in {"quantity", "interval_count"} & set(file.columns):  # rows where none can be read are refused first
        file.amounts(figures, money=False, needed=False)
    if events:
        spells = of_events(file, who)
    elif monthly:
        spells = of_months(file, who)
    else:
        spells = _of_rows(file, who, count)
    free = np.nan_to_num(spells.price, nan=1.0) == 0
    file.drop(spells.row[free], ASIDE, "a free plan")
    spells = _among(spells, ~free)
    units = file.amounts(role, needed=False).units if role in file else None
    currency = currency_of(file, units, np.isin(np.arange(len(file)), spells.row), role)
    return _among(spells, file.tally.left[spells.row]), currency


def _among(spells: Spells, which: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Spells:
    return Spells(spells.row[which], spells.start[which], spells.end[which], spells.last, spells.price[which])


def _of_rows(file: Taken, who: IntArray, count: Sequence[str] | None) -> Spells:
    """Return the subscriptions of a table with one row each."""
    tally = file.tally
    standing = read_standings(file, who, count)
    tally.mark(standing == NEVER, ASIDE, "never paid for")
    tally.mark(standing == TRIAL, ASIDE, "still on trial")
    file.need("start")
    begun = file.times("start", future=True)
    start, end = np.where(begun.sound, begun.days, 0), np.full(len(file), ACTIVE)
    seen = [start[tally.left]]
    for role in ("end", "asked_to_end"):
        if role not in file:
            continue
        times = file.times(role, needed=False, future=True)
        seen.append(times.days[times.sound])
        open_ = end == ACTIVE
        if role == "asked_to_end" and (asked := open_ & times.sound & (standing != ENDED) & tally.left).any():
            tally.say(f"{int(asked.sum()):,} subscriptions were cancelled and go on to the end of what is paid; they "
                      "are still active.")  # fmt: skip
        takes_it = open_ & times.sound & ((standing == ENDED) | (role == "end"))
        end = np.where(takes_it, times.days, end)
    tally.mark((standing == ENDED) & (end == ACTIVE), REFUSED, "ended, and nothing says when")
    if "trial_end" in file:
        trial = file.times("trial_end", needed=False, future=True)
        last = np.where(trial.sound, trial.days, 0)
        tally.mark(trial.sound & (end <= last), ASIDE, "never left its trial")
        start = np.maximum(start, last)
    last_day = file.last_day(np.concatenate(seen))
    tally.mark(end < start, REFUSED, "ends before it begins")
    tally.mark(start > last_day, ASIDE, "begins after the end of the records")
    end = np.where(end > last_day, ACTIVE, end)
    price = file.amounts("price", needed=False).values if "price" in file else np.full(len(file), np.nan)
    if "price" in file and _monthly(file):  # what somebody who left pays now says nothing of what it was
        price = np.where((end != ACTIVE) & (price == 0), np.nan, price)
    _once_each(file, who, start)
    rows = np.flatnonzero(tally.left)
    return Spells(rows, start[rows], end[rows], last_day, price[rows])


def _monthly(file: Taken) -> bool:
    """Tell whether prices are of a month, by their heading."""
    return bool({"mrr", "monthly"} & set(plain(file.columns["price"].name).split()))


def _once_each(file: Taken, who: IntArray, start: IntArray) -> None:
    """Merge rows of one subscription that begin on one day: the last is its state of today."""
    if "subscription" not in file:
        return
    number = file.columns["subscription"].texts().codes
    left = np.flatnonzero(file.tally.left & (number >= 0))
    keys = np.stack([number[left], who[left], start[left]])
    _, place, counts = np.unique(keys[:, ::-1], axis=1, return_index=True, return_counts=True)
    if (counts > 1).any():
        stays = left[len(left) - 1 - place]
        file.drop(np.setdiff1d(left, stays), MERGED, "an earlier state of the same subscription")


def _rows(file: Taken, spells: Spells, who: IntArray, referrers: IntArray | None, tokens: Tokens) -> pd.DataFrame:
    """Return the rows as users see them."""
    import pandas as pd

    at, tally = spells.row, file.tally
    whose = columns_of_people(tokens, who[at], at, referrers, file.columns.get("channel"), tally)
    counted = np.zeros(len(file), bool)
    counted[at] = True
    if "plan" in file:
        plan = groups_of(file.columns["plan"], who, counted, tally, "plan")[at]
    else:
        plan = pd.Categorical.from_codes(np.zeros(len(at), np.int32), categories=pd.Index(["all"], dtype=object))
    monthly = "mrr" in file
    interval = np.full(len(file), 1.0 if monthly else np.nan)
    if "interval" in file:
        interval = _intervals(file)
    price = spells.price
    if "price" in file and _monthly(file):
        interval = np.where(np.isnan(interval), 1.0, interval)
        price = np.round(price * interval[at], DECIMALS)
    quantity = np.ones(len(file))
    if "quantity" in file:
        found = file.amounts("quantity", money=False, needed=False)
        quantity = np.where(found.sound, found.values, 1.0)
    end = np.where(spells.end == ACTIVE, np.datetime64("NaT", "D"),
                   np.where(spells.end == ACTIVE, 0, spells.end).astype("datetime64[D]"))  # fmt: skip
    own = {
        "plan": plan,
        "start": spells.start.astype("datetime64[D]").astype("datetime64[s]"),
        "end": end.astype("datetime64[s]"),
        "price": price,
        "interval": interval[at],
        "quantity": quantity[at],
    }
    rows = pd.DataFrame({"customer": whose.pop("customer"), **own, **whose})
    return rows.iloc[np.lexsort((spells.start, tokens.place[who[at]]))].reset_index(drop=True)


def _intervals(file: Taken) -> FloatArray:
    """Return intervals in months, NaN where none can be read."""
    column: Column = file.columns["interval"].texts()
    by_word = np.array([_months(word) for word in column.word_list()] + [np.nan])
    months = by_word[column.codes]
    if unread := int((np.isnan(months) & ~column.blank).sum()):
        file.tally.say(f"{unread:,} intervals cannot be read and are not known; write month, year, 3 months ...")
    if "interval_count" in file:
        found = file.amounts("interval_count", money=False, needed=False)
        months = months * np.where(found.sound, found.values, 1.0)
    return np.asarray(months, np.float64)


def _months(text: str) -> float:
    """Return an interval such as 3 months, yearly, P1M or 12 in months, NaN where it is none."""
    said = re.fullmatch(r"(?:every |per |p|/)?\s*(\d{1,4})?\s*([a-z]*)", plain(text.strip()))
    if said is None or not said[0]:
        return np.nan
    if not said[2]:
        return float(said[1] or np.nan)
    unit = _UNIT_OF.get(said[2])
    half = {
        "semiannual": 6.0,
        "semiannually": 6.0,
        "biannual": 6.0,
        "halbjahrlich": 6.0,
        "biweekly": 2 * _MONTHS["week"],
    }
    months = _MONTHS[unit] if unit else half.get(said[2], np.nan)
    return float(said[1] or 1) * months
