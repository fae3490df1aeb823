"""What was spent on each channel in each period."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.arguments import checked
from flywheel_sim.data.account import ASIDE, MERGED, REFUSED
from flywheel_sim.data.asking import words
from flywheel_sim.data.currencies import currencies_of, currency_of
from flywheel_sim.data.people import say_spellings
from flywheel_sim.data.periods import as_days, read_periods
from flywheel_sim.data.records import Records, spanned
from flywheel_sim.data.source.cells import Column, FloatArray, IntArray
from flywheel_sim.data.source.columns import plain
from flywheel_sim.data.source.opened import refused
from flywheel_sim.data.source.totals import is_total
from flywheel_sim.data.taking import Asked, Taken, taken
from flywheel_sim.data.times import day_of
from flywheel_sim.stats import figure
from flywheel_sim.texts import titled
from flywheel_sim.wording import counted, joined

if TYPE_CHECKING:
    import pandas as pd

#: Words of headings of what is no spend, wherever they stand; and words that are such headings where they stand alone.
_NO_SPEND = frozenset(
    ("total", "totals", "subtotal", "sum", "gesamt", "gesamtsumme", "gesamtkosten", "summe", "clicks", "conversion",
     "conversions", "conv", "impression", "impressions", "impr", "ctr", "cpc", "cpm", "cpa", "cpl", "cpv", "cac", "cvr",
     "ltv", "roas", "roi", "rate", "sessions", "users", "leads", "revenue", "orders", "purchases", "transactions",
     "visits", "visitors", "views", "pageviews", "customers", "subscribers", "followers", "signups", "installs",
     "downloads", "arrivals", "klicks", "impressionen", "sitzungen", "nutzer", "besuche", "besucher", "umsatz",
     "bestellungen", "kunden")
)  # fmt: skip
_NO_SPEND_ALONE = frozenset(
    ("sales", "reach", "frequency", "average", "avg", "profit", "margin", "budget", "year", "quarter", "month", "week",
     "day", "jahr", "quartal", "monat", "woche", "tag", "index", "id", "cost per click")
)  # fmt: skip

#: The medium behind a source, as in google / cpc, is part of the name of a channel.
_MEDIUM = re.compile(r"/\s*(cpc|cpm|cpa|cpv)\b", re.IGNORECASE)


@dataclass(frozen=True, repr=False)
class Spend(Records):
    """What was spent, one row a period and channel; frozen.

    Attributes
    ----------
    rows
        period (its first day), channel (a category), spend (units of the currency), and where the file says it
        arrivals.
    account
        What became of every row of the file.
    begins, ends
        First day of the first and of the last period.
    currency
        None where nobody says.

    Examples
    --------
    >>> import pandas as pd
    >>> import flywheel_sim as fs
    >>> table = pd.DataFrame({"month": ["Jan 2024", "Feb 2024"], "channel": ["ads", "ads"], "cost_eur": [900, 1100]})
    >>> fs.read_spend(table).rows.spend.tolist(), fs.read_spend(table).currency
    ([900.0, 1100.0], 'EUR')
    """

    currency: str | None = None

    def answer(self) -> str:
        """Return how much was spent on how many channels."""
        channels = self.rows["channel"].nunique()
        amount = f"{figure(float(self.rows['spend'].sum()))}{' ' * bool(self.currency)}{self.currency or ''}"
        return f"{amount} spent on {counted(channels, 'channel')}{spanned(self.begins, self.ends)}"


@checked(words("columns", "currency", "amounts", "decimal", "dates", "sheet", "at_most_refused"))
def read_spend(
    source: str | Path | pd.DataFrame,
    *,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    currency: str | None = None,
    amounts: str | None = None,
    decimal: str | None = None,
    dates: str | None = None,
    sheet: str | None = None,
    at_most_refused: float = 0.05,
) -> Spend:
    """Read what was spent on each channel in each period.

    A table has one row a period and channel, or one row a period and one column a channel. Periods are days, weeks,
    months, quarters or years; what is spent on one channel in one period in several rows is added up. Rows of totals,
    columns of totals, clicks and the like, and amounts in another currency are left out.

    Parameters
    ----------
    source, columns, currency, amounts, decimal, dates, sheet, at_most_refused
        As for `read_orders`. Roles: period, channel, spend, arrivals, currency; or channels, a list of columns.

    Raises
    ------
    DataError, ExperimentError
        As for `read_orders`.

    Examples
    --------
    >>> import pandas as pd
    >>> import flywheel_sim as fs
    >>> table = pd.DataFrame({"Monat": ["2024-01", "2024-02"], "Suche": ["1.200,50", "900"], "Messe": ["0,0", "5000"]})
    >>> fs.read_spend(table)
    <Spend: 7,100 spent on 2 channels from 2024-01-01 to 2024-02-01>
    """
    asked = Asked(None, currency, amounts, decimal, dates, at_most_refused=at_most_refused)
    file = taken("spend", source, columns, sheet, asked, "channels", "spend")
    file.set_totals_aside("period", "channel")
    days, _ = read_periods(file, "period")
    if "channels" in file:
        found, said = _wide(file, days, stated="channels" in (columns or {}))
    else:
        found, said = _long(file, days)
    file.check()
    period, channel, values, names, at = found
    if not len(period):
        raise file.nothing_left("spend")
    rows = _table(file, period, channel, values, names, at)
    return Spend(rows, file.tally.closed(), day_of(period.min()), day_of(period.max()), said)


Found = tuple[IntArray, IntArray, FloatArray, list[str], Any]


def _wide(file: Taken, days: IntArray, *, stated: bool) -> tuple[Found, str | None]:
    """Return periods, channels, spend and names of channels of a table with one column a channel; and the currency."""
    columns = file.several["channels"] if stated else _channels(file)
    amounts, units = [], []
    for column in columns:
        found = file.amounts_of(column, needed=False)
        file.tally.mark(found.values < 0, REFUSED, "less than nothing spent", column.name)
        amounts.append(np.nan_to_num(found.values))
        units.append(currencies_of(file, column, found.units))
    if "currency" in file:
        said, kept = currency_of(file, None, file.tally.left, "spend"), list(range(len(columns)))
    else:
        said, kept = _one_currency(file, columns, amounts, units)
    left = np.flatnonzero(file.tally.left)
    values = np.stack([amounts[one][left] for one in kept], axis=1).ravel()
    names = [titled(columns[one].name) for one in kept]
    return (np.repeat(days[left], len(kept)), np.tile(np.arange(len(kept)), len(left)), values, names, None), said


def _channels(file: Taken) -> list[Column]:
    """Return the columns of a wide table whose headings do not say that they hold something else than spend.

    Raises
    ------
    DataError
        If there are none.
    """
    columns = file.several["channels"]
    out = [column for column in columns if _no_spend(column.name)]
    if not out:
        return columns
    listed = _listed(out)
    if len(out) == len(columns):
        raise refused(file.file, f"no column is what was spent on a channel: {listed} hold totals or something else",
                      "say which are: columns={'channels': ['HEADING', ...]}")  # fmt: skip
    file.tally.say(f"Left out, as no spend on a channel: {listed}; columns={{'channels': [...]}} says otherwise.")
    return [column for column in columns if not _no_spend(column.name)]


def _listed(columns: Sequence[Column]) -> str:
    """Return the headings of the first of some columns."""
    return joined([f"'{titled(one.name)}'" for one in columns[:8]]) + " ..." * (len(columns) > 8)


def _no_spend(heading: str) -> bool:
    """Tell whether a heading is that of totals, clicks, rates and the like."""
    said = plain(re.sub(r"([a-z])([A-Z])", r"\1 \2", _MEDIUM.sub(" ", heading)))
    words = set(said.split()) | set(plain(_MEDIUM.sub(" ", heading)).split())
    return bool(_NO_SPEND & words) or said in _NO_SPEND_ALONE or is_total(said)


def _one_currency(
    file: Taken, columns: Sequence[Column], amounts: Sequence[FloatArray], units: Sequence[Any]
) -> tuple[str | None, list[int]]:
    """Return the currency of a wide table, None where nobody says, and the places of the columns that are in it.

    Raises
    ------
    DataError
        If there are several and the user says none, or none of the one that is said, or several in one column.
    """
    wanted, left = file.asked.currency, file.tally.left
    spent = [left & (amount != 0) for amount in amounts]
    by_column = [set(unit[one if one.any() else left].tolist()) - {""} for unit, one in zip(units, spent, strict=True)]
    found: list[str] = sorted(set().union(*by_column))
    if len(found) < 2 and (wanted is None or not found or wanted in found):
        return wanted or next(iter(found), None), list(range(len(columns)))
    listed = joined(found[:8]) + " ..." * (len(found) > 8)
    mixed = [column for column, said in zip(columns, by_column, strict=True) if len(said) > 1]
    if mixed:
        raise refused(file.file, f"amounts of column '{titled(mixed[0].name)}' are in several currencies, {listed}",
                      "change them into one, or give a table with one row a period and channel")  # fmt: skip
    if wanted is None:
        raise refused(file.file, f"amounts are in several currencies, {listed}",
                      f"say which counts, and columns of others are left out: currency={found[0]!r}")  # fmt: skip
    if wanted not in found:
        raise refused(file.file, f"no amount is in {wanted}; they are in {listed}", f"write currency={found[0]!r}")
    kept = [at for at, said in enumerate(by_column) if not said or wanted in said]
    out = [column for at, column in enumerate(columns) if at not in kept]
    file.tally.say(f"Left out, as in another currency: {_listed(out)}.")
    return wanted, kept


def _long(file: Taken, days: IntArray) -> tuple[Found, str | None]:
    """Return periods, channels, spend and names of channels of a table with one row for each; and the currency."""
    tally, column = file.tally, file.need("channel")
    found = file.amounts("spend")
    tally.mark(found.values < 0, REFUSED, "less than nothing spent", file.columns["spend"].name)
    if "arrivals" in file:
        file.amounts("arrivals", money=False, needed=False)  # rows where none can be read are refused first
    codes, keys, spellings = column.joined_words(plain)
    tally.mark(column.blank, ASIDE, "no channel", column.name)
    for key in keys:
        say_spellings(spellings[key], tally)
    spent = tally.left & (found.values != 0)
    said = currency_of(file, found.units, spent if spent.any() else tally.left, "spend")
    left = np.flatnonzero(tally.left)
    return (days[left], codes[left], found.values[left], [titled(spellings[key][0]) for key in keys], left), said


def _table(
    file: Taken, period: IntArray, channel: IntArray, values: FloatArray, names: Sequence[str], at: Any
) -> pd.DataFrame:
    """Return the rows, what stands in several rows added up."""
    import pandas as pd

    pairs, first, number = np.unique(np.stack([period, channel]), axis=1, return_index=True, return_inverse=True)
    count, number = pairs.shape[1], number.ravel()
    used = np.unique(pairs[1])
    kind = pd.CategoricalDtype(pd.Index(dict.fromkeys(names[one] for one in used.tolist()), dtype=object))
    rows = {
        "period": as_days(pairs[0]),
        "channel": pd.Categorical([names[one] for one in pairs[1].tolist()], dtype=kind),
        "spend": np.round(np.bincount(number, values, count), 6),
    }
    if at is not None:
        file.drop(np.delete(at, first), MERGED, "added to another row of the same period and channel")
        if "arrivals" in file:
            came = file.amounts("arrivals", money=False, needed=False).values[at]
            rows["arrivals"] = np.where(np.bincount(number, ~np.isnan(came), count) > 0,
                                        np.bincount(number, np.nan_to_num(came), count), np.nan)  # fmt: skip
    return pd.DataFrame(rows)
