"""Stores that are broken, in use, unwritable or none at all: refused in words, and nothing finished is lost."""

import os
import random
import resource
import sqlite3
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from journeys import COINS

from flywheel_sim.errors import DataError, ExperimentError, FlywheelError
from flywheel_sim.experiment.sweep import sweep as room
from flywheel_sim.experiment.sweep.journal import begin, look
from flywheel_sim.experiment.sweep.outcomes import Sweep
from flywheel_sim.experiment.sweep.sweep import sweep
from flywheel_sim.scenario.load import loads


@pytest.fixture(scope="module")
def model():
    return loads(COINS)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(room, "MOST_RUNS", 5)


def coins(model, store, **how):
    return sweep(model, values={"heads": "0.1:0.9:9"}, replications=20, of=["revenue"], store=store, **how)


@pytest.fixture(scope="module")
def finished(model, tmp_path_factory):
    """Return the bytes of a finished store, and of its export."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "MOST_RUNS", 5)
        swept = coins(model, folder / "sweep.db")
    return (folder / "sweep.db").read_bytes(), swept.export(folder / "out.csv").read_bytes()


def said(caught, path):
    """Return a message after checking that it names the place and a remedy."""
    text = str(caught.value)
    assert str(path) in text
    assert ";" in text
    assert "Traceback" not in text
    return text


# -- files that are no stores -----------------------------------------------------------------------


def other_database(path):
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE header (name TEXT, value TEXT)")
    db.commit()
    db.close()


NO_STORES = {
    "text": lambda path: path.write_text("point,value\n1,2\n" * 100, encoding="utf-8"),
    "a few bytes": lambda path: path.write_bytes(b"x"),
    "zeros": lambda path: path.write_bytes(bytes(8192)),
    "another database": other_database,
    "the head of a database": lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(84)),
}


@pytest.mark.parametrize("kind", NO_STORES)
def test_a_file_that_is_no_store_is_refused_and_left_alone(model, tmp_path, kind):
    path = tmp_path / "sweep.db"
    NO_STORES[kind](path)
    before = path.read_bytes()
    for attempt in (lambda: coins(model, path, resume=True), lambda: coins(model, path), lambda: Sweep.read(path)):
        with pytest.raises(FlywheelError) as caught:
            attempt()
        said(caught, path)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("place", ["nowhere/sweep.db", ".", "file/sweep.db", "a" * 300, "nul\0byte", "/proc/sweep.db"])
def test_a_place_where_no_store_can_be_is_refused_before_anything_runs(model, tmp_path, monkeypatch, place):
    monkeypatch.setattr(room, "run_many", None)
    (tmp_path / "file").touch()
    for resume in (False, True):
        with pytest.raises((DataError, ExperimentError), match=r"sweep\.db|file|takes the path of a file"):
            coins(model, tmp_path / place, resume=resume)
    with pytest.raises(DataError):
        Sweep.read(tmp_path / place)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("kind", ["a pipe", "a device", "a folder", "a link to a pipe"])
def test_what_is_no_file_is_refused_at_once(model, tmp_path, kind):
    path = tmp_path / "sweep.db"
    if kind == "a folder":
        path.mkdir()
    elif kind == "a pipe":
        os.mkfifo(path)
    else:
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to("/dev/null" if kind == "a device" else tmp_path / "pipe")
    attempts = (lambda: coins(model, path), lambda: coins(model, path, resume=True), lambda: Sweep.read(path),
                lambda: Sweep.salvage(path))  # fmt: skip
    for attempt in attempts:
        with pytest.raises(DataError, match="not a file; give the name of a file as store"):
            attempt()


def test_an_empty_file_is_begun_when_going_on_and_holds_nothing_to_read(model, tmp_path, finished):
    path = tmp_path / "sweep.db"
    path.touch()
    with pytest.raises(DataError, match="is empty"):
        Sweep.read(path)
    assert coins(model, path, resume=True).export(tmp_path / "out.csv").read_bytes() == finished[1]


def test_a_file_that_may_not_be_written(model, tmp_path, monkeypatch, finished):
    path = tmp_path / "sweep.db"
    path.write_bytes(finished[0])
    path.chmod(0o444)
    if os.geteuid() == 0:  # who may write everything
        monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(DataError, match="cannot be written to; change its permissions"):
        coins(model, path, resume=True)
    assert Sweep.read(path).export(tmp_path / "out.csv").read_bytes() == finished[1]


# -- damage -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.7, 0.85])
def test_a_truncated_store_is_refused_and_left_alone(model, tmp_path, finished, share):
    path = tmp_path / "sweep.db"
    left = finished[0][: int(share * len(finished[0]))]
    path.write_bytes(left)
    for attempt in (lambda: Sweep.read(path), lambda: coins(model, path, resume=True)):
        with pytest.raises(DataError) as caught:
            attempt()
        said(caught, path)
        assert path.read_bytes() == left


@pytest.mark.parametrize("luck", range(60))
def test_flipped_bytes_are_refused_or_change_nothing(model, tmp_path, finished, luck):
    path = tmp_path / "sweep.db"
    chance = random.Random(luck)
    damaged = bytearray(finished[0])
    for _ in range(chance.choice([1, 1, 20])):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    path.write_bytes(damaged)
    for attempt in (lambda: Sweep.read(path), lambda: coins(model, path, resume=True)):
        try:
            read = attempt()
        except FlywheelError:
            continue
        assert read.export(tmp_path / "out.csv").read_bytes() == finished[1]


def test_a_log_that_was_cut_off_loses_only_what_it_no_longer_holds(model, tmp_path, finished):
    path = tmp_path / "sweep.db"
    keep, copies = room.Journal.keep, []

    def copying(journal, *batch):
        keep(journal, *batch)
        copies.append((path.read_bytes(), path.with_name("sweep.db-wal").read_bytes()))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room.Journal, "keep", copying)
        coins(model, path)
    assert len(copies) == 36
    for at, cut in ((3, 0), (20, 1), (20, 5000), (30, 10**9)):
        whole, log = copies[at]
        path.write_bytes(whole)
        path.with_name("sweep.db-wal").write_bytes(log[: max(0, len(log) - cut)])
        if cut == 0:
            with look(path) as journal:
                assert len(list(journal.batches())) == at + 1
        swept = coins(model, path, resume=True)
        assert swept.export(tmp_path / "out.csv").read_bytes() == finished[1]


# -- two at once ------------------------------------------------------------------------------------


def test_two_writers_and_a_reader_at_once(model, tmp_path, finished):
    path = tmp_path / "sweep.db"
    path.write_bytes(finished[0])
    with look(path) as journal:
        header, points = journal.header, journal.points()
    with begin(path, header, points, resume=True) as journal:
        journal.keep(0, 0, 200, np.zeros((1, 5)))
        for attempt in (lambda: coins(model, path, resume=True), lambda: Sweep.read(path)):
            with pytest.raises(DataError, match="in use by another process; wait"):
                attempt()
        script = f"from flywheel_sim.experiment.sweep.outcomes import Sweep; Sweep.read({str(path)!r})"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert "in use by another process" in done.stderr
        journal.keep(0, 5, 200, np.ones((1, 5)))
    with look(path) as journal:
        assert [batch.values.sum() for batch in journal.batches()][:2] == [0, 5]


# -- a full disk ------------------------------------------------------------------------------------


@contextmanager
def little_room(size):
    """Let no file grow beyond a size, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [60_000, 120_000])
