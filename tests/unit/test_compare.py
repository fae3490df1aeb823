"""A comparison holds the same people with the same luck against each other, and claims no more than it knows."""

import datetime as dt
import math
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from journeys import CLUB, COINS, club

from flywheel_sim.analysis.compare.result import Comparison, Crossover, compare
from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.experiment.crossover import crossover, overtakes
from flywheel_sim.scenario.load import loads
from flywheel_sim.stats import estimate_mean

#: Two shops decided at once, on one budget of 400: what differs is chance and price alone.
SHOPS = COINS + "strategies:\n  plain: {}\n  lucky: {rates: {heads: 75 %}}\n"
SHOPS = SHOPS.replace("batch: 40, enters", "batch: 40, cost_per_batch: 400, enters")


@pytest.fixture(scope="module")
def duel():
    return compare(club(), strategies=["quiet", "loud"], replications=6)


def test_the_difference_is_that_of_the_same_replications(duel):
    for metric in ("profit", "revenue", "referred", "cac", "spend.reward"):
        pairs = duel["loud"].terms(metric) - duel["quiet"].terms(metric) if metric != "spend.reward" else None
        if pairs is not None:
            gap = duel.difference(metric)
            assert gap == estimate_mean(pairs, gap.unit)
            assert duel.difference(metric, "quiet", "loud").mean == pytest.approx(-gap.mean)


def test_shares_differ_by_points(duel):
    assert duel.difference("conversion").unit == "points"
    assert duel.difference("observed_retention").unit == "points per month"
    assert duel.difference("profit").unit == "EUR"


def test_a_strategy_differs_from_itself_by_exactly_nothing(duel):
    for metric in ("profit", "revenue", "clv", "conversion", "active_customers"):
        same = duel.difference(metric, "loud", "loud")
        assert (same.mean, same.low, same.high) == (0.0, 0.0, 0.0)
    assert not duel.difference_series("profit", True, "loud", "loud").any()
    assert duel.crossover("profit", "loud", "loud").month is None
    assert duel.what_differs("loud", "loud") == []
    assert duel.spend_gap("loud", "loud") == 0.0


def test_the_series_of_differences_adds_up_to_the_difference(duel):
    paths = duel.difference_series("profit", cumulative=True)
    assert paths.shape == (6, 12)
    assert paths[:, -1].mean() == pytest.approx(duel.difference("profit").mean)
    np.testing.assert_allclose(np.cumsum(duel.difference_series("profit"), axis=1), paths)


def test_what_one_would_have_seen_stopping_earlier_is_the_difference_until_then(duel):
    by_month = duel.by_month("profit", months=(3, 6, 99))
    paths = duel.difference_series("profit", cumulative=True)
    assert list(by_month) == [3, 6, 12]
    assert by_month[3].mean == pytest.approx(paths[:, 2].mean())
    assert by_month[12].mean == pytest.approx(duel.difference("profit").mean)


def test_the_same_people_come_in_every_strategy(duel):
    paired = duel.pairing_gain("profit")
    assert paired > 1
    a, b = (duel[name].ledger.flow[..., duel[name].ledger.layout.role_flow("arrived")] for name in duel.names)
    np.testing.assert_array_equal(a, b)


def test_a_replication_without_a_value_is_left_out_of_the_pair(monkeypatch, duel):
    runs = [SimpleNamespace(terms=lambda _, v=v: np.array(v), unit=lambda _: "months")
            for v in ([3.0, math.inf, 5.0, math.nan], [1.0, 2.0, 2.0, 4.0])]  # fmt: skip
    monkeypatch.setattr(Comparison, "_pair", lambda *_: runs)
    assert duel.difference("payback").mean == 2.5
    assert duel.difference("payback").n == 2


# -- crossover --------------------------------------------------------------------------------------


def test_a_crossover_counts_from_the_first_month_after_the_warm_up():
    paths = np.array([[np.nan, np.nan, -1.0, 2, 3], [np.nan, np.nan, 1, 2, 3]])
    dates = [dt.date(2027, month, 1) for month in range(1, 6)]
    cross = crossover(np.where(np.isnan(paths), 0.0, paths), dates, first=3)
    assert (cross.first, cross.month, cross.low, cross.high, cross.date) == (3, 4, 3, 4, dates[3])
    assert cross.probability.mean == 100.0


