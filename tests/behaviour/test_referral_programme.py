"""The shipped referral programme: who is paid what, what fades, who stays longer, and when it beats ads."""

import numpy as np
import pandas as pd
import pytest

import flywheel_sim as fs
from flywheel_sim.analysis.referrals.result import referral_tree
from flywheel_sim.errors import ExperimentError

#: Spends on ads at which each strategy costs as much as `none`, near enough for a test: they need not be solved.
SPEND = {"programme": 4080.0, "generous": 3660.0, "no_fading": 4030.0}
REWARD = 15
#: Single runs in which people are followed one by one.
RUNS = 6


@pytest.fixture(scope="module")
def model():
    model = fs.load("referral_programme")
    for strategy, spend in SPEND.items():
        model = model.at_spend(strategy, spend)
    return model


@pytest.fixture(scope="module")
def four(model):
    return fs.compare(model, replications=24, seed=1)


@pytest.fixture(scope="module")
def trees(model):
    return [referral_tree(model, strategies="programme", replication=number, seed=1) for number in range(RUNS)]


@pytest.fixture(scope="module")
def tree(trees):
    return trees[0]


@pytest.fixture(scope="module")
def friends(trees):
    """Return the referred people of all trees, with when their referrer left (months, infinite if never)."""
    parts = []
    for tree in trees:
        people = tree.people().set_index("key", drop=False)
        referred = people[people["generation"] > 0].copy()
        parts.append(referred.assign(left=people.loc[referred["referrer"], "churned"].fillna(np.inf).to_numpy()))
    return pd.concat(parts, ignore_index=True)


def test_both_sides_are_paid_when_a_friend_has_bought_and_nobody_for_strangers(tree, friends):
    """Both rewards are booked on the friend's purchase; the referrer's only while they are a customer."""
    assert (friends.loc[~friends["customer"], "cost"] == 0).all()
    bought = friends[friends["customer"]]
    there = bought["left"] > bought["acquired"]
    assert (bought.loc[there, "cost"] == 2 * REWARD).all()
    assert (bought.loc[~there, "cost"] == REWARD).all()
    assert 0 < (~there).sum() < 0.1 * len(bought)
    people = tree.people()
    assert (people.loc[people["generation"] == 0, "cost"] == 0).all()


def test_rewards_are_acquisition_spend_and_so_in_cac_and_not_in_lifetime_value(four):
    for name in four.names:
        runs = four[name]
        assert runs["service_spend"].mean == 0
        assert runs["acquisition_spend"].mean == runs["spend"].mean
    assert four["none"]["spend.thanks"].mean == four["none"]["spend.welcome"].mean == 0
    paid = four["programme"].by("channel", "acquisition_spend")[("acquisition_spend", "mean")]
    rewards = sum(four["programme"][f"spend.{line}"].mean for line in ("thanks", "welcome"))
    assert paid["friends"] == pytest.approx(rewards)


@pytest.mark.parametrize(("strategy", "chance"), [("none", 0.24), ("programme", 0.28)])
def test_friends_buy_more_often_than_strangers(model, trees, strategy, chance):
    """Of people who came a month before the end or earlier: the minds of all but one in 150 are made up."""
    own = strategy == "programme"
    made = trees if own else [referral_tree(model, strategies=strategy, replication=r) for r in range(RUNS)]
    people = pd.concat([tree.people() for tree in made])
    for channel, exact in (("ads", 0.10), ("friends", chance)):
        came = people[(people["channel"] == channel) & (people["born"] < 47)]
        error = np.sqrt(exact * (1 - exact) / len(came))
        assert abs(came["customer"].mean() - exact) < 4 * error + exact / 150
        assert error < 0.006


@pytest.mark.parametrize(("strategy", "fading"), [("programme", (1, 0.8, 0.6, 0.5)), ("no_fading", (1, 1, 1, 1))])
def test_generations_invite_less_and_less(model, strategy, fading):
    """Invitations per month as a customer who has settled in, against the rate times the generation's factor."""
    journey = model.journey(strategy)
    invited, months = np.zeros(4), np.zeros(4)
    for replication in range(RUNS):
        run = fs.run(model, strategies=strategy, seed=3, replication=replication, people=True, events=True)
        people = run.people.set_index("key")
        people["until"] = people["churned"].where(people["churned"] >= 0, journey.horizon)
        log = run.events[run.events["event"].isin(["newcomer", "invite"])]
        generation = people.loc[log["person"], "generation"].clip(upper=3).to_numpy()
        settled = (log["event"] == "newcomer").to_numpy() & (log["to"] == "client").to_numpy()
        left = people.loc[log["person"], "until"].to_numpy() - log["time"].to_numpy()
        invited += np.bincount(generation[(log["event"] == "invite").to_numpy()], minlength=4)[:4]
        months += np.bincount(generation[settled], weights=left[settled], minlength=4)[:4] / (365 * 86_400_000 / 12)
    rates = invited / months
    exact = 0.12 * np.array(fading)
    # Invitations of a person vary by their own rate, SD sqrt(2) times the mean, over lives of about twenty months.
    error = exact * np.sqrt(1 / (exact * months) + 2 * 2 / (months / 15))
    assert (np.abs(rates - exact) < 4 * error).all()
    assert (error[:3] < 0.12 * exact[:3]).all()


