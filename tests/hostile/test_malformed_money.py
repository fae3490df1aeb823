"""Wrong money, lines and plans: each is refused with its place, what is wrong, and what to write instead."""

import pytest

import flywheel_sim as fs
from flywheel_sim.errors import ConfigError

FILE = """
name: Shop
start: 2027-01-01
horizon: 12 months
currency: EUR
lines:
  goods: {kind: cost_of_sales}
  fees: {share: 2.9 %, of: coffee, kind: cost_of_sales}
rates:
  basket: 34
  beans: 42 %
  seat: {value: 15 per month, per: seats}
  pace: {value: 1 per month, spread: {value: 60 % of mean, by: {channel: {ads: 0}}}}
attributes:
  seats: {counts: 0 to 9}
  debt: {counts: -5 to 9}
  tenure: stopwatch
  plan: [basic, big]
  there: {count_of: client}
channels:
  ads: {spend: 300 per month, cost_per_arrival: 30, enters: visitor}
  told: {enters: visitor}
costs: {rent: 100 per month, launch: {amount: 500, on: 2027-03-01}}
levers: {care: {spend: 3 per customer per month, moves: {beans: {without: 40 %}}}}
journey:
  visitor: {role: prospect, after: 3 days, to: client}
  client:
    role: customer
    on_entry: {set: {seats: 2}, earn: {coffee: basket}, spend: {goods: beans of coffee}}
    earn: {plan_fee: seat}
    events:
      order: {every: pace, earn: {coffee: basket}, spend: {goods: 42 % of coffee, box: 1}}
      tell: {every: 0.1 per month, refer: told}
      leave: {after: 0.1 per month, to: gone}
  gone: exit
"""

