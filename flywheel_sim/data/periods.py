"""Periods in cells: days, weeks, months, quarters and years, each by its first day; and counts of people."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np

from flywheel_sim.data.account import REFUSED
from flywheel_sim.data.source.cells import BoolArray, Column, FloatArray, IntArray
from flywheel_sim.data.source.columns import plain
from flywheel_sim.data.taking import Taken
from flywheel_sim.data.times import NOT_A_TIME, Reader, days_to, month_called

_SHAPES = (
    re.compile(r"(?P<y>\d{4})[-/. ]?(?P<m>0[1-9]|1[0-2])"),
    re.compile(r"(?P<m>0?[1-9]|1[0-2])[-/.](?P<y>\d{4})"),
    re.compile(r"(?P<y>\d{4})"),
    re.compile(r"(?P<y>\d{4})[- ]?q(?P<q>[1-4])|q(?P<q2>[1-4])[- /]?(?P<y2>\d{4})"),
    re.compile(r"(?P<y>\d{4})[- ]?w(?P<w>\d{1,2})"),
    re.compile(r"(?P<name>[^\W\d_]{3,10})[. -]+(?P<y>\d{4}|\d{2})"),
)


def read_periods(file: Taken, role: str) -> tuple[IntArray, BoolArray]:
    """Return the first day of every period, as days since 1970-01-01, and where one could be read; others are refused.

    Raises
    ------
    DataError
        If day and month cannot be told apart.
    """
    column = file.columns[role]
    if column.kind == "number":
        values = np.nan_to_num(column.values.astype(np.float64))
        if ((values >= 1980) & (values <= 2100) | (values >= 198001) & (values <= 210012) | column.blank).all():
            column = column.texts()
    days, sound = np.zeros(len(column), np.int64), np.zeros(len(column), bool)
    if column.kind == "text":
        found = [_first_day(word) for word in column.word_list()]
        by_word = np.array([0 if one is None else one for one in found] + [0], np.int64)
        days, sound = by_word[column.codes], np.array([*(one is not None for one in found), False])[column.codes]
    if not sound[~column.blank].all():
        times = Reader(file.file, file.asked.zone, file.asked.dates).read(column)
        days, sound = np.where(sound, days, np.where(times.sound, times.days, 0)), sound | times.sound
    file.tally.mark(~sound, REFUSED, "no period", column.name)
    return days, sound


def _first_day(text: str) -> int | None:
    """Return the first day of a month, quarter, week or year, None where a text is none of them."""
    text = text.casefold().strip()
    for shape in _SHAPES:
        if (said := shape.fullmatch(text)) is None:
            continue
        parts = {name.rstrip("2"): value for name, value in said.groupdict().items() if value}
        year = int(parts["y"])
        year += 2000 if year < 100 else 0
        month = int(parts.get("m", 1))
        if "q" in parts:
            month = 3 * int(parts["q"]) - 2
        if "name" in parts and not (month := month_called(plain(parts["name"]))):
            return None
        try:
            day = dt.date.fromisocalendar(year, int(parts["w"]), 1) if "w" in parts else dt.date(year, month, 1)
        except ValueError:
            return None
        return days_to(day)
    return None


_COUNT = re.compile(r"\d{1,3}(?:[.,'\s]\d{3})+|\d+(?:[.,]0+)?")


def read_counts(file: Taken, column: Column, *, refuse: bool = True) -> tuple[FloatArray, BoolArray]:
    """Return whole numbers from 0 on, and where one could be read; any sign stands between thousands."""
    if column.kind == "number":
        values = column.values.astype(np.float64)
    else:
        column = column.texts()
        by_word = [_whole(word) for word in column.word_list()]
        values = np.array([*by_word, np.nan])[column.codes]
    sound = ~column.blank & np.isfinite(values) & (values >= 0) & (values == np.floor(values)) & (values < 1e15)
    if refuse:
        file.tally.mark(~sound, REFUSED, "no whole number", column.name)
    return np.where(sound, values, 0.0), sound


def _whole(text: str) -> float:
    if not _COUNT.fullmatch(text):
        return np.nan
    return float(re.sub(r"[.,]0{1,2}$|[.,'\s]", "", text))


def as_days(days: IntArray, known: BoolArray | None = None) -> np.ndarray[tuple[int, ...], np.dtype[np.datetime64]]:
    """Return days as a column of a table has them, NaT where none is known."""
    stamps = days.astype("datetime64[D]").astype("datetime64[s]")
    return stamps if known is None else np.where(known, stamps, NOT_A_TIME)
