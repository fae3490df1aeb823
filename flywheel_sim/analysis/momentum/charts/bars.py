"""Charts of momentum: which friction costs most, and mass, speed and friction month by month."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.analysis.momentum.charts.wheel_picture import wheel
from flywheel_sim.analysis.momentum.frictions import MOMENTUM, Frictions
from flywheel_sim.analysis.momentum.momentum import UNIT, Momentum, surely
from flywheel_sim.drawing.chart import COLOURS, FAINT, INK, Chart, ends_of, panels, thousands
from flywheel_sim.drawing.months import finish, months_of
from flywheel_sim.stats import figure, with_unit
from flywheel_sim.wording import lowered

__all__ = ["frictions", "momentum", "wheel"]

FloatArray = NDArray[np.float64]

#: What each phase is drawn in where a friction names none.
NO_PHASE = "no phase"


def frictions(result: Frictions) -> Chart:
    """Show what is gained by removing each friction, in the metric and in momentum, with joint intervals.

    Parameters
    ----------
    result
        From `flywheel_sim.frictions`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.patches import Patch

    names = list(result.names)
    label, first = lowered(result.label), names[0]
    title = f"Removing “{_plain(first)}” changes {label} most: {_change(result, first)}"
    if not surely(result.gain(first)):
        title = f"These runs do not show that any one friction changes {label}"
    both, summed = result.together(), result.summed()
    note = (
        f"Gain without each friction, same people and luck; {result.level * 100:g} % intervals that hold for all at "
        "once. Pale: not told apart from 0."
    )
    if len(names) > 1:
        note += (
            f"\nAll {len(names)} removed together: {_plus(both.mean)} {both.unit}; their single gains add up to "
            f"{_plus(summed.mean)} {summed.unit}."
        )
    height = 2.1 + 0.42 * len(names)
    made = Figure(figsize=(9, height), layout=ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - 0.85 / height)))
    FigureCanvasAgg(made)
    made.text(0.012, 1 - 0.25 / height, title, fontsize=13, fontweight="bold", color=INK, va="center")
    made.text(0.012, 1 - 0.43 / height, note, fontsize=9, color="#55636f", va="top", linespacing=1.35)
    left, right = made.subplots(1, 2, sharey=True, width_ratios=[1.25, 1.0])
    colours = phase_colours(result)
    at = np.arange(len(names))
    for axes, what in ((left, result.of), (right, MOMENTUM)):
        mean, low, high = ends_of([result.gain(name, what) for name in names])
        for y, name in zip(at, names, strict=True):
            colour = colours[result.friction(name).phase or NO_PHASE]
            sure = surely(result.gain(name, what))
            axes.barh(y, mean[y], height=0.62, color=colour, alpha=0.9 if sure else 0.3, lw=0)
        if np.isfinite(low).all():
            axes.errorbar(mean, at, xerr=[mean - low, high - mean], fmt="none", ecolor=INK, elinewidth=1.2, capsize=3)
        reach = np.nanmax([mean, high], axis=0)
        span = max(float(np.nanmax(reach)), 0.0) - min(float(np.nanmin([mean, low])), 0.0)
        for y, name in zip(at, names, strict=True):
            text = _plus(result.gain(name, what).mean)
            axes.text(max(reach[y], 0.0) + 0.02 * span, y, text, va="center", fontsize=9, color=INK)
        axes.set_xlim(right=max(float(np.nanmax(reach)), 0.0) + 0.17 * span)
        axes.axvline(0, color=INK, lw=0.9)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color(FAINT)
        axes.tick_params(colors="#44525e", labelsize=9, left=False)
        axes.grid(axis="x", color="#e4e9ed", lw=0.8)
        axes.set_axisbelow(True)
        axes.xaxis.set_major_formatter(thousands)
        axes.locator_params(axis="x", nbins=5)
    left.set_yticks(at, [_plain(name) for name in names], fontsize=10, color=INK)
    left.invert_yaxis()
    left.set_xlabel(f"{result.label} gained in {result.today.months} ({result.units[result.of]})")
    right.set_xlabel(f"Momentum gained ({UNIT})")
    handles = [Patch(color=colour, label=phase) for phase, colour in colours.items()]
    made.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=9.5)
    return Chart(f"frictions_{result.of}", title, made, result.frame())


