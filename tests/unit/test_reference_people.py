"""What every construct of a journey does to people, by hand: sets of stages, attributes, arrivals, limits."""

import math

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
    event,
    fixed,
    journey,
    levels,
    live,
    luck,
    memoryless,
    one,
    present,
    rate,
    stage,
    stopwatch,
    when,
)

from flywheel_sim.compile import draws
from flywheel_sim.errors import SimulationError
from flywheel_sim.journey.events import Draw, SetTo
from flywheel_sim.journey.units import DAY, MONTH

# -- sets of stages ---------------------------------------------------------------------------------

THERE = stage("b", "prospect", event("back", fixed(4 * DAY), to="a"))
OUT = stage("c", "prospect", event("home", fixed(DAY), to="a"))


def test_clocks_of_a_set_run_on_while_a_person_moves_inside_and_stop_outside():
    sets = [during("s", ["a", "b"], event("tick", fixed(7 * DAY), every=True))]
    lives = one(event("to_b", fixed(3 * DAY), to="b"), sets=sets, more=(THERE,), months=1)
    assert lives.times("s.tick") == [7 * DAY, 14 * DAY, 21 * DAY, 28 * DAY]
    sets = [during("s", ["a"], event("tick", fixed(2 * DAY), every=True))]
    lives = one(event("to_b", fixed(3 * DAY), to="b"), sets=sets, more=(THERE,), months=0.4)
    assert lives.times("s.tick") == [2 * DAY, 9 * DAY]


def test_a_memoryless_clock_of_a_set_goes_on_at_the_rate_of_the_stage_it_is_in():
    quick = by("stage", 0.1 / DAY, 0.5 / DAY, 0.0)
    sets = [during("s", ["a", "b"], event("leave", memoryless(quick), to="end"))]
    made = (stage("a", "prospect", event("to_b", fixed(3 * DAY), to="b")), stage("b", "prospect"), END)
    lives = live(made, [batch(50, "a")], sets=sets)
    times = lives.events[lives.events.event == "s.leave"].set_index("person").time
    for key, person in zip(lives.keys, lives.people.key, strict=True):
        work = -math.log1p(-luck(key, "s/leave")[1])
        exact = work / 0.1 if work <= 0.3 else 3 + (work - 0.3) / 0.5
        assert times[person] == pytest.approx(exact * DAY, abs=2)


def test_moving_to_the_same_stage_restarts_the_stage_and_not_its_sets():
    sets = [during("s", ["a"], event("tick", fixed(7 * DAY), every=True))]
    lives = one(event("again", fixed(3 * DAY), to="a"), event("late", fixed(5 * DAY)), sets=sets, months=0.5)
    assert lives.times("s.tick") == [7 * DAY, 14 * DAY]
    assert lives.times("again") == [3 * DAY, 6 * DAY, 9 * DAY, 12 * DAY, 15 * DAY]
    assert lives.times("late") == []


def test_a_recurring_clock_of_a_set_that_moves_inside_goes_on():
    sets = [during("s", ["a", "b"], event("swap", fixed(7 * DAY), every=True, to="b"))]
    lives = one(sets=sets, more=(stage("b", "prospect"),), months=1)
    assert [said[0] for said in lives.said()] == [7 * DAY, 14 * DAY, 21 * DAY, 28 * DAY]


def test_sets_are_entered_in_file_order_then_the_stage_each_seeing_those_before():
    sets = [
        during("s", ["a", "b"], on_entry={"sets": {"second": "first", "first": 1}}),
        during("t", ["b"], on_entry={"sets": {"third": "first"}}),
    ]
    names = ["first", "second", "third", "fourth"]
    made = (stage("a", "prospect", event("to_b", fixed(DAY), to="b"), on_entry={"sets": {"fourth": "first"}}),
            stage("b", "prospect", on_entry={"sets": {"second": "third"}}))  # fmt: skip
    lives = live(made, [batch(1, "a")], sets=sets, attributes=[levels(n, "no", "yes") for n in names])
    assert lives.people[names].iloc[0].tolist() == ["yes", "yes", "yes", "yes"]
    lives = live(made, [batch(1, "a")], sets=sets, attributes=[levels(n, "no", "yes") for n in names], months=0.01)
    assert lives.people[names].iloc[0].tolist() == ["yes", "no", "no", "yes"]


def test_draws_of_a_set_belong_to_its_visits():
    draw = drawn("s/on_entry/mood", 0.5, None)
    sets = [during("s", ["a", "b"], on_entry={"sets": {"mood": draw}})]
    made = (stage("a", "prospect", event("out", fixed(DAY), to="c")), stage("b", "prospect"), OUT)
    lives = live(made, [batch(30, "a")], sets=sets, attributes=[levels("mood", "low", "high")], months=0.1)
    visits = 1  # days 0 and 2: the second visit is numbered 1
    for key, mood in zip(lives.keys, lives.people.mood, strict=True):
        low = luck(key, "s/on_entry/mood", visits << 20)[0] < 2**31
        assert mood == ("low" if low else "high")


# -- attributes -------------------------------------------------------------------------------------


def test_counters_stay_within_their_bounds():
    lives = one(
        event("up", fixed(DAY), add={"score": 7, "debt": -9}),
        event("down", fixed(2 * DAY), add={"score": -99}),
        attributes=[counter("score", 0, 5), counter("debt", -4, -2), counter("five", 5, 9)],
    )
    assert lives.people[["score", "debt", "five"]].iloc[0].tolist() == [0, -4, 5]
    lives = one(event("up", fixed(DAY), add={"score": 7}), attributes=[counter("score", 0, 5)])
    assert lives.people.score.tolist() == [5]


