"""Subscriptions are the same whatever tool exported them, and ages count what their words say."""

import company_exports as exports
import pandas as pd
import pytest

import flywheel_sim as fs

SUBSCRIPTIONS = exports.subscribers()


def table(tmp_path, text):
    (tmp_path / "s.csv").write_text(text, encoding="utf-8")
    return tmp_path / "s.csv"


def lines(records):
    return {(one.what, one.rule): one.rows for one in records.account.lines}


@pytest.mark.parametrize("name", exports.SUBSCRIPTION_FORMATS)
def test_every_export_gives_the_same_subscriptions(name, tmp_path):
    writer, how = exports.SUBSCRIPTION_FORMATS[name]
    path = writer(tmp_path / "s.csv", SUBSCRIPTIONS)
    read = fs.read_subscriptions(path, keys=tmp_path / "keys.csv", until="2024-12-31", **how)
    names = pd.read_csv(tmp_path / "keys.csv", dtype=str).set_index("token")["key"]
    found = sorted(
        (names[one.customer], one.start.date(), None if pd.isna(one.end) else one.end.date(), one.price)
        for one in read.rows.itertuples()
    )
    assert found == exports.lived(SUBSCRIPTIONS)
    assert read.account.total == read.account.table()["rows"].sum()
    assert read.account.count("read as is") == len(read.rows)
    assert set(read.rows.interval.dropna()) <= {1.0}


def fitted(tmp_path, name, subscriptions):
    """Return what is fitted to subscriptions that an export holds."""
    writer, how = exports.SUBSCRIPTION_FORMATS[name]
    read = fs.read_subscriptions(writer(tmp_path / "s.csv", subscriptions), until="2024-12-31", **how)
    return fs.fit(read, model="sbg").frame()["value"].tolist()


@pytest.mark.parametrize("name", exports.SUBSCRIPTION_FORMATS)
def test_every_export_of_whole_months_gives_the_same_retention(name, tmp_path):
    assert fitted(tmp_path, name, SUBSCRIPTIONS) == pytest.approx(fitted(tmp_path, "plain", SUBSCRIPTIONS))


ANY_DAY = exports.any_day()


@pytest.mark.parametrize("name", ["stripe", "chartmogul"])
def test_exports_that_know_days_give_the_same_retention(name, tmp_path):
    assert fitted(tmp_path, name, ANY_DAY) == pytest.approx(fitted(tmp_path, "plain", ANY_DAY))


def test_a_summary_by_month_gives_that_of_the_months_it_knows(tmp_path):
    months = fitted(tmp_path, "chargebee", ANY_DAY)
    assert months == pytest.approx(fitted(tmp_path, "plain", exports.by_month(ANY_DAY)))
    assert months != pytest.approx(fitted(tmp_path, "plain", ANY_DAY), rel=1e-3)  # who left within a month is not in it


def test_trials_free_plans_and_what_never_began_are_none(tmp_path):
    text = """customer,plan,start,end,price,status,trial end
a,x,2024-01-01,,5,active,2024-01-15
b,x,2024-01-01,2024-01-10,5,canceled,2024-01-15
c,x,2024-01-01,,5,trialing,2024-01-15
d,free,2024-01-01,,0,active,
e,x,2024-01-01,,5,incomplete,
f,x,2024-05-01,2024-04-01,5,canceled,
"""
    read = fs.read_subscriptions(table(tmp_path, text), until="2024-06-30", at_most_refused=0.2)
    assert read.rows.start.astype(str).tolist() == ["2024-01-15"]
    assert lines(read) == {
        ("read as is", ""): 1, ("set aside", "never paid for"): 1, ("set aside", "still on trial"): 1,
        ("set aside", "never left its trial"): 1, ("set aside", "a free plan"): 1,
        ("refused", "ends before it begins"): 1,
    }  # fmt: skip


def test_the_end_of_the_records_is_the_last_day_in_them_and_said(tmp_path):
    read = fs.read_subscriptions(table(tmp_path, "customer,start,end\na,2024-01-01,2024-03-01\nb,2024-02-01,\n"))
    assert str(read.ends) == "2024-03-01"
    assert any("until=" in remark for remark in read.remarks())
    cut = fs.read_subscriptions(tmp_path / "s.csv", until="2024-02-15")
    assert (cut.rows.end.isna().sum(), str(cut.ends)) == (2, "2024-02-15")


def test_ages_are_renewals_survived_and_late_ones_enter_late(tmp_path):
    text = """customer,start,end
a,2024-01-31,2024-02-29
b,2024-01-15,2024-02-14
c,2023-11-20,2024-03-10
d,2023-12-01,
e,2023-01-01,2023-12-31
f,2023-12-15,2024-01-05
"""
    read = fs.read_subscriptions(table(tmp_path, text), until="2024-03-31", records_from="2024-01-01")
    assert lines(read)["set aside", "ended before the records begin"] == 1
    assert read.lives().drop(columns="plan").to_numpy().tolist() == [
        [0, 0, True], [0, 0, True], [1, 3, True], [0, 3, False], [0, 0, True],
    ]  # fmt: skip
    assert read.lives("week").age.tolist() == [4, 4, 15, 17, 2]


def test_intervals_are_read_in_months(tmp_path):
    texts = ("month", "yearly", "3 months", "quarterly", "P1Y", "every 2 weeks", "12", "jährlich", "?")
    text = "customer,start,interval\n" + "".join(f"c{k},2024-01-01,{one}\n" for k, one in enumerate(texts))
    months = fs.read_subscriptions(table(tmp_path, text)).rows.interval
    assert months.round(2).fillna(-1).tolist() == [1, 12, 3, 3, 12, 0.46, 12, 12, -1]


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("Subscription external ID,Customer external ID,Date,Invoice external ID,Event Order", "cancellations alone"),
        ("DATE,CUSTOMER_NAME,MRR_MOVEMENT,MRR,MOVEMENT_TYPE,CURRENCY_CODE", "no key of theirs"),
        ("customer,plan", "no column is known as the start"),
    ],
)
def test_what_cannot_tell_lives_says_why(tmp_path, head, why):
    with pytest.raises(fs.DataError, match=why):
        fs.read_subscriptions(table(tmp_path, f"{head}\n{','.join('1' for _ in head.split(','))}\n"))
