"""One run: a journey, a seed and a replication in; a frozen result with its ledger out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flywheel_sim.errors import SimulationError
from flywheel_sim.ledger import Ledger
from flywheel_sim.scenario.journey import Journey

if TYPE_CHECKING:
    import pandas as pd

    from flywheel_sim.engine.person import Person
    from flywheel_sim.engine.reference import Reference

#: People one run may bring before it is stopped as feeding itself.
MAX_PEOPLE = 5_000_000


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

    def __str__(self) -> str:
        strategy = f", strategy '{self.strategy}'" if self.strategy else ""
        count = f"{self.replications:,} replications" if self.replications != 1 else f"replication {self.first}"
        return (
            f"{self.scenario}{strategy} · scenario {self.fingerprint} · seed {self.seed} · "
            f"{count} · {self.n_events:,} events in {self.seconds:.1f} s · "
            f"{self.engine} engine, flywheel_sim {self.version}"
        )


@dataclass(frozen=True)
class RawRun:
    """What an engine hands back: the ledger, and people and events where asked for."""

    ledger: Ledger
    people: pd.DataFrame | None = None
    events: pd.DataFrame | None = None
    seconds: float = 0.0


def run_once(
    journey: Journey,
    seed: int,
    replication: int = 0,
    people: bool = False,
    events: bool = False,
    max_people: int = MAX_PEOPLE,
) -> RawRun:
    """Run one replication of a journey.

    Parameters
    ----------
    journey
        One strategy of a scenario, resolved.
    seed, replication
        Whole numbers from 0 to 2^32 - 1; together they fix all luck.
    people, events
        Whether to keep the people table and the event log.
    max_people
        People after whom the run is stopped.

    Raises
    ------
    SimulationError
        If the run meets a limit.
    """
    from flywheel_sim.engine.reference import Reference

    if not 0 <= seed < 2**32 or not 0 <= replication < 2**32:
        raise SimulationError(
            f"seed {seed}, replication {replication}: both lie between 0 and 4294967295; choose others"
        )
    begun = time.perf_counter()
    engine = Reference(journey, seed, replication, people, events, max_people)
    ledger = engine.run()
    return RawRun(
        ledger,
        _people_frame(journey, engine.people_rows) if engine.people_rows is not None else None,
        _event_frame(engine) if engine.event_rows is not None else None,
        time.perf_counter() - begun,
    )


def _people_frame(journey: Journey, rows: list[Person]) -> pd.DataFrame:
    """Return the people table, by time of arrival and then key.

    Columns: key and referrer (hexadecimal; referrer "" for strangers), channel, generation, born,
    acquired and churned (ms from the start, -1 never), stage (at the end), one per attribute,
    revenue, cost (minor units), margin_discounted (minor units, to acquisition), referrals.
    """
    import pandas as pd

    from flywheel_sim.model.draws import FIXED

    rows = sorted(rows, key=lambda p: (p.born, p.key))
    columns: dict[str, list[object]] = {
        "key": [_hex(p.key) for p in rows],
        "referrer": [_hex(p.sponsor.key) if p.sponsor else "" for p in rows],
        "channel": [journey.channels[p.channel].name for p in rows],
        "generation": [p.generation for p in rows],
        "born": [p.born for p in rows],
        "acquired": [p.acquired for p in rows],
        "churned": [p.churned for p in rows],
        "stage": [p.stage.name if p.stage else "" for p in rows],
    }
    for attribute in journey.attributes:
        columns[attribute.name] = [attribute.levels[p.levels[attribute.name]] for p in rows]
    columns |= {
        "revenue": [p.revenue for p in rows],
        "cost": [p.cost for p in rows],
        "margin_discounted": [p.margin_discounted / FIXED for p in rows],
        "referrals": [p.referrals for p in rows],
    }
    return pd.DataFrame(columns)


def _event_frame(engine: Reference) -> pd.DataFrame:
    """Return the event log, by time, person and step.

    Columns: time (ms from the start), person (hexadecimal), step, stage, event, outcome, to.
    """
    import pandas as pd

    assert engine.event_rows is not None
    names = ["time", "person", "step", "stage", "event", "outcome", "to"]
    rows = sorted(engine.event_rows, key=lambda row: row[:3])
    frame = pd.DataFrame(rows, columns=names)
    frame["person"] = [_hex(row[1]) for row in rows]
    return frame


def _hex(key: int) -> str:
    return f"{key & 0xFFFFFFFFFFFFFFFF:016x}"
