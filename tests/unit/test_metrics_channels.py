"""Figures of channels on ledgers written by hand: return on ad spend, and payback of a channel's own customers."""

import math

import numpy as np
import pytest
from hand import any_ledger, journey, ledger, runs

from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.journey import Channel
from flywheel_sim.journey.units import MILLIONTHS as EUR
from flywheel_sim.journey.units import MONTH
from flywheel_sim.ledger import FOLLOWED
from flywheel_sim.metrics.groups import NO_CHANNEL

#: Places in a ledger made by hand: the first group of each channel, and the line that is earned.
ADS, FRIENDS, BASE, CLUB = 0, 4, 8, 0


@pytest.fixture
def made():
    return journey()


@pytest.fixture
def held(made):
    """Return a ledger in which ads cost 400 EUR and bring 900 EUR; friends bring 50 EUR, people present 70 EUR."""
    held = ledger(made, 2)
    assert held.layout.lines[CLUB][:2] == ("earn", "club")
    assert [held.layout.groups[group][0] for group in (ADS, FRIENDS, BASE)] == ["ads", "friends", "base"]
    held.channel_spend[:, 0, 0] = [300 * EUR, 500 * EUR]
    held.money[:, 1, ADS, CLUB], held.money[:, 3, ADS + 1, CLUB] = 600 * EUR, 300 * EUR
    held.money[:, 1, FRIENDS, CLUB], held.money[:, 1, BASE, CLUB] = 50 * EUR, 70 * EUR
    return held


def test_return_on_ad_spend_is_revenue_of_paid_channels_over_what_they_cost(made, held):
    np.testing.assert_allclose(runs(made, held).values("roas"), [900 / 300, 900 / 500])
    assert runs(made, held).unit("roas") == "EUR per EUR"


def test_what_unpaid_channels_and_people_present_bring_is_no_return_on_ads(made, held):
    before = runs(made, held).values("roas")
    held.money[:, :, FRIENDS:, CLUB] *= 100
    np.testing.assert_array_equal(runs(made, held).values("roas"), before)


def test_what_is_spent_on_people_once_they_have_come_is_not_in_it(made, held):
    before = runs(made, held).values("roas")
    held.money[..., [i for i, (side, *_) in enumerate(held.layout.lines) if side == "spend"]] = 999
    held.costs[:] = 999
    np.testing.assert_array_equal(runs(made, held).values("roas"), before)


def test_by_channel_it_is_of_the_channel_s_own_people_and_spend(made, held):
    held.channel_spend[:, 2, 1] = 25 * EUR
    table = runs(made, held).by("channel", "roas")["roas"]
    np.testing.assert_allclose(table["mean"], [2 * 900 / (300 + 500), 2, math.nan, math.nan])
    assert list(table.index) == ["ads", "friends", "base", NO_CHANNEL]
    np.testing.assert_allclose(runs(made, held).values("roas"), [950 / 325, 950 / 525])


def test_month_by_month_it_is_of_the_months_in_which_something_is_spent(made, held):
    held.channel_spend[:, 1, 0] = 200 * EUR
    series = runs(made, held).series("roas")
    np.testing.assert_array_equal(series[:, :2], [[0, 3], [0, 3]])
    assert np.isnan(series[:, 2:]).all()


def test_a_warm_up_is_left_out_of_both_sides():
    made = journey(warm_up=2 * MONTH)
    held = any_ledger(made)
    earned = [index for index, (side, *_) in enumerate(held.layout.lines) if side == "earn"]
    top = held.money[:, 2:][..., earned].sum(axis=(1, 2, 3))
    np.testing.assert_allclose(runs(made, held).values("roas"), top / held.channel_spend[:, 2:].sum(axis=(1, 2)))


def test_where_no_channel_costs_anything_there_is_none(made):
    one = runs(made, ledger(made, 2))
    assert "roas" not in one.summary().index
    assert np.isnan(one.values("roas")).all()


def test_it_cannot_be_split_by_what_a_channel_does_not_know(made, held):
    with pytest.raises(ExperimentError, match="'roas' cannot be split by 'plan'"):
        runs(made, held).by("plan", "roas")


def test_payback_of_a_channel_sets_its_own_customers_against_its_own_cost(made, held):
    acquired, revenue = FOLLOWED.index("acquired"), FOLLOWED.index("revenue")
    for group, customers, monthly in ((ADS, 10, 25), (FRIENDS, 5, 10), (BASE, 2, 90)):
        held.flow[:, 0, group, held.layout.role_flow("acquired")] = customers
        held.followed[:, 0, group, acquired] = customers
        held.followed[:, :, group, revenue] = customers * monthly * EUR
    held.channel_spend[:, 0, 0] = [500 * EUR, 1000 * EUR]
    table = runs(made, held).by("channel", "payback")["payback"]
    assert held.layout.ages == 3
    assert table["mean"]["friends"] == table["mean"]["base"] == 0
    assert table["mean"]["ads"] == 3  # 1,500 for 20 customers, who bring 25 a month each
    assert runs(made, held.pick(slice(0, 1))).by("channel", "payback")["payback", "mean"]["ads"] == 2


def test_a_channel_of_which_there_is_nobody_has_no_return():
    made = journey(channels=(Channel("ads", "lead", "rate", 6 * MONTH), Channel("press", "lead", "rate", 6 * MONTH)))
    held = ledger(made)
    held.channel_spend[:, 0] = [100 * EUR, 0]
    np.testing.assert_array_equal(runs(made, held).by("channel", "roas")["roas", "mean"][:2], [0, math.nan])
