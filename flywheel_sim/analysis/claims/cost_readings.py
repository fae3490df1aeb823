"""The readings of the claims on what customers cost, bring and do, and of the articles' sums, in one strategy."""

from __future__ import annotations

import math

import numpy as np

from flywheel_sim.analysis.claims.book import Band, Reading, exact, nothing, ratio_estimate
from flywheel_sim.analysis.claims.facts import Facts
from flywheel_sim.analysis.claims.retention import Retention
from flywheel_sim.compile.expected_path import path_of
from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.units import YEAR, format_duration
from flywheel_sim.metrics.growth import customer_months, role_flow
from flywheel_sim.metrics.value import followed
from flywheel_sim.stats import Estimate, FloatArray, estimate_mean, ratio, with_unit

ABOVE, BELOW = (1e-9, math.inf), (-math.inf, -1e-9)
ARITHMETIC = "arithmetic"

#: Half a unit of the last digit of 48, 0.024 and 2 %.
LTV, LTV_CAC, TWO = (47.5, 48.5), (0.0235, 0.0245), (1.5, 2.5)


def keeping(facts: Facts, band: Band) -> list[Reading]:
    """Return CAC over what keeping a customer for a year costs, by what counts as keeping."""
    cac, years = facts.runs.values("cac"), _customer_years(facts)
    readings = []
    for label, spent in _kept_by(facts).items():
        as_said = f"CAC over {label} per customer-year"
        if not np.isfinite(cac).any():
            readings.append(nothing(facts.strategy, as_said, band, "nobody is acquired"))
        elif not spent.mean() > 0:
            readings.append(nothing(facts.strategy, as_said, band, "nothing is spent on that"))
        else:
            readings.append(_times(facts, as_said, cac, ratio(spent, years), band))
    referred = facts.runs.ledger.generation[:, 0, 1].astype(float)
    service = facts.runs.values("service_spend")
    if service.mean() > 0 and (referred > 0).all() and facts.runs.values("generation_share").mean() > 0:
        cost = facts.runs.values("acquisition_spend") / referred
        readings.append(_times(facts, "CAC of those nobody referred over service", cost, ratio(service, years), band))
    return readings


def _times(facts: Facts, label: str, cost: FloatArray, keep: FloatArray, band: Band) -> Reading:
    unit = facts.runs.unit("revenue")
    ends = [_mean(cost) / end for end in band[::-1]]
    region = f"keeping at {ends[0]:,.4g} to {ends[1]:,.4g} {unit} a year"
    why = f"{with_unit(_mean(cost), unit)} over {with_unit(_mean(keep), unit)}"
    return Reading(facts.strategy, label, ratio_estimate(cost, keep, "times"), band, why, region)


def _kept_by(facts: Facts) -> dict[str, FloatArray]:
    """Return what is spent on keeping, each of shape (replications,): service, win-back with it, or effort alone."""
    runs = facts.runs
    service, back = runs.values("service_spend"), runs.values("win_back_spend")
    spent = {"service": service}
    if back.mean() > 0:
        spent["service and win-back"] = service + back
    return spent | {"retention levers and win-back alone": back + _levers(facts)}


def _levers(facts: Facts) -> FloatArray:
    """Return what is spent on levers that move retention, shape (replications,)."""
    total = np.zeros(facts.runs.n)
    if isinstance(facts.retention, Retention):
        strategy = facts.journey.strategy or None
        gone = facts.model.choices(strategy).levers
        for name, lever in facts.model.levers(strategy).items():
            if facts.retention.name in lever.moves and name not in gone and lever.spend is not None:
                try:
                    total = total + facts.runs.values(f"spend.{name}")
                except ExperimentError:  # the lever spends nothing in this strategy
                    continue
    return total


