"""Growth of customers and losses by stage: defined once, and equal to the ledger to the person."""

import numpy as np
import pytest
from hand import books, journey, ledger, runs
from journeys import club

import flywheel_sim as fs
from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.units import MONTH
from flywheel_sim.metrics.growth import active_customers, customer_months
from flywheel_sim.metrics.momentum import losing_flows, losing_stages, net_growth, opening

CASES = [("subscription", "funnel"), ("b2b_pipeline", "today"), ("reputation", "bad_start"), ("ad_campaign", None)]


@pytest.fixture(scope="module", params=[None, *CASES], ids=lambda case: case[0] if case else "club")
def many(request):
    """Return replications of a journey; the club has people there at the start, set aside and won back."""
    if request.param is None:
        return fs.replicate(club(warm_up="2 months"), replications=4)
    return fs.replicate(fs.load(request.param[0]), strategies=request.param[1], replications=3, seed=4)


def test_customers_at_the_end_are_those_at_the_beginning_and_the_net_growth(many):
    book = many.books
    np.testing.assert_array_equal(opening(book) + net_growth(book), active_customers(book))
    np.testing.assert_array_equal(opening(book)[:, 1:], active_customers(book)[:, :-1])
    start = opening(book)[:, book.warm_up]
    np.testing.assert_array_equal(start + many.values("net_growth"), many.values("active_customers"))


def test_losses_of_all_customer_stages_are_the_churned(many):
    layout = many.ledger.layout
    lost = sum(many.values(f"lost.{layout.stages[i]}") for i in layout.stages_of("customer"))
    np.testing.assert_array_equal(lost, many.values("churned"))


def test_growth_rate_is_net_growth_per_customer_month(many):
    lived = many.books.over(customer_months(many.books))
    np.testing.assert_allclose(many.values("growth_rate"), 100 * many.values("net_growth") / lived)


def test_a_warm_up_is_left_out():
    warm, whole = (fs.replicate(club(**v), replications=3) for v in ({"warm_up": "3 months"}, {}))
    for name in ("net_growth", "lost.member", "lost.trial"):
        np.testing.assert_array_equal(warm.values(name), whole.series(name)[:, 3:].sum(axis=1))


def test_those_present_as_customers_open_the_first_month_and_are_no_growth():
    made = journey()
    held = ledger(made)
    base = [i for i, group in enumerate(held.layout.groups) if group[0] == "base"]
    held.flow[:, 0, base, held.layout.role_flow("present")] = 7
    held.flow[:, 0, 0, held.layout.role_flow("present")] = 100  # prospects there at the start
    assert opening(books(made, held))[0, 0] == 7 * len(base)
    assert net_growth(books(made, held)).sum() == 0


def test_what_counts_as_lost_from_where():
    made = journey()
    layout = ledger(made).layout
    known = {layout.flows[index] for index in losing_flows(books(made, ledger(made)))}
    assert known == {("lead", "decide", "unfit"), ("club", "renewal", "past")}
    assert losing_stages(books(made, ledger(made))) == ["lead", "club"]


def test_a_loss_is_counted_by_its_stage_alone():
    made = journey(months=3.0)
    held = ledger(made, 2)
    flows = held.layout.flows
    held.flow[:, 1, 2, flows.index(("lead", "decide", "unfit"))] = [5, 9]
    held.flow[:, 2, 3, flows.index(("club", "renewal", "past"))] = [3, 1]
    held.flow[:, 2, 3, flows.index(("lead", "decide", "club"))] = 50
    held.flow[:, 2, 3, flows.index(("past", "back", "club"))] = 50
    members = runs(made, held)
    assert members.values("lost.lead").tolist() == [5, 9]
    assert members.values("lost.club").tolist() == [3, 1]
    assert members.unit("lost.club") == "people"


def test_a_customer_who_becomes_a_prospect_is_lost_but_no_prospect_who_buys():
    text = """
name: Back and forth
horizon: 6 months
channels: {gate: {rate: 60 per month, enters: guest}}
journey:
  guest: {role: prospect, after: {exponential: 10 days}, to: {buyer: 50 %, gone: rest}}
  buyer: {role: customer, after: {exponential: 20 days}, to: guest}
  gone: exit
"""
    members = fs.replicate(fs.loads(text), replications=3)
    np.testing.assert_array_equal(members.values("lost.buyer"), members.values("churned"))
    gone = members.values("entered.gone")
    np.testing.assert_array_equal(members.values("lost.guest"), gone)
    assert gone.all()


@pytest.mark.parametrize(("wrong", "near"), [("lost.traial", "lost.trial"), ("net_groth", "net_growth")])
def test_a_name_nearly_right_is_answered(wrong, near):
    with pytest.raises(ExperimentError, match=f"'{wrong}' is no metric of this journey; .*'{near}'"):
        fs.run(club())[wrong]


@pytest.mark.parametrize("stage", ["lapsed", "unfit", "lost"])
def test_nobody_is_lost_a_second_time(stage):
    with pytest.raises(ExperimentError, match="no metric"):
        fs.run(club())[f"lost.{stage}"]


def test_they_split_by_channel_and_add_up():
    members = fs.replicate(club(), replications=3)
    table = members.by("channel", "net_growth", "growth_rate", "lost.member")
    for name in ("net_growth", "lost.member"):
        assert table[name, "mean"].sum() == pytest.approx(members[name].mean)
    with pytest.raises(ExperimentError, match="'net_growth' cannot be split by 'plan'"):
        members.by("plan", "net_growth")


def test_a_partial_month_has_its_own_length():
    members = fs.run(club(horizon="75 days", follow="1 month"))
    assert members.journey.horizon % MONTH
    book = members.books
    assert net_growth(book)[:, -1].any()
    np.testing.assert_array_equal(opening(book) + net_growth(book), active_customers(book))
