"""The journeys the language was made for: all of them load, with every strategy."""

import math
from pathlib import Path

import pytest

from flywheel_sim.journey.units import MONTH
from flywheel_sim.scenario.load import load

CASES = Path(__file__).resolve().parents[1] / "cases"

#: What makes people affect one another, in the cases where something does.
COUPLED = {
    "04_b2b_pipeline": ("staff",),
    "09_reputation": ("a shared attribute",),
    "13g_bass": ("a finite market",),
    "13h_mmcm": ("staff",),
}
NAMES = sorted(path.stem for path in CASES.glob("*.yaml"))

#: Strategies whose spend is matched, which is solved for by running.
MATCHED = {
    "01_subscription": {"funnel"},
    "02b_channels": {"shift"},
    "08_reseller": {"direct"},
    "10_referral_programme": {"none"},
    "12_budget_duel": {"flywheel", "frugal"},
}


def case(name):
    return load(CASES / f"{name}.yaml")


def test_there_are_23_cases():
    assert len(NAMES) == 23


@pytest.mark.parametrize("name", NAMES)
def test_a_case_loads_with_every_strategy(name):
    scenario = case(name)
    assert scenario.journey().stages
    assert scenario.journey().coupled_by == COUPLED.get(name, ())
    assert set(scenario.matched) == MATCHED.get(name, set())
    for strategy in scenario.matched:
        scenario = scenario.at_spend(strategy, 1000.0)
    for strategy in scenario.strategies:
        assert scenario.journey(strategy).strategy == strategy


# -- what the cases come to ---------------------------------------------------------------------


def event(journey, decision):
    owners = [*journey.stages, *journey.sets]
    return next(e for owner in owners for e in owner.events if e.decision == decision)


def test_the_subscription_spends_on_its_customers_and_bends_its_ads():
    journey = case("01_subscription").journey()
    (success,) = journey.sets
    assert (success.name, success.stages, success.events) == ("customer_success", ("delight",), ())
    assert [amount.line for amount in success.accruals] == ["customer_success"]
    ads = journey.channels[0]
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
    journey = case("12_budget_duel").journey()
    assert journey.sets == ()
    assert journey.costs == ()
    assert [a.line for a in event(journey, "delight/invite").effects.money] == ["reward"]


def cells(journey, decision, index=0):
    return event(journey, decision).chances[index].cells


def test_levers_of_the_budget_duel_move_their_rates_along_their_curves():
    scenario = case("12_budget_duel").at_spend("flywheel", 5000.0)
    pulled = scenario.journey("flywheel")
    retention = cells(pulled, "delight/renewal")
    assert retention[1] == pytest.approx(0.962, abs=1e-12)  # given: 3 per customer buys 96.2 %
    odds = 0.962 / 0.038 / (0.95 / 0.05)  # the others move by the same odds ratio
    for moved, base in zip(retention, (0.80, 0.95, 0.98), strict=True):
        assert moved / (1 - moved) == pytest.approx(odds * base / (1 - base), rel=1e-12)
    pace = math.log((0.30 - 0.20) / (0.30 - 0.24)) / 2000  # 1,500 on onboarding, between 0 and 2,000
    (chance,) = cells(pulled, "engage/engage")
    assert chance == pytest.approx(0.30 - 0.10 * math.exp(-pace * 1500), abs=1e-12)
    assert [cost.name for cost in pulled.costs] == ["onboarding"]


def test_without_customer_success_the_funnel_keeps_fewer():
    funnel = case("01_subscription").at_spend("funnel", 9000.0).journey("funnel")
    assert cells(funnel, "delight/renewal")[1] == pytest.approx(0.93, abs=1e-12)
    assert "customer_success" not in {one.name for one in funnel.sets}


def test_a_friction_taken_away_leaves_the_rate_the_file_names():
    easy = case("03_product_led")

    def rates(journey):
        owners = [*journey.stages, *journey.sets]
        return {
            e.decision: e.waits[0].params[0].cells for o in owners for e in o.events if e.waits and e.waits[0].params
        }

    with_it, without = rates(easy.journey()), rates(easy.journey("easy_upgrade"))
    changed = {name: cells for name, cells in without.items() if cells != with_it[name]}
    assert changed
    for paces in changed.values():
        assert paces == pytest.approx([0.022 / MONTH] * len(paces), rel=1e-12)


def test_half_of_presales_is_two_people_in_the_pipeline():
    pipeline = case("04_b2b_pipeline")
    people = {name: [r.people.cells for r in pipeline.journey(name).resources] for name in pipeline.strategies}
    assert people == {"today": [(4,), (5,)], "half_presales": [(2,), (5,)]}
    handover = event(pipeline.journey(), "owned/handover").staff
    assert (handover.resource, handover.priority, handover.gives_up) == ("sales", 1, None)


def test_the_reputation_is_the_mean_satisfaction_of_customers():
    (stars,) = case("09_reputation").journey().shared
    assert (stars.of, stars.weights, stars.stages, stars.starts) == (
        "satisfaction", (-2_000_000, 0, 1_000_000), ("client",), 0,
    )  # fmt: skip
