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

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.capacity.staff import RESOURCES, people_today, resource_of, resources_asked, with_people
from flywheel_sim.analysis.difference.pairs import AgainstToday, paired, replicated, within
from flywheel_sim.analysis.difference.ranking import Best, Ranking, ranking
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.asking import (
    COUNT,
    NAMES,
    How,
    Model,
    Strategies,
    how_to_run,
    names_of,
    one_of,
    refuse_metrics,
    scenario_of,
    verb,
)
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.driver import units_of
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.scenario.resolve.resources import MOST_PEOPLE
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, gap_unit, plus_minus
from flywheel_sim.wording import either, joined, signed

if TYPE_CHECKING:
    import pandas as pd


#: How many people of each resource: one number for each.
Point = tuple[int, ...]

#: Figures of each resource beside what is asked for.
OF_STAFF = ("wait", "utilisation", "abandonment")

#: Most combinations of two resources: each is compared with each.
MOST_POINTS = 60

#: How many people there may be at a resource, and numbers to try.
_PEOPLE = takes.whole(1, MOST_PEOPLE, "5")
_LISTED = takes.listed(_PEOPLE, f"a list of whole numbers from 1 to {MOST_PEOPLE:,}", "range(2, 9)")
_NUMBERS = takes.Takes(_LISTED.what, _LISTED.example, lambda given: _LISTED.read(_from_text(given)))
_NUMBERS_BY_NAME = takes.mapped(
    takes.optional(_NUMBERS), "for each of two resources such a list or None", "{'sales': range(2, 9)}"
)

#: What methods take where a number of people is meant: one, or one for each resource.
_POINT = takes.either(_PEOPLE, takes.listed(_PEOPLE, "a list with one for each resource", "[3, 5]", 1, 2))


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

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> capacity = fs.capacity("saas_plans", "profit", "sales", values=[2, 3], strategies="funnel", replications=2)
    >>> capacity.points, capacity.estimate(3).unit
    (((2,), (3,)), 'EUR')
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

    def difference(self, people: int | Point, than: int | Point | None = None, metric: str | None = None) -> Estimate:
        """Return by how much more there is with a number of people than with another, or as written; paired."""
        name = metric or self.of
        base = self.today.terms(name) if than is None else self._values(than, name)
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
        worth = {}
        for fewer, more in itertools.pairwise(self.people[where]):
            ends = [tuple(n if i == where else b for i, b in enumerate(self.best)) for n in (fewer, more)]
            gap = (self._values(ends[1], name) - self._values(ends[0], name)) / (more - fewer)
            worth[more] = paired(gap, f"{gap_unit(self.units[name])} per person")
        return worth

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

    def named(self, numbers: Point) -> str:
        """Return a number of people in words: ``4``, or ``4 at presales, 5 at sales``."""
        numbers = self._read("numbers", numbers)
        if len(numbers) == 1:
            return str(numbers[0])
        return ", ".join(f"{n} at {name}" for n, name in zip(numbers, self.resources, strict=True))

    def frame(self) -> pd.DataFrame:
        """Return the tidy table: one row per number of people and metric.

        Columns: a number for each resource (people.NAME), metric, mean, low, high, n, unit, leading (whether it is the
        best or cannot be told apart from it).
        """
        import pandas as pd

        rows, leaders = [], set(self.leaders)
        for point in self.points:
            for metric in self.metrics:
                e = self.estimate(point, metric)
                rows.append((*point, metric, e.mean, e.low, e.high, e.n, e.unit, point in leaders))
        people = [f"people.{name}" for name in self.resources]
        heads = [*people, "metric", "mean", "low", "high", "n", "unit", "leading"]
        return pd.DataFrame(rows, columns=heads)

    def answer(self) -> str:
        """Return the answer in words: how many, how surely, and what one more is worth."""
        best, others = self.best, [point for point in self.leaders if point != self.best]
        what = f"{self.best_is.capitalize()} {self.labels[self.of].lower()} {within(self.today)}"
        text = f"{what} with {self.worded(best)}: {self.estimate(best)}."
        if others:
            text += f" These runs cannot tell {either(list(map(self.named, others)))} apart from that."
        else:
            text += " Every other number tried is surely worse."
        for where, name in enumerate(self.resources):
            worth = self.marginal(name)
            steps = [n for n in self.people[where][1:] if n == best[where]] + [n for n in worth if n > best[where]][:1]
            for n in steps:
                text += f" Going up to {n} people at {name} is worth {signed(worth[n])}."
            if best[where] in (self.people[where][0], self.people[where][-1]):
                text += f" {best[where]} is the end of the numbers tried for {name}: try beyond."
        gap = self.difference(best)
        return f"{text} Against today's staffing ({self.staffing_today()}): {signed(gap)}."

    def staffing_today(self) -> str:
        """Return how many people there are as written, in words."""
        parts = []
        for name in self.resources:
            resource = resource_of(self.today.journey, name)
            people, cells = people_today(resource), resource.people.cells
            parts.append(f"{people if people is not None else f'{min(cells):g} to {max(cells):g}'} at {name}")
        return ", ".join(parts)

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

    def worded(self, numbers: Point) -> str:
        """Return a number of people as it stands in a sentence."""
        numbers = self._read("numbers", numbers)
        return self.named(numbers) if len(numbers) > 1 else f"{numbers[0]} people at {self.resources[0]}"

    def _read(self, argument: str, people: int | Point) -> Point:
        numbers = _POINT.of(argument, people)
        point = (numbers,) if isinstance(numbers, int) else tuple(numbers)
        if len(point) != len(self.resources):
            raise ExperimentError(f"{argument} is {people}: it takes one number for each of {joined(self.resources)}; "
                                  f"write {argument}={self.points[0]}")  # fmt: skip
        return point

    def _values(self, people: int | Point, metric: str) -> FloatArray:
        point = self._read("people", people)
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
            raise ExperimentError(f"resource is {name!r}: it takes one of {', '.join(self.resources)}; write "
                                  f"resource='{self.resources[0]}'")  # fmt: skip
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


