"""Pipelines, funnels, spend and survivors; customers' keys; and what the command line says of a file."""

import json
import os
import re
import stat
from pathlib import Path

import company_exports as exports
import pandas as pd
import pytest

import flywheel_sim as fs
from flywheel_sim.cli.app import main
from flywheel_sim.data.kinds import kind_of, read
from flywheel_sim.data.source.exports import ROLES
from flywheel_sim.data.source.opening import opened
from flywheel_sim.data.source.tools import EXPORTS


def table(tmp_path, text, name="t.csv"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def lines(records):
    return {(one.what, one.rule): one.rows for one in records.account.lines}


# -- a pipeline ---------------------------------------------------------------------------------------------


def test_a_stage_is_left_when_the_next_is_entered(tmp_path):
    text = """lead id,stage,entered at
1,New,2024-01-01 10:00
1,new,2024-01-02 10:00
1,Offer,2024-01-05 09:00
2,New,2024-01-03 10:00
1,Won,2024-02-01 00:00
"""
    read = fs.read_pipeline(table(tmp_path, text))
    assert read.rows.to.astype(object).where(read.rows.to.notna(), None).tolist() == ["Offer", "Won", None, None]
    assert read.rows.left.dt.day.fillna(0).tolist() == [5, 1, 0, 0]
    assert lines(read)["merged", "the same stage again"] == 1
    assert "'New' and 'new' are taken for one." in read.remarks()
    cut = fs.read_pipeline(tmp_path / "t.csv", until="2024-01-31")
    assert cut.rows.left.notna().sum() == 1
    late = fs.read_pipeline(tmp_path / "t.csv", records_from="2024-01-20")
    assert late.rows.stage.tolist() == ["Offer", "Won", "New"]


def test_who_leaves_for_nowhere_is_gone(tmp_path):
    read = fs.read_pipeline(table(tmp_path, "lead,stage,entered,left\n1,a,2024-01-01,2024-01-09\n2,a,2024-01-02,\n"))
    assert read.rows.to.tolist()[0] == "gone"


def test_deals_of_hubspot_are_one_stay_each(tmp_path):
    text = """Record ID,Deal Name,Deal Stage,Amount,Owner,Close Date,Create Date,Pipeline,Date entered current stage
1,x,Closed Won,5,A,2024-03-01,2024-01-01 09:30,Sales,2024-03-01 10:00
2,x,Closed Lost,5,A,2024-02-01 08:00,2024-01-02 09:30,Sales,2024-02-01 08:00
3,x,Offer sent,5,A,2024-12-31,2024-01-03 09:30,Sales,2024-01-20 08:00
"""
    read = fs.read_pipeline(table(tmp_path, text))
    assert read.rows.stage.tolist() == ["deal"] * 3
    assert read.rows.to.tolist()[:2] == ["Closed Won", "Closed Lost"]
    assert read.rows.left.notna().tolist() == [True, True, False]
    assert (read.rows.now[2], str(read.rows.since[2])) == ("Offer sent", "2024-01-20 08:00:00")


def test_free_text_is_no_stage(tmp_path):
    text = "lead,stage,entered\n" + "".join(f"{k},Called Ann {k},2024-01-01\n" for k in range(99))
    with pytest.raises(fs.DataError, match="99 stages, which look like free text") as wrong:
        fs.read_pipeline(table(tmp_path, text))
    assert "Ann" not in str(wrong.value)


# -- a funnel, spend ----------------------------------------------------------------------------------------


def test_a_funnel_exploration_has_steps_groups_and_a_range_of_days(tmp_path):
    text = """# ----
# Funnel
# 20250413-20250711
# ----

Step,Device category,Active users,Completion rate
1. session_start,Total,"20,000",12.1%
1. session_start,mobile,"12,000",12.1%
1. session_start,desktop,"8,000",12.1%
2. purchase,Total,310,
2. purchase,mobile,110,
2. purchase,desktop,200,
"""
    read = fs.read_funnel(table(tmp_path, text))
    assert list(zip(read.rows.step, read.rows["count"], strict=True)) == [("session_start", 20_000), ("purchase", 310)]
    assert (str(read.begins), str(read.ends), read.rows.period.isna().all()) == ("2025-04-13", "2025-07-11", True)
    assert read.account.total == 6 == read.account.table()["rows"].sum()


def test_a_funnel_may_have_a_column_for_each_step(tmp_path):
    text = "Monat;Besuche;Anmeldungen;Notiz\n2024-01;1.200;50;x\n2024-02;900;40;y\n"
    assert fs.read_funnel(table(tmp_path, text)).rows["count"].tolist() == [1200, 50, 900, 40]
    steps = fs.read_funnel(tmp_path / "t.csv", columns={"steps": ["Anmeldungen", "Besuche"]})
    assert steps.rows.step.cat.categories.tolist() == ["Anmeldungen", "Besuche"]
    with pytest.raises(fs.DataError, match="no column is known as the step"):
        fs.read_funnel(table(tmp_path, "a,b\nx,y\n"))
    with pytest.raises(fs.DataError, match="row 3 is of a period that stands above it"):
        fs.read_funnel(table(tmp_path, "month,a,b\n2024-01,1,2\n2024-01,1,2\n"))


@pytest.mark.parametrize("period", ["2024-04", "2024-04-01", "Apr 2024", "April 2024", "2024-Q2", "Q2 2024", "2024-W14",
                                    "04/2024", "202404", "1.4.2024", "2024/04"])  # fmt: skip
def test_periods_are_read_as_people_write_them(tmp_path, period):
    read = fs.read_spend(table(tmp_path, f"period;channel;cost\n{period};ads;5\n"))
    assert str(read.begins) == "2024-04-01"


def test_spend_is_added_up_and_may_have_a_column_for_each_channel(tmp_path):
    text = (
        "Month,Channel,Cost (EUR),Clicks\n2024-01,Ads,5.50,3\n2024-01,ads,4.50,\n2024-01,Total,10,3\n2024-02,Fair,7,\n"
    )
    read = fs.read_spend(table(tmp_path, text))
    assert (read.rows.spend.tolist(), read.rows.arrivals.fillna(-1).tolist()) == ([10, 7], [3, -1])
    assert (read.currency, lines(read)["set aside", "a total"]) == ("EUR", 1)
    wide = fs.read_spend(table(tmp_path, "month,ads,fair,total\n2024-01,5,6,11\n2024-02,5,,5\n"))
    assert wide.rows.spend.tolist() == [5, 6, 5, 0]


# -- survivors ------------------------------------------------------------------------------------------------


def test_survivors_are_counts_or_shares_long_or_wide(tmp_path):
    counts = fs.read_survivors(table(tmp_path, "cohort,month,customers\nA,0,200\nA,1,150\nB,0,9\nB,1,5\n"))
    assert (counts.unit, counts.people, counts.rows.survivors.tolist()) == ("month", 200, [200, 150])
    assert lines(counts)["set aside", "a cohort of fewer than 10 people"] == 2
    wide = fs.read_survivors(table(tmp_path, "Cohort,Month 0,Month 1,Month 2\nJan,100%,63%,47%\nFeb,100%,60%,\n"))
    assert (wide.people, wide.rows.survivors.tolist()) == (None, [100, 63, 47, 100, 60])
    shares = fs.read_survivors(table(tmp_path, "week,retention\n0,1.0\n1,0.4\n2,0.5\n"))
    assert shares.rows.survivors.tolist() == [100, 40, 50]
    assert any("more are left than before" in remark for remark in shares.remarks())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("age,survivors\n0,100\n1,60\n", "unit='month'"),
        ("month,survivors\n1,60\n2,50\n", "does not say how many began"),
        ("month,survivors\n0,60\n0,50\n", "stand above it already"),
        ("month,survivors\nx,60\ny,50\n", "cannot be read"),
    ],
)
def test_survivors_that_say_too_little_are_refused(tmp_path, text, why):
    with pytest.raises(fs.DataError, match=why):
        fs.read_survivors(table(tmp_path, text))


