"""A forecast in two layers: chance, and not knowing the rates."""

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.analysis.forecast.charts import forecast as chart_of
from flywheel_sim.analysis.forecast.result import forecast
from flywheel_sim.errors import ExperimentError

#: Each of 400 visitors buys for 1 with a chance that is itself between 40 and 60 %.
FILE = """
name: Doubt
horizon: 2 months
currency: EUR
rates:
  buys: {value: 50 %, uncertain: [40 %, 60 %]}
channels:
  ads: {batch: 400, enters: visitor}
journey:
  visitor: {role: prospect, after: 1 day, to: {client: {chance: buys, earn: {sale: 1}}, gone: rest}}
  client: customer
  gone: exit
"""


@pytest.fixture(scope="module")
def outlook():
    return forecast(fs.loads(FILE), replications=1500, seed=3)


def test_both_layers_have_the_variance_that_theory_gives(outlook):
    """Given p the sum has variance n p (1 - p); over p uniform on [0.4, 0.6] add n^2 0.2^2 / 12."""
    n, spread = 400, 0.2**2 / 12
    known = n * 0.25
    whole = n * (0.25 - spread) + n**2 * spread
    assert np.var(outlook.known.values("revenue"), ddof=1) == pytest.approx(known, rel=0.15)
    assert np.var(outlook.runs.values("revenue"), ddof=1) == pytest.approx(whole, rel=0.15)
    share = outlook.chance("revenue")
    assert share.low < 100 * known / whole < share.high
    assert share.high < 25


def test_it_says_what_is_not_known_and_how_wide_both_layers_are(outlook):
    said = outlook.answer("revenue")
    assert "not knowing buys" in said
    low, high = (float(x) for x in np.quantile(outlook.known.values("revenue"), [0.05, 0.95]))
    assert f"within {low:,.0f} to {high:,.0f} EUR" in said


def test_the_chart_has_both_bands_and_says_how_much_wider_one_is(outlook):
    chart = chart_of(outlook, "revenue")
    assert set(chart.data["layer"]) == {"rates uncertain", "rates as stated"}
    last = chart.data[chart.data["month"] == 2].set_index("layer")
    width = last["p95"] - last["p5"]
    times = width["rates uncertain"] / width["rates as stated"]
    assert f"{times:.1f} times as wide" in chart.title


def test_where_all_is_known_there_is_no_second_layer():
    with pytest.raises(ExperimentError, match="nothing in 'Doubt' is uncertain"):
        forecast(fs.loads(FILE.replace(", uncertain: [40 %, 60 %]", "")))


def test_a_former_word_is_refused_with_the_one_of_today():
    with pytest.raises(ExperimentError, match="has no argument 'strategy'; write strategies="):
        forecast(fs.loads(FILE), strategy="today")
    with pytest.raises(ExperimentError, match="takes model by position, not 'today' too; write strategies='today'"):
        forecast(fs.loads(FILE), "today")
