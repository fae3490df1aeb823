"""Charts of momentum: which friction costs most, and mass, speed and friction month by month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.analysis.momentum.charts.wheel_picture import plus, wheel
from flywheel_sim.analysis.momentum.frictions import MOMENTUM, Frictions
from flywheel_sim.analysis.momentum.momentum import UNIT, Momentum, surely
from flywheel_sim.drawing.chart import COLOURS, FAINT, GREY, INK, TITLE, Chart, blank, dress, panels
from flywheel_sim.drawing.ends import FloatArray, ends_in, ends_of
from flywheel_sim.drawing.labels import beside, legend_under, thousands
from flywheel_sim.drawing.marks import in_interval, whiskers
from flywheel_sim.drawing.months import finish, months_of
from flywheel_sim.stats import figure, with_unit
from flywheel_sim.wording import lowered

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["frictions", "momentum", "wheel"]

#: What each phase is drawn in where a friction names none.
NO_PHASE = "no phase"

#: How the figures that lines end at are written.
_SAID: dict[str, Any] = {"fontsize": 9.5, "fontweight": "bold"}


def frictions(result: Frictions) -> Chart:
    """Show what is gained by removing each friction, in the metric and in momentum, with joint intervals.

    Takes what `flywheel_sim.frictions` returns.
    """
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.patches import Patch

    names = list(result.names)
    title, note = _title_and_note(result)
    height = 2.1 + 0.42 * len(names)
    drawing = blank(height, layout=ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - 0.85 / height)))
    drawing.text(0.012, 1 - 0.25 / height, title, va="center", **TITLE)
    drawing.text(0.012, 1 - 0.43 / height, note, fontsize=9, color=GREY, va="top", linespacing=1.35)
    left, right = drawing.subplots(1, 2, sharey=True, width_ratios=[1.25, 1.0])
    colours = phase_colours(result)
    for axes, what in ((left, result.of), (right, MOMENTUM)):
        _gains(axes, result, what, colours)
    left.set_yticks(np.arange(len(names)), [_plain(name) for name in names], fontsize=10, color=INK)
    left.invert_yaxis()
    left.set_xlabel(f"{result.label} gained in {result.today.months} ({result.units[result.of]})")
    right.set_xlabel(f"Momentum gained ({UNIT})")
    handles = [Patch(color=colour, label=phase) for phase, colour in colours.items()]
    legend_under(drawing, len(handles), handles, 9.5)
    return Chart(f"frictions_{result.of}", title, drawing, result.frame())


def _title_and_note(result: Frictions) -> tuple[str, str]:
    """Return the title, which names what costs most, and the note."""
    label, first = lowered(result.label), result.names[0]
    title = f"Removing “{_plain(first)}” changes {label} most: {_change(result, first)}"
    if not surely(result.gain(first)):
        title = f"These runs do not show that any one friction changes {label}"
    both, summed = result.together(), result.summed()
    note = (
        f"Gain without each friction, same people and luck; {result.level * 100:g} % intervals that hold for all at "
        "once. Pale: not told apart from 0."
    )
    if len(result.names) > 1:
        note += (
            f"\nAll {len(result.names)} removed together: {plus(both.mean)} {both.unit}; their single gains add up to "
            f"{plus(summed.mean)} {summed.unit}."
        )
    return title, note


def _gains(axes: Axes, result: Frictions, what: str, colours: dict[str, str]) -> None:
    """Draw what removing each friction gains in a figure."""
    at = np.arange(len(result.names))
    ends = ends_of([result.gain(name, what) for name in result.names])
    mean, low, high = ends
    for y, name in zip(at, result.names, strict=True):
        colour = colours[result.friction(name).phase or NO_PHASE]
        sure = surely(result.gain(name, what))
        axes.barh(y, mean[y], height=0.62, color=colour, alpha=0.9 if sure else 0.3, lw=0)
    if np.isfinite(low).all():
        whiskers(axes, at, ends, True, elinewidth=1.2, capsize=3)
    reach = np.nanmax([mean, high], axis=0)
    span = max(float(np.nanmax(reach)), 0.0) - min(float(np.nanmin([mean, low])), 0.0)
    for row, gain in enumerate(mean):
        axes.text(max(reach[row], 0.0) + 0.02 * span, row, plus(gain), va="center", fontsize=9, color=INK)
    axes.set_xlim(right=max(float(np.nanmax(reach)), 0.0) + 0.17 * span)
    axes.axvline(0, color=INK, lw=0.9)
    dress(axes, grid="x")
    axes.spines["left"].set_visible(False)
    axes.tick_params(left=False)
    axes.xaxis.set_major_formatter(thousands)
    axes.locator_params(axis="x", nbins=5)


def phase_colours(result: Frictions) -> dict[str, str]:
    """Return the colour of each phase that has a friction, in the order of the journey."""
    order = dict.fromkeys([stage.phase for stage in result.today.journey.stages if stage.phase])
    named = {one.phase for one in result.frictions}
    colours = {phase: COLOURS[i % len(COLOURS)] for i, phase in enumerate(order) if phase in named}
    return colours | ({NO_PHASE: FAINT} if "" in named else {})


def momentum(result: Momentum) -> Chart:
    """Show mass, speed and friction over the months, each with the interval of its mean.

    Takes what `flywheel_sim.momentum` returns.
    """
    runs, window = result.runs, result.window
    now, before = result.momentum, result.figure("momentum", before=True)
    verdict = {"yes": "faster than before", "no": "slower than before"}.get(result.faster, "not told apart from before")
    title = f"Growing {verdict}: {plus(now.mean)} customers a month, after {plus(before.mean)}"
    if result.faster == "not told apart":
        title = f"Growth {verdict}: {plus(now.mean)} customers a month, after {plus(before.mean)}"
    averaged = f"averaged over {window} months" if window > 1 else "month by month"
    note = f"Line: mean, band: its 95 % interval. Speed and friction {averaged}; shaded: the two windows compared."
    drawing, every = panels(title, note, 7.8, (1.2, 1.0, 1.0))
    x, data = months_of(runs.journey), result.frame()
    drawn = (
        (("customers", COLOURS[0], ""),),
        (("growth_rate", COLOURS[2], ""),),
        (("gained", COLOURS[2], "gained"), ("lost", COLOURS[1], "lost")),
    )
    heads = ("Mass: customers", "Speed: growth\n(% per month)", f"Friction: gained, lost\n({UNIT})")
    for axes, lines, head in zip(every, drawn, heads, strict=True):
        for name, colour, label in lines:
            part = data[data["figure"] == name]
            in_interval(axes, x[-len(part) :], ends_in(part), 0.28, colour, label=label or None)
        finish(axes, runs.journey, head, legend=False)
        axes.set_xlabel("" if axes is not every[-1] else axes.get_xlabel())
        for back, shade in ((0, 0.16), (1, 0.08)):
            end = len(x) - 1 - back * window
            begin = end - window
            axes.axvspan(x[max(begin, 0)], x[end], color=FAINT, alpha=shade, lw=0, zorder=0)
        if axes.get_ylim()[0] > 0 and axes is not every[1]:
            axes.set_ylim(0, 1.1 * axes.get_ylim()[1])
    every[1].axhline(0, color=INK, lw=0.8)
    _gained_and_lost(every[2], x, *(data[data["figure"] == name]["mean"].to_numpy() for name in ("gained", "lost")))
    for axes, place, text, colour in (
        (every[0], result.mass.mean, f"{figure(result.mass.mean)} customers", COLOURS[0]),
        (every[1], result.growth_rate.mean, f"{plus(result.growth_rate.mean)} %", COLOURS[2]),
    ):
        beside(axes, text, (x[-1], place), (0, -12), ha="right", va="top", color=colour, **_SAID)
    for when, text in ((x[-1 - window], "before"), (x[-1], "last")):
        every[0].annotate(
            f"{text} ", (when, 0.03), xycoords=("data", "axes fraction"), ha="right", fontsize=9, color=INK
        )
    drawing.align_ylabels(every)
    return Chart("momentum", title, drawing, data.assign(window=window))


def _gained_and_lost(axes: Axes, x: Sequence[Any], gains: FloatArray, losses: FloatArray) -> None:
    """Shade between what is gained and what is lost, whichever is more, and say how much either is in the end."""
    when = x[-len(gains) :]
    axes.fill_between(when, losses, gains, where=gains >= losses, color=COLOURS[2], alpha=0.10, lw=0)
    axes.fill_between(when, losses, gains, where=gains < losses, color=COLOURS[1], alpha=0.10, lw=0)
    for path, other, text, colour in ((gains, losses, "gained", COLOURS[2]), (losses, gains, "lost", COLOURS[1])):
        above = path[-1] >= other[-1]
        beside(axes, f"{text} {figure(path[-1])}", (x[-1], path[-1]), (0, 7 if above else -7), ha="right",
               va="bottom" if above else "top", color=colour, **_SAID)  # fmt: skip


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _change(result: Frictions, name: str) -> str:
    gain = result.gain(name)
    return f"{'+' if gain.mean > 0 else ''}{with_unit(gain.mean, gain.unit)}"
