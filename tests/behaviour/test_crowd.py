"""Where people affect one another, all of them live at a time: their memory grows, and holds what comes."""

import pytest

from flywheel_sim.engine.kernel import places as w
from flywheel_sim.engine.kernel.runner import PLACES
from flywheel_sim.engine.limits import Bounds
from flywheel_sim.engine.run import kernel_of, run_once
from flywheel_sim.errors import SimulationError
from flywheel_sim.ledger import ROLE_FLOWS
from flywheel_sim.scenario.load import loads

#: A mean that hovers about a bound on which everybody's next step depends: all are planned anew again and again.
HOVERING = """
name: Hovering
horizon: 10 years
attributes:
  mood: {bad: 50 %, good: rest}
  stars: {mean_of: mood, weights: {bad: -1, good: 1}, among: client, starts: 0}
rates:
  visit: {value: 20 per day, by: {stars: {0: 22 per day}}}
channels: {base: {present: 300, enters: client}}
journey:
  client: {role: customer, events: {flip: {every: visit, set: {mood: {bad: 50 %, good: rest}}}}}
"""

#: One step through five stages enters a set three times, and each time three people are referred.
CHAIN = """
name: Chain
horizon: 2 months
market: 1_000_000_000
channels:
  base: {batch: 455, enters: z}
  one: {enters: idle}
  two: {enters: idle}
  three: {enters: idle}
while:
  fair: {in: [a, c, e], on_entry: {refer: [one, two, three]}}
journey:
  z: {role: prospect, after: 1 minute, to: a}
  a: {role: prospect, to: b}
  b: {role: prospect, to: c}
  c: {role: prospect, to: d}
  d: {role: prospect, to: e}
  e: {role: prospect, after: 3 months, to: z}
  idle: {role: prospect, after: 3 months, to: z}
"""

BATCH = """
name: Batch
horizon: 2 months
market: 2_000_000_000
channels: {fair: {batch: PEOPLE, enters: visitor}, friends: {enters: visitor}}
journey:
  visitor: {role: prospect, events: {talk: {every: 15 days, refer: friends}, leave: {after: 40 days, to: gone}}}
  gone: exit
"""

#: Whoever leaves counts as passing for no time at all, while those they brought are served at a pace by that count.
PASSING = """
name: Passing through
horizon: 150 days
rates: {quick: {by: {there: {0: 10 per month, 1: 300 per month}}}}
attributes: {there: {count_of: passing}}
channels: {base: {present: 10, enters: client}, friends: {enters: told}}
journey:
  client: {role: customer, events: {tell: {every: 1 week, refer: friends}, leave: {after: 1 month, to: passing}}}
  passing: {role: prospect, events: {on: {to: gone}}}
  told: {role: prospect, events: {served: {after: 5 days, staff: desk, takes: quick, to: gone}}}
  gone: exit
resources: {desk: {people: 3}}
"""


def equal(text):
    journey = loads(text).journey()
    one, other = (run_once(journey, 3, engine=engine).ledger for engine in ("kernel", "reference"))
    assert one.equals(other)
    return one


def test_the_agenda_has_room_for_whoever_is_planned_anew():
    kernel = kernel_of(loads(HOVERING).journey())
    for _ in range(2):  # the second run on the memory that a run left which met a limit
        with pytest.raises(SimulationError, match="more than 30,000 events"):
            kernel.run(1, 0, Bounds(10**6, 30_000))
        assert kernel.memory[w.H_HEAP_N] <= kernel.memory[w.H_HEAP_SIZE] == len(kernel.heap) // 2


def test_a_step_has_room_for_all_whom_it_brings():
    ledger = equal(CHAIN)
    assert ledger.flow[..., ROLE_FLOWS.index("referred")].sum() == 9 * 455


def test_what_is_so_within_a_step_alone_moves_nobody_else():
    equal(PASSING)


def test_more_people_than_there_were_places_at_first_change_nothing():
    ledger = equal(BATCH.replace("PEOPLE", str(3 * PLACES)))
    assert ledger.flow.sum() > 9 * PLACES


def test_a_run_after_a_larger_one_is_the_same_as_alone():
    journey = loads(BATCH.replace("PEOPLE", "5000")).journey()
    kernel = kernel_of(journey)
    first = kernel.run(1, 0, Bounds(10**6, 10**9))[0]
    with pytest.raises(SimulationError, match="more than 6,000 people"):
        kernel.run(1, 1, Bounds(6000, 10**9))
    assert kernel.run(1, 0, Bounds(10**6, 10**9))[0].equals(first)


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_a_batch_beyond_the_limit_of_people_is_said_to_be(engine):
    with pytest.raises(SimulationError, match="more than 1,000 people came"):
        run_once(loads(BATCH.replace("PEOPLE", "1_000_000_000")).journey(), 1, max_people=1000, engine=engine)


def test_people_who_do_not_fit_into_memory_are_refused(monkeypatch):
    kernel = kernel_of(loads(BATCH.replace("PEOPLE", "50_000")).journey())
    monkeypatch.setattr("flywheel_sim.engine.room.free_memory", lambda: 1e6)
    with pytest.raises(SimulationError, match="people at a time need more memory than there is"):
        kernel.run(1, 0, Bounds(10**6, 10**9))


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_a_batch_beyond_the_limit_is_stopped_in_a_small_market_too(engine):
    text = BATCH.replace("PEOPLE", "1_000_000_000").replace("2_000_000_000", "500")
    with pytest.raises(SimulationError, match="more than 1,000 people came"):
        run_once(loads(text).journey(), 1, max_people=1000, engine=engine)
    fits = loads(text.replace("1_000_000_000", "1000")).journey()
    assert run_once(fits, 1, max_people=1000, engine=engine).ledger.flow.sum() > 1000
