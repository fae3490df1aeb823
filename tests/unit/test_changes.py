"""Changes of a rate said against what it is, and the two readings of "+5 %"."""

import pytest

import flywheel_sim as fs
from flywheel_sim.errors import ConfigError
from flywheel_sim.scenario.describe import reference_value

FILE = """
name: Changes
horizon: 12 months
currency: EUR
rates:
  stays: {value: 90 % per month, by: {mood: {low: 80 %}}}
  buys: 20 of 80
  price: 49.50 per month
  pause: {value: 10 days}
  talks: 0.05 per month
attributes:
  mood: [good, low]
channels:
  ads: {rate: 50 per month, enters: visitor}
  friends: {enters: visitor}
journey:
  visitor: {role: prospect, after: pause, to: {client: buys, gone: rest}}
  client:
    role: customer
    on_entry: {earn: {fee: price}}
    events:
      renewal: {every: 1 month, to: {stay: {chance: stays, earn: {fee: price}}, gone: rest}}
      talk: {every: talks, refer: friends}
  gone: exit
strategies:
  today: {}
  better: {rates: {stays: +3 points, price: -10 % relative}}
  best: {extends: better, rates: {stays: +1 points}}
"""


@pytest.fixture(scope="module")
def model():
    return fs.loads(FILE, "changes.yaml")


@pytest.mark.parametrize(
    ("rate", "change", "expected"),
    [
        ("stays", "+5 points", "95 % per month"),
        ("stays", "+5 % relative", "94.5 % per month"),
        ("stays", "-5 % relative", "85.5 % per month"),
        ("buys", "-5 points", "20 %"),
        ("price", "+10 % relative", "54.45 per month"),
        ("pause", "+50 % relative", "15 days"),
        ("talks", "-20 % relative", "0.04 per month"),
    ],
)
def test_a_change_is_said_against_what_the_rate_is(model, rate, change, expected):
    assert reference_value(model.with_(**{rate: change}), rate).text == expected


def test_a_strategy_changes_what_the_one_it_extends_left(model):
    assert reference_value(model, "stays", "better").text == "93 % per month"
    assert reference_value(model, "stays", "best").text == "94 % per month"
    assert reference_value(model, "price", "best").text == "44.55 per month"


def test_a_change_moves_the_whole_family(model):
    table = model.with_(stays="+5 points").journey("today")
    (event,) = [e for stage in table.stages for e in stage.events if e.name == "renewal"]
    cells = sorted(event.outcomes[0].chance.cells)
    odds = 0.95 / 0.05 / (0.9 / 0.1) * (0.8 / 0.2)
    assert cells == pytest.approx([odds / (1 + odds), 0.95])


def test_plus_5_percent_is_refused_with_both_readings(model):
    with pytest.raises(ConfigError) as refused:
        model.with_(stays="+5 %")
    said = str(refused.value)
    assert "two ways" in said
    assert "'+5 points' (95 % per month) or '+5 % relative' (94.5 % per month)" in said


def test_a_change_in_a_file_is_refused_where_it_stands():
    with pytest.raises(ConfigError) as refused:
        fs.loads(FILE.replace("stays: +3 points", "stays: +5 %"), "changes.yaml")
    (problem,) = refused.value.problems
    assert (problem.line, problem.path) == (27, "rates.stays")


@pytest.mark.parametrize(
    ("rate", "change", "rule"),
    [
        ("price", "+5", "% relative"),
        ("price", "+5 points", "chances alone"),
        ("stays", "+20 points", "more than 100 %; write \\+5 points"),
        ("stays", "+5 % of mean", "two ways"),
    ],
)
def test_what_cannot_be_a_change_is_refused(model, rate, change, rule):
    with pytest.raises(ConfigError, match=rule):
        model.with_(**{rate: change})


def test_a_rate_without_a_single_value_cannot_be_changed():
    text = FILE.replace("stays: {value: 90 % per month, by: {mood: {low: 80 %}}}",
                        "stays: {by: {mood: {low: 80 % per month, good: 90 % per month}}}")  # fmt: skip
    with pytest.raises(ConfigError, match="no single figure"):
        fs.loads(text, "changes.yaml")


def test_a_change_that_cannot_be_read_hides_no_other_problem():
    text = FILE.replace("stays: +3 points", "stays: +5 %").replace("horizon: 12 months", "horizon: 12 moons")
    with pytest.raises(ConfigError) as refused:
        fs.loads(text, "changes.yaml")
    assert {problem.path for problem in refused.value.problems} == {"rates.stays", "horizon"}
