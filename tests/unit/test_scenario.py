"""The scenario a user holds: shipped journeys, strategies, values set in code, and what stays the same."""

import dataclasses
import pickle
from decimal import Decimal

import numpy as np
import pytest

import flywheel_sim
from flywheel_sim.errors import ConfigError
from flywheel_sim.journey.units import MONTH, YEAR
from flywheel_sim.scenario.load import load, loads, shipped

FILE = """\
name: Shop
horizon: 12 months
currency: EUR
seed: 1
rates:
  buys: {value: 30 %, by: {plan: {pro: 40 %}}}
  keeps: 90 % per month
  loyal: 85 % kept per year
  pace: 0.1 per month
  price: 20 per month
  odd_pace: 0.5 per 4.414 weeks
attributes:
  plan: [free, pro]
channels:
  ads: {spend: 100 per month, cost_per_arrival: 5, enters: visit}
  word: {enters: visit}
journey:
  visit: {role: prospect, after: 2 days, to: {member: buys, gone: rest}}
  member:
    role: customer
    events:
      renewal: {every: 1 month, to: {stay: {chance: keeps, earn: {fee: price}}, left: rest}}
      review: {every: 1 month, to: {stay: loyal, left: rest}}
      tell: {every: pace, refer: word}
      drop_in: {every: odd_pace, spend: {coffee: 2}}
  left: {role: lapsed, events: {win_back: {after: 6 months, to: visit}, tell: {after: 12 months, to: gone}}}
  gone: exit
strategies:
  full: {}
  lean: {without: [tell], spend: {ads: 50 per month}}
  leaner: {extends: lean, without: [channel.word, event.drop_in], rates: {buys: 20 %}}
"""


@pytest.fixture(scope="module")
def shop():
    return loads(FILE)


def chances(scenario, stage="visit", strategy=None):
    return scenario.journey(strategy).stage(stage).events[0].outcomes[0].chance.cells


def events(scenario, strategy):
    return {event.decision for stage in scenario.journey(strategy).stages for event in stage.events}


def channel(scenario, name, strategy=None):
    return next(c for c in scenario.journey(strategy).channels if c.name == name)


# -- shipped ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_journey_loads_by_its_name(name):
    assert load(name).journey().stages


def test_the_two_journeys_of_the_package_are_shipped():
    assert {"ad_campaign", "subscription"} <= set(shipped())


def test_the_subscription_is_run_as_a_funnel_and_as_a_flywheel():
    assert load("subscription").strategies == ("funnel", "flywheel")


