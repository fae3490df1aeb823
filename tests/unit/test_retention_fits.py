"""Models of retention and of durations, against closed forms, examples by hand and one another."""

import math
import warnings

import numpy as np
import pytest
from scipy import stats
from scipy.special import betaln

from flywheel_sim import datasets
from flywheel_sim.calibration.durations import DURATION_MODELS, EXPONENTIAL, GAMMA, LOGNORMAL, WEIBULL, Durations
from flywheel_sim.calibration.gammas import log_beta_ratio
from flywheel_sim.calibration.kaplan_meier import kaplan_meier
from flywheel_sim.calibration.retention.choice import choose, last_retention, mean_retention
from flywheel_sim.calibration.retention.lives import Lives
from flywheel_sim.calibration.retention.models import BDW, GEOMETRIC, MODELS, SBG
from flywheel_sim.errors import DataError, ExperimentError
from flywheel_sim.scenario.load import loads

#: "Regular" and "High End" of Fader and Hardie 2007, doi:10.1002/dir.20074: % left after 0 to 12 years.
REGULAR = datasets.subscription_survival()["survivors_pct"].to_numpy()
HIGH_END = np.array([100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1, 46.8, 44.5, 42.7, 40.9, 39.4])

#: 6-MP against leukaemia: weeks of remission, and whether it ended (Gehan 1965, Cox 1972).
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def known(table, last):
    """Return what is known of a published table until an age."""
    return Lives.from_survivors(range(last + 1), table[: last + 1], shares=True)


# -- lives ----------------------------------------------------------------------------------------------


def test_ten_who_began_as_told_in_the_convention():
    lives = Lives.from_survivors([0, 1, 2], [10, 6, 5])
    assert list(zip(lives.age, lives.lost, lives.count, strict=True)) == [(0, True, 4), (1, True, 1), (2, False, 5)]
    churn = 0.3
    by_hand = 4 * math.log(0.3) + math.log(0.7 * 0.3) + 5 * math.log(0.7**2)
    assert GEOMETRIC.log_likelihood([churn], lives) == pytest.approx(by_hand)
    asked, lost = lives.renewals()
    assert asked.tolist() == [10, 6]
    assert lost.tolist() == [4, 1]
    assert lives.curve() == pytest.approx([1, 0.6, 0.5])


def test_survivors_and_arrays_say_the_same():
    table = Lives.from_survivors([0, 1, 2], [10, 6, 5])
    rows = Lives.of([0] * 4 + [1] + [2] * 5, [True] * 5 + [False] * 5)
    assert SBG.log_likelihood([1, 2], table) == pytest.approx(SBG.log_likelihood([1, 2], rows))
    assert rows.people == 10


def test_who_is_seen_late_counts_given_that_they_had_stayed():
    lives = Lives.of([3, 5], [True, False], [2, 4], [7, 9])
    s = SBG.survival([0.7, 1.2], np.arange(7))
    by_hand = 7 * math.log((s[3] - s[4]) / s[2]) + 9 * math.log(s[5] / s[4])
    assert SBG.log_likelihood([0.7, 1.2], lives) == pytest.approx(by_hand)


def test_what_was_known_at_an_earlier_age():
    lives = Lives.from_survivors(range(5), [100, 60, 50, 45, 42])
    assert lives.until(2).curve() == pytest.approx([1, 0.6, 0.5])
    late = Lives.of([3, 3], [False, True], [2, 0])
    assert late.until(2).people == 1  # nobody had seen the other by then


def test_cohorts_add_up():
    both = Lives.from_survivors(range(3), [100, 60, 50]) + Lives.from_survivors(range(2), [50, 40])
    assert both.curve() == pytest.approx([1, 100 / 150, 100 / 150 * 50 / 60])
    assert not (both + known(REGULAR, 3)).people_known


@pytest.mark.parametrize(("ages", "left"), [([0, 1, 3], [9, 8, 7]), ([0, 1], [5, 6]), ([0, 1], [0, 0]), ([], [])])
def test_tables_that_are_no_survivors_are_refused(ages, left):
    with pytest.raises(DataError, match=r"^survivors: "):
        Lives.from_survivors(ages, left)


def test_ages_that_are_none_are_refused():
    for age, entered in (([1.5], 0), ([1], 2), ([-1], 0)):
        with pytest.raises(ExperimentError, match="age holds"):
            Lives.of(age, True, entered)


# -- models ---------------------------------------------------------------------------------------------


def test_geometric_is_losses_over_renewals():
    fit = GEOMETRIC.fit(Lives.from_survivors(range(4), [1000, 700, 500, 380]))
    assert fit.values[0] == pytest.approx(620 / 2200, rel=1e-5)


def test_shifted_beta_geometric_as_published():
    fit = SBG.fit(known(REGULAR, 7), intervals=False)
    assert fit.values == pytest.approx([0.704, 1.182], abs=0.001)
    assert SBG.survival(fit.values, [1, 7]) == pytest.approx([0.626723, 0.239051], abs=1e-3)
    assert SBG.fit(known(HIGH_END, 7), intervals=False).values == pytest.approx([0.668, 3.806], abs=0.001)


