"""The words of plans, dated costs, people counted and periods used wrongly: place, value, rule and remedy."""

import datetime as dt

import pytest
from edits import check_column, check_refused, edited

import flywheel_sim as fs
from flywheel_sim.errors import ConfigError

BASE = """\
name: Fair
start: 2027-01-01
horizon: 24 months
currency: EUR
period: week
rates:
  flat: 1000 per month
  seat: {value: 3 per month, per: seats}
attributes:
  seats: {counts: 0 to 9}
  there: {count_of: member}
  both: {count_of: [visit, member]}
channels:
  ads: {spend: 800 per month, cost_per_arrival: 40, at_most: 90 per month, from: 2 months, enters: visit}
  press: {rate: 30 per month, until: 9 months, enters: visit}
  fair: {batch: 50, every: 6 months, enters: visit}
  base: {present: 20, enters: member}
  word: {enters: visit}
costs:
  launch: {amount: 500, on: [3 months, 2027-06-01]}
journey:
  visit: {role: prospect, phase: early, after: 3 days, to: member}
  member:
    role: customer
    events:
      tell: {every: 0.1 per month, refer: word}
      crowd: {when: {there: 300}, to: gone}
      leave: {after: {value: 0.1 per month, times: {both: {50: 2}}}, to: gone}
  gone: exit
"""
# fmt: off
CASES: list[tuple[str, str, str, str, str, str, str, str]] = [
    # name, old text, new text, line:column, path, value, piece of the rule, piece of the remedy
    ("a channel that begins before the run", "from: 2 months", "from: 2026-12-31", "14:82", "channels.ads.from",
     "2026-12-31", "the run starts on 2027-01-01, after this date", "write a later date"),
    ("a channel that begins when it ends", "until: 9 months", "from: 9 months, until: 9 months", "15:37",
     "channels.press.from", "9 months", "the channel ends before it begins", "write an earlier time"),
    ("a channel that never begins", "from: 2 months", "from: never", "14:82", "channels.ads.from", "never",
     "'never' is no time on the calendar", "write 6 months, or a date"),
    ("a channel that begins at a price", "from: 2 months", "from: flat", "14:82", "channels.ads.from", "flat",
     "a duration belongs here, not '1000 per month'", "write 14 days"),
    ("a channel that begins twice", "from: 2 months", "from: [2 months]", "14:76", "channels.ads.from", "",
     "a single value belongs here", "write a number with its unit"),
    ("people there who begin later", "present: 20", "present: 20, from: 1 month", "17:23", "channels.base.from",
     "", "'from' goes with 'spend' or 'rate' or 'batch'", "or remove it"),
    ("people referred who begin later", "word: {enters", "word: {from: 1 month, enters", "18:10",
     "channels.word.from", "", "'from' goes with 'spend' or 'rate' or 'batch'", "or remove it"),
    ("spend by a counter", "spend: 800 per month", "spend: {value: 800 per month, by: {seats: {3: 900}}}", "14:9",
     "channels.ads.spend", "", "a channel's figure depends on 'calendar' and 'month' alone", "calendar: {0 months"),
    ("spend by how many there are", "spend: 800 per month", "spend: {value: 800 per month, times: {there: {3: 2}}}",
     "14:9", "channels.ads.spend", "", "a channel's figure depends on 'calendar' and 'month' alone",
     "write by: {calendar"),
    ("spend by the channel", "spend: 800 per month", "spend: {value: 800 per month, by: {channel: {ads: 9}}}", "14:9",
     "channels.ads.spend", "", "a channel's figure depends on 'calendar' and 'month' alone", "write by: {calendar"),
    ("spend that differs between people", "spend: 800 per month", "spend: {value: 800 per month, spread: 5 % of mean}",
     "14:9", "channels.ads.spend", "", "a channel's figure is the same for everybody", "give one figure"),
    ("spend per seat", "spend: 800 per month", "spend: seat", "14:16", "channels.ads.spend", "seat",
     "a channel's figure is the same for everybody", "give one figure"),
    ("spend that is drawn", "spend: 800 per month", "spend: {gamma: {mean: 3, shape: 2}}", "14:17",
     "channels.ads.spend.gamma", "", "stands where a wait or an amount is used", "write it there"),
    ("spend without a period in a table", "spend: 800 per month", "spend: {value: 800, by: {month: {dec: 900}}}",
     "14:9", "channels.ads.spend", "", "spend accrues over a period", "write 8000 per month"),
    ("a price with a period in a table", "cost_per_arrival: 40",
     "cost_per_arrival: {by: {calendar: {0 days: 4 per month}}}", "14:31", "channels.ads.cost_per_arrival", "",
     "'cost_per_arrival' is paid once each", "write 40"),
    ("a limit of nobody for a while", "at_most: 90 per month",
     "at_most: {value: 90 per month, by: {month: {jan: 0}}}", "14:53", "channels.ads.at_most", "",
     "a channel that brings at most nobody brings nobody", "write 500 per month"),
    ("a rate in per cent in a table", "rate: 30 per month", "rate: {value: 30 per month, by: {month: {jan: 5 %}}}",
     "15:57", "channels.press.rate.by.month.jan",
     "5 %", "a rate belongs here, not '5 %'", "write a rate such as 0.05 per month"),
    ("seasons by how many there are", "until: 9 months", "times: {both: {3: 2}}", "15:31", "channels.press.times", "",
     "arrivals depend on 'calendar' and 'month' alone", "write times: {month"),
    ("batches by the calendar", "batch: 50", "batch: {value: 50, by: {calendar: {1 year: 9}}}", "16:10",
     "channels.fair.batch", "", "a channel's figure is the same for everybody", "give one figure"),
    ("a plan for people present", "present: 20", "present: {file: a.csv}", "17:20", "channels.base.present.file", "",
     "'file' is not known here", "known: by"),
    ("a plan without a file", "rate: 30 per month", "rate: {column: people}", "15:11", "channels.press.rate.file", "",
     "'file' is required", "add file"),
    ("a plan's word misspelt", "batch: 50, every: 6 months", "batch: {file: a.csv, column: n, units: x}", "16:42",
     "channels.fair.batch.units", "", "'units' is not known here", "did you mean 'unit'?"),
    ("a plan that is a directory", "batch: 50, every: 6 months", "batch: {file: ., column: n}", "16:24",
     "channels.fair.batch.file", ".", "cannot be read: Is a directory", "give its path from this file"),
    ("batches of a file every so often", "batch: 50,", "batch: {file: a.csv, column: n},", "16:43",
     "channels.fair.every", "", "the batches of a file have dates, and no 'every'", "remove it"),
    ("batches of a file with a unit", "batch: 50, every: 6 months", "batch: {file: a.csv, column: n, unit: per month}",
     "16:48", "channels.fair.batch.unit", "per month", "batches are people, and have no unit", "remove the unit"),
    ("a price of a file with a unit", "cost_per_arrival: 40", "cost_per_arrival: {file: a, column: n, unit: per day}",
     "14:76", "channels.ads.cost_per_arrival.unit", "per day", "'cost_per_arrival' is paid once each",
     "remove the unit"),
    ("a plan per fortnight", "rate: 30 per month", "rate: {file: a.csv, column: n, unit: per fortnight}", "15:48",
     "channels.press.rate.unit", "per fortnight", "the unit of a plan is a period", "write per month"),
    ("a plan per person", "rate: 30 per month", "rate: {file: a.csv, column: n, unit: per customer}", "15:48",
     "channels.press.rate.unit", "per customer", "the unit of a plan is a period", "write per month"),
    ("a rate of a file without a unit", "rate: 30 per month", "rate: {file: a.csv, column: n}", "15:11",
     "channels.press.rate", "", "the figures of this plan have no period", "add unit: per month"),
    ("a sum on no date", "on: [3 months, 2027-06-01]", "on: []", "20:25", "costs.launch.on", "", "the list is empty",
     "write at least one time"),
    ("a sum before the start", "on: [3 months", "on: [2026-06-01", "20:30", "costs.launch.on.0", "2026-06-01",
     "the run starts on 2027-01-01, after this date", "write a later date"),
    ("a sum at a time and on its date", "on: [3 months", "on: [5 months", "20:40", "costs.launch.on.1", "2027-06-01",
     "this date stands twice", "on one date a sum is paid once"),
    ("a sum for each month", "amount: 500", "amount: 500 per month", "20:20", "costs.launch.amount", "500 per month",
     "a sum paid on a date has no period", "write 5000"),
    ("a sum in per cent", "amount: 500", "amount: 5 %", "20:20", "costs.launch.amount", "5 %",
     "an amount of money belongs here, not '5 %'", "write 49"),
    ("a sum below nothing", "amount: 500", "amount: -500", "20:20", "costs.launch.amount", "-500",
     "an amount of money is not negative", "what is spent or drawn is not"),
    ("a sum that depends on the calendar", "amount: 500", "amount: {value: 5, by: {calendar: {1 year: 6}}}", "20:12",
     "costs.launch.amount", "", "a sum paid on a date is the same for everybody", "give one figure"),
    ("a sum every so often", "amount: 500", "amount: 500, every: 1 month", "20:25", "costs.launch.every", "",
     "'every' is not known here", "known: amount, on"),
    ("people counted of no stage", "count_of: member", "count_of: membr", "11:21", "attributes.there.count_of",
     "membr", "no role, phase or stage of this file", "did you mean 'member'?"),
    ("people counted of a role in a list", "[visit, member]", "[visit, customer]", "12:28",
     "attributes.both.count_of.1", "customer", "no stage of that name", "known: gone, member, visit"),
    ("people counted twice", "[visit, member]", "[visit, visit]", "12:28", "attributes.both.count_of.1", "visit",
     "this stage stands twice", "name it once"),
    ("people counted of an empty list", "[visit, member]", "[]", "12:10", "attributes.both.count_of", "",
     "the list is empty", "name a role, a phase or stages"),
    ("people counted who are gone", "count_of: member", "count_of: gone", "11:21", "attributes.there.count_of", "gone",
     "people who are in the exit stage 'gone' are gone", "count those in other stages"),
    ("half a person waited for", "{there: 300}", "{there: 300.5}", "27:29", "journey.member.events.crowd.when.there",
     "300.5", "levels of 'there'", ""),
    ("people waited for in per cent", "{there: 300}", "{there: 3 %}", "27:29",
     "journey.member.events.crowd.when.there", "3 %", "levels of 'there' are numbers, not '3 %'", "write"),
    ("more people than there can be", "{50: 2}", "{1e13: 2}", "28:60",
     "journey.member.events.leave.after.times.both.1e13", "", "'both' never reaches 1e13", "it lies between 0 and"),
    ("people counted to be added to", "when: {there: 300}", "when: {there: 300}, add: {both: 1}", "27:41",
     "journey.member.events.crowd.add.both", "", "'both' is shared by all and cannot be added to",
     "use an attribute of each person's own"),
    ("people counted as a person's number", "when: {there: 300}", "when: {there: 300}, set: {seats: both}", "27:48",
     "journey.member.events.crowd.set.seats", "both", "'both' is shared by all and cannot be copied", "write 0"),
    ("people counted to be inherited", "word: {enters", "word: {inherits: [both], enters", "18:21",
     "channels.word.inherits.0", "both", "'both' is shared by all and cannot be inherited", "leave it out"),
    ("people counted to be brought along", "until: 9 months", "set: {both: 3}", "15:37", "channels.press.set.both", "",
     "'both' is shared by all and cannot be set", "use an attribute of each person's own"),
    ("people counted to group by", "period: week", "report_by: [both]", "5:13", "report_by.0", "both",
     "only an attribute with named levels makes groups", "leave it out"),
    ("a price per person counted", "per: seats", "per: both", "8:35", "rates.seat.per", "both",
     "money is multiplied by a counter of the file's own", "known: seats"),
    ("books by the hour", "period: week", "period: hour", "5:9", "period", "hour",
     "a period of the books is one of day, week, month", "known: day, month, week"),
    ("books by a capital letter", "period: week", "period: Week", "5:9", "period", "Week",
     "a period of the books is one of day, week, month", "did you mean 'week'?"),
    ("books by several periods", "period: week", "period: [week]", "5:1", "period", "",
     "a period of the books is one of day, week, month", "did you mean 'week'?"),
    ("too many weeks", "horizon: 24 months", "horizon: 80 years", "5:9", "period", "week",
     "the books would have more than 4,000 periods", "write period: month, or a shorter horizon"),
]
# fmt: on