def loyal(facts: Facts) -> list[Reading]:
    """Return what newcomers cost who bring as much as a loyal customer, over keeping that one."""
    band, label = (15.5, 16.5), "newcomers for a loyal customer's revenue"
    if isinstance(facts.known, str):
        return [nothing(facts.strategy, label, band, facts.known)]
    books, layout = facts.runs.books, facts.runs.ledger.layout
    ages = YEAR // layout.cohort_ms
    if layout.ages < ages:
        return [
            nothing(facts.strategy, label, band, "customers are followed for less than a year; set follow: 12 months")
        ]
    acquired = followed(books, "acquired").sum(axis=1)
    first = {name: ratio(followed(books, name)[:, :ages].sum(axis=1), acquired) for name in ("revenue", "cost")}
    loyal_year = 12 * ratio(facts.today["existing_revenue"], facts.today["existing_months"])
    years = _customer_years(facts)
    service = ratio(facts.runs.values("service_spend"), years)
    cost = service + ratio(facts.runs.values("cost_of_sales"), years)
    if not _mean(service) > 0 or not _mean(first["revenue"]) > 0 or not _mean(loyal_year) > 0:
        return [
            nothing(
                facts.strategy, label, band, "nothing is spent on service, or newcomers or old customers bring nothing"
            )
        ]
    many, cac = loyal_year / first["revenue"], facts.runs.values("cac")
    n = _mean(many)
    why = f"a loyal customer brings {n:.2f} times a newcomer's first year"
    region = f"CAC = {16 / n:.1f} x keeping at that ratio; with CAC = 5 x keeping, a ratio of 3.2"
    form = "{} of as many newcomers over {} of one"
    both = ("CAC, cost of sales and service", "cost of sales and service")
    if not _mean(cost - service):
        both = ("CAC and service", "service")
    return [
        Reading(facts.strategy, form.format("CAC", "service"), ratio_estimate(many * cac, service, "times"), band, why,
                region),
        Reading(facts.strategy, form.format(*both),
                ratio_estimate(many * (cac + first["cost"]), cost, "times"), band, why, region),
    ]  # fmt: skip


def once(facts: Facts) -> list[Reading]:
    """Return which share of new customers never buys again."""
    band = (65.0, 75.0)
    if not facts.people.once:
        return [nothing(facts.strategy, "never again", band, "customers bring no revenue, or nobody is acquired")]
    accrues = facts.people.accrues
    why = "revenue accrues: still a customer a month later is a second purchase" if accrues else ""
    region = "one repeat chance r for all: r = 25 to 35 %"
    return [Reading(facts.strategy, f"not again {name}" if name != "to the horizon" else "not again to the horizon",
                    estimate_mean(values, "%"), band, why, region)
            for name, values in facts.people.once.items()]  # fmt: skip


def newsletter(facts: Facts) -> list[Reading]:
    """Return which share of mailings is opened."""
    band, layout = (20.0, math.inf), facts.runs.ledger.layout
    events = dict.fromkeys(event for stage, event, outcome in layout.flows if stage and outcome.startswith("open"))
    readings = []
    for event in events:
        of = [i for i, (_, name, _) in enumerate(layout.flows) if name == event]
        opened = [i for i in of if layout.flows[i][2].startswith("open")]
        flow = facts.runs.ledger.flow
        share = ratio_estimate(100 * flow[..., opened].sum(axis=(1, 2, 3)), flow[..., of].sum(axis=(1, 2, 3)), "%")
        readings.append(Reading(facts.strategy, event, share, band))
    return readings or [nothing(facts.strategy, "opened", band, "no event ends in an outcome named open...")]


def ltv(facts: Facts) -> list[Reading]:
    """Return the lifetime value: margin times mean life, and CLV."""
    unit, runs = facts.runs.unit("clv"), facts.runs
    discount = f"discounted at {100 * facts.journey.discount:.4g} % a year, " if facts.journey.discount else ""
    value, why = _lifetime_value(facts)
    region = "margin a month x life in months = 48"
    if value is None:
        return [nothing(facts.strategy, "margin x mean life", LTV, why, region)]
    return [
        Reading(facts.strategy, "margin x mean life", estimate_mean(value, unit), LTV, why, region),
        Reading(
            facts.strategy, "CLV", runs["clv"], LTV, f"{discount}followed for {format_duration(facts.journey.follow)}"
        ),
    ]


