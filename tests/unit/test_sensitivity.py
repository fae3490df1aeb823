"""A sensitivity says what a rate does to a metric, in both readings of "+5 %", on the same people."""

import math

import numpy as np
import pytest
from journeys import CLUB, COINS, club

from flywheel_sim.analysis.sensitivity.response import sensitivity
from flywheel_sim.errors import ConfigError, ExperimentError
from flywheel_sim.experiment.replicate import replicate
from flywheel_sim.scenario.load import loads


@pytest.fixture(scope="module")
def retention():
    return sensitivity(club(), "profit", "retention", strategies=["quiet", "loud"], replications=3)


def test_the_curve_passes_through_today(retention):
    (today,) = np.flatnonzero(retention.values == 85.0)
    for name in ("quiet", "loud"):
        runs = replicate(club(), strategies=name, replications=3)
        np.testing.assert_array_equal(retention.curve[name][today], runs.values("profit"))
        assert retention.base[name] == 85.0
        assert retention.base_runs[name].ledger.equals(runs.ledger)


@pytest.mark.parametrize("value", ["20 of 30", "12.3456789 %", "1 of 7", "99.99999 %"])
def test_the_curve_passes_through_a_base_that_is_no_round_number(value):
    response = sensitivity(loads(COINS).with_(heads=value), "revenue", "heads", replications=2)
    assert response.base["as written"] in response.values


def test_every_point_of_the_curve_is_the_journey_at_that_value(retention):
    point = int(np.argmax(retention.values))
    runs = replicate(club(retention=retention.values[point] / 100), strategies="loud", replications=3)
    np.testing.assert_array_equal(retention.curve["loud"][point], runs.values("profit"))
    assert retention.at("loud", point).mean == pytest.approx(runs["profit"].mean)


def test_both_readings_are_the_paired_change_at_the_value_they_mean(retention):
    for name in ("quiet", "loud"):
        points, relative = retention.readings[name]
        assert (points.label, points.value) == ("+5 points", pytest.approx(90.0))
        assert (relative.label, relative.value) == ("+5 % relative", pytest.approx(89.25))
        ground = replicate(club(), strategies=name, replications=3).values("profit")
        for reading in (points, relative):
            gain = (
                replicate(club(retention=reading.value / 100), strategies=name, replications=3).values("profit")
                - ground
            )
            assert reading.change.mean == pytest.approx(gain.mean())
            assert reading.relative is None  # of three replications nobody knows that profit is above zero


def test_a_reading_in_percent_is_the_ratio_of_change_and_today():
    response = sensitivity(club(), "revenue", "retention", strategies=["loud"], replications=8)
    ground = replicate(club(), strategies="loud", replications=8).values("revenue")
    gain = replicate(club(retention=0.9), strategies="loud", replications=8).values("revenue") - ground
    relative = response.readings["loud"][0].relative
    assert relative.mean == pytest.approx(100 * gain.mean() / ground.mean())
    assert relative.unit == "%"


def test_more_retention_is_worth_more(retention):
    order = np.argsort(retention.values)
    assert retention.readings["quiet"][0].change.mean > 0
    assert (np.diff(retention.curve["quiet"][order].mean(axis=1)) > 0).all()


def test_the_difference_of_strategies_at_a_point_is_paired(retention):
    gap = retention.difference(0, "loud", "quiet")
    assert gap.mean == pytest.approx((retention.curve["loud"][0] - retention.curve["quiet"][0]).mean())


@pytest.fixture(scope="module")
def crowded():
    return sensitivity(loads(COINS).with_(heads="98 %"), "revenue", "heads", replications=2)


def test_where_five_points_are_impossible_half_of_what_is_left_is_taken_and_said(crowded):
    points, relative = crowded.readings["as written"]
    assert (points.label, points.value) == ("+1 points", pytest.approx(99.0))
    assert points.note == "half of what is left to 100 %, since +5 points would be more"
    assert relative.value == pytest.approx(99.0)
    assert relative.note == "half of what is left to 100 %, since +5 % relative would be more"
    assert points.change.mean > 0
    assert "+1 points (to 99, half of what is left to 100 %, since +5 points would be more)" in str(crowded)
    assert list(crowded.readings_frame().note) == [points.note, relative.note]
    assert crowded.values.max() <= 100


