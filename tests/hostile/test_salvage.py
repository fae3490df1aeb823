"""Damaged stores: whatever is damaged, what is sound is saved, nothing false is, and the store stays as it is."""

import json
import random
import shutil
import sqlite3

import numpy as np
import pandas as pd
import pytest
from journeys import COINS

from flywheel_sim.errors import DataError
from flywheel_sim.experiment.sweep import sweep as room
from flywheel_sim.experiment.sweep.journal import LIMIT, WORKER, begin, checksum
from flywheel_sim.experiment.sweep.outcomes import Sweep
from flywheel_sim.experiment.sweep.sweep import sweep
from flywheel_sim.scenario.load import loads

TWO_COINS = COINS + "strategies: {plain: {}, none: {rates: {heads: 0 %}}}\n"
POINTS, RUNS, METRICS = 6, 260, ("revenue", "active_customers", "clv")


def swept(store, **how):
    values = {"heads": [0.1, "50 %", 0.9]}
    return sweep(loads(TWO_COINS), values=values, replications=RUNS, of=list(METRICS), store=store, workers=1, **how)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return a finished store, some of whose rows go on in other pages, and what salvage gives of it."""
    path = tmp_path_factory.mktemp("finished") / "sweep.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "MOST_RUNS", 130)
        whole = swept(path)
    assert whole.values.shape == (POINTS, 3, RUNS)
    assert path.stat().st_size > 8 * 4096
    return path, whole


@pytest.fixture(scope="module")
def true(finished):
    """Return every value of the store by point, replication and metric, or number of the metric."""
    path, whole = finished
    named = {(p, r, name): whole.values[p, m, r] for p in range(POINTS) for m, name in enumerate(METRICS)
             for r in range(RUNS)}  # fmt: skip
    db = sqlite3.connect(path)
    for point, first, count, figures in db.execute("SELECT point, first, count, figures FROM batches"):
        rows = np.frombuffer(figures, "<f8").reshape(-1, count)
        named |= {(point, first + at, str(m)): rows[m, at] for m in range(len(rows)) for at in range(count)}
    db.close()
    return named


def check_true(table, whole, true):
    """Check that every row of a table is one of the store as it was written."""
    values = [true[key] for key in zip(table["point"], table["replication"], table["metric"], strict=True)]
    assert np.array_equal(table["value"], np.array(values, dtype=float), equal_nan=True)
    assert not table.duplicated(["point", "replication", "metric"]).any()
    for point, rows in table.groupby("point"):
        assert set(rows["strategy"]) <= {"", whole.strategies[point]}
        if "heads" in table:
            assert set(map(str, rows["heads"])) <= {"", str(whole.stated[point][0])}


def salvaged(path, whole, true):
    """Return what is saved of a damaged store, None where it says in words that nothing can be; it is not touched."""
    before = {one.name: one.read_bytes() for one in path.parent.iterdir()}
    table, said = None, ""
    try:
        table = Sweep.salvage(path)
    except DataError as error:
        said = str(error)
    assert {one.name: one.read_bytes() for one in path.parent.iterdir()} == before
    if table is None:
        assert str(path) in said
        assert ";" in said
    else:
        check_true(table, whole, true)
    return table


def test_of_a_sound_store_everything_is_saved(finished, true):
    path, whole = finished
    table = salvaged(path, whole, true)
    assert list(table.columns) == ["point", "heads", "strategy", "replication", "metric", "value", "note"]
    assert len(table) == POINTS * RUNS * len(METRICS)
    assert table.attrs == {"lost": 0, "missing": 0, "named": True}
    assert table["heads"].tolist()[:: RUNS * 6] == ["0.1", "50 %", "0.9"]
    for point in range(POINTS):
        wide = table[table.point == point].pivot(index="replication", columns="metric", values="value")
        assert np.array_equal(wide[list(METRICS)].to_numpy(), whole.replications(point).to_numpy(), equal_nan=True)


def damage(finished, true, tmp_path, of, places):
    """Return the fewest rows saved of the store damaged in every place, and how often nothing was."""
    path, whole = finished
    sound, few, nothing = path.read_bytes(), POINTS * RUNS * 3, 0
    target = tmp_path / "damaged.db"
    for place in places:
        target.write_bytes(of(sound, place))
        table = salvaged(target, whole, true)
        nothing += table is None
        few = min(few, len(table) if table is not None else few)
    return few, nothing


def flipped(sound, place):
    return sound[:place] + bytes([sound[place] ^ (1 << place % 8)]) + sound[place + 1 :]


def test_one_byte_costs_one_batch_at_most(finished, true, tmp_path):
    size, luck = finished[0].stat().st_size, random.Random(4)
    places = [*range(0, 120, 3), *(luck.randrange(size) for _ in range(80))]
    few, nothing = damage(finished, true, tmp_path, flipped, places)
    assert nothing == 0
    assert few >= (POINTS * 2 - 1) * 130 * 3


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_every_byte_costs_one_batch_at_most(finished, true, tmp_path, part):
    places = range(part, finished[0].stat().st_size, 8)
    few, nothing = damage(finished, true, tmp_path, flipped, places)
    assert nothing == 0
    assert few >= (POINTS * 2 - 1) * 130 * 3


def test_a_truncated_store_gives_what_it_still_holds(finished, true, tmp_path):
    size = finished[0].stat().st_size
    places = [*range(0, size, 2003), *range(size - 9, size)]
    _, nothing = damage(finished, true, tmp_path, lambda sound, place: sound[:place], places)
    assert nothing <= sum(place < 2 * 4096 for place in places)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_every_length_of_a_truncated_store(finished, true, tmp_path, part):
    size = finished[0].stat().st_size
    damage(finished, true, tmp_path, lambda sound, place: sound[:place], range(part, size, 8))


@pytest.mark.parametrize("luck", range(6))
def test_whole_pages_of_rubbish(finished, true, tmp_path, luck):
    def rubbish(sound, place):
        chance = random.Random(place)
        at = chance.randrange(len(sound) // 4096) * 4096
        fill = chance.choice([bytes(4096), chance.randbytes(4096), b"\x0d\x00" * 2048, sound[:4096]])
        return sound[:at] + fill + sound[at + 4096 :]

    damage(finished, true, tmp_path, rubbish, range(luck * 10, luck * 10 + 10))


CHANGES = {
    "no header": "DELETE FROM header",
    "no names of metrics": "DELETE FROM header WHERE name IN ('metrics', 'units')",
    "metrics of which the units are left": "DELETE FROM header WHERE name = 'metrics'",
    "a header without checksums": "UPDATE header SET crc = 0",
    "no points": "DELETE FROM points",
    "no table of points": "DROP TABLE points",
    "no table of the header": "DROP TABLE header",
    "no kind": "PRAGMA application_id = 0",
    "another format": "PRAGMA user_version = 7",
    "points that are damaged": "UPDATE points SET stated = '[\"plain\", 0.7]' WHERE point = 2",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_header_that_is_damaged(finished, true, tmp_path, change):
    path, whole = finished
    damaged = tmp_path / "damaged.db"
    shutil.copy(path, damaged)
    db = sqlite3.connect(damaged, isolation_level=None)
    db.execute(CHANGES[change])
    db.execute("VACUUM")
    db.close()
    table = salvaged(damaged, whole, true)
    named = change in ("metrics of which the units are left", "no points", "no table of points", "no kind",
                       "another format", "points that are damaged")  # fmt: skip
    assert table.attrs["named"] is named
    n = table["metric"].nunique()
    assert len(table) == POINTS * RUNS * n
    assert set(table["metric"]) == (set(METRICS) if named else set(map(str, range(n))))
    assert named or n > len(METRICS), "clv is a ratio, whose sums are kept too"
    with pytest.raises(DataError, match="flywheel export STORE FILE --salvage"):
        Sweep.read(damaged)


def test_a_store_whose_writer_was_killed_is_read_with_its_log(finished, true, tmp_path, monkeypatch):
    whole = finished[1]
    store, kept = tmp_path / "running" / "sweep.db", tmp_path / "killed"
    store.parent.mkdir(), kept.mkdir()
    keep, copies = room.Journal.keep, []

    def copying(journal, *batch):
        keep(journal, *batch)
        copies.append(batch)
        if len(copies) == 7:
            for one in store.parent.iterdir():
                shutil.copy(one, kept)

    monkeypatch.setattr(room.Journal, "keep", copying)
    monkeypatch.setattr(room, "MOST_RUNS", 130)
    swept(store)
    log = kept / "sweep.db-wal"
    assert log.stat().st_size > 4096
    table = salvaged(kept / "sweep.db", whole, true)
    assert len(table) == 7 * 130 * 3
    assert table.attrs["missing"] == (POINTS * 2 - 7) * 130
    sound = log.read_bytes()
    for place in (*range(0, 56, 5), 8000, len(sound) // 2, len(sound) - 9):
        log.write_bytes(flipped(sound, place))
        assert len(salvaged(kept / "sweep.db", whole, true)) >= 3 * 130 * 3
    log.write_bytes(sound[: len(sound) // 2])
    salvaged(kept / "sweep.db", whole, true)


def test_what_was_set_aside_is_noted_unless_it_is_tried_again(tmp_path):
    header = {"scenario": {}, "fingerprints": {}, "version": "1", "engine": "kernel", "seed": 0, "factors": [],
              "metrics": ["revenue"], "limits": {}, "replications": 4, "design": "grid"}  # fmt: skip
    path, points = tmp_path / "sweep.db", [["plain"], ["plain"], [None]]
    with begin(path, header, points) as journal:
        for point in range(3):
            journal.keep(point, 0, 9, np.array([[1.0, 2.0]]))
        journal.put_aside(1, 2, LIMIT, "replication 2: too many")
        journal.put_aside(2, 2, WORKER, "its worker died")
    begin(path, header, points, resume=True).close()
    table = Sweep.salvage(path)
    assert table.groupby("point")["note"].unique().map(list).tolist() == [
        [""], ["set aside: replication 2: too many"], [""],
    ]  # fmt: skip
    assert table["strategy"].tolist() == ["plain"] * 4 + ["as written"] * 2
    assert table.attrs["missing"] == 4


@pytest.mark.parametrize("said", ["5", "null", '"text"', "[[]]", '{"a": 1}', "-3", "1e999"])
def test_a_header_that_says_something_else_with_sound_checksums(finished, tmp_path, said):
    damaged = tmp_path / "damaged.db"
    shutil.copy(finished[0], damaged)
    db = sqlite3.connect(damaged, isolation_level=None)
    for table, name, value in (("header", "name", "value"), ("points", "point", "stated")):
        for (key,) in db.execute(f"SELECT {name} FROM {table}").fetchall():
            row = (said, checksum((key, said)), key)
            db.execute(f"UPDATE {table} SET {value} = ?, crc = ? WHERE {name} = ?", row)
    row = (10**15, 0, 10**9, 1, b"")
    db.execute("INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?)", (*row, checksum(row)))
    db.close()
    assert len(Sweep.salvage(damaged)) >= POINTS * RUNS
    for attempt in (Sweep.read, lambda path: swept(path, resume=True)):
        with pytest.raises(DataError, match="--salvage"):
            attempt(damaged)


@pytest.mark.parametrize("kind", ["text", "another database", "zeros", "nothing"])
def test_what_is_no_store_gives_nothing(tmp_path, kind):
    path = tmp_path / "sweep.db"
    if kind == "another database":
        db = sqlite3.connect(path)
        db.execute("CREATE TABLE header (name TEXT PRIMARY KEY, value TEXT, crc INTEGER) WITHOUT ROWID")
        db.executemany("INSERT INTO header VALUES (?, ?, ?)", [(f"name{n}", json.dumps(n), n) for n in range(300)])
        db.commit()
        db.close()
    else:
        path.write_bytes({"text": b"point,value\n1,2\n" * 800, "zeros": bytes(9000), "nothing": b""}[kind])
    with pytest.raises(DataError, match="nothing of a sweep's store can be read in it; give"):
        Sweep.salvage(path)


def test_the_command_says_what_could_not_be_saved(finished, tmp_path, command):
    path, _ = finished
    damaged = tmp_path / "damaged.db"
    shutil.copy(path, damaged)
    db = sqlite3.connect(damaged, isolation_level=None)
    db.execute("UPDATE batches SET figures = zeroblob(length(figures)) WHERE point = 2 AND first = 0")
    db.execute("UPDATE header SET value = '7' WHERE name = 'seed'")
    db.close()
    status, _, err = command("export", str(damaged), str(tmp_path / "out.csv"))
    assert status == 2
    assert "flywheel export STORE FILE --salvage" in err
    for name, read in (("out.csv", pd.read_csv), ("out.parquet", pd.read_parquet)):
        status, out, err = command("export", str(damaged), str(tmp_path / name), "--salvage")
        assert (status, out) == (0, "")
        assert "2 rows of the store are damaged and could not be saved" in err
        assert "130 replications of those asked for are not there: damaged, or never run" in err
        assert f"{(POINTS * RUNS - 130) * 3:,} rows: {tmp_path / name}" in err
        assert len(read(tmp_path / name)) == (POINTS * RUNS - 130) * 3
