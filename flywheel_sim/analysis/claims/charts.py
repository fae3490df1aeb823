"""Charts of the claims checker: what was claimed beside what is found, and where +5 points bring what is claimed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.claims.book import NO, NONE, UNSURE, YES, Reading
from flywheel_sim.analysis.claims.cost_readings import ARITHMETIC
from flywheel_sim.analysis.claims.result import Claims
from flywheel_sim.analysis.claims.retention import Retention
from flywheel_sim.analysis.claims.steady_state import FIVE, gain, region_of_gain
from flywheel_sim.drawing.chart import COLOURS, FAINT, INK, Chart, panels
from flywheel_sim.errors import ExperimentError, nearest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: How a verdict is drawn.
_MARKS = {YES: (COLOURS[2], "o"), NO: (COLOURS[1], "X"), UNSURE: (FAINT, "D")}

#: Claims whose readings are compared with a range of two ends, the ones drawn unless named.
_DRAWN = (
    "retention_5", "retention_1", "retention_2", "existing_65", "keeping_5x", "keeping_5_to_10x", "loyal_16x", "once_70"
)  # fmt: skip

#: How far from the claimed range a figure is drawn, in half-widths of the range's middle; beyond, at the edge.
_EDGE = 2.0

#: How a curve of theory is drawn.
_DASHED = (0, (4, 3))


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
    import pandas as pd

    named = strategy or next(iter(result.base_runs))
    if named not in result.base_runs:
        raise ExperimentError(f"'{named}' was not asked; {nearest(named, list(result.base_runs))}")
    chosen = [result[key] for key in (_DRAWN if keys is None else keys)]
    groups = [(one, [r for r in one.readings if r.strategy == named and _drawable(r)]) for one in chosen]
    groups = [(one, readings) for one, readings in groups if readings]
    if not groups:
        raise ExperimentError("none of these claims has a figure to draw in this scenario; read the table instead")
    count = sum(len(readings) + 1 for _, readings in groups)
    title = f"What the articles claim, and what '{named}' gives"
    note = "Band: claimed. Point: found, with its 95 % interval; arrow: beyond the axis."
    made, (axes,) = panels("", "", 1.6 + 0.27 * count)
    made.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold", color=INK)
    axes.set_title(note, loc="right", fontsize=9, color="#55636f", pad=6)
    rows, labels, at = [], [], 0
    for one, readings in groups:
        axes.axhspan(at - 0.5, at + 0.5, color="#f1f4f6", lw=0, zorder=0)
        labels.append((at, one.words, True))
        at += 1
        for reading in readings:
            _row(axes, at, reading)
            assert reading.found is not None
            labels.append((at, reading.label, False))
            rows.append((one.key, named, reading.label, reading.found.mean, reading.found.low, reading.found.high,
                         reading.unit, *reading.claimed, reading.verdict))  # fmt: skip
            at += 1
    axes.set_ylim(at - 0.5, -0.6)
    axes.set_yticks([place for place, _, _ in labels], [text for _, text, _ in labels])
    for tick, (_, _, head) in zip(axes.get_yticklabels(), labels, strict=True):
        tick.set_fontweight("bold" if head else "normal")
        tick.set_fontsize(8.5)
    axes.grid(axis="y", visible=False)
    axes.set_xlim(-_EDGE - 0.25, _EDGE + 1.6)
    axes.set_xticks([-2, -1, 0, 1, 2], ["¼", "½", "1", "2", "4"])
    axes.set_xlabel("Times the middle of what is claimed")
    axes.tick_params(axis="y", length=0)
    from matplotlib.lines import Line2D

    used = {reading.verdict for _, readings in groups for reading in readings}
    marks = [Line2D([], [], color=colour, marker=mark, lw=0, label=verdict)
             for verdict, (colour, mark) in _MARKS.items() if verdict in used]  # fmt: skip
    made.legend(handles=marks, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    columns = ["claim", "strategy", "reading", "mean", "low", "high", "unit", "claimed_low", "claimed_high", "verdict"]
    data = pd.DataFrame(rows, columns=columns)
    return Chart(f"claims_{named}".replace(" ", "_"), title, made, data)


def _row(axes: Axes, at: int, reading: Reading) -> None:
    """Draw one reading: the claimed band, the figure with its interval, and what it is."""
    assert reading.found is not None
    middle = math.sqrt(reading.claimed[0] * reading.claimed[1])
    low, high = (math.log2(end / middle) for end in reading.claimed)
    axes.barh(at, high - low, left=low, height=0.62, color=COLOURS[0], alpha=0.22, lw=0)
    if high - low < 0.2:
        axes.plot([0, 0], [at - 0.31, at + 0.31], color=COLOURS[0], lw=1, alpha=0.6)
    colour, mark = _MARKS[reading.verdict]

    def place(value: float) -> float:
        return float(np.clip(math.log2(value / middle), -_EDGE, _EDGE)) if value > 0 else -_EDGE

    found = reading.found
    x = place(found.mean)
    inside = found.mean > 0 and abs(math.log2(found.mean / middle)) <= _EDGE
    if inside and not math.isnan(found.low):
        axes.plot([place(found.low), place(found.high)], [at, at], color=colour, lw=1.8, solid_capstyle="butt")
    axes.plot([x], [at], marker=mark if inside else ("<" if x < 0 else ">"), color=colour, ms=6, zorder=4, lw=0)
    axes.text(_EDGE + 0.18, at, reading.said.replace(" times", " ×"), va="center", fontsize=8.5, color=INK)


def _drawable(reading: Reading) -> bool:
    ends = reading.claimed
    whole = 0 < ends[0] <= ends[1] < math.inf
    return reading.verdict != NONE and reading.strategy != ARITHMETIC and whole


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
        raise ExperimentError(f"'{of}' is not drawn along retention; {nearest(of, ['revenue', 'profit'])}")
    names = list(result.curves) if strategy is None else [strategy]
    if not names or any(name not in result.curves for name in names):
        raise ExperimentError("there is no retention to move in this scenario; name one by retention=...")
    first = result.retention[names[0]]
    assert isinstance(first, Retention)
    title = f"What +5 points of {first.name.replace('_', ' ')} bring in {of}"
    note = (
        "Shaded: the +25 to +95 % claimed. Points: this scenario today, with 95 % intervals. Dashed: a steady business."
    )
    made, (axes,) = panels(title, note, 4.6)
    axes.axhspan(100 * FIVE[0], 100 * FIVE[1], color=COLOURS[2], alpha=0.14, lw=0)
    rows: list[tuple[Any, ...]] = []
    spans = []
    for colour, name in zip(COLOURS, names, strict=False):
        curve, retention = result.curves[name], result.retention[name]
        assert isinstance(retention, Retention)
        r = np.linspace(curve.values[0], curve.values[-1] - 0.05, 80)
        found = np.array([curve.gain(of, float(one), lambda kept: kept + 0.05) for one in r])
        spans += [r[0], r[-1]]
        axes.plot(100 * r, found, color=colour, lw=2, label=f"{name}, runs")
        rows += [(name, 100 * one, value, np.nan, np.nan, "runs") for one, value in zip(r, found, strict=True)]
        label = f"+5 points: {of} to the horizon"
        today = next((x for x in result["retention_5"].readings if x.strategy == name and x.label == label), None)
        if today is not None and today.found is not None:
            mean, low, high = today.found.mean, today.found.low, today.found.high
            if math.isfinite(low):
                axes.errorbar([100 * retention.today], [mean], yerr=[[mean - low], [high - mean]], fmt="o", ms=8,
                              color=colour, mec="white", capsize=3, zorder=5)  # fmt: skip
            else:
                axes.plot([100 * retention.today], [mean], "o", ms=8, color=colour, mec="white", zorder=5)
            rows.append((name, 100 * retention.today, mean, low, high, "today"))
    steady = np.linspace(min(spans), max(spans), 200)
    if of == "revenue":
        share = np.array([100 * gain(float(one)) if one < 0.945 else np.nan for one in steady])
        axes.plot(100 * steady, share, color=INK, lw=1.3, ls=_DASHED, label="steady: 0.05 / (1 - r - 0.05)")
        rows += [
            ("steady", 100 * one, value, np.nan, np.nan, "theory") for one, value in zip(steady, share, strict=True)
        ]
        for end in region_of_gain(FIVE):
            if steady[0] < end < steady[-1]:
                axes.axvline(100 * end, color=INK, lw=0.8, ls=_DASHED, alpha=0.6)
                axes.annotate(f"{100 * end:.1f} %", (100 * end, 0.97), xycoords=("data", "axes fraction"), fontsize=8.5,
                              xytext=(3, 0), textcoords="offset points", va="top", color=INK)  # fmt: skip
    top = max([160.0, *(1.1 * row[4] for row in rows if row[5] == "today" and math.isfinite(row[4]))])
    axes.set_ylim(0, top)
    axes.set_xlim(100 * min(spans), 100 * max(spans) + 0.6)
    axes.set_xlabel(f"{first.name.replace('_', ' ').capitalize()} before the rise (share kept, % {first.per})")
    axes.set_ylabel(f"Gain in {of} (%)")
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    data = pd.DataFrame(rows, columns=["strategy", "retention", "gain", "low", "high", "source"])
    return Chart(f"claims_region_{of}", title, made, data)
