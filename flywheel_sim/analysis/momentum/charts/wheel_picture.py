"""The picture of the wheel: people in each phase, what moves them round, what is lost, and how fast it turns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flywheel_sim.analysis.momentum.momentum import Momentum, momentum
from flywheel_sim.analysis.momentum.wheel import Wheel, wheel_of
from flywheel_sim.drawing.chart import COLOURS, FAINT, GREY, INK, TITLE, Chart, blank
from flywheel_sim.drawing.labels import beside
from flywheel_sim.errors import ExperimentError
from flywheel_sim.metrics.momentum import LOSING
from flywheel_sim.result import Result
from flywheel_sim.stats import Estimate, figure, plus_minus
from flywheel_sim.wording import joined

#: Radii of the ring, and by how much (radians) the head of a part reaches into the next.
INNER, OUTER, HEAD = 0.6, 1.0, 0.085
#: Gap between parts, radians.
GAP = 0.035
#: Where along a part people come in from outside, come back and are lost, as shares of its arc.
PLACES = {"strangers": 0.20, "referred": 0.36, "back": 0.44, "lost": 0.72}
LOST = "#b0402f"
#: Where arrows of people from and to outside begin and end, and where their words stand.
NEAR, FAR, WORDS = 1.04, 1.26, 1.32
#: Fewer people a month than this are not drawn.
FEW = 0.05


def wheel(result: Result, window: str | int = "3 months") -> Chart:
    """Show the flywheel: people in each phase at the end, who moves on, comes in and is lost, and how fast it grows.

    Several strategies stand side by side, their rings filled on one scale.

    Parameters
    ----------
    result
        A momentum, replications or a comparison.
    window
        Of which of the last months flows and growth are; that of a momentum is its own.
    """
    import pandas as pd

    if isinstance(result, Momentum):
        momentums = {next(iter(result.base_runs)): result}
    elif not result.base_runs:
        raise ExperimentError(f"a wheel shows runs, and a {type(result).__name__} has none; give it what fs.momentum "
                              "or fs.compare returns")  # fmt: skip
    else:
        momentums = {name: momentum(runs, window=window) for name, runs in result.base_runs.items()}
    wheels = {name: wheel_of(one) for name, one in momentums.items()}
    first, columns = next(iter(momentums.values())), min(len(momentums), 2)
    rows = math.ceil(len(momentums) / columns)
    gains = [f"{name.replace('_', ' ')} {plus(one.momentum.mean)}" for name, one in momentums.items()]
    if len(momentums) > 1:
        title = f"Customers gained per month: {joined(gains)}"
    else:
        title = (
            f"The wheel holds {figure(first.mass.mean)} customers, {plus(first.momentum.mean)} a month: growth of "
            f"{figure(first.growth_rate.mean)} % per month"
        )
    note = (
        "Filled: people in each part at the end, in proportion to area. Arrows and what stands between parts: people "
        f"per month\nin {first.spans[0]}. Means with the half-width of their 95 % interval, n = {first.runs.n:,}."
    )
    width, height = (9.0, 7.7) if columns == 1 else (13.6, 0.9 + 6.0 * rows)
    drawing = blank(height, width, layout=None)
    drawing.text(0.02, 1 - 0.28 / height, title, va="center", **{**TITLE, "fontsize": 12 + columns})
    drawing.text(0.02, 1 - 0.48 / height, note, fontsize=8.5 + 0.5 * columns, color=GREY, va="top", linespacing=1.35)
    below = 0.9 / height
    most = max(float(one.held(part).mean) for one in wheels.values() for part in one.parts)
    busiest = max(float(flow.mean()) for one in wheels.values() for book in (one.entering, one.moving, one.losing)
                  for flow in book.values())  # fmt: skip
    for index, (name, one) in enumerate(wheels.items()):
        row, column = divmod(index, columns)
        axes = drawing.add_axes(
            (column / columns, (1 - below) * (rows - 1 - row) / rows, 1 / columns, (1 - below) / rows)
        )
        _draw(axes, one, most, busiest, name if len(wheels) > 1 else "")
    data = [one.frame().assign(strategy=name, window=one.momentum.window) for name, one in wheels.items()]
    growth = [_hub_rows(name, one.momentum) for name, one in wheels.items()]
    return Chart("wheel", title, drawing, pd.concat([*data, *growth], ignore_index=True))


def _hub_rows(name: str, one: Momentum) -> Any:
    """Return what stands in the hub as rows of the data."""
    import pandas as pd

    figures = {"customers": one.mass, "momentum": one.momentum, "growth rate": one.growth_rate}
    rows = [(what, e.mean, e.low, e.high, e.n, e.unit, name, one.window) for what, e in figures.items()]
    return pd.DataFrame(rows, columns=["what", "mean", "low", "high", "n", "unit", "strategy", "window"])


def _draw(axes: Any, one: Wheel, most: float, busiest: float, name: str) -> None:
    """Draw one wheel into axes without a frame."""
    from matplotlib.patches import Wedge

    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_xlim(-1.92, 1.92)
    axes.set_ylim(-1.5, 1.5 + 0.22 * bool(name))
    count = len(one.parts)
    arc = 2 * math.pi / count
    for index, part in enumerate(one.parts):
        colour = COLOURS[index % len(COLOURS)]
        begin, end = index * arc, (index + 1) * arc
        people_in_it = one.held(part)
        ring = axes.add_patch(_sector(begin, end, fc=colour, alpha=0.14, lw=0))
        filled = math.sqrt(INNER**2 + people_in_it.mean / most * (OUTER**2 - INNER**2)) if most else INNER
        reach = math.degrees(end + HEAD)
        people = Wedge(
            (0, 0), filled, 90 - reach, 90 - math.degrees(begin), width=filled - INNER, fc=colour, alpha=0.5, lw=0
        )
        axes.add_patch(people).set_clip_path(ring)
        axes.add_patch(_sector(begin, end, fill=False, ec=colour, lw=1.1, alpha=0.7))
        place = _at(begin + (0.5 if count > 2 else 0.46) * arc + HEAD / 2, (INNER + OUTER) / 2)
        _say(axes, place, 13, part, INK, 11.5, weight="bold")
        _say(axes, place, -2, f"{figure(people_in_it.mean)} people", INK, 9.5)
        _say(axes, place, -14, _margin(people_in_it), INK, 7.5)
        _outside(axes, one, index, busiest)
    for index in range(count):
        _boundary(axes, one, index)
    far = [
        f"{source} to {target} {figure(flow.mean)}"
        for source, target in one.moving
        if abs(one.parts.index(source) - one.parts.index(target)) not in (1, count - 1)
        and (flow := one.between(source, target)).mean >= FEW
    ]
    if far:
        axes.text(0, -1.47, f"Also, per month: {', '.join(far)}", ha="center", fontsize=8.5, color=GREY)
    _hub(axes, one.momentum)
    if name:
        axes.text(0, 1.66, name.replace("_", " "), ha="center", va="center", fontsize=15, fontweight="bold", color=INK)


def _hub(axes: Any, one: Momentum) -> None:
    """Write how fast the wheel turns into its middle."""
    from matplotlib.patches import Circle

    axes.add_patch(Circle((0, 0), INNER - 0.07, fc="white", ec=FAINT, lw=0.9))
    rate, verdicts = one.growth_rate, {"yes": "faster than before", "no": "slower than before"}
    for down, text, colour, size, weight in (
        (32, f"{plus(rate.mean)} %", INK, 22, "bold"),
        (10, f"growth per month {_margin(rate)}", INK, 8.5, "normal"),
        (-13, f"{figure(one.mass.mean)} customers", INK, 10, "bold"),
        (-27, f"{plus(one.momentum.mean)} a month {_margin(one.momentum)}", INK, 8.5, "normal"),
        (-41, verdicts.get(one.faster, "not told from before"), GREY, 8.5, "normal"),
    ):
        beside(axes, text, (0, 0), (0, down), ha="center", va="center", fontsize=size, color=colour, fontweight=weight)


def _boundary(axes: Any, one: Wheel, index: int) -> None:
    """Say between two parts how many move on, how many back, and, where the circle closes, how many are referred."""
    count = len(one.parts)
    source, target = one.parts[index], one.parts[(index + 1) % count]
    closing = index == count - 1
    lines = []
    on = one.between(source, target) if count > 1 else None
    if on is not None and on.mean >= FEW:
        lines.append((f"{figure(on.mean)} on", INK))
    if closing and (referred := one.coming("referred", target)).mean >= FEW:
        lines.append((f"{figure(referred.mean)} referred", COLOURS[3]))
    if count > 2 and (back := one.between(target, source)).mean >= FEW:
        lines.append((f"{figure(back.mean)} back", GREY))
    if not lines:
        return
    x, y = _at((index + 1) * 2 * math.pi / count + HEAD / 2, (INNER + OUTER) / 2)
    tall, wide = 0.088 * len(lines) + 0.035, 0.044 * max(len(text) for text, _ in lines) + 0.07
    from matplotlib.patches import FancyBboxPatch

    box = "round,pad=0,rounding_size=0.05"
    axes.add_patch(FancyBboxPatch((x - wide / 2, y - tall / 2), wide, tall, boxstyle=box, fc="white", ec=FAINT, lw=0.9,
                                  zorder=6))  # fmt: skip
    for row, (text, colour) in enumerate(lines):
        axes.text(x, y + 0.088 * ((len(lines) - 1) / 2 - row), text, ha="center", va="center", fontsize=9.5,
                  color=colour, fontweight="bold", zorder=7)  # fmt: skip


def _outside(axes: Any, one: Wheel, index: int, busiest: float) -> None:
    """Draw how people come into a part from outside, and how they are lost from it."""
    part, count = one.parts[index], len(one.parts)
    arc = 2 * math.pi / count
    colours = {"strangers": INK, "back": COLOURS[2]} | ({"referred": COLOURS[3]} if index else {})
    for way, colour in colours.items():
        people = one.coming(way, part)
        if people.mean >= FEW:
            angle = (index + PLACES[way]) * arc
            label = {"strangers": "strangers", "referred": "referred", "back": "come back"}[way]
            _arrow(axes, angle, FAR, NEAR, people.mean / busiest, colour)
            _words(axes, angle, f"{figure(people.mean)} {label}", _margin(people), colour)
    lost = {role: one.lost(part, role) for role in LOSING if one.lost(part, role).mean >= FEW}
    if lost:
        angle, total = (index + PLACES["lost"]) * arc, sum(flow.mean for flow in lost.values())
        _arrow(axes, angle, NEAR, FAR, total / busiest, LOST)
        whom = [f"{figure(flow.mean)} {role}s" for role, flow in lost.items()]
        if len(lost) == 1:
            whom = [f"{role}s {_margin(flow)}" for role, flow in lost.items()]
        _words(axes, angle, f"{figure(total)} lost", ", ".join(whom), LOST)


def _words(axes: Any, angle: float, text: str, small: str, colour: str) -> None:
    """Write beside the outer end of an arrow, away from the wheel: a figure, and in small print what it is of."""
    across = "left" if math.sin(angle) > 0.3 else "right" if math.sin(angle) < -0.3 else "center"
    middle = 8 * math.cos(angle)
    for lift, line, size, weight, ink in ((6, text, 10.5, "bold", colour), (-7, small, 8.5, "normal", GREY)):
        beside(axes, line, _at(angle, WORDS), (0, middle + lift), ha=across, va="center", fontsize=size, color=ink,
               fontweight=weight, annotation_clip=False)  # fmt: skip


def _arrow(axes: Any, angle: float, start: float, end: float, share: float, colour: str) -> None:
    """Draw an arrow along a ray, its width by the square root of its share of the busiest."""
    from matplotlib.patches import FancyArrowPatch

    width = 2.0 + 9.0 * math.sqrt(share)
    style = f"simple,tail_width={width},head_width={width + 8},head_length={7 + 0.4 * width}"
    axes.add_patch(FancyArrowPatch(_at(angle, start), _at(angle, end), arrowstyle=style, fc=colour, ec="none",
                                   alpha=0.85, shrinkA=0, shrinkB=0))  # fmt: skip


def _sector(begin: float, end: float, **look: Any) -> Any:
    """Return a part of the ring between two angles, its head reaching into the next."""
    from matplotlib.patches import Polygon

    turn, middle = np.linspace(begin + GAP / 2, end - GAP / 2, 60), (INNER + OUTER) / 2
    points = [*(_at(a, OUTER) for a in turn), _at(turn[-1] + HEAD, middle), *(_at(a, INNER) for a in turn[::-1]),
              _at(turn[0] + HEAD, middle)]  # fmt: skip
    return Polygon(points, closed=True, joinstyle="round", **look)


def _at(angle: float, radius: float) -> tuple[float, float]:
    """Return the point at an angle from the top, clockwise."""
    return radius * math.sin(angle), radius * math.cos(angle)


def _say(axes: Any, place: tuple[float, float], lift: float, text: str, colour: str, size: float,
         weight: str = "normal") -> None:  # fmt: skip
    """Write on the ring, so many points above a place."""
    from matplotlib.patheffects import withStroke

    beside(axes, text, place, (0, lift), ha="center", va="center", fontsize=size, color=colour, fontweight=weight,
           zorder=5, path_effects=[withStroke(linewidth=2.2, foreground="white", alpha=0.55)])  # fmt: skip


def _margin(estimate: Estimate) -> str:
    """Return the half-width of an interval as small print, nothing where there is none."""
    if not math.isfinite(estimate.half_width) or estimate.half_width == 0:
        return ""
    return f"± {plus_minus(estimate).split('± ')[-1]}"


def plus(value: float) -> str:
    """Return a figure with its sign."""
    return f"{'+' if value > 0 else ''}{figure(value)}"
