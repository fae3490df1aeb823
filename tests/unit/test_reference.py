"""What every construct of a journey does to a person, by small journeys worked out by hand: clocks and state."""

import math
from dataclasses import replace

import numpy as np
import pytest
from built import (
    END,
    batch,
    by,
    counter,
    during,
    event,
    fixed,
    levels,
    live,
    luck,
    memoryless,
    on_date,
    one,
    outcome,
    rate,
    spend,
    stage,
    stopwatch,
    when,
)

from flywheel_sim.compile import draws
from flywheel_sim.compile.quantiles import gamma_table
from flywheel_sim.journey.figures import Axis, Dist
from flywheel_sim.journey.units import DAY, MONTH, NEVER, YEAR

# -- when -------------------------------------------------------------------------------------------


def test_a_when_on_a_stopwatch_counts_from_when_it_was_set():
    lives = one(
        event("reset", fixed(10 * DAY), sets={"quiet": 0}),
        event("silent", conditions=when(quiet=30 * DAY), to="end"),
        attributes=[stopwatch("quiet")],
    )
    assert lives.said() == [(10 * DAY, "reset", "a"), (40 * DAY, "silent", "end")]


def test_a_stopwatch_is_set_to_what_it_then_shows():
    lives = one(
        event("reset", fixed(10 * DAY), sets={"quiet": 25 * DAY}),
        event("silent", conditions=when(quiet=30 * DAY), to="end"),
        attributes=[stopwatch("quiet")],
    )
    assert lives.times("silent") == [15 * DAY]


def test_a_stopwatch_set_to_never_is_longer_than_anything():
    lives = one(
        event("reset", fixed(10 * DAY), sets={"quiet": NEVER}),
        event("silent", conditions=when(quiet=30 * DAY), to="end"),
        attributes=[stopwatch("quiet")],
    )
    assert lives.times("silent") == [10 * DAY]
    assert lives.people.quiet.tolist() == [-1]


def test_a_stopwatch_takes_over_what_another_shows():
    """Two orders within 60 days of each other: the older one slides out of the window."""
    lives = one(
        event("order", fixed(10 * DAY, 30 * DAY), sets={"before": "last", "last": 0}),
        event("thins", conditions=when(before=60 * DAY), to="end"),
        attributes=[stopwatch("last"), stopwatch("before")],
        entry={"sets": {"before": 0}},
    )
    assert lives.times("thins") == [70 * DAY]
    assert lives.people.last.tolist() == [12 * MONTH - 30 * DAY]


def test_a_when_on_a_counter_fires_at_the_firing_that_reaches_it_before_any_other_clock():
    lives = one(
        event("count", fixed(DAY), every=True, add={"score": 2}),
        event("also", fixed(3 * DAY)),
        event("ripe", conditions=when(score=5), to="end"),
        attributes=[counter("score", 0, 9)],
    )
    assert [said for said in lives.said() if said[0] == 3 * DAY] == [
        (3 * DAY, "count", "a"),
        (3 * DAY, "ripe", "end"),
    ]


def test_all_conditions_of_a_when_must_hold():
    lives = one(
        event("turn", fixed(50 * DAY), sets={"mood": 1}),
        event("both", conditions=when(mood=(1,), quiet=20 * DAY, calendar=90 * DAY), to="end"),
        attributes=[levels("mood", "low", "high"), stopwatch("quiet")],
    )
    assert lives.times("both") == [90 * DAY]


def test_a_when_that_is_true_fires_on_entry():
    lives = one(event("old", conditions=when(calendar=0), to="end"))
    assert lives.said() == [(0, "old", "end")]


def test_a_when_fires_again_only_after_it_was_false():
    lives = one(
        event("up", fixed(DAY, 2 * DAY, 5 * DAY), add={"score": 1}),
        event("down", fixed(4 * DAY), add={"score": -2}),
        event("ripe", conditions=when(score=1)),
        attributes=[counter("score", 0, 9)],
    )
    assert lives.times("ripe") == [DAY, 5 * DAY]


def test_a_when_that_makes_itself_false_is_armed_again():
    lives = one(
        event("up", fixed(DAY), every=True, add={"score": 1}),
        event("ripe", conditions=when(score=3), sets={"score": 0}),
        attributes=[counter("score", 0, 9)],
        months=0.4,
    )
    assert lives.times("ripe") == [3 * DAY, 6 * DAY, 9 * DAY, 12 * DAY]


def test_a_when_on_a_month_fires_at_its_start_every_year():
    """The run starts in the middle of March, so January begins after nine and a half months."""
    phase = 2 * MONTH + MONTH // 2
    lives = one(
        event("tick", fixed(7 * DAY), every=True, sets={"x": 0}),
        event("new_year", conditions=when(month=(0,))),
        attributes=[levels("x", "only")],
        months=36,
        phase=phase,
    )
    assert lives.times("new_year") == [12 * MONTH - phase, 24 * MONTH - phase, 36 * MONTH - phase]


