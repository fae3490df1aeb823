"""Figures of docs/cases/channels.md."""

import math

from recipes import Page
from recipes.wording import cells, number, span, three

import flywheel_sim as fs

page = Page("cases/channels")
PAID = ("search", "social", "forum", "site_banner", "influencer")
FIRST, AGAIN, BACK = (f"outcomes.{stage}.{stage}.client" for stage in ("visit", "shown_again", "returned"))


@page.making(14)
def base():
    return fs.compare(fs.load("channels"), replications=100, seed=1)


@page.making(1.3)
def no_warmer():
    return fs.compare(
        fs.load("channels").with_(**{"rates.buys.times.stage.shown_again": 1}),
        strategies=["no_remarketing", "today"], replications=40, seed=1,
    )  # fmt: skip


def by(runs, metric, name="channel"):
    """Return the mean of a metric of each channel, or of each origin."""
    return runs.by(name, metric)[metric, "mean"]


def of(runs, channel, metric):
    """Return a metric of a channel as an estimate."""
    row = runs.by("channel", metric).loc[channel][metric]
    return fs.Estimate(row["mean"], row["low"], row["high"], 0.95, runs.n, "")


def in_the_table(channel):
    """Return how the row of a channel is taken from the comparison."""

    def take(duel):
        runs = duel["today"]
        roas, months = of(runs, channel, "roas"), of(runs, channel, "payback").mean
        customers, cac = of(runs, channel, "acquisitions"), of(runs, channel, "cac")
        return cells(
            [
                number(of(runs, channel, "prospects").mean),
                span(customers, three(customers.mean)),
                span(cac, three(cac.mean)),
                span(of(runs, channel, "clv"), 1),
                "no ads" if math.isnan(roas.mean) else span(roas, three(roas.mean) if roas.mean > 1 else 2),
                "no" if months == math.inf else "day 1" if months < 1 else number(months, 1),
            ]
        )

    return take


def attributed(channel):
    """Return how the row of a channel is taken from today's runs, by what its customers are credited to."""

    def take(duel):
        runs = duel["today"]
        counts = [by(runs, metric)[channel] for metric in (FIRST, AGAIN, BACK, "acquisitions")]
        shown = [number(count, 1) for count in counts]
        if channel != "affiliate":
            origin = by(runs, "acquisitions", "origin")[channel]
            back = by(runs, "revenue", "origin")[channel] / by(runs, f"spend.{channel}")[channel]
            shown += [number(origin - counts[-1], 1), number(origin, 1), number(back, three(back) if back > 1 else 2)]
        return cells(shown)

    return take


def attributed_in_all(duel):
    """Return the row of all channels."""
    runs = duel["today"]
    counts = [by(runs, metric).sum() for metric in (FIRST, AGAIN, BACK, "acquisitions")]
    through = by(runs, "acquisitions")["affiliate"]
    return cells(number(one, 1) for one in (*counts, through, by(runs, "acquisitions", "origin").sum()))


def further(duel, strategy, channel):
    """Return what each customer of a channel costs whom a strategy wins beyond today's."""
    spent, won = (
        by(duel[strategy], metric)[channel] - by(duel["today"], metric)[channel]
        for metric in ("acquisition_spend", "acquisitions")
    )
    return spent / won


def spends(channel, matched):
    """Return how the row of a channel's spend a month is taken."""

    def take(duel):
        solved = {match.strategy: match.spend for match in duel.matches}
        planned = duel["today"].series(f"spend.{channel}").mean()
        return cells(
            number(solved[name] if name == matched else planned) for name in ("today", "shift", "best_converter")
        )

    return take


def sold_again(duel):
    """Return what remarketing spends and sells, at the site banner and elsewhere."""
    spent, sold = by(duel["today"], "spend.remarketing"), by(duel["today"], AGAIN)
    return spent["site_banner"], sold["site_banner"], spent.sum(), sold.sum()


def of_35(channel):
    """Return how many of 35 sales on the first visit through paid channels are of one of them."""
    return lambda duel: number(35 * (made := by(duel["today"], FIRST)[list(PAID)])[channel] / made.sum(), 2)


def across(metric, digits=0):
    """Return how a row of the table of strategies is taken."""
    return lambda duel: cells(span(duel[name][metric], digits) for name in ("today", "shift", "best_converter"))


def against(metric, *names):
    """Return how differences to `today` are taken, rounded to hundreds if they are money."""
    digits = 0 if metric == "acquisitions" else -2
    return lambda duel: cells(span(duel.difference(metric, of=name), digits, True) for name in names)


def worth_with_line(channel, unit=""):
    """Return how the lineage value of a channel is taken."""
    return lambda duel: span(of(duel["today"], channel, "lineage_value"), unit=unit)


def own_worth(channel):
    """Return how the lifetime value of a channel is taken."""
    return lambda duel: number(of(duel["today"], channel, "clv").mean)


def cost(channel, digits=0):
    """Return how the acquisition cost of a channel is taken."""
    return lambda duel: number(of(duel["today"], channel, "cac").mean, digits)


OFF = ("no_remarketing", "no_affiliates")

