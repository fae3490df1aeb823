"""Who does the work of many runs: threads, processes, a cluster, or any executor handed in.

Work is cut into batches, each of which needs nothing but itself. They are handed out a few at a time and
collected in whatever order they finish, so that neither the figures nor what is kept depend on who did
them. A worker may die: its batch is done again elsewhere, the last time with nothing else under way, so
that a batch which takes its worker down with it is found and takes no other along.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar, cast

from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.processes import Processes
from flywheel_sim.experiment.running import GRACE
from flywheel_sim.experiment.sweep.pools import PATIENCE, dask_client, elsewhere, process_pool
from flywheel_sim.version import __version__

T = TypeVar("T")
R = TypeVar("R")

_LOG = logging.getLogger("flywheel_sim")

#: Where batches can be run by name; the address of a Dask scheduler is the fourth way.
KINDS = ("serial", "threads", "processes")

#: How often a batch is done again after its worker died.
REDONE = 2

#: Batches handed out at one time for each worker, unless the caller says otherwise: here one, so that a process
#: that is killed has no more than one to do again for each; where sending takes longer, another one waits.
PER_WORKER, PER_DISTANT = 1, 2

_SCHEMES = ("tcp://", "tls://", "ws://", "wss://", "ucx://", "inproc://")


class Workers:
    """Where batches are run; open it with ``with``. From `workers_of`.

    Attributes
    ----------
    kind
        ``serial``, ``threads``, ``processes``, ``dask``, or ``executor`` for one handed in.
    count
        Batches done at one time; of a cluster, as counted last.
    asked
        Tells runs in this process whether they are to stop; None where they are in others.
    """

    def __init__(self, kind: str, count: int, given: Executor | None = None, address: str = "") -> None:
        self.kind = kind
        self.count = count
        self._given = given
        self._address = address
        self._executor: Executor | None = None
        self._client: Any = None
        self._counted = -math.inf
        self._waiting = False
        self.stop = threading.Event()
        self.asked = self.stop.is_set if kind in ("serial", "threads") else None

    def __repr__(self) -> str:
        return f"Workers({self.kind}{' ' + self._address if self._address else ''}, {self.count})"

    def __enter__(self) -> Workers:
        if self.kind == "threads":
            self._executor = ThreadPoolExecutor(self.count, thread_name_prefix="flywheel")
        elif self.kind == "processes":
            self._executor = process_pool(self.count)
        elif self._address:
            self._client = dask_client(self._address)
            self._executor = cast(Executor, self._client.get_executor())
        else:
            self._executor = self._given
            if type(self._given).__module__.startswith("distributed"):
                self._client = getattr(self._given, "_client", None)
        self.recount()
        return self

    def __exit__(self, *_: object) -> None:
        executor, self._executor = self._executor, None
        if self._address:
            self._client.close()
        elif executor is not None and executor is not self._given:
            if isinstance(executor, Processes) and self.stop.is_set():
                executor.end()
            executor.shutdown(wait=True, cancel_futures=True)

    def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
        """Hand out one batch.

        Raises
        ------
        BrokenExecutor
            If a worker died meanwhile; `renew` may help.
        ExperimentError
            If the executor takes nothing any more.
        """
        if self._executor is None:
            raise ExperimentError("these workers are not open; use them inside 'with workers_of(...) as workers:'")
        try:
            if self.kind == "threads":
                return self._executor.submit(work, task)
            # a cluster would take a batch done again for the one that failed, whose result it has
            again = {"pure": False} if self._client is not None else {}
            distant: Any = self._executor
            return cast("Future[R]", distant.submit(elsewhere, work, task, __version__, **again))
        except BrokenExecutor:
            raise
        except RuntimeError as error:
            raise ExperimentError(f"the executor takes no work ({error}); hand in one that is open") from error

    def renew(self) -> None:
        """Make a broken pool anew.

        Raises
        ------
        ExperimentError
            If the pool was handed in, so that it is not for us to make.
        """
        if self.kind != "processes":
            raise ExperimentError(
                f"a worker of the executor that was handed in ({type(self._executor).__name__}) died, and it takes no "
                "more work; hand in a new one, or say executor='processes', whose workers are replaced; "
                "what was finished is kept by store=, and resume=True goes on from there"
            )
        if self._executor is not None:
            self._executor.shutdown()
        self._executor = process_pool(self.count)

    def recount(self) -> int:
        """Return how many batches are done at one time; a cluster is asked now and then.

        Raises
        ------
        ExperimentError
            If the cluster is gone.
        """
        if self._client is None or time.monotonic() - self._counted < PATIENCE:
            return self.count
        self._counted = time.monotonic()
        where = self._address or "the cluster"
        try:
            if self._client.status != "running":
                raise OSError(f"the connection is {self._client.status}")
            threads = sum(self._client.nthreads().values())
        except Exception as error:  # whatever stands between here and a scheduler that is gone
            raise ExperimentError(
                f"{where} is gone ({error}); what was finished is kept by store=: "
                "start the scheduler again and go on with resume=True"
            ) from error
        if not threads and not self._waiting:
            _LOG.warning("%s has no workers left: waiting for one (dask worker ADDRESS)", where)
        self._waiting = not threads
        self.count = max(1, threads)
        return self.count


def workers_of(executor: Executor | str | None = None, workers: int | None = None) -> Workers:
    """Return where batches are to be run.

    Parameters
    ----------
    executor
        ``serial`` (in the caller's thread), ``threads`` (unless given; the compiled engine holds no
        interpreter lock), ``processes`` (each a new interpreter, which loads the compiled engine from its
        cache), the address of a Dask scheduler (``tcp://HOST:PORT``), or any executor of the
        ``concurrent.futures`` interface, which is left open.
    workers
        How many threads or processes; all cores unless given. A cluster and an executor handed in have
        their own.

    Raises
    ------
    ExperimentError
        If there is no such kind, or the number does not fit it.
    """
    cores = os.cpu_count() or 1
    if workers is not None and workers < 1:
        raise ExperimentError(f"{workers} workers: at least one is needed; write 1, or {cores} here")
    if executor is None:
        executor = "threads"
    named = executor if isinstance(executor, str) else ""
    if named in ("threads", "processes"):
        return Workers(named, workers or cores)
    if workers is not None and not (named == "serial" and workers == 1):
        what = f"'{named}'" if named else f"the executor handed in ({type(executor).__name__})"
        raise ExperimentError(f"{workers} workers for {what}, which says itself how many it has; leave workers out")
    if named == "serial":
        return Workers("serial", 1)
    if named.startswith(_SCHEMES):
        return Workers("dask", cores, address=named)
    if isinstance(executor, str):
        raise ExperimentError(f"'{executor}' is no executor; {nearest(executor, (*KINDS, 'tcp://HOST:PORT'))}")
    if hasattr(executor, "get_executor"):  # a Dask client
        executor = cast(Executor, executor.get_executor())
    if not callable(getattr(executor, "submit", None)):
        remedy = f"hand in one of the concurrent.futures interface, or a name: {', '.join(KINDS)}"
        raise ExperimentError(f"{type(executor).__name__} is no executor; {remedy}")
    return Workers("executor", getattr(executor, "_max_workers", None) or cores, given=executor)


def carry_out(
    tasks: Iterable[T],
    work: Callable[[T], R],
    workers: Workers,
    *,
    done: Callable[[T, R], None],
    set_aside: Callable[[T, str], None],
    in_flight: int | None = None,
) -> None:
    """Do every task, each exactly once as far as what is collected goes, in any order.

    Parameters
    ----------
    tasks
        Taken as they are needed, so that there may be millions.
    work
        What to do with one; a function of a module, or a ``functools.partial`` of one, that can be sent to
        another process, as tasks and results are.
    workers
        Opened with ``with``.
    done
        Called in this thread with each task and its result.
    set_aside
        Called in this thread with each task whose worker died every time, and with what happened.
    in_flight
        How many are handed out at one time; some for each worker unless given.

    Raises
    ------
    Exception
        Whatever ``work`` or ``tasks`` raise, once what is under way has been collected and the rest is
        cancelled; `KeyboardInterrupt` once what ends within half a second has been; whatever ``done`` and
        ``set_aside`` raise, at once.
    ExperimentError
        If an executor handed in is broken, or a cluster is gone.
    """
    if in_flight is not None and in_flight < 1:
        raise ExperimentError(f"in_flight is {in_flight}: at least one has to be under way; leave it out")
    if workers.kind == "serial":
        for task in tasks:
            done(task, work(task))
        return
    _Round(tasks, work, workers, done, set_aside, in_flight).run()


@dataclass
class _Try(Generic[T]):
    """A task, and how often its worker died."""

    task: T
    deaths: int = 0


class _Round(Generic[T, R]):
    """One call of `carry_out`: what is under way, what is to be done again, what is left."""

    def __init__(
        self,
        tasks: Iterable[T],
        work: Callable[[T], R],
        workers: Workers,
        done: Callable[[T, R], None],
        set_aside: Callable[[T, str], None],
        in_flight: int | None,
    ) -> None:
        self.source = iter(tasks)
        self.work, self.workers, self.in_flight = work, workers, in_flight
        self.done, self.set_aside = done, set_aside
        self.under_way: dict[Future[R], _Try[T]] = {}
        self.finished: SimpleQueue[Future[R]] = SimpleQueue()
        self.ready: deque[_Try[T]] = deque()
        self.alone: deque[_Try[T]] = deque()
        self.broken = self.telling = False

    def run(self) -> None:
        """Do it."""
        try:
            while True:
                self._hand_out()
                if not self.under_way:
                    break
                self._look_ahead()
                self._collect(self._next())
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt)
            self._wind_up(collect=not self.telling or stopped, until=time.monotonic() + GRACE if stopped else math.inf)
            if stopped:
                self.workers.stop.set()
            raise

    def _next(self) -> Future[R]:
        """Return the next future that is finished; look now and then whether the cluster is still there."""
        while True:
            with suppress(Empty):
                return self.finished.get(timeout=1.0)
            self.workers.recount()

    def _look_ahead(self) -> None:
        """Have tasks at hand before a worker asks for them, as far as there is time: making one may take a while."""
        while len(self.ready) < self._most() and self.finished.empty() and self._take():
            pass

    def _take(self) -> bool:
        """Take a task, and tell whether there was one."""
        for task in self.source:
            self.ready.append(_Try(task))
            return True
        return False

    def _most(self) -> int:
        """Return how many may be under way."""
        each = PER_DISTANT if self.workers.kind in ("dask", "executor") else PER_WORKER
        return self.in_flight or each * self.workers.recount()

    def _hand_out(self) -> None:
        """Hand out as many tasks as may be under way; those that are to be done alone come last."""
        most = self._most()
        while len(self.under_way) < most:
            if self.broken:
                if self.under_way:  # they all come back broken first
                    return
                self.workers.renew()
                self.broken = False
            if not self.ready:
                self._take()
            line = self.ready or (self.alone if not self.under_way else None)
            if not line:
                return
            one = line.popleft()
            try:
                future = self.workers.submit(self.work, one.task)
            except BrokenExecutor:
                line.appendleft(one)
                self.broken = True
                continue
            self.under_way[future] = one
            future.add_done_callback(self.finished.put)
            if one.deaths == REDONE:
                return

    def _collect(self, future: Future[R]) -> None:
        """Tell what became of one task, or put it down to be done again."""
        one = self.under_way.pop(future, None)
        if one is None:
            return
        error = CancelledError("cancelled elsewhere") if future.cancelled() else future.exception()
        if error is None:
            self.telling = True
            self.done(one.task, future.result())
            self.telling = False
        elif _died(error):
            self.broken = self.broken or isinstance(error, BrokenExecutor)
            one.deaths += 1
            if one.deaths <= REDONE:
                _LOG.info("a worker died (%s); its batch is done again", type(error).__name__)
                (self.alone if one.deaths == REDONE else self.ready).append(one)
                return
            self.telling = True
            self.set_aside(
                one.task,
                f"its worker died each of the {one.deaths} times it was tried, the last time with nothing else under "
                f"way ({type(error).__name__}); most often memory ran out",
            )
            self.telling = False
        else:
            raise error

    def _wind_up(self, collect: bool, until: float) -> None:
        """Cancel what has not begun, and collect what is under way as far as it turns out well by then."""
        for future in list(self.under_way):
            if future.cancel():
                del self.under_way[future]
        while collect and self.under_way and time.monotonic() < until:
            # not by the queue of finished ones: the last one handed out may have nobody to tell that it is over
            over = wait(self.under_way, timeout=0.2).done
            if not over:
                self.workers.recount()
            for future in over:
                one = self.under_way.pop(future)
                if not future.cancelled() and future.exception() is None:
                    self.done(one.task, future.result())


def _died(error: BaseException) -> bool:
    """Tell whether an error says that a worker died rather than that the work failed."""
    killed = type(error).__name__ == "KilledWorker" and type(error).__module__.startswith("distributed")
    return killed or isinstance(error, BrokenExecutor | CancelledError)
