"""What a comparison of two says: levels, percentages on a sound base, months by the joint band, what is left out."""

import datetime as dt
import math

import numpy as np
import pytest

from flywheel_sim.analysis.difference.bases import is_sound, percent_of
from flywheel_sim.analysis.difference.verdict import LeftOut, Pair, how_surely, of_left_out, of_pair, spans
from flywheel_sim.experiment.bands import Band, simultaneous
from flywheel_sim.experiment.crossover import crossover
from flywheel_sim.stats import Estimate, estimate_mean, estimate_probability

G = np.random.default_rng(7)
#: Luck that both strategies share, month by month, and luck of the difference alone.
SHARED, OWN = G.normal(0, 2, size=(40, 12)), G.normal(0, 1, size=(40, 12))


def pair(new, old, noise=1.0, metric="profit", n=40, dates=None, **more):
    """Return two strategies with planted means a month, each a figure or one for each of twelve months."""
    other = np.asarray(old, dtype=float) + SHARED[:n]
    one = np.asarray(new, dtype=float) + SHARED[:n] + noise * OWN[:n]
    paths = (one - other).cumsum(axis=1)
    mean, low, high, critical = simultaneous(paths)
    band = Band(mean, low, high, 0.95, n, "EUR", critical, metric, "new", "old")
    levels = (estimate_mean(one.sum(axis=1), "EUR"), estimate_mean(other.sum(axis=1), "EUR"))
    gap = estimate_mean(paths[:, -1], "EUR")
    return Pair("new", "old", metric, metric, "month 12", levels, gap, crossover(paths, dates), band,
                **{"share": 0.0, **more})  # fmt: skip


# -- levels and percentages -------------------------------------------------------------------------


def test_the_sentence_says_what_both_earn_and_the_gain_relative_to_the_other():
    one = pair(120, 100)
    (mine, other), gap = one.levels, one.gap
    said = of_pair(one)
    assert said.startswith(
        f"'new' earns {mine.mean:,.0f} EUR profit by month 12, 'old' {other.mean:,.0f}: {gap.mean:,.0f} more (+20 %; "
        f"95 % interval of the difference {gap.low:,.0f} to {gap.high:,.0f}). It is ahead from the first month on."
    )
    assert "lose" not in said


def test_less_is_said_with_a_negative_percentage():
    assert " less (-17 %; 95 % interval of the difference 2" in of_pair(pair(100, 120))


@pytest.mark.parametrize(
    ("new", "old", "why"),
    [
        (10, 0.01, "the other's interval holds zero"),
        (-5, -10, "the other loses money"),
        (10, 1, "the other is small against the difference"),
    ],
)
def test_no_percentage_stands_on_a_base_near_zero_or_below_it(new, old, why):
    said = of_pair(pair(new, old))
    assert "(95 % interval of the difference" in said, why
    assert "%;" not in said


def test_a_percentage_stands_on_a_base_of_a_fifth_of_the_change_and_above_but_not_below_minus_100():
    base = Estimate(100.0, 90.0, 110.0, 0.95, 40, "EUR")
    assert [is_sound(base, change) for change in (500.0, -101.0, 501.0)] == [True, False, False]
    assert percent_of(base, Estimate(4.04, 1.0, 7.0, 0.95, 40, "EUR")) == "+4.0 %"
    assert not is_sound(estimate_mean([100.0], "EUR"), 10.0), "of one replication nobody knows how near zero it is"


def test_where_both_lose_money_it_is_said():
    said = of_pair(pair(-8, -10))
    assert said.startswith("Both lose money by month 12: 'new' loses ")
    assert ", so 'new' is " in said
    assert " ahead (95 % interval of the difference " in said
    assert "earns" not in said
    assert " behind (95 %" in of_pair(pair(-10, -8))


def test_where_one_loses_and_the_other_earns_both_are_said():
    mine = pair(-8, 10)
    lost, earned = -mine.levels[0].mean, mine.levels[1].mean
    said = of_pair(mine)
    assert said.startswith(f"'new' loses {lost:,.1f} EUR by month 12, while 'old' earns {earned:,.0f} EUR profit: ")
    assert "%;" not in said, "a fall from a profit to a loss has no percentage"
    assert ", while 'old' loses " in of_pair(pair(8, -10))


def test_a_level_that_cannot_be_told_from_nothing_is_said_to_be():
    assert "EUR profit (not told from 0) by month 12" in of_pair(pair(0.35, -4))


def test_what_is_no_money_is_said_as_a_figure_of_each():
    said = of_pair(pair(120, 100, metric="acquisitions"))
    assert said.startswith("Acquisitions by month 12 is 1,4")
    assert f"EUR in 'new', {1197:,} in 'old': 240 more (+20 %; " in said
    assert "earns" not in said


# -- since when -------------------------------------------------------------------------------------

#: Ahead in the end, behind before, at first by so little that no month is told apart.
LATE = np.array([-0.02, -0.02, -3, -3, -3, 0.5, 2.5, 3.0, 3.0, 3.0, 3.0, 3.0])


