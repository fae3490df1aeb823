"""Many runs of one strategy: the same journey, replications 0 to n - 1, in any order, on any workers."""

from __future__ import annotations

import time
from concurrent.futures import Executor

from flywheel_sim.engine.run import run_many
from flywheel_sim.errors import ExperimentError, LimitReached
from flywheel_sim.experiment.driver import Job, Limits, Ways, announce, provenance, replicate_jobs, say_compiling
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.ledger import stack
from flywheel_sim.scenario.load import Scenario

__all__ = ["Job", "Limits", "Ways", "replicate", "replicate_jobs", "run"]


def run(
    model: Scenario,
    strategy: str | None = None,
    *,
    seed: int | None = None,
    replication: int = 0,
    people: bool = False,
    events: bool = False,
    engine: str = "kernel",
    limits: Limits | None = None,
) -> Runs:
    """Run a scenario once.

    Parameters
    ----------
    model, strategy
        The scenario, and one of its strategies; without one, the file as written.
    seed, replication
        The luck; the file's seed unless given.
    people, events
        Whether to keep the people table and the event log as data frames.
    engine
        ``kernel`` (compiled) or ``reference`` (SimPy); both give the same figures.
    limits
        Where the run is stopped.

    Returns
    -------
    Runs
        With one replication.

    Raises
    ------
    SimulationError
        If the run meets a limit.
    """
    journey = model.journey(strategy)
    root = journey.seed if seed is None else seed
    held = limits or Limits()
    announce(journey)
    say_compiling(engine)
    begun = time.perf_counter()
    raw = next(run_many(journey, root, (replication,), people, events, held.max_people, held.max_events, engine))
    took = time.perf_counter() - begun
    source = provenance(journey, root, 1, took, int(raw.ledger.n_events), engine, replication)
    return Runs(journey, stack([raw.ledger]), source, raw.people, raw.events)


def replicate(
    model: Scenario,
    strategy: str | None = None,
    *,
    replications: int = 100,
    seed: int | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: bool = False,
    engine: str = "kernel",
    limits: Limits | None = None,
) -> Runs:
    """Run a scenario many times.

    Parameters
    ----------
    model, strategy
        The scenario, and one of its strategies; without one, the file as written.
    replications
        How many.
    seed
        The luck; the file's seed unless given.
    workers, executor, progress, engine, limits
        As in `Ways`. Figures do not depend on them.

    Raises
    ------
    LimitReached
        If a run meets a limit; ``complete`` then holds what was done before.
    ExperimentError
        If there is nothing to run.
    """
    journey = model.journey(strategy)
    job = Job(journey, journey.seed if seed is None else seed)
    ways = Ways(workers, executor, progress, engine, limits or Limits())
    try:
        found: Runs = replicate_jobs([job], replications, ways)[0]
    except LimitReached as stop:
        raise LimitReached(str(stop), stop.complete[0] if stop.complete else None) from stop
    return found
