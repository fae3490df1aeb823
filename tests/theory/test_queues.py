"""Queues against their closed forms: how long people wait, how many give up, how busy staff are.

Times are in days. Steady states are measured after a warm-up, over independent replications whose spread gives
the error. Formulas: Gross, Shortle, Thompson and Harris 2008, doi:10.1002/9781118625651; those with patience
(Erlang A): Garnett, Mandelbaum and Reiman 2002, doi:10.1287/msom.4.3.208.7753; priorities: Cobham 1954,
doi:10.1287/opre.2.1.70.
"""

import math

import numpy as np
import pytest
from checking import agrees, counts_follow, ratio_agrees, run
from scipy import stats

from flywheel_sim.engine.run import run_many
from flywheel_sim.journey.units import DAY, MONTH
from flywheel_sim.ledger import LOAD, QUEUE
from flywheel_sim.scenario.load import loads

ONE_QUEUE = """
name: One queue
horizon: 10 years
warm_up: 6 months
channels: {{door: {{rate: {arrivals} per day, enters: guest}}}}
resources: {{desk: {{{people}}}}}
journey:
  guest: {{role: prospect, events: {{served: {{staff: desk, {service}, to: gone}}}}}}
  gone: exit
"""


def ledgers(text, replications, seed):
    """Yield the ledger of each replication, and after how many periods its warm-up ends."""
    journey = loads(text).journey()
    for one in run_many(journey, seed, range(replications)):
        yield one.ledger, journey.warm_up // MONTH


def measured(text, replications, seed):
    """Return sums after the warm-up of what happens at the one resource, by name; each of shape (replications,)."""
    sums = [
        [*ledger.queue[warm:, 0].sum(axis=0), *ledger.load[warm:, 0].sum(axis=0), ledger.staffed[warm:, 0].sum(),
         ledger.layout.horizon - warm * MONTH]
        for ledger, warm in ledgers(text, replications, seed)
    ]  # fmt: skip
    return dict(zip((*QUEUE, *LOAD, "staffed", "time"), np.array(sums).T, strict=True))


def birth_death(births, deaths):
    """Return the steady state over 0, 1, ... people, from the rates up from each and down to each."""
    weights = np.cumprod([1.0, *np.asarray(births, dtype=float) / np.asarray(deaths, dtype=float)])
    return weights / weights.sum()


def erlang_c(servers, load):
    """Return the chance that somebody waits: M/M/c."""
    terms = [load**k / math.factorial(k) for k in range(servers + 1)]
    last = terms[-1] * servers / (servers - load)
    return last / (sum(terms[:-1]) + last)


def test_people_at_five_servers_wait_as_erlang_c_says():
    servers, arrivals = 5, 4.0
    waits = erlang_c(servers, arrivals)
    mean = waits / (servers - arrivals)
    assert (waits, mean) == pytest.approx((0.554113, 0.554113), abs=5e-7)
    text = ONE_QUEUE.format(
        arrivals=arrivals, people=f"people: {servers}, target: 1 day", service="takes: {exponential: 1 day}"
    )
    totals = measured(text, 620, 21)
    ratio_agrees(totals["started"] - totals["at_once"], totals["started"], waits, "M/M/5: share who wait")
    ratio_agrees(totals["wait"] / DAY, totals["started"], mean, "M/M/5: mean wait")
    ratio_agrees(totals["within"], totals["started"], 1 - waits * math.exp(-1), "M/M/5: share within a day")
    ratio_agrees(totals["served"], totals["staffed"], arrivals / servers, "M/M/5: utilisation")
    assert (totals["staffed"] == servers * totals["time"]).all()
    assert (totals["contact_time"] == totals["wait"]).all()
    assert (totals["contacts"] == totals["started"]).all()


def test_people_with_patience_wait_and_give_up_as_erlang_a_says():
    servers, arrivals, patience = 5, 6.0, 0.5
    people = np.arange(80)
    beyond = np.maximum(people - servers, 0)
    chances = birth_death(np.full(79, arrivals), (np.minimum(people, servers) + patience * beyond)[1:])
    queue = float(chances @ beyond)
    exact = patience * queue / arrivals, chances[servers:].sum(), queue
    assert exact == pytest.approx((0.226387, 0.802838, 2.716639), abs=5e-7)
    totals = measured(
        ONE_QUEUE.format(
            arrivals=arrivals,
            people=f"people: {servers}",
            service="takes: {exponential: 1 day}, patience: {exponential: 2 days}, gives_up: gone",
        ),
        100,
        22,
    )
    ratio_agrees(totals["gave_up"], totals["asked"], exact[0], "Erlang A: share who give up")
    ratio_agrees(totals["asked"] - totals["at_once"], totals["asked"], exact[1], "Erlang A: share who wait")
    ratio_agrees(totals["waiting"], totals["time"], exact[2], "Erlang A: people waiting")
    waited = totals["wait"] + totals["wait_given_up"]
    ratio_agrees(waited / DAY, totals["asked"], queue / arrivals, "Erlang A: mean wait, served or not")
    ratio_agrees(totals["served"], totals["staffed"], (arrivals - patience * queue) / servers, "Erlang A: utilisation")


