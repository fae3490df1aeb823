"""Channels over time worked by hand: cells of arrivals, rows within a month, what is laid over tables and plans."""

import math

import pytest

import flywheel_sim as fs
from flywheel_sim.analysis.allocation.spends import at_spends, places_of
from flywheel_sim.engine.by_plan import spend_by_plan
from flywheel_sim.journey.units import MILLIONTHS, MONTH
from flywheel_sim.ledger import Layout

FILE = """
name: Fair
start: 2027-01-01
horizon: 24 months
currency: EUR
rates: {budget: {value: 1000 per month, by: {calendar: {6 months: 3000}}}}
channels:
  ads: {spend: 1000 per month, cost_per_arrival: 20, enters: visit}
  press: {rate: 30 per month, enters: visit}
journey: {visit: {role: prospect, after: 3 days, to: gone}, gone: exit}
"""
PLAN = "{file: plan.csv, column: ads, unit: per month}"
MID_MONTH = "from,ads,price\n2027-02-15,1000,20\n2027-03-11,2000,25\n"


@pytest.fixture
def channels(tmp_path):
    """Return what loads the file with some texts changed, beside a plan whose rows begin within months."""
    (tmp_path / "plan.csv").write_text(MID_MONTH, encoding="utf-8")

    def load(*changes, strategy=None):
        text = FILE + (f"strategies: {{base: {{}}, other: {strategy}}}\n" if strategy else "")
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (tmp_path / "fair.yaml").write_text(text, encoding="utf-8")
        return fs.load(tmp_path / "fair.yaml")

    return load


def spent(journey):
    return [paid / MILLIONTHS for paid in spend_by_plan(journey, Layout.of(journey))[0][:, 0].tolist()]


def a_month(rate):
    return [cell * MONTH for cell in rate.cells]


def test_every_cell_of_the_joint_table_is_bent_towards_the_most_it_can_bring(channels):
    journey = channels(
        ("spend: 1000 per month", "spend: {value: 1000 per month, by: {month: {dec: 2000}}}"),
        ("cost_per_arrival: 20", "cost_per_arrival: {by: {calendar: {0 months: 20, 3 months: 25}}}, "
         "at_most: {value: 100 per month, by: {calendar: {6 months: 80}}}, from: 1 month, "
         "times: {calendar: {2 months: 2}, month: {jan: 0.5}}"),
    ).journey()  # fmt: skip
    rate = journey.channels[0].rate
    assert [axis.attribute for axis in rate.over] == ["calendar", "month"]
    assert rate.over[0].bounds == (MONTH, 2 * MONTH, 3 * MONTH, 6 * MONTH)
    cells = a_month(rate)
    jan, feb, dec = (cells[at::12] for at in (0, 1, 11))
    plain = [0, 100 * -math.expm1(-50 / 100), 2 * 100 * -math.expm1(-50 / 100), 2 * 100 * -math.expm1(-40 / 100),
             2 * 80 * -math.expm1(-40 / 80)]  # fmt: skip
    assert feb == pytest.approx(plain)
    assert jan == pytest.approx([half / 2 for half in plain])
    assert dec == pytest.approx([0, 100 * -math.expm1(-1), 200 * -math.expm1(-1), 200 * -math.expm1(-80 / 100),
                                 160 * -math.expm1(-80 / 80)])  # fmt: skip


def test_rows_that_begin_within_a_month_share_it_by_days(channels):
    months = spent(channels(("spend: 1000 per month", "spend: " + PLAN)).journey())
    assert months[:2] == pytest.approx([0, 14 / 28 * 1000])
    assert months[2] == pytest.approx(10 / 31 * 1000 + 21 / 31 * 2000, abs=1e-5)
    assert months[3:] == [2000] * 21


def test_the_mean_of_a_plan_counts_the_time_its_channel_is_there(channels):
    model = channels(("spend: 1000 per month", "spend: " + PLAN),
                     ("cost_per_arrival: 20", "cost_per_arrival: 20, from: 1 month, until: 4.5 months"),
                     strategy="{spend: {ads: 700 per month}}")  # fmt: skip
    before, after = spent(model.journey("base")), spent(model.journey("other"))
    assert sum(after) == pytest.approx(3.5 * 700, abs=1e-5)
    assert after == pytest.approx([paid * 3.5 * 700 / sum(before) for paid in before], abs=1e-5)
    assert (after[0], after[5:]) == (0, [0] * 19)


