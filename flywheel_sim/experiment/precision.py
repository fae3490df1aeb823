"""Replicating to a precision: what is asked for, and when enough has been run.

The rule is that of Chow and Robbins (1965, doi:10.1214/aoms/1177700156) taken in stages: stop at the first look at
which the usual interval is as narrow as asked. To stop when it pleases favours sets of replications whose variance
happens to be low, and where values are skew also those whose mean is, so that intervals cover less than they say
(Singham and Schruben 2012, doi:10.1287/ijoc.1110.0471). Three things hold that back:

- nobody looks before `FIRST` replications;
- a look comes only where the variance so far says that the target will be met, with `AIM` to spare, a stage being at
  most `GROWTH` times what there is;
- a look counts from `SKEW` times the squared skewness of the values on: the rule of Cochran (1977, Sampling
  Techniques, section 2.15), who asks for 25 times, made stricter because the number here depends on the values.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Literal

import numpy as np

from flywheel_sim.errors import ExperimentError
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, figure, with_unit

Precision = Mapping[str, str | float]
Reason = Literal["reached", "cap", "memory", "impossible", "limit"]

#: Replications of the first stage.
FIRST = 100
#: By which factor a stage may raise the number of replications.
GROWTH = 3.0
#: How many more replications a stage aims at than the variance so far asks for.
AIM = 1.05
#: Replications asked for per squared skewness of the values.
SKEW = 100.0
#: The fewest that may be allowed, too few for a second look.
LEAST = 30
#: Replications from which on values that have not varied, or are missing, are believed to stay so.
STILL = 100
#: Replications at which it stops unless said.
AT_MOST = 10_000

_NUMBER = re.compile(r"([+-]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*)")


@dataclass(frozen=True)
class Target:
    """How precisely a metric is to be known.

    Attributes
    ----------
    metric
        Its name.
    size
        Half-width of the 95 % interval of its mean: in ``unit``, or in % of the mean's size.
    relative
        Whether ``size`` is in % of the mean.
    unit
        Unit of the half-width.
    """

    metric: str
    size: float
    relative: bool
    unit: str

    def allowed(self, mean: float) -> float:
        """Return the half-width that meets the target, in ``unit``."""
        return self.size / 100 * abs(mean) if self.relative else self.size

    def __str__(self) -> str:
        return f"{self.size:g} %" if self.relative else f"{self.size:,g} {self.unit}".strip()


@dataclass(frozen=True)
class TargetStatus:
    """How one target stood when replicating stopped.

    Attributes
    ----------
    what
        The metric, or the difference of it.
    target
        What was asked for.
    estimate
        The mean with its interval.
    allowed
        The half-width asked for, in the unit of ``estimate``.
    met
        Whether the half-width is no more than that, on replications enough to believe it.
    takes
        About how many replications it would take in all; NaN where the values do not say.
    note
        What a reader must know besides.
    """

    what: str
    target: Target
    estimate: Estimate
    allowed: float
    met: bool
    takes: float
    note: str = ""

    @property
    def half_width(self) -> float:
        """Return half the width of the interval."""
        return self.estimate.half_width

    def __str__(self) -> str:
        half = with_unit(self.half_width, self.estimate.unit)
        share = ""
        if self.target.relative and self.estimate.mean and math.isfinite(self.half_width):
            share = f" = {100 * self.half_width / abs(self.estimate.mean):.3g} %"
        return f"{self.what} ± {half}{share} (asked: {self.target}){f', {self.note}' if self.note else ''}"


@dataclass(frozen=True)
class Stopping:
    """Why replicating to a precision stopped.

    Attributes
    ----------
    reason
        ``reached``: every target is met. ``cap``: ``at_most`` came first. ``memory``: no more fit. ``impossible``:
        no number of replications meets a target; its note says why. ``limit``: a run met one of its limits.
    replications, at_most
        How many it took, and how many were allowed.
    looks
        After how many replications it was looked at.
    targets
        How each target stood at the last look, in the order asked for; empty where there was none.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> runs = fs.replicate("subscription", strategies="funnel", precision={"revenue": "5 %"})
    >>> runs.stopping.reason, runs.stopping.replications
    ('reached', 100)
    """

    reason: Reason
    replications: int
    at_most: int
    looks: tuple[int, ...]
    targets: tuple[TargetStatus, ...]

    @property
    def reached(self) -> bool:
        """Tell whether every target is met."""
        return self.reason == "reached"

    def __str__(self) -> str:
        why = {
            "reached": "every precision asked for is reached",
            "cap": f"at most {self.at_most:,} were allowed, and not every precision is reached",
            "memory": "no more fit into memory, and not every precision is reached",
            "impossible": "more of them would not help",
            "limit": f"a run met a limit; what was known after {self.looks[-1] if self.looks else 0:,} stands here",
        }[self.reason]
        lines = [f"stopped after {self.replications:,} replications: {why}"]
        for one in self.targets:
            takes = f", takes about {figure(one.takes)} replications" if math.isfinite(one.takes) else ""
            lines.append(f"{one}{'' if one.met else f': not reached{takes}'}")
        return "; ".join(lines)


def targets(precision: Precision, unit_of: Callable[[str], str]) -> tuple[Target, ...]:
    """Return what is asked for, each metric in its unit.

    Parameters
    ----------
    precision
        For each metric: a number, or a text with its unit, as an absolute half-width; ``1 %`` as one relative to the
        mean. Of metrics in % a number or ``2 points`` is absolute, ``2 %`` relative.
    unit_of
        Gives the unit of a metric, or refuses its name.

    Raises
    ------
    ExperimentError
        If a metric is unknown, or what is asked of it is no positive precision in its unit.
    """
    if not isinstance(precision, Mapping) or not precision:
        raise ExperimentError(
            f"precision {precision!r}: names at least one metric; write precision={{'revenue': '1 %'}}"
        )
    return tuple(_target(str(name), asked, unit_of(str(name))) for name, asked in precision.items())


def _target(metric: str, asked: object, unit: str) -> Target:
    own = "points" + unit[1:] if unit.startswith("%") else unit
    example = f"write '1 %' of the mean, or '5 {own}'"
    place = f"precision of '{metric}', {asked!r}"
    if isinstance(asked, Real) and not isinstance(asked, bool):
        size, word = float(asked), ""
    else:
        parts = _NUMBER.fullmatch(asked.strip()) if isinstance(asked, str) else None
        if parts is None or parts[2].startswith((",", "_")):
            raise ExperimentError(f"{place}: no number with its unit (numbers have no commas); {example}")
        size, word = float(parts[1].replace("_", "")), " ".join(parts[2].split())
    if not (math.isfinite(size) and size > 0):
        raise ExperimentError(f"{place}: a precision is a positive number; {example}")
    if word == "%":
        return Target(metric, size, True, own)
    mine = {own.lower(), own.split(" ")[0].lower()} if own else set()
    if word and word.lower() not in mine | {one.removesuffix("s") for one in mine}:
        raise ExperimentError(
            f"{place}: '{metric}' is in {unit or 'no unit'}, its precision in {own or '%'}; {example}"
        )
    return Target(metric, size, False, own)


def cap(at_most: object) -> int:
    """Return how many replications are allowed, where that is a number that makes sense."""
    try:
        most = operator.index(at_most)  # type: ignore[arg-type]
    except TypeError:
        raise ExperimentError(f"at_most is {at_most!r}: it is a whole number; write {AT_MOST}") from None
    if not LEAST <= most < 2**32:
        raise ExperimentError(f"at_most is {most:,}: fewer than {LEAST} say too little of a variance; write {AT_MOST}")
    return most


def how_many(replications: int | None, precision: Precision | None, at_most: int | None) -> int:
    """Return how many replications to run, or at most, given what was asked for; 100 or 10,000 unless said.

    Raises
    ------
    ExperimentError
        If a number of replications and a precision are asked for at once.
    """
    if precision is None:
        if at_most is not None:
            raise ExperimentError(f"at_most {at_most} without a precision: name one, or write replications={at_most}")
        return 100 if replications is None else replications
    if replications is not None:
        raise ExperimentError(
            f"replications {replications} and a precision at once: leave one out, or write at_most={replications}"
        )
    return cap(AT_MOST if at_most is None else at_most)


class Watch:
    """What is known of every target while replications come in.

    Parameters
    ----------
    asked
        For each figure watched, what it is called and what is asked of it.
    units
        For each, the unit of its values.
    at_most
        Replications allowed.
    """

    def __init__(self, asked: Mapping[str, Target], units: Mapping[str, str], at_most: int) -> None:
        self.asked, self.units, self.at_most = asked, units, cap(at_most)
        self.room = self.at_most
        self.looks: tuple[int, ...] = ()
        self._values: dict[str, FloatArray] = {what: np.empty(0) for what in asked}
        self._targets: tuple[TargetStatus, ...] = ()

    @property
    def first(self) -> int:
        """Return how many replications the first stage has."""
        return min(FIRST, self.at_most)

    def look(self, values: Mapping[str, FloatArray]) -> int:
        """Take in all values so far and return how many replications to have in all; as many as now: stop."""
        self._values = dict(values)
        n = len(next(iter(self._values.values())))
        self.looks = (*self.looks, n)
        self._targets = tuple(self._status(what, n) for what in self.asked)
        most = min(self.at_most, self.room)
        if n >= most or all(one.met for one in self._targets) or any(map(_hopeless, self._targets)):
            return n
        takes = max(one.takes if math.isfinite(one.takes) else math.inf for one in self._targets if not one.met)
        return min(most, max(n + math.ceil(n / 10), math.ceil(min(takes, GROWTH * n))))

    def _status(self, what: str, n: int) -> TargetStatus:
        target, values = self.asked[what], self._values[what]
        estimate = estimate_mean(values, self.units[what])
        allowed = target.allowed(estimate.mean)
        half, takes, note = estimate.half_width, math.nan, ""
        missing = n - estimate.n
        if missing:
            note = f"{missing:,} of {n:,} replications without a value left out"
        if math.isinf(estimate.mean):
            note = f"infinite in {int(np.isinf(values).sum()):,} of {n:,} replications, so that no mean can be had"
            return TargetStatus(what, target, estimate, allowed, False, math.inf, note)
        if estimate.n == 0 and n >= STILL:
            return TargetStatus(
                what, target, estimate, allowed, False, math.inf, f"without a value in all {n:,} replications"
            )
        if not math.isfinite(half):
            return TargetStatus(what, target, estimate, allowed, False, math.nan, note)
        if half == 0:
            if target.relative and estimate.mean == 0 and n >= STILL:
                note = f"0 in all {n:,} replications, and no share of 0 is a precision: ask for an absolute one"
                return TargetStatus(what, target, estimate, allowed, False, math.inf, note)
            return TargetStatus(
                what, target, estimate, allowed, estimate.n >= STILL, STILL, note or f"the same in all {n:,}"
            )
        least = max(LEAST, SKEW * skewness(values) ** 2) * n / estimate.n
        if allowed > 0:
            takes = max(AIM * n * (half / allowed) ** 2, least)
        met = half <= allowed and n >= least
        if not met and target.relative and estimate.low <= 0 <= estimate.high:
            note = f"{note}; " * bool(note) + "its mean cannot be told from 0: an absolute precision is reached sooner"
        return TargetStatus(what, target, estimate, allowed, met, takes, note)

    def stopping(self, complete: int | None = None) -> Stopping:
        """Return why it stopped; where a run met a limit, given how many replications were complete before."""
        n = self.looks[-1] if self.looks else 0
        reason: Reason
        if complete is not None:
            n, reason = complete, "limit"
        elif all(one.met for one in self._targets):
            reason = "reached"
        elif any(map(_hopeless, self._targets)):
            reason = "impossible"
        else:
            reason = "cap" if n >= self.at_most else "memory"
        return Stopping(reason, n, self.at_most, self.looks, self._targets)


def _hopeless(one: TargetStatus) -> bool:
    """Tell whether no number of replications meets a target."""
    return math.isinf(one.takes)


def skewness(values: FloatArray) -> float:
    """Return the sample skewness of the values that there are, 0 where they are all the same."""
    array = values[np.isfinite(values)]
    away = array - array.mean() if len(array) else array
    spread = math.sqrt(float(np.mean(away**2))) if len(array) else 0.0
    return float(np.mean((away / spread) ** 3)) if spread > 0 else 0.0
