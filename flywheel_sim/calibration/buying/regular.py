"""Regular buying: times between purchases of k memoryless steps each (Erlang), at a pace known as a gamma distribution.

Chatfield and Goodhardt 1973, doi:10.1080/01621459.1973.10481432. The steps come at k times the pace of purchases. What
is known of their pace after some operational time (cumulated season) is a gamma distribution, so that the chance of
each number of steps without a purchase is closed.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Takes places of rows, operational time since their last purchase, and the rate of what is known of the pace by then;
#: gives how much likelier no purchase is than no step.
Ratio = Callable[[slice | IntArray, FloatArray, FloatArray], FloatArray]


def no_purchase(steps: int, power: FloatArray, first: FloatArray | None = None) -> Ratio | None:
    """Return how much likelier fewer than `steps` steps are than none, since the last purchase.

    Parameters
    ----------
    steps
        Of a time between purchases; 1 is memoryless, where it is not likelier and None is returned.
    power
        Shape of the pace by all purchases, shape (rows,).
    first
        For customers met between two purchases, the operational time from then to the first purchase, shape (rows,):
        that time is what remains of a gap that is under way.
    """
    if steps == 1:
        return None

    def ratio(rows: slice | IntArray, passed: FloatArray, until: FloatArray) -> FloatArray:
        a, share = _beside(power[rows], passed), passed / until
        if first is None:
            return _rising(a, share, steps)
        ahead, total, term = _beside(first[rows], passed) / until, np.zeros_like(share), np.ones_like(share)
        for i in range(steps):  # of the steps until the first purchase, i were after the meeting and before the last
            total = total + term * _rising(a + i, share, steps)
            term = term * (a + i) / (i + 1) * ahead
        return total

    return ratio


def never_met(steps: int, power: FloatArray) -> Ratio | None:
    """Return the same of customers met between two purchases who buy nothing at all."""
    if steps == 1:
        return None

    def ratio(rows: slice | IntArray, passed: FloatArray, until: FloatArray) -> FloatArray:
        a, share = _beside(power[rows], passed), passed / until
        total, term = np.zeros_like(share), np.ones_like(share)
        for i in range(steps):
            total = total + (1 - i / steps) * term
            term = term * (a + i) / (i + 1) * share
        return total

    return ratio


def stages(steps: int, power: FloatArray, rate: FloatArray, passed: FloatArray, first: FloatArray | None,
           ) -> list[tuple[FloatArray, FloatArray, int]]:  # fmt: skip
    """Return what steps may have been made since the last purchase by who has not left.

    Returns
    -------
    list
        The chance of each, the shape of the pace if so (both of shape (rows,)), and the number of steps.
    """
    found, a_first = [], np.ones_like(power)
    for i in range(steps if first is not None else 1):
        term = a_first
        for j in range(steps):
            found.append((term, power + i + j, j))
            term = term * (power + i + j) / (j + 1) * passed / rate
        if first is not None:
            a_first = a_first * (power + i) / (i + 1) * first / rate
    total = np.sum([chance for chance, _, _ in found], axis=0)
    return [(chance / total, shape, made) for chance, shape, made in found]


def pace_ahead(steps: int, made: int, shape: FloatArray, rate: FloatArray, passed: FloatArray) -> FloatArray:
    """Return how many purchases a unit of operational time brings, so much of it after a moment.

    Of the steps of a Poisson process those count that are the last of a gap, found by the roots of unity.

    Parameters
    ----------
    steps, made
        Of a gap, and how many of them were made at the moment.
    shape, rate
        What is known of the pace of steps.
    passed
        Operational time since the moment; all arrays of one shape.
    """
    pace = shape / rate / steps
    for turn in range(1, steps):
        angle = 2 * math.pi * turn / steps
        back = np.exp(-1j * angle * (steps - 1 - made))
        slower = np.exp(-(shape + 1) * np.log1p(passed / rate * (1 - np.exp(1j * angle))))
        pace = pace + shape / rate / steps * (back * slower).real
    return pace


def _beside(values: FloatArray, like: FloatArray) -> FloatArray:
    """Return values of rows beside places of them."""
    return values[:, None] if like.ndim == 2 else values


def _rising(a: FloatArray, share: FloatArray, steps: int) -> FloatArray:
    """Return the sum over j below `steps` of a (a + 1) ... (a + j - 1) / j! share^j."""
    total = np.ones_like(share)
    for j in range(steps - 2, -1, -1):
        total = 1 + (a + j) / (j + 1) * share * total
    return total
