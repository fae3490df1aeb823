"""Every new word of the language used wrongly: refused with its place, value, rule and remedy."""

import random
from pathlib import Path

import pytest
from edits import check_column, check_refused, edited, problems_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_malformed import mutated

from flywheel_sim.errors import ConfigError, DataError
from flywheel_sim.scenario.load import load, loads

BASE = """\
name: Whole
start: 2027-03-01
horizon: 12 months
currency: EUR
rates:
  buys: {value: 30 %, by: {plan: {pro: 40 %}}}
  keeps: 90 % per month
  pace: {value: 0.1 per month, times: {score: {10: 2}, tenure: {1 year: 3}}}
  price: {value: 20 per month}
  worth: 35
attributes:
  plan: [free, pro]
  mood: {sour: 30 %, sweet: rest}
  arm: {by: {calendar: {0 months: {out: 100 %}, 3 months: {out: 50 %, inside: 50 %}}}}
  score: {counts: 0 to 100}
  tenure: stopwatch
  quiet: stopwatch
channels:
  ads: {spend: 100 per month, cost_per_arrival: 5, at_most: 50 per month, times: {month: {dec: 1.3}}, enters: visit}
  fair: {batch: 20, every: 6 months, cost_per_batch: 90, enters: visit}
  press: {rate: 3 per month, until: 9 months, set: {plan: pro}, enters: visit}
  word: {inherits: [plan], enters: visit}
while:
  customer:
    on_entry: {set: {tenure: 0 days}}
    spend: {hosting: 1 per month}
    events: {tell: {every: pace, refer: word}}
  awake: {in: [visit, member], every: 1 month, add: {score: 5}}
journey:
  visit: {role: prospect, phase: growth, after: {gamma: {mean: 2 days, shape: 2}}, to: {member: buys, gone: rest}}
  member:
    role: customer
    events:
      renewal:
        every: 1 month
        earn: {fee: {lognormal: {median: worth, sigma: 0.5}}}
        outcomes: {stays: {chance: keeps, set: {mood: {sour: 20 %, sweet: rest}}}, goes: {chance: rest, to: left}}
      ripe: {when: {score: 60, plan: free}, set: {plan: pro, quiet: tenure}}
      letter: {after: [1 month, 3 months], spend: {mail: 1}}
      fair: {on_date: [6 months, 2027-12-01], add: {score: -5}}
  left: {role: lapsed, after: 6 months, to: gone}
  gone: exit
costs: {office: 200 per month}
levers:
  success: {spend: 3 per customer per month, moves: {keeps: {without: 85 %, 5: 92 %, limit: 97 %}}, phase: growth}
  slow: {moves: {buys: {without: 33 %}}}
strategies:
  full: {}
  lean: {without: [tell], spend: {ads: matched}}
"""
# fmt: off
CASES: list[tuple[str, str, str, str, str, str, str, str]] = [
    # name, old text, new text, line:column, path, value, piece of the rule, piece of the remedy
    # conditions
    ("a when without conditions", "when: {score: 60, plan: free}", "when: {}", "38:14",
     "journey.member.events.ripe.when", "", "a 'when' has a condition", "write when: {score: 60}"),
    ("a when in a list", "when: {score: 60, plan: free}", "when: [score]", "38:14",
     "journey.member.events.ripe.when", "", "a mapping belongs here", "write name: value"),
    ("a when of several levels", "when: {score: 60, plan: free}", "when: {plan: [free, pro]}", "38:14",
     "journey.member.events.ripe.when", "plan", "one level or least value of 'plan' belongs here",
     "write when: {score: 60}"),
    ("an attribute misspelt in when", "when: {score: 60", "when: {scor: 60", "38:21",
     "journey.member.events.ripe.when.scor", "", "'scor' is no attribute", "did you mean 'score'?"),
    ("a level misspelt in when", "plan: free}, set", "plan: fre}, set", "38:38",
     "journey.member.events.ripe.when.plan", "fre", "no level of 'plan'", "did you mean 'free'?"),
    ("a duration for a counter in when", "when: {score: 60", "when: {score: 60 days", "38:28",
     "journey.member.events.ripe.when.score", "60 days", "levels of 'score' are whole numbers, not '60 days'",
     "write 0, or 10"),
    ("half a point in when", "when: {score: 60", "when: {score: 60.5", "38:28",
     "journey.member.events.ripe.when.score", "60.5", "levels of 'score' are whole numbers, not '60.5'",
     "write 0, or 10"),
    ("more than a counter reaches", "when: {score: 60", "when: {score: 160", "38:28",
     "journey.member.events.ripe.when.score", "160", "'score' never reaches 160", "it counts 0 to 100"),
    ("a number for a stopwatch in when", "when: {score: 60", "when: {tenure: 60", "38:29",
     "journey.member.events.ripe.when.tenure", "60", "levels of 'tenure' are durations, not '60'",
     "write 0 days, or 1 year"),
    ("never in when", "when: {score: 60", "when: {tenure: never", "38:29", "journey.member.events.ripe.when.tenure",
     "never", "levels of 'tenure' are durations, not 'never'", "write 0 days, or 1 year"),
    ("a rate by name that is none in when", "when: {score: 60", "when: {score: sixty", "38:28",
     "journey.member.events.ripe.when.score", "sixty", "neither a plain number nor a name under 'rates'",
     "write a plain number, such as 0.8 or 1000, or name a rate:"),
    ("a rate by name of another kind in when", "when: {score: 60", "when: {score: keeps", "38:28",
     "journey.member.events.ripe.when.score", "keeps",
     "a plain number belongs here, not '90 % per month' (rate 'keeps')",
     "write a plain number, such as 0.8 or 1000"),
    ("when beside after", "ripe: {when", "ripe: {after: 1 day, when", "38:28", "journey.member.events.ripe.when", "",
     "an event has one clock", "keep 'after' or 'when'"),
    ("when beside on_date", "ripe: {when", "ripe: {on_date: 1 month, when", "38:14",
     "journey.member.events.ripe.on_date", "", "an event has one clock", "keep 'when' or 'on_date'"),
    ("an unknown month in when", "when: {score: 60", "when: {month: june", "38:28",
     "journey.member.events.ripe.when.month", "june", "no level of 'month'", "did you mean 'jun'?"),
    ("when as the only word of a set's event", "ripe: {when: {score: 60, plan: free}, ", "ripe: {", "38:7",
     "journey.member.events.ripe", "", "'ripe' has no clock beside other events",
     "add 'after' or 'every'; only a lone event is decided at once"),
    # dates
    ("a date before the start", "2027-12-01", "2027-02-28", "40:34", "journey.member.events.fair.on_date.1",
     "2027-02-28", "the run starts on 2027-03-01, after this date", "write a later date"),
    ("a date that is none", "2027-12-01", "2027-12-32", "40:34", "journey.member.events.fair.on_date.1",
     "2027-12-32", "no date of the calendar", "write 2027-01-31"),
    ("a date backwards", "2027-12-01", "01.12.2027", "40:34", "journey.member.events.fair.on_date.1", "01.12.2027",
     "not a quantity", "write a number with its unit, such as 35 %, 20 of 30, 95 %"),
    ("a rate for a date", "2027-12-01", "3 per month", "40:34", "journey.member.events.fair.on_date.1",
     "3 per month", "a duration belongs here, not '3 per month'", "write 14 days"),
    ("never for a date", "2027-12-01", "never", "40:34", "journey.member.events.fair.on_date.1", "never",
     "'never' is no time on the calendar", "write 6 months, or a date"),
    ("no date at all", "on_date: [6 months, 2027-12-01]", "on_date: []", "40:14",
     "journey.member.events.fair.on_date", "", "the list is empty", "write at least one time, such as 6 months"),
    ("a loop on one date", "on_date: [6 months, 2027-12-01], add: {score: -5}", "on_date: 6 months, to: member",
     "31:3", "journey.member", "", "a loop that takes no time: member -> member",
     "lead the 'on_date' to a stage from which the way back takes"),
    # waits
    ("no wait at all", "after: [1 month, 3 months]", "after: []", "39:16", "journey.member.events.letter.after", "",
     "the list is empty", "write at least one wait, such as 14 days"),
    ("several recurring waits", "after: [1 month, 3 months]", "every: [1 month, 3 months]", "39:16",
     "journey.member.events.letter.every", "", "'every' takes one wait",
     "write every: 1 month, or use 'after' for several times"),
    ("one of several waits misspelt", "after: [1 month, 3 months]", "after: [1 month, 3 monht]", "39:33",
     "journey.member.events.letter.after.1", "3 monht", "'monht' is no unit of time", "did you mean 'month'?"),
    ("one of several waits a chance", "after: [1 month, 3 months]", "after: [1 month, 5 %]", "39:33",
     "journey.member.events.letter.after.1", "5 %", "a duration or a rate belongs here, not '5 %'",
     "a chance is not a clock: write a rate such as 0.05 per month"),
    ("seventeen waits", "after: [1 month, 3 months]",
     "after: [1 days, 2 days, 3 days, 4 days, 5 days, 6 days, 7 days, 8 days, 9 days, 10 days, 11 days]", "33:5",
     "journey.member.events", "", "17 clocks live at once, with those of customer, awake, at most 16 may",
     "split the stage"),
    ("a triangle with two corners", "after: [1 month, 3 months]", "after: {triangular: [1 month, 3 months]}",
     "39:24", "journey.member.events.letter.after.triangular", "",
     "a triangle has a lower end, a mode and an upper end", "write [3 months, 4 months, 9 months]"),
    ("a triangle back to front", "after: [1 month, 3 months]", "after: {triangular: [3 months, 1 month, 4 months]}",
     "39:24", "journey.member.events.letter.after.triangular", "",
     "a triangular wait runs from the lower end over the mode", "write triangular: [3 months, 4 months, 9 months]"),
    ("a triangle of one point", "after: [1 month, 3 months]", "after: {triangular: [1 day, 1 day, 1 day]}", "39:24",
     "journey.member.events.letter.after.triangular", "", "a triangular wait runs from the lower end over the mode",
     "write triangular: [3 months, 4 months, 9 months]"),
    ("a range without end", "after: [1 month, 3 months]", "after: {uniform: [1 month, never]}", "39:43",
     "journey.member.events.letter.after.uniform.1", "never", "a range between two ends has no end at 'never'",
     "write uniform: [3 months, 9 months]"),
    ("a shape of 0", "mean: 2 days, shape: 2", "mean: 2 days, shape: 0", "30:79", "journey.visit.after.gamma.shape",
     "0", "mean and shape are positive", "write {mean: 14 days, shape: 2}"),
    ("a shape in days", "mean: 2 days, shape: 2", "mean: 2 days, shape: 2 days", "30:79",
     "journey.visit.after.gamma.shape", "2 days", "a plain number belongs here, not '2 days'",
     "write a plain number, such as 0.8 or 1000"),
    ("a shape beyond measure", "mean: 2 days, shape: 2", "mean: 2 days, shape: 1e9", "30:79",
     "journey.visit.after.gamma.shape", "1e9", "a shape lies between 0.001 and 1e6",
     "write {mean: 14 days, shape: 2}"),
    ("a mean of money for a wait", "mean: 2 days, shape: 2", "mean: 2, shape: 2", "30:64",
     "journey.visit.after.gamma.mean", "2", "a duration belongs here, not '2'", "write 14 days"),
    ("a mean missing", "{mean: 2 days, shape: 2}", "{shape: 2}", "30:50", "journey.visit.after.gamma.mean", "",
     "'mean' is required", "add mean: ..."),
    ("a parameter misspelt", "{mean: 2 days, shape: 2}", "{men: 2 days, mean: 2 days, shape: 2}", "30:58",
     "journey.visit.after.gamma.men", "", "'men' is not known here", "did you mean 'mean'?"),
    ("half an Erlang step", "after: {gamma: {mean: 2 days, shape: 2}}",
     "after: {erlang: {mean: 2 days, shape: 2.5}}", "30:80", "journey.visit.after.erlang.shape", "2.5",
     "the shape of an Erlang distribution is a whole number", "write shape: 3, or use gamma"),
    ("a weibull of no time", "after: {gamma: {mean: 2 days, shape: 2}}",
     "after: {weibull: {scale: 0 days, shape: 2}}", "30:67", "journey.visit.after.weibull.scale", "0 days",
     "scale and shape are positive", "write {scale: 14 days, shape: 1.5}"),
    ("a distribution among the rates", "  worth: 35", "  wait: {exponential: 7 days}\n  worth: 35", "10:10",
     "rates.wait.exponential", "", "a distribution such as 'exponential' stands where a wait or an amount",
     "write it there; the figures in it may be rates by name"),
    ("a distribution for a chance", "{member: buys, gone: rest}", "{member: {uniform: [1 %, 3 %]}, gone: rest}",
     "30:98", "journey.visit.to.member.uniform", "",
     "a distribution such as 'uniform' stands where a wait or an amount is",
     "write it there; the figures in it may be rates by name"),
    ("a sample that is not there", "after: {gamma: {mean: 2 days, shape: 2}}",
     "after: {empirical: {file: none.csv, column: days}}", "30:68", "journey.visit.after.empirical.file", "none.csv",
     "cannot be read: No such file or directory", "give its path from this file"),
    ("a sample without a column", "after: {gamma: {mean: 2 days, shape: 2}}", "after: {empirical: {file: none.csv}}",
     "30:50", "journey.visit.after.empirical.column", "", "'column' is required", "add column: ..."),
    ("a sample in an unknown unit", "after: {gamma: {mean: 2 days, shape: 2}}",
     "after: {empirical: {file: none.csv, column: a, unit: dys}}", "30:95", "journey.visit.after.empirical.unit",
     "dys", "'dys' is no unit of time", "did you mean 'day'?"),
    # amounts
    ("a wait for an amount", "{median: worth, sigma: 0.5}", "{median: 3 days, sigma: 0.5}", "36:42",
     "journey.member.events.renewal.earn.fee.lognormal.median", "3 days",
     "an amount of money belongs here, not '3 days'", "write 49, or 49 per month"),
    ("a sigma of an amount below 0", "{median: worth, sigma: 0.5}", "{median: worth, sigma: -0.5}", "36:56",
     "journey.member.events.renewal.earn.fee.lognormal.sigma", "-0.5",
     "a plain number is not negative, but it is -0.5", "mend the figure or its factors"),
    ("an amount below nothing", "{lognormal: {median: worth, sigma: 0.5}}", "{uniform: [-5, 10]}", "36:32",
     "journey.member.events.renewal.earn.fee.uniform.0", "-5", "an amount of money is not negative, but it is -5",
     "what is earned may be negative, what is spent or drawn is not"),
    ("ends of different periods", "{lognormal: {median: worth, sigma: 0.5}}",
     "{uniform: [5 per month, 10 per year]}", "36:22", "journey.member.events.renewal.earn.fee.uniform", "",
     "the ends are stated for different periods", "write uniform: [10, 50]"),
    ("an end with a spread", "{lognormal: {median: worth, sigma: 0.5}}",
     "{uniform: [{value: 5, spread: {shape: 2}}, 10]}", "36:32", "journey.member.events.renewal.earn.fee.uniform.0",
     "", "an end of an amount that is drawn has no spread", "state the spread elsewhere, or use gamma"),
    ("two distributions of an amount", "{lognormal: {median: worth, sigma: 0.5}}", "{fixed: 3, exponential: 4}",
     "36:16", "journey.member.events.renewal.earn.fee", "", "an amount has one distribution, not 2", "keep one"),
    ("a memoryless amount", "{lognormal: {median: worth, sigma: 0.5}}", "{exponential: 0}", "36:35",
     "journey.member.events.renewal.earn.fee.exponential", "0", "the mean of an amount is positive",
     "write exponential: 35"),
    ("money that accrues drawn", "hosting: 1 per month", "hosting: {exponential: 1 per month}", "26:13",
     "while.customer.spend.hosting", "", "money that accrues is not drawn", "put it on an event"),
    ("bare money of a set", "hosting: 1 per month", "hosting: 1", "26:22", "while.customer.spend.hosting", "1",
     "money on a stage accrues with time", "write 8 per month, or put it under on_entry or an event"),
    ("money per customer on an event", "spend: {mail: 1}", "spend: {mail: 1 per customer per month}", "39:58",
     "journey.member.events.letter.spend.mail", "1 per customer per month", "'per customer' does not belong here",
     "write 49, or 49 per month"),
    # set and add
    ("two levels for one attribute", "set: {plan: pro, quiet: tenure}", "set: {plan: [pro, free]}", "38:51",
     "journey.member.events.ripe.set.plan", "", "one level, number, duration, attribute or draw belongs here",
     "write set: {plan: premium}"),
    ("a number for a level", "set: {plan: pro, quiet: tenure}", "set: {plan: 3}", "38:57",
     "journey.member.events.ripe.set.plan", "3", "no level of 'plan'", "known: free, pro"),
    ("an attribute of another kind", "quiet: tenure}", "quiet: score}", "38:69",
     "journey.member.events.ripe.set.quiet", "score", "'score' takes other values than 'quiet'",
     "copy between attributes with the same levels, or the same"),
    ("an attribute with other levels", "set: {plan: pro, quiet: tenure}", "set: {plan: mood}", "38:57",
     "journey.member.events.ripe.set.plan", "mood", "'mood' takes other values than 'plan'",
     "copy between attributes with the same levels, or the same"),
    ("an attribute set to itself", "quiet: tenure}", "quiet: quiet}", "38:69",
     "journey.member.events.ripe.set.quiet", "quiet", "an attribute set to itself", "name another one"),
    ("a stopwatch set to a number", "quiet: tenure}", "quiet: 3}", "38:69", "journey.member.events.ripe.set.quiet",
     "3", "levels of 'quiet' are durations, not '3'", "write 0 days, or 1 year"),
    ("a stopwatch set to a misspelt one", "quiet: tenure}", "quiet: tenur}", "38:69",
     "journey.member.events.ripe.set.quiet", "tenur", "neither a duration nor an attribute",
     "did you mean 'tenure'?"),
    ("a stopwatch set to a date", "quiet: tenure}", "quiet: calendar}", "38:69",
     "journey.member.events.ripe.set.quiet", "calendar", "'calendar' is built in and cannot be copied",
     "write 0 days"),
    ("a counter set beyond its end", "set: {plan: pro, quiet: tenure}", "set: {score: 101}", "38:58",
     "journey.member.events.ripe.set.score", "101", "'score' never reaches 101", "it counts 0 to 100"),
    ("a counter set below its start", "set: {plan: pro, quiet: tenure}", "set: {score: -1}", "38:58",
     "journey.member.events.ripe.set.score", "-1", "'score' is never below 0", "write a number within its range"),
    ("a counter drawn", "set: {plan: pro, quiet: tenure}", "set: {score: {a: 30 %, b: rest}}", "38:51",
     "journey.member.events.ripe.set.score", "", "'score' has no levels to draw", "write 0"),
    ("a draw with an unknown level", "{sour: 20 %, sweet: rest}}}, goes", "{sower: 20 %, sweet: rest}}}, goes",
     "37:56", "journey.member.events.renewal.outcomes.stays.set.mood.sower", "", "'sower' is no level of 'mood'",
     "did you mean 'sour' or 'sweet'?"),
    ("a draw beyond 100 %", "{sour: 20 %, sweet: rest}}}, goes", "{sour: 120 %, sweet: rest}}}, goes", "37:62",
     "journey.member.events.renewal.outcomes.stays.set.mood.sour", "120 %",
     "a chance lies between 0 % and 100 %, but it is 120 %", "mend the figure or its factors"),
    ("a draw short of 100 %", "{sour: 20 %, sweet: rest}}}, goes", "{sour: 20 %, sweet: 70 %}}}, goes", "37:49",
     "journey.member.events.renewal.outcomes.stays.set.mood", "", "the chances reach only 90 %",
     "let one outcome say 'rest', or raise one of them"),
    ("a draw without levels", "{sour: 20 %, sweet: rest}}}, goes", "{}}}, goes", "37:49",
     "journey.member.events.renewal.outcomes.stays.set.mood", "", "a draw has levels",
     "write {unhappy: 30 %, happy: rest}"),
    ("a draw per month", "{sour: 20 %, sweet: rest}}}, goes", "{sour: 20 % per month, sweet: rest}}}, goes", "37:62",
     "journey.member.events.renewal.outcomes.stays.set.mood.sour", "20 % per month",
     "a chance per month needs a clock with a fixed period", "give the event 'every: 1 month', or state the chance"),
    ("adding to a level", "add: {score: 5}", "add: {plan: 5}", "28:54", "while.awake.add.plan", "",
     "'plan' is no counter", "add to a {counts: 0 to 100}"),
    ("adding to a stopwatch", "add: {score: 5}", "add: {quiet: 5}", "28:54", "while.awake.add.quiet", "",
     "'quiet' is no counter", "add to a {counts: 0 to 100}"),
    ("adding to nothing", "add: {score: 5}", "add: {scores: 5}", "28:54", "while.awake.add.scores", "",
     "'scores' is no attribute", "did you mean 'score'?"),
    ("adding to the generation", "add: {score: 5}", "add: {generation: 1}", "28:54", "while.awake.add.generation",
     "", "'generation' is built in and cannot be added to", "use an attribute of your own"),
    ("adding a half", "add: {score: 5}", "add: {score: 0.5}", "28:61", "while.awake.add.score", "0.5",
     "a whole number, or 'earned', is added to a counter", "write add: {points: 5}"),
    ("adding a word", "add: {score: 5}", "add: {score: some}", "28:61", "while.awake.add.score", "some",
     "a whole number, or 'earned', is added to a counter", "write add: {points: 5}"),
    ("adding in a list", "add: {score: 5}", "add: {score: [5]}", "28:54", "while.awake.add.score", "",
     "a whole number or 'earned' belongs here", "write add: {points: 5}"),
    ("adding what nobody earns", "add: {score: 5}", "add: {score: earned}", "28:61", "while.awake.add.score",
     "earned", "nothing is earned when this happens", "add an 'earn', or a number"),
    ("adding what nobody earns on entry", "on_entry: {set: {tenure: 0 days}}", "on_entry: {add: {score: earned}}",
     "25:29", "while.customer.on_entry.add.score", "earned", "nothing is earned when this happens",
     "add an 'earn', or a number"),
    ("one attribute drawn twice", "ripe: {when",
     "rich: {every: 1 month, set: {mood: {sour: rest}}, outcomes: {a: {chance: 30 %, set: {mood: {sweet: "
     "rest}}}, b: rest}}\n      ripe: {when", "38:92", "journey.member.events.rich.outcomes.a.set.mood", "",
     "'mood' is drawn twice when this happens, and both draws would be one",
     "draw it in one place, or rename one of the lines"),
    ("one line drawn twice", "stays: {chance: keeps, set: {mood: {sour: 20 %, sweet: rest}}}",
     "stays: {chance: keeps, earn: {fee: {exponential: 3}}}", "37:50",
     "journey.member.events.renewal.outcomes.stays.earn.fee", "",
     "'fee' is drawn twice when this happens, and both draws would be one",
     "draw it in one place, or rename one of the lines"),
    ("one line drawn on both sides", "        outcomes: {stays",
     "        spend: {fee: {exponential: 3}}\n        outcomes: {stays", "37:17",
     "journey.member.events.renewal.spend.fee", "",
     "'fee' is drawn twice when this happens, and both draws would be one",
     "draw it in one place, or rename one of the lines"),
    ("a line and an attribute drawn under one name",
     "stays: {chance: keeps, set: {mood: {sour: 20 %, sweet: rest}}}",
     "stays: {chance: keeps, set: {mood: {sour: 20 %, sweet: rest}}, spend: {mood: {exponential: 3}}}", "37:91",
     "journey.member.events.renewal.outcomes.stays.spend.mood", "",
     "'mood' is drawn twice when this happens, and both draws would be one",
     "draw it in one place, or rename one of the lines"),
    # attributes
    ("an unknown kind of attribute", "  quiet: stopwatch", "  more: clock\n  quiet: stopwatch", "17:9",
     "attributes.more", "clock", "'clock' is no kind of attribute",
     "write stopwatch, [basic, premium] or {counts: 0 to 100}"),
    ("a counter without an end", "{counts: 0 to 100}", "{counts: 100}", "15:19", "attributes.score.counts", "100",
     "a counter counts from one whole number to another", "write counts: 0 to 100"),
    ("a counter back to front", "{counts: 0 to 100}", "{counts: 100 to 0}", "15:19", "attributes.score.counts",
     "100 to 0", "a counter's second number is the larger one, and neither is beyond a", "write counts: 0 to 100"),
    ("a counter of halves", "{counts: 0 to 100}", "{counts: 0 to 9.5}", "15:19", "attributes.score.counts",
     "0 to 9.5", "a counter counts from one whole number to another", "write counts: 0 to 100"),
    ("a counter beyond a billion", "{counts: 0 to 100}", "{counts: 0 to 5000000000}", "15:19",
     "attributes.score.counts", "0 to 5000000000",
     "a counter's second number is the larger one, and neither is beyond a", "write counts: 0 to 100"),
    ("a rest in some cells of a draw", "{out: 50 %, inside: 50 %}", "{out: rest, inside: 50 %}", "14:9",
     "attributes.arm.by", "", "some cells of the draw let another level take the rest than others",
     "let the same level take the rest in every cell, or in none"),
    ("another rest in every cell", "{0 months: {out: 100 %}, 3 months: {out: 50 %, inside: 50 %}}",
     "{0 months: {out: rest}, 3 months: {out: 50 %, inside: rest}}", "14:9", "attributes.arm.by", "",
     "some cells of the draw let another level take the rest than others",
     "let the same level take the rest in every cell, or in none"),
    ("a draw without its first level", "{0 months: {out: 100 %}, 3 months", "{1 months: {out: 100 %}, 3 months",
     "14:9", "attributes.arm.by", "", "without a 'value' every level of 'calendar' must be given",
     "add 0 days, or a value"),
    ("a draw short of 100 % later", "{out: 50 %, inside: 50 %}", "{out: 50 %, inside: 40 %}", "14:3",
     "attributes.arm", "", "the chances reach only 90 % where calendar is from 3 months",
     "let one outcome say 'rest', or raise one of them"),
    ("a draw by two attributes", "3 months: {out: 50 %, inside: 50 %}}}",
     "3 months: {out: 50 %, inside: 50 %}}, plan: {free: {out: 100 %}}}", "14:9", "attributes.arm.by", "",
     "'by' takes one attribute", "write by: {attribute: {level: {one: 30 %, other: rest}}}"),
    ("a draw by nothing", "arm: {by: {calendar: {0 months: {out: 100 %}, 3 months: {out: 50 %, inside: 50 %}}}}",
     "arm: {by: {}}", "14:3", "attributes.arm", "", "an attribute has levels", "write [basic, premium]"),
    ("a draw by an attribute further down", "mood: {sour: 30 %,",
     "mood: {sour: {value: 30 %, by: {score: {5: 20 %}}},", "13:10", "attributes.mood.sour", "",
     "a draw on arrival cannot depend on 'score', which is not settled then",
     "let it depend on the channel, the calendar or an attribute"),
    ("a draw by the stage", "mood: {sour: 30 %,", "mood: {sour: {value: 30 %, by: {stage: {visit: 20 %}}},", "13:10",
     "attributes.mood.sour", "", "a draw on arrival cannot depend on 'stage', which is not settled then",
     "let it depend on the channel, the calendar or an attribute"),
    ("groups by a counter", "currency: EUR", "currency: EUR\nreport_by: [score]", "5:13", "report_by.0", "score",
     "only an attribute with named levels makes groups", "leave it out"),
    ("a stopwatch of one's own called calendar", "  quiet: stopwatch", "  calendar: stopwatch\n  quiet: stopwatch",
     "17:3", "attributes.calendar", "", "'calendar' is a built-in attribute", "rename it"),
    # levels that are numbers, times and months
    ("a duration for a counter's level", "{score: {10: 2}", "{score: {10 days: 2}", "8:48",
     "rates.pace.times.score.10 days", "", "levels of 'score' are whole numbers, not '10 days'", "write 0, or 10"),
    ("a word for a counter's level", "{score: {10: 2}", "{score: {ten: 2}", "8:48", "rates.pace.times.score.ten", "",
     "levels of 'score' are whole numbers, not 'ten'", "write 0, or 10"),
    ("a level beyond a counter", "{score: {10: 2}", "{score: {101: 2}", "8:48", "rates.pace.times.score.101", "",
     "'score' never reaches 101", "it counts 0 to 100"),
    ("a number for a stopwatch's level", "{1 year: 3}", "{1: 3}", "8:65", "rates.pace.times.tenure.1", "",
     "levels of 'tenure' are durations, not '1'", "write 0 days, or 1 year"),
    ("never for a stopwatch's level", "{1 year: 3}", "{never: 3}", "8:65", "rates.pace.times.tenure.never", "",
     "levels of 'tenure' are durations, not 'never'", "write 0 days, or 1 year"),
    ("a unit misspelt in a level", "{1 year: 3}", "{1 yaer: 3}", "8:65", "rates.pace.times.tenure.1 yaer", "",
     "'yaer' is no unit of time", "did you mean 'year'?"),
    ("two names of one level", "{1 year: 3}", "{1 year: 3, 12 months: 4}", "8:76",
     "rates.pace.times.tenure.12 months", "", "'12 months' and '1 year' are one level", "keep one of them"),
    ("a table without its lowest level", "  worth: 35", "  worth: {by: {score: {10: 35}}}", "10:11",
     "rates.worth.by", "", "without a 'value' every level of 'score' must be given", "add 0, or a value"),
    ("a table of a stopwatch without its first level", "  worth: 35", "  worth: {by: {tenure: {1 year: 35}}}",
     "10:11", "rates.worth.by", "", "without a 'value' every level of 'tenure' must be given",
     "add 0 days, or a value"),
    ("a month misspelt", "{month: {dec: 1.3}}", "{month: {december: 1.3}}", "19:91",
     "channels.ads.times.month.december", "", "'december' is no level of 'month'",
     "known: apr, aug, dec, feb, jan, jul, jun, mar, may, nov,"),
    ("a referrer who is neither", "times: {score: {10: 2}", "times: {referrer: {away: 2}", "8:51",
     "rates.pace.times.referrer.away", "", "'away' is no level of 'referrer'", "known: gone, none, present"),
    ("a stage misspelt in times", "times: {score: {10: 2}", "times: {stage: {membr: 2}", "8:48",
     "rates.pace.times.stage.membr", "", "'membr' is no level of 'stage'", "did you mean 'member'?"),
    # what is not known
    ("an inline figure that is uncertain", "every: 1 month, add: {score: 5}",
     "every: {value: 1 month, uncertain: 5 % of mean}, add: {score: 5}", "28:56", "while.awake.every.uncertain", "",
     "what is uncertain is a rate with a name", "put it under 'rates', and write its name here"),
    ("a chance uncertain in percent", "{value: 30 %, by", "{value: 30 %, uncertain: 5 %, by", "6:34",
     "rates.buys.uncertain", "5 %", "'uncertain' of a chance is in points", "write 4 points, or {alpha, beta}"),
    ("a range with one end", "{value: 30 %, by", "{value: 30 %, uncertain: [25 %], by", "6:23",
     "rates.buys.uncertain", "", "a range has two ends", "write [88 %, 94 %]"),
    ("a range upside down", "{value: 30 %, by", "{value: 30 %, uncertain: [35 %, 25 %], by", "6:23",
     "rates.buys.uncertain", "[35 %, 25 %]", "a range goes up, with the rate's value 30 % in it",
     "write [88 %, 94 %] around a value of 91 %"),
    ("a range beside its value", "{value: 30 %, by", "{value: 30 %, uncertain: [31 %, 35 %], by", "6:23",
     "rates.buys.uncertain", "[31 %, 35 %]", "a range goes up, with the rate's value 30 % in it",
     "write [88 %, 94 %] around a value of 91 %"),
    ("a range in another unit", "{value: 30 %, by", "{value: 30 %, uncertain: [0.2, 0.4], by", "6:35",
     "rates.buys.uncertain.0", "0.2", "its unit differs from that of the value it replaces, '30 %'",
     "state it in the same unit"),
    ("a chance uncertain by a shape", "{value: 30 %, by", "{value: 30 %, uncertain: {shape: 5}, by", "6:23",
     "rates.buys.uncertain", "", "'uncertain' of a chance takes alpha and beta, both",
     "write {alpha: 0.7, beta: 1.2}"),
    ("a chance more uncertain than can be", "{value: 30 %, by", "{value: 30 %, uncertain: 50 points, by", "6:34",
     "rates.buys.uncertain", "50 points", "no beta distribution around 30 % is this wide",
     "make it smaller, or move the value away from 0 % and 100 %"),
    ("a rate uncertain in points", "{value: 0.1 per month, times",
     "{value: 0.1 per month, uncertain: 5 points, times", "8:43", "rates.pace.uncertain", "5 points",
     "'uncertain' of a rate is a positive share of its mean", "write 40 % of mean, or {shape: 2}"),
    ("a rate uncertain by two parameters", "{value: 0.1 per month, times",
     "{value: 0.1 per month, uncertain: {alpha: 5, beta: 3}, times", "8:32", "rates.pace.uncertain", "",
     "'uncertain' of a rate takes a shape alone", "write {shape: 2}"),
    ("a rate of 0 that is uncertain", "  worth: 35", "  worth: {value: 0, uncertain: 5 % of mean}", "10:32",
     "rates.worth.uncertain", "5 % of mean", "what is uncertain by a share of its mean has a positive mean",
     "give it a positive value"),
    ("a table without a reference that is uncertain", "  worth: 35",
     "  worth: {by: {plan: {free: 3, pro: 5}}, uncertain: 5 % of mean}", "10:53", "rates.worth.uncertain",
     "5 % of mean", "'worth' has no single reference value to be uncertain of",
     "give it a 'value', or make each level a rate of its own"),
    ("uncertain twice over", "  worth: 35",
     "  base: {value: 3, uncertain: 5 % of mean}\n  worth: {value: base, uncertain: 5 % of mean}", "11:35",
     "rates.worth.uncertain", "5 % of mean", "'base' inside this rate is uncertain already",
     "say 'uncertain' of one of them"),
    ("a negative doubt", "{value: 30 %, by", "{value: 30 %, uncertain: -5 points, by", "6:34",
     "rates.buys.uncertain", "-5 points", "'uncertain' of a chance is in points",
     "write 4 points, or {alpha, beta}"),
    # channels
    ("at most nobody", "at_most: 50 per month", "at_most: 0 per month", "19:61", "channels.ads.at_most",
     "0 per month", "a channel that brings at most nobody brings nobody", "write 500 per month"),
    ("at most so many people", "at_most: 50 per month", "at_most: 50", "19:61", "channels.ads.at_most", "50",
     "a rate belongs here, not '50'", "say how often: 50 per month"),
    ("at_most of a rate", "press: {rate: 3 per month,", "press: {rate: 3 per month, at_most: 5 per month,", "21:30",
     "channels.press.at_most", "", "'at_most' goes with 'spend'", "add spend: ..., or remove it"),
    ("seasons of a batch", "batch: 20,", "batch: 20, times: {month: {dec: 2}},", "20:21", "channels.fair.times", "",
     "'times' goes with 'spend' or 'rate'", "add rate: ..., or remove it"),
    ("no seasons", "{month: {dec: 1.3}}", "{month: {}}", "19:75", "channels.ads.times", "", "'times' has no levels",
     "write times: {month: {dec: 1.3}}"),
    ("seasons by the plan", "{month: {dec: 1.3}}", "{plan: {pro: 1.3}}", "19:75", "channels.ads.times", "",
     "arrivals depend on 'calendar' and 'month' alone", "write times: {month: {dec: 1.3}}"),
    ("arrivals by the plan", "{rate: 3 per month,", "{rate: {value: 3 per month, by: {plan: {pro: 4}}},", "21:11",
     "channels.press.rate", "", "a channel's figure depends on 'calendar' and 'month' alone",
     "write by: {calendar: {0 months: 300 per month, 6 months: 450 per month}}"),
    ("arrivals that vary from person to person", "{rate: 3 per month,",
     "{rate: {value: 3 per month, spread: {shape: 2}},", "21:11", "channels.press.rate", "",
     "a channel's figure is the same for everybody", "give one figure"),
    ("a season in percent", "{dec: 1.3}", "{dec: 130 %}", "19:96", "channels.ads.times.month.dec", "130 %",
     "a factor is a plain number, not negative", "write 1.2"),
    ("a period of a rate", "{rate: 3 per month,", "{rate: 3 per month, every: 1 month,", "21:30",
     "channels.press.every", "", "'every' goes with 'batch'", "add batch: ..., or remove it"),
    ("dates of a rate", "{rate: 3 per month,", "{rate: 3 per month, on: 1 month,", "21:30", "channels.press.on", "",
     "'on' goes with 'batch'", "add batch: ..., or remove it"),
    ("a period beside dates", "every: 6 months, cost", "every: 6 months, on: 2027-05-01, cost", "20:38",
     "channels.fair.on", "", "batches come 'every' period or 'on' dates, not both", "keep one"),
    ("a period of no time", "every: 6 months", "every: 0 days", "20:28", "channels.fair.every", "0 days",
     "batches come every so often", "write every: 6 months"),
    ("a period of a second", "every: 6 months", "every: 1 second", "20:28", "channels.fair.every", "1 second",
     "these are more than 10000 batches", "use a rate"),
    ("a batch before the start", "every: 6 months", "on: 2027-01-01", "20:25", "channels.fair.on", "2027-01-01",
     "the run starts on 2027-03-01, after this date", "write a later date"),
    ("a batch twice on a date", "every: 6 months", "on: [2 months, 2027-05-01]", "20:36", "channels.fair.on.1",
     "2027-05-01", "this date stands twice", "make the batch larger"),
    ("no date of a batch", "every: 6 months", "on: []", "20:21", "channels.fair.on", "", "the list is empty",
     "write at least one time, such as 6 months"),
    ("an end before the start", "until: 9 months", "until: 2027-02-01", "21:37", "channels.press.until",
     "2027-02-01", "the run starts on 2027-03-01, after this date", "write a later date"),
    ("an end at once", "until: 9 months", "until: 0 days", "21:37", "channels.press.until", "0 days",
     "the channel ends before it starts", "write 12 weeks"),
    ("an end of a channel that is fed", "word: {inherits: [plan],", "word: {until: 3 months,", "22:10",
     "channels.word.until", "", "'until' goes with 'spend' or 'rate' or 'batch'", "add rate: ..., or remove it"),
    ("inheriting without a referrer", "{batch: 20,", "{batch: 20, inherits: [plan],", "20:21",
     "channels.fair.inherits", "", "'inherits' goes with people who are referred, and this channel has a",
     "remove it, or the source"),
    ("inheriting what is not there", "inherits: [plan]", "inherits: [plam]", "22:21", "channels.word.inherits.0",
     "plam", "no attribute of the file's own", "did you mean 'plan'?"),
    ("inheriting what is built in", "inherits: [plan]", "inherits: [generation]", "22:21",
     "channels.word.inherits.0", "generation", "no attribute of the file's own",
     "known: arm, mood, plan, quiet, score, tenure"),
    ("a level misspelt in a channel's set", "set: {plan: pro}, enters", "set: {plan: prop}, enters", "21:59",
     "channels.press.set.plan", "prop", "no level of 'plan'", "did you mean 'pro'?"),
    ("an attribute misspelt in a channel's set", "set: {plan: pro}, enters", "set: {plam: pro}, enters", "21:53",
     "channels.press.set.plam", "", "'plam' is no attribute", "did you mean 'plan'?"),
    # sets of stages
    ("a set of no stages", "in: [visit, member]", "in: []", "28:11", "while.awake.in", "", "the set has no stages",
     "write in: [one, other]"),
    ("a set of an unknown stage", "in: [visit, member]", "in: [visit, membr]", "28:23", "while.awake.in.1", "membr",
     "no stage of that name", "did you mean 'member'?"),
    ("a set with a stage twice", "in: [visit, member]", "in: [visit, member, visit]", "28:31", "while.awake.in.2",
     "visit", "this stage stands twice", "name it once"),
    ("a set with an exit", "in: [visit, member]", "in: [visit, gone]", "28:23", "while.awake.in.1", "gone",
     "nothing happens in the exit stage 'gone'", "take it out of the set"),
    ("a set named after nothing", "in: [visit, member], ", "", "28:3", "while.awake", "",
     "'awake' is no role or phase of a stage, and 'in' is missing",
     "add in: [...]; for a role or phase, known: customer,"),
    ("a set and a stage of one name", "  awake: {", "  visit: {", "28:3", "while.visit", "",
     "'visit' is a stage too, and their luck would be one", "rename it, and say in: [...]"),
    ("a set of a reserved name", "  awake: {", "  rate: {", "28:3", "while.rate", "",
     "'rate' is a reserved name of a set", "rename it"),
    ("a set of another reserved name", "  awake: {", "  uncertain: {", "28:3", "while.uncertain", "",
     "'uncertain' is a reserved name of a set", "rename it"),
    ("a stage of a reserved name", "  gone: exit\ncosts", "  gone: exit\n  uncertain: {role: exit}\ncosts", "43:3",
     "journey.uncertain", "", "'uncertain' is a reserved name of a stage", "rename it"),
    ("an event of a set without a clock", "every: 1 month, add", "add", "28:3", "while.awake", "",
     "'awake' has no clock in a set of stages", "add 'after' or 'every'"),
    ("a role of a set", "{in: [visit, member],", "{in: [visit, member], role: customer,", "28:32",
     "while.awake.role", "", "'role' is not known here", "known: after, earn, events, gives_up, on_date,"),
    ("a word for a set", "  awake: {in: [visit, member], every: 1 month, add: {score: 5}}", "  awake: member",
     "28:10", "while.awake", "member", "a mapping belongs here", "write name: value"),
    ("an event beside events of a set", "    events: {tell", "    every: 1 month\n    events: {tell", "27:5",
     "while.customer.every", "", "'every' stands beside 'events'",
     "write one event inline, or all of them under 'events'"),
    ("an event of a set called on_entry", "events: {tell: {", "events: {on_entry: {every: 1 month}, tell: {",
     "27:14", "while.customer.events.on_entry", "", "'on_entry' is a reserved name of an event", "rename it"),
    ("a set's move to nowhere", "every: 1 month, add", "every: 1 month, to: away, add", "28:52", "while.awake.to",
     "away", "no stage of that name", "known: gone, left, member, visit"),
    ("a set that leaves at once and comes back", "  left: {role: lapsed, after: 6 months, to: gone}",
     "  left: {role: lapsed, to: member}\n  gone_too: exit", "42:3", "journey.gone_too", "",
     "nobody ever reaches 'gone_too'", "lead an event or a channel to it, or remove it"),
    # overheads and levers
    ("an overhead once", "office: 200 per month", "office: 200", "43:17", "costs.office", "200",
     "an overhead accrues over a period", "write 2000 per month"),
    ("an overhead of time", "office: 200 per month", "office: 200 days", "43:17", "costs.office", "200 days",
     "an amount of money belongs here, not '200 days'", "write 49, or 49 per month"),
    ("an overhead by the plan", "office: 200 per month", "office: {value: 200 per month, by: {plan: {pro: 3}}}",
     "43:9", "costs.office", "", "an overhead is the same for everybody", "give one figure"),
    ("a lever of nothing", "spend: 3 per customer per month, moves", "spend: 3, moves", "45:20",
     "levers.success.spend", "3", "a lever's spend is per period, or per event",
     "write 2500 per month, 3 per customer per month, or 10 per"),
    ("a lever per nobody", "3 per customer per month", "3 per custmer per month", "45:20", "levers.success.spend",
     "3 per custmer per month", "'custmer' is no role or stage of this file", "did you mean 'customer'?"),
    ("a lever per role at once", "3 per customer per month", "3 per customer", "45:20", "levers.success.spend",
     "3 per customer", "spend per customer is said per period too",
     "write 2500 per month, 3 per customer per month, or 10 per"),
    ("a lever per event that is none", "3 per customer per month", "3 per tel", "45:20", "levers.success.spend",
     "3 per tel", "no event 'tel'", "did you mean 'tell'?"),
    ("a lever in percent", "3 per customer per month", "3 %", "45:20", "levers.success.spend", "3 %",
     "a lever's spend is money, from 0 to", "write 2500 per month, 3 per customer per month, or 10 per"),
    ("a lever that earns", "3 per customer per month", "-3 per customer per month", "45:20", "levers.success.spend",
     "-3 per customer per month", "a lever's spend is money, from 0 to",
     "write 2500 per month, 3 per customer per month, or 10 per"),
    ("a lever off its curve", "5: 92 %", "5: 89 %", "45:93", "levers.success.moves.keeps.limit", "97 %",
     "at a spend of 5 the rate does not lie on its way to the limit", "order the figures from 'without' to 'limit'"),
    ("a lever beside the file's value", "5: 92 %", "3: 92 %", "45:80", "levers.success.moves.keeps.3", "92 %",
     "the file spends 3 per customer per month, where 'keeps' is 90 %", "write the same figure, or leave it out"),
    ("a lever by name", "3 per customer per month", "worth", "45:20", "levers.success.spend", "worth",
     "a figure belongs here, not a name", "write a number with its unit"),
    ("a lever without moves", "{moves: {buys: {without: 33 %}}}", "{spend: 3 per month}", "46:3",
     "levers.slow.moves", "", "'moves' is required", "add moves: ..."),
    ("a lever that moves nothing", "{moves: {buys: {without: 33 %}}}", "{moves: {}}", "46:10", "levers.slow.moves",
     "", "a lever moves at least one rate", "write moves: {conversion: {without: 18 %}}"),
    ("a lever that moves a rate nowhere", "{moves: {buys: {without: 33 %}}}", "{moves: {buys: {}}}", "46:18",
     "levers.slow.moves.buys", "", "a lever moves a rate to a figure", "write {without: 18 %}"),
    ("a lever that moves an unknown rate", "{moves: {buys: {without: 33 %}}}", "{moves: {bys: {without: 33 %}}}",
     "46:18", "levers.slow.moves.bys", "", "no rate 'bys'", "did you mean 'buys'?"),
    ("a friction with a limit", "{without: 33 %}", "{without: 33 %, limit: 40 %}", "46:40",
     "levers.slow.moves.buys.limit", "", "a friction has no spend, so no 'limit'", "keep 'without' alone"),
    ("a friction with a spend", "{without: 33 %}", "{without: 33 %, 3: 40 %}", "46:40", "levers.slow.moves.buys.3",
     "", "a friction has no spend, so no '3'", "keep 'without' alone"),
    ("a lever with a key misspelt", "{without: 85 %,", "{withuot: 85 %,", "45:62",
     "levers.success.moves.keeps.withuot", "", "'withuot' is neither 'without', 'limit' nor a spend",
     "write 3, in the unit of the lever's spend"),
    ("a lever at a spend of 0", "5: 92 %", "0: 92 %", "45:77", "levers.success.moves.keeps.0", "",
     "'0' is neither 'without', 'limit' nor a spend", "write 3, in the unit of the lever's spend"),
    ("a lever at one spend twice", "5: 92 %", "5: 92 %, 5.0: 93 %", "45:86", "levers.success.moves.keeps.5.0", "",
     "'5.0' and '5' are one spend", "keep one of them"),
    ("a lever that moves beyond 100 %", "limit: 97 %", "limit: 107 %", "45:93", "levers.success.moves.keeps.limit",
     "107 %", "a chance lies between 0 % and 100 %", "write 35 %"),
    ("a lever in another unit", "limit: 97 %", "limit: 0.97 per month", "45:93", "levers.success.moves.keeps.limit",
     "0.97 per month", "its unit differs from that of the value it replaces, '90 % per month'",
     "state it in the same unit"),
    ("a lever below 0", "moves: {buys: {without: 33 %}}", "moves: {pace: {without: -1 per month}}", "46:34",
     "levers.slow.moves.pace.without", "-1 per month", "a rate is not moved below 0",
     "write a figure that is not negative"),
    ("a lever in no phase", "phase: growth}\n  slow", "phase: grwth}\n  slow", "45:108", "levers.success.phase",
     "grwth", "no stage has this phase", "did you mean 'growth'?"),
    ("a lever named like a stage", "  success: {", "  member: {", "45:3", "levers.member", "",
     "'member' is a stage or set too, and its spend would be confused", "rename the lever"),
    # strategies
    ("a lever misspelt in without", "without: [tell]", "without: [succes]", "49:20", "strategies.lean.without.0",
     "succes", "no event, channel or lever of that name", "did you mean 'success'?"),
    ("a lever misspelt after its kind", "without: [tell]", "without: [lever.succes]", "49:20",
     "strategies.lean.without.0", "lever.succes", "no event, channel or lever of that name",
     "did you mean 'success'?"),
    ("a name of an event and of a channel", "without: [tell]", "without: [fair]", "49:20",
     "strategies.lean.without.0", "fair", "'fair' is an event and a channel", "write event.fair or channel.fair"),
    ("spend of nothing", "spend: {ads: matched}", "spend: {adz: matched}", "49:35", "strategies.lean.spend.adz", "",
     "no channel or lever 'adz'", "did you mean 'ads'?"),
    ("spend of a lever misspelt after its kind", "spend: {ads: matched}",
     "spend: {lever.succes: 3 per customer per month}", "49:35", "strategies.lean.spend.lever.succes", "",
     "no lever 'succes'", "did you mean 'success'?"),
    ("spend of a lever in another unit", "spend: {ads: matched}", "spend: {success: 3 per month}", "49:44",
     "strategies.lean.spend.success", "3 per month",
     "its unit differs from that of the lever's spend, '3 per customer per", "state it per the same thing"),
    ("spend of a lever in words", "spend: {ads: matched}", "spend: {success: more}", "49:44",
     "strategies.lean.spend.success", "more", "not a quantity",
     "write a number with its unit, such as 35 %, 20 of 30, 95 %"),
    ("spend of a friction", "spend: {ads: matched}", "spend: {slow: 3 per month}", "49:41",
     "strategies.lean.spend.slow", "3 per month", "a friction has no spend", "leave it out"),
    ("matched of a channel without spend", "spend: {ads: matched}", "spend: {word: matched}", "49:41",
     "strategies.lean.spend.word", "matched", "'word' has no spend to match", "name a channel with 'spend'"),
    ("matched misspelt", "spend: {ads: matched}", "spend: {ads: mached}", "49:40", "strategies.lean.spend.ads",
     "mached", "neither an amount of money, a name under 'rates' nor 'matched'",
     "did you mean 'matched' or 'pace'?"),
    ("a spend in a list", "spend: {ads: matched}", "spend: {ads: [matched]}", "49:35", "strategies.lean.spend.ads",
     "", "a spend is one figure, or 'matched'", "write 8000 per month"),
    ("a lever's key misspelt", "slow: {moves", "slow: {cost: 3, moves", "46:10", "levers.slow.cost", "",
     "'cost' is not known here", "known: phase, spend"),
    ("a lever in a list", "  slow: {moves: {buys: {without: 33 %}}}", "  slow: [buys]", "46:3", "levers.slow", "",
     "a mapping belongs here", "write name: value"),
    ("costs in a list", "costs: {office: 200 per month}", "costs: [office]", "43:1", "costs", "",
     "'costs' is a mapping of names", "write name: ..."),
    ("an overhead in a list", "{office: 200 per month}", "{office: [200 per month]}", "43:9", "costs.office", "",
     "a single value belongs here", "write a number with its unit, or the name of a rate"),
    ("sets in a list", "  awake: {in: [visit, member], every: 1 month, add: {score: 5}}",
     "  awake: {in: {visit: member}, every: 1 month, add: {score: 5}}", "28:11", "while.awake.in", "",
     "a list of names belongs here", "write [one, other]"),
    ("takes of a set's event", "{tell: {every: pace,", "{tell: {every: pace, takes: 2 hours,", "27:34",
     "while.customer.events.tell.takes", "", "'takes' goes with 'staff'", "add staff: and a resource, or remove it"),
    ("two clocks of a set's event", "{tell: {every: pace,", "{tell: {every: pace, on_date: 2 months,", "27:34",
     "while.customer.events.tell.on_date", "", "an event has one clock", "keep 'every' or 'on_date'"),
    ("a chance per year in a set", "every: 1 month, add",
     "every: 1 month, to: {stay: 95 % per year, gone: rest}, add", "28:59", "while.awake.to.stay", "95 % per year",
     "a chance per year on an event every 1 month: the periods differ",
     "say '% kept per year' (p^k) or '% lost per year'"),
    ("a set's chances short of 100 %", "every: 1 month, add", "every: 1 month, to: {stay: 95 %, gone: 3 %}, add",
     "28:48", "while.awake.to", "", "the chances reach only 98 %",
     "let one outcome say 'rest', or raise one of them"),
]
# fmt: on

