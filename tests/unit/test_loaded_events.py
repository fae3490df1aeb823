"""Clocks, conditions, dates and distributions as they are loaded."""

import math

import pytest

from flywheel_sim.errors import ConfigError
from flywheel_sim.journey.units import DAY, MONTH, YEAR
from flywheel_sim.scenario.load import load, loads

FILE = """\
name: One stage
start: 2027-03-01
horizon: 36 months
currency: EUR
rates:
  threshold: 60
  gap: {{value: 14 days, by: {{plan: {{pro: 7 days}}}}}}
  shape: {{value: 2, by: {{plan: {{pro: 3}}}}}}
  worth: {{value: 35, by: {{plan: {{pro: 90}}}}, spread: 40 % of mean}}
attributes:
  plan: [free, pro]
  score: {{counts: 0 to 100}}
  quiet: stopwatch
channels: {{ads: {{batch: 10, enters: home}}, mail: {{enters: home}}}}
journey:
  home: {{role: customer, events: {{it: {{{event}}}, tell: {{every: 1 month, refer: mail}}}}}}
"""


def event(text):
    return loads(FILE.format(event=text)).journey().stage("home").events[0]


def wait(text):
    return event(text).waits[0]


def cells(dist):
    return [param.cells for param in dist.params]


# -- clocks -------------------------------------------------------------------------------------


def test_several_waits_are_a_clock_each():
    loaded = event("after: [0 days, 3 per month, {gamma: {mean: 9 days, shape: 2}}]")
    assert [w.kind for w in loaded.waits] == ["fixed", "memoryless", "gamma"]
    assert (loaded.recurring, loaded.when, loaded.at_once) == (False, (), False)


def test_a_list_of_one_wait_is_one_wait():
    assert cells(event("after: [3 days]").waits[0]) == [(3 * DAY,)]


def test_a_condition_is_a_level_or_a_least_value():
    loaded = event("when: {plan: pro, score: 60, quiet: 6 months, calendar: 1 year, generation: 2}")
    assert [(c.attribute, c.value, c.named) for c in loaded.when] == [
        ("plan", 1, True),
        ("score", 60, False),
        ("quiet", 6 * MONTH, False),
        ("calendar", YEAR, False),
        ("generation", 2, False),
    ]
    assert (loaded.waits, loaded.recurring, loaded.at_once) == ((), False, False)


def test_a_condition_may_name_any_built_in_attribute():
    loaded = event("when: {month: dec, channel: mail, referrer: gone, stage: home}")
    assert [(c.attribute, c.value, c.named) for c in loaded.when] == [
        ("month", 11, True),
        ("channel", 1, True),
        ("referrer", 2, True),
        ("stage", 0, True),
    ]


def test_what_a_condition_waits_for_may_be_a_rate_by_name():
    assert event("when: {score: threshold}").when[0].value == 60
    moved = loads(FILE.format(event="when: {score: threshold}")).with_(threshold=40)
    assert moved.journey().stage("home").events[0].when[0].value == 40


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("6 months", 6 * MONTH),
        ("2027-03-01", 0),
        ("2027-05-01", 2 * MONTH),
        ("2028-03-01", YEAR),
        ("2027-04-16", MONTH + MONTH // 2),
        ("2028-02-15", 11 * MONTH + 14 * MONTH // 29),
    ],
)
def test_a_date_lies_in_its_calendar_month(text, at):
    dist = wait(f"on_date: {text}")
    assert (dist.kind, cells(dist)) == ("at", [(at,)])


def test_several_dates_are_a_clock_each():
    loaded = event("on_date: [6 months, 2028-03-01]")
    assert [cells(w) for w in loaded.waits] == [[(6 * MONTH,)], [(YEAR,)]]


def test_the_run_starts_in_the_month_of_its_date():
    assert loads(FILE.format(event="after: 1 day")).journey().phase == 2 * MONTH
    assert loads(FILE.format(event="after: 1 day").replace("start: 2027-03-01\n", "")).journey().phase == 0


def test_a_clock_whose_duration_depends_on_the_person_stays_fixed():
    dist = wait("after: {by: {plan: {free: 1 month, pro: never}}}")
    assert dist.kind == "fixed"
    assert dist.params[0].cells[0] == MONTH


