"""A rate as written becomes a table in canonical units for the place it is used in."""

import math

import pytest

from flywheel_sim.errors import ConfigError
from flywheel_sim.journey.units import DAY, MONTH, NEVER, YEAR
from flywheel_sim.scenario.load import loads

FILE = """\
name: One stage
horizon: 12 months
currency: {currency}
rates:
  asked: {rate}
attributes:
  mood: [sour, even, sweet]
  plan: [free, pro]
channels: {{ads: {{batch: 10, enters: home}}, mail: {{batch: 10, enters: home}}}}
journey:
  home: {{role: customer, {event}}}
  gone: exit
"""
CHANCE = "every: {every}, to: {{stay: asked, gone: rest}}"


def scenario(rate, event, currency="EUR"):
    return loads(FILE.format(rate=rate, event=event, currency=currency))


def chance(rate, every="1 month", **values):
    """Return the chance of staying, after values are set in code."""
    model = scenario(rate, CHANCE.format(every=every)).with_(**values)
    return model.journey().stage("home").events[0].outcomes[0].chance


def clock(rate, **values):
    model = scenario(rate, "every: asked, to: gone").with_(**values)
    return model.journey().stage("home").events[0].waits[0]


def price(rate, currency="EUR", **values):
    event = "every: 1 month, to: {stay: 50 %, gone: rest}, earn: {fee: asked}"
    return scenario(rate, event, currency).with_(**values).journey().stage("home").events[0].effects.money[0].value


def refused(rate, **values):
    with pytest.raises(ConfigError) as caught:
        chance(rate, **values)
    return str(caught.value)


def over(rate):
    """Return the names of the attributes a rate depends on."""
    return tuple(axis.attribute for axis in rate.over)


def odds(p):
    return p / (1 - p)


# -- tables -------------------------------------------------------------------------------------


def test_a_plain_figure_has_one_cell():
    assert (chance("30 %").over, chance("30 %").cells) == ((), (0.3,))


def test_a_named_rate_keeps_the_name_it_is_used_by():
    assert chance("30 %").name == "asked"


def test_levels_are_absolute_and_the_value_is_everybody_else():
    rate = chance("{value: 30 %, by: {mood: {sour: 10 %, sweet: 60 %}}}")
    assert (over(rate), rate.cells) == (("mood",), (0.1, 0.3, 0.6))


def test_factors_multiply():
    assert chance("{value: 30 %, times: {mood: {sour: 0.5, sweet: 2}}}").cells == pytest.approx((0.15, 0.3, 0.6))


def test_factors_of_two_attributes_multiply_each_other():
    rate = chance("{value: 20 %, times: {mood: {sweet: 2}, plan: {pro: 1.5}}}")
    assert over(rate) == ("mood", "plan")
    assert rate.cells == pytest.approx((0.2, 0.3, 0.2, 0.3, 0.4, 0.6))


def test_factors_multiply_levels_too():
    rate = chance("{value: 20 %, by: {plan: {pro: 40 %}}, times: {plan: {pro: 2}}}")
    assert rate.cells == pytest.approx((0.2, 0.8))


def test_one_by_nests_in_another():
    rate = chance("{value: 20 %, by: {plan: {pro: {value: 40 %, by: {mood: {sweet: 90 %}}}}}}")
    assert over(rate) == ("mood", "plan")
    assert rate.cells == (0.2, 0.4, 0.2, 0.4, 0.2, 0.9)


def test_every_level_stands_in_for_a_value():
    assert chance("{by: {plan: {pro: 40 %, free: 20 %}}}").cells == (0.2, 0.4)


def test_the_channel_is_an_attribute_like_any_other():
    rate = chance("{value: 20 %, by: {channel: {mail: 40 %}}}")
    assert (over(rate), rate.cells) == (("channel",), (0.2, 0.4))


def test_a_rate_may_be_another_rate_by_name():
    text = FILE.format(rate="other", event=CHANCE.format(every="1 month"), currency="EUR")
    model = loads(text.replace("  asked:", "  other: {value: 30 %, by: {plan: {pro: 40 %}}}\n  asked:"))
    assert model.journey().stage("home").events[0].outcomes[0].chance.cells == (0.3, 0.4)


def test_a_level_of_0_needs_no_unit():
    assert chance("{value: 30 %, by: {plan: {pro: 0}}}").cells == (0.3, 0.0)


