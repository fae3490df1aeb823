"""Hunt for a journey on which the engines differ: ``python -m tests.equivalence.find N SEED``.

Runs the journeys of N seeds from SEED on, made up by `generate.seeded`, and stops at the first on which
something differs. It writes the file to find_fail.yaml in the folder for temporary files, makes it as
small as it still differs, and writes that to find_small.yaml.

``--coupled`` takes journeys of people who affect one another, made up by `coupled.seeded`.
``--engines checked`` runs the reference engine alone, which then checks itself after every event; ``--load`` only
loads; ``--keep-going`` goes on to the last seed and counts; ``--one FILE`` runs a file instead.
"""

import argparse
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import flywheel_sim as fs
from flywheel_sim.errors import ConfigError

from . import comparing, coupled, coupled_constructs, generate, money_constructs
from .writing import to_yaml

FAIL, SMALL = (Path(tempfile.gettempdir()) / f"find_{name}.yaml" for name in ("fail", "small"))


def first_problem(raw, seed, engines):
    """Return what is wrong with a journey on a pair of engines, "" if nothing, with its events."""
    try:
        return comparing.check(raw, seed, engines)
    except ConfigError:
        raise
    except Exception:  # an engine that breaks is a find too
        return traceback.format_exc(), 0


def shrink(raw, seed, engines, problem):
    """Return the smallest journey that still goes wrong in the same way."""
    kind = problem.strip().splitlines()[-1][:30] if "Traceback" in problem else problem.split(":")[0].split(",")[-1]
    begun = time.perf_counter()

    def fails(tried):
        if time.perf_counter() - begun > 240:
            return False
        try:
            return kind in first_problem(tried, seed, engines)[0]
        except ConfigError:
            return False

    return comparing.smaller(raw, fails)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("n", type=int, nargs="?", default=100)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    parser.add_argument("--engines", default=",".join(comparing.ENGINES))
    parser.add_argument("--load", action="store_true")
    parser.add_argument("--keep-going", action="store_true")
    parser.add_argument("--coupled", action="store_true")
    parser.add_argument("--one", type=Path)
    asked = parser.parse_args(arguments)
    engines = tuple(asked.engines.split(","))
    if asked.one:
        return one(asked.one, asked.seed, engines)
    seeded, names, counted = generate.seeded, money_constructs.ALL, money_constructs.constructs
    if asked.coupled:
        seeded, names, counted = coupled.seeded, coupled_constructs.COUPLED, coupled_constructs.constructs
    tally, seen, events, refused = Counter(), Counter(), [], Counter()
    begun = time.perf_counter()
    for seed in range(asked.seed, asked.seed + asked.n):
        raw = seeded(seed)
        try:
            if asked.load:
                model = fs.loads(to_yaml(raw))
                for strategy in comparing.strategies(raw):
                    model.journey(strategy)
                problem, count = "", 0
            else:
                problem, count = first_problem(raw, seed, engines)
        except ConfigError as error:
            tally["refused"] += 1
            refused.update(re.sub(r"^\S+ \S+: |'[^']*'", "", line) for line in str(error).splitlines())
            continue
        except Exception:  # a loader that breaks is a find too
            tally["broken"] += 1
            refused[traceback.format_exc().splitlines()[-1]] += 1
            continue
        tally["differ" if problem else "same"] += 1
        seen += counted(raw)
        events.append(count)
        if problem:
            print(f"seed {seed}: {problem}")
            if not asked.keep_going:
                FAIL.write_text(to_yaml(raw))
                small = shrink(raw, seed, engines, problem)
                SMALL.write_text(to_yaml(small))
                print(f"\n{SMALL} (whole: {FAIL}):\n{to_yaml(small)}")
                print(first_problem(small, seed, engines)[0])
                break
    took = time.perf_counter() - begun
    print(dict(tally), f"{took:.1f} s, {sum(events):,} events, {sum(e < 200 for e in events)} runs below 200")
    for rule, count in refused.most_common(25):
        print(f"  {count} x {rule}")
    if missing := [name for name in names if not seen[name]]:
        print("never occurred:", *missing)
    return 1 if tally["differ"] else 0


def one(path, seed, engines):
    """Compare the engines on a file."""
    model = fs.load(path)
    worst = 0
    for strategy in [*model.strategies] or [None]:
        runs = comparing.runs_of(model.journey(strategy), seed, engines=engines)
        problem = comparing.difference(runs[0], runs[-1])
        print(strategy, problem or "the same")
        worst |= bool(problem)
    return worst


if __name__ == "__main__":
    sys.exit(main())
