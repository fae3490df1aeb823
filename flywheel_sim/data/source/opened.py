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
    """

    file: str
    names: tuple[str, ...]
    load: Callable[[Sequence[int]], Loaded]
    notes: tuple[str, ...] = ()
    separator: str = ""
    said: tuple[str, ...] = ()

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
    """Return which of the first records is the head, and its headings.

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
    at = next(number for number, count in enumerate(there) if count >= enough)
    names = [str(cell if cell is not None else "").strip().strip('"').strip() for cell in records[at]]
    while len(names) > width and not names[-1]:
        names.pop()
    rest = [record for record, count in zip(records[at + 1 :], there[at + 1 :], strict=True) if count]
    if rest and all(len(record) == len(names) + 1 and not record[-1] for record in rest):
        names.append("")
    figures = sum(1 for name in names if _FIGURE.fullmatch(name))
    if names[0] and _FIGURE.fullmatch(names[0]) and 2 * figures >= len(names):
        raise refused(file, "its first row holds figures where headings belong", "write a first row of headings")
    return at, tuple(names)
