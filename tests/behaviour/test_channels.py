"""The shipped channels: the article's conversions, where money goes, and what attribution by channel hides."""

import math

import numpy as np
import pytest

import flywheel_sim as fs

#: Spends at which all strategies cost the same, near enough for a test: they need not be solved.
SPENDS = {"shift": 1232.0, "best_converter": 1108.0}
PAID = ("search", "social", "forum", "site_banner", "influencer")
FIRST, AGAIN, BACK = (f"outcomes.{stage}.{stage}.client" for stage in ("visit", "shown_again", "returned"))


@pytest.fixture(scope="module")
def model():
    scenario = fs.load("channels")
    for strategy, spend in SPENDS.items():
        scenario = scenario.at_spend(strategy, spend)
    return scenario


@pytest.fixture(scope="module")
def duel(model):
    return fs.compare(model, replications=10, seed=1)


@pytest.fixture(scope="module")
def today(duel):
    return duel["today"]


@pytest.fixture(scope="module")
def log(model):
    return fs.run(model, strategies="today", seed=1, events=True).events


def by(runs, metric, name="channel"):
    """Return the mean of a metric of each channel."""
    return runs.by(name, metric)[metric, "mean"]


def decided(runs, stage, channel):
    """Return how many visits of people of a channel ended, and how many of them with a purchase."""
    each = [by(runs, f"outcomes.{stage}.{stage}.{to}")[channel] * runs.n for to in ("client", "pool", "gone")]
    return sum(each), each[0]


# -- the article's figures --------------------------------------------------------------------------


@pytest.mark.parametrize(("channel", "chance"), [("search", 9 / 100), ("forum", 0.10), ("site_banner", 0.001)])
def test_visitors_buy_as_often_as_the_article_says(today, channel, chance):
    visits, sales = decided(today, "visit", channel)
    assert visits > 35_000
    assert abs(sales / visits - chance) < 4 * math.sqrt(chance * (1 - chance) / visits)


@pytest.mark.parametrize(("channel", "sales"), [("search", 9), ("social", 2)])
def test_of_35_sales_search_makes_9_and_social_2(today, channel, sales):
    made = by(today, FIRST)[list(PAID)] * today.n
    share = sales / 35
    assert made.sum() > 12_000
    assert abs(made[channel] / made.sum() - share) < 4 * math.sqrt(share * (1 - share) / made.sum())


def test_influencers_do_well(today):
    made = by(today, FIRST)
    assert made["influencer"] == max(made[channel] for channel in PAID)
    assert by(today, "ltv_cac")["influencer"] > 3


def test_the_price_and_the_first_click_are_the_article_s(model):
    assert [model.rate(name, "today").value for name in ("price", "search_click")] == ["100", "2"]


# -- the channels -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "spend", "click", "most"),
    [("search", 510, 2, 500), ("social", 280, 1.25, 1000), ("forum", 322, 1, 200), ("site_banner", 670, 0.3, 10_000)],
)
def test_further_clicks_cost_more(today, channel, spend, click, most):
    expected = 24 * most * (1 - math.exp(-spend / (click * most)))
    assert expected < 24 * spend / click
    assert abs(by(today, "prospects")[channel] - expected) < 4 * math.sqrt(expected / today.n)
    assert by(today, f"spend.{channel}")[channel] == pytest.approx(24 * spend)


def test_one_call_shows_that_the_site_banner_costs_more_than_its_customers_are_worth(today):
    table = today.by("channel", "prospects", "acquisitions", "cac", "clv", "roas", "payback")
    site = table.loc["site_banner"]
    assert site["cac", "low"] > 2 * site["clv", "high"]
    assert site["roas", "high"] < 0.7
    assert site["payback", "mean"] == math.inf
    others = table.loc[["search", "social", "forum", "influencer", "affiliate"]]
    assert (others["cac", "high"] < others["clv", "low"]).all()
    assert (others["payback", "high"] < 1).all()
    assert others["roas", "mean"].drop("affiliate").between(2, 12).all()
    assert math.isnan(others["roas", "mean"]["affiliate"])


def test_two_in_a_hundred_pay_where_one_in_a_thousand_does_not(today):
    assert by(today, "roas")["social"] > 2.3
    assert by(today, "clv")["forum"] - 10 > by(today, "clv")["search"] > by(today, "clv")["influencer"] + 10


def test_money_moved_from_the_site_banner_to_search_pays(duel):
    assert duel.difference("profit", of="shift").low > 45_000
    assert max(abs(duel.spend_gap(of=strategy)) for strategy in SPENDS) < 0.01


