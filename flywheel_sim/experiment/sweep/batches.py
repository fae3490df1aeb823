"""The work of a sweep that may be done anywhere: a batch of runs, the solution of a matched spend."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.limits import Bounds
from flywheel_sim.engine.room import no_room
from flywheel_sim.engine.run import run_many
from flywheel_sim.errors import ConfigError, ExperimentError, FlywheelError, SimulationError
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.running import Limits, RunOptions
from flywheel_sim.journey.journey import Journey
from flywheel_sim.ledger import Ledger, stack
from flywheel_sim.metrics.registry import Books, metric_of
from flywheel_sim.scenario.load import Scenario

#: The engine that runs sweeps.
ENGINE = "kernel"

#: How closely budgets are matched at a design point: `settle`'s standard error, wide enough for its first stage.
NEAR = 0.005

#: Ledgers that are read together: few enough to stay near the processor.
READ_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Task:
    """Some replications of one design point."""

    point: int
    first: int
    count: int
    journey: Journey


@dataclass(frozen=True, slots=True)
class Matching:
    """A design point whose matched spend is to be solved for."""

    point: int
    scenario: Scenario
    strategy: str
    first: int = 0


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What a batch comes to: values of shape (rows, count) and events, or why there are none.

    A row for each metric, then those of the sums of which metrics are ratios, in their order.
    """

    values: NDArray[np.float64] | None
    events: int
    problem: str = ""


def run_batch(task: Task, seed: int, metrics: tuple[str, ...], sums: Mapping[str, int], bounds: Bounds) -> BatchOutcome:
    """Run a batch; a run that meets a limit, or is refused, ends it."""
    numbers = range(task.first, task.first + task.count)
    values = np.full((len(metrics) + sum(sums.values()), task.count), math.nan)
    ledgers: list[Ledger] = []
    at = events = 0
    try:
        for raw in run_many(task.journey, seed, numbers, bounds=bounds, engine=ENGINE):
            ledgers.append(raw.ledger)
            if len(ledgers) == READ_AT_ONCE or at + len(ledgers) == task.count:
                books = Books(stack(ledgers).by("month"), task.journey)
                values[:, at : at + len(ledgers)] = _figures(books, metrics, sums)
                at, events = at + len(ledgers), events + int(books.ledger.n_events.sum())
                ledgers = []
    except (SimulationError, ConfigError) as error:
        return BatchOutcome(None, 0, f"replication {task.first + at + len(ledgers)}: {error}")
    except MemoryError:
        return BatchOutcome(None, 0, str(no_room("these runs", bounds.max_memory)))
    return BatchOutcome(values, events)


def _figures(books: Books, metrics: tuple[str, ...], sums: Mapping[str, int]) -> NDArray[np.float64]:
    """Return the metrics of some replications and their sums, shape (rows, replications)."""
    values = np.full((len(metrics) + sum(sums.values()), len(books.ledger.n_events)), math.nan)
    at = len(metrics)
    for row, name in enumerate(metrics):
        first, at = at, at + sums.get(name, 0)
        try:
            metric = metric_of(name, books)
        except ExperimentError:  # a line that another strategy has
            continue
        rows = np.stack([metric.total(books), *(metric.sums(books) if name in sums else ())])
        values[[row, *range(first, at)]] = np.where(np.isnan(rows), math.nan, rows + 0.0)  # one NaN, one zero
    return values


def match(task: Matching, seed: int, limits: Limits, stop: Callable[[], bool] | None) -> tuple[float, str]:
    """Return the spend found for a design point, or why there is none."""
    try:
        options = RunOptions(workers=1, limits=limits, stop=stop)
        _, matches = with_budgets(task.scenario, [task.strategy], seed, options, near=NEAR)
    except FlywheelError as error:
        return math.nan, str(error)
    return matches[0].spend, ""
