"""How the reference engine fills a ledger: counters by period, group and line, closed at the end."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from flywheel_sim.compile import draws
from flywheel_sim.compile.draws import TOO_LARGE
from flywheel_sim.engine.by_plan import accrue, close_money, person_time, spend_by_plan, staffed_by_plan
from flywheel_sim.engine.limits import too_much_money
from flywheel_sim.engine.reference.person import ClockStretch, Person
from flywheel_sim.journey.journey import Journey, Stage
from flywheel_sim.ledger import (
    COHORT,
    DECIDED,
    FOLLOWED,
    GENERATION,
    GENERATIONS,
    LIFETIME,
    LOAD,
    MRR,
    MRR_CHANGE,
    QUEUE,
    ROLE_FLOWS,
    IntArray,
    Layout,
    Ledger,
)

#: What accrues at one price: (stage or set, place in its list), cell, kind, group.
Accrual = tuple[tuple[str, int], int, str, int]
Counts = dict[tuple[int, ...], int]


class OpenBooks:
    """The open ledger of one run."""

    def __init__(self, layout: Layout, journey: Journey) -> None:
        self.layout, self.journey = layout, journey
        self.ends = [int(end) for end in layout.period_ends]
        self.force = journey.force
        levels = {a.name: a.levels for a in journey.attributes}
        self.by = [(name, len(levels[name])) for name in journey.report_by]
        self.flow_of = {flow: index for index, flow in enumerate(layout.flows)}
        self.line_of = {line: index for index, line in enumerate(layout.lines)}
        self.stage_of = {name: index for index, name in enumerate(layout.stages)}
        self.flow: Counts = defaultdict(int)
        self.money: Counts = defaultdict(int)
        self.arrival_costs: Counts = defaultdict(int)
        self.movements: Counts = defaultdict(int)
        self.mrr_changes: Counts = defaultdict(int)
        self.moves: dict[tuple[int, int, int], list[int]] = defaultdict(lambda: [0, 0])
        self.accruals: dict[Accrual, dict[int, list[int]]] = {}
        self.prices: dict[Accrual, tuple[float, int]] = {}
        self.stays: Counts = defaultdict(int)
        self.cohorts: Counts = defaultdict(int)
        self.followed: Counts = defaultdict(int)
        self.lifetime: Counts = defaultdict(int)
        self.decided: Counts = defaultdict(int)
        self.generations: Counts = defaultdict(int)
        self.queues: Counts = defaultdict(int)
        self.loads: dict[tuple[int, int, int], list[int]] = defaultdict(lambda: [0, 0])
        self.waits: Counts = defaultdict(int)
        self.contacts: Counts = defaultdict(int)

    def group(self, person: Person) -> int:
        """Return the group a person is in."""
        index = person.channel
        for name, size in self.by:
            index = index * size + person.state[name]
        return index

    # -- people -----------------------------------------------------------------------------------

    def count_role(self, name: str, group: int, now: int, sign: int = 1) -> None:
        """Count one of the flows that are not outcomes; a negative sign takes one back."""
        self.flow[self.layout.period_at(now), group, ROLE_FLOWS.index(name)] += sign

    def count_outcome(self, stage: str, event: str, outcome: str, group: int, now: int) -> None:
        """Count an outcome of an event in a stage."""
        self.flow[self.layout.period_at(now), group, self.flow_of[stage, event, outcome]] += 1

    def move(self, stage: str, group: int, now: int, sign: int) -> None:
        """Count an entry to a stage (+1) or an exit (-1), with its offset to the period's end."""
        period = self.layout.period_at(now)
        counted = self.moves[period, group, self.stage_of[stage]]
        counted[0] += sign
        counted[1] += sign * (self.ends[period] - now)

    def change_role(self, person: Person, old: Stage | None, new: Stage, now: int, present: bool) -> None:
        """Count what it means to change roles: an acquisition, a churn, a win-back, to be set aside."""
        was, is_ = old is not None and old.role == "customer", new.role == "customer"
        if not person.was_customer and (old is not None and old.role == "aside") != (new.role == "aside"):
            sign = +1 if new.role == "aside" else -1
            self.count_role("set_aside", person.group, now, sign)
            self.decide("set_aside", person, sign)
        if present:
            person.was_customer = is_ or new.role == "lapsed"
        elif is_ and not was:
            self.count_role("won_back" if person.was_customer else "acquired", person.group, now)
            if not person.was_customer:
                self.acquire(person, now)
            elif person.acquired >= 0:
                self.lose(person, now, -1)
            person.was_customer = True
        elif was and not is_:
            self.count_role("churned", person.group, now)
            if person.churned < 0:
                person.churned = now
            if person.acquired >= 0:
                self.lose(person, now, +1)

    def acquire(self, person: Person, now: int) -> None:
        """Make a customer of a person for the first time."""
        sponsor = person.sponsor
        person.acquired, person.cohort_group = now, person.group
        self.cohort("acquired", now, now, 1)
        self.follow("acquired", now, now, person.group, 1)
        self.live("acquired", now, now, person.group, 1)
        self.decide("converted", person, 1)
        self.decide("delay", person, now - person.born)
        self.generation("acquired", person.generation, 1)
        if sponsor is None:
            self.follow("roots", now, now, person.group, 1)
        elif sponsor.acquired >= 0:
            self.follow("converted", sponsor.acquired, now, sponsor.group, 1)
            self.generation("gaps", person.generation, 1)
            self.generation("gap", person.generation, now - sponsor.acquired)

    def unfinished(self, stage: str, ms: int) -> None:
        """Add how long somebody has been in the stage they are in at the horizon."""
        self.stays[self.stage_of[stage],] += ms

    # -- money ------------------------------------------------------------------------------------

    def arrival_cost(self, index: int, now: int, paid: int) -> None:
        """Book the price of one arrival, where arrivals are paid one by one."""
        self.add_money("channel_spend", self.arrival_costs, (self.layout.period_at(now), index), paid)

    def add_money(self, name: str, sums: Counts, key: tuple[int, ...], value: int) -> None:
        """Add to a sum of money."""
        sums[key] += value
        if not -TOO_LARGE <= sums[key] < TOO_LARGE:
            raise too_much_money(name)

    def book(self, side: str, line: str, kind: str, group: int, now: int, millionths: int) -> None:
        """Book an amount on its line."""
        self.add_money(
            "money", self.money, (self.layout.period_at(now), group, self.line_of[side, line, kind]), millionths
        )

    def accrue(self, stretch: ClockStretch, now: int, sign: int) -> None:
        """Let money begin (+1) or cease (-1) to accrue at a price that is the same for all in its cell."""
        key = (stretch.place, stretch.cell, stretch.kind, stretch.group)
        if key not in self.accruals:
            amount = stretch.amount
            self.accruals[key] = {}
            self.prices[key] = (stretch.price, self.line_of[amount.side, amount.line, stretch.kind])
        period = min(self.layout.period_at(now), self.layout.periods - 1)
        counted = self.accruals[key].setdefault(period, [0, 0])
        counted[0] += sign
        counted[1] += sign * (self.ends[period] - now)

    def book_stretch(self, stretch: ClockStretch, end: int) -> None:
        """Book what has accrued at a price of one person's own, in whole millionths by period."""
        begin, amount = stretch.begin, stretch.amount
        while begin < end:
            stop = min(self.ends[self.layout.period_at(begin)], end)
            past, sofar = (draws.whole_money(stretch.price * (at - stretch.begin)) for at in (begin, stop))
            self.book(amount.side, amount.line, stretch.kind, stretch.group, begin, sofar - past)
            begin = stop

    def recur(self, measure: str, group: int, now: int, value: int) -> None:
        """Book a movement of monthly recurring revenue, millionths."""
        self.add_money("mrr", self.movements, (self.layout.period_at(now), group, MRR.index(measure)), value)

    def keep(self, measure: str, group: int, at: int, value: int) -> None:
        """Book what has become within a month of what somebody had just before it, millionths."""
        self.add_money("mrr", self.mrr_changes, (self.layout.period_at(at), group, MRR_CHANGE.index(measure)), value)

    # -- cohorts ----------------------------------------------------------------------------------

    def cohort(self, measure: str, acquired: int, at: int, value: int) -> None:
        """Add to a measure of the people acquired when somebody was, at the age they have."""
        length = self.journey.cohort_ms
        self.add_money(
            "cohort", self.cohorts, (acquired // length, (at - acquired) // length, COHORT.index(measure)), value
        )

    def lose(self, person: Person, now: int, sign: int) -> None:
        """Count a customer lost (+1) or won back (-1); whoever goes just at an age is not there at that age."""
        self.cohort("lost", person.acquired, max(now - 1, person.acquired), sign)

    def decide(self, measure: str, person: Person, value: int) -> None:
        """Add to a measure of what becomes of people, if somebody came early enough."""
        if person.born < self.journey.decided:
            self.decided[self.layout.period_at(person.born), person.group, DECIDED.index(measure)] += value

    def live(self, measure: str, acquired: int, at: int, group: int, value: int) -> None:
        """Add to a measure of customers who are followed beyond the horizon too, where anybody is."""
        age = (at - acquired) // self.journey.cohort_ms
        if age < self.layout.lives:
            self.add_money("followed", self.lifetime, (age, group, LIFETIME.index(measure)), value)

    def follow(self, measure: str, acquired: int, at: int, group: int, value: int) -> None:
        """Add to a measure of people acquired early enough to be followed, while they are."""
        length = self.journey.cohort_ms
        age = (at - acquired) // length
        if acquired // length < self.layout.eligible and age < self.layout.ages:
            self.add_money("followed", self.followed, (age, group, FOLLOWED.index(measure)), value)

    def generation(self, measure: str, generation: int, value: int) -> None:
        """Add to a measure of a generation; the last holds all beyond it."""
        self.generations[min(generation, GENERATIONS - 1), GENERATION.index(measure)] += value

    # -- staff ------------------------------------------------------------------------------------

    def queued(self, resource: int, measure: str, now: int, value: int = 1) -> None:
        """Add to a measure of what happens at a resource."""
        self.queues[self.layout.period_at(now), resource, QUEUE.index(measure)] += value

    def load(self, resource: int, measure: str, now: int, sign: int) -> None:
        """Count one more (+1) or one less (-1) who waits or is served, with the offset to the period's end."""
        period = self.layout.period_at(now)
        counted = self.loads[period, resource, LOAD.index(measure)]
        counted[0] += sign
        counted[1] += sign * (self.ends[period] - now)

    def waited(self, resource: int, wait: int) -> None:
        """Count a service by the wait before it."""
        self.waits[resource, int(draws.wait_cell(wait))] += 1

    def met(self, wait: int) -> None:
        """Count a first contact by the time since the person first asked anybody."""
        self.contacts[int(draws.wait_cell(wait)),] += 1

    # -- the end ----------------------------------------------------------------------------------

    def ledger(self, n_events: int, shared: Counts) -> Ledger:
        """Return the closed ledger, given how what all share has changed."""
        lay = self.layout
        channel_spend, costs = spend_by_plan(self.journey, lay)
        stock, time = self.totals("stock", self.moves)
        backlog, load = self.totals("load", self.loads)
        money = self.filled("money", self.money)
        for key, periods in self.accruals.items():
            price, line = self.prices[key]
            begun, ms_left = np.zeros((2, lay.periods), dtype=np.int64)
            for period, (count, ms) in periods.items():
                begun[period], ms_left[period] = count, ms
            _, spent = person_time(begun, ms_left, lay.period_ends)
            accrue(money[:, key[3], line], price, spent)
        close_money(lay, money)
        return Ledger(
            layout=lay,
            flow=self.filled("flow", self.flow),
            money=money,
            channel_spend=channel_spend + self.filled("channel_spend", self.arrival_costs),
            costs=costs,
            mrr=self.filled("mrr", self.movements),
            mrr_change=self.filled("mrr_change", self.mrr_changes),
            stock=stock,
            time=time,
            unfinished=self.filled("unfinished", self.stays),
            cohort=self.filled("cohort", self.cohorts),
            followed=self.filled("followed", self.followed),
            lifetime=self.filled("lifetime", self.lifetime),
            decided=self.filled("decided", self.decided),
            generation=self.filled("generation", self.generations),
            queue=self.filled("queue", self.queues),
            backlog=backlog,
            load=load,
            staffed=staffed_by_plan(self.journey, lay),
            waits=self.filled("waits", self.waits),
            contact=self.filled("contact", self.contacts),
            shared=self.filled("shared", shared).cumsum(axis=0),
            n_events=np.asarray(n_events, dtype=np.int64),
        )

    def totals(self, name: str, moves: dict[tuple[int, int, int], list[int]]) -> tuple[IntArray, IntArray]:
        """Return how many there are at period ends, and person-time, from changes with their offsets."""
        delta, offset = np.zeros((2, *self.layout.shapes[name]), dtype=np.int64)
        for place, (count, ms) in moves.items():
            delta[place], offset[place] = count, ms
        return person_time(delta, offset, self.layout.period_ends)

    def filled(self, name: str, counts: Counts) -> IntArray:
        """Return an array of the ledger from its counts."""
        array = np.zeros(self.layout.shapes[name], dtype=np.int64)
        for key, count in counts.items():
            array[key] += count
        return array
