"""Plans: figures of channels over time, by calendar and month or from a CSV file whose rows hold from a date on."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

from flywheel_sim.journey import calendar
from flywheel_sim.journey.dates import offset, phase
from flywheel_sim.journey.figures import Axis, Kind, Rate
from flywheel_sim.journey.units import MOST_MONEY, UnitError, millionths, parse, unit_ms
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.source.files import cells_of, named_file
from flywheel_sim.scenario.source.money_specs import PlanSpec
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.tree import MOVED, Path_
from flywheel_sim.scenario.source.values import RateSpec

#: The most rows of a plan; a file with more is taken for the wrong one.
MOST_ROWS = 10_000
Rows = tuple[tuple[dt.date, float], ...]


class PlanReader:
    """Reads figures that change over time, the same for everybody."""

    def __init__(self, context: Context, horizon: int) -> None:
        self.context, self.notes, self.note, self.horizon = context, context.notes, context.notes.note, horizon
        self.phase = phase(context.start) if context.start else 0

    def rate(self, x: object, path: Path_, kind: Kind, flows: bool, times: tuple[int, int]) -> Rate:
        """Return a figure over time in canonical units; ``flows`` for money that accrues, which is per ms then.

        A single figure laid over a plan becomes its mean between ``times``, while the channel runs.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        moved = getattr(x, "moved", None)
        planned = isinstance(x, PlanSpec) or (flows and isinstance(x, RateSpec))
        if moved is None or not planned:
            return self._stated(x, path, kind, flows)
        assert isinstance(x, PlanSpec | RateSpec)
        inner = (*path, MOVED)
        mean = self._stated(moved, inner, kind, flows)
        if kind == "money" and not flows:
            return mean  # a bare price laid over a plan of prices
        if not mean.constant:
            raise self.note(inner, None, "the mean of a plan is one figure", "write 8000 per month")
        plan = self._stated(x.model_copy(update={"moved": None}), path, kind, flows)
        target, plan_mean = mean.cells[0], calendar.mean(plan, self.phase, *times)
        if not plan.over and (plan_mean or isinstance(x, RateSpec)):
            return replace(plan, cells=(target,))
        if target and not plan_mean:
            raise self.note(inner, None, "the plan is nothing throughout, so it has no shape to keep", "mend the plan")
        return replace(plan, cells=tuple(cell * (target / plan_mean) for cell in plan.cells)) if plan_mean else plan

    def _stated(self, x: object, path: Path_, kind: Kind, flows: bool) -> Rate:
        """Return a figure or plan as stated, in canonical units."""
        if isinstance(x, PlanSpec):
            return self._from_file(x, path, kind, flows)
        stated = self.context.rates.stated.read(x, path, kind)
        rate = self.context.rates.convert(stated, path, kind, x)
        self._check_over_time(rate, path)
        per_ms = stated.unit.per_ms
        if kind == "money" and flows != (per_ms is not None):
            rule, remedy = f"'{path[2]}' is paid once each", "write 40"
            if flows:
                rule, remedy = "spend accrues over a period", "write 8000 per month"
            raise self.note(path, None, rule, remedy)
        if kind == "money" and per_ms:
            rate = replace(rate, cells=tuple(cell / per_ms for cell in rate.cells))
        return rate

    def arrivals(self, spec: PlanSpec, path: Path_, times: tuple[int, int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return when batches of a file come, and how many people each brings; those outside are left out.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        if spec.unit is not None:
            raise self.note((*path, "unit"), None, "batches are people, and have no unit", "remove the unit")
        rows = self._rows(spec, path, "number")
        batches = [(self._offset(day), int(count)) for day, count in rows]
        inside = [(at, count) for at, count in batches if times[0] <= at < times[1]]
        if outside := len(batches) - len(inside):
            rule = (
                f"{outside} of {len(batches)} batches in {spec.file} come outside the channel's time, and are left out"
            )
            self.context.warn(path, None, rule, "check the dates, or let it be")
        return tuple(at for at, _ in inside), tuple(count for _, count in inside)

    def _check_over_time(self, rate: Rate, path: Path_) -> None:
        """Refuse a figure that depends on more than the time."""
        for axis in rate.over:
            if axis.attribute not in ("calendar", "month"):
                raise self.note(path, None, "a channel's figure depends on 'calendar' and 'month' alone",
                                "write by: {calendar: {0 months: 300 per month, 6 months: 450 per month}}")  # fmt: skip
        if rate.own:
            raise self.note(path, None, "a channel's figure is the same for everybody", "give one figure")

    def _from_file(self, spec: PlanSpec, path: Path_, kind: Kind, flows: bool) -> Rate:
        """Return what a plan in a file says, as a table by calendar."""
        period = 1.0
        if flows or kind == "rate":
            period = self._unit(spec, path)
        elif spec.unit is not None:
            raise self.note((*path, "unit"), None, f"'{path[2]}' is paid once each, and has no unit", "remove the unit")
        rows = [(self._offset(day), value) for day, value in self._rows(spec, path, kind)]
        so_far = [value for at, value in rows if at <= 0]
        later = [(at, value) for at, value in rows if 0 < at < self.horizon]
        never = max(len(so_far) - 1, 0) + sum(at >= self.horizon for at, _ in rows)
        if never:
            rule = f"{never} of {len(rows)} rows of {spec.file} lie outside the run, and never hold"
            self.context.warn(path, None, rule, "check the dates, or let it be")
        cells = tuple((millionths(value) if kind == "money" else value) / period
                      for value in (so_far[-1] if so_far else 0.0, *(value for _, value in later)))  # fmt: skip
        over = (Axis("calendar", len(cells), tuple(at for at, _ in later)),) if later else ()
        return Rate(".".join(path), kind, over, cells)

    def _unit(self, spec: PlanSpec, path: Path_) -> float:
        """Return the period for which the figures of a plan are stated, in ms."""
        if spec.unit is None:
            raise self.note(path, None, "the figures of this plan have no period", "add unit: per month")
        word = spec.unit.removeprefix("per ").strip()
        try:
            return float(unit_ms(word)) if spec.unit.startswith("per ") else float(unit_ms("(none)"))
        except UnitError:
            raise self.note((*path, "unit"), spec.unit, "the unit of a plan is a period", "write per month") from None

    def _offset(self, day: dt.date) -> int:
        assert self.context.start is not None
        return offset(day, self.context.start)

    def _rows(self, spec: PlanSpec, path: Path_, kind: Kind) -> Rows:
        """Return the rows of a plan, each file read once."""
        if self.context.start is None and self.context.dated:
            raise Unusable  # the start's own problem is noted there
        if self.context.start is None:
            raise self.note(path, None, "the dates of a plan need the date the run starts at", "add start: 2027-01-01")
        file = named_file(self.notes, spec.file, path)
        key = (str(file), spec.column, kind)
        if key not in self.context.plans:
            self.context.plans[key] = self._read(file, spec, path, kind)
        return self.context.plans[key]

    def _read(self, file: Path, spec: PlanSpec, path: Path_, kind: Kind) -> Rows:
        """Return the rows of a plan; what is wrong with one is said without telling what stands there."""
        rows: list[tuple[dt.date, float]] = []
        missing = f"no column '{spec.column}' beside the dates in {spec.file}"
        for line, row, text in cells_of(self.notes, file, spec.column, path, missing, first=1):
            where = f"{line} of {spec.file}"
            rows.append(self._row(row, text, where, path, kind))
            if len(rows) > MOST_ROWS:
                rule = f"more than {MOST_ROWS:,} rows in {spec.file}"
                raise self.note((*path, "file"), None, rule, "write one row for each date")
            if len(rows) > 1 and rows[-1][0] <= rows[-2][0]:
                rule = (
                    f"{where}: its date is {'that' if rows[-1][0] == rows[-2][0] else 'before that'} of the row above"
                )
                raise self.note((*path, "file"), None, rule, "write each date once, the earliest first")
        if not rows:
            raise self.note((*path, "file"), None, f"no rows in {spec.file}", "write one row for each date")
        return tuple(rows)

    def _row(self, row: list[str], text: str, where: str, path: Path_, kind: Kind) -> tuple[dt.date, float]:
        place = (*path, "column")
        try:
            day = dt.datetime.strptime(row[0].strip(), "%Y-%m-%d").date()
        except ValueError:
            raise self.note((*path, "file"), None, f"{where}: no date", "write 2027-01-31") from None
        try:
            quantity: Any = parse(text)
        except UnitError:
            quantity = None
        if quantity is None or quantity.form != "number" or quantity.per_ms or quantity.per_what:
            rule = f"{where}: the cell is {'no plain number' if text else 'empty'}"
            raise self.note(place, None, rule, "write 4500")
        number, most = quantity.number, MOST_MONEY if kind == "money" else 1e12
        if not 0 <= number <= most:
            rule = f"{where}: the cell is {'negative' if number < 0 else 'too large'}"
            raise self.note(place, None, rule, "mend the file")
        if kind == "money" and millionths(number) % 1:
            raise self.note(place, None, f"{where}: the cell has more than six decimals", "round it")
        if kind == "number" and (number != int(number) or number > 10**9):
            rule, remedy = f"{where}: no number of people", "people are counted in whole numbers, up to a billion"
            raise self.note(place, None, rule, remedy)
        return day, number
