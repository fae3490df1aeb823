"""How many people a person brings, held against closed forms."""

import time
from dataclasses import replace

import pytest
from journeys import CLUB

from flywheel_sim.compile.loops import Loop, referrals
from flywheel_sim.scenario.load import load, loads, shipped

START = "name: Word of mouth\nhorizon: 5 years\ncurrency: EUR\n"


def brings(text, **sections):
    return referrals(loads(START + text).journey())


def member(events):
    return brings(f"""
channels: {{base: {{batch: 5, enters: member}}, friends: {{enters: member}}}}
journey:
  member: {{role: customer, events: {events}}}
  gone: exit
""")


def test_birth_and_death():
    loops = member("{refer: {every: 0.02 per month, refer: friends}, leave: {after: 0.05 per month, to: gone}}")
    assert loops.channels == ("base", "friends")
    assert [row[0] for row in loops.per_person] == [0, 0]
    assert [row[1] for row in loops.per_person] == pytest.approx([0.4, 0.4])
    assert loops.radius == pytest.approx(0.4)
    assert not loops.self_sustaining


def test_more_births_than_deaths():
    loops = member("{refer: {every: 0.13 per month, refer: friends}, leave: {after: 0.1 per month, to: gone}}")
    assert loops.radius == pytest.approx(1.3)
    assert loops.self_sustaining
    assert str(loops).startswith("referrals feed themselves: each person brings about 1.3 others who bring others")


def test_conversion_comes_before():
    loops = brings("""
channels: {ads: {rate: 5 per month, enters: visitor}, friends: {enters: visitor}}
journey:
  visitor: {role: prospect, after: {lognormal: {median: 9 days, sigma: 0.7}}, to: {client: 20 %, gone: rest}}
  client:
    role: customer
    events:
      renewal: {every: 1 month, to: {stay: 95 %, gone: rest}}
      refer: {every: 0.3 per month, refer: friends}
  gone: exit
""")
    assert loops.radius == pytest.approx(0.2 * 0.3 / 0.05)


def test_two_channels_that_feed_each_other():
    loops = brings("""
channels: {ads: {rate: 5 per month, enters: seller}, sold: {enters: client}, hired: {enters: seller}}
journey:
  seller: {role: aside, events: {sells: {every: 0.4 per month, refer: sold}, ends: {after: 0.1 per month, to: gone}}}
  client: {role: customer, events: {ask: {every: 0.02 per month, refer: hired}, end: {after: 0.04 per month, to: gone}}}
  gone: exit
""")
    assert loops.per_person[0] == pytest.approx((0, 4, 0))
    assert loops.per_person[1] == pytest.approx((0, 0, 0.5))
    assert loops.radius == pytest.approx((4 * 0.5) ** 0.5)


def test_levels_weigh_by_how_often_they_are_drawn():
    loops = brings("""
attributes: {mood: {low: 25 %, high: 75 %}}
channels: {ads: {rate: 5 per month, enters: client}, friends: {enters: client}}
journey:
  client:
    role: customer
    events:
      refer: {every: {by: {mood: {low: 0 per month, high: 0.04 per month}}}, refer: friends}
      leave: {after: {by: {mood: {low: 0.2 per month, high: 0.1 per month}}}, to: gone}
  gone: exit
""")
    assert loops.radius == pytest.approx(0.75 * 0.4)


def test_a_level_that_changes_while_clocks_run():
    loops = brings("""
attributes: {plan: [basic, premium]}
channels: {ads: {rate: 5 per month, enters: client}, friends: {enters: client}}
journey:
  client:
    role: customer
    events:
      upsell: {after: 0.1 per month, set: {plan: premium}}
      refer: {every: {value: 0.02 per month, by: {plan: {premium: 0.06 per month}}}, refer: friends}
      leave: {after: 0.1 per month, to: gone}
  gone: exit
""")
    assert loops.radius == pytest.approx(0.02 / 0.2 + 0.5 * 0.06 / 0.1)


