"""A sweep: many design points of one scenario, all replicated with the same luck, safe against being stopped."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from flywheel_sim import __version__
from flywheel_sim.engine.run import run_many
from flywheel_sim.errors import ConfigError, ExperimentError, SimulationError
from flywheel_sim.experiment.driver import Limits, announce, say_compiling, units_of
from flywheel_sim.experiment.sweep.batches import ENGINE, Matching, Outcome, Task, match, run_batch
from flywheel_sim.experiment.sweep.design import Design, design_of
from flywheel_sim.experiment.sweep.executors import Workers, carry_out, workers_of
from flywheel_sim.experiment.sweep.factors import Point, Resolver
from flywheel_sim.experiment.sweep.journal import IMPOSSIBLE, LIMIT, WORKER, Journal, begin
from flywheel_sim.experiment.sweep.outcomes import Sweep, of_journal
from flywheel_sim.journey.journey import Journey
from flywheel_sim.ledger import Layout
from flywheel_sim.scenario.load import Scenario

#: The metrics of a sweep unless others are asked for.
METRICS = ("revenue", "spend", "profit", "active_customers", "clv")

#: A batch is at most so many replications, about so many events, and so many bytes of ledgers: part of a second.
MOST_RUNS, MOST_BATCH_EVENTS, MOST_BYTES = 100, 2_000_000, 1 << 26


def sweep(
    model: Scenario,
    *,
    design: str = "grid",
    points: Any = None,
    n: int | None = None,
    strategies: Sequence[str] | None = None,
    replications: int = 100,
    metrics: Sequence[str] = METRICS,
    store: str | Path | None = None,
    resume: bool = False,
    executor: Executor | str | None = None,
    workers: int | None = None,
    seed: int | None = None,
    progress: bool = False,
    limits: Limits | None = None,
    vary: Mapping[str, Any] | None = None,
    **factors: Any,
) -> Sweep:
    """Replicate a scenario at many design points, with the same luck at each.

    Parameters
    ----------
    model
        The scenario.
    design
        ``grid`` (all combinations), ``one`` (the file as it is, then one factor at a time), ``lhs`` (Latin
        hypercube) or ``sobol``.
    points
        A table of design points instead: a data frame, a list of mappings, or the path of a CSV file.
    n
        How many points of ``lhs`` and ``sobol``; of each ``"LO:HI"`` in a ``grid``.
    strategies
        Each design point is run under each of these; all of the file unless given.
    replications
        Of each design point and strategy.
    metrics
        Names, as in ``runs[name]``.
    store
        A file in which every finished batch is safe; without one, all is kept in memory.
    resume
        Whether to go on with the store where it stopped; more replications than before are added.
    executor, workers
        ``threads`` (unless given), ``processes``, ``serial``, the address of a Dask scheduler, or any executor;
        how many. Figures do not depend on them, to the last bit.
    seed
        The luck; the file's seed unless given.
    progress
        Whether to show a bar.
    limits
        Where a single run is stopped; its design point is then set aside, and the sweep goes on.
    vary, **factors
        For each factor its values: a list, ``"LO:HI:N"``, ``"LO:HI"``. ``retention=["90 %", "92 %"]``;
        ``vary={"channels.search_ads.spend": "500:1500:5"}`` where a name is no name of Python's.

    Raises
    ------
    ConfigError, ExperimentError, DataError
        If factors, values, metrics, the design or the store are not what they should be, before anything is run;
        or if the store cannot be written any more: what was finished is kept.
    """
    held = limits or Limits()
    if twice := sorted(set(vary or ()) & set(factors)):
        raise ExperimentError(f"'{twice[0]}' is given twice, in vary and by name; give it once")
    if replications < 1:
        raise ExperimentError(f"{replications} replications: at least one is needed; write 100")
    names = _metric_names(metrics)
    hands = workers_of(executor, workers)
    root = model.journey().seed if seed is None else seed
    if not 0 <= root < 2**32:
        raise ExperimentError(f"seed {root}: it lies between 0 and 4294967295; choose another")
    laid = design_of(model, design, {**factors, **(vary or {})}, points=points, n=n, seed=root, strategies=strategies)
    resolver = Resolver(model, laid.factors)
    resolver.check(laid.points)
    still = (None,) * len(laid.factors)
    base = {strategy: resolver.unmatched(Point(strategy, still)) for strategy in laid.strategies}
    units = _units(names, list(base.values()))
    header = _header(model, laid, resolver, base, names, units, replications, root, held)
    rows = [[point.strategy, *point.values] for point in laid.points]
    path = Path(store) if store is not None else None
    with begin(path, header, rows, resume) as journal:
        announce(*base.values())
        if not progress:
            say_compiling(ENGINE, *base.values())
        plan = _Plan(laid, resolver, journal, replications)
        work = partial(run_batch, seed=root, metrics=names, max_people=held.max_people, max_events=held.max_events)

        def done(task: Task, outcome: Outcome) -> None:
            if outcome.values is None:
                plan.stop(task.point, task.first, LIMIT, outcome.said)
            else:
                journal.keep(task.point, task.first, outcome.events, outcome.values)
            advance(task.count)

        def solved(task: Matching, found: tuple[float, str]) -> None:
            if found[1]:
                plan.stop(task.point, 0, IMPOSSIBLE, found[1])
            else:
                plan.spends[task.point] = found[0]
                journal.keep_spend(task.point, found[0])
            advance(1)

        def set_aside(task: Task | Matching, reason: str) -> None:
            plan.stop(task.point, task.first, WORKER, reason)

        with ExitStack() as scope:
            opened: Workers | None = None
            if unsolved := plan.unsolved():
                opened = scope.enter_context(hands)
                with _bar(progress, "matching budgets", "point", len(unsolved), 0) as advance:
                    matching = partial(match, seed=root, limits=held)
                    carry_out(plan.matchings(unsolved), matching, opened, done=solved, set_aside=set_aside)
            plan.size = int(journal.header.get("batch", 0)) or _batch_size(plan, root, held)
            if "batch" not in journal.header:
                journal.note("batch", plan.size)
            if plan.left:
                opened = opened or scope.enter_context(hands)
                total = len(laid.points) * replications
                with _bar(progress, None, "run", total, plan.before) as advance:
                    carry_out(plan.tasks(), work, opened, done=done, set_aside=set_aside)
        return of_journal(journal)


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
        self.before = sum(count for found in self.extents.values() for _, count in found)

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

    def stop(self, point: int, first: int, kind: str, said: str) -> None:
        """Set a design point aside from a replication on."""
        self.journal.put_aside(point, first, kind, " / ".join(said.split("\n")))
        self.stopped[point] = min(first, self.stopped.get(point, first))

    def _missing(self, point: int) -> list[tuple[int, int]]:
        """Return the batches of a design point that are not there, as (first, count)."""
        end = self.stopped.get(point, self.replications)
        found: list[tuple[int, int]] = []
        at = 0
        for first, count in [*self.extents.get(point, ()), (end, 0)]:
            upto = min(first, end)
            found += [(begin, min(self.size, upto - begin)) for begin in range(at, upto, self.size)]
            at = max(at, first + count)
        return found


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
                most = min(limits.max_events, MOST_BATCH_EVENTS)
                run = next(run_many(journey, seed, (0,), max_people=limits.max_people, max_events=most, engine=ENGINE))
                size = min(size, MOST_BATCH_EVENTS // max(1, int(run.ledger.n_events)))
            except SimulationError as error:
                if "events happened" in str(error) and limits.max_events > MOST_BATCH_EVENTS:
                    size = 1
            except ConfigError:
                continue
    return max(1, size)


def _metric_names(given: Sequence[str]) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given)
    if not names or len(set(names)) != len(names):
        raise ExperimentError(f"metrics {', '.join(map(str, names)) or 'none'}: name at least one, each once")
    return names


def _units(names: tuple[str, ...], journeys: Sequence[Journey]) -> dict[str, str]:
    """Return the unit of each metric; one that no strategy has is refused."""
    units: dict[str, str] = {}
    for name in names:
        refused: ExperimentError | None = None
        for journey in journeys:
            try:
                units.setdefault(name, units_of(journey, (name,))[name])
            except ExperimentError as error:
                refused = error
        if name not in units and refused is not None:
            raise refused
    return units


def _header(
    model: Scenario,
    design: Design,
    resolver: Resolver,
    base: Mapping[str | None, Journey],
    metrics: tuple[str, ...],
    units: Mapping[str, str],
    replications: int,
    seed: int,
    limits: Limits,
) -> dict[str, Any]:
    """Return what decides the figures of a sweep, and what its tables say beside them."""
    raw = {key: value for key, value in model.raw().items() if key not in ("seed", "reference")}
    return {
        "name": model.name,
        "scenario": raw | {"(changes)": [list(change) for change in model.changes]},
        "fingerprints": {strategy or "as written": journey.fingerprint for strategy, journey in base.items()},
        "version": __version__,
        "engine": ENGINE,
        "seed": seed,
        "replications": replications,
        "design": design.kind,
        "factors": list(design.factors),
        "metrics": list(metrics),
        "limits": {"max_people": limits.max_people, "max_events": limits.max_events},
        "units": dict(units),
        "stated": {strategy or "": resolver.stated(strategy) for strategy in base},
        "base": resolver.stated(None),
    }


@contextmanager
def _bar(shown: bool, what: str | None, unit: str, total: int, before: int) -> Iterator[Callable[[int], object]]:
    """Return how a bar advances, which shows the rate and the time left."""
    if not shown:
        yield lambda count: None
        return
    from tqdm.auto import tqdm

    with tqdm(desc=what, total=total, initial=before, unit=unit, leave=False, smoothing=0.05) as bar:
        yield bar.update
