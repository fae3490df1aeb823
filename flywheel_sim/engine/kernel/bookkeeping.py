"""Kernel: the ledger. Flows, money, recurring revenue, cohorts, and what accrues."""

from __future__ import annotations

from flywheel_sim.compile import draws
from flywheel_sim.compile.cache import inlined, inner
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.memory import add, ld, ldf, st, stf
from flywheel_sim.engine.kernel.rates import cell_of, next_break, value_in
from flywheel_sim.ledger import COHORT, FOLLOWED, GENERATION, GENERATIONS, MRR, ROLE_FLOWS

_FIXED = draws.FIXED
_MONTH = draws.MONTH_MS
_YEAR = 12 * _MONTH
_ROLE_FLOWS, _N_MRR, _N_COHORT, _N_FOLLOWED, _N_GENERATION = (
    len(ROLE_FLOWS), len(MRR), len(COHORT), len(FOLLOWED), len(GENERATION),
)  # fmt: skip
F_ACQUIRED, F_REVENUE, F_SERVICE, F_MARGIN, F_INVITED, F_CONVERTED, F_DELAY, F_ROOTS, F_LINEAGE = range(_N_FOLLOWED)
C_ACQUIRED, C_LOST, C_REVENUE = range(_N_COHORT)
ARRIVED, REFERRED, PRESENT, ACQUIRED, CHURNED, WON_BACK, SET_ASIDE, MISSED = range(_ROLE_FLOWS)
_NEW, _UP, _DOWN, _CHURN, _AGAIN, _MOVED = range(_N_MRR)
_LAST_GENERATION = GENERATIONS - 1
_PER_MONTH = float(_FIXED * _MONTH)


@inlined
def cell_now(mem, group):  # type: ignore[no-untyped-def]
    """Return the number of a group's cell in this period, by which books of a period and group are laid out."""
    return ld(mem, w.H_PERIOD) * ld(mem, w.H_GROUPS) + group


@inlined
def count_in(mem, cell, flow, sign):  # type: ignore[no-untyped-def]
    """Count a flow in a cell."""
    add(mem, ld(mem, w.H_FLOW) + cell * ld(mem, w.H_FLOWS) + flow, sign)


@inlined
def count(mem, flow, group, sign):  # type: ignore[no-untyped-def]
    """Count a flow."""
    count_in(mem, cell_now(mem, group), flow, sign)


@inlined
def book(mem, line, group, period, minor):  # type: ignore[no-untyped-def]
    """Book money on a line."""
    cell = (period * ld(mem, w.H_GROUPS) + group) * ld(mem, w.H_LINES) + line
    add(mem, ld(mem, w.H_MONEY) + cell, minor)


@inlined
def shift(mem, counts, offsets, cell, now, sign):  # type: ignore[no-untyped-def]
    """Count somebody in (+1) or out (-1) in this period, with the time to its end."""
    add(mem, counts + cell, sign)
    add(mem, offsets + cell, sign * (ld(mem, ld(mem, w.H_PERIOD_ENDS) + ld(mem, w.H_PERIOD)) - now))


@inlined
def move_in(mem, cell, stage, rest, sign):  # type: ignore[no-untyped-def]
    """Count an entry to a stage (+1) or an exit (-1) in a cell, ``rest`` before the period's end."""
    at = cell * ld(mem, w.H_STAGES) + stage
    add(mem, ld(mem, w.H_DELTA) + at, sign)
    add(mem, ld(mem, w.H_OFFSET) + at, sign * rest)


@inlined
def move(mem, stage, group, now, sign):  # type: ignore[no-untyped-def]
    """Count an entry to a stage (+1) or an exit (-1)."""
    rest = ld(mem, ld(mem, w.H_PERIOD_ENDS) + ld(mem, w.H_PERIOD)) - now
    move_in(mem, cell_now(mem, group), stage, rest, sign)


@inlined
def cohort_periods(mem, ms):  # type: ignore[no-untyped-def]
    """Return how many whole cohort periods a time holds."""
    return ms // _YEAR if ld(mem, w.H_YEARLY) else ms // _MONTH


@inlined
def cohort_at(mem, joined, age):  # type: ignore[no-untyped-def]
    """Return the place of the measures of a cohort at an age, both in cohort periods."""
    return ld(mem, w.H_COHORT) + (joined * ld(mem, w.H_COHORTS) + age) * _N_COHORT


@inlined
def cohort(mem, measure, acquired, now, amount):  # type: ignore[no-untyped-def]
    """Add to a measure of the people acquired when somebody was, at the age they have."""
    at = cohort_at(mem, cohort_periods(mem, acquired), cohort_periods(mem, now - acquired))
    add(mem, at + measure, amount)


