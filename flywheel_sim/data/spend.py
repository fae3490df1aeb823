"""What was spent on each channel in each period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.arguments import checked
from flywheel_sim.data.account import ASIDE, MERGED, REFUSED
from flywheel_sim.data.asking import words
from flywheel_sim.data.currencies import currency_of
from flywheel_sim.data.people import say_spellings
from flywheel_sim.data.periods import as_days, read_periods
from flywheel_sim.data.records import Records, spanned
from flywheel_sim.data.source.cells import FloatArray, IntArray
from flywheel_sim.data.source.columns import plain
from flywheel_sim.data.taking import Asked, Taken, taken
from flywheel_sim.data.times import day_of
from flywheel_sim.stats import figure
from flywheel_sim.texts import titled

if TYPE_CHECKING:
    import pandas as pd

_TOTALS = frozenset(("total", "totals", "gesamt", "summe", "grand total", "gesamtsumme"))


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
        return f"{amount} spent on {channels:,} channel{'s' * (channels != 1)}{spanned(self.begins, self.ends)}"


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
    months, quarters or years; what is spent on one channel in one period in several rows is added up.

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
    days, _ = read_periods(file, "period")
    wide = "channels" in file
    period, channel, values, names, at = (_wide if wide else _long)(file, days)
    said = None if wide and currency is None else currency or currency_of(file, None, file.tally.left, "spend")
    file.check()
    if not len(period):
        raise file.nothing_left("spend")
    rows = _table(file, period, channel, values, names, at)
    return Spend(rows, file.tally.closed(), day_of(period.min()), day_of(period.max()), said)


Found = tuple[IntArray, IntArray, FloatArray, list[str], Any]


def _wide(file: Taken, days: IntArray) -> Found:
    """Return periods, channels, spend and names of channels of a table with one column a channel."""
    columns = [one for one in file.several["channels"] if plain(one.name) not in _TOTALS]
    amounts = []
    for column in columns:
        found = file.amounts_of(column, needed=False)
        file.tally.mark(found.values < 0, REFUSED, "less than nothing spent", column.name)
        amounts.append(np.nan_to_num(found.values))
    left = np.flatnonzero(file.tally.left)
    values = np.stack([one[left] for one in amounts], axis=1).ravel()
    channel = np.tile(np.arange(len(columns)), len(left))
    return np.repeat(days[left], len(columns)), channel, values, [titled(one.name) for one in columns], None


def _long(file: Taken, days: IntArray) -> Found:
    """Return periods, channels, spend and names of channels of a table with one row a period and channel."""
    tally, column = file.tally, file.need("channel")
    found = file.amounts("spend")
    tally.mark(found.values < 0, REFUSED, "less than nothing spent", file.columns["spend"].name)
    if "arrivals" in file:
        file.amounts("arrivals", money=False, needed=False)  # rows where none can be read are refused first
    codes, keys, spellings = column.joined_words(plain)
    tally.mark(np.isin(codes, [at for at, key in enumerate(keys) if key in _TOTALS]), ASIDE, "a total", column.name)
    tally.mark(column.blank, ASIDE, "no channel", column.name)
    for key in keys:
        say_spellings(spellings[key], tally)
    if file.asked.currency or "currency" in file:
        currency_of(file, found.units, tally.left, "spend")
    left = np.flatnonzero(tally.left)
    return days[left], codes[left], found.values[left], [titled(spellings[key][0]) for key in keys], left


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
