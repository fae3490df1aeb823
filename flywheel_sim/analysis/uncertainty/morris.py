"""A first look at many rates for few runs: what each does at many places, and whether it does the same everywhere.

Elementary effects (Morris 1991, doi:10.1080/00401706.1991.10484804) along walks through the ranges; every design point
runs the same replications.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Unpack

from flywheel_sim.analysis.rates.ranges import STEP, Ends
from flywheel_sim.analysis.uncertainty.indices import ElementaryEffects, morris_of, refuse_walks
from flywheel_sim.analysis.uncertainty.many_rates import HowSwept, ManyRates, over_ranges
from flywheel_sim.analysis.uncertainty.tornado import ENDS, FORMER, RATES, SHARE
from flywheel_sim.experiment.asking import COUNT, NAMES, STORED, HowStored, Model, Strategies, verb
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.stats import Estimate, figure, plus_minus, with_unit

if TYPE_CHECKING:
    import pandas as pd

#: Rates named in an answer.
_NAMED = 3


@dataclass(frozen=True)
class Morris(ManyRates):
    """Elementary effects of rates on metrics; frozen.

    Attributes
    ----------
    trajectories, levels, runs, n
        Walks, levels of each rate, design points run, replications of each.
    effects
        For each metric its effects, in the order of ``ranges``: what the metric would change by if a rate went from
        the low to the high end of its range, in the metric's unit.
    base_runs
        The runs with every rate at its stated value, by strategy.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> look = fs.morris("subscription", over="price", strategies="funnel", trajectories=2, replications=3)
    >>> look.order(), look.mu("price").unit
    (['price'], 'EUR')
    """

    trajectories: int
    levels: int
    runs: int
    n: int
    effects: Mapping[str, ElementaryEffects] = field(repr=False)
    base_runs: Mapping[str, Runs] = field(repr=False)

    def mu(self, rate: str, metric: str | None = None) -> Estimate:
        """Return the mean effect."""
        return self.effects[self._metric(metric)].mu[self._rate(rate)]

    def mu_star(self, rate: str, metric: str | None = None) -> Estimate:
        """Return the mean size of effects; luck makes it larger where it is near the noise."""
        return self.effects[self._metric(metric)].mu_star[self._rate(rate)]

    def sigma(self, rate: str, metric: str | None = None) -> Estimate:
        """Return the standard deviation of effects over places: 0 where the rate does the same everywhere."""
        return self.effects[self._metric(metric)].sigma[self._rate(rate)]

    def noise(self, rate: str, metric: str | None = None) -> float:
        """Return the standard error that luck leaves in a single effect."""
        return self.effects[self._metric(metric)].noise[self._rate(rate)]

    def told(self, rate: str, metric: str | None = None) -> bool:
        """Tell whether effects are larger than luck would make them: their mean size is twice the noise."""
        return self.mu_star(rate, metric).mean > 2 * self.noise(rate, metric)

    def sizes(self, metric: str | None = None) -> tuple[Estimate, ...]:
        """Return the mean size of the effects of each rate."""
        return self.effects[self._metric(metric)].mu_star

    def answer(self, metric: str | None = None) -> str:
        """Return in words which rates matter most, which act together, and which cannot be told apart from luck."""
        name = self._metric(metric)
        sure = [rate for rate in self.order(name) if self.told(rate, name)]
        what = f"{self.labels[name]} ({self.subject})"
        if not sure:
            return f"{what}: none of the {len(self.ranges)} rates can be told apart from luck on {self.n} replications."
        most = [f"{rate} ({figure(self.mu_star(rate, name).mean)})" for rate in sure[:_NAMED]]
        unit = with_unit(self.mu_star(sure[0], name).mean, self.units[name])
        most[0] = f"{sure[0]} ({unit} from one end of its range to the other)"
        uneven = [rate for rate in sure if self.sigma(rate, name).low > self.mu_star(rate, name).mean / 2]
        text = f"{what} moves most with {', then '.join(most)}."
        if uneven:
            text += f" It depends on the other rates, or on where it stands, what {', '.join(uneven)} does."
        quiet = [rate for rate in self.order(name) if rate not in sure]
        return f"{text} Not told apart from luck: {', '.join(quiet)}." if quiet else text

    def frame(self) -> pd.DataFrame:
        """Return every figure as a tidy table: metric, rate, figure (mu, mu_star, sigma), value, low, high, unit, n."""
        import pandas as pd

        rows = [
            (name, rate, kind, e.mean, e.low, e.high, e.level, e.unit, e.n)
            for name, effects in self.effects.items()
            for kind in ("mu", "mu_star", "sigma")
            for rate, e in zip(self.ranges, getattr(effects, kind), strict=True)
        ]
        columns = ["metric", "rate", "figure", "value", "low", "high", "level", "unit", "n"]
        return pd.DataFrame(rows, columns=columns)

    def table(self, metric: str | None = None) -> pd.DataFrame:
        """Return one row a rate as texts, largest first: its range, and what its effects come to."""
        import pandas as pd

        rows = {}
        for rate in self.order(metric):
            one = self.ranges[rate]
            figures = (self.mu_star(rate, metric), self.mu(rate, metric), self.sigma(rate, metric))
            rows[rate] = (one.shown(one.low), one.shown(one.high), one.words, *map(plus_minus, figures),
                          figure(self.noise(rate, metric)))  # fmt: skip
        columns = ["low", "high", "unit", "mu*", "mu", "sigma", "noise"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("rate")

    @property
    def note(self) -> str:
        """Return what the figures are."""
        return (
            "Effects from the low to the high end of each range ± half of their 95 % interval; mu*: their mean size, "
            f"mu: their mean, sigma: how far they differ; {self.trajectories:,} trajectories, {self.levels} levels, "
            f"{self.runs:,} design points, {self.n:,} replications of each"
        )


@verb(FORMER, STORED, of=NAMES, over=RATES, values=ENDS, step=SHARE, trajectories=COUNT, levels=COUNT,
      replications=COUNT)  # fmt: skip
def morris(
    model: Model,
    of: str | Sequence[str] = "profit",
    over: str | Sequence[str] | None = None,
    *,
    strategies: Strategies = None,
    values: Mapping[str, Ends] | None = None,
    step: float = STEP,
    trajectories: int = 20,
    levels: int = 4,
    replications: int = 20,
    **how: Unpack[HowStored],
) -> Morris:
    """Look at many rates for few runs: ``trajectories * (rates + 1)`` design points.

    Parameters
    ----------
    model, of, over, strategies, values, step
        As for `sobol`. Levels lie evenly between the ends of a range: in probability where the file says what is
        ``uncertain``, of which a beta or gamma distribution ends at its 5 % and 95 % quantiles here.
    trajectories, levels
        Walks through the ranges, each of which moves every rate once; levels of a rate, an even number.
    replications, how
        As for `sobol`.

    Raises
    ------
    ConfigError, ExperimentError, DataError
        As `sobol`, or if trajectories or levels are too few, or levels are odd.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> over = ["price", "retention"]
    >>> look = fs.morris("subscription", over=over, strategies="funnel", trajectories=2, replications=3)
    >>> list(look.ranges), look.runs
    (['retention', 'price'], 6)
    """
    swept = HowSwept.of(how)
    refuse_walks(trajectories, levels)
    asked = over_ranges(model, of, over, strategies, values, step, replications, swept)
    evaluate = partial(asked.evaluate, trimmed=True)
    units = [asked.units[name] for name in asked.of]
    effects = morris_of(evaluate, len(asked.rates), trajectories, levels, asked.seed, units)
    return Morris(
        of=asked.of,
        labels=asked.labels,
        units=asked.units,
        subject=asked.subject,
        ranges=asked.rates,
        trajectories=trajectories,
        levels=levels,
        runs=trajectories * (len(asked.rates) + 1) * len(asked.names),
        n=replications,
        effects=dict(zip(asked.of, effects, strict=True)),
        base_runs=asked.base_runs,
    )
