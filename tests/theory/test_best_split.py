"""The best split of a budget has closed forms; the search over simulated splits has to find them."""

import numpy as np
import pytest
from scipy import optimize

from flywheel_sim.analysis.allocation.marginal import marginal
from flywheel_sim.analysis.allocation.split import allocate
from flywheel_sim.scenario.load import loads

#: Channels that bend: people a month at most, price of the first, what each brings, spend today.
CHANNELS = {"press": (900, 20, 60, 9000), "fairs": (400, 30, 120, 9000), "mail": (1500, 10, 16, 6000)}
BUDGET = 24000.0
BENT = """
name: Channels that bend
horizon: 2 months
currency: EUR
channels: {CHANNELS}
journey:
  JOURNEY
  gone: exit
"""


@pytest.fixture(scope="module")
def bent():
    channels = ", ".join(
        f"{name}: {{spend: {spend} per month, cost_per_arrival: {price}, at_most: {most} per month, enters: by_{name}}}"
        for name, (most, price, _, spend) in CHANNELS.items()
    )
    stages = "\n  ".join(
        f"by_{name}: {{role: prospect, events: {{buy: {{after: 1 minute, earn: {{order: {value}}}, to: gone}}}}}}"
        for name, (_, _, value, _) in CHANNELS.items()
    )
    return loads(BENT.replace("CHANNELS", channels).replace("JOURNEY", stages))


def bent_optimum(budget):
    """Return spends at which all marginal returns are equal, and that return: value/price exp(-S/(price most))."""
    most, price, value, _ = np.array(list(CHANNELS.values())).T

    def spends(worth):
        return np.maximum(price * most * np.log(value / price / worth), 0)

    worth = optimize.brentq(lambda worth: spends(worth).sum() - budget, 1e-3, (value / price).max())
    return spends(worth), worth


def bent_profit(spends):
    most, price, value, _ = np.array(list(CHANNELS.values())).T
    return float((value * most * -np.expm1(-spends / (price * most)) - spends).sum())


def test_the_optimum_over_channels_that_bend_equalises_their_marginal_returns(bent):
    split = allocate(bent, budget=f"{BUDGET:.0f} per month", replications=24, seed=3)
    spends, worth = bent_optimum(BUDGET)
    assert all(one > 0 for one in spends)
    assert list(split.best.values()) == pytest.approx(spends, abs=0.03 * BUDGET)
    reached = bent_profit(np.array(list(split.best.values())))
    assert reached == pytest.approx(bent_profit(spends), rel=0.01)
    assert abs(split.estimate().mean / 2 - reached) < 4 * split.estimate().sd / np.sqrt(24) / 2
    assert reached > bent_profit(np.full(3, BUDGET / 3)) * 1.01  # an even split would not pass
    assert split.certificate.holds
    for (price, most, value), spent, one in zip(
        ((price, most, value) for most, price, value, _ in CHANNELS.values()), split.best.values(),
        split.worth.values(), strict=True,
    ):  # fmt: skip
        assert abs(one.mean - (value / price * np.exp(-spent / (price * most)) - 1)) < 1.5 * one.half_width
        assert one.mean == pytest.approx(worth - 1, abs=0.12)


def test_a_bound_that_binds_leaves_the_rest_to_the_others(bent):
    split = allocate(bent, budget=BUDGET, at_most={"fairs": 4000}, over=["press", "fairs"], replications=20, seed=3)
    assert split.best["fairs"] == pytest.approx(4000, abs=30)
    assert split.best["press"] == pytest.approx(BUDGET - 4000, abs=30)


def test_one_more_euro_at_a_channel_that_bends_brings_its_closed_form(bent):
    returns = marginal(bent, step="1000 per month", horizon=["1 month", "2 months"], replications=200, seed=5)
    for name, (most, price, value, spend) in CHANNELS.items():
        bend = price * most
        exact = value / price * np.exp(-spend / bend) * np.sinh(1000 / bend) / (1000 / bend) - 1
        for months in (1, 2):
            one = returns.at(name, months)
            assert one.low < exact < one.high
            assert one.high - one.low < 0.25 * (1 + exact)


