"""Beyond the horizon: customers live on by themselves, for what they are worth alone.

Nobody arrives or is referred then, no period is booked, and what all share stands still: attributes that all share
stay as they are, staff serve nobody, and nobody learns any more whether the referrer goes.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from flywheel_sim.engine.reference.books import OpenBooks
from flywheel_sim.engine.reference.person import Person
from flywheel_sim.journey.units import MONTH, NEVER

if TYPE_CHECKING:
    from flywheel_sim.engine.reference.engine import Reference


def as_at(person: Person, now: int) -> Person:
    """Return a person as they are now, with what accrues beginning now, to live on by themselves."""
    return replace(
        person, process=None, referred=[], state=dict(person.state), ranks=dict(person.ranks),
        visits=dict(person.visits), invoices={}, stretches=[replace(one, begin=now) for one in person.stretches],
        clocks=[copy(clock) for clock in person.clocks if clock.event.staff is None],
    )  # fmt: skip


def live_on(run: Reference, people: Iterable[Person]) -> None:
    """Let customers live on beyond the horizon, as long as they are followed."""
    journey, kept = run.journey, run.books.lifetime
    end = journey.horizon + journey.lifetime
    layout = replace(run.books.layout, period="month", periods=-(-end // MONTH), horizon=end, eligible=0)
    run.books = run.money.books = OpenBooks(layout, journey)
    run.books.lifetime = kept
    run.means.stand_still = run.clocks.staff_stand_still = True
    for person in people:
        while (due := min(person.look_at, min((clock.due for clock in person.clocks), default=NEVER))) < end:
            run.now = due
            run.step(person)
        run.money.close(person, end)
