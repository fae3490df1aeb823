"""Where more leads destroy value: figures against the volume of a channel, at today's staff.

Every volume brings the same people with the same luck, sooner or later one after the other.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from flywheel_sim.analysis.capacity.staff import at_the_cost_of, require_staff, without_waiting
from flywheel_sim.analysis.difference.pairs import AgainstToday, paired, replicated, within
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.asking import How, how_to_run
from flywheel_sim.experiment.bands import bootstrap_means
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.driver import units_of
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey import calendar
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import looks_like_quantity, parse
from flywheel_sim.ledger import ROLE_FLOWS
from flywheel_sim.scenario.describe import reference_value
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.scenario.said import RateText
from flywheel_sim.scenario.source.from_code import value_text
from flywheel_sim.scenario.source.tree import MOVED, Raw
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
        return estimate_mean(self.values[index, self.metrics.index(name)], self.units[name])

    def leads_at(self, index: int) -> Estimate:
        """Return how many people come by the channel at the volume of that index."""
        return estimate_mean(self.leads[index], "leads")

    def waiting_at(self, index: int) -> Estimate:
        """Return what waiting for staff costs at the volume of that index.

        Raises
        ------
        ExperimentError
            If it was not asked for.
        """
        if self.waiting is None:
            raise ExperimentError("the cost of waiting was not asked for; run with waiting=True")
        return paired(self.waiting[index], gap_unit(self.units[self.of]))

    def marginal(self) -> tuple[Estimate, ...]:
        """Return what one more lead is worth between each volume and the next; paired."""
        row, unit = self.metrics.index(self.of), f"{gap_unit(self.units[self.of])} per lead"
        found = []
        for less, more in itertools.pairwise(range(len(self.times))):
            gap = self.values[more, row] - self.values[less, row]
            found.append(estimate_ratio(gap, self.leads[more] - self.leads[less], unit))
        return tuple(found)

    def frame(self) -> pd.DataFrame:
        """Return the tidy table, one row per volume and figure: times, figure, mean, low, high, n, unit.

        Figures are leads, the metrics, ``waiting`` (its cost), and ``marginal``: of the step up to that volume.
        """
        import pandas as pd

        rows = []
        steps = (None, *self.marginal())
        for index, times in enumerate(self.times):
            found = {"leads": self.leads_at(index)} | {name: self.estimate(index, name) for name in self.metrics}
            if self.waiting is not None:
                found["waiting"] = self.waiting_at(index)
            if (step := steps[index]) is not None:
                found["marginal"] = step
            rows += [(times, name, e.mean, e.low, e.high, e.n, e.unit) for name, e in found.items()]
        return pd.DataFrame(rows, columns=["times", "figure", "mean", "low", "high", "n", "unit"])

    def answer(self) -> str:
        """Return the answer in words: from which volume more leads destroy value, and what one more is worth now."""
        label = self.labels[self.of].lower()
        if math.isinf(self.turn.mean):
            said = (
                f"More {self.channel} leads raise {label} up to the most tried, {self.times[-1]:g} times today's; the "
                "volume from which they would lower it is not within the range tried"
            )
            said += f", though it may be as low as {self.turn.low:.2f} times." if math.isfinite(self.turn.low) else "."
        elif self.turn.mean <= self.times[0]:
            said = (
                f"More {self.channel} leads lower {label} at every volume tried, from {self.times[0]:g} times today's "
                "on; where they begin to is not within the range tried."
            )
        else:
            span = (
                f"{self.turn.level * 100:g} % interval {_span(self.turn, self.times)}, read between the volumes tried"
            )
            said = f"From {self.turn.mean:.2f} times today's {self.channel} leads on, one more lowers {label} ({span})."
        at = next((i for i, end in enumerate(self.times[1:]) if end > 1), len(self.times) - 2)  # the step up from today
        between = f"between {self.times[at]:g} and {self.times[at + 1]:g} times today's volume"
        best = int(np.argmax([self.estimate(i).mean for i in range(len(self.times))]))
        return (
            f"{said} {between.capitalize()} one more lead is worth {signed(self.marginal()[at])}. Of the volumes tried "
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


def lead_volume(
    model: Scenario,
    channel: str,
    times: Sequence[float] = TIMES,
    *,
    of: str = "profit",
    metrics: Sequence[str] = ("acquisitions",),
    waiting: bool = True,
    strategy: str | None = None,
    replications: int = 100,
    **how: Unpack[How],
) -> LeadVolume:
    """Run a channel at several volumes, at today's staff, on the same people with the same luck.

    Parameters
    ----------
    channel
        Whose leads: it has a rate, a batch (rounded to whole people) or a spend (which is multiplied, so that leads
        stay behind where the channel has an ``at_most``). A named rate is changed wherever it stands.
    times
        Volumes as multiples of today's.
    of, metrics
        What decides, and what else to keep.
    waiting
        Whether to run each volume a second time without waiting for any staff, for the cost of waiting.
    model, strategy, replications, how
        As for `replicate`.

    Raises
    ------
    ExperimentError
        If there is no such channel or metric, nobody comes by the channel of itself, there is no staff, or volumes are
        not what they should be.
    """
    seed, options = how_to_run(how)
    volumes = _volumes(times)
    model, _ = with_budgets(model, [strategy], seed, options)
    today = model.journey(strategy)
    require_staff(today)
    refuse_channel(today, channel)
    kept = tuple(dict.fromkeys([of, *metrics]))
    units, staff = units_of(today, kept), [one.name for one in today.resources]
    scenarios = [model if one == 1 else at_volume(model, strategy, channel, one) for one in volumes]
    scenarios += [without_waiting(scenario, staff) for scenario in scenarios if waiting]
    journeys = [today, *(scenario.journey(strategy) for scenario in scenarios)]

    def keep(index: int, runs: Runs) -> Any:
        if index == 0:
            return runs
        if index > len(volumes):
            return at_the_cost_of(runs, today, staff).terms(of)
        return came_by(runs, channel), [runs.terms(name) for name in kept]

    base, *rest = replicated(journeys, replications, seed, options, keep)
    leads, values = (np.array(column) for column in zip(*rest[: len(volumes)], strict=True))
    decides = values[:, kept.index(of)]
    return LeadVolume(
        channel, volumes, of, kept, units, {name: base.label(name) for name in kept}, values, leads,
        np.array(rest[len(volumes) :]) - decides if waiting else None, turning(np.array(volumes), decides), base,
    )  # fmt: skip


def came_by(runs: Runs, channel: str) -> FloatArray:
    """Return how many people came by a channel in the months counted, shape (replications,)."""
    ledger = runs.books.ledger
    mine = ledger.layout.channel_of_group() == ledger.layout.channels.index(channel)
    arrived = ledger.flow[:, :, mine, ROLE_FLOWS.index("arrived")].sum(axis=2).astype(np.float64)
    return runs.books.over(arrived)


def at_volume(model: Scenario, strategy: str | None, channel: str, times: float) -> Scenario:
    """Return the scenario with a channel that brings so many times as many, or spends so many times as much."""
    if strategy and model.choices(strategy).matched == ("channel", channel):
        return model.at_spend(strategy, dict(model.solved)[strategy] * times)
    word, raw = model.channels(strategy)[channel].source
    if isinstance(raw, str) and raw in model.rates:
        number, named = reference_value(model, raw, strategy).number * times, model.rate(raw, strategy).raw
        return model.with_texts([(f"rates.{raw}", value_text(number, named))])
    if isinstance(raw, dict) and "file" in raw and MOVED not in raw:
        raw = _mean_of_plan(model.journey(strategy), channel, word)
    return model.with_texts([(f"channels.{channel}.{word}", _scaled(raw, times, word == "batch"))])


def _mean_of_plan(journey: Journey, channel: str, word: str) -> str:
    """Return what a plan in a file comes to on average while its channel is there, as the file would say it."""
    (held,) = (one for one in journey.channels if one.name == channel)
    if held.spend is None or word != "spend":
        raise ExperimentError(
            f"who comes by '{channel}' stands in a file, which has no figure that can be multiplied; "
            "write the rate out with by: {calendar: ...}, or more rows into the file"
        )
    return f"{calendar.monthly_spend(held, journey.phase)!r} per month"


def _scaled(raw: Raw, times: float, whole: bool) -> Raw:
    """Return a figure, or a table of them, so many times as large."""
    if isinstance(raw, dict):
        if (reference := RateText(raw).figure) is not None:  # a bare value moves the whole table
            return _scaled(reference, times, whole)
        return {"by": {a: {k: _scaled(v, times, whole) for k, v in t.items()} for a, t in raw["by"].items()}}
    if not isinstance(raw, str) or not looks_like_quantity(raw):
        raise ExperimentError(f"{raw!r} is no figure that can be multiplied; give the rate of the channel a number")
    number = parse(raw).number * times
    return value_text(round(number) if whole else number, raw)


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
    found, n = _turn(times, known.mean(axis=1)), known.shape[1]
    unit = "times today's volume"
    if n < 2:
        return Estimate(found, math.nan, math.nan, level, n, unit, TURN)
    drawn = np.array([_turn(times, path) for path in bootstrap_means(known.T)])
    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2], method="inverted_cdf")
    return Estimate(found, float(low), float(high), level, n, unit, TURN)


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
    if isinstance(times, str) or not isinstance(times, Sequence | np.ndarray):
        raise ExperimentError(f"times are {times!r}; give multiples of today's volume, such as [0.5, 1, 1.5]")
    for one in times:
        if isinstance(one, bool) or not isinstance(one, int | float | np.number) or not 0 < float(one) < 1e6:
            raise ExperimentError(f"{one!r} times today's volume: a multiple is a number above 0; write 1.5")
    found = tuple(sorted({float(one) for one in times}))
    if len(found) < 3:
        raise ExperimentError("three volumes at least are needed to see where value turns; write [0.5, 1, 1.5]")
    return found


def refuse_channel(journey: Journey, channel: str) -> None:
    """Refuse a channel of which there cannot be more.

    Raises
    ------
    ExperimentError
        If there is none of that name, a strategy does without it, or nobody comes by it of itself.
    """
    known = {one.name: one for one in journey.channels}
    if channel not in known:
        raise ExperimentError(f"'{channel}' is no channel of '{journey.name}'; {nearest(str(channel), known)}")
    if known[channel].removed:
        raise ExperimentError(f"'{journey.strategy}' does without '{channel}'; take another strategy or channel")
    coming = [name for name, one in known.items() if one.kind in ("rate", "batch") and not one.removed]
    if channel not in coming:
        why = "is fed by referrals" if known[channel].kind == "referral" else "holds people there at the start"
        raise ExperimentError(
            f"'{channel}' {why}, so it has no volume of its own; take {' or '.join(coming) or 'none'}"
        )
