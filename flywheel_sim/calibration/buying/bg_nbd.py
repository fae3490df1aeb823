"""BG/NBD: purchases at a pace that differs by customer; after each the customer may leave, with a chance that differs.

Fader, Hardie and Lee 2005, doi:10.1287/mksc.1040.0098. The pace is gamma (shape r, rate alpha), the chance to leave
after a purchase other than the first beta (a, b). With a season all times are counted in cumulated season.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln, hyp2f1

from flywheel_sim.calibration.buying.histories import Histories
from flywheel_sim.calibration.buying.journeys import Setting, pace, written
from flywheel_sim.calibration.buying.model import BuyingModel, months_of, season_parameters
from flywheel_sim.calibration.buying.season import Season
from flywheel_sim.calibration.figures import figure
from flywheel_sim.calibration.likelihood import Parameter
from flywheel_sim.errors import ExperimentError

FloatArray = NDArray[np.float64]


_NO_LATE_ENTRY = (
    "BG/NBD takes none, as whether they left hangs on purchases that nobody saw; "
    "fit PARETO_NBD.late(sold_before=52), or PARETO_NBD where their age is known"
)


@dataclass(frozen=True)
class Prepared:
    """Histories with how much of each month had gone by at the last purchase and at the end, shape (groups, 12)."""

    histories: Histories
    gone_last: FloatArray
    gone_end: FloatArray
    bought: FloatArray | None


@dataclass(frozen=True)
class BgNbd(BuyingModel):
    """Customers who may leave after each purchase but the first."""

    name: str = "bg_nbd"
    label: str = "BG/NBD"
    source: str = "Fader, Hardie and Lee 2005, doi:10.1287/mksc.1040.0098"
    season: Season | None = None

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Return r and alpha of the pace, a and b of leaving, factors of months."""
        return (
            Parameter("r", about="shape of the pace of buying: the larger, the more alike customers are"),
            Parameter("alpha", about="rate of the pace of buying, in units of time: r / alpha is its mean"),
            Parameter("a", about="of the chance to leave after a purchase: a / (a + b) is its mean"),
            Parameter("b", about="of the chance to leave after a purchase: a + b large means customers alike"),
            *season_parameters(self.season),
        )

    def starts(self, histories: Histories) -> list[list[float]]:
        """Return a quiet and a busy place to begin at."""
        length = max(float(np.average(histories.T, weights=histories.count)), 1e-9)
        pace = (float(np.average(histories.x, weights=histories.count)) + 0.01) / length
        return [[0.5, 0.25 / pace, 0.5, 2.0], [2.0, 1.0 / pace, 1.0, 4.0]]

    def late(self, sold_before: float) -> Self:
        """Refuse customers from before the records: whether they left hangs on purchases that nobody saw."""
        raise ExperimentError(f"sold_before is {sold_before:g}: {_NO_LATE_ENTRY}")

    def prepared(self, histories: Histories) -> Prepared:
        """Return histories with times by the month where there is a season."""
        h = histories
        if (h.age > 0).any():
            raise ExperimentError(f"age has customers from before the records: {_NO_LATE_ENTRY}")
        if self.season is None:
            return Prepared(h, h.t_x[:, None], h.T[:, None], None)
        spent, begun = self.season.calendar.spent, self.season.calendar.spent(h.begins)
        bought = months_of(self.season, h)
        return Prepared(h, spent(h.begins + h.t_x) - begun, spent(h.begins + h.T) - begun, bought)

    def log_likelihood_of(self, values: FloatArray, prepared: Prepared) -> float:
        """Return the log-likelihood of prepared histories; minus infinite where a factor of the season is below 0."""
        season = self._season(values)
        if season.min() <= 0:
            return -math.inf
        r, alpha, a, b = (float(one) for one in values[:4])
        h = prepared.histories
        end = prepared.gone_end @ season
        power = r + h.x
        found = gammaln(power) - gammaln(r) + r * math.log(alpha) - power * np.log(alpha + end)
        found += betaln(a, b + h.x) - betaln(a, b) + np.log1p(self._left_over_stayed(r, alpha, a, b, prepared, season))
        if prepared.bought is not None:
            found += prepared.bought @ np.log(season)
        return float(found @ h.count)

    def alive(self, values: Any, histories: Histories) -> FloatArray:
        """Return how likely each is still a customer at T, shape (groups,); 1 for who bought once only."""
        prepared, season = self.prepared(histories), self._season(values)
        r, alpha, a, b = (float(one) for one in values[:4])
        alive: FloatArray = 1 / (1 + self._left_over_stayed(r, alpha, a, b, prepared, season))
        return alive

    def expected(self, values: Any, histories: Histories, ahead: Any) -> FloatArray:
        """Return how many purchases are expected within times `ahead` after T, shape (groups, len(ahead))."""
        prepared, season = self.prepared(histories), self._season(values)
        r, alpha, a, b = (float(one) for one in values[:4])
        h = histories
        times = np.atleast_1d(np.asarray(ahead, dtype=np.float64))
        end = prepared.gone_end @ season
        passed = self._passed(season, h.begins + h.T, times)
        alive = 1 / (1 + self._left_over_stayed(r, alpha, a, b, prepared, season))
        x, known = h.x[:, None], alpha + end[:, None]
        return alive[:, None] * _bought(r + x, known, a, b + x, passed)

    def expected_new(self, values: Any, ages: Any, begins: float = 0.0) -> FloatArray:
        """Return how many later purchases a new customer is expected to make until some ages, shape (len(ages),).

        Parameters
        ----------
        values, ages
            Parameters, and times since the first purchase.
        begins
            When that was, since the beginning of the records: it matters with a season.
        """
        r, alpha, a, b = (float(one) for one in values[:4])
        passed = self._passed(self._season(values), np.array([begins]), np.atleast_1d(np.asarray(ages, dtype=float)))
        found: FloatArray = _bought(np.array([[r]]), np.array([[alpha]]), a, np.array([[b]]), passed)[0]
        return found

    def journey(self, values: Any, setting: Setting | None = None) -> str:
        """Return a journey of this package whose customers buy and leave just as the model says."""
        s, season = setting or Setting(), None if self.season is None else self._season(values)
        r, alpha, a, b = (float(one) for one in values[:4])
        rates = {
            "pace": pace(r, alpha, s.unit, season),
            "leaves": f"{{spread: {{alpha: {figure(a)}, beta: {figure(b)}}}}}",
        }
        order = f"{{every: pace, earn: {{orders: {s.amount}}}, to: {{lost: leaves, stay: rest}}}}"
        comments = [f"{self.label} ({self.source}), with people who enter at their first purchase."]
        return written(self.label, comments, rates, {"order": order}, s, dated=season is not None)

    def _season(self, values: Any) -> FloatArray:
        if self.season is None:
            return np.ones(1)
        return self.season.all_factors(np.asarray(values, dtype=np.float64)[4:])

    def _passed(self, season: FloatArray, since: FloatArray, ahead: FloatArray) -> FloatArray:
        """Return the operational time that passes within times ahead, shape (rows, len(ahead))."""
        if self.season is None:
            return np.broadcast_to(ahead, (len(since), len(ahead)))
        spent, begun = self.season.calendar.spent, self.season.calendar.spent(since)
        return np.column_stack([(spent(since + one) - begun) @ season for one in ahead])

    def _left_over_stayed(
        self, r: float, alpha: float, a: float, b: float, prepared: Prepared, season: FloatArray
    ) -> FloatArray:
        """Return how much likelier it is to have left after the last purchase than to be there, shape (groups,)."""
        h = prepared.histories
        last, end = prepared.gone_last @ season, prepared.gone_end @ season
        log_odds = math.log(a) - np.log(b + np.maximum(h.x, 1) - 1) + (r + h.x) * np.log((alpha + end) / (alpha + last))
        return np.where(h.x > 0, np.exp(np.minimum(log_odds, 700.0)), 0.0)


