"""Tables of a sweep as files."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import DataError
from flywheel_sim.spreadsheets import csv_of
from flywheel_sim.writing import put

if TYPE_CHECKING:
    import pandas as pd

#: Kinds of files that a sweep is exported to.
FILES = (".parquet", ".csv")


def write_table(frame: pd.DataFrame, target: Path) -> Path:
    """Write a table to a file, ``.parquet`` or ``.csv``; the file is there whole or not at all.

    Raises
    ------
    DataError
        If the kind of file is not known, or it cannot be written.
    """
    if target.suffix.lower() not in FILES:
        raise DataError(f"{target}: no kind of file to export to; name it .parquet or .csv")
    if not target.parent.is_dir():
        raise DataError(f"{target}: there is no folder {target.parent}; make it first, or choose a folder that is")
    put(target.parent, {target.name: partial(csv_of if target.suffix.lower() == ".csv" else _parquet, frame)})
    return target


def _parquet(frame: pd.DataFrame, path: Path) -> None:
    pa: Any = import_module("pyarrow")
    arrays = {}
    for name in frame.columns:
        kind = {"f": pa.float64(), "i": pa.int64()}.get(getattr(frame[name].dtype, "kind", ""))
        arrays[str(name)] = pa.array(frame[name].tolist(), type=kind or pa.string())
    import_module("pyarrow.parquet").write_table(
        pa.table(arrays), path, compression="zstd", version="2.6", row_group_size=1 << 20
    )
