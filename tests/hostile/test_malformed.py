"""Every malformed journey is refused with its place, value, rule and remedy, and with nothing but our own errors."""

import random
import re
from pathlib import Path

import edits
import pytest
from edits import check_column, check_refused, problems_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flywheel_sim.errors import ConfigError, DataError
from flywheel_sim.scenario.load import load, loads, shipped

BASE = """\
name: Shop
start: 2027-01-01
horizon: 12 months
currency: EUR
seed: 1
report_by: [plan]
reference: full
rates:
  buys: {value: 30 %, by: {plan: {pro: 40 %}}}
  keeps: 90 % per month
  pace: 0.1 per month
  price: {value: 20 per month}
attributes:
  plan: [free, pro]
  mood: {sour: 30 %, sweet: 70 %}
channels:
  ads: {spend: 100 per month, cost_per_arrival: 5, enters: visit}
  word: {enters: visit}
journey:
  visit: {role: prospect, after: 2 days, to: {member: buys, gone: rest}}
  member:
    role: customer
    events:
      renewal: {every: 1 month, to: {stay: {chance: keeps, earn: {fee: price}}, left: rest}}
      tell: {every: pace, refer: word}
  left: {role: lapsed, after: 6 months, to: gone}
  gone: exit
strategies:
  full: {}
  lean: {without: [tell]}
"""
VISIT = "after: 2 days, to: {member: buys, gone: rest}"
STAY = "to: {stay: {chance: keeps, earn: {fee: price}}"
FED = "spend: 100 per month, cost_per_arrival: 5"
# fmt: off
CASES: list[tuple[str, str, str, str, str, str, str, str]] = [
    # name, old text, new text, line:column, path, value, piece of the rule, piece of the remedy
    # YAML itself
    ("a tab", "  keeps: 90 %", "\tkeeps: 90 %", "10:1", "", "",
     "not YAML: found character '\\t' that cannot start any token", "indent with spaces, not tabs"),
    ("an indentation too small", "  mood: {sour", " mood: {sour", "15:2", "", "",
     "not YAML: expected <block end>, but found '<block mapping", "check what begins at line 1, column 1, and"),
    ("an indentation too large", "  keeps: 90", "   keeps: 90", "10:4", "", "",
     "not YAML: expected <block end>, but found '<block mapping", "check what begins at line 9, column 3, and"),
    ("an unclosed bracket", "[plan]", "[plan", "7:10", "", "", "not YAML: expected ',' or ']', but got ':'",
     "check what begins at line 6, column 12, and"),
    ("an unclosed brace", "gone: rest}}\n  member", "gone: rest}\n  member", "21:3", "", "",
     "not YAML: expected ',' or '}', but got '<scalar>'", "check what begins at line 20, column 10, and"),
    ("an unclosed quote", "name: Shop", "name: 'Shop", "1:7", "", "", "not YAML: found unexpected end of stream",
     "check indentation, colons, brackets and"),
    ("a line without a colon", "seed: 1", "seed 1", "5:1", "", "", "not YAML: could not find expected ':'",
     "check indentation, colons, brackets and"),
    ("a colon without a space", "seed: 1", "seed:1", "5:1", "", "", "not YAML: could not find expected ':'",
     "check indentation, colons, brackets and"),
    ("a setting twice", "seed: 1", "seed: 1\nseed: 2", "6:1", "seed", "seed", "this key stands twice",
     "keep one of the two, or rename one"),
    ("a stage twice", "  gone: exit", "  gone: exit\n  gone: exit", "28:3", "journey.gone", "gone",
     "this key stands twice", "keep one of the two, or rename one"),
    ("a level twice", "{sour: 30 %, sweet", "{sour: 30 %, sour", "15:22", "attributes.mood.sour", "sour",
     "this key stands twice", "keep one of the two, or rename one"),
    ("a tag", "seed: 1", "seed: !!int 1", "5:7", "seed", "tag:yaml.org,2002:int", "tags are refused",
     "remove the tag; units say what a value is"),
    ("a tag of one's own", "plan: [free", "plan: !levels [free", "14:9", "attributes.plan", "!levels",
     "tags are refused", "remove the tag; units say what a value is"),
    ("an anchor", "keeps: 90", "keeps: &k 90", "10:10", "rates.keeps", "",
     "anchors and aliases are refused: a reader must see each", "write the value out, or name it under 'rates'"),
    ("an alias", "pace: 0.1 per month", "pace: *k", "11:9", "rates.pace", "",
     "anchors and aliases are refused: a reader must see each", "write the value out, or name it under 'rates'"),
    ("a merge key", "  gone: exit", "  gone: {<<: {role: exit}}", "27:10", "journey.gone.<<", "<<",
     "merge keys are refused", "use 'extends', or repeat the lines"),
    ("an empty setting", "seed: 1", "seed:", "5:1", "seed", "", "the value is empty",
     "write a value, or ~ to delete an inherited"),
    ("an empty rate", "pace: 0.1 per month", "pace:", "11:3", "rates.pace", "", "the value is empty",
     "write a value, or ~ to delete an inherited"),
    ("a second document", "strategies:", "---\nstrategies:", "28:1", "", "", "a file holds one document",
     "remove the line '---'"),
    ("a list as a key", "  gone: exit", "  gone: exit\n  ? [a, b]\n  : exit", "28:5", "journey", "",
     "a key is a plain word", "write 'key: value'"),
    ("a comma in a number in braces", "100 per month", "1,000 per month", "17:18", "channels.ads", "000 per month",
     "a comma splits this number", "write 1000 or 1_000, and 0.5"),
    ("a key of the merging's own", "{value: 30 %,", "{(moved to): 30 %, value: 30 %,", "9:10",
     "rates.buys.(moved to)", "(moved to)", "this key is no word of the language", "remove it"),
    # nothing to delete
    ("~ for a setting", "seed: 1", "seed: ~", "5:1", "seed", "~", "~ deletes an inherited value, and there is none",
     "remove the line"),
    ("~ for a clock", "every: pace", "every: pace, to: ~", "25:27", "journey.member.events.tell.to", "~",
     "~ deletes an inherited value, and there is none", "remove the line"),
    ("~ in a strategy", "full: {}", "full: {rates: {keepz: ~}}", "29:18", "strategies.full.rates.keepz", "~",
     "~ deletes an inherited value, and there is none", "remove the line"),
    # misspelt words
    ("a setting misspelt", "seed: 1", "sead: 1", "5:1", "sead", "", "'sead' is not known here",
     "did you mean 'seed'?"),
    ("a stage's key misspelt", "  visit: {role: prospect, after", "  visit: {role: prospect, afer", "20:27",
     "journey.visit.afer", "", "'afer' is not known here", "did you mean 'after' or 'refer'?"),
    ("a long stage's key misspelt", "    events:\n", "    fase: x\n    events:\n", "23:5", "journey.member.fase", "",
     "'fase' is not known here", "did you mean 'phase'?"),
    ("an event's key misspelt", "tell: {every: pace, refer", "tell: {every: pace, reffer", "25:27",
     "journey.member.events.tell.reffer", "", "'reffer' is not known here", "did you mean 'refer'?"),
    ("an outcome's key misspelt", "earn: {fee: price}", "ern: {fee: price}", "24:60",
     "journey.member.events.renewal.to.stay.ern", "", "'ern' is not known here", "did you mean 'earn'?"),
    ("a channel's key misspelt", "ads: {spend: 100 per month, cost_per_arrival",
     "ads: {spend: 100 per month, cost: 3, cost_per_arrival", "17:31", "channels.ads.cost", "",
     "'cost' is not known here", "known: at_most, batch, cost_per_batch,"),
    ("a rate's key misspelt", "by: {plan", "bye: {plan", "9:23", "rates.buys.bye", "", "'bye' is not known here",
     "did you mean 'by'?"),
    ("a distribution misspelt", "after: 2 days", "after: {exponental: 2 days}", "20:35",
     "journey.visit.after.exponental", "", "'exponental' is not known here", "did you mean 'exponential'?"),
    ("a spread's parameter misspelt", "value: 20 per month", "value: 20 per month, spread: {shap: 2}", "12:41",
     "rates.price.spread.shap", "", "'shap' is not known here", "did you mean 'shape'?"),
    ("a role misspelt", "gone: exit", "gone: exitt", "27:9", "journey.gone", "exitt", "not a role",
     "did you mean 'exit'?"),
    ("a role misspelt in braces", "role: prospect", "role: prospekt", "20:17", "journey.visit.role", "prospekt",
     "not a role", "did you mean 'prospect'?"),
    ("a stage misspelt in to", "to: gone}", "to: gon}", "26:45", "journey.left.to", "gon", "no stage of that name",
     "did you mean 'gone'?"),
    ("a stage misspelt among outcomes", "{member: buys, gone", "{membr: buys, gone", "20:47",
     "journey.visit.to.membr", "", "'membr' is no stage", "did you mean 'member'?"),
    ("a stage misspelt in enters", "enters: visit}\n  word", "enters: vist}\n  word", "17:60", "channels.ads.enters",
     "vist", "no stage of that name", "did you mean 'visit'?"),
    ("a chance's name misspelt", "member: buys", "member: buy", "20:55", "journey.visit.to.member", "buy",
     "neither a chance nor a name under 'rates'", "write 35 %, 20 of 30, or 95 % per month on a"),
    ("a price's name misspelt", "earn: {fee: price}", "earn: {fee: prise}", "24:72",
     "journey.member.events.renewal.to.stay.earn.fee", "prise", "neither an amount of money nor a name under 'rates'",
     "write 49, or 49 per month, or name a rate:"),
    ("a pace's name misspelt", "every: pace", "every: pase", "25:21", "journey.member.events.tell.every", "pase",
     "neither a rate nor a name under 'rates'", "write 0.12 per month, or name a rate: did"),
    ("a name misspelt in a rate nothing uses", "  pace:", "  spare: pase\n  pace:", "11:10", "rates.spare", "pase",
     "neither a chance nor a name under 'rates'", "write 35 %, 20 of 30, or 95 % per month on a"),
    ("an attribute misspelt in by", "by: {plan:", "by: {plam:", "9:28", "rates.buys.by.plam", "",
     "'plam' is no attribute", "did you mean 'plan'?"),
    ("a level misspelt in by", "{pro: 40 %}", "{prop: 40 %}", "9:35", "rates.buys.by.plan.prop", "",
     "'prop' is no level of 'plan'", "did you mean 'pro'?"),
    ("an attribute misspelt in set", "refer: word}", "refer: word, set: {plam: pro}}", "25:46",
     "journey.member.events.tell.set.plam", "", "'plam' is no attribute", "did you mean 'plan'?"),
    ("a level misspelt in set", "refer: word}", "refer: word, set: {plan: prop}}", "25:52",
     "journey.member.events.tell.set.plan", "prop", "no level of 'plan'", "did you mean 'pro'?"),
    ("a channel misspelt in refer", "refer: word", "refer: words", "25:34", "journey.member.events.tell.refer",
     "words", "no channel of that name", "did you mean 'word'?"),
    ("a channel misspelt in a list", "refer: word", "refer: [word, wrd]", "25:41",
     "journey.member.events.tell.refer.1", "wrd", "no channel of that name", "did you mean 'word'?"),
    ("an event misspelt in without", "[tell]", "[tel]", "30:20", "strategies.lean.without.0", "tel",
     "no event or channel of that name", "did you mean 'tell'?"),
    ("an event misspelt after its kind", "[tell]", "[event.tel]", "30:20", "strategies.lean.without.0", "event.tel",
     "no event or channel of that name", "did you mean 'tell'?"),
    ("a channel misspelt in a strategy's spend", "[tell]", "[tell], spend: {adz: 50 per month}", "30:35",
     "strategies.lean.spend.adz", "", "no channel 'adz'", "did you mean 'ads'?"),
    ("a strategy misspelt in extends", "lean: {", "lean: {extends: ful, ", "30:19", "strategies.lean.extends", "ful",
     "no strategy of that name", "did you mean 'full'?"),
    ("a section misspelt in a strategy", "full: {}", "full: {chanels: {}}", "29:10", "strategies.full.chanels", "",
     "'chanels' is no part of a strategy", "did you mean 'channels'?"),
    ("a rate misspelt in a strategy", "full: {}", "full: {rates: {keepz: 95 % per month}}", "29:18",
     "strategies.full.rates.keepz", "", "the strategy adds 'keepz', which nothing uses", "did you mean 'keeps'?"),
    ("a stage misspelt in a strategy", "full: {}", "full: {journey: {vizit: {role: exit}}}", "29:20",
     "strategies.full.journey.vizit", "", "the strategy adds 'vizit', which nothing uses", "did you mean 'visit'?"),
    ("a channel misspelt in a strategy", "full: {}", "full: {channels: {wird: {enters: visit}}}", "29:21",
     "strategies.full.channels.wird", "", "the strategy adds 'wird', which nothing uses", "did you mean 'word'?"),
    ("an attribute named twice in report_by", "[plan]", "[plan, plan]", "6:19", "report_by.1", "plan",
     "results are kept by it already", "name it once"),
    ("an attribute misspelt in report_by", "[plan]", "[plam]", "6:13", "report_by.0", "plam",
     "not an attribute to group by", "did you mean 'plan'?"),
    ("a strategy misspelt in reference", "reference: full", "reference: ful", "7:12", "reference", "ful",
     "not a strategy", "did you mean 'full'?"),
    # required parts
    ("no name", "name: Shop\n", "", "1:1", "name", "", "'name' is required", "add name: ..."),
    ("no horizon", "horizon: 12 months\n", "", "1:1", "horizon", "", "'horizon' is required", "add horizon: ..."),
    ("no stage to enter", ", enters: visit}\n  word", "}\n  word", "17:3", "channels.ads.enters", "",
     "'enters' is required", "add enters: ..."),
    ("no role", "role: lapsed, ", "", "26:3", "journey.left.role", "", "'role' is required", "add role: ..."),
    ("no median", "after: 2 days", "after: {lognormal: {sigma: 1}}", "20:35", "journey.visit.after.lognormal.median",
     "", "'median' is required", "add median: ..."),
    ("no currency", "currency: EUR\n", "", "1:1", "currency", "",
     "money is earned or spent, but 'currency' is missing", "add currency: EUR"),
    ("no price of an arrival", "cost_per_arrival: 5, ", "", "17:3", "channels.ads.cost_per_arrival", "",
     "spend needs the price of an arrival", "add cost_per_arrival: 40"),
    ("no chance", "{chance: keeps, earn: {fee: price}}", "{earn: {fee: price}}", "24:38",
     "journey.member.events.renewal.to.stay.chance", "", "the outcome has no chance", "add chance: 35 %, or rest"),
    ("no figure", "{value: 30 %, by: {plan: {pro: 40 %}}}", "{why: a guess}", "9:3", "rates.buys", "",
     "the rate has no figure", "write value: 35 %, 20 of 30, or 95 % per"),
    # the wrong unit
    ("a decimal for a chance", "sour: 30 %", "sour: 0.3", "15:16", "attributes.mood.sour", "0.3",
     "a chance belongs here, not '0.3'", "write 30 %"),
    ("a decimal for a chance with levels", "value: 30 %", "value: 0.35", "9:17", "rates.buys.value", "0.35",
     "a chance belongs here, not '0.35'", "write 35 %"),
    ("a decimal for a chance's level", "pro: 40 %", "pro: 0.4", "9:40", "rates.buys.by.plan.pro", "0.4",
     "a chance belongs here, not '0.4'", "write 40 %"),
    ("money for a chance", "chance: keeps", "chance: price", "24:53", "journey.member.events.renewal.to.stay.chance",
     "price", "a chance belongs here, not '20 per month' (rate 'price')",
     "write 35 %, 20 of 30, or 95 % per month on a"),
    ("points for a chance", "value: 30 %", "value: 30 points", "9:17", "rates.buys.value", "30 points",
     "a chance belongs here, not '30 points'", "write 35 %, 20 of 30, or 95 % per month on a"),
    ("a chance for money", "earn: {fee: price}", "earn: {fee: 20 %}", "24:72",
     "journey.member.events.renewal.to.stay.earn.fee", "20 %", "an amount of money belongs here, not '20 %'",
     "write 49, or 49 per month"),
    ("a duration for money", "earn: {fee: price}", "earn: {fee: 20 days}", "24:72",
     "journey.member.events.renewal.to.stay.earn.fee", "20 days", "an amount of money belongs here, not '20 days'",
     "write 49, or 49 per month"),
    ("money of something counted", "earn: {fee: price}", "earn: {fee: 3 per invite}", "24:72",
     "journey.member.events.renewal.to.stay.earn.fee", "3 per invite", "'per invite' does not belong here",
     "write 49, or 49 per month"),
    ("bare money on a stage", "    role: customer\n", "    role: customer\n    earn: {rent: 3}\n", "23:18",
     "journey.member.earn.rent", "3", "money on a stage accrues with time",
     "write 8 per month, or put it under on_entry"),
    ("a chance for a clock", "after: 2 days", "after: 20 %", "20:34", "journey.visit.after", "20 %",
     "a duration or a rate belongs here, not '20 %'", "a chance is not a clock: write a rate such"),
    ("a chance per month for a clock", "every: pace", "every: 5 % per month", "25:21",
     "journey.member.events.tell.every", "5 % per month", "a duration or a rate belongs here, not '5 % per month'",
     "a chance is not a clock: write a rate such"),
    ("a number for a clock", "after: 2 days", "after: 2", "20:34", "journey.visit.after", "2",
     "a duration or a rate belongs here, not '2'", "say how often: 2 per month, or how long: 14"),
    ("a chance for a mean", "after: 2 days", "after: {exponential: 5 %}", "20:48", "journey.visit.after.exponential",
     "5 %", "a duration or a rate belongs here, not '5 %'", "a chance is not a clock: write a rate such"),
    ("a duration for a sigma", "after: 2 days", "after: {lognormal: {median: 2 days, sigma: 2 days}}", "20:70",
     "journey.visit.after.lognormal.sigma", "2 days", "a plain number belongs here, not '2 days'",
     "write a plain number, such as 0.8 or 1000"),
    ("a clock of the wrong word", "after: 2 days", "after: 1:30", "20:34", "journey.visit.after", "1:30",
     "not a quantity", "write a number with its unit, such as 35 %,"),
    ("a duration per something", "12 months", "12 months per year", "3:10", "horizon", "12 months per year",
     "only chances, rates and money are said 'per' something", "write 12 months"),
    ("a number for a rate of arrivals", FED, "rate: 10", "17:15", "channels.ads.rate", "10",
     "a rate belongs here, not '10'", "say how often: 10 per month"),
    ("a pace for a batch", FED, "batch: 10 per month", "17:16", "channels.ads.batch", "10 per month",
     "a plain number belongs here, not '10 per month'", "write a plain number, such as 0.8 or 1000"),
    ("a bare spend", "spend: 100 per month", "spend: 100", "17:16", "channels.ads.spend", "100",
     "spend accrues over a period", "write 8000 per month"),
    ("a bare spend in a strategy", "[tell]", "[tell], spend: {ads: 50}", "30:40", "channels.ads.spend", "50",
     "spend accrues over a period", "write 8000 per month"),
    ("a price of an arrival per month", "cost_per_arrival: 5", "cost_per_arrival: 5 per month", "17:49",
     "channels.ads.cost_per_arrival", "5 per month", "'cost_per_arrival' is paid once each", "write 40"),
    ("a percentage for a factor", "by: {plan: {pro: 40 %}}", "times: {plan: {pro: 120 %}}", "9:43",
     "rates.buys.times.plan.pro", "120 %", "a factor is a plain number, not negative", "write 1.2"),
    ("an unknown unit", "12 months", "12 monht", "3:10", "horizon", "12 monht", "'monht' is no unit of time",
     "did you mean 'month'?"),
    ("an unknown unit after per", "0.1 per month", "0.1 per monht", "11:9", "rates.pace", "0.1 per monht",
     "'per monht' does not belong here", "did you mean 'month'?"),
    ("a unit cut short", "12 months", "12 mo", "3:10", "horizon", "12 mo", "'mo' is no unit of time",
     "did you mean 'month'?"),
    ("a comma for thousands", "12 months", "1,000 days", "3:10", "horizon", "1,000 days", "a number has no commas",
     "write 1000 or 1_000"),
    ("a comma for a decimal point", "12 months", "0,5 years", "3:10", "horizon", "0,5 years",
     "a decimal sign is a point", "write 0.5 years"),
    ("a word too many", "12 months", "12 months long", "3:10", "horizon", "12 months long", "not a quantity",
     "write a number with its unit, such as 35 %,"),
    ("a period without length", "0.1 per month", "0.1 per 0 months", "11:9", "rates.pace", "0.1 per 0 months",
     "a period has a length", "write a positive number after 'per'"),
    ("a figure without end", "value: 20 per", "value: 1e999 per", "12:18", "rates.price.value", "1e999 per month",
     "no figure is this large", "write at most 1e15"),
    ("two units in one rate", "value: 20 per month", "value: 20 per month, by: {plan: {pro: 3 per day}}", "12:49",
     "rates.price.by.plan.pro", "3 per day", "its unit differs from '20 per month' in the same rate",
     "state all levels of a rate in one unit"),
    # chances per period
    ("another period without kept or lost", f"every: 1 month, {STAY}", f"every: 1 year, {STAY.replace('price', '20')}",
     "24:52",
     "journey.member.events.renewal.to.stay.chance", "keeps",
     "a chance per month on an event every 1 year: the periods", "say '% kept per month' (p^k) or '% lost per"),
    ("kept on a leaving outcome", "left: rest}}", "left: 10 % kept per month}}", "24:87",
     "journey.member.events.renewal.to.left", "10 % kept per month", "'kept' belongs on a staying outcome",
     "say 'lost', or move it"),
    ("lost on a staying outcome", "keeps: 90 %", "keeps: 90 % lost", "24:53",
     "journey.member.events.renewal.to.stay.chance", "keeps", "'lost' belongs on a leaving outcome (rate 'keeps')",
     "say 'kept', or move it"),
    ("a chance per month on a pace", f"every: 1 month, {STAY}", f"every: pace, {STAY.replace('price', '20')}", "24:50",
     "journey.member.events.renewal.to.stay.chance", "keeps",
     "a chance per month needs a clock with a fixed period (rate", "give the event 'every: 1 month', or state"),
    ("a chance per month decided at once", "after: 2 days, to: {member: buys", "to: {member: 5 % per month", "20:40",
     "journey.visit.to.member", "5 % per month", "a chance per month needs a clock with a fixed period",
     "give the event 'every: 1 month', or state"),
    ("kept without a period", "value: 30 %", "value: 30 % kept", "9:17", "rates.buys.value", "30 % kept",
     "'kept' is said of a chance per period", "write 85 % kept per year"),
    # money per period
    ("money per year by the month", "fee: price", "fee: 588 per year", "24:72",
     "journey.member.events.renewal.to.stay.earn.fee", "588 per year",
     "an amount per year on an event every 1 month: the periods differ",
     "write every: 1 year, or the amount per the clock's period: 49 per month"),
    ("money per month by the quarter", f"every: 1 month, {STAY}",
     "every: 3 months, to: {stay: {chance: 90 %, earn: {fee: 40 per month}}", "24:72",
     "journey.member.events.renewal.to.stay.earn.fee", "40 per month",
     "an amount per month on an event every 3 months: the periods differ",
     "write every: 1 month, or the amount per the clock's period: 120 per 3 months"),
    ("a price per year by the month", "{value: 20 per month}", "{value: 20.50 per year}", "24:72",
     "journey.member.events.renewal.to.stay.earn.fee", "price",
     "on an event every 1 month: the periods differ (rate 'price')", "the clock's period: 1.708333 per month"),
    ("a table of prices per year by the month", "{value: 20 per month}", "{value: 20 per year, by: {plan: {pro: 30}}}",
     "24:72", "journey.member.events.renewal.to.stay.earn.fee", "price",
     "an amount per year on an event every 1 month", "the clock's period: so much per month"),
    ("a drawn amount per year by the month", "fee: price", "fee: {exponential: 588 per year}", "24:67",
     "journey.member.events.renewal.to.stay.earn.fee", "", "an amount per year on an event every 1 month",
     "the clock's period: so much per month"),
    ("money per month where the clock depends on the person", f"every: 1 month, {STAY}",
     f"every: {{value: 1 month, by: {{plan: {{pro: 1 year}}}}}}, {STAY.replace('keeps', '90 %')}", "24:107",
     "journey.member.events.renewal.to.stay.earn.fee", "price", "on an event every 1 month or 1 year: the periods",
     "write every: 1 month, or give each period an event"),
    ("an event's own spend per year by the month", "{every: 1 month,", "{every: 1 month, spend: {card: 24 per year},",
     "24:47", "journey.member.events.renewal.spend.card", "24 per year", "an amount per year on an event every 1 month",
     "write every: 1 year, or the amount per the clock's period: 2 per month"),
    ("money per month at a pace", "{every: pace,", "{every: pace, spend: {gift: 5 per month},", "25:41",
     "journey.member.events.tell.spend.gift", "5 per month", "an amount per month needs a clock with a fixed period",
     "give the event 'every: 1 month', or state the amount without"),
    ("money per month on a drawn clock", "{every: pace,",
     "{every: {uniform: [1 month, 2 months]}, earn: {tip: 5 per month},", "25:65",
     "journey.member.events.tell.earn.tip", "5 per month", "an amount per month needs a clock with a fixed period",
     "give the event 'every: 1 month', or state the amount without"),
    # chances beyond 100 %, and short of it
    ("a chance beyond 100 %", "value: 30 %", "value: 130 %", "9:17", "rates.buys.value", "130 %",
     "a chance lies between 0 % and 100 %, but the cell plan free", "mend the figure or its factors"),
    ("more of than there are", "value: 30 %", "value: 30 of 20", "9:17", "rates.buys.value", "30 of 20",
     "a chance lies between 0 % and 100 %, but the cell plan free", "mend the figure or its factors"),
    ("of nothing", "value: 30 %", "value: 30 of 0", "9:17", "rates.buys.value", "30 of 0",
     "'of' takes a positive whole", "write 20 of 30"),
    ("a negative chance", "value: 30 %", "value: -30 %", "9:17", "rates.buys.value", "-30 %",
     "a chance lies between 0 % and 100 %, but the cell plan free", "mend the figure or its factors"),
    ("one level beyond 100 %", "pro: 40 %", "pro: 140 %", "9:40", "rates.buys.by.plan.pro", "140 %",
     "a chance lies between 0 % and 100 %, but the cell plan pro", "mend the figure or its factors"),
    ("one factor beyond 100 %", "by: {plan: {pro: 40 %}}", "times: {plan: {pro: 4}}", "9:43",
     "rates.buys.times.plan.pro", "4", "a chance lies between 0 % and 100 %, but the cell plan pro",
     "mend the figure or its factors"),
    ("a rate beyond 100 % that nothing uses", "  pace:", "  spare: 140 %\n  pace:", "11:10", "rates.spare", "140 %",
     "a chance lies between 0 % and 100 %, but it is 140 %", "mend the figure or its factors"),
    ("chances short of 100 %", "member: buys, gone: rest", "member: buys, gone: 60 %", "20:42", "journey.visit.to",
     "", "the chances reach only 90 % where plan is free", "let one outcome say 'rest', or raise one of"),
    ("chances beyond 100 % together", "member: buys, gone: rest", "member: 70 %, left: 40 %, gone: rest", "20:42",
     "journey.visit.to", "", "the chances exceed 100 %: 110 %", "lower one of them"),
    ("two rests", "{stay: {chance: keeps, earn: {fee: price}}, left: rest}", "{stay: rest, left: rest}", "24:56",
     "journey.member.events.renewal.to.left", "rest", "'stay' already takes the rest", "give one of them a chance"),
    ("draws short of 100 %", "sweet: 70 %", "sweet: 60 %", "15:3", "attributes.mood", "",
     "the chances reach only 90 %", "let one outcome say 'rest', or raise one of"),
    ("draws beyond 100 %", "sweet: 70 %", "sweet: 80 %", "15:3", "attributes.mood", "",
     "the chances exceed 100 %: 110 %", "lower one of them"),
    ("two rests of a draw", "{sour: 30 %, sweet: 70 %}", "{sour: rest, sweet: rest}", "15:29",
     "attributes.mood.sweet", "rest", "'sour' already takes the rest", "give one of them a chance"),
    # who gets where, and when
    ("a stage nobody reaches", "  gone: exit", "  gone: exit\n  lonely: exit", "28:3", "journey.lonely", "",
     "nobody ever reaches 'lonely'", "lead an event or a channel to it, or remove"),
    ("a channel nothing feeds", "  word: {enters: visit}", "  word: {enters: visit}\n  mail: {enters: visit}", "19:3",
     "channels.mail", "", "nothing feeds the channel 'mail'", "give it a rate, or let an event say refer:"),
    ("no channel with a source", "spend: 100 per month, cost_per_arrival: 5, enters", "enters", "16:1", "channels",
     "", "no channel brings anybody: all of them wait to be fed by", "give one a rate, batch, spend or present"),
    ("a referral to a channel with a source", "refer: word", "refer: ads", "25:34",
     "journey.member.events.tell.refer", "ads", "a channel with a source of its own is not fed by 'refer'",
     "add a channel with 'enters' alone"),
    ("a loop that takes no time", VISIT, "to: {member: buys, visit: rest}", "20:3", "journey.visit", "",
     "a loop that takes no time: visit -> visit", "give one of its stages an 'after'"),
    ("a loop of no days", VISIT, "after: 0 days, to: {member: buys, visit: rest}", "20:3", "journey.visit", "",
     "a loop that takes no time: visit -> visit", "give one of its stages an 'after'"),
    ("a loop through a referral", VISIT, "refer: word, to: {member: buys, gone: rest}", "20:3", "journey.visit", "",
     "a loop that takes no time: visit -> visit", "give one of its stages an 'after'"),
    ("a loop through a referral on entry", VISIT,
     "on_entry: {refer: word}, after: 2 days, to: {member: buys, gone: rest}", "20:3", "journey.visit", "",
     "a loop that takes no time: visit -> visit", "give one of its stages an 'after'"),
    ("every 0 days", "every: 1 month", "every: 0 days", "24:24", "journey.member.events.renewal.every", "0 days",
     "a recurring event takes time", "write every: 1 month"),
    ("two clocks", "every: pace", "every: pace, after: 2 days", "25:14", "journey.member.events.tell.every", "",
     "an event has one clock", "keep 'after' or 'every'"),
    ("to beside outcomes", "to: gone}", "to: gone, outcomes: {a: rest}}", "26:51", "journey.left.outcomes", "",
     "an event says 'to' or 'outcomes', not both", "keep one"),
    ("to within to", "{chance: keeps, earn", "{chance: keeps, to: left, earn", "24:60",
     "journey.member.events.renewal.to.stay.to", "", "the stage to go to is already the key", "remove it"),
    ("no clock among several", "every: pace, ", "", "25:7", "journey.member.events.tell", "",
     "'tell' has no clock beside other events", "add 'after' or 'every'; only a lone event is"),
    ("no clock and no goal", "after: 6 months, to: gone", "refer: word", "26:3", "journey.left", "",
     "'left' has no clock and leads nowhere", "add 'after' or 'to'"),
    ("staying in a stage decided at once", VISIT, "to: {member: buys, stay: rest}", "20:3", "journey.visit", "",
     "a stage decided at once cannot stay", "give every outcome a stage to go to"),
    ("an event in an exit stage", "  gone: exit", "  gone: {role: exit, after: 2 days, to: left}", "27:3",
     "journey.gone", "", "nothing happens in an exit stage", "use role: lapsed, or remove its events"),
    ("an inline event beside events", "    role: customer\n", "    role: customer\n    after: 2 days\n", "23:5",
     "journey.member.after", "", "'after' stands beside 'events'", "write one event inline, or all of them under"),
    # tables of rates
    ("by over two attributes", "by: {plan: {pro: 40 %}}", "by: {plan: {pro: 40 %}, mood: {sour: 1 %}}", "9:23",
     "rates.buys.by", "", "'by' takes one attribute", "nest one 'by' in the other"),
    ("a level left out without a value", "value: 30 %, ", "", "9:10", "rates.buys.by", "",
     "without a 'value' every level of 'plan' must be given", "add free, or a value"),
    ("by without levels", "by: {plan: {pro: 40 %}}", "by: {plan: {}}", "9:23", "rates.buys.by", "",
     "'by' has no levels", "write by: {attribute: {level: ...}}"),
    ("a negative factor", "by: {plan: {pro: 40 %}}", "times: {plan: {pro: -1}}", "9:43", "rates.buys.times.plan.pro",
     "-1", "a factor is a plain number, not negative", "write 1.2"),
    ("a rate defined by itself", "keeps: 90 % per month", "keeps: keeps", "10:10", "rates.keeps", "keeps",
     "the rate is defined by itself (keeps -> keeps)", "give one of them a figure"),
    ("two rates defined by each other", "keeps: 90 % per month", "keeps: holds\n  holds: keeps", "11:10",
     "rates.holds", "keeps", "the rate is defined by itself (keeps -> holds -> keeps)", "give one of them a figure"),
    ("a spread too wide for its mean", "value: 30 %,", "value: 30 %, spread: 60 points,", "9:31", "rates.buys.spread",
     "60 points", "no beta distribution has this spread where the cell plan",
     "make the spread smaller, or move that cell"),
    ("a spread too wide for one level", "pro: 40 %}}", "pro: 99 %}}, spread: 20 points", "9:56", "rates.buys.spread",
     "20 points", "no beta distribution has this spread where the cell plan",
     "make the spread smaller, or move that cell"),
    ("a spread of a chance in percent", "value: 30 %,", "value: 30 %, spread: 10 %,", "9:31", "rates.buys.spread",
     "10 %", "the spread of a chance is in points", "write 4 points, or {alpha, beta}"),
    ("half a beta distribution", "value: 30 %,", "value: 30 %, spread: {alpha: 2},", "9:23", "rates.buys.spread", "",
     "the spread of a chance takes alpha and beta, both", "write {alpha: 0.7, beta: 1.2}"),
    ("a value that is not the mean of its spread", "{value: 30 %, by: {plan: {pro: 40 %}}}",
     "{value: 60 %, spread: {alpha: 2, beta: 8}}", "9:17", "rates.buys.value", "60 %",
     "'spread' {alpha: 2, beta: 8} has a mean of 20 %, beside a value of 60 %",
     "write 'value: 20 %' or 'spread: {alpha: 6, beta: 4}', or leave one"),
    ("a value with levels that is not the mean of its spread", "value: 30 %,",
     "value: 30 %, spread: {alpha: 2, beta: 8},", "9:17", "rates.buys.value", "30 %", "has a mean of 20 %, beside",
     "write 'value: 20 %' or 'spread: {alpha: 3, beta: 7}'"),
    ("a value cut off, not rounded", "{value: 30 %, by: {plan: {pro: 40 %}}}",
     "{value: 28.5 %, spread: {alpha: 2, beta: 5}}", "9:17", "rates.buys.value", "28.5 %",
     "has a mean of 28.5714 %, beside a value of 28.5 %", "write 'value: 28.5714 %'"),
    ("a count that is not the mean of its spread", "{value: 30 %, by: {plan: {pro: 40 %}}}",
     "{value: 21 of 30, spread: {alpha: 4, beta: 2}}", "9:17", "rates.buys.value", "21 of 30",
     "has a mean of 66.6667 %, beside a value of 70 %", "or 'spread: {alpha: 4.2, beta: 1.8}'"),
    ("a value per month that is not the mean of its spread", "90 % per month",
     "{value: 90 % per month, spread: {alpha: 2, beta: 8}}", "10:18", "rates.keeps.value", "90 % per month",
     "has a mean of 20 %, beside a value of 90 %", "write 'value: 20 % per month' or 'spread: {alpha: 9, beta: 1}'"),
    ("a name that is not the mean of its spread", "{value: 30 %, by: {plan: {pro: 40 %}}}",
     "{value: base, spread: {alpha: 2, beta: 8}}\n  base: 60 %", "9:17", "rates.buys.value", "base",
     "has a mean of 20 %, beside a value of 60 %", "write 'value: 20 %'"),
    ("a value that is not the mean of what is not known", "{value: 30 %, by: {plan: {pro: 40 %}}}",
     "{value: 60 %, uncertain: {alpha: 2, beta: 8}}", "9:17", "rates.buys.value", "60 %",
     "'uncertain' {alpha: 2, beta: 8} has a mean of 20 %, beside a value of 60 %",
     "write 'value: 20 %' or 'uncertain: {alpha: 6, beta: 4}'"),
    ("a spread and a doubt around two means", "{value: 30 %, by: {plan: {pro: 40 %}}}",
     "{spread: {alpha: 2, beta: 8}, uncertain: {alpha: 3, beta: 8}}", "9:39", "rates.buys.uncertain", "",
     "'uncertain' has a mean of 27.2727 %, beside a spread with a mean of 20 %", "give both the same mean"),
    ("a strategy's value that is not the mean of its spread", "full: {}",
     "full: {rates: {buys: {value: 60 %, spread: {alpha: 2, beta: 8}}}}", "29:32", "rates.buys.value", "60 %",
     "has a mean of 20 %, beside a value of 60 %", "write 'value: 20 %'"),
    ("a strategy's spread whose mean is not the file's value", "full: {}",
     "full: {rates: {buys: {spread: {alpha: 2, beta: 8}}}}", "9:17", "rates.buys.value", "30 %",
     "has a mean of 20 %, beside a value of 30 %", "write 'value: 20 %'"),
    ("a negative parameter", "value: 30 %,", "value: 30 %, spread: {alpha: 2, beta: -1},", "9:48",
     "rates.buys.spread.beta", "-1", "'beta' is a positive plain number", "write beta: 2"),
    ("parameters of 0 without a value", "{value: 30 %, by: {plan: {pro: 40 %}}}", "{spread: {alpha: 0, beta: 0}}",
     "9:26", "rates.buys.spread.alpha", "0", "'alpha' is a positive plain number", "write alpha: 2"),
    ("a parameter in days", "value: 30 %,", "value: 30 %, spread: {alpha: 2 days, beta: 3},", "9:39",
     "rates.buys.spread.alpha", "2 days", "'alpha' is a positive plain number", "write alpha: 2"),
    ("a spread of money in points", "value: 20 per month", "value: 20 per month, spread: 3 points", "12:40",
     "rates.price.spread", "3 points", "the spread of an amount of money is a positive share of its",
     "write 40 % of mean, or {shape: 2}"),
    ("no spread at all", "value: 20 per month", "value: 20 per month, spread: 0 % of mean", "12:40",
     "rates.price.spread", "0 % of mean", "the spread of an amount of money is a positive share of its",
     "write 40 % of mean, or {shape: 2}"),
    ("a spread of a duration", "after: 2 days", "after: {value: 2 days, spread: 3 % of mean}", "20:58",
     "journey.visit.after.spread", "3 % of mean", "a duration has no spread", "use a distribution, such as lognormal"),
    # distributions
    ("a range with one end", "after: 2 days", "after: {uniform: [2 days]}", "20:35", "journey.visit.after.uniform",
     "", "a range has two ends", "write [3 months, 9 months]"),
    ("a range back to front", "after: 2 days", "after: {uniform: [5 days, 2 days]}", "20:35",
     "journey.visit.after.uniform", "", "a uniform wait runs from the lower end to the higher",
     "write uniform: [3 months, 9 months]"),
    ("two distributions", "after: 2 days", "after: {fixed: 2 days, exponential: 2 days}", "20:27",
     "journey.visit.after", "", "a wait has one distribution, not 2", "keep one"),
    ("a mean of no days", "after: 2 days", "after: {exponential: 0 days}", "20:48", "journey.visit.after.exponential",
     "0 days", "the mean of a wait is positive", "write exponential: 7 days"),
    ("a sigma of 0", "after: 2 days", "after: {lognormal: {median: 2 days, sigma: 0}}", "20:70",
     "journey.visit.after.lognormal.sigma", "0", "median and sigma are positive",
     "write {median: 14 days, sigma: 0.8}"),
    # settings
    ("a negative seed", "seed: 1", "seed: -1", "5:7", "seed", "-1", "a seed is a whole number from 0 to 4294967295",
     "write 1"),
    ("a seed too large", "seed: 1", "seed: 4294967296", "5:7", "seed", "4294967296",
     "a seed is a whole number from 0 to 4294967295", "write 1"),
    ("half a seed", "seed: 1", "seed: 1.5", "5:7", "seed", "1.5", "a seed is a whole number from 0 to 4294967295",
     "write 1"),
    ("a seed in words", "seed: 1", "seed: one", "5:7", "seed", "one", "a figure belongs here, not a name",
     "write a number with its unit"),
    ("a date that is none", "2027-01-01", "2027-13-01", "2:8", "start", "2027-13-01", "the start is a date",
     "write 2027-01-01"),
    ("a date in words", "2027-01-01", "1 January 2027", "2:8", "start", "1 January 2027", "the start is a date",
     "write 2027-01-01"),
    ("a run beyond the last date there is", "2027-01-01", "9998-01-01", "2:8", "start", "9998-01-01",
     "dates end with the year 9999, and the run goes beyond", "write 2027-01-01"),
    ("a discount without a period", "seed: 1", "discount: 10 %", "5:11", "discount", "10 %",
     "the discount is an effective annual rate", "write 10 % per year"),
    ("a discount per month", "seed: 1", "discount: 1 % per month", "5:11", "discount", "1 % per month",
     "the discount is an effective annual rate", "write 10 % per year"),
    ("a currency in small letters", "EUR", "euro", "4:11", "currency", "euro", "a currency is its three-letter code",
     "write EUR or USD"),
    ("a currency's sign", "EUR", "€", "4:11", "currency", "€", "a currency is its three-letter code",
     "write EUR or USD"),
    ("a horizon without a unit", "12 months", "12", "3:10", "horizon", "12", "'horizon' is a positive duration",
     "write 36 months"),
    ("a horizon of nothing", "12 months", "0 months", "3:10", "horizon", "0 months",
     "'horizon' is a positive duration", "write 36 months"),
    ("a horizon without end", "12 months", "never", "3:10", "horizon", "never", "'horizon' is a positive duration",
     "write 36 months"),
    ("a horizon of ages", "12 months", "2000 years", "3:10", "horizon", "2000 years",
     "'horizon' is at most 1000 years", "write 36 months"),
    ("following for ages", "seed: 1", "follow: 200 years", "5:9", "follow", "200 years",
     "customers are followed for 100 years at most", "write lifetime"),
    ("following in another word", "seed: 1", "follow: for ever", "5:9", "follow", "for ever",
     "customers are followed for a time, or to their end", "write 18 months, or lifetime"),
    # channels
    ("two sources", FED, "rate: 3 per month, present: 10", "17:28", "channels.ads.present", "",
     "a channel has one source, not rate and present", "split it into two channels"),
    ("spend beside a batch", FED, "spend: 100 per month, cost_per_arrival: 5, batch: 10", "17:52",
     "channels.ads.batch", "", "a channel has one source, not spend and batch", "split it into two channels"),
    ("a price of 0", "cost_per_arrival: 5", "cost_per_arrival: 0", "17:49", "channels.ads.cost_per_arrival", "0",
     "spend over a price of 0 brings people without end", "write 40"),
    ("half a person", FED, "batch: 10.5", "17:16", "channels.ads.batch", "10.5",
     "people are counted in whole numbers, up to a billion", "write 1000"),
    ("fewer than nobody", FED, "present: -10", "17:18", "channels.ads.present", "-10",
     "a plain number is not negative, but it is -10", "mend the figure or its factors"),
    ("a price of a batch without one", FED, "present: 10, cost_per_batch: 5", "17:22", "channels.ads.cost_per_batch",
     "", "'cost_per_batch' goes with 'batch'", "add batch: ..., or remove it"),
    ("a spend that depends on the person", "spend: 100 per month",
     "spend: {value: 100 per month, by: {plan: {pro: 3 per month}}}", "17:9", "channels.ads.spend", "",
     "a channel's figure depends on 'calendar' and 'month' alone", "write"),
    ("a spend in a list", "[tell]", "[tell], spend: {ads: [50]}", "30:35", "strategies.lean.spend.ads", "",
     "a spend is one figure, or 'matched'", "write 8000 per month"),
    # names and shapes
    ("a reserved name", "  gone: exit", "  gone: exit\n  rest: exit", "28:3", "journey.rest", "rest",
     "'rest' is a reserved word", "choose another name"),
    ("a name of several words", "  pace:", "  the pace: 3 %\n  pace:", "11:3", "rates.the pace", "the pace",
     "a name is letters, digits and underscores, starting with a", "write the_pace"),
    ("a built-in attribute", "  mood:", "  month:", "15:3", "attributes.month", "", "'month' is a built-in attribute",
     "rename it"),
    ("setting the channel", "refer: word}", "refer: word, set: {channel: ads}}", "25:46",
     "journey.member.events.tell.set.channel", "", "'channel' is built in and cannot be set",
     "set an attribute of your own"),
    ("levels twice", "  mood:", "  tier: [a, a]\n  mood:", "15:3", "attributes.tier", "",
     "levels are different names, at least one", "write [basic, premium]"),
    ("numbers for levels", "  mood:", "  tier: [1]\n  mood:", "15:10", "attributes.tier.0", "1",
     "a name is letters, digits and underscores, starting with a", "write a_name"),
    ("no levels", "  mood:", "  tier: []\n  mood:", "15:3", "attributes.tier", "",
     "levels are different names, at least one", "write [basic, premium]"),
    ("a list for a rate", "  pace:", "  spare: [1, 2]\n  pace:", "11:3", "rates.spare", "",
     "a single value belongs here", "write a number with its unit, or the name of"),
    ("a list for a stage", "  gone: exit", "  gone: exit\n  more: [exit]", "28:3", "journey.more", "",
     "a mapping belongs here", "write name: value"),
    ("a word for an event", "      tell: {every", "      shout: pace\n      tell: {every", "25:14",
     "journey.member.events.shout", "pace", "a mapping belongs here", "write name: value"),
    ("a list of goals", "to: gone}", "to: [gone]}", "26:41", "journey.left.to", "", "a mapping belongs here",
     "write name: value"),
    ("a word for money", "earn: {fee: price}", "earn: price", "24:66", "journey.member.events.renewal.to.stay.earn",
     "price", "a mapping belongs here", "write name: value"),
    ("a word for a channel", "  word: {enters", "  more: visit\n  word: {enters", "18:9", "channels.more", "visit",
     "a mapping belongs here", "write name: value"),
    ("a mapping for a name", "name: Shop", "name: {a: b}", "1:1", "name", "", "a text belongs here",
     "write it in plain words"),
    ("a word for a strategy", "  full: {}", "  full: all", "29:9", "strategies.full", "all",
     "a strategy is a mapping", "write {} for the file itself"),
    ("strategies in a list", "strategies:\n  full: {}\n  lean: {without: [tell]}", "strategies: [full]", "28:1",
     "strategies", "", "strategies are a mapping of names", "write funnel: {without: [...]}"),
    ("strategies in a strategy", "full: {}", "full: {strategies: {}}", "29:10", "strategies.full.strategies", "",
     "'strategies' is no part of a strategy", "did you mean 'rates'?"),
    ("negative money that is spent", "earn: {fee: price}", "spend: {fee: -3}", "24:73",
     "journey.member.events.renewal.to.stay.spend.fee", "-3", "an amount of money is not negative, but it is -3",
     "what is earned may be negative, what is spent or drawn is not"),
    ("a counter that is none", "{value: 20 per month}", "{value: 20 per month, per: plan}", "12:37",
     "rates.price.per", "plan", "money is multiplied by a counter of the file's own",
     "add attributes: {seats: {counts: 0 to 100}}"),
    ("money finer than a millionth", "earn: {fee: price}", "earn: {fee: 0.0000001}", "24:72",
     "journey.member.events.renewal.to.stay.earn.fee", "0.0000001", "money is counted in millionths, and this has more",
     "round it, or state it for more of what is paid"),
    ("a line that nothing books", "attributes:\n", "lines: {fe: {recurring: no}}\nattributes:\n", "13:9",
     "lines.fe", "",
     "nothing is booked on 'fe', and no lever, cost or resource", "did you mean 'fee'?"),
    ("a kind of what is earned", "attributes:\n", "lines: {fee: {kind: service}}\nattributes:\n", "13:21",
     "lines.fee.kind", "service", "'fee' is earned, and what is earned is revenue",
     "remove the kind, or name a line of spend"),
]
# fmt: on

