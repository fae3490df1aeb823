"""Kernel: attributes that all share. Who counts in them, with what weight, and when a bound is crossed."""

from __future__ import annotations

from flywheel_sim.compile.cache import inlined, inner
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.memory import add, ld, st
from flywheel_sim.engine.kernel.rates import level_of


@inlined
def weight(mem, j, held):  # type: ignore[no-untyped-def]
    """Return what somebody weighs by what they hold of the attribute of which the mean is taken."""
    weights = ld(mem, j + w.J_WEIGHTS)
    return ld(mem, weights + held) if weights else held * ld(mem, j + w.J_SCALE)


@inlined
def change(mem, j, total, count):  # type: ignore[no-untyped-def]
    """Change a sum and how many are in it, in the ledger too."""
    add(mem, j + w.J_SUM, total)
    add(mem, j + w.J_COUNT, count)
    at = ld(mem, w.H_SHARED) + 2 * (ld(mem, w.H_PERIOD) * ld(mem, w.H_N_SHARED) + ld(mem, j + w.J_NUMBER))
    add(mem, at, total)
    add(mem, at + 1, count)


@inner
def count_in_all(mem, p, stage, sign):  # type: ignore[no-untyped-def]
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
    j, found = ld(mem, w.H_SHARED_ROWS), False
    for _ in range(ld(mem, w.H_N_SHARED)):
        level = level_of(mem, j, ld(mem, j + w.J_BOUNDS_N), ld(mem, j + w.J_BOUNDS))
        if level != ld(mem, j + w.J_LEVEL):
            st(mem, j + w.J_LEVEL, level)
            found = True
        j += w.ALL_OF
    return found
