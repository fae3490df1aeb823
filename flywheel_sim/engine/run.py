"""One run: a journey, a seed and a replication in; a frozen result with its ledger out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from flywheel_sim.compile.worlds import world
from flywheel_sim.engine.limits import MAX_EVENTS, MAX_PEOPLE, Bounds
from flywheel_sim.engine.tables import Columns, event_columns, event_frame, people_columns, people_frame
from flywheel_sim.errors import ExperimentError, SimulationError, nearest
from flywheel_sim.journey.journey import Journey
from flywheel_sim.ledger import Ledger

if TYPE_CHECKING:
    import pandas as pd

    from flywheel_sim.engine.kernel.runner import Kernel

#: The engines: compiled, and plain SimPy.
ENGINES = ("kernel", "reference")


@dataclass(frozen=True)
class RawRun:
    """What an engine hands back: the ledger, and people and events where asked for."""

    ledger: Ledger
    people: pd.DataFrame | None = None
    events: pd.DataFrame | None = None


#: How an engine runs a replication of the journey it was made for, given seed and number.
Runner = Callable[[int, int], RawRun]


def run_once(
    journey: Journey,
    seed: int,
    replication: int = 0,
    people: bool = False,
    events: bool = False,
    max_people: int = MAX_PEOPLE,
    max_events: int = MAX_EVENTS,
    engine: str = "kernel",
    checked: bool = False,
    max_memory: float | None = None,
) -> RawRun:
    """Run one replication of a journey; parameters as for `run_many`, bounds one by one."""
    bounds = Bounds(max_people, max_events, max_memory)
    return next(run_many(journey, seed, (replication,), people, events, bounds, engine, checked))


def run_many(
    journey: Journey,
    seed: int,
    replications: Iterable[int],
    people: bool = False,
    events: bool = False,
    bounds: Bounds = Bounds(),
    engine: str = "kernel",
    checked: bool = False,
) -> Iterator[RawRun]:
    """Run replications of a journey, one after another.

    Parameters
    ----------
    journey
        One strategy of a scenario, resolved.
    seed, replications
        Whole numbers from 0 to 2^32 - 1; seed and number of a replication together fix all its luck.
    people, events
        Whether to keep the people table and the event log.
    bounds
        Where a run is stopped before its time.
    engine
        ``kernel`` (compiled) or ``reference`` (SimPy); both give the same figures.
    checked
        Whether the reference engine checks conservation laws after every event; slow.

    Raises
    ------
    ExperimentError
        If there is no such engine, or seed or number lie outside.
    SimulationError
        If a run meets a limit, or is found wrong where it is checked.
    Stopped
        If whoever is asked says so.
    """
    if engine not in ENGINES:
        raise ExperimentError(f"'{engine}' is no engine; {nearest(str(engine), ENGINES)}")
    if checked and engine != "reference":
        raise SimulationError("only the reference engine checks itself; choose engine='reference'")
    make = _kernel if engine == "kernel" else partial(_reference, checked=checked)
    runs = None
    for replication in replications:
        if not 0 <= seed < 2**32 or not 0 <= replication < 2**32:
            raise ExperimentError(
                f"seed {seed}, replication {replication}: both lie between 0 and 4294967295; choose others"
            )
        here = world(journey, partial(uniform_of, seed, replication)) if journey.uncertain else journey
        if runs is None or journey.uncertain:
            runs = make(here, people, events, bounds)
        yield runs(seed, replication)


def uniform_of(seed: int, replication: int, name: str) -> float:
    """Return the luck of a replication itself, in [0, 1)."""
    from flywheel_sim.compile.draws import decision_hash, draw

    return float(draw(seed, replication, 0, decision_hash(name), 0)[1])


def _raw(journey: Journey, ledger: Ledger, people: Columns | None, events: Columns | None) -> RawRun:
    """Return a run with its tables from the plain columns that an engine leaves."""
    return RawRun(
        ledger, people_frame(journey, people) if people else None, event_frame(journey, events) if events else None
    )


def kernel_of(journey: Journey, people: bool = False, events: bool = False, max_memory: float | None = None) -> Kernel:
    """Return the compiled engine with the memory of a journey, as `Kernel` takes it."""
    if journey.coupled_by:
        from flywheel_sim.engine.kernel.runner import Crowd

        return Crowd(journey, people, events, max_memory)
    from flywheel_sim.engine.kernel.runner import Waves

    return Waves(journey, people, events, max_memory)


def _kernel(journey: Journey, people: bool, events: bool, bounds: Bounds) -> Runner:
    """Return how the compiled engine runs a journey."""
    kernel = kernel_of(journey, people, events, bounds.max_memory)

    def run(seed: int, replication: int) -> RawRun:
        ledger, who, what = kernel.run(seed, replication, bounds)
        return _raw(journey, ledger, who, what)

    return run


def _reference(journey: Journey, people: bool, events: bool, bounds: Bounds, checked: bool) -> Runner:
    """Return how the reference engine runs a journey."""
    from flywheel_sim.engine.reference.beyond import live_on
    from flywheel_sim.engine.reference.conserve import check
    from flywheel_sim.engine.reference.engine import Reference

    def run(seed: int, replication: int) -> RawRun:
        engine = Reference(journey, seed, replication, people, events, bounds)
        ledger = engine.run(check if checked else None, live_on if journey.lifetime else None)
        who = people_columns(journey, engine.people_rows) if engine.people_rows is not None else None
        what = event_columns(journey, engine.event_rows) if engine.event_rows is not None else None
        return _raw(journey, ledger, who, what)

    return run
