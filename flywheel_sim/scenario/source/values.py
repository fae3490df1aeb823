"""What may stand where a value stands: figures, names, dates, rates with tables, distributions, draws.

These are strict pydantic models over raw texts. The tags of unions and the keys that only inline forms
leave out stand in round brackets, so that no name of a file is taken for one of them.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, PlainValidator, Tag
from pydantic_core import PydanticCustomError

from flywheel_sim.journey.units import LONGEST_TEXT, Quantity, UnitError, looks_like_quantity, parse

DISTRIBUTIONS: tuple[str, ...] = (
    "fixed", "exponential", "uniform", "triangular", "lognormal", "weibull", "gamma", "erlang", "empirical",
)  # fmt: skip
RESERVED: tuple[str, ...] = ("rest", "stay", "never")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")


@dataclass(frozen=True, slots=True)
class Ref:
    """A name standing where a value may stand."""

    name: str


def fail(rule: str, remedy: str, value: object = "") -> PydanticCustomError:
    """Return the error of a value that breaks a rule."""
    context = {"rule": rule, "remedy": remedy, "got": value if isinstance(value, str) else ""}
    return PydanticCustomError("journey", "{rule}", context)


def _scalar(value: Any) -> Quantity | Ref:
    if isinstance(value, (Quantity, Ref)):
        return value
    if not isinstance(value, str):
        raise fail("a single value belongs here", "write a number with its unit, or the name of a rate")
    if not looks_like_quantity(value):
        return Ref(value)
    try:
        return parse(value)
    except UnitError as error:
        raise fail(error.rule, error.remedy, value) from error


def quantity(value: Any) -> Quantity:
    """Return a figure with its unit, and refuse a name."""
    figure = _scalar(value)
    if isinstance(figure, Ref):
        raise fail("a figure belongs here, not a name", "write a number with its unit", figure.name)
    return figure


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise fail("a name belongs here", "write one plain word")
    if not value.replace("_", "a").replace("-", "a").isalnum() or not value[0].isalpha():
        plain = re.sub(r"^[^a-z]+|_+$", "", re.sub(r"[^\w-]+", "_", value), flags=re.IGNORECASE)
        rule = "a name is letters, digits and underscores, starting with a letter"
        raise fail(rule, f"write {plain or 'a_name'}", value)
    return value


def _new_name(value: Any) -> str:
    if value in RESERVED:
        raise fail(f"'{value}' is a reserved word", "choose another name", value)
    return _name(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise fail("a text belongs here", "write it in plain words")
    return value


def names(value: Any) -> Any:
    """Return a list of names, one name standing for a list of one."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        raise fail("a list of names belongs here", "write [one, other]")
    return value


def mapping(value: Any) -> Any:
    """Return a mapping as it is, and refuse anything else."""
    if not isinstance(value, dict):
        raise fail("a mapping belongs here", "write name: value", value)
    return value


def _instant(value: Any) -> Quantity | Ref | dt.date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            raise fail("no date of the calendar", "write 2027-01-31", value) from None
    if isinstance(value, dt.date):
        return value
    return _scalar(value)


def _ends(value: Any) -> Any:
    if len(value) != 2:
        raise fail("a range has two ends", "write [88 %, 94 %]")
    return value


def _several(value: Any) -> Any:
    if isinstance(value, list):
        if not value:
            raise fail("the list is empty", "write at least one time, such as 6 months")
        return value
    return [value]


Scalar = Annotated[Any, PlainValidator(_scalar)]
Figure = Annotated[Any, PlainValidator(quantity)]
Name = Annotated[str, BeforeValidator(_name)]
NewName = Annotated[str, BeforeValidator(_new_name)]
Text = Annotated[str, BeforeValidator(_text)]
Names = Annotated[list[Name], BeforeValidator(names)]
#: A time since the start of the run, as a duration or a date.
Instant = Annotated[Any, PlainValidator(_instant)]
Instants = Annotated[list[Instant], BeforeValidator(_several)]


