"""An estimate says how sure it is, and prints so that nobody can mistake what it is."""

import dataclasses
import math
import re

import numpy as np
import pytest
from scipy import stats

from flywheel_sim.stats import (
    Estimate,
    estimate_mean,
    estimate_probability,
    figure,
    plus_minus,
    with_unit,
)

VALUES = np.random.default_rng(4).gamma(2.0, 30.0, size=23)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_the_interval_of_a_mean_is_students(level):
    estimate = estimate_mean(VALUES, "EUR", level)
    low, high = stats.t.interval(level, len(VALUES) - 1, VALUES.mean(), stats.sem(VALUES))
    assert (estimate.mean, estimate.low, estimate.high) == pytest.approx((VALUES.mean(), low, high))
    assert (estimate.level, estimate.n, estimate.unit, estimate.of) == (level, 23, "EUR", "mean")
    assert estimate.sd == pytest.approx(VALUES.std(ddof=1))
    assert estimate.half_width == pytest.approx((high - low) / 2)


def test_a_95_percent_interval_covers_the_mean_in_95_percent_of_samples():
    samples = np.random.default_rng(1).normal(10, 3, size=(2000, 6))
    covered = [e.low <= 10 <= e.high for e in (estimate_mean(s, "x") for s in samples)]
    assert abs(np.mean(covered) - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2000)


def test_replications_without_a_value_are_left_out_and_not_counted():
    assert estimate_mean([1.0, math.nan, 3.0, math.nan], "EUR") == estimate_mean([1.0, 3.0], "EUR")


def test_one_replication_has_a_mean_and_no_interval():
    estimate = estimate_mean([7.0], "EUR")
    assert (estimate.mean, estimate.n) == (7.0, 1)
    assert math.isnan(estimate.low)
    assert math.isnan(estimate.high)


def test_no_replication_with_a_value_has_no_mean():
    estimate = estimate_mean([math.nan, math.nan], "EUR")
    assert math.isnan(estimate.mean)
    assert estimate.n == 0


def test_a_payback_that_is_never_reached_makes_the_mean_infinite_without_an_interval():
    estimate = estimate_mean([3.0, math.inf], "months")
    assert estimate.mean == math.inf
    assert math.isnan(estimate.low)
    assert str(estimate) == "∞ months (no 95 % interval of the mean, n = 2)"


@pytest.mark.parametrize(("happened", "n"), [(0, 10), (3, 10), (10, 10), (49, 50)])
def test_the_interval_of_a_probability_is_wilsons(happened, n):
    estimate = estimate_probability([True] * happened + [False] * (n - happened))
    exact = stats.binomtest(happened, n).proportion_ci(0.95, method="wilson")
    assert (estimate.low, estimate.high) == pytest.approx((100 * exact.low, 100 * exact.high))
    assert (estimate.mean, estimate.unit, estimate.of, estimate.n) == (100 * happened / n, "%", "probability", n)


@pytest.mark.parametrize("n", range(1, 200))
def test_the_interval_of_a_probability_holds_the_share_at_both_ends(n):
    always, never = estimate_probability([True] * n), estimate_probability([False] * n)
    assert always.low < always.mean == always.high == 100
    assert never.low == never.mean == 0 < never.high


def test_the_probability_of_nothing_is_unknown():
    assert math.isnan(estimate_probability([]).mean)


@pytest.mark.parametrize("say", [str, repr, Estimate._repr_html_, "{}".format])
def test_an_estimate_never_prints_without_unit_level_and_n(say):
    text = say(estimate_mean(VALUES * 100, "EUR per customer", 0.9))
    assert re.search(r"\d EUR per customer \(90 % interval of the mean .* to .* EUR per customer, n = 23\)", text)


def test_a_unit_is_no_code():
    page = estimate_mean([1.0, 2.0], "<img src=x onerror='alert(1)'> per $x$")._repr_html_()
    assert "&lt;img src=x onerror=&#x27;alert(1)&#x27;&gt; per $x$" in page
    assert page.startswith('<span class="tex2jax_ignore mathjax_ignore" title=')


def test_an_estimate_without_an_interval_says_so():
    assert str(estimate_mean([12.0], "EUR")) == "12 EUR (no 95 % interval of the mean, n = 1)"


def test_the_interval_of_a_probability_is_not_called_one_of_a_mean():
    assert "% interval of the probability" in str(estimate_probability([True, False]))


def test_an_estimate_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        estimate_mean(VALUES, "EUR").mean = 0.0


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234567.8, "", "1,234,568"),
        (100.4, "EUR", "100"),
        (49.0, "EUR", "49"),
        (49.55, "EUR", "49.5"),
        (2.345, "EUR", "2.35"),
        (0.01234, "EUR", "0.0123"),
        (-1952.4, "EUR", "-1,952"),
        (93.456, "%", "93.5"),
        (0.0, "EUR", "0"),
        (math.nan, "EUR", "n/a"),
        (math.inf, "months", "∞"),
        (-math.inf, "EUR", "-∞"),
    ],
)
def test_figures_are_shown_without_false_precision(value, unit, text):
    assert figure(value, unit) == text
    assert with_unit(value, unit) == f"{text} {unit}".strip()


@pytest.mark.parametrize(
    ("mean", "half", "text"),
    [
        (12345.678, 432.1, "12,346 ± 432"),
        (12345.678, 4.321, "12,346 ± 4"),
        (12.345678, 0.04321, "12.35 ± 0.04"),
        (-3.21, 0.5, "-3.2 ± 0.5"),
        (1.0, 1e-9, "1.000000 ± 0.000000"),
    ],
)
def test_plus_minus_shows_a_mean_as_exactly_as_it_is_known(mean, half, text):
    assert plus_minus(Estimate(mean, mean - half, mean + half, 0.95, 9, "EUR")) == text


def test_plus_minus_signs_gains_where_asked_and_shows_a_mean_alone_where_there_is_no_interval():
    gain = Estimate(5.0, 4.0, 6.0, 0.95, 9, "EUR")
    assert plus_minus(gain, signed=True) == "+5.0 ± 1.0"
    assert plus_minus(dataclasses.replace(gain, mean=-5.0, low=-6.0, high=-4.0), signed=True) == "-5.0 ± 1.0"
    assert plus_minus(estimate_mean([5.0], "EUR"), signed=True) == "+5"
    assert plus_minus(estimate_mean([5.0, 5.0], "EUR")) == "5"
    assert plus_minus(estimate_mean([math.nan], "EUR")) == "n/a"


@pytest.mark.parametrize(
    ("mean", "half", "said"),
    [(30315.31, 1e-11, "30,315"), (-0.00004, 0.0012, "0.0000 ± 0.0012"), (-3.2, 1.1, "-3.2 ± 1.1"), (5.0, 0.0, "5")],
)
def test_a_mean_with_its_half_width_is_neither_too_exact_nor_minus_nothing(mean, half, said):
    assert plus_minus(Estimate(mean, mean - half, mean + half, 0.95, 10, "EUR")) == said
