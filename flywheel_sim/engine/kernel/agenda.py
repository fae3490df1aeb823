"""Kernel: what happens next among people who affect one another, in order of time.

A calendar queue (Brown 1988, doi:10.1145/63039.63045): buckets of equal width, a power of two of
milliseconds, over the horizon, each a list; what lies in the bucket that is open stands in a heap. Whoever
is planned anew leaves an entry behind that is found out of date when its turn comes.
"""

from __future__ import annotations

from flywheel_sim.compile.cache import inlined, inner
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.memory import add, ld, prefetch, st
from flywheel_sim.engine.kernel.timers import find_next

_ORDER = (1 << 32) - 1


@inner
def sift_up(mem, key, who):  # type: ignore[no-untyped-def]
    """Put an entry into the heap."""
    heap, at = ld(mem, w.H_HEAP), ld(mem, w.H_HEAP_N)
    st(mem, w.H_HEAP_N, at + 1)
    while at > 0:
        above = (at - 1) >> 1
        if ld(mem, heap + 2 * above) <= key:
            break
        st(mem, heap + 2 * at, ld(mem, heap + 2 * above))
        st(mem, heap + 2 * at + 1, ld(mem, heap + 2 * above + 1))
        at = above
    st(mem, heap + 2 * at, key)
    st(mem, heap + 2 * at + 1, who)


@inner
def drop_top(mem):  # type: ignore[no-untyped-def]
    """Take the first entry off the heap."""
    heap, n = ld(mem, w.H_HEAP), ld(mem, w.H_HEAP_N) - 1
    st(mem, w.H_HEAP_N, n)
    key, who = ld(mem, heap + 2 * n), ld(mem, heap + 2 * n + 1)
    at = 0
    while True:
        below = 2 * at + 1
        if below >= n:
            break
        if below + 1 < n and ld(mem, heap + 2 * below + 2) < ld(mem, heap + 2 * below):
            below += 1
        if ld(mem, heap + 2 * below) >= key:
            break
        st(mem, heap + 2 * at, ld(mem, heap + 2 * below))
        st(mem, heap + 2 * at + 1, ld(mem, heap + 2 * below + 1))
        at = below
    st(mem, heap + 2 * at, key)
    st(mem, heap + 2 * at + 1, who)


@inlined
def key_of(mem, time, order):  # type: ignore[no-untyped-def]
    """Return what entries of the open bucket are ordered by: time, then order at that time."""
    return (time - (ld(mem, w.H_OPEN) << ld(mem, w.H_SHIFT))) << 32 | order


@inner
def add_to_agenda(mem, time, order, who):  # type: ignore[no-untyped-def]
    """Put something on the agenda that is due before the horizon."""
    bucket = time >> ld(mem, w.H_SHIFT)
    if bucket <= ld(mem, w.H_OPEN):
        sift_up(mem, key_of(mem, time, order), who)
        return
    entry, head = ld(mem, w.H_FREE_ENTRY), ld(mem, w.H_HEADS) + bucket
    st(mem, w.H_FREE_ENTRY, ld(mem, entry + w.ENTRY_LINK))
    add(mem, w.H_ENTRIES_LEFT, -1)
    st(mem, entry + w.ENTRY_LINK, ld(mem, head))
    st(mem, entry + w.ENTRY_TIME, time)
    st(mem, entry + w.ENTRY_ORDER, order)
    st(mem, entry + w.ENTRY_WHO, who)
    st(mem, head, entry)


@inner
def plan(mem, p):  # type: ignore[no-untyped-def]
    """Put what happens next to a person on the agenda."""
    time = find_next(mem, p)
    if time < ld(mem, w.H_HORIZON):
        add_to_agenda(mem, time, ld(mem, p + w.B_ORDER), p)


@inner
def plan_anew(mem, p):  # type: ignore[no-untyped-def]
    """Put what happens next to a person on the agenda, where it does not stand there for that time."""
    before = ld(mem, p + w.B_NEXT)
    time = find_next(mem, p)
    if time != before and time < ld(mem, w.H_HORIZON):
        add_to_agenda(mem, time, ld(mem, p + w.B_ORDER), p)


@inlined
def holds(mem, who, time, order):  # type: ignore[no-untyped-def]
    """Tell whether an entry still says what happens next to a person; those of others always hold."""
    return who == 0 or (ld(mem, who + w.B_NEXT) == time and ld(mem, who + w.B_ORDER) == order)


@inner
def fill_heap(mem):  # type: ignore[no-untyped-def]
    """Open the next buckets until something stands in the heap; tell whether anything does."""
    shift, heads = ld(mem, w.H_SHIFT), ld(mem, w.H_HEADS)
    last = (ld(mem, w.H_HORIZON) - 1) >> shift
    bucket, fetch = ld(mem, w.H_OPEN), ld(mem, w.H_FETCH)
    while ld(mem, w.H_HEAP_N) == 0:
        bucket += 1
        if bucket > last:
            return False
        entry = ld(mem, heads + bucket)
        if entry == 0:
            continue
        st(mem, heads + bucket, 0)
        st(mem, w.H_OPEN, bucket)
        while entry:
            following, time = ld(mem, entry + w.ENTRY_LINK), ld(mem, entry + w.ENTRY_TIME)
            order, who = ld(mem, entry + w.ENTRY_ORDER), ld(mem, entry + w.ENTRY_WHO)
            if who:
                for line in range(0, fetch, 8):
                    prefetch(mem, who + line)
            if holds(mem, who, time, order):
                sift_up(mem, key_of(mem, time, order), who)
            st(mem, entry + w.ENTRY_LINK, ld(mem, w.H_FREE_ENTRY))
            st(mem, w.H_FREE_ENTRY, entry)
            add(mem, w.H_ENTRIES_LEFT, 1)
            entry = following
    return True


@inlined
def top_time(mem):  # type: ignore[no-untyped-def]
    """Return the time of the first entry of the heap."""
    return (ld(mem, w.H_OPEN) << ld(mem, w.H_SHIFT)) + (ld(mem, ld(mem, w.H_HEAP)) >> 32)


@inlined
def top_order(mem):  # type: ignore[no-untyped-def]
    """Return the order at its time of the first entry of the heap."""
    return ld(mem, ld(mem, w.H_HEAP)) & _ORDER
