"""Figures of docs/cases/product_led.md."""

import numpy as np
from recipes import Page
from recipes.estimates import of_mean
from recipes.wording import cells, in_words, number, span, three

import flywheel_sim as fs

page = Page("cases/product_led")
ALL = ("today", "one_team", "funnel")
FRICTIONS = (
    "teams_apart", "billing_faults", "hard_upgrade", "unsafe_site", "slow_help", "heavy_onboarding",
    "late_retargeting", "impersonal", "hard_to_share", "unclear_copy",
)  # fmt: skip

#: What each test of the page moves, to what, and how its figures are rounded.
TESTS = {
    "interested": ("15.4 %", -2), "finishes": ("71.5 %", -2), "reaches_value": ("0.495 per month", -2),
    "answers": ("27.5 %", -1), "joins": ("0.165 per month", -1), "affiliate_leads": ("1.1 per month", -1),
}  # fmt: skip


@page.making(12)
def base():
    return fs.compare(fs.load("product_led"), replications=100, seed=1)


@page.making(30)
def frictions():
    return fs.frictions(fs.load("product_led"), replications=100, seed=1)


@page.making(26)
def tests():
    model = fs.load("product_led")
    return {
        rate: fs.compare(model, model.with_(**{rate: value}), strategies=["today"], replications=100, seed=1)
        for rate, (value, _) in TESTS.items()
    }


@page.making(20)
def free_users():
    return fs.retention(
        fs.load("product_led"), "free", days=[7, 30, 90, 365], strategies=["today"], replications=100, seed=1
    )


@page.making(1.4)
def one_run():
    log = fs.run(fs.load("product_led"), strategies="today", seed=3, events=True).events
    return log[(log["to"] == "qualified") & (log.stage != "qualified")].person


def half_years(series):
    """Return means per month of each half-year, shape (replications, 6)."""
    return series.reshape(len(series), 6, 6).mean(axis=2)


def net_gain(runs):
    """Return customers gained per month of each half-year; 170 are there at first."""
    ends = np.c_[np.full(runs.n, 170), runs.series("active_customers")[:, 5::6]]
    return np.diff(ends, axis=1) / 6


def by_half_year(values, digits=1, signed=False):
    """Return a row of estimates, one for each half-year."""
    return cells(span(of_mean(column), digits, signed) for column in values.T)


def than_before(values):
    """Return a row of differences to the half-year before."""
    return by_half_year(np.diff(values, axis=1), 2, True)


def across(metric, digits=None):
    """Return how a row of the table of strategies is taken."""
    return lambda duel: cells(
        span(e, three(e.mean) if digits is None else digits) for e in (duel[name][metric] for name in ALL)
    )


def indicator(metric, digits=0, per_month=None):
    """Return how an indicator is taken: of the whole horizon, and per month where it is a count."""

    def take(duel):
        estimate = duel["today"][metric]
        shown = [span(estimate, digits)]
        return cells(shown if per_month is None else [*shown, span(estimate, per_month, per=36)])

    return take


def friction(name):
    """Return how the row of a friction is taken: its gain, and the ranks it may have."""

    def take(costs):
        first, last = costs.ranks(name)
        return cells([span(costs.gain(name), -2), str(first) if first == last else f"{first} to {last}"])

    return take


def funnel_behind(duel):
    """Return by how much the funnel is behind after six months."""
    gap = of_mean(-duel.difference_series("profit", True, "funnel", "today")[:, 5])
    return f"{number(gap.mean, -1)} EUR ({number(gap.low, -1)} to {number(gap.high, -1)})"


def no_more(duel):
    """Return in how many of ten half-years, at least and at most, no more is sold than in the one before."""
    shares = (np.diff(half_years(duel["today"].series("acquisitions")), axis=1) <= 0).mean(axis=0)
    return f"{number(10 * shares.min())} to {number(10 * shares.max())}"


