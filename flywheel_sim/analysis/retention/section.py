"""The section of the report about who is still there, day by day."""

from __future__ import annotations

from flywheel_sim.analysis.retention import charts
from flywheel_sim.analysis.retention.result import RetentionByDay
from flywheel_sim.drawing.page import Section, table_of_rows


def sections(result: RetentionByDay) -> list[Section]:
    """Return the section of a retention by day: the curve, and the days asked for."""
    title = f"Who is still there after entering {result.stage}".replace("_", " ")
    table = table_of_rows(result.table(), result.note, int(len(result.names) > 1))
    return [Section(title, (result.answer(), *result.remarks()), (charts.retention_curve(result),), (table,))]
