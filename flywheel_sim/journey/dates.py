"""Dates on the clock of a run, whose months are equally long: every date lies in the month whose label holds it.

Months of a run begin on the day of the month of its start, or on the last day of a shorter month; calendar months begin
on the first. The former lie at whole months of the clock, the latter as far before them as the start lies in its own
calendar month, and all other dates evenly between these.
"""

from __future__ import annotations

import calendar
import datetime as dt

from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import MONTH


def phase(start: dt.date) -> int:
    """Return how far into the year a run starts, in ms: the months before, and the days as a part of its own month."""
    return (start.month - 1) * MONTH + _into_month(start)


def offset(day: dt.date, start: dt.date) -> int:
    """Return when a date begins, in ms since the start of the run; negative before it."""
    months = 12 * (day.year - start.year) + day.month - start.month
    length = calendar.monthrange(day.year, day.month)[1]
    begins = min(start.day, length)  # the day on which a month of the run begins
    into = _into_month(start)
    if day.day < begins:
        return months * MONTH - into + into * (day.day - 1) // (begins - 1)
    return months * MONTH + (MONTH - into) * (day.day - begins) // (length + 1 - begins)


def _into_month(start: dt.date) -> int:
    """Return how long before the start its calendar month begins, in ms; as long for every month of the run."""
    return (start.day - 1) * MONTH // calendar.monthrange(start.year, start.month)[1]


def period_dates(journey: Journey) -> list[dt.date] | None:
    """Return the first day of each period of a journey with a start, and the day after the last, else None."""
    if journey.start is None:
        return None
    first = dt.date.fromisoformat(journey.start)
    begins = []
    for month in range(first.month - 1, first.month + journey.months):
        year, month_of_year = first.year + month // 12, month % 12 + 1
        begins.append(dt.date(year, month_of_year, min(first.day, calendar.monthrange(year, month_of_year)[1])))
    return begins


def knots(journey: Journey) -> list[tuple[int, dt.date]]:
    """Return where months of a run and of the calendar begin, in ms and as dates, and where the last month ends.

    Between two of these dates lie evenly. Nothing for a journey without a start.
    """
    begins = period_dates(journey) or []
    days = sorted({*begins, *(day.replace(day=1) for day in begins[1:])})
    return [(offset(day, begins[0]), day) for day in days]


def since(begins: dt.date, short: bool = False) -> str:
    """Return in words when a month begins: ``May 2027``, or ``15 May 2027`` within a calendar month."""
    month = f"{begins:%b %Y}" if short else f"{begins:%B %Y}"
    return month if begins.day == 1 else f"{begins.day} {month}"


def named(begins: dt.date, short: bool = False) -> str:
    """Return in words the month that begins on a date: ``May 2027``, or ``from 15 May 2027`` if not on the first."""
    return since(begins, short) if begins.day == 1 else f"from {since(begins, short)}"
