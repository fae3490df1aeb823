"""How often customers bring others, from records of who was referred by whom."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flywheel_sim.calibration.counts import EXCESS, fit_counts, poisson_ends
from flywheel_sim.calibration.figures import figure
from flywheel_sim.calibration.likelihood import Maximum, Parameter
from flywheel_sim.errors import ExperimentError

FloatArray = NDArray[np.float64]

_RATE = Parameter("rate", about="people brought per customer and unit of time")


@dataclass(frozen=True)
class ReferralFit:
    """How often a customer brings somebody.

    Attributes
    ----------
    rate
        People brought per customer and unit of time, those with an unknown referrer left out.
    low, high
        Ends of its interval: exact for a Poisson count, or from the likelihood where referrers differ.
    level
        Confidence level.
    shape
        Of the gamma distribution by which customers' rates differ; infinite where they do not differ visibly.
    maximum
        All parameters with their intervals.
    referred
        People brought by known referrers.
    exposure
        Time that customers were there who could have brought somebody, summed over them.
    unknown, outside
        People referred by somebody unknown, and by somebody who is no customer of the records: in neither rate.
    said
        In words: what to beware of.
    """

    rate: float
    low: float
    high: float
    level: float
    shape: float
    maximum: Maximum
    referred: int
    exposure: float
    unknown: int
    outside: int
    said: tuple[str, ...]

    def journey(self, unit: str, people: int = 1000, periods: int = 12) -> str:
        """Return a complete journey, as text, whose customers bring others as often.

        Parameters
        ----------
        unit
            The unit of time of the rate: ``day``, ``week``, ``month`` or ``year``.
        people, periods
            How many customers there are from the start, and for how many units it runs.
        """
        rate = f"{figure(max(self.rate, 1e-12))} per {unit}"
        if math.isfinite(self.shape):
            rate = f"{{value: {rate}, spread: {{shape: {figure(float(np.clip(self.shape, 1e-3, 1e8)))}}}}}"
        return "\n".join([
            "name: Referrals", f"horizon: {periods} {unit}s",
            "channels:", f"  start: {{batch: {people}, enters: member}}", "  friends: {enters: friend}",
            f"rates: {{invites: {rate}}}",
            "journey:", "  member: {role: customer, events: {invite: {every: invites, refer: friends}}}",
            "  friend: prospect", "",
        ])  # fmt: skip


def fit_referrals(
    referred: ArrayLike, exposure: ArrayLike, *, unknown: int = 0, outside: int = 0, level: float = 0.95
) -> ReferralFit:
    """Return how often customers bring others.

    Parameters
    ----------
    referred
        How many each possible referrer brought, those who brought nobody with 0, shape (n,).
    exposure
        How long each was a customer within the records, in the unit of time of the rate, shape (n,).
    unknown, outside
        People referred by somebody unknown, and by somebody outside the records.
    level
        Of the intervals.

    Raises
    ------
    ExperimentError
        If a count is no whole number from 0 up, an exposure is below 0, or nobody was a customer for any time.
    """
    brought, there = (np.asarray(one, dtype=np.float64) for one in np.broadcast_arrays(referred, exposure))
    if (brought < 0).any() or (brought != np.floor(brought)).any():
        raise ExperimentError("referred holds a figure that is no count: it takes whole numbers; write referred=[0, 2]")
    if not np.isfinite(there).all() or (there < 0).any() or there.sum() <= 0 or ((there == 0) & (brought > 0)).any():
        raise ExperimentError("exposure holds a time below 0, or none in all, or somebody who referred without it: it "
                              "takes customers' time within the records; write exposure=[3.5, 12]")  # fmt: skip
    brought, there = brought[there > 0], there[there > 0]
    total, time = float(brought.sum()), float(there.sum())
    maximum = fit_counts(brought, lambda values: values[0] * there, (_RATE,), [[max(total, 0.5) / time]], level)
    rate, shape = total / time, math.inf
    if EXCESS in maximum.parameters:  # a gamma distribution of rates makes counts negative binomial
        rate, shape = float(maximum.values[0]), 1 / float(maximum.values[1])
        low, high = (float(one) for one in maximum.ends[0])
    else:
        low, high = (float(end) / time for end in poisson_ends(total, level))
    said = _said(total, unknown, outside, shape)
    return ReferralFit(rate, low, high, level, shape, maximum, int(total), time, unknown, outside, said)


def _said(total: float, unknown: int, outside: int, shape: float) -> tuple[str, ...]:
    """Return what is to be said of a rate of referral."""
    said = []
    if not total:
        said.append("nobody brought anybody: the rate is 0 as far as is known, and its interval says what it may be")
    if math.isfinite(shape):
        said.append(f"customers differ in how often they bring others (standard deviation {100 / math.sqrt(shape):.0f} "
                    "% of the mean), so the interval is wider than that of a plain count")  # fmt: skip
    if unknown:
        part = unknown / (unknown + total + outside)
        more = 100 * unknown / max(total, 1)
        said.append(f"of {100 * part:.0f} % of the people referred ({unknown}) the referrer is not known: the true "
                    f"rate is up to {more:.0f} % higher")  # fmt: skip
    if outside:
        said.append(f"{outside} were referred by people who are no customers of these records: they are arrivals, and "
                    "no part of the rate")  # fmt: skip
    return tuple(said)
