"""The journeys the language was made for: those that leave people independent load, the others say what is missing."""

from pathlib import Path

import pytest

from flywheel_sim.errors import ConfigError
from flywheel_sim.scenario.load import load

CASES = Path(__file__).resolve().parents[1] / "cases"

#: Words that later versions run, by the case that needs them; all others load.
LATER = {
    "04_b2b_pipeline": {"resources", "staff", "takes", "patience", "gives_up", "priority"},
    "09_reputation": {"mean_of"},
    "13g_bass": {"market"},
    "13h_mmcm": {"resources", "staff", "takes", "patience", "gives_up"},
}
NAMES = sorted(path.stem for path in CASES.glob("*.yaml"))

#: Strategies that use what a later version runs.
NOT_YET = {
    "01_subscription": {"funnel"},
    "02b_channels": {"shift"},
    "03_product_led": {"easy_upgrade"},
    "07_automation": {"no_content"},
    "08_reseller": {"direct"},
    "10_referral_programme": {"none"},
    "12_budget_duel": {"flywheel", "frugal"},
}


def case(name):
    return load(CASES / f"{name}.yaml")


def test_there_are_23_cases():
    assert len(NAMES) == 23


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LATER])
def test_a_case_of_independent_people_loads(name):
    found = case(name)
    assert found.journey().stages
    assert set(found.strategies) - set(found.runnable) == NOT_YET.get(name, set())
    for strategy in found.runnable:
        assert found.journey(strategy).strategy == strategy


@pytest.mark.parametrize(("name", "words"), LATER.items())
def test_a_case_of_people_who_affect_one_another_is_refused_for_the_words_that_come_later(name, words):
    with pytest.raises(ConfigError) as caught:
        case(name)
    problems = caught.value.problems
    assert all("belong" in p.rule and "this version does not run" in p.rule for p in problems)
    assert {word for word in words if any(f"'{word}'" in p.rule for p in problems)} == words


@pytest.mark.parametrize(("name", "strategies"), NOT_YET.items())
def test_a_strategy_that_comes_later_is_refused_when_asked_for(name, strategies):
    for strategy in strategies:
        with pytest.raises(ConfigError, match="belongs to the language, but this version does not run it yet"):
            case(name).journey(strategy)


# -- what the cases come to ---------------------------------------------------------------------


def event(journey, decision):
    owners = [*journey.stages, *journey.sets]
    return next(e for owner in owners for e in owner.events if e.decision == decision)


def test_the_subscription_spends_on_its_customers_and_bends_its_ads():
    found = case("01_subscription").journey()
    (success,) = found.sets
    assert (success.name, success.stages, success.events) == ("customer_success", ("delight",), ())
    assert [amount.line for amount in success.accruals] == ["customer_success"]
    ads = found.channels[0]
    assert len(ads.rate.cells) == 12
    assert ads.rate.cells[11] / ads.rate.cells[0] == pytest.approx(1.3)


def test_the_life_cycle_adds_a_level_to_a_bare_gap():
    strategies = case("05_lifecycle")
    gap = event(strategies.journey("leave_out_unprofitable"), "at_risk/miss_you").waits[0].params[0]
    days = event(strategies.journey(), "at_risk/miss_you").waits[0].params[0].cells
    assert gap.cells[1:] == days * 2
    assert gap.cells[0] > 1e18


def test_the_reward_of_the_loyalty_programme_is_earned_by_points():
    (points,) = event(case("06_saas_loyalty").journey(), "customer/reward").when
    assert (points.attribute, points.value, points.named) == ("points", 500, False)


def test_the_landing_page_test_draws_its_arms_by_the_calendar():
    arm = case("11_ab_test").journey().attributes[-1]
    assert arm.levels == ("out", "a", "b")
    assert [chance.cells for chance in arm.draw.chances] == [(1, 0.5, 1), (0, 0.25, 0), (0, 0.25, 0)]


def test_the_budget_duel_spends_nothing_on_levers_at_todays_level():
    found = case("12_budget_duel").journey()
    assert found.sets == ()
    assert found.costs == ()
    assert [a.line for a in event(found, "delight/invite").effects.money] == ["reward"]
