"""A command that is killed while it writes leaves the whole older set of files or the whole newer one."""

import base64
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from urllib.parse import unquote

import pytest
from journeys import COINS
from test_kill import SweepFolder, host, running  # noqa: F401

WRITER = """
import sys
from itertools import count
from flywheel_sim.writing import named_files, put
for number in count(int(sys.argv[2])):
    names = ["results.csv", *(f"csv/{one}.csv" for one in range(number % 3, number % 3 + 5)), f"csv/of_{number}.csv"]
    page = f'<meta name="files" content="{named_files(names)}">{number}'
    put(sys.argv[1], {**{name: b"%d" % number * 2000 for name in names}, "report.html": page.encode()})
"""


def held(folder):
    """Return the files of a folder by name."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def named(page):
    return {unquote(name) for name in re.search(r'<meta name="files" content="([^"]*)">', page)[1].split()}


def test_a_writer_killed_at_any_moment_leaves_one_set(tmp_path):
    folder, luck, seen, half = tmp_path / "out", random.Random(3), set(), 0
    for kill in range(20):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder), str(kill * 10_000)])
        end = time.monotonic() + 30
        while not any(tmp_path.glob(".out.*.part")) and time.monotonic() < end:
            time.sleep(0.001)
        time.sleep(luck.uniform(0, 0.1))
        writer.kill()
        assert writer.wait(timeout=10) == -signal.SIGKILL
        for left in tmp_path.glob(".out.*.part"):
            half += 1
            shutil.rmtree(left)
        if not folder.exists():  # it had not come to its first set
            continue
        seen.add(the_one_set_in(folder))
    assert len(seen) > 5
    assert half > 5


@pytest.mark.parametrize("alone", [True, False])
def test_writers_of_one_folder_wait_for_one_another(tmp_path, alone):
    folder = tmp_path / "out"
    folder.mkdir()
    if not alone:
        (folder / "sweep.db").write_bytes(b"a store")
    line = [sys.executable, "-c", WRITER, str(folder)]
    hears = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}  # whoever began this process
    writers = [subprocess.Popen([*line, str(first)], stderr=subprocess.PIPE, **hears) for first in (0, 10_000)]
    time.sleep(1.5)
    try:
        for writer in writers:
            writer.send_signal(signal.SIGINT)  # so that each finishes the set it is at
            assert b"DataError" not in writer.communicate(timeout=20)[1]
    finally:
        for writer in writers:
            writer.kill()
    if not alone:
        assert (folder / "sweep.db").read_bytes() == b"a store"
        (folder / "sweep.db").unlink()
    the_one_set_in(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def the_one_set_in(folder):
    """Return the number of the set in a folder, after checking that nothing of another is in it."""
    files = held(folder)
    page = files.pop("report.html").decode()
    number = page.rpartition(">")[2]
    assert set(files) == named(page)
    assert set(files.values()) == {number.encode() * 2000}
    return number


@pytest.mark.slow
def test_a_command_killed_at_fifty_moments_leaves_one_report(host, tmp_path):  # noqa: F811
    config = tmp_path / "coins.yaml"
    config.write_text(COINS.replace("1 month", "2 months"), encoding="utf-8")
    place, luck, seen, killed = SweepFolder(tmp_path / "killed", config, host), random.Random(5), Counter(), Counter()
    how, folder, results = (config, "--replications", "3", "--workers", "1", "--seed"), place.folder / "out", {}
    lines = {"1": ["run", *how, "1"], "2": ["sensitivity", *how, "2", "--over", "heads", "--of", "revenue"]}
    for seed, line in lines.items():
        assert host(place.start(*line, "--out", place.folder / f"whole{seed}")) == 0
        results[seed] = (place.folder / f"whole{seed}" / "results.csv").read_bytes()
    for kill in range(50):
        number = place.start(*lines["12"[kill % 2]], "--out", folder)
        while running(number) and not staged(place.folder):
            time.sleep(0.001)
        time.sleep(0.06 * luck.random() ** 4)  # most often at once: a quick machine has written in a moment
        os.killpg(number, signal.SIGKILL)
        killed[host(number), bool(staged(place.folder))] += 1
        for left in staged(place.folder):
            shutil.rmtree(left)
        if not folder.exists():
            continue
        files = held(folder)
        page = files.pop("report.html").decode()
        assert set(files) == named(page)
        links = re.findall(r'download="([^"]*)" href="data:text/csv;base64,([^"]*)"', page)
        seed = re.search(r"seed (\d)", page)[1]
        data = {f"csv/{name}": base64.b64decode(text) for name, text in links}
        assert files == {**data, "results.csv": results[seed]}
        seen[seed] += 1
    print(f"\nkilled while writing {killed[-signal.SIGKILL, True]} times, at other moments "
          f"{sum(killed.values()) - killed[-signal.SIGKILL, True]}; found {dict(seen)}")  # fmt: skip
    assert killed[-signal.SIGKILL, True] >= 10
    assert set(seen) == {"1", "2"}


def staged(folder):
    """Return the hidden folders in which a report has been begun; that of the look before a run holds no chart."""
    return [one for one in folder.glob(".out.*.part") if any(one.glob("*/fan*.csv")) or any(one.glob("*/resp*.csv"))]
