"""Plans: journeys under names, each run once, all on the same people with the same luck."""

import numpy as np
import pytest
from journeys import COINS, club

from flywheel_sim.experiment.plan import Plan
from flywheel_sim.experiment.replicate import replicate
from flywheel_sim.experiment.running import RunOptions
from flywheel_sim.scenario.load import loads

ONE = RunOptions(workers=1)


@pytest.fixture
def plan():
    built = Plan(None)
    built.add("quiet", club().journey("quiet"))
    built.add("loud", club().journey("loud"))
    built.share("as before", "quiet")
    return built


def revenue(runs):
    return runs.values("revenue")


def test_a_plan_gives_the_figures_of_replications(plan):
    revenues, _ = plan.run(3, ONE, revenue)
    for name in ("quiet", "loud"):
        alone = replicate(club(), strategies=name, replications=3, workers=1)
        np.testing.assert_array_equal(revenues[name], alone.values("revenue"))


def test_what_stands_under_two_names_is_run_once(plan):
    assert len(plan.jobs) == 2
    revenues, _ = plan.run(2, ONE, revenue)
    assert revenues["as before"] is revenues["quiet"]


def test_whole_runs_come_in_the_order_asked_for_and_no_others(plan):
    _, kept = plan.run(2, ONE, revenue, ["loud", "as before"])
    assert list(kept) == ["loud", "as before"]
    assert [runs.source.strategy for runs in kept.values()] == ["loud", "quiet"]


def test_a_seed_that_is_given_is_that_of_every_journey(plan):
    own, given = Plan(None), Plan(41)
    for one in (own, given):
        one.add("coins", loads(COINS).journey())
    assert [job.seed for job in (*own.jobs, *given.jobs)] == [loads(COINS).journey().seed, 41]
