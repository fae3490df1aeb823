"""Measure what a sweep takes beyond its runs: ``python benchmarks/sweep.py [--points N] [--quick]``.

Bare kernels run in a loop on as many threads, before and after each sweep: one journey's alone, and those of every
so many of the sweep's design points, whose events cost more or less than that journey's. The overhead is what the
sweep takes for an event against the mean of the two. See README.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import flywheel_sim as fs
from flywheel_sim.engine.limits import Bounds
from flywheel_sim.engine.run import kernel_of
from flywheel_sim.experiment.sweep.sweep import sweep

CONFIG = "subscription"
STRATEGY = "funnel"  # whose budget needs no matching
SAMPLE = 24


def timed(work):
    """Return (events, wall-clock and processor nanoseconds an event) of work that returns its events."""
    wall, cpu = time.perf_counter(), time.process_time()
    events = work()
    return events, (time.perf_counter() - wall) * 1e9 / events, (time.process_time() - cpu) * 1e9 / events


def bare(journeys, replications, threads):
    """Return nanoseconds an event, wall-clock and processor, of bare kernels: one for each journey, run after run."""

    def loop(journey):
        kernel = kernel_of(journey)
        return sum(int(kernel.run(journey.seed, number, Bounds())[0].n_events) for number in range(replications))

    with ThreadPoolExecutor(threads) as pool:
        return timed(lambda: sum(pool.map(loop, journeys)))[1:]


def grid(points):
    """Return the values of the two factors, as many combinations as there are to be points."""
    n_rows = max(n for n in range(1, int(points**0.5) + 1) if points % n == 0)
    return {"retention": f"86 %:95 %:{max(2, points // n_rows)}", "conversion": f"16 %:24 %:{max(2, n_rows)}"}


def journeys_of(model, points, count):
    """Return the journeys of every so many of the design points."""
    journeys = []
    n_rows = max(n for n in range(1, int(points**0.5) + 1) if points % n == 0)
    for index in range(0, points, max(1, points // count)):
        i, j = divmod(index, n_rows)
        changed = {
            "retention": f"{86 + 9 * i / max(1, points // n_rows - 1)} %",
            "conversion": f"{16 + 8 * j / max(1, n_rows - 1)} %",
        }
        journeys.append(model.with_(**changed).journey(STRATEGY))
    return journeys


def one_round(model, sample, asked, folder, number):
    """Return what the sweep took, and pairs of nanoseconds an event: sweep, one journey bare, the sample bare."""
    threads = asked.workers
    one = [model.journey(STRATEGY)] * (SAMPLE // threads * threads)
    store = Path(folder) / f"{number}.db" if not asked.memory else None

    def work():
        result = sweep(model, values=grid(asked.points), strategies=[STRATEGY], replications=asked.replications,
                       store=store, executor=asked.executor, workers=threads)  # fmt: skip
        assert len(result.strategies) == asked.points
        assert not result.set_aside
        return result.n_events

    before = bare(one, asked.bare, threads), bare(sample, asked.bare, threads)
    events, *each = timed(work)
    after = bare(one, asked.bare, threads), bare(sample, asked.bare, threads)
    means = [[(a + b) / 2 for a, b in zip(*pair, strict=True)] for pair in zip(before, after, strict=True)]
    return events, each, *means


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=1_000)
    parser.add_argument("--replications", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--bare", type=int, default=60, help="replications of each bare kernel")
    parser.add_argument("--executor", default="threads")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--memory", action="store_true", help="keep the figures in memory, without a store")
    parser.add_argument("--quick", action="store_true", help="40 points, five rounds")
    asked = parser.parse_args()
    if asked.quick:
        asked.points, asked.rounds = 40, 5
    model = fs.load(CONFIG)
    sample = journeys_of(model, asked.points, SAMPLE)
    bare(sample[:1], 3, 1)
    what = f"{asked.points:,} design points x {asked.replications} replications, {asked.executor} {asked.workers}"
    print(f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {os.cpu_count()} cores; {CONFIG}, {what}")
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(asked.rounds):
            events, each, one, many = one_round(model, sample, asked, folder, number)
            rounds.append((each, one, many))
            took = ", ".join(f"{wall:.1f} and {cpu:.1f}" for wall, cpu in rounds[-1])
            print(
                f"  {each[0] * events / 1e9:.1f} s, {events:,} events; wall-clock and processor ns an event: {took}",
                flush=True,
            )
    wall = statistics.median(each[0] for each, _, _ in rounds)
    print(f"| sweep | {1e9 / wall:,.0f} events a second |")
    for against, column in (("one journey", 1), ("the sweep's journeys", 2)):
        for clock, index in (("wall-clock", 0), ("processor", 1)):
            shares = [100 * (row[0][index] / row[column][index] - 1) for row in rounds]
            spread = f"{min(shares):+.1f} to {max(shares):+.1f}"
            print(f"| {clock} time beyond bare kernels, {against} | {statistics.median(shares):+.1f} % ({spread}) |")
    print(f"| resident memory at most | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB |")


if __name__ == "__main__":
    main()
