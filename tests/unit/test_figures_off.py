"""The second line of a comparison: how often one ends ahead when every figure may be off, and which rate decides."""

import numpy as np
import pytest
from journeys import COINS, club

from flywheel_sim.analysis.compare.result import compare
from flywheel_sim.analysis.compare.section import sections
from flywheel_sim.analysis.rates.doubts import doubted
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.replicate import replicate
from flywheel_sim.scenario.load import load, loads

#: Everybody buys once: at 10 in one strategy, at `prize` in the other, whose lead of 2 % `prize` alone decides.
ONE_DECIDES = """
name: One rate decides
horizon: 3 months
currency: EUR
rates: {people: 40 per month, prize: 10.2, box: 1, never_used: 5}
channels: {street: {rate: people, enters: p, cost_per_arrival: box}}
journey:
  p: {role: prospect, events: {plain: {after: 2 days, to: bought, earn: {sale: 10}},
                               bold: {after: 2 days, to: bought, earn: {sale: prize}}}}
  bought: customer
strategies: {plain: {without: [bold]}, bold: {without: [plain]}}
"""


@pytest.fixture(scope="module")
def decided():
    return compare(loads(ONE_DECIDES), replications=60, seed=4, off_by=0.1)


def test_a_sure_lead_may_rest_on_one_figure_and_the_second_line_says_which(decided):
    said = decided.answer()
    assert "'bold' ends ahead in 60 of 60 futures if these figures hold; in " in said
    robustness = decided.robustness
    assert 0.4 < np.mean(robustness.off > 0) < 0.8  # 10.2 ± 10 % is above 10 in 61 % of draws
    assert f"in {int((robustness.off > 0).sum())} of 60 if each figure may be a tenth off." in said
    assert "What turns it most: prize (ahead in " in said
    assert "people (" not in said
    first, *others = robustness.turns()
    assert (first.range.name, first.told) == ("prize", True)
    assert not any(one.told for one in others)


def test_every_future_draws_its_rates_alike_in_both_strategies_and_meets_the_same_people(decided):
    robustness = decided.robustness
    sold = replicate(loads(ONE_DECIDES), strategies="plain", replications=60, seed=4).values("acquisitions")
    prize = robustness.ranges["prize"]
    expected = sold * (prize.low + robustness.draws["prize"] * (prize.high - prize.low) - 10)
    moved = doubted({name: decided.models[name] for name in decided.names}, 0.1)
    assert set(moved.ranges) == {"prize", "people", "box"}  # not the one that is used nowhere
    hold = np.corrcoef(robustness.off, expected)[0, 1]
    assert hold > 0.98  # but for people, of whom more or fewer come
    assert np.array_equal(moved.draws(4, 60)["prize"], robustness.draws["prize"])


def test_only_the_rates_are_drawn_anew():
    """With nothing but the prize to vary, a future is the stated one with the prize that was drawn."""
    model = loads(ONE_DECIDES.replace("rate: people", "rate: 40 per month").replace(", cost_per_arrival: box", ""))
    duel = compare(model, replications=12, seed=4, off_by=0.1)
    robustness = duel.robustness
    assert list(robustness.ranges) == ["prize"]
    prize = 10.2 * (0.9 + 0.2 * robustness.draws["prize"])
    assert robustness.off == pytest.approx(duel["plain"].values("acquisitions") * (prize - 10), abs=0.01)


def test_a_range_that_the_file_states_is_used_where_it_stands():
    text = ONE_DECIDES.replace("prize: 10.2", "prize: {value: 10.2, uncertain: [10.1, 10.3]}")
    duel = compare(loads(text), replications=30, seed=4, off_by=0.1)
    assert (duel.robustness.ranges["prize"].low, duel.robustness.ranges["prize"].high) == (10.1, 10.3)
    assert "30 of 30 futures if all other figures hold; in 30 of 30 if each figure may be a tenth off." in duel.answer()


