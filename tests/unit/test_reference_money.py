"""What every construct of a journey does to the ledger, by hand: money, recurring revenue, cohorts, lines."""

import math

import numpy as np
import pytest
from built import (
    END,
    Lived,
    batch,
    by,
    channel,
    counter,
    drawn,
    during,
    earn,
    event,
    fixed,
    journey,
    levels,
    live,
    luck,
    memoryless,
    outcome,
    present,
    rate,
    spend,
    stage,
    stopwatch,
    when,
)

from flywheel_sim.compile import draws
from flywheel_sim.compile.quantiles import gamma_table
from flywheel_sim.journey.figures import Dist, Spread
from flywheel_sim.journey.units import DAY, MILLIONTHS, MONTH
from flywheel_sim.ledger import COHORT, FOLLOWED, GENERATION, MRR, ROLE_FLOWS


def movements(lives):
    """Return the movements of recurring revenue, millionths, as {measure: {period: value}}, over all groups."""
    table = lives.ledger.mrr.sum(axis=1)
    return {
        name: {p: table[p, i] for p in np.flatnonzero(table[:, i])} for i, name in enumerate(MRR) if table[:, i].any()
    }


def measures(lives, array, names):
    """Return an array of the ledger summed over all but its measures, as {measure: value}, nothings left out."""
    table = np.asarray(getattr(lives.ledger, array))
    totals = table.reshape(-1, table.shape[-1]).sum(axis=0)
    return {name: int(value) for name, value in zip(names, totals, strict=True) if value}


# -- at once ----------------------------------------------------------------------------------------


def test_amounts_are_those_of_the_state_after_the_sets_and_what_is_earned_adds_whole_units():
    sale = [earn("fee", by("plan", 9900, 12_500_000)), spend("goods", by("spent", 300, 9, bounds=(1,)))]
    bonus = outcome("won", money=[earn("extra", 7_800_000)], add={"spent": "earned"})
    up = event("up", fixed(DAY), sets={"plan": 1}, money=sale, outcomes=[bonus], add={"total": "earned"})
    spent, total = counter("spent", 0, 99), counter("total", 0, 15)
    lives = live((stage("a", "customer", up),), [batch(1, "a")], months=1,
                 attributes=[levels("plan", "basic", "big"), spent, total])  # fmt: skip
    assert [lives.money(line) for line in ("fee", "extra", "goods")] == [[12_500_000], [7_800_000], [300]]
    assert lives.people[["spent", "total", "revenue", "cost"]].iloc[0].tolist() == [20, 15, 20.3, 0.0003]


DRAWN = {
    "exponential": ((5000,), draws.EXPONENTIAL),
    "uniform": ((300, 900), draws.UNIFORM),
    "triangular": ((300, 400, 900), draws.TRIANGULAR),
    "lognormal": ((1400, 0.8), draws.LOGNORMAL),
    "weibull": ((1000, 1.7), draws.WEIBULL),
    "gamma": ((1000, 2.5), draws.GAMMA),
    "empirical": ((), draws.EMPIRICAL),
}


@pytest.mark.parametrize("kind", DRAWN)
def test_a_drawn_amount_is_the_quantile_of_the_luck_of_its_line(kind):
    params, code = DRAWN[kind]
    sample = (100.0, 250.0, 990.0)
    dist = Dist(kind, tuple(rate(p) for p in params), sample if kind == "empirical" else ())
    order = event("order", fixed(10 * DAY), every=True, money=[earn("sale", dist, decision="a/order/sale")])
    lives = live((stage("a", "customer", order),), [batch(5, "a")], months=1)
    table = gamma_table(2.5) if kind == "gamma" else np.array(sample)
    first, second, third = [*params, 0.0, 0.0, 0.0][:3]
    for key, revenue in zip(lives.keys, lives.people.revenue, strict=True):
        exact = [draws.quantile(code, luck(key, "a/order/sale", n)[1], first, second, third, table) for n in range(3)]
        assert revenue == pytest.approx(sum(round(amount) for amount in exact) / MILLIONTHS, rel=1e-12)


def test_money_of_a_set_is_spent_by_the_role_of_the_stage_a_person_is_in():
    care = event("care", fixed(10 * DAY), every=True, money=[spend("care", 5)])
    sets = [during("s", ["lead", "client"], care, accruals=[spend("tool", 2 / DAY)])]
    made = (stage("lead", "prospect", event("buy", fixed(15 * DAY), to="client")), stage("client", "customer"))
    lives = live(made, [batch(3, "lead")], sets=sets, months=1)
    lines, money = lives.ledger.layout.lines, lives.ledger.money.sum(axis=(0, 1)).tolist()
    rest = round(MONTH / DAY * 2 * 3) - 90
    assert dict(zip(lines, money, strict=True)) == {
        ("spend", "tool", "acquisition"): 90,
        ("spend", "tool", "service"): rest,
        ("spend", "care", "acquisition"): 15,
        ("spend", "care", "service"): 30,
    }


