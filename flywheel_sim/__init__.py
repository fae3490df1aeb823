"""Simulate, event by event, a population of customers moving round the marketing flywheel.

Journeys: load, loads, shipped, Scenario, assumptions, expected_path, ExpectedPath.

Running them: run, replicate, Runs, Stopping, Limits, match_budgets, sweep, Sweep.

Strategies: compare, Comparison, Ranking, Band, Crossover, breakeven, BreakEven, breakeven_map, BreakEvenMap, claims,
Claims.

What figures do: sensitivity, Sensitivity, effect, Effect, tornado, Tornado, morris, Morris, sobol, Sobol, forecast,
Forecast.

Money: allocate, Allocation, allocation_by_horizon, AllocationByHorizon, marginal, Marginal, judge, Judgement.

People at work: capacity, Capacity, lead_volume, LeadVolume, cost_of_waiting, CostOfWaiting, staff_plan, StaffPlan.

Customers: retention, RetentionByDay, repeat_ladder, RepeatLadder, ladder_of, DataLadder, cycle_length, CycleLength,
referral_tree, ReferralTree, frictions, Frictions, momentum, Momentum, ab_test, ABTest.

Data of a company: read_orders, Orders, read_subscriptions, Subscriptions, read_pipeline, Pipeline, read_funnel,
Funnel, read_spend, Spend, read_survivors, Survivors, fit, Fit, Choice.

Results: Result, Estimate, charts, write_report, datasets.

Errors: FlywheelError, ConfigError, DataError, SimulationError, ExperimentError, LimitReached.

>>> import flywheel_sim as fs
>>> fs.compare("subscription", replications=20)
<Comparison of funnel, flywheel, n = 20>
"""

# The names are fetched when first used, so that importing is quick: those of the base stand here, those of questions
# are declared in their folders under ``analysis/``. Type checkers read ``__init__.pyi``, which ``make stubs`` writes.

from __future__ import annotations

from importlib import import_module
from typing import Any

from flywheel_sim.version import __version__ as __version__

#: Where the names of the base live.
BASE = {
    "Scenario": "scenario.load",
    "load": "scenario.load",
    "loads": "scenario.load",
    "shipped": "scenario.load",
    "run": "experiment.replicate",
    "match_budgets": "experiment.budgets",
    "Stopping": "experiment.precision",
    "Limits": "experiment.replicate",
    "Band": "experiment.bands",
    "Crossover": "experiment.crossover",
    "Ranking": "analysis.difference.ranking",
    "read_orders": "data.orders",
    "Orders": "data.orders",
    "read_subscriptions": "data.subscriptions",
    "Subscriptions": "data.subscriptions",
    "read_pipeline": "data.pipeline",
    "Pipeline": "data.pipeline",
    "read_funnel": "data.funnel",
    "Funnel": "data.funnel",
    "read_spend": "data.spend",
    "Spend": "data.spend",
    "read_survivors": "data.survivors",
    "Survivors": "data.survivors",
    "Estimate": "stats",
    "Result": "result",
    "write_report": "report.html",
    "FlywheelError": "errors",
    "ConfigError": "errors",
    "DataError": "errors",
    "SimulationError": "errors",
    "ExperimentError": "errors",
    "LimitReached": "errors",
}

#: Names of before, with those of today.
FORMER = {"settle": "match_budgets"}

#: Rooms that are used by their name.
MODULES = ("charts", "datasets")


def _homes() -> dict[str, str]:
    from flywheel_sim.analysis import registry

    return {**BASE, **registry.names()}


def _grouped(names: list[str]) -> list[str]:
    """Return names in the order of the groups above, which ``help`` shows too; others come last."""
    said = [word.strip(",.") for word in (__doc__ or "").split()]
    return sorted(names, key=lambda name: (said.index(name) if name in said else len(said), name))


def __getattr__(name: str) -> Any:
    if name in MODULES:
        return import_module(f"flywheel_sim.{name}")
    if name == "__all__":
        return _grouped([*_homes(), *MODULES])
    home = BASE.get(name) or (None if name.startswith("_") else _homes().get(name))
    if name in FORMER:
        raise AttributeError(f"module 'flywheel_sim' has no attribute '{name}' any more; write fs.{FORMER[name]}")
    if home is None:
        raise AttributeError(f"module 'flywheel_sim' has no attribute '{name}'")
    return getattr(import_module(f"flywheel_sim.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*_homes(), *MODULES, "__version__"])
