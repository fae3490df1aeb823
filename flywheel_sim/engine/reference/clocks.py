"""How clocks of the reference engine are started, and how they go on when what they depend on changes.

A clock is due at an instant: there it fires, or it only looks again because a rate changes with time.
Fixed and drawn waits keep their length. A memoryless wait keeps the unit-exponential work that is
left and runs it down at the present rate. A ``when`` is due at the first instant at which its
conditions hold; once it has fired it is spent until they are found not to hold. The clock of an event
that staff serve goes on, when its own wait is over, with the patience of who waits and then with the
service: waits like any other.
"""

from __future__ import annotations

from flywheel_sim.compile import draws
from flywheel_sim.engine.limits import too_many_firings
from flywheel_sim.engine.reference.person import Clock, Person
from flywheel_sim.engine.reference.values import Values
from flywheel_sim.journey.journey import Journey, Stage, StageSet
from flywheel_sim.journey.units import NEVER


class Clocks:
    """The clocks of one run."""

    def __init__(self, journey: Journey, values: Values) -> None:
        self.values, self.longest = values, journey.longest
        self.staff_stand_still = False
        self.rank = {one.name: index for index, one in enumerate(journey.sets)}

    def clocks_of(self, owner: Stage | StageSet) -> list[Clock]:
        """Return the clocks of a stage or set, not yet scheduled; one for what is decided at once."""
        clocks = []
        rank = self.rank.get(owner.name, len(self.rank))
        for place, event in enumerate(owner.events):
            if event.staff is not None and self.staff_stand_still:
                continue
            label = f"{owner.name}.{event.name}" if owner.name in self.rank else event.name
            for item, wait in enumerate(event.waits or (None,)):
                order = (0 if event.when else 1, rank, place, item)
                clocks.append(Clock(owner.name, event, label, order, wait, firing=item))
        return clocks

    def schedule(self, person: Person, clock: Clock, now: int, present: bool = False, phase: str = "") -> None:
        """Schedule a clock for a phase: draw its wait, and with its own wait the word that will decide its outcome."""
        clock.phase, clock.standing, clock.looks = phase, False, False
        if not phase:
            clock.word, clock.spent = -1, False
        wait, values = clock.running, self.values
        if wait is None:
            if not phase:
                clock.due = values.earliest(person.state, clock.event.when, now)
            else:
                clock.due = now if phase == "turned away" else NEVER
            return
        counter = person.visits[clock.owner] << 20 | clock.firing
        if wait.kind == "at":
            instant = int(min(values.value(wait.params[0], person, now), float(self.longest)))
            clock.due = instant if instant >= now else NEVER
        elif wait.kind == "fixed":
            clock.standing = True
            self.start(person, clock, now)
            if present and clock.event.recurring and not clock.standing:
                period = values.value(wait.params[0], person, now)
                _, uniform = values.luck(person, clock.event.decision, counter)
                clock.due = now + draws.uniform_wait(uniform, 0.0, period, self.longest)
        else:
            word, uniform = values.luck(person, clock.decision, counter)
            clock.word = clock.word if phase else word
            if wait.kind == "memoryless":
                clock.work = draws.unit_exponential(uniform)
                clock.rate, clock.since = values.value(wait.params[0], person, now), now
                self.schedule_memoryless(person, clock, now)
            else:
                clock.due = now + draws.whole_ms(values.sample(wait, uniform, person, now), self.longest)

    def start(self, person: Person, clock: Clock, now: int) -> None:
        """Let a standing fixed clock run if its wait has an end, and else look again when that may change."""
        assert clock.running is not None
        rate = clock.running.params[0]
        wait = self.values.value(rate, person, now)
        clock.standing = clock.looks = wait >= NEVER
        if clock.standing:
            clock.due = self.values.breakpoint(rate, person.state, now)
        else:
            clock.due = now + int(min(wait, float(self.longest)))

    def schedule_memoryless(self, person: Person, clock: Clock, now: int) -> None:
        """Let a memoryless clock be due when its work is done, or look again when its rate changes before."""
        assert clock.running is not None
        fires = clock.since + draws.memoryless_wait(clock.work, clock.rate, self.longest)
        change = self.values.breakpoint(clock.running.params[0], person.state, now)
        clock.looks = change <= fires
        clock.due = min(change, fires)

    def refresh(self, person: Person, clock: Clock, now: int) -> None:
        """Let a clock go on with what it depends on as it is now."""
        wait = clock.running
        if wait is None and not clock.phase:
            clock.spent = clock.spent and now < clock.due  # at its due, what it says has become true anew
            self.schedule_when(person, clock, now)
        elif clock.standing:
            self.start(person, clock, now)
        elif wait is not None and wait.kind == "memoryless":
            rate = self.values.value(wait.params[0], person, now)
            if rate != clock.rate:
                clock.work = draws.work_left(clock.work, clock.rate, now - clock.since)
                clock.rate, clock.since = rate, now
            self.schedule_memoryless(person, clock, now)

    def schedule_when(self, person: Person, clock: Clock, now: int) -> None:
        """Let a ``when`` be due when its conditions hold; a spent one, when they hold anew."""
        values, when = self.values, clock.event.when
        clock.due = values.earliest(person.state, when, now)
        if clock.spent and clock.due == now:
            clock.due = values.earliest(person.state, when, values.truth_ends(when, now))
        else:
            clock.spent = False

    def fired(self, person: Person, clock: Clock, now: int) -> None:
        """Schedule a recurring clock again that has fired, spend a ``when``, and put any other away."""
        if not clock.event.recurring and not clock.event.when:
            person.clocks.remove(clock)
            return
        clock.phase, clock.firing = "", clock.firing + 1
        if clock.firing >= draws.MAX_FIRINGS:
            raise too_many_firings(clock.event.decision)
        if clock.event.when:
            clock.spent = True
            self.schedule_when(person, clock, now)
        else:
            self.schedule(person, clock, now)
