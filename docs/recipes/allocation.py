"""Figures of docs/allocation.md."""

import numpy as np
from scipy import optimize

import flywheel_sim as fs
from recipes import Page
from recipes.wording import cells, number, span

page = Page("allocation")

# Blattberg and Deighton (1996): a prospect buys with a(1 - exp(-k A)), a customer renews with r(1 - exp(-l R)). This is
# the journey of tests/theory/test_best_split.py.
CA, K1, CR, K2, MARGIN, PERIODS, PEOPLE, BUDGET = 0.35, 0.05, 0.8, 0.15, 150.0, 6, 2000, 26.0
MONTHS = 12 * PERIODS + 6
EQUITY = f"""
name: Acquisition and retention
horizon: {MONTHS} months
currency: EUR
rates:
  bought: {100 * CA * -np.expm1(-K1 * 14):.10f} %
  stays:  {100 * CR * -np.expm1(-K2 * 14):.10f} %
channels: {{list: {{present: {PEOPLE}, enters: prospect}}}}
journey:
  prospect: {{role: prospect, events: {{pitch: {{after: 1 day, outcomes: {{
    sold: {{chance: bought, to: client, earn: {{sale: {MARGIN:.0f}}}}}, no: {{chance: rest, to: gone}}}}}}}}}}
  client: {{role: customer, events: {{renewal: {{every: 1 year, to: {{
    stay: {{chance: stays, earn: {{fee: {MARGIN:.0f}}}}}, gone: rest}}}}}}}}
  gone: exit
levers:
  selling: {{spend: 14 per pitch, moves: {{bought: {{without: 0 %, limit: {100 * CA:.0f} %}}}}}}
  keeping: {{spend: 14 per renewal, moves: {{stays: {{without: 0 %, limit: {100 * CR:.0f} %}}}}}}
"""


@page.making(14)
def subscription():
    return fs.allocate(fs.load("subscription"), strategies="flywheel", replications=200, seed=1)


@page.making(1.1)
def equity():
    return fs.allocate(fs.loads(EQUITY), budget=BUDGET * PEOPLE / MONTHS, replications=24, seed=2)


def expected(selling, keeping):
    """Return what a prospect is expected to cost at each place, and its expected profit."""
    bought, stays = CA * -np.expm1(-K1 * selling), CR * -np.expm1(-K2 * keeping)
    renewals = bought * (stays ** np.arange(PERIODS)).sum()
    return selling, keeping * renewals, MARGIN * (bought + stays * renewals) - selling - keeping * renewals


def best():
    """Return money a prospect at both places of the best split, and its expected profit."""

    def kept(selling):
        return optimize.brentq(lambda keeping: sum(expected(selling, keeping)[:2]) - BUDGET, 0, 400)

    optimum = optimize.minimize_scalar(lambda s: -expected(s, kept(s))[2], bounds=(1, BUDGET - 0.5), method="bounded")
    return expected(optimum.x, kept(optimum.x))


def split(allocation, name):
    """Return money a month at both places of a split."""
    table = allocation.frame()
    money = table[table.split == name].set_index("place")["per_month"]
    return [number(money[place]) for place in ("search_ads", "customer_success")]


page.figure(
    equity,
    known=lambda allocation: "{} a prospect for selling and {}".format(*(number(one, 1) for one in best()[:2])),
    searched=lambda allocation: "{} and {}".format(
        *(number(allocation.best[place] * MONTHS / PEOPLE, 1) for place in ("selling", "keeping"))
    ),
    as_good=lambda allocation: number(100 * abs(1 - expected(*allocation.points["best"].own)[2] / best()[2]), 1),
)
page.figure(
    subscription,
    budget=lambda allocation: number(allocation.budget),
    runs=lambda allocation: f"{allocation.took:,}",
    best=lambda allocation: cells([*split(allocation, "best"), span(allocation.estimate("best"))]),
    less_own=lambda allocation: cells(
        [*split(allocation, "today"), span(allocation.difference("best", "today"), 0, True)]
    ),
    less_even=lambda allocation: cells(
        [*split(allocation, "even"), span(allocation.difference("best", "even"), 0, True)]
    ),
    at_most=lambda allocation: number(allocation.certificate.at_most),
)

page.says("The certificate holds: shifting 1 % from ads to customer success adds at most", subscription,
    when=lambda allocation: allocation.certificate.holds)  # fmt: skip
page.says("The best is at a bound", subscription, when=lambda allocation: allocation.best["customer_success"] < 1)
