"""Small imitations of data sets that everybody tries: read right, or refused with what to say."""

import datetime as dt

import pandas as pd
import pytest

import flywheel_sim as fs
from flywheel_sim.data.kinds import read

FIRST = dt.date(2015, 1, 1)
DAYS = [FIRST + dt.timedelta(days=3 * n) for n in range(90)]
WHO = [n % 30 + 1 for n in range(90)]


def table(tmp_path, head, rows, name="t.csv"):
    lines = [head] * bool(head) + [row if isinstance(row, str) else ",".join(map(str, row)) for row in rows]
    (tmp_path / name).write_text("\n".join(lines) + "\n")
    return tmp_path / name


def of(records, rule):
    return sum(line.rows for line in records.account.lines if line.rule == rule)


# -- files of blanks, without headings, with numbered rows -----------------------------------------------------


@pytest.mark.parametrize("end", ["", " ", "\r"])
def test_the_master_file_of_cdnow_is_read_by_the_places_of_its_columns(tmp_path, end):
    rows = [f" {who:05d} {day:%Y%m%d} {2:2d} {11.77 + who:7.2f}{end}" for who, day in zip(WHO, DAYS, strict=True)]
    path = table(tmp_path, "", rows)
    with pytest.raises(fs.DataError, match=r"columns={'customer': 'column 1', 'time': 'column 2'}"):
        fs.read_orders(path)
    with pytest.raises(fs.DataError, match="by its place"):
        read(path)
    columns = {"customer": "column 1", "time": "column 2", "amount": "column 4"}
    orders = fs.read_orders(path, columns=columns)
    assert (len(orders.rows), orders.account.total, str(orders.begins)) == (90, 90, "2015-01-01")
    assert sorted(orders.rows.amount)[:3] == [12.77] * 3
    assert len(read(path, columns=columns).rows) == 90
    with pytest.raises(fs.DataError, match="'column 1', 'column 2', 'column 3', 'column 4'"):
        fs.read_orders(path, columns={"customer": "column 9"})


def test_a_large_file_of_blanks_is_read_whole(tmp_path):
    rows = [f"{n:06d}   20150101  {n}.5" for n in range(300_000)]
    orders = fs.read_orders(table(tmp_path, "customer date  amount", rows))
    assert (len(orders.rows), orders.rows.amount.sum()) == (300_000, sum(range(300_000)) + 150_000)


def test_prose_is_no_file_of_blanks(tmp_path):
    with pytest.raises(fs.DataError, match="no column is known"):
        fs.read_orders(table(tmp_path, "dear all", ["see below", "thank you"]))


def test_a_workbook_without_headings_is_read_by_place_too(tmp_path):
    frame = pd.DataFrame({"who": WHO, "day": pd.to_datetime(DAYS)})
    frame.to_excel(tmp_path / "t.xlsx", index=False, header=False)
    orders = fs.read_orders(tmp_path / "t.xlsx", columns={"customer": "column 1", "time": "column 2"})
    assert orders.account.total == 90


def test_rows_that_a_program_numbered_keep_their_headings(tmp_path):
    pd.DataFrame({"id": WHO, "date": DAYS}).to_csv(tmp_path / "t.csv")
    orders = fs.read_orders(tmp_path / "t.csv", columns={"customer": "id"})
    assert orders.rows.customer.nunique() == 30


# -- orders -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", ["cust,date", "household_key,day", "Member_number,Date", "customer_id,trans_date"])
def test_usual_names_of_customers_and_days_are_known(tmp_path, head):
    orders = read(table(tmp_path, head, zip(WHO, DAYS, strict=True)))
    assert (type(orders).__name__, orders.rows.customer.nunique()) == ("Orders", 30)


def test_both_sheets_of_online_retail_are_read_one_at_a_time(tmp_path):
    head = ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"]
    rows = [(489434, "85048", "LIGHTS", 12, dt.datetime(2009, 12, 1, 7, 45), 6.95, 13085, "United Kingdom"),
            (489434, "79323P", "CHERRY", 2, dt.datetime(2009, 12, 1, 7, 45), 6.75, 13085, "United Kingdom"),
            ("C489449", "22087", "PAPER", -1, dt.datetime(2009, 12, 1, 10, 33), 6.95, 13085, "Australia"),
            ("A506401", "B", "Adjust bad debt", 1, dt.datetime(2009, 12, 2, 9, 0), -53594.36, None, "UK")]  # fmt: skip
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        for name in ("Year 2009-2010", "Year 2010-2011"):
            pd.DataFrame(rows, columns=head).to_excel(book, sheet_name=name, index=False)
    with pytest.raises(fs.DataError, match="sheet='Year 2009-2010'"):
        read(tmp_path / "t.xlsx")
    orders = fs.read_orders(tmp_path / "t.xlsx", sheet="Year 2010-2011")
    assert (orders.rows.amount.round(2).tolist(), of(orders, "no customer")) == ([89.95], 1)


