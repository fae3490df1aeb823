"""Full disks, folders that cannot be written, commands that are killed or stopped, two writers: all or nothing.

Every command is a process of its own, forked from a server (`forked`). One with another seed writes over an older
report; whatever happens, the folder holds one of the two, whole.
"""

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import time

import pytest
from forked import JOURNEY, faults

WRITE = ("journey.yaml", "--replications", "4", "--workers", "1", "--out", "out", "--seed")
OLDER, NEWER, THIRD = "1", "2", "3"
TEN_MILLION = JOURNEY.replace("rate: 20 per month", "rate: 1700000 per month")
SWEEP = (
    "sweep",
    "journey.yaml",
    "--strategies",
    "loud",
    "--values",
    "buys=20 %:40 %:5",
    "--replications",
    "4",
    "--workers",
    "1",
    "--store",
    "s.db",
)

#: How often people of the small journey bring others.
TALKS = "every: 0.1 per month, refer"

#: People who affect one another, and who bring more and more: in a market, a queue, a count and a mean that all share.
EXPLOSIONS = {
    "a market": [("currency: EUR", "currency: EUR\nmarket: 1000000000"), (TALKS, "every: 10 per day, refer")],
    "a queue": [
        (TALKS, "every: 10 per day, refer"), ("journey:\n", "resources:\n  team: {people: 1}\njourney:\n"),
        ("asked:   {after: 20 days, ", "asked: {after: 1 day, staff: team, takes: 1 hour, "),
    ],
    "a count": [
        ("attributes:\n", "attributes:\n  many: {count_of: customer}\n"),
        (TALKS, "every: {value: 1 per month, times: {many: {0: 1, 10: 10, 100: 1000}}}, refer"),
    ],
    "a mean": [
        ("attributes:\n", "attributes:\n  stars: {mean_of: plan, weights: {basic: 1, premium: 2}, among: customer, "
         "starts: 1}\n"),
        (TALKS, "every: {value: 10 per day, times: {stars: {1.2: 3}}}, refer"),
    ],
    "nobody else": [(TALKS, "every: 10 per day, refer")],
}  # fmt: skip


def tree(folder):
    """Return the bytes of all files of a folder, without those that are hidden; None where there is no folder."""
    if not folder.is_dir():
        return None
    paths = (path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: path.read_bytes() for name, path in named.items() if not any(p[0] == "." for p in name.split("/"))}


@pytest.fixture(scope="module")
def reports(server, request):
    """Return the report of each seed, by path, how long one takes, and the words of the command; its seed follows."""
    words = ("compare" if request.config.getoption("--slow") else "run", *WRITE)
    found, took = {"words": words}, []
    for seed in (OLDER, NEWER, THIRD, *([NEWER] if words[0] == "compare" else [])):
        made = server.place()
        (made.work / "journey.yaml").write_text(JOURNEY, encoding="utf-8")
        outcome = server.run((*words, seed), made)
        assert outcome.code == 0, outcome.text
        took.append(outcome.seconds)
        whole = tree(made.work / "out")
        assert found.setdefault(seed, whole) == whole, "one seed has to give the same bytes"
        server.done_with(made)
    assert len({str(sorted(found[seed].items())) for seed in (OLDER, NEWER, THIRD)}) == 3
    return found | {"seconds": min(took)}


def older_in(place, reports, name="out"):
    """Put the older report into a place."""
    shutil.rmtree(place.work / name, ignore_errors=True)
    for path, raw in reports[OLDER].items():
        (place.work / name / path).parent.mkdir(parents=True, exist_ok=True)
        (place.work / name / path).write_bytes(raw)


