"""The same people at another staffing: journeys with other numbers of staff, and with so many that nobody waits.

How many people a resource has bears on nobody's luck, so figures at several staffings are paired.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from flywheel_sim import arguments as takes
from flywheel_sim.engine.by_plan import spend_by_plan
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey, Resource
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.scenario.resolve.resources import MOST_PEOPLE
from flywheel_sim.scenario.source.tree import Raw

#: So many that nobody waits.
AMPLE = str(MOST_PEOPLE)

#: What it takes where resources are named, one or several.
RESOURCES = takes.optional(takes.either(
    takes.text("the name of a resource", "'sales'"),
    takes.listed(takes.NAME, "a list of names", "['presales', 'sales']")))  # fmt: skip

#: What it takes where one is.
RESOURCE = takes.optional(takes.text("the name of a resource", "'sales'"))


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


def resources_asked(journey: Journey, over: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the resources that were named, or the only one of a journey.

    Raises
    ------
    ExperimentError
        If the journey has no staff, none of that name, or several of which none was named; or one is named twice.
    """
    require_staff(journey)
    if over is None:
        if len(journey.resources) > 1:
            known = [one.name for one in journey.resources]
            raise ExperimentError(f"over was not given, and '{journey.name}' has several resources: {', '.join(known)};"
                                  f" write over='{known[0]}'")  # fmt: skip
        return (journey.resources[0].name,)
    names = (over,) if isinstance(over, str) else tuple(over)
    if len(set(names)) < len(names):
        raise ExperimentError(f"over is {', '.join(names)}: one is named twice; name each resource once")
    return tuple(resource_of(journey, name).name for name in names)


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
