"""Large and odd files: both readers read alike, time is in proportion to length, and absurd figures are refused."""

import time
from contextlib import suppress

import pytest

import flywheel_sim as fs
from flywheel_sim.near import FEW, among
from flywheel_sim.scenario.load import load, loads, shipped
from flywheel_sim.scenario.source.yaml_text import read_text

HEAD = "name: Large\nstart: 2027-01-01\nhorizon: 12 months\ncurrency: EUR\n"
RATES = "rates:\n  buys: {value: 12 %, why: share}\n"
CHANNELS = "channels:\n  ads: {spend: 1000 per month, cost_per_arrival: 5, enters: visitor}\n"
JOURNEY = """journey:
  visitor: {role: prospect, after: {exponential: 3 days}, to: {customer: buys, gone: rest}}
  customer:
    role: customer
    on_entry: {earn: {box: 25}}
    events:
      renewal: {every: 1 month, to: {stay: {chance: 90 %, earn: {box: 25}}, gone: rest}}
  gone: exit
"""
FILE = HEAD + RATES + CHANNELS + JOURNEY


def problems(text):
    with pytest.raises(fs.ConfigError) as caught:
        loads(text)
    return [str(problem) for problem in caught.value.problems]


def refused(text):
    return "\n".join(problems(text))


# -- two readers ---------------------------------------------------------------------------------------------

TEXTS = (
    "a: größer # daß\nb: {ü: 1, 例え: [x, 'é']}\n",
    "a: 'it''s'\nb: \"two\\nlines\"\nc:\n  - no\n  - on\n  - 1:30\n",
    "a: |\n  one\n  two\nb: |-\n  three\nc:\n  d: ~\n  e: '~'\n",
    "a: >\n  one\n  two\n\n  three\nb: x\n",
    "a: two\n  lines\nb:  [p,  q ,r]\n? c\n: d\n",
    "\n\n# first\na: 1 # why\n\n# last\n",
)


@pytest.mark.parametrize("text", [*TEXTS, *(text.replace("\n", "\r\n") for text in TEXTS)])
def test_both_readers_give_the_same_values_at_the_same_places(text):
    fast, slow = read_text(text, "f"), read_text(text + "#\t\n", "f")  # a tab is for the slow reader
    assert (fast.root, fast.place) == (slow.root, slow.place)


@pytest.mark.parametrize("name", shipped())
def test_both_readers_give_the_same_shipped_journeys(name):
    with open(load(name).origin, encoding="utf-8") as file:
        text = file.read()
    fast, slow = read_text(text, "f"), read_text(text + "#\t\n", "f")
    assert (fast.root, fast.place) == (slow.root, slow.place)


def test_a_folded_text_holds_no_mark_of_its_joins():
    assert read_text("a: >\n  one\n  two\n#\t\n", "f").root == {"a": "one two\n"}


@pytest.mark.parametrize("text", ["&a name: x", "!a name: x", "{&a name: x}", "name: [&a x]", "name: !a x"])
def test_anchors_and_tags_are_refused_at_keys_and_values(text):
    assert "are refused" in refused(text)


@pytest.mark.parametrize(
    "text", ['name: "\\ud800"', '"\\udfff": x', 'name: [a, "\\ud83d\\ude00"]', 'name: {a: "\\udc00"}']
)
def test_half_a_character_is_refused_where_it_stands(text):
    message = refused(text)
    assert message.startswith("<text>:1:")
    assert "half a character" in message
    message.encode()


@pytest.mark.parametrize(
    "values", [{"name": "a\ud800"}, {"buys": {"value": "3 %", "why": "\udfff"}}, {"buys": {"\ud900": "3 %"}}]
)
def test_half_a_character_is_refused_in_code(values):
    with pytest.raises(fs.ConfigError, match="half a character"):
        loads(FILE).with_(**values)


# -- time in proportion --------------------------------------------------------------------------------------


def many(line, count):
    return "".join(line.format(i=i, p=i % 90 + 1) for i in range(count))


