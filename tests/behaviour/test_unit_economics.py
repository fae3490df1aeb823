"""The shipped unit economics: lifetime value 48, acquisition cost 2,000, and what the two come to together."""

import math

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.journey.units import MONTH

#: The same customers with a decision at the end of every month instead of a memoryless one.
MONTHLY = """
name: Unit economics, decided by the month
horizon: 40 years
currency: EUR
channels: {start: {batch: 40000, enters: customer}}
journey:
  customer:
    role: customer
    earn: {plan: 29 per month}
    spend: {cost: 27 per month}
    events: {renewal: {every: 1 month, to: {stay: 23 of 24, gone: rest}}}
  gone: exit
"""
MEMORYLESS = MONTHLY.replace("every: 1 month, to: {stay: 23 of 24, gone: rest}", "after: 1 per 24 months, to: gone")


@pytest.fixture(scope="module")
def model():
    return fs.load("unit_economics")


@pytest.fixture(scope="module")
def runs(model):
    return fs.replicate(model, replications=100, seed=1)


def value(churn, months=240):
    """Return what a customer brings while followed: 2 a month until a memoryless churn a month strikes."""
    return 2 / churn * (1 - math.exp(-months * churn))


def lifetimes(people, horizon):
    """Return how many months each customer stayed."""
    return np.where(people.churned < 0, horizon - people.acquired, people.churned - people.acquired) / MONTH


def within(estimate, exact):
    """Tell whether an estimate lies within four standard errors of the exact figure, and is sharp to 1 %."""
    error = estimate.sd / math.sqrt(estimate.n)
    return error < 0.01 * exact and abs(estimate.mean - exact) < 4 * error


def test_lifetime_value_is_48_but_for_what_comes_after_20_years(runs):
    assert value(1 / 24) == pytest.approx(48, abs=0.003)
    assert within(runs["clv"], value(1 / 24))


@pytest.mark.parametrize("months", [24, 60])
def test_a_shorter_follow_cuts_lifetime_value_as_an_exponential_says(model, months):
    estimate = fs.replicate(model.with_(follow=f"{months // 12} years"), replications=20, seed=1)["clv"]
    assert within(estimate, value(1 / 24, months))


def test_acquisition_costs_2000_and_together_they_are_0_024(runs):
    np.testing.assert_array_equal(runs.values("cac"), 2_000)
    assert within(runs["ltv_cac"], 0.024)
    assert math.isinf(runs["payback"].mean)
    assert runs.values("profit").max() < 0


def test_the_margin_is_2_a_month(runs):
    kept = runs.values("revenue") - runs.values("spend.cost")
    lived = runs.ledger.time[..., 0].sum(axis=(1, 2)) / MONTH
    np.testing.assert_allclose(kept / lived, 2, rtol=1e-4)


def test_one_in_24_a_month_is_39_or_40_percent_a_year_never_50():
    """A memoryless loss keeps exp(-0.5) of them for a year, a decision by the month (23/24)^12; both live 24 months."""
    for text, kept in ((MEMORYLESS, math.exp(-0.5)), (MONTHLY, (23 / 24) ** 12)):
        run = fs.run(fs.loads(text), seed=1, people=True)
        months = lifetimes(run.people, 480 * MONTH)
        assert abs((months > 12.001).mean() - kept) < 4 * math.sqrt(kept * (1 - kept) / 40_000)
        assert abs(months.mean() - 24) < 4 * 24 / math.sqrt(40_000)
    assert (1 - math.exp(-0.5), 1 - (23 / 24) ** 12) == pytest.approx((0.3935, 0.3999), abs=1e-4)


@pytest.mark.parametrize(
    ("retention", "churn", "percent"),
    [
        ("per month, +1 point", 1 / 24 - 0.01, 31.58),
        ("per month, +1 % relative", 1 - 1.01 * 23 / 24, 29.87),
        ("per year, +1 point", -math.log(math.exp(-0.5) + 0.01) / 12, 3.38),
        ("per year, +1 % relative", -math.log(1.01 * math.exp(-0.5)) / 12, 2.03),
    ],
)
def test_retention_plus_1_percent_has_four_readings_and_none_is_8(model, runs, retention, churn, percent):
    more = fs.replicate(model.with_(churn=f"{churn:.12f} per month"), replications=100, seed=1)
    gain = 100 * (more.values("clv") / runs.values("clv") - 1)
    assert percent == pytest.approx(100 * (1 / 24 / churn - 1), abs=0.01)
    exact = 100 * (value(churn) / value(1 / 24) - 1)
    assert exact == pytest.approx(percent, abs=0.07), retention
    assert abs(gain.mean() - exact) < 4 * gain.std(ddof=1) / 10 + 0.01
    loss = more.values("profit") / runs.values("profit")
    assert (loss > 0.99).all(), "profit stays a loss, smaller by less than 1 %"


def test_a_customer_kept_is_worth_48_again_however_long_it_has_stayed():
    months = lifetimes(fs.run(fs.loads(MEMORYLESS), seed=2, people=True).people, 480 * MONTH)
    for age in (0, 12, 36):
        rest = 2 * (months[months > age] - age)
        assert abs(rest.mean() - 48) < 4 * rest.std() / math.sqrt(len(rest))
