"""Charts of how much a rate matters: the response of a metric, and what a change does over time and through whom."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.sensitivity.changes import Year, label_of
from flywheel_sim.analysis.sensitivity.effect import Effect
from flywheel_sim.analysis.sensitivity.response import Sensitivity
from flywheel_sim.drawing.chart import COLOURS, INK, Chart, axes_of, panels
from flywheel_sim.drawing.ends import Ends, FloatArray, columns_of, ends_of, row_of
from flywheel_sim.drawing.labels import beside, measured
from flywheel_sim.drawing.marks import in_bands, in_interval, side_by_side, whiskers, zero_within
from flywheel_sim.errors import look_up
from flywheel_sim.stats import figure
from flywheel_sim.wording import joined, lowered

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Shown side by side: claims about one are often told of the other.
BOTH = ("revenue", "profit")
#: How the parts of an effect are called on an axis.
CALLED = {"own": "customers' own", "upsell": "upsell", "referral": "referral and\ndescendants", "whole": "all together"}


def response(result: Sensitivity) -> Chart:
    """Show how a metric responds to a rate, with both readings of "+5 %"."""
    import pandas as pd

    title = f"{result.label} as {result.over.replace('_', ' ')} changes"
    labels = [one.label for one in next(iter(result.readings.values()))]
    marks = " ".join(
        f"{mark}: {label}." for mark, label in zip(("Square", "Triangle")[-len(labels) :], labels, strict=True)
    )
    note = f"Dark: 95 % interval at each value. Light: band that holds all at once. Ring: today. {marks}"
    figure_, axes = axes_of(title, note)
    rows: list[pd.DataFrame] = [result.frame().assign(point="curve")]
    for (name, base), colour in zip(result.base.items(), COLOURS, strict=False):
        mean, low, high = ends_of([result.at(name, i) for i in range(len(result.values))])
        order = np.argsort(result.values)
        _, bottom, top = result.band(name)
        bands = [
            (left[order], right[order], dark)
            for left, right, dark in ((bottom, top, 0.14), (low, high, 0.2)) if not np.isnan(left).any()
        ]  # fmt: skip
        in_bands(axes, result.values[order], mean[order], bands, colour, label=name)
        now = result.base_runs[name][result.of]
        axes.plot([base], [now.mean], "o", ms=9, mfc="white", mec=colour, mew=2, zorder=5)
        for reading, marker in zip(result.readings[name], ("s", "^")[-len(result.readings[name]) :], strict=True):
            if reading.change is not None:
                axes.plot([reading.value], [now.mean + reading.change.mean], marker, ms=7, color=colour, zorder=5)
                figures = {"mean": now.mean + reading.change.mean, "unit": result.unit, "n": reading.change.n}
                rows.append(_point(result, name, reading.value, figures, reading.label))
        rows.append(_point(result, name, base, row_of(now), "today"))
    axes.set_xlabel(f"{result.over.replace('_', ' ').capitalize()} ({result.rate_unit})")
    measured(axes, up=f"{result.label} over the horizon ({result.unit})")
    zero_within(axes)
    axes.legend(loc="upper left", frameon=False)
    return Chart(f"response_{result.of}_{result.over}", title, figure_, pd.concat(rows, ignore_index=True))


def _point(result: Sensitivity, name: str, value: float, figures: dict[str, Any], point: str) -> pd.DataFrame:
    """Return the row of a marked point of a strategy's curve."""
    import pandas as pd

    row = {"strategy": name, "rate": result.over, "value": value, "rate_unit": result.rate_unit, "metric": result.of}
    return pd.DataFrame([{**row, **figures, "point": point}])


def effect(
    result: Effect, figures: Sequence[str] = BOTH, strategy: str | None = None, change: str | None = None
) -> Chart:
    """Show what a change of a rate does in each year, and up to the end of each.

    Parameters
    ----------
    result
        From `flywheel_sim.effect`.
    figures
        Two at most for a chart that can be read; flows in one unit.
    strategy, change
        The last strategy and the first change that is possible unless given.
    """
    import pandas as pd

    name, step = _shown(result, strategy, change)
    labels = {one: label_of(result.base_runs[name], one)[0] for one in figures}
    unit = label_of(result.base_runs[name], figures[0])[1]
    what = joined([lowered(label) for label in labels.values()])
    title = f"{_called(result)} {step}: {what} year by year{_where(name)}"
    note = f"{result.step(name, step)}, same people. Bars and points: mean change with its 95 % interval."
    picture, (above, below) = panels(title, note, 6.0, (1.2, 1.0))
    years = {one: result.years(one, name, step) for one in figures}
    width, shifts = side_by_side(len(figures))
    for one, colour, shift in zip(figures, COLOURS, shifts, strict=False):
        at = np.array([year.number for year in years[one]]) + shift
        _within(above, at, years[one], len(years[one]) * len(figures) <= 14, width=0.92 * width, color=colour,
                label=labels[one])  # fmt: skip
        _so_far(below, years[one], colour)
    for axes, label in ((above, f"In the year ({unit})"), (below, f"Up to its end ({unit})")):
        axes.axhline(0, color=INK, lw=0.8)
        measured(axes, up=label)
    above.margins(y=0.12)
    _name_years(below, years[figures[0]])
    above.legend(loc="upper left", frameon=False)
    picture.align_ylabels([above, below])
    rows = [
        {"strategy": name, "change": step, "figure": one, **row} for one in figures for row in _year_rows(years[one])
    ]
    return Chart(f"effect_{result.over}", title, picture, pd.DataFrame(rows))


