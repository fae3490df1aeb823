"""The reference engine checks itself after every event: it finds whatever does not add up."""

import re
from dataclasses import replace
from pathlib import Path

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
    journey,
    levels,
    memoryless,
    outcome,
    present,
    rate,
    spend,
    stage,
    when,
)
from served import MILLION, desk, mean_of, staffed

import flywheel_sim as fs
from flywheel_sim.engine.limits import Bounds
from flywheel_sim.engine.reference.conserve import check
from flywheel_sim.engine.reference.engine import Reference
from flywheel_sim.engine.reference.staff import Team
from flywheel_sim.engine.run import run_many, run_once
from flywheel_sim.errors import SimulationError
from flywheel_sim.journey.figures import Spread
from flywheel_sim.journey.units import DAY, MONTH, NEVER
from flywheel_sim.ledger import QUEUE, ROLE_FLOWS
from flywheel_sim.scenario.load import load

STARS = mean_of("mood", (-MILLION, MILLION), "club")


def made():
    """Return a journey with all that couples people, and every kind of money."""
    call = staffed(
        event("call", outcomes=[outcome("club", 0.7, "club", money=[earn("sale", 900)]), outcome("end", None, "end")]),
        memoryless(1 / DAY), patience=DAY, gives_up="wait", priority=2,
    )  # fmt: skip
    renew = event("renew", fixed(10 * DAY), every=True, money=[earn("fee", by("stars", 70, 50, bounds=(0,)), 10 * DAY)])
    help_ = staffed(event("help", memoryless(0.2 / DAY), every=True, sets={"mood": 1}), DAY)
    tell = event("tell", memoryless(0.1 / DAY), every=True, refer=["friends"], add={"size": 1})
    sour = event("sour", memoryless(0.1 / DAY), every=True, sets={"mood": 0}, money=[spend("gift", 3)])
    leave = event("leave", conditions=when(size=3), to="end")
    own = rate(300 / MONTH, name="own", spread=Spread("gamma", ((2.0, 300 / MONTH),)))
    accruals = [earn("rent", by("mood", 30 / DAY, 40 / DAY), DAY), spend("care", own, MONTH)]
    stages = (
        stage("a", "prospect", call),
        stage("wait", "prospect", event("back", fixed(5 * DAY), to="a")),
        stage("club", "customer", renew, help_, tell, sour, leave, accruals=accruals),
        END,
    )
    sets = [during("s", ["a", "club"], staffed(event("check", fixed(6 * DAY)), DAY))]
    people = by("calendar", 1, 3, 1, bounds=(20 * DAY, 40 * DAY))
    friends = channel("friends", "a", "referral")
    return journey(
        stages,
        [present(4, "club"), batch(6, "a", times=(0, 20 * DAY)), friends],
        sets, [levels("mood", "sour", "sweet"), counter("size", 0, 9)], months=3,
        market=22, resources=(desk(people, queue_limit=3, target=DAY),), shared=(STARS,), report_by=("mood",),
    )  # fmt: skip


def test_a_run_that_couples_people_in_every_way_holds_all_laws():
    run = run_once(made(), 1, engine="reference", checked=True).ledger
    assert run.equals(run_once(made(), 1, engine="reference").ledger)
    assert run.flow[..., ROLE_FLOWS.index("missed")].sum() > 0
    used = run.queue.sum(axis=(0, 1))
    assert [name for name, n in zip(QUEUE, used, strict=True) if not n] == []


# -- every law finds what breaks it -----------------------------------------------------------------


def corrupted(how):
    """Return the error of a run in which something is corrupted once people wait, are served and are members."""
    run, done = Reference(made(), 1, 0, False, False, Bounds(10**6)), []

    def after(run):
        check(run)
        waiting = [person for _, person, _ in run.staff.teams[0].queue]
        members = [person for person in run.people if person.where.name == "club" and person.mrr]
        if waiting and members and run.staff.teams[0].serving and run.env.now > 21 * DAY and not done:
            done.append(how)
            how(run, waiting[0], members[0])
            check(run)

    with pytest.raises(SimulationError) as caught:
        run.run(after)
    assert done
    return str(caught.value)


def comes_twice(run, waiting, member):
    run.people.append(member)


def stands_elsewhere(run, waiting, member):
    member.stage = run.stages["wait"]


def enters_uncounted(run, waiting, member):
    run.books.move("a", 0, int(run.env.now), +1)


def in_another_group(run, waiting, member):
    member.state["mood"] = 1 - member.state["mood"]


def leaves_twice(run, waiting, member):
    run.books.count_outcome("a", "call", "(gave up)", 0, int(run.env.now))


def passes_over(run, waiting, member):
    member.clocks[0].due = int(run.env.now) - 1


def earns_alone(run, waiting, member):
    member.book("earn", 1)


def pays_alone(run, waiting, member):
    run.books.book("spend", "gift", "service", 0, int(run.env.now), 1)


def recurs_differently(run, waiting, member):
    member.invoices["fee"] = 1, NEVER


def recurs_elsewhere(run, waiting, member):
    run.books.recur("new", member.group, int(run.env.now), 5)


def is_transferred(run, waiting, member):
    run.books.recur("transferred", member.group, int(run.env.now), 5)
    run.books.recur("expansion", member.group, int(run.env.now), -5)


def accrues_alone(run, waiting, member):
    run.books.accrue(member.stretches[0], int(run.env.now), +1)


def outgrows_the_market(run, waiting, member):
    run.journey = replace(run.journey, market=5)


def touches_nobody(run, waiting, member):
    run.market.touched += 1


def is_missed_without_a_market(run, waiting, member):
    run.journey = replace(run.journey, market=None)
    run.books.count_role("missed", 0, int(run.env.now))


