"""What every reader of a part of a file needs to know of the rest of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flywheel_sim.errors import nearest
from flywheel_sim.journey.dates import offset
from flywheel_sim.journey.events import Amount
from flywheel_sim.journey.figures import Rate
from flywheel_sim.journey.units import NEVER
from flywheel_sim.scenario.resolve.axes import Trait
from flywheel_sim.scenario.resolve.rates import RateReader
from flywheel_sim.scenario.source.notes import Notes, Unusable
from flywheel_sim.scenario.source.schema import (
    AttributeSpec,
    ChannelSpec,
    LeverSpec,
    ResourceSpec,
    StageSpec,
    WhileSpec,
)
from flywheel_sim.scenario.source.strategy import Choices
from flywheel_sim.scenario.source.tree import Path_


class Context(Notes):
    """The parts of one file as read, before they are resolved."""

    choices: Choices
    rates: RateReader
    start: dt.date | None
    dated: bool
    digits: int
    traits: dict[str, Trait]
    stage_specs: dict[str, StageSpec]
    set_specs: dict[str, WhileSpec]
    channel_specs: dict[str, ChannelSpec]
    attribute_specs: dict[str, AttributeSpec]
    lever_specs: dict[str, LeverSpec]
    resource_specs: dict[str, ResourceSpec]
    known_stages: set[str]
    known_channels: set[str]
    known_attributes: set[str]
    known_resources: set[str]
    asked: dict[str, set[str]]
    samples: dict[tuple[str, ...], tuple[float, ...]]
    per_event: dict[str, list[Amount]]
    money_seen: bool

    def own_trait(self, attribute: str, path: Path_, verb: str) -> Trait:
        """Return one of the file's own attributes.

        Raises
        ------
        Unusable
            After noting that there is none of that name; in silence where its own problems are noted.
        """
        if attribute in self.traits and attribute not in self.attribute_specs:
            raise self.note(path, None, f"'{attribute}' is built in and cannot be {verb}",
                            f"{'set' if verb == 'set' else 'use'} an attribute of your own", attribute)  # fmt: skip
        if attribute not in self.known_attributes:
            raise self.note(path, None, f"'{attribute}' is no attribute", nearest(attribute, self.known_attributes),
                            attribute)  # fmt: skip
        if attribute not in self.traits:
            raise Unusable
        if self.traits[attribute].kind == "shared":
            raise self.note(path, None, f"'{attribute}' is shared by all and cannot be {verb}",
                            "use an attribute of each person's own", attribute)  # fmt: skip
        return self.traits[attribute]

    def constant(self, x: object, path: Path_, kind: Any, rule: str, remedy: str) -> tuple[float, float | None]:
        """Return a figure that is the same for everybody, with the period it is stated for.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        rate, per_ms = self.rates.use(x, path, kind)
        if not rate.constant:
            raise self.note(path, None, rule, remedy)
        return rate.cells[0], per_ms

    def instant(self, x: object, path: Path_) -> int:
        """Return a time since the start of the run, from a duration or a date.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        if isinstance(x, dt.date):
            if self.start is None and self.dated:
                raise Unusable  # the start's own problem is noted there
            if self.start is None:
                raise self.note(path, None, "a date needs the date the run starts at", "add start: 2027-01-01")
            if (ms := offset(x, self.start)) < 0:
                raise self.note(path, None, f"the run starts on {self.start}, after this date", "write a later date")
            return ms
        rule = "a time on the calendar is the same for everybody"
        value, _ = self.constant(x, path, "duration", rule, "write 6 months, or a date")
        if value >= NEVER:
            raise self.note(path, None, "'never' is no time on the calendar", "write 6 months, or a date")
        return int(value)


def figure(name: str, kind: Any, value: float) -> Rate:
    """Return a rate that is the same for everybody."""
    return Rate(name, kind, (), (value,))
