"""From resources as written to ones ready to run: how many people, what they cost, and how they serve."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from flywheel_sim.errors import nearest
from flywheel_sim.journey.events import LAST, Staff
from flywheel_sim.journey.figures import Dist, Rate, Spread
from flywheel_sim.journey.journey import SPEND_KIND_OF_ROLE, Resource
from flywheel_sim.journey.units import HOUR, NEVER, WEEK, Quantity
from flywheel_sim.scenario.resolve.axes import label
from flywheel_sim.scenario.resolve.clocks import ClockReader
from flywheel_sim.scenario.resolve.rates import MOST_MONEY, minor_units
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.schema import SERVICE, EventSpec, ResourceSpec
from flywheel_sim.scenario.source.tree import Path_

#: Hours of a week, which is what a resource without `hours` works.
WHOLE_WEEK = WEEK // HOUR
#: People of one resource, and places in its queue, beyond which a figure is taken for a slip.
MOST_PEOPLE, MOST_WAITING = 1_000_000, 1_000_000_000
#: The last priority that may be written.
LAST_WRITTEN = 1_000


class ResourceReader(ClockReader):
    """Reads resources, and who serves at an event."""

    def resource(self, name: str, spec: ResourceSpec) -> Resource | None:
        """Return a resource ready to run, or None after noting problems.

        The events have been read before, so that it is known who asks for it.
        """
        path = ("resources", name)
        before = len(self.problems)
        self.hours_worked(spec, path)
        cost = self.cost(spec, path)
        target = spec.target
        if target and (target.form != "duration" or target.number <= 0):
            self.note((*path, "target"), target.text, "a target is the wait within which people should be served",
                      "write 1 day")  # fmt: skip
        for section, what in (("costs", "an overhead"), ("levers", "a lever")):
            if name in (self.tree.root.get(section) or ()):
                self.note(("resources",), None, f"'{name}' is {what} too, and what they cost would be confused",
                          "rename one of the two", name)  # fmt: skip
        limit = None
        if spec.queue_limit is not None:
            limit = self.whole(spec.queue_limit, (*path, "queue_limit"), "a queue's limit", (0, MOST_WAITING), 60)
        if name not in self.asked and self.all_asked():
            self.note(("resources",), None, f"nobody asks for '{name}'",
                      f"let an event say staff: {name}, or take it out", name)  # fmt: skip
        try:
            people = self.people(spec, (*path, "people"))
        except Unusable:
            return None
        if len(self.problems) > before:
            return None
        kinds = {SPEND_KIND_OF_ROLE[role] for role in self.asked.get(name, ())}
        kind = kinds.pop() if len(kinds) == 1 else "overhead"
        return Resource(name, people, cost, kind, limit, int(target.number) if target else None)

    def all_asked(self) -> bool:
        """Tell whether it is known what every event asks for: all can be read, and none misspells a resource."""
        owners = len(self.known_stages) + len(self.tree.root.get("while") or ())
        return len(self.stage_specs) + len(self.set_specs) == owners and self.asked.keys() <= self.known_resources

    def people(self, spec: ResourceSpec, path: Path_) -> Rate:
        """Return how many people there are, by calendar and month at most."""
        stated = self.rates.stated(spec.people, path, "number")
        for axis in stated.over:
            if axis.attribute not in ("calendar", "month"):
                raise self.note(path, None, "how many people there are depends on 'calendar' and 'month' alone",
                                "write {value: 4, by: {calendar: {12 months: 6}}}")  # fmt: skip
        if stated.spread is not None:
            raise self.note((*stated.path, "spread"), None, "how many people there are has no spread", "remove it")
        found = self.rates.convert(stated, path, "number", spec.people)
        for index, cell in enumerate(found.cells):
            if cell % 1 or cell > MOST_PEOPLE:
                where = f"where {label(self.traits, found.over, index)} there" if found.over else "there"
                rule = f"people are counted in whole numbers, up to {MOST_PEOPLE:g}, but {where} are {cell:.9g}"
                raise self.note(stated.places[index], None, rule, "write a whole number, such as 4")
        if not any(found.cells):
            raise self.note(path, None, "a resource without people serves nobody, ever", "write 1, or more")
        return found

    def hours_worked(self, spec: ResourceSpec, path: Path_) -> None:
        """Check how long people work in a week."""
        given = spec.hours
        if given is None:
            return
        fits = given.form == "number" and given.per_ms == WEEK and not given.per_what
        if not fits or not 0 < given.number <= WHOLE_WEEK:
            self.note((*path, "hours"), given.text, f"hours are per week, above 0 and at most {WHOLE_WEEK}",
                      "write 30 per week")  # fmt: skip

    def cost(self, spec: ResourceSpec, path: Path_) -> float:
        """Return what each person costs, minor units per ms."""
        given = spec.cost
        if given is None:
            return 0.0
        self.money_seen = True
        fits = given.form == "number" and given.per_ms and given.per_what == "person"
        if not fits or not 0 <= given.number <= MOST_MONEY:
            self.note((*path, "cost"), given.text,
                      f"a resource costs money per person and period, from 0 to {MOST_MONEY:.0e}",
                      "write 4200 per person per month")  # fmt: skip
            return 0.0
        return minor_units(given.number, self.digits) / float(given.per_ms or 1)

    def whole(self, given: Quantity, path: Path_, what: str, ends: tuple[int, int], example: int) -> int | None:
        """Return a whole number between two ends, or None after noting that it is none."""
        plain = given.form == "number" and not given.per_ms and not given.per_what and not given.number % 1
        if not plain or not ends[0] <= given.number <= ends[1]:
            self.note(path, given.text, f"{what} is a whole number from {ends[0]:g} to {ends[1]:g}", f"write {example}")
            return None
        return int(given.number)

    # -- events ---------------------------------------------------------------------------------

    def staff(self, spec: EventSpec, path: Path_) -> Staff | None:
        """Return who serves before an event happens, None where nobody has to.

        Raises
        ------
        Unusable
            After noting a problem.
        """
        if spec.staff is None:
            if (word := next((word for word in SERVICE if getattr(spec, word) is not None), None)) is not None:
                raise self.note(path, None, f"'{word}' goes with 'staff'", "add staff: and a resource, or remove it",
                                word)  # fmt: skip
            return None
        before = len(self.problems)
        if spec.staff not in self.known_resources:
            near = nearest(spec.staff, self.known_resources)
            if not self.known_resources:
                near = f"add resources: {{{spec.staff}: {{people: 1}}}}"
            self.note((*path, "staff"), spec.staff, "no resource of that name", near)
        takes = self.takes(spec, path)
        patience = None
        if spec.patience is not None:
            with suppress(Unusable):
                patience = self.wait(spec.patience, (*path, "patience"))
        self.giving_up(spec, path)
        priority: int | None = LAST
        if spec.priority is not None:
            priority = self.whole(spec.priority, (*path, "priority"), "a priority", (1, LAST_WRITTEN), 1)
        if takes is None or priority is None or len(self.problems) > before:
            raise Unusable
        return Staff(spec.staff, takes, patience, spec.gives_up, priority)

    def giving_up(self, spec: EventSpec, path: Path_) -> None:
        """Check that who gives up has a reason to, and somewhere to go."""
        resource = self.resource_specs.get(spec.staff or "")
        if spec.patience is not None and spec.gives_up is None:
            self.note(path, None, "'patience' needs the stage of those who lose it", "add gives_up: and a stage",
                      "patience")  # fmt: skip
        if spec.gives_up is None:
            return
        if spec.gives_up not in self.known_stages:
            self.note((*path, "gives_up"), spec.gives_up, "no stage of that name",
                      nearest(spec.gives_up, self.known_stages))  # fmt: skip
        if spec.patience is None and resource is not None and resource.queue_limit is None:
            self.note(path, None, f"nobody gives up without 'patience' or a queue_limit of '{spec.staff}'",
                      "add patience: 3 days, or remove it", "gives_up")  # fmt: skip

    def takes(self, spec: EventSpec, path: Path_) -> Dist | None:
        """Return how long service takes on the calendar, or None after noting problems."""
        if spec.takes is None:
            self.note(path, None, "'takes' is required beside 'staff'", "add takes: 30 minutes", "takes")
            return None
        place = (*path, "takes")
        try:
            found = self.wait(spec.takes, place)
        except Unusable:
            return None
        cells = found.params[0].cells if found.params else ()
        if (found.kind == "memoryless" and 0 in cells) or (
            found.kind != "memoryless" and max(cells, default=0) >= NEVER
        ):
            self.note(place, None, "service ends some time", "write 30 minutes")
            return None
        resource = self.resource_specs.get(spec.staff or "")
        given = resource.hours if resource else None
        return found if given is None or given.number <= 0 else stretched(found, WHOLE_WEEK / given.number)


def stretched(wait: Dist, factor: float) -> Dist:
    """Return a wait that takes so many times as long, its shape the same."""
    if wait.kind == "empirical":
        return replace(wait, sample=tuple(value * factor for value in wait.sample))
    times = len(wait.params) if wait.kind in ("uniform", "triangular") else 1
    return replace(wait, params=(*(_slower(rate, factor) for rate in wait.params[:times]), *wait.params[times:]))


def _slower(rate: Rate, factor: float) -> Rate:
    """Return a duration that is longer by a factor, or a rate that is lower by it."""
    if rate.kind == "duration":
        return replace(rate, cells=tuple(float(round(cell * factor)) for cell in rate.cells))
    spread: Any = rate.spread
    if spread is not None:
        spread = Spread(spread.family, tuple((shape, mean / factor) for shape, mean in spread.cells))
    return replace(rate, cells=tuple(cell / factor for cell in rate.cells), spread=spread)
