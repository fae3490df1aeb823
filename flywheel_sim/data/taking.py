"""A table whose columns were given their roles, on the way to what it holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flywheel_sim.data.account import ASIDE, REFUSED, Tally
from flywheel_sim.data.amounts import Amounts, are_cents, read_amounts
from flywheel_sim.data.people import people_of
from flywheel_sim.data.source.cells import BoolArray, Column, IntArray
from flywheel_sim.data.source.columns import Roles, missing_role, plain, roles_of
from flywheel_sim.data.source.exports import Export
from flywheel_sim.data.source.opened import Opened, refused
from flywheel_sim.data.source.opening import opened
from flywheel_sim.data.source.totals import is_total
from flywheel_sim.data.times import Reader, Times, day_of, days_to
from flywheel_sim.texts import titled

#: Nothing that a company keeps records of was before this day.
FIRST_DAY = dt.date(1980, 1, 1)


#: Columns among which those of figures are looked for.
_WIDEST = 400


@dataclass(frozen=True)
class Asked:
    """What the user says of how cells are read; each None where nothing is said."""

    zone: str | None = None
    currency: str | None = None
    amounts: str | None = None
    decimal: str | None = None
    dates: str | None = None
    until: dt.date | None = None
    at_most_refused: float = 0.05


class Taken:
    """A table whose columns were given their roles.

    Attributes
    ----------
    file
        Its name.
    columns
        The cells by role; of a role that several columns share the first.
    several
        All columns of such a role.
    export
        The known export that it is, if any.
    tally
        What becomes of its rows.
    """

    def __init__(self, kind: str, table: Opened, roles: Roles, asked: Asked) -> None:
        self.kind, self.opened, self.asked, self.export = kind, table, asked, roles.export
        places = [place for several in roles.places.values() for place in several]
        loaded = table.load(places)
        if not len(loaded.rows) and not loaded.unfit:
            raise refused(table.file, "it has headings and no rows", "give a file with rows")
        self.file = table.file
        self.several = {role: [loaded.columns[one] for one in several] for role, several in roles.places.items()}
        self.columns: dict[str, Column] = {role: several[0] for role, several in self.several.items()}
        self.tally = Tally(table.file, loaded.rows, loaded.unfit)
        self._say(roles.export)
        self.tally.mark(self._empty(loaded.columns), "set aside", "nothing in the row")

    def _say(self, export: Export | None) -> None:
        for said in self.opened.said:
            self.tally.say(said)
        named = ", ".join(
            f"{role} {' and '.join(repr(titled(one.name)) for one in several[:4])}{' ...' * (len(several) > 4)}"
            for role, several in self.several.items()
        )
        what = f"Recognised as an export of {export.name}: " if export else "Columns: "
        self.tally.say(f"{what}{named}.")
        if export and export.said:
            self.tally.say(export.said)

    def _empty(self, columns: Mapping[int, Column]) -> BoolArray:
        empty = np.ones(len(self.tally.rows), bool)
        for column in columns.values():
            empty &= column.blank
        return empty

    def __len__(self) -> int:
        return len(self.tally.rows)

    def __contains__(self, role: str) -> bool:
        return role in self.columns

    def need(self, role: str) -> Column:
        """Return the column of a role; raises where there is none."""
        if role not in self.columns:
            raise missing_role(self.opened, self.kind, role)
        return self.columns[role]

    def people(self) -> tuple[IntArray, IntArray | None, list[str]]:
        """Return the customer of every row as a number (-1 is nobody), who brought them if that is said, and keys."""
        referrer = self.columns.get("referred_by")
        codes, keys = people_of(self.columns["customer"], *([] if referrer is None else [referrer]))
        return codes[0], None if referrer is None else codes[1], keys

    def times(self, role: str, *, needed: bool = True, future: bool = False) -> Times:
        """Return the times of a role; rows with none that can be read are refused.

        Parameters
        ----------
        role
            Whose column.
        needed
            Whether a blank is refused too.
        future
            Whether days to come are taken.
        """
        export = self.export
        reader = Reader(self.file, self.asked.zone, self.asked.dates, bool(export and export.utc),
                        bool(export and export.local))  # fmt: skip
        column = self.columns[role]
        times = reader.read(column)
        for said in times.said:
            self.tally.say(said)
        if needed:
            self.tally.mark(column.blank, REFUSED, "no date", column.name)
        self.tally.mark(~times.sound & ~column.blank, REFUSED, "a date that cannot be read", column.name)
        early = times.sound & (times.days < days_to(FIRST_DAY))
        self.tally.mark(early, REFUSED, f"a date before {FIRST_DAY}", column.name)
        if not future:
            today = max(dt.date.today(), self.asked.until or dt.date.min)
            late = times.sound & (times.days > days_to(today) + 1)  # somewhere it is tomorrow already
            self.tally.mark(late, REFUSED, "a date to come (until= takes it)", column.name)
        return times

    def amounts(self, role: str, *, money: bool = True, needed: bool = True) -> Amounts:
        """Return the amounts of a role; rows with none that can be read are refused."""
        return self.amounts_of(self.columns[role], money=money, needed=needed)

    def amounts_of(self, column: Column, *, money: bool = True, needed: bool = True) -> Amounts:
        """Return the amounts of a column; rows with none that can be read are refused."""
        cents = False
        if money:
            known = self.export.amounts if self.export else None
            place = f"{titled(self.file)}, column '{titled(column.name)}'"
            cents = are_cents(column.name, self.asked.amounts, known, place)
        found = read_amounts(column, self.file, decimal=self.asked.decimal, cents=cents,
                             separator=self.opened.separator, percent=not money)  # fmt: skip
        for said in found.said:
            self.tally.say(said)
        if cents:
            self.tally.say(f"'{titled(column.name)}' is taken as cents.")
        if needed:
            self.tally.mark(column.blank, REFUSED, "no figure", column.name)
        self.tally.mark(~found.sound & ~column.blank, REFUSED, "a figure that cannot be read", column.name)
        return found

    def drop(self, rows: IntArray, what: str, rule: str) -> None:
        """Say what becomes of some rows, given by their place."""
        mask = np.zeros(len(self), bool)
        mask[rows] = True
        self.tally.mark(mask, what, rule, merged=True)

    def set_totals_aside(self, *roles: str) -> None:
        """Set rows aside of which one of some columns says that they are totals of others."""
        for role in roles:
            column = self.columns.get(role)
            if column is not None and column.kind == "text":
                totals = [is_total(plain(word)) for word in column.word_list()]
                self.tally.mark(np.array([*totals, False])[column.codes], ASIDE, "a total", column.name)

    def last_day(self, days: IntArray) -> int:
        """Return the last day of the records: the one the user says, else the last in the file that has been."""
        if self.asked.until is not None:
            return days_to(self.asked.until)
        been = days[(days <= days_to(dt.date.today())) & (days >= days_to(FIRST_DAY))]
        if not len(been):
            raise self.nothing_left("day that has been")
        last = int(been.max())
        self.tally.say(f"The records are taken to end on {day_of(last)}, the last day in them; until= says otherwise.")
        return last

    def check(self) -> None:
        """Raise if more rows are refused than the user puts up with."""
        self.tally.check(self.asked.at_most_refused)

    def check_count(self, count: Sequence[str] | None) -> None:
        """Raise if the user says which statuses count where no column holds any."""
        if count is not None and "status" not in self:
            raise refused(self.file, "no column is known as the status, of which count says words",
                          "say which it is: columns={'status': 'HEADING'}, or leave count out")  # fmt: skip

    def nothing_left(self, what: str) -> Exception:
        """Return the error that says that no row is left, and why."""
        lines = [line for line in self.tally.closed().lines if line.what != "read as is"]
        why = "; ".join(f"{line.rows:,} {line.what}: {line.rule}" for line in lines[:4])
        remedy = "say which columns they are in: columns={...}"
        if lines and all(line.rule == "after the end of the records" for line in lines):
            remedy = "give a later day as until"
        return refused(self.file, f"it has no {what} ({why})", remedy)


def taken(
    kind: str, source: Any, columns: Mapping[str, str | Sequence[str]] | None, sheet: str | None, asked: Asked,
    wide: str = "", instead: str = "", also: Sequence[str] = (),
) -> Taken:  # fmt: skip
    """Return a table whose columns were given the roles of a kind of records.

    Where one column is known as neither of two roles, all columns of figures share the ``wide`` one, those of
    roles that it is ``also`` among them.

    Raises
    ------
    DataError
        If there is no table, it has no rows, or a role that has to be filled is not.
    ExperimentError
        If a role is not known.
    """
    table = opened(source, sheet)
    roles = roles_of(table, kind, columns)
    if wide and instead not in roles.places and wide not in roles.places:
        roles = _with_wide(kind, table, roles, wide, instead, also)
    return Taken(kind, table, roles, asked)


def _with_wide(kind: str, table: Opened, roles: Roles, wide: str, instead: str, also: Sequence[str]) -> Roles:
    """Return roles with one that all columns of figures share; raises as `taken`."""
    places = {role: several for role, several in roles.places.items() if role not in also}
    taken_places = {place for several in places.values() for place in several}
    free = [at for at, name in enumerate(table.names) if name and at not in taken_places][:_WIDEST]
    columns = table.load(free).columns if free else {}
    figures = tuple(at for at in free if not columns[at].blank.all() and _are_figures(columns[at]))
    if len(figures) < 2:
        raise missing_role(table, kind, instead, f", nor several as {wide}")
    return Roles({**places, wide: figures}, roles.export)


def _are_figures(column: Column) -> bool:
    if column.kind == "text":
        return all(any(one.isdigit() for one in word) and sum(map(str.isalpha, word)) < 4
                   for word in column.word_list() if word)  # fmt: skip
    return column.kind == "number"
