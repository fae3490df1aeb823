"""The chart of the statement: step by step from revenue to profit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.drawing.chart import COLOURS, FAINT, GREY, INK, Chart, axes_of
from flywheel_sim.drawing.ends import Ends
from flywheel_sim.drawing.labels import beside, measured, named_rows
from flywheel_sim.drawing.marks import whiskers
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.metrics.statement import HEADINGS
from flywheel_sim.stats import figure, with_unit
from flywheel_sim.wording import called

if TYPE_CHECKING:
    import pandas as pd

#: How many lines under one heading are named; the smaller ones beyond are told as others.
NAMED = 3


def statement(runs: Runs) -> Chart:
    """Show the statement: revenue, what is taken off it step by step, and what each step leaves, down to profit.

    Parameters
    ----------
    runs
        Replications of one strategy.
    """
    table, unit, totals = runs.statement(), runs.unit("revenue"), {name: runs[name] for name in HEADINGS}
    whose = f" with {called(runs.journey.strategy)}" if runs.journey.strategy else ""
    title = f"From revenue to profit{whose}: {with_unit(totals['profit'].mean, unit)} over {runs.months}"
    note = "Means, 95 % intervals. Money counts whole when booked; nothing is deferred or depreciated."
    kept = [name for name, kind in HEADINGS.items() if kind in ("", None) or totals[name].mean]
    drawing, axes = axes_of(title, note, 1.6 + 0.42 * len(kept))
    left = 0.0
    texts: list[str] = []
    ends: list[float] = []
    for place, name in enumerate(kept):
        mean, half = totals[name].mean, totals[name].half_width
        start, end = (left, left - mean) if HEADINGS[name] else (0.0, mean)
        colour = COLOURS[1] if HEADINGS[name] else COLOURS[0] if HEADINGS[name] == "" else COLOURS[2]
        axes.barh(place, end - start, left=start, height=0.6, color=colour)
        axes.plot([end, end], [place, min(place + 1, len(kept) - 1)], color=FAINT, lw=1, zorder=1)
        whiskers(axes, place, Ends(*(np.array([x]) for x in (end, end - half, end + half))), True, capsize=3)
        texts.append(f"{figure(end - start)}{_lines(table['mean'].loc[name].drop(''))}")
        ends.append(max(start, end + float(np.nan_to_num(half))))
        left = end
    axes.axvline(0, color=INK, lw=0.9)
    for place, (end, text) in enumerate(zip(ends, texts, strict=True)):
        number, _, lines = text.partition("\n")
        beside(axes, number, (end, place), (6, 0 if not lines else 5), va="center")
        beside(axes, lines, (end, place), (6, -7), va="center", fontsize=8, color=GREY)
    named_rows(axes, range(len(kept)), [runs.label(name) for name in kept])
    axes.invert_yaxis()
    low, high = axes.get_xlim()
    axes.set_xlim(low, high + 0.5 * (high - low))
    measured(axes, along=f"Money over {runs.months} ({unit})")
    labels = {name: runs.label(name) for name in HEADINGS}
    data = table.reset_index().assign(label=lambda lines: lines["heading"].map(labels), unit=unit, n=runs.n)
    return Chart("statement", title, drawing, data)


def _lines(means: pd.Series[float]) -> str:
    """Return the largest lines under a heading with their means, on a row of their own; the name where one is all."""
    if len(means) < 2:
        return "".join(f"\n{name}".replace("_", " ") for name in means.index)
    order = means.reindex(means.abs().sort_values(ascending=False, kind="stable").index)
    named = [f"{str(name).replace('_', ' ')} {figure(mean)}" for name, mean in order.iloc[:NAMED].items()]
    others = [f"others {figure(float(order.iloc[NAMED:].sum()))}"] if len(order) > NAMED else []
    return "\n" + ", ".join([*named, *others])