# -- numbers and times --------------------------------------------------------------------------

TIMED = """\
name: One stage
start: 2027-03-01
horizon: 12 months
currency: EUR
rates:
  asked: {rate}
attributes:
  mood: [sour, even, sweet]
  plan: [free, pro]
  score: {{counts: -3 to 100}}
  visits: {{counts: 0 to 9}}
  tenure: stopwatch
channels: {{ads: {{batch: 10, enters: home}}, mail: {{enters: home}}}}
journey:
  home: {{role: customer, events: {{pay: {{every: asked, earn: {{fee: 5}}}}, tell: {{every: 1 month, refer: mail}}}}}}
"""


def timed(rate):
    return loads(TIMED.format(rate=rate)).journey().stage("home").events[0].waits[0].params[0]


def test_levels_of_a_number_are_lower_bounds():
    rate = timed("{value: 1 per month, by: {visits: {2: 3, 5: 4}}}")
    assert [(a.attribute, a.size, a.bounds) for a in rate.over] == [("visits", 3, (2, 5))]
    assert rate.cells == pytest.approx([1 / MONTH, 3 / MONTH, 4 / MONTH])


def test_a_level_at_the_lowest_value_stands_in_for_the_value():
    rate = timed("{by: {visits: {0: 1 per month, 5: 4}}}")
    assert rate.over[0].bounds == (5,)
    assert rate.cells == pytest.approx([1 / MONTH, 4 / MONTH])


def test_a_level_below_the_lowest_value_does_so_too():
    rate = timed("{by: {score: {-10: 1 per month, 0: 2, 60: 4}}}")
    assert rate.over[0].bounds == (0, 60)


def test_the_highest_of_several_levels_at_the_lowest_value_applies():
    assert timed("{by: {visits: {-2: 1 per month, -1: 2, 5: 4}}}").cells == pytest.approx([2 / MONTH, 4 / MONTH])


def test_below_the_first_level_the_factor_is_1():
    assert timed("{value: 1 per month, times: {visits: {2: 3}}}").cells == pytest.approx([1 / MONTH, 3 / MONTH])


def test_levels_of_a_stopwatch_and_of_the_calendar_are_durations():
    rate = timed("{value: 1 per month, times: {tenure: {0 days: 1, 1 year: 2}, calendar: {6 months: 3}}}")
    assert [(a.attribute, a.bounds) for a in rate.over] == [("tenure", (YEAR,)), ("calendar", (6 * MONTH,))]
    assert rate.cells == pytest.approx([x / MONTH for x in (1, 3, 2, 6)])


def test_a_level_of_0_needs_no_unit_of_time():
    assert timed("{by: {tenure: {0: 1 per month, 1 year: 2}}}").over[0].bounds == (YEAR,)


def test_one_bound_may_be_used_in_several_parts_of_a_rate():
    rate = timed("{by: {visits: {0: {value: 1 per month, by: {visits: {3: 2}}}, 2: 5}}, times: {visits: {4: 10}}}")
    assert rate.over[0].bounds == (2, 3, 4)
    assert rate.cells == pytest.approx([x / MONTH for x in (1, 5, 5, 50)])


def test_bounds_of_nested_parts_meet():
    rate = timed("{by: {plan: {free: {by: {visits: {0: 1 per month, 2: 2}}}, pro: {by: {visits: {0: 3, 5: 4}}}}}}")
    assert [(a.attribute, a.bounds) for a in rate.over] == [("plan", ()), ("visits", (2, 5))]
    assert rate.cells == pytest.approx([x / MONTH for x in (1, 2, 2, 3, 3, 4)])


def test_a_number_that_makes_no_difference_is_no_axis():
    assert timed("{by: {visits: {0: 1 per month}}}").over == ()


def test_the_generation_is_a_number():
    assert timed("{value: 1 per month, times: {generation: {1: 0.8, 2: 0.6}}}").over[0].bounds == (1, 2)


def test_months_the_referrer_and_the_stage_are_named_levels():
    rate = timed("{value: 1 per month, times: {referrer: {gone: 2}, month: {dec: 3}, stage: {home: 5}}}")
    assert [(a.attribute, a.size) for a in rate.over] == [("referrer", 3), ("month", 12), ("stage", 1)]
    assert rate.cells[11] == pytest.approx(15 / MONTH)
    assert rate.cells[-1] == pytest.approx(30 / MONTH)


