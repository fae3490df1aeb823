"""Billing exports that write of who has left what their subscription is worth now, or when it will be over."""

import pandas as pd
import pytest

import flywheel_sim as fs


def test_who_left_and_pays_nothing_now_was_no_free_plan():
    table = pd.DataFrame({"Customer ID": range(40), "Status": ["active", "canceled"] * 20, "MRR": [49, 0] * 20,
                          "Start Date": "2024-01-05", "Cancelled At": [None, "2024-03-05"] * 20})  # fmt: skip
    for one in (table, table.drop(columns="Status")):
        read = fs.read_subscriptions(one, until="2024-06-30")
        assert len(read.rows) == 40
        assert read.lives("month")["lost"].sum() == 20
    free = fs.read_subscriptions(table.assign(MRR=[49, 0] * 20, **{"Cancelled At": None, "Status": "active"}))
    assert len(free.rows) == 20  # of who is there, nothing paid is a free plan


def test_cancelled_subscriptions_of_recurly_go_on_until_they_expire():
    table = pd.DataFrame({"account_id": range(20), "plan": "pro", "state": ["active", "canceled"] * 10,
                          "start_date": "2024-01-05", "canceled_at": [None, "2024-06-20"] * 10,
                          "expires_at": [None, "2025-01-05"] * 10, "mrr": 9})  # fmt: skip
    read = fs.read_subscriptions(table, until="2024-06-30")
    assert read.rows["end"].isna().sum() == 20
    later = fs.read_subscriptions(table, until="2025-06-30")
    assert later.rows["end"].dropna().astype(str).unique().tolist() == ["2025-01-05"]


def days(**columns):
    """Return a table of two customers, one day each."""
    return pd.DataFrame({"customer": [1, 2], "date": ["2024-01-31", "2024-02-10"], **columns})


def test_a_dollar_is_that_of_the_heading():
    assert fs.read_orders(days(**{"Amount (AUD)": ["$5.00", "$7.00"]})).currency == "AUD"
    assert fs.read_orders(days(**{"Unit price CAD": ["$5.00", "$7.00"], "quantity": 2})).currency == "CAD"
    with pytest.raises(fs.DataError, match="'Amount EUR' says EUR and its amounts USD; rename the column, or say"):
        fs.read_orders(days(**{"Amount EUR": ["$5.00", "$7.00"]}))


def test_prices_of_subscriptions_in_two_currencies_are_asked_about():
    table = days(price=["$5.00", "€7.00"]).rename(columns={"date": "start"})
    with pytest.raises(fs.DataError, match="several currencies, EUR and USD"):
        fs.read_subscriptions(table)
    read = fs.read_subscriptions(table, currency="USD")
    assert (read.rows["price"].tolist(), read.currency) == ([5.0], "USD")
    assert fs.read_subscriptions(table.assign(price=["$5", "$7"])).currency == "USD"
