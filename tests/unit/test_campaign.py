"""The ad campaign everybody knows: 1,000 see it, 200 click, 100 arrive, 30 fill a basket, 20 buy."""

import math

import numpy as np
import pytest

from flywheel_sim.analysis.outlook.expected import expected_path
from flywheel_sim.errors import ExperimentError
from flywheel_sim.experiment.replicate import replicate
from flywheel_sim.scenario.load import load, loads

REPLICATIONS, LIMIT = 1_000, 4.0
#: What one of 1,000 people leaves: 98 with chance 0.02, -2 with chance 0.18, 0 else.
GAINS, CHANCES = np.array([98.0, -2.0, 0.0]), np.array([0.02, 0.18, 0.80])
MEAN = 1000 * float(GAINS @ CHANCES)
ONE = {k: float((GAINS - MEAN / 1000) ** k @ CHANCES) for k in (2, 4)}
SD = math.sqrt(1000 * ONE[2])
FOURTH = 1000 * ONE[4] + 3 * 1000 * 999 * ONE[2] ** 2
ERROR_OF_MEAN = SD / math.sqrt(REPLICATIONS)
ERROR_OF_SD = math.sqrt((FOURTH - SD**4) / REPLICATIONS) / (2 * SD)


@pytest.fixture(scope="module")
def runs():
    return replicate(load("ad_campaign"), replications=REPLICATIONS, seed=1)


def test_the_expected_path_is_the_campaign_to_the_last_person_and_dollar():
    path = expected_path(load("ad_campaign"))
    stages = ("impression", "clicked", "visiting", "in_basket", "bought")
    assert [path.people[s] for s in stages] == [1000, 200, 100, 30, 20]
    assert (path.spend, path.revenue, path.gain, path.currency) == (400, 2000, 1600, "USD")
    assert list(path.frame().people[:5]) == [1000, 200, 100, 30, 20]
    assert path.answer().endswith("revenue 2,000, spend 400, gain 1,600 USD")


def test_the_exact_gain_is_1600_with_an_sd_of_436():
    assert pytest.approx(1600) == MEAN
    assert pytest.approx(436.17, abs=0.01) == SD


def test_the_mean_gain_is_1600_and_would_not_be_with_a_bias_of_5_percent(runs):
    gain = runs.values("profit").mean()
    assert pytest.approx(0.0086, abs=1e-4) == ERROR_OF_MEAN / MEAN  # so 5 % is 5.8 standard errors
    assert abs(gain - MEAN) / ERROR_OF_MEAN < LIMIT
    for bias in (0.95, 1.05):
        assert abs(bias * gain - MEAN) / ERROR_OF_MEAN >= LIMIT


def test_the_sd_of_the_gain_is_436_and_would_not_be_with_a_bias_of_15_percent(runs):
    sd = math.sqrt(((runs.values("profit") - MEAN) ** 2).mean())
    assert pytest.approx(0.0225, abs=3e-4) == ERROR_OF_SD / SD  # so 5 % is 2.2 standard errors, 15 % is 6.7
    assert abs(sd - SD) / ERROR_OF_SD < LIMIT
    for bias in (0.85, 1.15):
        assert abs(bias * sd - SD) / ERROR_OF_SD >= LIMIT


def test_people_reach_each_stage_as_often_as_the_chances_multiply(runs):
    for stage, count in {"clicked": 200, "visiting": 100, "in_basket": 30, "bought": 20, "bounced": 100}.items():
        into = [i for i, target in enumerate(runs.ledger.layout.targets) if target == stage]
        entered = runs.ledger.flow[..., into].sum(axis=(1, 2, 3))
        error = math.sqrt(count * (1 - count / 1000) / REPLICATIONS)
        assert error < 0.008 * count, stage
        assert abs(entered.mean() - count) / error < LIMIT, stage


def test_the_interval_of_the_mean_holds_the_expected_gain_and_is_as_wide_as_the_exact_sd_says(runs):
    estimate = runs.estimate("profit", 0.999)
    assert estimate.low < MEAN < estimate.high
    assert estimate.half_width == pytest.approx(3.30 * ERROR_OF_MEAN, rel=0.1)


def test_money_and_people_of_the_campaign_agree_in_every_replication(runs):
    bought = runs.values("acquisitions")
    np.testing.assert_allclose(runs.values("revenue"), 100 * bought)
    np.testing.assert_array_equal(runs.values("prospects"), 1000)
    np.testing.assert_allclose(runs.values("conversion"), bought / 10)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("batch: 10", "rate: 10 per month"), "the channel 'a' is no batch"),
        (("{role: prospect, to", "{role: prospect, after: 1 day, to"), "'p/p' takes time"),
        (("50 %", "{by: {kind: {x: 40 %, y: 60 %}}}"), "'p/p' depends on who somebody is"),
    ],
)
def test_a_journey_that_takes_time_or_tells_people_apart_has_no_expected_path(change, why):
    text = "name: x\nhorizon: 1 month\nattributes: {kind: {x: 50 %, y: 50 %}}\nchannels: {a: {batch: 10, enters: p}}\n"
    text += "journey: {p: {role: prospect, to: {c: 50 %, out: rest}}, c: customer, out: exit}"
    head, body = text.split("channels")
    with pytest.raises(ExperimentError, match=f"{why}.*use replicate"):
        expected_path(loads(head + "channels" + body.replace(*change, 1)))


def test_a_strategy_without_a_channel_expects_nobody_from_it():
    text = "name: x\nhorizon: 1 month\ncurrency: EUR\nchannels: {a: {batch: 10, cost_per_batch: 5, enters: p}, "
    text += "b: {batch: 4, cost_per_batch: 3, enters: p}}\njourney: {p: {role: prospect, to: {c: 50 %, out: rest}}, "
    text += "c: customer, out: exit}\nstrategies: {less: {without: [b]}}"
    assert expected_path(loads(text)).people == {"p": 14, "c": 7, "out": 7}
    assert expected_path(loads(text), strategies="less").people == {"p": 10, "c": 5, "out": 5}
    assert expected_path(loads(text), strategies="less").spend == 5
