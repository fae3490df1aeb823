"""A pipeline: which lead was in which stage from when until when, and where it went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim.arguments import checked
from flywheel_sim.data.account import ASIDE, MERGED, REFUSED
from flywheel_sim.data.asking import words
from flywheel_sim.data.people import Tokens, people_of, say_spellings
from flywheel_sim.data.records import Records, spanned
from flywheel_sim.data.source.cells import BoolArray, IntArray
from flywheel_sim.data.source.columns import plain
from flywheel_sim.data.source.opened import refused
from flywheel_sim.data.taking import Asked, Taken, taken
from flywheel_sim.data.times import NOT_A_TIME, day_of, days_to
from flywheel_sim.texts import titled
from flywheel_sim.wording import counted

if TYPE_CHECKING:
    import pandas as pd

#: Stands for a time at which nobody left yet.
_THERE = np.iinfo(np.int64).max

#: More stages than this are free texts.
_MOST_STAGES = 60

#: Where a lead is that left its last stage for nowhere the file says.
GONE = "gone"

_DAY = 86_400


@dataclass(frozen=True, repr=False)
class Pipeline(Records):
    """Stays of leads in stages that were read; frozen.

    Attributes
    ----------
    rows
        lead (a category of random tokens), stage (a category), entered and left (times; NaT while still there) and to
        (the stage that came next; missing while still there, "gone" where the file does not say).
    account
        What became of every row of the file.
    begins, ends
        First and last day of the records.
    records_from
        Since when the records see leads leave, where some entered earlier.

    Examples
    --------
    >>> import pandas as pd
    >>> import flywheel_sim as fs
    >>> table = pd.DataFrame({"lead": [1, 1, 2], "stage": ["new", "won", "new"],
    ...                       "entered": ["2024-01-02", "2024-01-30", "2024-01-05"]})
    >>> fs.read_pipeline(table).rows.to.tolist()
    ['won', nan, nan]
    """

    records_from: dt.date | None = None

    def answer(self) -> str:
        """Return how many leads were in how many stages, and how many stays are over."""
        leads, stages = self.rows["lead"].nunique(), self.rows["stage"].nunique()
        over = int(self.rows["left"].notna().sum())
        return (f"{counted(leads, 'lead')} in {counted(stages, 'stage')}: {len(self.rows):,} "
                f"stays, {over:,} of them over,{spanned(self.begins, self.ends)}")  # fmt: skip


@checked(words("columns", "zone", "dates", "until", "records_from", "keys", "sheet", "at_most_refused"))
def read_pipeline(
    source: str | Path | pd.DataFrame,
    *,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    zone: str | None = None,
    dates: str | None = None,
    until: dt.date | str | None = None,
    records_from: dt.date | str | None = None,
    keys: str | Path | None = None,
    sheet: str | None = None,
    at_most_refused: float = 0.05,
) -> Pipeline:
    """Read which lead was in which stage from when until when.

    A table has one row a lead and stage. Where it does not say when a stage was left, that is when the next was
    entered; a lead in its last stage is still there. Of an export of deals, which has their present stage alone, every
    deal is in one stage, "deal", until it is won or lost.

    Parameters
    ----------
    source, columns, zone, dates, keys, sheet, at_most_refused
        As for `read_orders`. Roles: lead, stage, entered, left, to; of deals closed and since.
    until, records_from
        As for `read_subscriptions`.

    Raises
    ------
    DataError, ExperimentError
        As for `read_orders`.

    Examples
    --------
    >>> import pandas as pd
    >>> import flywheel_sim as fs
    >>> table = pd.DataFrame({"lead": [1, 1, 2], "stage": ["new", "won", "new"],
    ...                       "entered": ["2024-01-02", "2024-01-30", "2024-01-05"]})
    >>> fs.read_pipeline(table)
    <Pipeline: 2 leads in 2 stages: 3 stays, 1 of them over, from 2024-01-02 to 2024-01-30>
    """
    asked = Asked(zone=zone, dates=dates, until=until, at_most_refused=at_most_refused)  # type: ignore[arg-type]
    file = taken("pipeline", source, columns, sheet, asked)
    (who,), people = people_of(file.columns["lead"])
    file.tally.mark(who < 0, ASIDE, "no lead", file.columns["lead"].name)
    trials = "since" in file and "stage" not in file
    stays = (_of_trials if trials else _of_deals if "closed" in file else _of_rows)(file, who)
    if isinstance(records_from, dt.date):
        stays = _seen(file, stays, days_to(records_from) * _DAY)
    file.check()
    if not len(stays.row):
        raise file.nothing_left("stay in a stage")
    tokens = Tokens.of(who[stays.row], stays.row, people, keys)  # type: ignore[arg-type]
    rows = _rows(stays, who, tokens)
    begins = records_from or day_of(stays.entered.min() // _DAY)
    return Pipeline(rows, file.tally.closed(), begins, day_of(stays.last), records_from)  # type: ignore[arg-type]


@dataclass
class _Stays:
    """Stays: row of the table, stage and next stage as numbers (-1 none), seconds entered and left, last day."""

    row: IntArray
    stage: IntArray
    to: IntArray
    entered: IntArray
    left: IntArray
    names: list[str]
    last: int
    more: dict[str, Any]


def _seen(file: Taken, stays: _Stays, begins: int) -> _Stays:
    """Return the stays that were not over before the records begin."""
    seen = stays.left >= begins
    file.drop(np.setdiff1d(stays.row[~seen], stays.row[seen]), ASIDE, "over before the records begin")
    more = {name: values[seen] for name, values in stays.more.items()}
    return _Stays(stays.row[seen], stays.stage[seen], stays.to[seen], stays.entered[seen], stays.left[seen],
                  stays.names, stays.last, more)  # fmt: skip


def _stages(file: Taken, role: str) -> tuple[IntArray, list[str], dict[str, int]]:
    """Return the stage of every row, their names, and their numbers by plain name.

    Raises
    ------
    DataError
        If there are too many to be stages.
    """
    column = file.need(role)
    codes, keys, spellings = column.joined_words(plain)
    if len(keys) > _MOST_STAGES:
        raise refused(file.file, f"column '{titled(column.name)}' has {len(keys):,} stages, which look like free text",
                      f"say which column it is: columns={{'{role}': 'HEADING'}}")  # fmt: skip
    for key in keys:
        say_spellings(spellings[key], file.tally)
    return codes, [titled(spellings[key][0]) for key in keys], {key: at for at, key in enumerate(keys)}


def _of_rows(file: Taken, who: IntArray) -> _Stays:
    """Return the stays of a table with one row a lead and stage."""
    tally = file.tally
    stage, names, known = _stages(file, "stage")
    tally.mark(file.columns["stage"].blank, ASIDE, "no stage", file.columns["stage"].name)
    begun = file.times("entered", future=True)
    entered = np.where(begun.sound, begun.at.astype(np.int64), 0)
    left = np.full(len(file), _THERE)
    if "left" in file:
        over = file.times("left", needed=False, future=True)
        left = np.where(over.sound, over.at.astype(np.int64), _THERE)
    tally.mark(left < entered, REFUSED, "left before it was entered")
    seen = np.concatenate([entered[tally.left], left[tally.left & (left < _THERE)]]) // _DAY
    last = file.last_day(seen)
    after = (last + 1) * _DAY
    tally.mark(entered >= after, ASIDE, "after the end of the records")
    left = np.where(left >= after, _THERE, left)
    rows = np.flatnonzero(tally.left)
    rows = rows[np.lexsort((rows, entered[rows], who[rows]))]
    rows = _without_repeats(file, rows, who, stage, left)
    follows = np.append(who[rows][1:] == who[rows][:-1], False) if len(rows) else np.zeros(0, bool)
    next_stage = np.where(follows, np.roll(stage[rows], -1), -1)
    leaves = np.where(follows & (left[rows] == _THERE), np.roll(entered[rows], -1), left[rows])
    to = np.where(leaves < _THERE, next_stage, -1)
    if "to" in file:
        stated, more, _ = _stages(file, "to")
        place = np.array([known.setdefault(plain(name), len(known)) for name in more] + [-1], np.int64)
        names += [name for name in more if known[plain(name)] >= len(names)]
        to = np.where((place[stated[rows]] >= 0) & (leaves < _THERE), place[stated[rows]], to)
    away = (leaves < _THERE) & (to < 0)
    if away.any():
        names.append(GONE)
        to = np.where(away, len(names) - 1, to)
        tally.say(f"{int(away.sum()):,} stays ended without a next stage; their leads are '{GONE}'.")
    return _Stays(rows, stage[rows], to, entered[rows], leaves, names, last, {})


def _without_repeats(file: Taken, rows: IntArray, who: IntArray, stage: IntArray, left: IntArray) -> IntArray:
    """Return rows without those that say again in which stage a lead is; those with a time of leaving all stay."""
    if not len(rows):
        return rows
    again: BoolArray = np.zeros(len(rows), bool)
    again[1:] = (who[rows][1:] == who[rows][:-1]) & (stage[rows][1:] == stage[rows][:-1])
    again[1:] &= left[rows][:-1] == _THERE
    again &= left[rows] == _THERE
    file.drop(rows[again], MERGED, "the same stage again")
    return np.asarray(rows[~again])


def _of_deals(file: Taken, who: IntArray) -> _Stays:
    """Return the stays of an export of deals: one each, until it is won or lost."""
    tally = file.tally
    stage, names, known = _stages(file, "stage")
    over = np.array([*(_is_over(key) for key in known), False], bool)[stage]
    tally.mark(file.columns["stage"].blank, ASIDE, "no stage", file.columns["stage"].name)
    begun, closed = file.times("entered", future=True), file.times("closed", needed=False, future=True)
    since = file.times("since", needed=False) if "since" in file else None
    entered = np.where(begun.sound, begun.at.astype(np.int64), 0)
    left = np.where(over & closed.sound, closed.at.astype(np.int64), _THERE)
    tally.mark(over & ~closed.sound, REFUSED, "won or lost, and nothing says when", file.columns["closed"].name)
    tally.mark(left // _DAY < entered // _DAY, REFUSED, "closed before it was created", file.columns["closed"].name)
    left = np.maximum(left, entered)  # some tools keep the day alone on which a deal closed
    seen = np.concatenate([entered[tally.left], left[tally.left & (left < _THERE)]]) // _DAY
    last = file.last_day(seen)
    after = (last + 1) * _DAY
    tally.mark(entered >= after, ASIDE, "after the end of the records")
    left = np.where(left >= after, _THERE, left)
    rows = np.flatnonzero(tally.left)
    gone = left[rows] < _THERE
    more: dict[str, Any] = {"now": np.where(gone, -1, stage[rows])}
    if since is not None:
        more["since"] = np.where(gone | ~since.sound[rows], NOT_A_TIME, since.at[rows])
    names = [*names, "deal"]
    return _Stays(rows, np.full(len(rows), len(names) - 1), np.where(gone, stage[rows], -1), entered[rows], left[rows],
                  names, last, more)  # fmt: skip


def _is_over(stage: str) -> bool:
    """Tell whether a stage, plainly written, says that a deal was won or lost."""
    return bool(set(stage.split()) & {"won", "lost", "closed", "closedwon", "closedlost", "gewonnen", "verloren",
                                      "abgeschlossen", "gagne", "perdu", "ganado", "perdido"})  # fmt: skip


def _of_trials(file: Taken, who: IntArray) -> _Stays:
    """Return the stays of a list of leads that says when each came and when it began a trial."""
    begun, trial = file.times("entered", future=True), file.times("since", needed=False, future=True)
    entered = np.where(begun.sound, begun.at.astype(np.int64), 0)
    tried = np.where(trial.sound, trial.at.astype(np.int64), _THERE)
    file.tally.mark(tried < entered, REFUSED, "a trial before the lead")
    last = file.last_day(np.concatenate([entered, tried[tried < _THERE]]) // _DAY)
    after = (last + 1) * _DAY
    file.tally.mark(entered >= after, ASIDE, "after the end of the records")
    rows = np.flatnonzero(file.tally.left)
    on = rows[tried[rows] < after]
    row = np.concatenate([rows, on])
    stage = np.concatenate([np.zeros(len(rows), np.int64), np.ones(len(on), np.int64)])
    left = np.concatenate([np.where(tried[rows] < after, tried[rows], _THERE), np.full(len(on), _THERE)])
    return _Stays(row, stage, np.where(left < _THERE, 1, -1), np.concatenate([entered[rows], tried[on]]), left,
                  ["lead", "trial"], last, {})  # fmt: skip


def _rows(stays: _Stays, who: IntArray, tokens: Tokens) -> pd.DataFrame:
    """Return the rows as users see them."""
    import pandas as pd

    kind = pd.CategoricalDtype(pd.Index(stays.names, dtype=object))

    def named(codes: Any) -> Any:
        return pd.Categorical.from_codes(codes.astype(np.int32), dtype=kind)

    there = stays.left == _THERE
    columns = {
        "lead": tokens.column(who[stays.row]),
        "stage": named(stays.stage),
        "entered": stays.entered.astype("datetime64[s]"),
        "left": np.where(there, NOT_A_TIME, np.where(there, 0, stays.left).astype("datetime64[s]")),
        "to": named(stays.to),
    }
    columns |= {name: named(values) if name == "now" else values for name, values in stays.more.items()}
    rows = pd.DataFrame(columns)
    for name in ("stage", "to", "now"):
        if name in rows:
            rows[name] = rows[name].cat.remove_unused_categories()
    return rows.iloc[np.lexsort((stays.entered, tokens.place[who[stays.row]]))].reset_index(drop=True)