BY_NAME = {case[0]: case for case in CASES}


def edited(old, new):
    """Return the base text with one place changed."""
    return edits.edited(BASE, old, new)


def test_the_base_text_is_a_good_journey():
    assert loads(BASE).strategies == ("full", "lean")


def test_the_names_of_the_cases_differ():
    assert len(BY_NAME) == len(CASES) >= 70


@pytest.mark.parametrize("name", BY_NAME)
def test_a_malformed_journey_says_place_value_rule_and_remedy(name):
    check_refused(BASE, BY_NAME[name])


@pytest.mark.parametrize("name", BY_NAME)
def test_the_column_points_at_the_value_or_its_key(name):
    check_column(BASE, BY_NAME[name])


# -- several at once ----------------------------------------------------------------------------


def test_all_independent_problems_are_said_at_once_in_the_order_of_the_file():
    text = BASE.replace("12 months", "12 monht").replace("seed: 1", "seed: -1").replace("pro: 40 %", "pro: 140 %")
    text = text.replace("sweet: 70 %", "sweet: 60 %").replace("enters: visit}\n  word", "enters: vist}\n  word")
    text = text.replace("6 months, to: gone", "6 months, to: gon").replace("[tell]", "[tel]")
    places = [(p.line, p.path) for p in problems_of(text)]
    assert places == [
        (3, "horizon"),
        (5, "seed"),
        (9, "rates.buys.by.plan.pro"),
        (15, "attributes.mood"),
        (17, "channels.ads.enters"),
        (26, "journey.left.to"),
        (30, "strategies.lean.without.0"),
    ]


