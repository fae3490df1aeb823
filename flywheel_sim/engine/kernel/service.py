"""Kernel: service. Asking for it, waiting, being served, giving up, and leaving."""

from __future__ import annotations

from flywheel_sim.compile import draws
from flywheel_sim.compile.cache import inlined, inner
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.agenda import plan_anew
from flywheel_sim.engine.kernel.memory import add, ld, st
from flywheel_sim.engine.kernel.timers import end_clock, schedule, stand_still
from flywheel_sim.ledger import LOAD, QUEUE, WAIT_CELLS

_N_QUEUE, _N_LOAD, _WAIT_CELLS = len(QUEUE), len(LOAD), WAIT_CELLS
(
    _ASKED, _TURNED_AWAY, _STARTED, _AT_ONCE, _WITHIN, _WAIT, _GAVE_UP, _WAIT_GIVEN_UP, _WITHDREW, _WAIT_WITHDRAWN,
    _ENDED, _BROKEN_OFF, _CONTACTS, _CONTACT_TIME,
) = range(_N_QUEUE)  # fmt: skip
_WAITING, _SERVED = range(_N_LOAD)


@inlined
def tally(mem, z, measure, amount):  # type: ignore[no-untyped-def]
    """Add to a measure of what happens at a resource."""
    row = ld(mem, w.H_PERIOD) * ld(mem, w.H_N_RESOURCES) + ld(mem, z + w.Z_NUMBER)
    add(mem, ld(mem, w.H_QUEUE) + row * _N_QUEUE + measure, amount)


@inlined
def count_load(mem, z, measure, sign, now):  # type: ignore[no-untyped-def]
    """Count somebody who begins (+1) or ceases (-1) to wait or to be served, with the time to the period's end."""
    period = ld(mem, w.H_PERIOD)
    at = (period * ld(mem, w.H_N_RESOURCES) + ld(mem, z + w.Z_NUMBER)) * _N_LOAD + measure
    add(mem, ld(mem, w.H_BACKLOG) + at, sign)
    add(mem, ld(mem, w.H_LOAD) + at, sign * (ld(mem, ld(mem, w.H_PERIOD_ENDS) + period) - now))
    add(mem, z + (w.Z_WAITING if measure == _WAITING else w.Z_SERVED), sign)


@inner
def serve(mem, p, service, now):  # type: ignore[no-untyped-def]
    """Begin to serve somebody."""
    z, place = ld(mem, service + w.SERVICE_RESOURCE), p + ld(mem, service + w.SERVICE_PLACE)
    count_load(mem, z, _SERVED, 1, now)
    st(mem, place + w.X_STATE, w.SERVED_THERE)
    waited = now - ld(mem, place + w.X_SINCE)
    tally(mem, z, _STARTED, 1)
    tally(mem, z, _WAIT, waited)
    if waited == 0:
        tally(mem, z, _AT_ONCE, 1)
    if waited <= ld(mem, z + w.Z_TARGET):
        tally(mem, z, _WITHIN, 1)
    add(mem, ld(mem, w.H_WAITS) + ld(mem, z + w.Z_NUMBER) * _WAIT_CELLS + draws.wait_cell(waited), 1)
    if ld(mem, p + w.B_CONTACTED) == 0:
        st(mem, p + w.B_CONTACTED, 1)
        since = now - ld(mem, p + w.B_ASKED)
        tally(mem, z, _CONTACTS, 1)
        tally(mem, z, _CONTACT_TIME, since)
        add(mem, ld(mem, w.H_CONTACT) + draws.wait_cell(since), 1)
    gives_up = ld(mem, service + w.SERVICE_GIVES_UP)
    if gives_up:
        end_clock(mem, p, gives_up)
    run(mem, p, service, ld(mem, service + w.SERVICE_SERVES), now)


@inlined
def run(mem, p, service, c, now):  # type: ignore[no-untyped-def]
    """Start one of the clocks of a service, for the same firing as the clock that asked."""
    asks = ld(mem, service + w.SERVICE_ASKS)
    schedule(mem, p, c, now, ld(mem, p + ld(mem, asks + w.C_AT) + w.L_FIRING), False)