# Acquisition and retention as in Blattberg and Deighton (1996): each prospect is pitched to once at a cost A, and buys
# with a chance a = ca (1 - exp(-k1 A)); each customer is looked after for R before every renewal, and renews with a
# chance r = cr (1 - exp(-k2 R)). A sale and a renewal bring MARGIN, and there are PERIODS renewals within the horizon.
CA, K1, CR, K2, MARGIN, PERIODS, PEOPLE = 0.35, 0.05, 0.8, 0.15, 150.0, 6, 2000
A_TODAY, R_TODAY = 14.0, 14.0
EQUITY = f"""
name: Acquisition and retention
horizon: {12 * PERIODS + 6} months
currency: EUR
rates:
  bought: {100 * CA * -np.expm1(-K1 * A_TODAY):.10f} %
  stays:  {100 * CR * -np.expm1(-K2 * R_TODAY):.10f} %
channels: {{list: {{present: {PEOPLE}, enters: prospect}}}}
journey:
  prospect: {{role: prospect, events: {{pitch: {{after: 1 day, outcomes: {{
    sold: {{chance: bought, to: client, earn: {{sale: {MARGIN:.0f}}}}}, no: {{chance: rest, to: gone}}}}}}}}}}
  client: {{role: customer, events: {{renewal: {{every: 1 year, to: {{
    stay: {{chance: stays, earn: {{fee: {MARGIN:.0f}}}}}, gone: rest}}}}}}}}
  gone: exit
levers:
  selling: {{spend: {A_TODAY:.0f} per pitch, moves: {{bought: {{without: 0 %, limit: {100 * CA:.0f} %}}}}}}
  keeping: {{spend: {R_TODAY:.0f} per renewal, moves: {{stays: {{without: 0 %, limit: {100 * CR:.0f} %}}}}}}
"""
MONTHS = 12 * PERIODS + 6


def expected(selling, keeping):
    """Return what a prospect is expected to cost at each place, and its expected profit."""
    a, r = CA * -np.expm1(-K1 * selling), CR * -np.expm1(-K2 * keeping)
    renewals = a * (r ** np.arange(PERIODS)).sum()
    return selling, keeping * renewals, MARGIN * (a + r * renewals) - selling - keeping * renewals


def best_of(budget):
    """Return money per prospect at both places of the best split of a budget per prospect, and its profit."""

    def best_keeping(selling):
        return optimize.brentq(lambda keeping: sum(expected(selling, keeping)[:2]) - budget, 0, 400)

    optimum = optimize.minimize_scalar(
        lambda s: -expected(s, best_keeping(s))[2], bounds=(1, budget - 0.5), method="bounded"
    )
    return expected(optimum.x, best_keeping(optimum.x))


def test_the_optimum_of_acquisition_and_retention_is_found():
    budget = 26.0
    selling, keeping, profit = best_of(budget)
    split = allocate(loads(EQUITY), budget=budget * PEOPLE / MONTHS, replications=24, seed=2)
    scale = PEOPLE / MONTHS
    assert split.best["selling"] / scale == pytest.approx(selling, abs=0.03 * budget)
    assert split.best["keeping"] / scale == pytest.approx(keeping, abs=0.03 * budget)
    own = split.points["best"].own
    assert expected(*own)[2] == pytest.approx(profit, rel=0.01)
    assert split.estimate().mean / PEOPLE == pytest.approx(profit, rel=0.01)
    assert split.certificate.holds
    even = best_even(budget)
    assert even < 0.97 * profit  # an even split would not pass


def best_even(budget):
    keeping = optimize.brentq(lambda k: expected(budget / 2, k)[1] - budget / 2, 0, 400)
    return expected(budget / 2, keeping)[2]