def test_the_channel_the_referrer_and_the_generation_count():
    loops = brings("""
rates:
  invites: {value: 0.1 per month, times: {channel: {friends: 0.5}, referrer: {present: 1.6}, generation: {3: 0.5}}}
channels: {ads: {rate: 5 per month, enters: client}, friends: {enters: client}}
journey:
  client: {role: customer, events: {refer: {every: invites, refer: friends}, leave: {after: 0.1 per month, to: gone}}}
  gone: exit
""")
    assert loops.per_person[0][1] == pytest.approx(1.0 * 0.5)
    assert loops.radius == pytest.approx(0.5 * 1.6 * 0.5)


def test_what_happens_on_entry_at_once_and_in_sets():
    loops = brings(
        """
channels: {ads: {rate: 5 per month, enters: visitor}, friends: {enters: visitor}}
while:
  customer: {on_entry: {refer: friends}, events: {talk: {every: 0.1 per month, refer: friends}}}
journey:
  visitor: {role: prospect, to: {client: 10 %, fan: {chance: 5 %, refer: friends}, gone: rest}}
  client: {role: customer, after: 0.1 per month, to: fan}
  fan: {role: customer, after: 0.2 per month, to: gone}
  gone: exit
""".replace("role: prospect, to", "role: prospect, after: 1 day, to")
    )
    assert loops.radius == pytest.approx(0.1 * (1 + 1 + 0.5) + 0.05 * (1 + 1 + 0.5))


def test_what_happens_once_happens_once():
    loops = member("{thanks: {after: 10 days, outcomes: {yes: {chance: 60 %, refer: friends}, not: rest}},"
                   " leave: {after: {exponential: 40 days}, to: gone}}")  # fmt: skip
    assert loops.radius == pytest.approx(0.6 * 40 / 50)


def test_a_stay_lasts_the_horizon_at_most():
    for_good = brings("""
channels: {ads: {rate: 5 per month, enters: client}, friends: {enters: client}}
journey:
  client: {role: customer, events: {refer: {every: 0.01 per month, refer: friends}}}
""")
    assert for_good.radius == pytest.approx(0.6)
    circle = brings("""
attributes: {mood: [low, high]}
channels: {ads: {rate: 5 per month, enters: client}, friends: {enters: client}}
journey:
  client:
    role: customer
    events:
      refer: {every: {by: {mood: {low: 0.01 per month, high: 0.02 per month}}}, refer: friends}
      swing: {every: 3 months, set: {mood: {low: 50 %, high: 50 %}}}
""")
    assert circle.radius == pytest.approx(60 * 0.015, rel=0.05)


def test_without_referrals_and_without_the_channel():
    model = loads(CLUB)
    journey = model.journey("quiet")
    assert referrals(journey).radius == 0.0
    loud = model.journey("loud")
    assert referrals(loud).radius > 0.3
    silent = replace(
        loud, channels=tuple(replace(c, removed=c.name == "friends") for c in loud.channels), fingerprint="silent"
    )
    assert referrals(silent).radius == 0.0


def test_too_many_levels_fall_back_on_their_mean():
    levels = ", ".join(f"l{i}" for i in range(60))
    table = ", ".join(f"l{i}: {0.001 * i:.3f} per month" for i in range(60))
    loops = brings(f"""
attributes: {{a: [{levels}], b: [{levels}], c: [{levels}]}}
channels: {{ads: {{rate: 5 per month, enters: client}}, friends: {{enters: client}}}}
journey:
  client:
    role: customer
    events:
      one: {{every: {{by: {{a: {{{table}}}}}}}, refer: friends}}
      two: {{every: {{by: {{b: {{{table}}}}}}}, refer: friends}}
      six: {{every: {{by: {{c: {{{table}}}}}}}, refer: friends}}
      leave: {{after: 0.1 per month, to: gone}}
  gone: exit
""")
    assert loops.radius == pytest.approx(2 * 0.0295 / 0.1)  # one is kept, and everybody starts at its first


@pytest.mark.parametrize("name", shipped())
def test_it_takes_no_time_to_speak_of(name):
    journey = load(name).journey()
    referrals(journey)
    begun = time.process_time()
    assert isinstance(referrals(journey), Loop)
    assert time.process_time() - begun < 1.0
