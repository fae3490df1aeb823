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
    "settle": "experiment.budgets",
    "Runs": "experiment.runs",
    "sweep": "experiment.sweep.sweep",
    "Sweep": "experiment.sweep.outcomes",
    "compare": "analysis.compare.result",
    "Comparison": "analysis.compare.result",
    "Crossover": "analysis.difference.crossover",
    "Band": "analysis.difference.bands",
    "Ranking": "analysis.difference.ranking",
    "Stopping": "experiment.precision",
    "expected_path": "analysis.outlook.expected",
    "sensitivity": "analysis.sensitivity.response",
    "Sensitivity": "analysis.sensitivity.response",
    "capacity": "analysis.capacity.result",
    "Capacity": "analysis.capacity.result",
    "lead_volume": "analysis.capacity.lead_volume",
    "LeadVolume": "analysis.capacity.lead_volume",
    "cycle_length": "analysis.purchases.cycle",
    "CycleLength": "analysis.purchases.cycle",
    "cost_of_waiting": "analysis.capacity.waiting",
    "CostOfWaiting": "analysis.capacity.waiting",
    "staff_plan": "analysis.capacity.staff_plan",
    "StaffPlan": "analysis.capacity.staff_plan",
    "ab_test": "analysis.ab_test.result",
    "ABTest": "analysis.ab_test.result",
    "frictions": "analysis.momentum.frictions",
    "Frictions": "analysis.momentum.frictions",
    "momentum": "analysis.momentum.momentum",
    "Momentum": "analysis.momentum.momentum",
    "referral_tree": "analysis.referrals.result",
    "ReferralTree": "analysis.referrals.result",
    "repeat_ladder": "analysis.purchases.ladder",
    "RepeatLadder": "analysis.purchases.ladder",
    "ladder_of": "analysis.purchases.ladder",
    "DataLadder": "analysis.purchases.ladder",
    "effect": "analysis.sensitivity.effect",
    "Effect": "analysis.sensitivity.effect",
    "tornado": "analysis.uncertainty.tornado",
    "Tornado": "analysis.uncertainty.tornado",
    "sobol": "analysis.uncertainty.sobol",
    "Sobol": "analysis.uncertainty.sobol",
    "morris": "analysis.uncertainty.morris",
    "Morris": "analysis.uncertainty.morris",
    "breakeven": "analysis.breakeven.result",
    "BreakEven": "analysis.breakeven.result",
    "breakeven_map": "analysis.breakeven.map",
    "BreakEvenMap": "analysis.breakeven.map",
    "claims": "analysis.claims.result",
    "Claims": "analysis.claims.result",
    "marginal": "analysis.allocation.marginal",
    "Marginal": "analysis.allocation.marginal",
    "allocate": "analysis.allocation.split",
    "Allocation": "analysis.allocation.split",
    "allocation_by_horizon": "analysis.allocation.by_horizon",
    "AllocationByHorizon": "analysis.allocation.by_horizon",
    "judge": "analysis.allocation.judgement",
    "Judgement": "analysis.allocation.judgement",
    "forecast": "analysis.forecast.result",
    "Forecast": "analysis.forecast.result",
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
    from flywheel_sim.analysis.ab_test.result import ABTest, ab_test
    from flywheel_sim.analysis.allocation.by_horizon import AllocationByHorizon, allocation_by_horizon
    from flywheel_sim.analysis.allocation.judgement import Judgement, judge
    from flywheel_sim.analysis.allocation.marginal import Marginal, marginal
    from flywheel_sim.analysis.allocation.split import Allocation, allocate
    from flywheel_sim.analysis.breakeven.map import BreakEvenMap, breakeven_map
    from flywheel_sim.analysis.breakeven.result import BreakEven, breakeven
    from flywheel_sim.analysis.capacity.lead_volume import LeadVolume, lead_volume
    from flywheel_sim.analysis.capacity.result import Capacity, capacity
    from flywheel_sim.analysis.capacity.staff_plan import StaffPlan, staff_plan
    from flywheel_sim.analysis.capacity.waiting import CostOfWaiting, cost_of_waiting
    from flywheel_sim.analysis.claims.result import Claims, claims
    from flywheel_sim.analysis.compare.result import Comparison, compare
    from flywheel_sim.analysis.difference.bands import Band
    from flywheel_sim.analysis.difference.crossover import Crossover
    from flywheel_sim.analysis.difference.ranking import Ranking
    from flywheel_sim.analysis.forecast.result import Forecast, forecast
    from flywheel_sim.analysis.momentum.frictions import Frictions, frictions
    from flywheel_sim.analysis.momentum.momentum import Momentum, momentum
    from flywheel_sim.analysis.outlook.expected import expected_path
    from flywheel_sim.analysis.purchases.cycle import CycleLength, cycle_length
    from flywheel_sim.analysis.purchases.ladder import DataLadder, RepeatLadder, ladder_of, repeat_ladder
    from flywheel_sim.analysis.referrals.result import ReferralTree, referral_tree
    from flywheel_sim.analysis.sensitivity.effect import Effect, effect
    from flywheel_sim.analysis.sensitivity.response import Sensitivity, sensitivity
    from flywheel_sim.analysis.uncertainty.morris import Morris, morris
    from flywheel_sim.analysis.uncertainty.sobol import Sobol, sobol
    from flywheel_sim.analysis.uncertainty.tornado import Tornado, tornado
    from flywheel_sim.errors import (
        ConfigError,
        DataError,
        ExperimentError,
        FlywheelError,
        LimitReached,
        SimulationError,
    )
    from flywheel_sim.experiment.budgets import settle
    from flywheel_sim.experiment.precision import Stopping
    from flywheel_sim.experiment.replicate import Limits, replicate, run
    from flywheel_sim.experiment.runs import Runs
    from flywheel_sim.experiment.sweep.outcomes import Sweep
    from flywheel_sim.experiment.sweep.sweep import sweep
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
