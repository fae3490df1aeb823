"""Retention by day: which share of the people who enter a stage is still there k days later."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.retention.by_day import still_there
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.asking import (
    COUNT,
    NAMES,
    How,
    Model,
    Strategies,
    how_to_run,
    names_of,
    runs_of,
    scenario_of,
    verb,
)
from flywheel_sim.experiment.budgets import Match, with_budgets
from flywheel_sim.experiment.event_logs import read_logs
from flywheel_sim.experiment.running import Job
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import DAY
from flywheel_sim.ledger import IntArray
from flywheel_sim.result import Provenance, Provenances, Unreplicated
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, estimate_ratio, figure, plus_minus, ratio_of_sums
from flywheel_sim.wording import called, either, joined

if TYPE_CHECKING:
    import pandas as pd

#: The days that are told of unless others are asked for.
DAYS = (1, 7, 30)


@dataclass(frozen=True)
class RetentionByDay(Unreplicated):
    """Which share of the people who enter a stage is still there, day by day; frozen.

    Shares are of all people of all replications together.

    Attributes
    ----------
    stage
        The stage whose first entry is day 0.
    days
        The days asked for, of which the last ends the curve.
    counts
        The stages in which somebody is still there.
    people
        By strategy, people who first entered after any warm-up and so early that their day k lies before the horizon;
        each of shape (replications, days), from day 0 on.
    there
        By strategy, how many of them are still there on day k; of the same shape.
    matches
        Spends that were solved for.
    sources
        Where the figures come from, one for each strategy.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> retention = fs.retention("subscription", "delight", strategies="funnel", replications=2)
    >>> retention.names, retention.share(30).mean >= 0
    (('funnel',), True)
    """

    stage: str
    days: tuple[int, ...]
    counts: tuple[str, ...]
    people: Mapping[str, IntArray] = field(repr=False)
    there: Mapping[str, IntArray] = field(repr=False)
    matches: tuple[Match, ...]
    sources: tuple[Provenance, ...]

    @property
    def provenance(self) -> Provenances:
        """Return where the figures of every strategy come from."""
        return Provenances(self.sources)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the strategies, in the order asked for."""
        return tuple(self.people)

    @property
    def n(self) -> int:
        """Return the number of replications."""
        return len(self.people[self.names[0]])

    def share(self, day: int, strategy: str | None = None, level: float = 0.95) -> Estimate:
        """Return the share in % still there on a day, of one strategy (the first unless given).

        With the interval of a ratio of sums over replications, which ends at 0 and 100 %.

        Raises
        ------
        ExperimentError
            If the curve has no such day, or no such strategy was run.
        """
        top, bottom = self._counted(strategy, day)
        share = estimate_ratio(100 * top, bottom, "%", level)
        return replace(share, low=_within(share.low), high=_within(share.high))

    def difference(self, day: int, of: str | None = None, against: str | None = None, level: float = 0.95) -> Estimate:
        """Return by how many points the shares of two strategies differ on a day; last minus first unless said.

        Paired: Student's interval of the differences of both residuals (top - ratio x bottom) within replications, each
        per mean bottom (Cochran 1977, Sampling Techniques, section 2.11).

        Raises
        ------
        ExperimentError
            As for `share`.
        """
        sides = [self._counted(name, day) for name in (of or self.names[-1], against or self.names[0])]
        ratios = [100 * float(top.sum() / bottom.sum()) for top, bottom in sides]
        gaps = [ratio + (100 * top - ratio * bottom) / bottom.mean()
                for ratio, (top, bottom) in zip(ratios, sides, strict=True)]  # fmt: skip
        return replace(estimate_mean(gaps[0] - gaps[1], "points", level), of="difference")

    def frame(self) -> pd.DataFrame:
        """Return the whole curves, one row a strategy and day.

        Columns: strategy, day, retention, low, high, unit (%), there and people (of all replications), n.
        """
        import pandas as pd

        parts = []
        for name, people in self.people.items():
            shares, low, high = ratio_of_sums(100 * self.there[name].astype(np.float64), people.astype(np.float64))
            parts.append(pd.DataFrame({
                "strategy": name, "day": np.arange(people.shape[1]), "retention": shares,
                "low": np.clip(low, 0, 100), "high": np.clip(high, 0, 100), "unit": "%",
                "there": self.there[name].sum(axis=0), "people": people.sum(axis=0), "n": self.n,
            }))  # fmt: skip
        return pd.concat(parts, ignore_index=True)

    def rows(self) -> pd.DataFrame:
        """Return the days asked for, one row a strategy and day; columns as for `frame`."""
        curves = self.frame()
        return curves[curves["day"].isin(self.days)].reset_index(drop=True)

    def answer(self) -> str:
        """Return the shares on the days asked for, in words."""
        if len(self.names) == 1:
            return f"Of people who enter '{self.stage}', {self._shares_listed(self.names[0], ' are still there')}."
        shares = [f"with {called(name)} {self._shares_listed(name)}" for name in self.names]
        return f"Still there of people who enter '{self.stage}': {'; '.join(shares)}."

    def table(self) -> pd.DataFrame:
        """Return the days asked for, one row each, and of several strategies how they differ from the first."""
        import pandas as pd

        several, first, rows = len(self.names) > 1, self.names[0], []
        for name, people in self.people.items():
            for day in self.days:
                row = {"strategy": name} if several else {}
                row |= {
                    "day": f"{day:,}",
                    "still there, %": _with_ends(self.share(day, name)),
                    "of people": f"{int(people[:, day].sum()):,}",
                }
                if several:
                    gap = "" if name == first else plus_minus(self.difference(day, name, first), signed=True)
                    row[f"difference from {first}, points"] = gap
                rows.append(row)
        return pd.DataFrame(rows)

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        paired = ", differences paired, ± half of their interval" if len(self.names) > 1 else ""
        return (
            f"Share with its 95 % interval over n = {self.n:,} replications{paired}. People: those of all replications "
            f"who entered more than so many days before the horizon. Still there: in {either(self.counts)}"
        )

    def remarks(self) -> list[str]:
        """Return what was solved for."""
        return [str(match) for match in self.matches]

    def details(self) -> dict[str, Any]:
        """Return the stage whose entry is day 0, and those in which people are still there."""
        return {"stage": self.stage, "counts": self.counts}

    def _shares_listed(self, name: str, first: str = "") -> str:
        """Return the shares of a strategy on the days asked for as a sentence lists them."""
        shares = [f"{figure(self.share(day, name).mean, '%')} %" for day in self.days]
        shares[0] += first
        return joined([f"{share} after {in_days(day)}" for share, day in zip(shares, self.days, strict=True)])

    def _counted(self, strategy: str | None, day: int) -> tuple[FloatArray, FloatArray]:
        """Return who is still there on a day and of how many, of one strategy; each of shape (replications,)."""
        name = self.names[0] if strategy is None else strategy
        if name not in self.people:
            raise ExperimentError(f"strategy '{name}' was not run; {nearest(name, self.names)}")
        if day > self.days[-1]:
            raise ExperimentError(f"day {day!r}: this curve goes from day 0 to {self.days[-1]}; ask for more with days")
        there, people = (counts[name][:, day].astype(np.float64) for counts in (self.there, self.people))
        return there, people


