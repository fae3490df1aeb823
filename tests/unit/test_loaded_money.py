"""Money as it is loaded: lines and their kinds, derived lines, shares, prices by a counter, spreads by level, notes."""

import math

import pytest

import flywheel_sim as fs
from flywheel_sim.errors import ConfigError
from flywheel_sim.journey.events import Share
from flywheel_sim.journey.figures import Dist
from flywheel_sim.journey.journey import Line
from flywheel_sim.journey.units import DAY, MILLIONTHS, MONTH, Quantity
from flywheel_sim.scenario.describe import assumptions
from flywheel_sim.scenario.resolve.resolver import resolve_again

FILE = """
name: Shop
start: 2027-01-01
horizon: 12 months
currency: EUR
lines:
  goods: {kind: cost_of_sales}
  care: {kind: overhead}
  box: {kind: service}
  fees: {share: 2.9 %, of: coffee, kind: cost_of_sales, why: "the bank's statement"}
rates:
  basket: 34
  beans: {value: 42 %, by: {plan: {big: 38 %}}}
  seat: {value: 15 per month, per: seats}
  pace: {value: 1 per month, spread: {value: 60 % of mean, by: {channel: {ads: 0}}}}
attributes:
  seats: {counts: 0 to 9}
  tenure: stopwatch
  plan: [basic, big]
channels:
  ads: {spend: 300 per month, cost_per_arrival: 30, enters: visitor}
  told: {enters: visitor}
costs: {rent: 100 per month}
resources: {desk: {people: 1, cost: 100.5 per person per month}}
levers: {care: {spend: 3.25 per customer per month, moves: {basket: {without: 30}}}}
journey:
  visitor: {role: prospect, after: 3 days, to: client}
  client:
    role: customer
    on_entry: {set: {seats: 2}, earn: {coffee: basket}, spend: {goods: beans of coffee}}
    earn: {plan_fee: seat}
    events:
      order: {every: pace, earn: {coffee: basket}, spend: {goods: 42 % of coffee, box: 0.125}}
      fault: {after: 1 month, staff: desk, takes: 1 hour}
      tell: {every: 0.1 per month, refer: told}
      leave: {after: 0.1 per month, to: gone}
  gone: exit
strategies:
  full: {}
  lean: {without: [order, tell, care]}
"""
#: Where an order says what it earns.
EARNS = "earn: {coffee: basket}, spend: {goods: 42 % of coffee"


def journey(*changes, strategy=None):
    """Return the journey of the file with places of it written otherwise."""
    text = FILE
    for old, new in changes:
        assert text.count(old) == 1, (old, text.count(old))
        text = text.replace(old, new)
    return fs.loads(text).journey(strategy)


def amounts(*changes, event="order"):
    """Return what an event of the client moves, by line."""
    stage = journey(*changes).stage("client")
    effects = stage.on_entry if event == "on_entry" else next(e for e in stage.events if e.name == event).effects
    return {amount.line: amount for amount in effects.money}


def earns(text):
    """Return the change by which an order earns something else on its line."""
    return EARNS, EARNS.replace("basket", text)


def accruals(*changes):
    """Return what accrues in the client's stage, by line."""
    return {amount.line: amount for amount in journey(*changes).stage("client").accruals}


# -- lines --------------------------------------------------------------------------------------


def test_lines_have_what_the_file_says_of_them():
    assert journey().lines == (
        Line("goods", "cost_of_sales"),
        Line("care", "overhead"),
        Line("box", "service"),
        Line("fees", "cost_of_sales", False, pytest.approx(0.029), ("coffee",)),
    )
    assert [line.name for line in journey().derived] == ["fees"]


def test_a_line_keeps_the_kind_of_its_role_unless_the_file_says_another():
    loaded = journey(("  box: {kind: service}\n", ""))
    assert [loaded.kind_of("box", role) for role in ("prospect", "customer", "lapsed")] == [
        "acquisition",
        "service",
        "win_back",
    ]
    assert {loaded.kind_of("goods", role) for role in ("prospect", "customer", "lapsed")} == {"cost_of_sales"}


