"""The settings that stand alone at the top of a file: how long, from when, in which currency, how it is reported."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from flywheel_sim.errors import nearest
from flywheel_sim.journey.dates import phase
from flywheel_sim.journey.journey import cohort_length
from flywheel_sim.journey.units import LONGEST_LIFE, MONTH, MOST_DISCOUNT, UNITS, YEAR, Quantity, format_duration
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.source import schema
from flywheel_sim.scenario.source.notes import Notes
from flywheel_sim.scenario.source.read import read
from flywheel_sim.scenario.source.schema import LIFETIME, FileSpec
from flywheel_sim.texts import titled

#: The most people in a market; a larger figure is taken for a mistake.
MOST_IN_MARKET = 10**12

#: The most periods that the books may have.
MOST_PERIODS = 4_000


def read_settings(notes: Notes) -> FileSpec | None:
    """Return the settings of a file after noting their problems; those that can be read where others cannot."""
    aside = {*schema.SECTIONS, "extends"}
    before = len(notes.problems)
    raw = {k: v for k, v in notes.tree.root.items() if k not in aside and v is not None}
    file: FileSpec | None = read(FileSpec, raw, (), notes.tree, notes.problems)
    if file is None:  # check the settings that can be read all the same
        bad = {problem.path.split(".")[0] for problem in notes.problems[before:]}
        good = {k: v for k, v in raw.items() if k not in bad}
        file = read(FileSpec, {"name": "?", "horizon": "1000 years"} | good, (), notes.tree, [])
    return file


def start_of(notes: Notes, file: FileSpec | None) -> tuple[bool, dt.date | None]:
    """Return whether the file says when the run starts, and the date, where it is one."""
    stated = file.start if file else notes.tree.root.get("start")
    start = None
    with suppress(ValueError):
        if isinstance(stated, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", stated):
            start = dt.date.fromisoformat(stated)
    return stated is not None, start


class SettingReader:
    """Reads the settings of a file."""

    def __init__(self, context: Context) -> None:
        self.context, self.notes, self.note = context, context.notes, context.notes.note

    def settings(self, file: FileSpec | None) -> dict[str, Any] | None:
        """Return the fields of a journey that the settings decide, or None without a horizon."""
        if file is None:
            return None
        horizon = self.duration(file.horizon, "horizon")
        follow = self.follow(file)
        warm_up = self.warm_up(file.warm_up, horizon)
        discount, seed = self.discount(file.discount), self.seed(file.seed)
        start, strategies = self.context.start, self.notes.tree.root.get("strategies") or {}
        if file.start is not None and start is None:
            self.note(("start",), file.start, "the start is a date", "write 2027-01-01")
        if start and horizon and start.year + horizon // YEAR + 2 > dt.MAXYEAR:
            self.note(("start",), file.start, f"dates end with the year {dt.MAXYEAR}, and the run goes beyond",
                      "write 2027-01-01")  # fmt: skip
        if file.currency is not None and not re.fullmatch("[A-Z]{3}", file.currency):
            self.note(("currency",), file.currency, "a currency is its three-letter code", "write EUR or USD")
        if file.reference is not None and file.reference not in strategies:
            self.note(("reference",), file.reference, "not a strategy", nearest(file.reference, strategies))
        report_by = self.report_by(tuple(file.report_by or ()))
        if not horizon:
            return None
        unit = cohort_length(horizon)
        beyond = follow is not None and follow > horizon
        within = horizon // 2 if follow is None or beyond else follow
        return {
            "name": titled(file.name),
            "horizon": horizon,
            "follow": min(max(unit, within // unit * unit), horizon),
            "lifetime": follow // unit * unit if follow is not None and beyond else 0,
            "discount": discount,
            "seed": seed,
            "start": file.start,
            "phase": phase(start) if start else 0,
            "currency": file.currency,
            "report_by": report_by,
            "market": self.market(file.market),
            "warm_up": warm_up,
            "period": self.period(file.period or "month", horizon),
        }

    def duration(self, quantity: Quantity, key: str) -> int | None:
        """Return a positive duration in ms, or None after noting that it is none."""
        if quantity.form != "duration" or quantity.number <= 0:
            self.note((key,), quantity.text, f"'{key}' is a positive duration", "write 36 months")
            return None
        if quantity.number > 1000 * YEAR:
            self.note((key,), quantity.text, f"'{key}' is at most 1000 years", "write 36 months")
            return None
        return int(quantity.number)

    def follow(self, file: FileSpec) -> int | None:
        """Return how long customers are followed, in ms; None where the file leaves that to the horizon."""
        if file.follow == LIFETIME:
            return LONGEST_LIFE
        follow = self.duration(file.follow, "follow") if file.follow else None
        if follow and follow > LONGEST_LIFE:
            self.note(("follow",), format_duration(follow), "customers are followed for 100 years at most",
                      f"write {LIFETIME}")  # fmt: skip
        return follow

    def period(self, period: str, horizon: int) -> str:
        """Return the length of a period of the books."""
        if period != "month" and MOST_PERIODS * UNITS[period] < horizon < 1000 * YEAR:
            self.note(("period",), period, f"the books would have more than {MOST_PERIODS:,} periods",
                      "write period: month, or a shorter horizon")  # fmt: skip
        return period

    def warm_up(self, given: Quantity | None, horizon: int | None) -> int:
        """Return the time at the start that figures over time leave out, in ms."""
        if given is None:
            return 0
        if given.form != "duration" or given.number % MONTH:
            self.note(("warm_up",), given.text, "a warm-up is whole months", "write 6 months")
        elif horizon and given.number >= horizon:
            self.note(("warm_up",), given.text, "the warm-up is shorter than the horizon",
                      f"write less than {format_duration(horizon)}")  # fmt: skip
        return int(given.number)

    def discount(self, given: Quantity | None) -> float:
        """Return the effective annual rate of discount."""
        if given is None:
            return 0.0
        if given.form != "percent" or given.per_ms != YEAR or given.reading or given.per_what or given.number < 0:
            self.note(("discount",), given.text, "the discount is an effective annual rate", "write 10 % per year")
        elif given.number > MOST_DISCOUNT:
            self.note(("discount",), given.text, f"a discount is at most {100 * MOST_DISCOUNT:,.0f} % per year",
                      "write 10 % per year")  # fmt: skip
        return given.number

    def seed(self, given: Quantity | None) -> int:
        """Return the seed, 0 unless the file says one."""
        if given is None:
            return 0
        seed = int(given.number)
        whole = given.form == "number" and not given.per_ms and not given.per_what and seed == given.number
        if not whole or not 0 <= seed < 2**32:
            self.note(("seed",), given.text, "a seed is a whole number from 0 to 4294967295", "write 1")
        return seed

    def market(self, given: Quantity | None) -> int | None:
        """Return how many people there are to be reached, None where there is no limit."""
        if given is None:
            return None
        return self.context.whole(given, ("market",), "a market", (1, MOST_IN_MARKET), 10_000)

    def report_by(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the attributes to group by, after noting those that have no named levels."""
        specs: Mapping[str, object] = self.context.specs.attributes
        seen: set[str] = set()
        for index, name in enumerate(names):
            place = ("report_by", str(index))
            if name not in self.context.names.attributes:
                self.note(place, name, "not an attribute to group by", nearest(name, specs))
            elif (trait := self.context.traits.get(name)) and trait.kind != "levels":
                self.note(place, name, "only an attribute with named levels makes groups", "leave it out")
            elif name in seen:
                self.note(place, name, "results are kept by it already", "name it once")
            seen.add(name)
        return names
