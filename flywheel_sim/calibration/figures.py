"""Figures as a journey writes them."""

from __future__ import annotations

import numpy as np


def figure(value: float, digits: int = 12) -> str:
    """Return a figure in digits, without an exponent, to so many that count."""
    return str(np.format_float_positional(value, precision=digits, fractional=False, trim="-"))


def chance(share: float) -> str:
    """Return a chance in per cent."""
    return f"{figure(100 * min(max(share, 0.0), 1.0))} %"