@verb({"resource": "over='sales'", "people": "values=range(2, 9)"}, of=NAMES, over=RESOURCES, replications=COUNT,
      values=takes.optional(takes.either(_NUMBERS, _NUMBERS_BY_NAME)))  # fmt: skip
def capacity(
    model: Model,
    of: str | Sequence[str] = ("profit", "acquisitions"),
    over: str | Sequence[str] | None = None,
    *,
    strategies: Strategies = None,
    values: Iterable[int] | Mapping[str, Iterable[int] | None] | None = None,
    best: Best = "highest",
    replications: int = 100,
    **how: Unpack[How],
) -> Capacity:
    """Try several numbers of people at a resource, or at two, on the same leads with the same luck.

    Parameters
    ----------
    model, of
        The scenario, its name or its path; and a metric, or several, of which the first decides and others are kept.
        Wait, utilisation and abandonment of each resource are kept too.
    over
        Who serves: a resource, or a list of two for a map; the only one of the journey unless given.
    strategies
        One of its strategies; the file as written unless given. A spend that is ``matched`` is solved for at today's
        staffing and stays there.
    values
        The numbers to try, such as ``range(2, 9)``; of two resources, numbers for each by its name:
        ``{"presales": range(2, 6), "sales": range(3, 9)}``. Where there is none, some around today's.
    best
        Whether the ``highest`` or ``lowest`` of what decides is best.
    replications, how
        How often everything is run, and how (``docs/asking.md``).

    Raises
    ------
    ExperimentError, ConfigError
        If there is no such resource, metric or strategy, or numbers of people are not what they should be.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.capacity("saas_plans", over="sales", values=[2, 3], strategies="funnel", replications=2).metrics[:2]
    ('profit', 'acquisitions')
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    strategy = one_of(scenario, strategies, "fs.capacity")
    written = scenario.unmatched_journey(strategy)
    tried = _tried(written, over, values)
    points = _combined(tried)
    kept = tuple(dict.fromkeys([*names_of(of), *(f"{name}.{resource}" for name in OF_STAFF for resource in tried)]))
    refuse_metrics(scenario, [strategy], kept)
    matched, _ = with_budgets(scenario, [strategy], seed, options)
    today = matched.journey(strategy)
    journeys = [today, *(_staffed(matched, tried, point).journey(strategy) for point in points)]

    def keep(index: int, runs: Runs) -> Runs | list[FloatArray]:
        return runs if index == 0 else [runs.terms(name) for name in kept]

    base, *terms = replicated(journeys, replications, seed, options, keep)
    labels, units = {name: base.label(name) for name in kept}, units_of(today, kept)
    return Capacity(kept[0], best, tuple(tried), tuple(tried.values()), points, kept, units, labels, np.array(terms),
                    base)  # fmt: skip


def _tried(
    journey: Journey, over: str | Sequence[str] | None,
    values: Iterable[int] | Mapping[str, Iterable[int] | None] | None,
) -> dict[str, tuple[int, ...]]:  # fmt: skip
    """Return for one resource or two the numbers of people to try.

    Raises
    ------
    ExperimentError
        If there are more resources than two, or values are not of those that are named.
    """
    names = resources_asked(journey, over)
    if len(names) > 2:
        raise ExperimentError(f"over is {', '.join(names)}: capacity takes one resource, or two for a map; write "
                              f"over={list(names[:2])}")  # fmt: skip
    if values is not None and not isinstance(values, Mapping):
        if len(names) > 1:
            raise ExperimentError(f"values are numbers of one resource, and over names two; write values={{'{names[0]}'"
                                  f": range(2, 9), '{names[1]}': range(2, 9)}}")  # fmt: skip
        values = {names[0]: values}
    given = dict(values or {})
    for name in given:
        if name not in names:
            raise ExperimentError(f"values has '{name}', which over does not name; {nearest(name, names)}")
    return {name: _numbers(journey, name, given.get(name)) for name in names}


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


def _from_text(given: Any) -> Any:
    """Return the numbers that ``2:8`` says, anything else as it is."""
    low, _, high = given.partition(":") if isinstance(given, str) else ("", "", "")
    return range(int(low), int(high) + 1) if low.strip().isdigit() and high.strip().isdigit() else given


def _numbers(journey: Journey, name: str, given: Iterable[int] | None) -> tuple[int, ...]:
    """Return the numbers of people to try, ascending."""
    resource = resource_of(journey, name)
    if given is None:
        middle = round(math.fsum(resource.people.cells) / len(resource.people.cells))
        return tuple(range(max(1, middle - 3), middle + 4))
    numbers = tuple(sorted(set(given)))
    if len(numbers) < 2:
        raise ExperimentError(f"values has one number of people for '{name}'; two at least are needed: write "
                              "values=range(2, 9)")  # fmt: skip
    return numbers
