"""Kernel: clocks of one person. Scheduling, running down, looking again, and which comes next."""

from __future__ import annotations

from flywheel_sim.compile import draws
from flywheel_sim.compile.cache import inlined, inner
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.accruals import look_at_accruals
from flywheel_sim.engine.kernel.bookkeeping import book_mrr_change, lapse
from flywheel_sim.engine.kernel.memory import ld, ldf, st, stf
from flywheel_sim.engine.kernel.rates import (
    by_month,
    cell_of,
    draw_all,
    holds_from,
    luck,
    next_break,
    note_draw,
    table_at,
    value,
)
from flywheel_sim.journey.units import NEVER

_NEVER = float(NEVER)
#: Buckets of people: those to whom nothing more happens, those who look again, and one for each clock that fires.
ENDED, LOOKING, FIRING = range(3)

_KNOTS, _GAMMA, _EMPIRICAL = draws.KNOTS, draws.GAMMA, draws.EMPIRICAL


@inner
def drawn(mem, p, kind, row, uniform, now):  # type: ignore[no-untyped-def]
    """Return the quantile of a distribution whose three rates, table and length begin at a row."""
    table, size = ld(mem, row + 3), ld(mem, row + 4)
    if kind == _EMPIRICAL:
        return ldf(mem, table + min(int(uniform * size), size - 1))
    a = value(mem, p, ld(mem, row), now)
    if kind == _GAMMA:
        table += cell_of(mem, p, ld(mem, row + 1), now) * _KNOTS
        return a * table_at(mem, table, _KNOTS, uniform)
    second, third = ld(mem, row + 1), ld(mem, row + 2)
    b = value(mem, p, second, now) if second else 0.0
    c = value(mem, p, third, now) if third else 0.0
    return draws.closed_quantile(kind, uniform, a, b, c)


@inlined
def set_memoryless(mem, p, c, slot, now):  # type: ignore[no-untyped-def]
    """Set when a memoryless clock fires, or is looked at again because its rate may change before."""
    rate = ldf(mem, slot + w.L_RATE)
    fires = ld(mem, slot + w.L_SINCE) + draws.memoryless_wait(ldf(mem, slot + w.L_WORK), rate, ld(mem, w.H_LONGEST))
    look = next_break(mem, p, ld(mem, c + w.C_A), now)
    due = p + ld(mem, c + w.C_DUE)
    st(mem, due, min(look, fires))
    st(mem, slot + w.L_MODE, w.LOOKS if look <= fires else w.FIRES)


@inlined
def set_fixed(mem, p, c, slot, now):  # type: ignore[no-untyped-def]
    """Start a fixed clock, or let it stand while its duration is never."""
    due = p + ld(mem, c + w.C_DUE)
    wait = value(mem, p, ld(mem, c + w.C_A), now)
    if wait >= _NEVER:
        st(mem, due, next_break(mem, p, ld(mem, c + w.C_A), now))
        st(mem, slot + w.L_MODE, w.LOOKS)
    else:
        st(mem, due, now + int(min(wait, float(ld(mem, w.H_LONGEST)))))
        st(mem, slot + w.L_MODE, w.FIRES)


@inlined
def start_random(mem, p, c, word, uniform, now):  # type: ignore[no-untyped-def]
    """Start a clock whose luck is drawn."""
    longest = ld(mem, w.H_LONGEST)
    slot, due = p + ld(mem, c + w.C_AT), p + ld(mem, c + w.C_DUE)
    st(mem, slot + w.L_WORD, word)
    kind = ld(mem, c + w.C_KIND)
    if kind != w.K_MEMORYLESS:
        st(mem, due, now + draws.whole_ms(drawn(mem, p, kind, c + w.C_A, uniform, now), longest))
    elif ld(mem, c + w.C_CONSTANT):
        work = draws.unit_exponential(uniform)
        st(mem, due, now + draws.memoryless_wait(work, ldf(mem, c + w.C_CONSTANT), longest))
    else:
        stf(mem, slot + w.L_WORK, draws.unit_exponential(uniform))
        stf(mem, slot + w.L_RATE, value(mem, p, ld(mem, c + w.C_A), now))
        st(mem, slot + w.L_SINCE, now)
        set_memoryless(mem, p, c, slot, now)


