"""One stranger brings friends who bring friends: the whole family is a Borel variable."""

import numpy as np
import pytest
from checking import agrees, counts_follow, run
from scipy import special

FAMILY = """
name: Total progeny
horizon: 60 years
channels: {start: {batch: STRANGERS, enters: member}, friends: {enters: member}}
journey:
  member: {role: customer, events: {refer: {every: 0.5 per year, refer: friends}, leave: {after: 12 months, to: gone}}}
  gone: exit
"""
R = 0.5
MEAN, VARIANCE = 1 / (1 - R), R / (1 - R) ** 3
FOURTH = R * (1 + 8 * R + 6 * R**2) / (1 - R) ** 7 + 3 * VARIANCE**2


def family_sizes(strangers, seed):
    """Return how many people came of each stranger, the stranger included."""
    people = run(FAMILY.replace("STRANGERS", str(strangers)), seed=seed, people=True).people
    root = {}
    for key, referrer in zip(people.key, people.referrer, strict=True):  # by time of arrival: referrers come first
        root[key] = root[referrer] if referrer else key
    return people.key.map(root).value_counts().to_numpy()


def borel(sizes):
    """Return the chance of each family size from 1 up."""
    return np.exp(-R * sizes + (sizes - 1) * np.log(R * sizes) - special.gammaln(sizes + 1))


def test_a_family_has_the_exact_mean_and_is_borel():
    sizes = np.random.default_rng(0).permutation(family_sizes(30_000, 17))  # value_counts sorts; planting must not
    agrees(sizes, MEAN, VARIANCE, FOURTH, sd_sharpness=0.02, what="family")
    counts_follow(sizes - 1, borel(np.arange(1, 200)), what="family")


@pytest.mark.slow
def test_a_family_has_the_exact_sd():
    agrees(family_sizes(200_000, 18), MEAN, VARIANCE, FOURTH, what="family")