def shifts_the_mean(run, waiting, member):
    run.shared.sums["stars"] += 1


def shifts_its_books(run, waiting, member):
    run.shared.changes[0, 0, 1] += 1


def loses_a_place(run, waiting, member):
    run.staff.teams[0].queue.pop(0)


def jumps_the_queue(run, waiting, member):
    queue = run.staff.teams[0].queue
    queue[0] = ((0, 0, 0), *queue[0][1:])


def is_not_in_the_backlog(run, waiting, member):
    run.books.load(0, "waiting", int(run.env.now), -1)


def is_served_by_nobody(run, waiting, member):
    run.staff.teams[0].serving.popitem()


def keeps_nobody_busy(run, waiting, member):
    run.books.load(0, "served", int(run.env.now), +1)


def serves_too_many(run, waiting, member):
    run.staff.teams[0].capacity = 0


def serves_too_few(run, waiting, member):
    run.staff.teams[0].capacity = 99


def asks_unheard(run, waiting, member):
    run.books.queued(0, "asked", int(run.env.now))


def never_ends(run, waiting, member):
    run.books.queued(0, "ended", int(run.env.now), -1)


def waits_unseen(run, waiting, member):
    run.books.waited(0, 5)


def is_met_twice(run, waiting, member):
    run.books.queued(0, "contacts", int(run.env.now))


def is_met_at_no_time(run, waiting, member):
    run.books.met(7)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (comes_twice, "people, each once,"),
        (stands_elsewhere, "people in (group, stage) ("),
        (enters_uncounted, "people in (group, stage) (0, 0)"),
        (in_another_group, "people in (group, stage) ("),
        (leaves_twice, "flows into and out of a: the books hold"),
        (passes_over, "is overdue since"),
        (earns_alone, "money of 'earn'"),
        (pays_alone, "money of 'spend'"),
        (recurs_differently, "recurring revenue of person"),
        (recurs_elsewhere, "recurring revenue of group"),
        (is_transferred, "recurring revenue transferred: the books hold 5, counted 0"),
        (accrues_alone, "money accruing at"),
        (touches_nobody, "people touched"),
        (outgrows_the_market, "of 5 are touched"),
        (is_missed_without_a_market, "people missed without a market"),
        (shifts_the_mean, "sum and number of 'stars'"),
        (shifts_its_books, "changes of 'stars'"),
        (loses_a_place, "places in the queue at 'desk'"),
        (jumps_the_queue, "order of the queue at 'desk'"),
        (is_not_in_the_backlog, "backlog at 'desk'"),
        (is_served_by_nobody, "people served at 'desk'"),
        (keeps_nobody_busy, "busy servers at 'desk'"),
        (serves_too_many, "with a capacity of 0"),
        (serves_too_few, "which serves"),
        (asks_unheard, "people who asked at 'desk'"),
        (never_ends, "services started at 'desk'"),
        (waits_unseen, "waits at 'desk'"),
        (is_met_twice, "first contacts"),
        (is_met_at_no_time, "times to first contact"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_whatever_does_not_add_up_is_found(how, said):
    error = corrupted(how)
    assert said in error
    assert re.match(r"at \d+ ms ", error)


# -- how it is asked for ----------------------------------------------------------------------------


def test_a_checked_run_stops_where_the_engine_is_wrong(monkeypatch):
    monkeypatch.setattr(Team, "leave", lambda *_: None)
    with pytest.raises(SimulationError, match="'desk'"):
        run_once(made(), 1, engine="reference", checked=True)


def test_only_the_reference_engine_checks_itself():
    with pytest.raises(SimulationError, match="engine='reference'"):
        next(run_many(made(), 1, [0], checked=True))


def test_a_scenario_can_be_run_checked(monkeypatch):
    model = fs.loads(SHORT)
    assert int(fs.run(model, engine="reference", checked=True).ledger.n_events[0]) == 3
    seen = []
    monkeypatch.setattr("flywheel_sim.engine.reference.conserve.check", seen.append)
    fs.run(model, engine="reference")
    assert not seen
    fs.run(model, engine="reference", checked=True)
    assert len(seen) > 3


@pytest.mark.parametrize("most", range(1, 8))
@pytest.mark.parametrize("limit", ["max_people", "max_events"])
def test_a_checked_run_that_meets_a_limit_says_which(limit, most):
    with pytest.raises(SimulationError, match=f"^more than {most} .*raise {limit}$"):
        fs.run(fs.loads(CHAIN), engine="reference", checked=True, limits=fs.Limits(**{limit: most}))


CHAIN = """
name: Chain
horizon: 3 months
channels: {mail: {batch: 3, enters: lead}, friends: {enters: lead}}
journey:
  lead: {role: prospect, after: 5 days, refer: friends, to: told}
  told: {role: customer, after: 1 day, to: gone}
  gone: exit
"""

SHORT = """
name: Short
horizon: 1 month
currency: EUR
channels: {mail: {batch: 1, enters: lead}}
journey:
  lead: {role: prospect, events: {wait: {every: 12 days}}}
"""


# -- every journey there is --------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parents[2]
FILES = [*(ROOT / "configs").glob("*.yaml"), *(ROOT / "tests/cases").glob("*.yaml")]


def laws_hold(file, events):
    """Check a journey after each of its first events, in every strategy whose spend is not matched."""
    model = load(file)
    for strategy in [name for name in model.strategies if name not in model.matched] or [None]:
        try:
            run_once(model.journey(strategy), 1, engine="reference", checked=True, max_events=events)
        except SimulationError as error:
            if not str(error).startswith(f"more than {events:,} events happened"):
                raise


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_laws_hold_in_every_shipped_journey_and_case(file):
    laws_hold(file, 60)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_laws_hold_in_every_shipped_journey_and_case_for_long(file):
    laws_hold(file, 2_000)
