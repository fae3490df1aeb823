"""A report stands alone: the answer, the figures, the assumptions and the data behind every chart, in one file."""

import base64
import hashlib
import html
import io
import re

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import pytest
from journeys import COINS, DEAR, club
from matplotlib.text import Text

from flywheel_sim import charts
from flywheel_sim.analysis.compare.result import compare
from flywheel_sim.analysis.sensitivity.response import sensitivity
from flywheel_sim.errors import DataError, ExperimentError
from flywheel_sim.experiment.replicate import replicate, run
from flywheel_sim.metrics.registry import metrics
from flywheel_sim.report.html import KEY_FIGURES, write_report
from flywheel_sim.scenario.describe import assumptions
from flywheel_sim.scenario.load import loads
from flywheel_sim.stats import Estimate, plus_minus

EVIL = "<script>alert('$5_{ & $10')</script>"


@pytest.fixture(scope="module")
def duel():
    return compare(club(start="2027-01-01"), replications=4)


@pytest.fixture(scope="module")
def sens():
    model = club(start="2027-01-01")
    return sensitivity(model, "profit", "retention", values=[0.8, 0.85, 0.9], replications=3)


@pytest.fixture(scope="module")
def folder(duel, sens, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    assert write_report(duel, sens, to=folder / "report.html") == folder / "report.html"
    return folder


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


def embedded(page, kind):
    return [base64.b64decode(data).decode() for data in re.findall(rf"data:{kind};base64,([^\"]*)", page)]


# -- the page ---------------------------------------------------------------------------------------


def test_the_page_needs_nothing_from_elsewhere(page):
    assert not re.search(r"https?:|//[a-z]+\.[a-z]|<script|<link|<iframe|@import|url\(", page)
    sources = re.findall(r"(?:src|href)=\"([^\"]*)\"", page)
    assert len(sources) == 40
    assert all(source.startswith("data:") for source in sources)


def test_the_policy_of_the_page_lets_nothing_through_but_its_own_style_and_pictures(page):
    style = re.search("<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = re.search('<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)[1].split("; ")
    assert policy == ["default-src 'none'", "img-src data:", f"style-src 'sha256-{digest}'", "base-uri 'none'",
                      "form-action 'none'"]  # fmt: skip
    assert page.index("Content-Security-Policy") < page.index("<title>") < page.index("<style>")
    assert page.count("<style") == 1
    assert " style=" not in page


def test_the_charts_in_it_need_nothing_from_elsewhere(page):
    pictures = embedded(page, r"image/svg\+xml")
    assert len(pictures) == 20
    for picture in pictures:
        assert "</svg>" in picture
        assert not re.search(r"href=\"(?!#)|url\((?!#)|<script|<image", picture)


def test_the_page_leads_with_the_answer(page, duel):
    text = html.unescape(page)
    assert text.index(duel.answer()) < text.index("<h2>")


def test_the_page_says_what_both_spend_and_whether_that_is_fair(page, duel):
    for name in duel.names:
        assert plus_minus(duel[name]["spend"]) in page
    assert "that is what is left out, which is judged by what it returns" in page


def test_the_page_calls_nobody_better_on_another_budget(tmp_path):
    unequal = compare(club(), strategies=["loud", "louder"], replications=2)
    text = write_report(unequal, to=tmp_path / "report.html").read_text(encoding="utf-8")
    assert "so this report does not say which is better" in text


def test_the_page_says_every_assumption_with_its_why(page):
    for one in assumptions(club(), "louder"):
        assert html.escape(one.why) in page
        assert html.escape(one.value) in page


def test_the_page_defines_every_figure_it_shows(page, duel):
    text = html.unescape(page)
    for metric in metrics():
        if metric.name in KEY_FIGURES:
            assert metric.definition in text
            assert metric.unit_for(duel["loud"].journey) in text
    assert "5 months" in text
    assert "10 % a year" in text


def test_the_page_says_where_its_figures_come_from(page, duel, sens):
    text = html.unescape(page)
    for runs in (*duel.runs.values(), *sens.base_runs.values()):
        assert str(runs.provenance) in text


def test_the_page_tells_intervals_of_means_from_futures(page):
    assert "An interval is that of a mean over replications; a band of futures shows where single futures lie" in page


def test_warnings_of_every_result_stand_on_the_page(tmp_path):
    duel = compare(loads(DEAR), loads(DEAR.replace("2000", "4000")), replications=1)
    sens = sensitivity(loads(COINS), "revenue", "heads", values=[0.5], replications=1)
    page = write_report(sens, duel, to=tmp_path / "r.html").read_text(encoding="utf-8")
    assert "a ratio of 0.024" in page
    assert "a ratio of 0.012" in page


def test_the_page_shows_recurring_revenue_who_stays_and_channels_of_every_strategy(page, duel):
    text = html.unescape(page)
    heads = re.findall(r"<h2>(.*?)</h2>", text)
    assert {"Recurring revenue", "Who stays", "Where they come from"} <= set(heads)
    for name in duel.names:
        by = duel[name].by("channel", "acquisitions")["acquisitions"]
        for channel in ("ads", "friends"):
            mean, low, high = by.loc[channel, ["mean", "low", "high"]]
            assert plus_minus(Estimate(mean, low, high, 0.95, 4, "people")) in text
        assert f"Customers still there with '{name}'" in text
        assert f"What moves monthly recurring revenue with '{name}'" in text


def test_a_page_of_a_journey_without_anything_recurring_is_silent_about_it(tmp_path):
    page = write_report(run(loads(COINS)), to=tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Recurring revenue" not in page
    assert "Who stays" not in page
    assert "Where they come from" not in page


def test_every_tag_is_closed(page):
    for tag in ("table", "tr", "td", "th", "figure", "div", "p", "h2", "main"):
        assert len(re.findall(rf"<{tag}[ >]", page)) == page.count(f"</{tag}>"), tag


# -- the data behind --------------------------------------------------------------------------------


def test_behind_every_chart_lies_a_csv_in_the_page_and_beside_it(page, folder):
    names = re.findall(r"download=\"([^\"]*)\"", page)
    files = {path.name: path.read_text(encoding="utf-8") for path in (folder / "csv").iterdir()}
    assert sorted(names) == sorted(files)
    assert len(set(names)) == len(names) == 20
    for name, text in zip(names, embedded(page, "text/csv"), strict=True):
        assert files[name] == text
        assert len(pd.read_csv(io.StringIO(text))) > 0


def test_results_of_one_kind_do_not_overwrite_each_others_data(tmp_path):
    few, more = (replicate(loads(COINS), replications=n) for n in (2, 3))
    write_report(few, more, to=tmp_path / "r.html")
    revenue = {path.name: pd.read_csv(path) for path in (tmp_path / "r_csv").glob("fan_revenue*")}
    assert {name: set(table.n) for name, table in revenue.items()} == {
        "fan_revenue.csv": {2},
        "fan_revenue_2.csv": {3},
    }


def line(chart, index=0):
    return np.asarray(chart.figure.axes[0].lines[index].get_ydata(), dtype=float)


def bars(chart):
    return np.array([p.get_width() for c in chart.figure.axes[0].containers for p in c.get_children()
                     if hasattr(p, "get_width")])  # fmt: skip


def test_a_fan_draws_the_medians_in_its_data(duel):
    chart = charts.fan(duel, "revenue")
    for index, name in enumerate(duel.names):
        part = chart.data[chart.data.strategy == name]
        np.testing.assert_allclose(line(chart, index), part.p50)
        np.testing.assert_allclose(part.p50, np.median(duel[name].series("revenue"), axis=0))
        np.testing.assert_allclose(part.p95, np.quantile(duel[name].series("revenue"), 0.95, axis=0))
        assert (part.p5 <= part.p25).all()
        assert (part.n == 4).all()


def test_a_difference_draws_the_means_and_intervals_in_its_data(duel):
    chart = charts.difference(duel, "profit")
    drawn = [
        np.asarray(one.get_ydata(), dtype=float) for one in chart.figure.axes[0].lines if len(one.get_ydata()) == 12
    ]
    np.testing.assert_allclose(drawn[0], chart.data["mean"])
    last = duel.by_month("profit", ())[12]
    assert chart.data.iloc[-1][["mean", "low", "high"]].tolist() == pytest.approx([last.mean, last.low, last.high])


def test_a_stage_flow_draws_the_people_in_its_data(duel):
    chart = charts.stage_flow(duel)
    np.testing.assert_allclose(np.sort(bars(chart)), np.sort(chart.data.entered))
    row = chart.data[(chart.data.strategy == "loud") & (chart.data.stage == "trial")].iloc[0]
    assert row.goes_on_percent == pytest.approx(duel["loud"]["conversion.trial"].mean)
    assert "minus those set aside" in chart.figure.axes[0].get_xlabel()


def test_spending_draws_lines_that_add_up_to_the_budget_in_its_data(duel):
    chart = charts.spending(duel)
    lines = chart.data[chart.data.part == "line"]
    np.testing.assert_allclose(np.sort(bars(chart)), np.sort(lines["mean"]))
    for name in duel.names:
        assert lines[lines.strategy == name]["mean"].sum() == pytest.approx(duel[name]["budget"].mean)


def test_a_response_draws_the_curve_today_and_both_readings_in_its_data(sens):
    chart = charts.response(sens)
    assert set(chart.data.point) == {"curve", "today", "+5 points", "+5 % relative"}
    curve = chart.data[(chart.data.point == "curve") & (chart.data.strategy == "quiet")]
    np.testing.assert_allclose(line(chart), curve["mean"])
    points = chart.data[(chart.data.point == "+5 points") & (chart.data.strategy == "quiet")].iloc[0]
    assert points["mean"] == pytest.approx(
        sens.base_runs["quiet"]["profit"].mean + sens.readings["quiet"][0].change.mean
    )


# -- charts -----------------------------------------------------------------------------------------

CHARTS = {
    "fan": lambda d, s: charts.fan(d, "revenue"),
    "cumulative": lambda d, s: charts.fan(d, "profit", cumulative=True),
    "stock": lambda d, s: charts.fan(d, "active_customers"),
    "difference": lambda d, s: charts.difference(d),
    "stage_flow": lambda d, s: charts.stage_flow(d),
    "spending": lambda d, s: charts.spending(d),
    "response": lambda d, s: charts.response(s),
}
UNITS = {"stock": "(people)", "stage_flow": "People", "fan": "(EUR per month)", "spending": "(EUR)"}


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_has_a_title_and_units_on_its_axes(name, duel, sens):
    chart = CHARTS[name](duel, sens)
    (axes,) = chart.figure.axes
    assert axes.get_title(loc="left") == chart.title
    assert len(chart.title) > 10
    labels = f"{axes.get_xlabel()} | {axes.get_ylabel()}"
    assert UNITS.get(name, "(EUR") in labels
    assert axes.get_xlabel()
    if name == "response":
        assert "(% per month)" in axes.get_xlabel()


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_says_which_strategy_is_which(name, duel, sens):
    chart = CHARTS[name](duel, sens)
    chart.svg()
    shown = [text.get_text() for text in chart.figure.findobj(Text)]
    for strategy in ("quiet", "louder") if name == "difference" else duel.names:
        assert any(strategy in text for text in shown)


def test_a_chart_is_the_same_file_every_time(duel):
    assert charts.difference(duel).svg() == charts.difference(duel).svg()


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_a_chart_is_saved_with_its_data_beside_it(duel, tmp_path, ending):
    chart = charts.spending(duel)
    path = chart.save(tmp_path / "new" / f"spend.{ending}")
    assert path.stat().st_size > 1000
    pd.testing.assert_frame_equal(pd.read_csv(path.with_suffix(".csv")), chart.data)


def test_months_are_dates_where_the_journey_has_a_start_and_numbers_where_not(duel):
    dated = charts.fan(duel, "revenue").figure.axes[0]
    assert mdates.num2date(dated.lines[0].get_xdata(orig=False)[-1]).strftime("%Y-%m-%d") == "2027-12-01"
    assert "start 01 January 2027" in dated.get_xlabel()
    assert "by the date it begins" in dated.get_xlabel()
    plain = charts.fan(run(club()), "revenue").figure.axes[0]
    assert list(plain.lines[0].get_xdata()) == list(range(1, 13))
    assert plain.get_xlabel() == "Month"


def test_the_months_of_a_run_stand_on_an_axis_of_dates_where_they_begin():
    """What December brings stands over the months that begin in November and December; the year begins in January."""
    season = "{rate: {value: 100 per month, times: {month: {dec: 9}}}, enters: client}"
    model = loads(
        f"name: x\nhorizon: 18 months\nstart: 2027-06-15\nchannels: {{a: {season}}}\njourney: {{client: customer}}"
    )
    axes = charts.fan(run(model), "acquisitions").figure.axes[0]
    places, came = axes.lines[0].get_data(orig=False)
    busy = [mdates.num2date(at).strftime("%Y-%m-%d") for at, n in zip(places, came, strict=True) if n > 200]
    assert busy == ["2027-11-15", "2027-12-15", "2028-11-15"]
    axes.figure.canvas.draw()
    ticks = zip(axes.get_xticks(), (text.get_text() for text in axes.get_xticklabels()), strict=True)
    assert {text: mdates.num2date(at).strftime("%Y-%m-%d") for at, text in ticks if text in ("Jul", "Oct", "2028")} == {
        "Jul": "2028-07-01", "Oct": "2028-10-01", "2028": "2028-01-01"
    }  # fmt: skip


def test_charts_and_report_work_with_one_replication_no_start_and_no_strategies(tmp_path):
    model = loads(COINS)
    runs, sens = run(model), sensitivity(model, "revenue", "heads", replications=1)
    page = write_report(runs, sens, to=tmp_path / "r.html", model=model).read_text(encoding="utf-8")
    assert "nan" not in html.unescape(page).lower().split("<footer>")[0]
    assert "from month 1 on" in page
    assert "a fair coin" in page


def test_charts_and_report_work_with_one_replication_of_strategies_that_spend_nothing(tmp_path, recwarn):
    duel = compare(loads(COINS + "strategies: {a: {}, b: {rates: {heads: 60 %}}}\n"), replications=1)
    page = write_report(duel, to=tmp_path / "r.html").read_text(encoding="utf-8")
    assert "one replication, so no interval" in page
    assert "steadier" not in page
    assert [str(w.message) for w in recwarn if issubclass(w.category, UserWarning)] == []


def test_three_strategies_are_all_shown(page, duel):
    assert duel.names == ("quiet", "loud", "louder")
    table = charts.fan(duel, "profit", cumulative=True).data
    assert list(dict.fromkeys(table.strategy)) == ["quiet", "loud", "louder"]
    assert "Club: quiet, loud and louder" in html.unescape(page)


@pytest.mark.parametrize(
    ("middle", "said"), [("0", "spend the same budget"), ("500", "do not spend the same budget (+125.0 %)")]
)
def test_spending_does_not_overlook_the_strategy_in_the_middle(middle, said):
    costs = "rates: {fee: 400, heads"
    text = COINS.replace("rates: {heads", costs).replace("batch: 40,", "batch: 40, cost_per_batch: fee,")
    changed = f"b: {{rates: {{fee: {400 + int(middle)}}}}}"
    trio = compare(loads(f"{text}strategies: {{a: {{}}, {changed}, c: {{}}}}\n"), replications=2)
    assert charts.spending(trio).title == f"A, b and c {said}"


# -- what a file says is text, never code -----------------------------------------------------------


@pytest.fixture(scope="module")
def evil_page(tmp_path_factory):
    text = COINS.replace("name: Coins", f'name: "{EVIL}"').replace("a fair coin", f"{EVIL}".replace('"', ""))
    model, path = loads(text), tmp_path_factory.mktemp("evil") / "r.html"
    other = loads(COINS)
    duel = compare(model, other, replications=2)
    sens = sensitivity(model, "revenue", "heads", values=[0.5], replications=2)
    return write_report(duel, run(model), sens, to=path, model=model).read_text(encoding="utf-8")


def test_strings_of_a_config_are_escaped(evil_page):
    assert "<script" not in evil_page
    assert html.escape(EVIL).replace("&#x27;", "&#39;") in evil_page
    assert not any("<script" in picture for picture in embedded(evil_page, r"image/svg\+xml"))


def test_a_dollar_in_a_name_begins_no_formula():
    named = run(loads(COINS.replace("name: Coins", f'name: "{EVIL}"')))
    assert charts.fan(named).svg()


# -- refusals ---------------------------------------------------------------------------------------


def test_a_report_of_nothing_is_refused(tmp_path):
    with pytest.raises(ExperimentError, match="a report of nothing"):
        write_report(to=tmp_path / "r.html")


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="choose a folder that can be written"):
        write_report(run(loads(COINS)), to=tmp_path / "file" / "r.html")
