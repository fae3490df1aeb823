"""Ledgers written by hand, for a small journey made without loader or engine."""

import numpy as np

from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.events import Amount, Effects, Event, Outcome, SetTo
from flywheel_sim.journey.figures import Rate
from flywheel_sim.journey.journey import (
    Attribute,
    Channel,
    Cost,
    Journey,
    Stage,
    StageSet,
)
from flywheel_sim.journey.units import MONTH
from flywheel_sim.ledger import MRR, Layout, Ledger
from flywheel_sim.metrics.registry import Books
from flywheel_sim.result import Provenance

NOTHING = Effects()


def price(euros):
    """Return a price, in millionths."""
    return Rate("price", "money", (), (euros * 1e6,))


def event(name, *outcomes, effects=NOTHING):
    return Event(name, f"stage/{name}", True, (), (), effects, outcomes)


def journey(months=6.0, follow=3, costs=True, recurring=True, **values):
    """Return a journey of leads, members, lapsed members, with two channels and people present."""
    horizon = round(months * MONTH)
    bill = Amount("club", "earn", price(7), MONTH if recurring else None)
    billed, upgrade = Effects(money=(bill,)), Effects(sets=(SetTo("plan", 1),))
    stages = (
        Stage("lead", "prospect", None, NOTHING, (), (
            event("decide", Outcome("club", None, "club", NOTHING), Outcome("unfit", None, "unfit", NOTHING)),
        )),
        Stage("club", "customer", None, NOTHING, (), (
            event("renewal", Outcome("stay", None, None, billed), Outcome("past", None, "past", NOTHING)),
            event("upsell", Outcome("", None, None, upgrade)),
        )),
        Stage("past", "lapsed", None, NOTHING, (), (event("back", Outcome("club", None, "club", NOTHING)),)),
        Stage("unfit", "aside", None, NOTHING, (), ()),
    )  # fmt: skip
    news = event("news", Outcome("", None, None, Effects(money=(Amount("mail", "spend", price(0.5)),))))
    kept = {
        "name": "Hand", "strategy": "", "horizon": horizon, "follow": follow * MONTH, "discount": 0.1, "seed": 1,
        "start": None, "currency": "EUR",
        "attributes": (
            Attribute("plan", "levels", ("basic", "premium")), Attribute("region", "levels", ("north", "south")),
        ),
        "channels": (
            Channel("ads", "lead", "rate", horizon), Channel("friends", "lead", "referral", horizon),
            Channel("base", "club", "present", horizon),
        ),
        "stages": stages, "report_by": ("plan", "region"), "fingerprint": "hand",
        "sets": (StageSet("programme", ("club", "past"), NOTHING, (), (news,)),),
        "costs": (Cost("rent", "overhead", 0.0), Cost("brand", "acquisition", 0.0)) if costs else (),
    }  # fmt: skip
    return Journey(**(kept | values))


def ledger(made, replications=1, **arrays):
    """Return a ledger of zeros, with arrays where given; replication axis first."""
    layout = Layout.of(made)
    zeros = {name: np.zeros((replications, *shape), dtype=np.int64) for name, shape in layout.shapes.items()}
    return Ledger(layout, **(zeros | arrays))


def any_ledger(made, replications=3, seed=0):
    """Return a ledger of whole numbers drawn at random; movements of groups add up to nothing, openings come first."""
    rng = np.random.default_rng(seed)
    shapes = Layout.of(made).shapes
    drawn = {name: rng.integers(1, 90, size=(replications, *shape)) for name, shape in shapes.items()}
    moved = drawn["mrr"][..., MRR.index("transferred")]
    moved[:, :, 0] -= moved.sum(axis=2)
    drawn["mrr"][:, 1:, :, MRR.index("opening")] = 0
    return ledger(made, replications, **drawn)


def runs(made, books):
    """Return a ledger as replications of a journey."""
    n = len(books.n_events)
    return Runs(made, books, Provenance(made.name, "", "hand", 1, n, "none", "0", 0.0, 0))


def books(made, held):
    return Books(held, made)
