"""A sweep: many design points of one scenario, all replicated with the same luck, safe against being stopped."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from flywheel_sim import arguments as takes
from flywheel_sim.engine.run import run_many
from flywheel_sim.errors import ConfigError, ExperimentError, SimulationError
from flywheel_sim.experiment.asking import (
    COUNT,
    NAMES,
    STORED,
    HowStored,
    Model,
    Strategies,
    names_of,
    scenario_of,
    shows_progress,
    strategies_of,
    verb,
)
from flywheel_sim.experiment.driver import announce, metric_in, say_compiling
from flywheel_sim.experiment.progress import bar
from flywheel_sim.experiment.running import Limits
from flywheel_sim.experiment.sweep.batches import ENGINE, BatchOutcome, Matching, Task, match, run_batch
from flywheel_sim.experiment.sweep.design import AS_WRITTEN, Design, design_of
from flywheel_sim.experiment.sweep.executors import Workers, carry_out, workers_of
from flywheel_sim.experiment.sweep.factors import DesignPoint, Resolver
from flywheel_sim.experiment.sweep.journal import IMPOSSIBLE, LIMIT, WORKER, Journal, begin
from flywheel_sim.experiment.sweep.outcomes import Sweep, of_journal
from flywheel_sim.journey.journey import Journey
from flywheel_sim.ledger import Layout
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.scenario.source.deciding import CHANGES
from flywheel_sim.scenario.source.tree import Tree
from flywheel_sim.version import __version__

#: The metrics of a sweep unless others are asked for.
METRICS = ("revenue", "spend", "profit", "active_customers", "clv")

#: A batch is at most so many replications, about so many events, and so many bytes of ledgers: part of a second.
MOST_RUNS, MOST_BATCH_EVENTS, MOST_BYTES = 100, 2_000_000, 1 << 26


@verb({"vary": "values={'retention': ['90 %', '95 %']}", "points": "values=the table, or the path of its file",
       "*": "values={'*': [...]} where it is a factor"}, STORED, of=NAMES, values=takes.optional(takes.ANYTHING),
      n=takes.optional(COUNT), design=takes.text("'grid', 'one', 'lhs' or 'sobol'", "'grid'"))  # fmt: skip
def sweep(
    model: Model,
    of: str | Sequence[str] = METRICS,
    *,
    strategies: Strategies = None,
    values: Any = None,
    design: str = "grid",
    n: int | None = None,
    replications: int = 100,
    **how: Unpack[HowStored],
) -> Sweep:
    """Replicate a scenario at many design points, with the same luck at each.

    Parameters
    ----------
    model, of
        The scenario, its name or its path; and a metric or a list of them, as in ``runs[name]``.
    strategies
        Each design point is run under each of these, all of the file unless given.
    values
        For each factor its values, a list, ``"LO:HI:N"`` or ``"LO:HI"``: ``{"retention": ["90 %", "92 %"],
        "channels.search_ads.spend": "500:1500:5"}``. Or a table of design points instead: a data frame, a list of
        mappings, or the path of a CSV file.
    design
        ``grid`` (all combinations), ``one`` (the file as it is, then one factor at a time), ``lhs`` (Latin
        hypercube) or ``sobol``.
    n
        How many points of ``lhs`` and ``sobol``; of each ``"LO:HI"`` in a ``grid``.
    replications
        How many of each design point and strategy.
    how
        How to run, and where to keep it: `HowStored`. ``executor`` may also be ``processes`` or the address of a Dask
        scheduler. A design point that meets a limit is set aside, and the sweep goes on.

    Raises
    ------
    ConfigError, ExperimentError, DataError
        If factors, values, metrics, the design or the store are not what they should be, before anything is run;
        or if the store cannot be written any more: what was finished is kept.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> swept = fs.sweep("subscription", "revenue", values={"retention": ["90 %", "95 %"]}, strategies="funnel",
    ...                  replications=10)
    >>> swept.outcomes["revenue"].is_monotonic_increasing
    True
    """
    scenario, given = scenario_of(model), how.get("seed")
    if (how.get("engine") or ENGINE) != ENGINE:
        raise ExperimentError(f"engine is '{how['engine']}': many design points run on the {ENGINE}, which gives the "
                              "same figures; leave engine out")  # fmt: skip
    if how.get("resume") and how.get("store") is None:
        raise ExperimentError("resume goes on with a store; write store='sweep.db' too")
    hands, limits = workers_of(how.get("executor"), how.get("workers")), how.get("limits") or Limits()
    seed = scenario.journey().seed if given is None else given
    under = None if strategies is None else strategies_of(scenario, strategies)
    points_to_run = design_of(scenario, design, values, n=n, seed=seed, strategies=under)
    asked = _asked(scenario, points_to_run, names_of(of), replications, seed, limits)
    return _carried_out(asked, how, hands)


def _carried_out(asked: _Asked, how: HowStored, hands: Workers) -> Sweep:
    """Return what a sweep finds, in its store or in memory."""
    rows = [[point.strategy, *point.values] for point in asked.design.points]
    store, progress = how.get("store"), shows_progress(how.get("progress"))
    path = Path(store) if store is not None else None
    with begin(path, asked.header(), rows, how.get("resume", False), asked.fingerprints) as journal:
        announce(*asked.base.values())
        if not progress:
            say_compiling(ENGINE, *asked.base.values())
        _Course(asked, journal, progress).run(hands)
        return of_journal(journal)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a sweep is to find: at which design points of which scenario, and what of it.

    Attributes
    ----------
    base
        The journey of each strategy as the file has it.
    """

    model: Scenario
    design: Design
    resolver: Resolver
    base: Mapping[str | None, Journey]
    metrics: tuple[str, ...]
    units: Mapping[str, str]
    sums: Mapping[str, int]
    replications: int
    seed: int
    limits: Limits

    def header(self) -> dict[str, Any]:
        """Return what decides the figures of the sweep, and what its tables say beside them."""
        return {
            "name": self.model.name,
            "scenario": self.model.contents(),
            "fingerprints": {strategy or AS_WRITTEN: one.fingerprint for strategy, one in self.base.items()},
            "version": __version__,
            "engine": ENGINE,
            "seed": self.seed,
            "replications": self.replications,
            "design": self.design.kind,
            "factors": list(self.design.factors),
            "metrics": list(self.metrics),
            "sums": dict(self.sums),
            "limits": {"max_people": self.limits.max_people, "max_events": self.limits.max_events},
            "units": dict(self.units),
            "stated": {strategy or "": self.resolver.stated(strategy) for strategy in self.base},
            "base": self.resolver.stated(None),
        }

    def fingerprints(self, contents: Mapping[str, Any]) -> dict[str, str]:
        """Return the fingerprint of each strategy if the scenario had other contents; none where that cannot be."""
        said = {key: held for key, held in contents.items() if not key.startswith("(")}
        changes = tuple((path, raw) for path, raw in contents.get(CHANGES, ()))
        model = replace(
            self.model, tree=Tree(said, self.model.tree.place, self.model.tree.folders), changes=changes, _journeys={}
        )
        try:
            return {name or AS_WRITTEN: model.unmatched_journey(name).fingerprint for name in self.base}
        except ConfigError:
            return {}


