"""Times in cells, of whatever spelling: day first or month first, offsets and UTC, seconds since 1970, days of Excel.

What is counted is the day on the wall clock of the business. A stamp with an offset that a shop wrote is on that clock
already; a stamp of UTC is not, so that the zone has to be said.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np

from flywheel_sim.data.source.cells import BoolArray, Column, FloatArray, IntArray, TimeArray
from flywheel_sim.data.source.columns import Heading, plain
from flywheel_sim.errors import DataError
from flywheel_sim.texts import titled
from flywheel_sim.wording import counted

_CLOCK = (
    r"(?:(?:[T ,]+)(?P<h>\d{1,2}):(?P<mi>\d{2})(?::(?P<s>\d{2})(?:[.,]\d+)?)?(?: ?(?P<ap>[AaPp])\.?[Mm]\.?)?)?"
    r" ?(?P<z>Z|z|[+-]\d{2}(?::?\d{2})?(?::?00)?|[A-Z]{2,5})?$"
)
_WEEKDAY = r"^(?:\pL{2,10}\.?,? +)?"
_MONTH = r"(?P<mon>\pL{3,10})"

#: How times are written, one after the other; groups: y, m, d, a and b where their order is not known, mon a name.
_SHAPES = (
    r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})" + _CLOCK,
    _WEEKDAY + r"(?P<a>\d{1,2})(?P<sep>[-/.]) ?(?P<b>\d{1,2})[-/.] ?(?P<y>\d{4}|\d{2})" + _CLOCK,
    r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})" + _CLOCK,
    _WEEKDAY + r"(?P<d>\d{1,2})\.?[ -]+" + _MONTH + r"\.?,?[ -]+(?P<y>\d{4}|\d{2})" + _CLOCK,
    _WEEKDAY + _MONTH + r"\.? +(?P<d>\d{1,2})(?:st|nd|rd|th)?,? +(?P<y>\d{4})" + _CLOCK,
)

_MONTHS = (
    "jan janv ene gen", "feb fev fevr", "mar marz mars maerz mrt", "apr avr abr", "may mai mag mei maj", "jun juin giu",
    "jul juil lug", "aug aout ago", "sep sept set", "oct okt ott out", "nov", "dec dez dic des",
)  # fmt: skip
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}

#: Numbers within these bounds are times: of what, seconds in one, and seconds from 1970 to its origin.
_NUMBERS = (
    ("days of Excel", 20_000.0, 80_000.0, 86_400.0, -25_569 * 86_400.0),
    ("seconds since 1970", 3e8, 5e9, 1.0, 0.0),
    ("milliseconds since 1970", 3e11, 5e12, 1e-3, 0.0),
    ("microseconds since 1970", 3e14, 5e15, 1e-6, 0.0),
)

NOT_A_TIME = np.datetime64("NaT", "s")


@dataclass(frozen=True)
class Reader:
    """How the times of a file are read.

    Attributes
    ----------
    file
        Its name, for errors.
    zone
        The zone of the business, None where it was not said.
    dates
        ``day first``, ``month first`` or None.
    utc
        Whether times without an offset are UTC, as known of an export.
    local
        Whether even an offset of zero is that of the business.
    """

    file: str
    zone: str | None
    dates: str | None
    utc: bool = False
    local: bool = False

    def read(self, column: Column) -> Times:
        """Return the times of a column on the wall clock of the business.

        Raises
        ------
        DataError
            If day and month cannot be told apart, or the zone has to be known and is not.
        """
        if column.kind == "text":
            written = self._written(column)
        elif column.kind == "number":
            written = _from_numbers(column.values)
        else:
            seconds = column.values.astype("datetime64[s]").astype(np.int64)
            offset = np.zeros(len(seconds)) if column.zone == "UTC" else np.full(len(seconds), np.nan)
            written = _Written(seconds, ~column.blank, offset, seconds % 86_400 != 0, set())
        self._refuse_counts(column, written)
        return self._on_the_clock(column, written)

    def place(self, column: Column) -> str:
        """Return where a column stands, for errors."""
        return f"{titled(self.file)}, column '{titled(column.name)}'"

    def _refuse_counts(self, column: Column, written: _Written) -> None:
        """Raise where a column numbers days or weeks instead of giving dates."""
        if written.sound.any() or column.kind == "time" or column.blank.all():
            return
        words = column.texts().word_list()
        if all(word.isdigit() and len(word) <= 5 for word in words if word):
            raise DataError(f"{self.place(column)}: it numbers days or weeks, and has no dates; add them to the day "
                            "before the first, with pandas: table[column] = pandas.Timestamp('2023-12-31') + "
                            "pandas.to_timedelta(table[column], 'D')")  # fmt: skip

    # -- how they are written ------------------------------------------------------------------------------

    def _written(self, column: Column) -> _Written:
        """Return the times of a column of texts, word by word."""
        import pyarrow.compute as pc

        count = len(column.words)
        found = _Written(np.zeros(count, np.int64), np.zeros(count, bool), np.full(count, np.nan),
                         np.zeros(count, bool), set())  # fmt: skip
        rest = np.arange(count)
        for shape in _SHAPES:
            if not len(rest):
                break
            parts = pc.extract_regex(column.words.take(rest), shape)
            met = parts.is_valid().to_numpy(zero_copy_only=False)
            if met.any():
                self._fill(found, rest[met], parts.filter(parts.is_valid()), column)
            rest = rest[~met]
        if len(rest):
            numbers = pc.match_substring_regex(column.words.take(rest), r"^\d+(\.\d+)?$").to_numpy(zero_copy_only=False)
            if numbers.any():
                at = rest[numbers]
                values = column.words.take(at).cast("double").to_numpy()
                _merge(found, at, _from_numbers(values))
        return found.by(column.codes)

    def _fill(self, found: _Written, at: IntArray, parts: Any, column: Column) -> None:
        """Put the times of one shape where they belong."""
        fields = {parts.type.field(one).name for one in range(parts.type.num_fields)}
        year = _whole(parts, "y")
        year = np.where(year < 70, year + 2000, np.where(year < 100, year + 1900, year))
        if "a" in fields:
            first, second = _whole(parts, "a"), _whole(parts, "b")
            day_first = self._day_first(column, first, second, parts)
            day, month = (first, second) if day_first else (second, first)
        else:
            day = _whole(parts, "d")
            month = _months(parts) if "mon" in fields else _whole(parts, "m")
        hour, minute, second = (_whole(parts, one) for one in ("h", "mi", "s"))
        half = _strings(parts, "ap")
        afternoon, morning = np.isin(half, ["p", "P"]), np.isin(half, ["a", "A"])
        hour = np.where(afternoon & (hour < 12), hour + 12, np.where(morning & (hour == 12), 0, hour))
        days, sound = _days(year, month, day)
        clock = (hour < 24) & (minute < 60) & (second < 61)
        zones = _strings(parts, "z")
        offset, named = _offsets(zones)
        _merge(found, at, _Written(days * 86_400 + hour * 3600 + minute * 60 + second, sound & clock, offset,
                                   _strings(parts, "h") != "", named))  # fmt: skip

    def _day_first(self, column: Column, first: IntArray, second: IntArray, parts: Any) -> bool:
        """Tell whether the day is said before the month, as these dates themselves show."""
        if self.dates is not None:
            return self.dates == "day first"
        day_first = bool(((first > 12) & (second <= 12)).any())
        month_first = bool(((second > 12) & (first <= 12)).any())
        if day_first != month_first:
            return day_first
        if day_first:
            raise DataError(f"{self.place(column)}: some dates have the day first and some the month; write "
                            "dates='day first' or dates='month first', and mend the others")  # fmt: skip
        if (_strings(parts, "sep") == ".").all() or (first == second).all():
            return True
        raise DataError(f"{self.place(column)}: its dates can be read with the day first or the month first; write "
                        "dates='day first' or dates='month first'")  # fmt: skip

    # -- on which clock ------------------------------------------------------------------------------------

    def _on_the_clock(self, column: Column, written: _Written) -> Times:
        """Return the times on the wall clock of the business."""
        sound = written.sound & ~column.blank
        offset = np.where(sound, written.offset, np.nan)
        shops = bool((offset[~np.isnan(offset)] != 0).any()) or self.local
        utc = self.utc or Heading(column.name).utc
        if utc:
            offset = np.where(np.isnan(offset) & written.clock & sound, 0.0, offset)
        instants = ~np.isnan(offset)
        if instants.any() and not (offset[instants].any() or (written.seconds[instants] % 86_400).any()):
            instants = np.zeros(len(offset), bool)
            written.said.add("days, of which UTC shows nothing but midnight")
        said = [f"'{titled(column.name)}' is taken as {one}." for one in sorted(written.said)]
        seconds = written.seconds.copy()
        if self.zone is not None and instants.any():
            seconds[instants] = _in_zone(seconds[instants] - (offset[instants] * 60).astype(np.int64), self.zone)
            said.append(f"Days of '{titled(column.name)}' are those in {self.zone}.")
        elif instants.any() and (not shops or utc):
            raise DataError(f"{self.place(column)}: its times are UTC, and on which day something was depends on where "
                            "the business is; write zone='America/New_York', zone='Europe/Berlin' ... or "
                            "zone='UTC'")  # fmt: skip
        elif instants.any():
            offsets = len(np.unique(offset[instants]))
            more = "; if those are clocks of customers, write zone=..." if offsets > 2 else ""
            said.append(f"'{titled(column.name)}' has times of {counted(offsets, 'offset')}: days are those "
                        f"on the clocks they show{more}.")  # fmt: skip
        at = np.where(sound, seconds.astype("datetime64[s]"), NOT_A_TIME)
        return Times(at, sound, bool((written.clock & sound).any()), tuple(said))


@dataclass(frozen=True)
class Times:
    """The times of a column.

    Attributes
    ----------
    at
        On the wall clock of the business, in whole seconds; NaT where none could be read.
    sound
        Where one could be.
    clock
        Whether any has more than a day.
    said
        What was assumed.
    """

    at: TimeArray
    sound: BoolArray
    clock: bool
    said: tuple[str, ...]

    @property
    def days(self) -> IntArray:
        """Return the days since 1970-01-01; nothing of sense where there is none."""
        return np.asarray(self.at.astype("datetime64[D]").astype(np.int64))


@dataclass
class _Written:
    """Times as they are written: seconds, whether sound, offset in minutes or NaN, whether with a clock, and what."""

    seconds: IntArray
    sound: BoolArray
    offset: FloatArray
    clock: BoolArray
    said: set[str]

    def by(self, codes: IntArray) -> _Written:
        """Return the times of rows from those of words."""
        if not len(self.seconds):
            count = len(codes)
            return _Written(np.zeros(count, np.int64), np.zeros(count, bool), np.full(count, np.nan),
                            np.zeros(count, bool), self.said)  # fmt: skip
        return _Written(self.seconds[codes], self.sound[codes] & (codes >= 0), self.offset[codes], self.clock[codes],
                        self.said)  # fmt: skip


def _merge(found: _Written, at: IntArray, part: _Written) -> None:
    for name in ("seconds", "sound", "offset", "clock"):
        getattr(found, name)[at] = getattr(part, name)
    found.said |= part.said


def _strings(parts: Any, name: str) -> Any:
    """Return a part of every match as texts."""
    return np.asarray(parts.field(name).fill_null("").to_pandas(), dtype=object)


def _whole(parts: Any, name: str) -> IntArray:
    """Return a part of every match as whole numbers, 0 where it is not there."""
    import pyarrow.compute as pc

    texts = parts.field(name)
    texts = pc.if_else(pc.equal(pc.utf8_length(texts), 0), "0", texts).fill_null("0")
    return np.asarray(texts.cast("int64").to_numpy(zero_copy_only=False))


def _months(parts: Any) -> IntArray:
    """Return months that are said by name in one of several languages, 0 where it is none."""
    names = _strings(parts, "mon")
    known = {name: month_called(plain(name)) for name in set(names.tolist())}
    return np.array([known[name] for name in names.tolist()], np.int64)


def month_called(name: str) -> int:
    """Return the number of a month from its plain name in one of several languages, 0 where it is none."""
    return _MONTH_OF.get(name[:4], _MONTH_OF.get(name[:3], 0))


def _days(year: IntArray, month: IntArray, day: IntArray) -> tuple[IntArray, BoolArray]:
    """Return days since 1970-01-01, and whether they are in the calendar."""
    sound = (month >= 1) & (month <= 12) & (day >= 1) & (year >= 1)
    months = np.where(sound, (year - 1970) * 12 + month - 1, 0)
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    after = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return first + day - 1, sound & (day <= after - first)


def _offsets(zones: Any) -> tuple[FloatArray, set[str]]:
    """Return offsets in minutes, NaN where none is said, and what letters of unknown zones are taken for."""
    known, said = {"": np.nan}, set()
    for zone in set(zones.tolist()) - {""}:
        if zone in ("Z", "z", "UTC", "GMT"):
            known[zone] = 0.0
        elif zone[0] in "+-":
            digits = zone[1:].replace(":", "").ljust(4, "0")
            known[zone] = (int(digits[:2]) * 60 + int(digits[2:4])) * (-1.0 if zone[0] == "-" else 1.0)
        else:
            known[zone] = np.nan
            said.add("times on the clock of the business, whatever letters stand behind them")
    return np.array([known[zone] for zone in zones.tolist()], np.float64), said


def _from_numbers(values: Any) -> _Written:
    """Return the times that numbers are: 19970131, days of Excel, or seconds (or parts of them) since 1970."""
    values = np.nan_to_num(np.asarray(values, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    count = len(values)
    found = _Written(np.zeros(count, np.int64), np.zeros(count, bool), np.full(count, np.nan), np.zeros(count, bool),
                     set())  # fmt: skip
    for what, low, high, second, origin in _NUMBERS:
        these = (values >= low) & (values < high)
        if these.any():
            found.seconds[these] = np.round(values[these] * second + origin).astype(np.int64)
            found.sound |= these
            if origin == 0:
                found.offset[these] = 0.0
            found.clock[these] = found.seconds[these] % 86_400 != 0
            found.said.add(what)
    compact = (values >= 19_000_101) & (values < 21_001_232) & (values == np.floor(values))
    if compact.any():
        whole = values[compact].astype(np.int64)
        days, sound = _days(whole // 10_000, whole // 100 % 100, whole % 100)
        found.seconds[compact], found.sound[compact] = days * 86_400, sound
    return found


def _in_zone(instants: IntArray, zone: str) -> IntArray:
    """Return what the wall clock of a zone shows at instants, both in seconds."""
    import pandas as pd

    stamps = pd.DatetimeIndex(instants.astype("datetime64[s]")).tz_localize("UTC").tz_convert(zone)
    return np.asarray(stamps.tz_localize(None).to_numpy().astype("datetime64[s]").astype(np.int64))


def day_of(days: int) -> dt.date:
    """Return a date from its days since 1970-01-01."""
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(days))


def days_to(day: dt.date) -> int:
    """Return the days from 1970-01-01 to a date."""
    return (day - dt.date(1970, 1, 1)).days