def mixed(place, reports, *seeds):
    """Return nothing where the folder holds the report of one of these seeds, whole; else what it holds, in words."""
    now = tree(place.work / "out")
    if any(now == reports[seed] for seed in seeds):
        return ""
    of = {OLDER: 0, NEWER: 0, THIRD: 0, "none": 0}
    for name, raw in (now or {}).items():
        of[next((seed for seed in (OLDER, NEWER, THIRD) if reports[seed].get(name) == raw), "none")] += 1
    missing = len(reports[OLDER].keys() - (now or {}).keys())
    files = f"{of[OLDER]} files of the older, {of[NEWER]} of the newer, {of[THIRD]} of a third"
    return f"{files}, {of['none']} of none, {missing} missing"


# -- killed -------------------------------------------------------------------------------------------


def killed(server, place, reports, moments):
    """Kill a command at moments (seconds) over the older report; return what was wrong, and how many fell where."""
    wrong, fell = [], {"before": 0, "after": 0, "ended": 0}
    for moment in moments:
        older_in(place, reports)
        outcome = server.run((*reports["words"], NEWER), place, signal=signal.SIGKILL, after=moment)
        if said := mixed(place, reports, OLDER, NEWER):
            wrong.append(f"killed after {moment:.3f} s: {said}")
        fell["before" if tree(place.work / "out") == reports[OLDER] else "after" if outcome.since else "ended"] += 1
    return wrong, fell


def killed_at_steps(server, place, reports, steps):
    """Kill a command just before it changes files for the nth time; return what was wrong, and how many were killed."""
    wrong, done = [], 0
    for step in steps:
        older_in(place, reports)
        outcome = server.run((*reports["words"], NEWER), place, step=step)
        if said := mixed(place, reports, OLDER, NEWER):
            wrong.append(f"killed at change {step} of files: {said}")
        if outcome.code == 0:
            break
        assert outcome.code == -signal.SIGKILL, outcome.text
        done += 1
    return wrong, done


def writes_after(server, place, reports):
    """Check that what a killed process leaves behind does not hinder the next one."""
    outcome = server.run((*reports["words"], NEWER), place)
    assert (outcome.code, mixed(place, reports, NEWER)) == (0, "")


def test_a_report_whose_writing_is_killed_is_the_older_or_the_newer(server, place, reports):
    wrong, done = killed_at_steps(server, place, reports, (2, 7, 12, 17))
    assert wrong == []
    assert done >= 1
    writes_after(server, place, reports)


@pytest.mark.slow
def test_a_report_killed_at_every_change_of_files(server, place, reports):
    wrong, done = killed_at_steps(server, place, reports, range(1, 400))
    print(f"\nkilled before each of {done} changes of files: {len(wrong)} mixed reports")
    assert wrong == [], "\n".join(wrong)
    assert 10 < done < 399
    writes_after(server, place, reports)


@pytest.mark.slow
def test_a_report_killed_at_fifty_moments(server, place, reports):
    luck, last = random.Random(50), reports["seconds"]
    moments = [luck.uniform(0, last) for _ in range(20)] + [luck.uniform(last - 0.3, last + 0.1) for _ in range(30)]
    wrong, fell = killed(server, place, reports, sorted(moments))
    print(
        f"\nkilled at 50 moments of {last:.2f} s, 30 of them around the last 0.3 s: {fell['before']} times the older "
        f"report, {fell['after']} times not that one, {fell['ended']} times it had ended; {len(wrong)} mixed reports"
    )
    assert wrong == [], "\n".join(wrong)
    writes_after(server, place, reports)


# -- full disks ---------------------------------------------------------------------------------------


def refused(outcome, place, reports, codes=(2,)):
    """Return what is wrong with a command that could not write: it must say so, and leave the older report."""
    found = [f"{kind}: {text}" for kind, text in faults(outcome, codes, running=True) if kind != "slow"]
    return found + ([said] if (said := mixed(place, reports, OLDER if outcome.code else NEWER)) else [])


