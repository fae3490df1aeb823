"""Kernel: the ledger. Flows, money, recurring revenue, cohorts, and what accrues."""

from __future__ import annotations

import numpy as np

from flywheel_sim.compile import draws
from flywheel_sim.compile.cache import inlined, inner
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.memory import add, ld, ldf, st
from flywheel_sim.engine.kernel.rates import period_of, stop
from flywheel_sim.ledger import (
    COHORT,
    DECIDED,
    FOLLOWED,
    GENERATION,
    GENERATIONS,
    LIFETIME,
    MRR,
    MRR_CHANGE,
    ROLE_FLOWS,
)

_MONTH = draws.MONTH_MS
_YEAR = 12 * _MONTH
_UMONTH, _UYEAR = np.uint64(_MONTH), np.uint64(_YEAR)
_ROLE_FLOWS, _N_MRR, _N_COHORT, _N_FOLLOWED, _N_GENERATION = (
    len(ROLE_FLOWS), len(MRR), len(COHORT), len(FOLLOWED), len(GENERATION),
)  # fmt: skip
F_ACQUIRED, F_REVENUE, F_COST, F_MARGIN, F_INVITED, F_CONVERTED, F_ROOTS, F_LINEAGE = range(_N_FOLLOWED)
L_ACQUIRED, L_REVENUE, L_COST, L_MARGIN = range(len(LIFETIME))
D_CAME, D_CONVERTED, D_DELAY, D_SET_ASIDE, D_UNDECIDED = range(len(DECIDED))
_N_LIFETIME, _N_DECIDED = len(LIFETIME), len(DECIDED)
C_ACQUIRED, C_LOST, C_REVENUE = range(_N_COHORT)
ARRIVED, REFERRED, PRESENT, ACQUIRED, CHURNED, WON_BACK, SET_ASIDE, MISSED = range(_ROLE_FLOWS)
_NEW, _UP, _DOWN, _CHURN, _AGAIN, _MOVED, OPENING = range(_N_MRR)
_N_MRR_CHANGE = len(MRR_CHANGE)
_LAST_GENERATION = GENERATIONS - 1
_PER_MONTH = float(_MONTH)
#: The sums of money, as `limits.SUMS` has them.
ON_LINES, ON_CHANNELS, _, ON_MRR, ON_COHORTS, ON_FOLLOWED, ON_PEOPLE = range(7)


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
def add_money(mem, at, amount, which):  # type: ignore[no-untyped-def]
    """Add to one of the sums of money; the run stops where it grows too large."""
    total = ld(mem, at) + amount
    st(mem, at, total)
    if (total ^ total << 1) < 0:  # its two highest bits differ: `TOO_LARGE` and beyond, either way
        stop(mem, w.TOO_MUCH_MONEY, which)


