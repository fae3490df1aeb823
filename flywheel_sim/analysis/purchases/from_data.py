"""The repeat ladder of real customers, read from a table of their purchases."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.analysis.purchases.climb import STEPS, UP_TO, IntArray, Ladder, climb, days_of, step_of
from flywheel_sim.arguments import checked
from flywheel_sim.errors import DataError, nearest
from flywheel_sim.experiment.asking import DURATION
from flywheel_sim.journey.units import DAY
from flywheel_sim.stats import Estimate

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class DataLadder(Ladder):
    """How often real customers bought again; frozen.

    Attributes
    ----------
    customers
        Customers whose window lies wholly within the data.
    left_out
        Customers whose window does not.
    reached
        How many customers bought for the second, third, ... time within the window; shape (steps,).

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.ladder_of(fs.datasets.cdnow(), window="26 weeks", up_to=4).steps
    range(2, 5)
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

        at = step_of(k, self.steps)
        if not self.customers:
            return Estimate(np.nan, np.nan, np.nan, level, 0, "%", "share")
        ends = stats.binomtest(int(self.reached[at]), self.customers).proportion_ci(level, method="wilson")
        share = 100.0 * float(self.reached[at]) / self.customers
        return Estimate(share, 100 * float(ends.low), 100 * float(ends.high), level, self.customers, "%", "share")

    def _counts(self) -> tuple[int, list[int]]:
        return self.customers, [int(one) for one in self.reached]

    def remarks(self) -> list[str]:
        """Return how many customers could not be watched so long."""
        late = f"{self.left_out:,} customers first bought too late to be watched so long."
        return [late] if self.left_out else []


def _is_table(given: Any) -> bool:
    import pandas as pd

    return isinstance(given, pd.DataFrame)


_TABLE = takes.like("a table of pandas", "fs.datasets.cdnow()", _is_table)


@checked({"transactions": _TABLE, "window": DURATION, "up_to": STEPS, "customer": takes.NAME, "date": takes.NAME})
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
        If the window is none, or there is no table.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> ladder = fs.ladder_of(fs.datasets.cdnow(), window="26 weeks", up_to=4)
    >>> ladder.customers > 1000, ladder.share(2).mean > ladder.share(3).mean
    (True, True)
    """
    days = days_of(window)
    who, day = _purchases(transactions, customer, date)
    end = int(day.max()) if len(day) else 0
    customers, reached, left_out = climb(who, day, days, up_to, last=end)
    if not customers:
        raise DataError(f"window {window!r}: nobody in the transactions first bought so long before their last date; "
                        "take a shorter window")  # fmt: skip
    return DataLadder(days * DAY, customers, left_out, reached)


def _purchases(transactions: pd.DataFrame, customer: str, date: str) -> tuple[IntArray, IntArray]:
    """Return whose every purchase was, as numbers, and on which day; raises as `ladder_of`."""
    import pandas as pd

    for name in (customer, date):
        if name not in transactions:
            known = [str(column) for column in transactions.columns]
            raise DataError(f"the transactions have no column '{name}'; {nearest(name, known)}")
        if getattr(transactions[name], "ndim", 1) != 1:
            raise DataError(f"the transactions have several columns '{name}'; keep one of them")
    if pd.api.types.is_numeric_dtype(transactions[date]):
        raise DataError(f"column '{date}' of the transactions holds what is no date (numbers); write 1997-01-31")
    try:
        when = pd.to_datetime(transactions[date], format="ISO8601").dt.tz_localize(None)
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        raise DataError(
            f"column '{date}' of the transactions holds what is no date ({error}); write 1997-01-31"
        ) from error
    if when.isna().any() or transactions[customer].isna().any():
        raise DataError(f"a transaction has no '{date}' or no '{customer}'; leave out such rows")
    day = when.to_numpy().astype("datetime64[D]").astype(np.int64)
    try:
        who, _ = pd.factorize(transactions[customer])
    except TypeError as error:
        raise DataError(f"column '{customer}' of the transactions holds what names nobody ({error}); write numbers or "
                        "texts") from error  # fmt: skip
    return who.astype(np.int64), day
