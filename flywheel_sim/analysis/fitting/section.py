"""The section of the report about rates that data give."""

from __future__ import annotations

from flywheel_sim.analysis.fitting import charts
from flywheel_sim.analysis.fitting.result import Fit
from flywheel_sim.drawing.page import Section, Table, table_of_rows


def sections(result: Fit) -> list[Section]:
    """Return the section of a fit: what was found, beside the data, and how candidates have forecast."""
    drawn = [charts.fit(result)] if len(result.drawn) else []
    shown = result.table()
    heads = list(map(str, shown.columns))
    figures = frozenset(at for at, head in enumerate(heads) if head == "value" or head.endswith("interval"))
    tables = [Table(heads, shown.astype(str).to_numpy().tolist(), figures, result.note)]
    if result.choice is not None and result.choice.origins:
        drawn.append(charts.choice(result))
        tables.append(table_of_rows(result.choice.table(), result.choice.note, words=2))
    return [Section(f"From the data: {result.of}", (result.answer(), *result.remarks()), drawn, tables)]
