"""Charts of how much a rate matters: the response of a metric, and what a change does over time and through whom."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from flywheel_sim.analysis.sensitivity.changes import label_of
from flywheel_sim.analysis.sensitivity.effect import Effect
from flywheel_sim.analysis.sensitivity.response import Sensitivity
from flywheel_sim.drawing.chart import COLOURS, INK, Chart, axes_of, ends_of, panels, thousands
from flywheel_sim.stats import figure
from flywheel_sim.wording import joined, lowered

#: Shown side by side: claims about one are often told of the other.
BOTH = ("revenue", "profit")
#: How the parts of an effect are called on an axis.
CALLED = {"own": "customers' own", "upsell": "upsell", "referral": "referral and\ndescendants", "whole": "all together"}


def response(result: Sensitivity) -> Chart:
    """Show how a metric responds to a rate, with both readings of "+5 %"."""
    import pandas as pd

    title = f"{result.label} as {result.over.replace('_', ' ')} changes"
    marks = "Square: +5 points. Triangle: +5 % relative." if result.rate_unit.startswith("%") else "Triangle: +5 %."
    note = f"Dark: 95 % interval at each value. Light: band that holds all at once. Ring: today. {marks}"
    figure_, axes = axes_of(title, note)
    rows: list[pd.DataFrame] = [result.frame().assign(point="curve")]
    for (name, base), colour in zip(result.base.items(), COLOURS, strict=False):
        found = [result.at(name, i) for i in range(len(result.values))]
        mean, low, high = ends_of(found)
        order = np.argsort(result.values)
        x = result.values[order]
        axes.plot(x, mean[order], color=colour, lw=2, label=name)
        _, bottom, top = result.band(name)
        for ends, alpha in (((bottom, top), 0.14), ((low, high), 0.2)):
            if not np.isnan(ends[0]).any():
                axes.fill_between(x, ends[0][order], ends[1][order], color=colour, alpha=alpha, lw=0)
        now = result.base_runs[name][result.of]
        axes.plot([base], [now.mean], "o", ms=9, mfc="white", mec=colour, mew=2, zorder=5)
        for reading, marker in zip(result.readings[name], ("s", "^")[-len(result.readings[name]) :], strict=True):
            if reading.change is not None:
                axes.plot([reading.value], [now.mean + reading.change.mean], marker, ms=7, color=colour, zorder=5)
                rows.append(pd.DataFrame([{
                    "strategy": name, "rate": result.over, "value": reading.value, "rate_unit": result.rate_unit,
                    "metric": result.of, "mean": now.mean + reading.change.mean, "unit": result.unit,
                    "n": reading.change.n, "point": reading.label,
                }]))  # fmt: skip
        rows.append(pd.DataFrame([{
            "strategy": name, "rate": result.over, "value": base, "rate_unit": result.rate_unit, "metric": result.of,
            "mean": now.mean, "low": now.low, "high": now.high, "unit": now.unit, "n": now.n, "point": "today",
        }]))  # fmt: skip
    axes.set_xlabel(f"{result.over.replace('_', ' ').capitalize()} ({result.rate_unit})")
    axes.set_ylabel(f"{result.label} over the horizon ({result.unit})")
    axes.yaxis.set_major_formatter(thousands)
    if axes.get_ylim()[0] < 0 < axes.get_ylim()[1]:
        axes.axhline(0, color=INK, lw=0.8)
    axes.legend(loc="upper left", frameon=False)
    return Chart(f"response_{result.of}_{result.over}", title, figure_, pd.concat(rows, ignore_index=True))


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
    runs = result.base_runs[name]
    labels = {one: label_of(runs, one)[0] for one in figures}
    unit = label_of(runs, figures[0])[1]
    what = joined([lowered(label) for label in labels.values()])
    title = f"{_called(result)} {step}: {what} year by year{_where(name)}"
    note = f"{result.step(name, step)}, same people. Bars and points: mean change with its 95 % interval."
    made, (above, below) = panels(title, note, 6.0, (1.2, 1.0))
    width = 0.8 / len(figures)
    rows: list[dict[str, Any]] = []
    years = result.years(figures[0], name, step)
    for index, (one, colour) in enumerate(zip(figures, COLOURS, strict=False)):
        found = result.years(one, name, step)
        x = np.array([year.number for year in found]) + (index - (len(figures) - 1) / 2) * width
        mean, low, high = ends_of([year.within.gain for year in found])
        above.bar(x, mean, width=0.92 * width, color=colour, alpha=0.85, label=labels[one])
        _whiskers(above, x, mean, low, high)
        if len(found) * len(figures) <= 14:
            for at, year, top in zip(x, found, np.fmax(np.fmax(mean, high), 0), strict=True):
                if math.isfinite(year.within.percent.mean):
                    text = f"{year.within.percent.mean:+,.0f} %"
                    above.annotate(text, (at, top), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=9,
                                   color=INK)  # fmt: skip
        sums = [(year.number, year.so_far.gain) for year in found if year.so_far is not None]
        if sums:
            mean, low, high = ends_of([gain for _, gain in sums])
            at_ends = [number for number, _ in sums]
            below.plot(at_ends, mean, color=colour, lw=2, marker="o", ms=5)
            below.fill_between(at_ends, low, high, color=colour, alpha=0.22, lw=0)
            _whiskers(below, np.array(at_ends), mean, low, high)
        rows += [
            {"strategy": name, "change": step, "figure": one, "year": year.number, "first_month": first,
             "last_month": year.last, "span": span, "gain": held.gain.mean, "low": held.gain.low,
             "high": held.gain.high, "unit": held.gain.unit, "percent": held.percent.mean, "n": held.gain.n}
            for year in found
            for span, first, held in (("year", year.first, year.within), ("so far", found[0].first, year.so_far))
            if held is not None
        ]  # fmt: skip
    for axes, label in ((above, f"In the year ({unit})"), (below, f"Up to its end ({unit})")):
        axes.axhline(0, color=INK, lw=0.8)
        axes.yaxis.set_major_formatter(thousands)
        axes.set_ylabel(label)
    above.margins(y=0.12)
    every = max(1, len(years) // 10)
    below.set_xticks([year.number for year in years][::every], [
        f"year {year.number}\nmonths {year.first} to {year.last}" if len(years) <= 6 else str(year.number)
        for year in years
    ][::every])  # fmt: skip
    below.set_xlabel("" if len(years) <= 6 else "Year")
    above.legend(loc="upper left", frameon=False)
    made.align_ylabels([above, below])
    return Chart(f"effect_{result.over}", title, made, pd.DataFrame(rows))


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
    found = {one: result.split(one, name, step) for one in figures}
    title = f"{_called(result)} {step}: through whom it pays{_where(name)}"
    note = f"{result.step(name, step)}, same people. Mean with its 95 % interval; parts averaged over both orders."
    made, axes = axes_of(title, note)
    width = 0.8 / len(figures)
    rows: list[dict[str, Any]] = []
    for index, (one, colour) in enumerate(zip(figures, COLOURS, strict=False)):
        split, start = found[one], 0.0
        for at, (part, gain) in enumerate(split.parts.items()):
            x = at + (index - (len(figures) - 1) / 2) * width
            bottom = 0.0 if part == "whole" else start
            label = split.label if part == "own" else None
            axes.bar(x, gain.mean, bottom=bottom, width=0.92 * width, color=colour, label=label,
                     alpha=0.95 if part == "whole" else 0.6)  # fmt: skip
            ends = (np.array([bottom + end]) for end in (gain.mean, gain.low, gain.high))
            _whiskers(axes, np.array([x]), *ends)
            top = bottom + max(0.0, float(np.fmax(gain.mean, gain.high)))
            axes.annotate(figure(gain.mean), (x, top), xytext=(0, 3), textcoords="offset points", ha="center",
                          fontsize=9, color=INK)  # fmt: skip
            start = bottom + gain.mean
            rows.append({
                "strategy": name, "change": step, "figure": one, "part": part, "gain": gain.mean, "low": gain.low,
                "high": gain.high, "unit": gain.unit, "n": gain.n,
                "percent": split.shares[part].mean if part in split.shares else 100.0,
                "left_out": " ".join(split.events.get(part, ())),
            })  # fmt: skip
    axes.axhline(0, color=INK, lw=0.8)
    axes.set_xticks(range(len(CALLED)), list(CALLED.values()))
    axes.set_ylabel(f"Change over the horizon ({found[figures[0]].unit})")
    axes.yaxis.set_major_formatter(thousands)
    axes.grid(axis="x", visible=False)
    axes.margins(y=0.1)
    axes.legend(loc="upper left", frameon=False)
    return Chart(f"effect_parts_{result.over}", title, made, pd.DataFrame(rows))


def _shown(result: Effect, strategy: str | None, change: str | None) -> tuple[str, str]:
    """Return which strategy and change to draw: the last, and the first that is possible in it, unless given."""
    name = strategy or list(result.base)[-1]
    return name, change or (result.changes_of(name) or list(result.changes))[0]


def _called(result: Effect) -> str:
    return result.over.replace("_", " ").capitalize()


def _where(name: str) -> str:
    return "" if name == "as written" else f", {name}"


def _whiskers(axes: Any, x: Any, mean: Any, low: Any, high: Any) -> None:
    axes.errorbar(x, mean, yerr=np.nan_to_num([mean - low, high - mean]), fmt="none", ecolor=INK, elinewidth=1.1,
                  capsize=2.5)  # fmt: skip
