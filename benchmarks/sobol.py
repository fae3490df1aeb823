"""Measure a global sensitivity analysis: ``python benchmarks/sobol.py [--points N] [--replications N] [--store FILE]``.

The subscription flywheel over eight rates: 1,024 base points, so 10,240 design points, of 20 replications each, with
every finished batch in a store. Matching the budgets and compiling come before and are told apart. See README.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import tempfile
import time
from pathlib import Path

import flywheel_sim as fs
from flywheel_sim.analysis.uncertainty.sobol import sobol

CONFIG, STRATEGY = "subscription", "flywheel"

#: Eight rates of the flywheel; retention has a spread among people, for which every value here leaves room.
RANGES = {
    "engaged": ("40 %", "60 %"),
    "conversion": ("15 %", "25 %"),
    "retention": ("88 %", "94 %"),
    "delighted": ("15 %", "35 %"),
    "invites": ("0.03 per month", "0.11 per month"),
    "upgrade": ("0.02 per month", "0.04 per month"),
    "price": ("44 per month", "54 per month"),
    "lead_price": (8, 12),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=1024)
    parser.add_argument("--replications", type=int, default=20)
    parser.add_argument("--store", type=Path, help="keep the figures here, and go on with what is there")
    asked = parser.parse_args()
    print(f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {os.cpu_count()} cores; {CONFIG}")
    begun = time.perf_counter()
    model, _ = fs.match_budgets(fs.load(CONFIG), strategies=[STRATEGY])
    fs.replicate(model, strategies=STRATEGY, replications=2)
    print(f"matching budgets and compiling: {time.perf_counter() - begun:.1f} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        indices = sobol(model, ["profit", "revenue", "clv"], strategies=STRATEGY, over=list(RANGES), values=RANGES,
                      n=asked.points, replications=asked.replications, store=asked.store or f"{folder}/sobol.db",
                      resume=True, progress=True)  # fmt: skip
        took = time.perf_counter() - begun
    runs = indices.runs * indices.n
    print(indices)
    print(f"| design points, runs | {indices.runs:,}, {runs:,} |")
    print(f"| all of it | {took / 60:.1f} minutes |")
    print(f"| a run | {1e3 * took / runs:.2f} ms ({runs / took:,.0f} a second) |")
    print(f"| resident memory at most | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB |")


if __name__ == "__main__":
    main()
