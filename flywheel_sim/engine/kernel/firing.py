"""Kernel: what happens to one person. A firing with its outcome, and moving to another stage."""

from __future__ import annotations

import numpy as np

from flywheel_sim.compile import draws
from flywheel_sim.compile.cache import inlined, inner
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.accruals import close_accruals, open_accruals
from flywheel_sim.engine.kernel.bookkeeping import (
    ACQUIRED,
    C_ACQUIRED,
    CHURNED,
    D_CONVERTED,
    D_DELAY,
    D_SET_ASIDE,
    F_ACQUIRED,
    F_CONVERTED,
    F_ROOTS,
    L_ACQUIRED,
    SET_ASIDE,
    WON_BACK,
    book_mrr_change,
    cell_now,
    cohort,
    cohort_periods,
    count,
    count_in,
    decide,
    end_invoices,
    followed,
    generation,
    lapse,
    live,
    lose,
    move,
    move_in,
)
from flywheel_sim.engine.kernel.effects import apply, credit_money, log, pay_at_once, refer
from flywheel_sim.engine.kernel.memory import copy, ld, st
from flywheel_sim.engine.kernel.rates import count_shared, luck, period_of, pick, stop
from flywheel_sim.engine.kernel.service import leave_services, served, start_clock
from flywheel_sim.engine.kernel.timers import end_clock, look_at_clock, refresh, schedule, spend_when

_MAX_VISITS, _MAX_FIRINGS = draws.MAX_VISITS, draws.MAX_FIRINGS


@inner
def change_role(mem, p, now, was, present):  # type: ignore[no-untyped-def]
    """Count an acquisition, a churn or a win-back; ``was`` is the role left, -1 on arrival."""
    is_ = ld(mem, ld(mem, p + w.B_ROW) + w.G_ROLE)
    group, before = ld(mem, p + w.B_GROUP), ld(mem, p + w.B_WAS)
    if was == is_:
        return
    if before == 0 and (was == w.ASIDE or is_ == w.ASIDE):
        count(mem, SET_ASIDE, group, 1 if is_ == w.ASIDE else -1)
        decide(mem, p, D_SET_ASIDE, 1 if is_ == w.ASIDE else -1)
    if was >= 0:
        if is_ != w.CUSTOMER and ld(mem, p + w.B_LAPSE) < w.BIG:
            lapse(mem, p, now)
            end_invoices(mem, p)
        if (was == w.CUSTOMER or was == w.ASIDE) and ld(mem, p + w.B_LEFT_AT) >= w.BIG:
            st(mem, p + w.B_LEFT_AT, now)
    if present:
        st(mem, p + w.B_WAS, 1 if is_ == w.CUSTOMER or is_ == w.LAPSED else 0)
    elif is_ == w.CUSTOMER:
        if before:
            count(mem, WON_BACK, group, 1)
            if ld(mem, p + w.B_ACQUIRED) >= 0:
                lose(mem, p, now, -1)
        else:
            count(mem, ACQUIRED, group, 1)
            st(mem, p + w.B_ACQUIRED, now)
            st(mem, p + w.B_COHORT, cohort_periods(mem, now))
            st(mem, p + w.B_COHORT_GROUP, group)
            cohort(mem, C_ACQUIRED, now, now, 1)
            followed(mem, F_ACQUIRED, now, group, now, 1)
            if ld(mem, w.H_LIVES):
                live(mem, p, np.int64(0), L_ACQUIRED, 1)
            decide(mem, p, D_CONVERTED, 1)
            decide(mem, p, D_DELAY, now - ld(mem, p + w.B_BORN))
            number = ld(mem, p + w.B_GENERATION)
            if number == 0:
                followed(mem, F_ROOTS, now, group, now, 1)
            generation(mem, number, 1, 1)
            sponsor = ld(mem, p + w.B_SPONSOR_ACQUIRED)
            if sponsor >= 0:
                followed(mem, F_CONVERTED, sponsor, ld(mem, p + w.B_SPONSOR_GROUP), now, 1)
                generation(mem, number, 2, 1)
                generation(mem, number, 3, now - sponsor)
        st(mem, p + w.B_WAS, 1)
    elif was == w.CUSTOMER:
        count(mem, CHURNED, group, 1)
        if ld(mem, p + w.B_CHURNED) < 0:
            st(mem, p + w.B_CHURNED, now)
        if ld(mem, p + w.B_ACQUIRED) >= 0:
            lose(mem, p, now, 1)


