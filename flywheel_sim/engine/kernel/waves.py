"""The compiled engine: people in waves, from a journey's memory to its ledger.

It follows the same rules as the reference engine and shares its draws, quantile tables and rate values;
stages, clocks, outcomes and books are written anew here. Independent people may live in any order.
"""

from __future__ import annotations

import numpy as np

from flywheel_sim.compile.cache import inner, jit, note_ready
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.firing import fire, go, stay
from flywheel_sim.engine.kernel.lives import arrive, decide_at_once, finish, look_again
from flywheel_sim.engine.kernel.memory import add, copy, ld, st
from flywheel_sim.engine.kernel.newcomers import give_attributes, referred, stranger
from flywheel_sim.engine.kernel.rates import draw_all, note_draw, period_of, pick, stop
from flywheel_sim.engine.kernel.timers import ENDED, FIRING, LOOKING, put_in_bucket, start_all_drawn


@inner
def end_step(mem, people, n):  # type: ignore[no-untyped-def]
    """Draw what waits to be drawn after a step, and find what happens next to those who took it."""
    start_all_drawn(mem)
    for i in range(n):
        put_in_bucket(mem, ld(mem, people + i))


@inner
def live_on(mem, idle, left):  # type: ignore[no-untyped-def]
    """Let stored customers live on at idle places; return how many places stay idle."""
    while left > 0 and ld(mem, w.H_STORED_N) > 0:
        left -= 1
        add(mem, w.H_STORED_N, -1)
        p, width = ld(mem, idle + left), ld(mem, w.H_WIDTH)
        copy(mem, p, ld(mem, w.H_STORE) + ld(mem, w.H_STORED_N) * width, width)
        put_in_bucket(mem, p)
    return left


@inner
def begin(mem, idle, left):  # type: ignore[no-untyped-def]
    """Let people live at idle places, referred ones before strangers; return how many places stay idle."""
    first = left
    if ld(mem, w.H_AFTER):
        return live_on(mem, idle, left)
    while left > 0:
        p, q = ld(mem, idle + left - 1), ld(mem, w.H_READY)
        if q:
            st(mem, w.H_READY, ld(mem, q + w.Y_LINK))
            referred(mem, p, q)
        elif not stranger(mem, p):
            break
        left -= 1
    people, n = idle + left, first - left
    add(mem, w.H_N_PEOPLE, n)
    add(mem, w.H_N_EVENTS, n)
    add(mem, w.H_WORK, n)
    give_attributes(mem, people, n)
    for i in range(n):
        arrive(mem, ld(mem, people + i))
    end_step(mem, people, n)
    return left


@inner
def room(mem, lanes):  # type: ignore[no-untyped-def]
    """Tell whether every lane can take two steps, an arrival and one more: room to write, and no limit reached."""
    rows = 2 * lanes * ld(mem, w.H_ROWS_A_STEP)
    if ld(mem, w.H_EVENTS) and ld(mem, w.H_EVENTS_N) + rows > ld(mem, w.H_EVENTS_SIZE):
        stop(mem, w.EVENTS_FULL, 0)
    elif ld(mem, w.H_PEOPLE) and ld(mem, w.H_PEOPLE_N) + lanes > ld(mem, w.H_PEOPLE_SIZE):
        stop(mem, w.PEOPLE_FULL, 0)
    elif ld(mem, w.H_POOL_LEFT) < 2 * lanes * ld(mem, w.H_REFERS_A_STEP):
        stop(mem, w.POOL_FULL, 0)
    elif ld(mem, w.H_STORE_SIZE) and ld(mem, w.H_STORED_N) + lanes > ld(mem, w.H_STORE_SIZE):
        stop(mem, w.STORE_FULL, 0)
    elif ld(mem, w.H_N_PEOPLE) > ld(mem, w.H_MAX_PEOPLE):
        stop(mem, w.TOO_MANY_PEOPLE, 0)
    elif ld(mem, w.H_N_EVENTS) > ld(mem, w.H_MAX_EVENTS):
        stop(mem, w.TOO_MANY_EVENTS, 0)
    elif ld(mem, w.H_WORK) > ld(mem, w.H_REST):
        stop(mem, w.RESTS, 0)
    return ld(mem, w.H_STATUS) == w.DONE


@inner
def fire_all(mem, people, n, event, c, outcome):  # type: ignore[no-untyped-def]
    """Let the same event happen with the same outcome to many people."""
    result = ld(mem, event + w.V_OUTCOMES) + outcome * w.OUTCOME
    to, flows = ld(mem, result + w.O_TO), ld(mem, event + w.V_FLOWS)
    if to < 0 and ld(mem, event + w.V_SIMPLE):
        of_event, of_outcome, visits = (
            ld(mem, event + w.V_EFFECTS),
            ld(mem, result + w.O_EFFECTS),
            ld(mem, event + w.V_VISITS),
        )
        for i in range(n):
            stay(mem, ld(mem, people + i), event, c, outcome, of_event, of_outcome, flows, visits)
        return
    if ld(mem, result + w.O_PLAIN):
        for i in range(n):
            go(mem, ld(mem, people + i), flows, outcome, to)
        return
    for i in range(n):
        p = ld(mem, people + i)
        now = ld(mem, p + w.B_NEXT)
        st(mem, w.H_PERIOD, period_of(mem, now))
        fire(mem, p, event, c, outcome, now)
        decide_at_once(mem, p, now)