def test_customers_of_olist_are_the_unique_ones(tmp_path):
    states = ["delivered", "canceled", "unavailable", "shipped", "invoiced", "processing", "created", "approved"]
    head = "order_id,customer_id,customer_unique_id,order_status,order_purchase_timestamp,payment_value"
    rows = [(f"o{n}", f"once{n}", f"u{n // 16}", states[n % 8], f"{day} 10:56:33", 18.12)
            for n, day in enumerate(DAYS[:64])]  # fmt: skip
    orders = read(table(tmp_path, head, rows))
    assert (orders.rows.customer.nunique(), len(orders.rows)) == (4, 32)
    assert (of(orders, "cancelled"), of(orders, "not paid yet")) == (16, 16)
    alone = table(tmp_path, head.replace("customer_unique_id,", ""), [(*one[:2], *one[3:]) for one in rows])
    with pytest.raises(fs.DataError, match="customer_unique_id"):
        read(alone)


def test_days_that_are_numbers_are_told_from_dates(tmp_path):
    head = "household_key,BASKET_ID,DAY,PRODUCT_ID,QUANTITY,SALES_VALUE,STORE_ID,WEEK_NO"
    path = table(tmp_path, head, [(who, 26984851472 + n, n + 1, 1, 1, 1.39, 364, 1) for n, who in enumerate(WHO)])
    with pytest.raises(fs.DataError, match=r"column 'DAY': it numbers days .*pandas\.to_timedelta"):
        read(path)
    frame = pd.read_csv(path)
    frame["DAY"] = pd.Timestamp("2023-12-31") + pd.to_timedelta(frame["DAY"], "D")
    assert str(fs.read_orders(frame).begins) == "2024-01-01"


def test_orders_without_dates_say_so(tmp_path):
    head = "order_id,user_id,eval_set,order_number,order_dow,order_hour_of_day,days_since_prior_order"
    with pytest.raises(fs.DataError, match="days between orders and no dates"):
        read(table(tmp_path, head, [(1, 1, "prior", 1, 2, 8, "")]))


def test_what_is_called_amount_may_count_units(tmp_path):
    head = "TRANSACTION_DT,CUSTOMER_ID,AGE_GROUP,PIN_CODE,PRODUCT_ID,AMOUNT,ASSET,SALES_PRICE"
    orders = read(table(tmp_path, head, ["11/13/2000,01104905,45-49,115,4710199010372,2,24,30"]))
    assert orders.rows.amount.tolist() == [30]


def test_payments_with_days_as_whole_numbers_are_orders(tmp_path):
    head = "msno,payment_method_id,payment_plan_days,plan_list_price,actual_amount_paid,is_auto_renew,"
    head += "transaction_date,membership_expire_date,is_cancel"
    rows = [(f"m{who}=", 41, 30, 149, 149, 1, f"{day:%Y%m%d}", 20151031, int(n % 9 == 0))
            for n, (who, day) in enumerate(zip(WHO, DAYS, strict=True))]  # fmt: skip
    orders = read(table(tmp_path, head, rows))
    assert (str(orders.begins), of(orders, "cancelled"), len(orders.rows)) == ("2015-01-04", 10, 80)


def test_events_of_a_shop_count_as_the_user_says(tmp_path):
    rows = [f"2019-10-{n + 1:02d} 00:00:00 UTC,{('view', 'cart', 'purchase')[n % 3]},5773203,2.62,{n % 4}"
            for n in range(27)]  # fmt: skip
    path = table(tmp_path, "event_time,event_type,product_id,price,user_id", rows)
    with pytest.raises(fs.DataError, match="no column is known as the time"):
        fs.read_orders(path)
    columns = {"time": "event_time", "status": "event_type"}
    with pytest.raises(fs.DataError, match=r"statuses that are not known.*count="):
        fs.read_orders(path, columns=columns, zone="UTC")
    assert len(fs.read_orders(path, columns=columns, zone="UTC", count=["purchase"]).rows) == 9


