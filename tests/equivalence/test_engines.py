"""The engines leave the same event log, people and ledger, byte for byte, whatever the journey.

Shipped journeys and the cases are run with fewer people; random journeys cover the whole language
(`generate`), and what they covered is counted and printed (``pytest -s``). When one differs, the
message shows the first difference and the file; ``python -m tests.equivalence.find`` makes it smaller.
"""

import hashlib
import os
import random
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import flywheel_sim as fs
from flywheel_sim.engine.run import run_once
from flywheel_sim.errors import ConfigError
from flywheel_sim.ledger import Ledger

from .comparing import ENGINES, check, difference, runs_of, smaller
from .generate import journeys, seeded
from .money_constructs import ALL, constructs
from .writing import to_yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*(ROOT / "configs").glob("*.yaml"), *(ROOT / "tests" / "cases").glob("*.yaml")])

#: Random journeys in `make test`, and with --slow; of these so many must load, and so many be busy.
FEW, MANY = 80, 700
LOAD, BUSY, EVENTS = 0.97, 0.90, 200


def thinned(journey, people):
    """Return the journey with about so many strangers instead of its own."""
    brought = sum(max(c.rate.cells) * (c.until - c.starts) if c.rate else c.count for c in journey.channels)
    share = min(people / max(brought, 1), 1.0)

    def thin(channel):
        if channel.rate:
            return replace(channel, rate=replace(channel.rate, cells=tuple(c * share for c in channel.rate.cells)))
        return replace(channel, counts=tuple(max(round(count * share), min(count, 1)) for count in channel.counts))

    return replace(journey, channels=tuple(thin(channel) for channel in journey.channels))


def journeys_of(path):
    """Return the strategies of a file that this version runs, by name."""
    by_strategy = {}
    try:
        model = fs.load(path)
        for strategy in model.matched:  # any spend will do
            model = model.at_spend(strategy, 1000.0)
        for strategy in (None, *model.strategies):
            by_strategy[strategy] = model.journey(strategy)
    except ConfigError as error:
        if "this version does not run" not in str(error):
            raise
    return by_strategy


def compare_file(path, people, replications):
    by_strategy = journeys_of(path)
    if not by_strategy:
        pytest.skip("not run by this version yet")
    for strategy, journey in by_strategy.items():
        for replication in range(replications):
            problem = difference(*runs_of(thinned(journey, people), 11, replication))
            assert not problem, f"{path.name}, strategy {strategy}, replication {replication}: {problem}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_journey_or_case_is_the_same_on_both_engines(path):
    compare_file(path, people=150, replications=1)


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_journey_or_case_is_the_same_on_more_people(path):
    compare_file(path, people=1500, replications=2)


def compare_random(seeds, make=seeded, count=constructs, names=ALL, watch=None):
    """Compare the engines on the journeys of some seeds; print what they covered, and return it."""
    seen, events, refused = Counter(), [], []
    for seed in seeds:
        raw = make(seed)
        try:
            problem, n_events = check(raw, seed, watch=watch)
        except ConfigError as error:
            refused.append(f"seed {seed}: {error}")
            continue
        assert not problem, f"seed {seed}: {problem}\n\n{to_yaml(raw)}"
        events.append(n_events)
        seen += count(raw)
    quiet = sum(n_events < EVENTS for n_events in events)
    print(f"\n{len(events)} random journeys, {sum(events):,} events, {quiet} below {EVENTS}, {len(refused)} refused")
    print(", ".join(f"{name} {seen[name]}" for name in names))
    assert len(events) >= LOAD * len(seeds), "\n".join(refused[:5])
    assert len(events) - quiet >= BUSY * len(events)
    return seen


def covers(seen, names):
    """Tell that each construct occurred."""
    assert [name for name in names if not seen[name]] == []


def test_random_journeys_are_the_same_on_both_engines():
    covers(compare_random(range(FEW)), ALL)


@pytest.mark.slow
def test_many_random_journeys_are_the_same_on_both_engines():
    covers(compare_random(range(1000, 1000 + MANY)), ALL)


@settings(max_examples=10, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(journeys())
def test_a_journey_made_up_by_hypothesis_is_the_same_on_both_engines(raw):
    try:
        problem, _ = check(raw, 5)
    except ConfigError:
        return
    assert not problem, f"{problem}\n\n{to_yaml(raw)}"


# -- the comparison itself --------------------------------------------------------------------------


def test_a_difference_would_be_seen():
    one, other = run_made_up("kernel"), run_made_up("kernel", 1)
    assert difference(one, one) == ""
    assert "event log: " in difference(one, other)
    assert "people table: " in difference(one, replace(one, people=other.people))
    flow = one.ledger.flow.copy()
    flow[0, 0, 0] += 1
    assert "ledger.flow: 1 cells differ" in difference(one, replace(one, ledger=replace(one.ledger, flow=flow)))
    assert "only the second stopped: too many people" in difference(one, "too many people")


def test_a_journey_that_fails_is_made_smaller():
    small = smaller(seeded(3), lambda tried: "lost" in tried.get("journey", {}) and len(tried.get("channels", ())) > 1)
    assert list(small) == ["channels", "journey"]
    assert list(small["journey"]) == ["lost"]
    assert len(small["channels"]) == 2


# -- order, threads, processes ----------------------------------------------------------------------


def digest(ledger):
    """Return a hash of all arrays of a ledger."""
    hasher = hashlib.blake2b(digest_size=16)
    for name in Ledger.ARRAYS:
        hasher.update(np.ascontiguousarray(getattr(ledger, name)).tobytes())
    return hasher.hexdigest()


def run_made_up(engine, replication=0):
    return run_once(made_up(), 3, replication, people=True, events=True, engine=engine)


def made_up():
    return fs.loads(to_yaml(seeded(7))).journey()


@pytest.mark.parametrize("engine", ENGINES)
def test_threads_and_order_change_nothing(engine):
    journey = made_up()
    numbers = list(range(6))
    alone = [digest(run_once(journey, 3, n, engine=engine).ledger) for n in numbers]
    assert len(set(alone)) > 1
    random.Random(1).shuffle(numbers)
    for threads in (1, 2):
        with ThreadPoolExecutor(threads) as pool:
            digests = pool.map(lambda n: digest(run_once(journey, 3, n, engine=engine).ledger), numbers)
            assert list(digests) == [alone[n] for n in numbers]


def test_the_hash_seed_of_the_process_changes_nothing():
    code = (
        "from tests.equivalence.test_engines import ENGINES, digest, run_made_up\n"
        "print(*(digest(run_made_up(engine).ledger) for engine in ENGINES))"
    )
    begun = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
        )
        for seed in (1, 2)
    ]  # fmt: skip
    expected = digest(run_made_up("kernel").ledger)
    assert [one.communicate()[0].split() for one in begun] == [[expected, expected]] * 2
