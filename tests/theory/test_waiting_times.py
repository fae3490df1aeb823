"""Waits in the event log follow the distribution the file names."""

import pytest
from checking import follows, run
from scipy import stats

from flywheel_sim.journey.units import DAY, MONTH

WAITS = {
    "{lognormal: {median: 14 days, sigma: 0.8}}": stats.lognorm(s=0.8, scale=14 * DAY),
    "{uniform: [3 months, 9 months]}": stats.uniform(3 * MONTH, 6 * MONTH),
    "{exponential: 30 days}": stats.expon(scale=30 * DAY),
    "{triangular: [10 days, 20 days, 60 days]}": stats.triang(0.2, 10 * DAY, 50 * DAY),
    "{weibull: {scale: 30 days, shape: 1.5}}": stats.weibull_min(1.5, scale=30 * DAY),
    "{gamma: {mean: 30 days, shape: 0.7}}": stats.gamma(0.7, scale=30 / 0.7 * DAY),
    "{erlang: {mean: 30 days, shape: 3}}": stats.gamma(3, scale=10 * DAY),
}


@pytest.mark.parametrize("wait", WAITS)
def test_a_wait_follows_its_distribution(wait):
    text = f"""
name: Waits
horizon: 40 years
channels: {{start: {{batch: 40000, enters: waiting}}}}
journey:
  waiting: {{role: prospect, after: {wait}, to: done}}
  done: exit
"""
    log = run(text, seed=9 + list(WAITS).index(wait), events=True).events
    follows(log.time[log.event == "waiting"], WAITS[wait].cdf, what=wait)
