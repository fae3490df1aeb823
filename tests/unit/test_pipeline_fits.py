"""Fits of stages, arrivals, referrals and replies to spend: closed forms, examples by hand, and little data."""

import datetime as dt
import math
import warnings

import numpy as np
import pytest
from scipy import stats

from flywheel_sim.calibration.arrivals import Counted, fit_arrivals
from flywheel_sim.calibration.counts import log_negative_binomial, log_poisson
from flywheel_sim.calibration.referrals import fit_referrals
from flywheel_sim.calibration.response import fit_response
from flywheel_sim.calibration.stages import Visits, differ_by_outcome, fit_stage, jeffreys
from flywheel_sim.errors import ExperimentError
from flywheel_sim.scenario.load import loads

JANUARY = dt.date(2024, 1, 1)
LUCK = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# -- stages ---------------------------------------------------------------------------------------------


def leads(n=900, slow_wins=1.0):
    """Return visits of a year: times, places (-1 still open at its end), and days on which they began."""
    luck = np.random.default_rng(3)
    began, time = luck.uniform(0, 365, n), 25 * luck.weibull(1.5, n)
    to = luck.choice(3, n, p=[0.2, 0.5, 0.3])
    time = np.where(to == 0, slow_wins * time, time)
    still = began + time > 365
    return np.where(still, 365 - began, time), np.where(still, -1, to), began


NAMES = ("won", "lost", "later")


def test_who_is_open_is_not_lost():
    time, to, began = leads()
    fit = fit_stage(Visits.of(time, to, NAMES, began=began))
    assert fit.open == (to == -1).sum() > 30
    assert fit.decided.sum() + fit.open == len(to)
    assert fit.shares == pytest.approx([0.2, 0.5, 0.3], abs=0.05)
    assert fit.dwell.name == "weibull"
    assert fit.held_out
    assert fit.said == ()
    loads(fit.journey("day"))


def test_times_that_differ_by_outcome_are_told():
    time, to, began = leads(slow_wins=1.6)
    fit = fit_stage(Visits.of(time, to, NAMES, began=began))
    assert fit.unlike < 0.001
    assert any("times differ by outcome" in one for one in fit.said)


def test_the_test_of_outcomes_holds_its_level():
    luck = np.random.default_rng(11)
    chances = [differ_by_outcome(luck.exponential(1, 60), luck.choice(2, 60)) for _ in range(400)]
    assert np.mean(np.array(chances) < 0.05) < 0.08
    spread = differ_by_outcome(np.r_[np.linspace(4.5, 5.5, 40), np.linspace(1, 9, 40)], np.repeat([0, 1], 40))
    assert spread < 0.001  # the same middle, another spread


def test_leads_that_may_never_be_decided_are_told():
    time, to, _ = leads()
    fit = fit_stage(Visits.of(np.r_[time, np.full(20, 360.0)], np.r_[to, np.full(20, -1)], NAMES))
    assert any("may never be decided" in one for one in fit.said)
    assert any("Akaike" in one for one in fit.said)


@pytest.mark.parametrize(("time", "to"), [([3, 4], [-1, -1]), ([5], [0]), ([0, 0, 1], [0, 0, 0]), ([7] * 30, [0] * 30)])
def test_little_said_of_a_stage_is_no_trouble(time, to):
    fit = fit_stage(Visits.of(time, to, ["won"], grain=1.0))
    assert fit.open == to.count(-1)
    loads(fit.journey("day"))
    if not fit.decided.sum():
        assert np.isnan(fit.shares).all()
        assert "none of 2 is decided" in fit.said[0]


def test_intervals_of_shares():
    low, high = jeffreys([0, 5, 10], 10).T
    assert low == pytest.approx([0, stats.beta.ppf(0.025, 5.5, 5.5), stats.beta.ppf(0.025, 10.5, 0.5)])
    assert high == pytest.approx([stats.beta.ppf(0.975, 0.5, 10.5), stats.beta.ppf(0.975, 5.5, 5.5), 1])


def test_a_place_beyond_the_names_is_refused():
    with pytest.raises(ExperimentError, match="to holds"):
        Visits.of([1], [1], ["won"])


# -- arrivals -------------------------------------------------------------------------------------------


def test_a_steady_level_is_people_over_months():
    fit = fit_arrivals(Counted.of([30, 40, 50], JANUARY), growth=False)
    assert fit.level == pytest.approx(40, rel=1e-4)
    assert fit.growth == 0
    assert fit.season is None
    assert fit.maximum.ends[0] == pytest.approx(40 * np.exp(np.array([-1.96, 1.96]) / math.sqrt(120)), rel=0.01)


