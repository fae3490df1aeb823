"""Where more leads destroy value: figures against the volume of a channel, at today's staff.

Every volume brings the same people with the same luck, sooner or later one after the other.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.capacity.staff import at_the_cost_of, without_waiting
from flywheel_sim.analysis.capacity.volumes import at_volume, came_by, channel_asked
from flywheel_sim.analysis.difference.pairs import AgainstToday, paired, replicated, within
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.asking import (
    COUNT,
    NAMES,
    How,
    Model,
    Strategies,
    how_to_run,
    names_of,
    one_of,
    refuse_metrics,
    scenario_of,
    verb,
)
from flywheel_sim.experiment.bands import bootstrap_means
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.driver import units_of
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, estimate_ratio, figure, gap_unit, plus_minus
from flywheel_sim.wording import signed

if TYPE_CHECKING:
    import pandas as pd


#: Volumes unless others are given, as multiples of today's.
TIMES = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)

#: What the volume at which more leads destroy value is called.
TURN = "volume from which one more lead costs"


@dataclass(frozen=True)
class LeadVolume(AgainstToday):
    """Figures at several volumes of a channel, at today's staff, on the same people with the same luck; frozen.

    Attributes
    ----------
    channel, times
        Whose leads, and how many times today's, ascending.
    of, metrics, units, labels
        What decides, and what else was kept.
    values
        Shape (volumes, metrics, replications).
    leads
        People who came by the channel in the months counted, shape (volumes, replications).
    waiting
        Cost of waiting for all staff (`flywheel_sim.analysis.capacity.waiting`) in what decides, same shape; None where
        it was not asked for.
    turn
        The volume, in multiples of today's, from which one more lead costs more than it brings; infinite where that is
        not within the range tried, likewise the ends of its interval. Where it lies below that range too, it is the
        least volume tried.
    today
        The runs at today's volume.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> volume = fs.lead_volume("saas_plans", over="ads", values=[0.5, 1, 2], strategies="funnel", replications=2)
    >>> volume.leads_at(2).mean > volume.leads_at(0).mean
    True
    """

    channel: str
    times: tuple[float, ...]
    of: str
    metrics: tuple[str, ...]
    units: Mapping[str, str] = field(repr=False)
    labels: Mapping[str, str] = field(repr=False)
    values: FloatArray = field(repr=False)
    leads: FloatArray = field(repr=False)
    waiting: FloatArray | None = field(repr=False)
    turn: Estimate
    today: Runs = field(repr=False)

    def estimate(self, index: int, metric: str | None = None) -> Estimate:
        """Return a metric at the volume of that index in ``times``; what decides unless another is named."""
        name = metric or self.of
        if name not in self.metrics:
            raise ExperimentError(f"'{name}' was not kept; {nearest(name, self.metrics)}")
        return estimate_mean(self.values[self._place(index), self.metrics.index(name)], self.units[name])

    def leads_at(self, index: int) -> Estimate:
        """Return how many people come by the channel at the volume of that index."""
        return estimate_mean(self.leads[self._place(index)], "leads")

    def waiting_at(self, index: int) -> Estimate:
        """Return what waiting for staff costs at the volume of that index.

        Raises
        ------
        ExperimentError
            If it was not asked for.
        """
        if self.waiting is None:
            raise ExperimentError("the cost of waiting was not asked for; run with waiting=True")
        return paired(self.waiting[self._place(index)], gap_unit(self.units[self.of]))

    def _place(self, index: int) -> int:
        return int(takes.whole(0, len(self.times) - 1, "0").of("index", index))

    def marginal(self) -> tuple[Estimate, ...]:
        """Return what one more lead is worth between each volume and the next; paired."""
        row, unit = self.metrics.index(self.of), f"{gap_unit(self.units[self.of])} per lead"
        worth = []
        for less, more in itertools.pairwise(range(len(self.times))):
            gap = self.values[more, row] - self.values[less, row]
            worth.append(estimate_ratio(gap, self.leads[more] - self.leads[less], unit))
        return tuple(worth)

    def frame(self) -> pd.DataFrame:
        """Return the tidy table, one row per volume and figure: times, figure, mean, low, high, n, unit.

        Figures are leads, the metrics, ``waiting`` (its cost), and ``marginal``: of the step up to that volume.
        """
        import pandas as pd

        rows = []
        steps = (None, *self.marginal())
        for index, times in enumerate(self.times):
            figures = {"leads": self.leads_at(index)} | {name: self.estimate(index, name) for name in self.metrics}
            if self.waiting is not None:
                figures["waiting"] = self.waiting_at(index)
            if (step := steps[index]) is not None:
                figures["marginal"] = step
            rows += [(times, name, e.mean, e.low, e.high, e.n, e.unit) for name, e in figures.items()]
        return pd.DataFrame(rows, columns=["times", "figure", "mean", "low", "high", "n", "unit"])

    def answer(self) -> str:
        """Return the answer in words: from which volume more leads destroy value, and what one more is worth now."""
        label = self.labels[self.of].lower()
        if math.isinf(self.turn.mean):
            text = (
                f"More {self.channel} leads raise {label} up to the most tried, {self.times[-1]:g} times today's; the "
                "volume from which they would lower it is not within the range tried"
            )
            text += f", though it may be as low as {self.turn.low:.2f} times." if math.isfinite(self.turn.low) else "."
        elif self.turn.mean <= self.times[0]:
            text = (
                f"More {self.channel} leads lower {label} at every volume tried, from {self.times[0]:g} times today's "
                "on; where they begin to is not within the range tried."
            )
        else:
            span = (
                f"{self.turn.level * 100:g} % interval {_span(self.turn, self.times)}, read between the volumes tried"
            )
            text = f"From {self.turn.mean:.2f} times today's {self.channel} leads on, one more lowers {label} ({span})."
        at = next((i for i, end in enumerate(self.times[1:]) if end > 1), len(self.times) - 2)  # the step up from today
        between = f"between {self.times[at]:g} and {self.times[at + 1]:g} times today's volume"
        best = int(np.argmax([self.estimate(i).mean for i in range(len(self.times))]))
        return (
            f"{text} {between.capitalize()} one more lead is worth {signed(self.marginal()[at])}. Of the volumes tried "
            f"{self.times[best]:g} times today's has the highest {label} {within(self.today)}: {self.estimate(best)}."
        )

    def table(self) -> pd.DataFrame:
        """Return every volume with what was kept, as texts: mean ± half-width of its 95 % interval."""
        import pandas as pd

        every = range(len(self.times))
        columns = {"leads": [figure(self.leads_at(i).mean) for i in every]}
        columns |= {name: [plus_minus(self.estimate(i, name)) for i in every] for name in self.metrics}
        if self.waiting is not None:
            columns["cost of waiting"] = [plus_minus(self.waiting_at(i)) for i in every]
        columns["one more lead"] = ["", *(plus_minus(step, signed=True) for step in self.marginal())]
        return pd.DataFrame(columns, index=pd.Index([f"{t:g} ×" for t in self.times], name="volume"))

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        units = ", ".join(f"{name} in {self.units[name]}" for name in self.metrics)
        return f"Mean ± half-width of its 95 % interval, n = {self.today.n:,}; {units}"

    def details(self) -> dict[str, Any]:
        """Return the volume from which one more lead costs more than it brings."""
        return {"turn": self.turn}


@verb({"channel": "over='ads'", "times": "values=[0.5, 1, 2]"}, of=NAMES, waiting=takes.YES_OR_NO, replications=COUNT,
      over=takes.optional(takes.text("the name of a channel", "'ads'")),
      values=takes.listed(takes.number(0, 1e6, open_low=True), "a list of multiples of today's volume, numbers above 0",
                          "[0.5, 1, 1.5]"))  # fmt: skip
def lead_volume(
    model: Model,
    of: str | Sequence[str] = ("profit", "acquisitions"),
    over: str | None = None,
    *,
    strategies: Strategies = None,
    values: Sequence[float] = TIMES,
    waiting: bool = True,
    replications: int = 100,
    **how: Unpack[How],
) -> LeadVolume:
    """Run a channel at several volumes, at today's staff, on the same people with the same luck.

    Parameters
    ----------
    model, of
        The scenario, its name or its path; and a metric, or several, of which the first decides and others are kept.
    over
        The channel, which may be left out where there is but one: it has a rate, a batch (rounded to whole people) or a
        spend (which is multiplied, so that leads stay behind where the channel has an ``at_most``). A named rate is
        changed wherever it stands.
    strategies
        One of its strategies; the file as written unless given.
    values
        Volumes as multiples of today's, three at least.
    waiting
        Whether to run each volume a second time without waiting for any staff, for the cost of waiting.
    replications, how
        How often everything is run, and how (``docs/asking.md``).

    Raises
    ------
    ExperimentError, ConfigError
        If there is no such channel, metric or strategy, nobody comes by the channel of itself, or there is no staff.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.lead_volume("saas_plans", over="ads", values=[0.5, 1, 2], strategies="funnel", replications=2).turn.unit
    "times today's volume"
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    strategy = one_of(scenario, strategies, "fs.lead_volume")
    written = scenario.unmatched_journey(strategy)
    channel, volumes, kept = channel_asked(written, over), _volumes(values), names_of(of)
    refuse_metrics(scenario, [strategy], kept)
    matched, _ = with_budgets(scenario, [strategy], seed, options)
    today = matched.journey(strategy)
    staff = [one.name for one in today.resources]
    scenarios = [matched if times == 1 else at_volume(matched, strategy, channel, times) for times in volumes]
    scenarios += [without_waiting(one, staff) for one in scenarios if waiting]
    journeys = [today, *(one.journey(strategy) for one in scenarios)]
    keep = _keeping(today, channel, kept, staff, len(volumes))
    base, *rest = replicated(journeys, replications, seed, options, keep)
    leads, figures = (np.array(column) for column in zip(*rest[: len(volumes)], strict=True))
    decides = figures[:, 0]
    return LeadVolume(
        channel, volumes, kept[0], kept, units_of(today, kept), {name: base.label(name) for name in kept}, figures,
        leads, np.array(rest[len(volumes) :]) - decides if waiting else None, turning(np.array(volumes), decides), base,
    )  # fmt: skip


