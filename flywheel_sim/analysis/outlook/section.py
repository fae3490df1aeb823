"""The sections of the report about one strategy."""

from __future__ import annotations

from flywheel_sim.analysis.strategies.charts import fan, stage_flow
from flywheel_sim.analysis.strategies.figures import KEY_FIGURES
from flywheel_sim.analysis.strategies.section import customers, earned, in_common
from flywheel_sim.compile.expected_path import ExpectedPath
from flywheel_sim.drawing.page import Section, Table, table_of_texts
from flywheel_sim.experiment.crossover import earned_back
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.metrics.revenue import lines_of
from flywheel_sim.stats import plus_minus


def sections(result: Runs | ExpectedPath) -> list[Section]:
    """Return the sections of one strategy's replications, or of an expected path."""
    if isinstance(result, ExpectedPath):
        table = table_of_texts("Stage", result.table(), "Exact, nothing simulated.")
        return [Section("The expected path", (result.answer(),), tables=(table,))]
    names = [n for n in KEY_FIGURES if result[n].mean != 0] + lines_of(result.books)
    rows = [(result.label(n), plus_minus(result[n]), result.unit(n)) for n in names]
    table = Table(("", "mean ± half-width of the 95 % interval", "unit"), rows, frozenset({1}))
    return [
        Section(
            "What it earns",
            (earned_back(result.break_even()),),
            charts=(fan(result, "profit", cumulative=True), fan(result, "revenue")),
        ),
        Section("Key figures", tables=(table,)),
        earned(result),
        *customers(result),
        *in_common(result),
        Section("How people flow", charts=(stage_flow(result),)),
    ]
