"""The shipped automation: nurturing burns content, the score saves calls, and what each campaign does."""

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.journey.units import MONTH

STRATEGIES = ["today", "no_content", "no_scoring", "no_cleaning"]


@pytest.fixture(scope="module")
def model():
    return fs.load("automation")


@pytest.fixture(scope="module")
def duel(model):
    return fs.compare(model, strategies=STRATEGIES, replications=10, seed=1)


@pytest.fixture(scope="module")
def today(duel):
    return duel["today"]


@pytest.fixture(scope="module")
def diary(model):
    """Return one run with its people and its log."""
    return fs.run(model, strategies="today", seed=3, people=True, events=True)


def changed(duel, metric, of):
    """Return a paired difference against today."""
    return duel.difference(metric, of=of, against="today")


def test_over_20_percent_open_the_newsletter(today):
    assert today["share.contact.newsletter.opened"].low > 20


def test_a_deal_normally_takes_six_months_and_is_stale_at_twelve(model, diary):
    assert 5.5 * np.exp(0.5**2 / 2) == pytest.approx(6.2, abs=0.05)
    log = diary.events.sort_values("time", kind="stable")
    begun = log[log.to == "deal"].drop_duplicates("person").set_index("person").time
    decided = log[(log.stage == "deal") & (log.event == "decision")].drop_duplicates("person").set_index("person").time
    chased = log[(log.stage == "deal") & (log.event == "chase")].drop_duplicates("person").set_index("person").time
    length = (decided - begun).dropna()
    assert len(length) > 100
    assert 4.3 < length.median() / MONTH < 6
    assert (length < 12 * MONTH).all()
    first = chased[~chased.index.isin(decided.index)]
    assert len(first) >= 3
    assert ((first - begun[first.index]) == 12 * MONTH).all()


def test_a_stale_deal_is_dropped_bought_elsewhere_or_postponed_unless_revived(today):
    shares = [today[f"share.deal.chase.{way}"].mean for way in ("revived", "dropped", "elsewhere", "postponed")]
    assert sum(shares) == pytest.approx(100)
    assert min(shares) > 0


def test_the_self_diagnosis_of_20_questions_qualifies(diary):
    log = diary.events
    asked = log[log.event.str.endswith("diagnosis")]
    qualified = asked[asked.to == "ripe"]
    assert 0.003 < len(qualified) / len(asked) < 0.02
    called = log[log.stage == "ripe"]
    taken = called[called.person.isin(qualified.person)].to == "deal"
    assert taken.mean() > 0.2


@pytest.mark.parametrize("event", ["nurture", "newsletter", "visit", "look"])
def test_every_sign_adds_to_the_score(model, event):
    """Maturity shows in all of them; engagement, frequency of visits and interest bring points each."""
    events = model.at("journey.contact.events", "today")
    ways = events[event].get("outcomes", {"always": events[event]}).values()
    assert sum("score" in way.get("add", {}) for way in ways if isinstance(way, dict)) == 1


def test_who_passes_the_threshold_is_called(diary):
    contacts = diary.people[diary.people.stage == "contact"]
    assert len(contacts) > 300
    assert (contacts.score < 50).all()


def test_a_library_is_read_empty_without_new_content(model, diary):
    run = fs.run(model, strategies="no_content", seed=3, people=True, events=True)
    assert not run.events.event.str.endswith("new_piece").any()
    assert diary.events.event.str.endswith("new_piece").any()
    without, stocked = (one.people[one.people.stage == "contact"]["read"] for one in (run, diary))
    assert without.mean() > 1.3 * stocked.mean()


def test_without_content_fewer_are_woken_and_fewer_buy(duel):
    assert changed(duel, "share.contact.nurture.reads", "no_content").high < -4
    assert changed(duel, "entered.ripe", "no_content").high < -200
    assert changed(duel, "acquisitions", "no_content").high < -12


def test_the_score_saves_salespeople_calls_that_lead_nowhere(duel):
    calls = duel["no_scoring"]["entered.ripe"].mean / duel["today"]["entered.ripe"].mean
    assert calls == pytest.approx(1, abs=0.1)
    assert changed(duel, "through.ripe.deal", "no_scoring").high < -20
    assert changed(duel, "acquisitions", "no_scoring").high < -35
    assert changed(duel, "profit", "no_scoring").high < -150_000


def test_cleaning_halves_what_the_tool_costs(duel):
    assert changed(duel, "spend.tool", "no_cleaning").mean == pytest.approx(16_800, rel=0.03)
    assert changed(duel, "profit", "no_cleaning").high < -8_000
    assert abs(changed(duel, "acquisitions", "no_cleaning").mean) < 3


def test_the_tool_bills_every_contact_by_the_month(today):
    layout, ledger = today.ledger.layout, today.ledger
    listed = sum(ledger.time[:, :, :, layout.stages.index(s)].sum(axis=(1, 2)) for s in ("contact", "ripe", "inactive"))
    np.testing.assert_allclose(today.values("spend.tool"), 0.25 * listed / MONTH, rtol=1e-3)


def test_a_threshold_too_high_costs_more_than_calls_save(model):
    low, high = (fs.replicate(model.with_(ripe_at=at), strategies="today", replications=8, seed=1) for at in (30, 70))
    saved = 45 * (low.values("entered.ripe") - high.values("entered.ripe"))
    gap = low.values("profit") - high.values("profit")
    assert (saved > 20_000).all()
    assert gap.mean() - 2 * gap.std(ddof=1) / np.sqrt(8) > 60_000


def test_more_content_brings_ever_less(model):
    wins = [
        fs.replicate(
            model.with_(**{"levers.content.spend": f"{spend} per month"}), strategies="today", replications=6, seed=1
        )
        for spend in (1500, 6000)
    ]
    more = wins[1]["acquisitions"].mean - wins[0]["acquisitions"].mean
    assert 2 < more < 14
    assert wins[1]["profit"].mean < wins[0]["profit"].mean - 60_000