def test_a_certainty_has_nothing_left_to_take_half_of():
    points, _ = sensitivity(
        loads(COINS).with_(heads="100 %"), "revenue", "heads", values=[1.0], replications=1
    ).readings["as written"]
    assert points.note == "impossible: 105 % is more than 100 %"


def test_five_points_in_code_that_are_impossible_are_refused_with_half_of_what_is_left():
    with pytest.raises(ConfigError, match=r"96 % \+5 points is 101 %, more than 100 %; write \+2 points \(98 %\)"):
        loads(COINS).with_(heads="96 %").with_(heads="+5 points")
    with pytest.raises(ConfigError, match=r"less than 0 %; write -1 points \(1 %\), half of what is left to 0 %"):
        loads(COINS).with_(heads="2 %").with_(heads="-5 points")


def test_a_spread_that_leaves_no_room_makes_a_reading_impossible():
    model = loads(COINS.replace("value: 50 %", "value: 90 %, spread: 25 points"))
    points, _ = sensitivity(model, "revenue", "heads", values=[0.9], replications=1).readings["as written"]
    assert points.change is None
    assert points.note.startswith("impossible: ")


def test_accruing_revenue_is_proportional_to_its_price():
    dear = club(price="12500 per month")  # so that rounding to the cent does not show
    response = sensitivity(dear, "revenue.platform", "price", strategies=["loud"], replications=3)
    assert response.elasticity["loud"].mean == pytest.approx(1.0, abs=1e-4)
    assert response.elasticity["loud"].unit == "% per 1 %"
    (relative,) = response.readings["loud"]
    assert relative.relative.mean == pytest.approx(5.0, abs=1e-3)
    assert response.rate_unit == "per month"


def test_revenue_does_not_depend_on_the_price_of_something_else():
    response = sensitivity(club(), "revenue.club", "price", strategies=["loud"], replications=6)
    assert response.elasticity["loud"].mean == 0.0
    assert (response.curve["loud"] == response.curve["loud"][0]).all()


def test_a_metric_that_is_nothing_today_has_no_elasticity():
    response = sensitivity(club(), "referred", "inviting", strategies=["quiet"], replications=2)
    assert math.isnan(response.elasticity["quiet"].mean)
    assert response.readings["quiet"][0].relative is None
    assert "0 people" in str(response)
    assert "None" not in str(response)


def test_each_strategy_starts_from_its_own_value():
    response = sensitivity(club(), "referred", "inviting", strategies=["loud", "louder"], values=[0.1], replications=1)
    assert response.base == {"loud": 0.15, "louder": 0.30}


def test_a_file_without_strategies_is_run_as_written():
    response = sensitivity(loads(COINS), "revenue", "heads", replications=2)
    assert list(response.curve) == ["as written"]
    assert response.curve["as written"].shape == (len(response.values), 2)


def test_values_are_given_as_numbers_or_as_text():
    response = sensitivity(loads(COINS), "revenue", "heads", values=[0.25, "60 %"], replications=1)
    np.testing.assert_allclose(response.values, [25.0, 60.0])


def test_workers_change_nothing(retention):
    again = sensitivity(club(), "profit", "retention", strategies=["quiet", "loud"], replications=3, workers=2)
    assert str(again) == str(retention)


def test_the_frames_are_tidy_and_carry_units(retention):
    table = retention.frame()
    assert len(table) == 2 * len(retention.values)
    assert not table.duplicated(["strategy", "value"]).any()
    assert set(table.rate_unit) == {"% per month"}
    assert set(table.unit) == {"EUR"}
    readings = retention.readings_frame()
    assert list(readings.reading) == ["+5 points", "+5 % relative"] * 2
    assert (readings["from"] == 85.0).all()


