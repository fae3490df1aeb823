"""A rate as written becomes a table in canonical units for the place it is used in."""

import math

import pytest

from flywheel_sim.errors import ConfigError
from flywheel_sim.scenario.load import loads
from flywheel_sim.scenario.units import DAY, MONTH, NEVER, YEAR

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
    made = scenario(rate, CHANCE.format(every=every)).with_(**values)
    return made.journey().stage("home").events[0].outcomes[0].chance


def clock(rate, **values):
    made = scenario(rate, "every: asked, to: gone").with_(**values)
    return made.journey().stage("home").events[0].wait


def price(rate, currency="EUR", **values):
    event = "every: 1 month, to: {stay: 50 %, gone: rest}, earn: {fee: asked}"
    return scenario(rate, event, currency).with_(**values).journey().stage("home").events[0].effects.money[0].value


def refused(rate, **values):
    with pytest.raises(ConfigError) as caught:
        chance(rate, **values)
    return str(caught.value)


def odds(p):
    return p / (1 - p)


# -- tables -------------------------------------------------------------------------------------


def test_a_plain_figure_has_one_cell():
    assert (chance("30 %").over, chance("30 %").cells) == ((), (0.3,))


def test_a_named_rate_keeps_the_name_it_is_used_by():
    assert chance("30 %").name == "asked"


def test_levels_are_absolute_and_the_value_is_everybody_else():
    found = chance("{value: 30 %, by: {mood: {sour: 10 %, sweet: 60 %}}}")
    assert (found.over, found.cells) == (("mood",), (0.1, 0.3, 0.6))


def test_factors_multiply():
    assert chance("{value: 30 %, times: {mood: {sour: 0.5, sweet: 2}}}").cells == pytest.approx((0.15, 0.3, 0.6))


def test_factors_of_two_attributes_multiply_each_other():
    found = chance("{value: 20 %, times: {mood: {sweet: 2}, plan: {pro: 1.5}}}")
    assert found.over == ("mood", "plan")
    assert found.cells == pytest.approx((0.2, 0.3, 0.2, 0.3, 0.4, 0.6))


def test_factors_multiply_levels_too():
    found = chance("{value: 20 %, by: {plan: {pro: 40 %}}, times: {plan: {pro: 2}}}")
    assert found.cells == pytest.approx((0.2, 0.8))


def test_one_by_nests_in_another():
    found = chance("{value: 20 %, by: {plan: {pro: {value: 40 %, by: {mood: {sweet: 90 %}}}}}}")
    assert found.over == ("mood", "plan")
    assert found.cells == (0.2, 0.4, 0.2, 0.4, 0.2, 0.9)


def test_every_level_stands_in_for_a_value():
    assert chance("{by: {plan: {pro: 40 %, free: 20 %}}}").cells == (0.2, 0.4)


def test_the_channel_is_an_attribute_like_any_other():
    found = chance("{value: 20 %, by: {channel: {mail: 40 %}}}")
    assert (found.over, found.cells) == (("channel",), (0.2, 0.4))


def test_a_rate_may_be_another_rate_by_name():
    text = FILE.format(rate="other", event=CHANCE.format(every="1 month"), currency="EUR")
    found = loads(text.replace("  asked:", "  other: {value: 30 %, by: {plan: {pro: 40 %}}}\n  asked:"))
    assert found.journey().stage("home").events[0].outcomes[0].chance.cells == (0.3, 0.4)


def test_a_level_of_0_needs_no_unit():
    assert chance("{value: 30 %, by: {plan: {pro: 0}}}").cells == (0.3, 0.0)


# -- units --------------------------------------------------------------------------------------


def test_a_rate_is_counted_per_millisecond():
    assert clock("0.5 per month").params[0].cells == pytest.approx((0.5 / MONTH,))


def test_a_duration_is_a_fixed_wait():
    assert (clock("2 days").kind, clock("2 days").params[0].cells) == ("fixed", (2 * DAY,))


def test_never_is_a_level_of_a_duration():
    assert clock("{value: 2 days, by: {plan: {free: never}}}").params[0].cells == (NEVER, 2 * DAY)