@pytest.mark.parametrize(
    "size", [200, *(pytest.param(size, marks=pytest.mark.slow) for size in (0, 2_000, 20_000, 100_000, 400_000))]
)
def test_files_that_may_not_get_so_large(server, place, reports, size):
    older_in(place, reports)
    assert size < len(reports[NEWER]["report.html"])
    assert (
        refused(server.run((*reports["words"], NEWER), place, most_bytes=size, stdout="/dev/null"), place, reports)
        == []
    )


@contextlib.contextmanager
def mounted(folder, **how):
    """Mount a small disk at a folder."""
    folder.mkdir(exist_ok=True)
    options = ",".join(f"{name}={value}" if value else name for name, value in how.items())
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize(
    "room", [0, *(pytest.param(room, marks=pytest.mark.slow) for room in (4, 40, 200, 500))], ids="{} kB left".format
)
@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="mounting a small disk takes root")
def test_a_full_disk(server, place, reports, room):
    with mounted(place.work, size="20m"):
        (place.work / "journey.yaml").write_text(JOURNEY, encoding="utf-8")
        older_in(place, reports)
        used = sum(-(-path.stat().st_size // 4096) * 4 for path in place.work.rglob("*") if path.is_file())
        subprocess.run(["mount", "-o", f"remount,size={used + room}k", place.work], check=True)
        assert refused(server.run((*reports["words"], NEWER), place), place, reports, (0, 2)) == []
        subprocess.run(["mount", "-o", "remount,size=20m", place.work], check=True)
        writes_after(server, place, reports)


@pytest.mark.parametrize("more", [(), pytest.param(("--json",), marks=pytest.mark.slow)])
def test_output_that_goes_to_a_full_disk(server, place, more):
    words = ("run", "journey.yaml", "--replications", "2", *more)
    assert faults(server.run(words, place, stdout="/dev/full"), {2}, running=True) == []


# -- folders that cannot be written -------------------------------------------------------------------

#: What may not be written, by its mode, and how it may end: what lies in a writable folder can be replaced.
LOCKED = {
    "anything": ((".", "csv", "results.csv", "report.html", ".."), 0o555, (2,)), "the folder": ((".",), 0o555, (0, 2)),
    "the folder of data": (("csv",), 0o555, (0, 2)), "a file": (("results.csv",), 0o444, (0, 2)),
}  # fmt: skip


@pytest.mark.parametrize("what", ["anything", *(pytest.param(one, marks=pytest.mark.slow) for one in [*LOCKED][1:])])
@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="giving up what root may do takes root")
def test_a_folder_that_may_not_be_written(server, place, reports, what):
    older_in(place, reports)
    names, mode, codes = LOCKED[what]
    for name in names:
        (place.work / "out" / name).chmod(mode)
    outcome = server.run((*reports["words"], NEWER), place, powerless=True)
    assert refused(outcome, place, reports, codes) == []


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="mounting takes root")
@pytest.mark.slow
def test_a_disk_that_is_read_only(server, place, reports):
    with mounted(place.work, size="20m"):
        (place.work / "journey.yaml").write_text(JOURNEY, encoding="utf-8")
        older_in(place, reports)
        subprocess.run(["mount", "-o", "remount,ro", place.work], check=True)
        assert refused(server.run((*reports["words"], NEWER), place), place, reports) == []
        read = server.run(("run", "journey.yaml", "--replications", "2"), place)
        assert faults(read, {0}) == []  # what writes nothing runs


# -- two writers --------------------------------------------------------------------------------------


def two_write(server, place, reports):
    older_in(place, reports)
    both = server.together([(*reports["words"], NEWER), (*reports["words"], THIRD)], place, hangs=30)
    found = [
        f"{kind}: {text}" for outcome in both for kind, text in faults(outcome, {0, 2}, running=True) if kind != "slow"
    ]
    done = [seed for outcome, seed in zip(both, (NEWER, THIRD), strict=True) if outcome.code == 0]
    if not done:
        found.append("neither wrote its report")
    return found + ([said] if (said := mixed(place, reports, *done)) else [])


