"""Kernel: arriving, what is decided at once, looking again, and the end of a life."""

from __future__ import annotations

import numpy as np

from flywheel_sim.compile import draws
from flywheel_sim.compile.cache import inlined, inner
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.accruals import close_accruals, look_at_accruals
from flywheel_sim.engine.kernel.bookkeeping import (
    ARRIVED,
    D_CAME,
    D_UNDECIDED,
    MISSED,
    PRESENT,
    REFERRED,
    book_mrr_change,
    cell_now,
    close_month,
    count,
    decide,
    decide_in,
    generation,
    lapse,
)
from flywheel_sim.engine.kernel.effects import log, open_with, set_attributes
from flywheel_sim.engine.kernel.firing import enter, fire, outcome_of, step_into
from flywheel_sim.engine.kernel.memory import add, copy, ld, st
from flywheel_sim.engine.kernel.rates import group_of, luck, period_of
from flywheel_sim.engine.kernel.timers import look_at_clock, refresh, stand_still


@inlined
def decide_at_once(mem, p, now):  # type: ignore[no-untyped-def]
    """Let happen whatever is decided at once."""
    event = ld(mem, ld(mem, p + w.B_ROW) + w.G_AT_ONCE)
    while event and ld(mem, w.H_STATUS) == w.DONE:
        fire(mem, p, event, np.int64(0), outcome_of(mem, p, event, now), now)
        event = ld(mem, ld(mem, p + w.B_ROW) + w.G_AT_ONCE)


@inlined
def is_new(mem, p, market):  # type: ignore[no-untyped-def]
    """Tell whether somebody who comes into a finite market is new to it."""
    untouched = market - ld(mem, w.H_TOUCHED)
    word = luck(mem, p, ld(mem, w.H_MARKET_CODE), 0)[0]
    return word < draws.threshold(float(untouched) / float(market))


@inner
def arrive(mem, p):  # type: ignore[no-untyped-def]
    """Let a person arrive who knows everything about themselves but where they are; tell whether they do."""
    now, channel, q = ld(mem, p + w.B_BORN), ld(mem, p + w.B_CHANNEL), ld(mem, p + w.B_BROUGHT)
    st(mem, w.H_PERIOD, period_of(mem, now))
    if q:
        st(mem, q + w.Y_LINK, ld(mem, w.H_FREE))
        st(mem, w.H_FREE, q)
        add(mem, w.H_POOL_LEFT, 1)
    channel_row = ld(mem, w.H_CHANNEL_ROWS) + channel * w.CHANNEL
    present = ld(mem, channel_row + w.N_KIND) == w.BY_PRESENCE
    stage = ld(mem, channel_row + w.N_ENTERS)
    st(mem, p + w.B_STAGE, stage)
    n = ld(mem, channel_row + w.N_SETS_N)
    if n > 0:
        set_attributes(mem, p, ld(mem, channel_row + w.N_SETS), n, np.int64(0), now)
    group = group_of(mem, p)
    st(mem, p + w.B_GROUP, group)
    st(mem, p + w.B_MRR_GROUP, group)
    market = ld(mem, w.H_MARKET)
    if market >= 0 and not present:
        if not is_new(mem, p, market):
            count(mem, MISSED, group, 1)
            return False
        add(mem, w.H_TOUCHED, 1)
    flow = PRESENT if present else REFERRED if q else ARRIVED
    count(mem, flow, group, 1)
    if now < ld(mem, w.H_DECIDE):
        decide_in(mem, cell_now(mem, group), D_CAME, 1)
    generation(mem, ld(mem, p + w.B_GENERATION), 0, 1)
    log(mem, p, now, flow, stage)
    if ld(mem, ld(mem, w.H_STAGE_ROWS) + stage * w.STAGE + w.G_PLAIN) and not present:
        rest = ld(mem, ld(mem, w.H_PERIOD_ENDS) + ld(mem, w.H_PERIOD)) - now
        step_into(mem, p, stage, now, np.int64(-1), cell_now(mem, group), rest)
    else:
        enter(mem, p, stage, now, np.int64(-1), np.int64(0), present)
    if ld(mem, w.H_WITH_MRR):
        if present:
            open_with(mem, p, now)
        else:
            book_mrr_change(mem, p, now)
    decide_at_once(mem, p, now)
    return True


