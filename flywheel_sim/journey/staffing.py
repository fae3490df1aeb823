"""How many people a resource has when: its calendar as steps in time."""

from __future__ import annotations

from itertools import pairwise

from flywheel_sim.journey.journey import Resource
from flywheel_sim.journey.units import MONTH


def staffing(resource: Resource, phase: int, horizon: int) -> tuple[tuple[int, int], ...]:
    """Return (time in ms, people from then on) at 0 and at every change before the horizon.

    Parameters
    ----------
    resource
        Its people depend on the calendar and the month at most.
    phase
        How far into the year the run starts, ms.
    horizon
        End of the run, ms.
    """
    times = {0}
    for axis in resource.people.over:
        if axis.attribute == "month":
            times |= set(range(MONTH - phase % MONTH, horizon, MONTH))
        else:
            times |= {bound for bound in axis.bounds if bound < horizon}
    steps = [(at, _people(resource, phase, at)) for at in sorted(times)]
    return (steps[0], *(later for before, later in pairwise(steps) if before[1] != later[1]))


def _people(resource: Resource, phase: int, at: int) -> int:
    """Return how many people there are at a time."""
    index = 0
    for axis in resource.people.over:
        cell = (phase + at) // MONTH % 12 if axis.attribute == "month" else sum(b <= at for b in axis.bounds)
        index = index * axis.size + cell
    return int(resource.people.cells[index])


def person_time(steps: tuple[tuple[int, int], ...], ends: list[int]) -> list[int]:
    """Return person-milliseconds by period, given the ends of periods in ms."""
    found, begin, at = [], 0, 0
    for end in ends:
        total = 0
        while begin < end:
            until = min(steps[at + 1][0], end) if at + 1 < len(steps) else end
            total += steps[at][1] * (until - begin)
            begin = until
            at += at + 1 < len(steps) and begin == steps[at + 1][0]
        found.append(total)
    return found
