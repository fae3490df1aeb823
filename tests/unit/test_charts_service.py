"""Charts of queues, waits, markets and shared attributes draw what their data says, on ledgers written by hand."""

import html
import re

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import pytest
from hand import any_ledger, journey, ledger, runs
from matplotlib.text import Text
from staffed_journey import busy, counts, staffed_journey

from flywheel_sim import charts
from flywheel_sim.analysis.compare.result import Comparison
from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.units import DAY, MONTH
from flywheel_sim.ledger import QUEUE
from flywheel_sim.report.html import write_report
from flywheel_sim.stats import plus_minus


@pytest.fixture(scope="module")
def one():
    return busy(months=12, replications=6, start="2027-01-01")


@pytest.fixture(scope="module")
def duel():
    pair = {name: busy(months=12, replications=6, slower=slower) for name, slower in (("quick", 1.0), ("slow", 2.0))}
    return Comparison(pair, {})


def shown(chart):
    chart.figure.canvas.draw()
    return [text.get_text() for text in chart.figure.findobj(Text) if text.get_text()]


def drawn(axes, index=0):
    return np.asarray(axes.lines[index].get_ydata(), dtype=float)


# -- queues -----------------------------------------------------------------------------------------


def test_queues_draw_mean_waiting_and_utilisation_of_every_resource(one):
    chart = charts.queues(one)
    above, below = chart.figure.axes
    for index, resource in enumerate(("desk", "shop")):
        np.testing.assert_allclose(drawn(above, index), one.series(f"queue_length.{resource}").mean(axis=0))
        np.testing.assert_allclose(drawn(below, index), one.series(f"utilisation.{resource}").mean(axis=0))
    part = chart.data[chart.data.metric == "queue_length.desk"]
    np.testing.assert_allclose(part.p95, np.quantile(one.series("queue_length.desk"), 0.95, axis=0))
    assert (part.low < part["mean"]).all()
    assert list(part.month) == list(range(1, 13))
    assert set(chart.data.unit) == {"people", "%"}
    assert {"desk", "shop"} <= set(shown(chart))
    assert above.get_ylabel() == "People waiting"
    assert "%" in below.get_ylabel()
    assert mdates.num2date(above.lines[0].get_xdata(orig=False)[-1]).strftime("%Y-%m") == "2027-12"


def test_queues_of_a_comparison_are_those_of_one_resource(duel):
    chart = charts.queues(duel, "desk")
    assert chart.name == "queues_desk"
    assert set(chart.data.strategy) == {"quick", "slow"}
    assert "desk" in chart.title
    with pytest.raises(ExperimentError, match="more than one resource; say which: desk, shop"):
        charts.queues(duel)


@pytest.mark.parametrize("draw", [charts.queues, charts.waits])
def test_whose_queue_has_to_be_known(one, draw):
    with pytest.raises(ExperimentError, match="'desc' is no resource of this journey; did you mean 'desk'"):
        draw(one, "desc")
    plain = runs(journey(), any_ledger(journey()))
    with pytest.raises(ExperimentError, match="this journey has no resource"):
        draw(plain)


# -- waits ------------------------------------------------------------------------------------------


