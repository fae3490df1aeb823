"""A messy file of 20,000 rows: each is accounted for by the rule that it was written to meet, and the rest is right."""

import messy_orders
import pandas as pd
import pytest

import flywheel_sim as fs


@pytest.fixture(scope="module")
def mess(tmp_path_factory):
    folder = tmp_path_factory.mktemp("messy")
    known = messy_orders.messy(folder / "orders.csv")
    orders = fs.read_orders(folder / "orders.csv", columns={"channel": "Paid with"}, keys=folder / "keys.csv")
    return known, orders, pd.read_csv(folder / "keys.csv", dtype=str).set_index("token")["key"]


def test_every_row_is_counted(mess):
    _, orders, _ = mess
    assert orders.account.table()["rows"].sum() == orders.account.total == 20_000


def test_every_rule_counts_the_rows_that_were_written_for_it(mess):
    known, orders, _ = mess
    assert {(line.what, line.rule): line.rows for line in orders.account.lines} == known.fates()


def test_what_is_left_is_what_was_bought(mess):
    known, orders, keys = mess
    read = {(keys[one.customer].partition("@")[0], one.day.date()): (round(one.amount, 2), one.orders)
            for one in orders.rows.itertuples()}  # fmt: skip
    assert read == known.bought


@pytest.mark.parametrize("fate", [messy_orders.DATE, messy_orders.SHORT, messy_orders.CANCELLED])
def test_the_first_rows_of_a_rule_are_named(mess, fate):
    known, orders, _ = mess
    first = next(number for number, (_, one) in enumerate(known.rows, 2) if one == fate)
    (line,) = [one for one in orders.account.lines if (one.what, one.rule) == fate]
    assert line.where.startswith(f"rows {first:,}")


@pytest.mark.parametrize("spellings", [("paid", "Paid", "PAID"), ("On hold", "on-hold"), ("PayPal", "Paypal")])
def test_spellings_that_are_taken_for_one_are_pointed_out(mess, spellings):
    said = [one for one in mess[1].remarks() if "taken for one" in one]
    assert any(all(f"'{word}'" in one for word in spellings) for one in said)


def test_spellings_of_one_channel_are_one(mess):
    assert {name.casefold() for name in mess[1].rows.channel.cat.categories} == {"paypal", "card", "invoice"}
    assert len(mess[1].rows.channel.cat.categories) == 3