def test_the_best_converter_is_not_where_the_next_euro_belongs(duel, today):
    assert by(today, "cac")["forum"] < by(today, "cac")["search"]
    assert duel.difference("profit", of="best_converter", against="shift").high < -35_000
    more = {}
    for strategy, channel in (("shift", "search"), ("best_converter", "forum")):
        spent, won = (
            by(duel[strategy], m)[channel] - by(today, m)[channel] for m in ("acquisition_spend", "acquisitions")
        )
        more[channel] = spent / won
    assert 35 < more["search"] < 43
    assert 125 < more["forum"] < 175


def test_conversion_doubles_although_nothing_converts_better(duel, today):
    assert duel["shift"]["conversion"].mean > 2 * today["conversion"].mean
    kept = ["social", "forum", "influencer"]
    np.testing.assert_array_equal(by(duel["shift"], "conversion")[kept], by(today, "conversion")[kept])


# -- remarketing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("channel", "chance"), [("search", 9 / 100), ("influencer", 0.06)])
def test_who_sees_the_shop_again_buys_two_and_a_half_times_as_often(today, channel, chance):
    visits, sales = decided(today, "shown_again", channel)
    assert abs(sales / visits - 2.5 * chance) < 4 * math.sqrt(2.5 * chance * (1 - 2.5 * chance) / visits)


def test_remarketing_ends(log):
    """Nobody is shown ads for longer than 30 days at a stretch, nor more than four times, and all leave the pool."""
    month = 30 * 24 * 3600 * 1000
    passed = log[(log.to == "pool") != (log.stage == "pool")]
    until = passed.groupby("person").time.shift(-1)
    stays = passed.assign(until=until)[passed.to == "pool"]
    assert len(stays) > 20_000
    assert (stays.until - stays.time).max() == month
    assert stays.time[stays.until.isna()].min() > log.time.max() - month
    ads = log[log.event == "remarketing"].groupby("person").size()
    assert (ads <= 4 * stays.groupby("person").size()[ads.index]).all()


def test_remarketing_is_worth_more_than_the_last_click_says_as_nobody_stays_away_for_it(duel, today):
    lost = duel.difference("acquisitions", of="no_remarketing")
    assert lost.high < -1.1 * today[AGAIN].mean
    assert abs(duel.difference(BACK, of="no_remarketing").mean) < 0.02 * today[BACK].mean
    assert duel.difference("profit", of="no_remarketing").high < -40_000
    assert -0.12 < duel.spend_gap(of="no_remarketing") < -0.08


def test_most_of_the_remarketing_money_follows_people_who_never_buy(today):
    spent, sold = by(today, "spend.remarketing"), by(today, AGAIN)
    assert spent["site_banner"] > 0.5 * spent.sum()
    assert sold["site_banner"] < 0.04 * sold.sum()


# -- affiliates -------------------------------------------------------------------------------------


def test_affiliates_are_paid_by_the_sale_and_nobody_else_is(today):
    fees = by(today, "spend.affiliate_fee")
    assert fees["affiliate"] == pytest.approx(12 * by(today, "acquisitions")["affiliate"])
    assert fees.drop("affiliate").eq(0).all()


def test_every_customer_of_an_affiliate_goes_back_to_a_paid_channel(today):
    through = by(today, "acquisitions", "origin") - by(today, "acquisitions")[list(PAID)]
    assert (through > 10).all()
    assert through.sum() == pytest.approx(by(today, "acquisitions")["affiliate"])
    assert through["influencer"] == max(through)


def test_lifetime_value_leaves_out_what_a_customer_sends_on(today):
    table = today.by("channel", "clv", "lineage_value").loc[list(PAID)]
    assert (table["lineage_value", "mean"] > 1.2 * table["clv", "mean"]).all()


def test_without_affiliates_just_their_customers_are_missing(duel, today):
    lost = duel.difference("acquisitions", of="no_affiliates")
    assert -lost.mean == pytest.approx(by(today, "acquisitions")["affiliate"])
    assert duel.difference("profit", of="no_affiliates").high < -70_000
    assert -0.15 < duel.spend_gap(of="no_affiliates") < -0.11


def test_a_sale_of_an_affiliate_may_be_paid_for_twice(today):
    assert 0.08 < by(today, AGAIN)["affiliate"] / by(today, "acquisitions")["affiliate"] < 0.17