BY_NAME = {case[0]: case for case in CASES}


def test_the_names_of_the_cases_differ_and_the_journey_itself_is_right():
    assert len(BY_NAME) == len(CASES) >= 50
    assert fs.loads(BASE).journey().period == "week"


@pytest.mark.parametrize("name", BY_NAME)
def test_a_wrong_use_says_place_value_rule_and_remedy(name):
    check_refused(BASE, BY_NAME[name])


@pytest.mark.parametrize("name", BY_NAME)
def test_the_column_points_at_the_value_or_its_key(name):
    check_column(BASE, BY_NAME[name])


#: A file of batches, and what is said of it where people come by it.
FILES = {
    "half a person": ("d,n\n2027-02-01,2.5\n", "column", "line 2 of people.csv: no number of people"),
    "too many people": ("d,n\n2027-02-01,2000000000\n", "column", "up to a billion"),
    "fewer than nobody": ("d,n\n2027-02-01,-2\n", "column", "line 2 of people.csv: the cell is negative"),
    "per cent": ("d,n\n2027-02-01,2 %\n", "column", "line 2 of people.csv: the cell is no plain number"),
    "a unit": ("d,n\n2027-02-01,2 per month\n", "column", "the cell is no plain number"),
    "a comma within": ('d,n\n2027-02-01,"1,000"\n', "column", "the cell is no plain number"),
    "nothing known": ("d,n\n2027-02-01,nan\n", "column", "the cell is no plain number"),
    "no end of people": ("d,n\n2027-02-01,inf\n", "column", "the cell is no plain number"),
    "a short row": ("d,n\n2027-02-01,1\n\n2027-03-01\n", "file", "line 4: 2 columns and a row of 1"),
    "a time of day": ("d,n\n2027-02-01T10:00,2\n", "file", "line 2 of people.csv: no date"),
    "a date by points": ("d,n\n01.02.2027,2\n", "file", "line 2 of people.csv: no date"),
    "no such day": ("d,n\n2027-02-29,2\n", "file", "line 2 of people.csv: no date"),
    "no date": ("d,n\n,2\n", "file", "line 2 of people.csv: no date"),
    "backwards": (
        "d,n\n2027-02-02,2\n2027-02-01,2\n",
        "file",
        "line 3 of people.csv: its date is before that of the row above",
    ),
    "twice": ("d,n\n2027-02-01,2\n2027-02-01,2\n", "file", "line 3 of people.csv: its date is that of the row above"),
    "dates alone": ("n\n2027-02-01\n", "column", "no column 'n' beside the dates"),
    "no rows": ("d,n\n,\n\n", "file", "no rows in people.csv"),
    "nothing": ("", "column", "no column 'n' beside the dates"),
    "a quote left open": (
        'd,n\n"2027-02-01,2\n2027-03-01,3\n',
        "file",
        "line 2: a quote that begins or ends at the wrong place",
    ),
    "another encoding": ("d,n\u00e4\n2027-02-01,2\n".encode("latin-1"), "file", "not a CSV file in UTF-8"),
    "too many rows": (
        "d,n\n" + "".join(f"{dt.date(2000, 1, 1) + dt.timedelta(day)},1\n" for day in range(10_001)),
        "file",
        "more than 10,000 rows",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_batches_that_is_none_is_refused_with_its_line(tmp_path, name):
    text, word, message = FILES[name]
    (tmp_path / "people.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    journey = edited(BASE, "batch: 50, every: 6 months", "batch: {file: people.csv, column: n}")
    (tmp_path / "fair.yaml").write_text(journey, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        fs.load(tmp_path / "fair.yaml")
    (problem,) = refused.value.problems
    assert problem.path == f"channels.fair.batch.{word}"
    assert message in f"{problem.rule}; {problem.remedy}"
    assert problem.line == 16
    assert problem.remedy


@pytest.mark.parametrize(
    ("spend", "message"),
    [
        ("5 %", "an amount of money belongs here"),
        ("-5 per month", "an amount of money is not negative"),
        ("5000 per customer per month", "'per customer' does not belong here"),
        ("5000", "spend accrues over a period"),
        ("1e15 per month", "an amount of money is at most 1e+08"),
        ("soon", "neither an amount of money, a name under 'rates' nor 'matched'"),
    ],
)
def test_a_mean_that_is_none_is_refused(tmp_path, spend, message):
    (tmp_path / "plan.csv").write_text("from,ads\n2027-01-01,800\n2028-01-01,400\n", encoding="utf-8")
    text = edited(BASE, "spend: 800 per month", "spend: {file: plan.csv, column: ads, unit: per month}")
    text += f"strategies:\n  dear: {{spend: {{ads: {spend}}}}}\n"
    (tmp_path / "fair.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        fs.load(tmp_path / "fair.yaml")
    (problem,) = refused.value.problems
    assert message in problem.rule
    assert problem.value == spend
    assert problem.line == text.count("\n")
    assert problem.remedy


def test_a_plan_that_spends_nothing_has_no_mean_but_nothing(tmp_path):
    (tmp_path / "plan.csv").write_text("from,ads\n2027-01-01,0\n2028-01-01,0\n", encoding="utf-8")
    text = edited(BASE, "spend: 800 per month", "spend: {file: plan.csv, column: ads, unit: per month}")
    (tmp_path / "fair.yaml").write_text(text, encoding="utf-8")
    model = fs.load(tmp_path / "fair.yaml")
    assert model.with_(**{"channels.ads.spend": 0}).journey().channels[0].spend.cells == (0.0, 0.0)
    with pytest.raises(ConfigError, match="the plan is nothing throughout, so it has no shape to keep"):
        model.with_(**{"channels.ads.spend": 800})
