"""The readings of the claims on retention and on existing customers in one strategy."""

from __future__ import annotations

from functools import partial

import numpy as np

from flywheel_sim.analysis.claims import steady_state as theory
from flywheel_sim.analysis.claims.book import Band, Reading, exact, nothing, ratio_estimate
from flywheel_sim.analysis.claims.existing import last_year
from flywheel_sim.analysis.claims.facts import Facts, reading_buyers
from flywheel_sim.analysis.claims.retention import Retention
from flywheel_sim.journey.units import MONTH
from flywheel_sim.ledger import COHORT
from flywheel_sim.metrics.growth import active_customers
from flywheel_sim.stats import FloatArray, estimate_mean

#: What a rise of retention may be said to change, and how a reading says it.
OF = {
    "revenue": "revenue to the horizon",
    "revenue_year": "revenue, last full year",
    "profit": "profit to the horizon",
    "profit_year": "profit, last full year",
    "clv": "margin of a customer (CLV)",
}


def rise_in_words(change: float, how: str) -> str:
    """Return a rise of retention as a reading says it."""
    return {"points": f"+{100 * change:g} points", "relative": f"+{100 * change:g} % relative",
            "points a year": f"+{100 * change:g} points of a year's"}[how]  # fmt: skip


def grown(facts: Facts, change: float, band: Band, names: tuple[str, ...], yearly: tuple[str, ...]) -> list[Reading]:
    """Return by how much figures change when retention rises, in % of today's mean.

    Parameters
    ----------
    facts, change, band
        What was run, the rise, and what is claimed, %.
    names, yearly
        Figures for both readings of the rise; and for the rise of a year's retention where its period is another.
    """
    retention = facts.retention
    if isinstance(retention, str):
        return [nothing(facts.strategy, f"+{100 * change:g} % of retention", band, retention)]
    readings = []
    for how in retention.readings():
        for name in yearly if how == "points a year" else names:
            label = f"{rise_in_words(change, how)}: {OF[name]}"
            why = _not_there(facts, name)
            risen = facts.risen[change, how]
            region = [] if why else [_closed(facts, change, how, name, band), _along(facts, change, how, name, band)]
            ends = (100 * retention.today, 100 * retention.risen(change, how))
            to = f"{retention.name} {ends[0]:.4g} to {ends[1]:.4g} % {retention.per}"
            where = "; ".join(part for part in region if part)
            if why or isinstance(risen, str):
                readings.append(nothing(facts.strategy, label, band, why or str(risen), where))
                continue
            gain = 100 * (risen[name] - facts.today[name]) / _finite_mean(facts.today[name])
            readings.append(Reading(facts.strategy, label, estimate_mean(_finite(gain), "%"), band, to, where))
    return readings


def _closed(facts: Facts, change: float, how: str, name: str, band: Band) -> str:
    """Return where a steady business would gain so much, in closed form; "" where there is none."""
    if how == "points a year" or name == "clv":
        return ""
    scale = 1.0 if name.startswith("revenue") else facts.leverage
    ends = theory.region_of_gain((band[0] / 100 / scale, band[1] / 100 / scale), change, how == "relative")
    where = "" if scale == 1 else f" at margin = {scale:.2f} x profit"
    if ends[1] <= 0:
        return f"steady state{where}: nowhere"
    return f"steady state{where}: {100 * max(ends[0], 0):.1f} to {100 * ends[1]:.1f} %"


def _along(facts: Facts, change: float, how: str, name: str, band: Band) -> str:
    """Return where the runs would gain so much, all but retention held fixed."""
    if facts.curve is None or not isinstance(facts.retention, Retention):
        return ""
    rise = partial(_risen, facts.retention, change, how)
    curve = facts.curve
    return curve.where(lambda kept: curve.gain(name, kept, rise), band)


def _risen(retention: Retention, change: float, how: str, kept: float) -> float:
    """Return retention after a rise from another value than today's."""
    moved = Retention(retention.name, retention.kind, kept, retention.period, retention.per_ms)
    return moved.risen(change, how)