@inlined
def followed_in(mem, joined, age, group):  # type: ignore[no-untyped-def]
    """Return the place of the measures of those followed at an age, -1 for whom and when nobody is followed."""
    if joined >= ld(mem, w.H_ELIGIBLE) or age >= ld(mem, w.H_AGES):
        return -1
    return ld(mem, w.H_FOLLOWED) + (age * ld(mem, w.H_GROUPS) + group) * _N_FOLLOWED


@inlined
def followed_at(mem, acquired, group, now):  # type: ignore[no-untyped-def]
    """Return the place of the measures of somebody who is followed, -1 for others."""
    if acquired < 0:
        return -1
    return followed_in(mem, cohort_periods(mem, acquired), cohort_periods(mem, now - acquired), group)


@inlined
def followed(mem, measure, acquired, group, now, amount):  # type: ignore[no-untyped-def]
    """Add to a measure of followed customers."""
    at = followed_at(mem, acquired, group, now)
    if at >= 0:
        add(mem, at + measure, amount)


@inlined
def credit(mem, p, now, side, role, minor):  # type: ignore[no-untyped-def]
    """Credit money just booked to the cohort of a customer and to their lineage: revenue, and service cost."""
    if side < 0 and role != w.CUSTOMER:
        return
    acquired = ld(mem, p + w.B_ACQUIRED)
    age, joined = cohort_periods(mem, now - acquired), ld(mem, p + w.B_COHORT)
    if side > 0:
        add(mem, cohort_at(mem, joined, age) + C_REVENUE, minor * _FIXED)
    force, own = ldf(mem, w.H_FORCE), 0
    at = followed_in(mem, joined, age, ld(mem, p + w.B_COHORT_GROUP))
    if at >= 0 or ld(mem, w.H_WITH_MARGIN):
        own = side * draws.discounted(float(minor), force, now - acquired)
        add(mem, p + w.B_MARGIN, own)
    if at >= 0:
        add(mem, at + (F_REVENUE if side > 0 else F_SERVICE), minor * _FIXED)
        add(mem, at + F_MARGIN, own)
    if ld(mem, p + w.B_GENERATION) == 0:
        if at >= 0:
            add(mem, at + F_LINEAGE, own)
        return
    acquired = ld(mem, p + w.B_ROOT_ACQUIRED)
    at = followed_at(mem, acquired, ld(mem, p + w.B_ROOT_GROUP), now)
    if at >= 0:
        add(mem, at + F_LINEAGE, side * draws.discounted(float(minor), force, now - acquired))


# -- recurring revenue ---------------------------------------------------------------------------------


@inlined
def reckon(mem, p):  # type: ignore[no-untyped-def]
    """Book how a person's recurring revenue has moved."""
    present, booked = ld(mem, p + w.B_MRR), ld(mem, p + w.B_MRR_BOOKED)
    group, old = ld(mem, p + w.B_GROUP), ld(mem, p + w.B_MRR_GROUP)
    if present == booked and group == old:
        return
    row = ld(mem, w.H_MRR) + ld(mem, w.H_PERIOD) * ld(mem, w.H_GROUPS) * _N_MRR
    if group != old:
        add(mem, row + old * _N_MRR + _MOVED, -booked)
        add(mem, row + group * _N_MRR + _MOVED, booked)
        st(mem, p + w.B_MRR_GROUP, group)
    if present != booked:
        kind = _UP if present > booked else _DOWN
        if booked == 0:
            kind = _AGAIN if ld(mem, p + w.B_MRR_EVER) else _NEW
            st(mem, p + w.B_MRR_EVER, 1)
        elif present == 0:
            kind = _CHURN
        add(mem, row + group * _N_MRR + kind, present - booked)
        st(mem, p + w.B_MRR_BOOKED, present)


@inlined
def invoice(mem, p, column, monthly):  # type: ignore[no-untyped-def]
    """Let an invoice take the place of the last one of its line."""
    add(mem, p + w.B_MRR, monthly - ld(mem, p + column))
    st(mem, p + column, monthly)


@inner
def end_invoices(mem, p):  # type: ignore[no-untyped-def]
    """Let the invoices of a person count no longer."""
    first = p + ld(mem, w.H_INVOICE0)
    for column in range(first, first + ld(mem, w.H_N_INVOICES)):
        add(mem, p + w.B_MRR, -ld(mem, column))
        st(mem, column, 0)


# -- what accrues --------------------------------------------------------------------------------------


