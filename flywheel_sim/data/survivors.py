"""How many of those who began together are left at each age."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.arguments import checked
from flywheel_sim.data.account import ASIDE, REFUSED, Tally
from flywheel_sim.data.asking import words
from flywheel_sim.data.people import SMALLEST
from flywheel_sim.data.records import Records
from flywheel_sim.data.source.cells import BoolArray, Column, FloatArray, IntArray
from flywheel_sim.data.source.columns import Heading, plain
from flywheel_sim.data.source.opened import refused
from flywheel_sim.data.taking import Asked, Taken, taken
from flywheel_sim.texts import titled

if TYPE_CHECKING:
    import pandas as pd

#: Ages beyond this are none.
_OLDEST = 10_000

_UNITS = {
    "year": "year years y yr jahr jahre an annee ano anno",
    "month": "month months m mo monat monate mois mes mese",
    "week": "week weeks w woche wochen semaine",
    "day": "day days d tag tage jour",
}
_UNIT_OF = {word: unit for unit, listed in _UNITS.items() for word in listed.split()}


@dataclass(frozen=True, repr=False)
class Survivors(Records):
    """Survivors of cohorts that were read; frozen.

    Attributes
    ----------
    rows
        cohort (a category), age (whole periods, 0 first) and survivors (how many, or in % of who began).
    account
        What became of every row of the file.
    begins, ends
        None: ages have no dates.
    unit
        Of the ages: year, month, week or day.
    people
        How many began in all cohorts, None where shares alone are known.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> survivors = fs.read_survivors(fs.datasets.subscription_survival())
    >>> survivors.unit, survivors.people, survivors.rows.survivors.tolist()[:3]
    ('year', None, [100.0, 63.1, 46.8])
    """

    unit: str = "month"
    people: int | None = None

    def answer(self) -> str:
        """Return how many cohorts there are, and to which age they are seen."""
        cohorts = self.rows["cohort"].nunique()
        began = "shares of who began" if self.people is None else f"{self.people:,} people"
        return (f"{cohorts:,} cohort{'s' * (cohorts != 1)}, {began}, to an age of {int(self.rows['age'].max()):,} "
                f"{self.unit}s")  # fmt: skip


@checked(words("columns", "decimal", "unit", "sheet", "at_most_refused"))
def read_survivors(
    source: str | Path | pd.DataFrame,
    *,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    decimal: str | None = None,
    unit: str | None = None,
    sheet: str | None = None,
    at_most_refused: float = 0.05,
) -> Survivors:
    """Read how many of each cohort are left at each age.

    A table has one row a cohort and age, or one row a cohort and one column an age. Survivors are counts or shares.

    Parameters
    ----------
    source, columns, decimal, sheet, at_most_refused
        As for `read_orders`. Roles: cohort, age, survivors; or ages, a list of columns from age 0 on.
    unit
        Of the ages: year, month, week or day, where no heading says it.

    Raises
    ------
    DataError, ExperimentError
        As for `read_orders`.

    Examples
    --------
    >>> import pandas as pd
    >>> import flywheel_sim as fs
    >>> table = pd.DataFrame({"cohort": ["May", "June"], "0": [200, 100], "1": [150, 80], "2": [120, None]})
    >>> fs.read_survivors(table, unit="month")
    <Survivors: 2 cohorts, 300 people, to an age of 2 months>
    """
    asked = Asked(decimal=decimal, at_most_refused=at_most_refused)
    file = taken("survivors", source, columns, sheet, asked, "ages", "survivors")
    cohort, age, values, names, heading = (_wide if "ages" in file else _long)(file)
    shares = _are_shares(file, heading, age, values)
    unit = unit or _unit(file)
    keep = _whole_cohorts(file, cohort, age, values, names, shares)
    file.check()
    if not keep.any():
        raise file.nothing_left("cohort")
    cohort, age, values = cohort[keep], age[keep], values[keep]
    if shares:
        values = np.round(values * (100.0 if values.max() <= 1.0 + 1e-9 else 1.0), 6)
    people = None if shares else round(float(values[age == 0].sum()))
    _point_out_rises(cohort, age, values, file.tally)
    return Survivors(_table(cohort, age, values, names), file.tally.closed(), None, None, unit, people)


def _table(cohort: IntArray, age: IntArray, values: FloatArray, names: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    used = np.unique(cohort)
    kind = pd.CategoricalDtype(pd.Index([names[one] for one in used.tolist()], dtype=object))
    order = np.lexsort((age, cohort))
    codes = np.searchsorted(used, cohort[order])
    rows = {
        "cohort": pd.Categorical.from_codes(codes.astype(np.int32), dtype=kind),
        "age": age[order],
        "survivors": values[order],
    }
    return pd.DataFrame(rows)


Found = tuple[IntArray, IntArray, FloatArray, list[str], Column]


def _cohorts(file: Taken) -> tuple[IntArray, list[str]]:
    """Return the cohort of every row, and their names."""
    if "cohort" not in file:
        return np.zeros(len(file), np.int64), ["all"]
    column = file.columns["cohort"]
    codes, keys, spellings = column.joined_words(plain)
    file.tally.mark(column.blank, ASIDE, "no cohort", column.name)
    return codes, [titled(spellings[key][0]) for key in keys]


def _long(file: Taken) -> Found:
    column = file.need("age").texts()
    cohort, names = _cohorts(file)
    by_word = np.array([_age(word) for word in column.word_list()] + [-1], np.int64)
    age = by_word[column.codes]
    file.tally.mark(age < 0, REFUSED, "no age", column.name)
    values = file.amounts("survivors", money=False).values
    file.tally.mark(values < 0, REFUSED, "fewer than nobody", file.columns["survivors"].name)
    left = np.flatnonzero(file.tally.left)
    keys = np.stack([cohort[left], age[left]])
    _, first = np.unique(keys, axis=1, return_index=True)
    if len(first) < len(left):
        again = left[np.setdiff1d(np.arange(len(left)), first)[0]]
        row = int(file.tally.rows[again])
        raise refused(file.file, f"row {row:,} is of a cohort and age that stand above it already",
                      "say which column tells cohorts apart: columns={'cohort': 'HEADING'}")  # fmt: skip
    return cohort[left], age[left], values[left], names, file.columns["survivors"]


def _wide(file: Taken) -> Found:
    cohort, names = _cohorts(file)
    columns = [one for one in file.several["ages"] if _age(one.name) >= 0] or file.several["ages"]
    ages = [_age(one.name) for one in columns]
    if min(ages) < 0:
        ages = list(range(len(columns)))
    cells = [file.amounts_of(one, money=False, needed=False) for one in columns]
    left = np.flatnonzero(file.tally.left)
    values = np.stack([one.values[left] for one in cells], axis=1)
    seen = ~np.isnan(values)
    age = np.broadcast_to(np.array(ages, np.int64), values.shape)
    whose = np.broadcast_to(cohort[left][:, None], values.shape)
    return whose[seen], age[seen], values[seen], names, columns[0]


def is_age(text: str) -> bool:
    """Tell whether a heading is that of an age."""
    return _age(text) >= 0


def _age(text: str) -> int:
    """Return the age that a text such as 3, M3 or Month 3 says, -1 where it says none."""
    said = re.fullmatch(r"(?:([a-z]+) ?)?(\d{1,5})(?: ?([a-z]+))?", plain(text))
    if said is None or not ({said[1], said[3]} <= {None, *_UNIT_OF, "age", "period", "p", "t"}):
        return -1
    return int(said[2]) if int(said[2]) <= _OLDEST else -1


def _unit(file: Taken) -> str:
    """Return the unit of ages that headings or ages say.

    Raises
    ------
    DataError
        If none does.
    """
    texts = []
    if "age" in file:
        column = file.columns["age"]
        texts = [column.name, *column.texts().word_list()[:1]]
    elif "ages" in file:
        texts = [one.name for one in file.several["ages"]]
    for word in re.findall(r"[a-z]+", " ".join(map(plain, texts))):
        if word in _UNIT_OF:
            return _UNIT_OF[word]
    raise refused(file.file, "nothing says whether ages are years, months, weeks or days", "write unit='month'")


def _are_shares(file: Taken, column: Column, age: IntArray, values: FloatArray) -> bool:
    """Tell whether survivors are shares: a heading or a cell says so, or they begin at 1 or 100 and are not whole."""
    percent = column.kind == "text" and any("%" in word for word in column.word_list())
    first = values[age == 0]
    broken = bool((values != np.floor(values)).any())
    begins = bool(len(first)) and bool(np.isclose(first, 100).all() or np.isclose(first, 1).all())
    shares = Heading(column.name).share or percent or (begins and broken)
    if shares:
        file.tally.say("Survivors are taken as shares of who began.")
    return shares


def _whole_cohorts(
    file: Taken, cohort: IntArray, age: IntArray, values: FloatArray, names: Sequence[str], shares: bool
) -> BoolArray:
    """Return what is of cohorts that are large enough; raises where one does not say who began."""
    keep = np.ones(len(cohort), bool)
    small = []
    for one in np.unique(cohort).tolist():
        mine = cohort == one
        began = values[mine & (age == 0)]
        if not len(began):
            raise refused(file.file, f"cohort number {one + 1} does not say how many began, at age 0",
                          "add them, or leave it out")  # fmt: skip
        if not shares and began[0] < SMALLEST:
            keep &= ~mine
            small.append(one)
    if small:
        codes, _ = _cohorts(file)
        file.tally.mark(np.isin(codes, small), ASIDE, f"a cohort of fewer than {SMALLEST} people")
    return keep


def _point_out_rises(cohort: IntArray, age: IntArray, values: FloatArray, tally: Tally) -> None:
    """Say where more are left at an age than before."""
    order = np.lexsort((age, cohort))
    rises = (np.diff(values[order]) > 1e-9) & (np.diff(cohort[order]) == 0)
    if count := int(rises.sum()):
        tally.say(f"At {count:,} age{'s' * (count != 1)} more are left than before: people came back, or figures are "
                  "wrong.")  # fmt: skip