def _not_there(facts: Facts, name: str) -> str:
    """Return why there is no change in % of a figure, "" where there is."""
    if name not in facts.today:
        return "the run has no full year after its warm-up"
    base = _finite_mean(facts.today[name])
    if not base > 0:
        return f"{OF[name]} is {'a loss' if base < 0 else 'nothing'} today, and has no share to rise by"
    return ""


def costs(facts: Facts) -> list[Reading]:
    """Return the cut of costs that gains as much profit as +2 % of retention."""
    band, change = (9.5, 10.5), 0.02
    retention = facts.retention
    if isinstance(retention, str):
        return [nothing(facts.strategy, "+2 % of retention", band, retention)]
    readings = []
    for how in retention.readings():
        for of, label in (
            ("spend", "all spend"),
            ("service_spend", "service alone"),
            ("spend_year", "all, last full year"),
        ):
            label_of_cut = f"{rise_in_words(change, how)} = a cut of {label} by"
            risen, profit = facts.risen[change, how], "profit_year" if of == "spend_year" else "profit"
            if of not in facts.today or isinstance(risen, str) or not facts.today[of].mean() > 0:
                why = (
                    risen
                    if isinstance(risen, str)
                    else "nothing is spent on that"
                    if of in facts.today
                    else "no full year"
                )
                readings.append(nothing(facts.strategy, label_of_cut, band, why))
                continue
            cut = 100 * (risen[profit] - facts.today[profit]) / facts.today[of].mean()
            region = ""
            if of == "spend":
                region = "; ".join(part for part in (_closed_cut(facts, how), _along_cut(facts, how, band)) if part)
            readings.append(Reading(facts.strategy, label_of_cut, estimate_mean(cut, "%"), band, "", region))
    return readings


def _closed_cut(facts: Facts, how: str) -> str:
    if how == "points a year" or not facts.cover > 0:
        return ""
    r = theory.retention_of_cut(facts.cover, relative=how == "relative")
    where = f"{100 * r:.1f} %" if r > 0 else "nowhere"
    return f"steady state at margin = {facts.cover:.2f} x spend: {where}"


def _along_cut(facts: Facts, how: str, band: Band) -> str:
    if facts.curve is None or not isinstance(facts.retention, Retention):
        return ""
    curve, rise = facts.curve, partial(_risen, facts.retention, 0.02, how)

    def cut(kept: float) -> float:
        return 100 * (curve.at("profit", rise(kept)) - curve.at("profit", kept)) / curve.at("spend", kept)

    return curve.where(cut, band)


def existing(facts: Facts) -> list[Reading]:
    """Return which share of revenue existing customers bring."""
    band = (64.5, 65.5)
    return [_existing_before(facts, band), _existing_longer(facts, band)]


def _existing_before(facts: Facts, band: Band) -> Reading:
    label = "customers before the last full year"
    if isinstance(facts.known, str):
        return nothing(facts.strategy, label, band, facts.known)
    growth, region = _growth(facts), []
    low = theory.retention_of_share(0.65)
    if -1 < growth < 0.538:
        r = theory.retention_of_share(0.65, growth)
        region.append(
            f"equal baskets: {100 * low:.0f} % a year, {100 * r:.0f} % where customers grow by {100 * growth:.0f} %"
        )
    else:
        region.append(f"equal baskets: {100 * low:.0f} % a year, steady; nowhere at a growth of {100 * growth:.0f} %")
    if facts.curve is not None:
        curve = facts.curve
        region.append(curve.where(lambda kept: curve.at("existing", kept), band))
    share = estimate_mean(_finite(facts.today["existing"]), "%")
    return Reading(facts.strategy, label, share, band, "revenue of that year", "; ".join(region))


def _existing_longer(facts: Facts, band: Band) -> Reading:
    length = "month" if facts.journey.cohort_ms == MONTH else "year"
    books = facts.runs.books
    fresh = books.ledger.cohort[:, :, 0, COHORT.index("revenue")].sum(axis=1) / books.per_unit
    label = f"customers of more than a {length}, to the horizon"
    if facts.journey.horizon <= facts.journey.cohort_ms:
        return nothing(facts.strategy, label, band, f"the run is no longer than a {length}")
    total = facts.today["revenue"]
    return Reading(facts.strategy, label, ratio_estimate(100 * (total - fresh), total, "%"), band)


