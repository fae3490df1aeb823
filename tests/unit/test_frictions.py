"""Friction ranking: each removed on the same people, joint intervals, ranks, and all of them together."""

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.analysis.momentum.charts import bars as charts
from flywheel_sim.analysis.momentum.frictions import frictions, frictions_of, without
from flywheel_sim.analysis.momentum.section import sections
from flywheel_sim.analysis.momentum.windows import net_per_month
from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.scenario.load import loads
from flywheel_sim.stats import estimate_mean

SHOP = """
name: Shop
horizon: 12 months
currency: EUR
rates:
  buys:   {value: 20 %, why: "the funnel report"}
  stays:  {value: 85 % per month, by: {plan: {plus: 90 %}}, why: "renewals"}
  writes: {value: 0.02 per month, why: "letters"}
attributes: {plan: {basic: 80 %, plus: rest}}
channels:
  ads:     {spend: 500 per month, cost_per_arrival: 5, enters: visitor}
  friends: {enters: visitor}
journey:
  visitor: {role: prospect, phase: attract, after: {exponential: 5 days}, to: {client: buys, gone: rest}}
  client:
    role: customer
    phase: delight
    events:
      renewal: {every: 1 month, to: {stay: {chance: stays, earn: {fee: 20}}, gone: rest}}
      letter:  {every: writes}
      tell:    {every: 0.1 per month, refer: friends}
  gone: exit
levers:
  ads_agency: {spend: 100 per month, moves: {buys: {without: 18 %, limit: 30 %}}}
  slow_site:  {phase: attract, moves: {buys: {without: 23 %}}}
  faults:     {phase: delight, moves: {stays: {without: 89 %}}}
  no_stamps:  {moves: {writes: {without: 0.03 per month}}}
strategies:
  today: {}
  no_site: {without: [slow_site]}
  no_faults: {without: [faults]}
  neither: {without: [slow_site, faults, no_stamps]}
  quiet: {without: [client.tell, ads_agency]}
  quiet_no_site: {without: [client.tell, ads_agency, slow_site]}
  same_money: {without: [tell], spend: {ads: matched}}
"""
N = 12


@pytest.fixture(scope="module")
def model():
    return loads(SHOP)


@pytest.fixture(scope="module")
def costs(model):
    return frictions(model, strategies="today", replications=N, seed=3)


@pytest.fixture(scope="module")
def by_hand(model):
    """Return the same journeys by the strategies that do without the frictions."""
    names = ["today", "no_site", "no_faults", "neither"]
    return {name: fs.replicate(model, strategies=name, replications=N, seed=3) for name in names}


def test_a_gain_is_the_paired_difference_to_the_strategy_that_does_without(costs, by_hand):
    for name, strategy in (("slow_site", "no_site"), ("faults", "no_faults")):
        gap = by_hand[strategy].values("profit") - by_hand["today"].values("profit")
        assert costs.gain(name).mean == pytest.approx(gap.mean())
        net = net_per_month(by_hand[strategy]) - net_per_month(by_hand["today"])
        assert costs.gain(name, "momentum").mean == pytest.approx(net.mean())
        assert costs.gain(name, "momentum").unit == "customers per month"


def test_all_together_and_the_interaction(costs, by_hand):
    gap = by_hand["neither"].values("profit") - by_hand["today"].values("profit")
    assert costs.together().mean == pytest.approx(gap.mean())
    single = sum(costs.gain(name).mean for name in costs.names)
    assert costs.summed().mean == pytest.approx(single)
    assert costs.interaction().mean == pytest.approx(gap.mean() - single)
    assert costs.interaction().low > 0  # who buys and stays multiplies
    assert "more than their single gains add up to" in costs.answer()


def test_they_are_ranked_by_gain_and_those_not_told_from_zero_are_told(costs):
    gains = [costs.gain(name).mean for name in costs.names]
    assert gains == sorted(gains, reverse=True)
    assert costs.names[-1] == "no_stamps"
    assert (costs.gain("no_stamps").mean, costs.gain("no_stamps").low) == (0, 0)
    table = costs.frame()
    assert table.query("friction == 'no_stamps'")["told_apart"].tolist() == [False, False]
    assert "2 of 3 gains are told apart from zero" in costs.answer()
    assert "not told from 0" in costs.table().loc["no_stamps"].iloc[2]


def test_intervals_hold_for_all_at_once(costs, by_hand):
    gap = by_hand["no_site"].values("profit") - by_hand["today"].values("profit")
    alone, joint = estimate_mean(gap, "EUR"), costs.gain("slow_site")
    assert joint.low < alone.low - 0.01 * alone.half_width
    assert joint.high > alone.high + 0.01 * alone.half_width


def test_ranks_are_those_the_ranking_allows(costs):
    ranking = costs.rankings["profit"]
    for name in costs.names:
        assert costs.ranks(name) == ranking.ranks(name)
    assert costs.ranks("no_stamps") == (3, 3)
    table = costs.frame()
    own = table[(table["figure"] == "profit") & table["rank"].notna()]
    assert own["rank"].tolist() == [1, 2, 3]
    assert (own["first_rank"] <= own["rank"]).all()
    assert (own["rank"] <= own["last_rank"]).all()


def test_a_lever_with_a_spend_is_no_friction(model):
    assert [one.name for one in frictions_of(model, "today")] == ["slow_site", "faults", "no_stamps"]
    site = frictions_of(model)[0]
    assert (site.phase, site.moves) == ("attract", ("buys: 20 % → 23 %",))