# -- people -----------------------------------------------------------------------------------------------------


def test_tokens_are_new_each_time_unless_a_file_keeps_them(tmp_path):
    path = exports.plain(tmp_path / "o.csv", exports.shop(20))
    first, second = (fs.read_orders(path).rows.customer.cat.categories for _ in range(2))
    assert not set(first) & set(second)
    kept = [fs.read_orders(path, keys=tmp_path / "k.csv").rows.customer.cat.categories.tolist() for _ in range(2)]
    assert kept[0] == kept[1]
    assert stat.S_IMODE((tmp_path / "k.csv").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_file_that_is_none_of_keys_or_that_others_read_is_left_alone(tmp_path):
    path = exports.plain(tmp_path / "o.csv", exports.shop(20))
    table(tmp_path, "precious\n", "k.csv")
    os.chmod(tmp_path / "k.csv", 0o600)
    with pytest.raises(fs.DataError, match="no file of keys"):
        fs.read_orders(path, keys=tmp_path / "k.csv")
    os.chmod(tmp_path / "k.csv", 0o644)
    with pytest.raises(fs.DataError, match="chmod 600"):
        fs.read_orders(path, keys=tmp_path / "k.csv")
    assert (tmp_path / "k.csv").read_text() == "precious\n"


def test_nothing_that_is_shown_names_a_person_a_token_or_a_folder(tmp_path):
    orders = fs.read_orders(exports.european(tmp_path / "o.csv", exports.shop(20)))
    shown = "".join((str(orders), repr(orders), orders._repr_html_(), json.dumps(orders.to_json())))
    people = {one.customer for one in exports.shop(20)} | set(orders.rows.customer.cat.categories)
    assert [secret for secret in (*people, str(tmp_path)) if secret in shown] == []


def test_small_groups_are_other_and_referrers_are_tokens():
    rows = [(f"c{k}", "2024-01-01", "Radio" if k < 12 else f"Ann {k}", f"c{k - 1}" if k else "stranger")
            for k in range(15)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["customer", "date", "channel", "referred by"])
    orders = fs.read_orders(frame)
    assert orders.rows.channel.value_counts().to_dict() == {"Radio": 12, "other": 3}
    brought = orders.rows.set_index("customer").referred_by
    tokens = brought.cat.categories
    assert (pd.isna(brought.iloc[0]), brought.iloc[5]) == (True, tokens[4])
    assert "Ann" not in str(orders)
    assert orders.histories().channel.tolist()[-1] == "other"


# -- the command line ---------------------------------------------------------------------------------------------

KINDS = {
    "orders": [writer for writer, _ in exports.FORMATS.values()],
    "subscriptions": [writer for writer, _ in exports.SUBSCRIPTION_FORMATS.values()],
}


@pytest.mark.parametrize(("kind", "writer"), [(kind, one) for kind, several in KINDS.items() for one in several])
def test_what_a_file_holds_is_told_by_its_columns(tmp_path, kind, writer):
    records = exports.shop(20) if kind == "orders" else exports.subscribers(20)
    assert kind_of(opened(writer(tmp_path / "f.csv", records))) == kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [("lead,stage,entered", "pipeline"), ("step,users", "funnel"), ("month,channel,spend", "spend"),
     ("cohort,month,survivors", "survivors"), ("customer,date", "orders"), ("customer,start,end", "subscriptions")],
)  # fmt: skip
def test_plain_files_are_told_too(tmp_path, head, kind):
    assert kind_of(opened(table(tmp_path, f"{head}\n{head}\n"))) == kind


