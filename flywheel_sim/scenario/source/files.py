"""Journey files, the files they extend, and the CSV files they name.

Whoever runs a journey of somebody else's does not know what it names. So it may name regular files of a few folders
alone, and of a file that is not what it should be no content is told.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from flywheel_sim.errors import ConfigError, DataError, Problem
from flywheel_sim.scenario.source.notes import Notes
from flywheel_sim.scenario.source.overlay import deletions, merge
from flywheel_sim.scenario.source.regular import Unreadable, open_regular
from flywheel_sim.scenario.source.schema import SECTIONS, SETTINGS
from flywheel_sim.scenario.source.tree import KEY, Path_, Tree
from flywheel_sim.scenario.source.yaml_text import read_file
from flywheel_sim.texts import visible
from flywheel_sim.writing import home

#: The largest CSV file, in bytes, and the most characters of a row in it.
MOST_DATA, MOST_IN_A_ROW = 200 * 10**6, 10**6
#: The most files that extend one another.
MOST_EXTENDED = 20

_OUTSIDE = "outside the folders whose files a journey may name"
_NO_COLUMNS = "name the columns in the first line, with commas between them"
_ANOTHER_COLUMN = "write the column as the first line of the file names it, where commas stand between names"


def exists(path: Path) -> bool:
    """Tell whether there is something at a path that the system can look up at all."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


# -- where files may be ---------------------------------------------------------------------------------


def folders_of(config: Path | None, data: Iterable[str | Path]) -> tuple[str, ...]:
    """Return the folders whose files a journey may name: its own, the current one, and those that were given.

    Raises
    ------
    DataError
        If one that was given is no folder.
    """
    given = [Path(folder) for folder in data]
    for folder in given:
        if not exists(folder) or not folder.is_dir():
            raise DataError(f"{folder}: no such folder; data (--data) takes folders whose files a journey may name")
    folders = [*([config.parent] if config else []), Path(), *given]
    return tuple(dict.fromkeys(os.path.realpath(folder) for folder in folders))


def _real(name: str, beside: Path, folders: tuple[str, ...]) -> Path | None:
    """Return the file that a name leads to, all links followed; None where it is outside the folders."""
    try:
        real = Path(os.path.realpath(beside / home(name)))
    except (OSError, ValueError):
        return None
    return real if any(real.is_relative_to(folder) for folder in folders) else None


def _remedy(folders: tuple[str, ...]) -> str:
    return (
        f"move it below {' or '.join(folders)}, or name its folder: --data FOLDER, in Python fs.load(..., data=FOLDER)"
    )


def named_file(notes: Notes, name: str, path: Path_) -> Path:
    """Return a file that is named under ``file`` at a path, relative to the journey file that names it.

    Raises
    ------
    Unusable
        After noting that it is outside the folders whose files may be named.
    """
    stated_in = Path(notes.tree.mark((*path, "file")).file)
    folders = notes.tree.folders or folders_of(None, ())
    file = _real(name, stated_in.parent if stated_in.is_file() else Path(), folders)
    if file is None:
        raise notes.note((*path, "file"), None, _OUTSIDE, _remedy(folders))
    return file


# -- CSV files ------------------------------------------------------------------------------------------


