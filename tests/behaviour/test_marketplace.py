"""The shipped flea-market app: sellers help newcomers sell, ads are no subscription, and when a credit pays."""

from pathlib import Path

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.journey.units import DAY

#: Spends on ads that cost as much as the funnel, in USD per month, near enough for a test: they need not be solved.
SPENDS = {"flywheel": 1_655.0, "on_first_sale": 2_347.0}

SHIPPED = Path(__file__).parents[2] / "configs" / "marketplace.yaml"

CHANGED = """
extends: {shipped}
name: Flea-market app, changed
{change}
"""

#: Everybody signs up, nobody sells or brings anybody, and there is no end of people.
SIGN_UPS = """
market: ~
rates: {signs_up: {value: 100 %, by: ~}, first_sale: 0 per month}
"""

#: A thousand people sell from the first day on.
OLD_SELLERS = "channels: {old: {present: 1000, enters: trader}}"

#: What advertisers pay counts as if users had subscribed to it.
SUBSCRIBED = "lines: {banner: {recurring: yes}}"


@pytest.fixture(scope="module")
def model():
    scenario = fs.load("marketplace")
    for strategy, spend in SPENDS.items():
        scenario = scenario.at_spend(strategy, spend)
    return scenario


@pytest.fixture(scope="module")
def duel(model):
    return fs.compare(model, replications=12, seed=1)


@pytest.fixture
def changed(tmp_path):
    """Return a function that loads the journey with something laid over it."""

    def load(change):
        path = tmp_path / "changed.yaml"
        path.write_text(CHANGED.format(shipped=SHIPPED, change=change), encoding="utf-8")
        return fs.load(path)

    return load


def lead(duel, strategy, metric="profit"):
    """Return by how much a strategy is ahead of the funnel, paired."""
    return duel.difference(metric, of=strategy, against="funnel")


# -- users and sellers ------------------------------------------------------------------------------


def test_two_in_five_sign_ups_are_left_after_a_week_and_a_quarter_after_a_month(changed):
    events = fs.run(changed(SIGN_UPS).with_(horizon="4 months"), strategies="funnel", seed=1, events=True).events
    moved = events[events.stage != events.to]
    came = moved[moved.to == "free"].set_index("person").time
    left = moved[moved.stage == "free"].set_index("person").time
    stayed = (left - came).reindex(came[came < came.max() / 2].index).fillna(np.inf)
    assert len(stayed) > 3_000
    assert (stayed > 7 * DAY).mean() == pytest.approx(0.40, abs=0.03)
    assert (stayed > 30 * DAY).mean() == pytest.approx(0.25, abs=0.03)


def test_the_more_people_sell_the_more_users_sell_for_the_first_time(changed, model):
    first = model.with_(horizon="2 months")
    alone = fs.replicate(first, strategies="funnel", replications=6, seed=1)
    among = fs.replicate(changed(OLD_SELLERS).with_(horizon="2 months"), strategies="funnel", replications=6, seed=1)
    assert alone["shared.sellers"].mean < 200
    assert among["shared.sellers"].mean > 900
    assert among["acquisitions"].mean > 2 * alone["acquisitions"].mean


def test_how_many_sell_is_how_many_are_there(duel):
    runs = duel["funnel"]
    np.testing.assert_array_equal(runs.values("shared.sellers"), runs.values("active_customers"))


def test_some_clear_an_attic_and_some_live_off_it(model):
    people = fs.run(model, strategies="funnel", seed=1, people=True).people
    early = people[(people.acquired >= 0) & (people.acquired < 180 * DAY)].revenue.sort_values()
    assert len(early) > 200
    assert early[-len(early) // 10 :].sum() > 6 * early[: len(early) // 2].mean() * (len(early) / 10)


def test_the_city_is_finite(duel):
    runs = duel["funnel"]
    reached = runs["saturation"].mean / 100
    assert 0.3 < reached < 0.36
    assert runs["missed"].mean / (runs["missed"].mean + runs["people"].mean) == pytest.approx(reached / 2, rel=0.1)


# -- money ------------------------------------------------------------------------------------------


def test_ads_shown_to_users_are_no_recurring_revenue(duel, changed):
    assert "mrr" not in duel["funnel"].summary().index
    runs = fs.replicate(changed(SUBSCRIBED).with_(horizon="3 months"), strategies="funnel", replications=2, seed=1)
    np.testing.assert_allclose(runs.values("mrr"), 0.12 * runs.values("active_customers"))


def test_banners_pay_for_free_users_too(duel):
    runs = duel["funnel"]
    assert runs["revenue.banner"].mean > 1.3 * 0.12 * runs.series("active_customers").sum(axis=1).mean()
    np.testing.assert_allclose(runs.values("spend.hosting"), 0.004 / 0.12 * runs.values("revenue.banner"), rtol=1e-4)


def test_the_payment_service_keeps_its_share_of_commissions_alone(duel):
    runs = duel["flywheel"]
    np.testing.assert_allclose(runs.values("spend.payment"), 0.12 * runs.values("revenue.commission"))


def test_the_books_are_kept_by_the_day(duel):
    runs = duel["funnel"]
    installs = runs.series("prospects", by="day")
    assert installs.shape == (12, 365)
    np.testing.assert_array_equal(installs.sum(axis=1), runs.values("prospects"))


# -- invitations ------------------------------------------------------------------------------------


def test_a_credit_is_paid_for_each_friend_who_signs_up_and_for_no_invitation_else(model):
    runs = fs.run(model, strategies="flywheel", seed=1, people=True, events=True)
    friends = runs.people[runs.people.channel == "invites"].key
    events = runs.events[(runs.events.stage == "install") & runs.events.person.isin(friends)]
    signed_up = events[events.to == "free"]
    assert len(signed_up) == pytest.approx(0.55 * len(friends), rel=0.1)
    assert runs["spend.credit"].mean == 10 * len(signed_up)


def test_a_friend_costs_twice_a_stranger_at_sign_up_and_half_at_the_first_sale(duel):
    for strategy, low, high in (("flywheel", 2, 3), ("on_first_sale", 0, 0.5)):
        cac = duel[strategy].by("channel", "cac")["cac", "mean"]
        assert low < cac["invites"] / cac["ads"] < high
    assert duel["on_first_sale"].by("channel", "cac").loc["invites", ("cac", "mean")] == pytest.approx(10)


def test_all_three_spend_the_same(duel):
    for strategy in SPENDS:
        assert abs(duel.spend_gap(of=strategy)) < 0.01


def test_with_a_credit_at_sign_up_the_funnel_wins(duel):
    assert lead(duel, "flywheel").high < -4_000
    assert lead(duel, "flywheel", "acquisitions").high < 0


def test_with_the_same_credit_at_the_first_sale_the_flywheel_wins(duel):
    assert lead(duel, "on_first_sale").low > 1_500
    assert lead(duel, "on_first_sale", "shared.sellers").low > 0


def test_a_credit_of_two_at_sign_up_would_be_worth_it(model):
    cheap = fs.load("marketplace").with_(credit=2).at_spend("flywheel", 2_300)
    duel = fs.compare(cheap, strategies=["funnel", "flywheel"], replications=8, seed=1)
    assert abs(duel.spend_gap(of="flywheel")) < 0.01
    assert lead(duel, "flywheel").low > 1_500
