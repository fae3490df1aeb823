"""Money worked by hand, in both engines: amounts below a cent, shares, prices by a counter, what is set and billed."""

import math

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.engine.run import run_once
from flywheel_sim.journey.units import MILLIONTHS, MONTH
from flywheel_sim.ledger import FOLLOWED, ROLE_FLOWS

BOTH = pytest.mark.parametrize("engine", ["kernel", "reference"])


def lived(text, engine, people=False, seed=1):
    """Return the run of a journey, checked all along where an engine can be."""
    journey = fs.loads(text).journey()
    return run_once(journey, seed, people=people, engine=engine, checked=engine == "reference")


def booked(life, line, side=None):
    """Return what is booked on a line in all, in millionths."""
    lines = life.ledger.layout.lines
    picked = [index for index, (of, name, _) in enumerate(lines) if name == line and side in (None, of)]
    assert picked, (line, lines)
    return int(life.ledger.money[..., picked].sum())


METERED = """
name: Calls by the piece
horizon: 1 month
currency: EUR
attributes: {calls: {counts: 0 to 1000}}
rates: {call: {value: 0.004, per: calls}}
channels: {c: {batch: 1, enters: user, set: {calls: CALLS}}}
journey:
  user: {role: customer, events: {bill: {after: 1 day, earn: {calls: call}}}}
"""


@BOTH
@pytest.mark.parametrize(("calls", "millionths"), [(730, 2_920_000), (729, 2_916_000), (0, 0)])
def test_calls_at_less_than_a_cent_are_billed_to_the_millionth(engine, calls, millionths):
    assert booked(lived(METERED.replace("CALLS", str(calls)), engine), "calls") == millionths


@BOTH
def test_an_impression_at_a_fifth_of_a_cent_costs_that_times_who_came(engine):
    text = """
name: Banner
horizon: 1 month
currency: EUR
channels: {banner: {rate: 500 per month, cost_per_arrival: 0.002, enters: seen}}
journey:
  seen: {role: prospect, after: 1 day, to: gone}
  gone: exit
"""
    life = lived(text, engine).ledger
    came = int(life.flow[..., ROLE_FLOWS.index("arrived")].sum())
    assert came > 400
    assert int(life.channel_spend.sum()) == 2_000 * came


@BOTH
def test_a_message_at_a_third_of_a_cent_is_not_lost(engine):
    text = """
name: Messages
horizon: 11 months
currency: JPY
channels: {list: {batch: 100, enters: reader}}
journey:
  reader: {role: customer, events: {message: {every: 1 month, spend: {messages: 0.0035}}}}
"""
    assert booked(lived(text, engine), "messages") == 3_500_000


TIER = """
name: The first 55 cost something
horizon: 100 days
currency: EUR
attributes: {units: {counts: 0 to 200}}
rates: {unit: {by: {units: {0: 0.067, 55: 0}}}}
channels: {c: {batch: 1, enters: user}}
journey:
  user: {role: customer, events: {use: {every: 1 day, earn: {units: unit}, add: {units: 1}}}}
"""


@BOTH
def test_a_tier_by_a_counter_sees_the_count_before_this_firing(engine):
    assert booked(lived(TIER, engine), "units") == 3_685_000


LICENCES = """
name: Set and billed on entry
horizon: 2 months
currency: EUR
attributes: {licences: {counts: 1 to 9}}
rates: {fee: {by: {licences: {1: 20 per month, 5: 100 per month}}}}
channels: {c: {batch: 1, enters: user}}
journey:
  user:
    role: customer
    on_entry: {set: {licences: 5}, earn: {plan: fee}}
    events: {bill: {every: 1 month, earn: {plan: fee}}}
"""


@BOTH
def test_what_is_set_on_entry_is_billed_on_entry(engine):
    assert booked(lived(LICENCES, engine), "plan") == 200 * MILLIONTHS
    seats = LICENCES.replace(
        "{by: {licences: {1: 20 per month, 5: 100 per month}}}", "{value: 15 per month, per: licences}"
    )
    assert booked(lived(seats.replace("licences: 5", "licences: 3"), engine), "plan") == 2 * 45 * MILLIONTHS


