"""What a page is made of: sections with texts, charts and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flywheel_sim.drawing.chart import Chart
from flywheel_sim.texts import shortened

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Table:
    """A table of texts; ``numbers`` are the columns set flush right."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()
    note: str = ""

    def __post_init__(self) -> None:
        """Cut names that are too long."""
        object.__setattr__(self, "heads", tuple(map(shortened, self.heads)))
        object.__setattr__(self, "rows", [tuple(map(shortened, row)) for row in self.rows])


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it."""

    title: str
    texts: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()

    def __post_init__(self) -> None:
        """Cut names that are too long."""
        object.__setattr__(self, "title", shortened(self.title))
        object.__setattr__(self, "texts", tuple(map(shortened, self.texts)))


def table_of_texts(head: str, table: pd.DataFrame, note: str, words: int = 0) -> Table:
    """Return a table of texts, its index first; so many columns after it hold words, the others figures."""
    rows = [(str(name), *row) for name, row in zip(table.index, table.astype(str).to_numpy().tolist(), strict=True)]
    heads = (head, *(str(column).replace("_", " ").replace(".", " ") for column in table.columns))
    return Table(heads, rows, _figures(heads, 1 + words), note)


def table_of_rows(table: pd.DataFrame, note: str, words: int = 1) -> Table:
    """Return a table of texts as it stands; so many columns first hold words, the others figures."""
    heads = tuple(str(column).replace("_", " ") for column in table.columns)
    return Table(heads, table.astype(str).to_numpy().tolist(), _figures(heads, words), note)


def _figures(heads: Sequence[str], words: int) -> frozenset[int]:
    """Return which columns hold figures: those after the words, but no units."""
    return frozenset(at for at, head in enumerate(heads) if at >= words and head != "unit")
