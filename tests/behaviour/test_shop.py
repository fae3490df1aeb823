"""The shipped shop: what comes with a sale is no budget, and what counting it as one does to a comparison."""

from pathlib import Path

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.journey.units import MONTH

#: Matched spends of the funnel in EUR per month, near enough: goods apart from the budget, and counted as it.
SPEND, SPEND_WITH_GOODS = 4080.0, 4260.0

SHIPPED = Path(__file__).parents[2] / "configs" / "shop.yaml"
GOODS_AS_BUDGET = """
extends: {shipped}
name: Goods counted as budget
lines: {{goods: ~, postage: ~, fees: {{kind: service}}}}
"""


@pytest.fixture(scope="module")
def model():
    return fs.load("shop").at_spend("funnel", SPEND)


@pytest.fixture(scope="module")
def duel(model):
    return fs.compare(model, replications=20, seed=1)


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """Return the comparison where goods, postage and fees count as what is spent on customers."""
    path = tmp_path_factory.mktemp("shop") / "goods_as_budget.yaml"
    path.write_text(GOODS_AS_BUDGET.format(shipped=SHIPPED), encoding="utf-8")
    model = fs.load(path)
    (word,) = model.journey("flywheel").notes
    assert "goods, postage count as budget" in str(word)
    return fs.compare(model.at_spend("funnel", SPEND_WITH_GOODS), replications=20, seed=1)


def test_the_file_has_a_kind_for_all_that_is_spent_on_customers(model):
    assert model.journey("flywheel").notes == ()


@pytest.mark.parametrize("strategy", ["funnel", "flywheel"])
def test_the_statement_goes_from_revenue_to_profit(duel, strategy):
    runs = duel[strategy]
    statement = {
        name: runs.values(name)
        for name in ("revenue", "cost_of_sales", "gross_profit", "acquisition_spend", "contribution", "profit")
    }
    np.testing.assert_allclose(statement["gross_profit"], statement["revenue"] - statement["cost_of_sales"])
    np.testing.assert_allclose(statement["contribution"], statement["gross_profit"] - statement["acquisition_spend"])
    np.testing.assert_allclose(statement["profit"], statement["contribution"] - 15_000)
    assert (runs.values("service_spend") == 0).all()


def test_goods_and_fees_and_refunds_are_shares_of_the_coffee_sold(duel):
    runs = duel["flywheel"]
    coffee = runs.values("revenue.coffee")
    np.testing.assert_allclose(runs.values("spend.goods"), 0.42 * coffee, rtol=1e-9)
    np.testing.assert_allclose(runs.values("spend.fees"), 0.029 * coffee, rtol=1e-9)
    np.testing.assert_allclose(runs.values("revenue.refunds"), -0.04 * coffee, rtol=1e-9)
    orders = runs.values("spend.postage") / 4
    np.testing.assert_array_equal(orders, orders.round())
    assert abs((coffee / orders).mean() - 34) < 4 * (coffee / orders).std() / np.sqrt(len(orders))


def test_the_basket_is_drawn_and_its_goods_are_a_share_of_what_was_drawn(model):
    people = fs.run(model, strategies="flywheel", seed=1, people=True).people
    bought = people[people.revenue > 0]
    assert len(bought) > 3000
    assert bought.revenue.nunique() > 0.9 * len(bought)


def test_the_ads_follow_their_plan_and_the_new_shop_is_paid_on_a_day(duel):
    runs = duel["flywheel"]
    spent = runs.series("spend.search")[0]
    np.testing.assert_allclose(spent, [3000] * 6 + [4500] * 12 + [4000] * 6)
    paid = runs.series("spend.new_shop", by="week")[0]
    assert np.flatnonzero(paid).tolist() == [19]
    assert paid.sum() == 15_000


def test_a_matched_budget_is_the_mean_of_the_plan_and_keeps_its_shape(duel):
    spent = duel["funnel"].series("spend.search")[0]
    assert spent.mean() == pytest.approx(SPEND)
    assert spent[6] / spent[0] == pytest.approx(1.5)
    assert spent[18] / spent[0] == pytest.approx(4 / 3)


def test_the_press_writes_from_the_fourth_month_to_the_ninth(model):
    (press,) = (channel for channel in model.journey("flywheel").channels if channel.name == "press")
    assert (press.starts, press.until) == (3 * MONTH, 9 * MONTH)
    came = fs.replicate(model, strategies="flywheel", replications=4, seed=2).by("channel", "people").loc["press"]
    assert abs(came["people", "mean"] - 1800) < 100


def test_friends_cost_the_reward_and_their_first_order_less(duel):
    friends = duel["flywheel"].by("channel", "cac", "revenue").loc["friends"]
    assert friends["cac", "mean"] == pytest.approx(5)
    assert duel["flywheel"]["revenue.welcome"].mean == pytest.approx(-duel["flywheel"]["spend.reward"].mean)


def test_customers_order_most_before_christmas(duel):
    weekly = duel["flywheel"].series("revenue", by="week").mean(axis=0)
    assert weekly[46:50].min() > 1.2 * weekly[42:46].max()
    assert weekly[46:50].min() > 1.5 * weekly[51:55].max()


def test_with_equal_marketing_money_the_flywheel_is_ahead(duel):
    assert abs(duel.spend_gap(of="funnel")) < 0.005
    assert duel.difference("profit", of="flywheel", against="funnel").low > 14_000
    assert duel.difference("cost_of_sales", of="flywheel", against="funnel").low > 20_000


def test_goods_counted_as_budget_punish_who_sells_more(duel, counted):
    assert abs(counted.spend_gap(of="funnel")) < 0.005
    runs = counted["funnel"], counted["flywheel"]
    marketing = [one["acquisition_spend"].mean for one in runs]
    assert 3_500 < marketing[0] - marketing[1] < 5_500
    fair, unfair = (one.difference("profit", of="flywheel", against="funnel") for one in (duel, counted))
    assert 0 < unfair.low < unfair.high < 0.5 * fair.low


def test_how_goods_are_counted_changes_no_profit(duel, counted):
    np.testing.assert_allclose(duel["flywheel"].values("profit"), counted["flywheel"].values("profit"))
    np.testing.assert_allclose(duel["flywheel"].values("clv"), counted["flywheel"].values("clv"))
