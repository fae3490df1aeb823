"""The same people at another staffing: journeys with other numbers of staff, and with so many that nobody waits.

How many people a resource has bears on nobody's luck, so figures at several staffings are paired.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from flywheel_sim.engine.by_plan import spend_by_plan
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey, Resource
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.scenario.resolve.resources import MOST_PEOPLE
from flywheel_sim.scenario.source.tree import Raw

#: So many that nobody waits.
AMPLE = str(MOST_PEOPLE)


def resource_of(journey: Journey, name: str) -> Resource:
    """Return a resource of a journey by name.

    Raises
    ------
    ExperimentError
        If the journey has no staff, or none of that name.
    """
    require_staff(journey)
    known = {one.name: one for one in journey.resources}
    if name not in known:
        raise ExperimentError(f"'{name}' is no resource of '{journey.name}'; {nearest(str(name), known)}")
    return known[name]


def require_staff(journey: Journey) -> None:
    """Refuse a journey in which nobody is served.

    Raises
    ------
    ExperimentError
        If it has no resources.
    """
    if not journey.resources:
        raise ExperimentError(
            f"'{journey.name}' has no staff, so nobody waits in it; add resources: {{desk: {{people: 2}}}}, and "
            "staff: desk to what they do"
        )


def people_today(resource: Resource) -> int | None:
    """Return how many people a resource has as written, None where that changes with the time."""
    return None if resource.people.over else int(resource.people.cells[0])


def with_people(model: Scenario, name: str, people: Raw) -> Scenario:
    """Return the scenario with so many people at a resource: a text, or a table by month or calendar."""
    path = f"resources.{name}.people"
    return model.with_texts([(path, "1"), (path, people)])  # a table would be merged with the one that is there


def without_waiting(model: Scenario, names: Iterable[str]) -> Scenario:
    """Return the scenario with so many people at some resources that nobody waits for them."""
    for name in names:
        model = with_people(model, name, AMPLE)
    return model


def at_the_cost_of(runs: Runs, journey: Journey, names: Sequence[str]) -> Runs:
    """Return runs in which some resources cost, month by month, what they cost in another journey."""
    layout = runs.ledger.layout
    first = len(layout.costs) - len(layout.resources)
    columns = [first + layout.resources.index(name) for name in names]
    costs = runs.ledger.costs.copy()
    costs[:, :, columns] = spend_by_plan(journey, layout)[1][:, columns]
    return replace(runs, ledger=replace(runs.ledger, costs=costs))


def counted_months(runs: Runs) -> int:
    """Return of how many months figures over time are."""
    return runs.journey.months - runs.books.warm_up