def test_money_is_booked_in_the_group_a_person_stands_in_after_the_sets():
    up = event("up", fixed(DAY), sets={"plan": 1}, money=[earn("fee", 100)])
    lives = live((stage("a", "customer", up, accruals=[earn("rent", 10 / DAY)]),), [batch(1, "a")], months=1,
                 attributes=[levels("plan", "basic", "big")], report_by=("plan",))  # fmt: skip
    by_group = dict(
        zip((line for _, line, _ in lives.ledger.layout.lines), lives.ledger.money[0].T.tolist(), strict=True)
    )
    assert by_group == {"rent": [10, round(MONTH / DAY * 10) - 10], "fee": [0, 100]}
    assert lives.ledger.flow[0, :, lives.ledger.layout.flows.index(("a", "up", "up"))].tolist() == [1, 0]


# -- accruing ---------------------------------------------------------------------------------------


def test_a_price_by_tenure_changes_when_tenure_reaches_its_bound():
    price = by("tenure", 700 / MONTH, 300 / MONTH, bounds=(MONTH + MONTH // 2,))
    lives = live((stage("a", "customer", accruals=[earn("fee", price, MONTH)]),),
                 [batch(2, "a", times=(0, MONTH))], months=4, attributes=[stopwatch("tenure")])  # fmt: skip
    assert lives.money("fee") == [1400, 1000 + 1400, 600 + 1000, 600 + 600]
    assert [round(one * MILLIONTHS) for one in lives.people.revenue] == [1800, 1800, 1500, 1500]
    assert movements(lives)["contraction"] == pytest.approx({1: -800, 2: -800})


def test_a_price_by_the_month_accrues_by_the_season():
    cells = [1200 / MONTH if month == 6 else 100 / MONTH for month in range(12)]
    lives = live((stage("a", "customer", accruals=[spend("heating", by("month", *cells))]),), [batch(1, "a")],
                 phase=5 * MONTH, months=3)  # fmt: skip
    assert lives.money("heating") == [100, 1200, 100]


def test_a_price_of_ones_own_is_booked_by_stretch_and_period():
    price = rate(1000 / MONTH, "price", Spread("gamma", ((2.0, 1000 / MONTH),)))
    leave = event("leave", fixed(MONTH + 7 * DAY), to="end")
    lives = live((stage("a", "customer", leave, accruals=[earn("fee", price)]), END), [batch(20, "a")], months=3)
    first, whole = [], []
    for key, revenue in zip(lives.keys, lives.people.revenue, strict=True):
        own = draws.from_table(gamma_table(2.0) * (1000 / MONTH), luck(key, "rate/price")[1])
        first.append(round(own * MONTH))
        whole.append(round(own * (MONTH + 7 * DAY)))
        assert round(revenue * MILLIONTHS) == whole[-1]
    assert lives.money("fee") == [sum(first), sum(whole) - sum(first), 0]


def test_accruing_money_is_exact_whoever_it_comes_from():
    price = by("plan", 0.1 / DAY, 0.3 / DAY)
    up = event("up", memoryless(0.02 / DAY), sets={"plan": 1})
    leave = event("leave", memoryless(0.01 / DAY), to="end")
    made = (stage("a", "customer", up, leave, accruals=[earn("fee", price)]), END)
    plan = levels("plan", "basic", "big")
    lives = live(made, [batch(300, "a")], months=5, attributes=[plan], report_by=("plan",))
    spent = lives.ledger.time[:, :, 0]
    expected = np.rint(np.array([0.1 / DAY, 0.3 / DAY]) * spent)
    np.testing.assert_array_equal(lives.ledger.money[:, :, 0], expected)


# -- recurring --------------------------------------------------------------------------------------


def test_an_invoice_recurs_until_the_next_of_its_line_or_until_the_role_is_left():
    pay = event("pay", fixed(MONTH), every=True, money=[earn("fee", by("plan", 1200, 2400, 600), 12 * MONTH)])
    up = event("up", fixed(MONTH + DAY), sets={"plan": 1})
    down = event("down", fixed(3 * MONTH + DAY), sets={"plan": 2})
    leave = event("leave", fixed(5 * MONTH + DAY), to="past")
    back = event("back", fixed(MONTH), to="client")
    made = (stage("client", "customer", pay, up, down, leave), stage("past", "lapsed", back))
    lives = live(made, [batch(1, "client")], months=8, attributes=[levels("plan", "mid", "big", "small")])
    assert movements(lives) == {
        "new": {1: 100}, "expansion": {2: 100}, "contraction": {4: -150}, "churn": {5: -50}, "reactivation": {7: 50},
    }  # fmt: skip


def test_the_invoice_of_the_sale_that_makes_a_customer_recurs():
    sale = event("sale", fixed(MONTH), to="client", money=[earn("fee", 1200, 12 * MONTH)])
    leave = event("leave", fixed(3 * MONTH), to="past")
    made = (stage("lead", "prospect", sale), stage("client", "customer", leave), stage("past", "lapsed"))
    lives = live(made, [batch(1, "lead")], months=8)
    assert movements(lives) == {"new": {1: 100}, "churn": {4: -100}}


def test_what_accrues_recurs_while_it_does_and_money_once_does_not():
    sets = [during("s", ["a", "b"], accruals=[earn("rent", 300 / MONTH, MONTH)])]
    made = (
        stage("a", "customer", event("on", fixed(2 * MONTH), to="b"), on_entry={"money": [earn("joining", 900)]}),
        stage("b", "customer", event("off", fixed(MONTH), to="c"), accruals=[earn("more", 200 / MONTH, MONTH)]),
        stage("c", "customer"),
    )
    assert movements(live(made, [batch(2, "a")], sets=sets)) == {
        "new": {0: 600}, "expansion": {2: 400}, "churn": {3: -1000},
    }  # fmt: skip


def test_recurring_revenue_moves_between_groups_with_the_person():
    up = event("up", fixed(MONTH), sets={"plan": 1})
    made = (stage("a", "customer", up, accruals=[earn("fee", by("plan", 500 / MONTH, 800 / MONTH), MONTH)]),)
    lives = live(made, [batch(1, "a")], attributes=[levels("plan", "basic", "big")], report_by=("plan",))
    table = lives.ledger.mrr
    assert table[0, 0, MRR.index("new")] == 500
    assert table[1, :, MRR.index("transferred")].tolist() == [-500, 500]
    assert table[1, 1, MRR.index("expansion")] == pytest.approx(300)
    assert np.abs(table).sum() == pytest.approx(1800)


def test_movements_add_up_to_the_recurring_revenue_at_the_end():
    pay = event("pay", fixed(MONTH), every=True, outcomes=[
        outcome("paid", 0.9, money=[earn("fee", 700, MONTH)]), outcome("lost", to="past")])  # fmt: skip
    made = (stage("a", "customer", pay), stage("past", "lapsed", event("back", memoryless(0.2 / MONTH), to="a")))
    lives = live(made, [channel("ads", "a", "rate", rate=rate(20 / MONTH))], months=10)
    last = lives.events[lives.events.event != "arrived"].groupby("person").last()
    assert lives.ledger.mrr.sum() == 700 * (last.outcome == "paid").sum()


# -- cohorts ----------------------------------------------------------------------------------------


def test_followed_people_are_those_acquired_early_for_as_long_as_they_are_followed():
    buy = event("buy", fixed(10 * DAY), to="client")
    pay = event("pay", fixed(MONTH), every=True, money=[earn("fee", 100), spend("care", 30)])
    made = (stage("lead", "prospect", buy), stage("client", "customer", pay))
    ads = batch(1, "lead", times=tuple(month * MONTH for month in range(6)))
    lives = live(made, [ads], months=6, follow=3 * MONTH)
    assert measures(lives, "followed", FOLLOWED) == {
        "acquired": 3, "revenue": 3 * 200, "cost": 3 * 60, "margin_discounted": 3 * 140,
        "roots": 3, "lineage": 3 * 140,
    }  # fmt: skip
    assert lives.ledger.followed[:, 0, FOLLOWED.index("revenue")].tolist() == [0, 300, 300]
    everyone = lives.ledger.cohort[:, :, COHORT.index("revenue")].sum(axis=1)
    assert everyone.tolist() == [500, 400, 300, 200, 100, 0]


def test_customers_lost_come_back_to_their_cohort():
    leave = event("leave", fixed(2 * MONTH), to="past")
    made = (stage("a", "customer", leave), stage("past", "lapsed", event("back", fixed(2 * MONTH + DAY), to="a")))
    lives = live(made, [batch(3, "a"), present(5, "a")], months=6)
    assert lives.ledger.cohort[0, :, COHORT.index("lost")].tolist() == [0, 3, 0, 0, -3, 0]
    assert lives.ledger.cohort[0, 0, COHORT.index("acquired")] == 3


def test_what_has_not_ended_at_the_horizon_is_counted_from_the_last_entry():
    made = (
        stage("a", "prospect", event("again", fixed(50 * DAY), to="a")),
        stage("b", "prospect", event("go", fixed(DAY), to="end")),
        END,
    )
    lives = live(made, [batch(2, "a"), batch(3, "b", name="other")], months=2)
    assert lives.ledger.unfinished.tolist() == [2 * (2 * MONTH - 50 * DAY), 0, 3 * (2 * MONTH - DAY)]


# -- people who bring people ------------------------------------------------------------------------

PAY = event("pay", fixed(MONTH), every=True, money=[earn("fee", 100)])


def test_generations_count_people_acquisitions_and_the_time_between_them():
    """Everybody buys after ten days and brings one friend a month after that."""
    invite = event("invite", fixed(MONTH), refer=["friends"])
    made = (stage("lead", "prospect", event("buy", fixed(10 * DAY), to="client")), stage("client", "customer", invite))
    lives = live(made, [batch(2, "lead"), channel("friends", "lead", "referral")], months=2.8)
    gap = 2 * (MONTH + 10 * DAY)
    assert lives.ledger.generation[:3].tolist() == [[2, 2, 0, 0], [2, 2, 2, gap], [2, 0, 0, 0]]
    assert lives.ledger.generation[3:].sum() == 0
    assert lives.people.generation.tolist() == [0, 0, 1, 1, 2, 2]
    keys = dict(zip(lives.people.key, lives.people.referrer, strict=True))
    assert all(keys[keys[key]] for key in lives.people.key[4:] if keys[keys[key]])


def test_the_last_generation_holds_all_beyond_it():
    at_birth = event("invite", fixed(DAY), refer=["friends"])
    lives = live((stage("a", "prospect", at_birth),), [batch(1, "a"), channel("friends", "a", "referral")], months=0.7)
    people = lives.ledger.generation[:, GENERATION.index("people")]
    assert people.tolist() == [1] * 15 + [len(lives.people) - 15]


def test_lineage_is_the_margin_of_a_root_and_of_everybody_after_it():
    invite = event("invite", memoryless(0.3 / MONTH), every=True, refer=["friends"])
    made = (stage("client", "customer", PAY, invite, accruals=[earn("rent", 50 / MONTH)]),)
    lives = live(made, [batch(20, "client"), channel("friends", "client", "referral")], months=6, follow=6 * MONTH)
    worth = measures(lives, "followed", FOLLOWED)
    assert worth["roots"] == 20
    assert worth["lineage"] == pytest.approx(lives.people.margin_discounted.sum() * MILLIONTHS, rel=1e-6)
    own = lives.people[lives.people.generation == 0].margin_discounted.sum()
    assert worth["lineage"] > 1.5 * own * MILLIONTHS


def test_lineage_is_discounted_to_the_acquisition_of_the_root():
    """A friend who pays 100 a month later is worth less to the root than to themselves."""
    invite, sale = event("invite", fixed(MONTH), refer=["friends"]), event("sale", fixed(DAY), money=[earn("fee", 100)])
    made = (stage("root", "customer", invite), stage("friend", "customer", sale))
    lives = live(
        made, [batch(1, "root"), channel("friends", "friend", "referral")], months=4, follow=2 * MONTH, discount=0.1
    )
    year = 365 * DAY
    lineage = lives.ledger.followed[:, :, FOLLOWED.index("lineage")]
    assert lineage[1, 0] == round(100 * math.exp(-math.log1p(0.1) / year * (MONTH + DAY)))
    assert lineage.sum() == lineage[1, 0]
    own = lives.ledger.followed[:, 1, FOLLOWED.index("margin_discounted")].sum()
    assert own == round(100 * math.exp(-math.log1p(0.1) / year * DAY))


def test_who_is_brought_by_somebody_not_acquired_has_no_line():
    invite = event("invite", fixed(DAY), refer=["friends"])
    made = (stage("fan", "prospect", invite), stage("client", "customer", PAY))
    lives = live(made, [batch(1, "fan"), channel("friends", "client", "referral")], months=3, follow=MONTH)
    worth = measures(lives, "followed", FOLLOWED)
    assert worth["acquired"] == 1
    assert "lineage" not in worth
    assert lives.ledger.generation[1].tolist() == [1, 1, 0, 0]


def test_the_referred_take_over_what_their_channel_says():
    attributes = [
        levels("plan", "basic", "big", draw=drawn("person/plan", 0.0, None)),
        counter("score", 0, 9),
        stopwatch("quiet"),
        levels("other", "x", "y"),
    ]
    invite = event("invite", fixed(5 * DAY), refer=["friends"], add={"score": 7}, sets={"other": 1})
    made = (stage("a", "customer", invite), stage("b", "customer"))
    friends = channel("friends", "b", "referral", inherits=("score", "quiet"))
    lives = live(made, [batch(1, "a"), friends], months=1, attributes=attributes)
    child = lives.people.iloc[1]
    assert child[["plan", "score", "quiet", "other"]].tolist() == ["big", 7, MONTH, "x"]


GONE = [event("notice", conditions=when(referrer=(2,))), event("never", conditions=when(referrer=(0,)))]


def test_the_referred_learn_at_that_instant_that_their_referrer_has_gone():
    invite, leave = event("invite", fixed(10 * DAY), refer=["friends"]), event("leave", fixed(20 * DAY), to="end")
    made = (stage("a", "customer", invite, leave), stage("b", "customer", *GONE), END)
    lives = live(made, [batch(2, "a"), channel("friends", "b", "referral")], months=1)
    assert lives.times("notice") == [20 * DAY] * 2
    assert lives.times("never") == []


def test_a_referrer_may_go_by_the_firing_that_refers_and_bring_more_when_gone():
    invite = event("last", fixed(10 * DAY), refer=["friends"], to="past")
    later = event("later", fixed(5 * DAY), refer=["friends"])
    see = event("see", outcomes=[outcome("present", by("referrer", 0, 1, 0), "c"), outcome("gone", None, "c")])
    made = (
        stage("a", "customer", invite),
        stage("past", "lapsed", later),
        stage("b", "customer", see),
        stage("c", "customer", *GONE),
    )
    lives = live(made, [batch(1, "a"), channel("friends", "b", "referral")], months=1)
    seen = lives.events[lives.events.event == "see"]
    assert list(zip(seen.time, seen.outcome, strict=True)) == [(10 * DAY, "present"), (15 * DAY, "gone")]
    assert lives.times("notice") == [10 * DAY, 15 * DAY]


def test_a_rate_by_the_referrer_runs_down_at_both_paces():
    invite, leave = event("invite", fixed(0), refer=["friends"]), event("leave", fixed(3 * MONTH), to="end")
    pace = by("referrer", 0, 0.1 / MONTH, 0.6 / MONTH)
    made = (
        stage("a", "customer", invite, leave),
        stage("b", "customer", event("churn", memoryless(pace), to="end")),
        END,
    )
    lives = live(made, [batch(60, "a"), channel("friends", "b", "referral")], months=40)
    keys = dict(zip(lives.people.key, lives.keys, strict=True))
    churned = lives.events[lives.events.event == "churn"]
    assert len(churned) > 50
    for person, time in zip(churned.person, churned.time, strict=True):
        work = -math.log1p(-luck(keys[person], "b/churn")[1])
        exact = work / 0.1 if work < 0.3 else 3 + (work - 0.3) / 0.6
        assert time == pytest.approx(exact * MONTH, abs=2)


def test_a_price_by_the_referrer_changes_when_the_referrer_goes():
    invite, leave = event("invite", fixed(0), refer=["friends"]), event("leave", fixed(MONTH), to="end")
    rent = earn("rent", by("referrer", 0, 500 / MONTH, 200 / MONTH), MONTH)
    made = (stage("a", "customer", invite, leave), stage("b", "customer", accruals=[rent]), END)
    lives = live(made, [batch(3, "a"), channel("friends", "b", "referral")], months=3)
    assert lives.money("rent") == [1500, 600, 600]
    assert movements(lives) == {"new": {0: 1500}, "contraction": {1: -900}}


def test_a_family_decided_at_once_does_not_run_into_itself():
    """Each brings the next on entry, four hundred of them at one instant."""
    more = stage("a", "customer", event("stop", conditions=when(generation=400), to="end"),
                 event("go", fixed(0), refer=["friends"]))  # fmt: skip
    made = journey((more, END), [batch(1, "a"), channel("friends", "a", "referral")], months=1)
    lives = Lived(made)
    assert len(lives.people) == 401
    assert lives.people.born.max() == 0
    assert lives.ledger.flow[0, :, ROLE_FLOWS.index("referred")].sum() == 400