def test_a_problem_that_every_strategy_shares_is_said_once():
    assert str(ConfigError(problems_of(edited("sweet: 70 %", "sweet: 60 %")))).count("90 %") == 1


def test_a_misspelt_section_is_one_mistake_not_a_mistake_in_every_line_that_needs_it():
    rules = [(p.path, p.remedy) for p in problems_of(edited("journey:", "jorney:"))]
    assert rules == [("journey", "add journey: ..."), ("jorney", "did you mean 'journey'?")]


def test_a_misspelt_required_key_is_missing_and_not_known():
    rules = [(p.path, p.remedy) for p in problems_of(edited("    role: customer", "    roll: customer"))]
    assert rules == [("journey.member.role", "add role: ..."), ("journey.member.roll", "did you mean 'role'?")]


def test_strategies_that_extend_each_other_in_a_circle_are_both_named():
    text = BASE.replace("full: {}", "full: {extends: lean}").replace("lean: {", "lean: {extends: full, ")
    assert [(p.line, p.column, p.value) for p in problems_of(text)] == [(29, 19, "lean"), (30, 19, "full")]


def test_a_chance_that_varies_from_person_to_person_stands_beside_rest_alone():
    text = edited("{value: 30 %, by: {plan: {pro: 40 %}}}", "{value: 30 %, spread: 3 points}")
    (problem,) = problems_of(text.replace("{member: buys, gone: rest}", "{member: buys, left: 10 %, gone: rest}"))
    assert (problem.line, problem.path) == (20, "journey.visit.to.left")
    assert "only 'rest' may stand beside it" in problem.rule