def _growth(facts: Facts) -> float:
    """Return by which share the number of customers grows over the last full year; infinite from nobody."""
    window = last_year(facts.journey)
    assert window is not None
    stock = active_customers(facts.runs.books).mean(axis=0)
    before = stock[window.start - 1]
    return float(stock[window.stop - 1] / before - 1) if before else float("inf")


def reviews(facts: Facts) -> list[Reading]:
    """Return which share of buyers, and of all who come, reads reviews."""
    band = (93.5, 94.5)
    if facts.reviews is None:
        return [nothing(facts.strategy, "of buyers", band, "nobody is marked as reading reviews: no attribute is drawn "
                        "at a rate with 'review' in its name")]  # fmt: skip
    attribute, level = facts.reviews
    draw = next(one.draw for one in facts.journey.attributes if one.name == attribute)
    assert draw is not None
    chance = next(one for one in draw.chances if one is not None and "review" in one.name)
    stated = float(np.mean(chance.cells))
    shares = [
        Reading(facts.strategy, "of all who come, as stated", exact(100 * stated, "%"), band, f"rate {chance.name}")
    ]
    bought = reading_buyers(facts)
    if bought is None:
        return [nothing(facts.strategy, "of buyers", band, str(facts.known)), *shares]
    readers, everybody = bought
    share = ratio_estimate(100 * readers, everybody, "%")
    odds = share.mean / (100 - share.mean) * (1 - stated) / stated if 0 < stated < 1 and share.mean < 100 else 1.0
    ends = [100 / (1 + odds * (100 - end) / end) for end in band]
    region = (
        f"{ends[0]:.1f} to {ends[1]:.1f} % of all who come, a reader buying {odds:.2f} times as likely (odds) as others"
    )
    return [
        Reading(facts.strategy, "of buyers", share, band, f"acquired with {attribute}: {level}", region),
        *shares,
    ]


def churn(facts: Facts) -> list[Reading]:
    """Return a year's churn by compounding and by adding up."""
    retention = facts.retention
    if isinstance(retention, str):
        return [nothing(facts.strategy, "a year's churn", (0, 100), retention)]
    years = retention.years or 1.0
    right = 100 * (1 - retention.today**years)
    band = (right - 0.5, right + 0.5)
    readings = [Reading(facts.strategy, "compounded: 1 - r^periods", exact(right, "%"), band,
                     f"{retention.name} {100 * retention.today:.4g} % {retention.per}")]  # fmt: skip
    if retention.years:
        added = exact(100 * years * (1 - retention.today), "%")
        readings.append(
            Reading(facts.strategy, "added up: periods x (1 - r)", added, band, "", "nearly, where churn is small")
        )
    return readings


def low_involvement(facts: Facts) -> list[Reading]:
    """Return what +5 points gain where retention is lowest, against today's."""
    band = (-float("inf"), 0.5)
    if isinstance(facts.retention, str) or facts.low is None or facts.low_risen is None or facts.curve is None:
        why = facts.retention if isinstance(facts.retention, str) else "retention has no room to be moved"
        return [nothing(facts.strategy, "+5 points where customers leave soon", band, why)]
    risen = facts.risen[0.05, "points"]
    if isinstance(risen, str):
        return [nothing(facts.strategy, "+5 points where customers leave soon", band, risen)]
    low = 100 * facts.curve.values[0]
    readings = []
    for name in ("revenue", "profit"):
        below = facts.low_risen[name] - facts.low[name]
        ratio = ratio_estimate(below, float((risen[name] - facts.today[name]).mean()), "x today's gain")
        label = f"gain of {name} at {low:.0f} % against {100 * facts.retention.today:.0f} %"
        r, share = facts.curve.values[0], facts.retention.today
        steady = f"steady state: (1 - r)^2 law, {((1 - share) * (0.95 - share)) / ((1 - r) * (0.95 - r)):.2f}"
        readings.append(Reading(facts.strategy, label, ratio, band, "", steady if share < 0.95 else ""))
    return readings


def _finite(values: FloatArray) -> FloatArray:
    return values[np.isfinite(values)]


def _finite_mean(values: FloatArray) -> float:
    finite = _finite(values)
    return float(finite.mean()) if len(finite) else float("nan")
