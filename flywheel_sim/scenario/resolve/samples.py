"""Samples of waits and of amounts: the columns of CSV files that empirical distributions name."""

from __future__ import annotations

from pathlib import Path

from flywheel_sim.journey.figures import Kind
from flywheel_sim.journey.units import LARGEST, MILLIONTHS, MOST_MONEY, TOO_FINE, UnitError, millionths, parse, unit_ms
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.source.files import cells_of, named_file
from flywheel_sim.scenario.source.tree import Path_
from flywheel_sim.scenario.source.values import EmpiricalSpec

#: The most values of a sample; a file with more is taken for the wrong one.
MOST_VALUES = 1_000_000


class SampleReader:
    """Reads samples, each once."""

    def __init__(self, context: Context) -> None:
        self.context, self.notes, self.note = context, context.notes, context.notes.note

    def read(self, spec: EmpiricalSpec, path: Path_, kind: Kind) -> tuple[float, ...]:
        """Return the values of a column of a CSV file, ascending, in canonical units.

        The file is relative to the journey file that names it.

        Raises
        ------
        Unusable
            After noting that the file or the column is not there, or a cell is no value.
        """
        file = named_file(self.notes, spec.file, path)
        key = (str(file), spec.column, spec.unit or "", kind)
        if key not in self.context.samples:
            self.context.samples[key] = self._read_sample(file, spec, path, kind)
        return self.context.samples[key]

    def _read_sample(self, file: Path, spec: EmpiricalSpec, path: Path_, kind: Kind) -> tuple[float, ...]:
        factor = 1.0
        if spec.unit is not None:
            if kind != "duration":
                raise self.note((*path, "unit"), None, "an amount is in the currency of the file", "remove the unit")
            try:
                factor = float(unit_ms(spec.unit))
            except UnitError as error:
                raise self.note((*path, "unit"), None, error.rule, error.remedy) from None
        values = []
        for line, _, text in cells_of(self.notes, file, spec.column, path, f"no column of that name in {spec.file}"):
            values.append(self._cell(text, spec, path, kind, factor, f"{line} of {spec.file}"))
            if len(values) > MOST_VALUES:
                raise self.note((*path, "file"), None, f"more than {MOST_VALUES} values", "draw a sample of it")
        if not values:
            raise self.note((*path, "column"), None, f"no values in this column of {spec.file}", "fill it")
        return tuple(sorted(values))

    def _cell(self, text: str, spec: EmpiricalSpec, path: Path_, kind: Kind, factor: float, where: str) -> float:
        """Return a cell of a sample in canonical units; what is wrong with one is said without telling it."""
        place, duration = (*path, "column"), kind == "duration"
        try:
            quantity = parse(text)
        except UnitError:
            quantity = None
        plain = quantity is not None and quantity.form == "number" and not quantity.per_ms and not quantity.per_what
        if quantity is None or not (plain or (duration and quantity.form == "duration")):
            rule = f"{where}: the cell is {'empty' if not text else 'no duration' if duration else 'no amount'}"
            raise self.note(place, None, rule, "write plain numbers" + (", and add unit: days" if duration else ""))
        if duration and plain and spec.unit is None and quantity.number:
            raise self.note(place, None, f"{where}: the cell has no unit", "add unit: days")
        if duration:
            value = quantity.number if quantity.form == "duration" else quantity.number * factor
        else:
            value = millionths(quantity.number)
        most = LARGEST * 1000 if duration else MOST_MONEY * MILLIONTHS
        if not duration and value % 1:
            raise self.note(place, None, f"{where}: {TOO_FINE}", "round it in the file")
        if not 0 <= value <= most:
            rule = f"{where}: the cell is {'negative' if value < 0 else 'too large'}"
            raise self.note(place, None, rule, "mend the file")
        return value
