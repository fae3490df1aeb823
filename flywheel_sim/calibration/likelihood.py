"""Maximum likelihood: the most likely parameters, how sure they are together, and what the data cannot tell apart.

A parameter is searched on a free scale (the logarithm of what is positive, the log-odds of a probability), where
likelihoods are nearer to a parabola. Intervals follow from the curvature at the top where the likelihood falls as a
parabola would, and from the profile (all other parameters at their best for each value) where it does not: Venzon and
Moolgavkar 1988, doi:10.2307/2347496.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.stats import critical

FloatArray = NDArray[np.float64]
LogLikelihood = Callable[[FloatArray], float]

#: The search ends this far from 0 on the free scale: a parameter there is as good as 0 or without end.
_FAR = 16.0

#: A line search may try places still farther off; exponents end here, so that no ratio of two is 0 or too large.
_BEYOND = 300.0

#: Stands for what is impossible: far above all else, and its square is still a number.
_NONE = 1e100

#: An interval follows from the curvature where the likelihood at its ends falls by what a parabola would, within this.
_PARABOLA = 0.1

#: So many steps are gone from each start before the best of them is followed.
_FEW = 12

#: A step of Newton's that gains so little of a logarithm of a likelihood is the last one.
_GAINED = 1e-3

#: Two parameters more correlated than this are known together only.
TOGETHER = 0.98


@dataclass(frozen=True)
class Parameter:
    """A parameter of a model.

    Attributes
    ----------
    name
        As the literature has it, such as ``alpha``.
    kind
        ``positive``, ``probability`` (0 to 1) or ``real``.
    about
        What it means, in a few words, with its unit.
    """

    name: str
    kind: str = "positive"
    about: str = ""

    def free(self, value: float) -> float:
        """Return a value on the free scale."""
        if self.kind == "positive":
            return math.log(value)
        return math.log(value / (1 - value)) if self.kind == "probability" else value

    def value(self, free: float) -> float:
        """Return the value that a place on the free scale stands for."""
        if self.kind == "positive":
            return math.exp(min(max(free, -_BEYOND), _BEYOND))
        return 1 / (1 + math.exp(min(-free, _BEYOND))) if self.kind == "probability" else free

    @property
    def least(self) -> float:
        """Return the smallest value it can come near to."""
        return -math.inf if self.kind == "real" else 0.0

    @property
    def most(self) -> float:
        """Return the largest value it can come near to."""
        return 1.0 if self.kind == "probability" else math.inf


@dataclass(frozen=True)
class Maximum:
    """The most likely parameters and what is known of them.

    Attributes
    ----------
    parameters
        What they are, d of them.
    values
        The most likely ones, shape (d,).
    ends
        Ends of each one's interval, shape (d, 2); 0, 1 or infinite where the data set no end.
    level
        Confidence level of the intervals.
    covariance
        Of the parameters on the free scale, shape (d, d).
    log_likelihood
        At the top.
    methods
        How each interval was found: ``curvature`` or ``profile``.
    """

    parameters: tuple[Parameter, ...]
    values: FloatArray
    ends: FloatArray
    level: float
    covariance: FloatArray
    log_likelihood: float
    methods: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the parameters."""
        return tuple(one.name for one in self.parameters)

    @property
    def correlation(self) -> FloatArray:
        """Return how the parameters go together on the free scale, shape (d, d)."""
        sd = np.sqrt(np.diag(self.covariance))
        correlation: FloatArray = self.covariance / np.outer(sd, sd)
        return correlation

    def not_told_apart(self, without: Collection[str] = ()) -> list[str]:
        """Return in words what the data leave open: parameters without an end, and pairs known only together.

        Of parameters `without` those of some names.
        """
        said = []
        for one, value, (low, high) in zip(self.parameters, self.values, self.ends, strict=True):
            if one.name in without:
                continue
            if one.kind != "real" and (low <= one.least or high >= one.most):
                side = "above" if high >= one.most else "below"
                said.append(f"{one.name} has no end {side} that these data set (best value {value:.4g})")
            elif not (math.isfinite(low) and math.isfinite(high)):
                said.append(f"the data say little of {one.name} (best value {value:.4g})")
        tied, names = self.correlation, self.names
        for i in range(len(names)):
            for j in range(i):
                if abs(tied[i, j]) > TOGETHER and not {names[i], names[j]} & set(without):
                    pair = f"{names[j]} and {names[i]} are known only together (correlation {tied[i, j]:.3f})"
                    said.append(f"{pair}: other pairs of the two fit nearly as well, so read neither alone")
        return said


