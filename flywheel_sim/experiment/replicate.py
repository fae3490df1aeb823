"""Many runs of one strategy: the same journey, replications 0 to n - 1, in any order, on any workers."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Unpack

from flywheel_sim import arguments as takes
from flywheel_sim.engine.run import run_once
from flywheel_sim.errors import LimitReached, Stopped
from flywheel_sim.experiment.asking import (
    PRECISION,
    REPLICATIONS,
    How,
    Model,
    Strategies,
    how_to_run,
    one_of,
    refuse_metrics,
    scenario_of,
    verb,
)
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.driver import (
    announce,
    provenance,
    replicate_jobs,
    replicate_until,
    say_compiling,
    units_of,
)
from flywheel_sim.experiment.precision import Precision, Watch, how_many, targets
from flywheel_sim.experiment.running import Job, Limits, RunOptions
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.ledger import stack
from flywheel_sim.metrics.statement import check_statement

__all__ = ["Job", "Limits", "RunOptions", "replicate", "replicate_jobs", "run"]


@verb(replication=takes.whole(0, 2**32 - 1, "0"), people=takes.YES_OR_NO, events=takes.YES_OR_NO,
      checked=takes.YES_OR_NO)  # fmt: skip
def run(
    model: Model,
    *,
    strategies: Strategies = None,
    replication: int = 0,
    people: bool = False,
    events: bool = False,
    checked: bool = False,
    **how: Unpack[How],
) -> Runs:
    """Run a scenario once.

    Parameters
    ----------
    model, strategies
        The scenario, its name or its path, and one of its strategies; without one, the file as written.
    replication
        Which one; each has its own luck.
    people, events
        Whether to keep the people table and the event log as data frames: ``runs.people``, ``runs.events``; see
        ``docs/people_and_events.md``.
    checked
        Whether the reference engine checks conservation laws after every event, which is slow; and that the statement
        adds up in every period and group.
    how
        How to run: seed, workers, executor, progress, engine, limits (``docs/asking.md``).

    Returns
    -------
    Runs
        With one replication.

    Raises
    ------
    SimulationError
        If the run meets a limit, or is found wrong where it is checked.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> one = fs.run("subscription", strategies="funnel", people=True)
    >>> int((one.people.acquired > 0).sum()) == int(one.values("acquisitions")[0])
    True
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    strategy = one_of(scenario, strategies, "a run")
    matched, _ = with_budgets(scenario, [strategy], seed, options)
    journey = matched.journey(strategy)
    root = journey.seed if seed is None else seed
    announce(journey)
    say_compiling(options.engine, journey)
    begun = time.perf_counter()
    raw = run_once(journey, root, replication, people, events, options.limits.max_people, options.limits.max_events,
                   engine=options.engine, checked=checked)  # fmt: skip
    took = time.perf_counter() - begun
    if checked:
        check_statement(raw.ledger)
    source = provenance(journey, root, 1, took, int(raw.ledger.n_events), options.engine, replication)
    return Runs(journey, stack([raw.ledger]), source, raw.people, raw.events)


@verb(
    replications=takes.optional(REPLICATIONS),
    precision=PRECISION,
    at_most=takes.optional(takes.whole(1, 2**31, "10000")),
)
def replicate(
    model: Model,
    *,
    strategies: Strategies = None,
    precision: Precision | None = None,
    at_most: int | None = None,
    replications: int | None = None,
    **how: Unpack[How],
) -> Runs:
    """Run a scenario many times: as often as said, or until its figures are as precise as asked.

    Parameters
    ----------
    model, strategies
        The scenario, its name or its path, and one of its strategies; without one, the file as written.
    precision
        Instead of a number of replications: for each metric, the half-width of its 95 % interval at which to stop,
        such as ``{"revenue": "1 %", "clv": "5 EUR"}``. See `flywheel_sim.experiment.precision` for the rule;
        ``stopping`` of the result says why it stopped. Figures are those of as many replications asked for.
    at_most
        Replications at which it stops at the latest; 10,000 unless given.
    replications
        How many; 100 unless given.
    how
        How to run: seed, workers, executor, progress, engine, limits (``docs/asking.md``).

    Raises
    ------
    LimitReached
        If a run meets a limit; ``complete`` then holds what was done before.
    ExperimentError
        If there is nothing to run, or a precision cannot be asked for.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> runs = fs.replicate("subscription", strategies="funnel", replications=20)
    >>> runs.n, runs["revenue"].unit
    (20, 'EUR')
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    strategy = one_of(scenario, strategies, "fs.replicate")
    count = how_many(replications, precision, at_most)
    if precision is not None:
        refuse_metrics(scenario, [strategy], tuple(precision), "precision")
        unmatched = scenario.unmatched_journey(strategy)
        targets(precision, lambda name: units_of(unmatched, (name,))[name])
    matched, _ = with_budgets(scenario, [strategy], seed, options)
    journey = matched.journey(strategy)
    job = Job(journey, journey.seed if seed is None else seed)
    if precision is None:
        try:
            runs: Runs = replicate_jobs([job], count, options)[0]
        except (LimitReached, Stopped) as stop:
            raise stop.with_complete(stop.complete[0] if stop.complete else None) from stop
        return runs
    return _until_precise(job, precision, count, options)


def _until_precise(job: Job, precision: Precision, at_most: int, options: RunOptions) -> Runs:
    """Return as many replications as it takes until figures are as precise as asked."""
    unit_of = partial(units_of, job.journey)
    asked = {one.metric: one for one in targets(precision, lambda name: unit_of((name,))[name])}
    watch = Watch(asked, unit_of(asked), at_most)
    try:
        (runs,) = replicate_until([job], watch, lambda runs: {name: runs[0].terms(name) for name in asked}, options)
    except (LimitReached, Stopped) as stop:
        done = [replace(runs, stopping=watch.stopping(runs.n)) for runs in stop.complete]
        raise stop.with_complete(done[0] if done else None) from stop
    return replace(runs, stopping=watch.stopping())