def test_periods_that_are_not_the_clocks_are_all_told_at_once():
    text = edited("every: 1 month", "every: 1 year, spend: {card: 2 per month}")
    assert [(p.path.split("renewal.")[1], p.value) for p in problems_of(text)] == [
        ("spend.card", "2 per month"), ("to.stay.chance", "keeps"), ("to.stay.earn.fee", "price"),
    ]  # fmt: skip


def test_a_spread_and_a_doubt_beside_another_value_are_two_problems():
    text = edited("{value: 30 %, by: {plan: {pro: 40 %}}}",
                  "{value: 60 %, spread: {alpha: 2, beta: 8}, uncertain: {alpha: 2, beta: 8}}")  # fmt: skip
    assert [p.rule[:11] for p in problems_of(text)] == ["'spread' {a", "'uncertain'"]


def test_a_clock_that_is_wrong_does_not_blame_the_chances_beside_it():
    assert [p.path for p in problems_of(edited("every: 1 month", "every: 1 monht"))] == [
        "journey.member.events.renewal.every"
    ]
    assert [p.path for p in problems_of(edited("every: 1 month", "every: mnth"))] == [
        "journey.member.events.renewal.every"
    ]


# -- whole texts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "the file is empty"),
        ("# nothing but a comment\n", "the file is empty"),
        ("[name, horizon]", "a journey file is a mapping"),
        ("Shop", "a journey file is a mapping"),
        ("---\n", "a journey file is a mapping"),
        ("name: a\x00b", "not YAML: unacceptable character"),
        ("name: " + "[" * 3000 + "]" * 3000, "nest too deeply"),
        ("name: " + "{a: " * 3000 + "b" + "}" * 3000, "nest too deeply"),
        ("name: 'Shop", "unexpected end of stream"),
        ("name: a\n\tseed: 1", "cannot start any token"),
        ("? [a, b]\n: c", "a key is a plain word"),
        ("name: |\n", "the value is empty"),
    ],
)
def test_a_text_that_is_no_journey_at_all_is_refused(text, rule):
    assert any(rule in p.rule for p in problems_of(text))