def test_an_exponential_mean_is_the_inverse_of_its_rate():
    assert clock("1 per day").params[0].cells == pytest.approx((1 / DAY,))
    found = scenario("3 %", "after: {exponential: 1 day}, to: gone").journey().stage("home").events[0].wait
    assert found.params[0].cells == pytest.approx((1 / DAY,))


@pytest.mark.parametrize(("currency", "cells"), [("EUR", (1999.0,)), ("JPY", (19.99,)), ("KWD", (19990.0,))])
def test_money_is_counted_in_minor_units_of_the_currency(currency, cells):
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
    found = chance("{value: 50 % kept per year, by: {plan: {pro: 80 %}}}")
    assert found.cells == pytest.approx((0.5 ** (1 / 12), 0.8 ** (1 / 12)))


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
    said = refused("{value: 0 %, by: {plan: {pro: 40 %}}}", asked="10 %")
    assert "has no odds to move; set each level" in said


def test_a_moved_family_of_rates_keeps_its_factors():
    rate = "{value: 0.2 per month, times: {mood: {sour: 0, sweet: 3}}}"
    assert clock(rate, asked="0.1 per month").params[0].cells == pytest.approx((0, 0.1 / MONTH, 0.3 / MONTH))


def test_a_moved_family_of_money_keeps_its_factors():
    assert price("{value: 40, by: {plan: {pro: 80}}}", asked="50").cells == pytest.approx((5000, 10000))


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
    said = refused("{by: {plan: {free: 20 %, pro: 40 %}}}", asked="30 %")
    assert "has no single reference value to move" in said


# -- spreads ------------------------------------------------------------------------------------


def moments(alpha, beta):
    total = alpha + beta
    return alpha / total, math.sqrt(alpha * beta / (total**2 * (total + 1)))


def test_a_spread_in_points_is_the_sd_around_the_mean_of_every_cell():
    found = chance("{value: 60 %, by: {plan: {pro: 80 %}}, spread: 5 points}").spread
    assert found.family == "beta"
    assert moments(*found.cells[0]) == pytest.approx((0.6, 0.05))
    assert moments(*found.cells[1]) == pytest.approx((0.8, 0.05))


def test_alpha_and_beta_are_the_beta_distribution_itself():
    found = chance("{spread: {alpha: 0.7, beta: 1.3}}")
    assert found.cells == pytest.approx((0.35,))
    assert found.spread.cells[0] == pytest.approx((0.7, 1.3))


def test_alpha_and_beta_beside_a_value_give_their_sd_to_every_cell():
    found = chance("{value: 60 %, by: {plan: {pro: 80 %}}, spread: {alpha: 6, beta: 4}}").spread
    assert found.cells[0] == pytest.approx((6, 4))
    assert moments(*found.cells[1]) == pytest.approx((0.8, moments(6, 4)[1]))


def test_a_spread_chance_changes_its_period_person_by_person():
    found = chance("{value: 50 % kept per year, spread: 5 points}")
    assert found.spread.power == MONTH / YEAR
    assert moments(*found.spread.cells[0]) == pytest.approx((0.5, 0.05))


def test_a_spread_of_a_rate_is_a_gamma_with_that_share_of_its_mean():
    found = clock("{value: 0.2 per month, by: {plan: {pro: 0.4 per month}}, spread: 50 % of mean}").params[0].spread
    assert found.family == "gamma"
    assert [shape for shape, _ in found.cells] == pytest.approx([4, 4])
    assert [mean for _, mean in found.cells] == pytest.approx([0.2 / MONTH, 0.4 / MONTH])


def test_a_spread_of_money_may_be_a_shape():
    assert price("{value: 20, spread: {shape: 2}}").spread.cells[0] == pytest.approx((2, 2000))


def test_a_moved_family_keeps_the_sd_of_its_spread():
    found = chance("{value: 60 %, spread: 5 points}", asked="70 %")
    assert moments(*found.spread.cells[0]) == pytest.approx((0.7, 0.05))
