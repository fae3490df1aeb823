"""Charts of many rates at once: the tornado, Sobol' indices with what is chance, the plane of elementary effects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.uncertainty.morris import Morris
from flywheel_sim.analysis.uncertainty.sobol import Sobol
from flywheel_sim.analysis.uncertainty.tornado import Tornado
from flywheel_sim.drawing.chart import COLOURS, FAINT, GREY, INK, TITLE, Chart, as_written, axes_of, blank, dress
from flywheel_sim.drawing.ends import FloatArray, ends_of
from flywheel_sim.drawing.labels import beside, measured, named_rows
from flywheel_sim.drawing.marks import DASHED, whiskers
from flywheel_sim.stats import Estimate, figure, with_unit
from flywheel_sim.wording import joined, lowered

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Rates drawn; those that do least are left to the table.
MOST = 15

#: What lies under a name, so that lines do not run through it.
_UNDER = {"fc": "white", "ec": "none", "alpha": 0.75, "pad": 0.6}


def tornado(result: Tornado) -> Chart:
    """Show the change of the metric at both ends of each rate, the longest bar on top.

    Takes what `flywheel_sim.tornado` returns.
    """
    bars = result.bars[:MOST]
    sure = [bar.range.name for bar in bars if bar.told]
    moved = f"{sure[0]} moves it most" if sure else "no rate is seen to move it"
    title = f"{result.label} ({result.subject}): {moved}"
    note = f"Change from today's {with_unit(result.today.mean, result.today.unit)}; lines: joint 95 % intervals. " \
           "Figures: the rate's values at the ends."  # fmt: skip
    drawing, axes = axes_of(title, note + _left_out(len(result.bars)), 1.7 + 0.36 * len(bars))
    place = np.arange(len(bars))[::-1]
    reached = [abs(end) for bar in bars for one in (bar.low, bar.high) for end in (one.low, one.high, one.mean)]
    span = max(filter(math.isfinite, reached)) or 1.0  # of one replication there are means alone, and all may be 0
    for colour, label, changes, height in (
        (COLOURS[1], "at the low end of the rate", [bar.low for bar in bars], 0.14),
        (COLOURS[0], "at the high end", [bar.high for bar in bars], -0.14),
    ):
        ends = ends_of(changes)
        axes.barh(place, ends.mean, height=0.62, color=colour, alpha=0.85, label=label)
        whiskers(axes, place + height, ends, True, zorder=4)
    for at, bar in zip(place, bars, strict=True):
        edges = [edge for one in (bar.low, bar.high) for edge in (one.mean, one.low, one.high) if np.isfinite(edge)]
        texts: dict[int, list[str]] = {-1: [], 1: []}
        for one, number in ((bar.low, bar.range.low), (bar.high, bar.range.high)):
            texts[1 if one.mean > 0 else -1].append(bar.range.shown(number))
        for side, values in texts.items():
            reach = min(0.0, *edges) if side < 0 else max(0.0, *edges)
            beside(axes, ", ".join(values), (reach, at), (5 * side, 0), va="center", ha="left" if side > 0 else "right",
                   fontsize=8.5, color=GREY)  # fmt: skip
    axes.axvline(0, color=INK, lw=0.9)
    axes.set_xlim(-1.2 * span, 1.2 * span)
    named_rows(axes, place, [bar.range.name for bar in bars])
    measured(axes, along=f"Change of {lowered(result.label)} ({result.unit})")
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    return Chart(f"tornado_{result.of}", title, drawing, result.frame())


def sobol(result: Sobol, metric: str | None = None) -> Chart:
    """Show first-order and total index of each rate, and above them how much of the variance is chance at all.

    Takes what `flywheel_sim.sobol` returns, and which ``metric`` of those asked for; the first unless given.
    """
    name = metric or result.of[0]
    frame = result.frame()
    every = result.order(name)
    order, chance = every[:MOST], result.chance(name)
    title = f"{result.labels[name]} ({result.subject}): {figure(chance.mean, '%')} % of the variance is chance"
    drawing = blank(2.6 + 0.42 * len(order))
    strip, axes = drawing.subplots(2, 1, height_ratios=[0.55, 0.42 * len(order) + 0.5])
    strip.set_title(title, loc="left", pad=12, **TITLE)
    _split(strip, result.unknown(name).mean, chance)
    place = np.arange(len(order))[::-1]
    for label, indices, colour, shift in (
        ("total: with all it does together with others", [result.total(rate, name) for rate in order], COLOURS[0], 0.2),
        ("first order: by itself", [result.first(rate, name) for rate in order], COLOURS[2], -0.2),
    ):
        ends = ends_of(indices)
        axes.barh(place + shift, ends.mean, height=0.38, color=colour, alpha=0.9, label=label)
        whiskers(axes, place + shift, ends, True, elinewidth=1)
    axes.axvline(0, color=INK, lw=0.9)
    ranges = [result.ranges[rate] for rate in order]
    axes.set_yticks(place, [f"{one.name}\n{one.shown(one.low)} to {one.shown(one.high)}" for one in ranges])
    axes.set_xlabel("Index: share of the variance that not knowing the rates makes, with its 95 % interval"
                    + _left_out(len(every)))  # fmt: skip
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    dress(strip, grid=None)
    dress(axes, grid="x")
    return Chart(f"sobol_{name}", title, drawing, frame[frame["metric"] == name].reset_index(drop=True))


def _split(axes: Axes, unknown: float, chance: Estimate) -> None:
    """Draw a strip of the whole variance: what comes of not knowing the rates, then what is chance."""
    axes.barh([0], [unknown], color=COLOURS[0], height=0.8)
    axes.barh([0], [chance.mean], left=[unknown], color=FAINT, height=0.8)
    half = np.nan_to_num(chance.half_width)
    axes.errorbar([unknown], [0], xerr=[half], fmt="none", ecolor=INK, elinewidth=1.2, capsize=3)
    for text, at, share in (("not knowing the rates", unknown / 2, unknown), ("chance", 50 + unknown / 2, chance.mean)):
        if share > 22:
            axes.annotate(text, (at, 0), ha="center", va="center", color="white", fontsize=9.5)
    axes.set_xlim(0, 100)
    axes.set_yticks([])
    axes.set_xlabel("Share of the variance between futures (%)", fontsize=9, color=INK)


def morris(result: Morris, metric: str | None = None) -> Chart:
    """Show how much each rate does against how differently it does it from place to place.

    Takes what `flywheel_sim.morris` returns, and ``metric`` as `sobol` does.
    """
    name = metric or result.of[0]
    frame = result.frame()
    order = result.order(name)
    sure = [rate for rate in order if result.told(rate, name)]
    unit, label = result.units[name], result.labels[name]
    title = f"{label} ({result.subject}): {joined(sure[:2])} matter most" if len(sure) > 1 else \
            f"{label} ({result.subject}): {sure[0]} matters most" if sure else \
            f"{label} ({result.subject}): no rate can be told apart from luck"  # fmt: skip
    note = "Mean with its 95 % interval. Below the dashed line a rate does much the same everywhere; grey: not told " \
           "apart from luck."  # fmt: skip
    drawing, axes = axes_of(title, note, 5.2)
    size, spread = ([fetch(rate, name) for rate in order] for fetch in (result.mu_star, result.sigma))
    (x, x_low, x_high), (y, y_low, y_high) = ends_of(size), ends_of(spread)
    for i, rate in enumerate(order):
        colour = COLOURS[0] if rate in sure else FAINT
        axes.errorbar(x[i], y[i], xerr=[[x[i] - x_low[i]], [x_high[i] - x[i]]], color=colour, elinewidth=1, capsize=2,
                      yerr=[[y[i] - y_low[i]], [y_high[i] - y[i]]], marker="o", ms=6, alpha=0.9)  # fmt: skip
    right, top = 1.16 * float(np.max(x_high)), 1.12 * max(float(np.max(y_high)), 0.3 * float(np.max(x)))
    axes.plot([0, right], [0, right / 2], color=FAINT, lw=1, ls=DASHED, zorder=1)
    axes.set_xlim(0, right)
    axes.set_ylim(0, top)
    with as_written():
        _labelled(axes, drawing, order, x, y)
    measured(axes, along=f"mu*: mean size of the change from one end of a rate's range to the other ({unit})",
             up=f"sigma: how far that differs ({unit})")  # fmt: skip
    return Chart(f"morris_{name}", title, drawing, frame[frame["metric"] == name].reset_index(drop=True))


def _labelled(axes: Axes, drawing: Figure, names: Sequence[str], x: FloatArray, y: FloatArray) -> None:
    """Write each name beside its point, nearer to it than to any other; what finds no such place shares a list."""
    drawing.canvas.draw()
    points = axes.transData.transform(np.column_stack([x, y]))
    taken: list[Any] = []
    crowd = []
    for i, name in enumerate(names):
        for across, up, ha in ((7, 6, "left"), (-7, 6, "right"), (7, -13, "left"), (-7, -13, "right")):
            text = axes.annotate(name, (x[i], y[i]), xytext=(across, up), textcoords="offset points", ha=ha, fontsize=9,
                                 color=INK, zorder=6, bbox=_UNDER)  # fmt: skip
            box = text.get_window_extent()
            inside = axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 and axes.bbox.y0 <= box.y0
            near = np.hypot(*(points - (box.x0 if ha == "left" else box.x1, (box.y0 + box.y1) / 2)).T)
            alone = not any(box.overlaps(one) for one in taken) and not box.count_contains(np.delete(points, i, axis=0))
            if inside and alone and near[i] <= near.min():
                taken.append(box)
                break
            text.remove()
        else:
            crowd.append(name)
    if crowd:
        listed = "\n".join(["Too close together to name there:", *crowd])
        axes.annotate(listed, (0.02, 0.98), xycoords="axes fraction", va="top", fontsize=8.5, color=GREY)


def _left_out(count: int) -> str:
    """Return what is said of rates that are not drawn."""
    return f" ({count - MOST} more in the table)" if count > MOST else ""
