"""Kernel: who comes. Strangers by channel, those who were referred, and what they start with."""

from __future__ import annotations

import numpy as np

from flywheel_sim.compile import draws
from flywheel_sim.compile.cache import inlined, inner
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.bookkeeping import ON_CHANNELS, add_money
from flywheel_sim.engine.kernel.memory import add, copy, ld, ldf, st, stf
from flywheel_sim.engine.kernel.rates import draw_all, next_break, note_draw, period_of, pick, value


@inner
def draw_ahead(mem, row):  # type: ignore[no-untyped-def]
    """Draw keys and times of the next arrivals of a channel of kind rate, `BIG` after the last one."""
    at, ahead = ld(mem, w.H_DRAWS), ld(mem, row + w.N_AHEAD)
    root, n, code = ld(mem, row + w.N_ROOT), ld(mem, row + w.N_NEXT), ld(mem, w.H_ARRIVAL_CODE)
    for i in range(w.AHEAD):
        key = draws.child_key(root, 0, n + i)
        st(mem, ahead + i, key)
        st(mem, at + w.D_KEYS * w.DRAWS + i, key)
        st(mem, at + w.D_CODES * w.DRAWS + i, code)
        st(mem, at + w.D_COUNTERS * w.DRAWS + i, 0)
    draw_all(mem, w.AHEAD)
    uniforms, times = at + w.D_UNIFORMS * w.DRAWS, ahead + w.AHEAD
    for i in range(w.AHEAD):
        stf(mem, uniforms + i, draws.unit_exponential(ldf(mem, uniforms + i)))
    now, until, longest = ld(mem, row + w.N_TIME), ld(mem, row + w.N_UNTIL), ld(mem, w.H_LONGEST)
    rate_row, rate, look = ld(mem, row + w.N_RATE), 0.0, 0
    for i in range(w.AHEAD):
        work = ldf(mem, uniforms + i)
        while now < until:
            if now >= look:
                rate, look = value(mem, np.int64(0), rate_row, now), next_break(mem, np.int64(0), rate_row, now)
            wait = draws.memoryless_wait(work, rate, longest)
            if now + wait < look:
                now += wait
                break
            work = draws.work_left(work, rate, look - now)
            now = look
        st(mem, times + i, now if now < until else w.BIG)
    st(mem, row + w.N_TIME, now)


@inlined
def blank(mem, p, channel, now):  # type: ignore[no-untyped-def]
    """Make a person's place ready for a stranger of a channel."""
    copy(mem, p, ld(mem, w.H_BLANK), ld(mem, w.H_N_BLANK))
    st(mem, p + w.B_BORN, now)
    st(mem, p + w.B_NEXT, now)
    st(mem, p + w.B_CHANNEL, channel)


@inlined
def coming(mem, channel, row):  # type: ignore[no-untyped-def]
    """Return when the next stranger comes by a channel, `BIG` where nobody does, and note whose key it is."""
    kind, at, number = ld(mem, row + w.N_KIND), w.BIG, ld(mem, row + w.N_NEXT)
    if ld(mem, row + w.N_REMOVED) or kind == w.BY_REFERRAL:
        return at
    if kind == w.BY_RATE:
        ahead, i = ld(mem, row + w.N_AHEAD), number & w.AHEAD - 1
        if i == 0:
            draw_ahead(mem, row)
        at = ld(mem, ahead + w.AHEAD + i)
        if at < w.BIG:
            st(mem, row + w.N_KEY, ld(mem, ahead + i))
            price, priced = ld(mem, row + w.N_PRICE), ld(mem, row + w.N_PRICED)
            if priced:
                price = draws.whole_money(value(mem, np.int64(0), priced, at))
            spent = ld(mem, w.H_CHANNEL_SPEND) + period_of(mem, at) * ld(mem, w.H_CHANNELS) + channel
            add_money(mem, spent, price, ON_CHANNELS)
    else:
        batch, left = ld(mem, row + w.N_BATCH), ld(mem, row + w.N_LEFT)
        if batch < ld(mem, row + w.N_TIMES_N):
            at = ld(mem, ld(mem, row + w.N_TIMES) + batch)
            st(mem, row + w.N_KEY, draws.child_key(ld(mem, row + w.N_ROOT), 0, number))
            left += 1
            if left == ld(mem, ld(mem, row + w.N_COUNTS) + batch):
                batch, left = batch + 1, 0
            st(mem, row + w.N_BATCH, batch)
            st(mem, row + w.N_LEFT, left)
    st(mem, row + w.N_NEXT, number + 1)
    return at


@inlined
def stranger(mem, p):  # type: ignore[no-untyped-def]
    """Let the next stranger stand at a place; tell whether there was one."""
    while ld(mem, w.H_CHANNEL_AT) < ld(mem, w.H_CHANNELS):
        channel = ld(mem, w.H_CHANNEL_AT)
        row = ld(mem, w.H_CHANNEL_ROWS) + channel * w.CHANNEL
        at = coming(mem, channel, row)
        if at < w.BIG:
            blank(mem, p, channel, at)
            st(mem, p + w.B_KEY, ld(mem, row + w.N_KEY))
            return True
        add(mem, w.H_CHANNEL_AT, 1)
    return False


@inlined
def referred(mem, p, q):  # type: ignore[no-untyped-def]
    """Let somebody who was referred stand at a place."""
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
    st(mem, p + w.B_BROUGHT, q)


@inlined
def inherits(mem, p, column):  # type: ignore[no-untyped-def]
    """Tell whether somebody starts with an attribute of who referred them, and let them."""
    q = ld(mem, p + w.B_BROUGHT)
    if q == 0:
        return False
    row = ld(mem, w.H_CHANNEL_ROWS) + ld(mem, p + w.B_CHANNEL) * w.CHANNEL
    columns = ld(mem, row + w.N_INHERITS)
    for j in range(ld(mem, row + w.N_INHERITS_N)):
        if ld(mem, columns + j) == column:
            st(mem, p + column, ld(mem, q + w.WAITING + column - ld(mem, w.H_ATTRIBUTE0)))
            return True
    return False


@inner
def give_attributes(mem, people, n):  # type: ignore[no-untyped-def]
    """Give newborns the attributes they start with, one attribute after another, each drawn for all at once."""
    row, at = ld(mem, w.H_ATTRIBUTES), ld(mem, w.H_DRAWS)
    for _ in range(ld(mem, w.H_N_ATTRIBUTES)):
        column, k, code = ld(mem, row + w.T_COLUMN), ld(mem, row + w.T_PICK), ld(mem, row + w.T_CODE)
        stopwatch, handed_on = ld(mem, row + w.T_STOPWATCH), ld(mem, row + w.T_INHERITED)
        if k:
            for i in range(n):
                note_draw(mem, at + i, ld(mem, people + i), code, 0)
            draw_all(mem, n)
        for i in range(n if k or stopwatch or handed_on else 0):
            p = ld(mem, people + i)
            now = ld(mem, p + w.B_BORN)
            if stopwatch:
                st(mem, p + column, now)
            if not (handed_on and inherits(mem, p, column)) and k:
                st(mem, p + column, pick(mem, p, k, ld(mem, at + w.D_RANDOM * w.DRAWS + i), now))
        row += w.ATTRIBUTE