def test_a_when_on_a_month_fires_although_something_looks_again_at_its_start():
    lives = one(
        event("new_year", conditions=when(month=(0,), x=(0,))),
        event("slow", memoryless(by("month", *[0.0] * 12))),
        attributes=[levels("x", "only")],
        months=36,
    )
    assert lives.times("new_year") == [0, YEAR, 2 * YEAR]


def test_conditions_on_where_somebody_comes_from_and_on_the_stage():
    made = [
        stage("a", "prospect", event("mine", conditions=when(channel=(1,), generation=0), to="b")),
        stage("b", "prospect", event("here", conditions=when(stage=(1,)), to="end")),
        END,
    ]
    lives = live(made, [batch(2, "a", name="x"), batch(3, "a", name="y")])
    assert len(lives.times("mine")) == len(lives.times("here")) == 3


# -- order ------------------------------------------------------------------------------------------


def test_at_one_instant_whens_come_first_then_sets_then_the_stage_as_declared():
    sets = [during("s", ["a"], event("s_when", conditions=when(calendar=DAY)), event("s_wait", fixed(DAY)))]
    lives = one(
        event("wait", fixed(DAY, DAY)), event("then", fixed(DAY)), event("if", conditions=when(calendar=DAY)), sets=sets
    )
    assert [said[1] for said in lives.said()] == ["s.s_when", "if", "s.s_wait", "wait", "wait", "then"]


# -- waits ------------------------------------------------------------------------------------------


def test_each_wait_of_a_list_is_a_clock_of_its_own_numbered_by_its_place():
    chance = [outcome("yes", 0.5), outcome("no")]
    lives = one(event("mail", fixed(20 * DAY, 10 * DAY, 0), outcomes=chance))
    assert lives.times("mail") == [0, 10 * DAY, 20 * DAY]
    words = [luck(lives.keys[0], "a/mail", place)[0] < 2**31 for place in (2, 1, 0)]
    assert (lives.events.outcome[1:] == "yes").tolist() == words


def test_a_date_that_has_passed_when_the_stage_is_entered_never_comes():
    waits = event("back", fixed(45 * DAY), to="a")
    lives = one(event("fair", on_date(30 * DAY, 60 * DAY)), event("on", fixed(40 * DAY), to="b"),
                more=(stage("b", "prospect", waits),), months=4)  # fmt: skip
    assert lives.times("back") == [85 * DAY]
    assert lives.times("fair") == [30 * DAY]


def test_a_wait_without_end_stands_until_it_has_one():
    gap = by("health", NEVER, 7 * DAY)
    lives = one(
        event("ill", fixed(50 * DAY), sets={"health": 1}),
        event("rescue", fixed(gap), every=True),
        attributes=[levels("health", "well", "ill")],
        months=2.3,
    )
    assert lives.times("rescue") == [57 * DAY, 64 * DAY]


def test_a_standing_wait_starts_when_time_gives_it_an_end():
    gap = by("calendar", NEVER, NEVER, 10 * DAY, bounds=(20 * DAY, 40 * DAY))
    assert one(event("late", fixed(gap), to="end")).times("late") == [50 * DAY]


@pytest.mark.parametrize("accruals", [(), [spend("tool", by("calendar", 1 / DAY, 2 / DAY, bounds=(20 * DAY,)))]])
def test_money_that_accrues_by_time_does_not_change_what_comes_first(accruals):
    """At day 20 the mood turns, then the gap gets an end: it is that of the new mood."""
    gap = replace(by("calendar", NEVER, NEVER, 5 * DAY, 9 * DAY, bounds=(20 * DAY,)), over=(
        Axis("calendar", 2, (20 * DAY,)), Axis("mood", 2)))  # fmt: skip
    turn = event("turn", conditions=when(calendar=20 * DAY), sets={"mood": 1})
    made = (stage("a", "prospect", event("gap", fixed(gap)), turn, accruals=accruals),)
    lives = live(made, [batch(1, "a")], attributes=[levels("mood", "low", "high")])
    assert lives.times("gap") == [29 * DAY]


def test_whens_that_become_true_together_all_fire_every_year():
    lives = one(
        event("first", conditions=when(month=(0,)), sets={"x": 1}),
        event("second", conditions=when(month=(0,))),
        event("back", fixed(40 * DAY, 400 * DAY), sets={"x": 0}),
        attributes=[levels("x", "no", "yes")],
        months=36,
    )
    assert lives.times("first") == lives.times("second") == [0, YEAR, 2 * YEAR]


