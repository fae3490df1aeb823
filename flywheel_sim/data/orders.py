"""Orders: who bought, on which day, for how much, once refunds, failures, further lines and repeats are dealt with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.arguments import checked
from flywheel_sim.data.account import ASIDE, REFUSED
from flywheel_sim.data.amounts import DECIMALS
from flywheel_sim.data.asking import words
from flywheel_sim.data.currencies import currency_of
from flywheel_sim.data.lines import (
    Bought,
    Lines,
    count_totals_once,
    one_a_day,
    orders_of,
    turn_reversals,
    without_idle_refunds,
    without_states,
)
from flywheel_sim.data.people import Tokens, columns_of_people
from flywheel_sim.data.records import Records, spanned
from flywheel_sim.data.source.cells import BoolArray, Column, FloatArray, IntArray
from flywheel_sim.data.source.columns import plain
from flywheel_sim.data.statuses import (
    CANCELLED,
    FAILED,
    PAID,
    PENDING,
    REFUNDED,
    UNKNOWN,
    names_places,
    read_flags,
    read_statuses,
)
from flywheel_sim.data.taking import Asked, Taken, taken
from flywheel_sim.data.times import day_of, days_to
from flywheel_sim.errors import ExperimentError
from flywheel_sim.wording import counted

if TYPE_CHECKING:
    import pandas as pd

#: Days in a unit in which time is counted.
UNIT_DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}

_ASIDE = {
    CANCELLED: "cancelled",
    FAILED: "failed",
    PENDING: "not paid yet",
    REFUNDED: "refunded in full",
    UNKNOWN: "a status that does not count",
}


@dataclass(frozen=True, repr=False)
class Orders(Records):
    """Orders that were read, one row a customer and day; frozen.

    Attributes
    ----------
    rows
        customer (a category of random tokens, in order of first appearance in the file), day (midnight of the day on
        the clock of the business), amount (units of the currency, net of refunds; NaN where the file has none), orders
        (how many of that day are in the row), and where the file says it referred_by and channel.
    account
        What became of every row of the file.
    begins, ends
        First and last day of the records.
    currency, zone
        Of the amounts and days, None where nobody says.
    selling_since
        Since when the business has sold, where that is before the records begin.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> orders = fs.read_orders(fs.datasets.cdnow())
    >>> orders.rows.customer.nunique(), len(orders.rows), orders.currency
    (2357, 6696, 'USD')
    """

    currency: str | None = None
    zone: str | None = None
    selling_since: dt.date | None = None

    def answer(self) -> str:
        """Return how many customers bought how often."""
        people, times = self.rows["customer"].nunique(), len(self.rows)
        return (f"{counted(people, 'customer')} bought {counted(times, 'time')}"
                f"{spanned(self.begins, self.ends)}")  # fmt: skip

    @checked({"until": words("until")["until"], "unit": words("unit")["unit"]})
    def histories(self, until: dt.date | None = None, unit: str = "week") -> pd.DataFrame:
        """Return how often and how lately each customer bought, as models of buying take it.

        Parameters
        ----------
        until
            The last day that is looked at; the end of the records unless given.
        unit
            In which time is counted: day, week (7 days), month (365.25/12 days) or year (365.25 days).

        Returns
        -------
        pandas.DataFrame
            One row a customer who bought by then: customer, first (day of the first purchase), frequency (days with a
            later purchase), recency (last minus first day, in units), T (last day looked at minus first, in units),
            monetary_value (mean amount of the later purchases; NaN without any), and where known referred_by and
            channel. As Fader, Hardie and Lee 2005, Marketing Science 24, 275 to 284, doi:10.1287/mksc.1040.0098.

        Examples
        --------
        >>> import flywheel_sim as fs
        >>> table = fs.read_orders(fs.datasets.cdnow()).histories(until="1997-09-30")
        >>> len(table), int(table.frequency.sum())
        (2357, 2457)
        """
        import pandas as pd

        ends = until or self.ends
        assert ends is not None
        assert self.ends is not None
        if ends > self.ends:
            raise ExperimentError(f"until is {ends}: the records end on {self.ends}; write that or earlier")
        rows = self.rows[self.rows["day"] <= pd.Timestamp(ends)]
        by = rows.groupby("customer", observed=True, sort=True)
        first, last, count = by["day"].min(), by["day"].max(), by["day"].size()
        days = UNIT_DAYS[unit]
        later = rows["amount"].where(rows["day"] > by["day"].transform("min"))
        table = pd.DataFrame(
            {
                "first": first,
                "frequency": count - 1,
                "recency": (last - first).dt.days / days,
                "T": (pd.Timestamp(ends) - first).dt.days / days,
                "monetary_value": later.groupby(rows["customer"], observed=True, sort=True).mean(),
            }
        )
        for name in ("referred_by", "channel"):
            if name in rows:
                table[name] = by[name].first()
        return table.rename_axis(index="customer").reset_index()


@checked(words("columns", "zone", "currency", "amounts", "decimal", "dates", "count", "until", "selling_since", "keys",
               "sheet", "at_most_refused"))  # fmt: skip
def read_orders(
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
    selling_since: dt.date | str | None = None,
    keys: str | Path | None = None,
    sheet: str | None = None,
    at_most_refused: float = 0.05,
) -> Orders:
    """Read who bought when and for how much, from a shop's export or any table of orders.

    Exports of Shopify, Stripe, ChartMogul and others are known by their columns, other tables by usual headings of
    several languages; what is not found is asked for. An order refunded in full, cancelled, failed or not paid is no
    purchase; several orders of one customer and day are one; every row is accounted for.

    Parameters
    ----------
    source
        The path of a CSV, Parquet or Excel file, or a data frame.
    columns
        Which column serves as what, where that is not found: ``{"customer": "Kundennummer", "time": "Datum"}``. Roles:
        customer, time, amount, order, status, refunded, currency, quantity, price, cancelled, captured, mode,
        referred_by, channel.
    zone
        Where the business is, such as ``Europe/Berlin``: needed where times are UTC.
    currency
        Which currency counts where there are several; others are set aside.
    amounts
        ``cents`` or ``units``.
    decimal
        The sign before decimals, ``.`` or ``,``, where amounts do not show it.
    dates
        ``day first`` or ``month first``, where dates do not show it.
    count
        Words of the status that count as paid, where they are not known.
    until
        The last day of the records; later orders are set aside. The day of the last order unless given.
    selling_since
        Since when the business has sold, where the records begin later.
    keys
        A file for the customers' keys with their tokens, which its owner alone may read; its tokens are used again.
    sheet
        Which sheet of a workbook.
    at_most_refused
        Which share of rows may be refused before reading is.

    Raises
    ------
    DataError
        If the file, or more rows of it than that, cannot be read, or something has to be said that was not.
    ExperimentError
        If an argument is not what it takes.

    Examples
    --------
    >>> import pandas as pd
    >>> import flywheel_sim as fs
    >>> table = pd.DataFrame({"Kunde": [7, 7, 8], "Datum": ["31.12.2024", "1.2.2025", "3.2.2025"],
    ...                       "Betrag": ["1.019,50", "20,00", "5,00"]})
    >>> orders = fs.read_orders(table, currency="EUR")
    >>> orders.rows.amount.tolist(), str(orders.ends)
    ([1019.5, 20.0, 5.0], '2025-02-03')
    """
    asked = Asked(zone, currency, amounts, decimal, dates, until, at_most_refused)  # type: ignore[arg-type]
    file = taken("orders", source, columns, sheet, asked)
    lines, referrers, people = _lines(file)
    priced, said = _told_apart(file, lines, count)
    bought, merged = one_a_day(orders_of(lines, file.tally, priced=priced, free=_free(file)), file.tally)
    file.check()
    if not len(bought.who):
        raise file.nothing_left("order that is a purchase")
    begins, ends = day_of(bought.day.min()), asked.until or day_of(bought.day.max())
    if isinstance(selling_since, dt.date) and selling_since > begins:
        raise ExperimentError(
            f"selling_since is {selling_since}: the first order is of {begins}; write that or earlier"
        )
    rows = _rows(file, bought, merged, referrers, people, keys)  # type: ignore[arg-type]
    return Orders(rows, file.tally.closed(), begins, ends, said, zone, selling_since)  # type: ignore[arg-type]


def _told_apart(file: Taken, lines: Lines, count: Sequence[str] | None) -> tuple[bool, str | None]:
    """Set aside rows that are no purchase; return whether there are amounts, and in which currency."""
    tally, until = file.tally, file.asked.until
    file.check_count(count)
    priced, beside = _amounts(file, lines)
    if priced and "order" in file and "amount" in file and {"quantity", "item"} & set(file.columns):
        count_totals_once(lines, tally, plain(file.columns["amount"].name))
    _statuses(file, lines, count, _take_refunds(file, lines))
    role = "amount" if "amount" in file else "price"
    currency = currency_of(file, beside, lines.amount != 0 if priced else tally.left, role)
    if "order" in file and not {"quantity", "item"} & set(file.columns):
        without_states(lines, tally)
    if until is not None:
        tally.mark(lines.second // 86_400 > days_to(until), ASIDE, "after the end of the records")
    if "order" in file:
        turn_reversals(lines, tally)
    for status, rule in _ASIDE.items():
        tally.mark(lines.status == status, ASIDE, rule)
    if priced and "amount" in file:
        column = file.columns["amount"]
        tally.mark(column.blank & ~lines.follows, REFUSED, "no figure", column.name)
    without_idle_refunds(lines, tally, numbered="order" in file)
    return priced, currency


def _lines(file: Taken) -> tuple[Lines, IntArray | None, list[str]]:
    """Return the rows of a file, further lines of an order with what its first line says; who was referred by whom."""
    who, referrers, people = file.people()
    tally, count = file.tally, len(file)
    numbered = "order" in file
    order = file.columns["order"].texts().codes if numbered else np.full(count, -1, np.int64)
    alone = order < 0
    order = np.where(alone, np.arange(count) + (int(order.max(initial=0)) + 1), order)
    follows = file.columns["customer"].blank & file.columns["time"].blank
    if "amount" in file:  # whose amount stands in another row of its order
        blank = file.columns["amount"].blank
        follows |= blank & (np.bincount(order, ~blank)[order] > 0)
    heads = _heads(order, follows & ~alone)
    who = who[heads]
    tally.mark(who < 0, ASIDE, "no customer", file.columns["customer"].name)
    times = file.times("time", needed=False)
    sound, second = times.sound[heads], times.at.astype(np.int64)[heads]
    tally.mark(~sound, REFUSED, "no date", file.columns["time"].name)
    lines = Lines(who, order, np.where(sound, second, 0), np.zeros(count), np.full(count, PAID, np.int64),
                  heads != np.arange(count))  # fmt: skip
    return lines, None if referrers is None else referrers[heads], people


def _heads(order: IntArray, follows: BoolArray) -> IntArray:
    """Return for every row the row that says of its order who and when; itself where none does."""
    count = len(order)
    first = np.full(int(order.max(initial=0)) + 1, count, np.int64)
    np.minimum.at(first, order[~follows], np.flatnonzero(~follows))
    heads = np.where(follows, first[order], np.arange(count))
    return np.where(heads < count, heads, np.arange(count))


def _amounts(file: Taken, lines: Lines) -> tuple[bool, Any]:
    """Put in what was paid, less what was refunded; tell whether there are amounts at all, and what stands beside."""
    tally = file.tally
    if "amount" in file:
        column = file.columns["amount"]
        if column.blank.all():
            tally.say(f"'{column.name}' is blank in every row: the orders have no amounts.")
            return False, None
        found = file.amounts("amount", needed=False)
        lines.amount = np.nan_to_num(found.values)
    elif "price" in file:
        found = file.amounts("price")
        pieces = file.amounts("quantity", money=False).values if "quantity" in file else np.ones(len(file))
        lines.amount = np.asarray(np.round(np.nan_to_num(found.values * pieces), DECIMALS), np.float64)
    else:
        tally.say("No column is known as the amount: every order counts, and amounts are not known.")
        return False, None
    return True, found.units


def _take_refunds(file: Taken, lines: Lines) -> BoolArray:
    """Take off what a column says was refunded, and tell where it says a figure; of yes and no, yes means all."""
    if "refunded" not in file:
        return np.zeros(len(file), bool)
    column = file.columns["refunded"]
    if _flags(column):
        lines.status = np.where(read_flags(column, file.file), REFUNDED, lines.status)
        return np.zeros(len(file), bool)
    found = file.amounts("refunded", needed=False)
    back = np.abs(np.nan_to_num(found.values))
    full = (back > 0) & (lines.amount - back <= 0)
    less = np.round(np.maximum(lines.amount - back, 0.0), DECIMALS)
    lines.amount = np.asarray(np.where(lines.amount > 0, less, lines.amount), np.float64)
    lines.status = np.where(full & (lines.amount <= 0), REFUNDED, lines.status)
    return np.asarray(back > 0)


def _flags(column: Column) -> bool:
    """Tell whether a column holds yes and no, or days, rather than figures."""
    figures = column.kind == "text" and any(any(one.isdigit() for one in word) for word in column.word_list())
    return column.kind == "time" or (column.kind == "text" and not figures)


def _statuses(file: Taken, lines: Lines, count: Sequence[str] | None, refunded: BoolArray) -> None:
    """Put in what became of every row; of some a column says how much was refunded."""
    tally = file.tally
    if "status" in file and not names_places(file.columns["status"], file.opened.names, tally):
        found = read_statuses(file.columns["status"], lines.who, count, tally, tally.left)
        blank = file.columns["status"].blank
        found = np.where(blank, PAID, found)
        partly = (found == REFUNDED) & refunded & (lines.amount > 0)  # the figure says that it was not all
        lines.status = np.where(lines.status == REFUNDED, REFUNDED, np.where(partly, PAID, found))
    if "cancelled" in file:
        lines.status = np.where(read_flags(file.columns["cancelled"], file.file), CANCELLED, lines.status)
    back = (lines.amount < 0) & np.isin(lines.status, (REFUNDED, CANCELLED))
    lines.status = np.where(back, PAID, lines.status)  # money that went back, in a row of its own
    if "captured" in file:
        held = ~read_flags(file.columns["captured"], file.file) & ~file.columns["captured"].blank
        lines.status = np.where(held & (lines.status == PAID), PENDING, lines.status)
    if "mode" in file:
        tally.mark(read_flags(file.columns["mode"], file.file, dated=False), ASIDE, "a test", file.columns["mode"].name)
    lines.status = lines.status[_heads(lines.order, lines.follows)]  # further lines share what became of the order


def _free(file: Taken) -> BoolArray | None:
    """Return which rows say that units were bought, where amounts are said beside."""
    if "quantity" not in file or "amount" not in file:
        return None
    units: FloatArray = file.amounts("quantity", money=False, needed=False).values
    return np.asarray(np.nan_to_num(units) > 0)


def _rows(
    file: Taken, bought: Bought, merged: IntArray, referrers: IntArray | None, people: Sequence[str], keys: Path | None
) -> pd.DataFrame:
    """Return the rows as users see them: tokens for keys."""
    import pandas as pd

    tokens = Tokens.of(bought.who, bought.row, people, keys)
    whose = columns_of_people(tokens, bought.who, bought.row, referrers, file.columns.get("channel"), file.tally)
    priced = "amount" in file or "price" in file
    own = {
        "day": bought.day.astype("datetime64[D]").astype("datetime64[s]"),
        "amount": bought.amount if priced else np.full(len(bought.who), np.nan),
        "orders": merged,
    }
    rows = pd.DataFrame({"customer": whose.pop("customer"), **own, **whose})
    order = np.lexsort((bought.day, tokens.place[bought.who]))
    return rows.iloc[order].reset_index(drop=True)