@inlined
def queue_up(mem, p, service, place, now):  # type: ignore[no-untyped-def]
    """Take a place in the queue: by priority, time of asking, and birth."""
    ends = ld(mem, ld(mem, service + w.SERVICE_RESOURCE) + w.Z_CLASSES) + 2 * ld(mem, service + w.SERVICE_CLASS)
    born, before = ld(mem, p + w.B_ORDER), ld(mem, ends + 1)
    while before and ld(mem, before + w.X_SINCE) == now and born < ld(mem, ld(mem, before + w.X_PERSON) + w.B_ORDER):
        before = ld(mem, before + w.X_BEFORE)
    after = ld(mem, before + w.X_NEXT) if before else ld(mem, ends)
    st(mem, place + w.X_BEFORE, before)
    st(mem, place + w.X_NEXT, after)
    st(mem, before + w.X_NEXT if before else ends, place)
    st(mem, after + w.X_BEFORE if after else ends + 1, place)


@inner
def leave_queue(mem, place, now):  # type: ignore[no-untyped-def]
    """Leave the queue."""
    service = ld(mem, place + w.X_SERVICE)
    z = ld(mem, service + w.SERVICE_RESOURCE)
    ends = ld(mem, z + w.Z_CLASSES) + 2 * ld(mem, service + w.SERVICE_CLASS)
    before, after = ld(mem, place + w.X_BEFORE), ld(mem, place + w.X_NEXT)
    st(mem, before + w.X_NEXT if before else ends, after)
    st(mem, after + w.X_BEFORE if after else ends + 1, before)
    count_load(mem, z, _WAITING, -1, now)


@inner
def ask(mem, p, service, now):  # type: ignore[no-untyped-def]
    """Ask for service: begin at once, be turned away, or wait."""
    z, place = ld(mem, service + w.SERVICE_RESOURCE), p + ld(mem, service + w.SERVICE_PLACE)
    asks, gives_up = ld(mem, service + w.SERVICE_ASKS), ld(mem, service + w.SERVICE_GIVES_UP)
    st(mem, p + ld(mem, asks + w.C_DUE), w.BIG)
    st(mem, p + ld(mem, asks + w.C_AT) + w.L_MODE, w.ASKED)
    st(mem, place + w.X_SINCE, now)
    tally(mem, z, _ASKED, 1)
    if ld(mem, p + w.B_ASKED) < 0:
        st(mem, p + w.B_ASKED, now)
    limit = ld(mem, z + w.Z_LIMIT)
    if ld(mem, z + w.Z_SERVED) < ld(mem, z + w.Z_PEOPLE):
        serve(mem, p, service, now)
    elif gives_up and 0 <= limit <= ld(mem, z + w.Z_WAITING):
        tally(mem, z, _TURNED_AWAY, 1)
        st(mem, place + w.X_STATE, w.TURNED_AWAY)
        st(mem, p + ld(mem, gives_up + w.C_DUE), now)
        st(mem, p + ld(mem, gives_up + w.C_AT) + w.L_MODE, w.ASKED)  # and nothing moves it
    else:
        st(mem, place + w.X_STATE, w.WAITING_THERE)
        queue_up(mem, p, service, place, now)
        count_load(mem, z, _WAITING, 1, now)
        if ld(mem, service + w.SERVICE_PATIENCE):
            run(mem, p, service, gives_up, now)


@inner
def serve_next(mem, z, now):  # type: ignore[no-untyped-def]
    """Serve whoever is next, while there are people to serve them."""
    while ld(mem, z + w.Z_WAITING) > 0 and ld(mem, z + w.Z_SERVED) < ld(mem, z + w.Z_PEOPLE):
        ends = ld(mem, z + w.Z_CLASSES)
        while ld(mem, ends) == 0:
            ends += 2
        place = ld(mem, ends)
        p = ld(mem, place + w.X_PERSON)
        leave_queue(mem, place, now)
        serve(mem, p, ld(mem, place + w.X_SERVICE), now)
        if p != ld(mem, w.H_ACTOR):
            plan_anew(mem, p)


