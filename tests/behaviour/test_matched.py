"""Matched budgets: solved for on some replications, equal on others."""

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim import ExperimentError, loads
from flywheel_sim.experiment import budgets
from flywheel_sim.experiment.budgets import match_budgets

FILE = """
name: Duel
horizon: 24 months
currency: EUR
channels:
  ads: {spend: 1000 per month, cost_per_arrival: 10, at_most: 300 per month, enters: visit}
  word: {enters: visit}
journey:
  visit: {role: prospect, after: 10 days, to: {member: 20 %, gone: rest}}
  member:
    role: customer
    events:
      renewal: {every: 1 month, earn: {fee: 30}, to: {stay: 90 %, gone: rest}}
      tell: {every: 0.1 per month, refer: word, spend: {reward: 15}}
  gone: exit
costs: {office: 500 per month}
strategies:
  loop: {}
  funnel: {without: [tell], spend: {ads: matched}}
"""


def total(model, strategy, seed, replications):
    runs = fs.replicate(model, strategies=strategy, replications=replications, seed=seed, workers=1)
    return runs.values("budget")


def test_budgets_agree_in_fresh_replications():
    model, (match,) = match_budgets(loads(FILE))
    assert (match.strategy, match.reference, match.name, match.unit) == ("funnel", "loop", "ads", "EUR per month")
    assert match.spend > 1000
    ours, theirs = (total(model, name, 4711, 400) for name in ("funnel", "loop"))
    assert abs(ours.mean() / theirs.mean() - 1) < 0.005
    assert abs(match.gap.mean) < 0.05
    assert match.gap.high - match.gap.low < 2 * 2.2 * 0.15


def test_overheads_stay_out_of_the_match():
    dear = FILE.replace("office: 500 per month", "office: 90000 per month")
    extra = FILE.replace("funnel: {", "funnel: {costs: {office: 700 per month}, ")
    spends = [match_budgets(loads(text))[1][0].spend for text in (FILE, dear, extra)]
    assert spends[0] == spends[1] == spends[2]


def test_cost_of_sales_stays_out_of_the_match():
    goods = FILE.replace("earn: {fee: 30}", "earn: {fee: 30}, spend: {goods: 12}")
    kind = "lines: {goods: {kind: cost_of_sales}}\nstrategies:"
    (plain,) = match_budgets(loads(FILE))[1]
    (apart,) = match_budgets(loads(goods.replace("strategies:", kind)))[1]
    (counted,) = match_budgets(loads(goods))[1]
    assert apart.spend == plain.spend
    assert counted.spend < 0.99 * apart.spend, "the funnel sells more, and its goods eat what it may spend"
    assert [one.mean for one in plain.cost_of_sales] == [0, 0]
    assert apart.cost_of_sales[0].mean > apart.cost_of_sales[1].mean > 0
    assert "cost of sales, apart from it" in str(apart)


def test_derived_lines_count_as_what_they_are_called():
    fees = "lines: {{fees: {{share: 40 %, of: fee, kind: {}}}}}\nstrategies:"
    of_sales, service = (match_budgets(loads(FILE.replace("strategies:", fees.format(kind))))[1][0].spend
                         for kind in ("cost_of_sales", "service"))  # fmt: skip
    assert of_sales == match_budgets(loads(FILE))[1][0].spend
    assert service < 0.99 * of_sales


def test_a_lever_can_be_what_is_matched():
    text = FILE.replace("costs:", "levers: {brand: {spend: 300 per month, moves: {}}}\ncosts:").replace(
        "moves: {}", "moves: {buys: {without: 18 %, limit: 30 %}}").replace("member: 20 %", "member: buys").replace(
        "channels:", "rates: {buys: 20 %}\nchannels:").replace("ads: matched", "brand: matched")  # fmt: skip
    model, (match,) = match_budgets(loads(text))
    assert (match.name, match.unit) == ("brand", "EUR per month")
    ours, theirs = (total(model, name, 4711, 400) for name in ("funnel", "loop"))
    assert abs(ours.mean() / theirs.mean() - 1) < 0.005


def test_a_budget_that_cannot_be_matched_is_refused():
    text = FILE.replace("loop: {}", "loop: {without: [tell], spend: {ads: 1 per month}}").replace(
        "channels:\n", "channels:\n  fair: {batch: 500, cost_per_batch: 0, enters: visit}\n"
    )
    text = text.replace("funnel: {without", "funnel: {channels: {fair: {cost_per_batch: 900}}, without")
    with pytest.raises(
        ExperimentError, match=r"'funnel' has a budget of [\d,]+ even with nothing for ads, more than the"
    ):
        match_budgets(loads(text))


