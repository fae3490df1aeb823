"""From a rate as written to a table in canonical units, for the place where it is used.

A rate is first read in the unit it is stated in (its levels, factors and family move belong there);
each place of use then converts it, and refuses units that do not belong there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from flywheel_sim.errors import Problem, nearest
from flywheel_sim.scenario.journey import Kind, Rate, Spread
from flywheel_sim.scenario.schema import RateSpec, Ref, SpreadSpec
from flywheel_sim.scenario.tree import MOVED, Path_, Tree
from flywheel_sim.scenario.units import NEVER, UNITS, Quantity, UnitError, format_duration, unit_ms

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
MOST_CELLS, MOST_MONEY, DEEPEST_CHAIN = 100_000, 1e12, 50


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


class RateReader:
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
        self.known[name, kind] = replace(found, name=name)
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

    # -- in use ---------------------------------------------------------------------------------

    def use(
        self, x: object, path: Path_, kind: Kind, clock_ms: float | None = None, stays: bool | None = None
    ) -> tuple[Rate, float | None]:
        """Return a value as a rate of a kind in canonical units, with the period it is stated for.

        Parameters
        ----------
        x, path
            The value as written, and where.
        kind
            What belongs in that place.
        clock_ms
            For chances: the fixed period of the event's clock, or None; UNKNOWN where it is wrong.
        stays
            For chances: whether the outcome keeps the person in the role.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        stated = self.stated(x, path, kind)
        named = f" (rate '{stated.name}')" if isinstance(x, Ref) else ""
        shown = x.name if isinstance(x, Ref) else stated.unit.text
        self._check_unit(stated, path, kind, shown, named)
        self._check_cells(stated, kind)
        if kind == "chance":
            return self._chance(stated, path, clock_ms, stays, shown, named), stated.unit.per_ms
        if kind == "rate":
            assert stated.unit.per_ms
            cells = tuple(cell / stated.unit.per_ms for cell in stated.cells)
        elif kind == "money":
            cells = tuple(float(Decimal(repr(c)).scaleb(self.minor_digits)) for c in stated.cells)
        elif kind == "duration":
            cells = tuple(float(min(round(cell), NEVER)) for cell in stated.cells)
        else:
            cells = stated.cells
        spread = self._gamma(stated, cells, kind)
        return Rate(stated.name, kind, stated.over, cells, spread), stated.unit.per_ms

    def read_alone(self, x: object, path: Path_, kind: Kind) -> None:
        """Read a rate that nothing uses, for its own mistakes.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        stated = self.stated(x, path, kind)
        self._check_unit(stated, path, kind, stated.unit.text, "")
        if kind in ("chance", "duration"):
            self._check_cells(stated, kind)

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

    def _check_cells(self, stated: Stated, kind: Kind) -> None:
        for index, cell in enumerate(stated.cells):
            remedy = "mend the figure or its factors"
            if kind == "chance" and not 0 <= cell <= 1:
                rule = "a chance lies between 0 % and 100 %"
            elif not cell >= 0:
                rule = f"{NOUNS[kind]} is not negative"
                remedy = "use 'spend' for money that goes out" if kind == "money" else remedy
            elif kind == "money" and cell > MOST_MONEY:
                rule = f"{NOUNS[kind]} is at most {MOST_MONEY:.0e}"
            elif kind == "rate" and stated.unit.per_ms and cell > stated.unit.per_ms:
                rule = "a rate is at most 1000 per second"
            else:
                continue
            got = f"{100 * cell:.4g} %" if kind == "chance" else f"{cell:g}"
            raise self.note(stated.places[index], None, f"{rule}, but {self._cell(stated, index)}is {got}", remedy)

    def _cell(self, stated: Stated, index: int) -> str:
        if not stated.over:
            return "it "
        levels = list(itertools.product(*(self.attributes[a] for a in stated.over)))[index]
        return "the cell " + ", ".join(f"{a} {v}" for a, v in zip(stated.over, levels, strict=True)) + " "

    def _chance(
        self, stated: Stated, path: Path_, clock_ms: float | None, stays: bool | None, shown: str, named: str
    ) -> Rate:
        unit = stated.unit
        power, lost = 1.0, unit.reading == "lost"
        if unit.per_ms is not None and clock_ms != UNKNOWN:
            per = _per(unit.per_ms)
            if clock_ms is None:
                raise self.note(path, shown, f"a chance {per} needs a clock with a fixed period{named}",
                                "give the event 'every: 1 month', or state the chance without a period")  # fmt: skip
            if stays is not None and unit.reading and (unit.reading == "kept") != stays:
                where = "staying" if unit.reading == "kept" else "leaving"
                raise self.note(path, shown, f"'{unit.reading}' belongs on a {where} outcome{named}",
                                f"say '{'lost' if unit.reading == 'kept' else 'kept'}', or move it")  # fmt: skip
            if clock_ms != unit.per_ms:
                if unit.reading is None:
                    raise self.note(
                        path, shown,
                        f"a chance {per} on an event every {format_duration(clock_ms)}: the periods differ{named}",
                        f"say '% kept {per}' (p^k) or '% lost {per}' (1-(1-p)^k), or match the periods",
                    )  # fmt: skip
                power = clock_ms / unit.per_ms
        spread = None
        if stated.spread is not None:
            spread = replace(self._beta(stated), power=power, lost=lost)
        cells = tuple(1 - (1 - p) ** power if lost else p**power for p in stated.cells)
        return Rate(stated.name, "chance", stated.over, stated.cells if power == 1 else cells, spread)

    def _beta(self, stated: Stated) -> Spread:
        spread = stated.spread
        path = (*stated.path, "spread")
        if isinstance(spread, Quantity) and spread.form != "points":
            rule = "the spread of a chance is in points"
            raise self.note(path, spread.text, rule, "write 4 points, or {alpha, beta}")
        if isinstance(spread, SpreadSpec):
            if spread.shape or not (spread.alpha and spread.beta):
                raise self.note(path, None, "the spread of a chance takes alpha and beta, both",
                                "write {alpha: 0.7, beta: 1.2}")  # fmt: skip
            self._parameters(spread, ("alpha", "beta"), stated.path)
        variance = stated.sd**2
        cells = []
        for index, mean in enumerate(stated.cells):
            total = mean * (1 - mean) / variance - 1 if variance > 0 else 0.0
            if total <= 0:
                raise self.note(
                    path, spread.text if isinstance(spread, Quantity) else None,
                    f"no beta distribution has this spread where {self._cell(stated, index)}is {100 * mean:.4g} %",
                    "make the spread smaller, or move that cell away from 0 % and 100 %",
                )  # fmt: skip
            cells.append((mean * total, (1 - mean) * total))
        return Spread("beta", tuple(cells))

    def _gamma(self, stated: Stated, cells: tuple[float, ...], kind: Kind) -> Spread | None:
        spread = stated.spread
        if spread is None:
            return None
        path = (*stated.path, "spread")
        if kind not in ("rate", "money"):
            raise self.note(path, None, f"{NOUNS[kind]} has no spread", "use a distribution, such as lognormal")
        if isinstance(spread, Quantity):
            if spread.form != "of_mean" or spread.number <= 0:
                raise self.note(path, spread.text, f"the spread of {NOUNS[kind]} is a positive share of its mean",
                                "write 40 % of mean, or {shape: 2}")  # fmt: skip
            shape = 1.0 / spread.number**2
        elif not spread.shape or spread.alpha or spread.beta:
            raise self.note(path, None, f"the spread of {NOUNS[kind]} takes a shape alone", "write {shape: 2}")
        else:
            self._parameters(spread, ("shape",), stated.path)
            shape = spread.shape.number
        return Spread("gamma", tuple((shape, cell) for cell in cells))

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


def _per(ms: float) -> str:
    for unit, length in UNITS.items():
        if ms == length:
            return f"per {unit}"
    return f"per {format_duration(ms)}"
