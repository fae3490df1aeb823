"""Rows of a damaged store, found in the pages of its SQLite file one by one: what SQLite itself refuses as a whole.

The format is that of https://www.sqlite.org/fileformat2.html. Where a row stands, and in which table, its shape says;
whether it is as it was written, its checksum. So a page whose head or order is lost gives its rows all the same.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, BinaryIO

#: Bytes of the head of the file, of the head of its log, and of that of each page in the log.
_HEAD, _LOG_HEAD, _FRAME_HEAD = 100, 32, 24

#: The size of pages unless a file says another.
_USUAL = 4096

#: Kinds of pages that list rows (inner and outer ones of an index, outer ones of a table), and bytes of their heads.
_KINDS = {0x02: 12, 0x0A: 8, 0x0D: 8}

#: The types of a cell, as bytes before the row: whole numbers, real ones too, texts and bytes, nothing.
_INT, _REAL, _VAR, _NONE = rb"[\x00-\x06\x08\x09]", rb"[\x00-\x09]", rb"[\x80-\xff]{0,3}[\x00-\x7f]", rb"\x00"

#: The tables, with the types of their cells; the first of those whose row has a number is that number.
_SHAPES = {
    "header": (_VAR, _VAR, _INT),
    "points": (_NONE, _VAR, _INT),
    "batches": (_INT, _INT, _INT, _INT, _VAR, _INT),
    "matched": (_NONE, _REAL, _INT),
    "aside": (_INT, _INT, _VAR, _VAR, _INT),
}
_FINDERS = {
    table: re.compile(rb"(?=[\x04-\x1f]" + b"".join(types) + rb")", re.DOTALL) for table, types in _SHAPES.items()
}


@dataclass(frozen=True)
class Row:
    """A sound row: its table, its cells without the checksum, and whether a page lists it; else it may be removed."""

    table: str
    cells: tuple[Any, ...]
    listed: bool


def rows_of(path: Path, sound: Callable[[Sequence[Any]], bool]) -> tuple[list[Row], int]:
    """Return the sound rows of a store, those that pages list first, and how many they list that are not sound.

    The log of a writer that was killed, beside the file, counts as part of it. Nothing is written.

    Parameters
    ----------
    path
        Of the file.
    sound
        Tells whether cells, the checksum at their end, are as they were written.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD).ljust(_HEAD, b"\0")
        stated = struct.unpack(">H", head[16:18])[0]
        sizes = dict.fromkeys((65536 if stated == 1 else stated, _USUAL))
        ways = product((one for one in sizes if 512 <= one <= 65536 and not one & (one - 1)), {0, head[20]})
        found = [_Pages(file, path, size, size - spare).rows(sound) for size, spare in ways]
    return max(found, key=lambda one: len(one[0]))