def test_people_as_patient_as_service_is_long_are_poisson():
    """Everybody leaves at the same rate, waiting or served: month ends, 15 mean stays apart, are independent."""
    text = ONE_QUEUE.format(
        arrivals=1, people="people: 2", service="takes: {exponential: 2 days}, patience: {exponential: 2 days}, "
        "gives_up: gone",
    ).replace("10 years", "100 years").replace("6 months", "1 month")  # fmt: skip
    mean = 1 / 0.5
    stocks = []
    for ledger, warm in ledgers(text, 50, 23):
        assert (ledger.stock[:, 0, 0] == ledger.backlog[:, 0].sum(axis=1)).all()
        stocks += ledger.stock[warm:, 0, 0].tolist()
    agrees(stocks, mean, mean, mean + 3 * mean**2, what="as patient as served")
    counts_follow(stocks, stats.poisson(mean).pmf(np.arange(60)), what="as patient as served")


def test_lognormal_service_makes_people_wait_as_pollaczek_and_khinchine_say():
    arrivals, median, sigma = 0.6, 0.8, 0.6
    takes, squared = median * math.exp(sigma**2 / 2), median**2 * math.exp(2 * sigma**2)
    load = arrivals * takes
    text = ONE_QUEUE.format(
        arrivals=arrivals,
        people="people: 1",
        service=f"takes: {{lognormal: {{median: {median} days, sigma: {sigma}}}}}",
    )
    totals = measured(text, 500, 24)
    ratio_agrees(totals["wait"] / DAY, totals["started"], arrivals * squared / (2 * (1 - load)), "M/G/1: mean wait")
    ratio_agrees(totals["started"] - totals["at_once"], totals["started"], load, "M/G/1: share who wait")
    ratio_agrees(totals["served"], totals["staffed"], load, "M/G/1: utilisation")


def test_those_with_priority_wait_less_and_others_more_as_cobham_says():
    text = """
name: Two priorities
horizon: 10 years
warm_up: 6 months
channels: {first: {rate: 0.2 per day, enters: gold}, second: {rate: 0.3 per day, enters: silver}}
resources: {desk: {people: 1}}
journey:
  gold: {role: prospect, events: {served: {staff: desk, takes: {exponential: 1 day}, priority: 1, to: gone}}}
  silver: {role: prospect, events: {served: {staff: desk, takes: {exponential: 1 day}, to: gone}}}
  gone: exit
"""
    gold, silver = 0.2, 0.3
    left = (gold + silver) * 2 / 2  # of a service: arrivals x mean square / 2
    exact = left / (1 - gold), left / ((1 - gold) * (1 - gold - silver))
    sums = []
    for ledger, warm in ledgers(text, 900, 25):
        served = [
            ledger.flow[warm:, :, [f[0] == stage for f in ledger.layout.flows]].sum() for stage in ("gold", "silver")
        ]
        stayed = ledger.time[warm:].sum(axis=(0, 1))[:2] / DAY
        sums.append([*served, *(stayed - served), ledger.queue[warm:, 0, QUEUE.index("wait")].sum() / DAY])
    first, second, gold_waited, silver_waited, waited = np.array(sums).T
    ratio_agrees(gold_waited, first, exact[0], "two priorities: first")
    ratio_agrees(silver_waited, second, exact[1], "two priorities: second")
    both = (gold * exact[0] + silver * exact[1]) / (gold + silver)
    ratio_agrees(waited, first + second, both, "two priorities: both")


def test_a_full_queue_turns_people_away_as_often_as_the_loss_formula_says():
    servers, arrivals, limit = 3, 3.0, 2
    chances = birth_death(np.full(servers + limit, arrivals), np.minimum(np.arange(1, servers + limit + 1), servers))
    assert chances[-1] == pytest.approx(9 / 44)
    totals = measured(
        ONE_QUEUE.format(
            arrivals=arrivals,
            people=f"people: {servers}, queue_limit: {limit}",
            service="takes: {exponential: 1 day}, gives_up: gone",
        ),
        120,
        26,
    )
    ratio_agrees(totals["turned_away"], totals["asked"], chances[-1], "M/M/3/5: share turned away")
    ratio_agrees(totals["waiting"], totals["time"], chances[-1] * 2 + chances[-2], "M/M/3/5: people waiting")