@pytest.mark.parametrize(
    ("path", "month"),
    [
        ([1, 2, 3], 1),
        ([-1, 2, 3], 2),
        ([1, -1, 3, 4], 3),
        ([-1, 1, -1, 1], 4),
        ([0, 0, 1], 3),
        ([1, 2, -1], None),
        ([1, 2, 0], None),
        ([-1, -2, -3], None),
        ([5], 1),
        ([0], None),
    ],
)
def test_crossover_is_the_first_month_from_which_the_path_stays_ahead(path, month):
    assert overtakes(np.array(path, dtype=float)) == month


def synthetic(monkeypatch, duel, monthly, start=None):
    """Return the comparison with monthly differences of its profit planted, shape (replications, months)."""
    monthly = np.array(monthly, dtype=float)
    journey = replace(duel["loud"].journey, start=start)
    label = duel["loud"].metric("profit")

    def runs(paths):
        return SimpleNamespace(
            journey=journey,
            terms=lambda _: paths.sum(axis=1),
            label=lambda _: label.label,
            series=lambda _, cumulative=False: paths.cumsum(axis=1) if cumulative else paths,
            unit=lambda _: "EUR",
            metric=lambda _: label,
            books=duel["loud"].books,
        )

    monkeypatch.setattr(Comparison, "_pair", lambda *_: (runs(monthly), runs(0 * monthly)))
    monkeypatch.setattr(Comparison, "spend_gap", lambda *_: 0.0)
    return duel


def test_crossover_on_synthetic_paths(monkeypatch, duel):
    early, late, never = [-1] + [5] * 11, [-1] * 6 + [5] * 6, [-1] * 12
    cross = synthetic(monkeypatch, duel, [early] * 30 + [late] * 60 + [never] * 10, "2027-01-01").crossover()
    mean = (30 * np.cumsum(early) + 60 * np.cumsum(late) + 10 * np.cumsum(never)) / 100
    assert cross.month == overtakes(mean)
    assert (cross.low, cross.high) == (2, 8)
    assert (cross.probability.mean, cross.probability.n) == (90.0, 100)
    assert cross.date == dt.date(2027, cross.month, 1)


def test_crossover_of_paths_that_never_overtake(monkeypatch, duel):
    cross = synthetic(monkeypatch, duel, [[-1] * 12] * 4).crossover()
    assert (cross.month, cross.low, cross.high, cross.date) == (None, None, None, None)
    assert cross.probability.mean == 0.0
    assert cross.probability.high > 0


def test_crossover_of_a_ratio_means_nothing_and_is_refused(duel):
    for metric in ("arpu", "active_customers", "clv"):
        with pytest.raises(ExperimentError, match=metric):
            duel.crossover(metric)


# -- the answer -------------------------------------------------------------------------------------

NOISE = np.array([0.9, 1.0, 1.1, 1.0])[:, None]


def test_answer_ahead_from_the_start(monkeypatch, duel):
    answer = synthetic(monkeypatch, duel, NOISE * ([100] * 12)).answer()
    assert ": 1,200 more (95 % interval of the difference 1,0" in answer
    assert "ahead from the first month on. 'loud' ends ahead in 4 of 4 futures if these figures hold." in answer
    assert "spends" not in answer


def test_answer_overtakes_later(monkeypatch, duel):
    answer = synthetic(monkeypatch, duel, NOISE * ([-10] + [100] * 11), "2027-01-01").answer()
    assert "It overtakes in month 2 (February 2027)" in answer
    assert "before that, 'quiet' was ahead in month 1." in answer


def test_answer_names_both_where_the_lead_changed_before(monkeypatch, duel):
    answer = synthetic(monkeypatch, duel, NOISE * ([10, -20] + [100] * 10)).answer()
    assert "It overtakes in month 3" in answer
    assert "before that, 'quiet' was ahead in month 2 and 'loud' was ahead in month 1." in answer


def test_answer_never(monkeypatch, duel):
    answer = synthetic(monkeypatch, duel, NOISE * ([10] + [-100] * 11)).answer()
    assert ": 1,090 less (" in answer
    assert "It was ahead in month 1, and never overtakes for good by month 12." in answer
    assert "'loud' ends ahead in 0 of 4 futures if these figures hold." in answer


