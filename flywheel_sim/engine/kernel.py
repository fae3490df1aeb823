"""The compiled engine: people in waves, from a journey's memory to its ledger.

It follows the same rules as the reference engine and shares its draws, quantile tables and rate values;
stages, clocks, outcomes and books are written anew here. Independent people may live in any order.
"""

from __future__ import annotations

import numpy as np

from flywheel_sim.engine import words as w
from flywheel_sim.engine.k_books import (
    ARRIVED,
    PRESENT,
    REFERRED,
    close_accruals,
    count,
    generation,
    look_at_accruals,
    reckon,
)
from flywheel_sim.engine.k_clocks import ENDED, FIRING, LOOKING, choose, look_at_clock, refresh, start_drawn
from flywheel_sim.engine.k_effects import log, set_attributes
from flywheel_sim.engine.k_events import enter, fire, outcome_of, stay
from flywheel_sim.engine.k_rates import draw_all, group_of, luck, next_break, note_draw, pick, stop, value
from flywheel_sim.engine.memory import add, copy, ld, ldf, st, stf
from flywheel_sim.model import draws
from flywheel_sim.model.cache import inlined, inner, jit


@inner
def draw_ahead(mem, row):  # type: ignore[no-untyped-def]
    """Draw keys and work of the next arrivals of a channel."""
    start_drawn(mem)
    at, ahead = ld(mem, w.H_DRAWS), ld(mem, row + w.N_AHEAD)
    root, n, code = ld(mem, row + w.N_ROOT), ld(mem, row + w.N_NEXT), ld(mem, w.H_ARRIVAL_CODE)
    for i in range(w.AHEAD):
        key = draws.child_key(root, 0, n + i)
        st(mem, ahead + i, key)
        st(mem, at + w.D_KEYS * w.DRAWS + i, key)
        st(mem, at + w.D_CODES * w.DRAWS + i, code)
        st(mem, at + w.D_COUNTERS * w.DRAWS + i, 0)
    draw_all(mem, w.AHEAD)
    for i in range(w.AHEAD):
        stf(mem, ahead + w.AHEAD + i, draws.unit_exponential(ldf(mem, at + w.D_UNIFORMS * w.DRAWS + i)))


@inlined
def next_arrival(mem, row):  # type: ignore[no-untyped-def]
    """Return when the next stranger of a channel of kind rate arrives, `BIG` if none does; note their time."""
    number = ld(mem, row + w.N_NEXT) & w.AHEAD - 1
    if number == 0:
        draw_ahead(mem, row)
    work = ldf(mem, ld(mem, row + w.N_AHEAD) + w.AHEAD + number)
    at, until = ld(mem, row + w.N_TIME), ld(mem, row + w.N_UNTIL)
    rate_row, longest = ld(mem, row + w.N_RATE), ld(mem, w.H_LONGEST)
    while at < until:
        rate, look = value(mem, 0, rate_row, at), next_break(mem, 0, rate_row, at)
        wait = draws.memoryless_wait(work, rate, longest)
        if at + wait < look:
            at += wait
            break
        work = draws.work_left(work, rate, look - at)
        at = look
    st(mem, row + w.N_TIME, at)
    return at if at < until else w.BIG


@inlined
def blank(mem, p, channel, now):  # type: ignore[no-untyped-def]
    """Make a person's place ready for a stranger of a channel."""
    copy(mem, p, ld(mem, w.H_BLANK), ld(mem, w.H_N_BLANK))
    st(mem, p + w.B_BORN, now)
    st(mem, p + w.B_CHANNEL, channel)


@inlined
def settle(mem, p, now):  # type: ignore[no-untyped-def]
    """Let happen whatever is decided at once."""
    event = ld(mem, ld(mem, p + w.B_ROW) + w.G_AT_ONCE)
    while event and ld(mem, w.H_STATUS) == w.DONE:
        fire(mem, p, event, np.int64(0), outcome_of(mem, p, event, now), now)
        event = ld(mem, ld(mem, p + w.B_ROW) + w.G_AT_ONCE)


