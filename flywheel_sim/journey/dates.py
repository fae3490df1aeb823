"""Dates on the clock of a run: a year is twelve equal months, and a date lies in its own calendar month."""

from __future__ import annotations

import calendar
import datetime as dt

from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import MONTH, YEAR


def _since_year_0(day: dt.date) -> int:
    """Return a date in ms of years of twelve equal months."""
    days = calendar.monthrange(day.year, day.month)[1]
    return (12 * day.year + day.month - 1) * MONTH + (day.day - 1) * MONTH // days


def phase(start: dt.date) -> int:
    """Return how far into the year a run starts, in ms."""
    return _since_year_0(start) % YEAR


def offset(day: dt.date, start: dt.date) -> int:
    """Return when a date begins, in ms since the start of the run; negative before it."""
    return _since_year_0(day) - _since_year_0(start)


def period_dates(journey: Journey) -> list[dt.date] | None:
    """Return the first day of each period of a journey with a start, else None."""
    if journey.start is None:
        return None
    first = dt.date.fromisoformat(journey.start)
    found = []
    for month in range(first.month - 1, first.month + journey.months):
        year, month_of_year = first.year + month // 12, month % 12 + 1
        found.append(dt.date(year, month_of_year, min(first.day, calendar.monthrange(year, month_of_year)[1])))
    return found