class _Rows:
    """The rows of a CSV file, each with the line it begins in; what is none is noted, and nothing of it told."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.read = stream, 0
        self.reader, self.line = csv.reader(self._lines(), strict=True), 1

    def _lines(self) -> Iterator[str]:
        while line := self.stream.readline(MOST_IN_A_ROW):
            self.read += len(line)
            if self.read >= MOST_IN_A_ROW:
                raise Unreadable(
                    f"line {self.line}: a row of {MOST_IN_A_ROW:,} characters or more", "give another file"
                )
            if "\0" in line:
                raise Unreadable(f"line {self.line}: no text (a byte of 0 in it)", "save it as CSV in UTF-8")
            yield line

    def __iter__(self) -> Iterator[list[str]]:
        while True:
            self.line, self.read = self.reader.line_num + 1, 0
            try:
                row = next(self.reader, None)
            except csv.Error:
                rule = f"line {self.line}: a quote that begins or ends at the wrong place, or that nothing closes"
                raise Unreadable(rule, "close every quote, and write a quote within quotes twice") from None
            if row is None:
                return
            yield row


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
        After noting that the file or the column is not there, or that a row is none.
    """
    try:
        with open_regular(file, MOST_DATA, linked=False, encoding="utf-8-sig", newline="") as stream:
            rows = _Rows(stream)
            names = [visible(name.strip()) for name in _kept(next(iter(rows), []))]
            index = _index(notes, names, column, (*path, "column"), missing, first)
            for row in rows:
                if cells := _kept(row):
                    if len(cells) > len(names) or len(row) < len(names):
                        rule = f"line {rows.line}: {len(names)} columns and a row of {len(row)}"
                        raise Unreadable(rule, "write one cell a column, and quotes around a cell with a comma in it")
                    yield f"line {rows.line}", row, row[index].strip()
    except Unreadable as error:
        remedy = error.remedy or "give its path from this file"
        raise notes.note((*path, "file"), None, f"cannot be read: {error.rule}", remedy) from None
    except (OSError, ValueError):
        rule, remedy = "cannot be read: not a CSV file in UTF-8", "save it as CSV in UTF-8"
        raise notes.note((*path, "file"), None, rule, remedy) from None


def _kept(row: list[str]) -> list[str]:
    """Return a row without the blank cells at its end."""
    return row[: max((at for at, cell in enumerate(row, 1) if cell.strip()), default=0)]


def _index(notes: Notes, names: list[str], column: str, place: Path_, missing: str, first: int) -> int:
    """Return where a column stands, of which there has to be one."""
    if column not in names[first:]:
        raise notes.note(place, None, missing, _ANOTHER_COLUMN if names[first:] else _NO_COLUMNS)
    if names[first:].count(column) > 1:
        raise notes.note(place, None, "two columns of the file have that name", "rename one of them in the file")
    return names.index(column, first)


# -- journey files that extend others -------------------------------------------------------------------


def read_extended(path: Path, folders: tuple[str, ...] = (), seen: tuple[Path, ...] = ()) -> Tree:
    """Return the tree of a file laid over the file it extends, and so on.

    Parameters
    ----------
    path
        The file.
    folders
        Those whose files it may name.
    seen
        The files that extend it.

    Raises
    ------
    ConfigError
        If one is no journey file, or extends what it cannot.
    DataError
        If one cannot be read.
    """
    tree = _base(path) if seen else read_file(path)
    tree.folders = folders
    base = tree.root.get("extends")
    if base is None:
        return tree
    if not isinstance(base, str):
        rule = "one file to extend belongs here"
        raise ConfigError([tree.problem(("extends",), None, rule, "write extends: base.yaml")])
    here, parent = Path(os.path.realpath(path)), _real(base, path.parent, folders)
    if parent is None:
        raise ConfigError([tree.problem(("extends",), base, _OUTSIDE, _remedy(folders))])
    if parent in seen or parent == here:
        raise ConfigError([tree.problem(("extends",), base, "files extend each other in a circle", "break it")])
    if not exists(parent):
        raise ConfigError([tree.problem(("extends",), base, "no such file", "give its path from this file")])
    if len(seen) >= MOST_EXTENDED:
        rule = f"more than {MOST_EXTENDED} files extend one another"
        raise ConfigError([tree.problem(("extends",), base, rule, "write some of them as one")])
    inherited = read_extended(parent, folders, (*seen, here))
    if problems := deletions(tree, inherited):
        raise ConfigError(problems)
    merged = merge(inherited, tree)
    merged.root.pop("extends", None)
    return merged


def _base(path: Path) -> Tree:
    """Return the tree of a file that another extends; of one that is no journey it is told where, and nothing of it."""
    try:
        tree = read_file(path)
    except ConfigError as error:
        rule = "the file that is extended cannot be read: "
        bare = (replace(one, path="", value="", rule=rule + one.rule.partition(":")[0]) for one in error.problems)
        raise ConfigError(bare) from None
    if strange := [key for key in tree.root if key not in {*SETTINGS, *SECTIONS, "extends"}]:
        mark = tree.mark((strange[0], KEY))
        rule, remedy = (
            "the file that is extended is no journey: nothing of this name is part of one",
            "extend a journey",
        )
        raise ConfigError([Problem(mark.file, mark.line, mark.column, "", "", rule, remedy)])
    return tree
