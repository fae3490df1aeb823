"""The compiled engine for people who affect one another: one agenda for all, in order of time.

It follows the same rules as the reference engine. At an instant resources change, channels bring people,
those arrive, and then people take their steps in order of birth; whoever is brought in a step arrives
before the next. What a single life consists of is the same as where people live in waves.
"""

from __future__ import annotations

import numpy as np

from flywheel_sim.compile.cache import inlined, inner, jit, note_ready
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.agenda import (
    add_to_agenda,
    drop_top,
    fill_heap,
    holds,
    plan,
    plan_anew,
    top_order,
    top_time,
)
from flywheel_sim.engine.kernel.crowd import (
    arrivals_waiting,
    bring_stranger,
    forget,
    join_the_living,
    leave_the_living,
    next_arrival,
    orphan,
)
from flywheel_sim.engine.kernel.firing import fire, go, stay
from flywheel_sim.engine.kernel.lives import arrive, decide_at_once, finish, look_again
from flywheel_sim.engine.kernel.memory import add, ld, st
from flywheel_sim.engine.kernel.newcomers import coming, give_attributes
from flywheel_sim.engine.kernel.rates import crossed, luck, period_of, pick, stop
from flywheel_sim.engine.kernel.service import ask, serve_next
from flywheel_sim.engine.kernel.timers import refresh


@inner
def begin(mem):  # type: ignore[no-untyped-def]
    """Put everything on an empty agenda that is on it: changes of resources, what channels bring, and people."""
    first = ld(mem, w.H_BEGUN) == 0
    st(mem, w.H_BEGUN, 1)
    horizon, n_resources = ld(mem, w.H_HORIZON), ld(mem, w.H_N_RESOURCES)
    z = ld(mem, w.H_RESOURCE_ROWS)
    for i in range(n_resources):
        if ld(mem, z + w.Z_STEP) < ld(mem, z + w.Z_STEPS_N):
            add_to_agenda(mem, ld(mem, ld(mem, z + w.Z_STEPS) + 2 * ld(mem, z + w.Z_STEP)), i, np.int64(0))
        z += w.RESOURCE
    row = ld(mem, w.H_CHANNEL_ROWS)
    for i in range(ld(mem, w.H_CHANNELS)):
        if first:
            st(mem, row + w.N_DUE, coming(mem, i, row))
        if ld(mem, row + w.N_DUE) < horizon:
            add_to_agenda(mem, ld(mem, row + w.N_DUE), n_resources + i, np.int64(0))
        row += w.CHANNEL
    p = ld(mem, w.H_ALIVE)
    while p:
        if ld(mem, p + w.B_NEXT) < horizon:
            add_to_agenda(mem, ld(mem, p + w.B_NEXT), ld(mem, p + w.B_ORDER), p)
        p = ld(mem, p + w.B_YOUNGER)


@inlined
def within_limits(mem):  # type: ignore[no-untyped-def]
    """Tell whether no more people came, and no more happened, than may; who meets nobody new in a market is nobody."""
    came = ld(mem, w.H_TOUCHED) if ld(mem, w.H_MARKET) >= 0 else ld(mem, w.H_N_PEOPLE)
    if came > ld(mem, w.H_MAX_PEOPLE):
        stop(mem, w.TOO_MANY_PEOPLE, 0)
    elif ld(mem, w.H_N_EVENTS) > ld(mem, w.H_MAX_EVENTS):
        stop(mem, w.TOO_MANY_EVENTS, 0)
    elif ld(mem, w.H_WORK) > ld(mem, w.H_REST):
        stop(mem, w.RESTS, 0)
    return ld(mem, w.H_STATUS) == w.DONE


@inner
def check_room(mem):  # type: ignore[no-untyped-def]
    """Tell whether steps can be taken: room to write, for people and on the agenda, and no limit reached.

    Notes how many can be before this has to be asked again: one where a step may plan everybody anew.
    """
    one_by_one = ld(mem, w.H_N_SHARED) > 0 or ld(mem, w.H_WITH_REFERRER) > 0
    steps = 1 if one_by_one else 64
    people, rows = steps * ld(mem, w.H_REFERS_A_STEP), steps * ld(mem, w.H_ROWS_A_STEP)
    planned = ld(mem, w.H_ENTRIES_A_STEP) * (steps + ld(mem, w.H_N_ALIVE))
    add(mem, w.H_WORK, steps)
    if not within_limits(mem):
        return False
    if ld(mem, w.H_EVENTS) and ld(mem, w.H_EVENTS_N) + rows > ld(mem, w.H_EVENTS_SIZE):
        stop(mem, w.EVENTS_FULL, 0)
    elif ld(mem, w.H_PEOPLE) and ld(mem, w.H_PEOPLE_N) + steps > ld(mem, w.H_PEOPLE_SIZE):
        stop(mem, w.PEOPLE_FULL, 0)
    elif ld(mem, w.H_POOL_LEFT) < people:
        stop(mem, w.POOL_FULL, 0)
    elif ld(mem, w.H_PLACES_LEFT) <= people:
        stop(mem, w.PLACES_FULL, 0)
    elif ld(mem, w.H_ENTRIES_LEFT) < planned or ld(mem, w.H_HEAP_N) + planned > ld(mem, w.H_HEAP_SIZE):
        stop(mem, w.AGENDA_FULL, 0)
    st(mem, w.H_STEPS_LEFT, steps)
    return ld(mem, w.H_STATUS) == w.DONE


