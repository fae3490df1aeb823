"""What the articles claim in figures, and what a claim comes to in one scenario, one reading at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from flywheel_sim.stats import Estimate, estimate_mean, figure, plus_minus

YES, NO, UNSURE, NONE = "yes", "no", "cannot be told apart", "does not apply"

#: A claimed range: its ends, perhaps infinite.
Band = tuple[float, float]


@dataclass(frozen=True)
class Reading:
    """One defensible reading of a claim, in one strategy.

    Attributes
    ----------
    strategy
        Its name, "as written", or "arithmetic" where nothing was run.
    label
        What the reading takes the claim to say.
    found
        The figure with its interval, None where the reading does not apply.
    claimed
        The range within which the figure confirms the claim, in the same unit. A claim of one figure holds within
        half a unit of the last digit it is said to.
    why
        Why it does not apply, or what the figure is made of; "" where the label says it all.
    region
        Where it would hold, and with what held fixed; "" where nothing is known of that.
    """

    strategy: str
    label: str
    found: Estimate | None
    claimed: Band
    why: str = ""
    region: str = ""

    @property
    def verdict(self) -> str:
        """Return yes, no, cannot be told apart, or does not apply."""
        if self.found is None or math.isnan(self.found.mean):
            return NONE
        low, high = self.found.low, self.found.high
        if math.isnan(low):
            low = high = self.found.mean
        if self.claimed[0] <= low and high <= self.claimed[1]:
            return YES
        return NO if high < self.claimed[0] or low > self.claimed[1] else UNSURE

    @property
    def says(self) -> str:
        """Return the claimed range in words."""
        low, high = self.claimed
        unit = "%" if self.unit == "%" else ""
        if math.isinf(high) or math.isinf(low):
            end, word = (low, "at least") if math.isinf(high) else (high, "at most")
            if abs(end) < 1e-6:
                return "above 0" if math.isinf(high) else "below 0"
            return f"{word} {end:.4g} {unit}".strip()
        return (f"{low:,.5g} to {high:,.5g} {unit}" if low != high else f"{low:,.5g} {unit}").strip()

    @property
    def said(self) -> str:
        """Return the figure with the half-width of its interval in words, "-" where there is none."""
        if self.found is None or self.verdict == NONE:
            return "-"
        sure = abs(self.found.half_width) <= 1e-6 * abs(self.found.mean)
        return f"{figure(self.found.mean, self.unit) if sure else plus_minus(self.found)} {self.unit}".strip()

    @property
    def unit(self) -> str:
        """Return the unit of the figure, "" where there is none."""
        return self.found.unit if self.found else ""


@dataclass(frozen=True)
class Claim:
    """A claim with its readings.

    Attributes
    ----------
    key
        A short name.
    words
        What is claimed, in our words.
    where
        In which article.
    terms
        What it says in terms of the model.
    readings
        Every reading, strategy by strategy.
    """

    key: str
    words: str
    where: str
    terms: str
    readings: tuple[Reading, ...] = field(default=(), repr=False)

    @property
    def verdicts(self) -> dict[str, int]:
        """Return how many readings come to which verdict, those that occur."""
        counts = {word: sum(one.verdict == word for one in self.readings) for word in (YES, NO, UNSURE, NONE)}
        return {word: count for word, count in counts.items() if count}


FLYWHEEL, FUNNEL = "the article on the flywheel", "the article on funnel arithmetic"
CYCLE, LOYALTY = "the article on the customer life cycle", "the article on automation and loyalty"

#: key -> words, article, terms.
BOOK: dict[str, tuple[str, str, str]] = {
    "reviews": (
        "94 % of buyers read reviews first", FLYWHEEL,
        "share of the people acquired (or of all who come) whom the journey marks as readers of reviews",
    ),
    "retention_5": (
        "retention +5 % brings revenue +25 to +95 %", FLYWHEEL,
        "change of revenue, or of profit as its sources say, in % of today's, on the same people as retention rises",
    ),
    "existing_65": (
        "65 % of revenue comes from existing customers", FLYWHEEL,
        "revenue of the last full year from people who were customers before it began, over all revenue of that year",
    ),
    "keeping_5x": (
        "winning a customer costs 5 times keeping one", FLYWHEEL,
        "CAC over what is spent on keeping, per customer-year",
    ),
    "keeping_5_to_10x": (
        "keeping is 5 to 10 times cheaper than winning", LOYALTY,
        "CAC over what is spent on keeping, per customer-year",
    ),
    "loyal_16x": (
        "bringing a newcomer to a loyal customer's revenue costs 16 times", FLYWHEEL,
        "cost of as many newcomers as bring in their first year what a loyal customer brings in one, over keeping one",
    ),
    "retention_2": (
        "retention +2 % is worth as much as costs -10 %", FLYWHEEL,
        "the cut of costs on the same people that gains as much profit; costs -x % gain exactly x % of spend",
    ),
    "retention_1": (
        "retention +1 % brings profit +8 %", LOYALTY,
        "change of profit, in % of today's, on the same people when retention rises",
    ),
    "once_70": (
        "about 70 % of new customers never buy again", CYCLE,
        "share of people acquired who book no further revenue; no horizon is given, so three are tried",
    ),
    "newsletter": (
        "newsletters are opened by over 20 %", LOYALTY,
        "share of mailings that end in an outcome named open...",
    ),
    "ltv": (
        "a margin of 2 a month for 24 months is a lifetime value of 48", LOYALTY,
        "margin per customer-month times the mean life, undiscounted; CLV beside it",
    ),
    "ltv_cac": (
        "LTV 48 stands beside CAC 2,000: a ratio of 0.024", LOYALTY,
        "margin x lifetime over CAC; the article never divides its two examples",
    ),
    "conversion": (
        "20 buyers of 1,000 are a conversion of 2 %", FUNNEL,
        "acquisitions per prospect; the article divides 1,000 by 20",
    ),
    "campaign": (
        "400 spent, 2,000 earned, 1,600 gained by 1,000 people who see an ad", FUNNEL,
        "expected gain of a journey decided at once, exact",
    ),
    "channels": (
        "search ads convert 9 of 100, a forum banner 10 %, a site banner 0.1 %", FUNNEL,
        "acquisitions per prospect of the channels so named",
    ),
    "churn": (
        "churn is 1 - retention, usually a year's", LOYALTY,
        "churn of a year from that of the retention's own period; adding up periods is the mistake",
    ),
    "high_cac": (
        "a high CAC is fine where life is long", LOYALTY,
        "mean life of a customer over the months of margin that pay back CAC: at least 1",
    ),
    "early_win_back": (
        "the earlier the win-back, the better", CYCLE,
        "change when all waits before win-back are halved, or doubled",
    ),
    "low_involvement": (
        "products of low involvement gain little from loyalty work", CYCLE,
        "gain of +5 points where retention is lowest within the bracket, against today's; little: less than half",
    ),
    "tenure": (
        "with tenure people buy more often and more, cost less to serve and refer more", LOYALTY,
        "second year of a customer against the first, per customer-month lived, of followed customers",
    ),
}  # fmt: skip


def claim(key: str, readings: list[Reading]) -> Claim:
    """Return a claim of the book with what was found."""
    return Claim(key, *BOOK[key], tuple(readings))


def exact(value: float, unit: str) -> Estimate:
    """Return a figure that is known."""
    return Estimate(value, value, value, 0.95, 1, unit, "value")


def nothing(strategy: str, label: str, claimed: Band, why: str, region: str = "") -> Reading:
    """Return a reading that does not apply."""
    return Reading(strategy, label, None, claimed, why, region)


def ratio_estimate(top: object, bottom: object, unit: str) -> Estimate:
    """Return the mean over replications of a quotient, those without a finite one left out."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = np.asarray(top, dtype=np.float64) / np.asarray(bottom, dtype=np.float64)
    return estimate_mean(quotient[np.isfinite(quotient)], unit)