page.figure(
    base,
    **{f"table_{channel}": in_the_table(channel) for channel in (*PAID, "affiliate")},
    **{f"by_{channel}": attributed(channel) for channel in (*PAID, "affiliate")},
    by_all=attributed_in_all,
    shift_gains=lambda duel: number(duel.difference("profit", of="shift").mean, -3),
    site_cost=cost("site_banner"),
    site_worth=own_worth("site_banner"),
    forum_cost=cost("forum"),
    forum_next=lambda duel: number(further(duel, "best_converter", "forum")),
    search_next=lambda duel: number(further(duel, "shift", "search")),
    remarketing_worth=lambda duel: number(round(-duel.difference("profit", of="no_remarketing").mean, -3)),
    site_money=lambda duel: number(100 * sold_again(duel)[0] / sold_again(duel)[2]),
    site_sales=lambda duel: number(100 * sold_again(duel)[1] / sold_again(duel)[3]),
    site_sale=lambda duel: number(sold_again(duel)[0] / sold_again(duel)[1]),
    other_sale=lambda duel: number(
        (sold_again(duel)[2] - sold_again(duel)[0]) / (sold_again(duel)[3] - sold_again(duel)[1])
    ),
    saved=lambda duel: " and ".join(f"{number(-100 * duel.spend_gap(name), 1)} %" for name in OFF),
    search_of_35=of_35("search"),
    social_of_35=of_35("social"),
    social_returns=lambda duel: number(of(duel["today"], "social", "roas").mean, 2),
    site_break_even=lambda duel: "{} EUR instead of {}".format(
        number(
            (
                by(duel["today"], "acquisitions")["site_banner"] * by(duel["today"], "clv")["site_banner"]
                - sold_again(duel)[0]
            )
            / by(duel["today"], "prospects")["site_banner"],
            2,
        ),
        number(
            by(duel["today"], "spend.site_banner")["site_banner"] / by(duel["today"], "prospects")["site_banner"], 2
        ),
    ),
    site_break_even_how=lambda duel: "{} customers × {} EUR − {} EUR of remarketing) / {} clicks".format(
        number(by(duel["today"], "acquisitions")["site_banner"], 2),
        number(by(duel["today"], "clv")["site_banner"], 1),
        number(sold_again(duel)[0], -1),
        number(by(duel["today"], "prospects")["site_banner"]),
    ),
    paybacks=lambda duel: "{} to {}".format(
        *(
            number(end, 2)
            for p in [by(duel["today"], "payback").drop("site_banner")]
            for end in (p[p.notna()].min(), p[p.notna()].max())
        )
    ),
    same_spend=lambda duel: number(100 * max(abs(duel.spend_gap(name)) for name in ("shift", "best_converter")), 2),
    search_spend=spends("search", "shift"),
    forum_spend=spends("forum", "best_converter"),
    profit=across("profit", -2),
    against_today=against("profit", "shift", "best_converter"),
    customers=across("acquisitions"),
    cac_of_it=lambda duel: cells(
        [span(of(duel["shift"], "search", "cac"), 1), span(of(duel["best_converter"], "forum", "cac"), 1)]
    ),
    cac_further=lambda duel: cells(
        number(cac, three(cac)) for cac in (further(duel, "shift", "search"), further(duel, "best_converter", "forum"))
    ),
    converted=across("share.visit.visit.client", 2),
    last_click=lambda duel: number(by(duel["today"], AGAIN)["search"] + by(duel["today"], BACK)["search"]),
    search_customers=lambda duel: number(by(duel["today"], "acquisitions")["search"]),
    search_seems=lambda duel: "{} EUR a customer instead of {}".format(
        *(
            number(by(duel["today"], "spend.search")["search"] / by(duel["today"], m)["search"], 1)
            for m in (FIRST, "acquisitions")
        )
    ),
    affiliates_hold=lambda duel: number(
        100 * by(duel["today"], "acquisitions")["affiliate"] / by(duel["today"], "acquisitions").sum()
    ),
    affiliate_cost=cost("affiliate", 1),
    brought_by_paid=lambda duel: number(duel["today"].generations()["acquired", "mean"].loc[1]),
    brought_by_affiliates=lambda duel: number(duel["today"].generations()["acquired", "mean"].loc[2:].sum()),
    paid_twice=lambda duel: number(by(duel["today"], AGAIN)["affiliate"]),
    search_line=worth_with_line("search", "EUR"),
    search_alone=own_worth("search"),
    influencer_line=worth_with_line("influencer"),
    influencer_alone=own_worth("influencer"),
    site_line=worth_with_line("site_banner"),
    site_cost_again=cost("site_banner"),
    off_customers=against("acquisitions", *OFF),
    off_spend=against("spend", *OFF),
    off_profit=against("profit", *OFF),
    last_clicks=lambda duel: number(by(duel["today"], AGAIN).sum()),
    lost_without=lambda duel: number(-duel.difference("acquisitions", of="no_remarketing").mean),
    affiliate_customers=lambda duel: number(by(duel["today"], "acquisitions")["affiliate"]),
    without_affiliates=lambda duel: span(duel["no_affiliates"]["profit"], -2, unit="EUR"),
)
page.figure(
    no_warmer,
    no_warmer=lambda duel: span(duel.difference("profit"), -2, unit="EUR").removesuffix(")"),
)

page.says("the same money brings a fifth of that gain", base, when=lambda duel: (
    0.17 < duel.difference("profit", of="best_converter").mean / duel.difference("profit", of="shift").mean < 0.24
))  # fmt: skip
page.says("conversion more than doubles although nothing converts better", base, when=lambda duel: (
    duel["shift"]["share.visit.visit.client"].mean > 2 * duel["today"]["share.visit.visit.client"].mean
))  # fmt: skip