def ltv_cac(facts: Facts) -> list[Reading]:
    """Return lifetime value over acquisition cost."""
    value, why = _lifetime_value(facts)
    cac = facts.runs.values("cac")
    if value is None or not _mean(cac) > 0:
        return [nothing(facts.strategy, "margin x mean life over CAC", LTV_CAC, why or "acquisition costs nothing")]
    readings = [Reading(facts.strategy, "margin x mean life over CAC", ratio_estimate(value, cac, "ratio"), LTV_CAC)]
    return [*readings, Reading(facts.strategy, "CLV over CAC", facts.runs["ltv_cac"], LTV_CAC)]


def high_cac(facts: Facts) -> list[Reading]:
    """Return whether customers live long enough to pay back what they cost."""
    value, why = _lifetime_value(facts)
    cac = facts.runs.values("cac")
    if value is None or not _mean(cac) > 0:
        return [nothing(facts.strategy, "mean life over pay-back", (1, math.inf), why or "acquisition costs nothing")]
    monthly = float(_mean(facts.today["margin"]) / customer_months(facts.runs.books).sum(axis=1).mean())
    months = _mean(cac) / monthly if monthly > 0 else math.inf
    region = (
        f"a mean life of {months:,.1f} months or more at this margin and CAC" if monthly > 0 else "nowhere: no margin"
    )
    why_followed = f"followed for {format_duration(facts.journey.follow)}"
    return [
        Reading(
            facts.strategy, "mean life over pay-back", ratio_estimate(value, cac, "ratio"), (1, math.inf), why, region
        ),
        Reading(facts.strategy, "CLV over CAC", facts.runs["ltv_cac"], (1, math.inf), why_followed),
    ]


def _lifetime_value(facts: Facts) -> tuple[FloatArray | None, str]:
    """Return margin per customer-month times the mean life, shape (replications,), and how it is made; None without."""
    books = facts.runs.books
    months, lost = books.over(customer_months(books)), books.over(role_flow(books, "churned"))
    if not months.mean() > 0 or not (lost > 0).all():
        return (
            None,
            "no customer leaves within the run, so no mean life is known" if months.mean() > 0 else "no customers",
        )
    margin, life = facts.today["margin"] / months, months / lost
    unit = facts.runs.unit("revenue")
    return (
        margin * life,
        f"margin {float(margin.mean()):,.2f} {unit} a month, mean life {float(life.mean()):,.1f} months",
    )


def conversion(facts: Facts) -> list[Reading]:
    """Return acquisitions per prospect."""
    share = facts.runs["conversion"]
    if math.isnan(share.mean):
        return [nothing(facts.strategy, "acquisitions per prospect", TWO, "nobody comes as a prospect")]
    return [Reading(facts.strategy, "acquisitions per prospect", share, TWO)]


def campaign(facts: Facts) -> list[Reading]:
    """Return the expected gain of a journey decided at once, and how far single campaigns stray."""
    band = (1599.5, 1600.5)
    try:
        path = path_of(facts.model.journey(facts.journey.strategy or None))
    except ExperimentError:
        return [nothing(facts.strategy, "expected gain", band, "this journey takes time: it is no single campaign")]
    gain, why = facts.today["profit"], f"revenue {path.revenue:,.0f}, spend {path.spend:,.0f}"
    if len(gain) > 1:
        why += f"; single campaigns stray by {gain.std(ddof=1):,.0f} here, 436.17 in closed form for the article's"
    return [Reading(facts.strategy, "expected gain", exact(path.gain, path.currency), band, why)]


