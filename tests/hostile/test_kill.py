"""A sweep that is killed loses what was under way and nothing else, and its export is the same to the last byte."""

import collections
import json
import os
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Executor, Future
from pathlib import Path

import pytest

from flywheel_sim.experiment.sweep.outcomes import Sweep
from flywheel_sim.experiment.sweep.sweep import sweep
from flywheel_sim.scenario.load import load

HERE = Path(__file__).parent
AS_IS = ("--strategies", "as_is")
SMALL = ("--values", "retention=88 %:95 %:8", "--values", "invites=0.04,0.1", *AS_IS, "--replications", "12")
POINTS = 16
LONG = ("--values", "retention=86 %:95 %:10", "--values", "invites=0.02:0.12:5", *AS_IS, "--replications", "20")
LONG_POINTS, LONG_RUNS = 50, 1_000
THREADS, PROCESSES = ("--executor", "threads", "--workers"), ("--executor", "processes", "--workers")


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp("journey") / "subscription.yaml"
    text = (HERE.parents[1] / "configs" / "subscription.yaml").read_text(encoding="utf-8")
    path.write_text(f"{text.rstrip()}\n  as_is: {{}}\n", encoding="utf-8")  # a strategy whose budget needs no matching
    return path


@pytest.fixture(scope="module")
def host():
    """Return how to start the command, and how to wait for its end."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / "counted.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"

    def tell(what):
        process.stdin.write(json.dumps(what) + "\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    yield tell
    process.stdin.close()
    process.stdout.close()
    process.wait(timeout=10)


class SweepFolder:
    """A folder with a sweep's store, what was begun of it, and its exports."""

    def __init__(self, folder, config, host, design=SMALL):
        folder.mkdir(exist_ok=True)
        self.folder, self.config, self.host, self.design = folder, config, host, design
        self.store, self.log, self.output = folder / "sweep.db", folder / "begun", folder / "output"

    def start(self, *arguments, linger=False):
        """Start the command in a process group of its own."""
        return self.host([[str(word) for word in arguments], str(self.log), str(self.output), linger])

    def sweep(self, *how):
        """Start the sweep, or go on with it."""
        arguments = ["sweep", self.config, *self.design, "--store", self.store, *how]
        return self.start(*arguments, *(["--resume"] if self.store.exists() else []))

    def finish(self, *how):
        """Run the sweep to its end."""
        status = self.host(self.sweep(*how))
        assert status == 0, self.output.read_text(encoding="utf-8")

    def kill(self, number):
        """Kill a command and all that it began."""
        os.killpg(number, signal.SIGKILL)
        assert self.host(number) == -signal.SIGKILL

    def until(self, happened, number):
        """Wait until something has happened while a command runs."""
        end = time.monotonic() + 60
        while not happened():
            assert time.monotonic() < end
            assert running(number), self.output.read_text(encoding="utf-8")
            time.sleep(0.001)

    def export(self, ending):
        """Return the bytes of an export."""
        return Sweep.read(self.store).export(self.folder / f"out{ending}").read_bytes()

    def begun(self):
        return self.log.read_text(encoding="utf-8").split() if self.log.exists() else []

    def stored(self):
        """Return the batches in the store, read from a copy, so that it stays as the killed process left it."""
        if not self.store.exists():
            return set()
        with tempfile.TemporaryDirectory() as copies:
            for path in self.folder.glob("sweep.db*"):
                shutil.copy(path, copies)
            db = sqlite3.connect(Path(copies) / self.store.name)
            try:
                return {f"{point}/{first}" for point, first in db.execute("SELECT point, first FROM batches")}
            finally:
                db.close()


def running(number):
    """Tell whether a process has not ended."""
    return Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"


def kill_at(place, workers, how, batches, later):
    """Start a sweep, kill it some seconds after so many batches have begun, and return how many were lost."""
    before, stored_before = len(place.begun()), place.stored()
    number = place.sweep(*how, workers)
    place.until(lambda: len(place.begun()) - before >= batches, number)
    time.sleep(later)
    place.kill(number)
    begun, stored_after = place.begun()[before:], place.stored()
    assert stored_before <= stored_after <= stored_before | set(begun)
    assert len(stored_after) > len(stored_before)  # whatever is handed out after the first few follows one that is safe
    assert not stored_before & set(begun)  # what is safe is not run again
    lost = len(set(begun) - stored_after)
    assert len(begun) - len(stored_after - stored_before) == lost <= workers, (
        f"{lost} batches lost by {workers} workers"
    )
    return lost


@pytest.fixture(scope="module")
def whole(config, tmp_path_factory):
    """Return the exports of a sweep that nobody killed."""
    folder = tmp_path_factory.mktemp("whole")
    return {ending: swept(config, folder / f"out{ending}", executor="serial") for ending in (".parquet", ".csv")}


def test_a_sweep_killed_five_times_comes_to_the_same_bytes(config, host, whole, tmp_path):
    place, luck = SweepFolder(tmp_path / "killed", config, host), random.Random(8)
    plan = [(THREADS, 2), (PROCESSES, 2), (THREADS, 1), (THREADS, 2), (THREADS, 1)]
    lost = [kill_at(place, n, how, n + 1, luck.uniform(0, 0.03)) for how, n in plan]
    place.finish(*THREADS, 4)
    assert len(place.stored()) == POINTS
    assert len(place.begun()) == POINTS + sum(lost)
    assert place.export(".parquet") == whole[".parquet"]


