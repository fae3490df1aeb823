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


def parameters(fit):
    return fit.frame()["value"].tolist()


LEAVING = exports.leaving_shop()


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """Return the fit of the days that are to be read, without any export between."""
    rows = [(*key, amount) for key, (amount, _) in exports.expected(LEAVING).items()]
    frame = pd.DataFrame(rows, columns=["customer", "date", "amount"])
    return fs.fit(fs.read_orders(frame, until="2024-12-31"), model="bg_nbd")


def test_a_shop_whose_customers_leave_is_fitted_as_it_was_made(truth):
    made = dict(zip(("r", "alpha", "a", "b"), (0.8, 5.66, 0.8, 2.4), strict=True))
    table = truth.frame()
    assert table["parameter"].tolist() == list(made)
    assert [low <= made[name] <= high for name, low, high in zip(table["parameter"], table["low"], table["high"],
                                                                 strict=True)] == [True] * 4  # fmt: skip


@pytest.mark.parametrize("name", [*exports.FORMATS, "chartmogul_invoices"])
def test_every_export_of_one_shop_gives_the_same_fit(name, tmp_path, truth):
    writer, how = exports.FORMATS.get(name, (exports.chartmogul_invoices, {}))
    orders = fs.read_orders(writer(tmp_path / "orders.csv", LEAVING), until="2024-12-31", **how)
    assert parameters(fs.fit(orders, model="bg_nbd")) == pytest.approx(parameters(truth), rel=1e-6)


def test_invoices_without_amounts_give_the_same_days(tmp_path):
    orders = fs.read_orders(exports.chartmogul_invoices(tmp_path / "in.csv", ORDERS), keys=tmp_path / "keys.csv")
    days = {key: count for key, (_, count) in found(orders, tmp_path / "keys.csv").items()}
    assert days == {key: count for key, (_, count) in exports.expected(ORDERS).items()}
    assert orders.rows.amount.isna().all()


def test_further_lines_of_shopify_repeat_who_and_when_without_a_total():
    table = pd.DataFrame({
        "Name": ["#1", "#1", "#2"], "Email": ["a@x.de", "a@x.de", "b@x.de"], "Financial Status": ["paid", None, "paid"],
        "Currency": ["EUR", None, "EUR"], "Total": [30.0, None, 12.0], "Lineitem name": ["A", "B", "A"],
        "Created at": ["2024-01-05 10:00:00 +0100"] * 3,
    })  # fmt: skip
    orders = fs.read_orders(table)
    assert sorted(orders.rows["amount"]) == [12.0, 30.0]
    assert "a further line of an order" in str(orders)


@pytest.mark.parametrize("number", ["order_item_id", "payment_sequential"])
def test_lines_of_olist_that_are_alike_are_lines(number):
    table = pd.DataFrame({"order_id": ["o1"] * 3, "customer_unique_id": "c1", "order_status": "delivered",
                          "order_purchase_timestamp": "2017-05-01 10:00:00", number: [1, 2, 3],
                          "price": 100.0})  # fmt: skip
    assert fs.read_orders(table).rows["amount"].tolist() == [300.0]


@pytest.mark.parametrize("heading", ["order_total", "Order Total Amount", "Order value"])
def test_a_total_of_an_order_on_every_line_counts_once(heading):
    table = pd.DataFrame({"order_id": [1, 1, 2, 2, 3], "customer_id": [7, 7, 8, 8, 8], "sku": list("ABACA"),
                          "order_date": ["2024-01-05"] * 2 + ["2024-02-05"] * 2 + ["2024-03-05"],
                          heading: [30.0, 30.0, 40.0, 40.0, 5.0]})  # fmt: skip
    orders = fs.read_orders(table)
    assert orders.rows["amount"].tolist() == [30.0, 40.0, 5.0]
    assert "counts once" in str(orders)
    lines = fs.read_orders(table.assign(**{heading: [30.0, 10.0, 40.0, 40.0, 5.0]}))  # lines differ: amounts of lines
    assert lines.rows["amount"].sum() == 125