@inlined
def has_room(mem):  # type: ignore[no-untyped-def]
    """Tell whether one more step can be taken."""
    add(mem, w.H_STEPS_LEFT, -1)
    return ld(mem, w.H_STEPS_LEFT) > 0 or check_room(mem)


@inlined
def end_life(mem, p):  # type: ignore[no-untyped-def]
    """Close a person's books and free their place."""
    finish(mem, p)
    leave_the_living(mem, p)


@inner
def end_step(mem, p):  # type: ignore[no-untyped-def]
    """Plan what comes next for who took a step, and for everybody where what all share has crossed a bound."""
    stage, now = ld(mem, p + w.B_ROW), ld(mem, w.H_NOW)
    if ld(mem, p + w.B_BROOD) and ld(mem, p + w.B_LEFT_AT) < w.BIG:
        orphan(mem, p, now)
    if ld(mem, stage + w.G_LIVE_N) == 0 and ld(mem, stage + w.G_ACC_N) == 0:
        end_life(mem, p)
    else:
        plan(mem, p)
    if ld(mem, w.H_N_SHARED) > 0 and crossed(mem):
        add(mem, w.H_WORK, ld(mem, w.H_N_ALIVE))
        p = ld(mem, w.H_ALIVE)
        while p:
            if ld(mem, ld(mem, p + w.B_ROW) + w.G_SHARES):
                refresh(mem, p, now, 0)
                plan_anew(mem, p)
            p = ld(mem, p + w.B_YOUNGER)


@inner
def arrival(mem, p):  # type: ignore[no-untyped-def]
    """Let the first in line arrive."""
    st(mem, w.H_ACTOR, p)
    st(mem, w.H_ONE, p)
    add(mem, w.H_N_EVENTS, 1)
    give_attributes(mem, w.H_ONE, np.int64(1))
    if arrive(mem, p):
        join_the_living(mem, p)
        if ld(mem, p + w.B_ORPHAN):
            st(mem, p + w.B_REFERRER, 2)
            refresh(mem, p, ld(mem, w.H_NOW), 0)
        end_step(mem, p)
    else:
        forget(mem, p)


@inlined
def outcome_of_clock(mem, p, event, c):  # type: ignore[no-untyped-def]
    """Return the index of the outcome of a clock that fires."""
    service, part, kind = ld(mem, c + w.C_SERVICE), ld(mem, c + w.C_PART), ld(mem, c + w.C_KIND)
    if service and part == w.GIVES_UP:
        return 1 if ld(mem, p + ld(mem, service + w.SERVICE_PLACE) + w.X_STATE) == w.TURNED_AWAY else 0
    if ld(mem, event + w.V_N) == 1:
        return 0
    now, slot = ld(mem, p + w.B_NEXT), p + ld(mem, c + w.C_AT)
    if service or kind == w.K_FIXED or kind == w.K_AT or kind == w.K_WHEN:
        counter = ld(mem, p + ld(mem, event + w.V_VISITS)) << 20 | ld(mem, slot + w.L_FIRING)
        word = luck(mem, p, ld(mem, event + w.V_CODE), counter)[0]
    else:
        word = ld(mem, slot + w.L_WORD)
    return pick(mem, p, ld(mem, event + w.V_PICK), word, now)


