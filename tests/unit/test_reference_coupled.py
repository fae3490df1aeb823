"""What staff, queues and the order of people come to in the reference engine, by hand."""

import math

import pytest
from built import (
    END,
    Lived,
    batch,
    by,
    channel,
    counter,
    during,
    earn,
    event,
    fixed,
    live,
    luck,
    memoryless,
    on_date,
    outcome,
    present,
    spend,
    stage,
    stopwatch,
    when,
)
from served import births, cells, days, desk, hexed, load, queue, staffed, waits

from flywheel_sim.journey.units import DAY, MONTH
from flywheel_sim.ledger import GAVE_UP, TURNED_AWAY
from flywheel_sim.scenario.load import loads

BYE = {"patience": 2 * DAY, "gives_up": "end"}


def office(*events, n=4, resources=(), months=1, more=(END,), **parts):
    """Run people who come at the start to a stage with these events, and one who serves them."""
    made = (stage("a", "prospect", *events), *more)
    return live(made, [batch(n, "a")], resources=resources or (desk(),), months=months, **parts)


def ask(takes=2 * DAY, to="end", waits=(), **how):
    """Return an event that is served, then leads away."""
    return staffed(event("ask", waits, to=to), takes, **how)


# -- the queue --------------------------------------------------------------------------------------


def test_who_comes_together_is_served_one_after_another():
    lives = office(ask(), resources=(desk(target=2 * DAY),))
    assert days(lives.times("ask")) == [2, 4, 6, 8]
    assert queue(lives) == {
        "asked": 4, "started": 4, "at_once": 1, "within": 2, "wait": 12 * DAY, "ended": 4,
        "contacts": 4, "contact_time": 12 * DAY,
    }  # fmt: skip
    assert load(lives) == {"waiting": 12, "served": 8}
    assert waits(lives) == cells((0, 1), (2 * DAY, 1), (4 * DAY, 1), (6 * DAY, 1))
    assert {cell: n for cell, n in enumerate(lives.ledger.contact.tolist()) if n} == waits(lives)
    assert lives.ledger.n_events == 8, "four arrive, four are served"


def test_a_wait_of_a_millisecond_is_a_wait():
    lives = office(ask(takes=1), n=3, resources=(desk(target=1),))
    assert (queue(lives)["at_once"], queue(lives)["within"], queue(lives)["wait"]) == (1, 2, 3)


def test_a_queue_at_the_end_of_a_month_is_in_its_backlog():
    lives = office(ask(takes=21 * DAY), n=3, months=2)
    assert lives.ledger.backlog[:, 0].tolist() == [[1, 1], [0, 1]]
    assert lives.ledger.load[0, 0, 0] == 21 * DAY + MONTH
    assert lives.ledger.staffed[:, 0].tolist() == [MONTH, MONTH]


def test_the_first_in_the_queue_is_the_first_born_of_those_who_asked_together():
    lives = office(ask(), n=3)
    assert lives.events[lives.events.event == "ask"].person.tolist() == hexed(births(3))
    assert hexed(births(3)) != sorted(hexed(births(3)))


def test_priority_goes_before_time_and_those_without_one_come_last():
    made = (
        stage("a", "prospect", ask(takes=2 * DAY)),
        stage("b", "prospect", staffed(event("second", to="end"), 2 * DAY, priority=2)),
        stage("c", "prospect", staffed(event("first", fixed(DAY), to="end"), 2 * DAY, priority=1)),
        END,
    )
    channels = [batch(2, "a", name="x"), batch(1, "b", name="y"), batch(1, "c", name="z")]
    lives = live(made, channels, resources=(desk(),), months=1)
    assert [days(lives.times(name)) for name in ("ask", "first", "second")] == [[2, 8], [4], [6]]


def test_who_asked_earlier_is_served_before_who_was_born_earlier():
    made = (
        stage("a", "prospect", staffed(event("late", fixed(2 * DAY), to="end"), 3 * DAY)),
        stage("b", "prospect", staffed(event("early", fixed(DAY), to="end"), 3 * DAY)),
        END,
    )
    channels = [batch(1, "a", name="x"), batch(2, "b", name="y")]
    lives = live(made, channels, resources=(desk(),), months=1)
    assert (days(lives.times("early")), days(lives.times("late"))) == ([4, 7], [10])


def test_what_asks_after_a_wait_of_its_own_fires_twice():
    lives = office(ask(waits=fixed(DAY)), n=1)
    assert days(lives.times("ask")) == [3]
    assert lives.ledger.n_events == 3, "the arrival, the asking, the end of the service"
    assert len(lives.events) == 2, "asking is no line of the log"


