"""Tables for what couples people: staffed services, resources, and attributes that all share."""

from __future__ import annotations

from collections.abc import Sequence

from flywheel_sim.compile import draws
from flywheel_sim.compile.quantiles import shared_bounds
from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.memory_writer import MemoryWriter, bits
from flywheel_sim.journey.calendar import staffing
from flywheel_sim.journey.events import Event
from flywheel_sim.journey.figures import Dist
from flywheel_sim.journey.journey import Owner, Resource, StageSet
from flywheel_sim.journey.units import NEVER


class SharedTables(MemoryWriter):
    """Writes what couples people into memory."""

    visits: dict[str, int]
    place: dict[str, int]
    decisions: list[str]
    n_clocks: int
    slot0: int
    due0: int
    service0: int

    # -- what all share, and who serves -----------------------------------------------------------

    def share(self) -> int:
        """Put the rows of attributes that all share, one after another; return the place of the first."""
        journey, first = self.journey, 0
        bounds = shared_bounds(journey)
        rows: list[int] = []
        for number, shared in enumerate(journey.shared):
            counts = self.put([int(stage.name in shared.stages) for stage in journey.stages])
            weights = self.put(shared.weights) if shared.weights else 0
            level = sum(bound <= shared.starts for bound in bounds[shared.name])
            column, scale = (self.column[shared.of], shared.scale) if shared.of else (w.B_STAGE, 0)
            rows += [0, 0, shared.starts, column, weights, scale, counts, len(bounds[shared.name]),
                     self.put(bounds[shared.name]), level, number]  # fmt: skip
        first = self.put(rows)
        for number, shared in enumerate(journey.shared):
            self.column[shared.name], self.kind[shared.name] = first + number * w.ALL_OF, w.ALL_SHARE
        return first

    def serve(self) -> int:
        """Put the rows of resources, one after another; return the place of the first."""
        self.classes: dict[str, list[int]] = {}
        for resource in self.journey.resources:
            asked = (e.staff for owner in self.journey.owners for e in owner.events if e.staff)
            self.classes[resource.name] = sorted({staff.priority for staff in asked if staff.resource == resource.name})
        rows = [
            word for number, resource in enumerate(self.journey.resources) for word in self._resource(number, resource)
        ]
        first = self.put(rows)
        self.resource_at = {resource.name: first + i * w.RESOURCE for i, resource in enumerate(self.journey.resources)}
        return first

    def _resource(self, number: int, resource: Resource) -> list[int]:
        steps = staffing(resource, self.journey.phase, self.journey.horizon)
        classes = len(self.classes[resource.name])
        limit, target = (-1 if figure is None else figure for figure in (resource.queue_limit, resource.target))
        return [steps[0][1], 0, 0, limit, target, number, self.put([0] * 2 * classes), len(steps),
                self.put([word for step in steps for word in step]), 1]  # fmt: skip

    # -- clocks -----------------------------------------------------------------------------------

    def clock(
        self, owner: Owner, event: Event, place: int, kind: int, number: int, slot: int, figures: Sequence[int],
        decision: str, constant: int = 0, when: tuple[int, int] = (0, 0), service: tuple[int, int] = (0, 0),
    ) -> int:  # fmt: skip
        """Return the place of a clock; ``figures`` are the cells of its distribution."""
        self.decisions.append(event.decision)
        self.n_clocks += 1
        return self.put([kind, place, number, *self.at(slot), *figures, *when, self.codes[decision],
                         self.visits[owner.name], self.n_clocks - 1, constant, *service])  # fmt: skip

    def at(self, slot: int) -> tuple[int, int]:
        """Return the columns of a running clock and of its due time."""
        return self.slot0 + slot * w.SLOT, self.due0 + slot

    def waiting(
        self, owner: Owner, event: Event, place: int, number: int, slot: int, wait: Dist, decision: str,
        service: tuple[int, int] = (0, 0),
    ) -> int:  # fmt: skip
        """Return the place of a clock that waits."""
        constant = 0
        if wait.kind in ("fixed", "memoryless") and wait.params[0].constant:
            cell = wait.params[0].cells[0]
            constant = self.constant(cell, wait.kind == "memoryless")
        kind = draws.KINDS.index(wait.kind)
        return self.clock(owner, event, place, kind, number, slot, self.dist(wait), decision, constant, service=service)

    def constant(self, cell: float, memoryless: bool) -> int:
        """Return the cell of a wait that is the same for everybody at all times, 0 for none."""
        if cell >= NEVER:
            return 0
        return bits(cell) if memoryless else int(min(cell, float(self.journey.longest)))

    def service(self, owner: Owner, event: Event, bit: int, number: int) -> int:
        """Return the place of a staffed service; its clocks are filled in later."""
        staff = event.staff
        assert staff is not None
        rank = self.classes[staff.resource].index(staff.priority)
        return self.put([self.resource_at[staff.resource], rank, self.service0 + number * w.AT_SERVICE, 0, 0, 0,
                         int(staff.patience is not None), bit])  # fmt: skip

    def giving_up(self, owner: Owner, event: Event, flows: Sequence[int]) -> int:
        """Return the place of the event of those who give up, its second outcome that of those turned away."""
        assert event.staff is not None
        assert event.staff.gives_up is not None
        outcome_rows = self.put([self.place[event.staff.gives_up], 0, 0] * 2)
        return self.put(
            [self.visits[owner.name], 2, 0, 0, outcome_rows, self.put(flows), self.codes[event.decision], 0, 0, 0]
        )

    def service_clocks(
        self, owner: Owner, event: Event, bit: int, number: int, slot: int, service: int, asks: int, place: int,
        gives_up: int,
    ) -> list[int]:  # fmt: skip
        """Return the places of the clocks after asking, those of giving up and of being served."""
        staff, memory, clocks = event.staff, self.memory, []
        assert staff is not None
        memory[service + w.SERVICE_ASKS] = asks
        if gives_up:
            patience, decision = staff.patience, f"{event.decision}/patience"
            part = (service, w.GIVES_UP)
            if patience is None:
                never = [0] * 5
                clocks.append(self.clock(owner, event, gives_up, w.K_FIXED, number, slot, never, event.decision,
                                         service=part))  # fmt: skip
            else:
                clocks.append(self.waiting(owner, event, gives_up, number, slot, patience, decision, part))
            memory[service + w.SERVICE_GIVES_UP] = clocks[-1]
        part = (service, w.IS_SERVED)
        clocks.append(self.waiting(owner, event, place, number, slot + 1, staff.takes, f"{event.decision}/takes", part))
        memory[service + w.SERVICE_SERVES] = clocks[-1]
        return clocks


def clock_count(event: Event) -> int:
    """Return how many clocks an event has: for each wait one, and two more where staff serve."""
    return max(len(event.waits), 1) * (3 if event.staff else 1)


def services_of(owner: Owner) -> int:
    """Return how many services the events of a stage or set ask for."""
    return sum(max(len(event.waits), 1) for event in owner.events if event.staff)


def label_of(owner: Owner, event: Event) -> str:
    """Return an event's name in the ledger."""
    return f"{owner.name}.{event.name}" if isinstance(owner, StageSet) else event.name
