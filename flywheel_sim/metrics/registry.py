"""The register of metrics: each is defined once, with label, unit, definition and source.

A metric reads nothing but the ledger. Arrays keep the replication axis first: series have shape
(replications, periods), totals (replications,).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.errors import ExperimentError, nearest
from flywheel_sim.ledger import Ledger
from flywheel_sim.scenario.journey import Journey

FloatArray = NDArray[np.float64]
Aggregation = Literal["sum", "last", "ratio", "cohort"]
Split = Literal["any", "fixed", "channel", "whole"]


@dataclass(frozen=True)
class Books:
    """A ledger of many replications with the journey that left it: what metrics read."""

    ledger: Ledger
    journey: Journey

    @property
    def per_unit(self) -> float:
        """Return the minor units in one unit of the currency."""
        return float(10**self.journey.minor_digits)


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
        sums, or a ``cohort`` figure that has no months.
    top, bottom
        Series of numerators and denominators, shape (replications, periods); for cohort metrics
        ``top`` gives the total, shape (replications,).
    source
        Where the definition comes from.
    percent
        Whether figures are shown times 100.
    split
        What it can be split by: ``any`` group of people; ``fixed`` groups, which nobody leaves; the
        ``channel`` alone, because it takes what channels cost; or nothing, being of the ``whole``.
    applies
        Whether a journey has such a figure: where not, summaries leave it out.
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

    def total(self, books: Books) -> FloatArray:
        """Return the metric over the whole horizon, shape (replications,)."""
        top = self.top(books)
        factor = 100.0 if self.percent else 1.0
        if self.aggregation == "cohort":
            return factor * top
        if self.aggregation == "last":
            return np.asarray(factor * top[:, -1])
        if self.bottom is None:
            return np.asarray(factor * top.sum(axis=1))
        return factor * ratio(top.sum(axis=1), self.bottom(books).sum(axis=1))

    def series(self, books: Books) -> FloatArray:
        """Return the metric month by month, shape (replications, periods).

        Raises
        ------
        ExperimentError
            If it is a cohort metric, which has no months.
        """
        if self.aggregation == "cohort":
            raise ExperimentError(f"'{self.name}' has no months: it follows customers from their acquisition; "
                                  "ask for its total")  # fmt: skip
        factor = 100.0 if self.percent else 1.0
        if self.bottom is None:
            return np.asarray(factor * self.top(books))
        return factor * ratio(self.top(books), self.bottom(books))

    def unit_for(self, journey: Journey) -> str:
        """Return the unit with the currency of a journey in it."""
        return self.unit.replace("CUR", journey.currency or "money units")


def ratio(top: FloatArray, bottom: FloatArray) -> FloatArray:
    """Return a quotient, NaN where the denominator is 0."""
    out = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    np.divide(top, bottom, out=out, where=bottom != 0)
    return out


_REGISTRY: dict[str, Metric] = {}
_FAMILIES: dict[str, Callable[[str, Books], Metric | None]] = {}


def register(metric: Metric) -> Metric:
    """Add a metric; a name is given once."""
    if metric.name in _REGISTRY:
        raise ExperimentError(f"metric '{metric.name}' is registered already; choose another name")
    _REGISTRY[metric.name] = metric
    return metric


def register_family(prefix: str, make: Callable[[str, Books], Metric | None]) -> None:
    """Add a family of metrics named ``prefix.member``, made for the members a journey has."""
    _FAMILIES[prefix] = make


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
        found = _FAMILIES[prefix](member, books)
        if found is not None:
            return found
    raise ExperimentError(f"'{name}' is no metric of this journey; {nearest(name, _REGISTRY)}")
