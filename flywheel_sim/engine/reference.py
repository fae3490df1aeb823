"""The reference engine: SimPy, one process per person, the executable definition of the semantics.

It shares draws, quantile tables and rate values with any other engine; all else is written out here.

Order within a person: the earliest clock fires; ties go to the event declared first. A firing draws
its outcome and amounts from the state before; then come the event's effects, the outcome's effects
(sets, money), referrals, and the move. Staying winds a recurring clock again.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import simpy

from flywheel_sim.engine.books import Books
from flywheel_sim.engine.person import Clock, Person, Sponsor
from flywheel_sim.errors import SimulationError
from flywheel_sim.ledger import Layout, Ledger
from flywheel_sim.model import draws
from flywheel_sim.model.compile import decisions, rank_tables
from flywheel_sim.scenario.journey import Channel, Effects, Journey, Outcome, Rate, Stage
from flywheel_sim.scenario.units import MONTH, NEVER


class Reference:
    """One run of a journey; call `run` once."""

    def __init__(
        self, journey: Journey, seed: int, replication: int, people: bool, events: bool, max_people: int
    ) -> None:
        self.journey, self.seed, self.replication = journey, seed, replication
        self.horizon, self.longest = journey.horizon, journey.horizon + 1
        self.max_people, self.n_people, self.n_events = max_people, 0, 0
        self.env = simpy.Environment(initial_time=0)
        self.now = 0  # the environment's clock, as every process finds it when it wakes
        self.stages = {stage.name: stage for stage in journey.stages}
        self.channels = {channel.name: index for index, channel in enumerate(journey.channels)}
        self.sizes = {a.name: len(a.levels) for a in journey.attributes} | {"channel": len(journey.channels)}
        self.drawn = [a for a in journey.attributes if a.drawn]
        self.codes = decisions(journey)
        self.tables: dict[int, Any] = {}
        self.books = Books(Layout.of(journey), journey)
        self.people_rows: list[Person] | None = [] if people else None
        self.event_rows: list[tuple[int, int, int, str, str, str, str]] | None = [] if events else None

    def run(self) -> Ledger:
        """Return the ledger of the run."""
        for index, channel in enumerate(self.journey.channels):
            if not channel.removed:
                self.env.process(self.arrivals(index, channel))
        self.env.run(until=self.horizon)
        return self.books.ledger(self.n_events)

    def arrivals(self, index: int, channel: Channel) -> Generator[simpy.Event, None, None]:
        """Be one channel: bring people over time, in batches, or as already there."""
        root = draws.name_key(channel.name)
        self.books.spend_on_channel(index, channel)
        if channel.kind == "referral":
            return
        if channel.kind != "rate":
            for n in range(channel.count):
                self.start(Person(draws.child_key(root, 0, n), index, 0), channel)
            return
        code, n = self.codes["person/arrival"], 0
        while True:
            key = draws.child_key(root, 0, n)
            _, uniform = draws.draw(self.seed, self.replication, key, code, 0)
            wait = draws.memoryless_wait(draws.unit_exponential(uniform), channel.rate, self.longest)
            if self.now + wait >= self.horizon:
                return
            yield self.env.timeout(wait)
            self.now = int(self.env.now)
            self.books.arrival_cost(index, channel, self.now)
            self.start(Person(key, index, self.now), channel)
            n += 1

    def start(self, person: Person, channel: Channel) -> None:
        """Let a person begin to live."""
        self.n_people += 1
        if self.n_people > self.max_people:
            said = (
                f"more than {self.max_people:,} people came by month {self.now // MONTH}: referrals may feed themselves"
            )
            raise SimulationError(f"{said}; lower a referral rate or the horizon, or raise max_people")
        self.env.process(self.live(person, channel))

    def live(self, person: Person, channel: Channel) -> Generator[simpy.Event, None, None]:
        """Be one person, from arrival to the horizon or to a stage where nothing happens."""
        self.now = now = int(self.env.now)
        present = channel.kind == "present"
        person.levels = {"channel": person.channel} | {a.name: 0 for a in self.journey.attributes}
        for attribute in self.drawn:
            code = self.codes[f"person/{attribute.name}"]
            word, _ = draws.draw(self.seed, self.replication, person.key, code, 0)
            person.levels[attribute.name] = self.pick(person, attribute.drawn or (), word)
        person.group = self.books.group(person)
        how = "present" if present else "referred" if person.sponsor else "arrived"
        self.books.count_role(how, person.group, now)
        self.n_events += 1
        self.log(person, "", how, "", channel.enters)
        if self.people_rows is not None:
            self.people_rows.append(person)
        self.settle(person, self.enter(person, self.stages[channel.enters], present))
        while person.clocks:
            clock = min(person.clocks, key=lambda c: c.due)
            if clock.due >= self.horizon:
                break
            yield self.env.timeout(clock.due - self.now)
            self.now = int(self.env.now)
            self.n_events += 1
            self.settle(person, clock)
        self.close_accruals(person, self.horizon)

    # -- stages -----------------------------------------------------------------------------------

    def enter(self, person: Person, stage: Stage, present: bool = False) -> Clock | None:
        """Enter a stage: role changes, effects of entry, clocks; return the one to fire at once, if any."""
        now = self.now
        old, person.stage = person.stage, stage
        visit = person.visits.get(stage.name, -1) + 1
        if visit >= draws.MAX_VISITS:
            raise SimulationError(f"a person entered '{stage.name}' more than {draws.MAX_VISITS} times; "
                                  "give the loop an exit or a longer wait")  # fmt: skip
        person.visits[stage.name] = visit
        self.books.move(stage.name, person.group, now, +1)
        self.change_role(person, old, stage, present)
        if not present and stage.on_entry.any:
            self.apply(person, stage.on_entry, f"{stage.name}/on_entry", visit << 20, None)
        for amount in stage.accruals:
            cell = self.index(amount.value, person)
            self.books.accrue(stage.name, amount, cell, person.group, now, +1)
            person.accruing.append((amount, cell, now))
        person.clocks = []
        for event in stage.events:
            clock = Clock(event, now)
            person.clocks.append(clock)
            if event.wait is not None:
                self.wind(person, clock, now)
                if present and event.recurring and event.wait.kind == "fixed":
                    period = self.value(event.wait.params[0], person)
                    if period < NEVER:
                        _, phase = self.luck(person, event.decision, visit << 20)
                        clock.due = now + draws.uniform_wait(phase, 0.0, period, self.longest)
        return person.clocks[0] if stage.events and stage.events[0].wait is None else None

    def leave(self, person: Person) -> None:
        """Leave the stage: what accrues there stops."""
        assert person.stage is not None
        self.close_accruals(person, self.now)
        for amount, cell, _ in person.accruing:
            self.books.accrue(person.stage.name, amount, cell, person.group, self.now, -1)
        person.accruing = []
        self.books.move(person.stage.name, person.group, self.now, -1)

    def change_role(self, person: Person, old: Stage | None, new: Stage, present: bool) -> None:
        """Count an acquisition, a churn or a win-back, where the role of customer is entered or left."""
        now, was, is_ = self.now, old is not None and old.role == "customer", new.role == "customer"
        if not person.was_customer and (old is not None and old.role == "aside") != (new.role == "aside"):
            self.books.count_role("set_aside", person.group, now, +1 if new.role == "aside" else -1)
        if present:
            person.was_customer = is_ or new.role == "lapsed"
        elif is_ and not was:
            self.books.count_role("won_back" if person.was_customer else "acquired", person.group, now)
            if not person.was_customer:
                person.acquired, person.cohort_group = now, person.group
                self.books.cohort("acquired", now, now, person.group, 1)
                if (sponsor := person.sponsor) and sponsor.acquired >= 0:
                    self.books.cohort("converted", sponsor.acquired, now, sponsor.group, 1)
            person.was_customer = True
        elif was and not is_:
            self.books.count_role("churned", person.group, now)
            if person.churned < 0:
                person.churned = now

    # -- clocks -----------------------------------------------------------------------------------

    def luck(self, person: Person, decision: str, counter: int) -> tuple[int, float]:
        """Return a person's word and uniform for a decision."""
        word, uniform = draws.draw(self.seed, self.replication, person.key, self.codes[decision], counter)
        return word, uniform

    def wind(self, person: Person, clock: Clock, now: int) -> None:
        """Wind a clock: draw its wait, and with it the word that will decide its outcome."""
        wait = clock.event.wait
        assert wait is not None
        assert person.stage is not None
        if wait.kind == "fixed":
            clock.due = now + int(min(self.value(wait.params[0], person), float(self.longest)))
            clock.word = -1
            return
        counter = person.visits[person.stage.name] << 20 | clock.firing
        clock.word, uniform = self.luck(person, clock.event.decision, counter)
        if wait.kind == "memoryless":
            clock.work = draws.unit_exponential(uniform)
            clock.rate = self.value(wait.params[0], person)
            clock.since = now
            clock.due = now + draws.memoryless_wait(clock.work, clock.rate, self.longest)
        else:
            first, second = (self.value(p, person) for p in wait.params)
            sample = draws.uniform_wait if wait.kind == "uniform" else draws.lognormal_wait
            clock.due = now + sample(uniform, first, second, self.longest)

    def run_down(self, person: Person, fired: Clock) -> None:
        """Let memoryless clocks whose rate has changed go on at the new one with the work they have left."""
        now = self.now
        for clock in person.clocks:
            wait = clock.event.wait
            if clock is fired or wait is None or wait.kind != "memoryless":
                continue
            rate = self.value(wait.params[0], person)
            if rate != clock.rate:
                clock.work = draws.work_left(clock.work, clock.rate, now - clock.since)
                clock.rate, clock.since = rate, now
                clock.due = now + draws.memoryless_wait(clock.work, rate, self.longest)

    def settle(self, person: Person, clock: Clock | None) -> None:
        """Fire a clock, and whatever is then decided at once."""
        while clock is not None:
            clock = self.fire(person, clock)

    def fire(self, person: Person, clock: Clock) -> Clock | None:
        """Let an event happen: outcome, effects, referrals, move; return what fires at once thereupon."""
        stage, event = person.stage, clock.event
        assert stage is not None
        counter = person.visits[stage.name] << 20 | clock.firing
        outcome = event.outcomes[0]
        if len(event.outcomes) > 1:
            word = clock.word if clock.word >= 0 else self.luck(person, event.decision, counter)[0]
            outcome = event.outcomes[self.pick(person, event.chances, word)]
        self.books.count_outcome(event, outcome, person.group, self.now)
        self.log(person, stage.name, event.name, outcome.name, outcome.to or stage.name)
        earned: list[tuple[str, str, int]] = []
        if event.effects.any or outcome.effects.any:
            earned = self.apply(person, event.effects, event.decision, counter, outcome)
        at_once = None
        if outcome.to is not None:
            self.leave(person)
            at_once = self.enter(person, self.stages[outcome.to])
        else:
            if event.effects.sets or outcome.effects.sets:
                self.run_down(person, clock)
            if event.recurring:
                clock.firing += 1
                if clock.firing >= draws.MAX_FIRINGS:
                    raise SimulationError(f"'{event.decision}' fired more than {draws.MAX_FIRINGS:,} times in one "
                                          "visit; lower its rate")  # fmt: skip
                self.wind(person, clock, self.now)
            else:
                person.clocks.remove(clock)
        if person.acquired >= 0:
            for side, role, minor in earned:
                self.credit(person, side, role, minor)
        return at_once

    def pick(self, person: Person, chances: Any, word: int) -> int:
        """Return the index of the outcome a word decides; None among the chances takes the rest."""
        total, rest = 0.0, len(chances) - 1
        for index, chance in enumerate(chances):
            if chance is None:
                rest = index
                continue
            total += self.value(chance, person)
            if word < draws.threshold(total):
                return index
        return rest

    # -- effects ----------------------------------------------------------------------------------

    def apply(
        self, person: Person, effects: Effects, decision: str, counter: int, outcome: Outcome | None
    ) -> list[tuple[str, str, int]]:
        """Apply the effects of an event and its outcome; return money as (side, role, minor units).

        Amounts are taken from the state before the sets. On entry to a stage there is no outcome,
        and the money is credited to the person's cohort at once; that of a firing waits until the
        move is over, so that the sale that wins a customer counts for the customer.
        """
        stage = person.stage
        assert stage is not None
        both = (effects,) if outcome is None else (effects, outcome.effects)
        minor = {
            id(amount): draws.whole_money(self.value(amount.value, person)) for part in both for amount in part.money
        }
        booked: list[tuple[str, str, int]] = []
        for part in both:
            if part.sets:
                self.set_levels(person, {one.attribute: one.level for one in part.sets})
            for amount in part.money:
                self.books.book(amount, stage.role, person.group, self.now, minor[id(amount)])
                person.book(amount.side, minor[id(amount)])
                booked.append((amount.side, stage.role, minor[id(amount)]))
        number = 0
        for part in both:
            for name in part.refer:
                self.refer(person, name, decision, counter, number)
                number += 1
        if outcome is None and person.acquired >= 0:
            for side, role, paid in booked:
                self.credit(person, side, role, paid)
        return booked

    def set_levels(self, person: Person, levels: dict[str, int]) -> None:
        """Set attributes; people move between groups, and what accrues changes its price."""
        assert person.stage is not None
        now, name = self.now, person.stage.name
        person.levels.update(levels)
        group = self.books.group(person)
        cells = [self.index(amount.value, person) for amount, _, _ in person.accruing]
        if group != person.group:
            self.books.move(name, person.group, now, -1)
            self.books.move(name, group, now, +1)
        if group != person.group or any(c != old for c, (_, old, _) in zip(cells, person.accruing, strict=True)):
            self.close_accruals(person, now)
            for (amount, old, _), cell in zip(person.accruing, cells, strict=True):
                self.books.accrue(name, amount, old, person.group, now, -1)
                self.books.accrue(name, amount, cell, group, now, +1)
            person.accruing = [(a, cell, now) for (a, _, _), cell in zip(person.accruing, cells, strict=True)]
        person.group = group

    def refer(self, person: Person, channel_name: str, decision: str, counter: int, number: int) -> None:
        """Bring a new person: who that is depends on the referrer, the event and its firing alone."""
        index = self.channels[channel_name]
        channel = self.journey.channels[index]
        if channel.removed:
            return
        key = draws.child_key(person.key, self.codes[decision], counter << 8 | number)
        person.referrals += 1
        if person.acquired >= 0:
            self.books.cohort("invited", person.acquired, self.now, person.cohort_group, 1)
        sponsor = Sponsor(person.key, person.acquired, person.cohort_group)
        self.start(Person(key, index, self.now, person.generation + 1, sponsor), channel)

    def credit(self, person: Person, side: str, role: str, minor: int) -> None:
        """Credit money just booked to the cohort of a customer: revenue, and service cost."""
        if side == "spend" and role != "customer":
            return
        now, sign = self.now, 1 if side == "earn" else -1
        name = "revenue" if side == "earn" else "service"
        self.books.cohort(name, person.acquired, now, person.cohort_group, minor * draws.FIXED)
        value = sign * draws.discounted(float(minor), self.books.force, now - person.acquired)
        self.books.cohort("margin_discounted", person.acquired, now, person.cohort_group, value)
        person.margin_discounted += value

    def close_accruals(self, person: Person, end: int) -> None:
        """Book to the person and their cohort what has accrued up to a time."""
        assert person.stage is not None
        for amount, cell, since in person.accruing:
            price = amount.value.cells[cell]
            minor = draws.whole_money(price * (end - since))
            person.book(amount.side, minor)
            if person.acquired < 0 or (amount.side == "spend" and person.stage.role != "customer"):
                continue
            name, sign = ("revenue", 1) if amount.side == "earn" else ("service", -1)
            for begin, stop in self.by_age(person.acquired, since, end):
                flat = draws.discounted_flow(price, 0.0, begin, stop)
                value = sign * draws.discounted_flow(price, self.books.force, begin, stop)
                at = person.acquired + begin
                self.books.cohort(name, person.acquired, at, person.cohort_group, flat)
                self.books.cohort("margin_discounted", person.acquired, at, person.cohort_group, value)
                person.margin_discounted += value

    def by_age(self, acquired: int, since: int, end: int) -> Iterator[tuple[int, int]]:
        """Split a stretch of time at whole cohort periods of age; yield ages in ms."""
        begin, last = since - acquired, end - acquired
        length = self.journey.cohort_ms
        while begin < last:
            stop = min(last, (begin // length + 1) * length)
            yield begin, stop
            begin = stop

    # -- rates ------------------------------------------------------------------------------------

    def index(self, rate: Rate, person: Person) -> int:
        """Return the cell of a rate that a person's levels pick."""
        index = 0
        for attribute in rate.over:
            index = index * self.sizes[attribute] + person.levels[attribute]
        return index

    def value(self, rate: Rate, person: Person) -> float:
        """Return a rate's value for a person: the cell of their levels, at their own rank."""
        if rate.spread is None:
            return rate.cells[self.index(rate, person) if rate.over else 0]
        index = self.index(rate, person)
        if rate.name not in person.ranks:
            person.ranks[rate.name] = self.luck(person, f"rate/{rate.name}", 0)[1]
        tables = self.tables.get(id(rate))
        if tables is None:
            tables = self.tables[id(rate)] = rank_tables(rate.spread)
        value: float = draws.from_table(tables[index], person.ranks[rate.name])
        return value

    def log(self, person: Person, stage: str, event: str, outcome: str, to: str) -> None:
        """Write a line of the event log, where one is kept."""
        if self.event_rows is not None:
            self.event_rows.append((self.now, person.key, person.step, stage, event, outcome, to))
        person.step += 1
