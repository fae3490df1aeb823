"""The store: what is written is there again, what does not belong together is refused."""

import json
import math
import sqlite3

import numpy as np
import pytest

from flywheel_sim.errors import DataError, ExperimentError
from flywheel_sim.experiment.sweep.journal import IMPOSSIBLE, LIMIT, WORKER, Aside, begin, look

HEADER = {
    "scenario": {"rates": {"retention": {"value": "91 %"}}, "name": "Shop"}, "fingerprints": {"loud": "a1"},
    "version": "1.0", "engine": "kernel", "seed": 0, "factors": ["retention"], "metrics": ["revenue", "clv"],
    "limits": {"max_people": 10}, "replications": 8, "design": "grid",
}  # fmt: skip
POINTS = [["loud", 0.9], ["loud", "92 %"], [None, None]]
VALUES = np.array([[1.5, -0.0, math.inf], [math.nan, 2.0**-1074, 1e308]])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sweep.db"


def start(path, **other):
    return begin(path, HEADER | other, POINTS)


def go_on(path, points=POINTS, **other):
    return begin(path, HEADER | other, points, resume=True)


def test_what_is_kept_is_there_again_to_the_last_bit(path):
    with start(path) as journal:
        journal.keep(1, 5, 300, VALUES)
        journal.keep(0, 0, 200, VALUES + 1)
        journal.keep_spend(2, 1388.5941)
        journal.put_aside(2, 0, LIMIT, "too much")
        journal.note("batch", 50)
    with look(path) as journal:
        first, second = journal.batches()
        assert (first.point, first.first, first.events) == (0, 0, 200)
        assert (second.point, second.first, second.events) == (1, 5, 300)
        assert second.values.tobytes() == VALUES.tobytes()
        assert journal.extents() == {0: [(0, 3)], 1: [(5, 3)]}
        assert journal.aside() == [Aside(2, 0, LIMIT, "too much")]
        assert journal.spends() == {2: 1388.5941}
        assert journal.points() == POINTS
        assert journal.header == HEADER | {"batch": 50}


def test_in_memory_it_works_the_same():
    with begin(None, HEADER, POINTS) as journal:
        journal.keep(0, 0, 200, VALUES)
        assert next(journal.batches()).values.tobytes() == VALUES.tobytes()


def test_values_lie_in_the_file_as_documented(path):
    with start(path) as journal:
        journal.keep(0, 0, 200, VALUES)
    db = sqlite3.connect(path)
    (blob,) = db.execute("SELECT figures FROM batches").fetchone()
    assert np.frombuffer(blob, "<f8").reshape(2, 3).tobytes() == VALUES.tobytes()
    db.close()


def test_a_closed_store_is_one_file(path):
    start(path).close()
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_going_on_keeps_what_is_there_and_tries_anew_whose_worker_died(path):
    with start(path) as journal:
        journal.keep(0, 0, 200, VALUES)
        journal.put_aside(1, 0, WORKER, "died")
        journal.put_aside(1, 3, LIMIT, "limit")
        journal.put_aside(2, 0, IMPOSSIBLE, "no")
    with go_on(path) as journal:
        assert journal.extents() == {0: [(0, 3)]}
        assert [one.kind for one in journal.aside()] == [LIMIT, IMPOSSIBLE]


def test_going_on_with_nothing_begins(path):
    with go_on(path) as journal:
        journal.keep(0, 0, 200, VALUES)
    path.with_name("empty.db").touch()
    with go_on(path.with_name("empty.db")) as journal:
        assert journal.extents() == {}


def test_a_store_that_is_there_is_not_begun_over(path):
    start(path).close()
    with pytest.raises(ExperimentError, match="--resume"):
        start(path)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"scenario": {"rates": {"retention": {"value": "92 %"}}, "name": "Shop"}},
         "rate 'retention': 91 % -> 92 %; give the journey"),
        ({"fingerprints": {"loud": "b2"}}, "what the strategies come to differs though the journey reads the same"),
        ({"version": "2.0"}, "1.0 -> 2.0; install the one it was begun with"),
        ({"seed": 3}, "seed: 0 -> 3"),
        ({"metrics": ["revenue"]}, "metrics: revenue, clv -> revenue"),
        ({"factors": ["price"]}, "factors: retention -> price"),
        ({"engine": "other"}, "engine: kernel -> other"),
        ({"limits": {"max_people": 11}}, "limits: max_people 10 -> 11"),
        ({"replications": 7}, "replications: 8 -> 7; ask for as many or more"),
    ],
)  # fmt: skip
def test_two_sweeps_do_not_mix_and_what_differs_is_said(path, other, said):
    with start(path) as journal:
        journal.keep(0, 0, 200, VALUES)
    with pytest.raises(ExperimentError) as caught:
        go_on(path, **other)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    with look(path) as journal:
        assert journal.header == HEADER
        assert len(list(journal.batches())) == 1


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([["loud", 0.9], ["loud", "93 %"], [None, None]], "design point 1: retention 92 % -> 93 %"),
        (POINTS[:2], "3 design points -> 2"),
        ([*POINTS, ["loud", 1]], "3 design points -> 4"),
    ],
)
def test_another_design_does_not_mix(path, points, said):
    start(path).close()
    with pytest.raises(ExperimentError) as caught:
        go_on(path, points, design="lhs")
    assert said in str(caught.value)
    assert "grid -> lhs" in str(caught.value)


def test_more_replications_than_before_may_be_asked_for(path):
    start(path).close()
    with go_on(path, replications=20) as journal:
        assert journal.header["replications"] == 20
    with look(path) as journal:
        assert journal.header["replications"] == 20


def test_a_batch_is_safe_before_the_store_is_closed(path):
    journal = start(path)
    journal.keep(0, 0, 200, VALUES)
    for name in (path.name, path.name + "-wal"):  # as a kill would leave the files
        path.with_name("copy" + name.removeprefix(path.stem)).write_bytes(path.with_name(name).read_bytes())
    journal.close()
    with look(path.with_name("copy.db")) as copy:
        assert next(copy.batches()).values.tobytes() == VALUES.tobytes()


def test_a_store_of_another_format_is_refused(path):
    start(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 9")
    db.close()
    for opened in (look, go_on):
        with pytest.raises(DataError, match="format 9, and this version reads format 1"):
            opened(path)


def test_a_broken_header_is_said(path):
    start(path).close()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("UPDATE header SET value = ? WHERE name = 'seed'", (json.dumps(0) + "}",))
    db.close()
    for opened in (look, go_on):
        with pytest.raises(DataError, match=r"damaged .*'header'"):
            opened(path)
