"""The repeat ladder: which share of customers buys a second, third, ... time within a window after the first purchase.

Simulated people and real transactions go through the same steps. Time is cut into days, of the run or of the calendar;
purchases of one customer on one day count as one; a customer counts if the window after the first purchase lies wholly
within what was observed; and the k-th purchase is in time if its day is no later than the first day plus the window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flywheel_sim import arguments as takes
from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.units import DAY, UnitError, format_duration, parse
from flywheel_sim.result import Unreplicated
from flywheel_sim.stats import Estimate, figure
from flywheel_sim.wording import ordinal

if TYPE_CHECKING:
    import pandas as pd

IntArray = NDArray[np.int64]

#: How high ladders go unless told otherwise.
UP_TO = 10

#: Most purchases a ladder may count to.
HIGHEST = 100

STEPS = takes.whole(2, HIGHEST, "10")


@dataclass(frozen=True)
class Ladder(Unreplicated):
    """What a ladder of simulated people and one of real ones have in common.

    Attributes
    ----------
    window
        How long after their first purchase people are watched, ms; whole days.
    """

    window: int

    @property
    def steps(self) -> range:
        """Return the purchases there are shares of: the second, the third, and so on."""
        return range(2, 2 + len(self._counts()[1]))

    def share(self, k: int, level: float = 0.95) -> Estimate:
        """Return the share in % of customers who bought for the k-th time within the window."""
        raise NotImplementedError

    @property
    def once_only(self) -> Estimate:
        """Return the share in % of customers who did not buy again within the window."""
        again = self.share(2)
        return Estimate(
            100 - again.mean, 100 - again.high, 100 - again.low, again.level, again.n, "%", again.of, again.sd
        )

    def frame(self) -> pd.DataFrame:
        """Return the shares, one row a purchase: purchase, share, low, high (%), customers who got there, of."""
        import pandas as pd

        shares = [self.share(k) for k in self.steps]
        customers, reached = self._counts()
        return pd.DataFrame({
            "purchase": list(self.steps), "share": [one.mean for one in shares], "low": [one.low for one in shares],
            "high": [one.high for one in shares], "customers": reached, "of": customers,
        })  # fmt: skip

    def answer(self) -> str:
        """Return the figures in words."""
        customers, reached = self._counts()
        within = format_duration(self.window)
        if not customers:
            return f"Nobody's first {within} lie wholly within what was observed."
        shares = [f"{ordinal(k)} {figure(self.share(k).mean, '%')} %" for k in self.steps if reached[k - 2]]
        tail = f"Bought within {within} of their first purchase: {', '.join(shares)}." if shares else ""
        return f"Of {customers:,} customers {self.once_only} did not buy again within {within}. {tail}".rstrip()

    def _counts(self) -> tuple[int, list[int]]:
        """Return how many customers count, and how many of them got to each step."""
        raise NotImplementedError


def climb(
    who: IntArray, day: IntArray, window: int, up_to: int, last: int, since: int | None = None
) -> tuple[int, IntArray, int]:
    """Return customers who count, how many of them got to each step, and how many began too late.

    Parameters
    ----------
    who, day
        One entry a purchase, in any order: whose it was, and on which day.
    window, up_to
        Days after the first purchase, and the last purchase to count.
    last, since
        The last day observed, and the first day on which a first purchase counts.
    """
    order = np.lexsort((day, who))
    who, day = who[order], day[order]
    again = np.concatenate([[False], (who[1:] == who[:-1]) & (day[1:] == day[:-1])])[: len(who)]
    who, day = who[~again], day[~again]
    begins = np.concatenate([[True], who[1:] != who[:-1]])[: len(who)]
    person = np.cumsum(begins) - 1
    at = np.flatnonzero(begins)
    first, nth = day[at], np.arange(len(who)) - at[person] + 1
    early = first + window <= last
    counts = early & (first >= since) if since is not None else early
    in_time = counts[person] & (day - first[person] <= window)
    reached = np.array([(in_time & (nth == k)).sum() for k in range(2, up_to + 1)], dtype=np.int64)
    return int(counts.sum()), reached, int((~early).sum())


def days_of(window: str) -> int:
    """Return a window in whole days."""
    try:
        length = parse(window)
    except UnitError as error:
        raise ExperimentError(f"window {window!r}: {error}") from error
    if length.form != "duration" or length.per_ms is not None or not DAY <= length.number < math.inf:
        raise ExperimentError(f"window {window!r}: a duration of a day or more is needed; write 52 weeks")
    return int(length.number // DAY)


def step_of(k: int, steps: range) -> int:
    """Return the place of the k-th purchase on a ladder."""
    if k not in steps:
        raise ExperimentError(
            f"purchase {k!r}: this ladder goes from {steps[0]} to {steps[-1]}; ask for more with up_to"
        )
    return steps.index(k)