BY_NAME = {case[0]: case for case in CASES}


def test_the_base_text_is_a_good_journey():
    model = loads(BASE)
    assert (model.strategies, model.matched) == (("full", "lean"), ("lean",))
    assert model.journey("full").stages


def test_the_names_of_the_cases_differ():
    assert len(BY_NAME) == len(CASES) >= 190


@pytest.mark.parametrize("name", BY_NAME)
def test_a_wrong_use_says_place_value_rule_and_remedy(name):
    check_refused(BASE, BY_NAME[name])


@pytest.mark.parametrize("name", BY_NAME)
def test_the_column_points_at_the_value_or_its_key(name):
    check_column(BASE, BY_NAME[name])


# -- what one edit cannot show ------------------------------------------------------------------

UNDATED = BASE.replace("start: 2027-03-01\n", "")


def test_months_and_dates_need_the_start_of_the_run():
    rules = [(p.path, p.rule) for p in problems_of(UNDATED)]
    assert rules == [
        ("channels.ads.times.month", "named months need the date the run starts at"),
        ("journey.member.events.fair.on_date.1", "a date needs the date the run starts at"),
    ]
    named = UNDATED.replace("times: {month: {dec: 1.3}}, ", "").replace(", 2027-12-01]", "]")
    assert loads(named).journey().phase == 0
    (problem,) = problems_of(named.replace("when: {score: 60", "when: {month: dec"))
    assert (problem.rule, problem.remedy) == ("named months need the date the run starts at", "add start: 2027-01-01")


