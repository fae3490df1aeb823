"""Recurring revenue and its movements, worked by hand: invoices that lapse, people present, months by their ends."""

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.engine.run import run_once
from flywheel_sim.journey.units import MILLIONTHS
from flywheel_sim.ledger import MRR

BOTH = pytest.mark.parametrize("engine", ["kernel", "reference"])


def moved(text, engine, seed=1):
    """Return the level at the end of each month, and each movement by month, in the currency."""
    ledger = run_once(fs.loads("currency: EUR\n" + text).journey(), seed, engine=engine).ledger
    by_month = ledger.mrr.sum(axis=1) / MILLIONTHS
    return by_month.sum(axis=1).cumsum().tolist(), {name: by_month[:, MRR.index(name)].tolist() for name in MRR}


def kept(text, *names, **how):
    """Return metrics of one run by month."""
    runs = fs.replicate(fs.loads("currency: EUR\n" + text), replications=1, **how)
    return [runs.series(name)[0] for name in names]


@BOTH
def test_a_pass_for_a_year_counts_for_its_twelve_months(engine):
    text = """
name: Pass
horizon: 15 months
channels: {desk: {batch: 1, enters: guest}}
journey: {guest: {role: customer, on_entry: {earn: {pass: 120 per year}}}}
"""
    level, each = moved(text, engine)
    assert level == [10] * 12 + [0] * 3
    assert each["new"][0] == 10
    assert each["churn"][12] == -10


@BOTH
def test_who_moves_to_a_free_plan_recurs_until_the_paid_month_is_over(engine):
    text = """
name: Free plan
horizon: 6 months
channels: {desk: {batch: 1, enters: paid}}
journey:
  paid:
    role: customer
    on_entry: {earn: {plan: 30 per month}}
    events: {bill: {every: 1 month, earn: {plan: 30 per month}}, down: {after: 75 days, to: free}}
  free: {role: customer}
"""
    assert moved(text, engine)[0] == [30, 30, 30, 0, 0, 0]


YEARLY = """
name: Yearly base
horizon: 14 months
channels: {base: {present: 80, enters: client}}
journey:
  client: {role: customer, events: {bill: {every: 1 year, earn: {plan: 120 per year}}}}
"""


@BOTH
def test_people_present_recur_from_before_the_start_and_in_no_movement(engine):
    level, each = moved(YEARLY, engine)
    assert level == [800] * 14
    assert each.pop("opening")[0] == 800
    assert not any(any(months) for months in each.values())


def test_the_first_month_begins_with_what_people_present_have():
    nrr, grr, arr = kept(YEARLY, "nrr", "grr", "arr")
    assert nrr.tolist() == grr.tolist() == [100] * 14
    assert arr.tolist() == [9600] * 14


@BOTH
def test_what_will_be_billed_at_a_clock_that_leads_away_counts_until_then(engine):
    text = YEARLY.replace(
        "earn: {plan: 120 per year}}}}", "to: {stay: {chance: 0 %, earn: {plan: 120 per year}}, gone: rest}}}}"
    )
    level, each = moved(text.rstrip() + "\n  gone: exit\n", engine)
    assert each["opening"][0] == 800
    assert level[0] < 800
    assert level[-1] == 0
    assert sum(each["churn"]) == -800


def test_one_who_stays_among_ten_who_come_and_go_each_month_is_kept_whole():
    text = """
name: Day trippers
horizon: 6 months
channels: {one: {batch: 1, enters: regular}, ten: {batch: 10, every: 1 month, enters: brief}}
journey:
  regular:
    role: customer
    on_entry: {earn: {plan: 10 per month}}
    events: {bill: {every: 1 month, earn: {plan: 10 per month}}}
  brief: {role: customer, on_entry: {earn: {plan: 10 per month}}, events: {end: {after: 10 days, to: gone}}}
  gone: exit
"""
    nrr, grr, quick = kept(text, "nrr", "grr", "quick_ratio")
    assert np.isnan(nrr[0])
    assert nrr[1:].tolist() == grr[1:].tolist() == [100] * 5
    assert quick.tolist() == [pytest.approx(110 / 100), *[1.0] * 5]