def test_present_people_ask_at_the_start():
    lives = live(
        (stage("a", "customer", ask()), END),
        [present(2, "a")],
        resources=(desk(),),
    )
    assert days(lives.times("ask")) == [2, 4]


# -- patience and full queues -----------------------------------------------------------------------


@pytest.mark.parametrize("first", ["served", "waiting"])
def test_at_one_instant_the_first_born_goes_first_be_it_to_give_up_or_to_hand_on_the_server(first):
    short = event("short", fixed(DAY), to="end", money=[earn("sale", 500)])
    made = (
        stage("a", "prospect", staffed(event("long", to="end"), 3 * DAY)),
        stage("b", "prospect", staffed(short, DAY, patience=2 * DAY, gives_up="end")),
        END,
    )
    channels = [batch(1, "a", name="x"), batch(1, "b", name="y")]
    lives = live(made, channels if first == "served" else channels[::-1], resources=(desk(),), months=1)
    if first == "served":
        assert days(lives.times("short")) == [4]
        assert queue(lives)["wait"] == 2 * DAY
        assert "gave_up" not in queue(lives)
        return
    assert days(lives.times("short")) == [3]
    assert lives.events.outcome.tolist()[-2:].count(GAVE_UP) == 1
    assert (queue(lives)["gave_up"], queue(lives)["wait_given_up"], queue(lives)["started"]) == (1, 2 * DAY, 1)
    assert lives.money("sale") == [0], "who gives up buys nothing"


def test_who_is_served_gives_up_no_more():
    lives = office(ask(takes=5 * DAY, **BYE), n=2)
    assert days(lives.times("ask")) == [2, 5]
    assert lives.events.outcome.tolist()[2:] == [GAVE_UP, "ask"]
    assert load(lives) == {"waiting": 2, "served": 5}


def test_patience_runs_down_at_rates_as_they_change():
    patient = memoryless(by("quiet", 0, 1 / DAY, bounds=(4 * DAY,)))
    lives = office(ask(takes=20 * DAY, patience=patient, gives_up="end"), n=2, attributes=[stopwatch("quiet")])
    exact = 4 - math.log1p(-luck(births(2)[1], "a/ask/patience")[1])
    assert days(lives.times("ask")) == [pytest.approx(exact), 20]


def test_a_service_takes_what_is_drawn_for_it():
    lives = office(ask(takes=memoryless(0.5 / DAY)), n=1)
    assert days(lives.times("ask")) == [pytest.approx(-2 * math.log1p(-luck(births(1)[0], "a/ask/takes")[1]))]


def test_the_outcome_belongs_to_the_event_and_not_to_the_service():
    asked = staffed(event("ask", outcomes=[outcome("yes", 0.5, "end"), outcome("no")]), DAY)
    lives = office(asked, n=40, resources=(desk(40),))
    expected = ["yes" if luck(key, "a/ask")[0] < 1 << 31 else "no" for key in births(40)]
    lines = lives.events[lives.events.event == "ask"].set_index("person").outcome
    assert [lines[person] for person in hexed(births(40))] == expected
    assert len(set(expected)) == 2


def test_those_who_can_give_up_are_turned_away_from_a_full_queue():
    lives = office(ask(gives_up="end", patience=9 * DAY), resources=(desk(queue_limit=1),))
    assert days(lives.times("ask")) == [0, 0, 2, 4]
    assert lives.events.outcome.tolist().count(TURNED_AWAY) == 2
    assert (queue(lives)["asked"], queue(lives)["turned_away"], queue(lives)["started"]) == (4, 2, 2)
    assert lives.ledger.n_events == 8, "four arrive, two turn away, two are served"
    lives = office(ask(), resources=(desk(queue_limit=1),))
    assert days(lives.times("ask")) == [2, 4, 6, 8], "who cannot give up waits"


def test_who_is_turned_away_may_come_again():
    waiting = stage("b", "prospect", event("back", fixed(3 * DAY), to="a"))
    lives = office(ask(gives_up="b"), n=2, resources=(desk(queue_limit=0),), more=(waiting, END))
    assert days(lives.times("back")) == [3]
    assert days(lives.times("ask")) == [0, 2, 5]
    assert queue(lives)["contact_time"] == 3 * DAY, "since the first time they asked"


# -- moving away ------------------------------------------------------------------------------------