@inlined
def book(mem, line, group, period, amount):  # type: ignore[no-untyped-def]
    """Book money on a line."""
    cell = (period * ld(mem, w.H_GROUPS) + group) * ld(mem, w.H_LINES) + line
    add_money(mem, ld(mem, w.H_MONEY) + cell, amount, ON_LINES)


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
    return np.int64(np.uint64(ms) // _UYEAR if ld(mem, w.H_YEARLY) else np.uint64(ms) // _UMONTH)


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


@inner
def live(mem, p, age, measure, amount):  # type: ignore[no-untyped-def]
    """Add to a measure of a customer who is followed beyond the horizon too, while they are."""
    if age < ld(mem, w.H_LIVES):
        row = age * ld(mem, w.H_LIFE_GROUPS) + ld(mem, p + w.B_COHORT_GROUP)
        add_money(mem, ld(mem, w.H_LIFE) + row * _N_LIFETIME + measure, amount, ON_FOLLOWED)


@inlined
def decide_in(mem, cell, measure, amount):  # type: ignore[no-untyped-def]
    """Add to a measure of what becomes of people who came in a cell."""
    add(mem, ld(mem, w.H_DECIDED) + cell * _N_DECIDED + measure, amount)


@inner
def decide(mem, p, measure, amount):  # type: ignore[no-untyped-def]
    """Add to a measure of what becomes of people, if a person came early enough for that."""
    born = ld(mem, p + w.B_BORN)
    if born < ld(mem, w.H_DECIDE):
        cell = period_of(mem, born) * ld(mem, w.H_GROUPS) + ld(mem, p + w.B_GROUP)
        decide_in(mem, cell, measure, amount)


@inlined
def lose(mem, p, now, sign):  # type: ignore[no-untyped-def]
    """Count a customer lost (+1) or won back (-1); whoever goes just at an age is not there at that age."""
    acquired = ld(mem, p + w.B_ACQUIRED)
    cohort(mem, C_LOST, acquired, max(now - 1, acquired), sign)


@inlined
def credit(mem, p, now, side, amount):  # type: ignore[no-untyped-def]
    """Credit money just booked to the cohort of a customer and to their lineage: revenue, or a cost in margins."""
    acquired = ld(mem, p + w.B_ACQUIRED)
    age, joined = cohort_periods(mem, now - acquired), ld(mem, p + w.B_COHORT)
    if side > 0:
        add_money(mem, cohort_at(mem, joined, age) + C_REVENUE, amount, ON_COHORTS)
    force, own, lives = ldf(mem, w.H_FORCE), 0, ld(mem, w.H_LIVES)
    at = followed_in(mem, joined, age, ld(mem, p + w.B_COHORT_GROUP))
    if at >= 0 or lives or ld(mem, w.H_WITH_MARGIN):
        own = side * draws.discounted(float(amount), force, now - acquired)
        add(mem, p + w.B_MARGIN, own)
    if lives:
        live(mem, p, age, L_REVENUE if side > 0 else L_COST, amount)
        live(mem, p, age, L_MARGIN, own)
    if at >= 0:
        add_money(mem, at + (F_REVENUE if side > 0 else F_COST), amount, ON_FOLLOWED)
        add_money(mem, at + F_MARGIN, own, ON_FOLLOWED)
    if ld(mem, p + w.B_GENERATION) == 0:
        if at >= 0:
            add_money(mem, at + F_LINEAGE, own, ON_FOLLOWED)
        return
    acquired = ld(mem, p + w.B_ROOT_ACQUIRED)
    at = followed_at(mem, acquired, ld(mem, p + w.B_ROOT_GROUP), now)
    if at >= 0:
        add_money(mem, at + F_LINEAGE, side * draws.discounted(float(amount), force, now - acquired), ON_FOLLOWED)


@inlined
def share_of(amount, share):  # type: ignore[no-untyped-def]
    """Return a share of an amount, in whole millionths."""
    return draws.whole_money(share * float(amount))


@inner
def credit_following(mem, p, now, row, n, amount):  # type: ignore[no-untyped-def]
    """Credit what follows from an amount earned."""
    for _ in range(n):
        if ld(mem, row + w.I_MARGIN):
            credit(mem, p, now, ld(mem, row + w.I_SIDE), share_of(amount, ldf(mem, row + w.I_SHARE)))
        row += w.FOLLOWER


@inner
def follow(mem, p, row, n, amount):  # type: ignore[no-untyped-def]
    """Put what follows from an amount earned into a person's account; the ledger's lines follow by themselves."""
    for _ in range(n):
        column = w.B_REVENUE if ld(mem, row + w.I_SIDE) > 0 else w.B_COST
        add_money(mem, p + column, share_of(amount, ldf(mem, row + w.I_SHARE)), ON_PEOPLE)
        row += w.FOLLOWER


# -- recurring revenue ---------------------------------------------------------------------------------


@inlined
def mrr_place(mem, at):  # type: ignore[no-untyped-def]
    """Return the place of the movements in the period of a time, of the first group."""
    return ld(mem, w.H_MRR) + period_of(mem, at) * ld(mem, w.H_GROUPS) * _N_MRR


@inner
def close_month(mem, p):  # type: ignore[no-untyped-def]
    """Book what has become of what a person had just before the month in which it last moved."""
    before = ld(mem, p + w.B_MONTH_MRR)
    if before > 0:
        period = period_of(mem, ld(mem, p + w.B_MONTH) * _MONTH)
        row = ld(mem, w.H_MRR_CHANGE) + (period * ld(mem, w.H_GROUPS) + ld(mem, p + w.B_MONTH_GROUP)) * _N_MRR_CHANGE
        changed = ld(mem, p + w.B_MRR_BOOKED) - before
        add_money(mem, row, changed, ON_MRR)
        add_money(mem, row + 1, min(changed, 0), ON_MRR)


@inlined
def begin_month(mem, p, at):  # type: ignore[no-untyped-def]
    """Note what a person has just before the month of a movement, and close the month of the one before."""
    month = at // _MONTH
    if month != ld(mem, p + w.B_MONTH):
        close_month(mem, p)
        st(mem, p + w.B_MONTH, month)
        st(mem, p + w.B_MONTH_MRR, ld(mem, p + w.B_MRR_BOOKED))
        st(mem, p + w.B_MONTH_GROUP, ld(mem, p + w.B_MRR_GROUP))


@inner
def move_mrr(mem, p, at):  # type: ignore[no-untyped-def]
    """Book the movement to what recurs at a time, which is never less than nothing."""
    present, booked = max(ld(mem, p + w.B_MRR), 0), ld(mem, p + w.B_MRR_BOOKED)
    if present == booked:
        return
    begin_month(mem, p, at)
    kind = _UP if present > booked else _DOWN
    if booked == 0:
        kind = _AGAIN if ld(mem, p + w.B_MRR_EVER) else _NEW
        st(mem, p + w.B_MRR_EVER, 1)
    elif present == 0:
        kind = _CHURN
    add_money(mem, mrr_place(mem, at) + ld(mem, p + w.B_MRR_GROUP) * _N_MRR + kind, present - booked, ON_MRR)
    st(mem, p + w.B_MRR_BOOKED, present)


@inner
def change_group(mem, p, now):  # type: ignore[no-untyped-def]
    """Let what a person has stand in the group they are in now."""
    begin_month(mem, p, now)
    row, booked, group = mrr_place(mem, now), ld(mem, p + w.B_MRR_BOOKED), ld(mem, p + w.B_GROUP)
    add_money(mem, row + ld(mem, p + w.B_MRR_GROUP) * _N_MRR + _MOVED, -booked, ON_MRR)
    add_money(mem, row + group * _N_MRR + _MOVED, booked, ON_MRR)
    st(mem, p + w.B_MRR_GROUP, group)


@inner
def recompute_mrr(mem, p, now):  # type: ignore[no-untyped-def]
    """Book how a person's recurring revenue, or the group it stands in, has changed; only customers keep invoices."""
    if ld(mem, ld(mem, p + w.B_ROW) + w.G_ROLE) != w.CUSTOMER:
        end_invoices(mem, p)
    if ld(mem, p + w.B_GROUP) != ld(mem, p + w.B_MRR_GROUP):
        change_group(mem, p, now)
    move_mrr(mem, p, now)


@inlined
def book_mrr_change(mem, p, now):  # type: ignore[no-untyped-def]
    """Book how a person's recurring revenue has moved."""
    moved = ld(mem, p + w.B_MRR) != ld(mem, p + w.B_MRR_BOOKED)
    if moved or ld(mem, p + w.B_GROUP) != ld(mem, p + w.B_MRR_GROUP):
        recompute_mrr(mem, p, now)


@inner
def open_mrr(mem, p, now):  # type: ignore[no-untyped-def]
    """Let somebody present have had before the run what recurs now."""
    present, group = max(ld(mem, p + w.B_MRR), 0), ld(mem, p + w.B_GROUP)
    lapsed = ld(mem, ld(mem, p + w.B_ROW) + w.G_ROLE) == w.LAPSED
    add_money(mem, mrr_place(mem, now) + group * _N_MRR + OPENING, present, ON_MRR)
    st(mem, p + w.B_MRR_EVER, 1 if present > 0 or lapsed else 0)
    st(mem, p + w.B_MRR_BOOKED, present)
    st(mem, p + w.B_MRR_GROUP, group)
    st(mem, p + w.B_MONTH, now // _MONTH)
    st(mem, p + w.B_MONTH_MRR, present)
    st(mem, p + w.B_MONTH_GROUP, group)


@inlined
def recurring(mem, own, row, n, monthly):  # type: ignore[no-untyped-def]
    """Return what money comes to as recurring revenue by the month: itself if it recurs, and what follows from it."""
    total = monthly if own else 0
    for _ in range(n):
        if ld(mem, row + w.I_RECURS):
            total += share_of(monthly, ldf(mem, row + w.I_SHARE))
        row += w.FOLLOWER
    return total


@inner
def next_lapse(mem, p):  # type: ignore[no-untyped-def]
    """Note when the first of a person's invoices counts no longer."""
    first, soonest = p + ld(mem, w.H_INVOICE0), w.BIG
    for i in range(ld(mem, w.H_N_INVOICES)):
        soonest = min(soonest, ld(mem, first + i * w.INVOICED + 1))
    st(mem, p + w.B_LAPSE, soonest)


@inner
def end_over(mem, p, over):  # type: ignore[no-untyped-def]
    """Let the invoices of a person count no longer whose time is over."""
    first = p + ld(mem, w.H_INVOICE0)
    for i in range(ld(mem, w.H_N_INVOICES)):
        column = first + i * w.INVOICED
        if ld(mem, column + 1) <= over:
            add(mem, p + w.B_MRR, -ld(mem, column))
            st(mem, column, 0)
            st(mem, column + 1, w.BIG)
    next_lapse(mem, p)


@inlined
def end_invoices(mem, p):  # type: ignore[no-untyped-def]
    """Let the invoices of a person count no longer."""
    end_over(mem, p, w.BIG - 1)


@inner
def lapse(mem, p, now):  # type: ignore[no-untyped-def]
    """Let invoices whose period was over before now count no longer, each from when it was.

    Called before anything else moves what recurs in a step, or the group in which it stands.
    """
    while ld(mem, p + w.B_LAPSE) < now:
        over = ld(mem, p + w.B_LAPSE)
        end_over(mem, p, over)
        move_mrr(mem, p, over)


@inlined
def invoice(mem, p, column, monthly, now, until):  # type: ignore[no-untyped-def]
    """Let an invoice take the place of the last one of its line."""
    if ld(mem, p + w.B_LAPSE) < now:
        lapse(mem, p, now)
    add(mem, p + w.B_MRR, monthly - ld(mem, p + column))
    st(mem, p + column, monthly)
    st(mem, p + column + 1, until)
    if ld(mem, w.H_N_INVOICES) > 1:  # of a single line it is the first to lapse
        next_lapse(mem, p)


@inlined
def generation(mem, number, measure, amount):  # type: ignore[no-untyped-def]
    """Add to a measure of a generation."""
    add(mem, ld(mem, w.H_GENERATION) + min(number, _LAST_GENERATION) * _N_GENERATION + measure, amount)
