"""Models of buying find the parameters by which their own journeys were simulated, and what people will do next."""

import time

import numpy as np
import pytest
from recovering import CASES, HIGH, LOW, SPEND, bought, found, histories, seen, spent, unseen

from flywheel_sim.calibration.buying import GAMMA_GAMMA, Setting

#: Data sets of a test that is always run, and of one with --slow.
FEW, MANY = 8, 300

#: Cases whose fits take little time.
QUICK = ("nbd", "bg_nbd", "pareto_nbd", "nbd_late")

#: The mean over a few data sets of (found - true) / SD stays within so many of its own SDs.
LIMIT = 4.0

SPENDERS = Setting(horizon=60, customers=1000)
LATE = [name for name in CASES if CASES[name].cut]


def z_scores(parameters, true, fits):
    """Return how far the mean over data sets is from the truth, in its SDs, on the scale of the search."""
    true = np.array([one.free(at) for one, at in zip(parameters, true, strict=True)])
    away = []
    for most in fits:
        free = [one.free(value) for one, value in zip(parameters, most.values, strict=True)]
        away.append((np.array(free) - true) / np.sqrt(np.diag(most.covariance)))
    return np.mean(away, axis=0) * np.sqrt(len(away))


@pytest.mark.parametrize("name", CASES)
def test_parameters_are_found_again_without_bias(name):
    case = CASES[name]
    sets = range(FEW if name in QUICK else FEW // 4)
    fits = [case.model.fit(seen(case, seed), intervals=False) for seed in sets]
    z = z_scores(case.model.parameters, case.values, fits)
    print(f"{name}: z " + ", ".join(f"{one.name} {at:+.1f}" for one, at in zip(case.model.parameters, z, strict=True)))
    assert np.abs(z).max() < LIMIT
    for factor in (0.6, 1.6):  # data of one that buys at another pace would not pass
        planted = case.values * np.where(np.arange(len(z)) == 0, factor, 1)
        assert abs(z_scores(case.model.parameters, planted, fits)[0]) > LIMIT


def test_spend_is_found_again_without_bias():
    fits = [GAMMA_GAMMA.fit(*spent(SPENDERS, seed), intervals=False) for seed in range(FEW)]
    assert np.abs(z_scores(GAMMA_GAMMA.parameters, SPEND, fits)).max() < LIMIT


@pytest.mark.parametrize("name", CASES)
def test_forecasts_are_right_on_average(name):
    case, residuals, total = CASES[name], [], 0.0
    ends = (case.setting.horizon - case.cut) * (0.6 if case.model.season is None else 0.85)
    ahead = case.setting.horizon - case.cut - ends
    for seed in range(FEW):
        who, at = bought(case, seed)
        kept = at >= case.cut
        who, at = who[kept], at[kept] - case.cut
        h = histories(case, who, at, ends)
        expected = case.model.expected(case.values, h, [ahead])[:, 0] @ h.count
        known = np.isin(who, who[at <= ends])
        real = np.count_nonzero(known & (at > ends))
        residuals.append(real - expected)
        total += expected
    z = np.mean(residuals) / np.std(residuals, ddof=1) * np.sqrt(FEW)
    print(
        f"{name}: {total:,.0f} purchases expected, {sum(residuals):+,.0f} ({sum(residuals) / total:+.1%}), t {z:+.1f}"
    )
    assert abs(z) < 5.5  # a t of 9 degrees of freedom passes it once in 2,500 times
    assert abs(sum(residuals)) < 0.06 * total


@pytest.mark.parametrize("name", LATE)
def test_how_many_are_unseen_is_told(name):
    case = CASES[name]
    true = np.array([unseen(case, seed) for seed in range(FEW)])
    told = np.array([case.model.unseen(case.values, seen(case, seed)) for seed in range(FEW)])
    error = np.std(true - told, ddof=1) / np.sqrt(FEW)
    print(f"{name}: {true.mean():.1f} unseen, {told.mean():.1f} told")
    assert abs(true.mean() - told.mean()) < 5.5 * error
    assert abs(true.mean() - told.mean()) < 0.1 * true.mean()


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_intervals_cover_the_truth_as_often_as_they_say(name):
    case, begun = CASES[name], time.process_time()
    sets = np.array([found(case, seed) for seed in range(MANY)])
    print(f"\n{name}: {MANY} data sets, {(time.process_time() - begun) / MANY:.2f} s of processor time each")
    covered(case.model.parameters, case.values, sets)


@pytest.mark.slow
def test_intervals_of_spend_cover_the_truth_as_often_as_they_say():
    fits = [GAMMA_GAMMA.fit(*spent(SPENDERS, seed)) for seed in range(MANY)]
    print("\ngamma_gamma")
    covered(GAMMA_GAMMA.parameters, SPEND, np.array([np.column_stack([most.values, most.ends]) for most in fits]))


def covered(parameters, true, sets):
    """Assert that intervals cover the truth as often as they say, and print how often they do."""
    best, low, high = np.moveaxis(sets, 2, 0)
    covers = ((low <= true) & (true <= high)).mean(axis=0)
    print("  parameter   true  median   covers  below  above  no end")
    for i, one in enumerate(parameters):
        below, above, open_end = (
            (true[i] < low[:, i]).mean(),
            (true[i] > high[:, i]).mean(),
            np.isinf(high[:, i]).mean(),
        )
        print(f"  {one.name:9} {true[i]:6.3f}  {np.median(best[:, i]):6.3f}  {covers[i]:6.1%}  "
              f"{below:5.1%}  {above:5.1%}  {open_end:5.1%}")  # fmt: skip
    assert covers.min() >= LOW
    assert covers.max() <= HIGH