def test_friends_stay_longer_while_their_referrer_does(friends):
    """Losses per month: 0.0375 while the referrer is there, 0.05 from then on."""
    bought = friends[friends["customer"]]
    until = bought["churned"].fillna(48)
    with_ = (np.minimum(until, bought["left"]) - bought["acquired"]).clip(lower=0)
    alone = (until - np.maximum(bought["acquired"], bought["left"])).clip(lower=0)
    lost = bought["churned"].notna()
    for months, losses, exact in (
        (with_.sum(), (lost & (until < bought["left"])).sum(), 0.0375),
        (alone.sum(), (lost & (until > bought["left"])).sum(), 0.05),
    ):
        assert abs(losses / months - exact) < 4 * np.sqrt(exact / months)
        assert 4 * np.sqrt(exact / months) < 0.008


def test_friends_bring_a_tenth_more_in_their_first_year(tree):
    people = tree.people()
    bought = people[people["customer"]]
    age = bought["churned"].fillna(48) - bought["acquired"]
    exact = 20 * age + np.where(bought["channel"] == "friends", 2, 0) * age.clip(upper=12)
    assert (bought["revenue"] - exact).abs().max() < 0.05


def test_without_the_programme_friends_come_all_the_same(four):
    """Crediting the programme with every customer that a customer brought more than doubles what it brings."""
    brought = {n: four[n].values("generation_share") * four[n].values("acquisitions") / 100 for n in four.names}
    assert brought["none"].mean() > 0.3 * brought["programme"].mean()
    assert brought["programme"].mean() - brought["none"].mean() > 2 * four.difference("acquisitions", "programme").mean
    assert 11 < four["none"]["generation_share"].mean < 15
    assert 31 < four["programme"]["generation_share"].mean < 37


def test_the_programme_beats_ads_in_the_third_year_and_not_before(four):
    assert abs(four.spend_gap(of="programme")) < 0.01
    profit = four.difference("profit", of="programme")
    assert 20_000 < profit.low < profit.high < 45_000
    early = four.difference_series("profit", True, "programme", "none")
    assert early[:, 11].mean() < 0
    crossing = four.crossover("profit", "programme", "none")
    assert 28 <= crossing.month <= 38


@pytest.mark.parametrize(("months", "ads", "low", "high"), [(12, 4446, -4_000, -1_500), (24, 4295, -5_000, 0)])
def test_a_plan_for_a_year_or_two_is_better_off_with_ads(model, months, ads, low, high):
    short = model.with_(horizon=f"{months} months").at_spend("programme", ads)
    duel = fs.compare(short, strategies=["none", "programme"], replications=24, seed=1)
    assert abs(duel.spend_gap(of="programme")) < 0.01
    profit = duel.difference("profit", of="programme")
    assert low < profit.low < profit.high < high


def test_lineage_value_shows_what_lifetime_value_hides(four):
    """The programme adds little to what a customer brings by themselves, and a quarter to what their line does."""
    own, line = (four.difference(name, of="programme") for name in ("clv", "lineage_value"))
    assert 3 < own.low < own.high < 9
    assert 60 < line.low < line.high < 80
    assert 0.38 < four["programme"]["k_factor"].mean < 0.47


def test_fading_costs_little_where_few_generations_fit(four):
    gap = four.difference("profit", "no_fading", "programme")
    assert 5_000 < gap.low < gap.high < 15_000


def test_a_reward_that_is_twice_as_large_has_to_bring_almost_twice_as_many(model, four):
    """At 30 a side on the same budget nothing is gained unless 0.12 invitations a month become more than 0.18."""
    assert four.difference("profit", "generous", "none").high < 0
    keen = model.with_(invites="0.18 per month").at_spend("generous", 3165.0)
    values = fs.replicate(keen, strategies="generous", replications=24, seed=1)
    assert values["spend"].mean == pytest.approx(240_000, rel=0.03)
    gap = values.values("profit") - four["programme"].values("profit")
    assert gap.mean() + 3 * gap.std() / np.sqrt(24) < 0


def test_few_bring_most(trees):
    """Of those who brought anybody the top tenth brought 43.8 %, the top hundredth 9.3 %."""
    for share, exact, sd in ((0.1, 43.8, 1.8), (0.01, 9.3, 1.1)):
        share_held = np.mean([tree.top_share(share) for tree in trees])
        assert abs(share_held - exact) < 4 * sd / np.sqrt(RUNS)


def test_a_tree_of_an_unknown_strategy_is_refused(model):
    with pytest.raises((ExperimentError, fs.ConfigError), match="programme"):
        referral_tree(model, strategies="program")