@inner
def look_again(mem, p):  # type: ignore[no-untyped-def]
    """Let a person look again at what time or others have changed, where no clock fires."""
    now, c = ld(mem, p + w.B_NEXT), ld(mem, p + w.B_CLOCK)
    st(mem, w.H_PERIOD, period_of(mem, now))
    if ld(mem, p + w.B_LAPSE) < now:
        lapse(mem, p, now)
    if c > 0:
        look_at_clock(mem, p, c, now)
    elif c == 0:
        look_at_accruals(mem, p, now)
        if ld(mem, w.H_WITH_MRR):
            book_mrr_change(mem, p, now)
    else:
        st(mem, p + w.B_REFERRER, 2)
        refresh(mem, p, now, 0)


@inner
def may_yet_buy(mem, p):  # type: ignore[no-untyped-def]
    """Tell whether something may yet happen to somebody who has not been a customer, and can lead there."""
    stage = ld(mem, p + w.B_ROW)
    if ld(mem, p + w.B_WAS) or ld(mem, stage + w.G_LEADS) == 0 or ld(mem, stage + w.G_ROLE) == w.ASIDE:
        return False
    live = ld(mem, stage + w.G_LIVE)
    for i in range(ld(mem, stage + w.G_LIVE_N)):
        c = ld(mem, live + 2 * i)
        mode = ld(mem, p + ld(mem, c + w.C_AT) + w.L_MODE)
        own = ld(mem, c + w.C_SERVICE) == 0 or ld(mem, c + w.C_PART) == w.ASKS
        gone = ld(mem, c + w.C_KIND) == w.K_AT and ld(mem, p + ld(mem, live + 2 * i + 1)) >= w.BIG
        if own and (mode == w.ASKED or not (mode == w.SPENT or gone)):
            return True
    return False


@inner
def store_customer(mem, p, horizon):  # type: ignore[no-untyped-def]
    """Keep a customer as they are at the horizon, to live on by themselves; nobody serves them any more."""
    q, stage = ld(mem, w.H_STORE) + ld(mem, w.H_STORED_N) * ld(mem, w.H_WIDTH), ld(mem, p + w.B_ROW)
    copy(mem, q, p, ld(mem, w.H_WIDTH))
    add(mem, w.H_STORED_N, 1)
    st(mem, q + w.B_CHILDREN, 0)
    if ld(mem, stage + w.G_ACC_N) > 0:
        st(mem, q + w.B_SINCE, horizon)
    live = ld(mem, stage + w.G_LIVE)
    for i in range(ld(mem, stage + w.G_LIVE_N)):
        c = ld(mem, live + 2 * i)
        if ld(mem, c + w.C_SERVICE):
            stand_still(mem, q, c)
    services = ld(mem, stage + w.G_SERVICES)
    for i in range(ld(mem, stage + w.G_SERVICES_N)):
        st(mem, q + ld(mem, ld(mem, services + i) + w.SERVICE_PLACE) + w.X_STATE, w.AWAY)


@inner
def finish(mem, p):  # type: ignore[no-untyped-def]
    """Close the books of a person to whom nothing more happens, and let those they referred live."""
    horizon, stage, row = ld(mem, w.H_HORIZON), ld(mem, p + w.B_STAGE), ld(mem, p + w.B_ROW)
    if may_yet_buy(mem, p):
        decide(mem, p, D_UNDECIDED, 1)
    goes_on = ld(mem, row + w.G_LIVE_N) > 0 or ld(mem, row + w.G_ACC_N) > 0
    if ld(mem, w.H_STORE_SIZE) and ld(mem, p + w.B_ACQUIRED) >= 0 and goes_on:
        store_customer(mem, p, horizon)
    if ld(mem, p + w.B_LAPSE) < horizon:
        lapse(mem, p, horizon)
    if ld(mem, p + w.B_MONTH) >= 0:  # something has recurred
        close_month(mem, p)
    if ld(mem, row + w.G_ACC_N) > 0:
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
