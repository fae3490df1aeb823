"""From a stated rate to one in canonical units, for the place where it is used.

A rate is read in the unit it is stated in; each place of use converts it, and refuses units that do
not belong there.
"""

from __future__ import annotations

import math
from dataclasses import replace

from flywheel_sim.journey.figures import Kind, Rate, Spread
from flywheel_sim.journey.units import MOST_MONEY, NEVER, UNITS, Quantity, format_duration, millionths
from flywheel_sim.scenario.rates.axes import label
from flywheel_sim.scenario.rates.families import NOUNS, Stated, sd_of
from flywheel_sim.scenario.rates.rate_context import RateContext
from flywheel_sim.scenario.rates.spreads import LEAST_BETA, MOST_BETA, check_beta, gamma_shape, is_no_spread, too_narrow
from flywheel_sim.scenario.rates.stated import StatedRates
from flywheel_sim.scenario.rates.units import check_unit
from flywheel_sim.scenario.source.tree import Path_
from flywheel_sim.scenario.source.values import DrawSpec, RateSpec, Ref

#: The period of a clock whose own problem is noted already.
UNKNOWN = -1.0
#: The period of a clock that is followed by service, which takes its time.
SERVED = -2.0


class RateReader:
    """Reads the rates of one file and converts them where they are used.

    Attributes
    ----------
    stated
        The rates in the units they are stated in.
    """

    def __init__(self, context: RateContext) -> None:
        self.context, self.notes, self.note = context, context.notes, context.notes.note
        self.stated = StatedRates(context)

    def use(
        self,
        x: object,
        path: Path_,
        kind: Kind,
        clock_ms: float | None = None,
        stays: bool | None = None,
        negative: bool = False,
    ) -> tuple[Rate, float | None]:
        """Return a value as a rate of a kind in canonical units, with the period it is stated for.

        Parameters
        ----------
        x, path
            The value as written, and where.
        kind
            What belongs in that place.
        clock_ms
            For chances: the fixed period of the event's clock, or None; UNKNOWN where it is wrong, SERVED where a
            service follows.
        stays
            For chances: whether the outcome keeps the person in the role.
        negative
            For money: whether it may be.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        stated = self.stated.read(x, path, kind)
        return self.convert(stated, path, kind, x, clock_ms, stays, negative), stated.unit.per_ms

    def draw_chance(self, spec: DrawSpec, path: Path_, level: str) -> Rate | None:
        """Return the chance of one level of a draw, None where it takes the rest.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        stated = self.stated.drawn(spec, path, level)
        if stated is None:
            return None
        return self.convert(stated, (*path, level), "chance", (spec.levels or {}).get(level))

    def convert(
        self, stated: Stated, path: Path_, kind: Kind, x: object, clock_ms: float | None = None,
        stays: bool | None = None, negative: bool = False,
    ) -> Rate:  # fmt: skip
        """Return a stated rate in canonical units for its place of use, where ``x`` is written."""
        named = f" (rate '{stated.name}')" if isinstance(x, Ref) else ""
        shown = x.name if isinstance(x, Ref) else stated.unit.text
        check_unit(self.notes, stated, path, kind, shown, named)
        self._check_cells(stated, kind, negative)
        if kind == "chance":
            return self._chance(stated, path, clock_ms, stays, shown, named)
        if kind == "rate":
            assert stated.unit.per_ms
            cells = tuple(cell / stated.unit.per_ms for cell in stated.cells)
        elif kind == "money":
            cells = tuple(millionths(cell) for cell in stated.cells)
        elif kind == "duration":
            cells = tuple(float(min(round(cell), NEVER)) for cell in stated.cells)
        else:
            cells = stated.cells
        return Rate(stated.name, kind, stated.over, cells, self._gamma(stated, cells, kind), stated.per)

    def check_unused(self, x: object, path: Path_, kind: Kind) -> None:
        """Read a rate that nothing uses, for its own mistakes.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        stated = self.stated.read(x, path, kind)
        check_unit(self.notes, stated, path, kind, stated.unit.text, "")
        if kind in ("chance", "duration"):
            self._check_cells(stated, kind)

    def form_of(self, x: object, forms: dict[str, str] | None = None, depth: int = 0) -> str:
        """Return the form of the figure a value stands for, following names."""
        forms = {} if forms is None else forms
        if isinstance(x, Ref):
            if x.name not in forms:
                forms[x.name] = ""  # what a circle of names comes to
                spec = self.context.specs.get(x.name)
                forms[x.name] = self.form_of(spec, forms, depth + 1) if depth < 50 else ""
            return forms[x.name]
        if isinstance(x, RateSpec):
            cells = [x.value, *(c for table in (x.by or {}).values() for c in table.values())]
            cell_forms = [self.form_of(c, forms, depth) for c in cells if c is not None]
            return next((f for f in cell_forms if f != "number"), cell_forms[0] if cell_forms else "")
        return x.form if isinstance(x, Quantity) else ""

    def _check_cells(self, stated: Stated, kind: Kind, negative: bool = False) -> None:
        for index, cell in enumerate(stated.cells):
            remedy = "mend the figure or its factors"
            if kind == "chance" and not 0 <= cell <= 1:
                rule = "a chance lies between 0 % and 100 %"
            elif not (cell >= 0 or (negative and math.isfinite(cell))):
                rule = f"{NOUNS[kind]} is not negative"
                remedy = "what is earned may be negative, what is spent or drawn is not" if kind == "money" else remedy
            elif kind == "money" and abs(cell) > MOST_MONEY:
                rule = f"{NOUNS[kind]} is at most {MOST_MONEY:.0e}"
            elif kind == "rate" and stated.unit.per_ms and cell > stated.unit.per_ms:
                rule = "a rate is at most 1000 per second"
            else:
                continue
            got = f"{100 * cell:.4g} %" if kind == "chance" else f"{cell:g}"
            raise self.note(stated.places[index], None, f"{rule}, but {self._cell(stated, index)}is {got}", remedy)

    def _cell(self, stated: Stated, index: int) -> str:
        return f"the cell {label(self.context.traits, stated.over, index)} " if stated.over else "it "

    def _chance(
        self, stated: Stated, path: Path_, clock_ms: float | None, stays: bool | None, shown: str, named: str
    ) -> Rate:
        unit = stated.unit
        power, lost = 1.0, unit.reading == "lost"
        if unit.per_ms is not None and clock_ms != UNKNOWN:
            per = period(unit.per_ms)
            if clock_ms == SERVED:
                rule = f"a chance {per} has no period after a service, which takes its time{named}"
                raise self.note(path, shown, rule, "state the chance without a period")
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
        spread = replace(self._beta(stated), power=power, lost=lost) if stated.cell_spreads else None
        cells = tuple(1 - (1 - p) ** power if lost else p**power for p in stated.cells)
        return Rate(stated.name, "chance", stated.over, stated.cells if power == 1 else cells, spread)

    def _beta(self, stated: Stated) -> Spread:
        path = (*stated.path, "spread")
        cells = []
        for index, (mean, spread) in enumerate(zip(stated.cells, stated.cell_spreads, strict=True)):
            if stated.spreads and is_no_spread(spread):
                cells.append((mean, math.inf))
                continue
            check_beta(self.notes, spread, path, "the spread of a chance")
            variance = sd_of(spread) ** 2
            total = mean * (1 - mean) / variance - 1 if variance > 0 else 0.0
            if total > MOST_BETA and isinstance(spread, Quantity):
                raise self.note(path, spread.text, too_narrow(mean), "make the spread wider, or leave it out")
            if total < LEAST_BETA:
                raise self.note(
                    path, spread.text if isinstance(spread, Quantity) else None,
                    f"no beta distribution has this spread where {self._cell(stated, index)}is {100 * mean:.4g} %",
                    "make the spread smaller, or move that cell away from 0 % and 100 %",
                )  # fmt: skip
            cells.append((mean * total, (1 - mean) * total))
        return Spread("beta", tuple(cells))

    def _gamma(self, stated: Stated, cells: tuple[float, ...], kind: Kind) -> Spread | None:
        if not stated.cell_spreads:
            return None
        path = (*stated.path, "spread")
        if kind not in ("rate", "money"):
            raise self.note(path, None, f"{NOUNS[kind]} has no spread", "use a distribution, such as lognormal")
        if min(cells) < 0:
            raise self.note(path, None, "people do not differ around an amount below 0",
                            "remove the spread, or write a share of another line")  # fmt: skip
        what = f"the spread of {NOUNS[kind]}"
        shapes = [
            math.inf if stated.spreads and is_no_spread(spread) else gamma_shape(self.notes, spread, path, what)
            for spread in stated.cell_spreads
        ]
        return Spread("gamma", tuple(zip(shapes, cells, strict=True)))


def period(ms: float) -> str:
    """Return a period as it is written after a figure: ``per month``, ``per 3 months``."""
    for unit, length in UNITS.items():
        if ms == length:
            return f"per {unit}"
    return f"per {format_duration(ms)}"