#: What is written instead of what, where the problem stands, and a part of what it says.
WRONG = [
    ("kind: cost_of_sales}\n  fees", "kind: cost_of_sale}\n  fees", "lines.goods.kind", "did you mean 'cost_of_sales'"),
    ("goods: {kind", "good: {kind", "lines.good", "did you mean 'goods'"),
    ("goods: {kind", "coffee: {kind", "lines.coffee.kind", "what is earned is revenue"),
    ("goods: {kind: cost_of_sales}", "ads: {kind: cost_of_sales}", "lines.ads", "what brings people is acquisition"),
    ("goods: {kind: cost_of_sales}", "goods: {recurring: no}", "lines.goods.recurring", "recurring revenue is earned"),
    ("goods: {kind: cost_of_sales}", "plan_fee: {recurring: maybe}", "lines.plan_fee.recurring", "yes or no"),
    ("of: coffee, kind", "of: coffe, kind", "lines.fees.of", "did you mean 'coffee'"),
    ("of: coffee, kind", "of: goods, kind", "lines.fees.of", "this is spent"),
    ("of: coffee, kind", "of: [coffee, coffee], kind", "lines.fees.of.1", "stands twice"),
    ("of: coffee, kind", "of: fees, kind", "lines.fees.of", "is a share itself"),
    ("share: 2.9 %, of: coffee", "share: 2.9 %", "lines.fees.of", "'of' is required"),
    ("share: 2.9 %, of: coffee", "of: coffee", "lines.fees.share", "'share' is required"),
    ("share: 2.9 %", "share: 2.9", "lines.fees.share", "a share is a percentage"),
    ("share: 2.9 %", "share: 2000 %", "lines.fees.share", "at most ten times"),
    ("share: 2.9 %", "share: basket", "lines.fees.share", "a chance belongs here"),
    ("  fees: {share", "  box: {share", "lines.box", "is booked already"),
    ("kind: cost_of_sales}\nrates", "kind: cost_of_sales, recurring: yes}\nrates", "lines.fees.recurring", "is spend"),
    ("42 % of coffee, box", "42 % of coffe, box", "journey.client.events.order.spend.goods", "did you mean 'coffee'"),
    ("42 % of coffee, box", "bean of coffee, box", "journey.client.events.order.spend.goods", "did you mean 'beans'"),
    ("42 % of coffee, box", "42 of coffee, box", "journey.client.events.order.spend.goods", "a share is a percentage"),
    ("42 % of coffee, box", "42 % of fees, box", "journey.client.events.order.spend.goods", "is a share itself"),
    ("42 % of coffee, box", "42 % of plan_fee, box",
     "journey.client.events.order.spend.goods", "is earned when this happens"),
    ("earn: {plan_fee: seat}", "earn: {plan_fee: seat, cut: -5 % of coffee}",
     "journey.client.earn.cut", "accrues here"),
    ("goods: 42 % of coffee, box: 1", "box: -1", "journey.client.events.order.spend.box", "what is spent"),
    ("earn: {coffee: basket}, spend: {goods: 42", "earn: {coffee: {gamma: {mean: -3, shape: 2}}}, spend: {goods: 42",
     "coffee.gamma", "not negative"),
    ("basket: 34", "basket: {value: -34, spread: 20 % of mean}", "rates.basket.spread", "below 0"),
    ("basket: 34", "basket: 34.0000001", "rates.basket", "more than six decimals"),
    ("box: 1", "box: 0.0000001", "journey.client.events.order.spend.box", "more than six decimals"),
    ("cost_per_arrival: 30", "cost_per_arrival: 0.1234567", "channels.ads.cost_per_arrival", "more than six decimals"),
    ("amount: 500", "amount: 500.00000001", "costs.launch.amount", "more than six decimals"),
    ("spend: 3 per customer", "spend: 3.12345678 per customer", "levers.care.spend", "more than six decimals"),
    ("journey:\n  v", "strategies: {dear: {spend: {care: 3.1234567 per customer per month}}}\njourney:\n  v",
     "strategies.dear.spend.care", "more than six decimals"),
    ("per: seats", "per: seat", "rates.seat.per", "did you mean 'seats'"),
    ("per: seats", "per: plan", "rates.seat.per", "a counter of the file's own"),
    ("per: seats", "per: generation", "rates.seat.per", "a counter of the file's own"),
    ("per: seats", "per: debt", "rates.seat.per", "let it count from 0 up"),
    ("beans: 42 %", "beans: {value: 42 %, per: seats}", "rates.beans.per", "money alone"),
    ("basket: 34", "basket: {by: {plan: {basic: seat, big: 3 per month}}}",
     "rates.basket", "the per of 'seat' would be lost"),
    ("by: {channel: {ads: 0}}", "by: {channel: {ad: 0}}", "rates.pace.spread.by.channel.ad", "did you mean 'ads'"),
    ("by: {channel: {ads: 0}}", "by: {channels: {ads: 0}}", "rates.pace.spread.by.channels", "did you mean 'channel'"),
    ("by: {channel: {ads: 0}}", "by: {}", "rates.pace.spread.by", "'by' has no levels"),
    ("spread: {value: 60 % of mean, by", "spread: {by",
     "rates.pace.spread.by", "every level of 'channel' must be given"),
    ("by: {channel: {ads: 0}}", "by: {channel: {ads: 4 points}}", "rates.pace.spread", "share of its mean"),
    ("launch: {amount: 500, on: 2027-03-01}", "launch: {amount: 500}", "costs.launch.on", "'on' is required"),
    ("on: 2027-03-01", "on: 2026-03-01", "costs.launch.on", "after this date"),
    ("on: 2027-03-01", "on: [3 months, 3 months]", "costs.launch.on.1", "stands twice"),
    ("amount: 500", "amount: 500 per month", "costs.launch.amount", "has no period"),
    ("rent: 100 per month", "rent: 100", "costs.rent", "or is paid on a date"),
    ("count_of: client", "count_of: clients", "attributes.there.count_of", "did you mean 'client'"),
    ("count_of: client", "count_of: gone", "attributes.there.count_of", "people who are in the exit stage"),
    ("set: {seats: 2}", "set: {there: 2}", "journey.client.on_entry.set.there", "shared by all and cannot be set"),
    ("spend: 300 per month", "spend: {by: {plan: {basic: 300 per month, big: 1 per month}}}",
     "channels.ads.spend", "'calendar' and 'month' alone"),
    ("spend: 300 per month", "spend: {file: none.csv, column: ads, unit: per month}",
     "channels.ads.spend.file", "cannot be read"),
    ("spend: 300 per month", "spend: {file: none.csv}", "channels.ads.spend.column", "'column' is required"),
    ("spend: 300 per month", "spend: {file: none.csv, column: ads}", "channels.ads.spend", "add unit: per month"),
    ("spend: 300 per month", "spend: {file: none.csv, column: ads, unit: month}",
     "channels.ads.spend.unit", "write per month"),
    ("cost_per_arrival: 30", "cost_per_arrival: {by: {calendar: {0 days: 3, 1 month: 0}}}",
     "channels.ads.cost_per_arrival", "without end"),
    ("enters: visitor}\n  told", "enters: visitor, from: 6 months, until: 3 months}\n  told",
     "channels.ads.from", "ends before it begins"),
    ("told: {enters: visitor}", "told: {enters: visitor, from: 3 months}", "channels.told.from", "'from' goes with"),
    ("currency: EUR", "currency: EUR\nperiod: hour", "period", "one of day, week, month"),
    ("horizon: 12 months", "horizon: 40 years\nperiod: day", "period", "more than 4,000 periods"),
]  # fmt: skip


