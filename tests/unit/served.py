"""Parts of journeys in which people affect one another, and what their runs left at a resource."""

from dataclasses import replace

from built import figure, fixed

from flywheel_sim.compile import draws
from flywheel_sim.journey.events import LAST, Staff
from flywheel_sim.journey.journey import Resource, Shared
from flywheel_sim.journey.units import DAY
from flywheel_sim.ledger import LOAD, QUEUE

MILLION = 1_000_000


def desk(people=1, name="desk", **more):
    """Return a resource."""
    return Resource(name, figure(people), **more)


def staffed(event, takes, patience=None, gives_up=None, priority=LAST, resource="desk"):
    """Return an event that staff have to serve before it happens; times in ms, or a distribution."""
    wait = None if patience is None else _wait(patience)
    return replace(event, staff=Staff(resource, _wait(takes), wait, gives_up, priority))


def _wait(value):
    return value[0] if isinstance(value, tuple) else fixed(value)[0]


def mean_of(of, weights, *stages, starts=0.0, name="stars"):
    """Return an attribute that all share; no weights for a counter."""
    return Shared(name, of, tuple(weights), MILLION, stages, round(starts * MILLION))


def queue(lives, resource=0):
    """Return what happened at a resource, by measure, where anything did."""
    totals = lives.ledger.queue.sum(axis=0)[resource].tolist()
    return {name: total for name, total in zip(QUEUE, totals, strict=True) if total}


def load(lives, resource=0):
    """Return the person-days of those waiting and of those served."""
    totals = lives.ledger.load.sum(axis=0)[resource].tolist()
    return {name: total / DAY for name, total in zip(LOAD, totals, strict=True)}


def waits(lives, resource=0):
    """Return how many services started by cell of the wait before them."""
    cells = lives.ledger.waits[resource].tolist()
    return {cell: n for cell, n in enumerate(cells) if n}


def births(n, name="start"):
    """Return the keys of those whom a channel brings, in order of birth."""
    return [draws.child_key(draws.name_key(name), 0, i) for i in range(n)]


def hexed(keys):
    """Return keys as tables show them."""
    return [f"{key & (1 << 64) - 1:016x}" for key in keys]


def cells(*counts):
    """Return cells of waits with their counts, from pairs of a wait in ms and a count."""
    return {int(draws.wait_cell(int(wait))): n for wait, n in counts}


def days(times):
    """Return times in days."""
    return [time / DAY for time in times]
