"""What a scenario says to others: its words by path, of rates, channels, levers and waits, and others made of it."""

import pytest

from flywheel_sim.errors import ConfigError
from flywheel_sim.scenario.load import load, loads
from flywheel_sim.scenario.resolve.pulls import pulled_levers
from flywheel_sim.scenario.said import RateText

FILE = """\
name: Desk
horizon: 24 months
currency: EUR
reference: dear
rates:
  buys: {value: 30 %, by: {plan: {pro: 40 %}}, why: what the trial of May said}
  keeps: {value: 90 % per month, uncertain: 2 points}
  fee: 20 per month
  drawn: {uncertain: {alpha: 3, beta: 7}}
attributes:
  plan: [free, pro]
channels:
  ads: {spend: 100 per month, cost_per_arrival: 5, enters: visit}
  fair: {batch: 10, every: 6 months, enters: visit}
  word: {enters: visit}
  search: {rate: fee, enters: visit, spend: 3 per month}
journey:
  visit: {role: prospect, after: 2 days, to: {member: buys, gone: rest}}
  member:
    role: customer
    phase: delight
    events:
      renewal: {every: 1 month, to: {stay: {chance: keeps, earn: {fee: fee}}, left: rest}}
      tell: {after: [3 days, 9 days], refer: word}
  left: {role: lapsed, after: 6 months, to: {visit: drawn, gone: rest}}
  gone: exit
levers:
  care: {spend: 50 per month, phase: delight, moves: {keeps: {without: 85 %, limit: 95 %}}}
  slow_site: {moves: {buys: {without: 35 %}}}
strategies:
  cheap: {spend: {ads: matched}, rates: {buys: 25 %}}
  dear: {}
"""


@pytest.fixture(scope="module")
def desk():
    return loads(FILE)


def test_a_path_says_what_stands_there_in_a_strategy(desk):
    assert desk.at("channels.ads.spend") == "100 per month"
    assert desk.at("journey.member.events.tell.after.1") == "9 days"
    assert desk.at("channels.radio") is desk.at("rates.fee.value") is None
    assert (desk.rate("buys").figure, desk.rate("buys", "cheap").figure) == ("30 %", "25 %")


def test_what_is_said_is_a_copy(desk):
    desk.at("channels.ads")["spend"] = "1 per month"
    desk.levers()["care"].moves["keeps"]["without"] = "1 %"
    assert desk.at("channels.ads.spend") == "100 per month"
    assert desk.levers()["care"].moves["keeps"]["without"] == "85 %"


def test_a_rate_says_its_value_its_doubt_and_its_reason(desk):
    assert (desk.rate("buys").value, desk.rate("buys").why) == ("30 %", "what the trial of May said")
    assert (desk.rate("fee").value, desk.rate("fee").figure, desk.rate("fee").why) == ("20 per month",) * 2 + ("",)
    assert [name for name in desk.rates if desk.rate(name).uncertain] == ["keeps", "drawn"]
    assert desk.rate("drawn").value is None
    moved = desk.with_(buys=0.2).rate("buys")
    assert (moved.value, moved.figure) == ("30 %", "20 %")
    assert RateText(None).figure is RateText(None).value is None


def test_channels_say_where_people_come_from(desk):
    channels = desk.channels("cheap")
    assert list(channels) == ["ads", "fair", "word", "search"]
    assert [channel.source for channel in channels.values()] == [
        ("spend", "100 per month"), ("batch", "10"), ("", None), ("rate", "fee"),
    ]  # fmt: skip
    assert [channel.spend for channel in channels.values()] == ["100 per month", None, None, "3 per month"]


def test_levers_say_what_they_move_and_frictions_spend_nothing(desk):
    care, friction = desk.levers().values()
    assert (care.name, care.spend, care.phase) == ("care", "50 per month", "delight")
    assert care.moves == {"keeps": {"without": "85 %", "limit": "95 %"}}
    assert (friction.spend, friction.phase) == (None, "")
    assert loads(FILE.partition("levers:")[0].replace("reference: dear\n", "")).levers() == {}


def test_waits_stand_at_their_paths(desk):
    assert desk.waits("left", "left") == [("journey.left.after", "6 months")]
    assert desk.waits("member", "renewal") == [("journey.member.events.renewal.every", "1 month")]
    ((path, several),) = desk.waits("member", "tell", "cheap")
    assert desk.at(path) == several == ["3 days", "9 days"]


def test_names_have_paths_or_near_ones(desk):
    assert desk.path_of("keeps") == ("rates", "keeps")
    assert desk.path_of("horizon") == ("horizon",)
    assert desk.path_of("channels.ads.spend") == ("channels", "ads", "spend")
    assert desk.path_of("keep") is desk.path_of("strategies.cheap") is desk.path_of("channels.ad") is None
    assert "'keeps'" in desk.nearest_to("keep")
    assert "under 'channels'" in desk.nearest_to("channels.ad")


def test_the_reference_is_named_or_found():
    assert loads(FILE).named_reference == loads(FILE).reference == "dear"
    unnamed = loads(FILE.replace("reference: dear\n", ""))
    assert (unnamed.named_reference, unnamed.reference) == (None, "dear")


def test_contents_tell_scenarios_apart_but_not_by_their_luck(desk):
    assert desk.contents()["(changes)"] == []
    assert not {"seed", "reference"} & desk.contents().keys()
    assert desk.with_(seed=5).contents() != desk.contents()  # a change is one, whatever of
    assert desk.with_texts([("rates.fee", "30 per month")]).contents()["(changes)"] == [["rates.fee", "30 per month"]]
    assert loads(FILE.replace("reference: dear", "seed: 9")).contents() == desk.contents()


def test_what_is_laid_keeps_the_spends_that_were_found_unless_told_otherwise(desk):
    solved = desk.at_spend("cheap", 80.0)
    changed = solved.with_texts([("rates.fee", "30 per month")])
    assert (changed.solved, changed.matched) == ((("cheap", 80.0),), ())
    assert changed.journey("cheap").channels[0].spend == solved.journey("cheap").channels[0].spend
    assert solved.with_texts([("rates.fee", "30 per month")], keep_solved=False).matched == ("cheap",)
    assert changed.unchanged() == desk


def test_what_is_laid_is_unchecked_until_its_journey_is_made(desk):
    changed = desk.with_texts([("rates.keeps", "banana")])
    with pytest.raises(ConfigError, match="banana"):
        changed.journey()


def test_a_journey_before_its_spend_is_matched_is_there_for_its_names(desk):
    with pytest.raises(ConfigError, match="not solved for yet"):
        desk.journey("cheap")
    assert desk.unmatched_journey("cheap").channels[0].name == "ads"
    assert desk.unmatched_journey("dear").fingerprint == desk.journey("dear").fingerprint
    with pytest.raises(ConfigError, match="no strategy of that name"):
        desk.unmatched_journey("chep")


def test_levers_done_without_move_rates_in_the_order_of_the_file():
    model = load("product_led")
    names = list(model.levers())
    left = model.without(*(f"lever.{name}" for name in reversed(names)))
    order = list(pulled_levers(left.choices(), left.levers()))
    assert len(names) > 8
    assert order == [name for name in names if name in order]
    assert set(order) == set(names)
