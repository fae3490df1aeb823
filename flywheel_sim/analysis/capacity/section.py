"""Sections of the report about capacity: how many people, how many leads, what waiting costs, people by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.analysis.capacity.charts import capacity, cost_of_waiting, lead_volume, staff_plan
from flywheel_sim.analysis.capacity.lead_volume import LeadVolume
from flywheel_sim.analysis.capacity.result import Capacity
from flywheel_sim.analysis.capacity.staff_plan import StaffPlan
from flywheel_sim.analysis.capacity.waiting import MEANING, CostOfWaiting
from flywheel_sim.drawing.page import Section, Table, table_of_texts
from flywheel_sim.stats import plus_minus
from flywheel_sim.wording import joined

if TYPE_CHECKING:
    pass

#: What these sections are made of.
Answer = Capacity | LeadVolume | CostOfWaiting | StaffPlan

_NOTE = "Means with the half-width of their 95 % interval, on the same people with the same luck in every row"


def sections(result: Answer) -> list[Section]:
    """Return the section of an answer about capacity."""
    return [_section(result)]


def _section(result: Answer) -> Section:
    if isinstance(result, Capacity):
        units = ", ".join(f"{name} in {unit}" for name, unit in result.units.items())
        table = table_of_texts("People", result.table(), f"{_NOTE}: {units}.")
        title = f"How many people at {joined(list(result.resources))}"
        return Section(title, (result.answer(),), (capacity(result),), (table,))
    if isinstance(result, LeadVolume):
        units = ", ".join(f"{name} in {unit}" for name, unit in result.units.items())
        table = table_of_texts("Leads", result.table(), f"{_NOTE}, at today's staff: {units}.")
        return Section(f"How many {result.channel} leads", (result.answer(),), (lead_volume(result),), (table,))
    if isinstance(result, CostOfWaiting):
        figures = [(name, plus_minus(estimate), estimate.unit) for name, estimate in result.figures.items()]
        charts = (cost_of_waiting(result),) if result.days.mean else ()
        note = "Means and ratios with the half-width of their 95 % interval; differences are paired."
        table = Table(("", "", "unit"), figures, frozenset({1}), note)
        title = f"What waiting for {joined(list(result.resources))} costs"
        return Section(title, (result.answer(), MEANING), charts, (table,))
    months = Table(("Month", "Load", "People", "Evenly spread"), result.table().astype(str).to_numpy().tolist(),
                   frozenset({1, 2, 3}), "Load: people in service if nobody waited, mean ± half-width of its 95 % "
                   "interval.")  # fmt: skip
    paste = f"To paste under resources: {result.yaml}"
    return Section(
        f"{result.resource.capitalize()} over the year", (result.answer(), paste), (staff_plan(result),), (months,)
    )