def _asked(
    model: Scenario, design: Design, metrics: tuple[str, ...], replications: int, seed: int, limits: Limits
) -> _Asked:
    """Return what a sweep is to find, once every value of every factor has been tried."""
    resolver = Resolver(model, design.factors)
    resolver.check(design.points)
    still = (None,) * len(design.factors)
    base = {strategy: resolver.unmatched(DesignPoint(strategy, still)) for strategy in design.strategies}
    figures = _figures_of(metrics, list(base.values()))
    units = {name: unit for name, (unit, _) in figures.items()}
    sums = {name: n for name, (_, n) in figures.items() if n > 1}
    return _Asked(model, design, resolver, base, metrics, units, sums, replications, seed, limits)


class _Course:
    """One sweep on its way: gives out what is left to do, and keeps what comes back."""

    def __init__(self, asked: _Asked, journal: Journal, progress: bool) -> None:
        self.asked, self.journal, self.progress = asked, journal, progress
        self.plan = _Plan(asked.design, asked.resolver, journal, asked.replications)
        self._advance: Callable[[int], object] = lambda count: None

    def run(self, hands: Workers) -> None:
        """Do what is left, by workers that are opened where anything is."""
        plan, asked, journal = self.plan, self.asked, self.journal
        with ExitStack() as scope:
            opened: Workers | None = None
            if unsolved := plan.unsolved():
                opened = scope.enter_context(hands)
                matching = partial(match, seed=asked.seed, limits=asked.limits, stop=opened.asked)
                with _bar(self.progress, "matching budgets", "point", len(unsolved), 0) as self._advance:
                    carry_out(plan.matchings(unsolved), matching, opened, done=self.solved, set_aside=self.set_aside)
            plan.size = int(journal.header.get("batch", 0)) or _batch_size(plan, asked.seed, asked.limits)
            if "batch" not in journal.header:
                journal.note("batch", plan.size)
            if plan.left:
                opened = opened or scope.enter_context(hands)
                work = partial(run_batch, seed=asked.seed, metrics=asked.metrics, sums=asked.sums,
                               bounds=asked.limits.bounds(opened.asked))  # fmt: skip
                total = len(plan.points) * asked.replications
                with _bar(self.progress, None, "run", total, plan.before) as self._advance:
                    carry_out(plan.tasks(), work, opened, done=self.done, set_aside=self.set_aside)

    def done(self, task: Task, outcome: BatchOutcome) -> None:
        """Keep what a batch comes to."""
        if outcome.values is None:
            self.plan.stop(task.point, task.first, LIMIT, outcome.problem)
        else:
            self.journal.keep(task.point, task.first, outcome.events, outcome.values)
        self._advance(task.count)

    def solved(self, task: Matching, solution: tuple[float, str]) -> None:
        """Keep the spend of a design point, or set it aside where there is none."""
        if solution[1]:
            self.plan.stop(task.point, 0, IMPOSSIBLE, solution[1])
        else:
            self.plan.spends[task.point] = solution[0]
            self.journal.keep_spend(task.point, solution[0])
        self._advance(1)

    def set_aside(self, task: Task | Matching, reason: str) -> None:
        """Set aside the design point of what no worker brought back."""
        self.plan.stop(task.point, task.first, WORKER, reason)