def test_a_start_that_is_none_is_one_mistake_not_one_in_every_date():
    assert [p.path for p in problems_of(edited(BASE, "2027-03-01", "2027-13-01"))] == ["start"]


def test_a_horizon_that_is_none_is_one_mistake_not_one_in_every_channel():
    assert [p.path for p in problems_of(edited(BASE, "horizon: 12 months", "horizon: 12"))] == ["horizon"]


def test_a_lever_needs_a_reference_value_to_move():
    text = edited(BASE, "  worth: 35", "  worth: {by: {plan: {free: 30, pro: 35}}}")
    (problem,) = problems_of(edited(text, "{buys: {without: 33 %}}", "{worth: {without: 33}}"))
    assert (problem.path, problem.rule) == (
        "levers.slow.moves.worth", "'worth' has no single reference value to move",
    )  # fmt: skip


def test_a_lever_is_paid_per_role_or_per_stage_and_not_per_both():
    text = edited(BASE, "  gone: exit\n", "  gone: exit\n  lapsed: {role: customer, after: 1 day, to: gone}\n")
    text = edited(text, "  left: {role: lapsed, after: 6 months, to: gone}", "  left: {role: lapsed, to: lapsed}")
    (problem,) = problems_of(edited(text, "3 per customer per month", "3 per lapsed per month"))
    assert (problem.rule, problem.remedy) == ("'lapsed' is a role and a stage", "rename the stage")