def test_answer_undecided(monkeypatch, duel):
    answer = synthetic(monkeypatch, duel, [[-50] * 12, [60] * 12, [-40] * 12, [50] * 12]).answer()
    assert "interval includes zero, so these runs do not tell which is ahead" in answer
    assert "95 % interval of the difference -" in answer
    assert "'loud' ends ahead in 2 of 4 futures if these figures hold." in answer


def test_answer_from_one_replication_claims_no_interval(monkeypatch, duel):
    answer = synthetic(monkeypatch, duel, [[100] * 12]).answer()
    assert "(one replication, so no interval)" in answer


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (0.05, "But its budget (acquisition, service and win-back) is 5.0% larger"),
        (-0.02, "But its budget (acquisition, service and win-back) is 2.0% smaller"),
        (math.inf, "But it alone has a budget (acquisition, service and win-back)"),
    ],
)
def test_answer_gives_no_verdict_on_unequal_budgets(monkeypatch, duel, gap, said):
    other = synthetic(monkeypatch, duel, NOISE * ([100] * 12))
    monkeypatch.setattr(Comparison, "spend_gap", lambda *_: gap)
    monkeypatch.setattr(Comparison, "left_out", lambda *_: None)
    assert other.answer().endswith(
        f"{said}, so this is no verdict on which strategy is better: match the budgets first."
    )


@pytest.mark.parametrize("gap", [0.0099, -0.0099])
def test_answer_lets_one_percent_of_the_budget_pass(monkeypatch, duel, gap):
    other = synthetic(monkeypatch, duel, NOISE * ([100] * 12))
    monkeypatch.setattr(Comparison, "spend_gap", lambda *_: gap)
    assert "verdict" not in other.answer()


def test_the_answer_never_says_better_but_to_refuse_it(duel):
    texts = [duel.answer(m, a, b) for m in ("profit", "revenue") for a, b in (("loud", "quiet"), ("quiet", "loud"))]
    assert all(re.sub("no verdict on which strategy is better", "", t).find("better") < 0 for t in texts)
    assert abs(duel.spend_gap()) > 0.01
    assert ["match the budgets" in text for text in texts] == [False, False, True, True]  # profit is judged by return


def test_both_budgets_stand_below_the_answer(duel):
    for name in duel.names:
        assert f"budget of {name}: {duel[name]['budget']}" in str(duel)
    assert "cost of sales" not in str(duel)


# -- what is compared -------------------------------------------------------------------------------


def test_a_comparison_knows_its_strategies_and_their_spend():
    shops = compare(loads(SHOPS), replications=5)
    assert shops.names == ("plain", "lucky")
    assert shops.spend_gap() == 0.0
    assert shops.difference("revenue").mean > 0
    assert shops.crossover("profit").month == 1
    assert [(d.what, d.one, d.other) for d in shops.what_differs()] == [
        ("rate heads", "50 %", "75 % (family moved from 50 %)")
    ]


def test_what_differs_names_events_left_out_and_rates(duel):
    assert [(d.what, d.one, d.other) for d in duel.what_differs()] == [
        ("event member: invite", "left out", "as in the file")
    ]
    assert [d.what for d in duel.what_differs("quiet", "loud")] == ["event member: invite"]


def test_all_strategies_of_the_file_are_compared_unless_said():
    assert compare(club(), replications=1).names == ("quiet", "loud", "louder")


def test_two_models_are_compared_on_the_same_people():
    dear = club(price="25 per month")
    two = compare(club(), dear, replications=2)
    assert two.names == ("Club (first)", "Club (second)")
    assert two.difference("acquisitions").half_width == 0.0
    assert two.difference("revenue.platform").mean == pytest.approx(
        two["Club (first)"]["revenue.platform"].mean, rel=1e-3
    )
    assert [d.what for d in two.what_differs()] == ["rate price"]


def test_two_models_take_a_strategy_each_or_one_for_both():
    other = loads(CLUB.replace("name: Club", "name: Other"))
    assert compare(club(), other, strategies=["quiet", "loud"], replications=1).names == ("quiet", "loud")
    both = compare(club(), other, strategies=["quiet"], replications=1)
    assert both.names == ("quiet (first)", "quiet (second)")
    assert [m[1] for m in both.models.values()] == ["quiet", "quiet"]
    with pytest.raises(ExperimentError, match="not 3"):
        compare(club(), other, strategies=["quiet", "loud", "louder"], replications=1)