def test_months_before_are_named_by_the_band_that_holds_all_months_at_once():
    one = pair(LATE + 50, 50)
    behind = [m for m in range(1, one.cross.month) if one.band.high[m - 1] < 0]
    assert behind
    assert behind[0] > 1
    assert f"; before that, 'old' was ahead in months {behind[0]} to {behind[-1]}." in of_pair(one)


def test_a_month_that_only_its_own_interval_tells_apart_is_not_named():
    drift = np.array([-0.55, *[0.0] * 5, *[3.0] * 6])
    one = pair(drift + 50, 50)
    alone = estimate_mean(OWN[:, 0] - 0.55, "EUR")
    assert alone.high < 0
    assert one.band.high[0] > 0
    assert one.cross.month > 1
    assert "; before that, no month tells them apart." in of_pair(one)


def test_both_are_named_where_the_lead_changed_before():
    drift = np.array([4.0, 0, -9, 0, 0, 0, 0, 3, 3, 3, 3, 3])
    said = of_pair(pair(drift + 50, 50))
    assert "'old' was ahead in months 3 to " in said
    assert " and 'new' was ahead in months 1 to 2" in said


def test_a_lead_that_is_lost_is_told():
    said = of_pair(pair(np.array([4.0, *[-3.0] * 11]) + 50, 50))
    assert "It was ahead in months 1 to 2, and never overtakes for good by month 12." in said


def test_undecided_at_the_end_says_who_was_ahead_on_the_way():
    said = of_pair(pair(np.array([5.0, *[0.0] * 10, -5.05]) + 50, 50))
    assert "the interval includes zero, so these runs do not tell which is ahead. On the way 'new' was ahead in" in said


def test_one_replication_names_no_month_and_no_interval():
    said = of_pair(pair(LATE + 50, 50, n=1))
    assert "(one replication, so no interval). It overtakes in month " in said
    assert "before that" not in said


def test_the_month_has_its_date():
    dates = [dt.date(2027, month, 1) for month in range(1, 13)]
    one = pair(LATE + 50, 50, dates=dates)
    assert f"month {one.cross.month} ({one.cross.date:%B} 2027), 95 % interval " in of_pair(one)


def test_months_are_said_in_stretches():
    assert spans([2, 3, 4, 9]) == "months 2 to 4 and 9"
    assert spans([5]) == "month 5"
    assert spans([]) == ""


# -- how surely, and on what budget -----------------------------------------------------------------


def test_futures_are_counted_and_say_on_which_condition():
    assert (
        how_surely(estimate_probability([True] * 83 + [False] * 17), False)
        == "83 of 100 futures if these figures hold."
    )
    assert how_surely(estimate_probability([True] * 415 + [False] * 85), False).startswith("83 of 100 futures")
    assert how_surely(estimate_probability([True] * 3 + [False]), True) == "3 of 4 futures if all other figures hold."
    off = how_surely(estimate_probability([True] * 4), False, "in 61 of 100 if each figure may be a tenth off.")
    assert off == "4 of 4 futures if these figures hold; in 61 of 100 if each figure may be a tenth off."


def left_out(budget, gain, returns, spread=0.1):
    """Return what a strategy leaves out, each figure with an interval of so much to either side."""
    each = (Estimate(at, at - spread * size, at + spread * size, 0.95, 40, "EUR")
            for at, size in ((budget, abs(budget)), (gain, abs(gain)), (returns, 1.0)))  # fmt: skip
    return LeftOut("lean", *each)


@pytest.mark.parametrize(
    ("spared", "said"),
    [
        (left_out(1000, 500, 0.5), "takes 1,000 EUR of budget and returns 0.50 EUR of profit per EUR, itself paid for "
                                   "(95 % interval 0.40 to 0.60)."),
        (left_out(1000, -500, -0.5), "takes 1,000 EUR of budget and loses 0.50 EUR of profit per EUR (95 % interval "
                                     "0.40 to 0.60)."),
        (left_out(1000, 50, 0.05), "takes 1,000 EUR of budget; these runs do not tell whether it pays"),
        (left_out(-1000, 500, -0.5), "saves 1,000 EUR of budget and brings 500 EUR of profit."),
        (left_out(-1000, -500, 0.5), "saves 1,000 EUR of budget and costs 500 EUR of profit."),
        (left_out(-1000, 5, 0.005, 2.0), "brings 5 EUR of profit, which these runs do not tell from nothing."),
    ],
)  # fmt: skip
def test_what_is_left_out_is_judged_by_what_it_returns(spared, said):
    assert of_left_out(spared).startswith("What 'lean' leaves out ")
    assert said in of_left_out(spared)


def test_unequal_budgets_are_no_verdict_unless_something_is_left_out_to_learn_its_worth():
    plain = of_pair(pair(120, 100, share=0.05))
    assert plain.endswith("is 5.0% larger, so this is no verdict on which strategy is better: match the budgets first.")
    judged = of_pair(pair(120, 100, share=0.05, left_out=left_out(1000, 500, 0.5)))
    assert "verdict" not in judged
    assert "returns 0.50 EUR of profit per EUR" in judged
    assert "leaves out" not in of_pair(pair(120, 100, share=0.005, left_out=left_out(1000, 500, 0.5)))
    assert "But it alone has a budget" in of_pair(pair(120, 100, share=math.inf))
