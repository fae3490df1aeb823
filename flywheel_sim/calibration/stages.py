"""What happens in a stage of a pipeline: how long people stay in it, and where they go from there.

A wait in a journey does not depend on the outcome, so the likelihood falls in two: the shares of those who were
decided, and the times until the decision. Who is still there counts in the times alone and is never counted as lost.
Whether decided times do differ by outcome is tested.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flywheel_sim.calibration.durations import DURATION_MODELS, DurationModel, Durations
from flywheel_sim.calibration.figures import chance, figure
from flywheel_sim.calibration.likelihood import Maximum
from flywheel_sim.errors import ExperimentError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Parts of the visits, by when they began, after which a dwell time is fitted and held against what came later.
_ORIGINS = (0.5, 0.65, 0.8)

#: Fewer decided visits than this, in all or after an origin, say nothing of the kind of distribution.
_FEW = 10

#: Outcomes take unlike times where a chance as small as this would make them look so.
_UNLIKE = 0.01


@dataclass(frozen=True)
class Visits:
    """Visits to one stage, one row each.

    Attributes
    ----------
    dwell
        How long each lasted, or has lasted when last seen, with the age at which it was first seen; shape (n,).
    to
        Where it went: a place in `names`, -1 for still there; shape (n,).
    names
        Names of the next stages, k of them.
    began
        When each began, in the unit of the times, from any day on; shape (n,); None where it is not known.
    """

    dwell: Durations
    to: IntArray
    names: tuple[str, ...]
    began: FloatArray | None = None

    @classmethod
    def of(
        cls, time: ArrayLike, to: ArrayLike, names: Sequence[str], entered: ArrayLike = 0.0,
        began: ArrayLike | None = None, grain: float = 0.0,
    ) -> Visits:  # fmt: skip
        """Return visits from arrays of shape (n,).

        Parameters
        ----------
        time
            How long each lasted, or has lasted when last seen.
        to, names, began
            As the attributes.
        entered
            How long each had lasted when the records began: 0 for those that began later.
        grain
            Width of the steps in which times are recorded, such as 1 day; 0 for exact ones.

        Raises
        ------
        ExperimentError
            If a time is impossible or a place is not among the names.
        """
        lasted, went, first = np.broadcast_arrays(*(np.atleast_1d(one) for one in (time, to, entered)))
        where = np.asarray(went, dtype=np.int64)
        if (where < -1).any() or (where >= len(names)).any():
            raise ExperimentError(f"to holds a place beyond the {len(names)} names: it takes places in names, -1 for "
                                  "still there; write to=[0, -1]")  # fmt: skip
        told = (where >= 0) | (np.asarray(lasted, dtype=float) > np.asarray(first, dtype=float))
        when = None if began is None else np.asarray(began, dtype=np.float64)[told]
        dwell = Durations.of(lasted[told], where[told] >= 0, first[told], grain)
        return cls(dwell, where[told], tuple(names), when)


@dataclass(frozen=True)
class StageFit:
    """How long people stay in a stage, and where they go.

    Attributes
    ----------
    names
        Next stages, k of them.
    decided, open
        Visits that went to each, shape (k,), and those still there.
    shares
        Of those decided, shape (k,); NaN where none is.
    share_ends
        Ends of the interval of each (Jeffreys), shape (k, 2).
    dwell
        The model of the time until the decision.
    maximum
        Its parameters with their intervals; None where nobody was decided.
    fits
        The log-likelihood of every model on held-out visits, or, where `held_out` is not so, minus half of Akaike's
        criterion; the largest is taken.
    held_out
        Whether the model was chosen by visits later than those it was fitted to.
    unlike
        Chance of decided times as unlike by outcome as these, if they are all of one distribution; NaN where there is
        only one outcome.
    said
        In words: what to beware of.
    """

    names: tuple[str, ...]
    decided: IntArray
    open: int
    shares: FloatArray
    share_ends: FloatArray
    dwell: DurationModel
    maximum: Maximum | None
    fits: dict[str, float]
    held_out: bool
    unlike: float
    said: tuple[str, ...]

    def event(self, unit: str) -> str:
        """Return the words of the stage's event as a journey writes them: ``after`` and ``to``.

        Parameters
        ----------
        unit
            Unit of the times: ``day``, ``week``, ``month`` or ``year``.
        """
        if self.maximum is None:
            return "after: never"
        order = [i for i in np.argsort(-self.shares, kind="stable") if self.decided[i]]
        parts = [f"{self.names[i]}: {chance(float(self.shares[i]))}" for i in order[1:]]
        to = ", ".join([*parts, f"{self.names[order[0]]}: rest"]) if parts else ""
        return f"after: {self.dwell.wait(self.maximum.values, unit)}, to: " + (
            f"{{{to}}}" if parts else self.names[order[0]]
        )

    def journey(self, unit: str, people: int = 1000, periods: int = 12) -> str:
        """Return a complete journey, as text, whose prospects stay and go as these did.

        Parameters
        ----------
        unit
            Unit of the times.
        people, periods
            How many are in the stage from the start, and for how many units it runs.
        """
        return "\n".join([
            "name: Stage", f"horizon: {periods} {unit}s", f"channels: {{start: {{batch: {people}, enters: waiting}}}}",
            "journey:", f"  waiting: {{role: prospect, {self.event(unit)}}}",
            *(f"  {name}: aside" for name, n in zip(self.names, self.decided, strict=True) if n), "",
        ])  # fmt: skip


def jeffreys(successes: ArrayLike, trials: ArrayLike, level: float = 0.95) -> FloatArray:
    """Return both ends of Jeffreys' interval of each share, shape (k, 2); the ends are 0 and 1 where all or none are.

    Brown, Cai and DasGupta 2001, doi:10.1214/ss/1009213286.
    """
    from scipy.stats import beta

    won, n = np.broadcast_arrays(np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64))
    tail = (1 - level) / 2
    low = np.where(won > 0, beta.ppf(tail, won + 0.5, n - won + 0.5), 0.0)
    high = np.where(won < n, beta.ppf(1 - tail, won + 0.5, n - won + 0.5), 1.0)
    return np.stack([low, high], axis=-1)


def fit_stage(visits: Visits, level: float = 0.95, models: Sequence[DurationModel] = DURATION_MODELS) -> StageFit:
    """Return how long people stay in a stage and where they go.

    Parameters
    ----------
    visits
        To the stage.
    level
        Of the intervals.
    models
        Candidates for the time until the decision, the simplest first.
    """
    dwell = visits.dwell
    decided = np.bincount(visits.to[visits.to >= 0], minlength=len(visits.names)).astype(np.int64)
    n, still = int(decided.sum()), int((visits.to < 0).sum())
    if not n:
        empty = np.full(len(visits.names), math.nan)
        none = (f"none of {still} is decided yet, so neither where they go nor how long it takes can be told",)
        return StageFit(visits.names, decided, still, empty, np.column_stack([empty, empty]), models[0], None, {},
                        False, math.nan, none)  # fmt: skip
    models = models if n >= _FEW else models[:1]
    fits, held_out = _held_out(visits, models), True
    if not fits:
        fits, held_out = _akaike(dwell, models), False
    best = max(fits.values())
    model = next(one for one in models if fits[one.name] >= best - 0.5)
    maximum = model.fit(dwell, level)
    unlike = differ_by_outcome(dwell.time[dwell.ended], visits.to[visits.to >= 0])
    said = _said(visits, model, maximum, unlike, held_out)
    ends = jeffreys(decided, n, level)
    return StageFit(visits.names, decided, still, decided / n, ends, model, maximum, fits, held_out, unlike, said)


def _akaike(dwell: Durations, models: Sequence[DurationModel]) -> dict[str, float]:
    """Return the log-likelihood of each model less one for each parameter: minus half of Akaike's criterion."""
    tops = [one.fit(dwell, intervals=False).log_likelihood for one in models]
    return {one.name: top - len(one.parameters) for one, top in zip(models, tops, strict=True)}