def interval_of(top: Maximum, figure: LogLikelihood) -> tuple[float, float]:
    """Return the interval of a figure above 0 that follows from parameters, of the level of theirs.

    By the delta method on its logarithm, with central differences on the free scale.
    """
    free = np.array([one.free(value) for one, value in zip(top.parameters, top.values, strict=True)])
    slopes = np.zeros(len(free))
    for i in range(len(free)):
        near = []
        for step in (1e-3, -1e-3):
            moved = free.copy()
            moved[i] += step
            values = [one.value(place) for one, place in zip(top.parameters, moved, strict=True)]
            near.append(math.log(max(figure(np.array(values)), 1e-300)))
        slopes[i] = (near[0] - near[1]) / 2e-3
    half = critical(top.level) * math.sqrt(max(0.0, float(slopes @ top.covariance @ slopes)))
    middle = figure(top.values)
    return middle * math.exp(-min(half, 50.0)), middle * math.exp(min(half, 50.0))


def maximise(
    log_likelihood: LogLikelihood,
    parameters: Sequence[Parameter],
    starts: Sequence[Sequence[float]],
    level: float = 0.95,
    *,
    intervals: bool = True,
    near: bool = False,
) -> Maximum:
    """Return the parameters that make data most likely, with intervals and covariance.

    Parameters
    ----------
    log_likelihood
        Takes parameters as the model writes them, shape (d,); not finite where they are impossible.
    parameters, starts
        What they are, and one or more places to begin at; the best end counts.
    level
        Of the intervals.
    intervals
        Whether to look for intervals; without, ends are NaN (where many fits are made only to forecast).
    near
        Whether the start is known to be near the top.
    """
    what = tuple(parameters)

    def fall(free: FloatArray) -> float:
        value = log_likelihood(np.array([one.value(place) for one, place in zip(what, free, strict=True)]))
        return min(-value, _NONE) if math.isfinite(value) else _NONE

    begins = [np.array([one.free(value) for one, value in zip(what, start, strict=True)]) for start in starts]
    if len(begins) > 1:  # a few steps tell which of them leads on
        begins = [min((_descend(fall, begin, _FEW) for begin in begins), key=fall)]
    top, curved = _polish(fall, begins[0] if near else _descend(fall, begins[0]))
    covariance = _inverse(curved)
    ends, methods = np.full((len(what), 2), math.nan), ["none"] * len(what)
    if intervals:
        for i in range(len(what)):
            ends[i], methods[i] = _ends(fall, top, covariance, i, level)
    values = np.array([one.value(place) for one, place in zip(what, top, strict=True)])
    outer = np.array([[_outer(one, place) for place in pair] for one, pair in zip(what, ends, strict=True)])
    return Maximum(what, values, outer, level, covariance, -fall(top), tuple(methods))


def _outer(one: Parameter, place: float) -> float:
    """Return the end of an interval as a value; one beyond the search is the edge itself."""
    if math.isnan(place):
        return math.nan
    if abs(place) >= _FAR and one.kind != "real":
        return one.least if place < 0 else one.most
    return place if one.kind == "real" else one.value(place)


def _descend(fall: LogLikelihood, begin: FloatArray, steps: int = 500) -> FloatArray:
    from scipy.optimize import minimize

    reach = np.maximum(_FAR, 4 * np.abs(begin))
    least = 1e-4 / max(1.0, abs(fall(begin)))  # of what is left to gain; Newton's steps go on from there
    found = minimize(fall, begin, method="L-BFGS-B", bounds=list(zip(-reach, reach, strict=True)),
                     options={"ftol": least, "gtol": 1e-3, "maxiter": steps})  # fmt: skip
    place: FloatArray = found.x
    return place


