"""What was seen of customers, as new ones and as ones from before the records, and how likely it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from flywheel_sim.calibration.buying.ahead import StillThere
from flywheel_sim.calibration.buying.histories import Histories
from flywheel_sim.calibration.buying.leaving import Leaving, Left, Pareto
from flywheel_sim.calibration.buying.model import months_of
from flywheel_sim.calibration.buying.regular import never_met, no_purchase
from flywheel_sim.calibration.buying.season import Calendar, Season
from flywheel_sim.calibration.buying.watched import Watched, stayed_or_left

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """Parameters by name.

    Attributes
    ----------
    r, alpha
        Of the pace of purchases.
    steps
        Of a time between purchases.
    leaving, left
        When customers leave: from their first purchase on, and who is there when the records begin; None if never.
    season
        Factors of months, shape (12,), or a single 1.
    share
        How many of those seen were customers before the records.
    """

    r: float
    alpha: float
    steps: int
    leaving: Pareto | None
    left: Left | None
    season: FloatArray
    share: float

    @property
    def rate(self) -> float:
        """Return the rate of the pace of steps, which is `steps` times that of purchases."""
        return self.alpha / self.steps


@dataclass(frozen=True)
class View:
    """Customers as they are watched, and when.

    Attributes
    ----------
    watched
        The customers, one a row.
    origin
        When their watching began, since the beginning of the records, shape (rows,).
    calendar
        When months begin; None without a season.
    bought
        How many purchases were made in each month, shape (rows, 12); None without a season.
    """

    watched: Watched
    origin: FloatArray
    calendar: Calendar | None
    bought: FloatArray | None = None

    def leaving(self, it: Settings) -> Leaving | None:
        """Return when they leave."""
        return it.left if self.watched.met else it.leaving

    def power(self, it: Settings) -> FloatArray:
        """Return the shape of the pace of steps after all purchases."""
        met = self.watched.met
        return it.r + it.steps * self.watched.n + (1 - it.steps if met else 0)

    def nothing_since(self, it: Settings) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return how likely nothing was bought after the last purchase, as `stayed_or_left` does."""
        power = self.power(it)
        first = self.watched.gone_first @ it.season if self.watched.met else None
        ratio = no_purchase(it.steps, power, first)
        return stayed_or_left(self.watched, it.season, power, it.rate, self.leaving(it), ratio)

    def nothing_at_all(self, it: Settings) -> FloatArray:
        """Return the logarithm of the chance that customers without a purchase make none, shape (rows,)."""
        power = np.full(len(self.watched.n), it.r)
        ratio = (never_met if self.watched.met else no_purchase)(it.steps, power)
        stayed, left, height = stayed_or_left(self.watched, it.season, power, it.rate, self.leaving(it), ratio)
        none: FloatArray = np.log(stayed + left) + height + it.r * math.log(it.rate)
        return none

    def log_bought(self, it: Settings, log_gaps: FloatArray | None) -> FloatArray:
        """Return what the purchases themselves say, but for the time they took, which `nothing_since` has."""
        gaps, power = self.watched.n - self.watched.met, self.power(it)
        found: FloatArray = gammaln(power) - gammaln(it.r) + it.r * math.log(it.rate)
        if self.watched.met:
            found = found - math.log(it.steps)
        if log_gaps is not None:
            found = found + (it.steps - 1) * log_gaps - gaps * math.lgamma(it.steps)
        return found if self.bought is None else found + self.bought @ np.log(it.season)

    def ahead(self, it: Settings, times: FloatArray) -> FloatArray:
        """Return how many purchases are expected of who is there at the end, shape (rows, len(times))."""
        leaving, power = self.leaving(it), self.power(it)
        there = StillThere(self.watched, self.origin, power, it.rate, it.season, self.calendar, leaving, it.steps)
        return there.bought(times)


