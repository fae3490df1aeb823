"""A funnel as counts: how many reached each step, in each period."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.arguments import checked
from flywheel_sim.data.account import ASIDE, MERGED
from flywheel_sim.data.asking import words
from flywheel_sim.data.people import say_spellings
from flywheel_sim.data.periods import as_days, read_counts, read_periods
from flywheel_sim.data.records import Records, spanned
from flywheel_sim.data.source.cells import BoolArray, FloatArray, IntArray
from flywheel_sim.data.source.columns import plain
from flywheel_sim.data.source.opened import refused
from flywheel_sim.data.source.totals import TOTALS
from flywheel_sim.data.taking import Asked, Taken, taken
from flywheel_sim.data.times import day_of
from flywheel_sim.texts import titled
from flywheel_sim.wording import joined

if TYPE_CHECKING:
    import pandas as pd

#: More steps than this are no funnel.
_MOST_STEPS = 60

_NUMBER = re.compile(r"\s*(\d{1,3})[.):]\s*(.+)")


@dataclass(frozen=True, repr=False)
class Funnel(Records):
    """Counts of a funnel that were read; frozen.

    Attributes
    ----------
    rows
        period (its first day; NaT where the file is of a single one), step (an ordered category) and count.
    account
        What became of every row of the file.
    begins, ends
        First and last day that the file says, None where it says none.

    Examples
    --------
    >>> import pandas as pd
    >>> import flywheel_sim as fs
    >>> table = pd.DataFrame({"month": ["2024-01", "2024-02"], "visits": [1000, 1200], "trials": [50, 66]})
    >>> fs.read_funnel(table).rows["count"].tolist()
    [1000, 50, 1200, 66]
    """

    def answer(self) -> str:
        """Return how many came in at the top and out at the bottom."""
        steps = list(self.rows["step"].cat.categories)
        counts = self.rows.groupby("step", observed=True)["count"].sum()
        periods = max(1, self.rows["period"].nunique())
        over = f" over {periods:,} periods" if periods > 1 else ""
        return (f"{int(counts.iloc[0]):,} at '{steps[0]}', {int(counts.iloc[-1]):,} at '{steps[-1]}', "
                f"{len(steps)} steps{over}{spanned(self.begins, self.ends)}")  # fmt: skip


@checked(words("columns", "dates", "sheet", "at_most_refused"))
def read_funnel(
    source: str | Path | pd.DataFrame,
    *,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    dates: str | None = None,
    sheet: str | None = None,
    at_most_refused: float = 0.05,
) -> Funnel:
    """Read how many reached each step of a funnel, from a funnel exploration of GA4 or any table.

    A table has one row a step and period, or one row a period and one column a step.

    Parameters
    ----------
    source, columns, dates, sheet, at_most_refused
        As for `read_orders`. Roles: step, count, period, group, segment; or steps, a list of columns in their order.

    Raises
    ------
    DataError, ExperimentError
        As for `read_orders`.

    Examples
    --------
    >>> import pandas as pd
    >>> import flywheel_sim as fs
    >>> fs.read_funnel(pd.DataFrame({"step": ["1. visit", "2. buy"], "users": ["20,000", "310"]}))
    <Funnel: 20,000 at 'visit', 310 at 'buy', 2 steps>
    """
    file = taken("funnel", source, columns, sheet, Asked(dates=dates, at_most_refused=at_most_refused), "steps", "step",
                 ("count",))  # fmt: skip
    days, known = np.zeros(len(file), np.int64), np.zeros(len(file), bool)
    file.set_totals_aside("period")
    if "period" in file:
        days, known = read_periods(file, "period")
    period, step, count, names = (_wide if "steps" in file else _long)(file, days)
    file.check()
    if not len(step):
        raise file.nothing_left("step of a funnel")
    rows = _table(period, step, count, names, bool(known.any()))
    said = next((one for note in file.opened.notes if (one := re.match(r"(\d{8})-(\d{8})", note))), None)
    begins, ends = (day_of(period.min()), day_of(period.max())) if known.any() else (None, None)
    if said:
        begins, ends = (_noted(said[1]), _noted(said[2]))
    return Funnel(rows, file.tally.closed(), begins, ends)


def _noted(text: str) -> Any:
    import datetime as dt

    try:
        return dt.datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None


def _table(period: IntArray, step: IntArray, count: FloatArray, names: Sequence[str], dated: bool) -> pd.DataFrame:
    import pandas as pd

    kind = pd.CategoricalDtype(pd.Index(names, dtype=object), ordered=True)
    order = np.lexsort((step, period))
    known = np.full(len(order), dated)
    rows = {
        "period": as_days(period[order], known),
        "step": pd.Categorical.from_codes(step[order].astype(np.int32), dtype=kind),
        "count": count[order].astype(np.int64),
    }
    return pd.DataFrame(rows)


def _wide(file: Taken, days: IntArray) -> tuple[IntArray, IntArray, FloatArray, list[str]]:
    """Return periods, steps, counts and names of steps of a table with one column a step."""
    columns = [one for one in file.several["steps"] if not _MONEY & set(plain(one.name).split())]
    money = [f"'{titled(one.name)}'" for one in file.several["steps"] if one not in columns]
    if money:
        file.tally.say(f"{joined(money)} {'is' if len(money) == 1 else 'are'} no step: money is not counted in people.")
    counts = [read_counts(file, column)[0] for column in columns]
    left = np.flatnonzero(file.tally.left)
    left = left[_first_of(days[left], file, left)]
    step = np.tile(np.arange(len(columns)), len(left))
    values = np.stack([one[left] for one in counts], axis=1).ravel()
    return np.repeat(days[left], len(columns)), step, values, [titled(column.name) for column in columns]


def _first_of(days: IntArray, file: Taken, left: IntArray) -> BoolArray:
    """Return rows of periods not met before; raises where a period stands twice."""
    _, first = np.unique(days, return_index=True)
    if len(first) < len(days):
        again = left[np.setdiff1d(np.arange(len(days)), first)[0]]
        raise refused(file.file, f"row {int(file.tally.rows[again]):,} is of a period that stands above it already",
                      "keep one row a period, or state the period: columns={'period': 'HEADING'}")  # fmt: skip
    return np.ones(len(days), bool)


def _long(file: Taken, days: IntArray) -> tuple[IntArray, IntArray, FloatArray, list[str]]:
    """Return periods, steps, counts and names of steps of a table with one row a step and period."""
    tally, column = file.tally, file.columns["step"]
    tally.mark(column.blank, ASIDE, "no step", column.name)
    counts, _ = read_counts(file, file.need("count"))
    codes, keys, spellings = column.joined_words(plain)
    if "segment" in file:
        _one_segment(file)
    if "group" in file:
        group = file.columns["group"]
        totals, named, _ = group.joined_words(plain)
        total = group.blank | np.isin(totals, [at for at, one in enumerate(named) if one in TOTALS | {"all"}])
        if not total.all():
            tally.mark(total, ASIDE, "a total of groups that stand by themselves", group.name)
    left = np.flatnonzero(tally.left)
    for key in keys:
        say_spellings(spellings[key], tally)
    if len(keys) > _MOST_STEPS:
        raise refused(file.file, f"column '{titled(column.name)}' has {len(keys):,} steps, which is no funnel",
                      "say which column it is: columns={'step': 'HEADING'}")  # fmt: skip
    pairs, first, number = np.unique(np.stack([days[left], codes[left]]), axis=1, return_index=True,
                                     return_inverse=True)  # fmt: skip
    further = np.delete(left, first)
    file.drop(further, MERGED, "a further group of the same step")
    sums = np.bincount(number.ravel(), counts[left], pairs.shape[1])
    order, names = _in_order([spellings[key][0] for key in keys])
    return pairs[0], order[pairs[1]], np.asarray(sums, np.float64), names


def _one_segment(file: Taken) -> None:
    """Set aside all segments but that of all users; raises where there are several others, as they share people."""
    column = file.columns["segment"]
    codes, names, _ = column.joined_words(plain)
    every = [at for at, one in enumerate(names) if one in _EVERYBODY]
    if every:
        file.tally.mark(~np.isin(codes, every), ASIDE, "a segment, whose people stand under all users too", column.name)
    elif len(names) > 1:
        raise refused(file.file, f"column '{column.name}' has {len(names):,} segments, which share people",
                      "keep the rows of one, such as All users")  # fmt: skip


_EVERYBODY = frozenset(("all users", "all", "everybody", "alle nutzer", "tous les utilisateurs"))

#: Words of headings that are no steps of a funnel.
_MONEY = frozenset(
    ("revenue", "cost", "costs", "spend", "sales", "amount", "value", "umsatz", "kosten", "betrag", "rate")
)


def _in_order(steps: Sequence[str]) -> tuple[IntArray, list[str]]:
    """Return the place of every step, by its number where all have one, and their names in that order."""
    numbered = [_NUMBER.fullmatch(one) for one in steps]
    ranks = [int(one[1]) for one in numbered if one]
    order = sorted(range(len(steps)), key=lambda at: ranks[at]) if len(ranks) == len(steps) else list(range(len(steps)))
    bare = [titled(one[2] if one and len(ranks) == len(steps) else step) for one, step in
            zip(numbered, steps, strict=True)]  # fmt: skip
    if len(set(bare)) < len(bare):
        bare = [titled(one) for one in steps]
    place = np.zeros(len(steps), np.int64)
    place[order] = np.arange(len(steps))
    return place, [bare[at] for at in order]