@pytest.mark.parametrize(("state", "bought"), [("Kentucky", 2), ("OK", 2), ("cancelled", 1)])
def test_a_state_may_be_part_of_an_address(tmp_path, state, bought):
    path = table(tmp_path, "Order ID,Order Date,Customer ID,City,State,Sales",
                 [f"1,2016-11-08,C1,Henderson,{state},9", "2,2016-11-09,C1,Henderson,OK,9"])  # fmt: skip
    orders = fs.read_orders(path)
    assert len(orders.rows) == bought
    assert any("part of an address" in one for one in orders.remarks()) == (bought == 2)


# -- subscriptions, survivors -----------------------------------------------------------------------------------


def test_tenure_without_days_says_how_to_make_them(tmp_path):
    rows = [(f"{n}-VHVEG", n % 24 + 1, 29.85, "Yes" if n % 4 == 0 else "No") for n in range(60)]
    path = table(tmp_path, "customerID,tenure,MonthlyCharges,Churn", rows)
    with pytest.raises(fs.DataError, match="make a start, so many months before the day on which the records end"):
        read(path)
    frame, last = pd.read_csv(path), pd.Timestamp("2024-01-01")
    frame["start"] = [last - pd.DateOffset(months=months) for months in frame["tenure"]]
    frame["end"] = pd.Series(last, frame.index).where(frame["Churn"] == "Yes")
    lives = fs.read_subscriptions(frame, until="2024-01-01").lives()
    assert sorted(lives[lives.lost].age) == sorted(frame.tenure[frame.Churn == "Yes"] - 1)
    assert sorted(lives[~lives.lost].age) == sorted(frame.tenure[frame.Churn == "No"])


def test_trials_that_a_flag_tells_and_prices_of_a_month_paid_by_the_year(tmp_path):
    head = "subscription_id,account_id,start_date,end_date,plan_tier,seats,mrr_amount,is_trial,billing_frequency"
    rows = ["S1,A1,2024-01-03,,Pro,7,49,False,monthly", "S2,A2,2024-01-03,,Pro,7,49,False,annual",
            "S3,A3,2024-01-03,,Pro,7,49,True,monthly"]  # fmt: skip
    read_ = read(table(tmp_path, head, rows))
    assert read_.rows[["price", "interval"]].to_numpy().tolist() == [[49, 1], [588, 12]]
    assert of(read_, "still on trial") == 1


def test_survivors_by_age_are_told_by_their_headings(tmp_path):
    path = table(tmp_path, "cohort,0,1,2", ["A,1000,700,560", "B,800,500,"])
    with pytest.raises(fs.DataError, match="unit='month'"):
        read(path)
    assert read(path, unit="month").people == 1800


# -- a pipeline -------------------------------------------------------------------------------------------------


def test_the_history_of_opportunities_is_a_pipeline(tmp_path):
    stages = ("Prospecting", "Prospecting", "Proposal", "Closed Won")
    rows = [(f"0061{n // 4:05d}", stages[n % 4], 100 + n % 4, DAYS[80], f"{DAYS[n]}T20:00:00.000+0000")
            for n in range(40)]  # fmt: skip
    path = table(tmp_path, "OpportunityId,StageName,Amount,CloseDate,CreatedDate", rows)
    with pytest.raises(fs.DataError, match="zone="):
        read(path)
    pipeline = read(path, zone="America/New_York")
    assert (of(pipeline, "the same stage again"), len(pipeline.rows)) == (10, 30)


def test_a_report_of_changes_of_stage_is_a_pipeline(tmp_path):
    stages = ("New", "Prospecting", "Proposal", "Closed Won")
    rows = [(n // 3, stages[n % 3], stages[n % 3 + 1], DAYS[n]) for n in range(30)]
    pipeline = read(table(tmp_path, "Opportunity ID,From Stage,To Stage,Last Modified", rows))
    assert pipeline.rows.stage.value_counts().to_dict() == dict.fromkeys(stages[1:], 10)


def test_deals_of_other_tools_are_open_until_won_or_lost(tmp_path):
    rows = [(f"O{n}", ("Won", "Lost", "Engaging")[n % 3], DAYS[n], DAYS[n + 9] if n % 3 < 2 else "") for n in range(30)]
    pipeline = read(table(tmp_path, "opportunity_id,deal_stage,engage_date,close_date", rows))
    assert pipeline.rows.left.notna().sum() == 20
