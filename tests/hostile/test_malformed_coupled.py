"""The words of a market, a warm-up and staff used wrongly: refused with place, value, rule and remedy."""

import pytest
from edits import check_column, check_refused, edited, problems_of

from flywheel_sim.scenario.load import loads

BASE = """\
name: Desk
start: 2027-03-01
horizon: 12 months
currency: EUR
market: 5000
warm_up: 2 months
rates:
  buys: {value: 30 %, by: {news: {-1: 10 %, 0.5: 40 %}}}
  keeps: 90 % per month
attributes:
  plan: [free, pro]
  mood: {sour: 30 %, sweet: rest}
  score: {counts: 0 to 100}
  since: stopwatch
  news: {mean_of: mood, weights: {sour: -1.5, sweet: 1}, among: customer, starts: 0}
  level: {mean_of: score, among: [visit, member], starts: 10}
channels:
  ads: {rate: 30 per month, enters: visit}
  base: {present: 20, enters: member}
  word: {inherits: [plan], enters: visit}
resources:
  desk:
    people: {value: 4, by: {calendar: {6 months: 6}}}
    hours: 30 per week
    cost: 4200 per person per month
    queue_limit: 10
    target: 1 day
  team: {people: 2, cost: 100 per person per week}
while:
  customer: {staff: team, takes: 1 hour, every: 2 months, spend: {visit: 3}}
journey:
  visit:
    role: prospect
    phase: growth
    events:
      ask: {staff: desk, takes: {lognormal: {median: 25 minutes, sigma: 0.6}}, patience: 5 days, gives_up: gone,
            priority: 2, to: {member: buys, gone: rest}}
      good: {when: {news: 0.75}, to: member}
  member:
    role: customer
    events:
      renewal: {every: 1 month, to: {stay: keeps, left: rest}}
      help: {staff: desk, after: 20 days, takes: 1 hour, gives_up: left}
      tell: {every: 0.1 per month, refer: word, set: {mood: sweet}}
  left: {role: lapsed, after: 6 months, to: gone}
  gone: exit
strategies:
  full: {}
  lean: {resources: {desk: {people: 2}}}
  none: {without: [customer.customer]}
"""
# fmt: off
CASES: list[tuple[str, str, str, str, str, str, str, str]] = [
    # name, old text, new text, line:column, path, value, piece of the rule, piece of the remedy
    ("half a person in the market", "market: 5000", "market: 5000.5", "5:9", "market", "5000.5",
     "a market is a whole number from 1 to 1e+12", "write 10000"),
    ("nobody in the market", "market: 5000", "market: 0", "5:9", "market", "0",
     "a market is a whole number from 1 to 1e+12", "write 10000"),
    ("a market in per cent", "market: 5000", "market: 50 %", "5:9", "market", "50 %",
     "a market is a whole number from 1 to 1e+12", "write 10000"),
    ("a market with a unit of its own", "market: 5000", "market: 5000 people", "5:9", "market", "5000 people",
     "people are counted without a unit", "write 5000"),
    ("a market that is a name", "market: 5000", "market: everybody", "5:9", "market", "everybody",
     "a figure belongs here, not a name", "write a number with its unit"),
    ("more people present than the market has", "present: 20", "present: 6000", "5:9", "market", "5000",
     "6000 people are present at the start, more than the market has", "write at least 6000"),
    ("a market in a strategy too small for those present", "full: {}", "full: {market: 10}", "48:18", "market", "10",
     "20 people are present at the start, more than the market has", "write at least 20"),
    ("an attribute named as the market's luck", "  plan: [free, pro]", "  plan: [free, pro]\n  market: [known, new]",
     "12:3", "attributes.market", "", "'market' is a reserved name of an attribute beside a finite market",
     "rename it"),
    ("a warm-up of half a month", "warm_up: 2 months", "warm_up: 15 days", "6:10", "warm_up", "15 days",
     "a warm-up is whole months", "write 6 months"),
    ("a warm-up without a unit", "warm_up: 2 months", "warm_up: 2", "6:10", "warm_up", "2",
     "a warm-up is whole months", "write 6 months"),
    ("a warm-up as long as the run", "warm_up: 2 months", "warm_up: 12 months", "6:10", "warm_up", "12 months",
     "the warm-up is shorter than the horizon", "write less than 1 year"),
    ("a warm-up that never ends", "warm_up: 2 months", "warm_up: never", "6:10", "warm_up", "never",
     "a warm-up is whole months", "write 6 months"),
    ("a word for a resource", "team: {people: 2, cost: 100 per person per week}", "team: two", "28:9",
     "resources.team", "two", "a mapping belongs here", "write name: value"),
    ("a resource without people", "team: {people: 2, cost: 100 per person per week}",
     "team: {cost: 100 per person per week}", "28:3", "resources.team.people", "", "'people' is required",
     "add people: ..."),
    ("a resource's key misspelt", "team: {people: 2, cost: 100 per person per week}",
     "team: {people: 2, hour: 30 per week}", "28:21", "resources.team.hour", "", "'hour' is not known here",
     "did you mean 'hours'?"),
    ("half a person", "{people: 2, cost", "{people: 2.5, cost", "28:18", "resources.team.people", "2.5",
     "people are counted in whole numbers, up to 1e+06, but there are 2.5", "write a whole number, such as 4"),
    ("half a person from a month on", "{6 months: 6}", "{6 months: 6.5}", "23:50",
     "resources.desk.people.by.calendar.6 months", "6.5",
     "people are counted in whole numbers, up to 1e+06, but where calendar from 6",
     "write a whole number, such as 4"),
    ("fewer than nobody", "{people: 2, cost", "{people: -2, cost", "28:18", "resources.team.people", "-2",
     "a plain number is not negative, but it is -2", "mend the figure or its factors"),
    ("nobody, ever", "{people: 2, cost", "{people: 0, cost", "28:18", "resources.team.people", "0",
     "a resource without people serves nobody, ever", "write 1, or more"),
    ("nobody at any time", "{value: 4, by: {calendar: {6 months: 6}}}", "{value: 0, by: {calendar: {6 months: 0}}}",
     "23:5", "resources.desk.people", "", "a resource without people serves nobody, ever", "write 1, or more"),
    ("a million and one", "{people: 2, cost", "{people: 1_000_001, cost", "28:18", "resources.team.people",
     "1_000_001", "people are counted in whole numbers, up to 1e+06, but there are 1000001",
     "write a whole number, such as 4"),
    ("people per month", "{people: 2, cost", "{people: 2 per month, cost", "28:18", "resources.team.people",
     "2 per month", "a plain number belongs here, not '2 per month'", "write a plain number, such as 0.8 or 1000"),
    ("people in a list", "{people: 2, cost", "{people: [2, 3], cost", "28:10", "resources.team.people", "",
     "a single value belongs here", "write a number with its unit, or the name of "),
    ("people by an attribute of those they serve", "{people: 2, cost",
     "{people: {value: 2, by: {plan: {pro: 3}}}, cost", "28:10", "resources.team.people", "",
     "how many people there are depends on 'calendar' and 'month' alone",
     "write {value: 4, by: {calendar: {12 months: 6"),
    ("people by what all share", "{people: 2, cost", "{people: {value: 2, by: {news: {0: 3}}}, cost", "28:10",
     "resources.team.people", "", "how many people there are depends on 'calendar' and 'month' alone",
     "write {value: 4, by: {calendar: {12 months: 6"),
    ("people who differ", "{people: 2, cost", "{people: {value: 2, spread: {shape: 2}}, cost", "28:29",
     "resources.team.people.spread", "", "how many people there are has no spread", "remove it"),
    ("people with a unit", "{people: 2, cost", "{people: 2 people, cost", "28:18", "resources.team.people",
     "2 people", "people are counted without a unit", "write 2"),
    ("people by a rate that is none", "{people: 2, cost", "{people: many, cost", "28:18", "resources.team.people",
     "many", "neither a plain number nor a name under 'rates'", "write a plain number, such as 0.8 or 1000, or"),
    ("hours without a week", "hours: 30 per week", "hours: 30", "24:12", "resources.desk.hours", "30",
     "hours are per week, above 0 and at most 168", "write 30 per week"),
    ("hours of a day", "hours: 30 per week", "hours: 6 per day", "24:12", "resources.desk.hours", "6 per day",
     "hours are per week, above 0 and at most 168", "write 30 per week"),
    ("hours named twice", "hours: 30 per week", "hours: 30 hours per week", "24:12", "resources.desk.hours",
     "30 hours per week", "hours are a plain number per week", "write 30 per week"),
    ("more hours than a week has", "hours: 30 per week", "hours: 170 per week", "24:12", "resources.desk.hours",
     "170 per week", "hours are per week, above 0 and at most 168", "write 30 per week"),
    ("no hours", "hours: 30 per week", "hours: 0 per week", "24:12", "resources.desk.hours", "0 per week",
     "hours are per week, above 0 and at most 168", "write 30 per week"),
    ("a cost of all together", "cost: 4200 per person per month", "cost: 4200 per month", "25:11",
     "resources.desk.cost", "4200 per month", "a resource costs money per person and period, from 0 to 1e+08",
     "write 4200 per person per month"),
    ("a cost per customer", "cost: 4200 per person per month", "cost: 4200 per customer per month", "25:11",
     "resources.desk.cost", "4200 per customer per month",
     "a resource costs money per person and period, from 0 to 1e+08", "write 4200 per person per month"),
    ("a cost once and for all", "cost: 4200 per person per month", "cost: 4200 per person", "25:11",
     "resources.desk.cost", "4200 per person", "a resource costs money per person and period, from 0 to 1e+08",
     "write 4200 per person per month"),
    ("a negative cost", "cost: 4200 per person per month", "cost: -4200 per person per month", "25:11",
     "resources.desk.cost", "-4200 per person per month",
     "a resource costs money per person and period, from 0 to 1e+08", "write 4200 per person per month"),
    ("a limit of half a place", "queue_limit: 10", "queue_limit: 10.5", "26:18", "resources.desk.queue_limit", "10.5",
     "a queue's limit is a whole number from 0 to 1e+09", "write 60"),
    ("a limit below nothing", "queue_limit: 10", "queue_limit: -1", "26:18", "resources.desk.queue_limit", "-1",
     "a queue's limit is a whole number from 0 to 1e+09", "write 60"),
    ("a target without a unit", "target: 1 day", "target: 1", "27:13", "resources.desk.target", "1",
     "a target is the wait within which people should be served", "write 1 day"),
    ("a target of no time", "target: 1 day", "target: 0 days", "27:13", "resources.desk.target", "0 days",
     "a target is the wait within which people should be served", "write 1 day"),
    ("a resource nobody asks", "  team: {people", "  spare: {people: 1}\n  team: {people", "28:3", "resources.spare",
     "", "nobody asks for 'spare'", "let an event say staff: spare, or take it out"),
    ("a resource named as an overhead", "strategies:", "costs: {team: 10 per month}\nstrategies:", "28:3",
     "resources.team", "", "'team' is an overhead too, and what they cost would be confused",
     "rename one of the two"),
    ("a resource of a strategy that nobody asks", "full: {}", "full: {resources: {extra: {people: 1}}}", "48:22",
     "resources.extra", "", "nobody asks for 'extra'", "let an event say staff: extra, or take it out"),
    ("a resource's figure in a strategy that is none", "{people: 2}}}", "{people: two}}}", "49:37",
     "resources.desk.people", "two", "neither a plain number nor a name under 'rates'",
     "write a plain number, such as 0.8 or 1000, or"),
    ("a resource misspelt", "help: {staff: desk,", "help: {staff: dsk,", "43:21", "journey.member.events.help.staff",
     "dsk", "no resource of that name", "did you mean 'desk'?"),
    ("staff in a list", "help: {staff: desk,", "help: {staff: [desk, team],", "43:14",
     "journey.member.events.help.staff", "", "a name belongs here", "write one plain word"),
    ("service without its length", "after: 20 days, takes: 1 hour, gives_up: left", "after: 20 days, gives_up: left",
     "43:7", "journey.member.events.help.takes", "", "'takes' is required beside 'staff'", "add takes: 30 minutes"),
    ("a length of service in a list", "after: 20 days, takes: 1 hour,", "after: 20 days, takes: [1 hour, 2 hours],",
     "43:43", "journey.member.events.help.takes", "", "one duration, rate or distribution belongs here",
     "write 30 minutes, or {exponential: 30 minutes"),
    ("a length of service without a unit", "after: 20 days, takes: 1 hour,", "after: 20 days, takes: 1,", "43:50",
     "journey.member.events.help.takes", "1", "a duration or a rate belongs here, not '1'",
     "say how often: 1 per month, or how long: 14 d"),
    ("a length of service in per cent", "after: 20 days, takes: 1 hour,", "after: 20 days, takes: 5 % per month,",
     "43:50", "journey.member.events.help.takes", "5 % per month",
     "a duration or a rate belongs here, not '5 % per month'", "a chance is not a clock: write a rate such as"),
    ("a service that never ends", "after: 20 days, takes: 1 hour,", "after: 20 days, takes: never,", "43:50",
     "journey.member.events.help.takes", "never", "service ends some time", "write 30 minutes"),
    ("a service at no rate", "after: 20 days, takes: 1 hour,", "after: 20 days, takes: 0 per month,", "43:50",
     "journey.member.events.help.takes", "0 per month", "service ends some time", "write 30 minutes"),
    ("a distribution of service misspelt", "takes: {lognormal:", "takes: {lognormel:", "36:34",
     "journey.visit.events.ask.takes.lognormel", "", "'lognormel' is not known here", "did you mean 'lognormal'?"),
    ("a length of service without a shape", "sigma: 0.6", "sigma: 0", "36:73",
     "journey.visit.events.ask.takes.lognormal.sigma", "0", "median and sigma are positive",
     "write {median: 14 days, sigma: 0.8}"),
    ("service without staff", "help: {staff: desk, after", "help: {after", "43:30",
     "journey.member.events.help.takes", "", "'takes' goes with 'staff'", "add staff: and a resource, or remove it"),
    ("priority without staff", "left: {role: lapsed, after: 6 months",
     "left: {role: lapsed, priority: 1, after: 6 months", "45:24", "journey.left.priority", "",
     "'priority' goes with 'staff'", "add staff: and a resource, or remove it"),
    ("patience without a place to go", "patience: 5 days, gives_up: gone,", "patience: 5 days,", "36:80",
     "journey.visit.events.ask.patience", "", "'patience' needs the stage of those who lose it",
     "add gives_up: and a stage"),
    ("patience without a unit", "patience: 5 days", "patience: 5", "36:90", "journey.visit.events.ask.patience", "5",
     "a duration or a rate belongs here, not '5'", "say how often: 5 per month, or how long: 14 d"),
    ("patience in a list", "patience: 5 days", "patience: [5 days]", "36:80", "journey.visit.events.ask.patience", "",
     "one duration, rate or distribution belongs here", "write 30 minutes, or {exponential: 30 minutes"),
    ("a place to go without a reason", "staff: team, takes: 1 hour,", "staff: team, takes: 1 hour, gives_up: left,",
     "30:42", "while.customer.gives_up", "", "nobody gives up without 'patience' or a queue_limit of 'team'",
     "add patience: 3 days, or remove it"),
    ("a place to go that is none", "gives_up: gone", "gives_up: gon", "36:108", "journey.visit.events.ask.gives_up",
     "gon", "no stage of that name", "did you mean 'gone'?"),
    ("giving up in order to stay", "gives_up: gone", "gives_up: stay", "36:108", "journey.visit.events.ask.gives_up",
     "stay", "no stage of that name", "known: gone, left, member, visit"),
    ("priority 0", "priority: 2", "priority: 0", "37:23", "journey.visit.events.ask.priority", "0",
     "a priority is a whole number from 1 to 1000", "write 1"),
    ("a priority beyond the last", "priority: 2", "priority: 1001", "37:23", "journey.visit.events.ask.priority",
     "1001", "a priority is a whole number from 1 to 1000", "write 1"),
    ("half a priority", "priority: 2", "priority: 1.5", "37:23", "journey.visit.events.ask.priority", "1.5",
     "a priority is a whole number from 1 to 1000", "write 1"),
    ("a priority in words", "priority: 2", "priority: high", "37:23", "journey.visit.events.ask.priority", "high",
     "a figure belongs here, not a name", "write a number with its unit"),
    ("two clocks beside staff", "help: {staff: desk, after: 20 days,",
     "help: {staff: desk, after: 20 days, every: 1 month,", "43:43", "journey.member.events.help.every", "",
     "an event has one clock", "keep 'after' or 'every'"),
    ("a chance per month of who is served", "staff: team, takes: 1 hour, every: 2 months,",
     "staff: team, takes: 1 hour, every: 2 months, to: {stay: 96 % per month, left: rest},", "30:70",
     "while.customer.to.stay", "96 % per month",
     "a chance per month has no period after a service, which takes its time", "state the chance without a period"),
    ("money with the luck of the service", "every: 2 months, spend: {visit: 3}",
     "every: 2 months, spend: {takes: {exponential: 3}}", "30:67", "while.customer.spend.takes", "",
     "what is drawn for 'takes' would have the luck of that wait", "rename it"),
]
# fmt: on