def test_arguments_that_a_kind_does_not_take_are_refused(tmp_path):
    with pytest.raises(fs.ExperimentError, match="spend are read without zone"):
        read(table(tmp_path, "month,channel,spend\n2024-01,a,1\n"), zone="UTC")
    with pytest.raises(fs.DataError, match="say which: kind='orders', or subscriptions"):
        read(table(tmp_path, "a,b\n1,2\n"))


def called(monkeypatch, capsys, *words):
    monkeypatch.setattr("sys.argv", ["flywheel", "data", "check", *map(str, words)])
    try:
        main()
        status = 0
    except SystemExit as done:
        status = done.code
    return status or 0, capsys.readouterr()


def test_a_file_is_checked_on_the_command_line(tmp_path, monkeypatch, capsys):
    path = exports.unix(tmp_path / "o.csv", exports.shop(20))
    status, said = called(monkeypatch, capsys, path)
    assert (status, said.out, said.err.count("\n")) == (2, "", 1)
    status, said = called(monkeypatch, capsys, path, "--zone", "America/New_York", "--amounts", "cents", "--json")
    assert (status, json.loads(said.out)["result"]) == (0, "Orders")
    status, said = called(monkeypatch, capsys, path, "--as", "orders", "--column", "customer=order_id", "--column",
                          "order=user_id", "--zone", "UTC", "--amounts", "cents", "--count", "paid", "--until",
                          "2025-01-01", "--keys", tmp_path / "k.csv")  # fmt: skip
    assert (status, said.out.startswith("Orders: ")) == (0, True)
    assert called(monkeypatch, capsys, path, "--column", "customer")[0] == 2
    assert called(monkeypatch, capsys, tmp_path / "none.csv")[0] == 2


# -- the page ----------------------------------------------------------------------------------------------------

PAGE = Path(__file__).resolve().parents[2] / "docs/data.md"


def test_what_the_page_shows_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 3
    shown = {}
    for block in blocks:
        exec(block, shown)
    assert (len(shown["orders"].rows), shown["subscriptions"].rows.interval.tolist()) == (2, [1, 12])


