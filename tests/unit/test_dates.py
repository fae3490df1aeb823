"""Dates on the clock of a run: every date lies in the month whose label holds it, whatever the day of the start."""

import datetime as dt
from bisect import bisect
from calendar import monthrange
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from flywheel_sim.engine.run import run_once
from flywheel_sim.experiment.crossover import crossover, earned_back
from flywheel_sim.journey.dates import knots, named, offset, period_dates, phase, since
from flywheel_sim.journey.journey import MONTHS
from flywheel_sim.journey.units import HOUR, MILLIONTHS, MONTH, YEAR
from flywheel_sim.scenario.load import load, loads

DAY = dt.timedelta(days=1)
#: A month of 31 days, one of 30, and both Februaries, from the first to the last of their days.
STARTS = [
    dt.date(y, m, d + 1) for y, m in ((2027, 1), (2027, 4), (2027, 2), (2028, 2)) for d in range(monthrange(y, m)[1])
]


def moved(start, months):
    """Return the date so many months after another, or the last day of a shorter month."""
    year, month = divmod(12 * start.year + start.month - 1 + months, 12)
    return dt.date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def days(first, end):
    """Return every date from one until before another."""
    return [first + n * DAY for n in range((end - first).days)]


# -- the rule ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", STARTS, ids=str)
def test_every_date_of_four_years_lies_in_the_month_of_the_run_and_of_the_year_that_holds_it(start):
    begins = [moved(start, month) for month in range(-24, 26)]
    dates = days(begins[0], begins[-1])
    at = np.array([offset(day, start) for day in dates])
    assert (at // MONTH).tolist() == [bisect(begins, day) - 25 for day in dates]
    assert ((phase(start) + at) // MONTH % 12).tolist() == [day.month - 1 for day in dates]
    assert np.diff(at).min() > 5 * HOUR
    assert [offset(day, start) for day in begins] == [month * MONTH for month in range(-24, 26)]
    assert 0 <= phase(start) < YEAR


@pytest.mark.parametrize("start", STARTS, ids=str)
def test_dates_lie_evenly_between_where_months_of_the_run_and_of_the_year_begin(start):
    bounds = sorted({moved(start.replace(day=1), month) for month in range(15)} | {moved(start, m) for m in range(15)})
    for first, end in pairwise(bounds):
        between = [offset(day, start) for day in [*days(first, end), end]]
        even = np.linspace(between[0], between[-1], len(between))
        np.testing.assert_allclose(between, even, rtol=0, atol=1)


def test_a_run_from_the_first_has_its_months_in_common_with_the_year():
    start = dt.date(2027, 4, 1)
    assert phase(start) == 3 * MONTH
    assert offset(dt.date(2027, 4, 16), start) == MONTH // 2
    assert offset(dt.date(2028, 2, 15), start) == 10 * MONTH + 14 * MONTH // 29
    assert offset(dt.date(2027, 3, 17), start) == -15 * MONTH // 31


def test_the_first_of_a_month_lies_as_far_into_every_month_of_a_run():
    start = dt.date(2027, 4, 16)
    firsts = [offset(dt.date(2027, month, 1), start) for month in range(5, 13)]
    assert firsts == [MONTH // 2 + month * MONTH for month in range(8)]
    assert phase(start) == 3 * MONTH + MONTH // 2


# -- what happens on dates --------------------------------------------------------------------------

DATED = """
name: Every day
start: START
horizon: 14 months
currency: EUR
rates: {number: {value: 1, by: {month: {NUMBERS}}}}
channels:
  daily: {batch: 1, on: [DATES], cost_per_batch: 1, enters: visitor}
CHANNELS
costs: {daily: {amount: 1, on: [DATES]}}
journey:
  visitor: {role: prospect, on_entry: {earn: {numbers: number}}, after: 1 minute, to: gone}
STAGES
  gone: exit
"""


def months_from(start, months=14):
    """Return the days of each month of a run."""
    begins = [moved(start, month) for month in range(months + 1)]
    return [days(first, end) for first, end in pairwise(begins)]


def dated(start, held):
    """Return a journey in which everything happens on every day; an event knows no more than 16 dates."""
    every = [day for month in held for day in month]
    some = [", ".join(map(str, every[1:][first : first + 16])) for first in range(0, len(every) - 1, 16)]
    stages = [f"  s{n}: {{role: customer, events: {{daily: {{on_date: [{on}], earn: {{ones: 1}}}}}}}}"
              for n, on in enumerate(some)]  # fmt: skip
    text = DATED.replace("START", str(start)).replace("DATES", ", ".join(map(str, every)))
    text = text.replace("NUMBERS", ", ".join(f"{name}: {n}" for n, name in enumerate(MONTHS, 1)))
    text = text.replace("CHANNELS", "\n".join(f"  c{n}: {{present: 1, enters: s{n}}}" for n in range(len(some))))
    return loads(text.replace("STAGES", "\n".join(stages))).journey()


@pytest.mark.parametrize("start", STARTS, ids=str)
def test_what_is_dated_happens_in_the_month_whose_label_holds_the_date(start):
    held = months_from(start)
    journey = dated(start, held)
    assert period_dates(journey) == [month[0] for month in held] + [held[-1][-1] + DAY]
    lengths = [len(month) for month in held]
    for engine in ("kernel", "reference"):
        ledger = run_once(journey, 1, engine=engine).ledger
        assert ledger.channel_spend[:, 0].tolist() == [MILLIONTHS * n for n in lengths], "batches"
        assert ledger.costs[:, 0].tolist() == [MILLIONTHS * n for n in lengths], "costs"
        earned = {line: ledger.money[:, :, n].sum(axis=1) // MILLIONTHS
                  for n, (_, line, _) in enumerate(ledger.layout.lines)}  # fmt: skip
        assert earned["ones"].tolist() == [lengths[0] - 1, *lengths[1:]], "events, on all days but that of the start"
        assert earned["numbers"].tolist() == [sum(day.month for day in month) for month in held], "by month"


@pytest.mark.parametrize("start", STARTS, ids=str)
def test_a_channel_begins_and_ends_in_the_months_of_its_dates(start):
    held = months_from(start)
    text = f"name: x\nhorizon: 14 months\nstart: {start}\njourney: {{c: customer}}\n"
    text += "channels: {a: {rate: 9 per day, from: FROM, until: END, enters: c}}"
    for month in (0, 1, 12):
        for first, end in ((held[month][0], held[month][-1]), (held[month][-1], held[month + 1][0])):
            channel = loads(text.replace("FROM", str(first)).replace("END", str(end))).journey().channels[0]
            assert (channel.starts // MONTH, (channel.until - 1) // MONTH) == (month, month)


# -- plans by file ----------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [1, 14, 15, 28, 29, 30, 31])
def test_a_plan_holds_from_its_dates_and_batches_outside_the_run_are_left_out(day, tmp_path):
    start = dt.date(2027, 1, day)
    held = months_from(start, 6)
    last = held[-1][-1]
    rows = {start - 400 * DAY: 5, start - DAY: 7, held[1][-1]: 11, held[3][0]: 13, last: 17, last + DAY: 19}
    (tmp_path / "plan.csv").write_text(
        "from,people\n" + "".join(f"{on},{n}\n" for on, n in rows.items()), encoding="utf-8"
    )
    (tmp_path / "journey.yaml").write_text(
        f"name: x\nstart: {start}\nhorizon: 6 months\ncurrency: EUR\nchannels:\n"
        "  ads: {spend: {file: plan.csv, column: people, unit: per month}, cost_per_arrival: 1, enters: c}\n"
        "  fair: {batch: {file: plan.csv, column: people}, enters: c}\njourney: {c: customer}\n", encoding="utf-8"
    )  # fmt: skip
    journey = load(tmp_path / "journey.yaml").journey()
    ads, fair = journey.channels
    at = [offset(on, start) for on in rows]
    assert [round(cell * MONTH / MILLIONTHS) for cell in ads.spend.cells] == [7, 11, 13, 17]
    assert ads.spend.over[0].bounds == tuple(at[2:5])
    assert dict(zip(fair.times, fair.counts, strict=True)) == dict(zip(at[2:5], (11, 13, 17), strict=True))
    said = " ".join(map(str, journey.notes))
    assert "2 of 6 rows of plan.csv lie outside the run, and never hold" in said
    assert "3 of 6 batches in plan.csv come outside the channel's time, and are left out" in said
    for engine in ("kernel", "reference"):
        ledger = run_once(journey, 1, engine=engine).ledger
        assert ledger.channel_spend[2, 0] == 11 * MILLIONTHS
        assert 7 * MILLIONTHS < ledger.channel_spend[1, 0] < 8 * MILLIONTHS, (
            "the last day of the month is of the next row"
        )
        assert 13 * MILLIONTHS == ledger.channel_spend[3, 0] == ledger.channel_spend[4, 0] < ledger.channel_spend[5, 0]


def test_before_the_first_row_of_a_plan_nothing_is_spent(tmp_path):
    (tmp_path / "plan.csv").write_text("from,ads\n2027-03-15,100\n", encoding="utf-8")
    text = "name: x\nstart: START\nhorizon: 4 months\ncurrency: EUR\njourney: {c: customer}\nchannels: "
    text += "{ads: {spend: {file: plan.csv, column: ads, unit: per month}, cost_per_arrival: 1, enters: c}}\n"
    for start, spent in (
        ("2027-01-15", [0, 0, 100, 100]),
        ("2027-03-15", [100] * 4),
        ("2027-03-14", [96.7, *[100] * 3]),
    ):
        (tmp_path / "journey.yaml").write_text(text.replace("START", start), encoding="utf-8")
        journey = load(tmp_path / "journey.yaml").journey()
        spends = run_once(journey, 1).ledger.channel_spend[:, 0] / MILLIONTHS
        assert spends.tolist() == pytest.approx(spent, abs=0.1), "from 14 March one day of 31 is missing"
        assert not journey.notes


# -- dates of a run ---------------------------------------------------------------------------------


def test_between_months_of_the_run_and_of_the_year_a_run_time_has_a_date():
    by_time = dict(knots(SimpleNamespace(start="2027-01-16", months=2)))
    assert list(by_time.values()) == [
        dt.date(2027, 1, 16), dt.date(2027, 2, 1), dt.date(2027, 2, 16), dt.date(2027, 3, 1), dt.date(2027, 3, 16)
    ]  # fmt: skip
    assert list(by_time)[::2] == [0, MONTH, 2 * MONTH]
    assert list(by_time)[1::2] == [MONTH - 15 * MONTH // 31, 2 * MONTH - 15 * MONTH // 31]
    assert list(dict(knots(SimpleNamespace(start="2027-01-01", months=2)))) == [0, MONTH, 2 * MONTH]
    assert knots(SimpleNamespace(start=None, months=2)) == []


def test_a_month_is_called_by_the_date_on_which_it_begins():
    assert named(dt.date(2027, 12, 1)) == since(dt.date(2027, 12, 1)) == "December 2027"
    assert named(dt.date(2027, 12, 15)) == "from 15 December 2027"
    assert since(dt.date(2027, 12, 15), short=True) == "15 Dec 2027"


@pytest.mark.parametrize(("start", "said"), [("2027-06-15", "from 15 August 2027"), ("2027-06-01", "August 2027")])
def test_when_a_run_breaks_even_is_told_by_the_date_on_which_that_month_begins(start, said):
    dates = period_dates(SimpleNamespace(start=start, months=4))
    crossing = crossover(np.array([[-3.0, -1.0, 1.0, 2.0]]), dates)
    assert crossing.date == dates[2]
    assert f"It breaks even in month 3 ({said}):" in earned_back(crossing)