def _within(axes: Axes, at: FloatArray, years: Sequence[Year], in_percent: bool, **look: Any) -> None:
    """Draw what a change does in each year, and over it the change in per cent if it is to be told."""
    ends = ends_of([year.within.gain for year in years])
    axes.bar(at, ends.mean, alpha=0.85, **look)
    whiskers(axes, at, ends)
    for x, year, top in zip(at, years, np.fmax(np.fmax(ends.mean, ends.high), 0), strict=True):
        if in_percent and math.isfinite(year.within.percent.mean):
            beside(axes, f"{year.within.percent.mean:+,.0f} %", (x, top), (0, 3), ha="center")


def _so_far(axes: Axes, years: Sequence[Year], colour: str) -> None:
    """Draw what a change does up to the end of each year; nothing for a stock, which does not add up."""
    sums = {year.number: year.so_far.gain for year in years if year.so_far is not None}
    if sums:
        ends = ends_of(list(sums.values()))
        in_interval(axes, list(sums), ends, 0.22, colour, marker="o", ms=5)
        whiskers(axes, list(sums), ends)


def _name_years(axes: Axes, years: Sequence[Year]) -> None:
    """Name the years along axes; where there are many, some of them."""
    few, every = len(years) <= 6, max(1, len(years) // 10)
    names = [f"year {one.number}\nmonths {one.first} to {one.last}" if few else str(one.number) for one in years]
    axes.set_xticks([one.number for one in years][::every], names[::every])
    axes.set_xlabel("" if few else "Year")


def _year_rows(years: Sequence[Year]) -> Iterator[dict[str, Any]]:
    """Yield what is drawn of a figure, two rows a year: of the year, and up to its end."""
    for year in years:
        for span, first, one in (("year", year.first, year.within), ("so far", years[0].first, year.so_far)):
            if one is not None:
                yield {
                    "year": year.number, "first_month": first, "last_month": year.last, "span": span,
                    **columns_of(one.gain, "gain"), "unit": one.gain.unit, "percent": one.percent.mean,
                    "n": one.gain.n,
                }  # fmt: skip


def effect_parts(
    result: Effect, figures: Sequence[str] = BOTH, strategy: str | None = None, change: str | None = None
) -> Chart:
    """Show what customers' own revenue, upsell and referral add to what a change of a rate does.

    Parameters
    ----------
    result, figures, strategy, change
        As for `effect`; figures that were split.
    """
    import pandas as pd

    name, step = _shown(result, strategy, change)
    splits = {one: result.split(one, name, step) for one in figures}
    title = f"{_called(result)} {step}: through whom it pays{_where(name)}"
    note = f"{result.step(name, step)}, same people. Mean with its 95 % interval; parts averaged over both orders."
    picture, axes = axes_of(title, note)
    width, shifts = side_by_side(len(figures))
    rows: list[dict[str, Any]] = []
    for one, colour, shift in zip(figures, COLOURS, shifts, strict=False):
        split, start = splits[one], 0.0
        for at, (part, gain) in enumerate(split.parts.items()):
            x = at + shift
            bottom = 0.0 if part == "whole" else start
            label = split.label if part == "own" else None
            axes.bar(x, gain.mean, bottom=bottom, width=0.92 * width, color=colour, label=label,
                     alpha=0.95 if part == "whole" else 0.6)  # fmt: skip
            whiskers(axes, [x], Ends(*(np.array([bottom + end]) for end in (gain.mean, gain.low, gain.high))))
            top = bottom + max(0.0, float(np.fmax(gain.mean, gain.high)))
            beside(axes, figure(gain.mean), (x, top), (0, 3), ha="center")
            start = bottom + gain.mean
            rows.append({
                "strategy": name, "change": step, "figure": one, "part": part, **columns_of(gain, "gain"),
                "unit": gain.unit, "n": gain.n,
                "percent": split.shares[part].mean if part in split.shares else 100.0,
                "left_out": " ".join(split.events.get(part, ())),
            })  # fmt: skip
    axes.axhline(0, color=INK, lw=0.8)
    axes.set_xticks(range(len(CALLED)), list(CALLED.values()))
    measured(axes, up=f"Change over the horizon ({splits[figures[0]].unit})")
    axes.grid(axis="x", visible=False)
    axes.margins(y=0.1)
    axes.legend(loc="upper left", frameon=False)
    return Chart(f"effect_parts_{result.over}", title, picture, pd.DataFrame(rows))


def _shown(result: Effect, strategy: str | None, change: str | None) -> tuple[str, str]:
    """Return which strategy and change to draw: the last, and the first that is possible in it, unless given."""
    name = strategy or list(result.base)[-1]
    look_up(result.base, name)
    return name, change or (result.changes_of(name) or list(result.changes))[0]


def _called(result: Effect) -> str:
    return result.over.replace("_", " ").capitalize()


def _where(name: str) -> str:
    return "" if name == "as written" else f", {name}"