def test_two_reports_written_to_one_folder_at_a_time(server, place, reports):
    assert two_write(server, place, reports) == []


@pytest.mark.slow
def test_two_reports_written_to_one_folder_again_and_again(server, place, reports):
    assert [found for _ in range(12) if (found := two_write(server, place, reports))] == []


def test_two_sweeps_on_one_store(server, place):
    long = tuple("1000" if word == "4" else word for word in SWEEP)
    one, other = server.together([long, long], place, hangs=60)
    assert sorted((one.code, other.code)) == [0, 2], one.text + other.text
    refusal = one if one.code == 2 else other
    assert [kind for kind, _ in faults(refusal, {2}, running=True) if kind != "slow"] == []
    assert b"s.db" in refusal.err
    exported = server.run(("export", "s.db", "both.csv"), place)
    assert exported.code == 0, exported.text
    alone = tuple("alone.db" if word == "s.db" else word for word in long)
    assert server.run(alone, place, hangs=60).code == 0
    assert server.run(("export", "alone.db", "alone.csv"), place).code == 0
    assert (place.work / "both.csv").read_bytes() == (place.work / "alone.csv").read_bytes()


# -- bytes of a store ---------------------------------------------------------------------------------


def flipped(server, place, count):
    """Flip a byte of a store again and again; return how its export then went, and what was wrong."""
    assert server.run(SWEEP, place).code == 0
    assert server.run(("export", "s.db", "whole.csv"), place).code == 0
    raw, whole, luck = (place.work / "s.db").read_bytes(), (place.work / "whole.csv").read_bytes(), random.Random(5)
    figures = set(whole.splitlines())
    wrong, ended = [], {0: 0, 2: 0}
    for _ in range(count):
        at, bit = luck.randrange(len(raw)), 1 << luck.randrange(8)
        (place.work / "s.db").write_bytes(raw[:at] + bytes([raw[at] ^ bit]) + raw[at + 1 :])
        (place.work / "flipped.csv").unlink(missing_ok=True)
        outcome = server.run(("export", "s.db", "flipped.csv"), place)
        wrong += [f"byte {at}, bit {bit}: {kind}: {text}" for kind, text in faults(outcome, {0, 2, 3}, running=True)]
        ended[outcome.code] = ended.get(outcome.code, 0) + 1
        if outcome.code == 0:
            rows = (place.work / "flipped.csv").read_bytes().splitlines()
            other = [row for row in rows if row not in figures]
            if any(b"not finished" not in row and row.count(b",,") < 2 for row in other):
                wrong.append(f"byte {at}, bit {bit}: other figures: {other[:2]}")
    return wrong, ended


def test_flipped_bytes_of_a_store(server, place):
    wrong, _ = flipped(server, place, 10)
    assert wrong == []


@pytest.mark.slow
def test_three_hundred_flipped_bytes_of_a_store(server, place):
    wrong, ended = flipped(server, place, 300)
    told = sum(ended.values()) - ended[0]
    print(f"\n300 flipped bytes of a store: {ended[0]} exports as before, {told} refused, {len(wrong)} wrong")
    assert wrong == [], "\n".join(wrong)


# -- stopped ------------------------------------------------------------------------------------------

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

ONE = ("journey.yaml", "--replications", "1")
MANY = ("journey.yaml", "--replications", "1000000", "--max-memory", "64")

#: What can be stopped: the words, and whether something is complete by then.
STOPPABLE = {
    "one long replication": (("run", *ONE, "--max-people", "1000000000"), False),
    "one long replication, in others' sight": (("run", *ONE, "--set", "market=1000000000"), False),
    "two long replications, compared": (("compare", *ONE), False),
    "many replications": (("run", *MANY), True),
    "many replications, one worker": (("run", *MANY, "--workers", "1"), True),
    "many replications, as JSON": (("run", *MANY, "--json"), True),
    "many replications, compared": (("compare", *MANY), True),
    "until precise": (("run", *MANY[:1], *MANY[3:], "--precision", "profit=0.0001 %", "--at-most", "1000000"), True),
    "a sweep": (("sweep", "journey.yaml", "--strategies", "loud", "--values", "buys=20 %:40 %:50", "--replications",
                 "2000", "--store", "s.db"), False),
}  # fmt: skip


