"""The reference engine: SimPy, one process per person, the executable definition of the semantics.

It shares draws, quantile tables and rate values with any other engine; all else is written out here
and in the rooms beside it.

Order within a person: the earliest clock fires. Ties go to a ``when``, then to the sets in file order,
then the stage, there to the event declared first. A firing draws its outcome and amounts from the
state before; then come the event's effects, the outcome's effects (sets, adds, money), referrals, and
the move. After that whatever depends on what has changed goes on anew: clocks, accruing money,
recurring revenue. Where time alone changes a rate, what depends on it looks again by itself: a clock
in its turn, accruing money before any clock. Between people, at one instant: channels, then people in order of birth.
"""

from __future__ import annotations

from collections.abc import Generator

import simpy
from simpy.events import EventPriority

from flywheel_sim.engine.arrivals import strangers
from flywheel_sim.engine.books import Books
from flywheel_sim.engine.clocks import Clocks
from flywheel_sim.engine.limits import too_many_events, too_many_people, too_many_visits
from flywheel_sim.engine.money import Booked, Money
from flywheel_sim.engine.person import Clock, Person, Sponsor
from flywheel_sim.engine.values import Values
from flywheel_sim.ledger import Layout, Ledger
from flywheel_sim.model import draws
from flywheel_sim.scenario.journey import REFERRER, Channel, Effects, Journey, Stage, StageSet
from flywheel_sim.scenario.units import NEVER

NONE, PRESENT, GONE = range(len(REFERRER))


class Wake(simpy.Event):
    """An alarm that rings after a time; of those that ring at once, the lowest priority first."""

    def __init__(self, env: simpy.Environment, delay: int, priority: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, EventPriority(priority), delay)


