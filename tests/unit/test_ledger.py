"""The ledger is whole numbers: stocks and person-time are exact sums of what came and went."""

from dataclasses import replace

import numpy as np
import pytest
from journeys import CLUB, club

from flywheel_sim.engine.by_plan import person_time, spend_by_plan
from flywheel_sim.engine.run import run_once
from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.units import DAY, MILLIONTHS, MONTH, WEEK
from flywheel_sim.ledger import (
    COHORT,
    FOLLOWED,
    GENERATION,
    GENERATIONS,
    MRR,
    ROLE_FLOWS,
    Layout,
    Ledger,
    stack,
)
from flywheel_sim.scenario.load import loads

EUR = MILLIONTHS


def brute_force(stays, ends):
    """Return stocks and person-time of stays [(from, to or None)], one stay and one period at a time."""
    stock, time = np.zeros(len(ends), dtype=np.int64), np.zeros(len(ends), dtype=np.int64)
    for period, end in enumerate(ends):
        begin = ends[period - 1] if period else 0
        for came, went in stays:
            until = ends[-1] if went is None else went
            time[period] += max(0, min(end, until) - max(begin, came))
            stock[period] += came < end and (went is None or went >= end)
    return stock, time


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("horizon", [12 * MONTH, 11 * MONTH + 12_345_678])
def test_person_time_is_that_of_every_stay_added_up(seed, horizon):
    rng = np.random.default_rng(seed)
    ends = np.minimum(np.arange(1, 13) * MONTH, horizon)
    came = rng.integers(0, horizon, size=200)
    came[:5] = [0, 0, MONTH, MONTH - 1, 3 * MONTH]
    went = [int(t) if (t := c + int(rng.exponential(2 * MONTH))) < horizon else None for c in came]
    delta, offset = np.zeros((2, 12), dtype=np.int64)
    for times, sign in ((came, 1), ([t for t in went if t is not None], -1)):
        for at in times:
            delta[at // MONTH] += sign
            offset[at // MONTH] += sign * (ends[at // MONTH] - at)
    stock, time = person_time(delta, offset, ends)
    exact_stock, exact_time = brute_force(list(zip(came.tolist(), went, strict=True)), ends)
    np.testing.assert_array_equal(time, exact_time)
    np.testing.assert_array_equal(stock, exact_stock)


def test_person_time_keeps_groups_and_stages_apart():
    rng = np.random.default_rng(0)
    delta, offset = rng.integers(0, 9, size=(2, 6, 3, 4))
    ends = np.arange(1, 7) * MONTH
    whole = person_time(delta, offset, ends)
    for group in range(3):
        for stage in range(4):
            one = person_time(delta[:, group, stage], offset[:, group, stage], ends)
            np.testing.assert_array_equal([w[:, group, stage] for w in whole], one)


@pytest.fixture(scope="module")
def ledgers():
    journey = loads(CLUB + "costs: {office: 250 per month}\n").journey()
    return [run_once(journey, 3, k).ledger for k in range(4)]


def test_stacked_runs_are_picked_out_as_they_went_in(ledgers):
    many = stack(ledgers)
    for name in Ledger.ARRAYS:
        assert getattr(many, name).shape == (4, *getattr(ledgers[0], name).shape)
        assert getattr(many, name).dtype == np.int64
    assert all(many.pick(k).equals(one) for k, one in enumerate(ledgers))
    assert many.pick(slice(1, 3)).equals(stack(ledgers[1:3]))
    assert many.pick(np.array([3, 0])).equals(stack([ledgers[3], ledgers[0]]))


#: Members who share a mood and a desk: no array of their ledger is empty.
SHARED = """
name: Desk
horizon: 2 months
currency: EUR
attributes:
  mood: {low: 50 %, high: rest}
  stars: {mean_of: mood, weights: {low: 0, high: 1}, among: customer, starts: 0}
channels: {street: {rate: 10 per month, enters: member}}
resources: {desk: {people: 1, cost: 10 per person per month}}
follow: 3 months
journey: {member: {role: customer, events: {served: {staff: desk, takes: 1 day, earn: {fee: 5}}}}}
"""


@pytest.mark.parametrize("name", Ledger.ARRAYS)
def test_ledgers_that_differ_in_one_number_are_not_equal(name):
    one, other = (stack([run_once(loads(SHARED).journey(), 3).ledger]) for _ in range(2))
    assert one.equals(other)
    getattr(other, name).flat[-1] += 1
    assert not one.equals(other)


def test_ledgers_of_different_layouts_are_not_equal(ledgers):
    other = run_once(loads(CLUB.replace("report_by: [plan]", "report_by: []")).journey(), 3).ledger
    assert not ledgers[0].equals(other)


def test_groups_are_channels_of_origin_times_the_levels_reported_by():
    text = CLUB.replace("report_by: [plan]", "report_by: [plan, mood]")
    text = text.replace("  plan: [basic, premium]", "  mood: {low: 30 %, high: 70 %}\n  plan: [basic, premium]")
    layout = Layout.of(loads(text).journey())
    channels = ("ads", "fair", "friends", "base")
    plans, moods = ("basic", "premium"), ("low", "high")
    assert layout.groups == tuple((c, p, m) for c in channels for p in plans for m in moods)
    assert [layout.channels[c] for c in layout.channel_of_group()] == [group[0] for group in layout.groups]


def test_without_report_by_the_groups_are_the_channels():
    layout = Layout.of(loads(CLUB.replace("report_by: [plan]", "report_by: []")).journey())
    assert layout.groups == (("ads",), ("fair",), ("friends",), ("base",))


def test_grouping_changes_no_total(ledgers):
    plain = run_once(loads(CLUB.replace("report_by: [plan]", "report_by: []")).journey(), 3).ledger
    np.testing.assert_array_equal(ledgers[0].flow.sum(axis=1), plain.flow.sum(axis=1))
    np.testing.assert_array_equal(ledgers[0].time.sum(axis=1), plain.time.sum(axis=1))
    np.testing.assert_array_equal(ledgers[0].stock.sum(axis=1), plain.stock.sum(axis=1))


def test_people_are_counted_in_the_group_they_are_in(ledgers):
    premium = [i for i, group in enumerate(ledgers[0].layout.groups) if group[1] == "premium"]
    arrived = ledgers[0].layout.role_flow("arrived")
    assert ledgers[0].flow[:, premium, arrived].sum() == 0
    assert ledgers[0].stock[-1, premium].sum() > 0


def test_the_layout_names_every_axis(ledgers):
    one = ledgers[0]
    layout = one.layout
    groups = len(layout.groups)
    assert one.flow.shape == (12, groups, len(layout.flows))
    assert len(layout.flows) == len(layout.targets)
    assert one.money.shape == (12, groups, len(layout.lines))
    assert one.channel_spend.shape == (12, len(layout.channels))
    assert one.stock.shape == one.time.shape == (12, groups, len(layout.stages))
    assert one.costs.shape == (12, len(layout.costs)) == (12, 1)
    assert one.mrr.shape == (12, groups, len(MRR))
    assert one.unfinished.shape == (len(layout.stages),)
    assert one.cohort.shape == (12, 12, len(COHORT))
    assert one.followed.shape == (5, groups, len(FOLLOWED))
    assert one.generation.shape == (GENERATIONS, len(GENERATION))
    assert layout.flows[: len(ROLE_FLOWS)] == tuple(("", "", name) for name in ROLE_FLOWS)
    assert ("spend", "support", "service") in layout.lines
    assert ("earn", "club", "") in layout.lines
    assert layout.stages_of("prospect", "lapsed") == [0, 1, 3]


SETS = """
name: Sets
horizon: 100 days
currency: EUR
channels:
  ads: {spend: 100 per month, cost_per_arrival: 10, enters: lead, until: 2 months}
  fair: {batch: 3, every: 1 month, cost_per_batch: 50, enters: lead}
costs: {office: 30 per month}
while:
  listed: {in: [lead, client], events: {mail: {every: 1 week, spend: {post: 1}, to: {stay: 90 %, client: rest}}}}
journey:
  lead: {role: prospect, after: 1 month, to: client}
  client: customer
"""


def test_an_event_of_a_set_has_a_flow_for_each_stage_and_a_line_for_each_kind_of_spend():
    layout = Layout.of(loads(SETS).journey())
    of_set = [(flow, to) for flow, to in zip(layout.flows, layout.targets, strict=True) if flow[1] == "listed.mail"]
    stays = [(("lead", "listed.mail", "stay"), ""), (("client", "listed.mail", "stay"), "")]
    assert sorted(of_set) == sorted(
        [*stays, (("lead", "listed.mail", "client"), "client"), (("client", "listed.mail", "client"), "client")]
    )
    assert layout.lines == (("spend", "post", "acquisition"), ("spend", "post", "service"))
    assert layout.costs == (("office", "overhead"),)


def test_what_is_spent_whoever_comes_ends_with_the_channel_and_is_rounded_once_a_period():
    journey = loads(SETS).journey()
    channels, costs = spend_by_plan(journey, Layout.of(journey))
    assert channels.T.tolist() == [[100 * EUR, 100 * EUR, 0, 0], [50 * EUR] * 4]
    last = round(30 * EUR * 100 * 24 * 3_600_000 / MONTH)
    assert costs.T.tolist() == [[30 * EUR] * 3 + [last - 90 * EUR]]


def test_the_last_period_ends_at_the_horizon():
    layout = Layout.of(club(horizon="345 days").journey())
    assert layout.period_ends[-1] == 345 * 24 * 3_600_000
    assert layout.periods == 12


@pytest.mark.parametrize(("period", "length"), [("day", DAY), ("week", WEEK)])
@pytest.mark.parametrize("horizon", [100 * DAY, 13 * MONTH, 7 * 365 * DAY + 3 * DAY])
def test_fine_books_end_at_days_or_weeks_and_at_months(period, length, horizon):
    layout = replace(Layout.of(club(horizon="3 months").journey()), horizon=horizon, period=period)
    ends = layout.period_ends.tolist()
    whole = {k * n for n in (length, MONTH) for k in range(1, horizon // n + 1)} | {horizon}
    assert ends == sorted(end for end in whole if end <= horizon)
    for index, (begin, end) in enumerate(zip([0, *ends], ends, strict=False)):
        assert layout.period_at(begin) == layout.period_at(end - 1) == index


def test_fine_books_joined_are_those_of_months_and_days():
    fine = run_once(replace(club().journey(), period="day"), 1).ledger
    plain = run_once(club().journey(), 1).ledger
    by_month = fine.by("month")
    assert by_month.layout.periods == plain.layout.periods
    for name in Ledger.ARRAYS:
        joined, wanted = getattr(by_month, name), getattr(plain, name)
        if name in ("money", "channel_spend", "costs"):  # what accrues is rounded in each period
            np.testing.assert_allclose(joined, wanted, atol=fine.layout.periods)
        else:
            np.testing.assert_array_equal(joined, wanted, err_msg=name)
    by_day = fine.by("day")
    assert by_day.layout.periods == -(-fine.layout.horizon // DAY)
    assert by_day.flow.sum() == plain.flow.sum()
    np.testing.assert_array_equal(by_day.stock[-1], plain.stock[-1])
    with pytest.raises(ExperimentError, match="write period: day"):
        plain.by("day")
