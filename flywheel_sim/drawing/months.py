"""Axes that run over the months of a journey, or its days or weeks, and what is drawn and told by these."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.drawing.ends import Ends, FloatArray, columns_of, means_of
from flywheel_sim.drawing.labels import measured
from flywheel_sim.drawing.marks import in_bands
from flywheel_sim.journey.dates import period_dates
from flywheel_sim.journey.journey import Journey, Period
from flywheel_sim.journey.units import MONTH, UNITS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def counted(journey: Journey) -> range:
    """Return the numbers of the months that figures over time are of: those after the warm-up."""
    return range(journey.warm_up // MONTH + 1, journey.months + 1)


def months_of(journey: Journey) -> list[Any]:
    """Return the place of each month counted on the axis: the date on which it begins, without a start its number."""
    dates = period_dates(journey)
    return [month if dates is None else dates[month - 1] for month in counted(journey)]


def periods_of(journey: Journey, by: Period, count: int) -> range:
    """Return the numbers of the last so many days, weeks or months of a journey."""
    last = -(-journey.horizon // UNITS[by])
    return range(last - count + 1, last + 1)


def dated(axes: Axes) -> None:
    """Write dates along axes, as few as can be read."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def finish(axes: Axes, journey: Journey, label: str, legend: bool, by: Period = "month") -> None:
    """Label axes that run over the months of a journey, or over its days or weeks by their numbers."""
    measured(axes, up=label)
    if by != "month":
        start = f" (start {dt.date.fromisoformat(journey.start):%d %B %Y})" if journey.start else ""
        axes.set_xlabel(f"{by.capitalize()} of the run{start}")
    elif journey.start is not None:
        dated(axes)
        first = dt.date.fromisoformat(journey.start)
        axes.set_xlabel(f"Month, by the date it begins (start {first:%d %B %Y})")
    else:
        axes.set_xlabel("Month")
    axes.margins(x=0.01)
    if legend:
        axes.legend(loc="upper left", frameon=False)


# -- paths: one row a replication, one column a month counted ----------------------------------------


def mean_by_month(journey: Journey, paths: FloatArray, unit: str, **whose: str) -> tuple[Ends, pd.DataFrame]:
    """Return the mean of paths month by month with its interval: as arrays, and as data that say whose it is."""
    import pandas as pd

    ends = means_of(paths, unit)
    return ends, pd.DataFrame({"month": counted(journey), **whose, **columns_of(ends), "unit": unit, "n": len(paths)})


def futures_by_month(
    journey: Journey,
    paths: FloatArray,
    levels: Sequence[float],
    whose: Mapping[str, str],
    by: Period = "month",
    **more: str,
) -> tuple[FloatArray, pd.DataFrame]:
    """Return quantiles of paths by month, or by day or week: as arrays, one row a level, and as data that say whose."""
    import pandas as pd

    quantiles = np.nanquantile(paths, levels, axis=0)
    named = {f"p{100 * level:.0f}": one for level, one in zip(levels, quantiles, strict=True)}
    numbers = periods_of(journey, by, paths.shape[1])
    return quantiles, pd.DataFrame({**whose, by: numbers, **named, **more, "n": len(paths)})


def trace(
    axes: Axes, journey: Journey, paths: FloatArray, terms: FloatArray, unit: str, colour: str, label: str,
    whose: Mapping[str, str],
) -> pd.DataFrame:  # fmt: skip
    """Draw the mean of terms in the band of its interval, and nine tenths of the paths of futures; return the data."""
    import pandas as pd

    ends = means_of(terms, unit)
    known = [column[np.isfinite(column)] for column in paths.T]
    p5, p95 = np.array([np.quantile(column, [0.05, 0.95]) if len(column) else (np.nan, np.nan) for column in known]).T
    bands = [(p5, p95, 0.13), (ends.low, ends.high, 0.35)]
    in_bands(axes, months_of(journey), ends.mean, bands, colour, label=label)
    return pd.DataFrame({
        **whose, "month": counted(journey), **columns_of(ends), "p5": p5, "p95": p95, "unit": unit, "n": len(paths),
    })  # fmt: skip