@inner
def arrive(mem, p, q):  # type: ignore[no-untyped-def]
    """Let a person arrive, whose key, channel and time are noted; ``q`` holds what a referred one starts with."""
    now, channel = ld(mem, p + w.B_BORN), ld(mem, p + w.B_CHANNEL)
    st(mem, p + w.B_NEXT, now)
    st(mem, w.H_PERIOD, now // draws.MONTH_MS)
    channel_row = ld(mem, w.H_CHANNEL_ROWS) + channel * w.CHANNEL
    present = ld(mem, channel_row + w.N_KIND) == w.BY_PRESENCE
    stage = ld(mem, channel_row + w.N_ENTERS)
    st(mem, p + w.B_STAGE, stage)
    columns, n_inherited = ld(mem, channel_row + w.N_INHERITS), ld(mem, channel_row + w.N_INHERITS_N)
    row = ld(mem, w.H_ATTRIBUTES)
    for _ in range(ld(mem, w.H_N_ATTRIBUTES)):
        column, inherited = ld(mem, row + w.T_COLUMN), False
        if ld(mem, row + w.T_STOPWATCH):
            st(mem, p + column, now)
        if q:
            for j in range(n_inherited):
                inherited = inherited or ld(mem, columns + j) == column
        if inherited:
            st(mem, p + column, ld(mem, q + w.WAITING + column - ld(mem, w.H_ATTRIBUTE0)))
        elif ld(mem, row + w.T_PICK):
            word = luck(mem, p, ld(mem, row + w.T_CODE), 0)[0]
            st(mem, p + column, pick(mem, p, ld(mem, row + w.T_PICK), word, now))
        row += w.ATTRIBUTE
    n = ld(mem, channel_row + w.N_SETS_N)
    if n > 0:
        set_attributes(mem, p, ld(mem, channel_row + w.N_SETS), n, 0, now)
    group = group_of(mem, p)
    st(mem, p + w.B_GROUP, group)
    st(mem, p + w.B_MRR_GROUP, group)
    flow = PRESENT if present else REFERRED if q else ARRIVED
    count(mem, flow, group, 1)
    generation(mem, ld(mem, p + w.B_GENERATION), 0, 1)
    add(mem, w.H_N_PEOPLE, 1)
    add(mem, w.H_N_EVENTS, 1)
    log(mem, p, now, flow, stage)
    enter(mem, p, stage, now, np.int64(-1), np.int64(0), present)
    if ld(mem, w.H_WITH_MRR):
        reckon(mem, p)
    settle(mem, p, now)


@inner
def begin(mem, p):  # type: ignore[no-untyped-def]
    """Let the next person live at a place, a referred one or a stranger; tell whether there was one."""
    q = ld(mem, w.H_READY)
    if q:
        st(mem, w.H_READY, ld(mem, q + w.Y_LINK))
        blank(mem, p, ld(mem, q + w.Y_CHANNEL), ld(mem, q + w.Y_BORN))
        st(mem, p + w.B_KEY, ld(mem, q + w.Y_KEY))
        st(mem, p + w.B_GENERATION, ld(mem, q + w.Y_GENERATION))
        st(mem, p + w.B_SPONSOR, ld(mem, q + w.Y_SPONSOR))
        st(mem, p + w.B_SPONSOR_ACQUIRED, ld(mem, q + w.Y_SPONSOR_ACQUIRED))
        st(mem, p + w.B_SPONSOR_GROUP, ld(mem, q + w.Y_SPONSOR_GROUP))
        st(mem, p + w.B_ROOT_ACQUIRED, ld(mem, q + w.Y_ROOT_ACQUIRED))
        st(mem, p + w.B_ROOT_GROUP, ld(mem, q + w.Y_ROOT_GROUP))
        st(mem, p + w.B_REFERRER, ld(mem, q + w.Y_REFERRER))
        st(mem, p + w.B_GONE_AT, ld(mem, q + w.Y_GONE_AT))
        st(mem, p + w.B_REFERRED, 1)
        arrive(mem, p, q)
        st(mem, q + w.Y_LINK, ld(mem, w.H_FREE))
        st(mem, w.H_FREE, q)
        add(mem, w.H_POOL_LEFT, 1)
        return True
    while ld(mem, w.H_CHANNEL_AT) < ld(mem, w.H_CHANNELS):
        channel = ld(mem, w.H_CHANNEL_AT)
        row = ld(mem, w.H_CHANNEL_ROWS) + channel * w.CHANNEL
        kind, at = ld(mem, row + w.N_KIND), w.BIG
        if ld(mem, row + w.N_REMOVED) == 0 and kind == w.BY_RATE:
            at = next_arrival(mem, row)
            if at < w.BIG:
                spent = ld(mem, w.H_CHANNEL_SPEND) + at // draws.MONTH_MS * ld(mem, w.H_CHANNELS) + channel
                add(mem, spent, ld(mem, row + w.N_PRICE))
        elif ld(mem, row + w.N_REMOVED) == 0 and kind != w.BY_REFERRAL and ld(mem, row + w.N_COUNT) > 0:
            batch, left = ld(mem, row + w.N_BATCH), ld(mem, row + w.N_LEFT)
            if batch < ld(mem, row + w.N_TIMES_N):
                at = ld(mem, ld(mem, row + w.N_TIMES) + batch)
                left += 1
                if left == ld(mem, row + w.N_COUNT):
                    batch, left = batch + 1, 0
                st(mem, row + w.N_BATCH, batch)
                st(mem, row + w.N_LEFT, left)
        if at < w.BIG:
            blank(mem, p, channel, at)
            number = ld(mem, row + w.N_NEXT)
            if kind == w.BY_RATE:
                st(mem, p + w.B_KEY, ld(mem, ld(mem, row + w.N_AHEAD) + (number & w.AHEAD - 1)))
            else:
                st(mem, p + w.B_KEY, draws.child_key(ld(mem, row + w.N_ROOT), 0, number))
            st(mem, row + w.N_NEXT, number + 1)
            arrive(mem, p, np.int64(0))
            return True
        add(mem, w.H_CHANNEL_AT, 1)
    return False


@inner
def finish(mem, p):  # type: ignore[no-untyped-def]
    """Close the books of a person to whom nothing more happens, and let those they referred live."""
    horizon, stage = ld(mem, w.H_HORIZON), ld(mem, p + w.B_STAGE)
    if ld(mem, ld(mem, p + w.B_ROW) + w.G_ACC_N) > 0:
        close_accruals(mem, p, horizon, True)
    add(mem, ld(mem, w.H_UNFINISHED) + stage, horizon - ld(mem, p + w.B_ENTERED))
    child, left = ld(mem, p + w.B_CHILDREN), ld(mem, p + w.B_LEFT_AT)
    while child:
        following = ld(mem, child + w.Y_LINK)
        if ld(mem, child + w.Y_REFERRER) == 1:
            st(mem, child + w.Y_GONE_AT, left)
        st(mem, child + w.Y_LINK, ld(mem, w.H_READY))
        st(mem, w.H_READY, child)
        child = following
    out = ld(mem, w.H_PEOPLE)
    if out:
        width = ld(mem, w.H_PEOPLE_WIDTH)
        row = ld(mem, w.H_PEOPLE_N)
        for i in range(width):
            st(out, row * width + i, ld(mem, p + i))
        st(mem, w.H_PEOPLE_N, row + 1)


@inner
def look(mem, p):  # type: ignore[no-untyped-def]
    """Let a person look again at what time or others have changed, where no clock fires."""
    now, c = ld(mem, p + w.B_NEXT), ld(mem, p + w.B_CLOCK)
    st(mem, w.H_PERIOD, now // draws.MONTH_MS)
    if c > 0:
        look_at_clock(mem, p, c, now)
    elif c == 0:
        look_at_accruals(mem, p, now)
        if ld(mem, w.H_WITH_MRR):
            reckon(mem, p)
    else:
        st(mem, p + w.B_REFERRER, 2)
        refresh(mem, p, now, 0)
    choose(mem, p)


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
    elif ld(mem, w.H_N_PEOPLE) > ld(mem, w.H_MAX_PEOPLE):
        stop(mem, w.TOO_MANY_PEOPLE, 0)
    elif ld(mem, w.H_N_EVENTS) > ld(mem, w.H_MAX_EVENTS):
        stop(mem, w.TOO_MANY_EVENTS, 0)
    return ld(mem, w.H_STATUS) == w.DONE


@inner
def fire_all(mem, people, n, event, c, outcome):  # type: ignore[no-untyped-def]
    """Let the same event happen with the same outcome to many people."""
    if ld(mem, ld(mem, event + w.V_OUTCOMES) + outcome * w.OUTCOME + w.O_TO) < 0 and ld(mem, event + w.V_SIMPLE):
        for i in range(n):
            stay(mem, ld(mem, people + i), event, c, outcome)
        return
    for i in range(n):
        p = ld(mem, people + i)
        now = ld(mem, p + w.B_NEXT)
        st(mem, w.H_PERIOD, now // draws.MONTH_MS)
        fire(mem, p, event, c, outcome, now)
        settle(mem, p, now)


@inner
def end_step(mem, people, n):  # type: ignore[no-untyped-def]
    """Draw what waits to be drawn after a step, and find what happens next to those who took it."""
    start_drawn(mem)
    for i in range(n):
        choose(mem, ld(mem, people + i))


@inner
def words_of(mem, people, n, event, c):  # type: ignore[no-untyped-def]
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
            st(mem, at + w.D_WORDS * w.DRAWS + i, ld(mem, ld(mem, people + i) + slot + w.L_WORD))


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
            free = left
            while left > 0 and begin(mem, ld(mem, idle + left - 1)):
                left -= 1
            st(mem, w.H_N_IDLE, left)
            end_step(mem, idle + left, free - left)
        fullest, n = ENDED, ld(mem, counts)
        for bucket in range(1, n_buckets):
            if ld(mem, counts + bucket) > n:
                fullest, n = bucket, ld(mem, counts + bucket)
        if n == 0:
            break
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
                look(mem, ld(mem, people + i))
        else:
            add(mem, w.H_N_EVENTS, n)
            c = ld(mem, ld(mem, people) + w.B_CLOCK)
            event = ld(mem, c + w.C_EVENT)
            n_outcomes = ld(mem, event + w.V_N)
            if n_outcomes == 1:
                fire_all(mem, people, n, event, c, np.int64(0))
            else:
                words_of(mem, people, n, event, c)
                words = ld(mem, w.H_DRAWS) + w.D_WORDS * w.DRAWS
                ends = by_outcome + (1 + n_outcomes) * lanes
                for outcome in range(n_outcomes):
                    st(mem, ends + outcome, 0)
                for i in range(n):
                    p = ld(mem, people + i)
                    outcome = pick(mem, p, ld(mem, event + w.V_PICK), ld(mem, words + i), ld(mem, p + w.B_NEXT))
                    at = ld(mem, ends + outcome)
                    st(mem, by_outcome + (1 + outcome) * lanes + at, p)
                    st(mem, ends + outcome, at + 1)
                for outcome in range(n_outcomes):
                    fire_all(mem, by_outcome + (1 + outcome) * lanes, ld(mem, ends + outcome), event, c, outcome)
            end_step(mem, people, n)
    return ld(mem, w.H_STATUS)