BY_NAME = {case[0]: case for case in CASES}


def test_the_base_text_is_a_good_journey():
    model = loads(BASE)
    assert model.journey().coupled_by == ("a finite market", "staff", "a shared attribute")
    assert model.journey("none").resources[1].name == "team"


def test_the_names_of_the_cases_differ():
    assert len(BY_NAME) == len(CASES) >= 65


@pytest.mark.parametrize("name", BY_NAME)
def test_a_wrong_use_says_place_value_rule_and_remedy(name):
    check_refused(BASE, BY_NAME[name])


@pytest.mark.parametrize("name", BY_NAME)
def test_the_column_points_at_the_value_or_its_key(name):
    check_column(BASE, BY_NAME[name])


# -- what one edit cannot show ------------------------------------------------------------------

SMALL = """\
name: Loop
horizon: 12 months
channels: {calls: {rate: 6 per day, enters: call}}
resources: {team: {people: 5, queue_limit: 3}}
journey:
  call: {role: prospect, staff: team, takes: 1 hour, gives_up: again, to: served}
  again: {role: prospect, after: 1 day, to: call}
  served: customer
"""


def test_a_circle_of_giving_up_takes_time_somewhere():
    assert loads(SMALL).journey().stages
    (problem,) = problems_of(edited(SMALL, "after: 1 day, to: call", "to: call"))
    assert problem.rule == "a loop that takes no time: call -> again -> call"
    patient = edited(SMALL, ", queue_limit: 3", "").replace("gives_up", "patience: 0 days, gives_up")
    (problem,) = problems_of(edited(patient, "after: 1 day, to: call", "to: call"))
    assert problem.rule == "a loop that takes no time: call -> again -> call"
    assert loads(edited(patient, "after: 1 day, to: call", "to: call").replace("0 days", "1 hour"))


