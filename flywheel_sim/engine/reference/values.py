"""What figures come to for a person at an instant: cells of rates, ranks, draws, and when time changes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flywheel_sim.compile import draws
from flywheel_sim.compile.quantiles import decisions, gamma_table, rank_tables
from flywheel_sim.engine.reference.person import Person
from flywheel_sim.engine.reference.shared import SharedAttributes
from flywheel_sim.journey.events import Condition, Draw, SetTo
from flywheel_sim.journey.figures import Dist, Rate
from flywheel_sim.journey.journey import Attribute, Journey
from flywheel_sim.journey.units import NEVER

State = dict[str, int]


class Values:
    """The figures of one journey under one seed and replication."""

    def __init__(self, journey: Journey, seed: int, replication: int, shared: SharedAttributes) -> None:
        self.seed, self.replication, self.phase, self.shared = seed, replication, journey.phase, shared
        self.codes = decisions(journey)
        self.attributes = {a.name: a for a in journey.attributes}
        self.kinds: dict[str, str] = {a.name: a.kind for a in journey.attributes}
        self.kinds |= dict.fromkeys(("channel", "referrer", "stage", "month"), "levels")
        self.kinds |= {"generation": "counter", "calendar": "stopwatch"} | dict.fromkeys(shared.all, "shared")
        self.tables: dict[int, tuple[Any, ...]] = {}
        self.samples: dict[int, Any] = {}
        self.none = np.zeros(1)

    def luck(self, person: Person, decision: str, counter: int) -> tuple[int, float]:
        """Return a person's word and uniform for a decision."""
        word, uniform = draws.draw(self.seed, self.replication, person.key, self.codes[decision], counter)
        return word, uniform

    # -- attributes -------------------------------------------------------------------------------

    def attribute_value(self, state: State, attribute: str, now: int) -> int:
        """Return what an attribute holds: a level's index, a number, or the instant a time counts from."""
        return draws.month_at(self.phase, now) if attribute == "month" else state[attribute]

    def set_to(self, person: Person, change: SetTo, counter: int, now: int) -> None:
        """Set an attribute of a person; a counter stays within its bounds."""
        attribute, state = self.attributes[change.attribute], person.state
        if change.copy:
            value = self.attribute_value(state, change.copy, now)
        elif change.draw is not None:
            value = self.level(change.draw, counter, person, now)
        elif attribute.kind == "stopwatch":
            value = now - change.value if change.value < NEVER else -NEVER
        else:
            value = change.value
        self.put(person, attribute, value, now)

    def add_to(self, person: Person, name: str, number: int, now: int) -> None:
        """Add to a counter of a person, within its bounds."""
        self.put(person, self.attributes[name], person.state[name] + number, now)

    def put(self, person: Person, attribute: Attribute, value: int, now: int) -> None:
        """Change an attribute of a person, and at once what all share."""
        old = person.state[attribute.name]
        person.state[attribute.name] = within(attribute, value)
        self.shared.reweigh(person, attribute.name, old, now)

    def start(self, person: Person, inherited: State, now: int) -> None:
        """Give a newcomer their attributes: taken over, else drawn, else as everybody starts."""
        attributes, state = self.attributes.values(), person.state
        state.update({a.name: now if a.kind == "stopwatch" else within(a, 0) for a in attributes})
        for attribute in attributes:
            if attribute.name in inherited:
                state[attribute.name] = inherited[attribute.name]
            elif attribute.draw:
                state[attribute.name] = self.level(attribute.draw, 0, person, now)

    def earliest(self, state: State, conditions: Sequence[Condition], begin: int) -> int:
        """Return the first instant, from one on, at which conditions hold as the state is; `NEVER` if none."""
        at, month = begin, -1
        for one in conditions:
            if one.attribute == "month":
                month = one.value
            elif self.kinds[one.attribute] == "shared":
                if not self.shared.reaches(one.attribute, one.value):
                    return NEVER
            elif self.kinds[one.attribute] == "stopwatch":
                at = max(at, state[one.attribute] + one.value)
            elif state[one.attribute] < one.value or (one.named and state[one.attribute] != one.value):
                return NEVER
        while month >= 0 and draws.month_at(self.phase, at) != month:
            at = draws.next_month(self.phase, at)
        return at

    def truth_ends(self, conditions: Sequence[Condition], now: int) -> int:
        """Return when conditions that hold cease to by time alone: only a month passes."""
        passing = any(one.attribute == "month" for one in conditions)
        return draws.next_month(self.phase, now) if passing else NEVER

    # -- rates ------------------------------------------------------------------------------------

    def cell(self, rate: Rate, state: State, now: int) -> int:
        """Return the cell of a rate that a state picks."""
        index = 0
        for axis in rate.over:
            kind = self.kinds[axis.attribute]
            if kind == "shared":
                value = self.shared.cell(axis.attribute, axis.bounds)
            else:
                value = self.attribute_value(state, axis.attribute, now)
                if kind != "levels":
                    shown = now - value if kind == "stopwatch" else value
                    value = sum(bound <= shown for bound in axis.bounds)
            index = index * axis.size + value
        return index

    def breakpoint(self, rate: Rate, state: State, now: int) -> int:
        """Return the next instant at which time alone moves a rate to another cell; `NEVER` if none."""
        earliest = NEVER
        for axis in rate.over:
            if axis.attribute == "month":
                earliest = min(earliest, draws.next_month(self.phase, now))
            elif self.kinds[axis.attribute] == "stopwatch":
                since = state[axis.attribute]
                later = [since + bound for bound in axis.bounds if bound > now - since]
                earliest = min([earliest, *later])
        return earliest

    def at_cell(self, rate: Rate, person: Person, cell: int) -> float:
        """Return what a rate comes to at a cell for a person: at their own rank, times their counter."""
        if rate.spread is None:
            return rate.cells[cell] * float(person.state[rate.per]) if rate.per else rate.cells[cell]
        if rate.name not in person.ranks:
            person.ranks[rate.name] = self.luck(person, f"rate/{rate.name}", 0)[1]
        tables = self.tables.get(id(rate))
        if tables is None:
            tables = self.tables[id(rate)] = rank_tables(rate.spread)
        value: float = draws.from_table(tables[cell], person.ranks[rate.name])
        return value * float(person.state[rate.per]) if rate.per else value

    def at_time(self, rate: Rate, now: int) -> float:
        """Return what a rate that depends on the calendar and the month alone comes to at a time."""
        return rate.cells[self.cell(rate, {"calendar": 0}, now)]

    def value(self, rate: Rate, person: Person, now: int) -> float:
        """Return what a rate comes to for a person now."""
        return self.at_cell(rate, person, self.cell(rate, person.state, now) if rate.over else 0)

    # -- draws ------------------------------------------------------------------------------------

    def sample(self, dist: Dist, uniform: float, person: Person, now: int) -> float:
        """Return a distribution's quantile, its parameters being what they are for the person now."""
        params = [self.value(rate, person, now) for rate in dist.params]
        if dist.kind == "fixed":
            return params[0]
        first, second, third = [*params, 0.0, 0.0, 0.0][:3]
        table = self.none
        if dist.kind == "gamma":
            table = gamma_table(second)
        elif dist.kind == "empirical":
            table = self.samples.setdefault(id(dist), np.array(dist.sample, dtype=np.float64))
        kind = draws.KINDS.index(dist.kind)
        value: float = draws.quantile(kind, uniform, first, second, third, table)
        return value

    def pick(self, chances: Sequence[Rate | None], word: int, person: Person, now: int) -> int:
        """Return the index of what a word decides; None among the chances takes the rest."""
        total, rest = 0.0, len(chances) - 1
        for index, chance in enumerate(chances):
            if chance is None:
                rest = index
                continue
            total += self.value(chance, person, now)
            if word < draws.threshold(total):
                return index
        return rest

    def level(self, drawn: Draw, counter: int, person: Person, now: int) -> int:
        """Return the level that a draw gives."""
        word, _ = self.luck(person, drawn.decision, counter)
        return drawn.levels[self.pick(drawn.chances, word, person, now)]


def within(attribute: Attribute, value: int) -> int:
    """Return what an attribute takes of a value: a counter the nearest within its bounds."""
    return min(max(value, attribute.low), attribute.high) if attribute.kind == "counter" else value
