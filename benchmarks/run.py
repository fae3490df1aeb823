"""Measure the engines beside the SimPy twin: ``python benchmarks/run.py [--long] [--rounds N]``.

Everything is taken in turn, round by round, so that a machine that slows down slows down all of it;
medians and ratios are over rounds. The counts are checked first: a faster wrong engine fails here.
See README.md for what each figure means.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path

import flywheel_sim as fs
from flywheel_sim.engine.run import run_many, run_once

from simpy_twin import simulate

HERE = Path(__file__).resolve().parent
MANY = 10**12
QUANTITIES = ("events", "people", "customers", "revenue")

#: What the design asks for: events a second on case 01 where the twin makes 200,000.
TWIN_BASE, TARGET = 200_000, 15_000_000


def journey_of(name, **changes):
    model = fs.load(HERE / f"{name}.yaml")
    return (model.with_(**changes) if changes else model).journey()


def timed(work):
    """Return what work counted, and the seconds it took."""
    begun = time.perf_counter()
    count = work()
    return count, time.perf_counter() - begun


# -- the pieces -------------------------------------------------------------------------------------


def calibrate(turns=4_000_000):
    """Run a fixed loop of plain Python."""
    total = 0
    for i in range(turns):
        total += i & 7
    assert total > 0
    return turns


def twin(seed, arrivals_per_day=20.0):
    return simulate(arrivals_per_day, seed=seed)


def ours(journey, engine, replications, as_the_twin=False):
    """Return the events of some replications; ``as_the_twin`` without the arrivals of referred people."""
    runs = run_many(journey, 1, replications, max_people=MANY, max_events=MANY, engine=engine)
    return sum(counts_of(run.ledger)["events"] if as_the_twin else int(run.ledger.n_events) for run in runs)


def counts_of(ledger, digits=2):
    """Return what the twin counts too; it does not count the arrival of a referred person as an event."""
    flow = {
        name: int(ledger.flow[:, :, ledger.layout.role_flow(name)].sum())
        for name in ("arrived", "referred", "acquired")
    }
    earned = [i for i, line in enumerate(ledger.layout.lines) if line[0] == "earn"]
    return {
        "events": int(ledger.n_events) - flow["referred"],
        "people": flow["arrived"] + flow["referred"],
        "customers": flow["acquired"],
        "revenue": int(ledger.money[:, :, earned].sum()) // 10**digits,
    }


def check_counts(twins=12, replications=60):
    """Hold our counts against the twin's: both means within four standard errors."""
    journey = journey_of("twin")
    counted = [counts_of(run.ledger) for run in run_many(journey, 1, range(replications))]
    theirs = [twin(seed) for seed in range(1, twins + 1)]
    for one in theirs:
        one["people"] = one.pop("prospects")
    print(f"counts of a run: ours over {replications} replications, the twin's over {twins} seeds")
    for name in QUANTITIES:
        a, b = [one[name] for one in counted], [one[name] for one in theirs]
        error = math.hypot(statistics.stdev(a) / math.sqrt(len(a)), statistics.stdev(b) / math.sqrt(len(b)))
        z = (statistics.mean(a) - statistics.mean(b)) / error
        share = error / statistics.mean(b)
        print(f"  {name:10}{statistics.mean(a):14,.1f}{statistics.mean(b):14,.1f}   error {share:.2%}, z {z:+.2f}")
        assert abs(z) < 4.0, f"{name} differs from the twin's: z {z:+.2f}"
        assert share < 0.01, f"{name}: standard error {share:.2%}, too blunt"
    one, other = (run_once(journey, 1, 0, engine=engine).ledger for engine in ("reference", "kernel"))
    assert one.equals(other), "the engines' ledgers differ"
    print(f"  the engines' ledgers of replication 0 are equal, {int(one.n_events):,} events\n")


def rounds(count):
    """Take everything in turn; return events a second by name, one list entry a round."""
    model, case = journey_of("twin"), journey_of("case01")
    ours(model, "kernel", [0])
    ours(case, "kernel", [0])
    speeds = {}

    def note(name, work):
        events, seconds = timed(work)
        speeds.setdefault(name, []).append(events / seconds)

    for n in range(1, count + 1):
        note("plain Python loop, turns", calibrate)
        note("kernel, twin's model", lambda n=n: ours(model, "kernel", range(10 * n, 10 * n + 10), True))
        note("SimPy twin", lambda n=n: twin(n)["events"])
        note("kernel, case 01", lambda n=n: ours(case, "kernel", range(30 * n, 30 * n + 30)))
        note("reference engine, twin's model", lambda n=n: ours(model, "reference", [n], True))
        print(f"  round {n}: " + ", ".join(f"{name} {speed[-1]:,.0f}" for name, speed in speeds.items()), flush=True)
    return speeds


def table(speeds):
    """Print medians, spreads and ratios to the twin of the same round."""
    base = speeds["SimPy twin"]
    print("\n| what | median a second | lowest to highest | times the twin |\n|---|---|---|---|")
    for name, speed in speeds.items():
        ratio = statistics.median(a / b for a, b in zip(speed, base, strict=True))
        times = "" if name.startswith("plain") else f"{ratio:,.2f}"
        print(f"| {name} | {statistics.median(speed):,.0f} | {min(speed):,.0f} to {max(speed):,.0f} | {times} |")
    scaled = statistics.median(a / b for a, b in zip(speeds["kernel, case 01"], base, strict=True)) * TWIN_BASE
    verdict = "reached" if scaled >= TARGET else "not reached"
    print(f"\ncase 01 where the twin makes {TWIN_BASE:,} events a second: {scaled:,.0f} "
          f"(target {TARGET:,}: {verdict})")  # fmt: skip