def stopped(server, place, what, number):
    """Stop a command by a signal, and return what is wrong with how it ended."""
    words, some = STOPPABLE[what]
    text = TEN_MILLION if what.startswith(("one", "two")) else JOURNEY
    (place.work / "journey.yaml").write_text(text, encoding="utf-8")
    outcome = server.run(words, place, hangs=20, signal=number, after=1.2)
    found = []
    if b"Traceback (" in outcome.said:
        found.append(f"traceback: {outcome.text.strip().splitlines()[-1]}")
    if not outcome.since:
        found.append(f"ended by itself after {outcome.seconds:.2f} s: {outcome.text[-200:]}")
    if outcome.since > 1.0 + outcome_delay():
        found.append(f"ended {outcome.since:.1f} s after the signal")
    if outcome.code != 130:
        found.append(f"exit status {outcome.code}")
    if some and not outcome.out.strip():
        found.append("nothing that was complete was printed")
    if not outcome.err.strip():
        found.append("nothing was said")
    server.done_with(place)
    return found, outcome.since


def outcome_delay():
    """Return how many seconds more a busy machine may take: as many as processes wait for each processor."""
    return max(0.0, os.getloadavg()[0] / os.cpu_count() - 0.5)


@pytest.mark.parametrize("what", ["one long replication", "many replications"])
def test_a_run_is_stopped_at_once(server, place, what):
    found, _ = stopped(server, place, what, signal.SIGINT)
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("number", SIGNALS, ids=[one.name for one in SIGNALS])
@pytest.mark.parametrize("what", STOPPABLE)
def test_whatever_is_stopped_says_what_is_complete(server, what, number):
    place = server.place()
    found, since = stopped(server, place, what, number)
    print(f"\n{number.name} in {what}: ended {since:.2f} s later")
    assert found == []


@pytest.mark.slow
def test_a_stopped_comparison_leaves_the_older_report_or_writes_what_is_complete(server, place, reports):
    older_in(place, reports)
    words = (
        "compare",
        "journey.yaml",
        "--replications",
        "1000000",
        "--max-memory",
        "64",
        "--out",
        "out",
        "--seed",
        NEWER,
    )
    outcome = server.run(words, place, hangs=30, signal=signal.SIGINT, after=1.2)
    assert outcome.code == 130
    now = tree(place.work / "out")
    if now != reports[OLDER]:  # then all of it is new
        assert now.keys() >= {"report.html", "results.csv"}
        assert [
            name for name, raw in now.items() if reports[OLDER].get(name) == raw and name != "csv/stage_flow.csv"
        ] == []


# -- memory -------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("what", EXPLOSIONS)
def test_an_explosion_ends_within_the_memory_allowed(server, place, what):
    text = JOURNEY.replace("horizon: 6 months", "horizon: 24 months")
    for old, new in EXPLOSIONS[what]:
        assert old in text
        text = text.replace(old, new)
    (place.work / "journey.yaml").write_text(text, encoding="utf-8")
    begun = time.monotonic()
    outcome = server.run(
        ("run", "journey.yaml", "--replications", "1", "--workers", "1", "--max-memory", "1"), place, hangs=120
    )
    peak = (server.base + outcome.mb) / 1024
    print(f"\n{what}: exit {outcome.code} after {time.monotonic() - begun:.1f} s, {peak:.2f} GiB at most")
    assert b"Traceback (" not in outcome.said
    assert outcome.code == 3, outcome.text[-300:]
    assert peak < 1.2
    assert re.search(rb"more than .*;", outcome.err)
