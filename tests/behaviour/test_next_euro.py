"""The shipped next_euro: where a euro brings most, by when, and that the best split beats today's and an even one."""

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.analysis.allocation.judgement import judge
from flywheel_sim.analysis.allocation.marginal import marginal
from flywheel_sim.analysis.allocation.spends import at_spends, places_of
from flywheel_sim.analysis.allocation.split import allocate
from flywheel_sim.experiment.driver import replicate_jobs
from flywheel_sim.experiment.running import Job

PLACES = ("search_ads", "customer_success", "onboarding", "account_managers", "rewards")
#: The best split of the page, in the places' own units.
BEST = dict(zip(PLACES, (6178.0, 3.98, 1254.0, 681.0, 6.40), strict=True))
#: Spend on search ads of the funnel that costs as much as today, near enough for a test.
FUNNEL = 10_100.0


@pytest.fixture(scope="module")
def model():
    return fs.load("next_euro").at_spend("funnel", FUNNEL)


@pytest.fixture(scope="module")
def euro(model):
    return marginal(model, strategies="as_today", replications=12, seed=1)


def test_there_are_five_places_for_a_euro(model):
    assert tuple(place.name for place in places_of(model, "as_today")) == PLACES
    assert [place.name for place in places_of(model, "funnel")] == ["search_ads"]


@pytest.mark.parametrize(
    ("lever", "rate", "today", "value", "without", "limit"),
    [
        ("customer_success", "retention", "1.5 per customer per month", "91 % per month", "89.5 %", "94 %"),
        ("onboarding", "conversion", "1500 per month", "20 %", "16 %", "30 %"),
        ("account_managers", "upgrade", "600 per month", "0.04 per month", "0.02 per month", "0.08 per month"),
        ("rewards", "invites", "8 per invite", "0.07 per month", "0.03 per month", "0.12 per month"),
    ],
)
def test_every_curve_is_what_the_judgements_of_the_page_settle(model, lever, rate, today, value, without, limit):
    said = model.levers()[lever]
    assert said.spend == today
    assert said.moves[rate] == {"without": without, "limit": limit}
    assert model.rate(rate).value == value
    curve = judge((today, value), without=without, limit=limit)
    more = 2 * curve.today
    journey = model.with_(**{f"levers.{lever}.spend": f"{more:g} {today.partition(' ')[2]}"}).journey("as_today")
    direct = model.with_(**{rate: float(curve.at(more))}).journey("as_today")
    runs = replicate_jobs([Job(journey, 3), Job(direct, 3)], 2)
    assert runs[0].values("acquisitions") == pytest.approx(runs[1].values("acquisitions"))
    assert runs[0].values("revenue") == pytest.approx(runs[1].values("revenue"))


def test_within_three_years_a_euro_brings_most_at_customer_success_and_least_at_rewards(euro):
    order = euro.ranking(36)
    assert order.leaders == ("customer_success",)
    assert order.names[-1] == "rewards"
    assert euro.at("customer_success").low > 1.5
    assert 0 < euro.at("search_ads").mean < 1


def test_within_three_months_no_euro_comes_back(euro):
    assert all(euro.at(place, 3).high < 0 for place in PLACES)
    assert euro.ranking(3).names[0] == "customer_success"
    assert euro.at("search_ads", 3).mean < -0.8


def test_the_best_split_of_the_page_spends_as_today_and_beats_it_and_an_even_one(model):
    places = places_of(model, "as_today")
    even = dict(zip(PLACES, (2018.0, 4.63, 2018.0, 2018.0, 37.0), strict=True))
    spends = [{place: one[place.name] for place in places} for one in (BEST, even)]
    journeys = [model.journey("as_today"), *(at_spends(model, "as_today", one) for one in spends)]
    today, best, evenly = replicate_jobs([Job(journey, 9) for journey in journeys], 12)
    spent = [sum(runs.values(f"spend.{name}").mean() for name in PLACES) / 36 for runs in (today, best)]
    assert spent[1] == pytest.approx(spent[0], rel=0.02)
    for other, least in ((today, 12_000), (evenly, 100_000)):
        gain = best.values("profit") - other.values("profit")
        assert gain.mean() - 3 * gain.std(ddof=1) / np.sqrt(12) > least


def test_all_on_the_funnel_earns_less_than_today(model):
    duel = fs.compare(model, replications=10, seed=1)
    assert duel.difference("profit", of="funnel").high < -50_000
    assert abs(duel.spend_gap(of="funnel")) < 0.02


def test_on_subscription_the_certificate_holds_and_the_best_split_beats_an_even_one():
    model = fs.load("subscription").at_spend("flywheel", 780.0).with_(horizon="18 months").at_spend("flywheel", 780.0)
    allocation = allocate(model, strategies="flywheel", replications=10, seed=1)
    assert allocation.certificate.holds
    assert allocation.difference("best", "even").low > 0
    assert allocation.best["search_ads"] > 0.7 * allocation.budget
    for split in ("best", "today", "even"):
        assert allocation.spent(split).mean == pytest.approx(allocation.budget, rel=0.005)
