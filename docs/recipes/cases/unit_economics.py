"""Figures of docs/cases/unit_economics.md."""

from math import exp, log

import numpy as np
from recipes import Page
from recipes.estimates import of_ratio
from recipes.wording import cells, number, span

import flywheel_sim as fs

page = Page("cases/unit_economics")

#: Churn a month in the four readings of one per cent more retention.
CHURN = {
    "month_point": 1 / 24 - 0.01,
    "month_relative": 1 - 1.01 * 23 / 24,
    "year_point": -log(exp(-0.5) + 0.01) / 12,
    "year_relative": -log(1.01 * exp(-0.5)) / 12,
}


@page.making(0.9)
def base():
    return fs.replicate(fs.load("unit_economics"), replications=200, seed=1)


@page.making(0.7)
def readings():
    model = fs.load("unit_economics")
    return {
        name: fs.replicate(model.with_(churn=f"{churn:.10f} per month"), replications=200, seed=1)
        for name, churn in CHURN.items()
    }


@page.making(0.6)
def followed():
    model = fs.load("unit_economics")
    return {
        years: fs.replicate(model.with_(follow=f"{years} years"), replications=200, seed=1) for years in (1, 2, 5, 20)
    }


def gain(name):
    """Return how the row of a reading is taken: change of lifetime value, and of the loss, in %."""

    def take(base, by_reading):
        value, profit = (
            of_ratio(100 * (by_reading[name].values(metric) - base.values(metric)), np.abs(base.values(metric)))
            for metric in ("clv", "profit")
        )
        return cells([span(value, 1, True), number(profit.mean, 2)])

    return take


page.figure(
    base,
    clv=lambda runs: span(runs["clv"], 1),
    cac=lambda runs: f"{number(runs['cac'].mean)} {'in every replication' if runs['cac'].sd < 1e-9 else 'on average'}",
    ltv_cac=lambda runs: span(runs["ltv_cac"], 4),
    payback=lambda runs: "never" if np.isinf(runs["payback"].mean) else number(runs["payback"].mean, 1),
    profit=lambda runs: span(runs["profit"], -2),
)
page.figure(base, readings, **{name: gain(name) for name in CHURN})
page.figure(
    followed,
    **{f"followed_{years}": lambda by_years, years=years: span(by_years[years]["clv"], 1) for years in (1, 2, 5, 20)},
)

page.says("Four readings, none of them 8 %", base, readings, when=lambda base, by_reading: not any(
    7.5 < 100 * (runs["clv"].mean / base["clv"].mean - 1) < 8.5 for runs in by_reading.values()
))  # fmt: skip
