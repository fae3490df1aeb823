"""People who affect one another through a market that ends, or through what all of them share."""

import math

import numpy as np
import pytest
from checking import agrees, counts_follow, follows, moments, run

from flywheel_sim.engine.run import run_many
from flywheel_sim.journey.units import MONTH, YEAR
from flywheel_sim.scenario.load import loads

#: A product that spreads: outside influence p, word of mouth q, a year; Bass 1969, doi:10.1287/mnsc.15.5.215.
BASS = """
name: Bass
horizon: 10 years
market: 10000
channels:
  advertising: {rate: 300 per year, enters: adopted}
  talk: {enters: adopted}
journey:
  adopted: {role: customer, events: {talk: {every: 0.38 per year, refer: talk}}}
"""
P, Q, SIZE = 0.03, 0.38, 10_000


def bass_share(years):
    """Return the share that has adopted in a market without end: the solution of Bass's equation."""
    gone = math.exp(-(P + Q) * years)
    return (1 - gone) / (1 + Q / P * gone)


def adoption_rates():
    """Return adoptions a year at 0, 1, ... adopters: each who comes finds somebody left by chance."""
    adopters = np.arange(SIZE + 1)
    return (P * SIZE + Q * adopters) * (1 - adopters / SIZE)


def adopters_after(years):
    """Return the chance of each number of adopters: the birth process, uniformised over half a year at a time."""
    rates = adoption_rates()
    fastest = rates.max()
    stay, grow = 1 - rates / fastest, rates / fastest
    chances = np.zeros(SIZE + 1)
    chances[0] = 1.0
    for _ in range(2 * years):
        mean = fastest / 2
        last = int(mean + 10 * math.sqrt(mean))
        log_weights = -mean + np.arange(last) * math.log(mean) - np.cumsum(np.log([1, *range(1, last)]))
        step, after = chances, np.zeros(SIZE + 1)
        for weight in np.exp(log_weights):
            after += weight * step
            step = step * stay + np.append(0.0, (step * grow)[:-1])
        chances = after / after.sum()
    return chances


def bass_runs(replications, seed):
    """Return adopters after ten years, and the years until half of those who adopt by talk's best have; each run's."""
    journey = loads(BASS).journey()
    peak = peak_adopters()
    outcomes = []
    for one in run_many(journey, seed, range(replications), people=True):
        acquired = np.sort(one.people.acquired.to_numpy())
        outcomes.append((one.ledger.stock[-1].sum(), acquired[peak - 1] / YEAR))
    return np.array(outcomes).T


def peak_adopters():
    """Return how many have adopted when adoptions are at their fastest."""
    return round(SIZE * (Q - P) / (2 * Q))


def test_a_product_spreads_as_bass_says_in_the_limit():
    by_ten = adopters_after(10)
    exact = moments(np.arange(SIZE + 1), by_ten)
    limit = SIZE * bass_share(10)
    assert limit == pytest.approx(8128, abs=0.5)
    assert exact[0] == pytest.approx(limit, rel=1e-3)
    one_more = 1 / adoption_rates()[: peak_adopters()]
    peak = math.log(Q / P) / (P + Q)
    assert peak == pytest.approx(6.19, abs=5e-3)
    assert one_more.sum() == pytest.approx(peak, rel=2e-3)
    adopters, years = bass_runs(40, 31)
    agrees(adopters, *exact[:2], what="Bass: adopters by year 10")
    agrees(years, one_more.sum(), (one_more**2).sum(), what="Bass: years to the peak of adoptions")


MARKET = """
name: A market
horizon: 1 month
market: 400
channels: {mail: {batch: 500, enters: reader}}
journey:
  reader: aside
"""


def reached_by(arrivals, market):
    """Return the chance of each number reached, each arrival finding anybody of the market alike."""
    reached = np.arange(market + 1)
    chances = np.zeros(market + 1)
    chances[0] = 1.0
    for _ in range(arrivals):
        new = chances * (1 - reached / market)
        chances = chances - new + np.append(0.0, new[:-1])
    return chances


