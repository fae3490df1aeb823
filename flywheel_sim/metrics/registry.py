"""The register of metrics: each is defined once, with label, unit, definition and source.

A metric reads nothing but the ledger. Arrays keep the replication axis first: series have shape
(replications, periods), totals (replications,). Where a journey has a warm-up, it is here that its months
are left out: of what a metric takes from the ledger, sums and ratios take the months after it, and series have
no figure in it. Stocks are counted all along, so those at its end are what the first month after it opens with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.journey.journey import Journey, Period
from flywheel_sim.journey.units import LONGEST_LIFE, MILLIONTHS, MONTH, format_duration
from flywheel_sim.ledger import Ledger
from flywheel_sim.stats import Estimate, estimate_of, jackknifed, left_out, ratio, ratio_of, terms_of

FloatArray = NDArray[np.float64]
Aggregation = Literal["sum", "last", "ratio", "cohort"]
Split = Literal["any", "booked", "fixed", "channel", "whole"]


@dataclass(frozen=True)
class Books:
    """A ledger of many replications with the journey that left it: what metrics read.

    The ledger goes by months, but where finer series are asked for.
    """

    ledger: Ledger
    journey: Journey

    @property
    def per_unit(self) -> float:
        """Return the millionths in one unit of the currency, in which the ledger counts money."""
        return float(MILLIONTHS)

    @property
    def warm_up(self) -> int:
        """Return how many periods at the start figures over time leave out: months, unless the ledger is finer."""
        begins = np.concatenate([[0], self.ledger.layout.period_ends[:-1]])
        return int(np.count_nonzero(begins < self.journey.warm_up))

    def over(self, series: FloatArray) -> FloatArray:
        """Return the sum of a series over the periods after the warm-up, shape (replications,)."""
        return np.asarray(series[:, self.warm_up :].sum(axis=1))


Series = Callable[[Books], FloatArray]


def always(_: Books) -> bool:
    """Tell that a metric is there in every journey."""
    return True


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes
    ----------
    name, label, unit
        ``CUR`` in a unit stands for the currency of the journey.
    definition
        In words a board understands.
    aggregation
        How months make the whole: ``sum`` of flows, the ``last`` of a stock, the ``ratio`` of two
        sums, or a ``cohort`` figure that has no months: it is of the whole run, the warm-up included.
    top, bottom
        Series of numerators and denominators, shape (replications, periods); for cohort metrics sums over the whole
        run, shape (replications,), or (replications, ages).
    more, of
        Of cohort metrics that are more than one ratio: further such sums, and what the metric is of all of them.
    ends
        How the ends of its interval are found, where that is not from its terms.
    within
        Between which figures it lies, so that no end of its interval is beyond.
    window
        Whether it follows customers: for what they are ``worth``, or within the horizon for whom they ``bring``.
    source
        Where the definition comes from.
    percent
        Whether figures are shown times 100.
    split
        What it can be split by: ``any`` group of people; the same as long as all of it is ``booked`` on people, none
        of its ``kinds`` being spent whoever comes, else the channel alone; ``fixed`` groups, which nobody leaves; the
        ``channel`` alone, because it takes what channels cost; or nothing, being of the ``whole``.
    applies
        Whether a journey has such a figure: where not, summaries leave it out.
    kinds
        The kinds of spend in a metric whose split is ``booked``.
    monthly
        Whether it goes by months whatever the period of the books is.
    """

    name: str
    label: str
    unit: str
    definition: str
    aggregation: Aggregation
    top: Series
    bottom: Series | None = None
    source: str = ""
    percent: bool = False
    split: Split = "any"
    applies: Callable[[Books], bool] = always
    kinds: tuple[str, ...] = ()
    monthly: bool = False
    more: tuple[Series, ...] = ()
    of: Callable[..., FloatArray] = ratio_of
    ends: Callable[[Books, float], tuple[float, float]] | None = None
    window: Literal["", "worth", "bring"] = ""
    within: tuple[float, float] = (-np.inf, np.inf)

    def total(self, books: Books) -> FloatArray:
        """Return the metric over the horizon, after the warm-up where there is one; shape (replications,)."""
        return self.of(*self.sums(books))

    @property
    def factor(self) -> float:
        """Return by what figures are multiplied when shown."""
        return 100.0 if self.percent else 1.0

    def sums(self, books: Books) -> tuple[FloatArray, ...]:
        """Return the sums of which it is a function, replication axis first; one alone is the metric itself."""
        if self.aggregation == "last":
            return (np.asarray(self.factor * self.top(books)[:, -1]),)
        parts = [part(books) for part in (self.top, self.bottom, *self.more) if part is not None]
        top, *others = parts if self.aggregation == "cohort" else map(books.over, parts)
        return (self.factor * top, *others)

    @property
    def n_sums(self) -> int:
        """Return of how many plain sums it is a function; 1 also where they are not one number a replication."""
        return 1 if self.ends else sum(part is not None for part in (self.top, self.bottom, *self.more))

    def terms(self, books: Books) -> FloatArray:
        """Return one term a replication whose mean is the metric of all replications together; shape (replications,).

        Of what adds up these are its values. A ratio is one of sums over replications, never a mean of ratios: its
        terms are those of the jackknife, so that means and paired differences of them have proper intervals.
        """
        return terms_of(self.sums(books), self.of)

    def estimate(self, books: Books, level: float = 0.95) -> Estimate:
        """Return the metric over the horizon with its interval; a ratio is one of sums over replications."""
        never, several = self.never_for(books.journey), len(books.ledger.n_events) > 1
        ends = self.ends(books, level) if self.ends and several else None
        estimate = estimate_of(self.sums(books), self.unit_for(books.journey), level, self.of, ends, never)
        low, high = (float(np.clip(end, *self.within)) for end in (estimate.low, estimate.high))
        return replace(estimate, low=low, high=high)

    def series(self, books: Books) -> FloatArray:
        """Return the metric period by period, shape (replications, periods); NaN in the warm-up.

        Raises
        ------
        ExperimentError
            If it is a cohort metric, which has no months, or goes by months and the books are finer.
        """
        self.check_period(books.ledger.layout.period)
        values = self.top(books) if self.bottom is None else ratio(self.top(books), self.bottom(books))
        series = np.array(self.factor * values, dtype=np.float64)
        series[:, : books.warm_up] = np.nan
        return series

    def terms_by(self, books: Books) -> FloatArray:
        """Return terms period by period, shape (replications, periods); of the whole they are `terms`. See `series`."""
        series = self.series(books)
        if self.bottom is not None:
            sums = self.factor * self.top(books), self.bottom(books)
            pooled = ratio(*(one.sum(axis=0, keepdims=True) for one in sums))[0]
            terms = jackknifed(pooled, ratio(*left_out(*sums)))
            series = np.where(np.arange(series.shape[1]) < books.warm_up, np.nan, terms)
        return series

    def check_period(self, period: Period) -> None:
        """Refuse a metric that has no such periods.

        Raises
        ------
        ExperimentError
            If it is a cohort metric, which has no months, or goes by months and the period is shorter.
        """
        if self.aggregation == "cohort":
            raise ExperimentError(f"'{self.name}' has no months: it follows customers from their acquisition; "
                                  "ask for its total")  # fmt: skip
        if self.monthly and period != "month":
            raise ExperimentError(f"'{self.name}' goes by months, whatever the period of the books is; "
                                  "ask for it by month")  # fmt: skip

    def label_for(self, journey: Journey) -> str:
        """Return the label with the time for which customers are followed in it, where they are."""
        if not self.window:
            return self.label
        ms = journey.window if self.window == "worth" else journey.follow
        return f"{self.label} ({'whole life' if ms >= LONGEST_LIFE else f'first {span_of(ms)}'})"

    def never_for(self, journey: Journey) -> str:
        """Return what is said of an age that is not reached, "" for other metrics."""
        never = "never" if journey.window >= LONGEST_LIFE else f"not within {span_of(journey.window)}"
        return never if self.ends else ""

    def unit_for(self, journey: Journey) -> str:
        """Return the unit with the currency of a journey in it."""
        return self.unit.replace("CUR", journey.currency or "money units")


