"""Questions about a budget: what comes back, in which shape, and what is refused before anything runs."""

import json

import numpy as np
import pytest

from flywheel_sim.analysis.allocation.by_horizon import allocation_by_horizon
from flywheel_sim.analysis.allocation.certificate import Certificate
from flywheel_sim.analysis.allocation.charts import allocation as allocation_chart
from flywheel_sim.analysis.allocation.charts import allocation_by_horizon as by_horizon_chart
from flywheel_sim.analysis.allocation.charts import marginal as marginal_chart
from flywheel_sim.analysis.allocation.marginal import marginal
from flywheel_sim.analysis.allocation.section import sections
from flywheel_sim.analysis.allocation.spends import at_spends, per_month, places_of
from flywheel_sim.analysis.allocation.split import allocate
from flywheel_sim.analysis.allocation.split_search import Bench, futures
from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.experiment.driver import replicate_jobs
from flywheel_sim.experiment.replicate import replicate
from flywheel_sim.experiment.running import Job, RunOptions
from flywheel_sim.scenario.load import loads
from flywheel_sim.stats import Estimate

SHOP = """
name: Shop
start: 2027-03-01
horizon: 6 months
currency: EUR
rates:
  budget: {value: 300 per month, why: "the plan"}
  buys: 20 %
  stays: 80 % per month
  invites: 0.1 per month
channels:
  ads: {spend: budget, cost_per_arrival: 5, at_most: 100 per month, enters: guest}
  poster: {spend: 100 per week, cost_per_arrival: 8, at_most: 60 per month, enters: guest}
  old: {present: 20, enters: client}
  friends: {enters: guest}
journey:
  guest: {role: prospect, after: 3 days, to: {client: buys, gone: rest}}
  client:
    role: customer
    on_entry: {earn: {fee: 40}}
    events:
      renewal: {every: 1 month, to: {stay: {chance: stays, earn: {fee: 40}}, gone: rest}}
      invite: {every: invites, refer: friends}
  gone: exit
levers:
  care:   {spend: 2 per customer per month, moves: {stays: {without: 75 %, limit: 90 %}}}
  reward: {spend: 0 per invite, moves: {invites: {5: 0.14 per month, limit: 0.25 per month}}}
  slow:   {moves: {buys: {without: 25 %}}}
strategies:
  plain: {}
  bare: {without: [care, reward, poster]}
  even: {without: [poster], spend: {care: matched}}
  weekly: {spend: {care: 1 per customer per week}}
"""
ASKED = {"over": ["ads", "care"], "replications": 6, "seed": 1, "workers": 1}


@pytest.fixture(scope="module")
def model():
    return loads(SHOP)


@pytest.fixture(scope="module")
def best(model):
    return allocate(model, budget="600 per month", strategies="plain", **ASKED)


@pytest.fixture(scope="module")
def euro(model):
    return marginal(model, strategies="plain", horizon=["2 months", "6 months"], replications=6, seed=1, workers=1)


# -- places -----------------------------------------------------------------------------------------


def test_places_are_what_a_strategy_spends_on_with_todays_spend_in_its_own_unit(model):
    by_place = {place.name: (place.kind, place.today, place.unit) for place in places_of(model, "plain")}
    assert by_place == {
        "ads": ("channel", pytest.approx(300), "EUR per month"),
        "poster": ("channel", pytest.approx(100 * 365 / 7 / 12), "EUR per month"),
        "care": ("lever", 2.0, "EUR per customer per month"),
        "reward": ("lever", 0.0, "EUR per invite"),
    }
    assert [place.name for place in places_of(model, "bare")] == ["ads"]
    (care,) = places_of(model, "weekly", ["care"])
    assert (care.today, care.unit) == (1.0, "EUR per customer per week")


def test_spends_of_places_are_what_the_ledger_books(model):
    places = places_of(model, "plain", ["care", "reward", "poster"])
    spends = dict(zip(places, (3.0, 5.0, 200.0), strict=True))
    (runs,) = replicate_jobs([Job(at_spends(model, "plain", spends), 1)], 3, RunOptions(workers=1))
    written = model.with_(**{
        "levers.care.spend": "3 per customer per month", "levers.reward.spend": "5 per invite",
        "channels.poster.spend": "200 per month",
    })  # fmt: skip
    same = replicate(written, strategies="plain", replications=3, seed=1, workers=1)
    assert runs.values("profit") == pytest.approx(same.values("profit"))
    for place in places:
        assert same.values(f"spend.{place.name}").all()
        assert runs.books.over(place.series(runs.books)) == pytest.approx(same.values(f"spend.{place.name}"))


