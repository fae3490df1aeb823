"""Files that are written: those that belong together all or none."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, unquote

from flywheel_sim.errors import DataError

if sys.platform != "win32":
    import fcntl

P = TypeVar("P", str, Path)

#: What a file holds: its bytes, or what writes it to a path; that may be called twice.
Content = bytes | Callable[[Path], object]

#: Seconds after which what a killed process left half written is removed.
_STALE = 3600

#: Characters of the name of a file that is made of a text.
_LONGEST = 80

#: Characters of a folder's name in that of its staging folder, which the system limits too.
_NAMED = 40


def home(path: P) -> P:
    """Return a path with the home it names by ``~`` or ``~user``; a text stays a text."""
    given = os.path.expanduser(path)
    return given if isinstance(path, str) else Path(given)


# -- files that belong together ---------------------------------------------------------------------------


def put(folder: str | Path, files: Mapping[str, Content]) -> None:
    """Write files that belong together into a folder, all of them or none.

    All are written to a hidden folder first. Where the folder is not there or holds nothing but an older set, that one
    takes its place in one step, so that whoever looks, and whatever is killed, finds one set or the other. Else file
    after file takes its place, the last one last, and what was replaced is put back if one cannot be.

    Parameters
    ----------
    folder
        Where they belong; it is made.
    files
        By name, relative to the folder and with slashes; the last one is the main one. Of an older page of its name,
        the files that it names and that are not among these are removed.

    Raises
    ------
    DataError
        If they cannot be written; what was there before is still there.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp()) / "out"
    >>> put(folder, {"csv/a.csv": b"a", "page.html": lambda path: path.write_text("A page")})
    >>> sorted(path.name for path in folder.rglob("*.*")), (folder / "page.html").read_text()
    (['a.csv', 'page.html'], 'A page')
    """
    with _told(Path(folder, list(files)[-1])):
        place = Path(os.path.realpath(home(Path(folder))))
        _refuse(place, files)
        known = _known(place, files)
        if not place.is_dir() or (len(known) > 1 and _is_alone(place, known)):
            try:
                return _put_at_once(place, files)
            except OSError:
                if not place.is_dir():
                    raise
        _put_one_by_one(place, files)


def refuse_unwritable(folder: str | Path, names: Collection[str]) -> None:
    """Raise if files of these names could not be written into a folder; leaves nothing behind.

    Raises
    ------
    DataError
        If a folder cannot be made or written, or something else has one of the names.
    """
    with _told(Path(folder)):
        place = Path(os.path.realpath(home(Path(folder))))
        _refuse(place, names)
        with _staging(place if place.is_dir() else place.parent, place.name) as staged:
            _fill(staged / place.name, dict.fromkeys(names, b"written"), staged)


def named_files(names: Collection[str]) -> str:
    """Return the names of files as a page has them in ``<meta name="files" content="...">``."""
    return " ".join(map(quote, names))


def file_name(text: str) -> str:
    """Return a text as the name of a file, without ending: letters, digits, _ and -, and no longer than 80 characters.

    Examples
    --------
    >>> file_name("waits_front desk"), file_name("../x"), len(file_name("long" * 99))
    ('waits_front_desk', '___x', 80)
    """
    name = re.sub(r"[^A-Za-z0-9_-]", "_", text)
    if len(name) <= _LONGEST:
        return name
    sign = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=4).hexdigest()
    return f"{name[: _LONGEST - len(sign) - 1]}_{sign}"


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say what the system says in the words of the house."""
    try:
        yield
    except (OSError, ValueError) as error:  # a name with a null byte is a ValueError
        problem = getattr(error, "strerror", None) or error
        raise DataError(f"{path}: {problem}; choose a folder that can be written and has room") from error


def _refuse(place: Path, names: Collection[str]) -> None:
    """Raise if something that is no file, or no folder, stands where one belongs."""
    targets = {place / name for name in names}
    folders = {place, *(parent for target in targets for parent in target.parents if place in parent.parents)}
    for path in sorted(targets | folders):
        if path in folders and path.exists() and not path.is_dir():
            raise DataError(f"{path}: not a folder; choose a folder that can be written")
        if path in targets and path.exists() and not path.is_file():
            raise DataError(f"{path}: not a file; choose another name")