def test_partial_months_count_in_part():
    counted = Counted.of([15, 30, 10], JANUARY, begins=dt.date(2024, 1, 16), ends=dt.date(2024, 3, 10))
    assert counted.months.sum(axis=1) == pytest.approx([16 / 31, 1, 10 / 31])
    assert fit_arrivals(counted).level == pytest.approx(55 / (1 + 26 / 31), rel=1e-4)


def test_weeks_and_days_are_parts_of_their_months():
    counted = Counted.of(np.ones(10), dt.date(2024, 1, 29), "week")
    assert counted.months[0, :2] == pytest.approx([3 / 31, 4 / 29])
    assert Counted.of(np.ones(31), JANUARY, "day").months.sum() == pytest.approx(1)


def test_a_season_of_whole_years_is_the_share_of_each_month():
    counts = np.tile([40, 30, 30, 30, 30, 30, 20, 20, 30, 40, 60, 90], 2)
    fit = fit_arrivals(Counted.of(counts, JANUARY), growth=False)
    assert fit.season == pytest.approx(counts[:12] / counts[:12].mean(), rel=1e-3)
    assert fit.season.mean() == pytest.approx(1)
    assert fit.level == pytest.approx(450 / 12, rel=1e-3)
    assert ((fit.season_ends[:, 0] < fit.season) & (fit.season < fit.season_ends[:, 1])).all()
    ahead = fit.expected(12)
    assert ahead[:, 0] == pytest.approx(counts[:12], rel=1e-3)
    assert ((ahead[:, 1] < counts[:12]) & (counts[:12] < ahead[:, 2])).all()


def test_growth_goes_on_ahead_and_in_the_journey():
    counted = Counted.of(np.ones(36), JANUARY)
    counts = np.round(400 * np.exp(0.2 * counted.at))
    fit = fit_arrivals(Counted.of(counts, JANUARY), season=False)
    assert fit.growth == pytest.approx(math.expm1(0.2), rel=0.01)
    ahead = fit.expected(12)[:, 0]
    assert ahead == pytest.approx(400 * np.exp(0.2 * (1.5 + (np.arange(12) + 0.5) / 12)), rel=0.01)
    text = fit.journey()
    assert "start: 2027-01-01" in text
    first = float(text.partition("{0 months: ")[2].partition(" per")[0])
    assert first == pytest.approx(ahead[0], rel=1e-6)
    loads(text)


def test_counts_that_vary_more_than_chance_are_told():
    luck = np.random.default_rng(1)
    fit = fit_arrivals(Counted.of(luck.negative_binomial(4, 4 / 104, 100), JANUARY, "week"))
    assert fit.excess == pytest.approx(0.25, abs=0.12)
    assert any("vary more" in one for one in fit.said)
    assert fit_arrivals(Counted.of(luck.poisson(100, 100), JANUARY, "week")).excess == 0


@pytest.mark.parametrize(
    ("counts", "period"),
    [([0] * 24, "month"), ([5], "month"), ([3, 0, 2, 5], "week"), ([3] * 12, "month"), ([0] * 6 + [4] * 8, "month")],
)
def test_few_arrivals_are_no_trouble(counts, period):
    fit = fit_arrivals(Counted.of(counts, dt.date(2024, 1, 15), period))
    assert np.isfinite(fit.expected(3)).all()
    assert fit.said
    loads(fit.journey())
    if not any(counts):
        assert "level has no end below" in fit.maximum.not_told_apart()[0]


def test_records_that_are_none_are_refused():
    for how in ({"counts": [1, -1]}, {"counts": []}, {"counts": [1], "period": "year"},
                {"counts": [1, 1], "begins": dt.date(2024, 2, 3)}):  # fmt: skip
        with pytest.raises(ExperimentError, match=r" takes? "):
            Counted.of(**{"first": JANUARY, **how})


def test_counts_beyond_poisson_agree_with_scipy():
    counts, means = np.array([0.0, 3, 40]), np.array([1.5, 2.0, 55])
    assert log_poisson(counts, means) == pytest.approx(stats.poisson.logpmf(counts, means).sum())
    theirs = stats.nbinom.logpmf(counts, 1 / 0.3, 1 / (1 + 0.3 * means)).sum()
    assert log_negative_binomial(counts, means, 0.3) == pytest.approx(theirs)
    assert log_negative_binomial(counts, means, 1e-7) == pytest.approx(log_poisson(counts, means), abs=1e-4)


# -- referrals ------------------------------------------------------------------------------------------


def test_a_rate_of_referral_and_its_exact_interval():
    fit = fit_referrals([1, 0, 2, 0, 1], [10, 20, 30, 15, 25])
    assert fit.rate == pytest.approx(4 / 100)
    assert [fit.low, fit.high] == pytest.approx([0.0109, 0.1024], abs=1e-4)  # of 4 events: 1.09 to 10.24
    assert fit.said == ()