def test_costs_resources_and_levers_have_kinds_too():
    loaded = journey(("  box: {kind: service}", "  box: {kind: service}\n  rent: {kind: cost_of_sales}\n  desk: {}"))
    assert [(cost.name, cost.kind) for cost in loaded.costs] == [("rent", "cost_of_sales")]
    assert [(resource.name, resource.kind) for resource in loaded.resources] == [("desk", "service")]
    assert loaded.kind_of("care", "customer") == "overhead"
    served = journey(("  box: {kind: service}", "  box: {kind: service}\n  desk: {kind: win_back}"))
    assert served.resources[0].kind == "win_back"
    monthly = journey(("3.25 per customer per month", "30 per month"))
    assert [(cost.name, cost.kind) for cost in monthly.costs] == [("rent", "overhead"), ("care", "overhead")]


@pytest.mark.parametrize(
    ("line_text", "recurring"),
    [("fees: {share: 5 %, of: coffee}", False), ("fees: {share: 5 %, of: coffee, recurring: yes}", True)],
)
def test_a_derived_line_is_revenue_that_does_not_recur_unless_it_says_otherwise(line_text, recurring):
    written = 'fees: {share: 2.9 %, of: coffee, kind: cost_of_sales, why: "the bank\'s statement"}'
    (line,) = journey((written, line_text)).derived
    assert (line.kind, line.recurring) == ("", recurring)


@pytest.mark.parametrize(("word", "recurs"), [("no", False), ("false", False), ("yes", True), ("true", True)])
def test_what_is_earned_recurs_unless_the_file_says_no(word, recurs):
    loaded = journey(("  box: {kind", f"  plan_fee: {{recurring: {word}}}\n  box: {{kind"))
    assert (loaded.recurs("plan_fee"), loaded.recurs("coffee")) == (recurs, True)


@pytest.mark.parametrize(
    ("text", "share"), [("2.9 %", 0.029), ("-4 %", -0.04), ("0 %", 0.0), ("1 of 8", 0.125), ("1000 %", 10.0)]
)
def test_a_share_has_either_sign(text, share):
    assert journey(("2.9 %", text)).derived[0].share == pytest.approx(share, abs=1e-15)


def test_a_derived_line_is_of_several_lines():
    assert journey(("of: coffee,", "of: [coffee, plan_fee],")).derived[0].of == ("coffee", "plan_fee")


def test_a_share_by_name_moves_with_its_rate():
    changes = [("share: 2.9 %", "share: cut"), ("basket: 34", "basket: 34\n  cut: {value: 3 %, uncertain: 1 points}")]
    loaded = journey(*changes)
    assert [rate.name for rate in loaded.uncertain] == ["cut"]
    problems = []
    again = resolve_again(loaded, {"cut": Quantity(0.05, "percent", text="5 %")}, problems)
    assert (problems, again.derived[0].share) == ([], 0.05)
    text = FILE.replace(*changes[0]).replace(*changes[1])
    assert fs.loads(text).with_(cut="6 %").journey().derived[0].share == pytest.approx(0.06)


def test_lines_are_known_whatever_a_strategy_leaves_out():
    assert journey(strategy="lean").lines == journey(strategy="full").lines


def test_a_strategy_and_code_lay_their_lines_over_those_of_the_file():
    loaded = journey(("full: {}", "full: {lines: {goods: {kind: service}, fees: {share: 5 %}}}"), strategy="full")
    assert loaded.kind_of("goods", "prospect") == "service"
    assert loaded.derived[0].share == pytest.approx(0.05)
    model = fs.loads(FILE)
    changed = model.with_(**{"lines.fees.share": 0.031, "lines.goods.kind": "overhead"}).journey()
    assert (changed.derived[0].share, changed.kind_of("goods", "customer")) == (pytest.approx(0.031), "overhead")
    assert changed.fingerprint != model.journey().fingerprint


# -- shares in effects --------------------------------------------------------------------------