class Spec(BaseModel):
    """A part of a file: strict, frozen, nothing beyond what is named."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _kind_of_value(value: Any) -> str:
    if isinstance(value, dict):
        return "(distribution)" if value.keys() & set(DISTRIBUTIONS) else "(rate)"
    if isinstance(value, BaseModel):
        return "(rate)" if isinstance(value, RateSpec) else "(distribution)"
    return "(scalar)"


class RateSpec(Spec):
    """A figure that depends on the person: a reference value, levels, factors, a spread, an uncertainty."""

    value: Scalar | None = None
    by: Annotated[dict[Name, Annotated[dict[str, RateValue], BeforeValidator(mapping)]],
                  BeforeValidator(mapping)] | None = None  # fmt: skip
    times: Factors | None = None
    spread: Spread | None = None
    per: Name | None = None
    uncertain: Uncertainty | None = None
    why: Text | None = None
    moved: Figure | None = Field(default=None, alias="(moved to)")  # tree.MOVED, which mypy wants spelt out


class SpreadSpec(Spec):
    """How people differ around a rate, or what is not known of it, by the parameters of a distribution."""

    alpha: Figure | None = None
    beta: Figure | None = None
    shape: Figure | None = None


Factors = Annotated[dict[Name, Annotated[dict[str, Figure], BeforeValidator(mapping)]], BeforeValidator(mapping)]
#: How people differ in one level, or in all.
OneSpread = Annotated[
    Annotated[SpreadSpec, Tag("(parameters)")] | Annotated[Figure, Tag("(figure)")],
    Discriminator(lambda v: "(parameters)" if isinstance(v, (dict, SpreadSpec)) else "(figure)"),
]


class SpreadTable(Spec):
    """How people differ around a rate in each level of an attribute, and in all others."""

    value: OneSpread | None = None
    by: Annotated[dict[Name, Annotated[dict[str, OneSpread], BeforeValidator(mapping)]], BeforeValidator(mapping)]


def _kind_of_spread(value: Any) -> str:
    if isinstance(value, SpreadTable) or (isinstance(value, dict) and {"by", "value"} & value.keys()):
        return "(spreads)"
    return "(parameters)" if isinstance(value, (dict, SpreadSpec)) else "(figure)"


Spread = Annotated[
    Annotated[SpreadTable, Tag("(spreads)")]
    | Annotated[SpreadSpec, Tag("(parameters)")]
    | Annotated[Figure, Tag("(figure)")],
    Discriminator(_kind_of_spread),
]
#: What is not known: as a spread, or between two ends.
Uncertainty = Annotated[
    Annotated[SpreadSpec, Tag("(parameters)")]
    | Annotated[list[Figure], BeforeValidator(_ends), Tag("(range)")]
    | Annotated[Figure, Tag("(figure)")],
    Discriminator(
        lambda v: (
            "(range)" if isinstance(v, list) else "(parameters)" if isinstance(v, (dict, SpreadSpec)) else "(figure)"
        )
    ),
]
RateValue = Annotated[
    Annotated[Scalar, Tag("(scalar)")] | Annotated[RateSpec, Tag("(rate)")],
    Discriminator(lambda v: "(rate)" if isinstance(v, (dict, RateSpec)) else "(scalar)"),
]


class LognormalSpec(Spec):
    """Median, and sigma of the logarithm."""

    median: RateValue
    sigma: RateValue


class WeibullSpec(Spec):
    """Scale (63 % lie below it) and shape."""

    scale: RateValue
    shape: RateValue


class GammaSpec(Spec):
    """Mean and shape."""

    mean: RateValue
    shape: RateValue


class EmpiricalSpec(Spec):
    """A column of a CSV file: each of its values is equally likely."""

    file: Text
    column: Text
    unit: Name | None = None


def _pair(value: Any) -> Any:
    if not isinstance(value, list) or len(value) != 2:
        raise fail("a range has two ends", "write [3 months, 9 months]")
    return value


def _triple(value: Any) -> Any:
    if not isinstance(value, list) or len(value) != 3:
        raise fail("a triangle has a lower end, a mode and an upper end", "write [3 months, 4 months, 9 months]")
    return value


class DistSpec(Spec):
    """A distribution of waiting times or amounts: exactly one of its kinds."""

    fixed: RateValue | None = None
    exponential: RateValue | None = None
    uniform: Annotated[list[RateValue], BeforeValidator(_pair)] | None = None
    triangular: Annotated[list[RateValue], BeforeValidator(_triple)] | None = None
    lognormal: LognormalSpec | None = None
    weibull: WeibullSpec | None = None
    gamma: GammaSpec | None = None
    erlang: GammaSpec | None = None
    empirical: EmpiricalSpec | None = None


Value = Annotated[
    Annotated[Scalar, Tag("(scalar)")]
    | Annotated[RateSpec, Tag("(rate)")]
    | Annotated[DistSpec, Tag("(distribution)")],
    Discriminator(_kind_of_value),
]

_SHARE = re.compile(r"(\S.*?)\s+of\s+([^\W\d][\w-]*)")


@dataclass(frozen=True, slots=True)
class ShareSpec:
    """A share, as a figure or the name of a rate, of what is earned on a line."""

    share: Quantity | Ref
    of: str
    text: str


def _share(value: Any) -> ShareSpec:
    if isinstance(value, ShareSpec):
        return value
    match = _SHARE.fullmatch(value)
    assert match is not None
    return ShareSpec(_scalar(match[1]), match[2], value)


def _kind_of_amount(value: Any) -> str:
    if isinstance(value, ShareSpec) or (isinstance(value, str) and _is_share(value)):
        return "(share)"
    return _kind_of_value(value)


def _is_share(text: str) -> bool:
    match = _SHARE.fullmatch(text) if len(text) <= LONGEST_TEXT else None
    return match is not None and match[2] != "mean"


#: An amount of money: a value, or a share of what is earned on a line.
AmountValue = Annotated[
    Annotated[Scalar, Tag("(scalar)")]
    | Annotated[RateSpec, Tag("(rate)")]
    | Annotated[DistSpec, Tag("(distribution)")]
    | Annotated[Any, PlainValidator(_share), Tag("(share)")],
    Discriminator(_kind_of_amount),
]


def yes_or_no(value: Any) -> Any:
    """Return what a yes or no says."""
    if isinstance(value, bool):
        return value
    if value in ("yes", "true", "no", "false"):
        return value in ("yes", "true")
    raise fail("yes or no belongs here", "write no", value)


def nested_draw(value: Any) -> bool:
    """Tell whether a mapping is a draw that depends on an attribute, rather than levels with their chances."""
    if not isinstance(value, dict) or not isinstance(value.get("by"), dict) or value.keys() - {"by", "value"}:
        return False
    return isinstance(value.get("value", {}), dict)


def _draw(value: Any) -> Any:
    if isinstance(value, DrawSpec):
        return value
    if nested_draw(value):
        return value
    return {"(levels)": mapping(value)}


class DrawSpec(Spec):
    """A level drawn: chances by level, or such tables by the levels of an attribute."""

    levels: dict[NewName, RateValue] | None = Field(default=None, alias="(levels)")
    by: dict[Name, Annotated[dict[str, Drawn], BeforeValidator(mapping)]] | None = None
    value: Drawn | None = None

    def names(self) -> tuple[str, ...]:
        """Return the levels in the order in which they first appear."""
        inner = [self.value] if self.value is not None else []
        inner += [cell for table in (self.by or {}).values() for cell in table.values()]
        return tuple(dict.fromkeys([*(self.levels or ()), *(name for cell in inner for name in cell.names())]))

    def rests(self) -> set[tuple[str, ...]]:
        """Return which levels take the rest, for each of the cells."""
        if self.levels is not None:
            return {tuple(name for name, x in self.levels.items() if x == Ref("rest"))}
        cells = [cell for table in (self.by or {}).values() for cell in table.values()]
        return {rest for cell in [*cells, *([self.value] if self.value else [])] for rest in cell.rests()}


Drawn = Annotated[DrawSpec, BeforeValidator(_draw)]

for _model in (RateSpec, SpreadSpec, SpreadTable, LognormalSpec, WeibullSpec, GammaSpec, DistSpec, DrawSpec):
    _model.model_rebuild()