def test_the_unknown_and_the_outsiders_are_counted_apart():
    fit = fit_referrals([4], [100.0], unknown=2, outside=3)
    assert fit.rate == pytest.approx(0.04)
    assert (fit.unknown, fit.outside) == (2, 3)
    assert "22 %" in fit.said[0]
    assert "no customers of these records" in fit.said[1]


def test_referrers_who_differ_get_a_spread():
    luck = np.random.default_rng(2)
    fit = fit_referrals(luck.poisson(1.2 * luck.gamma(0.5, 2, 900)), np.full(900, 12.0))
    assert fit.shape == pytest.approx(0.5, rel=0.3)
    assert "spread: {shape: 0." in fit.journey("month")
    assert fit.high - fit.low > 1.5 * 2 * 1.96 * math.sqrt(fit.rate / fit.exposure)
    loads(fit.journey("month"))


def test_nobody_referred_is_no_trouble():
    fit = fit_referrals([0, 0], [5.0, 7.0])
    assert (fit.rate, fit.low) == (0, 0)
    assert fit.high == pytest.approx(3.689 / 12, rel=1e-3)
    loads(fit.journey("month"))
    for counts, time in (([1], [0.0]), ([0], [0.0]), ([0.5], [1.0])):
        with pytest.raises(ExperimentError, match="write "):
            fit_referrals(counts, time)


# -- replies to spend -----------------------------------------------------------------------------------

SPEND = np.tile([1000.0, 4000.0, 500.0, 8000.0, 2000.0], 6)


def test_a_reply_without_chance_is_found_exactly():
    fit = fit_response(40 + SPEND / 20, SPEND)
    assert fit.maximum.values == pytest.approx([40, 20], rel=1e-3)
    assert fit.expected([0, 2000]) == pytest.approx([40, 140], rel=1e-3)
    assert not fit.bends
    text = fit.journey("month")
    assert "1 months: 4000 per month" in text
    loads(text)


def test_a_reply_that_bends_is_seen_to():
    fit = fit_response(np.round(40 + 300 * -np.expm1(-SPEND / (12 * 300))), SPEND)
    assert fit.bends
    assert fit.maximum.values == pytest.approx([40, 12, 300], rel=0.05)
    assert "at_most: 298.86" in fit.journey("month")
    loads(fit.journey("month"))


def test_a_carry_over_is_seen_and_said_to_be_lost():
    working = SPEND.copy()
    for i in range(1, len(SPEND)):
        working[i] = 0.6 * SPEND[i] + 0.4 * working[i - 1]
    fit = fit_response(np.round(40 + working / 20), SPEND, bends=False, carries=None)
    assert fit.carries
    assert fit.maximum.values == pytest.approx([40, 20, 0.4], rel=0.02)
    assert any("carry-over" in one for one in fit.said)


def test_two_channels_are_told_apart_where_they_moved_apart():
    other = np.tile([2000.0, 0.0, 3000.0], 10)
    fit = fit_response(40 + SPEND / 20 + other / 50, np.column_stack([SPEND, other]), ("search", "print"), bends=False)
    assert fit.maximum.names == ("organic", "cost_per_arrival:search", "cost_per_arrival:print")
    assert fit.maximum.values == pytest.approx([40, 20, 50], rel=0.01)
    loads(fit.journey("month"))
    tied = fit_response(40 + SPEND / 10, np.column_stack([SPEND, 2 * SPEND]), ("search", "print"), bends=False)
    assert any("moved together" in one for one in tied.said)


def test_a_spend_that_hardly_varied_tells_nothing():
    fit = fit_response(LUCK.poisson(90, 24), np.full(24, 1000.0), bends=False)
    assert any("hardly varied" in one for one in fit.said)
    assert any("known only together" in one for one in fit.maximum.not_told_apart())


@pytest.mark.parametrize(("arrivals", "spend"), [(np.zeros(24), SPEND[:24]), (np.full(24, 90), np.zeros(24))])
def test_no_arrivals_and_no_spend_are_no_trouble(arrivals, spend):
    fit = fit_response(arrivals, spend)
    assert fit.said
    assert fit.maximum.not_told_apart()
    loads(fit.journey("month"))


def test_figures_that_do_not_fit_together_are_refused():
    for arrivals, spend in (([1, 2], [1, 2]), ([1, 2, 3], [1, 2]), ([1, 2, -3], [1, 2, 3])):
        with pytest.raises(ExperimentError, match="write "):
            fit_response(arrivals, spend)