@pytest.mark.parametrize("change", [{"horizon": "13 months"}, {"currency": "USD"}])
def test_models_of_different_horizon_or_currency_are_refused(change):
    other = loads(CLUB.replace("currency: EUR", f"currency: {change.get('currency', 'EUR')}"))
    other = other.with_(horizon=change["horizon"]) if "horizon" in change else other
    with pytest.raises(ExperimentError, match="differ in horizon or currency"):
        compare(club(), other, replications=1)


@pytest.mark.parametrize(
    ("strategies", "said"),
    [
        (["loud"], "two different strategies; the file has: quiet, loud, louder"),
        ("loud", "two different strategies; the file has: quiet, loud, louder"),
        ([], r"strategies is \[\]: it takes .* a list of names"),
        (["loud", "loud"], "strategies are loud, loud: one is named twice"),
    ],
)
def test_fewer_than_two_strategies_are_no_comparison(strategies, said):
    with pytest.raises(ExperimentError, match=said):
        compare(club(), strategies=strategies, replications=1)


def test_an_unknown_strategy_names_the_nearest(duel):
    with pytest.raises(ConfigError, match="did you mean 'loud"):
        compare(club(), strategies=["lowd", "quiet"], replications=1)
    with pytest.raises(ExperimentError, match="did you mean 'loud'"):
        duel["lowd"]


def test_tables_of_a_comparison_hold_its_figures(duel):
    table = duel.summary()
    assert table.loc["profit", "difference"] == duel.difference("profit").mean
    assert table.loc["profit", "quiet"] == duel["quiet"]["profit"].mean
    frame = duel.frame()
    assert not frame.duplicated(["strategy", "replication", "metric"]).any()
    assert set(frame.strategy) == {"quiet", "loud"}


def test_html_of_a_comparison_escapes_names_and_leads_with_the_answer():
    evil = loads(COINS.replace("name: Coins", "name: '<script>x</script>'"))
    page = compare(evil, loads(COINS), replications=2)._repr_html_()
    assert "<script>" not in page
    assert "no interval" not in page
    assert "minus" in page


def test_a_crossover_is_frozen(duel):
    assert isinstance(duel.crossover(), Crossover)
    with pytest.raises(AttributeError):
        duel.crossover().month = 3


def test_a_flow_that_a_strategy_does_without_is_zero_there():
    model = loads(LINES)
    duel = compare(model, replications=20, seed=1)
    assert duel.difference("revenue.extra", of="with", against="without").mean == duel["with"]["revenue.extra"].mean > 0
    assert duel.difference("revenue.extra", of="without", against="with").mean == -duel["with"]["revenue.extra"].mean
    with pytest.raises(ExperimentError, match="no metric"):
        duel.difference("revenue.nothing")


def test_what_one_unit_of_spend_brings_is_a_ratio_of_paired_sums():
    duel = compare(loads(LINES), replications=20, seed=1)
    brings = duel.ratio("revenue", "spend", of="with", against="without")
    assert (brings.mean, brings.low, brings.high) == pytest.approx((3, 3, 3))
    assert brings.unit == "EUR per EUR"


# -- what is left out, and several at once ----------------------------------------------------------


def test_a_strategy_that_leaves_something_out_is_judged_by_what_that_returns():
    duel = compare(loads(LINES), replications=20, seed=1)
    words = "What 'without' leaves out takes "
    assert words in duel.answer()
    assert "returns 2 EUR of profit per EUR, itself paid for (95 % interval 2 to 2)." in duel.answer()
    assert "verdict" not in duel.answer()
    assert words in duel.answer(of="with", against="without"), "whichever way round"
    left_out = duel.left_out()
    assert (left_out.by, left_out.returns.mean) == ("without", pytest.approx(2))
    assert left_out.gain.mean == pytest.approx(2 * left_out.budget.mean)


