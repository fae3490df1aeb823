"""Kernel: effects of one firing. Attributes set and added to, money, referrals, and the event log."""

from __future__ import annotations

import numpy as np

from flywheel_sim.compile import draws
from flywheel_sim.compile.cache import inlined, inner
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.accruals import close_accruals, open_accruals
from flywheel_sim.engine.kernel.bookkeeping import (
    F_INVITED,
    ON_PEOPLE,
    add_money,
    book,
    credit,
    credit_following,
    follow,
    followed,
    invoice,
    move,
    open_mrr,
    recurring,
)
from flywheel_sim.engine.kernel.crowd import bring
from flywheel_sim.engine.kernel.memory import add, ld, ldf, st
from flywheel_sim.engine.kernel.rates import group_of, luck, pick, reweigh, value
from flywheel_sim.engine.kernel.timers import drawn
from flywheel_sim.journey.units import MILLIONTHS


@inlined
def log(mem, p, now, flow, to):  # type: ignore[no-untyped-def]
    """Write a line of the event log, where one is kept: time, key, step, flow, stage it leads to."""
    if ld(mem, w.H_EVENTS):
        row = ld(mem, w.H_EVENTS_N)
        out = ld(mem, w.H_EVENTS)
        st(out, row * 5, now)
        st(out, row * 5 + 1, ld(mem, p + w.B_KEY))
        st(out, row * 5 + 2, ld(mem, p + w.B_STEP))
        st(out, row * 5 + 3, flow)
        st(out, row * 5 + 4, to)
        st(mem, w.H_EVENTS_N, row + 1)
        add(mem, p + w.B_STEP, 1)


@inlined
def put(mem, p, column, new_value):  # type: ignore[no-untyped-def]
    """Let a person hold a value of an attribute."""
    before = ld(mem, p + column)
    st(mem, p + column, new_value)
    if ld(mem, w.H_N_SHARED) > 0:
        reweigh(mem, p, column, before)


@inner
def set_attributes(mem, p, row, n, counter, now):  # type: ignore[no-untyped-def]
    """Set attributes one after another."""
    for _ in range(n):
        mode = ld(mem, row + w.S_MODE)
        new_value = ld(mem, row + w.S_VALUE)
        if mode == w.TO_COPY:
            new_value = ld(mem, p + ld(mem, row + w.S_SOURCE))
        elif mode == w.TO_DRAW:
            word = luck(mem, p, ld(mem, row + w.S_CODE), counter)[0]
            new_value = pick(mem, p, ld(mem, row + w.S_PICK), word, now)
        elif mode == w.TO_SHOW:
            new_value = -w.BIG if new_value >= w.BIG else now - new_value
        put(mem, p, ld(mem, row + w.S_COLUMN), min(max(new_value, ld(mem, row + w.S_LOW)), ld(mem, row + w.S_HIGH)))
        row += w.SETTING


@inlined
def amount_of(mem, p, row, counter, now):  # type: ignore[no-untyped-def]
    """Return what an amount that is no share comes to in whole millionths, as the state is now."""
    amount = ld(mem, row + w.M_CONSTANT)
    if amount != w.VARIES:
        return amount
    kind = ld(mem, row + w.M_DIST)
    if kind == 0:
        return draws.whole_money(value(mem, p, ld(mem, row + w.M_A), now))
    uniform = luck(mem, p, ld(mem, row + w.M_CODE), counter)[1]
    return draws.whole_money(drawn(mem, p, kind, row + w.M_A, uniform, now))


