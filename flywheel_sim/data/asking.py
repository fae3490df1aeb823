"""What the readers' arguments take."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from flywheel_sim import arguments as takes
from flywheel_sim.arguments import Refused, Takes
from flywheel_sim.data.source.columns import CURRENCIES
from flywheel_sim.errors import ExperimentError

#: Days before that year, or so many years ahead, are typing errors.
_FIRST_YEAR = 1900
_YEARS_AHEAD = 100


def _day(value: Any) -> dt.date:
    found = _date(value)
    if not _FIRST_YEAR <= found.year <= dt.date.today().year + _YEARS_AHEAD:
        raise Refused
    return found


def _date(value: Any) -> dt.date:
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime()
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, dt.date) and value == value:
        return value
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value.strip())
        except ValueError:
            raise Refused from None
    raise Refused


@cache
def _zones() -> tuple[str, ...]:
    import zoneinfo

    return tuple(sorted(zoneinfo.available_timezones()))


def _zone(value: Any) -> str:
    if not isinstance(value, str) or value not in _zones():
        raise Refused
    return value


def _currency(value: Any) -> str:
    if not isinstance(value, str) or len(value.strip()) != 3 or not value.strip().isalpha():
        raise Refused
    return value.strip().upper()


class _Zones(Takes):
    """Take a zone; the nearest names are looked up only where one is wrong."""

    def of(self, argument: str, value: Any, error: Any = ExperimentError) -> Any:
        """Return the zone; raises the error where there is none of its name."""
        try:
            return self.read(value)
        except Refused:
            return Takes(self.what, self.example, self.read, _zones()).of(argument, value, error)


def _as_path(paths: Takes) -> Takes:
    return replace(paths, read=lambda value: Path(paths.read(value)))


DAY = Takes("a day from 1900 on, at most a century ahead", "'2025-06-30'", _day)

_FILE = takes.path("the path of a file", "'orders.csv'")
_NAMES = takes.listed(takes.NAME, "a list of headings", "['a', 'b']")

#: What a reader's arguments take, by their names; None is taken where that is the default.
WORDS: dict[str, Takes] = {
    "source": takes.either(takes.instance("DataFrame", what="a data frame"), _FILE),
    "columns": takes.optional(takes.mapped(takes.either(takes.NAME, _NAMES), "a mapping from roles to headings",
                                           "{'customer': 'Kundennummer'}")),
    "zone": takes.optional(_Zones("the name of a time zone", "'Europe/Berlin'", _zone)),
    "currency": takes.optional(Takes("a currency of three letters", "'EUR'", _currency, tuple(sorted(CURRENCIES)))),
    "amounts": takes.optional(takes.choice("units", "cents")),
    "decimal": takes.optional(takes.choice(".", ",")),
    "dates": takes.optional(takes.choice("day first", "month first")),
    "count": takes.optional(takes.listed(takes.NAME, "a list of statuses", "['paid', 'shipped']")),
    "until": takes.optional(DAY),
    "selling_since": takes.optional(DAY),
    "records_from": takes.optional(DAY),
    "keys": takes.optional(_as_path(takes.path("the path of a file", "'keys.csv'"))),
    "sheet": takes.optional(takes.NAME),
    "at_most_refused": takes.number(0, 1, "0.05"),
    "unit": takes.optional(takes.choice("year", "month", "week", "day")),
}  # fmt: skip


def words(*names: str) -> dict[str, Takes]:
    """Return what some arguments take, the source among them."""
    return {name: WORDS[name] for name in ("source", *names)}