def test_a_place_in_a_text_without_lines_is_its_beginning():
    assert [(p.line, p.column) for p in problems_of("")] == [(1, 1)]


def test_a_control_character_is_placed_where_it_stands():
    assert [(p.line, p.column) for p in problems_of("name: a\nseed: \x07")] == [(2, 7)]


def test_a_chain_of_rates_that_name_one_another_has_an_end():
    chain = "".join(f"  r{i}: r{i + 1}\n" for i in range(2000))
    assert "in a chain" in problems_of(edited("  pace:", f"{chain}  r2000: 3 %\n  pace:"))[0].rule


def test_rates_that_name_one_another_twice_at_every_level_are_read_in_no_time():
    chain = "".join(f"  r{i}: {{value: r{i + 1}, by: {{plan: {{pro: r{i + 1}}}}}}}\n" for i in range(40))
    text = edited("  pace:", f"{chain}  r40: 30 %\n  pace:").replace("member: buys", "member: r0")
    assert loads(text).journey().stage("visit").events[0].outcomes[0].chance.cells == (0.3, 0.3)


def test_a_table_over_many_attributes_is_refused_before_it_fills_the_memory():
    names = [f"a{i}" for i in range(30)]
    attributes = "".join(f"  {name}: [x, y]\n" for name in names)
    times = ", ".join(f"{name}: {{x: 1}}" for name in names)
    text = edited("attributes:\n", "attributes:\n" + attributes)
    text = text.replace("pace: 0.1 per month", f"pace: {{value: 0.1 per month, times: {{{times}}}}}")
    assert "more than 100000 cells" in problems_of(text)[0].rule


