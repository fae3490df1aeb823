"""The statement, its chart, budgets and finer periods, on ledgers written by hand and on small journeys."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hand import any_ledger, journey, ledger, runs

import flywheel_sim as fs
from flywheel_sim.errors import ExperimentError, SimulationError
from flywheel_sim.experiment.budgets import match_budgets
from flywheel_sim.journey.journey import SPEND_KINDS, Cost, Line, Shared
from flywheel_sim.journey.units import DAY, MILLIONTHS, MONTH
from flywheel_sim.metrics.groups import NO_CHANNEL
from flywheel_sim.metrics.statement import HEADINGS, check_statement, entries
from flywheel_sim.report.html import write_report

EUR = MILLIONTHS
#: A shop that sells goods at 40 % of its revenue, pays fees, keeps customers by mail and has a rent.
SHOP = """
name: Shop
horizon: 12 months
currency: EUR
seed: 4
period: PERIOD
lines:
  goods: {share: 40 %, of: sales, kind: cost_of_sales}
  postage: {kind: cost_of_sales}
channels:
  ads: {spend: 300 per month, cost_per_arrival: 10, enters: visit}
journey:
  visit: {role: prospect, spend: {leaflet: 0.004 per month}, to: {buyer: 60 %, gone: rest}}
  buyer:
    role: customer
    on_entry: {earn: {sales: 80}, spend: {postage: 5}}
    events:
      order: {every: 1 month, to: {stay: {chance: 80 %, earn: {sales: 50}, spend: {postage: 5, mail: 1}}, gone: rest}}
  gone: exit
