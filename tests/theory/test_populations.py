"""How many customers there are at a time, when people come, leave and bring others.

People are independent, so a population is the sum of independent populations a fiftieth as large.
The SD to 0.6 % takes some 15,000 runs whatever the size: the quick tests make them of a fiftieth of
the population, and the whole one to a stated lower precision; the slow test makes them of the whole.
"""

import math

import numpy as np
import pytest
from checking import agrees, moments
from scipy import stats

from flywheel_sim.engine.run import run_many
from flywheel_sim.scenario.load import loads

REFERRED = """
name: Birth, death, immigration
horizon: 24 months
channels:
  paid: {rate: PAID per month, enters: client}
  friends: {enters: client}
  base: {present: BASE, enters: client}
journey:
  client:
    role: customer
    events: {refer: {every: 0.02 per month, refer: friends}, leave: {after: 0.05 per month, to: gone}}
  gone: exit
"""
COMING = """
name: People come and leave
horizon: 12 months
channels: {paid: {rate: PAID per month, enters: client}}
journey:
  client: {role: customer, after: 0.05 per month, to: gone}
  gone: exit
"""


def customers(text, replications, seed, paid, base=0):
    """Return the customers at the horizon of each replication."""
    journey = loads(text.replace("PAID", str(paid)).replace("BASE", str(base))).journey()
    return [run.ledger.stock[-1, :, 0].sum() for run in run_many(journey, seed, range(replications))]


def birth_death_immigration(base, paid, churn, referral, months, size=400):
    """Return the exact moments: the newcomers are negative binomial, each of the base geometric but for none left."""
    growth = math.exp((referral - churn) * months)
    none = churn * (growth - 1) / (referral * growth - churn)
    more = referral * (growth - 1) / (referral * growth - churn)
    counts = np.arange(size)
    chances = stats.nbinom.pmf(counts, paid / referral, 1 - more)
    one = np.where(counts == 0, none, (1 - none) * (1 - more) * more ** np.maximum(counts - 1, 0.0))
    for _ in range(base):
        chances = np.convolve(chances, one)[:size]
    return moments(counts, chances)


def test_the_exact_figures_are_the_published_ones():
    mean, variance, _ = birth_death_immigration(50, 10, 0.05, 0.02, 24)
    assert mean == pytest.approx(195.420, abs=5e-4)
    assert math.sqrt(variance) == pytest.approx(16.086, abs=5e-4)


def test_a_business_with_referrals_has_the_exact_mean_and_to_five_percent_the_exact_sd():
    exact = birth_death_immigration(50, 10, 0.05, 0.02, 24)
    stocks = customers(REFERRED, 250, 12, paid=10, base=50)
    agrees(stocks, *exact, sd_sharpness=0.05, what="whole")


def test_a_fiftieth_of_a_business_with_referrals_has_the_exact_mean_and_sd():
    agrees(
        customers(REFERRED, 19_000, 13, paid=0.2, base=1), *birth_death_immigration(1, 0.2, 0.05, 0.02, 24), what="1/50"
    )


@pytest.mark.slow
def test_a_business_with_referrals_has_the_exact_sd():
    exact = birth_death_immigration(50, 10, 0.05, 0.02, 24)
    agrees(customers(REFERRED, 14_500, 14, paid=10, base=50), *exact, what="whole")


def test_people_who_come_and_leave_without_referrals_are_poisson():
    mean = 200 * (1 - math.exp(-0.6))
    assert mean == pytest.approx(90.238, abs=5e-4)
    stocks = customers(COMING, 330, 15, paid=10)
    agrees(stocks, mean, mean, mean + 3 * mean**2, sd_sharpness=0.05, what="whole")


def test_a_fiftieth_of_them_is_poisson():
    mean = 4 * (1 - math.exp(-0.6))
    agrees(customers(COMING, 18_500, 16, paid=0.2), mean, mean, mean + 3 * mean**2, what="1/50")
