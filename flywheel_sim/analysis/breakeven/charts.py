"""Charts of break-even: the difference over a rate, the month of overtaking, and the map of two rates."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from flywheel_sim.analysis.breakeven.map import BreakEvenMap
from flywheel_sim.analysis.breakeven.result import BreakEven
from flywheel_sim.drawing.chart import COLOURS, FAINT, GREY, INK, Chart, axes_of, panels
from flywheel_sim.drawing.ends import ends_of
from flywheel_sim.drawing.labels import beside, measured, thousands
from flywheel_sim.drawing.marks import in_interval, today
from flywheel_sim.wording import called

#: Differences beyond this quantile of their sizes have the darkest colours of a map.
_DARKEST = 0.9


def breakeven(result: BreakEven) -> Chart:
    """Show the paired difference over the rate, with the break-even, its interval, and today.

    Takes what `flywheel_sim.breakeven` returns.
    """
    a, b = called(result.names[1], True), called(result.names[0])
    rate, root = result.over.replace("_", " "), result.root
    if root is not None:
        percent = " %" if result.rate_unit.startswith("%") else ""
        where = f"{rate} of {result.shown(root.value)}{percent}"
        title = f"{a} is ahead by month {result.by} {f'from a {where} on' if root.rises else f'up to a {where}'}"
    elif result.crossings:
        title = f"{a} and {b} change places {len(result.crossings)} times as {rate} moves"
    else:
        title = f"No break-even: {result.label.lower()} by month {result.by} as {rate} moves"
    note = "Line: mean paired difference, band: its 95 % interval."
    note += " Dot and shaded column: break-even and its interval." if result.crossings else ""
    picture, axes = axes_of(title, note, 4.6)
    kept = _looked(result)
    ends, x = ends_of([result.difference(i) for i in kept]), result.values[kept]
    axes.axhline(0, color=INK, lw=0.9)
    in_interval(axes, x, ends, 0.22, COLOURS[0], marker="o", ms=4, clip_on=False)
    for one in result.crossings:
        left, right = max(one.low, x[0]), min(one.high, x[-1])
        axes.axvspan(left, right, color=COLOURS[1], alpha=0.10, lw=0)
        axes.plot([one.value], [0], "o", ms=10, mfc="white", mec=COLOURS[1], mew=2.2, zorder=6)
    axes.set_xlim(x[0], x[-1])
    _sides(axes, result.names)
    _mark_today(axes, result)
    axes.set_xlabel(f"{rate.capitalize()}{_in(result.rate_unit)}")
    what = f"{result.label} by month {result.by},"
    measured(axes, up=f"{what}\n{result.names[1]} minus {result.names[0]} ({result.unit})")
    return Chart(f"breakeven_{result.of}_{result.over}", title, picture, result.frame())


def _looked(result: BreakEven) -> list[int]:
    """Return the values to draw: those first looked at, break-evens, and the ends of their intervals."""
    ends = [end for one in result.crossings for end in (one.low, one.value, one.high) if math.isfinite(end)]
    return sorted({result.nearest_point(float(value)) for value in (*result.looked, *ends)})


def _sides(axes: Any, names: tuple[str, str]) -> None:
    """Say on either side of zero who is ahead there."""
    low, high = axes.get_ylim()
    size = max(abs(low), abs(high))
    low, high = min(low, -0.22 * size), max(high, 0.22 * size)
    axes.set_ylim(low, high)
    for name, sign, place in ((names[1], 1, 0.975), (names[0], -1, 0.025)):
        axes.annotate(f"{name} ahead", (0.012, place), xycoords="axes fraction", va="top" if sign > 0 else "bottom",
                      fontsize=9.5, color=GREY, fontstyle="italic")  # fmt: skip


def overtaking(result: BreakEven) -> Chart:
    """Show from which month on one strategy stays ahead, and how surely it ends ahead, over the rate.

    Takes what `flywheel_sim.breakeven` returns.

    Raises
    ------
    ExperimentError
        If the metric has no running sum.
    """
    months = result.months()
    kept = sorted({result.nearest_point(float(value)) for value in result.looked})
    x = result.values[kept]
    crossovers = [months[float(value)] for value in x]
    horizon = result.base_runs[result.names[0]].journey.months
    rate = result.over.replace("_", " ")
    a, b = called(result.names[1]), called(result.names[0])
    title = f"When {a} overtakes {b} for good, as {rate} moves"
    if all(one.month is None for one in crossovers):
        title = f"{called(result.names[0], True)} stays ahead of {a} to month {horizon}, at every {rate} tried"
    note = f"Dots: month of the mean, bars: its 95 % interval. Above the line: not by month {horizon}, the horizon."
    picture, (above, below) = panels(title, note, 5.6, (1.6, 1.0))
    never = horizon + 0.07 * horizon
    for at, one in zip(x, crossovers, strict=True):
        first, last = (never if end is None else float(end) for end in (one.earliest, one.latest))
        above.plot([at, at], [first, last], color=COLOURS[0], lw=2, alpha=0.55, solid_capstyle="butt")
        month, face = (never, "white") if one.month is None else (float(one.month), COLOURS[0])
        above.plot([at], [month], "o", ms=8, mfc=face, mec=COLOURS[0], mew=1.8, zorder=5)
    above.axhline(horizon, color=INK, lw=0.9)
    beside(above, "never", (0, never), (-6, 0), xycoords=("axes fraction", "data"), ha="right", va="center",
           color="#44525e")  # fmt: skip
    step = max(1, round(horizon / 6))
    above.set_yticks(range(0, horizon + 1, step))
    above.set_ylim(0, horizon * 1.14)
    above.set_ylabel("Overtakes in month")
    in_interval(below, x, ends_of([one.probability for one in crossovers]), 0.22, COLOURS[2], marker="o", ms=4)
    below.axhline(50, color=FAINT, lw=1, ls=":")
    below.set_ylim(0, 100)
    below.set_ylabel("Futures that\nend ahead (%)")
    below.set_xlabel(f"{rate.capitalize()}{_in(result.rate_unit)}")
    for axes in (above, below):
        _mark_today(axes, result, axes is below)
    picture.align_ylabels([above, below])
    return Chart(f"overtaking_{result.of}_{result.over}", title, picture, result.months_frame())


def breakeven_map(result: BreakEvenMap) -> Chart:
    """Show who is ahead at every pair of values of two rates, with the break-even line, its band, and today.

    Takes what `flywheel_sim.breakeven_map` returns.
    """
    first, second = (name.replace("_", " ") for name in result.over)
    rows, columns = result.values
    mean, ahead = result.mean, result.ahead
    title = f"Where {called(result.names[1])} wins: {result.label.lower()} by month {result.by}"
    note = f"Hatched: not told apart (joint intervals, n = {result.gaps.shape[2]:,}). "
    note += "Line, band: break-even, its interval."
    picture, axes = axes_of(title, note, 5.4)
    axes.grid(False)
    top = float(np.quantile(np.abs(mean), _DARKEST)) or 1.0
    x, y = _edges(columns), _edges(rows)
    drawn = axes.pcolormesh(x, y, mean, cmap="RdBu", vmin=-top, vmax=top, alpha=0.9)
    from matplotlib.patches import Rectangle

    for i, j in zip(*np.nonzero(ahead == 0), strict=True):
        axes.add_patch(Rectangle((x[j], y[i]), x[j + 1] - x[j], y[i + 1] - y[i], fill=False, hatch="///", lw=0,
                                 ec="#5d6a75", alpha=0.55))  # fmt: skip
    _line(axes, result, y)
    if all(math.isfinite(value) for value in result.today):
        now = (result.today[1], result.today[0])
        axes.plot(*([value] for value in now), "*", ms=17, mfc="#ffd34d", mec=INK, mew=1.2, zorder=8)
        box = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.75}
        beside(axes, "today", now, (9, 7), fontsize=9.5, zorder=9, fontweight="bold", bbox=box)
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    axes.set_xlabel(f"{second.capitalize()}{_in(result.rate_units[1])}")
    axes.set_ylabel(f"{first.capitalize()}{_in(result.rate_units[0])}")
    scale = picture.colorbar(drawn, ax=axes, extend="both", pad=0.02, format=thousands)
    scale.set_label(f"{result.names[1]} minus {result.names[0]} ({result.unit})", fontsize=9)
    scale.ax.tick_params(labelsize=9)
    scale.outline.set_visible(False)
    lines = result.line_frame().rename(columns={"low": "line_low", "high": "line_high"})
    data = pd.concat([result.frame().assign(part="cell"), lines.assign(part="line")], ignore_index=True)
    return Chart(f"breakeven_map_{result.of}", title, picture, data)


def _line(axes: Any, result: BreakEvenMap, y: Any) -> None:
    """Draw the break-even line where each value of the second rate has one, and single roots where it has more."""
    at = result.values[1]
    single = [crossings[0] if len(crossings) == 1 else None for crossings in result.lines]
    value = np.array([one.value if one else math.nan for one in single])
    low = np.array([max(one.low, y[0]) if one else math.nan for one in single])
    high = np.array([min(one.high, y[-1]) if one else math.nan for one in single])
    axes.fill_between(at, low, high, color=INK, alpha=0.16, lw=0, zorder=3)
    axes.plot(at, value, color=INK, lw=2.4, marker="o", ms=4.5, zorder=5, clip_on=False)
    for where, crossings in zip(at, result.lines, strict=True):
        if len(crossings) > 1:
            axes.plot([where] * len(crossings), [one.value for one in crossings], "o", ms=5, mfc="white", mec=INK,
                      mew=1.5, zorder=5)  # fmt: skip


def _edges(values: Any) -> Any:
    """Return the edges of cells around values: half way between neighbours, and the ends of the range."""
    return np.concatenate([values[:1], (values[1:] + values[:-1]) / 2, values[-1:]])


def _mark_today(axes: Any, result: BreakEven, worded: bool = True) -> None:
    """Mark today's value, where both strategies have the same and it lies within the range."""
    values = set(result.today.values())
    low, high = result.between
    if len(values) == 1 and low <= (now := values.pop()) <= high:
        today(axes, now, 0.03 if worded else None, late=now > low + 0.9 * (high - low), lw=1.2)


def _in(unit: str) -> str:
    """Return a unit as it stands on an axis."""
    return "" if unit == "as stated" else f" ({unit})"
