"""Text becomes a quantity in one place only, and only where its unit is known."""

import math

import pytest

from flywheel_sim.journey.units import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    NEVER,
    WEEK,
    YEAR,
    UnitError,
    format_duration,
    looks_like_quantity,
    parse,
    unit_ms,
)


def test_a_month_is_exactly_a_twelfth_of_a_year_of_365_days():
    assert (MONTH, 12 * MONTH) == (2_628_000_000, YEAR)


@pytest.mark.parametrize(
    ("text", "number", "form", "per_ms", "reading"),
    [
        ("35 %", 0.35, "percent", None, None),
        ("35%", 0.35, "percent", None, None),
        ("0.5 %", 0.005, "percent", None, None),
        ("20 of 30", 20 / 30, "percent", None, None),
        ("95 % per month", 0.95, "percent", MONTH, None),
        ("85 % kept per year", 0.85, "percent", YEAR, "kept"),
        ("4 % lost per month", 0.04, "percent", MONTH, "lost"),
        ("3 of 4 kept per week", 0.75, "percent", WEEK, "kept"),
        ("0.12 per month", 0.12, "number", MONTH, None),
        ("0.243 per 4.414 weeks", 0.243, "number", 4.414 * WEEK, None),
        ("14 days", 14 * DAY, "duration", None, None),
        ("1 second", 1000, "duration", None, None),
        ("1.5 hours", 90 * MINUTE, "duration", None, None),
        ("0.0004 seconds", 0, "duration", None, None),
        ("49", 49, "number", None, None),
        ("49 per month", 49, "number", MONTH, None),
        ("1000", 1000, "number", None, None),
        ("1_000", 1000, "number", None, None),
        ("-3", -3, "number", None, None),
        (".5", 0.5, "number", None, None),
        ("1e3", 1000, "number", None, None),
        ("  7 days ", 7 * DAY, "duration", None, None),
        ("+5 points", 0.05, "points", None, None),
        ("3 points", 0.03, "points", None, None),
        ("+5 % relative", 0.05, "relative", None, None),
        ("40 % of mean", 0.4, "of_mean", None, None),
        ("never", NEVER, "never", None, None),
    ],
)
def test_a_good_text_becomes_its_quantity(text, number, form, per_ms, reading):
    quantity = parse(text)
    assert math.isclose(quantity.number, number)
    assert (quantity.form, quantity.per_ms, quantity.reading) == (form, per_ms, reading)


@pytest.mark.parametrize(
    ("text", "number", "per_what", "per_ms"),
    [("10 per invite", 10, "invite", None), ("3 per customer per month", 3, "customer", MONTH)],
)
def test_a_thing_counted_is_kept_apart_from_the_period(text, number, per_what, per_ms):
    quantity = parse(text)
    assert (quantity.number, quantity.per_what, quantity.per_ms) == (number, per_what, per_ms)


@pytest.mark.parametrize(
    ("text", "rule", "remedy"),
    [
        ("1,000", "no commas", "1000 or 1_000"),
        ("1,000,000 days", "no commas", "1000 or 1_000"),
        ("0,5", "a decimal sign is a point", "write 0.5"),
        ("1:30", "not a quantity", "a number with its unit"),
        ("12 months long", "not a quantity", "a number with its unit"),
        ("ten", "not a quantity", "a number with its unit"),
        ("", "not a quantity", "a number with its unit"),
        ("1__0", "not a quantity", "a number with its unit"),
        ("0x10", "not a quantity", "a number with its unit"),
        ("5 %%", "not a quantity", "a number with its unit"),
        ("12 monht", "'monht' is no unit of time", "did you mean 'month'?"),
        ("12 yrs", "'yrs' is no unit of time", "did you mean 'year'?"),
        ("3 parsecs", "'parsecs' is no unit of time", "units are second, minute"),
        ("-2 days", "not negative", "write 2 days"),
        ("1e10 years", "'never'", "write never"),
        ("0.1 per 0 months", "a period has a length", "positive number after 'per'"),
        ("30 of 0", "a positive whole", "20 of 30"),
        ("30 % kept", "a chance per period", "85 % kept per year"),
        ("3 kept per month", "a chance per period", "85 % kept per year"),
        ("30 % monthly", "no word of a chance", "write 35 %"),
        ("12 months per year", "said 'per' something", "write 12 months"),
        ("3 points per month", "said 'per' something", "write 3 points"),
        ("1e999", "no figure is this large", "at most 1e15"),
        ("1e999 days", "no figure is this large", "at most 1e15"),
        ("1 of 1e-300", "no figure is this large", "20 of 30"),
        ("0.1 per " + "9" * 400 + " days", "no figure is this large", "at most 1e15"),
    ],
)
def test_a_bad_text_says_its_rule_and_remedy(text, rule, remedy):
    with pytest.raises(UnitError) as caught:
        parse(text)
    assert rule in caught.value.rule
    assert remedy in caught.value.remedy


@pytest.mark.parametrize("text", ["7", "-7", "+7", ".5", "7 days", "never", "1:30", "3rd"])
def test_what_starts_like_a_figure_is_read_as_one(text):
    assert looks_like_quantity(text)


@pytest.mark.parametrize("text", ["price", "rest", "no", "nevermore", "inf", "nan", "", "-x"])
def test_what_starts_like_a_word_is_a_name(text):
    assert not looks_like_quantity(text)


@pytest.mark.parametrize(("word", "length"), [("day", DAY), ("days", DAY), ("hours", HOUR), ("year", YEAR)])
def test_units_stand_in_singular_and_plural(word, length):
    assert unit_ms(word) == length


@pytest.mark.parametrize(
    ("ms", "text"),
    [(36 * MONTH, "3 years"), (MONTH, "1 month"), (14 * DAY, "2 weeks"), (90 * MINUTE, "90 minutes"), (0, "0 days")],
)
def test_a_duration_is_said_in_its_largest_whole_unit(ms, text):
    assert format_duration(ms) == text


@pytest.mark.parametrize(
    ("text", "what", "per_ms"),
    [
        ("3 per customer per month", "customer", MONTH),
        ("10 per invite", "invite", None),
        ("2 per day_pass", "day_pass", None),
        ("2 per monthly per 2 weeks", "monthly", 14 * DAY),
        ("2 per win-back", "win-back", None),
        ("2 per months", None, MONTH),
    ],
)
def test_what_an_amount_is_counted_by_may_begin_like_a_unit(text, what, per_ms):
    quantity = parse(text)
    assert (quantity.per_what, quantity.per_ms) == (what, per_ms)
