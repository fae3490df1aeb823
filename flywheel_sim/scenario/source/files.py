"""Journey files, the files they extend, and the CSV files they name."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

from flywheel_sim.errors import ConfigError, nearest
from flywheel_sim.scenario.source.notes import Notes
from flywheel_sim.scenario.source.overlay import deletions, merge
from flywheel_sim.scenario.source.tree import Path_, Tree
from flywheel_sim.scenario.source.yaml_text import read_file

_NO_COLUMNS = "name the columns in the first line, with commas between them"


def exists(path: Path) -> bool:
    """Tell whether there is something at a path that the system can look up at all."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def named_file(notes: Notes, name: str, path: Path_) -> Path:
    """Return a file that is named under ``file`` at a path, relative to the journey file that names it."""
    stated_in = Path(notes.tree.mark((*path, "file")).file)
    return (stated_in.parent if stated_in.is_file() else Path()) / name


def cells_of(
    notes: Notes, file: Path, column: str, path: Path_, missing: str, first: int = 0
) -> Iterator[tuple[str, list[str], str]]:
    """Yield every row of a CSV file that is not blank: which line it is, the row, and its cell of a column.

    Parameters
    ----------
    notes, file, path
        Where problems go, the file, and where it is named.
    column, missing, first
        The column, which is not before the ``first``, and the rule that is broken where there is none of that name.

    Raises
    ------
    Unusable
        After noting that the file or the column is not there.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream)
            header = [name.strip() for name in next(rows, [])]
            if column not in header[first:]:
                remedy = nearest(column, header[first:]) if header[first:] else _NO_COLUMNS
                raise notes.note((*path, "column"), None, missing, remedy)
            index = header.index(column, first)
            for row in rows:
                if any(cell.strip() for cell in row):
                    yield f"line {rows.line_num}", row, row[index].strip() if index < len(row) else ""
    except (OSError, ValueError, csv.Error) as error:
        why, remedy = "not a CSV file in UTF-8", "save it as CSV in UTF-8"
        if isinstance(error, OSError):
            why, remedy = error.strerror or str(error), "give its path from this file"
        raise notes.note((*path, "file"), None, f"cannot be read: {why}", remedy) from None


def read_extended(path: Path, seen: tuple[Path, ...] = ()) -> Tree:
    """Return the tree of a file laid over the file it extends, and so on; ``seen`` are those that extend it.

    Raises
    ------
    ConfigError
        If one is no journey file, or extends what it cannot.
    DataError
        If one cannot be read.
    """
    tree = read_file(path)
    base = tree.root.get("extends")
    if base is None:
        return tree
    if not isinstance(base, str):
        rule = "one file to extend belongs here"
        raise ConfigError([tree.problem(("extends",), None, rule, "write extends: base.yaml")])
    parent = Path(os.path.abspath(path.parent / base))
    here = Path(os.path.abspath(path))
    if parent in seen or parent == here:
        raise ConfigError([tree.problem(("extends",), base, "files extend each other in a circle", "break it")])
    if not exists(parent):
        raise ConfigError([tree.problem(("extends",), base, "no such file", "give its path from this file")])
    inherited = read_extended(parent, (*seen, here))
    if problems := deletions(tree, inherited):
        raise ConfigError(problems)
    merged = merge(inherited, tree)
    merged.root.pop("extends", None)
    return merged
