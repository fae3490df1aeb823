"""What the reference engine knows of one person while they live."""

from __future__ import annotations

from dataclasses import dataclass, field

from flywheel_sim.scenario.journey import Amount, Event, Stage


@dataclass(slots=True)
class Clock:
    """One event of a person's stage, running: when it fires, and what a memoryless one has left."""

    event: Event
    due: int
    firing: int = 0
    since: int = 0
    work: float = 0.0
    rate: float = -1.0
    word: int = -1


@dataclass(slots=True)
class Sponsor:
    """What a referred person keeps of the referrer: who it was, and the cohort to credit."""

    key: int
    acquired: int
    group: int


@dataclass(slots=True)
class Person:
    """One person: identity, state, and what the people table says of them (times in ms, -1 never)."""

    key: int
    channel: int
    born: int
    generation: int = 0
    sponsor: Sponsor | None = None
    levels: dict[str, int] = field(default_factory=dict)
    ranks: dict[str, float] = field(default_factory=dict)
    visits: dict[str, int] = field(default_factory=dict)
    stage: Stage | None = None
    clocks: list[Clock] = field(default_factory=list)
    group: int = 0
    was_customer: bool = False
    acquired: int = -1
    cohort_group: int = 0
    churned: int = -1
    referrals: int = 0
    revenue: int = 0
    cost: int = 0
    margin_discounted: int = 0
    step: int = 0
    accruing: list[tuple[Amount, int, int]] = field(default_factory=list)

    def book(self, side: str, minor: int) -> None:
        """Add money to the person's own account."""
        if side == "earn":
            self.revenue += minor
        else:
            self.cost += minor