def _bought(power: FloatArray, rate: FloatArray, a: float, b: FloatArray, passed: FloatArray) -> FloatArray:
    """Return how many purchases are expected of who is there, of a pace gamma (power, rate) and a chance beta (a, b).

    Equation 10 of Fader, Hardie and Lee 2005 with the hypergeometric function by Euler's transformation, whose series
    converges quickly; the mean of the chance to stay may be anything, so a = 1 is no exception but for rounding.
    """
    z = passed / (rate + passed)
    less = a - 1 if abs(a - 1) > 1e-6 else 1e-6
    c = less + b + 0 * z
    with np.errstate(all="ignore"):
        falls = np.exp(less * np.log1p(-z)) * hyp2f1(less, less + b - power + 0 * z, c, z)
    wrong = ~np.isfinite(falls) | (falls < 0)
    if wrong.any():
        falls[wrong] = _series((power + 0 * z)[wrong], (b + 0 * z)[wrong], c[wrong], z[wrong])
    bought: FloatArray = (less + b) / less * (1 - falls)
    return np.clip(bought, 0.0, power * passed / rate)


def _series(power: FloatArray, b: FloatArray, c: FloatArray, z: FloatArray) -> FloatArray:
    """Return (1 - z)^power times the hypergeometric function of power, b; c; z by its series, of positive terms.

    It is for customers as good as alike, of whom the transformed series is lost in its own signs.
    """
    term = np.exp(power * np.log1p(-z))
    total, n = term.copy(), 0
    while n < 100_000 and term.max() > 1e-17 * total.max():
        term = term * (power + n) * (b + n) / ((c + n) * (n + 1)) * z
        total, n = total + term, n + 1
    return total