@inner
def start_all_drawn(mem):  # type: ignore[no-untyped-def]
    """Draw all that waits to be drawn, and start the clocks that wait for it."""
    n, at = ld(mem, w.H_N_DRAWS), ld(mem, w.H_DRAWS)
    st(mem, w.H_N_DRAWS, 0)
    draw_all(mem, n)
    for i in range(at, at + n):
        p, c = ld(mem, i + w.D_PEOPLE * w.DRAWS), ld(mem, i + w.D_CLOCKS * w.DRAWS)
        word, uniform = ld(mem, i + w.D_RANDOM * w.DRAWS), ldf(mem, i + w.D_UNIFORMS * w.DRAWS)
        start_random(mem, p, c, word, uniform, ld(mem, p + w.B_NEXT))


@inner
def start_at_once(mem, p, c, counter, now):  # type: ignore[no-untyped-def]
    """Draw the luck of a clock, and start it."""
    word, uniform = luck(mem, p, ld(mem, c + w.C_CODE), counter)
    start_random(mem, p, c, word, uniform, now)


@inlined
def schedule(mem, p, c, now, firing, present):  # type: ignore[no-untyped-def]
    """Schedule a clock. A random wait, and the word that will decide its outcome, are drawn later, many at a time."""
    kind = ld(mem, c + w.C_KIND)
    slot, due = p + ld(mem, c + w.C_AT), p + ld(mem, c + w.C_DUE)
    st(mem, slot + w.L_FIRING, firing)
    counter = ld(mem, p + ld(mem, c + w.C_VISITS)) << 20 | firing
    st(mem, slot + w.L_MODE, w.FIRES)
    if kind == w.K_FIXED:
        st(mem, slot + w.L_WORD, -1)
        if ld(mem, c + w.C_CONSTANT):
            st(mem, due, now + ld(mem, c + w.C_CONSTANT))
        else:
            set_fixed(mem, p, c, slot, now)
        if present and ld(mem, ld(mem, c + w.C_EVENT) + w.V_RECURS):
            period = value(mem, p, ld(mem, c + w.C_A), now)
            if period < _NEVER:
                phase = luck(mem, p, ld(mem, c + w.C_CODE), counter)[1]
                st(mem, due, now + draws.uniform_wait(phase, 0.0, period, ld(mem, w.H_LONGEST)))
    elif kind == w.K_WHEN:
        st(mem, slot + w.L_WORD, -1)
        st(mem, due, holds_from(mem, p, c, now, now))
    elif kind == w.K_AT:
        st(mem, slot + w.L_WORD, -1)
        at = int(value(mem, p, ld(mem, c + w.C_A), now))
        st(mem, due, at if at >= now else w.BIG)
    elif ld(mem, w.H_COUPLED):
        start_at_once(mem, p, c, counter, now)  # while all share what they do now
    else:
        n = ld(mem, w.H_N_DRAWS)
        at = ld(mem, w.H_DRAWS) + n
        note_draw(mem, at, p, ld(mem, c + w.C_CODE), counter)
        st(mem, at + w.D_PEOPLE * w.DRAWS, p)
        st(mem, at + w.D_CLOCKS * w.DRAWS, c)
        st(mem, w.H_N_DRAWS, n + 1)
        if n + 1 == w.DRAWS or ld(mem, ld(mem, p + w.B_ROW) + w.G_AT_ONCE):
            start_all_drawn(mem)  # what is decided at once may lead on, and end this clock


@inner
def spend_when(mem, p, c, now):  # type: ignore[no-untyped-def]
    """Let a condition that has fired wait until it has been false."""
    slot, due = p + ld(mem, c + w.C_AT), p + ld(mem, c + w.C_DUE)
    if holds_from(mem, p, c, now, now) == now:
        again = w.BIG
        if by_month(mem, c):
            again = holds_from(mem, p, c, now, draws.next_month(ld(mem, w.H_PHASE), now))
        st(mem, due, again)
        st(mem, slot + w.L_MODE, w.SPENT)
    else:
        st(mem, due, holds_from(mem, p, c, now, now))
        st(mem, slot + w.L_MODE, w.FIRES)


@inner
def end_clock(mem, p, c):  # type: ignore[no-untyped-def]
    """End a clock that has fired until its stage or set is entered again."""
    st(mem, p + ld(mem, c + w.C_DUE), w.BIG)
    st(mem, p + ld(mem, c + w.C_AT) + w.L_MODE, w.SPENT)


