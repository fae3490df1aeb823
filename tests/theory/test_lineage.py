"""What a customer is worth with everybody descended from them has a closed form where all rates are constant.

Money accrues at 20 a month, customers leave at 0.05 a month, money is discounted at 0.01 a month, and every customer
brings others at 0.02 a month, who are customers at once. One customer is worth 20 / (0.05 + 0.01) = 333.333. A line of
descent is a linear birth-death process with on average exp((0.02 - 0.05) t) customers at age t of its root, worth
20 / (0.05 + 0.01 - 0.02) = 500. The metrics follow for a finite time: a customer for that long from their own
acquisition, a line from that of its root.
"""

import functools
import math

import numpy as np
import pytest
from checking import agrees, ratio_agrees
from scipy import integrate

import flywheel_sim as fs
from flywheel_sim.analysis.referrals.result import referral_tree

FLOW, CHURN, DISCOUNT, REFERRAL = 20, 0.05, 0.01, 0.02
ROOTS, MANY = 1000, 48_000
TEXT = """
name: Lines of descent
horizon: HORIZON
follow: FOLLOW
currency: EUR
discount: 12.7497 % per year
rates:
  brings: {value: 0.02 per month}
  leaves: {value: 0.05 per month}
channels:
  start: {batch: 1000, enters: member}
  friends: {enters: member}
journey:
  member:
    role: customer
    earn: {margin: 20 per month}
    events: {bring: {every: brings, refer: friends}, leave: {after: leaves, to: gone}}
  gone: exit
"""
#: How long customers and lines are followed, and the horizon: all of the first cohort can be followed that long.
FOLLOWED = {"24 months": "25 months", "60 months": "61 months", "50 years": "51 years"}
MONTHS = {"24 months": 24, "60 months": 60, "50 years": 600}


@functools.cache
def runs(follow, replications=48):
    return fs.replicate(scenario(follow), replications=replications, seed=1)


@functools.cache
def many_lines():
    return referral_tree(scenario(**{"channels.start.batch": MANY}), seed=2)


def scenario(follow="50 years", **changed):
    return fs.loads(TEXT.replace("FOLLOW", follow).replace("HORIZON", FOLLOWED[follow])).with_(**changed)


def worth(months, growth):
    """Return what exp(growth t) customers at age t are worth until some age."""
    force = DISCOUNT - growth
    return FLOW / force * -math.expm1(-force * months)


def variance_of_a_line(months):
    """Return the exact variance of what a line of descent is worth.

    Twice the integral over s < t of flow² exp(-discount (s + t)) Cov(N(s), N(t)), where the covariance of the customers
    of a linear birth-death process that begins with one is exp(g (t - s)) Var N(s), at g = birth less death.
    """
    growth = REFERRAL - CHURN

    def at(s):
        variance = (REFERRAL + CHURN) / growth * math.exp(growth * s) * math.expm1(growth * s)
        return math.exp(-2 * DISCOUNT * s) * variance * worth(months - s, growth) / FLOW

    return 2 * FLOW**2 * integrate.quad(at, 0, months, limit=200)[0]


def test_the_exact_figures_are_the_published_ones():
    assert worth(math.inf, -CHURN) == pytest.approx(333.333, abs=5e-4)
    assert worth(math.inf, REFERRAL - CHURN) == pytest.approx(500, abs=1e-9)
    assert worth(math.inf, -CHURN) / (1 - REFERRAL / (CHURN + DISCOUNT)) == pytest.approx(500, abs=1e-9)
    assert math.log(1.127497) == pytest.approx(12 * DISCOUNT, abs=1e-6)
    assert variance_of_a_line(5000) == pytest.approx(350_000, rel=1e-6)


@pytest.mark.parametrize("follow", FOLLOWED)
def test_a_line_is_worth_its_closed_form_while_its_root_is_followed(follow):
    exact = worth(MONTHS[follow], REFERRAL - CHURN)
    agrees(
        runs(follow).values("lineage_value"),
        exact,
        variance_of_a_line(MONTHS[follow]) / ROOTS,
        what=f"lineage value, followed for {follow}",
    )


