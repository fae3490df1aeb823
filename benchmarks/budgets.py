"""What a matched budget costs when it was solved for before: ``python benchmarks/budgets.py [--turns N]``.

After one comparison of the shipped subscription business, a sensitivity, an effect and a claims check, each in turn
with the spend matched and with the same spend given; processor time of each, and the median of the ratios within turns.
"""

from __future__ import annotations

import argparse
import statistics
import time

import flywheel_sim as fs

#: What is asked, each on one worker so that processor time is that of the work.
QUESTIONS = {
    "sensitivity": lambda model: fs.sensitivity(model, "profit", "retention", replications=50, workers=1),
    "effect": lambda model: fs.effect(model, over="retention", replications=50, workers=1),
    "claims": lambda model: fs.claims(model, strategies=["funnel", "flywheel"], replications=50, workers=1),
}


def taken(question, model):
    """Return the processor time of a question, s."""
    begun = time.process_time()
    question(model)
    return time.process_time() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=15)
    turns = parser.parse_args().turns
    model = fs.load("subscription")
    begun = time.process_time()
    duel = fs.compare(model, replications=50, workers=1)
    print(f"compare, which solves for the budget: {time.process_time() - begun:.2f} s")
    given = model.at_spend("flywheel", duel.matches[0].spend)
    for name, question in QUESTIONS.items():
        question(given)  # what is compiled once is
        pairs = [(taken(question, given), taken(question, model)) for _ in range(turns)]
        ratio = statistics.median(matched / alone for alone, matched in pairs)
        alone, matched = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{name}: {alone:.3f} s with the spend given, {matched:.3f} s matched; median ratio {ratio:.3f}")


if __name__ == "__main__":
    main()
