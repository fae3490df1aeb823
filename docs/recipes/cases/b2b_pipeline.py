"""Figures of docs/cases/b2b_pipeline.md."""

from recipes import Page
from recipes.wording import cells, in_words, number, span, three

import flywheel_sim as fs

page = Page("cases/b2b_pipeline")
ALL = ("today", "half_presales", "more_sales", "double_traffic", "no_loyalty")


@page.making(38)
def base():
    return fs.compare(fs.load("b2b_pipeline"), replications=40, seed=1)


@page.making(29)
def cycles():
    return fs.cycle_length(fs.load("b2b_pipeline"), begins="mql", ends="won", replications=40, seed=1)


@page.making(1.2)
def one_run():
    people = fs.run(fs.load("b2b_pipeline"), strategies="today", seed=1, people=True).people
    called = people[people.stage == "fan"]
    return len(called), int((called.kind != "fan").sum())


def today(metric, digits=0):
    """Return how a figure of `today` is taken."""
    return lambda duel: span(duel["today"][metric], digits)


def across(metric, digits=None, per=1):
    """Return how a row of the table of strategies is taken; three leading digits unless given."""

    def one(estimate):
        return span(estimate, three(estimate.mean / per) if digits is None else digits, per=per)

    return lambda duel: cells(one(duel[name][metric]) for name in ALL)


def against(metric, digits=0, per=1, ends=False):
    """Return how a row of paired differences to `today` is taken."""
    return lambda duel: cells(
        span(
            duel.difference(metric, of=name), digits, True, per, ends=ends and duel.difference(metric, of=name).low > 0
        )
        for name in ALL[1:]
    )


page.figure(
    base,
    traffic=lambda duel: span(duel["today"]["entered.anonymous"], -2),
    engagement=today("outcomes.pre_mql.engage.open"),
    downloads=today("outcomes.pre_mql.engage.download"),
    sign_ups=today("outcomes.anonymous.anonymous.pre_mql"),
    mql_rate=today("conversion.pre_mql.mql", 1),
    accepted=today("conversion.mql.sal", 1),
    contact_mean=today("time_to_first_contact", 2),
    contact_median=today("time_to_first_contact_median", 2),
    sql_rate=today("through.sal.sql", 1),
    offers=today("conversion.sql.opportunity", 1),
    proposals=today("conversion.proposed.won", 1),
    win_rate=today("through.sql.won", 1),
    with_customer=lambda duel: number(duel["today"]["time_in.proposed"].mean, 1),
    deal_size=today("amount.contract"),
    renewed=today("share.won.renewal.stay", 1),
    clv=today("clv"),
    promoters=today("net_promoter_score.won.survey", 1),
    parts=lambda duel: "mql ({} days), sal ({}), sql ({}), opportunity ({}) and proposed ({})".format(
        *(number(duel["today"][f"time_in.{s}"].mean, 1) for s in ("mql", "sal", "sql", "opportunity", "proposed"))
    ),
    mean_by_median=lambda duel: in_words(
        duel["today"]["time_to_first_contact"].mean / duel["today"]["time_to_first_contact_median"].mean
    ),
    salespeople=lambda duel: in_words(duel.difference("acquisitions", of="more_sales").mean).capitalize(),
    leads=across("entered.pre_mql", 0),
    first_contact=across("time_to_first_contact_median", 2),
    gave_up=across("abandonment.presales"),
    right_time=across("conversion.timing.sql", 1),
    presales_busy=across("utilisation.presales"),
    sales_busy=across("utilisation.sales", 1),
    wins=across("acquisitions", 0),
    wins_against=against("acquisitions", 1, ends=True),
    cac=across("cac", 0),
    at_end=across("active_customers", 0),
    spend=across("spend", 0, 1000),
    profit=across("profit", 0, 1000),
    profit_against=against("profit", 0, 1000),
)
page.figure(
    cycles,
    cycle=lambda cycle: span(cycle.mean),
    cycles=lambda cycle: f"{cycle.cycles:,}",
    cycle_again=lambda cycle: span(cycle.mean, unit="days on average from their last MQL"),
    cycle_median=lambda cycle: span(cycle.median),
    cycle_p90=lambda cycle: span(cycle.p90),
    under_way=lambda cycle: f"{cycle.under_way:,} cycles, {cycle.under_way / 40:.0f} a run",
)
page.figure(one_run, fans=lambda counts: f"{in_words(counts[1])} in {counts[0]}")

page.says("Half the team loses half the wins", base, when=lambda duel: (
    0.4 < duel["half_presales"]["acquisitions"].mean / duel["today"]["acquisitions"].mean < 0.6
))  # fmt: skip
page.says("twice the visitors bring no win more", base, when=lambda duel: (
    duel.difference("acquisitions", of="double_traffic").high < 1
))  # fmt: skip
page.says("All of the profit. The company lives on renewals.", base, when=lambda duel: (
    duel["no_loyalty"]["profit"].mean < 0.1 * duel["today"]["profit"].mean
))  # fmt: skip
