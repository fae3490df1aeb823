"""The bar that long runs show: how many are done, how fast, and how much is left."""

from __future__ import annotations

import warnings
from typing import Any


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
