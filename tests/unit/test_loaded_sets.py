"""Sets of stages, overheads, levers and what strategies do with them, as they are loaded."""

import dataclasses

import pytest

from flywheel_sim.errors import ConfigError
from flywheel_sim.journey.units import MONTH
from flywheel_sim.scenario.describe import assumptions, differences, inline_figures
from flywheel_sim.scenario.load import loads

FILE = """\
name: Club
horizon: 12 months
currency: EUR
rates:
  buys: 30 %
  keeps: {value: 90 % per month, by: {plan: {pro: 95 %}}}
  invites: 0.1 per month
  quick: 4 % lost per month
attributes:
  plan: [free, pro]
channels:
  ads: {spend: 100 per month, cost_per_arrival: 5, enters: visit}
  word: {enters: visit}
while:
  customer:
    on_entry: {set: {plan: free}}
    spend: {hosting: 0.8 per month}
    events:
      renewal: {every: 1 month, earn: {fee: 20}, to: {stay: keeps, left: rest}}
      invite:  {every: invites, refer: word}
  awake: {in: [visit, member], spend: {tool: 0.1 per month}}
  growth: {every: 3 months, spend: {mail: 0.5}}
  all_of_them: {in: [visit, member, left], when: {calendar: 6 months}, set: {plan: pro}}
journey:
  visit: {role: prospect, phase: growth, after: 2 days, to: {member: buys, gone: rest}}
  member: {role: customer, phase: growth, after: 9 months, to: friend}
  friend: {role: customer, events: {invite: {every: 0.2 per month, refer: word}}}
  left: {role: lapsed, after: 6 months, to: gone}
  gone: exit
costs:
  office: 2000 per month
  audit: {value: 1200 per year, why: "the bill"}
levers:
  success: {spend: 3 per customer per month, moves: {keeps: {without: 85 %, 5: 91 %, limit: 97 %}}}
  hosts: {spend: 2 per member per month, moves: {keeps: {without: 88 %}}}
  reward: {spend: 10 per invite, moves: {invites: {without: 0.05 per month, limit: 2.4 per year}}, phase: growth}
  brand: {spend: 500 per month, moves: {buys: {without: 25 %, limit: 45 %}}}
  idle: {spend: 0 per customer per month, moves: {keeps: {without: 90 %}}}
  slow_site: {moves: {buys: {without: 33 %}}}
strategies:
  today: {}
  short: {without: [customer.invite, renewal, channel.word]}
  bare: {without: [invite, lever.success], spend: {ads: matched, brand: 700 per month, lever.reward: 5 per invite}}
  figure: {extends: bare, without: [friend.invite], spend: {ads: 300 per month}}
  moved: {levers: {brand: {moves: {buys: {limit: 50 %}}}}, spend: {brand: 700 per month}}
  plain: {extends: today, spend: {channel.ads: 250 per month}}
"""


@pytest.fixture(scope="module")
def club():
    return loads(FILE)


def held(journey, name):
    return next(stage_set for stage_set in journey.sets if stage_set.name == name)


def events(journey):
    return {event.decision for owner in (*journey.stages, *journey.sets) for event in owner.events}


# -- sets of stages -----------------------------------------------------------------------------


def test_a_set_is_named_after_a_role_or_a_phase_or_lists_its_stages(club):
    stages = {stage_set.name: stage_set.stages for stage_set in club.journey().sets}
    assert stages["customer"] == ("member", "friend")
    assert stages["growth"] == ("visit", "member")
    assert stages["awake"] == ("visit", "member")
    assert stages["all_of_them"] == ("visit", "member", "left")


def test_a_set_has_all_that_a_stage_has(club):
    customer = held(club.journey(), "customer")
    assert [to.attribute for to in customer.on_entry.sets] == ["plan"]
    assert [(a.line, a.side, a.period_ms) for a in customer.accruals] == [("hosting", "spend", MONTH)]
    assert customer.accruals[0].value.cells == pytest.approx((0.8e6 / MONTH,))
    assert [event.decision for event in customer.events] == ["customer/renewal", "customer/invite"]
    assert [outcome.to for outcome in customer.events[0].outcomes] == [None, "left"]


def test_an_event_of_a_set_may_be_written_inline(club):
    growth = held(club.journey(), "growth")
    assert [event.decision for event in growth.events] == ["growth/growth"]
    assert growth.accruals == ()
    assert [amount.line for amount in growth.events[0].effects.money] == ["mail"]


def test_a_set_of_one_role_knows_who_stays():
    assert loads(FILE.replace("stay: keeps, left: rest", "left: quick, stay: rest")).journey()
    text = FILE.replace("stay: keeps, left: rest", "friend: quick, stay: rest")
    with pytest.raises(ConfigError, match="'lost' belongs on a leaving outcome"):
        loads(text)


def test_stages_are_reached_through_the_events_of_sets(club):
    assert club.journey().stage("left")
    with pytest.raises(ConfigError, match="nobody ever reaches 'left'"):
        loads(FILE.replace(", to: {stay: keeps, left: rest}", "").replace("  keeps:", "  spare: 3 %\n  keeps:"))


# -- overheads and levers -----------------------------------------------------------------------


def test_overheads_come_whoever_comes(club):
    office, audit = club.journey().costs[:2]
    assert (office.name, office.kind) == ("office", "overhead")
    assert office.spend_per_ms == pytest.approx(2000e6 / MONTH)
    assert audit.spend_per_ms == pytest.approx(100e6 / MONTH)


def test_a_lever_paid_per_person_accrues_in_the_stages_of_the_role_or_the_stage(club):
    success, hosts = held(club.journey(), "success"), held(club.journey(), "hosts")
    assert (success.stages, hosts.stages) == (("member", "friend"), ("member",))
    (line,) = success.accruals
    assert (line.line, line.side, line.period_ms) == ("success", "spend", MONTH)
    assert line.value.cells == pytest.approx((3e6 / MONTH,))
    assert success.events == ()
    assert not success.on_entry.any


