"""Files of texts between separators, whatever wrote them: encoding, separator, head, and rows that do not fit."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from flywheel_sim.data.source.cells import column_of_texts
from flywheel_sim.data.source.opened import Loaded, Opened, head_of, headless, refused
from flywheel_sim.scenario.source.regular import open_regular

#: Bytes at the start of a file from which its separator and its head are told.
_HEAD = 1 << 18

#: A row, and so a cell, has at most so many bytes.
_LONGEST = 1 << 22

#: Records among which the head is looked for.
_RECORDS = 60

_SEPARATORS = (",", ";", "\t", "|")

#: Stands for any number of blanks between cells.
_BLANKS = " "

#: Stands in a row behind the last one; a quote that is never closed swallows it.
_END = "\x02end of the rows\x02"

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def open_separated(path: Path, most: int) -> Opened:
    """Return a file of texts between separators with its headings; its rows are read when they are asked for.

    Raises
    ------
    DataError
        If it is no such file, or has no headings.
    """
    encoding, skipped = _encoding(path, most)
    with _raw(path, most) as file:
        start = file.read(_HEAD)[skipped:]
    text = codecs.getincrementaldecoder(encoding)("replace").decode(start)
    if re.match(r"\s*[<{\[]", text):
        raise refused(path.name, "no table (it looks like HTML, XML or JSON)", "export the table as CSV")
    notes, first, separator = _before(text)
    body = "".join(list(io.StringIO(text, newline=""))[first:])
    separator, records, ends = _records(path.name, body, separator)
    at, names = head_of(path.name, records)
    lines, spaced = first + (ends[at] if at >= 0 else 0), separator == _BLANKS
    separator = "\t" if spaced else separator
    layout = _Layout(path, most, encoding, skipped, separator, lines, first + at + 1, len(names), spaced)
    said = [] if encoding.startswith("utf-8") else [f"The file is taken as {encoding.upper()} text."]
    said += ["Blanks are taken as what stands between cells."] * spaced
    return Opened(
        path.name, names, partial(_load, layout, names), tuple(notes), separator, tuple(said), headless(names)
    )


def _raw(path: Path, most: int) -> BinaryIO:
    return cast(BinaryIO, open_regular(path, most, mode="rb"))


def _encoding(path: Path, most: int) -> tuple[str, int]:
    """Return the encoding of a file, all of which is looked at, and how long its mark at the start is.

    Raises
    ------
    DataError
        If it holds no text.
    """
    with _raw(path, most) as file:
        start = file.read(1 << 12)
        marked, mark = next(((name, mark) for mark, name in _BOMS if start.startswith(mark)), ("", b""))
        if start[1::2].count(0) > len(start) // 4:
            marked = marked or "utf-16-le"
        elif start[::2].count(0) > len(start) // 4:
            marked = marked or "utf-16-be"
        if marked.startswith("utf-16"):
            return marked, len(mark)
        decoder, found = codecs.getincrementaldecoder("utf-8")(), "utf-8"
        while True:
            if b"\0" in start:
                raise refused(path.name, "no text", "give a CSV, Parquet or Excel file (.xlsx)")
            if found == "utf-8":
                try:
                    decoder.decode(start, not start)
                except UnicodeDecodeError as error:
                    if marked:
                        raise refused(path.name, "not the UTF-8 that its first bytes say", "save it anew") from error
                    found = "cp1252"
            if not start:
                return found, len(mark)
            start = file.read(1 << 20)


def _before(text: str) -> tuple[list[str], int, str]:
    """Return the comments before the head, how many lines stand before it, and the separator if one of them says it."""
    notes: list[str] = []
    separator = ""
    lines = list(io.StringIO(text, newline=""))  # which ends lines as the reader of records does
    for first, line in enumerate(lines):
        if said := re.fullmatch(r'"?sep=(.)"?', line.strip("\r\n ")):
            separator = said[1]
        elif line.startswith("#") and not re.match(r"#\s*[,;\t|]", line):
            notes.append(line.lstrip("# ").strip())
        elif line.strip():
            return notes, first, separator
    return notes, len(lines), separator


def _records(name: str, text: str, separator: str) -> tuple[str, list[list[str]], list[int]]:
    """Return the separator under which the first records are most alike, those records, and the line each ends on."""
    best: tuple[tuple[int, int], str, list[list[str]], list[int]] | None = None
    for sign in [separator] if separator else _SEPARATORS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
        records: list[list[str]] = []
        ends: list[int] = []
        try:
            for record in reader:
                records.append(record)
                ends.append(reader.line_num)
                if len(records) == _RECORDS:
                    break
        except csv.Error as error:
            raise refused(name, "a cell of the first rows is longer than any of a table, or its quotes are not closed",
                          "mend the first rows") from error  # fmt: skip
        counts = Counter(len(record) for record in records)
        width, alike = max(counts.items(), key=lambda one: (one[0] > 1, one[1], one[0]), default=(1, 0))
        score = (alike if width > 1 else 0, width)
        if best is None or score > best[0]:
            best = score, sign, records, ends
    assert best is not None
    if best[0][0] == 0 and not separator and (found := _between_blanks(text)):
        return _BLANKS, *found
    return best[1:]


def _between_blanks(text: str) -> tuple[list[list[str]], list[int]] | None:
    """Return the first records of a file with blanks between cells, and the line each ends on; None if it is none."""
    lines = [line.split() for line in io.StringIO(text, newline="").readlines()[:_RECORDS]]
    records = [line for line in lines if line]
    figures = [any(one.isdigit() for one in cell) for record in records[1:] for cell in record]
    if not figures or len({len(record) for record in records}) > 1 or 2 * sum(figures) < len(figures):
        return None
    return (lines, list(range(1, len(lines) + 1))) if len(records[0]) > 1 else None


@dataclass(frozen=True)
class _Layout:
    """How a file is laid out.

    Encoding and mark, separator, lines up to the head's end, its row, how many cells, and whether any number of blanks
    stands between them.
    """

    path: Path
    most: int
    encoding: str
    skipped: int
    separator: str
    lines: int
    head: int
    width: int
    spaced: bool


class _AsUtf8(io.RawIOBase):
    """A file as UTF-8, whatever it is, with one more row at its end."""

    def __init__(self, file: BinaryIO, layout: _Layout) -> None:
        self.file, self.last, self.spaced, self.rest = file, b"\n", layout.spaced, b""
        file.seek(layout.skipped)
        plain = layout.encoding == "utf-8"
        self.decoder = None if plain else codecs.getincrementaldecoder(layout.encoding)("replace")
        self.end: bytes | None = layout.separator.join([_END] * layout.width).encode() + b"\n"

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return about so many more bytes."""
        while self.end is not None:
            found = self.file.read(size)
            more = found if self.decoder is None else self.decoder.decode(found, not found).encode()
            if self.spaced:
                more = self._tabbed(more, whole=not found)
            if not found:
                gap = b"" if (more or self.last)[-1:] in (b"\n", b"\r") else b"\n"
                more, self.end = more + gap + self.end, None
            if more:
                self.last = more[-1:]
                return more
        return b""

    def _tabbed(self, more: bytes, *, whole: bool) -> bytes:
        """Return all lines that are complete with one tab for blanks between cells, and keep the rest."""
        more = self.rest + more
        at = len(more) if whole else more.rfind(b"\n") + 1
        self.rest = more[at:]
        return re.sub(rb"[ \t]+", b"\t", re.sub(rb"(?m)^[ \t]+|[ \t]+(?=\r?$)", b"", more[:at]))