def test_chances_stay_chances_and_what_stands_at_nothing_stays_there():
    model = loads(COINS + "strategies: {a: {}, b: {rates: {heads: 99 %}}}\n")
    doubt = doubted({"b": (model, "b")}, 0.1)
    assert 0.98 < doubt.ranges["heads"].low < 0.99 < doubt.ranges["heads"].high < 1
    assert doubt.kept == ()
    none = loads(COINS + "strategies: {a: {}, b: {rates: {heads: 0 %}}}\n")
    assert doubted({"b": (none, "b")}, 0.1) is None


def test_a_rate_that_a_strategy_moves_is_off_around_what_it_moves_it_to():
    model = loads(COINS + "strategies: {a: {}, b: {rates: {heads: 75 %}}}\n")
    doubt = doubted({name: (model, name) for name in ("a", "b")}, 0.1)
    drawn = {name: one.uncertain[0].params for name, one in doubt.journeys.items()}
    assert drawn["a"] == pytest.approx((0.9 / 1.9, 1.1 / 2.1))
    assert drawn["b"] == pytest.approx((2.7 / 3.7, 3.3 / 4.3))  # odds of 3 to 1, a tenth less and more


def test_a_figure_that_no_journey_could_have_a_little_off_is_kept_and_said():
    model = load("b2b_pipeline")
    doubt = doubted({name: (model, name) for name in model.strategies[:2]}, 0.1)
    assert doubt.kept == ("fan_at", "ripe_at")  # thresholds are whole numbers
    assert len(doubt.ranges) > 20


def test_chances_beside_one_another_are_not_all_moved_up_beyond_100_percent():
    text = COINS.replace("rates: {", "rates: {tails: 47 %, ").replace("lost: rest", "drawn: tails, lost: rest")
    model = loads(text.replace("  lost: exit", "  drawn: exit\n  lost: exit") + "strategies: {a: {}, b: {}}\n")
    doubt = doubted({name: (model, name) for name in ("a", "b")}, 0.1)
    assert len(doubt.kept) == 1
    assert len(doubt.ranges) == 1


def test_a_journey_without_rates_has_no_second_line_and_a_share_is_a_share():
    text = COINS.replace('rates: {heads: {value: 50 %, why: "a fair coin"}}\n', "").replace("heads", "50 %")
    plain = loads(text + "strategies: {a: {}, b: {without: [channel.purse]}}\n")
    assert compare(plain, replications=2, off_by=0.1).robustness is None
    with pytest.raises(ExperimentError, match="it takes a number from 0 to 1"):
        compare(club(), strategies=["quiet", "loud"], replications=2, off_by=10)


def test_matched_spends_stay_as_solved_for():
    model = load("subscription").with_(horizon="4 months")
    duel = compare(model, replications=4, off_by=0.1)
    assert "ad_budget" not in duel.robustness.ranges
    assert "spends as decided on today's figures" in str(duel)


def test_of_many_the_first_is_held_against_the_next():
    trio = compare(club(), replications=4, off_by=0.1)
    first, second, _ = trio.ranking("profit").names
    assert (trio.robustness.of, trio.robustness.against) == (first, second)
    assert f"'{first}' ends ahead of '{second}' in " in trio.answer()
    assert "a tenth off" not in trio.answer("revenue")


def test_without_being_asked_nothing_more_is_run_and_the_condition_is_said():
    duel = compare(club(), strategies=["quiet", "loud"], replications=2)
    assert duel.robustness is None
    assert "futures if these figures hold." in duel.answer()
    assert "figures_off" not in duel.details()


def test_report_and_json_hold_the_rates(decided):
    (section,) = [one for one in sections(decided) if one.title == "If the figures are off"]
    assert section.tables[0].rows[0][0] == "prize"
    assert decided.to_json()["details"]["figures_off"]["rates"][0]["rate"] == "prize"
    assert decided.robustness.frame().iloc[0].told