def test_what_a_strategy_does_without_already_is_not_tried_and_stays_out(model):
    assert [one.name for one in frictions_of(model, "no_site")] == ["faults", "no_stamps"]
    quiet = without(model, "quiet", ["slow_site"])
    other = model.journey("quiet_no_site")
    assert (quiet.channels, quiet.stages, quiet.sets, quiet.costs) == (
        other.channels, other.stages, other.sets, other.costs,
    )  # fmt: skip
    assert quiet.stages != model.journey("quiet").stages


def test_a_friction_moves_a_changed_figure_on_from_where_it_is(model):
    richer = model.with_(buys="30 %")
    assert frictions_of(richer)[0].moves == ("buys: 20 % → 23 %",)  # what the file says of it
    more = frictions(richer, replications=4, seed=3)
    assert more.gain("slow_site").mean > 0  # the lever multiplies the odds, wherever they stand


def test_a_matched_spend_stays_as_it_was_found(model):
    solved = model.at_spend("same_money", 400.0)
    gained = frictions(solved, strategies="same_money", replications=4, seed=3)
    spends = {name: without(solved, "same_money", [name]).channels[0].spend for name in gained.names}
    assert set(spends.values()) == {solved.journey("same_money").channels[0].spend}


def test_lowest_is_best_turns_the_order_round(model):
    cheap = frictions(model, "cac", best="lowest", replications=4, seed=3)
    gains = [cheap.gain(name).mean for name in cheap.names]
    assert gains == sorted(gains)
    assert gains[0] < 0


def test_momentum_may_be_of_the_last_months(model):
    late = frictions(model, window="3 months", replications=4, seed=3)
    today = fs.replicate(model, replications=4, seed=3)
    gone = frictions(model, replications=4, seed=3)
    assert late.gain("faults").mean == gone.gain("faults").mean
    np.testing.assert_array_equal(late._gaps("momentum")[0], late.values["momentum"][0] - net_per_month(today, 3))
    assert late.gain("faults", "momentum").mean != gone.gain("faults", "momentum").mean


def test_a_single_friction_has_no_rank_to_dispute():
    start = SHOP.index("  faults:     {phase")
    alone = loads(SHOP[:start] + "strategies: {today: {}}\n")
    one = frictions(alone, replications=4, seed=3)
    assert one.names == ("slow_site",)
    assert one.ranks("slow_site") == (1, 1)
    assert "only friction" in one.answer()
    assert one.interaction().mean == 0
    assert charts.frictions(one).data["friction"].iloc[0] == "slow_site"


# -- what is refused --------------------------------------------------------------------------------


def test_a_file_without_frictions_is_shown_how_to_write_one():
    with pytest.raises(ExperimentError, match=r"names no frictions; .* write levers: \{slow_site: "):
        frictions(fs.load("subscription"))


def test_a_strategy_that_does_without_all_is_refused(model):
    with pytest.raises(ExperimentError, match="'neither' does without every friction"):
        frictions(model, strategies="neither")


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"strategies": "todai"}, ConfigError, "no strategy of that name; did you mean 'today'"),
        ({"of": "proft"}, ExperimentError, "did you mean 'profit'"),
        ({"of": "momentum"}, ExperimentError, "beside the metric in any case"),
        ({"best": "high"}, ExperimentError, "it takes 'highest' or 'lowest'"),
        ({"window": "20 months"}, ExperimentError, "take 12 months at most"),
        ({"replications": 0}, ExperimentError, "it takes a whole number from 1"),
        ({"strategy": "today"}, ExperimentError, "has no argument 'strategy'; write strategies="),
        ({"metric": "profit"}, ExperimentError, "has no argument 'metric'; write of="),
        ({"strategies": ["today", "no_site"]}, ExperimentError, "is about one strategy, not 2"),
    ],
)
def test_wrong_questions_have_a_remedy(model, given, error, said):
    with pytest.raises(error, match=said):
        frictions(model, **({"replications": 2} | given))


def test_a_journey_that_cannot_be_without_one_says_which():
    text = SHOP.replace("to: {client: buys, gone: rest}", "to: {client: buys, gone: 79 %, later: 1 %}")
    text = text.replace("  gone: exit", "  gone: exit\n  later: aside").split("strategies:")[0]
    with pytest.raises(ExperimentError, match=r"without 'slow_site' the journey cannot run: .*102 %|chances"):
        frictions(loads(text), replications=2)


def test_an_unknown_friction_or_figure_names_the_nearest(costs):
    with pytest.raises(ExperimentError, match="did you mean 'slow_site'"):
        costs.gain("slow_sit")
    with pytest.raises(ExperimentError, match="did you mean 'momentum'"):
        costs.gain("slow_site", "momentom")


# -- chart and section ------------------------------------------------------------------------------


def test_the_chart_sorts_bars_and_colours_phases(costs):
    chart = charts.frictions(costs)
    left, right = chart.figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == [n.replace("_", " ") for n in costs.names]
    assert [bar.get_width() for bar in left.patches] == pytest.approx([costs.gain(n).mean for n in costs.names])
    assert "EUR" in left.get_xlabel()
    assert "customers per month" in right.get_xlabel()
    faded = [bar.get_alpha() for bar in left.patches]
    assert faded == [0.9, 0.9, 0.3]
    legend = [text.get_text() for text in chart.figure.legends[0].get_texts()]
    assert legend == ["attract", "delight", "no phase"]


def test_the_section_says_the_answer(costs):
    section = sections(costs)[0]
    assert section.texts == (costs.answer(),)
    assert [row[0] for row in section.tables[0].rows] == [*costs.names, "all together", "interaction"]
    assert costs.answer() in str(costs)
    assert "slow_site" in costs._repr_html_()