def test_the_journey_itself_is_right():
    assert fs.loads(FILE).journey().notes


@pytest.mark.parametrize(
    ("right", "wrong", "place", "message"), WRONG, ids=[f"{w[2]}-{i}" for i, w in enumerate(WRONG)]
)
def test_what_is_wrong_is_said_with_its_place(right, wrong, place, message):
    assert right in FILE
    with pytest.raises(ConfigError) as refused:
        fs.loads(FILE.replace(right, wrong))
    problems = refused.value.problems
    assert any(place in problem.path and message in f"{problem.rule}; {problem.remedy}" for problem in problems), str(
        refused.value
    )
    assert all(problem.line > 0 and problem.remedy for problem in problems)


PLANS = {
    "no dates": ("when,ads\nsoon,3\n", "line 2 of plan.csv: no date"),
    "no numbers": ("from,ads\n2027-01-01,many\n", "the cell is no plain number"),
    "negative": ("from,ads\n2027-01-01,-3\n", "the cell is negative"),
    "too fine": ("from,ads\n2027-01-01,0.1234567\n", "more than six decimals"),
    "backwards": (
        "from,ads\n2027-05-01,3\n2027-01-01,3\n",
        "line 3 of plan.csv: its date is before that of the row above",
    ),
    "twice": ("from,ads\n2027-05-01,3\n2027-05-01,4\n", "line 3 of plan.csv: its date is that of the row above"),
    "empty": ("from,ads\n", "no rows"),
    "another column": ("from,adverts\n2027-05-01,3\n", "no column 'ads' beside the dates"),
    "short": ("from,x,ads\n2027-05-01,3\n", "line 2: 3 columns and a row of 2"),
    "bytes": (b"\xff\xfe\x00", "not a CSV file in UTF-8"),
}


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_that_is_none_is_refused(tmp_path, plan):
    content, message = PLANS[plan]
    (tmp_path / "plan.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    text = FILE.replace("spend: 300 per month", "spend: {file: plan.csv, column: ads, unit: per month}")
    (tmp_path / "journey.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        fs.load(tmp_path / "journey.yaml")


def test_figures_of_code_are_rounded_to_the_millionth_and_never_refused():
    model = fs.loads(FILE).with_(basket=34 / 7)
    amount = model.journey().stages[1].on_entry.money[0]
    assert amount.value.cells == (pytest.approx(34e6 / 7),)


def test_traps_get_a_word_with_place_and_remedy():
    notes = [str(word) for word in fs.loads(FILE).journey().notes]
    assert len(notes) == 1
    assert "spent on customers for box counts as budget" in notes[0]
    assert "lines: {box: {kind: cost_of_sales}}" in notes[0]
    timed = FILE.replace("basket: 34", "basket: {value: 34, times: {tenure: {1 month: 0.5}}}")
    timed = timed.replace("set: {seats: 2}", "set: {seats: 2, tenure: 0 days}")
    notes = [str(word) for word in fs.loads(timed).journey().notes]
    assert any(
        "depends on 'tenure', which is set when this happens" in word and "client.on_entry.earn.coffee" in word
        for word in notes
    )


def test_an_amount_below_a_cent_is_restated_for_its_clock_as_it_is():
    text = FILE.replace(
        "order: {every: pace, earn: {coffee: basket}", "order: {every: 1 week, earn: {coffee: 0.004 per month}"
    )
    with pytest.raises(ConfigError, match=r"per the clock.s period: 0\.000921 per week"):
        fs.loads(text)
