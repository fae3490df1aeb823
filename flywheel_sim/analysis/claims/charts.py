"""Charts of the claims checker: what was claimed beside what is found, and where +5 points bring what is claimed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.claims.book import NO, NONE, UNSURE, YES, Claim, Reading
from flywheel_sim.analysis.claims.cost_readings import ARITHMETIC
from flywheel_sim.analysis.claims.result import Claims
from flywheel_sim.analysis.claims.retention import Retention
from flywheel_sim.analysis.claims.steady_state import FIVE, gain, region_of_gain
from flywheel_sim.drawing.chart import COLOURS, FAINT, GREY, INK, TITLE, Chart, panels
from flywheel_sim.drawing.ends import FloatArray, columns_of, ends_of
from flywheel_sim.drawing.labels import beside, legend_under, named_rows
from flywheel_sim.drawing.marks import DASHED, whiskers
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.stats import Estimate

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: A point of the chart along retention: strategy, retention, gain, both ends, and what says so.
_Row = tuple[str, float, float, float, float, str]

#: How a verdict is drawn.
_MARKS = {YES: (COLOURS[2], "o"), NO: (COLOURS[1], "X"), UNSURE: (FAINT, "D")}

#: Claims whose readings are compared with a range of two ends, the ones drawn unless named.
_DRAWN = (
    "retention_5", "retention_1", "retention_2", "existing_65", "keeping_5x", "keeping_5_to_10x", "loyal_16x", "once_70"
)  # fmt: skip

#: How far from the claimed range a figure is drawn, in half-widths of the range's middle; beyond, at the edge.
_EDGE = 2.0


def claims(result: Claims, keys: Sequence[str] | None = None, strategy: str | None = None) -> Chart:
    """Show the claimed range beside what is found, one row a reading, each as a share of what is claimed.

    Figures stand over the middle of the claimed range, on a scale of doublings; the band is the range.

    Parameters
    ----------
    result
        From `flywheel_sim.claims`.
    keys
        Claims with a range of two ends above zero; those on retention, revenue and costs unless given.
    strategy
        The first asked unless given.

    Raises
    ------
    ExperimentError
        If a claim or strategy is not there, or none of the claims can be drawn.
    """
    named = strategy or next(iter(result.base_runs))
    if named not in result.base_runs:
        raise ExperimentError(f"'{named}' was not asked; {nearest(named, list(result.base_runs))}")
    groups = _groups(result, keys, named)
    title = f"What the articles claim, and what '{named}' gives"
    note = "Band: claimed. Point: found, with its 95 % interval; arrow: beyond the axis."
    drawing, (axes,) = panels("", "", 1.6 + 0.27 * sum(len(readings) + 1 for _, readings in groups))
    drawing.suptitle(title, x=0.01, ha="left", **TITLE)
    axes.set_title(note, loc="right", fontsize=9, color=GREY, pad=6)
    _draw_rows(axes, groups)
    axes.set_xlim(-_EDGE - 0.25, _EDGE + 1.6)
    axes.set_xticks([-2, -1, 0, 1, 2], ["¼", "½", "1", "2", "4"])
    axes.set_xlabel("Times the middle of what is claimed")
    from matplotlib.lines import Line2D

    used = {reading.verdict for _, readings in groups for reading in readings}
    marks = [Line2D([], [], color=colour, marker=mark, lw=0, label=verdict)
             for verdict, (colour, mark) in _MARKS.items() if verdict in used]  # fmt: skip
    legend_under(drawing, 3, marks)
    return Chart(f"claims_{named}".replace(" ", "_"), title, drawing, _data(groups))


def _groups(result: Claims, keys: Sequence[str] | None, strategy: str) -> list[tuple[Claim, list[Reading]]]:
    """Return claims with those of their readings in a strategy that can be drawn."""
    chosen = [result[key] for key in (_DRAWN if keys is None else keys)]
    groups = [(one, [r for r in one.readings if r.strategy == strategy and _drawable(r)]) for one in chosen]
    groups = [(one, readings) for one, readings in groups if readings]
    if not groups:
        raise ExperimentError("none of these claims has a figure to draw in this scenario; read the table instead")
    return groups


def _drawable(reading: Reading) -> bool:
    ends = reading.claimed
    whole = 0 < ends[0] <= ends[1] < math.inf
    return reading.verdict != NONE and reading.strategy != ARITHMETIC and whole


def _data(groups: Sequence[tuple[Claim, Sequence[Reading]]]) -> pd.DataFrame:
    """Return what is drawn, one row a reading."""
    import pandas as pd

    return pd.DataFrame([
        {"claim": one.key, "strategy": reading.strategy, "reading": reading.label, **columns_of(_found(reading)),
         "unit": reading.unit, "claimed_low": reading.claimed[0], "claimed_high": reading.claimed[1],
         "verdict": reading.verdict}
        for one, readings in groups for reading in readings
    ])  # fmt: skip


def _found(reading: Reading) -> Estimate:
    assert reading.found is not None  # its verdict says that there is a figure
    return reading.found


def _draw_rows(axes: Axes, groups: Sequence[tuple[Claim, Sequence[Reading]]]) -> None:
    """Draw each claim as a row that bears its words, under which its readings have one row each."""
    lines: list[tuple[str, Reading | None]] = []
    for one, readings in groups:
        lines += [(one.words, None), *((reading.label, reading) for reading in readings)]
    for at, (_, reading) in enumerate(lines):
        if reading is None:
            axes.axhspan(at - 0.5, at + 0.5, color="#f1f4f6", lw=0, zorder=0)
        else:
            _row(axes, at, reading)
    axes.set_ylim(len(lines) - 0.5, -0.6)
    named_rows(axes, range(len(lines)), [text for text, _ in lines])
    for tick, (_, reading) in zip(axes.get_yticklabels(), lines, strict=True):
        tick.set_fontweight("bold" if reading is None else "normal")
        tick.set_fontsize(8.5)
    axes.tick_params(axis="y", length=0)


def _row(axes: Axes, at: int, reading: Reading) -> None:
    """Draw one reading: the claimed band, the figure with its interval, and what it is."""
    figure = _found(reading)
    middle = math.sqrt(reading.claimed[0] * reading.claimed[1])
    low, high = (math.log2(end / middle) for end in reading.claimed)
    axes.barh(at, high - low, left=low, height=0.62, color=COLOURS[0], alpha=0.22, lw=0)
    if high - low < 0.2:
        axes.plot([0, 0], [at - 0.31, at + 0.31], color=COLOURS[0], lw=1, alpha=0.6)
    colour, mark = _MARKS[reading.verdict]

    def place(value: float) -> float:
        return float(np.clip(math.log2(value / middle), -_EDGE, _EDGE)) if value > 0 else -_EDGE

    x = place(figure.mean)
    inside = figure.mean > 0 and abs(math.log2(figure.mean / middle)) <= _EDGE
    if inside and not math.isnan(figure.low):
        axes.plot([place(figure.low), place(figure.high)], [at, at], color=colour, lw=1.8, solid_capstyle="butt")
    axes.plot([x], [at], marker=mark if inside else ("<" if x < 0 else ">"), color=colour, ms=6, zorder=4, lw=0)
    axes.text(_EDGE + 0.18, at, reading.said.replace(" times", " ×"), va="center", fontsize=8.5, color=INK)


def claims_region(result: Claims, strategy: str | None = None, of: str = "revenue") -> Chart:
    """Show what +5 points of retention bring against today's retention, with the claimed band and this scenario.

    Parameters
    ----------
    result
        From `flywheel_sim.claims`.
    strategy
        All asked that have a retention unless given.
    of
        ``revenue`` or ``profit``, to the horizon.

    Raises
    ------
    ExperimentError
        If the strategy, or any, has no retention to move, or the figure is another.
    """
    import pandas as pd

    if of not in ("revenue", "profit"):
        raise ExperimentError(f"'{of}' is not drawn along retention; {nearest(str(of), ['revenue', 'profit'])}")
    names = list(result.curves) if strategy is None else [strategy]
    if not names or any(name not in result.curves for name in names):
        raise ExperimentError("there is no retention to move in this scenario; name one by over='...'")
    first = result.retention[names[0]]
    assert isinstance(first, Retention)
    title = f"What +5 points of {first.name.replace('_', ' ')} bring in {of}"
    note = (
        "Shaded: the +25 to +95 % claimed. Points: this scenario today, with 95 % intervals. Dashed: a steady business."
    )
    drawing, (axes,) = panels(title, note, 4.6)
    axes.axhspan(100 * FIVE[0], 100 * FIVE[1], color=COLOURS[2], alpha=0.14, lw=0)
    drawn = dict(zip(names, COLOURS, strict=False))
    lowest = min(float(result.curves[name].values[0]) for name in drawn)
    highest = max(float(result.curves[name].values[-1]) - 0.05 for name in drawn)
    points = [row for name, colour in drawn.items() for row in _curve(axes, result, name, of, colour)]
    if of == "revenue":
        points += _steady(axes, lowest, highest)
    tops = [high for *_, high, source in points if source == "today" and math.isfinite(high)]
    axes.set_ylim(0, max([160.0, *(1.1 * top for top in tops)]))
    axes.set_xlim(100 * lowest, 100 * highest + 0.6)
    axes.set_xlabel(f"{first.name.replace('_', ' ').capitalize()} before the rise (share kept, % {first.per})")
    axes.set_ylabel(f"Gain in {of} (%)")
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    data = pd.DataFrame(points, columns=["strategy", "retention", "gain", "low", "high", "source"])
    return Chart(f"claims_region_{of}", title, drawing, data)


def _curve(axes: Axes, result: Claims, name: str, of: str, colour: str) -> list[_Row]:
    """Draw what +5 points bring along retention in a strategy, and where it is today; return what is drawn."""
    curve, retention = result.curves[name], result.retention[name]
    assert isinstance(retention, Retention)
    r = np.linspace(curve.values[0], curve.values[-1] - 0.05, 80)
    gains = np.array([curve.gain(of, float(one), lambda kept: kept + 0.05) for one in r])
    axes.plot(100 * r, gains, color=colour, lw=2, label=f"{name}, runs")
    points = _points(name, r, gains, "runs")
    label = f"+5 points: {of} to the horizon"
    today = next((x for x in result["retention_5"].readings if x.strategy == name and x.label == label), None)
    if today is not None and today.found is not None:
        now, gain_today = 100 * retention.today, today.found
        look: dict[str, Any] = {"ms": 8, "color": colour, "mec": "white", "zorder": 5}
        if math.isfinite(gain_today.low):
            whiskers(axes, [now], ends_of([gain_today]), fmt="o", elinewidth=None, capsize=3, **look)
        else:
            axes.plot([now], [gain_today.mean], "o", **look)
        points.append((name, now, gain_today.mean, gain_today.low, gain_today.high, "today"))
    return points


def _steady(axes: Axes, lowest: float, highest: float) -> list[_Row]:
    """Draw what +5 points bring a steady business, and where that is what is claimed; return what is drawn."""
    r = np.linspace(lowest, highest, 200)
    gains = np.array([100 * gain(float(one)) if one < 0.945 else np.nan for one in r])
    axes.plot(100 * r, gains, color=INK, lw=1.3, ls=DASHED, label="steady: 0.05 / (1 - r - 0.05)")
    for end in region_of_gain(FIVE):
        if r[0] < end < r[-1]:
            axes.axvline(100 * end, color=INK, lw=0.8, ls=DASHED, alpha=0.6)
            beside(axes, f"{100 * end:.1f} %", (100 * end, 0.97), (3, 0), xycoords=("data", "axes fraction"),
                   fontsize=8.5, va="top")  # fmt: skip
    return _points("steady", r, gains, "theory")


def _points(strategy: str, r: FloatArray, gains: FloatArray, source: str) -> list[_Row]:
    """Return the points of a curve, which has no interval, as rows of the data."""
    return [(strategy, 100 * one, value, np.nan, np.nan, source) for one, value in zip(r, gains, strict=True)]
