"""Figures of docs/cases/marketplace.md."""

import numpy as np
from recipes import Page
from recipes.wording import cells, number, span

import flywheel_sim as fs

page = Page("cases/marketplace")
ALL = ("funnel", "flywheel", "on_first_sale")
FLAT = {"times": {"sellers": {0: 1, 200: 1, 1000: 1}}}


@page.making(20)
def base():
    return fs.compare(fs.load("marketplace"), replications=100, seed=1)


@page.making(55)
def credits():
    """From which credit on the funnel wins over one that is paid at sign-up."""
    return fs.breakeven(
        fs.load("marketplace"), over="credit", by="12 months", strategies=["flywheel", "funnel"], values=(1, 13),
        points=7, rematch=True, replications=50, seed=1,
    )  # fmt: skip


@page.making(75)
def horizons():
    model = fs.load("marketplace")
    return {
        months: fs.compare(model.with_(horizon=f"{months} months"), replications=20, seed=1) for months in (6, 24, 36)
    }


@page.making(20)
def flat():
    """The same where it does not matter how many sell."""
    return fs.compare(fs.load("marketplace").with_(first_sale=FLAT), replications=100, seed=1)


def lead(duel, strategy, metric="profit"):
    """Return by how much a strategy is ahead of the funnel, paired."""
    return duel.difference(metric, of=strategy, against="funnel")


def spends(duel):
    """Return what the matched strategies spend on ads a month, as cells."""
    spent = {match.strategy: match.spend for match in duel.matches}
    return [number(spent[name]) for name in ALL[1:]]


def row(metric, digits=0, per=1):
    """Return how a row is taken: all three strategies."""
    return lambda duel: cells(span(duel[name][metric], digits, per=per) for name in ALL)


def leads(metric="profit", digits=0):
    """Return how the row of both leads over the funnel is taken."""
    return lambda duel: cells(span(lead(duel, name, metric), digits, True, ends=True) for name in ALL[1:])


def by_channel(strategy, channel):
    """Return how the row of a channel is taken: installs, sellers, CAC, lifetime value."""
    metrics = {"people": 0, "acquisitions": 0, "cac": 2, "clv": 1}

    def take(duel):
        table = duel[strategy].by("channel", *metrics).loc[channel]
        return cells(span(fs.Estimate(*table[name], 0.95, 100, ""), digits) for name, digits in metrics.items())

    return take


def cac(duel, strategy, channel):
    """Return what a seller costs by a channel."""
    return float(duel[strategy].by("channel", "cac").loc[channel, ("cac", "mean")])


def a_sign_up(duel):
    """Return what a sign-up by ads costs in the flywheel."""
    runs = duel["flywheel"]
    return runs["spend.ads"].mean / (0.35 * runs.by("channel", "people").loc["ads", ("people", "mean")])


def month_of(duel, level):
    """Return the first month at whose end the funnel has so many sellers."""
    return int(np.flatnonzero(duel["funnel"].series("shared.sellers").mean(axis=0) >= level)[0]) + 1


def crossing(breakeven):
    """Return the credit at which the funnel overtakes, with its interval."""
    (one,) = breakeven.crossings
    return f"{number(one.value, 1)} USD ({number(one.low, 1)} to {number(one.high, 1)})"


def at(months):
    """Return how the row of a horizon is taken."""
    return lambda duels: cells(
        [*spends(duels[months]), *(span(lead(duels[months], name), -1, True, ends=True) for name in ALL[1:])]
    )


page.figure(
    base,
    behind=lambda duel: number(-lead(duel, "flywheel").mean, -2),
    ahead=lambda duel: number(lead(duel, "on_first_sale").mean, -2),
    stranger=lambda duel: number(cac(duel, "flywheel", "ads")),
    friend=lambda duel: number(cac(duel, "flywheel", "invites")),
    a_sign_up=lambda duel: number(a_sign_up(duel), 1),
    reached=lambda duel: number(duel["funnel"]["saturation"].mean),
    nobody=lambda duel: number(duel["funnel"]["missed"].mean, -2),
    breaks_even=lambda duel: number(duel["funnel"].break_even().month),
    fewer_sellers=lambda duel: number(-lead(duel, "flywheel", "shared.sellers").mean),
    two_hundred=lambda duel: number(month_of(duel, 200)),
    thousand=lambda duel: number(month_of(duel, 1000)),
    ads=lambda duel: cells(["2,500", *spends(duel)]),
    credit=row("spend.credit"),
    budget=row("budget"),
    revenue=row("revenue"),
    cost_of_sales=row("cost_of_sales"),
    profit=row("profit"),
    installs=row("people"),
    won=row("acquisitions"),
    sellers=row("shared.sellers"),
    cac=row("cac", 2),
    clv=row("clv", 1),
    k_factor=row("k_factor", 3),
    against=leads(),
    read=leads(digits=-1),
    **{
        f"by_{name}_{channel}": by_channel(name, channel) for name in ALL[1:] for channel in ("ads", "store", "invites")
    },
    at_12=lambda duel: at(12)({12: duel}),
)
page.figure(credits, from_credit=crossing)
page.figure(horizons, **{f"at_{months}": at(months) for months in (6, 24, 36)})
page.figure(flat, unread=leads(digits=-1), flat_profit=row("profit", -1))
page.figure(base, read_profit=row("profit", -1))

page.says("behind in every one of the 100 futures", base, when=lambda duel: bool(
    np.all(duel["flywheel"].values("profit") < duel["funnel"].values("profit"))
))  # fmt: skip
page.says("ahead in every one of the futures", base, when=lambda duel: bool(
    np.all(duel["on_first_sale"].values("profit") > duel["funnel"].values("profit"))
))  # fmt: skip
page.says("It ends below zero", base, when=lambda duel: duel["flywheel"]["profit"].high < 0)
page.says("a seller brings 30", base, when=lambda duel: 29.5 < duel["flywheel"]["clv"].mean < 30.5)
page.says("Once there, both sell alike", base, when=lambda duel: abs(
    duel["flywheel"].by("channel", "clv")["clv", "mean"]["invites"]
    / duel["flywheel"].by("channel", "clv")["clv", "mean"]["ads"] - 1
) < 0.03)  # fmt: skip
page.says("a seller costs over twice that elsewhere", base, when=lambda duel: cac(duel, "on_first_sale", "ads") > 20)
page.says("what a sign-up costs in ads", base, credits, when=lambda duel, breakeven: (
    abs(a_sign_up(duel) - breakeven.crossings[0].value) < 0.25
))  # fmt: skip
page.says("The flywheel is behind after three years too", horizons, when=lambda duels: (
    lead(duels[36], "flywheel").high < 0
))  # fmt: skip
page.says("That costs over half of the first year's profit", base, flat, when=lambda duel, other: (
    duel["funnel"]["profit"].mean < 0.5 * other["funnel"]["profit"].mean
))  # fmt: skip
page.says("It widens the lead of `on_first_sale`", base, flat, when=lambda duel, other: (
    lead(duel, "on_first_sale").low > lead(other, "on_first_sale").high
))  # fmt: skip
page.says("In the third year the flywheel hardly falls behind any further", horizons, when=lambda duels: (
    lead(duels[36], "flywheel").mean > 1.25 * lead(duels[24], "flywheel").mean
))  # fmt: skip
page.says("the funnel has reached most of the city by then", horizons, when=lambda duels: (
    float(duels[36]["funnel"].series("saturation").mean(axis=0)[23]) > 50
))  # fmt: skip
