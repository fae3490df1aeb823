"""Variance-based indices and elementary effects of any function of the unit cube, run with or without luck.

What is drawn by luck does not pass for what the inputs do: products of two responses are taken between different
replications only, so that luck has no mean in them, however points share it. With one replication, for functions
that know no luck, all estimators are the usual ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.bands import bootstrap_means
from flywheel_sim.stats import Estimate, FloatArray

#: Maps points (n, inputs) of the unit cube to responses: (n,), (n, replications) or (n, metrics, replications).
Evaluate = Callable[[FloatArray], FloatArray]

#: Fewest replications that tell luck from inputs, with something left where one is left out.
FEWEST = 3


@dataclass(frozen=True)
class Indices:
    """How the variance of one response divides among its inputs and luck.

    Attributes
    ----------
    first, total
        Of each input its first-order and total index: the share of the variance of the response's expectation that
        would go on average if that input alone became known, and that would stay if all others did.
    known, chance
        The variance of the expectation over inputs, and the mean variance that luck makes at given inputs; the latter
        without value where there is one replication.
    chance_share
        Luck's part of both together, %.
    """

    first: tuple[Estimate, ...]
    total: tuple[Estimate, ...]
    known: Estimate
    chance: Estimate
    chance_share: Estimate


@dataclass(frozen=True)
class ElementaryEffects:
    """Elementary effects of one response: its change while one input goes its whole way, at many places.

    Attributes
    ----------
    mu, mu_star, sigma
        Of each input: their mean, the mean of their size, and their standard deviation over places.
    noise
        Of each input the standard error that luck leaves in a single effect.
    """

    mu: tuple[Estimate, ...]
    mu_star: tuple[Estimate, ...]
    sigma: tuple[Estimate, ...]
    noise: tuple[float, ...]


def sobol_of(
    evaluate: Evaluate, inputs: int, points: int, seed: int = 0, units: Sequence[str] = ("",)
) -> tuple[Indices, ...]:
    """Return the indices of each metric of a function of the unit cube.

    Estimators of Saltelli et al. 2010 (doi:10.1016/j.cpc.2009.09.018) on scrambled Sobol points (Owen 1998,
    doi:10.1006/jcom.1998.0487), as in SALib.

    Parameters
    ----------
    evaluate
        The function; it is called once, with ``points * (inputs + 2)`` points.
    inputs, points
        How many inputs, and base points: a power of two.
    seed
        Of the scrambling.
    units
        Of each metric.

    Raises
    ------
    ExperimentError
        If the number of points is no power of two, or a response is not finite.
    """
    refuse_points(points)
    design = _salib("sample.sobol").sample(_problem(inputs), points, calc_second_order=False, scramble=True, seed=seed)
    responses = _responses(evaluate, design)
    return tuple(
        _indices(one.reshape(points, inputs + 2, -1), unit) for one, unit in zip(responses, units, strict=True)
    )


def morris_of(
    evaluate: Evaluate, inputs: int, trajectories: int, levels: int = 4, seed: int = 0, units: Sequence[str] = ("",)
) -> tuple[ElementaryEffects, ...]:
    """Return the elementary effects of each metric of a function of the unit cube.

    Morris 1991 (doi:10.1080/00401706.1991.10484804), with the mean size of Campolongo, Cariboni and Saltelli 2007
    (doi:10.1016/j.envsoft.2006.10.004).

    Parameters
    ----------
    evaluate
        The function; it is called once, with ``trajectories * (inputs + 1)`` points.
    inputs, trajectories, levels
        How many inputs, walks through the cube, and levels of each input: an even number.
    seed, units
        Of the walks, and of each metric.

    Raises
    ------
    ExperimentError
        If trajectories or levels are too few, levels are odd, or a response is not finite.
    """
    refuse_walks(trajectories, levels)
    design = _salib("sample.morris").sample(_problem(inputs), trajectories, num_levels=levels, seed=seed)
    steps = np.diff(design.reshape(trajectories, inputs + 1, inputs), axis=1)
    moved = np.abs(steps).argmax(axis=2)
    sizes = np.take_along_axis(steps, moved[:, :, None], axis=2)
    order = np.argsort(moved, axis=1)[:, :, None]
    effects = []
    for one, unit in zip(_responses(evaluate, design), units, strict=True):
        walks = one.reshape(trajectories, inputs + 1, -1)
        effects.append(_effects(np.take_along_axis(np.diff(walks, axis=1) / sizes, order, axis=1), unit))
    return tuple(effects)


def refuse_points(points: int) -> None:
    """Refuse a number of base points at which Sobol points are not balanced.

    Raises
    ------
    ExperimentError
        If it is no power of two.
    """
    if points < 2 or points & (points - 1):
        near = 1 << max(1, round(math.log2(max(2, points))))
        raise ExperimentError(f"n is {points:,}: base points are balanced at powers of two only; write n={near}")


def refuse_walks(trajectories: int, levels: int) -> None:
    """Refuse trajectories that say nothing, and levels that would not all be met equally often.

    Raises
    ------
    ExperimentError
        If trajectories or levels are too few, or levels are odd.
    """
    if trajectories < 2:
        raise ExperimentError(f"trajectories is {trajectories}: at least two are needed; write trajectories=20")
    if levels < 2 or levels % 2:
        raise ExperimentError(f"levels is {levels}: an even number is needed; write levels=4")


def _salib(name: str) -> Any:
    return import_module(f"SALib.{name}")


def _problem(inputs: int) -> dict[str, Any]:
    """Return the unit cube as SALib has it."""
    return {"num_vars": inputs, "names": [f"x{i}" for i in range(inputs)], "bounds": [[0.0, 1.0]] * inputs}


def _responses(evaluate: Evaluate, design: FloatArray) -> list[FloatArray]:
    """Return the responses of each metric, shape (n, replications).

    Raises
    ------
    ExperimentError
        If one is not finite, or replications are too few.
    """
    responses = np.asarray(evaluate(design), dtype=np.float64)
    if responses.ndim < 3:
        responses = responses.reshape(len(design), 1, -1)
    if 1 < responses.shape[2] < FEWEST:
        raise ExperimentError(f"{responses.shape[2]} replications do not tell luck from inputs; take {FEWEST} or more")
    if not np.isfinite(responses).all():
        missing = int((~np.isfinite(responses)).any(axis=(1, 2)).sum())
        raise ExperimentError(f"at {missing:,} of {len(design):,} design points a replication has no finite value of "
                              "the metric; take another metric, or narrower ranges")  # fmt: skip
    return [responses[:, metric] for metric in range(responses.shape[1])]


def _between(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the mean product of a's and b's responses in different replications; replications are the last axis."""
    n = a.shape[-1]
    product: FloatArray = a.mean(axis=-1) * b.mean(axis=-1)
    if n > 1:
        product = (n * product - (a * b).mean(axis=-1)) / (n - 1)
    return product


