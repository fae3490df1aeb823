"""Many runs of one strategy: the same journey, replications 0 to n - 1, in any order, on any workers."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass

from flywheel_sim import __version__
from flywheel_sim.engine.run import MAX_PEOPLE, Provenance, run_once
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.ledger import Ledger, stack
from flywheel_sim.scenario.journey import Journey
from flywheel_sim.scenario.load import Scenario

ENGINE = "reference"


@dataclass(frozen=True)
class Job:
    """One journey to replicate."""

    journey: Journey
    seed: int


def run(
    model: Scenario,
    strategy: str | None = None,
    *,
    seed: int | None = None,
    replication: int = 0,
    people: bool = False,
    events: bool = False,
    max_people: int = MAX_PEOPLE,
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
    max_people
        People after whom the run is stopped as feeding itself.

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
    raw = run_once(journey, root, replication, people, events, max_people)
    provenance = _provenance(journey, root, 1, raw.seconds, int(raw.ledger.n_events), replication)
    return Runs(journey, stack([raw.ledger]), provenance, raw.people, raw.events)


def replicate(
    model: Scenario,
    strategy: str | None = None,
    *,
    replications: int = 100,
    seed: int | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    progress: bool = False,
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
    workers, executor
        Processes to run on, or any executor of the ``concurrent.futures`` interface. Figures do not
        depend on either.
    progress
        Whether to show a bar.

    Raises
    ------
    SimulationError
        If a run meets a limit.
    ExperimentError
        If there is nothing to run.
    """
    journey = model.journey(strategy)
    job = Job(journey, journey.seed if seed is None else seed)
    return replicate_jobs([job], replications, workers, executor, progress)[0]


def replicate_jobs(
    jobs: Sequence[Job],
    replications: int,
    workers: int = 1,
    executor: Executor | None = None,
    progress: bool = False,
    order: Iterable[int] | None = None,
) -> list[Runs]:
    """Return the runs of several journeys, all on the same replications.

    ``order`` is the order in which batches are handed out; figures do not depend on it.
    """
    if replications < 1:
        raise ExperimentError(f"{replications} replications: at least one is needed; write 100")
    if workers < 1:
        raise ExperimentError(f"{workers} workers: at least one is needed; write 1, or {os.cpu_count()} here")
    size = max(1, min(50, replications // (4 * workers)))
    batches = [
        (index, tuple(range(first, min(first + size, replications))))
        for index in range(len(jobs))
        for first in range(0, replications, size)
    ]
    batches = [batches[i] for i in order] if order is not None else batches
    begun = time.perf_counter()
    ledgers: list[dict[int, Ledger]] = [{} for _ in jobs]
    with ExitStack() as scope:
        advance = _bar(len(jobs) * replications, scope) if progress else _silent
        if executor is None and workers > 1:
            executor = scope.enter_context(ProcessPoolExecutor(workers))
        if executor is None:
            for index, numbers in batches:
                for number in numbers:
                    ledgers[index][number] = run_once(jobs[index].journey, jobs[index].seed, number).ledger
                    advance(1)
        else:
            futures: dict[Future[list[Ledger]], tuple[int, tuple[int, ...]]] = {}
            for index, numbers in batches:
                futures[executor.submit(_batch, jobs[index], numbers)] = (index, numbers)
            try:
                for future in as_completed(futures):
                    index, numbers = futures[future]
                    ledgers[index].update(zip(numbers, future.result(), strict=True))
                    advance(len(numbers))
            except BaseException:
                for future in futures:
                    future.cancel()
                raise
    took = (time.perf_counter() - begun) / len(jobs)
    results = []
    for job, found in zip(jobs, ledgers, strict=True):
        ledger = stack([found[number] for number in range(replications)])
        results.append(
            Runs(
                job.journey, ledger, _provenance(job.journey, job.seed, replications, took, int(ledger.n_events.sum()))
            )
        )
    return results


def _bar(total: int, scope: ExitStack) -> Callable[[int], object]:
    from tqdm.auto import tqdm

    bar = scope.enter_context(tqdm(total=total, unit="run", leave=False))
    return lambda count: bar.update(count)


def _silent(count: int) -> None:
    """Show no progress."""


def _batch(job: Job, numbers: tuple[int, ...]) -> list[Ledger]:
    return [run_once(job.journey, job.seed, number).ledger for number in numbers]


def _provenance(
    journey: Journey, seed: int, replications: int, seconds: float, n_events: int, first: int = 0
) -> Provenance:
    return Provenance(journey.name, journey.strategy, journey.fingerprint, seed, replications, ENGINE, __version__,
                      seconds, n_events, first)  # fmt: skip
