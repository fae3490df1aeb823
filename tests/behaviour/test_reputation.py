"""The shipped reputation: what customers say decides who buys, a bad start costs, and ignoring it misleads."""

import numpy as np
import pytest

import flywheel_sim as fs

#: Spend on search ads of the flywheel that costs as much as the funnel, near enough for a test: it need not be solved.
SPEND = 6970.0


@pytest.fixture(scope="module")
def model():
    return fs.load("reputation").at_spend("flywheel", SPEND)


@pytest.fixture(scope="module")
def duel(model):
    return fs.compare(model, replications=16, seed=1)


@pytest.fixture(scope="module")
def unread(model):
    """Return the same strategies where nobody reads reviews, so that nobody depends on anybody."""
    return fs.compare(model.with_(reads_reviews="0 %"), replications=16, seed=1)


def test_94_percent_read_reviews(model):
    people = fs.run(model, strategies="funnel", seed=1, people=True).people
    readers = people[people.channel == "search_ads"].reads == "reads"
    assert len(readers) > 15_000
    assert abs(readers.mean() - 0.94) < 4 * np.sqrt(0.94 * 0.06 / len(readers))


def test_bad_news_weighs_twice_as_much_as_good(model):
    (stars,) = model.journey("funnel").shared
    assert [weight / stars.scale for weight in stars.weights] == [-2, 1, 0]
    levels = next(a for a in model.journey("funnel").attributes if a.name == "satisfaction").levels
    assert levels == ("unhappy", "happy", "neutral")


def test_bad_stars_cost_more_readers_than_good_ones_bring(model):
    rate = model.at("rates.convinced.by.reads.reads.by.stars", "funnel")
    chances = [float(str(value).rstrip(" %")) for value in rate.values()]
    assert chances == sorted(chances)
    assert (18 - chances[0], chances[-1] - 18) == (14, 6)


@pytest.mark.parametrize(("strategy", "unhappy"), [("funnel", 0.22), ("flywheel", 0.12)])
def test_the_first_customers_give_the_stars_that_their_moods_weigh(model, strategy, unhappy):
    runs = fs.replicate(model.with_(horizon="1 day"), strategies=strategy, replications=400, seed=5)
    stars = runs.values("shared.stars")
    expected = -2 * unhappy + 1 * 0.35
    sd = np.sqrt((4 * unhappy + 0.35 - expected**2) / 120)
    assert stars.std() == pytest.approx(sd, rel=0.2)
    assert abs(stars.mean() - expected) < 4 * sd / np.sqrt(400) + 0.004  # a day of wear and renewals is in it


def test_a_bad_start_is_at_the_bottom_of_the_scale(model):
    runs = fs.replicate(model.with_(horizon="1 hour"), strategies="bad_start", replications=4, seed=5)
    assert (runs.values("shared.stars") < -1.95).all()


def test_a_bad_start_costs_customers_although_it_heals(duel):
    lost = duel.difference("acquisitions", of="bad_start")
    assert -500 < lost.low < lost.high < -300
    assert duel.difference("profit", of="bad_start").high < -100_000
    end = duel.difference("shared.stars", of="bad_start")
    assert abs(end.mean) < 0.05
    first = duel["bad_start"].series("acquisitions")[:, :3].mean() / duel["funnel"].series("acquisitions")[:, :3].mean()
    assert first < 0.5


def test_the_spiral_few_newcomers_outweigh_those_who_complain(duel, unread):
    """Where nobody reads, newcomers dilute the bad start sooner: what stars do to sales keeps the stars down."""
    read, blind = (one["bad_start"].series("shared.stars").mean(axis=0) for one in (duel, unread))
    assert (read[1:8] < blind[1:8] - 0.1).all()


def test_better_service_pays_through_what_customers_say(duel):
    assert duel.difference("shared.stars", of="flywheel").low > 0.25
    assert duel.difference("conversion", of="flywheel").low > 4
    assert duel.difference("profit", of="flywheel").low > 50_000
    assert abs(duel.spend_gap(of="flywheel")) < 0.03


def test_ignoring_reviews_turns_the_verdict_round(duel, unread):
    assert duel.difference("profit", of="flywheel").low > 0 > unread.difference("profit", of="flywheel").high
    assert unread["funnel"]["conversion"].mean == pytest.approx(18, abs=0.3)
    assert unread["funnel"]["profit"].mean > 1.5 * duel["funnel"]["profit"].mean


def test_where_nobody_reads_a_bad_start_costs_no_sale(unread):
    lost = unread.difference("acquisitions", of="bad_start")
    assert (lost.mean, lost.low, lost.high) == (0, 0, 0)
