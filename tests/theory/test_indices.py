"""Global sensitivity against functions whose indices are known, and against a simulated business in closed form."""

import importlib
import math

import numpy as np
import pytest

from flywheel_sim.analysis.uncertainty.indices import morris_of, sobol_of
from flywheel_sim.analysis.uncertainty.sobol import sobol
from flywheel_sim.scenario.load import loads

#: Sobol's G-function with these a: Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018.
A = np.array([0, 1, 4.5, 9, 99, 99, 99, 99])


def ishigami(u, a=7.0, b=0.1):
    """Ishigami and Homma 1990, doi:10.1109/ISUMA.1990.151285."""
    x = np.pi * (2 * u - 1)
    return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])


def g_function(u):
    return np.prod((np.abs(4 * u - 2) + A) / (1 + A), axis=1)


def product_indices(relative):
    """Return first, total and relative variance of a product of independent factors of these relative variances."""
    relative = np.asarray(relative, dtype=float)
    whole = np.prod(1 + relative) - 1
    return relative / whole, relative * np.prod(1 + relative) / (1 + relative) / whole, whole


ISHIGAMI_FIRST, ISHIGAMI_TOTAL = (0.3139, 0.4424, 0.0), (0.5576, 0.4424, 0.2437)
ISHIGAMI_VARIANCE = 7**2 / 8 + 0.1 * np.pi**4 / 5 + 0.1**2 * np.pi**8 / 18 + 0.5
G_FIRST, G_TOTAL, _ = product_indices(1 / (3 * (1 + A) ** 2))


def inside(estimates, exact, wider=1.0):
    """Tell for each estimate whether its interval, made so many times wider, holds the exact value."""
    return [
        abs(one.mean - value) <= wider * one.half_width + 1e-12 for one, value in zip(estimates, exact, strict=True)
    ]


# -- Sobol indices ----------------------------------------------------------------------------------


def test_ishigami_has_its_indices_within_their_intervals():
    (indices,) = sobol_of(ishigami, 3, 1024, seed=1)
    assert all(inside(indices.first, ISHIGAMI_FIRST))
    assert all(inside(indices.total, ISHIGAMI_TOTAL))
    assert all(one.half_width < 0.09 for one in indices.first + indices.total)
    assert inside([indices.known], [ISHIGAMI_VARIANCE]) == [True]
    assert math.isnan(indices.chance_share.mean)


def test_the_g_function_has_its_indices_within_their_intervals():
    (indices,) = sobol_of(g_function, 8, 2048, seed=2)
    assert all(inside(indices.first, G_FIRST))
    assert all(inside(indices.total, G_TOTAL))
    assert [one.mean for one in indices.total[:4]] == sorted((one.mean for one in indices.total[:4]), reverse=True)
    assert max(one.mean for one in indices.total[4:]) < 0.001


def test_without_luck_the_figures_are_those_of_salib():
    sample = importlib.import_module("SALib.sample.sobol").sample
    analyze = importlib.import_module("SALib.analyze.sobol").analyze
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0, 1]] * 3}
    design = sample(problem, 256, calc_second_order=False, seed=5)
    theirs = analyze(problem, ishigami(design), calc_second_order=False, num_resamples=1000, seed=1)
    (ours,) = sobol_of(ishigami, 3, 256, seed=5)
    np.testing.assert_allclose([one.mean for one in ours.first], theirs["S1"], rtol=1e-9)
    np.testing.assert_allclose([one.mean for one in ours.total], theirs["ST"], rtol=1e-9)
    np.testing.assert_allclose([one.half_width for one in ours.first], theirs["S1_conf"], rtol=0.15)
    np.testing.assert_allclose([one.half_width for one in ours.total], theirs["ST_conf"], rtol=0.15)


def test_luck_of_each_point_s_own_moves_no_index_and_is_found_as_chance():
    luck = np.random.default_rng(3)

    def noisy(u):
        return ishigami(u)[:, None] + luck.normal(0, 8, (len(u), 10))

    (indices,) = sobol_of(noisy, 3, 1024)
    assert all(inside(indices.first, ISHIGAMI_FIRST))
    assert all(inside(indices.total, ISHIGAMI_TOTAL))
    assert inside([indices.known, indices.chance], [ISHIGAMI_VARIANCE, 64.0]) == [True, True]
    assert inside([indices.chance_share], [100 * 64 / (64 + ISHIGAMI_VARIANCE)]) == [True]
    (of_means,) = sobol_of(lambda u: noisy(u).mean(axis=1), 3, 1024)
    assert of_means.total[2].low > ISHIGAMI_TOTAL[2]  # what the correction takes away


def test_luck_that_all_points_share_moves_no_index():
    luck = np.random.default_rng(4)
    shared = luck.normal(0, 8, 10)
    (indices,) = sobol_of(lambda u: ishigami(u)[:, None] + shared, 3, 256)
    (sure,) = sobol_of(ishigami, 3, 256)
    np.testing.assert_allclose(
        [e.mean for e in indices.first + indices.total], [e.mean for e in sure.first + sure.total]
    )
    assert indices.known.mean == pytest.approx(sure.known.mean)
    assert indices.chance.mean == pytest.approx(shared.var(ddof=1))


