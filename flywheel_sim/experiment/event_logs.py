"""Event logs, each read as soon as its run is done and then let go, on any workers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.limits import Bounds
from flywheel_sim.engine.run import kernel_of, run_many
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.driver import advancing, announce, provenance, say_compiling
from flywheel_sim.experiment.running import BatchRunner, Job, RunOptions, workers_for
from flywheel_sim.journey.journey import Journey
from flywheel_sim.ledger import IntArray, Layout
from flywheel_sim.result import Provenance

if TYPE_CHECKING:
    import pandas as pd

Read = TypeVar("Read")

#: Most replications that are handed to a worker at once.
MOST = 10


@dataclass(frozen=True)
class EventLog:
    """What happened in one run, person by person and in the order in which it happened; one entry a row of the log.

    Attributes
    ----------
    person
        Whose row it is: any number of their own.
    time
        When, ms from the start.
    to
        The stage the person is in thereafter, by its place among the stages.
    enters
        Whether the person enters that stage with it: arrives there, is referred there, or moves there. Who is present
        at the start does not, nor who goes on with a visit.
    """

    person: IntArray
    time: IntArray
    to: IntArray
    enters: NDArray[np.bool_]


def read_logs(
    jobs: Sequence[Job], replications: int, options: RunOptions, of: Callable[[Journey, EventLog], Read]
) -> list[tuple[list[Read], Provenance]]:
    """Run journeys, all on the same replications, and return what is read of each event log, and where it comes from.

    Parameters
    ----------
    jobs, replications, options
        What to run, how often, and how. No more logs are held at a time than there are workers.
    of
        Reads a log of a journey; a function of a module where runs are shared out among processes.

    Raises
    ------
    ExperimentError
        If there is nothing to run, or nobody to run it.
    SimulationError
        If a run meets a limit.
    """
    return _read(jobs, replications, options, partial(_of_arrays, of=of))


def read_frames(
    jobs: Sequence[Job], replications: int, options: RunOptions, of: Callable[[Journey, pd.DataFrame], Read]
) -> list[tuple[list[Read], Provenance]]:
    """Do as `read_logs` with event logs as users see them, which takes longer; arguments and errors are its own."""
    return _read(jobs, replications, options, partial(_of_frames, of=of))


def _read(
    jobs: Sequence[Job], replications: int, options: RunOptions, batch_of: Callable[..., list[tuple[Read, int]]]
) -> list[tuple[list[Read], Provenance]]:
    """Run journeys batch by batch, and return what each batch hands in, and where it comes from."""
    if replications < 1:
        raise ExperimentError(f"{replications} replications: at least one is needed; write 100")
    workers = workers_for(options)
    announce(*(job.journey for job in jobs))
    if not options.progress:
        say_compiling(options.engine, *(job.journey for job in jobs))
    size = max(1, min(MOST, math.ceil(replications / (2 * workers))))
    tasks = {
        (index, at): partial(batch_of, job=job, numbers=range(at, min(at + size, replications)), engine=options.engine)
        for at in range(0, replications, size) for index, job in enumerate(jobs)
    }  # fmt: skip
    begun = time.perf_counter()
    done: dict[tuple[int, int], list[tuple[Read, int]]] = {}
    with ExitStack() as scope:
        advance = advancing(len(jobs) * replications, scope, options, jobs)

        def collect(key: tuple[int, int], batch: list[tuple[Read, int]]) -> bool:
            done[key] = batch
            advance(len(batch))
            return False

        scope.enter_context(BatchRunner(options, len(tasks))).carry_out(tasks, collect)
    took = (time.perf_counter() - begun) / len(jobs)
    answers = []
    for index, job in enumerate(jobs):
        mine = [one for key in sorted(done) if key[0] == index for one in done[key]]
        n_events = sum(count for _, count in mine)
        source = provenance(job.journey, job.seed, replications, took, n_events, options.engine)
        answers.append(([read for read, _ in mine], source))
    return answers


def _of_frames(
    bounds: Bounds, job: Job, numbers: range, engine: str, of: Callable[[Journey, pd.DataFrame], Read]
) -> list[tuple[Read, int]]:
    """Return what is read of the logs of some replications as users see them, and how many events each had."""
    answers = []
    for raw in run_many(job.journey, job.seed, numbers, events=True, bounds=bounds, engine=engine):
        assert raw.events is not None
        answers.append((of(job.journey, raw.events), int(raw.ledger.n_events)))
    return answers


def _of_arrays(
    bounds: Bounds, job: Job, numbers: range, engine: str, of: Callable[[Journey, EventLog], Read]
) -> list[tuple[Read, int]]:
    """Return what is read of the logs of some replications, and how many events each had."""
    journey = job.journey
    if engine == "kernel" and not journey.uncertain:
        kernel, answers = kernel_of(journey, events=True, max_memory=bounds.max_memory), []
        for number in numbers:
            ledger, _, columns = kernel.run(job.seed, number, bounds)
            assert columns is not None
            log = _log(journey, columns["person"], columns["step"], columns["time"], columns["flow"], columns["to"])
            answers.append((of(journey, log), int(ledger.n_events)))
        return answers
    runs = run_many(journey, job.seed, numbers, events=True, bounds=bounds, engine=engine)
    return [(of(journey, _of_frame(journey, raw.events)), int(raw.ledger.n_events)) for raw in runs]


def _log(journey: Journey, person: IntArray, step: IntArray, when: IntArray, flow: IntArray, to: IntArray) -> EventLog:
    """Return a log from its columns as an engine leaves them, in any order."""
    layout = Layout.of(journey)
    came = {("", "", "arrived"), ("", "", "referred")}
    enters = np.array([one in came or bool(to) for one, to in zip(layout.flows, layout.targets, strict=True)])
    order = np.lexsort((step, person))
    return EventLog(person[order], when[order], to[order], enters[flow[order]])


def _of_frame(journey: Journey, events: pd.DataFrame | None) -> EventLog:
    """Return a log from the event log of a run as users see it."""
    import pandas as pd

    assert events is not None
    layout = Layout.of(journey)
    named = [(stage, event or how, how if event else "") for stage, event, how in layout.flows]
    flows = {one: index for index, one in enumerate(named)}
    rows = zip(*(events[name].tolist() for name in ("stage", "event", "outcome")), strict=True)
    flow = np.fromiter((flows[row] for row in rows), dtype=np.int64, count=len(events))
    person = pd.factorize(events["person"])[0].astype(np.int64)
    to = pd.Index(layout.stages).get_indexer(pd.Index(events["to"])).astype(np.int64)
    return _log(journey, person, events["step"].to_numpy(), events["time"].to_numpy(), flow, to)