KINDS = {
    "rates": lambda n: HEAD + RATES + many("  r{i}: {{value: {p} %, why: because}}\n", 4 * n) + CHANNELS + JOURNEY,
    "whys": lambda n: HEAD + RATES.replace("share", "words " * 100 * n) + CHANNELS + JOURNEY,
    "comments": lambda n: many("# why {i}\n", 40 * n) + FILE,
    "strategies": lambda n: FILE + "strategies:\n" + many("  s{i}: {{rates: {{buys: {p} %}}}}\n", n),
    "levels": lambda n: HEAD + "attributes:\n  plan: [" + many("l{i}, ", 4 * n)
    + "last]\nrates:\n  buys: {value: 2 %, by: {plan: {"
    + many("l{i}: {p} %, ", 4 * n) + "last: 1 %}}}\n" + CHANNELS + JOURNEY,
    "bounds": lambda n: HEAD + "attributes:\n  n: {counts: 0 to 1000000}\nrates:\n  buys: {value: 2 %, by: {n: {"
    + many("{i}: {p} %, ", 4 * n) + "999999: 1 %}}}\n" + CHANNELS + JOURNEY,
    "channels": lambda n: HEAD + RATES + CHANNELS
    + many("  c{i}: {{rate: 3 per month, enters: visitor}}\n", 2 * n) + JOURNEY,
    "batches": lambda n: HEAD + RATES + CHANNELS + "  b: {batch: 3, enters: visitor, on: ["
    + many("{i} minutes, ", 4 * n) + "300 days]}\n" + JOURNEY,
    "stages": lambda n: HEAD + RATES + CHANNELS.replace("visitor", "s0") + "journey:\n"
    + "".join(f"  s{i}: {{role: prospect, after: 3 days, to: {{s{i + 1}: buys, gone: rest}}}}\n" for i in range(n))
    + f"  s{n}: {{role: customer, after: 3 days, to: gone}}\n  gone: exit\n",
    "unknown rates": lambda n: HEAD + RATES + many("  r{i}: bys{i}\n", n) + CHANNELS + JOURNEY,
    "unknown strategies": lambda n: FILE + "strategies:\n" + many("  s{i}: {{rates: {{bys: {p} %}}}}\n", n),
    "empty values": lambda n: HEAD + RATES + many("  r{i}:\n", 4 * n) + CHANNELS + JOURNEY,
    "left out": lambda n: FILE + "strategies:\n  s: {without: [" + many("x{i}, ", 4 * n) + "renewal]}\n",
    "grouped by": lambda n: f"report_by: [{many('a{i}, ', n)}last]\n" + HEAD + RATES + "attributes:\n"
    + many("  a{i}: [x, y]\n", n) + "  last: [x, y]\n" + CHANNELS + JOURNEY,
}  # fmt: skip


def seconds(text):
    """Return the processor time that reading a text takes, the shorter of two trials."""
    taken = []
    for _ in range(2):
        begun = time.process_time()
        with suppress(fs.ConfigError):
            loads(text)
        taken.append(time.process_time() - begun)
    return min(taken)


@pytest.mark.parametrize("kind", KINDS)
def test_eight_times_as_many_take_no_more_than_about_eight_times_as_long(kind):
    assert seconds(KINDS[kind](1600)) < 20 * seconds(KINDS[kind](200)) + 0.1  # a square would be 64 times


def test_many_names_are_looked_among_as_few_are():
    names = {f"rate_{i}" for i in range(5 * FEW)}
    assert "rate_1" in among(names).near("rate_1x")
    assert "rate_77" in among(names).near("rte_77")
    assert among(names) is among(names)
    assert among({*names, "retention"}).near("retentoin") == ["retention"]
    assert among(names).near("something else") == []


def test_names_that_were_added_since_are_found():
    names = {f"rate_{i}": 1 for i in range(5 * FEW)}
    assert among(names).near("buys") == []
    names["buy"] = 1
    assert among(names).near("buys") == ["buy"]


def test_strategies_extend_one_another_in_a_short_chain():
    chain = "".join(f"  s{i}: {{extends: s{i - 1}}}\n" for i in range(1, 52))
    assert "more than 50 strategies" in refused(FILE + "strategies:\n  s0: {}\n" + chain)
    loads(FILE + "strategies:\n  s0: {}\n" + "".join(chain.splitlines(keepends=True)[:49]))


def test_tables_inside_tables_are_bounded_together():
    levels = ", ".join(f"l{i}" for i in range(1_500))
    inner = ", ".join(f"l{i}: {{value: 2 %, by: {{other: {{l1: 1 %}}}}}}" for i in range(1_500))
    text = (
        HEAD + f"attributes:\n  plan: [{levels}]\n  other: [{levels}]\nrates:\n  buys: {{by: {{plan: {{{inner}}}}}}}\n"
    )
    assert "cells" in refused(text + CHANNELS + JOURNEY)


# -- figures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("figure", [
    "200 of 1e400", "1e400 of 1e400", "1 of 1e16", "nan of 3", "inf %", "5 of 0", "1e-400", "1e-400 %", "0x10",
    "１２ %", "٣ %", "--5 %", "5 %%", "1e-101 of 1", "0." + "1" * 1_000 + " %", "1e999999999 %", "1e-320 of 1e-320",
])  # fmt: skip
def test_a_chance_that_no_number_holds_is_refused_where_it_stands(figure):
    message = refused(FILE.replace("12 %", f"'{figure}'"))
    assert message.startswith("<text>:6:17 rates.buys.value: ")


