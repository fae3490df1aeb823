"""The shipped landing page and its A/B test: too short to tell, too loud when it does, and what waiting costs."""

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.analysis.ab_test.arms import ab_test
from flywheel_sim.analysis.ab_test.worth import BY_SIGN, BY_TEST, KEEP, ROLL_OUT

SIGN_UP = "conversion.visitor.trial"
COURSES = {"strategies": "keep_a", "roll_out": "roll_out_b", "now": "roll_out_now", "seed": 1}


@pytest.fixture(scope="module")
def model():
    return fs.load("landing_page")


@pytest.fixture(scope="module")
def short(model):
    """Return the same up to the day the test is read."""
    return model.with_(horizon="5 months", follow="1 month")


@pytest.fixture(scope="module")
def two_months(short):
    return ab_test(short, of=SIGN_UP, strategies="keep_a", rates=(0.20, 0.22), replications=300, seed=1)


@pytest.fixture(scope="module")
def worth(model):
    return ab_test(model, of=SIGN_UP, rates=(0.20, 0.22), replications=30, **COURSES).worth


def test_a_quarter_of_visitors_sees_each_page_from_month_3_to_month_5(model):
    people = fs.run(model, strategies="keep_a", seed=1, people=True).people
    months = people.born / (365 * 86_400_000 / 12)
    tested = people[people.arm.isin(["a", "b"])]
    assert months[tested.index].min() >= 3
    assert months[tested.index].max() < 5
    inside = people[(months >= 3) & (months < 5)]
    for arm in ("a", "b"):
        share = (inside.arm == arm).mean()
        assert abs(share - 0.25) < 4 * np.sqrt(0.25 * 0.75 / len(inside))
    assert set(people.arm[(months < 3) | (months >= 5)]) == {"out"}


@pytest.mark.parametrize(
    ("strategy", "first", "arms"), [("roll_out_b", 5, {"out", "a", "b"}), ("roll_out_now", 3, {"out"})]
)
def test_who_rolls_out_shows_b_to_everybody_from_then_on(model, strategy, first, arms):
    people = fs.run(model, strategies=strategy, seed=1, people=True).people
    months = people.born / (365 * 86_400_000 / 12)
    assert set(people.arm[months >= first]) == {"new"}
    assert set(people.arm[months < first]) == arms


def test_the_pages_convert_at_20_and_22_percent(two_months):
    wins, n = two_months.wins[:, -1].sum(axis=0), two_months.n.sum(axis=0)
    for share, people, exact in zip(wins / n, n, (0.20, 0.22), strict=True):
        assert abs(share - exact) < 4 * np.sqrt(exact * (1 - exact) / people)


def test_two_months_are_too_short(two_months):
    one = two_months
    assert one.month == 5
    assert one.n.mean(axis=0) == pytest.approx([1427, 1427], rel=0.01)
    assert one.textbook == pytest.approx(25.9, abs=0.3)
    assert one.power.low < one.textbook < one.power.high
    assert sum(one.needed) / 2 == pytest.approx(6510, rel=2e-3)
    assert one.months_needed.mean == pytest.approx(9.1, abs=0.1)
    assert one.undecided.mean == pytest.approx(4.9, abs=0.2)


def test_what_is_significant_is_twice_the_truth(two_months):
    assert two_months.exaggeration.low > 1.7
    assert two_months.exaggeration.high < 2.3
    assert two_months.wrong_sign.mean < 3


def test_counting_purchases_instead_of_sign_ups_takes_ten_years(short):
    one = ab_test(short, of="conversion", strategies="keep_a", rates=(0.02, 0.022), replications=100, seed=1)
    assert one.textbook < 8
    assert 110 < one.months_needed.mean < 130
    assert sum(one.needed) / 2 == pytest.approx(80_700, rel=0.01)


def test_looking_every_month_finds_a_difference_that_is_not_there(model):
    same = model.with_(page_b="20 %", horizon="15 months")
    one = ab_test(same, of=SIGN_UP, strategies="keep_testing", replications=120, seed=1)
    last = one.looks().iloc[-1]
    assert last.months == 12
    assert last.low < 5 < last.high
    assert last.ever_low > 10


def test_every_month_without_b_costs_money(worth):
    assert 700 < worth.cost_of_waiting.low < worth.cost_of_waiting.high < 840
    assert 12_500 < worth.rolling_out.low < worth.rolling_out.high < 16_000
    assert 1400 < worth.cost_of_testing.low < worth.cost_of_testing.high < 2700
    assert worth.loses.mean == 0


def test_waiting_for_significance_gives_most_of_it_away(worth):
    assert worth.rules.gap(BY_TEST, KEEP).mean < 0.5 * worth.rules.gap(BY_SIGN, KEEP).mean
    assert worth.rules.gap(BY_SIGN, BY_TEST).low > 4000


def test_where_b_may_as_well_be_worse_the_test_earns_its_keep(model):
    unsure = model.with_(page_b={"value": "20 %", "uncertain": "2 points"})
    worth = ab_test(unsure, of=SIGN_UP, strategies="keep_a", roll_out="roll_out_b", replications=60, seed=1).worth
    assert worth.rolling_out.low < 0 < worth.rolling_out.high
    assert 35 < worth.loses.mean < 65
    assert worth.rules.gap(BY_SIGN, KEEP).low > 0
    assert worth.rules.gap(BY_SIGN, ROLL_OUT).low > 0
    assert worth.rules.gap(BY_SIGN, BY_TEST).mean > 0


def test_strategies_differ_in_spend_only_by_those_whom_they_bring(model):
    duel = fs.compare(model, strategies=["keep_a", "roll_out_b"], replications=10, seed=1)
    ads = [duel[name].ledger.channel_spend for name in ("keep_a", "roll_out_b")]
    assert (ads[0] == ads[1]).all()
    more = duel.difference("spend", of="roll_out_b", against="keep_a")
    assert 0 < more.mean < 0.04 * duel["keep_a"]["spend"].mean
