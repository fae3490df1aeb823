"""The account of what was read: every row of a file is in one line of it, with the rule and where it stands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.data.source.cells import BoolArray, IntArray
from flywheel_sim.data.source.opened import refused
from flywheel_sim.texts import titled
from flywheel_sim.wording import joined, text_table

if TYPE_CHECKING:
    import pandas as pd

#: What becomes of a row.
READ, MERGED, ASIDE, REFUSED = "read as is", "merged", "set aside", "refused"

#: Rows that a line of the account names.
_NAMED = 3


@dataclass(frozen=True)
class AccountLine:
    """What became of some rows: by which rule, how many they are, and where the first of them stand."""

    what: str
    rule: str
    rows: int
    where: str


@dataclass(frozen=True)
class Account:
    """What was read of a file, by rule; frozen.

    Attributes
    ----------
    total
        Rows of the file under its headings.
    lines
        What became of them; their rows add up to the total.
    said
        What was assumed, recognised or noticed.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> account = fs.read_orders(fs.datasets.cdnow()).account
    >>> account.total == account.table()["rows"].sum()
    True
    """

    total: int
    lines: tuple[AccountLine, ...]
    said: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return a table with columns what (read as is, merged, set aside or refused), rule, rows and where."""
        import pandas as pd

        return pd.DataFrame([vars(line) for line in self.lines], columns=["what", "rule", "rows", "where"])

    def remarks(self) -> list[str]:
        """Return what was assumed, recognised or noticed."""
        return list(self.said)

    def count(self, what: str) -> int:
        """Return how many rows were read as is, merged, set aside or refused."""
        return sum(line.rows for line in self.lines if line.what == what)

    def shown(self) -> pd.DataFrame:
        """Return the table with its figures as texts."""
        return self.table().assign(rows=[f"{line.rows:,}" for line in self.lines])

    def __str__(self) -> str:
        table = self.shown()
        parts = [text_table(list(table.columns), table.to_numpy(str).tolist()), *self.said]
        return "\n".join(part for part in parts if part)


class Tally:
    """What becomes of every row of a file while it is read.

    Attributes
    ----------
    rule
        Of every row the number of its rule; 0 is a row that is read as is.
    said
        What was assumed, recognised or noticed so far.
    """

    def __init__(self, file: str, rows: IntArray, unfit: tuple[tuple[int, str], ...]) -> None:
        self.file, self.rows, self.unfit = file, rows, unfit
        self.rule = np.zeros(len(rows), np.int16)
        self.rules: list[tuple[str, str, str]] = [(READ, "", "")]
        self.said: list[str] = []

    @property
    def left(self) -> BoolArray:
        """Tell which rows are still read as they are."""
        return np.asarray(self.rule == 0)

    def mark(self, which: BoolArray, what: str, rule: str, heading: str = "", *, merged: bool = False) -> None:
        """Say what becomes of rows, of those that are still read as they are, or that are merged with one too."""
        kinds = np.array([one[0] == MERGED for one in self.rules])
        which = which & (self.left | (kinds[self.rule] if merged else False))
        if which.any():
            if (what, rule, heading) not in self.rules:
                self.rules.append((what, rule, heading))
            self.rule[which] = self.rules.index((what, rule, heading))

    def say(self, text: str) -> None:
        """Keep what was assumed or noticed, once."""
        if text and text not in self.said:
            self.said.append(text)

    def check(self, at_most: float) -> None:
        """Raise if more than a share of all rows is refused.

        Raises
        ------
        DataError
            Which names rules and first places.
        """
        lines = [line for line in self._lines() if line.what == REFUSED]
        bad, total = sum(line.rows for line in lines), len(self.rows) + len(self.unfit)
        if bad > at_most * total:
            told = joined([f"{line.rules_and_places}" for line in map(_Told, lines[:4])])
            share = min(1.0, math.ceil(100 * bad / total) / 100)
            remedy = (
                f"mend them or say how columns are read (columns, dates, decimal), or write at_most_refused={share:g}"
            )
            raise refused(self.file, f"{bad:,} of {total:,} rows cannot be read: {told}", remedy)

    def _lines(self) -> list[AccountLine]:
        counts = np.bincount(self.rule, minlength=len(self.rules))
        lines = []
        for number, (what, rule, heading) in enumerate(self.rules):
            if counts[number]:
                first: Any = self.rows[np.flatnonzero(self.rule == number)[:_NAMED]] if number else []
                lines.append(AccountLine(what, rule, int(counts[number]), _places(first, heading)))
        for rule in dict.fromkeys(rule for _, rule in self.unfit):
            rows = [row for row, one in self.unfit if one == rule]
            lines.append(AccountLine(REFUSED, rule, len(rows), _places(rows[:_NAMED], "")))
        order = (READ, MERGED, ASIDE, REFUSED)
        return sorted(lines, key=lambda line: order.index(line.what))

    def closed(self) -> Account:
        """Return the account of all rows."""
        return Account(len(self.rows) + len(self.unfit), tuple(self._lines()), tuple(self.said))


@dataclass(frozen=True)
class _Told:
    """A line of the account as an error tells it."""

    line: AccountLine

    @property
    def rules_and_places(self) -> str:
        """Return the rule and where it is broken."""
        return f"{self.line.rule} ({self.line.rows:,}: {self.line.where})"


def _places(rows: Any, heading: str) -> str:
    """Return where the first rows stand."""
    numbers = [f"{int(row):,}" for row in rows]
    if not numbers:
        return ""
    column = f", column '{titled(heading)}'" if heading else ""
    return f"row {numbers[0]}{column}" if len(numbers) == 1 else f"rows {joined(numbers)}{column}"
