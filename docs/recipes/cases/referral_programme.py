"""Figures of docs/cases/referral_programme.md."""

import numpy as np
from recipes import Page
from recipes.estimates import of_mean
from recipes.wording import cells, number, span

import flywheel_sim as fs

page = Page("cases/referral_programme")
ALL = ("none", "programme", "generous", "no_fading")
HORIZONS = (12, 24, 36, 48, 60)
INVITES = ("0.12", "0.15", "0.18", "0.21", "0.24")
BUYS = ("28", "33", "38", "43", "48")


@page.making(7)
def base():
    return fs.compare(fs.load("referral_programme"), replications=100, seed=1)


@page.making(13)
def horizons():
    model = fs.load("referral_programme")
    return {
        months: fs.compare(
            model.with_(horizon=f"{months} months"), strategies=["none", "programme", "no_fading"],
            replications=100, seed=1,
        )
        for months in HORIZONS
    }  # fmt: skip


@page.making(68)
def larger():
    """`programme` as written, and `generous` where it brings more invitations, or friends who buy more often."""
    model = fs.load("referral_programme")
    asked = {f"invites {rate}": {"invites": f"{rate} per month"} for rate in INVITES}
    asked |= {f"buys {share}": {"friend_buys": f"{share} %"} for share in BUYS}
    profits = {
        name: fs.replicate(model.with_(**change), strategies="generous", replications=60, seed=1).values("profit")
        for name, change in asked.items()
    }
    return profits | {"today": fs.replicate(model, strategies="programme", replications=60, seed=1).values("profit")}


@page.making(45)
def trees():
    """What single runs say: shares of the best referrers, families, rewards along the line, referrers gone."""
    model = fs.load("referral_programme")
    return [
        measured(fs.referral_tree(model, strategies="programme", replication=number, seed=1)) for number in range(40)
    ]


def measured(tree):
    """Return what one run says by name."""
    people, families = tree.people().set_index("key", drop=False), tree.frame()
    friends = people[people.customer & (people.generation > 0)]
    referrer_left = people.churned.reindex(friends.referrer).fillna(np.inf).to_numpy()
    roots = people[people.customer & (people.generation == 0) & (people.acquired <= 24)].acquired
    since = friends.acquired - roots.reindex(friends.root).to_numpy()
    return {
        "shares": [tree.top_share(share) for share in (0.01, 0.05, 0.10)],
        "biggest": families.customers.max(),
        "large": (families.customers >= 10).sum(),
        "families": len(families),
        "alone": (referrer_left < friends.acquired).sum(),
        "friends": len(friends),
        "rewards": friends.cost[since <= 24].sum(),
        "roots": len(roots),
    }


def across(metric, digits=0, per=1):
    """Return how a row of the table of strategies is taken."""
    return lambda duel: cells(span(duel[name][metric], digits, per=per) for name in ALL)


def rewards(runs):
    """Return what is paid to both sides."""
    return sum(runs[f"spend.{line}"].mean for line in ("welcome", "thanks"))


def referred(runs):
    """Return customers whom somebody referred."""
    return (runs.values("generation_share") * runs.values("acquisitions") / 100).mean()


def spends(duel):
    """Return what each strategy spends on ads a month."""
    solved = {match.strategy: match.spend for match in duel.matches}
    return cells(number(solved.get(name, 5000)) for name in ALL)


def at(months):
    """Return how the row of a horizon is taken."""

    def take(duels):
        duel = duels[months]
        ahead = duel.ahead("profit", [months], of="programme")[months]
        low, high = (number(end, 1 if 0.05 < end < 5 else 0) for end in (ahead.low, ahead.high))
        return cells(
            [
                span(duel.difference("profit", of="programme"), 0, True),
                f"{number(ahead.mean)} ({low} to {high})",
                span(duel.difference("profit", of="no_fading"), 0, True),
            ]
        )

    return take


def fading(duel):
    """Return what fading takes."""
    return duel.difference("profit", of="no_fading", against="programme")


def against_today(profits, name):
    """Return the paired difference of `generous` to `programme` as written."""
    return of_mean(profits[name] - profits["today"])


def larger_row(invites, buys):
    """Return how the row of other invitations and of other friends is taken."""
    return lambda profits: (
        span(against_today(profits, f"invites {invites}"), -2, True),
        span(against_today(profits, f"buys {buys}"), -2, True),
    )


def break_even(profits):
    """Return from how many invitations a month on a reward twice as large pays, between two figures of the table."""
    gaps = [against_today(profits, f"invites {rate}").mean for rate in INVITES]
    return number(float(np.interp(0, gaps, [float(rate) for rate in INVITES])), 2)


