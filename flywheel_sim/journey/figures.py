"""Figures ready to use: rates with their tables, and distributions, in canonical units.

Canonical units: times in milliseconds, rates per millisecond, money in millionths of the currency
(accruing money in millionths per millisecond), chances in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["chance", "rate", "duration", "money", "number"]
DistKind = Literal[
    "fixed", "memoryless", "exponential", "at", "uniform", "triangular", "lognormal", "weibull", "gamma", "empirical"
]


@dataclass(frozen=True, slots=True)
class Spread:
    """How people differ around a rate: one rank per person and rate, for life.

    Attributes
    ----------
    family
        ``beta`` for chances, ``gamma`` for rates and money.
    cells
        Shape parameters for each cell of the rate: (alpha, beta) for beta; (shape, mean) for gamma. Where people
        do not differ in a cell, one parameter is infinite: (mean, inf) for beta, (inf, mean) for gamma.
    power
        Exponent that turns a chance of the stated period into one of the period of use.
    lost
        Whether the chance is stated as lost per period, so that 1 - p is what takes the exponent.
    """

    family: Literal["beta", "gamma"]
    cells: tuple[tuple[float, float], ...]
    power: float = 1.0
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """An attribute on which a rate depends, and how its values fall into cells.

    Attributes
    ----------
    attribute
        Name of the attribute, built in or of the file's own.
    size
        Number of cells along the axis.
    bounds
        For numbers (counters, generation) and times (stopwatches and the calendar, in ms): ascending lower
        bounds; the cell is the number of bounds at or below the value, so ``size`` is one more than
        their number. Empty for named levels, whose cell is the index of the level.
    """

    attribute: str
    size: int
    bounds: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """A figure that may depend on the person, at one place of use.

    Attributes
    ----------
    name
        The rate's name, or the dotted path of an inline one; ranks belong to it.
    kind
        What it is, which fixes the unit of the cells.
    over
        What it depends on: the axes of ``cells``.
    cells
        One mean per combination of cells of the axes, last axis fastest.
    spread
        How people differ around the cells, or None.
    per
        A counter that multiplies it, "" for none; money alone has one.
    """

    name: str
    kind: Kind
    over: tuple[Axis, ...]
    cells: tuple[float, ...]
    spread: Spread | None = None
    per: str = ""

    @property
    def constant(self) -> bool:
        """Tell whether it is the same for everybody."""
        return not self.over and not self.own

    @property
    def own(self) -> bool:
        """Tell whether people have values of their own in one and the same cell."""
        return self.spread is not None or bool(self.per)


@dataclass(frozen=True, slots=True)
class Dist:
    """How long a clock runs, or how large a drawn amount is.

    ``params`` are rates in this order, in ms for waits and millionths of the currency for amounts:

    ========== =================================================================
    fixed      the value
    memoryless the rate per ms (waits only)
    exponential the mean (amounts only)
    at         the time since the start of the run, the same for everybody (waits only)
    uniform    lower end, upper end
    triangular lower end, mode, upper end
    lognormal  median, sigma of the logarithm
    weibull    scale, shape
    gamma      mean, shape
    empirical  none; ``sample`` holds the values, ascending, each equally likely
    ========== =================================================================
    """

    kind: DistKind
    params: tuple[Rate, ...]
    sample: tuple[float, ...] = ()