def _held_out(visits: Visits, models: Sequence[DurationModel]) -> dict[str, float]:
    """Return the log-likelihood of each model on what came after several days, fitted to what was known at them.

    At each day visits that had begun are known up to it, and what becomes of them later counts given that they had
    lasted so long; visits that began later count whole.
    """
    if visits.began is None or len(visits.began) == 0:
        return {}
    dwell, found = visits.dwell, dict.fromkeys((one.name for one in models), 0.0)
    later_decided = 0
    for part in _ORIGINS:
        day = float(np.quantile(visits.began, part))
        age = np.maximum(day - visits.began, 0.0)
        past = dwell.entered < age
        over = dwell.ended & (dwell.time <= age)
        known = Durations.of(np.minimum(dwell.time, age)[past], over[past], dwell.entered[past], dwell.grain)
        ahead = ~over & (dwell.time > age)
        begun = np.maximum(dwell.entered, age)[ahead]
        later = Durations.of(dwell.time[ahead], dwell.ended[ahead], begun, dwell.grain)
        if known.n_ended < _FEW or later.n_ended < _FEW:
            continue
        later_decided += later.n_ended
        for one in models:
            found[one.name] += one.log_likelihood(one.fit(known, intervals=False).values, later)
    return {name: value if math.isfinite(value) else -1e300 for name, value in found.items()} if later_decided else {}


