"""Memory is reckoned before it is taken: by all runs of the process together, and by what is really free."""

import gc
import math
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import flywheel_sim as fs
from flywheel_sim.engine import room
from flywheel_sim.engine.limits import Bounds
from flywheel_sim.engine.room import Room, allowed, free_memory
from flywheel_sim.engine.run import run_many
from flywheel_sim.errors import LimitReached, SimulationError
from flywheel_sim.scenario.load import loads

MIB = 2**20

#: Referrals that feed themselves among people who depend on one another: each lives on, so that memory fills.
COUPLED = """
name: Coupled
horizon: 24 months
market: 1_000_000_000
channels: {base: {batch: 1000, enters: user}, friends: {enters: user}}
journey:
  user: {role: customer, events: {tell: {every: 3 days, refer: friends}}}
"""

#: The same among independent people.
FREE = COUPLED.replace("market: 1_000_000_000\n", "")


@pytest.fixture(autouse=True)
def nothing_taken():
    """Begin with nobody holding anything: what earlier tests left is given back."""
    gc.collect()
    before = room._TAKEN[0]
    yield
    gc.collect()
    assert room._TAKEN[0] <= before


def test_a_limit_is_that_of_all_together_and_what_is_given_back_can_be_had_again():
    one, other = Room(1), Room(1)
    one.hold(500 * MIB, "one")
    with pytest.raises(SimulationError, match="other need more memory than the 1 GiB that max_memory allows"):
        other.hold(300 * MIB, "other")
    assert other.held == 0
    one.hold(100 * MIB, "less is always had")
    other.more(300 * MIB, "other")
    del one
    other.more(300 * MIB, "other")


def test_of_a_limit_some_is_left_for_the_program_itself():
    assert allowed(8) == 8 * 2**30 - 2**28
    assert allowed(0.1) == pytest.approx(0.075 * 2**30)


def test_without_a_limit_it_is_what_is_free(monkeypatch):
    monkeypatch.setattr(room, "free_memory", lambda: 100.0 * MIB)
    mine = Room()
    mine.hold(74 * MIB, "mine")
    with pytest.raises(SimulationError, match="mine need more memory than there is"):
        mine.hold(160 * MIB, "mine")


def test_many_threads_never_hold_more_than_is_allowed():
    def try_it(_):
        mine = Room(1)
        try:
            for _ in range(50):
                mine.more(10 * MIB, "mine")
                assert room._TAKEN[0] <= allowed(1)
        except SimulationError:
            pass
        return mine

    with ThreadPoolExecutor(8) as pool:
        rooms = list(pool.map(try_it, range(8)))
    assert sum(one.held for one in rooms) <= allowed(1)
    assert sum(one.held for one in rooms) > allowed(1) - 10 * MIB


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_coupled_people_end_at_the_limit_of_memory(engine):
    with pytest.raises(SimulationError, match=r"people.* need more memory than the 0\.02 GiB that max_memory allows"):
        list(run_many(loads(COUPLED).journey(), 1, range(1), bounds=Bounds(max_memory=0.02), engine=engine))


@pytest.mark.parametrize("kept", ["people", "events"])
def test_logs_end_at_the_limit_of_memory(kept):
    journey = loads(FREE.replace("batch: 1000", "batch: 200_000").replace("24 months", "2 days")).journey()
    with pytest.raises(SimulationError, match=f"the {kept} of one replication, each in a row, need more memory"):
        list(run_many(journey, 1, range(1), bounds=Bounds(max_memory=0.02), **{kept: True}))


@pytest.mark.parametrize("kept", ["people", "events"])
def test_logs_of_a_replication_make_room_for_those_of_the_next(kept):
    journey = loads(FREE.replace("24 months", "2 days")).journey()
    for raw in run_many(journey, 1, range(60), bounds=Bounds(max_memory=0.02), **{kept: True}):
        assert len(getattr(raw, kept)) >= 1000


def test_what_nobody_holds_any_more_is_given_back_while_others_take():
    one, other = Room(1), Room(1)
    one.hold(100 * MIB, "one")
    with room._LOCK:  # as where the collector of garbage comes in between
        one.__del__()
        other.hold(10 * MIB, "other")
    assert (one.held, other.held) == (0, 10 * MIB)


def test_memory_that_is_not_there_after_all_is_a_limit_too(monkeypatch):
    calls = iter(range(10))

    def full(*_, **__):
        yield from ()
        if next(calls) >= 0:
            raise MemoryError

    monkeypatch.setattr("flywheel_sim.experiment.running.run_many", full)
    with pytest.raises(LimitReached, match="need more memory than there is"):
        fs.replicate("subscription", strategies="funnel", replications=5)


# -- what is free ---------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")
@pytest.mark.parametrize(
    ("line", "base", "limit", "used", "inactive"),
    [
        ("0::/shop/job", "", "memory.max", "memory.current", "inactive_file"),
        ("4:memory:/shop/job", "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ("4:cpu,memory:/shop/job", "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ],
    ids=["v2", "v1", "v1 together"],
)
def test_a_container_leaves_what_the_tightest_group_leaves(tmp_path, line, base, limit, used, inactive):
    own = tmp_path / "own"
    own.write_text(f"1:name=systemd:/\n{line}\n")
    job = tmp_path / base / "shop" / "job"
    job.mkdir(parents=True)
    (job / limit).write_text("max\n" if "max" in limit else f"{2**63}\n")
    (job / used).write_text("5\n")
    (job / "memory.stat").write_text("anon 3\n")
    (job.parent / limit).write_text("1000\n")
    (job.parent / used).write_text("700\n")
    (job.parent / "memory.stat").write_text(f"anon 3\n{inactive} 50\n")
    assert room._of_groups(tmp_path, own) == 350


def test_where_nothing_says_there_is_no_limit(tmp_path):
    assert room._of_groups(tmp_path, tmp_path / "none") == math.inf
    (tmp_path / "own").write_text("0::/\n")
    assert room._of_groups(tmp_path, tmp_path / "own") == math.inf


@pytest.mark.skipif(sys.platform != "linux", reason="ulimit -v is not kept elsewhere")
def test_the_limit_of_the_process_counts(monkeypatch):
    import resource

    assert 0 < free_memory() < math.inf
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + 64 * MIB
    monkeypatch.setattr(resource, "getrlimit", lambda which: (most, most))
    assert free_memory() <= 64 * MIB
