"""A journey ready to run: names resolved, every figure in canonical units, nothing left to look up.

Canonical units: times in milliseconds, rates per millisecond, money in minor units of the currency
(accruing money in minor units per millisecond), chances in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from flywheel_sim.scenario.units import MONTH, YEAR

Kind = Literal["chance", "rate", "duration", "money", "number"]
Role = Literal["prospect", "customer", "lapsed", "exit", "aside"]

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
class Spread:
    """How people differ around a rate: one rank per person and rate, for life.

    Attributes
    ----------
    family
        ``beta`` for chances, ``gamma`` for rates and money.
    cells
        Shape parameters for each cell of the rate: (alpha, beta) for beta; (shape, mean) for gamma.
    power
        Exponent that turns a chance of the stated period into one of the period of use.
    lost
        Whether the chance is stated as lost per period, so that 1 - p is what takes the exponent.
    """

    family: Literal["beta", "gamma"]
    cells: tuple[tuple[float, float], ...]
    power: float = 1.0
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """A figure that may depend on the person, at one place of use.

    Attributes
    ----------
    name
        The rate's name, or the dotted path of an inline one; ranks belong to it.
    kind
        What it is, which fixes the unit of the cells.
    over
        Attributes it depends on, in the file's order: the axes of ``cells``.
    cells
        One mean per combination of levels, last attribute fastest.
    spread
        How people differ around the cells, or None.
    """

    name: str
    kind: Kind
    over: tuple[str, ...]
    cells: tuple[float, ...]
    spread: Spread | None = None

    @property
    def constant(self) -> bool:
        """Tell whether it is the same for everybody."""
        return not self.over and self.spread is None


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a clock runs.

    ``kind`` is ``fixed`` (one duration), ``memoryless`` (one rate per ms), ``uniform`` (two ends) or
    ``lognormal`` (median and sigma of the logarithm); ``params`` are in that order.
    """

    kind: Literal["fixed", "memoryless", "uniform", "lognormal"]
    params: tuple[Rate, ...]


@dataclass(frozen=True, slots=True)
class Amount:
    """Money that moves: earned or spent on a line, once or accruing with time.

    ``period_ms`` is the period the price is stated for: it makes an amount on an event an invoice,
    and one on a stage accrue; None for a one-off.
    """

    line: str
    side: Literal["earn", "spend"]
    value: Rate
    period_ms: float | None = None


@dataclass(frozen=True, slots=True)
class SetLevel:
    """An attribute set to a level, by the level's index."""

    attribute: str
    level: int


@dataclass(frozen=True, slots=True)
class Effects:
    """What happens, in this order: sets as in the file, money, referrals (channel names)."""

    sets: tuple[SetLevel, ...] = ()
    money: tuple[Amount, ...] = ()
    refer: tuple[str, ...] = ()
    any: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "any", bool(self.sets or self.money or self.refer))


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way an event ends; ``chance`` None takes the rest, ``to`` None stays."""

    name: str
    chance: Rate | None
    to: str | None
    effects: Effects


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens in a stage; ``wait`` None is decided at once on entry.

    ``decision`` is the dotted name its draws belong to: stage/event.
    """

    name: str
    decision: str
    recurring: bool
    wait: Wait | None
    effects: Effects
    outcomes: tuple[Outcome, ...]
    chances: tuple[Rate | None, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "chances", tuple(outcome.chance for outcome in self.outcomes))


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a person can be, with what happens there."""

    name: str
    role: Role
    phase: str | None
    on_entry: Effects
    accruals: tuple[Amount, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Attribute:
    """What distinguishes people.

    ``drawn`` holds the chance of each level on arrival (None for the level that takes the rest);
    without it everybody starts as the first level.
    """

    name: str
    levels: tuple[str, ...]
    drawn: tuple[Rate | None, ...] | None


@dataclass(frozen=True, slots=True)
class Channel:
    """Where people come from.

    Attributes
    ----------
    kind
        ``rate`` (Poisson arrivals), ``batch`` (at the start), ``present`` (there at the start) or
        ``referral`` (fed by ``refer``).
    rate
        Arrivals per millisecond, for ``rate``.
    count
        People, for ``batch`` and ``present``.
    spend_per_ms, cost_per_arrival, cost_per_batch
        Minor units: accruing, for each arrival, at each batch.
    removed
        Whether a strategy does without it: nobody arrives, nothing is spent.
    """

    name: str
    enters: str
    kind: Literal["rate", "batch", "present", "referral"]
    rate: float = 0.0
    count: int = 0
    spend_per_ms: float = 0.0
    cost_per_arrival: int = 0
    cost_per_batch: int = 0
    removed: bool = False


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
