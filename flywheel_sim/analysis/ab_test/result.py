"""A/B tests inside a journey: what a company would have seen, how often it is misled, and what the test is worth.

Every replication is one future in which the company runs the test once. It sees its own counts alone; what holds over
all futures, it never sees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flywheel_sim import stats
from flywheel_sim.analysis.ab_test.textbook import lifts_of, power_of, sample_size, significant
from flywheel_sim.analysis.ab_test.worth import Worth
from flywheel_sim.analysis.difference.pairs import AgainstToday
from flywheel_sim.analysis.difference.ranking import Best
from flywheel_sim.arguments import choice, either, whole
from flywheel_sim.experiment.runs import Runs
from flywheel_sim.result import texts_by_name
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, estimate_probability, estimate_quantile

if TYPE_CHECKING:
    import pandas as pd

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class ABTest(AgainstToday):
    """What an A/B test shows, over many futures; frozen.

    Attributes
    ----------
    attribute, arms
        The attribute that says who is in which arm, and its levels A and B.
    of, label
        The chance that is compared, and how it is called.
    best
        Whether the ``highest`` or the ``lowest`` chance is best.
    level, wanted
        Confidence of the two-sided test, and the power that a sample size is asked for, as fractions.
    month
        At the end of which month the test is read.
    rates
        Shares of A and B that are taken as true: as given, or of all futures together.
    sure
        Whether these are the true shares of every future: not where rates are ``uncertain`` and none were given.
    known, wins, deciding
        Outcomes known and successes up to the end of each month, and people whose outcome is still open then, each of
        shape (replications, periods, 2). People who are still deciding are not in the test yet.
    worth
        What testing and rolling out is worth; None unless a strategy that rolls B out was named.
    today
        The runs in which the test is taken.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> sign_up = "conversion.visitor.trial"
    >>> test = fs.ab_test("landing_page", of=sign_up, strategies="keep_a", month=5, replications=9)
    >>> test.arms, test.n.shape, test.power.unit
    (('a', 'b'), (9, 2), '%')
    """

    attribute: str
    arms: tuple[str, str]
    of: str
    label: str
    best: Best
    level: float
    wanted: float
    month: int
    rates: tuple[float, float]
    sure: bool
    known: FloatArray = field(repr=False)
    wins: FloatArray = field(repr=False)
    deciding: FloatArray = field(repr=False)
    worth: Worth | None = field(repr=False)
    today: Runs = field(repr=False)

    @property
    def n(self) -> FloatArray:
        """Return the people of each arm whose outcome is known when the test is read, shape (replications, 2)."""
        return np.asarray(self.known[:, self.month - 1])

    @cached_property
    def lifts(self) -> FloatArray:
        """Return the lift that each future shows, B minus A in points; NaN where an arm is empty."""
        return lifts_of(self.wins[:, self.month - 1], self.n)

    @cached_property
    def significant(self) -> BoolArray:
        """Return in which futures the two-sided two-proportion z test tells B from A."""
        return significant(self.wins[:, self.month - 1], self.n, self.level)

    @property
    def true_lift(self) -> float:
        """Return the lift taken as true, in points."""
        return 100 * (self.rates[1] - self.rates[0])

    @property
    def lift(self) -> Estimate:
        """Return the mean over futures of the lift seen, in points."""
        return estimate_mean(self.lifts, "points")

    def lift_quantile(self, q: float) -> Estimate:
        """Return a quantile of the lift seen over futures, in points."""
        return estimate_quantile(self.lifts, q, "points")

    @property
    def lift_of_all(self) -> Estimate:
        """Return the mean lift, in points, if those still deciding were counted as failures, which is wrong."""
        return estimate_mean(
            lifts_of(self.wins[:, self.month - 1], self.n + self.deciding[:, self.month - 1]), "points"
        )

    @property
    def undecided(self) -> Estimate:
        """Return the share of people in the test whose outcome is open when it is read, in %."""
        waiting = self.deciding[:, self.month - 1].sum(axis=1)
        return stats.estimate_ratio(100 * waiting, waiting + self.n.sum(axis=1), "%")

    def people(self, arm: int | str) -> Estimate:
        """Return the people of an arm, 0, 1 or its name, whose outcome is known when the test is read."""
        which = either(whole(0, 1, "1"), choice(*self.arms)).of("arm", arm)
        return estimate_mean(self.n[:, self.arms.index(which) if isinstance(which, str) else which], "people")

    @property
    def power(self) -> Estimate:
        """Return the share of futures in which the test is significant, with Wilson's interval."""
        return estimate_probability(self.significant)

    @property
    def textbook(self) -> float:
        """Return the textbook's power in % at the same numbers of people."""
        return self._theory(self.n)

    def _theory(self, n: FloatArray) -> float:
        return 100 * float(np.nan_to_num(power_of(self.rates, n, self.level)).mean()) if self.sure else math.nan

    @property
    def differs(self) -> bool:
        """Tell whether B is known to differ from A: by given shares, or by those of all futures together."""
        return self.sure and self.rates[0] != self.rates[1]

    @property
    def wrong_sign(self) -> Estimate:
        """Return how often a significant lift points the wrong way, in %: the type S error.

        Gelman and Carlin 2014, doi:10.1177/1745691614551642. Without a value where B does not differ, or nothing is
        significant.
        """
        return estimate_probability(np.sign(self._believed) != np.sign(self.true_lift))

    @property
    def exaggeration(self) -> Estimate:
        """Return how many times the true lift a significant one is on average: the type M error.

        Gelman and Carlin 2014. Without a value where `wrong_sign` has none.
        """
        return estimate_mean(np.abs(self._believed) / (abs(self.true_lift) or 1), "times the truth")

    @property
    def _believed(self) -> FloatArray:
        return np.asarray(self.lifts[self.significant]) if self.differs else np.empty(0)

    @property
    def needed(self) -> tuple[float, float]:
        """Return how many people in A and in B the textbook asks for, the arms being shared out as in the runs."""
        a, b = self.n.sum(axis=0)
        return sample_size(self.rates, self.wanted, self.level, b / a) if self.differs else (math.nan, math.nan)

    @cached_property
    def _joining(self) -> NDArray[np.int64]:
        """Return the indices of the months, up to when the test is read, in which people came into it."""
        here = (self.known + self.deciding).sum(axis=(0, 2))
        return np.flatnonzero(np.diff(here, prepend=0)[: self.month] > 0)

    @property
    def months_tested(self) -> int:
        """Return in how many months people came into the test by the time it is read."""
        return len(self._joining)

    @property
    def months_needed(self) -> Estimate:
        """Return how many months of testing at this traffic it takes to have the people `needed`."""
        if not self.differs:
            return estimate_mean([], "months")
        return stats.estimate_ratio(np.full(len(self.n), self.needed[0] * self.months_tested), self.n[:, 0], "months")

    def looks(self) -> pd.DataFrame:
        """Return what the test would say at the end of each month, one row a month from the first outcome on.

        Columns: month; months (since the test began); a, b (mean people per arm); power, low, high (share significant
        then, %, with Wilson's interval); textbook (power at these people, %); ever, ever_low, ever_high (share that had
        been significant at the end of any month so far: what looking every month makes of it).
        """
        import pandas as pd

        at_each = significant(self.wins, self.known, self.level)
        ever = np.maximum.accumulate(at_each, axis=1)
        rows, begun = [], self._joining[0]
        for at in np.flatnonzero((self.known[:, : self.month].sum(axis=0) > 0).all(axis=1)):
            people = self.known[:, at]
            now, any_time = estimate_probability(at_each[:, at]), estimate_probability(ever[:, at])
            rows.append((at + 1, at + 1 - begun, *people.mean(axis=0), now.mean, now.low, now.high,
                         self._theory(people), any_time.mean, any_time.low, any_time.high))  # fmt: skip
        columns = ["month", "months", "a", "b", "power", "low", "high", "textbook", "ever", "ever_low", "ever_high"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def figures(self) -> dict[str, Estimate]:
        """Return every figure that has a value by its name in words."""
        a, b = self.arms
        figures = {
            f"people known in '{a}'": self.people(0), f"people known in '{b}'": self.people(1),
            "still deciding": self.undecided, "lift seen": self.lift,
            "… in 5 % of futures below": self.lift_quantile(0.05), "… in 5 % above": self.lift_quantile(0.95),
            "futures with a significant lift": self.power,
            "significant lifts of the wrong sign": self.wrong_sign, "size of significant lifts": self.exaggeration,
            "months of testing needed": self.months_needed, **(self.worth.figures if self.worth else {}),
        }  # fmt: skip
        return {name: one for name, one in figures.items() if one.n and not math.isnan(one.mean)}

    def frame(self) -> pd.DataFrame:
        """Return the figures as a table, one row each: mean, low, high, n, unit."""
        import pandas as pd

        rows = [(name, e.mean, e.low, e.high, e.n, e.unit) for name, e in self.figures.items()]
        return pd.DataFrame(rows, columns=["figure", "mean", "low", "high", "n", "unit"])

    def answer(self) -> str:
        """Return the answer in words: how sure the test is, how it misleads, how long it takes, what it is worth."""
        a, b = self.arms
        worth = f" {self.worth.answer()}" if self.worth else ""
        people = f"{self.people(0).mean:,.0f} people in '{a}' and {self.people(1).mean:,.0f} in '{b}'"
        text = f"{self.label}: by the end of month {self.month} the outcome of {people} is known."
        text += f" The test tells them apart in {self.power.mean:.1f} % of futures ({_ends(self.power)} %)"
        if not self.sure:
            return f"{text}; rates are uncertain, so there is no one truth to hold that against.{worth}"
        text += f"; the textbook says {self.textbook:.1f} %."
        if not self.differs:
            return f"{text} These runs show no true difference, so that is how often it gives a false alarm.{worth}"
        text += f" In truth '{b}' is {abs(self.true_lift):.2f} points {'above' if self.true_lift > 0 else 'below'}."
        if self.exaggeration.n:
            text += f" A lift that comes out significant is {self.exaggeration.mean:.1f} times that on average, and in "
            text += f"{self.wrong_sign.mean:.1f} % of cases of the wrong sign."
        need = self.months_needed
        text += f" A power of {100 * self.wanted:g} % takes {self.needed[0]:,.0f} and {self.needed[1]:,.0f} people: "
        return f"{text}{need.mean:,.1f} months of testing at this traffic ({_ends(need)}).{worth}"

    def table(self) -> pd.DataFrame:
        """Return the figures as texts: mean ± half-width of the interval."""
        return texts_by_name(self.figures)

    @property
    def note(self) -> str:
        """Return what the figures of the table are."""
        return (
            "Means and ratios with the half-width of their 95 % interval, shares of futures with that of Wilson's, "
            f"n = {self.today.n:,}; differences are paired"
        )


def _ends(estimate: Estimate) -> str:
    return f"{estimate.level * 100:g} % interval {estimate.low:,.1f} to {estimate.high:,.1f}"
