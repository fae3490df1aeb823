"""Money lines, shares, prices by a counter and spreads by level written wrongly: one problem each, in its place."""

import random

import pytest
from edits import check_column, check_refused
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_malformed import ODD, mutated

from flywheel_sim.errors import ConfigError, DataError
from flywheel_sim.scenario.load import loads

BASE = """\
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
  stays: {value: 90 %, spread: {value: 3 points, by: {plan: {big: 0}}}}
attributes:
  seats: {counts: 0 to 9}
  tenure: stopwatch
  plan: [basic, big]
channels:
  ads: {spend: 300 per month, cost_per_arrival: 30, enters: visitor}
  told: {enters: visitor}
costs: {rent: 100 per month}
resources: {desk: {people: 1, cost: 100 per person per month}}
journey:
  visitor: {role: prospect, after: 3 days, to: client}
  client:
    role: customer
    on_entry: {set: {seats: 2}, earn: {coffee: basket}, spend: {goods: beans of coffee}}
    earn: {plan_fee: seat}
    events:
      order: {every: pace, earn: {coffee: basket, tip: 2}, spend: {goods: 42 % of coffee}}
      fault: {after: 1 month, staff: desk, takes: 1 hour}
      tell: {every: 0.1 per month, refer: told}
      renewal: {every: 1 month, to: {stay: {chance: stays, earn: {fee: 9}}, gone: rest}}
  gone: exit
"""
# fmt: off
CASES: list[tuple[str, str, str, str, str, str, str, str]] = [
    # name, old text, new text, line:column, path, value, piece of the rule, piece of the remedy
    ("lines that are a list",
     "lines:\n  goods: {kind: cost_of_sales}\n  fees: {share: 2.9 %, of: coffee, kind: cost_of_sales}",
     "lines: [goods]", "5:1", "lines", "", "'lines' is a mapping of names", "write name: ..."),
    ("a line that is its kind", "goods: {kind: cost_of_sales}", "goods: cost_of_sales", "6:10", "lines.goods",
     "cost_of_sales", "a mapping belongs here", "write name: value"),
    ("a word no line has", "goods: {kind: cost_of_sales}", "goods: {knd: cost_of_sales}", "6:11", "lines.goods.knd",
     "", "'knd' is not known here", "did you mean 'kind'?"),
    ("a kind with a hyphen", "goods: {kind: cost_of_sales}", "goods: {kind: win-back}", "6:17", "lines.goods.kind",
     "win-back", "the kind of a line is one of cost_of_sales, acquisition,", "did you mean 'win_back'?"),
    ("kinds as a list", "goods: {kind: cost_of_sales}", "goods: {kind: [service]}", "6:11", "lines.goods.kind", "",
     "the kind of a line is one of cost_of_sales, acquisition,", "did you mean 'service'?"),
    ("a line twice", "  fees: {share", "  goods: {share", "7:3", "lines.goods", "goods", "this key stands twice",
     "keep one of the two, or rename one"),
    ("a line with a space", "  fees: {share", "  'my fees': {share", "7:3", "lines.my fees", "my fees",
     "a name is letters, digits and underscores, starting with", "write my_fees"),
    ("a line called rest", "  fees: {share", "  rest: {share", "7:3", "lines.rest", "rest",
     "'rest' is a reserved word", "choose another name"),
    ("a share per month", "share: 2.9 %", "share: 2.9 % per month", "7:17", "lines.fees.share", "2.9 % per month",
     "a share is a percentage", "write 2.9 %, or -4 %"),
    ("a share in points", "share: 2.9 %", "share: 2.9 points", "7:17", "lines.fees.share", "2.9 points",
     "a share is a percentage", "write 2.9 %, or -4 %"),
    ("a share kept", "share: 2.9 %", "share: 2.9 % kept per year", "7:17", "lines.fees.share", "2.9 % kept per year",
     "a share is a percentage", "write 2.9 %, or -4 %"),
    ("a share of more than all", "share: 2.9 %", "share: -1001 %", "7:17", "lines.fees.share", "-1001 %",
     "a share is at most ten times what is earned", "write 42 %"),
    ("a share with a table", "share: 2.9 %", "share: {value: 3 %}", "7:10", "lines.fees.share", "",
     "a single value belongs here", "write a number with its unit, or the name of"),
    ("a share of no rate", "share: 2.9 %", "share: beens", "7:17", "lines.fees.share", "beens",
     "neither a chance nor a name under 'rates'", "write 35 %, 20 of 30, or 95 % per month on a"),
    ("a share of a rate of money", "share: 2.9 %", "share: basket", "7:17", "lines.fees.share", "basket",
     "a chance belongs here, not '34' (rate 'basket')", "write 35 %, 20 of 30, or 95 % per month on a"),
    ("a share by a rate with levels", "share: 2.9 %, of: coffee, kind: cost_of_sales}\nrates:",
     "share: cut, of: coffee, kind: cost_of_sales}\nrates:\n  cut: {value: 3 %, by: {plan: {big: 2 %}}}", "7:17",
     "lines.fees.share", "cut", "the share of a line is the same for everybody, at all",
     "write it as an amount where the money is"),
    ("a share by a rate in which people differ", "share: 2.9 %, of: coffee, kind: cost_of_sales}\nrates:",
     "share: stays, of: coffee, kind: cost_of_sales}\nrates:", "7:17", "lines.fees.share", "stays",
     "the share of a line is the same for everybody, at all", "write it as an amount where the money is"),
    ("a share of a number", "of: coffee,", "of: 3,", "7:28", "lines.fees.of", "3",
     "a name is letters, digits and underscores, starting with", "write a_name"),
    ("a share of a mapping", "of: coffee,", "of: {coffee: 1},", "7:24", "lines.fees.of", "",
     "a list of names belongs here", "write [one, other]"),
    ("a share of a share of the file", "of: coffee,", "of: [coffee, fees],", "7:37", "lines.fees.of.1", "fees",
     "a share is of money that is booked, and this line is a", "name the lines it is a share of"),
    ("a share of a cost", "of: coffee,", "of: rent,", "7:28", "lines.fees.of", "rent",
     "a share is of money that is earned, and this is spent", "name a line under 'earn'"),
    ("a derived line of the name of a channel", "  fees: {share", "  told: {share", "7:3", "lines.told", "",
     "'told' is booked already, and a derived line follows from", "rename one of the two"),
    ("a derived line of the name of a cost", "  fees: {share", "  rent: {share", "7:3", "lines.rent", "",
     "'rent' is booked already, and a derived line follows from", "rename one of the two"),
    ("a derived line that is earned", "  fees: {share", "  tip: {share", "7:3", "lines.tip", "",
     "'tip' is booked already, and a derived line follows from", "rename one of the two"),
    ("a resource that recurs", "goods: {kind: cost_of_sales}",
     "goods: {kind: cost_of_sales}\n  desk: {recurring: no}", "7:10", "lines.desk.recurring", "",
     "'desk' is spent, and recurring revenue is earned", "remove it"),
    ("maybe for yes or no", "goods: {kind: cost_of_sales}", "goods: {kind: cost_of_sales}\n  tip: {recurring: maybe}",
     "7:20", "lines.tip.recurring", "maybe", "yes or no belongs here", "write no"),
    ("a share without its percent sign", "goods: 42 % of coffee", "goods: 0.42 of coffee", "30:75",
     "journey.client.events.order.spend.goods", "0.42", "a share is a percentage", "write 2.9 %, or -4 %"),
    ("a share of a month", "goods: 42 % of coffee", "goods: 42 % per month of coffee", "30:75",
     "journey.client.events.order.spend.goods", "42 % per month", "a share is a percentage", "write 2.9 %, or -4 %"),
    ("a share of what is spent", "goods: 42 % of coffee", "goods: 4, box: 3 % of goods", "30:83",
     "journey.client.events.order.spend.box", "goods", "nothing on a line 'goods' is earned when this happens",
     "add an 'earn'; known: coffee, tip"),
    ("a share of what the entry earns", "tip: 2", "tip: 2, x: 3 % of fee", "30:62",
     "journey.client.events.order.earn.x", "fee", "nothing on a line 'fee' is earned when this happens",
     "add an 'earn'; did you mean 'coffee'?"),
    ("a share of another outcome", "earn: {fee: 9}}, gone: rest",
     "earn: {fee: 9}}, gone: {chance: rest, spend: {box: 3 % of fee}}", "33:111",
     "journey.client.events.renewal.to.gone.spend.box", "fee", "nothing on a line 'fee' is earned when this happens",
     "add an 'earn'"),
    ("a share by a rate of money", "goods: 42 % of coffee", "goods: basket of coffee", "30:75",
     "journey.client.events.order.spend.goods", "basket", "a chance belongs here, not '34' (rate 'basket')",
     "write 35 %, 20 of 30, or 95 % per month on a"),
    ("a share in a table", "tip: 2", "tip: {value: 3 % of coffee}", "30:64",
     "journey.client.events.order.earn.tip.value", "3 % of coffee", "a share of a line stands by itself",
     "for a table of shares name a rate"),
    ("a share in a distribution", "tip: 2", "tip: {exponential: 3 % of coffee}", "30:70",
     "journey.client.events.order.earn.tip.exponential", "3 % of coffee", "a share of a line stands by itself",
     "for a table of shares name a rate"),
    ("a share for a cost", "rent: 100 per month", "rent: 3 % of coffee", "21:15", "costs.rent", "3 % of coffee",
     "a share of a line stands by itself", "for a table of shares name a rate"),
    ("a share that accrues of what does not", "earn: {plan_fee: seat}",
     "earn: {plan_fee: seat}\n    spend: {box: 3 % of coffee}", "29:18", "journey.client.spend.box", "coffee",
     "nothing on a line 'coffee' accrues here", "let it accrue on the same stage or set;"),
    ("a share that accrues in which people differ", "earn: {plan_fee: seat}",
     "earn: {plan_fee: seat, off: stays of plan_fee}", "28:33", "journey.client.earn.off", "stays of plan_fee",
     "a share of what accrues is the same for all in a level", "remove its spread"),
    ("a cost below 0", "rent: 100 per month", "rent: -100 per month", "21:15", "costs.rent", "-100 per month",
     "an amount of money is not negative, but it is -100", "what is earned may be negative, what is spent"),
    ("an arrival that costs less than nothing", "cost_per_arrival: 30", "cost_per_arrival: -30", "19:49",
     "channels.ads.cost_per_arrival", "-30", "an amount of money is not negative, but it is -30",
     "what is earned may be negative, what is spent"),
    ("spend below 0 that accrues", "earn: {plan_fee: seat}", "earn: {plan_fee: seat}\n    spend: {box: -1 per month}",
     "29:18", "journey.client.spend.box", "-1 per month", "an amount of money is not negative, but it is -1",
     "what is earned may be negative, what is spent"),
    ("a level of spend below 0", "goods: 42 % of coffee", "goods: {value: 1, by: {plan: {big: -1}}}", "30:103",
     "journey.client.events.order.spend.goods.by.plan.big", "-1",
     "an amount of money is not negative, but the cell plan big", "what is earned may be negative, what is spent"),
    ("a draw from below 0", "tip: 2", "tip: {uniform: [-5, 5]}", "30:67",
     "journey.client.events.order.earn.tip.uniform.0", "-5", "an amount of money is not negative, but it is -5",
     "what is earned may be negative, what is spent"),
    ("a median below 0", "tip: 2", "tip: {lognormal: {median: -5, sigma: 1}}", "30:77",
     "journey.client.events.order.earn.tip.lognormal.median", "-5",
     "an amount of money is not negative, but it is -5", "what is earned may be negative, what is spent"),
    ("too large a refund", "tip: 2", "tip: -200_000_000", "30:56", "journey.client.events.order.earn.tip",
     "-200_000_000", "an amount of money is at most 1e+08, but it is -2e+08", "mend the figure or its factors"),
    ("people who differ around less than nothing", "tip: 2", "tip: {value: -2, spread: 20 % of mean}", "30:76",
     "journey.client.events.order.earn.tip.spread", "20 % of mean", "people do not differ around an amount below 0",
     "remove the spread, or write a share of"),
    ("people who differ where a level is below 0", "tip: 2",
     "tip: {value: 2, by: {plan: {big: -1}}, spread: {value: 20 % of mean, by: {plan: {big: 0}}}}", "30:90",
     "journey.client.events.order.earn.tip.spread", "", "people do not differ around an amount below 0",
     "remove the spread, or write a share of"),
    ("a counter in a pace", "tell: {every: 0.1 per month", "tell: {every: {value: 0.1 per month, per: seats}",
     "32:49", "journey.client.events.tell.every.per", "seats",
     "money alone is multiplied by a counter, and this is a rate", "remove 'per', or write a table by the counter"),
    ("a counter in a wait", "after: 3 days", "after: {value: 3 days, per: seats}", "24:57",
     "journey.visitor.after.per", "seats", "money alone is multiplied by a counter, and this is a",
     "remove 'per', or write a table by the counter"),
    ("a counter in a number of people", "people: 1", "people: {value: 1, per: seats}", "22:44",
     "resources.desk.people.per", "seats", "money alone is multiplied by a counter, and this is a",
     "remove 'per', or write a table by the counter"),
    ("a counter in a cost", "rent: 100 per month", "rent: seat", "21:15", "costs.rent", "seat",
     "an overhead is the same for everybody", "give one figure"),
    ("a counter in the spend of a channel", "spend: 300 per month", "spend: seat", "19:16", "channels.ads.spend",
     "seat", "a channel's figure is the same for everybody", "give one figure"),
    ("a counter in the price of an arrival", "cost_per_arrival: 30", "cost_per_arrival: {value: 3, per: seats}",
     "19:31", "channels.ads.cost_per_arrival", "", "a channel's figure is the same for everybody", "give one figure"),
    ("a counter in the shape of a draw", "tip: 2", "tip: {gamma: {mean: 3, shape: {value: 3, per: seats}}}", "30:97",
     "journey.client.events.order.earn.tip.gamma.shape.per", "seats",
     "money alone is multiplied by a counter, and this is a", "remove 'per', or write a table by the counter"),
    ("two counters", "per: seats", "per: [seats, seats]", "11:31", "rates.seat.per", "", "a name belongs here",
     "write one plain word"),
    ("a stopwatch for a counter", "per: seats", "per: tenure", "11:36", "rates.seat.per", "tenure",
     "money is multiplied by a counter of the file's own", "known: seats"),
    ("a counter lost in a value", "tip: 2", "tip: {value: seat, times: {plan: {big: 2}}}", "11:3", "rates.seat", "",
     "the per of 'seat' would be lost inside another rate", "state the per in the outer rate, and name one"),
    ("a price of a counter alone", "tip: 2", "tip: {per: seats}", "30:51", "journey.client.events.order.earn.tip", "",
     "the rate has no figure", "write value: 49, or 49 per month"),
    ("seven decimals in an end", "tip: 2", "tip: {uniform: [1.2345678, 5]}", "30:67",
     "journey.client.events.order.earn.tip.uniform.0", "1.2345678",
     "money is counted in millionths, and this has more than", "round it, or state it for more of what is paid"),
    ("seven decimals in a mean", "tip: 2", "tip: {gamma: {mean: 1.2345678, shape: 2.12345678}}", "30:71",
     "journey.client.events.order.earn.tip.gamma.mean", "1.2345678",
     "money is counted in millionths, and this has more than", "round it, or state it for more of what is paid"),
    ("seven decimals in a level", "tip: 2", "tip: {value: 0, by: {plan: {big: 1.2345678}}}", "30:84",
     "journey.client.events.order.earn.tip.by.plan.big", "1.2345678",
     "money is counted in millionths, and this has more than", "round it, or state it for more of what is paid"),
    ("seven decimals in a tenth of a millionth", "tip: 2", "tip: 1e-7", "30:56",
     "journey.client.events.order.earn.tip", "1e-7", "money is counted in millionths, and this has more than",
     "round it, or state it for more of what is paid"),
    ("seven decimals in a cost", "rent: 100 per month", "rent: 100.1234567 per month", "21:15", "costs.rent",
     "100.1234567 per month", "money is counted in millionths, and this has more than",
     "round it, or state it for more of what is paid"),
    ("seven decimals in a spend", "spend: 300 per month", "spend: 300.1234567 per month", "19:16",
     "channels.ads.spend", "300.1234567 per month", "money is counted in millionths, and this has more than",
     "round it, or state it for more of what is paid"),
    ("seven decimals that nothing uses", "  basket: 34", "  unused: 3.1234567\n  basket: 34", "9:11", "rates.unused",
     "3.1234567", "money is counted in millionths, and this has more than",
     "round it, or state it for more of what is paid"),
    ("a spread by two attributes", "by: {channel: {ads: 0}}", "by: {channel: {ads: 0}, plan: {big: 0}}", "12:60",
     "rates.pace.spread.by", "", "'by' takes one attribute", "write spread: {value: 60 % of mean, by:"),
    ("a spread by a spread", "by: {channel: {ads: 0}}", "by: {channel: {ads: {by: {plan: {big: 0}}}}}", "12:81",
     "rates.pace.spread.by.channel.ads.by", "", "'by' is not known here", "known: alpha, beta, shape"),
    ("a spread by name", "by: {channel: {ads: 0}}", "by: {channel: {ads: beans}}", "12:80",
     "rates.pace.spread.by.channel.ads", "beans", "a figure belongs here, not a name",
     "write a number with its unit"),
    ("a spread with a word too many", "{value: 60 % of mean, by", "{vlue: 60 % of mean, by", "12:39",
     "rates.pace.spread.vlue", "", "'vlue' is not known here", "did you mean 'value'?"),
    ("a spread below 0", "by: {channel: {ads: 0}}", "by: {channel: {ads: -3 % of mean}}", "12:30",
     "rates.pace.spread", "-3 % of mean", "the spread of a rate is a positive share of its mean",
     "write 40 % of mean, or {shape: 2}"),
    ("a spread of a pace in percent", "by: {channel: {ads: 0}}", "by: {channel: {ads: 3 %}}", "12:30",
     "rates.pace.spread", "3 %", "the spread of a rate is a positive share of its mean",
     "write 40 % of mean, or {shape: 2}"),
    ("a spread of a chance by its mean", "by: {plan: {big: 0}}", "by: {plan: {big: 3 % of mean}}", "13:24",
     "rates.stays.spread", "3 % of mean", "the spread of a chance is in points", "write 4 points, or {alpha, beta}"),
    ("a spread of a chance by a shape", "by: {plan: {big: 0}}", "by: {plan: {big: {shape: 2}}}", "13:24",
     "rates.stays.spread", "", "the spread of a chance takes alpha and beta, both", "write {alpha: 0.7, beta: 1.2}"),
    ("a spread too wide in one level", "by: {plan: {big: 0}}", "by: {plan: {big: 90 points}}", "13:24",
     "rates.stays.spread", "90 points", "no beta distribution has this spread where the cell plan",
     "make the spread smaller, or move that cell"),
    ("a spread of 0 in all", "spread: {value: 60 % of mean, by: {channel: {ads: 0}}}", "spread: 0 % of mean", "12:38",
     "rates.pace.spread", "0 % of mean", "the spread of a rate is a positive share of its mean",
     "write 40 % of mean, or {shape: 2}"),
    ("a level missing of a spread by time", "spread: {value: 60 % of mean, by: {channel: {ads: 0}}}",
     "spread: {by: {tenure: {3 months: 0}}}", "12:39", "rates.pace.spread.by", "",
     "without a 'value' every level of 'tenure' must be given", "add 0 days, or a value"),
    ("doubt by level", "spread: {value: 60 % of mean, by: {channel: {ads: 0}}}",
     "uncertain: {by: {channel: {ads: 0}}}", "12:42", "rates.pace.uncertain.by", "", "'by' is not known here",
     "known: alpha, beta, shape"),
    ("a spread lost in another rate", "tell: {every: 0.1 per month",
     "tell: {every: {value: pace, times: {plan: {big: 2}}}", "12:3", "rates.pace", "",
     "the spread of 'pace' would be lost inside another rate", "state the spread in the outer rate, and name"),
    ("a wait in which people differ", "after: 3 days",
     "after: {value: 3 days, spread: {value: 0, by: {plan: {big: 0}}}}", "24:52", "journey.visitor.after.spread", "",
     "a duration has no spread", "use a distribution, such as lognormal"),
]
# fmt: on


