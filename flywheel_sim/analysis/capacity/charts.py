"""Charts of capacity: how many people, where more leads destroy value, what waiting costs, people by month."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from flywheel_sim.analysis.capacity.lead_volume import LeadVolume
from flywheel_sim.analysis.capacity.result import Capacity
from flywheel_sim.analysis.capacity.staff import people_today, resource_of
from flywheel_sim.analysis.capacity.staff_plan import StaffPlan
from flywheel_sim.analysis.capacity.waiting import CostOfWaiting
from flywheel_sim.drawing.chart import COLOURS, FAINT, GREY, INK, Chart, axes_of, panels
from flywheel_sim.drawing.ends import ends_of
from flywheel_sim.drawing.labels import beside, legend_below, measured
from flywheel_sim.drawing.marks import DASHED, in_interval, today, whiskers, zero_within
from flywheel_sim.drawing.months import finish, mean_by_month, months_of
from flywheel_sim.errors import ExperimentError
from flywheel_sim.stats import Estimate, figure, with_unit
from flywheel_sim.wording import joined, lowered


def capacity(result: Capacity) -> Chart:
    """Show what decides and the mean wait against the number of people, with the best marked; a map of two resources.

    Takes what `flywheel_sim.capacity` returns.
    """
    return _map(result) if len(result.resources) == 2 else _curve(result)


def _curve(result: Capacity) -> Chart:
    (name,), (people,) = result.resources, result.people
    label, unit = result.labels[result.of], result.units[result.of]
    (best,), leaders = result.best, [point[0] for point in result.leaders]
    others = joined([str(n) for n in leaders if n != best]) if len(leaders) > 1 else ""
    title = f"{label} is {result.best_is} with {result.worded(result.best)}"
    title += f", not told apart from {others}" if others else ""
    note = "Mean with its 95 % interval. Full: best. Ring: not told apart from it (joint intervals of all differences)."
    drawing, (above, below) = panels(title, note, 5.6, (1.6, 1.0))
    for axes, metric, colour in ((above, result.of, COLOURS[0]), (below, f"wait.{name}", COLOURS[1])):
        _line(axes, people, [result.estimate(n, metric) for n in people], colour)
    for n in leaders:
        face = COLOURS[0] if n == best else "white"
        above.plot([n], [result.estimate(n).mean], "o", ms=10, mfc=face, mec=COLOURS[0], mew=2, zorder=5)
    now = people_today(resource_of(result.today.journey, name))
    if now is not None and people[0] <= now <= people[-1]:
        today(above, now)
        today(below, now, 0.97)
    for n in people:
        busy = result.estimate(n, f"utilisation.{name}")
        beside(below, f"{figure(busy.mean, '%')} %", (n, 0), (0, 4), xycoords=("data", "axes fraction"), ha="center",
               fontsize=8.5, color=GREY)  # fmt: skip
    measured(above, up=f"{label} ({unit})")
    zero_within(above)
    top = below.get_ylim()[1]
    below.set_yticks([tick for tick in below.get_yticks() if 0 <= tick <= top])
    below.set_ylim(-0.22 * top, top)
    below.set_ylabel("Mean wait (days)")
    below.set_xlabel(f"People at {name}; in grey how busy they are")
    below.set_xticks(list(people))
    drawing.align_ylabels([above, below])
    return Chart(f"capacity_{name}", title, drawing, result.frame())


def _map(result: Capacity) -> Chart:
    first, second = result.resources
    label, unit = result.labels[result.of], result.units[result.of]
    mean = np.array([result.estimate(point).mean for point in result.points]).reshape(
        [len(numbers) for numbers in result.people]
    )
    title = f"{label} is {result.best_is} with {result.named(result.best)}"
    note = f"Mean {lowered(label)} ({unit}). Thick frame: best. Thin frame: not told apart from it."
    drawing, axes = axes_of(title, note, 1.9 + 0.42 * len(result.people[0]))
    axes.grid(False)
    axes.imshow(mean, cmap="YlGnBu", aspect="auto", origin="lower", alpha=0.85)
    dark = mean.min() + 0.6 * (mean.max() - mean.min())
    for (row, column), value in np.ndenumerate(mean):
        axes.text(column, row, figure(value), ha="center", va="center", fontsize=9,
                  color="white" if value > dark else INK)  # fmt: skip
    from matplotlib.patches import Rectangle

    for point in result.leaders:
        row, column = (numbers.index(n) for numbers, n in zip(result.people, point, strict=True))
        width = 3.0 if point == result.best else 1.4
        axes.add_patch(Rectangle((column - 0.47, row - 0.46), 0.94, 0.92, fill=False, ec=COLOURS[1], lw=width))
    axes.set_xticks(range(len(result.people[1])), [str(n) for n in result.people[1]])
    axes.set_yticks(range(len(result.people[0])), [str(n) for n in result.people[0]])
    axes.set_xlabel(f"People at {second}")
    axes.set_ylabel(f"People at {first}")
    return Chart(f"capacity_{first}_{second}", title, drawing, result.frame())


def lead_volume(result: LeadVolume) -> Chart:
    """Show what decides against the volume of leads, what waiting takes of it, and what one more lead is worth.

    Takes what `flywheel_sim.lead_volume` returns.
    """
    label, unit = result.labels[result.of], result.units[result.of]
    times, turn = list(result.times), result.turn
    if math.isinf(turn.mean):
        title = f"More {result.channel} leads do not lower {lowered(label)} within the range tried"
    elif turn.mean <= times[0]:
        title = f"More {result.channel} leads lower {lowered(label)} at every volume tried"
    else:
        title = f"From {turn.mean:.2f} times today's {result.channel} leads on, one more lowers {lowered(label)}"
    note = "Mean with its 95 % interval, today's staff. Shaded column: 95 % interval of the volume at which it turns."
    drawing, (above, below) = panels(title, note, 6.0, (1.5, 1.0))
    every = range(len(times))
    estimates = [result.estimate(i) for i in every]
    if result.waiting is not None:
        free = np.array([e.mean for e in estimates]) + [result.waiting_at(i).mean for i in every]
        above.plot(times, free, color=COLOURS[2], lw=1.6, ls=DASHED, label="if nobody waited, same staff cost")
        above.fill_between(times, [e.mean for e in estimates], free, color=COLOURS[2], alpha=0.12, lw=0,
                           label="cost of waiting")  # fmt: skip
    _line(above, times, estimates, COLOURS[0], label=f"{lowered(label)} with today's staff")
    middle = [(a + b) / 2 for a, b in itertools.pairwise(times)]
    _line(below, middle, list(result.marginal()), COLOURS[1])
    below.axhline(0, color=INK, lw=0.9)
    for axes, what, height in ((above, label, None), (below, "One more lead", 0.02)):
        today(axes, 1, height)
        low, high = max(turn.low, times[0]), min(turn.high, times[-1])
        if times[0] < turn.mean < math.inf or (math.isfinite(turn.low) and turn.high > times[0]):
            axes.axvspan(low, high, color=FAINT, alpha=0.22, lw=0)
        if times[0] < turn.mean < math.inf:
            axes.axvline(turn.mean, color=INK, lw=1)
        measured(axes, up=f"{what} ({unit})")
    below.set_xlabel(f"Leads by {result.channel} (times today's)")
    above.legend(loc="best", frameon=False, fontsize=9)
    drawing.align_ylabels([above, below])
    return Chart(f"lead_volume_{result.channel}", title, drawing, result.frame())


def cost_of_waiting(result: CostOfWaiting) -> Chart:
    """Show month by month what waiting costs, and how many people wait.

    Takes what `flywheel_sim.cost_of_waiting` returns.

    Raises
    ------
    ExperimentError
        If nobody waits.
    """
    import pandas as pd

    whom = joined(list(result.resources))
    if not result.days.mean:
        raise ExperimentError(f"nobody waits for {whom}; there is nothing to draw")
    total, one = result.total, result.today
    title = f"Waiting for {whom} costs {with_unit(total.mean, total.unit)}"
    if total.low <= 0 <= total.high:
        title = f"These runs do not show that waiting for {whom} costs anything"
    elif total.mean < 0:
        title = f"Waiting for {whom} saves {with_unit(-total.mean, total.unit)}"
    note = "Against the same people never waiting, staff costing the same. Line: mean, band: its 95 % interval."
    drawing, (above, below) = panels(title, note, 5.6, (1.4, 1.0))
    x, skip = months_of(one.journey), one.books.warm_up
    parts = []
    for axes, name, series, unit, colour in (
        (above, "lost, cumulative", np.nancumsum(result.monthly, axis=1), total.unit, COLOURS[1]),
        (below, "people waiting", result.waiting, "people", COLOURS[0]),
    ):
        ends, part = mean_by_month(one.journey, series[:, skip:], unit, figure=name)
        in_interval(axes, x, ends, 0.3, colour)
        parts.append(part)
    above.axhline(0, color=INK, lw=0.8)
    finish(above, one.journey, f"{result.label} lost so far ({total.unit})", False)
    finish(below, one.journey, "People waiting", False)
    above.set_xlabel("")
    below.set_ylim(bottom=0)
    drawing.align_ylabels([above, below])
    return Chart(f"cost_of_waiting_{'_'.join(result.resources)}", title, drawing, pd.concat(parts, ignore_index=True))


def staff_plan(result: StaffPlan) -> Chart:
    """Show people by month beside the load they carry, and as many person-months spread evenly.

    Takes what `flywheel_sim.staff_plan` returns.
    """
    gain = result.gain
    named = result.resource.capitalize()
    if result.people == result.even:
        title = f"{named} by month: the work calls for as many people all year"
    elif math.isnan(gain.low) or gain.low <= 0 <= gain.high:
        title = f"{named} by month: not told from an even spread in profit"
    else:
        more = "more" if gain.mean > 0 else "less"
        title = f"{named} by month: {with_unit(abs(gain.mean), gain.unit)} {more} than evenly spread"
    note = f"Safety factor {result.safety:g}. Bars: people in service if nobody waited, mean with its 95 % interval."
    drawing, axes = axes_of(title, note)
    at = np.arange(len(result.months))
    load = ends_of(result.load)
    axes.bar(at, load.mean, width=0.72, color=COLOURS[2], alpha=0.35, label="offered load")
    if np.isfinite(load.low).all():
        whiskers(axes, at, load, ecolor=COLOURS[2], elinewidth=1.2, capsize=2)
    edges = np.arange(len(at) + 1) - 0.5
    axes.stairs(
        result.even, edges, color=FAINT, lw=1.6, ls=DASHED, label="as many person-months, evenly", baseline=None
    )
    axes.stairs(result.people, edges, color=COLOURS[0], lw=2.4, label="plan", baseline=None)
    every = max(1, len(at) // 24)
    axes.set_xticks(at[::every], [month.capitalize() for month in result.months[::every]])
    if every == 1:
        for place, people in zip(at, result.people, strict=True):
            axes.annotate(str(people), (place, 0.94), xycoords=("data", "axes fraction"), ha="center", fontsize=9,
                          color=COLOURS[0])  # fmt: skip
    axes.set_ylim(0, 1.25 * max(*result.people, *result.even, float(np.nanmax(load.mean))))
    axes.set_xlim(edges[0], edges[-1])
    axes.set_xlabel("Month of the year" if result.months[0] == "jan" else "Month")
    axes.set_ylabel(f"People at {result.resource}")
    legend_below(axes, 3)
    return Chart(f"staff_plan_{result.resource}", title, drawing, result.frame())


def _line(axes: Any, x: Sequence[float], estimates: Sequence[Estimate], colour: str, label: str | None = None) -> None:
    """Draw means with their intervals along an axis."""
    ends = ends_of(estimates)
    in_interval(axes, x, ends, 0.22, colour, marker="o", ms=4.5, label=label)
    whiskers(axes, x, ends, ecolor=colour)
