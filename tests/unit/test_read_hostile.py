"""Files that are no tables, are broken, ambiguous or dangerous: refused in one line that never shows a person."""

import os
import zipfile

import openpyxl
import pandas as pd
import pytest

import flywheel_sim as fs

HEAD = "customer,date,amount\n"
GOOD = "".join(f"k{n},2024-03-{n:02d},{n}.50\n" for n in range(1, 29))


def written(tmp_path, text, name="o.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def said(tmp_path, text, **how):
    """Return the error that reading says, on one line."""
    with pytest.raises(fs.DataError) as wrong:
        fs.read_orders(written(tmp_path, text) if isinstance(text, str | bytes) else text, **how)
    assert "\n" not in str(wrong.value)
    return str(wrong.value)


def lines(orders):
    return {(one.what, one.rule): one.rows for one in orders.account.lines}


# -- no tables ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (b"", "empty"),
        ("\n\n\n", "nothing is in it"),
        (HEAD, "headings and no rows"),
        (b"\xd0\xcf\x11\xe0aaaaaaaa", "old or a locked kind"),
        (b"\x1f\x8b\x08aaaa", "packed"),
        (b"%PDF-1.7 aaaa", "a PDF"),
        (b"customer,date\n\x00\x01\x02\x03,2\n", "no text"),
        ("<table><tr><td>x</td></tr></table>", "HTML"),
        ('[{"customer": 1}]', "JSON"),
        (b"PAR1xxxxPAR1", "damaged"),
        (b"PK\x03\x04xxxx", "damaged"),
        ("k1,2024-03-01,5\nk2,2024-03-02,6\n", "no column is known as the customer"),
        ("1,2024-03-01,5\n2,2024-03-02,6\n", "figures where headings belong"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, text, rule):
    assert rule in said(tmp_path, text)


def test_a_folder_a_pipe_and_nothing_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    assert "a pipe" in said(tmp_path, tmp_path / "pipe.csv")
    assert "directory" in said(tmp_path, tmp_path).lower()
    assert "No such file" in said(tmp_path, tmp_path / "none.csv")


def test_an_archive_and_a_bomb_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as packed:
        packed.writestr("orders.csv", "x")
    assert "unpack it" in said(tmp_path, tmp_path / "a.xlsx")
    bomb = zipfile.ZipFile(tmp_path / "b.xlsx", "w", zipfile.ZIP_DEFLATED)
    with bomb, bomb.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
        for _ in range(1100):
            part.write(bytes(1 << 20))
    assert "unpacked" in said(tmp_path, tmp_path / "b.xlsx")


# -- told by content, not by name -----------------------------------------------------------------------------


def test_a_csv_that_is_a_workbook_or_parquet_is_read_as_what_it_is(tmp_path):
    frame = pd.DataFrame({"customer": [1, 2], "date": pd.to_datetime(["2024-03-01", "2024-03-02"]), "amount": [1.5, 2]})
    frame.to_parquet(tmp_path / "p.csv")
    with (tmp_path / "x.csv").open("wb") as file:
        frame.to_excel(file, index=False, engine="openpyxl")
    for name in ("p.csv", "x.csv"):
        assert fs.read_orders(tmp_path / name).rows.amount.tolist() == [1.5, 2.0]


def test_of_several_sheets_one_is_asked_for(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["customer", "date", "amount"])
    book.active.append([17850.0, 45292, "=1+1"])  # a formula without a kept value
    book.active.append([17850, 45293, 3])
    other = book.create_sheet("Notes")
    other.append(["nothing"])
    book.save(tmp_path / "b.xlsx")
    assert "several sheets" in said(tmp_path, tmp_path / "b.xlsx")
    assert "no sheet 'x'" in said(tmp_path, tmp_path / "b.xlsx", sheet="x")
    orders = fs.read_orders(tmp_path / "b.xlsx", sheet="Sheet", at_most_refused=0.5)
    assert orders.rows.day.astype(str).tolist() == ["2024-01-02"]
    assert lines(orders)["refused", "no figure"] == 1


def test_no_openpyxl_says_how_to_install_it(tmp_path, monkeypatch):
    openpyxl.Workbook().save(tmp_path / "b.xlsx")
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    assert "pip install 'flywheel_sim[office]'" in said(tmp_path, tmp_path / "b.xlsx")


# -- encodings, separators, heads -------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_encoding_and_separator_is_told(tmp_path, encoding, separator):
    text = (HEAD.replace("customer", "Käufer,customer") + GOOD.replace("k", "é,k")).replace(",", separator)
    assert len(fs.read_orders(written(tmp_path, text, encoding=encoding)).rows) == 28


def test_lines_before_the_head_are_passed_over(tmp_path):
    for before in ("# ----\n# a name\n\n", "Orders of March\n\n", "sep=,\n", "Report,,\nmade,today,\n,,\n"):
        orders = fs.read_orders(written(tmp_path, before + HEAD + GOOD + "k1,oops,1\n"))
        row = before.count("\n") + 1 + 28 + 1
        assert orders.account.table()["where"].iloc[-1] == f"row {row}, column 'date'"


def test_quoted_lines_count_as_one_row_and_ragged_rows_are_refused(tmp_path):
    text = "customer,note,date,amount\n" + 'a,"x\ny, ""z""",2024-03-01,5\n' * 30 + "b,short\nc,,2024-03-02,oops\n\n"
    orders = fs.read_orders(written(tmp_path, text), at_most_refused=0.1)
    where = orders.account.table().set_index("rule")["where"]
    assert where["fewer cells than headings"] == "row 32"
    assert where["a figure that cannot be read"] == "row 33, column 'amount'"
    assert where["nothing in the row"] == "row 34"
    assert orders.account.total == 33 == orders.account.table()["rows"].sum()


def test_a_quote_that_is_never_closed_swallows_nothing_in_silence(tmp_path):
    assert "row 30" in said(tmp_path, HEAD + GOOD + 'k1,"2024-03-01,5\n' + GOOD)


def test_a_huge_cell_is_refused(tmp_path):
    assert "longer than any" in said(tmp_path, HEAD + GOOD * 5 + f"k1,2024-03-01,{'9' * 10**7}\n")


def test_double_headings_are_refused_where_they_matter(tmp_path):
    assert "several columns 'amount'" in said(tmp_path, "customer,date,amount,amount\na,2024-01-01,1,2\n")
    assert len(fs.read_orders(written(tmp_path, "customer,date,amount,x,x\na,2024-01-01,1,2,3\n")).rows) == 1


# -- what has to be asked ------------------------------------------------------------------------------------------


def test_day_and_month_that_cannot_be_told_apart_are_asked_for(tmp_path):
    text = HEAD + "a,01/02/2024,5\nb,03/04/2024,6\n"
    assert "dates='day first'" in said(tmp_path, text)
    assert fs.read_orders(written(tmp_path, text), dates="month first").begins.month == 1
    assert fs.read_orders(written(tmp_path, text), dates="day first").begins.month == 2
    assert fs.read_orders(written(tmp_path, text + "c,25/04/2024,6\n")).begins.day == 1
    assert "some dates have the day first" in said(tmp_path, text + "c,25/04/2024,6\nd,04/25/2024,6\n")


@pytest.mark.parametrize(
    "stamp",
    ["2024-03-01T03:00:00Z", "2024-03-01 03:00 UTC", "2024-03-01 03:00+00:00", "1709262000", "1709262000000"],
)
def test_utc_asks_where_the_business_is(tmp_path, stamp):
    text = HEAD + f"a,{stamp},5\n"
    assert "zone='America/New_York'" in said(tmp_path, text)
    assert str(fs.read_orders(written(tmp_path, text), zone="America/New_York").begins) == "2024-02-29"
    assert str(fs.read_orders(written(tmp_path, text), zone="UTC").begins) == "2024-03-01"


def test_midnights_of_utc_alone_are_days(tmp_path):
    text = HEAD + "a,1709251200,5\nb,1709337600,6\n"
    assert str(fs.read_orders(written(tmp_path, text), zone="America/New_York").begins) == "2024-03-01"


def test_several_currencies_are_asked_for(tmp_path):
    text = "customer,date,amount,currency\na,2024-01-01,5,eur\nb,2024-01-01,6,USD\nc,2024-01-02,7,EUR\n"
    assert "EUR and USD" in said(tmp_path, text)
    orders = fs.read_orders(written(tmp_path, text), currency="EUR")
    assert (orders.rows.amount.tolist(), lines(orders)["set aside", "another currency"]) == ([5, 7], 1)
    assert "no amount is in GBP" in said(tmp_path, text, currency="GBP")
    signs = HEAD + "a,2024-01-01,€5\nb,2024-01-01,$6\n"
    assert "EUR and USD" in said(tmp_path, signs)
    assert fs.read_orders(written(tmp_path, signs), currency="USD").rows.amount.tolist() == [6]


def test_cents_are_asked_for_and_so_is_the_comma(tmp_path):
    assert "amounts='cents'" in said(tmp_path, "customer,date,amount_cents\na,2024-01-01,500\n")
    text = "customer;date;amount\na;2024-01-01;1.234\nb;2024-01-02;2.500\n"
    assert "decimal='.'" in said(tmp_path, text)
    assert fs.read_orders(written(tmp_path, text), decimal=",").rows.amount.tolist() == [1234, 2500]
    assert fs.read_orders(written(tmp_path, text), decimal=".").rows.amount.tolist() == [1.234, 2.5]
    assert "some a point" in said(tmp_path, text + "c;2024-01-01;3,50\nd;2024-01-01;3.50\n")


def test_unknown_statuses_are_asked_for_and_nobodys_own_word_is_shown(tmp_path):
    text = "customer,date,amount,status\n" + "".join(f"{c},2024-01-0{n},5,on the way\n" for n, c in enumerate("abc", 1))
    secret = text + "a,2024-01-05,5,Anna Secret\n"
    message = said(tmp_path, secret)
    assert "'on the way'" in message
    assert "Anna" not in message
    orders = fs.read_orders(written(tmp_path, secret), count=["On the way"])
    assert lines(orders)["set aside", "a status that does not count"] == 1


def test_a_missing_column_is_asked_for_with_those_there(tmp_path):
    message = said(tmp_path, "who,date,amount\na,2024-01-01,1\n")
    assert "'who', 'date', 'amount'" in message
    assert "columns={'customer': 'HEADING'}" in message
    with pytest.raises(fs.DataError, match=r"no column 'whom'.*'who'"):
        fs.read_orders(tmp_path / "o.csv", columns={"customer": "whom"})
    with pytest.raises(fs.ExperimentError, match=r"role 'buyer'.*customer, time"):
        fs.read_orders(tmp_path / "o.csv", columns={"buyer": "who"})
    with pytest.raises(fs.ExperimentError, match="several headings for 'customer'"):
        fs.read_orders(tmp_path / "o.csv", columns={"customer": ["who", "date"]})
    assert len(fs.read_orders(tmp_path / "o.csv", columns={"customer": "who"}).rows) == 1


# -- cells that are wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("z,2024-13-01,5", "a date that cannot be read"),
        ("z,2023-02-29,5", "a date that cannot be read"),
        ("z,,5", "no date"),
        ("z,1900-01-01,5", "a date before 1980-01-01"),
        ("z,2999-01-01,5", "a date to come (until= takes it)"),
        ("z,2024-03-01,inf", "a figure that cannot be read"),
        ("z,2024-03-01,=1+1", "a figure that cannot be read"),
        ("z,2024-03-01,1e30", "a figure that cannot be read"),
        ("z,2024-03-01,1.2.3", "a figure that cannot be read"),
        ("z,2024-03-01,nan", "no figure"),
        ("z,2024-03-01,5 %", "a figure that cannot be read"),
        ("z,2024-03-01,n12", "a figure that cannot be read"),
    ],
)
def test_a_cell_that_cannot_be_read_refuses_its_row_and_says_where(tmp_path, row, rule):
    orders = fs.read_orders(written(tmp_path, HEAD + GOOD + row + "\n"))
    (line,) = [one for one in orders.account.lines if one.what == "refused"]
    assert (line.rule, line.rows, line.where[:6]) == (rule, 1, "row 30")