def test_the_tables_of_the_page_are_what_is_known():
    page = PAGE.read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in page.splitlines() if line[:2] == "| "]
    names = {export.name: f"`read_{export.kind}`" if not export.refused else "refused" for export in EXPORTS}
    assert {row[0]: row[1] for row in rows if row[0] in names} == names
    roles = {kind: ", ".join(f"`{role}`" for role in known) for kind, known in ROLES.items()}
    assert {row[0]: row[1] for row in rows if row[0] in roles} == roles


def test_words_that_have_nothing_to_say_are_refused(tmp_path):
    path = tmp_path / "o.csv"
    path.write_text("customer,date,amount\n1,2024-01-31,5\n", encoding="utf-8")
    for source in (path, pd.read_csv(path)):
        with pytest.raises(fs.DataError, match=r"no workbook.*leave sheet out"):
            fs.read_orders(source, sheet="Orders")
    with pytest.raises(fs.DataError, match="no column is known as the status"):
        fs.read_orders(path, count=["paid"])
    with pytest.raises(fs.DataError, match="no column is known as the status"):
        fs.read_subscriptions(pd.DataFrame({"customer": [1], "start": ["2024-01-31"]}), count=["live"])


# -- survivors as other programs lay them out -----------------------------------------------------------------


def by_cohort(survivors):
    return {name: rows.survivors.tolist() for name, rows in survivors.rows.groupby("cohort", observed=True)}


HARDIE = {"Year": ["0", "1", "2"], "Regular": ["100.0%", "63.1%", "46.8%"], "High-End": ["100.0%", "86.9%", "74.3%"]}


def test_columns_are_cohorts_where_a_column_holds_the_ages():
    two = fs.read_survivors(pd.DataFrame(HARDIE))
    assert by_cohort(two) == {"High-End": [100, 86.9, 74.3], "Regular": [100, 63.1, 46.8]}
    assert (two.unit, two.people, sorted(set(two.rows.age))) == ("year", None, [0, 1, 2])
    assert any("every column of figures as a cohort: 'Regular', 'High-End'" in one for one in two.remarks())
    counts = {"Age": [0, 1, "Total"], "A": [1000, 400, 1400], "B": [9, 5, 14], "Total": [1009, 405, 1414]}
    some = fs.read_survivors(pd.DataFrame(counts), unit="week")
    assert (some.people, by_cohort(some)) == (1000, {"A": [1000, 400]})
    assert lines(some)["set aside", "a total of ages that stand by themselves"] == 1
    assert any("fewer than 10 people are set aside: 1" in one for one in some.remarks())
    named = fs.read_survivors(pd.DataFrame(HARDIE).rename(columns={"Year": "n"}), columns={"age": "n"}, unit="year")
    assert by_cohort(named) == by_cohort(two)


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"n": [0, 1], "Regular": [100, 63], "High-End": [100, 87]}, "no heading says an age"),
        ({"Segment": ["A", "B"], "Start": [100, 63], "Later": [90, 50]}, "no heading says an age"),
        ({"Week": [0, 1], "0": [100, 63], "1": [90, 50]}, "columns={'cohort': 'Week'}"),
        ({"Year": [0, 0], "A": [100, 63], "B": [90, 50]}, "stand above it already"),
        ({"Cohort": ["A", "A"], "Day 0": [100, 63], "Day 1": [90, 50]}, "row .* of a cohort and age that stand above"),
        ({"Cohort": ["A"], "Day 0": [100], "Day 1": [90], "Day 1 %": [90]}, "are both of age 1"),
    ],
)
def test_survivors_that_can_be_read_two_ways_are_refused(columns, why):
    with pytest.raises(fs.DataError, match=why):
        fs.read_survivors(pd.DataFrame(columns), unit="month")


def test_either_way_to_read_a_table_of_ages_both_ways_can_be_said():
    frame = pd.DataFrame({"Week": [0, 1], "0": [100, 90], "1": [60, 50]})
    assert by_cohort(fs.read_survivors(frame, columns={"cohort": "Week"}, unit="week")) == {
        "0": [100, 60],
        "1": [90, 50],
    }
    assert by_cohort(fs.read_survivors(frame, columns={"age": "Week"})) == {"0": [100, 90], "1": [60, 50]}


@pytest.mark.parametrize("cells", [("40%", "15%", "5%"), (0.4, 0.15, 0.05)])
def test_shares_of_a_count_at_age_0_are_counts(cells):
    row = dict(zip(("Month 1", "Month 2", "Month 3"), cells, strict=True))
    frame = pd.DataFrame([{"Cohort": "Jan 2024", "Month 0": 1000, **row}, {"Cohort": "Feb 2024", "Month 0": 1200}])
    found = fs.read_survivors(frame)
    assert (found.people, by_cohort(found)) == (2200, {"Jan 2024": [1000, 400, 150, 50], "Feb 2024": [1200]})
    assert any("shares of the count at age 0" in one for one in found.remarks())