def test_a_full_disk_stops_a_sweep_that_goes_on_when_there_is_room(model, tmp_path, finished, size):
    path = tmp_path / "sweep.db"
    with little_room(size), pytest.raises(DataError) as caught:
        coins(model, path, workers=2)
    assert "cannot be written" in said(caught, path)
    assert "make room on the disk and go on with resume=True" in said(caught, path)
    with look(path) as journal:
        kept = len(list(journal.batches()))
    assert 0 < kept < 36
    assert coins(model, path, resume=True).export(tmp_path / "out.csv").read_bytes() == finished[1]


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_full_disk_leaves_no_half_export(tmp_path, finished, name):
    path = tmp_path / name
    (tmp_path / "sweep.db").write_bytes(finished[0])
    path.write_text("the one before", encoding="utf-8")
    swept = Sweep.read(tmp_path / "sweep.db")
    with little_room(500), pytest.raises(DataError, match="has room") as caught:
        swept.export(path)
    said(caught, path)
    assert path.read_text(encoding="utf-8") == "the one before"
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([name, "sweep.db"])


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_an_export_is_put_in_place_in_one_step(tmp_path, finished, monkeypatch, name):
    (tmp_path / "sweep.db").write_bytes(finished[0])
    (tmp_path / name).write_text("the one before", encoding="utf-8")
    moved = []

    def refusing(source, target):
        moved.append((os.path.getsize(source) > 100, target))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refusing)
    with pytest.raises(DataError, match="No space left"):
        Sweep.read(tmp_path / "sweep.db").export(tmp_path / name)
    assert moved == [(True, tmp_path / name)]
    assert (tmp_path / name).read_text(encoding="utf-8") == "the one before"


# -- exports ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "rule"),
    [
        ("out.xlsx", "no kind of file to export to"),
        ("out", "no kind of file to export to"),
        ("nowhere/out.csv", "choose a folder"),
        ("folder.csv", "not a file"),
        ("/proc/out.csv", "choose a folder"),
        ("/proc/out.parquet", "choose a folder"),
        ("a" * 300 + ".csv", "choose"),
        ("nul\0byte.csv", "choose"),
    ],
)
def test_an_export_that_cannot_be_written_is_refused(tmp_path, finished, place, rule):
    (tmp_path / "sweep.db").write_bytes(finished[0])
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError) as caught:
        Sweep.read(tmp_path / "sweep.db").export(tmp_path / place)
    assert rule in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.csv", "sweep.db"]
