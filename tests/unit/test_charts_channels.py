"""The chart of channels draws what the table by channel says, best channel first."""

import math

import numpy as np
import pytest
from hand import journey, ledger, runs
from matplotlib.text import Text

from flywheel_sim.analysis.strategies.charts.channels import channels
from flywheel_sim.errors import ExperimentError
from flywheel_sim.journey.units import MILLIONTHS as EUR
from flywheel_sim.ledger import FOLLOWED


@pytest.fixture
def one():
    """Return replications in which ads bring customers at a loss, friends cost nothing, and people are present."""
    made = journey()
    held = ledger(made, 4)
    for group, customers, worth in ((0, 10, 20), (4, 5, 90)):
        held.flow[:, 0, group, held.layout.role_flow("acquired")] = customers
        held.followed[:, 0, group, FOLLOWED.index("acquired")] = customers
        spread = customers * (worth + np.arange(4)) * EUR
        held.followed[:, 0, group, FOLLOWED.index("margin_discounted")] = spread
        held.money[:, 0, group, 0] = customers * worth * EUR
    held.channel_spend[:, 0, 0] = np.array([700, 710, 720, 730]) * EUR
    held.flow[:, 0, 8, held.layout.role_flow("present")] = 30
    return runs(made, held)


def shown(chart):
    chart.figure.canvas.draw()
    return [text.get_text() for text in chart.figure.findobj(Text) if text.get_text()]


def test_it_draws_the_table_by_channel(one):
    chart = channels(one)
    table = one.by("channel", "cac", "clv", "roas")
    assert list(chart.data.channel) == ["friends", "ads"]
    for name in ("cac", "clv", "roas"):
        for end in ("mean", "low", "high"):
            np.testing.assert_array_equal(chart.data[f"{name}_{end}"], table.loc[["friends", "ads"], (name, end)])
    assert list(chart.data.acquisition_spend_mean) == [0, 715]
    above, below = chart.figure.axes
    assert "EUR" in above.get_ylabel()
    assert "EUR" in below.get_ylabel()
    assert [bar.get_height() for bar in below.patches] == [0, pytest.approx(chart.data.roas_mean[1])]
    points = {line.get_label(): line for line in above.containers}
    assert [float(y) for y in points["costs (CAC)"][0].get_ydata()] == chart.data.cac_mean.tolist()
    assert [float(y) for y in points["is worth (CLV)"][0].get_ydata()] == chart.data.clv_mean.tolist()


def test_its_title_names_the_channels_that_lose(one):
    assert channels(one).title == "Customers from ads cost more than they are worth"
    one.ledger.channel_spend[:] //= 10
    assert channels(one).title == "What customers of each channel cost and are worth"


def test_a_channel_without_spend_says_so(one):
    texts = shown(channels(one))
    assert "no spend\non ads" in texts
    assert "ads\n715 EUR" in texts
    assert not any("nan" in text for text in texts)


def test_one_replication_has_no_intervals_and_is_drawn(one):
    alone = runs(one.journey, one.ledger.pick(slice(0, 1)))
    chart = channels(alone)
    assert math.isnan(chart.data.cac_low[1])
    assert chart.title == "What customers of each channel cost and are worth"
    shown(chart)


def test_without_customers_there_is_nothing_to_draw():
    made = journey()
    with pytest.raises(ExperimentError, match="no channel brought a customer"):
        channels(runs(made, ledger(made, 2)))
