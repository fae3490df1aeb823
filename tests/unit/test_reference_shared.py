"""Finite markets, attributes that all share, and referrers who go, in the reference engine, by hand."""

import math
from dataclasses import replace

import pytest
from built import (
    END,
    batch,
    by,
    channel,
    counter,
    during,
    earn,
    event,
    fixed,
    levels,
    live,
    luck,
    memoryless,
    outcome,
    present,
    spend,
    stage,
    when,
)
from served import MILLION, births, days, desk, mean_of, queue, staffed

from flywheel_sim.journey.events import Draw, SetTo
from flywheel_sim.journey.units import DAY, MONTH
from flywheel_sim.ledger import ROLE_FLOWS

# -- a finite market --------------------------------------------------------------------------------


def roles(lives):
    """Return flows that are no outcomes, where there are any."""
    totals = lives.ledger.flow.sum(axis=(0, 1)).tolist()
    return {name: n for name, n in zip(ROLE_FLOWS, totals, strict=False) if n}


def test_newcomers_are_new_as_likely_as_the_share_of_the_market_not_yet_touched():
    channels = [present(2, "a"), batch(12, "a")]
    lives = live((stage("a", "prospect"),), channels, market=8, months=1)
    kept = []
    for key in births(12):
        if luck(key, "person/market")[0] < (8 - 2 - len(kept)) / 8 * 2**32:
            kept.append(key)
    assert roles(lives) == {"arrived": len(kept), "present": 2, "missed": 12 - len(kept)}
    assert 0 < len(kept) < 6
    assert set(lives.keys) == {*kept, *births(2, "base")}
    assert len(lives.people) == len(lives.events) == 2 + len(kept)
    assert lives.ledger.n_events == 14, "whoever is missed has come too"
    assert lives.ledger.generation[0, 0] == 2 + len(kept)


def test_nobody_is_left_in_a_market_used_up_and_the_first_is_sure_to_be_new():
    base = present(2, "a")
    lives = live((stage("a", "prospect"),), [base, batch(5, "a")], market=2, months=1)
    assert roles(lives) == {"present": 2, "missed": 5}
    for seed in range(20):
        lives = live((stage("a", "prospect"),), [batch(1, "a")], market=1, months=1, seed=seed)
        assert roles(lives) == {"arrived": 1}


def test_who_is_referred_may_be_missed_and_the_referrer_has_referred_all_the_same():
    made = (stage("a", "customer", event("tell", fixed(DAY), refer=["friends", "friends"])),)
    channels = [present(1, "a"), channel("friends", "a", "referral")]
    lives = live(made, channels, market=1, months=1)
    assert roles(lives) == {"present": 1, "missed": 2}
    assert lives.people.referrals.tolist() == [2]


def test_who_is_missed_is_counted_in_the_group_they_would_have_been_in():
    channels = [present(1, "a"), batch(3, "a", sets=(SetTo("plan", 1),))]
    plans = [levels("plan", "basic", "premium")]
    lives = live((stage("a", "customer"),), channels, market=1, months=1, attributes=plans, report_by=("plan",))
    assert lives.ledger.flow[0, :, ROLE_FLOWS.index("missed")].tolist() == [0, 0, 0, 3]


# -- attributes that all share ----------------------------------------------------------------------

MOOD = levels("mood", "sour", "sweet")
STARS = mean_of("mood", (-MILLION, MILLION), "club")


def club(*events, others=(), n=1, shared=(STARS,), starts_sour=True, **parts):
    """Run members, who make what all share, beside one prospect with other events."""
    made = (stage("a", "prospect", *others), stage("club", "customer", *events), END)
    channels = [batch(1, "a", name="guests"), batch(n, "club", name="members")]
    kept = {"attributes": [MOOD], "months": 1} | parts
    return live(made, channels, shared=shared, **kept)


#: Moods by channel: all sweet but those of the last channel, or of the second.
MOODS = [
    levels("mood", "sour", "sweet", draw=Draw("person/mood", (0, 1), (by("channel", *sour), None)))
    for sour in ((0, 0, 1), (0, 1, 0))
]
CHEER = event("cheer", fixed(3 * DAY), sets={"mood": 1})