def _keeping(
    today: Journey, channel: str, kept: Sequence[str], staff: Sequence[str], volumes: int
) -> Callable[[int, Runs], Any]:
    """Return what keeps, of today's runs all, of those of each volume the figures, and of those without waiting one."""

    def keep(index: int, runs: Runs) -> Any:
        if index == 0:
            return runs
        if index > volumes:
            return at_the_cost_of(runs, today, staff).terms(kept[0])
        return came_by(runs, channel), [runs.terms(name) for name in kept]

    return keep


def turning(times: FloatArray, values: FloatArray, level: float = 0.95) -> Estimate:
    """Return from which volume on the mean of a figure falls, with the bootstrap interval of that volume.

    Slopes between volumes are taken to hold half way between them, and to change evenly from one to the next. The
    interval holds percentiles of the volume found in means of replications drawn with replacement (Efron and Tibshirani
    1993, chapter 13): it knows luck, not how far apart the volumes are.

    Parameters
    ----------
    times
        Volumes, ascending; shape (volumes,).
    values
        The figure, shape (volumes, replications).
    level
        Of the interval.

    Returns
    -------
    Estimate
        Infinite where the figure still rises at the end, the least volume where it falls from there on.
    """
    known = values[:, np.isfinite(values).all(axis=0)]
    turn, n = _turn(times, known.mean(axis=1)), known.shape[1]
    unit = "times today's volume"
    if n < 2:
        return Estimate(turn, math.nan, math.nan, level, n, unit, TURN)
    drawn = np.array([_turn(times, path) for path in bootstrap_means(known.T)])
    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2], method="inverted_cdf")
    return Estimate(turn, float(low), float(high), level, n, unit, TURN)


