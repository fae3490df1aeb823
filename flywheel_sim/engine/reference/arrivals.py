"""When strangers come by a channel, whether they are new, and the alarm by which everything here wakes.

Each stranger brings work that runs down at the channel's rate from the last arrival on.
"""

from __future__ import annotations

from collections.abc import Iterator

import simpy
from simpy.events import EventPriority

from flywheel_sim.compile import draws
from flywheel_sim.engine.reference.person import Person
from flywheel_sim.engine.reference.values import Values
from flywheel_sim.journey.journey import Channel, Journey


class Wake(simpy.Event):
    """An alarm that rings after a time; of those that ring at once, the lowest priority first."""

    def __init__(self, env: simpy.Environment, delay: int, priority: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, EventPriority(priority), delay)


def newcomers(channel: Channel, values: Values, horizon: int) -> Iterator[tuple[int, int]]:
    """Yield when each person comes by a channel, in ms, and the person's key."""
    root = draws.name_key(channel.name)
    if channel.kind == "rate":
        yield from strangers(channel, root, values, horizon)
        return
    batches = zip(channel.times, channel.counts, strict=True)
    for n, at in enumerate(at for at, count in batches for _ in range(count)):
        yield at, draws.child_key(root, 0, n)


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
            rate = values.at_time(channel.rate, at)
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


class Market:
    """The people there are to be reached, in one run.

    Attributes
    ----------
    touched
        How many of them have been.
    """

    def __init__(self, journey: Journey, values: Values) -> None:
        self.most, self.values = journey.market, values
        self.touched = sum(c.count for c in journey.channels if c.kind == "present" and not c.removed)

    def meets_new_person(self, person: Person) -> bool:
        """Tell whether somebody brought is new: in a finite market, as likely as its share not yet touched."""
        if self.most is None:
            return True
        word, _ = self.values.luck(person, "person/market", 0)
        untouched = word < int(draws.threshold((self.most - self.touched) / self.most))
        self.touched += untouched
        return untouched
