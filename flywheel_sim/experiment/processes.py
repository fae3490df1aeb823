"""A pool of processes that Ctrl-C does not reach: it is for the process that hands out work, which ends them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import BaseContext
from typing import Any


class Processes(ProcessPoolExecutor):
    """A pool of so many processes; each does ``begin`` first."""

    def __init__(self, count: int, context: BaseContext | None = None, begin: Callable[[], None] | None = None) -> None:
        super().__init__(count, context, initializer=begin or ignore_ctrl_c)

    def submit(self, work: Callable[..., Any], /, *words: Any, **more: Any) -> Future[Any]:
        """Hand out work, as every pool does; a process begun for it does not hear of Ctrl-C from the first moment."""
        with _unheard():
            return super().submit(work, *words, **more)

    def end(self) -> None:
        """End all at once, whatever they do: they cannot be told to stop."""
        for process in dict(getattr(self, "_processes", None) or {}).values():
            process.kill()


def ignore_ctrl_c() -> None:
    """Let this process go on at Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _unheard() -> Iterator[None]:
    """Begin processes that do not hear of Ctrl-C, where the system can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
