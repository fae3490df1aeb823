"""From resources as written to ones ready to run: how many people, for how long, and what they cost."""

from __future__ import annotations

from contextlib import suppress

from flywheel_sim.journey.figures import Rate
from flywheel_sim.journey.journey import SPEND_KIND_OF_ROLE, Resource
from flywheel_sim.journey.units import MOST_MONEY, WEEK, millionths
from flywheel_sim.scenario.rates.axes import label
from flywheel_sim.scenario.rates.units import check_decimals
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.resolve.service import WHOLE_WEEK
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.schema import ResourceSpec
from flywheel_sim.scenario.source.tree import Path_

#: The most people of one resource, and places in its queue; a larger figure is taken for a mistake.
MOST_PEOPLE, MOST_WAITING = 1_000_000, 1_000_000_000


class ResourceReader:
    """Reads resources."""

    def __init__(self, context: Context) -> None:
        self.context, self.notes, self.note = context, context.notes, context.notes.note
        self.staff_roles = context.findings.staff_roles

    def resource(self, name: str, spec: ResourceSpec) -> Resource | None:
        """Return a resource ready to run, or None after noting problems.

        The events have been read before, so that it is known who asks for it.
        """
        path = ("resources", name)
        before = len(self.notes.problems)
        self.check_hours(spec, path)
        cost = self.cost(spec, path)
        target = spec.target
        if target and (target.form != "duration" or target.number <= 0):
            self.note((*path, "target"), target.text, "a target is the wait within which people should be served",
                      "write 1 day")  # fmt: skip
        for section, what in (("costs", "an overhead"), ("levers", "a lever")):
            if name in (self.notes.tree.root.get(section) or ()):
                self.note(("resources",), None, f"'{name}' is {what} too, and what they cost would be confused",
                          "rename one of the two", name)  # fmt: skip
        limit = None
        if spec.queue_limit is not None:
            place = (*path, "queue_limit")
            limit = self.context.whole(spec.queue_limit, place, "a queue's limit", (0, MOST_WAITING), 60)
        if name not in self.staff_roles and self.all_staff_known():
            self.note(("resources",), None, f"nobody asks for '{name}'",
                      f"let an event say staff: {name}, or take it out", name)  # fmt: skip
        try:
            people = self.people(spec, (*path, "people"))
        except Unusable:
            return None
        if len(self.notes.problems) > before:
            return None
        kinds = {SPEND_KIND_OF_ROLE[role] for role in self.staff_roles.get(name, ())}
        kind = self.context.kind_of(name, kinds.pop() if len(kinds) == 1 else "overhead")
        return Resource(name, people, cost, kind, limit, int(target.number) if target else None)

    def all_staff_known(self) -> bool:
        """Tell whether it is known what every event asks for: all can be read, and none misspells a resource."""
        names, specs = self.context.names, self.context.specs
        owners = len(names.stages) + len(self.notes.tree.root.get("while") or ())
        return len(specs.stages) + len(specs.sets) == owners and self.staff_roles.keys() <= names.resources

    def people(self, spec: ResourceSpec, path: Path_) -> Rate:
        """Return how many people there are, by calendar and month at most."""
        stated = self.context.rates.stated.read(spec.people, path, "number")
        for axis in stated.over:
            if axis.attribute not in ("calendar", "month"):
                raise self.note(path, None, "how many people there are depends on 'calendar' and 'month' alone",
                                "write {value: 4, by: {calendar: {12 months: 6}}}")  # fmt: skip
        if stated.spread is not None:
            raise self.note((*stated.path, "spread"), None, "how many people there are has no spread", "remove it")
        people = self.context.rates.convert(stated, path, "number", spec.people)
        for index, cell in enumerate(people.cells):
            if cell % 1 or cell > MOST_PEOPLE:
                where = f"where {label(self.context.traits, people.over, index)} there" if people.over else "there"
                rule = f"people are counted in whole numbers, up to {MOST_PEOPLE:g}, but {where} are {cell:.9g}"
                raise self.note(stated.places[index], None, rule, "write a whole number, such as 4")
        if not any(people.cells):
            raise self.note(path, None, "a resource without people serves nobody, ever", "write 1, or more")
        return people

    def check_hours(self, spec: ResourceSpec, path: Path_) -> None:
        """Check how long people work in a week."""
        given = spec.hours
        if given is None:
            return
        fits = given.form == "number" and given.per_ms == WEEK and not given.per_what
        if not fits or not 0 < given.number <= WHOLE_WEEK:
            self.note((*path, "hours"), given.text, f"hours are per week, above 0 and at most {WHOLE_WEEK}",
                      "write 30 per week")  # fmt: skip

    def cost(self, spec: ResourceSpec, path: Path_) -> float:
        """Return what each person costs, millionths of the currency per ms."""
        given = spec.cost
        if given is None:
            return 0.0
        self.context.findings.money = True
        fits = given.form == "number" and given.per_ms and given.per_what == "person"
        if not fits or not 0 <= given.number <= MOST_MONEY:
            self.note((*path, "cost"), given.text,
                      f"a resource costs money per person and period, from 0 to {MOST_MONEY:.0e}",
                      "write 4200 per person per month")  # fmt: skip
            return 0.0
        with suppress(Unusable):
            check_decimals(self.notes, given, (*path, "cost"), "round it, or state it for a longer period")
        return millionths(given.number) / float(given.per_ms or 1)
