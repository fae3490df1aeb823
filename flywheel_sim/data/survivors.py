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
from flywheel_sim.data.source.totals import TOTALS
from flywheel_sim.data.taking import Asked, Taken, taken
from flywheel_sim.texts import titled
from flywheel_sim.wording import counted

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

#: What stands beside cohorts, and is none.
_TOTALS = TOTALS | {"all", "all cohorts", "all users", "all customers", "overall", "average", "averages", "avg", "mean",
                    "weighted average", "median", "durchschnitt"}  # fmt: skip


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
        return (f"{counted(cohorts, 'cohort')}, {began}, to an age of {int(self.rows['age'].max()):,} "
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

    A table has one row a cohort and age, one row a cohort and one column an age, or one row an age and one column a
    cohort. Survivors are counts, shares, or a count of who began and shares of it.

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
    found = _wide(file, columns or {}) if "ages" in file else _long(file)
    _refuse_doubles(file, found)
    values, shares = _counts_or_shares(file, found)
    unit = unit or _unit(file, found)
    keep = _whole_cohorts(file, found, values, shares)
    file.check()
    if not keep.any():
        raise file.nothing_left("cohort")
    cohort, age, values = found.cohort[keep], found.age[keep], values[keep]
    if shares:
        values = np.round(values * (100.0 if values.max() <= 1.0 + 1e-9 else 1.0), 6)
    people = None if shares else round(float(values[age == 0].sum()))
    _point_out_rises(cohort, age, values, file.tally)
    return Survivors(_table(cohort, age, values, found.names), file.tally.closed(), None, None, unit, people)


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


@dataclass(frozen=True)
class _Found:
    """Figures by cohort and age: which row each is in, whether it is in %, and texts that may say the unit of ages."""

    cohort: IntArray
    age: IntArray
    row: IntArray
    values: FloatArray
    percent: BoolArray
    names: list[str]
    texts: list[str]


#: Rows, columns, figures, and whether those are in %.
_Cells = tuple[IntArray, IntArray, FloatArray, BoolArray]


def _cohorts(file: Taken, column: Column | None) -> tuple[IntArray, list[str]]:
    """Return the cohort of every row, and their names; totals of cohorts that are there themselves are set aside."""
    if column is None:
        return np.zeros(len(file), np.int64), ["all"]
    codes, keys, spellings = column.joined_words(plain)
    file.tally.mark(column.blank, ASIDE, "no cohort", column.name)
    total = np.isin(codes, [at for at, key in enumerate(keys) if key in _TOTALS])
    if (file.tally.left & ~total).any():
        file.tally.mark(total, ASIDE, "a total of cohorts that stand by themselves", column.name)
    return codes, [titled(spellings[key][0].removesuffix(" 00:00:00")) for key in keys]


def _long(file: Taken) -> _Found:
    column = file.need("age").texts()
    cohort, names = _cohorts(file, file.columns.get("cohort"))
    age = _ages(column)
    file.tally.mark(age < 0, REFUSED, "no age", column.name)
    row, _, values, percent = _figures(file, [file.columns["survivors"]], needed=True)
    return _Found(cohort[row], age[row], row, values, percent, names, [column.name, *column.word_list()[:1]])


def _wide(file: Taken, stated: Mapping[str, str | Sequence[str]]) -> _Found:
    if _ages_go_down(file, stated):
        return _columns_of_cohorts(file)
    columns, ages = _columns_of_ages(file, "ages" in stated)
    if "cohort" in file:
        cohort, names = _cohorts(file, file.columns["cohort"])
    else:
        cohort, names = _cohorts_of_rows(file, columns)
    row, at, values, percent = _figures(file, columns)
    return _Found(cohort[row], ages[at], row, values, percent, names, [one.name for one in columns])


def _ages_go_down(file: Taken, stated: Mapping[str, str | Sequence[str]]) -> bool:
    """Tell whether rows are ages and columns are cohorts; raises where that cannot be told."""
    headed = "ages" in stated or any(is_age(one.name) for one in file.several["ages"])
    if "age" in file and "cohort" not in file:
        column = file.columns["age"]
        words = [word for word in column.texts().word_list() if plain(word) not in _TOTALS]
        down = bool(words) and all(map(is_age, words)) and min(map(_age, words)) == 0
        if ("age" in stated and "ages" not in stated) or (down and not headed):
            return True
        if down:
            name = titled(column.name)
            raise refused(file.file, f"it cannot be told whether ages go down column '{name}' or along the headings",
                          f"where every row is a cohort write columns={{'cohort': '{name}'}}, where every column is "
                          f"one columns={{'age': '{name}'}}")  # fmt: skip
    if not headed:
        raise refused(file.file, "no heading says an age, such as Month 0, and no column holds the age of every row",
                      "say which are ages: columns={'ages': ['HEADING', 'HEADING']}, from age 0 on, where every row "
                      "is a cohort, or columns={'age': 'HEADING'} where every column is one")  # fmt: skip
    return False


def _columns_of_cohorts(file: Taken) -> _Found:
    """Return the figures of a table with one row an age and one column a cohort."""
    column = file.columns["age"].texts()
    age = _ages(column)
    total = np.array([plain(word) in _TOTALS for word in column.word_list()] + [False])[column.codes]
    file.tally.mark(total, ASIDE, "a total of ages that stand by themselves", column.name)
    file.tally.mark(age < 0, REFUSED, "no age", column.name)
    columns = [one for one in file.several["ages"] if plain(one.name) not in _TOTALS] or file.several["ages"]
    listed = [titled(one.name) for one in columns]
    names = list(dict.fromkeys(listed))
    told = ", ".join(f"'{name}'" for name in names[:4]) + " ..." * (len(names) > 4)
    file.tally.say(f"Every row is taken as an age and every column of figures as a cohort: {told}.")
    row, at, values, percent = _figures(file, columns)
    cohort = np.array([names.index(name) for name in listed], np.int64)[at]
    return _Found(cohort, age[row], row, values, percent, names, [column.name, *column.word_list()[:1]])


def _columns_of_ages(file: Taken, stated: bool) -> tuple[list[Column], IntArray]:
    """Return the columns of one age each, and those ages, as headings say or from 0 on; raises where two are of one."""
    columns = file.several["ages"] if stated else [one for one in file.several["ages"] if is_age(one.name)]
    said = [_age(one.name) for one in columns]
    ages = list(range(len(columns))) if min(said) < 0 else said
    for at, (one, age) in enumerate(zip(said, ages, strict=True)):
        if one not in (-1, age):
            raise refused(file.file, f"column '{titled(columns[at].name)}' is stated as age {age}",
                          "state the columns of ages in their order, from age 0 on")  # fmt: skip
        if age in ages[:at]:
            both = f"'{titled(columns[ages.index(age)].name)}' and '{titled(columns[at].name)}'"
            raise refused(file.file, f"columns {both} are both of age {age}",
                          "say which are meant: columns={'ages': ['HEADING', 'HEADING']}, from age 0 on")  # fmt: skip
    return columns, np.array(ages, np.int64)


def _cohorts_of_rows(file: Taken, ages: Sequence[Column]) -> tuple[IntArray, list[str]]:
    """Return the cohort of every row, and names, by a column that tells rows apart, else by number."""
    if int(file.tally.left.sum()) < 2:  # it is all who began
        return _cohorts(file, None)
    used = {one.name for one in ages}
    places = [at for at, name in enumerate(file.opened.names) if name not in used]
    loaded = file.opened.load(places) if places else None
    known = file.columns.get("age")
    for column in loaded.columns.values() if loaded and len(loaded.rows) == len(file) else ():
        if _tells_rows_apart(column, file.tally.left, known is not None and known.name == column.name):
            file.tally.say(f"Every row is taken as a cohort, named by '{titled(column.name)}'; "
                           "columns={'cohort': 'HEADING'} says otherwise.")  # fmt: skip
            return _cohorts(file, column)
    file.tally.say("Every row is taken as a cohort, and they are numbered; columns={'cohort': 'HEADING'} names them.")
    return np.arange(len(file)), [str(number) for number in range(1, len(file) + 1)]


def _tells_rows_apart(column: Column, left: BoolArray, figures: bool) -> bool:
    """Tell whether a column differs row by row; one of figures does not count unless that is said."""
    if column.kind == "number" and not figures:
        return False
    codes = column.joined_words(plain)[0]
    there = codes[left & ~column.blank]
    words = column.texts().word_list()
    plainly = all(re.fullmatch(r"[-+]?\d[\d,]*\.?\d*%?", word) for word in words)
    return (figures or not plainly) and 2 * len(there) > int(left.sum()) and len(np.unique(there)) == len(there)


def _figures(file: Taken, columns: Sequence[Column], *, needed: bool = False) -> _Cells:
    """Return of every figure its row, which of the columns it is in, the figure, and whether it is in %."""
    cells = [file.amounts_of(one, money=False, needed=needed).values for one in columns]
    for column, some in zip(columns, cells, strict=True):
        file.tally.mark(some < 0, REFUSED, "fewer than nobody", column.name)
    left = np.flatnonzero(file.tally.left)
    values = np.stack([some[left] for some in cells], axis=1)
    percent = np.stack([_in_percent(one)[left] for one in columns], axis=1)
    row, at = np.nonzero(~np.isnan(values))
    return left[row], at.astype(np.int64), values[row, at], percent[row, at]


def _in_percent(column: Column) -> BoolArray:
    """Return where figures are in %: the cell says so, or the heading."""
    if Heading(column.name).share or column.kind != "text":
        return np.full(len(column), Heading(column.name).share)
    return np.array(["%" in word for word in column.word_list()] + [False])[column.codes]


def _refuse_doubles(file: Taken, found: _Found) -> None:
    """Raise where a cohort and age stand twice."""
    _, first = np.unique(np.stack([found.cohort, found.age]), axis=1, return_index=True)
    if len(first) < len(found.row):
        row = int(file.tally.rows[found.row[np.setdiff1d(np.arange(len(found.row)), first)[0]]])
        raise refused(file.file, f"row {row:,} is of a cohort and age that stand above it already",
                      "say which column tells cohorts apart: columns={'cohort': 'HEADING'}")  # fmt: skip


def _ages(column: Column) -> IntArray:
    """Return the age that every cell of a column of texts says, -1 where it says none."""
    return np.array([_age(word) for word in column.word_list()] + [-1], np.int64)[column.codes]


def is_age(text: str) -> bool:
    """Tell whether a heading is that of an age."""
    return _age(text) >= 0


def _age(text: str) -> int:
    """Return the age that a text such as 3, M3 or Month 3 says, -1 where it says none."""
    said = re.fullmatch(r"(?:([a-z]+) ?)?(\d{1,5})(?: ?([a-z]+))?", plain(text))
    if said is None or not ({said[1], said[3]} <= {None, *_UNIT_OF, "age", "period", "p", "t"}):
        return -1
    return int(said[2]) if int(said[2]) <= _OLDEST else -1


def _unit(file: Taken, found: _Found) -> str:
    """Return the unit of ages that headings or ages say; raises where none does."""
    for word in re.findall(r"[a-z]+", " ".join(map(plain, found.texts))):
        if word in _UNIT_OF:
            return _UNIT_OF[word]
    raise refused(file.file, "nothing says whether ages are years, months, weeks or days", "write unit='month'")


def _counts_or_shares(file: Taken, found: _Found) -> tuple[FloatArray, bool]:
    """Return survivors, and whether they are shares: in %, or such as begin at 1 or 100 and are not whole.

    Shares of a count at age 0 are made counts; raises where figures are mixed in any other way.
    """
    values, begins = found.values, found.age == 0
    first, later = values[begins], values[~begins]
    whole = bool((values == np.floor(values)).all())
    fractions = bool(len(first) and len(later)) and not whole and bool(first.min() > 1 and later.max() <= 1)
    percent = found.percent | (found.percent.any() & (values == 0))  # nobody is 0 %
    if percent.all() and len(percent):
        shares = True
    elif percent.any():
        if found.percent[begins].any() or not percent[~begins].all() or fractions:
            raise refused(file.file, "some figures are counts and some are in %",
                          "write all as counts, all as 40%, or a count at age 0 and all after as 40%")  # fmt: skip
        return _of_the_first(file, found, 100.0), False
    elif fractions and not np.isclose(first, 100).all():
        return _of_the_first(file, found, 1.0), False
    else:
        alike = bool(len(first)) and bool(np.isclose(first, 100).all() or np.isclose(first, 1).all())
        shares = alike and not whole
    if shares:
        file.tally.say("Survivors are taken as shares of who began.")
    return values, shares


def _of_the_first(file: Taken, found: _Found, scale: float) -> FloatArray:
    """Return counts, in whole people, from shares of the count at age 0."""
    begins = found.age == 0
    began = np.full(len(found.names), np.nan)
    began[found.cohort[begins]] = found.values[begins]
    file.tally.say("Figures after age 0 are taken as shares of the count at age 0.")
    return np.where(begins, found.values, np.rint(began[found.cohort] * found.values / scale))


def _whole_cohorts(file: Taken, found: _Found, values: FloatArray, shares: bool) -> BoolArray:
    """Return what is of cohorts that are large enough; raises where one does not say who began."""
    keep = np.ones(len(found.cohort), bool)
    small = 0
    for one in np.unique(found.cohort).tolist():
        mine = found.cohort == one
        began = values[mine & (found.age == 0)]
        if not len(began):
            raise refused(file.file, f"cohort number {one + 1} does not say how many began, at age 0",
                          "add them, or leave it out")  # fmt: skip
        if not shares and began[0] < SMALLEST:
            keep &= ~mine
            small += 1
    if small:
        rows = np.zeros(len(file), bool)
        rows[found.row[~keep]] = True
        rows[found.row[keep]] = False
        file.tally.mark(rows, ASIDE, f"a cohort of fewer than {SMALLEST} people")
        if not rows.any():  # in columns beside others
            file.tally.say(f"Cohorts of fewer than {SMALLEST} people are set aside: {small:,}.")
    return keep


def _point_out_rises(cohort: IntArray, age: IntArray, values: FloatArray, tally: Tally) -> None:
    """Say where more are left at an age than before."""
    order = np.lexsort((age, cohort))
    rises = (np.diff(values[order]) > 1e-9) & (np.diff(cohort[order]) == 0)
    if count := int(rises.sum()):
        tally.say(f"At {counted(count, 'age')} more are left than before: people came back, or figures are "
                  "wrong.")  # fmt: skip
