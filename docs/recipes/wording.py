"""How the pages write figures: digits, signs, intervals, cells of a table."""

from __future__ import annotations

import math
from collections.abc import Iterable

import flywheel_sim as fs


def number(value: float, digits: int = 0, signed: bool = False) -> str:
    """Return a number with so many decimals; -2 rounds to hundreds."""
    shown = f"{round(value, digits) if digits < 0 else value:,.{max(0, digits)}f}"
    bare = shown.removeprefix("-")
    if not bare.strip("0.,"):
        return bare
    return f"−{bare}" if value < 0 else f"+{bare}" if signed else bare


def three(value: float) -> int:
    """Return how many decimals leave a number three leading digits, none where it has more."""
    return max(0, 2 - math.floor(math.log10(abs(float(f"{value:.3g}"))))) if value else 0


def span(
    estimate: fs.Estimate, digits: int = 0, signed: bool = False, per: float = 1, ends: bool = False, unit: str = ""
) -> str:
    """Return a mean with its interval: ``766 (750 to 781)``.

    Parameters
    ----------
    estimate, digits, signed
        What to write, its decimals, and whether a gain has a plus sign.
    per
        The unit it is written in, such as 1000.
    ends
        Whether the ends of the interval have plus signs too.
    unit
        Words after the mean.
    """
    low, high = (number(end / per, digits, ends) for end in (estimate.low, estimate.high))
    return f"{number(estimate.mean / per, digits, signed)}{' ' if unit else ''}{unit} ({low} to {high})"


def give(estimate: fs.Estimate, digits: int = 0, signed: bool = False, per: float = 1) -> str:
    """Return a mean with half the width of its interval: ``−13 ± 267``."""
    return f"{number(estimate.mean / per, digits, signed)} ± {number(estimate.half_width / per, digits)}"


def give_two(estimate: fs.Estimate, signed: bool = False) -> str:
    """Return a mean with half the width of its interval, both to the two leading digits of the latter."""
    half = estimate.half_width
    if not math.isfinite(half) or half <= 1e-9 * abs(estimate.mean):
        return number(estimate.mean, three(estimate.mean), signed)
    return give(estimate, max(0, min(6, 1 - math.floor(math.log10(half)))), signed)


def cells(texts: Iterable[str]) -> str:
    """Return texts as cells of one row of a table."""
    return " | ".join(texts)


WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def in_words(value: float) -> str:
    """Return a number rounded to a whole one, in words up to twelve."""
    whole = round(value)
    return WORDS[whole] if 0 <= whole < len(WORDS) else number(whole)
