"""Charts of a budget: what the next euro brings at each place, today's and the best split, and how it moves in time."""

from __future__ import annotations

import math

import numpy as np

from flywheel_sim.analysis.allocation.by_horizon import AllocationByHorizon
from flywheel_sim.analysis.allocation.judgement import Judgement
from flywheel_sim.analysis.allocation.marginal import Marginal
from flywheel_sim.analysis.allocation.split import Allocation
from flywheel_sim.drawing.chart import COLOURS, FAINT, INK, Chart, axes_of
from flywheel_sim.drawing.ends import ends_of
from flywheel_sim.drawing.labels import beside, legend_under, measured, named_rows
from flywheel_sim.drawing.marks import DASHED, whiskers
from flywheel_sim.journey.units import format_duration
from flywheel_sim.stats import figure, with_unit
from flywheel_sim.wording import joined, lowered

#: How splits are called and coloured.
CALLED = {"today": "today", "even": "even split", "best": "best split"}
DRAWN = {"today": (COLOURS[5], "o"), "even": (FAINT, "D"), "best": (COLOURS[1], "o")}


def named(name: str) -> str:
    """Return a place's name as a chart says it."""
    return name.replace("_", " ")


def marginal(result: Marginal) -> Chart:
    """Show what the next euro brings at each place by several horizons, with joint intervals.

    Takes what `flywheel_sim.marginal` returns.
    """
    longest = result.months[-1]
    order = list(result.ranking(longest).names)
    leaders = result.ranking(longest).leaders
    title = f"By month {longest} the next euro brings most at {joined([named(one) for one in leaders])}"
    net = ", net of the euro itself" if result.of == "profit" else ""
    note = f"{result.label} per euro spent there{net}; joint 95 % intervals of all points."
    drawing, axes = axes_of(title, note, 1.9 + 0.62 * len(order))
    at = np.arange(len(order))[::-1]
    spread = np.linspace(0.2, -0.2, len(result.months)) if len(result.months) > 1 else np.zeros(1)
    for months, shift, colour in zip(result.months, spread, COLOURS, strict=False):
        ends, label = ends_of([result.at(name, months) for name in order]), f"within {months} months"
        whiskers(axes, at + shift, ends, True, fmt="o", ms=6, color=colour, elinewidth=1.6, capsize=3, label=label)
    axes.axvline(0, color=INK, lw=0.9)
    named_rows(axes, at, [named(name) for name in order])
    axes.set_ylim(-0.6, len(order) - 0.4)
    axes.set_xlabel(f"{result.label} of one more euro ({result.unit})")
    legend_under(drawing, len(result.months))
    return Chart("marginal", title, drawing, result.frame())


def allocation(result: Allocation) -> Chart:
    """Show money a month at each place: today's, an even and the best split.

    Takes what `flywheel_sim.allocate` returns.
    """
    gap, when = result.difference("best", "today"), format_duration(result.today.journey.horizon)
    what = lowered(result.label) if result.risk is None else result.decides
    if gap.low > 0:
        more = f"brings {with_unit(gap.mean, gap.unit)} more {what} than today's"
    else:
        more = f"cannot be told from today's in {what}"
    title = f"The best split {more} within {when}"
    unit = f"{result.places[0].currency} per month".strip()
    scaled = " (in proportion)" if result.scaled else ""
    note = (
        f"Of {with_unit(result.budget, unit)}. Right: what one more euro of budget brings there, joint 95 % interval."
    )
    drawing, axes = axes_of(title, note, 1.9 + 0.62 * len(result.places))
    at = np.arange(len(result.places))[::-1]
    splits = {name: result.points[name].split for name in ("even", "today", "best")}
    axes.hlines(at, splits["today"], splits["best"], color=COLOURS[1], lw=2.5, alpha=0.45, zorder=2)
    for name, money in splits.items():
        colour, mark = DRAWN[name]
        full = name == "best"
        axes.plot(money, at, mark, ms=9 if full else 7, mfc=colour if full else "white", mec=colour, mew=2,
                  label=CALLED[name] + (scaled if name == "today" else ""), zorder=4 if full else 3)  # fmt: skip
    top = max(float(money.max()) for money in splits.values())
    for place, y in zip(result.places, at, strict=True):
        worth = result.worth[place.name]
        half = "" if np.isnan(worth.low) else f" ± {worth.half_width:.2f}"
        axes.annotate(f"{worth.mean:+.2f}{half}", (1.01, y), xycoords=("axes fraction", "data"), va="center",
                      fontsize=9, color=INK)  # fmt: skip
    named_rows(axes, at, [named(place.name) for place in result.places])
    axes.set_ylim(-0.6, len(at) - 0.4)
    axes.set_xlim(-0.02 * top, 1.04 * top)
    measured(axes, along=f"Money at each place ({unit})")
    legend_under(drawing, 3)
    return Chart("allocation", title, drawing, result.frame())


