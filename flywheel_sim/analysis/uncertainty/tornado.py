"""A tornado: what a metric becomes at the low and at the high end of one rate after the other, all else as it is.

Every end meets the same people with the same luck, so that even short bars are seen; the intervals of all bars hold
at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.rates.ranges import STEP, Ends, Range, known, ranges_of, refuse_rates, with_values
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.asking import (
    COUNT,
    FIGURE,
    NAMES,
    How,
    Model,
    Strategies,
    how_to_run,
    names_of,
    refuse_metrics,
    scenario_of,
    strategies_of,
    verb,
)
from flywheel_sim.experiment.bands import simultaneous
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.driver import units_of
from flywheel_sim.experiment.plan import Plan
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.result import Result
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, figure, gap_unit, plus_minus, with_unit

if TYPE_CHECKING:
    import pandas as pd


#: Bars named in an answer.
_NAMED = 3

#: What is run of a strategy: a rate, and whether at its low end; or today.
_End = tuple[str, bool]
TODAY: _End = ("", False)

#: Words of questions about many rates that have another name today, and what others take.
FORMER = {"rates": "over=[...]", "ranges": "values={'retention': ('88 %', '94 %')}", "points": "n=..."}
RATES = takes.optional(NAMES)
ENDS = takes.optional(takes.mapped(
    takes.parted(takes.listed(FIGURE, "both ends", "('88 %', '94 %')", 2, 2), ":"),
    "for each rate its low and its high end",
    "{'retention': ('88 %', '94 %')}"))  # fmt: skip
SHARE = takes.number(0, 1, "0.1", open_low=True, open_high=True)


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
        The strategy, or "B minus A" for the difference of two.
    today
        The metric with every rate at its stated value.
    bars
        In the order of their length.
    level, n, critical
        Of the joint intervals, replications, and standard errors from a change to an end of its interval.
    base_runs
        The runs at today's values, by strategy.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> moves = fs.tornado("subscription", over=["price", "retention"], strategies="funnel", replications=5)
    >>> sorted(moves.frame()["rate"].unique())
    ['price', 'retention']
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
        sure = [bar for bar in self.bars if bar.told]
        if not sure:
            return f"{what}: these runs do not show that any of the {len(self.bars)} rates moves it in its range."
        named = [
            f"{bar.range.name} ({bar.range.shown(bar.range.low)} to {bar.range.shown(bar.range.high)}: "
            f"{_signed(bar.low.mean)} to {_signed(bar.high.mean)} {self.unit})"
            for bar in sure[:_NAMED]
        ]
        rest = len(self.bars) - len(sure)
        quiet = f" Of {rest} rates these runs do not show that they move it." if rest else ""
        return f"{what}. It moves most with {', then '.join(named)}.{quiet}"

    def frame(self) -> pd.DataFrame:
        """Return the tornado as a tidy table: two rows a rate, longest bar first.

        Columns: rate, end (low or high), value (as the file would write it), source of the range, change of the
        metric with low and high of its joint interval, unit, n.
        """
        import pandas as pd

        rows = [
            (bar.range.name, end, bar.range.text(number), bar.range.source, change.mean, change.low, change.high,
             self.unit, change.n)
            for bar in self.bars
            for end, number, change in (("low", bar.range.low, bar.low), ("high", bar.range.high, bar.high))
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

    def details(self) -> dict[str, Any]:
        """Return what was asked about, and between which values each rate was tried."""
        return {"subject": self.subject, "ranges": {bar.range.name: bar.range.ends() for bar in self.bars}}


@verb(FORMER, over=RATES, values=ENDS, step=SHARE, replications=COUNT)
def tornado(
    model: Model,
    of: str = "profit",
    over: str | Sequence[str] | None = None,
    *,
    strategies: Strategies = None,
    values: Mapping[str, Ends] | None = None,
    step: float = STEP,
    level: float = 0.95,
    replications: int = 100,
    **how: Unpack[How],
) -> Tornado:
    """Move one rate after the other to the ends of its range, on the same people with the same luck.

    Parameters
    ----------
    model, of, over
        The scenario, its name or its path; a metric; and rates to try, one or several: all that bear on the strategy
        unless given.
    strategies
        One strategy (without one, the file as written); or two, for the difference of the second minus the first. A
        spend that is ``matched`` is solved for at today's rates and stays there.
    values, step
        For some rates their two ends, such as ``{"retention": ("88 %", "94 %")}``; else a rate goes as far as the file
        says that it is ``uncertain``, or a share (``step``) down and up, of a chance of its odds.
    level
        With which probability the intervals of all bars hold at once.
    replications, how
        How often everything is run, and how (``docs/asking.md``).

    Raises
    ------
    ConfigError, ExperimentError
        If there is no such metric, rate or strategy, a range is none, or no journey can have a rate at an end of it.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.tornado("subscription", over="price", strategies="funnel", replications=5).bars[0].told
    True
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    names = subjects(scenario, strategies)
    rates = None if over is None else names_of(over)
    refuse_metrics(scenario, names, (of,))
    refuse_rates(scenario, rates, values)
    matched, _ = with_budgets(scenario, names, seed, options)
    tried = ranges_of(matched, names, rates, values, step)
    sure = known(matched, names)
    unit = units_of(sure.journey(names[0]), (of,))[of]
    plan = _planned(sure, tried, seed)
    metric, kept = plan.run(replications, options, lambda runs: runs.terms(of), [(name, TODAY) for name in names])
    every = {rate: one for name in names for rate, one in tried[name].items()}  # of two strategies that of the second
    today, changes = _from_today(metric, names, list(every), of)
    bars, critical = _bars(list(every.values()), changes, level, gap_unit(unit))
    base_runs = {name or "as written": runs for (name, _), runs in kept.items()}
    return Tornado(
        of, next(iter(base_runs.values())).label(of), gap_unit(unit), subject_of(names),
        estimate_mean(today, unit if len(names) == 1 else gap_unit(unit)), bars, level, len(today), critical, base_runs,
    )  # fmt: skip