SHOP = """
name: A shop of drawn baskets
horizon: 12 months
follow: 6 months
currency: EUR
discount: 10 % per year
report_by: [tier]
lines:
  goods: {kind: cost_of_sales}
  fees: {share: 2.9 %, of: coffee, kind: cost_of_sales}
  refunds: {share: -4 %, of: [coffee, beans]}
  flyer: {kind: acquisition}
attributes: {tier: {small: 60 %, big: rest}}
channels: {ads: {batch: 60, enters: visitor}, friends: {enters: visitor}}
journey:
  visitor: {role: prospect, after: 3 days, to: {client: 50 %, gone: rest}}
  client:
    role: customer
    on_entry: {earn: {coffee: {gamma: {mean: 34, shape: 3}}}, spend: {goods: 42 % of coffee}}
    events:
      order:
        every: {exponential: 20 days}
        earn: {coffee: {gamma: {mean: 34, shape: 3}}}
        spend: {goods: 42 % of coffee, care: 1.5}
        outcomes: {more: {chance: 30 %, earn: {beans: {exponential: 9}, coffee: 2.5, off: -10 % of coffee}}, none: rest}
      tell: {every: 0.2 per month, refer: friends, spend: {flyer: 0.25}}
      leave: {after: 0.1 per month, to: gone}
  gone: exit
"""


@BOTH
def test_fees_and_goods_follow_drawn_baskets_to_the_millionth(engine):
    life = lived(SHOP, engine, people=True)
    ledger, layout = life.ledger, life.ledger.layout
    at = {(side, name): index for index, (side, name, _) in enumerate(layout.lines)}
    kinds = {name: kind for side, name, kind in layout.lines if side == "spend"}
    assert kinds == {"goods": "cost_of_sales", "care": "service", "flyer": "acquisition", "fees": "cost_of_sales"}
    coffee, beans = (ledger.money[..., at["earn", name]] for name in ("coffee", "beans"))
    # in every period and group
    np.testing.assert_array_equal(ledger.money[..., at["spend", "fees"]], np.rint(0.029 * coffee))
    np.testing.assert_array_equal(ledger.money[..., at["earn", "refunds"]], np.rint(-0.04 * (coffee + beans)))
    orders = int(ledger.flow.sum())
    for line, share, of in (("goods", 0.42, coffee), ("off", -0.1, None)):
        side = "earn" if line == "off" else "spend"
        taken = int(ledger.money[..., at[side, line]].sum())
        if of is not None:
            assert abs(taken - share * int(of.sum())) <= 0.5 * orders
        else:
            assert taken < 0
    # people, each booking rounded
    earned = ledger.money[..., [index for (side, _), index in at.items() if side == "earn"]].sum()
    spent = ledger.money[..., [index for (side, _), index in at.items() if side == "spend"]].sum()
    assert abs(life.people.revenue.sum() - earned / MILLIONTHS) <= 0.5e-6 * 3 * orders
    assert abs(life.people.cost.sum() - spent / MILLIONTHS) <= 0.5e-6 * 3 * orders
    # those who are followed
    followed = ledger.followed.sum(axis=(0, 1))
    revenue, cost = followed[FOLLOWED.index("revenue")], followed[FOLLOWED.index("cost")]
    assert 0 < cost < revenue
    assert cost / revenue == pytest.approx((0.42 * 1 + 0.029) / 0.96, abs=0.12)


@BOTH
def test_what_one_buyer_brings_is_reckoned_by_hand(engine):
    text = """
name: One buyer
horizon: 12 months
follow: 6 months
currency: EUR
discount: 10 % per year
lines:
  goods: {kind: cost_of_sales}
  fees: {share: 2.9 %, of: coffee, kind: cost_of_sales}
  refunds: {share: -4 %, of: coffee}
channels: {c: {batch: 1, enters: client}}
journey:
  client:
    role: customer
    events:
      order: {after: 60 days, earn: {coffee: 33.333333}, spend: {goods: 42 % of coffee, box: 0.1}}
"""
    life = lived(text, engine, people=True)
    fees, refunds, goods = (round(share * 33_333_333) for share in (0.029, -0.04, 0.42))
    assert (fees, refunds, goods) == (966_667, -1_333_333, 14_000_000)
    assert [booked(life, line) for line in ("fees", "refunds", "goods")] == [fees, refunds, goods]
    person = life.people.iloc[0]
    assert person.revenue == pytest.approx((33_333_333 + refunds) / MILLIONTHS, abs=1e-9)
    assert person.cost == pytest.approx((fees + goods + 100_000) / MILLIONTHS, abs=1e-9)
    worth = math.exp(-math.log(1.1) * 60 / 365)
    parts = [33_333_333, refunds, -fees, -goods, -100_000]
    assert person.margin_discounted == pytest.approx(sum(round(part * worth) for part in parts) / MILLIONTHS, abs=1e-9)


