"""A journey with staff, a market and an attribute that all share, and ledgers of it written by hand."""

import numpy as np
from hand import NOTHING, journey, ledger, price, runs

from flywheel_sim.compile.draws import wait_cell
from flywheel_sim.journey.events import Event, Outcome, Staff
from flywheel_sim.journey.figures import Dist, Rate
from flywheel_sim.journey.journey import Resource, Shared, Stage
from flywheel_sim.journey.units import DAY, MONTH
from flywheel_sim.ledger import LOAD, QUEUE, WAIT_CELLS

HOUR = DAY // 24
COST = 400_000 / MONTH


def people(count):
    return Rate("people", "number", (), (float(count),))


def asks(resource, patience=True, gives_up="past"):
    """Return an event for which a resource has to serve."""
    days = Dist("fixed", (price(DAY),))
    staff = Staff(resource, days, days if patience else None, gives_up)
    return Event(f"ask_{resource}", f"stage/ask_{resource}", False, (), (), NOTHING,
                 (Outcome("", None, "club", NOTHING),), staff)  # fmt: skip


def staffed_journey(months=6.0, resources=None, events=None, **values):
    """Return the journey of leads, members and lapsed members with a desk for leads and a shop for members."""
    held = journey(months=months)
    lead, club, *others = held.stages
    given = {"lead": (asks("desk"),), "club": (asks("shop", False, None),)} | (events or {})
    stages = tuple(
        Stage(one.name, one.role, None, NOTHING, one.accruals, (*one.events, *given[one.name])) for one in (lead, club)
    )
    staff = (
        Resource("desk", people(4), COST, "acquisition", 60, DAY),
        Resource("shop", people(2), 0.0, "service"),
    )
    kept = {
        "resources": staff if resources is None else resources, "stages": (*stages, *others), "market": 10_000,
        "shared": (Shared("stars", "region", (-1_000_000, 1_000_000), 1_000_000, ("club",), 250_000),),
    }  # fmt: skip
    return journey(months=months, **(kept | values))


def book(held, resource=0, months=slice(None), **measures):
    """Book the same at a resource in some months of all replications."""
    for name, value in measures.items():
        if name in LOAD:
            held.load[:, months, resource, LOAD.index(name)] = value
        elif name == "staffed":
            held.staffed[:, months, resource] = value
        else:
            held.queue[:, months, resource, QUEUE.index(name)] = value


def counts(waits):
    """Return waits in ms by cell."""
    return np.bincount([wait_cell(int(wait)) for wait in waits], minlength=WAIT_CELLS)


def busy(months=24, replications=20, seed=1, slower=1.0, **values):
    """Return replications of a desk whose queue grows and whose market is used up, drawn at random."""
    rng = np.random.default_rng(seed)
    made = staffed_journey(months=float(months), **values)
    held = ledger(made, replications)
    size = (replications, months)
    grown = np.arange(1, months + 1) / months
    asked = rng.poisson(60 + 80 * grown, size)
    gave_up = rng.binomial(asked, 0.15 * grown * slower)
    turned = rng.binomial(asked - gave_up, 0.03 * grown)
    started = asked - gave_up - turned
    at_once = rng.binomial(started, 0.7 - 0.5 * grown)
    within = at_once + rng.binomial(started - at_once, 0.6 / slower)
    for where, share in enumerate((1.0, 0.4)):
        book(held, where, asked=asked, gave_up=gave_up, turned_away=turned, started=started, at_once=at_once,
             within=within, ended=started, wait=(started * slower * 9 * HOUR * grown).astype(np.int64),
             contacts=started // 2, contact_time=started // 2 * 9 * HOUR)  # fmt: skip
        book(held, where, staffed=4 * MONTH, served=(share * (2.5 + 1.4 * grown) * MONTH * rng.normal(1, 0.02, size)),
             waiting=(share * slower * 12 * grown * MONTH * rng.lognormal(0, 0.25, size)))  # fmt: skip
        for replication in range(replications):
            n, zero = int(started[replication].sum()), int(at_once[replication].sum())
            late = rng.exponential(slower * 14 * HOUR, n - zero).astype(np.int64)
            held.waits[replication, where] = counts([*np.zeros(zero, int), *late])
            held.contact[replication] = held.waits[replication, where]
    held.costs[:, :, -2] = 1_600_000
    held.flow[:, :, 0, held.layout.role_flow("arrived")] = arrived = rng.poisson(700 * (1 - 0.9 * grown), size)
    held.flow[:, :, 0, held.layout.role_flow("missed")] = rng.poisson(700 - np.minimum(arrived, 700))
    members = np.cumsum(rng.poisson(30, size), axis=1)
    held.shared[..., 0, 1] = members
    held.shared[..., 0, 0] = 1e6 * members * (0.7 - 0.6 * slower * grown + rng.normal(0, 0.05, size))
    return runs(made, held)