def _planned(
    model: Scenario, tried: Mapping[str | None, Mapping[str, Range]], seed: int | None
) -> Plan[tuple[str | None, _End]]:
    """Return what is run: each strategy today, and at both ends of each rate that bears on it."""
    plan: Plan[tuple[str | None, _End]] = Plan(seed)
    for name in tried:
        plan.add((name, TODAY), model.journey(name))
    for name, ranges in tried.items():
        for rate in dict.fromkeys(rate for of_one in tried.values() for rate in of_one):
            for low in (True, False):
                if (one := ranges.get(rate)) is None:
                    plan.share((name, (rate, low)), (name, TODAY))
                else:
                    moved = with_values(model, [(one, one.low if low else one.high)])
                    plan.add((name, (rate, low)), moved.journey(name))
    return plan


def _from_today(
    metric: Mapping[tuple[str | None, _End], FloatArray], names: Sequence[str | None], rates: Sequence[str], of: str
) -> tuple[FloatArray, FloatArray]:
    """Return the metric today and its changes at the ends of rates, of replications in which all have a value.

    Of two strategies, both are of the second minus the first.

    Returns
    -------
    tuple
        Of shapes (replications,) and (replications, 2 * rates), the low end of each rate before its high end.

    Raises
    ------
    ExperimentError
        If there is no such replication.
    """

    def of_all(end: _End) -> FloatArray:
        values = metric[names[-1], end]
        return values if len(names) == 1 else values - metric[names[0], end]

    today = of_all(TODAY)
    changes = np.column_stack([of_all((rate, low)) for rate in rates for low in (True, False)]) - today[:, None]
    whole = np.isfinite(changes).all(axis=1) & np.isfinite(today)
    if not whole.any():
        raise ExperimentError(f"'{of}' has no finite value at every end in any replication; take another metric")
    return today[whole], changes[whole]


def _bars(
    ranges: Sequence[Range], changes: FloatArray, level: float, unit: str
) -> tuple[tuple[Bar, ...], float]:  # fmt: skip
    """Return the bars, the longest first, and the standard errors from a change to an end of its joint interval.

    Parameters
    ----------
    ranges
        Of the rates.
    changes
        Of the metric, at the low and the high end of one rate after the other; shape (replications, 2 * rates).
    level, unit
        Of the joint intervals, and of the changes.
    """
    mean, low, high, critical = simultaneous(changes, level)
    figures = zip(mean.tolist(), low.tolist(), high.tolist(), strict=True)
    ends = [Estimate(*one, level, len(changes), unit) for one in figures]
    bars = [Bar(one, ends[2 * i], ends[2 * i + 1]) for i, one in enumerate(ranges)]
    return tuple(sorted(bars, key=lambda bar: -bar.swing)), critical


def subjects(model: Scenario, strategies: Strategies) -> tuple[str | None, ...]:
    """Return the strategies a question is about: one, or two whose difference is meant; None is the file as written.

    Raises
    ------
    ConfigError
        If the file has no strategy of such a name.
    ExperimentError
        If more than two are named.
    """
    if strategies is None:
        return (None,)
    names = strategies_of(model, strategies)
    if len(names) > 2:
        raise ExperimentError(f"strategies are {', '.join(names)}: one is meant, or two for their difference; write "
                              f"strategies=['{names[0]}', '{names[-1]}']")  # fmt: skip
    return names


def subject_of(names: Sequence[str | None]) -> str:
    """Return what a question is about in words."""
    return f"{names[1]} minus {names[0]}" if len(names) > 1 else names[0] or "as written"


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{figure(value)}"
