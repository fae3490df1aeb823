"""The repeat ladder: which share of customers buys a second, third, ... time within a window after the first purchase.

Simulated people and real transactions go through the same steps. Time is cut into days, of the run or of the calendar;
purchases of one customer on one day count as one; a customer counts if the window after the first purchase lies wholly
within what was observed; and the k-th purchase is in time if its day is no later than the first day plus the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.analysis.purchases.log import Row, purchase_rows
from flywheel_sim.analysis.purchases.logged_runs import logged_runs
from flywheel_sim.errors import DataError, ExperimentError, nearest
from flywheel_sim.experiment.driver import Limits
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import DAY, UnitError, format_duration, parse
from flywheel_sim.result import Provenance, Unreplicated
from flywheel_sim.scenario.load import Scenario
from flywheel_sim.stats import Estimate, estimate_ratio, figure
from flywheel_sim.wording import ordinal

if TYPE_CHECKING:
    import pandas as pd

IntArray = NDArray[np.int64]

#: How high ladders go unless told otherwise.
UP_TO = 10

#: Most purchases a ladder may count to.
HIGHEST = 100


@dataclass(frozen=True)
class _Ladder(Unreplicated):
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

        found = [self.share(k) for k in self.steps]
        customers, reached = self._counts()
        return pd.DataFrame({
            "purchase": list(self.steps), "share": [one.mean for one in found], "low": [one.low for one in found],
            "high": [one.high for one in found], "customers": reached, "of": customers,
        })  # fmt: skip

    def answer(self) -> str:
        """Return the figures in words."""
        customers, reached = self._counts()
        within = format_duration(self.window)
        if not customers:
            return f"Nobody's first {within} lie wholly within what was observed."
        found = [f"{ordinal(k)} {figure(self.share(k).mean, '%')} %" for k in self.steps if reached[k - 2]]
        tail = f"Bought within {within} of their first purchase: {', '.join(found)}." if found else ""
        return f"Of {customers:,} customers {self.once_only} did not buy again within {within}. {tail}".rstrip()

    def _counts(self) -> tuple[int, list[int]]:
        """Return how many customers count, and how many of them got to each step."""
        raise NotImplementedError


@dataclass(frozen=True)
class RepeatLadder(_Ladder):
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
        at = _step(k, self.steps)
        of = self.customers.astype(np.float64)
        return estimate_ratio(100 * self.reached[:, at].astype(np.float64), of, "%", level)

    def single(self, k: int) -> NDArray[np.float64]:
        """Return the share in % of each replication by itself, NaN where nobody counts; shape (replications,)."""
        at = _step(k, self.steps)
        return 100.0 * self.reached[:, at] / np.where(self.customers > 0, self.customers, np.nan)

    def _counts(self) -> tuple[int, list[int]]:
        return int(self.customers.sum()), [int(one) for one in self.reached.sum(axis=0)]


@dataclass(frozen=True)
class DataLadder(_Ladder):
    """How often real customers bought again; frozen.

    Attributes
    ----------
    customers
        Customers whose window lies wholly within the data.
    left_out
        Customers whose window does not.
    reached
        How many customers bought for the second, third, ... time within the window; shape (steps,).
    """

    customers: int
    left_out: int
    reached: IntArray = field(repr=False)

    def share(self, k: int, level: float = 0.95) -> Estimate:
        """Return the share in % of customers who bought for the k-th time within the window.

        With the interval of a share of independent customers, who are as many as its n (Wilson 1927,
        doi:10.1080/01621459.1927.10502953).

        Raises
        ------
        ExperimentError
            If the ladder does not go so high.
        """
        from scipy import stats

        at = _step(k, self.steps)
        if not self.customers:
            return Estimate(np.nan, np.nan, np.nan, level, 0, "%", "share")
        found = stats.binomtest(int(self.reached[at]), self.customers).proportion_ci(level, method="wilson")
        share = 100.0 * float(self.reached[at]) / self.customers
        return Estimate(share, 100 * float(found.low), 100 * float(found.high), level, self.customers, "%", "share")

    def _counts(self) -> tuple[int, list[int]]:
        return self.customers, [int(one) for one in self.reached]

    def remarks(self) -> list[str]:
        """Return how many customers could not be watched so long."""
        late = f"{self.left_out:,} customers first bought too late to be watched so long."
        return [late] if self.left_out else []


def repeat_ladder(
    model: Scenario,
    purchases: str | Sequence[str],
    *,
    window: str = "52 weeks",
    up_to: int = UP_TO,
    strategy: str | None = None,
    replications: int = 20,
    seed: int | None = None,
    progress: bool = False,
    engine: str = "kernel",
    limits: Limits | None = None,
) -> RepeatLadder:
    """Tell which share of customers buys a second, third, ... time within a window after their first purchase.

    Purchases of one person on one day of the run count as one. People present at the start are left out: when they
    first bought is not known. Runs keep their event log, one at a time, and so take longer than those of `replicate`.

    Parameters
    ----------
    model, strategy
        The scenario, and one of its strategies; without one, the file as written.
    purchases
        What counts as a purchase: a line of money earned (whatever books one-off or invoiced money on it), or an event
        as the log has it: ``stage.event``, ``set.event``, or one of its outcomes, ``stage.event.outcome``; or several.
    window
        How long after the first purchase, such as ``52 weeks``, cut to whole days; counted are people who first bought
        at least that long before the horizon, and after the warm-up where there is one.
    up_to
        The last purchase to tell of; 10 tells of the second to the tenth.
    replications, seed, progress, engine, limits
        As for `replicate`.

    Raises
    ------
    ExperimentError
        If nothing of that name is earned or happens, the window is none or longer than the run, or there is nothing
        to run.
    SimulationError
        If a run meets a limit.
    """
    days = _days(window)
    _check_up_to(up_to)
    names = (purchases,) if isinstance(purchases, str) else tuple(purchases)
    runs = logged_runs(model, strategy, replications, seed, progress, engine, limits)
    journey = runs.journey
    flows = purchase_rows(journey, names)
    _check_room(journey, window, days)
    found, source = runs.read(lambda log: _ladder_of_log(journey, log, flows, days, up_to))
    customers, reached = (np.array(column) for column in zip(*found, strict=True))
    return RepeatLadder(days * DAY, names, customers, reached, source)


def ladder_of(
    transactions: pd.DataFrame,
    *,
    window: str = "52 weeks",
    up_to: int = UP_TO,
    customer: str = "customer_id",
    date: str = "date",
) -> DataLadder:
    """Tell which share of real customers bought a second, third, ... time within a window after their first purchase.

    Purchases of one customer on one day count as one. Observation ends with the last date of the table; customers who
    first bought less than the window before it are left out, and counted.

    Parameters
    ----------
    transactions
        One row a purchase, from the first purchase of each customer on.
    window, up_to
        As for `repeat_ladder`.
    customer, date
        The columns that say who bought, and when.

    Raises
    ------
    DataError
        If a column is missing, a date cannot be read, or nobody can be watched so long.
    ExperimentError
        If the window is none.
    """
    import pandas as pd

    days = _days(window)
    _check_up_to(up_to)
    for name in (customer, date):
        if name not in transactions:
            known = [str(column) for column in transactions.columns]
            raise DataError(f"the transactions have no column '{name}'; {nearest(name, known)}")
    try:
        when = pd.to_datetime(transactions[date], format="ISO8601").dt.tz_localize(None)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"column '{date}' of the transactions holds what is no date ({error}); write 1997-01-31"
        ) from error
    if when.isna().any() or transactions[customer].isna().any():
        raise DataError(f"a transaction has no '{date}' or no '{customer}'; leave out such rows")
    day = when.to_numpy().astype("datetime64[D]").astype(np.int64)
    who, _ = pd.factorize(transactions[customer])
    end = int(day.max()) if len(day) else 0
    customers, reached, left_out = _climb(who.astype(np.int64), day, days, up_to, last=end)
    if not customers:
        raise DataError(f"window {window!r}: nobody in the transactions first bought so long before their last date; "
                        "take a shorter window")  # fmt: skip
    return DataLadder(days * DAY, customers, left_out, reached)


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
    customers, reached, _ = _climb(who.astype(np.int64), day, days, up_to, last, since)
    return customers, reached


def _climb(
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


def _days(window: str) -> int:
    """Return a window in whole days."""
    try:
        read = parse(str(window))
    except UnitError as error:
        raise ExperimentError(f"window {window!r}: {error}") from error
    if read.form != "duration" or read.number < DAY:
        raise ExperimentError(f"window {window!r}: a duration of a day or more is needed; write 52 weeks")
    return int(read.number // DAY)


def _check_room(journey: Journey, window: str, days: int) -> None:
    """Refuse a window that is longer than there are days to watch people."""
    if journey.horizon - journey.warm_up < (days + 1) * DAY:
        room = max((journey.horizon - journey.warm_up) // DAY - 1, 0)
        raise ExperimentError(f"window {window!r}: nobody can be watched so long in '{journey.name}', which has "
                              f"{room:,} days for it; take a shorter window or a longer horizon")  # fmt: skip


def _check_up_to(up_to: int) -> None:
    """Refuse a number of purchases that makes no ladder."""
    if isinstance(up_to, bool) or not isinstance(up_to, int | np.integer) or not 2 <= up_to <= HIGHEST:
        raise ExperimentError(f"up_to {up_to!r}: a ladder goes to a purchase from 2 to {HIGHEST}; write 10")


def _step(k: int, steps: range) -> int:
    """Return the place of the k-th purchase on a ladder."""
    if k not in steps:
        raise ExperimentError(
            f"purchase {k!r}: this ladder goes from {steps[0]} to {steps[-1]}; ask for more with up_to"
        )
    return steps.index(k)
