"""How a simulated figure is held against an exact one, so that a pass means something.

A z-score by the exact variance (in a steady state by the spread of independent replications) must stay
below 4. That alone would also pass a blunt test, so the standard error is bounded too (0.6 % of the
figure unless the test says otherwise), and the same data with a bias planted, 5 % at that bound, must fail.
"""

import math

import numpy as np
from scipy import stats

from flywheel_sim.engine.run import run_once
from flywheel_sim.scenario.load import loads

LIMIT = 4.0
SHARPNESS = 0.006
PLANTED = 0.05
#: Chance of a false alarm, the same for a distribution as for a z-score.
ALARM = 2 * stats.norm.sf(LIMIT)


def run(text, seed=1, replication=0, **tables):
    """Run a journey written out in a test."""
    return run_once(loads(text).journey(), seed, replication, **tables)


def moments(values, chances):
    """Return mean, variance and fourth central moment of a discrete distribution."""
    values, chances = np.asarray(values, dtype=float), np.asarray(chances, dtype=float)
    assert math.isclose(chances.sum(), 1.0, abs_tol=1e-9)
    mean = float(values @ chances)
    return mean, float((values - mean) ** 2 @ chances), float((values - mean) ** 4 @ chances)


def agrees(values, exact_mean, exact_variance_of_one, exact_fourth=None, sd_sharpness=SHARPNESS, what=""):
    """Assert that independent values have the exact mean and, given a fourth central moment, the exact SD."""
    values = np.asarray(values, dtype=float)
    away = values - exact_mean
    _figure(values.mean(), exact_mean, exact_variance_of_one / len(values), len(values), SHARPNESS, f"{what} mean")
    if exact_fourth is not None:
        exact = math.sqrt(exact_variance_of_one)
        error = math.sqrt((exact_fourth - exact**4) / len(values)) / (2 * exact)
        _figure(math.sqrt((away**2).mean()), exact, error**2, len(values), sd_sharpness, f"{what} SD")


def ratio_agrees(totals, counts, exact, what=""):
    """Assert that totals per count, one of each from every replication of a steady state, have the exact ratio."""
    totals, counts = np.asarray(totals, dtype=float), np.broadcast_to(counts, np.shape(totals))
    variance = np.var(totals - exact * counts, ddof=1) / len(totals) / counts.mean() ** 2
    _figure(totals.sum() / counts.sum(), exact, variance, len(totals), SHARPNESS, what)


def _figure(estimate, exact, variance, n, sharpness, what):
    error = math.sqrt(variance)
    z = (estimate - exact) / error
    print(f"{what.strip()}: n {n:,}, {estimate:.6g} against {exact:.6g}, error {error / abs(exact):.2%}, z {z:+.2f}")
    assert error <= sharpness * abs(exact), f"{what}: standard error {error / abs(exact):.2%}, too blunt"
    assert abs(z) < LIMIT, f"{what}: {estimate:.6g} against {exact:.6g}, z {z:+.2f}"
    for bias in (-1, 1):
        planted = estimate * (1 + bias * PLANTED * sharpness / SHARPNESS)
        assert abs(planted - exact) / error >= LIMIT, f"{what}: a planted bias would pass"


def follows(values, cdf, what=""):
    """Assert that independent values follow a continuous distribution, and would not if they were 5 % off."""
    values = np.asarray(values, dtype=float)
    p = stats.kstest(values, cdf).pvalue
    print(f"{what}: n {len(values):,}, Kolmogorov-Smirnov p {p:.3f}")
    assert p > ALARM
    for factor in (1 - PLANTED, 1 + PLANTED):
        assert stats.kstest(factor * values, cdf).pvalue < ALARM, f"{what}: a planted bias would pass"


def counts_follow(counts, pmf, what=""):
    """Assert that whole numbers 0, 1, ... follow chances, and would not if 5 % of them were one more."""
    counts, pmf = np.asarray(counts), np.asarray(pmf, dtype=float)
    expected = len(counts) * pmf
    cells = int(np.argmax(np.append(expected, 0) < 20)) - 1
    expected = np.append(expected[:cells], len(counts) - expected[:cells].sum())

    def p_value(sample):
        seen = np.bincount(np.minimum(sample, cells), minlength=cells + 1)
        return stats.chisquare(seen, expected).pvalue

    p = p_value(counts)
    print(f"{what}: n {len(counts):,}, chi-square over {cells + 1} cells p {p:.3f}")
    assert p > ALARM
    moved = counts + (np.arange(len(counts)) % round(1 / PLANTED) == 0)
    assert p_value(moved) < ALARM, f"{what}: a planted bias would pass"