def phase_colours(result: Frictions) -> dict[str, str]:
    """Return the colour of each phase that has a friction, in the order of the journey."""
    order = dict.fromkeys([stage.phase for stage in result.today.journey.stages if stage.phase])
    named = {one.phase for one in result.frictions}
    found = {phase: COLOURS[i % len(COLOURS)] for i, phase in enumerate(order) if phase in named}
    return found | ({NO_PHASE: FAINT} if "" in named else {})


def momentum(result: Momentum) -> Chart:
    """Show mass, speed and friction over the months, each with the interval of its mean.

    Parameters
    ----------
    result
        From `flywheel_sim.momentum`.
    """
    runs, window = result.runs, result.window
    now, before = result.momentum, result.figure("momentum", before=True)
    said = {"yes": "faster than before", "no": "slower than before"}.get(result.faster, "not told apart from before")
    title = f"Growing {said}: {_plus(now.mean)} customers a month, after {_plus(before.mean)}"
    if result.faster == "not told apart":
        title = f"Growth {said}: {_plus(now.mean)} customers a month, after {_plus(before.mean)}"
    averaged = f"averaged over {window} months" if window > 1 else "month by month"
    note = f"Line: mean, band: its 95 % interval. Speed and friction {averaged}; shaded: the two windows compared."
    made, every = panels(title, note, 7.8, (1.2, 1.0, 1.0))
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
            when = x[-len(part) :]
            axes.fill_between(when, part["low"], part["high"], color=colour, alpha=0.28, lw=0)
            axes.plot(when, part["mean"], color=colour, lw=2, label=label or None)
        finish(axes, runs.journey, head, legend=False)
        axes.set_xlabel("" if axes is not every[-1] else axes.get_xlabel())
        for back, shade in ((0, 0.16), (1, 0.08)):
            end = len(x) - 1 - back * window
            begin = end - window
            axes.axvspan(x[max(begin, 0)], x[end], color=FAINT, alpha=shade, lw=0, zorder=0)
        if axes.get_ylim()[0] > 0 and axes is not every[1]:
            axes.set_ylim(0, 1.1 * axes.get_ylim()[1])
    rate = every[1]
    rate.axhline(0, color=INK, lw=0.8)
    gains, losses = (data[data["figure"] == name]["mean"].to_numpy() for name in ("gained", "lost"))
    every[2].fill_between(x[-len(gains) :], losses, gains, where=gains >= losses, color=COLOURS[2], alpha=0.10, lw=0)
    every[2].fill_between(x[-len(gains) :], losses, gains, where=gains < losses, color=COLOURS[1], alpha=0.10, lw=0)
    for path, text, colour in ((gains, "gained", COLOURS[2]), (losses, "lost", COLOURS[1])):
        above = path[-1] >= (losses if path is gains else gains)[-1]
        every[2].annotate(f"{text} {figure(path[-1])}", (x[-1], path[-1]), xytext=(0, 7 if above else -7), ha="right",
                          va="bottom" if above else "top", textcoords="offset points", color=colour, fontsize=9.5,
                          fontweight="bold")  # fmt: skip
    for axes, place, text, colour in (
        (every[0], result.mass.mean, f"{figure(result.mass.mean)} customers", COLOURS[0]),
        (rate, result.growth_rate.mean, f"{_plus(result.growth_rate.mean)} %", COLOURS[2]),
    ):
        axes.annotate(text, (x[-1], place), xytext=(0, -12), ha="right", va="top", textcoords="offset points",
                      color=colour, fontsize=9.5, fontweight="bold")  # fmt: skip
    for when, text in ((x[-1 - window], "before"), (x[-1], "last")):
        every[0].annotate(
            f"{text} ", (when, 0.03), xycoords=("data", "axes fraction"), ha="right", fontsize=9, color=INK
        )
    made.align_ylabels(every)
    return Chart("momentum", title, made, data.assign(window=window))


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _plus(value: float) -> str:
    return f"{'+' if value > 0 else ''}{figure(value)}"


def _change(result: Frictions, name: str) -> str:
    gain = result.gain(name)
    return f"{'+' if gain.mean > 0 else ''}{with_unit(gain.mean, gain.unit)}"
