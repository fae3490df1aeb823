"""A forecast in two layers: what chance alone makes of the rates as stated, and what not knowing the rates adds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

import numpy as np

from flywheel_sim.analysis.rates.ranges import known
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.asking import COUNT, How, Model, Strategies, how_to_run, one_of, scenario_of, verb
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.replicate import Job, replicate_jobs
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.result import Result
from flywheel_sim.stats import Estimate, between

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Forecast(Result):
    """Futures with the rates known and with the rates uncertain, on the same luck; frozen.

    Attributes
    ----------
    runs
        Replications that each draw what is not known of the rates.
    known
        The same replications with every rate at its stated value.
    uncertain
        The rates of which something is not known.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> model = fs.load("subscription").with_(conversion={"uncertain": "4 points"})
    >>> forecast = fs.forecast(model, strategies="funnel", replications=10)
    >>> forecast.chance("profit").unit, forecast.uncertain
    ('%', ('conversion',))
    """

    runs: Runs
    known: Runs
    uncertain: tuple[str, ...]

    @property
    def base_runs(self) -> Mapping[str, Runs]:
        """Return both kinds of replications by name."""
        return {"rates uncertain": self.runs, "rates as stated": self.known}

    def chance(self, metric: str) -> Estimate:
        """Return which share of a metric's variance is chance alone, in %, with its interval.

        The variance with the rates as stated per variance with them uncertain; over 100 % where what is not known
        makes the metric steadier. The interval is the jackknife's of the logarithm, over replications in which both
        have a value (Efron and Stein 1981, doi:10.1214/aos/1176345462).
        """
        from scipy import stats

        values = np.column_stack([one.values(metric) for one in (self.runs, self.known)])
        values = values[np.isfinite(values).all(axis=1)]
        n = len(values)
        if n < 3 or not values.var(axis=0).all():
            return Estimate(math.nan, math.nan, math.nan, 0.95, n, "%", "ratio of variances")
        away = (values - values.mean(axis=0)) ** 2
        whole, part = (math.log(one) for one in away.sum(axis=0) / (n - 1))
        left = np.log((away.sum(axis=0) - n / (n - 1) * away) / (n - 2))
        without = left[:, 1] - left[:, 0]
        error = math.sqrt((n - 1) / n * float(((without - without.mean()) ** 2).sum()))
        half = float(stats.t.ppf(0.975, n - 1)) * error
        share, low, high = (100 * math.exp(part - whole + shift) for shift in (0.0, -half, half))
        return Estimate(share, low, high, 0.95, n, "%", "ratio of variances")

    def frame(self) -> pd.DataFrame:
        """Return the long tidy table of both layers: one row per layer, replication and metric."""
        import pandas as pd

        parts = [runs.frame().assign(layer=name) for name, runs in self.base_runs.items()]
        return pd.concat(parts, ignore_index=True)

    def answer(self, metric: str = "profit") -> str:
        """Return in words how wide the futures are, and how much of that is not knowing the rates."""
        label, unit = self.runs.label(metric), self.runs.unit(metric)
        ends = [np.nanquantile(one.values(metric), [0.05, 0.95]) for one in (self.runs, self.known)]
        ranges = [f"{low:,.0f} to {high:,.0f} {unit}" for low, high in ends]
        share = self.chance(metric).mean
        how_much = (
            f"Chance alone makes {share:.0f} % of the variance; the rest is not knowing {', '.join(self.uncertain)}"
        )
        if math.isnan(share):
            how_much = "How much of the variance is chance these runs do not tell"
        return (
            f"{label}: 90 % of futures lie within {ranges[0]}. Were the rates known to be as stated, within "
            f"{ranges[1]}. {how_much}."
        )

    def table(self) -> pd.DataFrame:
        """Return where 90 % of futures lie in both layers, and how much of their variance is chance, as texts."""
        import pandas as pd

        rows = {}
        for metric in ("revenue", "spend", "profit"):
            ends = [np.nanquantile(one.values(metric), [0.05, 0.95]) for one in (self.known, self.runs)]
            ranges = [f"{between(low, high)}" for low, high in ends]
            share = self.chance(metric).mean
            part = "n/a" if math.isnan(share) else f"{share:.0f} %"
            rows[self.runs.label(metric)] = (*ranges, part, self.runs.unit(metric))
        heads = ["rates as stated", "rates uncertain", "of the variance chance", "unit"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=heads).rename_axis("figure")

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        return f"Between which values 90 % of futures lie, n = {self.runs.n:,} in each layer"

    def rows(self) -> pd.DataFrame:
        """Return every metric of both layers with its mean and interval."""
        import pandas as pd

        return pd.concat([runs.rows().assign(layer=name) for name, runs in self.base_runs.items()])


@verb(replications=COUNT)
def forecast(
    model: Model,
    *,
    strategies: Strategies = None,
    replications: int = 200,
    **how: Unpack[How],
) -> Forecast:
    """Run a strategy with its rates uncertain, and again with all of them at their stated values.

    Parameters
    ----------
    model
        The scenario, its name or its path.
    strategies
        One of its strategies; the file as written unless given. A spend that is ``matched`` is solved for once, with
        the rates uncertain.
    replications, how
        How often it is run, and how (``docs/asking.md``).

    Raises
    ------
    ExperimentError
        If no rate of the strategy is uncertain.
    ConfigError
        If there is no such strategy.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> model = fs.load("subscription").with_(conversion={"uncertain": "4 points"})
    >>> forecast = fs.forecast(model, strategies="funnel", replications=10)
    >>> list(forecast.base_runs), forecast.known.n
    (['rates uncertain', 'rates as stated'], 10)
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    strategy = one_of(scenario, strategies, "fs.forecast")
    written = scenario.unmatched_journey(strategy)
    if not written.uncertain:
        raise ExperimentError(
            f"nothing in '{written.name}' is uncertain, so all there is to see is chance, which replicate shows; say "
            "of a rate what is not known, such as retention: {value: 91 % per month, uncertain: [88 %, 94 %]}"
        )
    matched, _ = with_budgets(scenario, [strategy], seed, options)
    journey = matched.journey(strategy)
    stated = known(matched, [strategy]).journey(strategy)
    root = journey.seed if seed is None else seed
    runs, sure = replicate_jobs([Job(journey, root), Job(stated, root)], replications, options)
    return Forecast(runs, sure, tuple(rate.name for rate in journey.uncertain))