@pytest.mark.parametrize("follow", FOLLOWED)
def test_a_customer_is_worth_their_closed_form_while_followed(follow):
    values = runs(follow).values("clv")
    exact = worth(MONTHS[follow], -CHURN)
    ratio_agrees(values, 1, exact, what=f"CLV, followed for {follow}")


def test_what_following_for_a_finite_time_leaves_out():
    """24 months hold 76.3 % of a customer and 61.7 % of a line; 50 years leave out a billionth of either."""
    left = {
        follow: [1 - worth(n, g) / worth(math.inf, g) for g in (-CHURN, REFERRAL - CHURN)]
        for follow, n in MONTHS.items()
    }
    assert left["24 months"] == pytest.approx([0.236928, 0.382893], abs=1e-6)
    assert left["60 months"] == pytest.approx([0.027324, 0.090718], abs=1e-6)
    assert max(left["50 years"]) < 1e-9


def test_each_generation_is_worth_a_third_of_the_one_before():
    """A generation is worth 0.02 / (0.05 + 0.01) of the one before, discounted to the root."""
    people = many_lines().people()
    began = people.set_index("key").loc[people["root"], "acquired"].to_numpy()
    value = people["margin"] * np.exp(-DISCOUNT * (people["acquired"] - began))
    own = worth(math.inf, -CHURN)
    for generation, sharpness in enumerate((0.004, 0.012, 0.02)):
        part = value.where(people["generation"] == generation, 0).groupby(people["root"]).sum()
        assert len(part) == MANY
        error = part.std() / math.sqrt(MANY)
        exact = own * (REFERRAL / (CHURN + DISCOUNT)) ** generation
        assert error < sharpness * exact
        assert abs(part.mean() - exact) < 4 * error
        assert abs(part.mean() - 1.1 * exact) > 4 * error


def test_lines_vary_as_much_as_they_should():
    """One run of many independent lines, worth what their exact mean and variance say."""
    lines = many_lines().frame()["lineage"]
    agrees(lines, 500, variance_of_a_line(600), what="lineage value of one root")
    assert lines.var() == pytest.approx(variance_of_a_line(600), rel=0.05)


def test_fading_generations_multiply():
    """Where generations 1, 2 and 3 bring 0.8, 0.6 and 0.5 of what roots do, their worths multiply down the line."""
    fading = scenario(brings={"times": {"generation": {1: 0.8, 2: 0.6, 3: 0.5}}})
    k = [REFERRAL * factor / (CHURN + DISCOUNT) for factor in (1, 0.8, 0.6, 0.5)]
    exact = worth(math.inf, -CHURN) * (1 + k[0] * (1 + k[1] * (1 + k[2] / (1 - k[3]))))
    values = fs.replicate(fading, replications=48, seed=3).values("lineage_value")
    ratio_agrees(values, 1, exact, what="lineage value, fading")
    assert exact == pytest.approx(481.185, abs=5e-4)


def test_who_stays_longer_while_the_referrer_is_there_is_worth_more():
    """The referred leave at 0.75 c while their referrer is there, who leaves at c whenever they came, and at c then."""
    lasting = scenario(leaves={"times": {"referrer": {"present": 0.75}}})
    together, alone = 1.75 * CHURN + DISCOUNT, CHURN + DISCOUNT
    exact = FLOW * (1 / together + (1 / alone - 1 / together) / 0.75)
    assert exact == pytest.approx(376.068, abs=5e-4)
    people = referral_tree(lasting.with_(**{"channels.start.batch": MANY}), seed=4).people()
    first = people["generation"] == 1
    of_each = people.assign(margin=people["margin"].where(first, 0), first=first).groupby("root")[["margin", "first"]]
    sums = of_each.sum()
    ratio_agrees(sums["margin"], sums["first"], exact, what="CLV of the first generation")


def test_the_tree_gives_the_same_lines_as_the_metric():
    model = scenario("60 months").with_(horizon="60 months")
    tree, runs_ = referral_tree(model, seed=5), fs.run(model, seed=5)
    assert tree.frame()["lineage"].mean() == pytest.approx(runs_["lineage_value"].mean, rel=1e-9)
    assert len(tree.frame()) == ROOTS