def test_what_all_share_drives_a_memoryless_clock_from_the_instant_it_changes():
    quicker = memoryless(by("stars", 0.01 / DAY, 4 / DAY, bounds=(MILLION // 2,)))
    lives = club(CHEER, others=[event("join", quicker, to="end")])
    work = -math.log1p(-luck(births(1, "guests")[0], "a/join")[1])
    assert days(lives.times("join")) == [pytest.approx(3 + (work - 0.03) / 4)]
    assert lives.ledger.shared[0].tolist() == [[MILLION, 1]]


def test_a_when_holds_as_soon_as_what_all_share_reaches_its_bound():
    lives = club(CHEER, others=[event("notice", conditions=when(stars=MILLION), to="end")])
    assert days(lives.times("notice")) == [3]
    lives = club(CHEER, others=[event("notice", conditions=when(stars=MILLION + 1), to="end")])
    assert lives.times("notice") == []


@pytest.mark.parametrize(("starts", "times"), [(0.5, [0]), (0.4, [])])
def test_while_nobody_counts_it_is_what_it_starts_as(starts, times):
    shared = (mean_of("mood", (-MILLION, MILLION), "club", starts=starts),)
    notice = event("notice", conditions=when(stars=MILLION // 2), to="end")
    made = (stage("a", "prospect", notice), stage("club", "customer"), END)
    lives = live(made, [batch(1, "a")], shared=shared, attributes=[MOOD], months=1)
    assert lives.times("notice") == times
    assert lives.ledger.shared[0].tolist() == [[0, 0]]


def test_the_mean_is_over_those_in_its_stages_and_exact():
    """Two of three sweet are a mean of exactly a third: a bound just above is not reached."""
    made = (
        stage(
            "a", "prospect", event("above", conditions=when(stars=333_334)), event("at", conditions=when(stars=333_333))
        ),
        stage("club", "customer", event("leave", fixed(by("channel", 9 * DAY, 9 * DAY, 2 * DAY)), to="end")),
        END,
    )
    channels = [batch(1, "a", name="x"), batch(2, "club", name="y"), batch(1, "club", name="z")]
    lives = live(made, channels, shared=(STARS,), months=0.3, attributes=MOODS[:1])
    assert days(lives.times("at")) == [0], "when all have come"
    assert days(lives.times("above")) == [2], "until the sour one leaves"
    assert lives.ledger.shared[0].tolist() == [[0, 0]], "all have left"


def test_everything_of_everybody_goes_on_with_what_all_share_come_to():
    dear = earn("fee", by("stars", 10 / DAY, 20 / DAY, bounds=(MILLION // 2,)), period=DAY)
    made = (stage("club", "customer", CHEER, accruals=[dear]), stage("a", "customer", accruals=[dear]))
    channels = [batch(1, "a", name="x"), batch(1, "club", name="y")]
    lives = live(made, channels, shared=(STARS,), attributes=[MOOD], months=1)
    assert lives.money("fee") == [2 * (30 + round((MONTH / DAY - 3) * 20))]
    first, then = (round(price / DAY * MONTH) for price in (10, 20))
    assert lives.ledger.mrr[0].sum(axis=0).tolist() == [2 * first, 2 * (then - first), 0, 0, 0, 0, 0]


def test_later_parts_of_a_firing_see_what_its_earlier_parts_made_of_it():
    tags = [MOOD, levels("tag", "low", "high")]
    by_stars = by("stars", 0, 1, bounds=(MILLION // 2,))
    tag = Draw("club/cheer/tag", (1, 0), (by_stars, None))
    cheer = event(
        "cheer", fixed(DAY), sets={"mood": 1, "tag": tag}, money=[spend("gift", by("stars", 7, 9, bounds=(0,)))]
    )
    lives = club(cheer, attributes=tags)
    assert lives.people.set_index("channel").tag["members"] == "high"
    assert lives.money("gift") == [9], "amounts are those of the state after what is set"
    late = event("cheer", fixed(DAY), sets={"tag": tag, "mood": 1})
    assert club(late, attributes=tags).people.set_index("channel").tag["members"] == "low"


def test_only_what_is_left_when_a_step_is_over_counts_as_crossed():
    """A when that was spent fires anew after a step that ends below its bound, and not after one that returns to it."""
    notice = event("notice", conditions=when(stars=MILLION // 2))
    at = [fixed(day * DAY) for day in (1, 2, 3)]
    up, down = {"mood": 1}, {"mood": 0}
    steps = [event("one", at[0], sets=up), event("two", at[1], sets=down), event("three", at[2], sets=up)]
    assert days(club(*steps, others=[notice]).times("notice")) == [1, 3]
    away = event("two", at[1], sets=down, outcomes=[outcome("two", sets=up)])
    assert days(club(steps[0], away, steps[2], others=[notice]).times("notice")) == [1]


def test_two_who_cross_a_bound_one_after_another_at_one_instant_are_two_crossings():
    notice = event("notice", conditions=when(stars=0))
    made = (stage("a", "prospect", notice), stage("club", "customer", event("leave", fixed(DAY), to="end")), END)
    sweet, sour = batch(1, "club", name="sweet"), batch(1, "club", name="sour")
    lives = live(made, [batch(1, "a", name="guests"), sweet, sour], shared=(STARS,), attributes=MOODS[:1], months=0.1)
    assert days(lives.times("notice")) == [0, 1], "sweet leaves, it falls to -1; sour leaves, and it starts as 0"
    channels = [batch(1, "a", name="guests"), replace(sweet, times=(2 * DAY,)), replace(sour, times=(2 * DAY,))]
    lives = live(made, [channels[0], channels[2], channels[1]], shared=(STARS,), attributes=MOODS[1:], months=0.07)
    assert days(lives.times("notice")) == [0, 2], "sour comes, it falls to -1; sweet comes, and it is 0 again"


def test_a_counter_weighs_its_number_and_what_is_added_counts_at_once():
    size = counter("size", -5, 3)
    shared = (mean_of("size", (), "club"),)
    grow = event("grow", fixed(DAY), every=True, add={"size": 2})
    notice = event("notice", conditions=when(stars=3 * MILLION), to="end")
    lives = club(grow, others=[notice], n=2, shared=shared, attributes=[size], months=0.1)
    assert days(lives.times("notice")) == [2], "by then both are at their bound"
    assert lives.ledger.shared[0].tolist() == [[6 * MILLION, 2]]


def test_a_service_under_way_goes_quicker_when_what_all_share_crosses_a_bound():
    takes = memoryless(by("stars", 0.01 / DAY, 4 / DAY, bounds=(MILLION // 2,)))
    lives = club(CHEER, others=[staffed(event("call", to="end"), takes)], resources=(desk(),))
    work = -math.log1p(-luck(births(1, "guests")[0], "a/call/takes")[1])
    assert days(lives.times("call")) == [pytest.approx(3 + (work - 0.03) / 4)]
    assert queue(lives)["ended"] == 1


def test_a_set_over_its_stages_and_a_move_inside_leave_the_mean_as_it_is():
    shared = (mean_of("mood", (-MILLION, MILLION), "club", "inner"),)
    inner = stage("inner", "customer")
    made = (stage("club", "customer", event("in", fixed(40 * DAY), to="inner")), inner)
    sets = [during("s", ["club", "inner"], event("cheer", fixed(35 * DAY), sets={"mood": 1}))]
    lives = live(made, [batch(3, "club")], sets=sets, shared=shared, attributes=[MOOD], months=2)
    assert lives.ledger.shared[:, 0].tolist() == [[-3 * MILLION, 3], [3 * MILLION, 3]]


# -- referrers who go -------------------------------------------------------------------------------


def test_who_has_yet_to_arrive_comes_as_if_the_referrer_were_there_and_learns_it_then():
    gift = spend("gift", by("referrer", 1, 10, 100))
    alone = event("alone", conditions=when(referrer=(2,)))
    made = (
        stage("a", "customer", event("bye", fixed(DAY), to="end", refer=["friends"])),
        stage("f", "prospect", alone, on_entry={"money": [gift]}),
        END,
    )
    lives = live(
        made,
        [batch(1, "a"), channel("friends", "f", "referral")],
        months=1,
        shared=(mean_of("mood", (-MILLION, MILLION), "f"),),
        attributes=[MOOD],
    )
    assert lives.money("gift") == [10]
    assert days(lives.times("alone")) == [1]