page.figure(
    base,
    qualified=indicator("entered.qualified", 0, 0),
    trials=indicator("entered.trial", 0, 1),
    first_sales=indicator("acquisitions", 0, 1),
    reached_value=indicator("through.beginner.convinced", 1),
    onboarded=indicator("through.beginner.onboarded", 1),
    retention=indicator("observed_retention", 1),
    arpu=indicator("arpu", 1),
    clv=indicator("clv", 1),
    referred=indicator("referred", 0, 1),
    affiliates=indicator("entered.affiliate", 0, 2),
    affiliate_trials=lambda duel: span(
        fs.Estimate(*duel["today"].by("channel", "entered.trial").loc["affiliates", "entered.trial"], 0.95, 100, "")
    ),
    profit=across("profit", -2),
    against_today=lambda duel: cells(span(duel.difference("profit", of=name), -2, True) for name in ALL[1:]),
    budget=across("budget", -2),
    sales=across("acquisitions", 0),
    at_end=across("active_customers", 0),
    cac=across("cac", 1),
    clvs=across("clv", 1),
    retained=across("observed_retention", 1),
    leads=across("referred", 0),
    funnel_wins=lambda duel: number(
        100 * duel.difference("acquisitions", of="funnel").mean / duel["today"]["acquisitions"].mean
    ),
    funnel_ads=lambda duel: number(duel.matches[0].spend),
    funnel_behind=funnel_behind,
    one_team_spends=lambda duel: number(100 * duel.spend_gap("one_team")),
    sales_from_to=lambda duel: "{} to {}".format(
        *(number(half_years(duel["today"].series("acquisitions"))[:, at].mean()) for at in (0, 5))
    ),
    net_from_to=lambda duel: "{} to {}".format(*(number(net_gain(duel["today"])[:, at].mean()) for at in (0, 5))),
    sales_by_half=lambda duel: by_half_year(half_years(duel["today"].series("acquisitions"))),
    sales_than_before=lambda duel: than_before(half_years(duel["today"].series("acquisitions"))),
    leave_by_half=lambda duel: by_half_year(half_years(duel["today"].series("churned"))),
    net_by_half=lambda duel: by_half_year(net_gain(duel["today"])),
    net_than_before=lambda duel: than_before(net_gain(duel["today"])),
    funnel_by_half=lambda duel: by_half_year(half_years(duel["funnel"].series("acquisitions"))),
    sales_rise=lambda duel: "{} a month with the flywheel and by {}".format(
        *(
            in_words((half := half_years(duel[name].series("acquisitions")))[:, 5].mean() - half[:, 1].mean())
            for name in ("today", "funnel")
        )
    ),
    no_more=no_more,
)
page.figure(
    frictions,
    **{name: friction(name) for name in FRICTIONS},
    all_ten=lambda costs: span(costs.together(), -2),
    beyond=lambda costs: span(costs.interaction(), -2),
    worst=lambda costs: number(costs.gain("teams_apart").mean, -3),
    together=lambda costs: number(costs.together().mean, -3),
)
page.figure(
    free_users,
    free_stay=lambda retention: "{}, {} and {}".format(*(number(retention.share(day).mean, 1) for day in (7, 30, 90))),
    free_year=lambda retention: number(retention.share(365).mean),
)
page.figure(
    base, frictions,
    worst_share=lambda duel, costs: number(100 * costs.gain("teams_apart").mean / duel["today"]["profit"].mean),
)  # fmt: skip
page.figure(
    tests,
    **{
        f"test_{rate}": lambda duels, rate=rate, digits=digits: span(duels[rate].difference("profit"), digits, True)
        for rate, (_, digits) in TESTS.items()
    },
)
page.figure(
    one_run, again=lambda people: f"{len(people) - people.nunique()} of {len(people):,}",
)  # fmt: skip

page.says("intervals of at most ± 0.3 points", free_users, when=lambda retention: all(
    retention.share(day).half_width < 0.3 for day in retention.days
))  # fmt: skip
page.says("**Which friction costs most?** A wait", frictions, when=lambda costs: costs.ranks("teams_apart") == (1, 1))
page.says("a third more than their sum", frictions, when=lambda costs: (
    0.28 < costs.interaction().mean / costs.summed().mean < 0.38
))  # fmt: skip
page.says("keeps a fifth fewer, and earns a third less", base, when=lambda duel: all(
    low < -duel.difference(metric, of="funnel").mean / duel["today"][metric].mean < high
    for metric, low, high in (("active_customers", 0.17, 0.23), ("profit", 0.29, 0.38))
))  # fmt: skip
page.says("The last two half-years cannot be told apart.", base, when=lambda duel: (
    (e := of_mean(np.diff(net_gain(duel["today"]), axis=1)[:, 4])).low < 0 < e.high
))  # fmt: skip
page.says("It is behind from the first months on", base, when=lambda duel: (
    duel.difference_series("profit", True, "funnel", "today").mean(axis=0)[2:] < 0
).all())  # fmt: skip
page.says("one in thirty is a customer who came back", base, when=lambda duel: (
    27 < duel["today"]["entered.beginner"].mean / duel["today"]["won_back"].mean < 33
))  # fmt: skip
