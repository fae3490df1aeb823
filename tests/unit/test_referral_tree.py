"""Who brought whom: families worked by hand, and trees that reconcile with the accounts of their run."""

import numpy as np
import pandas as pd
import pytest

import flywheel_sim as fs
from flywheel_sim.analysis.referrals import charts as charts_referrals
from flywheel_sim.analysis.referrals.result import referral_tree, roots
from flywheel_sim.errors import ExperimentError, SimulationError
from flywheel_sim.experiment.replicate import Limits

#: Everything at fixed times: customers bring one friend after a month and another after two, and friends buy after
#: twelve days. Fees are paid on buying, so everybody's money is known.
FIXED = """
name: Clockwork
horizon: 4 months
follow: 4 months
currency: EUR
discount: 10 % per year
channels:
  start: {batch: 2, enters: club}
  friends: {enters: visitor}
journey:
  visitor: {role: prospect, after: 12 days, spend: {gift: 3}, to: {club: CHANCE, gone: rest}}
  club:
    role: customer
    on_entry: {earn: {fee: 100}}
    events: {tell: {after: [1 month, 2 months], refer: friends}}
  gone: exit
"""

BRANCHING = """
name: Branching
start: 2027-01-01
horizon: 36 months
currency: EUR
discount: 8 % per year
channels:
  ads: {rate: 15 per month, enters: visitor}
  base: {present: 20, enters: club}
  friends: {enters: visitor}
journey:
  visitor: {role: prospect, after: {exponential: 6 days}, to: {club: {chance: 30 %, spend: {reward: 15}}, gone: rest}}
  club:
    role: customer
    earn: {fee: 20 per month}
    spend: {service: 4 per month}
    events: {tell: {every: 0.15 per month, refer: friends}, leave: {after: 0.05 per month, to: gone}}
  gone: exit
strategies:
  telling: {}
  silent: {without: [tell]}
  closed: {without: [friends]}
"""


@pytest.fixture(scope="module")
def model():
    return fs.loads(BRANCHING)


@pytest.fixture(scope="module")
def tree(model):
    return referral_tree(model, strategies="telling", seed=3)


def clockwork(chance="100 %"):
    return referral_tree(fs.loads(FIXED.replace("CHANCE", chance)), seed=1)


def test_roots_are_found_through_all_generations():
    generation = np.array([0, 1, 0, 2, 1, 3, 2])
    parent = np.array([-1, 0, -1, 1, 2, 3, 4])
    assert roots(generation, parent).tolist() == [0, 0, 2, 0, 2, 0, 2]
    assert roots(np.array([], dtype=int), np.array([], dtype=int)).tolist() == []


def test_a_family_worked_by_hand():
    """In months: friends come at 1 and 2, theirs at 2.4, 3.4 and 3.4, and one of the next generation at 3.8.

    All but the last have bought by the end of the fourth month.
    """
    families = clockwork().frame()
    assert len(families) == 2
    month, wait = 365 / 12, 12
    bought = [month + wait, 2 * month + wait, 2 * (month + wait), *2 * [3 * month + 2 * wait]]
    assert max(bought) < 4 * month < 3 * (month + wait)
    for family in families.itertuples():
        assert (family.people, family.customers, family.generations) == (7, 6, 2)
        assert (family.revenue, family.cost, family.contribution) == (600, 5 * 3, 585)
        worth = 100 + sum(100 * 1.1 ** -(day / 365) for day in bought)
        assert family.lineage == pytest.approx(worth, rel=1e-6)


def test_where_nobody_buys_there_are_families_without_growth():
    tree = clockwork("0 %")
    assert tree.frame()["people"].tolist() == [3, 3]
    assert tree.frame()["customers"].tolist() == [1, 1]
    assert tree.referrers == 2
    assert np.isnan(tree.top_share(0.1))
    assert "Nobody whom a customer referred" in tree.answer()
    with pytest.raises(ExperimentError, match="no family to draw"):
        charts_referrals.referral_tree(tree)


def test_families_take_everybody_once_and_all_the_money(model, tree):
    people, families = tree.people(), tree.frame()
    run = fs.run(model, strategies="telling", seed=3, people=True)
    assert len(people) == len(run.people)
    alone = people[~people["root"].isin(families["root"])]
    assert (alone["generation"] == 0).all()
    assert not alone["customer"].any()
    assert families["people"].sum() + len(alone) == len(people)
    assert families["customers"].sum() == people["customer"].sum() == run["acquisitions"].mean + 20
    assert families["revenue"].sum() == pytest.approx(run["revenue"].mean, abs=0.01 * len(people))
    assert families["cost"].sum() == pytest.approx(run["spend"].mean, abs=0.01 * len(people))
    assert (people["generation"] > 0).sum() == run["referred"].mean


def test_a_root_is_the_end_of_the_chain_of_referrers(tree):
    people = tree.people().set_index("key")
    for key, person in people[people["generation"] >= 2].head(50).iterrows():
        at = key
        for _ in range(person["generation"]):
            at = people.loc[at, "referrer"]
        assert at == person["root"]
        assert people.loc[at, "referrer"] == ""


def test_what_people_brought_is_what_names_them_as_referrer(tree):
    people = tree.people()
    counted = people[people["referrer"] != ""].groupby("referrer")["customer"].agg(["size", "sum"])
    brought = people.set_index("key").loc[counted.index]
    assert (brought["brought"] == counted["size"]).all()
    assert (brought["brought_customers"] == counted["sum"]).all()
    assert tree.referrers == len(counted)
    assert tree.referred_customers == counted["sum"].sum()


