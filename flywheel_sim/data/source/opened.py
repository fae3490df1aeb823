"""A table that was opened: its headings are known, its columns are read when they are asked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flywheel_sim.data.source.cells import Column, IntArray
from flywheel_sim.errors import DataError
from flywheel_sim.texts import titled


def refused(file: str, rule: str, remedy: str) -> DataError:
    """Return the error that says what is wrong with a file, and what to do about it."""
    return DataError(f"{titled(file)}: {rule}; {remedy}")


@dataclass(frozen=True)
class Loaded:
    """Some columns, by their place; the number that each row has in the file; and rows that fit no head."""

    columns: dict[int, Column]
    rows: IntArray
    unfit: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Opened:
    """A table with its headings.

    Attributes
    ----------
    file
        Its name without folders, or "the table".
    names
        Its headings.
    load
        Gives columns by their place.
    notes
        What its comments say, before the headings.
    separator
        Between cells, "" where there is none.
    said
        What was assumed to open it.
    headless
        Whether it has no headings, so that its columns are called by their place.
    """

    file: str
    names: tuple[str, ...]
    load: Callable[[Sequence[int]], Loaded]
    notes: tuple[str, ...] = ()
    separator: str = ""
    said: tuple[str, ...] = ()
    headless: bool = False

    def need_headings(self, kind: str, needed: Sequence[str]) -> None:
        """Raise where there are no headings, and say how columns are told by their place."""
        if self.headless:
            roles = ", ".join(f"'{role}': 'column {at}'" for at, role in enumerate(needed, 1))
            raise refused(self.file, "its first row holds figures where headings belong",
                          f"write a first row of headings, or say by its place which column is which of {kind}, such "
                          f"as columns={{{roles}}}")  # fmt: skip

    @property
    def listed(self) -> str:
        """Return the headings as an error lists them; none where they may be the first person's row."""
        if any(_FIGURE.fullmatch(name) for name in self.names):
            return "not shown, as some look like figures and the first row may be none of headings"
        named = [f"'{titled(name)}'" for name in self.names if name]
        return ", ".join(named[:_LISTED]) + (f" and {len(named) - _LISTED} more" if len(named) > _LISTED else "")


#: Headings that an error lists.
_LISTED = 20

_FIGURE = re.compile(r"[\d.,:/ +\-]*\d[\d.,:/ +\-TZ]*|\S+@\S+")


def head_of(file: str, records: Sequence[Sequence[Any]]) -> tuple[int, tuple[str, ...]]:
    """Return which of the first records is the head, and its headings; called by their place if it holds figures.

    Without headings that is the record before the first row, -1 where there is none.

    Raises
    ------
    DataError
        If there is none.
    """
    there = [sum(1 for cell in record if str(cell or "").strip()) for record in records]
    if not any(there):
        raise refused(file, "nothing is in it", "give a file with headings and rows")
    widths = Counter(len(record) for record, count in zip(records, there, strict=True) if count)
    width = max(widths.items(), key=lambda one: (one[1], one[0]))[0]
    enough = 0.8 * max(there)  # lines before it, such as a title, fill fewer cells
    at = next(
        number for number, count in enumerate(there) if count >= enough or _numbered(records[number], width, count)
    )
    names = [str(cell if cell is not None else "").strip().strip('"').strip() for cell in records[at]]
    while len(names) > width and not names[-1]:
        names.pop()
    rest = [record for record, count in zip(records[at + 1 :], there[at + 1 :], strict=True) if count]
    if rest and all(len(record) == len(names) + 1 and not record[-1] for record in rest):
        names.append("")
    figures = sum(1 for name in names if _FIGURE.fullmatch(name))
    if names[0] and _FIGURE.fullmatch(names[0]) and 2 * figures >= len(names):
        return at - 1, tuple(f"column {number}" for number in range(1, len(names) + 1))
    return at, tuple(names)


def headless(names: Sequence[str]) -> bool:
    """Tell whether headings are those of `head_of` for a table that has none."""
    return all(name == f"column {number}" for number, name in enumerate(names, 1))


def _numbered(record: Sequence[Any], width: int, count: int) -> bool:
    """Tell whether all cells of a record but the first are filled: a program numbered the rows and named no column."""
    return len(record) == width and count == width - 1 > 1 and not str(record[0] or "").strip()
