"""What is looked after now and then while a run of the reference engine goes on: memory, and whether to stop."""

from __future__ import annotations

from flywheel_sim.engine.limits import Bounds
from flywheel_sim.engine.room import Room
from flywheel_sim.errors import Stopped

#: Events after which a run pauses.
STRETCH = 1000

#: Bytes that a person takes with their process, about, and a line of the log.
PERSON, ROW = 4000, 250


class Pause:
    """A moment in which a run looks whether it may go on; the next is due once so many events have happened."""

    def __init__(self, bounds: Bounds) -> None:
        self.stop, self.room, self.due = bounds.stop, Room(bounds.max_memory), STRETCH

    def take(self, events: int, people: int, rows: int) -> None:
        """Take a pause once so much has happened to so many people, and so many lines are logged.

        Raises
        ------
        SimulationError
            If memory does not hold them.
        Stopped
            If whoever is asked says so.
        """
        self.due = events + STRETCH
        self.room.hold(PERSON * people + ROW * rows, f"more than {people:,} people, each a process,")
        if self.stop is not None and self.stop():
            raise Stopped
