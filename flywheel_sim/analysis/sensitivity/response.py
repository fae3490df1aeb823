"""How much a metric depends on one rate: response curve, elasticity, and both readings of "+5 %".

Every value of the rate meets the same people with the same luck, so even small steps are seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from flywheel_sim.analysis.rates.steps import own, points, shown_unit, written
from flywheel_sim.analysis.sensitivity.changes import share_of
from flywheel_sim.analysis.sensitivity.one_rate import OneRate, as_shown, one_rate
from flywheel_sim.errors import ConfigError, ExperimentError, look_up
from flywheel_sim.experiment.asking import How, Model, Strategies, how_to_run, scenario_of, verb
from flywheel_sim.experiment.bands import simultaneous
from flywheel_sim.experiment.plan import Plan
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.result import Result
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, figure, plus_minus
from flywheel_sim.wording import called, signed

if TYPE_CHECKING:
    import pandas as pd


#: The step of the derivative behind the elasticity (relative).
STEP = 0.01

#: What is run beside the curve and the readings: today's rate, and a step up and down from it.
TODAY, UP, DOWN = "today", "up", "down"

#: What is run: a strategy, and a point of the curve by its index, or what is read off.
_Place = tuple[str | None, str | int]

#: The metric of one strategy by what was run, each of shape (replications,).
_Metric = Mapping[str | int, FloatArray]


@dataclass(frozen=True)
class ResponseReading:
    """One reading of "+5 %": the value it means, and what it does to the metric.

    Attributes
    ----------
    label
        ``+5 points`` or ``+5 % relative``; where a chance has no room for that, half of what is left to 100 %.
    value
        The rate's value, in the unit it is stated in; NaN where it is impossible.
    change, relative
        Paired change of the metric, in its unit and in % of today's mean (a ratio of sums, whose interval allows for
        the luck in both); None where impossible, the latter also where today's mean is near zero or below it.
    note
        Why it is impossible, or another step than 5, or "".
    """

    label: str
    value: float
    change: Estimate | None
    relative: Estimate | None
    note: str = ""


@dataclass(frozen=True)
class Sensitivity(Result):
    """The response of one metric to one rate, for each strategy; frozen.

    Attributes
    ----------
    of, over
        The metric and the rate.
    unit, rate_unit
        Their units; a chance is shown in %.
    values
        Values of the rate at which the curve was run, shape (points,), as shown in ``rate_unit``.
    base
        Today's value for each strategy.
    curve
        For each strategy the metric, shape (points, replications).
    elasticity
        For each strategy the change of the metric, in % of its mean, for 1 % more of the rate; NaN where the mean is
        near zero or a loss, of which a percentage says nothing.
    readings
        For each strategy both readings of "+5 %", of which points are for chances only.
    base_runs
        The runs at today's value.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> response = fs.sensitivity("subscription", strategies="funnel", values="88 %:94 %:4", replications=5)
    >>> [round(value) for value in response.values]
    [88, 90, 92, 94]
    """

    of: str
    over: str
    label: str
    unit: str
    rate_unit: str
    values: FloatArray
    base: Mapping[str, float]
    curve: Mapping[str, FloatArray] = field(repr=False)
    elasticity: Mapping[str, Estimate]
    readings: Mapping[str, tuple[ResponseReading, ...]]
    base_runs: Mapping[str, Runs] = field(repr=False)

    def at(self, strategy: str, point: int) -> Estimate:
        """Return the metric's mean at a point of the curve."""
        return estimate_mean(self._points(strategy, point), self.unit)

    def _shown(self, value: float) -> str:
        unit = "" if self.rate_unit == "as stated" else self.rate_unit
        return f"{value:g} {unit}".strip()

    def _points(self, strategy: str, point: int) -> FloatArray:
        curve = look_up(self.curve, strategy)
        if not -len(curve) <= point < len(curve):
            raise ExperimentError(f"point is {point}: the curve has {len(curve)}; write point=0 for the first")
        return np.asarray(curve[point])

    def band(self, strategy: str, level: float = 0.95) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return means and both ends of a band that holds all points of a curve at once, shape (points,).

        NaN at points where the metric is not finite in every replication; see `flywheel_sim.experiment.bands`.
        """
        return simultaneous(look_up(self.curve, strategy).T, level)[:3]

    def difference(self, point: int, of: str, against: str) -> Estimate:
        """Return the paired difference of two strategies at a point of the curve."""
        return estimate_mean(self._points(of, point) - self._points(against, point), self.unit)

    def frame(self) -> pd.DataFrame:
        """Return the curve as a tidy table: one row per strategy and point.

        ``low`` and ``high`` are of the one point, ``band_low`` and ``band_high`` hold all points of a strategy at once.
        """
        import pandas as pd

        rows = []
        for strategy in self.curve:
            _, bottom, top = self.band(strategy)
            for point, value in enumerate(self.values):
                estimate = self.at(strategy, point)
                rows.append((strategy, self.over, float(value), self.rate_unit, self.of, estimate.mean, estimate.low,
                             estimate.high, estimate.unit, estimate.n, bottom[point], top[point]))  # fmt: skip
        columns = ["strategy", "rate", "value", "rate_unit", "metric", "mean", "low", "high", "unit", "n", "band_low",
                   "band_high"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def readings_frame(self) -> pd.DataFrame:
        """Return both readings as a table: one row per strategy and reading."""
        import pandas as pd

        rows = []
        for strategy, readings in self.readings.items():
            for one in readings:
                change, share = one.change, one.relative
                rows.append((
                    strategy, one.label, self.base[strategy], one.value, self.rate_unit,
                    *((change.mean, change.low, change.high) if change else (math.nan,) * 3), self.unit,
                    *((share.mean, share.low, share.high) if share else (math.nan,) * 3), one.note,
                ))  # fmt: skip
        columns = ["strategy", "reading", "from", "to", "rate_unit", "change", "low", "high", "unit", "percent",
                   "percent_low", "percent_high", "note"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def answer(self, strategy: str | None = None) -> str:
        """Return in words how much the metric depends on the rate; of the last strategy unless one is named."""
        name = strategy or list(self.base)[-1]
        look_up(self.base, name)
        text = (
            f"{self.label} of {called(name)} over {self.over.replace('_', ' ')}, today {self._shown(self.base[name])}: "
        )
        if math.isnan(self.elasticity[name].mean):
            endless = np.isinf(self.base_runs[name][self.of].mean)
            why = "has no end in these runs" if endless else "is near zero or below it"
            if self.base_runs[name].n < 2:
                why = "was run once"
            text += f"no elasticity, because {self.label.lower()} today {why}."
        else:
            text += f"elasticity {self.elasticity[name]}."
        for one in self.readings[name]:
            both = ", ".join(signed(change) for change in (one.change, one.relative) if change)
            to = f" (to {figure(one.value)}{', ' if one.note else ''}{one.note})" if both else ""
            text += f" {one.label}{to}: {both or one.note}."
        return text

    def table(self) -> pd.DataFrame:
        """Return the metric at every value of the rate, one column a strategy, as texts."""
        import pandas as pd

        heads = [f"{self.over.replace('_', ' ')} ({self.rate_unit})", *self.base]
        return pd.DataFrame(
            [(figure(float(value)), *(plus_minus(self.at(name, point)) for name in self.base))
             for point, value in enumerate(self.values)], columns=heads,
        )  # fmt: skip

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        n = next(iter(self.base_runs.values())).n
        return f"{self.label} in {self.unit}, mean ± half-width of its 95 % interval, n = {n:,}"

    def remarks(self) -> list[str]:
        """Return the answers for every strategy but the last."""
        return [self.answer(name) for name in list(self.base)[:-1]]

    def details(self) -> dict[str, Any]:
        """Return both readings of "+5 %" and the elasticity of every strategy."""
        return {"metric": self.of, "rate": self.over, "rate_unit": self.rate_unit, "elasticity": self.elasticity,
                "readings": self.readings}  # fmt: skip


@verb()
def sensitivity(
    model: Model,
    of: str = "profit",
    over: str = "retention",
    *,
    strategies: Strategies = None,
    values: str | Sequence[float | str] | None = None,
    replications: int = 50,
    **how: Unpack[How],
) -> Sensitivity:
    """Run a metric over a rate.

    Parameters
    ----------
    model
        The scenario, its name or its path.
    of, over
        Any metric, and any named rate with a figure of its own, a duration too.
    strategies
        A name or a list of them, those of the file unless given; a file without any is run as written. A spend that is
        ``matched`` is solved for at today's rate and stays there, as a budget that has been decided on.
    values
        Values of the rate, in its own unit (fractions for chances), as texts, or as ``88 %:94 %:4``; a sensible range
        around today's unless given. The whole family of the rate moves with it.
    replications, how
        How often everything is run, and how (``docs/asking.md``).

    Raises
    ------
    ConfigError
        If the rate is not there, or a value does not fit it.
    ExperimentError
        If the metric is not known.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> response = fs.sensitivity("subscription", "profit", "retention", strategies="funnel", replications=10)
    >>> response.rate_unit, response.base
    ('% per month', {'funnel': 91.0})
    """
    seed, options = how_to_run(how)
    rate = one_rate(scenario_of(model), (of,), over, strategies, seed, options)
    grid = points(rate.model, over, rate.first, values)
    plan: Plan[_Place] = Plan(seed)
    tried = {strategy: _planned(plan, rate, strategy, grid) for strategy in rate.today}
    bases: list[_Place] = [(strategy, TODAY) for strategy in rate.today]
    terms, kept = plan.run(replications, options, lambda runs: runs.terms(of), bases)
    base_runs = {as_shown(strategy): runs for (strategy, _), runs in kept.items()}
    return _read_off(rate, of, grid, tried, terms, base_runs)


def _read_off(
    rate: OneRate, of: str, grid: Sequence[float], tried: Mapping[str | None, Mapping[str, _Tried]],
    terms: Mapping[_Place, FloatArray], base_runs: Mapping[str, Runs],
) -> Sensitivity:  # fmt: skip
    """Return the curve, the elasticity and the readings of "+5 %" of what was run."""
    metric = {name: {what: one for (who, what), one in terms.items() if who == name} for name in rate.today}
    first = next(iter(base_runs.values()))
    unit = first.unit(of)
    return Sensitivity(
        of=of,
        over=rate.name,
        label=first.label(of),
        unit=unit,
        rate_unit=shown_unit(rate.first),
        values=rate.factor * np.array(grid),
        base=rate.shown_today(),
        curve={as_shown(name): np.array([terms[name, i] for i in range(len(grid))]) for name in metric},
        elasticity={as_shown(name): _elasticity(one, tried[name], own(rate.today[name]))
                    for name, one in metric.items()},
        readings={as_shown(name): _readings(one, tried[name], rate, name, unit) for name, one in metric.items()},
        base_runs=base_runs,
    )  # fmt: skip


@dataclass(frozen=True)
class _Tried:
    """A value of the rate beside its curve, in the unit it is stated in; NaN where it is impossible, and then why."""

    value: float
    note: str = ""


def _planned(plan: Plan[_Place], rate: OneRate, strategy: str | None, grid: Sequence[float]) -> dict[str, _Tried]:
    """Have a strategy run today, along the curve, and at all that is read off; return what each of the latter is."""
    today = rate.today[strategy]
    base = own(today)
    plan.add((strategy, TODAY), rate.model.journey(strategy))
    for index, value in enumerate(grid):
        if value == own(today, rate.first):
            plan.share((strategy, index), (strategy, TODAY))
        else:
            plan.add((strategy, index), rate.moved_to(written(rate.first, value)).journey(strategy))
    step = min(STEP * base, (1 - base) / 2) if rate.is_chance else STEP * base
    readings = {label: rate.read_as(label, strategy) for label in rate.readings}
    tried: dict[str, _Tried] = {}
    for label, value in {**readings, UP: base + step, DOWN: base - step}.items():
        note = rate.beyond(value)
        if not note:
            try:
                plan.add((strategy, label), rate.moved_to(written(today, value)).journey(strategy))
            except ConfigError as error:
                note = f"impossible: {error.problems[0].rule}"
        tried[label] = _Tried(math.nan if note else value, note)
    return tried


def _elasticity(metric: _Metric, tried: Mapping[str, _Tried], base: float) -> Estimate:
    """Return the change of the metric, in % of its mean, for 1 % more of a rate that is ``base``."""
    ground = _finite(metric[TODAY])
    slope = np.full(len(ground), math.nan)
    if UP in metric and DOWN in metric:
        rise = tried[UP].value - tried[DOWN].value
        slope = (_finite(metric[UP]) - _finite(metric[DOWN])) / (rise or math.nan) * base / 100
    return share_of(slope, ground, "% per 1 %")


def _readings(
    metric: _Metric, tried: Mapping[str, _Tried], rate: OneRate, strategy: str | None, unit: str
) -> tuple[ResponseReading, ...]:
    """Return what each reading of "+5 %" does to the metric in a strategy."""
    ground, base = _finite(metric[TODAY]), own(rate.today[strategy])
    readings = []
    for label in rate.readings:
        one, change, share = tried[label], None, None
        if label in metric:
            gain = _finite(metric[label]) - ground
            change, share = estimate_mean(gain, unit), share_of(gain, ground)
            share = None if math.isnan(share.mean) else share
        in_first = one.value * own(rate.today[strategy], rate.first) / base if base else one.value
        note = one.note or rate.instead(label)
        readings.append(ResponseReading(label, rate.factor * in_first, change, share, note))
    return tuple(readings)


def _finite(values: FloatArray) -> FloatArray:
    """Return values with NaN for what is infinite, which has no differences."""
    return np.where(np.isfinite(values), values, math.nan)
