"""Workers in other processes: a pool of new interpreters, or those of a Dask scheduler.

What is here is imported by the workers too, so it imports little.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from importlib import import_module
from typing import Any, TypeVar

from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.processes import Processes, ignore_ctrl_c
from flywheel_sim.version import __version__

T = TypeVar("T")
R = TypeVar("R")

#: Seconds to wait for a scheduler to answer, and for it to have a worker.
PATIENCE = 5.0


def elsewhere(work: Callable[[T], R], task: T, version: str) -> R:
    """Do a task in another process, which has to hold the same version and send errors that arrive."""
    if version != __version__:
        raise ExperimentError(
            f"a worker has flywheel_sim {__version__} and this process {version}, whose figures may differ; "
            "install the same version everywhere"
        )
    try:
        return work(task)
    except Exception as error:
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            raise ExperimentError(f"a worker failed with {type(error).__name__}: {error}") from None
        raise


def process_pool(count: int) -> Processes:
    """Return a pool of new interpreters of which one has said that it is there."""
    pool = Processes(count, multiprocessing.get_context("spawn"), _begin)
    try:
        pool.submit(_version).result()
    except BrokenExecutor as error:
        pool.shutdown(wait=False)
        raise ExperimentError(
            "worker processes do not start: each of them imports the calling script anew, which must keep its own "
            "doings under 'if __name__ == \"__main__\":' and be a file; put them there, or say executor='threads'"
        ) from error
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    return pool


def _version() -> str:
    """Return the version of the package that a worker has."""
    return __version__


def _begin() -> None:
    """Begin a worker process: Ctrl-C is for the process that hands out work, and none outlives it."""
    ignore_ctrl_c()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    """End this process when the one that began it has ended, however it ended."""
    parent.join()
    os._exit(1)


def dask_client(address: str) -> Any:
    """Return a client of a Dask scheduler that answers and has workers with this version of the package."""
    try:
        distributed = import_module("distributed")
    except ImportError as error:
        raise ExperimentError(
            f"'{address}' is a Dask scheduler, and Dask is not installed; pip install 'flywheel_sim[dask]'"
        ) from error
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except Exception as error:
        raise ExperimentError(
            f"no Dask scheduler answers at {address} ({error}); start one with 'dask scheduler', and give its address"
        ) from error
    try:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except Exception as error:
            raise ExperimentError(
                f"the scheduler at {address} has no workers; start one with 'dask worker {address}'"
            ) from error
        try:
            versions = client.run(_version)
        except Exception as error:
            raise ExperimentError(
                f"the workers of {address} cannot run flywheel_sim ({type(error).__name__}: {error}); "
                f"install flywheel_sim {__version__} there"
            ) from error
        if others := sorted({version for version in versions.values() if version != __version__}):
            raise ExperimentError(
                f"workers of {address} have flywheel_sim {', '.join(others)}, and this process {__version__}, "
                "whose figures may differ; install the same version everywhere"
            )
    except BaseException:
        client.close()
        raise
    return client
