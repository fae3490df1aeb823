"""What each part of a journey file may hold, as strict pydantic models over raw texts.

The models know shapes and words, not meaning: which names exist, and which unit belongs where, is
checked when the file is resolved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
)
from pydantic_core import PydanticCustomError

from flywheel_sim.scenario.units import Quantity, UnitError, looks_like_quantity, parse

Role = Literal["prospect", "customer", "lapsed", "exit", "aside"]
ROLES: tuple[str, ...] = ("prospect", "customer", "lapsed", "exit", "aside")
DISTRIBUTIONS: tuple[str, ...] = ("fixed", "exponential", "uniform", "lognormal")
RESERVED: tuple[str, ...] = ("rest", "stay", "never")

#: Words of the language that this version reads but does not run yet.
LATER: dict[str, str] = {
    **dict.fromkeys(("while", "levers", "resources", "market", "costs", "warm_up"), "section"),
    **dict.fromkeys(("when", "on_date", "staff", "takes", "patience", "gives_up", "priority"), "clock"),
    **dict.fromkeys(("add", "until", "every", "on", "inherits", "times", "set"), "setting"),
    **dict.fromkeys(("triangular", "weibull", "gamma", "erlang", "empirical"), "distribution"),
    "uncertain": "setting",
}


@dataclass(frozen=True, slots=True)
class Ref:
    """A name standing where a value may stand."""

    name: str


def _fail(rule: str, remedy: str, value: object = "") -> PydanticCustomError:
    context = {"rule": rule, "remedy": remedy, "got": value if isinstance(value, str) else ""}
    return PydanticCustomError("journey", "{rule}", context)


def _scalar(value: Any) -> Quantity | Ref:
    if isinstance(value, (Quantity, Ref)):
        return value
    if not isinstance(value, str):
        raise _fail("a single value belongs here", "write a number with its unit, or the name of a rate")
    if not looks_like_quantity(value):
        return Ref(value)
    try:
        return parse(value)
    except UnitError as error:
        raise _fail(error.rule, error.remedy, value) from error


def _quantity(value: Any) -> Quantity:
    found = _scalar(value)
    if isinstance(found, Ref):
        raise _fail("a figure belongs here, not a name", "write a number with its unit", found.name)
    return found


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise _fail("a name belongs here", "write one plain word")
    if not value.replace("_", "a").replace("-", "a").isalnum() or value[0].isdigit():
        raise _fail(
            "a name is letters, digits and underscores, starting with a letter",
            f"write {''.join(c if c.isalnum() else '_' for c in value).lstrip('0123456789_') or 'a_name'}",
            value,
        )
    return value


def _new_name(value: Any) -> str:
    if value in RESERVED:
        raise _fail(f"'{value}' is a reserved word", "choose another name", value)
    return _name(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _fail("a text belongs here", "write it in plain words")
    return value


def _level(value: Any) -> str:
    if not isinstance(value, str):
        raise _fail("one level belongs here", "write set: {plan: premium}; draws and sums come in a later version")
    return value


def _budget(value: Any) -> str:
    if not isinstance(value, str):
        raise _fail("a channel's spend is one figure", "write 8000 per month")
    return value


def _delay(value: Any) -> Quantity | Ref:
    if isinstance(value, list):
        raise _fail("several waits belong to the language, but this version does not run them yet", "keep one of them")
    return _scalar(value)


def _names(value: Any) -> Any:
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        raise _fail("a list of names belongs here", "write [one, other]")
    return value


def _mapping(value: Any) -> Any:
    if not isinstance(value, dict):
        raise _fail("a mapping belongs here", "write name: value", value)
    return value


Scalar = Annotated[Any, PlainValidator(_scalar)]
Figure = Annotated[Any, PlainValidator(_quantity)]
Name = Annotated[str, BeforeValidator(_name)]
NewName = Annotated[str, BeforeValidator(_new_name)]
Text = Annotated[str, BeforeValidator(_text)]
Names = Annotated[list[Name], BeforeValidator(_names)]


class Spec(BaseModel):
    """A part of a file: strict, frozen, nothing beyond what is named."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _kind_of_value(value: Any) -> str:
    if isinstance(value, dict):
        return "distribution" if value.keys() & (set(DISTRIBUTIONS) | _later("distribution")) else "rate"
    if isinstance(value, BaseModel):
        return "rate" if isinstance(value, RateSpec) else "distribution"
    return "scalar"


def _kind_of_outcome(value: Any) -> str:
    if isinstance(value, dict):
        return "outcome" if {"chance", "to", "earn", "spend", "set", "refer", "add"} & value.keys() else "rate"
    return "scalar"


def _kind_of_goal(value: Any) -> str:
    return "one" if isinstance(value, str) else "many"


def _later(kind: str) -> set[str]:
    return {word for word, what in LATER.items() if what == kind}


class RateSpec(Spec):
    """A figure that depends on the person: a reference value, levels, factors, a spread."""

    value: Scalar | None = None
    by: Annotated[dict[Name, Annotated[dict[str, X], BeforeValidator(_mapping)]],
                  BeforeValidator(_mapping)] | None = None  # fmt: skip
    times: Annotated[dict[Name, Annotated[dict[str, Figure], BeforeValidator(_mapping)]],
                     BeforeValidator(_mapping)] | None = None  # fmt: skip
    spread: Spread | None = None
    why: Text | None = None
    moved: Figure | None = Field(default=None, alias="(moved to)")  # tree.MOVED, which mypy wants spelt out


class SpreadSpec(Spec):
    """How people differ around a rate, by the parameters of its distribution."""

    alpha: Figure | None = None
    beta: Figure | None = None
    shape: Figure | None = None