def test_machines_wait_for_repair_as_the_finite_source_says():
    machines, breaks, crew = 8, 0.2, 2
    text = f"""
name: Machines
horizon: 10 years
warm_up: 6 months
channels: {{floor: {{present: {machines}, enters: machine}}}}
resources: {{crew: {{people: {crew}}}}}
journey:
  machine:
    role: customer
    events: {{repair: {{every: {breaks} per day, staff: crew, takes: {{exponential: 1 day}}}}}}
"""
    down = np.arange(machines + 1)
    chances = birth_death(breaks * (machines - down[:-1]), np.minimum(down, crew)[1:])
    queue, asks = chances @ np.maximum(down - crew, 0), breaks * (chances @ (machines - down))
    totals = measured(text, 160, 27)
    ratio_agrees(totals["waiting"], totals["time"], queue, "machines: waiting")
    ratio_agrees(totals["wait"] / DAY, totals["started"], queue / asks, "machines: mean wait")
    ratio_agrees(totals["served"], totals["staffed"], asks / crew, "machines: utilisation")


def test_the_time_people_wait_is_the_sum_of_their_waits():
    """Little's law is exact where a run ends with nobody left: people waiting x time = people who ask x mean wait."""
    text = """
name: Little
horizon: 24 months
channels:
  first: {rate: 2 per day, until: 20 months, enters: gold}
  second: {rate: 2 per day, until: 20 months, enters: silver}
resources: {desk: {people: {value: 4, by: {calendar: {12 months: 3, 16 months: 5}}}, queue_limit: 12}}
journey:
  gold: {role: prospect, events: {served: {staff: desk, takes: {exponential: 1 day}, priority: 1, to: gone}}}
  silver:
    role: prospect
    events:
      served: {staff: desk, takes: 1 day, patience: {uniform: [1 day, 9 days]}, gives_up: gone, to: gone}
      leave: {after: 0.05 per day, to: gone}
  gone: exit
"""
    ledger = run(text, seed=28).ledger
    sums = dict(zip(QUEUE, ledger.queue[:, 0].sum(axis=0).tolist(), strict=True))
    waiting, served = ledger.load[:, 0].sum(axis=0)
    assert ledger.backlog[-1].sum() == 0
    assert min(sums[name] for name in ("turned_away", "gave_up", "withdrew", "broken_off", "at_once")) > 20
    assert sums["asked"] == sums["started"] + sums["turned_away"] + sums["gave_up"] + sums["withdrew"]
    assert sums["started"] == sums["ended"] + sums["broken_off"]
    assert waiting == sums["wait"] + sums["wait_given_up"] + sums["wait_withdrawn"]
    assert waiting + served == ledger.time[:, :, :2].sum()  # gold and silver
    assert ledger.waits.sum() == sums["started"]


def test_people_who_come_and_are_served_by_the_clock_are_served_when_the_calendar_lets_them():
    """D/D/c: one every twelve hours, a day's service (half of it working time), and staff who come and go."""
    text = """
name: By the clock
horizon: 3 months
channels: {door: {batch: 1, every: 12 hours, until: 40 days, enters: guest}}
resources: {desk: {people: {value: 1, by: {calendar: {10 days: 3, 25 days: 0, 30 days: 2}}}, hours: 84 per week}}
journey:
  guest: {role: prospect, events: {served: {staff: desk, takes: 12 hours, to: gone}}}
  gone: exit
"""
    changes = {0: 1, 10 * DAY: 3, 25 * DAY: 0, 30 * DAY: 2}
    arrivals = np.arange(80) * DAY // 2
    starts = []
    for arrival in arrivals.tolist():
        begin = max([arrival, *starts[-1:]])
        moments = sorted({begin, *changes, *(start + DAY for start in starts)})
        starts.append(next(
            at for at in moments
            if at >= begin
            and sum(start <= at < start + DAY for start in starts) < changes[max(c for c in changes if c <= at)]
        ))  # fmt: skip
    assert sum(start < 10 * DAY for start in starts) == 10  # one a day of the twenty who came
    assert starts[38:40] == [19 * DAY, 19 * DAY + DAY // 2]  # three a day have caught up with two a day
    assert starts[-1] == 44 * DAY  # the thirty who came from day 25 on, two a day from day 30 on
    result = run(text, events=True)
    log = result.events
    assert log.time[log.event == "served"].tolist() == [start + DAY for start in starts]
    ledger = result.ledger
    waits = np.array(starts) - arrivals
    assert ledger.queue[:, 0, QUEUE.index("wait")].sum() == waits.sum() == ledger.load[:, 0, 0].sum()
    assert ledger.queue[:, 0, QUEUE.index("at_once")].sum() == (waits == 0).sum()
    assert ledger.staffed.sum() == 10 * DAY + 3 * 15 * DAY + 2 * (3 * MONTH - 30 * DAY)
