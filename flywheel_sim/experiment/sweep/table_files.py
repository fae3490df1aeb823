"""Tables of a sweep as files."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flywheel_sim.errors import DataError

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
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if target.exists() and not target.is_file():
            raise DataError(f"{target}: not a file; choose another name")
        try:
            if target.suffix.lower() == ".csv":
                frame.to_csv(temporary, index=False, lineterminator="\n", encoding="utf-8")
            else:
                _parquet(frame, temporary)
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, ValueError) as error:  # a name with a null byte is a ValueError
        problem = getattr(error, "strerror", None) or error
        raise DataError(f"{target}: {problem}; choose a folder that can be written and has room") from error
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