costs: {rent: 200 per month}
"""
KINDS = ("cost_of_sales", "acquisition", "service", "win_back", "overhead")


def shop(period="month", **changes):
    return fs.loads(SHOP.replace("PERIOD", period)).with_(**changes)


@pytest.fixture(scope="module")
def sold():
    """Return replications of the shop."""
    return fs.replicate(shop("day"), replications=6, workers=1)


@pytest.fixture(scope="module")
def made():
    """Return a journey with spend of every kind: on people, on channels, and whoever comes."""
    lines = (Line("mail", "cost_of_sales"), Line("fees", "cost_of_sales", share=0.1, of=("club",)), Line("rent"))
    costs = tuple(Cost(kind, kind) for kind in SPEND_KINDS)
    return replace(journey(lines=lines), costs=costs)


@pytest.fixture(scope="module")
def many(made):
    """Return replications whose derived line follows from the others."""
    held = any_ledger(made)
    for line, share, of in held.layout.derived:
        held.money[..., line] = np.rint(share * held.money[..., list(of)].sum(axis=-1))
    return runs(made, held)


# -- it adds up -------------------------------------------------------------------------------------


def test_every_heading_is_what_stands_under_it_in_every_period(many):
    statement = entries(many.ledger)
    for heading, kind in HEADINGS.items():
        lines = [cells for (of, line), cells in statement.items() if of == heading and line]
        if kind is not None:
            np.testing.assert_array_equal(statement[heading, ""], sum(lines, np.zeros_like(statement["revenue", ""])))
    left = statement["revenue", ""] - statement["cost_of_sales", ""]
    np.testing.assert_array_equal(statement["gross_profit", ""], left)
    left = left - sum(statement[f"{kind}_spend", ""] for kind in ("acquisition", "service", "win_back"))
    np.testing.assert_array_equal(statement["contribution", ""], left)
    np.testing.assert_array_equal(statement["profit", ""], left - statement["overhead_spend", ""])


@pytest.mark.parametrize("name", HEADINGS)
def test_a_heading_is_the_metric_of_its_name(many, name):
    np.testing.assert_allclose(entries(many.ledger)[name, ""] / EUR, many.series(name), rtol=1e-12, atol=1e-15)
    row = many.statement().loc[(name, "")]
    assert row["mean"] == pytest.approx(many[name].mean)
    assert row["low"] == pytest.approx(many[name].low)


def test_all_that_is_earned_less_all_that_is_spent_is_profit(many):
    np.testing.assert_allclose(many.series("revenue") - many.series("spend"), many.series("profit"), atol=1e-12)
    spends = [many.series("cost_of_sales"), *(many.series(f"{kind}_spend") for kind in KINDS[1:])]
    np.testing.assert_allclose(sum(spends), many.series("spend"))
    np.testing.assert_allclose(sum(spends[1:4]), many.series("budget"))


def test_by_channel_everything_is_in_some_row(many):
    for name in (*HEADINGS, "budget", "spend"):
        table = many.by("channel", name)
        assert table[name, "mean"].sum() == pytest.approx(many[name].mean), name
        assert table.loc[NO_CHANNEL, (name, "mean")] or name in ("revenue",)


def test_by_channel_acquisition_is_what_the_channel_costs_and_what_its_people_are_booked(many):
    held, groups = many.ledger, [i for i, group in enumerate(many.ledger.layout.groups) if group[0] == "ads"]
    lines = [i for i, (_, _, kind) in enumerate(held.layout.lines) if kind == "acquisition"]
    spent = held.channel_spend[..., 0].sum(axis=1) + held.money[:, :, groups][..., lines].sum(axis=(1, 2, 3))
    acquired = held.flow[:, :, groups, held.layout.role_flow("acquired")].sum(axis=(1, 2))
    table = many.by("channel", "acquisition_spend", "cac")
    assert table.loc["ads", ("acquisition_spend", "mean")] == pytest.approx(spent.mean() / EUR)
    assert table.loc["ads", ("cac", "mean")] == pytest.approx(spent.sum() / acquired.sum() / EUR)


def test_by_an_attribute_there_is_what_is_booked_on_people_alone(many):
    free = journey(lines=(Line("mail", "cost_of_sales"),), costs=False)
    table = runs(free, any_ledger(free)).by("plan")
    assert {"cost_of_sales", "gross_profit", "service_spend", "overhead_spend"} <= set(
        table.columns.get_level_values(0)
    )
    shown = set(many.by("plan").columns.get_level_values(0))
    assert not shown & {"cost_of_sales", "gross_profit", "contribution", "profit", "budget", "overhead_spend"}
    with pytest.raises(ExperimentError, match="'gross_profit' cannot be split by 'plan'"):
        many.by("plan", "gross_profit")


def test_the_check_names_what_does_not_add_up(many):
    check_statement(many.ledger)
    check_statement(many.ledger.pick(0))
    wrong = replace(many.ledger, money=many.ledger.money.copy())
    (line, _, _) = wrong.layout.derived[0]
    wrong.money[1, 2, 3, line] += 1
    with pytest.raises(SimulationError, match=r"'fees', by period and group, at \(1, 2, 3\)"):
        check_statement(wrong)
    layout = replace(many.ledger.layout, costs=(("rent", "upkeep"), *many.ledger.layout.costs[1:]))
    with pytest.raises(SimulationError, match="'rent' is booked on the side 'spend' as 'upkeep'"):
        check_statement(replace(many.ledger, layout=layout))


def test_lines_of_one_name_under_one_heading_are_one(made):
    twice = replace(made, costs=(*made.costs, Cost("mail", "cost_of_sales")))
    one = runs(twice, any_ledger(twice))
    lines = [line for heading, line in one.statement().index if heading == "cost_of_sales"]
    assert sorted(lines) == sorted({*lines}) == ["", "cost_of_sales", "fees", "mail"]
    assert one.statement().loc["cost_of_sales"].drop("")["mean"].sum() == pytest.approx(one["cost_of_sales"].mean)


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_a_run_of_either_engine_adds_up_to_the_millionth(engine):
    one = fs.run(shop(), engine=engine, checked=engine == "reference")
    check_statement(one.ledger)
    statement = entries(one.ledger)
    np.testing.assert_array_equal(statement["cost_of_sales", "goods"], np.rint(0.4 * statement["revenue", "sales"]))
    assert statement["acquisition_spend", "leaflet"].sum() >= 0


def test_period_by_period_it_is_the_whole(sold):
    whole, table = sold.statement(), sold.statement(by="week")
    assert table.index.name == "week"
    assert len(table) == math.ceil(12 * MONTH / (7 * DAY))
    for line in whole.index:
        assert table[(*line, "mean")].sum() == pytest.approx(whole.loc[line, "mean"]), line
    assert whole.attrs["unit"] == "EUR"
    assert "nothing is deferred or depreciated" in whole.attrs["basis"]


def test_its_chart_steps_from_revenue_to_profit(sold):
    chart = fs.charts.statement(sold)
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in chart.figure.axes[0].patches]
    names = [name for name, kind in HEADINGS.items() if kind in ("", None) or sold[name].mean]
    assert "win_back_spend" not in names
    for (start, end), name, before in zip(bars, names, [None, *names[:-1]], strict=False):
        if HEADINGS[name]:
            assert start == pytest.approx(bars[names.index(before)][1])
            assert start - end == pytest.approx(sold[name].mean)
        else:
            assert (start, end) == (0, pytest.approx(sold[name].mean))
    assert "EUR" in chart.figure.axes[0].get_xlabel()
    assert {"heading", "line", "mean", "low", "high", "unit"} <= set(chart.data.columns)


def test_the_report_shows_it_beside_what_is_earned(sold, tmp_path):
    page = write_report(sold, to=tmp_path / "r.html").read_text(encoding="utf-8")
    assert "From revenue to profit" in page
    assert "nothing is deferred or depreciated" in page


# -- customers' margin ------------------------------------------------------------------------------


def test_a_customer_s_value_is_net_of_cost_of_sales(sold):
    dear = fs.replicate(shop("day", **{"lines.goods.share": "60 %"}), replications=6, workers=1)
    assert dear["clv"].mean < sold["clv"].mean
    assert dear["cac"].mean == sold["cac"].mean
    followed = sold.ledger.followed
    assert followed.any()
    assert "cost of sales" in sold.metric("clv").definition
    assert "cost of sales" in sold.metric("payback").definition


# -- budgets ----------------------------------------------------------------------------------------


DUEL = (
    SHOP.replace("period: PERIOD\n", "").replace("horizon: 12", "horizon: 6")
    + """
