"""The section of the report about what is not known."""

from __future__ import annotations

from flywheel_sim.analysis.forecast import charts
from flywheel_sim.analysis.forecast.result import Forecast
from flywheel_sim.drawing.page import Section


def sections(result: Forecast) -> list[Section]:
    """Return the section of a forecast: profit and revenue in their two layers."""
    drawn = (charts.forecast(result, "profit"), charts.forecast(result, "revenue"))
    return [Section("What is not known", (result.answer("profit"), result.answer("revenue")), drawn)]