def _load(layout: _Layout, names: Sequence[str], wanted: Sequence[int]) -> Loaded:
    """Return some columns of a file, with the number of each row, and the rows that do not fit its head."""
    import pyarrow as pa
    import pyarrow.csv as pc

    at = sorted(set(wanted)) or [0]
    unfit: list[tuple[int, str]] = []

    def skip(row: Any) -> str:
        more = "more" if row.actual_columns > row.expected_columns else "fewer"
        unfit.append((row.number - layout.lines, f"{more} cells than headings"))
        return "skip"

    kinds = {f"c{one}": pa.string() for one in at}
    with _raw(layout.path, layout.most) as file:
        try:
            reader = pc.open_csv(
                pa.PythonFile(_AsUtf8(file, layout), mode="r"),
                pc.ReadOptions(use_threads=False, column_names=[f"c{one}" for one in range(layout.width)],
                               skip_rows=layout.lines, block_size=_LONGEST),
                pc.ParseOptions(delimiter=layout.separator, newlines_in_values=True, ignore_empty_lines=False,
                                invalid_row_handler=skip),
                pc.ConvertOptions(include_columns=list(kinds), column_types=kinds, strings_can_be_null=False),
            )  # fmt: skip
            table = reader.read_all()
        except pa.ArrowInvalid as error:
            raise refused(layout.path.name, "a row is longer than any of a table, or a quote is not closed",
                          "mend that row") from error  # fmt: skip
    count = table.num_rows
    rows = np.delete(np.arange(1, count + len(unfit) + 1), [number - 1 for number, _ in unfit])
    if not count or table.column(0)[count - 1].as_py() != _END:
        row = layout.head + len(rows) + len(unfit)
        raise refused(layout.path.name, f"a quote is opened in row {row:,} and not closed", "mend that row")
    table, rows = table.slice(0, count - 1), rows[:-1] + layout.head
    columns = {one: column_of_texts(names[one], table.column(f"c{one}")) for one in at}
    return Loaded(columns, rows, tuple((number + layout.head, rule) for number, rule in unfit))