class _Plan:
    """Which batches are left to run, made one after another as workers ask for them."""

    def __init__(self, design: Design, resolver: Resolver, journal: Journal, replications: int) -> None:
        self.points, self.resolver, self.journal, self.replications = design.points, resolver, journal, replications
        self.size = MOST_RUNS
        self.extents = journal.extents()
        self.spends = journal.spends()
        #: For each design point set aside, the first replication of its first batch without values.
        self.stopped: dict[int, int] = {}
        for one in journal.aside():
            self.stopped[one.point] = min(one.first, self.stopped.get(one.point, one.first))
        self.before = sum(count for extents in self.extents.values() for _, count in extents)

    def unsolved(self) -> list[int]:
        """Return the design points whose matched spend is still to be solved for."""
        model = self.resolver.model
        strategies = {name for name in model.strategies if model.choices(name).matched}
        return [
            index for index, point in enumerate(self.points)
            if point.strategy in strategies and index not in self.spends and self._missing(index)
            and (any(value is not None for value in point.values) or point.strategy in model.matched)
        ]  # fmt: skip

    def matchings(self, unsolved: Sequence[int]) -> Iterator[Matching]:
        """Return what is to be solved for."""
        for index in unsolved:
            point = self.points[index]
            yield Matching(index, self.resolver.scenario(point.values), point.strategy or "")

    def journey(self, index: int) -> Journey:
        """Return the journey of a design point.

        Raises
        ------
        ConfigError
            If there is none.
        """
        return self.resolver.journey(self.points[index], self.spends.get(index))

    @property
    def left(self) -> bool:
        """Tell whether anything is left to do."""
        return any(self._missing(point) for point in range(len(self.points)))

    def tasks(self) -> Iterator[Task]:
        """Return the batches left, design point by design point; of one set aside, only those before the stop."""
        for index in range(len(self.points)):
            missing = self._missing(index)
            if not missing:
                continue
            try:
                journey = self.journey(index)
            except ConfigError as error:
                self.stop(index, 0, IMPOSSIBLE, str(error))
                continue
            for first, count in missing:
                if first < self.stopped.get(index, self.replications):
                    yield Task(index, first, count, journey)

    def stop(self, point: int, first: int, kind: str, reason: str) -> None:
        """Set a design point aside from a replication on."""
        self.journal.put_aside(point, first, kind, " / ".join(reason.split("\n")))
        self.stopped[point] = min(first, self.stopped.get(point, first))

    def _missing(self, point: int) -> list[tuple[int, int]]:
        """Return the batches of a design point that are not there, as (first, count)."""
        end = self.stopped.get(point, self.replications)
        missing: list[tuple[int, int]] = []
        at = 0
        for first, count in [*self.extents.get(point, ()), (end, 0)]:
            upto = min(first, end)
            missing += [(begin, min(self.size, upto - begin)) for begin in range(at, upto, self.size)]
            at = max(at, first + count)
        return missing


