"""What people have in common: staff who serve them, a market that ends, attributes that all share.

Every resource has the figures of `FIGURES`, named figure.resource. Quantiles are read from counts by cells
of waits (`ledger.WAIT_CELLS`), which have no months: they are of the whole run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.journey.events import Staff
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import DAY
from flywheel_sim.ledger import LOAD, QUEUE, WAIT_CELLS, IntArray
from flywheel_sim.metrics.growth import role_flow
from flywheel_sim.metrics.registry import (
    Aggregation,
    Books,
    FloatArray,
    Metric,
    register,
    register_family,
)
from flywheel_sim.stats import ratio

QUEUEING = "Gross, Shortle, Thompson and Harris 2008, doi:10.1002/9781118625651"
IMPATIENCE = "Garnett, Mandelbaum and Reiman 2002, doi:10.1287/msom.4.3.208.7753"

#: A figure of one resource, by its index.
OfResource = Callable[[Books, int], FloatArray]


@cache
def wait_ends() -> tuple[IntArray, IntArray]:
    """Return from where each cell of waits reaches, and below where, ms; shape (`WAIT_CELLS`,) each."""
    cells = np.arange(WAIT_CELLS, dtype=np.int64)
    shift = np.maximum(cells // 16 - 1, 0)
    low = (cells - 16 * shift) << shift
    return low, low + (np.int64(1) << shift)


def wait_quantile(counts: IntArray, q: float) -> FloatArray:
    """Return a quantile of waits in ms, shape (replications,); NaN where nobody waited.

    Waits are taken to lie evenly within a cell, whose ends are 3 to 6 % apart, so that the quantile is exact to
    about 3 %; below 32 ms it is exact.

    Parameters
    ----------
    counts
        By cell; shape (replications, `WAIT_CELLS`).
    q
        Share of the waits that are no longer.
    """
    low, high = wait_ends()
    below = counts.cumsum(axis=1)
    wanted = q * below[:, -1]
    cell = (below < wanted[:, None]).sum(axis=1)
    at = np.arange(len(counts)), cell
    share = ratio(wanted - (below[at] - counts[at]), counts[at].astype(np.float64))
    wide = high[cell] - low[cell]
    return np.asarray(low[cell] + np.where(wide > 1, share * wide, 0 * share))


def queue(books: Books, resource: int, measure: str) -> FloatArray:
    """Return one of the measures `QUEUE` of a resource, shape (replications, periods)."""
    return np.asarray(books.ledger.queue[:, :, resource, QUEUE.index(measure)], dtype=np.float64)


def load(books: Books, resource: int, measure: str) -> FloatArray:
    """Return person-milliseconds waiting or served at a resource, shape (replications, periods)."""
    return np.asarray(books.ledger.load[:, :, resource, LOAD.index(measure)], dtype=np.float64)


def staffed(books: Books, resource: int) -> FloatArray:
    """Return person-milliseconds of a resource's staff, shape (replications, periods)."""
    return np.asarray(books.ledger.staffed[:, :, resource], dtype=np.float64)


def lengths(books: Books) -> FloatArray:
    """Return the length of every period in ms, shape (replications, periods)."""
    ends = books.ledger.layout.period_ends
    return np.tile(np.diff(ends, prepend=np.int64(0)).astype(np.float64), (len(books.ledger.n_events), 1))


def staff_cost(books: Books, resource: int, busy: bool) -> FloatArray:
    """Return what a resource costs while it serves, or while it does not, in units of the currency.

    Whole millionths, so that both add up to what it costs; shape (replications, periods).
    """
    layout = books.ledger.layout
    cost = books.ledger.costs[:, :, len(layout.costs) - len(layout.resources) + resource]
    share = np.nan_to_num(np.minimum(ratio(load(books, resource, "served"), staffed(books, resource)), 1.0))
    used = np.rint(cost * share)
    return np.asarray((used if busy else cost - used) / books.per_unit)


def waited(books: Books, resource: int, q: float) -> FloatArray:
    """Return a quantile of the waits of those served by a resource in days, shape (replications,)."""
    return wait_quantile(books.ledger.waits[:, resource], q) / DAY


def served_by(journey: Journey, resource: str) -> list[Staff]:
    """Return how people ask for a resource, one for each of its events."""
    asks = (event.staff for owner in journey.owners for event in owner.events)
    return [one for one in asks if one is not None and one.resource == resource]


def _always(_: Books, __: int) -> bool:
    return True


def _with_target(books: Books, resource: int) -> bool:
    return books.ledger.layout.wait_targets[resource] >= 0


def _impatient(books: Books, resource: int) -> bool:
    asks = served_by(books.journey, books.ledger.layout.resources[resource])
    return any(one.patience is not None for one in asks)


def _full(books: Books, resource: int) -> bool:
    return books.journey.resources[resource].queue_limit is not None