def _put_at_once(place: Path, files: Mapping[str, Content]) -> None:
    """Write files to a folder beside, which then takes the name of the one there is; raises OSError where it cannot."""
    with _staging(place.parent, place.name) as staged:
        _fill(staged, files, place)
        with _undisturbed(place):
            if not place.is_dir():
                os.rename(staged, place)
                return _sync(place.parent)
            known, older, newer = _known(place, files), place.stat(), staged.stat()
            if not _is_alone(place, known) or (older.st_uid, older.st_gid) != (newer.st_uid, newer.st_gid):
                raise PermissionError(errno.EPERM, "somebody else's")
            for folder in (path for path in (staged, *staged.rglob("*")) if path.is_dir()):
                if (former := place / folder.relative_to(staged)).is_dir():
                    shutil.copymode(former, folder)
            _exchange(staged, place)
            _sync(place.parent)
            for path in [path for path in staged.rglob("*") if not path.is_dir() or path.is_symlink()]:
                name = path.relative_to(staged)
                if name.as_posix() not in known:  # somebody put it there just now
                    (place / name).parent.mkdir(parents=True, exist_ok=True)
                    os.rename(path, place / name)


def _put_one_by_one(place: Path, files: Mapping[str, Content]) -> None:
    """Write files to a folder within, from which each takes its place; puts back the older ones where one cannot."""
    with ExitStack() as stack:
        with _undisturbed(place):  # nobody may exchange the folder for another just then
            staged = stack.enter_context(_staging(place, place.name))
        _fill(staged, files, place)
        *others, main = ((_ready(stack, staged / name, place / name), place / name) for name in files)
        stack.enter_context(_undisturbed(place))
        steps = [*others, *((None, place / name) for name in _known(place, files) - {*files}), main]
        done: list[tuple[Path | None, Path]] = []
        try:
            for number, (newer, path) in enumerate(steps):
                target = Path(os.path.realpath(path))
                kept = _kept(target, staged / f".{number}") if len(steps) > 1 else None
                if newer is None:
                    target.unlink(missing_ok=True)
                else:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    os.replace(newer, target)
                done.append((kept, target))
        except BaseException:
            for kept, target in done:
                _put_back(kept, target)
            raise
        finally:
            for folder in {path.parent for _, path in steps} - {place}:
                with suppress(OSError):  # which has something in it
                    folder.rmdir()
        _sync(place)


def _ready(stack: ExitStack, newer: Path, path: Path) -> Path:
    """Return a staged file where it can take its place in one step: beside the file to which a link leads."""
    target = Path(os.path.realpath(path))
    if target == path:
        return newer
    copy = stack.enter_context(_staging(target.parent, target.name)) / target.name
    _fill(copy.parent, {target.name: lambda to: shutil.copyfile(newer, to)}, target.parent)
    return copy


def _kept(target: Path, at: Path) -> Path | None:
    """Keep an older file, if there is one, until all that are to replace it and others are in place."""
    if not target.exists():
        return None
    try:
        os.link(target, at)
    except OSError:  # not every system has hard links
        shutil.copy2(target, at)
    return at


def _put_back(kept: Path | None, target: Path) -> None:
    """Give a file back what it held before, as far as the system does."""
    with suppress(OSError):
        if kept is None:
            return target.unlink()
        try:
            os.replace(kept, target)
        except OSError:
            shutil.copyfile(kept, target)


def _fill(staged: Path, files: Mapping[str, Content], place: Path) -> None:
    """Write files, safe on the disk and with the modes of those they are to replace."""
    for name, content in files.items():
        path, older = staged / name, place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if callable(content):
            content(path)
        else:
            path.write_bytes(content)
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        if older.exists():
            shutil.copymode(older, path)


@contextmanager
def _staging(where: Path, name: str) -> Iterator[Path]:
    """Make a hidden folder for what is to be in a folder or file of a name; nothing of it is left afterwards."""
    made, start = [folder for folder in (where, *where.parents) if not folder.exists()], f".{name[:_NAMED]}."
    staged = where / f"{start}{os.getpid()}.part"
    try:
        where.mkdir(parents=True, exist_ok=True)
        _forget(where, start)
        for number in count(1):
            with suppress(FileExistsError):  # of a process of the same number that was killed
                staged.mkdir()
                break
            staged = where / f"{start}{os.getpid()}-{number}.part"
        yield staged
    finally:
        try:
            _remove(staged, made)
        except KeyboardInterrupt:  # which came before it could be made to wait
            _remove(staged, made)
            raise


