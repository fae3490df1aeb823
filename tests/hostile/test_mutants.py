"""A thousand journeys that went wrong on the way: an answer or a message, in time and in bounds, never a traceback."""

import collections
import re

import pytest
from forked import faults
from mutants import SEED, as_is, mutant

LIMITS = ("--replications", "2", "--max-people", "20000", "--max-events", "200000", "--workers", "1", "--json")

#: A line of a message: a file (with line and column where it can be read) or a dotted path, the rule, the remedy.
MESSAGE = re.compile(r"^(?:[^\s:]+:\d+:\d+\b|[/\w.-]+:|strategy '|[\w-]+(?:\.[\w-]+)+).*; ?\S")


def tried(server, number):
    """Validate a mutant, run it where it is valid, and return the outcomes and what is wrong with them."""
    what, raw = mutant(number)
    place = server.place()
    as_is(place.work)
    (place.work / "mutant.yaml").write_bytes(raw)
    around, inside = place.around(), place.inside()
    outcomes, found = [], []
    for words in (("validate", "mutant.yaml"), ("run", "mutant.yaml", *LIMITS)):
        outcome = server.run(words, place)
        outcomes.append(outcome)
        found += [
            (kind, f"{words[0]}: {text}")
            for kind, text in faults(outcome, {0, 2} if words[0] == "validate" else {0, 2, 3}, words[0] != "validate")
        ]
        if words[0] == "validate" and outcome.code == 2:
            lines = outcome.err.decode("utf-8", "replace").splitlines()
            found += [("message", f"no place: {line[:300]!r}") for line in lines if not MESSAGE.match(line)][:1]
        if outcome.code != 0:
            break
    if (place.around(), place.inside()) != (around, inside):
        found.append(("files", "something was written, changed or removed"))
    server.done_with(place)
    return what, outcomes, found


def judged(server, numbers):
    """Try mutants, print the line of the table, and return what was wrong, with the mutant."""
    wrong, counts, slowest, largest = [], collections.Counter(), 0.0, 0.0
    for number in numbers:
        what, outcomes, found = tried(server, number)
        counts[outcomes[-1].code if len(outcomes) == 1 or outcomes[-1].code else "run"] += 1
        slowest, largest = max(slowest, *(o.seconds for o in outcomes)), max(largest, *(o.mb for o in outcomes))
        wrong += [f"{what}: {kind}: {text}" for kind, text in found]
    kinds = collections.Counter(line.split(": ")[2] for line in wrong)
    ran, refused, limited = counts["run"], counts[2], counts[3]
    total, none = sum(counts.values()), "none"
    print(
        f"\n{total:,} mutants from seed {SEED}: {ran} ran, {refused} refused, {limited} stopped by a limit, "
        f"{total - ran - refused - limited} else; wrong: {dict(kinds) or none}; slowest {slowest:.2f} s, "
        f"largest {largest:.0f} MB beyond {server.base:.0f} MB"
    )
    return wrong


def test_forty_mutants(server):
    assert judged(server, range(0, 1_000, 25)) == []


@pytest.mark.slow
def test_a_thousand_mutants(server):
    wrong = judged(server, range(1_000))
    assert wrong == [], "\n".join(wrong)
