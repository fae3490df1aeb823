"""What readers return, and how it is shown: an answer, the account of what was read, and never a person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flywheel_sim.data.account import Account
from flywheel_sim.result import Unreplicated, plain
from flywheel_sim.wording import counted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Records(Unreplicated):
    """What was read of a file; frozen.

    Attributes
    ----------
    rows
        One row for each thing that was read.
    account
        What became of every row of the file.
    begins, ends
        First and last day of the records; None where they have no days.
    """

    rows: pd.DataFrame = field(repr=False)  # type: ignore[assignment]
    account: Account = field(repr=False)
    begins: dt.date | None
    ends: dt.date | None

    def __init_subclass__(cls, **given: Any) -> None:
        """Show every kind of records by its answer."""
        super().__init_subclass__(**given)
        cls.__repr__ = _shown  # type: ignore[method-assign, assignment]

    def frame(self) -> pd.DataFrame:
        """Return the rows."""
        return self.rows

    def table(self) -> pd.DataFrame:
        """Return the account of what was read, by rule."""
        return self.account.shown()

    def remarks(self) -> list[str]:
        """Return what was assumed, recognised or noticed."""
        return self.account.remarks()

    def to_json(self) -> dict[str, Any]:
        """Return the answer and the account as JSON takes them: no row of a person is among them."""
        return {
            "result": type(self).__name__,
            "answer": self.answer(),
            "figures": plain(self.account.table().to_dict("records")),
            "note": self.note,
            "remarks": self.remarks(),
            "details": {"rows": self.account.total, "begins": plain(self.begins), "ends": plain(self.ends)},
            "provenance": [],
        }

    @property
    def note(self) -> str:
        """Return what the table is."""
        return f"What became of the {counted(self.account.total, 'row')} under the headings."


def _shown(records: Records) -> str:
    return f"<{type(records).__name__}: {records.answer()}>"


def spanned(begins: dt.date | None, ends: dt.date | None) -> str:
    """Return from when to when, for a sentence."""
    return "" if begins is None or ends is None else f" from {begins} to {ends}"
