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

from flywheel_sim.journey import staffing
from flywheel_sim.journey.journey import SPEND_KIND_OF_ROLE, Journey, StageSet, amounts_of
from flywheel_sim.journey.units import MONTH

IntArray = NDArray[np.int64]

#: Flows that are not outcomes of an event: how people come, and moves between roles. ``set_aside`` is
#: net: people who never were customers and are set aside, less those of them who come back. ``missed`` are
#: arrivals and referrals in a finite market that found nobody new.
ROLE_FLOWS: tuple[str, ...] = (
    "arrived", "referred", "present", "acquired", "churned", "won_back", "set_aside", "missed",
)  # fmt: skip

#: Measures of customers who are followed for the same time, by their age; money in fixed point (65,536 per
#: minor unit), delays in ms. ``roots`` are those nobody referred, ``lineage`` the discounted margin of a
#: root and of everybody descended from it, ``delay`` the time from arrival to acquisition.
FOLLOWED: tuple[str, ...] = (
    "acquired", "revenue", "service", "margin_discounted", "invited", "converted", "delay", "roots", "lineage",
)  # fmt: skip

#: Measures of a cohort: who joins, customers lost less those come back, revenue in fixed point.
COHORT: tuple[str, ...] = ("acquired", "lost", "revenue")

#: Movements of monthly recurring revenue, in fixed point. ``transferred`` moves it between groups, and adds up to 0.
MRR: tuple[str, ...] = ("new", "expansion", "contraction", "churn", "reactivation", "transferred")

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
    periods, horizon
        Number of months (the last perhaps partial), and the horizon in milliseconds.
    groups
        For each group: (channel of origin, level of each ``report_by`` attribute).
    flows
        For each flow: (stage, event, outcome), or ("", "", name) for those in `ROLE_FLOWS`. An event
        of a set is called set.event, and has a flow for each stage of the set.
    targets
        For each flow: the stage it leads to, "" where it leads nowhere.
    lines
        For each money line: (side, line, kind); kind is "" for earnings, else acquisition, service or win-back.
    stages, roles
        Stage names in file order, and their roles.
    costs
        For each cost that comes whoever comes: (name, kind); kind is overhead or acquisition.
    cohorts, cohort_ms
        Number of cohort periods, and their length in milliseconds.
    eligible, ages
        Of how many cohorts people are followed, and for how many cohort periods each.
    resources, wait_targets
        Who serves, and the wait within which each should, ms (-1 where there is no target).
    shared
        For each attribute that all share: (name, scale of its sums, what it starts as in that scale).
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
    resources: tuple[str, ...] = ()
    wait_targets: tuple[int, ...] = ()
    shared: tuple[tuple[str, int, int], ...] = ()
    market: int | None = None

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
            kinds = dict.fromkeys(SPEND_KIND_OF_ROLE[roles[stage]] for stage in inside)
            earned += [("earn", a.line, "") for a in amounts if a.side == "earn"]
            spent += [("spend", a.line, kind) for a in amounts if a.side == "spend" for kind in kinds]
        return Layout(
            periods=journey.periods,
            horizon=journey.horizon,
            groups=tuple(groups),
            flows=tuple(flows),
            targets=tuple(targets),
            lines=tuple(dict.fromkeys([*earned, *spent])),
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
            resources=tuple(resource.name for resource in journey.resources),
            wait_targets=tuple(-1 if r.target is None else r.target for r in journey.resources),
            shared=tuple((one.name, one.scale, one.starts) for one in journey.shared),
            market=journey.market,
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
            "stock": stages,
            "time": stages,
            "unfinished": (len(self.stages),),
            "cohort": (self.cohorts, self.cohorts, len(COHORT)),
            "followed": (self.ages, groups, len(FOLLOWED)),
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
    lengths = ends.copy()
    lengths[1:] -= ends[:-1]
    lengths = lengths.reshape((-1,) + (1,) * (delta.ndim - 1))
    return stock, (stock - delta) * lengths + offset


def spend_by_plan(journey: Journey, layout: Layout) -> tuple[IntArray, IntArray]:
    """Return what is spent whoever comes, rounded once a period.

    Returns
    -------
    channels
        Accruing spend and batches of each channel, minor units; shape (periods, channels).
    costs
        Overheads, levers paid by the month and staff, minor units; shape (periods, costs).
    """
    channels = np.zeros(layout.shapes["channel_spend"], dtype=np.int64)
    costs = np.zeros(layout.shapes["costs"], dtype=np.int64)

    def accrued(per_ms: float, until: int) -> list[int]:
        ends = [round(per_ms * min(int(end), until)) for end in layout.period_ends]
        return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]

    for index, channel in enumerate(journey.channels):
        if channel.removed:
            continue
        channels[:, index] = accrued(channel.spend_per_ms, channel.until)
        for at in channel.times:
            channels[at // MONTH, index] += channel.cost_per_batch
    for index, cost in enumerate(journey.costs):
        costs[:, index] = accrued(cost.spend_per_ms, journey.horizon)
    there = staffed_by_plan(journey, layout).cumsum(axis=0)
    for index, resource in enumerate(journey.resources):
        paid = [round(resource.cost_per_ms * int(ms)) for ms in there[:, index]]
        costs[:, len(journey.costs) + index] = [end - begin for begin, end in zip([0, *paid], paid, strict=False)]
    return channels, costs


def staffed_by_plan(journey: Journey, layout: Layout) -> IntArray:
    """Return the person-milliseconds of every resource by period, shape (periods, resources)."""
    ends = layout.period_ends.tolist()
    steps = [staffing.staffing(one, journey.phase, journey.horizon) for one in journey.resources]
    found = [staffing.person_time(held, ends) for held in steps]
    return np.array(found, dtype=np.int64).reshape(len(found), layout.periods).T


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
    costs
        Minor units of what is spent whoever comes; shape (..., periods, costs).
    mrr
        Movements of monthly recurring revenue, fixed point; shape (..., periods, groups, `MRR`).
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
    stock: IntArray
    time: IntArray
    unfinished: IntArray
    cohort: IntArray
    followed: IntArray
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
        "flow", "money", "channel_spend", "costs", "mrr", "stock", "time", "unfinished", "cohort", "followed",
        "generation", "queue", "backlog", "load", "staffed", "waits", "contact", "shared", "n_events",
    )  # fmt: skip

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
