"""What rates depend on: attributes and their values, and the tables over several of them.

A number (a counter, the generation), a time (a stopwatch, the calendar) or what all share falls into cells by
ascending lower bounds. Tables over the same attribute with other bounds meet on the union of the bounds.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from flywheel_sim.errors import nearest
from flywheel_sim.journey.figures import Axis
from flywheel_sim.journey.units import NEVER, UnitError, format_duration, parse

#: Bound on the cells of one table, so that no file fills the memory.
MOST_CELLS = 100_000


def scaled(number: float, scale: int) -> int | None:
    """Return a number as whole parts of a scale, None where it has more decimals than the scale."""
    parts = Decimal(repr(number)) * scale
    return int(parts) if parts == parts.to_integral_value() else None


@dataclass(frozen=True, slots=True)
class Trait:
    """An attribute, built in or of the file's own, and the values it takes.

    Attributes
    ----------
    kind
        ``levels`` (named), ``number``, ``time`` (in ms) or ``shared`` (a mean over people).
    levels
        The names of named levels.
    low, high
        The lowest and the highest value of a number or a mean; a time starts at 0 and has no end.
    scale
        What the values of a mean are times, so that they are whole.
    """

    name: str
    kind: Literal["levels", "number", "time", "shared"]
    levels: tuple[str, ...] = ()
    low: int = 0
    high: int = NEVER
    scale: int = 1
    #: Where each named level stands among the levels.
    index: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {level: at for at, level in enumerate(self.levels)})

    def value(self, text: str) -> int:
        """Return what a text stands for: a level's index, a number (times the scale), or a time in ms.

        Raises
        ------
        UnitError
            If it is none of the attribute's values.
        """
        if self.kind == "levels":
            if text not in self.index:
                raise UnitError(f"no level of '{self.name}'", nearest(text, self.index))
            return self.index[text]
        try:
            quantity = parse(text)
        except UnitError as error:
            if error.rule != "not a quantity":
                raise
            quantity = None
        if self.kind == "time":
            zero = (
                quantity is not None and quantity.form == "number" and not quantity.number and quantity.per_ms is None
            )
            if quantity is None or not (quantity.form == "duration" or zero):
                raise UnitError(f"levels of '{self.name}' are durations, not '{text}'", "write 0 days, or 1 year")
            return int(quantity.number)
        if quantity is None or quantity.form != "number" or quantity.per_ms or quantity.per_what:
            quantity = None
        if self.kind == "shared":
            if quantity is None:
                raise UnitError(f"levels of '{self.name}' are numbers, not '{text}'", "write -0.5, or 3")
            return self.part(quantity.number, text)
        if quantity is None or quantity.number % 1:
            raise UnitError(f"levels of '{self.name}' are whole numbers, not '{text}'", "write 0, or 10")
        if quantity.number > self.high:
            raise UnitError(f"'{self.name}' never reaches {text}", f"it counts {self.low} to {self.high}")
        return int(quantity.number)

    def part(self, number: float, text: str) -> int:
        """Return a value of a mean in whole parts of its scale.

        Raises
        ------
        UnitError
            If it has more decimals than the scale, or the mean never reaches it.
        """
        parts = scaled(number, self.scale)
        if parts is None:
            digits = len(str(self.scale)) - 1
            fine = f"have at most {digits} decimals" if digits else "are whole numbers"
            raise UnitError(f"levels of '{self.name}' {fine}, not '{text}'", "round it")
        if parts > self.high:
            between = f"it lies between {self.shown(self.low)} and {self.shown(self.high)}"
            raise UnitError(f"'{self.name}' never reaches {text}", between)
        return parts

    def shown(self, value: int) -> str:
        """Return how a message writes a value of a number, a time or a mean."""
        return format_duration(value) if self.kind == "time" else f"{(Decimal(value) / self.scale).normalize():f}"

    def axis(self, bounds: Iterable[int] = ()) -> Axis:
        """Return the axis with these bounds; those at or below the lowest value are no bounds."""
        if self.kind == "levels":
            return Axis(self.name, len(self.levels))
        kept = tuple(sorted({bound for bound in bounds if bound > self.low}))
        return Axis(self.name, len(kept) + 1, kept)

    def keys(self, axis: Axis, table: Mapping[str, int]) -> list[str | None]:
        """Return, for each cell of an axis, the key of a table that applies there; None for no key.

        ``table`` holds the value each key stands for.
        """
        by_value = {value: key for key, value in table.items()}
        if self.kind == "levels":
            return [by_value.get(cell) for cell in range(axis.size)]
        values = sorted(by_value)
        keys: list[str | None] = []
        for lowest in (self.low, *axis.bounds):
            position = bisect_right(values, lowest)
            keys.append(by_value[values[position - 1]] if position else None)
        return keys

    def label(self, axis: Axis, cell: int) -> str:
        """Return how a message names a cell."""
        if self.kind == "levels":
            return f"{self.name} {self.levels[cell]}"
        word, bound = ("from", axis.bounds[cell - 1]) if cell else ("below", axis.bounds[0])
        return f"{self.name} {word} {self.shown(bound)}"


#: Every attribute a rate may depend on, in the order of the axes of a table.
Traits = Mapping[str, Trait]


def joint(traits: Traits, overs: Iterable[Sequence[Axis]]) -> tuple[Axis, ...]:
    """Return the axes on which tables over other axes meet."""
    bounds: dict[str, set[int]] = {}
    for over in overs:
        for axis in over:
            bounds.setdefault(axis.attribute, set()).update(axis.bounds)
    axes = [trait.axis(bounds[name]) for name, trait in traits.items() if name in bounds]
    return tuple(axis for axis in axes if axis.size > 1 or traits[axis.attribute].kind == "levels")


def size(over: Sequence[Axis]) -> int:
    """Return the number of cells of a table."""
    return math.prod(axis.size for axis in over)


def places(part: Sequence[Axis], whole: Sequence[Axis]) -> list[int]:
    """Return, for each cell of a table over the whole, the cell of one over a part of its axes."""
    steps: dict[str, list[int]] = {}
    stride = 1
    for axis in reversed(part):
        wide = next((w for w in whole if w.attribute == axis.attribute), None)
        if wide is not None:
            cells = range(wide.size)
            if axis.bounds:
                cells_of = [0, *(bisect_right(axis.bounds, bound) for bound in wide.bounds)]
                steps[axis.attribute] = [cell * stride for cell in cells_of]
            else:
                steps[axis.attribute] = [cell * stride if axis.size > 1 else 0 for cell in cells]
        stride *= axis.size
    cells_of_part = [0]
    for wide in whole:
        own = steps.get(wide.attribute, [0] * wide.size)
        cells_of_part = [start + step for start in cells_of_part for step in own]
    return cells_of_part


def label(traits: Traits, over: Sequence[Axis], index: int) -> str:
    """Return how a message names a cell of a table: each attribute with its level."""
    cells = next(itertools.islice(itertools.product(*(range(a.size) for a in over)), index, None))
    return ", ".join(traits[a.attribute].label(a, cell) for a, cell in zip(over, cells, strict=True))
