"""Attributes, what is set and added, and channels as they are loaded."""

import math

import pytest

from flywheel_sim.errors import ConfigError
from flywheel_sim.journey.units import DAY, MONTH, NEVER, WEEK, YEAR
from flywheel_sim.scenario.load import loads

FILE = """\
name: One stage
start: 2027-03-01
horizon: 12 months
currency: EUR
attributes:
  plan: [free, pro]
  tier: [free, pro]
  mood: {{sour: 30 %, sweet: rest}}
  score: {{counts: 0 to 100}}
  spent: {{counts: 0 to 5000}}
  debt: {{counts: -50 to -10}}
  quiet: stopwatch
  age: stopwatch
  {attribute}
channels:
  base: {{present: 10, enters: home}}
  mail: {{enters: home}}
  ads: {{{channel}, enters: home}}
journey:
  home: {{role: customer, events: {{it: {{every: 1 month, refer: mail, {effects}}}, bye: {{after: 1 year, to: gone}}}}}}
  gone: exit
"""


def journey(attribute="more: [a, b]", channel="batch: 10", effects="earn: {fee: 3}"):
    return loads(FILE.format(attribute=attribute, channel=channel, effects=effects)).journey()


def attribute(text):
    return journey(attribute=f"it: {text}").attributes[-1]


def effects(text):
    return journey(effects=text).stage("home").events[0].effects


def channel(text, horizon="12 months"):
    text = FILE.format(attribute="more: [a, b]", channel=text, effects="earn: {fee: 3}")
    return loads(text.replace("horizon: 12 months", f"horizon: {horizon}")).journey().channels[-1]


# -- attributes ---------------------------------------------------------------------------------


def test_a_list_starts_as_its_first_level():
    loaded = attribute("[a, b]")
    assert (loaded.kind, loaded.levels, loaded.draw) == ("levels", ("a", "b"), None)


def test_a_counter_has_its_bounds_and_a_stopwatch_has_none():
    loaded = attribute("{counts: -3 to 1_000}")
    assert (loaded.kind, loaded.low, loaded.high, loaded.levels) == ("counter", -3, 1000, ())
    assert (attribute("stopwatch").kind, attribute("stopwatch").draw) == ("stopwatch", None)


def test_a_level_named_counts_is_a_level():
    assert attribute("{counts: 30 %, matters: rest}").levels == ("counts", "matters")


def test_a_drawn_attribute_belongs_to_the_person():
    draw = attribute("{a: 30 %, b: rest}").draw
    assert (draw.decision, draw.levels) == ("person/it", (0, 1))
    assert draw.chances[0].cells == (0.3,)
    assert draw.chances[1] is None


def test_a_draw_may_itself_depend_on_an_attribute():
    loaded = attribute("{by: {mood: {sour: {a: 90 %, b: rest}, sweet: {c: 20 %, b: rest}}}}")
    assert loaded.levels == ("a", "b", "c")
    assert [c and c.cells for c in loaded.draw.chances] == [(0.9, 0), None, (0, 0.2)]
    assert [a.attribute for a in loaded.draw.chances[0].over] == ["mood"]


def test_a_draw_by_an_attribute_may_have_a_value_for_the_other_levels():
    loaded = attribute("{value: {a: 30 %, b: rest}, by: {plan: {pro: {a: 60 %, b: rest}}}}")
    assert loaded.draw.chances[0].cells == (0.3, 0.6)


def test_draws_nest():
    loaded = attribute("{by: {mood: {sour: {a: 100 %}, sweet: {by: {calendar: {0 days: {a: 50 %, b: 50 %}, "
                      "1 month: {b: 100 %}}}}}}}")  # fmt: skip
    assert loaded.draw.chances[0].cells == (1, 1, 0.5, 0)
    assert loaded.draw.chances[1].cells == (0, 0, 0.5, 1)


def test_a_level_called_value_is_a_level():
    assert attribute("{no_value: 30 %, value: 70 %}").levels == ("no_value", "value")
    loaded = attribute("{by: {mood: {sour: {value: 30 %, by: 70 %}, sweet: {value: 100 %}}}}")
    assert loaded.levels == ("value", "by")
    assert loaded.draw.chances[0].cells == (0.3, 1)


@pytest.mark.parametrize("on", ["channel: {ads: 40 %}", "generation: {1: 40 %}", "referrer: {gone: 40 %}",
                                "calendar: {3 months: 40 %}", "month: {dec: 40 %}", "plan: {pro: 40 %}",
                                "score: {3: 40 %}"])  # fmt: skip
def test_a_draw_on_arrival_may_depend_on_what_is_settled(on):
    assert len(attribute(f"{{a: {{value: 30 %, by: {{{on}}}}}, b: rest}}").draw.chances[0].over) == 1


# -- set and add --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "attribute", "value"),
    [
        ("plan: pro", "plan", 1),
        ("score: 7", "score", 7),
        ("debt: -20", "debt", -20),
        ("quiet: 0 days", "quiet", 0),
        ("quiet: 2 weeks", "quiet", 2 * WEEK),
        ("quiet: never", "quiet", NEVER),
    ],
)
def test_a_value_is_set(text, attribute, value):
    (change,) = effects(f"set: {{{text}}}").sets
    assert (change.attribute, change.value, change.copy, change.draw) == (attribute, value, "", None)


@pytest.mark.parametrize(("one", "other"), [("quiet", "age"), ("plan", "tier"), ("spent", "score")])
def test_an_attribute_is_set_to_another(one, other):
    (change,) = effects(f"set: {{{one}: {other}}}").sets
    assert (change.attribute, change.copy) == (one, other)


