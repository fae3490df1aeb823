"""For how long customers and prospects are watched: beyond the horizon, to their end, and until it is told."""

import math

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.engine.run import run_once
from flywheel_sim.errors import ConfigError
from flywheel_sim.journey.units import MONTH
from flywheel_sim.ledger import Ledger
from flywheel_sim.stats import estimate_mean, estimate_ratio

#: Somebody who joins in the last month but one pays 10 at the end of each of 36 months, and goes.
THREE_YEARS = """
name: Three years
horizon: 12 months
follow: lifetime
currency: EUR
channels: {desk: {batch: 2, on: 11 months, enters: client}, base: {present: 5, enters: client}}
journey:
  client: {role: customer, events: {pay: {every: 1 month, earn: {fee: 10}}, end: {after: 36 months, to: gone}}}
  gone: exit
"""

CONTRACT = """
name: Contract
horizon: 6 months
follow: lifetime
currency: EUR
channels: {desk: {batch: 200, cost_per_batch: 6000, enters: client}}
journey:
  client: {role: customer, events: {renewal: {every: 1 month, to: {stay: {chance: 91 %, earn: {fee: 10}}, gone: rest}}}}
  gone: exit
"""

#: Half of those who come buy after a day, half after 61.
SLOW = """
name: Slow half
horizon: 12 months
currency: EUR
rates: {takes: {by: {kind: {quick: 1 day, slow: 61 days}}}}
attributes: {kind: {quick: 50 %, slow: rest}}
channels: {ads: {rate: 200 per month, enters: lead}}
journey: {lead: {role: prospect, after: takes, to: buyer}, buyer: customer}
"""


def test_customers_are_followed_to_their_end_and_late_ones_count():
    runs = fs.replicate(fs.loads(THREE_YEARS), replications=2)
    assert runs["clv"].mean == 360  # the last payment comes before they go, being declared first
    assert runs.ledger.lifetime[0, :, 0, 0].sum() == 2  # those present were acquired before
    assert runs["revenue"].mean == 5 * 120  # no period books what comes after the horizon


def test_customers_are_followed_for_as_long_as_the_file_says():
    runs = fs.replicate(fs.loads(THREE_YEARS.replace("lifetime", "24 months")), replications=2)
    assert runs["clv"].mean == 230  # payments at the ages of 1 to 23 months


def test_a_life_of_renewals_is_worth_the_sum_of_its_chances():
    runs = fs.replicate(fs.loads(CONTRACT), replications=200)
    worth = runs["clv"]
    assert worth.low < 10 * 0.91 / 0.09 < worth.high
    assert worth.half_width < 2


def test_what_comes_later_is_worth_less_by_the_discount():
    text = CONTRACT.replace("91 %", "100 %").replace("follow: lifetime", "follow: lifetime\ndiscount: 10 % per year")
    kept = 1.1 ** (-1 / 12)
    assert fs.replicate(fs.loads(text), replications=2)["clv"].mean == pytest.approx(10 * kept / (1 - kept), rel=1e-3)


def test_the_books_up_to_the_horizon_are_those_without_a_longer_window():
    model = fs.load("subscription")
    short, long = (run_once(model.with_(follow=one).journey("funnel"), 1).ledger for one in ("18 months", "lifetime"))
    assert not np.array_equal(short.lifetime, long.lifetime)
    assert all(np.array_equal(getattr(short, n), getattr(long, n)) for n in Ledger.ARRAYS if n != "lifetime")


@pytest.mark.parametrize(
    ("name", "follow", "horizon"),
    [
        ("subscription", "lifetime", "9 months"), ("shop", "30 months", "8 months"),
        ("product_led", "lifetime", "5 months"), ("b2b_pipeline", "lifetime", "8 months"),
        ("reputation", "40 months", "6 months"), ("referral_programme", "lifetime", "8 months"),
        ("saas_loyalty", "lifetime", "5 months"),
    ],
)  # fmt: skip
def test_both_engines_follow_alike(name, follow, horizon):
    journey = fs.load(name).with_(follow=follow, horizon=horizon).journey()
    one, other = (run_once(journey, 7, people=True, engine=engine) for engine in ("kernel", "reference"))
    assert one.ledger.equals(other.ledger)
    assert one.people.equals(other.people)
    assert one.ledger.lifetime.any()


def test_a_window_beyond_the_horizon_leaves_half_of_it_to_the_k_factor():
    journey = fs.loads(CONTRACT).journey()
    assert (journey.follow, journey.lifetime) == (3 * MONTH, 1200 * MONTH)


@pytest.mark.parametrize(("follow", "said"), [
    ("lifetime", "can stay around 'client' for ever"), ("200 years", "100 years at most"),
])  # fmt: skip
def test_a_life_without_end_is_refused_unless_it_is_discounted(follow, said):
    text = CONTRACT.replace("gone: rest", "pause: rest").replace(
        "gone: exit", "pause: {role: lapsed, after: 1 year, to: client}"
    )
    with pytest.raises(ConfigError, match=said):
        fs.loads(text.replace("follow: lifetime", f"follow: {follow}")).journey()
    assert fs.loads(text.replace("follow: lifetime", "follow: lifetime\ndiscount: 5 % per year")).journey().lifetime


