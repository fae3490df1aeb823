"""The engines leave the same bytes where people affect one another: markets, staff, shared attributes.

Random journeys full of things that happen at the same instant (`coupled`), compared like all others. How often
each part of the language occurs in them, and what happened in their runs, is counted (``pytest -s``).
``python -m tests.equivalence.find N SEED --coupled`` makes a journey smaller on which something differs.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.engine.run import run_once
from flywheel_sim.ledger import LOAD, QUEUE

from .balancing import unbalanced
from .comparing import ENGINES, difference
from .coupled import seeded
from .coupled_constructs import COUPLED, HAPPENS, constructs, happened
from .test_engines import compare_random, covers, digest
from .writing import to_yaml

#: Random journeys of which all constructs are counted; of these so many are run in `make test`.
MANY, FEW = 300, 35

#: A journey with a market, two resources and what is shared, in which much happens within a month.
BUSY = """
name: Much at once
horizon: 3 months
market: 400
rates:
  signs: {by: {stars: {-1: 30 %, 0: 50 %, 0.5: 70 %}}}
attributes:
  mood: {low: 30 %, high: rest}
  stars: {mean_of: mood, weights: {low: -1, high: 1}, among: customer, starts: 0}
channels:
  fair:    {batch: 6, every: 1 day, enters: visitor}
  mailing: {batch: 9, every: 2 days, enters: visitor}
  friends: {enters: visitor}
resources:
  desk:  {people: {value: 5, by: {calendar: {20 days: 2, 40 days: 6}}}, queue_limit: 8}
  sales: {people: 2, target: 1 day}
journey:
  visitor:
    {role: prospect, staff: desk, takes: 1 day, patience: 2 days, gives_up: left, to: {client: signs, left: rest}}
  client:
    role: customer
    events:
      advice:
        {every: 5 days, staff: sales, takes: 1 day, patience: 3 days, gives_up: left, set: {mood: high}, refer: friends}
      drift:  {after: 0.5 per month, set: {mood: low}}
      leave:  {after: 10 days, to: left}
  left: exit
"""


def busy():
    return fs.loads(BUSY).journey()


def run_busy(replication=0, engine="kernel"):
    return run_once(busy(), 3, replication, people=True, events=True, engine=engine)


def compare(seeds):
    """Compare the engines on coupled journeys; print what happened, and return that with what they are made of."""
    seen = Counter()

    def watch(journey, run):
        seen.update(happened(journey, run))

    made_of = compare_random(seeds, seeded, constructs, COUPLED, watch)
    print(", ".join(f"{name} {seen[name]}" for name in HAPPENS))
    return made_of, seen


def test_random_journeys_have_all_that_couples_people():
    covers(sum((constructs(seeded(seed)) for seed in range(MANY)), Counter()), COUPLED)


def test_random_coupled_journeys_are_the_same_on_both_engines():
    covers(compare(range(FEW))[1], HAPPENS)


@pytest.mark.slow
def test_many_random_coupled_journeys_are_the_same_on_both_engines():
    made_of, seen = compare(range(MANY))
    covers(made_of, COUPLED)
    covers(seen, HAPPENS)


def test_a_busy_market_is_the_same_on_both_engines():
    one, other = (run_busy(engine=engine) for engine in ENGINES)
    assert difference(one, other) == ""
    assert unbalanced(busy(), one) == ""


@pytest.mark.parametrize("engine", ENGINES)
def test_threads_change_nothing(engine):
    journey = busy()
    alone = [digest(run_once(journey, 3, n, engine=engine).ledger) for n in range(4)]
    assert len(set(alone)) > 1
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda n: digest(run_once(journey, 3, n, engine=engine).ledger), range(4))) == alone


# -- the comparison itself --------------------------------------------------------------------------


def altered(run, name, place, by=1):
    """Return a run with one cell of an array of its ledger changed."""
    array = np.array(getattr(run.ledger, name))
    array[place] += by
    return replace(run, ledger=replace(run.ledger, **{name: array}))


@pytest.mark.parametrize(
    ("name", "place", "place_text"),
    [
        ("queue", (1, 0, QUEUE.index("gave_up")), "1, desk, gave_up"),
        ("backlog", (0, 1, LOAD.index("served")), "0, sales, served"),
        ("load", (2, 1, LOAD.index("waiting")), "2, sales, waiting"),
        ("staffed", (1, 0), "1, desk"),
        ("waits", (1, 30), "sales, 30"),
        ("contact", (30,), "30"),
        ("shared", (1, 0, 1), "1, stars, people"),
    ],
)
def test_a_difference_says_where(name, place, place_text):
    run = run_busy()
    difference_text = difference(run, altered(run, name, place))
    assert f"ledger.{name}: 1 cells differ\n  {place_text}: " in difference_text


@pytest.mark.parametrize(
    ("name", "place", "beginning"),
    [
        ("queue", (1, 0, QUEUE.index("asked")), "desk, asked"),
        ("queue", (1, 1, QUEUE.index("ended")), "sales, started"),
        ("backlog", (-1, 0, LOAD.index("waiting")), "desk, asked"),
        ("waits", (0, 40), "desk, waits"),
        ("contact", (40,), "contacts"),
        ("shared", (0, 0, 1), "people of stars, period 0"),
        ("load", (0, 1, LOAD.index("served")), "sales, load"),
    ],
)
def test_books_that_do_not_add_up_are_seen(name, place, beginning):
    run = run_busy()
    assert unbalanced(busy(), altered(run, name, place, 10**12 if name == "load" else 1)).startswith(beginning)


def test_the_file_of_a_seed_is_the_same_again():
    assert to_yaml(seeded(4)) == to_yaml(seeded(4)) != to_yaml(seeded(5))