# -- two workers ------------------------------------------------------------------------------------


def work_in_a_process(numbers):
    """Run replications of case 01 in a worker process; returns events."""
    return ours(journey_of("case01"), "kernel", numbers)


def two_workers(replications=120):
    """Print the throughput of one core, two threads and two processes, each warm."""
    case = journey_of("case01")
    halves = [range(0, replications // 2), range(replications // 2, replications)]
    events, alone = timed(lambda: ours(case, "kernel", range(replications)))
    with ThreadPoolExecutor(2) as pool:
        in_threads, threads = timed(lambda: sum(pool.map(lambda half: ours(case, "kernel", half), halves)))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(work_in_a_process, [[0], [1], [2], [3]]))
        in_processes, processes = timed(lambda: sum(pool.map(work_in_a_process, halves)))
    assert events == in_threads == in_processes
    print(f"\ntwo workers, {replications} replications of case 01, {events:,} events")
    for name, seconds in (("one thread", alone), ("two threads", threads), ("two processes", processes)):
        print(f"  {name:14}{events / seconds:14,.0f} events/s   {alone / seconds:.2f} times one thread")


# -- starting ---------------------------------------------------------------------------------------

START = """
import time; begun = time.perf_counter()
import sys; import flywheel_sim as fs
from flywheel_sim.engine.run import run_once
journey = fs.load(sys.argv[1]).journey(); loaded = time.perf_counter()
run_once(journey, 1); print(loaded - begun, time.perf_counter() - loaded)
"""


def starts():
    """Print how long a first run takes in a fresh folder of compiled code, and how long a later one."""
    print("\na process that loads twin.yaml and runs it once")
    with tempfile.TemporaryDirectory() as fresh:
        env = {**os.environ, "FLYWHEEL_CACHE_DIR": fresh, "NUMBA_CACHE_DIR": fresh}
        for name in ("first, compiling", "second", "third"):
            done, seconds = timed(lambda: subprocess.run(
                [sys.executable, "-c", START, str(HERE / "twin.yaml")], env=env, capture_output=True, text=True,
                check=True,
            ))  # fmt: skip
            load, run = map(float, done.stdout.split())
            print(f"  {name:18}{seconds:7.2f} s: import and load {load:.2f} s, run {run:.2f} s")


# -- large runs -------------------------------------------------------------------------------------


def costs():
    """Print the cost of an event as runs grow from ten thousand events to a hundred million."""
    print("\ncost of an event, twin's model, ledger on, one core\n| arrivals a day | events | seconds | ns an event |")
    print("|---|---|---|---|")
    for factor in (0.1, 1, 10, 100, 1000):
        journey = journey_of("twin", **{"channels.ads.rate": f"{20 * factor:g} per day"})
        repeats = max(int(3 / factor), 1)
        ours(journey, "kernel", [0] if factor < 1000 else [])
        events, seconds = timed(lambda journey=journey, n=repeats: ours(journey, "kernel", range(n)))
        each = events // repeats
        print(f"| {20 * factor:g} | {each:,} | {seconds / repeats:.3f} | {seconds / events * 1e9:.1f} |", flush=True)


MEMORY = """
import json, resource, sys
import flywheel_sim as fs
from flywheel_sim.engine.run import run_once
def mib(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def journey(rate): return fs.load(sys.argv[1]).with_(**{"channels.ads.rate": f"{rate} per day"}).journey()
run_once(journey(20), 1); small = mib()
ledger = run_once(journey(float(sys.argv[2])), 1, max_people=10**12, max_events=10**12).ledger
people = int(sum(ledger.flow[:, :, ledger.layout.role_flow(n)].sum() for n in ("arrived", "referred")))
print(json.dumps([people, int(ledger.n_events), small, mib()]))
"""


def memory():
    """Print the memory of a run that ten million people pass through."""
    done = subprocess.run([sys.executable, "-c", MEMORY, str(HERE / "twin.yaml"), "6900"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    people, events, small, large = json.loads(done.stdout)
    print(f"\nmemory: {people:,} people, {events:,} events: {large:,.0f} MiB at most "
          f"({small:,.0f} MiB at 29,000 people)")  # fmt: skip


def machine():
    """Print when and where this is."""
    model = ""
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as stream:
        model = next((line.split(":")[1].strip() for line in stream if line.startswith("model name")), "")
    packages = ", ".join(f"{name} {metadata.version(name)}" for name in ("simpy", "numba", "numpy"))
    print(f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {packages}, "
          f"{os.cpu_count()} cores, {model or platform.processor()}\n")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--long", action="store_true", help="also runs of up to a hundred million events, and memory")
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    machine()
    check_counts()
    table(rounds(asked.rounds))
    two_workers()
    starts()
    if asked.long:
        costs()
        memory()


if __name__ == "__main__":
    main()
