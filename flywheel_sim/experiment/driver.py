"""Many runs of several journeys, all on the same replications: so many, or as many as it takes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np

from flywheel_sim.compile import cache
from flywheel_sim.compile.loops import referrals
from flywheel_sim.engine.room import GIB, Room, allowed
from flywheel_sim.errors import ExperimentError, LimitReached, SimulationError, Stopped
from flywheel_sim.experiment.precision import Watch
from flywheel_sim.experiment.progress import bar, say_kept_nowhere
from flywheel_sim.experiment.running import (
    Batch,
    Batches,
    BatchRunner,
    Job,
    Limits,
    RunOptions,
    batches_of,
    run_batch,
    workers_for,
)
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.ledger import Layout, Ledger, stack
from flywheel_sim.metrics.registry import Books, Metric, metric_of
from flywheel_sim.result import Provenance
from flywheel_sim.stats import FloatArray
from flywheel_sim.version import __version__

_LOG = logging.getLogger("flywheel_sim")


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
    under_way = _UnderWay(jobs, how)
    under_way.hold(replications, 2 if keep is not None else len(jobs))
    batches = batches_of(len(jobs), 0, replications, workers_for(how), how.engine)
    if keep is not None:
        batches.sort(key=lambda batch: batch[0])
    batches = [batches[i] for i in order] if order is not None else batches
    results: dict[int, Any] = {}

    def keep_whole(index: int) -> None:
        if keep is not None and len(under_way.ledgers[index]) == replications:
            results[index] = keep(index, under_way.runs_of(index, replications))
            under_way.ledgers[index] = {}

    with ExitStack() as scope:
        advance = advancing(len(jobs) * replications, scope, how, jobs)
        runner = scope.enter_context(BatchRunner(how, len(batches)))
        under_way.run(runner, batches, advance, keep_whole)
    if keep is None:
        return under_way.complete(replications)
    if under_way.failed is not None:
        raise under_way.failed
    return [results[index] for index in range(len(jobs))]


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
    under_way = _UnderWay(jobs, how)
    under_way.hold(watch.first, len(jobs))
    watch.room = _room(jobs, how.limits)
    done, wanted = 0, watch.first
    with ExitStack() as scope:
        advance = advancing(None, scope, how, jobs)
        runner = scope.enter_context(BatchRunner(how, workers))
        while done < wanted and under_way.failed is None:
            under_way.run(runner, batches_of(len(jobs), done, wanted, workers, how.engine), advance)
            if under_way.failed is None:
                with under_way.noting():
                    sofar = [under_way.runs_of(index, wanted) for index in range(len(jobs))]
                    done, wanted = wanted, watch.look(read(sofar))
                    under_way.room.hold(wanted * _size(jobs), "the ledgers of so many replications")
    return under_way.complete(wanted)


class _UnderWay:
    """Replications of several journeys on their way: what is done of each, and what stood in the way."""

    def __init__(self, jobs: Sequence[Job], how: RunOptions) -> None:
        self.jobs, self.how, self.room = jobs, how, Room(how.limits.max_memory)
        self.ledgers: list[dict[int, Ledger]] = [{} for _ in jobs]
        self.failed: SimulationError | KeyboardInterrupt | None = None
        self.begun = time.perf_counter()
        announce(*(job.journey for job in jobs))
        if not how.progress:
            say_compiling(how.engine, *(job.journey for job in jobs))

    def hold(self, replications: int, at_a_time: int) -> None:
        """Have memory for the ledgers of so many replications of so many journeys; refuse more than there is."""
        _check_memory(self.jobs[:at_a_time], replications, self.how.limits)
        self.room.hold(replications * _size(self.jobs[:at_a_time]), "the ledgers of so many replications")

    def run(
        self,
        runner: BatchRunner,
        batches: Batches,
        advance: Callable[[int], object],
        added: Callable[[int], None] = lambda index: None,
    ) -> None:
        """Run batches; ``added`` is told whenever ledgers of a journey were."""

        def collect(key: tuple[int, tuple[int, ...]], batch: Batch) -> bool:
            (index, numbers), (done, problem) = key, batch
            self.ledgers[index].update(zip(numbers, done, strict=False))
            self.failed = self.failed or problem
            advance(len(done))
            added(index)
            return self.failed is not None

        tasks = {
            (index, numbers): partial(run_batch, job=self.jobs[index], numbers=numbers, engine=self.how.engine)
            for index, numbers in batches
        }
        with self.noting():
            runner.carry_out(tasks, collect)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note what stands in the way, for `complete` to tell."""
        try:
            yield
        except (SimulationError, KeyboardInterrupt) as problem:
            self.failed = problem.with_traceback(None)

    def runs_of(self, index: int, n: int) -> Runs:
        """Return the first replications of a journey, which are all done."""
        job, ledger = self.jobs[index], stack([self.ledgers[index][number] for number in range(n)])
        seconds, n_events = (time.perf_counter() - self.begun) / len(self.jobs), int(ledger.n_events.sum())
        return Runs(job.journey, ledger, provenance(job.journey, job.seed, n, seconds, n_events, self.how.engine))

    def complete(self, wanted: int) -> list[Runs]:
        """Return the runs of all journeys; where something stood in the way, raise with what is complete of each."""
        whole = next((n for n in range(wanted) if any(n not in of_job for of_job in self.ledgers)), wanted)
        runs = [self.runs_of(index, whole) for index in range(len(self.jobs)) if whole]
        if isinstance(self.failed, SimulationError):
            raise LimitReached(str(self.failed), runs)
        if self.failed is not None:
            raise Stopped(complete=runs)
        return runs


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


def _check_memory(jobs: Sequence[Job], replications: int, limits: Limits) -> None:
    """Refuse what would not fit into memory, before it is begun."""
    most, needed = allowed(limits.max_memory), replications * _size(jobs)
    if needed > most:
        taken = f"{replications:,} replications of {len(jobs)} strategies take about {needed / GIB:.1f} GiB"
        raise ExperimentError(
            f"{taken}, more than the {most / GIB:.1f} GiB allowed; "
            "run fewer, group results by less (report_by), or raise max_memory"
        )


def _room(jobs: Sequence[Job], limits: Limits) -> int:
    """Return how many replications fit into memory."""
    return int(min(allowed(limits.max_memory) // _size(jobs), 2**32))


def _size(jobs: Sequence[Job]) -> int:
    """Return the bytes that a replication of all jobs takes: ledgers are held once by themselves, once together."""
    shapes = (shape for job in jobs for shape in Layout.of(job.journey).shapes.values())
    return 2 * sum(8 * int(np.prod(shape, dtype=np.int64)) for shape in shapes)


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
