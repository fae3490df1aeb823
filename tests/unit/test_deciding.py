"""What of a file decides figures: texts do not, wherever they stand; names do, even of the word for a text."""

import json
import re

import pytest
from pydantic import BaseModel

from flywheel_sim.scenario.load import load, shipped
from flywheel_sim.scenario.source import money_specs, schema, values
from flywheel_sim.scenario.source.deciding import cells_named, deciding
from flywheel_sim.scenario.source.files import read_extended
from flywheel_sim.scenario.source.read import read_section
from flywheel_sim.scenario.source.yaml_text import read_text

#: Wherever a reason may be given; the words TEXT are what these tests change.
TOLD = """\
name: TEXT
horizon: 24 months
currency: EUR
start: 2027-01-01
lines:
  fee: {kind: service, why: TEXT}
  card: {share: 2 %, of: fee, kind: cost_of_sales, why: TEXT}
rates:
  buys: {value: 30 %, by: {plan: {pro: {value: 40 %, why: TEXT}}}, why: TEXT}
  keeps: {value: 90 % per month, why: TEXT}
  price: {why: TEXT, value: 20 per month}
attributes:
  plan: {free: {value: 60 %, why: TEXT}, pro: rest}
channels:
  ads: {spend: {value: 100 per month, why: TEXT}, cost_per_arrival: {value: 5, why: TEXT}, enters: visit}
  fair: {batch: {value: 10, why: TEXT}, every: {value: 6 months, why: TEXT}, enters: visit,
         set: {plan: {free: {value: 10 %, why: TEXT}, pro: rest}}}
  plan: {spend: {file: plan.csv, column: spend, unit: month, why: TEXT}, cost_per_arrival: 5, enters: visit}
resources:
  desk: {people: {value: 3, why: TEXT}, hours: 30 per week}
costs:
  rent: {value: 100 per month, why: TEXT}
  launch: {amount: {value: 500, why: TEXT}, on: 3 months}
journey:
  visit: {role: prospect, after: {value: 2 days, why: TEXT}, to: {member: {value: 30 %, why: TEXT}, gone: rest}}
  member:
    role: customer
    on_entry: {earn: {fee: {value: 3, why: TEXT}}}
    spend: {care: {value: 1 per month, why: TEXT}}
    events:
      renewal: {every: 1 month, to: {stay: {chance: {value: 90 %, why: TEXT}, earn: {fee: 1}}, gone: rest}}
      tell: {after: [{value: 3 days, why: TEXT}, {exponential: {value: 9 days, why: TEXT}}], spend: {calls: 1}}
      ask: {every: {uniform: [{value: 2 days, why: TEXT}, 8 days]}, staff: desk, spend: {calls: 1},
            takes: {lognormal: {median: {value: 1 hour, why: TEXT}, sigma: 0.5}}, patience: {value: 9 hours, why: TEXT}}
  gone: exit
strategies:
  plain: {}
  more:
    rates: {keeps: {value: 95 % per month, why: TEXT}, price: {why: TEXT}}
    channels: {ads: {spend: {value: 120 per month, why: TEXT}}}
    journey: {visit: {after: {value: 3 days, why: TEXT}}}
"""
#: Wherever a name may stand, one that is the word for a reason.
NAMED = """\
name: Whys
horizon: 24 months
currency: EUR
lines: {why: {kind: service}}
rates: {why: 20 %, other: {value: 10 %, by: {why: {why: 30 %}}}, sold: {value: 1, times: {why: {why: 2}}}}
attributes: {why: {why: 60 %, so: rest}}
channels: {why: {spend: 100 per month, cost_per_arrival: 5, enters: visit, set: {why: {why: 10 %, so: rest}}}}
resources: {why: {people: 3}}
costs: {why: 100 per month}
journey:
  visit: {role: prospect, after: 2 days, to: {why: 30 %, gone: rest}}
  why:
    role: customer
    on_entry: {earn: {why: 5}, spend: {why: 7}}
    events:
      why: {every: 1 month, to: {stay: {chance: why, earn: {why: sold}}, gone: other}}
      turn: {every: 2 months, set: {why: so}}
  gone: exit
levers: {why: {spend: 50 per month, moves: {why: {without: 10 %, limit: 95 %}}}}
strategies:
  why: {spend: {channel.why: 500 per month, lever.why: 60 per month}}
  two: {rates: {why: 25 %}, costs: {why: 90 per month}}
"""


