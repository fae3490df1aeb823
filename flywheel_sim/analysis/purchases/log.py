"""What counts as a purchase: the rows of the event log in which a line is paid, or in which an event happens."""

from __future__ import annotations

from collections.abc import Sequence

from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.journey.journey import Journey, StageSet
from flywheel_sim.ledger import Layout

#: A kind of row of the event log: stage, event, outcome, and the stage the person is in thereafter.
Row = tuple[str, str, str, str]


def purchase_rows(journey: Journey, names: Sequence[str]) -> set[Row]:
    """Return the kinds of rows of the log that are a purchase.

    Parameters
    ----------
    journey
        What is run.
    names
        Lines on which money is earned, one-off or by invoice; or events, as ``stage.event`` or ``set.event``, or one of
        their outcomes, as ``stage.event.outcome``.

    Raises
    ------
    ExperimentError
        If a name is neither.
    """
    paid, accrues = _paid(journey)
    happens: dict[str, set[Row]] = {}
    for row in (*_moves(journey), *_stays(journey)):
        stage, event, outcome, _ = row
        if stage:
            name = event if "." in event else f"{stage}.{event}"
            for known in (name, f"{name}.{outcome}"):
                happens.setdefault(known, set()).add(row)
    bought: set[Row] = set()
    for name in names:
        if name in paid:
            bought |= paid[name]
        elif name in happens:
            bought |= happens[name]
        elif name in accrues:
            raise ExperimentError(f"of: '{name}' is earned as time goes by, not by purchases; name an event")
        else:
            raise ExperimentError(
                f"of: nothing is earned on a line '{name}' in '{journey.name}', and no event is called so; "
                f"{nearest(str(name), [*paid, *happens])}"
            )
    return bought


def _paid(journey: Journey) -> tuple[dict[str, set[Row]], set[str]]:
    """Return, for each line earned, the rows of the log that book money on it; and the lines that accrue."""
    paid: dict[str, set[Row]] = {}
    moves = _moves(journey)
    rows = moves + _stays(journey)
    for owner in journey.owners:
        one_set = isinstance(owner, StageSet)
        inside = owner.stages if isinstance(owner, StageSet) else (owner.name,)
        for amount in owner.on_entry.money:
            if amount.side == "earn":
                enters = {row for row in moves if row[3] in inside and not (one_set and row[0] in inside)}
                paid.setdefault(amount.line, set()).update(enters)
        for event in owner.events:
            name = f"{owner.name}.{event.name}" if one_set else event.name
            for outcome in event.outcomes:
                booked = {row for row in rows if row[0] in inside and row[1:3] == (name, outcome.name)}
                for amount in (*event.effects.money, *outcome.effects.money):
                    if amount.side == "earn":
                        paid.setdefault(amount.line, set()).update(booked)
    accrues = {amount.line for owner in journey.owners for amount in owner.accruals if amount.side == "earn"}
    return paid, accrues


def _moves(journey: Journey) -> list[Row]:
    """Return the kinds of rows with which somebody enters a stage, if only the one they are in."""
    layout = Layout.of(journey)
    flows = zip(layout.flows, layout.targets, strict=True)
    came = [("", how, "", stage) for how in ("arrived", "referred") for stage in layout.stages]
    return came + [(*flow, to) for flow, to in flows if flow[0] and to]


def _stays(journey: Journey) -> list[Row]:
    """Return the kinds of rows with which somebody goes on with a visit."""
    layout = Layout.of(journey)
    flows = zip(layout.flows, layout.targets, strict=True)
    return [(*flow, flow[0]) for flow, to in flows if flow[0] and not to]
