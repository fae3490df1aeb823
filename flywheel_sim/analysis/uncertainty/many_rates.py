"""What a question over whole ranges of rates runs: many design points of one or two strategies, with the same luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flywheel_sim.analysis.rates.ranges import Ends, Range, known, ranges_of, refuse_rates
from flywheel_sim.analysis.uncertainty.indices import FEWEST
from flywheel_sim.analysis.uncertainty.tornado import subject_of, subjects
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.asking import (
    HowStored,
    Model,
    Strategies,
    names_of,
    refuse_metrics,
    scenario_of,
    shows_progress,
)
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.driver import units_of
from flywheel_sim.experiment.replicate import Job, Limits, RunOptions, replicate_jobs
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.experiment.sweep.batches import ENGINE
from flywheel_sim.experiment.sweep.design import AS_WRITTEN
from flywheel_sim.experiment.sweep.executors import workers_of
from flywheel_sim.experiment.sweep.sweep import sweep
from flywheel_sim.result import Result, table_text
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, FloatArray, gap_unit

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ManyRates(Result):
    """What answers about many rates at once share: metrics and rates by name, and how a notebook shows them.

    Attributes
    ----------
    of, labels, units
        Metrics, with the label and the unit of each.
    subject
        The strategy, or "B minus A" for the difference of two.
    ranges
        Of each rate, in the order of the file.
    """

    of: tuple[str, ...]
    labels: Mapping[str, str]
    units: Mapping[str, str]
    subject: str
    ranges: Mapping[str, Range]

    @property
    def note(self) -> str:
        """Return what the figures rest on."""
        raise NotImplementedError

    def answer(self, metric: str | None = None) -> str:
        """Return in words what matters for a metric."""
        raise NotImplementedError

    def table(self, metric: str | None = None) -> pd.DataFrame:
        """Return the figures of a metric as texts."""
        raise NotImplementedError

    def sizes(self, metric: str | None = None) -> tuple[Estimate, ...]:
        """Return by what rates are put in order for a metric, in the order of ``ranges``."""
        raise NotImplementedError

    def order(self, metric: str | None = None) -> list[str]:
        """Return the rates by how much they matter for a metric, the most first."""
        pairs = zip((one.mean for one in self.sizes(metric)), self.ranges, strict=True)
        return [rate for _, rate in sorted(pairs, key=lambda pair: -pair[0])]

    def _metric(self, name: str | None) -> str:
        if name is None:
            return self.of[0]
        if name not in self.of:
            raise ExperimentError(f"'{name}' was not asked for; {nearest(name, self.of)}")
        return name

    def _rate(self, name: str) -> int:
        if name not in self.ranges:
            raise ExperimentError(f"'{name}' was not tried; {nearest(name, self.ranges)}")
        return list(self.ranges).index(name)

    def remarks(self) -> list[str]:
        """Return the answers on every metric but the first, each with its table."""
        return [f"{self.answer(name)}\n{table_text(self.table(name))}" for name in self.of[1:]]

    def details(self) -> dict[str, Any]:
        """Return what was asked about, and between which values each rate was tried."""
        return {"subject": self.subject, "answers": {name: self.answer(name) for name in self.of},
                "ranges": {name: one.ends() for name, one in self.ranges.items()}}  # fmt: skip


@dataclass(frozen=True)
class HowSwept:
    """Where design points are kept, and who runs them: as for `sweep`."""

    seed: int | None
    store: str | Path | None
    resume: bool
    executor: Executor | str | None
    workers: int | None
    progress: bool
    limits: Limits

    @classmethod
    def of(cls, how: HowStored) -> HowSwept:
        """Return this of words that were checked; refuse what sweeps do not take, before anything runs.

        Raises
        ------
        ExperimentError
            If another engine than the compiled one is asked for, there is no such executor, or nothing to resume.
        """
        if (engine := how.get("engine") or ENGINE) != ENGINE:
            raise ExperimentError(f"engine is '{engine}': many design points are run by the compiled engine alone; "
                                  f"leave engine out, or write engine='{ENGINE}'")  # fmt: skip
        store, resume, executor, workers = (how.get(word) for word in ("store", "resume", "executor", "workers"))
        if resume and store is None:
            raise ExperimentError("resume is True, and no store is named to go on with; write store='sweep.db'")
        workers_of(executor, workers)  # type: ignore[arg-type]
        return cls(how.get("seed"), how.get("store"), how.get("resume", False), how.get("executor"),
                   how.get("workers"), shows_progress(how.get("progress")), how.get("limits") or Limits())  # fmt: skip

    @property
    def options(self) -> RunOptions:
        """Return how to run what is no design point: here, or by an executor that was handed in."""
        named = isinstance(self.executor, str)
        pool = self.executor if isinstance(self.executor, Executor) else None
        return RunOptions(None if named else self.workers, pool, self.progress, limits=self.limits)


@dataclass(frozen=True)
class OverRanges:
    """Metrics of one strategy, or of the difference of two, over the ranges of rates.

    Attributes
    ----------
    model
        The scenario with nothing uncertain, and spends that were matched as figures.
    names, subject
        The strategies, and what is asked about in words.
    ranges
        For each strategy those of the rates that bear on it.
    of, units, labels
        Metrics, with the unit and the label of each.
    base_runs
        The runs with every rate at its stated value, by strategy.
    """

    model: Scenario
    names: tuple[str | None, ...]
    subject: str
    ranges: Mapping[str | None, Mapping[str, Range]]
    of: tuple[str, ...]
    units: Mapping[str, str]
    labels: Mapping[str, str]
    base_runs: Mapping[str, Runs]
    replications: int
    seed: int
    swept: HowSwept

    @property
    def rates(self) -> dict[str, Range]:
        """Return every rate with its range, in the order of the file; of two strategies that of the second first."""
        every = {rate: one for name in self.names for rate, one in self.ranges[name].items()}
        return {rate: every[rate] for rate in self.model.rates if rate in every}

    def evaluate(self, design: FloatArray, trimmed: bool = False) -> FloatArray:
        """Return metrics at design points, shape (points, metrics, replications).

        Parameters
        ----------
        design
            Probabilities, one column a rate: shape (points, rates).
        trimmed
            Whether 0 and 1 mean the ends of a range, rather than of its distribution.

        Raises
        ------
        ExperimentError
            If a point cannot be run, or meets a limit.
        """
        rows = []
        for point in design:
            for name in self.names:
                row = {"strategy": name or AS_WRITTEN}
                for rate, uniform in zip(self.rates, point, strict=True):
                    if (one := self.ranges[name].get(rate)) is not None:
                        row[rate] = one.text(one.between(uniform) if trimmed else one.at(uniform))
                rows.append(row)
        kept = self.swept
        done = sweep(
            self.model, values=rows, replications=self.replications, of=self.of,
            store=kept.store, resume=kept.resume, executor=kept.executor, workers=kept.workers, seed=self.seed,
            progress=kept.progress, limits=kept.limits,
        )  # fmt: skip
        if aside := done.set_aside:
            first, why = next(iter(aside.items()))
            raise ExperimentError(f"{len(aside):,} of {len(rows):,} design points have no figures, the first being "
                                  f"{rows[first]}: {why}; take narrower ranges, or raise the limit")  # fmt: skip
        values = done.values.reshape(len(design), len(self.names), len(self.of), self.replications)
        return values[:, 0] if len(self.names) == 1 else values[:, 1] - values[:, 0]


def over_ranges(
    model: Model,
    of: str | Sequence[str],
    over: str | Sequence[str] | None,
    strategies: Strategies,
    values: Mapping[str, Ends] | None,
    step: float,
    replications: int,
    swept: HowSwept,
) -> OverRanges:
    """Return a question ready to be run; its arguments are those of `flywheel_sim.sobol`.

    Raises
    ------
    ConfigError, ExperimentError
        If something asked for is not there, or replications are too few.
    """
    scenario, metrics, options = scenario_of(model), names_of(of), swept.options
    names, tried = subjects(scenario, strategies), None if over is None else names_of(over)
    if replications < FEWEST:
        raise ExperimentError(f"{replications} replications do not tell luck from rates; take {FEWEST} or more, such "
                              "as replications=20")  # fmt: skip
    refuse_metrics(scenario, names, metrics)
    refuse_rates(scenario, tried, values)
    matched, _ = with_budgets(scenario, names, swept.seed, options)
    ranges = ranges_of(matched, names, tried, values, step)
    sure = known(matched, names).decided()
    journeys = {name or "as written": sure.journey(name) for name in names}
    units = [units_of(journey, metrics) for journey in journeys.values()][-1]
    root = next(iter(journeys.values())).seed if swept.seed is None else swept.seed
    jobs = [Job(journey, root) for journey in journeys.values()]
    runs = dict(zip(journeys, replicate_jobs(jobs, replications, options), strict=True))
    first = next(iter(runs.values()))
    if len(names) > 1:
        units = {name: gap_unit(unit) for name, unit in units.items()}
    labels = {name: first.label(name) for name in metrics}
    return OverRanges(
        sure, names, subject_of(names), ranges, metrics, units, labels, runs, replications, root, swept
    )  # fmt: skip
