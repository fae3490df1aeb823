"""How much retention matters, where it is known exactly: steady states, first years, and lifetime value."""

import numpy as np
import pytest
from scipy import stats

from flywheel_sim.analysis.sensitivity.effect import effect
from flywheel_sim.analysis.sensitivity.response import sensitivity
from flywheel_sim.scenario.load import loads
from flywheel_sim.stats import estimate_ratio

#: As many new customers every month; each pays on coming and at every renewal.
CLUB = """
name: Constant inflow
horizon: 240 months
warm_up: 120 months
currency: EUR
rates: {retention: {value: 80 % per month, why: "the point at which the gain is known"}}
channels: {walk_in: {rate: 200 per month, enters: member}}
journey:
  member:
    role: customer
    on_entry: {earn: {first: 10}}
    events:
      renewal: {every: 1 month, to: {stay: {chance: retention, earn: {again: 10}}, gone: rest}}
  gone: exit
"""

#: Paid at the end of each year in which the customer renews, first after one year.
LIFETIME = """
name: Payment if renewed
horizon: 60 years
follow: 60 years
discount: 12 % per year
currency: EUR
rates:
  retention: {value: 90 % per year, why: "the point at which the elasticity is known"}
  margin:    {value: 100, why: "any figure would do"}
channels: {start: {batch: 4000, enters: member}}
journey:
  member: {role: customer, every: 1 year, to: {stay: {chance: retention, earn: {margin: margin}}, gone: rest}}
  gone: exit
"""


def agrees(estimate, exact, sharpness):
    """Assert that an estimate has the exact mean by a standard error that is sharp enough to tell."""
    error = estimate.half_width / stats.t.ppf(0.975, estimate.n - 1)
    z = (estimate.mean - exact) / error
    print(f"{estimate.mean:.5g} against {exact:.5g} {estimate.unit}, error {error / abs(exact):.2%}, z {z:+.2f}")
    assert error <= sharpness * abs(exact), f"standard error {error / abs(exact):.2%}, too blunt"
    assert abs(z) < 4


def steady_gain(retention, change):
    """Return by what share steady revenue grows: a customer pays 1 / (1 - retention) times in all."""
    return (1 - retention) / (1 - retention - change) - 1


@pytest.mark.parametrize("retention", [0.80, 0.88])
def test_the_gain_of_five_points_in_a_steady_state(retention):
    result = effect(loads(CLUB).with_(retention=retention), replications=16, seed=5)
    points, relative = (result.change("revenue", change=name).percent for name in result.changes)
    agrees(points, 100 * steady_gain(retention, 0.05), 0.006)
    agrees(relative, 100 * steady_gain(retention, 0.05 * retention), 0.006)
    assert points.mean > relative.mean


def test_five_points_gain_25_to_95_percent_only_for_retention_of_75_to_nearly_90_percent():
    assert steady_gain(0.75, 0.05) == pytest.approx(0.25)
    assert steady_gain(0.8974, 0.05) == pytest.approx(0.95, abs=0.001)
    assert steady_gain(0.60, 0.05) < 0.15
    assert steady_gain(0.93, 0.05) == pytest.approx(2.5)


def test_the_first_years_gain_less_than_the_steady_state_and_just_what_they_should():
    early = loads(CLUB.replace("horizon: 240 months", "horizon: 30 months").replace("warm_up: 120 months", "seed: 2"))
    result = effect(early.with_(retention=0.88), values="+5 points", replications=120)
    ages = np.arange(30)
    exact = {r: 200 * 10 * (1 - r ** (ages + 1)) / (1 - r) for r in (0.88, 0.93)}  # everybody pays at whole ages
    gains = exact[0.93] - exact[0.88]
    years = result.years("revenue")
    assert [(year.first, year.last) for year in years] == [(1, 12), (13, 24), (25, 30)]
    for year in years:
        months = slice(year.first - 1, year.last)
        agrees(year.within.gain, gains[months].sum(), 0.006)
        agrees(year.within.percent, 100 * gains[months].sum() / exact[0.88][months].sum(), 0.006)
        agrees(year.so_far.gain, gains[: year.last].sum(), 0.006)
        agrees(year.so_far.percent, 100 * gains[: year.last].sum() / exact[0.88][: year.last].sum(), 0.006)
        assert year.within.percent.mean < 100 * steady_gain(0.88, 0.05)


def test_65_percent_of_revenue_from_existing_customers_takes_65_percent_retention_at_equal_baskets():
    short = loads(CLUB.replace("horizon: 240 months", "horizon: 84 months").replace("120 months", "48 months"))
    changes = {
        of: sensitivity(short, of, "retention", values=[0.45, 0.65, 0.85], replications=8)
        for of in ("revenue.again", "revenue")
    }
    again, total = (changes[of].curve["as written"] for of in ("revenue.again", "revenue"))
    for retention, top, bottom in zip((45, 65, 85), 100 * again, total, strict=True):
        agrees(estimate_ratio(top, bottom, "%"), retention, 0.005)


def test_the_elasticity_of_lifetime_value_to_retention_where_payment_follows_renewal():
    estimate = sensitivity(loads(LIFETIME), "clv", "retention", values=[0.9], replications=60).elasticity["as written"]
    growth = 1.12

    def clv(r):
        return r / (growth - r)

    at, step = 0.9, 0.009
    over_the_step = (clv(at + step) - clv(at - step)) / (2 * step) * at / clv(at)
    agrees(estimate, over_the_step, 0.006)
    assert growth / (growth - at) == pytest.approx(5.0909, abs=5e-5)  # the derivative itself
    assert over_the_step == pytest.approx(growth / (growth - at), rel=0.002)
    assert 3 < estimate.low < estimate.high < 7  # Gupta, Lehmann and Stuart 2004, doi:10.1509/jmkr.41.1.7.25084


def test_the_elasticity_of_lifetime_value_to_margin_is_one():
    result = sensitivity(loads(LIFETIME), "clv", "margin", values=[100.0], replications=2)
    assert result.elasticity["as written"].mean == pytest.approx(1.0, abs=1e-6)
    assert result.readings["as written"][0].relative.mean == pytest.approx(5.0, abs=1e-6)
