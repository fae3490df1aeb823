"""Ranges of rates, and a tornado over them: paired changes on the same people, their intervals holding at once."""

import numpy as np
import pytest
from journeys import CLUB, COINS, club
from test_worlds import FILE

import flywheel_sim as fs
from flywheel_sim.analysis.rates.ranges import known, ranges_of
from flywheel_sim.analysis.uncertainty import charts as charts_global
from flywheel_sim.analysis.uncertainty.section import sections
from flywheel_sim.analysis.uncertainty.tornado import tornado
from flywheel_sim.compile.worlds import value
from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.experiment.bands import simultaneous
from flywheel_sim.scenario.load import loads

DUEL = CLUB.replace("  ads:     {spend: 300 per month,", "  ads:     {spend: budget,").replace(
    "  inviting:  {", "  budget: {value: 300 per month}\n  inviting:  {"
).replace("  loud: {}", "  loud: {spend: {ads: matched}}")  # fmt: skip
CARE = "levers: {care: {spend: 50 per month, moves: {retention: {without: 80 %, limit: 95 %}}}}\nstrategies:"
N = 6


@pytest.fixture(scope="module")
def quiet():
    return tornado(club(), "profit", strategies="quiet", replications=N)


# -- ranges -----------------------------------------------------------------------------------------


def test_a_range_is_given_or_uncertain_or_a_step():
    model = loads(FILE)
    ranges = ranges_of(model, [None], ranges={"buys": ("25 %", "+10 points")})[None]
    assert (ranges["buys"].low, ranges["buys"].high, ranges["buys"].source) == (0.25, pytest.approx(0.4), "given")
    doubts = {one.name: one for one in model.journey().uncertain}
    keeps = ranges["keeps"]
    assert (keeps.low, keeps.high) == (value(doubts["keeps"], 0.05), value(doubts["keeps"], 0.95))
    assert keeps.at(0.3) == value(doubts["keeps"], 0.3)
    assert (keeps.between(0), keeps.between(1)) == (keeps.low, keeps.high)
    assert ranges["twice"].today == pytest.approx(0.3)
    sold, price = (ranges_of(club(), ["quiet"])["quiet"][name] for name in ("sold", "price"))
    assert (price.low, price.high, price.source) == (11.25, pytest.approx(13.75), "± 10 %")
    assert sold.high / (1 - sold.high) == pytest.approx(1.1 * 0.4 / 0.6)
    assert sold.low / (1 - sold.low) == pytest.approx(0.9 * 0.4 / 0.6)
    assert sold.between(0.5) == pytest.approx((sold.low + sold.high) / 2)


def test_a_step_never_leaves_what_a_chance_can_be():
    for text in ("0.1 %", "50 %", "99.9 %"):
        ranges = ranges_of(loads(COINS).with_(heads=text), [None], step=0.9)[None]["heads"]
        assert 0 < ranges.low < ranges.today < ranges.high < 1


def test_values_are_written_in_the_unit_of_the_file():
    ranges = ranges_of(loads(FILE), [None])[None]
    assert ranges["keeps"].text(0.875) == "87.5 % per month"
    assert ranges["pace"].text(0.125) == "0.125 per month"
    assert ranges["gap"].text(ranges["gap"].today) == "45 days"
    assert ranges["price"].shown(20.0) == "20"
    assert ranges["gap"].shown(ranges["gap"].today) == "45 days"


def test_rates_that_bear_on_a_strategy_are_tried():
    assert set(ranges_of(club(), ["quiet"])["quiet"]) == {"sold", "retention", "price"}
    assert set(ranges_of(club(), ["loud"])["loud"]) == {"sold", "retention", "price", "inviting"}
    assert "alias" not in ranges_of(loads(FILE), [None])[None]  # another name, no value of its own
    assert "spare" not in ranges_of(loads(FILE), [None])[None]


def test_nothing_uncertain_is_left_inside_a_design_point():
    model = loads(FILE)
    sure = known(model, ["calm", None])
    assert sure.journey("calm").uncertain == sure.journey().uncertain == ()
    assert sure.journey().stage("member").events[0].outcomes[0].chance.cells == (0.9,)
    assert known(club(), ["quiet"]) == club()


def test_a_matched_spend_stays_as_it_was_found():
    model = loads(DUEL).at_spend("loud", 123.4)
    fixed = model.decided()
    assert fixed.matched == ()
    assert fixed.at("channels.ads.spend", "loud") == "123.4000 per month"
    ours, theirs = (one.journey("loud") for one in (fixed, model))
    assert (ours.channels, ours.stages, ours.costs) == (theirs.channels, theirs.stages, theirs.costs)
    pulled = CLUB.replace("strategies:", CARE).replace("  loud: {}", "  loud: {spend: {care: matched}}")
    model = loads(pulled).at_spend("loud", 77.0)
    ours, theirs = (one.journey("loud") for one in (model.decided(), model))
    assert (ours.costs, ours.stages) == (theirs.costs, theirs.stages)
    assert ours.costs != loads(pulled).journey("quiet").costs


def test_the_budget_of_matched_strategies_is_no_rate_of_their_difference():
    model = loads(DUEL).at_spend("loud", 200.0)
    ranges = ranges_of(model, ["quiet", "loud"])
    assert "budget" not in ranges["quiet"]
    assert "inviting" in ranges["loud"]
    assert "inviting" not in ranges["quiet"]
    assert "budget" in ranges_of(model, ["quiet"])["quiet"]
    assert "budget" in ranges_of(model, ["quiet", "loud"], ["budget"])["quiet"]


