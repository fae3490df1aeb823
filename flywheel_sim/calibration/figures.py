"""Pieces of journeys as text: figures in digits, and the lines with which every journey of customers begins."""

from __future__ import annotations

import numpy as np


def figure(value: float, digits: int = 12) -> str:
    """Return a figure in digits, without an exponent, to so many that count."""
    return str(np.format_float_positional(value, precision=digits, fractional=False, trim="-"))


def chance(share: float) -> str:
    """Return a chance in per cent."""
    return f"{figure(100 * min(max(share, 0.0), 1.0))} %"


def begun_together(name: str, unit: str, people: int, periods: int) -> list[str]:
    """Return the first lines of a journey whose people are all customers from the start.

    Parameters
    ----------
    name
        Of the journey.
    unit
        ``day``, ``week``, ``month`` or ``year``: one period.
    people, periods
        How many begin; how many periods can be seen, of which the last ends before the horizon.
    """
    start = f"channels: {{start: {{batch: {people}, enters: member}}}}"
    return [f"name: {name}", f"horizon: {periods + 1} {unit}s", start]