def _turn(times: FloatArray, path: FloatArray) -> float:
    slope = np.diff(path) / np.diff(times)
    rising = np.flatnonzero(slope >= 0)
    if len(rising) == 0:
        return float(times[0])
    last = int(rising[-1])
    if last == len(slope) - 1:
        return math.inf
    middle = (times[1:] + times[:-1]) / 2
    share = slope[last] / (slope[last] - slope[last + 1])
    return float(middle[last] + share * (middle[last + 1] - middle[last]))


def _span(turn: Estimate, times: Sequence[float]) -> str:
    """Return the interval of a volume in words."""
    if math.isnan(turn.low):
        return "not known from one replication"
    low = f"{turn.low:.2f}" if turn.low > times[0] else f"{times[0]:g} or less"
    return f"{low} to {f'{turn.high:.2f}' if math.isfinite(turn.high) else 'beyond the range tried'}"


def _volumes(times: Sequence[float]) -> tuple[float, ...]:
    """Return volumes ascending, each once."""
    volumes = tuple(sorted({float(one) for one in times}))
    if len(volumes) < 3:
        given = ", ".join(f"{one:g}" for one in volumes)
        raise ExperimentError(f"values are {given}: three volumes at least are needed to see where value turns; write "
                              "values=[0.5, 1, 1.5]")  # fmt: skip
    return volumes