def test_shares_of_a_count_may_be_said_by_headings_or_stand_in_rows(tmp_path):
    headed = pd.DataFrame({"Cohort": ["A"], "Month 0": [1000], "Month 1 %": [40.0], "Month 2 %": [0]})
    assert by_cohort(fs.read_survivors(headed)) == {"A": [1000, 400, 0]}
    long = fs.read_survivors(table(tmp_path, "cohort,month,customers\nA,0,200\nA,1,45%\nB,0,100\nB,1,5%\n"))
    assert by_cohort(long) == {"A": [200, 90], "B": [100, 5]}
    for row in ("A,1000,400,15%", "A,100%,400,150"):
        with pytest.raises(fs.DataError, match="some figures are counts and some are in %; write all as counts"):
            fs.read_survivors(table(tmp_path, f"Cohort,Month 0,Month 1,Month 2\n{row}\n"))


@pytest.mark.parametrize(
    ("head", "rows", "names"),
    [
        ("Date,Month 0,Month 1,Month 2", ("2024-01-01,", "2024-02-01,"), ["2024-01-01", "2024-02-01"]),
        ("Date,Cohort Size,Month 0,Month 1,Month 2", ("2024-01-01,1000,", "2024-02-01,1200,"),
         ["2024-01-01", "2024-02-01"]),
        ("Month,Month 0,Month 1,Month 2", ("Jan 2024,", "Feb 2024,"), ["Jan 2024", "Feb 2024"]),
        ("Year,Month 0,Month 1,Month 2", ("2023,", "2024,"), ["2023", "2024"]),
        ("Country,Month 0,Month 1,Month 2", ("DE,", "DE,"), ["1", "2"]),
        ("Cohort Size,Month 0,Month 1,Month 2", ("1000,", "1200,"), ["1", "2"]),
        ("Month 0,Month 1,Month 2", ("", ""), ["1", "2"]),
    ],
)  # fmt: skip
def test_every_row_is_a_cohort_where_no_column_is_known_as_it(tmp_path, head, rows, names):
    found = fs.read_survivors(table(tmp_path, f"{head}\n{rows[0]}1000,400,200\n{rows[1]}1200,456,230\n"))
    assert found.rows.survivors.tolist() in ([1000, 400, 200, 1200, 456, 230], [1200, 456, 230, 1000, 400, 200])
    assert (sorted(by_cohort(found)), found.people, found.unit) == (sorted(names), 2200, "month")
    assert by_cohort(found)[names[0]] == [1000, 400, 200]
    assert any("columns={'cohort': 'HEADING'}" in one for one in found.remarks())


@pytest.mark.parametrize("word", ["Total", "Average", "All", "Sum", "Gesamt", "Summe", "GRAND TOTAL", "Mean"])
@pytest.mark.parametrize("head", ["Cohort", "Date"])
def test_totals_beside_cohorts_are_set_aside(head, word):
    frame = pd.DataFrame({head: ["2024-01-01", "2024-02-01", word], "Month 0": [1000, 1200, 2200],
                          "Month 1": [400, 456, 856], "Month 2": [150, None, 150]})  # fmt: skip
    found = fs.read_survivors(frame)
    assert by_cohort(found) == {"2024-01-01": [1000, 400, 150], "2024-02-01": [1200, 456]}
    assert (found.people, lines(found)["set aside", "a total of cohorts that stand by themselves"]) == (2200, 1)
    alone = fs.read_survivors(frame.iloc[2:].rename(columns={"Date": "Cohort"}))
    assert by_cohort(alone) == {word: [2200, 856, 150]}
    long = frame.melt(head, var_name="month", value_name="survivors").dropna().rename(columns={head: "cohort"})
    assert by_cohort(fs.read_survivors(long)) == by_cohort(found)


def test_columns_stated_as_ages_are_taken_from_age_0_on():
    frame = pd.DataFrame({"Cohort": ["A"], "Cohort Size": [1000], "Month 1": ["40%"], "Month 2": ["15%"]})
    found = fs.read_survivors(frame, columns={"ages": ["Cohort Size", "Month 1", "Month 2"]})
    assert by_cohort(found) == {"A": [1000, 400, 150]}
    with pytest.raises(fs.DataError, match="'Month 2' is stated as age 1"):
        fs.read_survivors(frame, columns={"ages": ["Cohort Size", "Month 2", "Month 1"]})