# -- the tornado ------------------------------------------------------------------------------------


def test_every_end_is_the_journey_at_that_value_on_the_same_people(quiet):
    base = fs.replicate(club(), strategies="quiet", replications=N).values("profit")
    assert quiet.today.mean == pytest.approx(base.mean())
    columns = []
    for bar in quiet.bars:
        for number, end in ((bar.range.low, bar.low), (bar.range.high, bar.high)):
            changed = club(**{bar.range.name: bar.range.text(number)})
            gap = fs.replicate(changed, strategies="quiet", replications=N).values("profit") - base
            assert end.mean == pytest.approx(gap.mean())
            columns.append(gap)
    mean, low, high, critical = simultaneous(np.column_stack(columns))
    ends = [one for bar in quiet.bars for one in (bar.low, bar.high)]
    np.testing.assert_allclose([one.mean for one in ends], mean)
    half = [one.half_width for one in ends]
    np.testing.assert_allclose(half, (high - low) / 2, rtol=0.02)  # bars lie in another order than they were run
    assert critical > 2.57  # Student's for one bar alone


def test_the_longest_bar_comes_first_and_more_is_better(quiet):
    swings = [bar.swing for bar in quiet.bars]
    assert swings == sorted(swings, reverse=True)
    for bar in quiet.bars:
        assert bar.low.mean < 0 < bar.high.mean
    assert {bar.range.name: bar.told for bar in quiet.bars}["price"]
    assert quiet.answer().startswith(f"Profit (quiet), today {round(quiet.today.mean):,} EUR. It moves most with")


def test_a_rate_that_both_strategies_share_moves_the_difference_by_what_it_moves_each():
    how = {"over": ["price", "inviting"], "replications": N}
    both = tornado(club(), "revenue", strategies=("quiet", "loud"), **how)
    single = [tornado(club(), "revenue", strategies=name, over=["price"], replications=N) for name in ("quiet", "loud")]
    bars = {bar.range.name: bar for bar in both.bars}
    assert both.subject == "loud minus quiet"
    assert both.today.mean == pytest.approx(single[1].today.mean - single[0].today.mean)
    assert bars["price"].high.mean == pytest.approx(single[1].bars[0].high.mean - single[0].bars[0].high.mean)
    assert bars["inviting"].high.mean > 0
    assert list(both.base_runs) == ["quiet", "loud"]


def test_a_rate_between_other_ends_has_another_bar():
    diagram = tornado(
        club(), "revenue", strategies="quiet", values={"price": (12.5, 25)}, over=["price"], replications=3
    )
    (bar,) = diagram.bars
    assert bar.low.mean == 0
    assert bar.swing == bar.high.mean
    assert bar.range.shown(bar.range.high) == "25"


def test_results_are_tables_charts_and_a_section(quiet):
    frame = quiet.frame()
    assert list(frame.columns) == ["rate", "end", "value", "source", "change", "low", "high", "unit", "n"]
    assert len(frame) == 6
    assert (frame["low"] <= frame["change"]).all()
    assert quiet.answer() in str(quiet)
    assert "<b>" in quiet._repr_html_()
    chart = charts_global.tornado(quiet)
    assert chart.title == f"Profit (quiet): {quiet.bars[0].range.name} moves it most"
    assert "<svg" in chart.svg()
    section = sections(quiet)[0]
    assert section.title == "One rate after the other (quiet)"
    assert len(section.tables[0].rows) == 3


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"of": "proft"}, "did you mean 'profit'"),
        ({"over": ["retenton"]}, "no rate 'retenton' to try; did you mean 'retention'"),
        ({"over": ["inviting"], "strategies": "quiet"}, "'inviting' bears on nothing in 'quiet'"),
        ({"over": ["price"], "values": {"sold": ("1 %", "2 %")}}, "range of 'sold' is given, which is not among"),
        ({"values": {"sold": ("2 %", "1 %")}}, "does not go up: 2 % to 1 %"),
        ({"values": {"sold": "2 %"}}, "values is .*: it takes for each rate its low and its high end"),
        ({"step": 1.5}, "step is 1.5: it takes a number from 0 to 1, neither of them"),
        ({"strategies": ("quiet", "quiet")}, "one is named twice"),
        ({"values": {"sold": ("2 %", "1 %")}, "strategies": ("quiet", "loud")}, "does not go up"),
        ({"rates": ["price"]}, r"write over=\[...\]"),
        ({"ranges": {"sold": ("1 %", "2 %")}}, "write values={'retention'"),
        ({"strategy": "quiet"}, "write strategies="),
        ({"values": {"sld": ("1 %", "2 %")}}, "values: no rate 'sld' to try; did you mean 'sold'"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_remedy(asked, said):
    with pytest.raises(ExperimentError, match=said):
        tornado(club(), **{"replications": 2, **asked})


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"strategies": "quit"}, "did you mean 'quiet'"),
        ({"values": {"sold": ("1 %", "120 %")}}, "between 0 % and 100 %"),
    ],
)
def test_what_no_journey_can_be_is_refused(asked, said):
    with pytest.raises(ConfigError, match=said):
        tornado(club(), **{"replications": 2, **asked})


def test_a_rate_at_nothing_needs_a_range():
    with pytest.raises(ExperimentError, match="stands at 0 %, where no share of it is a step; give its range"):
        tornado(loads(COINS).with_(heads="0 %"), over=["heads"], replications=2)
    diagram = tornado(loads(COINS).with_(heads="0 %"), "revenue", values={"heads": (0, 1)}, replications=2)
    assert diagram.bars[0].high.mean == 80