#: What it takes where days are meant: from 0 to about a hundred years.
_DAY = takes.whole(0, 36_525, "7")
_DAYS = takes.either(takes.listed(_DAY, "a list of whole days from 0 on", "[1, 7, 30]"), _DAY)


@verb({"stage": "of='trial'"}, of=takes.text("the name of a stage", "'trial'"), days=_DAYS, replications=COUNT,
      counts=takes.optional(takes.either(NAMES, takes.none_or_empty("[]"))))  # fmt: skip
def retention(
    model: Model,
    of: str,
    *,
    strategies: Strategies = None,
    days: int | Sequence[int] = DAYS,
    counts: str | Sequence[str] | None = None,
    replications: int = 100,
    **how: Unpack[How],
) -> RetentionByDay:
    """Tell which share of the people who enter a stage is still there one, seven, thirty days later.

    Day k of a person is the instant k times 24 hours after their first entry into the stage, and their state on it is
    that after all that is due at it: who leaves exactly seven days after is not there on day 7. On day k those count
    whose day k lies before the horizon. People present at the start have not entered; one of them who comes back to the
    stage has. Who first entered within the warm-up is left out. Who was away in between is still there.

    Parameters
    ----------
    model, of
        The scenario, its name or its path; and the stage whose entry is day 0, of whatever role.
    strategies
        One or more of the scenario, on the same people with the same luck; the file as written unless given.
    days
        Whole days, from 0 on and each later than the one before; the curve goes to the last.
    counts
        Stages beside the stage itself in which people are still there, a name or a list; all stages of customers unless
        given, so that an upgrade is no loss. None of them: ``[]``.
    replications, how
        How often all is run, and how (``docs/asking.md``). Runs keep their event log until it is read.

    Raises
    ------
    ExperimentError, ConfigError, SimulationError
        If there is no such stage or strategy, nobody enters it so long before the horizon, or a run meets a limit.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.retention("subscription", "delight", strategies="funnel", days=[1, 7], counts=[], replications=2).counts
    ('delight',)
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    asked = _in_order((days,) if isinstance(days, int) else tuple(days))
    names = (None,) if strategies is None else runs_of(scenario, strategies)
    written = [scenario.unmatched_journey(name) for name in names]
    there = _stages(written, of, counts)
    for journey in written:
        _check_room(journey, asked[-1])
    matched, matches = with_budgets(scenario, names, seed, options)
    journeys = [matched.journey(name) for name in names]
    jobs = [Job(one, one.seed if seed is None else seed) for one in journeys]
    logs = read_logs(jobs, replications, options, partial(still_there, stage=of, counts=there, last=asked[-1]))
    people: dict[str, IntArray] = {}
    kept: dict[str, IntArray] = {}
    for name, journey, (counted, _) in zip(names, journeys, logs, strict=True):
        at = name or "as written"
        people[at], kept[at] = (np.array(column) for column in zip(*counted, strict=True))
        _check_entered(journey, of, people[at].sum(axis=0), asked)
    return RetentionByDay(of, asked, there, people, kept, matches, tuple(source for _, source in logs))


def in_days(day: int) -> str:
    """Return a number of days in words."""
    return "1 day" if day == 1 else f"{day:,} days"


def _in_order(days: tuple[int, ...]) -> tuple[int, ...]:
    """Return days asked for; refuse those that are not each later than the one before."""
    for one, other in pairwise(days):
        if other <= one:
            raise ExperimentError(f"days: {other} stands after {one}: each is later than the one before; write "
                                  "days=[1, 7, 30]")  # fmt: skip
    return days


def _stages(journeys: Sequence[Journey], stage: str, counts: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the stages in which somebody is still there, the stage itself first."""
    first = journeys[0]
    for journey in journeys:
        known = [one.name for one in journey.stages]
        if stage not in known:
            raise ExperimentError(f"of: '{stage}' is no stage of '{journey.name}'; {nearest(stage, known)}")
    if counts is None:
        others = [one.name for one in first.stages if one.role == "customer"]
    else:
        others = list(names_of(counts))
    known = [one.name for one in first.stages]
    for name in others:
        if name not in known:
            raise ExperimentError(f"counts: '{name}' is no stage of '{first.name}'; {nearest(name, known)}")
    return tuple(dict.fromkeys([stage, *others]))


