"""Who was a customer before the year began: the same journey, with its books kept by that.

Two attributes are added, which bear on nothing. One notes who ever becomes a customer; a second before the last full
year begins the other takes it over, and results are reported by it. Everybody lives as before, to the millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.errors import ConfigError
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import MONTH, SECOND, YEAR
from flywheel_sim.ledger import ROLE_FLOWS
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.scenario.source.tree import Raw
from flywheel_sim.stats import FloatArray

#: Names of what is added; a file that bears them cannot be asked.
BOUGHT, EXISTING, SET = "claims_bought", "claims_existing", "claims_known"


def last_year(journey: Journey) -> slice | None:
    """Return the months of the last full year of a run, after any warm-up; None where there is none."""
    years = journey.horizon // YEAR
    if not years or (years - 1) * YEAR < journey.warm_up:
        return None
    return slice(12 * (years - 1), 12 * years)


def with_existing(model: Scenario, journey: Journey, also: str | None = None) -> Scenario | str:
    """Return the scenario with books kept by who was a customer before the last full year, or why that cannot be.

    Parameters
    ----------
    model, journey
        The scenario, and the strategy that is run.
    also
        A further attribute to report by.
    """
    window = last_year(journey)
    if window is None or window.start == 0:
        return "the run has no full year with a year before it; take a horizon of two years or more"
    roles = {stage.name: stage.role for stage in journey.stages}
    customers = [name for name, role in roles.items() if role == "customer"]
    known: Raw = {
        "in": _reached(journey, roles),
        "events": {"year": {"on_date": f"{window.start * MONTH // SECOND - 1} seconds", "set": {EXISTING: BOUGHT}}},
    }
    buyers: Raw = {"in": customers, "on_entry": {"set": {BOUGHT: "yes"}}}
    changes: list[tuple[str, Raw]] = [
        (f"attributes.{BOUGHT}", ["no", "yes"]), (f"attributes.{EXISTING}", ["no", "yes"]),
        (f"while.{SET}", known), (f"while.{SET}_bought", buyers),
        ("report_by", [*journey.report_by, *([also] if also and also not in journey.report_by else []), EXISTING]),
    ]  # fmt: skip
    for channel in journey.channels:
        if channel.kind == "present" and roles[channel.enters] in ("customer", "lapsed"):
            changes += [
                (f"channels.{channel.name}.set.{BOUGHT}", "yes"),
                (f"channels.{channel.name}.set.{EXISTING}", "yes"),
            ]
    changed = model.with_texts(changes)
    try:
        changed.journey(journey.strategy or None)
    except ConfigError as error:
        return f"the books cannot be kept by who was a customer before: {error.problems[0].rule}"
    return changed


def _reached(journey: Journey, roles: Mapping[str, str]) -> list[Raw]:
    """Return the stages, exits left out, that people can be in who have been customers."""
    moves = {(owner, outcome.to) for stage in journey.stages for owner in [stage.name]
             for event in (*stage.events, *(e for one in journey.sets if owner in one.stages for e in one.events))
             for outcome in event.outcomes if outcome.to}  # fmt: skip
    moves |= {
        (stage.name, event.staff.gives_up) for stage in journey.stages for event in stage.events
        if event.staff and event.staff.gives_up
    }  # fmt: skip
    reached = {name for name, role in roles.items() if role in ("customer", "lapsed")}
    while more := {to for origin, to in moves if origin in reached} - reached:
        reached |= more
    alive = {stage.name for stage in journey.stages if not any(event.at_once for event in stage.events)}
    return [name for name, role in roles.items() if name in reached & alive and role != "exit"]


def revenue_by(runs: Runs) -> tuple[FloatArray, FloatArray]:
    """Return revenue of the last full year from customers before it, and from others; each (replications,)."""
    window, ledger = last_year(runs.journey), runs.books.ledger
    lines = [index for index, (side, _, _) in enumerate(ledger.layout.lines) if side == "earn"]
    money = ledger.money[:, window][..., lines].sum(axis=(1, 3)) / runs.books.per_unit
    old = _existing(runs)
    return money[:, old].sum(axis=1), money[:, ~old].sum(axis=1)


def months_of_existing(runs: Runs) -> FloatArray:
    """Return the customer-months that customers before the last full year lived in it, shape (replications,)."""
    window, ledger = last_year(runs.journey), runs.books.ledger
    lived = ledger.time[:, window][..., ledger.layout.stages_of("customer")].sum(axis=(1, 3)) / MONTH
    return np.asarray(lived[:, _existing(runs)].sum(axis=1))


def acquired_by(runs: Runs, attribute: str, level: str) -> tuple[FloatArray, FloatArray]:
    """Return the acquisitions of people with a level of an attribute, and all; each (replications,)."""
    place = 1 + runs.journey.report_by.index(attribute)
    of = np.array([group[place] == level for group in runs.ledger.layout.groups])
    acquired = runs.ledger.flow[..., ROLE_FLOWS.index("acquired")].sum(axis=1).astype(np.float64)
    return acquired[:, of].sum(axis=1), acquired.sum(axis=1)


def _existing(runs: Runs) -> NDArray[np.bool_]:
    place = 1 + runs.journey.report_by.index(EXISTING)
    return np.array([group[place] == "yes" for group in runs.ledger.layout.groups])