def test_a_set_named_after_a_role_and_a_phase_says_which():
    text = edited(BASE, "phase: growth, after", "phase: lapsed, after")
    text = edited(text, "  awake: {in: [visit, member],", "  lapsed: {").replace(", phase: growth}", "}")
    (problem,) = problems_of(text)
    assert problem.rule == "'lapsed' is a role and a phase"


def test_a_resource_that_is_not_there_does_not_blame_the_sets_around_it():
    text = edited(BASE, "ripe: {when: {score: 60, plan: free}", "ripe: {staff: desk, takes: 1 hour")
    assert [p.path for p in problems_of(text)] == ["journey.member.events.ripe.staff"]


def test_a_name_of_an_event_a_channel_and_a_lever_says_which():
    text = edited(BASE, "  slow: {", "  fair: {").replace("[tell]", "[fair]")
    (problem,) = problems_of(text)
    assert problem.rule == "'fair' is an event and a channel and a lever"
    assert problem.remedy == "write event.fair or channel.fair or lever.fair"
    (problem,) = problems_of(edited(text, "[fair], spend: {ads:", "[event.fair], spend: {fair:"))
    assert problem.remedy == "write channel.fair or lever.fair"


def test_the_condition_of_a_clock_is_the_same_for_everybody():
    text = edited(BASE, "  worth: 35", "  line: {value: 60, by: {plan: {pro: 20}}}\n  worth: 35")
    (problem,) = problems_of(edited(text, "when: {score: 60", "when: {score: line"))
    assert problem.rule == "what a 'when' waits for is the same for everybody"
    far = edited(BASE, "  worth: 35", "  line: 200\n  worth: 35")
    (problem,) = problems_of(edited(far, "when: {score: 60", "when: {score: line"))
    assert problem.rule == "'score' never reaches 200"


