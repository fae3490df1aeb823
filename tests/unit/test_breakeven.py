"""A break-even is the root of a paired difference: every value run once, on the same people, and said in words."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from journeys import COINS
from scipy import stats

from flywheel_sim.analysis.breakeven import charts
from flywheel_sim.analysis.breakeven import runs as breakeven_runs
from flywheel_sim.analysis.breakeven.map import breakeven_map
from flywheel_sim.analysis.breakeven.result import breakeven
from flywheel_sim.analysis.breakeven.search import look
from flywheel_sim.analysis.compare.result import compare
from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.experiment.replicate import replicate
from flywheel_sim.report.html import write_report
from flywheel_sim.scenario.load import loads
from flywheel_sim.stats import estimate_mean

#: Care costs at once and brings longer stays; without it nothing happens but renewals.
CARE = """
name: Care
horizon: 8 months
start: 2027-01-01
currency: EUR
seed: 5
rates:
  price:  {value: 300, why: "what a month costs"}
  stays:  {value: 80 % per month, by: {service: {cared: 90 %}}, why: "renewals"}
  effort: {value: 250, why: "an afternoon for each customer"}
  unused: {value: 0.5 per month, why: "talks that lead nowhere"}
  wait:   {value: 1 day, why: "the first free afternoon"}
attributes:
  service: [plain, cared]
channels:
  fair: {batch: 25, enters: client}
journey:
  client:
    role: customer
    on_entry: {earn: {fee: price}}
    events:
      care:    {after: wait, set: {service: cared}, spend: {care: effort}}
      talk:    {every: unused}
      renewal: {every: 1 month, to: {stay: {chance: stays, earn: {fee: price}}, gone: rest}}
  gone: exit
strategies:
  funnel: {without: [care]}
  flywheel: {}
"""

#: Two strategies on one budget, one of which tells others.
DUEL = """
name: Duel
horizon: 4 months
currency: EUR
rates: {keeps: {value: 90 %, why: "renewals"}}
channels:
  ads: {spend: 4000 per month, cost_per_arrival: 10, enters: visit}
  word: {enters: visit}
journey:
  visit: {role: prospect, after: 10 days, to: {member: 30 %, gone: rest}}
  member:
    role: customer
    events:
      renewal: {every: 1 month, earn: {fee: 30}, to: {stay: keeps, gone: rest}}
      tell: {every: 0.5 per month, refer: word, spend: {reward: 15}}
  gone: exit
strategies:
  loop: {}
  funnel: {without: [tell], spend: {ads: matched}}
