"""What can still be read of a damaged store: every row whose checksum holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.errors import DataError
from flywheel_sim.experiment.sweep.design import AS_WRITTEN
from flywheel_sim.experiment.sweep.journal import VALUES, WORKER, refuse_other_kinds, sound
from flywheel_sim.experiment.sweep.pages import Row, rows_of

if TYPE_CHECKING:
    import pandas as pd

#: Columns of the table beside those of the factors.
_COLUMNS = ("point", "strategy", "replication", "metric", "value", "note")


def salvaged(path: Path) -> pd.DataFrame:
    """Return what is sound in a store as `Sweep.salvage` does; the store is not written to.

    Raises
    ------
    DataError
        If there is no such file, or nothing of a store in it.
    """
    refuse_other_kinds(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file; give the store of a sweep")
    try:
        rows, lost = rows_of(path, sound)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}; check its permissions, or copy it elsewhere") from error
    if not rows:
        raise DataError(f"{path}: nothing of a sweep's store can be read in it; give a copy of it, if there is one")
    return _Sound(rows, lost).frame()


class _Sound:
    """The sound rows of a store, those that its pages list before those that may have been removed."""

    def __init__(self, rows: Sequence[Row], lost: int) -> None:
        self.lost = lost
        self.header: dict[str, Any] = {}
        self.points: dict[int, list[Any]] = {}
        self.aside: dict[int, tuple[int, str]] = {}
        self.values: dict[tuple[int, int], NDArray[np.float64]] = {}
        for row in rows:
            with suppress(ValueError, TypeError, KeyError):  # of another program, or of a later version
                self._take(row)
        self.metrics = _names(self.header.get("metrics")) or _names(self.header.get("units"))
        self.factors = _names(self.header.get("factors"))

    def _take(self, row: Row) -> None:
        if row.table == "header":
            self.header.setdefault(row.cells[0], json.loads(row.cells[1]))
        elif row.table == "points":
            strategy, *values = json.loads(row.cells[1])
            self.points.setdefault(row.cells[0], [strategy, *values])
        elif row.table == "aside" and (
            row.listed or row.cells[2] != WORKER
        ):  # those are removed when they are tried again
            point, first, _, reason = row.cells
            self.aside[point] = min((first, reason), self.aside.get(point, (first, reason)))
        elif row.table == "batches":
            point, first, count, _, figures = row.cells
            values = np.frombuffer(figures, dtype=VALUES).reshape(-1, count)
            for at in range(count if len(values) else 0):
                self.values.setdefault((point, first + at), values[:, at])

    def frame(self) -> pd.DataFrame:
        """Return a row for each replication and metric."""
        import pandas as pd

        order = sorted(self.values)
        shown = [self.values[key][: len(self.metrics) or None] for key in order]
        sizes = [len(one) for one in shown]
        at = np.repeat(np.arange(len(order)), np.array(sizes, dtype=np.int64))
        points = [point for point, _ in order]
        columns: dict[str, Any] = {"point": np.array(points, dtype=np.int64)[at]}
        for i, name in enumerate(self.factors):
            taken = name in _COLUMNS or name in self.metrics
            cells = self._column([self._stated(point, i) for point in points])
            columns[f"factor.{name}" if taken else name] = cells[at]
        columns["strategy"] = _texts([self._strategy(point) for point in points])[at]
        columns["replication"] = np.array([number for _, number in order], dtype=np.int64)[at]
        columns["metric"] = _texts([self._metric(row) for size in sizes for row in range(size)])
        columns["value"] = np.concatenate([np.empty(0), *shown])
        columns["note"] = _texts([self._note(point) for point in points])[at]
        frame = pd.DataFrame(columns)
        frame.attrs = {"lost": self.lost, "missing": self._missing(), "named": bool(self.metrics)}
        return frame

    def _metric(self, row: int) -> str:
        return self.metrics[row] if row < len(self.metrics) else str(row)

    def _strategy(self, point: int) -> str:
        return (self.points[point][0] or AS_WRITTEN) if point in self.points else ""

    def _stated(self, point: int, factor: int) -> Any:
        """Return the value of a factor at a design point, "" where it is lost; None is what the file says."""
        if point not in self.points:
            return ""
        strategy, *values = self.points[point]
        said = self.header.get("stated")
        own = _names(said.get(strategy or "")) if isinstance(said, dict) else []
        value = values[factor] if factor < len(values) else ""
        return own[factor] if value is None and factor < len(own) else "" if value is None else value

    @staticmethod
    def _column(cells: list[Any]) -> NDArray[Any]:
        """Return cells as numbers where all are, else as texts."""
        return _texts(map(str, cells)) if any(isinstance(one, str) for one in cells) else np.array(cells)

    def _note(self, point: int) -> str:
        return f"set aside: {self.aside[point][1]}" if point in self.aside else ""

    def _missing(self) -> int | None:
        """Return how many replications of those asked for are not there; None where what was asked for is lost."""
        replications, known = self.header.get("replications"), {*self.points, *self.aside, *(p for p, _ in self.values)}
        if not isinstance(replications, int):
            return None
        unknown = max(known, default=-1) + 1 - len(known)
        wanted = unknown * replications + sum(self.aside.get(point, (replications, ""))[0] for point in known)
        return max(0, wanted - len(self.values))


def _names(said: Any) -> list[str]:
    """Return the names that a part of a header lists, none where it is something else."""
    return [str(name) for name in said] if isinstance(said, list | dict) else []


def _texts(texts: Any) -> NDArray[Any]:
    return np.array([*texts, ""], dtype=object)[:-1]
