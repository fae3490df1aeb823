"""Tables of rates: their levels and factors, put together on the axes they have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flywheel_sim.errors import nearest
from flywheel_sim.journey.figures import Axis, Kind
from flywheel_sim.journey.journey import MONTHS
from flywheel_sim.journey.units import NEVER, Quantity, UnitError
from flywheel_sim.scenario.rates.axes import MOST_CELLS, joint, label, places, size
from flywheel_sim.scenario.rates.families import Stated
from flywheel_sim.scenario.rates.rate_context import RateContext
from flywheel_sim.scenario.rates.spreads import check_cell
from flywheel_sim.scenario.rates.units import shared_unit
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.tree import Path_
from flywheel_sim.scenario.source.values import SpreadTable

#: Bound on the cells of all tables of a file together, those inside others each time, so that none fills the memory.
MOST_TOGETHER = 3_000_000


class TableReader:
    """Puts together rates that depend on attributes."""

    def __init__(self, context: RateContext) -> None:
        self.context, self.note, self.traits = context, context.notes.note, context.traits
        #: How many cells the tables had so far.
        self.cells = 0

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
            for word, lost in (("spread", bool(part.cell_spreads)), ("per", bool(part.per))):
                if lost:
                    raise self.note(part.path if part is reference else (*path, "by"), None,
                                    f"the {word} of '{part.name}' would be lost inside another rate",
                                    f"state the {word} in the outer rate, and name one without")  # fmt: skip
        over: list[Sequence[Axis]] = [part.over for part in parts]
        if by:
            table = self.keys(by, levels, (*path, "by"))
            over.append((self.traits[by].axis(table.values()),))
        tables = {id(part): part for part in parts if part.over}
        axes = self.axes(over, path, 1 + len(tables))
        chosen: list[str | None] = [None] * size(axes)
        if by:
            chosen = self._chosen(by, table, axes, reference is not None, path)
        indices = {one: places(part.over, axes) for one, part in tables.items()}
        cells, paths = [], []
        for index, key in enumerate(chosen):
            source = reference if key is None else levels[key]
            assert source is not None
            cell = indices[id(source)][index] if source.over else 0
            cells.append(source.cells[cell])
            paths.append(source.places[cell])
        uncertain_rates = frozenset(name for part in parts for name in part.uncertain_rates)
        at_one = reference.cells[0] if reference and len(set(reference.cells)) == 1 else None
        unit = shared_unit(self.context.notes, parts, kind)
        return Stated(
            ".".join(path),
            path,
            unit,
            axes,
            tuple(cells),
            tuple(paths),
            reference=at_one,
            uncertain_rates=uncertain_rates,
        )

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
        """Return a rate multiplied by the factors of ``times``.

        Raises
        ------
        Unusable
            After noting that there is no such attribute or level, or that a factor is none.
        """
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
        indices = places(stated.over, axes)
        cells, paths = [stated.cells[i] for i in indices], [stated.places[i] for i in indices]
        for attribute, table in tables.items():
            for index, key in enumerate(self._chosen(attribute, table, axes, True, path)):
                if key is not None:
                    endless = stated.unit.form in ("duration", "never") and cells[index] >= NEVER
                    cells[index] *= 1 if endless else times[attribute][key].number
                    paths[index] = (*path, "times", attribute, key)
        return replace(stated, over=axes, cells=tuple(cells), places=tuple(paths))

    def spreads(
        self, stated: Stated, table: SpreadTable, path: Path_
    ) -> Stated:  # fmt: skip
        """Return a rate around which people differ by the levels of an attribute.

        Raises
        ------
        Unusable
            After noting that there is no such attribute or level, or a level has no spread.
        """
        if len(table.by) != 1 or not all(table.by.values()):
            rule = "'by' takes one attribute" if len(table.by) > 1 else "'by' has no levels"
            raise self.note(
                path, None, rule, "write spread: {value: 60 % of mean, by: {plan: {big: 30 % of mean}}}", "by"
            )
        by, levels = next(iter(table.by.items()))
        values = self.keys(by, levels, (*path, "by"))
        axes = self.axes([stated.over, (self.traits[by].axis(values.values()),)], path)
        indices = places(stated.over, axes)
        chosen = self._chosen(by, values, axes, table.value is not None, path)
        spreads: tuple[Any, ...] = tuple(table.value if key is None else levels[key] for key in chosen)
        cells, paths = tuple(stated.cells[i] for i in indices), tuple(stated.places[i] for i in indices)
        for index, (key, spread) in enumerate(zip(chosen, spreads, strict=True)):
            place = (*path, "value") if key is None else (*path, "by", by, key)
            check_cell(
                self.context.notes,
                spread,
                cells[index],
                paths[index],
                place,
                f" where {label(self.traits, axes, index)}",
            )
        return replace(stated, over=axes, cells=cells, places=paths, spread=None, spreads=spreads)

    def axes(self, overs: Sequence[Sequence[Axis]], path: Path_, times: int = 1) -> tuple[Axis, ...]:
        """Return the axes on which so many tables meet, within the bounds on cells."""
        axes = joint(self.traits, overs)
        self.cells += size(axes) * times
        if size(axes) > MOST_CELLS:
            raise self.note(path, None, f"its table has more than {MOST_CELLS} cells", "use fewer attributes or levels")
        if self.cells > MOST_TOGETHER:
            raise self.note(path, None, f"the tables up to this one have more than {MOST_TOGETHER:,} cells together",
                            "use fewer attributes or levels, or name a table that stands twice")  # fmt: skip
        return axes

    def keys(self, attribute: str, table: Mapping[str, object], path: Path_) -> dict[str, int]:
        """Return what the levels of an attribute in a table stand for.

        Raises
        ------
        Unusable
            After noting that there is no such attribute, or no such level.
        """
        if attribute not in self.traits and attribute in (self.context.notes.tree.root.get("attributes") or ()):
            raise Unusable  # defined, but its own problems are noted there
        if attribute not in self.traits:
            raise self.note(path, None, f"'{attribute}' is no attribute",
                            nearest(attribute, self.traits), attribute)  # fmt: skip
        trait, failed = self.traits[attribute], False
        if trait.levels == MONTHS and attribute == "month" and not self.context.dated:
            raise self.note(path, None, "named months need the date the run starts at",
                            "add start: 2027-01-01", attribute)  # fmt: skip
        values: dict[str, int] = {}
        keys: dict[int, str] = {}
        for key in table:
            try:
                value = trait.value(key)
            except UnitError as error:
                rule = f"'{key}' is {error.rule}" if trait.kind == "levels" else error.rule
                self.note((*path, attribute), None, rule, error.remedy, key)
                failed = True
                continue
            if (same := keys.setdefault(value, key)) != key:
                self.note((*path, attribute), None, f"'{key}' and '{same}' are one level", "keep one of them", key)
                failed = True
            values[key] = value
        if failed:
            raise Unusable
        return values
