"""The flywheel as a balance of people: how many are in each phase, and where they come from and go to.

The parts of the wheel are the phases of its stages of prospects and customers, or the two roles where the file names
no phases. Everybody else is outside: lapsed, set aside and gone. Each part holds at the end of a window what it held
at its beginning, plus who came in, minus who went on or was lost, to the person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.analysis.momentum.momentum import Momentum
from flywheel_sim.analysis.momentum.windows import lengths
from flywheel_sim.journey.journey import Journey
from flywheel_sim.ledger import ROLE_FLOWS
from flywheel_sim.metrics.growth import entered_by
from flywheel_sim.metrics.momentum import LOSING
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean

if TYPE_CHECKING:
    import pandas as pd


#: How people come into the wheel.
WAYS_IN = ("strangers", "referred", "back")

#: How people come who are no outcome of anybody's event, and what that is called.
_ARRIVALS = {"arrived": "strangers", "referred": "referred", "present": "strangers"}


@dataclass(frozen=True)
class Wheel:
    """People in each part of the wheel at the end, and all that moves them in the last window; frozen.

    Attributes
    ----------
    momentum
        Whose wheel, and over which window.
    parts
        Phases, or roles, in the order of the file.
    mass
        People in each part at the end, shape (replications,).
    entering
        People per month into each part from outside, by way: ``strangers``, ``referred``, and ``back`` for those who
        had left the wheel; same shape.
    moving
        People per month from one part to another.
    losing
        People per month who leave each part for outside, by the role they had.
    """

    momentum: Momentum = field(repr=False)
    parts: tuple[str, ...]
    mass: Mapping[str, FloatArray] = field(repr=False)
    entering: Mapping[tuple[str, str], FloatArray] = field(repr=False)
    moving: Mapping[tuple[str, str], FloatArray] = field(repr=False)
    losing: Mapping[tuple[str, str], FloatArray] = field(repr=False)

    def held(self, part: str) -> Estimate:
        """Return the people in a part at the end."""
        return estimate_mean(self.mass[part], "people")

    def coming(self, way: str, part: str) -> Estimate:
        """Return the people per month who come into a part from outside by a way of `WAYS_IN`."""
        return self._flow(self.entering.get((way, part)))

    def between(self, source: str, target: str) -> Estimate:
        """Return the people per month who move from one part to another."""
        return self._flow(self.moving.get((source, target)))

    def lost(self, part: str, role: str) -> Estimate:
        """Return the people of a role per month who leave the wheel from a part."""
        return self._flow(self.losing.get((part, role)))

    def _flow(self, people: FloatArray | None) -> Estimate:
        return estimate_mean(np.zeros(self.momentum.runs.n) if people is None else people, "people per month")

    def frame(self) -> pd.DataFrame:
        """Return the tidy table: what (in it, way in, move, lost), from, to, role, mean, low, high, n, unit."""
        import pandas as pd

        rows: list[tuple[object, ...]] = []
        for part in self.parts:
            rows.append(("in it", "", part, "", self.held(part)))
        rows += [(way, "", part, "", self.coming(way, part)) for way, part in self.entering]
        rows += [("move", source, target, "", self.between(source, target)) for source, target in self.moving]
        rows += [("lost", part, "", role, self.lost(part, role)) for part, role in self.losing]
        figures = [(*row[:4], e.mean, e.low, e.high, e.n, e.unit) for row in rows if isinstance(e := row[4], Estimate)]
        return pd.DataFrame(figures, columns=["what", "from", "to", "role", "mean", "low", "high", "n", "unit"])


def parts_of(journey: Journey) -> dict[str, str]:
    """Return the part of the wheel that each stage of prospects and customers is in, in the order of the file."""
    inside = [stage for stage in journey.stages if stage.role in LOSING]
    if not any(stage.phase for stage in inside):
        return {stage.name: f"{stage.role}s" for stage in inside}
    return {stage.name: stage.phase or "no phase" for stage in inside}


def wheel_of(momentum: Momentum) -> Wheel:
    """Return the balance of people in the last window of a momentum."""
    runs, window = momentum.runs, momentum.window
    ledger, part = runs.books.ledger, parts_of(runs.journey)
    layout = ledger.layout
    roles = dict(zip(layout.stages, layout.roles, strict=True))
    months = lengths(runs.books)[-window:].sum()
    flow = ledger.flow[:, -window:].sum(axis=1).astype(np.float64)  # (replications, groups, flows)
    mass = {
        name: ledger.stock[:, -1, :, [layout.stages.index(stage) for stage in part if part[stage] == name]]
        .sum(axis=(0, 2)).astype(np.float64)
        for name in dict.fromkeys(part.values())
    }  # fmt: skip
    entering: dict[tuple[str, str], FloatArray] = {}
    moving: dict[tuple[str, str], FloatArray] = {}
    losing: dict[tuple[str, str], FloatArray] = {}

    def add(book: dict[tuple[str, str], FloatArray], key: tuple[str, str], people: FloatArray) -> None:
        if people.any():
            book[key] = book.get(key, 0.0) + people / months

    for group, stage in enumerate(entered_by(runs.books)):
        for name, way in _ARRIVALS.items():
            if stage in part:
                add(entering, (way, part[stage]), flow[:, group, ROLE_FLOWS.index(name)])
    for index, ((source, _, _), target) in enumerate(zip(layout.flows, layout.targets, strict=True)):
        people = flow[:, :, index].sum(axis=1)
        if not source or not target or part.get(source) == part.get(target):
            continue
        if source not in part:
            add(entering, ("back", part[target]), people)
        elif target not in part:
            add(losing, (part[source], roles[source]), people)
        else:
            add(moving, (part[source], part[target]), people)
    return Wheel(momentum, tuple(mass), mass, entering, moving, losing)
