"""From a rate as written to a table in the unit it is stated in: levels, factors, family moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from flywheel_sim.errors import Problem, nearest
from flywheel_sim.journey.figures import Axis, Kind
from flywheel_sim.journey.journey import MONTHS
from flywheel_sim.journey.units import NEVER, Quantity, UnitError, unit_ms
from flywheel_sim.scenario.resolve.axes import MOST_CELLS, Traits, joint, places, size
from flywheel_sim.scenario.resolve.curves import CurveReader
from flywheel_sim.scenario.resolve.families import EXAMPLES, NOUNS, Stated
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.tree import Path_, Tree
from flywheel_sim.scenario.source.values import DrawSpec, RateSpec, Ref, SpreadSpec

#: The period of a clock whose own problem is noted already.
UNKNOWN = -1.0
#: The period of a clock that is followed by service, which takes its time.
SERVED = -2.0

#: How many rates may name one another in a chain.
DEEPEST_CHAIN = 50


class StatedReader(CurveReader):
    """Reads the rates of one file; every problem it meets is added to ``problems``."""

    def __init__(
        self,
        tree: Tree,
        problems: list[Problem],
        specs: Mapping[str, object],
        traits: Traits,
        known_names: set[str],
        minor_digits: int,
        dated: bool,
        settled: bool = False,
    ) -> None:
        self.tree, self.problems = tree, problems
        self.specs, self.traits = specs, traits
        self.known_names, self.minor_digits = known_names, minor_digits
        #: Whether the file says when the run starts; whether what is uncertain has been drawn already.
        self.dated, self.settled = dated, settled
        self.used: set[str] = set()
        self.reading: list[str] = []
        self.known: dict[tuple[str, Kind], Stated] = {}
        self.uncertain = {}
        self.units: dict[str, Quantity] = {}
        #: For each rate, by what each lever that is pulled multiplies it or its odds, given its kind.
        self.pulls: dict[str, list[Callable[[Kind], float]]] = {}

    # -- as stated ------------------------------------------------------------------------------

    def stated(self, x: object, path: Path_, kind: Kind) -> Stated:
        """Return a value as stated.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        if isinstance(x, Quantity):
            return Stated(".".join(path), path, x, (), (x.number,), (path,), reference=x.number)
        if isinstance(x, Ref):
            return self._named(x.name, path, kind)
        assert isinstance(x, RateSpec)
        return self._table(x, path, kind)

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
        spec = self.specs[name]
        alias = isinstance(spec, Ref)  # another name for the same rate: one rank, one luck
        found = found if alias else replace(found, name=name)
        if isinstance(spec, RateSpec) and spec.uncertain is not None and not self.settled:
            found = replace(found, doubts=frozenset({name}))
            self.uncertain[name] = replace(self.uncertain[".".join(found.path)], name=name)
            self.units[name] = found.unit
        for pull in self.pulls.get(name, ()):
            found = self.pulled(found, pull(kind), kind)
        self.known[name, kind] = found
        return found

    def _table(self, spec: RateSpec, path: Path_, kind: Kind) -> Stated:
        reference = self._reference(spec, path, kind)
        for word in ("by", "times"):
            if (given := getattr(spec, word)) is not None and not (given and all(given.values())):
                remedy = f"write {word}: {{attribute: {{level: ...}}}}"
                raise self.note(path, None, f"'{word}' has no levels", remedy, word)
        levels: dict[str, Stated] = {}
        by = ""
        if spec.by:
            if len(spec.by) > 1:
                raise self.note(path, None, "'by' takes one attribute", "nest one 'by' in the other", "by")
            by, table = next(iter(spec.by.items()))
            self.keys(by, table, (*path, "by"))
            levels = {key: self.stated(x, (*path, "by", by, key), kind) for key, x in table.items()}
        if reference is None and not levels:
            raise self.note(path, None, "the rate has no figure", f"write value: {EXAMPLES[kind]}")
        found = self.compose(path, kind, reference, by, levels)
        found = replace(self.scaled(found, spec.times or {}, path), spread=spec.spread)
        before = found
        if spec.moved is not None:
            found = self.moved(found, spec.moved, kind)
        if spec.uncertain is not None and not self.settled:
            if len(path) != 2 or path[0] != "rates":
                raise self.note(path, None, "what is uncertain is a rate with a name",
                                "put it under 'rates', and write its name here", "uncertain")  # fmt: skip
            self.uncertain[".".join(path)] = self.doubt(found, spec.uncertain, kind, before)
        return found

    def _reference(self, spec: RateSpec, path: Path_, kind: Kind) -> Stated | None:
        if spec.value is not None:
            return self.stated(spec.value, (*path, "value"), kind)
        for word in ("spread", "uncertain"):
            given = getattr(spec, word)
            if isinstance(given, SpreadSpec) and given.alpha and given.beta:
                inner = (*path, word)
                self.parameters(given, ("alpha", "beta"), inner)
                a, b = given.alpha.number, given.beta.number
                mean = Quantity(a / (a + b), "percent", text=f"{100 * a / (a + b):.4g} %")
                return Stated(".".join(path), path, mean, (), (mean.number,), (inner,), reference=mean.number)
        return None

    # -- tables ---------------------------------------------------------------------------------

    def compose(
        self, path: Path_, kind: Kind, reference: Stated | None, by: str, levels: Mapping[str, Stated]
    ) -> Stated:
        """Return the rate that has a part for each level of an attribute, and a reference for the others.

        Raises
        ------
        Unusable
            After noting that a level has no figure, that units differ, or that the table is too large.
        """
        parts = [*([reference] if reference else []), *levels.values()]
        for part in parts:
            if part.spread is not None:
                raise self.note(part.path if part is reference else (*path, "by"), None,
                                f"the spread of '{part.name}' would be lost inside another rate",
                                "state the spread in the outer rate, and name one without")  # fmt: skip
        over: list[Sequence[Axis]] = [part.over for part in parts]
        if by:
            table = self.keys(by, levels, (*path, "by"))
            over.append((self.traits[by].axis(table.values()),))
        axes = self.axes(over, path)
        chosen: list[str | None] = [None] * size(axes)
        if by:
            chosen = self._chosen(by, table, axes, reference is not None, path)
        at = {id(part): places(part.over, axes) for part in parts}
        cells, where = [], []
        for index, key in enumerate(chosen):
            held = reference if key is None else levels[key]
            assert held is not None
            cell = at[id(held)][index]
            cells.append(held.cells[cell])
            where.append(held.places[cell])
        doubts = frozenset(name for part in parts for name in part.doubts)
        at_one = reference.cells[0] if reference and len(set(reference.cells)) == 1 else None
        return Stated(".".join(path), path, self._unit(parts, kind), axes, tuple(cells), tuple(where),
                      reference=at_one, doubts=doubts)  # fmt: skip

    def _chosen(
        self, by: str, table: Mapping[str, int], axes: Sequence[Axis], has_reference: bool, path: Path_
    ) -> list[str | None]:
        """Return the key of a 'by' that applies in each cell, None where it is the reference."""
        trait = self.traits[by]
        axis = next((a for a in axes if a.attribute == by), trait.axis())
        keys = trait.keys(axis, table)
        if not has_reference and None in keys:
            if trait.kind == "levels":
                missing = ", ".join(trait.levels[i] for i, key in enumerate(keys) if key is None)
            else:
                missing = "0 days" if trait.kind == "time" else trait.shown(trait.low)
            raise self.note(path, None, f"without a 'value' every level of '{by}' must be given",
                            f"add {missing}, or a value", "by")  # fmt: skip
        return [keys[cell] for cell in places((axis,), axes)]

    def scaled(self, stated: Stated, times: Mapping[str, Mapping[str, Quantity]], path: Path_) -> Stated:
        """Return a rate multiplied by the factors of ``times``."""
        tables = {}
        for attribute, factors in times.items():
            tables[attribute] = self.keys(attribute, factors, (*path, "times"))
            for level, factor in factors.items():
                if factor.form != "number" or factor.per_ms or factor.per_what or factor.number < 0:
                    raise self.note((*path, "times", attribute, level), factor.text,
                                    "a factor is a plain number, not negative", "write 1.2")  # fmt: skip
        if not tables:
            return stated
        axes = self.axes([stated.over, *((self.traits[a].axis(t.values()),) for a, t in tables.items())], path)
        at = places(stated.over, axes)
        cells, where = [stated.cells[i] for i in at], [stated.places[i] for i in at]
        for attribute, table in tables.items():
            for index, key in enumerate(self._chosen(attribute, table, axes, True, path)):
                if key is not None:
                    endless = stated.unit.form in ("duration", "never") and cells[index] >= NEVER
                    cells[index] *= 1 if endless else times[attribute][key].number
                    where[index] = (*path, "times", attribute, key)
        return replace(stated, over=axes, cells=tuple(cells), places=tuple(where))

    def axes(self, overs: Sequence[Sequence[Axis]], path: Path_) -> tuple[Axis, ...]:
        """Return the axes on which tables meet, within the bound on cells."""
        found = joint(self.traits, overs)
        if size(found) > MOST_CELLS:
            raise self.note(path, None, f"its table has more than {MOST_CELLS} cells", "use fewer attributes or levels")
        return found

    def keys(self, attribute: str, table: Mapping[str, object], path: Path_) -> dict[str, int]:
        """Return what the levels of an attribute in a table stand for.

        Raises
        ------
        Unusable
            After noting that there is no such attribute, or no such level.
        """
        if attribute not in self.traits and attribute in (self.tree.root.get("attributes") or ()):
            raise Unusable  # defined, but its own problems are noted there
        if attribute not in self.traits:
            raise self.note(path, None, f"'{attribute}' is no attribute",
                            nearest(attribute, self.traits), attribute)  # fmt: skip
        trait, failed = self.traits[attribute], False
        if trait.levels == MONTHS and attribute == "month" and not self.dated:
            raise self.note(path, None, "named months need the date the run starts at",
                            "add start: 2027-01-01", attribute)  # fmt: skip
        found: dict[str, int] = {}
        for key in table:
            try:
                value = trait.value(key)
            except UnitError as error:
                rule = f"'{key}' is {error.rule}" if trait.kind == "levels" else error.rule
                self.note((*path, attribute), None, rule, error.remedy, key)
                failed = True
                continue
            if (same := next((k for k, v in found.items() if v == value), None)) is not None:
                self.note((*path, attribute), None, f"'{key}' and '{same}' are one level", "keep one of them", key)
                failed = True
            found[key] = value
        if failed:
            raise Unusable
        return found

    # -- draws ----------------------------------------------------------------------------------

    def drawn(self, spec: DrawSpec, path: Path_, level: str) -> Stated | None:
        """Return the chance of one level of a draw as stated, None where it takes the rest.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        if spec.levels is not None:
            if level not in spec.levels:
                return Stated("", path, Quantity(0, "percent", text="0 %"), (), (0.0,), (path,))
            held = spec.levels[level]
            return None if held == Ref("rest") else self.stated(held, (*path, level), "chance")
        assert spec.by is not None
        if len(spec.by) != 1 or not all(spec.by.values()):
            rule = "'by' takes one attribute" if len(spec.by) > 1 else "'by' has no levels"
            raise self.note(path, None, rule, "write by: {attribute: {level: {one: 30 %, other: rest}}}", "by")
        by, table = next(iter(spec.by.items()))
        self.keys(by, table, (*path, "by"))
        cells = {key: self.drawn(cell, (*path, "by", by, key), level) for key, cell in table.items()}
        reference = self.drawn(spec.value, (*path, "value"), level) if spec.value is not None else None
        given = {key: cell for key, cell in cells.items() if cell is not None}
        rests = len(cells) - len(given) + (spec.value is not None and reference is None)
        if rests == len(cells) + (spec.value is not None):
            return None
        if rests:
            raise Unusable  # cells differ in who takes the rest, which whoever reads the draw notes once
        return replace(self.compose(path, "chance", reference, by, given), name=".".join((*path, level)))

    # -- units ----------------------------------------------------------------------------------

    def _unit(self, parts: list[Stated], kind: Kind) -> Quantity:
        """Return the unit all parts share; a bare figure takes that of the first part with a period."""
        periods = [p.unit for p in parts if p.unit.per_ms]
        unit = next((p.unit for p in parts if p.unit.per_ms and any(p.cells)), (periods or [parts[0].unit])[0])
        for part in parts:
            other = part.unit
            bare = other.per_ms is None and other.form == unit.form
            zero = other.form == "number" and not any(part.cells)
            never = {other.form, unit.form} == {"never", "duration"}
            same = other.form == unit.form and other.per_ms == unit.per_ms
            agrees = same and other.reading in (None, unit.reading)
            if not (bare or zero or never or agrees) or (other.per_what != unit.per_what and not bare):
                for odd in parts:
                    self.check_unit(odd, odd.places[0], kind, odd.unit.text, "")
                raise self.note(part.path, other.text, f"its unit differs from '{unit.text}' in the same rate",
                                "state all levels of a rate in one unit")  # fmt: skip
        return replace(unit, form="duration") if unit.form == "never" and len(parts) > 1 else unit

    def check_unit(self, stated: Stated, path: Path_, kind: Kind, shown: str, named: str) -> None:
        """Refuse a rate whose unit does not belong where it is used."""
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
            clock = path[-1] in ("after", "every", "takes", "patience", "exponential") or path[-2:-1] == ("after",)
            noun = "a duration or a rate" if clock else NOUNS[kind]
            hint = f"write {EXAMPLES[kind]}"
            if kind == "chance" and unit.form == "number" and 0 < unit.number <= 1 and unit.per_ms is None:
                hint = f"write {100 * unit.number:g} %"
            elif kind == "rate" and unit.form == "percent":
                hint = "a chance is not a clock: write a rate such as 0.05 per month"
            elif kind == "rate" and unit.form == "number":
                hint = f"say how often: {unit.text} per month" + (", or how long: 14 days" if clock else "")
            raise self.note(path, shown, f"{noun} belongs here, not '{unit.text}'{named}", hint)
