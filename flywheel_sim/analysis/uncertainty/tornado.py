"""A tornado: what a metric becomes at the low and at the high end of one rate after the other, all else as it is.

Every end meets the same people with the same luck, so that even short bars are seen; the intervals of all bars hold
at once.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.analysis.difference.bands import simultaneous
from flywheel_sim.analysis.rates.ranges import STEP, Ends, Range, known, laid, ranges_of
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.budgets import settle
from flywheel_sim.experiment.driver import units_of
from flywheel_sim.experiment.replicate import Job, Limits, Ways, replicate_jobs
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.result import Result
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, estimate_mean, figure, gap_unit, plus_minus, with_unit

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]

#: Bars named in an answer.
_NAMED = 3


@dataclass(frozen=True)
class Bar:
    """One rate of a tornado.

    Attributes
    ----------
    range
        Of the rate: today's value, the ends, and where they come from.
    low, high
        The paired change of the metric from today at the low and at the high end of the rate, with intervals that
        hold for all bars at once.
    """

    range: Range
    low: Estimate
    high: Estimate

    @property
    def swing(self) -> float:
        """Return the length of the bar: from the lowest to the highest of both ends and today."""
        ends = (0.0, self.low.mean, self.high.mean)
        return max(ends) - min(ends)

    @property
    def told(self) -> bool:
        """Tell whether the rate changes the metric for sure: the interval of an end leaves zero out."""
        return any(end.low > 0 or end.high < 0 for end in (self.low, self.high))


@dataclass(frozen=True)
class Tornado(Result):
    """What each rate does to a metric between the ends of its range, the longest bar first; frozen.

    Attributes
    ----------
    of, label, unit
        The metric.
    subject
        The strategy, or "B less A" for the difference of two.
    today
        The metric with every rate at its stated value.
    bars
        In the order of their length.
    level, n, critical
        Of the joint intervals, replications, and standard errors from a change to an end of its interval.
    base_runs
        The runs at today's values, by strategy.
    """

    of: str
    label: str
    unit: str
    subject: str
    today: Estimate
    bars: tuple[Bar, ...]
    level: float
    n: int
    critical: float
    base_runs: Mapping[str, Runs] = field(repr=False)

    def answer(self) -> str:
        """Return in words which rates move the metric most."""
        what = f"{self.label} ({self.subject}), today {with_unit(self.today.mean, self.today.unit)}"
        told = [bar for bar in self.bars if bar.told]
        if not told:
            return f"{what}: these runs do not show that any of the {len(self.bars)} rates moves it in its range."
        said = [
            f"{bar.range.name} ({bar.range.shown(bar.range.low)} to {bar.range.shown(bar.range.high)}: "
            f"{_signed(bar.low.mean)} to {_signed(bar.high.mean)} {self.unit})"
            for bar in told[:_NAMED]
        ]
        rest = len(self.bars) - len(told)
        quiet = f" Of {rest} rates these runs do not show that they move it." if rest else ""
        return f"{what}. It moves most with {', then '.join(said)}.{quiet}"

    def frame(self) -> pd.DataFrame:
        """Return the tornado as a tidy table: two rows a rate, longest bar first.

        Columns: rate, end (low or high), value (as the file would write it), source of the range, change of the
        metric with low and high of its joint interval, unit, n.
        """
        import pandas as pd

        rows = [
            (bar.range.name, end, bar.range.text(number), bar.range.source, found.mean, found.low, found.high,
             self.unit, found.n)
            for bar in self.bars
            for end, number, found in (("low", bar.range.low, bar.low), ("high", bar.range.high, bar.high))
        ]  # fmt: skip
        columns = ["rate", "end", "value", "source", "change", "low", "high", "unit", "n"]
        table = pd.DataFrame(rows, columns=columns)
        table.attrs = {"metric": self.of, "subject": self.subject, "today": self.today.mean, "level": self.level}
        return table

    def table(self) -> pd.DataFrame:
        """Return one row a rate as texts: ends, today, and the change at either end ± half of its joint interval."""
        import pandas as pd

        rows = {
            bar.range.name: (
                bar.range.shown(bar.range.low), bar.range.shown(bar.range.today), bar.range.shown(bar.range.high),
                bar.range.words, plus_minus(bar.low, signed=True), plus_minus(bar.high, signed=True), bar.range.source,
            )
            for bar in self.bars
        }  # fmt: skip
        columns = ["low", "today", "high", "unit", "at low", "at high", "range"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("rate")

    @property
    def note(self) -> str:
        """Return what the figures are."""
        return (
            f"Paired changes from today in {self.unit} ± half of their joint {100 * self.level:g} % interval, "
            f"n = {self.n:,}"
        )

    def __str__(self) -> str:
        return f"{self.answer()}\n{self.table().to_string()}\n{self.note}"

    def _repr_html_(self) -> str:
        source = next(iter(self.base_runs.values())).provenance
        noted = html.escape(f"{self.note}. {source}")
        return f"<p><b>{html.escape(self.answer())}</b></p>{self.table().to_html()}<p><small>{noted}</small></p>"


def tornado(
    model: Scenario,
    of: str = "profit",
    *,
    strategy: str | None = None,
    strategies: Sequence[str] | None = None,
    rates: Sequence[str] | None = None,
    ranges: Mapping[str, Ends] | None = None,
    step: float = STEP,
    replications: int = 100,
    level: float = 0.95,
    seed: int | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: bool = False,
    engine: str = "kernel",
    limits: Limits | None = None,
) -> Tornado:
    """Move one rate after the other to the ends of its range, on the same people with the same luck.

    Parameters
    ----------
    model, of
        The scenario and a metric.
    strategy, strategies
        One strategy (without one, the file as written); or two, ``("funnel", "flywheel")``, for the difference of the
        second less the first.
    rates, ranges, step
        Which rates, between which ends, and how far a rate moves of which nothing is said; as for
        `flywheel_sim.analysis.rates.ranges.ranges_of`.
    replications, seed, workers, executor, progress, engine, limits
        As for `replicate`. A spend that is ``matched`` is solved for at today's rates and stays there.
    level
        With which probability the intervals of all bars hold at once.

    Raises
    ------
    ConfigError
        If no journey can have a rate at an end of its range.
    ExperimentError
        If there is no such metric, rate or strategy, or a range is none.
    """
    ways = Ways(workers, executor, progress, engine, limits or Limits())
    names = subjects(strategy, strategies)
    model, _ = settle(model, names, seed=seed, ways=ways)
    tried = ranges_of(model, names, rates, ranges, step)
    sure = known(model, names)
    jobs: list[Job] = []
    unit = units_of(sure.journey(names[0]), (of,))[of]  # a metric that is not there is refused before anything runs

    def add(name: str | None, values: Sequence[tuple[Range, float]]) -> int:
        journey = (laid(sure, values) if values else sure).journey(name)
        jobs.append(Job(journey, journey.seed if seed is None else seed))
        return len(jobs) - 1

    base = {name: add(name, ()) for name in names}
    plan: dict[tuple[str | None, str, int], int] = {}
    every = list(dict.fromkeys(rate for name in names for rate in tried[name]))
    for name in names:
        for rate in every:
            one = tried[name].get(rate)
            for end in (0, 1):
                plan[name, rate, end] = base[name] if one is None else add(name, [(one, (one.low, one.high)[end])])
    at_base = {index: name or "as written" for name, index in base.items()}
    kept: dict[str, Runs] = {}

    def keep(index: int, runs: Runs) -> FloatArray:
        if index in at_base:
            kept[at_base[index]] = runs
        return runs.values(of)

    values = replicate_jobs(jobs, replications, ways, keep=keep)

    def metric(where: Mapping[str | None, int]) -> FloatArray:
        found: FloatArray = np.asarray(values[where[names[-1]]])
        return found if len(names) == 1 else found - values[where[names[0]]]

    today = metric(base)
    ends = [metric({name: plan[name, rate, end] for name in names}) for rate in every for end in (0, 1)]
    table = np.column_stack(ends) - today[:, None]
    whole = np.isfinite(table).all(axis=1) & np.isfinite(today)
    if not whole.any():
        raise ExperimentError(f"'{of}' has no finite value at every end in any replication; take another metric")
    mean, low, high, critical = simultaneous(table[whole], level)
    points, n = gap_unit(unit), int(whole.sum())
    changes = [
        Estimate(float(m), float(a), float(b), level, n, points) for m, a, b in zip(mean, low, high, strict=True)
    ]
    shown = {rate: next(tried[name][rate] for name in reversed(names) if rate in tried[name]) for rate in every}
    bars = [Bar(shown[rate], changes[2 * i], changes[2 * i + 1]) for i, rate in enumerate(every)]
    bars.sort(key=lambda bar: -bar.swing)
    first = kept[names[0] or "as written"]
    return Tornado(
        of=of,
        label=first.metric(of).label,
        unit=points,
        subject=subject_of(names),
        today=estimate_mean(today[whole], unit if len(names) == 1 else points),
        bars=tuple(bars),
        level=level,
        n=n,
        critical=critical,
        base_runs=kept,
    )


def subjects(strategy: str | None, strategies: Sequence[str] | None) -> tuple[str | None, ...]:
    """Return the strategies a question is about: one, or two whose difference is meant.

    Raises
    ------
    ExperimentError
        If both ways are used at once, or there are not two.
    """
    if strategies is None:
        return (strategy,)
    found = tuple(strategies)
    if strategy is not None:
        raise ExperimentError("strategy and strategies at once; give one strategy, or two for their difference")
    if isinstance(strategies, str) or len(found) != 2 or len(set(found)) != 2:
        raise ExperimentError("strategies are two different ones, for their difference: ('funnel', 'flywheel'); for "
                              "one alone write strategy='flywheel'")  # fmt: skip
    return found


def subject_of(names: Sequence[str | None]) -> str:
    """Return what a question is about in words."""
    return f"{names[1]} less {names[0]}" if len(names) > 1 else names[0] or "as written"


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{figure(value)}"
