"""The section of the report about rates that data give."""

from __future__ import annotations

from flywheel_sim.analysis.fitting import charts
from flywheel_sim.analysis.fitting.result import Fit
from flywheel_sim.drawing.page import Section, table_of_rows


def sections(result: Fit) -> list[Section]:
    """Return the section of a fit: what was found, beside the data, and how candidates have forecast."""
    drawn = [charts.fit(result)] if len(result.drawn) else []
    tables = [table_of_rows(result.table(), result.note, words=1)]
    if result.choice is not None and result.choice.origins:
        drawn.append(charts.choice(result))
        tables.append(table_of_rows(result.choice.table(), result.choice.note, words=2))
    return [Section(f"From the data: {result.of}", (result.answer(), *result.remarks()), drawn, tables)]
