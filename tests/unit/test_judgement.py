"""From two or three judgements to a response curve, and from there into a file."""

import math

import pytest

import flywheel_sim as fs
from flywheel_sim.analysis.allocation.charts import judgement
from flywheel_sim.analysis.allocation.judgement import judge
from flywheel_sim.errors import ExperimentError
from flywheel_sim.scenario.describe import reference_value

TODAY = ("3 per customer per month", "92 % per month")

FILE = """
name: Judged
horizon: 12 months
currency: EUR
rates:
  stays: 92 % per month
channels:
  ads: {batch: 100, enters: client}
journey:
  client:
    role: customer
    events:
      renewal: {every: 1 month, to: {stay: {chance: stays, earn: {fee: 20}}, gone: rest}}
  gone: exit
levers:
  success: {spend: 3 per customer per month, MOVES}
strategies:
  none: {without: [success]}
  two: {spend: {success: 2 per customer per month}}
  nine: {spend: {success: 9 per customer per month}}
"""


def stays(model, strategy):
    (event,) = [e for s in model.journey(strategy).stages for e in s.events if e.name == "renewal"]
    return event.outcomes[0].chance.cells[0]


def test_a_ceiling_exponential_from_today_a_limit_and_half_the_gain():
    """At half the gain exp(-2k) = 1/2, so without = limit - (limit - today) 2^(3/2)."""
    curve = judge(TODAY, limit="98 %", half_at=2)
    assert curve.without == pytest.approx(0.98 - 0.06 * 2**1.5)
    assert curve.at([0, 3, 2, 1e9]) == pytest.approx([curve.without, 0.92, (curve.without + 0.98) / 2, 0.98])
    assert curve.marginal(3) == pytest.approx(0.06 * math.log(2) / 2, rel=1e-6)
    assert curve.misfit == 0


def test_a_hill_curve_bends_as_four_judgements_say():
    """(92 - 80) / (98 - 92) = (3/2)^c, so c = log 2 / log 1.5."""
    curve = judge(TODAY, limit="98 %", without="80 %", half_at=2, shape="hill")
    assert curve.steepness == pytest.approx(math.log(2) / math.log(1.5))
    assert curve.at([0, 2, 3]) == pytest.approx([0.80, 0.89, 0.92])


def test_a_given_steepness_stands_for_a_judgement():
    curve = judge(TODAY, limit="98 %", half_at=3, shape="hill", steepness=1.0)
    assert curve.without == pytest.approx(0.86)


def test_a_falling_rate_approaches_its_limit_from_above():
    curve = judge(("2 per customer per month", "0.05 per month"), limit="0.02", without="0.08")
    assert curve.half_at == pytest.approx(2)
    assert curve.marginal(2) < 0
    assert "no spend less than 0.02 per month" in curve.answer()


def test_more_judgements_than_parameters_are_fitted_and_the_miss_is_said():
    curve = judge(TODAY, limit="98 %", without="80 %", points={"6": "94 %"})
    assert 0.01 < curve.misfit < 0.5
    assert "misses a judgement" in curve.answer()


@pytest.mark.parametrize("shape", ["exponential", "hill"])
def test_what_was_judged_goes_into_a_file_and_comes_out_again(shape):
    curve = judge(TODAY, limit="98 %", without="80 %", shape=shape, **({"half_at": 2} if shape == "hill" else {}))
    model = fs.loads(FILE.replace("MOVES", curve.moves("stays")))
    assert reference_value(model, "stays").number == 0.92
    near = 1e-6 if shape == "exponential" else 0.003
    for strategy, spend in (("none", 0), ("two", 2), ("nine", 9)):
        assert stays(model, strategy) == pytest.approx(float(curve.at(spend)), abs=near)


def test_the_chart_shows_the_curve_and_what_was_judged():
    chart = judgement(judge(TODAY, limit="98 %", half_at=2), "retention")
    assert chart.title == "Retention: 92 % at 3 per customer per month, limit 98 %"
    assert chart.data["value"].iloc[0] == pytest.approx(81.03, abs=0.01)
    assert chart.data["value"].is_monotonic_increasing


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"limit": "98 %"}, "2 judgements do not settle a curve, 3 do"),
        ({"limit": "98 %", "without": "95 %"}, "no exponential curve meets these judgements"),
        ({"limit": "98", "without": "80 %"}, "units differ"),
        ({"limit": "98 %", "half_at": 2, "shape": "hil"}, "shape is 'hil': it takes 'exponential' or 'hill'"),
        ({"limit": "98 %", "half_at": 0}, "none of them negative"),
        ({"limit": "98 %", "half_at": 2, "steepness": 2.0}, "of a Hill curve alone"),
        ({"limit": "98 percent", "half_at": 2}, "limit is '98 percent'"),
        ({"limit": "98 %", "half_at": "2 months"}, "half_at is '2 months', and today's '3 per"),
        ({"limit": "98 %", "half": 2}, "judge has no argument 'half'; did you mean 'half_at'"),
        ({"limit": "98 %", "points": {"6": None}}, "points is .*: it takes rates by spend"),
    ],
)
def test_judgements_that_settle_nothing_are_refused(given, said):
    with pytest.raises(ExperimentError, match=said):
        judge(TODAY, **given)
