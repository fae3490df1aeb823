"""How many people to have: what one more brings, and which numbers cannot be told apart from the best.

Every number of people meets the same leads with the same luck.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from flywheel_sim.analysis.capacity.staff import people_today, resource_of, with_people
from flywheel_sim.analysis.difference.pairs import AgainstToday, paired, replicated, within
from flywheel_sim.analysis.difference.ranking import Best, Ranking, ranking
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.asking import How, how_to_run
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.driver import units_of
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.scenario.resolve.resources import MOST_PEOPLE
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, gap_unit, plus_minus
from flywheel_sim.wording import either, signed

if TYPE_CHECKING:
    import pandas as pd


#: How many people of each resource: one number for each.
Point = tuple[int, ...]

#: Figures of each resource beside what is asked for.
OF_STAFF = ("wait", "utilisation", "abandonment")

#: Most combinations of two resources: each is compared with each.
MOST_POINTS = 60


@dataclass(frozen=True)
class Capacity(AgainstToday):
    """Figures at several numbers of people, on the same leads with the same luck; frozen.

    Attributes
    ----------
    of, best_is
        The metric that decides, and whether the ``highest`` or the ``lowest`` is best.
    resources, people
        One resource or two, and for each the numbers tried, ascending.
    points
        Every combination tried: one number for each resource.
    metrics, units, labels
        What was kept at each point, in which unit, and how it is called.
    values
        Shape (points, metrics, replications).
    today
        The runs at the staffing as written.
    """

    of: str
    best_is: Best
    resources: tuple[str, ...]
    people: tuple[tuple[int, ...], ...]
    points: tuple[Point, ...]
    metrics: tuple[str, ...]
    units: Mapping[str, str] = field(repr=False)
    labels: Mapping[str, str] = field(repr=False)
    values: FloatArray = field(repr=False)
    today: Runs = field(repr=False)

    def estimate(self, people: int | Point, metric: str | None = None) -> Estimate:
        """Return a metric at a number of people (one for each resource); what decides unless another is named."""
        name = metric or self.of
        return estimate_mean(self._values(people, name), self.units[name])

    def difference(
        self, people: int | Point, against: int | Point | None = None, metric: str | None = None
    ) -> Estimate:
        """Return the paired difference between two numbers of people, or to the staffing as written."""
        name = metric or self.of
        base = self.today.terms(name) if against is None else self._values(against, name)
        return paired(self._values(people, name) - base, gap_unit(self.units[name]))

    def marginal(self, resource: str | None = None, metric: str | None = None) -> dict[int, Estimate]:
        """Return what one more person is worth, by the number there then are; paired.

        Between numbers further apart it is the mean over the persons between them. Of two resources, the other one has
        the number of the best combination.

        Parameters
        ----------
        resource
            The only one unless given.
        metric
            What it is worth in; what decides unless given.
        """
        where, name = self._resource(resource), metric or self.of
        found = {}
        for fewer, more in itertools.pairwise(self.people[where]):
            ends = [tuple(n if i == where else b for i, b in enumerate(self.best)) for n in (fewer, more)]
            gap = (self._values(ends[1], name) - self._values(ends[0], name)) / (more - fewer)
            found[more] = paired(gap, f"{gap_unit(self.units[name])} per person")
        return found

    @cached_property
    def ranking(self) -> Ranking:
        """Return all numbers of people in the order of what decides, with joint intervals of all differences."""
        row = self.metrics.index(self.of)
        values = {self.named(point): self.values[i, row] for i, point in enumerate(self.points)}
        unit = self.units[self.of]
        return ranking(values, self.of, unit, gap_unit(unit), best=self.best_is)

    @property
    def best(self) -> Point:
        """Return the best number of people tried, one for each resource."""
        return self._point(self.ranking.names[0])

    @property
    def leaders(self) -> tuple[Point, ...]:
        """Return the best number and all that cannot be told apart from it, in the order of `points`."""
        return tuple(sorted(map(self._point, self.ranking.leaders)))

    def named(self, point: Point) -> str:
        """Return a number of people in words: ``4``, or ``4 at presales, 5 at sales``."""
        if len(point) == 1:
            return str(point[0])
        return ", ".join(f"{n} at {name}" for n, name in zip(point, self.resources, strict=True))

    def frame(self) -> pd.DataFrame:
        """Return the tidy table: one row per number of people and metric.

        Columns: a number for each resource (people.NAME), metric, mean, low, high, n, unit, leading (whether it is the
        best or cannot be told apart from it).
        """
        import pandas as pd

        rows, leaders = [], set(self.leaders)
        for point in self.points:
            for metric in self.metrics:
                one = self.estimate(point, metric)
                rows.append((*point, metric, one.mean, one.low, one.high, one.n, one.unit, point in leaders))
        heads = [
            *(f"people.{name}" for name in self.resources),
            "metric",
            "mean",
            "low",
            "high",
            "n",
            "unit",
            "leading",
        ]
        return pd.DataFrame(rows, columns=heads)

    def answer(self) -> str:
        """Return the answer in words: how many, how surely, and what one more is worth."""
        best, others = self.best, [point for point in self.leaders if point != self.best]
        what = f"{self.best_is.capitalize()} {self.labels[self.of].lower()} {within(self.today)}"
        said = f"{what} with {self.worded(best)}: {self.estimate(best)}."
        if others:
            said += f" These runs cannot tell {either(list(map(self.named, others)))} apart from that."
        else:
            said += " Every other number tried is surely worse."
        for where, name in enumerate(self.resources):
            worth = self.marginal(name)
            steps = [n for n in self.people[where][1:] if n == best[where]] + [n for n in worth if n > best[where]][:1]
            for n in steps:
                said += f" Going up to {n} people at {name} is worth {signed(worth[n])}."
            if best[where] in (self.people[where][0], self.people[where][-1]):
                said += f" {best[where]} is the end of the numbers tried for {name}: try beyond."
        gap = self.difference(best)
        return f"{said} Against today's staffing ({self.staffing_today()}): {signed(gap)}."

    def staffing_today(self) -> str:
        """Return how many people there are as written, in words."""
        said = []
        for name in self.resources:
            one = resource_of(self.today.journey, name)
            known, cells = people_today(one), one.people.cells
            said.append(f"{known if known is not None else f'{min(cells):g} to {max(cells):g}'} at {name}")
        return ", ".join(said)

    def table(self) -> pd.DataFrame:
        """Return every number of people with what was kept, as texts: mean ± half-width of its 95 % interval."""
        import pandas as pd

        leaders = set(self.leaders)
        columns: dict[str, list[str]] = {
            name: [plus_minus(self.estimate(point, name)) for point in self.points] for name in self.metrics
        }
        if len(self.resources) == 1:
            worth = self.marginal()
            columns["one more"] = [plus_minus(worth[p], signed=True) if p in worth else "" for (p,) in self.points]
        columns[""] = ["best" if p == self.best else "not told apart" if p in leaders else "" for p in self.points]
        return pd.DataFrame(columns, index=pd.Index(map(self.named, self.points), name="people"))

    def _units(self) -> str:
        return ", ".join(f"{name} in {self.units[name]}" for name in self.metrics)

    def worded(self, point: Point) -> str:
        """Return a number of people as it stands in a sentence."""
        return self.named(point) if len(point) > 1 else f"{point[0]} people at {self.resources[0]}"

    def _values(self, people: int | Point, metric: str) -> FloatArray:
        point = (people,) if isinstance(people, int) else tuple(people)
        if point not in self.points:
            tried = "; ".join(map(self.named, self.points[:12])) + (" ..." if len(self.points) > 12 else "")
            raise ExperimentError(f"{people} people were not tried; tried: {tried}")
        if metric not in self.metrics:
            raise ExperimentError(f"'{metric}' was not kept; {nearest(metric, self.metrics)}")
        return np.asarray(self.values[self.points.index(point), self.metrics.index(metric)])

    def _resource(self, name: str | None) -> int:
        if name is None and len(self.resources) == 1:
            return 0
        if name not in self.resources:
            raise ExperimentError(f"say of which resource: {', '.join(self.resources)}")
        return self.resources.index(name)

    def _point(self, name: str) -> Point:
        return next(point for point in self.points if self.named(point) == name)

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        return f"Mean ± half-width of its 95 % interval, n = {self.today.n:,}; {self._units()}"

    def details(self) -> dict[str, Any]:
        """Return which numbers are best, and what one more is worth at each resource."""
        worth = {name: self.marginal(name) for name in self.resources}
        return {"resources": self.resources, "best": self.best, "leaders": self.leaders, "one_more": worth}


def capacity(
    model: Scenario,
    resource: str | Mapping[str, Iterable[int] | None],
    people: Iterable[int] | None = None,
    *,
    of: str = "profit",
    best: Best = "highest",
    metrics: Sequence[str] = ("acquisitions",),
    strategy: str | None = None,
    replications: int = 100,
    **how: Unpack[How],
) -> Capacity:
    """Try several numbers of people at a resource, or at two, on the same leads with the same luck.

    Parameters
    ----------
    resource, people
        Who serves, and the numbers to try, such as ``range(2, 9)``; without numbers some around today's. For a map of
        two resources a mapping instead: ``{"presales": range(2, 6), "sales": range(3, 9)}``.
    of, best
        The metric that decides, and whether its ``highest`` or ``lowest`` is best.
    metrics
        What else to keep at each number. Wait, utilisation and abandonment of each resource are kept too.
    model, strategy, replications, how
        As for `replicate`. A spend that is ``matched`` is solved for at today's staffing and stays there.

    Raises
    ------
    ExperimentError
        If there is no such resource or metric, or numbers of people are not what they should be.
    ConfigError
        If there is no such strategy.
    """
    seed, options = how_to_run(how)
    given = _given(resource, people)
    model, _ = with_budgets(model, [strategy], seed, options)
    today = model.journey(strategy)
    tried = {name: _numbers(today, name, numbers) for name, numbers in given.items()}
    points = _combined(tried)
    if best not in ("highest", "lowest"):
        raise ExperimentError(f"best is {best!r}; {nearest(str(best), ('highest', 'lowest'))}")
    kept = tuple(dict.fromkeys([of, *metrics, *(f"{one}.{name}" for one in OF_STAFF for name in tried)]))
    units = units_of(today, kept)
    journeys = [today, *(_staffed(model, tried, point).journey(strategy) for point in points)]

    def keep(index: int, runs: Runs) -> Runs | list[FloatArray]:
        return runs if index == 0 else [runs.terms(name) for name in kept]

    base, *values = replicated(journeys, replications, seed, options, keep)
    labels = {name: base.label(name) for name in kept}
    return Capacity(
        of, best, tuple(tried), tuple(tried.values()), points, kept, units, labels, np.array(values), base
    )  # fmt: skip


def _given(
    resource: str | Mapping[str, Iterable[int] | None], people: Iterable[int] | None
) -> Mapping[str, Iterable[int] | None]:
    """Return for one resource or two the numbers of people to try, as they were given."""
    if not isinstance(resource, Mapping):
        return {resource: people}
    if people is not None:
        raise ExperimentError("numbers of people are given twice; leave people out where resources have theirs")
    if not 1 <= len(resource) <= 2:
        raise ExperimentError(f"{len(resource)} resources: capacity takes one, or two for a map")
    return resource


def _combined(tried: Mapping[str, tuple[int, ...]]) -> tuple[Point, ...]:
    """Return every combination of numbers of people."""
    points = tuple(itertools.product(*tried.values()))
    if len(points) > MOST_POINTS:
        raise ExperimentError(f"{len(points)} combinations are more than {MOST_POINTS}; try fewer numbers of people")
    return points


def _staffed(model: Scenario, resources: Iterable[str], point: Point) -> Scenario:
    """Return the scenario with so many people at some resources."""
    for name, number in zip(resources, point, strict=True):
        model = with_people(model, name, str(number))
    return model


def _numbers(journey: Journey, name: str, given: Iterable[int] | None) -> tuple[int, ...]:
    """Return the numbers of people to try, ascending."""
    held = resource_of(journey, name)
    if given is None:
        middle = round(math.fsum(held.people.cells) / len(held.people.cells))
        return tuple(range(max(1, middle - 3), middle + 4))
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise ExperimentError(f"people of '{name}' are {given!r}; give numbers, such as range(2, 9)")
    numbers = list(given)
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or not 1 <= number <= MOST_PEOPLE:
            raise ExperimentError(f"{number!r} people of '{name}': give whole numbers from 1 to {MOST_PEOPLE:,}")
    found = tuple(sorted({int(number) for number in numbers}))
    if len(found) < 2:
        raise ExperimentError(f"people of '{name}': two numbers at least are needed; write range(2, 9)")
    return found