def test_other_digits_are_written_out():
    assert "write 12 %" in refused(FILE.replace("12 %", "１２ %"))


@pytest.mark.parametrize("rate", [
    "{value: 5 %, spread: 1e-9 points}", "{value: 50 %, spread: 0.0001 points}", "{spread: {alpha: 1e9, beta: 1e9}}",
    "{value: 50 %, spread: {alpha: 1e-9, beta: 1e-9}}", "{value: 5 %, uncertain: 1e-9 points}",
    "{value: 5 %, uncertain: {alpha: 1e12, beta: 19e12}}", "{value: 5 %, uncertain: [5 %, 5 %]}",
    "{value: 5 %, uncertain: [9 %, 1 %]}", "{value: 5 %, uncertain: [0 %, 1e400 %]}",
    "{value: 5 %, uncertain: [-1 %, 9 %]}",
])  # fmt: skip
def test_a_spread_that_is_none_is_refused(rate):
    assert refused(FILE.replace("{value: 12 %, why: share}", rate)).startswith("<text>:6:")


@pytest.mark.parametrize("spread", ["0.001 % of mean", "4000 % of mean", "{shape: 1e-9}", "{shape: 1e12}"])
def test_amounts_spread_neither_next_to_nothing_nor_over_all(spread):
    text = FILE.replace("{box: 25}}\n    events", f"{{box: {{value: 25, spread: {spread}}}}}}}\n    events")
    assert "customer.on_entry.earn.box.spread" in refused(text)


@pytest.mark.parametrize(
    "discount", ["1001 % per year", "1e6 % per year", "2000 of 3 per year", "-100 % per year", "-1 % per year"]
)
def test_a_discount_is_at_most_a_thousand_per_cent(discount):
    assert "discount" in refused(f"discount: {discount}\n" + FILE)


def test_a_discount_of_a_thousand_per_cent_is_one():
    assert loads("discount: 1000 % per year\n" + FILE).journey().discount == 10


@pytest.mark.parametrize(
    "start", ["20270101", "2027-W01-1", "2027-001", "2027-1-1", "0000-01-01", "10000-01-01", "２０２７-01-01"]
)
def test_a_start_has_one_form(start):
    assert "the start is a date" in refused(FILE.replace("2027-01-01", start))


@pytest.mark.parametrize(
    ("start", "horizon"), [("9999-01-01", "1 month"), ("9990-01-01", "20 years"), ("9100-06-01", "1000 years")]
)
def test_a_run_beyond_the_calendar_is_refused(start, horizon):
    assert "dates end with the year 9999" in refused(FILE.replace("2027-01-01", start).replace("12 months", horizon))


def test_a_strategy_that_extends_a_mapping_is_refused_where_it_says_so():
    assert "strategies.b.extends: " in refused(FILE + "strategies:\n  a: {}\n  b: {extends: {a: b}}\n")


def test_a_lever_with_a_key_that_is_no_figure_is_refused():
    text = (
        FILE
        + "levers:\n  l: {spend: 30, moves: {buys: {without: 3 %, 5 days ago: 4 %}}}\n"
        + "strategies:\n  a: {without: [l]}\n"
    )
    assert "neither 'without', 'limit' nor a spend" in refused(text)


def so_many(what, n):
    """Return so many items of a mapping, in braces or before others."""
    return "".join(f"n{at}: {what}, " for at in range(n))


@pytest.mark.parametrize(
    ("place", "old", "new", "rule"),
    [
        ("strategies", "strategies: {}", "strategies: {" + so_many("{}", 5_001) + "}", "5,001"),
        ("journey", "gone: exit", "gone: exit, " + so_many("exit", 10_001), "10,003"),
        ("channels", "{one: ", "{" + so_many("{batch: 1, enters: user}", 10_000) + "one: ", "10,001"),
        ("journey.user.events", "buy: ", so_many("{after: 1 day}", 1_000) + "buy: ", "1,001"),
    ],
    ids=["strategies", "stages", "channels", "events"],
)
def test_more_of_something_than_can_be_looked_at_is_refused_at_once(place, old, new, rule):
    text = """
name: Many
horizon: 1 month
channels: {one: {batch: 1, enters: user}}
journey: {user: {role: customer, events: {buy: {every: 1 month}}}, gone: exit}
strategies: {}
"""
    assert text.count(old) == 1
    with pytest.raises(fs.ConfigError) as refused:
        loads(text.replace(old, new))
    (problem,) = refused.value.problems
    assert problem.path == place
    assert problem.line
    assert f"{rule} of them, at most" in problem.rule
