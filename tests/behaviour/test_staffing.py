"""Capacity against closed forms: what one more server is worth, what waiting costs, where more leads destroy value."""

import math

import numpy as np
import pytest

from flywheel_sim.analysis.capacity.lead_volume import _turn, lead_volume
from flywheel_sim.analysis.capacity.result import capacity
from flywheel_sim.analysis.capacity.staff import without_waiting
from flywheel_sim.analysis.capacity.staff_plan import staff_plan
from flywheel_sim.analysis.capacity.waiting import cost_of_waiting
from flywheel_sim.experiment.replicate import replicate
from flywheel_sim.scenario.load import loads

#: M/M/c whose people pay for being there: 4 a day, a day each, and what a month of waiting costs.
ARRIVALS, NERVES, WAGE, MONTHS = 4.0, 90.0, 60.0, 54
QUEUE = f"""
name: Queue
horizon: 5 years
warm_up: 6 months
currency: EUR
channels: {{door: {{rate: {ARRIVALS} per day, enters: guest}}}}
resources: {{desk: {{people: 5, cost: {WAGE} per person per month}}}}
journey:
  guest:
    role: prospect
    spend: {{nerves: {NERVES} per month}}
    events: {{served: {{staff: desk, takes: {{exponential: 1 day}}, to: gone}}}}
  gone: exit
"""


def waiting(servers, load):
    """Return people waiting on average in M/M/c (Erlang C)."""
    terms = [load**k / math.factorial(k) for k in range(servers + 1)]
    last = terms[-1] * servers / (servers - load)
    return last / (sum(terms[:-1]) + last) * load / (servers - load)


def z(estimate, exact):
    return (estimate.mean - exact) / (estimate.sd / math.sqrt(estimate.n))


def test_one_more_server_is_worth_the_waiting_that_erlang_c_says_it_saves():
    table = capacity(loads(QUEUE), over="desk", values=(5, 6, 7, 9), replications=30)
    for fewer, more in ((5, 6), (6, 7), (7, 9)):
        saved = NERVES * (waiting(fewer, ARRIVALS) - waiting(more, ARRIVALS)) / (more - fewer)
        worth = table.marginal()[more]
        assert abs(z(worth, MONTHS * (saved - WAGE))) < 4
        assert worth.half_width < 0.25 * MONTHS * abs(saved - WAGE)
    busy = table.estimate(6, "utilisation.desk")
    assert busy.low - 0.5 < 100 * ARRIVALS / 6 < busy.high + 0.5
    assert table.best == (6,)
    assert table.leaders == ((6,),)


def test_waiting_costs_what_its_days_cost_and_staff_nothing():
    waiting_cost = cost_of_waiting(loads(QUEUE), over="desk", replications=30)
    assert abs(z(waiting_cost.total, MONTHS * NERVES * waiting(5, ARRIVALS))) < 4
    a_day = NERVES * 12 / 365
    assert waiting_cost.per_day.mean == pytest.approx(a_day, rel=1e-3)  # who is in service at the ends differs
    assert waiting_cost.per_ask.mean == pytest.approx(waiting_cost.total.mean / waiting_cost.asked.mean)
    assert waiting_cost.per_day_of_mean_wait.mean == pytest.approx(
        waiting_cost.total.mean / waiting_cost.mean_wait.mean
    )
    assert waiting_cost.days.mean / waiting_cost.asked.mean == pytest.approx(waiting_cost.mean_wait.mean)
    free = cost_of_waiting(loads(QUEUE.replace(str(WAGE), "0")), over="desk", replications=30)
    assert free.total.mean == pytest.approx(waiting_cost.total.mean)


def test_nobody_waits_for_ample_staff():
    model = loads(QUEUE)
    runs = replicate(without_waiting(model, ["desk"]), replications=3)
    assert runs.values("waiting_share.desk").tolist() == [0, 0, 0]
    assert runs.values("queue_length.desk").tolist() == [0, 0, 0]
    assert (runs.values("asked.desk") == replicate(model, replications=3).values("asked.desk")).all()


def test_waiting_costs_nothing_where_nobody_waits():
    waiting_cost = cost_of_waiting(loads(QUEUE.replace("people: 5", "people: 500")), replications=3)
    assert (waiting_cost.total.mean, waiting_cost.wins.mean, waiting_cost.days.mean) == (0, 0, 0)
    assert math.isnan(waiting_cost.per_day.mean)
    assert waiting_cost.answer() == "Nobody waits for desk, so waiting costs nothing."


def test_more_leads_destroy_value_from_where_the_formula_says():
    """M/M/1: a guest is worth V, a day there costs C; V x arrivals - C x people there falls from 1 - sqrt(C / V) on."""
    worth, a_day = 10.0, 0.9
    text = QUEUE.replace("rate: 4.0", "rate: 0.5").replace("people: 5", "people: 1").replace("5 years", "25 years")
    text = text.replace(str(NERVES), str(a_day * 365 / 12)).replace(
        "to: gone", f"to: {{gone: {{chance: 100 %, earn: {{fee: {worth}}}}}}}"
    )
    times = np.array([0.8, 1.0, 1.2, 1.3, 1.4, 1.5, 1.6])
    volume = lead_volume(loads(text), "profit", "door", values=times, waiting=False, replications=60)
    busy = 0.5 * times
    exact = _turn(times, worth * busy - a_day * busy / (1 - busy))
    assert exact == pytest.approx((1 - math.sqrt(a_day / worth)) / 0.5, abs=0.02)
    turn = volume.turn
    assert turn.high - turn.low < 0.3
    assert abs(turn.mean - exact) < turn.high - turn.low
    first = volume.marginal()[0]
    slope = worth - a_day * (busy[1] / (1 - busy[1]) - busy[0] / (1 - busy[0])) / (busy[1] - busy[0])
    assert abs(first.mean - slope) < 2 * (first.high - first.low)


def test_a_plan_carries_the_load_that_arrivals_times_service_make():
    text = QUEUE.replace("horizon", "start: 2027-01-01\nhorizon").replace("warm_up: 6 months", "warm_up: 12 months")
    text = text.replace("enters: guest", "times: {month: {jul: 0.25, aug: 0.25, dec: 2}}, enters: guest")
    model = loads(text)
    plan = staff_plan(model, over="desk", replications=12, values=[0, 0.5, 1])
    by_month = dict(zip(plan.months, plan.load, strict=True))
    for month, load in (("mar", 4.0), ("may", 4.0), ("nov", 4.0)):
        assert by_month[month].low - 0.1 < load < by_month[month].high + 0.1
    assert by_month["aug"].mean < 1.3 < by_month["mar"].mean < 6 < by_month["dec"].mean
    assert plan.person_months["planned"] == pytest.approx(plan.person_months["even"], abs=1e-6)
    assert plan.gain.low > 0
    pasted = loads(text.replace("desk: {people: 5, cost: 60.0 per person per month}", plan.yaml))
    assert replicate(pasted, replications=12)["profit"].mean == plan.profit["planned"].mean
