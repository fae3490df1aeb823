"""Queues of the reference engine: who asks, who waits, who is served, and who is next.

Somebody served frees a server, and whoever is first in the queue has it at once: by priority, then by
when they asked, then by birth. Service that has started goes on, even when there are then fewer servers.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable

from flywheel_sim.engine.reference.books import OpenBooks
from flywheel_sim.engine.reference.clocks import Clocks
from flywheel_sim.engine.reference.person import Clock, Person
from flywheel_sim.journey.events import Staff
from flywheel_sim.journey.journey import Journey, Resource
from flywheel_sim.ledger import GAVE_UP, TURNED_AWAY

#: A place in a queue: (priority, time of asking, birth of who asks), the person, the clock.
Place = tuple[tuple[int, int, int], Person, Clock]


class Team:
    """One resource and its queue.

    Attributes
    ----------
    capacity, changed
        How many can be served at a time, and since when.
    queue
        Who waits, first come first.
    serving
        The clocks being served, and since when.
    """

    def __init__(
        self, index: int, resource: Resource, clocks: Clocks, books: OpenBooks, plan: Callable[[Person], None]
    ) -> None:
        self.index, self.resource = index, resource
        self.clocks, self.books, self.plan = clocks, books, plan
        self.capacity, self.changed = 0, 0
        self.queue: list[Place] = []
        self.serving: dict[Clock, int] = {}

    def staff(self, people: int, now: int) -> None:
        """Let there be so many people to serve others, from now on."""
        self.capacity, self.changed = people, now
        self.serve_next(now)

    def ask(self, person: Person, clock: Clock, now: int) -> None:
        """Ask to be served: be served, be turned away or wait."""
        staff, limit = staff_of(clock), self.resource.queue_limit
        clock.asked = now
        if person.first_asked < 0:
            person.first_asked = now
        self.books.queued(self.index, "asked", now)
        if len(self.serving) < self.capacity:
            self.start(person, clock, now)
        elif staff.gives_up is not None and limit is not None and len(self.queue) >= limit:
            self.books.queued(self.index, "turned_away", now)
            self.clocks.schedule(person, clock, now, phase="turned away")
        else:
            self.books.load(self.index, "waiting", now, +1)
            insort(self.queue, ((staff.priority, now, person.birth), person, clock), key=lambda place: place[0])
            self.clocks.schedule(person, clock, now, phase="waiting")

    def start(self, person: Person, clock: Clock, now: int) -> None:
        """Begin a service."""
        wait, books = now - clock.asked, self.books
        self.serving[clock] = now
        books.load(self.index, "served", now, +1)
        books.queued(self.index, "started", now)
        books.queued(self.index, "wait", now, wait)
        if wait == 0:
            books.queued(self.index, "at_once", now)
        if self.resource.target is not None and wait <= self.resource.target:
            books.queued(self.index, "within", now)
        books.waited(self.index, wait)
        if not person.contacted:
            person.contacted = True
            books.queued(self.index, "contacts", now)
            books.queued(self.index, "contact_time", now, now - person.first_asked)
            books.met(now - person.first_asked)
        self.clocks.schedule(person, clock, now, phase="served")

    def leave(self, clock: Clock, how: str, waited: str, now: int) -> None:
        """Give up a place in the queue; ``how`` and ``waited`` are the measures that say so."""
        self.queue = [place for place in self.queue if place[2] is not clock]
        clock.phase = ""
        self.books.load(self.index, "waiting", now, -1)
        self.books.queued(self.index, how, now)
        self.books.queued(self.index, waited, now, now - clock.asked)

    def free(self, clock: Clock, how: str, now: int) -> None:
        """End a service, or break it off; ``how`` is the measure that says so."""
        clock.phase = ""
        del self.serving[clock]
        self.books.load(self.index, "served", now, -1)
        self.books.queued(self.index, how, now)
        self.serve_next(now)

    def serve_next(self, now: int) -> None:
        """Begin services as long as there is somebody to serve and somebody waits."""
        while self.queue and len(self.serving) < self.capacity:
            _, person, clock = self.queue.pop(0)
            self.books.load(self.index, "waiting", now, -1)
            self.start(person, clock, now)
            self.plan(person)


class Staffing:
    """All resources of a run; ``plan`` lets somebody else than who takes a step plan anew."""

    def __init__(self, journey: Journey, clocks: Clocks, books: OpenBooks, plan: Callable[[Person], None]) -> None:
        self.teams = [Team(index, one, clocks, books, plan) for index, one in enumerate(journey.resources)]
        self.by_name = {team.resource.name: team for team in self.teams}

    def team_of(self, clock: Clock) -> Team:
        """Return who serves before the event of a clock happens."""
        return self.by_name[staff_of(clock).resource]

    def ask(self, person: Person, clock: Clock, now: int) -> None:
        """Ask to be served."""
        self.team_of(clock).ask(person, clock, now)

    def give_up(self, clock: Clock, now: int) -> tuple[str, str]:
        """Give up waiting, or turn away from a full queue; return the outcome and the stage it leads to."""
        to, how = staff_of(clock).gives_up, TURNED_AWAY
        assert to is not None, "whoever cannot give up waits"
        if clock.phase == "waiting":
            self.team_of(clock).leave(clock, "gave_up", "wait_given_up", now)
            how = GAVE_UP
        return how, to

    def release(self, clocks: list[Clock], fired: Clock, now: int) -> None:
        """Give up the places of clocks in queues, then free their servers; that of a clock that fires has served."""
        for clock in clocks:
            if clock.phase == "waiting":
                self.team_of(clock).leave(clock, "withdrew", "wait_withdrawn", now)
        for clock in sorted((one for one in clocks if one.phase == "served"), key=lambda one: one.place):
            self.team_of(clock).free(clock, "ended" if clock is fired else "broken_off", now)


def staff_of(clock: Clock) -> Staff:
    """Return who serves before the event of a clock happens."""
    assert clock.event.staff is not None
    return clock.event.staff