def _paid(books: Books, resource: int) -> bool:
    return books.journey.resources[resource].cost_per_ms > 0


@dataclass(frozen=True)
class Figure:
    """A figure that every resource has; attributes as those of `Metric`, unless named here.

    Attributes
    ----------
    top, bottom
        As those of `Metric`, given the books and the index of the resource.
    shown
        Whether a summary shows it for a resource: turning people away takes a limit to the queue.
    """

    label: str
    unit: str
    definition: str
    aggregation: Aggregation
    top: OfResource
    bottom: OfResource | None = None
    source: str = ""
    shown: Callable[[Books, int], bool] = _always


def _asks(books: Books, resource: int) -> FloatArray:
    return queue(books, resource, "asked")


def _share(
    label: str, definition: str, measure: str, source: str = "", shown: Callable[[Books, int], bool] = _always
) -> Figure:
    """Return the share of asks that end in a way."""
    return Figure(label, "%", definition, "ratio", lambda b, r: queue(b, r, measure), _asks, source, shown)


def _quantile(label: str, share: str, q: float) -> Figure:
    return Figure(
        label, "days", f"{share} of those served had waited no longer, over the whole run, any warm-up included. "
        "Exact to about 3 %.", "cohort", lambda b, r: waited(b, r, q),
    )  # fmt: skip


#: The figures of each resource, by the prefix of their names.
FIGURES: dict[str, Figure] = {
    "asked": Figure("Asked", "asks", "Times somebody asked to be served.", "sum", _asks),
    "served": Figure(
        "Services", "services", "Services that came to their end.", "sum", lambda b, r: queue(b, r, "ended")
    ),
    "queue_length": Figure(
        "People waiting", "people", "People waiting, averaged over time.", "ratio",
        lambda b, r: load(b, r, "waiting"), lambda b, _: lengths(b), QUEUEING,
    ),
    "waiting_now": Figure(
        "Waiting at the end", "people", "People waiting at the end of the month.", "last",
        lambda b, r: np.asarray(b.ledger.backlog[:, :, r, LOAD.index("waiting")], dtype=np.float64),
    ),
    "in_service": Figure(
        "People being served", "people", "People being served, averaged over time.", "ratio",
        lambda b, r: load(b, r, "served"), lambda b, _: lengths(b), QUEUEING,
    ),
    "utilisation": Figure(
        "Utilisation", "%",
        "Share of the time staff are there in which they serve. Services that staff finish after their time is over "
        "count, so it can exceed 100 %.", "ratio", lambda b, r: load(b, r, "served"), staffed, QUEUEING,
    ),
    "wait": Figure(
        "Mean wait", "days",
        "Mean wait of those whose service started, those served at once included; people who gave up are not in it.",
        "ratio", lambda b, r: queue(b, r, "wait") / DAY, lambda b, r: queue(b, r, "started"), QUEUEING,
    ),
    "wait_median": _quantile("Median wait", "Half", 0.5),
    "wait_p90": _quantile("Wait, 90 % quantile", "90 %", 0.9),
    "wait_p95": _quantile("Wait, 95 % quantile", "95 %", 0.95),
    "waiting_share": Figure(
        "Not served at once", "%", "Share of asks that could not be served at once.", "ratio",
        lambda b, r: _asks(b, r) - queue(b, r, "at_once"), _asks, QUEUEING,
    ),
    "within_target": _share(
        "Served within the target",
        "Share of asks served within the resource's target. Asks that were given up, turned away or still wait at the "
        "horizon are not.", "within", shown=_with_target,
    ),
    "abandonment": _share(
        "Gave up", "Share of asks whose people lost patience before they were served.", "gave_up", IMPATIENCE,
        _impatient,
    ),
    "turned_away": _share(
        "Turned away", "Share of asks that a full queue turned away.", "turned_away", QUEUEING, _full,
    ),
    "withdrew": _share(
        "Withdrew", "Share of asks whose people moved elsewhere in the journey while they waited.", "withdrew",
    ),
    "busy_cost": Figure(
        "Cost while busy", "CUR", "Cost of the staff times their utilisation, month by month, at most all of it.",
        "sum", partial(staff_cost, busy=True), shown=_paid,
    ),
    "idle_cost": Figure(
        "Cost while idle", "CUR", "Cost of the staff less their cost while busy.", "sum",
        partial(staff_cost, busy=False), shown=_paid,
    ),
}  # fmt: skip


def _of_resource(prefix: str, member: str, books: Books) -> Metric | None:
    figure, resources = FIGURES[prefix], books.ledger.layout.resources
    if member not in resources:
        return None
    where = resources.index(member)
    if prefix == "within_target" and not _with_target(books, where):
        return None
    bottom = figure.bottom
    return Metric(
        f"{prefix}.{member}", f"{figure.label} ({member})", figure.unit, figure.definition, figure.aggregation,
        lambda b: figure.top(b, where), None if bottom is None else lambda b: bottom(b, where), figure.source,
        figure.unit == "%", "whole",
    )  # fmt: skip


