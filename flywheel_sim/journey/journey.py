"""A journey ready to run: names resolved, every figure in canonical units, nothing left to look up."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from flywheel_sim.errors import Problem
from flywheel_sim.journey.events import Amount, Draw, Effects, Event, SetTo
from flywheel_sim.journey.figures import Rate
from flywheel_sim.journey.units import MONTH, YEAR

Period = Literal["day", "week", "month"]
#: How fine books can be.
PERIODS: tuple[Period, ...] = ("day", "week", "month")
Role = Literal["prospect", "customer", "lapsed", "exit", "aside"]
#: Attributes every journey has. ``generation`` is a number, ``calendar`` a time since the start of the
#: run, ``month`` the named month (jan to dec); the others have named levels.
BUILT_IN: tuple[str, ...] = ("channel", "generation", "referrer", "calendar", "month", "stage")
MONTHS: tuple[str, ...] = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
REFERRER: tuple[str, ...] = ("none", "present", "gone")

#: What money is spent for, in the order of the statement.
SPEND_KINDS: tuple[str, ...] = ("cost_of_sales", "acquisition", "service", "win_back", "overhead")

#: The kinds that make the budget: what strategies that are compared spend alike.
BUDGET_KINDS: tuple[str, ...] = ("acquisition", "service", "win_back")

#: The kinds that revenue is less to be a customer's margin.
MARGIN_KINDS: tuple[str, ...] = ("cost_of_sales", "service")

#: The kind under which spend is booked whose line has none, by the role of the stage a person is in at that moment.
SPEND_KIND_OF_ROLE: dict[str, str] = {
    "prospect": "acquisition",
    "aside": "acquisition",
    "exit": "acquisition",
    "customer": "service",
    "lapsed": "win_back",
}


def cohort_length(horizon: int) -> int:
    """Return the length of a cohort period in ms: a month, or a year where the horizon exceeds ten."""
    return MONTH if horizon <= 10 * YEAR else YEAR


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a person can be, with what happens there; ``accruals`` have a `Rate` as value."""

    name: str
    role: Role
    phase: str | None
    on_entry: Effects
    accruals: tuple[Amount, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class StageSet:
    """A ``while``: what runs on while a person moves among some stages."""

    name: str
    stages: tuple[str, ...]
    on_entry: Effects
    accruals: tuple[Amount, ...]
    events: tuple[Event, ...]


#: What events belong to.
Owner = Stage | StageSet


def firings(owner: Owner) -> list[tuple[Effects, ...]]:
    """Return the effects of each firing of a stage or set: on entry, then of each event with its outcomes."""
    return [(owner.on_entry,), *(event.parts for event in owner.events)]


def amounts_of(owner: Owner) -> list[Amount]:
    """Return every amount of a stage or set: on entry, accruing, then of its events and their outcomes."""
    amounts = [*owner.on_entry.money, *owner.accruals]
    return amounts + [amount for event in owner.events for part in event.parts for amount in part.money]


@dataclass(frozen=True, slots=True)
class Line:
    """What the file says of a money line, or of a lever, resource or cost by its name.

    Attributes
    ----------
    kind
        One of `SPEND_KINDS`; "" for what is earned.
    recurring
        Whether money per period on it is recurring revenue; of a derived line, whether its share is taken off or added.
    share, of
        Of a derived line, which nothing books: its share of all that is earned on other lines. Its money lies wherever
        theirs does.
    """

    name: str
    kind: str = ""
    recurring: bool = True
    share: float = 0.0
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attribute:
    """What distinguishes people.

    Attributes
    ----------
    kind
        ``levels`` (named), ``counter`` (a whole number from ``low`` to ``high``) or ``stopwatch``.
    levels
        Names of the levels; empty for counters and stopwatches.
    draw
        How the level is drawn on arrival; without it everybody starts as the first level, a counter
        at the number nearest to 0 within its bounds, a stopwatch at 0.
    """

    name: str
    kind: Literal["levels", "counter", "stopwatch"]
    levels: tuple[str, ...] = ()
    draw: Draw | None = None
    low: int = 0
    high: int = 0


@dataclass(frozen=True, slots=True)
class Channel:
    """Where people come from.

    Attributes
    ----------
    kind
        ``rate`` (Poisson arrivals), ``batch`` (at ``times``), ``present`` (there at the start) or
        ``referral`` (fed by ``refer``).
    rate
        Arrivals per millisecond, for ``rate``: it depends on the calendar and the month at most, and is
        0 before ``starts``.
    times, counts
        When batches come, ms, ascending, all before the horizon and before ``until``; and how many people each brings.
        Who is present comes at 0.
    starts, until
        Between which times there are arrivals and spend, ms; ``until`` is at most the horizon.
    spend, cost_per_arrival
        Money per ms, and for each arrival; both depend on the calendar and the month at most. None for none.
    cost_per_batch
        Millionths of the currency.
    sets
        What arrival by this channel sets, after the draws of the attributes.
    inherits
        Attributes a referred person takes over from the referrer instead of starting or drawing them.
    removed
        Whether a strategy does without it: nobody arrives, nothing is spent.
    """

    name: str
    enters: str
    kind: Literal["rate", "batch", "present", "referral"]
    until: int
    rate: Rate | None = None
    times: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    starts: int = 0
    spend: Rate | None = None
    cost_per_arrival: Rate | None = None
    cost_per_batch: int = 0
    sets: tuple[SetTo, ...] = ()
    inherits: tuple[str, ...] = ()
    removed: bool = False

    @property
    def count(self) -> int:
        """Return how many people its batches bring in all, or are there at the start."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Cost:
    """What is spent whoever comes: an overhead, or a lever paid by the month.

    Attributes
    ----------
    kind
        One of `SPEND_KINDS`.
    spend_per_ms
        Millionths per ms, where it accrues.
    amount, times
        Millionths, and when they are paid, ms, ascending; none where it accrues.
    """

    name: str
    kind: str
    spend_per_ms: float = 0.0
    amount: int = 0
    times: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """People who serve others, one each at a time.

    Attributes
    ----------
    people
        How many there are: whole numbers that depend on the calendar and the month at most.
    cost_per_ms
        What each costs, millionths of the currency per ms, busy or idle.
    kind
        As what that counts: the kind of the stages it serves where they have one in common, else overhead.
    queue_limit
        How many may wait; beyond them those who can give up are turned away. None for any number.
    target
        The wait, in ms, within which people should be served; None where the file names none.
    """

    name: str
    people: Rate
    cost_per_ms: float = 0.0
    kind: str = "overhead"
    queue_limit: int | None = None
    target: int | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """An attribute that all share: the mean, over everybody in some stages, of what one of theirs weighs; or how many.

    Attributes
    ----------
    of
        The attribute of which it is the mean; "" where it is how many people there are.
    weights
        What each level weighs, times ``scale``; empty where ``of`` is a counter, which weighs its number.
    scale
        Whole numbers in which its values, its bounds in rates and conditions, and ``starts`` are held: its
        value times ``scale``.
    stages
        Where people have to be in order to count.
    starts
        What it is while nobody counts.
    """

    name: str
    of: str
    weights: tuple[int, ...]
    scale: int
    stages: tuple[str, ...]
    starts: int


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A rate whose reference value is not known: each replication has its own.

    ``family`` and ``params`` are as in `Spread.cells`, around the stated reference value; or the two ends of a
    ``uniform`` range around it.
    """

    name: str
    family: Literal["beta", "gamma", "uniform"]
    params: tuple[float, float]


@dataclass(frozen=True, slots=True, repr=False)
class Journey:
    """One strategy of one scenario, ready to run.

    Attributes
    ----------
    horizon, follow
        Milliseconds; ``follow`` is a whole number of cohort periods, or the horizon where that is shorter.
    lifetime
        For how long customers are followed beyond the horizon too, for what they are worth alone: a whole number of
        cohort periods, in ms; 0 where nobody is.
    discount
        Effective annual rate.
    start
        ISO date, or None.
    phase
        How far into the year the run starts, ms of a year of twelve equal months; 0 without a start.
    sets
        Sets of stages (``while``), in file order; levers paid per person are sets with an accrual.
    costs
        Overheads, and levers paid by the month.
    uncertain
        Rates drawn once a replication; ``source`` is what `scenario.worlds` needs to draw them.
    market
        How many people there are to be reached, None for no end of them.
    resources, shared
        Who serves, and attributes that all share.
    warm_up
        Whole months, in ms, that figures over time leave out; 0 for none.
    lines
        What the file says of lines, levers, resources and costs by name; derived lines are among them.
    period
        How fine the ledger is.
    notes
        What the file is to be told though it can run: traps, and what a plan says of times outside the run.
    fingerprint
        Hash of everything that bears on the run's figures except the seed.
    """

    name: str
    strategy: str
    horizon: int
    follow: int
    discount: float
    seed: int
    start: str | None
    currency: str | None
    attributes: tuple[Attribute, ...]
    channels: tuple[Channel, ...]
    stages: tuple[Stage, ...]
    report_by: tuple[str, ...]
    fingerprint: str
    phase: int = 0
    sets: tuple[StageSet, ...] = ()
    costs: tuple[Cost, ...] = ()
    uncertain: tuple[Uncertain, ...] = ()
    market: int | None = None
    resources: tuple[Resource, ...] = ()
    shared: tuple[Shared, ...] = ()
    warm_up: int = 0
    lifetime: int = 0
    lines: tuple[Line, ...] = ()
    period: Period = "month"
    notes: tuple[Problem, ...] = field(default=(), repr=False, compare=False)
    source: Any = field(default=None, repr=False, compare=False)

    def __repr__(self) -> str:
        return f"<Journey '{self.name}', strategy '{self.strategy}', fingerprint {self.fingerprint}>"

    @property
    def owners(self) -> tuple[Owner, ...]:
        """All that events belong to: stages, then sets."""
        return (*self.stages, *self.sets)

    @property
    def coupled_by(self) -> tuple[str, ...]:
        """Return what makes people affect one another, empty where they live independent lives."""
        staffed = any(event.staff for owner in self.owners for event in owner.events)
        links = {"a finite market": self.market is not None, "staff": staffed, "a shared attribute": bool(self.shared)}
        return tuple(name for name, present in links.items() if present)

    @property
    def force(self) -> float:
        """Force of interest per ms, of which the effective annual rate is ``discount``."""
        return math.log1p(self.discount) / YEAR

    @property
    def window(self) -> int:
        """For how long customers are followed for what they are worth, ms."""
        return self.lifetime or self.follow

    @property
    def longest(self) -> int:
        """Return how long anybody can wait for anything, ms: beyond all that is looked at."""
        return self.horizon + self.lifetime + 1

    @property
    def decided(self) -> int:
        """Up to when people have come early enough for it to be told what became of them, ms: not in the last month."""
        return self.horizon - MONTH if self.horizon >= 2 * MONTH else self.horizon // 2

    @property
    def months(self) -> int:
        """Number of months, the last one perhaps partial."""
        return -(-self.horizon // MONTH)

    @property
    def derived(self) -> tuple[Line, ...]:
        """Lines that nothing books, because they follow from others."""
        return tuple(line for line in self.lines if line.of)

    def kind_of(self, name: str, role: str) -> str:
        """Return the kind under which spend on a line is booked in a role."""
        stated = next((line.kind for line in self.lines if line.name == name), "")
        return stated or SPEND_KIND_OF_ROLE[role]

    def recurs(self, name: str) -> bool:
        """Tell whether money per period on a line is recurring revenue."""
        return next((line.recurring for line in self.lines if line.name == name), True)

    @property
    def cohort_ms(self) -> int:
        """Length of a cohort period: a month, or a year where the horizon exceeds ten."""
        return cohort_length(self.horizon)

    @property
    def cohorts(self) -> int:
        """Number of cohort periods within the horizon."""
        return -(-self.horizon // self.cohort_ms)

    def stage(self, name: str) -> Stage:
        """Return the stage of that name."""
        return next(stage for stage in self.stages if stage.name == name)
