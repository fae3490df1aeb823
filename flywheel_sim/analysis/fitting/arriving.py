"""Fits of arrivals: how many new customers come a month, how that grows, and in which months more come."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from flywheel_sim.analysis.fitting.request import FitRequest, between, drawn, figures, left_open, rows_of
from flywheel_sim.analysis.fitting.result import Fit
from flywheel_sim.calibration.arrivals import ArrivalsFit, Counted, fit_arrivals
from flywheel_sim.calibration.counts import poisson_ends
from flywheel_sim.calibration.likelihood import FloatArray
from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.journey import MONTHS
from flywheel_sim.stats import figure
from flywheel_sim.wording import sentences

MODELS: dict[str, Any] = {}

#: Records of fewer days are counted by the week.
_BY_MONTH = 300

_SOURCE = "Poisson or negative binomial regression: Cameron and Trivedi 2013, doi:10.1017/CBO9781139013567."


def first_days(data: Any) -> tuple[Any, str, str]:
    """Return the first day of everybody, what they are called, and what a first day is."""
    rows = data.rows
    kind = type(data).__name__
    who, when, people, day = {
        "Orders": ("customer", "day", "customers", "first order"),
        "Subscriptions": ("customer", "start", "customers", "first subscription"),
        "Pipeline": ("lead", "entered", "leads", "first stage"),
    }[kind]
    return rows.groupby(who, observed=True)[when].min(), people, day


def fitted(data: Any, asked: FitRequest) -> Fit:
    """Return how many new customers or leads come a month."""
    first, people, day = first_days(data)
    begins, ends = data.begins, data.ends
    since = getattr(data, "records_from", None)
    days = first.to_numpy().astype("datetime64[D]")
    begins = max(begins, since) if since is not None else begins
    days = days[(days >= np.datetime64(begins)) & (days <= np.datetime64(ends))]
    if not len(days):
        raise ExperimentError(f"no {people} of these records came within them; arrivals cannot be fitted")
    period = "month" if (ends - begins).days >= _BY_MONTH else "week"
    counted, starts, counts = _counted(days, begins, ends, period)
    quiet = len(counts) - 1 - int(np.flatnonzero(counts)[-1])
    cohort = quiet >= max(2, len(counts) // 4)
    if cohort:
        ends = days.max().item()
        counted, starts, counts = _counted(days, begins, ends, period)
    found = fit_arrivals(counted, asked.level, season=asked.season or None, growth=False if cohort else None)
    notes = sentences(found.said)
    if getattr(data, "selling_since", None) is not None:
        notes.append("Customers from before the records count at their first seen order, so the first months of the "
                     "records hold too many.")  # fmt: skip
    said = f"{figure(found.level)} new {people} came a month in the middle of the records"
    change, growth = 100 * found.growth, ""
    if "growth" in found.maximum.names:
        growth = f", {'growing' if change > 0 else 'shrinking'} by {figure(abs(change), '%')} % a year"
    if cohort:
        notes.insert(0, f"Nobody new came in the {quiet} {period}s after {ends}: the records seem to hold people who "
                        "were chosen. The rate is that until then, and says nothing of later arrivals.")  # fmt: skip
    maxima = {"": found.maximum}
    unclear = left_open(maxima, MONTHS)  # which stand beside December here, and as factors in the table
    return Fit(
        asked.of, "arrivals", f"Arrivals of {people}", f"the {day} of {len(days):,} {people}, {between(begins, ends)}",
        _rows(found), f"{said}{growth}.", said, _beside(counted, found, starts, counts, period, asked.level),
        {_panel(period): ("", f"New {people} a {period}")}, asked.level, _SOURCE, maxima, unclear,
        tuple(notes), found.journey(),
    )  # fmt: skip


def _counted(days: Any, begins: dt.date, ends: dt.date, period: str) -> tuple[Counted, Any, FloatArray]:
    """Return arrivals counted by period, the first day of each, and the counts."""
    start = np.datetime64(begins, "D")
    if period == "month":
        months = np.arange(start.astype("datetime64[M]"), np.datetime64(ends, "M") + 1)
        which = (days.astype("datetime64[M]") - months[0]).astype(int)
        starts = months.astype("datetime64[D]")
    else:
        weeks = int((np.datetime64(ends) - start).astype(int)) // 7 + 1
        which = (days - start).astype(int) // 7
        starts = start + 7 * np.arange(weeks)
    counts = np.bincount(which, minlength=len(starts)).astype(np.float64)
    first = starts[0].item()
    return Counted.of(counts, first, period, begins, ends), starts, counts


def _panel(period: str) -> str:
    return f"By {period}"


def _rows(found: ArrivalsFit) -> Any:
    """Return the parameters, the months of a season as factors."""
    import pandas as pd

    rows = rows_of({"": found.maximum})
    if found.season is None or found.season_ends is None:
        return rows
    factors = figures(
        ("", name, factor, low, high, "factor of that month; the mean of all is 1")
        for name, factor, (low, high) in zip(MONTHS, found.season, found.season_ends, strict=True)
    )
    return pd.concat([rows[~rows["parameter"].isin(MONTHS)], factors], ignore_index=True)


def _beside(counted: Counted, found: ArrivalsFit, starts: Any, counts: FloatArray, period: str, level: float) -> Any:
    """Return counts beside what the fit says of each period."""
    import pandas as pd

    ends = poisson_ends(counts, level)
    return drawn(_panel(period), "line", pd.to_datetime(starts), counts, found.means(counted), *ends)
