"""Carrying out many runs: batches of replications on threads, processes or any executor, in any order."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.compile import cache
from flywheel_sim.compile.loops import referrals
from flywheel_sim.engine.limits import free_memory
from flywheel_sim.engine.run import MAX_EVENTS, MAX_PEOPLE, run_many
from flywheel_sim.errors import ExperimentError, LimitReached, SimulationError
from flywheel_sim.experiment.precision import Watch
from flywheel_sim.experiment.progress import bar, say_kept_nowhere
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.ledger import Layout, Ledger, stack
from flywheel_sim.metrics.registry import Books, Metric, metric_of
from flywheel_sim.result import Provenance
from flywheel_sim.stats import FloatArray
from flywheel_sim.version import __version__

_LOG = logging.getLogger("flywheel_sim")


@dataclass(frozen=True)
class Limits:
    """Where runs are stopped before they take all there is.

    Attributes
    ----------
    max_people, max_events
        Of one replication.
    max_memory
        GiB that the ledgers of all replications may take together; three quarters of what the machine
        has free unless given.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.Limits(max_people=1_000).max_people
    1000
    """

    max_people: int = MAX_PEOPLE
    max_events: int = MAX_EVENTS
    max_memory: float | None = None

    def __post_init__(self) -> None:
        for name, kind in _LIMITS.items():
            object.__setattr__(self, name, kind.of(name, getattr(self, name)))


#: What limits take.
_LIMITS = {
    "max_people": takes.whole(1, 2**62, "1000000"),
    "max_events": takes.whole(1, 2**62, "1000000"),
    "max_memory": takes.optional(takes.number(0, example="4", open_low=True)),
}


@dataclass(frozen=True)
class Job:
    """One journey to replicate."""

    journey: Journey
    seed: int


@dataclass(frozen=True)
class RunOptions:
    """How to run: on how many workers or which executor, with which engine, and within which limits.

    Each as for `flywheel_sim.experiment.asking.How`, which users give.
    """

    workers: int | None = None
    executor: Executor | None = None
    progress: bool = False
    engine: str = "kernel"
    limits: Limits = Limits()


def replicate_jobs(
    jobs: Sequence[Job],
    replications: int,
    options: RunOptions | None = None,
    order: Iterable[int] | None = None,
    keep: Callable[[int, Runs], Any] | None = None,
) -> list[Any]:
    """Return the runs of several journeys, all on the same replications.

    Parameters
    ----------
    jobs, replications, options
        What to run, how often, and how.
    order
        The order in which batches are handed out; figures do not depend on it.
    keep
        What to keep of a job's runs as soon as they are done, given its index and the runs, where all
        ledgers together would fill the memory; without it the runs themselves are returned.
    """
    how = options or RunOptions()
    if replications < 1:
        raise ExperimentError(f"{replications} replications: at least one is needed; write 100")
    workers = workers_for(how)
    _check_memory(jobs if keep is None else jobs[:2], replications, how.limits)
    announce(*(job.journey for job in jobs))
    batches = _batches(len(jobs), 0, replications, workers, how.engine)
    if keep is not None:
        batches.sort(key=lambda batch: batch[0])
    batches = [batches[i] for i in order] if order is not None else batches
    if not how.progress:
        say_compiling(how.engine, *(job.journey for job in jobs))
    begun = time.perf_counter()
    ledgers: list[dict[int, Ledger]] = [{} for _ in jobs]
    results: dict[int, Any] = {}

    def collect(index: int, numbers: tuple[int, ...], done: list[Ledger]) -> None:
        ledgers[index].update(zip(numbers, done, strict=False))
        advance(len(done))
        if keep is not None and len(ledgers[index]) == replications:
            took = time.perf_counter() - begun
            results[index] = keep(index, _runs(jobs[index], ledgers[index], range(replications), took, how.engine))
            ledgers[index] = {}

    with ExitStack() as scope:
        advance = advancing(len(jobs) * replications, scope, how, jobs)
        failed = _carry_out(jobs, batches, how, executor_for(how, min(workers, len(batches)), scope), collect)
    if keep is not None:
        if failed is not None:
            raise failed
        return [results[index] for index in range(len(jobs))]
    return _complete(jobs, ledgers, replications, (time.perf_counter() - begun) / len(jobs), how.engine, failed)


def replicate_until(
    jobs: Sequence[Job],
    watch: Watch,
    read: Callable[[list[Runs]], Mapping[str, FloatArray]],
    options: RunOptions | None = None,
) -> list[Runs]:
    """Return the runs of several journeys, all on the same replications: as many as somebody watching asks for.

    Parameters
    ----------
    jobs, options
        What to run, and how. Figures are those of `replicate_jobs` for as many replications.
    watch
        Says after each stage how many it takes in all.
    read
        Gives what is watched of the runs so far, one for each job.
    """
    how = options or RunOptions()
    workers = workers_for(how)
    _check_memory(jobs, watch.first, how.limits)
    watch.room = _room(jobs, how.limits)
    announce(*(job.journey for job in jobs))
    if not how.progress:
        say_compiling(how.engine, *(job.journey for job in jobs))
    begun = time.perf_counter()
    ledgers: list[dict[int, Ledger]] = [{} for _ in jobs]
    done, wanted, failed = 0, watch.first, None

    def collect(index: int, numbers: tuple[int, ...], finished: list[Ledger]) -> None:
        ledgers[index].update(zip(numbers, finished, strict=False))
        advance(len(finished))

    with ExitStack() as scope:
        advance = advancing(None, scope, how, jobs)
        executor = executor_for(how, workers, scope)
        while done < wanted and failed is None:
            batches = _batches(len(jobs), done, wanted, workers, how.engine)
            failed = _carry_out(jobs, batches, how, executor, collect)
            if failed is None:
                sofar = range(wanted)
                parts = [_runs(job, of_job, sofar, 0.0, how.engine) for job, of_job in zip(jobs, ledgers, strict=True)]
                done, wanted = wanted, watch.look(read(parts))
    return _complete(jobs, ledgers, wanted, (time.perf_counter() - begun) / len(jobs), how.engine, failed)


def units_of(journey: Journey, names: Iterable[str]) -> dict[str, str]:
    """Return the units of metrics of a journey that has not been run.

    Raises
    ------
    ExperimentError
        If it has no metric of such a name.
    """
    return {name: metric_in(journey, name).unit_for(journey) for name in names}


def metric_in(journey: Journey, name: str) -> Metric:
    """Return a metric of a journey that has not been run; raises as `units_of`."""
    layout = Layout.of(journey)
    blank = Ledger(layout, *(np.zeros((1, *layout.shapes[name]), dtype=np.int64) for name in Ledger.ARRAYS))
    return metric_of(name, Books(blank, journey))


Batches = list[tuple[int, tuple[int, ...]]]


def workers_for(how: RunOptions) -> int:
    """Return on how many workers to run."""
    cores = os.cpu_count() or 1
    workers = how.workers if how.workers is not None else cores if how.engine == "kernel" else 1
    if workers < 1:
        raise ExperimentError(f"{workers} workers: at least one is needed; write 1, or {cores} here")
    return workers


def _batches(jobs: int, first: int, end: int, workers: int, engine: str) -> Batches:
    """Return replications cut into batches, each with the index of its job.

    Whoever stops waits for the batches under way, which the reference engine takes some seconds for.
    """
    most = 50 if engine == "kernel" else 5
    size = max(1, min(most, math.ceil((end - first) / (4 * workers))))
    return [
        (index, tuple(range(at, min(at + size, end)))) for at in range(first, end, size) for index in range(jobs)
    ]  # fmt: skip


def executor_for(how: RunOptions, workers: int, scope: ExitStack) -> Executor | None:
    """Return what carries out batches; None where that is this thread."""
    if how.executor is not None or workers <= 1:
        return how.executor
    pool = ThreadPoolExecutor if how.engine == "kernel" else ProcessPoolExecutor
    return scope.enter_context(pool(workers))


def _carry_out(
    jobs: Sequence[Job],
    batches: Batches,
    how: RunOptions,
    executor: Executor | None,
    collect: Callable[[int, tuple[int, ...], list[Ledger]], None],
) -> SimulationError | None:
    """Run batches and hand in their ledgers; return how the first that met a limit said so."""
    failed: SimulationError | None = None
    if executor is None:
        for index, numbers in batches:
            done, failed = _batch(jobs[index], numbers, how.engine, how.limits)
            collect(index, numbers, done)
            if failed is not None:
                break
        return failed
    futures: dict[Future[tuple[list[Ledger], SimulationError | None]], tuple[int, tuple[int, ...]]] = {}
    try:
        for index, numbers in batches:
            future = executor.submit(_batch, jobs[index], numbers, how.engine, how.limits)
            futures[future] = (index, numbers)
        for future in as_completed(futures):
            if future.cancelled():
                continue
            index, numbers = futures[future]
            done, stopped = future.result()
            collect(index, numbers, done)
            if stopped is not None and failed is None:  # those under way are finished and kept
                failed = stopped
                for other in futures:
                    other.cancel()
    finally:
        for future in futures:
            future.cancel()
    return failed


def _complete(
    jobs: Sequence[Job],
    ledgers: list[dict[int, Ledger]],
    wanted: int,
    seconds: float,
    engine: str,
    failed: SimulationError | None,
) -> list[Runs]:
    """Return the runs of all jobs; where one met a limit, raise with what is complete of every job."""
    whole = next((n for n in range(wanted) if any(n not in of_job for of_job in ledgers)), wanted)
    pairs = zip(jobs, ledgers, strict=True)
    runs = [_runs(job, of_job, range(whole), seconds, engine) for job, of_job in pairs if whole]
    if failed is not None:
        raise LimitReached(str(failed), runs)
    return runs


def _runs(job: Job, ledgers: dict[int, Ledger], numbers: range, seconds: float, engine: str) -> Runs:
    """Return the runs of a job whose replications of these numbers are done."""
    ledger = stack([ledgers[number] for number in numbers])
    n_events, n = int(ledger.n_events.sum()), len(numbers)
    return Runs(job.journey, ledger, provenance(job.journey, job.seed, n, seconds, n_events, engine, numbers.start))


def _batch(
    job: Job, numbers: tuple[int, ...], engine: str, limits: Limits
) -> tuple[list[Ledger], SimulationError | None]:
    """Return the ledgers of some replications, up to the first that meets a limit, and how it said so."""
    done: list[Ledger] = []
    try:
        for raw in run_many(job.journey, job.seed, numbers, max_people=limits.max_people,
                            max_events=limits.max_events, engine=engine):  # fmt: skip
            done.append(raw.ledger)
    except SimulationError as error:
        return done, error
    return done, None


def _check_memory(jobs: Sequence[Job], replications: int, limits: Limits) -> None:
    """Refuse what would not fit into memory, before it is begun."""
    allowed, needed = _allowed(limits), replications * _size(jobs)
    if needed > allowed:
        taken = f"{replications:,} replications of {len(jobs)} strategies take about {needed / 2**30:.1f} GiB"
        raise ExperimentError(
            f"{taken}, more than the {allowed / 2**30:.1f} GiB allowed; "
            "run fewer, group results by less (report_by), or raise max_memory"
        )


def _room(jobs: Sequence[Job], limits: Limits) -> int:
    """Return how many replications fit into memory."""
    return int(min(_allowed(limits) // _size(jobs), 2**32))


def _size(jobs: Sequence[Job]) -> int:
    """Return the bytes that a replication of all jobs takes: ledgers are held once by themselves, once together."""
    shapes = (shape for job in jobs for shape in Layout.of(job.journey).shapes.values())
    return 2 * sum(8 * int(np.prod(shape, dtype=np.int64)) for shape in shapes)


def _allowed(limits: Limits) -> float:
    """Return how many bytes all ledgers together may take."""
    return limits.max_memory * 2**30 if limits.max_memory is not None else 0.75 * free_memory()


def announce(*journeys: Journey) -> None:
    """Say before runs whose referrals feed themselves, each thing once, and that compiled code cannot be kept."""
    say_kept_nowhere()
    announced: set[str] = set()
    for journey in journeys:
        loop = referrals(journey)
        strategy = f", strategy '{journey.strategy}'" if journey.strategy else ""
        text = f"{journey.name}{strategy}: {loop}"
        if loop.self_sustaining and text not in announced:
            announced.add(text)
            _LOG.warning("%s", text)


def _compiles(engine: str, journeys: Iterable[Journey]) -> bool:
    """Tell whether runs of some journeys have to compile the engine first."""
    needed = {"crowd" if journey.coupled_by else "waves" for journey in journeys}
    return engine == "kernel" and not all(cache.ready(name) for name in needed)


def say_compiling(engine: str, *journeys: Journey) -> None:
    """Say where no bar does that the first run takes longer."""
    if _compiles(engine, journeys):
        _LOG.warning("compiling the engine, %s: about half a minute", _first())


def _first() -> str:
    """Return of which runs the first has to wait for the engine."""
    return "first run only" if cache.folder() else "first run of each start"


def advancing(total: int | None, scope: ExitStack, how: RunOptions, jobs: Sequence[Job]) -> Callable[[int], object]:
    """Return how a bar of replications advances, if one is shown; it counts alone where the total is not known."""
    if not how.progress:
        return lambda count: None
    shown = scope.enter_context(bar(total))
    if _compiles(how.engine, (job.journey for job in jobs)):
        shown.set_description(f"compiling, {_first()}")

    def advance(count: int) -> None:
        if getattr(shown, "desc", ""):
            shown.set_description("")
        shown.update(count)

    return advance


def provenance(
    journey: Journey, seed: int, replications: int, seconds: float, n_events: int, engine: str, first: int = 0
) -> Provenance:
    """Return where figures come from."""
    return Provenance(journey.name, journey.strategy, journey.fingerprint, seed, replications, engine, __version__,
                      seconds, n_events, first, journey.coupled_by, journey.warm_up)  # fmt: skip