@inlined
def stand_still(mem, p, c):  # type: ignore[no-untyped-def]
    """Let a clock stand still for good."""
    st(mem, p + ld(mem, c + w.C_DUE), w.BIG)
    st(mem, p + ld(mem, c + w.C_AT) + w.L_MODE, w.ASKED)


@inner
def look_at_clock(mem, p, c, now):  # type: ignore[no-untyped-def]
    """Let a running clock see what has changed: its rate, its conditions, or that it need not stand still."""
    kind = ld(mem, c + w.C_KIND)
    slot = p + ld(mem, c + w.C_AT)
    if ld(mem, slot + w.L_MODE) == w.ASKED:
        return
    if kind == w.K_MEMORYLESS:
        if ld(mem, slot + w.L_MODE) == w.SPENT or ld(mem, ld(mem, c + w.C_A) + w.R_AXES) == 0:
            return
        rate = value(mem, p, ld(mem, c + w.C_A), now)
        old = ldf(mem, slot + w.L_RATE)
        if rate != old:
            work = draws.work_left(ldf(mem, slot + w.L_WORK), old, now - ld(mem, slot + w.L_SINCE))
            stf(mem, slot + w.L_WORK, work)
            stf(mem, slot + w.L_RATE, rate)
            st(mem, slot + w.L_SINCE, now)
        set_memoryless(mem, p, c, slot, now)
    elif kind == w.K_FIXED:
        if ld(mem, slot + w.L_MODE) == w.LOOKS:
            set_fixed(mem, p, c, slot, now)
    elif kind == w.K_WHEN:
        if ld(mem, slot + w.L_MODE) == w.SPENT:
            if ld(mem, p + ld(mem, c + w.C_DUE)) != now or holds_from(mem, p, c, now, now) != now:
                spend_when(mem, p, c, now)  # but not where it is about to fire
        else:
            st(mem, p + ld(mem, c + w.C_DUE), holds_from(mem, p, c, now, now))


@inner
def refresh(mem, p, now, fired):  # type: ignore[no-untyped-def]
    """Let every running clock but one, and what accrues, see what has changed."""
    if ld(mem, p + w.B_LAPSE) < now:
        lapse(mem, p, now)
    stage = ld(mem, p + w.B_ROW)
    live = ld(mem, stage + w.G_LIVE)
    for i in range(ld(mem, stage + w.G_LIVE_N)):
        c = ld(mem, live + 2 * i)
        if c != fired:
            look_at_clock(mem, p, c, now)
    look_at_accruals(mem, p, now)
    if ld(mem, w.H_WITH_MRR):
        book_mrr_change(mem, p, now)


@inlined
def find_next(mem, p):  # type: ignore[no-untyped-def]
    """Find and return when something happens next to a person.

    Notes in B_NEXT the time and in B_CLOCK the clock: 0 to look at accruals, -1 where the referrer goes.
    """
    stage = ld(mem, p + w.B_ROW)
    live = ld(mem, stage + w.G_LIVE)
    best, clock = w.BIG, 0
    for i in range(ld(mem, stage + w.G_LIVE_N)):
        due = ld(mem, p + ld(mem, live + 2 * i + 1))
        if due < best:
            best, clock = due, ld(mem, live + 2 * i)
    if ld(mem, stage + w.G_ACC_N) > 0:
        again = ld(mem, p + w.B_LOOK)
        if again <= best:
            best, clock = again, 0
    if ld(mem, p + w.B_REFERRER) == 1:
        gone = ld(mem, p + w.B_GONE_AT)
        if gone <= best:
            best, clock = gone, -1
    st(mem, p + w.B_NEXT, best)
    st(mem, p + w.B_CLOCK, clock)
    return best


@inlined
def put_in_bucket(mem, p):  # type: ignore[no-untyped-def]
    """Put a person into the bucket of those to whom the same happens next."""
    bucket = ENDED
    if find_next(mem, p) < ld(mem, w.H_HORIZON):
        bucket, clock = LOOKING, ld(mem, p + w.B_CLOCK)
        if clock > 0 and ld(mem, p + ld(mem, clock + w.C_AT) + w.L_MODE) != w.LOOKS:
            bucket = FIRING + ld(mem, clock + w.C_ID)
    at = ld(mem, w.H_COUNTS) + bucket
    n = ld(mem, at)
    st(mem, ld(mem, w.H_BUCKETS) + bucket * ld(mem, w.H_N_LANES) + n, p)
    st(mem, at, n + 1)