@inlined
def pay(mem, p, row, role, group, amount, now):  # type: ignore[no-untyped-def]
    """Book an amount on its line and to the person, with what follows from it."""
    book(mem, ld(mem, row + w.M_LINES + role), group, ld(mem, w.H_PERIOD), amount)
    if ld(mem, row + w.M_SIDE) < 0:
        add_money(mem, p + w.B_COST, amount, ON_PEOPLE)
        return
    add_money(mem, p + w.B_REVENUE, amount, ON_PEOPLE)
    column, n = ld(mem, row + w.M_INVOICE), ld(mem, row + w.M_FOLLOWS_N)
    if n > 0:
        follow(mem, p, ld(mem, row + w.M_FOLLOWS), n, amount)
    if column:
        monthly = draws.monthly(float(amount), ldf(mem, row + w.M_MONTHLY))
        if n > 0 or ld(mem, row + w.M_RECURS) == 0:
            monthly = recurring(mem, ld(mem, row + w.M_RECURS), ld(mem, row + w.M_FOLLOWS), n, monthly)
        invoice(mem, p, column, monthly, now, now + ld(mem, row + w.M_PERIOD))


@inner
def open_with(mem, p, now):  # type: ignore[no-untyped-def]
    """Let a customer present have what clocks will bill who stays, until the first of each line fires."""
    stage = ld(mem, p + w.B_ROW)
    at = ld(mem, stage + w.G_BILLS)
    for _ in range(ld(mem, stage + w.G_BILLS_N) if ld(mem, stage + w.G_ROLE) == w.CUSTOMER else 0):
        column, row, c = ld(mem, at + w.K_INVOICE), ld(mem, at + w.K_AMOUNT), ld(mem, at + w.K_CLOCK)
        slot = p + ld(mem, c + w.C_AT)
        if ld(mem, p + column + 1) == w.BIG and ld(mem, slot + w.L_MODE) == w.FIRES:
            counter = ld(mem, p + ld(mem, c + w.C_VISITS)) << 20 | ld(mem, slot + w.L_FIRING)
            monthly = draws.monthly(float(amount_of(mem, p, row, counter, now)), ldf(mem, row + w.M_MONTHLY))
            follows, n = ld(mem, row + w.M_FOLLOWS), ld(mem, row + w.M_FOLLOWS_N)
            monthly = recurring(mem, ld(mem, row + w.M_RECURS), follows, n, monthly)
            invoice(mem, p, column, monthly, now, ld(mem, p + ld(mem, c + w.C_DUE)))
        at += w.BILL
    open_mrr(mem, p, now)


@inlined
def credit_amount(mem, p, now, row, role, amount):  # type: ignore[no-untyped-def]
    """Credit an amount just booked in a role, and what follows from it, to the cohort of a customer."""
    if ld(mem, row + w.M_MARGIN) >> role & 1:
        credit(mem, p, now, ld(mem, row + w.M_SIDE), amount)
    n = ld(mem, row + w.M_FOLLOWS_N)
    if n > 0:
        credit_following(mem, p, now, ld(mem, row + w.M_FOLLOWS), n, amount)


@inlined
def pay_at_once(mem, p, effects, counter, role, now):  # type: ignore[no-untyped-def]
    """Value, book and credit the amounts of effects that change nothing else, none of them a share."""
    row, group, customer = ld(mem, effects + w.E_MONEY_AT), ld(mem, p + w.B_GROUP), ld(mem, p + w.B_ACQUIRED) >= 0
    for _ in range(ld(mem, effects + w.E_MONEY)):
        amount = amount_of(mem, p, row, counter, now)
        pay(mem, p, row, role, group, amount, now)
        if customer:
            credit_amount(mem, p, now, row, role, amount)
        row += w.MONEY


@inner
def set_all(mem, p, of_event, of_outcome, counter, now):  # type: ignore[no-untyped-def]
    """Set all that the effects of a firing set, and let the person stand in the group of that; 0 for no effects."""
    n = ld(mem, of_event + w.E_SETS) if of_event else 0
    if n > 0:
        set_attributes(mem, p, ld(mem, of_event + w.E_SETS_AT), n, counter, now)
    more = ld(mem, of_outcome + w.E_SETS) if of_outcome else 0
    if more > 0:
        set_attributes(mem, p, ld(mem, of_outcome + w.E_SETS_AT), more, counter, now)
    if n + more == 0:
        return
    stage, group, new = ld(mem, p + w.B_STAGE), ld(mem, p + w.B_GROUP), group_of(mem, p)
    if new == group:
        return
    move(mem, stage, group, now, -1)
    move(mem, stage, new, now, 1)
    if ld(mem, p + w.B_SINCE) >= 0:
        close_accruals(mem, p, now, False)
        st(mem, p + w.B_GROUP, new)
        open_accruals(mem, p, now)
    st(mem, p + w.B_GROUP, new)