def test_a_circle_of_service_takes_time_unless_service_may_take_none():
    text = edited(SMALL, "served: customer", "served: {role: customer, staff: team, takes: 1 hour, to: call}")
    assert loads(text).journey().stages
    assert loads(edited(text, "takes: 1 hour, to: call", "takes: 0 hours, to: call")).journey().stages
    (problem,) = problems_of(text.replace("takes: 1 hour", "takes: 0 hours"))
    assert problem.rule == "a loop that takes no time: call -> served -> call"
    assert loads(text.replace("takes: 1 hour", "after: 1 day, takes: 0 hours")).journey().stages


def test_whoever_gives_up_reaches_a_stage():
    text = edited(SMALL, "  served: customer", "  served: customer\n  home: exit")
    (problem,) = problems_of(text)
    assert problem.path == "journey.home"
    assert loads(edited(text, "gives_up: again", "gives_up: home").replace("  again: ", "  again: ").replace(
        "to: served}", "to: {served: 50 %, again: rest}}")).journey().stages  # fmt: skip


def test_resources_in_a_list_are_one_mistake_and_those_they_serve_find_none():
    text = edited(SMALL, "{team: {people: 5, queue_limit: 3}}", "[team]")
    assert [(p.path, p.rule) for p in problems_of(text)] == [
        ("resources", "'resources' is a mapping of names"),
        ("journey.call.staff", "no resource of that name"),
    ]
    assert problems_of(text)[1].remedy == "add resources: {team: {people: 1}}"


def test_months_of_a_resource_need_the_start_of_the_run():
    text = edited(SMALL, "people: 5", "people: {value: 5, by: {month: {dec: 8}}}")
    (problem,) = problems_of(text)
    assert problem.rule == "named months need the date the run starts at"
    assert loads("start: 2027-01-01\n" + text).journey().resources[0].people.cells[11] == 8


def test_what_a_resource_costs_needs_a_currency():
    (problem,) = problems_of(edited(SMALL, "people: 5", "people: 5, cost: 10 per person per week"))
    assert (problem.path, problem.remedy) == ("currency", "add currency: EUR")


def test_a_rate_that_becomes_uncountable_people_is_refused_where_it_is_changed():
    text = edited(BASE, "people: {value: 4, by: {calendar: {6 months: 6}}}", "people: size")
    text = edited(text, "  keeps: 90", "  size: {value: 4, by: {calendar: {6 months: 6}}}\n  keeps: 90")
    text = edited(text, "{people: 2}}}", "{people: 2}}, rates: {size: 3}}")
    (problem,) = problems_of(edited(text, "resources: {desk: {people: 2}}, ", ""))
    assert "where calendar from 6 months there are 4.5" in problem.rule
    assert problem.value == "3"
