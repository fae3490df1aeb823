"""From a rate as written to a table in the unit it is stated in: levels, factors, family moves."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from flywheel_sim.errors import Problem, nearest
from flywheel_sim.scenario.journey import Kind
from flywheel_sim.scenario.schema import RateSpec, Ref, SpreadSpec
from flywheel_sim.scenario.tree import MOVED, Path_, Tree
from flywheel_sim.scenario.units import Quantity, UnitError, unit_ms

#: What to write where a figure of each kind belongs.
EXAMPLES: dict[str, str] = {
    "chance": "35 %, 20 of 30, or 95 % per month on a monthly event",
    "rate": "0.12 per month",
    "duration": "14 days",
    "money": "49, or 49 per month",
    "number": "a plain number, such as 0.8 or 1000",
}

#: What each kind is called in a message.
NOUNS: dict[str, str] = {
    "chance": "a chance",
    "rate": "a rate",
    "duration": "a duration",
    "money": "an amount of money",
    "number": "a plain number",
}

#: Attributes that the language has built in; of these only the channel runs in this version.
BUILT_IN: tuple[str, ...] = ("channel", "generation", "referrer", "calendar", "month", "stage")

#: The period of a clock whose own problem is noted already.
UNKNOWN = -1.0

#: Bounds that keep a file from filling the memory, the books or the stack.
MOST_CELLS, MOST_MONEY, DEEPEST_CHAIN = 100_000, 1e8, 50


class Unusable(Exception):
    """Raised once a problem is noted, where nothing sensible can be returned."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A rate in the unit it is written in.

    ``unit`` is a quantity whose number is the reference; ``places`` holds, for each cell, the path of
    the figure that decides it.
    """

    name: str
    path: Path_
    unit: Quantity
    over: tuple[str, ...]
    cells: tuple[float, ...]
    places: tuple[Path_, ...]
    spread: SpreadSpec | Quantity | None = None

    @property
    def sd(self) -> float:
        """Return the SD that a chance's spread states, in the stated unit."""
        if isinstance(self.spread, Quantity):
            return self.spread.number
        assert self.spread is not None
        assert self.spread.alpha
        assert self.spread.beta
        a, b = self.spread.alpha.number, self.spread.beta.number
        return float((a * b / ((a + b) ** 2 * (a + b + 1))) ** 0.5)


