"""What may stand where a file speaks of money lines, of costs, and of plans over time."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag

from flywheel_sim.errors import nearest
from flywheel_sim.journey.journey import SPEND_KINDS
from flywheel_sim.scenario.source.values import (
    Instants,
    Names,
    RateSpec,
    RateValue,
    Scalar,
    Spec,
    Text,
    fail,
    yes_or_no,
)


class PlanSpec(Spec):
    """A plan in a CSV file: the first column holds dates, another what holds from then on, or how many come then."""

    file: Text
    column: Text
    unit: Text | None = None
    why: Text | None = None
    moved: Scalar | None = Field(default=None, alias="(moved to)")


def _kind_of_plan(value: Any) -> str:
    if isinstance(value, PlanSpec) or (isinstance(value, dict) and {"file", "column"} & value.keys()):
        return "(plan)"
    return "(rate)" if isinstance(value, (dict, RateSpec)) else "(scalar)"


#: A figure of a channel: one, or by calendar and month, or from a file.
Planned = Annotated[
    Annotated[Scalar, Tag("(scalar)")] | Annotated[RateSpec, Tag("(rate)")] | Annotated[PlanSpec, Tag("(plan)")],
    Discriminator(_kind_of_plan),
]


def one_of(known: tuple[str, ...], what: str) -> Any:
    """Return a check that accepts known words alone."""

    def check(value: Any) -> Any:
        if value not in known:
            raise fail(f"{what} is one of {', '.join(known)}", nearest(str(value), known), value)
        return value

    return check


class LineSpec(Spec):
    """What a money line is for; or a line that nothing books, because it is a share of others."""

    kind: Annotated[str, BeforeValidator(one_of(SPEND_KINDS, "the kind of a line"))] | None = None
    recurring: Annotated[bool, BeforeValidator(yes_or_no)] | None = None
    share: Scalar | None = None
    of: Names | None = None
    why: Text | None = None


class PaidSpec(Spec):
    """A sum that is paid on a date, or on several."""

    amount: RateValue
    on: Instants


def _kind_of_cost(value: Any) -> str:
    if isinstance(value, PaidSpec) or (isinstance(value, dict) and {"amount", "on"} & value.keys()):
        return "(paid)"
    return "(rate)" if isinstance(value, (dict, RateSpec)) else "(scalar)"


Cost = Annotated[
    Annotated[Scalar, Tag("(scalar)")] | Annotated[RateSpec, Tag("(rate)")] | Annotated[PaidSpec, Tag("(paid)")],
    Discriminator(_kind_of_cost),
]