Spread = Annotated[
    Annotated[SpreadSpec, Tag("parameters")] | Annotated[Figure, Tag("figure")],
    Discriminator(lambda v: "parameters" if isinstance(v, (dict, SpreadSpec)) else "figure"),
]
X = Annotated[
    Annotated[Scalar, Tag("scalar")] | Annotated[RateSpec, Tag("rate")],
    Discriminator(lambda v: "rate" if isinstance(v, (dict, RateSpec)) else "scalar"),
]


class LognormalSpec(Spec):
    """Median and sigma of the logarithm."""

    median: X
    sigma: X


def _pair(value: Any) -> Any:
    if not isinstance(value, list) or len(value) != 2:
        raise _fail("a range has two ends", "write [3 months, 9 months]")
    return value


class DistSpec(Spec):
    """A distribution of waiting times: exactly one of its kinds."""

    fixed: X | None = None
    exponential: X | None = None
    uniform: Annotated[list[X], BeforeValidator(_pair)] | None = None
    lognormal: LognormalSpec | None = None


Delay = Annotated[
    Annotated[Any, PlainValidator(_delay), Tag("scalar")]
    | Annotated[RateSpec, Tag("rate")]
    | Annotated[DistSpec, Tag("distribution")],
    Discriminator(_kind_of_value),
]
Lines = Annotated[dict[NewName, X], BeforeValidator(_mapping)]


class EffectsSpec(Spec):
    """What happens to the person, the books and the world when something occurs."""

    earn: Lines | None = None
    spend: Lines | None = None
    refer: Names | None = None
    set: Annotated[dict[Name, Annotated[str, BeforeValidator(_level)]], BeforeValidator(_mapping)] | None = None


class OutcomeSpec(EffectsSpec):
    """One way an event can end."""

    chance: X | None = None
    to: Name | None = None


Outcome = Annotated[
    Annotated[Scalar, Tag("scalar")] | Annotated[RateSpec, Tag("rate")] | Annotated[OutcomeSpec, Tag("outcome")],
    Discriminator(_kind_of_outcome),
]
Outcomes = Annotated[dict[Name, Outcome], BeforeValidator(_mapping)]
Goal = Annotated[Annotated[Name, Tag("one")] | Annotated[Outcomes, Tag("many")], Discriminator(_kind_of_goal)]


class EventSpec(EffectsSpec):
    """Something that can happen to a person in a stage."""

    after: Delay | None = None
    every: Delay | None = None
    to: Goal | None = None
    outcomes: Outcomes | None = None


#: Keys that make a stage an inline event.
INLINE = ("after", "every", "to", "outcomes", "refer", "set", *sorted(_later("clock")), "add")


class StageSpec(Spec):
    """Where a person can be."""

    role: Role
    phase: Name | None = None
    on_entry: EffectsSpec | None = None
    earn: Lines | None = None
    spend: Lines | None = None
    events: Annotated[dict[NewName, EventSpec], BeforeValidator(_mapping)] | None = None


def long_form(name: str, raw: Any) -> Any:
    """Return a raw stage in the long form, with an inline event put under ``events``."""
    if isinstance(raw, str):
        return {"role": raw}
    if isinstance(raw, dict) and "events" not in raw and any(key in raw for key in INLINE):
        outer = {key: raw[key] for key in ("role", "phase", "on_entry") if key in raw}
        return outer | {"events": {name: {key: value for key, value in raw.items() if key not in outer}}}
    return raw


class ChannelSpec(Spec):
    """Where people come from."""

    enters: Name
    rate: X | None = None
    batch: X | None = None
    present: X | None = None
    spend: X | None = None
    cost_per_arrival: X | None = None
    cost_per_batch: X | None = None
    at_most: X | None = None


def _attribute(value: Any) -> Any:
    if isinstance(value, str) or (isinstance(value, dict) and ("counts" in value or "mean_of" in value)):
        what = value if isinstance(value, str) else next(k for k in ("counts", "mean_of") if k in value)
        raise _fail(
            f"'{what}' attributes belong to the language, but this version does not run them yet",
            "use named levels, such as [basic, premium]",
            what,
        )
    if isinstance(value, list):
        return {"levels": value}
    return {"drawn": _mapping(value)}


class AttributeSpec(Spec):
    """What distinguishes people: levels, the first at the start or one drawn on arrival."""

    levels: list[NewName] | None = None
    drawn: dict[NewName, X] | None = None


Attribute = Annotated[AttributeSpec, BeforeValidator(_attribute)]


class StrategySpec(Spec):
    """What a strategy says beside the parts of the file it overlays."""

    without: Annotated[list[Text], BeforeValidator(_names)] | None = None
    spend: Annotated[dict[Text, Annotated[str, BeforeValidator(_budget)]], BeforeValidator(_mapping)] | None = None
    extends: Name | None = None


class FileSpec(Spec):
    """The settings of a file that stand alone; its sections are read part by part."""

    name: Text
    horizon: Figure
    start: Text | None = None
    currency: Text | None = None
    discount: Figure | None = None
    seed: Figure | None = None
    follow: Figure | None = None
    reference: Name | None = None
    report_by: Names | None = None


#: Sections of a file, with the model of one item.
SECTIONS: dict[str, Any] = {
    "rates": X,
    "attributes": Attribute,
    "channels": ChannelSpec,
    "journey": StageSpec,
    "strategies": None,
}

for _model in (RateSpec, SpreadSpec, LognormalSpec, DistSpec, OutcomeSpec, EventSpec, StageSpec, ChannelSpec):
    _model.model_rebuild()

#: Settings that stand alone at the top of a file.
SETTINGS: tuple[str, ...] = tuple(FileSpec.model_fields)
