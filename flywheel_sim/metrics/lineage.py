"""Who brought whom: how much of the growth is referred, how fast it turns, what a line of descent is worth."""

from __future__ import annotations

import numpy as np

from flywheel_sim.journey.units import DAY
from flywheel_sim.ledger import GENERATION, IntArray
from flywheel_sim.metrics.growth import entered_by
from flywheel_sim.metrics.registry import Books, FloatArray, Metric, ratio, register
from flywheel_sim.metrics.value import per_followed


def generations(books: Books, measure: str) -> IntArray:
    """Return a measure by generation, shape (replications, generations)."""
    return np.asarray(books.ledger.generation[..., GENERATION.index(measure)])


def customers(books: Books) -> IntArray:
    """Return the customers of each generation who may refer: those acquired, and those present at the start.

    Shape (replications, generations).
    """
    layout = books.ledger.layout
    role = dict(zip(layout.stages, layout.roles, strict=True))
    there = [group for group, stage in enumerate(entered_by(books)) if role[stage] == "customer"]
    found = generations(books, "acquired").copy()
    found[:, 0] += books.ledger.flow[:, :, there, layout.role_flow("present")].sum(axis=(1, 2))
    return found


def generation_share(books: Books) -> FloatArray:
    """Return the share of acquisitions that were referred, shape (replications,)."""
    acquired = generations(books, "acquired")
    return ratio(acquired[:, 1:].sum(axis=1), acquired.sum(axis=1))


def generation_time(books: Books) -> FloatArray:
    """Return the mean time between the acquisitions of referrer and referred in days, shape (replications,)."""
    return ratio(generations(books, "gap").sum(axis=1) / DAY, generations(books, "gaps").sum(axis=1))


register(Metric(
    "lineage_value", "Lineage value", "CUR per customer",
    "CLV of a followed customer whom nobody referred, with the margin of everybody descended from them while they "
    "are followed, discounted to their acquisition.",
    "cohort", lambda b: per_followed(b, "lineage", "roots"),
))  # fmt: skip
register(Metric(
    "generation_share", "Referred share", "%", "Share of acquisitions that were referred by somebody.", "cohort",
    generation_share, percent=True, split="whole",
))  # fmt: skip
register(Metric(
    "generation_time", "Generation time", "days",
    "Mean time from the referrer's acquisition to one's own, of referred people who became customers within the "
    "horizon and whose referrer was acquired within it.",
    "cohort", generation_time, split="whole",
))  # fmt: skip
