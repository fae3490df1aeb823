"""What must be said beside figures: unit economics that do not add up, and periods that were mixed up."""

from __future__ import annotations

import math

import numpy as np

from flywheel_sim.journey.reach import brings_more, leads_to_customers
from flywheel_sim.journey.units import DAY, LONGEST_LIFE, MONTH, YEAR, format_duration
from flywheel_sim.ledger import COHORT
from flywheel_sim.metrics.cohorts import staying
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
    return [*_dear_customers(books), *_odd_stay(books), *_short_watch(books), *_undecided(books), *_endless(books)]


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
    return round(1 - _figure(books, "observed_retention").mean / 100, 12)


def _dear_customers(books: Books) -> list[str]:
    """Tell where a customer brings less than it costs to win; as a fact only where nothing more can come."""
    ratio = _figure(books, "ltv_cac")
    if not ratio.mean < 1:
        return []
    clv, cac, back = (_figure(books, name) for name in ("clv", "cac", "payback"))
    journey, sizes = books.journey, f"CLV {clv.mean:,.2f} against CAC {cac.mean:,.2f} {books.journey.currency}"
    sizes += f", a ratio of {ratio.mean:.3f}"
    if math.isfinite(back.mean):
        rate = f"{100 * journey.discount:.4g} % a year"
        return [
            f"Discounted at {rate}, a customer brings back less than it costs: {sizes}. Undiscounted it brings it back."
        ]
    if _all_has_come(books):
        return [f"A customer costs more than it brings: {sizes}: each one won loses {cac.mean - clv.mean:,.2f}."]
    longer = "" if journey.window >= LONGEST_LIFE else "; follow: lifetime counts it"
    return [
        f"A customer has not brought back within {span_of(journey.window)} what it costs: {sizes}. What comes later is "
        f"not counted{longer}."
    ]


def _all_has_come(books: Books) -> bool:
    """Tell whether nothing more can come from customers followed: none is left, or none ever pays or costs again."""
    journey = books.journey
    if not brings_more(journey):
        return True
    if journey.lifetime:
        return journey.window >= LONGEST_LIFE and not _still_paying(books)
    people, kept = staying(books)
    returns = any(stage.role == "lapsed" and stage.name in leads_to_customers(journey) for stage in journey.stages)
    return bool(people.sum() and kept.shape[1] > books.ledger.layout.ages and not kept[:, -1].any() and not returns)


def _still_paying(books: Books) -> bool:
    """Tell whether customers bring or cost anything in the last year for which they are followed beyond the horizon."""
    last = slice(-round(YEAR / books.ledger.layout.cohort_ms), None)
    return bool(worth(books, "revenue")[:, last].any() or worth(books, "cost")[:, last].any())


def _endless(books: Books) -> list[str]:
    """Tell where customers still bring or cost money after a hundred years, undiscounted."""
    journey = books.journey
    if journey.window < LONGEST_LIFE or journey.discount or not _still_paying(books):
        return []
    return [
        "Some customers still bring or cost money after 100 years, where they cease to be followed, and nothing is "
        "discounted: CLV is of 100 years. State a discount, or for how long: follow: 10 years. (Staff serve nobody "
        "beyond the horizon.)"
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
    """Tell how many of those who came early enough, after the warm-up, may still become customers."""
    came, aside, still = (books.over(decided(books, name)).sum() for name in ("came", "set_aside", "undecided"))
    share = still / (came - aside) if came > aside else 0.0
    if share <= MOST_UNDECIDED:
        return []
    cut, first = books.journey.decided, books.warm_up
    if cut % MONTH:
        until = f"the first {cut / DAY:.0f} days"
    else:
        until = f"months {first + 1} to {cut // MONTH}" if first else f"the first {span_of(cut)}"
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
    which = "K-factor and lineage value" if journey.lifetime else "CLV, payback, K-factor and lineage value"
    return [
        f"{which} follow customers for "
        f"{format_duration(journey.follow)}, nearly the whole horizon: those acquired in the first month "
        "count, though they are watched a little less long."
    ]