class StatedReader:
    """Reads the rates of one file; every problem it meets is added to ``problems``."""

    def __init__(
        self,
        tree: Tree,
        problems: list[Problem],
        specs: Mapping[str, object],
        attributes: Mapping[str, tuple[str, ...]],
        known_names: set[str],
        minor_digits: int,
    ) -> None:
        self.tree, self.problems = tree, problems
        self.specs, self.attributes = specs, attributes
        self.known_names, self.minor_digits = known_names, minor_digits
        self.used: set[str] = set()
        self.reading: list[str] = []
        self.known: dict[tuple[str, Kind], Stated] = {}

    def note(self, path: Path_, value: object, rule: str, remedy: str, key: str = "") -> Unusable:
        """Add a problem and return what to raise where nothing can be returned."""
        self.problems.append(self.tree.problem(path, value, rule, remedy, key))
        return Unusable()

    # -- as stated ------------------------------------------------------------------------------

    def stated(self, x: object, path: Path_, kind: Kind) -> Stated:
        """Return a value as stated.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        if isinstance(x, Quantity):
            return Stated(".".join(path), path, x, (), (x.number,), (path,))
        if isinstance(x, Ref):
            return self._named(x.name, path, kind)
        assert isinstance(x, RateSpec)
        return self._table(x, ".".join(path), path, kind)

    def _named(self, name: str, path: Path_, kind: Kind) -> Stated:
        if name not in self.specs:
            if name in self.known_names:
                raise Unusable  # defined, but its own problems are noted there
            raise self.note(
                path, name, f"neither {NOUNS[kind]} nor a name under 'rates'",
                f"write {EXAMPLES[kind]}, or name a rate: {nearest(name, self.known_names)}",
            )  # fmt: skip
        if (name, kind) in self.known:
            self.used.add(name)
            return self.known[name, kind]
        if name in self.reading:
            loop = " -> ".join([*self.reading, name])
            raise self.note(path, name, f"the rate is defined by itself ({loop})", "give one of them a figure")
        if len(self.reading) > DEEPEST_CHAIN:
            raise self.note(path, name, f"more than {DEEPEST_CHAIN} rates name one another in a chain",
                            "give one of them a figure")  # fmt: skip
        self.used.add(name)
        self.reading.append(name)
        try:
            found = self.stated(self.specs[name], ("rates", name), kind)
        finally:
            self.reading.pop()
        alias = isinstance(self.specs[name], Ref)  # another name for the same rate: one rank, one luck
        self.known[name, kind] = found if alias else replace(found, name=name)
        return self.known[name, kind]

    def _table(self, spec: RateSpec, name: str, path: Path_, kind: Kind) -> Stated:
        reference = self._reference(spec, path, kind)
        levels: dict[str, Stated] = {}
        by = None
        for word in ("by", "times"):
            if (given := getattr(spec, word)) is not None and not (given and all(given.values())):
                remedy = f"write {word}: {{attribute: {{level: ...}}}}"
                raise self.note(path, None, f"'{word}' has no levels", remedy, word)
        if spec.by:
            if len(spec.by) > 1:
                raise self.note(path, None, "'by' takes one attribute", "nest one 'by' in the other", "by")
            by, table = next(iter(spec.by.items()))
            self._check_levels(by, table, (*path, "by"))
            for level, x in table.items():
                levels[level] = self.stated(x, (*path, "by", by, level), kind)
            missing = [level for level in self.attributes[by] if level not in levels]
            if reference is None and missing:
                raise self.note(
                    path, None, f"without a 'value' every level of '{by}' must be given",
                    f"add {', '.join(missing)}, or a value", "by",
                )  # fmt: skip
        for attribute, factors in (spec.times or {}).items():
            self._check_levels(attribute, factors, (*path, "times"))
            for level, factor in factors.items():
                if factor.form != "number" or factor.per_ms or factor.per_what or factor.number < 0:
                    raise self.note((*path, "times", attribute, level), factor.text,
                                    "a factor is a plain number, not negative", "write 1.2")  # fmt: skip
        parts = [*([reference] if reference else []), *levels.values()]
        if not parts:
            raise self.note(path, None, "the rate has no figure", f"write value: {EXAMPLES[kind]}")
        unit = self._unit(parts, kind)
        used = {by, *(spec.times or {}), *(a for part in parts for a in part.over)} - {None}
        over = tuple(attribute for attribute in self.attributes if attribute in used)
        if math.prod(len(self.attributes[a]) for a in over) > MOST_CELLS:
            raise self.note(path, None, f"its table has more than {MOST_CELLS} cells", "use fewer attributes or levels")
        cells, places = [], []
        for combination in itertools.product(*(self.attributes[a] for a in over)):
            person = dict(zip(over, combination, strict=True))
            part = levels.get(person[by], reference) if by else reference
            assert part is not None
            index = self._index(part.over, person)
            cell, place = part.cells[index], part.places[index]
            for attribute, factors in (spec.times or {}).items():
                if person[attribute] in factors:
                    cell *= factors[person[attribute]].number
                    place = (*path, "times", attribute, person[attribute])
            cells.append(cell)
            places.append(place)
        for part in parts:
            if part.spread is not None and part.name != name:
                raise self.note(part.path if part is reference else (*path, "by"), None,
                                f"the spread of '{part.name}' would be lost inside another rate",
                                "state the spread in the outer rate, and name one without")  # fmt: skip
        stated = Stated(name, path, unit, over, tuple(cells), tuple(places), spec.spread)
        return self._moved(stated, spec, reference, kind)

    def _reference(self, spec: RateSpec, path: Path_, kind: Kind) -> Stated | None:
        if spec.value is not None:
            return self.stated(spec.value, (*path, "value"), kind)
        if isinstance(spec.spread, SpreadSpec) and spec.spread.alpha and spec.spread.beta:
            self._parameters(spec.spread, ("alpha", "beta"), path)
            a, b = spec.spread.alpha.number, spec.spread.beta.number
            mean = Quantity(a / (a + b), "percent", text=f"{100 * a / (a + b):.4g} %")
            return Stated(".".join(path), path, mean, (), (mean.number,), ((*path, "spread"),))
        return None

    def _check_levels(self, attribute: str, table: Mapping[str, object], path: Path_) -> None:
        if attribute not in self.attributes and attribute in (self.tree.root.get("attributes") or ()):
            raise Unusable  # defined, but its own problems are noted there
        if attribute not in self.attributes and attribute in BUILT_IN:
            raise self.note(path, None, f"the attribute '{attribute}' belongs to the language, but this version "
                            "does not run it yet", "leave it out for now", attribute)  # fmt: skip
        if attribute not in self.attributes:
            raise self.note(path, None, f"'{attribute}' is no attribute",
                            nearest(attribute, self.attributes), attribute)  # fmt: skip
        unknown = [level for level in table if level not in self.attributes[attribute]]
        for level in unknown:
            self.note((*path, attribute), None, f"'{level}' is no level of '{attribute}'",
                      nearest(level, self.attributes[attribute]), level)  # fmt: skip
        if unknown:
            raise Unusable

    def _unit(self, parts: list[Stated], kind: Kind) -> Quantity:
        """Return the unit all parts share; a bare figure takes that of the first part with a period."""
        unit = next((p.unit for p in parts if p.unit.per_ms), parts[0].unit)
        for part in parts:
            other = part.unit
            bare = other.per_ms is None and other.form == unit.form
            zero = other.form == "number" and not any(part.cells)
            never = {other.form, unit.form} == {"never", "duration"}
            same = other.form == unit.form and other.per_ms == unit.per_ms
            agrees = same and other.reading in (None, unit.reading)
            if not (bare or zero or never or agrees) or (other.per_what != unit.per_what and not bare):
                for odd in parts:
                    self._check_unit(odd, odd.places[0], kind, odd.unit.text, "")
                raise self.note(part.path, other.text, f"its unit differs from '{unit.text}' in the same rate",
                                "state all levels of a rate in one unit")  # fmt: skip
        return replace(unit, form="duration") if unit.form == "never" and len(parts) > 1 else unit

    def _moved(self, stated: Stated, spec: RateSpec, reference: Stated | None, kind: Kind) -> Stated:
        if spec.moved is None:
            return stated
        path = (*stated.path, MOVED)
        new = spec.moved
        if reference is None or len(set(reference.cells)) != 1:
            raise self.note(path, new.text, f"'{stated.name}' has no single reference value to move",
                            "give it a 'value', or set each level")  # fmt: skip
        old = reference.cells[0]
        if kind == "chance" and new.form == "percent" and not 0 <= new.number <= 1:
            raise self.note(path, new.text, "a chance lies between 0 % and 100 %", "write 35 %")
        target = self._in_unit(new, stated.unit, path)
        if kind == "chance":
            if not 0 < old < 1 and len(set(stated.cells)) > 1:
                raise self.note(path, new.text, "a family at 0 % or 100 % has no odds to move",
                                "set each level")  # fmt: skip
            if target == 1 or not 0 < old < 1:
                cells = [target for _ in stated.cells]
            else:
                odds = target * (1 - old) / ((1 - target) * old)
                cells = [target if c == old else odds * c / (1 - c + odds * c) for c in stated.cells]
        else:
            if old == 0 and len(set(stated.cells)) > 1:
                raise self.note(path, new.text, "a family at 0 has no factor to move by", "set each level")
            cells = [target if c == old else c * (target / old) for c in stated.cells]
        places = tuple(path for _ in cells)
        unit = replace(stated.unit, number=target, text=new.text)
        return replace(stated, cells=tuple(cells), places=places, unit=unit)

    def _in_unit(self, new: Quantity, unit: Quantity, path: Path_) -> float:
        """Return a new bare value's figure in the unit of the rate it moves."""
        if new.form == unit.form and new.per_what == unit.per_what:
            if new.per_ms in (None, unit.per_ms):
                return new.number
            if new.form == "number" and unit.per_ms and new.per_ms:
                return new.number * unit.per_ms / new.per_ms
            if new.form == "percent" and unit.per_ms and new.per_ms and (reading := new.reading or unit.reading):
                power = unit.per_ms / new.per_ms
                return float(new.number**power if reading == "kept" else 1 - (1 - new.number) ** power)
        raise self.note(path, new.text, f"its unit differs from that of the value it replaces, '{unit.text}'",
                        "state it in the same unit")  # fmt: skip

    def _check_unit(self, stated: Stated, path: Path_, kind: Kind, shown: str, named: str) -> None:
        unit = stated.unit
        zero = unit.form == "number" and not any(stated.cells) and unit.per_ms is None
        if unit.per_what is not None:
            near = None
            try:
                unit_ms(unit.per_what)
            except UnitError as error:
                near = error.remedy if "did you mean" in error.remedy else None
            raise self.note(stated.places[0], None, f"'per {unit.per_what}' does not belong here",
                            near or f"write {EXAMPLES[kind]}")  # fmt: skip
        fits = {
            "chance": unit.form == "percent" or zero,
            "rate": unit.form == "number" and unit.per_ms is not None,
            "duration": unit.form in ("duration", "never"),
            "money": unit.form == "number",
            "number": unit.form == "number" and unit.per_ms is None,
        }[kind]
        if not fits:
            clock = path[-1] in ("after", "every", "exponential")
            noun = "a duration or a rate" if clock else NOUNS[kind]
            hint = f"write {EXAMPLES[kind]}"
            if kind == "chance" and unit.form == "number" and 0 < unit.number <= 1 and unit.per_ms is None:
                hint = f"write {100 * unit.number:g} %"
            elif kind == "rate" and unit.form == "percent":
                hint = "a chance is not a clock: write a rate such as 0.05 per month"
            elif kind == "rate" and unit.form == "number":
                hint = f"say how often: {unit.text} per month" + (", or how long: 14 days" if clock else "")
            raise self.note(path, shown, f"{noun} belongs here, not '{unit.text}'{named}", hint)

    def _parameters(self, spread: SpreadSpec, names: tuple[str, ...], path: Path_) -> None:
        """Refuse parameters of a spread that are no positive plain numbers."""
        for name in names:
            given = getattr(spread, name)
            if given.form != "number" or given.per_ms or given.per_what or given.number <= 0:
                raise self.note((*path, "spread", name), given.text, f"'{name}' is a positive plain number",
                                f"write {name}: 2")  # fmt: skip

    def _index(self, over: tuple[str, ...], person: Mapping[str, str]) -> int:
        index = 0
        for attribute in over:
            levels = self.attributes[attribute]
            index = index * len(levels) + levels.index(person[attribute])
        return index
