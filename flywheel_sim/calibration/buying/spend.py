"""Gamma-gamma: what a customer spends a purchase, where customers differ and so do the purchases of one.

Fader, Hardie and Lee 2005, doi:10.1509/jmkr.2005.42.4.415; Fader and Hardie 2013, "The gamma-gamma model of monetary
value", brucehardie.com/notes/025. What a purchase of one customer brings is gamma with shape p and a mean of p / nu; nu
is gamma over customers, with shape q and rate v. The mean over customers is p v / (q - 1).

The model takes it that who buys often does not spend more or less a purchase. `goes_together` says whether that holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

from flywheel_sim.calibration.buying.journeys import Setting, written
from flywheel_sim.calibration.figures import figure
from flywheel_sim.calibration.likelihood import Maximum, Parameter, maximise
from flywheel_sim.errors import ExperimentError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class RankTogether:
    """Whether who buys more often spends more a purchase.

    Attributes
    ----------
    rank_correlation
        Of the number of repeat purchases and their mean amount (Spearman).
    p
        How likely one as far from 0 is where the two do not go together.
    said
        In a sentence.
    """

    rank_correlation: float
    p: float
    said: str


@dataclass(frozen=True)
class GammaGamma:
    """What customers spend a purchase."""

    name: str = "gamma_gamma"
    label: str = "gamma-gamma"
    source: str = "Fader, Hardie and Lee 2005, doi:10.1509/jmkr.2005.42.4.415"

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Return p, q and v."""
        return (
            Parameter("p", about="shape of the amounts of one customer: the larger, the more alike they are"),
            Parameter("q", about="shape over customers: the larger, the more alike they are; the mean needs q above 1"),
            Parameter("v", about="scale over customers, in the currency: p v / (q - 1) is the mean"),
        )

    def log_likelihood(self, values: Any, x: Any, mean: Any, count: Any = 1.0) -> float:
        """Return the log-likelihood of mean amounts.

        Parameters
        ----------
        values
            p, q and v.
        x, mean
            How many repeat purchases each customer made, 1 at least, and what they brought on average, shape (n,).
        count
            How many customers are alike, shape (n,) or 1 each.
        """
        p, q, v = (float(one) for one in values)
        x, mean = np.asarray(x, dtype=np.float64), np.asarray(mean, dtype=np.float64)
        total = x * mean
        found = p * x * np.log(total / (v + total)) - q * np.log1p(total / v) - np.log(mean) - betaln(p * x, q)
        return float(np.sum(found * count))

    def fit(self, x: Any, mean: Any, count: Any = 1.0, level: float = 0.95, intervals: bool = True) -> Maximum:
        """Return the most likely parameters with intervals; see `log_likelihood` for the data."""
        x, mean, count = np.broadcast_arrays(*(np.asarray(one, dtype=np.float64) for one in (x, mean, count)))
        if not len(x) or x.min() < 1 or not np.isfinite(mean).all() or mean.min() <= 0:
            raise ExperimentError(
                "mean takes amounts above 0 of customers with a repeat purchase; "
                "leave out those with x = 0 and those whose purchases came to nothing, as in mean=mean[x > 0]"
            )
        middle = float(np.average(mean, weights=count))
        starts = [[4.0, 4.0, middle * 3 / 4], [1.0, 2.0, middle]]
        return maximise(lambda values: self.log_likelihood(values, x, mean, count), self.parameters, starts, level,
                        intervals=intervals)  # fmt: skip

    def mean(self, values: Any) -> float:
        """Return the mean amount over all customers, infinite where q is not above 1."""
        p, q, v = (float(one) for one in values)
        return p * v / (q - 1) if q > 1 else math.inf

    def expected(self, values: Any, x: Any, mean: Any) -> FloatArray:
        """Return the mean amount to be expected of each customer's purchases to come, shape (n,).

        It lies between the customer's own mean and that of all, nearer to the own one the more it rests on; of who made
        no repeat purchase it is that of all. Infinite where q + p x is not above 1.
        """
        p, q, v = (float(one) for one in values)
        x = np.asarray(x, dtype=np.float64)
        total = np.where(x > 0, x * np.nan_to_num(np.asarray(mean, dtype=np.float64)), 0.0)
        known = p * x + q - 1
        expected: FloatArray = np.where(known > 0, p * (v + total) / np.where(known > 0, known, 1.0), math.inf)
        return expected

    def goes_together(self, x: Any, mean: Any) -> RankTogether:
        """Return whether who buys more often spends more or less a purchase, which the model takes not to be so."""
        from scipy.stats import spearmanr

        x, mean = np.asarray(x, dtype=np.float64), np.asarray(mean, dtype=np.float64)
        if len(x) < 3 or np.ptp(x) == 0 or np.ptp(mean) == 0:
            return RankTogether(
                math.nan, math.nan, "too few customers differ to say whether spend and frequency go together"
            )
        found = spearmanr(x, mean)
        rank, p = float(found.statistic), float(found.pvalue)
        if p >= 0.05:
            return RankTogether(
                rank, p, f"spend and frequency do not visibly go together (rank correlation {rank:+.2f})"
            )
        more = "more" if rank > 0 else "less"
        strong = "a little" if abs(rank) < 0.1 else "clearly" if abs(rank) < 0.3 else "strongly"
        said = f"who buys more often spends {more} a purchase, {strong} (rank correlation {rank:+.2f}): "
        said += "the model takes them not to go together, so what frequent customers are worth is off by that"
        return RankTogether(rank, p, said)

    def lines(self, values: Any, name: str = "basket") -> tuple[str, str]:
        """Return the words of a journey for such amounts: a rate of money under `name`, and the amount of a purchase.

        The language spreads money by a gamma distribution, this model by an inverse gamma one. The words have the same
        mean and SD over customers, and amounts of one customer spread just as here. Where q is not above 2 the SD has
        no end; that of q = 2.1 is written then. `journey` has the spread of the model itself.
        """
        p, q, _ = self._finite(values)
        spread = f"{{value: {figure(round(self.mean(values), 6))}, spread: {{shape: {figure(max(q, 2.1) - 2)}}}}}"
        return spread, f"{{gamma: {{mean: {name}, shape: {figure(min(max(p, 1e-3), 1e6))}}}}}"

    def journey(self, values: Any, setting: Setting | None = None, *, pace: float = 0.1, classes: int = 200) -> str:
        """Return a journey of this package whose customers spend as the model says.

        Customers are of as many classes, equally likely; the mean amount of each is that of its part of the inverse
        gamma distribution, so that the mean over all is exact and the spread comes from within classes no wider than
        1 / `classes`. A first purchase earns nothing in it, as the model is of repeat purchases.

        Parameters
        ----------
        values, setting
            Parameters; how long it runs, and how many people.
        pace
            Purchases per unit of time, the same for all.
        classes
            How many.
        """
        from scipy.special import gammainc, gammaincinv

        p, q, _ = self._finite(values)
        s, edges = setting or Setting(), np.arange(classes + 1) / classes
        below = gammainc(q - 1, gammaincinv(q, edges))
        means = self.mean(values) * np.diff(below) * classes
        levels = [f"c{i + 1}" for i in range(classes)]
        drawn = ", ".join(f"{one}: {figure(100 / classes)} %" for one in levels[:-1])
        table = ", ".join(f"{one}: {figure(round(mean, 6))}" for one, mean in zip(levels, means, strict=True))
        rates = {"pace": f"{{value: {figure(pace)} per {s.unit}}}", "basket": f"{{by: {{class: {{{table}}}}}}}"}
        amount = f"{{gamma: {{mean: basket, shape: {figure(min(max(p, 1e-3), 1e6))}}}}}"
        comments = [f"{self.label} ({self.source}), with customers of {classes} classes."]
        return written(self.label, comments, rates, {"order": f"{{every: pace, earn: {{orders: {amount}}}}}"},
                       replace(s, amount=""), {"class": f"{{{drawn}, {levels[-1]}: rest}}"})  # fmt: skip

    def _finite(self, values: Any) -> tuple[float, float, float]:
        """Return p, q and v, of which the mean is finite."""
        p, q, v = (float(one) for one in values)
        if q <= 1:
            raise ExperimentError(f"q is {q:g}: a journey takes one above 1, as the mean amount has no end otherwise; "
                                  "fit amounts without the few that are far larger than all others")  # fmt: skip
        return p, q, v