@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_an_export_that_is_killed_leaves_no_half_file(config, host, whole, tmp_path, ending):
    place = SweepFolder(tmp_path / "exported", config, host)
    place.finish(*THREADS, 2)
    target = place.folder / f"out{ending}"
    for old in (None, b"an older export"):
        if old is not None:
            target.write_bytes(old)
        number = place.start("export", place.store, target, linger=True)
        parts = place.folder.glob
        place.until(lambda parts=parts: any(path.stat().st_size for path in parts(".*.part/*")), number)
        place.kill(number)
        assert (target.read_bytes() if target.exists() else None) == old
        for part in parts(".*.part"):
            shutil.rmtree(part)
    assert place.export(ending) == whole[ending]


@pytest.mark.slow
def test_a_thousand_runs_killed_at_fifty_moments_come_to_the_same_bytes(config, host, tmp_path):
    place = SweepFolder(tmp_path / "whole", config, host, LONG)
    begun = time.monotonic()
    place.finish(*THREADS, 2)
    took = time.monotonic() - begun
    assert len(place.stored()) == LONG_POINTS
    assert LONG_POINTS * int(LONG[-1]) == LONG_RUNS
    expected = place.export(".parquet")
    luck, lost, at = random.Random(50), [], []
    hows = (*[THREADS] * 7, PROCESSES)
    for number in range(50):
        place = SweepFolder(tmp_path / f"killed{number}", config, host, LONG)
        how, n = luck.choice(hows), luck.choice((1, 2, 4))
        at.append(luck.randint(n + 1, LONG_POINTS - 1))
        lost.append(kill_at(place, n, how, at[-1], luck.uniform(0, 0.02)) / n)
        how, n = luck.choice(hows), luck.choice((1, 2, 4))
        place.finish(*how, n)
        assert len(place.stored()) == LONG_POINTS
        assert max(collections.Counter(place.begun()).values()) <= 2
        assert place.export(".parquet") == expected
    moments = f"killed after {min(at)} to {max(at)} of {LONG_POINTS} batches had begun"
    again = f"batches done again for each worker: {statistics.mean(lost):.2f} on average, {max(lost):.2f} at most"
    print(f"\n{LONG_RUNS:,} runs in {took:.1f} s; {moments}; {again}")


# -- the same bytes, whoever does the work ----------------------------------------------------------


class Shuffled(Executor):
    """An executor that does what it has been given in any order."""

    _max_workers = 8

    def __init__(self, luck):
        self.luck, self.waiting, self.order = luck, [], []
        self.bell = threading.Condition()
        threading.Thread(target=self.work, daemon=True).start()

    def submit(self, function, /, *given, **named):
        future = Future()
        with self.bell:
            self.waiting.append((future, function, given, named))
            self.bell.notify()
        return future

    def work(self):
        while True:
            with self.bell:
                self.bell.wait_for(lambda: self.waiting)
                future, function, given, named = self.waiting.pop(self.luck.randrange(len(self.waiting)))
            self.order.append(given[1].point)
            future.set_running_or_notify_cancel()
            future.set_result(function(*given, **named))


def swept(config, path, **how):
    values = {"retention": "88 %:95 %:8", "invites": "0.04,0.1"}
    outcome = sweep(load(config), values=values, strategies=["as_is"], replications=12, **how)
    return outcome.export(path).read_bytes()


@pytest.mark.parametrize(
    ("executor", "workers"),
    [
        ("serial", None),
        ("threads", 1),
        ("threads", 2),
        ("threads", 4),
        ("processes", 2),
        pytest.param("processes", 1, marks=pytest.mark.slow),
        pytest.param("processes", 4, marks=pytest.mark.slow),
    ],
)
def test_the_bytes_do_not_depend_on_who_does_the_work(config, whole, tmp_path, executor, workers):
    assert swept(config, tmp_path / "out.parquet", executor=executor, workers=workers) == whole[".parquet"]


def test_the_bytes_do_not_depend_on_the_order_of_batches(config, whole, tmp_path):
    executor = Shuffled(random.Random(4))
    assert swept(config, tmp_path / "out.csv", executor=executor) == whole[".csv"]
    assert sorted(executor.order) == list(range(POINTS)) != executor.order


@pytest.mark.parametrize("seed", ["0"])  # that of this process is another one each time
def test_the_bytes_do_not_depend_on_the_seed_of_hashes(config, whole, tmp_path, seed):
    path = tmp_path / "out.parquet"
    code = f"import test_kill; test_kill.swept({str(config)!r}, {str(path)!r}, workers=2)"
    subprocess.run([sys.executable, "-c", code], cwd=HERE, env=os.environ | {"PYTHONHASHSEED": seed}, check=True)
    assert path.read_bytes() == whole[".parquet"]


def test_the_bytes_do_not_depend_on_a_cluster(config, whole, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        assert swept(config, tmp_path / "out.parquet", executor=cluster.scheduler_address) == whole[".parquet"]