def test_a_share_of_a_line_is_a_figure_or_a_rate_with_its_table():
    share = amounts()["goods"].value
    assert isinstance(share, Share)
    assert (share.of, share.rate.kind, share.rate.cells) == ("coffee", "chance", (pytest.approx(0.42),))
    named = amounts(event="on_entry")["goods"].value
    assert (named.of, named.rate.name, named.rate.cells) == ("coffee", "beans", (0.42, 0.38))
    assert [axis.attribute for axis in named.rate.over] == ["plan"]


@pytest.mark.parametrize(
    ("text", "share"),
    [("-10 % of coffee", -0.1), ("1 of 8 of coffee", 0.125), ("0.5 %  of  coffee", 0.005), ("250 % of coffee", 2.5)],
)
def test_a_share_written_out_has_either_sign(text, share):
    assert amounts((EARNS, f"earn: {{coffee: basket, off: {text}}}, spend: {{goods: 3"))["off"].value.rate.cells == (
        pytest.approx(share),
    )  # fmt: skip


def test_a_count_of_a_whole_stays_a_chance():
    loaded = journey(
        ("leave: {after: 0.1 per month, to: gone}", "leave: {after: 1 day, to: {gone: 20 of 30, stay: rest}}")
    )
    outcomes = next(e for e in loaded.stage("client").events if e.name == "leave").outcomes
    assert outcomes[0].chance.cells == (pytest.approx(2 / 3),)


def test_an_event_shares_what_its_outcomes_earn_and_an_outcome_what_its_event_earns():
    leave = "leave: {after: 0.1 per month, to: gone}"
    event = "leave: {after: 1 day, EVENT, to: {gone: {chance: 9 %, GONE}, stay: rest}}"
    first = event.replace("EVENT", "spend: {goods: 5 % of last}").replace("GONE", "earn: {last: 3}")
    other = event.replace("EVENT", "earn: {last: 3}").replace("GONE", "spend: {goods: 5 % of last}")
    assert journey((leave, first))
    assert journey((leave, other))


def test_people_may_differ_in_a_share():
    share = amounts(
        ("42 % of coffee", "own of coffee"), ("basket: 34", "basket: 34\n  own: {value: 42 %, spread: 3 points}")
    )
    spread = share["goods"].value.rate.spread
    assert (spread.family, sum(spread.cells[0])) == ("beta", pytest.approx(0.42 * 0.58 / 0.03**2 - 1))


def test_a_share_of_what_accrues_is_a_price_of_its_own():
    by_line = accruals(
        ("{plan_fee: seat}", "{plan_fee: seat, off: -5 % of plan_fee}\n    spend: {goods: beans of plan_fee}")
    )
    price, off, goods = (by_line[line] for line in ("plan_fee", "off", "goods"))
    each = 15 * MILLIONTHS / MONTH
    assert price.value.cells == (pytest.approx(each),)
    assert off.value.cells == (pytest.approx(-0.05 * each),)
    assert goods.value.cells == pytest.approx((0.42 * each, 0.38 * each))
    assert {amount.value.per for amount in by_line.values()} == {"seats"}
    assert {amount.value.name for amount in by_line.values()} == {"seat"}
    assert {amount.period_ms for amount in by_line.values()} == {MONTH}


def test_a_share_of_what_accrues_keeps_the_ranks_of_its_price():
    by_line = accruals(
        ("per: seats}", "per: seats, spread: 50 % of mean}"),
        ("{plan_fee: seat}", "{plan_fee: seat, off: -5 % of plan_fee}"),
    )
    ((shape, mean),) = by_line["off"].value.spread.cells
    assert (shape, mean) == (pytest.approx(4), pytest.approx(-0.05 * 15 * MILLIONTHS / MONTH))
    assert by_line["off"].value.name == by_line["plan_fee"].value.name


def test_shares_count_as_uses_of_their_rate():
    model = fs.loads(FILE.replace("beans: {value: 42 %", "beans: {value: 42 %, uncertain: 2 points"))
    assert [rate.name for rate in model.journey().uncertain] == ["beans"]
    moved = model.with_(beans="50 %").journey().stage("client").on_entry.money
    assert moved[1].value.rate.cells[0] == pytest.approx(0.5)


