"""A rate and its family: stated figures with their unit, and what moves them to a new reference together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flywheel_sim.journey.figures import Axis, Kind
from flywheel_sim.journey.units import NEVER, Quantity
from flywheel_sim.scenario.source.notes import Notes
from flywheel_sim.scenario.source.tree import MOVED, Path_
from flywheel_sim.scenario.source.values import SpreadSpec

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


@dataclass(frozen=True, slots=True)
class Stated:
    """A rate in the unit it is written in.

    Attributes
    ----------
    unit
        A quantity whose form, period and reading the cells share.
    places
        For each cell, the path of the figure that decides it.
    spread, spreads
        How people differ: in all cells alike, or one for each cell.
    per
        The counter that multiplies it, "" for none.
    reference
        The figure a bare value replaces; None where there is no single one.
    uncertain_rates
        Names of the uncertain rates in it.
    """

    name: str
    path: Path_
    unit: Quantity
    over: tuple[Axis, ...]
    cells: tuple[float, ...]
    places: tuple[Path_, ...]
    spread: SpreadSpec | Quantity | None = None
    spreads: tuple[SpreadSpec | Quantity, ...] = ()
    per: str = ""
    reference: float | None = None
    uncertain_rates: frozenset[str] = frozenset()

    @property
    def cell_spreads(self) -> tuple[SpreadSpec | Quantity, ...]:
        """Return how people differ in each cell; nothing where they do not."""
        return self.spreads or ((self.spread,) * len(self.cells) if self.spread is not None else ())


def sd_of(spread: SpreadSpec | Quantity) -> float:
    """Return the SD of a chance's spread or uncertainty, in the stated unit."""
    if isinstance(spread, Quantity):
        return spread.number
    assert spread.alpha
    assert spread.beta
    a, b = spread.alpha.number, spread.beta.number
    return float((a * b / ((a + b) ** 2 * (a + b + 1))) ** 0.5)


def moved(notes: Notes, stated: Stated, new: Quantity, kind: Kind) -> Stated:
    """Return a rate whose reference is a new bare value: same odds ratio for chances, else same factor.

    Raises
    ------
    Unusable
        After noting that the rate has nothing to move by, or the value another unit.
    """
    path = (*stated.path, MOVED)
    if stated.reference is None:
        raise notes.note(path, new.text, f"'{stated.name}' has no single reference value to move",
                         "give it a 'value', or set each level")  # fmt: skip
    old = stated.reference
    target = in_unit(notes, new, stated.unit, path, kind)
    if kind == "chance":
        if not 0 < old < 1 and len(set(stated.cells)) > 1:
            raise notes.note(path, new.text, "a family at 0 % or 100 % has no odds to move",
                             "set each level")  # fmt: skip
        if target == 1 or not 0 < old < 1:
            cells = [target for _ in stated.cells]
        else:
            odds = target * (1 - old) / ((1 - target) * old)
            cells = [target if c == old else odds * c / (1 - c + odds * c) for c in stated.cells]
    else:
        endless = stated.unit.form in ("duration", "never")
        if (old == 0 or (endless and old >= NEVER)) and len(set(stated.cells)) > 1:
            at = "never" if old else "0"
            raise notes.note(path, new.text, f"a family at {at} has no factor to move by", "set each level")
        cells = []
        for cell in stated.cells:
            stays = endless and (cell >= NEVER or target >= NEVER)
            cells.append(target if cell == old else max(cell, target) if stays else cell * (target / old))
    places = tuple(path for _ in cells)
    unit = replace(stated.unit, number=target, text=new.text)
    return replace(stated, cells=tuple(cells), places=places, unit=unit, reference=target)


def pulled(stated: Stated, ratio: float, kind: Kind) -> Stated:
    """Return a rate whose family a lever moves: the odds of a chance, else the rate, times a ratio."""

    def move(cell: float) -> float:
        if kind == "chance":
            return cell if ratio == 1.0 else ratio * cell / (1 - cell + ratio * cell)
        return cell if cell >= NEVER else cell * ratio

    reference = None if stated.reference is None else move(stated.reference)
    return replace(stated, cells=tuple(move(cell) for cell in stated.cells), reference=reference)


def in_unit(notes: Notes, new: Quantity, unit: Quantity, path: Path_, kind: Kind) -> float:
    """Return a new bare value's figure in the unit of the rate it moves.

    Raises
    ------
    Unusable
        After noting that it has another unit, or is no chance where one belongs.
    """
    if kind == "chance" and new.form == "percent" and not 0 <= new.number <= 1:
        raise notes.note(path, new.text, "a chance lies between 0 % and 100 %", _nearer(new.number))
    if {new.form, unit.form} <= {"duration", "never"}:
        return new.number
    if new.form == unit.form and new.per_what == unit.per_what:
        if new.per_ms in (None, unit.per_ms):
            return new.number
        if new.form == "number" and unit.per_ms and new.per_ms:
            return new.number * unit.per_ms / new.per_ms
        if new.form == "percent" and unit.per_ms and new.per_ms and (reading := new.reading or unit.reading):
            power = unit.per_ms / new.per_ms
            return float(new.number**power if reading == "kept" else 1 - (1 - new.number) ** power)
    remedy = "state it in the same unit"
    if unit.form == "percent" and new.form == "number" and new.per_what is None:
        remedy += f", such as {new.number if new.number > 1 else 100 * new.number:g} %"
    raise notes.note(path, new.text, f"its unit differs from that of the value it replaces, '{unit.text}'", remedy)


def _nearer(chance: float) -> str:
    """Return what to write instead of an impossible chance: of 92 in code, which is 9,200 %, 92 %."""
    return f"write {chance:g} %, which is {chance / 100:g} in code" if 2 <= chance <= 100 else "write 35 %"
