"""Which model of retention to forecast with: the one that would have forecast best what is known by now.

Rolling origins (Tashman 2000, doi:10.1016/S0169-2070(00)00065-0): for each age from 2 to the last known but one, a
model is fitted as if nothing later were known, and its forecast of the later known ages is held against them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flywheel_sim.calibration.likelihood import Maximum
from flywheel_sim.calibration.retention.lives import Lives
from flywheel_sim.calibration.retention.models import MODELS, SBG, RetentionModel
from flywheel_sim.calibration.rolling import plainest
from flywheel_sim.errors import DataError

FloatArray = NDArray[np.float64]
Forecaster = Callable[[Lives, FloatArray], FloatArray]

#: First age from which a forecast is tried: with two retentions known, a trend can be seen.
FIRST = 2

#: A simpler model is taken where its error is at most this much above the least, relative to it.
TIE = 0.05


def _carried(lives: Lives, ages: FloatArray, kept: float) -> FloatArray:
    """Return survivors with one retention carried on from the last known age."""
    curve = lives.curve()
    at = np.minimum(ages, len(curve) - 1).astype(np.int64)
    return np.where(ages < len(curve), curve[at], curve[-1] * kept ** (ages - (len(curve) - 1)))


def last_retention(lives: Lives, ages: ArrayLike) -> FloatArray:
    """Return the share that survives to each age if the last known retention went on, same shape as `ages`."""
    asked, lost = lives.renewals()
    return _carried(lives, np.asarray(ages, dtype=np.float64), 1 - float(lost[-1] / asked[-1]))


def mean_retention(lives: Lives, ages: ArrayLike) -> FloatArray:
    """Return the share that survives to each age if the mean retention so far went on, same shape as `ages`."""
    asked, lost = lives.renewals()
    return _carried(lives, np.asarray(ages, dtype=np.float64), 1 - float((lost / asked).mean()))


#: What a forecast has to beat: no model is needed for these.
BASELINES: dict[str, Callable[[Lives, ArrayLike], FloatArray]] = {
    "last retention carried on": last_retention, "mean retention so far": mean_retention,
}  # fmt: skip


@dataclass(frozen=True)
class RetentionChoice:
    """The model chosen, and how well each would have forecast.

    Attributes
    ----------
    model
        The one chosen.
    values
        Its parameters to forecast with, from all that is known, shape (d,).
    fit
        Its most likely parameters with their intervals.
    errors
        Mean absolute error of each model's and baseline's forecasts of survivors, in % of them, later origins weighing
        more; NaN without any.
    by_origin
        The same for each origin: mean absolute error, and by how much the sum of survivors was too high, both in %.
    origins
        Ages from which was forecast.
    known
        Last known age.
    said
        In words: what to beware of.
    """

    model: RetentionModel
    values: FloatArray
    fit: Maximum
    errors: dict[str, float]
    by_origin: dict[str, list[tuple[float, float]]]
    origins: tuple[int, ...]
    known: int
    said: tuple[str, ...]

    def survival(self, ages: ArrayLike) -> FloatArray:
        """Return the forecast share that survives to each age, in periods; same shape as `ages`."""
        return self.model.survival(self.values, ages)

    def journey(self, unit: str, people: int = 1000, periods: int = 12) -> str:
        """Return a journey whose people stay as forecast."""
        return self.model.journey(self.values, unit, people, periods)


def choose(lives: Lives, models: Sequence[RetentionModel] = MODELS, level: float = 0.95) -> RetentionChoice:
    """Return the model that forecasts best from rolling origins, fitted to all that is known.

    Within an origin every later age counts the same, near or far. Origins count by their place, the first once, the
    second twice and so on: a late one knows nearly as much as the forecast that is wanted, an early one hardly
    anything. Where a simpler model errs at most 5 % more than the best, relative to it, the simpler one is taken.

    Parameters
    ----------
    lives
        Of one cohort, or of several added up.
    models
        Candidates, the simplest first.
    level
        Of the intervals.

    Raises
    ------
    DataError
        If no renewal is known.
    """
    if lives.last < 1:
        raise DataError("survivors: only one age is known, so no renewal is; give at least two ages")
    forecasters: dict[str, Forecaster] = {one.name: _by(one) for one in models}
    by_origin, origins = rolling_errors(lives, {**forecasters, **BASELINES})
    weights = np.arange(1.0, len(origins) + 1)
    errors = {
        name: float(np.average([one for one, _ in each], weights=weights)) if each else math.nan
        for name, each in by_origin.items()
    }
    tried = [one for one in models if math.isfinite(errors[one.name])]
    if tried:
        taken = plainest({one.name: errors[one.name] for one in tried}, TIE)
        chosen = next(one for one in tried if one.name == taken)
    else:
        chosen = next((one for one in models if one is SBG), models[0])
    said = _said(chosen, origins, lives)
    fit = chosen.fit(lives, level)
    return RetentionChoice(chosen, chosen.drawn(lives), fit, errors, by_origin, origins, lives.last, said)


def rolling_errors(
    lives: Lives, forecasters: dict[str, Forecaster]
) -> tuple[dict[str, list[tuple[float, float]]], tuple[int, ...]]:  # fmt: skip
    """Return how far forecasts were off by forecaster and origin, and the origins.

    Of each forecast: the mean absolute error over later ages, and by how much the sum of survivors was too high, in %.
    """
    actual = lives.curve()
    origins = tuple(one for one in range(FIRST, lives.last) if actual[one + 1] > 0)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in forecasters}
    for origin in origins:
        known = lives.until(origin)
        later = np.arange(origin + 1, lives.last + 1)
        later = later[actual[later] > 0]
        for name, forecast in forecasters.items():
            said = forecast(known, later.astype(np.float64))
            off = np.abs(said / actual[later] - 1)
            found[name].append((100 * float(off.mean()), 100 * float(said.sum() / actual[later].sum() - 1)))
    return found, origins


def _by(model: RetentionModel) -> Forecaster:
    return lambda lives, ages: model.survival(model.drawn(lives), ages)


def _said(chosen: RetentionModel, origins: tuple[int, ...], lives: Lives) -> tuple[str, ...]:
    """Return what to beware of in a choice."""
    if not origins:
        return (f"{lives.last} renewals are known, too few to see which model forecasts best: {chosen.label} "
                "is taken, because customers nearly always differ; the forecast is a guess",)  # fmt: skip
    if len(origins) < 3:
        return (f"only {len(origins)} earlier ages could be forecast from, so the choice itself is unsure",)
    return ()