def test_who_moves_away_gives_up_the_place_or_frees_the_server():
    leave = event("leave", fixed(by("channel", 3 * DAY, 2 * DAY, 9 * DAY)), to="end")
    made = (stage("a", "prospect", ask(takes=5 * DAY), leave), END)
    channels = [batch(1, "a", name=name) for name in "xyz"]
    lives = live(made, channels, resources=(desk(),), months=1)
    assert queue(lives) == {
        "asked": 3, "started": 2, "at_once": 1, "wait": 3 * DAY, "withdrew": 1, "wait_withdrawn": 2 * DAY,
        "broken_off": 1, "ended": 1, "contacts": 2, "contact_time": 3 * DAY,
    }  # fmt: skip
    assert (days(lives.times("leave")), days(lives.times("ask"))) == ([2, 3], [8])


def test_a_server_freed_and_a_server_found_at_one_instant():
    leave = event("leave", fixed(3 * DAY), to="end")
    lives = office(ask(takes=5 * DAY), leave, n=2)
    assert (queue(lives)["started"], queue(lives)["broken_off"]) == (2, 2), "the second is served for no time"
    assert days(lives.times("leave")) == [3, 3]


def test_places_are_given_up_before_servers_are_freed():
    """Whoever moves away does not follow themselves."""
    other = staffed(event("other", to="end"), 5 * DAY)
    lives = office(ask(takes=5 * DAY), other, event("leave", fixed(DAY), to="end"), n=1)
    assert queue(lives) == {
        "asked": 2, "started": 1, "at_once": 1, "withdrew": 1, "wait_withdrawn": DAY, "broken_off": 1, "contacts": 1,
    }  # fmt: skip


def test_somebody_with_two_events_follows_themselves():
    lives = office(ask(to=None), staffed(event("other"), 3 * DAY), n=1)
    assert (days(lives.times("ask")), days(lives.times("other"))) == ([2], [5])
    assert (queue(lives)["wait"], queue(lives)["contacts"]) == (2 * DAY, 1)


def test_staff_of_a_set_serve_on_while_a_person_moves_inside():
    sets = [during("s", ["a", "b"], staffed(event("check"), 5 * DAY))]
    there = stage("b", "prospect", event("leave", fixed(8 * DAY), to="end"))
    lives = office(event("on", fixed(2 * DAY), to="b"), n=2, sets=sets, more=(there, END))
    assert days(lives.times("s.check")) == [5, 10], "at ten days the set goes before the stage"
    assert lives.events[lives.events.event == "s.check"].stage.tolist() == ["b", "b"]
    assert (queue(lives)["ended"], "withdrew" in queue(lives)) == (2, False)


def test_a_service_that_moves_inside_its_set_hands_the_server_on():
    sets = [during("s", ["a", "b"], staffed(event("check", fixed(DAY), every=True, to="b"), 2 * DAY))]
    lives = office(n=2, sets=sets, more=(stage("b", "prospect"),), months=0.3)
    assert days(lives.times("s.check")) == [3, 5, 7, 9]
    assert (queue(lives)["started"], queue(lives)["ended"]) == (5, 4)


# -- clocks that go on ------------------------------------------------------------------------------


def test_a_recurring_event_asks_again_a_period_after_it_was_served():
    lives = office(staffed(event("visit", fixed(7 * DAY), every=True), 2 * DAY), n=1)
    assert days(lives.times("visit")) == [9, 18, 27]
    assert lives.ledger.n_events == 7


@pytest.mark.parametrize(("sets", "times"), [({}, [4]), ({"quiet": 0}, [4, 8, 12, 16, 20, 24, 28])])
def test_a_when_that_was_served_is_spent_until_it_holds_anew(sets, times):
    call = staffed(event("call", conditions=when(quiet=3 * DAY), sets=sets), DAY)
    assert days(office(call, n=1, attributes=[stopwatch("quiet")]).times("call")) == times


def test_a_when_goes_first_only_until_it_asks():
    """At one instant the stage's own fixed clock, declared before it, goes before a service that a when began."""
    call = staffed(event("call", conditions=when(quiet=3 * DAY)), DAY)
    plain = event("plain", fixed(4 * DAY))
    lives = office(plain, call, n=1, attributes=[stopwatch("quiet")])
    assert lives.events.event.tolist()[1:] == ["plain", "call"]
    assert days(lives.times("call")) == days(lives.times("plain")) == [4]


def test_what_is_served_once_is_over_until_the_person_comes_back():
    back = stage("b", "prospect", event("back", fixed(3 * DAY), to="a"))
    lives = office(ask(to=None), event("on", fixed(6 * DAY), to="b"), n=1, more=(back,), months=0.5)
    assert days(lives.times("ask")) == [2, 11]


