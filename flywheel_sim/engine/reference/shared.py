"""Attributes that all share: exact sums and numbers of the people who count, and whether a bound has been crossed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from flywheel_sim.compile.quantiles import shared_bounds
from flywheel_sim.engine.reference.person import Person
from flywheel_sim.journey.journey import Journey, Shared
from flywheel_sim.ledger import Layout


class SharedAttributes:
    """The attributes that all share, in one run.

    Attributes
    ----------
    sums, counts
        Of each attribute by name: what all who count weigh, in whole numbers of its scale, and how many they are.
    stand_still
        Whether people change nothing of them any more.
    changes
        Of both, by (period, place of the attribute, 0 for the sum and 1 for the number).
    """

    def __init__(self, journey: Journey, layout: Layout) -> None:
        self.period_at = layout.period_at
        self.all = {one.name: one for one in journey.shared}
        self.sums, self.counts = dict.fromkeys(self.all, 0), dict.fromkeys(self.all, 0)
        self.stand_still = False
        self.changes: dict[tuple[int, ...], int] = defaultdict(int)
        self.bounds = shared_bounds(journey)
        self.seen = self.levels()

    def move(self, person: Person, now: int, sign: int) -> None:
        """Count somebody who enters the stage they are in (+1) or leaves it (-1)."""
        for shared in self.all.values():
            if person.where.name in shared.stages:
                self.change(shared, now, sign * weight(shared, person.state), sign)

    def reweigh(self, person: Person, attribute: str, old: int, now: int) -> None:
        """Count somebody one of whose attributes has changed from what it was."""
        for shared in self.all.values():
            if shared.of == attribute and person.stage is not None and person.stage.name in shared.stages:
                self.change(shared, now, weight(shared, person.state) - weight(shared, {attribute: old}), 0)

    def change(self, shared: Shared, now: int, sum_: int, count: int) -> None:
        """Change a sum and a number of people."""
        if self.stand_still:
            return
        self.sums[shared.name] += sum_
        self.counts[shared.name] += count
        for which, value in enumerate((sum_, count)):
            self.changes[self.period_at(now), list(self.all).index(shared.name), which] += value

    def reaches(self, name: str, bound: int) -> bool:
        """Tell whether an attribute is now at a bound, in its scale, or above."""
        total, count = self.sums[name], self.counts[name]
        if not self.all[name].of:
            return count >= bound
        return total >= bound * count if count else self.all[name].starts >= bound

    def cell(self, name: str, bounds: Sequence[int]) -> int:
        """Return how many bounds an attribute reaches."""
        return sum(self.reaches(name, bound) for bound in bounds)

    def levels(self) -> list[int]:
        """Return the cell of every attribute among all bounds at which anything changes."""
        return [self.cell(name, self.bounds[name]) for name in self.all]

    def crossed(self) -> bool:
        """Tell whether any attribute has crossed a bound since last asked."""
        before, self.seen = self.seen, self.levels()
        return self.seen != before


def weight(shared: Shared, state: Mapping[str, int]) -> int:
    """Return what somebody weighs in an attribute that all share, in its scale; nothing where people are counted."""
    if not shared.of:
        return 0
    return shared.weights[state[shared.of]] if shared.weights else state[shared.of] * shared.scale