def by_tree(name):
    """Return one figure of each run."""
    return lambda measures: np.array([one[name] for one in measures])


def share_of(measures, place):
    """Return which share of the referred customers the best referrers brought."""
    return of_mean([one["shares"][place] for one in measures])


page.figure(
    base,
    worth=lambda duel: number(duel.difference("profit", of="programme").mean, -3),
    fading=lambda duel: span(fading(duel), -2, unit="EUR"),
    unfaded=lambda duel: number(duel.difference("profit", of="no_fading").mean, -2),
    referred=lambda duel: "{} referred customers {}".format(
        *(number(referred(duel[name])) for name in ("programme", "none"))
    ),
    more=lambda duel: number(duel.difference("acquisitions", of="programme").mean),
    referred_again=lambda duel: number(referred(duel["programme"])),
    spend=lambda duel: number(duel["none"]["spend"].mean, -3),
    same_spend=lambda duel: number(100 * max(abs(duel.spend_gap(name)) for name in ALL[1:]), 1),
    ads=spends,
    profit=across("profit", 1, 1000),
    against_none=lambda duel: cells(span(duel.difference("profit", of=name), 1, True, 1000) for name in ALL[1:]),
    acquisitions=across("acquisitions"),
    k_factor=across("k_factor", 3),
    share=across("generation_share", 1),
    time=across("generation_time"),
    clv=across("clv", 1),
    lineage=across("lineage_value", 1),
    cac=across("cac", 1),
    rewards=lambda duel: cells(number(rewards(duel[name])) for name in ALL),
    own_more=lambda duel: span(duel.difference("clv", of="programme"), 1, unit="EUR more"),
    line_more=lambda duel: span(duel.difference("lineage_value", of="programme"), unit="EUR more"),
    by_channel=lambda duel: "{}, one from ads {}".format(
        *(
            span(fs.Estimate(*duel["programme"].by("channel", "clv").loc[channel, "clv"], 0.95, 100, ""), 1, unit=unit)
            for channel, unit in (("friends", "EUR"), ("ads", ""))
        )
    ),
    overtakes=lambda duel: "{} ({} to {})".format(
        *(getattr(duel.crossover("profit", "programme", "none"), name) for name in ("month", "earliest", "latest"))
    ),
)
page.figure(
    horizons,
    **{f"at_{months}": at(months) for months in HORIZONS},
    fading_60=lambda duels: (
        f"{number(fading(duels[60]).mean, -2)} of {number(duels[60].difference('profit', of='no_fading').mean, -2)}"
    ),
)
page.figure(
    larger,
    **{
        f"larger_{place}_{side}": lambda profits, row=larger_row(invites, buys), side=side: row(profits)[side == "buys"]
        for place, (invites, buys) in enumerate(zip(INVITES, BUYS, strict=True)) for side in ("invites", "buys")
    },
    break_even=break_even,
)  # fmt: skip
page.figure(
    trees,
    alone=lambda measures: number(100 * by_tree("alone")(measures).sum() / by_tree("friends")(measures).sum()),
    top_tenth=lambda measures: number(share_of(measures, 2).mean),
    top_1=lambda measures: span(share_of(measures, 0), 1, unit="%"),
    top_5=lambda measures: span(share_of(measures, 1), 1, unit="%"),
    top_10=lambda measures: span(share_of(measures, 2), 1, unit="%"),
    biggest=lambda measures: span(of_mean(by_tree("biggest")(measures))).replace(" (", " customers ("),
    one_in=lambda measures: number(by_tree("families")(measures).sum() / by_tree("large")(measures).sum(), -1),
    rewards_on_line=lambda measures: span(
        of_mean(by_tree("rewards")(measures) / by_tree("roots")(measures)), 1, unit="EUR"
    ),
)

page.says("a tenth more profit", base, when=lambda duel: (
    0.085 < duel.difference("profit", of="programme").mean / duel["none"]["profit"].mean < 0.115
))  # fmt: skip
page.says("From the third year on.", horizons, when=lambda duels: (
    duels[24].difference("profit", of="programme").high < 0 < duels[36].difference("profit", of="programme").low
))  # fmt: skip
page.says("overstates it nearly fivefold", base, when=lambda duel: (
    4.5 < referred(duel["programme"]) / duel.difference("acquisitions", of="programme").mean < 5
))  # fmt: skip
page.says("more than 48 % of friends have to buy instead of 28 %", larger, when=lambda profits: (
    against_today(profits, "buys 48").high < 0
))  # fmt: skip