def test_axes_come_in_the_order_of_the_file_and_then_of_the_built_in_ones():
    times = "{month: {may: 2}, tenure: {1 year: 2}, channel: {ads: 2}, mood: {even: 2}}"
    rate = timed(f"{{value: 1 per month, times: {times}}}")
    assert over(rate) == ("mood", "tenure", "channel", "month")


def test_a_rate_of_0_needs_no_common_period():
    assert timed("{by: {plan: {free: 0 per year, pro: 2 per month}}}").cells == pytest.approx([0, 2 / MONTH])


# -- units --------------------------------------------------------------------------------------


def test_a_rate_is_counted_per_millisecond():
    assert clock("0.5 per month").params[0].cells == pytest.approx((0.5 / MONTH,))


def test_a_duration_is_a_fixed_wait():
    assert (clock("2 days").kind, clock("2 days").params[0].cells) == ("fixed", (2 * DAY,))


def test_never_is_a_level_of_a_duration():
    assert clock("{value: 2 days, by: {plan: {free: never}}}").params[0].cells == (NEVER, 2 * DAY)


def test_an_exponential_mean_is_the_inverse_of_its_rate():
    assert clock("1 per day").params[0].cells == pytest.approx((1 / DAY,))
    wait = scenario("3 %", "after: {exponential: 1 day}, to: gone").journey().stage("home").events[0].waits[0]
    assert wait.params[0].cells == pytest.approx((1 / DAY,))


@pytest.mark.parametrize(("currency", "cells"), [("EUR", (19_990_000.0,)), ("JPY", (19_990_000.0,))])
def test_money_is_counted_in_millionths_of_any_currency(currency, cells):
    assert price("19.99", currency).cells == cells


# -- chances per period -------------------------------------------------------------------------


def test_a_chance_on_its_own_period_stays_as_it_is():
    assert chance("90 % per month").cells == (0.9,)


def test_kept_over_a_longer_clock_is_kept_each_time():
    assert chance("90 % kept per month", every="1 year").cells == pytest.approx((0.9**12,))


def test_kept_over_a_shorter_clock_is_its_root():
    assert chance("50 % kept per year").cells == pytest.approx((0.5 ** (1 / 12),))


def test_lost_over_another_clock_is_what_is_not_kept():
    text = FILE.format(rate="4 % lost per month", event="every: 1 year, to: {gone: asked, stay: rest}", currency="EUR")
    assert loads(text).journey().stage("home").events[0].outcomes[0].chance.cells == pytest.approx((1 - 0.96**12,))


def test_every_cell_of_a_table_changes_its_period():
    rate = chance("{value: 50 % kept per year, by: {plan: {pro: 80 %}}}")
    assert rate.cells == pytest.approx((0.5 ** (1 / 12), 0.8 ** (1 / 12)))


# -- families -----------------------------------------------------------------------------------

FAMILY = "{value: 60 %, by: {mood: {sour: 30 %, sweet: 80 %}}}"


def test_a_bare_value_moves_the_reference_to_itself_exactly():
    assert chance(FAMILY, asked="70 %").cells[1] == 0.7


def test_a_moved_family_of_chances_keeps_its_odds_ratios():
    before, after = chance(FAMILY).cells, chance(FAMILY, asked="70 %").cells
    ratio = odds(0.7) / odds(0.6)
    assert [odds(b) / odds(a) for a, b in zip(before, after, strict=True)] == pytest.approx([ratio] * 3)


def test_a_family_of_chances_never_leaves_0_to_100_percent():
    assert all(0 < cell < 1 for cell in chance(FAMILY, asked="99.9 %").cells)


def test_a_family_of_chances_moves_to_100_percent_together():
    assert chance(FAMILY, asked="100 %").cells == (1.0, 1.0, 1.0)


def test_a_family_at_0_percent_has_no_odds_to_move():
    message = refused("{value: 0 %, by: {plan: {pro: 40 %}}}", asked="10 %")
    assert "has no odds to move; set each level" in message


def test_a_moved_family_of_rates_keeps_its_factors():
    rate = "{value: 0.2 per month, times: {mood: {sour: 0, sweet: 3}}}"
    assert clock(rate, asked="0.1 per month").params[0].cells == pytest.approx((0, 0.1 / MONTH, 0.3 / MONTH))


def test_a_moved_family_of_money_keeps_its_factors():
    assert price("{value: 40, by: {plan: {pro: 80}}}", asked="50").cells == pytest.approx((50e6, 100e6))


