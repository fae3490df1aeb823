"""How many people a person brings, estimated before a run: do referrals feed themselves?

A person's life is taken as a Markov chain, see `flywheel_sim.compile.chain` for what that leaves out. It is rough
where much depends on counters or on how long something lasts, and good enough to warn before millions of people
arrive.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from flywheel_sim.compile.chain import Chain
from flywheel_sim.journey.events import Draw
from flywheel_sim.journey.journey import Journey, firings

#: States a chain may have; beyond them attributes are left out, those of most levels first.
MOST_STATES = 3_000


@dataclass(frozen=True)
class Loop:
    """How many people a person brings over a life without end, each stay at most as long as the horizon.

    Attributes
    ----------
    per_person
        For each channel a person comes by, the expected number of people brought by each channel.
    radius
        Spectral radius of ``per_person``: how much larger each generation of referred people is than the
        one before.
    market
        How many people there are to be reached, which ends it; None for no end of them.
    """

    channels: tuple[str, ...]
    per_person: tuple[tuple[float, ...], ...]
    radius: float
    market: int | None = None

    @property
    def self_sustaining(self) -> bool:
        """Tell whether referred people bring at least as many in turn, without end."""
        return self.radius >= 1.0 and self.market is None

    def __str__(self) -> str:
        about = f"{self.radius:.2g}" if self.radius < 9.5 else f"{self.radius:,.0f}"
        if self.self_sustaining:
            return (
                f"referrals feed themselves: each person brings about {about} others who bring others in turn; "
                "the run may not end before the limit of people"
            )
        ends = "last until the market is used up" if self.radius >= 1.0 else "fade"
        return f"referrals {ends}: each person brings about {about} others who bring others in turn"


#: What was estimated in this process by the fingerprint of the journey, and of how many journeys it is kept.
_ESTIMATED: dict[str, Loop] = {}
_MOST_ESTIMATED = 1024


def referrals(journey: Journey) -> Loop:
    """Estimate how many people a person of each channel brings; once for each journey."""
    if journey.fingerprint not in _ESTIMATED:
        if len(_ESTIMATED) >= _MOST_ESTIMATED:
            _ESTIMATED.clear()
        _ESTIMATED[journey.fingerprint] = _estimated(journey)
    return _ESTIMATED[journey.fingerprint]


def _estimated(journey: Journey) -> Loop:
    names = tuple(channel.name for channel in journey.channels)
    matrix = np.zeros((len(names), len(names)))
    if any(effects.refer for owner in journey.owners for parts in firings(owner) for effects in parts):
        tracked, matters = _tracked_attributes(journey), _direct(journey)
        chains: dict[tuple[int, int], Chain] = {}
        for index, channel in enumerate(journey.channels):
            referrer = 1 if channel.kind == "referral" else 0
            seen = (index if "channel" in matters else 0, referrer if "referrer" in matters else 0)
            if seen not in chains:
                chains[seen] = Chain(journey, tracked, *seen)
            chains[seen].begin(index, channel)
        for chain in chains.values():
            for index, brought in chain.solve().items():
                matrix[index] = brought
    fed = [i for i, channel in enumerate(journey.channels) if channel.removed]
    matrix[:, fed] = 0.0
    radius = float(np.abs(np.linalg.eigvals(matrix)).max()) if len(names) else 0.0
    return Loop(names, tuple(tuple(float(x) for x in row) for row in matrix), radius, journey.market)


def _direct(journey: Journey) -> set[str]:
    """Return the attributes on which depends what happens and when."""
    names: set[str] = set()
    for event in (event for owner in journey.owners for event in owner.events):
        waits = (*event.waits, event.staff.takes) if event.staff else event.waits
        rates = [rate for wait in waits for rate in wait.params] + [one for one in event.chances if one]
        names |= {axis.attribute for rate in rates for axis in rate.over} | {one.attribute for one in event.when}
    return names


def _tracked_attributes(journey: Journey) -> tuple[str, ...]:
    """Return the named attributes that bear on what happens, as many as there are states for."""
    levels = {a.name: len(a.levels) for a in journey.attributes if a.kind == "levels"}
    matter = _direct(journey)
    sets = [one for owner in journey.owners for parts in firings(owner) for part in parts for one in part.sets]
    sets += [one for channel in journey.channels for one in channel.sets]
    asked: list[tuple[str, str | None, Draw | None]] = [(one.attribute, one.copy, one.draw) for one in sets]
    asked += [(a.name, None, a.draw) for a in journey.attributes]
    while True:
        more = {copy for name, copy, _ in asked if name in matter and copy}
        more |= {
            axis.attribute
            for name, _, draw in asked if name in matter and draw
            for chance in draw.chances if chance
            for axis in chance.over
        }  # fmt: skip
        if more <= matter:
            break
        matter |= more
    tracked = [name for name in levels if name in matter]
    while tracked and len(journey.stages) * math.prod(levels[name] for name in tracked) > MOST_STATES:
        tracked.remove(max(tracked, key=lambda name: levels[name]))
    return tuple(tracked)
