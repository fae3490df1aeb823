"""Channels and costs over time: plans by calendar, month and file, batches from a file, dated costs, people counted."""

import datetime as dt

import pytest

import flywheel_sim as fs
from flywheel_sim.engine.by_plan import spend_by_plan
from flywheel_sim.engine.run import run_once
from flywheel_sim.journey.dates import offset
from flywheel_sim.journey.units import DAY, MILLIONTHS, MONTH
from flywheel_sim.ledger import Layout

PLAN = "from,ads,rate\n2027-01-01,12000,30\n\n2027-07-01,9000,0\n2028-01-01,14000,60\n"
FILE = """
name: Planned
start: 2027-01-01
horizon: 36 months
currency: EUR
channels:
  ads: {spend: {file: media_plan.csv, column: ads, unit: per month}, cost_per_arrival: 60, enters: trial}
  other: {enters: trial, rate: 1 per month}
journey:
  trial: {role: prospect, after: 3 days, to: gone}
  gone: exit
strategies:
  half: {spend: {ads: 5000 per month}}
  same: {spend: {ads: matched}}
  base: {}
reference: base
"""


@pytest.fixture
def planned(tmp_path):
    """Return what loads a journey that stands beside a plan."""
    (tmp_path / "media_plan.csv").write_text(PLAN, encoding="utf-8")
    (tmp_path / "openings.csv").write_text(
        '\ufeff"day",people\n2026-12-31,5\n2027-01-01,3\n2027-02-15,0\n2027-03-01,7\n2040-01-01,9\n', encoding="utf-8"
    )

    def load(text=FILE, name="journey.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return fs.load(tmp_path / name)

    return load


def spent(journey, channel="ads"):
    """Return what a channel spends in each month by plan, in the currency."""
    at = [listed.name for listed in journey.channels].index(channel)
    return [paid / MILLIONTHS for paid in spend_by_plan(journey, Layout.of(journey))[0][:, at].tolist()]


def test_a_plan_from_a_file_is_spent_row_by_row_over_36_months(planned):
    journey = planned().journey()
    assert spent(journey) == [12_000] * 6 + [9_000] * 6 + [14_000] * 24
    ads = journey.channels[0]
    assert ads.rate.over[0].bounds == (6 * MONTH, 12 * MONTH)
    assert [cell * MONTH for cell in ads.rate.cells] == pytest.approx([200, 150, 14_000 / 60])


def test_a_bare_figure_over_a_plan_is_its_mean_per_month_and_keeps_its_shape(planned):
    model = planned()
    mean = (6 * 12_000 + 6 * 9_000 + 24 * 14_000) / 36
    halved = spent(model.journey("half"))
    assert sum(halved) / 36 == pytest.approx(5_000, rel=1e-9)
    assert halved[0] == pytest.approx(12_000 * 5_000 / mean, abs=1e-5)
    assert halved[8] / halved[0] == pytest.approx(0.75)
    set_in_code = model.with_(**{"channels.ads.spend": 5_000}).journey()
    assert spent(set_in_code) == halved
    solved = model.at_spend("same", 6_000.0).journey("same")
    assert sum(spent(solved)) / 36 == pytest.approx(6_000, rel=1e-9)
    assert model.journey("base").fingerprint != model.journey("half").fingerprint


def test_a_plan_is_in_the_fingerprint(planned, tmp_path):
    before = planned().journey().fingerprint
    (tmp_path / "media_plan.csv").write_text(PLAN.replace("14000", "14001"), encoding="utf-8")
    assert planned().journey().fingerprint != before


def test_a_plan_holds_from_its_last_row_before_the_start_and_what_never_holds_is_said(planned):
    late = planned(FILE.replace("start: 2027-01-01", "start: 2027-09-15").replace("36 months", "12 months"))
    journey = late.journey()
    months = spent(journey)
    assert months[0] == 9_000
    assert months[-1] == 14_000
    bound = offset(dt.date(2028, 1, 1), dt.date(2027, 9, 15))
    assert journey.channels[0].rate.over[0].bounds == (bound,)
    (note,) = [str(note) for note in journey.notes]
    assert "1 of 3 rows of media_plan.csv lie outside the run" in note
    early = planned(FILE.replace("start: 2027-01-01", "start: 2026-11-01")).journey()
    assert spent(early)[:3] == [0, 0, 12_000]


def test_a_rate_may_follow_a_file_and_a_price_the_calendar_and_the_month(planned):
    text = FILE.replace(
        "rate: 1 per month",
        "rate: {file: media_plan.csv, column: rate, unit: per month}, "
        "cost_per_arrival: {value: 2, by: {calendar: {6 months: 3}}, times: {month: {dec: 2}}}",
    )
    journey = planned(text).journey()
    other = journey.channels[1]
    assert [cell * MONTH for cell in other.rate.cells] == pytest.approx([30, 0, 60])
    for engine in ("kernel", "reference"):
        ledger = run_once(journey, 3, engine=engine).ledger
        paid = ledger.channel_spend[:, 1] / MILLIONTHS
        came = ledger.flow[:, 1, 0]
        assert paid[:6].tolist() == (2 * came[:6]).tolist()
        assert came[6:12].sum() == 0
        assert paid[12:23].tolist() == (3 * came[12:23]).tolist()
        assert paid[23] == 6 * came[23] > 0


@pytest.mark.parametrize("begin", ["from: 3 months", "from: 2027-04-01"])
def test_a_channel_begins_and_ends(planned, begin):
    text = FILE.replace(
        "{enters: trial, rate: 1 per month}", f"{{enters: trial, rate: 200 per month, {begin}, until: 9 months}}"
    )
    journey = planned(text).journey()
    assert journey.channels[1].starts == 3 * MONTH
    for engine in ("kernel", "reference"):
        came = run_once(journey, 1, engine=engine).ledger.flow[:, 1, 0]
        assert (came > 0).tolist() == [False] * 3 + [True] * 6 + [False] * 27
    spends = FILE.replace("cost_per_arrival: 60,", "cost_per_arrival: 60, from: 3 months, until: 9 months,")
    assert spent(planned(spends).journey()) == [0] * 3 + [12_000] * 3 + [9_000] * 3 + [0] * 27
    model = planned(spends)
    assert sum(spent(model.journey("half"))) == pytest.approx(6 * 5_000), (
        "the mean is of the time the channel is active"
    )


def test_spend_by_the_month_of_the_year_comes_again_each_year(planned):
    text = FILE.replace(
        "{file: media_plan.csv, column: ads, unit: per month}",
        "{value: 1000 per month, by: {month: {dec: 4000 per month, jan: 0 per month}}}",
    )
    months = spent(planned(text).journey())
    assert months == [0, *[1_000] * 10, 4_000] * 3


def test_batches_from_a_file_come_on_their_dates(planned):
    text = FILE.replace(
        "{enters: trial, rate: 1 per month}",
        "{enters: trial, batch: {file: openings.csv, column: people}, cost_per_batch: 20}",
    )
    journey = planned(text).journey()
    other = journey.channels[1]
    assert other.times == (0, offset(dt.date(2027, 2, 15), dt.date(2027, 1, 1)), 2 * MONTH)
    assert other.counts == (3, 0, 7)
    assert any("2 of 5 batches in openings.csv" in str(word) for word in journey.notes)
    for engine in ("kernel", "reference"):
        ledger = run_once(journey, 1, engine=engine).ledger
        assert ledger.flow[:3, 1, 0].tolist() == [3, 0, 7]
        assert (ledger.channel_spend[:3, 1] / MILLIONTHS).tolist() == [20, 20, 20]


def test_batches_begin_with_their_channel(planned):
    text = FILE.replace(
        "{enters: trial, rate: 1 per month}",
        "{enters: trial, batch: 5, every: 2 months, from: 1 month, until: 6 months}",
    )
    assert planned(text).journey().channels[1].times == (MONTH, 3 * MONTH, 5 * MONTH)


def test_costs_on_dates_are_paid_whole(planned):
    text = FILE + "costs: {launch: {amount: 1500.5, on: [2027-06-01, 3 months, 2031-01-01]}, rent: 100 per month}\n"
    journey = planned(text).journey()
    launch = journey.costs[0]
    assert (launch.kind, launch.amount, launch.times) == ("overhead", 1_500_500_000, (3 * MONTH, 5 * MONTH))
    _, costs = spend_by_plan(journey, Layout.of(journey))
    assert [month for month, paid in enumerate(costs[:, 0].tolist()) if paid] == [3, 5]
    assert costs[:, 1].tolist() == [100 * MILLIONTHS] * 36


COUNTED = """
name: The more the merrier
horizon: 12 months
currency: EUR
attributes: {sellers: {count_of: OF}}
rates: {joins: {value: 1 per month, times: {sellers: {0: 0.5, 3: 4}}}}
channels: {start: {batch: 40, enters: free}}
journey:
  free: {role: prospect, phase: early, after: joins, to: trader}
  trader: {role: customer, phase: late, after: 3 months, to: gone}
  gone: exit
"""


@pytest.mark.parametrize("of", ["trader", "customer", "late", "[trader]"])
def test_how_many_people_there_are_moves_rates(of):
    journey = fs.loads(COUNTED.replace("OF", of)).journey()
    assert journey.shared[0].stages == ("trader",)
    runs = [run_once(journey, 2, engine=engine) for engine in ("kernel", "reference")]
    assert runs[0].ledger.equals(runs[1].ledger)
    there = runs[0].ledger.shared[:, 0]
    assert there[:, 0].tolist() == [0] * 12
    assert there[:, 1].tolist() == runs[0].ledger.stock[:, 0, 1].tolist()
    alone = fs.loads(COUNTED.replace("OF", of).replace("3: 4", "30: 4")).journey()
    assert run_once(alone, 2).ledger.flow[0].sum() < runs[0].ledger.flow[0].sum()


def test_a_condition_on_how_many_there_are_fires_when_they_are():
    text = COUNTED.replace("OF", "free").replace("after: 3 months, to: gone", "when: {sellers: 30}, to: gone")
    ledgers = [run_once(fs.loads(text).journey(), 4, engine=engine).ledger for engine in ("kernel", "reference")]
    assert ledgers[0].equals(ledgers[1])
    assert ledgers[0].stock[-1, 0, 2] > 0


@pytest.mark.parametrize(("period", "cells", "joined"), [("day", 101, 91), ("week", 16, 13)])
def test_the_books_are_kept_by_days_or_weeks_and_months(period, cells, joined):
    text = COUNTED.replace("OF", "trader").replace("12 months", "91 days") + f"period: {period}\n"
    journey = fs.loads(text).journey()
    assert journey.period == period
    ledger = run_once(journey, 1).ledger
    assert ledger.layout.periods in (cells, joined + 2)
    assert ledger.by(period).layout.periods == joined
    assert ledger.by(period).layout.period_ends[-1] == 91 * DAY
    assert ledger.by("month").layout.periods == 3
