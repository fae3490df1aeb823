"""Who is still there so many days after entering a stage: counted person by person from one event log.

Day k of a person is the instant k times 24 hours after their first entry, and their state on it is that after all that
is due at it. It is known if it lies before the horizon: what is due at the horizon itself no longer happens.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.experiment.event_logs import EventLog
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import DAY
from flywheel_sim.ledger import IntArray


def still_there(
    journey: Journey, log: EventLog, stage: str, counts: tuple[str, ...], last: int
) -> tuple[IntArray, IntArray]:
    """Return how many people are watched until each day, and how many of them are still there on it.

    Parameters
    ----------
    journey, log
        What was run, and its log.
    stage
        Whose first entry is day 0; those who first entered it within the warm-up are left out.
    counts
        The stages in which somebody is still there.
    last
        The last day.

    Returns
    -------
    tuple
        Of two arrays of shape (last + 1,).
    """
    names = [one.name for one in journey.stages]
    entries = np.flatnonzero(log.enters & (log.to == names.index(stage)))
    first = entries[_begins(log.person[entries])]
    mark = np.zeros(len(log.person), dtype=np.int64)
    mark[first] = 1
    own = np.cumsum(mark) - 1  # the last first entry up to the row, whose person may be another
    ours = own >= 0
    ours[ours] = log.person[first[own[ours]]] == log.person[ours]
    begun = log.time[first]
    counted = begun >= journey.warm_up
    until = np.where(np.roll(_begins(log.person), -1), journey.horizon, np.roll(log.time, -1))
    kept = np.array([name in counts for name in names])[log.to] & ours
    kept[kept] = counted[own[kept]]
    since = begun[own[kept]]
    people = _on_days(np.zeros(counted.sum(), dtype=np.int64), journey.horizon - begun[counted], last)
    return people, _on_days(log.time[kept] - since, until[kept] - since, last)


def _begins(person: IntArray) -> NDArray[np.bool_]:
    """Return where the rows of another person begin, shape of the rows."""
    return np.append(True, person[1:] != person[:-1])[: len(person)]


def _on_days(begins: IntArray, ends: IntArray, last: int) -> IntArray:
    """Return how many of some stretches of time, ends not in them, hold each day; shape (last + 1,)."""
    opened, closed = (np.bincount(np.minimum(-(-at // DAY), last + 1), minlength=last + 2) for at in (begins, ends))
    return np.cumsum(opened - closed)[: last + 1].astype(np.int64)