def allocation_by_horizon(result: AllocationByHorizon) -> Chart:
    """Show the best split as shares of the budget, one bar a horizon.

    Takes what `flywheel_sim.allocation_by_horizon` returns.
    """
    horizons = list(result.by)
    first = result.by[horizons[0]]
    names = [place.name for place in first.places]
    shares = np.array([[100 * one.best[name] / sum(one.best.values()) for name in names] for one in result.by.values()])
    moved = shares[-1] - shares[0]
    most = int(np.argmax(np.abs(moved)))
    title = (
        f"{named(names[most]).capitalize()}: {shares[0, most]:.0f} % of the best split at {horizons[0]}, "
        f"{shares[-1, most]:.0f} % at {horizons[-1]}"
    )
    unit = f"{first.places[0].currency} per month".strip()
    note = f"Best split of {with_unit(first.budget, unit)} for the {first.decides} within each horizon."
    drawing, axes = axes_of(title, note, 2.2 + 0.62 * len(horizons))
    at, left = np.arange(len(horizons))[::-1], np.zeros(len(horizons))
    for name, share, colour in zip(names, shares.T, COLOURS, strict=False):
        axes.barh(at, share, left=left, height=0.62, color=colour, alpha=0.85, label=named(name))
        for y, width, start in zip(at, share, left, strict=True):
            if width >= 4:
                axes.text(
                    start + width / 2, y, figure(round(width)), ha="center", va="center", color="white", fontsize=9
                )
        left = left + share
    named_rows(axes, at, horizons)
    axes.set_xlim(0, 100)
    axes.set_xlabel("Share of the budget (%)")
    legend_under(drawing, len(names))
    return Chart("allocation_by_horizon", title, drawing, result.frame())


def judgement(result: Judgement, rate: str = "the rate") -> Chart:
    """Show the curve with what was judged, its limit, what nothing spent gives, and today.

    Parameters
    ----------
    result
        From `flywheel_sim.judge`.
    rate
        What the curve is of, in words.
    """
    factor = 100.0 if result.unit.startswith("%") else 1.0
    now = float(result.at(result.today))
    value, limit = (result.shown(one).split(" per ")[0] for one in (now, result.limit))
    title = f"{rate.replace('_', ' ').capitalize()}: {value} at {result.today:g} {result.spend_unit}, limit {limit}"
    more = float(result.at(1.1 * result.today)) - now
    step = f"{100 * more:+.3g} points" if factor == 100 else f"{more:+.3g}"
    note = f"Dots: what was judged. A tenth more than today's spend: {step}. No interval: judged, not measured."
    drawing, axes = axes_of(title, note, 4.4)
    table = result.frame()
    axes.plot(table["spend"], table["value"], color=COLOURS[0], lw=2.2)
    for level, word in ((result.limit, "limit"), (result.without, "nothing spent")):
        axes.axhline(factor * level, color=FAINT, lw=1, ls=DASHED, zorder=1)
        beside(axes, f"{word}: {result.shown(level)}", (0.995, factor * level), (0, 4), ha="right",
               xycoords=("axes fraction", "data"))  # fmt: skip
    half = factor * float(result.at(result.half_at))
    axes.plot([result.half_at] * 2, [factor * result.without, half], color=FAINT, lw=1, ls=DASHED, zorder=1)
    beside(axes, f"half the gain at {result.half_at:.3g}", (result.half_at, half), (8, -12))
    for word, spend, judged in result.given:
        if not (math.isnan(spend) or math.isnan(judged)):
            axes.plot(
                [spend], [factor * judged], "o", ms=8, color=COLOURS[1] if word == "today" else COLOURS[0], zorder=5
            )
            if word == "today":
                beside(axes, "today", (spend, factor * judged), (8, -12), color=COLOURS[1], fontweight="bold")
    axes.set_xlabel(f"Spend ({result.spend_unit})")
    axes.set_ylabel(f"{rate.replace('_', ' ').capitalize()} ({result.unit or 'as stated'})")
    low, high = sorted((factor * result.without, factor * result.limit))
    axes.set_ylim(low - 0.08 * (high - low), high + 0.1 * (high - low))
    axes.set_xlim(0, result.far)
    return Chart("judgement", title, drawing, table)
