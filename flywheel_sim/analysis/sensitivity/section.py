"""Sections of the report about how much a rate matters: its response, and what a change of it does."""

from __future__ import annotations

import numpy as np

from flywheel_sim.analysis.difference.verdict import ahead
from flywheel_sim.analysis.sensitivity.changes import Change, label_of
from flywheel_sim.analysis.sensitivity.charts import BOTH, effect, effect_parts, response
from flywheel_sim.analysis.sensitivity.effect import Effect
from flywheel_sim.analysis.sensitivity.parts import PARTS
from flywheel_sim.analysis.sensitivity.response import Sensitivity
from flywheel_sim.drawing.page import Section, Table, table_of_rows
from flywheel_sim.stats import plus_minus, with_unit

#: Why a cell has no percentage and no elasticity.
NEAR_ZERO = "n/a: today's figure is near zero or below it, or small against the change, so a percentage says nothing"


def sections(result: Sensitivity | Effect) -> list[Section]:
    """Return the section of a response, or of what a change does."""
    return [_effective(result) if isinstance(result, Effect) else _sensitive(result)]


def _sensitive(result: Sensitivity) -> Section:
    """Return the section of a sensitivity."""
    rows = []
    for strategy, readings in result.readings.items():
        rows.append((strategy, "today", with_unit(result.base[strategy], result.rate_unit), "", "",
                     plus_minus(result.elasticity[strategy])))  # fmt: skip
        for one in readings:
            if one.change is None:
                rows.append((strategy, one.label, one.note, "", "", ""))
                continue
            share = f"{plus_minus(one.relative, signed=True)} %" if one.relative else "n/a"
            change = plus_minus(one.change, signed=True)
            rows.append((strategy, one.label, with_unit(one.value, result.rate_unit), change, share, ""))
    rate = result.over.replace("_", " ")
    heads = (
        "",
        f"reading of “+5 %” {rate}",
        rate,
        f"change in {result.label.lower()} ({result.unit})",
        "in %",
        "elasticity",
    )
    text = (
        f"“{rate.capitalize()} +5 %” can mean 5 points or 5 % of today's figure; both are shown, on the same people. "
        f"The elasticity is the % by which {result.label.lower()} changes when {rate} rises by 1 % of itself."
    )
    every = [one for readings in result.readings.values() for one in readings]
    notes = dict.fromkeys(f"{one.label}: {one.note}." for one in every if one.note)
    n = next(iter(result.base_runs.values())).n
    note = f"Means with the half-width of their 95 % interval, over {n} replications at each value, on the same people."
    note += f" {NEAR_ZERO[0].upper()}{NEAR_ZERO[1:]}." if "n/a" in {cell for row in rows for cell in row} else ""
    tables = [Table(heads, rows, frozenset({3, 4, 5}), note)]
    if len(result.curve) > 1:
        tables.append(_along(result, rate))
    return Section(f"How much {rate} matters", (text, *notes), (response(result),), tables)


def _along(result: Sensitivity, rate: str) -> Table:
    b, a = (list(result.curve)[i] for i in (0, -1))
    rows = []
    for point in np.argsort(result.values):
        gap = result.difference(int(point), a, b)
        at = with_unit(float(result.values[point]), result.rate_unit)
        rows.append((at, plus_minus(gap, signed=True), gap.unit, ahead(gap, a, b)))
    heads = (rate.capitalize(), f"{result.label.lower()}, {a} minus {b}", "unit", "ahead")
    turns = len({row[3] for row in rows} & {a, b}) == 2
    return Table(heads, rows, frozenset({1}), f"Which strategy wins depends on {rate} itself." if turns else "")


def _effective(result: Effect) -> Section:
    """Return the section of what a change of a rate does."""
    rate = result.over.replace("_", " ")
    drawn = [(name, result.changes_of(name)[0]) for name in result.base if result.changes_of(name)]
    charts = [effect(result, BOTH, *drawn[-1])] if drawn else []
    if drawn and result.totals:
        charts.append(effect_parts(result, BOTH, *drawn[-1]))
    texts = [result.answer(name) for name in result.base]
    tables = [_money(result), _years(result)] if drawn else []
    if drawn and result.totals:
        tables.append(_parts(result))
        texts.append(
            "A part is what the change brings with its events less what it brings without them, on the same people, "
            "averaged over both orders of adding upsell and referral; the parts add up to the whole."
        )
    return Section(f"What a change of {rate} does", texts, charts, tables)


def _cells(change: Change) -> tuple[str, str]:
    """Return a change in its unit and in %."""
    share = plus_minus(change.percent, signed=True)
    return plus_minus(change.gain, signed=True), share if share == "n/a" else f"{share} %"


def _money(result: Effect) -> Table:
    note = f"{result.note}. {NEAR_ZERO}."
    return table_of_rows(result.table(), note, words=3)


def _years(result: Effect) -> Table:
    rows = []
    for name, change in result.changed:
        for figure in BOTH:
            for year in result.years(figure, name, change):
                changes = [one for one in (year.within, year.so_far) if one is not None]
                months = f"months {year.first} to {year.last}"
                rows.append((name, change, figure, months, *(cell for one in changes for cell in _cells(one))))
    unit = label_of(next(iter(result.base_runs.values())), BOTH[0])[1]
    heads = ("", "change", "figure", "year", f"in the year ({unit})", "in %", f"up to its end ({unit})", "in %")
    return Table(heads, rows, frozenset(range(4, 8)), "Changes, in the unit and in % of the same months today.")


def _parts(result: Effect) -> Table:
    rows = []
    for name, change in result.totals:
        for figure in BOTH:
            split = result.split(figure, name, change)
            parts = split.parts
            rows.append((
                name, change, figure, *(plus_minus(parts[part], signed=True) for part in ("own", *PARTS, "whole")),
                plus_minus(split.interaction, signed=True), split.unit,
            ))  # fmt: skip
    heads = (
        "",
        "change",
        "figure",
        "customers' own",
        "upsell",
        "referral and descendants",
        "whole",
        "together",
        "unit",
    )
    listed = "; ".join(
        f"{name}: {part} is {', '.join(one.removeprefix('event.') for one in events) or 'not there'}"
        for name, parts in result.events.items() for part, events in parts.items()
    )  # fmt: skip
    note = f"Together: what upsell and referral bring beyond what each brings alone; half of it is in either. {listed}"
    return Table(heads, rows, frozenset(range(3, 8)), f"{note}.")
