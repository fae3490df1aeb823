"""Kernel: the crowd, everybody who lives at a time where people affect one another."""

from __future__ import annotations

from flywheel_sim.compile.cache import inlined, inner
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.agenda import plan_anew
from flywheel_sim.engine.kernel.memory import add, ld, st
from flywheel_sim.engine.kernel.newcomers import blank, referred
from flywheel_sim.engine.kernel.timers import refresh


@inlined
def take_free_place(mem):  # type: ignore[no-untyped-def]
    """Return a free place for a person."""
    p = ld(mem, w.H_FREE_PLACE)
    st(mem, w.H_FREE_PLACE, ld(mem, p + w.B_LINK))
    add(mem, w.H_PLACES_LEFT, -1)
    return p


@inlined
def free_place(mem, p):  # type: ignore[no-untyped-def]
    """Free a place."""
    st(mem, p + w.B_LINK, ld(mem, w.H_FREE_PLACE))
    st(mem, w.H_FREE_PLACE, p)
    add(mem, w.H_PLACES_LEFT, 1)


@inlined
def queue_arrival(mem, p):  # type: ignore[no-untyped-def]
    """Give somebody their order at an instant, after resources and channels by birth, and let them wait to arrive."""
    st(mem, p + w.B_ORDER, ld(mem, w.H_N_RESOURCES) + ld(mem, w.H_CHANNELS) + ld(mem, w.H_N_PEOPLE))
    add(mem, w.H_N_PEOPLE, 1)
    last = ld(mem, w.H_LAST)
    st(mem, last + w.B_LINK if last else w.H_FIRST, p)
    st(mem, w.H_LAST, p)


@inlined
def arrivals_waiting(mem):  # type: ignore[no-untyped-def]
    """Return how many wait to arrive."""
    p = ld(mem, w.H_FIRST)
    if p == 0:
        return 0
    return ld(mem, w.H_N_RESOURCES) + ld(mem, w.H_CHANNELS) + ld(mem, w.H_N_PEOPLE) - ld(mem, p + w.B_ORDER)


@inlined
def next_arrival(mem):  # type: ignore[no-untyped-def]
    """Return who arrives next, taken out of the line."""
    p = ld(mem, w.H_FIRST)
    st(mem, w.H_FIRST, ld(mem, p + w.B_LINK))
    if ld(mem, w.H_FIRST) == 0:
        st(mem, w.H_LAST, 0)
    return p


@inlined
def bring_stranger(mem, channel, row):  # type: ignore[no-untyped-def]
    """Let a channel bring the stranger who is due."""
    p = take_free_place(mem)
    blank(mem, p, channel, ld(mem, row + w.N_DUE))
    st(mem, p + w.B_KEY, ld(mem, row + w.N_KEY))
    queue_arrival(mem, p)


@inner
def bring(mem, sponsor, q):  # type: ignore[no-untyped-def]
    """Let somebody bring a referred person."""
    p = take_free_place(mem)
    referred(mem, p, q)
    queue_arrival(mem, p)
    if ld(mem, w.H_WITH_REFERRER) and ld(mem, q + w.Y_REFERRER) == 1:
        eldest = ld(mem, sponsor + w.B_BROOD)
        st(mem, p + w.B_SIBLING, eldest)
        st(mem, p + w.B_SISTER, sponsor + w.B_BROOD)
        if eldest:
            st(mem, eldest + w.B_SISTER, p + w.B_SIBLING)
        st(mem, sponsor + w.B_BROOD, p)


@inner
def orphan(mem, sponsor, now):  # type: ignore[no-untyped-def]
    """Let everybody whom somebody brought know that the referrer goes; who has not arrived yet learns it then."""
    p = ld(mem, sponsor + w.B_BROOD)
    st(mem, sponsor + w.B_BROOD, 0)
    while p:
        following = ld(mem, p + w.B_SIBLING)
        st(mem, p + w.B_SISTER, 0)
        if ld(mem, p + w.B_ROW):
            st(mem, p + w.B_REFERRER, 2)
            refresh(mem, p, now, 0)
            plan_anew(mem, p)
        else:
            st(mem, p + w.B_ORPHAN, 1)
        p = following


@inner
def join_the_living(mem, p):  # type: ignore[no-untyped-def]
    """Count somebody among those who live."""
    youngest = ld(mem, w.H_YOUNGEST)
    st(mem, p + w.B_OLDER, youngest)
    st(mem, p + w.B_YOUNGER, 0)
    st(mem, youngest + w.B_YOUNGER if youngest else w.H_ALIVE, p)
    st(mem, w.H_YOUNGEST, p)
    add(mem, w.H_N_ALIVE, 1)


@inner
def leave_the_living(mem, p):  # type: ignore[no-untyped-def]
    """Let somebody to whom nothing more happens go."""
    older, younger = ld(mem, p + w.B_OLDER), ld(mem, p + w.B_YOUNGER)
    st(mem, older + w.B_YOUNGER if older else w.H_ALIVE, younger)
    st(mem, younger + w.B_OLDER if younger else w.H_YOUNGEST, older)
    add(mem, w.H_N_ALIVE, -1)
    forget(mem, p)


@inner
def forget(mem, p):  # type: ignore[no-untyped-def]
    """Let nobody look for somebody any more, and free their place."""
    sister, sibling = ld(mem, p + w.B_SISTER), ld(mem, p + w.B_SIBLING)
    if sister:  # the place that leads here, in a sister or the referrer
        st(mem, sister, sibling)
        if sibling:
            st(mem, sibling + w.B_SISTER, sister)
    child = ld(mem, p + w.B_BROOD)
    while child:
        st(mem, child + w.B_SISTER, 0)
        child = ld(mem, child + w.B_SIBLING)
    st(mem, p + w.B_NEXT, w.BIG)  # whatever is left of them on the agenda holds no more
    free_place(mem, p)
