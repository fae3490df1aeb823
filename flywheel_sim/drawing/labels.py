"""Words on charts: beside points, along axes, in legends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flywheel_sim.drawing.chart import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def beside(axes: Axes, text: str, at: tuple[Any, Any], by: tuple[float, float], **look: Any) -> None:
    """Write a text so many points away from a place of the axes."""
    axes.annotate(text, at, xytext=by, textcoords="offset points", **{"fontsize": 9, "color": INK, **look})


def measured(axes: Axes, *, along: str | None = None, up: str | None = None) -> None:
    """Say what axes measure, along and up, their figures with thousands apart."""
    if along is not None:
        axes.set_xlabel(along)
        axes.xaxis.set_major_formatter(thousands)
    if up is not None:
        axes.set_ylabel(up)
        axes.yaxis.set_major_formatter(thousands)


def thousands(value: float, _: float) -> str:
    """Return a tick's label with thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 10 or value == round(value) else f"{value:g}"


def named_rows(axes: Axes, at: Any, names: Sequence[str]) -> None:
    """Name the rows of axes, which then need no lines along them."""
    axes.set_yticks(at, names)
    axes.grid(axis="y", visible=False)


def legend_below(axes: Axes, columns: int, drop: float = 0.14, **look: Any) -> None:
    """Put the legend under axes, by such a share of their height."""
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -drop), ncols=columns, frameon=False, fontsize=9, **look)


def legend_under(picture: Figure, columns: int, handles: Any = None, fontsize: float = 9) -> None:
    """Put the legend under the whole figure."""
    picture.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=fontsize)
