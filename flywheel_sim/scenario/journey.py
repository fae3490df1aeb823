"""A journey ready to run: names resolved, every figure in canonical units, nothing left to look up."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from flywheel_sim.scenario.figures import Dist, Rate
from flywheel_sim.scenario.units import MONTH, YEAR

Role = Literal["prospect", "customer", "lapsed", "exit", "aside"]
#: Attributes every journey has. ``generation`` is a number, ``calendar`` a time since the start of the
#: run, ``month`` the named month (jan to dec); the others have named levels.
BUILT_IN: tuple[str, ...] = ("channel", "generation", "referrer", "calendar", "month", "stage")
MONTHS: tuple[str, ...] = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
REFERRER: tuple[str, ...] = ("none", "present", "gone")

#: The kind under which spend is booked, by the role of the stage a person is in at that moment.
SPEND_KIND_OF_ROLE: dict[str, str] = {
    "prospect": "acquisition",
    "aside": "acquisition",
    "exit": "acquisition",
    "customer": "service",
    "lapsed": "win-back",
}


def cohort_length(horizon: int) -> int:
    """Return the length of a cohort period in ms: a month, or a year where the horizon exceeds ten."""
    return MONTH if horizon <= 10 * YEAR else YEAR


@dataclass(frozen=True, slots=True)
class Amount:
    """Money that moves: earned or spent on a line, once or accruing with time.

    Attributes
    ----------
    value
        What it comes to, or the distribution it is drawn from (never where it accrues).
    period_ms
        The period the price is stated for: it makes an amount on an event an invoice, and one on a
        stage or set accrue; None for a one-off.
    decision
        What a drawn amount's luck belongs to: stage/event/line; "" where nothing is drawn.
    """

    line: str
    side: Literal["earn", "spend"]
    value: Rate | Dist
    period_ms: float | None = None
    decision: str = ""


@dataclass(frozen=True, slots=True)
class Draw:
    """A level drawn by one word of luck: chances in the file's order, None for the one that takes the rest.

    ``decision`` is person/NAME on arrival, stage/event/NAME in an effect; ``levels`` are indices.
    """

    decision: str
    levels: tuple[int, ...]
    chances: tuple[Rate | None, ...]


@dataclass(frozen=True, slots=True)
class SetTo:
    """An attribute set: to a value, to what another attribute has, or to a drawn level.

    ``value`` is a level's index, a counter's number, or what a stopwatch then shows in ms (`NEVER`
    for a stopwatch longer than any level); ``copy`` names an attribute of the same kind.
    """

    attribute: str
    value: int = 0
    copy: str = ""
    draw: Draw | None = None


@dataclass(frozen=True, slots=True)
class AddTo:
    """A number added to a counter, which stays within its bounds.

    ``earned`` adds what the firing earned, in whole units of the currency, instead of ``number``.
    """

    attribute: str
    number: int = 0
    earned: bool = False


@dataclass(frozen=True, slots=True)
class Effects:
    """What happens, in this order: sets as in the file, adds, money, referrals (channel names)."""

    sets: tuple[SetTo, ...] = ()
    adds: tuple[AddTo, ...] = ()
    money: tuple[Amount, ...] = ()
    refer: tuple[str, ...] = ()
    any: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "any", bool(self.sets or self.adds or self.money or self.refer))


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way an event ends; ``chance`` None takes the rest, ``to`` None stays."""

    name: str
    chance: Rate | None
    to: str | None
    effects: Effects


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold for a ``when``: a level's index (named), or a least value (numbers, times in ms)."""

    attribute: str
    value: int
    named: bool


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens in a stage, or in a set of stages.

    Attributes
    ----------
    decision
        The dotted name its draws belong to: stage/event, or set/event.
    waits
        One for ``every`` and ``after``; several where ``after`` or ``on_date`` list several, each a
        clock of its own whose firing number is its place in the list. Empty for ``when`` and for
        what is decided at once.
    when
        Conditions which must all hold; empty for other clocks.
    """

    name: str
    decision: str
    recurring: bool
    waits: tuple[Dist, ...]
    when: tuple[Condition, ...]
    effects: Effects
    outcomes: tuple[Outcome, ...]
    chances: tuple[Rate | None, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "chances", tuple(outcome.chance for outcome in self.outcomes))

    @property
    def parts(self) -> tuple[Effects, ...]:
        """Return its effects, then those of each outcome."""
        return (self.effects, *(outcome.effects for outcome in self.outcomes))

    @property
    def at_once(self) -> bool:
        """Tell whether it is decided on entry, without a clock."""
        return not self.waits and not self.when


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
        Arrivals per millisecond, for ``rate``: it depends on the calendar and the month at most.
    count
        People of each batch, or present.
    times
        When batches come, ms, ascending, all before the horizon and before ``until``.
    until
        When arrivals and spend end, ms; at most the horizon.
    spend_per_ms, cost_per_arrival, cost_per_batch
        Minor units: accruing, for each arrival, at each batch.
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
    count: int = 0
    times: tuple[int, ...] = ()
    spend_per_ms: float = 0.0
    cost_per_arrival: int = 0
    cost_per_batch: int = 0
    sets: tuple[SetTo, ...] = ()
    inherits: tuple[str, ...] = ()
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Cost:
    """What is spent over time whoever comes: an overhead, or a lever paid by the month."""

    name: str
    kind: Literal["overhead", "acquisition"]
    spend_per_ms: float


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A rate whose reference value is not known: each replication has its own.

    ``family`` and ``params`` are as in `Spread.cells`, around the stated reference value.
    """

    name: str
    family: Literal["beta", "gamma"]
    params: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Journey:
    """One strategy of one scenario, ready to run.

    Attributes
    ----------
    horizon, follow
        Milliseconds; ``follow`` is a whole number of cohort periods, or the horizon where that is shorter.
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
    minor_digits: int
    attributes: tuple[Attribute, ...]
    channels: tuple[Channel, ...]
    stages: tuple[Stage, ...]
    report_by: tuple[str, ...]
    fingerprint: str
    phase: int = 0
    sets: tuple[StageSet, ...] = ()
    costs: tuple[Cost, ...] = ()
    uncertain: tuple[Uncertain, ...] = ()
    source: Any = field(default=None, repr=False, compare=False)

    @property
    def owners(self) -> tuple[Owner, ...]:
        """All that events belong to: stages, then sets."""
        return (*self.stages, *self.sets)

    @property
    def force(self) -> float:
        """Force of interest per ms, of which the effective annual rate is ``discount``."""
        return math.log1p(self.discount) / YEAR

    @property
    def periods(self) -> int:
        """Number of ledger periods: months, the last one perhaps partial."""
        return -(-self.horizon // MONTH)

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