def test_a_journey_is_loaded_by_its_path_too(tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_text(FILE, encoding="utf-8")
    assert load(path).journey() == load(str(path)).journey() == loads(FILE).journey()


def test_a_file_extends_another(tmp_path):
    (tmp_path / "base.yaml").write_text(FILE, encoding="utf-8")
    child = tmp_path / "child.yaml"
    child.write_text("extends: base.yaml\nname: Child\nrates: {buys: 50 %}\nseed: ~\n", encoding="utf-8")
    extended = load(child)
    assert (extended.name, extended.journey().seed, extended.strategies) == ("Child", 0, ("full", "lean", "leaner"))
    assert chances(extended)[0] == 0.5


# -- strategies ---------------------------------------------------------------------------------


def test_a_scenario_names_its_strategies_and_rates_in_the_order_of_the_file(shop):
    assert shop.strategies == ("full", "lean", "leaner")
    assert shop.rates == ("buys", "keeps", "loyal", "pace", "price", "odd_pace")


def test_a_strategy_without_anything_is_the_file_itself(shop):
    full, itself = shop.journey("full"), shop.journey()
    assert dataclasses.replace(full, strategy="") == itself


def test_without_takes_an_event_out_of_every_stage_that_has_it(shop):
    assert events(shop, "full") - events(shop, "lean") == {"member/tell", "left/tell"}


def test_a_name_of_one_stage_takes_the_event_out_of_that_stage():
    lean = loads(FILE.replace("without: [tell]", "without: [member.tell]"))
    assert events(lean, "full") - events(lean, "lean") == {"member/tell"}


def test_without_takes_a_channel_away_but_leaves_its_name(shop):
    assert channel(shop, "word", "leaner").removed
    assert not channel(shop, "word", "lean").removed


def test_a_name_of_two_kinds_must_say_which():
    text = FILE.replace("      tell: {every", "      ads: {every: 1 year}\n      tell: {every")
    with pytest.raises(ConfigError, match=r"'ads' is an event and a channel; write event\.ads or channel\.ads"):
        loads(text.replace("[tell]", "[ads]"))
    assert channel(loads(text.replace("[tell]", "[channel.ads]")), "ads", "lean").removed
    assert "member/ads" not in events(loads(text.replace("[tell]", "[event.ads]")), "lean")


def test_a_strategy_sets_the_spend_of_a_channel(shop):
    assert channel(shop, "ads", "lean").spend.cells[0] == channel(shop, "ads").spend.cells[0] / 2


def test_a_strategy_extends_another(shop):
    assert events(shop, "lean") - events(shop, "leaner") == {"member/drop_in"}
    assert channel(shop, "ads", "leaner") == channel(shop, "ads", "lean")
    assert chances(shop, strategy="leaner")[0] == 0.2


def test_a_strategy_may_add_what_it_uses():
    text = FILE.replace(
        "full: {}", "full: {rates: {tips: 3}, journey: {gone: {role: exit, on_entry: {earn: {tip: tips}}}}}"
    )
    assert loads(text).journey("full").stage("gone").on_entry.money[0].value.cells == (3e6,)


# -- values set in code -------------------------------------------------------------------------


def test_a_changed_scenario_is_another_one(shop):
    changed = shop.with_(buys="50 %")
    assert (chances(shop)[0], chances(changed)[0]) == (0.3, 0.5)


@pytest.mark.parametrize("value", [0.5, np.float64(0.5), Decimal("0.5"), "50 %", "1 of 2"])
def test_a_chance_is_set_as_a_fraction_or_as_one_writes_it(shop, value):
    assert chances(shop.with_(buys=value)) == (0.5, pytest.approx(0.6087, abs=1e-4))


def test_a_chance_per_period_keeps_its_period(shop):
    assert chances(shop.with_(keeps=0.8), "member") == (0.8,)
    assert shop.with_(keeps=0.8).rate("keeps").raw == "80 % per month"


def test_a_chance_kept_per_year_stays_kept_per_year(shop):
    changed = shop.with_(loyal=0.5).journey().stage("member").events[1].outcomes[0].chance
    assert changed.cells == pytest.approx((0.5 ** (1 / 12),))


@pytest.mark.parametrize("value", [25, 25.0, "25", "25 per month"])
def test_a_price_keeps_its_unit_or_says_another(shop, value):
    money = shop.with_(price=value).journey().stage("member").events[0].outcomes[0].effects.money[0]
    assert money.value.cells[0] / money.period_ms == pytest.approx(25e6 / MONTH)


def test_a_price_of_another_period_than_its_clock_is_refused_with_the_one_that_fits(shop):
    with pytest.raises(ConfigError, match="25 per month"):
        shop.with_(price="300 per year")


def test_a_rate_keeps_an_uneven_period(shop):
    assert shop.with_(odd_pace=1).rate("odd_pace").raw == "1 per 4.414 weeks"


@pytest.mark.parametrize("value", [24, "24 months", "2 years"])
def test_a_horizon_keeps_its_unit_or_says_another(shop, value):
    assert shop.with_(horizon=value).journey().horizon == 2 * YEAR


def test_settings_are_set_by_name(shop):
    changed = shop.with_(seed=7, start="2027-01-01", discount="10 % per year", follow="6 months", report_by=["plan"])
    journey = changed.journey()
    assert (journey.seed, journey.start, journey.discount) == (7, "2027-01-01", 0.1)
    assert (journey.follow, journey.report_by) == (6 * MONTH, ("plan",))


def test_anything_else_is_set_by_its_dotted_path(shop):
    changed = shop.with_(**{"channels.ads.spend": 200, "journey.visit.after": "4 days"})
    assert channel(changed, "ads").spend.cells[0] == 2 * channel(shop, "ads").spend.cells[0]
    assert changed.journey().stage("visit").events[0].waits[0].params[0].cells == (4 * 86_400_000,)


def test_a_value_set_in_code_holds_in_every_strategy(shop):
    assert chances(shop.with_(buys=0.5), strategy="leaner")[0] == 0.5


def test_the_last_value_set_holds(shop):
    assert chances(shop.with_(buys=0.5).with_(buys=0.6))[0] == 0.6


def test_a_level_set_after_the_family_moved_is_refused(shop):
    with pytest.raises(ConfigError, match=r"rates\.buys\.value: a bare value moved"):
        shop.with_(buys=0.5).with_(buys={"value": 0.4})


def test_a_level_set_before_the_family_moves_moves_with_it(shop):
    calm = loads(FILE.replace(", rates: {buys: 20 %}", ""))
    assert chances(calm.with_(buys={"value": 0.4}).with_(buys=0.5)) == pytest.approx((0.5, 0.5))


def test_a_level_set_where_a_strategy_moves_the_family_is_refused(shop):
    with pytest.raises(ConfigError, match="lay single levels over it first and the bare value last"):
        shop.with_(buys={"value": 0.4})


# -- what stays the same ------------------------------------------------------------------------


def test_a_scenario_is_frozen(shop):
    with pytest.raises(dataclasses.FrozenInstanceError):
        shop.origin = "elsewhere"


def test_the_raw_file_is_a_copy(shop):
    shop.raw()["rates"]["keeps"] = "10 % per month"
    assert shop.raw()["rates"]["keeps"] == "90 % per month"


def test_a_journey_is_resolved_once(shop):
    assert shop.journey("lean") is shop.journey("lean")


def test_a_scenario_survives_pickling(shop):
    again = pickle.loads(pickle.dumps(shop.with_(buys=0.5)))
    assert again.journey("lean") == shop.with_(buys=0.5).journey("lean")


def test_its_errors_survive_pickling():
    with pytest.raises(ConfigError) as caught:
        loads(FILE.replace("seed: 1", "seed: -1").replace("12 months", "soon"))
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.problems, str(again)) == (caught.value.problems, str(caught.value))


@pytest.mark.parametrize(
    "values",
    [{"buys": 0.31}, {"price": 21}, {"horizon": 13}, {"discount": "1 % per year"}, {"channels.ads.spend": 101}],
)
def test_the_fingerprint_changes_when_a_figure_changes(shop, values):
    assert shop.with_(**values).journey().fingerprint != shop.journey().fingerprint


def test_the_fingerprint_stays_when_only_the_seed_changes(shop):
    assert shop.with_(seed=2).journey().fingerprint == shop.journey().fingerprint


def test_strategies_that_differ_have_different_fingerprints(shop):
    assert len({shop.journey(name).fingerprint for name in ("full", "lean", "leaner")}) == 3


def test_a_strategy_that_is_the_file_has_its_fingerprint(shop):
    assert shop.journey("full").fingerprint == shop.journey().fingerprint


def test_the_package_has_a_version():
    assert flywheel_sim.__version__
