"""Lifetime value has closed forms where retention is constant."""

import math

import numpy as np
import pytest
from checking import agrees, moments, run

YEARLY = """
name: Geometric retention
horizon: 200 years
currency: EUR
discount: 10 % per year
channels: {start: {batch: 22000, enters: member}}
journey:
  member: {role: customer, ON}
  gone: exit
"""
PAID = {
    "now": "on_entry: {earn: {m: 100}}, every: 1 year, to: {stay: {chance: 80 %, earn: {m: 100}}, gone: rest}",
    "at_the_end_of_each_year": "every: 1 year, earn: {m: 100}, to: {stay: 80 %, gone: rest}",
    "on_renewal_only": "every: 1 year, to: {stay: {chance: 80 %, earn: {m: 100}}, gone: rest}",
}
YEARS = {"now": (0, 0), "at_the_end_of_each_year": (1, 1), "on_renewal_only": (1, 0)}
CLV = {"now": 366.667, "at_the_end_of_each_year": 333.333, "on_renewal_only": 266.667}
SEED = {"now": 1, "at_the_end_of_each_year": 2, "on_renewal_only": 3}


def geometric_value(first, last):
    """Return the moments of 100 a year from year `first` to year renewals + `last`, at r 0.8 and d 10 %."""
    renewals = np.arange(400)
    paid = np.concatenate([[0], np.cumsum(100 / 1.1 ** np.arange(first, 402))])
    return moments(paid[renewals + last - first + 1], 0.2 * 0.8**renewals)


@pytest.mark.parametrize("when", PAID)
def test_geometric_retention_is_worth_its_closed_form(when):
    mean, variance, fourth = geometric_value(*YEARS[when])
    assert mean == pytest.approx(CLV[when], abs=5e-4)
    assert math.sqrt(variance) == pytest.approx(229.055 if when != "at_the_end_of_each_year" else 208.232, abs=5e-4)
    people = run(YEARLY.replace("ON", PAID[when]), seed=SEED[when], people=True).people
    agrees(people.margin_discounted, mean, variance, fourth, what=f"CLV paid {when}")


def test_money_that_accrues_over_an_exponential_lifetime_is_worth_its_closed_form():
    text = """
name: Exponential lifetime
horizon: 100 years
currency: EUR
discount: 12.7497 % per year
channels: {start: {batch: 24000, enters: member}}
journey:
  member: {role: customer, earn: {margin: 20 per month}, events: {leave: {after: 0.05 per month, to: gone}}}
  gone: exit
"""
    force, churn = math.log(1.127497) / 12, 0.05
    discount = [churn / (churn + k * force) for k in range(5)]  # E[exp(-k force lifetime)]
    centred = [sum(math.comb(k, j) * discount[j] * (-discount[1]) ** (k - j) for j in range(k + 1)) for k in range(5)]
    scale = 20 / force
    assert scale * (1 - discount[1]) == pytest.approx(333.333, abs=5e-4)
    people = run(text, seed=4, people=True).people
    agrees(
        people.margin_discounted,
        scale * (1 - discount[1]),
        scale**2 * centred[2],
        scale**4 * centred[4],
        what="CLV accruing",
    )
