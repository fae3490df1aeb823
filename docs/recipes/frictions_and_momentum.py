"""Figures of docs/frictions_and_momentum.md."""

import flywheel_sim as fs
from recipes import Page
from recipes.wording import number, span

page = Page("frictions_and_momentum")


@page.making(14)
def costs():
    return fs.frictions(fs.load("product_led"), of="profit", strategies="today", replications=40, seed=1)


@page.making(0.1)
def funnel():
    runs = fs.replicate(fs.load("subscription"), strategies="funnel", replications=40, seed=1)
    return {window: fs.momentum(runs, window=f"{window} months") for window in (3, 12)}


page.figure(
    costs,
    worst=lambda frictions: "{} EUR (joint interval {} to {}) and {} customers".format(
        *(number(end) for e in [frictions.gain("teams_apart")] for end in (e.mean, e.low, e.high)),
        number(frictions.gain("teams_apart", "momentum").mean, 2),
    ),
    together=lambda frictions: number(frictions.together().mean),
    beyond=lambda frictions: span(frictions.interaction()).replace(" (", " EUR more ("),
)
page.figure(
    funnel,
    by_season=lambda by_window: (
        span(by_window[3].acceleration, 2, True).replace(" (", " customers per month (").removesuffix(")")
    ),
    by_year=lambda by_window: span(by_window[12].acceleration, 2),
)

page.says("`billing_faults` and `hard_upgrade` follow and cannot be told apart", costs, when=lambda frictions: (
    frictions.names[:3] == ("teams_apart", "billing_faults", "hard_upgrade")
    and frictions.ranks("billing_faults")[1] >= 3 and frictions.ranks("hard_upgrade")[0] <= 2
))  # fmt: skip
page.says("With twelve months that is gone", funnel, when=lambda by_window: (
    by_window[12].acceleration.low < 0 < by_window[12].acceleration.high
))  # fmt: skip