def test_a_loop_through_a_set_takes_no_time():
    text = edited(BASE, "  left: {role: lapsed, after: 6 months, to: gone}", "  left: {role: lapsed, to: member}")
    (problem,) = problems_of(edited(text, "every: 1 month, add", "after: 0 days, to: left, add"))
    assert problem.rule == "a loop that takes no time: left -> member -> left"
    assert loads(edited(text, "every: 1 month, add", "after: 0 days, to: member, add"))


def test_a_loop_through_a_newcomer_to_a_set_takes_no_time():
    (problem,) = problems_of(edited(BASE, "every: 1 month, add: {score: 5}", "on_entry: {refer: word}, after: 1 day"))
    assert problem.rule == "a loop that takes no time: visit -> visit"


# -- samples ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "columns", "path", "message"),
    [
        (
            "days\n3\n",
            "column: day, unit: days",
            "column",
            "no column of that name in data.csv; write the column as the first",
        ),
        ("days\n3\n", "column: days", "column", "line 2 of data.csv: the cell has no unit; add unit: days"),
        ("days\n3\nx\n", "column: days, unit: days", "column", "line 3 of data.csv: the cell is no duration"),
        (
            "days\n3\n-1\n",
            "column: days, unit: days",
            "column",
            "line 3 of data.csv: the cell is negative; mend the file",
        ),
        ("days\n3 %\n", "column: days, unit: days", "column", "line 2 of data.csv: the cell is no duration"),
        ("days\n1e15\n", "column: days, unit: years", "column", "line 2 of data.csv: the cell is too large"),
        ("days,a\n3,1\n,2\n", "column: days, unit: days", "column", "line 3 of data.csv: the cell is empty"),
        ("a,days\n3\n", "column: days, unit: days", "file", "line 2: 2 columns and a row of 1"),
        ("days\n", "column: days, unit: days", "column", "no values in this column of data.csv; fill it"),
        (
            "",
            "column: days, unit: days",
            "column",
            "no column of that name in data.csv; name the columns in the first line",
        ),
        (b"days\n\xe9\n", "column: days, unit: days", "file", "cannot be read: not a CSV file in UTF-8"),
    ],
)
def test_a_sample_that_cannot_be_used_is_refused(tmp_path, content, columns, path, message):
    (tmp_path / "data.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    text = edited(BASE, "after: [1 month, 3 months]", f"after: {{empirical: {{file: data.csv, {columns}}}}}")
    (tmp_path / "whole.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "whole.yaml")
    (problem,) = caught.value.problems
    assert problem.path == f"journey.member.events.letter.after.empirical.{path}"
    assert message in f"{problem.rule}; {problem.remedy}"


def test_a_folder_is_no_sample(tmp_path):
    text = edited(BASE, "after: [1 month, 3 months]", "after: {empirical: {file: ., column: a}}")
    (tmp_path / "whole.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path / "whole.yaml")


def test_a_recurring_sample_takes_time(tmp_path):
    (tmp_path / "data.csv").write_text("days\n0\n0\n")
    text = edited(BASE, "after: [1 month, 3 months]", "every: {empirical: {file: data.csv, column: days}}")
    (tmp_path / "whole.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="a recurring event takes time"):
        load(tmp_path / "whole.yaml")


# -- by chance ----------------------------------------------------------------------------------

CASES_THAT_LOAD = sorted((Path(__file__).parents[1] / "cases").glob("*.yaml"))
TEXTS = [BASE, *(t for path in CASES_THAT_LOAD if "extends:" not in (t := path.read_text("utf-8")))]


@settings(max_examples=600, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(number=st.integers(0, len(TEXTS) - 1), seed=st.integers(0, 2**32))
def test_a_spoilt_file_loads_or_says_what_is_wrong(number, seed):
    text = mutated(TEXTS[number], random.Random(seed))
    try:
        loads(text, "spoilt.yaml")
    except (ConfigError, DataError) as error:
        for problem in getattr(error, "problems", ()):
            assert 1 <= problem.line <= text.count("\n") + 2
            assert problem.rule
            assert problem.remedy
