"""What stops a run, in words: the same from every engine."""

from __future__ import annotations

import math
import os

from flywheel_sim.compile.draws import MAX_FIRINGS, MAX_VISITS
from flywheel_sim.errors import SimulationError

#: No count of a ledger reaches this, so that sums of two stay whole numbers of 64 bits.
TOO_LARGE = 1 << 62


def too_many_people(most: int) -> SimulationError:
    """Return the error of a run that more people come to than allowed."""
    said = f"more than {most:,} people came: referrals may feed themselves"
    return SimulationError(f"{said}; lower a referral rate or the horizon, or raise max_people")


def too_many_events(most: int) -> SimulationError:
    """Return the error of a run in which more happens than allowed."""
    return SimulationError(f"more than {most:,} events happened; lower a rate or the horizon, or raise max_events")


def too_many_visits(owner: str) -> SimulationError:
    """Return the error of somebody who enters a stage or set again and again."""
    said = f"a person entered '{owner}' more than {MAX_VISITS} times"
    return SimulationError(f"{said}; give the loop an exit or a longer wait")


def too_many_firings(decision: str) -> SimulationError:
    """Return the error of an event that fires again and again in one visit."""
    return SimulationError(f"'{decision}' fired more than {MAX_FIRINGS:,} times in one visit; lower its rate")


def too_much_money() -> SimulationError:
    """Return the error of sums beyond `TOO_LARGE`."""
    return SimulationError("money beyond what a ledger can hold; state it in a larger unit, such as thousands")


def too_many_at_once(places: int) -> SimulationError:
    """Return the error of people who depend on one another, and of whom more live at a time than memory holds."""
    said = f"more than {places:,} people live at a time, and memory holds no more of them"
    return SimulationError(f"{said}; lower an arrival or referral rate, or let people who are done reach an exit")


def free_memory() -> float:
    """Return how many bytes of memory the machine has free; endless where it does not say."""
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):
        return math.inf
