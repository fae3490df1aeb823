"""Measure coupled models beside a hand-written SimPy queue: ``python benchmarks/coupled.py [--rounds N]``.

As run.py does it: counts first, then everything in turn, round by round, with medians and ratios over rounds.
Events a second are scaled to a machine where the twin of run.py makes 200,000.
"""

from __future__ import annotations

import argparse
import math
import statistics
from functools import partial

from flywheel_sim.engine.run import run_many, run_once
from flywheel_sim.ledger import GAVE_UP, QUEUE

import staffed_twin
from run import TWIN_BASE, journey_of, machine, ours, timed, twin

#: A hundredth of crowd.yaml.
THOUSAND = {
    "market": 10_000,
    "channels.base.present": 1000,
    "channels.search.rate": "90 per month",
    "resources.desk.people": 2,
}
#: The rich journey of run.py, its people in one market: about 1,500 at a time, and a hundred thousand.
RICH = {"market": 100_000_000}
RICH_MANY = {**RICH, "channels.base.present": 100_000, "horizon": "12 months"}
QUANTITIES = ("events", "people", "served", "gave_up", "wait", "customers", "referrals")
DAY = 86_400_000


def counts_of(ledger):
    """Return what the staffed twin counts too; it does not count the arrival of a referred person as an event."""
    layout = ledger.layout
    flow = {name: int(ledger.flow[:, :, layout.role_flow(name)].sum()) for name in ("arrived", "referred", "acquired")}
    queue = dict(zip(QUEUE, ledger.queue[:, 0].sum(axis=0).tolist(), strict=True))
    gave_up = int(ledger.flow[:, :, layout.flows.index(("prospect", "talk", GAVE_UP))].sum())
    assert gave_up == queue["gave_up"]
    return {
        "events": int(ledger.n_events) - flow["referred"],
        "people": flow["arrived"] + flow["referred"],
        "served": queue["ended"],
        "gave_up": gave_up,
        "wait": queue["wait"] / queue["started"] / DAY,
        "customers": flow["acquired"],
        "referrals": flow["referred"],
    }


def counts_of_twin(seed):
    """Return what a run of the staffed twin counts; its wait is the mean of those served, in days."""
    count = staffed_twin.simulate(seed=seed)
    return {**count, "wait": count["waited"] / count["started"]}


def check_counts(twins, replications):
    """Hold our counts against the staffed twin's, both means within four standard errors, and the engines' ledgers."""
    journey = journey_of("staffed")
    counted = [counts_of(run.ledger) for run in run_many(journey, 1, range(replications))]
    theirs = []
    for seed in range(1, twins + 1):
        theirs.append(counts_of_twin(seed))
        print(f"\r  staffed twin, seed {seed} of {twins}", end="", flush=True)
    print(f"\rcounts of a run: ours over {replications} replications, the twin's over {twins} seeds")
    for name in QUANTITIES:
        a, b = [one[name] for one in counted], [one[name] for one in theirs]
        error = math.hypot(statistics.stdev(a) / math.sqrt(len(a)), statistics.stdev(b) / math.sqrt(len(b)))
        z = (statistics.mean(a) - statistics.mean(b)) / error
        share = error / statistics.mean(b)
        print(f"  {name:10}{statistics.mean(a):14,.3f}{statistics.mean(b):14,.3f}   error {share:.2%}, z {z:+.2f}")
        assert abs(z) < 4.0, f"{name} differs from the twin's: z {z:+.2f}"
        assert share < 0.012, f"{name}: standard error {share:.2%}, too blunt"
    for what, model in (("staffed", journey), ("crowd of a thousand", journey_of("crowd", **THOUSAND))):
        one, other = (run_once(model, 1, 0, engine=engine).ledger for engine in ("reference", "kernel"))
        assert one.equals(other), f"{what}: the engines' ledgers differ"
        print(f"  the engines' ledgers of replication 0 are equal: {what}, {int(one.n_events):,} events")


def rounds(count):
    """Take everything in turn; return events a second by name, one list entry a round."""
    staffed, thousand, many = journey_of("staffed"), journey_of("crowd", **THOUSAND), journey_of("crowd")
    rich, rich_many = journey_of("case01", **RICH), journey_of("case01", **RICH_MANY)
    for journey in (staffed, thousand, rich):
        ours(journey, "kernel", [0])
    works = {
        "SimPy twin": lambda n: twin(n)["events"],
        "staffed SimPy twin": lambda n: staffed_twin.simulate(seed=n)["events"],
        "kernel, staffed twin's model": lambda n: ours(staffed, "kernel", range(20 * n, 20 * n + 20), True),
        "kernel, case 01 in a market": lambda n: ours(rich, "kernel", range(80 * n, 80 * n + 80)),
        "kernel, case 01 in a market, 100,000 at a time": lambda n: ours(rich_many, "kernel", [n]),
        "kernel, a crowd with a busy desk, 1,000 at a time": lambda n: ours(
            thousand, "kernel", range(60 * n, 60 * n + 60)
        ),
        "kernel, the same, 100,000 at a time": lambda n: ours(many, "kernel", [n]),
    }
    speeds = {name: [] for name in works}
    print()
    for n in range(1, count + 1):
        for name, work in works.items():
            events, seconds = timed(partial(work, n))
            speeds[name].append(events / seconds)
            print(f"  round {n} of {count}: {name}: {events:,} events, {speeds[name][-1]:,.0f} a second", flush=True)
    return speeds


def table(speeds):
    """Print medians, what they would be where the twin makes `TWIN_BASE`, and ratios to the staffed twin."""
    twins, queues = speeds["SimPy twin"], speeds["staffed SimPy twin"]
    print(
        f"\n| what | median a second | where the twin makes {TWIN_BASE:,} | times the staffed twin |\n|---|---|---|---|"
    )
    for name, speed in speeds.items():
        scaled = statistics.median(a / b for a, b in zip(speed, twins, strict=True)) * TWIN_BASE
        ratio = statistics.median(a / b for a, b in zip(speed, queues, strict=True))
        print(f"| {name} | {statistics.median(speed):,.0f} | {scaled:,.0f} | {ratio:,.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    machine()
    check_counts(twins=30, replications=120)
    table(rounds(asked.rounds))


if __name__ == "__main__":
    main()
