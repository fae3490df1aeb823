"""What each part of a journey file may hold, as strict pydantic models over raw texts.

The models know shapes and keys, not meaning: which names exist, and which unit belongs where, is
checked when the file is resolved.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, PlainValidator, Tag

from flywheel_sim.journey.journey import PERIODS
from flywheel_sim.journey.units import looks_like_quantity
from flywheel_sim.scenario.source.money_specs import Cost, LineSpec, Planned, one_of
from flywheel_sim.scenario.source.values import (
    AmountValue,
    Drawn,
    DrawSpec,
    Factors,
    Figure,
    Instant,
    Instants,
    Name,
    Names,
    NewName,
    RateSpec,
    RateValue,
    Scalar,
    Spec,
    Text,
    Value,
    fail,
    mapping,
    names,
    quantity,
)

Role = Literal["prospect", "customer", "lapsed", "exit", "aside"]
ROLES: tuple[str, ...] = ("prospect", "customer", "lapsed", "exit", "aside")


def _kind_of_outcome(value: Any) -> str:
    if isinstance(value, dict):
        return "(outcome)" if {"chance", "to", "earn", "spend", "set", "refer", "add"} & value.keys() else "(rate)"
    return "(scalar)"


def _kind_of_goal(value: Any) -> str:
    return "(one)" if isinstance(value, str) else "(many)"


def _one_wait(value: Any) -> Any:
    if isinstance(value, list):
        raise fail("'every' takes one wait", "write every: 1 month, or use 'after' for several times")
    return value


def _waits(value: Any) -> Any:
    if isinstance(value, list):
        if not value:
            raise fail("the list is empty", "write at least one wait, such as 14 days")
        return value
    return [value]


def _served(value: Any) -> Any:
    if isinstance(value, list):
        raise fail("one duration, rate or distribution belongs here", "write 30 minutes, or {exponential: 30 minutes}")
    return value


def _set_to(value: Any) -> Any:
    if not isinstance(value, (str, dict, DrawSpec)):
        raise fail("one level, number, duration, attribute or draw belongs here", "write set: {plan: premium}")
    return value


def _add(value: Any) -> Any:
    if not isinstance(value, str):
        raise fail("a whole number or 'earned' belongs here", "write add: {points: 5}")
    return value


def _when(value: Any) -> Any:
    if not mapping(value):
        raise fail("a 'when' has a condition", "write when: {score: 60}")
    for attribute, level in value.items():
        if not isinstance(level, str):
            rule, remedy = f"one level or least value of '{attribute}' belongs here", "write when: {score: 60}"
            raise fail(rule, remedy, attribute)
    return value


def _budget(value: Any) -> str:
    if not isinstance(value, str):
        raise fail("a spend is one figure, or 'matched'", "write 8000 per month")
    return value


Lines = Annotated[dict[NewName, AmountValue], BeforeValidator(mapping)]
SetTo = Annotated[
    Annotated[str, Tag("(text)")] | Annotated[Drawn, Tag("(draw)")],
    Discriminator(lambda v: "(text)" if isinstance(v, str) else "(draw)"),
    BeforeValidator(_set_to),
]
Sets = Annotated[dict[Name, SetTo], BeforeValidator(mapping)]


class EffectsSpec(Spec):
    """What happens to the person, the books and the world when something occurs."""

    earn: Lines | None = None
    spend: Lines | None = None
    refer: Names | None = None
    set: Sets | None = None
    add: Annotated[dict[Name, Annotated[str, BeforeValidator(_add)]], BeforeValidator(mapping)] | None = None


class OutcomeSpec(EffectsSpec):
    """One way an event can end."""

    chance: RateValue | None = None
    to: Name | None = None


Outcome = Annotated[
    Annotated[Scalar, Tag("(scalar)")] | Annotated[RateSpec, Tag("(rate)")] | Annotated[OutcomeSpec, Tag("(outcome)")],
    Discriminator(_kind_of_outcome),
]
Outcomes = Annotated[dict[Name, Outcome], BeforeValidator(mapping)]
Goal = Annotated[Annotated[Name, Tag("(one)")] | Annotated[Outcomes, Tag("(many)")], Discriminator(_kind_of_goal)]

#: The keys that give an event its clock, in the order in which they are looked for.
CLOCKS: tuple[str, ...] = ("after", "every", "when", "on_date")

#: The keys that go with ``staff``.
SERVICE: tuple[str, ...] = ("takes", "patience", "gives_up", "priority")

Served = Annotated[Value, BeforeValidator(_served)]


class EventSpec(EffectsSpec):
    """Something that can happen to a person in a stage, or while in one of several."""

    after: Annotated[list[Value], BeforeValidator(_waits)] | None = None
    every: Annotated[Value, BeforeValidator(_one_wait)] | None = None
    when: Annotated[dict[Name, str], BeforeValidator(_when)] | None = None
    on_date: Instants | None = None
    staff: Name | None = None
    takes: Served | None = None
    patience: Served | None = None
    gives_up: Name | None = None
    priority: Figure | None = None
    to: Goal | None = None
    outcomes: Outcomes | None = None

    @property
    def clocks(self) -> list[str]:
        """Return the keys of its clocks."""
        return [word for word in CLOCKS if getattr(self, word) is not None]


#: Keys that make a stage an inline event.
INLINE: tuple[str, ...] = (
    "after", "every", "to", "outcomes", "refer", "set", "add", "when", "on_date", "staff", *SERVICE,
)  # fmt: skip


class StageSpec(Spec):
    """Where a person can be."""

    role: Role
    phase: Name | None = None
    on_entry: EffectsSpec | None = None
    earn: Lines | None = None
    spend: Lines | None = None
    events: Annotated[dict[NewName, EventSpec], BeforeValidator(mapping)] | None = None


class WhileSpec(Spec):
    """What runs on while a person moves among some stages."""

    in_: Names | None = Field(default=None, alias="in")
    on_entry: EffectsSpec | None = None
    earn: Lines | None = None
    spend: Lines | None = None
    events: Annotated[dict[NewName, EventSpec], BeforeValidator(mapping)] | None = None


def long_form(name: str, raw: Any) -> Any:
    """Return a raw stage or set in the long form, with an inline event put under ``events``."""
    if isinstance(raw, str):
        return {"role": raw}
    if isinstance(raw, dict) and "events" not in raw and any(key in raw for key in INLINE):
        outer = {key: raw[key] for key in ("role", "phase", "in", "on_entry") if key in raw}
        return outer | {"events": {name: {key: value for key, value in raw.items() if key not in outer}}}
    return raw


class ChannelSpec(Spec):
    """Where people come from."""

    enters: Name
    rate: Planned | None = None
    batch: Planned | None = None
    present: RateValue | None = None
    spend: Planned | None = None
    cost_per_arrival: Planned | None = None
    cost_per_batch: RateValue | None = None
    at_most: Planned | None = None
    every: RateValue | None = None
    on: Instants | None = None
    from_: Instant | None = Field(default=None, alias="from")
    until: Instant | None = None
    times: Factors | None = None
    set: Sets | None = None
    inherits: Names | None = None


_COUNTS = re.compile(r"([+-]?[0-9]+(?:_[0-9]+)*)\s+to\s+([+-]?[0-9]+(?:_[0-9]+)*)")


def _counts(value: Any) -> Any:
    match = _COUNTS.fullmatch(value.strip()) if isinstance(value, str) else None
    if isinstance(value, tuple):
        return value
    if match is None or len(value) > 60:
        raise fail("a counter counts from one whole number to another", "write counts: 0 to 100", value)
    low, high = (int(end.replace("_", "")) for end in match.groups())
    if not -(10**9) <= low < high <= 10**9:
        rule = "a counter's second number is the larger one, and neither is beyond a billion"
        raise fail(rule, "write counts: 0 to 100", value)
    return low, high


def _attribute(value: Any) -> Any:
    if isinstance(value, dict) and "count_of" in value:
        if more := [key for key in value if key != "count_of"]:
            raise fail("'count_of' stands alone: it says how many people there are", f"remove '{more[0]}'")
        return value
    if isinstance(value, dict) and ("mean_of" in value or {"among", "starts"} <= value.keys()):
        return {"(mean)": value}
    if isinstance(value, AttributeSpec):
        return value
    if isinstance(value, list):
        return {"(named)": value}
    if isinstance(value, str):
        if value != "stopwatch":
            raise fail(f"'{value}' is no kind of attribute", "write stopwatch, [basic, premium] or {counts: 0 to 100}",
                       value)  # fmt: skip
        return {"(stopwatch)": True}
    if isinstance(value, dict) and value.keys() == {"counts"}:
        return value
    return {"(drawn)": mapping(value)}


class MeanSpec(Spec):
    """What all share: the mean of an attribute over the people in some stages."""

    mean_of: Name
    weights: Annotated[dict[str, Figure], BeforeValidator(mapping)] | None = None
    among: Names
    starts: Figure


class AttributeSpec(Spec):
    """What distinguishes people: named levels, listed or drawn on arrival, a counter or a stopwatch; or a mean."""

    named: list[NewName] | None = Field(default=None, alias="(named)")
    drawn: Drawn | None = Field(default=None, alias="(drawn)")
    counts: Annotated[Any, PlainValidator(_counts)] | None = None
    count_of: Names | None = None
    stopwatch: bool = Field(default=False, alias="(stopwatch)")
    mean: MeanSpec | None = Field(default=None, alias="(mean)")

    @property
    def shared(self) -> bool:
        """Tell whether all share it: a mean over people, or how many they are."""
        return self.mean is not None or self.count_of is not None

    @property
    def levels(self) -> tuple[str, ...]:
        """Return the named levels; none for other kinds."""
        return tuple(self.named or (self.drawn.names() if self.drawn else ()))


Attribute = Annotated[AttributeSpec, BeforeValidator(_attribute)]


_PEOPLE = re.compile(r"([+-]?[\d_.]+)\s+(?:people|persons?)")


def _count(value: Any) -> Any:
    match = _PEOPLE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is not None:
        raise fail("people are counted without a unit", f"write {match[1]}", value)
    return value


Count = Annotated[Figure, BeforeValidator(_count)]


def _hours(value: Any) -> Any:
    if isinstance(value, str) and re.search(r"\bhours?\s+per\b", value):
        raise fail("hours are a plain number per week", "write 30 per week", value)
    return value


class ResourceSpec(Spec):
    """People who serve others: how many, when, and at what cost."""

    people: Annotated[RateValue, BeforeValidator(_count)]
    hours: Annotated[Figure, BeforeValidator(_hours)] | None = None
    cost: Figure | None = None
    queue_limit: Count | None = None
    target: Figure | None = None


class LeverSpec(Spec):
    """Spend that moves rates, or a friction."""

    spend: Figure | None = None
    moves: Annotated[dict[Name, Annotated[dict[str, Figure], BeforeValidator(mapping)]], BeforeValidator(mapping)]
    phase: Name | None = None


class StrategySpec(Spec):
    """What a strategy says beside the parts of the file it overlays."""

    without: Annotated[list[Text], BeforeValidator(names)] | None = None
    spend: Annotated[dict[Text, Annotated[str, BeforeValidator(_budget)]], BeforeValidator(mapping)] | None = None
    extends: Name | None = None


#: The word by which customers are followed to their end.
LIFETIME = "lifetime"

_period = one_of(PERIODS, "a period of the books")


def _follow(value: Any) -> Any:
    if isinstance(value, str) and value != LIFETIME and not looks_like_quantity(value):
        raise fail("customers are followed for a time, or to their end", "write 18 months, or lifetime", value)
    return value if value == LIFETIME else quantity(value)


class FileSpec(Spec):
    """The settings of a file that stand alone; its sections are read part by part."""

    name: Text
    horizon: Figure
    start: Text | None = None
    currency: Text | None = None
    discount: Figure | None = None
    market: Count | None = None
    seed: Figure | None = None
    follow: Annotated[Any, PlainValidator(_follow)] | None = None
    warm_up: Figure | None = None
    reference: Name | None = None
    report_by: Names | None = None
    period: Annotated[str, BeforeValidator(_period)] | None = None


#: Sections of a file, with the model of one item.
SECTIONS: dict[str, Any] = {
    "lines": LineSpec,
    "rates": RateValue,
    "attributes": Attribute,
    "channels": ChannelSpec,
    "resources": ResourceSpec,
    "journey": StageSpec,
    "while": WhileSpec,
    "levers": LeverSpec,
    "costs": Cost,
    "strategies": None,
}

#: Settings that stand alone at the top of a file.
SETTINGS: tuple[str, ...] = tuple(FileSpec.model_fields)
