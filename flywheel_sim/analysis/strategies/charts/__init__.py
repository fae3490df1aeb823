"""Charts of strategies as they ran."""

from flywheel_sim.analysis.strategies.charts.channels import channels
from flywheel_sim.analysis.strategies.charts.customers import cohort_retention, mrr_movements, staying
from flywheel_sim.analysis.strategies.charts.flows import fan, stage_flow
from flywheel_sim.analysis.strategies.charts.money import statement
from flywheel_sim.analysis.strategies.charts.service import queues, saturation, shared, waits

__all__ = [
    "channels",
    "cohort_retention",
    "fan",
    "mrr_movements",
    "queues",
    "saturation",
    "shared",
    "stage_flow",
    "statement",
    "staying",
    "waits",
]
