"""What every reader of a part of a file is given: the rest of the file, as far as it is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flywheel_sim.errors import Problem, nearest
from flywheel_sim.journey.dates import offset
from flywheel_sim.journey.events import Amount
from flywheel_sim.journey.figures import Rate
from flywheel_sim.journey.journey import Line, Shared
from flywheel_sim.journey.units import NEVER, Quantity
from flywheel_sim.scenario.rates.axes import Trait
from flywheel_sim.scenario.rates.canonical import RateReader
from flywheel_sim.scenario.source.money_specs import LineSpec
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
from flywheel_sim.scenario.source.tree import Path_, Tree


@dataclass(frozen=True, slots=True)
class FileSpecs:
    """The sections of a file as read, by name; what cannot be read is not among them."""

    lines: Mapping[str, LineSpec]
    rates: Mapping[str, object]
    attributes: Mapping[str, AttributeSpec]
    channels: Mapping[str, ChannelSpec]
    resources: Mapping[str, ResourceSpec]
    stages: Mapping[str, StageSpec]
    sets: Mapping[str, WhileSpec]
    levers: Mapping[str, LeverSpec]
    costs: Mapping[str, object]

    @classmethod
    def of(cls, sections: Mapping[str, Mapping[str, Any]]) -> FileSpecs:
        """Return the sections under the names they have here."""
        yaml_names = {"stages": "journey", "sets": "while"}
        return cls(**{name: sections[yaml_names.get(name, name)] for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class WrittenNames:
    """The names of a file's sections as written, whether or not what they name can be read."""

    rates: set[str]
    attributes: set[str]
    channels: set[str]
    resources: set[str]
    stages: set[str]

    @classmethod
    def of(cls, tree: Tree) -> WrittenNames:
        """Return the names that stand in a file."""

        def written(section: str) -> set[str]:
            items = tree.root.get(section)
            return set(items) if isinstance(items, dict) else set()

        return cls(*(written(section) for section in ("rates", "attributes", "channels", "resources", "journey")))


@dataclass(slots=True)
class Findings:
    """What some readers learn and later ones need.

    Attributes
    ----------
    staff_roles
        For each resource that an event names under ``staff``, the roles of the people it serves.
    per_event
        What levers spend each time an event happens, by its name.
    money
        Whether anything is earned or spent.
    lines
        What the file says of its lines, by name.
    warnings
        What the author of the file should know though it can run.
    unread
        Lines with an amount that cannot be read, which is noted where the amount stands.
    """

    staff_roles: dict[str, set[str]] = field(default_factory=dict)
    per_event: dict[str, list[Amount]] = field(default_factory=dict)
    money: bool = False
    lines: dict[str, Line] = field(default_factory=dict)
    warnings: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Context:
    """One file with a strategy laid over it, as read, before its parts are resolved.

    Attributes
    ----------
    notes
        Where problems go; holds the file as written.
    choices
        What the strategy leaves out, and what it spends on levers.
    specs, names
        The sections as read, and the names in them as written.
    shared
        Attributes that all share.
    traits
        Every attribute, built in or of the file's own, and the values it takes.
    rates
        Reads the rates.
    dated, start
        Whether the file says when the run starts; the date, where it is one.
    samples, plans
        The samples of empirical distributions, and the plans of channels, read so far.
    """

    notes: Notes
    choices: Choices
    specs: FileSpecs
    names: WrittenNames
    shared: tuple[Shared, ...]
    traits: dict[str, Trait]
    rates: RateReader
    dated: bool
    start: dt.date | None
    samples: dict[tuple[str, ...], tuple[float, ...]]
    plans: dict[tuple[str, ...], tuple[tuple[dt.date, float], ...]]
    findings: Findings = field(default_factory=Findings)

    def kind_of(self, name: str, otherwise: str) -> str:
        """Return the kind of spend that the file gives to a line, a lever, a cost or a resource, or ``otherwise``."""
        line = self.findings.lines.get(name)
        return (line.kind if line else "") or otherwise

    def warn(self, path: Path_, value: object, rule: str, remedy: str, key: str | None = None) -> None:
        """Warn of something in a file that can run, once."""
        warning = self.notes.tree.problem(path, value, rule, remedy, key)
        if warning not in self.findings.warnings:
            self.findings.warnings.append(warning)

    def own_trait(self, attribute: str, path: Path_, verb: str) -> Trait:
        """Return one of the file's own attributes.

        Raises
        ------
        Unusable
            After noting that there is none of that name; in silence where its own problems are noted.
        """
        note = self.notes.note
        if attribute in self.traits and attribute not in self.specs.attributes:
            raise note(path, None, f"'{attribute}' is built in and cannot be {verb}",
                       f"{'set' if verb == 'set' else 'use'} an attribute of your own", attribute)  # fmt: skip
        if attribute not in self.names.attributes:
            raise note(path, None, f"'{attribute}' is no attribute", nearest(attribute, self.names.attributes),
                       attribute)  # fmt: skip
        if attribute not in self.traits:
            raise Unusable
        if self.traits[attribute].kind == "shared":
            raise note(path, None, f"'{attribute}' is shared by all and cannot be {verb}",
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
            raise self.notes.note(path, None, rule, remedy)
        return rate.cells[0], per_ms

    def instant(self, x: object, path: Path_) -> int:
        """Return a time since the start of the run, from a duration or a date.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        note = self.notes.note
        if isinstance(x, dt.date):
            if self.start is None and self.dated:
                raise Unusable  # the start's own problem is noted there
            if self.start is None:
                raise note(path, None, "a date needs the date the run starts at", "add start: 2027-01-01")
            if (ms := offset(x, self.start)) < 0:
                raise note(path, None, f"the run starts on {self.start}, after this date", "write a later date")
            return ms
        rule = "a time on the calendar is the same for everybody"
        value, _ = self.constant(x, path, "duration", rule, "write 6 months, or a date")
        if value >= NEVER:
            raise note(path, None, "'never' is no time on the calendar", "write 6 months, or a date")
        return int(value)

    def instants(self, xs: Sequence[object], path: Path_, twice: str) -> tuple[int, ...]:
        """Return times since the start of the run, ascending, each of them once.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        listed = isinstance(self.notes.tree.at(path), list)
        instants = [self.instant(x, (*path, str(index)) if listed else path) for index, x in enumerate(xs)]
        first = {instant: index for index, instant in reversed([*enumerate(instants)])}
        for index, instant in enumerate(instants):
            if first[instant] != index:
                raise self.notes.note((*path, str(index)), None, "this date stands twice", twice)
        return tuple(sorted(instants))

    def whole(self, given: Quantity, path: Path_, what: str, ends: tuple[int, int], example: int) -> int | None:
        """Return a whole number between two ends, or None after noting that it is none."""
        plain = given.form == "number" and not given.per_ms and not given.per_what and not given.number % 1
        if not plain or not ends[0] <= given.number <= ends[1]:
            rule = f"{what} is a whole number from {ends[0]:g} to {ends[1]:g}"
            self.notes.note(path, given.text, rule, f"write {example}")
            return None
        return int(given.number)


def figure(name: str, kind: Any, value: float) -> Rate:
    """Return a rate that is the same for everybody."""
    return Rate(name, kind, (), (value,))
