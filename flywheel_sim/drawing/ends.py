"""Means with the ends of their intervals, as a chart draws them: arrays, and columns of its data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.stats import Estimate, estimate_mean

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]


class Ends(NamedTuple):
    """Means and both ends of their intervals, one array each."""

    mean: FloatArray
    low: FloatArray
    high: FloatArray


def ends_of(estimates: Sequence[Estimate]) -> Ends:
    """Return estimates as arrays."""
    return Ends(*(np.array([getattr(one, end) for one in estimates]) for end in Ends._fields))


def ends_in(table: pd.DataFrame, mean: str = "mean", low: str = "low", high: str = "high") -> Ends:
    """Return means and ends as the columns of a table hold them."""
    return Ends(*(table[column].to_numpy(dtype=np.float64) for column in (mean, low, high)))


def reach_of(ends: Ends) -> FloatArray:
    """Return how far intervals reach below and above their means, shape (2, n); 0 where that is not known."""
    return np.asarray(np.nan_to_num([ends.mean - ends.low, ends.high - ends.mean]))


def means_of(paths: FloatArray, unit: str) -> Ends:
    """Return the mean of each column of paths, one row a replication, with its interval."""
    return ends_of([estimate_mean(column, unit) for column in paths.T])


def columns_of(estimate: Estimate | Ends, name: str = "mean") -> dict[str, Any]:
    """Return what columns of a chart's data hold of an estimate, or of many; the mean may go by another name."""
    return {name: estimate.mean, "low": estimate.low, "high": estimate.high}


def row_of(estimate: Estimate) -> dict[str, Any]:
    """Return what a row of a chart's data holds of an estimate."""
    return {**columns_of(estimate), "unit": estimate.unit, "n": estimate.n}