def differ_by_outcome(times: ArrayLike, outcomes: ArrayLike) -> float:
    """Return the chance of decided times as unlike by outcome as these, if outcomes do not depend on them.

    If they do not, each decided visit's outcome is a draw of its own whatever its time was, and whatever visits are
    still open or were seen late; so ranks of decided times can be compared as they are. Compared are where they lie
    (Kruskal and Wallis 1952, doi:10.1080/01621459.1952.10483441) and how far they spread (the same test of distances
    from the middle rank); the smaller of both chances is doubled. NaN with fewer than two outcomes of at least five.

    Parameters
    ----------
    times, outcomes
        Of decided visits, shape (n,).
    """
    from scipy.stats import kruskal, rankdata

    lasted, went = np.asarray(times, dtype=np.float64), np.asarray(outcomes)
    kinds, counts = np.unique(went, return_counts=True)
    kinds = kinds[counts >= 5]
    lasted, went = lasted[np.isin(went, kinds)], went[np.isin(went, kinds)]
    if len(kinds) < 2 or np.ptp(lasted) == 0:
        return math.nan
    ranks = rankdata(lasted)
    spread = np.abs(ranks - (len(ranks) + 1) / 2)
    chances = [
        float(kruskal(*(one[went == kind] for kind in kinds)).pvalue) for one in (ranks, spread) if np.ptp(one) > 0
    ]
    return min(1.0, 2 * min(chances))


def _said(
    visits: Visits, model: DurationModel, maximum: Maximum, unlike: float, held_out: bool
) -> tuple[str, ...]:  # fmt: skip
    """Return what is to be said of a stage."""
    said, dwell = [], visits.dwell
    if dwell.n_ended < _FEW:
        said.append(f"only {dwell.n_ended} are decided, so {model.label.lower()} times are taken without a choice")
    elif not held_out:
        said.append(f"the {model.label.lower()} time was chosen by Akaike's criterion: visits are too few, or undated, "
                    "to hold a forecast against later ones")  # fmt: skip
    if unlike < _UNLIKE:
        middles = {
            name: float(np.median(dwell.time[visits.to == i])) for i, name in enumerate(visits.names)
            if (visits.to == i).sum() >= 5
        }  # fmt: skip
        listed = ", ".join(f"{name} {figure(middle, 3)}" for name, middle in middles.items())
        said.append(f"times differ by outcome (medians of those decided: {listed}), but a wait of a journey does not "
                    "depend on it: shares may be off while many are open, and a stage before each outcome would hold "
                    "the difference")  # fmt: skip
    open_for = dwell.time[~dwell.ended]
    longest = float(dwell.time[dwell.ended].max())
    stale = int((open_for > 1.5 * longest).sum())
    if stale:
        foreseen = float(model.survival(maximum.values, open_for[open_for > longest]).mean())
        said.append(f"{stale} are open for more than one and a half times as long as any that was ever decided "
                    f"({figure(longest, 3)}); by the model {chance(round(foreseen, 4))} would last so long: they may "
                    "never be decided, so close them in the records or leave them out")  # fmt: skip
    elif len(open_for) > dwell.n_ended:
        said.append("more are open than decided, so the times of the slow ones are a guess")
    return tuple(said)
