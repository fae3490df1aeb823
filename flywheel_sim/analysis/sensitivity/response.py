"""How much a metric depends on one rate: response curve, elasticity, and both readings of "+5 %".

Every value of the rate meets the same people with the same luck, so even small steps are seen.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.analysis.difference.bands import simultaneous
from flywheel_sim.analysis.rates.steps import own, points, run_over, shown, shown_unit, written
from flywheel_sim.analysis.sensitivity.changes import share_of
from flywheel_sim.errors import ConfigError
from flywheel_sim.experiment.budgets import settle
from flywheel_sim.experiment.driver import units_of
from flywheel_sim.experiment.replicate import Job, Limits, Ways, replicate_jobs
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.result import Result
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, estimate_mean, figure

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]

#: The step of the readings, and that of the derivative behind the elasticity (relative).
READING, STEP = 0.05, 0.01


@dataclass(frozen=True)
class Reading:
    """One reading of "+5 %": the value it means, and what it does to the metric.

    Attributes
    ----------
    label
        ``+5 points`` or ``+5 % relative``.
    value
        The rate's value, in the unit it is stated in; NaN where it is impossible.
    change, relative
        Paired change of the metric, in its unit and in % of the size of today's mean (a ratio of sums, whose
        interval allows for the luck in both); None where impossible.
    note
        Why it is impossible, or "".
    """

    label: str
    value: float
    change: Estimate | None
    relative: Estimate | None
    note: str = ""


@dataclass(frozen=True)
class Sensitivity(Result):
    """The response of one metric to one rate, for each strategy; frozen.

    Attributes
    ----------
    of, over
        The metric and the rate.
    unit, rate_unit
        Their units; a chance is shown in %.
    values
        Values of the rate at which the curve was run, shape (points,), as shown in ``rate_unit``.
    base
        Today's value for each strategy.
    curve
        For each strategy the metric, shape (points, replications).
    elasticity
        For each strategy the change of the metric, in % of the size of its mean, for 1 % more of the
        rate; positive is for the better even where the mean is a loss.
    readings
        For each strategy both readings of "+5 %", of which points are for chances only.
    base_runs
        The runs at today's value.
    """

    of: str
    over: str
    label: str
    unit: str
    rate_unit: str
    values: FloatArray
    base: Mapping[str, float]
    curve: Mapping[str, FloatArray] = field(repr=False)
    elasticity: Mapping[str, Estimate]
    readings: Mapping[str, tuple[Reading, ...]]
    base_runs: Mapping[str, Runs] = field(repr=False)

    def at(self, strategy: str, point: int) -> Estimate:
        """Return the metric's mean at a point of the curve."""
        return estimate_mean(self.curve[strategy][point], self.unit)

    def band(self, strategy: str, level: float = 0.95) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return means and both ends of a band that holds all points of a curve at once, shape (points,).

        NaN at points where the metric is not finite in every replication; see `flywheel_sim.analysis.difference.bands`.
        """
        return simultaneous(self.curve[strategy].T, level)[:3]

    def difference(self, point: int, of: str, against: str) -> Estimate:
        """Return the paired difference of two strategies at a point of the curve."""
        return estimate_mean(self.curve[of][point] - self.curve[against][point], self.unit)

    def frame(self) -> pd.DataFrame:
        """Return the curve as a tidy table: one row per strategy and point.

        ``low`` and ``high`` are of the one point, ``band_low`` and ``band_high`` hold all points of a strategy at once.
        """
        import pandas as pd

        rows = []
        for strategy in self.curve:
            _, bottom, top = self.band(strategy)
            for point, value in enumerate(self.values):
                found = self.at(strategy, point)
                rows.append((strategy, self.over, float(value), self.rate_unit, self.of, found.mean, found.low,
                             found.high, found.unit, found.n, bottom[point], top[point]))  # fmt: skip
        columns = ["strategy", "rate", "value", "rate_unit", "metric", "mean", "low", "high", "unit", "n", "band_low",
                   "band_high"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def readings_frame(self) -> pd.DataFrame:
        """Return both readings as a table: one row per strategy and reading."""
        import pandas as pd

        rows = []
        for strategy, readings in self.readings.items():
            for one in readings:
                change, share = one.change, one.relative
                rows.append((
                    strategy, one.label, self.base[strategy], one.value, self.rate_unit,
                    *((change.mean, change.low, change.high) if change else (math.nan,) * 3), self.unit,
                    *((share.mean, share.low, share.high) if share else (math.nan,) * 3), one.note,
                ))  # fmt: skip
        columns = ["strategy", "reading", "from", "to", "rate_unit", "change", "low", "high", "unit", "percent",
                   "percent_low", "percent_high", "note"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def __str__(self) -> str:
        lines = [f"{self.label} over {self.over} ({self.rate_unit})"]
        for strategy, readings in self.readings.items():
            lines.append(f"  {strategy}: today {figure(self.base[strategy])}, elasticity {self.elasticity[strategy]}")
            for one in readings:
                said = ", ".join(str(found) for found in (one.change, one.relative) if found) or one.note
                lines.append(f"    {one.label} (to {figure(one.value)}): {said}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        number = "{:,.2f}".format
        shown = self.readings_frame().to_html(index=False, float_format=number, na_rep="n/a")
        first = next(iter(self.base_runs.values()))
        source = html.escape(str(first.provenance))
        return f"<p><b>{self.label} over {self.over}</b></p>{shown}<p><small>{source}</small></p>"


def sensitivity(
    model: Scenario,
    of: str = "profit",
    over: str = "retention",
    *,
    values: Sequence[float | str] | None = None,
    strategies: Sequence[str] | None = None,
    replications: int = 50,
    seed: int | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: bool = False,
    engine: str = "kernel",
    limits: Limits | None = None,
) -> Sensitivity:
    """Run a metric over a rate.

    Parameters
    ----------
    model
        The scenario.
    of, over
        Any metric, and any named rate with a figure of its own, a duration too.
    values
        Values of the rate, in its own unit (fractions for chances) or as texts; a sensible range
        around today's unless given. The whole family of the rate moves with it.
    strategies
        Those of the file unless given; a file without any is run as written. A spend that is ``matched`` is
        solved for at today's rate and stays there, as a budget that has been decided on.
    replications, seed, workers, executor, progress, engine, limits
        As for `replicate`.

    Raises
    ------
    ConfigError
        If the rate is not there, or a value does not fit it.
    ExperimentError
        If the metric is not known.
    """
    ways = Ways(workers, executor, progress, engine, limits or Limits())
    names: tuple[str | None, ...] = tuple(strategies if strategies is not None else model.strategies) or (None,)
    model, _ = settle(model, names, seed=seed, ways=ways)
    called = {name: name or "as written" for name in names}
    today = {name: run_over(model, over, name) for name in names}
    first = today[names[0]]
    chance = first.form == "percent"
    grid = points(model, over, first, values)
    jobs: list[Job] = []
    plan: dict[tuple[str | None, str, int], int] = {}

    def add(name: str | None, what: str, index: int, value: str | None) -> None:
        changed = model if value is None else model.with_(**{over: value}).solved_as(model)
        journey = changed.journey(name)
        plan[name, what, index] = len(jobs)
        jobs.append(Job(journey, journey.seed if seed is None else seed))

    notes: dict[tuple[str | None, str], tuple[float, str]] = {}
    for name in names:
        held = today[name]
        base = own(held)
        add(name, "base", 0, None)
        for index, value in enumerate(grid):
            if value == own(held, first):
                plan[name, "grid", index] = plan[name, "base", 0]
            else:
                add(name, "grid", index, written(first, value))
        step = min(STEP * base, (1 - base) / 2) if chance else STEP * base
        readings = {"+5 % relative": base * (1 + READING)}
        if chance:
            readings = {"+5 points": base + READING} | readings
        for label, value in {**readings, "up": base + step, "down": base - step}.items():
            notes[name, label] = (value, "")
            if chance and value > 1:
                notes[name, label] = (math.nan, f"impossible: {100 * value:.4g} % is more than 100 %")
                continue
            try:
                add(name, label, 0, written(held, value))
            except ConfigError as error:
                notes[name, label] = (math.nan, f"impossible: {error.problems[0].rule}")
    units_of(jobs[0].journey, (of,))  # a metric that is not there is refused before anything runs
    base_at = {plan[name, "base", 0]: called[name] for name in names}
    base_runs: dict[str, Runs] = {}

    def keep(index: int, runs: Runs) -> FloatArray:
        if index in base_at:
            base_runs[base_at[index]] = runs
        return runs.values(of)

    found_values = replicate_jobs(jobs, replications, ways, keep=keep)

    def metric(name: str | None, what: str, index: int = 0) -> FloatArray:
        values: FloatArray = found_values[plan[name, what, index]]
        return values

    any_runs = base_runs[called[names[0]]]
    factor = 100.0 if chance else 1.0
    elasticity, results = {}, {}
    for name in names:
        base, ground = own(today[name]), _finite(metric(name, "base"))
        slope = np.full(replications, math.nan)
        if (name, "up", 0) in plan and (name, "down", 0) in plan:
            rise = notes[name, "up"][0] - notes[name, "down"][0]
            slope = (_finite(metric(name, "up")) - _finite(metric(name, "down"))) / rise * base / 100
        elasticity[called[name]] = share_of(slope, ground, "% per 1 %")
        found = []
        for label in ("+5 points", "+5 % relative"):
            if (name, label) not in notes:
                continue
            value, note = notes[name, label]
            change = share = None
            if (name, label, 0) in plan:
                gain = _finite(metric(name, label)) - ground
                change, share = estimate_mean(gain, any_runs.unit(of)), share_of(gain, ground)
                share = None if math.isnan(share.mean) else share
            in_first = value * own(today[name], first) / base if base else value
            found.append(Reading(label, factor * in_first, change, share, note))
        results[called[name]] = tuple(found)
    return Sensitivity(
        of=of,
        over=over,
        label=any_runs.metric(of).label,
        unit=any_runs.unit(of),
        rate_unit=shown_unit(first),
        values=factor * np.array(grid),
        base={called[name]: shown(today[name], first) for name in names},
        curve={called[n]: np.array([metric(n, "grid", i) for i in range(len(grid))]) for n in names},
        elasticity=elasticity,
        readings=results,
        base_runs={called[name]: base_runs[called[name]] for name in names},
    )


def _finite(values: FloatArray) -> FloatArray:
    """Return values with NaN for what is infinite, which has no differences."""
    return np.where(np.isfinite(values), values, math.nan)