@BOTH
def test_a_lapsed_person_present_who_returns_is_won_back_and_reactivated(engine):
    text = """
name: Back again
horizon: 4 months
channels: {old: {present: 3, enters: past}}
journey:
  past: {role: lapsed, events: {back: {after: 40 days, to: member}}}
  member:
    role: customer
    on_entry: {earn: {fee: 10 per month}}
    events: {bill: {every: 1 month, earn: {fee: 10 per month}}}
"""
    level, each = moved(text, engine)
    assert level == [0, 30, 30, 30]
    assert each["reactivation"] == [0, 30, 0, 0]
    assert not any(each["new"])


@BOTH
def test_a_monthly_and_a_yearly_plan_on_one_line_never_count_twice(engine):
    text = """
name: Two plans
horizon: 14 months
channels: {desk: {batch: 1, enters: monthly}}
journey:
  monthly:
    role: customer
    on_entry: {earn: {plan: 12 per month}}
    events: {bill: {every: 1 month, earn: {plan: 12 per month}}, change: {after: 40 days, to: yearly}}
  yearly:
    role: customer
    on_entry: {earn: {plan: 120 per year}}
"""
    level, each = moved(text, engine)
    assert level == [12] + [10] * 12 + [0]
    assert each["contraction"][1] == -2


@BOTH
def test_only_customers_have_recurring_revenue_and_nobody_less_than_none(engine):
    text = """
name: Ads and a sale
horizon: 4 months
channels: {desk: {batch: 1, enters: free}}
journey:
  free:
    role: prospect
    earn: {ads: 1 per month}
    events: {buy: {after: 10 days, earn: {plan: 30 per month}, to: paid}}
  paid:
    role: customer
    events:
      bill: {every: 1 month, earn: {plan: 30 per month}}
      credit: {after: 40 days, earn: {back: -50 per month}}
"""
    level, each = moved(text, engine)
    assert level == [30, 0, 30, 30]  # the sale makes a customer; the credit of a month takes off more than there is
    assert each["churn"][1] == -30
    assert each["reactivation"][2] == 30


def test_a_small_book_is_what_a_spreadsheet_says_person_by_person():
    # two of channel a take a second seat in month three, billed in month four; the one of b goes down to one seat
    text = """
name: Book
horizon: 6 months
attributes: {seats: {counts: 1 to 9}}
rates: {price: {value: 10 per month, per: seats}}
channels:
  a: {batch: 2, enters: client, set: {seats: 1}}
  b: {batch: 1, enters: client, set: {seats: 3}, from: 2 months}
journey:
  client:
    role: customer
    on_entry: {earn: {plan: price}}
    events:
      bill: {every: 1 month, earn: {plan: price}}
      more: {after: {by: {channel: {a: 75 days, b: never}}}, add: {seats: 1}}
      less: {after: {by: {channel: {a: never, b: 45 days}}}, set: {seats: 1}}
"""
    sheet = np.array([[10, 10, 10, 20, 20, 20], [10, 10, 10, 20, 20, 20], [0, 0, 30, 30, 10, 10]], dtype=float)
    before = np.hstack([np.zeros((3, 1)), sheet[:, :-1]])
    level, each = moved(text, "kernel")
    assert level == sheet.sum(axis=0).tolist()
    gained = np.where((before > 0) & (sheet > before), sheet - before, 0).sum(axis=0)
    lost = np.where((sheet > 0) & (sheet < before), sheet - before, 0).sum(axis=0)
    assert each["expansion"] == gained.tolist()
    assert each["contraction"] == lost.tolist()
    assert each["new"] == np.where(before == 0, sheet, 0).sum(axis=0).tolist()
    nrr, grr = kept(text, "nrr", "grr")
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(nrr, 100 * (sheet * (before > 0)).sum(axis=0) / before.sum(axis=0))
        np.testing.assert_allclose(grr, 100 * np.minimum(sheet, before).sum(axis=0) / before.sum(axis=0))


