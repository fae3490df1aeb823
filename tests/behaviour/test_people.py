"""The same people with the same luck: what a change does not concern stays as it was, to the millisecond."""

import hashlib
import os
import random
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from flywheel_sim.engine.run import run_once
from flywheel_sim.journey.units import MILLIONTHS
from flywheel_sim.ledger import ROLE_FLOWS
from flywheel_sim.scenario.load import loads

SHOP = """
name: Shop
horizon: 24 months
currency: EUR
report_by: [plan]
rates:
  retention: {value: 88 % per month, by: {mood: {low: 75 %}}}
  inviting: {value: 0.1 per month, spread: {shape: 2}}
  price: {value: 49, by: {plan: {premium: 79}}}
attributes:
  mood: {low: 30 %, high: 70 %}
  plan: [basic, premium]
channels:
  ads: {spend: 1000 per month, cost_per_arrival: 50, enters: visitor}
  friends: {enters: visitor}
  base: {present: 30, enters: client}
journey:
  visitor: {role: prospect, after: {lognormal: {median: 14 days, sigma: 0.8}}, to: {client: 60 %, lost: rest}}
  client:
    role: customer
    on_entry: {earn: {fee: price}}
    events:
      renewal: {every: 1 month, to: {stay: {chance: retention, earn: {fee: price}}, lapsed: rest}}
      invite: {every: inviting, refer: friends, spend: {reward: 8}}
      upsell: {after: 0.05 per month, set: {plan: premium}}
  lapsed:
    role: lapsed
    events:
      win_back: {after: {exponential: 60 days}, spend: {mail: 0.5}, to: {client: 30 %, lost: rest}}
      forget: {after: 12 months, to: lost}
  lost: exit
strategies:
  no_invite: {without: [invite]}
  no_upsell: {without: [upsell]}
  no_win_back: {without: [win_back]}
"""


def run(text, strategy=None, seed=5, replication=0):
    return run_once(loads(text).journey(strategy), seed, replication, people=True, events=True)


def without_line(text, start):
    """Return a file without the line that defines something, and without its strategies."""
    lines = text.split("strategies:")[0].splitlines()
    kept = [line for line in lines if not line.strip().startswith(start)]
    assert len(kept) == len(lines) - 1
    return "\n".join(kept)


@pytest.fixture(scope="module")
def shop():
    return run(SHOP)


@pytest.mark.parametrize("event", ["invite", "upsell", "win_back"])
def test_a_file_written_without_an_event_is_the_strategy_without_it(event):
    text = without_line(SHOP, f"{event}:")
    if event == "invite":
        text = without_line(text, "friends:")
    written, switched_off = run(text), run(SHOP, f"no_{event}")
    pd.testing.assert_frame_equal(written.events, switched_off.events)
    pd.testing.assert_frame_equal(written.people, switched_off.people)


def test_switching_an_event_off_does_something(shop):
    assert len(shop.events) > 3000
    assert set(shop.events.event) >= {"renewal", "invite", "upsell", "win_back"}
    assert not run(SHOP, "no_invite").events.equals(shop.events)


ADDITIONS = {
    "event": ("    events:\n      renewal", "    events:\n      gossip: {every: 0.3 per month}\n      renewal"),
    "one_off_event": ("    events:\n      renewal", "    events:\n      survey: {after: 2 months}\n      renewal"),
    "attribute": ("attributes:\n", "attributes:\n  colour: {red: 50 %, blue: 50 %}\n"),
    "channel": ("channels:\n", "channels:\n  press: {rate: 5 per month, enters: visitor}\n"),
    "stage": (
        "channels:\n",
        "channels:\n  post: {batch: 20, enters: reader}\n",
        "journey:\n",
        "journey:\n  reader: {role: prospect, after: 1 month, to: lost}\n",
    ),
}


@pytest.mark.parametrize("addition", ADDITIONS)
def test_an_unrelated_addition_changes_nobody_else(shop, addition):
    text = SHOP
    for old, new in zip(ADDITIONS[addition][::2], ADDITIONS[addition][1::2], strict=True):
        assert text.count(old) == 1
        text = text.replace(old, new)
    more = run(text)
    common = more.people[more.people.key.isin(shop.people.key)]
    own = more.events[more.events.person.isin(shop.people.key) & ~more.events.event.isin(["gossip", "survey"])]
    pd.testing.assert_frame_equal(
        own.drop(columns="step").reset_index(drop=True), shop.events.drop(columns="step"), check_dtype=False
    )
    pd.testing.assert_frame_equal(common[shop.people.columns].reset_index(drop=True), shop.people)
    assert len(more.events) > len(own) or addition == "attribute"


def test_another_seed_or_replication_is_other_luck(shop):
    assert not run(SHOP, seed=6).events.equals(shop.events)
    assert not run(SHOP, replication=1).events.equals(shop.events)


