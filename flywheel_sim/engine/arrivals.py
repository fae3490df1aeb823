"""When strangers come by a channel: each brings work that runs down at the channel's rate from the last arrival on."""

from __future__ import annotations

from collections.abc import Iterator

from flywheel_sim.engine.person import Person
from flywheel_sim.engine.values import Values
from flywheel_sim.model import draws
from flywheel_sim.scenario.journey import Channel


def strangers(channel: Channel, root: int, values: Values, horizon: int) -> Iterator[tuple[int, int]]:
    """Yield when each stranger comes by a channel with a rate, in ms, and the stranger's key.

    The rate is read anew whenever the calendar or the month moves it to another cell.
    """
    assert channel.rate is not None
    until, at, n = min(channel.until, horizon), 0, 0
    while True:
        key = draws.child_key(root, 0, n)
        _, uniform = values.luck(Person(key, 0, 0), "person/arrival", 0)
        work = draws.unit_exponential(uniform)
        while True:
            rate = channel.rate.cells[values.cell(channel.rate, {"calendar": 0}, at)]
            wait = draws.memoryless_wait(work, rate, horizon + 1)
            change = values.breakpoint(channel.rate, {"calendar": 0}, at)
            if at + wait < change or change >= until:
                break
            work, at = draws.work_left(work, rate, change - at), change
        at += wait
        if at >= until:
            return
        yield at, key
        n += 1
