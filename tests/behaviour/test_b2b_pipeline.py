"""The shipped pipeline: its figures are believable, its rules are kept, its bottleneck is where the page says."""

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.journey.units import MONTH

ASIDE = ("fan", "disqualified", "owned", "merged")
NURTURED = ("pre_mql", "mql", "sal", "recycled", "dormant")

#: Every indicator of the source, the metric that it is, and the range it lies in; n = 6.
INDICATORS = {
    "traffic": ("entered.anonymous", 27_000, 29_500),
    "engagement": ("outcomes.pre_mql.engage.open", 40_000, 50_000),
    "downloads": ("outcomes.pre_mql.engage.download", 17_000, 22_000),
    "sign-ups": ("outcomes.anonymous.anonymous.pre_mql", 4_900, 5_300),
    "MQL rate": ("conversion.pre_mql.mql", 44, 49),
    "lead acceptance rate": ("conversion.mql.sal", 63, 72),
    "time to first contact": ("time_to_first_contact", 1.5, 4),
    "SQL rate": ("through.sal.sql", 33, 41),
    "proposal acceptance": ("conversion.proposed.won", 26, 34),
    "cycle length": ("time_in.proposed", 160, 190),
    "win rate": ("through.sql.won", 14, 21),
    "deal size": ("amount.contract", 16_000, 18_500),
    "retention": ("share.won.renewal.stay", 82, 89),
    "lifetime value": ("clv", 19_000, 25_000),
    "net promoter score": ("net_promoter_score.won.survey", 10, 22),
    "pre-sales busy": ("utilisation.presales", 78, 90),
    "sales busy": ("utilisation.sales", 75, 90),
    "profit": ("profit", 700_000, 2_000_000),
}


@pytest.fixture(scope="module")
def model():
    """Return the pipeline with a quarter of the visitors, who sign up four times as often: the same leads."""
    return fs.load("b2b_pipeline").with_(visitor_price=10, visitors_at_most="3000 per month", signs_up="18 %")


@pytest.fixture(scope="module")
def duel(model):
    return fs.compare(model, strategies=["today", "half_presales", "double_traffic"], replications=6, seed=1)


@pytest.fixture(scope="module")
def today(duel):
    return duel["today"]


@pytest.fixture(scope="module")
def diary(model):
    """Return one run with its people and its log."""
    return fs.run(model, strategies="today", seed=3, people=True, events=True)


def moved(runs, stage, to):
    """Return how often people moved from one stage to another, shape (replications,)."""
    return sum(
        runs.ledger.flow[..., index].sum(axis=(1, 2))
        for index, ((source, _, _), target) in enumerate(
            zip(runs.ledger.layout.flows, runs.ledger.layout.targets, strict=True)
        )
        if (source, target) == (stage, to)
    )


@pytest.mark.parametrize("indicator", INDICATORS)
def test_every_indicator_can_be_read_by_name_and_is_believable(today, indicator):
    metric, low, high = INDICATORS[indicator]
    assert low < today[metric].mean < high
    assert today[metric].n == today.n


def test_the_indicators_agree_with_what_they_are_made_of(today):
    wins = today.values("outcomes.proposed.decision.won")
    np.testing.assert_allclose(today.values("amount.contract"), today.values("revenue.contract") / wins)
    np.testing.assert_allclose(today.values("through.sql.won"), 100 * wins / today.values("entered.sql"))
    np.testing.assert_array_equal(today.values("entered.won"), wins)
    yes, neutral, no, silent = (
        today.values(f"outcomes.won.survey.{answer}") for answer in ("promoter", "passive", "detractor", "no_reply")
    )
    score = today.values("net_promoter_score.won.survey")
    np.testing.assert_allclose(score, 100 * (yes - no) / (yes + neutral + no))
    asked = yes + neutral + no + silent
    np.testing.assert_allclose(today.values("share.won.survey.no_reply"), 100 * silent / asked)
    ways = ("revived", "dropped", "elsewhere", "postponed")
    np.testing.assert_allclose(sum(today.values(f"share.deal.chase.{way}") for way in ways), 100)


def test_half_of_presales_contact_leads_later_and_win_less(duel):
    later = duel.difference("time_to_first_contact", of="half_presales")
    fewer = duel.difference("acquisitions", of="half_presales")
    assert later.low > 10
    assert fewer.high < -40
    assert duel["half_presales"]["utilisation.presales"].mean > 99.5


