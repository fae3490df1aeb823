"""The section of the report about what the articles claim."""

from __future__ import annotations

from contextlib import suppress

from flywheel_sim.analysis.claims.charts import claims, claims_region
from flywheel_sim.analysis.claims.result import Claims
from flywheel_sim.drawing.chart import Chart
from flywheel_sim.drawing.page import Section, Table, table_of_rows
from flywheel_sim.errors import ExperimentError


def sections(result: Claims) -> list[Section]:
    """Return the section on the claims: every reading, where it would hold, and what cannot hold together."""
    charts: list[Chart] = []
    for name in result.base_runs:
        with suppress(ExperimentError):
            charts.append(claims(result, strategy=name))
    with suppress(ExperimentError):
        charts.append(claims_region(result))
    note = (
        f"Means with the half-width of their 95 % interval over {result.n:,} replications, on the same people. A claim "
        "of one figure holds within half a unit of its last digit. Where it would hold: in closed form for a steady "
        "business, and by runs in which retention alone is moved."
    )
    readings = table_of_rows(result.table(), note, words=7)
    together = [
        (" + ".join(both.keys).replace("_", " "), both.said, " ".join(both.computation)) for both in result.together
    ]
    both = Table(("Claims", "Together", "Computation"), together)
    return [Section("What the articles claim", (result.answer(),), charts, (readings, both))]