@inner
def value_money(mem, p, effects, counter, now, filled):  # type: ignore[no-untyped-def]
    """Put amounts into the scratch place, as the state is now, shares as 0; return how many are there."""
    scratch = ld(mem, w.H_SCRATCH)
    row = ld(mem, effects + w.E_MONEY_AT)
    for _ in range(ld(mem, effects + w.E_MONEY)):
        st(mem, scratch + filled, amount_of(mem, p, row, counter, now) if ld(mem, row + w.M_OF) < 0 else 0)
        filled += 1
        row += w.MONEY
    return filled


@inner
def earned_on(mem, effects, taken, line):  # type: ignore[no-untyped-def]
    """Return what some effects earn on a line, but for shares, from the scratch place."""
    total, row = 0, ld(mem, effects + w.E_MONEY_AT)
    for i in range(ld(mem, effects + w.E_MONEY)):
        if ld(mem, row + w.M_LINES) == line and ld(mem, row + w.M_SIDE) > 0 and ld(mem, row + w.M_OF) < 0:
            total += ld(mem, ld(mem, w.H_SCRATCH) + taken + i)
        row += w.MONEY
    return total


@inner
def value_shares(mem, p, effects, taken, of_event, of_outcome, now):  # type: ignore[no-untyped-def]
    """Put the shares among the amounts of some effects into the scratch place: shares of what a firing earns."""
    row = ld(mem, effects + w.E_MONEY_AT)
    for i in range(ld(mem, effects + w.E_MONEY)):
        line = ld(mem, row + w.M_OF)
        if line >= 0:
            earned = earned_on(mem, of_event, np.int64(0), line) if of_event else 0
            if of_outcome:
                earned += earned_on(mem, of_outcome, ld(mem, of_event + w.E_MONEY) if of_event else 0, line)
            share = value(mem, p, ld(mem, row + w.M_A), now)
            st(mem, ld(mem, w.H_SCRATCH) + taken + i, draws.whole_money(share * float(earned)))
        row += w.MONEY


@inner
def pay_all(mem, p, effects, role, taken, now):  # type: ignore[no-untyped-def]
    """Book the amounts of some effects from the scratch place; return what they earn."""
    scratch, group, earned = ld(mem, w.H_SCRATCH), ld(mem, p + w.B_GROUP), 0
    row = ld(mem, effects + w.E_MONEY_AT)
    for i in range(ld(mem, effects + w.E_MONEY)):
        amount = ld(mem, scratch + taken + i)
        pay(mem, p, row, role, group, amount, now)
        earned += amount if ld(mem, row + w.M_SIDE) > 0 else 0
        row += w.MONEY
    return earned


@inner
def add_all(mem, p, effects, earned):  # type: ignore[no-untyped-def]
    """Add to counters what some effects add."""
    row = ld(mem, effects + w.E_ADDS_AT)
    for _ in range(ld(mem, effects + w.E_ADDS)):
        column = ld(mem, row + w.D_COLUMN)
        number = earned // MILLIONTHS if ld(mem, row + w.D_EARNED) else ld(mem, row + w.D_NUMBER)
        new_value = ld(mem, p + column) + number
        put(mem, p, column, min(max(new_value, ld(mem, row + w.D_LOW)), ld(mem, row + w.D_HIGH)))
        row += w.ADDITION