def test_prices_and_spend_of_one_plan_begin_together(channels):
    prices = ("cost_per_arrival: 20", "cost_per_arrival: {file: plan.csv, column: price}")
    journey = channels(("spend: 1000 per month", "spend: " + PLAN), prices).journey()
    assert a_month(journey.channels[0].rate) == pytest.approx([0, 50, 80])


def test_a_bare_figure_moves_a_table_of_arrivals_or_prices_as_a_family(channels):
    table = "{value: 30 per month, by: {calendar: {6 months: 60}}}"
    model = channels(("30 per month", table), strategy="{channels: {press: {rate: 50 per month}}}")
    assert a_month(model.journey("other").channels[1].rate) == pytest.approx([50, 100])
    assert a_month(model.with_(**{"channels.press.rate": 15}).journey().channels[1].rate) == pytest.approx([15, 30])
    prices = channels(("cost_per_arrival: 20", "cost_per_arrival: {value: 20, by: {calendar: {6 months: 10}}}"))
    dearer = prices.with_(**{"channels.ads.cost_per_arrival": 40}).journey()
    assert a_month(dearer.channels[0].rate) == pytest.approx([25, 50])


@pytest.mark.parametrize("spend", ["budget", "{value: 1000 per month, by: {calendar: {6 months: 3000}}}"])
def test_a_table_keeps_its_shape_named_or_written_out(channels, spend):
    model = channels(("spend: 1000 per month", f"spend: {spend}"), strategy="{spend: {ads: 4000 per month}}")
    assert spent(model.journey("other"))[::12] == pytest.approx([1600, 4800])
    (place,) = places_of(model, "base")
    assert place.today == pytest.approx(2500)
    assert spent(at_spends(model, "base", {place: place.today})) == pytest.approx(spent(model.journey("base")))
    assert spent(at_spends(model, "base", {place: 5000.0}))[::12] == pytest.approx([2000, 6000])


def test_a_table_and_a_plan_replace_each_other(channels):
    table = "{value: 9 per month, by: {month: {dec: 12}}}"
    over = channels(("spend: 1000 per month", f"spend: {table}"), strategy=f"{{channels: {{ads: {{spend: {PLAN}}}}}}}")
    assert spent(over.journey("other"))[3:] == [2000] * 21
    over = channels(("spend: 1000 per month", f"spend: {PLAN}"), strategy=f"{{channels: {{ads: {{spend: {table}}}}}}}")
    assert spent(over.journey("other"))[10:13] == [9, 12, 9]


def test_a_channel_that_begins_after_the_run_brings_nobody_and_says_so(channels):
    model = channels(("cost_per_arrival: 20", "cost_per_arrival: 20, from: 30 months"))
    journey = model.journey()
    (word,) = journey.notes
    assert (word.path, word.rule) == ("channels.ads.from", "the channel begins after the run, and brings nobody")
    assert word.remedy
    assert spent(journey) == [0] * 24
    assert journey.channels[0].starts == journey.horizon
    assert model.with_(horizon="36 months").journey().notes == ()


def test_a_plan_stands_beside_the_file_that_names_it(channels, tmp_path):
    channels(("spend: 1000 per month", "spend: " + PLAN))
    below = tmp_path / "below"
    below.mkdir()
    (below / "plan.csv").write_text("from,ads\n2027-01-01,7\n", encoding="utf-8")

    def child(channel):
        (below / "child.yaml").write_text(f"extends: ../fair.yaml\nchannels: {{ads: {channel}}}\n", encoding="utf-8")
        return spent(fs.load(below / "child.yaml", data=tmp_path).journey())

    assert child("{until: 12 months}")[3:13] == [2000] * 9 + [0]
    assert child("{spend: {file: plan.csv}}") == [7] * 24
