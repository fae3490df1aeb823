"""The shipped desk software: plans, seats, discounts and a price rise in MRR, and what telling others is worth."""

from pathlib import Path

import numpy as np
import pytest

import flywheel_sim as fs

#: Spend on ads of the funnel that costs as much as the flywheel, in EUR per month, near enough: it need not be solved.
SPEND = 13_390.0

#: What 80 offices of five seats come to per month on the yearly plan, at 25 EUR a seat.
BASE = 10_000.0

SHIPPED = Path(__file__).parents[2] / "configs" / "saas_plans.yaml"

#: Nobody leaves, adds a seat, changes the plan or tells others.
STILL = """
extends: {shipped}
name: Desk software, where nothing moves
reference: base
rates:
  kept:      {{value: 100 % per month, spread: ~}}
  kept_year: 100 % per year
  expand:    0 per month
  switch:    0 per month
  tell:      0 per month
strategies:
  base:   {{without: [channel.ads]}}
  newcomers:
    channels: {{ads: {{until: 1 month}}, base: {{present: 0}}}}
    rates: {{trial_win: {{value: 100 %, by: ~, times: ~}}}}
"""


@pytest.fixture(scope="module")
def model():
    return fs.load("saas_plans").at_spend("funnel", SPEND)


@pytest.fixture(scope="module")
def duel(model):
    return fs.compare(model, replications=16, seed=1)


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    """Return the journey where nothing moves: the base alone, or newcomers of a month alone, all of whom buy."""
    path = tmp_path_factory.mktemp("saas") / "still.yaml"
    path.write_text(STILL.format(shipped=SHIPPED), encoding="utf-8")
    return fs.load(path)


def of(model, strategy, **changes):
    return fs.replicate(model.with_(**changes), strategies=strategy, replications=2, seed=1)


# -- recurring revenue ------------------------------------------------------------------------------


def test_the_yearly_base_has_its_mrr_from_the_first_month(still):
    runs = of(still, "base", horizon="17 months")
    np.testing.assert_allclose(runs.series("mrr"), BASE)
    assert (runs.values("mrr_new") == 0).all()
    booked = runs.series("revenue")[0]
    assert booked.max() > 1.2 * booked.min(), "a year's invoice is revenue of the month it is written in"


def test_the_first_three_invoices_are_a_third_cheaper_and_no_more(still):
    runs = of(still, "newcomers", horizon="6 months")
    won = runs.values("acquisitions")
    assert won.min() > 100
    np.testing.assert_allclose(runs.series("mrr")[:, 1], 3 * 21 * won)
    np.testing.assert_allclose(runs.series("mrr")[:, -1], 3 * 30 * won)
    np.testing.assert_allclose(runs.values("mrr_expansion"), 3 * 9 * won)


def test_whoever_goes_over_to_the_yearly_plan_is_counted_once_at_its_price(still):
    runs = of(still, "newcomers", horizon="6 months", switch="1000 per month")
    won = runs.values("acquisitions")
    np.testing.assert_allclose(runs.series("mrr")[:, -1], 3 * 25 * won)
    np.testing.assert_allclose(runs.values("revenue.fee"), 3 * (21 + 300) * won)
    assert (runs.values("mrr_churn") == 0).all()


def test_seats_are_counted_from_the_next_invoice_on(still):
    runs = of(still, "base", horizon="12 months", expand="0.5 per month")
    mrr = runs.series("mrr").mean(axis=0)
    assert mrr[0] < 1.02 * BASE, "half a seat more in each office, and a twelfth of them invoiced"
    assert 1.5 * BASE < mrr[-1] < 1.75 * BASE, "six seats more in each office, of which three are invoiced by now"
    np.testing.assert_allclose(np.diff(runs.series("mrr")), runs.series("mrr_expansion")[:, 1:])


def test_a_price_rise_is_expansion_from_each_offices_next_invoice_on(still):
    runs = of(still, "base", horizon="36 months")
    rises = runs.series("mrr_expansion")
    assert (rises[:, :18] == 0).all()
    assert (rises[:, 18:30] > 0).all()
    assert (rises[:, 30:] == 0).all()
    np.testing.assert_allclose(rises.sum(axis=1), 0.15 * BASE)


def test_the_price_rise_shows_in_the_month_of_the_rise_where_people_pay_by_the_month(duel):
    rises = duel["flywheel"].series("mrr_expansion").mean(axis=0)
    assert rises[18] > 2.5 * max(rises[17], rises[19])


def test_movements_of_mrr_add_up(duel):
    runs = duel["flywheel"]
    moved = sum(runs.values(f"mrr_{name}") for name in ("new", "expansion", "contraction", "churn", "reactivation"))
    np.testing.assert_allclose(runs.values("mrr"), BASE + moved)


# -- money and people -------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["funnel", "flywheel"])
def test_the_statement_goes_from_revenue_to_profit(duel, strategy):
    runs = duel[strategy]
    np.testing.assert_allclose(runs.values("cost_of_sales"), 0.12 * runs.values("revenue"), rtol=1e-9)
    np.testing.assert_allclose(runs.values("overhead_spend"), 36 * 12_000)
    np.testing.assert_allclose(runs.values("spend.sales"), 3 * 6500 * 36)
    spent = sum(runs.values(name) for name in ("cost_of_sales", "acquisition_spend", "overhead_spend"))
    np.testing.assert_allclose(runs.values("profit"), runs.values("revenue") - spent)


def test_all_that_is_spent_on_customers_has_a_kind(model):
    assert model.journey("flywheel").notes == ()


def test_the_ads_follow_the_media_plan(duel):
    np.testing.assert_allclose(
        duel["flywheel"].series("spend.ads")[0], [12_000] * 6 + [9_000] * 6 + [14_000] * 24
    )  # fmt: skip
    spent = duel["funnel"].series("spend.ads")[0]
    assert spent.mean() == pytest.approx(SPEND)
    assert spent[6] / spent[0] == pytest.approx(0.75)


def test_a_sales_team_of_one_shows_the_product_to_less_than_half(model):
    alone = fs.replicate(model.with_(**{"resources.sales.people": 1}), strategies="flywheel", replications=4, seed=1)
    today = fs.replicate(model, strategies="flywheel", replications=4, seed=1)
    assert today["within_target.sales"].mean > 95
    assert today["served.sales"].mean > 0.99 * today["asked.sales"].mean
    assert alone["served.sales"].mean < 0.5 * alone["asked.sales"].mean
    assert alone["conversion"].mean < 0.85 * today["conversion"].mean


def test_people_whom_customers_send_buy_more_often_and_cost_less(duel):
    table = duel["flywheel"].by("channel", "conversion", "cac")
    assert table.loc["partners", ("conversion", "mean")] > 1.7 * table.loc["ads", ("conversion", "mean")]
    assert table.loc["partners", ("cac", "high")] < 0.5 * table.loc["ads", ("cac", "low")]
    assert table.loc["partners", ("cac", "low")] > 150, "the finder's fee, and demonstrations to those who do not buy"


# -- funnel or flywheel -----------------------------------------------------------------------------


def test_both_spend_the_same(duel):
    assert abs(duel.spend_gap(of="funnel")) < 0.005


def test_on_one_budget_the_flywheel_is_ahead_and_not_by_better_customers(duel):
    assert duel.difference("profit", of="flywheel", against="funnel").low > 50_000
    assert duel.difference("mrr", of="flywheel", against="funnel").low > 3_000
    assert abs(duel.difference("clv", of="flywheel", against="funnel").mean) < 0.02 * duel["funnel"]["clv"].mean
