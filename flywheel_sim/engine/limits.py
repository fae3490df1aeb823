"""What stops a run, in words: the same from every engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flywheel_sim.compile.draws import MAX_FIRINGS, MAX_VISITS, TOO_LARGE
from flywheel_sim.errors import SimulationError
from flywheel_sim.journey.journey import Journey, firings
from flywheel_sim.journey.units import MILLIONTHS

#: People one run may bring before it is stopped as feeding itself.
MAX_PEOPLE = 20_000_000

#: Events that may happen in one run.
MAX_EVENTS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where one run ends before its time: people, events, GiB of all runs together, and who is asked whether to."""

    max_people: int = MAX_PEOPLE
    max_events: int = MAX_EVENTS
    max_memory: float | None = None
    stop: Callable[[], bool] | None = None


def too_many_people(most: int, journey: Journey) -> SimulationError:
    """Return the error of a run that more people come to than allowed."""
    message = f"more than {most:,} people came"
    if any(effects.refer for owner in journey.owners for parts in firings(owner) for effects in parts):
        return SimulationError(
            f"{message}: referrals may feed themselves; lower a referral rate or the horizon, or raise max_people"
        )
    return SimulationError(f"{message}; lower an arrival rate or the horizon, or raise max_people")


def too_many_events(most: int) -> SimulationError:
    """Return the error of a run in which more happens than allowed."""
    return SimulationError(f"more than {most:,} events happened; lower a rate or the horizon, or raise max_events")


def too_many_visits(owner: str) -> SimulationError:
    """Return the error of somebody who enters a stage or set again and again."""
    message = f"a person entered '{owner}' more than {MAX_VISITS} times"
    return SimulationError(f"{message}; give the loop an exit or a longer wait")


def too_many_firings(decision: str) -> SimulationError:
    """Return the error of an event that fires again and again in one visit."""
    return SimulationError(f"'{decision}' fired more than {MAX_FIRINGS:,} times in one visit; lower its rate")


def beyond(error: SimulationError) -> SimulationError:
    """Return the error of a limit met beyond the horizon, where customers are followed for what they are worth."""
    return SimulationError(f"{error} (beyond the horizon, where customers are followed: a shorter 'follow' helps too)")


#: The sums of money that a ledger holds, in words.
SUMS: dict[str, str] = {
    "money": "what is earned or spent on a line in one period",
    "channel_spend": "what a channel costs in one period",
    "costs": "what is spent whoever comes in one period",
    "mrr": "a movement of monthly recurring revenue",
    "cohort": "the revenue of a cohort",
    "followed": "what followed customers bring at one age",
    "people": "what one person brings or costs",
}


def too_much_money(name: str) -> SimulationError:
    """Return the error of a sum of money, one of `SUMS`, that reaches `TOO_LARGE`."""
    message = f"{SUMS[name]} is beyond {TOO_LARGE / MILLIONTHS:.1e} of the currency, more than a ledger can hold"
    return SimulationError(f"{message}; state money in thousands of the currency")
