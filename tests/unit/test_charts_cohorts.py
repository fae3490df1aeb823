"""Charts of customers over their lives draw what their data says, on ledgers written by hand."""

import numpy as np
import pytest
from hand import any_ledger, journey, ledger, runs
from matplotlib.text import Text

from flywheel_sim import charts
from flywheel_sim.analysis.compare.result import Comparison
from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.units import MILLIONTHS
from flywheel_sim.ledger import COHORT, MRR
from flywheel_sim.report.html import write_report

EUR = MILLIONTHS


def lives(months=12.0, people=10, lost=1, replications=3, first=0, **values):
    """Return replications in which each cohort loses one person at each age, and MRR moves evenly."""
    made = journey(months=months, follow=int(months) // 2, **values)
    held = ledger(made, replications)
    n = held.layout.cohorts
    for cohort in range(n):
        held.cohort[:, cohort, 0, COHORT.index("acquired")] = people + np.arange(replications)
        held.cohort[:, cohort, : n - cohort, COHORT.index("lost")] = lost
    months = held.layout.periods
    for name, euros in (("new", 100), ("expansion", 20), ("contraction", -10), ("churn", -30)):
        held.mrr[:, :, 0, MRR.index(name)] = euros * EUR
        held.mrr[:, months // 2 :, 0, MRR.index(name)] += (euros // 10) * EUR
    held.mrr[:, 0, 0, MRR.index("new")] += first * EUR
    return runs(made, held)


def shown(figure):
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def cells(chart):
    return sum(text.strip().isdigit() for axes in chart.figure.axes for text in (t.get_text() for t in axes.texts))


def test_movements_are_bars_that_start_where_the_others_end():
    one = lives()
    chart = charts.mrr_movements(one)
    above, below = chart.figure.axes
    end = chart.data[chart.data.figure == "end"]
    np.testing.assert_allclose(np.asarray(above.lines[0].get_ydata(), dtype=float), end["mean"])
    np.testing.assert_allclose(end["mean"], one.series("mrr").mean(axis=0))
    for bars in below.containers:
        part = chart.data[chart.data.figure == bars.get_label()]
        np.testing.assert_allclose([bar.get_height() for bar in bars], part["mean"])
    assert [bars.get_label() for bars in below.containers] == ["new", "expansion", "contraction", "churn"]
    foot = [bar.get_y() for bar in below.containers[3]]
    np.testing.assert_allclose(foot, [bar.get_height() for bar in below.containers[2]])
    assert "EUR per month" in above.get_ylabel()
    assert below.get_xlabel() == "Month"
    assert set(chart.data.unit) == {"EUR per month", "% per month"}


def test_people_there_at_the_start_do_not_dwarf_the_months_after_them():
    below = charts.mrr_movements(lives(first=5000)).figure.axes[1]
    assert below.get_ylim()[1] < 300
    assert any("month 1: +5,120" in text.get_text() for text in below.texts)
    assert not charts.mrr_movements(lives()).figure.axes[1].texts


@pytest.mark.parametrize(
    ("months", "rows", "first"), [(12.0, 11, "month 1 "), (36.0, 11, "months 1–3 "), (120.0, 9, "months 1–12 ")]
)
def test_a_map_of_cohorts_has_a_row_for_each_and_joins_them_where_there_are_many(months, rows, first):
    one = lives(months, people=200)
    chart = charts.cohort_retention(one)
    (axes,) = chart.figure.axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == rows
    assert labels[0].startswith(first)
    assert "n = 201" in labels[0] or "n = 603" in labels[0] or "n = 2,412" in labels[0]
    assert cells(chart) == len(chart.data) == rows * (rows + 1) // 2
    assert chart.data.retention.notna().all()


def test_a_map_of_cohorts_shows_the_table_in_its_data():
    one = lives()
    chart = charts.cohort_retention(one, join=2)
    table = one.cohorts(join=2)["retention"]
    for row in chart.data.itertuples():
        assert table.loc[(row.cohort, row.age)].tolist() == [row.retention, row.low, row.high]
    drawn = {text.get_text() for text in chart.figure.axes[0].texts}
    assert {f"{value:.0f}" for value in chart.data.retention} <= drawn
    assert (chart.data.acquired == 22).all()


def test_cohorts_bear_dates_where_the_journey_has_a_start():
    labels = charts.cohort_retention(lives(36.0, start="2027-01-01")).figure.axes[0].get_yticklabels()
    assert [label.get_text().split("   ")[0] for label in labels[:2]] == ["from Jan 2027", "from Apr 2027"]


def test_a_map_of_no_cohort_is_refused():
    made = journey(months=1, follow=1)
    with pytest.raises(ExperimentError, match="take a longer one"):
        charts.cohort_retention(runs(made, ledger(made)))
    with pytest.raises(ExperimentError, match="nobody became a customer early enough"):
        charts.staying(runs(made, ledger(made)))


def test_a_report_leaves_out_charts_of_customers_who_came_too_late(tmp_path):
    made = journey(months=4, follow=2)
    late = ledger(made, 2)
    late.cohort[:, 3, 0, COHORT.index("acquired")] = 5
    late.flow[:, 3, 0, late.layout.role_flow("acquired")] = 5
    page = write_report(runs(made, late), to=tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Who stays" not in page
    assert "no channel" in page.replace("\u00a0", " ")


def test_the_curve_of_those_who_stay_is_of_the_same_people_at_every_age():
    duel = Comparison({"short": lives(lost=2), "long": lives(lost=1)}, {})
    chart = charts.staying(duel)
    assert list(chart.data.groupby("strategy").size()) == [7, 7]
    assert (chart.data.customers == 66).all()
    long = chart.data[chart.data.strategy == "long"]
    np.testing.assert_allclose(long.retention, [100 * (1 - age / 11) for age in range(7)])
    (axes,) = chart.figure.axes
    np.testing.assert_allclose(np.asarray(axes.lines[1].get_ydata(), dtype=float), long.retention)
    assert any("long (66 customers a run)" in text for text in shown(chart.figure))


@pytest.mark.parametrize("name", ["mrr_movements", "cohort_retention", "staying"])
@pytest.mark.parametrize("replications", [1, 3])
def test_charts_can_be_drawn_and_name_their_strategy(name, replications, recwarn):
    chart = getattr(charts, name)(lives(replications=replications, strategy="flywheel", start="2027-01-01"))
    assert chart.svg()
    assert any("flywheel" in text for text in shown(chart.figure))
    assert not any("nan" in text for text in shown(chart.figure))
    assert chart.figure.axes[0].get_title(loc="left") == chart.title
    assert not list(recwarn)


def test_a_chart_of_movements_can_be_drawn_of_anything():
    made = journey(months=1.5, follow=1)
    assert charts.mrr_movements(runs(made, any_ledger(made))).svg()
    assert charts.mrr_movements(runs(made, ledger(made))).svg()
