"""The bar that long runs show: how many are done, how fast, and how much is left; and why starts take long."""

from __future__ import annotations

import logging
import warnings
from functools import cache as once
from typing import Any

from flywheel_sim.compile import cache

_LOG = logging.getLogger("flywheel_sim")


def bar(total: int | None, what: str | None = None, unit: str = "run", before: int = 0) -> Any:
    """Return a bar for a notebook or a terminal, to be used with ``with`` and advanced by its ``update``.

    Parameters
    ----------
    total, before
        How many there are in all, None where nobody knows; and how many were done before.
    what, unit
        What is being done, and what is counted.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a notebook without ipywidgets shows the bar as text, and need not say so
        from tqdm.auto import tqdm
    return tqdm(desc=what, total=total, initial=before, unit=unit, leave=False, smoothing=0.05)


def grown(at: Any, count: int) -> int:
    """Return how many more are done, once there is room for them on a bar whose total was a guess."""
    at.total = max(at.total or 0, at.n + count)
    return count


@once
def say_kept_nowhere() -> None:
    """Say, once and not in every worker, where compiled code cannot be kept."""
    if cache.folder() is None:
        _LOG.warning("compiled code cannot be kept: each folder for it can be written by others too, or by nobody; "
                     "so every start compiles anew; set FLYWHEEL_CACHE_DIR to a folder that only you can write to"
                     )  # fmt: skip
