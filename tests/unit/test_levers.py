"""Levers: curves through the figures given, and rates moved along them."""

import math

import pytest

from flywheel_sim import ConfigError, compare, loads
from flywheel_sim.journey.units import MONTH
from flywheel_sim.scenario.rates.curves import LeverCurve

FILE = """
name: Levers
horizon: 12 months
currency: EUR
rates:
  buys: 20 %
  keeps: {value: 90 % per month, by: {plan: {big: 96 %}}, spread: 2 points}
  tells: {value: 0.2 per month, times: {plan: {big: 2}}}
  thinks: 10 days
  fee: 30
attributes: {plan: {small: 70 %, big: 30 %}}
channels: {ads: {spend: 1000 per month, cost_per_arrival: 20, enters: visit}, word: {enters: visit}}
journey:
  visit: {role: prospect, after: thinks, to: {member: buys, gone: rest}}
  member:
    role: customer
    events:
      renewal: {every: 1 month, earn: {fee: fee}, to: {stay: keeps, gone: rest}}
      tell: {every: tells, refer: word}
  gone: exit
levers:
  care:
    spend: 3 per customer per month
    moves: {keeps: {without: 85 %, limit: 95 %}, thinks: {without: 14 days, limit: 8 days}}
  tips: {spend: 0 per customer per month, moves: {keeps: {2: 92 %, 5: 94 %, limit: 96 %}}}
  gifts: {spend: 10 per tell, moves: {tells: {without: 0.05 per month, limit: 0.3 per month}}}
  slow: {moves: {buys: {without: 25 %}, thinks: {without: 4 days}}}
strategies:
  all: {}
  bare: {without: [care, gifts]}
  quick: {without: [slow]}
  more: {spend: {care: 6 per customer per month, tips: 2 per customer per month}}
  generous: {spend: {gifts: 25 per tell}}
"""


@pytest.fixture(scope="module")
def model():
    return loads(FILE)


def rate(journey, decision):
    event = next(e for s in journey.stages for e in s.events if e.decision == decision)
    return event.chances[0] if len(event.outcomes) > 1 else event.waits[0].params[0]


def odds(p):
    return p / (1 - p)


def test_a_curve_goes_through_its_points_and_approaches_the_limit():
    curve = LeverCurve(((0.0, 0.85), (3.0, 0.90)), 0.95)
    assert (curve.at(0.0), curve.at(3.0)) == (0.85, 0.90)
    pace = math.log(0.10 / 0.05) / 3
    for spend in (1.0, 2.5, 7.0, 40.0):
        assert curve.at(spend) == pytest.approx(0.95 - 0.10 * math.exp(-pace * spend), rel=1e-14)
    three = LeverCurve(((0.0, 10.0), (2.0, 14.0), (5.0, 15.0)), 20.0)
    assert three.at(2.0) == 14.0
    assert three.at(1.0) == pytest.approx(20 - 10 * math.sqrt(0.6))
    assert three.at(3.5) == pytest.approx(20 - 6 * math.sqrt(5 / 6))
    assert three.at(8.0) == pytest.approx(20 - 5 * (5 / 6))


def test_a_curve_without_a_limit_or_a_start_says_only_what_it_was_told():
    assert LeverCurve(((0.0, 0.85), (3.0, 0.90)), None).at(3.0) == 0.90
    assert LeverCurve(((0.0, 0.85), (3.0, 0.90)), None).at(2.0) is None
    assert LeverCurve(((3.0, 0.90),), 0.95).at(4.0) is None
    assert LeverCurve(((3.0, 0.90), (5.0, 0.92)), 0.95).at(0.0) is None


def test_at_the_files_spend_nothing_moves(model):
    assert rate(model.journey("all"), "member/renewal").cells == rate(model.journey(), "member/renewal").cells
    assert model.journey().fingerprint == model.journey("all").fingerprint


def test_doing_without_a_lever_moves_the_family_by_the_odds_and_a_duration_by_a_factor(model):
    keeps = rate(model.journey("bare"), "member/renewal")
    assert keeps.cells[0] == pytest.approx(0.85, abs=1e-12)
    assert odds(keeps.cells[1]) / odds(0.96) == pytest.approx(odds(0.85) / odds(0.90), rel=1e-12)
    assert keeps.spread is not None
    tells = rate(model.journey("bare"), "member/tell")
    assert tells.cells == pytest.approx((0.05 / MONTH, 0.10 / MONTH), rel=1e-12)
    assert rate(model.journey("bare"), "visit/visit").cells == (0.20,)


def test_levers_and_frictions_multiply(model):
    both = loads(FILE.replace("quick: {without: [slow]}", "quick: {without: [slow, care]}")).journey("quick")
    wait = next(e for s in both.stages for e in s.events if e.decision == "visit/visit").waits[0].params[0]
    assert wait.cells[0] == pytest.approx(10 * 86_400_000 * 1.4 * 0.4, abs=1)
    more = rate(model.journey("more"), "member/renewal").cells[0]
    care = 0.95 - 0.10 * math.exp(-math.log(2) / 3 * 6)
    assert odds(more) == pytest.approx(odds(care) * odds(0.92) / odds(0.90), rel=1e-12)


def test_a_moved_value_and_a_lever_add_on_the_scale_of_odds(model):
    moved = model.with_(keeps="80 % per month").journey("bare")
    chance = rate(moved, "member/renewal").cells[0]
    assert odds(chance) == pytest.approx(odds(0.80) * odds(0.85) / odds(0.90), rel=1e-12)


def test_a_lever_paid_per_event_moves_and_spends(model):
    journey = model.journey("generous")
    tell = next(e for s in journey.stages for e in s.events if e.decision == "member/tell")
    assert [a.value.cells for a in tell.effects.money] == [(25e6,)]
    assert tell.waits[0].params[0].cells[0] * MONTH == pytest.approx(
        0.3 - 0.25 * math.exp(-math.log(0.25 / 0.10) / 10 * 25), rel=1e-12
    )


def test_what_differs_names_the_levers(model):
    differences = {
        d.what: (d.one, d.other) for d in compare(model, strategies=["bare", "more"], replications=2).what_differs()
    }
    assert differences["lever care"] == ("left out", "as in the file")
    assert differences["lever tips: spend"] == ("as in the file", "2 per customer per month")


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("spend: {gifts: 25 per tell}", "spend: {slow: 3 per month}", "a friction has no spend"),
        ("14 days, limit: 8 days", "14 days", "what 'thinks' is at a spend of 6; add 'limit'"),
        ("{without: 85 %, limit: 95 %}", "{limit: 95 %}", "what 'keeps' is at a spend of 0; add 'without'"),
        ("{without: 85 %, limit: 95 %}", "{without: 85 %, limit: 88 %}", "does not lie on its way to the limit"),
        ("limit: 96 %}}}", "limit: 96 %, without: 80 %}}}", "where 'keeps' is 90 % per month"),
        ("buys: {without: 25 %}", "buys: {without: 100 %}", "which has no odds"),
    ],
)
def test_a_lever_that_does_not_say_enough_is_refused(old, new, rule):
    assert old in FILE
    with pytest.raises(ConfigError, match=rule):
        loads(FILE.replace(old, new))
