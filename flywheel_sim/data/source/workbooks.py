"""Workbooks of spreadsheets, and tables that are in memory or in Parquet."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from flywheel_sim.data.source.cells import column_of
from flywheel_sim.data.source.opened import Loaded, Opened, head_of, headless, refused
from flywheel_sim.errors import nearest
from flywheel_sim.scenario.source.regular import open_regular
from flywheel_sim.texts import titled

#: Bytes that the parts of a workbook, or the columns of a Parquet file, may have unpacked.
_UNPACKED = 1 << 30
_UNPACKED_TABLE = 1 << 33

#: Rows among which the head is looked for.
_RECORDS = 60


def open_workbook(path: Path, most: int, sheet: str | None) -> Opened:
    """Return a sheet of a workbook, read whole.

    Raises
    ------
    DataError
        If it cannot be read, is too large unpacked, or has several sheets and none is named.
    """
    with cast(BinaryIO, open_regular(path, most, mode="rb")) as file:
        try:
            with zipfile.ZipFile(file) as packed:
                parts = packed.infolist()
        except (zipfile.BadZipFile, ValueError, OSError) as error:
            raise refused(path.name, "damaged", "save it anew") from error
        if not any(part.filename.startswith("xl/") for part in parts):
            raise refused(path.name, "an archive and no workbook (.xlsx)", "unpack it and give the file in it")
        if len(parts) > 10_000 or sum(part.file_size for part in parts) > _UNPACKED:
            raise refused(path.name, f"larger than {_UNPACKED >> 20} MB unpacked", "save the sheet as CSV")
        try:
            import openpyxl
        except ImportError as error:
            remedy = "install it with pip install 'flywheel_sim[office]', or save the sheet as CSV"
            raise refused(path.name, "a workbook, which needs the package openpyxl", remedy) from error
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            rows = _rows(path.name, book, sheet)
        except (KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, EOFError, SyntaxError,
                zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:  # fmt: skip
            raise refused(path.name, "damaged", "save it anew") from error
    while rows and not any(str(cell if cell is not None else "").strip() for cell in rows[-1]):
        rows.pop()
    if not rows:
        raise refused(path.name, "nothing is in it", "give a file with headings and rows")
    at, names = head_of(path.name, rows[:_RECORDS])
    return Opened(path.name, names, lambda wanted: _load(rows[at + 1 :], at + 2, names, wanted),
                  headless=headless(names))  # fmt: skip


def _rows(file: str, book: Any, sheet: str | None) -> list[tuple[Any, ...]]:
    """Return the rows of the sheet that is asked for, or of the only one with anything in it."""
    names = [one.title for one in book.worksheets]
    listed = ", ".join(f"'{titled(name)}'" for name in names[:12])
    if sheet is not None:
        if sheet not in names:
            raise refused(file, f"it has no sheet '{sheet}'", nearest(sheet, names))
        return _cells(book[sheet])
    found = [(name, rows) for name in names if (rows := _cells(book[name]))]
    found = [(name, rows) for name, rows in found if any(cell is not None for row in rows for cell in row)]
    if len(found) > 1:
        raise refused(file, f"it has several sheets, {listed}", f"say which: sheet={found[0][0]!r}")
    return found[0][1] if found else []


def _cells(sheet: Any) -> list[tuple[Any, ...]]:
    sheet.reset_dimensions()  # which a file may misstate
    return list(sheet.iter_rows(values_only=True))


def _load(rows: Sequence[Sequence[Any]], first: int, names: Sequence[str], wanted: Sequence[int]) -> Loaded:
    import pandas as pd

    columns = {}
    for one in wanted:
        cells = [_cell(row[one]) if one < len(row) else None for row in rows]
        columns[one] = column_of(names[one], pd.Series(cells, dtype=object))
    return Loaded(columns, np.arange(first, first + len(rows)))


def _cell(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def open_parquet(path: Path, most: int) -> Opened:
    """Return a Parquet file, of which those columns are read that are asked for.

    Raises
    ------
    DataError
        If it is damaged, or too large unpacked.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    def opened() -> Any:
        file = open_regular(path, most, mode="rb")
        try:
            return pq.ParquetFile(file)
        except BaseException:
            file.close()
            raise

    def load(wanted: Sequence[int]) -> Loaded:
        try:
            with opened() as file:
                table = file.read([names[one] for one in wanted])
            columns = {one: column_of(names[one], table.column(names[one]).to_pandas()) for one in wanted}
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            raise refused(path.name, "damaged", "write it anew") from error
        return Loaded(columns, np.arange(1, table.num_rows + 1))

    try:
        with opened() as file:
            names = tuple(str(name) for name in file.schema_arrow.names)
            groups = [file.metadata.row_group(one) for one in range(file.metadata.num_row_groups)]
            size = sum(group.total_byte_size for group in groups)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise refused(path.name, "damaged", "write it anew") from error
    if size > _UNPACKED_TABLE or sum(group.num_rows for group in groups) > 10**9:
        raise refused(path.name, f"larger than {_UNPACKED_TABLE >> 20} MB unpacked", "give a smaller file")
    return Opened(path.name, names, load)


def open_frame(frame: Any) -> Opened:
    """Return a data frame; an index that has a name is a column too."""
    if not hasattr(frame, "iloc"):  # another library's
        try:
            frame = frame.to_pandas()
        except Exception as error:
            raise refused("the table", "no data frame of pandas", "turn it into one, or write it to a file") from error
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index(allow_duplicates=True)
    names = tuple(" ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in frame.columns)

    def load(wanted: Sequence[int]) -> Loaded:
        columns = {one: column_of(names[one], frame.iloc[:, one].reset_index(drop=True)) for one in wanted}
        return Loaded(columns, np.arange(1, len(frame) + 1))

    return Opened("the table", names, load)
