"""What a sweep leaves: design points, the metrics of every replication, tables and files of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim import arguments as takes
from flywheel_sim.arguments import checked
from flywheel_sim.errors import DataError, ExperimentError, nearest
from flywheel_sim.experiment.sweep.design import AS_WRITTEN
from flywheel_sim.experiment.sweep.factors import figure_of
from flywheel_sim.experiment.sweep.journal import SALVAGE, Journal, look
from flywheel_sim.experiment.sweep.salvage import salvaged
from flywheel_sim.experiment.sweep.table_files import write_table
from flywheel_sim.result import Unreplicated
from flywheel_sim.stats import Estimate, estimate_mean, estimate_of, estimate_quantile, plus_minus

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]

#: Columns of the long table beside those of the factors.
COLUMNS = ("point", "strategy", "metric", "value", "low", "high", "level", "n", "unit", "matched", "note")

#: Design points shown in the table.
SHOWN = 20


@dataclass(frozen=True)
class Sweep(Unreplicated):
    """Metrics at design points, each replicated with the same luck; frozen.

    Attributes
    ----------
    scenario, design
        Name of the scenario, and how its points were laid.
    factors
        Names of what was varied.
    metrics, units
        Names of the metrics, and the unit of each.
    n, seed, version
        Replications of each design point; the root of the luck; the version that ran them.
    strategies
        Of each design point; "as written" is the file without any.
    stated
        What each design point says of each factor: what was given, or else what the file says.
    base
        What the file says of each factor, "" where nothing.
    values
        Shape (points, metrics, replications); NaN where a metric has no value, or the point was set aside.
    notes
        For each design point why it was set aside, or what is missing; "" where nothing is.
    sums
        Of metrics that are ratios: the sums they are ratios of, shape (points, sums, replications) each.
    matched
        By design point the spend that was solved for, where its strategy has a matched one.
    n_events
        Arrivals and clocks that fired, at all points.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> outcomes = fs.sweep("subscription", "profit", values={"price": [45, 49]}, strategies="funnel", replications=5)
    >>> list(outcomes.points["price"]), outcomes.n
    ([45, 49], 5)
    """

    scenario: str
    design: str
    factors: tuple[str, ...]
    metrics: tuple[str, ...]
    units: Mapping[str, str]
    n: int
    seed: int
    version: str
    strategies: tuple[str, ...]
    stated: tuple[tuple[Any, ...], ...] = field(repr=False)
    base: tuple[str, ...] = field(repr=False)
    values: FloatArray = field(repr=False)
    notes: tuple[str, ...] = field(repr=False)
    sums: Mapping[str, FloatArray] = field(default_factory=dict, repr=False)
    matched: Mapping[int, float] = field(default_factory=dict, repr=False)
    n_events: int = 0
    level: float = 0.95

    @staticmethod
    @checked({"path": takes.path("the path of a store", "'sweep.db'")}, error=DataError)
    def read(path: str | Path) -> Sweep:
        """Return the sweep that a store holds, finished or not.

        Raises
        ------
        DataError
            If there is no such file, or it is in use, damaged or no store.
        """
        try:
            with look(Path(path)) as journal:
                return of_journal(journal)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise DataError(f"{path}: damaged, as its parts do not fit together; {SALVAGE}") from error

    @staticmethod
    @checked({"path": takes.path("the path of a store", "'sweep.db'")}, error=DataError)
    def salvage(path: str | Path) -> pd.DataFrame:
        """Return what can still be read of a damaged store: one row per replication and metric, nothing is written.

        Columns: point, the factors, strategy, replication, metric (its number where names are lost), value, note (why
        the point was set aside). ``attrs["lost"]`` says how many rows of the store are damaged, and
        ``attrs["missing"]`` how many replications of those asked for are not there, None where that is lost too.

        Raises
        ------
        DataError
            If there is no such file, or nothing of a store in it.
        """
        return salvaged(Path(path))

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the column of each factor: its name, or ``factor.NAME`` where the tables have such a column."""
        return tuple(f"factor.{name}" if name in COLUMNS or name in self.metrics else name for name in self.factors)

    @property
    def set_aside(self) -> dict[int, str]:
        """Return the design points without figures, or with some missing, and why."""
        return {point: note for point, note in enumerate(self.notes) if note}

    @property
    def points(self) -> pd.DataFrame:
        """Return the experiments: one row per design point, its factors as stated, and its strategy.

        A factor whose values are all numbers has them in the unit of the file; hand it back as ``values=``.
        """
        import pandas as pd

        columns: dict[str, Any] = {name: self._column(i) for i, name in enumerate(self.columns)}
        columns["strategy"] = list(self.strategies)
        table = pd.DataFrame(columns, index=pd.RangeIndex(len(self.strategies), name="point"))
        table.attrs = {"stated_in_file": dict(zip(self.columns, self.base, strict=True))}
        return table

    @property
    def outcomes(self) -> pd.DataFrame:
        """Return the mean of each metric, one row per design point, on the index of `points`."""
        import pandas as pd

        means = {name: self._estimates[0][:, i] for i, name in enumerate(self.metrics)}
        table = pd.DataFrame(means, index=pd.RangeIndex(len(self.strategies), name="point"))
        table.attrs = {"units": dict(self.units)}
        return table

    def figures(self) -> pd.DataFrame:
        """Return the factors as numbers in the unit that stands in the file, on the index of `points`.

        A chance is a fraction, as for `Scenario.with_`; NaN for what is no number of that unit.
        """
        import pandas as pd

        columns = {
            name: [figure_of(row[i], self.base[i]) for row in self.stated] for i, name in enumerate(self.columns)
        }
        return pd.DataFrame(columns, index=pd.RangeIndex(len(self.strategies), name="point"), dtype=np.float64)

    def frame(self) -> pd.DataFrame:
        """Return the long tidy table: one row per design point and metric.

        Columns: point, the factors, strategy, metric, value (mean over replications), low, high and level (its
        interval), n (replications that have a value), unit, matched (the spend solved for, only where there is
        one), note (why a point was set aside).
        """
        import pandas as pd

        mean, low, high, n = self._estimates
        points, metrics = mean.shape
        columns: dict[str, Any] = {"point": np.repeat(np.arange(points), metrics)}
        for i, name in enumerate(self.columns):
            values = self._column(i)
            columns[name] = np.repeat(np.array(values, dtype=object if isinstance(values[0], str) else None), metrics)
        columns["strategy"] = np.repeat(np.array(self.strategies, dtype=object), metrics)
        columns["metric"] = np.tile(np.array(self.metrics, dtype=object), points)
        columns |= {"value": mean.ravel(), "low": low.ravel(), "high": high.ravel(),
                    "level": np.full(points * metrics, self.level), "n": n.ravel()}  # fmt: skip
        columns["unit"] = np.tile(np.array([self.units[name] for name in self.metrics], dtype=object), points)
        if self.matched:
            columns["matched"] = np.repeat([self.matched.get(i, math.nan) for i in range(points)], metrics)
        columns["note"] = np.repeat(np.array(self.notes, dtype=object), metrics)
        return pd.DataFrame(columns)

    def replications(self, point: int) -> pd.DataFrame:
        """Return every replication of a design point: one row each, one column per metric.

        Raises
        ------
        ExperimentError
            If there is no such point, or it was set aside.
        """
        import pandas as pd

        self._refuse_point(point)
        if np.isnan(self.values[point]).all() and self.notes[point]:
            raise ExperimentError(f"design point {point} was set aside: {self.notes[point]}")
        index = pd.RangeIndex(self.n, name="replication")
        return pd.DataFrame(self.values[point].T, columns=list(self.metrics), index=index)

    def estimate(self, point: int, metric: str) -> Estimate:
        """Return the mean of a metric at a design point with its interval; refuses one that is not there."""
        self._refuse_point(point)
        if metric not in self.metrics:
            raise ExperimentError(f"'{metric}' was not asked for; {nearest(metric, self.metrics)}")
        return self._estimate(point, metric)

    def _estimate(self, point: int, metric: str) -> Estimate:
        """Return a metric at a design point: a mean, a ratio of sums, or the median of what may have no end."""
        values, unit = self.values[point, self.metrics.index(metric)], self.units[metric]
        if metric == "payback":
            return replace(estimate_quantile(values, 0.5, unit, self.level), never="not while followed")
        if metric not in self.sums:
            return estimate_mean(values, unit, self.level)
        sums = self.sums[metric][point]
        return estimate_of([*sums[:, ~np.isnan(sums).any(axis=0)]], unit, self.level)

    def export(self, path: str | Path) -> Path:
        """Write `frame` to a file, ``.parquet`` or ``.csv``; equal sweeps give equal bytes.

        The file is there whole or not at all. In CSV, text that a spreadsheet would take for a formula has an
        apostrophe before it.

        Raises
        ------
        DataError
            If the kind of file is not known, or it cannot be written.
        """
        return write_table(self.frame(), Path(path))

    def _refuse_point(self, point: int) -> None:
        if not 0 <= point < len(self.strategies):
            raise ExperimentError(f"there is no design point {point}; there are 0 to {len(self.strategies) - 1}")

    def _column(self, index: int) -> list[Any]:
        """Return a factor's values: numbers where all are or can be, else texts."""
        stated = [row[index] for row in self.stated]
        given = [value for value in stated if not isinstance(value, str)]
        if len(given) == len(stated):
            numbers = stated
        elif given:
            numbers = [figure_of(value, self.base[index]) for value in stated]
            if any(math.isnan(number) for number in numbers):
                return [str(value) for value in stated]
        else:
            return stated
        return numbers if all(isinstance(number, int) for number in numbers) else [float(number) for number in numbers]

    @cached_property
    def _estimates(self) -> tuple[FloatArray, FloatArray, FloatArray, NDArray[np.int64]]:
        """Return mean, low, high and n of every design point and metric, as `estimate` has them."""
        shape = self.values.shape[:2]
        mean, low, high = (np.full(shape, math.nan) for _ in range(3))
        n = np.zeros(shape, dtype=np.int64)
        from scipy import stats

        count = self.values.shape[2]
        one_sum = np.array([name not in self.sums and name != "payback" for name in self.metrics])
        plain = np.isfinite(self.values).all(axis=2) & one_sum & (count > 1)
        if plain.any():
            values = self.values[plain]
            middle = values.mean(axis=1)
            half = float(stats.t.ppf(0.5 + self.level / 2, count - 1)) * values.std(axis=1, ddof=1) / math.sqrt(count)
            mean[plain], low[plain], high[plain], n[plain] = middle, middle - half, middle + half, count
        for place in zip(*np.nonzero(~plain), strict=True):
            estimate = self._estimate(int(place[0]), self.metrics[place[1]])
            mean[place], low[place], high[place], n[place] = estimate.mean, estimate.low, estimate.high, estimate.n
        return mean, low, high, n

    def answer(self) -> str:
        """Return in words what was run."""
        aside = f", {len(self.set_aside):,} set aside" if self.set_aside else ""
        return (
            f"{self.scenario}: {len(self.strategies):,} design points ({self.design}) of "
            f"{', '.join(self.factors) or 'no factor'}, {self.n:,} replications each{aside} · "
            f"seed {self.seed} · {self.n_events:,} events · flywheel_sim {self.version}"
        )

    def table(self) -> pd.DataFrame:
        """Return the first design points with what came out, as texts."""
        shown = self.points.head(SHOWN).copy()
        for name in self.metrics:
            shown[name] = [plus_minus(self.estimate(point, name)) for point in range(len(shown))]
        shown.attrs["names"] = len(self.columns) + 2  # its number, factors and strategy name a row
        return shown.rename_axis("point")

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        units = ", ".join(f"{name} in {unit}" for name, unit in self.units.items())
        more = len(self.notes) - SHOWN
        left = f"; {more:,} design points more are in the frame" if more > 0 else ""
        median = ", payback the median of single futures" if "payback" in self.metrics else ""
        return f"Means and ratios of sums{median}, ± half-width of the 95 % interval, n = {self.n:,}; {units}{left}"

    def remarks(self) -> list[str]:
        """Return which design points have no figures, and why."""
        aside = [f"Design point {point} set aside: {why}" for point, why in list(self.set_aside.items())[:SHOWN]]
        more = len(self.set_aside) - SHOWN
        return [*aside, f"and {more:,} more; all of them stand in the export"] if more > 0 else aside

    def rows(self) -> pd.DataFrame:
        """Return every design point with the mean and interval of every metric, one row each."""
        import pandas as pd

        rows = []
        for point, strategy in enumerate(self.strategies):
            for name in self.metrics:
                one = self.estimate(point, name)
                rows.append((point, *self.stated[point], strategy, name, one.mean, one.low, one.high, one.n, one.unit,
                             self.notes[point]))  # fmt: skip
        heads = ["point", *self.factors, "strategy", "metric", "mean", "low", "high", "n", "unit", "note"]
        return pd.DataFrame(rows, columns=heads)

    def details(self) -> dict[str, Any]:
        """Return what was run."""
        return {"scenario": self.scenario, "design": self.design, "factors": self.factors, "seed": self.seed,
                "replications": self.n, "version": self.version, "n_events": self.n_events}  # fmt: skip


