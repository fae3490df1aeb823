"""What every answer can do, whichever question it answers, and where its figures come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flywheel_sim.journey.units import format_duration
from flywheel_sim.wording import joined

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Provenance:
    """Where a result comes from: enough to get the same figures again.

    Attributes
    ----------
    scenario, strategy
        Names.
    fingerprint
        Hash of the journey as run.
    seed, replications, first
        Root of the luck, and how many replications, numbered from the first.
    engine, version
        Which engine, and the package's version.
    seconds
        Wall-clock time of the run.
    n_events
        Arrivals and clocks that fired.
    coupled
        What makes people depend on one another, empty where they live independent lives.
    warm_up
        How long figures over time leave out at the start, ms.
    """

    scenario: str
    strategy: str
    fingerprint: str
    seed: int
    replications: int
    engine: str
    version: str
    seconds: float
    n_events: int
    first: int = 0
    coupled: tuple[str, ...] = ()
    warm_up: int = 0

    def __str__(self) -> str:
        strategy = f", strategy '{self.strategy}'" if self.strategy else ""
        count = f"{self.replications:,} replications" if self.replications != 1 else f"replication {self.first}"
        coupled = f" · coupled by {joined(self.coupled)}" if self.coupled else ""
        after = f" after a warm-up of {format_duration(self.warm_up)}" if self.warm_up else ""
        return (
            f"{self.scenario}{strategy} · scenario {self.fingerprint}{coupled} · seed {self.seed} · "
            f"{count}{after} · {self.n_events:,} events in {self.seconds:.1f} s · "
            f"{self.engine} engine, flywheel_sim {self.version}"
        )


class Result:
    """An answer to a question: frozen, and never drawing; charts and sections of the report take it."""

    if TYPE_CHECKING:

        @property
        def base_runs(self) -> Mapping[str, Any]:
            """Return the `Runs` that are shown, by the name of their strategy; none where nothing was run."""

    def answer(self) -> str:
        """Return the answer in words."""
        raise NotImplementedError

    def frame(self) -> pd.DataFrame:
        """Return the tidy table behind it."""
        raise NotImplementedError


class Unreplicated(Result):
    """An answer that shows no replications: from data, from judgement, by arithmetic, or person by person."""

    @property
    def base_runs(self) -> Mapping[str, Any]:
        """Return no runs."""
        return {}