# -- distributions of waits ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "params"),
    [
        ("{fixed: 2 days}", "fixed", [(2 * DAY,)]),
        ("{exponential: 2 days}", "memoryless", [(1 / (2 * DAY),)]),
        ("{exponential: 3 per month}", "memoryless", [(3 / MONTH,)]),
        ("{uniform: [1 day, 3 days]}", "uniform", [(DAY,), (3 * DAY,)]),
        ("{triangular: [1 day, 2 days, 3 days]}", "triangular", [(DAY,), (2 * DAY,), (3 * DAY,)]),
        ("{lognormal: {median: 14 days, sigma: 0.8}}", "lognormal", [(14 * DAY,), (0.8,)]),
        ("{weibull: {scale: 14 days, shape: 1.5}}", "weibull", [(14 * DAY,), (1.5,)]),
        ("{gamma: {mean: 14 days, shape: 2}}", "gamma", [(14 * DAY,), (2,)]),
        ("{erlang: {mean: 14 days, shape: 3}}", "gamma", [(14 * DAY,), (3,)]),
        ("{gamma: {mean: gap, shape: shape}}", "gamma", [(14 * DAY, 7 * DAY), (2, 3)]),
        ("{uniform: [{by: {plan: {free: 1 day, pro: 8 days}}}, {by: {plan: {free: 2 days, pro: 9 days}}}]}", "uniform",
         [(DAY, 8 * DAY), (2 * DAY, 9 * DAY)]),
    ],
)  # fmt: skip
def test_a_distribution_of_waits(text, kind, params):
    for word in ("after", "every"):
        dist = wait(f"{word}: {text}")
        assert dist.kind == kind
        for got, wanted in zip(cells(dist), params, strict=True):
            assert got == pytest.approx(wanted)


def test_the_ends_of_a_range_are_compared_where_they_meet():
    with pytest.raises(ConfigError, match="runs from the lower end to the higher where plan pro"):
        wait("after: {uniform: [{by: {plan: {free: 1 day, pro: 8 days}}}, 3 days]}")


# -- samples ------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "waits.csv").write_text("who, days,text,paid\na,3,2 weeks,5.5\nb,1,1 day,4\n\nc,2,0,12\n")
    return tmp_path


def written(folder, text, name="one.yaml"):
    path = folder / name
    path.write_text(FILE.format(event=text), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("columns", "sample"),
    [
        ("column: days, unit: days", (DAY, 2 * DAY, 3 * DAY)),
        ("column: days, unit: hour", (DAY / 24, DAY / 12, DAY / 8)),
        ("column: text", (0, DAY, 14 * DAY)),
    ],
)
def test_a_sample_of_waits_is_a_column_of_a_file(folder, columns, sample):
    path = written(folder, f"after: {{empirical: {{file: data/waits.csv, {columns}}}}}")
    dist = load(path).journey().stage("home").events[0].waits[0]
    assert (dist.kind, dist.params, dist.sample) == ("empirical", (), sample)


def test_a_sample_of_amounts_is_in_millionths(folder):
    path = written(folder, "every: 1 month, earn: {fee: {empirical: {file: data/waits.csv, column: paid}}}")
    (fee,) = load(path).journey().stage("home").events[0].effects.money
    assert (fee.value.kind, fee.value.sample) == ("empirical", (4e6, 5.5e6, 12e6))


def test_a_sample_is_found_from_the_file_that_names_it(folder):
    written(folder, "after: {empirical: {file: data/waits.csv, column: text}}")
    (folder / "below").mkdir()
    child = folder / "below" / "child.yaml"
    child.write_text("extends: ../one.yaml\nname: Child\n")
    assert load(child, data=folder).journey().stage("home").events[0].waits[0].sample == (0, DAY, 14 * DAY)


def test_a_sample_of_a_text_is_found_from_the_working_directory(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert wait("after: {empirical: {file: data/waits.csv, column: text}}").sample == (0, DAY, 14 * DAY)


def test_a_sample_bears_on_the_fingerprint(folder):
    path = written(folder, "after: {empirical: {file: data/waits.csv, column: text}}")
    before = load(path).journey().fingerprint
    assert load(path).journey().fingerprint == before
    (folder / "data" / "waits.csv").write_text("text\n3 days\n")
    assert load(path).journey().fingerprint != before


# -- drawn amounts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "params", "period"),
    [
        ("{exponential: 35}", "exponential", [(35e6,)], None),
        ("{uniform: [10, 50]}", "uniform", [(10e6,), (50e6,)], None),
        ("{triangular: [10, 20, 50]}", "triangular", [(10e6,), (20e6,), (50e6,)], None),
        ("{lognormal: {median: 30, sigma: 0.8}}", "lognormal", [(30e6,), (0.8,)], None),
        ("{weibull: {scale: 30, shape: 1.5}}", "weibull", [(30e6,), (1.5,)], None),
        ("{gamma: {mean: worth, shape: 2}}", "gamma", [(35e6, 90e6), (2,)], None),
        ("{erlang: {mean: 35 per month, shape: 2}}", "gamma", [(35e6,), (2,)], MONTH),
        ("{uniform: [10 per month, 50 per month]}", "uniform", [(10e6,), (50e6,)], MONTH),
    ],
)
def test_a_drawn_amount(text, kind, params, period):
    amount = event(f"every: 1 month, earn: {{fee: {text}}}").effects.money[0]
    assert (amount.value.kind, cells(amount.value)) == (kind, params)
    assert (amount.period_ms, amount.decision) == (period, "home/it/fee")


def test_a_drawn_amount_keeps_the_spread_of_its_mean():
    amount = event("every: 1 month, earn: {fee: {gamma: {mean: worth, shape: 2}}}").effects.money[0]
    assert amount.value.params[0].spread.family == "gamma"


