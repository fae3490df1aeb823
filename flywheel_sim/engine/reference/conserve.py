"""Conservation laws: what has to hold after everything that happens in the reference engine, or the engine is wrong.

Everything is counted a second time from the people alive, and compared with the books: who is where, what
they have earned and cost, who waits and who is served, whom the market holds, and what all share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from flywheel_sim.engine.reference.engine import Reference
from flywheel_sim.engine.reference.money import price_of
from flywheel_sim.engine.reference.person import Clock, Person
from flywheel_sim.engine.reference.shared import weight
from flywheel_sim.engine.reference.staff import Team, staff_of
from flywheel_sim.errors import SimulationError
from flywheel_sim.ledger import LOAD, MRR, QUEUE, ROLE_FLOWS

#: Flows by which people come.
COMING = ("arrived", "referred", "present")


def check(run: Reference) -> None:
    """Check a run as it stands between two events.

    Raises
    ------
    SimulationError
        If anything does not hold: names what, and when, in ms from the start.
    """
    if any(_stopped(person) for person in run.people):
        return
    _stocks(run)
    _flows(run)
    _clocks(run)
    _accounts(run)
    _recurring(run)
    _accruals(run)
    _market(run)
    _shared(run)
    for team in run.staff.teams:
        _queue(run, team)
        _servers(run, team)
        _services(run, team)
    _contacts(run)


def _stopped(person: Person) -> bool:
    """Tell whether a limit has stopped somebody in the middle of a step; SimPy raises it at a later one."""
    process = person.process
    return process is not None and process.triggered and not process.ok


def _same(run: Reference, what: str, booked: object, counted: object) -> None:
    """Raise an error unless what the books hold is what was counted."""
    if booked != counted:
        raise SimulationError(f"at {int(run.env.now)} ms {what}: the books hold {booked}, counted {counted}")


def _same_all(run: Reference, what: str, booked: Counter[Any], counted: Counter[Any]) -> None:
    """Raise an error at the first key where what the books hold is not what was counted."""
    for key in [*booked, *counted]:
        _same(run, f"{what} {key}", booked[key], counted[key])


def _sums(pairs: Iterable[tuple[Any, int]]) -> Counter[Any]:
    """Return the sum of all values of each key."""
    sums: Counter[Any] = Counter()
    for key, value in pairs:
        sums[key] += value
    return sums


def _held(people: Iterable[Person], phase: str, team: Team) -> list[tuple[Person, Clock]]:
    """Return the clocks of people that are in a phase at a resource."""
    return [
        (person, clock)
        for person in people
        for clock in person.clocks
        if clock.phase == phase and staff_of(clock).resource == team.resource.name
    ]


# -- people -----------------------------------------------------------------------------------------


def _stocks(run: Reference) -> None:
    """Check that everybody is in one stage, and counted there once, in their group."""
    _same(run, "people, each once,", len(run.people), len(set(map(id, run.people))))
    booked = _sums(((group, stage), n) for (_, group, stage), (n, _) in run.books.moves.items())
    counted = Counter((run.books.group(p), run.numbers[p.where.name]) for p in run.people)
    _same_all(run, "people in (group, stage)", booked, counted)


def _flows(run: Reference) -> None:
    """Check that the flows into each stage, less those out of it, make its stock."""
    layout = run.books.layout
    per_channel = len(layout.groups) // len(layout.channels)
    stocks: Counter[str] = Counter()
    for (_, group, flow), n in run.books.flow.items():
        stage, target = layout.flows[flow][0], layout.targets[flow]
        if flow < len(ROLE_FLOWS):
            if ROLE_FLOWS[flow] in COMING:
                stocks[layout.enters[group // per_channel]] += n
        elif target:
            stocks[stage] -= n
            stocks[target] += n
    _same_all(run, "flows into and out of", stocks, Counter(person.where.name for person in run.people))


def _clocks(run: Reference) -> None:
    """Check that nothing that was due has been passed over."""
    now = int(run.env.now)
    for person in run.people:
        due = min([person.look_at, *(clock.due for clock in person.clocks)])
        if due < min(now, run.horizon):
            raise SimulationError(f"at {now} ms a clock of person {person.birth} is overdue since {due} ms")


def _market(run: Reference) -> None:
    """Check that a finite market is touched by all who are kept, and that nobody is missed without one."""
    flows = _sums((ROLE_FLOWS[flow], n) for (_, _, flow), n in run.books.flow.items() if flow < len(ROLE_FLOWS))
    most, channels = run.journey.market, run.journey.channels
    if most is None:
        _same(run, "people missed without a market", flows["missed"], 0)
        return
    present = sum(one.count for one in channels if one.kind == "present" and not one.removed)
    _same(run, "people touched", run.market.touched, present + flows["arrived"] + flows["referred"])
    if run.market.touched > most:
        raise SimulationError(f"at {int(run.env.now)} ms market: {run.market.touched} people of {most} are touched")


# -- money ------------------------------------------------------------------------------------------


def _accounts(run: Reference) -> None:
    """Check that lines hold what accounts do, but for what accrues at prices the same for all, and what follows."""
    sides = _sums((run.books.layout.lines[line][0], paid) for (_, _, line), paid in run.books.money.items())
    for side, accounts in (
        ("earn", sum(person.revenue for person in run.people)),
        ("spend", sum(person.cost for person in run.people)),
    ):
        _same(
            run, f"money of '{side}'", sides.get(side, 0), accounts - run.money.accrued[side] - run.money.followed[side]
        )


def _recurring(run: Reference) -> None:
    """Check that movements of recurring revenue lead to what recurs, by group."""
    for person in run.people:
        if person.process is not None and person.process.is_alive:  # the books of others are closed
            _same(run, f"recurring revenue of person {person.birth}", person.mrr, run.money.recurring(person))
    booked = _sums((group, value) for (_, group, _), value in run.books.movements.items())
    _same_all(run, "recurring revenue of group", booked, _sums((p.mrr_group, p.mrr) for p in run.people))
    moved = sum(value for (_, _, measure), value in run.books.movements.items() if MRR[measure] == "transferred")
    _same(run, "recurring revenue transferred", moved, 0)


def _accruals(run: Reference) -> None:
    """Check that money accrues for as many people as it should."""
    begun = _sums((key, n) for key, periods in run.books.accruals.items() for n, _ in periods.values())
    counted = Counter(
        (stretch.place, stretch.cell, stretch.kind, stretch.group)
        for person in run.people
        for stretch in person.stretches
        if not price_of(stretch.amount).own
    )
    _same_all(run, "money accruing at", begun, counted)


# -- staff ------------------------------------------------------------------------------------------


def _queue(run: Reference, team: Team) -> None:
    """Check that the queue is in order, holds who waits, and is as long as the books say."""
    name = team.resource.name
    places = sorted((staff_of(clock).priority, clock.asked, person.birth) for _, person, clock in team.queue)
    _same(run, f"order of the queue at '{name}'", [place for place, _, _ in team.queue], places)
    queued = [(person.birth, clock.order) for _, person, clock in team.queue]
    waiting = [(person.birth, clock.order) for person, clock in _held(run.people, "waiting", team)]
    _same(run, f"places in the queue at '{name}'", sorted(queued), sorted(waiting))
    _same(run, f"backlog at '{name}'", _loaded(run, team, "waiting"), len(waiting))


def _servers(run: Reference, team: Team) -> None:
    """Check that as many are served as may be, and nobody waits beside a server without work."""
    name, busy = team.resource.name, len(team.serving)
    served = [clock for _, clock in _held(run.people, "served", team)]
    _same(run, f"people served at '{name}'", sorted(map(id, team.serving)), sorted(map(id, served)))
    _same(run, f"busy servers at '{name}'", _loaded(run, team, "served"), busy)
    late = sum(since >= team.changed for since in team.serving.values())
    if busy > team.capacity and late:
        message = f"'{name}' serves {busy} with a capacity of {team.capacity}, {late} of them begun since"
        raise SimulationError(f"at {int(run.env.now)} ms {message}")
    if busy < team.capacity and team.queue:
        message = f"{len(team.queue)} wait at '{name}', which serves {busy} of {team.capacity}"
        raise SimulationError(f"at {int(run.env.now)} ms {message}")


def _services(run: Reference, team: Team) -> None:
    """Check that all who asked are accounted for, and all services that began."""
    name = team.resource.name
    booked = dict.fromkeys(QUEUE, 0)
    for (_, resource, measure), n in run.books.queues.items():
        if resource == team.index:
            booked[QUEUE[measure]] += n
    ends = booked["started"] + booked["turned_away"] + booked["gave_up"] + booked["withdrew"] + len(team.queue)
    _same(run, f"people who asked at '{name}'", booked["asked"], ends)
    after = booked["ended"] + booked["broken_off"] + len(team.serving)
    _same(run, f"services started at '{name}'", booked["started"], after)
    cells = sum(n for (resource, _), n in run.books.waits.items() if resource == team.index)
    _same(run, f"waits at '{name}'", cells, booked["started"])


def _contacts(run: Reference) -> None:
    """Check that everybody ever served was contacted for the first time once."""
    contacts = QUEUE.index("contacts")
    met = sum(person.contacted for person in run.people)
    booked = sum(n for (_, _, measure), n in run.books.queues.items() if measure == contacts)
    _same(run, "first contacts", booked, met)
    _same(run, "times to first contact", sum(run.books.contacts.values()), met)


def _loaded(run: Reference, team: Team, measure: str) -> int:
    """Return how many wait or are served at a resource, by the books."""
    which = LOAD.index(measure)
    return sum(n for (_, index, kind), (n, _) in run.books.loads.items() if index == team.index and kind == which)


# -- what all share ---------------------------------------------------------------------------------


def _shared(run: Reference) -> None:
    """Check the sums and numbers of attributes that all share."""
    for index, (name, shared) in enumerate(run.shared.all.items()):
        inside = [person for person in run.people if person.where.name in shared.stages]
        counted = (sum(weight(shared, person.state) for person in inside), len(inside))
        _same(run, f"sum and number of '{name}'", (run.shared.sums[name], run.shared.counts[name]), counted)
        booked = [
            sum(n for (_, which, part), n in run.shared.changes.items() if which == index and part == kind)
            for kind in (0, 1)
        ]
        _same(run, f"changes of '{name}'", tuple(booked), counted)