@inner
def end_service(mem, place, measure, now):  # type: ignore[no-untyped-def]
    """End a service, one way or another, and serve the next."""
    z = ld(mem, ld(mem, place + w.X_SERVICE) + w.SERVICE_RESOURCE)
    st(mem, place + w.X_STATE, w.AWAY)
    tally(mem, z, measure, 1)
    count_load(mem, z, _SERVED, -1, now)
    serve_next(mem, z, now)


@inner
def served(mem, p, c, now):  # type: ignore[no-untyped-def]
    """End the service after which somebody stays, if a clock ends one."""
    service = ld(mem, c + w.C_SERVICE)
    if service and ld(mem, c + w.C_PART) == w.IS_SERVED:
        end_service(mem, p + ld(mem, service + w.SERVICE_PLACE), _ENDED, now)


@inner
def leave_services(mem, p, to, c, now):  # type: ignore[no-untyped-def]
    """Give up, on a move by a clock, the places in queues and then the services of all clocks that end with it."""
    stage, mask = ld(mem, p + w.B_ROW), ld(mem, ld(mem, w.H_STAGE_ROWS) + to * w.STAGE + w.G_MASK)
    n, services = ld(mem, stage + w.G_SERVICES_N), ld(mem, stage + w.G_SERVICES)
    for i in range(n):
        service = ld(mem, services + i)
        place, bit = p + ld(mem, service + w.SERVICE_PLACE), ld(mem, service + w.SERVICE_BIT)
        state, gives_up = ld(mem, place + w.X_STATE), c > 0 and c == ld(mem, service + w.SERVICE_GIVES_UP)
        if state != w.SERVED_THERE and (gives_up or bit < 0 or mask >> bit & 1 == 0):
            st(mem, place + w.X_STATE, w.AWAY)
            if state == w.WAITING_THERE:
                z, waited = ld(mem, service + w.SERVICE_RESOURCE), now - ld(mem, place + w.X_SINCE)
                leave_queue(mem, place, now)
                tally(mem, z, _GAVE_UP if gives_up else _WITHDREW, 1)
                tally(mem, z, _WAIT_GIVEN_UP if gives_up else _WAIT_WITHDRAWN, waited)
    for i in range(n):
        service = ld(mem, services + i)
        place, bit = p + ld(mem, service + w.SERVICE_PLACE), ld(mem, service + w.SERVICE_BIT)
        over = c > 0 and c == ld(mem, service + w.SERVICE_SERVES)
        if ld(mem, place + w.X_STATE) == w.SERVED_THERE and (over or bit < 0 or mask >> bit & 1 == 0):
            end_service(mem, place, _ENDED if over else _BROKEN_OFF, now)


@inner
def start_clock(mem, p, c, now, present):  # type: ignore[no-untyped-def]
    """Start a clock of a stage or set just entered; where staff serve on entry, ask."""
    service, first = ld(mem, c + w.C_SERVICE), ld(mem, c + w.C_FIRST)
    if service == 0:
        schedule(mem, p, c, now, first, present)
    elif ld(mem, c + w.C_PART) == w.ASKS:
        place = p + ld(mem, service + w.SERVICE_PLACE)
        st(mem, place + w.X_STATE, w.AWAY)
        st(mem, place + w.X_PERSON, p)
        st(mem, place + w.X_SERVICE, service)
        end_clock(mem, p, ld(mem, service + w.SERVICE_SERVES))
        if ld(mem, service + w.SERVICE_GIVES_UP):
            end_clock(mem, p, ld(mem, service + w.SERVICE_GIVES_UP))
        if ld(mem, w.H_AFTER):
            stand_still(mem, p, c)
        elif ld(mem, c + w.C_KIND) == w.K_ENTRY:
            st(mem, p + ld(mem, c + w.C_AT) + w.L_FIRING, first)
            ask(mem, p, service, now)
        else:
            schedule(mem, p, c, now, first, present)
