"""How long people stay, and where they end, against exact survival."""

import numpy as np
import pytest
from checking import agrees, counts_follow, follows, moments, run

from flywheel_sim.analysis.retention.result import retention
from flywheel_sim.journey.units import MONTH, YEAR
from flywheel_sim.scenario.load import loads


def shifted_beta_geometric(alpha, beta, years):
    """Return survival at 0, 1, ... years: Fader and Hardie 2007, doi:10.1002/dir.20074."""
    leaving = [alpha / (alpha + beta)]
    for t in range(2, years + 1):
        leaving.append(leaving[-1] * (beta + t - 2) / (alpha + beta + t - 1))
    return 1 - np.cumsum([0.0, *leaving])


def test_churn_that_differs_between_people_gives_the_shifted_beta_geometric_curve():
    text = """
name: Shifted beta geometric
horizon: 13 years
rates: {churn: {spread: {alpha: 0.704, beta: 1.182}}}
channels: {start: {batch: 90000, enters: member}}
journey:
  member: {role: customer, every: 1 year, to: {gone: churn, stay: rest}}
  gone: exit
"""
    exact = shifted_beta_geometric(0.704, 1.182, 12)
    assert exact[1] == pytest.approx(0.626723, abs=5e-7)
    assert exact[7] == pytest.approx(0.239051, abs=5e-7)
    people = run(text, seed=5, people=True).people
    renewals = np.where(people.churned < 0, 12, people.churned // YEAR - 1)
    for t in range(1, 8):
        agrees(renewals >= t, exact[t], exact[t] * (1 - exact[t]), what=f"S({t})")
    counts_follow(renewals, [*-np.diff(exact), exact[12]], what="renewals, 0 to 12")


def test_an_absorbing_chain_converts_as_its_fundamental_matrix_says():
    text = """
name: Absorbing chain
horizon: 10 years
channels: {start: {batch: 25000, enters: a}}
journey:
  a: {role: prospect, every: 1 month, to: {b: 30 %, lost: 10 %, stay: rest}}
  b: {role: prospect, every: 1 month, to: {won: 25 %, a: 15 %, lost: 5 %, stay: rest}}
  won: customer
  lost: exit
"""
    passing, winning = np.array([[0.60, 0.30], [0.15, 0.55]]), np.array([0.0, 0.25])
    fundamental = np.linalg.inv(np.eye(2) - passing)
    chance = fundamental @ winning
    first = fundamental @ chance  # E[months; won]
    second = fundamental @ (chance + 2 * passing @ first)  # E[months squared; won]
    mean = first[0] / chance[0]
    people = run(text, seed=6, people=True).people
    won = people.acquired >= 0
    agrees(won, chance[0], chance[0] * (1 - chance[0]), what="conversion")
    agrees(people.acquired[won] / MONTH, mean, second[0] / chance[0] - mean**2, what="months given conversion")


def test_a_rate_that_changes_midway_gives_the_piecewise_exponential_survival():
    text = """
name: Work left
horizon: 60 years
rates: {leaving: {value: 0.05 per month, by: {mood: {tired: 0.15 per month}}}}
attributes: {mood: [fresh, tired]}
channels: {start: {batch: 40000, enters: member}}
journey:
  member: {role: customer, events: {tire: {after: 6 months, set: {mood: tired}}, leave: {after: leaving, to: gone}}}
  gone: exit
"""

    def hazard(months):
        return 0.05 * np.minimum(months, 6) + 0.15 * np.maximum(months - 6, 0)

    months = run(text, seed=7, people=True).people.churned / MONTH
    follows(months, lambda t: 1 - np.exp(-hazard(t)), what="months until leaving")
    still = np.exp(-hazard(9))
    agrees(months > 9, still, still * (1 - still), what="S(9)")


def test_purchases_of_people_who_differ_by_a_gamma_are_negative_binomial():
    from scipy import stats

    text = """
name: Gamma-Poisson
horizon: 18 weeks
currency: USD
rates: {pace: {value: 0.243 per 4.414 weeks, spread: {shape: 0.243}}}
channels: {start: {batch: 150000, enters: alive}}
journey:
  alive: {role: customer, every: pace, earn: {order: 1}}
"""
    chances = stats.nbinom.pmf(np.arange(1000), 0.243, 4.414 / (4.414 + 18))
    orders = run(text, seed=8, people=True).people.revenue.astype(int)
    mean, variance, _ = moments(np.arange(1000), chances)
    agrees(orders, mean, variance, what="orders")
    counts_follow(orders, chances, what="orders")


def test_free_users_who_leave_or_upgrade_without_memory_are_still_there_as_competing_risks_say():
    text = """
name: Free users
horizon: 40 days
follow: 1 day
channels: {start: {batch: 105000, enters: free}}
journey:
  free: {role: prospect, events: {leave: {after: 0.03 per day, to: gone}, buy: {after: 0.02 per day, to: paid}}}
  paid: customer
  gone: exit
"""
    whole = retention(loads(text), "free", counts=[], replications=1, seed=4)
    upgraded = retention(loads(text), "free", replications=1, seed=4)
    for day in (1, 7, 30):
        alone = np.exp(-0.05 * day)
        for result, exact in ((whole, alone), (upgraded, 0.4 + 0.6 * alone)):
            people, there = (int(counts["as written"][0, day]) for counts in (result.people, result.there))
            agrees(np.arange(people) < there, exact, exact * (1 - exact), what=f"day {day}")


def test_intervals_of_retention_hold_the_exact_share_as_often_as_they_say():
    text = """
name: Steady
horizon: 100 days
follow: 1 day
channels: {ads: {rate: 5 per day, enters: free}}
journey:
  free: {role: prospect, after: 0.02 per day, to: gone}
  gone: exit
"""
    model, hits = loads(text), np.zeros(3)
    for seed in range(200):
        result = retention(model, "free", replications=10, seed=seed, workers=1)
        hits += [one.low <= 100 * np.exp(-0.02 * day) <= one.high
                 for day in result.days for one in [result.share(day)]]  # fmt: skip
    print(f"95 % intervals on days 1, 7 and 30 hold the exact share in {hits / 2} % of 200 experiments")
    assert ((hits >= 178) & (hits <= 199)).all()