def test_arrivals_reach_as_many_of_a_market_as_they_find():
    arrivals, market = 500, 400
    chances = reached_by(arrivals, market)
    exact = moments(np.arange(market + 1), chances)
    assert exact[0] == pytest.approx(market * (1 - (1 - 1 / market) ** arrivals))
    flows = []
    for one in run_many(loads(MARKET).journey(), 32, range(1_500)):
        layout = one.ledger.layout
        flows.append([one.ledger.flow[:, :, layout.role_flow(name)].sum() for name in ("arrived", "missed")])
    arrived_people, missed = np.array(flows).T
    assert (arrived_people + missed == arrivals).all()
    agrees(arrived_people, *exact, sd_sharpness=0.02, what="reached")


PANEL = """
name: A panel
horizon: 100 years
attributes:
  opinion: {bad: 30 %, fair: 30 %, good: 40 %}
  stars: {mean_of: opinion, weights: {bad: 1, fair: 3, good: 5}, among: [judge], starts: 3}
channels: {panel: {present: 5, enters: judge}}
journey:
  judge: {role: customer, every: 1 month, set: {opinion: {bad: 30 %, fair: 30 %, good: 40 %}}}
"""


def test_a_shared_mean_of_drawn_levels_is_their_expectation():
    """Everybody draws anew once a month, so that month ends are independent."""
    chances = np.ones(1)
    for _ in range(5):
        chances = np.convolve(chances, [0.3, 0.3, 0.4])
    exact = moments(1 + 2 * np.arange(11) / 5, chances)
    assert exact[:2] == pytest.approx((3.2, 2.76 / 5))
    steps = []
    for replication in run_many(loads(PANEL).journey(), 33, range(90)):
        sums, people = replication.ledger.shared[:, 0].T
        assert (people == 5).all()
        steps.append((sums // replication.ledger.layout.shared[0][1] - 5) // 2)
    steps = np.concatenate(steps)
    agrees(1 + 2 * steps / 5, *exact, what="stars of five")
    counts_follow(steps, chances, what="stars of five")


def test_what_all_share_changes_everybodys_rates_at_once():
    text = """
name: Bad news
horizon: 60 years
rates: {leaving: {by: {stars: {0: 0.15 per month, 3: 0.05 per month}}}}
attributes:
  opinion: [good, bad]
  stars: {mean_of: opinion, weights: {good: 5, bad: 1}, among: [judge], starts: 3}
channels: {critic: {present: 1, enters: judge}, start: {batch: 40000, enters: member}}
journey:
  judge: {role: aside, after: 6 months, set: {opinion: bad}}
  member: {role: customer, after: leaving, to: gone}
  gone: exit
"""

    def hazard(months):
        return 0.05 * np.minimum(months, 6) + 0.15 * np.maximum(months - 6, 0)

    people = run(text, seed=34, people=True).people
    months = people.churned[people.channel == "start"] / MONTH
    follows(months, lambda t: 1 - np.exp(-hazard(t)), what="months until leaving")
    still = np.exp(-hazard(9))
    agrees(months > 9, still, still * (1 - still), what="S(9)")


def test_people_who_hear_the_sooner_the_more_have_heard_take_the_exact_time():
    """Rates step with the share who have heard: until the next hears, those left wait 1 / rate in all."""
    text = """
name: Hearsay
horizon: 20 years
rates: {hearing: {by: {heard: {0: 0.1 per month, 0.25: 0.2 per month, 0.5: 0.4 per month, 0.75: 0.8 per month}}}}
attributes:
  state: [unaware, aware]
  heard: {mean_of: state, weights: {unaware: 0, aware: 1}, among: [listener, talker], starts: 0}
channels: {all: {present: 20, enters: listener}}
journey:
  listener: {role: prospect, events: {hear: {after: hearing, set: {state: aware}, to: talker}}}
  talker: aside
"""
    waits = 1 / (0.1 * 2.0 ** (np.arange(20) // 5))
    runs = run_many(loads(text).journey(), 35, range(3_000))
    months = [replication.ledger.time[:, :, 0].sum() / MONTH for replication in runs]
    mean, variance, fourth = ((waits**power).sum() for power in (1, 2, 4))
    agrees(months, mean, variance, 6 * fourth + 3 * variance**2, 0.02, "months unaware, of twenty people")
