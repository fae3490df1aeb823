"""The repeat ladder of simulated customers, read person by person from the event logs of runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Unpack

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.analysis.purchases.climb import STEPS, UP_TO, IntArray, Ladder, climb, days_of, step_of
from flywheel_sim.analysis.purchases.log import Row, purchase_rows
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.asking import (
    COUNT,
    DURATION,
    NAMES,
    How,
    Model,
    Strategies,
    how_to_run,
    names_of,
    one_of,
    scenario_of,
    verb,
)
from flywheel_sim.experiment.budgets import with_budgets
from flywheel_sim.experiment.event_logs import read_frames
from flywheel_sim.experiment.running import Job
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import DAY
from flywheel_sim.result import Provenance
from flywheel_sim.stats import Estimate, estimate_ratio

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class RepeatLadder(Ladder):
    """How often simulated customers buy again; frozen. Shares are of all customers of all replications together.

    Attributes
    ----------
    purchases
        The lines of money, or the events, that count as a purchase.
    customers
        People who first bought at least the window before the horizon, and after any warm-up; shape (replications,).
    reached
        How many of them bought for the second, third, ... time within the window; shape (replications, steps).
    source
        Where the figures come from.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> ladder = fs.repeat_ladder("lifecycle", "orders", strategies="today", up_to=3, replications=1)
    >>> list(ladder.steps), ladder.share(2).unit
    ([2, 3], '%')
    """

    purchases: tuple[str, ...]
    customers: IntArray = field(repr=False)
    reached: IntArray = field(repr=False)
    source: Provenance

    def share(self, k: int, level: float = 0.95) -> Estimate:
        """Return the share in % of customers who bought for the k-th time within the window.

        With the interval of a ratio of sums over replications.

        Raises
        ------
        ExperimentError
            If the ladder does not go so high.
        """
        at = step_of(k, self.steps)
        of = self.customers.astype(np.float64)
        share = estimate_ratio(100 * self.reached[:, at].astype(np.float64), of, "%", level)
        return replace(share, low=max(share.low, 0.0), high=min(share.high, 100.0))

    def single(self, k: int) -> NDArray[np.float64]:
        """Return the share in % of each replication by itself, NaN where nobody counts; shape (replications,)."""
        at = step_of(k, self.steps)
        return 100.0 * self.reached[:, at] / np.where(self.customers > 0, self.customers, np.nan)

    def _counts(self) -> tuple[int, list[int]]:
        return int(self.customers.sum()), [int(one) for one in self.reached.sum(axis=0)]


@verb({"purchases": "of='orders'"}, of=NAMES, window=DURATION, up_to=STEPS, replications=COUNT)
def repeat_ladder(
    model: Model,
    of: str | Sequence[str],
    *,
    strategies: Strategies = None,
    window: str = "52 weeks",
    up_to: int = UP_TO,
    replications: int = 20,
    **how: Unpack[How],
) -> RepeatLadder:
    """Tell which share of customers buys a second, third, ... time within a window after their first purchase.

    Purchases of one person on one day of the run count as one. People present at the start are left out: when they
    first bought is not known. Runs keep their event log, and so take longer than those of `replicate`.

    Parameters
    ----------
    model
        The scenario, its name or its path.
    of
        What counts as a purchase: a line of money earned (whatever books one-off or invoiced money on it), or an event
        as the log has it: ``stage.event``, ``set.event``, or one of its outcomes, ``stage.event.outcome``; or several.
    strategies
        One of its strategies; the file as written unless given.
    window
        How long after the first purchase, such as ``52 weeks``, cut to whole days; counted are people who first bought
        at least that long before the horizon, and after the warm-up where there is one.
    up_to
        The last purchase to tell of; 10 tells of the second to the tenth.
    replications, how
        How often it is run, and how (``docs/asking.md``).

    Raises
    ------
    ExperimentError, ConfigError
        If nothing of that name is earned or happens, the window is none or longer than the run, or there is no such
        strategy.
    SimulationError
        If a run meets a limit.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.repeat_ladder("lifecycle", "orders", strategies="today", window="26 weeks", replications=1).purchases
    ('orders',)
    """
    scenario, (seed, options) = scenario_of(model), how_to_run(how)
    strategy = one_of(scenario, strategies, "fs.repeat_ladder")
    days, names, written = days_of(window), names_of(of), scenario.unmatched_journey(strategy)
    flows = purchase_rows(written, names)
    _check_room(written, window, days)
    matched, _ = with_budgets(scenario, [strategy], seed, options)
    journey = matched.journey(strategy)
    job = Job(journey, journey.seed if seed is None else seed)
    count = partial(_ladder_of_log, flows=flows, days=days, up_to=up_to)
    ((counts, source),) = read_frames([job], replications, options, count)
    customers, reached = (np.array(column) for column in zip(*counts, strict=True))
    return RepeatLadder(days * DAY, names, customers, reached, source)


def _ladder_of_log(journey: Journey, log: pd.DataFrame, flows: set[Row], days: int, up_to: int) -> tuple[int, IntArray]:
    """Return how many customers of one run count, and how many of them got to each step."""
    import pandas as pd

    rows = zip(*(log[name].tolist() for name in ("stage", "event", "outcome", "to")), strict=True)
    bought = log[[row in flows for row in rows]]
    present = log.loc[(log["stage"] == "") & (log["event"] == "present"), "person"]
    bought = bought[~bought["person"].isin(present)]
    who, _ = pd.factorize(bought["person"])
    day = bought["time"].to_numpy() // DAY
    since, last = -(-journey.warm_up // DAY), journey.horizon // DAY - 1
    customers, reached, _ = climb(who.astype(np.int64), day, days, up_to, last, since)
    return customers, reached


def _check_room(journey: Journey, window: str, days: int) -> None:
    """Refuse a window that is longer than there are days to watch people."""
    if journey.horizon - journey.warm_up < (days + 1) * DAY:
        room = max((journey.horizon - journey.warm_up) // DAY - 1, 0)
        raise ExperimentError(f"window {window!r}: nobody can be watched so long in '{journey.name}', which has "
                              f"{room:,} days for it; take a shorter window or a longer horizon")  # fmt: skip