def test_a_matched_spend_is_a_place_that_can_be_moved(model):
    solved = model.at_spend("even", 1.0)
    (care,) = places_of(solved, "even", ["care"])
    assert care.today == 1.0
    moved = at_spends(solved, "even", {care: 4.0})
    assert moved.fingerprint == model.at_spend("even", 4.0).journey("even").fingerprint
    assert moved.fingerprint != solved.journey("even").fingerprint


@pytest.mark.parametrize(("given", "monthly"), [("1200 per month", 1200), (70, 70), ("120 per year", 10)])
def test_money_is_read_per_month(given, monthly):
    assert per_month(given, "budget") == pytest.approx(monthly)


# -- the next euro ----------------------------------------------------------------------------------


def test_the_next_euro_has_a_joint_interval_at_every_place_and_horizon(euro):
    assert euro.months == (2, 6)
    assert euro.gained.shape == euro.paid.shape == (4, 2, 6)
    assert len(euro.frame()) == 8
    one = euro.at("care", 6)
    assert one.low < one.mean < one.high
    assert one.unit == "EUR per EUR"
    assert one.mean == pytest.approx(euro.gained[2, 1].sum() / euro.paid[2, 1].sum())
    assert euro.at("ads", 6).half_width > 0
    assert (euro.paid[0, 1] > euro.paid[0, 0]).all()
    assert set(euro.ranking(6).names) == {"ads", "poster", "care", "reward"}
    assert euro.answer() in str(euro)
    assert "<b>" in euro._repr_html_()
    assert list(euro.base_runs) == ["plain"]


def test_what_is_spent_by_the_month_is_paid_as_stated(euro):
    assert euro.paid[0, 1] == pytest.approx(2 * euro.step * 6, rel=1e-3)


def test_where_nothing_is_spent_the_step_goes_up_alone(euro):
    assert euro.spent[3].sum() == 0
    assert (euro.paid[3, 1] > 0).all()


# -- the split --------------------------------------------------------------------------------------


def test_a_split_spends_the_budget_and_knows_its_own_units(best):
    for name in ("best", "today", "even"):
        assert best.spent(name).mean == pytest.approx(600, rel=0.005)
    assert list(best.best) == ["ads", "care"]
    assert best.points["even"].split == pytest.approx([300, 300], abs=2)
    assert best.points["best"].own[0] == pytest.approx(best.best["ads"], abs=0.01)
    assert best.scaled
    assert best.spend.startswith("spend: {ads: ")
    assert "per customer per month" in best.spend
    assert len(best.frame()) == 6
    assert best.frame().groupby("split")["share"].sum().to_numpy() == pytest.approx(100)
    assert set(best.worth) == {"ads", "care"}
    assert best.took > 100


def test_the_best_split_can_be_pasted_into_a_strategy(best):
    written = loads(SHOP.replace("plain: {}", f"plain: {{{best.spend}}}"))
    runs = replicate(written, strategies="plain", replications=6, seed=best.certificate.seed, workers=1)
    assert runs["profit"].mean == pytest.approx(best.estimate().mean, rel=0.01)


def test_the_verdict_rests_on_other_luck_than_the_search(best):
    assert best.certificate.seed != best.today.provenance.seed
    assert set(best.certificate.gains) == {("ads", "care"), ("care", "ads")}
    assert best.difference("best", "even").mean >= 0


def test_a_split_is_the_same_whoever_runs_it(model, best):
    again = allocate(model, budget=600, strategies="plain", **{**ASKED, "workers": 2})
    assert again.best == best.best
    assert again.estimate() == best.estimate()


def test_answers_read_well_and_stand_in_the_report(best, euro):
    assert "Of 600 EUR per month, profit within 6 months is highest with" in best.answer()
    assert best.certificate.holds == ("No shift of 1 %" in best.answer())
    for result in (best, euro):
        section = sections(result)[0]
        assert section.texts[0] == result.answer()
        assert len(section.tables[0].heads) == len(section.tables[0].rows[0])
        assert result.answer() in str(result)
    assert "To paste into a strategy" in sections(best)[0].texts[1]
    assert "<b>" in best._repr_html_()


def test_a_certificate_names_the_shift_that_breaks_it():
    gain = {("ads", "care"): Estimate(9.0, 2.0, 16.0, 0.95, 10, "EUR"),
            ("care", "ads"): Estimate(-9.0, -16.0, -2.0, 0.95, 10, "EUR")}  # fmt: skip
    assert not Certificate(gain, 1).holds
    assert "from ads to care adds 9 EUR" in str(Certificate(gain, 1))
    assert Certificate({("care", "ads"): gain["care", "ads"]}, 1).holds


