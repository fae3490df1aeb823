"""Purchases at a pace that differs by customer, memoryless or regular, until the customer leaves or for good.

A customer buys at a pace lambda, which a gamma distribution spreads over customers (shape r, rate alpha). The times
between purchases are exponential (a Poisson process) or Erlang of some whole shape k, which is more regular. The
customer never leaves (NBD), or does at a pace mu, gamma with shape s and rate beta (Pareto/NBD). With a season the
pace is lambda times a factor of the month, so that all times are counted in cumulated season.

The likelihood is that of what was seen up to the last purchase, times the chance that nothing was bought since: by who
is still there, plus one integral over the time at which the customer may have left. The pace falls out of each in
closed form. So no hypergeometric function is needed, and buying that is regular, a season and customers from before
the records come by the same integral.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from flywheel_sim.calibration.buying.histories import Histories
from flywheel_sim.calibration.buying.leaving import Leaving, Left, Pareto
from flywheel_sim.calibration.buying.model import BuyingModel, months_of, season_parameters
from flywheel_sim.calibration.buying.regular import never_met, no_purchase, pace_ahead, stages
from flywheel_sim.calibration.buying.season import Calendar, Season
from flywheel_sim.calibration.buying.watched import Panels, Watched, stayed_or_left
from flywheel_sim.calibration.likelihood import Parameter
from flywheel_sim.errors import ExperimentError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """Parameters by name.

    Attributes
    ----------
    r, alpha
        Of the pace.
    rate
        Of the pace of steps: alpha over the steps of a gap.
    leaving
        When customers leave, from their first purchase on; None if never.
    season
        Factors of months, shape (12,), or a single 1.
    share
        How many of those seen were customers before the records.
    """

    r: float
    alpha: float
    rate: float
    leaving: Pareto | None
    season: FloatArray
    share: float


@dataclass(frozen=True)
class Prepared:
    """Histories as the likelihood takes them.

    Attributes
    ----------
    histories
        As they were given.
    new, old
        The customers as watched from their first purchase on, and as if they had been customers before.
    unseen, unseen_of
        Watched customers who buy nothing, and which of them each group would have been; None where all are listed.
    bought
        How many purchases were made in each month, shape (groups, 12); None without a season.
    gaps
        How much of each month lies in each time between purchases, shape (purchases, 12); None unless needed.
    first
        How many purchases of `old` customers lie in each month that those of `new` do not count, shape (groups, 12).
    """

    histories: Histories
    new: Watched
    old: Watched | None
    unseen: Watched | None
    unseen_of: NDArray[np.int64] | None
    bought: FloatArray | None
    gaps: FloatArray | None
    first: FloatArray | None


@dataclass(frozen=True)
class Renewal(BuyingModel):
    """Purchases at a pace that differs by customer until the customer leaves, or for good.

    Attributes
    ----------
    name, label, source, season
        As of every model.
    leaves
        Whether customers leave.
    steps
        Of a time between purchases: 1 is memoryless, more are more regular.
    sold_before
        For how long the business sold before the records begin, where who is seen first may have bought before;
        None where the first purchase that was seen is the first. Customers are taken to have come steadily in that
        time, and steadily, perhaps at another pace, while records were kept.
    """

    name: str
    label: str
    source: str
    leaves: bool = True
    steps: int = 1
    season: Season | None = None
    sold_before: float | None = None

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Return r and alpha of the pace, s and beta of leaving, factors of months, share from before."""
        pace = [
            Parameter("r", about="shape of the pace of buying: the larger, the more alike customers are"),
            Parameter("alpha", about="rate of the pace of buying, in units of time: r / alpha is its mean"),
        ]
        leaving = [
            Parameter("s", about="shape of the pace of leaving: the larger, the more alike customers are"),
            Parameter("beta", about="rate of the pace of leaving, in units of time: s / beta is its mean"),
        ]
        share = Parameter("share", "probability", "share of those seen who were customers before the records")
        return (*pace, *(leaving if self.leaves else ()), *season_parameters(self.season),
                *((share,) if self.sold_before is not None else ()))  # fmt: skip

    def starts(self, histories: Histories) -> list[list[float]]:
        """Return a quiet and a busy place to begin at."""
        length = max(float(np.average(histories.T, weights=histories.count)), 1e-9)
        pace = (float(np.average(histories.x, weights=histories.count)) + 0.01) / length
        share = [0.5] if self.sold_before is not None else []
        found = []
        for r, s, kept in ((0.5, 0.5, 3.0), (2.0, 1.5, 0.5)):
            leaving = [s, s * length * kept] if self.leaves else []
            found.append([r, r / pace / (2.0 if self.leaves else 1.0), *leaving, *share])
        return found

    def prepared(self, histories: Histories) -> Prepared:
        """Return histories as watched customers, cut at the ends of months where there is a season."""
        h, calendar = histories, None if self.season is None else self.season.calendar
        self._check(h)
        new = Watched.of(h.x, h.t_x, h.T, h.age, h.begins, calendar)
        old = unseen = which = first = None
        zero = np.zeros(len(h))
        if self.sold_before is not None:
            end = h.begins + h.T
            old = Watched.of(h.x + 1, h.begins + h.t_x, end, zero, zero, calendar, h.begins)
            ends, which = np.unique(end, return_inverse=True)
            none = np.zeros(len(ends))
            unseen = Watched.of(none, none, ends, none, none, calendar)
        elif not h.all_listed:
            unseen, which = Watched.of(zero, zero, h.T, h.age, h.begins, calendar), np.arange(len(h))
        bought = None if self.season is None else months_of(self.season, h)
        if self.season is not None and self.sold_before is not None:
            first = np.zeros((len(h), 12))
            first[np.arange(len(h)), self.season.calendar.month(h.begins)] = 1.0
        gaps = self._gaps(h, calendar)
        return Prepared(h, new, old, unseen, which, bought, gaps, first)

    def log_likelihood_of(self, values: FloatArray, prepared: Prepared) -> float:
        """Return the log-likelihood of prepared histories; minus infinite where a factor of the season is below 0."""
        it = self._settings(values)
        if it is None:
            return -math.inf
        new, old = self._by_group(it, prepared)
        both = new if old is None else np.logaddexp(new, old)
        return float(both @ prepared.histories.count)

    def alive(self, values: Any, histories: Histories) -> FloatArray:
        """Return how likely each is still a customer at T, shape (groups,)."""
        it, prepared = self._known(values), self.prepared(histories)
        new, old = self._there(it, prepared)
        return new if old is None else new + old

    def unseen(self, values: Any, histories: Histories) -> float:
        """Return how many were customers when the records begin and bought nothing while they were kept."""
        it, prepared = self._known(values), self.prepared(histories)
        if prepared.old is None or prepared.unseen is None:
            raise ExperimentError("sold_before is None: nobody is unseen; write selling_since=52 for a year before")
        _, old = self._by_group(it, prepared)
        new, _ = self._by_group(it, prepared)
        weight = 1 / (1 + np.exp(new - old)) if old is not None else np.zeros(len(histories))
        none = np.exp(self._log_unseen(it, prepared))
        return float(np.sum(histories.count * weight * none / (1 - none)))

    def expected(self, values: Any, histories: Histories, ahead: Any) -> FloatArray:
        """Return how many purchases are expected within times `ahead` after T, shape (groups, len(ahead))."""
        it, prepared = self._known(values), self.prepared(histories)
        times = np.atleast_1d(np.asarray(ahead, dtype=np.float64))
        new, old = self._there(it, prepared)
        h = histories
        found = new[:, None] * self._ahead(it, prepared.new, h.begins, it.leaving, times)
        if prepared.old is not None and old is not None:
            left = self._left(it)
            found += old[:, None] * self._ahead(it, prepared.old, np.zeros(len(h)), left, times)
        return found

    def expected_new(self, values: Any, ages: Any, begins: float = 0.0) -> FloatArray:
        """Return how many later purchases a new customer is expected to make until some ages, shape (len(ages),).

        Parameters
        ----------
        values, ages
            Parameters, and times since the first purchase.
        begins
            When that was, since the beginning of the records: it matters with a season.
        """
        it, none = self._known(values), np.zeros(1)
        new = Watched.of(
            none, none, none, none, np.array([begins]), None if self.season is None else self.season.calendar
        )
        found: FloatArray = self._ahead(it, new, np.array([begins]), it.leaving, np.asarray(ages, dtype=np.float64))[0]
        return found

    # -- parts of the likelihood --------------------------------------------------------------------------

    def _settings(self, values: Any) -> Settings | None:
        """Return parameters by name; None where no season has such factors."""
        at = np.asarray(values, dtype=np.float64)
        leaving, rest = (Pareto(at[2], at[3]), at[4:]) if self.leaves else (None, at[2:])
        season, share = np.ones(1), 0.0
        if self.sold_before is not None:
            share, rest = float(rest[-1]), rest[:-1]
        if self.season is not None:
            season = self.season.all_factors(rest)
            if season.min() <= 0:
                return None
        return Settings(float(at[0]), float(at[1]), float(at[1]) / self.steps, leaving, season, share)

    def _known(self, values: Any) -> Settings:
        it = self._settings(values)
        if it is None:
            raise ExperimentError("values has factors of months whose mean is above 1: no factor is left for the last")
        return it

    def _left(self, it: Settings) -> Leaving | None:
        """Return when those leave who are there when the records begin."""
        if it.leaving is None or self.sold_before is None:
            return None
        return Left(it.leaving.s, it.leaving.beta, self.sold_before)

    def _power(self, it: Settings, watched: Watched) -> FloatArray:
        """Return the shape of the pace of steps after all purchases."""
        if watched.met:
            return it.r + 1 + self.steps * (watched.n - 1)
        return it.r + self.steps * watched.n

    def _nothing_since(self, it: Settings, watched: Watched, leaving: Leaving | None,
                       ) -> tuple[FloatArray, FloatArray, FloatArray]:  # fmt: skip
        power = self._power(it, watched)
        first = watched.gone_first @ it.season if watched.met else None
        ratio = no_purchase(self.steps, power, first)
        return stayed_or_left(watched, it.season, power, it.rate, leaving, ratio)

    def _log_bought(self, it: Settings, prepared: Prepared, watched: Watched) -> FloatArray:
        """Return what the purchases themselves say, but for the pace, which `stayed_or_left` has."""
        k, h, power = self.steps, prepared.histories, self._power(it, watched)
        found: FloatArray = gammaln(power) - gammaln(it.r) + it.r * math.log(it.rate)
        if watched.met:
            found = found - math.log(k)
        if k > 1:
            found = found + (k - 1) * self._log_gaps(it, prepared) - h.x * math.lgamma(k)
        if prepared.bought is not None:
            bought = prepared.bought if prepared.first is None or not watched.met else prepared.bought + prepared.first
            found = found + bought @ np.log(it.season)
        return found

    def _log_gaps(self, it: Settings, prepared: Prepared) -> FloatArray:
        h = prepared.histories
        if prepared.gaps is None:
            return np.where(h.x > 0, h.log_gaps, 0.0)
        gaps: FloatArray = np.bincount(h.owner, np.log(prepared.gaps @ it.season), len(h))
        return gaps

    def _log_unseen(self, it: Settings, prepared: Prepared) -> FloatArray:
        """Return the logarithm of the chance to buy nothing while records are kept, shape (groups,)."""
        watched, which = prepared.unseen, prepared.unseen_of
        assert watched is not None and which is not None
        old = prepared.old is not None
        leaving = self._left(it) if old else it.leaving
        power = np.full(len(watched.n), it.r)
        ratio = never_met(self.steps, power) if old else no_purchase(self.steps, power)
        stayed, left, height = stayed_or_left(watched, it.season, power, it.rate, leaving, ratio)
        found = np.log(stayed + left) + height + it.r * math.log(it.rate)
        if not old and it.leaving is not None:
            found = np.logaddexp(found, _log_gone(it.leaving, watched.age))
        return found[which]

    def _by_group(self, it: Settings, prepared: Prepared) -> tuple[FloatArray, FloatArray | None]:
        """Return the log-likelihood of each group as of new customers, and as of those from before."""
        h = prepared.histories
        stayed, left, height = self._nothing_since(it, prepared.new, it.leaving)
        new = self._log_bought(it, prepared, prepared.new) + height + np.log(stayed + left)
        aged = (h.age > 0) & (h.x == 0)
        if it.leaving is not None and aged.any():
            new = np.where(aged, np.logaddexp(new, _log_gone(it.leaving, h.age)), new)
        if prepared.old is None:
            if prepared.unseen is not None:
                seen = np.log(-np.expm1(self._log_unseen(it, prepared)))
                new = np.where(h.age > 0, new - seen, new)
            return new, None
        stayed, left, height = self._nothing_since(it, prepared.old, self._left(it))
        old = self._log_bought(it, prepared, prepared.old) + height + np.log(stayed + left)
        old = old - np.log(-np.expm1(self._log_unseen(it, prepared)))
        length = np.maximum(h.begins + h.T, 1e-300)
        share = min(max(it.share, 1e-15), 1 - 1e-15)
        return new + math.log1p(-share) - np.log(length), old + math.log(share)

    def _there(self, it: Settings, prepared: Prepared) -> tuple[FloatArray, FloatArray | None]:
        """Return how likely each group is new and still there, and from before and still there."""
        new, old = self._by_group(it, prepared)
        stayed, left, height = self._nothing_since(it, prepared.new, it.leaving)
        alive = stayed / (stayed + left)
        aged = (prepared.histories.age > 0) & (prepared.histories.x == 0)
        if it.leaving is not None and aged.any():
            log_there = np.log(stayed) + height + it.r * math.log(it.rate)
            gone = np.logaddexp(np.log(left + 1e-300) + height + it.r * math.log(it.rate),
                                _log_gone(it.leaving, prepared.histories.age))  # fmt: skip
            alive = np.where(aged, 1 / (1 + np.exp(gone - log_there)), alive)
        if old is None or prepared.old is None:
            return alive, None
        stayed, left, _ = self._nothing_since(it, prepared.old, self._left(it))
        weight = np.exp(old - np.logaddexp(new, old))
        return alive * (1 - weight), stayed / (stayed + left) * weight

    def _ahead(self, it: Settings, watched: Watched, origin: FloatArray, leaving: Leaving | None, times: FloatArray,
               ) -> FloatArray:  # fmt: skip
        """Return how many purchases are expected of who is there at the end, shape (rows, len(times))."""
        calendar: Calendar | None = None if self.season is None else self.season.calendar
        power, rate = self._power(it, watched), it.rate + watched.gone_end @ it.season
        passed = watched.gone_end @ it.season - watched.gone_last @ it.season
        first = watched.gone_first @ it.season if watched.met else None
        known = stages(self.steps, power, rate, passed, first)
        order = np.argsort(times)
        rows, edges = len(power), np.concatenate([[0.0], times[order]])
        found = np.zeros((rows, len(times)))
        for column in range(len(times)):
            low, high = np.full(rows, edges[column]), np.full(rows, edges[column + 1])
            panels = Panels.between(low, high, origin + watched.end, calendar)
            row, pace, before = panels.row, panels.paces(it.season), panels.gone @ it.season
            clock = (watched.age + watched.end)[row] + panels.start
            there = None if leaving is None else leaving.log_survival(watched.age + watched.end)

            def value(some: slice, since: FloatArray) -> FloatArray:
                one = row[some]
                gone = before[some, None] + pace[some, None] * since
                brings = sum(chance[one, None] * pace_ahead(self.steps, made, shape[one, None], rate[one, None], gone)
                             for chance, shape, made in known)  # fmt: skip
                brings = brings * pace[some, None]
                if leaving is None or there is None:
                    return brings
                return brings * np.exp(leaving.log_survival(clock[some, None] + since) - there[one, None])

            turns = np.zeros(len(row)) if leaving is None else 1 / leaving.turns(clock)
            if self.steps > 1:
                turns = turns + (self.steps * power[row] + 1) / rate[row] * pace
            scale = 1 / np.maximum(turns, 1e-12)
            sums = panels.integrals(scale, panels.length, value)
            found[:, column] = np.bincount(row, sums, rows)
        total = np.empty_like(found)
        total[:, order] = np.cumsum(found, axis=1)
        return total

    # -- checks -------------------------------------------------------------------------------------------

    def _check(self, h: Histories) -> None:
        if self.steps > 1 and h.owner is None and np.isnan(h.log_gaps[h.x > 0]).any():
            raise ExperimentError(
                f"histories has no log_gaps, which {self.label} needs; "
                "write Histories.from_purchases(customer, time, ends), or give log_gaps to Histories.of"
            )
        if (h.age > 0).any() and (self.steps > 1 or self.sold_before is not None):
            raise ExperimentError(
                f"histories has customers of a known age when records begin, which {self.label} does not take; "
                "fit PARETO_NBD without selling_since"
            )

    def _gaps(self, h: Histories, calendar: Calendar | None) -> FloatArray | None:
        """Return how much of each month lies in each time between purchases."""
        if self.steps == 1 or calendar is None or h.owner is None or h.when is None:
            return None
        first = np.append(True, h.owner[1:] != h.owner[:-1])
        before = np.where(first, 0.0, np.append(0.0, h.when[:-1]))
        begins = h.begins[h.owner]
        return calendar.spent(begins + h.when) - calendar.spent(begins + before)


def _log_gone(leaving: Pareto, age: FloatArray) -> FloatArray:
    """Return the logarithm of the chance to have left by an age; that of 0 is as good as none."""
    gone: FloatArray = np.log(np.maximum(-np.expm1(leaving.log_survival(age)), 1e-300))
    return gone
