"""What a run leaves: whole numbers by period, group and line, from which every metric follows.

Money is in whole millionths of the currency. Periods end at days or weeks and at months, to be joined by `Ledger.by`.

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

from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.calendar import FINE, ends_of
from flywheel_sim.journey.journey import Journey, Period, StageSet, amounts_of
from flywheel_sim.journey.units import MONTH

IntArray = NDArray[np.int64]

#: Flows that are not outcomes of an event: how people come, and moves between roles. ``set_aside`` is
#: net: people who never were customers and are set aside, less those of them who come back. ``missed`` are
#: arrivals and referrals in a finite market that found nobody new.
ROLE_FLOWS: tuple[str, ...] = (
    "arrived", "referred", "present", "acquired", "churned", "won_back", "set_aside", "missed",
)  # fmt: skip

#: Measures of customers followed for the same time, by age; money in millionths. ``cost``: what margins take off (cost
#: of sales, service); ``roots``: those nobody referred; ``lineage``: the margin of a root and of all descended from it.
FOLLOWED: tuple[str, ...] = (
    "acquired", "revenue", "cost", "margin_discounted", "invited", "converted", "roots", "lineage",
)  # fmt: skip

#: Measures of customers who are followed beyond the horizon, by their age; money in millionths.
LIFETIME: tuple[str, ...] = ("acquired", "revenue", "cost", "margin_discounted")

#: Of people who came early enough for it to be told what became of them: how many they are, who became customers and
#: how long that took in ms, who is set aside (net), and who may still become one at the horizon.
DECIDED: tuple[str, ...] = ("came", "converted", "delay", "set_aside", "undecided")

#: Measures of a cohort: who joins, customers lost less those come back, revenue in millionths.
COHORT: tuple[str, ...] = ("acquired", "lost", "revenue")

#: Movements of monthly recurring revenue, in millionths. ``transferred`` moves it between groups, and adds up to 0;
#: ``opening`` is what people present have before the run. All of them together are what it has come to.
MRR: tuple[str, ...] = ("new", "expansion", "contraction", "churn", "reactivation", "transferred", "opening")

#: Of those who have recurring revenue just before a month: by how much it has changed just before the month's end,
#: person by person, and the same of those alone who have less; in millionths, in the first period of the month.
MRR_CHANGE: tuple[str, ...] = ("changed", "lost")

#: Measures by generation: people, acquisitions, and the time from the referrer's acquisition to one's own in ms
#: (``gap``, of ``gaps`` people). The last generation holds all beyond it.
GENERATION: tuple[str, ...] = ("people", "acquired", "gaps", "gap")
GENERATIONS = 16

#: What happens at a resource: people who ask; who are turned away by a full queue; whose service starts, of
#: these at once, or within the target; their waits in ms; who give up, and how long they had waited; who
#: leave the queue because they move away, and their waits; services that end, and that are broken off by a
#: move; people whom anybody serves for the first time, and the time since they first asked, ms.
QUEUE: tuple[str, ...] = (
    "asked", "turned_away", "started", "at_once", "within", "wait", "gave_up", "wait_given_up", "withdrew",
    "wait_withdrawn", "ended", "broken_off", "contacts", "contact_time",
)  # fmt: skip

#: Of people at a resource: waiting, and being served.
LOAD: tuple[str, ...] = ("waiting", "served")

#: Outcomes of a staffed event in which it does not happen.
GAVE_UP, TURNED_AWAY = "(gave up)", "(turned away)"

#: A wait falls into one of these cells, 16 to a doubling (`draws.wait_cell`), so that a quantile is known to 3 %.
WAIT_CELLS = 704


@dataclass(frozen=True)
class Layout:
    """What the axes of a ledger mean.

    Attributes
    ----------
    period, joined
        How fine the books are: day, week or month; and whether periods end there alone, rather than at months too.
    periods, horizon
        The number of periods (the last perhaps partial), and the horizon in milliseconds.
    groups
        For each group: (channel of origin, level of each ``report_by`` attribute).
    flows
        For each flow: (stage, event, outcome), or ("", "", name) for those in `ROLE_FLOWS`. An event
        of a set is called set.event, and has a flow for each stage of the set.
    targets
        For each flow: the stage it leads to, "" where it leads nowhere.
    lines
        For each money line: (side, line, kind); kind is "" for earnings, else one of `SPEND_KINDS`.
    derived
        For each line that nothing books: (its place among the lines, its share, places of the lines it is a share of).
    stages, roles
        Stage names in file order, and their roles.
    costs
        For each cost that comes whoever comes: (name, kind).
    cohorts, cohort_ms
        Number of cohort periods, and their length in milliseconds.
    eligible, ages
        Of how many cohorts people are followed within the horizon, and for how many cohort periods each.
    lives
        For how many cohort periods all customers are followed beyond the horizon too, 0 where nobody is.
    resources, wait_targets
        Who serves, and the wait within which each should, ms (-1 where there is no target).
    shared
        For each attribute that all share: (name, scale of its sums, what it starts as in that scale); a scale of 0
        where it is how many people there are.
    market
        How many people there are to be reached, None for no end of them.
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
    costs: tuple[tuple[str, str], ...]
    cohorts: int
    cohort_ms: int
    eligible: int
    ages: int
    lives: int = 0
    resources: tuple[str, ...] = ()
    wait_targets: tuple[int, ...] = ()
    shared: tuple[tuple[str, int, int], ...] = ()
    market: int | None = None
    period: Period = "month"
    joined: bool = False
    derived: tuple[tuple[int, float, tuple[int, ...]], ...] = ()

    @staticmethod
    def of(journey: Journey) -> Layout:
        """Return the layout that a journey's ledger has."""
        levels = {a.name: a.levels for a in journey.attributes}
        roles = {stage.name: stage.role for stage in journey.stages}
        groups: list[tuple[str, ...]] = [(channel.name,) for channel in journey.channels]
        for attribute in journey.report_by:
            groups = [(*group, level) for group in groups for level in levels[attribute]]
        flows = [("", "", name) for name in ROLE_FLOWS]
        targets = ["" for _ in ROLE_FLOWS]
        earned: list[tuple[str, str, str]] = []
        spent: list[tuple[str, str, str]] = []
        for owner in journey.owners:
            inside = owner.stages if isinstance(owner, StageSet) else (owner.name,)
            amounts = amounts_of(owner)
            for event in owner.events:
                name = f"{owner.name}.{event.name}" if isinstance(owner, StageSet) else event.name
                flows += [(stage, name, outcome.name) for stage in inside for outcome in event.outcomes]
                targets += [outcome.to or "" for _ in inside for outcome in event.outcomes]
                if event.staff and event.staff.gives_up:
                    flows += [(stage, name, how) for stage in inside for how in (GAVE_UP, TURNED_AWAY)]
                    targets += [event.staff.gives_up] * 2 * len(inside)
            within = dict.fromkeys(roles[stage] for stage in inside)
            earned += [("earn", a.line, "") for a in amounts if a.side == "earn"]
            spent += [
                ("spend", a.line, journey.kind_of(a.line, role))
                for a in amounts
                if a.side == "spend"
                for role in within
            ]
        lines, derived = _lines(journey, [*earned, *spent])
        return Layout(
            periods=len(ends_of(journey.period, False, journey.horizon)),
            horizon=journey.horizon,
            groups=tuple(groups),
            flows=tuple(flows),
            targets=tuple(targets),
            lines=lines,
            stages=tuple(roles),
            roles=tuple(roles.values()),
            channels=tuple(channel.name for channel in journey.channels),
            enters=tuple(channel.enters for channel in journey.channels),
            costs=(
                *((cost.name, cost.kind) for cost in journey.costs),
                *((resource.name, resource.kind) for resource in journey.resources),
            ),
            cohorts=journey.cohorts,
            cohort_ms=journey.cohort_ms,
            eligible=max((journey.horizon - journey.follow) // journey.cohort_ms, 1),
            ages=max(journey.follow // journey.cohort_ms, 1),
            lives=journey.lifetime // journey.cohort_ms,
            resources=tuple(resource.name for resource in journey.resources),
            wait_targets=tuple(-1 if r.target is None else r.target for r in journey.resources),
            shared=tuple((one.name, one.scale if one.of else 0, one.starts) for one in journey.shared),
            market=journey.market,
            period=journey.period,
            derived=derived,
        )

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every array of a ledger of one run."""
        groups = len(self.groups)
        stages = (self.periods, groups, len(self.stages))
        return {
            "flow": (self.periods, groups, len(self.flows)),
            "money": (self.periods, groups, len(self.lines)),
            "channel_spend": (self.periods, len(self.channels)),
            "costs": (self.periods, len(self.costs)),
            "mrr": (self.periods, groups, len(MRR)),
            "mrr_change": (self.periods, groups, len(MRR_CHANGE)),
            "stock": stages,
            "time": stages,
            "unfinished": (len(self.stages),),
            "cohort": (self.cohorts, self.cohorts, len(COHORT)),
            "followed": (self.ages, groups, len(FOLLOWED)),
            "lifetime": (self.lives, groups, len(LIFETIME)),
            "decided": (self.periods, groups, len(DECIDED)),
            "generation": (GENERATIONS, len(GENERATION)),
            "queue": (self.periods, len(self.resources), len(QUEUE)),
            "backlog": (self.periods, len(self.resources), len(LOAD)),
            "load": (self.periods, len(self.resources), len(LOAD)),
            "staffed": (self.periods, len(self.resources)),
            "waits": (len(self.resources), WAIT_CELLS if self.resources else 0),
            "contact": (WAIT_CELLS if self.resources else 0,),
            "shared": (self.periods, len(self.shared), 2),
            "n_events": (),
        }

    @cached_property
    def period_ends(self) -> IntArray:
        """Return the end of every period in milliseconds, the last at the horizon; shape (periods,)."""
        return np.array(ends_of(self.period, self.joined, self.horizon), dtype=np.int64)

    def period_at(self, now: int) -> int:
        """Return the period in which a time before the horizon lies."""
        if self.period == "month":
            return now // MONTH
        fine, together = FINE[self.period]
        return now // fine + now // MONTH - now // together

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


def _lines(
    journey: Journey, booked: Sequence[tuple[str, str, str]]
) -> tuple[tuple[tuple[str, str, str], ...], tuple[tuple[int, float, tuple[int, ...]], ...]]:
    """Return all lines of a journey, given those that are booked, and how others follow."""
    follow = [("spend" if line.kind else "earn", line.name, line.kind) for line in journey.derived]
    at = {line: index for index, line in enumerate(dict.fromkeys([*booked, *follow]))}
    derived = tuple(
        (at[own], line.share, tuple(at["earn", of, ""] for of in line.of if ("earn", of, "") in at))
        for own, line in zip(follow, journey.derived, strict=True)
    )
    return tuple(at), derived


@dataclass(frozen=True)
class Ledger:
    """Whole numbers of one run, or of many with the replication axis first.

    Attributes
    ----------
    flow
        Counts; shape (..., periods, groups, flows).
    money
        Millionths; shape (..., periods, groups, lines).
    channel_spend
        Millionths spent on bringing people, by channel; shape (..., periods, channels).
    costs
        Millionths of what is spent whoever comes; shape (..., periods, costs).
    mrr
        Movements of monthly recurring revenue, millionths; shape (..., periods, groups, `MRR`).
    mrr_change
        `MRR_CHANGE` measures, by the group in which people begin a month; shape (..., periods, groups, measures).
    stock
        People in each stage at the end of each period; shape (..., periods, groups, stages).
    time
        Person-milliseconds in each stage; shape (..., periods, groups, stages).
    unfinished
        Milliseconds that those in a stage at the horizon have spent there since they entered; shape (..., stages).
    cohort
        `COHORT` measures of people acquired in a cohort period, by age since acquisition; shape
        (..., cohorts, ages, measures).
    followed
        `FOLLOWED` measures of people acquired at least ``follow`` before the horizon, by age and
        group at acquisition; shape (..., ages, groups, measures).
    lifetime
        `LIFETIME` measures of all customers acquired, followed beyond the horizon too, by age and group at
        acquisition; shape (..., lives, groups, measures).
    decided
        `DECIDED` measures, by the period in which people came; shape (..., periods, groups, measures).
    generation
        `GENERATION` measures; shape (..., generations, measures).
    queue
        `QUEUE` measures; shape (..., periods, resources, measures).
    backlog
        `LOAD` measures: people at the end of each period; shape (..., periods, resources, measures).
    load
        `LOAD` measures: person-milliseconds; shape (..., periods, resources, measures).
    staffed
        Person-milliseconds that staff are there; shape (..., periods, resources).
    waits
        Services that started by the wait before them, shape (..., resources, `WAIT_CELLS`).
    contact
        First contacts by the time since the person first asked, shape (..., `WAIT_CELLS`).
    shared
        Of attributes that all share: the sum of what people weigh, and how many they are, at the end of each
        period; shape (..., periods, shared, 2).
    n_events
        Arrivals and clocks that fired; shape (...).
    """

    layout: Layout
    flow: IntArray
    money: IntArray
    channel_spend: IntArray
    costs: IntArray
    mrr: IntArray
    mrr_change: IntArray
    stock: IntArray
    time: IntArray
    unfinished: IntArray
    cohort: IntArray
    followed: IntArray
    lifetime: IntArray
    decided: IntArray
    generation: IntArray
    queue: IntArray
    backlog: IntArray
    load: IntArray
    staffed: IntArray
    waits: IntArray
    contact: IntArray
    shared: IntArray
    n_events: IntArray

    ARRAYS = (
        "flow", "money", "channel_spend", "costs", "mrr", "mrr_change", "stock", "time", "unfinished", "cohort",
        "followed", "lifetime", "decided", "generation", "queue", "backlog", "load", "staffed", "waits", "contact",
        "shared", "n_events",
    )  # fmt: skip

    def pick(self, index: int | slice | IntArray) -> Ledger:
        """Return the ledger of one or some replications."""
        return replace(self, **{name: getattr(self, name)[index] for name in self.ARRAYS})

    def by(self, period: Period) -> Ledger:
        """Return the same books by days, weeks or months, periods joined to be as long.

        Raises
        ------
        ExperimentError
            If the books are not as fine.
        """
        layout = self.layout
        joined = replace(layout, period=period, joined=True)
        places = np.searchsorted(layout.period_ends, joined.period_ends)
        if not np.isin(joined.period_ends, layout.period_ends).all():
            raise ExperimentError(f"the books are kept by the {layout.period}, not by the {period}; "
                                  f"write period: {period} in the journey file")  # fmt: skip
        joined = replace(joined, periods=len(places))
        if len(places) == layout.periods:
            return replace(self, layout=joined)
        axis, first = self.n_events.ndim, np.concatenate([[0], places[:-1] + 1])
        arrays: dict[str, Any] = {name: np.add.reduceat(getattr(self, name), first, axis=axis) for name in _FLOWS}
        arrays |= {name: np.take(getattr(self, name), places, axis=axis) for name in _STOCKS}
        return replace(self, layout=joined, **arrays)

    def equals(self, other: Ledger) -> bool:
        """Tell whether two ledgers are the same, bit for bit."""
        same = self.layout == other.layout
        return same and all(np.array_equal(getattr(self, n), getattr(other, n)) for n in self.ARRAYS)


#: Arrays by period whose periods add up, and those that tell how things stand at the end of one.
_FLOWS = ("flow", "money", "channel_spend", "costs", "mrr", "mrr_change", "time", "decided", "queue", "load", "staffed")
_STOCKS = ("stock", "backlog", "shared")


def stack(ledgers: Sequence[Ledger]) -> Ledger:
    """Return one ledger with a replication axis from ledgers of single runs."""
    arrays: dict[str, Any] = {name: np.stack([getattr(one, name) for one in ledgers]) for name in Ledger.ARRAYS}
    return replace(ledgers[0], **arrays)
