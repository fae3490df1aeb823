"""Where people can get to from a stage, and where they can stay for ever."""

from __future__ import annotations

from flywheel_sim.journey.journey import MARGIN_KINDS, Journey, Owner


def owners_of(journey: Journey, stage: str) -> list[Owner]:
    """Return a stage and the sets it lies in."""
    return [journey.stage(stage), *(one for one in journey.sets if stage in one.stages)]


def ahead(journey: Journey) -> dict[str, frozenset[str]]:
    """Return, for every stage, the stages that somebody there can ever get to; itself only where they can return."""
    found: dict[str, set[str]] = {}
    for stage in journey.stages:
        events = [event for owner in owners_of(journey, stage.name) for event in owner.events]
        found[stage.name] = {outcome.to for event in events for outcome in event.outcomes if outcome.to}
        found[stage.name] |= {event.staff.gives_up for event in events if event.staff and event.staff.gives_up}
    for between in found:
        for reached in found.values():
            if between in reached:
                reached |= found[between]
    return {name: frozenset(reached) for name, reached in found.items()}


def leads_to_customers(journey: Journey) -> frozenset[str]:
    """Return the stages from which somebody can become a customer."""
    customers = {stage.name for stage in journey.stages if stage.role == "customer"}
    return frozenset(name for name, reached in ahead(journey).items() if customers & reached)


def pays_for_ever(journey: Journey) -> str | None:
    """Return a stage in which a customer may bring or cost money for ever, None where everybody comes to an end.

    That is a stage which customers can get to, and can get back to from wherever they go on to, with money that
    accrues or recurs there.
    """
    reached = ahead(journey)
    customers = [stage.name for stage in journey.stages if stage.role == "customer"]
    there = {*customers, *(name for one in customers for name in reached[one])}
    for stage in journey.stages:
        for_ever = all(stage.name in reached[name] for name in reached[stage.name] - {stage.name})
        if stage.name in there and for_ever and pays_again(journey, stage.name, stage.name in reached[stage.name]):
            return stage.name
    return None


def pays_again(journey: Journey, stage: str, returns: bool) -> bool:
    """Tell whether money counts in a margin that recurs or accrues in a stage, or on coming back to it."""
    role = journey.stage(stage).role
    for owner in owners_of(journey, stage):
        again = [event for event in owner.events if event.recurring or event.when or returns]
        effects = [part for event in again for part in event.parts] + ([owner.on_entry] if returns else [])
        amounts = [*owner.accruals, *(amount for part in effects for amount in part.money)]
        if any(one.side == "earn" or journey.kind_of(one.line, role) in MARGIN_KINDS for one in amounts):
            return True
    return False
