"""What single people do after their acquisition: who never buys again, and what changes with tenure.

A purchase is whatever books earnings at once: an event that earns, or an entry into a stage that earns on entry. Where
money accrues with time, nobody purchases, and whoever is still a customer a month later has paid again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.run import run_many
from flywheel_sim.experiment.running import RunOptions
from flywheel_sim.journey.journey import Journey, StageSet
from flywheel_sim.journey.units import DAY, MONTH, YEAR
from flywheel_sim.ledger import Layout, stack
from flywheel_sim.metrics.registry import Books
from flywheel_sim.metrics.value import followed
from flywheel_sim.stats import FloatArray

#: Most replications whose event log is read.
MOST = 10

#: Windows within which new customers are watched for a second purchase.
WINDOWS: Mapping[str, int] = {"within 90 days": 90 * DAY, "within a year": YEAR}


@dataclass(frozen=True)
class People:
    """Figures of single people, each of shape (replications,).

    Attributes
    ----------
    once
        By window: share in % of new customers who did not buy again within it, of those acquired so long before the
        horizon; and to the horizon, of all. Empty where nothing is earned from customers.
    tenure
        By figure ("purchases", "referrals", "months", "revenue", "cost"): totals of the first and of the second year as
        a customer, of followed people; cost is cost of sales and service. Empty where people are not followed for
        longer than a year.
    accrues
        Whether nothing is purchased, all that is earned being booked as time goes by.
    """

    once: Mapping[str, FloatArray]
    tenure: Mapping[str, tuple[FloatArray, FloatArray]]
    accrues: bool


def watch(journey: Journey, seed: int, replications: int, options: RunOptions) -> People:
    """Return figures of single people, from the event logs of as many replications, at most `MOST`."""
    marks = _marks(journey)
    if not marks.paid.any() and not marks.accrues:
        return People({}, {}, False)
    n = min(replications, MOST)
    layout = Layout.of(journey)
    until = layout.eligible * layout.cohort_ms
    last = min(2 * YEAR, layout.ages * layout.cohort_ms) if journey.follow > YEAR else 0
    once: dict[str, list[float]] = {}
    tenure: dict[str, list[tuple[float, float]]] = {"purchases": [], "referrals": [], "months": []}
    ledgers = []
    runs = run_many(journey, seed, range(n), events=True, bounds=options.limits.bounds(), engine=options.engine)
    for raw in runs:
        assert raw.events is not None
        ledgers.append(raw.ledger)
        log = raw.events
        buyers = log["to"].isin([name for name, at in marks.stages.items() if marks.customer[at]])
        log = log[log["person"].isin(log.loc[buyers, "person"].unique())]
        lives = _Lives.of(journey, marks, log.sort_values(["person", "time", "step"]))
        for name, window in {**WINDOWS, "to the horizon": journey.horizon}.items():
            once.setdefault(name, []).append(lives.once(window, name == "to the horizon", marks))
        if last:
            for name, pair in lives.by_tenure(until, last).items():
                tenure[name].append(pair)
    by_year = {
        name: (np.array([one for one, _ in pairs]), np.array([two for _, two in pairs]))
        for name, pairs in tenure.items() if last
    }  # fmt: skip
    if last:
        books = Books(stack(ledgers).by("month"), journey)
        cut, end = YEAR // layout.cohort_ms, last // layout.cohort_ms
        for name in ("revenue", "cost"):
            by_age = followed(books, name)
            by_year[name] = (by_age[:, :cut].sum(axis=1), by_age[:, cut:end].sum(axis=1))
    kept = {name: np.array(values) for name, values in once.items()
            if WINDOWS.get(name, 0) < journey.horizon and np.isfinite(values).any()}  # fmt: skip
    return People(kept, by_year, marks.accrues and not marks.paid.any())


@dataclass(frozen=True)
class _Marks:
    """What flows of the log mean, by flow and stage entered."""

    flows: Mapping[tuple[str, str, str], int]
    paid: NDArray[np.bool_]
    referred: NDArray[np.int64]
    customer: NDArray[np.bool_]
    stages: Mapping[str, int]
    accrues: bool


def _marks(journey: Journey) -> _Marks:
    layout = Layout.of(journey)
    stages = {name: index for index, name in enumerate(layout.stages)}
    named = [(stage, event or how, how if event else "") for stage, event, how in layout.flows]
    flows = {flow: index for index, flow in enumerate(named)}
    paid = np.zeros((len(flows), len(stages)), dtype=bool)
    referred = np.zeros(len(flows), dtype=np.int64)
    accrues = False
    for owner in journey.owners:
        one_set = isinstance(owner, StageSet)
        inside = owner.stages if isinstance(owner, StageSet) else (owner.name,)
        accrues |= any(amount.side == "earn" for amount in owner.accruals)
        for event in owner.events:
            name = f"{owner.name}.{event.name}" if one_set else event.name
            for outcome in event.outcomes:
                effects = (event.effects, outcome.effects)
                for stage in inside:
                    at = flows[stage, name, outcome.name]
                    paid[at] |= any(amount.side == "earn" for part in effects for amount in part.money)
                    referred[at] = sum(len(part.refer) for part in effects)
        if any(amount.side == "earn" for amount in owner.on_entry.money):
            for (stage, how, _), at in flows.items():
                target = layout.targets[at]
                came = stage == "" and how in ("arrived", "referred")
                for name in inside:
                    enters = came or (target == name and not (one_set and stage in inside))
                    paid[at, stages[name]] |= enters
    customer = np.array([role == "customer" for role in layout.roles])
    return _Marks(flows, paid, referred, customer, stages, accrues)


@dataclass(frozen=True)
class _Lives:
    """The log of one run, person by person, of those acquired in it.

    Attributes
    ----------
    who, acquired
        Row by row: which person, and when that person was acquired, ms.
    now, then
        When each row happened, and when the person's next one did (the horizon for the last).
    customer
        Whether the person is a customer after the row.
    """

    horizon: int
    who: NDArray[np.int64]
    acquired: NDArray[np.int64]
    now: NDArray[np.int64]
    then: NDArray[np.int64]
    customer: NDArray[np.bool_]
    paid: NDArray[np.bool_]
    referred: NDArray[np.int64]

    @staticmethod
    def of(journey: Journey, marks: _Marks, log: object) -> _Lives:
        """Return the lives in a log sorted by person, time and step; people present at the start left out."""
        columns = {name: log[name].to_numpy() for name in ("time", "person", "stage", "event", "outcome", "to")}  # type: ignore[index]
        triples = zip(columns["stage"], columns["event"], columns["outcome"], strict=True)
        flow = np.fromiter((marks.flows[one] for one in triples), dtype=np.int64, count=len(columns["time"]))
        to = np.fromiter((marks.stages[one] for one in columns["to"]), dtype=np.int64, count=len(flow))
        now = columns["time"].astype(np.int64)
        new = np.r_[True, columns["person"][1:] != columns["person"][:-1]] if len(flow) else np.zeros(0, dtype=bool)
        who = np.cumsum(new) - 1
        last = np.r_[new[1:], True] if len(flow) else new
        then = np.where(last, journey.horizon, np.r_[now[1:], 0]) if len(flow) else now
        customer = marks.customer[to]
        never = np.iinfo(np.int64).max
        acquired = np.full(who[-1] + 1 if len(who) else 0, never)
        np.minimum.at(acquired, who[customer], now[customer])
        present = marks.flows["", "present", ""]
        acquired[who[flow == present]] = never
        of_row = acquired[who]
        keep = of_row < never
        return _Lives(journey.horizon, *(a[keep] for a in (who, of_row, now, then, customer, marks.paid[flow, to],
                                                           marks.referred[flow])))  # fmt: skip

    def once(self, window: int, whole: bool, marks: _Marks) -> float:
        """Return the share in % of new customers without a second payment within a window, NaN without customers."""
        watched = np.ones(len(self.who), dtype=bool) if whole else self.acquired < self.horizon - window
        people = np.unique(self.who[watched])
        if not len(people):
            return float("nan")
        after = self.now - self.acquired
        counted = watched & self.paid & (after >= 0) & (after <= window)  # a renewal at its very end is within
        again = np.bincount(self.who[counted], minlength=int(people[-1]) + 1)[people] > 1
        if marks.accrues:
            stayed = watched & self.customer & (after <= MONTH) & (self.then - self.acquired > MONTH)
            again |= np.bincount(self.who[stayed], minlength=int(people[-1]) + 1)[people] > 0
        return 100.0 * float(np.mean(~again))

    def by_tenure(self, until: int, last: int) -> dict[str, tuple[float, float]]:
        """Return purchases, referrals and customer-months of the first and the second year, of those followed."""
        ours = self.acquired < until
        after, to_next = self.now - self.acquired, self.then - self.acquired
        totals: dict[str, list[float]] = {"purchases": [], "referrals": [], "months": []}
        for low, high in ((0, YEAR), (YEAR, last)):
            within = ours & (after >= low) & (after < high)
            totals["purchases"].append(float((within & self.paid).sum()))
            totals["referrals"].append(float(self.referred[within].sum()))
            lived = np.clip(to_next, low, high) - np.clip(after, low, high)
            totals["months"].append(float(lived[ours & self.customer].sum()) / MONTH)
        return {name: (one, two) for name, (one, two) in totals.items()}
