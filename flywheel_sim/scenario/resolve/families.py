"""A rate and its family: stated figures with their unit, moves to a new reference, and what is not known of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flywheel_sim.journey.figures import Axis, Kind
from flywheel_sim.journey.journey import Uncertain
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
    reference
        The figure a bare value replaces; None where there is no single one.
    doubts
        Names of the uncertain rates in it.
    """

    name: str
    path: Path_
    unit: Quantity
    over: tuple[Axis, ...]
    cells: tuple[float, ...]
    places: tuple[Path_, ...]
    spread: SpreadSpec | Quantity | None = None
    reference: float | None = None
    doubts: frozenset[str] = frozenset()

    @property
    def sd(self) -> float:
        """Return the SD that a chance's spread states, in the stated unit."""
        assert self.spread is not None
        return sd_of(self.spread)


def sd_of(spread: SpreadSpec | Quantity) -> float:
    """Return the SD of a chance's spread or doubt, in the stated unit."""
    if isinstance(spread, Quantity):
        return spread.number
    assert spread.alpha
    assert spread.beta
    a, b = spread.alpha.number, spread.beta.number
    return float((a * b / ((a + b) ** 2 * (a + b + 1))) ** 0.5)


class FamilyReader(Notes):
    """Moves families and reads doubts."""

    uncertain: dict[str, Uncertain]

    def moved(self, stated: Stated, new: Quantity, kind: Kind) -> Stated:
        """Return a rate whose reference is a new bare value: same odds ratio for chances, else same factor."""
        path = (*stated.path, MOVED)
        if stated.reference is None:
            raise self.note(path, new.text, f"'{stated.name}' has no single reference value to move",
                            "give it a 'value', or set each level")  # fmt: skip
        old = stated.reference
        target = self.in_unit(new, stated.unit, path, kind)
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
            endless = stated.unit.form in ("duration", "never")
            if (old == 0 or (endless and old >= NEVER)) and len(set(stated.cells)) > 1:
                at = "never" if old else "0"
                raise self.note(path, new.text, f"a family at {at} has no factor to move by", "set each level")
            cells = []
            for cell in stated.cells:
                stays = endless and (cell >= NEVER or target >= NEVER)
                cells.append(target if cell == old else max(cell, target) if stays else cell * (target / old))
        places = tuple(path for _ in cells)
        unit = replace(stated.unit, number=target, text=new.text)
        return replace(stated, cells=tuple(cells), places=places, unit=unit, reference=target)

    def pulled(self, stated: Stated, ratio: float, kind: Kind) -> Stated:
        """Return a rate whose family a lever moves: the odds of a chance, else the rate, times a ratio."""

        def move(cell: float) -> float:
            if kind == "chance":
                return cell if ratio == 1.0 else ratio * cell / (1 - cell + ratio * cell)
            return cell if cell >= NEVER else cell * ratio

        reference = None if stated.reference is None else move(stated.reference)
        return replace(stated, cells=tuple(move(cell) for cell in stated.cells), reference=reference)

    def in_unit(self, new: Quantity, unit: Quantity, path: Path_, kind: Kind) -> float:
        """Return a new bare value's figure in the unit of the rate it moves."""
        if kind == "chance" and new.form == "percent" and not 0 <= new.number <= 1:
            raise self.note(path, new.text, "a chance lies between 0 % and 100 %", "write 35 %")
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
        raise self.note(path, new.text, f"its unit differs from that of the value it replaces, '{unit.text}'",
                        "state it in the same unit")  # fmt: skip

    def doubt(
        self, stated: Stated, spec: SpreadSpec | Quantity | list[Quantity], kind: Kind, before: Stated
    ) -> Uncertain:
        """Return what is not known of a named rate: a distribution around its reference value.

        A range moves with its rate, by the same odds ratio or factor from where it stood ``before``.
        """
        path = (*stated.path, "uncertain")
        shown = spec.text if isinstance(spec, Quantity) else None
        mean = stated.reference
        if stated.doubts:
            raise self.note(path, shown, f"'{min(stated.doubts)}' inside this rate is uncertain already",
                            "say 'uncertain' of one of them")  # fmt: skip
        if mean is None:
            raise self.note(path, shown, f"'{path[1]}' has no single reference value to be uncertain of",
                            "give it a 'value', or make each level a rate of its own")  # fmt: skip
        if isinstance(spec, list):
            return Uncertain(stated.name, "uniform", self.ends(spec, before, mean, path, kind))
        if kind == "chance":
            self.check_beta(spec, path, "'uncertain' of a chance")
            variance = sd_of(spec) ** 2
            total = mean * (1 - mean) / variance - 1 if variance > 0 else 0.0
            if total <= 0:
                rule = f"no beta distribution around {100 * mean:.4g} % is this wide"
                raise self.note(path, shown, rule, "make it smaller, or move the value away from 0 % and 100 %")
            return Uncertain(stated.name, "beta", (mean * total, (1 - mean) * total))
        shape = self.gamma_shape(spec, path, f"'uncertain' of {NOUNS[kind]}")
        if not 0 < mean < NEVER:
            raise self.note(path, shown, "what is uncertain by a share of its mean has a positive mean",
                            "give it a positive value")  # fmt: skip
        return Uncertain(stated.name, "gamma", (shape, mean))

    def ends(self, given: list[Quantity], before: Stated, mean: float, path: Path_, kind: Kind) -> tuple[float, float]:
        """Return the ends of what a rate may be, for the reference value ``mean``."""
        low, high = (self.in_unit(end, before.unit, (*path, str(i)), kind) for i, end in enumerate(given))
        stood = before.reference
        assert stood is not None
        shown = f"[{given[0].text}, {given[1].text}]"
        if not low < high or not low <= stood <= high:
            rule = f"a range goes up, with the rate's value {before.unit.text} in it"
            raise self.note(path, shown, rule, "write [88 %, 94 %] around a value of 91 %")
        if low < 0 or high >= NEVER:
            raise self.note(path, shown, "a range lies between figures that are not negative and have an end",
                            "write [88 %, 94 %]")  # fmt: skip
        if mean == stood:
            return low, high
        if kind != "chance":
            return low * mean / stood, high * mean / stood
        odds = mean * (1 - stood) / ((1 - mean) * stood) if 0 < stood < 1 and mean < 1 else 0.0
        if not odds:
            raise self.note(path, shown, "a chance of 0 % or 100 % has no odds to move a range by",
                            "move it to a value between")  # fmt: skip
        return odds * low / (1 - low + odds * low), odds * high / (1 - high + odds * high)

    def check_beta(self, spec: SpreadSpec | Quantity, path: Path_, what: str) -> None:
        """Refuse what is no spread of a chance."""
        if isinstance(spec, Quantity):
            if spec.form != "points" or spec.number <= 0:
                raise self.note(path, spec.text, f"{what} is in points", "write 4 points, or {alpha, beta}")
            return
        if spec.shape or not (spec.alpha and spec.beta):
            raise self.note(path, None, f"{what} takes alpha and beta, both", "write {alpha: 0.7, beta: 1.2}")
        self.parameters(spec, ("alpha", "beta"), path)

    def gamma_shape(self, spec: SpreadSpec | Quantity, path: Path_, what: str) -> float:
        """Return the shape of a gamma distribution that a spread states."""
        if isinstance(spec, Quantity):
            if spec.form != "of_mean" or spec.number <= 0:
                raise self.note(path, spec.text, f"{what} is a positive share of its mean",
                                "write 40 % of mean, or {shape: 2}")  # fmt: skip
            return 1.0 / spec.number**2
        if not spec.shape or spec.alpha or spec.beta:
            raise self.note(path, None, f"{what} takes a shape alone", "write {shape: 2}")
        self.parameters(spec, ("shape",), path)
        return float(spec.shape.number)

    def parameters(self, spread: SpreadSpec, names: tuple[str, ...], path: Path_) -> None:
        """Refuse parameters of a spread that are no positive plain numbers."""
        for name in names:
            given = getattr(spread, name)
            if given.form != "number" or given.per_ms or given.per_what or given.number <= 0:
                raise self.note((*path, name), given.text, f"'{name}' is a positive plain number",
                                f"write {name}: 2")  # fmt: skip
