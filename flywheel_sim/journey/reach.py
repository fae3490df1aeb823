"""Where people can get to from a stage, and where they can stay for ever."""

from __future__ import annotations

from collections.abc import Iterable

from flywheel_sim.journey.events import Event
from flywheel_sim.journey.journey import MARGIN_KINDS, Journey, Owner


def owners_of(journey: Journey, stage: str) -> list[Owner]:
    """Return a stage and the sets it lies in."""
    return [journey.stage(stage), *(one for one in journey.sets if stage in one.stages)]


def ahead(journey: Journey, served: bool = True) -> dict[str, frozenset[str]]:
    """Return, for every stage, the stages that somebody there can ever get to; itself only where they can return.

    Also by events that staff serve, unless they serve nobody, as beyond the horizon.
    """
    reachable: dict[str, set[str]] = {}
    for stage in journey.stages:
        events = [e for owner in owners_of(journey, stage.name) for e in owner.events if served or not e.staff]
        reachable[stage.name] = {outcome.to for event in events for outcome in event.outcomes if outcome.to}
        reachable[stage.name] |= {event.staff.gives_up for event in events if event.staff and event.staff.gives_up}
    for between in reachable:
        for reached in reachable.values():
            if between in reached:
                reached |= reachable[between]
    return {name: frozenset(reached) for name, reached in reachable.items()}


def leads_to_customers(journey: Journey) -> frozenset[str]:
    """Return the stages from which somebody can become a customer."""
    return frozenset(name for name, reached in ahead(journey).items() if _customers(journey) & reached)


def pays_for_ever(journey: Journey) -> str | None:
    """Return a stage in which a customer may bring or cost money for ever, None where everybody comes to an end.

    That is a stage which customers can get to, and can get back to from wherever they go on to, with money that
    accrues or recurs there.
    """
    reached, there = ahead(journey, served=False), _customers(journey) | _after(journey)
    for stage in journey.stages:
        for_ever = all(stage.name in reached[name] for name in reached[stage.name] - {stage.name})
        if stage.name in there and for_ever and pays_again(journey, stage.name, stage.name in reached[stage.name]):
            return stage.name
    return None


def brings_more(journey: Journey) -> bool:
    """Tell whether anything that counts in a margin can be booked on a customer after they have become one."""
    moved_to = _after(journey)
    return any(
        _counts(journey, name, owner, owner.events, name in moved_to)
        for name in _customers(journey) | moved_to for owner in owners_of(journey, name)
    )  # fmt: skip


def pays_again(journey: Journey, stage: str, returns: bool) -> bool:
    """Tell whether money counts in a margin that recurs or accrues in a stage, or on coming back to it."""
    return any(
        _counts(journey, stage, owner, [e for e in owner.events if e.recurring or e.when or returns], returns)
        for owner in owners_of(journey, stage)
    )


def _customers(journey: Journey) -> set[str]:
    """Return the stages of customers."""
    return {stage.name for stage in journey.stages if stage.role == "customer"}


def _after(journey: Journey) -> set[str]:
    """Return the stages that customers can get to."""
    reached = ahead(journey)
    return {name for one in _customers(journey) for name in reached[one]}


def _counts(journey: Journey, stage: str, owner: Owner, events: Iterable[Event], entered: bool) -> bool:
    """Tell whether money counts in a margin that accrues in a stage or comes with some events, or with entering it."""
    role = journey.stage(stage).role
    effects = [part for event in events for part in event.parts] + ([owner.on_entry] if entered else [])
    amounts = [*owner.accruals, *(amount for part in effects for amount in part.money)]
    return any(one.side == "earn" or journey.kind_of(one.line, role) in MARGIN_KINDS for one in amounts)