# -- who serves -------------------------------------------------------------------------------------


def test_service_goes_on_when_there_are_fewer_and_those_next_begin_when_there_are_more():
    people = by("calendar", 1, 3, 1, bounds=(2 * DAY, 4 * DAY))
    lives = office(ask(takes=3 * DAY), n=6, resources=(desk(people, cost_per_ms=100 / DAY),))
    assert days(lives.times("ask")) == [3, 5, 5, 6, 9, 12]
    assert waits(lives) == cells((0, 1), (2 * DAY, 2), (3 * DAY, 1), (6 * DAY, 1), (9 * DAY, 1))
    assert lives.ledger.staffed[0, 0] == 4 * DAY + MONTH
    assert lives.ledger.costs[0, 0] == round(100 * (4 + MONTH / DAY))


def test_more_staff_come_before_anybody_gives_up_and_before_anybody_comes():
    people = by("calendar", 0, 1, bounds=(2 * DAY,))
    lives = office(ask(**BYE), n=2, resources=(desk(people),))
    assert lives.events.outcome.tolist()[2:] == [GAVE_UP, "ask"]
    assert days(lives.times("ask")) == [2, 4]
    made = (
        stage("a", "prospect", ask()),
        stage("b", "prospect", staffed(event("vip", to="end"), DAY, priority=1)),
        END,
    )
    channels = [batch(1, "b", times=(2 * DAY,), name="x"), batch(1, "a", name="y")]
    lives = live(made, channels, resources=(desk(people),), months=1)
    assert (days(lives.times("ask")), days(lives.times("vip"))) == ([4], [5])


def test_who_comes_at_the_instant_at_which_a_service_ends_comes_before_it_ends():
    lives = live(
        (stage("a", "prospect", ask()), END), [batch(1, "a", times=(0, 2 * DAY))], resources=(desk(),), months=1
    )
    assert (queue(lives)["at_once"], queue(lives).get("wait", 0)) == (2, 0)
    full = (stage("a", "prospect", ask(gives_up="end")), END)
    lives = live(full, [batch(1, "a", times=(0, 2 * DAY))], resources=(desk(queue_limit=0),), months=1)
    assert (queue(lives)["started"], queue(lives)["turned_away"]) == (1, 1)


def test_the_first_contact_is_booked_where_somebody_serves():
    there = stage("b", "prospect", staffed(event("helped", fixed(DAY)), DAY, resource="shop"))
    made = office(ask(gives_up="b", patience=2 * DAY), n=1, more=(there, END), resources=(desk(0), desk(1, "shop")))
    assert queue(made) == {"asked": 1, "gave_up": 1, "wait_given_up": 2 * DAY}
    assert queue(made, 1) == {
        "asked": 1, "started": 1, "at_once": 1, "ended": 1, "contacts": 1, "contact_time": 3 * DAY
    }  # fmt: skip
    assert made.ledger.contact[list(cells((3 * DAY, 1)))].tolist() == [1]


def test_a_service_begins_with_what_the_person_is_then():
    grow = event("grow", fixed(DAY), add={"size": 1})
    takes = by("size", 2 * DAY, 6 * DAY, bounds=(1,))
    lives = office(ask(takes=takes), grow, n=2, attributes=[counter("size", 0, 9)])
    assert days(lives.times("ask")) == [2, 8]


def test_effects_and_referrals_of_a_service_come_before_the_next_is_served():
    first = staffed(event("ask", to="end", refer=["friends"], money=[spend("kit", 700)]), 2 * DAY)
    made = (stage("a", "prospect", first), END)
    channels = [batch(1, "a"), channel("friends", "a", "referral")]
    lives = live(made, channels, resources=(desk(),), months=0.3)
    assert days(lives.times("ask")) == [2, 4, 6, 8]
    assert lives.money("kit") == [2800]
    assert queue(lives)["at_once"] == 5, "the server is free when a friend comes"


def test_working_hours_stretch_a_service():
    journey = loads("""
name: Hours
horizon: 1 month
currency: EUR
channels: {mail: {batch: 1, enters: lead}}
resources: {desk: {people: 1, hours: 42 per week}}
journey:
  lead: {role: prospect, events: {call: {staff: desk, takes: 6 hours, to: done}}}
  done: exit
""").journey()
    assert days(Lived(journey).times("call")) == [1]


# -- what the order of clocks leaves ----------------------------------------------------------------


def test_dates_ask_each_for_itself():
    lives = office(staffed(event("call", on_date(DAY, 2 * DAY)), 3 * DAY), n=1)
    assert days(lives.times("call")) == [4, 7]
