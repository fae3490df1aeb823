"""Mistakes that were made once, each by its smallest example."""

import datetime as dt
import math

import numpy as np
import pytest

from flywheel_sim import expected_path, load, loads, replicate, run, sensitivity
from flywheel_sim.analysis.compare.result import compare
from flywheel_sim.engine.reference.books import OpenBooks
from flywheel_sim.errors import ConfigError, ExperimentError, SimulationError
from flywheel_sim.journey.dates import period_dates
from flywheel_sim.ledger import Layout

HEAD = "name: x\ncurrency: EUR\n"


def total(runs, name):
    return float(runs.values(name)[0])


def test_people_present_are_anywhere_in_a_period_longer_than_the_horizon():
    text = HEAD + "horizon: 6 months\nchannels: {base: {present: 1000, enters: c}}\n"
    text += "journey: {c: {role: customer, every: 1 year, earn: {fee: 1}}}"
    assert 420 < total(run(loads(text)), "revenue") < 580


def test_a_clock_of_people_present_that_never_fires_never_fires():
    text = HEAD + "horizon: 6 months\nchannels: {base: {present: 100, enters: c}}\n"
    text += "journey: {c: {role: customer, every: never, earn: {fee: 1}}}"
    assert total(run(loads(text)), "revenue") == 0


@pytest.mark.parametrize(
    "journey",
    [
        "{p: {role: prospect, to: {c: 50 %, q: rest}}, q: {role: aside, after: 7 days, to: c}, c: customer}",
        "{p: {role: prospect, after: 7 days, to: {c: 50 %, out: rest}}, c: {role: customer, after: 7 days, to: q}, "
        "q: {role: aside, after: 7 days, to: p}, out: exit}",
    ],
    ids=["aside_then_customer", "customer_then_aside"],
)
def test_conversion_is_a_share_of_people_whatever_way_they_take(journey):
    runs = run(loads(HEAD + "horizon: 12 months\nchannels: {a: {batch: 200, enters: p}}\njourney: " + journey))
    assert total(runs, "conversion") == pytest.approx(100 * total(runs, "acquisitions") / 200)


@pytest.mark.parametrize("horizon", ["40 days", "45 days\nfollow: 45 days", "562 days\nfollow: 562 days"])
def test_a_horizon_of_broken_months_still_has_a_lifetime_value_and_says_whom_it_counts(horizon):
    text = HEAD + f"horizon: {horizon}\nchannels: {{a: {{rate: 300 per month, enters: c}}}}\n"
    runs = run(loads(text + "journey: {c: {role: customer, on_entry: {earn: {fee: 5}}}}"))
    assert total(runs, "clv") == pytest.approx(5)
    assert any("a little less long" in said for said in runs.warnings())


def test_a_spread_inside_another_rate_is_refused_and_not_lost():
    text = HEAD + "horizon: 1 month\nrates: {b: {value: 50 %, spread: 30 points}, a: {value: b, why: x}}\n"
    text += "channels: {s: {batch: 1, enters: p}}\njourney: {p: {role: prospect, to: {c: a, out: rest}}, "
    with pytest.raises(ConfigError, match="would be lost inside another rate"):
        loads(text + "c: customer, out: exit}")


def test_two_names_of_one_rate_share_their_luck():
    text = HEAD + "horizon: 1 month\nrates: {b: {value: 50 %, spread: 30 points}, a: b}\n"
    text += "channels: {s: {batch: 1, enters: p}}\njourney: {p: {role: prospect, to: {c: a, out: rest}}, "
    journey = loads(text + "c: customer, out: exit}").journey()
    assert journey.stage("p").events[0].outcomes[0].chance.name == "b"


@pytest.mark.parametrize(
    ("stage", "why"),
    [("{role: customer, earn: {fee: 5 per month}}", "accrues"),
     ("{role: customer, to: {d: {chance: 100 %, earn: {fee: {value: 5, by: {plan: {big: 9}}}}}}}", "who somebody is")],
)  # fmt: skip
def test_the_expected_path_refuses_what_it_cannot_multiply(stage, why):
    text = HEAD + "horizon: 1 month\nattributes: {plan: {small: 50 %, big: 50 %}}\n"
    text += f"channels: {{a: {{batch: 9, enters: c}}}}\njourney: {{c: {stage}"
    text += ", d: customer}" if "d:" in stage else "}"
    with pytest.raises(ExperimentError, match=why):
        expected_path(loads(text))


LOSS = (
    HEAD
    + """horizon: 6 months
rates: {keep: 80 % per month, fee: 0}
channels: {a: {batch: 60, enters: c, cost_per_batch: 9000}}
journey:
  c: {role: customer, every: 1 month, to: {stay: {chance: keep, earn: {fee: 10, more: fee}}, out: rest}}
  out: exit
"""
)


