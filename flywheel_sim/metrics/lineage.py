"""Who brought whom: how much of the growth is referred, how fast it turns, what a line of descent is worth."""

from __future__ import annotations

import numpy as np

from flywheel_sim.journey.units import DAY
from flywheel_sim.ledger import GENERATION, IntArray
from flywheel_sim.metrics.growth import entered_by
from flywheel_sim.metrics.registry import Books, Metric, register
from flywheel_sim.metrics.value import in_all


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
    counts = generations(books, "acquired").copy()
    counts[:, 0] += books.ledger.flow[:, :, there, layout.role_flow("present")].sum(axis=(1, 2))
    return counts


register(Metric(
    "lineage_value", "Lineage value", "CUR per customer",
    "CLV of a followed customer whom nobody referred, with the margin of everybody descended from them while they "
    "are followed, discounted to their acquisition.",
    "cohort", lambda b: in_all(b, "lineage"), lambda b: in_all(b, "roots"), window="bring",
))  # fmt: skip
register(Metric(
    "generation_share", "Referred share", "%", "Share of acquisitions that were referred by somebody.", "cohort",
    lambda b: generations(b, "acquired")[:, 1:].sum(axis=1).astype(np.float64),
    lambda b: generations(b, "acquired").sum(axis=1).astype(np.float64), percent=True, within=(0, 100), split="whole",
))  # fmt: skip
register(Metric(
    "generation_time", "Generation time", "days",
    "Mean time from the referrer's acquisition to one's own, of referred people who became customers within the "
    "horizon and whose referrer was acquired within it.",
    "cohort", lambda b: generations(b, "gap").sum(axis=1) / DAY,
    lambda b: generations(b, "gaps").sum(axis=1).astype(np.float64), split="whole",
))  # fmt: skip