def test_a_long_line_of_stages_decided_at_once_is_a_good_journey():
    stages = "".join(f"  s{i}: {{role: aside, to: s{i + 1}}}\n" for i in range(1500))
    head = "name: Line\nhorizon: 1 month\nchannels:\n  a: {batch: 1, enters: s0}\njourney:\n"
    assert len(loads(f"{head}{stages}  s1500: exit\n").journey().stages) == 1501


# -- files --------------------------------------------------------------------------------------


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_file_that_is_not_utf8_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match=r"latin\.yaml: not UTF-8 text .*; save the file as UTF-8"):
        load(written(tmp_path, "latin.yaml", b"name: caf\xe9"))


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf" + BASE.encode(), BASE.replace("\n", "\r\n").encode()])
def test_a_file_from_another_editor_is_read_all_the_same(tmp_path, content):
    assert loads(BASE).journey() == load(written(tmp_path, "shop.yaml", content)).journey()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nowhere.yaml", "no such file; .*subscription"),
        ("subscripton", "did you mean 'subscription'"),
        ("zzzz", "shipped: ad_campaign, automation, b2b_pipeline, .*subscription, unit_economics"),
        ("x" * 5000, "no file and no shipped journey"),
        ("a\0b", "no file and no shipped journey"),
        (".", "check the path"),
    ],
)
def test_a_file_that_is_not_there_is_said_with_what_there_is(source, message):
    with pytest.raises(DataError, match=message):
        load(source)


