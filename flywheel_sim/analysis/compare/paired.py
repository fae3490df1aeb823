"""Strategies that met the same people with the same luck: paired differences, at the end and over time.

Replication by replication, both strategies meet the same strangers with the same luck, so the paired
difference is free of most of the noise that either carries alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from flywheel_sim.analysis.difference.ranking import Best, Ranking, ranking
from flywheel_sim.errors import ExperimentError, look_up, nearest
from flywheel_sim.experiment.bands import Band, simultaneous
from flywheel_sim.experiment.crossover import Crossover, crossover
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.dates import period_dates
from flywheel_sim.result import Result
from flywheel_sim.scenario.describe import Difference, differences
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, estimate_probability, estimate_ratio, gap_unit


@dataclass(frozen=True)
class PairedRuns(Result):
    """Runs of several strategies on the same people, and differences between any two of them; frozen.

    Attributes
    ----------
    runs
        One `Runs` for each name; the first is what others are held against.
    models
        For each name, the scenario and strategy it came from.
    """

    runs: Mapping[str, Runs]
    models: Mapping[str, tuple[Scenario, str | None]] = field(repr=False)

    @property
    def base_runs(self) -> Mapping[str, Runs]:
        """Return the runs of every name, in order."""
        return self.runs

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names compared, in order."""
        return tuple(self.runs)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.runs)

    def __getitem__(self, name: str) -> Runs:
        """Return the runs of one name."""
        if name not in self.runs:
            raise ExperimentError(f"'{name}' was not compared; {nearest(name, self.runs)}")
        return self.runs[name]

    def _pair(self, of: str | None, against: str | None) -> tuple[Runs, Runs]:
        return self[of or self.names[-1]], self[against or self.names[0]]

    def difference(self, metric: str, of: str | None = None, against: str | None = None) -> Estimate:
        """Return the mean paired difference of a metric; the last name less the first, unless said.

        A flow that one of the strategies does without (``revenue.training``) is 0 there.
        """
        gaps, unit = self._gaps(metric, of, against)
        return estimate_mean(gaps[np.isfinite(gaps)], unit)

    def ratio(self, metric: str, per: str, of: str | None = None, against: str | None = None) -> Estimate:
        """Return the paired difference of one metric per paired difference of another, such as profit per spend.

        The ratio of the two sums over replications with its interval.

        Parameters
        ----------
        metric, per
            Above and below the line.
        of, against
            As for `difference`.
        """
        (top, unit), (bottom, below) = (self._gaps(name, of, against) for name in (metric, per))
        both = np.isfinite(top) & np.isfinite(bottom)
        return estimate_ratio(top[both], bottom[both], f"{unit} per {below}")

    def _gaps(self, metric: str, of: str | None, against: str | None) -> tuple[FloatArray, str]:
        """Return the paired difference of a metric's terms, shape (replications,), and its unit."""
        one, other = self._pair(of, against)
        try:
            with np.errstate(invalid="ignore"):  # what is never reached in either
                return one.terms(metric) - other.terms(metric), gap_unit(one.unit(metric))
        except ExperimentError:
            for runs, sign in ((one, 1), (other, -1)):
                with suppress(ExperimentError):
                    known = runs.metric(metric)
                    if known.aggregation == "sum":
                        return sign * runs.values(metric), known.unit_for(runs.journey)
            raise

    def difference_series(
        self, metric: str, cumulative: bool = False, of: str | None = None, against: str | None = None
    ) -> FloatArray:
        """Return the paired difference month by month, shape (replications, periods)."""
        one, other = self._pair(of, against)
        return one.series(metric, cumulative) - other.series(metric, cumulative)

    def crossover(self, metric: str = "profit", of: str | None = None, against: str | None = None) -> Crossover:
        """Return when the cumulative difference of a metric gets ahead and stays there."""
        one, _ = self._pair(of, against)
        paths, first = self.difference_series(metric, True, of, against), one.books.warm_up + 1
        return crossover(paths, period_dates(one.journey), first)

    def band(
        self,
        metric: str = "profit",
        cumulative: bool = True,
        of: str | None = None,
        against: str | None = None,
        level: float = 0.95,
    ) -> Band:
        """Return the mean paired difference over time with a simultaneous band, which holds all months at once.

        A sup-t band (`flywheel_sim.experiment.bands.critical_value`). Intervals month by month would leave
        out some true mean far more often than 5 % of the time.
        """
        a, b = of or self.names[-1], against or self.names[0]
        return self._bands(metric, cumulative, [a], b, level)[a]

    def bands(self, metric: str = "profit", cumulative: bool = True, level: float = 0.95) -> dict[str, Band]:
        """Return the difference of every name to the first, with bands that hold all months of all names at once."""
        return self._bands(metric, cumulative, self.names[1:], self.names[0], level)

    def _bands(
        self, metric: str, cumulative: bool, names: Sequence[str], against: str, level: float
    ) -> dict[str, Band]:
        paths = [self._paths(metric, cumulative, name, against) for name in names]
        unit, n = gap_unit(self[against].unit(metric)), len(paths[0])
        mean, low, high, critical = simultaneous(np.concatenate(paths, axis=1), level)
        parts = (np.split(ends, len(names)) for ends in (mean, low, high))
        return {
            name: Band(m, a, b, level, n, unit, critical, metric, name, against, cumulative)
            for name, m, a, b in zip(names, *parts, strict=True)
        }

    def _paths(self, metric: str, cumulative: bool, of: str, against: str) -> FloatArray:
        """Return differences by month whose means are those of the metric: of a ratio, of its terms."""
        one, other = self._pair(of, against)
        if one.metric(metric).bottom is None or cumulative:
            return self.difference_series(metric, cumulative, of, against)
        return one.metric(metric).terms_by(one.books) - other.metric(metric).terms_by(other.books)

    def ahead(
        self,
        metric: str = "profit",
        months: Sequence[int] | None = None,
        of: str | None = None,
        against: str | None = None,
    ) -> dict[int, Estimate]:
        """Return in which share of futures one is ahead of another by the end of each month, all months unless said.

        Ahead means that the cumulative difference is above zero. Intervals are Wilson's, each for its month alone.
        """
        paths, first = self.difference_series(metric, True, of, against), self._pair(of, against)[0].books.warm_up + 1
        wanted = range(first, paths.shape[1] + 1) if months is None else _listed(months)
        if wrong := [m for m in wanted if not first <= m <= paths.shape[1]]:
            raise ExperimentError(
                f"month {wrong[0]}: figures are of months {first} to {paths.shape[1]}; ask for one of them"
            )
        return {m: estimate_probability(paths[:, m - 1] > 0) for m in wanted}

    def ranking(self, metric: str = "profit", level: float = 0.95, best: Best = "highest") -> Ranking:
        """Return all names in the order of a metric, with joint intervals of all paired differences.

        Parameters
        ----------
        metric, level
            What to rank by, and the level of all intervals together.
        best
            Whether the ``highest`` or the ``lowest`` comes first.
        """
        first = self[self.names[0]]
        values = {name: runs.terms(metric) for name, runs in self.runs.items()}
        return ranking(values, metric, first.unit(metric), gap_unit(first.unit(metric)), level, best)

    def by_month(
        self,
        metric: str = "profit",
        months: Sequence[int] = (3, 6, 12, 24),
        of: str | None = None,
        against: str | None = None,
    ) -> dict[int, Estimate]:
        """Return the cumulative paired difference at some months and at the last: had we stopped there."""
        one, _ = self._pair(of, against)
        paths = self.difference_series(metric, True, of, against)
        last = paths.shape[1]
        wanted = [m for m in _listed(months) if one.books.warm_up < m < last]
        return {m: estimate_mean(paths[:, m - 1], one.unit(metric)) for m in (*wanted, last)}

    def pairing_gain(self, metric: str = "profit", of: str | None = None, against: str | None = None) -> float:
        """Return how many times smaller the variance of the paired difference is than that of unpaired runs."""
        one, other = self._pair(of, against)
        a, b = one.terms(metric), other.terms(metric)
        paired = float(np.var(a - b, ddof=1)) if len(a) > 1 else 0.0
        return float(np.var(a, ddof=1) + np.var(b, ddof=1)) / paired if paired else math.nan

    def spend_gap(self, of: str | None = None, against: str | None = None) -> float:
        """Return by which share of the other's the mean budget differs: acquisition, service and win-back."""
        one, other = (runs["budget"].mean for runs in self._pair(of, against))
        return one / other - 1 if other else (0.0 if one == 0 else math.inf)

    def what_differs(self, of: str | None = None, against: str | None = None) -> list[Difference]:
        """Return every place where the two journeys differ."""
        models = (look_up(self.models, name, "was not compared") for name in (against or self.names[0],
                                                                             of or self.names[-1]))  # fmt: skip
        return differences(*models)


def _listed(months: int | Sequence[int]) -> Sequence[int]:
    """Return months as one month or a list of them says."""
    return (months,) if isinstance(months, int) else months
