"""The verdict on a split, on luck the search never saw: its certificate, and what one more euro is worth in it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from flywheel_sim.analysis.allocation.spends import months_counted
from flywheel_sim.analysis.allocation.split_search import Bench, SplitRun, futures
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.bands import simultaneous
from flywheel_sim.experiment.driver import units_of
from flywheel_sim.stats import Estimate, FloatArray, gap_unit, ratio_of_sums, with_unit

Key = TypeVar("Key", bound=Hashable)

#: What the certificate shifts, as a share of the budget.
SHIFT = 0.01
#: By what a place's spend is moved to see what a euro brings: half of it, within these shares of the budget.
LEAST, MOST = 0.005, 0.025


@dataclass(frozen=True)
class Certificate:
    """Whether any shift of a little of the budget between two places beats a split; on luck the search never saw.

    Attributes
    ----------
    gains
        For each (from, to): what shifting 1 % of the budget, or what there is, adds to what decides; all intervals hold
        at once with 95 %. What a shift spends more or less than the budget counts at what a euro of budget brings.
    seed
        Of the fresh replications.
    """

    gains: Mapping[tuple[str, str], Estimate]
    seed: int

    @property
    def holds(self) -> bool:
        """Tell whether no shift surely improves on the split."""
        return not any(one.low > 0 for one in self.gains.values())

    @property
    def at_most(self) -> float:
        """Return the most that any of the shifts may add: the highest end of the joint intervals."""
        return max((one.high for one in self.gains.values()), default=0.0)

    def __str__(self) -> str:
        unit = next(iter(self.gains.values())).unit if self.gains else ""
        if not self.holds:
            (giver, taker), gain = max(self.gains.items(), key=lambda item: item[1].low)
            return (
                f"Not the best yet: shifting 1 % of the budget from {giver} to {taker} adds {gain}; run more "
                "replications"
            )
        return (
            f"No shift of 1 % of the budget between any two places surely improves it, and none adds more than "
            f"{with_unit(self.at_most, unit)} (joint 95 % intervals, {len(self.gains)} shifts, fresh seed {self.seed})"
        )


def judged(
    bench: Bench, splits: Mapping[str, FloatArray]
) -> tuple[dict[str, SplitRun], dict[str, Estimate], Certificate]:
    """Return splits as they run, what a euro of budget is worth at each place of the best, and the certificate."""
    names = [one.name for one in bench.places]
    points = {name: bench.exactly(split) for name, split in splits.items()}
    base = points["best"]
    shifts = bench.exchanges(base.split, SHIFT)
    steps = np.diag(np.clip(base.split / 2, LEAST * bench.budget, MOST * bench.budget))
    moves = [np.maximum(base.split + sign * step, 0.0) for step in steps for sign in (1, -1)]
    tried = bench.splits([*(split for _, _, split in shifts), *moves])
    if len(tried) < len(shifts) + len(moves):
        raise ExperimentError("a split near the best cannot be run; bound what its places get by at_most")
    journey = bench.model.journey(bench.strategy)
    unit = gap_unit(units_of(journey, (bench.of,))[bench.of])
    columns = []
    for one in tried[: len(shifts)]:
        gap = futures(one.values, bench.risk) - futures(base.values, bench.risk)
        columns.append(gap - bench.worth * (one.spent - base.spent).sum(axis=0))
    gains = _joint(columns, [(names[giver], names[taker]) for giver, taker, _ in shifts], unit)
    slopes = []
    for up, down in zip(tried[len(shifts) :: 2], tried[len(shifts) + 1 :: 2], strict=True):
        gained = futures(up.values, bench.risk) - futures(down.values, bench.risk)
        paid = months_counted(journey) * (up.spent - down.spent).sum(axis=0)
        ratio = float(ratio_of_sums(gained, paid)[0])
        slopes.append(ratio + (gained - ratio * paid) / paid.mean())
    worth = _joint(slopes, names, f"{unit} per {bench.places[0].currency or 'money unit'}")
    return points, worth, Certificate(gains, bench.root)


def _joint(columns: Sequence[FloatArray], keys: Sequence[Key], unit: str) -> dict[Key, Estimate]:
    """Return means of columns with intervals that hold at once, by key."""
    if not columns:
        return {}
    mean, low, high, _ = simultaneous(np.column_stack(columns))
    return {
        key: Estimate(float(m), float(a), float(b), 0.95, len(columns[0]), unit)
        for key, m, a, b in zip(keys, mean, low, high, strict=True)
    }