@inlined
def on_entry(mem, p, effects, code, visits, now):  # type: ignore[no-untyped-def]
    """Apply the effects of entering a stage or set."""
    if effects == 0:
        return
    counter = ld(mem, p + visits) << 20
    role = ld(mem, ld(mem, p + w.B_ROW) + w.G_ROLE)
    apply(mem, p, effects, np.int64(0), counter, role, now)
    refer(mem, p, effects, code, counter, np.int64(0), now)
    if ld(mem, p + w.B_ACQUIRED) >= 0:
        credit_money(mem, p, effects, now, role, np.int64(0))


@inlined
def visit(mem, p, column, owner):  # type: ignore[no-untyped-def]
    """Count a visit."""
    number = ld(mem, p + column) + 1
    if number >= _MAX_VISITS:
        stop(mem, w.TOO_MANY_VISITS, owner)
    st(mem, p + column, number)


@inlined
def again(mem, p, c, now):  # type: ignore[no-untyped-def]
    """Let a clock that has fired, and whose stage or set goes on, run again, wait, or end."""
    service = ld(mem, c + w.C_SERVICE)
    if service:
        end_clock(mem, p, c)
        c = ld(mem, service + w.SERVICE_ASKS)
    slot = p + ld(mem, c + w.C_AT)
    kind = ld(mem, c + w.C_KIND)
    recurs = ld(mem, ld(mem, c + w.C_EVENT) + w.V_RECURS)
    if kind != w.K_WHEN and recurs == 0:
        end_clock(mem, p, c)
        return
    firing = ld(mem, slot + w.L_FIRING) + 1
    if firing >= _MAX_FIRINGS:
        stop(mem, w.TOO_MANY_FIRINGS, ld(mem, c + w.C_ID))
    if kind == w.K_WHEN:
        st(mem, slot + w.L_FIRING, firing)
        spend_when(mem, p, c, now)
    else:
        schedule(mem, p, c, now, firing, False)


@inner
def enter(mem, p, to, now, was_mask, fired, present):  # type: ignore[no-untyped-def]
    """Enter a stage: role, effects of entry, accruals, clocks; ``was_mask`` tells the sets one is in, -1 on arrival."""
    rows = ld(mem, w.H_STAGE_ROWS)
    stage = rows + to * w.STAGE
    was = -1
    if was_mask >= 0:
        was = ld(mem, ld(mem, p + w.B_ROW) + w.G_ROLE)
    inside = max(was_mask, 0)
    st(mem, p + w.B_STAGE, to)
    st(mem, p + w.B_ROW, stage)
    st(mem, p + w.B_ENTERED, now)
    st(mem, p + w.B_SINCE, -1)
    visit(mem, p, ld(mem, stage + w.G_VISITS), to)
    n_sets, sets = ld(mem, stage + w.G_SETS_N), ld(mem, stage + w.G_SETS)
    for i in range(n_sets):
        u = ld(mem, sets + i)
        if inside >> ld(mem, u + w.U_BIT) & 1 == 0:
            visit(mem, p, ld(mem, u + w.U_VISITS), ld(mem, w.H_STAGES) + ld(mem, u + w.U_BIT))
    move(mem, to, ld(mem, p + w.B_GROUP), now, 1)
    if ld(mem, w.H_N_SHARED) > 0:
        count_shared(mem, p, to, np.int64(1))
    change_role(mem, p, now, was, present)
    if not present:
        for i in range(n_sets):
            u = ld(mem, sets + i)
            if inside >> ld(mem, u + w.U_BIT) & 1 == 0:
                on_entry(mem, p, ld(mem, u + w.U_ON_ENTRY), ld(mem, u + w.U_CODE), ld(mem, u + w.U_VISITS), now)
        on_entry(mem, p, ld(mem, stage + w.G_ON_ENTRY), ld(mem, stage + w.G_CODE), ld(mem, stage + w.G_VISITS), now)
    if ld(mem, stage + w.G_ACC_N) > 0:
        open_accruals(mem, p, now)
    for i in range(n_sets):
        u = ld(mem, sets + i)
        own = ld(mem, u + w.U_OWN)
        new = inside >> ld(mem, u + w.U_BIT) & 1 == 0
        for j in range(ld(mem, u + w.U_OWN_N)):
            c = ld(mem, own + j)
            if new:
                start_clock(mem, p, c, now, present)
            elif c != fired:
                look_at_clock(mem, p, c, now)
            else:
                again(mem, p, c, now)
    own = ld(mem, stage + w.G_OWN)
    for j in range(ld(mem, stage + w.G_OWN_N)):
        start_clock(mem, p, ld(mem, own + j), now, present)