def test_a_first_row_of_somebody_is_not_shown(tmp_path):
    for row in ("Anna Secret,2024-03-01,5\n", "Anna Secret,anna@secret.example,Street\n"):
        assert "nna" not in said(tmp_path, row * 2)
        assert "nna" not in said(tmp_path, row * 2, columns={"customer": "Ann"})


def test_too_many_wrong_cells_are_told_without_what_is_in_them(tmp_path):
    message = said(tmp_path, HEAD + GOOD + "Anna Secret,anna@secret.example,Privatstr. 5\n" * 3)
    assert "3 of 31 rows cannot be read" in message
    assert "at_most_refused=0.1" in message
    assert "nna" not in message
    assert "Privat" not in message


@pytest.mark.parametrize(
    ("cell", "amount"),
    [("$1,234.50", 1234.5), ("1 234,50 €", 1234.5), ("(12.00)", None), ("12.-", 12), ("EUR 12.50", 12.5), ("−3", None),
     ("1'234.50", 1234.5), ("R$ 7,25", 7.25), ("12,34,567.80", 1234567.8), ("+5", 5), (".5", 0.5)],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(tmp_path, cell, amount):
    table = pd.DataFrame({"customer": ["a", "b"], "date": ["2024-01-01"] * 2, "amount": [cell, "1"]})
    orders = fs.read_orders(table)
    assert orders.rows.amount.tolist() == ([amount, 1.0] if amount else [1.0])


@pytest.mark.parametrize("day", ["31.12.2025", "31/12/2025", "12/31/2025", "2025/12/31", "20251231", "31-Dec-2025",
                                 "Dec 31, 2025", "31. Dezember 2025", "31 déc. 2025", "Wed, 31 Dec 2025 10:00:00",
                                 "2025-12-31T23:59:59.999", "12/31/2025 11:59 PM", "31.12.25", "46022",
                                 "46022.75"])  # fmt: skip
def test_days_are_read_as_people_write_them(tmp_path, day):
    orders = fs.read_orders(pd.DataFrame({"customer": ["a"], "date": [day], "amount": [1]}))
    assert str(orders.begins) == "2025-12-31"


# -- what is no purchase ----------------------------------------------------------------------------------------------


def test_rows_of_one_order_are_lines_or_states_or_the_same_again(tmp_path):
    text = """order_id,customer,date,amount,status
1,a,2024-01-01 10:00,5,pending
1,a,2024-01-01 10:00,5,paid
2,b,2024-01-01 10:00,5,paid
2,b,2024-01-01 10:00,5,paid
3,c,2024-01-01 10:00,5,paid
3,c,2024-01-01 10:00,7,paid
4,d,2024-01-01 10:00,5,paid
4,d,2024-01-01 10:00,5,cancelled
5,e,2024-01-01 10:00,5,paid
5,e,2024-01-03 10:00,5,refunded
6,f,2024-01-01 10:00,6,paid
6,f,2024-01-01 10:00,5,refunded
"""
    orders = fs.read_orders(written(tmp_path, text))
    assert orders.rows.amount.tolist() == [5, 5, 12, 6]
    found = lines(orders)
    assert found["merged", "an earlier state of the same order"] == 2
    assert found["merged", "the same row again"] == 1
    assert found["merged", "a further line of an order"] == 1
    assert found["set aside", "refunded in full"] == 3
    assert found["set aside", "cancelled"] == 1


def test_refunds_without_a_number_come_off_earlier_orders_of_the_customer(tmp_path):
    text = (
        HEAD
        + """a,2024-01-01,10
a,2024-02-01,30
a,2024-03-01,20
a,2024-03-05,-25
b,2024-01-01,-5
b,2024-02-01,5
c,2024-01-01,10
c,2024-01-02,10
c,2024-01-03,-15
"""
    )
    orders = fs.read_orders(written(tmp_path, text))
    assert orders.rows.amount.tolist() == [10, 5, 20, 5, 5]
    assert lines(orders)["set aside", "a refund before any order"] == 1
    assert lines(orders)["set aside", "refunded in full"] == 1


def test_refunds_of_orders_that_do_not_count_come_off_no_other(tmp_path):
    text = """order,customer,date,amount,status
1,a,2024-01-01,10,completed
2,a,2024-01-02,10,refunded
2,a,2024-01-05,-10,refunded
3,a,2024-01-09,10,cancelled
3,a,2024-01-10,-10,cancelled
"""
    rule = ("set aside", "a refund of an order that does not count")
    for shown in (text, "\n".join(line.partition(",")[2] for line in text.splitlines())):
        orders = fs.read_orders(written(tmp_path, shown))
        assert (orders.rows.amount.tolist(), lines(orders)[rule]) == ([10], 2)


def test_a_figure_says_how_much_of_an_order_was_refunded(tmp_path):
    rows = ("a,2024-01-01,10,4,refunded", "b,2024-01-01,10,,refunded", "c,2024-01-01,9,9,")
    orders = fs.read_orders(written(tmp_path, "\n".join(("customer,date,amount,refunded,status", *rows))))
    assert (orders.rows.amount.tolist(), lines(orders)["set aside", "refunded in full"]) == ([6], 2)


def test_equal_rows_that_say_what_was_bought_are_lines(tmp_path):
    text = "order,customer,date,amount,sku\n1,a,2024-01-01,5,x\n1,a,2024-01-01,5,x\n"
    assert fs.read_orders(written(tmp_path, text)).rows.amount.tolist() == [10]


def test_days_beyond_the_records_are_refused():
    orders = fs.read_orders(pd.DataFrame({"customer": [1], "date": ["2024-01-31"]}))
    assert len(orders.histories(until="2024-01-01")) == 0
    with pytest.raises(fs.ExperimentError, match="the records end on 2024-01-31"):
        orders.histories(until="2024-02-01")
    with pytest.raises(fs.ExperimentError, match="the first order is of 2024-01-31"):
        fs.read_orders(orders.rows.assign(date=orders.rows.day), selling_since="2024-02-01")


def test_flags_change_their_spelling(tmp_path):
    text = "customer,date,amount,cancelled\n" + "".join(
        f"c{n},2024-01-0{n},5,{flag}\n"
        for n, flag in enumerate(("0", "yes", "TRUE", "", "no", "1", "False", "2024-01-09"), 1)
    )
    orders = fs.read_orders(written(tmp_path, text))
    assert (len(orders.rows), lines(orders)["set aside", "cancelled"]) == (4, 4)


def test_what_cost_nothing_counts_only_where_units_say_so(tmp_path):
    text = HEAD + "a,2024-01-01,0\na,2024-01-02,5\n"
    assert lines(fs.read_orders(written(tmp_path, text)))["set aside", "amount 0"] == 1
    with_units = text.replace("amount\n", "amount,units\n").replace(",0\n", ",0,1\n").replace(",5\n", ",5,2\n")
    assert fs.read_orders(written(tmp_path, with_units)).rows.amount.tolist() == [0, 5]


def test_orders_without_any_amount_all_count(tmp_path):
    orders = fs.read_orders(written(tmp_path, "customer,date\na,2024-01-01\na,2024-01-01\nb,2024-01-02\n"))
    assert (len(orders.rows), orders.rows.orders.tolist(), orders.rows.amount.isna().all()) == (2, [2, 1], True)
