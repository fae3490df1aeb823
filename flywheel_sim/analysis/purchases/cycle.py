"""How long people take from one stage to another, whatever lies between: the cycle length of a pipeline.

A cycle begins with an entry into the one stage and ends with the same person's next entry into the other. Who enters
the first stage again before that begins anew, so a cycle is measured from the last such entry; an entry into the
second stage that follows none, or none since the one before, ends no cycle. People present at the start have entered
no stage. Cycles are read from the event log, run by run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Unpack

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.experiment.asking import COUNT, How, Model, Strategies, how_to_run, one_of, scenario_of, verb
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.event_logs import read_frames
from flywheel_sim.experiment.running import Job
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import DAY
from flywheel_sim.ledger import Layout
from flywheel_sim.result import Provenance, Unreplicated, texts_by_name
from flywheel_sim.stats import Estimate, FloatArray, estimate_ratio, ratio_of_sums, with_unit

if TYPE_CHECKING:
    import pandas as pd


#: A cycle: person (hexadecimal), when it began and when it ended, ms.
Single = tuple[str, int, int]


@dataclass(frozen=True)
class CycleLength(Unreplicated):
    """How long people take from one stage to another; frozen. Figures are of all cycles of all replications together.

    Attributes
    ----------
    begins, ends
        The stages.
    cycles
        Cycles that ended after the warm-up.
    under_way
        Cycles begun but not ended at the horizon, of people who can still reach the second stage without entering the
        first again. They are in no figure.
    source
        Where the figures come from.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> cycle = fs.cycle_length("subscription", begins="attract", ends="delight", strategies="funnel", replications=2)
    >>> cycle.mean.unit, cycle.cycles > 0
    ('days', True)
    """

    begins: str
    ends: str
    cycles: int
    under_way: int
    source: Provenance
    _singles: tuple[tuple[Single, ...], ...] = field(repr=False)

    @property
    def n(self) -> int:
        """Return how many people, each counted once a replication, ended a cycle."""
        return sum(len({person for person, _, _ in done}) for done in self._singles)

    @property
    def mean(self) -> Estimate:
        """Return the mean length of a cycle in days, with the 95 % interval of a ratio of sums over replications."""
        days = self._days()
        return estimate_ratio(np.array([one.sum() for one in days]), _counts(days), "days")

    @property
    def median(self) -> Estimate:
        """Return the time in days within which half of the cycles end."""
        return self.quantile(0.5)

    @property
    def p90(self) -> Estimate:
        """Return the time in days within which nine in ten cycles end."""
        return self.quantile(0.9)

    def quantile(self, q: float, level: float = 0.95) -> Estimate:
        """Return a quantile of cycle lengths in days with its interval over replications.

        The interval is that of the share of cycles no longer than the quantile, a ratio of sums over replications, read
        as lengths (Woodruff 1952, Journal of the American Statistical Association 47, 635 to 646). There is none for
        one replication, or where that share may be nobody or everybody.

        As for `flywheel_sim.stats.estimate_quantile`, q is between 0 and 1 and refused where it is not.
        """
        if not 0 < q < 1:
            raise ExperimentError(f"quantile {q}: it lies between 0 and 1; write 0.9 for the 90 % quantile")
        days = self._days()
        lengths, of = np.concatenate(days), f"{100 * q:g} % quantile"
        if not len(lengths):
            return Estimate(np.nan, np.nan, np.nan, level, len(days), "days", of)
        quantile = float(np.quantile(lengths, q))
        below = np.array([float((one <= quantile).sum()) for one in days])
        share, low, _ = (float(end) for end in ratio_of_sums(below, _counts(days), level))
        half = share - low
        if not (q - half > 0 and q + half < 1):
            return Estimate(quantile, np.nan, np.nan, level, len(days), "days", of)
        low, high = (float(end) for end in np.quantile(lengths, [q - half, q + half]))
        return Estimate(quantile, low, high, level, len(days), "days", of)

    def frame(self) -> pd.DataFrame:
        """Return single cycles, one row each: replication, person, began and ended (ms from the start), days."""
        import pandas as pd

        rows = [
            (self.source.first + index, person, began, ended, (ended - began) / DAY)
            for index, done in enumerate(self._singles)
            for person, began, ended in done
        ]
        return pd.DataFrame(rows, columns=["replication", "person", "began", "ended", "days"])

    def answer(self) -> str:
        """Return the figures in words, with what they leave out."""
        left = (
            f"{self.under_way:,} cycles were under way at the horizon and are left out, which favours short ones: a "
            "longer horizon leaves out fewer."
            if self.under_way
            else "No cycle was under way at the horizon."
        )
        if not self.cycles:
            return f"Nobody got from '{self.begins}' to '{self.ends}'. {left}"
        half, most = (with_unit(one.mean, "days") for one in (self.median, self.p90))
        return (
            f"From '{self.begins}' to '{self.ends}' takes {self.mean}; half take no longer than {half}, nine in ten no "
            f"longer than {most}: {self.cycles:,} cycles of {self.n:,} people. {left}"
        )

    def _days(self) -> list[FloatArray]:
        """Return the lengths of cycles in days, one array a replication."""
        return [np.array([(ended - began) / DAY for _, began, ended in done]) for done in self._singles]

    def table(self) -> pd.DataFrame:
        """Return how long the quickest, the middle and the slowest take, as texts."""
        return texts_by_name(
            {"mean": self.mean, "half take at most": self.median, "nine in ten take at most": self.p90}
        )


#: What it takes where a stage is meant.
_STAGE = takes.text("the name of a stage", "'won'")


@verb(begins=_STAGE, ends=_STAGE, replications=COUNT)
def cycle_length(
    model: Model,
    *,
    strategies: Strategies = None,
    begins: str,
    ends: str,
    replications: int = 20,
    **how: Unpack[How],
) -> CycleLength:
    """Tell how long people take from their last entry into one stage to their next entry into another.

    Only cycles that end within the horizon, and after the warm-up where there is one, are in the figures. Runs keep
    their event log, and so take longer than those of `replicate`.

    Parameters
    ----------
    model
        The scenario, its name or its path.
    strategies
        One of its strategies; the file as written unless given.
    begins, ends
        Stages; the same stage twice gives the time from one entry to the next.
    replications, how
        How often it is run, and how (``docs/asking.md``).

    Raises
    ------
    ExperimentError
        If there is no such stage, or nothing to run.
    ConfigError
        If there is no such strategy.
    SimulationError
        If a run meets a limit.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> cycle = fs.cycle_length("subscription", begins="attract", ends="delight", strategies="funnel", replications=2)
    >>> cycle.median.mean <= cycle.p90.mean
    True
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    strategy = one_of(scenario, strategies, "fs.cycle_length")
    written = scenario.unmatched_journey(strategy)
    known = [stage.name for stage in written.stages]
    for argument, name in (("begins", begins), ("ends", ends)):
        if name not in known:
            raise ExperimentError(f"{argument}: '{name}' is no stage of '{written.name}'; {nearest(name, known)}")
    matched, _ = with_budgets(scenario, [strategy], seed, options)
    journey = matched.journey(strategy)
    job = Job(journey, journey.seed if seed is None else seed)
    ((read, source),) = read_frames([job], replications, options, partial(cycles, begins=begins, ends=ends))
    singles = tuple(tuple(done) for done, _ in read)
    return CycleLength(begins, ends, sum(map(len, singles)), sum(left for _, left in read), source, singles)