def test_the_journey_itself_is_right():
    assert loads(BASE).journey().notes == ()


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_one_word_written_wrongly_is_one_problem_in_its_place(case):
    check_refused(BASE, case)
    if f"of {case[5]}" not in case[2]:  # of a share the line alone is shown, and the place is that of the whole
        check_column(BASE, case)


#: Pieces of the language that are thrown into a file.
THROWN = [
    *ODD, "3 % of coffee", "beans of coffee", "per: seats", "-5", "0 points", "{by: {plan: {big: 0}}}", "seats",
    "coffee", "goods", "fees", "cost_of_sales", "yes", "no", "[coffee, tip]", "share", "{alpha: 2, beta: 3}", "1e-7",
    "recurring",
]  # fmt: skip


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_a_spoilt_file_loads_or_says_what_is_wrong(seed):
    chance = random.Random(seed)
    text = mutated(BASE, chance)
    at = chance.randrange(len(text) + 1)
    text = text[:at] + chance.choice(THROWN) + text[at + chance.choice([0, 1, 5, 12]) :]
    try:
        loads(text, "spoilt.yaml").journey()
    except (ConfigError, DataError) as error:
        for problem in getattr(error, "problems", ()):
            assert 1 <= problem.line <= text.count("\n") + 2
            assert problem.rule
            assert problem.remedy