# -- below 0, by a counter, to the millionth ----------------------------------------------------


def test_what_is_earned_may_be_negative():
    assert amounts(earns("-5.25"))["coffee"].value.cells == (-5.25 * MILLIONTHS,)
    assert amounts(earns("{value: 0, by: {plan: {big: -5}}}"))["coffee"].value.cells == (0, -5 * MILLIONTHS)
    assert amounts(earns("{value: -4, times: {plan: {big: 2}}}"))["coffee"].value.cells == (
        -4 * MILLIONTHS,
        -8 * MILLIONTHS,
    )
    assert accruals(("plan_fee: seat", "plan_fee: -3 per month"))["plan_fee"].value.cells == (
        pytest.approx(-3 * MILLIONTHS / MONTH),
    )
    assert fs.loads(FILE).with_(basket=-34).journey().stage("client").on_entry.money[0].value.cells == (-34e6,)


def test_a_price_is_multiplied_by_a_counter():
    price = accruals()["plan_fee"].value
    assert (price.per, price.own, price.constant, price.spread) == ("seats", True, False, None)
    assert fs.loads(FILE).with_(seat="20 per month").journey().stage("client").accruals[0].value.per == "seats"
    tiers = accruals(("per: seats}", "per: seats, times: {seats: {5: 0.8}}}"))["plan_fee"].value
    assert (tiers.per, tiers.over[0].bounds) == ("seats", (5,))
    assert [cell * MONTH / MILLIONTHS for cell in tiers.cells] == pytest.approx([15, 12])


def test_a_price_by_a_counter_may_be_the_mean_of_what_is_drawn():
    dist = amounts(earns("{gamma: {mean: {value: 3, per: seats}, shape: 2}}"))["coffee"].value
    assert isinstance(dist, Dist)
    assert [param.per for param in dist.params] == ["seats", ""]


def test_another_name_of_a_rate_keeps_its_counter():
    rate = accruals(("basket: 34", "basket: 34\n  alias: seat"), ("plan_fee: seat", "plan_fee: alias"))[
        "plan_fee"
    ].value
    assert (rate.per, rate.name) == ("seats", "seat")


def test_money_is_held_in_millionths_as_exactly_as_it_is_written():
    for text, millionths in [("0.000001", 1), ("0.1", 100_000), ("1_000.123456", 1_000_123_456), ("0.07", 70_000)]:
        assert amounts(earns(text))["coffee"].value.cells == (millionths,)
    assert amounts(earns("99999999.123456"))["coffee"].value.cells == (99_999_999_123_456,)
    assert journey().resources[0].cost_per_ms == pytest.approx(100.5 * MILLIONTHS / MONTH)


# -- how people differ --------------------------------------------------------------------------


def pace(spread, *changes):
    """Return how often people order, where they differ as told."""
    written = ("spread: {value: 60 % of mean, by: {channel: {ads: 0}}}", f"spread: {spread}")
    loaded = journey(written, *changes)
    return next(e for e in loaded.stage("client").events if e.name == "order").waits[0].params[0]


@pytest.mark.parametrize("nothing", ["0", "0 points", "0 % of mean"])
def test_people_differ_in_some_levels_alone(nothing):
    rate = pace(f"{{value: 50 % of mean, by: {{channel: {{ads: {nothing}}}}}}}")
    assert [axis.attribute for axis in rate.over] == ["channel"]
    assert rate.cells == (1 / MONTH, 1 / MONTH)
    assert rate.spread.cells == ((math.inf, 1 / MONTH), (4.0, 1 / MONTH))


def test_a_spread_by_level_lies_over_the_table_of_its_rate():
    rate = pace(
        "{value: {shape: 2}, by: {seats: {3: 0}}}",
        ("pace: {value: 1 per month", "pace: {value: 1 per month, by: {plan: {big: 2 per month}}"),
    )
    assert [axis.attribute for axis in rate.over] == ["seats", "plan"]
    assert [cell * MONTH for cell in rate.cells] == [1, 2, 1, 2]
    assert [shape for shape, _ in rate.spread.cells] == [2, 2, math.inf, math.inf]


