"""Beyond the horizon: customers live on by themselves, for what they are worth alone.

Nobody arrives or is referred then, no period is booked, and what all share stands still: attributes that all share
stay as they are, staff serve nobody, and nobody learns any more whether the referrer goes.
"""

from __future__ import annotations

from dataclasses import replace

from flywheel_sim.engine.limits import beyond
from flywheel_sim.engine.reference.books import OpenBooks
from flywheel_sim.engine.reference.engine import Reference
from flywheel_sim.errors import SimulationError
from flywheel_sim.journey.units import MONTH, NEVER


def live_on(run: Reference) -> None:
    """Let the customers of a run that is over live on, as long as they are followed."""
    journey, lifetime = run.journey, run.books.lifetime
    end = journey.horizon + journey.lifetime
    layout = replace(run.books.layout, period="month", periods=-(-end // MONTH), horizon=end, eligible=0)
    run.books = run.money.books = OpenBooks(layout, journey)
    run.books.lifetime = lifetime
    run.shared.stand_still = run.clocks.staff_stand_still = True
    try:
        _each(run, end)
    except SimulationError as error:
        raise beyond(error) from error


def _each(run: Reference, end: int) -> None:
    for person in run.followed:
        while (due := min(person.look_at, min((clock.due for clock in person.clocks), default=NEVER))) < end:
            run.now = due
            run.step(person)
        run.money.close(person, end)
