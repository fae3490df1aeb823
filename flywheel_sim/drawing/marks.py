"""Marks that many charts draw: lines in bands, whiskers, bars side by side, lines of reference."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flywheel_sim.drawing.chart import FAINT, INK
from flywheel_sim.drawing.ends import Ends, reach_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: How a line of reference is drawn: today, a target, a bound, a curve of theory.
DASHED = (0, (4, 3))

#: A low and a high end along an axis, and how dark it is between them.
Band = tuple[Any, Any, float]


def in_bands(axes: Axes, x: Any, middle: Any, bands: Iterable[Band], colour: str, **look: Any) -> None:
    """Draw a line within bands, the first of which lies undermost."""
    for low, high, dark in bands:
        axes.fill_between(x, low, high, color=colour, alpha=dark, lw=0)
    axes.plot(x, middle, color=colour, lw=2, **look)


def in_interval(axes: Axes, x: Any, ends: Ends, dark: float, colour: str, **look: Any) -> None:
    """Draw a line of means within the band of their intervals."""
    in_bands(axes, x, ends.mean, [(ends.low, ends.high, dark)], colour, **look)


def whiskers(axes: Axes, at: Any, ends: Ends, level: bool = False, **look: Any) -> None:
    """Draw intervals at places along an axis, upright or level; with ``fmt`` and ``color`` their means as well.

    An interval that is not known has no length.
    """
    style = {"fmt": "none", "ecolor": look.get("color", INK), "elinewidth": 1.1, "capsize": 2.5, **look}
    if level:
        axes.errorbar(ends.mean, at, xerr=reach_of(ends), **style)
    else:
        axes.errorbar(at, ends.mean, yerr=reach_of(ends), **style)


def side_by_side(count: int) -> tuple[float, list[float]]:
    """Return the width of each of so many bars at one place, and how far each stands from its middle."""
    width = 0.8 / count
    return width, [(index - (count - 1) / 2) * width for index in range(count)]


def zero_within(axes: Axes) -> None:
    """Draw the line of zero where it lies within what is drawn."""
    low, high = axes.get_ylim()
    if low < 0 < high:
        axes.axhline(0, color=INK, lw=0.8)


def today(axes: Axes, at: float, height: float | None = None, late: bool = False, lw: float = 1) -> None:
    """Draw a dashed line where today is, named at such a share of the axes' height; ``late`` names it to the left."""
    axes.axvline(at, color=FAINT, lw=lw, ls=DASHED, zorder=1)
    if height is not None:
        axes.annotate("today " if late else " today", (at, height), xycoords=("data", "axes fraction"), fontsize=9,
                      va="top" if height > 0.5 else "bottom", ha="right" if late else "left", color=INK)  # fmt: skip
