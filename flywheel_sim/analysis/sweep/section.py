"""The section of the report about a sweep."""

from __future__ import annotations

from flywheel_sim.drawing.page import Section, table_of_texts
from flywheel_sim.experiment.sweep.outcomes import Sweep


def sections(result: Sweep) -> list[Section]:
    """Return the section of a sweep: its first design points with what came out."""
    table = table_of_texts("Design point", result.table(), result.note, words=len(result.factors))
    return [Section("What comes out at each design point", (result.answer(), *result.remarks()), tables=(table,))]
