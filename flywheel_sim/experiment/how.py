"""How to run, said once for every verb: seed, workers, executor, progress, engine, limits."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any, TypedDict

from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.driver import Limits, Ways


class How(TypedDict, total=False):
    """How to run. Figures depend on none of it but the seed.

    Attributes
    ----------
    seed
        The luck; the file's seed unless given.
    workers
        Threads of the compiled engine, processes of the reference engine; all cores, or one process, unless given.
    executor
        Any executor of the ``concurrent.futures`` interface, instead of workers.
    progress
        Whether to show a bar.
    engine
        ``kernel`` (compiled) or ``reference`` (SimPy).
    limits
        Where runs are stopped before they take all there is.
    """

    seed: int | None
    workers: int | None
    executor: Executor | None
    progress: bool
    engine: str
    limits: Limits | None


def how_to_run(how: How) -> tuple[int | None, Ways]:
    """Return the seed, and how to run.

    Raises
    ------
    ExperimentError
        If a word among them is none of `How`.
    """
    given: dict[str, Any] = dict(how)
    for word in given:
        if word not in How.__annotations__:
            raise ExperimentError(f"'{word}' is no argument here; {nearest(word, How.__annotations__)}")
    ways = Ways(given.get("workers"), given.get("executor"), given.get("progress", False),
                given.get("engine", "kernel"), given.get("limits") or Limits())  # fmt: skip
    return given.get("seed"), ways