strategies:
  plain: {}
  dear: {rates: {}, spend: {ads: matched}, without: [rent]}
reference: plain
"""
)


def test_matched_makes_the_budget_equal_and_tells_cost_of_sales_apart():
    text = DUEL.replace("{stay: {chance: 80 %", "{stay: {chance: keeps").replace(
        "channels:\n", "rates: {keeps: 80 %}\nchannels:\n"
    ).replace("dear: {rates: {}, ", "dear: {rates: {keeps: 90 %}, ").replace(", without: [rent]", "")  # fmt: skip
    model, (match,) = match_budgets(fs.loads(text))
    both = fs.compare(model, replications=60, workers=1)
    assert abs(both.spend_gap()) < 0.02
    assert abs(both["dear"]["spend"].mean / both["plain"]["spend"].mean - 1) > 0.02
    assert "its budget (acquisition, service and win-back) equals that of 'plain'" in str(match)
    assert "cost of sales, apart from it, is" in str(match)
    assert "no verdict" not in both.answer()
    assert "cost of sales of dear" in str(both)
    parts = fs.charts.spending(both).data
    assert {"line", "budget", "cost_of_sales", "overhead_spend"} == set(parts["part"])
    lines = parts[(parts["part"] == "line") & (parts["strategy"] == "dear")]
    assert lines["mean"].sum() == pytest.approx(both["dear"]["budget"].mean)


def test_goods_that_cost_more_are_no_larger_budget():
    dearer = fs.compare(shop(), shop(**{"lines.goods.share": "50 %"}).with_(name="Dear"), replications=4, workers=1)
    assert dearer.spend_gap() == 0
    assert dearer.difference("cost_of_sales").mean > 0
    assert "verdict" not in dearer.answer()


def test_what_one_more_euro_brings_tells_cost_of_sales_apart():
    euro = fs.marginal(shop(), replications=4, workers=1, horizon=["12 months"])
    assert any("Cost of sales is no part of these spends" in text for text in euro.remarks())


# -- spend beside a CAC -----------------------------------------------------------------------------


def test_the_table_of_channels_shows_the_spend_of_which_its_cac_is_made(sold):
    from flywheel_sim.analysis.strategies.section import BY_CHANNEL

    assert {"acquisition_spend", "acquisitions", "cac"} <= set(BY_CHANNEL)
    assert "spend" not in BY_CHANNEL
    one = fs.replicate(shop(), replications=1, workers=1)
    drawn = fs.charts.channels(one).data.iloc[0]
    assert drawn.acquisition_spend_mean / drawn.acquisitions_mean == pytest.approx(drawn.cac_mean)


# -- periods ----------------------------------------------------------------------------------------


def test_figures_go_by_months_however_fine_the_books_are(sold):
    by_month = fs.replicate(shop("month"), replications=6, workers=1)
    assert sold.books.ledger.layout.periods == 12
    assert sold.ledger.layout.periods > 365
    for name in ("revenue", "profit", "acquisitions", "active_customers", "cac", "clv", "observed_retention"):
        assert sold[name].mean == pytest.approx(by_month[name].mean, abs=1e-5), name
    assert sold.series("revenue").shape == (6, 12)
    assert sold.books is sold.books


def test_days_and_weeks_add_up_to_months(sold):
    for name in ("revenue", "spend", "acquisitions"):
        days, weeks = sold.series(name, by="day"), sold.series(name, by="week")
        assert days.shape == (6, 365)
        np.testing.assert_allclose(days.sum(axis=1), sold.values(name))
        np.testing.assert_allclose(weeks[:, 0], days[:, :7].sum(axis=1))
        np.testing.assert_allclose(sold.series(name, True, "day")[:, -1], sold.values(name))
    np.testing.assert_array_equal(sold.series("active_customers", by="day")[:, -1], sold.values("active_customers"))


def test_over_time_has_a_row_for_each_period_of_the_file(sold):
    table = sold.over_time("revenue", "cac")
    assert (table.index.name, len(table)) == ("day", 365)
    assert table["revenue", "mean"].sum() == pytest.approx(sold["revenue"].mean)
    top, bottom = sold.series("acquisition_spend", by="day"), sold.series("acquisitions", by="day")
    known = np.flatnonzero(bottom.sum(axis=0))[0]
    assert table["cac", "mean"].iloc[known] == pytest.approx(top[:, known].sum() / bottom[:, known].sum())
    assert table.attrs["units"] == {"revenue": "EUR", "cac": "EUR per customer"}


def test_months_bear_the_date_they_begin():
    one = fs.replicate(shop("week", start="2027-01-31", warm_up="2 months"), replications=2, workers=1)
    table = one.over_time("revenue", by="month")
    assert list(table.index.names) == ["month", "begins"]
    assert [f"{day}" for _, day in table.index[:2]] == ["2027-03-31", "2027-04-30"]
    assert one.over_time("revenue").index[0] == 10  # weeks that begin in the warm-up are left out


@pytest.mark.parametrize("name", ["mrr", "mrr_new", "nrr", "grr"])
def test_what_goes_by_months_is_refused_for_shorter_periods(name):
    made = journey(period="day")
    one = runs(made, any_ledger(made))
    assert one.series(name).shape == (3, 6)
    with pytest.raises(ExperimentError, match=f"'{name}' goes by months"):
        one.series(name, by="week")
    with pytest.raises(ExperimentError, match=f"'{name}' goes by months"):
        one.over_time(name)


def test_books_that_are_not_as_fine_say_what_to_write(many):
    with pytest.raises(ExperimentError, match="write period: day in the journey file"):
        many.series("revenue", by="day")
    with pytest.raises(ExperimentError, match="by 'hour'"):
        many.over_time("revenue", by="hour")


def test_a_fan_goes_by_days_too(sold):
    chart = fs.charts.fan(sold, "revenue", by="day")
    assert chart.title == "Daily revenue"
    assert "EUR per day" in chart.figure.axes[0].get_ylabel()
    assert "Day" in chart.figure.axes[0].get_xlabel()
    assert list(chart.data["day"]) == list(range(1, 366))


# -- break-even of one strategy ---------------------------------------------------------------------


def test_one_strategy_has_the_month_in_which_it_breaks_even():
    made = journey(start="2027-01-01")
    held = ledger(made, 4)
    held.costs[:, 0, 0] = 250 * EUR
    held.money[:, :, 0, 0] = 100 * EUR
    one = runs(made, held)
    assert one.break_even().month == 3
    assert "It breaks even in month 3 (March 2027) (95 % interval that month alone)" in one.answer()
    assert "verdict" not in one.answer()
    held.costs[:, 5, 0] = 900 * EUR
    assert "does not stay above zero by the horizon; 0 % of futures" in runs(made, held).answer()


# -- how many people there are ----------------------------------------------------------------------


def test_a_shared_attribute_that_counts_people_is_a_number_of_people():
    counted = Shared("members", "", (), 1, ("club",), 0)
    made = journey(shared=(counted,))
    held = ledger(made, 2)
    assert held.layout.shared == (("members", 0, 0),)
    held.shared[:, :, 0, 1] = [3, 4, 5, 6, 7, 8]
    one = runs(made, held)
    assert one["shared.members"].mean == 8
    assert one.unit("shared.members") == "people"
    assert fs.charts.shared(one).figure.axes[0].get_ylabel() == "Members (people)"