def test_the_best_split_moves_with_the_horizon(model):
    by_horizon = allocation_by_horizon(
        model, horizon=["2 months", "6 months"], budget=600, strategies="plain", **ASKED | {"replications": 4}
    )
    assert list(by_horizon.by) == ["2 months", "6 months"]
    assert {one.budget for one in by_horizon.by.values()} == {600}
    assert by_horizon.by["2 months"].best["ads"] < by_horizon.by["6 months"].best["ads"] + 600
    assert len(by_horizon.frame()) == 12
    assert list(by_horizon.base_runs) == ["2 months", "6 months"]
    assert "From 2 months to 6 months" in by_horizon.answer()
    assert "<b>" in by_horizon._repr_html_()
    chart = by_horizon_chart(by_horizon)
    assert "<svg" in chart.svg()
    assert len(chart.data) == 12
    assert sections(by_horizon)[0].title == "The best split by horizon"


@pytest.mark.parametrize(("draw", "answer", "rows"), [(marginal_chart, "euro", 8), (allocation_chart, "best", 6)])
def test_every_chart_has_its_data_and_a_title(draw, answer, rows, request):
    chart = draw(request.getfixturevalue(answer))
    assert len(chart.data) == rows
    assert "<svg" in chart.svg()
    assert any(word in chart.title for word in ("profit", "euro"))


# -- what decides, and what is known before a run -----------------------------------------------------


def test_a_quantile_is_spread_over_replications_with_its_own_standard_error():
    values = np.random.default_rng(4).normal(100, 10, (400, 300))
    spread = futures(values, 0.25)
    assert spread.mean(axis=1) == pytest.approx(np.quantile(values, 0.25, axis=1))
    errors = spread.std(axis=1, ddof=1) / np.sqrt(300)
    assert errors.mean() == pytest.approx(np.quantile(values, 0.25, axis=1).std(), rel=0.15)
    assert futures(values, None) is values


def bench(low=(0, 0, 0), high=(100, 100, 100)):
    made = Bench(None, None, (None,) * 3, "profit", None, 1, 2, RunOptions(), lambda count: None)
    made.budget, made.low, made.high = 100.0, np.array(low, dtype=float), np.array(high, dtype=float)
    return made


def test_a_split_is_brought_within_budget_and_bounds():
    assert bench().fitted(np.array([10.0, 20, 30])) == pytest.approx([10 + 40 / 3, 20 + 40 / 3, 30 + 40 / 3])
    assert bench(high=(20, 100, 100)).fitted(np.array([50.0, 25, 25])) == pytest.approx([20, 40, 40])
    assert bench(low=(60, 0, 0)).fitted(np.array([0.0, 50, 50])) == pytest.approx([60, 20, 20])


def test_exchanges_move_a_share_or_what_room_there_is():
    exchanges = {(giver, taker): split for giver, taker, split in bench().exchanges(np.array([0.0, 3, 97]), 0.05)}
    assert set(exchanges) == {(1, 0), (1, 2), (2, 0), (2, 1)}
    assert exchanges[1, 0] == pytest.approx([3, 0, 97])
    assert exchanges[2, 1] == pytest.approx([0, 8, 92])
    bound = {(giver, taker): split for giver, taker, split in
             bench(low=(0, 2, 0), high=(100, 4, 100)).exchanges(np.array([0.0, 3, 97]), 0.05)}  # fmt: skip
    assert bound[2, 1] == pytest.approx([0, 4, 96])
    assert bound[1, 2] == pytest.approx([0, 2, 98])