@pytest.mark.parametrize(
    ("extends", "column", "rule"),
    [
        ("extends: base.yml", 10, "no such file"),
        ("extends: " + "x" * 5000, 10, "no such file"),
        ("extends: shop.yaml", 10, "in a circle"),
        ("extends: [base.yaml]", 1, "one file to extend"),
    ],
)
def test_extending_what_cannot_be_extended_is_refused_at_its_place(tmp_path, extends, column, rule):
    with pytest.raises(ConfigError, match=rule) as caught:
        load(written(tmp_path, "shop.yaml", extends))
    assert (caught.value.problems[0].line, caught.value.problems[0].column) == (1, column)


def test_files_that_extend_each_other_in_a_circle_are_refused(tmp_path):
    written(tmp_path, "a.yaml", "extends: b.yaml\nname: A")
    written(tmp_path, "b.yaml", "name: B\nextends: a.yaml")
    with pytest.raises(ConfigError, match=r"b\.yaml:2:10 extends: 'a\.yaml': files extend each other in a circle"):
        load(tmp_path / "a.yaml")


def test_a_problem_is_placed_in_the_file_it_stands_in(tmp_path):
    written(tmp_path, "base.yaml", BASE.replace("seed: 1", "seed: -1"))
    child = written(tmp_path, "child.yaml", "extends: base.yaml\nrates:\n  keeps: 9 days\n")
    with pytest.raises(ConfigError) as caught:
        load(child)
    places = [(Path(p.file).name, p.line, p.path.split(".")[-1]) for p in caught.value.problems]
    assert places == [("base.yaml", 5, "seed"), ("base.yaml", 24, "chance"), ("child.yaml", 3, "keeps")][:2]


