"""Who serves before an event happens: how long it takes on the calendar, and who gives up waiting."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from flywheel_sim.errors import nearest
from flywheel_sim.journey.events import LAST, Staff
from flywheel_sim.journey.figures import Dist, Rate, Spread
from flywheel_sim.journey.units import HOUR, NEVER, WEEK
from flywheel_sim.scenario.resolve.clocks import ClockReader
from flywheel_sim.scenario.resolve.context import Context
from flywheel_sim.scenario.source.notes import Unusable
from flywheel_sim.scenario.source.schema import SERVICE, EventSpec
from flywheel_sim.scenario.source.tree import Path_

#: Hours of a week, which is what a resource without `hours` works.
WHOLE_WEEK = WEEK // HOUR
#: The largest number that may be written as a priority.
LAST_WRITTEN = 1_000


class ServiceReader:
    """Reads who serves at an event."""

    def __init__(self, context: Context) -> None:
        self.context, self.notes, self.note = context, context.notes, context.notes.note
        self.names, self.specs = context.names, context.specs
        self.clocks = ClockReader(context)

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
        before = len(self.notes.problems)
        if spec.staff not in self.names.resources:
            near = nearest(spec.staff, self.names.resources)
            if not self.names.resources:
                near = f"add resources: {{{spec.staff}: {{people: 1}}}}"
            self.note((*path, "staff"), spec.staff, "no resource of that name", near)
        takes = self.takes(spec, path)
        patience = None
        if spec.patience is not None:
            with suppress(Unusable):
                patience = self.clocks.wait(spec.patience, (*path, "patience"))
        self.check_giving_up(spec, path)
        priority: int | None = LAST
        if spec.priority is not None:
            priority = self.context.whole(spec.priority, (*path, "priority"), "a priority", (1, LAST_WRITTEN), 1)
        if takes is None or priority is None or len(self.notes.problems) > before:
            raise Unusable
        return Staff(spec.staff, takes, patience, spec.gives_up, priority)

    def check_giving_up(self, spec: EventSpec, path: Path_) -> None:
        """Check that people who give up waiting have a reason to, and a stage to go to."""
        resource = self.specs.resources.get(spec.staff or "")
        if spec.patience is not None and spec.gives_up is None:
            self.note(path, None, "'patience' needs the stage of those who lose it", "add gives_up: and a stage",
                      "patience")  # fmt: skip
        if spec.gives_up is None:
            return
        if spec.gives_up not in self.names.stages:
            self.note((*path, "gives_up"), spec.gives_up, "no stage of that name",
                      nearest(spec.gives_up, self.names.stages))  # fmt: skip
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
            wait = self.clocks.wait(spec.takes, place)
        except Unusable:
            return None
        cells = wait.params[0].cells if wait.params else ()
        if (wait.kind == "memoryless" and 0 in cells) or (wait.kind != "memoryless" and max(cells, default=0) >= NEVER):
            self.note(place, None, "service ends some time", "write 30 minutes")
            return None
        resource = self.specs.resources.get(spec.staff or "")
        given = resource.hours if resource else None
        return wait if given is None or given.number <= 0 else stretched(wait, WHOLE_WEEK / given.number)


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