@BOTH
def test_seats_that_accrue_are_charged_by_their_number(engine):
    text = """
name: Seats
horizon: 4 months
currency: EUR
report_by: [plan]
lines: {hosting: {share: 12 %, of: fee, kind: cost_of_sales}, cut: {share: -10 %, of: fee, recurring: yes}}
attributes: {seats: {counts: 0 to 9}, plan: [basic, big]}
rates: {seat: {value: 30 per month, per: seats}}
channels: {c: {batch: 1, enters: user}}
journey:
  user:
    role: customer
    on_entry: {set: {seats: 2}}
    earn: {fee: seat}
    events:
      grow: {after: 1 month, add: {seats: 3}, to: stay}
      up: {after: 2 months, set: {plan: big, seats: 1}, to: stay}
"""
    text = text.replace(", to: stay", "")
    life = lived(text, engine)
    fee = life.ledger.money[:, :, [name for _, name, _ in life.ledger.layout.lines].index("fee")]
    assert fee.T.tolist() == [[60 * MILLIONTHS, 150 * MILLIONTHS, 0, 0], [0, 0, 30 * MILLIONTHS, 30 * MILLIONTHS]]
    assert booked(life, "hosting") == round(0.12 * 270 * MILLIONTHS)
    assert life.ledger.mrr.sum(axis=(1, 2)).cumsum().tolist() == [54_000_000, 135_000_000, 27_000_000, 27_000_000]


@BOTH
def test_money_that_does_not_recur_has_no_recurring_revenue(engine):
    text = """
name: Ads and a plan
horizon: 2 months
currency: EUR
lines: {banner: {recurring: no}}
channels: {c: {batch: 3, enters: user}}
journey:
  user: {role: customer, earn: {banner: 2 per month, plan: 5 per month}}
"""
    assert int(lived(text, engine).ledger.mrr.sum()) == 15 * MILLIONTHS


@BOTH
def test_a_sum_beyond_what_a_ledger_holds_stops_the_run_and_offers_thousands(engine):
    text = """
name: Too much
horizon: 1 month
currency: EUR
attributes: {seats: {counts: 0 to 1000}}
rates: {fee: {value: 100000000, per: seats}}
channels: {c: {batch: 60, enters: user, set: {seats: 1000}}}
journey:
  user: {role: customer, events: {pay: {after: 1 day, earn: {fee: fee}}}}
"""
    with pytest.raises(fs.SimulationError, match=r"on a line in one period is beyond 4.6e\+12.*in thousands"):
        run_once(fs.loads(text).journey(), 1, engine=engine)


@BOTH
def test_a_peer_model_of_one_company_pays_for_its_launch_without_a_channel_of_its_own(engine):
    text = """
name: One company
start: 2027-01-01
horizon: 24 months
currency: EUR
market: 400
channels:
  ads: {spend: 1000 per month, cost_per_arrival: 50, at_most: 40 per month, enters: client}
  told: {enters: client}
costs: {launch: {amount: 20000, on: [2027-01-01, 2027-07-01]}, rent: 500 per month}
lines: {rent: {kind: cost_of_sales}}
journey:
  client:
    role: customer
    earn: {fee: 30 per month}
    events: {tell: {every: 0.1 per month, refer: told}, leave: {after: 0.02 per month, to: gone}}
  gone: exit
"""
    ledger = lived(text, engine).ledger
    assert ledger.layout.costs == (("launch", "overhead"), ("rent", "cost_of_sales"))
    launch = ledger.costs[:, 0].tolist()
    assert {month: paid for month, paid in enumerate(launch) if paid} == {
        0: 20_000 * MILLIONTHS,
        6: 20_000 * MILLIONTHS,
    }
    assert ledger.costs[:, 1].tolist() == [500 * MILLIONTHS] * 24
    assert int(ledger.channel_spend.sum()) == 24 * 1000 * MILLIONTHS
    assert ledger.layout.period_ends[-1] == 24 * MONTH