def _remove(staged: Path, made: Collection[Path]) -> None:
    """Remove a hidden folder, and those that were made for it and hold nothing."""
    with _undisturbed():
        shutil.rmtree(staged, ignore_errors=True)
        for folder in made:
            with suppress(OSError):  # which has something in it
                folder.rmdir()


def _forget(where: Path, start: str) -> None:
    """Remove what processes that were killed have left half written, once nobody can be at it any more."""
    with suppress(OSError):
        for folder in where.iterdir():
            if not re.fullmatch(rf"{re.escape(start)}\d+(-\d+)?\.part", folder.name) or folder.is_symlink():
                continue
            if time.time() - max(path.lstat().st_mtime for path in (folder, *folder.rglob("*"))) > _STALE:
                shutil.rmtree(folder, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Have the names in a folder safe on the disk, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _undisturbed(place: Path | None = None) -> Iterator[None]:
    """Have Ctrl-C wait, and, where the system can, whoever else writes to a folder."""
    usual, waiting, handle = signal.getsignal(signal.SIGINT), [], None
    ours = usual is not None and threading.current_thread() is threading.main_thread()
    if ours:
        signal.signal(signal.SIGINT, lambda number, _: waiting.append(number))
    try:
        if sys.platform != "win32" and place is not None:
            with suppress(OSError):
                handle = os.open(place.parent, os.O_RDONLY)
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        if handle is not None:
            os.close(handle)
        if ours:
            signal.signal(signal.SIGINT, usual)
            if waiting:
                signal.raise_signal(signal.SIGINT)


# -- an older set -----------------------------------------------------------------------------------------


def _known(place: Path, files: Collection[str]) -> set[str]:
    """Return the files that are written, and those that an older page says were written with it.

    Anybody may have written the page: only plain names below the folder count, of data that are there as files.
    """
    page, known = place / list(files)[-1], {*files}
    if page.suffix.lower() not in (".html", ".htm"):
        return known
    head = ""
    with suppress(OSError), page.open("rb") as file:
        head = file.read(1 << 20).decode("utf-8", "replace")
    named = re.search(r'<meta name="files" content="([^"<>]*)">', head)
    newer = {name.casefold() for name in files}  # some systems take a.csv and A.csv for one file
    for name in map(unquote, named[1].split() if named else ()):
        plain = name.endswith(".csv") and not set(name) & set("\\:\0") and all(p.strip(". ") for p in name.split("/"))
        path = place / name
        if plain and name.casefold() not in newer and os.path.isfile(path) and os.path.realpath(path) == str(path):
            known.add(name)
    return known


def _is_alone(place: Path, known: Collection[str]) -> bool:
    """Tell whether a folder may be exchanged for another: nothing but known files is in it, and nobody stands in it."""
    if sys.platform not in ("linux", "darwin"):
        return False
    folders = {parent.as_posix() for name in known for parent in Path(name).parents}
    try:
        if os.path.ismount(place) or not os.access(place, os.W_OK):
            return False
        if sys.platform == "linux" and any("acl" in name for name in os.listxattr(place)):
            return False  # who may do what in it would not be exchanged
        here = Path.cwd()
        if any(os.path.samefile(place, folder) for folder in (here, *here.parents)):
            return False
        for path in place.rglob("*"):
            name = path.relative_to(place).as_posix()
            ours = name in folders and os.access(path, os.W_OK) if path.is_dir() else name in known and path.is_file()
            if path.is_symlink() or not ours:
                return False
    except OSError:
        return False
    return True


def _exchange(one: Path, other: Path) -> None:
    """Have two folders take each other's name in one step; raises OSError where the system cannot."""
    library, names = ctypes.CDLL(None, use_errno=True), (os.fsencode(one), os.fsencode(other))
    here, exchange = -100, 2  # AT_FDCWD; RENAME_EXCHANGE, which macOS calls RENAME_SWAP
    try:
        if sys.platform == "linux":
            failed = library.renameat2(here, names[0], here, names[1], exchange)
        else:
            failed = library.renamex_np(*names, exchange)
    except AttributeError as missing:
        raise OSError(errno.ENOSYS, str(missing)) from missing
    if failed:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
