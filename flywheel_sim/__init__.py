"""Simulate, event by event, a population of customers moving round the marketing flywheel.

The public names are fetched when first used, so that importing is quick: those of the base stand here, those of
questions are declared in their folders under ``analysis/``. Type checkers read ``__init__.pyi``, which ``make stubs``
writes.
"""

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

#: Rooms that are used by their name.
MODULES = ("charts", "datasets")


def _homes() -> dict[str, str]:
    from flywheel_sim.analysis import registry

    return {**BASE, **registry.names()}


def __getattr__(name: str) -> Any:
    if name in MODULES:
        return import_module(f"flywheel_sim.{name}")
    if name == "__all__":
        return sorted([*_homes(), *MODULES])
    home = BASE.get(name) or (None if name.startswith("_") else _homes().get(name))
    if home is None:
        raise AttributeError(f"module 'flywheel_sim' has no attribute '{name}'")
    return getattr(import_module(f"flywheel_sim.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*_homes(), *MODULES, "__version__"])
