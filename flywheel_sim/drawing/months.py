"""Axes that run over the months of a journey."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from flywheel_sim.drawing.chart import thousands
from flywheel_sim.journey.dates import period_dates
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import MONTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def counted(journey: Journey) -> range:
    """Return the numbers of the months that figures over time are of: those after the warm-up."""
    return range(journey.warm_up // MONTH + 1, journey.periods + 1)


def months_of(journey: Journey) -> list[Any]:
    """Return the end of each month counted on the axis: dates where the journey has a start, else its number."""
    dates = period_dates(journey)
    return [month if dates is None else dates[month] for month in counted(journey)]


def finish(axes: Axes, journey: Journey, label: str, legend: bool) -> None:
    """Label axes that run over the months of a journey."""
    axes.set_ylabel(label)
    axes.yaxis.set_major_formatter(thousands)
    if journey.start is not None:
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        first = dt.date.fromisoformat(journey.start)
        axes.set_xlabel(f"End of month (start {first:%d %B %Y})")
    else:
        axes.set_xlabel("Month")
    axes.margins(x=0.01)
    if legend:
        axes.legend(loc="upper left", frameon=False)
