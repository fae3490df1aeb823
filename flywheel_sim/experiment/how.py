"""How to run, said once for every verb: seed, workers, executor, progress, engine, limits."""

from __future__ import annotations

from concurrent.futures import Executor
from numbers import Integral
from typing import Any, TypedDict

from flywheel_sim.engine.run import ENGINES
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
        If a word among them is none of `How`, or its value nothing that it takes.
    """
    given: dict[str, Any] = dict(how)
    for word, value in given.items():
        if word not in How.__annotations__:
            raise ExperimentError(f"'{word}' is no argument here; {nearest(word, How.__annotations__)}")
        if wrong := _wrong(word, value):
            raise ExperimentError(wrong)
    ways = Ways(given.get("workers"), given.get("executor"), given.get("progress", False),
                given.get("engine", "kernel"), given.get("limits") or Limits())  # fmt: skip
    return given.get("seed"), ways


def _wrong(word: str, value: Any) -> str:
    """Return what is wrong with the value of a word and what to write instead, nothing where it may be."""
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if word == "engine":
        return "" if value in ENGINES else f"{value!r} is no engine; {nearest(str(value), ENGINES)}"
    if word == "seed" and not (value is None or (whole and 0 <= value < 2**32)):
        return f"seed is {value!r}: it is a whole number from 0 to 4294967295; write seed=1"
    if word == "workers" and not (value is None or whole):
        return f"workers are {value!r}: how many is a whole number; write workers=2"
    if word == "executor" and not (value is None or callable(getattr(value, "submit", None))):
        return f"executor is {value!r}: it has no submit; hand in one of the concurrent.futures interface, or workers=2"
    if word == "limits" and not (value is None or isinstance(value, Limits)):
        return f"limits are {value!r}; write limits=fs.Limits(max_people=1000000)"
    return ""
