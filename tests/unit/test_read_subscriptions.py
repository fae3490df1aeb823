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


def lives(rows, period="month", **how):
    """Return entered, age and lost of subscriptions from their starts and ends."""
    frame = pd.DataFrame([(at, *row) for at, row in enumerate(rows)], columns=["customer", "start", "end"])
    read = fs.read_subscriptions(frame, **{"until": "2026-06-30", **how})
    return [tuple(row) for row in read.lives(period)[["entered", "age", "lost"]].to_numpy().tolist()]


@pytest.mark.parametrize(
    ("start", "end", "age"),
    [
        ("2024-01-15", "2024-01-15", 0),  # on the day it began
        ("2024-01-15", "2024-02-15", 0),  # on the day of its first renewal, which it did not make
        ("2024-01-15", "2024-02-16", 1),
        ("2024-01-31", "2024-02-29", 0),  # a month from the 31st is over on the last day of the next
        ("2024-01-31", "2024-03-01", 1),
        ("2023-01-31", "2023-02-28", 0),
        ("2024-01-31", "2024-04-30", 2),
        ("2024-01-31", "2024-05-01", 3),
    ],
)
def test_renewals_are_survived_where_it_ends_after_their_day(start, end, age):
    assert lives([(start, end)]) == [(0, age, True)]


@pytest.mark.parametrize(("end", "age"), [("2024-12-31", 0), ("2025-01-31", 0), ("2025-02-01", 1), ("2026-01-31", 1)])
def test_yearly_contracts_are_renewed_after_whole_years(end, age):
    assert lives([("2024-01-31", end)], "year") == [(0, age, True)]


def test_a_year_from_the_29th_of_february_is_over_on_the_28th():
    assert lives([("2024-02-29", "2025-02-28"), ("2024-02-29", "2025-03-01")], "year") == [(0, 0, True), (0, 1, True)]


@pytest.mark.parametrize(("until", "age"), [("2024-02-28", 0), ("2024-02-29", 1), ("2024-06-29", 4)])
def test_what_is_active_has_survived_the_renewals_until_the_records_end(until, age):
    assert lives([("2024-01-31", None)], until=until) == [(0, age, False)]


@pytest.mark.parametrize(
    ("records_from", "seen"),
    [
        ("2024-01-15", [(2, 2, True), (2, 3, True), (2, 29, False)]),  # the third renewal is on that day
        ("2024-01-16", [(3, 3, True), (3, 29, False)]),
    ],
)
def test_who_began_earlier_is_seen_from_the_first_renewal_in_the_records(records_from, seen):
    rows = [("2023-10-15", end) for end in ("2024-01-14", "2024-01-15", "2024-01-16", None)]
    assert lives(rows, until="2026-03-31", records_from=records_from) == seen


def test_who_begins_as_the_records_do_has_entered_at_0():
    assert lives([("2024-01-15", "2024-01-15")], records_from="2024-01-15") == [(0, 0, True)]


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
