"""Strategies against each other on the same people with the same luck.

Replication by replication, both strategies meet the same strangers with the same luck, so the paired
difference is free of most of the noise that either carries alone.
"""

from __future__ import annotations

import datetime as dt
import html
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.errors import ExperimentError, LimitReached, nearest
from flywheel_sim.experiment.replicate import Job, Limits, Ways, replicate_jobs
from flywheel_sim.experiment.runs import Runs, period_dates
from flywheel_sim.scenario.describe import Difference, differences
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.scenario.units import MONTH, format_duration
from flywheel_sim.stats import Estimate, estimate_mean, estimate_probability, figure, with_unit

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]

#: Relative difference of total spend above which neither strategy is called better.
SPEND_TOLERANCE = 0.01


@dataclass(frozen=True)
class Crossover:
    """When one strategy overtakes another for good.

    Attributes
    ----------
    month
        First month (from 1) from which the mean cumulative difference stays ahead to the horizon;
        None where it ends behind.
    low, high
        Months between which it lies in 95 % of the replications that overtake; None where none does.
    probability
        Share of replications that end ahead.
    date
        First day of that month, where the journey has a start.
    """

    month: int | None
    low: int | None
    high: int | None
    probability: Estimate
    date: dt.date | None = None


@dataclass(frozen=True)
class Comparison:
    """Strategies run on the same people; frozen.

    Attributes
    ----------
    runs
        One `Runs` for each name, in the order asked for; the first is what others are held against.
    models
        For each name, the scenario and strategy it came from.
    """

    runs: Mapping[str, Runs]
    models: Mapping[str, tuple[Scenario, str | None]] = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names compared, in order."""
        return tuple(self.runs)

    def __getitem__(self, name: str) -> Runs:
        """Return the runs of one name."""
        if name not in self.runs:
            raise ExperimentError(f"'{name}' was not compared; {nearest(name, self.runs)}")
        return self.runs[name]

    def _pair(self, of: str | None, against: str | None) -> tuple[Runs, Runs]:
        return self[of or self.names[-1]], self[against or self.names[0]]

    def difference(self, metric: str, of: str | None = None, against: str | None = None) -> Estimate:
        """Return the mean paired difference of a metric; the last name less the first, unless said."""
        one, other = self._pair(of, against)
        a, b = one.values(metric), other.values(metric)
        both = np.isfinite(a) & np.isfinite(b)
        return estimate_mean(a[both] - b[both], _points(one.unit(metric)))

    def difference_series(
        self, metric: str, cumulative: bool = False, of: str | None = None, against: str | None = None
    ) -> FloatArray:
        """Return the paired difference month by month, shape (replications, periods)."""
        one, other = self._pair(of, against)
        return one.series(metric, cumulative) - other.series(metric, cumulative)

    def crossover(self, metric: str = "profit", of: str | None = None, against: str | None = None) -> Crossover:
        """Return when the cumulative difference of a metric gets ahead and stays there."""
        one, _ = self._pair(of, against)
        paths = self.difference_series(metric, True, of, against)
        months = [_overtakes(path) for path in paths]
        ends = [m for m in months if m is not None]
        low = high = None
        if ends:
            low, high = (int(q) for q in np.quantile(ends, [0.025, 0.975], method="nearest"))
        month = _overtakes(paths.mean(axis=0))
        dates = period_dates(one.journey)
        date = dates[month - 1] if dates and month is not None else None
        return Crossover(month, low, high, estimate_probability([m is not None for m in months]), date)

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
        return {m: estimate_mean(paths[:, m - 1], one.unit(metric)) for m in (*(m for m in months if m < last), last)}

    def pairing_gain(self, metric: str = "profit", of: str | None = None, against: str | None = None) -> float:
        """Return how many times smaller the variance of the paired difference is than that of unpaired runs."""
        one, other = self._pair(of, against)
        a, b = one.values(metric), other.values(metric)
        paired = float(np.var(a - b, ddof=1)) if len(a) > 1 else 0.0
        return float(np.var(a, ddof=1) + np.var(b, ddof=1)) / paired if paired else math.nan

    def spend_gap(self, of: str | None = None, against: str | None = None) -> float:
        """Return by which share of the other's the mean total spend differs."""
        one, other = self._pair(of, against)
        base = other["spend"].mean
        return one["spend"].mean / base - 1 if base else (0.0 if one["spend"].mean == 0 else math.inf)

    def what_differs(self, of: str | None = None, against: str | None = None) -> list[Difference]:
        """Return every place where the two journeys differ."""
        return differences(self.models[against or self.names[0]], self.models[of or self.names[-1]])

    def answer(self, metric: str = "profit", of: str | None = None, against: str | None = None) -> str:
        """Return the answer in words: who is ahead, by how much, since when, and on what spend."""
        a, b = of or self.names[-1], against or self.names[0]
        one, _ = self._pair(of, against)
        gap, cross = self.difference(metric, a, b), self.crossover(metric, a, b)
        journey, n = one.journey, cross.probability.n
        end = (
            f"month {journey.periods}"
            if journey.horizon % MONTH == 0
            else f"the end ({format_duration(journey.horizon)})"
        )
        label = one.metric(metric).label.lower()
        interval = "" if gap.n != 1 else " (one replication, so no interval)"
        if not math.isnan(gap.low):
            ends = sorted((abs(gap.low), abs(gap.high)))
            if gap.low * gap.high > 0:
                interval = f" (95 % interval {figure(ends[0])} to {figure(ends[1])})"
            else:
                interval = f" (95 % interval of the difference {figure(gap.low)} to {figure(gap.high)})"
        sure = math.isnan(gap.low) or gap.low * gap.high > 0
        verb = "earns" if metric in ("profit", "revenue") else "makes"
        more = "more" if gap.mean >= 0 else "less"
        by = with_unit(abs(gap.mean), gap.unit)
        said = f"{called(a, True)} {verb} {by} {more} {label} than {called(b)} by {end}{interval}"
        if not sure:
            said += "; the interval includes zero, so these runs do not tell which is ahead."
        elif cross.month is not None and cross.month > 1:
            when = f"month {cross.month}" + (f" ({cross.date:%B %Y})" if cross.date else "")
            span = (
                f", in 95 % of the futures that overtake between months {cross.low} and {cross.high}"
                if cross.low
                else ""
            )
            before = self.difference_series(metric, True, a, b).mean(axis=0)[: cross.month - 1]
            until = f"{called(b)} is ahead" if (before < 0).all() else "neither stays ahead"
            said += f". It overtakes in {when}{span}; before that {until}."
        elif cross.month == 1:
            said += ". It is ahead from the first month on."
        else:
            said += f". It never overtakes for good by {end}."
        ahead = round(cross.probability.mean * n / 100)
        said += (
            f" It ends ahead in {ahead} of {n} futures."
            if n < 100
            else f" It ends ahead in {ahead / n:.0%} of futures."
        )
        share = self.spend_gap(a, b)
        if abs(share) > SPEND_TOLERANCE:
            much = f"{abs(share):.1%} {'more' if share > 0 else 'less'}" if math.isfinite(share) else "and it alone"
            said += (
                f" But it spends {much}, so this is no verdict on which strategy is better: match the budgets first."
            )
        return said

    def summary(self) -> pd.DataFrame:
        """Return every metric of every name, and the paired difference of the last to the first."""
        import pandas as pd

        parts = {name: runs.summary() for name, runs in self.runs.items()}
        table = pd.concat([part[["label", "unit"]] for part in parts.values()])
        table = table[~table.index.duplicated()]
        for name, part in parts.items():
            table[name] = part["mean"].reindex(table.index)
        found = [self.difference(m) if all(m in p.index for p in parts.values()) else None for m in table.index]
        table["difference"] = [e.mean if e else math.nan for e in found]
        table["low"] = [e.low if e else math.nan for e in found]
        table["high"] = [e.high if e else math.nan for e in found]
        return table

    def frame(self) -> pd.DataFrame:
        """Return the long tidy table: one row per strategy, replication and metric."""
        import pandas as pd

        parts = []
        for name, runs in self.runs.items():
            part = runs.frame()
            part["strategy"] = name
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def __str__(self) -> str:
        lines = [self.answer(of=name) for name in self.names[1:]]
        lines += [f"  spend of {name}: {runs['spend']}" for name, runs in self.runs.items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        table = self.summary().to_html(index=False, float_format=lambda v: f"{v:,.2f}")
        first = next(iter(self.runs.values()))
        answer, source = html.escape(self.answer()), html.escape(str(first.provenance))
        return f"<p><b>{answer}</b></p>{table}<p><small>{source}</small></p>"


def called(name: str, first: bool = False) -> str:
    """Return a strategy's name as it stands in a sentence."""
    if name in ("funnel", "flywheel"):
        return f"{'The' if first else 'the'} {name}"
    return f"'{name}'"


def _points(unit: str) -> str:
    return "points" if unit == "%" else unit.replace("% ", "points ", 1) if unit.startswith("% ") else unit


def _overtakes(path: FloatArray) -> int | None:
    """Return the first month from which a path stays above zero to its end, None if it ends at or below."""
    behind = np.flatnonzero(path <= 0)
    if len(behind) == 0:
        return 1
    return None if behind[-1] == len(path) - 1 else int(behind[-1]) + 2


def compare(
    model: Scenario,
    other: Scenario | None = None,
    *,
    strategies: Sequence[str] | None = None,
    replications: int = 100,
    seed: int | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: bool = False,
    engine: str = "kernel",
    limits: Limits | None = None,
) -> Comparison:
    """Compare strategies of one scenario, or two scenarios, on the same people with the same luck.

    Parameters
    ----------
    model, other
        One scenario whose strategies are compared, or two scenarios.
    strategies
        Names, the first being what others are held against; all strategies of the file unless given,
        its ``reference`` first.
        With two scenarios: one strategy for both, or one for each.
    replications, seed, workers, executor, progress, engine, limits
        As for `replicate`.

    Raises
    ------
    ExperimentError
        If there are not two things to compare.
    LimitReached
        If a run meets a limit; ``complete`` then is the comparison of what was done before, or None.
    ConfigError
        If a strategy is not in the file.
    """
    models: dict[str, tuple[Scenario, str | None]]
    if other is None:
        held = model.raw().get("reference")
        names = tuple(strategies if strategies is not None else sorted(model.runnable, key=lambda s: s != held))
        if len(names) < 2 or len(set(names)) != len(names):
            known = ", ".join(model.runnable) or "none"
            raise ExperimentError(f"a comparison takes two different strategies; those that can run: {known}")
        models = {name: (model, name) for name in names}
    else:
        chosen: list[str | None] = [*strategies] if strategies else [None]
        if len(chosen) > 2:
            raise ExperimentError(f"two journeys take one strategy for both or one for each, not {len(chosen)}")
        one, two = (chosen * 2)[:2]
        label_a, label_b = one or model.name, two or other.name
        if label_a == label_b:
            label_a, label_b = f"{label_a} (first)", f"{label_b} (second)"
        models = {label_a: (model, one), label_b: (other, two)}
    journeys = {name: scenario.journey(strategy) for name, (scenario, strategy) in models.items()}
    first = next(iter(journeys.values()))
    for journey in journeys.values():
        if (journey.horizon, journey.currency) != (first.horizon, first.currency):
            raise ExperimentError("the two journeys differ in horizon or currency; bring both to the same")
    root = first.seed if seed is None else seed
    ways = Ways(workers, executor, progress, engine, limits or Limits())
    try:
        runs = replicate_jobs([Job(j, root) for j in journeys.values()], replications, ways)
    except LimitReached as stop:
        done = Comparison(dict(zip(journeys, stop.complete, strict=True)), models) if stop.complete else None
        raise LimitReached(str(stop), done) from stop
    return Comparison(dict(zip(journeys, runs, strict=True)), models)
