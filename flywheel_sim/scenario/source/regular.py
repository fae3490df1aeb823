"""Opening a file that somebody named: a regular one, not too large, and nothing that could keep the reader waiting."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any, TextIO

#: How files are opened: without waiting for whoever writes to a pipe, and without taking over a terminal.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_CLOEXEC", 0)

_KINDS = {
    stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}  # fmt: skip


class Unreadable(Exception):
    """Say within this room what is wrong with a file, and what to do about it, "" where its path is to be mended."""

    def __init__(self, rule: str, remedy: str = "") -> None:
        super().__init__(rule)
        self.rule, self.remedy = rule, remedy


def open_regular(path: str | Path, most: int, *, linked: bool = True, **how: Any) -> TextIO:
    """Return a regular file of at most so many bytes, opened as text.

    Parameters
    ----------
    path, most
        The file, and its largest size.
    linked
        Whether the path may be a symbolic link.
    how
        As `open` takes it: encoding, newline.

    Raises
    ------
    Unreadable
        If there is no such file, it cannot be opened, is none that can be read to its end, or is too large.
    """
    try:
        _refuse(os.stat(path), most)  # a device is not even opened
        handle = os.open(path, _FLAGS | (0 if linked else getattr(os, "O_NOFOLLOW", 0)))
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error
    except ValueError as error:
        raise Unreadable("no path of a file") from error
    try:
        _refuse(os.fstat(handle), most)  # it may be another one by now
    except Unreadable:
        os.close(handle)
        raise
    file: TextIO = os.fdopen(handle, **how)
    return file


def _refuse(found: os.stat_result, most: int) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise Unreadable(os.strerror(errno.EISDIR))
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise Unreadable(f"{kind}, and no file that can be read", "give the path of a file")
    if found.st_size > most:
        raise too_large(most)


def too_large(most: int) -> Unreadable:
    """Return the refusal of a file of more than so many bytes."""
    return Unreadable(f"larger than {most / 10**6:g} MB", "give a smaller file")