# -- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda m: allocate(m, over=["ad", "care"]), "nothing is spent on 'ad'; did you mean 'ads'"),
        (lambda m: allocate(m, strategies="bare", over=["ads", "care"]), "does without 'care'; leave it out"),
        (lambda m: allocate(m, strategies="bare"), r"two to six places, not 1 \(ads\)"),
        (lambda m: allocate(m, over=["ads"]), "two to six places"),
        (lambda m: allocate(m, budget="much"), "budget is 'much'"),
        (lambda m: allocate(m, budget="500"), "money per period is needed"),
        (lambda m: allocate(m, budget="3 per customer per month"), "money per period is needed"),
        (lambda m: allocate(m, budget=0, replications=1), "a budget of nothing"),
        (lambda m: allocate(m, risk=5), "risk is 5: it takes a number from 0 to 1, neither of them; write risk=0.05"),
        (lambda m: allocate(m, of="proft"), "did you mean 'profit'"),
        (lambda m: allocate(m, at_most={"car": 5}), "at_most names 'car', which is no place; did you mean 'care'"),
        (lambda m: allocate(m, budget=100, at_least={"ads": 200}, replications=1), "do not fit between at_least"),
        (lambda m: allocate(m, budget=100, at_most=dict.fromkeys(["ads", "poster", "care", "reward"], 5)),
         "do not fit between at_least"),
        (lambda m: marginal(m, of="clv", replications=2), "of is 'clv', which does not add up over months"),
        (lambda m: marginal(m, step="0 %", replications=1), "moves nothing"),
        (lambda m: marginal(m, step="often", replications=1), "step is 'often'"),
        (lambda m: marginal(m, horizon=["7 months"]), "whole months are needed, from 1 to 6"),
        (lambda m: marginal(m, horizon=["3 weeks"]), "whole months are needed"),
        (lambda m: allocation_by_horizon(m, horizon=["3 months"]), "takes two times or more"),
        (lambda m: allocation_by_horizon(m, horizon="3 months"), "takes two times or more"),
        (lambda m: allocation_by_horizon(m, horizon=["3 months"] * 2), "two different times at least"),
        (lambda m: allocate(m, strategies=["plain", "even"]), "fs.allocate is about one strategy, not 2"),
        (lambda m: allocate(m, places=["ads"]), r"write over=\[...\]"),
        (lambda m: allocate(m, strategy="plain"), "write strategies="),
        (lambda m: allocate(m, "profit", ["ads"], "plain"), "write strategies='plain'"),
        (lambda m: allocation_by_horizon(m, horizons=["3 months"]), r"write horizon=\[...\]"),
        (lambda m: marginal(m, horizons=["3 months"]), r"write horizon=\[...\]"),
        (lambda m: marginal(m, metric="revenue"), "write of="),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_with_a_remedy(model, ask, said):
    with pytest.raises(ExperimentError, match=said):
        ask(model)


@pytest.fixture
def flywheel(command, tmp_path):
    """Return a function that runs a line of the command on the journey of these tests."""
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP, encoding="utf-8")
    line = ["--strategies", "plain", "--over", "ads", "--over", "care", "--replications", "3", "--workers", "1"]
    return lambda *words: command("allocate", str(path), *line, *words)


def test_the_command_splits_a_budget_within_bounds(flywheel):
    words = ["--budget", "600 per month", "--horizon", "2 months", "--at-most", "care=200 per month", "--risk", "0.25"]
    status, out, _ = flywheel(*words, "--json")
    assert status == 0
    answer = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert sum(answer["details"]["best"].values()) == pytest.approx(600, rel=0.005)
    assert answer["details"]["best"]["care"] <= 201
    assert answer["details"]["spend"].startswith("spend: {ads: ")
    assert "the 25 % quantile of profit" in answer["answer"]
    assert answer["details"]["value"]["n"] == 3


def test_the_command_says_where_the_next_euro_goes(flywheel):
    status, out, _ = flywheel("--marginal", "--horizon", "2 months")
    assert status == 0
    assert "Within 2 months the next euro brings most at" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--marginal", "--budget", "5"), "--budget is about splitting a budget"),
        (("--strategies", "even"), "about one strategy, not 2 (plain, even)"),
        (("--step", "5 %"), "--step is about the next euro"),
        (("--at-most", "care"), "not PLACE=MONEY"),
    ],
)
def test_the_command_says_what_was_written_wrong(flywheel, words, said):
    status, out, err = flywheel(*words)
    assert (status, out) == (2, "")
    assert said in err


def test_a_strategy_that_is_not_there_is_refused(model):
    with pytest.raises(ConfigError, match="did you mean 'plain'"):
        allocate(model, strategies="plian")


def test_a_lever_that_does_not_say_what_more_spend_does_is_refused():
    silent = loads(SHOP.replace("{without: 75 %, limit: 90 %}", "{without: 75 %}").split("strategies:")[0])
    with pytest.raises(ConfigError, match="the lever does not say what 'stays' is"):
        marginal(silent, over=["ads", "care"], replications=1)


def test_a_lever_whose_event_never_happens_is_no_place_for_a_euro():
    never = loads(SHOP.replace("invites: 0.1 per month", "invites: 0 per month").replace(
        "moves: {invites: {5: 0.14 per month, limit: 0.25 per month}}", "moves: {buys: {limit: 25 %, 5: 22 %}}"
    ))  # fmt: skip
    with pytest.raises(ExperimentError, match="nothing is ever spent on 'reward'"):
        marginal(never, strategies="plain", replications=1)


def test_a_split_or_place_that_was_not_asked_for_is_refused(best, euro):
    with pytest.raises(ExperimentError, match="'bst' is no split; did you mean 'best'"):
        best.estimate("bst")
    with pytest.raises(ExperimentError, match="months is 3, which was not asked for; write 2 or 6"):
        euro.at("ads", 3)
