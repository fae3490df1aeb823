"""Simulate, event by event, a population of customers moving round the marketing flywheel.

The public names stand here and are fetched when first used, so that importing is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Scenario": "scenario.load",
    "load": "scenario.load",
    "loads": "scenario.load",
    "shipped": "scenario.load",
    "assumptions": "scenario.describe",
    "run": "experiment.replicate",
    "replicate": "experiment.replicate",
    "settle": "experiment.matched",
    "Runs": "experiment.runs",
    "sweep": "experiment.sweep",
    "Sweep": "experiment.outcomes",
    "compare": "analysis.compare",
    "Comparison": "analysis.compare",
    "Crossover": "analysis.crossover",
    "Band": "analysis.bands",
    "Ranking": "analysis.ranking",
    "Stopping": "experiment.precision",
    "expected_path": "analysis.expected",
    "sensitivity": "analysis.sensitivity",
    "Sensitivity": "analysis.sensitivity",
    "capacity": "analysis.capacity",
    "Capacity": "analysis.capacity",
    "lead_volume": "analysis.lead_volume",
    "LeadVolume": "analysis.lead_volume",
    "cycle_length": "analysis.cycle",
    "CycleLength": "analysis.cycle",
    "cost_of_waiting": "analysis.waiting",
    "CostOfWaiting": "analysis.waiting",
    "staff_plan": "analysis.staff_plan",
    "StaffPlan": "analysis.staff_plan",
    "ab_test": "analysis.ab_test",
    "ABTest": "analysis.ab_test",
    "frictions": "analysis.frictions",
    "Frictions": "analysis.frictions",
    "momentum": "analysis.momentum",
    "Momentum": "analysis.momentum",
    "referral_tree": "analysis.referral_tree",
    "ReferralTree": "analysis.referral_tree",
    "repeat_ladder": "analysis.ladder",
    "RepeatLadder": "analysis.ladder",
    "ladder_of": "analysis.ladder",
    "DataLadder": "analysis.ladder",
    "effect": "analysis.effect",
    "Effect": "analysis.effect",
    "tornado": "analysis.tornado",
    "Tornado": "analysis.tornado",
    "sobol": "analysis.global_sensitivity",
    "Sobol": "analysis.global_sensitivity",
    "morris": "analysis.screening",
    "Morris": "analysis.screening",
    "breakeven": "analysis.breakeven",
    "BreakEven": "analysis.breakeven",
    "breakeven_map": "analysis.breakeven_map",
    "BreakEvenMap": "analysis.breakeven_map",
    "claims": "analysis.claims",
    "Claims": "analysis.claims",
    "marginal": "analysis.marginal",
    "Marginal": "analysis.marginal",
    "allocate": "analysis.allocation",
    "Allocation": "analysis.allocation",
    "allocation_by_horizon": "analysis.split_horizons",
    "AllocationByHorizon": "analysis.split_horizons",
    "judge": "analysis.judgement",
    "Judgement": "analysis.judgement",
    "forecast": "analysis.forecast",
    "Forecast": "analysis.forecast",
    "Estimate": "stats",
    "write_report": "report.html",
    "FlywheelError": "errors",
    "ConfigError": "errors",
    "DataError": "errors",
    "SimulationError": "errors",
    "ExperimentError": "errors",
    "LimitReached": "errors",
    "Limits": "experiment.replicate",
}

#: Rooms that are used by their name.
_MODULES = {"charts": "report.charts", "datasets": "datasets"}

if TYPE_CHECKING:
    from flywheel_sim import datasets
    from flywheel_sim.analysis.ab_test import ABTest, ab_test
    from flywheel_sim.analysis.allocation import Allocation, allocate
    from flywheel_sim.analysis.bands import Band
    from flywheel_sim.analysis.breakeven import BreakEven, breakeven
    from flywheel_sim.analysis.breakeven_map import BreakEvenMap, breakeven_map
    from flywheel_sim.analysis.capacity import Capacity, capacity
    from flywheel_sim.analysis.claims import Claims, claims
    from flywheel_sim.analysis.compare import Comparison, compare
    from flywheel_sim.analysis.crossover import Crossover
    from flywheel_sim.analysis.cycle import CycleLength, cycle_length
    from flywheel_sim.analysis.effect import Effect, effect
    from flywheel_sim.analysis.expected import expected_path
    from flywheel_sim.analysis.forecast import Forecast, forecast
    from flywheel_sim.analysis.frictions import Frictions, frictions
    from flywheel_sim.analysis.global_sensitivity import Sobol, sobol
    from flywheel_sim.analysis.judgement import Judgement, judge
    from flywheel_sim.analysis.ladder import DataLadder, RepeatLadder, ladder_of, repeat_ladder
    from flywheel_sim.analysis.lead_volume import LeadVolume, lead_volume
    from flywheel_sim.analysis.marginal import Marginal, marginal
    from flywheel_sim.analysis.momentum import Momentum, momentum
    from flywheel_sim.analysis.ranking import Ranking
    from flywheel_sim.analysis.referral_tree import ReferralTree, referral_tree
    from flywheel_sim.analysis.screening import Morris, morris
    from flywheel_sim.analysis.sensitivity import Sensitivity, sensitivity
    from flywheel_sim.analysis.split_horizons import AllocationByHorizon, allocation_by_horizon
    from flywheel_sim.analysis.staff_plan import StaffPlan, staff_plan
    from flywheel_sim.analysis.tornado import Tornado, tornado
    from flywheel_sim.analysis.waiting import CostOfWaiting, cost_of_waiting
    from flywheel_sim.errors import (
        ConfigError,
        DataError,
        ExperimentError,
        FlywheelError,
        LimitReached,
        SimulationError,
    )
    from flywheel_sim.experiment.matched import settle
    from flywheel_sim.experiment.outcomes import Sweep
    from flywheel_sim.experiment.precision import Stopping
    from flywheel_sim.experiment.replicate import Limits, replicate, run
    from flywheel_sim.experiment.runs import Runs
    from flywheel_sim.experiment.sweep import sweep
    from flywheel_sim.report import charts
    from flywheel_sim.report.html import write_report
    from flywheel_sim.scenario.describe import assumptions
    from flywheel_sim.scenario.load import Scenario, load, loads, shipped
    from flywheel_sim.stats import Estimate

__all__ = [
    "ABTest",
    "Allocation",
    "AllocationByHorizon",
    "Band",
    "BreakEven",
    "BreakEvenMap",
    "Capacity",
    "Claims",
    "Comparison",
    "ConfigError",
    "CostOfWaiting",
    "Crossover",
    "CycleLength",
    "DataError",
    "DataLadder",
    "Effect",
    "Estimate",
    "ExperimentError",
    "FlywheelError",
    "Forecast",
    "Frictions",
    "Judgement",
    "LeadVolume",
    "LimitReached",
    "Limits",
    "Marginal",
    "Momentum",
    "Morris",
    "Ranking",
    "ReferralTree",
    "RepeatLadder",
    "Runs",
    "Scenario",
    "Sensitivity",
    "SimulationError",
    "Sobol",
    "StaffPlan",
    "Stopping",
    "Sweep",
    "Tornado",
    "ab_test",
    "allocate",
    "allocation_by_horizon",
    "assumptions",
    "breakeven",
    "breakeven_map",
    "capacity",
    "charts",
    "claims",
    "compare",
    "cost_of_waiting",
    "cycle_length",
    "datasets",
    "effect",
    "expected_path",
    "forecast",
    "frictions",
    "judge",
    "ladder_of",
    "lead_volume",
    "load",
    "loads",
    "marginal",
    "momentum",
    "morris",
    "referral_tree",
    "repeat_ladder",
    "replicate",
    "run",
    "sensitivity",
    "settle",
    "shipped",
    "sobol",
    "staff_plan",
    "sweep",
    "tornado",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"flywheel_sim.{_MODULES[name]}")
    if name not in _HOMES:
        raise AttributeError(f"module 'flywheel_sim' has no attribute '{name}'")
    return getattr(import_module(f"flywheel_sim.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})
