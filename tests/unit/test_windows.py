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
    found = fs.replicate(fs.loads(THREE_YEARS), replications=2)
    assert found["clv"].mean == 360  # the last payment comes before they go, being declared first
    assert found.ledger.lifetime[0, :, 0, 0].sum() == 2  # those present were acquired before
    assert found["revenue"].mean == 5 * 120  # no period books what comes after the horizon


def test_customers_are_followed_for_as_long_as_the_file_says():
    found = fs.replicate(fs.loads(THREE_YEARS.replace("lifetime", "24 months")), replications=2)
    assert found["clv"].mean == 230  # payments at the ages of 1 to 23 months


def test_a_life_of_renewals_is_worth_the_sum_of_its_chances():
    found = fs.replicate(fs.loads(CONTRACT), replications=200)
    worth = found["clv"]
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
    short = fs.replicate(fs.load("subscription"), "flywheel", replications=3)
    assert short.summary().loc["clv", "label"] == "Customer lifetime value (first 18 months)"
    assert short.summary().loc["k_factor", "label"] == "K-factor (first 18 months)"
    assert fs.replicate(fs.loads(CONTRACT), replications=2).summary().loc["payback", "label"] == "Payback (whole life)"


# -- payback ----------------------------------------------------------------------------------------


def test_payback_is_where_pooled_margin_reaches_pooled_cost():
    found = fs.replicate(fs.loads(CONTRACT), replications=50)  # 30 a customer, 10 times what is left of them a month
    margin = found.ledger.lifetime[..., 1].sum(axis=(0, 2)).cumsum() / 1e6 / (50 * 200)
    after = int(np.flatnonzero(margin >= 30)[0])
    expected = after + (30 - margin[after - 1]) / (margin[after] - margin[after - 1])
    assert found["payback"].mean == pytest.approx(expected)
    assert found["payback"].low < expected < found["payback"].high


def test_what_is_never_paid_back_is_said_with_the_window():
    found = fs.replicate(fs.loads(CONTRACT.replace("lifetime", "3 months").replace("6000", "60000")), replications=20)
    assert found["payback"].mean == math.inf
    assert str(found["payback"]).startswith("not within 3 months")
    assert found.table().loc["Payback (first 3 months)", "mean ± half-width"] == "not within 3 months"
    (said,) = (text for text in found.warnings() if "brought back" in text)
    assert "has not brought back within 3 months what it costs" in said


# -- who is still deciding --------------------------------------------------------------------------


def test_conversion_leaves_out_who_came_in_the_last_month_and_says_who_is_undecided():
    found = fs.replicate(fs.loads(SLOW), replications=50)
    share = found["conversion"].mean / 100
    assert share == pytest.approx(1 - 0.5 * (61 * 12 / 365 - 1) / 11, abs=0.01)
    (said,) = found.warnings()
    assert f"{100 * (1 - share):.1f} % may still become customers" in said
    assert "who came in the first 11 months" in said


def test_a_short_run_leaves_out_its_second_half():
    journey = fs.loads(SLOW.replace("12 months", "1 month")).journey()
    assert journey.decided == journey.horizon // 2


def test_who_can_no_longer_buy_is_decided():
    text = SLOW.replace("to: buyer}", "to: {buyer: 30 %, lost: rest}}").replace(
        "buyer: customer", "buyer: customer, lost: {role: prospect}"
    )
    found = fs.replicate(fs.loads(text.replace("61 days", "2 days")), replications=20)
    assert found.warnings() == []
    assert found["conversion"].low < 30 < found["conversion"].high


def test_conversion_by_month_is_of_those_who_came_in_it():
    found = fs.replicate(fs.loads(SLOW), replications=20)
    table = found.over_time("conversion")
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
    found = estimate_ratio(np.array([6.0, 0.0, 3.0, 0.0]), np.array([2.0, 0.0, 1.0, 0.0]), "EUR")
    assert (found.mean, found.n, found.exists) == (3.0, 4, 2)
    assert "n = 4, in 2 of which it exists" in str(found)


def test_a_ratio_to_the_same_in_all_replications_is_a_mean():
    values = np.random.default_rng(1).gamma(1.0, 2.0, 50)
    ratio, mean = estimate_ratio(values, np.full(50, 4.0), ""), estimate_mean(values / 4, "")
    assert (ratio.mean, ratio.low, ratio.high) == pytest.approx((mean.mean, mean.low, mean.high))


def test_differences_of_ratios_are_of_ratios_of_sums():
    duel = fs.compare(fs.load("subscription").with_(horizon="6 months"), replications=30)
    one, other = (duel[name]["cac"].mean for name in reversed(duel.names))
    assert duel.difference("cac").mean == pytest.approx(one - other)
