"""The value of a rate from which on one strategy overtakes another: break-even, with its interval.

Every value of the rate meets the same people with the same luck, so for one seed the mean paired difference is a
function of the rate, and its root can be looked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.breakeven.bounds import bounds, month_shown, more_of, rate_shown, with_unit_words
from flywheel_sim.analysis.breakeven.runs import BY, Gap, Paired, Values, grid_of, pair_up, solved_anew
from flywheel_sim.analysis.breakeven.search import TOLERANCE, Crossing, Stretch, look
from flywheel_sim.analysis.difference.verdict import BUDGET, SPEND_TOLERANCE, apart
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.asking import How, Model, Strategies, how_to_run, scenario_of, verb
from flywheel_sim.experiment.crossover import Crossover, crossover
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.dates import period_dates
from flywheel_sim.result import Result
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, plus_minus, with_unit
from flywheel_sim.wording import called, signed

if TYPE_CHECKING:
    import pandas as pd


__all__ = ["BreakEven", "Crossing", "Stretch", "breakeven"]


@dataclass(frozen=True)
class BreakEven(Result):
    """Where one strategy overtakes another as a rate moves; frozen.

    Attributes
    ----------
    of, over
        The metric and the rate.
    label, unit, rate_unit
        How the metric is called, the unit of a difference, and the unit of the rate; a chance is shown in %.
    by
        The month by which figures are taken.
    names
        The strategy held against, and the one it is about.
    between
        Lowest and highest value of the rate looked at.
    values
        All values run, ascending, in ``rate_unit``; shape (values,).
    gaps
        What they differ by at each of them.
    looked
        Those of the values at which it was looked first, evenly over the range.
    crossings
        Where the mean difference changes its sign, ascending.
    stretches
        Where one of them is surely ahead, and where these runs do not tell; ascending, from end to end of the range.
    today
        Today's value in each strategy.
    today_gap
        What they differ by today.
    matched
        Whether the spend of one of them is matched: ``today`` (solved for at today's figures, and kept), ``anew``
        (at each value), or "".
    base_runs
        The runs at today's figures.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> breakeven = fs.breakeven("subscription", over="price", values=[30, 50], points=3, replications=5)
    >>> list(breakeven.frame().columns[:3])
    ['rate', 'value', 'rate_unit']
    """

    of: str
    over: str
    label: str
    unit: str
    rate_unit: str
    by: int
    names: tuple[str, str]
    between: tuple[float, float]
    values: FloatArray
    gaps: tuple[Gap, ...] = field(repr=False)
    looked: FloatArray
    crossings: tuple[Crossing, ...]
    stretches: tuple[Stretch, ...]
    today: Mapping[str, float]
    today_gap: Gap = field(repr=False)
    matched: str
    base_runs: Mapping[str, Runs] = field(repr=False)

    @property
    def root(self) -> Crossing | None:
        """Return the break-even where there is exactly one, else None."""
        return self.crossings[0] if len(self.crossings) == 1 else None

    def _gap_at(self, point: int | None) -> Gap:
        if point is not None and not -len(self.gaps) <= point < len(self.gaps):
            raise ExperimentError(f"point is {point}: {len(self.gaps)} values were run; write point=0 for the first")
        return self.today_gap if point is None else self.gaps[point]

    def difference(self, point: int | None = None) -> Estimate:
        """Return the mean paired difference at one of `values`, or today's."""
        values = self._gap_at(point).values
        return estimate_mean(values[np.isfinite(values)], self.unit)

    def spend_gap(self, point: int | None = None) -> float:
        """Return by which share of the other's the mean budget by that month differs at a value, or today."""
        base, other = self._gap_at(point).budget
        return other / base - 1 if base else (0.0 if other == 0 else math.inf)

    def months(self) -> Mapping[float, Crossover]:
        """Return when the cumulative difference gets ahead and stays so to the horizon, for each value run.

        The interval of each month is by bootstrap over replications, for its value of the rate alone.

        Raises
        ------
        ExperimentError
            If the metric has no running sum.
        """
        return self._months

    @cached_property
    def _months(self) -> Mapping[float, Crossover]:
        first = self.base_runs[self.names[0]]
        dates, skipped = period_dates(first.journey), first.books.warm_up
        crossovers = {}
        for value, gap in zip(self.values, self.gaps, strict=True):
            if gap.paths is None:
                raise ExperimentError(f"'{self.of}' has no running sum, so nobody overtakes in it; ask for profit")
            crossovers[float(value)] = crossover(gap.paths, dates, skipped + 1)
        return crossovers

    def frame(self) -> pd.DataFrame:
        """Return the tidy table: one row per value of the rate that was run.

        Columns: rate, value, rate_unit, metric, by (month), mean, low, high (of the paired difference), unit, n,
        spend_gap (%, of budgets by that month), ahead (who surely is, "" where that is not told).
        """
        import pandas as pd

        rows = []
        for point, value in enumerate(self.values):
            one = self.difference(point)
            rows.append((self.over, float(value), self.rate_unit, self.of, self.by, one.mean, one.low, one.high,
                         one.unit, one.n, 100 * self.spend_gap(point), self.ahead(one)))  # fmt: skip
        heads = ["rate", "value", "rate_unit", "metric", "by", "mean", "low", "high", "unit", "n", "spend_gap", "ahead"]
        return pd.DataFrame(rows, columns=heads)

    def months_frame(self) -> pd.DataFrame:
        """Return the month of overtaking as a tidy table, one row per value; NaN is never, or beyond the horizon.

        Columns: rate, value, rate_unit, metric, month, earliest, latest (its 95 % interval), never (share of
        resamples), probability, probability_low, probability_high (%, of ending ahead), n.
        """
        import pandas as pd

        rows = []
        for value, one in self.months().items():
            chance = one.probability
            ends = [math.nan if end is None else end for end in (one.month, one.earliest, one.latest)]
            rows.append((self.over, value, self.rate_unit, self.of, *ends, one.never, chance.mean, chance.low,
                         chance.high, chance.n))  # fmt: skip
        heads = ["rate", "value", "rate_unit", "metric", "month", "earliest", "latest", "never", "probability",
                 "probability_low", "probability_high", "n"]  # fmt: skip
        return pd.DataFrame(rows, columns=heads)

    def ahead(self, gap: Estimate) -> str:
        """Return who is surely ahead by a difference; "" where its interval holds zero."""
        if gap.low > 0 or gap.high < 0:
            return self.names[1] if gap.mean > 0 else self.names[0]
        return ""

    def shown(self, value: float, unit: bool = False) -> str:
        """Return a value of the rate with as many digits as its interval bears, with its unit where asked for."""
        return rate_shown(value, self._digits, self.rate_unit if unit else "")

    @property
    def _digits(self) -> int:
        lengths = [one.high - one.low for one in (self.crossings or self.stretches)]
        widths = [width for width in lengths if 0 < width < math.inf]
        span = self.between[1] - self.between[0]
        width = max(min([*widths, span / 10]), 2 * TOLERANCE * span)
        return max(0, -math.floor(math.log10(width / 2)))

    def answer(self) -> str:
        """Return the answer in words: from which value on who is ahead, and how that compares with today."""
        points = [self.nearest_point(self.root.value)] if self.root else range(len(self.values))
        gaps = [self.spend_gap(point) for point in points]
        unequal = self._unequal(min(gaps), max(gaps)) if max(map(abs, gaps)) > SPEND_TOLERANCE else ""
        return f"{self._crossing_words()} {self._now()} {unequal}".rstrip()

    def _crossing_words(self) -> str:
        a, b = called(self.names[1], True), called(self.names[0])
        rate, span = self.over.replace("_", " "), " to ".join(self.shown(end) for end in self.between)
        tried = f"{rate} {with_unit_words(span, self.rate_unit)}"
        has = f"{a} has {more_of(self.label, self.unit)} than {b} by month {self.by}"
        if self.root is not None:
            one = self.root
            side = "at least" if one.rises else "at most"
            text = f"{has} when {rate} is {side} {self.shown(one.value, True)} ({self._interval(one)})"
            return f"{text}, at today's other figures."
        if self.crossings:
            at = "; ".join(
                f"{'overtakes' if one.rises else 'falls behind'} at {self.shown(one.value)} ({self._interval(one)})"
                for one in self.crossings
            )
            who = f"{a} changes places with {b} {len(self.crossings)} times in {self.label.lower()} by month {self.by}"
            return f"{who} within {tried}: it {at}. {self._surely()}"
        ends = [self.difference(point) for point in (0, -1)]
        if all(np.array_equal(one.values, self.gaps[0].values, equal_nan=True) for one in self.gaps):
            return f"{tried.capitalize()} makes no difference: {a} minus {b} is {signed(ends[0])} throughout."
        if max(one.mean for one in ends) <= 0:
            has = f"{called(self.names[0], True)} has {more_of(self.label, self.unit)} than {called(self.names[1])} "
            has += f"by month {self.by}"
        by = " and ".join(
            f"by {with_unit(abs(one.mean), one.unit)} at {self.shown(end)}{bounds(one)}"
            for one, end in zip(ends, self.between, strict=True)
        )
        return f"{has} at every value of {tried}, {by}. {self._surely()}".strip()

    def _surely(self) -> str:
        """Return in which stretches who is surely ahead; "" where one of them is in all."""
        if len(self.stretches) == 1 and self.stretches[0].ahead:
            return ""
        who = {1: f"{called(self.names[1])} surely ahead", -1: f"{called(self.names[0])} surely ahead", 0: "not told"}
        parts = [f"{self.shown(one.low)} to {self.shown(one.high)} {who[one.ahead]}" for one in self.stretches]
        return f"From value to value: {', '.join(parts)}."

    def _interval(self, one: Crossing) -> str:
        low, high = (self.shown(end) if math.isfinite(end) else "" for end in (one.low, one.high))
        if low and high:
            return f"95 % interval {low} to {high}"
        below, above = (self.shown(end) for end in self.between)
        return f"95 % interval {low or f'below {below}'} to {high or f'beyond {above}'}"

    def _now(self) -> str:
        values = list(self.today.values())
        if values[0] != values[1]:
            shown = " and ".join(f"{self.shown(v, True)} in {called(name)}" for name, v in self.today.items())
        else:
            shown = rate_shown(values[0], None, self.rate_unit)
        return f"Today it is {shown}, and the difference {signed(self.difference())}."

    def _unequal(self, least: float, most: float) -> str:
        """Return by how much budgets differ, at the break-even or over the range, and what could be done."""
        by = f"{least:+.1%}" if least == most else f"{least:+.1%} to {most:+.1%}"
        where = "There" if self.root else "Over this range"
        if not math.isfinite(most):
            return f"{where} {called(self.names[1])} alone has a {BUDGET}."
        text = f"{where} the {BUDGET} of {called(self.names[1])} differs by {by} from that of {called(self.names[0])}"
        if self.matched == "today":
            return f"{text}: budgets are equal today and then kept; rematch makes them equal at every value."
        return f"{text}."

    def table(self) -> pd.DataFrame:
        """Return the values first looked at, and where the lead changes, as texts.

        Difference ± half-width of its 95 % interval, who is surely ahead, by how much the budget differs, and the month
        of overtaking with its interval.
        """
        import pandas as pd

        wanted = sorted({self.nearest_point(value) for value in (*self.looked, *(c.value for c in self.crossings))})
        rows = []
        for point in wanted:
            one, value = self.difference(point), float(self.values[point])
            row = [rate_shown(value, self._digits), plus_minus(one, signed=True), self.ahead(one) or "not told",
                   apart(self.spend_gap(point))]  # fmt: skip
            if self.today_gap.paths is not None:
                row.append(month_shown(self.months()[value]))
            rows.append(row)
        gap = f"{self.names[1]} minus {self.names[0]} ({self.unit})"
        heads = [f"{self.over.replace('_', ' ')} ({self.rate_unit})", gap, "ahead", "budget", "overtakes in month"]
        return pd.DataFrame(rows, columns=heads[: len(rows[0])])

    def nearest_point(self, value: float) -> int:
        """Return the index of the value run that is nearest to one."""
        return int(np.argmin(np.abs(self.values - value)))

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        return f"By month {self.by}, mean ± half-width of its 95 % interval, n = {len(self.today_gap.values):,}"

    def details(self) -> dict[str, Any]:
        """Return today's difference, where the lead changes, who is ahead between, and the month of overtaking."""
        parts = {"rate_unit": self.rate_unit, "today": self.today, "today_gap": self.difference(),
                 "crossings": self.crossings, "stretches": self.stretches}  # fmt: skip
        months = {"months": self.months_frame().to_dict("records")} if self.today_gap.paths is not None else {}
        return {**parts, **months}


@verb({"between": "values=['80 %', '95 %']"}, by=BY, points=takes.whole(3, 1000, "9"),
      rematch=takes.YES_OR_NO)  # fmt: skip
def breakeven(
    model: Model,
    of: str = "profit",
    over: str = "retention",
    *,
    strategies: Strategies = None,
    values: Values | None = None,
    by: int | str | None = None,
    points: int = 9,
    rematch: bool = False,
    replications: int = 200,
    **how: Unpack[How],
) -> BreakEven:
    """Find the value of a rate at which one strategy overtakes another.

    Parameters
    ----------
    model, of, over
        The scenario, its name or its path; a metric; and a named chance, rate or money, whose whole family moves with
        it in both strategies. Where the rate is uncertain, each value is held as known.
    strategies
        The one held against, and the one it is about; the file's reference and its last other one unless given.
    values
        Two ends, or all values to look at first; in the rate's own unit (fractions for chances), as texts, or as
        ``80 %:95 %``; a range around today's unless given. Two changes of lead between neighbours are not seen.
    by
        The month by which the metric is added up: a number, or a text such as ``24 months``; the horizon unless given.
    points
        At how many values between two ends to look first.
    rematch
        Whether a spend that is ``matched`` is solved for anew as the rate moves, so that budgets are equal at every
        value. Without it, it is solved for at today's figures and stays, as a budget that has been decided on.
    replications, how
        As for `replicate`; the same at every value.

    Raises
    ------
    ConfigError, ExperimentError
        If there is no such rate or strategy, or a value, a metric, a month or a range is not what it should be.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> even = fs.breakeven("subscription", over="price", values=[30, 50], by="12 months", replications=10)
    >>> even.names, even.rate_unit
    (('funnel', 'flywheel'), 'per month')
    """
    seed, options = how_to_run(how)
    paired = pair_up(scenario_of(model), (over,), of, by, strategies, replications, seed, options,
                     None if values is None else {over: values})  # fmt: skip
    grid = grid_of(paired, 0, values, points)
    if rematch:
        paired.solve = solved_anew(paired, grid)
    return _along(paired, grid)


def _along(paired: Paired, grid: Sequence[float]) -> BreakEven:
    """Return where the lead changes along the values of the rate, which are run here."""
    matched = "today" if set(paired.names) & set(dict(paired.model.solved)) else ""
    low, high, factor = grid[0], grid[-1], paired.factors[0]
    with paired.beside_a_bar(len(grid)):
        base_runs, today_gap = paired.base()
        paired.run((value,) for value in grid)
        crossings, stretches = look(lambda value: paired.at((value,)), grid, factor)
    known = sorted(point for point in paired.known if low <= point[0] <= high)
    return BreakEven(
        of=paired.of, over=paired.over[0], label=base_runs[paired.names[0]].label(paired.of), unit=paired.unit,
        rate_unit=paired.units[0], by=paired.by, names=paired.names,
        between=(factor * low, factor * high), values=factor * np.array([point[0] for point in known]),
        gaps=tuple(paired.known[point] for point in known), looked=factor * np.array(grid),
        crossings=crossings, stretches=stretches,
        today={name: factor * value for name, value in zip(paired.names, paired.today[0], strict=True)},
        today_gap=today_gap, matched="anew" if paired.solve else matched, base_runs=base_runs,
    )  # fmt: skip
