"""Time in the books: where periods end, and figures that change with the calendar and the month alone, as steps."""

from __future__ import annotations

import math
from itertools import pairwise

from flywheel_sim.journey.figures import Rate
from flywheel_sim.journey.journey import Channel, Period, Resource
from flywheel_sim.journey.units import DAY, MILLIONTHS, MONTH, WEEK

#: Of periods within a month: their length, and after how long one of them ends with a month, ms.
FINE: dict[str, tuple[int, int]] = {name: (one, math.lcm(one, MONTH)) for name, one in (("day", DAY), ("week", WEEK))}


def ends_of(period: Period, joined: bool, horizon: int) -> list[int]:
    """Return where periods end: at days, weeks or months, and at months too unless ``joined``; last the horizon."""
    lengths = {MONTH} if period == "month" else {FINE[period][0]} if joined else {MONTH, FINE[period][0]}
    return [*sorted({end for length in lengths for end in range(length, horizon, length)}), horizon]


def steps(rate: Rate, phase: int, horizon: int) -> tuple[tuple[int, float], ...]:
    """Return (time in ms, value from then on) at 0 and at every change before the horizon.

    Parameters
    ----------
    rate
        Depends on the calendar and the month at most.
    phase
        How far into the year the run starts, ms.
    horizon
        End of the run, ms.
    """
    times = {0}
    for axis in rate.over:
        if axis.attribute == "month":
            times |= set(range(MONTH - phase % MONTH, horizon, MONTH))
        else:
            times |= {bound for bound in axis.bounds if bound < horizon}
    values = [(at, value_at(rate, phase, at)) for at in sorted(times)]
    return (values[0], *(later for before, later in pairwise(values) if before[1] != later[1]))


def value_at(rate: Rate, phase: int, at: int) -> float:
    """Return what a rate comes to at a time since the start, ms."""
    index = 0
    for axis in rate.over:
        cell = (phase + at) // MONTH % 12 if axis.attribute == "month" else sum(b <= at for b in axis.bounds)
        index = index * axis.size + cell
    return rate.cells[index]


def mean(rate: Rate, phase: int, begin: int, end: int) -> float:
    """Return what a rate comes to on average between two times since the start, ms; 0 over no time."""
    return spent(steps(rate, phase, end), begin, end) / (end - begin) if begin < end else 0.0


def spent(rate_steps: tuple[tuple[int, float], ...], begin: int, end: int) -> float:
    """Return what a figure per ms, as steps in time, comes to between two times since the start, ms."""
    later = [at for at, _ in rate_steps[1:]] + [end]
    times = ((value, min(stop, end) - max(at, begin)) for (at, value), stop in zip(rate_steps, later, strict=True))
    return math.fsum(value * ms for value, ms in times if ms > 0)


def monthly_spend(channel: Channel, phase: int) -> float:
    """Return what a channel spends by plan in a month on average, while it is there, in the currency."""
    assert channel.spend is not None
    return mean(channel.spend, phase, channel.starts, channel.until) * MONTH / MILLIONTHS


def staffing(resource: Resource, phase: int, horizon: int) -> tuple[tuple[int, int], ...]:
    """Return (time in ms, people from then on) at 0 and at every change before the horizon, as `steps` does."""
    return tuple((at, int(people)) for at, people in steps(resource.people, phase, horizon))


def person_time(steps: tuple[tuple[int, int], ...], ends: list[int]) -> list[int]:
    """Return person-milliseconds by period, given the ends of periods in ms."""
    totals, begin, at = [], 0, 0
    for end in ends:
        total = 0
        while begin < end:
            until = min(steps[at + 1][0], end) if at + 1 < len(steps) else end
            total += steps[at][1] * (until - begin)
            begin = until
            at += at + 1 < len(steps) and begin == steps[at + 1][0]
        totals.append(total)
    return totals
