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
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.arguments import number
from flywheel_sim.calibration.buying.histories import Histories
from flywheel_sim.calibration.buying.journeys import Setting, pace, written
from flywheel_sim.calibration.buying.leaving import Left, Pareto
from flywheel_sim.calibration.buying.model import BuyingModel, season_parameters
from flywheel_sim.calibration.buying.season import Season
from flywheel_sim.calibration.buying.seen import Seen, Settings, View
from flywheel_sim.calibration.buying.watched import Watched
from flywheel_sim.calibration.likelihood import Parameter
from flywheel_sim.errors import ExperimentError

FloatArray = NDArray[np.float64]


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
        buying = [
            Parameter("r", about="shape of the pace of buying: the larger, the more alike customers are"),
            Parameter("alpha", about="rate of the pace of buying, in units of time: r / alpha is its mean"),
        ]
        leaving = [
            Parameter("s", about="shape of the pace of leaving: the larger, the more alike customers are"),
            Parameter("beta", about="rate of the pace of leaving, in units of time: s / beta is its mean"),
        ]
        share = Parameter("share", "probability", "share of those seen who were customers before the records")
        return (*buying, *(leaving if self.leaves else ()), *season_parameters(self.season),
                *((share,) if self.sold_before is not None else ()))  # fmt: skip

    def late(self, sold_before: float) -> Self:
        """Return the model for records that start in the middle; see `sold_before`."""
        before = number(0.0, example="52", open_low=True).of("sold_before", sold_before)
        return replace(self, sold_before=float(before))

    def starts(self, histories: Histories) -> list[list[float]]:
        """Return a quiet and a busy place to begin at."""
        length = max(float(np.average(histories.T, weights=histories.count)), 1e-9)
        mean = (float(np.average(histories.x, weights=histories.count)) + 0.01) / length
        share = [0.5] if self.sold_before is not None else []
        found = []
        for r, s, kept in ((0.5, 0.5, 3.0), (2.0, 1.5, 0.5)):
            leaving = [s, s * length * kept] if self.leaves else []
            found.append([r, r / mean / (2.0 if self.leaves else 1.0), *leaving, *share])
        return found

    def prepared(self, histories: Histories) -> Seen:
        """Return histories as watched customers, cut at the ends of months where there is a season."""
        h = histories
        if self.steps > 1 and h.owner is None and np.isnan(h.log_gaps[h.x > 0]).any():
            raise ExperimentError(
                f"histories has no log_gaps, which {self.label} needs; "
                "write Histories.from_purchases(customer, time, ends), or give log_gaps to Histories.of"
            )
        if (h.age > 0).any() and (self.steps > 1 or self.sold_before is not None):
            raise ExperimentError(
                f"age has customers from before the records, which {self.label} takes without sold_before "
                "and without steps only; fit PARETO_NBD"
            )
        return Seen.of(h, self.steps, self.season, late=self.sold_before is not None)

    def log_likelihood_of(self, values: FloatArray, prepared: Seen) -> float:
        """Return the log-likelihood of prepared histories; minus infinite where a factor of the season is below 0."""
        it = self._settings(values)
        if it.season.min() <= 0:
            return -math.inf
        new, old = prepared.by_kind(it)
        both = new if old is None else np.logaddexp(new, old)
        return float(both @ prepared.histories.count)

    def alive(self, values: Any, histories: Histories) -> FloatArray:
        """Return how likely each is still a customer at T, shape (groups,)."""
        new, old = self.prepared(histories).there(self._settings(values))
        return new if old is None else new + old

    def expected(self, values: Any, histories: Histories, ahead: Any) -> FloatArray:
        """Return how many purchases are expected within times `ahead` after T, shape (groups, len(ahead))."""
        it, seen = self._settings(values), self.prepared(histories)
        times = np.atleast_1d(np.asarray(ahead, dtype=np.float64))
        new, old = seen.there(it)
        expected = new[:, None] * seen.new.ahead(it, times)
        return expected if seen.old is None or old is None else expected + old[:, None] * seen.old.ahead(it, times)

    def expected_new(self, values: Any, ages: Any, begins: float = 0.0) -> FloatArray:
        """Return how many later purchases a new customer is expected to make until some ages, shape (len(ages),).

        Parameters
        ----------
        values, ages
            Parameters, and times since the first purchase.
        begins
            When that was, since the beginning of the records: it matters with a season.
        """
        none, origin = np.zeros(1), np.array([begins])
        calendar = None if self.season is None else self.season.calendar
        view = View(Watched.of(none, none, none, none, origin, calendar), origin, calendar)
        found: FloatArray = view.ahead(self._settings(values), np.atleast_1d(np.asarray(ages, dtype=np.float64)))[0]
        return found

    def unseen(self, values: Any, histories: Histories) -> float:
        """Return how many were customers when the records begin and bought nothing while they were kept."""
        it, seen = self._settings(values), self.prepared(histories)
        new, old = seen.by_kind(it)
        if old is None:
            raise ExperimentError("sold_before is None: it takes a time for which people may have bought unseen; "
                                  "write PARETO_NBD.late(sold_before=52)")  # fmt: skip
        from_before, none = np.exp(old - np.logaddexp(new, old)), np.exp(seen.log_unseen(it))
        return float(np.sum(histories.count * from_before * none / (1 - none)))

    def from_before(self, values: Any, times: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return of a customer who was one when the records began what is expected until times, both shape (times,).

        How many purchases, and how likely the customer is to have been seen.
        """
        it = self._settings(values)
        begun = self._at_first(0.0).old
        if begun is None:
            raise ExperimentError("sold_before is None: it takes a time for which people may have bought unseen; "
                                  "write PARETO_NBD.late(sold_before=52)")  # fmt: skip
        none = [float(self._at_first(one).log_unseen(it)[0]) for one in times]
        met = it.r / (it.r + 1)  # without the purchase at which somebody is first seen
        return met * begun.ahead(it, times)[0], -np.expm1(none)

    def _at_first(self, until: float) -> Seen:
        """Return what is known of a customer first seen when the records begin, and not again until a time."""
        return self.prepared(Histories.from_purchases([0], [0.0], until, timed=self.season is not None))

    def weight_before(self, values: Any, histories: Histories) -> FloatArray:
        """Return how likely each is to have been a customer before the records, shape (groups,)."""
        new, old = self.prepared(histories).by_kind(self._settings(values))
        return np.zeros(len(histories)) if old is None else np.exp(old - np.logaddexp(new, old))

    def journey(self, values: Any, setting: Setting | None = None) -> str:
        """Return a journey of this package whose customers buy and leave just as the model says.

        People enter it at their first purchase. Buying of k steps is said by a hidden counter: at k times the pace a
        step is made, and every k-th is a purchase, which has the same times between purchases. With `sold_before`
        the journey holds both that time and that of the records.
        """
        it, s, k = self._settings(values), setting or Setting(), self.steps
        season = None if self.season is None else it.season
        rates = {"pace": pace(it.r, it.alpha, s.unit, season, k)}
        comments = [f"{self.label} ({self.source}), with people who enter at their first purchase."]
        order, attributes = f"earn: {{orders: {s.amount}}}", None
        events = {"order": f"{{every: pace, {order}}}"}
        if k > 1:
            comments.append(f"Every {k} steps at {k} times the pace of purchases are one: Erlang of shape {k}.")
            attributes = {"made": f"{{counts: 0 to {k}}}"}
            events = {
                "step": "{every: pace, add: {made: 1}}",
                "order": f"{{when: {{made: {k}}}, set: {{made: 0}}, {order}}}",
            }
        if it.leaving is not None:
            rates["leaves"] = pace(it.leaving.s, it.leaving.beta, s.unit)
            events["death"] = "{after: leaves, to: lost}"
        return written(self.label, comments, rates, events, s, attributes, dated=season is not None)

    def _settings(self, values: Any) -> Settings:
        """Return parameters by name; a factor of the season may be below 0 where no season has such factors."""
        at = np.asarray(values, dtype=np.float64)
        before, rest, share, leaving, left = self.sold_before, at[2:], 0.0, None, None
        if self.leaves:
            leaving, rest = Pareto(at[2], at[3]), at[4:]
        if before is not None:
            share, rest = float(rest[-1]), rest[:-1]
            left = None if leaving is None else Left(leaving.s, leaving.beta, before)
        season = np.ones(1) if self.season is None else self.season.all_factors(rest)
        return Settings(float(at[0]), float(at[1]), self.steps, leaving, left, season, share)
