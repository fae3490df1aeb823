"""Kernel: what accrues. Stretches of money over time, their prices, and to whom they are credited."""

from __future__ import annotations

from flywheel_sim.compile import draws
from flywheel_sim.compile.cache import inlined, inner
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.bookkeeping import (
    C_REVENUE,
    F_COST,
    F_LINEAGE,
    F_MARGIN,
    F_REVENUE,
    L_COST,
    L_MARGIN,
    L_REVENUE,
    ON_COHORTS,
    ON_FOLLOWED,
    ON_PEOPLE,
    add_money,
    book,
    cohort_at,
    cohort_periods,
    follow,
    followed_in,
    live,
    recurring,
    share_of,
    shift,
)
from flywheel_sim.engine.kernel.memory import add, ld, ldf, st, stf
from flywheel_sim.engine.kernel.rates import cell_of, next_break, period_of, value_in

_MONTH = draws.MONTH_MS
_YEAR = 12 * _MONTH
_PER_MONTH = float(_MONTH)


@inner
def accrue(mem, key, now, sign):  # type: ignore[no-untyped-def]
    """Let an amount begin (+1) or cease (-1) to accrue at a key of the accruals' books."""
    cell = ld(mem, w.H_PERIOD) * ld(mem, w.H_ACC_KEYS) + key
    shift(mem, ld(mem, w.H_ACC_DELTA), ld(mem, w.H_ACC_OFFSET), cell, now, sign)


@inlined
def accrues_monthly(mem, row, price):  # type: ignore[no-untyped-def]
    """Return the recurring revenue of what accrues at a price."""
    monthly = draws.monthly(price, _PER_MONTH)
    return recurring(mem, ld(mem, row + w.Q_RECURS), ld(mem, row + w.Q_FOLLOWS), ld(mem, row + w.Q_FOLLOWS_N), monthly)


@inlined
def counted(mem, p, rate):  # type: ignore[no-untyped-def]
    """Return what the counter holds that multiplies a price, 0 without one."""
    per = ld(mem, rate + w.R_PER)
    return ld(mem, p + per) if per else 0


@inner
def open_accruals(mem, p, now):  # type: ignore[no-untyped-def]
    """Begin a stretch of everything that accrues where a person is."""
    stage = ld(mem, p + w.B_ROW)
    n = ld(mem, stage + w.G_ACC_N)
    look = w.BIG
    row, at = ld(mem, stage + w.G_ACC), p + ld(mem, w.H_ACCRUAL0)
    group = ld(mem, p + w.B_GROUP)
    for _ in range(n):
        rate, key = ld(mem, row + w.Q_RATE), ld(mem, row + w.Q_KEY)
        cell = cell_of(mem, p, rate, now)
        price = value_in(mem, p, rate, cell)
        st(mem, at, cell)
        stf(mem, at + 1, price)
        st(mem, at + 2, counted(mem, p, rate))
        if key >= 0:
            accrue(mem, key + cell * ld(mem, w.H_GROUPS) + group, now, 1)
        if ld(mem, row + w.Q_MRR):
            add(mem, p + w.B_MRR, accrues_monthly(mem, row, price))
        look = min(look, next_break(mem, p, rate, now))
        row += w.ACCRUAL
        at += w.ACCRUING
    st(mem, p + w.B_SINCE, now)
    st(mem, p + w.B_LOOK, look)


@inlined
def part_of(mem, d, amount):  # type: ignore[no-untyped-def]
    """Return an amount (0), or the share of it that a line follows by."""
    return share_of(amount, ldf(mem, d + w.I_SHARE)) if d else amount


@inlined
def settle_part(mem, p, side, d, whole, price, since, end):  # type: ignore[no-untyped-def]
    """Book what has accrued to a customer (0), or what follows from it, to their cohort and lineage.

    ``whole`` is where it stands what a whole cohort period comes to, 0 where that is not known.
    """
    acquired, joined, group = ld(mem, p + w.B_ACQUIRED), ld(mem, p + w.B_COHORT), ld(mem, p + w.B_COHORT_GROUP)
    force, length = ldf(mem, w.H_FORCE), _YEAR if ld(mem, w.H_YEARLY) else _MONTH
    begin, last = since - acquired, end - acquired
    root, age, lives = ld(mem, p + w.B_GENERATION) == 0, cohort_periods(mem, begin), ld(mem, w.H_LIVES)
    while begin < last:
        stop_at = min(last, (age + 1) * length)
        at, flat, own = followed_in(mem, joined, age, group), 0, 0
        if at >= 0 and whole and stop_at - begin == length:  # computed once, for everybody
            flat = ld(mem, whole)
            own = side * ld(mem, whole + 1 + age)
            add(mem, p + w.B_MARGIN, own)
        else:
            if side > 0 or at >= 0 or lives:
                flat = part_of(mem, d, draws.discounted_flow(price, 0.0, begin, stop_at))
            if at >= 0 or lives or ld(mem, w.H_WITH_MARGIN):
                own = side * part_of(mem, d, draws.discounted_flow(price, force, begin, stop_at))
                add(mem, p + w.B_MARGIN, own)
        if side > 0:
            add_money(mem, cohort_at(mem, joined, age) + C_REVENUE, flat, ON_COHORTS)
        if lives:
            live(mem, p, age, L_REVENUE if side > 0 else L_COST, flat)
            live(mem, p, age, L_MARGIN, own)
        if at >= 0:
            add_money(mem, at + (F_REVENUE if side > 0 else F_COST), flat, ON_FOLLOWED)
            add_money(mem, at + F_MARGIN, own, ON_FOLLOWED)
            if root:
                add_money(mem, at + F_LINEAGE, own, ON_FOLLOWED)
        begin, age = stop_at, age + 1
    acquired = ld(mem, p + w.B_ROOT_ACQUIRED)
    if root or acquired < 0:
        return
    joined, group = cohort_periods(mem, acquired), ld(mem, p + w.B_ROOT_GROUP)
    begin, last = since - acquired, end - acquired
    age = cohort_periods(mem, begin)
    while begin < last:
        stop_at = min(last, (age + 1) * length)
        at = followed_in(mem, joined, age, group)
        if at >= 0:
            own = side * part_of(mem, d, draws.discounted_flow(price, force, begin, stop_at))
            add_money(mem, at + F_LINEAGE, own, ON_FOLLOWED)
        begin, age = stop_at, age + 1