def test_waits_draw_the_share_of_asks_served_within_each_wait():
    made = staffed_journey()
    held = ledger(made, 2)
    for name, number in (("asked", 10), ("started", 8), ("within", 6), ("gave_up", 1), ("at_once", 3)):
        held.queue[:, 0, 0, QUEUE.index(name)] = number
    held.waits[:, 0] = counts([0, 0, 0, DAY // 4, DAY // 4, DAY // 2, 2 * DAY, 3 * DAY])
    chart = charts.waits(runs(made, held), "desk")
    curve = chart.data[chart.data.figure == "served within"]
    assert curve.iloc[0][["wait_days", "mean"]].tolist() == [0, 30]
    for days, share in ((0.2, 30), (0.3, 50), (1, 60), (2.2, 70), (3.2, 80)):
        assert np.interp(days, curve.wait_days, curve["mean"]) == pytest.approx(share)
    ends = chart.data[chart.data.figure != "served within"].set_index("figure")
    assert ends["mean"].to_dict() == {
        "started": 80, "within": 60, "gave_up": 10, "turned_away": 0, "withdrew": 0, "waiting": 10,
    }  # fmt: skip
    assert ends.wait_days["within"] == 1
    texts = shown(chart)
    assert "80.0 % served (60.0 % within the target), 10.0 % gave up, 10.0 % still waiting" in texts
    assert any("target: 1 day" in text for text in texts)
    (axes,) = chart.figure.axes
    assert axes.get_xlabel() == "Wait (hours)"
    np.testing.assert_allclose(drawn(axes), curve["mean"])


def test_waits_without_a_target_mark_none(one):
    texts = shown(charts.waits(one, "shop"))
    assert not any("target" in text for text in texts)


def test_waits_of_nobody_are_refused_and_of_those_all_served_at_once_drawn():
    made = staffed_journey()
    held = ledger(made, 2)
    with pytest.raises(ExperimentError, match="nobody asks for 'desk'"):
        charts.waits(runs(made, held), "desk")
    held.queue[:, 0, 1, :4] = [5, 0, 5, 5]
    held.waits[:, 1] = counts([0] * 5)
    chart = charts.waits(runs(made, held), "shop")
    assert (chart.data[chart.data.figure == "served within"]["mean"] == 100).all()


def test_waits_say_that_they_are_of_the_whole_run():
    warm = busy(months=6, replications=3, warm_up=2 * MONTH)
    assert any("The whole run, warm-up included" in text for text in shown(charts.waits(warm, "desk")))


# -- market and shared attributes -------------------------------------------------------------------


def test_saturation_and_shared_attributes_are_drawn_for_every_strategy(duel):
    for chart, metric in ((charts.saturation(duel), "saturation"), (charts.shared(duel), "shared.stars")):
        (axes,) = chart.figure.axes
        for index, name in enumerate(duel.names):
            np.testing.assert_allclose(drawn(axes, index), duel[name].series(metric).mean(axis=0))
            part = chart.data[chart.data.strategy == name]
            np.testing.assert_allclose(part["mean"], drawn(axes, index))
            assert any(name in text for text in shown(chart))
    assert "10,000 people" in charts.saturation(duel).title
    assert "mean of region" in charts.shared(duel).figure.axes[0].get_ylabel()


def test_there_is_no_chart_of_what_a_journey_has_not():
    plain = runs(journey(), any_ledger(journey()))
    with pytest.raises(ExperimentError, match="has no end; write market"):
        charts.saturation(plain)
    with pytest.raises(ExperimentError, match="no attribute that all share"):
        charts.shared(plain)


# -- warm-up ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [None, "2027-01-01"])
def test_month_three_stays_month_three_after_a_warm_up(start):
    warm = {
        name: busy(months=6, replications=4, warm_up=2 * MONTH, start=start, slower=s)
        for name, s in (("a", 1), ("b", 2))
    }
    duel = Comparison(warm, {})
    for chart in (
        charts.queues(warm["a"]), charts.saturation(warm["a"]), charts.fan(warm["a"], "spend"),
        charts.fan(duel, "profit", cumulative=True), charts.difference(duel, "missed"),
    ):  # fmt: skip
        assert sorted(set(chart.data.month)) == [3, 4, 5, 6]
        x = next(line for line in chart.figure.axes[0].lines if len(line.get_xdata()) == 4).get_xdata(orig=False)
        if start:
            assert mdates.num2date(x[0]).strftime("%Y-%m-%d") == "2027-03-01"
        else:
            assert list(x) == [3, 4, 5, 6]
        assert np.isfinite(chart.data["mean" if "mean" in chart.data else "p50"]).all()


# -- the report -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(one, tmp_path_factory):
    path = write_report(one, to=tmp_path_factory.mktemp("service") / "r.html")
    return html.unescape(path.read_text(encoding="utf-8"))


def test_the_report_shows_who_waits_the_market_and_what_all_share(page, one):
    heads = re.findall(r"<h2>(.*?)</h2>", page)
    assert {"Who waits for whom", "How much of the market is reached", "What all share"} <= set(heads)
    for name in ("abandonment.desk", "wait.shop", "within_target.desk", "idle_cost.desk"):
        assert plus_minus(one[name]) in page
    names = re.findall(r"download=\"([^\"]*)\.csv\"", page)
    assert {"queues", "waits_desk", "waits_shop", "saturation", "shared_stars"} <= set(names)
    assert len(names) == len(set(names))


def test_the_report_defines_the_figures_of_service(page, one):
    for name in ("abandonment.desk", "wait_p90.desk", "saturation", "shared.stars", "time_to_first_contact"):
        assert one.metric(name).definition in page


def test_the_report_says_the_warm_up(tmp_path):
    warm = busy(months=6, replications=3, warm_up=2 * MONTH)
    page = write_report(warm, to=tmp_path / "r.html").read_text(encoding="utf-8")
    assert page.count("months 3 to 6, after a warm-up of 2 months") >= 3
    assert "quantiles of waits are of the whole run" in page
    assert "nan" not in re.sub(r"base64,[^\"]*", "", page).lower()


def test_a_report_of_people_who_live_independent_lives_is_silent_about_it(tmp_path):
    plain = runs(journey(), any_ledger(journey()))
    page = write_report(plain, to=tmp_path / "r.html").read_text(encoding="utf-8")
    assert not re.search("Who waits|market is reached|all share|warm-up|Utilisation", page)


def test_one_replication_has_charts_without_intervals(tmp_path, recwarn):
    single = busy(months=3, replications=1)
    path = write_report(single, to=tmp_path / "r.html")
    assert len(pd.read_csv(path.parent / "r_csv" / "queues.csv")) == 12
    assert [str(w.message) for w in recwarn if issubclass(w.category, UserWarning | RuntimeWarning)] == []
