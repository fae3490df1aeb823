"""The section of the report about who buys again."""

from __future__ import annotations

from flywheel_sim.analysis.purchases import charts
from flywheel_sim.analysis.purchases.ladder import RepeatLadder
from flywheel_sim.drawing.page import Section


def sections(result: RepeatLadder) -> list[Section]:
    """Return the section of a repeat ladder."""
    return [Section("Who buys again", (result.answer(),), (charts.ladder(result),))]
