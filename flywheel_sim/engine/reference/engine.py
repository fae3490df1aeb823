"""The reference engine: SimPy, one process per person, the executable definition of the semantics.

Order within a person: the earliest clock fires. Ties go to a ``when``, then to the sets in file order, then
the stage, there to the event declared first. A firing draws its outcome from the state before; then come what
the event and the outcome set, their amounts, what they add, referrals, and the move. After that whatever
depends on what has changed goes on anew: clocks, accruing money, recurring revenue. Where time alone changes
a rate, what depends on it looks again by itself: a clock in its turn, accruing money before any clock.

Order between people, at one instant: changes of how many serve, in file order; channels in file order, each
all whom it brings; those people arrive, in the order brought, and so does whoever is referred; then always the
earliest born to whom anything is due takes a step. A step (a firing with all that is decided at once upon it, or
one look again) settles completely: places in queues given up, servers handed on, and at its end whoever follows
from a referrer who goes or an attribute that all share. Those people then plan anew what they do next.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import simpy

from flywheel_sim.compile import draws
from flywheel_sim.engine.limits import Bounds, too_many_events, too_many_people, too_many_visits
from flywheel_sim.engine.reference.arrivals import Market, Wake, newcomers
from flywheel_sim.engine.reference.books import OpenBooks
from flywheel_sim.engine.reference.clocks import Clocks
from flywheel_sim.engine.reference.money import Booked, Money
from flywheel_sim.engine.reference.pause import Pause
from flywheel_sim.engine.reference.person import GONE, NONE, PRESENT, Clock, Person
from flywheel_sim.engine.reference.shared import SharedAttributes
from flywheel_sim.engine.reference.staff import Staffing, Team
from flywheel_sim.engine.reference.values import Values
from flywheel_sim.journey.calendar import staffing
from flywheel_sim.journey.events import Effects
from flywheel_sim.journey.journey import Channel, Journey, Stage, StageSet
from flywheel_sim.journey.reach import leads_to_customers
from flywheel_sim.journey.units import MILLIONTHS, NEVER
from flywheel_sim.ledger import Layout, Ledger


class Reference:
    """One run of a journey; call `run` once.

    Attributes
    ----------
    people
        Everybody who has come, but for those who found nobody new in a finite market.
    people_rows, event_rows
        After the run, where asked for: people, and lines of the log (time, key, step, stage, event, outcome, to).
    """

    def __init__(
        self, journey: Journey, seed: int, replication: int, people: bool, events: bool, bounds: Bounds
    ) -> None:
        self.journey, self.horizon = journey, journey.horizon
        self.max_people, self.n_people, self.n_arrived = bounds.max_people, 0, 0
        self.max_events, self.n_events = bounds.max_events, 0
        self.pause = Pause(bounds)
        self.env = simpy.Environment(initial_time=0)
        self.now = 0  # the environment's clock, as every process finds it when it wakes
        self.stages = {stage.name: stage for stage in journey.stages}
        self.numbers = {stage.name: index for index, stage in enumerate(journey.stages)}
        self.inside = {name: tuple(s for s in journey.sets if name in s.stages) for name in self.stages}
        self.channels = {channel.name: index for index, channel in enumerate(journey.channels)}
        layout = Layout.of(journey)
        self.shared = SharedAttributes(journey, layout)
        self.values = Values(journey, seed, replication, self.shared)
        self.clocks = Clocks(journey, self.values)
        self.books = OpenBooks(layout, journey)
        self.money = Money(journey, self.values, self.books)
        self.staff = Staffing(journey, self.clocks, self.books, self.plan_anew)
        self.market = Market(journey, self.values)
        self.people: list[Person] = []
        self.followed: list[Person] = []
        self.leads_to_customers = leads_to_customers(journey)
        self.people_rows = self.people if people else None
        self.event_rows: list[tuple[int, int, int, str, str, str, str]] | None = [] if events else None

    def run(
        self, after: Callable[[Reference], None] | None = None, beyond: Callable[[Reference], None] | None = None
    ) -> Ledger:
        """Return the ledger of the run; ``after`` is called after everything that happens, ``beyond`` at the end."""
        for team in self.staff.teams:
            self.env.process(self.shifts(team))
        for index, channel in enumerate(self.journey.channels):
            if not channel.removed and channel.kind != "referral":
                self.env.process(self.arrivals(index, channel))
        while self.env.peek() < simpy.core.Infinity:
            self.env.step()
            if self.n_events >= self.pause.due:
                self.pause.take(self.n_events, len(self.people), len(self.event_rows or ()))
            if after is not None:
                after(self)
        books, n_events = self.books, self.n_events
        if beyond is not None:
            beyond(self)
        return books.ledger(n_events, self.shared.changes)

    def shifts(self, team: Team) -> Generator[simpy.Event, None, None]:
        """Be the calendar of a resource: people come and go."""
        before = len(self.staff.teams) - team.index + len(self.channels)
        for at, people in staffing(team.resource, self.journey.phase, self.horizon):
            yield Wake(self.env, at - int(self.env.now), -before)
            self.now = at
            team.staff(people, at)

    # -- arrivals ---------------------------------------------------------------------------------

    def arrivals(self, index: int, channel: Channel) -> Generator[simpy.Event, None, None]:
        """Be one channel: bring people over time, in batches, or as already there."""
        for at, key in newcomers(channel, self.values, self.horizon):
            yield Wake(self.env, at - int(self.env.now), index - len(self.channels))
            self.now = at
            if channel.kind == "rate":
                price = self.values.at_time(channel.cost_per_arrival, at) if channel.cost_per_arrival else 0.0
                self.books.arrival_cost(index, at, int(draws.whole_money(price)))
            self.start(Person(key, index, at), channel)
            if self.n_people - self.n_arrived > self.max_people:  # so many wait to arrive
                raise too_many_people(self.max_people, self.journey)

    def start(self, person: Person, channel: Channel) -> None:
        """Let a person begin to live."""
        self.n_people += 1
        if self.journey.market is None and self.n_people > self.max_people:
            raise too_many_people(self.max_people, self.journey)
        person.birth = self.n_people
        person.process = self.env.process(self.live(person, channel))

    def happened(self) -> None:
        """Count an arrival or a firing."""
        self.n_events += 1
        if self.n_events > self.max_events:
            raise too_many_events(self.max_events)

    # -- lives ------------------------------------------------------------------------------------

    def live(self, person: Person, channel: Channel) -> Generator[simpy.Event, None, None]:
        """Be one person, from arrival to the horizon or until nothing more can happen."""
        self.now = int(self.env.now)
        if not self.arrive(person, channel):
            return
        while True:
            if person.has_gone:
                self.referrer_goes(person)
            if self.shared.crossed():
                for anybody in self.people:
                    self.renew(anybody)
            due = min(person.look_at, min((clock.due for clock in person.clocks), default=NEVER))
            others = bool(self.journey.coupled_by) or person.state["referrer"] == PRESENT
            changes = others and bool(person.clocks or person.stretches)
            if due >= self.horizon and not changes:
                break
            try:
                yield Wake(self.env, min(due, self.horizon) - int(self.env.now), 1 + person.birth)
            except simpy.Interrupt:  # by somebody else, who has changed when something happens to this person
                continue
            self.now = int(self.env.now)
            if self.now >= self.horizon:
                break
            self.step(person)
        self.end(person)

    def step(self, person: Person) -> None:
        """Let happen what is due to a person now."""
        self.money.lapse(person, self.now)
        clock = min(person.clocks, key=lambda c: (c.due, c.place), default=None)
        if clock is None or person.look_at <= self.now:
            self.money.review(person, self.now)
            self.money.book_mrr_change(person, self.now)
        elif clock.looks:
            self.clocks.refresh(person, clock, self.now)
        else:
            self.happened()
            if clock.event.staff is not None and not clock.phase:
                self.staff.ask(person, clock, self.now)
            else:
                self.settle(person, clock)

    def end(self, person: Person) -> None:
        """Close the books of a person at the horizon."""
        if self.journey.lifetime and person.acquired >= 0:
            self.followed.append(person.as_at(self.horizon))
        if person.may_buy and person.where.name in self.leads_to_customers:
            self.books.decide("undecided", person, 1)
        self.money.end(person, self.horizon)
        self.books.unfinished(person.where.name, self.horizon - person.entered)

    def arrive(self, person: Person, channel: Channel) -> bool:
        """Come (not who finds nobody new in a market: False): attributes are taken over, drawn or start; then enter."""
        self.n_arrived += 1
        present, stage = channel.kind == "present", self.stages[channel.enters]
        state, now = person.state, self.now
        inherited = {name: state[name] for name in channel.inherits if name in state}
        state.update(channel=person.channel, generation=person.generation, calendar=0, stage=self.numbers[stage.name])
        state.setdefault("referrer", NONE)
        self.values.start(person, inherited, now)
        for one in channel.sets:
            self.values.set_to(person, one, 0, now)
        person.group = person.mrr_group = self.books.group(person)
        self.happened()
        if not (present or self.market.meets_new_person(person)):
            self.books.count_role("missed", person.group, now)
            return False
        if self.market.most is not None and self.market.touched > self.max_people:
            raise too_many_people(self.max_people, self.journey)
        self.people.append(person)
        how = "present" if present else "referred" if person.sponsor else "arrived"
        self.books.count_role(how, person.group, now)
        self.books.decide("came", person, 1)
        self.books.generation("people", person.generation, 1)
        self.log(person, "", how, "", channel.enters)
        at_once = self.enter(person, stage, None, present)
        (self.money.open_with if present else self.money.book_mrr_change)(person, now)
        self.settle(person, at_once)
        if person.referrer_left:
            state["referrer"] = GONE
            self.renew(person)
        return True

    def plan_anew(self, person: Person) -> None:
        """Let somebody else than who is taking a step look again at what happens to them next."""
        process = person.process
        if process is not None and process.is_alive and process is not self.env.active_process:
            process.interrupt()

    def renew(self, person: Person) -> None:
        """Let everything of a person go on with what it depends on as it is now, and be planned anew."""
        self.refresh(person)
        self.money.book_mrr_change(person, self.now)
        self.plan_anew(person)

    def refresh(self, person: Person, fired: Clock | None = None) -> None:
        """Let everything go on with what it depends on as it is now, but for a clock that is firing."""
        for clock in person.clocks:
            if clock is not fired:
                self.clocks.refresh(person, clock, self.now)
        self.money.review(person, self.now)

    def settle(self, person: Person, clock: Clock | None) -> None:
        """Fire a clock, and whatever is then decided at once."""
        while clock is not None:
            unserved = clock.phase in ("waiting", "turned away")
            clock = self.go_unserved(person, clock) if unserved else self.fire(person, clock)

    def go_unserved(self, person: Person, clock: Clock) -> Clock | None:
        """Give up waiting, or turn away from a full queue; return what is decided at once thereupon."""
        stage, (how, to) = person.where, self.staff.give_up(clock, self.now)
        self.books.count_outcome(stage.name, clock.label, how, person.group, self.now)
        self.log(person, stage.name, clock.label, how, to)
        at_once = self.move(person, self.stages[to], clock)
        self.money.book_mrr_change(person, self.now)
        return at_once

    # -- stages -----------------------------------------------------------------------------------

    def move(self, person: Person, stage: Stage, fired: Clock) -> Clock | None:
        """Leave a stage, with those of its sets that do not hold the next, and enter the next."""
        old, now = person.where, self.now
        self.money.close(person, now)
        staying = {one.name for one in self.inside[old.name]} & {one.name for one in self.inside[stage.name]}
        self.staff.release([one for one in person.clocks if one.owner not in staying or one is fired], fired, now)
        person.clocks = [clock for clock in person.clocks if clock.owner in staying]
        self.books.move(old.name, person.group, now, -1)
        self.shared.move(person, now, -1)
        if old.role != stage.role and stage.role != "customer":
            person.invoices.clear()
        return self.enter(person, stage, fired)

    def enter(self, person: Person, stage: Stage, fired: Clock | None, present: bool = False) -> Clock | None:
        """Enter a stage: visits, roles, effects of entry, accruals, clocks; return what is decided at once."""
        now, old = self.now, person.stage
        sets_before = {one.name for one in self.inside[old.name]} if old else set()
        new: tuple[StageSet | Stage, ...] = (*(s for s in self.inside[stage.name] if s.name not in sets_before), stage)
        person.stage, person.entered = stage, now
        person.state["stage"] = self.numbers[stage.name]
        for owner in new:
            visit = person.visits[owner.name] = person.visits.get(owner.name, -1) + 1
            if visit >= draws.MAX_VISITS:
                raise too_many_visits(owner.name)
        self.books.move(stage.name, person.group, now, +1)
        self.shared.move(person, now, +1)
        self.books.change_role(person, old, stage, now, present)
        if old is not None and old.role in ("customer", "aside") and stage.role != old.role and not person.has_gone:
            person.has_gone = True
        for owner in new:
            if owner.on_entry.any and not present:
                counter = person.visits[owner.name] << 20
                booked = self.apply(person, (owner.on_entry,), f"{owner.name}/on_entry", counter)
                self.money.credit(person, booked, now)
        self.money.open(person, (*self.inside[stage.name], stage), now)
        for clock in list(person.clocks):
            if clock is fired:
                self.clocks.fired(person, clock, now)
            else:
                self.clocks.refresh(person, clock, now)
        clocks = [clock for owner in new for clock in self.clocks.clocks_of(owner)]
        if clocks and clocks[-1].event.at_once:
            person.clocks += clocks[:-1]
            self.schedule(person, clocks[:-1], present)
            return clocks[-1]
        person.clocks += clocks
        self.schedule(person, clocks, present)
        return None

    def schedule(self, person: Person, clocks: list[Clock], present: bool) -> None:
        """Schedule new clocks; where there is nothing to wait for but staff, ask."""
        for clock in clocks:
            if clock.wait is None and not clock.event.when:
                self.staff.ask(person, clock, self.now)
            else:
                self.clocks.schedule(person, clock, self.now, present)

    def referrer_goes(self, person: Person) -> None:
        """Let all whom somebody who has gone has referred know it; who has yet to arrive learns it then."""
        for child in person.referred:
            if child.stage is None:
                child.referrer_left = True
            else:
                child.state["referrer"] = GONE
                self.renew(child)
        person.referred = []

    # -- firing -----------------------------------------------------------------------------------

    def fire(self, person: Person, clock: Clock) -> Clock | None:
        """Let an event happen: outcome, effects, referrals, move; return what is decided at once thereupon."""
        stage, event, now = person.where, clock.event, self.now
        counter = person.visits[clock.owner] << 20 | clock.firing
        outcome = event.outcomes[0]
        if len(event.outcomes) > 1:
            word = clock.word if clock.word >= 0 else self.values.luck(person, event.decision, counter)[0]
            outcome = event.outcomes[self.values.pick(event.chances, word, person, now)]
        self.books.count_outcome(stage.name, clock.label, outcome.name, person.group, now)
        self.log(person, stage.name, clock.label, outcome.name, outcome.to or stage.name)
        parts = tuple(effects for effects in (event.effects, outcome.effects) if effects.any)
        before = dict(person.state) if parts else person.state
        booked = self.apply(person, parts, event.decision, counter)
        at_once = None
        if outcome.to is not None:
            at_once = self.move(person, self.stages[outcome.to], clock)
        else:
            self.staff.release([clock], clock, now)
            if person.state != before:
                self.refresh(person, clock)
            if not event.at_once:
                self.clocks.fired(person, clock, now)
        self.money.credit(person, booked, now)
        self.money.book_mrr_change(person, now)
        return at_once

    def apply(self, person: Person, parts: tuple[Effects, ...], decision: str, counter: int) -> list[Booked]:
        """Apply the effects of one firing, the event's and then the outcome's; return the money booked.

        All is set first, so that amounts are of the state after that; numbers are added once they are paid.
        The money is credited to the person's cohort by whoever calls: on entry at once; that of an event when
        the move is over, so that the sale that wins a customer counts for the customer.
        """
        now = self.now
        for one in (one for part in parts for one in part.sets):
            self.values.set_to(person, one, counter, now)
        if any(part.sets for part in parts):
            self.regroup(person)
        amounts = self.money.amounts(parts, person, counter, now)
        booked = [one for amount, paid in amounts for one in self.money.pay(person, amount, paid, now)]
        earned = sum(paid for amount, paid in amounts if amount.side == "earn")
        for add in (add for part in parts for add in part.adds):
            self.values.add_to(person, add.attribute, earned // MILLIONTHS if add.earned else add.number, now)
        for number, name in enumerate(name for part in parts for name in part.refer):
            self.refer(person, name, draws.child_key(person.key, self.values.codes[decision], counter << 8 | number))
        return booked

    def regroup(self, person: Person) -> None:
        """Let a person stand in the group that their attributes say, and so what accrues."""
        group = self.books.group(person)
        if group != person.group:
            self.books.move(person.where.name, person.group, self.now, -1)
            self.books.move(person.where.name, group, self.now, +1)
            person.group = group
            self.money.review(person, self.now)

    def refer(self, person: Person, channel_name: str, key: int) -> None:
        """Bring a new person: who that is depends on the referrer, the event and its firing alone."""
        index = self.channels[channel_name]
        if self.journey.channels[index].removed or self.now >= self.horizon:
            return
        person.referrals += 1
        if person.acquired >= 0:
            self.books.follow("invited", person.acquired, self.now, person.cohort_group, 1)
        self.start(child := person.child(key, index, self.now), self.journey.channels[index])
        if not person.has_gone:
            person.referred.append(child)

    def log(self, person: Person, stage: str, event: str, outcome: str, to: str) -> None:
        """Write a line of the event log, where one is kept."""
        if self.event_rows is not None and self.now < self.horizon:
            self.event_rows.append((self.now, person.key, person.step, stage, event, outcome, to))
        person.step += 1