def _check_room(journey: Journey, last: int) -> None:
    """Refuse a day that nobody can reach before the horizon."""
    room = math.ceil((journey.horizon - journey.warm_up) / DAY) - 1
    if last > room:
        raise ExperimentError(f"day {last:,}: nobody can be watched so long in '{journey.name}', whose last day is "
                              f"{room:,}; take an earlier day or a longer horizon")  # fmt: skip


def _check_entered(journey: Journey, stage: str, people: IntArray, days: Sequence[int]) -> None:
    """Refuse a stage that nobody enters, or nobody so long before the horizon."""
    strategy = f", strategy '{journey.strategy}'" if journey.strategy else ""
    if not people[0]:
        after = " after the warm-up" if journey.warm_up else ""
        raise ExperimentError(
            f"nobody enters '{stage}'{after} in '{journey.name}'{strategy}, people present at the start left out; "
            "take a stage that people come or move to, or a longer horizon"
        )
    if not people[days[-1]]:
        last = int(np.flatnonzero(people)[-1])
        raise ExperimentError(f"day {days[-1]:,}: nobody enters '{stage}' so long before the horizon of "
                              f"'{journey.name}'{strategy}, day {last:,} at the most; take an earlier day or a longer "
                              "horizon")  # fmt: skip


def _with_ends(share: Estimate) -> str:
    """Return a share in % with the ends of its interval, which is not the same to both sides near 0 and 100 %."""
    mean, low, high = (f"{end:.1f}" for end in (share.mean, share.low, share.high))
    return mean if math.isnan(share.low) else f"{mean} ({low} to {high})"


def _within(end: float) -> float:
    """Return the end of an interval of a share in %, cut where no share is."""
    return float(np.clip(end, 0, 100))