def cycles(journey: Journey, log: pd.DataFrame, begins: str, ends: str) -> tuple[list[Single], int]:
    """Return the cycles of one run that ended after the warm-up, and how many were under way at its horizon.

    Parameters
    ----------
    journey, log
        What was run, and its event log.
    begins, ends
        Stages of the journey.
    """
    layout = Layout.of(journey)
    flows = zip(layout.flows, layout.targets, strict=True)
    no_entry = {flow for flow, target in flows if flow[0] and not target} | {("", "present", "")}
    near = log[log["to"].isin([begins, ends])]
    columns = ("time", "person", "to", "stage", "event", "outcome")
    done: list[Single] = []
    begun: dict[str, int] = {}
    for now, person, to, *flow in zip(*(near[name].tolist() for name in columns), strict=True):
        if tuple(flow) in no_entry:
            continue
        if to == ends and person in begun:
            began = begun.pop(person)
            if now >= journey.warm_up:
                done.append((person, began, now))
        if to == begins:
            begun[person] = now
    last = log.drop_duplicates("person", keep="last")
    where = dict(zip(last["person"].tolist(), last["to"].tolist(), strict=True))
    on_the_way = _on_the_way(layout, begins, ends)
    return done, sum(where[person] in on_the_way for person in begun)


def _on_the_way(layout: Layout, begins: str, ends: str) -> set[str]:
    """Return the stages from which the second stage can be entered without entering the first again."""
    moves = {(flow[0], to) for flow, to in zip(layout.flows, layout.targets, strict=True) if to}
    on_the_way: set[str] = set()
    reached = {ends}
    while reached:
        before = {stage for stage, to in moves if to in reached} - on_the_way
        on_the_way |= before
        reached = before - {begins}
    return on_the_way


def _counts(days: list[FloatArray]) -> FloatArray:
    """Return the number of cycles of each replication."""
    return np.array([float(len(one)) for one in days])