def _polish(fall: LogLikelihood, top: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the top after a few steps of Newton's, with the curvature there."""
    slope, curved = _derivatives(fall, top)
    for _ in range(8):
        step = _inverse(curved) @ slope
        gain = abs(slope @ step)
        if not np.isfinite(step).all() or gain < _GAINED**2:
            break
        step *= min(1.0, 1.0 / max(1e-12, float(np.abs(step).max())))  # never far at once
        lower = next((top - step * part for part in (1.0, 0.3, 0.05) if fall(top - step * part) < fall(top)), None)
        if lower is None:
            break
        top = lower
        if gain < _GAINED:  # steps become ever shorter, by squares, and the curvature is as good as this one
            break
        slope, curved = _derivatives(fall, top)
    return top, curved


def _derivatives(fall: LogLikelihood, place: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return slope and curvature by central differences."""
    d, h = len(place), 2e-3
    here = fall(place)
    steps = np.eye(d) * h
    up = np.array([fall(place + one) for one in steps])
    down = np.array([fall(place - one) for one in steps])
    curved = np.diag((up - 2 * here + down) / h**2)
    for i in range(d):
        for j in range(i):
            both = fall(place + steps[i] + steps[j]) + fall(place - steps[i] - steps[j])
            curved[i, j] = curved[j, i] = (both - up[i] - down[i] - up[j] - down[j] + 2 * here) / (2 * h**2)
    return (up - down) / (2 * h), curved


def _inverse(curved: FloatArray) -> FloatArray:
    """Return the inverse of a curvature; directions in which nothing changes get a wide, but finite, spread."""
    if not np.isfinite(curved).all():
        return np.eye(len(curved)) * _FAR**2
    values, vectors = np.linalg.eigh((curved + curved.T) / 2)
    widest = 1 / _FAR**2
    inverse: FloatArray = (vectors / np.maximum(values, widest)) @ vectors.T
    return inverse


def _ends(fall: LogLikelihood, top: FloatArray, covariance: FloatArray, i: int, level: float) -> tuple[FloatArray, str]:
    """Return both ends of a parameter's interval on the free scale, and how they were found."""
    z = critical(level)
    sd = math.sqrt(covariance[i, i])
    along = covariance[:, i] / covariance[i, i]  # where the others go when this one moves
    here, found, method = fall(top), [], "curvature"
    for side in (-1, 1):
        away = side * z * sd
        fallen = 2 * (fall(top + along * away) - here)
        if abs(fallen / z**2 - 1) <= _PARABOLA:
            found.append(top[i] + away)
        else:
            found.append(_profiled(fall, top, covariance, i, side, z))
            method = "profile"
    return np.array(found), method


def _profiled(fall: LogLikelihood, top: FloatArray, covariance: FloatArray, i: int, side: int, z: float) -> float:
    """Return where the profile has fallen by z squared, or a place beyond the search where it never does."""
    others = [j for j in range(len(top)) if j != i]
    sd, here = math.sqrt(covariance[i, i]), fall(top)
    along = covariance[:, i] / covariance[i, i]
    best: dict[float, FloatArray] = {0.0: top}

    def short_of(away: float) -> float:  # nearly straight in the distance, so few steps find its root
        if away not in best:
            nearest = min(best, key=lambda one: abs(one - away))
            best[away] = _best_of_others(fall, best[nearest] + along * (away - nearest), others, covariance)
        return float(math.sqrt(max(0.0, 2 * (fall(best[away]) - here)))) - z

    most = max(_FAR, abs(top[i]) + 1) - side * top[i]  # how far it is to the edge of the search
    inner, outer = 0.0, min(z * sd, most)
    while short_of(side * outer) < 0:
        if outer >= most:
            return float(side * max(_FAR, abs(top[i]) + 1))
        inner, outer = outer, min(most, outer * 1.6)
    from scipy.optimize import brentq

    far: float = brentq(lambda distance: short_of(side * distance), inner, outer, xtol=2e-3 * z * sd)
    return float(top[i] + side * far)


def _best_of_others(fall: LogLikelihood, place: FloatArray, others: list[int], covariance: FloatArray) -> FloatArray:
    """Return a place with all parameters but one moved to where they fit best."""
    if not others:
        return place
    from scipy.optimize import minimize

    def fall_of(some: FloatArray) -> float:
        whole = place.copy()
        whole[others] = some
        return fall(whole)

    known = covariance[np.ix_(others, others)]
    found = minimize(
        fall_of, place[others], method="BFGS", options={"hess_inv0": (known + known.T) / 2, "gtol": 2e-3, "maxiter": 60}
    )
    whole = place.copy()
    if found.fun <= fall_of(place[others]):
        whole[others] = np.clip(found.x, -2 * _FAR, 2 * _FAR)
    return whole
