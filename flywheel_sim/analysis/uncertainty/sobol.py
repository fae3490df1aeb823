"""Which rates the variance between futures comes from, with all of them moving at once, and how much of it is chance.

Global sensitivity (Sobol' 2001, doi:10.1016/S0378-4754(00)00270-6; Saltelli et al. 2010,
doi:10.1016/j.cpc.2009.09.018): every design point runs the same replications, and luck is kept out of the indices.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Unpack

from flywheel_sim.analysis.rates.ranges import STEP, Ends
from flywheel_sim.analysis.uncertainty.indices import Indices, refuse_points, sobol_of
from flywheel_sim.analysis.uncertainty.many_rates import HowSwept, ManyRates, over_ranges
from flywheel_sim.analysis.uncertainty.tornado import ENDS, FORMER, RATES, SHARE
from flywheel_sim.experiment.asking import COUNT, NAMES, STORED, HowStored, Model, Strategies, verb
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.stats import Estimate, plus_minus, with_unit

if TYPE_CHECKING:
    import pandas as pd

#: Rates named in an answer, and the total index below which one hardly matters.
_NAMED, _HARDLY = 3, 0.01


@dataclass(frozen=True)
class Sobol(ManyRates):
    """Indices of metrics over the ranges of rates, and how much of their variance is chance; frozen.

    Attributes
    ----------
    points, runs, n
        Base points; design points run, twice as many where two strategies are; replications of each.
    indices
        For each metric its indices, in the order of ``ranges``. They are of the metric's expectation; the interval
        takes resampled base points (as SALib's does) and the replications.
    base_runs
        The runs with every rate at its stated value, by strategy.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> shares = fs.sobol("subscription", over="price", strategies="funnel", n=2, replications=3)
    >>> shares.order(), shares.chance().unit
    (['price'], '%')
    """

    points: int
    runs: int
    n: int
    indices: Mapping[str, Indices] = field(repr=False)
    base_runs: Mapping[str, Runs] = field(repr=False)

    def first(self, rate: str, metric: str | None = None) -> Estimate:
        """Return the first-order index: which share of the variance goes, on average, once this rate is known."""
        return self.indices[self._metric(metric)].first[self._rate(rate)]

    def total(self, rate: str, metric: str | None = None) -> Estimate:
        """Return the total index: which share of the variance stays, on average, once all other rates are known."""
        return self.indices[self._metric(metric)].total[self._rate(rate)]

    def chance(self, metric: str | None = None) -> Estimate:
        """Return which share of the whole variance is chance, in %; the rest is not knowing the rates."""
        return self.indices[self._metric(metric)].chance_share

    def unknown(self, metric: str | None = None) -> Estimate:
        """Return which share of the whole variance is not knowing the rates, in %."""
        chance = self.chance(metric)
        return Estimate(100 - chance.mean, 100 - chance.high, 100 - chance.low, chance.level, chance.n, "%", chance.of)

    def sizes(self, metric: str | None = None) -> tuple[Estimate, ...]:
        """Return the total index of each rate."""
        return self.indices[self._metric(metric)].total

    def answer(self, metric: str | None = None) -> str:
        """Return in words how much is chance, which rates make the rest, and which hardly matter."""
        name = self._metric(metric)
        indices, what = self.indices[name], f"{self.labels[name]} ({self.subject})"
        if not indices.known.mean > 0:
            return f"{what}: these runs do not show that it depends on any of the {len(self.ranges)} rates."
        sd = [with_unit(math.sqrt(max(0.0, one.mean)), self.units[name]) for one in (indices.known, indices.chance)]
        order = self.order(name)
        most = [f"{rate} {100 * self.total(rate, name).mean:.0f} %" for rate in order[:_NAMED]]
        text = (
            f"{what}: {self.unknown(name).mean:.0f} % of the variance between futures is not knowing "
            f"{len(order)} rates (standard deviation {sd[0]}), {self.chance(name).mean:.0f} % is chance ({sd[1]}). "
            f"Of the former, {', '.join(most)}, each with what it does together with others."
        )
        hardly = [rate for rate in order if self.total(rate, name).high < _HARDLY]
        return f"{text} Below 1 % each: {', '.join(hardly)}." if hardly else text

    def frame(self) -> pd.DataFrame:
        """Return every figure as a tidy table: metric, rate, figure, value with the ends of its interval, unit, n.

        Figures are ``first``, ``total`` (shares of the variance of the expectation); without a rate, ``variance
        known`` (of the expectation over the ranges), ``variance chance`` (mean within a design point), ``chance``.
        """
        import pandas as pd

        rows = []
        for name, indices in self.indices.items():
            figures = [(rate, kind, one) for kind in ("first", "total")
                       for rate, one in zip(self.ranges, getattr(indices, kind), strict=True)]  # fmt: skip
            figures += [("", "variance known", indices.known), ("", "variance chance", indices.chance)]
            figures += [("", "chance", indices.chance_share)]
            rows += [(name, rate, kind, e.mean, e.low, e.high, e.level, e.unit, e.n) for rate, kind, e in figures]
        columns = ["metric", "rate", "figure", "value", "low", "high", "level", "unit", "n"]
        return pd.DataFrame(rows, columns=columns)

    def table(self, metric: str | None = None) -> pd.DataFrame:
        """Return one row a rate as texts, largest first: its range, and both indices ± half of their intervals."""
        import pandas as pd

        rows = {}
        for rate in self.order(metric):
            one = self.ranges[rate]
            rows[rate] = (one.shown(one.low), one.shown(one.today), one.shown(one.high), one.words,
                          plus_minus(self.first(rate, metric)), plus_minus(self.total(rate, metric)),
                          one.source)  # fmt: skip
        columns = ["low", "today", "high", "unit", "first order", "total", "range"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("rate")

    @property
    def note(self) -> str:
        """Return what the figures are."""
        return (
            "Shares of the variance of the expectation ± half of their 95 % interval (resampled base points, "
            f"replications left out one by one); {self.points:,} base points, {self.runs:,} design points, "
            f"{self.n:,} replications of each"
        )


@verb(FORMER, STORED, of=NAMES, over=RATES, values=ENDS, step=SHARE, n=COUNT, replications=COUNT)
def sobol(
    model: Model,
    of: str | Sequence[str] = "profit",
    over: str | Sequence[str] | None = None,
    *,
    strategies: Strategies = None,
    values: Mapping[str, Ends] | None = None,
    step: float = STEP,
    n: int = 1024,
    replications: int = 20,
    **how: Unpack[HowStored],
) -> Sobol:
    """Divide the variance of metrics among rates that all move at once, and chance.

    Parameters
    ----------
    model, of, over, strategies, values, step
        As for `tornado`; and metrics may be several. What is ``uncertain`` in the file is drawn from its distribution;
        all between other ends is equally likely. Rates are independent.
    n
        Base points of the scrambled Sobol sequence, a power of two; ``n * (rates + 2)`` design points are run.
    replications
        Of each design point, the same at all; at least 3.
    how
        As for `sweep`: among others a ``store`` that keeps every finished batch, and whether to ``resume`` it; the
        compiled engine alone runs them. The seed is that of the luck and of the scrambling.

    Raises
    ------
    ConfigError, ExperimentError, DataError
        If something asked for is not there, ``n`` is no power of two, a range is none, a design point cannot be
        run, or the store is not what it should be.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> shares = fs.sobol("subscription", over=["price", "retention"], strategies="funnel", n=2, replications=3)
    >>> list(shares.ranges), shares.runs
    (['retention', 'price'], 8)
    """
    swept = HowSwept.of(how)
    refuse_points(n)
    asked = over_ranges(model, of, over, strategies, values, step, replications, swept)
    indices = sobol_of(asked.evaluate, len(asked.rates), n, asked.seed, [asked.units[name] for name in asked.of])
    return Sobol(
        of=asked.of,
        labels=asked.labels,
        units=asked.units,
        subject=asked.subject,
        ranges=asked.rates,
        points=n,
        runs=n * (len(asked.rates) + 2) * len(asked.names),
        n=replications,
        indices=dict(zip(asked.of, indices, strict=True)),
        base_runs=asked.base_runs,
    )