def test_a_figure_says_for_how_long_customers_were_followed():
    short = fs.replicate(fs.load("subscription"), strategies="flywheel", replications=3)
    assert short.summary().loc["clv", "label"] == "Customer lifetime value (first 18 months)"
    assert short.summary().loc["k_factor", "label"] == "K-factor (first 18 months)"
    assert fs.replicate(fs.loads(CONTRACT), replications=2).summary().loc["payback", "label"] == "Payback (whole life)"


# -- payback ----------------------------------------------------------------------------------------


def test_payback_is_where_pooled_margin_reaches_pooled_cost():
    runs = fs.replicate(fs.loads(CONTRACT), replications=50)  # 30 a customer, 10 times what is left of them a month
    margin = runs.ledger.lifetime[..., 1].sum(axis=(0, 2)).cumsum() / 1e6 / (50 * 200)
    after = int(np.flatnonzero(margin >= 30)[0])
    expected = after + (30 - margin[after - 1]) / (margin[after] - margin[after - 1])
    assert runs["payback"].mean == pytest.approx(expected)
    assert runs["payback"].low < expected < runs["payback"].high


def test_what_is_never_paid_back_is_said_with_the_window():
    runs = fs.replicate(fs.loads(CONTRACT.replace("lifetime", "3 months").replace("6000", "60000")), replications=20)
    assert runs["payback"].mean == math.inf
    assert str(runs["payback"]).startswith("not within 3 months")
    assert runs.table().loc["Payback (first 3 months)", "mean ± half-width"] == "not within 3 months"
    (said,) = (text for text in runs.warnings() if "brought back" in text)
    assert "has not brought back within 3 months what it costs" in said


# -- who is still deciding --------------------------------------------------------------------------


def test_conversion_leaves_out_who_came_in_the_last_month_and_says_who_is_undecided():
    runs = fs.replicate(fs.loads(SLOW), replications=50)
    share = runs["conversion"].mean / 100
    assert share == pytest.approx(1 - 0.5 * (61 * 12 / 365 - 1) / 11, abs=0.01)
    (said,) = runs.warnings()
    assert f"{100 * (1 - share):.1f} % may still become customers" in said
    assert "who came in the first 11 months" in said


def test_a_short_run_leaves_out_its_second_half():
    journey = fs.loads(SLOW.replace("12 months", "1 month")).journey()
    assert journey.decided == journey.horizon // 2


def test_who_can_no_longer_buy_is_decided():
    text = SLOW.replace("to: buyer}", "to: {buyer: 30 %, lost: rest}}").replace(
        "buyer: customer", "buyer: customer, lost: {role: prospect}"
    )
    runs = fs.replicate(fs.loads(text.replace("61 days", "2 days")), replications=20)
    assert runs.warnings() == []
    assert runs["conversion"].low < 30 < runs["conversion"].high


def test_conversion_by_month_is_of_those_who_came_in_it():
    runs = fs.replicate(fs.loads(SLOW), replications=20)
    table = runs.over_time("conversion")
    months = table["conversion", "mean"].to_numpy()
    assert months[:9] == pytest.approx(100)
    assert months[10] == pytest.approx(50, abs=3)
    assert math.isnan(months[11])


# -- ages -------------------------------------------------------------------------------------------


def test_a_monthly_contract_shows_whom_each_renewal_leaves():
    table = fs.replicate(fs.loads(CONTRACT), replications=200).cohorts().loc[1, "retention"]
    for age, expected in ((0, 100), (1, 91), (2, 82.81)):
        row = table.loc[age]
        assert row["low"] - 1e-9 <= expected <= row["high"] + 1e-9
    assert table.loc[1, "high"] - table.loc[1, "low"] < 1


# -- ratios -----------------------------------------------------------------------------------------


def test_what_an_advertised_customer_costs_is_a_ratio_of_sums():
    cost = fs.replicate(fs.load("ad_campaign"), replications=5000)["cac"]
    assert cost.low < 20 < cost.high
    assert cost.half_width < 0.2


def test_a_ratio_counts_every_replication_and_says_in_how_many_it_exists():
    estimate = estimate_ratio(np.array([6.0, 0.0, 3.0, 0.0]), np.array([2.0, 0.0, 1.0, 0.0]), "EUR")
    assert (estimate.mean, estimate.n, estimate.exists) == (3.0, 4, 2)
    assert "n = 4, in 2 of which it exists" in str(estimate)


def test_a_ratio_to_the_same_in_all_replications_is_a_mean():
    values = np.random.default_rng(1).gamma(1.0, 2.0, 50)
    ratio, mean = estimate_ratio(values, np.full(50, 4.0), ""), estimate_mean(values / 4, "")
    assert (ratio.mean, ratio.low, ratio.high) == pytest.approx((mean.mean, mean.low, mean.high))


