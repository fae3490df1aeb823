"""What happens to people: events with their outcomes, and the effects these have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from flywheel_sim.journey.figures import Dist, Rate

#: The priority of those of whom the file says nothing: served after all others.
LAST = 1_000_000


@dataclass(frozen=True, slots=True)
class Share:
    """A share, of either sign, of all that the same firing earns on a line; ``rate`` is of kind chance."""

    of: str
    rate: Rate


@dataclass(frozen=True, slots=True)
class Amount:
    """Money that moves: earned or spent on a line, once or accruing with time.

    Attributes
    ----------
    value
        What it comes to, the distribution it is drawn from, or a share of what is earned (both never where it accrues).
        What is earned may be negative.
    period_ms
        The period the price is stated for: it makes an amount on an event an invoice, and one on a
        stage or set accrue; None for a one-off.
    decision
        What a drawn amount's luck belongs to: stage/event/line; "" where nothing is drawn.
    """

    line: str
    side: Literal["earn", "spend"]
    value: Rate | Dist | Share
    period_ms: float | None = None
    decision: str = ""

    @property
    def figures(self) -> tuple[Rate, ...]:
        """Return the rates it is reckoned from."""
        if isinstance(self.value, Dist):
            return self.value.params
        return (self.value.rate,) if isinstance(self.value, Share) else (self.value,)


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
    """What happens, in this order: sets as in the file, money, adds, referrals (channel names)."""

    sets: tuple[SetTo, ...] = ()
    money: tuple[Amount, ...] = ()
    adds: tuple[AddTo, ...] = ()
    refer: tuple[str, ...] = ()
    any: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "any", bool(self.sets or self.money or self.adds or self.refer))


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
class Staff:
    """Who serves when a clock has fired, or on entry where there is none: the person asks, waits and is served.

    Attributes
    ----------
    resource
        The resource asked.
    takes
        How long service takes on the calendar: working time, stretched by the resource's hours.
    patience
        How long a person waits before giving up, None for ever.
    gives_up
        The stage for those who give up or are turned away, None where nobody does.
    priority
        1 is served before 2; `LAST` where the file says nothing.
    """

    resource: str
    takes: Dist
    patience: Dist | None = None
    gives_up: str | None = None
    priority: int = LAST


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
    staff
        Who has to serve before it happens, None where nobody has to.
    """

    name: str
    decision: str
    recurring: bool
    waits: tuple[Dist, ...]
    when: tuple[Condition, ...]
    effects: Effects
    outcomes: tuple[Outcome, ...]
    staff: Staff | None = None
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
        return not self.waits and not self.when and self.staff is None