def span_of(ms: int) -> str:
    """Return for how long customers are followed, in words."""
    months = ms // MONTH
    return f"{months} month{'s' * (months != 1)}" if 0 < months < 120 else format_duration(ms)


_REGISTRY: dict[str, Metric] = {}
_FAMILIES: dict[str, Callable[[str, Books], Metric | None]] = {}
_MEMBERS: dict[str, Callable[[Books], Iterable[str]]] = {}


def register(metric: Metric) -> Metric:
    """Add a metric; a name is given once."""
    if metric.name in _REGISTRY:
        raise ExperimentError(f"metric '{metric.name}' is registered already; choose another name")
    _REGISTRY[metric.name] = metric
    return metric


def register_family(
    prefix: str, make: Callable[[str, Books], Metric | None], members: Callable[[Books], Iterable[str]] | None = None
) -> None:
    """Add a family of metrics named ``prefix.member``, made for the members a journey has.

    Parameters
    ----------
    prefix, make
        The name of the family, and what makes the metric of a member: None where there is no such member.
    members
        Names the members of a journey, so that a name that is nearly right is answered with the right one.
    """
    _FAMILIES[prefix] = make
    if members is not None:
        _MEMBERS[prefix] = members


def metrics() -> tuple[Metric, ...]:
    """Return every registered metric, in order."""
    return tuple(_REGISTRY.values())


def metric_of(name: str, books: Books) -> Metric:
    """Return a metric by name; ``revenue.subscription`` is the line of that name.

    Raises
    ------
    ExperimentError
        If there is none, naming the nearest.
    """
    if name in _REGISTRY:
        return _REGISTRY[name]
    prefix, _, member = name.partition(".")
    if member and prefix in _FAMILIES:
        metric = _FAMILIES[prefix](member, books)
        if metric is not None:
            return metric
    known = [*_REGISTRY, *(f"{family}.{one}" for family, members in _MEMBERS.items() for one in members(books))]
    raise ExperimentError(f"'{name}' is no metric of this journey; {nearest(name, known)}")