@inner
def step(mem, p):  # type: ignore[no-untyped-def]
    """Let happen what is due to a person."""
    st(mem, w.H_ACTOR, p)
    now, c = ld(mem, p + w.B_NEXT), ld(mem, p + w.B_CLOCK)
    st(mem, w.H_PERIOD, period_of(mem, now))
    if c <= 0 or ld(mem, p + ld(mem, c + w.C_AT) + w.L_MODE) == w.LOOKS:
        look_again(mem, p)
        end_step(mem, p)
        return
    add(mem, w.H_N_EVENTS, 1)
    if ld(mem, c + w.C_SERVICE) and ld(mem, c + w.C_PART) == w.ASKS:
        ask(mem, p, ld(mem, c + w.C_SERVICE), now)
        end_step(mem, p)
        return
    event = ld(mem, c + w.C_EVENT)
    outcome = outcome_of_clock(mem, p, event, c)
    result = ld(mem, event + w.V_OUTCOMES) + outcome * w.OUTCOME
    to = ld(mem, result + w.O_TO)
    if to < 0 and ld(mem, event + w.V_SIMPLE):
        of_event, of_outcome = ld(mem, event + w.V_EFFECTS), ld(mem, result + w.O_EFFECTS)
        stay(mem, p, event, c, outcome, of_event, of_outcome, ld(mem, event + w.V_FLOWS), ld(mem, event + w.V_VISITS))
    elif ld(mem, result + w.O_PLAIN):
        go(mem, p, ld(mem, event + w.V_FLOWS), outcome, to)
    else:
        fire(mem, p, event, c, outcome, now)
        decide_at_once(mem, p, now)
    end_step(mem, p)


@inner
def change_people(mem, number):  # type: ignore[no-untyped-def]
    """Let a resource have more or fewer people from now on."""
    z, now = ld(mem, w.H_RESOURCE_ROWS) + number * w.RESOURCE, ld(mem, w.H_NOW)
    steps, at = ld(mem, z + w.Z_STEPS), ld(mem, z + w.Z_STEP)
    st(mem, z + w.Z_PEOPLE, ld(mem, steps + 2 * at + 1))
    st(mem, z + w.Z_STEP, at + 1)
    if at + 1 < ld(mem, z + w.Z_STEPS_N):
        add_to_agenda(mem, ld(mem, steps + 2 * at + 2), number, np.int64(0))
    st(mem, w.H_ACTOR, 0)
    serve_next(mem, z, now)


@inner
def bring_people(mem, channel):  # type: ignore[no-untyped-def]
    """Let a channel bring whoever comes now, as far as there is room for them."""
    row, now = ld(mem, w.H_CHANNEL_ROWS) + channel * w.CHANNEL, ld(mem, w.H_NOW)
    st(mem, w.H_STEPS_LEFT, 0)
    while ld(mem, row + w.N_DUE) == now and ld(mem, w.H_PLACES_LEFT) > 0 and within_limits(mem):
        bring_stranger(mem, channel, row)
        add(mem, w.H_WORK, 1)
        st(mem, row + w.N_DUE, coming(mem, channel, row))
        if arrivals_waiting(mem) > ld(mem, w.H_MAX_PEOPLE):
            stop(mem, w.TOO_MANY_PEOPLE, 0)
    if ld(mem, row + w.N_DUE) < ld(mem, w.H_HORIZON):
        add_to_agenda(mem, ld(mem, row + w.N_DUE), ld(mem, w.H_N_RESOURCES) + channel, np.int64(0))


@jit("int64(int64)")
def crowd(mem):  # type: ignore[no-untyped-def]
    """Run on until all is done or something stands in the way; return the status."""
    st(mem, w.H_STATUS, w.DONE)
    st(mem, w.H_STEPS_LEFT, 0)
    resources = ld(mem, w.H_N_RESOURCES)
    others = resources + ld(mem, w.H_CHANNELS)
    if ld(mem, w.H_HEAP_N) < 0:
        st(mem, w.H_HEAP_N, 0)
        begin(mem)
    while has_room(mem):
        waiting = ld(mem, w.H_FIRST)
        full = ld(mem, w.H_HEAP_N) > 0
        if waiting and not (full and top_time(mem) == ld(mem, w.H_NOW) and top_order(mem) < others):
            arrival(mem, next_arrival(mem))
            continue
        if not full and not fill_heap(mem):
            break
        now, order, who = top_time(mem), top_order(mem), ld(mem, ld(mem, w.H_HEAP) + 1)
        drop_top(mem)
        if who:
            if holds(mem, who, now, order):
                st(mem, w.H_NOW, now)
                step(mem, who)
            continue
        st(mem, w.H_NOW, now)
        st(mem, w.H_PERIOD, period_of(mem, now))
        if order < resources:
            change_people(mem, order)
        else:
            bring_people(mem, order - resources)
    within_limits(mem)
    while ld(mem, w.H_STATUS) == w.DONE and ld(mem, w.H_ALIVE):
        if ld(mem, w.H_PEOPLE) and ld(mem, w.H_PEOPLE_N) >= ld(mem, w.H_PEOPLE_SIZE):
            stop(mem, w.PEOPLE_FULL, 0)
        elif ld(mem, w.H_STORE_SIZE) and ld(mem, w.H_STORED_N) >= ld(mem, w.H_STORE_SIZE):
            stop(mem, w.STORE_FULL, 0)
        else:
            end_life(mem, ld(mem, w.H_ALIVE))
    return ld(mem, w.H_STATUS)


note_ready("crowd")