def test_a_spread_by_the_time_has_its_bounds():
    assert pace("{by: {tenure: {0 days: 50 % of mean, 3 months: 20 % of mean}}}").over[0].bounds == (3 * MONTH,)


def leaving(text):
    """Return the chance to leave."""
    written = "leave: {after: 0.1 per month, to: gone}"
    loaded = journey((written, f"leave: {{after: 30 days, to: {{gone: {text}, stay: rest}}}}"))
    event = next(e for e in loaded.stage("client").events if e.name == "leave")
    assert event.waits[0].params[0].cells == (30 * DAY,)
    return event.outcomes[0].chance


def test_chances_differ_by_level_too():
    spread = leaving("{value: 20 %, spread: {value: 3 points, by: {plan: {big: {alpha: 2, beta: 8}}}}}").spread
    assert spread.cells[1] == pytest.approx((2, 8))
    assert sum(spread.cells[0]) == pytest.approx(0.2 * 0.8 / 0.03**2 - 1)
    sure = leaving("{value: 30 %, by: {plan: {big: 0 %}}, spread: {value: 3 points, by: {plan: {big: 0}}}}")
    assert (sure.cells, sure.spread.cells[1]) == ((0.3, 0.0), (0.0, math.inf))


def test_a_spread_by_level_moves_with_its_family():
    moved = fs.loads(FILE).with_(pace="2 per month").journey().stage("client").events[0].waits[0].params[0]
    assert moved.spread.cells == ((math.inf, 2 / MONTH), (pytest.approx(1 / 0.36), 2 / MONTH))


def test_what_is_said_of_a_rate_in_words_names_its_counter_and_its_spreads():
    texts = {assumption.name: assumption.value for assumption in assumptions(fs.loads(FILE))}
    assert texts["seat"] == "15 per month; per seats"
    assert texts["pace"] == "1 per month; spread 60 % of mean; channel: ads 0"


# -- notes --------------------------------------------------------------------------------------


def test_a_file_that_says_what_its_lines_are_for_gets_no_note():
    assert journey().notes == ()


def test_spend_on_customers_without_a_kind_is_named_with_what_looks_like_a_cost_of_sales_first():
    (note,) = journey(("  box: {kind: service}\n", ""), ("box: 0.125", "box: 1, postage: 4, hosting: 1")).notes
    assert "for postage, hosting, box count as budget" in note.rule
    assert "lines: {postage: {kind: cost_of_sales}}" in note.remedy
    assert (note.path, note.line > 0) == ("journey", True)


def test_a_price_that_sees_a_stopwatch_which_is_set_at_once_is_told():
    price = ("basket: 34", "basket: {value: 34, times: {tenure: {1 month: 0.5}}}")
    (note,) = journey(price, ("set: {seats: 2}", "set: {seats: 2, tenure: 0 days}")).notes
    assert note.path == "journey.client.on_entry.earn.coffee"
    assert "depends on 'tenure', which is set when this happens" in note.rule
    assert "copy 'tenure' to another stopwatch first" in note.remedy
    assert journey(price).notes == ()


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_validate_prints_the_notes(tmp_path, command, option):
    path = tmp_path / "shop.yaml"
    path.write_text(FILE.replace("  box: {kind: service}\n", ""), encoding="utf-8")
    status, out, err = command("validate", str(path), *option)
    assert (status, err) == (0, "")
    assert "lines: {box: {kind: cost_of_sales}}" in out


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(ConfigError) as refused:
        journey(("of: coffee,", "of: coffe,"), ("per: seats", "per: seat"), ("box: 0.125", "box: -1"))
    assert {"lines.fees.of", "rates.seat.per", "journey.client.events.order.spend.box"} == {
        problem.path for problem in refused.value.problems
    }