def test_two_lines_between_which_a_customer_changes_get_a_word():
    text = """
name: Two lines
horizon: 14 months
channels: {desk: {batch: 1, enters: monthly}}
journey:
  monthly:
    role: customer
    events: {bill: {every: 1 month, earn: {month_fee: 12 per month}}, change: {after: 40 days, to: yearly}}
  yearly: {role: customer, events: {bill: {every: 1 year, earn: {year_fee: 120 per year}}}}
"""
    (word,) = fs.loads("currency: EUR\n" + text).journey().notes
    assert "whoever moves to 'yearly' is billed on 'year_fee'" in word.rule
    assert word.path == "journey.monthly.events.change"
    assert "earn both on one line" in word.remedy
    assert not fs.loads("currency: EUR\n" + text.replace("year_fee", "month_fee")).journey().notes
    assert not fs.loads("currency: EUR\nlines: {year_fee: {recurring: no}}\n" + text).journey().notes


@BOTH
def test_movements_and_cohorts_of_a_book_are_those_of_a_spreadsheet_person_by_person(engine):
    # each row of the sheet is a subscriber: which month they join, after how many they leave, and come back, or never
    people = {"a": (0, None, None), "b": (0, 2, None), "c": (1, 3, None), "d": (0, 1, 2), "e": (3, None, None)}

    def by_person(place):
        waits = {name: one[place] for name, one in people.items()}
        return ", ".join(f"{name}: {'never' if held is None else f'{held} months'}" for name, held in waits.items())

    joins = ", ".join(f"{name}: {{batch: 1, on: {one[0]} months, enters: client}}" for name, one in people.items())
    text = f"""
name: Book
horizon: 6 months
rates:
  lasts: {{by: {{channel: {{{by_person(1)}}}}}}}
  away: {{by: {{channel: {{{by_person(2)}}}}}}}
  first: {{by: {{visit: {{0: lasts, 1: never}}}}}}
attributes: {{visit: {{counts: 0 to 1}}}}
channels: {{{joins}}}
journey:
  client:
    role: customer
    on_entry: {{earn: {{plan: 20 per month}}}}
    events: {{bill: {{every: 1 month, earn: {{plan: 20 per month}}}}, leave: {{after: first, to: gone}}}}
  gone: {{role: lapsed, after: away, to: {{client: {{chance: 100 %, set: {{visit: 1}}}}}}}}
"""
    there = np.zeros((len(people), 6))
    for row, (join, out, back) in enumerate(people.values()):
        there[row, join : None if out is None else join + out] = 1
        if back is not None:
            there[row, join + out + back :] = 1
    sheet, before = 20 * there, np.hstack([np.zeros((len(people), 1)), 20 * there[:, :-1]])
    level, each = moved(text, engine)
    assert level == sheet.sum(axis=0).tolist()
    ever = np.maximum.accumulate(before, axis=1) > 0
    assert each["churn"] == np.where(sheet == 0, -before, 0).sum(axis=0).tolist()
    assert each["new"] == np.where((before == 0) & ~ever, sheet, 0).sum(axis=0).tolist()
    assert each["reactivation"] == np.where((before == 0) & ever, sheet, 0).sum(axis=0).tolist()
    ages = fs.replicate(fs.loads("currency: EUR\n" + text), replications=1, engine=engine).cohorts()[
        "retention", "mean"
    ]
    joined = [join for join, *_ in people.values()]
    for (cohort, age), share in ages.dropna().items():
        rows = [row for row, join in enumerate(joined) if join == cohort - 1]
        assert share == pytest.approx(100 * there[rows, cohort - 1 + age].mean())


@BOTH
def test_who_recurs_for_the_first_time_when_a_credit_lapses_is_new(engine):
    text = """
name: Credit
horizon: 3 months
channels: {desk: {batch: 1, enters: client}}
journey: {client: {role: customer, earn: {plan: 30 per month}, on_entry: {earn: {back: -40 per month}}}}
"""
    level, each = moved(text, engine)
    assert level == [0, 30, 30]
    assert each["new"] == [0, 30, 0]