def said(text):
    """Return what decides figures of a text in which every section is as it may be."""
    tree, problems = read_text(text, "told.yaml"), []
    for section in schema.SECTIONS.keys() - {"strategies"}:
        read_section(section, tree, problems)
    assert problems == []
    return json.dumps(deciding(tree.root))


def same(one, other):
    """Tell whether two scenarios decide the same figures, in the same order."""
    return json.dumps(deciding(one.contents())) == json.dumps(deciding(other.contents()))


def test_no_text_decides_wherever_it_stands():
    assert "TEXT" not in said(TOLD)
    for number in range(TOLD.count("TEXT")):
        before, after = TOLD.split("TEXT")[: number + 1], TOLD.split("TEXT")[number + 1 :]
        assert said("TEXT".join(before) + '"another: text"' + "TEXT".join(after)) == said(TOLD), f"text {number}"


def test_every_model_with_a_reason_is_among_these():
    models = [one for room in (schema, values, money_specs) for one in vars(room).values()
              if isinstance(one, type) and issubclass(one, BaseModel) and "why" in one.model_fields]  # fmt: skip
    assert set(models) == {values.RateSpec, money_specs.PlanSpec, money_specs.LineSpec}


def test_a_reason_may_come_and_go():
    short = TOLD.replace("{value: 5, why: TEXT}", "5").replace("{value: 95 % per month, why: TEXT}", "95 % per month")
    short = short.replace(", price: {why: TEXT}", "").replace(", why: TEXT}", "}").replace("{why: TEXT, ", "{")
    assert "TEXT" not in short.partition("\n")[2]
    assert said(short) == said(TOLD)


def test_the_order_of_words_does_not_decide_and_that_of_names_does():
    keeps, visit = "value: 90 % per month, why: TEXT", "role: prospect, after: {value: 2 days, why: TEXT}"
    for words in (keeps, visit):
        assert words in TOLD
        assert said(TOLD.replace(words, ", ".join(reversed(words.split(", ", 1))))) == said(TOLD)
    assert said(TOLD.replace("  plain: {}\n", "") + "  plain: {}\n") != said(TOLD)


def test_a_value_over_a_table_is_no_bare_value():
    laid = "{keeps: {value: 95 % per month, why: TEXT}, "
    assert said(TOLD.replace(laid, laid + "buys: {value: 35 %}, ")) != said(TOLD.replace(laid, laid + "buys: 35 %, "))


@pytest.mark.parametrize("at", range(len(re.findall("[1-9]", NAMED))))
def test_what_is_called_why_is_no_reason(at):
    place = [one.start() for one in re.finditer("[1-9]", NAMED)][at]
    assert said(NAMED[:place] + str(int(NAMED[place]) % 9 + 1) + NAMED[place + 1 :]) != said(NAMED)


def test_no_name_is_lost():
    assert said(NAMED).count("why") == NAMED.count("why")


def test_what_is_changed_in_code_is_told_without_its_texts():
    model = load("subscription")
    reasons = [model.with_(retention={"value": "92 %", "why": why}) for why in ("one", "two")]
    assert same(*reasons)
    assert same(model.with_(name="another"), model)
    assert not same(model.with_(retention="92 %"), model)
    assert not same(model.without("invite"), model)
    assert not same(model.without("invite", strategy="flywheel"), model.without("invite"))
    assert not same(model.at_spend("flywheel", 300), model)


def test_cells_of_files_are_told_apart_by_what_they_come_to(tmp_path):
    plan, journey = tmp_path / "plan.csv", tmp_path / "told.yaml"
    written = "day,spend,remark\n2027-01-01,100,low\n2027-06-01,200,high\n"
    journey.write_text(TOLD, encoding="utf-8")

    def cells(text):
        plan.write_text(text, encoding="utf-8")
        return cells_named([read_extended(journey, (str(tmp_path),))])

    before = cells(written)
    assert {name: list(columns) for name, columns in before.items()} == {"plan.csv": ["spend"]}
    assert cells(written.replace("100", " 100.0").replace("low", "remarkable")) == before
    for old, new in (("100", "101"), ("06-01", "06-02"), ("2027-06-01,200,high\n", "")):
        assert cells(written.replace(old, new)) != before
    plan.unlink()
    assert cells_named([read_extended(journey, (str(tmp_path),))]) == {}


@pytest.mark.parametrize("name", shipped())
def test_shipped_journeys_say_the_same_without_their_texts(name):
    decides = deciding(load(name).contents())
    assert json.dumps(deciding(decides)) == json.dumps(decides)
    assert '"why"' not in json.dumps(decides)