def test_intervals_hold_the_exact_value_as_often_as_they_say():
    luck = np.random.default_rng(6)
    hits = []
    for seed in range(40):
        (indices,) = sobol_of(lambda u: g_function(u)[:, None] + luck.normal(0, 0.5, (len(u), 5)), 8, 128, seed=seed)
        hits += inside(indices.first, G_FIRST) + inside(indices.total, G_TOTAL)
    assert np.mean(hits) >= 0.93


# -- elementary effects -----------------------------------------------------------------------------


def test_effects_of_a_linear_function_are_its_slopes():
    slopes = np.array([3.0, -2.0, 0.5, 0.0])
    (effects,) = morris_of(lambda u: u @ slopes, 4, 20, seed=1)
    np.testing.assert_allclose([one.mean for one in effects.mu], slopes, atol=1e-12)
    np.testing.assert_allclose([one.mean for one in effects.mu_star], np.abs(slopes), atol=1e-12)
    np.testing.assert_allclose([one.mean for one in effects.sigma], 0, atol=1e-12)
    assert effects.noise == (0, 0, 0, 0)


def test_luck_does_not_pass_for_bending():
    luck, slopes = np.random.default_rng(2), np.array([3.0, -2.0, 0.5, 0.0])
    (effects,) = morris_of(lambda u: (u @ slopes)[:, None] + luck.normal(0, 1, (len(u), 8)), 4, 400, seed=1)
    for one, slope, noise, sigma in zip(effects.mu, slopes, effects.noise, effects.sigma, strict=True):
        assert one.low < slope < one.high
        assert noise == pytest.approx(1.5 * math.sqrt(2 / 8), rel=0.05)  # two points, a step of 2/3, 8 replications
        assert sigma.low < 0.2 < noise


def test_effects_are_those_of_salib():
    sample = importlib.import_module("SALib.sample.morris").sample
    analyze = importlib.import_module("SALib.analyze.morris").analyze
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0, 1]] * 3}
    design = sample(problem, 30, num_levels=6, seed=9)
    theirs = analyze(problem, design, ishigami(design), num_levels=6)
    (ours,) = morris_of(ishigami, 3, 30, levels=6, seed=9)
    for name in ("mu", "mu_star", "sigma"):
        np.testing.assert_allclose([one.mean for one in getattr(ours, name)], theirs[name], rtol=1e-9)


def test_what_matters_more_comes_first():
    (effects,) = morris_of(g_function, 8, 40, seed=3)
    size = [one.mean for one in effects.mu_star]
    assert size[:4] == sorted(size[:4], reverse=True)
    assert max(size[4:]) < size[3] / 3
    (effects,) = morris_of(ishigami, 3, 100, seed=3)
    assert effects.sigma[2].low > effects.mu_star[2].mean  # x3 acts through x1 alone, in both directions
    assert effects.mu[2].low < 0 < effects.mu[2].high
    assert effects.mu[0].low > 0


# -- a simulated business ---------------------------------------------------------------------------

SHOP = """
name: Shop
horizon: 1 month
currency: EUR
rates:
  arrivals: {value: 600 per month, why: "between 400 and 800"}
  buys: {value: 50 %, uncertain: [40 %, 60 %], why: "not known"}
  price: {value: 20, why: "a tenth either way"}
channels: {door: {rate: arrivals, enters: guest}}
journey:
  guest: {role: prospect, to: {buyer: {chance: buys, earn: {sale: price}}, gone: rest}}
  buyer: customer
  gone: exit
"""


def test_a_simulated_business_has_the_indices_of_its_closed_form():
    """Revenue is price times a Poisson number of buyers: its expectation is a product, its variance by luck known."""
    result = sobol(loads(SHOP), "revenue", values={"arrivals": (400, 800)}, n=128, replications=10, seed=1)
    assert list(result.ranges) == ["arrivals", "buys", "price"]
    ends = {"arrivals": (400, 800), "buys": (0.4, 0.6), "price": (18, 22)}
    relative = [(b - a) ** 2 / 12 / ((a + b) / 2) ** 2 for a, b in ends.values()]
    first, total, whole = product_indices(relative)
    assert all(inside([result.first(name) for name in ends], first))
    assert all(inside([result.total(name) for name in ends], total))
    mean = 600 * 0.5 * 20
    known, chance = whole * mean**2, 600 * 0.5 * (20**2 + (22 - 18) ** 2 / 12)
    assert inside([result.indices["revenue"].known], [known]) == [True]
    assert inside([result.indices["revenue"].chance], [chance]) == [True]
    assert inside([result.chance()], [100 * chance / (chance + known)]) == [True]
    assert result.order() == ["arrivals", "buys", "price"]