def test_without_wear_beta_discrete_weibull_is_shifted_beta_geometric():
    ages = np.arange(20.0)
    assert BDW.survival([0.7, 1.2, 1.0], ages) == pytest.approx(SBG.survival([0.7, 1.2], ages), rel=1e-12)
    assert SBG.retention([0.7, 1.2], ages) == pytest.approx((1.2 + ages) / (1.9 + ages))


def test_ratio_of_betas_is_accurate_for_small_and_large():
    s = np.array([0.0, 0.5, 1, 7, 90])
    for a, b in ((0.3, 0.7), (4, 50), (800, 2000)):
        assert log_beta_ratio(a, b, s) == pytest.approx(betaln(a, b + s) - betaln(a, b), rel=1e-9, abs=1e-12)
    large = log_beta_ratio(3e6, 7e6, np.array([1.0, 10.0]))
    assert large == pytest.approx([math.log(0.7), 10 * math.log(0.7)], rel=1e-5)
    assert np.diff(large)[0] / 9 == pytest.approx(math.log(0.7), rel=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_without_known_people_there_are_no_intervals(model):
    fit = model.fit(known(REGULAR, 7))
    assert np.isnan(fit.ends).all()
    assert np.isfinite(model.fit(Lives.from_survivors(range(8), 10 * REGULAR[:8])).ends).any()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "lives",
    [
        Lives.from_survivors(range(4), [50, 50, 50, 50]),  # nobody lost
        Lives.from_survivors(range(3), [50, 0, 0]),  # all at once
        Lives.of([2], [True]),  # one person
        Lives.of([0], [False]),  # of whom nothing is known
        Lives.from_survivors([0, 1], [10, 6]),
    ],
)
def test_little_data_are_no_trouble(model, lives):
    fit = model.fit(lives)
    assert np.isfinite(fit.values).all()
    assert fit.not_told_apart() or model is GEOMETRIC
    survival = model.survival(fit.values, np.arange(6))
    assert ((survival >= 0) & (survival <= 1)).all()
    loads(model.journey(fit.values, "month"))


def test_alike_people_leave_open_how_much_they_differ():
    said = SBG.fit(Lives.from_survivors(range(7), 10_000 * 0.7 ** np.arange(7))).not_told_apart()
    assert any("alpha and beta are known only together" in one for one in said)


def test_journeys_say_what_the_models_say():
    assert "spread: {alpha: 0.7, beta: 1.2}" in SBG.journey([0.7, 1.2], "year")
    assert "gone: 25 %" in GEOMETRIC.journey([0.25], "month").replace("churn: 25 %", "gone: 25 %")
    text = BDW.journey([0.5, 1.6, 1.4], "year")
    assert f"0: {100 * 1.6 / 2.1:.6f}"[:10] in text
    assert not SBG.lost
    assert "takes all people of an age for alike" in BDW.lost


# -- choice by forecasts --------------------------------------------------------------------------------


def error(table, last):
    """Return by how much the chosen forecast of each later year is off, in %."""
    made = choose(known(table, last))
    later = np.arange(last + 1, 13)
    return 100 * (made.survival(later) * 100 / table[later] - 1), made


def test_years_8_to_12_are_forecast_within_one_and_a_half_per_cent():
    off, made = error(REGULAR, 7)
    assert np.abs(off).max() < 1.5
    assert made.model is BDW
    later, lives = np.arange(8, 13), known(REGULAR, 7)

    def mean_error(said):
        return 100 * np.abs(said * 100 / REGULAR[later] - 1).mean()

    plain = GEOMETRIC.fit(lives, intervals=False).values
    assert mean_error(GEOMETRIC.survival(plain, later)) == pytest.approx(59, abs=0.5)
    assert mean_error(last_retention(lives, later)) == pytest.approx(3.9, abs=0.1)
    assert mean_error(mean_retention(lives, later)) > 20
    assert made.errors["bdw"] < made.errors["sbg"] < made.errors["last retention carried on"]


def test_years_5_to_12_are_forecast_within_four_per_cent():
    assert np.abs(error(REGULAR, 4)[0]).max() < 4


def test_another_segment_is_forecast_as_well():
    assert np.abs(error(HIGH_END, 7)[0]).max() < 2
    assert np.abs(error(HIGH_END, 4)[0]).max() < 6


@pytest.mark.parametrize("last", [1, 2, 3])
def test_few_ages_get_an_answer_that_says_so(last):
    off, made = error(REGULAR, last)
    assert np.abs(off).max() < 40
    assert any("too few" in one or "unsure" in one for one in made.said)
    loads(made.journey("year"))


def test_one_age_alone_gets_none():
    with pytest.raises(DataError, match="only one age"):
        choose(known(REGULAR, 0))


def test_people_who_are_alike_get_the_geometric_model():
    made = choose(Lives.from_survivors(range(9), np.round(20_000 * 0.75 ** np.arange(9))))
    assert made.model is GEOMETRIC
    assert [len(each) for each in made.by_origin.values()] == [6] * 5