@inner
def draw_outcomes(mem, people, n, event, c):  # type: ignore[no-untyped-def]
    """Put the words that decide the outcomes of a clock that fires for many people where draws stand."""
    at, code, kind = ld(mem, w.H_DRAWS), ld(mem, event + w.V_CODE), ld(mem, c + w.C_KIND)
    visits, slot = ld(mem, event + w.V_VISITS), ld(mem, c + w.C_AT)
    if kind == w.K_FIXED or kind == w.K_AT or kind == w.K_WHEN:
        for i in range(n):
            p = ld(mem, people + i)
            note_draw(mem, at + i, p, code, ld(mem, p + visits) << 20 | ld(mem, p + slot + w.L_FIRING))
        draw_all(mem, n)
    else:
        for i in range(n):
            st(mem, at + w.D_RANDOM * w.DRAWS + i, ld(mem, ld(mem, people + i) + slot + w.L_WORD))


@inner
def split_by_outcome(mem, people, n, event, c, ends):  # type: ignore[no-untyped-def]
    """Part people by the outcome of a clock that fires for all: lists one after another, and the length of each."""
    draw_outcomes(mem, people, n, event, c)
    drawn, k = ld(mem, w.H_DRAWS) + w.D_RANDOM * w.DRAWS, ld(mem, event + w.V_PICK)
    lanes, lists = ld(mem, w.H_N_LANES), ld(mem, w.H_BY_OUTCOME) + ld(mem, w.H_N_LANES)
    n_outcomes = ld(mem, event + w.V_N)
    for outcome in range(n_outcomes):
        st(mem, ends + outcome, 0)
    if n_outcomes == 2 and ld(mem, k + w.P_SPREAD) == 0 and ld(mem, ld(mem, k + w.P_CELL)) == 0:
        bound, first = ld(mem, ld(mem, k + w.P_THRESHOLDS)), ld(mem, ld(mem, k + w.P_RESULTS))
        for i in range(n):
            outcome = first if ld(mem, drawn + i) < bound else 1 - first
            at = ld(mem, ends + outcome)
            st(mem, lists + outcome * lanes + at, ld(mem, people + i))
            st(mem, ends + outcome, at + 1)
        return
    for i in range(n):
        p = ld(mem, people + i)
        outcome = pick(mem, p, k, ld(mem, drawn + i), ld(mem, p + w.B_NEXT))
        at = ld(mem, ends + outcome)
        st(mem, lists + outcome * lanes + at, p)
        st(mem, ends + outcome, at + 1)


@jit("int64(int64)")
def waves(mem):  # type: ignore[no-untyped-def]
    """Run on until all is done or something stands in the way; return the status.

    Some hundred people live at a time, in buckets by the clock that fires next for them. A wave takes the
    fullest bucket and lets all of them take that step, grouped by outcome. Grouping changes no figure,
    since people share nothing; it lets the processor guess right what comes next.
    """
    lanes, buckets, counts = ld(mem, w.H_N_LANES), ld(mem, w.H_BUCKETS), ld(mem, w.H_COUNTS)
    idle, by_outcome = ld(mem, w.H_IDLE), ld(mem, w.H_BY_OUTCOME)
    n_buckets = FIRING + ld(mem, w.H_N_CLOCKS)
    people = by_outcome  # the first list holds the bucket taken, those after it its people by outcome
    st(mem, w.H_STATUS, w.DONE)
    while room(mem, lanes):
        left = ld(mem, w.H_N_IDLE)
        if 2 * left >= lanes:
            left = begin(mem, idle, left)
            st(mem, w.H_N_IDLE, left)
        fullest, n = ENDED, ld(mem, counts)
        for bucket in range(1, n_buckets):
            if ld(mem, counts + bucket) > n:
                fullest, n = bucket, ld(mem, counts + bucket)
        if n == 0:
            break
        add(mem, w.H_WORK, n)
        copy(mem, people, buckets + fullest * lanes, n)
        st(mem, counts + fullest, 0)
        if fullest == ENDED:
            for i in range(n):
                p = ld(mem, people + i)
                finish(mem, p)
                st(mem, idle + left + i, p)
            st(mem, w.H_N_IDLE, left + n)
        elif fullest == LOOKING:
            for i in range(n):
                p = ld(mem, people + i)
                look_again(mem, p)
                put_in_bucket(mem, p)
        else:
            add(mem, w.H_N_EVENTS, n)
            c = ld(mem, ld(mem, people) + w.B_CLOCK)
            event = ld(mem, c + w.C_EVENT)
            n_outcomes = ld(mem, event + w.V_N)
            if n_outcomes == 1:
                fire_all(mem, people, n, event, c, np.int64(0))
            else:
                ends = by_outcome + (1 + n_outcomes) * lanes
                split_by_outcome(mem, people, n, event, c, ends)
                for outcome in range(n_outcomes):
                    fire_all(mem, by_outcome + (1 + outcome) * lanes, ld(mem, ends + outcome), event, c, outcome)
            end_step(mem, people, n)
    return ld(mem, w.H_STATUS)


note_ready("waves")