def test_where_all_are_matched_there_is_nothing_to_match_with():
    with pytest.raises(ExperimentError, match="has no strategy to match"):
        match_budgets(loads(FILE.replace("loop: {}", "loop: {spend: {ads: matched}}")))


def test_nothing_is_run_where_nothing_is_matched():
    model = loads(FILE.replace("ads: matched", "ads: 1200 per month"))
    assert match_budgets(model) == (model, ())
    assert match_budgets(loads(FILE), strategies=["loop"])[1] == ()


def test_the_match_does_not_depend_on_workers():
    matches = []
    for workers in (1, 2):
        budgets._SOLVED.clear()  # what was solved for once in a process is not solved for again
        matches.append(match_budgets(loads(FILE), workers=workers)[1][0])
    assert matches[0].spend == matches[1].spend
    assert np.isclose(matches[0].gap.mean, matches[1].gap.mean, rtol=0, atol=0)


# -- a budget is matched once -----------------------------------------------------------------------


@pytest.fixture
def solved(monkeypatch):
    """Forget what was solved for, and count what is."""
    budgets._SOLVED.clear()
    names, solve = [], budgets._solve

    def counted(lever, *rest):
        names.append(lever.name)
        return solve(lever, *rest)

    monkeypatch.setattr(budgets, "_solve", counted)
    yield names
    budgets._SOLVED.clear()


def test_after_one_comparison_nothing_is_solved_for_again(solved):
    model = loads(FILE)
    few = {"replications": 3, "workers": 1}
    spend = fs.compare(model, **few).matches[0].spend
    asked = [
        fs.replicate(model, strategies="funnel", **few),
        fs.sensitivity(loads(FILE.replace("stay: 90 %", "stay: keeps") + RATE), over="keeps", strategies="loop", **few),
        fs.run(model, strategies="funnel"),
        fs.claims(model, strategies=["loop", "funnel"], **few),
        fs.momentum(model, strategies="funnel", **few),
    ]
    assert solved == ["funnel"]
    assert all(isinstance(one, fs.Result) for one in asked)
    assert fs.match_budgets(model)[1][0].spend == spend


RATE = "rates: {keeps: {value: 90 %, why: measured}}\n"


def test_a_solution_belongs_to_the_scenario_the_luck_and_the_nearness(solved):
    model = loads(FILE)
    (first,) = match_budgets(model)[1]
    again = loads(FILE).with_(name="Another name", reference="loop")
    assert match_budgets(again)[1] == (first,)
    assert match_budgets(model.with_(horizon="24 months", discount="8 % per year", follow="6 months"))[1] == (first,)
    assert match_budgets(loads(FILE + "  calm: {without: [tell]}\n"), strategies="funnel")[1] == (first,)
    assert solved == ["funnel"]
    assert match_budgets(model, seed=7)[1][0].spend != first.spend
    match_budgets(model, near=0.01)
    match_budgets(model.with_(horizon="12 months"))
    match_budgets(model.with_(**{"channels.ads.cost_per_arrival": 12}))
    assert solved == ["funnel"] * 5
    assert match_budgets(model)[1] == (first,)
    assert solved == ["funnel"] * 5


def test_what_moves_only_when_more_is_spent_is_another_solution(solved):
    """Two levers alike at nothing and today's spend but not in between are not taken for one another."""
    lever = "levers:\n  care: {spend: 2 per customer per month, moves: {keeps: {without: 80 %, limit: LIMIT}}}\n"
    text = FILE.replace("stay: 90 %", "stay: keeps").replace("spend: {ads: matched}", "spend: {care: matched}") + RATE
    spends = [match_budgets(loads(text + lever.replace("LIMIT", limit)))[1][0].spend for limit in ("95 %", "99 %")]
    assert spends[0] != spends[1]
    assert solved == ["funnel"] * 2


def test_a_break_even_and_a_comparison_have_the_same_spend(solved):
    doubted = RATE.replace("why", "uncertain: [85 %, 95 %], why")
    model = loads(FILE.replace("stay: 90 %", "stay: keeps") + doubted)
    few = {"replications": 3, "workers": 1}
    spend = fs.compare(model, **few).matches[0].spend
    found = fs.breakeven(model, over="keeps", values=["85 %", "95 %"], points=3, **few)
    assert found.base_runs["funnel"].journey.channels[0].spend.cells[0] * 2_628_000_000 / 1e6 == pytest.approx(spend)
    assert solved == ["funnel"]