def _indices(y: FloatArray, unit: str) -> Indices:
    """Return the indices of responses, shape (points, inputs + 2, replications): A, A with one of B each, B."""
    inputs = y.shape[1] - 2

    def rows(values: FloatArray) -> FloatArray:
        luck = values[:, [0, -1]].var(axis=-1, ddof=1) if values.shape[-1] > 1 else np.full((len(values), 2), math.nan)
        values = values - values.mean(axis=(0, 1))
        a, ab, b = values[:, :1], values[:, 1:-1], values[:, -1:]
        gap = a - ab
        columns = [-_between(b, gap), _between(gap, gap) / 2, (_between(a, a) + _between(b, b)) / 2,
                   (a.mean(axis=-1) + b.mean(axis=-1)) / 2, luck.mean(axis=1, keepdims=True)]  # fmt: skip
        return np.concatenate(columns, axis=1)

    def formula(mean: FloatArray) -> FloatArray:
        known = mean[..., -3:-2] - mean[..., -2:-1] ** 2
        chance = mean[..., -1:]
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = np.where(known > 0, mean[..., : 2 * inputs] / known, math.nan)
            luck = 100 * chance / (np.maximum(known, 0) + chance)
        return np.concatenate([shares, known, chance, luck], axis=-1)

    figures = _estimated(y, rows, formula)
    n, squared = len(y), f"({unit})²" if unit else ""
    indices = [_estimate(one, n, "", "index") for one in figures[: 2 * inputs]]
    known, chance = (_estimate(one, n, squared, "variance") for one in figures[2 * inputs : 2 * inputs + 2])
    return Indices(
        tuple(indices[:inputs]), tuple(indices[inputs:]), known, chance, _estimate(figures[-1], n, "%", "share")
    )


def _effects(effects: FloatArray, unit: str) -> ElementaryEffects:
    """Return what elementary effects come to, shape (trajectories, inputs, replications)."""
    count, inputs, replications = effects.shape

    def rows(values: FloatArray) -> FloatArray:
        mean, away = values.mean(axis=-1), values - values.mean(axis=0)
        return np.concatenate([mean, np.abs(mean), _between(away, away), away.mean(axis=-1)], axis=1)

    def formula(mean: FloatArray) -> FloatArray:
        square, away = mean[..., 2 * inputs : 3 * inputs], mean[..., 3 * inputs :]
        sigma = np.sqrt(np.maximum(0, square - away**2) * count / (count - 1))
        return np.concatenate([mean[..., : 2 * inputs], sigma], axis=-1)

    figures = _estimated(effects, rows, formula)
    mu = tuple(_estimate(one, count, unit, "mean effect") for one in figures[:inputs])
    sizes = [(value, max(0.0, low), high) for value, low, high in figures[inputs:]]
    mu_star = tuple(_estimate(one, count, unit, "mean size of effects") for one in sizes[:inputs])
    sigma = tuple(_estimate(one, count, unit, "deviation of effects") for one in sizes[inputs:])
    luck = effects.var(axis=-1, ddof=1).mean(axis=0) / replications if replications > 1 else np.zeros(inputs)
    return ElementaryEffects(mu, mu_star, sigma, tuple(float(one) for one in np.sqrt(luck)))


def _estimated(
    y: FloatArray, rows: Callable[[FloatArray], FloatArray], formula: Callable[[FloatArray], FloatArray]
) -> list[tuple[float, float, float]]:
    """Return figures with the ends of their 95 % intervals.

    Two independent errors add up: points drawn with replacement (Efron 1979, doi:10.1214/aos/1176344552; as SALib
    does, and on the wide side for scrambled Sobol points), and replications left out one by one (the jackknife).

    Parameters
    ----------
    y
        Responses; points are the first axis, replications the last.
    rows
        Returns for responses a row for each point; figures are made of the means of their columns.
    formula
        Returns the figures for means of columns, along the last axis.
    """
    own = rows(y)
    replications = y.shape[-1]
    variance = formula(bootstrap_means(own)).var(axis=0, ddof=1)
    if replications > 1:
        left = np.array([formula(rows(np.delete(y, i, axis=-1)).mean(axis=0)) for i in range(replications)])
        variance = variance + (replications - 1) * left.var(axis=0)
    value, half = formula(own.mean(axis=0)), 1.959964 * np.sqrt(variance)
    return list(zip(value.tolist(), (value - half).tolist(), (value + half).tolist(), strict=True))


def _estimate(figures: tuple[float, float, float], n: int, unit: str, of: str) -> Estimate:
    return Estimate(*figures, 0.95, n, unit, of)
