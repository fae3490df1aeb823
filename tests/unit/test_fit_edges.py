"""Fits of data at the edge: large amounts, fixed prices, nobody who leaves, everybody at once; their journeys load."""

import re

import numpy as np
import pandas as pd
import pytest

import flywheel_sim as fs

pytestmark = pytest.mark.filterwarnings("error")


def shop(amount, seed=0, customers=300):
    luck = np.random.default_rng(seed)
    rows = [(who, day, amount) for who in range(customers) for day in luck.integers(0, 365, luck.poisson(3) + 1)]
    table = pd.DataFrame(rows, columns=["customer", "time", "amount"])
    table["time"] = pd.Timestamp("2022-01-01") + pd.to_timedelta(table["time"], unit="D")
    return fs.read_orders(table, currency="EUR", until="2022-12-31")


def contracts(ends, until="2023-12-31", **more):
    table = pd.DataFrame({"customer": range(len(ends)), "start": "2022-01-01", "end": ends, "interval": "month"})
    return fs.read_subscriptions(table, until=until, **more)


@pytest.mark.parametrize("model", ["nbd", "pareto_nbd", "erlang_nbd"])
def test_journeys_of_large_amounts_and_loyal_customers_load(model):
    fit = fs.fit(shop(1509.25), model=model)
    assert fs.loads(fit.journey()).name
    assert re.search(r"earn: {orders: 15\d\d", fit.journey())


@pytest.mark.parametrize("seed", range(3))
def test_a_fixed_price_makes_a_journey(seed):
    assert fs.loads(fs.fit(shop(10, seed), "spend").journey()).name


def test_a_season_with_customers_from_before_is_fitted():
    luck = np.random.default_rng(1)
    rows = [(who, day, 9) for who in range(150) for day in luck.integers(0, 730, luck.poisson(4) + 1)]
    table = pd.DataFrame(rows, columns=["customer", "time", "amount"])
    table["time"] = pd.Timestamp("2022-01-01") + pd.to_timedelta(table["time"], unit="D")
    orders = fs.read_orders(table, until="2023-12-31", selling_since="2020-01-01")
    fit = fs.fit(orders, model="nbd", season=True)
    assert "were customers when the records began" in fit.answer()
    assert len(fit.drawn)


def test_referrals_count_who_was_brought_within_the_records():
    luck = np.random.default_rng(3)
    start = pd.Timestamp("2020-01-01") + pd.to_timedelta(luck.integers(0, 1000, 1500), unit="D")
    by = np.where(np.arange(1500) > 700, luck.integers(0, 700, 1500), -1)
    table = pd.DataFrame({"customer": range(1500), "start": start, "end": None, "referred_by": by})
    table["referred_by"] = table["referred_by"].where(by >= 0).astype("Int64")
    read = fs.read_subscriptions(table, until="2022-12-31", records_from="2022-01-01")
    brought = int(((start >= "2022-01-01") & (by >= 0)).sum())
    assert f"{brought} customers brought" in fs.fit(read, "referrals").answer()


def test_who_leaves_on_the_first_day_is_not_forgotten():
    luck = np.random.default_rng(2)
    days = np.where(np.arange(400) < 120, 0, 1 + luck.exponential(200, 400)).astype(int)
    ends = [f"{day:%Y-%m-%d}" for day in pd.Timestamp("2022-01-01") + pd.to_timedelta(days, unit="D")]
    fit = fs.fit(contracts(ends, until="2026-10-31"), model="weibull")
    rows = fit.drawn.set_index("x")
    assert rows.loc[1, "fitted"] < 80  # 70 % were left after the first day


@pytest.mark.parametrize("model", [None, "sbg"])
def test_all_who_leave_at_once_are_told_to_be_unlike_the_model(model):
    fit = fs.fit(contracts(["2022-04-01"] * 300), model=model)
    assert "0.0 % are left after 3 months" in fit.answer() or "0 % are left after 3 months" in fit.answer()
    assert any("is outside the interval of the data" in one for one in fit.remarks())


@pytest.mark.parametrize("people", [50, 300, 1000])
def test_where_nobody_leaves_the_plainest_model_is_taken(people):
    fit = fs.fit(contracts([None] * people))
    assert fit.model == "geometric"
    assert not fit.choice.better_baselines


def test_months_without_arrivals_flood_no_remarks():
    luck = np.random.default_rng(5)
    days = np.concatenate([365 * year + luck.integers(30, 270, 300) for year in range(3)])
    table = pd.DataFrame({"customer": range(900), "amount": 5,
                          "time": pd.Timestamp("2021-01-01") + pd.to_timedelta(days, unit="D")})  # fmt: skip
    assert len(fs.fit(fs.read_orders(table, until="2023-12-31"), "arrivals", season=True).remarks()) < 8


def test_a_choice_from_few_ages_is_said_to_be_unsure():
    table = pd.DataFrame({"month": range(5), "survivors": [1000, 800, 680, 600, 540]})
    fit = fs.fit(fs.read_survivors(table))
    assert "Only 2 earlier ages could be forecast from, so the choice itself is unsure." in fit.remarks()


def test_bars_of_few_people_have_no_interval_below_nobody():
    fit = fs.fit(shop(12, customers=40), model="nbd")
    assert fit.drawn["low"].dropna().min() >= 0