@pytest.mark.parametrize(
    ("strategies", "why"),
    [
        ("{whole: {}, lean: {without: [extra], spend: {ads: 90 per month}}}", "it has another spend on ads"),
        ("{whole: {}, other: {rates: {gift: 2}}}", "it leaves nothing out"),
        ("{one: {without: [extra]}, other: {without: [more]}}", "each leaves out something else"),
    ],
)
def test_a_strategy_that_does_more_than_leave_something_out_gets_no_such_return(strategies, why):
    text = LINES.partition("strategies")[0].replace("name: Lines", "name: Lines\nrates: {gift: 10}")
    text = text.replace("{rate: 30 per month", "{spend: 300 per month, cost_per_arrival: 10").replace("gift: 10}}\n", (
        "gift: gift}}\n      more: {after: 0.5 per month, earn: {extra: 9}, spend: {gift: 5}}\n"), 1)  # fmt: skip
    duel = compare(loads(f"{text}strategies: {strategies}\n"), replications=20, seed=1)
    assert duel.left_out() is None, why
    assert "match the budgets first" in duel.answer()


@pytest.fixture(scope="module")
def several():
    return compare(loads(LINES + "  dear: {rates: {}, without: [extra]}\n  same: {}\n"), replications=20, seed=1)


def test_several_strategies_get_one_sentence_and_a_table(several):
    first = several.answer().split(". ")[0]
    assert first.startswith("Of 4 strategies, 'with' earns the most profit by month 3, ")
    assert "these runs do not tell 'same' apart from it, the other 2 are surely behind" in first
    assert "verdict" not in several.answer(), "who leaves something out is judged by what that returns"
    assert several.answer().endswith("is judged by what that returns for its budget (last column).")
    table = several.table()
    assert list(table.columns) == [
        "profit", "minus with", "joint 95 % interval", "budget", "profit per EUR of budget"
    ]  # fmt: skip
    assert table.loc["with"].tolist()[1:3] == ["reference", ""]
    assert table.loc["without", "profit per EUR of budget"] == "+2"
    assert table.loc["same", "profit per EUR of budget"] == "same budget"
    assert not any("earns" in one for one in several.remarks()), "no paragraph for each pair"
    assert [one.name for one in several.standings()] == list(table.index)


def test_where_all_leave_out_parts_of_one_no_winner_on_one_budget_is_claimed():
    text = LINES.replace(
        "spend: {gift: 10}}", "spend: {gift: 10}}\n      more: {after: 0.5 per month, spend: {gift: 5}}"
    )
    text = text.replace("without: {without: [extra]}", "no_extra: {without: [extra]}\n  no_more: {without: [more]}")
    answer = compare(loads(text), replications=20, seed=1).answer()
    assert answer.startswith("Of 3 strategies, 'no_more' earns the most profit")
    assert "verdict" not in answer, "'no_more' and 'no_extra' spend unlike, but each is held against 'with'"
    assert "judged by what that returns" in answer


def test_the_joint_intervals_of_the_table_are_those_of_the_ranking(several):
    gap = several.ranking().gap("without", "with")
    (row,) = [row for row in several.details()["standings"] if row["strategy"] == "without"]
    assert (row["gap"], row["gap_low"], row["gap_high"]) == (gap.mean, gap.low, gap.high)


def test_several_that_all_lose_money_are_said_to():
    text = COINS.replace("batch: 40", "batch: 40, cost_per_batch: 4000")
    trio = loads(text + "strategies: {a: {}, b: {rates: {heads: 40 %}}, c: {rates: {heads: 90 %}}}\n")
    answer = compare(trio, replications=10).answer()
    assert answer.startswith("All 3 strategies lose money by month 1; 'c' loses least, ")
    mixed = loads(COINS.replace("batch: 40", "batch: 40, cost_per_batch: 50")
                  + "strategies: {a: {}, b: {rates: {heads: 10 %}}, c: {rates: {heads: 90 %}}}\n")  # fmt: skip
    assert "; 'a' and 'b' lose money." in compare(mixed, replications=10).answer()


LINES = """
name: Lines
horizon: 3 months
currency: EUR
channels: {ads: {rate: 30 per month, enters: client}}
journey:
  client:
    role: customer
    events:
      extra: {after: 0.5 per month, earn: {extra: 30}, spend: {gift: 10}}
strategies:
  with: {}
  without: {without: [extra]}
"""
