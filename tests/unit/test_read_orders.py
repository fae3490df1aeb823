"""Orders of one shop are the same whatever tool exported them, and what is no purchase is none."""

import company_exports as exports
import pandas as pd
import pytest

import flywheel_sim as fs

ORDERS = exports.shop()


def found(orders, keys):
    """Return what was read: (customer, day) to (amount, orders), with the customers' own keys."""
    names = pd.read_csv(keys, dtype=str).set_index("token")["key"].str.removeprefix("cus_").to_dict()
    return {
        (names[one.customer], one.day.date()): (round(one.amount, 2), one.orders)
        for one in orders.rows.itertuples()
    }  # fmt: skip


@pytest.mark.parametrize("name", exports.FORMATS)
def test_every_export_of_one_shop_gives_the_same_rows(name, tmp_path):
    writer, how = exports.FORMATS[name]
    orders = fs.read_orders(writer(tmp_path / "orders.csv", ORDERS), keys=tmp_path / "keys.csv", **how)
    assert found(orders, tmp_path / "keys.csv") == exports.expected(ORDERS)
    assert orders.account.total == orders.account.table()["rows"].sum()
    assert orders.account.count("read as is") == len(orders.rows)


def test_invoices_without_amounts_give_the_same_days(tmp_path):
    orders = fs.read_orders(exports.chartmogul_invoices(tmp_path / "in.csv", ORDERS), keys=tmp_path / "keys.csv")
    days = {key: count for key, (_, count) in found(orders, tmp_path / "keys.csv").items()}
    assert days == {key: count for key, (_, count) in exports.expected(ORDERS).items()}
    assert orders.rows.amount.isna().all()
