"""Sections of the report about break-even: where one strategy overtakes another, and who wins where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.analysis.breakeven.charts import breakeven, breakeven_map, overtaking
from flywheel_sim.analysis.breakeven.map import BreakEvenMap
from flywheel_sim.analysis.breakeven.result import BreakEven
from flywheel_sim.drawing.page import Section, Table

if TYPE_CHECKING:
    import pandas as pd

#: What these sections are made of.
Answer = BreakEven | BreakEvenMap


def sections(result: Answer) -> list[Section]:
    """Return the section of a break-even, or of a map of two rates."""
    return [_one(result) if isinstance(result, BreakEven) else _two(result)]


def _two(result: BreakEvenMap) -> Section:
    first, second = (name.replace("_", " ") for name in result.over)
    note = f"95 % intervals of each row's values, one by one, over {result.gaps.shape[2]:,} replications."
    title = f"Who wins where: {first} and {second}"
    return Section(title, (result.answer(),), (breakeven_map(result),), (_shown(result.table(), note),))


def _one(result: BreakEven) -> Section:
    n, runs = len(result.today_gap.values), result.today_gap.paths is not None
    note = (
        f"{result.label} by month {result.by}, mean of paired differences with the half-width of its 95 % interval, "
        f"over {n:,} replications at each value. Budget: by how much that of {result.names[1]} is larger by then."
    )
    charts = (breakeven(result), *((overtaking(result),) if runs else ()))
    title = f"From which {result.over.replace('_', ' ')} on {result.names[1]} is ahead"
    return Section(title, (result.answer(),), charts, (_shown(result.table(), note),))


def _shown(table: pd.DataFrame, note: str) -> Table:
    """Return a table of texts, its figures flush right."""
    words = {"ahead", "overtakes in month"}
    right = frozenset(i for i, head in enumerate(table.columns) if head not in words)
    return Table(tuple(table.columns), table.to_numpy().tolist(), right, note)
