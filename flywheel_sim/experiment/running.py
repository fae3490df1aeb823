"""Who carries out many runs: this thread, threads, processes or any executor, within limits, until told to stop."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from flywheel_sim import arguments as takes
from flywheel_sim.engine.limits import MAX_EVENTS, MAX_PEOPLE, Bounds
from flywheel_sim.engine.room import no_room
from flywheel_sim.engine.run import run_many
from flywheel_sim.errors import ExperimentError, SimulationError
from flywheel_sim.experiment.processes import Processes
from flywheel_sim.journey.journey import Journey
from flywheel_sim.ledger import Ledger

Key = TypeVar("Key", bound=Hashable)
Done = TypeVar("Done")

#: Seconds that batches under way have to end once they are told to stop.
GRACE = 0.5


@dataclass(frozen=True)
class Limits:
    """Where runs are stopped before they take all there is.

    Attributes
    ----------
    max_people, max_events
        Of one replication.
    max_memory
        GiB that everything that runs may take together, the program itself with it; three quarters of what is free
        unless given: on the machine, in the container, and below a limit of the process (``ulimit -v``).

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

    def bounds(self, stop: Callable[[], bool] | None = None) -> Bounds:
        """Return where one run ends before its time; ``stop`` is asked now and then whether it is to."""
        return Bounds(self.max_people, self.max_events, self.max_memory, stop)


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

    Each as for `flywheel_sim.experiment.asking.How`, which users give; ``stop`` is asked now and then, also within a
    replication, whether to stop.
    """

    workers: int | None = None
    executor: Executor | None = None
    progress: bool = False
    engine: str = "kernel"
    limits: Limits = Limits()
    stop: Callable[[], bool] | None = None


Batches = list[tuple[int, tuple[int, ...]]]


def workers_for(how: RunOptions) -> int:
    """Return on how many workers to run."""
    cores = os.cpu_count() or 1
    workers = how.workers if how.workers is not None else cores if how.engine == "kernel" else 1
    if workers < 1:
        raise ExperimentError(f"{workers} workers: at least one is needed; write 1, or {cores} here")
    return workers


def batches_of(jobs: int, first: int, end: int, workers: int, engine: str) -> Batches:
    """Return replications cut into batches, each with the index of its job.

    The first ones are small, so that little is lost where replications are long and somebody stops them.
    """
    most = 50 if engine == "kernel" else 5
    size = max(1, min(most, math.ceil((end - first) / (4 * workers))))
    cuts, step = [first], 1
    while cuts[-1] < end:
        cuts.append(min(cuts[-1] + step, end))
        step = min(4 * step, size)
    return [(index, tuple(range(*ends))) for ends in pairwise(cuts) for index in range(jobs)]


class BatchRunner:
    """Carries out batches of runs: in this thread, on threads or processes of its own, or by an executor handed in.

    Open it with ``with``.

    Parameters
    ----------
    how
        How to run.
    most
        How many batches there are at a time at most.
    """

    def __init__(self, how: RunOptions, most: int) -> None:
        self._executor, self._stop, self._outer = how.executor, threading.Event(), how.stop
        workers = min(workers_for(how), most)
        self._own = how.executor is None and workers > 1
        if self._own and how.engine == "kernel":
            self._executor = ThreadPoolExecutor(workers)
        elif self._own:
            self._executor = Processes(workers)
        here = self._executor is None or isinstance(self._executor, ThreadPoolExecutor)
        self._bounds = how.limits.bounds(self._stopping if here else None)

    def __enter__(self) -> BatchRunner:
        return self

    def __exit__(self, *_: object) -> None:
        if self._own and self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)

    def _stopping(self) -> bool:
        """Tell whether runs are to stop."""
        return self._stop.is_set() or (self._outer is not None and self._outer())

    def carry_out(self, tasks: Mapping[Key, Callable[[Bounds], Done]], collect: Callable[[Key, Done], bool]) -> None:
        """Carry out tasks in any order, and hand in what each returns.

        Parameters
        ----------
        tasks
            What to do within bounds, under names; can be sent to another process where there is one.
        collect
            Takes the name and the result of a task, in this thread, and tells whether to give up what has not begun.

        Raises
        ------
        KeyboardInterrupt
            Once what was done by then has been handed in; what is under way is stopped.
        """
        if self._executor is None:
            for key, task in tasks.items():
                if collect(key, task(self._bounds)):
                    return
            return
        futures: dict[Future[Done], Key] = {}
        try:
            for key, task in tasks.items():
                futures[self._executor.submit(task, self._bounds)] = key
            for future in as_completed(futures):
                if not future.cancelled() and collect(futures[future], future.result()):
                    for other in futures:
                        other.cancel()
        except KeyboardInterrupt:
            self._stop.set()
            for future in futures:
                future.cancel()
            for future in wait(futures, GRACE).done:
                if not future.cancelled() and future.exception() is None:
                    collect(futures[future], future.result())
            if isinstance(self._executor, Processes):
                self._executor.end()
            raise
        finally:
            for future in futures:
                future.cancel()


Batch = tuple[list[Ledger], SimulationError | KeyboardInterrupt | None]


def run_batch(bounds: Bounds, job: Job, numbers: tuple[int, ...], engine: str) -> Batch:
    """Return the ledgers of some replications, up to the first that met a limit or was stopped, and how it said so."""
    done: list[Ledger] = []
    try:
        for raw in run_many(job.journey, job.seed, numbers, bounds=bounds, engine=engine):
            done.append(raw.ledger)
    except (SimulationError, KeyboardInterrupt) as error:
        return done, error.with_traceback(None)  # which holds all memory of the run
    except MemoryError:
        return done, no_room("these runs", bounds.max_memory)
    return done, None