"""


@pytest.fixture(scope="module")
def model():
    return loads(CARE)


@pytest.fixture(scope="module")
def price(model):
    return breakeven(model, over="price", replications=6, workers=1)


@pytest.fixture(scope="module")
def grid(model):
    between = {"price": (60, 400), "effort": (150, 450)}
    return breakeven_map(model, over=("price", "effort"), values=between, points=3, replications=6, workers=1)


# -- values and their differences -------------------------------------------------------------------


def test_every_value_is_the_journey_at_that_value_on_the_same_people(model, price):
    for point in (0, price.nearest_point(price.root.value), -1):
        duel = compare(model.with_(price=float(price.values[point])), replications=6)
        np.testing.assert_array_equal(price.gaps[point].values, duel.difference_series("profit", True)[:, -1])
        assert price.difference(point).mean == pytest.approx(duel.difference("profit").mean)
        assert price.spend_gap(point) == pytest.approx(duel.spend_gap())
        assert price.months()[float(price.values[point])] == duel.crossover("profit")


def test_no_value_is_run_twice(model, monkeypatch):
    run = []

    def spied(jobs, *args, **kwargs):
        run.extend(job.journey.fingerprint for job in jobs)
        return replicate_jobs(jobs, *args, **kwargs)

    replicate_jobs = breakeven_runs.replicate_jobs
    monkeypatch.setattr(breakeven_runs, "replicate_jobs", spied)
    over_price = breakeven(model, over="price", replications=2, workers=1)
    assert len(over_price.values) > len(over_price.looked)
    assert len(run) == len(set(run)) == 2 * len(over_price.values)


def test_today_is_among_the_values_looked_at(model, price):
    (point,) = np.flatnonzero(price.values == 300)
    assert price.today == {"funnel": 300, "flywheel": 300}
    np.testing.assert_array_equal(price.gaps[point].values, price.today_gap.values)
    assert price.base_runs["flywheel"].ledger.equals(replicate(model, strategies="flywheel", replications=6).ledger)
    assert 300 in price.looked


def test_a_month_before_the_horizon_takes_what_has_come_by_then(model):
    price, again = (
        breakeven(model, over="price", by=by, replications=3, points=3, workers=1) for by in ("5 months", 5)
    )
    assert str(price) == str(again)
    duel = compare(model, replications=3)
    assert price.difference().mean == pytest.approx(duel.by_month("profit", [5])[5].mean)
    assert price.months()[300.0] == duel.crossover("profit")


def test_a_stock_is_that_of_the_month_and_any_figure_that_of_the_horizon(model):
    stock = breakeven(model, over="price", of="active_customers", by=4, replications=3, points=3, workers=1)
    duel = compare(model, replications=3)
    assert stock.difference().mean == pytest.approx(duel.difference_series("active_customers")[:, 3].mean())
    whole = breakeven(model, over="price", of="clv", replications=3, points=3, workers=1)
    assert whole.difference().mean == pytest.approx(duel.difference("clv").mean)
    assert "overtakes in month" not in whole.table()
    assert "a higher customer lifetime value" in whole.answer()
    with pytest.raises(ExperimentError, match="'clv' has no running sum"):
        whole.months()
    with pytest.raises(ExperimentError, match="'clv' has no figure by month 4"):
        breakeven(model, over="price", of="clv", by=4, replications=2, points=3)


def test_workers_change_nothing(model, price):
    assert str(breakeven(model, over="price", replications=6, workers=2)) == str(price)


def test_what_is_uncertain_is_held_as_known(model, price):
    vague = loads(CARE.replace("value: 300,", "value: 300, uncertain: 30 % of mean,"))
    known = breakeven(vague, over="price", replications=6, workers=1)
    np.testing.assert_array_equal(known.gaps[0].values, price.gaps[0].values)
    assert known.root == price.root


def test_strategies_with_figures_of_their_own_have_no_single_today():
    own = loads(CARE.replace("flywheel: {}", "flywheel: {rates: {price: 280}}"))
    price = breakeven(own, over="price", replications=3, points=3, workers=1)
    assert price.today == {"funnel": 300, "flywheel": 280}
    assert "Today it is 300 in the funnel and 280 in the flywheel" in price.answer()
    assert len(price.looked) == 3


def test_a_duration_can_move_too(model):
    over_wait = breakeven(model, over="wait", values=("1 day", "200 days"), replications=3, points=4, workers=1)
    assert over_wait.rate_unit in ("day", "days")
    assert over_wait.between == (1.0, 200.0)


def test_the_strategy_held_against_is_the_reference_or_the_first(model):
    turned = breakeven(model, over="price", strategies=["flywheel", "funnel"], replications=6, workers=1, points=3)
    assert turned.names == ("flywheel", "funnel")
    assert not turned.root.rises
    assert "price is at most" in turned.answer()
    named = loads(CARE + "reference: flywheel\n")
    assert breakeven(named, over="price", replications=2, points=3, workers=1).names == ("flywheel", "funnel")


# -- matched budgets --------------------------------------------------------------------------------


def test_a_budget_decided_on_stays_and_one_made_anew_is_equal_at_every_value():
    model = loads(DUEL)
    how = {"values": (0.7, 0.9), "points": 3, "replications": 40, "seed": 1, "workers": 1}
    kept, anew = (breakeven(model, over="keeps", rematch=rematch, **how) for rematch in (False, True))
    assert (kept.matched, anew.matched) == ("today", "anew")
    assert kept.spend_gap() == anew.spend_gap()
    assert abs(kept.spend_gap(0)) > 0.03
    assert "rematch makes them equal at every value" in kept.answer()
    assert "budget" not in anew.answer()
    assert max(abs(anew.spend_gap(point)) for point in range(len(anew.values))) < 0.01


# -- roots ------------------------------------------------------------------------------------------


def straight(*levels):
    """Return a difference that is a polygon over whole numbers, give or take 0.1."""
    return lambda x: estimate_mean(np.interp(x, range(len(levels)), levels) + np.array([-0.1, 0.1]), "")


def test_roots_and_stretches_of_a_polygon_are_the_exact_ones():
    half = estimate_mean([-0.1, 0.1], "").half_width
    crossings, stretches = look(straight(-4, 4, 4, -4), [0.0, 1.0, 2.0, 3.0])
    assert [one.value for one in crossings] == pytest.approx([0.5, 2.5], abs=2e-3)
    assert [one.rises for one in crossings] == [True, False]
    ends = [0.5 - half / 8, 0.5 + half / 8, 2.5 - half / 8, 2.5 + half / 8]
    assert [end for one in crossings for end in (one.low, one.high)] == pytest.approx(ends, abs=2e-3)
    assert [one.ahead for one in stretches] == [-1, 0, 1, 0, -1]
    assert (stretches[0].low, stretches[-1].high) == (0, 3)
    assert [one.high for one in stretches[:-1]] == [one.low for one in stretches[1:]]


def test_an_interval_that_goes_on_beyond_the_range_is_open():
    (one,), stretches = look(straight(-0.5, 0.5, 4), [0.0, 1.0, 2.0])
    assert (one.value, one.low) == (pytest.approx(0.5, abs=2e-3), -math.inf)
    assert one.high < 2
    assert [one.ahead for one in stretches] == [0, 1]


@pytest.mark.parametrize(
    ("levels", "values"),
    [((0, 0, 0), []), ((0, 2, 4), []), ((-2, 0, -2), []), ((2, 3, 2), []), ((-2, 0, 2), [1.0]), ((-2, 0, 0, 2), [1.0])],
)
def test_a_difference_that_touches_zero_does_not_cross_it(levels, values):
    crossings, _ = look(straight(*levels), [float(i) for i in range(len(levels))])
    assert [one.value for one in crossings] == pytest.approx(values, abs=1e-9)


def test_a_jump_over_zero_is_found():
    (one,), stretches = look(lambda x: estimate_mean([1.0, 1.0] if x > 3.21 else [-1.0, -1.0], ""), [0.0, 5.0, 10.0])
    assert one.value == pytest.approx(3.21, abs=0.01)
    assert one.low <= one.value <= one.high
    assert [one.ahead for one in stretches if one.high - one.low > 0.1] == [-1, 1]


# -- what is said -----------------------------------------------------------------------------------


def test_the_answer_says_from_where_on_and_how_surely(price):
    one = price.root
    answer = price.answer()
    assert f"has more profit than the funnel by month 8 when price is at least {price.shown(one.value)} (95 %" in answer
    assert "at today's other figures. Today it is 300, and the difference +" in answer
    assert math.isinf(price.spend_gap(price.nearest_point(one.value)))
    assert "There the flywheel alone has a budget (acquisition, service and win-back)." in answer
    assert answer in str(price)
    assert answer.split("(")[0] in price._repr_html_()


@pytest.mark.parametrize(
    ("over", "between", "said"),
    [
        ("price", (600, 900), "The flywheel has more profit than the funnel by month 8 at every value of price 600 to"),
        ("price", (10, 30), "The funnel has more profit than the flywheel by month 8 at every value of price 10 to 30"),
        ("unused", None, "makes no difference: The flywheel minus the funnel is"),
    ],
)
def test_where_nobody_overtakes_that_is_said(model, over, between, said):
    nowhere = breakeven(model, over=over, values=between, replications=6, points=3, workers=1)
    assert nowhere.crossings == ()
    assert nowhere.root is None
    assert said in nowhere.answer()
    assert "Over this range the flywheel alone has a budget (acquisition, service and win-back)." in nowhere.answer()
    if over == "price":
        ends = [abs(nowhere.difference(i).mean) for i in (0, -1)]
        assert all(f"by {end:,.0f} EUR at" in nowhere.answer() for end in ends)


def test_a_month_that_never_comes_is_said_to_never_come(model):
    price = breakeven(model, over="price", values=(10, 60), replications=6, points=3, workers=1)
    assert set(price.table()["overtakes in month"]) == {"never"}
    assert price.months_frame().month.isna().all()
    assert charts.overtaking(price).title.startswith("The funnel stays ahead of the flywheel")


def test_frames_are_tidy(price, grid):
    table = price.frame()
    assert list(table.value) == sorted(set(table.value))
    assert set(table.unit) == {"EUR"}
    assert set(table[table.value > price.root.high].ahead) == {"flywheel"}
    assert set(table[table.value < price.root.low].ahead) == {"funnel"}
    assert len(price.months_frame()) == len(table)
    cells = grid.frame()
    assert len(cells) == grid.mean.size == 16
    assert not cells.duplicated(["price", "effort"]).any()


# -- the map ----------------------------------------------------------------------------------------


def test_a_cell_is_the_journey_at_both_values_and_a_line_is_its_break_even(model, grid):
    i, j = 0, len(grid.values[1]) - 1
    there = model.with_(price=float(grid.values[0][i]), effort=float(grid.values[1][j]))
    gap = compare(there, replications=6).difference("profit")
    assert grid.mean[i, j] == pytest.approx(gap.mean)
    (one,) = grid.lines[j]
    effort = float(grid.values[1][j])
    alone = breakeven(model.with_(effort=effort), over="price", values=(60, 400), points=3, replications=6, workers=1)
    assert one.value == pytest.approx(alone.root.value, abs=0.5)
    assert one.rises


def test_the_intervals_of_a_map_hold_for_all_cells_at_once(model):
    cells = breakeven_map(model, over=("price", "stays"), points=3, replications=6, workers=1)
    (low, high), n = cells.ends, cells.gaps.shape[2]
    half = stats.t.ppf(0.975, n - 1) * cells.gaps.std(axis=2, ddof=1) / math.sqrt(n)
    assert ((high - low) / 2 > 1.2 * half).all()
    np.testing.assert_array_equal(cells.ahead == 1, low > 0)
    np.testing.assert_array_equal(cells.ahead == -1, high < 0)


def test_a_map_says_where_who_wins_and_what_it_takes(grid):
    answer = grid.answer()
    wins, loses = (grid.ahead == 1).sum(), (grid.ahead == -1).sum()
    assert f"in {wins} of 16 cells of price and effort, less in {loses}" in answer
    assert "It takes price of at least" in answer
    assert "Today, at price 300 and effort 250" in answer
    assert (np.diff([one.value for (one,) in grid.lines]) > 0).all()
    assert list(grid.table().columns) == ["effort", "flywheel ahead at price"]
    assert {one.rises for (one,) in grid.lines} == {True}


# -- charts, report and command ---------------------------------------------------------------------


@pytest.mark.parametrize("draw", [charts.breakeven, charts.overtaking])
def test_every_chart_has_its_data_and_a_title(price, draw):
    chart = draw(price)
    assert len(chart.data) == len(price.values)
    assert "flywheel" in chart.title
    assert "<svg" in chart.svg()


def test_the_chart_of_a_map_has_cells_and_line(grid):
    chart = charts.breakeven_map(grid)
    assert list(chart.data.part.value_counts()[["cell", "line"]]) == [16, len(grid.line_frame())]
    assert "<svg" in chart.svg()


def test_both_stand_in_the_report(price, grid, model, tmp_path):
    write_report(price, grid, to=tmp_path / "report.html", model=model)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "From which price on flywheel is ahead" in page
    assert "Who wins where: price and effort" in page
    assert len(list((tmp_path / "csv").glob("*.csv"))) == 3


@pytest.fixture
def flywheel(command, tmp_path, monkeypatch):
    """Return a function that runs a line in a folder with the journey of these tests."""
    (tmp_path / "care.yaml").write_text(CARE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return lambda line, *more: command(*line.split(), *more)


def test_the_command_answers_and_writes_a_report(flywheel, model, tmp_path):
    line = "breakeven care.yaml --over price --points 3 --replications 3 --workers 1 --out it"
    status, out, err = flywheel(line, "--values", "60:400", "--by", "6 months")
    assert status == 0
    asked = breakeven(model, over="price", by=6, values=(60, 400), points=3, replications=3)
    assert out.startswith(asked.answer())
    assert "report: " in err
    assert (tmp_path / "it" / "report.html").exists()
    assert len(pd.read_csv(tmp_path / "it" / "results.csv")) == len(asked.values)


def test_the_command_prints_json_alone(flywheel):
    line = "breakeven care.yaml --over price --over effort --points 3 --replications 2 --json --workers 1"
    status, out, _ = flywheel(line, "--values", "60:400", "--values", "150:450")
    assert status == 0
    printed = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert (printed["result"], set(printed["also"])) == ("BreakEven", {"map"})
    assert printed["details"]["crossings"][0]["rises"] is True
    assert len(printed["also"]["map"]["figures"]) == 16


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--over prise", "did you mean 'price'"),
        ("--over price --values 100", "write '80 %:95 %'"),
        ("--over price --values 1:2 --values 1:2", "2 --values for 1 --over; give one for each"),
        ("--over price,price", "two different ones for a map"),
        ("--over price --between 1:2", "write --values"),
        ("--over price --and effort", "write --over, once for each rate"),
        ("--over price --by soon", "24 months"),
        ("--over price --strategies funnel", "two different strategies"),
    ],
)
def test_the_command_says_what_was_written_wrong(flywheel, line, said):
    status, out, err = flywheel(f"breakeven care.yaml {line}")
    assert (status, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


# -- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda m: breakeven(m, over="price", of="proft"), "did you mean 'profit'"),
        (lambda m: breakeven(m, over="price", by=9), "the months that count are 1 to 8"),
        (lambda m: breakeven(m, over="price", by="2.5 months"), "the months that count are 1 to 8"),
        (lambda m: breakeven(m, over="price", by="12 %"), "the months that count are 1 to 8"),
        (lambda m: breakeven(m, over="price", by=True), "by is True: it takes a whole number .* a time such as"),
        (lambda m: breakeven(m, over="price", strategies=["funnel"]), "the file has: funnel, flywheel"),
        (lambda m: breakeven(m, over="price", values=(400, 60)), "each above the one before; write"),
        (lambda m: breakeven(m, over="price", values="60"), "at least two are needed, each above"),
        (lambda m: breakeven(m, over="price", points=2), "points is 2: it takes a whole number from 3"),
        (lambda m: breakeven(m, over="price", replications=1), "at least two are needed"),
        (lambda m: breakeven(m, over="price", rematch=True), "leave rematch out"),
        (lambda m: breakeven(loads(COINS), over="heads"), "the file has: none"),
        (lambda m: breakeven_map(m, over=("price", "price")), "two different rates"),
        (lambda m: breakeven_map(m, over="price"), "over is 'price': it takes two names of rates; write over="),
        (lambda m: breakeven_map(m, over=("price", "effort"), values={"prise": (1, 2)}), "does not run over"),
        (lambda m: breakeven_map(m, over=("price", "effort"), points=30), "cells are more than 400"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_remedy(model, ask, said):
    with pytest.raises(ExperimentError, match=said):
        ask(model)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda m: breakeven(m, over="prize"), "did you mean 'price'"),
        (lambda m: breakeven(m, over="price", strategies=["funnel", "flywhel"]), "did you mean 'flywheel'"),
        (lambda m: breakeven(m, over="stays", values=("90 %", "110 %")), "100 %"),
    ],
)
def test_a_rate_or_value_that_does_not_fit_is_refused(model, ask, said):
    with pytest.raises(ConfigError, match=said):
        ask(model)
