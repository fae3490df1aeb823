"""Figures of docs/cases/reseller.md."""

import tempfile
from pathlib import Path

import numpy as np
from recipes import Page
from recipes.estimates import of_mean
from recipes.wording import cells, give, number, span

import flywheel_sim as fs

page = Page("cases/reseller")
ALL = ("both", "direct", "indirect", "no_support")

COHORT = """
extends: {shipped}
reference: cohort
horizon: {months} months
follow: 12 months
channels: {{recruiting: {{spend: ~, cost_per_arrival: ~, batch: 100, cost_per_batch: 500000}}}}
strategies: {{cohort: {{without: [ads]}}}}
"""


def cohort(months):
    """Return replications of a hundred resellers who begin on the first day, and nobody else."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cohort.yaml"
        path.write_text(COHORT.format(shipped=Path(fs.load("reseller").origin).resolve(), months=months))
        return fs.replicate(fs.load(path), strategies="cohort", replications=100, seed=1)


def brought(runs, month):
    """Return what one of the hundred resellers has brought by the end of a month."""
    return of_mean(runs.series("profit", cumulative=True)[:, month - 1] / 100)


def horizon_row(months):
    """Return how a row of the table of horizons is taken from comparisons."""
    return lambda base, horizons: cells(
        [
            *(
                span((duel := {**horizons, 60: base}[months])[name]["profit"], per=1000)
                for name in ("direct", "indirect")
            ),
            bold(duel.difference("profit", of="indirect", against="direct")),
        ]
    )


def bold(gap):
    """Return a difference in thousands, bold where it is told apart from nothing."""
    shown = span(gap, signed=True, ends=True, per=1000)
    return shown if gap.low < 0 < gap.high else f"**{shown.replace(' ', '** ', 1)}"


@page.making(44)
def base():
    return fs.compare(fs.load("reseller"), replications=200, seed=1)


@page.making(71)
def horizons():
    model = fs.load("reseller")
    return {
        months: fs.compare(
            model.with_(horizon=f"{months} months"), strategies=["direct", "indirect"], replications=200, seed=1
        )
        for months in (24, 36, 48)
    }


@page.making(0.3)
def resellers():
    return cohort(120)


@page.making(0.3)
def for_life():
    return cohort(1200)


@page.making(0.4)
def twenty_years():
    people = fs.run(
        fs.load("reseller").with_(horizon="240 months").at_spend("indirect", 10_000),
        strategies="indirect",
        seed=4,
        people=True,
    ).people
    return np.sort(people[people.channel == "recruiting"].referrals)[::-1]


@page.making(7)
def dear_support():
    return fs.compare(
        fs.load("reseller").with_(**{"levers.support.spend": "200 per reseller per month"}),
        strategies=["both", "no_support"], replications=20, seed=1,
    )  # fmt: skip


def spend_of(duel, strategy):
    """Return the matched spend of a strategy."""
    return number(next(match.spend for match in duel.matches if match.strategy == strategy))


def across(metric, digits=0, **more):
    """Return how a row of the table of strategies is taken from the comparison."""
    return lambda duel: cells(span(duel[name][metric], digits, **more) for name in ALL)


page.figure(
    base,
    direct_ads=lambda duel: spend_of(duel, "direct"),
    recruiting=lambda duel: f"{spend_of(duel, 'indirect')} and {spend_of(duel, 'no_support')}",
    within=lambda duel: number(100 * max(abs(duel.spend_gap(name)) for name in ALL), 1),
    won=across("acquisitions"),
    at_end=across("active_customers"),
    cac=across("cac"),
    clv=across("clv"),
    payback=across("payback", 1),
    profit=across("profit", per=1000),
    against_both=lambda duel: cells(
        span(duel.difference("profit", of=name), signed=True, ends=True, per=1000) for name in ALL[1:]
    ),
    support_pays=lambda duel: number(-duel.difference("profit", of="no_support").mean, -2),
    ahead_at_60=lambda duel: number(duel.difference("profit", of="indirect", against="direct").mean, -3),
)
page.figure(
    base, horizons,
    **{f"at_{months}": horizon_row(months) for months in (24, 36, 48, 60)},
)  # fmt: skip
page.figure(
    horizons,
    behind_at_24=lambda duels: number(-duels[24].difference("profit").mean, -3),
    behind_at_36=lambda duels: number(-duels[36].difference("profit").mean, -3),
)
page.figure(
    resellers,
    by_age=lambda runs: cells(give(brought(runs, m), -2 if m > 100 else -1) for m in (6, 12, 18, 24, 36, 60, 120)),
    cost_at_6=lambda runs: number(-brought(runs, 6).mean, -2),
    back_after=lambda runs: str(next(m for m in range(1, 121) if brought(runs, m).mean > 0)),
    brought_at_24=lambda runs: number(brought(runs, 24).mean, -2),
    brought_at_60=lambda runs: number(brought(runs, 60).mean, -2),
)
page.figure(
    for_life,
    clients_for_life=lambda runs: span(of_mean(runs.values("acquisitions") / 100), 1, unit="clients"),
    profit_for_life=lambda runs: span(of_mean(runs.values("profit") / 100), -2, unit="EUR"),
)
page.figure(
    twenty_years,
    how_many=lambda sold: str(len(sold)),
    sold_nothing=lambda sold: number(100 * float(np.mean(sold == 0))),
    best_fifth=lambda sold: number(100 * sold[: len(sold) // 5].sum() / sold.sum()),
)

page.says(
    "They cross in the fourth year.", horizons,
    when=lambda duels: duels[36].difference("profit").high < 0 < duels[48].difference("profit").low,
)  # fmt: skip
page.says(
    "over five, resellers are ahead", base,
    when=lambda duel: duel.difference("profit", of="indirect", against="direct").low > 0,
)  # fmt: skip
page.says(
    "The interval of `indirect` is four times as wide", base,
    when=lambda duel: 3.5 < duel["indirect"]["profit"].half_width / duel["direct"]["profit"].half_width < 4.5,
)  # fmt: skip
page.says(
    "A reseller's client is worth less than a direct one in 24 months", base,
    when=lambda duel: duel["indirect"]["clv"].high < duel["direct"]["clv"].low,
)  # fmt: skip
page.says(
    "Support at 200 EUR a month did not pay (n = 20); at 120 it just does.", base, dear_support,
    when=lambda duel, dear: dear.difference("profit").high > 0 > duel.difference("profit", of="no_support").high,
)  # fmt: skip