@inlined
def step_into(mem, p, to, now, was, cell, rest):  # type: ignore[no-untyped-def]
    """Do what `enter` does, where that is nothing but to start the stage's clocks.

    ``was`` is the role left, ``cell`` the `cell_now` of the person's group, ``rest`` the time to the period's end.
    """
    stage = ld(mem, w.H_STAGE_ROWS) + to * w.STAGE
    st(mem, p + w.B_STAGE, to)
    st(mem, p + w.B_ROW, stage)
    st(mem, p + w.B_ENTERED, now)
    st(mem, p + w.B_SINCE, -1)
    visit(mem, p, ld(mem, stage + w.G_VISITS), to)
    move_in(mem, cell, to, rest, 1)
    is_ = ld(mem, stage + w.G_ROLE)
    nobody = was <= w.PROSPECT and is_ != w.CUSTOMER and is_ != w.ASIDE  # nor was, and so in no count of roles
    if is_ != was and not (nobody and ld(mem, p + w.B_MRR) == 0):
        change_role(mem, p, now, was, False)
    own = ld(mem, stage + w.G_OWN)
    for j in range(ld(mem, stage + w.G_OWN_N)):
        c = ld(mem, own + j)
        schedule(mem, p, c, now, ld(mem, c + w.C_FIRST), False)


# -- firing --------------------------------------------------------------------------------------------


@inlined
def outcome_of(mem, p, event, now):  # type: ignore[no-untyped-def]
    """Return the index of the outcome of what is decided at once."""
    if ld(mem, event + w.V_N) == 1:
        return 0
    word = luck(mem, p, ld(mem, event + w.V_CODE), ld(mem, p + ld(mem, event + w.V_VISITS)) << 20)[0]
    return pick(mem, p, ld(mem, event + w.V_PICK), word, now)


@inlined
def stay(mem, p, event, c, outcome, of_event, of_outcome, flows, visits):  # type: ignore[no-untyped-def]
    """Do what `fire` does, where the person stays, the clock runs again and no effect changes an attribute.

    Effects of the event and the outcome, and places of flows and visits, are the same for all to whom it happens.
    """
    now, at = ld(mem, p + w.B_NEXT), ld(mem, p + w.B_STAGE)
    st(mem, w.H_PERIOD, period_of(mem, now))
    firing = ld(mem, p + ld(mem, c + w.C_AT) + w.L_FIRING)
    counter = ld(mem, p + visits) << 20 | firing
    flow = ld(mem, flows + at) + outcome
    count(mem, flow, ld(mem, p + w.B_GROUP), 1)
    log(mem, p, now, flow, at)
    role = ld(mem, ld(mem, p + w.B_ROW) + w.G_ROLE)
    number = np.int64(0)
    if of_event:
        pay_at_once(mem, p, of_event, counter, role, now)
        if ld(mem, of_event + w.E_REFER) > 0:
            number = refer(mem, p, of_event, ld(mem, event + w.V_CODE), counter, number, now)
    if of_outcome:
        pay_at_once(mem, p, of_outcome, counter, role, now)
        if ld(mem, of_outcome + w.E_REFER) > 0:
            refer(mem, p, of_outcome, ld(mem, event + w.V_CODE), counter, number, now)
    if firing + 1 >= _MAX_FIRINGS:
        stop(mem, w.TOO_MANY_FIRINGS, ld(mem, c + w.C_ID))
    schedule(mem, p, c, now, firing + 1, False)
    if ld(mem, w.H_WITH_MRR):
        book_mrr_change(mem, p, now)


