"""What a run leaves: whole numbers by period, group and line, from which every metric follows.

The engines fill counts and in-period offsets as they go; stocks and person-time follow from those by
sums of whole numbers, so they are exact and the same whatever the order of people. With many
replications the replication axis comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.scenario.journey import SPEND_KIND_OF_ROLE, Journey
from flywheel_sim.scenario.units import MONTH

IntArray = NDArray[np.int64]

#: Flows that are not outcomes of an event: how people come, and moves between roles. ``set_aside`` is
#: net: people who never were customers and are set aside, less those of them who come back.
ROLE_FLOWS: tuple[str, ...] = ("arrived", "referred", "present", "acquired", "churned", "won_back", "set_aside")

#: Measures of a cohort; money in fixed point (65,536 per minor unit).
COHORT_MEASURES: tuple[str, ...] = ("acquired", "revenue", "service", "margin_discounted", "invited", "converted")


@dataclass(frozen=True)
class Layout:
    """What the axes of a ledger mean.

    Attributes
    ----------
    periods, horizon
        Number of months (the last perhaps partial), and the horizon in milliseconds.
    groups
        For each group: (channel of origin, level of each ``report_by`` attribute).
    flows
        For each flow: (stage, event, outcome), or ("", "", name) for those in `ROLE_FLOWS`.
    targets
        For each flow: the stage it leads to, "" where it leads nowhere.
    lines
        For each money line: (side, line, kind); kind is "" for earnings, else acquisition, service or win-back.
    stages, roles
        Stage names in file order, and their roles.
    cohorts, cohort_ms
        Number of cohort periods, and their length in milliseconds.
    """

    periods: int
    horizon: int
    groups: tuple[tuple[str, ...], ...]
    flows: tuple[tuple[str, str, str], ...]
    targets: tuple[str, ...]
    lines: tuple[tuple[str, str, str], ...]
    stages: tuple[str, ...]
    roles: tuple[str, ...]
    channels: tuple[str, ...]
    enters: tuple[str, ...]
    cohorts: int
    cohort_ms: int

    @staticmethod
    def of(journey: Journey) -> Layout:
        """Return the layout that a journey's ledger has."""
        levels = {a.name: a.levels for a in journey.attributes}
        groups: list[tuple[str, ...]] = [(channel.name,) for channel in journey.channels]
        for attribute in journey.report_by:
            groups = [(*group, level) for group in groups for level in levels[attribute]]
        flows = [("", "", name) for name in ROLE_FLOWS]
        targets = ["" for _ in ROLE_FLOWS]
        earned: list[tuple[str, str, str]] = []
        spent: list[tuple[str, str, str]] = []
        for stage in journey.stages:
            amounts = [*stage.on_entry.money, *stage.accruals]
            for event in stage.events:
                amounts += event.effects.money
                for outcome in event.outcomes:
                    amounts += outcome.effects.money
                    flows.append((stage.name, event.name, outcome.name))
                    targets.append(outcome.to or "")
            kind = SPEND_KIND_OF_ROLE[stage.role]
            earned += [("earn", a.line, "") for a in amounts if a.side == "earn"]
            spent += [("spend", a.line, kind) for a in amounts if a.side == "spend"]
        return Layout(
            periods=journey.periods,
            horizon=journey.horizon,
            groups=tuple(groups),
            flows=tuple(flows),
            targets=tuple(targets),
            lines=tuple(dict.fromkeys([*earned, *spent])),
            stages=tuple(stage.name for stage in journey.stages),
            roles=tuple(stage.role for stage in journey.stages),
            channels=tuple(channel.name for channel in journey.channels),
            enters=tuple(channel.enters for channel in journey.channels),
            cohorts=journey.cohorts,
            cohort_ms=journey.cohort_ms,
        )

    @cached_property
    def period_ends(self) -> IntArray:
        """Return the end of every period in milliseconds, the last at the horizon; shape (periods,)."""
        ends = np.arange(1, self.periods + 1, dtype=np.int64) * MONTH
        return np.minimum(ends, self.horizon)

    def role_flow(self, name: str) -> int:
        """Return the index of one of `ROLE_FLOWS`."""
        return ROLE_FLOWS.index(name)

    def stages_of(self, *roles: str) -> list[int]:
        """Return the indices of the stages with one of these roles."""
        return [i for i, role in enumerate(self.roles) if role in roles]

    def channel_of_group(self) -> IntArray:
        """Return the channel index of every group; shape (groups,)."""
        per = len(self.groups) // max(len(self.channels), 1)
        return np.repeat(np.arange(len(self.channels), dtype=np.int64), per)


def person_time(delta: IntArray, offset: IntArray, ends: IntArray) -> tuple[IntArray, IntArray]:
    """Return stocks at period ends and person-time, from entries less exits and their offsets.

    Parameters
    ----------
    delta
        Entries less exits; shape (periods, ...).
    offset
        Time from each entry to its period's end, less the same of each exit; same shape, ms.
    ends
        Ends of the periods, ms; shape (periods,).
    """
    stock = np.cumsum(delta, axis=0)
    lengths = np.diff(ends, prepend=np.int64(0)).reshape((-1,) + (1,) * (delta.ndim - 1))
    return stock, (stock - delta) * lengths + offset


@dataclass(frozen=True)
class Ledger:
    """Whole numbers of one run, or of many with the replication axis first.

    Attributes
    ----------
    flow
        Counts; shape (..., periods, groups, flows).
    money
        Minor units; shape (..., periods, groups, lines).
    channel_spend
        Minor units spent on bringing people, by channel; shape (..., periods, channels).
    stock
        People in each stage at the end of each period; shape (..., periods, groups, stages).
    time
        Person-milliseconds in each stage; shape (..., periods, groups, stages).
    cohort
        `COHORT_MEASURES` of people acquired in a cohort period, by age since acquisition and group
        at acquisition; shape (..., cohorts, ages, groups, measures).
    n_events
        Arrivals and clocks that fired; shape (...).
    """

    layout: Layout
    flow: IntArray
    money: IntArray
    channel_spend: IntArray
    stock: IntArray
    time: IntArray
    cohort: IntArray
    n_events: IntArray

    ARRAYS = ("flow", "money", "channel_spend", "stock", "time", "cohort", "n_events")

    def pick(self, index: int | slice | IntArray) -> Ledger:
        """Return the ledger of one or some replications."""
        return replace(self, **{name: getattr(self, name)[index] for name in self.ARRAYS})

    def equals(self, other: Ledger) -> bool:
        """Tell whether two ledgers are the same, bit for bit."""
        same = self.layout == other.layout
        return same and all(np.array_equal(getattr(self, n), getattr(other, n)) for n in self.ARRAYS)


def stack(ledgers: Sequence[Ledger]) -> Ledger:
    """Return one ledger with a replication axis from ledgers of single runs."""
    arrays: dict[str, Any] = {name: np.stack([getattr(one, name) for one in ledgers]) for name in Ledger.ARRAYS}
    return replace(ledgers[0], **arrays)
