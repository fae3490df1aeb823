"""Metrics of some of the people: by channel of origin, or by an attribute that results are kept by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.journey.journey import Journey, firings
from flywheel_sim.metrics.registry import Books, Metric

#: The part of a split by channel that holds the costs which come whoever comes.
NO_CHANNEL = "no channel"

#: Arrays of a ledger that are kept by group, and those that are not.
GROUPED = ("flow", "money", "mrr", "mrr_change", "stock", "time", "followed", "lifetime", "decided")
UNGROUPED = (
    "unfinished", "cohort", "generation", "queue", "backlog", "load", "staffed", "waits", "contact", "shared",
)  # fmt: skip


def restrict(books: Books, groups: Sequence[int], channels: Sequence[str] = (), costs: bool = False) -> Books:
    """Return the books of some groups of people alone.

    What has no groups is left empty: cohorts, generations, unfinished visits, and all that happens at resources.

    Parameters
    ----------
    groups
        Indices into ``layout.groups``.
    channels
        Channels whose spend on bringing people is kept.
    costs
        Whether what is spent whoever comes is kept.
    """
    ledger, picked = books.ledger, np.asarray(groups, dtype=np.int64)
    layout = replace(ledger.layout, groups=tuple(ledger.layout.groups[index] for index in picked))
    paid = np.array([name in channels for name in layout.channels], dtype=np.int64)
    arrays = {name: getattr(ledger, name)[:, :, picked] for name in GROUPED}
    empty = {name: np.zeros_like(getattr(ledger, name)) for name in UNGROUPED}
    return replace(books, ledger=replace(
        ledger, layout=layout, channel_spend=ledger.channel_spend * paid, costs=ledger.costs * int(costs),
        **arrays, **empty,
    ))  # fmt: skip


def parts(books: Books, name: str) -> dict[str, Books]:
    """Return the books of each level of an attribute, or of each channel, by its name.

    Where a journey has costs that come whoever comes, a split by channel has one part more that
    holds them, so that the parts add up to the whole.

    Raises
    ------
    ExperimentError
        If results are not kept by that name.
    """
    journey, layout = books.journey, books.ledger.layout
    known = ("channel", *journey.report_by)
    if name not in known:
        remedy = nearest(name, known)
        if name in (attribute.name for attribute in journey.attributes):
            remedy = f"write it under report_by and run again, or {remedy}"
        raise ExperimentError(f"results are not kept by '{name}'; {remedy}")
    place = known.index(name)
    levels = layout.channels if place == 0 else tuple(dict.fromkeys(group[place] for group in layout.groups))
    books_of = {}
    for level in levels:
        groups = [index for index, group in enumerate(layout.groups) if group[place] == level]
        books_of[level] = restrict(books, groups, (level,) if place == 0 else ())
    if place == 0 and layout.costs:
        books_of[NO_CHANNEL] = restrict(books, (), costs=True)
    return books_of


def splits(metric: Metric, journey: Journey, name: str) -> bool:
    """Tell whether a metric makes sense for each level of an attribute, or each channel."""
    if name == "channel":
        return metric.split != "whole"
    if metric.split == "booked":
        spent = [cost.kind for cost in journey.costs] + [one.kind for one in journey.resources if one.cost_per_ms]
        return not set(metric.kinds) & set(spent)
    return metric.split == "any" or (metric.split == "fixed" and not changes(journey, name))


def changes(journey: Journey, attribute: str) -> bool:
    """Tell whether people can change an attribute after they have arrived."""
    parts = (effects for owner in journey.owners for parts in firings(owner) for effects in parts)
    return any(change.attribute == attribute for effects in parts for change in effects.sets)
