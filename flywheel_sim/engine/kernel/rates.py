"""Kernel: luck, rates and picks of one person, and what all share on which they depend.

Functions take memory, the person's place and the time.
"""

from __future__ import annotations

import math

import numpy as np

from flywheel_sim.compile import draws
from flywheel_sim.compile.cache import inlined, inner
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.memory import add, ld, ldf, st, stf

_KNOTS, _MONTH = draws.KNOTS, np.uint64(draws.MONTH_MS)  # without a sign, which division would look at


@inlined
def period_of(mem, now):  # type: ignore[no-untyped-def]
    """Return the period of the books in which a time lies: they end at months, and at days or weeks where so fine."""
    fine, months = ld(mem, w.H_FINE), np.int64(np.uint64(now) // _MONTH)
    if fine == 0:
        return months
    return now // fine + months - now // ld(mem, w.H_TOGETHER)


@inlined
def luck(mem, p, code, counter):  # type: ignore[no-untyped-def]
    """Return a person's word and uniform for a decision."""
    return draws.draw(ld(mem, w.H_SEED), ld(mem, w.H_REPLICATION), ld(mem, p + w.B_KEY), code, counter)


@inner
def draw_all(mem, n):  # type: ignore[no-untyped-def]
    """Draw the first ``n`` decisions of those that wait: a plain loop, of which the processor does several at once."""
    seed, replication = ld(mem, w.H_SEED), ld(mem, w.H_REPLICATION)
    at = ld(mem, w.H_DRAWS)
    for i in range(at, at + n):
        key, code = ld(mem, i + w.D_KEYS * w.DRAWS), ld(mem, i + w.D_CODES * w.DRAWS)
        word, uniform = draws.draw(seed, replication, key, code, ld(mem, i + w.D_COUNTERS * w.DRAWS))
        st(mem, i + w.D_RANDOM * w.DRAWS, word)
        stf(mem, i + w.D_UNIFORMS * w.DRAWS, uniform)


@inlined
def note_draw(mem, at, p, code, counter):  # type: ignore[no-untyped-def]
    """Note a decision at a place among those that wait to be drawn."""
    st(mem, at + w.D_KEYS * w.DRAWS, ld(mem, p + w.B_KEY))
    st(mem, at + w.D_CODES * w.DRAWS, code)
    st(mem, at + w.D_COUNTERS * w.DRAWS, counter)


@inner
def table_at(mem, table, size, rank):  # type: ignore[no-untyped-def]
    """Return `draws.from_table` of a table in memory."""
    root, other = math.sqrt(rank), math.sqrt(1.0 - rank)
    at = root / (root + other) * (size - 1)
    index = min(int(at), size - 2)
    low = ldf(mem, table + index)
    return low + (ldf(mem, table + index + 1) - low) * (at - index)


@inlined
def reaches(mem, j, bound):  # type: ignore[no-untyped-def]
    """Tell whether what all share, at a row, is at least a bound."""
    count = ld(mem, j + w.J_COUNT)
    if ld(mem, j + w.J_SCALE) == 0:
        return count >= bound
    if count > 0:
        return ld(mem, j + w.J_SUM) >= bound * count
    return ld(mem, j + w.J_STARTS) >= bound


@inner
def level_of(mem, j, n, bounds):  # type: ignore[no-untyped-def]
    """Return how many of some ascending bounds what all share has reached."""
    level = 0
    while level < n and reaches(mem, j, ld(mem, bounds + level)):
        level += 1
    return level


@inner
def axis_cell(mem, p, a, now):  # type: ignore[no-untyped-def]
    """Return the cell of an axis in which a person is."""
    kind = ld(mem, a + w.A_KIND)
    if kind == w.NAMED:
        return ld(mem, p + ld(mem, a + w.A_COLUMN))
    if kind == w.MONTH_OF_YEAR:
        return draws.month_at(ld(mem, w.H_PHASE), now)
    if kind == w.ALL_SHARE:
        return level_of(mem, ld(mem, a + w.A_COLUMN), ld(mem, a + w.A_N), ld(mem, a + w.A_BOUNDS))
    shown = now
    if kind == w.NUMBER:
        shown = ld(mem, p + ld(mem, a + w.A_COLUMN))
    elif kind == w.STOPWATCH:
        shown = now - ld(mem, p + ld(mem, a + w.A_COLUMN))
    n, bounds = ld(mem, a + w.A_N), ld(mem, a + w.A_BOUNDS)
    cell = 0
    while cell < n and ld(mem, bounds + cell) <= shown:
        cell += 1
    return cell


@inner
def cell_of(mem, p, r, now):  # type: ignore[no-untyped-def]
    """Return the cell of a rate's table in which a person is."""
    cell = 0
    a = r + w.RATE
    for _ in range(ld(mem, r + w.R_AXES)):
        cell += ld(mem, a + w.A_STRIDE) * axis_cell(mem, p, a, now)
        a += w.AXIS
    return cell


@inlined
def own_value(mem, p, r, cell):  # type: ignore[no-untyped-def]
    """Return what a rate comes to for one person in a cell: at their own rank, times their counter."""
    tables, per = ld(mem, r + w.R_TABLES), ld(mem, r + w.R_PER)
    figure = 0.0
    if tables == 0:
        figure = ldf(mem, ld(mem, r + w.R_CELLS) + cell)
    else:
        column = p + ld(mem, r + w.R_RANK)
        rank = ldf(mem, column)
        if rank < 0.0:
            rank = luck(mem, p, ld(mem, r + w.R_CODE), 0)[1]
            stf(mem, column, rank)
        figure = table_at(mem, tables + cell * _KNOTS, _KNOTS, rank)
    return figure * float(ld(mem, p + per)) if per else figure


@inlined
def value_in(mem, p, r, cell):  # type: ignore[no-untyped-def]
    """Return a rate's value in a cell, people's own where they have one."""
    if ld(mem, r + w.R_OWN) == 0:
        return ldf(mem, ld(mem, r + w.R_CELLS) + cell)
    return own_value(mem, p, r, cell)


@inlined
def value(mem, p, r, now):  # type: ignore[no-untyped-def]
    """Return a rate's value for a person."""
    if ld(mem, r + w.R_AXES) == 0:
        return value_in(mem, p, r, 0)
    return value_in(mem, p, r, cell_of(mem, p, r, now))


@inner
def next_break(mem, p, r, now):  # type: ignore[no-untyped-def]
    """Return the next time at which time alone leads a rate to another cell, `BIG` if it never does."""
    best = w.BIG
    if ld(mem, r + w.R_TIMED) == 0:
        return best
    a = r + w.RATE
    for _ in range(ld(mem, r + w.R_AXES)):
        kind = ld(mem, a + w.A_KIND)
        if kind == w.MONTH_OF_YEAR:
            best = min(best, draws.next_month(ld(mem, w.H_PHASE), now))
        elif kind >= w.STOPWATCH:
            since = ld(mem, p + ld(mem, a + w.A_COLUMN)) if kind == w.STOPWATCH else 0
            if since > -w.BIG:
                bounds = ld(mem, a + w.A_BOUNDS)
                for i in range(ld(mem, a + w.A_N)):
                    at = since + ld(mem, bounds + i)
                    if at > now:
                        best = min(best, at)
                        break
        a += w.AXIS
    return best


@inlined
def pick(mem, p, k, word, now):  # type: ignore[no-untyped-def]
    """Return what a word picks."""
    n, results = ld(mem, k + w.P_N), ld(mem, k + w.P_RESULTS)
    spread = ld(mem, k + w.P_SPREAD)
    if spread:
        return ld(mem, results + (0 if word < draws.threshold(value(mem, p, spread, now)) else 1))
    cell = ld(mem, k + w.P_CELL)
    at = ld(mem, k + w.P_THRESHOLDS)
    if ld(mem, cell) > 0:
        at += n * cell_of(mem, p, cell, now)
    for j in range(n):
        if word < ld(mem, at + j):
            return ld(mem, results + j)
    return ld(mem, results + n)


@inlined
def group_of(mem, p):  # type: ignore[no-untyped-def]
    """Return the group a person is in."""
    row = ld(mem, w.H_GROUP_ROW)
    group = ld(mem, p + w.B_CHANNEL) * ld(mem, row + 1)
    for i in range(ld(mem, row)):
        group += ld(mem, p + ld(mem, row + 2 + 2 * i)) * ld(mem, row + 3 + 2 * i)
    return group


@inner
def holds_from(mem, p, c, now, begin):  # type: ignore[no-untyped-def]
    """Return the first time from ``begin`` on at which the conditions of a clock hold, as things stand now."""
    at, month = begin, -1
    row = ld(mem, c + w.C_WHEN)
    for _ in range(ld(mem, c + w.C_N_WHEN)):
        kind, wanted = ld(mem, row + w.W_KIND), ld(mem, row + w.W_VALUE)
        if kind == w.MONTH_OF_YEAR:
            month = wanted
        elif kind == w.CALENDAR:
            at = max(at, wanted)
        elif kind == w.ALL_SHARE:
            if not reaches(mem, ld(mem, row + w.W_COLUMN), wanted):
                return w.BIG
        else:
            current = ld(mem, p + ld(mem, row + w.W_COLUMN))
            if kind == w.STOPWATCH:
                if current > -w.BIG:
                    at = max(at, current + wanted)
            elif (current != wanted) if kind == w.NAMED else (current < wanted):
                return w.BIG
        row += w.CONDITION
    if month >= 0:
        phase = ld(mem, w.H_PHASE)
        ahead = (month - draws.month_at(phase, at)) % 12
        if ahead > 0:
            at = ((phase + at) // draws.MONTH_MS + ahead) * draws.MONTH_MS - phase
    return at


@inner
def by_month(mem, c):  # type: ignore[no-untyped-def]
    """Tell whether a clock waits for a named month, the only condition that time alone ends."""
    row = ld(mem, c + w.C_WHEN)
    for _ in range(ld(mem, c + w.C_N_WHEN)):
        if ld(mem, row + w.W_KIND) == w.MONTH_OF_YEAR:
            return True
        row += w.CONDITION
    return False


@inner
def stop(mem, status, at):  # type: ignore[no-untyped-def]
    """Note why the run cannot go on."""
    if ld(mem, w.H_STATUS) == w.DONE:
        st(mem, w.H_STATUS, status)
        st(mem, w.H_STATUS_AT, at)


# -- what all share ---------------------------------------------------------------------------------


@inlined
def weight(mem, j, current):  # type: ignore[no-untyped-def]
    """Return what somebody weighs by what they hold of the attribute of which the mean is taken."""
    weights = ld(mem, j + w.J_WEIGHTS)
    return ld(mem, weights + current) if weights else current * ld(mem, j + w.J_SCALE)


@inlined
def change(mem, j, total, count):  # type: ignore[no-untyped-def]
    """Change a sum and how many are in it, in the ledger too."""
    add(mem, j + w.J_SUM, total)
    add(mem, j + w.J_COUNT, count)
    at = ld(mem, w.H_SHARED) + 2 * (ld(mem, w.H_PERIOD) * ld(mem, w.H_N_SHARED) + ld(mem, j + w.J_NUMBER))
    add(mem, at, total)
    add(mem, at + 1, count)


@inner
def count_shared(mem, p, stage, sign):  # type: ignore[no-untyped-def]
    """Let somebody who enters (+1) or leaves (-1) a stage count, where people there do."""
    j = ld(mem, w.H_SHARED_ROWS)
    for _ in range(ld(mem, w.H_N_SHARED)):
        if ld(mem, ld(mem, j + w.J_STAGES) + stage):
            change(mem, j, sign * weight(mem, j, ld(mem, p + ld(mem, j + w.J_COLUMN))), sign)
        j += w.ALL_OF


@inner
def reweigh(mem, p, column, before):  # type: ignore[no-untyped-def]
    """Let the new value of somebody's attribute weigh instead of the one before, where they count."""
    if ld(mem, p + w.B_ROW) == 0:
        return
    j, stage = ld(mem, w.H_SHARED_ROWS), ld(mem, p + w.B_STAGE)
    for _ in range(ld(mem, w.H_N_SHARED)):
        if ld(mem, j + w.J_COLUMN) == column and ld(mem, ld(mem, j + w.J_STAGES) + stage):
            change(mem, j, weight(mem, j, ld(mem, p + column)) - weight(mem, j, before), 0)
        j += w.ALL_OF


@inner
def crossed(mem):  # type: ignore[no-untyped-def]
    """Tell whether any of what all share has crossed a bound since this was last asked."""
    j, any_crossed = ld(mem, w.H_SHARED_ROWS), False
    for _ in range(ld(mem, w.H_N_SHARED)):
        level = level_of(mem, j, ld(mem, j + w.J_BOUNDS_N), ld(mem, j + w.J_BOUNDS))
        if level != ld(mem, j + w.J_LEVEL):
            st(mem, j + w.J_LEVEL, level)
            any_crossed = True
        j += w.ALL_OF
    return any_crossed