def test_leads_beyond_what_presales_can_serve_lower_profit(duel):
    assert duel.difference("entered.pre_mql", of="double_traffic").low > 3_000
    assert duel.difference("abandonment.presales", of="double_traffic").low > 15
    assert duel.difference("acquisitions", of="double_traffic").high < 25
    assert duel.difference("profit", of="double_traffic").high < 0


def test_conversions_leave_out_fans_duplicates_and_the_disqualified(model):
    runs = fs.replicate(
        model.with_(warm_up="0 months", horizon="18 months"), strategies="today", replications=2, seed=2
    )
    entered = runs.values("entered.mql")
    aside = moved(runs, "mql", "owned") + moved(runs, "mql", "disqualified")
    assert (aside > 50).all()
    np.testing.assert_allclose(runs.values("conversion.mql.sal"), 100 * moved(runs, "mql", "sal") / (entered - aside))
    fans = moved(runs, "pre_mql", "fan")
    assert (fans > 50).all()
    leads = runs.values("entered.pre_mql") - fans
    np.testing.assert_allclose(runs.values("conversion.pre_mql.mql"), 100 * moved(runs, "pre_mql", "mql") / leads)


def test_nobody_set_aside_costs_the_tool_or_a_mail(today):
    layout, ledger = today.ledger.layout, today.ledger
    months = sum(ledger.time[:, 6:, :, layout.stages.index(stage)].sum(axis=(1, 2)) for stage in NURTURED) / MONTH
    np.testing.assert_allclose(today.values("spend.tool"), 0.10 * months, rtol=1e-3)
    out = [index for index, (stage, _, _) in enumerate(layout.flows) if stage in ("fan", "disqualified", "merged")]
    assert out == []


def test_recycling_resets_the_score_of_behaviour(diary):
    waiting = diary.people[diary.people.stage == "recycled"]
    assert len(waiting) > 20
    assert (waiting.score == 0).all()
    assert (waiting.touches > 0).any()
    assert (diary.people[diary.people.stage == "mql"].score > 0).any()


def test_a_score_or_one_decisive_action_makes_an_mql(diary):
    made = diary.events[(diary.events.to == "mql")].event.value_counts()
    assert set(made.index) == {"ripe", "meeting"}
    assert (made > 200).all()


def test_duplicates_go_to_the_rep_who_owns_the_lead_and_are_never_accepted(diary):
    log = diary.events
    owned = set(log[log.to == "owned"].person)
    assert len(owned) > 100
    assert not owned & set(log[log.to == "sal"].person)
    after = log[log.person.isin(owned) & (log.stage == "owned")]
    assert set(after.event) == {"hand_over"}
    assert set(after.to) == {"merged"}


def test_a_deal_is_chased_twelve_months_after_it_became_one(diary):
    log = diary.events
    chased = log[log.event.str.endswith("chase")].drop_duplicates("person")
    assert len(chased) >= 5
    for one in chased.itertuples():
        mine = log[(log.person == one.person) & (log.time < one.time)]
        begun = mine[mine.to.isin(["sql", "proposed"]) & ~mine.stage.isin(["sql", "opportunity", "proposed"])].time
        assert one.time - begun.iloc[-1] == 12 * MONTH
    assert set(chased.to) <= {"lost", "recycled", "proposed"}


def test_a_deal_still_open_is_younger_than_twelve_months(diary):
    open_ = diary.people[diary.people.stage.isin(["sql", "opportunity", "proposed"])]
    assert len(open_) > 50
    assert (open_.deal_age < 12 * MONTH).all()


def test_fans_answer_everything_and_never_buy(diary):
    people = diary.people
    assert (people[people.kind == "fan"].acquired < 0).all()
    called = people[people.stage == "fan"]
    assert (called.touches >= 12).all()
    assert (called.kind == "fan").mean() > 0.8


def test_leads_that_wait_for_presales_go_cold(duel):
    assert duel.difference("conversion.timing.sql", of="half_presales").high < -10
    assert duel.difference("conversion.need.timing", of="half_presales").low > -5


def test_the_months_of_the_year_staff_the_teams(model):
    runs = fs.replicate(model.with_(horizon="9 months", warm_up="0 months"), strategies="today", replications=1, seed=1)
    paid = runs.series("spend.presales")[0]
    assert paid[7] == pytest.approx(3 * 4200)
    assert paid[[5, 6, 8]] == pytest.approx(4 * 4200)
