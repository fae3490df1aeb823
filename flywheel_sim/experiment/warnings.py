"""What must be said beside figures: unit economics that do not add up, and periods that were mixed up."""

from __future__ import annotations

import numpy as np

from flywheel_sim.journey.units import DAY, LONGEST_LIFE, MONTH, format_duration
from flywheel_sim.ledger import COHORT
from flywheel_sim.metrics.growth import decided
from flywheel_sim.metrics.registry import Books, metric_of, span_of
from flywheel_sim.metrics.value import worth
from flywheel_sim.stats import Estimate

#: Share of prospects who are still deciding beyond which it is said.
MOST_UNDECIDED = 0.01

#: Mean stays of subscribers, in months, outside of which a period is likely to have been mixed up.
SHORTEST, LONGEST = 3.0, 180.0


def warnings_of(books: Books) -> list[str]:
    """Return what must be said beside the figures of replications, each with its figures."""
    return [*_dear_customers(books), *_odd_stay(books), *_short_watch(books), *_undecided(books)]


def churn_in_words(books: Books) -> str:
    """Return the churn seen per month and what it comes to in a year, or "" where nobody leaves or is there to leave.

    A churn of c per month is 1 − (1 − c)^12 per year, never 12 c.
    """
    churn = _churn(books)
    if not 0 < churn < 1:
        return ""
    yearly = 1 - (1 - churn) ** 12
    return (
        f"Customers left at {100 * churn:.3g} % per month, which is {100 * yearly:.3g} % per year "
        f"and not 12 times as much ({1200 * churn:.3g} %)"
    )


def _figure(books: Books, name: str) -> Estimate:
    """Return a metric of the replications."""
    return metric_of(name, books).estimate(books)


def _churn(books: Books) -> float:
    """Return the share of customers who leave in a month; NaN where there are none."""
    return 1 - _figure(books, "observed_retention").mean / 100


def _dear_customers(books: Books) -> list[str]:
    """Tell where a customer brings less than it costs to win."""
    ratio, clv, cac = (_figure(books, name) for name in ("ltv_cac", "clv", "cac"))
    if not ratio.mean < 1:
        return []
    journey, sizes = books.journey, f"CLV {clv.mean:,.2f} against CAC {cac.mean:,.2f} {books.journey.currency}"
    last = worth(books, "revenue")[:, -1].any() or worth(books, "cost")[:, -1].any()
    if journey.window >= LONGEST_LIFE or not last:  # nothing comes after it
        return [
            f"A customer costs more than it brings: {sizes}, a ratio of {ratio.mean:.3f}: each one won loses "
            f"{cac.mean - clv.mean:,.2f}."
        ]
    return [
        f"A customer has not brought back within {span_of(journey.window)} what it costs: {sizes}, a ratio of "
        f"{ratio.mean:.3f}. What comes later is not counted; follow: lifetime counts it."
    ]


def _odd_stay(books: Books) -> list[str]:
    """Tell where subscribers stay so briefly, or so long, that a year was likely taken for a month or the reverse."""
    churn = _churn(books)
    if not books.ledger.mrr.any() or not 0 < churn < 1:
        return []
    stay = 1 / churn
    if SHORTEST <= stay <= LONGEST:
        return []
    meant, period, shown = (
        ("a churn per month was", "per year", f"{stay / 12:.3g} years")
        if stay > LONGEST
        else ("a churn per year was", "per month", f"{stay:.2g} months")
    )
    return [
        f"{churn_in_words(books)}: they stay {shown} on average. Check the period of what makes them leave: perhaps "
        f"{meant} written as one {period}. Write 'kept' or 'lost' to carry a chance over to another period."
    ]


def _undecided(books: Books) -> list[str]:
    """Tell how many of those who came early enough may still become customers."""
    came = decided(books, "came").sum() - decided(books, "set_aside").sum()
    share = decided(books, "undecided").sum() / came if came else 0.0
    if share <= MOST_UNDECIDED:
        return []
    cut = books.journey.decided
    until = f"the first {span_of(cut)}" if cut % MONTH == 0 else f"the first {cut / DAY:.0f} days"
    return [
        f"Conversion and time to convert are of who came in {until}, of whom {100 * share:.1f} % may still become "
        "customers: with more time more would, and later ones would take longer."
    ]


def _short_watch(books: Books) -> list[str]:
    """Tell where customers are followed for nearly the whole horizon."""
    journey = books.journey
    later = books.ledger.cohort[:, 1:, :, COHORT.index("acquired")]
    if journey.horizon - journey.follow >= journey.cohort_ms or not np.any(later):
        return []
    return [
        "CLV, payback, K-factor and lineage value follow customers for "
        f"{format_duration(journey.follow)}, nearly the whole horizon: those acquired in the first month "
        "count, though they are watched a little less long."
    ]