class _Pages:
    """The pages of a file, the newer ones from its log; of each so many bytes are used."""

    def __init__(self, file: BinaryIO, path: Path, size: int, used: int) -> None:
        self.file, self.size, self.used = file, size, used
        self.logged = _logged(path.with_name(f"{path.name}-wal"), size)
        self.newer = dict(self.logged)
        self.numbers = sorted({*range(1, 1 - -file.seek(0, 2) // size), *self.newer})
        self.count = max(self.numbers, default=0)

    def page(self, number: int) -> bytes:
        """Return a page, counted from 1; what is not there is zeros."""
        return self.newer[number] if number in self.newer else self._kept(number)

    def _kept(self, number: int) -> bytes:
        """Return a page as the file itself has it."""
        if not 0 < number <= self.count:
            return bytes(self.size)
        self.file.seek((number - 1) * self.size)
        return self.file.read(self.size).ljust(self.size, b"\0")

    def rows(self, sound: Callable[[Sequence[Any]], bool]) -> tuple[list[Row], int]:
        """Return what `rows_of` does."""
        rows: list[Row] = []
        damaged = 0
        free = set(self._free())
        for number in self.numbers:
            page = self.page(number)
            listed = set() if number in free else self._listed(page, _HEAD if number == 1 else 0)
            found = dict(self._found(page, listed, sound))
            of_rows = page[0] == 0x0D or any(row.table == "header" for row in found.values())
            damaged += len(listed - found.keys()) * (of_rows and number > 1)  # the first page lists the tables
            rows += found.values()
        for page in (page for number, page in self.logged if page is not self.newer[number]):
            rows += (row for _, row in self._found(page, set(), sound))
        for number in self.newer:  # as the file has it, should its number in the log be damaged
            rows += (row for _, row in self._found(self._kept(number), set(), sound))
        return sorted(rows, key=lambda row: not row.listed), damaged

    def _found(
        self, page: bytes, listed: set[int], sound: Callable[[Sequence[Any]], bool]
    ) -> Iterator[tuple[int, Row]]:
        """Yield the sound rows of a page with where they begin."""
        for table, finder in _FINDERS.items():
            for start in (match.start() for match in finder.finditer(page)):
                for cells in self._cells(table, page, start):
                    if sound(cells):
                        yield start, Row(table, (*cells[:-1],), start in listed)

    def _free(self) -> Iterator[int]:
        """Yield the pages that hold nothing any more."""
        (trunk,) = struct.unpack(">I", self.page(1)[32:36])
        seen: set[int] = set()
        while 0 < trunk <= self.count and trunk not in seen:
            seen.add(trunk)
            page = self.page(trunk)
            trunk, n = struct.unpack(">II", page[:8])
            yield from struct.unpack(f">{min(n, self.size // 4 - 2)}I", page[8 : 8 + 4 * min(n, self.size // 4 - 2)])
        yield from seen

    def _listed(self, page: bytes, start: int) -> set[int]:
        """Return where the rows begin that a page lists."""
        kind = page[start]
        if kind not in _KINDS:
            return set()
        n = min(struct.unpack(">H", page[start + 3 : start + 5])[0], self.size // 2)
        begins = set()
        for at in range(n):
            place = page[start + _KINDS[kind] + 2 * at :][:2]
            where = int.from_bytes(place, "big") + (4 if kind == 0x02 else 0)
            for _ in range(2 if kind == 0x0D else 1):  # how long it is, and the number of the row
                where = _varint(page, where)[1]
            begins.add(where)
        return begins

    def _cells(self, table: str, page: bytes, start: int) -> Iterator[list[Any]]:
        """Yield the cells of what may be a row that begins somewhere in a page, once for each number it may have."""
        end = start + page[start]
        types, at = [], start + 1
        while at < end:
            kind, at = _varint(page, at)
            types.append(kind)
        if at != end or len(types) != len(_SHAPES[table]):
            return
        sizes = [_size(kind) for kind in types]
        if sum(sizes) > self.size * len(self.numbers):
            return
        whole = self._whole(page, start, page[start] + sum(sizes), table == "header")
        cells, at = [], page[start]
        for kind, size in zip(types, sizes, strict=True):
            try:
                cells.append(_value(kind, whole[at : at + size]))
            except (UnicodeDecodeError, struct.error):
                return
            at += size
        if table not in ("points", "matched"):
            yield cells
            return
        cells[1] = float(cells[1]) if table == "matched" and isinstance(cells[1], int) else cells[1]
        for length in range(1, 10):
            number, after = _varint(page, start - length) if start >= length else (0, -1)
            if after == start:
                yield [number, *cells[1:]]

    def _whole(self, page: bytes, start: int, size: int, index: bool) -> bytes:
        """Return the bytes of a row, the longer part of a long one from the pages it goes on in."""
        most = (self.used - 12) * 64 // 255 - 23 if index else self.used - 35
        least = (self.used - 12) * 32 // 255 - 23
        here = least + (size - least) % (self.used - 4)
        here = size if size <= most else here if here <= most else least
        parts, left = [page[start : start + here]], size - here
        onwards = int.from_bytes(page[start + here : start + here + 4], "big")
        while left > 0 and 0 < onwards <= self.count:
            more = self.page(onwards)
            parts.append(more[4 : min(self.used, 4 + left)])
            left -= self.used - 4
            onwards = int.from_bytes(more[:4], "big")
        return b"".join(parts)


def _logged(log: Path, size: int) -> list[tuple[int, bytes]]:
    """Return the pages of the log of a writer that was killed with their numbers, the older ones first."""
    pages: list[tuple[int, bytes]] = []
    with suppress(FileNotFoundError), log.open("rb") as file:
        marks = {file.read(_LOG_HEAD)[16:24]}  # what is left over from before has others
        while len(frame := file.read(_FRAME_HEAD + size)) == _FRAME_HEAD + size:
            marks |= {frame[8:16]} if not pages else set()
            number = int.from_bytes(frame[:4], "big")
            if frame[8:16] in marks and number:
                pages.append((number, frame[_FRAME_HEAD:]))
    return pages


def _varint(page: bytes, at: int) -> tuple[int, int]:
    """Return a number of one to nine bytes, and where it ends; 0 where the page ends before."""
    value = 0
    for n, byte in enumerate(page[at : at + 9], 1):
        if n == 9:
            value = value << 8 | byte
            return value - (1 << 64) * (value >> 63), at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + n
    return 0, at + 9


def _size(kind: int) -> int:
    """Return how many bytes a cell of a type has."""
    return (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[kind] if kind < 12 else (kind - 12) // 2


def _value(kind: int, held: bytes) -> Any:
    """Return a cell of a type; raises where it is none."""
    if kind == 0:
        return None
    if kind == 7:
        return struct.unpack(">d", held)[0]
    if kind in (8, 9):
        return kind - 8
    if kind < 12:
        return int.from_bytes(held, "big", signed=True)
    return bytes(held) if kind % 2 == 0 else held.decode()
