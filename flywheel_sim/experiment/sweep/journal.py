"""The store of a sweep: one SQLite file in which every finished batch is safe as soon as it is written.

A batch is some replications of one design point: for each of them the value of each metric. The process
that hands out work is the only one to write; while it does, nobody else opens the file. What has been
committed survives the end of the process and of the machine (write-ahead log, synchronous).
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.errors import DataError, ExperimentError
from flywheel_sim.experiment.sweep.identity import Reread, refuse_mixing

#: Marks a file as a store of a sweep ("flyw"), and the version of its format.
APPLICATION, FORMAT = 0x666C7977, 1

#: Bytes of the smallest SQLite file; it takes some smaller ones for empty, and would write over them. Looking into
#: them would be no better: on POSIX systems closing a file gives up the locks that this process has on it.
SMALLEST = 512

#: How values are kept: 64-bit floats, little-endian; one row per metric.
VALUES = np.dtype("<f8")

#: Why a batch has no values: the point cannot be resolved, a run was refused or met a limit, its worker died.
IMPOSSIBLE, LIMIT, WORKER = "impossible", "limit", "worker"

#: What to do about damage, and about what is no store.
SALVAGE = "flywheel export STORE FILE --salvage (Sweep.salvage) saves what is sound"
_ANOTHER = "give one, or the name of a file that is not there yet"

#: Every row ends with a checksum of what stands before it.
_SCHEMA = """
CREATE TABLE header (name TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE points (point INTEGER PRIMARY KEY, stated TEXT NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE batches (
    point INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, events INTEGER NOT NULL,
    figures BLOB NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (point, first));
CREATE TABLE matched (point INTEGER PRIMARY KEY, spend REAL NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE aside (
    point INTEGER NOT NULL, first INTEGER NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL,
    crc INTEGER NOT NULL, PRIMARY KEY (point, first));
"""

#: What every header says.
_NEEDED = {**dict.fromkeys(("scenario", "fingerprints", "limits"), dict), **dict.fromkeys(("factors", "metrics"), list),
           **dict.fromkeys(("version", "engine", "design"), str), "seed": int, "replications": int}  # fmt: skip


@dataclass(frozen=True)
class StoredBatch:
    """A batch as kept: design point, first replication, events, and values of shape (rows, count)."""

    point: int
    first: int
    events: int
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Aside:
    """A batch without values: its design point, first replication, kind and reason."""

    point: int
    first: int
    kind: str
    reason: str


class Journal:
    """An open store; close it, or use it with ``with``. From `begin` or `look`."""

    def __init__(self, path: Path | None, db: sqlite3.Connection, header: Mapping[str, Any]) -> None:
        self.path = path
        self.header: dict[str, Any] = dict(header)
        self._db = db

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def keep(self, point: int, first: int, events: int, values: NDArray[np.float64]) -> None:
        """Write a finished batch; it is safe once this returns.

        Parameters
        ----------
        point, first, events
            Design point, first replication, events of all its replications.
        values
            Shape (rows, count): a row for each metric, and for each sum of which a metric is a ratio.

        Raises
        ------
        DataError
            If it cannot be written; what was written before stays.
        """
        blob = np.ascontiguousarray(values, dtype=VALUES).tobytes()
        self._put("batches", point, first, values.shape[1], events, blob)

    def put_aside(self, point: int, first: int, kind: str, reason: str) -> None:
        """Write why a batch has no values; raises as `keep`."""
        self._put("aside", point, first, kind, reason)

    def keep_spend(self, point: int, spend: float) -> None:
        """Write the spend found for a design point whose strategy has a matched one; raises as `keep`."""
        self._put("matched", point, spend)

    def note(self, name: str, value: Any) -> None:
        """Write something into the header; raises as `keep`."""
        self._put("header", name, json.dumps(value))
        self.header[name] = value

    def points(self) -> list[Any]:
        """Return what was stated of each design point, in order; raises as `batches`."""
        points = [json.loads(text) for _, text in self._rows("points")]
        with _said(self.path):
            if not all(isinstance(point, list) and point for point in points):
                raise sqlite3.DatabaseError("a design point is none")
        return points

    def spends(self) -> dict[int, float]:
        """Return the spends found, by design point; raises as `batches`."""
        return dict(self._rows("matched"))

    def aside(self) -> list[Aside]:
        """Return every batch without values, in order; raises as `batches`."""
        return [Aside(*row) for row in self._rows("aside")]

    def extents(self) -> dict[int, list[tuple[int, int]]]:
        """Return, for each design point that has any, its batches as (first, count), ascending."""
        extents: dict[int, list[tuple[int, int]]] = {}
        with _said(self.path):
            for point, first, count in self._db.execute("SELECT point, first, count FROM batches ORDER BY 1, 2"):
                extents.setdefault(point, []).append((first, count))
        return extents

    def batches(self) -> Iterator[StoredBatch]:
        """Return every batch, in order.

        Raises
        ------
        DataError
            If something in the store is damaged.
        """
        rows = len(self.header["metrics"]) + sum(self.header.get("sums", {}).values())
        with _said(self.path):
            for row in self._db.execute("SELECT * FROM batches ORDER BY point, first"):
                if not sound(row) or len(row[4]) != VALUES.itemsize * rows * row[2]:
                    raise DataError(f"{self.path}: the replications from {row[1]} of point {row[0]} are damaged; go on "
                                    f"with resume=True (--resume), which runs them again, or {SALVAGE}")  # fmt: skip
                figures = np.frombuffer(row[4], dtype=VALUES).reshape(rows, row[2])
                yield StoredBatch(row[0], row[1], row[3], figures.astype(np.float64, copy=False))

    def close(self) -> None:
        """Close the store; a file is then whole without its log."""
        with suppress(sqlite3.Error):
            if not self._db.in_transaction:
                self._db.execute("PRAGMA journal_mode = DELETE")
        with suppress(sqlite3.Error):
            self._db.close()

    def _put(self, table: str, *cells: Any) -> None:
        """Write one row in a transaction of its own."""
        marks = ", ".join("?" * (len(cells) + 1))
        with self._write():
            self._db.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", (*cells, checksum(cells)))

    def _rows(self, table: str) -> list[tuple[Any, ...]]:
        """Return the rows of a table in order, without their checksums."""
        with _said(self.path):
            rows = self._db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            if not all(sound(row) for row in rows):
                raise sqlite3.DatabaseError(f"a row of '{table}' is not as it was written")
        return [row[:-1] for row in rows]

    def _resume(self, header: Mapping[str, Any]) -> None:
        """Make ready to go on."""
        with _said(self.path):
            rows = self._db.execute("SELECT rowid, * FROM batches")
            damaged = [(row[0],) for row in rows if not sound(row[1:])]
        with self._write():
            self._db.executemany("DELETE FROM batches WHERE rowid = ?", damaged)
            self._db.execute("DELETE FROM aside WHERE kind = ?", (WORKER,))
        for name in ("replications", "name"):
            if self.header.get(name) != header.get(name):
                self.note(name, header.get(name))

    @contextmanager
    def _write(self) -> Iterator[None]:
        """Do some writes in one transaction: all of them are safe afterwards, or none is there."""
        with _said(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise


def begin(
    path: Path | None,
    header: Mapping[str, Any],
    points: Sequence[Any],
    resume: bool = False,
    reread: Reread | None = None,
) -> Journal:
    """Return a store to write to: a new one, or one that is gone on with.

    Parameters
    ----------
    path
        Of the file; None keeps everything in memory.
    header
        What decides the figures, and what goes with them; values that JSON knows.
    points
        What is stated of each design point; values that JSON knows.
    resume
        Whether to go on with a store that is there; where none is, it is begun.
    reread
        Returns the fingerprints of other contents of a scenario, for stores that say less than today's.

    Raises
    ------
    DataError
        If the file cannot be written, is in use, damaged or no store.
    ExperimentError
        If it is there already and not to be gone on with, or was begun for something else.
    """
    if path is not None:
        _refuse_place(path, resume)
    with _said(path):
        db = sqlite3.connect(":memory:" if path is None else path, isolation_level=None, timeout=0.2)
        try:
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            fresh = not _is_store(path, db)
            journal = Journal(path, db, {} if fresh else _header(path, db))
            if not fresh:  # before anything is written
                refuse_mixing(path, journal.header, journal.points(), header, points, reread)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            if not fresh:
                journal._resume(header)
                return journal
            _lay_out(db, header, points)
            journal.header = dict(header)
            return journal
        except BaseException:
            db.close()
            raise


def _lay_out(db: sqlite3.Connection, header: Mapping[str, Any], points: Sequence[Any]) -> None:
    """Write the tables of a new store, and what stands in them from the start."""
    db.execute("BEGIN EXCLUSIVE")
    for statement in _SCHEMA.split(";"):
        db.execute(statement)
    for table, stated in (("header", header.items()), ("points", enumerate(points))):
        rows = ((name, json.dumps(value)) for name, value in stated)
        db.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", ((*row, checksum(row)) for row in rows))
    db.execute(f"PRAGMA application_id = {APPLICATION}")
    db.execute(f"PRAGMA user_version = {FORMAT}")
    db.execute("COMMIT")


def look(path: Path) -> Journal:
    """Return a store to read from.

    Raises
    ------
    DataError
        If there is none, or it is in use, damaged or no store.
    """
    refuse_other_kinds(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file; give the store of a sweep")
    log = path.with_name(path.name + "-wal")
    pending = log.exists() and log.stat().st_size > 0
    with _said(path):
        if pending:  # the last writer was killed: its log is taken in first, which writes
            db = sqlite3.connect(path, isolation_level=None, timeout=0.2)
        else:
            db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=0.2)
        try:
            if not _is_store(path, db):
                raise DataError(f"{path}: the file is empty; give the store of a sweep")
            return Journal(path, db, _header(path, db))
        except BaseException:
            db.close()
            raise


def refuse_other_kinds(path: Path) -> None:
    """Raise if the system cannot look up a path, or what is there can be no store."""
    try:
        if path.exists() and not path.is_file():  # a pipe would keep us waiting
            raise DataError(f"{path}: not a file; give the name of a file as store, such as sweep.db")
        if path.is_file() and 0 < path.stat().st_size < SMALLEST:
            raise DataError(f"{path}: not the store of a sweep; {_ANOTHER}")
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or error
        raise DataError(f"{str(path)[:80]!r}: {problem}; give the name of a file as store, such as sweep.db") from error


def _refuse_place(path: Path, resume: bool) -> None:
    """Raise if a store cannot be begun at a path, or gone on with."""
    refuse_other_kinds(path)
    if not path.parent.is_dir():
        raise DataError(f"{path}: there is no folder {path.parent}; make it first, or choose another")
    there = path.exists() and path.stat().st_size > 0
    if there and not resume:
        raise ExperimentError(f"{path} is there already; go on with it by resume=True (--resume), or choose another")
    if there and not os.access(path, os.W_OK):
        raise DataError(f"{path}: the file cannot be written to; change its permissions, or choose another store")


def _is_store(path: Path | None, db: sqlite3.Connection) -> bool:
    """Tell whether a file is a store (True) or still empty (False); everything else is refused."""
    if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return False
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise DataError(f"{path}: not the store of a sweep; {_ANOTHER}; of a damaged one {SALVAGE}")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version != FORMAT:
        raise DataError(f"{path}: a store of format {version}, and this version reads format {FORMAT}; "
                        f"use the version of flywheel_sim that wrote it; of a damaged one {SALVAGE}")  # fmt: skip
    verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)
    return True


def _header(path: Path | None, db: sqlite3.Connection) -> dict[str, Any]:
    texts = dict(Journal(path, db, {})._rows("header"))
    try:
        header = {name: json.loads(value) for name, value in texts.items()}
    except ValueError as error:
        raise sqlite3.DatabaseError(f"header: {error}") from error
    if missing := sorted(name for name, kind in _NEEDED.items() if not isinstance(header.get(name), kind)):
        raise sqlite3.DatabaseError(f"header without {', '.join(missing)}")
    return header


def checksum(cells: Sequence[Any]) -> int:
    """Return the checksum of the cells of a row."""
    crc = 0
    for cell in cells:
        crc = zlib.crc32(cell if isinstance(cell, bytes) else repr(cell).encode(), crc)
    return crc


def sound(row: Sequence[Any]) -> bool:
    """Tell whether a row is as it was written."""
    return bool(row[-1] == checksum(row[:-1]))


@contextmanager
def _said(path: Path | None) -> Iterator[None]:
    """Turn what SQLite says into an error that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        problem = str(error)
        if "locked" in problem or "busy" in problem:
            rule, remedy = "in use by another process", "wait until that sweep has ended, or choose another store"
        elif "full" in problem or "I/O" in problem or "too big" in problem:
            rule = f"cannot be written ({problem})"
            remedy = "make room on the disk and go on with resume=True (--resume); what was finished is kept"
        elif "readonly" in problem or "unable to open" in problem:
            rule, remedy = f"cannot be opened for writing ({problem})", "choose a folder and a file that can be written"
        elif "not a database" in problem:
            rule, remedy = "not the store of a sweep", f"{_ANOTHER}; of a damaged one {SALVAGE}"
        else:
            rule = f"damaged ({problem})"
            remedy = f"nothing was changed in it; {SALVAGE}"
        raise DataError(f"{path or 'store in memory'}: {rule}; {remedy}") from error
