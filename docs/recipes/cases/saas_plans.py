"""Figures of docs/cases/saas_plans.md."""

import numpy as np
from recipes import Page
from recipes.estimates import of_mean
from recipes.wording import cells, number, span

import flywheel_sim as fs

page = Page("cases/saas_plans")
BOTH = ("funnel", "flywheel")


@page.making(4)
def base():
    return fs.compare(fs.load("saas_plans"), replications=100, seed=1)


@page.making(2)
def same_prices():
    """The flywheel where prices stay."""
    stays = {"times": {"calendar": {"18 months": 1}}}
    return fs.replicate(
        fs.load("saas_plans").with_(seat=stays, seat_year=stays), strategies="flywheel", replications=100, seed=1
    )


@page.making(3)
def sellers():
    model = fs.load("saas_plans")
    return {
        people: fs.replicate(
            model.with_(**{"resources.sales.people": people}), strategies="flywheel", replications=100, seed=1
        )
        for people in (1, 2, 3, 4)
    }  # fmt: skip


@page.making(4)
def two():
    return fs.compare(fs.load("saas_plans").with_(**{"resources.sales.people": 2}), replications=100, seed=1)


@page.making(10)
def horizons():
    model = fs.load("saas_plans")
    return {
        months: fs.compare(model.with_(horizon=f"{months} months"), replications=100, seed=1) for months in (12, 24, 60)
    }


def lead(duel, metric="profit"):
    """Return by how much the flywheel is ahead, paired."""
    return duel.difference(metric, of="flywheel", against="funnel")


def ads(duel):
    """Return what the funnel spends on ads a month."""
    return next(match.spend for match in duel.matches)


def row(metric, digits=0, per=1):
    """Return how a row is taken: both strategies, and the flywheel's lead."""
    return lambda duel: cells(
        [*(span(duel[name][metric], digits, per=per) for name in BOTH), span(lead(duel, metric), digits, True, per)]
    )


def by_channel(channel):
    """Return how the row of a channel of the flywheel is taken: trials, customers, conversion, CAC, lifetime value."""
    metrics = {"people": 0, "acquisitions": 0, "conversion": 1, "cac": 0, "clv": 0}

    def take(duel):
        table = duel["flywheel"].by("channel", *metrics).loc[channel]
        return cells(span(fs.Estimate(*table[name], 0.95, 100, ""), digits) for name, digits in metrics.items())

    return take


def month(duel, metric, at):
    """Return the mean of a metric of the flywheel in a month."""
    return float(duel["flywheel"].series(metric)[:, at - 1].mean())


def month_row(at):
    """Return how a row of the table of recurring revenue is taken."""
    moved = ("mrr_new", "mrr_expansion", "mrr_contraction", "mrr_churn", "mrr", "revenue")
    return lambda duel: cells(number(month(duel, metric, at), -1) for metric in moved)


def staffed(people):
    """Return how the row of a number of people at sales is taken."""

    def take(by_sellers):
        runs = by_sellers[people]
        shown = 100 * runs["served.sales"].mean / runs["asked.sales"].mean
        return cells([
            span(runs["wait.sales"], 1), number(runs["utilisation.sales"].mean), number(shown),
            span(runs["acquisitions"]), span(runs["profit"], 1, per=1000),
        ])  # fmt: skip

    return take


def seller_gain(by_sellers, more, fewer):
    """Return what one number of people at sales earns beside another, paired."""
    return of_mean(by_sellers[more].values("profit") - by_sellers[fewer].values("profit"))


page.figure(
    base,
    lead=lambda duel: number(lead(duel).mean, -2),
    ads=lambda duel: number(ads(duel)),
    fees=lambda duel: number(duel["flywheel"]["spend.finder"].mean, -2),
    more_customers=lambda duel: number(lead(duel, "acquisitions").mean),
    profit_month=lambda duel: number(duel["flywheel"].break_even().month),
    rise_month=lambda duel: number(month(duel, "mrr_expansion", 19), -2),
    rise_before=lambda duel: number(month(duel, "mrr_expansion", 18), -2),
    revenue=row("revenue", 1, 1000),
    cost_of_sales=row("cost_of_sales", 1, 1000),
    gross_profit=row("gross_profit", 1, 1000),
    acquisition=row("acquisition_spend", 1, 1000),
    contribution=row("contribution", 1, 1000),
    overheads=row("overhead_spend", 1, 1000),
    profit=row("profit", 1, 1000),
    won=row("acquisitions"),
    cac=row("cac"),
    clv=row("clv"),
    payback=row("payback", 1),
    mrr=row("mrr"),
    nrr=row("nrr", 1),
    grr=row("grr", 1),
    **{f"by_{channel}": by_channel(channel) for channel in ("ads", "partners")},
    **{f"month_{at}": month_row(at) for at in (1, 12, 18, 19, 20, 36)},
)
page.figure(
    base, same_prices,
    rise_profit=lambda duel, same: number(
        (duel["flywheel"].values("profit") - same.values("profit")).mean(), -3
    ),
    rise_mrr=lambda duel, same: number((duel["flywheel"].values("mrr") - same.values("mrr")).mean(), -2),
)  # fmt: skip
page.figure(
    sellers,
    third=lambda by_sellers: number(-seller_gain(by_sellers, 3, 2).mean, -3),
    two_wait=lambda by_sellers: number(by_sellers[2]["wait.sales"].mean, 1),
    **{f"sales_{people}": staffed(people) for people in (1, 2, 3, 4)},
)
page.figure(two, lead_of_two=lambda duel: span(lead(duel), -2))
page.figure(
    horizons,
    **{
        f"at_{months}": lambda duels, months=months: cells(
            [number(ads(duels[months])), span(lead(duels[months]), -2, True, ends=True)]
        )
        for months in (12, 24, 60)
    },
)
page.figure(base, at_36=lambda duel: cells([number(ads(duel)), span(lead(duel), -2, True, ends=True)]))

page.says("ahead in every one of the 100 futures", base, when=lambda duel: bool(
    np.all(duel["flywheel"].values("profit") > duel["funnel"].values("profit"))
))  # fmt: skip
page.says("They are worth what others are", base, when=lambda duel: (
    abs(lead(duel, "clv").mean) < 0.005 * duel["funnel"]["clv"].mean
))  # fmt: skip
page.says("under half of what one from ads costs", base, when=lambda duel: (
    duel["flywheel"].by("channel", "cac").loc["partners", ("cac", "high")]
    < 0.5 * duel["flywheel"].by("channel", "cac").loc["ads", ("cac", "low")]
))  # fmt: skip
page.says("one customer in ten is brought by another", base, when=lambda duel: (
    9 < duel["flywheel"]["generation_share"].mean < 11
))  # fmt: skip
page.says("far more than the choice between funnel and flywheel", base, sellers, when=lambda duel, by_sellers: (
    -seller_gain(by_sellers, 3, 2).high > 2 * lead(duel).high
))  # fmt: skip
page.says("breaks off more demonstrations than are ended", sellers, when=lambda by_sellers: (
    by_sellers[1]["served.sales"].mean < 0.45 * by_sellers[1]["asked.sales"].mean
))  # fmt: skip
