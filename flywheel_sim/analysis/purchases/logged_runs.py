"""Runs that keep their event log, one at a time, so that no more than one log has to be held."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from flywheel_sim.engine.run import run_many
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.driver import Limits, RunOptions, announce, provenance, say_compiling
from flywheel_sim.journey.journey import Journey
from flywheel_sim.result import Provenance
from flywheel_sim.scenario.load import Scenario

if TYPE_CHECKING:
    import pandas as pd

Found = TypeVar("Found")


@dataclass(frozen=True)
class LoggedRuns:
    """Replications 0 to n - 1 of a journey, ready to be run; arguments are those of `replicate`."""

    journey: Journey
    seed: int
    replications: int
    progress: bool
    engine: str
    limits: Limits

    def read(self, of: Callable[[pd.DataFrame], Found]) -> tuple[list[Found], Provenance]:
        """Run all, and return what is read of each event log, and where it comes from.

        Raises
        ------
        SimulationError
            If a run meets a limit.
        """
        announce(self.journey)
        say_compiling(self.engine, self.journey)
        begun = time.perf_counter()
        runs = run_many(self.journey, self.seed, self._numbers(), events=True, max_people=self.limits.max_people,
                        max_events=self.limits.max_events, engine=self.engine)  # fmt: skip
        found, n_events = [], 0
        for raw in runs:
            assert raw.events is not None
            found.append(of(raw.events))
            n_events += int(raw.ledger.n_events)
        took = time.perf_counter() - begun
        return found, provenance(self.journey, self.seed, self.replications, took, n_events, self.engine)

    def _numbers(self) -> Iterable[int]:
        """Return the numbers of the replications, beside a bar that tells how many are done where asked for."""
        if not self.progress:
            return range(self.replications)
        from tqdm.auto import tqdm

        bar: Iterable[int] = tqdm(range(self.replications), unit="run", leave=False)
        return bar


def logged_runs(
    model: Scenario, strategy: str | None, replications: int, seed: int | None, progress: bool, engine: str,
    limits: Limits | None,
) -> LoggedRuns:  # fmt: skip
    """Return runs of a strategy ready to be carried out, a spend that is matched solved for.

    Raises
    ------
    ExperimentError
        If there is nothing to run.
    """
    held = limits or Limits()
    if replications < 1:
        raise ExperimentError(f"{replications} replications: at least one is needed; write 20")
    settled, _ = with_budgets(model, [strategy], seed, RunOptions(progress=progress, engine=engine, limits=held))
    journey = settled.journey(strategy)
    return LoggedRuns(journey, journey.seed if seed is None else seed, replications, progress, engine, held)