def test_an_amount_that_is_fixed_is_not_drawn():
    amount = event("every: 1 month, earn: {fee: {fixed: 20}}").effects.money[0]
    assert (amount.value.cells, amount.decision) == ((20e6,), "")


def test_an_amount_with_a_period_on_an_event_is_an_invoice_and_without_one_it_is_not():
    amounts = event("every: 1 year, earn: {fee: 588 per year, joining: 20}").effects.money
    assert [(a.line, a.period_ms) for a in amounts] == [("fee", YEAR), ("joining", None)]


@pytest.mark.parametrize(
    "text",
    [
        "every: 12 months, earn: {fee: 588 per year}",
        "every: 4.414 weeks, earn: {fee: 20 per 4.414 weeks}",
        "every: {fixed: 1 month}, spend: {card: 2 per month}",
        "every: {value: 1 month, by: {plan: {pro: never}}}, earn: {fee: 20 per month}",
        "every: never, earn: {fee: 20 per month}",
        "every: 3 per month, earn: {fee: 20}",
        "after: 3 days, earn: {fee: 588 per year}",
        "after: 3 per month, earn: {fee: 588 per year}",
        "on_date: 2027-06-01, earn: {fee: 588 per year}",
        "when: {score: 5}, earn: {fee: 588 per year}",
    ],
)
def test_the_period_of_an_amount_is_that_of_an_every_and_any_elsewhere(text):
    assert event(text).effects.money


def test_what_is_billed_on_entry_and_what_accrues_has_any_period():
    text = FILE.format(event="every: 1 month").replace(
        "role: customer,", "role: customer, on_entry: {earn: {fee: 588 per year}}, spend: {support: 12 per year},"
    )
    home = loads(text).journey().stage("home")
    assert [a.period_ms for a in (*home.on_entry.money, *home.accruals)] == [YEAR, YEAR]


def test_money_that_accrues_may_differ_from_person_to_person():
    text = FILE.format(event="after: 1 day").replace("role: customer,", "role: customer, earn: {fee: 20 per month},")
    text = text.replace("fee: 20 per month", "fee: {value: 20 per month, spread: {shape: 4}}")
    (fee,) = loads(text).journey().stage("home").accruals
    assert fee.value.cells == pytest.approx((20e6 / MONTH,))
    assert fee.value.spread.cells[0] == pytest.approx((4, 20e6 / MONTH))
    assert (fee.period_ms, fee.decision) == (MONTH, "")
    assert math.isclose(fee.value.cells[0] * MONTH, 20e6)


# -- the mean of alpha and beta -----------------------------------------------------------------

SPREAD = """\
name: One rate
horizon: 12 months
rates: {{stays: {{{stays}}}}}
channels: {{ads: {{batch: 10, enters: home}}}}
journey:
  home: {{role: customer, every: 1 month, to: {{stay: stays, gone: rest}}}}
  gone: exit
strategies: {{plain: {{}}, other: {{rates: {{stays: {other}}}}}}}
"""


def chance(model, strategy="plain"):
    (event,) = model.journey(strategy).stage("home").events
    return event.outcomes[0].chance


def with_spread(stays, other="{why: nothing}"):
    return loads(SPREAD.format(stays=stays, other=other))


@pytest.mark.parametrize(
    "stays",
    [
        "value: 20 %, spread: {alpha: 2, beta: 8}",
        "value: 20 % per month, spread: {alpha: 2, beta: 8}",
        "value: 28.6 %, spread: {alpha: 2, beta: 5}",
        "value: 29 %, spread: {alpha: 2, beta: 5}",
        "value: 28.571429 %, spread: {alpha: 2, beta: 5}",
        "value: 20 of 30, spread: {alpha: 4, beta: 2}",
        "spread: {alpha: 2, beta: 8}",
        "value: 20 %, uncertain: {alpha: 2, beta: 8}",
        "spread: {alpha: 2, beta: 8}, uncertain: {alpha: 4, beta: 16}",
        "value: 60 %, spread: 3 points",
    ],
)
def test_alpha_and_beta_stand_beside_their_mean(stays):
    assert len(chance(with_spread(stays)).cells) == 1


@pytest.mark.parametrize("other", ["40 %", "{value: 40 %}"])
def test_a_strategy_moves_the_mean_of_a_spread_and_keeps_its_width(other):
    rate = chance(with_spread("value: 20 %, spread: {alpha: 2, beta: 8}", other), "other")
    ((a, b),) = rate.spread.cells
    assert (rate.cells, a / (a + b)) == ((0.4,), pytest.approx(0.4))
    assert a * b / ((a + b) ** 2 * (a + b + 1)) == pytest.approx(2 * 8 / (10**2 * 11))


@pytest.mark.parametrize("value", ["40 %", {"value": "40 %"}, "+20 points"])
def test_a_value_moved_in_code_moves_the_mean_of_a_spread_too(value):
    rate = chance(with_spread("value: 20 %, spread: {alpha: 2, beta: 8}").with_(stays=value))
    ((a, b),) = rate.spread.cells
    assert (rate.cells, a / (a + b)) == (pytest.approx((0.4,)), pytest.approx(0.4))
