"""A sales pipeline's own figures: how events end, who gets through several stages, the answers to a survey, amounts.

Names have the parts of a journey in them: STAGE.EVENT.OUTCOME, or SET.EVENT.OUTCOME for an event of a set of stages.
The name of an outcome without its own is that of the stage it leads to, or ``stay``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from flywheel_sim.journey.events import Event
from flywheel_sim.journey.journey import Journey, StageSet
from flywheel_sim.metrics.growth import entries
from flywheel_sim.metrics.registry import Books, FloatArray, Metric, register_family
from flywheel_sim.metrics.revenue import money

#: The outcomes that make an event a survey of recommendation.
PROMOTER, PASSIVE, DETRACTOR = "promoter", "passive", "detractor"
ANSWERS = (PROMOTER, PASSIVE, DETRACTOR)


def events_of(journey: Journey) -> dict[str, Event]:
    """Return every event of a journey by its name with that of its stage or set before it."""
    return {f"{owner.name}.{event.name}": event for owner in journey.owners for event in owner.events}


def ended(books: Books, event: str, outcomes: Iterable[str] | None = None) -> FloatArray:
    """Return how often an event ended in one of these outcomes, shape (replications, periods).

    Without outcomes, how often it happened at all: people who gave up waiting for it are not in it.
    """
    owner, _, name = event.partition(".")
    wanted = [one.name for one in events_of(books.journey)[event].outcomes] if outcomes is None else list(outcomes)
    in_set = any(one.name == owner for one in books.journey.owners if isinstance(one, StageSet))
    picked = [
        index for index, (stage, happened, outcome) in enumerate(books.ledger.layout.flows)
        if outcome in wanted and (happened == event if in_set else (stage, happened) == (owner, name))
    ]  # fmt: skip
    return np.asarray(books.ledger.flow[..., picked].sum(axis=(2, 3)), dtype=np.float64)


def outcome_names(books: Books) -> list[str]:
    """Return every outcome of a journey as STAGE.EVENT.OUTCOME."""
    return [f"{name}.{one.name}" for name, event in events_of(books.journey).items() for one in event.outcomes]


def _outcomes(member: str, books: Books) -> Metric | None:
    if member not in outcome_names(books):
        return None
    event, _, outcome = member.rpartition(".")
    return Metric(
        f"outcomes.{member}", f"{event}: {outcome}", "times", f"Times '{event}' ended as '{outcome}'.", "sum",
        lambda b: ended(b, event, [outcome]),
    )  # fmt: skip


def _share(member: str, books: Books) -> Metric | None:
    if member not in outcome_names(books):
        return None
    event, _, outcome = member.rpartition(".")
    return Metric(
        f"share.{member}", f"Share of {event}: {outcome}", "%",
        f"Share of the times '{event}' happened that ended as '{outcome}'.", "ratio",
        lambda b: ended(b, event, [outcome]), lambda b: ended(b, event), percent=True,
    )  # fmt: skip


register_family("outcomes", _outcomes, outcome_names)
register_family("share", _share, outcome_names)


# -- over several stages ----------------------------------------------------------------------------


def _entered(member: str, books: Books) -> Metric | None:
    if member not in books.ledger.layout.stages:
        return None
    return Metric(
        f"entered.{member}", f"Entered {member}", "times",
        f"Entries into '{member}', on arrival, at the start or by a move; who comes back counts again.", "sum",
        lambda b: entries(b, member), split="fixed",
    )  # fmt: skip


def _through(member: str, books: Books) -> Metric | None:
    first, _, last = member.partition(".")
    stages = books.ledger.layout.stages
    if first not in stages or last not in stages:
        return None
    return Metric(
        f"through.{member}", f"{last} per {first}", "%",
        f"Entries into '{last}' per entry into '{first}', by whatever path.", "ratio",
        lambda b: entries(b, last), lambda b: entries(b, first), percent=True, split="fixed",
    )  # fmt: skip


def _pairs(books: Books) -> list[str]:
    stages = books.ledger.layout.stages
    return [f"{first}.{last}" for first in stages for last in stages if first != last]


register_family("entered", _entered, lambda b: b.ledger.layout.stages)
register_family("through", _through, _pairs)


# -- what people would say, and what they pay at a time ---------------------------------------------


def surveys(books: Books) -> list[str]:
    """Return the events that have an outcome for promoters and one for detractors."""
    return [
        name for name, event in events_of(books.journey).items()
        if {PROMOTER, DETRACTOR} <= {one.name for one in event.outcomes}
    ]  # fmt: skip


def _net_promoter_score(member: str, books: Books) -> Metric | None:
    if member not in surveys(books):
        return None
    return Metric(
        f"net_promoter_score.{member}", f"Net promoter score ({member})", "points",
        f"Promoters less detractors per answer to '{member}', times 100; who does not answer is not in it.", "ratio",
        lambda b: 100 * (ended(b, member, [PROMOTER]) - ended(b, member, [DETRACTOR])),
        lambda b: ended(b, member, ANSWERS), "Reichheld 2003, Harvard Business Review 81(12)",
    )  # fmt: skip


def payers(journey: Journey, line: str) -> list[tuple[str, tuple[str, ...] | None]]:
    """Return the events and outcomes that earn on a line; nothing where it is earned in any other way too."""
    events: list[tuple[str, tuple[str, ...] | None]] = []
    for owner in journey.owners:
        if any(one.line == line and one.side == "earn" for one in (*owner.on_entry.money, *owner.accruals)):
            return []
        for event in owner.events:
            pays = [
                any(one.line == line and one.side == "earn" for one in part.money)
                for part in (event.effects, *(outcome.effects for outcome in event.outcomes))
            ]  # fmt: skip
            chosen = tuple(one.name for one, yes in zip(event.outcomes, pays[1:], strict=True) if yes)
            if pays[0] or chosen:
                events.append((f"{owner.name}.{event.name}", None if pays[0] else chosen))
    return events


def lines_by_event(books: Books) -> list[str]:
    """Return the lines that are earned by events alone."""
    lines = dict.fromkeys(line for side, line, _ in books.ledger.layout.lines if side == "earn")
    return [line for line in lines if payers(books.journey, line)]


def _amount(member: str, books: Books) -> Metric | None:
    if member not in lines_by_event(books):
        return None
    sources = payers(books.journey, member)

    def times(b: Books) -> FloatArray:
        return np.asarray(sum(ended(b, event, outcomes) for event, outcomes in sources))

    return Metric(
        f"amount.{member}", f"Mean amount of {member}", "CUR",
        f"Earned on the line '{member}' per time that something was earned on it.", "ratio",
        partial(money, side="earn", line=member), times,
    )  # fmt: skip


register_family("net_promoter_score", _net_promoter_score, surveys)
register_family("amount", _amount, lines_by_event)
