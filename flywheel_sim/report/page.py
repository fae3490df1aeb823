"""What a page is made of: sections with texts, charts and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flywheel_sim.report.drawing import Chart


@dataclass(frozen=True)
class Table:
    """A table of texts; ``numbers`` are the columns set flush right."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it."""

    title: str
    texts: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