@inner
def settle_following(mem, p, d, n, price, since, end):  # type: ignore[no-untyped-def]
    """Book what follows from what has accrued to a customer to their cohort and lineage."""
    for _ in range(n):
        if ld(mem, d + w.I_MARGIN):
            settle_part(mem, p, ld(mem, d + w.I_SIDE), d, 0, price, since, end)
        d += w.FOLLOWER


@inner
def settle_stretch(mem, p, row, cell, price, since, end):  # type: ignore[no-untyped-def]
    """Book a stretch of an accrual to the person, and where they are customers to their cohort and lineage."""
    side = ld(mem, row + w.Q_SIDE)
    amount = draws.whole_money(price * (end - since))
    add_money(mem, p + (w.B_REVENUE if side > 0 else w.B_COST), amount, ON_PEOPLE)
    if ld(mem, row + w.Q_KEY) < 0:
        begin, period = since, period_of(mem, since)
        before = 0
        while begin < end:
            stop_at = min(end, ld(mem, ld(mem, w.H_PERIOD_ENDS) + period))
            upto = draws.whole_money(price * (stop_at - since))
            book(mem, ld(mem, row + w.Q_LINE), ld(mem, p + w.B_GROUP), period, upto - before)
            begin, before, period = stop_at, upto, period + 1
    customer, d, n = ld(mem, p + w.B_ACQUIRED) >= 0, ld(mem, row + w.Q_FOLLOWS), ld(mem, row + w.Q_FOLLOWS_N)
    if n > 0:
        follow(mem, p, d, n, amount)
    if customer and ld(mem, row + w.Q_MARGIN):
        whole = ld(mem, row + w.Q_WHOLE)
        if whole:
            whole += cell * (1 + ld(mem, w.H_AGES))
        settle_part(mem, p, side, 0, whole, price, since, end)
    if customer and n > 0:
        settle_following(mem, p, d, n, price, since, end)


@inner
def close_accruals(mem, p, now, over):  # type: ignore[no-untyped-def]
    """End the stretch of everything that accrues; at the horizon (``over``) the books run on to it by themselves."""
    stage = ld(mem, p + w.B_ROW)
    row, at = ld(mem, stage + w.G_ACC), p + ld(mem, w.H_ACCRUAL0)
    since, group = ld(mem, p + w.B_SINCE), ld(mem, p + w.B_GROUP)
    for _ in range(ld(mem, stage + w.G_ACC_N)):
        price = ldf(mem, at + 1)
        settle_stretch(mem, p, row, ld(mem, at), price, since, now)
        if not over:
            key = ld(mem, row + w.Q_KEY)
            if key >= 0:
                accrue(mem, key + ld(mem, at) * ld(mem, w.H_GROUPS) + group, now, -1)
            if ld(mem, row + w.Q_MRR):
                add(mem, p + w.B_MRR, -accrues_monthly(mem, row, price))
        row += w.ACCRUAL
        at += w.ACCRUING


@inner
def look_at_accruals(mem, p, now):  # type: ignore[no-untyped-def]
    """Cut the stretch where a price has changed, and note when time alone may change one next."""
    stage = ld(mem, p + w.B_ROW)
    n = ld(mem, stage + w.G_ACC_N)
    if n == 0:
        return
    row, at = ld(mem, stage + w.G_ACC), p + ld(mem, w.H_ACCRUAL0)
    changed, look = False, w.BIG
    for _ in range(n):
        rate = ld(mem, row + w.Q_RATE)
        if cell_of(mem, p, rate, now) != ld(mem, at) or counted(mem, p, rate) != ld(mem, at + 2):
            changed = True
        look = min(look, next_break(mem, p, rate, now))
        row += w.ACCRUAL
        at += w.ACCRUING
    st(mem, p + w.B_LOOK, look)
    if changed:
        close_accruals(mem, p, now, False)
        open_accruals(mem, p, now)
