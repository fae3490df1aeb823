"""Distributions of waits and of amounts: their parameters in canonical units, and samples from files."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flywheel_sim.errors import nearest
from flywheel_sim.journey.figures import Dist, Kind, Rate
from flywheel_sim.journey.units import LARGEST, NEVER, UnitError, parse, unit_ms
from flywheel_sim.scenario.resolve.axes import MOST_CELLS, joint, label, places, size
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.resolve.rates import MOST_MONEY, minor_units
from flywheel_sim.scenario.source.tree import Path_
from flywheel_sim.scenario.source.values import (
    DISTRIBUTIONS,
    DistSpec,
    EmpiricalSpec,
    GammaSpec,
    LognormalSpec,
    WeibullSpec,
)

#: Values of a sample beyond which a file is taken for the wrong one.
MOST_VALUES = 1_000_000

#: The parameters of each distribution with two of them: where it lies, then its shape.
_TWO = {"lognormal": ("median", "sigma"), "weibull": ("scale", "shape"), "gamma": ("mean", "shape"),
        "erlang": ("mean", "shape")}  # fmt: skip

_EXAMPLES = {
    ("exponential", "duration"): "write exponential: 7 days",
    ("exponential", "money"): "write exponential: 35",
    ("uniform", "duration"): "write uniform: [3 months, 9 months]",
    ("uniform", "money"): "write uniform: [10, 50]",
    ("triangular", "duration"): "write triangular: [3 months, 4 months, 9 months]",
    ("triangular", "money"): "write triangular: [10, 20, 50]",
    ("lognormal", "duration"): "write {median: 14 days, sigma: 0.8}",
    ("lognormal", "money"): "write {median: 30, sigma: 0.8}",
    ("weibull", "duration"): "write {scale: 14 days, shape: 1.5}",
    ("weibull", "money"): "write {scale: 30, shape: 1.5}",
    ("gamma", "duration"): "write {mean: 14 days, shape: 2}",
    ("gamma", "money"): "write {mean: 35, shape: 2}",
    ("erlang", "duration"): "write {mean: 14 days, shape: 3}",
    ("erlang", "money"): "write {mean: 35, shape: 3}",
}


class DistributionReader(Context):
    """Reads distributions."""

    def distribution(self, spec: DistSpec, path: Path_, kind: Kind) -> tuple[Dist, float | None]:
        """Return a distribution of durations or of money, with the period its amounts are stated for.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        given = [k for k in DISTRIBUTIONS if getattr(spec, k) is not None]
        what = "a wait" if kind == "duration" else "an amount"
        if len(given) != 1:
            raise self.note(path, None, f"{what} has one distribution, not {len(given)}", "keep one")
        word = given[0]
        inner = (*path, word)
        held: Any = getattr(spec, word)
        if word == "fixed":
            value, per_ms = self.rates.use(held, inner, kind)
            return Dist("fixed", (value,)), per_ms
        if word == "exponential":
            return self._exponential(held, inner, kind, what)
        if word in ("uniform", "triangular"):
            return self._between(word, held, inner, kind, what)
        if word == "empirical":
            return Dist("empirical", (), self.sample(held, inner, kind)), None
        return self._two(word, held, inner, kind)

    def _exponential(self, x: object, path: Path_, kind: Kind, what: str) -> tuple[Dist, float | None]:
        if kind == "duration" and self.rates.form_of(x) not in ("duration", "never"):
            return Dist("memoryless", (self.rates.use(x, path, "rate")[0],)), None
        mean, per_ms = self.rates.use(x, path, kind)
        if min(mean.cells) <= 0:
            raise self.note(path, None, f"the mean of {what} is positive", _EXAMPLES["exponential", kind])
        if kind == "money":
            return Dist("exponential", (mean,)), per_ms
        cells = tuple(0.0 if cell >= NEVER else 1.0 / cell for cell in mean.cells)
        return Dist("memoryless", (Rate(mean.name, "rate", mean.over, cells),)), None

    def _between(self, word: str, xs: list[object], path: Path_, kind: Kind, what: str) -> tuple[Dist, float | None]:
        found = [self.rates.use(x, (*path, str(i)), kind) for i, x in enumerate(xs)]
        ends = tuple(rate for rate, _ in found)
        example = _EXAMPLES[word, kind]
        for index, end in enumerate(ends):
            if end.spread is not None:
                raise self.note((*path, str(index)), None, f"an end of {what} that is drawn has no spread",
                                "state the spread elsewhere, or use gamma")  # fmt: skip
            if max(end.cells) >= NEVER:
                raise self.note((*path, str(index)), None, "a range between two ends has no end at 'never'", example)
        for cells, where in self._together(ends, path):
            if any(one > other for one, other in itertools.pairwise(cells)) or cells[0] == cells[-1]:
                name = f"a {word} {'wait' if kind == 'duration' else 'amount'}"
                order = "from the lower end to the higher" if word == "uniform" else "from the lower end over the mode"
                raise self.note(path, None, f"{name} runs {order}{where}", example)
        if len({per_ms for _, per_ms in found}) > 1:
            raise self.note(path, None, "the ends are stated for different periods", example)
        dist = Dist("uniform", ends) if word == "uniform" else Dist("triangular", ends)
        return dist, found[0][1]

    def _together(self, rates: tuple[Rate, ...], path: Path_) -> Iterator[tuple[tuple[float, ...], str]]:
        """Return the values that several rates have together, with the words that say where."""
        axes = joint(self.traits, [rate.over for rate in rates])
        if size(axes) > MOST_CELLS:
            raise self.note(path, None, f"together these have more than {MOST_CELLS} cells", "use fewer attributes")
        at = [places(rate.over, axes) for rate in rates]
        for index in range(size(axes)):
            where = f" where {label(self.traits, axes, index)}" if axes else ""
            yield tuple(rate.cells[cells[index]] for rate, cells in zip(rates, at, strict=True)), where

    def _two(
        self, word: str, spec: LognormalSpec | WeibullSpec | GammaSpec, path: Path_, kind: Kind
    ) -> tuple[Dist, float | None]:
        first, second = _TWO[word]
        place, per_ms = self.rates.use(getattr(spec, first), (*path, first), kind)
        shape, _ = self.rates.use(getattr(spec, second), (*path, second), "number")
        for key, rate in ((first, place), (second, shape)):
            if min(rate.cells) <= 0:
                raise self.note((*path, key), None, f"{first} and {second} are positive", _EXAMPLES[word, kind])
        if word == "erlang" and any(cell % 1 for cell in shape.cells):
            raise self.note((*path, "shape"), None, "the shape of an Erlang distribution is a whole number",
                            "write shape: 3, or use gamma")  # fmt: skip
        if max(shape.cells) > 1e6 or (word in ("weibull", "gamma") and min(shape.cells) < 1e-3):
            raise self.note((*path, second), None, f"a {second} lies between 0.001 and 1e6", _EXAMPLES[word, kind])
        names: dict[str, Any] = {"erlang": "gamma"}
        return Dist(names.get(word, word), (place, shape)), per_ms

    # -- samples --------------------------------------------------------------------------------

    def sample(self, spec: EmpiricalSpec, path: Path_, kind: Kind) -> tuple[float, ...]:
        """Return the values of a column of a CSV file, ascending, in canonical units.

        The file is relative to the journey file that names it.

        Raises
        ------
        Unusable
            After noting that the file or the column is not there, or a cell is no value.
        """
        stated_in = Path(self.tree.mark((*path, "file")).file)
        file = (stated_in.parent if stated_in.is_file() else Path()) / spec.file
        key = (str(file), spec.column, spec.unit or "", kind)
        if key not in self.samples:
            self.samples[key] = self._read_sample(file, spec, path, kind)
        return self.samples[key]

    def _read_sample(self, file: Path, spec: EmpiricalSpec, path: Path_, kind: Kind) -> tuple[float, ...]:
        each = 1.0
        if spec.unit is not None:
            if kind != "duration":
                raise self.note((*path, "unit"), None, "an amount is in the currency of the file", "remove the unit")
            try:
                each = float(unit_ms(spec.unit))
            except UnitError as error:
                raise self.note((*path, "unit"), None, error.rule, error.remedy) from None
        try:
            with file.open(encoding="utf-8-sig", newline="") as stream:
                rows = csv.reader(stream)
                header = [name.strip() for name in next(rows, [])]
                if spec.column not in header:
                    raise self.note((*path, "column"), None, f"no column of that name in {spec.file}",
                                    nearest(spec.column, header))  # fmt: skip
                at = header.index(spec.column)
                values = []
                for row in rows:
                    if any(cell.strip() for cell in row):
                        text = row[at].strip() if at < len(row) else ""
                        values.append(self._cell(text, spec, path, kind, each, rows.line_num))
                    if len(values) > MOST_VALUES:
                        raise self.note((*path, "file"), None, f"more than {MOST_VALUES} values", "draw a sample of it")
        except (OSError, ValueError, csv.Error) as error:
            why = error.strerror or str(error) if isinstance(error, OSError) else "not a CSV file in UTF-8"
            raise self.note((*path, "file"), None, f"cannot be read: {why}", "give its path from this file") from None
        if not values:
            raise self.note((*path, "column"), None, f"no values in this column of {spec.file}", "fill it")
        return tuple(sorted(values))

    def _cell(self, text: str, spec: EmpiricalSpec, path: Path_, kind: Kind, each: float, line: int) -> float:
        """Return a cell of a sample in canonical units."""
        place = (*path, "column")
        where = f"line {line} of {spec.file}"
        try:
            found = parse(text)
        except UnitError as error:
            raise self.note(place, None, f"{where}: '{text}': {error.rule}", error.remedy) from None
        plain = found.form == "number" and not found.per_ms and not found.per_what
        if kind == "duration" and plain and spec.unit is None and found.number:
            raise self.note(place, None, f"{where}: '{text}' has no unit", "add unit: days")
        if not plain and not (kind == "duration" and found.form == "duration"):
            noun = "a duration" if kind == "duration" else "an amount"
            raise self.note(place, None, f"{where}: '{text}' is not {noun}", "write plain numbers, and add unit: days"
                            if kind == "duration" else "write plain numbers")  # fmt: skip
        if kind == "duration":
            value = found.number if found.form == "duration" else found.number * each
        else:
            value = minor_units(found.number, self.digits)
        most = LARGEST * 1000 if kind == "duration" else MOST_MONEY * 10**self.digits
        if not 0 <= value <= most:
            rule = "is negative" if value < 0 else "is too large"
            raise self.note(place, None, f"{where}: '{text}' {rule}", "mend the file")
        return value