def test_sets_of_one_firing_see_those_before_them():
    lives = one(event("swap", fixed(DAY), sets={"x": 1, "y": "x"}),
                attributes=[levels("x", "0", "1"), levels("y", "0", "1")])  # fmt: skip
    assert lives.people.y.tolist() == ["1"]


def test_a_draw_in_an_effect_is_one_word_by_the_state_before_it():
    draw = Draw("a/turn/x", (1, 0), (by("y", 0.9, 0.2), None))
    made = (stage("a", "prospect", event("turn", fixed(DAY), sets={"y": 1, "x": draw})),)
    lives = live(made, [batch(40, "a")], attributes=[levels("x", "0", "1"), levels("y", "0", "1")])
    for key, x in zip(lives.keys, lives.people.x, strict=True):
        assert x == str(int(luck(key, "a/turn/x")[0] < draws.threshold(0.2)))


def test_a_draw_on_arrival_sees_the_attributes_before_it():
    first = levels("x", "0", "1", draw=drawn("person/x", 0.5, None))
    second = levels("y", "0", "1", draw=Draw("person/y", (0, 1), (by("x", 1.0, 0.0), None)))
    lives = live((stage("a", "prospect"),), [batch(40, "a")], attributes=[first, second])
    assert lives.people.x.tolist() == lives.people.y.tolist()
    assert set(lives.people.x) == {"0", "1"}


def test_a_channel_sets_attributes_after_their_draws():
    x = levels("x", "0", "1", draw=drawn("person/x", 1.0, None))
    quiet, score = stopwatch("quiet"), counter("score", 0, 9)
    fair = batch(2, "a", name="fair", sets=(SetTo("x", 1), SetTo("score", 4), SetTo("quiet", 5 * DAY)))
    lives = live((stage("a", "prospect"),), [batch(2, "a"), fair], attributes=[x, quiet, score], months=1)
    seen = lives.people.set_index("channel")[["x", "score", "quiet"]]
    assert [row.tolist() for _, row in seen.loc["fair"].iterrows()] == [["1", 4, MONTH + 5 * DAY]] * 2
    assert [row.tolist() for _, row in seen.loc["start"].iterrows()] == [["0", 0, MONTH]] * 2


# -- arrivals and limits ----------------------------------------------------------------------------


def test_batches_come_at_their_times_and_number_their_people_on():
    lives = live((stage("a", "prospect"),), [batch(2, "a", times=(0, 3 * MONTH), cost_per_batch=500)])
    root = draws.name_key("start")
    assert lives.people.born.tolist() == [0, 0, 3 * MONTH, 3 * MONTH]
    assert sorted(lives.keys) == sorted(draws.child_key(root, 0, n) for n in range(4))
    assert lives.ledger.channel_spend[:5, 0].tolist() == [500, 0, 0, 500, 0]


def test_arrivals_run_down_the_rate_of_the_season_and_end_in_time():
    pace = by("calendar", 20 / MONTH, 0.0, 90 / MONTH, bounds=(MONTH, 2 * MONTH))
    ads = channel("ads", "a", "rate", rate=pace, until=4 * MONTH, spend=rate(100 / MONTH),
                  cost_per_arrival=rate(3))  # fmt: skip
    lives = live((stage("a", "prospect"),), [ads], months=6)
    total, root = 0.0, draws.name_key("ads")
    for n, born in enumerate(lives.people.born):
        total += -math.log1p(-luck(draws.child_key(root, 0, n), "person/arrival")[1])
        due = total / 20 * MONTH if total < 20 else 2 * MONTH + (total - 20) / 90 * MONTH
        assert born == pytest.approx(due, abs=2 * n + 2)
    assert 120 < len(lives.people) < 280
    assert lives.people.born.max() < 4 * MONTH
    counts = [((lives.people.born // MONTH) == month).sum() for month in range(6)]
    assert lives.ledger.channel_spend[:, 0].tolist() == [100 * (m < 4) + 3 * c for m, c in enumerate(counts)]


def test_people_present_are_spread_over_fixed_periods_and_skip_entry():
    sets = [during("s", ["a"], event("tick", fixed(MONTH), every=True), on_entry={"add": {"score": 1}})]
    made = (stage("a", "customer", event("pay", fixed(MONTH), every=True), on_entry={"add": {"score": 1}}),)
    lives = live(
        made,
        [present(30, "a")],
        sets=sets,
        attributes=[counter("score", 0, 9)],
    )
    assert lives.people.score.tolist() == [0] * 30
    for key, person in zip(lives.keys, lives.people.key, strict=True):
        for name, decision in (("pay", "a/pay"), ("s.tick", "s/tick")):
            first = lives.events[(lives.events.person == person) & (lives.events.event == name)].time.min()
            assert first == math.floor(luck(key, decision)[1] * MONTH + 0.5)


def test_a_run_with_too_many_events_is_stopped():
    made = journey((stage("a", "prospect", event("tick", fixed(DAY), every=True)),), [batch(1, "a")])
    assert Lived(made, max_events=400).ledger.n_events == 1 + 364
    with pytest.raises(SimulationError, match="more than 300 events"):
        Lived(made, max_events=300)


def test_a_when_that_goes_round_in_an_instant_meets_the_limit_on_visits():
    again = event("again", conditions=when(calendar=0), to="a")
    with pytest.raises(SimulationError, match="entered 'a' more than 4096 times"):
        one(again)