def test_all_lost_is_no_trouble_to_a_choice():
    made = choose(Lives.from_survivors(range(5), [40, 20, 5, 0, 0]))
    assert (made.survival(np.arange(8)) >= 0).all()


# -- without a model, and in continuous time ------------------------------------------------------------


def test_kaplan_meier_as_published():
    curve = kaplan_meier(WEEKS, RELAPSED)
    assert curve.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve.survival == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4)
    assert [curve.low[0], curve.high[0]] == pytest.approx([0.6197, 0.9516], abs=1e-4)
    assert curve.at([0, 6, 6.5, 40]) == pytest.approx([1, 0.857, 0.857, 0.448], abs=5e-4)


def test_kaplan_meier_of_late_entry_counts_only_who_was_seen():
    curve = kaplan_meier([4, 5, 6], [True, True, True], [0, 4, 3])
    assert curve.at_risk.tolist() == [2, 2, 1]  # who is first seen at 4 is not at risk at 4
    assert curve.survival == pytest.approx([1 / 2, 1 / 4, 0])
    assert np.isnan(curve.low[2])


def test_kaplan_meier_of_lives_is_their_curve():
    lives = Lives.from_survivors(range(4), [100, 63, 47, 38])
    assert lives.kaplan_meier().survival == pytest.approx(lives.curve()[1:])
    assert len(Lives.from_survivors(range(3), [9, 9, 9]).kaplan_meier().times) == 0


def test_durations_agree_with_scipy():
    t = np.array([0.3, 2.0, 11.0])
    for model, values, theirs in (
        (EXPONENTIAL, [4.0], stats.expon(scale=4)), (WEIBULL, [5.0, 1.7], stats.weibull_min(1.7, scale=5)),
        (LOGNORMAL, [3.0, 0.8], stats.lognorm(0.8, scale=3)), (GAMMA, [6.0, 2.5], stats.gamma(2.5, scale=6 / 2.5)),
    ):  # fmt: skip
        assert model.survival(values, t) == pytest.approx(theirs.sf(t))
        assert model.log_density(np.array(values), t) == pytest.approx(theirs.logpdf(t))
        known = Durations.of(t, [True, False, True], [0.1, 0, 5])
        by_hand = theirs.logpdf(0.3) - theirs.logsf(0.1) + theirs.logsf(2) + theirs.logpdf(11) - theirs.logsf(5)
        assert model.log_likelihood(values, known) == pytest.approx(by_hand)
        rounded = Durations.of([2.0], grain=1.0)
        assert model.log_likelihood(values, rounded) == pytest.approx(math.log(theirs.sf(1.5) - theirs.sf(2.5)))


def test_weibull_and_gamma_of_shape_1_are_memoryless():
    t = np.linspace(0.1, 30, 9)
    assert WEIBULL.survival([7, 1], t) == pytest.approx(EXPONENTIAL.survival([7], t))
    assert GAMMA.survival([7, 1], t) == pytest.approx(EXPONENTIAL.survival([7], t))


def test_mean_of_memoryless_times_is_time_seen_over_ends():
    fit = EXPONENTIAL.fit(Durations.of(WEEKS, RELAPSED))
    assert fit.values[0] == pytest.approx(sum(WEEKS) / 9, rel=1e-5)
    assert fit.log_likelihood == pytest.approx(-9 * math.log(sum(WEEKS) / 9) - 9)


@pytest.mark.parametrize("model", DURATION_MODELS)
@pytest.mark.parametrize("time", [[5.0], [7.0] * 9, [0.0, 0.0, 1.0]])
@pytest.mark.parametrize("ended", [True, False])
def test_few_durations_are_no_trouble(model, time, ended):
    fit = model.fit(Durations.of(time, ended, grain=1.0))
    assert np.isfinite(fit.values).all()
    loads(model.journey(fit.values, "month"))


def test_gamma_far_out_does_not_vanish():
    far = GAMMA.log_survival(np.array([1.0, 2.0]), np.array([300.0, 500.0]))
    assert far == pytest.approx(-np.array([600.0, 1000.0]) + np.log(1 + np.array([600.0, 1000.0])), rel=1e-3)


def test_times_that_are_none_are_refused():
    for time, entered in (([-1.0], 0.0), ([2.0], 3.0), ([math.nan], 0.0)):
        with pytest.raises(ExperimentError, match="time holds"):
            Durations.of(time, True, entered)


@pytest.mark.parametrize(
    ("model", "values", "most"), [(GEOMETRIC, [0.25], 6), (SBG, [0.7, 1.2], 6), (BDW, [0.5, 1.6, 1.4], 6)]
)
def test_the_choice_forecasts_tables_of_every_model(model, values, most):
    luck, later, off = np.random.default_rng(1), np.arange(8, 13), []
    kept = model.retention(values, np.arange(7))
    for _ in range(2):
        left = [4000]
        for chance in kept:
            left.append(luck.binomial(left[-1], chance))
        made = choose(Lives.from_survivors(range(8), left))
        off.append(100 * np.abs(made.survival(later) / model.survival(values, later) - 1).mean())
    print(f"{model.name}: forecasts off by {np.mean(off):.1f} %")
    assert np.mean(off) < most