def test_what_is_set_keeps_the_order_of_the_file():
    assert [to.attribute for to in effects("set: {age: quiet, quiet: 0 days, plan: pro}").sets] == [
        "age", "quiet", "plan",
    ]  # fmt: skip


def test_a_drawn_level_belongs_to_the_event():
    (change,) = effects("set: {mood: {sweet: {value: 30 %, by: {score: {10: 60 %}}}, sour: rest}}").sets
    assert (change.draw.decision, change.draw.levels) == ("home/it/mood", (1, 0))
    assert [c and c.cells for c in change.draw.chances] == [(0.3, 0.6), None]


def test_a_drawn_level_on_entry_belongs_to_the_entry():
    text = FILE.format(attribute="more: [a, b]", channel="batch: 10", effects="earn: {fee: 3}")
    text = text.replace("role: customer,", "role: customer, on_entry: {set: {plan: {free: 30 %, pro: rest}}},")
    assert loads(text).journey().stage("home").on_entry.sets[0].draw.decision == "home/on_entry/plan"


def test_numbers_and_earnings_are_added_to_counters():
    loaded = effects("add: {score: -3, spent: earned, debt: 1_0}, earn: {fee: 3}")
    assert [(a.attribute, a.number, a.earned) for a in loaded.adds] == [
        ("score", -3, False), ("spent", 0, True), ("debt", 10, False),
    ]  # fmt: skip
    assert loaded.any


def test_what_an_outcome_earns_may_be_added_by_the_event():
    loaded = effects("add: {spent: earned}, outcomes: {pays: {chance: 30 %, earn: {fee: 3}}, not: rest}")
    assert loaded.adds[0].earned


# -- channels -----------------------------------------------------------------------------------


def test_arrivals_may_have_seasons():
    loaded = channel("rate: 30 per month, times: {month: {aug: 0.5, dec: 2}, calendar: {6 months: 3}}")
    assert [a.attribute for a in loaded.rate.over] == ["calendar", "month"]
    assert loaded.rate.cells[7] == pytest.approx(15 / MONTH)
    assert loaded.rate.cells[12 + 11] == pytest.approx(180 / MONTH)
    assert loaded.rate.kind == "rate"


def test_a_rate_of_arrivals_may_be_a_table_over_time():
    loaded = channel("rate: {value: 30 per month, by: {calendar: {3 months: 60}}, times: {month: {dec: 2}}}")
    assert loaded.rate.cells[12] == pytest.approx(60 / MONTH)


def test_seasons_move_the_arrivals_of_a_spend_and_not_its_cost():
    loaded = channel("spend: 600 per month, cost_per_arrival: 6, times: {month: {dec: 1.5}}")
    assert loaded.rate.cells[11] == pytest.approx(150 / MONTH)
    assert loaded.rate.cells[0] == pytest.approx(100 / MONTH)
    assert loaded.spend.cells == pytest.approx((600e6 / MONTH,))


def test_at_most_bends_the_arrivals_of_a_spend():
    loaded = channel("spend: 600 per month, cost_per_arrival: 6, at_most: 200 per month")
    assert loaded.rate.cells == pytest.approx((200 * (1 - math.exp(-0.5)) / MONTH,))


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("batch: 5", (0,)),
        ("batch: 5, every: 5 months", (0, 5 * MONTH, 10 * MONTH)),
        ("batch: 5, every: 6 months", (0, 6 * MONTH)),
        ("batch: 5, on: 2 weeks", (2 * WEEK,)),
        ("batch: 5, on: 2027-04-01", (MONTH,)),
        ("batch: 5, on: [2028-02-01, 0 days, 2027-03-01, 3 years]", None),
        ("batch: 5, on: [2028-02-01, 0 days, 3 years]", (0, 11 * MONTH)),
        ("batch: 5, every: 2 months, until: 2027-07-01", (0, 2 * MONTH)),
        ("batch: 5, on: [1 day, 3 months], until: 3 months", (DAY,)),
    ],
)
def test_batches_come_at_their_times(text, times):
    if times is None:
        with pytest.raises(ConfigError, match="this date stands twice"):
            channel(text)
    else:
        loaded = channel(text)
        assert (loaded.kind, loaded.counts, loaded.times, loaded.rate) == ("batch", (5,) * len(times), times, None)


@pytest.mark.parametrize(
    ("text", "until"),
    [("until: 12 weeks", 12 * WEEK), ("until: 2027-06-01", 3 * MONTH), ("until: 3 years", YEAR), ("", YEAR)],
)
def test_a_channel_ends_at_the_horizon_at_the_latest(text, until):
    assert channel(f"rate: 3 per month, {text}" if text else "rate: 3 per month").until == until


def test_a_channel_sets_what_its_people_bring():
    loaded = channel("rate: 3 per month, set: {plan: pro, score: 20, quiet: never, mood: {sour: 90 %, sweet: rest}}")
    assert [(s.attribute, s.value) for s in loaded.sets[:3]] == [("plan", 1), ("score", 20), ("quiet", NEVER)]
    assert loaded.sets[3].draw.decision == "person/mood"


def test_the_referred_inherit_through_a_channel_that_is_fed():
    text = FILE.format(attribute="more: [a, b]", channel="batch: 10", effects="earn: {fee: 3}")
    mail = loads(text.replace("mail: {enters", "mail: {inherits: [plan, score, quiet], enters")).journey().channels[1]
    assert (mail.kind, mail.inherits) == ("referral", ("plan", "score", "quiet"))