@pytest.mark.parametrize("retention", ["89 % per month", "92 % per month", "98 % per month"])
def test_more_retention_never_lowers_anybodys_revenue(retention):
    scenario = loads(SHOP)
    less, more = (
        run_once(s.journey("no_win_back"), 5, people=True).people.set_index("key").revenue
        for s in (scenario, scenario.with_(retention=retention))
    )
    assert set(less.index) <= set(more.index)
    gain = more.reindex(less.index) - less
    assert gain.min() >= 0
    assert gain.max() > 0


def test_more_ad_spend_brings_the_same_strangers_earlier():
    scenario = loads(SHOP)
    less, more = (
        run_once(s.journey(), 5, people=True).people.query("channel == 'ads'").reset_index()
        for s in (scenario, scenario.with_(**{"channels.ads.spend": "1500 per month"}))
    )
    first = more.iloc[: len(less)]
    assert len(more) > len(less) > 300
    assert list(first.key) == list(less.key)
    assert list(first.mood) == list(less.mood)
    assert (first.born < less.born).all()


def test_results_do_not_depend_on_the_hash_seed_of_python():
    code = f"""
import hashlib
from flywheel_sim.engine.run import run_once
from flywheel_sim.scenario.load import loads
life = run_once(loads({SHOP!r}).journey(), 5, people=True, events=True)
said = [getattr(life.ledger, name).tobytes() for name in life.ledger.ARRAYS]
said += [frame.to_csv().encode() for frame in (life.people, life.events)]
print(hashlib.sha256(b"".join(said)).hexdigest())
"""
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1")
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 2 * hashlib.sha256().digest_size


def test_replications_do_not_depend_on_their_order():
    journey = loads(SHOP).journey()
    shuffled = list(range(8))
    random.Random(1).shuffle(shuffled)
    in_order = {r: run_once(journey, 5, r).ledger for r in range(8)}
    mixed = {r: run_once(journey, 5, r).ledger for r in shuffled}
    assert shuffled != sorted(shuffled)
    assert all(in_order[r].equals(mixed[r]) for r in range(8))
    assert not in_order[0].equals(in_order[1])


def test_entries_less_exits_are_the_stock_of_every_stage_and_period(shop):
    ledger, layout = shop.ledger, shop.ledger.layout
    flow = ledger.flow.sum(axis=1)
    change = np.zeros((layout.periods, len(layout.stages)), dtype=np.int64)
    for index, ((stage, _, _), target) in enumerate(zip(layout.flows, layout.targets, strict=True)):
        if target:
            change[:, layout.stages.index(stage)] -= flow[:, index]
            change[:, layout.stages.index(target)] += flow[:, index]
    for group, (channel, *_) in enumerate(layout.groups):
        enters = layout.enters[layout.channels.index(channel)]
        for how in ("arrived", "referred", "present"):
            change[:, layout.stages.index(enters)] += ledger.flow[:, group, ROLE_FLOWS.index(how)]
    np.testing.assert_array_equal(np.cumsum(change, axis=0), ledger.stock.sum(axis=1))
    assert ledger.stock.min() >= 0


def test_customers_are_those_present_acquired_and_won_back_less_those_who_churned(shop):
    ledger, layout = shop.ledger, shop.ledger.layout
    present, acquired, churned, won_back = (
        ledger.flow[:, :, ROLE_FLOWS.index(name)].sum(axis=1).cumsum()
        for name in ("present", "acquired", "churned", "won_back")
    )
    customers = ledger.stock[:, :, layout.stages_of("customer")].sum(axis=(1, 2))
    np.testing.assert_array_equal(customers, present + acquired + won_back - churned)
    assert won_back[-1] > 20


def test_person_time_is_that_of_the_event_log(shop):
    moves = shop.events[~((shop.events.stage == shop.events.to) & (shop.events.stage != ""))]
    until = moves.groupby("person").time.shift(-1).fillna(shop.ledger.layout.horizon)
    spent = (until - moves.time).groupby(moves.to).sum()
    for index, stage in enumerate(shop.ledger.layout.stages):
        assert shop.ledger.time[:, :, index].sum() == spent[stage]


def test_the_money_of_people_adds_up_to_the_ledger(shop):
    sides = np.array([side for side, _, _ in shop.ledger.layout.lines])
    for side, people in (("earn", shop.people.revenue), ("spend", shop.people.cost)):
        assert (people * MILLIONTHS).round().sum() == shop.ledger.money[..., sides == side].sum() > 0


def test_acquisitions_are_the_people_acquired(shop):
    counted = shop.ledger.flow[:, :, ROLE_FLOWS.index("acquired")].sum()
    assert counted == (shop.people.acquired >= 0).sum() > 0
    assert (shop.people.acquired[shop.people.channel == "base"] == -1).all()


def test_referrals_are_the_people_referred(shop):
    friends = shop.people[shop.people.channel == "friends"]
    brought = friends.referrer.value_counts()
    made = shop.people.set_index("key").referrals
    assert made[made > 0].sort_index().to_dict() == brought.sort_index().to_dict()
    assert shop.people.key.is_unique