def test_a_running_fixed_wait_keeps_its_length():
    gap = by("calendar", 30 * DAY, 1 * DAY, bounds=(20 * DAY,))
    lives = one(event("gap", fixed(gap), every=True), months=1.1)
    assert lives.times("gap") == [30 * DAY, 31 * DAY, 32 * DAY, 33 * DAY]


DRAWN = {
    "uniform": ((3 * DAY, 9 * DAY), draws.UNIFORM),
    "triangular": ((3 * DAY, 4 * DAY, 9 * DAY), draws.TRIANGULAR),
    "lognormal": ((14 * DAY, 0.8), draws.LOGNORMAL),
    "weibull": ((10 * DAY, 1.7), draws.WEIBULL),
    "gamma": ((10 * DAY, 2.5), draws.GAMMA),
    "empirical": ((), draws.EMPIRICAL),
}


@pytest.mark.parametrize("kind", DRAWN)
def test_a_drawn_wait_is_the_quantile_of_its_luck(kind):
    params, code = DRAWN[kind]
    sample = (1.0 * DAY, 2.0 * DAY, 5.0 * DAY)
    wait = Dist(kind, tuple(rate(p) for p in params), sample if kind == "empirical" else ())
    lives = live((stage("a", "prospect", event("go", [wait], to="end")), END), [batch(20, "a")], months=100)
    table = gamma_table(2.5) if kind == "gamma" else np.array(sample)
    first, second, third = [*params, 0.0, 0.0, 0.0][:3]
    for key, person in zip(lives.keys, lives.people.key, strict=True):
        exact = draws.quantile(code, luck(key, "a/go")[1], first, second, third, table)
        said = lives.events[(lives.events.person == person) & (lives.events.event == "go")]
        assert said.time.tolist() == [math.floor(exact + 0.5)]


# -- memoryless waits at a rate that changes --------------------------------------------------------


def leaving(pace, months=30, phase=0, people=200, **parts):
    """Return (luck as work, time of leaving) of people who leave at a pace."""
    made = (stage("a", "prospect", event("leave", memoryless(pace), to="end"), *parts.pop("events", ())), END)
    lives = live(made, [batch(people, "a")], months=months, phase=phase, **parts)
    times = lives.events[lives.events.event == "leave"].set_index("person").time
    for key, person in zip(lives.keys, lives.people.key, strict=True):
        yield -math.log1p(-luck(key, "a/leave")[1]), times.get(person, None)


def agrees(pairs, hazard, horizon):
    """Assert that everybody leaves when the hazard accumulated equals their work, to the millisecond."""
    some = 0
    for work, left in pairs:
        if left is None:
            assert hazard(horizon) <= work * (1 + 1e-9)
        else:
            some += 1
            assert hazard(left - 2) <= work <= hazard(left + 2)
    assert some > 50


def test_a_rate_by_the_calendar_runs_down_work_at_each_pace():
    slow, fast, late = 0.1 / MONTH, 0.5 / MONTH, 0.05 / MONTH
    pace = by("calendar", slow, fast, late, bounds=(MONTH, 3 * MONTH))

    def hazard(t):
        return slow * min(t, MONTH) + fast * min(max(t - MONTH, 0), 2 * MONTH) + late * max(t - 3 * MONTH, 0)

    agrees(leaving(pace), hazard, 30 * MONTH)


def test_a_rate_by_a_stopwatch_that_is_set_back_changes_with_it():
    young, old = 0.02 / MONTH, 0.8 / MONTH
    pace = by("tenure", young, old, bounds=(2 * MONTH,))
    reset = event("again", fixed(5 * MONTH), sets={"tenure": 0})

    def hazard(t):
        rested = min(t, 2 * MONTH) + min(max(t - 5 * MONTH, 0), 2 * MONTH)
        return young * rested + old * (t - rested)

    agrees(leaving(pace, events=[reset], attributes=[stopwatch("tenure")]), hazard, 30 * MONTH)


def test_a_rate_by_the_month_changes_with_the_months_of_the_year():
    cells = [0.6 / MONTH if month in (3, 4) else 0.01 / MONTH for month in range(12)]
    phase = 2 * MONTH + MONTH // 3

    def hazard(t):
        total, at = 0.0, 0
        while at < t:
            end = min(draws.next_month(phase, at), t)
            total += cells[draws.month_at(phase, at)] * (end - at)
            at = end
        return total

    agrees(leaving(by("month", *cells), phase=phase), hazard, 30 * MONTH)


def test_a_rate_of_nothing_never_fires_and_its_work_waits():
    pace = by("mood", 0.0, 0.4 / MONTH)
    turn = event("turn", fixed(4 * MONTH), sets={"mood": 1})
    lives = leaving(pace, events=[turn], attributes=[levels("mood", "low", "high")])
    agrees(lives, lambda t: 0.4 / MONTH * max(t - 4 * MONTH, 0), 30 * MONTH)