@dataclass(frozen=True)
class Seen:
    """Histories as the likelihood takes them.

    Attributes
    ----------
    histories
        As they were given.
    new, old
        The customers as watched from their first purchase on, and as if they had been customers before.
    unseen, unseen_of
        Customers who buy nothing while watched, and which of them each group would have been; None where all are
        listed.
    gaps
        How much of each month lies in each time between purchases, shape (purchases, 12); None unless needed.
    """

    histories: Histories
    new: View
    old: View | None
    unseen: View | None
    unseen_of: NDArray[np.int64] | None
    gaps: FloatArray | None

    @classmethod
    def of(cls, h: Histories, steps: int, season: Season | None, *, late: bool) -> Seen:
        """Return histories as watched customers, cut at the ends of months where there is a season."""
        calendar = None if season is None else season.calendar
        bought = None if season is None else months_of(season, h)
        new = View(Watched.of(h.x, h.t_x, h.T, h.age, h.begins, calendar), h.begins, calendar, bought)
        gaps = None if season is None or steps == 1 else _gaps(h, season.calendar)
        zero = np.zeros(len(h))
        if not late:
            unseen = None
            if not h.all_listed:
                unseen = View(Watched.of(zero, zero, h.T, h.age, h.begins, calendar), h.begins, calendar)
            return cls(h, new, None, unseen, np.arange(len(h)), gaps)
        end = h.begins + h.T
        if season is not None and bought is not None:
            bought = bought.copy()
            bought[np.arange(len(h)), season.calendar.month(h.begins)] += 1
        old = View(Watched.of(h.x + 1, h.begins + h.t_x, end, zero, zero, calendar, h.begins), zero, calendar, bought)
        ends, which = np.unique(end, return_inverse=True)
        none = np.zeros(len(ends))
        unseen = View(Watched.of(none, none, ends, none, none, calendar, none), none, calendar)
        return cls(h, new, old, unseen, which, gaps)

    def by_kind(self, it: Settings) -> tuple[FloatArray, FloatArray | None]:
        """Return the log-likelihood of each group as of new customers, and as of those from before, shape (groups,)."""
        h, log_gaps = self.histories, self._log_gaps(it)
        stayed, left, height = self.new.nothing_since(it)
        new = self.new.log_bought(it, log_gaps) + height + np.log(stayed + left)
        if (gone := self._gone(it)) is not None:
            new = np.logaddexp(new, gone)
        if self.old is None:
            if self.unseen is not None:
                new = np.where(h.age > 0, new - np.log(-np.expm1(self.log_unseen(it))), new)
            return new, None
        stayed, left, height = self.old.nothing_since(it)
        old = self.old.log_bought(it, log_gaps) + height + np.log(stayed + left)
        seen = np.log(-np.expm1(self.log_unseen(it)))
        share = min(max(it.share, 1e-15), 1 - 1e-15)
        steady = np.log(np.maximum(h.begins + h.T, 1e-300))
        return new + math.log1p(-share) - steady, old + math.log(share) - seen

    def there(self, it: Settings) -> tuple[FloatArray, FloatArray | None]:
        """Return how likely each group is new and still there, and from before and still there, shape (groups,)."""
        stayed, left, height = self.new.nothing_since(it)
        alive = stayed / (stayed + left)
        if (gone := self._gone(it)) is not None:
            seen = np.log(stayed + left) + height + it.r * math.log(it.rate)
            alive = alive / (1 + np.exp(gone - seen))
        if self.old is None:
            return alive, None
        new, old = self.by_kind(it)
        assert old is not None
        stayed, left, _ = self.old.nothing_since(it)
        weight = np.exp(old - np.logaddexp(new, old))
        return alive * (1 - weight), stayed / (stayed + left) * weight

    def log_unseen(self, it: Settings) -> FloatArray:
        """Return the logarithm of the chance to buy nothing while records are kept, shape (groups,)."""
        assert self.unseen is not None
        unseen = self.unseen.nothing_at_all(it)
        if self.old is None and it.leaving is not None:
            unseen = np.logaddexp(unseen, _log_gone(it.leaving, self.unseen.watched.age))
        return np.minimum(unseen, -1e-16)[self.unseen_of]

    def _gone(self, it: Settings) -> FloatArray | None:
        """Return the logarithm of the chance to have left before the records, for who bought nothing; else none."""
        idle = (self.histories.age > 0) & (self.histories.x == 0)
        if it.leaving is None or not idle.any():
            return None
        return np.where(idle, _log_gone(it.leaving, self.histories.age), -np.inf)

    def _log_gaps(self, it: Settings) -> FloatArray | None:
        """Return the sum of the logarithms of the times between purchases, in cumulated season; None if memoryless."""
        h = self.histories
        if it.steps == 1:
            return None
        if self.gaps is None or h.owner is None:
            return np.where(h.x > 0, h.log_gaps, 0.0)
        return np.bincount(h.owner, np.log(self.gaps @ it.season), len(h)).astype(np.float64)


def _gaps(h: Histories, calendar: Calendar) -> FloatArray | None:
    """Return how much of each month lies in each time between purchases."""
    if h.owner is None or h.when is None:
        return None
    first = np.append(True, h.owner[1:] != h.owner[:-1])[: len(h.owner)]
    before = np.where(first, 0.0, np.append(0.0, h.when)[:-1])
    begins = h.begins[h.owner]
    return calendar.spent(begins + h.when) - calendar.spent(begins + before)


def _log_gone(leaving: Pareto, age: FloatArray) -> FloatArray:
    """Return the logarithm of the chance to have left by an age; that of 0 is as good as none."""
    gone: FloatArray = np.log(np.maximum(-np.expm1(leaving.log_survival(age)), 1e-300))
    return gone