def of_journal(journal: Journal) -> Sweep:
    """Return the sweep that an open store holds.

    Raises
    ------
    DataError
        If a batch is damaged.
    """
    header, points = journal.header, journal.points()
    metrics, replications = tuple(header["metrics"]), int(header["replications"])
    aside = {one.point: one for one in reversed(journal.aside())}
    sizes: dict[str, int] = header.get("sums", {})
    values = np.full((len(points), len(metrics) + sum(sizes.values()), replications), math.nan)
    done = np.zeros(len(points), dtype=np.int64)
    events = 0
    for batch in journal.batches():
        if batch.point not in aside:
            count = batch.values.shape[1]
            values[batch.point, :, batch.first : batch.first + count] = batch.values
            done[batch.point] += count
            events += batch.events
    notes = [
        aside[point].reason if point in aside else "" if n == replications else
        f"not finished: {n:,} of {replications:,} replications" for point, n in enumerate(done)
    ]  # fmt: skip
    values.setflags(write=False)
    ends = np.cumsum([len(metrics), *sizes.values()])
    stated, base = header["stated"], header["base"]
    rows = [
        tuple(own if value is None else value for own, value in zip(stated[strategy or ""], given, strict=True))
        for strategy, *given in points
    ]
    return Sweep(
        scenario=header["name"],
        design=header["design"],
        factors=tuple(header["factors"]),
        metrics=metrics,
        units=dict(header["units"]),
        n=replications,
        seed=int(header["seed"]),
        version=header["version"],
        strategies=tuple(strategy or AS_WRITTEN for strategy, *_ in points),
        stated=tuple(rows),
        base=tuple(base),
        values=values[:, : len(metrics)],
        sums={name: values[:, end - size : end] for (name, size), end in zip(sizes.items(), ends[1:], strict=True)},
        notes=tuple(notes),
        matched=journal.spends(),
        n_events=events,
    )
