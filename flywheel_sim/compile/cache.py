"""Where compiled functions are kept: a folder that changes with every edit and upgrade.

Numba's own cache misses edits made in another module, such as a constant. Here the folder's name is a
hash of the package's source and of the versions of what compiles it, so nothing stale is ever found. A
home that cannot be written falls back to the folder for temporary files. What lies there is run, so a folder
that another user can write to is not used; without any, every start compiles.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, cast

import llvmlite
import numba
from numba.core import codegen, config

from flywheel_sim.compile.safe_folder import is_ours

#: Modules whose source goes into compiled code.
_COMPILED = (
    "compile/*.py", "engine/kernel/*.py", "ledger.py", "journey/units.py",
)  # fmt: skip

#: One module is compiled at a time: numba is made to do so in its own way meanwhile.
_COMPILING = threading.RLock()

#: Folders of other versions are removed after this many days without use; how they are named.
_KEPT_DAYS, _NAMED = 30, re.compile("[0-9a-f]{16}")

#: Engines that this process has compiled or loaded.
_READY: set[str] = set()


@cache
def fingerprint() -> str:
    """Return the hash of everything that compiled code depends on."""
    return fingerprint_of(Path(__file__).resolve().parent.parent)


def fingerprint_of(root: Path) -> str:
    """Return the hash of the package's source under a folder, and of what compiles it."""
    digest = hashlib.blake2b(f"{numba.__version__} {llvmlite.__version__} {sys.version}".encode(), digest_size=8)
    for pattern in _COMPILED:
        paths = sorted(root.glob(pattern))
        if not paths:
            raise FileNotFoundError(f"no source of the compiled engine at {root / pattern}; install the package anew")
        for path in paths:
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


@cache
def folder() -> Path | None:
    """Return the folder of compiled code, made where need be; None where others could write to it, or nobody can."""
    for base in _candidates():
        place = base / fingerprint()
        try:
            if not is_ours(place):
                continue
            for missing in reversed([path for path in (place, *place.parents) if not path.exists()]):
                with suppress(FileExistsError):  # another process may be at it
                    missing.mkdir(mode=0o700)
            if not is_ours(place):  # another was quicker
                continue
            place = place.resolve()
            with tempfile.TemporaryFile(dir=place):
                pass
        except OSError:
            continue
        _forget(place.parent, place)
        return place
    return None


def _candidates() -> Iterator[Path]:
    """Yield where compiled code may be kept: as asked for, in the home, in the folder for temporary files."""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    for given, name in ((os.environ.get("FLYWHEEL_CACHE_DIR"), ""), (home, "flywheel_sim")):
        path = os.path.expanduser(given or "~")
        if given and not path.startswith("~"):  # whoever has no home
            yield Path(path, name)
    with suppress(OSError):
        user = f"flywheel_sim-{os.getuid()}" if hasattr(os, "getuid") else "flywheel_sim"
        yield Path(tempfile.gettempdir(), user)


def _forget(base: Path, place: Path) -> None:
    """Remove folders of versions that have not been used for long."""
    try:
        os.utime(place)
        for other in base.iterdir():
            old = time.time() - other.lstat().st_mtime > _KEPT_DAYS * 86_400
            if old and other != place and _NAMED.fullmatch(other.name) and other.is_dir() and not other.is_symlink():
                shutil.rmtree(other, ignore_errors=True)
    except OSError:
        return


def ready(name: str) -> bool:
    """Tell whether a compiled engine is there, in this process or kept, so that a run starts without compiling."""
    place = folder()
    return name in _READY or (place is not None and (place / f"ready_{name}").exists())


def note_ready(name: str) -> None:
    """Note that a compiled engine is there."""
    _READY.add(name)
    place = folder()
    if place is not None:
        try:
            (place / f"ready_{name}").touch(mode=0o600)
        except OSError:
            return


def jit(signature: Any, forceinline: bool = False) -> Any:
    """Return a decorator that compiles a function for a signature, kept in `folder`.

    Without the interpreter lock, in IEEE arithmetic, division by zero as in numpy.
    """
    place = folder()

    def decorate(function: Any) -> Any:
        compile_: Any = numba.njit
        settings: Any = config
        before, settings.CACHE_DIR = settings.CACHE_DIR, str(place) if place else ""
        try:
            with _COMPILING, _compiled_once(), _kept_private():
                return compile_(
                    signature, cache=place is not None, error_model="numpy", nogil=True, forceinline=forceinline
                )(function)
        finally:
            settings.CACHE_DIR = before

    return decorate


@contextmanager
def _kept_private() -> Iterator[None]:
    """Have files made that nobody else can read or write."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def _compiled_once() -> Iterator[None]:
    """Optimise and emit inner functions once, within what calls them, and not each by itself before.

    Numba would do so for every function with all it calls, so that deep ones are compiled over and over:
    five times as long in all, for the same code in the end. Where numba has changed inside, nothing happens.
    """
    library: Any = getattr(codegen, "CPUCodeLibrary", None)
    engine: Any = getattr(codegen, "JITCPUCodegen", None)
    places = ((library, "_optimize_final_module"), (library, "_finalize_final_module"), (engine, "set_env"))
    usual = [getattr(owner, name, None) for owner, name in places]
    if None in usual:
        yield
        return
    optimise, finalise, set_env = (cast(Any, function) for function in usual)

    def is_inner(library: Any) -> bool:
        return getattr(library, "name", "") in _INNER

    def optimise_once(self: Any) -> None:
        if not is_inner(self):
            optimise(self)

    def finalise_once(self: Any) -> None:
        if not is_inner(self):
            finalise(self)
            return
        self._finalize_dynamic_globals()
        self._final_module.__library = weakref.proxy(self)
        self._finalized = True

    def set_env_if_there(self: Any, name: str, environment: Any) -> None:
        if self._engine.is_symbol_defined(name):
            set_env(self, name, environment)

    once: tuple[Any, ...] = (optimise_once, finalise_once, set_env_if_there)
    for (owner, name), function in zip(places, once, strict=True):
        setattr(owner, name, function)
    try:
        yield
    finally:
        for (owner, name), before in zip(places, usual, strict=True):
            setattr(owner, name, before)


#: Names of functions that never are compiled for themselves.
_INNER: set[str] = set()


def inner(function: Any) -> Any:
    """Return a function for compiled code alone: compiled into whatever calls it, with the types it is called with."""
    return _inner(function, False)


def inlined(function: Any) -> Any:
    """Return a function as `inner` does, written out wherever it is called."""
    return _inner(function, True)


def _inner(function: Any, forceinline: bool) -> Any:
    _INNER.add(function.__qualname__)
    compile_: Any = numba.njit  # the stubs do not know of all its options
    compiled: Any = compile_(
        error_model="numpy", nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=forceinline
    )(function)
    return compiled
