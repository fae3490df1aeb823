"""What the reference engine knows of one person while they live."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, replace

import simpy

from flywheel_sim.compile.draws import TOO_LARGE
from flywheel_sim.engine.limits import too_much_money
from flywheel_sim.journey.events import Amount, Event
from flywheel_sim.journey.figures import Dist
from flywheel_sim.journey.journey import REFERRER, Stage
from flywheel_sim.journey.units import NEVER

NONE, PRESENT, GONE = range(len(REFERRER))


@dataclass(slots=True, eq=False)
class Clock:
    """One clock of a person, running.

    Attributes
    ----------
    owner, label
        The stage or set it belongs to, and the event's name in the ledger: set.event for a set's.
    order
        Its place among clocks due at one instant: whens first, then sets and the stage, events, waits.
    wait
        How long it runs; None for a ``when`` and for what is decided at once.
    due, looks
        When it fires, or, where it only looks again at what it depends on, when that is.
    firing
        Place in the list of waits, or how often the event has happened in this visit.
    word
        The word of luck that decides the outcome, -1 where it is drawn at the firing.
    work, rate, since
        Of a memoryless wait: what is left, the rate at which it runs down, and from when on.
    standing
        Of a fixed wait: whether it is without end, so that the clock stands.
    spent
        Of a ``when``: whether it has fired and its conditions have held ever since.
    phase
        Of an event that staff serve: "" while its own wait runs, then ``waiting`` or ``turned away`` or ``served``.
    asked
        When it last asked to be served.
    """

    owner: str
    event: Event
    label: str
    order: tuple[int, int, int, int]
    wait: Dist | None = None
    due: int = NEVER
    looks: bool = False
    firing: int = 0
    word: int = -1
    work: float = 0.0
    rate: float = -1.0
    since: int = 0
    standing: bool = False
    spent: bool = False
    phase: str = ""
    asked: int = 0

    @property
    def may_fire(self) -> bool:
        """Tell whether it may fire yet: no condition is spent, no time gone by."""
        gone = self.wait is not None and self.wait.kind == "at" and self.due == NEVER
        return bool(self.phase) or not (self.spent or gone)

    @property
    def running(self) -> Dist | None:
        """Return the wait in force: its own, the patience of who waits, or how long the service takes."""
        if not self.phase:
            return self.wait
        staff = self.event.staff
        assert staff is not None, "only staff keep anybody waiting"
        return {"waiting": staff.patience, "served": staff.takes}.get(self.phase)

    @property
    def decision(self) -> str:
        """Return the decision that the luck of the wait in force belongs to."""
        part = {"waiting": "/patience", "served": "/takes"}.get(self.phase, "")
        return self.event.decision + part

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Return its place among clocks due at one instant: a ``when`` goes first, but not once it has asked staff."""
        return (1, *self.order[1:]) if self.phase else self.order


@dataclass(slots=True)
class ClockStretch:
    """Money accruing to one group at one price, from an instant on.

    ``place`` is the stage or set and the place in its list; ``kind`` that of the spend, "" for earnings; ``number``
    what the counter holds that multiplies the price, 0 without one.
    """

    place: tuple[str, int]
    amount: Amount
    kind: str
    cell: int
    price: float
    group: int
    begin: int
    number: int = 0


@dataclass(slots=True)
class Sponsor:
    """What a referred person keeps of the referrer, as they were then.

    Attributes
    ----------
    key, acquired, group
        Who it was, when they had become a customer (-1: not), and in which group.
    root_acquired, root_group
        The same of the stranger at the head of the line.
    """

    key: int
    acquired: int
    group: int
    root_acquired: int
    root_group: int


@dataclass(slots=True, eq=False)
class Person:
    """One person: identity, state, and what the people table says of them (times in ms, -1 never).

    Attributes
    ----------
    state
        One number per attribute, built in ones included: a level's index, a counter's number, and for a
        stopwatch the instant it counts from. The calendar counts from 0; the month follows from it.
    visits
        Of every stage and set: which visit is the latest, from 0.
    birth, process
        Which person of the run it is, from 1, and the process that is their life.
    referred
        People referred, as long as they have to learn whether the referrer goes.
    referrer_left
        Whether the referrer went before the person had arrived.
    first_asked, contacted
        When the person first asked anybody to be served, and whether anybody ever served them.
    invoices
        Of each line's last invoice: monthly recurring revenue, millionths, and when it counts no longer.
    mrr, mrr_group, had_mrr
        Monthly recurring revenue as last computed, the group it stands in, and whether there ever was any.
    month, month_mrr, month_group
        The last month in which it moved, and both as they were just before that month.
    stretches, look_at
        What accrues, and when one of its prices changes with time alone.
    """

    key: int
    channel: int
    born: int
    generation: int = 0
    sponsor: Sponsor | None = None
    state: dict[str, int] = field(default_factory=dict)
    ranks: dict[str, float] = field(default_factory=dict)
    visits: dict[str, int] = field(default_factory=dict)
    stage: Stage | None = None
    entered: int = 0
    clocks: list[Clock] = field(default_factory=list)
    group: int = 0
    was_customer: bool = False
    has_gone: bool = False
    birth: int = 0
    process: simpy.Process | None = None
    referred: list[Person] = field(default_factory=list)
    referrer_left: bool = False
    first_asked: int = -1
    contacted: bool = False
    acquired: int = -1
    cohort_group: int = 0
    churned: int = -1
    referrals: int = 0
    revenue: int = 0
    cost: int = 0
    margin_discounted: int = 0
    step: int = 0
    stretches: list[ClockStretch] = field(default_factory=list)
    look_at: int = NEVER
    invoices: dict[str, tuple[int, int]] = field(default_factory=dict)
    mrr: int = 0
    mrr_group: int = 0
    had_mrr: bool = False
    month: int = -1
    month_mrr: int = 0
    month_group: int = 0

    @property
    def where(self) -> Stage:
        """Return the stage the person is in."""
        assert self.stage is not None
        return self.stage

    @property
    def may_buy(self) -> bool:
        """Tell whether something may yet happen to somebody who has not been a customer, and is not set aside."""
        decides = not self.was_customer and self.where.role != "aside"
        return decides and any(clock.may_fire for clock in self.clocks)

    def book(self, side: str, millionths: int) -> None:
        """Add money to the person's own account."""
        if side == "earn":
            self.revenue += millionths
        else:
            self.cost += millionths
        if max(abs(self.revenue), abs(self.cost)) >= TOO_LARGE:
            raise too_much_money("people")

    def child(self, key: int, channel: int, now: int) -> Person:
        """Return somebody referred, who knows the referrer as they are."""
        sponsor = Sponsor(self.key, self.acquired, self.cohort_group, *self.root())
        child = Person(key, channel, now, self.generation + 1, sponsor, state=dict(self.state))
        child.state["referrer"] = GONE if self.has_gone else PRESENT
        return child

    def as_at(self, now: int) -> Person:
        """Return the person as they are now, with what accrues beginning now, to live on alone: nobody serves them."""
        return replace(
            self, process=None, referred=[], state=dict(self.state), ranks=dict(self.ranks), visits=dict(self.visits),
            invoices={}, stretches=[replace(one, begin=now) for one in self.stretches],
            clocks=[copy(clock) for clock in self.clocks if clock.event.staff is None],
        )  # fmt: skip

    def root(self) -> tuple[int, int]:
        """Return when the head of the person's line was acquired, -1 for never, and in which group."""
        if self.sponsor is None:
            return self.acquired, self.cohort_group
        return self.sponsor.root_acquired, self.sponsor.root_group
