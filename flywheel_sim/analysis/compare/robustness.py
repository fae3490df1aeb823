"""What becomes of a lead when every figure may be a little off: the second line of a comparison.

How often one strategy ends ahead is luck around figures that are all assumed. Here the same people meet the same luck
once more while each future draws every rate anew, so that what changes a lead is the figures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from flywheel_sim.analysis.difference.verdict import count_of
from flywheel_sim.analysis.rates.doubts import doubted
from flywheel_sim.analysis.rates.ranges import Range
from flywheel_sim.experiment.plan import Plan
from flywheel_sim.experiment.running import RunOptions
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, FloatArray, estimate_probability, gap_unit
from flywheel_sim.wording import joined

if TYPE_CHECKING:
    import pandas as pd

#: Replications of the second line at most: each draws rates anew, which takes longer than to run them.
FUTURES = 100

#: Rates named in a sentence.
_NAMED = 2

#: Points between the shares of both halves of a range from which on a rate is said to turn a lead.
_SEEN = 10.0

#: Degrees of freedom left from which on all rates are regressed on together.
_FREEDOM = 20

#: How a sentence calls a share that figures may be off.
_SHARES = {0.5: "half", 0.25: "a quarter", 0.2: "a fifth", 0.1: "a tenth", 0.05: "a twentieth"}


@dataclass(frozen=True)
class Turn:
    """What one rate does to a lead when all are off.

    Attributes
    ----------
    range
        Between which values it was drawn.
    swing
        What the difference changes by from the low to the high end of that range, with an interval for this rate alone.
    low, high
        In which share of the futures one ends ahead, %, of those that draw it in the lower and in the upper half.
    told
        Whether it is told from luck that the rate bears on the difference, looking at all rates at once.
    """

    range: Range
    swing: Estimate
    low: Estimate
    high: Estimate
    told: bool

    @property
    def apart(self) -> float:
        """Return how far the shares of both halves are apart, in points; 0 where a half has no future."""
        return abs(self.high.mean - self.low.mean) if self.low.n and self.high.n else 0.0

    def __str__(self) -> str:
        return (
            f"{self.range.name} (ahead in {self.low.mean:.0f} % of futures where it is low, {self.high.mean:.0f} % "
            "where it is high)"
        )


@dataclass(frozen=True)
class Robustness:
    """How often one strategy ends ahead of another with the figures as stated, and with all of them a little off.

    Attributes
    ----------
    of, against, metric, unit
        Who is held against whom, by what, and the unit of their difference.
    off_by
        How far a figure may be off of which the file says nothing; what it calls ``uncertain`` varies as it says.
    ranges, kept
        Of the rates that vary; and the rates that stay as they are, because no journey could have them off.
    stated, off
        The difference with the figures as stated and with the figures off, shape (replications,) each.
    draws
        Of each rate where in its range every future drew it, from 0 to 1, shape (replications,).
    """

    of: str
    against: str
    metric: str
    unit: str
    off_by: float
    ranges: Mapping[str, Range] = field(repr=False)
    kept: tuple[str, ...]
    stated: FloatArray = field(repr=False)
    off: FloatArray = field(repr=False)
    draws: Mapping[str, FloatArray] = field(repr=False)

    @property
    def probability(self) -> Estimate:
        """Return in which share of futures it ends ahead when the figures are off, %."""
        return estimate_probability(self.off > 0)

    def turns(self) -> tuple[Turn, ...]:
        """Return what each rate does to the lead, what turns it most first.

        Swings are the coefficients of a regression of the difference on where in their ranges the rates were drawn, all
        together; one by one where futures are too few for that. Taken is the change from the figures as stated on the
        same people, which is free of most of the luck; of rates that are ``uncertain`` in the file, and so vary in
        both, the difference itself. A rate is told from luck by Student's test with the level divided by the number of
        rates (Bonferroni). Most is the difference between the shares of futures in both halves of the range.
        """
        turns = []
        for (name, one), (slope, error, freedom) in zip(self.ranges.items(), self._slopes(), strict=True):
            lower = self.draws[name] < 0.5
            low, high = (estimate_probability(self.off[half] > 0) for half in (lower, ~lower))
            reach, strict = (_student(1 - share / 2, freedom) for share in (0.05, 0.05 / len(self.ranges)))
            swing = Estimate(
                slope, slope - reach * error, slope + reach * error, 0.95, len(self.off), self.unit, "slope"
            )
            turns.append(Turn(one, swing, low, high, abs(slope) > strict * error))
        return tuple(sorted(turns, key=lambda one: (not one.told, -one.apart)))

    def _slopes(self) -> list[tuple[float, float, int]]:
        """Return for each rate its coefficient, the standard error of that, and its degrees of freedom."""
        drawn = np.column_stack([self.draws[name] for name in self.ranges])
        together = len(self.off) - drawn.shape[1] - 1 >= _FREEDOM
        change, whole = (_regressed(drawn, values, together) for values in (self.off - self.stated, self.off))
        picked = [one.uncertain is not None for one in self.ranges.values()]
        return [whole[at] if declared else change[at] for at, declared in enumerate(picked)]

    def sentence(self) -> str:
        """Return in words how often it ends ahead when the figures are off, and which of them turn it most."""
        share = _SHARES.get(self.off_by, f"{100 * self.off_by:.3g} %")
        count = f"in {count_of(self.probability)} if each figure may be {share} off"
        if not 0 < self.probability.mean < 100:
            return f"{count}."
        turning = [one for one in self.turns() if one.told and one.apart >= _SEEN][:_NAMED]
        if not turning:
            return f"{count}, and no single figure is seen to turn it."
        return f"{count}. What turns it most: {joined([str(one) for one in turning])}."

    def frame(self) -> pd.DataFrame:
        """Return one row a rate, what turns the lead most first.

        Columns: rate, from, to (as the file would write it), source of the range, swing of the difference with low and
        high of its interval, unit, ahead_low and ahead_high (%, of the futures in which the rate is low or high), told.
        """
        import pandas as pd

        rows = [
            (one.range.name, one.range.text(one.range.low), one.range.text(one.range.high), one.range.source,
             one.swing.mean, one.swing.low, one.swing.high, self.unit, one.low.mean, one.high.mean, one.told)
            for one in self.turns()
        ]  # fmt: skip
        columns = ["rate", "from", "to", "source", "swing", "low", "high", "unit", "ahead_low", "ahead_high", "told"]
        return pd.DataFrame(rows, columns=columns)

    def details(self) -> dict[str, object]:
        """Return what JSON holds of it."""
        return {"of": self.of, "against": self.against, "off_by": self.off_by, "ahead": self.probability,
                "kept": self.kept, "rates": self.frame().to_dict("records")}  # fmt: skip

    @property
    def note(self) -> str:
        """Return what was varied, and on what."""
        kept = (
            f"; kept as stated, since they cannot be off, or not beside others: {joined(self.kept)}"
            if self.kept
            else ""
        )
        return (
            f"{len(self.ranges)} rates drawn anew in each of {len(self.off):,} futures, on the same people with the "
            f"same luck, spends as decided on today's figures{kept}"
        )


def _regressed(drawn: FloatArray, values: FloatArray, together: bool) -> list[tuple[float, float, int]]:
    """Return the least-squares slope of values over each column, its standard error and its degrees of freedom."""
    if not together:
        return [_regressed(drawn[:, [at]], values, True)[0] for at in range(drawn.shape[1])]
    away, left = drawn - drawn.mean(axis=0), values - values.mean()
    freedom = len(values) - drawn.shape[1] - 1
    if freedom < 1:
        return [(math.nan, math.nan, 1)] * drawn.shape[1]
    inverse = np.linalg.pinv(away.T @ away)
    slopes = inverse @ (away.T @ left)
    rest = left - away @ slopes
    errors = np.sqrt(np.diag(inverse) * float(rest @ rest) / freedom)
    return [(float(slope), float(error), freedom) for slope, error in zip(slopes, errors, strict=True)]


def _student(share: float, freedom: int) -> float:
    from scipy import stats

    return float(stats.t.ppf(share, freedom))


def robustness(
    sides: Mapping[str, tuple[Scenario, str | None]],
    stated: Mapping[str, Runs],
    of: str,
    against: str,
    off_by: float,
    options: RunOptions,
    metric: str = "profit",
) -> Robustness | None:
    """Run two strategies with every figure a little off; None where no rate could be.

    Parameters
    ----------
    sides, stated
        By name the scenario and strategy, and the runs with the figures as stated.
    of, against, metric
        Who is held against whom, and by what.
    off_by
        How far a figure may be off of which the file says nothing.
    options
        How to run.

    Raises
    ------
    ExperimentError
        If ``off_by`` is no share.
    LimitReached
        If a run meets a limit.
    """
    doubts = doubted({name: sides[name] for name in (of, against)}, off_by)
    if doubts is None:
        return None
    one, other = stated[of], stated[against]
    seed, n = one.source.seed, min(one.n, FUTURES)
    plan: Plan[str] = Plan(seed)
    for name, journey in doubts.journeys.items():
        plan.add(name, journey)
    off, _ = plan.run(n, options, lambda runs: runs.values(metric))
    gap = (one.values(metric) - other.values(metric))[:n]
    unit = gap_unit(one.unit(metric))
    return Robustness(of, against, metric, unit, off_by, doubts.ranges, doubts.kept, gap, off[of] - off[against],
                      doubts.draws(seed, n))  # fmt: skip