def test_an_unknown_rate_names_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'retention'"):
        sensitivity(club(), "profit", "retenton")


def test_an_unknown_metric_is_refused_before_anything_is_run(monkeypatch):
    monkeypatch.setattr("flywheel_sim.experiment.plan.replicate_jobs", lambda *_: pytest.fail("it ran"))
    with pytest.raises(ExperimentError, match="did you mean 'profit'"):
        sensitivity(club(), "proft", "retention")


def test_a_value_that_cannot_be_is_refused():
    with pytest.raises(ConfigError, match="100 %"):
        sensitivity(club(), "profit", "retention", values=[1.2], replications=1)


def test_a_rate_at_its_end_asks_for_values():
    with pytest.raises(ExperimentError, match="give the values"):
        sensitivity(loads(COINS).with_(heads="100 %"), "revenue", "heads", replications=1)


PACED = CLUB.replace("rates:\n", "rates:\n  pace: {value: 10 days, why: decided within days}\n").replace(
    "exponential: 10 days", "exponential: pace"
)


def test_a_duration_is_run_over_in_its_own_unit():
    response = sensitivity(loads(PACED), "time_to_convert", "pace", strategies=["quiet"], replications=3)
    assert response.rate_unit == "days"
    assert response.base == {"quiet": 10.0}
    np.testing.assert_allclose(response.values, [5, 7.5, 10, 12.5, 15])
    slow = replicate(
        loads(PACED.replace("pace: {value: 10 days", "pace: {value: 15 days")), strategies="quiet", replications=3
    )
    np.testing.assert_array_equal(response.curve["quiet"][-1], slow.terms("time_to_convert"))
    (relative,) = response.readings["quiet"]
    assert relative.value == pytest.approx(10.5)
    assert 0 < response.elasticity["quiet"].mean < 1  # it is one of the two waits before they buy


def test_a_value_in_another_unit_is_shown_in_that_of_today():
    response = sensitivity(loads(PACED), "revenue", "pace", values=["1 week"], strategies=["quiet"], replications=1)
    np.testing.assert_allclose(response.values, [7.0])
    response = sensitivity(club(), "referred", "inviting", values=["1.2 per year"], strategies=["loud"], replications=1)
    np.testing.assert_allclose(response.values, [0.1])
    with pytest.raises(ExperimentError, match="different periods"):
        sensitivity(club(), "profit", "retention", values=["60 % kept per year"], strategies=["loud"], replications=1)


def test_what_never_happens_is_no_rate_to_run_over():
    with pytest.raises(ExperimentError, match="'pace' is never"):
        sensitivity(loads(PACED).with_(pace="never"), "profit", "pace", replications=1)


def test_a_rate_changed_to_another_period_keeps_it():
    model = club().with_(inviting="3.6 per year")
    response = sensitivity(model, "referred", "inviting", values=[3.6, 7.2], strategies=["loud"], replications=2)
    assert response.base == {"loud": 3.6}
    double = replicate(club(inviting="0.6 per month"), strategies="loud", replications=2)
    np.testing.assert_array_equal(response.curve["loud"][1], double.values("referred"))


def test_a_band_holds_all_points_of_a_curve_and_so_is_wider_than_each_interval():
    response = sensitivity(club(), "revenue", "retention", strategies=["loud"], replications=20)
    mean, low, high = response.band("loud")
    for point in range(len(response.values)):
        alone = response.at("loud", point)
        assert mean[point] == pytest.approx(alone.mean)
        assert low[point] < alone.low < alone.high < high[point]
    assert list(response.frame().band_low) == list(low)


def test_html_of_a_sensitivity_escapes_what_the_file_says():
    evil = loads(COINS.replace("name: Coins", "name: '<script>x</script>'"))
    assert "<script>" not in sensitivity(evil, "revenue", "heads", replications=1)._repr_html_()