def test_differences_of_ratios_are_of_ratios_of_sums():
    duel = fs.compare(fs.load("subscription").with_(horizon="6 months"), replications=30)
    one, other = (duel[name]["cac"].mean for name in reversed(duel.names))
    assert duel.difference("cac").mean == pytest.approx(one - other)


# -- what is said of it -----------------------------------------------------------------------------

YEARLY = """
name: Yearly
horizon: 36 months
follow: 18 months
currency: EUR
channels: {desk: {rate: 20 per month, cost_per_arrival: 300, enters: client}}
journey:
  client:
    role: customer
    on_entry: {earn: {fee: 120 per year}}
    events: {renewal: {every: 1 year, to: {stay: {chance: 80 %, earn: {fee: 120 per year}}, gone: rest}}}
  gone: exit
"""


def warned(text, **how):
    return fs.replicate(fs.loads(text), replications=5, **how).warnings()


def test_a_loss_is_no_fact_while_customers_may_bring_more():
    (said,) = warned(YEARLY)  # nothing comes in the last months of the window, but renewals do later
    assert said.startswith("A customer has not brought back within 18 months what it costs: CLV ")
    (said,) = warned(YEARLY.replace("18 months", "lifetime").replace("arrival: 300", "arrival: 900"))
    assert said.startswith("A customer costs more than it brings: CLV ")
    once = YEARLY[: YEARLY.index("    events:")] + "  gone: exit\n"
    (said,) = warned(once.replace("  gone: exit\n", ""))
    assert said.startswith("A customer costs more than it brings: CLV 120.00 against CAC 300.00")


def test_what_pays_back_but_for_the_discount_is_said_so():
    text = CONTRACT.replace("91 %", "99 %").replace("follow: lifetime", "follow: 60 months\ndiscount: 30 % per year")
    (said,) = warned(text.replace("6000", "70000"))
    assert said.startswith("Discounted at 30 % a year, a customer brings back less than it costs")


@pytest.mark.parametrize("chance", ["100 %", "99.9999 %"])
def test_who_still_pays_after_a_hundred_years_is_said(chance):
    assert any("after 100 years" in said for said in warned(CONTRACT.replace("91 %", chance)))


def test_staff_who_stand_still_are_no_way_out_of_a_life():
    text = """
name: Cancelling
horizon: 6 months
follow: lifetime
currency: EUR
resources: {desk: {people: 1}}
channels: {door: {batch: 5, enters: client}}
journey:
  client:
    role: customer
    events:
      pay: {every: 1 month, earn: {fee: 3}}
      cancel: {after: 1 month, staff: desk, takes: 1 hour, to: gone}
  gone: exit
"""
    with pytest.raises(ConfigError, match="can stay around 'client' for ever"):
        fs.loads(text).journey()


def test_who_stands_aside_is_not_among_the_undecided():
    text = """
name: Aside
horizon: 6 months
currency: EUR
channels: {ads: {rate: 100 per month, enters: lead}}
journey:
  lead: {role: prospect, after: 1 day, to: {buyer: 5 %, later: 90 %, gone: rest}}
  later: {role: aside, after: 24 months, to: lead}
  buyer: customer
  gone: exit
"""
    assert warned(text) == []


def test_undecided_are_counted_after_the_warm_up():
    (said,) = warned(SLOW.replace("horizon: 12 months", "horizon: 12 months\nwarm_up: 10 months"))
    assert "who came in months 11 to 11, of whom " in said


def test_no_end_of_an_interval_lies_beyond_what_can_be():
    few = SLOW.replace("200 per month", "1 per month")
    for name in ("conversion", "time_to_convert"):
        estimate = fs.replicate(fs.loads(few), replications=4)[name]
        assert estimate.low >= 0
        assert name != "conversion" or estimate.high <= 100


def test_one_replication_has_a_difference_of_ratios_without_an_interval():
    duel = fs.compare(fs.load("subscription").with_(horizon="6 months"), replications=1)
    one, other = (duel[name]["cac"].mean for name in reversed(duel.names))
    assert duel.difference("cac").mean == pytest.approx(one - other)
    assert math.isnan(duel.difference("cac").low)


def test_two_strategies_are_answered_by_any_figure():
    duel = fs.compare(fs.load("subscription").with_(horizon="6 months"), replications=20)
    said = duel.answer("clv")
    assert said.startswith("Customer lifetime value (first 18 months) is ")
    assert " in the flywheel, " in said
    assert duel.answer("mrr").startswith("Monthly recurring revenue by month 6 is ")


def test_equal_strategies_are_said_to_be_equal():
    model = fs.loads(CONTRACT + "strategies: {one: {}, other: {}}\n")
    assert "are equal in all 5 futures: profit by month 6 is " in fs.compare(model, replications=5).answer()