def test_a_bare_value_may_stand_in_another_period():
    rate = "{value: 0.2 per month, by: {plan: {pro: 0.4 per month}}}"
    assert clock(rate, asked="1.2 per year").params[0].cells == pytest.approx((0.1 / MONTH, 0.2 / MONTH))


def test_a_bare_chance_in_another_period_says_how_it_is_read():
    rate = "{value: 90 % per month, by: {plan: {pro: 95 %}}}"
    assert chance(rate, asked="50 % kept per year").cells[0] == pytest.approx(0.5 ** (1 / 12))
    assert "its unit differs" in refused(rate, asked="50 % per year")


def test_a_value_in_braces_changes_the_reference_alone():
    assert chance(FAMILY, asked={"value": "70 %"}).cells == (0.3, 0.7, 0.8)


def test_a_level_in_braces_changes_that_level_alone():
    assert chance(FAMILY, asked={"by": {"mood": {"sour": "40 %"}}}).cells == (0.4, 0.6, 0.8)


def test_a_family_without_a_reference_cannot_be_moved():
    message = refused("{by: {plan: {free: 20 %, pro: 40 %}}}", asked="30 %")
    assert "has no single reference value to move" in message


def test_a_moved_duration_leaves_never_as_it_is():
    rate = "{value: 30 days, by: {plan: {pro: never}}, times: {mood: {sour: 2}}}"
    assert clock(rate, asked="15 days").params[0].cells == (30 * DAY, NEVER, 15 * DAY, NEVER, 15 * DAY, NEVER)
    assert set(clock(rate, asked="never").params[0].cells) == {NEVER}


def test_a_duration_that_is_never_has_no_factor_to_move_by():
    with pytest.raises(ConfigError, match="a family at never has no factor to move by; set each level"):
        clock("{value: never, by: {plan: {pro: 3 days}}}", asked="15 days")


# -- spreads ------------------------------------------------------------------------------------


def moments(alpha, beta):
    total = alpha + beta
    return alpha / total, math.sqrt(alpha * beta / (total**2 * (total + 1)))


def test_a_spread_in_points_is_the_sd_around_the_mean_of_every_cell():
    spread = chance("{value: 60 %, by: {plan: {pro: 80 %}}, spread: 5 points}").spread
    assert spread.family == "beta"
    assert moments(*spread.cells[0]) == pytest.approx((0.6, 0.05))
    assert moments(*spread.cells[1]) == pytest.approx((0.8, 0.05))


def test_alpha_and_beta_are_the_beta_distribution_itself():
    rate = chance("{spread: {alpha: 0.7, beta: 1.3}}")
    assert rate.cells == pytest.approx((0.35,))
    assert rate.spread.cells[0] == pytest.approx((0.7, 1.3))


def test_alpha_and_beta_beside_a_value_give_their_sd_to_every_cell():
    spread = chance("{value: 60 %, by: {plan: {pro: 80 %}}, spread: {alpha: 6, beta: 4}}").spread
    assert spread.cells[0] == pytest.approx((6, 4))
    assert moments(*spread.cells[1]) == pytest.approx((0.8, moments(6, 4)[1]))


def test_a_spread_chance_changes_its_period_person_by_person():
    rate = chance("{value: 50 % kept per year, spread: 5 points}")
    assert rate.spread.power == MONTH / YEAR
    assert moments(*rate.spread.cells[0]) == pytest.approx((0.5, 0.05))


def test_a_spread_of_a_rate_is_a_gamma_with_that_share_of_its_mean():
    spread = clock("{value: 0.2 per month, by: {plan: {pro: 0.4 per month}}, spread: 50 % of mean}").params[0].spread
    assert spread.family == "gamma"
    assert [shape for shape, _ in spread.cells] == pytest.approx([4, 4])
    assert [mean for _, mean in spread.cells] == pytest.approx([0.2 / MONTH, 0.4 / MONTH])


def test_a_spread_of_money_may_be_a_shape():
    assert price("{value: 20, spread: {shape: 2}}").spread.cells[0] == pytest.approx((2, 20e6))


def test_a_moved_family_keeps_the_sd_of_its_spread():
    rate = chance("{value: 60 %, spread: 5 points}", asked="70 %")
    assert moments(*rate.spread.cells[0]) == pytest.approx((0.7, 0.05))
