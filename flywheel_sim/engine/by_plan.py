"""What a ledger holds whoever comes: spend by plan, staff, and the lines that follow from others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from operator import mul

import numpy as np

from flywheel_sim.compile.draws import TOO_LARGE
from flywheel_sim.engine.limits import too_much_money
from flywheel_sim.journey import calendar
from flywheel_sim.journey.journey import Channel, Journey, Resource
from flywheel_sim.ledger import IntArray, Layout


def spend_by_plan(journey: Journey, layout: Layout) -> tuple[IntArray, IntArray]:
    """Return what is spent whoever comes, rounded once a period.

    Returns
    -------
    channels
        Accruing spend and batches of each channel, millionths; shape (periods, channels).
    costs
        Overheads, levers paid by the month and staff, millionths; shape (periods, costs).
    """
    channels = np.zeros(layout.shapes["channel_spend"], dtype=np.int64)
    costs = np.zeros(layout.shapes["costs"], dtype=np.int64)
    ends = layout.period_ends.tolist()

    def accrued(name: str, upto: Callable[[int], float]) -> list[int]:
        cumulative = [round(upto(end)) for end in ends]
        if max(cumulative) >= TOO_LARGE:
            raise too_much_money(name)
        return [end - begin for begin, end in zip([0, *cumulative], cumulative, strict=False)]

    for index, channel in enumerate(journey.channels):
        if channel.removed:
            continue
        if channel.spend is not None:
            steps = calendar.steps(channel.spend, journey.phase, journey.horizon)
            channels[:, index] = accrued("channel_spend", partial(_spent, channel, steps))
        for at in channel.times if channel.kind == "batch" else ():
            channels[layout.period_at(at), index] += channel.cost_per_batch
    for index, cost in enumerate(journey.costs):
        costs[:, index] = accrued("costs", partial(mul, cost.spend_per_ms))
        for at in cost.times:
            costs[layout.period_at(at), index] += cost.amount
    there = staffed_by_plan(journey, layout).cumsum(axis=0)
    for index, resource in enumerate(journey.resources):
        worked = dict(zip(ends, there[:, index].tolist(), strict=True))
        costs[:, len(journey.costs) + index] = accrued("costs", partial(_paid, resource, worked))
    return channels, costs


def _spent(channel: Channel, steps: tuple[tuple[int, float], ...], end: int) -> float:
    """Return what a channel has spent up to the end of a period, given its spend per ms as steps in time."""
    return calendar.spent(steps, channel.starts, min(end, channel.until))


def _paid(resource: Resource, worked: Mapping[int, int], end: int) -> float:
    """Return what staff cost up to the end of a period, given how long they have been there by then, ms."""
    return resource.cost_per_ms * worked[end]


def accrue(money: IntArray, price: float, spent: IntArray) -> None:
    """Add what accrues at a price to its cells, in whole millionths.

    Parameters
    ----------
    money, spent
        Millionths, and person-milliseconds, by period; shape (periods,).
    price
        Millionths per ms.
    """
    amounts = np.rint(price * spent)
    if (np.abs(amounts) >= TOO_LARGE).any():
        raise too_much_money("money")
    money += amounts.astype(np.int64)


def close_money(layout: Layout, money: IntArray) -> None:
    """Fill the lines that nothing books, from the closed cells of those they are a share of, to the nearest millionth.

    Parameters
    ----------
    layout, money
        What the axes mean; millionths, shape (periods, groups, lines).
    """
    if (np.abs(money) >= TOO_LARGE).any():
        raise too_much_money("money")
    for line, share, of in layout.derived:
        whole = money[..., list(of)]
        if (np.abs(whole.astype(np.float64)).sum(axis=-1) * max(1.0, abs(share)) >= TOO_LARGE).any():
            raise too_much_money("money")
        money[..., line] = np.rint(share * whole.sum(axis=-1)).astype(np.int64)


def staffed_by_plan(journey: Journey, layout: Layout) -> IntArray:
    """Return the person-milliseconds of every resource by period, shape (periods, resources)."""
    ends = layout.period_ends.tolist()
    steps = [calendar.staffing(one, journey.phase, journey.horizon) for one in journey.resources]
    person_times = [calendar.person_time(capacity, ends) for capacity in steps]
    return np.array(person_times, dtype=np.int64).reshape(len(person_times), layout.periods).T


def person_time(delta: IntArray, offset: IntArray, ends: IntArray) -> tuple[IntArray, IntArray]:
    """Return stocks at period ends and person-time, from entries less exits and their offsets.

    Parameters
    ----------
    delta
        Entries less exits; shape (periods, ...).
    offset
        Time from each entry to its period's end, less the same of each exit; same shape, ms.
    ends
        Ends of the periods, ms; shape (periods,).
    """
    stock = np.cumsum(delta, axis=0)
    lengths = ends.copy()
    lengths[1:] -= ends[:-1]
    lengths = lengths.reshape((-1,) + (1,) * (delta.ndim - 1))
    return stock, (stock - delta) * lengths + offset
