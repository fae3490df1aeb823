"""Journeys on the same people with the same luck, and differences within replications."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.experiment.driver import replicate_jobs
from flywheel_sim.experiment.running import Job, RunOptions
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.result import Result
from flywheel_sim.stats import Estimate, estimate_mean

FloatArray = NDArray[np.float64]


class AgainstToday(Result):
    """What answers held against one strategy as it is have in common: its runs."""

    today: Runs

    @property
    def base_runs(self) -> dict[str, Runs]:
        """Return the runs of the journey as it is, by the name of its strategy."""
        return {self.today.journey.strategy or "as written": self.today}


def replicated(
    journeys: Sequence[Journey],
    replications: int,
    seed: int | None,
    options: RunOptions,
    keep: Callable[[int, Runs], Any],
) -> list[Any]:
    """Return what is kept of the runs of each journey, all on the same people with the same luck."""
    root = journeys[0].seed if seed is None else seed
    return replicate_jobs([Job(journey, root) for journey in journeys], replications, options, keep=keep)


def paired(gap: FloatArray, unit: str, level: float = 0.95) -> Estimate:
    """Return the mean of differences within replications; those that are not finite are left out."""
    return estimate_mean(gap[np.isfinite(gap)], unit, level)


def within(runs: Runs) -> str:
    """Return in which time figures over time add up, for a sentence."""
    return f"in {runs.months}"
