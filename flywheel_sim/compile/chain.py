"""The lives of people as an absorbing Markov chain, which tells how many others each of them brings.

The chain (Kemeny and Snell 1960, Finite Markov Chains, chapter 3) is over stages and the levels that bear on
what happens. Every clock counts as memoryless at its mean, numbers and times stand where they do on arrival,
what all share stands where it starts, the generation is a late one, and a referrer stays. Whoever is served
waits for nobody, nobody gives up, and a market has no end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.journey.events import Draw, Effects, Event
from flywheel_sim.journey.figures import Axis, Dist, Rate
from flywheel_sim.journey.journey import BUILT_IN, Channel, Journey, Stage, StageSet
from flywheel_sim.journey.units import HOUR, MONTH, NEVER

FloatArray = NDArray[np.float64]
Levels = tuple[int, ...]
#: Chance, stage and levels after a move (stage None: no move), and who was referred: channel indices.
Transition = tuple[float, int | None, Levels, tuple[int, ...]]


def _spread_out(parts: list[tuple[float, Levels]]) -> list[tuple[float, Levels]]:
    merged: dict[Levels, float] = {}
    for chance, levels in parts:
        if chance > 0.0:
            merged[levels] = merged.get(levels, 0.0) + chance
    return [(chance, levels) for levels, chance in merged.items()]


@dataclass
class Chain:
    """The lives of people of one channel, or of all where the channel does not matter."""

    journey: Journey
    tracked: tuple[str, ...]
    channel: int
    referrer: int
    starts: dict[int, list[Transition]] = field(default_factory=dict)
    tables: dict[tuple[int, bool], tuple[Any, tuple[str, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.index = {stage.name: i for i, stage in enumerate(self.journey.stages)}
        self.channels = {channel.name: i for i, channel in enumerate(self.journey.channels)}
        self.inside = [frozenset(self.index[name] for name in one.stages) for one in self.journey.sets]
        self.numbers = {a.name: min(max(0, a.low), a.high) for a in self.journey.attributes if a.kind == "counter"}
        self.numbers |= {one.name: one.starts for one in self.journey.shared}

    # -- values ---------------------------------------------------------------------------------

    def value(self, rate: Rate, stage: int, levels: Levels, per: bool = False) -> float:
        """Return a rate where someone stands; ``per`` for its inverse, averaged as such."""
        if not rate.over:
            return _inverse(rate.cells[0]) if per else rate.cells[0]
        known = (id(rate), per)
        if known not in self.tables:
            self.tables[known] = self.table(rate, per)
        cells, names = self.tables[known]
        for name in names:
            cells = cells[stage if name == "stage" else levels[self.tracked.index(name)]]
        return float(cells)

    def table(self, rate: Rate, per: bool) -> tuple[Any, tuple[str, ...]]:
        """Return a rate's table over stage and tracked levels alone, as nested lists."""
        cells = np.array([_inverse(cell) if per else cell for cell in rate.cells])
        cells = cells.reshape([axis.size for axis in rate.over])
        names: list[str] = []
        for axis in rate.over:
            at = len(names)
            if axis.attribute == "stage" or axis.attribute in self.tracked:
                names.append(axis.attribute)
            elif (cell := self.cell(axis)) is None:
                cells = cells.mean(axis=at)
            else:
                cells = cells.take(cell, axis=at)
        return cells.tolist(), tuple(names)

    def cell(self, axis: Axis) -> int | None:
        """Return the cell of an axis where people begin, None for the mean of all."""
        if axis.attribute == "channel":
            return self.channel
        if axis.attribute == "referrer":
            return self.referrer
        if axis.attribute == "generation":
            return axis.size - 1
        if not axis.bounds:
            return None
        shown = self.numbers.get(axis.attribute, 0)
        return sum(bound <= shown for bound in axis.bounds)

    def hazard(self, wait: Dist, stage: int, levels: Levels) -> float:
        """Return how often a clock fires per ms: the inverse of its mean."""
        if wait.kind == "memoryless":
            return self.value(wait.params[0], stage, levels)
        if wait.kind == "empirical":
            return _inverse(sum(wait.sample) / max(len(wait.sample), 1))
        if wait.kind in ("fixed", "at", "gamma", "exponential"):
            return self.value(wait.params[0], stage, levels, per=True)
        given = [self.value(one, stage, levels) for one in wait.params]
        if wait.kind == "lognormal":
            return _inverse(given[0] * math.exp(min(given[1] ** 2 / 2, 500.0)))
        if wait.kind == "weibull":
            return _inverse(given[0] * math.gamma(1 + min(1 / given[1], 150.0)))
        return _inverse(sum(given) / len(given))  # uniform, triangular

    def becomes_true(self, event: Event, stage: int, levels: Levels) -> float:
        """Return how often a ``when`` fires per ms, where it can."""
        longest = float(HOUR)
        named = {"channel": self.channel, "referrer": self.referrer, "stage": stage}
        for one in event.when:
            if one.attribute == "month":
                longest = max(longest, 6.0 * MONTH)
            elif one.named:
                if one.attribute in self.tracked:
                    named[one.attribute] = levels[self.tracked.index(one.attribute)]
                if named.get(one.attribute, one.value) != one.value:
                    return 0.0
                if one.attribute not in named:
                    longest = max(longest, float(self.journey.horizon))
            elif one.attribute in self.numbers:
                if one.value > self.numbers[one.attribute]:
                    longest = max(longest, float(self.journey.horizon))
            elif one.attribute not in BUILT_IN or one.attribute == "calendar":
                longest = max(longest, float(one.value))
        return 0.0 if longest >= NEVER else 1.0 / longest

    # -- what happens ---------------------------------------------------------------------------

    def drawn(self, draw: Draw, stage: int, levels: Levels) -> list[tuple[float, int]]:
        """Return the chance of every level that may be drawn."""
        chances = [None if one is None else self.value(one, stage, levels) for one in draw.chances]
        rest = max(1.0 - sum(one for one in chances if one is not None), 0.0)
        return [(rest if one is None else one, level) for one, level in zip(chances, draw.levels, strict=True)]

    def changed(self, effects: Effects, stage: int, parts: list[tuple[float, Levels]]) -> list[tuple[float, Levels]]:
        """Return the levels after the sets of effects."""
        for one in effects.sets:
            if one.attribute not in self.tracked:
                continue
            at = self.tracked.index(one.attribute)
            after = []
            for chance, levels in parts:
                if one.draw:
                    drawn = self.drawn(one.draw, stage, levels)
                else:
                    drawn = [(1.0, levels[self.tracked.index(one.copy)] if one.copy in self.tracked else one.value)]
                after += [(chance * c, (*levels[:at], level, *levels[at + 1 :])) for c, level in drawn]
            parts = _spread_out(after)
        return parts

    def referred(self, effects: Effects) -> tuple[int, ...]:
        """Return the channels that effects refer to."""
        return tuple(self.channels[name] for name in effects.refer)

    def entering(
        self, old: int | None, new: int, parts: list[tuple[float, Levels]], brought: tuple[int, ...]
    ) -> list[Transition]:
        """Return where people are once they have entered a stage, and whom they referred by then."""
        for one, inside in zip(self.journey.sets, self.inside, strict=True):
            if new in inside and old not in inside:
                parts = self.changed(one.on_entry, new, parts)
                brought += self.referred(one.on_entry)
        on_entry = self.journey.stages[new].on_entry
        parts = self.changed(on_entry, new, parts)
        brought += self.referred(on_entry)
        return [(chance, new, levels, brought) for chance, levels in parts]

    def transitions(self, event: Event, stage: int, levels: Levels) -> list[Transition]:
        """Return what a firing may lead to."""
        chances = [None if one is None else self.value(one, stage, levels) for one in event.chances]
        rest = max(1.0 - sum(one for one in chances if one is not None), 0.0)
        transitions: list[Transition] = []
        for outcome, given in zip(event.outcomes, chances, strict=True):
            chance = rest if given is None else given
            if chance <= 0.0:
                continue
            parts = self.changed(event.effects, stage, [(chance, levels)])
            parts = self.changed(outcome.effects, stage, parts)
            brought = self.referred(event.effects) + self.referred(outcome.effects)
            if outcome.to is not None:
                transitions += self.entering(stage, self.index[outcome.to], parts, brought)
            else:
                transitions += [(c, None if now == levels else stage, now, brought) for c, now in parts]
        return transitions

    def begin(self, index: int, channel: Channel) -> None:
        """Let people of a channel arrive."""
        stage, number = self.index[channel.enters], {name: i for i, name in enumerate(self.tracked)}
        parts: list[tuple[float, Levels]] = [(1.0, (0,) * len(self.tracked))]
        for attribute in self.journey.attributes:
            if attribute.draw and attribute.name in number:
                at = number[attribute.name]
                parts = _spread_out([
                    (chance * c, (*levels[:at], level, *levels[at + 1 :]))
                    for chance, levels in parts for c, level in self.drawn(attribute.draw, stage, levels)
                ])  # fmt: skip
        parts = self.changed(Effects(sets=channel.sets), stage, parts)
        if channel.kind == "present":
            self.starts[index] = [(chance, stage, levels, ()) for chance, levels in parts]
        else:
            self.starts[index] = self.entering(None, stage, parts, ())

    # -- lives ----------------------------------------------------------------------------------

    def visit(self, stage: int, levels: Levels) -> tuple[dict[tuple[int, Levels], float], dict[int, float], float]:
        """Return where a stay leads, whom it brings by channel, and how much of it is left per ms; 0 at once."""
        owners: list[Stage | StageSet] = [
            one for one, inside in zip(self.journey.sets, self.inside, strict=True) if stage in inside
        ]
        owners.append(self.journey.stages[stage])
        goes: dict[tuple[int, Levels], float] = {}
        brings: dict[int, float] = {}

        def count(transition: Transition, weight: float) -> None:
            chance, to, after, brought = transition
            if to is not None:
                goes[to, after] = goes.get((to, after), 0.0) + chance * weight
            for channel in brought:
                brings[channel] = brings.get(channel, 0.0) + chance * weight

        own = self.journey.stages[stage].events
        if len(own) == 1 and own[0].at_once:
            for transition in self.transitions(own[0], stage, levels):
                count(transition, 1.0)
            return goes, brings, 0.0
        clocks: list[tuple[bool, float, float, list[Transition]]] = []
        for event in (event for owner in owners for event in owner.events):
            hazards = [self.hazard(wait, stage, levels) for wait in event.waits]
            if event.when:
                hazards = [self.becomes_true(event, stage, levels)]
            if event.staff:
                served = self.hazard(event.staff.takes, stage, levels)
                hazards = [1 / (1 / one + 1 / served) if one and served else 0.0 for one in hazards] or [served]
            if hazards and max(hazards) > 0.0:
                transitions = self.transitions(event, stage, levels)
                moving = sum(transition[0] for transition in transitions if transition[1] is not None)
                clocks += [(event.recurring, hazard, moving, transitions) for hazard in hazards if hazard > 0.0]
        floor = 1.0 / self.journey.horizon
        whole = sum(hazard * moving for _, hazard, moving, _ in clocks)
        speeds = []
        for recurring, hazard, moving, _ in clocks:  # what fires once and then may stay moves fewer people
            others = max(whole - hazard * moving, floor)
            slowed = 1.0 if recurring else others / (others + (1.0 - min(moving, 1.0)) * hazard)
            speeds.append(hazard * slowed)
        leaving = max(sum(speed * moving for speed, (_, _, moving, _) in zip(speeds, clocks, strict=True)), floor)
        for speed, (recurring, hazard, moving, transitions) in zip(speeds, clocks, strict=True):
            others = max(leaving - speed * moving, floor)
            for transition in transitions:
                stays_once = transition[1] is None and not recurring
                count(transition, hazard / (hazard + others) if stays_once else speed / leaving)
        return goes, brings, leaving

    def solve(self) -> dict[int, FloatArray]:
        """Return whom a person brings, by the channel they come by."""
        number: dict[tuple[int, Levels], int] = {}
        waiting = [
            (to, levels) for transitions in self.starts.values() for _, to, levels, _ in transitions if to is not None
        ]
        visits: list[tuple[dict[tuple[int, Levels], float], dict[int, float], float]] = []
        for state in waiting:  # grows as states are reached
            if state not in number:
                number[state] = len(number)
                visits.append(self.visit(*state))
                waiting.extend(visits[-1][0])
        moves: FloatArray = np.zeros((len(visits), len(visits)))
        brings: FloatArray = np.zeros((len(visits), len(self.channels)))
        for i, (goes, brought, _) in enumerate(visits):
            for state, chance in goes.items():
                moves[i, number[state]] += chance
            for channel, expected in brought.items():
                brings[i, channel] += expected
        ends = moves.sum(axis=1) < 1.0 - 1e-12
        while True:  # who is still about after a horizon in a circle that nothing leads out of, is let go
            wider = ends | ((moves > 0.0) & ends).any(axis=1)
            if (wider == ends).all():
                break
            ends = wider
        for i in (int(one) for one in np.flatnonzero(~ends)):
            leaving = visits[i][2]
            share = leaving / (leaving + 1.0 / self.journey.horizon) if leaving else 1.0
            moves[i] *= share
            brings[i] *= share
        lives = np.linalg.solve(np.eye(len(visits)) - moves, brings)
        by_channel: dict[int, FloatArray] = {}
        for index, transitions in self.starts.items():
            by_channel[index] = np.zeros(len(self.channels))
            for chance, to, levels, on_entry in transitions:
                if to is not None:
                    by_channel[index] += chance * lives[number[to, levels]]
                for channel in on_entry:
                    by_channel[index][channel] += chance
        return by_channel


def _inverse(mean: float) -> float:
    """Return the rate of a mean wait in ms, 0 for one without end."""
    return 0.0 if mean >= NEVER else 1.0 / max(mean, 1.0)