@inner
def accrue(mem, key, now, sign):  # type: ignore[no-untyped-def]
    """Let an amount begin (+1) or cease (-1) to accrue at a key of the accruals' books."""
    cell = ld(mem, w.H_PERIOD) * ld(mem, w.H_ACC_KEYS) + key
    shift(mem, ld(mem, w.H_ACC_DELTA), ld(mem, w.H_ACC_OFFSET), cell, now, sign)


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
        if key >= 0:
            accrue(mem, key + cell * ld(mem, w.H_GROUPS) + group, now, 1)
        if ld(mem, row + w.Q_SIDE) > 0:
            add(mem, p + w.B_MRR, draws.monthly(price, _PER_MONTH))
        look = min(look, next_break(mem, p, rate, now))
        row += w.ACCRUAL
        at += 2
    st(mem, p + w.B_SINCE, now)
    st(mem, p + w.B_LOOK, look)


@inner
def settle_stretch(mem, p, row, cell, price, since, end):  # type: ignore[no-untyped-def]
    """Book a stretch of an accrual to the person, and where they are customers to their cohort and lineage."""
    side = ld(mem, row + w.Q_SIDE)
    minor = draws.whole_money(price * (end - since))
    add(mem, p + (w.B_REVENUE if side > 0 else w.B_COST), minor)
    if ld(mem, row + w.Q_KEY) < 0:
        begin, period = since, since // _MONTH
        before = 0
        while begin < end:
            stop_at = min(end, ld(mem, ld(mem, w.H_PERIOD_ENDS) + period))
            upto = draws.whole_money(price * (stop_at - since))
            book(mem, ld(mem, row + w.Q_LINE), ld(mem, p + w.B_GROUP), period, upto - before)
            begin, before, period = stop_at, upto, period + 1
    role = ld(mem, ld(mem, p + w.B_ROW) + w.G_ROLE)
    acquired = ld(mem, p + w.B_ACQUIRED)
    if acquired < 0 or (side < 0 and role != w.CUSTOMER):
        return
    group = ld(mem, p + w.B_COHORT_GROUP)
    force, length = ldf(mem, w.H_FORCE), _YEAR if ld(mem, w.H_YEARLY) else _MONTH
    begin, last = since - acquired, end - acquired
    root = ld(mem, p + w.B_GENERATION) == 0
    whole = ld(mem, row + w.Q_WHOLE)
    if whole:
        whole += cell * (1 + ld(mem, w.H_AGES))
    while begin < last:
        stop_at = min(last, (begin // length + 1) * length)
        at, flat, own = followed_at(mem, acquired, group, acquired + begin), 0, 0
        if at >= 0 and whole and stop_at - begin == length:  # reckoned once, for everybody
            flat = ld(mem, whole)
            own = side * ld(mem, whole + 1 + begin // length)
            add(mem, p + w.B_MARGIN, own)
        else:
            if side > 0 or at >= 0:
                flat = draws.discounted_flow(price, 0.0, begin, stop_at)
            if at >= 0 or ld(mem, w.H_WITH_MARGIN):
                own = side * draws.discounted_flow(price, force, begin, stop_at)
                add(mem, p + w.B_MARGIN, own)
        if side > 0:
            cohort(mem, C_REVENUE, acquired, acquired + begin, flat)
        if at >= 0:
            add(mem, at + (F_REVENUE if side > 0 else F_SERVICE), flat)
            add(mem, at + F_MARGIN, own)
            if root:
                add(mem, at + F_LINEAGE, own)
        begin = stop_at
    acquired = ld(mem, p + w.B_ROOT_ACQUIRED)
    if root or acquired < 0:
        return
    group = ld(mem, p + w.B_ROOT_GROUP)
    begin, last = since - acquired, end - acquired
    while begin < last:
        stop_at = min(last, (begin // length + 1) * length)
        at = followed_at(mem, acquired, group, acquired + begin)
        if at >= 0:
            add(mem, at + F_LINEAGE, side * draws.discounted_flow(price, force, begin, stop_at))
        begin = stop_at


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
            if ld(mem, row + w.Q_SIDE) > 0:
                add(mem, p + w.B_MRR, -draws.monthly(price, _PER_MONTH))
        row += w.ACCRUAL
        at += 2


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
        if cell_of(mem, p, rate, now) != ld(mem, at):
            changed = True
        look = min(look, next_break(mem, p, rate, now))
        row += w.ACCRUAL
        at += 2
    st(mem, p + w.B_LOOK, look)
    if changed:
        close_accruals(mem, p, now, False)
        open_accruals(mem, p, now)


@inlined
def generation(mem, number, measure, amount):  # type: ignore[no-untyped-def]
    """Add to a measure of a generation."""
    add(mem, ld(mem, w.H_GENERATION) + min(number, _LAST_GENERATION) * _N_GENERATION + measure, amount)