@inlined
def go(mem, p, flows, outcome, to):  # type: ignore[no-untyped-def]
    """Do what `fire` does, where the person moves between plain stages and nothing else happens."""
    now, at, stage, group = ld(mem, p + w.B_NEXT), ld(mem, p + w.B_STAGE), ld(mem, p + w.B_ROW), ld(mem, p + w.B_GROUP)
    period = period_of(mem, now)
    st(mem, w.H_PERIOD, period)
    flow = ld(mem, flows + at) + outcome
    cell, rest = cell_now(mem, group), ld(mem, ld(mem, w.H_PERIOD_ENDS) + period) - now
    count_in(mem, cell, flow, 1)
    log(mem, p, now, flow, to)
    move_in(mem, cell, at, rest, -1)
    step_into(mem, p, to, now, ld(mem, stage + w.G_ROLE), cell, rest)
    if ld(mem, w.H_WITH_MRR):
        book_mrr_change(mem, p, now)


@inner
def fire(mem, p, event, c, outcome, now):  # type: ignore[no-untyped-def]
    """Let an event happen with an outcome: effects, referrals, the move or the stay."""
    at, stage = ld(mem, p + w.B_STAGE), ld(mem, p + w.B_ROW)
    if ld(mem, p + w.B_LAPSE) < now:
        lapse(mem, p, now)
    firing = ld(mem, p + ld(mem, c + w.C_AT) + w.L_FIRING) if c else 0
    counter = ld(mem, p + ld(mem, event + w.V_VISITS)) << 20 | firing
    result = ld(mem, event + w.V_OUTCOMES) + outcome * w.OUTCOME
    to = ld(mem, result + w.O_TO)
    flow = ld(mem, ld(mem, event + w.V_FLOWS) + at) + outcome
    count(mem, flow, ld(mem, p + w.B_GROUP), 1)
    log(mem, p, now, flow, to if to >= 0 else at)
    of_event, of_outcome = ld(mem, event + w.V_EFFECTS), ld(mem, result + w.O_EFFECTS)
    role = ld(mem, stage + w.G_ROLE)
    if of_event or of_outcome:
        filled = apply(mem, p, of_event, of_outcome, counter, role, now)
        number = 0
        if of_event:
            number = refer(mem, p, of_event, ld(mem, event + w.V_CODE), counter, np.int64(0), now)
        if of_outcome:
            refer(mem, p, of_outcome, ld(mem, event + w.V_CODE), counter, number, now)
        # amounts are credited after the move, when the first half of the scratch place has served the entry too
        scratch = ld(mem, w.H_SCRATCH)
        copy(mem, scratch + ld(mem, w.H_SCRATCH_HALF), scratch, filled)
    if to >= 0:
        if ld(mem, stage + w.G_SERVICES_N) > 0:
            leave_services(mem, p, to, c, now)
        if ld(mem, stage + w.G_ACC_N) > 0:
            close_accruals(mem, p, now, False)
        move(mem, at, ld(mem, p + w.B_GROUP), now, -1)
        if ld(mem, w.H_N_SHARED) > 0:
            count_shared(mem, p, at, np.int64(-1))
        enter(mem, p, to, now, ld(mem, stage + w.G_MASK), c, False)
    else:
        if c:
            served(mem, p, c, now)
            again(mem, p, c, now)
        if ld(mem, event + w.V_CHANGES):
            refresh(mem, p, now, c)
    if (of_event or of_outcome) and ld(mem, p + w.B_ACQUIRED) >= 0:
        taken = ld(mem, w.H_SCRATCH_HALF)
        if of_event:
            taken = credit_money(mem, p, of_event, now, role, taken)
        if of_outcome:
            credit_money(mem, p, of_outcome, now, role, taken)
    if ld(mem, w.H_WITH_MRR):
        book_mrr_change(mem, p, now)