def channels(facts: Facts) -> list[Reading]:
    """Return the conversion of channels that bear the names of the article's."""
    bands = {"search": (8.5, 9.5), "forum": (9.5, 10.5), "site_banner": (0.05, 0.15)}
    names = [(channel.name, part) for part in bands for channel in facts.journey.channels if part in channel.name]
    if not names:
        return [
            nothing(facts.strategy, "conversion by channel", (8.5, 9.5), "no channel bears the name of one of these")
        ]
    table = facts.runs.by("channel", "conversion")
    readings = []
    for name, part in names:
        mean, low, high = table["conversion"].loc[[name]].to_numpy(dtype=np.float64)[0].tolist()
        share = None if math.isnan(mean) else Estimate(mean, low, high, 0.95, facts.runs.n, "%")
        why = "of people, however often they visit" if share else "nobody comes by it"
        readings.append(Reading(facts.strategy, f"conversion of {name}", share, bands[part], why))
    return readings


def early_win_back(facts: Facts) -> list[Reading]:
    """Return what changes when lapsed people are asked back sooner, or later."""
    if isinstance(facts.waits, str):
        return [nothing(facts.strategy, "waits halved", ABOVE, facts.waits)]
    readings = []
    for name, of in (("won_back", "won back"), ("profit", "profit")):
        for factor, how, band in ((0.5, "halved", ABOVE), (2.0, "doubled", BELOW)):
            gap = facts.waits[factor][name] - facts.today[name]
            readings.append(
                Reading(facts.strategy, f"{of}, waits {how}", estimate_mean(gap, facts.runs.unit(name)), band)
            )
    return readings


def tenure(facts: Facts) -> list[Reading]:
    """Return how the second year of a customer differs from the first, in %."""
    by_year = facts.people.tenure
    labels = {"purchases": "buys more often", "basket": "basket", "revenue": "revenue",
              "cost": "cost of sales and service", "referrals": "referrals"}  # fmt: skip
    if not by_year:
        why = "customers are followed for no more than a year; set follow: 24 months"
        return [nothing(facts.strategy, "second year against the first", ABOVE, why)]
    readings = []
    months = by_year["months"]
    for name, label in labels.items():
        top = by_year["revenue" if name == "basket" else name]
        bottom = by_year["purchases"] if name == "basket" else months
        band = BELOW if name == "cost" else ABOVE
        base, then = ratio(top[0], bottom[0]), ratio(top[1], bottom[1])
        if not _mean(base) > 0 or not np.isfinite(then).any():
            readings.append(nothing(facts.strategy, label, band, "there are none in the first year"))
            continue
        change = 100 * (then / np.where(base > 0, base, np.nan) - 1)
        why = f"from {_mean(base):,.4g} to {_mean(then):,.4g}"
        readings.append(Reading(facts.strategy, label, estimate_mean(change[np.isfinite(change)], "%"), band, why))
    return readings


def arithmetic() -> dict[str, list[Reading]]:
    """Return what the articles' own figures come to, by claim."""
    sd = math.sqrt(1000 * (0.02 * 98**2 + 0.18 * 2**2 - 1.6**2))

    def sums(label: str, value: float, unit: str, band: Band, why: str) -> Reading:
        return Reading(ARITHMETIC, label, exact(value, unit), band, why)

    return {
        "conversion": [
            sums("20 / 1,000", 100 * 20 / 1000, "%", TWO, "buyers per person who saw the ad"),
            sums("1,000 / 20, as the article divides", 1000 / 20, "people per buyer", TWO, "the inverse, and no share"),
        ],
        "campaign": [
            sums("20 x 100 - 200 x 2", 20 * 100 - 200 * 2, "", (1600, 1600), f"spend 400, revenue 2,000; SD {sd:.2f}")
        ],
        "ltv": [sums("2 x 24", 2 * 24, "", LTV, "undiscounted, churn 1/24 a month")],
        "ltv_cac": [
            sums("48 / (10,000 / 5)", 48 / 2000, "ratio", LTV_CAC, "a loss of 1,952 on each customer"),
        ],
    }  # fmt: skip


def _customer_years(facts: Facts) -> FloatArray:
    books = facts.runs.books
    return books.over(customer_months(books)) / 12


def _mean(values: FloatArray) -> float:
    """Return the mean of what is finite, NaN of nothing."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan
