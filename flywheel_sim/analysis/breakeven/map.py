"""Who wins where, as two rates move: a map of paired differences, and the line on which both come out alike."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import NDArray

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.breakeven.bounds import more_of, rate_shown, with_unit_words
from flywheel_sim.analysis.breakeven.runs import BY, Paired, Values, grid_of, pair_up
from flywheel_sim.analysis.breakeven.search import Crossing, look
from flywheel_sim.arguments import shown
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.asking import NAME, VALUES, How, Model, Strategies, how_to_run, scenario_of, verb
from flywheel_sim.experiment.bands import simultaneous
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.result import Result
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean
from flywheel_sim.wording import called, signed

if TYPE_CHECKING:
    import pandas as pd


#: Most cells of a map: each is run, and all have joint intervals.
MOST_CELLS = 400


@dataclass(frozen=True)
class BreakEvenMap(Result):
    """Who is ahead at every pair of values of two rates; frozen.

    Attributes
    ----------
    of, over
        The metric, and both rates: that of the line's height first.
    label, unit, rate_units
        How the metric is called, the unit of a difference, and those of both rates; chances are shown in %.
    by
        The month by which figures are taken.
    names
        The strategy held against, and the one it is about.
    values
        For each rate the values of the map, ascending.
    gaps
        Paired differences, shape (values of the first, values of the second, replications).
    lines
        For each value of the second rate, the values of the first at which the mean difference changes its sign; their
        intervals hold one by one, not together.
    today
        For each rate today's value, NaN where it is not the same in both strategies.
    today_gap
        The difference today.
    base_runs
        The runs at today's figures.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> values = {"retention": ["85 %", "90 %", "95 %"], "price": [30, 40, 50]}
    >>> plane = fs.breakeven_map("subscription", over=["retention", "price"], values=values, replications=3)
    >>> plane.mean.shape
    (4, 4)
    """

    of: str
    over: tuple[str, str]
    label: str
    unit: str
    rate_units: tuple[str, str]
    by: int
    names: tuple[str, str]
    values: tuple[FloatArray, FloatArray]
    gaps: FloatArray = field(repr=False)
    lines: tuple[tuple[Crossing, ...], ...]
    today: tuple[float, float]
    today_gap: Estimate
    base_runs: Mapping[str, Runs] = field(repr=False)

    @property
    def mean(self) -> FloatArray:
        """Return the mean difference of every cell; shape (values of the first, values of the second)."""
        return np.asarray(self.gaps.mean(axis=2))

    @cached_property
    def ends(self) -> tuple[FloatArray, FloatArray]:
        """Return both ends of joint intervals, which hold the true differences of all cells at once with 95 %."""
        shape = self.gaps.shape
        _, low, high, _ = simultaneous(self.gaps.reshape(-1, shape[2]).T)
        return low.reshape(shape[:2]), high.reshape(shape[:2])

    @property
    def ahead(self) -> NDArray[np.int64]:
        """Return who is ahead in every cell by the joint intervals: 1 or -1, and 0 where that is not told apart."""
        low, high = self.ends
        return (low > 0).astype(np.int64) - (high < 0).astype(np.int64)

    def frame(self) -> pd.DataFrame:
        """Return the cells as a tidy table.

        Columns: one for each rate, metric, by, mean, low, high (joint intervals), unit, n, ahead (a name, "" where not
        told apart).
        """
        import pandas as pd

        rows, who = [], {1: self.names[1], -1: self.names[0], 0: ""}
        low, high = self.ends
        for (i, a), (j, b) in itertools.product(*map(enumerate, self.values)):
            rows.append((float(a), float(b), self.of, self.by, self.mean[i, j], low[i, j], high[i, j], self.unit,
                         self.gaps.shape[2], who[int(self.ahead[i, j])]))  # fmt: skip
        heads = [*self.over, "metric", "by", "mean", "low", "high", "unit", "n", "ahead"]
        return pd.DataFrame(rows, columns=heads)

    def line_frame(self) -> pd.DataFrame:
        """Return the break-even line as a tidy table, one row per value of the second rate and change of lead.

        Columns: the second rate, the first rate, low, high (its interval; infinite beyond the range), rises (whether
        the strategy is ahead above it), rate_unit.
        """
        import pandas as pd

        rows = [
            (float(at), one.value, one.low, one.high, one.rises, self.rate_units[0])
            for at, crossings in zip(self.values[1], self.lines, strict=True) for one in crossings
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=[self.over[1], self.over[0], "low", "high", "rises", "rate_unit"])

    def answer(self) -> str:
        """Return the answer in words: where who wins, and how the line lies."""
        total = self.ahead.size
        wins, loses = int((self.ahead == 1).sum()), int((self.ahead == -1).sum())
        first, second = (name.replace("_", " ") for name in self.over)
        a, b = called(self.names[1], True), called(self.names[0])
        text = (
            f"{a} has {more_of(self.label, self.unit)} than {b} by month {self.by} in {wins} of {total} cells of "
            f"{first} and {second}, less in {loses}, and is not told apart in {total - wins - loses} (joint intervals)."
        )
        ends = [(at, line[0]) for at, line in zip(self.values[1], self.lines, strict=True) if len(line) == 1]
        if not any(self.lines):
            text += " No change of lead lies within the map."
        elif len(ends) > 1 and len({one.rises for _, one in ends}) == 1:
            side = "at least" if ends[0][1].rises else "at most"
            wanted = " and ".join(
                f"{self._shown(0, one.value, True)} at {second} {self._shown(1, float(at), True)}"
                for at, one in (ends[0], ends[-1])
            )
            text += f" It takes {first} of {side} {wanted}."
        else:
            text += " The lead changes more than once along some lines of the map, or not in the same direction."
        now = " and ".join(
            f"{name.replace('_', ' ')} {self._shown(i, value, True)}"
            for i, (name, value) in enumerate(zip(self.over, self.today, strict=True)) if math.isfinite(value)
        )  # fmt: skip
        return f"{text} Today{f', at {now},' if now else ''} the difference is {signed(self.today_gap)}."

    def _shown(self, which: int, value: float, unit: bool = False) -> str:
        values = self.values[which]
        digits = max(0, 1 - math.floor(math.log10(values[-1] - values[0])))
        return rate_shown(value, digits, self.rate_units[which] if unit else "")

    def table(self) -> pd.DataFrame:
        """Return the break-even line as texts: for each value of the second rate the first's, with its interval."""
        import pandas as pd

        first, second = (
            with_unit_words(name.replace("_", " "), f"({unit})" if unit != "as stated" else "")
            for name, unit in zip(self.over, self.rate_units, strict=True)
        )
        rows = []
        for at, crossings in zip(self.values[1], self.lines, strict=True):
            text = "; ".join(
                f"{'at least' if one.rises else 'at most'} {self._shown(0, one.value)} "
                f"({self._end(one.low)} to {self._end(one.high)})" for one in crossings
            )  # fmt: skip
            if crossings and all(math.isinf(one.low) and math.isinf(one.high) for one in crossings):
                text = f"not told; the mean turns at {', '.join(self._shown(0, one.value) for one in crossings)}"
            column = self.mean[:, list(self.values[1]).index(at)]
            always = f"{called(self.names[1 if column[0] > 0 else 0])} ahead throughout"
            rows.append([self._shown(1, float(at)), text or always])
        return pd.DataFrame(rows, columns=[second, f"{self.names[1]} ahead at {first}"])

    def _end(self, value: float) -> str:
        return self._shown(0, value) if math.isfinite(value) else "below the map" if value < 0 else "beyond the map"

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        return f"By month {self.by}, 95 % intervals of each line's values, n = {self.gaps.shape[2]:,}"

    def details(self) -> dict[str, Any]:
        """Return units, today's difference, and the line on which both come out the same."""
        return {"rate_units": self.rate_units, "today": self.today, "today_gap": self.today_gap,
                "line": self.line_frame().to_dict("records")}  # fmt: skip


@verb({"between": "values={'retention': ['80 %', '95 %']}"},
      over=takes.listed(NAME, "two names of rates", "['retention', 'invites']", 2, 2), by=BY,
      values=takes.optional(takes.mapped(VALUES, "values for each rate", "{'retention': ['80 %', '95 %']}")),
      points=takes.whole(3, 1000, "9"))  # fmt: skip
def breakeven_map(
    model: Model,
    of: str = "profit",
    over: Sequence[str] = (),
    *,
    strategies: Strategies = None,
    values: Mapping[str, Values] | None = None,
    by: int | str | None = None,
    points: int = 9,
    replications: int = 50,
    **how: Unpack[How],
) -> BreakEvenMap:
    """Show who wins at every pair of values of two rates, and the line between.

    Parameters
    ----------
    model, of
        As for `breakeven`.
    over
        Two named rates. The line is found along the first, for each value of the second.
    strategies
        As for `breakeven`. A spend that is ``matched`` is solved for at today's figures and stays.
    values
        For a rate its values, as for `breakeven`: ``{"retention": ["80 %", "95 %"]}``; a range around today's
        unless given. Today's is added.
    by, points
        As for `breakeven`; and how many values lie between two ends of each rate.
    replications, how
        As for `replicate`; the same in every cell.

    Raises
    ------
    ConfigError, ExperimentError
        As `breakeven`, or if there are not two rates, or too many cells.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> grid = fs.breakeven_map("subscription", over=["retention", "price"], by="6 months", replications=4,
    ...                         values={"retention": ["85 %", "90 %", "95 %"], "price": [30, 40, 50]})
    >>> grid.rate_units
    ('% per month', 'per month')
    """
    seed, options = how_to_run(how)
    given = dict(values or {})
    _check(over, given)
    paired = pair_up(scenario_of(model), over, of, by, strategies, replications, seed, options, given)
    grids = _grids(paired, given, points)
    with paired.beside_a_bar(len(grids[0]) * len(grids[1])):
        base_runs, today_gap = paired.base()
        paired.run(itertools.product(*grids))
        lines = tuple(_line(paired, grids[0], y) for y in grids[1])
    return BreakEvenMap(
        of=of, over=(over[0], over[1]), label=base_runs[paired.names[0]].label(of), unit=paired.unit,
        rate_units=(paired.units[0], paired.units[1]), by=paired.by, names=paired.names,
        values=(paired.factors[0] * np.array(grids[0]), paired.factors[1] * np.array(grids[1])),
        gaps=_gaps(paired, grids), lines=lines,
        today=_today(paired), today_gap=estimate_mean(today_gap.values, paired.unit), base_runs=base_runs,
    )  # fmt: skip