def test_a_lever_moves_the_rate_of_a_derived_line_and_of_a_share():
    lever = ("moves: {basket: {without: 30}}", "moves: {beans: {without: 50 %}}")
    changes = [("share: 2.9 %", "share: beans"), ("{value: 42 %, by: {plan: {big: 38 %}}}", "42 %"), lever]
    for strategy, share in [("full", 0.42), ("lean", 0.5)]:
        loaded = journey(*changes, strategy=strategy)
        assert loaded.derived[0].share == pytest.approx(share)
        assert loaded.stage("client").on_entry.money[1].value.rate.cells == (pytest.approx(share),)


@pytest.mark.parametrize(("change", "price"), [("-10 % relative", -1.8), ("+10 % relative", -2.2), ("-3", -3)])
def test_what_is_below_0_moves_by_a_share_of_itself(change, price):
    text = FILE.replace("basket: 34", "basket: 34\n  back: -2")
    text = text.replace("{coffee: basket}, spend: {goods: beans", "{coffee: basket, off: back}, spend: {goods: beans")
    money = fs.loads(text).with_(back=change).journey().stage("client").on_entry.money
    assert money[1].value.cells == (pytest.approx(price * MILLIONTHS),)


def test_ends_of_what_is_drawn_have_one_counter_or_none():
    with pytest.raises(ConfigError, match="multiplied by one counter, or by none"):
        journey(earns("{uniform: [{value: 3, per: seats}, 5]}"))
    both = "{uniform: [{value: 3, per: seats}, {value: 5, per: seats}]}"
    assert [end.per for end in amounts(earns(both))["coffee"].value.params] == ["seats", "seats"]


@pytest.mark.parametrize(
    "text",
    [
        "{value: 30 %, spread: {value: 3 points, by: {plan: {big: {alpha: 2, beta: 8}}}}}",
        "{value: 30 %, spread: {value: {alpha: 2, beta: 8}, by: {plan: {big: 0}}}}",
    ],
)
def test_alpha_and_beta_of_a_level_have_the_mean_of_its_chance(text):
    with pytest.raises(ConfigError, match="has a mean of 20 %, beside a chance of 30 %"):
        leaving(text)
    assert leaving(text.replace("30 %", "20 %"))


def test_a_whole_spread_laid_over_one_by_level_replaces_it():
    moved = fs.loads(FILE).with_(pace={"spread": "20 % of mean"}).journey().stage("client").events[0].waits[0].params[0]
    assert (moved.over, moved.spread.cells) == ((), ((pytest.approx(25), 1 / MONTH),))


def test_a_stopwatch_that_holds_a_copy_gets_no_note():
    changes = [("tenure: stopwatch", "tenure: stopwatch\n  before: stopwatch"),
               ("basket: 34", "basket: {value: 34, times: {before: {1 month: 0.5}}}"),
               ("set: {seats: 2}", "set: {before: tenure, tenure: 0 days}")]  # fmt: skip
    assert journey(*changes).notes == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("of: coffee,", "of: [],", "'of' is required"),
        ("rent: 100 per month", "rent: 100 permonth", "no unit of time"),
        ("coffee: basket}, spend: {goods: 42", "coffee: baskt}, spend: {goods: 42", "did you mean 'basket'"),
        ("basket}, spend: {goods: 42", "basket, off: 3 % of off}, spend: {goods: 42", "'off' is a share itself"),
    ],
)
def test_one_problem_is_said_once(old, new, message):
    rent = ("  box: {kind: service}", "  box: {kind: service}\n  rent: {kind: overhead}")
    with pytest.raises(ConfigError, match=message) as refused:
        journey((old, new), rent)
    assert len(refused.value.problems) == 1


def test_a_sample_of_amounts_has_six_decimals_at_most(tmp_path):
    (tmp_path / "paid.csv").write_text("paid\n1.1234567\n", encoding="utf-8")
    text = FILE.replace(*earns("{empirical: {file: paid.csv, column: paid}}"))
    (tmp_path / "shop.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"line 2 of paid.csv: money is counted in millionths"):
        fs.load(tmp_path / "shop.yaml")