def test_a_loss_has_no_elasticity_and_its_readings_are_said_in_money_alone():
    response = sensitivity(loads(LOSS), over="keep", replications=4)
    assert math.isnan(response.elasticity["as written"].mean)
    assert all(one.change.mean > 0 and one.relative is None for one in response.readings["as written"])
    assert "no elasticity, because profit today is near zero or below it" in response.answer()


def test_a_rate_at_nothing_has_no_range_around_it():
    with pytest.raises(ExperimentError, match="give the values"):
        sensitivity(loads(LOSS), over="fee", replications=2)


def test_elasticity_is_of_all_replications_together_though_some_have_no_customer():
    text = HEAD + "horizon: 6 months\nfollow: 3 months\nrates: {fee: 10}\n"
    text += "channels: {a: {rate: 0.3 per month, enters: c}}\n"
    text += "journey: {c: {role: customer, on_entry: {earn: {f: fee}}}}"
    response = sensitivity(loads(text), of="clv", over="fee", replications=12)
    assert np.isnan(response.base_runs["as written"].values("clv")).any()
    assert response.elasticity["as written"].n == 12
    assert response.elasticity["as written"].mean == pytest.approx(1)


def test_the_without_of_a_strategy_replaces_the_one_it_extends():
    text = HEAD + "horizon: 3 months\nchannels: {a: {batch: 5, enters: c}}\n"
    text += "journey: {c: {role: customer, events: {pay: {every: 1 month, earn: {fee: 1}}}}}\n"
    text += "strategies: {less: {without: [pay]}, more: {extends: less, without: []}}"
    model = loads(text)
    assert total(run(model, strategies="less"), "revenue") == 0
    assert total(run(model, strategies="more"), "revenue") == 10


def test_months_begin_on_the_day_of_the_start_or_the_last_there_is():
    text = HEAD + "start: 2027-01-31\nhorizon: 3 months\nchannels: {a: {batch: 5, enters: c}}\njourney: {c: customer}"
    dates = period_dates(loads(text).journey())
    assert dates[:3] == [dt.date(2027, 1, 31), dt.date(2027, 2, 28), dt.date(2027, 3, 31)]


def test_more_money_than_a_ledger_holds_is_a_limit_met():
    journey = load("ad_campaign").journey()
    books = OpenBooks(Layout.of(journey), journey)
    books.money[0, 0, 0] = 1 << 62
    with pytest.raises(SimulationError, match="more than a ledger can hold"):
        books.ledger(0, {})


def test_a_chain_of_a_thousand_stages_decided_at_once_runs_to_its_end():
    stages = ", ".join(f"s{i}: {{role: prospect, to: s{i + 1}}}" for i in range(1000))
    runs = run(
        loads(
            HEAD
            + f"horizon: 1 month\nchannels: {{a: {{batch: 2, enters: s0}}}}\njourney: {{{stages}, s1000: customer}}"
        )
    )
    assert total(runs, "acquisitions") == 2


def test_a_long_chain_decided_at_once_is_logged_whole():
    """Many people at a time write more lines in one step than the log's buffer once held; the run then never ended."""
    stages = ", ".join(f"s{i}: {{role: prospect, to: s{i + 1}}}" for i in range(300))
    text = f"horizon: 1 month\nchannels: {{a: {{batch: 300, enters: s0}}}}\njourney: {{{stages}, s300: exit}}"
    assert len(run(loads(HEAD + text), events=True).events) == 300 * 301


def test_a_shorter_horizon_from_outside_needs_no_shorter_follow():
    short = load("subscription").with_(horizon="12 months")
    assert short.journey().follow * 2 == short.journey().horizon


def test_an_undecided_answer_names_no_month_of_overtaking():
    text = HEAD + "horizon: 6 months\nchannels: {a: {batch: 40, enters: p}}\njourney: {p: {role: prospect, after: "
    text += "{exponential: 3 months}, to: {c: {chance: 50 %, earn: {fee: 9}}, out: rest}}, c: customer, out: exit}\n"
    text += "strategies: {one: {}, other: {journey: {p: {to: {c: {chance: 52 %}}}}}}"
    answer = compare(loads(text), replications=5).answer()
    assert "do not tell" in answer
    assert "overtake" not in answer


def test_replications_of_a_run_do_not_depend_on_how_many_there_are():
    model = load("ad_campaign")
    assert replicate(model, replications=2).ledger.pick(1).equals(replicate(model, replications=3).ledger.pick(1))