def _check(over: Sequence[str], values: Mapping[str, Values]) -> None:
    """Refuse what are not two rates, and values of another."""
    if len(over) != 2 or over[0] == over[1]:
        raise ExperimentError(f"over is {shown(over)}: a map takes two different rates; write ['retention', 'invites']")
    if strange := [name for name in values if name not in over]:
        raise ExperimentError(
            f"values are of '{strange[0]}', which the map does not run over; it takes {over[0]}, {over[1]}"
        )


def _grids(paired: Paired, values: Mapping[str, Values], points: int) -> list[list[float]]:
    """Return the values of both rates; refuse more cells than are run."""
    grids = [grid_of(paired, i, values.get(name), points) for i, name in enumerate(paired.over)]
    if (cells := math.prod(map(len, grids))) > MOST_CELLS:
        raise ExperimentError(f"{cells} cells are more than {MOST_CELLS}; take fewer values")
    return grids


def _today(paired: Paired) -> tuple[float, float]:
    """Return today's values as shown, NaN where strategies differ in it."""
    first, second = (factor * one if one == other else math.nan
                     for factor, (one, other) in zip(paired.factors, paired.today, strict=True))  # fmt: skip
    return first, second


def _gaps(paired: Paired, grids: Sequence[Sequence[float]]) -> FloatArray:
    """Return the differences of all cells; refuse a metric that is not finite in one of them."""
    gaps = np.array([[paired.known[x, y].values for y in grids[1]] for x in grids[0]])
    if not np.isfinite(gaps).all():
        raise ExperimentError(f"'{paired.of}' has no finite difference in every replication of every cell; "
                              "take another metric")  # fmt: skip
    return gaps


def _line(paired: Paired, grid: Sequence[float], at: float) -> tuple[Crossing, ...]:
    """Return where the lead changes along the first rate, at a value of the second."""
    return look(lambda value: paired.at((value, at)), grid, paired.factors[0])[0]