@inner
def apply(mem, p, of_event, of_outcome, counter, role, now):  # type: ignore[no-untyped-def]
    """Apply the effects of one firing but referrals, an event's and its outcome's; return how many amounts there are.

    All is set first, so that amounts are of the state after that; numbers are added once they are paid.
    """
    set_all(mem, p, of_event, of_outcome, counter, now)
    half = value_money(mem, p, of_event, counter, now, np.int64(0)) if of_event else np.int64(0)
    filled = value_money(mem, p, of_outcome, counter, now, half) if of_outcome else half
    if of_event and ld(mem, of_event + w.E_SHARES):
        value_shares(mem, p, of_event, np.int64(0), of_event, of_outcome, now)
    if of_outcome and ld(mem, of_outcome + w.E_SHARES):
        value_shares(mem, p, of_outcome, half, of_event, of_outcome, now)
    earned = pay_all(mem, p, of_event, role, np.int64(0), now) if of_event else 0
    earned += pay_all(mem, p, of_outcome, role, half, now) if of_outcome else 0
    if of_event:
        add_all(mem, p, of_event, earned)
    if of_outcome:
        add_all(mem, p, of_outcome, earned)
    return filled


@inlined
def credit_money(mem, p, effects, now, role, taken):  # type: ignore[no-untyped-def]
    """Credit amounts in the scratch place, from one on, to the person's cohort; return which one is next."""
    scratch = ld(mem, w.H_SCRATCH)
    row = ld(mem, effects + w.E_MONEY_AT)
    for _ in range(ld(mem, effects + w.E_MONEY)):
        credit_amount(mem, p, now, row, role, ld(mem, scratch + taken))
        taken += 1
        row += w.MONEY
    return taken


@inner
def refer(mem, p, effects, code, counter, number, now):  # type: ignore[no-untyped-def]
    """Bring new people: who that is depends on the referrer, the event and its firing alone."""
    at = ld(mem, effects + w.E_REFER_AT)
    for i in range(ld(mem, effects + w.E_REFER)):
        channel = ld(mem, at + i)
        row = ld(mem, w.H_CHANNEL_ROWS) + channel * w.CHANNEL
        if ld(mem, row + w.N_REMOVED):
            number += 1
            continue
        q = ld(mem, w.H_FREE)
        st(mem, w.H_FREE, ld(mem, q + w.Y_LINK))
        add(mem, w.H_POOL_LEFT, -1)
        add(mem, p + w.B_REFERRALS, 1)
        acquired, group = ld(mem, p + w.B_ACQUIRED), ld(mem, p + w.B_COHORT_GROUP)
        if acquired >= 0:
            followed(mem, F_INVITED, acquired, group, now, 1)
        first = ld(mem, p + w.B_GENERATION) == 0
        st(mem, q + w.Y_KEY, draws.child_key(ld(mem, p + w.B_KEY), code, counter << 8 | number))
        st(mem, q + w.Y_CHANNEL, channel)
        st(mem, q + w.Y_BORN, now)
        st(mem, q + w.Y_GENERATION, ld(mem, p + w.B_GENERATION) + 1)
        st(mem, q + w.Y_SPONSOR, ld(mem, p + w.B_KEY))
        st(mem, q + w.Y_SPONSOR_ACQUIRED, acquired)
        st(mem, q + w.Y_SPONSOR_GROUP, group)
        st(mem, q + w.Y_ROOT_ACQUIRED, acquired if first else ld(mem, p + w.B_ROOT_ACQUIRED))
        st(mem, q + w.Y_ROOT_GROUP, group if first else ld(mem, p + w.B_ROOT_GROUP))
        st(mem, q + w.Y_REFERRER, 1 if ld(mem, p + w.B_LEFT_AT) >= w.BIG else 2)
        st(mem, q + w.Y_GONE_AT, w.BIG)
        columns = ld(mem, row + w.N_INHERITS)
        for j in range(ld(mem, row + w.N_INHERITS_N)):
            column = ld(mem, columns + j)
            st(mem, q + w.WAITING + column - ld(mem, w.H_ATTRIBUTE0), ld(mem, p + column))
        if ld(mem, w.H_COUPLED):
            bring(mem, p, q)
        elif ld(mem, w.H_WITH_REFERRER):
            st(mem, q + w.Y_LINK, ld(mem, p + w.B_CHILDREN))
            st(mem, p + w.B_CHILDREN, q)
        else:
            st(mem, q + w.Y_LINK, ld(mem, w.H_READY))
            st(mem, w.H_READY, q)
        number += 1
    return number
