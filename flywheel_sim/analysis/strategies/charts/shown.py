"""Whose runs a chart of strategies shows."""

from __future__ import annotations

from collections.abc import Mapping

from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.result import Result


def runs_of(result: Result) -> Mapping[str, Runs]:
    """Return the runs of an answer by the name of their strategy.

    Raises
    ------
    ExperimentError
        If it has none.
    """
    runs: Mapping[str, Runs] = result.base_runs
    if not runs:
        raise ExperimentError(f"this chart shows runs, and a {type(result).__name__} has none; give it what "
                              "fs.replicate or fs.compare returns")  # fmt: skip
    return runs
