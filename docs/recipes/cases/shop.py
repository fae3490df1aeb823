"""Figures of docs/cases/shop.md."""

import tempfile
from pathlib import Path

import numpy as np
from recipes import Page
from recipes.estimates import of_mean
from recipes.wording import cells, number, span

import flywheel_sim as fs

page = Page("cases/shop")
BOTH = ("funnel", "flywheel")
OF_SALES = ("goods", "postage", "fees")

GOODS_AS_BUDGET = """
extends: {shipped}
name: Goods counted as budget
lines: {{goods: ~, postage: ~, fees: {{kind: service}}}}
"""


@page.making(6)
def base():
    return fs.compare(fs.load("shop"), replications=100, seed=1)


@page.making(6)
def as_budget():
    """The same comparison where goods, postage and fees count as what is spent on customers."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "goods_as_budget.yaml"
        path.write_text(GOODS_AS_BUDGET.format(shipped=Path(fs.load("shop").origin).resolve()))
        return fs.compare(fs.load(path), replications=100, seed=1)


@page.making(25)
def horizons():
    model = fs.load("shop")
    return {
        months: fs.compare(model.with_(horizon=f"{months} months"), replications=100, seed=1) for months in (6, 12, 36)
    }


def lead(duel, metric="profit"):
    """Return by how much the flywheel is ahead, paired."""
    return duel.difference(metric, of="flywheel", against="funnel")


def sold(runs):
    """Return what goods, postage and fees cost, however they are counted."""
    return sum(runs.values(f"spend.{line}") for line in OF_SALES)


def marketing(runs):
    """Return what is spent on ads and rewards, however goods are counted."""
    return runs.values("acquisition_spend")


def side_by_side(base, counted, take):
    """Return a row of the table that holds both ways of counting side by side."""
    return cells([take(base), take(counted)])


def search(duel):
    """Return what the funnel spends on search ads a month."""
    return next(match.spend for match in duel.matches)


def share_of_sales(duel):
    """Return how much of a hundred of net revenue is cost of sales, in the flywheel."""
    runs = duel["flywheel"]
    return 100 * runs["cost_of_sales"].mean / runs["revenue"].mean


def statement_row(metric, digits=0):
    """Return how a row of the statement is taken: both strategies, and the flywheel's lead."""
    return lambda duel: cells(
        [*(span(duel[name][metric], digits, per=1000) for name in BOTH), span(lead(duel, metric), digits, True, 1000)]
    )


def row(metric, digits):
    """Return how a row of other figures is taken: both strategies, and the flywheel's lead."""
    return lambda duel: cells(
        [*(span(duel[name][metric], digits) for name in BOTH), span(lead(duel, metric), digits, True)]
    )


def by_channel(channel):
    """Return how the row of a channel is taken: customers, CAC and lifetime value, of the flywheel."""

    def take(duel):
        table = duel["flywheel"].by("channel", "acquisitions", "cac", "clv").loc[channel]
        estimates = [fs.Estimate(*table[metric], 0.95, 100, "") for metric in ("acquisitions", "cac", "clv")]
        return cells(span(one, digits) for one, digits in zip(estimates, (0, 2, 1), strict=True))

    return take


def week(duel, number_of_week):
    """Return the revenue of a week of the flywheel."""
    return float(duel["flywheel"].series("revenue", by="week")[:, number_of_week - 1].mean())


page.figure(
    base,
    lead=lambda duel: number(lead(duel).mean, -2),
    ads=lambda duel: number(search(duel)),
    more_ads=lambda duel: number(24 * search(duel) - duel["flywheel"]["spend.search"].mean, -2),
    rewards=lambda duel: number(duel["flywheel"]["spend.reward"].mean, -2),
    of_sales=lambda duel: number(share_of_sales(duel)),
    best_week=lambda duel: number(max(week(duel, at) for at in range(40, 53)), -2),
    week_after=lambda duel: number(week(duel, 52), -2),
    breaks_even=lambda duel: number(duel["flywheel"].break_even().month),
    revenue=statement_row("revenue", 1),
    cost_of_sales=statement_row("cost_of_sales", 1),
    gross_profit=statement_row("gross_profit", 1),
    acquisition=statement_row("acquisition_spend", 1),
    contribution=statement_row("contribution", 1),
    overheads=statement_row("overhead_spend", 1),
    profit=statement_row("profit", 1),
    won=row("acquisitions", 0),
    cac=row("cac", 2),
    clv=row("clv", 1),
    **{f"by_{channel}": by_channel(channel) for channel in ("search", "press", "friends")},
)
page.figure(
    base, as_budget,
    goods_ads=lambda *two: side_by_side(*two, lambda duel: number(search(duel))),
    goods_marketing=lambda *two: side_by_side(*two, lambda duel: number(marketing(duel["funnel"]).mean(), -2)),
    goods_flywheel=lambda *two: side_by_side(*two, lambda duel: number(marketing(duel["flywheel"]).mean(), -2)),
    goods_sold=lambda *two: side_by_side(*two, lambda duel: number(sold(duel["funnel"]).mean(), -2)),
    goods_sold_more=lambda *two: side_by_side(*two, lambda duel: number(sold(duel["flywheel"]).mean(), -2)),
    goods_customers=lambda *two: side_by_side(*two, lambda duel: number(lead(duel, "acquisitions").mean)),
    goods_lead=lambda *two: side_by_side(*two, lambda duel: span(lead(duel), -2, True, ends=True)),
    given=lambda _, counted: number((marketing(counted["funnel"]) - marketing(counted["flywheel"])).mean(), -2),
    more_profit=lambda one, other: span(
        of_mean(other["funnel"].values("profit") - one["funnel"].values("profit")), -2, unit="EUR"
    ),
    times=lambda one, other: number(lead(one).mean / lead(other).mean, 1),
)  # fmt: skip
page.figure(
    horizons,
    **{
        f"at_{months}": lambda duels, months=months: cells(
            [number(search(duels[months])), span(lead(duels[months]), signed=True, ends=True)]
        )
        for months in (6, 12, 36)
    },
)
page.figure(base, at_24=lambda duel: cells([number(search(duel)), span(lead(duel), signed=True, ends=True)]))

page.says("ahead in every one of the 100 futures", base, when=lambda duel: bool(
    np.all(duel["flywheel"].values("profit") > duel["funnel"].values("profit"))
))  # fmt: skip
page.says("a friend is worth less than a stranger in a year", base, when=lambda duel: (
    duel["flywheel"].by("channel", "clv").loc["friends", ("clv", "high")]
    < duel["flywheel"].by("channel", "clv").loc["search", ("clv", "low")]
))  # fmt: skip
page.says("more than twice what the flywheel pays in rewards", base, as_budget, when=lambda base, counted: (
    (marketing(counted["funnel"]) - marketing(counted["flywheel"])).mean() > 2 * base["flywheel"]["spend.reward"].mean
))  # fmt: skip
page.says("more than four times as much from search ads", base, when=lambda duel: (
    4 < duel["flywheel"].by("channel", "cac").loc["search", ("cac", "mean")] / 5 < 5
))  # fmt: skip
