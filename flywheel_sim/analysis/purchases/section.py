"""The sections of the report about who buys again, and how long a way through the stages takes."""

from __future__ import annotations

from flywheel_sim.analysis.purchases import charts
from flywheel_sim.analysis.purchases.cycle import CycleLength
from flywheel_sim.analysis.purchases.from_data import DataLadder
from flywheel_sim.analysis.purchases.ladder import RepeatLadder
from flywheel_sim.drawing.page import Section, table_of_texts


def sections(result: RepeatLadder | DataLadder | CycleLength) -> list[Section]:
    """Return the section of a repeat ladder, or of the length of a cycle."""
    if isinstance(result, CycleLength):
        title = f"How long from {result.begins} to {result.ends}".replace("_", " ")
        return [Section(title, (result.answer(),), tables=(table_of_texts("", result.table(), result.note),))]
    drawn = (charts.ladder(result),) if isinstance(result, RepeatLadder) and result.customers.sum() else ()
    tables = () if drawn else (table_of_texts("", result.table(), result.note),)
    return [Section("Who buys again", (result.answer(), *result.remarks()), drawn, tables)]
