"""Opening what somebody gave: a table in memory, or a file, told by how it begins and not by its name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO, cast

from flywheel_sim.data.source.opened import Opened, refused
from flywheel_sim.data.source.separated import open_separated
from flywheel_sim.data.source.workbooks import open_frame, open_parquet, open_workbook
from flywheel_sim.scenario.source.regular import Unreadable, open_regular

#: Bytes that a file may have.
MOST = 4 * 10**9

#: How files begin that are no tables, and what to do about them.
_OTHERS = {
    b"\xd0\xcf\x11\xe0": ("a workbook of an old or a locked kind", "save it as .xlsx without a password, or as CSV"),
    b"\x1f\x8b": ("packed", "unpack it first"),
    b"%PDF": ("a PDF", "give a CSV, Parquet or Excel file (.xlsx)"),
    b"SQLite": ("a database", "export the table as CSV"),
}


def opened(source: Any, sheet: str | None = None) -> Opened:
    """Return a table with its headings.

    Parameters
    ----------
    source
        A data frame of pandas, or the path of a CSV, Parquet or Excel file.
    sheet
        Which sheet of a workbook.

    Raises
    ------
    DataError
        If there is no table to be read.
    """
    if hasattr(source, "columns"):
        if sheet is not None:
            raise refused("the table", "no workbook, so it has no sheets", "leave sheet out")
        return open_frame(source)
    path = Path(source)
    shown = path.name or os.fspath(path)
    try:
        with cast(BinaryIO, open_regular(path, MOST, mode="rb")) as file:
            start = file.read(8)
        if not start:
            raise refused(shown, "empty", "give a file with headings and rows")
        for mark, (rule, remedy) in _OTHERS.items():
            if start.startswith(mark):
                raise refused(shown, rule, remedy)
        if start.startswith(b"PK\x03\x04"):
            return open_workbook(path, MOST, sheet)
        if sheet is not None:
            raise refused(shown, "no workbook, so it has no sheets", "leave sheet out")
        if start.startswith(b"PAR1"):
            return open_parquet(path, MOST)
        return open_separated(path, MOST)
    except Unreadable as error:
        raise refused(shown, error.rule, error.remedy or "give the path of a file") from error
