"""What a question over whole ranges of rates runs: many design points of one or two strategies, with the same luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flywheel_sim.analysis.rates.ranges import Ends, Range, known, ranges_of
from flywheel_sim.analysis.uncertainty.indices import FEWEST
from flywheel_sim.analysis.uncertainty.tornado import subject_of, subjects
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.driver import units_of
from flywheel_sim.experiment.replicate import Job, Limits, RunOptions, replicate_jobs
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.experiment.sweep.sweep import sweep
from flywheel_sim.result import Result
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
        The strategy, or "B less A" for the difference of two.
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
        return [f"{self.answer(name)}\n{self.table(name).to_string()}" for name in self.of[1:]]

    def details(self) -> dict[str, Any]:
        """Return what was asked about, and between which values each rate was tried."""
        return {"subject": self.subject, "answers": {name: self.answer(name) for name in self.of},
                "ranges": {name: one.ends() for name, one in self.ranges.items()}}  # fmt: skip


@dataclass(frozen=True)
class HowSwept:
    """Where design points are kept, and who runs them: as for `sweep`."""

    store: str | Path | None = None
    resume: bool = False
    executor: Executor | str | None = None
    workers: int | None = None
    progress: bool = False
    limits: Limits = field(default_factory=Limits)


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
    kept: HowSwept

    @property
    def rates(self) -> dict[str, Range]:
        """Return every rate with its range, in the order of the file; of two strategies that of the second first."""
        held = {rate: one for name in self.names for rate, one in self.ranges[name].items()}
        return {rate: held[rate] for rate in self.model.rates if rate in held}

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
                row = {} if len(self.names) == 1 else {"strategy": name}
                for rate, uniform in zip(self.rates, point, strict=True):
                    if (one := self.ranges[name].get(rate)) is not None:
                        row[rate] = one.text(one.between(uniform) if trimmed else one.at(uniform))
                rows.append(row)
        single = [name for name in self.names if name is not None] if len(self.names) == 1 else None
        kept = self.kept
        found = sweep(
            self.model, values=rows, strategies=single, replications=self.replications, of=self.of,
            store=kept.store, resume=kept.resume, executor=kept.executor, workers=kept.workers, seed=self.seed,
            progress=kept.progress, limits=kept.limits,
        )  # fmt: skip
        if aside := found.set_aside:
            first, why = next(iter(aside.items()))
            raise ExperimentError(f"{len(aside):,} of {len(rows):,} design points have no figures, the first being "
                                  f"{rows[first]}: {why}; take narrower ranges, or raise the limit")  # fmt: skip
        values = found.values.reshape(len(design), len(self.names), len(self.of), self.replications)
        return values[:, 0] if len(self.names) == 1 else values[:, 1] - values[:, 0]


def over_ranges(
    model: Scenario,
    of: str | Sequence[str],
    strategy: str | None,
    strategies: Sequence[str] | None,
    rates: Sequence[str] | None,
    ranges: Mapping[str, Ends] | None,
    step: float,
    replications: int,
    seed: int | None,
    kept: HowSwept,
) -> OverRanges:
    """Return a question ready to be run; its arguments are those of `flywheel_sim.sobol`.

    Raises
    ------
    ConfigError, ExperimentError
        If something asked for is not there, or replications are too few.
    """
    metrics = (of,) if isinstance(of, str) else tuple(of)
    if not metrics or len(set(metrics)) != len(metrics):
        raise ExperimentError(f"metrics {', '.join(metrics) or 'none'}: name at least one, each once")
    if replications < FEWEST:
        raise ExperimentError(f"{replications} replications do not tell luck from rates; take {FEWEST} or more, such "
                              "as 20")  # fmt: skip
    names = subjects(strategy, strategies)
    workers = None if isinstance(kept.executor, str) else kept.workers
    pool = kept.executor if isinstance(kept.executor, Executor) else None
    options = RunOptions(workers, pool, kept.progress, limits=kept.limits)
    for name in names:
        unsolved = model.choices(name).matched if name else None
        if unsolved is None:
            units_of(model.journey(name), metrics)  # a metric that is not there is refused before anything runs
    settled, _ = with_budgets(model, names, seed, options)
    found = ranges_of(settled, names, rates, ranges, step)
    sure = known(settled, names).decided()
    journeys = {name or "as written": sure.journey(name) for name in names}
    units = [units_of(journey, metrics) for journey in journeys.values()][-1]
    root = next(iter(journeys.values())).seed if seed is None else seed
    jobs = [Job(journey, root) for journey in journeys.values()]
    runs = dict(zip(journeys, replicate_jobs(jobs, replications, options), strict=True))
    first = next(iter(runs.values()))
    if len(names) > 1:
        units = {name: gap_unit(unit) for name, unit in units.items()}
    labels = {name: first.label(name) for name in metrics}
    return OverRanges(
        sure, names, subject_of(names), found, metrics, units, labels, runs, replications, root, kept
    )  # fmt: skip
