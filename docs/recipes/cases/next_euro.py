"""Figures of docs/cases/next_euro.md."""

from recipes import Page
from recipes.estimates import of_mean
from recipes.wording import cells, give, give_two, number, span

import flywheel_sim as fs

page = Page("cases/next_euro")
PLACES = ("search_ads", "customer_success", "onboarding", "account_managers", "rewards")
HORIZONS = ("3 months", "12 months", "36 months")
SPLITS = ("best", "today", "even")


@page.making(12)
def euro():
    return fs.marginal(fs.load("next_euro"), strategies="as_today", replications=200, seed=1)


@page.making(3)
def nobody_there():
    return fs.marginal(
        fs.load("next_euro").with_(**{"channels.base.present": 0}), strategies="as_today", replications=60, seed=1
    )


@page.making(73)
def split():
    return fs.allocate(fs.load("next_euro"), strategies="as_today", replications=100, seed=1)


@page.making(128)
def by_horizon():
    return fs.allocation_by_horizon(
        fs.load("next_euro"), horizon=list(HORIZONS), strategies="as_today", replications=100, seed=1
    ).by


@page.making(18, by_horizon)
def few(by_horizon):
    return fs.allocate(
        fs.load("next_euro"),
        budget=by_horizon["3 months"].budget,
        horizon="3 months",
        strategies="as_today",
        replications=40,
        seed=1,
    )


def money(allocation, split="best"):
    """Return money a month at each place of a split."""
    table = allocation.frame()
    return table[table.split == split].set_index("place")["per_month"]


def euro_at(place):
    """Return how the row of a place is taken from what a euro brings there."""

    def take(marginal):
        spent = of_mean(marginal.spent[PLACES.index(place)])
        first = give(spent) if spent.half_width > 0.5 else number(spent.mean)
        return cells([first, *(give(marginal.at(place, months), 3, True) for months in (3, 12, 36))])

    return take


def split_at(place):
    """Return how the row of a place is taken from the best split."""

    def take(allocation):
        best = allocation.frame().set_index(["split", "place"]).loc[("best", place)]
        digits = 0 if best.spend > 100 else 2
        own = f"{number(best.spend, digits)} {best.spend_unit.removeprefix('EUR ')}"
        return cells(
            [*(number(money(allocation, one)[place]) for one in SPLITS), own, give_two(allocation.worth[place], True)]
        )

    return take


def horizon_at(place):
    """Return how the row of a place is taken from the best splits by horizon."""
    return lambda by: cells(
        f"{number(best[place])} ({number(100 * best[place] / best.sum())} %)" for best in map(money, by.values())
    )


def share(of, *places):
    """Return how many % of a best split places have together."""
    return number(100 * money(of)[list(places)].sum() / money(of).sum())


def unlike(place):
    """Return how a euro within three months is taken where nobody is there at first, and otherwise."""
    return lambda without, marginal: "{} {}in place of {}".format(
        number(without.at(place, 3).mean, 2), "within three months " if place == "account_managers" else "",
        number(marginal.at(place, 3).mean, 2),
    )  # fmt: skip


page.figure(
    euro,
    **{f"euro_{place}": euro_at(place) for place in PLACES},
    step=lambda marginal: number(marginal.step),
    next_success=lambda marginal: number(marginal.at("customer_success").mean, 2),
    next_ads=lambda marginal: number(marginal.at("search_ads").mean, 2),
    next_rewards=lambda marginal: number(marginal.at("rewards").mean, 2),
)
page.figure(
    nobody_there, euro,
    unlike_managers=unlike("account_managers"),
    unlike_success=unlike("customer_success"),
    unlike_ads=unlike("search_ads"),
)  # fmt: skip
page.figure(
    split,
    **{f"split_{place}": split_at(place) for place in PLACES},
    runs=lambda allocation: f"{allocation.took:,}",
    in_all=lambda allocation: cells(number(money(allocation, one).sum()) for one in SPLITS),
    spends_today=lambda allocation: number(money(allocation, "today").sum()),
    profit=lambda allocation: span(allocation.estimate("best"), -2),
    gains=lambda allocation: cells(span(allocation.difference("best", one), -2, True) for one in ("today", "even")),
    times_success=lambda allocation: number(
        money(allocation)["customer_success"] / money(allocation, "today")["customer_success"], 1
    ),
    gain=lambda allocation: number(allocation.difference().mean, -2),
    gain_share=lambda allocation: number(100 * allocation.difference().mean / allocation.estimate().mean),
    even_costs=lambda allocation: number(allocation.difference("best", "even").mean, -2),
    ads_share=lambda allocation: share(allocation, "search_ads"),
    at_most=lambda allocation: (
        f"{number(allocation.certificate.at_most, -1)} EUR, "
        f"{number(100 * allocation.certificate.at_most / allocation.estimate().mean, 1)} %"
    ),
)
page.figure(
    by_horizon,
    **{f"horizon_{place}": horizon_at(place) for place in PLACES},
    horizon_runs=lambda by: f"{sum(allocation.took for allocation in by.values()):,}",
    budget=lambda by: number(by["36 months"].budget),
    to_come_3=lambda by: share(by["3 months"], "search_ads", "onboarding"),
    to_come_36=lambda by: share(by["36 months"], "search_ads", "onboarding"),
    more_profit=lambda by: cells(span(allocation.difference()) for allocation in by.values()),
    more_euro=lambda by: cells(
        "{} to {}".format(
            *(number(end([one.mean for one in allocation.worth.values()]), 2, True) for end in (min, max))
        )
        for allocation in by.values()
    ),
)
page.figure(
    few,
    few_ads=lambda allocation: number(money(allocation)["search_ads"]),
    few_onboarding=lambda allocation: number(money(allocation)["onboarding"]),
    few_gain=lambda allocation: "{} EUR, {} to {}".format(
        *(number(end) for e in [allocation.difference()] for end in (e.mean, e.low, e.high))
    ),
)

page.says("An eighth of what goes into ads and a sixth of onboarding", split, when=lambda allocation: all(
    parts - 0.9 < 1 / (1 - money(allocation)[place] / money(allocation, "today")[place]) < parts + 0.9
    for place, parts in (("search_ads", 8), ("onboarding", 6))
))  # fmt: skip
page.says("It costs half of the profit", split, when=lambda allocation: (
    0.45 < allocation.difference("best", "even").mean / allocation.estimate().mean < 0.55
))  # fmt: skip
page.says("The certificate holds: of twenty shifts", split, when=lambda allocation: (
    allocation.certificate.holds and len(allocation.certificate.gains) == 20
))  # fmt: skip
page.says("all three certificates hold", by_horizon, when=lambda by: all(f.certificate.holds for f in by.values()))
page.says("Within three months no euro comes back anywhere", euro, when=lambda marginal: all(
    marginal.at(place, 3).high < 0 for place in PLACES
))  # fmt: skip
page.says("a third less than with 100", few, by_horizon, when=lambda allocation, by: (
    0.5 < money(allocation)["onboarding"] / money(by["3 months"])["onboarding"] < 0.8
))  # fmt: skip
