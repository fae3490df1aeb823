"""Folders that nobody else can write to: what lies there is run, so it must be our own."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from functools import cache
from pathlib import Path


def is_ours(folder: Path) -> bool:
    """Tell whether nobody but this user and the administrator can change a folder, or put another in its place.

    It need not be there yet. What is in it, and every folder above it up to the root, belongs to one of the two, and no
    other user may write to it; above it, to one like ``/tmp`` where nobody removes what is another's. A group of this
    user alone is this user. Where the system knows no users by number, as on Windows, folders of a user are their own.

    Raises
    ------
    OSError
        If one of them cannot be looked at.
    """
    if not hasattr(os, "geteuid"):
        return True
    folder = folder.absolute()
    real = folder.resolve()
    there = (path for path in (real, *real.parents) if path.exists())
    links = (path for path in (folder, *folder.parents) if path.is_symlink())
    return (
        all(_is_owned(path.lstat()) for path in links)
        and all(_is_closed(path, above=path != real) for path in there)
        and all(_is_closed(path, above=False) for path in real.rglob("*"))
    )


def _is_owned(one: os.stat_result) -> bool:
    return one.st_uid in (os.geteuid(), 0)


def _is_closed(path: Path, above: bool) -> bool:
    """Tell whether no other user may write to a file or folder, or, above ours, remove from it what is not theirs."""
    try:
        one = path.lstat()
    except FileNotFoundError:  # another process compiles, and what it has half written has its name now
        return not above
    if stat.S_ISLNK(one.st_mode) or not _is_owned(one):
        return False
    group = bool(one.st_mode & stat.S_IWGRP) and (not _is_private(one.st_gid) or _has_list(path))
    return not (group or one.st_mode & stat.S_IWOTH) or (above and bool(one.st_mode & stat.S_ISVTX))


def _has_list(path: Path) -> bool:
    """Tell whether a list says who else may write to a file or folder: the rights of its group are then theirs too."""
    with suppress(OSError, AttributeError):
        return any("acl" in name for name in os.listxattr(path))
    return False


@cache
def _is_private(group: int) -> bool:
    """Tell whether nobody but this user and the administrator is in a group."""
    import grp
    import pwd

    try:
        members = {pwd.getpwnam(name).pw_uid for name in grp.getgrgid(group).gr_mem}
    except KeyError:
        return False
    members |= {user.pw_uid for user in pwd.getpwall() if user.pw_gid == group}
    return bool(members) and members <= {os.geteuid(), 0}