for _prefix in FIGURES:
    register_family(_prefix, partial(_of_resource, _prefix), lambda b: b.ledger.layout.resources)


def shown(books: Books, resource: int) -> list[str]:
    """Return the prefixes of the figures that a summary shows for a resource."""
    return [prefix for prefix, figure in FIGURES.items() if figure.shown(books, resource)]


def figures_of(books: Books) -> list[str]:
    """Return the names of every figure of a resource, and of every attribute that all share."""
    layout = books.ledger.layout
    names = [f"{prefix}.{name}" for i, name in enumerate(layout.resources) for prefix in shown(books, i)]
    return names + [f"shared.{name}" for name, _, _ in layout.shared]


# -- from the first question to the first answer ----------------------------------------------------


def _staffed(books: Books) -> bool:
    return bool(books.ledger.layout.resources)


def _all(books: Books, measure: str) -> FloatArray:
    """Return one of the measures `QUEUE` of all resources together, shape (replications, periods)."""
    return np.asarray(books.ledger.queue[..., QUEUE.index(measure)].sum(axis=2), dtype=np.float64)


def contacted(books: Books, q: float) -> FloatArray:
    """Return a quantile of the time to the first contact in days, shape (replications,)."""
    if not _staffed(books):
        return np.full(len(books.ledger.n_events), np.nan)
    return wait_quantile(books.ledger.contact, q) / DAY


register(Metric(
    "time_to_first_contact", "Time to first contact", "days",
    "Mean time from a person's first asking for anybody to the start of their first service, of people whom anybody "
    "served.", "ratio", lambda b: _all(b, "contact_time") / DAY, lambda b: _all(b, "contacts"), split="whole",
    applies=_staffed,
))  # fmt: skip
for _name, _label, _whom, _q in (
    ("median", "Time to first contact, median", "Half", 0.5),
    ("p90", "Time to first contact, 90 % quantile", "90 %", 0.9),
):
    register(Metric(
        f"time_to_first_contact_{_name}", _label, "days",
        f"{_whom} of the people whom anybody served had their first service within that time of first asking, over the "
        "whole run, any warm-up included. Exact to about 3 %.", "cohort", partial(contacted, q=_q), split="whole",
        applies=_staffed,
    ))  # fmt: skip


# -- a market that ends -----------------------------------------------------------------------------


def _ends(books: Books) -> bool:
    return books.ledger.layout.market is not None


def reached(books: Books) -> FloatArray:
    """Return people reached by the end of each period, those present at the start included."""
    return np.cumsum(sum(role_flow(books, name) for name in ("arrived", "referred", "present")), axis=1)


def saturation(books: Books) -> FloatArray:
    """Return the share of the market reached by the end of each period; NaN where the market has no end."""
    return reached(books) / (books.ledger.layout.market or np.nan)


register(Metric(
    "saturation", "Market reached", "%",
    "Share of all people there are to be reached who have been reached by the end of the month, those present at the "
    "start included.", "last", saturation, source="Bass 1969, doi:10.1287/mnsc.15.5.215", percent=True, applies=_ends,
))  # fmt: skip
register(Metric(
    "missed", "Found nobody new", "people",
    "Arrivals and referrals that found nobody new, because the person had been reached before.", "sum",
    lambda b: role_flow(b, "missed"), applies=_ends,
))  # fmt: skip


# -- what all share ---------------------------------------------------------------------------------


def shared(books: Books, index: int) -> FloatArray:
    """Return an attribute that all share at the end of each period: a mean, what it starts as while nobody counts.

    One that counts people is how many there are.
    """
    _, scale, starts = books.ledger.layout.shared[index]
    weights, people = (books.ledger.shared[:, :, index, part].astype(np.float64) for part in (0, 1))
    if not scale:
        return people
    mean: NDArray[np.float64] = np.where(people > 0, ratio(weights, people), float(starts))
    return mean / scale


def _of_shared(member: str, books: Books) -> Metric | None:
    names = [name for name, _, _ in books.ledger.layout.shared]
    if member not in names:
        return None
    counts = not books.ledger.layout.shared[names.index(member)][1]
    what = (
        "how many people count" if counts else "the mean over everybody who counts, what it starts as while nobody does"
    )
    return Metric(
        f"shared.{member}", member.replace("_", " ").capitalize(), "people" if counts else "score",
        f"'{member}' at the end of the month: {what}.", "last", lambda b: shared(b, names.index(member)), split="whole",
    )  # fmt: skip


register_family("shared", _of_shared, lambda b: [name for name, _, _ in b.ledger.layout.shared])
