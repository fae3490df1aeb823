"""Many runs of one strategy: the same journey, replications 0 to n - 1, in any order, on any workers."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Unpack

from flywheel_sim.engine.run import run_once
from flywheel_sim.errors import LimitReached
from flywheel_sim.experiment.budgets import settle
from flywheel_sim.experiment.driver import (
    Job,
    Limits,
    Ways,
    announce,
    provenance,
    replicate_jobs,
    replicate_until,
    say_compiling,
    units_of,
)
from flywheel_sim.experiment.how import How, how_to_run
from flywheel_sim.experiment.precision import Precision, Watch, how_many, targets
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.ledger import stack
from flywheel_sim.metrics.statement import check_statement
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
    checked: bool = False,
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
    checked
        Whether the reference engine checks conservation laws after every event, which is slow; and that the statement
        adds up in every period and group.

    Returns
    -------
    Runs
        With one replication.

    Raises
    ------
    SimulationError
        If the run meets a limit, or is found wrong where it is checked.
    """
    held = limits or Limits()
    settled, _ = settle(model, [strategy], seed=seed, ways=Ways(engine=engine, limits=held))
    journey = settled.journey(strategy)
    root = journey.seed if seed is None else seed
    announce(journey)
    say_compiling(engine, journey)
    begun = time.perf_counter()
    raw = run_once(
        journey, root, replication, people, events, held.max_people, held.max_events, engine=engine, checked=checked
    )
    took = time.perf_counter() - begun
    if checked:
        check_statement(raw.ledger)
    source = provenance(journey, root, 1, took, int(raw.ledger.n_events), engine, replication)
    return Runs(journey, stack([raw.ledger]), source, raw.people, raw.events)


def replicate(
    model: Scenario,
    strategy: str | None = None,
    *,
    replications: int | None = None,
    precision: Precision | None = None,
    at_most: int | None = None,
    **how: Unpack[How],
) -> Runs:
    """Run a scenario many times: as often as said, or until its figures are as precise as asked.

    Parameters
    ----------
    model, strategy
        The scenario, and one of its strategies; without one, the file as written.
    replications
        How many; 100 unless given.
    precision
        Instead of a number of replications: for each metric, the half-width of its 95 % interval at which to stop,
        such as ``{"revenue": "1 %", "clv": "5 EUR"}``. See `flywheel_sim.experiment.precision` for the rule;
        ``stopping`` of the result says why it stopped. Figures are those of as many replications asked for.
    at_most
        Replications at which it stops at the latest; 10,000 unless given.
    how
        How to run: `How`. Figures depend on none of it but the seed.

    Raises
    ------
    LimitReached
        If a run meets a limit; ``complete`` then holds what was done before.
    ExperimentError
        If there is nothing to run, or a precision cannot be asked for.
    """
    seed, ways = how_to_run(how)
    settled, _ = settle(model, [strategy], seed=seed, ways=ways)
    journey = settled.journey(strategy)
    job = Job(journey, journey.seed if seed is None else seed)
    count = how_many(replications, precision, at_most)
    if precision is None:
        try:
            found: Runs = replicate_jobs([job], count, ways)[0]
        except LimitReached as stop:
            raise LimitReached(str(stop), stop.complete[0] if stop.complete else None) from stop
        return found
    asked = {one.metric: one for one in targets(precision, lambda name: units_of(journey, (name,))[name])}
    watch = Watch(asked, units_of(journey, asked), count)
    try:
        (found,) = replicate_until([job], watch, lambda runs: {name: runs[0].terms(name) for name in asked}, ways)
    except LimitReached as stop:
        done = [replace(runs, stopping=watch.stopping(runs.n)) for runs in stop.complete]
        raise LimitReached(str(stop), done[0] if done else None) from stop
    return replace(found, stopping=watch.stopping())
