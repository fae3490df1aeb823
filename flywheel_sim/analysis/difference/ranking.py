"""Which of several strategies come first, safe against looking at many pairs at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.arguments import guard
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.bands import simultaneous
from flywheel_sim.result import TAKES
from flywheel_sim.stats import Estimate, estimate_mean, with_unit

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Best = Literal["highest", "lowest"]


@guard(TAKES)
@dataclass(frozen=True)
class Ranking:
    """Strategies in the order of their means, with joint intervals of all paired differences.

    All differences lie in their intervals at once with probability ``level``: whatever is read from them, over all
    pairs together, is wrong in at most the rest of cases.

    Attributes
    ----------
    metric, unit
        What they are ranked by, and the unit of the differences.
    best
        Whether the highest or the lowest mean comes first.
    names
        In the order of the ranking.
    means
        Mean of each with its own interval, in that order.
    gaps
        For each pair of names (first, second) in that order: the mean of first less second, paired, with its
        joint interval.
    level, n
        Of the joint intervals, and replications in which all have a value.
    critical
        Standard errors from a difference to an end of its joint interval.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> order = fs.compare("subscription", replications=20).ranking("profit")
    >>> sorted(order.names)
    ['flywheel', 'funnel']
    """

    metric: str
    unit: str
    best: Best
    names: tuple[str, ...]
    means: tuple[Estimate, ...]
    gaps: Mapping[tuple[str, str], Estimate] = field(repr=False)
    level: float
    n: int
    critical: float

    def gap(self, one: str, other: str) -> Estimate:
        """Return one less another, paired, with its joint interval."""
        for name in (one, other):
            if name not in self.names:
                raise ExperimentError(f"'{name}' was not ranked; {nearest(name, self.names)}")
        if (one, other) in self.gaps:
            return self.gaps[one, other]
        if one == other:
            return Estimate(0.0, 0.0, 0.0, self.level, self.n, self.unit, sd=0.0)
        gap = self.gaps[other, one]
        return Estimate(-gap.mean, -gap.high, -gap.low, self.level, self.n, self.unit, sd=gap.sd)

    def ahead(self, one: str, other: str) -> bool:
        """Tell whether one comes before another for sure: their joint interval leaves zero out."""
        gap = self.gap(one, other)
        return gap.low > 0 if self.best == "highest" else gap.high < 0

    def ranks(self, name: str) -> tuple[int, int]:
        """Return the first and last rank a name may truly have; all names' hold at once with the level.

        From the joint intervals, as Mogstad, Romano, Shaikh and Wilhelm 2024, doi:10.1093/restud/rdad006.
        """
        others = [other for other in self.names if other != name]
        return (
            1 + sum(self.ahead(other, name) for other in others),
            len(self.names) - sum(self.ahead(name, other) for other in others),
        )

    @property
    def leaders(self) -> tuple[str, ...]:
        """Return the first and all that cannot be told apart from it."""
        first = self.names[0]
        return tuple(name for name in self.names if name == first or not self.ahead(first, name))

    def frame(self) -> pd.DataFrame:
        """Return the ranking as a table, one row a name.

        Columns: rank and mean; first_rank and last_rank, between which the true rank lies; gap to the first with the
        ends of its joint interval, low and high; leading, whether it is the first or cannot be told apart from it.
        Units and level stand in ``attrs``.
        """
        import pandas as pd

        rows = []
        for place, (name, mean) in enumerate(zip(self.names, self.means, strict=True), 1):
            gap = self.gap(name, self.names[0])
            rows.append((place, mean.mean, *self.ranks(name), gap.mean, gap.low, gap.high, name in self.leaders))
        columns = ["rank", "mean", "first_rank", "last_rank", "gap", "low", "high", "leading"]
        table = pd.DataFrame(rows, columns=columns, index=pd.Index(self.names, name="strategy"))
        units = {"mean": self.means[0].unit, "gap": self.unit}
        table.attrs = {"metric": self.metric, "units": units, "level": self.level, "n": self.n}
        return table

    def pairs(self) -> pd.DataFrame:
        """Return every paired difference with its joint interval, one row a pair, and whether it tells them apart."""
        import pandas as pd

        rows = [(a, b, e.mean, e.low, e.high, self.ahead(a, b)) for (a, b), e in self.gaps.items()]
        table = pd.DataFrame(rows, columns=["first", "second", "gap", "low", "high", "told_apart"])
        table.attrs = {"metric": self.metric, "units": {"gap": self.unit}, "level": self.level, "n": self.n}
        return table

    def __str__(self) -> str:
        first = self.names[0]
        lines = [
            f"{self.metric}, {self.best} first; joint {self.level * 100:g} % intervals of all paired differences "
            f"({len(self.gaps)}), n = {self.n:,}"
        ]
        for place, (name, mean) in enumerate(zip(self.names, self.means, strict=True), 1):
            text = f"  {place}. {name}: {with_unit(mean.mean, mean.unit)}"
            if name != first:
                gap = self.gap(name, first)
                apart = "" if self.ahead(first, name) else ", not told apart from the first"
                low, high = with_unit(gap.low, ""), with_unit(gap.high, self.unit)
                text += f", {with_unit(gap.mean, self.unit)} to the first ({low} to {high}{apart})"
            lines.append(text)
        return "\n".join(lines)


def ranking(
    values: Mapping[str, FloatArray],
    metric: str,
    unit: str,
    gap_unit: str,
    level: float = 0.95,
    best: Best = "highest",
) -> Ranking:
    """Return the ranking of several strategies run on the same replications.

    The joint intervals are Student's with the critical value of all pairs together, taken from the correlation of
    the differences (`flywheel_sim.experiment.bands.critical_value`). Tukey's method is the same for
    independent samples; here pairs share replications and luck, which the sample correlation knows.

    Parameters
    ----------
    values
        For each name one value a replication; replications in which one is not finite are left out.
    metric, unit, gap_unit
        Name and unit of the values, and unit of their differences.
    level
        With which probability all intervals hold at once.
    best
        Whether the ``highest`` or the ``lowest`` mean comes first.

    Raises
    ------
    ExperimentError
        If no replication has a value for all, or ``best`` is neither.
    """
    if best not in ("highest", "lowest"):
        raise ExperimentError(f"best is {best!r}; {nearest(str(best), ('highest', 'lowest'))}")
    table = np.column_stack(list(values.values()))
    table = table[np.isfinite(table).all(axis=1)]
    n = len(table)
    if n == 0:
        raise ExperimentError(
            f"ranking by '{metric}': no replication has a value for every strategy; rank by another metric, or run more"
        )
    means = table.mean(axis=0)
    order = np.argsort(-means if best == "highest" else means, kind="stable")
    names = [list(values)[i] for i in order]
    table = table[:, order]
    pairs = list(itertools.combinations(range(len(names)), 2))
    each = tuple(estimate_mean(column, unit, level) for column in table.T)
    if not pairs:
        return Ranking(metric, gap_unit, best, tuple(names), each, {}, level, n, math.nan)
    gaps = np.column_stack([table[:, i] - table[:, j] for i, j in pairs])
    mean, low, high, critical = simultaneous(gaps, level)
    sd = gaps.std(axis=0, ddof=1) if n > 1 else np.full(len(pairs), math.nan)
    estimates = {
        (names[i], names[j]): Estimate(float(m), float(a), float(b), level, n, gap_unit, sd=float(s))
        for (i, j), m, a, b, s in zip(pairs, mean, low, high, sd, strict=True)
    }
    return Ranking(metric, gap_unit, best, tuple(names), each, estimates, level, n, critical)