def test_a_lever_paid_per_event_is_spent_by_every_event_of_that_name(club):
    for owner in (club.journey().stage("friend"), held(club.journey(), "customer")):
        (invite,) = [event for event in owner.events if event.name == "invite"]
        assert [(a.line, a.side, a.value.cells) for a in invite.effects.money] == [("reward", "spend", (10e6,))]


def test_a_lever_paid_by_the_month_is_a_cost_of_acquisition(club):
    (brand,) = club.journey().costs[2:]
    assert (brand.name, brand.kind) == ("brand", "acquisition")
    assert brand.spend_per_ms == pytest.approx(500e6 / MONTH)


def test_a_lever_at_0_and_a_friction_spend_nothing(club):
    names = {stage_set.name for stage_set in club.journey().sets} | {cost.name for cost in club.journey().costs}
    assert not names & {"idle", "slow_site"}


# -- strategies ---------------------------------------------------------------------------------


def test_a_strategy_that_is_matched_loads_and_waits_for_its_spend(club):
    assert club.strategies == ("today", "short", "bare", "figure", "moved", "plain")
    assert club.matched == ("bare",)
    with pytest.raises(ConfigError, match=r"strategies\.bare\.spend: 'matched': the spend is 'matched' and not solved"):
        club.journey("bare")
    settled = club.at_spend("bare", 321.5)
    assert settled.matched == ()
    ads = next(c for c in settled.journey("bare").channels if c.name == "ads")
    assert ads.spend.cells[0] * MONTH == pytest.approx(321.5e6)


def test_an_event_of_a_set_is_done_without_by_its_name_or_by_its_set(club):
    gone = events(club.journey("today")) - events(club.journey("short"))
    assert gone == {"customer/invite", "customer/renewal"}
    assert next(c for c in club.journey("short").channels if c.name == "word").removed


def test_what_a_strategy_says_of_levers(club):
    bare, figure = club.choices("bare"), club.choices("figure")
    assert (bare.levers, bare.matched) == ({"success"}, ("channel", "ads"))
    assert {name: spend.text for name, spend in bare.spends.items()} == {
        "brand": "700 per month", "reward": "5 per invite",
    }  # fmt: skip
    assert (figure.levers, figure.matched, figure.spends) == (set(), None, bare.spends)


def test_a_lever_that_is_pulled_spends_what_the_strategy_says(club):
    journey = club.at_spend("bare", 300).journey("bare")
    assert next(c.spend_per_ms for c in journey.costs if c.name == "brand") == pytest.approx(700e6 / MONTH)
    assert "success" not in {s.name for s in journey.sets}
    figure = club.journey("figure")
    (tell,) = [e for e in held(figure, "customer").events if e.name == "invite"]
    assert [a.value.cells for a in tell.effects.money] == [(5e6,)]


def test_a_strategy_does_not_change_what_the_file_spends_on_a_lever():
    with pytest.raises(
        ConfigError, match=r"strategies\.moved\.levers\.brand\.spend: '700 per month': the rates hold at"
    ):
        loads(FILE.replace("{brand: {moves: {buys: {limit: 50 %}}}}", "{brand: {spend: 700 per month}}"))


def test_a_strategy_that_waits_for_its_spend_is_checked_all_the_same():
    with pytest.raises(ConfigError, match="no event, channel or lever of that name"):
        loads(FILE.replace("[invite, lever.success]", "[invitt, lever.success]"))
    with pytest.raises(ConfigError, match="a chance lies between"):
        loads(FILE.replace("bare: {", "bare: {rates: {buys: 130 %}, "))


def test_code_pulls_a_lever_by_its_spend(club):
    pulled = club.with_(**{"levers.brand.spend": "900 per month"})
    assert pulled.journey().costs[2].spend_per_ms == pytest.approx(900e6 / MONTH)
    assert pulled.choices().spends["brand"].number == 900
    with pytest.raises(ConfigError, match=r"levers\.brand\.moves\.buys\.limit: of a lever, code can change the spend"):
        club.with_(**{"levers.brand.moves.buys.limit": "60 %"})
    with pytest.raises(ConfigError, match="its unit differs from that of the lever's spend"):
        club.with_(**{"levers.brand.spend": "900 per customer per month"})


def test_what_runs_is_the_same_under_every_name_of_a_channel(club):
    ads = next(c for c in club.journey("plain").channels if c.name == "ads")
    assert ads.spend.cells[0] * MONTH == pytest.approx(250e6)


# -- described ----------------------------------------------------------------------------------


def test_the_figures_of_every_section_are_listed(club):
    figures = dict(inline_figures(club))
    assert figures["office"] == "2000 per month"
    assert figures["brand: spend"] == "500 per month"
    assert figures["success: moves: keeps: limit"] == "97 %"
    assert figures["customer: spend: hosting"] == "0.8 per month"


def test_differences_cover_every_section(club):
    other = loads(FILE.replace("office: 2000", "office: 3000").replace("500 per month", "600 per month"))
    listed = {(d.what, d.one, d.other) for d in differences((club, None), (other, None))}
    assert listed == {
        ("overhead: office", "2000 per month", "3000 per month"),
        ("lever: brand: spend", "500 per month", "600 per month"),
    }


def test_what_is_uncertain_is_an_assumption():
    model = loads(FILE.replace("buys: 30 %", "buys: {value: 30 %, uncertain: 3 points, why: a survey}"))
    assert dataclasses.astuple(assumptions(model)[0]) == ("buys", "30 %; uncertain 3 points", "a survey")