class Reference:
    """One run of a journey; call `run` once.

    Attributes
    ----------
    people_rows, event_rows
        After the run, where asked for: people, and lines of the log as (time, person key, step, stage,
        event, outcome, to).
    """

    def __init__(
        self,
        journey: Journey,
        seed: int,
        replication: int,
        people: bool,
        events: bool,
        max_people: int,
        max_events: int = 10**12,
    ) -> None:
        self.journey, self.horizon = journey, journey.horizon
        self.max_people, self.n_people = max_people, 0
        self.max_events, self.n_events = max_events, 0
        self.env = simpy.Environment(initial_time=0)
        self.now = 0  # the environment's clock, as every process finds it when it wakes
        self.stages = {stage.name: stage for stage in journey.stages}
        self.numbers = {stage.name: index for index, stage in enumerate(journey.stages)}
        self.inside = {name: tuple(s for s in journey.sets if name in s.stages) for name in self.stages}
        self.channels = {channel.name: index for index, channel in enumerate(journey.channels)}
        self.values = Values(journey, seed, replication)
        self.clocks = Clocks(journey, self.values)
        self.books = Books(Layout.of(journey), journey)
        self.money = Money(journey, self.values, self.books)
        self.people_rows: list[Person] | None = [] if people else None
        self.event_rows: list[tuple[int, int, int, str, str, str, str]] | None = [] if events else None

    def run(self) -> Ledger:
        """Return the ledger of the run."""
        for index, channel in enumerate(self.journey.channels):
            if not channel.removed and channel.kind != "referral":
                self.env.process(self.arrivals(index, channel))
        self.env.run()
        return self.books.ledger(self.n_events)

    # -- arrivals ---------------------------------------------------------------------------------

    def arrivals(self, index: int, channel: Channel) -> Generator[simpy.Event, None, None]:
        """Be one channel: bring people over time, in batches, or as already there."""
        root, n = draws.name_key(channel.name), 0
        if channel.kind == "rate":
            for at, key in strangers(channel, root, self.values, self.horizon):
                yield Wake(self.env, at - int(self.env.now), 0)
                self.now = at
                self.books.arrival_cost(index, channel, at)
                self.start(Person(key, index, at), channel)
            return
        for at in (0,) if channel.kind == "present" else channel.times:
            yield Wake(self.env, at - int(self.env.now), 0)
            self.now = at
            for _ in range(channel.count):
                self.start(Person(draws.child_key(root, 0, n), index, at), channel)
                n += 1

    def start(self, person: Person, channel: Channel) -> simpy.Process:
        """Let a person begin to live; return the process."""
        self.n_people += 1
        if self.n_people > self.max_people:
            raise too_many_people(self.max_people)
        return self.env.process(self.live(person, channel, self.n_people))

    def happened(self) -> None:
        """Count an arrival or a firing."""
        self.n_events += 1
        if self.n_events > self.max_events:
            raise too_many_events(self.max_events)

    # -- lives ------------------------------------------------------------------------------------

    def live(self, person: Person, channel: Channel, birth: int) -> Generator[simpy.Event, None, None]:
        """Be one person, from arrival to the horizon or until nothing more can happen."""
        self.now = int(self.env.now)
        self.arrive(person, channel)
        while True:
            due = min(person.look_at, min((clock.due for clock in person.clocks), default=NEVER))
            changes = bool(person.clocks or person.stretches) and person.state["referrer"] == PRESENT
            if due >= self.horizon and not changes:
                break
            try:
                yield Wake(self.env, min(due, self.horizon) - int(self.env.now), 1 + birth)
            except simpy.Interrupt:  # the referrer goes
                self.now = int(self.env.now)
                person.state["referrer"] = GONE
                self.refresh(person)
                self.money.reckon(person, self.now)
                continue
            self.now = int(self.env.now)
            if self.now >= self.horizon:
                break
            clock = min(person.clocks, key=lambda c: (c.due, c.order), default=None)
            if clock is None or person.look_at <= self.now:
                self.money.review(person, self.now)
                self.money.reckon(person, self.now)
            elif clock.looks:
                self.clocks.refresh(person, clock, self.now)
            else:
                self.happened()
                self.settle(person, clock)
        self.money.close(person, self.horizon)
        self.books.unfinished(person.where.name, self.horizon - person.entered)

    def arrive(self, person: Person, channel: Channel) -> None:
        """Come: attributes are taken over, drawn or start; the channel sets its own; then enter."""
        present, stage = channel.kind == "present", self.stages[channel.enters]
        state, now = person.state, self.now
        inherited = {name: state[name] for name in channel.inherits if name in state}
        state.update(channel=person.channel, generation=person.generation, calendar=0, stage=self.numbers[stage.name])
        state.setdefault("referrer", NONE)
        self.values.start(person, inherited, now)
        for one in channel.sets:
            self.values.set_to(person, one, 0, now)
        person.group = person.mrr_group = self.books.group(person)
        how = "present" if present else "referred" if person.sponsor else "arrived"
        self.books.count_role(how, person.group, now)
        self.books.generation("people", person.generation, 1)
        self.happened()
        self.log(person, "", how, "", channel.enters)
        if self.people_rows is not None:
            self.people_rows.append(person)
        at_once = self.enter(person, stage, None, present)
        self.money.reckon(person, now)
        self.settle(person, at_once)

    def refresh(self, person: Person, fired: Clock | None = None) -> None:
        """Let everything go on with what it depends on as it is now, but for a clock that is firing."""
        for clock in person.clocks:
            if clock is not fired:
                self.clocks.refresh(person, clock, self.now)
        self.money.review(person, self.now)

    def settle(self, person: Person, clock: Clock | None) -> None:
        """Fire a clock, and whatever is then decided at once."""
        while clock is not None:
            clock = self.fire(person, clock)

    # -- stages -----------------------------------------------------------------------------------

    def move(self, person: Person, stage: Stage, fired: Clock) -> Clock | None:
        """Leave a stage, with those of its sets that do not hold the next, and enter the next."""
        old, now = person.where, self.now
        self.money.close(person, now)
        staying = {one.name for one in self.inside[old.name]} & {one.name for one in self.inside[stage.name]}
        person.clocks = [clock for clock in person.clocks if clock.owner in staying]
        self.books.move(old.name, person.group, now, -1)
        if old.role != stage.role and stage.role != "customer":
            person.invoices.clear()
        return self.enter(person, stage, fired)

    def enter(self, person: Person, stage: Stage, fired: Clock | None, present: bool = False) -> Clock | None:
        """Enter a stage: visits, roles, effects of entry, accruals, clocks; return what is decided at once."""
        now, old = self.now, person.stage
        held = {one.name for one in self.inside[old.name]} if old else set()
        new: tuple[StageSet | Stage, ...] = (*(s for s in self.inside[stage.name] if s.name not in held), stage)
        person.stage, person.entered = stage, now
        person.state["stage"] = self.numbers[stage.name]
        for owner in new:
            visit = person.visits[owner.name] = person.visits.get(owner.name, -1) + 1
            if visit >= draws.MAX_VISITS:
                raise too_many_visits(owner.name)
        self.books.move(stage.name, person.group, now, +1)
        self.change_role(person, old, stage, present)
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
        wound = [clock for owner in new for clock in self.clocks.made(owner)]
        if wound and wound[-1].event.at_once:
            person.clocks += wound[:-1]
            self.wind(person, wound[:-1], present)
            return wound[-1]
        person.clocks += wound
        self.wind(person, wound, present)
        return None

    def wind(self, person: Person, clocks: list[Clock], present: bool) -> None:
        """Wind new clocks."""
        for clock in clocks:
            self.clocks.wind(person, clock, self.now, present)

    def change_role(self, person: Person, old: Stage | None, new: Stage, present: bool) -> None:
        """Count what it means to change roles: an acquisition, a churn, a win-back; the referrer who goes."""
        now, books = self.now, self.books
        was, is_ = old is not None and old.role == "customer", new.role == "customer"
        if not person.was_customer and (old is not None and old.role == "aside") != (new.role == "aside"):
            books.count_role("set_aside", person.group, now, +1 if new.role == "aside" else -1)
        if present:
            person.was_customer = is_ or new.role == "lapsed"
        elif is_ and not was:
            books.count_role("won_back" if person.was_customer else "acquired", person.group, now)
            if not person.was_customer:
                self.acquire(person)
            elif person.acquired >= 0:
                books.cohort("lost", person.acquired, now, -1)
            person.was_customer = True
        elif was and not is_:
            books.count_role("churned", person.group, now)
            if person.churned < 0:
                person.churned = now
            if person.acquired >= 0:
                books.cohort("lost", person.acquired, now, +1)
        if old is not None and old.role in ("customer", "aside") and new.role != old.role and not person.has_gone:
            person.has_gone = True
            for child in person.referred:
                if child.is_alive:
                    child.interrupt()
            person.referred = []

    def acquire(self, person: Person) -> None:
        """Make a customer of a person for the first time."""
        now, books, sponsor = self.now, self.books, person.sponsor
        person.acquired, person.cohort_group = now, person.group
        books.cohort("acquired", now, now, 1)
        books.follow("acquired", now, now, person.group, 1)
        books.follow("delay", now, now, person.group, now - person.born)
        books.generation("acquired", person.generation, 1)
        if sponsor is None:
            books.follow("roots", now, now, person.group, 1)
        elif sponsor.acquired >= 0:
            books.follow("converted", sponsor.acquired, now, sponsor.group, 1)
            books.generation("gaps", person.generation, 1)
            books.generation("gap", person.generation, now - sponsor.acquired)

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
            if person.state != before:
                self.refresh(person, clock)
            if not event.at_once:
                self.clocks.fired(person, clock, now)
        self.money.credit(person, booked, now)
        self.money.reckon(person, now)
        return at_once

    def apply(self, person: Person, parts: tuple[Effects, ...], decision: str, counter: int) -> list[Booked]:
        """Apply the effects of one firing, the event's and then the outcome's; return the money booked.

        Amounts are taken from the state before. The money is credited to the person's cohort by whoever
        calls: on entry at once; that of an event when the move is over, so that the sale that wins a
        customer counts for the customer.
        """
        now, booked = self.now, []
        amounts = self.money.amounts(parts, person, counter, now)
        earned = sum(
            minor
            for part, paid in zip(parts, amounts, strict=True)
            for amount, minor in zip(part.money, paid, strict=True)
            if amount.side == "earn"
        )
        for part, paid in zip(parts, amounts, strict=True):
            for one in part.sets:
                self.values.set_to(person, one, counter, now)
            for add in part.adds:
                number = earned // 10**self.journey.minor_digits if add.earned else add.number
                self.values.add_to(person, add.attribute, number)
            if part.sets:
                self.regroup(person)
            booked += [
                self.money.pay(person, amount, minor, now) for amount, minor in zip(part.money, paid, strict=True)
            ]
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
        channel = self.journey.channels[index]
        if channel.removed:
            return
        person.referrals += 1
        if person.acquired >= 0:
            self.books.follow("invited", person.acquired, self.now, person.cohort_group, 1)
        sponsor = Sponsor(person.key, person.acquired, person.cohort_group, *person.root())
        child = Person(key, index, self.now, person.generation + 1, sponsor, state=dict(person.state))
        child.state["referrer"] = GONE if person.has_gone else PRESENT
        process = self.start(child, channel)
        if not person.has_gone:
            person.referred.append(process)

    def log(self, person: Person, stage: str, event: str, outcome: str, to: str) -> None:
        """Write a line of the event log, where one is kept."""
        if self.event_rows is not None:
            self.event_rows.append((self.now, person.key, person.step, stage, event, outcome, to))
        person.step += 1