def test_deleting_what_is_not_inherited_is_refused_where_it_is_said(tmp_path):
    written(tmp_path, "base.yaml", BASE)
    child = written(tmp_path, "child.yaml", "extends: base.yaml\nrates: {keepz: ~}\n")
    with pytest.raises(ConfigError, match=r"child\.yaml:2:9 rates\.keepz: '~': ~ deletes an inherited value"):
        load(child)


def test_a_text_cannot_extend_a_file():
    (problem,) = problems_of(edited("seed: 1", "extends: base.yaml"))
    assert (problem.line, problem.path, problem.remedy) == (5, "extends", "load it from a file")


# -- values set in code -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"buyz": "40 %"}, "'buyz': no rate, setting or dotted path of that name; did you mean 'buys'?"),
        ({"channels.adz.spend": 3}, "'channels.adz.spend': .* under 'channels', did you mean 'ads'?"),
        ({"strategies.lean.without": "tell"}, "the strategy lays its value over"),
        ({"buys": 1.2}, "rates.buys: '120 %': a chance lies between 0 % and 100 %"),
        ({"buys": "-20 %"}, "rates.buys: '-20 %': a chance lies between"),
        ({"keeps": "-20 % kept per year"}, "rates.keeps: '-20 % kept per year': a chance lies between"),
        ({"buys": "0.4 per month"}, "its unit differs from that of the value it replaces, '30 %'"),
        ({"price": "3 days"}, "rates.price: '3 days': its unit differs"),
        ({"price": "cheap"}, "rates.price: 'cheap': a figure belongs here, not a name"),
        ({"channels.ads.cost_per_arrival": -3}, "an amount of money is not negative"),
        ({"price": {"per": "plan"}}, "rates.price.per: 'plan': money is multiplied by a counter"),
        ({"price": True}, "'True': not a value"),
        ({"price": float("nan")}, "'nan': not a value"),
        ({"price": object}, "not a value"),
        ({"seed": -1}, "seed: '-1': a seed is a whole number"),
        ({"horizon": 0}, "horizon: '0 months': 'horizon' is a positive duration"),
        ({"start": "soon"}, "start: 'soon': the start is a date"),
        ({"channels.ads": 3}, "channels.ads: '3': a mapping belongs here"),
    ],
)
def test_a_value_set_in_code_that_does_not_fit_is_refused(values, message):
    with pytest.raises(ConfigError, match="<values set in code>.*" + message.replace("?", r"\?")):
        loads(BASE).with_(**values)


def test_a_strategy_that_is_not_there_is_refused_by_name():
    with pytest.raises(ConfigError, match="'leen': no strategy of that name; did you mean 'lean'"):
        loads(BASE).journey("leen")


def test_all_values_set_in_code_that_do_not_fit_are_said_at_once():
    with pytest.raises(ConfigError) as caught:
        loads(BASE).with_(buys=1.2, seed=-1, price="cheap")
    assert [p.path for p in caught.value.problems] == ["rates.buys", "rates.price", "seed"]


# -- by chance ----------------------------------------------------------------------------------

SHIPPED = {name: (Path(__file__).parents[2] / "configs" / f"{name}.yaml").read_text("utf-8") for name in shipped()}
ODD = [
    *"{}[]:,-?&*!|>%@`'\"#~",
    "",
    "\t",
    "\n",
    "rest",
    "stay",
    "never",
    "0",
    "-1",
    "1e400",
    "0 %",
    "200 %",
    "x",
    "é",
    "\x00",
]
ODD += [
    "1 month",
    "0 days",
    "per month",
    "{}",
    "[]",
    "<<",
    "(moved to)",
    "{value: 1}",
    "kept per year",
    "3 of 0",
    "1,000",
]


def mutated(text, chance):
    """Return a text with one to four places spoilt."""
    for _ in range(chance.randint(1, 4)):
        lines = text.split("\n")
        at = chance.randrange(len(lines))
        tokens = re.findall(r"\w+|\W", lines[at]) or [""]
        one, other = chance.randrange(len(tokens)), chance.randrange(len(tokens))
        kind = chance.choice(["delete", "double", "move", "indent", "cut", "swap", "odd", "add"])
        if kind == "delete":
            del lines[at]
        elif kind == "double":
            lines.insert(at, lines[at])
        elif kind == "move":
            lines.insert(chance.randrange(len(lines)), lines.pop(at))
        elif kind == "indent":
            lines[at] = chance.choice([" ", "  ", "\t"]) + lines[at]
        elif kind == "cut":
            lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
        else:
            if kind == "swap":
                tokens[one], tokens[other] = tokens[other], tokens[one]
            elif kind == "odd":
                tokens[one] = chance.choice(ODD)
            else:
                tokens.insert(one, chance.choice(ODD))
            lines[at] = "".join(tokens)
        text = "\n".join(lines)
    return text


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(SHIPPED)), seed=st.integers(0, 2**32))
def test_a_spoilt_file_loads_or_says_what_is_wrong(name, seed):
    text = mutated(SHIPPED[name], random.Random(seed))
    try:
        loads(text, "spoilt.yaml")
    except (ConfigError, DataError) as error:
        for problem in getattr(error, "problems", ()):
            assert 1 <= problem.line <= text.count("\n") + 2
            assert problem.rule
            assert problem.remedy