def test_the_top_shares_are_those_of_a_list_in_order(tree):
    best = sorted(tree.people()["brought_customers"], reverse=True)
    tenth = -(-tree.referrers // 10)
    assert tree.top_share(0.1) == pytest.approx(100 * sum(best[:tenth]) / sum(best))
    assert tree.top_share(0.01) < tree.top_share(0.05) < tree.top_share(0.1) < tree.top_share(1) == 100
    for wrong in (0, -0.1, 1.1, float("nan")):
        with pytest.raises(ExperimentError, match=r"write share=0\.1"):
            tree.top_share(wrong)


def test_people_present_at_the_start_are_customers_without_a_lineage(tree):
    families = tree.frame()
    base = families[families["channel"] == "base"]
    assert len(base) == 20
    assert base["lineage"].isna().all()
    assert (base["customers"] >= 1).all()
    assert families.loc[families["channel"] == "ads", "lineage"].notna().all()


def test_the_biggest_are_in_order_of_what_is_asked(tree):
    for by in ("customers", "people", "lineage"):
        assert tree.biggest(5, by)[by].is_monotonic_decreasing
    assert tree.biggest(1)["customers"].item() == tree.frame()["customers"].max()
    with pytest.raises(ExperimentError, match="did you mean 'customers'"):
        tree.biggest(by="customer")
    with pytest.raises(ExperimentError, match="n is 0: it takes a whole number from 1"):
        tree.biggest(0)


def test_tables_handed_out_are_copies(tree):
    families, people = tree.frame(), tree.people()
    families["customers"], people["customer"] = 0, False
    assert tree.frame()["customers"].sum() == tree.people()["customer"].sum() > 0


def test_both_engines_give_the_same_tree(model, tree):
    other = referral_tree(model, strategies="telling", seed=3, engine="reference")
    pd.testing.assert_frame_equal(other.frame(), tree.frame())


def test_another_replication_is_another_tree(model, tree):
    assert not referral_tree(model, strategies="telling", seed=3, replication=1).frame().equals(tree.frame())


def test_a_journey_without_referrals_is_refused(model):
    with pytest.raises(ExperimentError, match="'closed' has no channel of referrals; write a channel without"):
        referral_tree(model, strategies="closed")
    lone = fs.loads("name: L\nhorizon: 1 month\nchannels: {a: {batch: 3, enters: s}}\njourney: {s: customer}")
    with pytest.raises(ExperimentError, match="'L' has no channel of referrals"):
        referral_tree(lone)
    assert referral_tree(model, strategies="silent", seed=3).referred_customers == 0


def test_a_limit_stops_the_run(model):
    with pytest.raises(ExperimentError, match="has no argument 'strategy'; write strategies="):
        referral_tree(model, strategy="telling")
    with pytest.raises(SimulationError, match="50"):
        referral_tree(model, strategies="telling", limits=Limits(max_people=50))


def test_the_answer_says_what_the_tables_do(tree):
    said = str(tree)
    assert f"{tree.referred_customers:,} of {int(tree.people()['customer'].sum()):,} customers" in said
    assert f"the top 10 % brought {tree.top_share(0.1):.0f} %" in said
    assert "no interval" in said
    assert "biggest family" in tree._repr_html_()


def test_the_picture_draws_each_customer_once_below_whom_they_hang_from(tree):
    chart = charts_referrals.referral_tree(tree, families=2)
    data = chart.data
    assert data["family"].nunique() == 2
    expected = tree.biggest(2)
    assert data.groupby("family")["customer"].sum().tolist() == expected["customers"].tolist()
    assert len(data) == expected["people"].sum()
    bought = data[data["customer"]]
    assert bought["row"].is_unique
    row = data.set_index("key")["row"]
    hung = bought[bought["referrer"] != ""]
    assert (hung["row"].to_numpy() > row[hung["referrer"]].to_numpy()).all()
    rings = data[~data["customer"] & (data["referrer"] != "")]
    assert (rings["row"].to_numpy() == row[rings["referrer"]].to_numpy()).all()
    assert chart.title == "The 2 largest families with 'telling'"


def test_links_cross_no_line_of_another_branch(tree):
    """A link runs down at the time its child comes; every row it passes begins later."""
    data = charts_referrals.referral_tree(tree).data
    born = data[data["customer"]].set_index("row")["born"]
    row = data.set_index("key")["row"]
    for child in data[data["customer"] & (data["referrer"] != "")].itertuples():
        passed = born[(born.index > row[child.referrer]) & (born.index < child.row)]
        assert (passed > child.born).all()


def test_a_picture_has_room_for_so_many_rows_and_at_least_one_family(tree):
    one = int(tree.biggest(1)["customers"].item())
    data = charts_referrals.referral_tree(tree, families=1000).data
    assert one <= data["row"].max() < max(charts_referrals.ROWS, one)


def test_the_chart_of_sizes_holds_the_families(tree):
    chart = charts_referrals.family_sizes(tree)
    sizes = tree.frame()["customers"]
    for line in chart.data.itertuples():
        assert line.families == (sizes >= line.customers).sum()
        assert line.share == pytest.approx(100 * line.families / (sizes > 0).sum())
        assert line.low <= line.share <= line.high
    assert chart.data["customers"].tolist() == sorted(set(sizes))


def test_charts_without_a_start_count_months():
    chart = charts_referrals.referral_tree(clockwork())
    assert chart.figure.axes[0].get_xlabel() == "Months since the start"
