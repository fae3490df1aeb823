"""Windows of whole months: how long they are, what adds up within them, and momentum over the last of them."""

from __future__ import annotations

import math

import numpy as np

from flywheel_sim import arguments as takes
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.journey.journey import Journey
from flywheel_sim.journey.units import MONTH, UnitError, parse
from flywheel_sim.metrics.momentum import net_growth
from flywheel_sim.metrics.registry import Books
from flywheel_sim.stats import FloatArray

#: What it takes where a window is meant.
WINDOW = takes.either(takes.text("a time in whole months", "'3 months'"), takes.whole(1, 2**31))


def lengths(books: Books) -> FloatArray:
    """Return how long each period is, in months; shape (periods,)."""
    return np.asarray(np.diff(books.ledger.layout.period_ends, prepend=np.int64(0)) / MONTH)


def moving(series: FloatArray, window: int) -> FloatArray:
    """Return sums over so many months, of those that end with each month that has enough before it.

    Parameters
    ----------
    series
        Months last; shape (..., months).

    Returns
    -------
    ndarray
        Shape (..., months - window + 1).
    """
    sums = np.concatenate([np.zeros((*series.shape[:-1], 1)), series.cumsum(axis=-1)], axis=-1)
    return np.asarray(sums[..., window:] - sums[..., :-window])


def months_in(window: str | int, journey: Journey, times: int = 1) -> int:
    """Return how many months a window has.

    Parameters
    ----------
    window
        Such as ``"3 months"``, or their number.
    journey
        In whose months it has to find room.
    times
        How often, one after the other.

    Raises
    ------
    ExperimentError
        If it is no whole number of months, or has no room.
    """
    months, remedy = 0.0, "write '3 months'"
    given = WINDOW.of("window", window)
    if isinstance(given, str):
        try:
            quantity = parse(given)
        except UnitError as error:
            raise ExperimentError(f"window {given!r}: {error.rule}; {remedy}") from None
        months = quantity.number / MONTH if quantity.form == "duration" and quantity.per_ms is None else 0.0
    else:
        months = float(given)
    if not math.isfinite(months) or months < 1 or months != int(months):
        raise ExperimentError(f"window {window!r}: a window is a whole number of months, at least one; {remedy}")
    counted = journey.months - journey.warm_up // MONTH
    if times * months > counted:
        most = counted // times
        remedy = f"take {most} month{'s' * (most > 1)} at most" if most else "simulate longer"
        many = {1: "it needs", 2: "two of them need"}.get(times, f"{times} of them need")
        raise ExperimentError(f"window of {months:g} months: {many} {times * months:g}, and figures are of {counted}; "
                              f"{remedy}")  # fmt: skip
    return int(months)


def net_per_month(runs: Runs, window: int | None = None) -> FloatArray:
    """Return momentum: net customers gained per month over the last months, or over all that count.

    Returns
    -------
    ndarray
        Shape (replications,).
    """
    books = runs.books
    first = books.warm_up if window is None else runs.journey.months - window
    return np.asarray(net_growth(books)[:, first:].sum(axis=1) / lengths(books)[first:].sum())