def _batch_size(plan: _Plan, seed: int, limits: Limits) -> int:
    """Return how many replications make a batch, from trial runs at some design points: never from a time."""
    size = MOST_RUNS
    for strategy in dict.fromkeys(point.strategy for point in plan.points):
        own = [index for index, point in enumerate(plan.points) if point.strategy == strategy]
        for index in dict.fromkeys((own[0], own[len(own) // 2], own[-1])):
            try:
                journey = plan.journey(index)
                shapes = Layout.of(journey).shapes.values()
                size = min(size, MOST_BYTES // sum(8 * math.prod(shape) for shape in shapes))
                few = replace(limits.bounds(), max_events=min(limits.max_events, MOST_BATCH_EVENTS))
                run = next(run_many(journey, seed, (0,), bounds=few, engine=ENGINE))
                size = min(size, MOST_BATCH_EVENTS // max(1, int(run.ledger.n_events)))
            except SimulationError as error:
                if "events happened" in str(error) and limits.max_events > MOST_BATCH_EVENTS:
                    size = 1
            except ConfigError:
                continue
    return max(1, size)


def _figures_of(names: tuple[str, ...], journeys: Sequence[Journey]) -> dict[str, tuple[str, int]]:
    """Return the unit of each metric, and of how many sums it is a function; one that no strategy has is refused."""
    figures: dict[str, tuple[str, int]] = {}
    for name in names:
        refused: ExperimentError | None = None
        for journey in journeys:
            try:
                metric = metric_in(journey, name)
                figures.setdefault(name, (metric.unit_for(journey), metric.n_sums))
            except ExperimentError as error:
                refused = error
        if name not in figures and refused is not None:
            raise refused
    return figures


@contextmanager
def _bar(shown: bool, what: str | None, unit: str, total: int, before: int) -> Iterator[Callable[[int], object]]:
    """Return how a bar advances, which shows the rate and the time left."""
    if not shown:
        yield lambda count: None
        return
    with bar(total, what, unit, before) as at:
        yield at.update
