"""How many people arrive in reply to what is spent: those who come anyway, and those whom each channel's spend brings.

The curve is that of the journey: a spend brings spend / cost_per_arrival people, or, where it bends,
at_most (1 - exp(-spend / (cost_per_arrival at_most))). With a carry-over a part of each period's spend works in the
next (Broadbent 1979, One way TV advertisements work, Journal of the Market Research Society 21, 139 to 166).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flywheel_sim.calibration.counts import EDGE, EXCESS, fit_counts
from flywheel_sim.calibration.figures import figure
from flywheel_sim.calibration.likelihood import Maximum, Parameter
from flywheel_sim.errors import ExperimentError

FloatArray = NDArray[np.float64]

#: Spend varies too little to tell anything where its standard deviation is below this share of its mean.
_STEADY = 0.05


@dataclass(frozen=True)
class _Shape:
    """What a response is made of: how many channels, and whether spend bends and carries over."""

    channels: tuple[str, ...]
    bends: bool
    carries: bool

    def parameters(self) -> list[Parameter]:
        """Return the parameters in their order."""
        listed = [Parameter("organic", about="people per period who come anyway")]
        for channel in self.channels:
            end = f":{channel}" if len(self.channels) > 1 else ""
            listed.append(Parameter(f"cost_per_arrival{end}", about="money for one arrival, for the first ones where "
                                    "it bends"))  # fmt: skip
            if self.bends:
                listed.append(Parameter(f"at_most{end}", about="people per period that no spend goes beyond"))
        if self.carries:
            listed.append(Parameter("carry_over", "probability", "share of what a spend does that goes on to the next "
                                    "period"))  # fmt: skip
        return listed

    def means(self, values: FloatArray, spend: FloatArray, exposure: FloatArray) -> FloatArray:
        """Return arrivals expected in each period, shape (T,), of spend per period, shape (T, C)."""
        working = _carried(spend, float(values[-1])) if self.carries else spend
        per = 2 if self.bends else 1
        costs = values[1 : 1 + per * len(self.channels) : per]
        brought = working / costs
        if self.bends:
            limits = values[2 : 1 + per * len(self.channels) : per]
            brought = -limits * np.expm1(-brought / limits)
        return np.asarray(exposure * (values[0] + brought.sum(axis=1)), dtype=np.float64)


def _carried(spend: FloatArray, share: float) -> FloatArray:
    """Return the spend that works in each period; before the first one as much was spent as in it."""
    from scipy.signal import lfilter

    working: FloatArray = lfilter([1 - share], [1.0, -share], spend, axis=0, zi=share * spend[:1])[0]
    return working


@dataclass(frozen=True)
class ResponseFit:
    """What spend brings.

    Attributes
    ----------
    maximum
        The parameters: ``organic`` (people per period), for each channel ``cost_per_arrival`` and, where spend bends,
        ``at_most`` (people per period), with ``:channel`` behind where there are several; ``carry_over``; ``excess``
        where counts vary beyond Poisson.
    channels
        Names of the channels, C of them.
    bends, carries
        Whether ever more spend brings ever less, and whether spend works on in the next period.
    spend
        What it was fitted to, per period, shape (T, C).
    said
        In words: what cannot be told, and what the journey does not hold.
    """

    maximum: Maximum
    channels: tuple[str, ...]
    bends: bool
    carries: bool
    spend: FloatArray
    said: tuple[str, ...]

    def expected(self, spend: ArrayLike) -> FloatArray:
        """Return arrivals expected in each period, shape (T,), of spend per period, shape (T, C) or (T,)."""
        plan = _columns(spend)
        values = self.maximum.values
        fitted = values[:-1] if EXCESS in self.maximum.parameters else values
        return _Shape(self.channels, self.bends, self.carries).means(fitted, plan, np.ones(len(plan)))

    def journey(
        self, unit: str = "month", spend: ArrayLike | None = None, *, currency: str = "EUR",
        names: Sequence[str] | None = None,
    ) -> str:  # fmt: skip
        """Return a complete journey, as text, to which people come as spend brings them.

        Parameters
        ----------
        unit
            One period: ``day``, ``week`` or ``month``.
        spend
            What is spent per period, shape (T, C) or (T,); what was spent in the records by default.
        currency
            Of the spend, in three letters.
        names
            Of the channels as the language takes them; `channels` unless given.
        """
        plan = self.spend if spend is None else _columns(spend)
        named = dict(zip(self.maximum.names, self.maximum.values, strict=True))
        lines = ["name: Response to spend", f"horizon: {len(plan)} {unit}s", f"currency: {currency}", "channels:",
                 f"  organic: {{rate: {_per(named['organic'], unit)}, enters: visitor}}"]  # fmt: skip
        for channel, name, money in zip(self.channels, names or self.channels, plan.T, strict=True):
            end = f":{channel}" if len(self.channels) > 1 else ""
            changes = [i for i in range(len(money)) if i == 0 or money[i] != money[i - 1]]
            cells = ", ".join(f"{i} {unit}s: {figure(round(float(money[i]), 6))} per {unit}" for i in changes)
            most = f", at_most: {_per(named[f'at_most{end}'], unit)}" if self.bends else ""
            cost = figure(min(max(round(float(named[f"cost_per_arrival{end}"]), 6), 1e-6), 1e8))
            lines.append(f"  {name}: {{spend: {{by: {{calendar: {{{cells}}}}}}}, cost_per_arrival: {cost}{most}, "
                         "enters: visitor}")  # fmt: skip
        return "\n".join([*lines, "journey: {visitor: prospect}", ""])


def _per(people: float, unit: str) -> str:
    return f"{figure(max(float(people), 1e-9))} per {unit}"


def _columns(spend: ArrayLike) -> FloatArray:
    """Return spend as shape (T, C)."""
    plan = np.asarray(spend, dtype=np.float64)
    return plan[:, None] if plan.ndim == 1 else plan


def fit_response(
    arrivals: ArrayLike, spend: ArrayLike, channels: Sequence[str] = ("paid",), level: float = 0.95, *,
    exposure: ArrayLike = 1.0, bends: bool | None = None, carries: bool | None = False,
) -> ResponseFit:  # fmt: skip
    """Return what spend brings, and how many come anyway.

    Parameters
    ----------
    arrivals
        People in each period, shape (T,): those of one channel, or of all together.
    spend
        Money in each whole period by channel, shape (T, C), or (T,) for one.
    channels
        Names of the channels, C of them.
    level
        Of the intervals.
    exposure
        Part of each period that is recorded, shape (T,): 1 for whole ones.
    bends, carries
        Whether ever more spend brings ever less, and whether it works on in the next period. None: where the data show
        it at 5 %.

    Raises
    ------
    ExperimentError
        If there are fewer than three periods, shapes differ, or a figure is below 0.
    """
    counts, plan = np.asarray(arrivals, dtype=np.float64), _columns(spend)
    parts = np.broadcast_to(np.asarray(exposure, dtype=np.float64), counts.shape)
    if counts.ndim != 1 or plan.shape != (len(counts), len(channels)) or len(counts) < 3:
        raise ExperimentError(f"spend has shape {plan.shape} beside arrivals {counts.shape}: it takes one row a "
                              "period, at least three, and one column a channel; write spend=[500, 80, 0]")  # fmt: skip
    if not all(np.isfinite(one).all() and (one >= 0).all() for one in (counts, plan, parts)) or parts.sum() <= 0:
        raise ExperimentError("arrivals, spend or exposure hold a figure below 0, or none: they take counts, money and "
                              "parts of periods; write exposure=1")  # fmt: skip
    shape, maximum = _chosen(counts, plan, parts, tuple(channels), level, bends, carries)
    said = _said(shape, maximum, counts, plan)
    return ResponseFit(maximum, shape.channels, shape.bends, shape.carries, plan, said)


def _chosen(
    counts: FloatArray, plan: FloatArray, parts: FloatArray, channels: tuple[str, ...], level: float,
    bends: bool | None, carries: bool | None,
) -> tuple[_Shape, Maximum]:  # fmt: skip
    """Return the shape that the data show, and its fit: each addition has to be significant at 5 %."""

    def fit(shape: _Shape) -> Maximum:
        return fit_counts(counts, lambda values: shape.means(values, plan, parts), shape.parameters(),
                          _starts(shape, counts, plan, parts), level)  # fmt: skip

    shape = _Shape(channels, bool(bends), bool(carries))
    best = fit(shape)
    for word, asked in (("bends", bends), ("carries", carries)):
        if asked is None:
            wider = replace(shape, bends=True) if word == "bends" else replace(shape, carries=True)
            tried = fit(wider)
            more = len(channels) if word == "bends" else 1
            if 2 * (tried.log_likelihood - best.log_likelihood) > EDGE * more:
                shape, best = wider, tried
    return shape, best


def _starts(shape: _Shape, counts: FloatArray, plan: FloatArray, parts: FloatArray) -> list[list[float]]:
    """Return places at which the search begins: much and little of what comes is brought by spend."""
    mean = max(float(counts.sum() / parts.sum()), 0.01)
    spent = np.maximum(plan.mean(axis=0), 1e-6)
    starts = []
    for share in (0.3, 0.8):
        start = [mean * (1 - share)]
        for money in spent:
            brought = mean * share / len(spent)
            start += [money / brought / (2 if shape.bends else 1)] + ([2 * brought] if shape.bends else [])
        starts.append(start + ([0.3] if shape.carries else []))
    return starts


def _said(shape: _Shape, maximum: Maximum, counts: FloatArray, plan: FloatArray) -> tuple[str, ...]:
    """Return what is to be said of a response."""
    said = []
    for channel, money in zip(shape.channels, plan.T, strict=True):
        mean = float(money.mean())
        if mean == 0:
            said.append(f"nothing was spent on {channel}: its cost per arrival cannot be told")
        elif float(money.std()) < _STEADY * mean:
            share = 100 * float(money.std()) / mean
            text = f"spend on {channel} hardly varied (standard deviation {share:.1f} % of the mean), so its cost per "
            text += "arrival cannot be told from those who come anyway: vary the spend, say by halves, for some periods"
            said.append(text)
    if len(shape.channels) > 1:
        live = plan[:, plan.std(axis=0) > 0]
        tied = np.corrcoef(live.T) - np.eye(live.shape[1]) if live.shape[1] > 1 else np.zeros((1, 1))
        if float(np.abs(tied).max()) > 0.95:
            said.append("the spends of two channels moved together, so what each brings cannot be told apart")
    if not counts.sum():
        said.append("nobody arrived: what a spend brings is 0 as far as is known")
    if shape.carries:
        said.append("a journey's spend works at once: the carry-over from one period to the next is lost in it")
    if EXCESS in maximum.parameters:
        more = 100 * math.sqrt(float(maximum.values[-1]))
        said.append(f"counts vary more than chance arrivals would, by {more:.0f} % of the mean: something else moves "
                    "them too")  # fmt: skip
    return tuple(said)
